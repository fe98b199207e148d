# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-serve as an operator runs it: settings, certificates, workers, reloads,
and what goes wrong meanwhile."""
import hashlib
import json
import pathlib
import resource
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import unittest

import harness
import test_serve
from backend import Backend
from harness import SCRATCH, UNREADABLE, Case, clean_environment, write
from test_serve import LIMIT_S, SERVE, Client, Serve
from test_sim import SIM, Sim


def certificate(name, *names):
    """Files of a fresh certificate for these names, and its SHA-256."""
    cert, key = SCRATCH / f"{name}.pem", SCRATCH / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
         "-addext", "subjectAltName=" + ",".join(f"DNS:{n}" for n in names),
         "-days", "2", "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True, timeout=LIMIT_S)
    der = ssl.PEM_cert_to_DER_cert(cert.read_text())
    return cert, key, hashlib.sha256(der).hexdigest()


def shown(port, name):
    """SHA-256 of the certificate that a client who asks for `name` is shown."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), LIMIT_S) as plain:
        with context.wrap_socket(plain, server_hostname=name) as tls:
            return hashlib.sha256(tls.getpeercert(True)).hexdigest()


class Configured(Serve):
    """with Configured(backend, text) as serve: settings from a file."""

    def __init__(self, backend, text, *options):
        super().__init__(backend)
        self.config = self.folder / "serve.toml"
        self.backend = self.command[self.command.index("--backend") + 1]
        self.quotes = self.command[self.command.index("--quotes") + 1]
        self.rewrite(text)
        self.command = [
            str(SERVE), "--config", str(self.config), "--ready-file",
            str(self.ready_file), *options]

    def rewrite(self, text, backend=None):
        self.config.write_text(
            f'listen = "127.0.0.1:0"\nbackend = "{backend or self.backend}"\n'
            f'quotes = "{self.quotes}"\n' + text)

    def reload(self, needle="info: reloaded"):
        """SIGHUP, and the line that tells how it went."""
        before = self.log.count(needle)
        self.process.send_signal(signal.SIGHUP)
        until = time.monotonic() + LIMIT_S
        while self.log.count(needle) == before:
            assert self.process.poll() is None, self.log
            assert time.monotonic() < until, self.log
            time.sleep(0.01)
        return [x for x in self.log.splitlines() if needle in x][-1]

    def client(self):
        return Client(self)


SELF = 'self-signed = ["localhost"]\n'


def with_ca(serve, text=""):
    """A self-signed certificate whose chain the client believes."""
    serve.rewrite(SELF + f'cert-out = "{serve.ca}"\n' + text)
    return serve


class Settings(Case):
    def serve(self, *args):
        p = subprocess.run([str(SERVE), *map(str, args)], capture_output=True,
                           text=True, timeout=LIMIT_S, env=clean_environment())
        return p.returncode, p.stdout, p.stderr

    def test_from_a_file(self):
        with Backend() as backend:
            with with_ca(Configured(backend, "")) as serve:
                self.assertEqual(serve.ask("GET", "/a").status, 200)

    def test_check_says_what_it_found(self):
        cert, key, digest = certificate("check", "a.example", "b.example")
        config = write("check.toml", (
            'backend = "unix:/b"\nquotes = "dstack:/q"\nlisten = "[::1]:1"\n'
            f'[[certificate]]\ncert = "{cert}"\nkey = "{key}"\n'))
        code, out, err = self.serve("--config", config, "--check")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("listen: [::1]:1\nbackend: unix:/b\n"
                      "quotes: dstack (/q)\n", out)
        self.assertIn(f"certificate: sha256 {digest}, until 20", out)
        self.assertIn("\n  for a.example\n  for b.example\n", out)
        self.assertNotIn("expired", out)

    def test_check_finds_what_is_wrong(self):
        cert, key, _ = certificate("check1", "a.example")
        _, other, _ = certificate("check2", "a.example")
        for name, text, needle in (
                ("unknown", "bakend = 1", "line 1: unknown setting"),
                ("not a pair", f'backend = "a:1"\n[[certificate]]\n'
                 f'cert = "{cert}"\nkey = "{other}"\n',
                 f"{cert}, {other}: key: "),
                ("no file", f'backend = "a:1"\ncert = "/none"\nkey = "{key}"',
                 "/none: "),
                ("bad name", f'backend = "a:1"\n[[certificate]]\n'
                 f'cert = "{cert}"\nkey = "{key}"\nnames = ["a b"]\n',
                 "'a b' is no DNS name"),
                ("no quotes", 'backend = "a:1"\nself-signed = "a"\n'
                 'quotes = "magic"', "magic")):
            with self.subTest(name):
                config = write("wrong.toml", text)
                code, out, err = self.serve("--config", config, "--check")
                self.assertEqual((code, out), (UNREADABLE, ""), err)
                self.assertIn(needle, err)

    def test_dump(self):
        """What it prints means the same, and printing that is the same."""
        config = write("dump.toml", 'backend = "a:1"\nself-signed = "x"\n'
                       "verbose = true\n")
        code, out, _ = self.serve("--config", config, "--drain", "2",
                                  "--dump-config")
        self.assertEqual(code, 0)
        self.assertEqual(out, 'backend = "a:1"\nself-signed = "x"\n'
                         "drain = 2\nverbose = true\n")
        again = write("again.toml", out)
        self.assertEqual(self.serve("--config", again, "--dump-config")[1],
                         out)


