# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay demo: every attack refused, by what is for it, and nothing left."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from harness import (ASSAY, BIN, NOT_TRUSTED, SCRATCH, TRUSTED, UNREADABLE,
                     USAGE, Case, clean_environment)

LIMIT_S = 60
# Each attack, who refuses it, and all rows that fail: attacks have one thing
# wrong each, so that nothing else would have saved the client.
IMAGE = ["mrtd", "rtmr0", "rtmr1", "rtmr2", "os_image_hash"]
DATES = ["root_ca_crl_dates", "pck_crl_dates", "tcb_info_dates",
         "qe_identity_dates"]
ATTACKS = {
    "relayed-quote": ["report_data"],
    "replayed-quote": ["report_data"],
    "oracle-relay": ["certificate_event"],
    "forged-event-payload": ["event_digests"],
    "forged-early-event": ["event_rules"],
    "wrong-compose": ["app_compose"],
    "wrong-image": IMAGE,
    "out-of-date-tcb": ["tcb_status"],
    "revoked-pck": ["pck_not_revoked"],
    "debug-td": ["debug"],
    "foreign-root": ["root_ca"],
    "tls-1.2": ["tls"],
    "expired-collateral": DATES,
    "collateral-rollback": ["collateral_rollback"],
    "other-certificate": ["certificate_event"],
    "lax-bundle": ["bundle"],
}


