# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Verdicts in WebAssembly are those of the native tools: vectors by the same
runner and manifest in both, and by assay.wasm beside `assay verify`, octet by
octet."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import harness
import test_serve
from backend import Backend
from harness import MINT, NOW, SCRATCH, SOURCE, Case, World, clean_environment, run
from js_peer import need_node, skip
from node_peer import BUILD
from test_js_core import MODULE, SCRIPTS
from test_serve import SERVE, Serve
from test_sim import SIM, Sim

SHARED = pathlib.Path(os.environ.get("ASSAY_SHARED") or SOURCE / "../shared")
WASM_TESTS = (SOURCE / "build" / "wasm" / "core" / "tests" / "wasm"
              / "wasm_tests.wasm")
RUNNERS = ["vectors", "wire", "replay_vectors", "verify_sample", "quote",
           "collateral"]
OPTIONS = {"collateral": "--collateral", "policy": "--policy", "root": "--root",
           "event_log": "--event-log", "app_compose": "--app-compose",
           "vm_config": "--vm-config", "evidence": "--evidence"}
LIMIT_S = 300

# Minted platforms, for machines without the folder of vectors.
WORLDS = [
    [], ["--version", "3"], ["--version", "5", "--body", "1"],
    ["--version", "5", "--body", "3"], ["--version", "5", "--body", "4"],
    ["--version", "3", "--processor-ca"], ["--cert-type", "4"],
    ["--version", "5", "--old-launch"], ["--revoked"], ["--expired"],
    ["--debug"], ["--version", "3", "--debug"], ["--status", "OutOfDate"],
    ["--status", "Revoked"], ["--qe-status", "OutOfDate"],
    ["--module-status", "OutOfDate"], ["--fmspc", "00906ED50000"],
]


def shared():
    folder = SHARED / "vectors"
    if not folder.is_dir():
        print(f"SKIPPED shared vectors: no folder {folder}")
    return folder.is_dir()


def natively(given):
    """assay verify, whose memory is its own each time."""
    args = [part for name, path in given["files"].items() if name != "quote"
            for part in (OPTIONS[name], path)]
    if given["at"] is not None:
        args += ["--at", given["at"]]
    if "quote" in given["files"]:
        args.append(given["files"]["quote"])
    memory = SCRATCH / "no-memory"
    shutil.rmtree(memory, ignore_errors=True)
    return run("verify", "--json", *args,
               env=clean_environment() | {"XDG_STATE_HOME": str(memory)})


def by_module(cases):
    question, answer = SCRATCH / "cases.json", SCRATCH / "answers.json"
    question.write_text(json.dumps(cases, default=str))
    done = subprocess.run(
        ["node", str(SCRIPTS / "vectors.mjs"), str(question), str(answer)],
        env={**clean_environment(), "ASSAY_JS_CORE": str(MODULE)},
        capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(answer.read_text())


def case(at, **files):
    return {"at": at, "files": files}


class Comparing(Case):
    def same(self, cases):
        """Compares; returns how many had a verdict."""
        answers = by_module(cases)
        self.assertEqual(len(answers), len(cases))
        for given, answer in zip(cases, answers, strict=True):
            with self.subTest(**given):
                self.compare(natively(given), answer)
        return sum("verdict" in answer for answer in answers)

    def compare(self, native, answer):
        self.assertIn(native.code, (0, 1, 2), str(native))
        if native.code < 2:
            verdict = answer.get("verdict")
            self.assertIsNotNone(verdict, answer)
            self.assertEqual((verdict + "\n").splitlines(keepends=True),
                             native.out.splitlines(keepends=True))
            return
        error = native.json["error"]
        ours = answer.get("error", answer)
        self.assertEqual((ours["code"], ours["hint"]),
                         (error["code"], error["hint"]), str(native))
        # Who reads a file names it, and knows that it is empty.
        if "empty, no quote in it" not in error["message"]:
            self.assertTrue(error["message"].endswith(
                ours["message"].split(": ", 1)[1]), (ours, error))


class SameRunner(Case):
    """Unit tests that read the folder of vectors, of one source: built for this
    machine and for WebAssembly."""

    def told(self, command):
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=LIMIT_S,
            env=os.environ | {"ASSAY_SHARED": str(SHARED),
                              "ASSAY_SOURCE": str(SOURCE)}, check=False)
        text = done.stdout + done.stderr
        self.assertEqual(done.returncode, 0, text)
        return (re.findall(r"\[ +OK \] (\w+)", text),
                re.findall(r"(\d+) (vectors|mutations)\b", text))

    def test_same(self):
        if not shared():
            return
        for name in RUNNERS:
            native = BUILD / "tests" / f"test_{name}"
            if not (native.exists() and WASM_TESTS.exists()):
                print("SKIPPED assay.wasm: unit tests are not built in both")
                return
            with self.subTest(name):
                here = self.told([str(native)])
                there = self.told(
                    ["node", "--no-warnings",
                     str(SOURCE / "tests" / "wasm" / "run.mjs"),
                     str(WASM_TESTS), name])
                self.assertEqual(here, there)
                self.assertTrue(here[0])
                if name == "vectors":
                    counts = {what: int(n) for n, what in here[1]}
                    self.assertGreaterEqual(counts["vectors"], 77)
                    self.assertGreaterEqual(counts["mutations"], 272)