class Certificates(Case):
    def test_chosen_by_name(self):
        a, b = certificate("sni-a", "a.example"), certificate("sni-b", "x")
        text = "".join(
            f'[[certificate]]\ncert = "{c[0]}"\nkey = "{c[1]}"\n{more}'
            for c, more in ((a, ""), (b, 'names = ["b.example", "*.w.example"]'
                                         '\n')))
        with Backend() as backend, Configured(backend, text) as serve:
            self.assertEqual(serve.ready["certificate_sha256"], a[2])
            for name, want in (("a.example", a), ("b.example", b),
                               ("q.w.example", b), ("x", a), ("other", a)):
                self.assertEqual(shown(serve.port, name), want[2], name)
            for c in (a, b):
                serve.log_line(f"certificate announced sha256={c[2]}")

    def test_a_quote_under_the_second_one(self):
        """The session's evidence does not depend on which one is shown."""
        a, b = certificate("quote-a", "a.example"), certificate(
            "quote-b", "localhost")
        text = "".join(f'[[certificate]]\ncert = "{c[0]}"\nkey = "{c[1]}"\n'
                       for c in (a, b))
        with Backend() as backend, Configured(backend, text) as serve:
            serve.ca.write_text(b[0].read_text())
            answer = serve.ask("POST", "/tdx_quote", test_serve.GOOD,
                               [("Content-Type", "application/json")])
            self.assertEqual(answer.status, 200, answer)


def wait_for(backend, count, path):
    """Until the backend has seen so many requests for it."""
    until = time.monotonic() + LIMIT_S
    while len([s for s in backend.seen if s[1] == path]) < count:
        assert time.monotonic() < until, backend.seen
        time.sleep(0.01)


