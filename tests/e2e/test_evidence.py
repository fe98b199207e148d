# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Evidence that lasts: bundles saved by assay get, judged by somebody else."""
import copy
import json
import os
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time

import harness
import test_serve
from backend import Backend
from harness import (ASSAY, NOT_TRUSTED, SCRATCH, TRUSTED, UNREADABLE, USAGE,
                     Case, clean_environment, run, write)
from test_serve import SERVE, Serve
from test_sim import SIM, Sim

SESSION = "consistent; only the two ends can know"
# What nothing in a bundle proves, although all is in order: the list that
# docs/formats.md has.
CLAIMS = ["claims.time", "claims.server_name", "claims.policy",
          "claims.root_sha256", "claims.verdict", "event_log", "vm_config"]
LIMIT_S = 30


def no_network():
    """How to run a program without any network; or at least without names and
    proxies that lead anywhere."""
    under = ("unshare", "-rn")
    try:
        good = subprocess.run([*under, "true"], capture_output=True,
                              check=False).returncode == 0
    except FileNotFoundError:
        good = False
    nowhere = "http://127.0.0.1:9"
    env = {**clean_environment(), "HTTPS_PROXY": nowhere, "HTTP_PROXY": nowhere,
           "ALL_PROXY": nowhere, "HOME": "/nonexistent",
           "XDG_CACHE_HOME": "/nonexistent"}
    return {"under": under if good else (), "env": env}


class EvidenceCase(Case):
    """One saved bundle, and the verifier's own policy and root."""

    @classmethod
    def setUpClass(cls):
        cls.policy = {k: v for k, v in json.loads(
            (SIMULATOR.folder / "policy.json").read_text()).items()
                      if k not in ("trusted_root", "ca_file", "pccs_url",
                                   "accept_self_signed_certs")}
        cls.own = write("own-policy.json", json.dumps(cls.policy))
        cls.file = GOOD
        cls.good = json.loads(cls.file.read_text())

    @staticmethod
    def save(where, *args, policy=None, limit_s=60, under=(), path="/"):
        return run("get", "--policy", policy or SIMULATOR.folder / "policy.json",
                   "--save-evidence", where, *args,
                   f"https://localhost:{SERVER.port}{path}", limit_s=limit_s,
                   under=under)

    def setUp(self):
        SIMULATOR.change("reset")
        BACKEND.seen.clear()

    def verify(self, bundle, *args, policy=True, root=True, **kwargs):
        if isinstance(bundle, dict):
            bundle = write("changed.json", json.dumps(bundle))
        options = ["--policy", self.own] if policy else []
        options += ["--root", SIMULATOR.root] if root else []
        return run("verify", "--evidence", bundle, *options, *args, **kwargs)

    def document(self, code, bundle, *args, **kwargs):
        got = self.check(self.verify(bundle, "--json", *args, **kwargs), code)
        self.assertEqual(got.err, "")
        return got.json

    def failed(self, document):
        return [c["name"] for c in document["checks"]
                if c["outcome"] == "failed"]


