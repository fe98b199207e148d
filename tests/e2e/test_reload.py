# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-serve while it changes: reloads, and what goes wrong meanwhile."""
import json
import pathlib
import re
import resource
import signal
import socket
import ssl
import threading
import time

import configured
import test_serve
from backend import Backend
from configured import Configured, certificate, shown, start, with_ca
from harness import SCRATCH, Case, write
from test_serve import LIMIT_S, Serve


class Reload(Case):
    def test_certificate(self):
        old, new = certificate("old1", "localhost"), certificate(
            "new1", "localhost")
        cert, key = SCRATCH / "live.pem", SCRATCH / "live.key"

        def install(c):
            cert.write_bytes(c[0].read_bytes())
            key.write_bytes(c[1].read_bytes())

        install(old)
        with Backend() as backend, Configured(
                backend, f'cert = "{cert}"\nkey = "{key}"\n') as serve:
            serve.ca.write_text(cert.read_text())
            with serve.client() as before:
                before.ask("GET", "/")
                install(new)
                serve.reload()
                self.assertEqual(shown(serve.port, "localhost"), new[2])
                self.assertEqual(before.ask("GET", "/x").status, 200)
            # It was announced, once, and before it was used.
            lines = [x.partition(" ")[2] for x in serve.log.splitlines()]
            at = lines.index(f"info: certificate announced sha256={new[2]}")
            self.assertLess(at, lines.index("info: reloaded"))
            serve.reload()
            self.assertEqual(serve.log.count(new[2]), 1)

            for name, content in (("no key", new[0].read_bytes()),
                                  ("empty", b""), ("junk", b"junk")):
                with self.subTest(name):
                    key.write_bytes(content)
                    line = serve.reload("reload failed, nothing has changed")
                    self.assertIn(str(key), line)
                    self.assertIn("hint=", line)
                    self.assertEqual(shown(serve.port, "localhost"), new[2])
            key.unlink()
            self.assertIn(str(key), serve.reload("reload failed"))
            self.assertEqual(shown(serve.port, "localhost"), new[2])
            install(old)
            serve.reload()
            self.assertEqual(shown(serve.port, "localhost"), old[2])

    def test_settings(self):
        with Backend() as one, Backend() as two:
            with with_ca(Configured(one, "")) as serve:
                with serve.client() as c:
                    c.ask("GET", "/1")
                    digest = shown(serve.port, "localhost")
                    serve.backend = two.address
                    with_ca(serve, "max-body = 3\n")
                    serve.reload()
                    # Also on a connection that was there.
                    self.assertEqual(c.ask("GET", "/2").status, 200)
                    self.assertEqual(c.ask("POST", "/", b"abcd").status, 413)
                self.assertEqual([s[1] for s in two.seen], ["/2"])
                # No new key where nobody asked for one.
                self.assertEqual(shown(serve.port, "localhost"), digest)
                serve.config.write_text("nothing\n")
                line = serve.reload("reload failed, nothing has changed")
                self.assertIn(f"{serve.config}: line 1", line)
                self.assertEqual(serve.ask("GET", "/3").status, 200)
                serve.config.unlink()
                serve.reload("reload failed")
                self.assertEqual(serve.ask("GET", "/4").status, 200)
                with_ca(serve, "log = \"json\"\nworkers = 7\n")
                serve.reload()
                for setting in ("log", "workers"):
                    serve.log_line("a restart is needed to change this "
                                   f"setting={setting}")

    def test_another_mode(self):
        """What would be no site for TLS is none that is put to use."""
        secret = write("reload-secret", "0123456789abcdef" * 2)
        secret.chmod(0o600)
        with Backend() as backend, with_ca(Configured(backend, "")) as serve:
            digest = shown(serve.port, "localhost")
            serve.config.write_text(
                'listen = "127.0.0.1:0"\nekm-header = true\n'
                f'ekm-secret-file = "{secret}"\n')
            line = serve.reload("reload failed, nothing has changed")
            self.assertIn("ekm-header: only a restart", line)
            self.assertEqual(shown(serve.port, "localhost"), digest)
            self.assertEqual(serve.ask("GET", "/").status, 200)
            with_ca(serve)
            serve.reload()

    def test_announcing_is_required(self):
        """A certificate that the platform does not know is not shown."""
        old, new = certificate("old2", "localhost"), certificate(
            "new2", "localhost")
        text = 'cert = "{}"\nkey = "{}"\n'
        with Backend() as backend, Configured(
                backend, text.format(*old)) as serve:
            serve.rewrite(text.format(*new) + 'announce = "required"\n')
            test_serve.SIMULATOR.process.send_signal(signal.SIGSTOP)
            try:
                serve.process.send_signal(signal.SIGHUP)
                time.sleep(0.2)  # too short would only prove less
                self.assertEqual(shown(serve.port, "localhost"), old[2])
            finally:
                test_serve.SIMULATOR.process.send_signal(signal.SIGCONT)
            serve.log_line("info: reloaded")
            self.assertEqual(shown(serve.port, "localhost"), new[2])

    def test_while_it_starts(self):
        """SIGHUP before anybody is let in is not lost, and does no harm."""
        old, new = certificate("early1", "localhost"), certificate(
            "early2", "localhost")
        text = 'cert = "{}"\nkey = "{}"\n'
        simulator = test_serve.SIMULATOR.process
        with Backend() as backend:
            serve = Configured(backend, text.format(*old))
            simulator.send_signal(signal.SIGSTOP)
            try:
                start(self, serve)
                # Waits for the platform to take the first certificate.
                until = time.monotonic() + LIMIT_S
                status = f"/proc/{serve.process.pid}/status"
                while not self.catches(status, signal.SIGHUP):
                    assert time.monotonic() < until
                    time.sleep(0.01)
                serve.rewrite(text.format(*new))
                serve.process.send_signal(signal.SIGHUP)
            finally:
                simulator.send_signal(signal.SIGCONT)
            serve.log_line("info: reloaded")
            port = int(json.loads(serve.ready_file.read_text())[
                "address"].rpartition(":")[2])
            self.assertEqual(shown(port, "localhost"), new[2])
            self.assertEqual(serve.stop(), 0)

    @staticmethod
    def catches(status, number):
        mask = re.search(r"SigCgt:\s+([0-9a-f]+)",
                         pathlib.Path(status).read_text())[1]
        return int(mask, 16) >> (number - 1) & 1

    def test_storm(self):
        """SIGHUPs under traffic: no request fails, few reloads."""
        with Backend() as backend, with_ca(Configured(
                backend, "", "--workers", "2")) as serve:
            over = threading.Event()
            failed = []
            answered = [0] * 4

            def talk(i):
                try:
                    while not over.is_set():
                        with serve.client() as c:
                            for _ in range(5):
                                assert c.ask("GET", "/").status == 200
                                answered[i] += 1
                except Exception as e:  # pylint: disable=broad-except
                    failed.append(repr(e))

            threads = [threading.Thread(target=talk, args=(i,))
                       for i in range(4)]
            for t in threads:
                t.start()
            began = time.monotonic()
            for _ in range(500):
                serve.process.send_signal(signal.SIGHUP)
                time.sleep(0.001)
            serve.log_line("reloaded")
            until = time.monotonic() + LIMIT_S
            goal = [n + 10 for n in answered]
            while not failed and any(n < g for n, g in zip(answered, goal)):
                assert time.monotonic() < until
                time.sleep(0.01)
            over.set()
            for t in threads:
                t.join()
            self.assertEqual(failed, [])
            # One in 50 ms, however long the storm took.
            self.assertLessEqual(serve.log.count("info: reloaded"),
                                 (time.monotonic() - began) / 0.05 + 1)


