# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-serve as it is watched: metrics, probes, the access log, the service
manager."""
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import threading
import time

import configured
import test_serve
from backend import Backend
from configured import Configured, certificate, start, wait_for, with_ca
from harness import SCRATCH, SOURCE, UNREADABLE, Case, handed
from test_serve import LIMIT_S, SERVE, Serve


class Operated(Case):
    """Metrics, readiness and the access log."""

    def metrics(self, serve):
        status, text = serve.operators("/metrics")
        self.assertEqual(status, 200)
        return {name: float(value) for name, _, value in (
            line.rpartition(" ") for line in text.splitlines()
            if not line.startswith("#"))}

    def settled(self, serve):
        """The metrics when no client is left."""
        until = time.monotonic() + LIMIT_S
        while (m := self.metrics(serve))["assay_serve_connections_open"] > 0:
            assert time.monotonic() < until
            time.sleep(0.01)
        return m

    def wait_ready(self, serve, want=200):
        until = time.monotonic() + LIMIT_S
        while (got := serve.operators("/readyz"))[0] != want:
            assert time.monotonic() < until, got
            time.sleep(0.01)
        return got[1]

    def test_doors(self):
        with Backend() as backend:
            with Serve(backend, "--admin", "127.0.0.1:0") as serve:
                self.assertEqual(serve.operators("/healthz"), (200, "ok\n"))
                self.assertEqual(serve.operators("/nothing")[0], 404)
                self.assertEqual(serve.operators("/metrics", "POST")[0], 405)
                self.assertEqual(serve.operators("/metrics", "HEAD"),
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
            m = self.settled(serve)
            name = "assay_serve_"
            for metric, want in (
                    ("connections_total", 16), ("connections_limit", 1024),
                    ("workers", 2), ("draining", 0),
                    ('requests_total{class="2xx"}', 14),
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
        conventions of OpenMetrics; no row is there twice; the documents know
        all of them, and no other."""
        cert, key, _ = certificate("twice", "localhost")
        with Backend() as backend:
            with Configured(backend, "".join(
                    f'[[certificate]]\ncert = "{cert}"\nkey = "{key}"\n'
                    f'names = ["{name}"]\n' for name in "ab"), "--admin",
                    "127.0.0.1:0") as serve:
                text = serve.operators("/metrics")[1]
        rows = [line.rpartition(" ")[0] for line in text.splitlines()
                if not line.startswith("#")]
        self.assertEqual(len(rows), len(set(rows)))
        page = (SOURCE / "docs/serve.md").read_text()
        table = page[page.index("| name | kind |"):page.index("## Access log")]
        named = re.findall(r"`(?:assay_serve)?(_[a-z_]+)(?:\{\w+\})?`", table)
        self.assertEqual(
            sorted("assay_serve" + n for n in named),
            sorted(re.findall("^# TYPE ([a-z_]+) ", text, re.M)))
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
            m = self.settled(serve)
            for metric, want in (
                    ("backend_failures_total", 1),
                    ("handshakes_failed_total", 1),
                    ('requests_total{class="5xx"}', 2),
                    ('quotes_total{result="failed"}', 1)):
                self.assertEqual(m["assay_serve_" + metric], want, metric)

    def test_ready(self):
        """Once a quote was made; not while none can be; not while draining."""
        with Backend() as backend:
            with Serve(backend, "--admin", "127.0.0.1:0", quotes=(
                    f"dstack:{SCRATCH}/none.sock")) as serve:
                for _ in range(3):
                    status, text = serve.operators("/readyz")
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
                    self.assertEqual(serve.operators("/healthz")[0], 200)
                    backend.go.set()
                    self.assertEqual(c.answer().status, 200)

    def test_ready_with_its_backend(self):
        with Backend() as backend, Serve(
                backend, "--admin", "127.0.0.1:0",
                "--ready-backend") as serve:
            self.wait_ready(serve)
            with socket.create_server(("127.0.0.1", 0)) as s:
                port = s.getsockname()[1]
            serve = with_ca(Configured(f"127.0.0.1:{port}", "", "--admin",
                                       "127.0.0.1:0"), "ready-backend = true\n")
            with serve:
                until = time.monotonic() + LIMIT_S
                while "backend: " not in (
                        got := serve.operators("/readyz"))[1]:
                    assert got[0] == 503 and time.monotonic() < until, got
                    time.sleep(0.01)
                for _ in range(3):
                    self.assertEqual(serve.operators("/readyz")[0], 503)
                serve.backend = backend.address
                with_ca(serve, "ready-backend = true\n")
                serve.reload()
                self.wait_ready(serve)

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

    def test_access_log_behind_reloads(self):
        """It is opened anew where it was named at the start, though what
        named it has been read anew since."""
        cert, key, _ = certificate("logged", "localhost")
        log = SCRATCH / "behind-reloads.log"
        text = (f'cert = "{cert}"\nkey = "{key}"\naccess-log = "{log}"\n')
        with Backend() as backend, Configured(backend, text) as serve:
            serve.ca.write_text(cert.read_text())
            for i in range(3):
                serve.rewrite(text + f"max-body = {i}\n")
                serve.reload()
                serve.ask("GET", "/a")  # until nobody holds the first ones
            log.rename(SCRATCH / "behind-reloads.log.1")
            serve.process.send_signal(signal.SIGUSR1)
            serve.log_line("access log reopened")
            serve.ask("GET", "/b")
            self.wait_lines(log, 1)

    def test_what_is_answered_here_is_logged_too(self):
        """Evidence, and what is refused before anybody else sees it."""
        log = SCRATCH / "own.log"
        with Backend() as backend, Serve(backend, "--access-log", str(log),
                                         "--admin", "127.0.0.1:0") as serve:
            body = len(serve.ask("POST", "/tdx_quote", test_serve.GOOD).body)
            serve.ask("POST", "/tdx_quote?secret", b"{}")
            serve.ask("PUT", "/tdx_quote", b"{}")
            serve.ask("POST", "/tdx_client_quote", b"{}")
            with serve.client() as c:
                c.send(b"GET / secret\r\n\r\n")
                self.assertEqual(c.answer().status, 400)
            with serve.client() as c:  # in one packet
                c.send(b"GET /tdx_quote HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
                for _ in range(3):
                    self.assertEqual(c.answer().status, 405)
            serve.ask("GET", "/x" * 100)
            self.wait_lines(log, 7)
            m = self.metrics(serve)
        lines = log.read_text()
        self.assertNotIn("secret", lines)
        got = re.findall(r'"(\S+ \S+) HTTP/1.1" (\d+) (\d+) [\d.]+ (\w+)$',
                         lines, re.M)
        self.assertEqual([g[:2] for g in got], [
            ("POST /tdx_quote", "200"), ("POST /tdx_quote", "400"),
            ("PUT /tdx_quote", "405"), ("POST /tdx_client_quote", "404"),
            ("- -", "400"), ("GET /tdx_quote", "405"),
            ("GET " + "/x" * 100, "200")])
        self.assertEqual(int(got[0][2]), body)
        self.assertEqual({g[3] for g in got}, {"whole"})
        self.assertEqual(m['assay_serve_requests_total{class="4xx"}'], 7)

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


    def test_a_pipe_that_nobody_reads(self):
        """Lines are lost; nobody waits for whoever should read them."""
        pipe = SCRATCH / "access.fifo"
        os.mkfifo(pipe)
        with Backend() as backend, Serve(
                backend, "--access-log", str(pipe), "--admin",
                "127.0.0.1:0", "--workers", "1") as serve:
            self.fill(serve)
            self.assertEqual(serve.log.count("access log cannot be written"),
                             1)
            serve.process.send_signal(signal.SIGUSR1)
            serve.log_line("access log reopened")
            with open(pipe, "rb") as reader:  # one that comes late
                lines = reader.read(16384).split(b"\n")[:-1]
                self.assertTrue(all(line.endswith(b" whole")
                                    for line in lines))
            serve.ask("GET", "/behind-its-reader")

    def test_standard_error_that_nobody_reads(self):
        with Backend() as backend:
            serve = Serve(backend, "--access-log", "stderr", "--admin",
                          "127.0.0.1:0", "--workers", "2")
            reader, writer = os.pipe()
            serve.log_file = pathlib.Path(f"/dev/fd/{writer}")
            with serve:
                os.close(writer)
                self.fill(serve)
                text = b""
                while b"lines of this log were lost" not in text:
                    text += os.read(reader, 65536)
                    serve.ask("GET", "/again")
            os.close(reader)

    def fill(self, serve):
        """Requests, until lines of them are lost."""
        with serve.client() as c:
            for _ in range(200):
                self.assertEqual(c.ask("HEAD", "/" + "x" * 400).status, 200)
        self.assertGreater(
            self.metrics(serve)["assay_serve_access_log_lost_total"], 0)


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
                serve.command = handed(sock, serve.command)
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
                    handed(udp, serve.command, count), capture_output=True,
                    text=True, timeout=LIMIT_S, pass_fds=[udp.fileno()])
                self.assertEqual(p.returncode, UNREADABLE)
                self.assertIn(needle, p.stderr)
            # Streams, but neither TCP nor Unix.
            with contextlib.suppress(OSError):  # not in this kernel
                vsock = self.enterContext(socket.socket(
                    socket.AF_VSOCK, socket.SOCK_STREAM))
                vsock.bind((socket.VMADDR_CID_ANY, socket.VMADDR_PORT_ANY))
                vsock.listen(1)
                p = subprocess.run(
                    ["timeout", str(LIMIT_S),
                     *handed(vsock, Serve(backend).command)],
                    capture_output=True, text=True, pass_fds=[vsock.fileno()])
                self.assertEqual(p.returncode, UNREADABLE, p.stderr)
                self.assertIn("no socket of TCP or Unix", p.stderr)
            # Another process's are none of our business.
            with Serve(backend) as serve:
                pass
            serve.command = handed(udp, serve.command, pid="1")
            serve.ready_file.unlink()
            start(self, serve, pass_fds=[udp.fileno()])
            serve.log_line("listening")
            self.assertEqual(serve.stop(), 0)


if __name__ == "__main__":
    configured.main()