class Saved(EvidenceCase):
    def test_file(self):
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        self.assertEqual(self.good["format"], "assay-evidence/1")
        self.assertEqual(
            list(self.good), ["format", "quote", "event_log", "app_compose",
                              "vm_config", "collateral", "session", "claims"])
        claims = self.good["claims"]
        self.assertEqual(claims["server_name"], "localhost")
        self.assertEqual(
            claims["policy"],
            {"form": "json",
             "text": (SIMULATOR.folder / "policy.json").read_text()})
        self.assertTrue(claims["verdict"]["trusted"])

    def test_clean_folder_without_network(self):
        folder = SCRATCH / "clean"
        folder.mkdir()
        for name, source in (("b.json", self.file), ("p.json", self.own),
                             ("r.pem", SIMULATOR.root)):
            shutil.copy(source, folder / name)
        how = no_network()
        ran = subprocess.run(
            [*how["under"], str(ASSAY), "verify", "--evidence", "b.json",
             "--policy", "p.json", "--root", "r.pem"], cwd=folder,
            env=how["env"], capture_output=True, text=True, timeout=LIMIT_S,
            check=False)
        self.assertEqual((ran.returncode, ran.stderr), (TRUSTED, ""),
                         ran.stdout)
        self.assertIn("(claimed, not proven)", ran.stdout)
        self.assertIn(SESSION, ran.stdout)
        self.assertEqual(sorted(os.listdir(folder)),
                         ["b.json", "p.json", "r.pem"])

    def test_document(self):
        doc = self.document(TRUSTED, self.file)
        self.assertTrue(doc["trusted"])
        evidence = doc["evidence"]
        self.assertIs(evidence["proves_session"], False)
        self.assertEqual(evidence["session"], SESSION)
        self.assertEqual(evidence["time"], "claimed, not proven")
        self.assertEqual(evidence["policy"], "given by the verifier")
        self.assertEqual([c["member"] for c in evidence["not_proven"]], CLAIMS)
        self.assertEqual(evidence["claims"], self.good["claims"])
        self.assertEqual(doc["verified_at"], self.good["claims"]["time"])
        self.assertEqual(doc["root"], "custom")

    def test_claims_are_documented(self):
        text = (harness.SOURCE / "docs" / "formats.md").read_text()
        for member in CLAIMS:
            self.assertIn(f"`{member}`", text)

    def test_standard_input(self):
        self.check(self.verify("-", stdin=self.file.read_bytes()), TRUSTED)

    def test_own_time(self):
        at = str(int(time.time()))
        doc = self.document(TRUSTED, self.file, "--at", at)
        self.assertEqual(doc["evidence"]["time"], "given by the verifier")
        doc = self.document(NOT_TRUSTED, self.file, "--at", "2090-01-01")
        self.assertIn("tcb_info_dates", self.failed(doc))

    def test_own_collateral(self):
        bundle = write("col.json", json.dumps(self.good["collateral"]))
        doc = self.document(TRUSTED, self.file, "--collateral", bundle)
        self.assertEqual(doc["evidence"]["collateral"],
                         "given by the verifier")
        self.assertIn({"member": "collateral",
                       "why": "yours was used instead"},
                      doc["evidence"]["not_proven"])
        SIMULATOR.change("revoke")
        quote = write("quote.hex", self.good["quote"])
        newer = SCRATCH / "newer.json"
        self.check(run("collateral", "fetch", "-o", newer, "--pccs",
                       SIMULATOR.ready["pccs"], quote), TRUSTED)
        doc = self.document(NOT_TRUSTED, self.file, "--collateral", newer)
        self.assertIn("pck_not_revoked", self.failed(doc))

    def test_rollback(self):
        """A newer evaluation was verified here before the time of the bundle,
        whose author has held on to an older one."""
        doc = self.document(TRUSTED, self.file)
        number = doc["tcb_evaluation_data_number"]
        folder = SCRATCH / "own-state" / "assay" / "evaluations"
        folder.mkdir(parents=True)
        issued = int(time.time()) - 3600
        (folder / f"{self.good['claims']['root_sha256']}_tdx-{doc['fmspc']}_"
                  f"{number + 1}_{issued}").touch()
        env = clean_environment() | {
            "XDG_STATE_HOME": str(SCRATCH / "own-state")}
        doc = self.document(NOT_TRUSTED, self.file, env=env)
        self.assertEqual(self.failed(doc), ["collateral_rollback"])
        warn = write("warn.json", json.dumps(
            {**self.policy, "collateral_rollback": "warn"}))
        self.document(TRUSTED, self.file, "--policy", warn, policy=False,
                      env=env)
        before = str(issued - 60)  # who judges as of then is not held to it
        self.document(TRUSTED, self.file, "--at", before, env=env)

    def test_inspect(self):
        doc = self.check(run("inspect", "--json", self.file), TRUSTED).json
        for member in ("format", "claims", "session", "event_log",
                       "app_compose", "vm_config"):
            self.assertEqual(doc[member], self.good[member])
        self.assertEqual(doc["quote"]["header"]["version"], 4)
        self.assertIn("tcb_info", doc["collateral"])
        text = self.check(run("inspect", self.file), TRUSTED).out
        self.assertIn("assay-evidence/1", text)
        text = self.check(run("inspect", "-", stdin=self.file.read_bytes()),
                          TRUSTED).out
        self.assertIn(self.good["session"]["nonce"], text)

    def test_folder(self):
        folder = SCRATCH / "many"
        folder.mkdir()
        for _ in range(2):
            got = self.check(self.save(folder, "-v"), TRUSTED)
            self.assertIn(f"evidence saved: {folder}/localhost-", got.err)
        names = os.listdir(folder)
        self.assertEqual(len(names), 2)
        for name in names:
            self.assertRegex(
                name, r"^localhost-[0-9T_-]+Z-[0-9a-f]{16}\.json$")
            self.check(self.verify(folder / name), TRUSTED)

    def test_every_attestation(self):
        """Evidence that is renewed on one connection is saved anew."""
        policy = write("often.json", json.dumps({
            **json.loads((SIMULATOR.folder / "policy.json").read_text()),
            "reattestation_interval_secs": 1}))
        folder = SCRATCH / "renewed"
        folder.mkdir()
        self.check(self.save(folder, "-L", policy=policy,
                             path="/redirect?302&/echo&1.2"), TRUSTED)
        names = os.listdir(folder)
        self.assertEqual(len(names), 2)
        sessions = set()
        for name in names:
            self.check(self.verify(folder / name), TRUSTED)
            sessions.add(json.loads((folder / name).read_text())["session"][
                "exporter"])
        self.assertEqual(len(sessions), 1)

    def test_unannounced_certificate(self):
        """The TD that booted anew has not announced it: it is a claim."""
        file = SCRATCH / "unannounced.json"
        self.check(self.save(file), TRUSTED)
        doc = self.document(TRUSTED, file)
        self.assertEqual(
            sorted(c["member"] for c in doc["evidence"]["not_proven"]),
            sorted([*CLAIMS, "session.certificate"]))

    def test_forms_of_the_policy(self):
        """TOML, and a compose_file: the author's own words come back."""
        compose = write("compose-of-bundle.json", self.good["app_compose"])
        policy = json.loads((SIMULATOR.folder / "policy.json").read_text())
        for member in ("app_compose", "compose_hash"):
            policy.pop(member, None)
        path = write("with-file.json",
                     json.dumps({**policy, "compose_file": compose.name}))
        file = SCRATCH / "with-file-bundle.json"
        self.check(self.save(file, policy=path), TRUSTED)
        claimed = json.loads(file.read_text())["claims"]["policy"]
        self.assertEqual(bytes.fromhex(claimed["compose_file"]).decode(),
                         self.good["app_compose"])
        self.check(self.verify(file), TRUSTED)
        doc = self.document(NOT_TRUSTED, file, policy=False)
        self.assertEqual(self.failed(doc), ["bundle"])

    def test_refused_evidence(self):
        """A server that was refused: what it gave is kept, and nothing was
        asked of it."""
        SIMULATOR.change("tcb=OutOfDate")
        file = SCRATCH / "refused.json"
        self.check(self.save(file), NOT_TRUSTED)
        self.assertEqual(BACKEND.seen, [])
        doc = self.document(NOT_TRUSTED, file)
        self.assertEqual(self.failed(doc), ["tcb_status"])
        self.assertFalse(doc["evidence"]["claims"]["verdict"]["trusted"])
        self.check(self.verify(file, "--accept", "OutOfDate"), TRUSTED)