class Faults(Case):
    def test_no_descriptors(self):
        """Who is there is served; the others are when there are some again."""
        # In the sandbox, only root may look at its descriptors.
        with Backend() as backend, with_ca(Configured(
                backend, "", "--sandbox", "off")) as serve:
            with serve.client() as c:
                c.ask("GET", "/")
                pid = serve.process.pid
                was = resource.prlimit(pid, resource.RLIMIT_NOFILE)
                used = len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))
                # One left: for the backend's connection.
                resource.prlimit(pid, resource.RLIMIT_NOFILE,
                                 (used + 1, was[1]))
                waiting = [socket.create_connection(("127.0.0.1", serve.port),
                                                    LIMIT_S)
                           for _ in range(8)]
                for _ in range(3):  # answered, if not by the backend
                    self.assertIn(c.ask("GET", "/").status, (200, 502))
                resource.prlimit(pid, resource.RLIMIT_NOFILE, was)
                context = ssl.create_default_context(cafile=str(serve.ca))
                for s in waiting:
                    with context.wrap_socket(
                            s, server_hostname="localhost") as tls:
                        tls.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n"
                                    b"Connection: close\r\n\r\n")
                        self.assertTrue(tls.recv(4096).startswith(
                            b"HTTP/1.1 200"))
                self.assertEqual(c.ask("GET", "/").status, 200)

    def test_signals_to_the_end(self):
        """However many come, and when, it ends as it should."""
        for _ in range(20):
            with Serve("127.0.0.1:1", "--workers", "1") as serve:
                while serve.process.poll() is None:
                    serve.process.send_signal(signal.SIGTERM)
                    serve.process.send_signal(signal.SIGHUP)
                self.assertEqual(serve.process.returncode, 0, serve.log)

    def test_killed_and_back_at_once(self):
        path = SCRATCH / "killed.sock"
        with socket.create_server(("127.0.0.1", 0)) as s:
            port = s.getsockname()[1]
        with Backend() as backend:
            for where in (f"127.0.0.1:{port}", f"unix:{path}"):
                for _ in range(3):
                    serve = Serve(backend, "--listen", where)
                    start(self, serve)
                    serve.log_line("listening")
                    if where.startswith("1"):
                        serve.port = port
                        with serve.client() as c:
                            self.assertEqual(c.ask("GET", "/").status, 200)
                            serve.process.kill()
                            serve.process.wait(LIMIT_S)
                    else:
                        serve.process.kill()
                        serve.process.wait(LIMIT_S)


if __name__ == "__main__":
    configured.main()
