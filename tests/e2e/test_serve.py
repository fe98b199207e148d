# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-serve between clients (curl, openssl, hand-made) and a backend."""
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import unittest

import harness
from backend import Backend
from harness import (ASSAY, BIN, NOT_TRUSTED, SCRATCH, UNREADABLE, USAGE,
                     Case, Octets, clean_environment, run, write)
from test_sim import SIM, Sim

SERVE = BIN / "assay-serve"
LIMIT_S = 30
MIB = 1 << 20
NONCE = "00112233445566778899aabbccddeeff" * 2
GOOD = json.dumps({"nonce_hex": NONCE}, separators=(",", ":")).encode()
SLOW_BUILD = "asan" in str(BIN) or "tsan" in str(BIN)


class Serve:
    """with Serve(backend, option...) as serve: ..."""

    count = 0

    def __init__(self, backend, *options, quotes=None):
        Serve.count += 1
        self.environment = {}
        self.folder = SCRATCH / f"serve{Serve.count}"
        self.folder.mkdir()
        self.ca = self.folder / "ca.pem"
        self.ready_file = self.folder / "ready.json"
        self.log_file = self.folder / "log"
        address = backend if isinstance(backend, str) else backend.address
        source = quotes or f"dstack:{SIMULATOR.ready['guest']}"
        self.command = [
            str(SERVE), "--listen", "127.0.0.1:0", "--backend", address,
            "--self-signed", "localhost,127.0.0.1", "--cert-out",
            str(self.ca), "--ready-file", str(self.ready_file), "--quotes",
            source, "--verbose",
            # all of a test's clients are one address
            "--quote-rate", "0", *options]

    def __enter__(self):
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(
                self.command, stderr=log,
                env={**clean_environment(), **self.environment})
        until = time.monotonic() + LIMIT_S
        while not self.ready_file.exists():
            assert self.process.poll() is None, self.log
            assert time.monotonic() < until, self.log
            time.sleep(0.01)
        self.ready = json.loads(self.ready_file.read_text())
        self.port = int(self.ready["address"].rpartition(":")[2])
        return self

    def __exit__(self, *unused):
        code = self.stop()
        assert code == 0, f"exit {code}: {self.log[-2000:]}"

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    @property
    def log(self):
        return self.log_file.read_text()

    def log_line(self, needle):
        """Waits for a line with this."""
        until = time.monotonic() + LIMIT_S
        while True:
            for line in self.log.splitlines():
                if needle in line:
                    return line
            assert time.monotonic() < until, self.log
            time.sleep(0.01)

    @property
    def rss_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def curl(self, path, *args, stdin=b""):
        """Exit code, head and body of the last response."""
        p = subprocess.run(
            ["curl", "-sS", "-i", "--max-time", str(LIMIT_S), "--cacert",
             str(self.ca), *args, f"https://localhost:{self.port}{path}"],
            input=stdin, capture_output=True, env=clean_environment(),
            timeout=2 * LIMIT_S)
        head, _, body = p.stdout.partition(b"\r\n\r\n")
        while re.match(rb"HTTP/1.1 1\d\d", head):
            head, _, body = body.partition(b"\r\n\r\n")
        return p.returncode, head.decode("latin-1"), body

    def client(self):
        return Client(self)

    def operators(self, path, method="GET"):
        """Status and text from the operators' door."""
        host, _, port = self.ready["admin"].rpartition(":")
        c = http.client.HTTPConnection(host, int(port), timeout=LIMIT_S)
        with contextlib.closing(c):
            c.request(method, path)
            r = c.getresponse()
            return r.status, r.read().decode()

    def ask(self, method, target, body=None, fields=()):
        """One request on a connection of its own."""
        with self.client() as c:
            return c.ask(method, target, body, fields)


class Answer:
    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.version, status, self.reason = lines[0].split(" ", 2)
        self.status = int(status)
        self.fields = [tuple(line.split(": ", 1)) for line in lines[1:]]
        self.body = body

    def get(self, name):
        return next((v for n, v in self.fields if n.lower() == name.lower()),
                    None)

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.fields} {self.body[:200]!r}"


class Client(Octets):
    """TLS by hand: what curl would not send or could not tell. A connection
    that is cut raises where more is asked of it."""

    def __init__(self, serve, alpn=None, receive_buffer=None):
        context = ssl.create_default_context(cafile=str(serve.ca))
        # Debian's Python takes a cut for a goodbye unless told otherwise.
        context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0x80)
        if alpn:
            context.set_alpn_protocols(alpn)
        plain = socket.socket()
        if receive_buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                             receive_buffer)
        plain.settimeout(LIMIT_S)
        try:
            plain.connect(("127.0.0.1", serve.port))
            self.tls = context.wrap_socket(plain, server_hostname="localhost",
                                           suppress_ragged_eofs=False)
        except BaseException:
            plain.close()
            raise
        super().__init__(self.tls)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.tls.close()

    def send(self, *parts):
        for part in parts:
            self.tls.sendall(part)

    def ask(self, method, target, body=None, fields=()):
        head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n"
        head += "".join(f"{n}: {v}\r\n" for n, v in fields)
        if body is not None:
            head += f"Content-Length: {len(body)}\r\n"
        self.send(head.encode() + b"\r\n" + (body or b""))
        return self.answer(method)

    def chunks(self):
        while True:
            n = int(self.until(b"\r\n"), 16)
            piece = self.exactly(n)
            assert self.exactly(2) == b"\r\n"
            if n == 0:
                return
            yield piece

    def answer_head(self):
        return Answer(self.until(b"\r\n\r\n")[:-4], b"")

    def answer(self, method="GET"):
        a = self.answer_head()
        if method == "HEAD" or a.status < 200 or a.status in (204, 304):
            return a
        if a.get("Transfer-Encoding") == "chunked":
            a.body = b"".join(self.chunks())
        elif a.get("Content-Length") is not None:
            a.body = self.exactly(int(a.get("Content-Length")))
        else:
            while self.more():
                pass
            a.body, self.waiting = self.waiting, b""
        return a

    def ended(self):
        """Closed in TLS's way, with nothing more said."""
        return not self.more() and self.waiting == b""

    def cut(self):
        """Closed without TLS's goodbye."""
        try:
            while self.more():
                pass
        except ConnectionResetError:
            return True
        except ssl.SSLError as e:
            # Before Python 3.11.4 it is no SSLEOFError.
            return (isinstance(e, ssl.SSLEOFError)
                    or e.reason == "UNEXPECTED_EOF_WHILE_READING")
        return False