class NotAQuote(EvidenceCase):
    """A bundle where a quote is wanted: which option is meant."""

    def test_where_a_quote_is_wanted(self):
        long = write("long.json", b"{" + b" " * (1 << 20) + b"}")
        for args in (("verify",), ("policy", "pin", "--quote"),
                     ("collateral", "prefetch"),
                     ("collateral", "fetch", "-o", SCRATCH / "none")):
            for file in self.file, long:
                with self.subTest((args, file)):
                    self.check_refused(run(*args, file), UNREADABLE, file.name,
                                       "'assay verify --evidence'")
        self.check(run("inspect", self.file), TRUSTED)


class OthersWord(EvidenceCase):
    """Policy and root of a bundle are its author's claims."""

    def test_no_policy(self):
        got = self.check_one_line(self.verify(self.file, policy=False),
                                  NOT_TRUSTED, "claimed by its author",
                                  "give --policy")
        self.assertTrue(got.out.startswith("NOT TRUSTED"))
        doc = self.document(NOT_TRUSTED, self.file, policy=False)
        self.assertFalse(doc["trusted"])
        self.assertEqual(doc["error"]["code"], "bundle")
        self.assertEqual(self.failed(doc), ["bundle"])
        self.assertEqual(doc["evidence"]["policy"],
                         "claimed by the bundle's author")
        self.check(self.verify(self.file, "--accept", "UpToDate",
                               policy=False), NOT_TRUSTED)

    def test_no_root(self):
        """The simulator's root is a foreign one, whatever the bundle says: in
        its claims, in its policy, in its collateral."""
        doc = self.document(NOT_TRUSTED, self.file, root=False)
        self.assertIn("root_ca", self.failed(doc))
        self.assertEqual(doc["root"], "intel")
        changed = copy.deepcopy(self.good)
        policy = {**self.policy, "trusted_root": SIMULATOR.root.read_text()}
        changed["claims"]["policy"]["text"] = json.dumps(policy)
        for options in ({"policy": False, "root": False}, {"root": False}):
            doc = self.document(NOT_TRUSTED, changed, **options)
            self.assertIn("root_ca", self.failed(doc))
        changed["collateral"]["trusted_root"] = SIMULATOR.root.read_text()
        self.check_refused(self.verify(changed), UNREADABLE, "trusted_root")

    def test_own_root_of_own_policy(self):
        own = write("own-root.json", json.dumps(
            {**self.policy, "trusted_root": str(SIMULATOR.root)}))
        self.check(run("verify", "--evidence", self.file, "--policy", own),
                   TRUSTED)

    def test_lax_policy(self):
        """Made under a policy that lets everything pass: that does not count."""
        SIMULATOR.change("debug")
        lax = write("lax.json", json.dumps({
            "type": "dstack_tdx", "partial": True, "allow_debug": True,
            "trusted_root": str(SIMULATOR.root),
            "pccs_url": SIMULATOR.ready["pccs"],
            "ca_file": str(SERVER.ca)}))
        file = SCRATCH / "lax-bundle.json"
        self.check(self.save(file, policy=lax), TRUSTED)
        self.assertTrue(json.loads(file.read_text())["claims"]["verdict"][
            "trusted"])
        self.check(self.verify(file, policy=False, root=False), NOT_TRUSTED)
        doc = self.document(NOT_TRUSTED, file, policy=False)
        self.assertEqual(self.failed(doc), ["bundle"])
        doc = self.document(NOT_TRUSTED, file)
        self.assertEqual(self.failed(doc), ["debug"])
        self.document(TRUSTED, file, "--policy", lax, policy=False,
                      root=False)  # whose own it is may be content with it

    def test_wire_of_another(self):
        """A wire that the verifier's policy does not allow."""
        changed = copy.deepcopy(self.good)
        changed["session"]["wire"] = "v0"
        doc = self.document(NOT_TRUSTED, changed)
        self.assertEqual(set(self.failed(doc)), {"report_data", "bundle"})
        self.assertIn("session.wire", json.dumps(doc["checks"]))


