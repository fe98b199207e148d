# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: running programs, minting evidence.

Environment: ASSAY_BIN, the folder of the programs (default build/bin).
"""
import atexit
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("ASSAY_BIN") or SOURCE / "build" / "bin")
ASSAY = BIN / "assay"
MINT = BIN / "assay-mint"
TRUSTED, NOT_TRUSTED, UNREADABLE, USAGE = 0, 1, 2, 64

NOW = 1767225600  # 2026-01-01T00:00:00Z; everything minted is in date then
DAY = 86400
SEED = "5a" * 32

SCRATCH = pathlib.Path(tempfile.mkdtemp(prefix="assay-e2e-"))
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)


def clean_environment():
    """No cache, proxy or colour setting of the person who runs the tests; and what
    Python is preloaded with, for a sanitizer, is not for programs."""
    env = {k: v for k, v in os.environ.items()
           if not k.lower().endswith("_proxy") and k != "LD_PRELOAD"}
    env.update(HOME=str(SCRATCH), XDG_CACHE_HOME=str(SCRATCH / "cache"),
               XDG_STATE_HOME=str(SCRATCH / "state"))
    return env


def handed(sock, command, count=1, pid=None):
    """The command, started as a service manager does that hands over a socket
    (sd_listen_fds(3)); the caller passes its descriptor on. pid: whom it is for,
    if not the command."""
    script = ("import os, sys; fd, count, pid = sys.argv[1:4]; "
              "os.dup2(int(fd), 3); os.environ.update("
              "LISTEN_FDS=count, LISTEN_PID=pid or str(os.getpid())); "
              "os.execvp(sys.argv[4], sys.argv[4:])")
    return [sys.executable, "-c", script, str(sock.fileno()), str(count),
            pid or "", *command]


class Result:
    """How a run ended; .json is the one document on standard output."""

    def __init__(self, code, out, err, seconds, max_rss_kib):
        self.code = code
        self.out = out
        self.err = err
        self.seconds = seconds
        self.max_rss_kib = max_rss_kib

    @property
    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return (f"exit {self.code} after {self.seconds:.2f} s\n"
                f"stdout: {self.out[:2000]}\nstderr: {self.err[:2000]}")


def need(*programs):
    """Leaves all of a test out where one of them is not built."""
    for program in programs:
        if not program.exists():
            print(f"SKIPPED everything: {program} is not there")
            sys.exit(77)


def run(*args, stdin=b"", env=None, limit_s=60, under=()):
    """Runs assay, under another program if given. Standard output must be
    UTF-8."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        p = subprocess.Popen([*under, str(ASSAY), *map(str, args)],
                             stdout=out, stderr=err, stdin=subprocess.PIPE,
                             env=env or clean_environment())
        try:
            p.communicate(stdin, timeout=limit_s)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
            raise AssertionError(f"{args} ran for more than {limit_s} s")
        out.seek(0)
        err.seek(0)
        return Result(p.returncode, out.read().decode(), err.read().decode(),
                      time.monotonic() - started, None)


def peak_kib(*args):
    """Peak resident memory of one run, in KiB."""
    null = os.open(os.devnull, os.O_RDWR)
    pid = os.posix_spawn(str(ASSAY), ["assay", *map(str, args)],
                         clean_environment(),
                         file_actions=[(os.POSIX_SPAWN_DUP2, null, fd)
                                       for fd in (0, 1, 2)])
    os.close(null)
    return os.wait4(pid, 0)[2].ru_maxrss


class World:
    """A minted platform: quote.bin, collateral.json, root.pem."""

    def __init__(self, name, *options, at=NOW):
        self.folder = SCRATCH / name
        self.folder.mkdir()
        subprocess.run([str(MINT), "--out", str(self.folder), "--at",
                        str(at), "--seed", SEED, *options], check=True)
        self.quote = self.folder / "quote.bin"
        self.bundle = self.folder / "collateral.json"
        self.root = self.folder / "root.pem"

    @property
    def parts(self):
        return json.loads(self.bundle.read_text())

    def verify(self, *args, quote=None, at=NOW, **kwargs):
        return run("verify", "--root", self.root, "--at", at, *args,
                   quote or self.quote, **kwargs)

    def verify_bundle(self, *args, bundle=None, **kwargs):
        return self.verify("--collateral", bundle or self.bundle, *args,
                           **kwargs)


def threads_that_block(pid, *signals):
    """How many threads of this process never get any of these signals."""
    mask = sum(1 << (n - 1) for n in signals)
    masks = [int(line.split()[1], 16)
             for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
             for line in (task / "status").read_text().splitlines()
             if line.startswith("SigBlk:")]
    return sum(blocked & mask == mask for blocked in masks)


class Octets:
    """What arrives on a connection, taken piece by piece."""

    def __init__(self, sock):
        self.sock = sock
        self.waiting = b""

    def more(self):
        """False at the end."""
        data = self.sock.recv(65536)
        self.waiting += data
        return bool(data)

    def until(self, mark):
        """Up to and with the mark."""
        while mark not in self.waiting:
            assert self.more(), f"ended in {self.waiting[:200]!r}"
        return self.exactly(self.waiting.index(mark) + len(mark))

    def exactly(self, n):
        while len(self.waiting) < n:
            assert self.more(), f"ended in {self.waiting[:200]!r}"
        found, self.waiting = self.waiting[:n], self.waiting[n:]
        return found


def write(name, content):
    """A scratch file."""
    path = SCRATCH / name
    path.write_bytes(content if isinstance(content, bytes)
                     else content.encode())
    return path


class Case(unittest.TestCase):
    """Assertions on runs."""

    maxDiff = None

    def check(self, result, code):
        self.assertEqual(result.code, code, str(result))
        return result

    def check_one_line(self, result, code, *needles, start="assay: "):
        """Exit code, and one line on standard error with all of these."""
        self.check(result, code)
        self.assertEqual(result.err.count("\n"), 1, str(result))
        self.assertTrue(result.err.startswith(start), str(result))
        self.assertTrue(result.err.endswith("\n"), str(result))
        self.assertTrue(result.err[:-1].isprintable(), repr(result.err))
        for needle in needles:
            self.assertIn(str(needle), result.err, str(result))
        return result

    def check_refused(self, result, code, *needles):
        """The same, with nothing on standard output."""
        self.check_one_line(result, code, *needles)
        self.assertEqual(result.out, "", str(result))
        return result


def main():
    need(ASSAY, MINT)
    result = unittest.main(verbosity=1, exit=False).result
    for test, why in result.skipped:  # said as scripts/check collects it
        print(f"SKIPPED {test.id().rpartition('.')[2]}: {why}")
    sys.exit(not result.wasSuccessful())
