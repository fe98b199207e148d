# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay policy: pin and diff against assay-serve on a simulated platform, and
the hashes of app-composes whose values are known."""
import hashlib
import json
import os
import pathlib
import resource
import signal
import socket
import ssl
import subprocess
import threading

import harness
import test_serve
from backend import Backend
from harness import (ASSAY, NOT_TRUSTED, SCRATCH, TRUSTED, UNREADABLE, USAGE,
                     Case, World, clean_environment, run, write)
from test_serve import Serve
from test_sim import SIM, Sim

SHARED = pathlib.Path(os.environ.get("ASSAY_SHARED") or "/nonexistent")
BOOT = ("mrtd", "rtmr0", "rtmr1", "rtmr2")


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def policy(*args, **kwargs):
    return run("policy", *args, **kwargs)


class ServerCase(Case):
    """One simulated platform, one server."""

    count = 0

    def setUp(self):
        self.sim, self.serve = SIMULATOR, SERVER
        self.sim.change("reset")

    @property
    def server(self):
        return f"localhost:{self.serve.port}"

    @property
    def url(self):
        return f"https://localhost:{self.serve.port}/"

    @property
    def terms(self):
        """Whom to believe: the simulated platform's root and PCCS."""
        return ("--root", self.sim.folder / "root.pem", "--pccs",
                self.sim.ready["pccs"], "--no-cache")

    def fresh(self, suffix=".json"):
        ServerCase.count += 1
        return SCRATCH / f"pinned{ServerCase.count}{suffix}"

    def pin(self, *args, to=None, ca=True):
        return policy("pin", *self.terms, *(("--ca", self.serve.ca) if ca else ()),
                      *(("-o", to) if to else ()), *args, self.server)

    def get(self, file):
        return run("get", "-v", "--no-cache", "--ca", self.serve.ca, "--policy",
                   file, self.url)


