# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay pipe, and evidence of the client, against servers by another hand
(pipe_server.py)."""
import hashlib
import json
import os
import pathlib
import random
import select
import signal
import subprocess
import sys
import time

import harness
import openssh
from harness import (ASSAY, BIN, NOT_TRUSTED, SCRATCH, TRUSTED, UNREADABLE,
                     USAGE, Case, clean_environment, run, write)
from test_interop import BOUND_S, Server, find_python
from test_sim import SIM, Sim

SANITIZED = "asan" in str(BIN) or "tsan" in str(BIN)
LIMIT_S = 2
MIB = 1 << 20
SCRIPT = pathlib.Path(__file__).with_name("pipe_server.py")


def noise(size):
    return random.Random(7).randbytes(size)


class Base(Case):
    def policy(self, **changes):
        policy = json.loads((SIMULATOR.folder / "policy.json").read_text())
        policy["accept_self_signed_certs"] = False
        return write("pipe-policy.json", json.dumps({**policy, **changes}))

    def command(self, name, *args, **changes):
        return ["pipe", "--ca", SERVER.ca, "--policy", self.policy(**changes),
                *args, f"localhost:{SERVER.port[name]}"]

    def pipe(self, name, stdin, *args, **changes):
        """Exit code, standard output and standard error, as octets."""
        p = subprocess.run([str(ASSAY), *map(str, self.command(
            name, *args, **changes))], input=stdin, capture_output=True,
            timeout=BOUND_S, env=clean_environment())
        return p.returncode, p.stdout, p.stderr

    def start(self, name, *args, **changes):
        """It runs, and its three ends are ours."""
        return subprocess.Popen(
            [str(ASSAY), *map(str, self.command(name, *args, **changes))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=clean_environment())

    def finish(self, process):
        try:
            out, err = process.communicate(timeout=BOUND_S)
        finally:
            process.kill()
        return process.returncode, out, err

    @staticmethod
    def forget_heard():
        heard = SIMULATOR.folder / "heard"
        heard.unlink(missing_ok=True)
        return heard

    @staticmethod
    def await_heard(heard):
        until = time.monotonic() + BOUND_S
        while not heard.exists() and time.monotonic() < until:
            time.sleep(0.01)
        return heard.read_text()


class Evidence(Base):
    """--save-evidence: before anything goes out, trusted or not."""

    def judge(self, file, policy=None):
        return run("verify", "--evidence", file, "--policy",
                   policy or self.policy(), "--root", SIMULATOR.root)

    def test_is_kept(self):
        file = SCRATCH / "pipe-evidence.json"
        self.assertEqual(self.pipe("echo", b"abc", "--save-evidence", file),
                         (TRUSTED, b"abc", b""))
        self.check(self.judge(file), TRUSTED)

    def test_of_a_server_that_is_refused(self):
        file = SCRATCH / "pipe-refused.json"
        strict = {"compose_hash": "00" * 32}
        code, out, err = self.pipe("echo", b"abc", "--save-evidence", file,
                                   **strict)
        self.assertEqual((code, out), (NOT_TRUSTED, b""))
        self.assertIn(b"app_compose: ", err)
        self.check(self.judge(file, self.policy(**strict)), NOT_TRUSTED)
        self.check(self.judge(file, self.policy()), TRUSTED)

    def test_nothing_goes_out_without(self):
        heard = self.forget_heard()
        code, out, err = self.pipe("all-at-once", b"abc", "--save-evidence",
                                   SCRATCH / "no" / "x.json")
        self.assertEqual((code, out), (UNREADABLE, b""))
        self.assertIn(b"--save-evidence: ", err)
        self.assertFalse(heard.exists())


class Pipe(Base):
    def test_both_ways(self):
        for size in (0, 1, 1000, 20 * MIB):
            with self.subTest(size):
                data = noise(size)
                code, out, err = self.pipe("echo", data)
                self.assertEqual((code, err), (TRUSTED, b""))
                self.assertTrue(out == data)

    def test_interim_responses(self):
        self.assertEqual(self.pipe("interim-first", b"abc"),
                         (TRUSTED, b"abc", b""))

    def test_answer_after_the_end_of_input(self):
        data = noise(3 * MIB)
        want = hashlib.sha256(data).hexdigest().encode()
        self.assertEqual(self.pipe("digest", data), (TRUSTED, want, b""))

    def test_server_ends_first(self):
        """Standard output ends, and what is read still goes there."""
        heard = self.forget_heard()
        with self.start("all-at-once") as p:
            self.assertEqual(p.stdout.read(), b"hello")
            data = noise(3 * MIB)
            out, err = p.communicate(data, BOUND_S)
        self.assertEqual((p.returncode, out, err), (TRUSTED, b"", b""))
        self.assertEqual(self.await_heard(heard),
                         hashlib.sha256(data).hexdigest())

    def test_who_does_not_read_is_waited_for(self):
        """The server says much before it reads, and nobody takes it: then it
        has not read either, and all comes in the end."""
        data = noise(4 * MIB)
        with self.start("flood") as p:
            select.select([p.stdout], [], [], BOUND_S)
            out, err = p.communicate(data, BOUND_S)
        self.assertEqual((p.returncode, err), (TRUSTED, b""))
        self.assertEqual(len(out), 32 * MIB + 64)
        self.assertEqual(out[-64:].decode(), hashlib.sha256(data).hexdigest())

    def test_memory_is_bounded(self):
        """Much more than its buffers passes through."""
        with self.start("flood") as p:
            peak = 0
            got = 0
            while got < 32 * MIB:
                got += len(os.read(p.stdout.fileno(), 65536))
                status = pathlib.Path(f"/proc/{p.pid}/status").read_text()
                peak = max(peak, int(status.split("VmHWM:")[1].split()[0]))
            p.communicate(b"", BOUND_S)
        self.assertEqual(p.returncode, TRUSTED)
        if not SANITIZED:  # which keeps what was freed
            self.assertLess(peak, 32 * 1024)  # KiB

    def test_input_that_never_ends(self):
        """The command waits for its input: it ends when that does."""
        with self.start("stays") as p:
            self.assertEqual(p.stdout.read(4), b"here")
            self.assertIsNone(p.poll())
            code, out, err = self.finish(p)
        self.assertEqual((code, out, err), (TRUSTED, b"", b""))

    def test_standard_output_that_nobody_reads(self):
        with self.start("flood") as p:
            p.stdout.read(1)
            p.stdout.close()
            self.assertEqual(p.wait(BOUND_S), UNREADABLE)
            self.assertIn(b"standard output: ", p.stderr.read())

    def test_a_cut_is_no_end(self):
        code, out, err = self.pipe("cut", b"")
        self.assertEqual((code, out), (UNREADABLE, b"half a"))
        self.assertIn(b"the connection was cut", err)

    def test_what_is_broken_off_is_no_end(self):
        """A client that is interrupted, or gives up, does not tell the server
        that what it has sent is all."""
        def interrupt(p):
            p.stdin.write(b"half a")
            p.stdin.flush()
            p.send_signal(signal.SIGINT)

        for name, options, act in (
                ("ended", (), lambda p: p.stdin.close()),
                ("interrupted", (), interrupt),
                ("too old", ("--max-age", "1"), lambda p: None)):
            heard = self.forget_heard()
            with self.subTest(name), self.start("writes-down-the-end",
                                                *options) as p:
                self.assertEqual(p.stdout.read(4), b"here")
                act(p)
                self.assertEqual(self.await_heard(heard),
                                 "whole" if name == "ended" else "cut")
                p.wait(BOUND_S)

    def test_servers_without_a_pipe(self):
        for name, needle in (
                ("refuses", b"status 404"),
                ("accepts-without-switching", b"status 200"),
                ("another-protocol", b"another protocol"),
                ("unnamed-protocol", b"another protocol"),
                ("says-goodbye", b"closed the connection"),
                ("garbage", b"response: ")):
            with self.subTest(name):
                code, out, err = self.pipe(name, b"secret")
                self.assertEqual((code, out), (UNREADABLE, b""))
                self.assertIn(needle, err)
                self.assertEqual(err.count(b"\n"), 1)

    def test_silence(self):
        code, out, err = self.pipe("silent", b"", "--timeout", LIMIT_S)
        self.assertEqual((code, out), (UNREADABLE, b""))
        self.assertIn(b"did not answer", err)

    def test_nothing_leaves_before_the_verdict(self):
        code, out, err = self.pipe("echo", b"secret",
                                   compose_hash="00" * 32)
        self.assertEqual((code, out), (NOT_TRUSTED, b""))

    def test_max_age(self):
        with self.start("never-ends", "--max-age", "1") as p:
            code, out, err = self.finish_open(p)
        self.assertEqual((code, out), (UNREADABLE, b"here"))
        self.assertIn(b"older than --max-age", err)
        # An interval of the policy's own does not end a pipe.
        with self.start("stays", reattestation_interval_secs=1) as p:
            self.assertEqual(p.stdout.read(4), b"here")
            time.sleep(1.2)  # longer than the interval
            self.assertEqual(self.finish(p), (TRUSTED, b"", b""))
        self.assertEqual(self.pipe("echo", b"x", "--max-age", "1000",
                                   reattestation_interval_secs=1)[:2],
                         (TRUSTED, b"x"))

    def finish_open(self, p):
        """Without ending its input."""
        out = p.stdout.read()
        err = p.stderr.read()
        return p.wait(BOUND_S), out, err

    def test_verbose_and_verdict(self):
        file = SCRATCH / "pipe-verdict.json"
        code, out, err = self.pipe("echo", b"x", "-v", "--timing", "--verdict",
                                   file)
        self.assertEqual((code, out), (TRUSTED, b"x"))
        self.assertIn(b"assay: pipe: localhost (127.0.0.1:", err)
        self.assertIn(b"handshake ", err)
        verdict = json.loads(file.read_text())
        self.assertTrue(verdict["trusted"])
        self.assertEqual(verdict["session"]["wire"], "v2")

    def test_usage(self):
        for args, needle in (
                ((), "HOST:PORT is missing"),
                (("localhost:1",), "--policy FILE is missing"),
                (("--policy", "p", "https://localhost:1/"),
                 "not of the form HOST:PORT"),
                (("--policy", "p", "localhost:99999"), ""),
                (("--policy", "p", "u@localhost"),
                 "not of the form HOST:PORT"),
                (("--json", "localhost:1"), "unknown option '--json'"),
                (("--max-age", "x", "localhost:1"), "--max-age")):
            with self.subTest(args):
                self.check_refused(run("pipe", *args), USAGE, needle)


class Ssh(Base):
    """OpenSSH over a pipe, by its ProxyCommand."""

    def setUp(self):
        self.folder = SIMULATOR.folder
        openssh.prepare(self.folder)

    def ssh(self, *command, stdin=b"", **changes):
        return openssh.ssh(self.folder,
                           [ASSAY, *self.command("ssh", **changes)],
                           *command, stdin=stdin, limit_s=BOUND_S)

    def test_a_command(self):
        data = noise(3 * MIB)
        got = self.ssh("cat", stdin=data)
        self.assertEqual((got.returncode, got.stderr), (0, b""))
        self.assertTrue(got.stdout == data)
        self.assertEqual(self.ssh("exit 7").returncode, 7)

    def test_not_trusted(self):
        got = self.ssh("true", compose_hash="00" * 32)
        self.assertEqual(got.returncode, 255)
        self.assertIn(b"assay: pipe: ", got.stderr)


class Mutual(Base):
    """Servers that require evidence of their clients."""

    def source(self):
        return "dstack:" + SIMULATOR.ready["guest"]

    def get(self, name, *args, **changes):
        return run("get", "--ca", SERVER.ca, "--policy",
                   self.policy(**changes), *args,
                   f"https://localhost:{SERVER.port[name]}/")

    def test_get(self):
        got = self.get("mutual", "--quotes", self.source(), "--timing")
        self.check(got, TRUSTED)
        self.assertEqual(got.out, "hello")
        self.assertIn("evidence ", got.err)

    def test_pipe(self):
        self.assertEqual(self.pipe("mutual-pipe", b"abc", "--quotes",
                                   self.source()), (TRUSTED, b"abc", b""))

    def test_no_source(self):
        self.check_refused(self.get("mutual"), UNREADABLE,
                           "requires evidence of its clients", "--quotes")
        code, out, err = self.pipe("mutual-pipe", b"abc")
        self.assertEqual((code, out), (UNREADABLE, b""))
        self.assertIn(b"--quotes", err)

    def test_a_source_that_is_none(self):
        self.check_refused(self.get("mutual", "--quotes", "dstack:/nowhere"),
                           UNREADABLE)
        self.check_refused(self.get("mutual", "--quotes", "x"), UNREADABLE,
                           "--quotes")

    def test_refused(self):
        for name, needle in (
                ("mutual-refused", "you are not welcome"),
                ("mutual-no-success", "no success"),
                ("mutual-goodbye", "goodbye")):
            with self.subTest(name):
                got = self.get(name, "--quotes", self.source())
                self.assertIn(got.code, (UNREADABLE, NOT_TRUSTED))
                self.check_refused(got, got.code, needle)
                if name == "mutual-refused":
                    self.assertEqual(got.code, UNREADABLE)

    def test_no_evidence_for_the_untrusted(self):
        """The server has to be trusted first: until then the source of the
        client's quotes, which is not even there, is not asked."""
        self.check_refused(
            self.get("mutual", "--quotes", "dstack:/nowhere",
                     compose_hash="00" * 32), NOT_TRUSTED, "app_compose: ")


if __name__ == "__main__":
    harness.need(SIM, ASSAY)
    PYTHON, WHY = find_python()
    if PYTHON is None:
        print(f"SKIPPED pyOpenSSL: {WHY}")
        sys.exit(77)
    if openssh.why_not():
        print(f"SKIPPED OpenSSH: {openssh.why_not()}")
        del Ssh
    with Sim(now=None) as SIMULATOR, \
            Server(PYTHON, SIMULATOR, SCRIPT) as SERVER:
        harness.main()