class Vectors(Comparing):
    @staticmethod
    def vector(folder):
        """A vector's own folder, with a root in a file where it has one."""
        at = json.loads((folder / "expected.json").read_text()).get(
            "verification_time")
        files = {"quote": folder / "quote.bin"}
        parts = {}
        if (folder / "collateral.json").exists():
            files["collateral"] = folder / "collateral.json"
            parts = json.loads(files["collateral"].read_text())
        if "trusted_root" in parts:
            files["root"] = harness.write(folder.name + ".root.pem",
                                          parts["trusted_root"])
        return case(at, **files), parts

    def test_vectors(self):
        if not shared():
            return
        cases = []
        for quote in sorted((SHARED / "vectors").glob("**/quote.bin")):
            given, _ = self.vector(quote.parent)
            # Without a bundle natively a source is asked, and here nobody.
            if "collateral" in given["files"]:
                cases.append(given)
        self.assertGreaterEqual(len(cases), 77)
        self.assertGreaterEqual(self.same(cases), 60)

    def test_mutations(self):
        if not shared():
            return
        cases = []
        rows = json.loads((SHARED / "vectors" / "mutations.json").read_text())
        for i, row in enumerate(rows["mutations"]):
            given, parts = self.vector(SHARED / "vectors" / row["base"])
            self.mutate(given, parts, row, str(i))
            cases.append(given)
        self.assertGreaterEqual(len(cases), 272)
        self.assertGreater(self.same(cases), 100)

    def mutate(self, given, parts, row, name):
        target, op = row["target"], row["op"]
        if target == "time":
            given["at"] = row["value"]
            return
        if op == "swap":
            parts["pck_crl"], parts["root_ca_crl"] = (parts["root_ca_crl"],
                                                      parts["pck_crl"])
        elif target == "quote":
            octets = self.change(given["files"]["quote"].read_bytes(), row)
            given["files"]["quote"] = harness.write(name + ".bin", octets)
            return
        elif target.endswith("_crl"):
            parts[target] = self.change(bytes.fromhex(parts[target]), row).hex()
        else:
            parts[target] = self.change(parts[target].encode(), row).decode()
        given["files"]["collateral"] = harness.write(name + ".json",
                                                     json.dumps(parts))

    @staticmethod
    def change(octets, row):
        op, at = row["op"], row.get("offset")
        if op == "xor":
            return (octets[:at] + bytes([octets[at] ^ row["value"]])
                    + octets[at + 1:])
        if op == "set_char":
            return octets[:at] + row["value"].encode() + octets[at + 1:]
        if op == "truncate":
            return octets[:row["length"]]
        if op == "append":
            return octets + bytes.fromhex(row["hex"])
        assert op == "replace_first", op
        find = row["find"].encode()
        assert find in octets
        return octets.replace(find, row["replace"].encode(), 1)