class Pin(ServerCase):
    def test_round_trip(self):
        """What was pinned verifies the same server, and says that it was; the
        certificate that it announced, too."""
        with Sim(now=None) as self.sim, Serve(
                BACKEND,
                quotes=f"dstack:{self.sim.ready['guest']}") as self.serve:
            for suffix in (".json", ".toml"):
                file = self.fresh(suffix)
                result = self.check(self.pin(to=file), TRUSTED)
                self.assertEqual(result.out, "")
                self.assertIn("trusted on first use", result.err)
                self.assertNotIn("not pinned", result.err)
                got = self.check(self.get(file), TRUSTED)
                self.assertIn("the workload is as required; pinned on first "
                              "use at", got.err)
                if suffix == ".json":
                    content = json.loads(file.read_text())
                    self.assertNotIn("partial", content)
                    self.assertEqual(content["pinned"]["how"], "session")
                    self.assertEqual(content["pinned"]["from"], self.server)
                    self.assertEqual(content["certificate_event"], "required")
            # Another TD of the same kind announces another certificate.
            self.sim.change("reboot")
            self.check_refused(self.get(file), NOT_TRUSTED,
                               "certificate_event")

    def test_what_cannot_be_pinned_is_told(self):
        result = self.check(self.pin(), TRUSTED)
        self.assertIn("not pinned: certificate", result.err)
        self.assertNotIn("certificate_event", result.json)

    def test_both_forms_say_the_same(self):
        toml, json_file = self.fresh(".toml"), self.fresh()
        self.check(self.pin(to=toml), TRUSTED)
        self.check(self.pin(to=json_file), TRUSTED)
        result = self.check(policy("diff", toml, json_file), TRUSTED)
        self.assertEqual(result.out, "")

    def test_what_is_measured_counts(self):
        """After any measured change, the pinned policy refuses the server."""
        file = self.fresh()
        self.check(self.pin(to=file), TRUSTED)
        evil = write("evil-compose.json", '{"name":"evil"}')
        for control, reason in ((f"compose={evil}", "app_compose"),
                                ("os-image=evil", "mrtd")):
            with self.subTest(control):
                self.check(self.get(file), TRUSTED)
                self.sim.change(control)
                self.check_refused(self.get(file), NOT_TRUSTED, reason)
                self.sim.change("reset")
        self.check(self.get(file), TRUSTED)

    def test_hole_12_evidence_that_is_not_genuine(self):
        """Nothing is written but from a genuine quote of a healthy platform
        over verified TLS."""
        file = self.fresh()
        cases = [
            ("another root", lambda: policy(
                "pin", "--pccs", self.sim.ready["pccs"], "--no-cache", "--ca",
                self.serve.ca, "-o", file, self.server), NOT_TRUSTED, "root_ca"),
            ("unverified TLS", lambda: self.pin(to=file, ca=False),
             NOT_TRUSTED, "TLS: the certificate is self-signed"),
        ]
        for name, attempt, code, reason in cases:
            with self.subTest(name):
                self.check_refused(attempt(), code, reason)
                self.assertFalse(file.exists())
        for control, reason in (("tcb=OutOfDate", "tcb_status"),
                                ("debug", "debug"), ("forge-log", "event_digests"),
                                ("revoke", "pck_not_revoked")):
            with self.subTest(control):
                self.sim.change(control)
                self.check_refused(self.pin(to=file), NOT_TRUSTED, reason)
                self.assertFalse(file.exists())
                self.sim.change("reset")

    def test_hole_12_unverified_tls_says_so(self):
        """TLS is unverified only where that is asked for by name, and then the
        tool, the policy and every verdict say so."""
        file = self.fresh()
        result = self.check(self.pin("--accept-self-signed", to=file, ca=False),
                            TRUSTED)
        self.assertIn("the TLS certificate was not checked", result.err)
        content = json.loads(file.read_text())
        self.assertEqual(content["pinned"]["how"], "unverified_tls")
        self.assertTrue(content["accept_self_signed_certs"])
        self.assertIn("over unverified TLS", self.check(self.get(file),
                                                        TRUSTED).err)

    def test_terms_are_pinned_too(self):
        self.sim.change("tcb=SWHardeningNeeded")
        file = self.fresh()
        self.check(self.pin("--accept", "SWHardeningNeeded", to=file), TRUSTED)
        self.assertEqual(json.loads(file.read_text())["allowed_tcb_status"],
                         ["SWHardeningNeeded"])
        self.check(self.get(file), TRUSTED)
        self.sim.change("tcb=UpToDate")
        self.check(self.get(file), NOT_TRUSTED)

    def test_registers_only(self):
        result = self.check(self.pin("--type", "tdx"), TRUSTED)
        content = result.json
        self.assertEqual(content["type"], "tdx")
        for name in BOOT:
            self.assertEqual(len(content[name]), 96)
        self.assertNotIn("compose_hash", content)
        file = write("pinned-tdx.json", result.out)
        self.check(self.get(file), TRUSTED)

    def test_items(self):
        content = self.check(self.pin("--type", "tdx", "--pin", "mrtd,rtmr3"),
                             TRUSTED).json
        self.assertLessEqual({"mrtd", "rtmr3"}, set(content))
        for name in ("rtmr0", "rtmr1", "mr_config_id", "certificate_event"):
            self.assertNotIn(name, content)
        self.check_refused(self.pin("--pin", "mrtd"), UNREADABLE,
                           "would not be complete")
        self.check_refused(self.pin("--type", "tdx", "--pin", "compose"),
                           UNREADABLE, "has no compose")

    def test_never_overwrites(self):
        file = self.fresh()
        file.write_text("mine")
        self.check_refused(self.pin(to=file), UNREADABLE, "--force")
        self.assertEqual(file.read_text(), "mine")
        self.check(self.pin("--force", to=file), TRUSTED)
        self.assertIn("pinned", json.loads(file.read_text()))

    def test_both_files_or_none(self):
        text = self.fresh()
        self.check_refused(
            self.pin("--compose-out", text, to=SCRATCH / "none" / "x.json"),
            UNREADABLE, "none/x.json: cannot write")
        self.assertFalse(text.exists())

    def test_compose_text(self):
        file, text = self.fresh(), self.fresh()
        self.check(self.pin("--compose-out", text, to=file), TRUSTED)
        self.assertEqual(hashlib.sha256(text.read_bytes()).hexdigest(),
                         json.loads(file.read_text())["compose_hash"])
        result = policy("hash", "--json", text)
        self.assertEqual(result.json["raw"],
                         json.loads(file.read_text())["compose_hash"])
        self.assertEqual(policy("lint", "--json", text).json["errors"], 0)

    def test_nobody_there(self):
        file = self.fresh()
        self.check_refused(
            policy("pin", *self.terms, "-o", file, f"127.0.0.1:{closed_port()}"),
            UNREADABLE)
        self.assertFalse(file.exists())

    def test_usage(self):
        for args, needle in (
                (("--at", "2026-01-01", self.server), "--at is for --quote"),
                (("--quote", "x", "--ca", "y"), "--ca is for a server"),
                (("--quote", "x", self.server), "in place of a server"),
                (("--type", "sgx", self.server), "--type"),
                (("--pin", "mrtd,nonsense", self.server), "--pin: 'nonsense'"),
                (("--json", "--toml", self.server), "exclude each other"),
                (("-o", "x", "--compose-out", "x", self.server), "same file"),
                ((), "HOST:PORT is missing")):
            self.check_refused(policy("pin", *args), USAGE, needle)
        self.check_refused(policy("pin", "http://localhost/"), UNREADABLE,
                           "https")