class Shared(Case):
    """One backend and one server for all tests of a class."""

    options = ()

    @classmethod
    def setUpClass(cls):
        cls.backend = cls.enterClassContext(Backend())
        cls.serve = cls.enterClassContext(Serve(cls.backend, *cls.options))

    def setUp(self):
        self.backend.seen.clear()
        self.backend.go.clear()

    def check_error(self, answer, status, code=None):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.get("Content-Type"), "application/json")
        error = answer.json["error"]
        self.assertEqual(set(error), {"code", "message", "hint"})
        if code:
            self.assertEqual(error["code"], code)


class Tls(Shared):
    def test_old_versions_are_refused(self):
        code, head, _ = self.serve.curl("/", "--tls-max", "1.2")
        self.assertEqual((code, head), (35, ""))
        for version in ("-tls1_1", "-tls1_2"):
            p = self.s_client(version)
            self.assertNotEqual(p.returncode, 0, p.stdout)
        self.assertEqual(self.backend.seen, [])

    def s_client(self, *args, stdin=b""):
        return subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.serve.port}",
             "-CAfile", str(self.serve.ca), "-verify_return_error",
             "-servername", "localhost", *args],
            input=stdin, capture_output=True, timeout=LIMIT_S)

    def test_openssl_s_client(self):
        p = self.s_client("-tls1_3", "-quiet", stdin=(
            b"GET /s HTTP/1.1\r\nHost: localhost\r\n"
            b"Connection: close\r\n\r\n"))
        self.assertIn(b"HTTP/1.1 200 OK\r\n", p.stdout, p.stderr)
        p = self.s_client("-tls1_3", "-brief")
        self.assertIn(b"Verification: OK", p.stderr)

    def test_no_resumption(self):
        """A resumed session would have no certificate to announce."""
        session = self.serve.folder / "session"
        self.s_client("-tls1_3", "-sess_out", str(session))
        self.assertFalse(session.exists())

    def test_alpn(self):
        with Client(self.serve, ["h2", "http/1.1"]) as c:
            self.assertEqual(c.tls.selected_alpn_protocol(), "http/1.1")
        with Client(self.serve) as c:
            self.assertIsNone(c.tls.selected_alpn_protocol())
        with self.assertRaises(ssl.SSLError):
            Client(self.serve, ["h2"])

    def test_not_tls(self):
        with socket.create_connection(("127.0.0.1", self.serve.port),
                                      LIMIT_S) as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            s.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := s.recv(4096):
                answer += piece
        self.assertNotIn(b"HTTP", answer)
        self.assertEqual(self.backend.seen, [])

    def test_ready_file(self):
        der = ssl.PEM_cert_to_DER_cert(self.serve.ca.read_text())
        self.assertEqual(self.serve.ready["certificate_sha256"],
                         hashlib.sha256(der).hexdigest())
        self.assertEqual(self.serve.ready["pid"], self.serve.process.pid)
        with self.serve.client() as c:
            self.assertEqual(c.tls.getpeercert(True), der)