def left_running(folder):
    """Processes that work in this folder, or did before it was removed."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/cwd"):
        try:
            if os.readlink(entry).startswith(str(folder)):
                found.append((entry.parent / "cmdline").read_bytes())
        except OSError:
            pass  # it has ended
    return found


class DemoCase(Case):
    def setUp(self):
        self.tmp = pathlib.Path(tempfile.mkdtemp(prefix="d", dir=SCRATCH))
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="h", dir=SCRATCH))
        self.env = {k: v for k, v in clean_environment().items()
                    if not k.startswith("XDG_")}
        self.env.update(TMPDIR=str(self.tmp), HOME=str(self.home))

    def command(self, *args):
        return [str(ASSAY), "demo", *map(str, args)]

    def demo(self, *args, **kwargs):
        run = subprocess.run(self.command(*args), capture_output=True,
                             text=True, timeout=LIMIT_S, env=self.env,
                             stdin=subprocess.DEVNULL, **kwargs)
        self.check_clean()
        return run

    def check_clean(self):
        self.assertEqual(left_running(self.tmp), [])
        self.assertEqual(list(self.tmp.iterdir()), [])
        self.assertEqual(list(self.home.iterdir()), [])

    def wait_clean(self):
        """Killed children may take a moment to be gone."""
        until = time.monotonic() + LIMIT_S
        while left_running(self.tmp) and time.monotonic() < until:
            time.sleep(0.02)
        self.assertEqual(left_running(self.tmp), [])


class Runs(DemoCase):
    def test_all(self):
        kept = SCRATCH / "kept"
        started = time.monotonic()
        run = self.demo("--json", "--keep", kept)
        self.assertLess(time.monotonic() - started, LIMIT_S)
        self.assertEqual(run.returncode, TRUSTED, run.stdout + run.stderr)
        self.assertEqual(left_running(kept), [])
        self.assertTrue(list((kept / "state").rglob("*_18_*")))
        said = json.loads(run.stdout)
        for good in said["good"], said["good_again"]:
            self.assertTrue(good["trusted"])
            self.assertTrue(good["evidence_trusted"])
            self.assertEqual(good["checks_passed"], good["checks_required"])
            self.assertGreater(good["checks_required"], 40)
            self.assertIn("hello from the backend", good["reply"])
        self.assertEqual([a["name"] for a in said["attacks"]], list(ATTACKS))
        for attack in said["attacks"]:
            with self.subTest(attack["name"]):
                self.check_attack(attack, kept)
        self.check_evidence(kept)

    def check_evidence(self, kept):
        """The kept bundle, in a folder with nothing else: by one's own policy
        and root it is trusted, and by nobody else's."""
        folder = SCRATCH / "elsewhere"
        folder.mkdir()
        policy = json.loads((kept / "policy.json").read_text())
        for member in ("trusted_root", "pccs_url", "ca_file"):
            policy.pop(member, None)
        (folder / "policy.json").write_text(json.dumps(policy))
        for name in ("evidence.json", "lax-evidence.json", "sim/root.pem"):
            shutil.copy(kept / name, folder)
        for name, options, code in (
                ("evidence.json", ["policy.json", "root.pem"], TRUSTED),
                ("evidence.json", ["policy.json", None], NOT_TRUSTED),
                ("evidence.json", [None, "root.pem"], NOT_TRUSTED),
                ("lax-evidence.json", ["policy.json", "root.pem"],
                 NOT_TRUSTED),
                ("lax-evidence.json", [None, None], NOT_TRUSTED)):
            args = [part for option, value in
                    zip(("--policy", "--root"), options) if value
                    for part in (option, value)]
            run = subprocess.run(
                [str(ASSAY), "verify", "--evidence", name, *args], cwd=folder,
                capture_output=True, text=True, timeout=LIMIT_S, env=self.env)
            self.assertEqual(run.returncode, code, run.stdout + run.stderr)

    def check_attack(self, attack, kept):
        rows = ATTACKS[attack["name"]]
        self.assertTrue(attack["refused"], attack)
        self.assertTrue(attack["as_expected"], attack)
        self.assertEqual(attack["by"], rows[0])
        said = json.loads((kept / f"{attack['name']}.json").read_text())
        self.assertFalse(said["verdict"]["trusted"])
        self.assertEqual(said["verdict"]["error"]["message"],
                         attack["message"])
        failed = [c["name"] for c in said["verdict"]["checks"]
                  if c["outcome"] == "failed"]
        self.assertEqual(failed, rows if said["verdict"]["checks"] else [])

    def test_for_people(self):
        run = self.demo()
        self.assertEqual(run.returncode, TRUSTED, run.stdout + run.stderr)
        self.assertEqual(run.stderr, "")
        self.assertEqual(run.stdout.count("REFUSED by "), len(ATTACKS))
        self.assertNotIn("NOT ", run.stdout)
        self.assertNotIn("\033", run.stdout)
        lines = run.stdout.splitlines()
        self.assertLess(len(lines), 84)
        self.assertLess(max(map(len, lines[1:])), 90, run.stdout)
        self.assertTrue(lines[-1].startswith("16 of 16 attacks refused"))

    def test_some(self):
        run = self.demo("--json", "tls-1.2", "debug-td")
        self.assertEqual(run.returncode, TRUSTED, run.stdout + run.stderr)
        self.assertEqual([a["name"] for a in json.loads(run.stdout)["attacks"]],
                         ["tls-1.2", "debug-td"])

    def test_proxies_are_no_matter(self):
        for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            self.env[name] = "http://127.0.0.1:9"
        run = self.demo("debug-td")
        self.assertEqual(run.returncode, TRUSTED, run.stdout + run.stderr)

    def test_list(self):
        run = self.demo("--list")
        self.assertEqual(run.returncode, TRUSTED)
        self.assertEqual([line.split()[0] for line in run.stdout.splitlines()],
                         list(ATTACKS))


class Fails(DemoCase):
    def test_usage(self):
        for args in (["--what"], ["no-such-attack"], ["--keep"]):
            with self.subTest(args):
                run = self.demo(*args)
                self.assertEqual(run.returncode, USAGE)
                self.assertEqual(run.stderr.count("\n"), 1, run.stderr)

    def test_folder_is_there(self):
        folder = SCRATCH / "there"
        folder.mkdir()
        run = self.demo("--keep", folder)
        self.assertEqual(run.returncode, UNREADABLE)
        self.assertIn(str(folder), run.stderr)
        self.assertEqual(list(folder.iterdir()), [])

    def test_programs_are_missing(self):
        """Only itself, then with the simulator, then with the server too."""
        folder = SCRATCH / "bin"
        folder.mkdir()
        for program, missing in (("assay-demo", "assay-sim"),
                                 ("assay-sim", "assay-serve"),
                                 ("assay-serve", "assay")):
            shutil.copy(BIN / program, folder)
            for args in ([], ["--json"]):
                run = subprocess.run([str(folder / "assay-demo"), *args],
                                     capture_output=True, text=True,
                                     timeout=LIMIT_S, env=self.env)
                self.assertEqual(run.returncode, UNREADABLE)
                said = run.stderr
                if args:
                    said = json.loads(run.stdout)["error"]["message"]
                self.assertIn(f"{folder}/{missing}: no such file", said)
                self.check_clean()