class PinFiles(Case):
    """Evidence in files: minted, so that dates do not matter."""

    @classmethod
    def setUpClass(cls):
        cls.world = World("pin-files")
        cls.other = World("pin-files-debug", "--debug")

    def pin(self, world, *args):
        return policy("pin", "--type", "tdx", "--root", world.root,
                      "--collateral", world.bundle, "--at", "2026-01-01",
                      "--quote", world.quote, *args)

    def test_registers(self):
        result = self.check(self.pin(self.world), TRUSTED)
        self.assertIn("nothing shows that the quote is fresh", result.err)
        self.assertEqual(result.json["pinned"]["how"], "quote")
        file = write("pinned-file.json", result.out)
        verdict = self.check(self.world.verify_bundle("--policy", file,
                                                      "--json"), TRUSTED).json
        workload = [c for c in verdict["checks"] if c["name"] == "workload"]
        self.assertIn("from a file", workload[0]["detail"])

    def test_root_in_any_form_is_read_once(self):
        """DER, and a pipe: the policy holds the root that it was judged by."""
        der = write("pin-root.der", ssl.PEM_cert_to_DER_cert(
            self.world.root.read_text()))
        fifo = SCRATCH / "pin-root.fifo"
        os.mkfifo(fifo)
        feeder = threading.Thread(
            target=lambda: fifo.write_bytes(self.world.root.read_bytes()),
            daemon=True)
        feeder.start()
        for root in (der, fifo):
            with self.subTest(root.name):
                result = self.check(self.pin(self.world, "--root", root),
                                    TRUSTED)
                self.assertEqual(
                    ssl.PEM_cert_to_DER_cert(result.json["trusted_root"]),
                    der.read_bytes())
        feeder.join()
        self.check_refused(
            self.pin(self.world, "--root", write("root.txt", str(self.world.root))),
            UNREADABLE, "root.txt: root certificate: ")

    def test_killed_while_it_writes(self):
        """The name is there when all of it is, or not at all."""
        target = SCRATCH / "pin-killed.json"

        def may_write_nothing():
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        p = subprocess.run(
            [str(ASSAY), "policy", "pin", "--type", "tdx", "--root",
             str(self.world.root), "--collateral", str(self.world.bundle),
             "--at", "2026-01-01", "--quote", str(self.world.quote),
             "-o", str(target)], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=clean_environment(),
            preexec_fn=may_write_nothing, timeout=60)
        self.assertEqual(p.returncode, -signal.SIGXFSZ, p.stderr)
        self.assertFalse(target.exists())
        self.check(self.pin(self.world, "-o", target), TRUSTED)

    def test_hole_12_a_quote_that_is_not_genuine(self):
        broken = bytearray(self.world.quote.read_bytes())
        broken[200] ^= 1  # within the body
        quote = write("pin-broken.bin", bytes(broken))
        self.check_refused(
            policy("pin", "--type", "tdx", "--root", self.world.root,
                   "--collateral", self.world.bundle, "--at", "2026-01-01",
                   "--quote", quote), NOT_TRUSTED)
        self.check_refused(self.pin(self.other), NOT_TRUSTED, "debug")
        self.check_refused(
            policy("pin", "--type", "tdx", "--collateral", self.world.bundle,
                   "--at", "2026-01-01", "--quote", self.world.quote),
            NOT_TRUSTED, "root_ca")

    def test_no_log(self):
        """dstack's events are not guessed."""
        self.check_refused(self.pin(self.world, "--type", "dstack_tdx"),
                           NOT_TRUSTED)