def flip(text, at):
    digit = "1" if text[at] == "0" else "0"
    return text[:at] + digit + text[at + 1:]


def paths(value, path=()):
    """Every member of the bundle, as a tuple of names; events are no members
    of their own."""
    for name, inner in value.items():
        yield (*path, name)
        if isinstance(inner, dict):
            yield from paths(inner, (*path, name))


def parent_of(bundle, path):
    for name in path[:-1]:
        bundle = bundle[name]
    return bundle


# What finds one changed octet in the middle of a member: a row, or a word of
# the message that refuses it; None: nothing does, it is a claim.
FLIPPED = {
    "format": "format",
    "quote": "quote_signature",
    "app_compose": "bundle",
    "vm_config": None,
    "collateral.tcb_info": "tcb_info",
    "collateral.tcb_info_issuer_chain": "tcb_info_issuer_chain",
    "collateral.qe_identity": "qe_identity",
    "collateral.qe_identity_issuer_chain": "qe_identity_issuer_chain",
    "collateral.pck_crl": "pck_crl",
    "collateral.root_ca_crl": "root_ca_crl",
    "session.wire": "session.wire",
    "session.nonce": "report_data",
    "session.exporter": "report_data",
    "session.certificate": "certificate_event",
    "claims.server_name": "bundle",
    "claims.time": None,
    "claims.policy.form": "claims.policy.form",
    "claims.policy.text": None,
    "claims.root_sha256": None,
    "claims.verdict.summary": None,
}
OPTIONAL = {"event_log", "app_compose", "vm_config"}