class Forward(Shared):
    def test_curl(self):
        code, head, body = self.serve.curl("/a/b?c=d")
        self.assertEqual(code, 0)
        self.assertTrue(head.startswith("HTTP/1.1 200 OK"))
        self.assertEqual(json.loads(body)["path"], "/a/b?c=d")

    def test_methods_and_bodies(self):
        text = "x" * 5000
        for name, args, method, want in (
                ("sized", ("-d", text), "POST", text),
                ("put", ("-X", "PUT", "-d", "y"), "PUT", "y"),
                ("chunked", ("-H", "Transfer-Encoding: chunked", "-d", text),
                 "POST", text),
                ("empty", ("-X", "POST", "-d", ""), "POST", ""),
                ("delete", ("-X", "DELETE"), "DELETE", "")):
            with self.subTest(name):
                code, _, body = self.serve.curl("/echo", *args)
                self.assertEqual(code, 0)
                got = json.loads(body)
                self.assertEqual((got["method"], got["body"]), (method, want))

    def test_framing_is_kept(self):
        def framing(*args):
            _, _, body = self.serve.curl("/echo", *args)
            return {n.lower(): v for n, v in json.loads(body)["fields"]
                    if n.lower() in ("content-length", "transfer-encoding")}

        self.assertEqual(framing(), {})
        self.assertEqual(framing("-d", "abc"), {"content-length": "3"})
        self.assertEqual(framing("-d", ""), {"content-length": "0"})
        self.assertEqual(
            framing("-d", "abc", "-H", "Transfer-Encoding: chunked"),
            {"transfer-encoding": "chunked"})

    def test_head(self):
        code, head, body = self.serve.curl("/big?1000", "-I")
        self.assertEqual((code, body), (0, b""))
        self.assertIn("Content-Length: 1000", head)

    def test_responses(self):
        with self.serve.client() as c:
            for target, status, body, framing in (
                    ("/chunked", 200, b"hello world", ("chunked", None)),
                    ("/until-close", 200, b"until the end", ("chunked", None)),
                    ("/no-content", 204, b"", (None, None)),
                    ("/not-modified", 304, b"", (None, "77")),
                    ("/big?7", 200, None, (None, "7")),
                    ("/big?0", 200, b"", (None, "0"))):
                with self.subTest(target):
                    a = c.ask("GET", target)
                    self.assertEqual(a.status, status)
                    if body is not None:
                        self.assertEqual(a.body, body)
                    self.assertEqual((a.get("Transfer-Encoding"),
                                      a.get("Content-Length")), framing)
                    self.assertIsNone(a.get("Trailer"))

    def test_keep_alive(self):
        """One connection, also as curl has it."""
        p = subprocess.run(
            ["curl", "-sS", "--cacert", str(self.serve.ca), "-w",
             "%{num_connects}\n", "-o", os.devnull,
             f"https://localhost:{self.serve.port}/1", "-o", os.devnull,
             f"https://localhost:{self.serve.port}/2"],
            capture_output=True, timeout=LIMIT_S, text=True)
        self.assertEqual(p.stdout.split(), ["1", "0"], p.stderr)
        with self.serve.client() as c:
            for i in range(50):
                self.assertEqual(c.ask("GET", f"/{i}").json["path"], f"/{i}")
            a = c.ask("GET", "/last", fields=[("Connection", "close")])
            self.assertEqual(a.get("Connection"), "close")
            self.assertTrue(c.ended())

    def test_pipelining(self):
        with self.serve.client() as c:
            c.send(b"".join(
                b"POST /%d HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Length: 3\r\n\r\nabc" % i for i in range(20))
                + b"POST /tdx_quote HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(GOOD), GOOD)
                + b"GET /end HTTP/1.1\r\nHost: localhost\r\n\r\n")
            for i in range(20):
                self.assertEqual(c.answer().json["path"], f"/{i}")
            self.assertIs(c.answer().json["success"], True)
            self.assertEqual(c.answer().json["path"], "/end")
        self.assertEqual(self.backend.paths,
                         [f"/{i}" for i in range(20)] + ["/end"])

    def test_http_1_0(self):
        for target, body in (("/chunked", b"hello world"),
                             ("/until-close", b"until the end"),
                             ("/interim", b"final")):
            with self.subTest(target), self.serve.client() as c:
                c.send(f"GET {target} HTTP/1.0\r\n\r\n".encode())
                a = c.answer()
                self.assertEqual((a.status, a.body), (200, body))
                self.assertIsNone(a.get("Transfer-Encoding"))
                self.assertEqual(a.get("Connection"), "close")
                self.assertTrue(c.ended())
        with self.serve.client() as c:
            c.send(b"GET /big?3 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            self.assertEqual(c.answer().get("Connection"), "keep-alive")
            self.assertEqual(c.ask("GET", "/x").status, 200)

    def test_target_forms(self):
        for target, want in (("http://localhost/a?b", "/a?b"),
                             ("https://localhost", "/"),
                             ("http://localhost?q", "/?q"),
                             ("/a://b", "/a://b")):
            with self.subTest(target):
                a = self.serve.ask("GET", target)
                self.assertEqual(a.json["path"], want)
        self.assertEqual(self.serve.ask("OPTIONS", "*").json["path"], "*")

    def test_interim_responses(self):
        with self.serve.client() as c:
            a = c.ask("GET", "/interim")
            self.assertEqual((a.status, a.get("Link")), (103, "</a>"))
            self.assertEqual(c.answer().body, b"final")

    def test_expect_continue(self):
        with self.serve.client() as c:
            c.send(b"POST /echo HTTP/1.1\r\nHost: localhost\r\n"
                   b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            self.assertEqual(c.answer().status, 100)
            c.send(b"ok")
            self.assertEqual(c.answer().json["body"], "ok")
        with self.serve.client() as c:
            c.send(b"POST /expectations HTTP/1.1\r\nHost: localhost\r\n"
                   b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            a = c.answer()
            self.assertEqual((a.status, a.get("Connection")), (417, "close"))

    def test_fields(self):
        sent = [("X-Mine", "kept"), ("Cookie", "a=b"), ("X-Assay-Trusted", "1"),
                ("x-assay", "kept"), ("X-TLS-EKM-Channel-Binding", "00:00"),
                ("X_Tls_Ekm_Channel_Binding", "00:00"),
                ("X.Assay.Trusted", "1"), ("x!forwarded~for", "6.6.6.6"),
                ("Content.Length", "5"), ("X-Forwarded-For", "6.6.6.6"), ("X_Forwarded_For", "6.6.6.6"),
                ("X-Forwarded-Proto", "http"), ("X-Forwarded-Host", "evil"),
                ("Forwarded", "for=6.6.6.6"), ("X-Real-IP", "6.6.6.6"),
                ("TE", "trailers"), ("Keep-Alive", "timeout=9"),
                ("Connection", "X-Hop, keep-alive"), ("X-Hop", "1")]
        got = self.serve.ask("GET", "/echo", fields=sent).json["fields"]
        got = sorted((n.lower(), v) for n, v in got)
        self.assertEqual(got, sorted([
            ("cookie", "a=b"), ("connection", "TE"), ("te", "trailers"),
            ("host", "localhost"), ("x-assay", "kept"), ("x-mine", "kept"),
            ("x-forwarded-for", "127.0.0.1"), ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "localhost"), ("x-forwarded-port", "443")]))

    def test_fields_of_responses(self):
        a = self.serve.ask("GET", "/hop")
        self.assertIsNone(a.get("X-Secret"))
        self.assertIsNone(a.get("Keep-Alive"))
        self.assertEqual(a.get("X-Open"), "2")

    def test_host_is_kept(self):
        a = self.serve.curl("/echo", "-H", "Host: other.example:99")[2]
        self.assertIn(["Host", "other.example:99"], json.loads(a)["fields"])

    def test_no_tunnels(self):
        with self.serve.client() as c:
            self.check_error(c.ask("CONNECT", "localhost:443"), 501)
        self.assertEqual(self.backend.paths, [])

    def test_heads_that_cannot_be_read(self):
        for name, head, status in (
                ("two lengths", "POST / HTTP/1.1\r\nHost: a\r\n"
                 "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
                ("length and chunks", "POST / HTTP/1.1\r\nHost: a\r\n"
                 "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                 400),
                ("no host", "GET / HTTP/1.1\r\n\r\n", 400),
                ("folded", "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400),
                ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
                ("coding", "POST / HTTP/1.1\r\nHost: a\r\n"
                 "Transfer-Encoding: gzip\r\n\r\n", 501),
                ("long", "GET / HTTP/1.1\r\nHost: a\r\nX: " + "x" * 70000,
                 431)):
            with self.subTest(name), self.serve.client() as c:
                c.send(head.encode())
                a = c.answer()
                self.check_error(a, status)
                self.assertEqual(a.get("Connection"), "close")
                self.assertTrue(c.ended())
        self.assertEqual(self.backend.seen, [])

    def test_a_chunk_that_cannot_be_read(self):
        with self.serve.client() as c:
            c.send(b"POST /echo HTTP/1.1\r\nHost: a\r\n"
                   b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n")
            a = c.answer()
            self.check_error(a, 400)
            self.assertEqual(a.get("Connection"), "close")
            self.assertTrue(c.ended())

    def test_requests_are_logged_without_secrets(self):
        self.serve.ask("POST", "/path?token=hunter2", b"hunter3",
                       [("Authorization", "hunter4")])
        line = self.serve.log_line("path=/path ")
        for needle in ("method=POST", "status=200", "end=whole"):
            self.assertIn(needle, line)
        self.assertNotIn("hunter", self.serve.log)
        self.assertNotIn("PRIVATE", self.serve.log)


class Streaming(Shared):
    SIZE = 5 * MIB

    def test_down(self):
        _, _, body = self.serve.curl(f"/big?{self.SIZE}")
        self.assertEqual(len(body), self.SIZE)
        self.assertEqual(hashlib.sha256(body).hexdigest(),
                         self.backend.big(self.SIZE))

    def test_up(self):
        data = os.urandom(self.SIZE)
        want = hashlib.sha256(data).hexdigest().encode()
        for args in ((), ("-H", "Transfer-Encoding: chunked"),
                     ("-H", "Expect:")):
            with self.subTest(args):
                code, _, body = self.serve.curl("/sink", *args,
                                                "--data-binary", "@-",
                                                stdin=data)
                self.assertEqual((code, body), (0, want))

    def test_bytes_one_by_one(self):
        with self.serve.client() as c:
            c.tls.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            text = (b"POST /echo HTTP/1.1\r\nHost: localhost\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n"
                    b"3\r\nabc\r\n2;e=f\r\nde\r\n0\r\n\r\n")
            for i in range(len(text)):
                c.send(text[i:i + 1])
            self.assertEqual(c.answer().json["body"], "abcde")

    def test_events_come_when_they_happen(self):
        with self.serve.client() as c:
            c.send(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            c.until(b"\r\n\r\n")
            pieces = c.chunks()
            self.assertEqual(next(pieces), b"data: 1\n\n")
            self.backend.go.set()
            self.assertEqual(b"".join(pieces), b"data: 2\n\n")

    def test_a_client_that_does_not_read(self):
        """Its data waits at the backend, not in here."""
        size = 64 * MIB
        with Client(self.serve, receive_buffer=4096) as c:
            c.send(f"GET /big?{size} HTTP/1.1\r\nHost: localhost\r\n\r\n"
                   .encode())
            c.until(b"\r\n\r\n")
            time.sleep(0.3)
            if not SLOW_BUILD:
                self.assertLess(self.serve.rss_kib, 24 * 1024)
            digest = hashlib.sha256(c.waiting)
            left = size - len(c.waiting)
            while left > 0:
                piece = c.tls.recv(min(left, 65536))
                digest.update(piece)
                left -= len(piece)
            self.assertEqual(digest.hexdigest(), self.backend.big(size))

    def test_a_backend_that_does_not_read(self):
        data = os.urandom(8 * MIB)
        with self.serve.client() as c:
            c.send(b"POST /sink?rest HTTP/1.1\r\nHost: localhost\r\n"
                   b"Content-Length: %d\r\n\r\n" % (4 * len(data)))
            c.tls.settimeout(0.5)
            with self.assertRaises(TimeoutError):
                for _ in range(4):
                    c.send(data)
            if not SLOW_BUILD:
                self.assertLess(self.serve.rss_kib, 24 * 1024)
            self.backend.go.set()


class Failures(Shared):
    options = ("--backend-timeout", "1", "--body-timeout", "1",
               "--header-timeout", "1", "--idle-timeout", "1",
               "--max-body", "1000")

    def test_before_the_answer(self):
        for target, status in (("/silent", 502), ("/garbage", 502),
                               ("/switch", 502), ("/two-lengths", 502),
                               ("/slow", 504)):
            with self.subTest(target), self.serve.client() as c:
                self.check_error(c.ask("GET", target), status)
                self.assertEqual(c.ask("GET", "/next").status, 200)

    def test_head_gets_no_body(self):
        with self.serve.client() as c:
            a = c.ask("HEAD", "/silent")
            self.assertEqual(a.status, 502)
            self.assertEqual(c.ask("GET", "/next").status, 200)

    def test_in_the_middle(self):
        for target in ("/dies", "/dies-chunked", "/events"):
            with self.subTest(target), self.serve.client() as c:
                c.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"
                       .encode())
                self.assertIn(b"200 OK", c.until(b"\r\n\r\n"))
                self.assertTrue(c.cut())

    def test_curl_sees_it(self):
        code, _, body = self.serve.curl("/dies")
        self.assertIn(code, (18, 56))
        self.assertEqual(body, b"only this")

    def test_backend_answers_early(self):
        with self.serve.client() as c:
            c.send(b"POST /early HTTP/1.1\r\nHost: localhost\r\n"
                   b"Content-Length: 900\r\n\r\nabc")
            a = c.answer()
            self.assertEqual((a.status, a.body), (413, b"no!"))
            self.assertEqual(a.get("Connection"), "close")
            self.assertTrue(c.ended())

    def test_large_bodies(self):
        with self.serve.client() as c:
            c.send(b"POST /echo HTTP/1.1\r\nHost: localhost\r\n"
                   b"Content-Length: 1001\r\n\r\nabc")
            a = c.answer()
            self.check_error(a, 413, "too_large")
            self.assertEqual(a.get("Connection"), "close")
            self.assertTrue(c.ended())
        self.assertEqual(self.backend.seen, [])
        with self.serve.client() as c:
            c.send(b"POST /echo HTTP/1.1\r\nHost: localhost\r\n"
                   b"Transfer-Encoding: chunked\r\n\r\n"
                   b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n")
            self.check_error(c.answer(), 413, "too_large")
        self.assertEqual(
            self.serve.ask("POST", "/echo", b"x" * 1000).status, 200)

    def test_slow_clients(self):
        with self.serve.client() as silent, self.serve.client() as head, \
                self.serve.client() as drips, self.serve.client() as body, \
                socket.create_connection(("127.0.0.1", self.serve.port),
                                         LIMIT_S) as no_handshake:
            head.send(b"GET / HTTP/1.1\r\nHo")
            body.send(b"POST /echo HTTP/1.1\r\nHost: localhost\r\n"
                      b"Content-Length: 900\r\n\r\nabc")
            with self.assertRaises(OSError):
                for _ in range(200):
                    drips.send(b"G")
                    time.sleep(0.1)
            self.check_error(body.answer(), 408, "timeout")
            for c in (silent, head, body):
                self.assertTrue(c.ended())
            self.assertEqual(no_handshake.recv(100), b"")

    def test_progress_counts(self):
        """Slow is not silent: longer than every limit in all."""
        with self.serve.client() as c:
            c.send(b"POST /echo HTTP/1.1\r\nHost: localhost\r\n"
                   b"Content-Length: 8\r\n\r\n")
            for _ in range(8):
                time.sleep(0.25)
                c.send(b"x")
            self.assertEqual(c.answer().json["body"], "x" * 8)

    def test_client_gone(self):
        c = self.serve.client()
        c.send(b"GET /big?50000000 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        c.until(b"\r\n\r\n")
        c.tls.close()
        self.serve.log_line("end=cut")

    def test_backend_down(self):
        with Serve("127.0.0.1:1") as serve, serve.client() as c:
            self.check_error(c.ask("GET", "/"), 502, "bad_gateway")
            self.check_error(c.ask("POST", "/", b"abc"), 502, "bad_gateway")
        with Serve(f"unix:{SCRATCH}/none.sock") as serve:
            self.check_error(serve.ask("GET", "/"), 502, "bad_gateway")


SPELLINGS = (
    "/tdx_quote/", "/TDX_QUOTE", "/Tdx_quote", "//tdx_quote", "/./tdx_quote",
    "/%74dx_quote", "/tdx%5Fquote", "/tdx_quote?x=1", "/tdx_quote?",
    "/tdx_quote//", "/%2ftdx_quote", "/tdx_quote%2F",
    "http://localhost/tdx_quote", "https://localhost/tdx_quote")
BAD_BODIES = (
    ("empty object", b"{}"), ("not JSON", b"nonce"), ("array", b"[]"),
    ("v1", json.dumps({"report_data_hex": "00" * 64}).encode()),
    ("v0", json.dumps({"report_data": "00" * 32}).encode()),
    ("short", json.dumps({"nonce_hex": "00" * 31}).encode()),
    ("long", json.dumps({"nonce_hex": "00" * 33}).encode()),
    ("no hex", json.dumps({"nonce_hex": "zz" * 32}).encode()),
    ("number", b'{"nonce_hex":1}'),
    ("twice", b'{"nonce_hex":"%s","nonce_hex":"%s"}'
     % (NONCE.encode(), NONCE.encode())),
    ("more members", b'{"nonce_hex":"%s","report_data":"%s"}'
     % (NONCE.encode(), NONCE.encode())),
    ("behind", GOOD + b"x"), ("large", b" " * 2000 + GOOD), ("empty", b""))


class Quotes(Shared):
    def quote(self, client, body=GOOD, fields=()):
        return client.ask("POST", "/tdx_quote", body, fields)

    def check_quote(self, answer):
        self.assertEqual(answer.status, 200, answer)
        doc = answer.json
        self.assertIs(doc["success"], True)
        self.assertIsNone(doc["error"])
        self.assertEqual(doc["quote_type"], "tdx")
        self.assertTrue(doc["timestamp"].isdigit())
        quote = bytes.fromhex(doc["quote"]["quote"])
        data = bytes.fromhex(doc["quote"]["report_data"])
        self.assertEqual(len(data), 64)
        self.assertEqual(quote[568:632], data)
        log = json.loads(doc["quote"]["event_log"])
        announced = [e for e in log if e["event"] == "New TLS Certificate"]
        want = self.serve.ready["certificate_sha256"].encode().hex()
        self.assertIn(want, [e["event_payload"] for e in announced])
        self.assertIn("app_compose", doc["tcb_info"])
        return data

    def test_one(self):
        with self.serve.client() as c:
            self.check_quote(self.quote(c))
        self.assertEqual(self.backend.seen, [])

    def test_bound_to_nonce_and_session(self):
        other = json.dumps({"nonce_hex": "11" * 32}).encode()
        with self.serve.client() as c, self.serve.client() as d:
            seen = [self.check_quote(self.quote(c)),
                    self.check_quote(self.quote(c, other)),
                    self.check_quote(self.quote(d))]
            self.assertEqual(len(set(seen)), 3)
            self.assertEqual(self.check_quote(self.quote(c)), seen[0])

    def test_any_request_of_a_connection(self):
        with self.serve.client() as c:
            for i in range(3):
                self.check_quote(self.quote(c))
                self.assertEqual(c.ask("GET", f"/{i}").status, 200)
        self.assertEqual(self.backend.paths, ["/0", "/1", "/2"])

    def test_chunked_and_expecting(self):
        with self.serve.client() as c:
            c.send(b"POST /tdx_quote HTTP/1.1\r\nHost: localhost\r\n"
                   b"Transfer-Encoding: chunked\r\n\r\n"
                   b"5\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n"
                   % (GOOD[:5], len(GOOD) - 5, GOOD[5:]))
            self.check_quote(c.answer())
            c.send(b"POST /tdx_quote HTTP/1.1\r\nHost: localhost\r\n"
                   b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n"
                   % len(GOOD))
            self.assertEqual(c.answer().status, 100)
            c.send(GOOD)
            self.check_quote(c.answer())

    def test_curl(self):
        code, _, body = self.serve.curl("/tdx_quote", "-d", GOOD.decode())
        self.assertEqual(code, 0)
        self.assertIs(json.loads(body)["success"], True)

    def test_assay_get(self):
        """Our own client believes it, and speaks only then."""
        def get(policy):
            return run("get", "--no-cache", "--ca", self.serve.ca, "--pccs",
                       SIMULATOR.ready["pccs"], "--policy", policy,
                       f"https://localhost:{self.serve.port}/echo")

        policy = json.loads((SIMULATOR.folder / "policy.json").read_text())
        del policy["trusted_root"]
        self.check(get(write("intel.json", json.dumps(policy))), NOT_TRUSTED)
        self.assertEqual(self.backend.seen, [])
        got = self.check(get(SIMULATOR.folder / "policy.json"), 0)
        self.assertEqual(got.json["path"], "/echo")

    def test_methods(self):
        with self.serve.client() as c:
            for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"):
                with self.subTest(method):
                    a = c.ask(method, "/tdx_quote")
                    self.assertEqual((a.status, a.get("Allow")), (405, "POST"))
            self.check_quote(self.quote(c))
        self.assertEqual(self.backend.seen, [])

    def test_bodies(self):
        for name, body in BAD_BODIES:
            with self.subTest(name), self.serve.client() as c:
                self.check_error(self.quote(c, body), 400)
        self.assertEqual(self.backend.seen, [])

    def test_spellings(self):
        for target in SPELLINGS:
            for body in (None, GOOD):
                with self.subTest(target), self.serve.client() as c:
                    method = "GET" if body is None else "POST"
                    self.check_error(c.ask(method, target, body), 400)
        self.assertEqual(self.backend.seen, [])

    def test_others_are_forwarded(self):
        for target in ("/tdx_quotes", "/a/tdx_quote", "/tdx-quote", "/tdx"):
            with self.subTest(target):
                a = self.serve.ask("POST", target, GOOD)
                self.assertEqual(a.json["path"], target)

    def test_half_closed(self):
        """A client that has asked may say goodbye and read on."""
        context = ssl.create_default_context(cafile=str(self.serve.ca))
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        with socket.create_connection(("127.0.0.1", self.serve.port),
                                      LIMIT_S) as s:
            def step(call):
                while True:
                    try:
                        return call()
                    except ssl.SSLWantReadError:
                        if outgoing.pending:
                            s.sendall(outgoing.read())
                        came = s.recv(65536)
                        self.assertNotEqual(came, b"", "cut")
                        incoming.write(came)

            step(tls.do_handshake)
            tls.write(b"POST /tdx_quote HTTP/1.1\r\nHost: localhost\r\n"
                      b"Content-Length: %d\r\n\r\n%s" % (len(GOOD), GOOD))
            with self.assertRaises(ssl.SSLWantReadError):  # theirs is to come
                tls.unwrap()
            s.sendall(outgoing.read())
            s.shutdown(socket.SHUT_WR)
            answer = b""
            while b"}" not in answer[-1:]:
                answer += step(lambda: tls.read(65536))
            self.assertIn(b'"success":true', answer)


class Life(Case):
    def test_unix_backend(self):
        path = SCRATCH / "backend.sock"
        with Backend(path) as backend, Serve(backend) as serve:
            self.assertEqual(serve.ask("GET", "/x").json["path"], "/x")

    def test_certificate_files(self):
        chain, key = SCRATCH / "chain.pem", SCRATCH / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(key), "-out",
             str(chain), "-days", "2", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        with Backend() as backend:
            serve = Serve(backend, "--cert", str(chain), "--key", str(key))
            at = serve.command.index("--self-signed")
            del serve.command[at:at + 2]
            with serve:
                self.assertEqual(serve.ca.read_bytes(), chain.read_bytes())
                self.assertEqual(serve.ask("GET", "/x").status, 200)

    def test_drain(self):
        with Backend() as backend, Serve(backend) as serve, \
                serve.client() as idle, serve.client() as busy:
            self.assertEqual(idle.ask("GET", "/1").status, 200)
            busy.send(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
            backend.wait_for(2)
            serve.process.send_signal(signal.SIGTERM)
            self.assertTrue(idle.ended())
            with self.assertRaises(OSError):
                serve.client()
            backend.go.set()
            a = busy.answer()
            self.assertEqual(a.body, b"at last")
            self.assertEqual(a.get("Connection"), "close")
            self.assertTrue(busy.ended())
            busy.tls.close()
            idle.tls.close()
            self.assertEqual(serve.process.wait(LIMIT_S), 0)

    def test_drain_is_over(self):
        with Backend() as backend, Serve(backend, "--drain", "0.3") as serve, \
                serve.client() as c:
            c.send(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
            backend.wait_for(1)
            started = time.monotonic()
            self.assertEqual(serve.stop(), 0)
            self.assertLess(time.monotonic() - started, 5)
            self.assertTrue(c.cut())

    def test_second_signal(self):
        with Backend() as backend, Serve(backend, "--drain", "60") as serve, \
                serve.client() as c:
            c.send(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
            backend.wait_for(1)
            serve.process.send_signal(signal.SIGINT)
            serve.log_line("stopping")
            self.assertEqual(serve.stop(), 0)

    def test_max_connections(self):
        """Who comes later waits, and is served then."""
        with Backend() as backend, \
                Serve(backend, "--max-connections", "2") as serve:
            first, second = serve.client(), serve.client()
            with socket.create_connection(("127.0.0.1", serve.port)) as s:
                s.settimeout(0.3)
                s.sendall(b"\x16\x03\x01")
                with self.assertRaises(TimeoutError):
                    s.recv(1)
            first.tls.close()
            self.assertEqual(serve.ask("GET", "/x").status, 200)
            second.tls.close()

    def test_log_json(self):
        with Backend() as backend, Serve(backend, "--log", "json") as serve:
            serve.ask("GET", "/x%22y")
        lines = [json.loads(line) for line in serve.log.splitlines()]
        events = {line["event"]: line for line in lines}
        self.assertEqual(events["listening"]["address"],
                         serve.ready["address"])
        self.assertEqual(events["request"]["path"], "/x%22y")
        self.assertIn("certificate announced", events)

    def test_announcing(self):
        nowhere = f"dstack:{SCRATCH}/none.sock"
        with Backend() as backend:
            serve = Serve(backend, "--announce", "required", quotes=nowhere)
            p = subprocess.run(serve.command, capture_output=True, text=True,
                               timeout=LIMIT_S)
            self.assertEqual(p.returncode, UNREADABLE, p.stderr)
            self.assertIn("cannot start", p.stderr)
            self.assertFalse(serve.ready_file.exists())
            with Serve(backend, quotes=nowhere) as serve:
                self.assertIn("warning: certificate not announced", serve.log)
            with Serve(backend, "--announce", "off", quotes=nowhere) as serve:
                self.assertNotIn("announced", serve.log)
            folder = SCRATCH / "tsm"
            folder.mkdir()
            with Serve(backend, quotes=f"configfs:{folder}") as serve:
                self.assertIn("info: certificate not announced", serve.log)


class CommandLine(Case):
    GOOD = ("--backend", "127.0.0.1:1", "--self-signed", "localhost",
            "--quotes", "dstack:/nowhere.sock")

    def serve(self, *args):
        p = subprocess.run([str(SERVE), *map(str, args)], capture_output=True,
                           text=True, timeout=LIMIT_S, env=clean_environment())
        return p.returncode, p.stdout, p.stderr

    def test_help_and_version(self):
        for args in (("--help",), ("-h",), ("--backend", "a:1", "--help")):
            code, out, err = self.serve(*args)
            self.assertEqual((code, err), (0, ""))
            self.assertTrue(out.startswith("Usage: assay-serve"))
        code, out, _ = self.serve("--version")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^assay-serve \d+\.\d+\.\d+\n$")

    def test_check(self):
        ready, pem = SCRATCH / "check.json", SCRATCH / "check.pem"
        code, _, err = self.serve(*self.GOOD, "--check", "--ready-file", ready,
                                  "--cert-out", pem)
        self.assertEqual((code, err), (0, ""))
        self.assertFalse(ready.exists() or pem.exists())

    def test_usage(self):
        for args, needle in (
                ((), "--backend is missing"),
                (("--backend", "localhost"), "--backend"),
                (("--backend", "a:1"), "--self-signed"),
                (("--backend", "a:1", "--cert", "x"), "go together"),
                ((*self.GOOD, "--cert", "x", "--key", "y"), "exclude"),
                ((*self.GOOD, "--listen", "x"), "--listen"),
                ((*self.GOOD, "--announce", "yes"), "--announce"),
                ((*self.GOOD, "--log", "xml"), "--log"),
                ((*self.GOOD, "--max-connections", "0"), "--max-connections"),
                ((*self.GOOD, "--max-body", "-1"), "--max-body"),
                ((*self.GOOD, "--drain", "soon"), "--drain"),
                ((*self.GOOD, "--quote-timeout", "0"), "--quote-timeout"),
                (("--self-signed", "a,,b"), "--self-signed"),
                ((*self.GOOD, "more"), "unexpected argument 'more'"),
                ((*self.GOOD, "--bakend"), "unknown option"),
                ((*self.GOOD, "--check=1"), "takes no value"),
                (("--backend",), "needs a value"),
                (("-x",), "unknown option '-x'")):
            with self.subTest(args):
                code, out, err = self.serve(*args)
                self.assertEqual((code, out), (USAGE, ""), err)
                self.assertEqual(err.count("\n"), 1)
                self.assertIn(needle, err)

    def test_what_cannot_be_used(self):
        cert = write("cert.pem", "nothing")
        taken = socket.create_server(("127.0.0.1", 0))
        at = "127.0.0.1:%d" % taken.getsockname()[1]
        for args, needle in (
                (("--backend", "a:1", "--cert", cert, "--key", cert),
                 "certificate"),
                (("--backend", "a:1", "--cert", "/none", "--key", cert),
                 "/none"),
                (("--backend", "a:1", "--self-signed", "no name"), "no name"),
                ((*self.GOOD, "--quotes", "magic"), "magic"),
                ((*self.GOOD, "--listen", at), "in use"),
                ((*self.GOOD, "--cert-out", "/none/x"), "/none/x"),
                ((*self.GOOD, "--listen", "127.0.0.1:0", "--ready-file",
                  "/none/x"), "/none/x")):
            with self.subTest(args):
                code, _, err = self.serve("--announce", "off", *args)
                self.assertEqual(code, UNREADABLE, err)
                self.assertIn(needle, err)
        taken.close()

    def test_by_assay(self):
        """assay serve, as git has it."""
        got = run("serve", "--version")
        self.assertEqual((got.code, got.out),
                         (0, self.serve("--version")[1]))
        self.assertEqual(run("serve").code, USAGE)
        self.assertIn("\n  serve ", run("--help").out)
        for word in ("../bin/assay-serve", "./serve", "nothing", "-serve"):
            self.assertEqual(run(word, "--version").code, USAGE, word)

    def test_by_assay_from_libexec(self):
        prefix = SCRATCH / "prefix"
        (prefix / "bin").mkdir(parents=True)
        (prefix / "libexec/assay").mkdir(parents=True)
        shutil.copy(ASSAY, prefix / "bin/assay")
        script = prefix / "libexec/assay/assay-serve"
        script.write_text("#!/bin/sh\necho \"$@\"\n")
        for mode, want in ((0o755, "a b\n"), (0o644, "")):
            script.chmod(mode)
            p = subprocess.run([str(prefix / "bin/assay"), "serve", "a", "b"],
                               capture_output=True, text=True, timeout=LIMIT_S)
            self.assertEqual(p.stdout, want, p.stderr)
            self.assertEqual(p.returncode, 0 if want else USAGE)


if __name__ == "__main__":
    for program in (SERVE, SIM, ASSAY):
        if not program.exists():
            print(f"SKIPPED everything: {program} is not there")
            sys.exit(77)
    with Sim(now=None) as SIMULATOR:
        harness.main()