class Diff(ServerCase):
    def test_a_server(self):
        file, text = self.fresh(), self.fresh()
        self.check(self.pin("--compose-out", text, to=file), TRUSTED)
        self.check(policy("diff", "--ca", self.serve.ca, file, self.server), TRUSTED)
        content = json.loads(file.read_text())
        content["expected_bootchain"]["rtmr1"] = "11" * 48
        old = json.loads(text.read_text())
        old["docker_compose_file"] = old["docker_compose_file"].replace(
            "app:", "other:")
        old_text = write("diff-old.json", json.dumps(old))
        content["compose_hash"] = hashlib.sha256(
            old_text.read_bytes()).hexdigest()
        changed = write("diff-changed.json", json.dumps(content))
        result = self.check(policy("diff", "--json", "--app-compose", old_text,
                                   "--ca", self.serve.ca, changed, self.url),
                            NOT_TRUSTED)
        differs = {d["member"]: d for d in result.json["differences"]}
        self.assertEqual(set(differs),
                         {"expected_bootchain.rtmr1", "compose_hash",
                          "app_compose.docker_compose_file"})
        lines = differs["app_compose.docker_compose_file"]["lines"]
        self.assertIn("-  other:", lines)
        self.assertIn("+  app:", lines)
        self.assertEqual(differs["expected_bootchain.rtmr1"]["old"], "11" * 48)

    def test_texts_that_are_compared_no_further(self):
        """Members are compared in pairs, so there is a limit to them; and
        what is no object has none."""
        has = json.loads((self.sim.folder / "policy.json").read_text())

        def with_text(name, text):
            write(f"{name}.text", json.dumps(text))
            return write(name, json.dumps({
                **has, "compose_file": f"{name}.text"}))

        def members(n):
            return {f"m{i}": 1 for i in range(n)}

        few = with_text("diff-few.json", members(1024))
        self.check(policy("diff", few, few), TRUSTED)
        for name, text, words in (
                ("many", members(1025), "more than 1024 members"),
                ("list", ["m0", "m1"], "no JSON object")):
            other = with_text(f"diff-{name}.json", text)
            for pair in ((few, other), (other, few)):
                with self.subTest(name):
                    self.check_refused(policy("diff", *pair), UNREADABLE,
                                       words)

    def test_text_that_plays_tricks(self):
        """What a terminal would obey, or show in another place, is shown as
        '?': of the lines of a text, of values and of names."""
        tricks = "\033[2K\r\u009b31m\u202e\u2066\u200b\u2028\x7f"
        has = json.loads((self.sim.folder / "policy.json").read_text())
        files = [write(f"diff-tricks-{i}.json", json.dumps({
            **has, "app_compose": {
                "docker_compose_file": f"services:\n  a{i}{tricks}b\n",
                "name": f"a{i}{tricks}b", f"x{tricks}": str(i)}}))
            for i in range(2)]
        shown = self.check(policy("diff", *files), NOT_TRUSTED).out
        shown += self.check(policy("explain", files[0]), TRUSTED).out
        self.assertTrue(shown.replace("\n", "").isprintable())
        self.assertIn("+  a1?[2K??31m?????b\n", shown)
        got = self.check(policy("diff", "--json", *files), NOT_TRUSTED)
        self.assertNotIn("\u009b", got.out)
        self.assertNotIn("\x7f", got.out)
        self.assertIn(f"a1{tricks}b", "".join(
            d["new"] for d in got.json["differences"]))

    def test_another_text(self):
        """A text that the policy does not name tells nothing."""
        file = self.fresh()
        self.check(self.pin(to=file), TRUSTED)
        self.check_refused(
            policy("diff", "--app-compose", write("diff-any.json", "{}"),
                   "--ca", self.serve.ca, file, self.server), UNREADABLE, "which the policy does not name")

    def test_a_server_that_is_not_genuine(self):
        """A server tells only what it has proven."""
        file = self.fresh()
        self.check(self.pin(to=file), TRUSTED)
        content = json.loads(file.read_text())
        del content["trusted_root"]
        rootless = write("diff-rootless.json", json.dumps(content))
        self.check_refused(policy("diff", "--ca", self.serve.ca, rootless,
                                  self.server), NOT_TRUSTED,
                           "root_ca")
        self.sim.change("tcb=OutOfDate")
        self.check_refused(policy("diff", "--no-cache", "--ca", self.serve.ca,
                                  file, self.server),
                           NOT_TRUSTED, "tcb_status")

    def test_policies(self):
        a = {"type": "tdx", "mrtd": ["AA" * 48, "bb" * 48],
             "allowed_tcb_status": ["UpToDate"]}
        same = {"mrtd": ["bb" * 48, "aa" * 48], "type": "tdx", "partial": False}
        other = {"type": "tdx", "mrtd": "aa" * 48, "allow_debug": True}
        files = [write(f"diff{i}.json", json.dumps(p))
                 for i, p in enumerate((a, same, other))]
        self.check(policy("diff", files[0], files[1]), TRUSTED)
        result = self.check(policy("diff", "--json", files[0], files[2]),
                            NOT_TRUSTED).json
        self.assertEqual([d["member"] for d in result["differences"]],
                         ["allow_debug", "mrtd"])
        self.check_refused(policy("diff", files[0], "none.json"), UNREADABLE)
        self.check_refused(policy("diff", files[0]), USAGE, "NEW is missing")