class Tampered(EvidenceCase):
    def names(self, result, words):
        """The run refused, and one of the words is in what it says of it."""
        self.assertIn(result.code, (NOT_TRUSTED, UNREADABLE), str(result))
        doc = result.json
        said = json.dumps([doc["error"]] + [
            c for c in doc["checks"] if c["outcome"] != "passed"])
        self.assertTrue(any(w in said for w in words), (words, said[:2000]))

    def test_flipped(self):
        for path in paths(self.good):
            name = ".".join(path)
            changed = copy.deepcopy(self.good)
            parent, last = parent_of(changed, path), path[-1]
            if not isinstance(parent[last], str):
                continue
            with self.subTest(name):
                self.assertIn(name, FLIPPED)
                if name == "claims.time":  # a second later
                    parent[last] = re.sub(
                        r"(\d\d)Z$", lambda m: f"{(int(m[1]) + 1) % 60:02}Z",
                        parent[last])
                elif name == "quote":  # in the body of the TD report
                    parent[last] = flip(parent[last], 2 * 300)
                elif name == "claims.policy.text":
                    parent[last] += " "
                else:
                    parent[last] = flip(parent[last], len(parent[last]) // 2)
                got = self.verify(changed, "--json")
                if FLIPPED[name] is not None:
                    self.names(got, [FLIPPED[name], last])
                    continue
                doc = self.check(got, TRUSTED).json
                listed = [c["member"] for c in doc["evidence"]["not_proven"]]
                self.assertTrue(
                    any(name == m or name.startswith(m + ".") for m in listed),
                    listed)

    def test_events(self):
        """Each member of each event: found, or no more than a claim."""
        digest_only = ("event", "event_payload", "event_type")
        for i, event in enumerate(self.good["event_log"]):
            runtime = event["imr"] == 3
            for member, value in event.items():
                changed = copy.deepcopy(self.good)
                to = changed["event_log"][i]
                if isinstance(value, int):
                    to[member] = value ^ 1
                elif member == "event":
                    to[member] = value + "x"
                else:
                    to[member] = flip(value, len(value) // 2)
                with self.subTest(f"{i} {member}"):
                    got = self.verify(changed, "--json")
                    if member in digest_only and not runtime:
                        self.check(got, TRUSTED)
                    else:
                        self.names(got, ["event_"])
            for how in ("removed", "twice"):
                changed = copy.deepcopy(self.good)
                log = changed["event_log"]
                log[i:i + 1] = [] if how == "removed" else [log[i], log[i]]
                with self.subTest(f"{i} {how}"):
                    self.names(self.verify(changed, "--json"), ["event_"])

    def test_removed_and_retyped(self):
        for path in paths(self.good):
            name, last = ".".join(path), path[-1]
            for other in (None, 7, [], {}, "", True, ...):
                changed = copy.deepcopy(self.good)
                parent = parent_of(changed, path)
                if other is ...:
                    del parent[last]
                elif type(other) is type(parent[last]):
                    continue
                else:
                    parent[last] = other
                with self.subTest(f"{name} {other}"):
                    got = self.verify(changed, "--json")
                    if other is ... and name in ("app_compose", "vm_config"):
                        self.check(got, TRUSTED)  # says less, proves the rest
                    else:
                        self.names(got, [last, "event_"])

    def test_duplicated(self):
        for path in paths(self.good):
            name, last = ".".join(path), path[-1]
            changed = copy.deepcopy(self.good)
            parent = parent_of(changed, path)
            parent["@"] = copy.deepcopy(parent[last])
            text = json.dumps(changed).replace('"@"', json.dumps(last))
            with self.subTest(name):
                got = self.verify(write("twice.json", text), "--json")
                self.check(got, UNREADABLE)
                self.names(got, [last])

    def test_oversize(self):
        for path in paths(self.good):
            name, last = ".".join(path), path[-1]
            changed = copy.deepcopy(self.good)
            parent = parent_of(changed, path)
            if isinstance(parent[last], str):
                parent[last] = parent[last] * (
                    1 + (10 << 20) // len(parent[last]))
            elif last == "event_log":
                parent[last] = parent[last] * (4096 // len(parent[last]) + 1)
            else:
                continue
            with self.subTest(name):
                got = self.verify(changed, "--json")
                self.check(got, UNREADABLE)
                self.names(got, [last.replace("_", " "), last])
        huge = SCRATCH / "huge.json"
        with open(huge, "wb") as f:
            f.truncate((64 << 20) + 1)
        self.check_refused(self.verify(huge), UNREADABLE, huge.name)

    def test_unknown(self):
        for path in paths({"": {}, **self.good}):
            changed = copy.deepcopy(self.good)
            parent = parent_of(changed, path)
            parent["surprise"] = 1
            with self.subTest(".".join(path)):
                self.check_refused(self.verify(changed), UNREADABLE,
                                   "surprise")
                del parent["surprise"]
                parent["x-surprise"] = {"any": ["thing"]}
                self.check(self.verify(changed), TRUSTED)
        changed = copy.deepcopy(self.good)
        changed["event_log"][3]["surprise"] = 1
        self.check_refused(self.verify(changed), UNREADABLE,
                           "event_log[3].surprise")

    def test_nothing_for_a_terminal(self):
        """Whatever a stranger writes, a terminal gets nothing to obey."""
        evil = "\x1b[2J\x07\u009b31m\u0085\x7f\r\x08"
        changed = copy.deepcopy(self.good)
        changed["claims"]["verdict"]["summary"] = evil
        changed["claims"]["policy"]["text"] = evil
        changed["vm_config"] += evil
        changed["app_compose"] += evil
        changed["event_log"][0]["event"] = evil
        changed["x-" + evil] = evil
        file = write("evil.json", json.dumps(changed))
        named = copy.deepcopy(self.good)
        named["claims"][evil] = 1
        for got in (self.verify(file), self.verify(file, "--json"),
                    run("inspect", file), run("inspect", "--json", file),
                    self.verify(named), self.verify(named, "--json"),
                    run("inspect", write("named.json", json.dumps(named)))):
            for c in (got.out + got.err).replace("\n", ""):
                self.assertTrue(c.isprintable(), (got, c))
        doc = self.verify(file, "--json").json
        self.assertEqual(doc["evidence"]["claims"], changed["claims"])

    def test_version(self):
        changed = {**self.good, "format": "assay-evidence/2"}
        self.check_refused(self.verify(changed), UNREADABLE, "format",
                           "assay-evidence/1")
        self.check_refused(self.verify({}), UNREADABLE, "not a bundle")

    def test_exchanged(self):
        """Parts of two good bundles do not make a third one."""
        file = SCRATCH / "second.json"
        self.check(self.save(file), TRUSTED)
        second = json.loads(file.read_text())
        for member, row in (("quote", "report_data"),
                            ("session", "report_data")):
            changed = {**self.good, member: second[member]}
            doc = self.document(NOT_TRUSTED, changed)
            self.assertIn(row, self.failed(doc))


class Usage(EvidenceCase):
    def test_options(self):
        for args, words in (
                (("x.bin",), ("brings its quote", "x.bin")),
                (("--pccs", "intel"), ("--evidence and --pccs",)),
                (("--pccs-ca", "x"), ("--evidence and --pccs-ca",)),
                (("--no-cache",), ("--evidence and --no-cache",)),
                (("--timeout", "3"), ("--evidence and --timeout",)),
                (("--connect-timeout", "3"), ("--connect-timeout",)),
                (("--event-log", "x"), ("--evidence and --event-log",)),
                (("--app-compose", "x"), ("--evidence and --app-compose",)),
                (("--vm-config", "x"), ("--evidence and --vm-config",))):
            self.check_refused(self.verify(self.file, *args), USAGE, *words)

    def test_unreadable(self):
        for content, word in (("", "evidence"), ("{", "evidence"),
                              ("[]", "not a bundle"), (b"\xff", "evidence")):
            got = self.verify(write("bad.json", content))
            self.check_refused(got, UNREADABLE, "bad.json", word)
        self.check_refused(self.verify(SCRATCH / "nowhere"), UNREADABLE,
                           "nowhere")
        self.check_refused(run("inspect", write("bad.json", "{}")), UNREADABLE,
                           "bad.json", "not a bundle")
        changed = copy.deepcopy(self.good)
        changed["claims"]["policy"]["text"] = "{}"
        self.check_refused(self.verify(changed, policy=False), UNREADABLE,
                           "claims.policy")
        self.check(self.verify(changed), TRUSTED)  # it is not even read


class Disk(EvidenceCase):
    """A bundle is there as a whole, or not at all; and no request goes out
    whose evidence could not be kept."""

    def check_nothing(self, got, folder, *words):
        self.check_refused(got, UNREADABLE, "--save-evidence", *words)
        self.assertEqual(os.listdir(folder), [])
        self.assertEqual(BACKEND.seen, [])

    def test_file_size_limit(self):
        folder = SCRATCH / "limited"
        folder.mkdir()

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
        ran = subprocess.run(
            [str(ASSAY), "get", "--policy",
             str(SIMULATOR.folder / "policy.json"), "--no-cache",
             "--save-evidence", str(folder / "x.json"),
             f"https://localhost:{SERVER.port}/"], capture_output=True,
            env=clean_environment(), preexec_fn=limit, timeout=LIMIT_S,
            check=False, restore_signals=False)
        self.check_nothing(
            harness.Result(ran.returncode, ran.stdout.decode(),
                           ran.stderr.decode(), 0, None), folder, "x.json",
            "too large")

    def test_full_device(self):
        got = self.save("/dev/full")
        self.check_refused(got, UNREADABLE, "--save-evidence", "/dev/full",
                           "No space left")
        self.assertEqual(BACKEND.seen, [])

    def test_no_folder(self):
        got = self.save(SCRATCH / "no" / "x.json")
        self.check_refused(got, UNREADABLE, "--save-evidence", "x.json")
        self.assertEqual(BACKEND.seen, [])
        got = self.save(SCRATCH / "no" / "x.json", "--json")
        self.check(got, UNREADABLE)
        self.assertEqual(got.json["error"]["code"], "io")

    def test_old_one_stays(self):
        """What cannot be replaced is left as it was."""
        file = SCRATCH / "stays" / "x.json"
        file.parent.mkdir()
        file.write_text("old")
        self.check(self.save(file, "--proxy", "http://127.0.0.1:9"),
                   UNREADABLE)
        self.assertEqual(file.read_text(), "old")
        self.check(self.save(file), TRUSTED)
        self.check(self.verify(file), TRUSTED)
        self.assertEqual(os.listdir(file.parent), [file.name])

    def test_kill(self):
        """Killed at some moment: the file is whole, or it is not there."""
        folder = SCRATCH / "killed"
        folder.mkdir()
        command = [str(ASSAY), "get", "--policy",
                   str(SIMULATOR.folder / "policy.json"), "--save-evidence",
                   "", f"https://localhost:{SERVER.port}/"]
        began = time.monotonic()
        subprocess.run([*command[:5], str(folder / "first.json"), command[6]],
                       env=clean_environment(), check=True, timeout=LIMIT_S,
                       stdout=subprocess.DEVNULL)
        usual_s = time.monotonic() - began
        whole = 0
        for i in range(40):
            command[5] = str(folder / f"{i}.json")
            p = subprocess.Popen(command, env=clean_environment(),
                                 stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
            try:
                p.wait(timeout=usual_s * (0.2 + 1.0 * i / 40))
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        for name in os.listdir(folder):
            if name.endswith(".json"):
                whole += 1
                self.check(self.verify(folder / name), TRUSTED)
            else:  # what a kill leaves behind cannot be taken for a bundle
                self.assertRegex(name, r"^\.assay-tmp-\d+$")
        self.assertGreaterEqual(whole, 1)
        (folder / ".assay-tmp-5").write_text("left")  # and the next cleans up
        self.check(self.save(folder), TRUSTED)
        self.assertEqual([n for n in os.listdir(folder)
                          if not n.endswith(".json")], [])


if __name__ == "__main__":
    for program in (SERVE, SIM, ASSAY):
        if not program.exists():
            print(f"SKIPPED everything: {program} is not there")
            sys.exit(77)
    with Sim(now=None) as SIMULATOR, Backend() as BACKEND:
        test_serve.SIMULATOR = SIMULATOR
        with Serve(BACKEND, "--announce", "required") as SERVER:
            GOOD = SCRATCH / "good.json"  # before the TD is reset
            SAVED = EvidenceCase.save(GOOD)
            assert SAVED.code == TRUSTED, SAVED
            harness.main()