class Succeeds(DemoCase):
    """A client that lets an attacker in: the demo must not hide it."""

    def setUp(self):
        super().setUp()
        self.bin = pathlib.Path(tempfile.mkdtemp(prefix="bin", dir=SCRATCH))
        for program in ("assay-demo", "assay-sim", "assay-serve"):
            shutil.copy(BIN / program, self.bin)

    def with_client(self, script, *args):
        """The demo with a client that is this script around the real one."""
        client = self.bin / "assay"
        client.write_text("#!/bin/sh\n" + script)
        client.chmod(0o755)
        run = subprocess.run([str(self.bin / "assay-demo"), *args],
                             capture_output=True, text=True, env=self.env,
                             timeout=LIMIT_S)
        self.check_clean()
        return run

    def test_attack_succeeds(self):
        script = ("sed '1a \"allow_debug\": true,' policy.json >lax.json\n"
                  "for a; do shift; [ \"$a\" != policy.json ] || a=lax.json;\n"
                  f"set -- \"$@\" \"$a\"; done; exec {ASSAY} \"$@\"\n")
        run = self.with_client(script, "--json", "debug-td", "revoked-pck")
        self.assertEqual(run.returncode, NOT_TRUSTED, run.stdout + run.stderr)
        debug, revoked = json.loads(run.stdout)["attacks"]
        self.assertFalse(debug["refused"])
        self.assertFalse(debug["as_expected"])
        self.assertTrue(revoked["as_expected"])
        run = self.with_client(script, "debug-td", "revoked-pck")
        self.assertEqual(run.returncode, NOT_TRUSTED, run.stdout + run.stderr)
        self.assertIn("NOT REFUSED by debug", run.stdout)
        self.assertIn("\n1 of 2 attacks refused", run.stdout)

    def test_honest_server_is_refused(self):
        """Refusing everybody is no defence."""
        run = self.with_client(f"exec {ASSAY} \"$@\" --wire v1\n",
                               "--json", "debug-td")
        self.assertEqual(run.returncode, NOT_TRUSTED, run.stdout + run.stderr)
        said = json.loads(run.stdout)
        self.assertFalse(said["good"]["trusted"])
        self.assertFalse(said["attacks"][0]["refused"])

    def test_another_reason(self):
        run = self.with_client(
            f"case $2 in --json) set -- \"$@\" --root server.pem;; esac\n"
            f"exec {ASSAY} \"$@\"\n", "--json", "debug-td")
        self.assertEqual(run.returncode, NOT_TRUSTED, run.stdout + run.stderr)
        said = json.loads(run.stdout)
        self.assertTrue(said["good"]["trusted"])
        self.assertFalse(said["attacks"][0]["as_expected"])


class Ends(DemoCase):
    def interrupt(self, number, whole_group=False):
        with subprocess.Popen(self.command(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=self.env,
                              start_new_session=True) as demo:
            for line in demo.stdout:
                if b"Attacks" in line:
                    break
            if whole_group:
                os.killpg(demo.pid, number)
            else:
                demo.send_signal(number)
            demo.communicate(timeout=LIMIT_S)
            return demo.returncode

    def test_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                self.assertEqual(self.interrupt(number), UNREADABLE)
                self.check_clean()

    def test_terminal(self):
        """Control-C reaches the children too."""
        self.assertEqual(self.interrupt(signal.SIGINT, True), UNREADABLE)
        self.check_clean()

    def test_killed(self):
        """Its children do not outlive it, and only the folder is left."""
        self.assertEqual(self.interrupt(signal.SIGKILL), -signal.SIGKILL)
        self.wait_clean()

    def test_nobody_listens(self):
        read, write = os.pipe()
        os.close(read)
        run = subprocess.run(self.command("debug-td"), stdout=write,
                             stderr=subprocess.PIPE, timeout=LIMIT_S,
                             env=self.env)
        os.close(write)
        self.assertEqual(run.returncode, UNREADABLE)
        self.check_clean()


if __name__ == "__main__":
    for name in ("assay", "assay-demo", "assay-serve", "assay-sim"):
        if not (BIN / name).exists():
            print(f"SKIPPED everything: {BIN / name} is not there")
            sys.exit(77)
    unittest.main(verbosity=1)