def find_member(value, name):
    """The first member of that name, at any depth."""
    if not isinstance(value, dict):
        return None
    if name in value:
        return value[name]
    return next(filter(None, (find_member(v, name) for v in value.values())),
                None)


class Hash(Case):
    def test_forms(self):
        value = {"name": "x", "b": [1, 2.0, "ä"], "a": {"z": None, "y": True}}
        raw = json.dumps(value, indent=4)
        compact = dict(separators=(",", ":"), ensure_ascii=False)
        got = self.check(policy("hash", "--json", write("hash.json", raw)),
                         TRUSTED).json
        for name, text in (
                ("raw", raw),
                ("insertion_order", json.dumps(value, **compact)),
                ("sorted", json.dumps(value, sort_keys=True, **compact))):
            self.assertEqual(got[name],
                             hashlib.sha256(text.encode()).hexdigest(), name)
        self.assertEqual(got["mr_config_id"], "01" + got["raw"] + "00" * 15)
        self.assertEqual(got["app_id"], got["raw"][:40])
        self.assertIsNone(got["merged_sorted"])  # the default's script

    def test_not_an_app_compose(self):
        for name, text in (("yaml", "services: {}"), ("list", "[]"),
                           ("empty", "")):
            self.check_refused(policy("hash", write(f"hash.{name}", text)),
                               UNREADABLE, f"hash.{name}: ")

    def test_near_sample(self):
        folder = SHARED / "samples" / "near-mpc-45424d4cf"
        if not folder.exists():
            self.skipTest(f"{folder} is not there")
        compose = folder / "app_compose.json"
        info = json.loads((folder / "tcb_info.json").read_text())
        got = self.check(policy("hash", "--json", compose), TRUSTED).json
        self.assertEqual(got["raw"], info["compose_hash"])
        quote = write("near.bin", bytes(json.loads(
            (folder / "quote.json").read_text())))
        self.assertEqual(got["mr_config_id"], find_member(
            run("inspect", "--json", quote).json, "mr_config_id"))