class Workers(Case):
    def test_all_of_them_serve(self):
        with Backend() as backend:
            with Serve(backend, "--workers", "4") as serve:
                serve.log_line("workers=4")
                clients = [self.enterContext(serve.client())
                           for _ in range(40)]
                for i, c in enumerate(clients):
                    self.assertEqual(c.ask("GET", f"/{i}").json["path"],
                                     f"/{i}")
                tasks = pathlib.Path(f"/proc/{serve.process.pid}/task")
                self.assertGreaterEqual(len(list(tasks.iterdir())), 5)

    def test_over_a_unix_socket(self):
        """One queue that all of them take from; its file goes at the end."""
        path = SCRATCH / "serve.sock"
        with Backend() as backend:
            serve = Serve(backend, "--workers", "3", "--listen",
                          f"unix:{path}")
            serve.ready = None
            with open(serve.log_file, "wb") as log:
                serve.process = subprocess.Popen(serve.command, stderr=log)
            serve.log_line("listening")
            for _ in range(20):
                p = subprocess.run(
                    ["curl", "-sS", "--unix-socket", str(path), "--cacert",
                     str(serve.ca), "https://localhost/u"],
                    capture_output=True, timeout=LIMIT_S)
                self.assertEqual(json.loads(p.stdout)["path"], "/u", p.stderr)
            self.assertEqual(serve.stop(), 0)
            self.assertFalse(path.exists())

    def test_limit_over_all(self):
        """Each worker may be one above it; the rest waits and is served."""
        with Backend() as backend:
            with Serve(backend, "--workers", "2", "--max-connections",
                       "3") as serve:
                plain = [socket.create_connection(("127.0.0.1", serve.port),
                                                  LIMIT_S) for _ in range(12)]
                context = ssl.create_default_context(cafile=str(serve.ca))
                served = 0
                for s in plain:
                    # In the order of arrival of its queue; closing one lets
                    # one in, of either queue.
                    s.settimeout(LIMIT_S)
                done = threading.Semaphore(0)

                def talk(s):
                    nonlocal served
                    with context.wrap_socket(
                            s, server_hostname="localhost") as tls:
                        tls.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n"
                                    b"Connection: close\r\n\r\n")
                        while piece := tls.recv(65536):
                            served += piece.startswith(b"HTTP/1.1 200")
                    done.release()

                threads = [threading.Thread(target=talk, args=(s,))
                           for s in plain]
                for t in threads:
                    t.start()
                for t in threads:
                    t.join()
                self.assertEqual(served, 12)

    def test_a_port_in_use_is_refused(self):
        """Also where the other one is assay-serve."""
        with Backend() as backend, Serve(backend) as serve:
            other = Serve(backend, "--listen", f"127.0.0.1:{serve.port}")
            p = subprocess.run(other.command, capture_output=True, text=True,
                               timeout=LIMIT_S)
            self.assertEqual(p.returncode, UNREADABLE)
            self.assertIn("address already in use", p.stderr)

    def test_drain_over_all(self):
        """What is under way ends; what is idle goes at once."""
        with Backend() as backend:
            with Serve(backend, "--workers", "3") as serve:
                idle = [self.enterContext(serve.client())
                        for _ in range(9)]
                for c in idle:
                    c.ask("GET", "/")
                busy = [self.enterContext(serve.client())
                        for _ in range(9)]
                for c in busy:
                    c.send(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
                wait_for(backend, 9, "/slow")
                serve.process.send_signal(signal.SIGTERM)
                for c in idle:
                    self.assertTrue(c.ended())
                self.assertIsNone(serve.process.poll())
                backend.go.set()
                for c in busy:
                    self.assertEqual(c.answer().status, 200)
                    self.assertTrue(c.ended())
                self.assertEqual(serve.process.wait(LIMIT_S), 0)

    def test_a_second_signal_insists(self):
        with Backend() as backend:
            with Serve(backend, "--workers", "3") as serve:
                busy = [self.enterContext(serve.client())
                        for _ in range(6)]
                for c in busy:
                    c.send(b"POST / HTTP/1.1\r\nHost: localhost\r\n"
                           b"Content-Length: 5\r\n\r\n")
                    c.send(b"a")
                wait_for(backend, 6, "/")
                serve.process.send_signal(signal.SIGTERM)
                serve.log_line("stopping")
                serve.process.send_signal(signal.SIGTERM)
                self.assertEqual(serve.process.wait(LIMIT_S), 0)
                for c in busy:
                    self.assertTrue(c.cut())


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
            self.assertLess(serve.log.count("info: reloaded"), 100)


class Faults(Case):
    def test_no_descriptors(self):
        """Who is there is served; the others are when there are some again."""
        with Backend() as backend, with_ca(Configured(backend, "")) as serve:
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

    def test_killed_and_back_at_once(self):
        path = SCRATCH / "killed.sock"
        with socket.create_server(("127.0.0.1", 0)) as s:
            port = s.getsockname()[1]
        with Backend() as backend:
            for where in (f"127.0.0.1:{port}", f"unix:{path}"):
                for _ in range(3):
                    serve = Serve(backend, "--listen", where)
                    with open(serve.log_file, "wb") as log:
                        serve.process = subprocess.Popen(serve.command,
                                                         stderr=log)
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
    for program in (SERVE, SIM):
        if not program.exists():
            print(f"SKIPPED everything: {program} is not there")
            sys.exit(77)
    with Sim(now=None) as simulator:
        test_serve.SIMULATOR = simulator
        harness.main()