class Minted(Comparing):
    """On any machine: the platforms that assay-mint can be told to make."""

    @classmethod
    def setUpClass(cls):
        cls.worlds = [World(f"world-{i}", *options)
                      for i, options in enumerate(WORLDS)]

    @staticmethod
    def of(world, at=NOW, **files):
        return case(at, quote=world.quote, collateral=world.bundle,
                    **{"root": world.root, **files})

    def test_worlds(self):
        cases = [self.of(world) for world in self.worlds]
        self.assertEqual(self.same(cases), len(WORLDS))

    def test_other_times_and_roots(self):
        world, other = self.worlds[0], self.worlds[1]
        intel = self.of(world)
        del intel["files"]["root"]
        far = [0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**32 + NOW,
               4102444800, 253402300799]
        cases = [self.of(world, at) for at in far]
        cases += [intel, case(NOW, quote=world.quote, root=world.root,
                              collateral=other.bundle)]
        self.assertGreaterEqual(self.same(cases), len(far))

    def test_policies(self):
        world = self.worlds[0]
        cases = [self.of(world, policy=harness.write(
            f"policy-{i}.json", json.dumps(policy)))
                 for i, policy in enumerate([
                     {"type": "tdx"},
                     {"type": "tdx", "allow_debug": True},
                     {"type": "tdx", "mrtd": "00" * 48},
                     {"type": "tdx", "grace_period": 2**31},
                     {"type": "tdx", "no_such_member": 1},
                 ])]
        self.assertGreaterEqual(self.same(cases), 1)

    def test_flipped_octets(self):
        """Whatever octet of the quote: refused alike, in the same words."""
        world = self.worlds[0]
        octets = world.quote.read_bytes()
        cases = []
        for at in range(0, len(octets), 61):
            changed = bytearray(octets)
            changed[at] ^= 1 << at % 8
            cases.append(case(NOW, collateral=world.bundle, root=world.root,
                              quote=harness.write(f"flip-{at}.bin",
                                                  bytes(changed))))
        self.assertGreater(self.same(cases), 10)


class Evidence(Comparing):
    """Bundles that assay get has saved of live sessions."""

    @classmethod
    def setUpClass(cls):
        given = SIMULATOR.folder / "policy.json"
        cls.policy = harness.write("own.json", json.dumps(
            {k: v for k, v in json.loads(given.read_text()).items()
             if k not in ("trusted_root", "ca_file", "pccs_url",
                          "accept_self_signed_certs")}))
        cls.bundle = SCRATCH / "bundle.json"
        saved = run("get", "--policy", given, "--save-evidence", cls.bundle,
                    f"https://localhost:{SERVER.port}/")
        assert saved.code == 0, saved

    def of(self, bundle, at=None, **files):
        return case(at, **{"policy": self.policy, "root": SIMULATOR.root,
                           **files}, evidence=bundle)

    def changed(self, name, change):
        bundle = json.loads(self.bundle.read_text())
        change(bundle)
        return self.of(harness.write(f"{name}.json", json.dumps(bundle)))

    def test_bundles(self):
        cases = [
            self.of(self.bundle),
            self.of(self.bundle, 4102444800),
            self.of(self.bundle, 0),
            self.changed("nonce", lambda b: b["session"].update(
                nonce="00" * (len(b["session"]["nonce"]) // 2))),
            self.changed("name", lambda b: b["claims"].update(
                server_name="other.example")),
            self.changed("quote", lambda b: b.update(
                quote=b["quote"][:400] + "00" + b["quote"][402:])),
            self.changed("no-quote", lambda b: b.pop("quote")),
            self.changed("verdict", lambda b: b["claims"]["verdict"].update(
                trusted=False)),
        ]
        self.assertGreaterEqual(self.same(cases), 4)


if __name__ == "__main__":
    harness.need(SERVE, SIM, MINT, harness.ASSAY)
    need_node()
    if not MODULE.exists():
        skip("assay.wasm", f"{MODULE} is not there: ./run wasm builds it")
    with Sim(now=None) as SIMULATOR, Backend() as BACKEND:
        test_serve.SIMULATOR = SIMULATOR
        with Serve(BACKEND) as SERVER:
            harness.main()
