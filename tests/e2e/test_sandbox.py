# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-serve in its sandbox, which is in force and has all that is needed."""
import pathlib
import signal
import socket
import subprocess

import configfs
import configured
import test_serve
from backend import Backend
from configured import Configured, certificate, shown, start
from harness import SCRATCH, Case
from test_serve import LIMIT_S, SERVE, Serve


def sandbox_is_there():
    """A process can be confined here."""
    p = subprocess.run(
        [str(SERVE), "--backend", "127.0.0.1:1", "--self-signed", "n",
         "--listen", "127.0.0.1:0", "--quotes", "dstack:/none", "--announce",
         "required", "--sandbox", "strict"], capture_output=True, text=True,
        timeout=LIMIT_S)
    return "info: sandbox" in p.stderr


class Sandboxed(Case):
    """What tests/unit/test_sandbox.c shows of each deed, this shows to be
    in force; and that nothing that is needed is out of reach."""

    def status(self, serve):
        """Of each of its threads."""
        for task in pathlib.Path(f"/proc/{serve.process.pid}/task").iterdir():
            yield dict(line.split(":\t", 1) for line in
                       (task / "status").read_text().splitlines())

    def test_every_thread_is_in_it(self):
        with Backend() as backend:
            with Serve(backend, "--workers", "3", "--sandbox",
                       "strict") as serve:
                serve.ask("GET", "/")
                threads = list(self.status(serve))
                self.assertGreaterEqual(len(threads), 4)
                for t in threads:
                    self.assertEqual((t["NoNewPrivs"], t["Seccomp"]),
                                     ("1", "2"))
                limits = pathlib.Path(
                    f"/proc/{serve.process.pid}/limits").read_text()
                self.assertRegex(limits, r"Max core file size +0 +0 ")
            with Serve(backend, "--sandbox", "off") as serve:
                for t in self.status(serve):
                    self.assertEqual((t["NoNewPrivs"], t["Seccomp"]),
                                     ("0", "0"))

    def test_names_are_looked_up(self):
        """localhost is not, so by the name of this machine."""
        name = socket.gethostname()
        try:
            address = socket.gethostbyname(name)
        except OSError:
            self.skipTest("this machine does not know its own name")
        with Backend(host=address) as backend:
            port = backend.address.rpartition(":")[2]
            with Serve(f"{name}:{port}", "--sandbox", "strict") as serve:
                self.assertEqual(serve.ask("GET", "/").status, 200)

    def test_localhost(self):
        with Backend() as backend:
            port = backend.address.rpartition(":")[2]
            with Serve(f"localhost:{port}", "--sandbox", "strict") as serve:
                self.assertEqual(serve.ask("GET", "/").status, 200)

    def test_reload(self):
        """What is beside the files that it began with, and nothing else."""
        inside, elsewhere = SCRATCH / "inside", SCRATCH / "elsewhere"
        inside.mkdir()
        elsewhere.mkdir()
        cert, key, digest = certificate("a", "localhost", folder=inside)
        other, other_key, _ = certificate("b", "localhost", folder=elsewhere)
        text = f'cert = "{cert}"\nkey = "{key}"\n'
        with Backend() as backend, Configured(
                backend, text, "--sandbox", "strict") as serve:
            self.assertEqual(shown(serve.port, "localhost"), digest)
            new, new_key, new_digest = certificate(
                "c", "localhost", folder=inside)
            serve.rewrite(f'cert = "{new}"\nkey = "{new_key}"\n')
            serve.reload()
            self.assertEqual(shown(serve.port, "localhost"), new_digest)
            serve.rewrite(f'cert = "{other}"\nkey = "{other_key}"\n')
            line = serve.reload("reload failed, nothing has changed")
            self.assertIn(f"{other}: cannot open: Permission denied", line)
            self.assertEqual(shown(serve.port, "localhost"), new_digest)

    def test_log_and_sockets(self):
        """Rotation, and the sockets' files at the end."""
        folder = SCRATCH / "confined"
        folder.mkdir()
        log, sock = folder / "log", folder / "sock"
        with Backend() as backend:
            serve = Serve(backend, "--listen", f"unix:{sock}", "--access-log",
                          str(log), "--sandbox", "strict", "--admin",
                          f"unix:{folder}/admin")
            start(self, serve)
            serve.log_line("listening")
            log.rename(folder / "moved")
            serve.process.send_signal(signal.SIGUSR1)
            serve.log_line("access log reopened")
            self.assertTrue(log.exists())
            self.assertEqual(serve.stop(), 0, serve.log)
            self.assertEqual({p.name for p in folder.iterdir()},
                             {"log", "moved"})

    def test_quotes_from_configfs(self):
        with configfs.emulated("tsmfs") as kernel:
            if kernel is None:
                return
            with Backend() as backend, Serve(
                    backend, "--sandbox", "strict",
                    quotes=f"configfs:{kernel.folder}") as serve:
                answer = serve.ask(
                    "POST", "/tdx_quote", test_serve.GOOD,
                    [("Content-Type", "application/json")])
                self.assertEqual(answer.status, 200, serve.log)
                self.assertIn("quote", answer.json)


if __name__ == "__main__":
    if SERVE.exists() and not sandbox_is_there():
        print("SKIPPED the sandbox: not in this kernel, or not in this build")
        raise SystemExit(77)
    configured.main()
