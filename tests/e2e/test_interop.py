# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay get against a server by another hand (py_server.py), which speaks all
generations of the wire and misbehaves in every phase."""
import concurrent.futures
import json
import pathlib
import subprocess
import sys
import time

import harness
from harness import (ASSAY, NOT_TRUSTED, SCRATCH, TRUSTED, UNREADABLE, Case,
                     run, write)
from test_sim import SIM, Sim

LIMIT_S = 2   # where a limit is to end it
BOUND_S = 30  # until then it has to be over, also on a busy machine
SCRIPT = pathlib.Path(__file__).with_name("py_server.py")


def find_python():
    """An interpreter that has pyOpenSSL, or None and why not."""
    why = ""
    for python in (sys.executable, "/usr/bin/python3"):
        p = subprocess.run([python, "-c", "import OpenSSL, cryptography"],
                           capture_output=True, text=True)
        if p.returncode == 0:
            return python, ""
        why = p.stderr.strip().splitlines()[-1:] or ["it does not start"]
        why = f"{python}: {why[0]}"
    return None, why


class Server:
    def __init__(self, python, sim, script=SCRIPT):
        self.ca = sim.folder / "ca.pem"
        self.command = [python, "-W", "ignore", str(script),
                        sim.ready["guest"], str(sim.folder)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.port = json.loads(self.process.stdout.readline())
        return self

    def __exit__(self, *unused):
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(BOUND_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


class Interop(Case):
    def policy(self, **changes):
        policy = json.loads((SIMULATOR.folder / "policy.json").read_text())
        policy["accept_self_signed_certs"] = False
        return write("interop-policy.json", json.dumps({**policy, **changes}))

    def get_with(self, policy, name, *args):
        self.asked.add(name)
        got = run("get", "--json", "--ca", SERVER.ca, *args, "--policy",
                  policy, f"https://localhost:{SERVER.port[name]}/path")
        self.assertEqual(got.err, "", name)
        return got

    def get(self, name, *args, **changes):
        return self.get_with(self.policy(**changes), name, *args)

    def good(self, name, *args, **changes):
        got = self.check(self.get(name, *args, **changes), TRUSTED).json
        self.assertTrue(got["verdict"]["trusted"])
        self.assertEqual(got["response"]["body"], "hello", name)
        return got["verdict"]["session"]

    def refused(self, code, rows, *args):
        """Rows: behaviour, code of the error, and a piece of its message."""
        policy = self.policy()

        def ask(row):
            limit = LIMIT_S if row[1] == "timeout" else BOUND_S
            return self.get_with(policy, row[0], "--timeout", limit, *args)

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            results = list(pool.map(ask, rows))
        for (name, want, needle), got in zip(rows, results):
            with self.subTest(name):
                self.check(got, code)
                error = got.json["error"]
                self.assertEqual(error["code"], want, error)
                self.assertIn(needle, error["message"])
                self.assertTrue(error["message"].isprintable())
                self.assertIsNone(got.json["response"])
                self.assertLess(got.seconds, BOUND_S)

    asked = set()

    @classmethod
    def tearDownClass(cls):
        if len(sys.argv) == 1:  # all tests were wanted
            assert cls.asked == set(SERVER.port), set(SERVER.port) - cls.asked

    def test_wire_v2(self):
        for name in ("sized", "chunked", "one-byte-chunks", "array",
                     "array-chunked", "small-records"):
            with self.subTest(name):
                session = self.good(name)
                self.assertEqual(session["wire"], "v2")
                self.assertTrue(session["certificate_checked"])
                self.good(name, certificate_event="required")

    def staples(self):
        """What the stapling behaviours send."""
        def fetch(name, age_days):
            SIMULATOR.change(f"clock={int(time.time()) - age_days * 86400}")
            file = SIMULATOR.folder / name
            self.check(run("collateral", "fetch", SIMULATOR.quote_file(), "-o",
                           file, "--pccs", SIMULATOR.ready["pccs"]), TRUSTED)
            return file
        fetch("staple-old.json", 8)
        good = fetch("staple-good.json", 0)
        forged = json.loads(good.read_text())
        forged["qe_identity"] = forged["qe_identity"].replace("1", "2")
        (SIMULATOR.folder / "staple-forged.json").write_text(
            json.dumps(forged))

    def test_stapled_collateral(self):
        """Good collateral saves the way to a source; a forged one does not
        keep anybody from it."""
        self.staples()
        nowhere = {"pccs_url": "http://127.0.0.1:1"}
        staple = {"staple": True}
        for changes, name, origin in (
                ({**staple, **nowhere}, "staple-good", "server"),
                (staple, "staple-good", "server"),
                # in date, and older than a week: a server may not hold on to
                # what suits it
                (staple, "staple-old", "source"),
                ({**staple, "max_collateral_age_secs": 20 * 86400},
                 "staple-old", "server"),
                (staple, "staple-forged", "source"),
                ({"staple": False}, "staple-good", "source"),
                (staple, "sized", "source")):
            with self.subTest((changes, name)):
                session = self.good(name, **changes)
                self.assertEqual(session["collateral_from"], origin)
        got = self.get("staple-forged", **staple, **nowhere)
        self.check(got, UNREADABLE)
        got = run("get", "-v", "--ca", SERVER.ca, "--policy",
                  self.policy(staple=True),
                  f"https://localhost:{SERVER.port['staple-forged']}/path")
        self.assertIn("stapled collateral was not used: ", got.err)

    def test_rollback(self):
        """Collateral of an evaluation that was overtaken opens no session,
        wherever it came from."""
        folder = SCRATCH / "state/assay/evaluations"
        self.good("sized")
        info, = folder.glob("*_tdx-00a06f050000_18_*")
        newer = info.with_name(info.name.replace("_18_", "_19_"))
        info.rename(newer)
        self.addCleanup(newer.unlink)
        got = self.check(self.get("sized"), NOT_TRUSTED)
        self.assertEqual(got.json["verdict"]["error"]["code"],
                         "collateral_rollback")
        self.good("sized", collateral_rollback="warn")
        self.staples()
        got = self.check(self.get("staple-good", staple=True), NOT_TRUSTED)
        self.assertEqual(got.json["verdict"]["session"]["collateral_from"],
                         "source")

    def test_older_wires(self):
        for wire, length in (("v1", 64), ("v0", 32)):
            for name in ("sized", "chunked", "array"):
                with self.subTest((wire, name)):
                    session = self.good(name, wires=[wire])
                    self.assertEqual(session["wire"], wire)
                    self.assertEqual(len(session["nonce"]), 2 * length)
                    both = self.good(name, "--wire", wire, wires=["v2", wire])
                    self.assertEqual(both["wire"], wire)

    def test_certificates(self):
        rows = (("wrong-name", "tls", "name"), ("no-name", "tls", "name"),
                ("unknown-ca", "tls", ""), ("expired", "tls", "expired"),
                ("not-yet", "tls", "not yet"), ("tls12", "tls", "TLS 1.3"))
        self.refused(NOT_TRUSTED, rows)

    def test_no_tls(self):
        self.refused(NOT_TRUSTED, (
            ("another-protocol", "tls", "does not speak TLS"),
            ("plain-http", "tls", "TLS")))
        self.refused(UNREADABLE, (
            ("never-accepts", "timeout", "handshake"),
            ("hang-after-accept", "timeout", "handshake"),
            ("hang-in-handshake", "timeout", "handshake"),
            ("cut-after-accept", "network", "cut"),
            ("reset-after-accept", "network", ""),
            ("cut-in-handshake", "network", "cut"),
            ("half-close-in-handshake", "network", "cut")))

    def test_reply_breaks_off(self):
        for where in ("before-reply", "in-head", "in-body"):
            self.refused(UNREADABLE, (
                (f"hang-{where}", "timeout", "'quote'"),
                (f"half-close-{where}", "network", "cut"),
                (f"cut-{where}", "network", "cut"),
                (f"reset-{where}", "network", "")))
            self.refused(NOT_TRUSTED, (
                (f"goodbye-{where}", "reply", "goodbye"),))
        self.refused(UNREADABLE, (("trickle-in-head", "timeout", "'quote'"),
                                  ("goodbye-after-reply", "network", "")))

    def test_reply_is_none(self):
        self.refused(NOT_TRUSTED, [(name, "reply", needle) for name, needle in (
            ("large-head", "head"), ("endless-head", "head"),
            ("large-body", "17825792 bytes"), ("endless-chunks", "body: too large"),
            ("endless-chunk-line", ""), ("garbage", ""), ("two-lengths", ""),
            ("no-length", "neither Content-Length nor chunks"),
            ("will-close", "will close"), ("interim", "100"),
            ("redirect", "status 302 instead of 200"),
            ("status-404", "status 404"), ("status-500", "no TDX"),
            ("status-204", "204"), ("says-no", "not today"),
            ("other-json", "no quote"), ("reply-and-more", "unasked"))])
        self.refused(NOT_TRUSTED, (
            ("empty", "reply", "quote reply"),
            ("no-json", "reply", "quote reply"),
            ("half-json", "reply", "quote reply"),
            ("deep-json", "reply", "quote reply"),
            ("no-hex", "reply", "quote.quote"),
            ("no-quote", "unsupported", "version"),
            ("cut-quote", "truncated", ""), ("bad-log", "malformed", "")))

    def test_evidence(self):
        for name, check in (("replayed", "report_data"),
                            ("relayed", "report_data"),
                            ("flipped-bit", "quote_signature"),
                            ("no-log", "event_digests")):
            with self.subTest(name):
                got = self.check(self.get(name), NOT_TRUSTED).json
                self.assertEqual(got["error"]["code"], "not_trusted")
                self.assertEqual(got["verdict"]["error"]["code"], check)

    def test_evidence_on_older_wires(self):
        for wire in ("v1", "v0"):
            got = self.check(self.get("replayed", wires=[wire]), NOT_TRUSTED)
            self.assertEqual(got.json["verdict"]["error"]["code"],
                             "report_data")
            got = self.check(self.get("no-log", wires=[wire]), NOT_TRUSTED)
            self.assertIsNone(got.json["response"])

    def test_more_after_reply(self):
        """Before the session is open it is the server's fault; later, nobody
        has asked for it."""
        got = self.get("more-after-reply")
        self.assertIn(got.code, (NOT_TRUSTED, UNREADABLE), str(got))
        self.assertEqual(got.json["error"]["code"], "reply")

    def test_responses(self):
        self.good("until-goodbye")
        self.good("response-and-more")
        self.good("answer-before-request", "--data",
                  f"@{write('upload', bytes(24 << 20))}")
        self.refused(UNREADABLE, (
            ("hang-before-response", "timeout", "no head within 2.0 s"),
            ("hang-in-response-head", "timeout", "no head"),
            ("trickle-in-response-head", "timeout", "no head"),
            ("hang-in-response", "timeout", "no more of its body"),
            ("cut-before-response", "network", "without one"),
            ("cut-in-response", "network", "cut"),
            ("reset-in-response", "network", ""),
            ("goodbye-before-response", "network", "without one"),
            ("goodbye-in-response", "network", "cut"),
            ("until-cut", "network", "cut"),
            ("garbage-response", "reply", "response"),
            ("endless-interim", "reply", "interim"),
            ("switching", "reply", "switches")))
        self.refused(UNREADABLE, (
            ("endless-response", "too_large", "response"),),
            "--max-size", "1000000")


if __name__ == "__main__":
    for program in (SIM, ASSAY):
        if not program.exists():
            print(f"SKIPPED everything: {program} is not there")
            sys.exit(77)
    PYTHON, WHY = find_python()
    if PYTHON is None:
        print(f"SKIPPED pyOpenSSL: {WHY}")
        sys.exit(77)
    with Sim(now=None) as SIMULATOR, Server(PYTHON, SIMULATOR) as SERVER:
        harness.main()
