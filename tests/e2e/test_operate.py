# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-serve as an operator runs it: settings, certificates, workers, reloads,
and what goes wrong meanwhile."""
import hashlib
import http.client
import json
import os
import pathlib
import re
import resource
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

import harness
import test_serve
from backend import Backend
from harness import SCRATCH, UNREADABLE, Case, clean_environment, write
from test_serve import LIMIT_S, SERVE, Client, Serve
from test_sim import SIM, Sim


def certificate(name, *names, folder=SCRATCH):
    """Files of a fresh certificate for these names, and its SHA-256."""
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
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


def start(case, serve, **options):
    """Without waiting for it; it does not outlive the test."""
    with open(serve.log_file, "wb") as log:
        serve.process = subprocess.Popen(serve.command, stderr=log,
                                         env=clean_environment(), **options)
    case.addCleanup(serve.process.wait)
    case.addCleanup(serve.process.kill)


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
            start(self, serve)
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


class Operated(Case):
    """Metrics, readiness and the access log."""

    def get(self, serve, path, method="GET"):
        """Status and text from the operators' door."""
        host, _, port = serve.ready["admin"].rpartition(":")
        c = http.client.HTTPConnection(host, int(port), timeout=LIMIT_S)
        try:
            c.request(method, path)
            r = c.getresponse()
            return r.status, r.read().decode()
        finally:
            c.close()

    def metrics(self, serve):
        status, text = self.get(serve, "/metrics")
        self.assertEqual(status, 200)
        return {name: float(value) for name, _, value in (
            line.rpartition(" ") for line in text.splitlines()
            if not line.startswith("#"))}

    def wait_ready(self, serve, want=200):
        until = time.monotonic() + LIMIT_S
        while (got := self.get(serve, "/readyz"))[0] != want:
            assert time.monotonic() < until, got
            time.sleep(0.01)
        return got[1]

    def test_doors(self):
        with Backend() as backend:
            with Serve(backend, "--admin", "127.0.0.1:0") as serve:
                self.assertEqual(self.get(serve, "/healthz"), (200, "ok\n"))
                self.assertEqual(self.get(serve, "/nothing")[0], 404)
                self.assertEqual(self.get(serve, "/metrics", "POST")[0], 405)
                self.assertEqual(self.get(serve, "/metrics", "HEAD"),
                                 (200, ""))
                # Clients do not get there.
                self.assertEqual(serve.ask("GET", "/metrics").json["path"],
                                 "/metrics")
            path = SCRATCH / "admin.sock"
            with Serve(backend, "--admin", f"unix:{path}") as serve:
                self.assertEqual(serve.ready["admin"], f"unix:{path}")
                p = subprocess.run(
                    ["curl", "-sS", "--unix-socket", str(path),
                     "http://localhost/healthz"], capture_output=True,
                    timeout=LIMIT_S)
                self.assertEqual(p.stdout, b"ok\n", p.stderr)
            self.assertFalse(path.exists())
            for bad in ("0.0.0.0:1", "[::]:1", "192.0.2.1:1", "example:1"):
                p = subprocess.run(
                    [str(SERVE), "--backend", "a:1", "--self-signed", "n",
                     "--admin", bad], capture_output=True, timeout=LIMIT_S)
                self.assertEqual(p.returncode, 64, bad)

    def test_metrics(self):
        with Backend() as backend, with_ca(Configured(
                backend, "", "--admin", "127.0.0.1:0", "--workers",
                "2"), "max-body = 3\n") as serve:
            before = self.metrics(serve)
            self.assertEqual(set(before.values()) - {0.0, 1.0, 2.0, 1024.0}, {
                before["assay_serve_start_timestamp_seconds"],
                next(v for k, v in before.items() if "not_after" in k)})
            for i in range(10):
                serve.ask("GET", f"/{i}")
            self.assertEqual(serve.ask("GET", "/no-content").status, 204)
            self.assertEqual(serve.ask("POST", "/", b"abcd").status, 413)
            with self.assertRaises(ssl.SSLError):
                ssl.create_default_context().wrap_socket(
                    socket.create_connection(("127.0.0.1", serve.port),
                                             LIMIT_S),
                    server_hostname="localhost")
            for _ in range(3):
                self.assertEqual(
                    serve.ask("POST", "/tdx_quote", test_serve.GOOD,
                              [("Content-Type", "application/json")]).status,
                    200)
            serve.reload()
            serve.config.write_text("x")
            serve.reload("reload failed")
            until = time.monotonic() + LIMIT_S
            while (m := self.metrics(serve))["assay_serve_connections_open"] > 0:
                assert time.monotonic() < until
                time.sleep(0.01)
            name = "assay_serve_"
            for metric, want in (
                    ("connections_total", 16), ("connections_limit", 1024),
                    ("workers", 2), ("draining", 0),
                    ('requests_total{class="2xx"}', 11),
                    ('requests_total{class="4xx"}', 1),
                    ('quotes_total{result="made"}', 3),
                    ("quote_seconds_count", 3),
                    ('quote_seconds_bucket{le="+Inf"}', 3),
                    ('reloads_total{result="ok"}', 1),
                    ('reloads_total{result="failed"}', 1),
                    ("backend_failures_total", 0)):
                self.assertEqual(m[name + metric], want, metric)
            self.assertGreater(m[name + "received_bytes_total"], 1000)
            self.assertGreater(m[name + "sent_bytes_total"], 1000)

    def test_metrics_are_well_formed(self):
        """Each family is described once, before its rows, and named by the
        conventions of OpenMetrics."""
        with Backend() as backend:
            with Serve(backend, "--admin", "127.0.0.1:0") as serve:
                text = self.get(serve, "/metrics")[1]
        types, last = {}, None
        for line in text.splitlines():
            word = line.split(" ")
            if line.startswith("# TYPE"):
                self.assertNotIn(word[2], types)
                types[word[2]] = word[3]
                last = word[2]
            elif not line.startswith("#"):
                family = word[0].partition("{")[0]
                if types[last] == "histogram":
                    family = re.sub("_(bucket|sum|count)$", "", family)
                self.assertEqual(family, last)
                self.assertEqual(types[last] == "counter",
                                 family.endswith("_total"))
                float(word[-1])
        self.assertEqual(text.count("# HELP"), len(types))

    def test_failures_are_counted(self):
        with Serve("127.0.0.1:1", "--admin", "127.0.0.1:0",
                   quotes=f"dstack:{SCRATCH}/none.sock") as serve:
            self.assertEqual(serve.ask("GET", "/").status, 502)
            self.assertEqual(
                serve.ask("POST", "/tdx_quote", test_serve.GOOD,
                          [("Content-Type", "application/json")]).status, 502)
            with socket.create_connection(("127.0.0.1", serve.port),
                                          LIMIT_S) as s:
                s.sendall(b"no TLS\r\n\r\n")
                while s.recv(4096):
                    pass
            until = time.monotonic() + LIMIT_S
            while (m := self.metrics(serve))["assay_serve_connections_open"] > 0:
                assert time.monotonic() < until
                time.sleep(0.01)
            for metric in ("backend_failures_total", "handshakes_failed_total",
                           'requests_total{class="5xx"}',
                           'quotes_total{result="failed"}'):
                self.assertEqual(m["assay_serve_" + metric], 1, metric)

    def test_ready(self):
        """Once a quote was made; not while none can be; not while draining."""
        with Backend() as backend:
            with Serve(backend, "--admin", "127.0.0.1:0", quotes=(
                    f"dstack:{SCRATCH}/none.sock")) as serve:
                for _ in range(3):
                    status, text = self.get(serve, "/readyz")
                    self.assertEqual(status, 503)
                    self.assertTrue(text.startswith("quotes: "), text)
            with Serve(backend, "--admin", "127.0.0.1:0") as serve:
                self.wait_ready(serve)
                with serve.client() as c:
                    c.send(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    wait_for(backend, 1, "/slow")
                    serve.process.send_signal(signal.SIGTERM)
                    text = self.wait_ready(serve, 503)
                    self.assertTrue(text.startswith("draining: "), text)
                    self.assertEqual(self.get(serve, "/healthz")[0], 200)
                    backend.go.set()
                    self.assertEqual(c.answer().status, 200)

    def test_access_log(self):
        log = SCRATCH / "access.log"
        with Backend() as backend, Serve(backend, "--access-log",
                                         str(log)) as serve:
            serve.ask("GET", "/a%22b?secret=1", fields=[("X-Key", "secret")])
            serve.ask("POST", "/c", b"secret")
            self.wait_lines(log, 2)
            moved = SCRATCH / "access.log.1"
            log.rename(moved)
            serve.ask("GET", "/d")
            self.wait_lines(moved, 3)
            serve.process.send_signal(signal.SIGUSR1)
            serve.log_line("access log reopened")
            serve.ask("GET", "/e")
            self.wait_lines(log, 1)
            lines = moved.read_text() + log.read_text()
        self.assertNotIn("secret", lines)
        for line, want in zip(lines.splitlines(), (
                "GET /a%22b", "POST /c", "GET /d", "GET /e")):
            self.assertRegex(line, re.compile(
                r"^127\.0\.0\.1(:\d+)? - - \[\d\d/[A-Z][a-z]{2}/20\d\d:\d\d:"
                r"\d\d:\d\d \+0000\] \"" + want + r" HTTP/1\.1\" 200 \d+ "
                r"\d+\.\d{3} whole$"))

    def wait_lines(self, path, count):
        until = time.monotonic() + LIMIT_S
        while (not path.exists()
               or path.read_bytes().count(b"\n") < count):
            assert time.monotonic() < until
            time.sleep(0.01)

    def test_access_log_from_all_workers(self):
        """No line gets into another."""
        log = SCRATCH / "many.log"
        with Backend() as backend, Serve(
                backend, "--access-log", str(log), "--log", "json",
                "--workers", "4") as serve:
            def talk(i):
                with serve.client() as c:
                    for k in range(50):
                        c.ask("GET", f"/{i}-{k}-" + "x" * 300)

            threads = [threading.Thread(target=talk, args=(i,))
                       for i in range(8)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
        got = [json.loads(line) for line in log.read_text().splitlines()]
        self.assertEqual(sorted(g["path"].partition("-x")[0] for g in got),
                         sorted(f"/{i}-{k}" for i in range(8)
                                for k in range(50)))
        self.assertEqual(set(got[0]), {"time", "peer", "method", "path",
                                       "status", "bytes", "ms", "end"})

    def test_a_full_disk(self):
        """It serves on, says so once, and counts."""
        with Backend() as backend, Serve(
                backend, "--access-log", "/dev/full", "--admin",
                "127.0.0.1:0", "--workers", "1") as serve:
            for _ in range(3):
                self.assertEqual(serve.ask("GET", "/").status, 200)
            until = time.monotonic() + LIMIT_S
            while self.metrics(serve)[
                    "assay_serve_access_log_lost_total"] < 3:
                assert time.monotonic() < until
                time.sleep(0.01)
            self.assertEqual(serve.log.count("access log cannot be written"),
                             1)


class Managed(Case):
    """As systemd runs it."""

    def manager(self):
        path = SCRATCH / "notify.sock"
        path.unlink(missing_ok=True)
        s = self.enterContext(socket.socket(socket.AF_UNIX,
                                            socket.SOCK_DGRAM))
        s.settimeout(LIMIT_S)
        s.bind(str(path))
        return s, str(path)

    def test_notify(self):
        for abstract in (False, True):
            s, path = self.manager()
            if abstract:
                s.close()
                path = "@assay-test-" + os.urandom(8).hex()
                s = self.enterContext(socket.socket(socket.AF_UNIX,
                                                    socket.SOCK_DGRAM))
                s.settimeout(LIMIT_S)
                s.bind("\0" + path[1:])
            serve = with_ca(Configured("127.0.0.1:1", ""))
            serve.environment = {"NOTIFY_SOCKET": path}
            with serve:
                self.assertEqual(s.recv(999), b"READY=1")
                serve.process.send_signal(signal.SIGHUP)
                self.assertRegex(s.recv(999),
                                 rb"^RELOADING=1\nMONOTONIC_USEC=\d+$")
                self.assertEqual(s.recv(999), b"READY=1")
                serve.config.write_text("x")
                serve.process.send_signal(signal.SIGHUP)
                self.assertIn(b"RELOADING=1", s.recv(999))
                self.assertEqual(s.recv(999), b"READY=1")
            self.assertEqual(s.recv(999), b"STOPPING=1")

    def test_watchdog(self):
        s, path = self.manager()
        with Backend() as backend:
            serve = with_ca(Configured(backend, "", "--workers", "2"))
            serve.environment = {"NOTIFY_SOCKET": path,
                                 "WATCHDOG_USEC": "150000"}
            with serve:
                self.assertEqual(s.recv(999), b"READY=1")
                for _ in range(5):
                    self.assertEqual(s.recv(999), b"WATCHDOG=1")
            # Meant for another process: nothing but the start and the end.
            while s.recv(999) != b"STOPPING=1":
                pass
            serve.environment["WATCHDOG_PID"] = "1"
            serve.ready_file.unlink()
            with serve:
                time.sleep(0.3)  # too short would only prove less
            self.assertEqual(s.recv(999), b"READY=1")
            self.assertEqual(s.recv(999), b"STOPPING=1")

    def inherit(self, serve, sock, count=1, pid="$$"):
        """The command, started as a manager does that hands over sockets."""
        script = (f"export LISTEN_PID={pid} LISTEN_FDS={count}; "
                  f'exec 3<&{sock.fileno()}; exec "$@"')
        return ["sh", "-c", script, "sh", *serve.command]

    def test_socket_activation(self):
        path = str(SCRATCH / "inherited.sock")
        unix = socket.socket(socket.AF_UNIX)
        unix.bind(path)
        unix.listen(8)
        tcp = socket.create_server(("127.0.0.1", 0))
        with Backend() as backend, unix, tcp:
            for sock in (tcp, unix):
                serve = Serve(backend, "--workers", "3", "--listen",
                              "192.0.2.1:1")
                serve.command = self.inherit(serve, sock)
                start(self, serve, pass_fds=[sock.fileno()])
                serve.log_line("listening")
                for _ in range(9):
                    to = (["--unix-socket", path] if sock is unix else
                          ["--connect-to",
                           f"::127.0.0.1:{tcp.getsockname()[1]}"])
                    p = subprocess.run(
                        ["curl", "-sS", *to, "--cacert", str(serve.ca),
                         "https://localhost/i"], capture_output=True,
                        timeout=LIMIT_S)
                    self.assertEqual(json.loads(p.stdout)["path"], "/i",
                                     p.stderr)
                self.assertEqual(serve.stop(), 0)
            self.assertTrue(pathlib.Path(path).exists())  # the manager's

    def test_what_is_not_ours(self):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with Backend() as backend, udp:
            for count, needle in ((1, "no stream socket that listens"),
                                  (2, "hands over 2 sockets")):
                serve = Serve(backend)
                p = subprocess.run(
                    self.inherit(serve, udp, count), capture_output=True,
                    text=True, timeout=LIMIT_S, pass_fds=[udp.fileno()])
                self.assertEqual(p.returncode, UNREADABLE)
                self.assertIn(needle, p.stderr)
            # Another process's are none of our business.
            with Serve(backend) as serve:
                pass
            serve.command = self.inherit(serve, udp, 1, "1")
            serve.ready_file.unlink()
            start(self, serve, pass_fds=[udp.fileno()])
            serve.log_line("listening")
            self.assertEqual(serve.stop(), 0)


def sandbox_is_there():
    """A process can be confined here."""
    p = subprocess.run(
        [str(SERVE), "--backend", "127.0.0.1:1", "--self-signed", "n",
         "--listen", "127.0.0.1:0", "--quotes", "dstack:/none", "--announce",
         "required", "--sandbox", "strict"], capture_output=True, text=True,
        timeout=LIMIT_S)
    return "info: sandbox" in p.stderr


class Sandboxed(Case):
    """What tests/unit/test_serve_sandbox.c shows of each deed, this shows to be
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
        build = os.environ.get("ASSAY_BUILD") or str(
            harness.SOURCE / "build/release")
        tsmfs = pathlib.Path(build) / "tests/tsmfs"
        folder = SCRATCH / "tsmfs"
        folder.mkdir()
        if not tsmfs.exists():
            print("SKIPPED configfs-tsm emulation: tsmfs was not built")
            return
        with subprocess.Popen([str(tsmfs), str(folder)],
                              stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as p:
            try:
                if p.stdout.readline() != b"ready\n":
                    print("SKIPPED configfs-tsm emulation: cannot be mounted")
                    return
                with Backend() as backend, Serve(
                        backend, "--sandbox", "strict",
                        quotes=f"configfs:{folder}") as serve:
                    answer = serve.ask(
                        "POST", "/tdx_quote", test_serve.GOOD,
                        [("Content-Type", "application/json")])
                    self.assertEqual(answer.status, 200, serve.log)
                    self.assertIn("quote", answer.json)
            finally:
                p.stdin.close()


if __name__ == "__main__":
    for program in (SERVE, SIM):
        if not program.exists():
            print(f"SKIPPED everything: {program} is not there")
            sys.exit(77)
    if not sandbox_is_there():
        print("SKIPPED the sandbox: not in this kernel, or not in this build")
        del Sandboxed
    with Sim(now=None) as simulator:
        test_serve.SIMULATOR = simulator
        harness.main()