class Explain(Case):
    def test_what_is_not_looked_at(self):
        """It is not told as asked for."""
        named = {"compose_hash": "00" * 32, "os_image_hash": "00" * 32,
                 "expected_bootchain": {name: "00" * 48 for name in BOOT}}
        for disabled, state in ((False, "asks"), (True, "open")):
            file = write("explain.json", json.dumps({
                "type": "dstack_tdx", **named,
                "disable_runtime_verification": disabled}))
            told = {m["name"]: m for m in self.check(
                policy("explain", "--json", file), TRUSTED).json["members"]}
            for name in named:
                self.assertEqual(told[name]["state"], state, name)
                self.assertEqual("Not looked at" in told[name]["words"],
                                 disabled)
            self.assertEqual(told["app_compose"]["state"],
                             "open" if disabled else "default")


class Lint(Case):
    def test_exit_codes(self):
        good = "services: {a: {image: a@sha256:" + "4" * 64 + "}}"
        weak = "services: {a: {image: a:1}}"
        for text, args, code in ((good, (), TRUSTED),
                                 (weak, (), NOT_TRUSTED),
                                 (weak, ("--fail-on", "error"), TRUSTED),
                                 (weak, ("--allow", "image-without-digest"),
                                  TRUSTED),
                                 (weak + "\nx: *y", ("--allow", "yaml-alias"),
                                  UNREADABLE)):
            result = self.check(policy("lint", "--json", *args,
                                       write("lint.yml", text)), code)
            if code == UNREADABLE:
                self.assertEqual(result.json["error"]["code"], "malformed")
                continue
            self.assertEqual(result.json["failed"], code == NOT_TRUSTED)
        self.check_refused(policy("lint", "/nonexistent"), UNREADABLE)

    def test_a_policy_from_a_pipe(self):
        """It is read once."""
        fifo = SCRATCH / "lint.fifo"
        os.mkfifo(fifo)
        text = json.dumps({"type": "tdx", "partial": True})
        threading.Thread(target=lambda: fifo.write_text(text),
                         daemon=True).start()
        got = self.check(policy("lint", "--json", fifo, limit_s=20),
                         NOT_TRUSTED)
        self.assertIn("partial", [f["code"] for f in got.json["findings"]])
        self.check_refused(policy("lint", "--fail-on", "x", "y"), USAGE)
        self.check_refused(policy("lint", "--allow", "x", "y"), USAGE, "'x'")

    def test_compose_file_of_a_policy(self):
        """A policy's compose_file is looked at, and the YAML in it."""
        text = json.dumps({"docker_compose_file": "services: {a: {image: b}}"})
        write("lint-compose.json", text)
        file = write("lint-policy.json", json.dumps({
            "type": "dstack_tdx", "partial": True,
            "compose_file": "lint-compose.json"}))
        codes = {f["code"]: f["where"] for f in
                 self.check(policy("lint", "--json", file),
                            NOT_TRUSTED).json["findings"]}
        self.assertEqual(codes["image-without-digest"],
                         "docker_compose_file:1:23")
        self.assertNotIn("compose-not-read", codes)

    def test_without_libyaml(self):
        """Only lint of YAML needs libyaml, and says so."""
        folder = SCRATCH / "no-yaml"
        folder.mkdir()
        (folder / "libyaml-0.so.2").write_text("no library\n")
        env = {**harness.clean_environment(), "LD_LIBRARY_PATH": str(folder)}
        file = write("no-yaml.yml", "services: {}")
        self.check(run("policy", "schema", env=env), TRUSTED)
        self.check_refused(policy("lint", file, env=env), UNREADABLE,
                           "libyaml-0.so.2")


if __name__ == "__main__":
    harness.need(test_serve.SERVE, SIM, harness.ASSAY)
    with Sim(now=None) as SIMULATOR, Backend() as BACKEND:
        test_serve.SIMULATOR = SIMULATOR
        with Serve(BACKEND) as SERVER:
            harness.main()
