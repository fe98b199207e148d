# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What earlier clients of this kind did to requests, responses and connections,
each as a test; and what a client that is no SDK may want of HTTP."""
import contextlib
import json
import re
import threading

import proxy_peer
from bridge_peer import Tunnel
from proxy_peer import KEY, Proxy, ProxyCase, Tee, base_url, wait_until
from raw_backend import OK, RawBackend
from smuggling import BODIES, MALFORMED, NEXT, get
from test_get import sha256
from test_smuggling import Recorder

MIB = 1 << 20
CLOSE = get("Connection: close\r\n", "GET /next HTTP/1.1")


class HttpCase(ProxyCase):
    """One proxy for all tests of a class; its provider has what backend.py has."""

    options = ()

    @classmethod
    def setUpClass(cls):
        cls.world.reset()
        cls.gate = cls.enterClassContext(
            Proxy(cls.world, *cls.options,
                  codex=cls.world.codex_config(wire_api="responses")))

    def get(self, path, method="GET", **how):
        return self.gate.ask(method, self.gate.path() + path, **how)

    @property
    def last(self):
        return self.model.requests[-1]


class Requests(HttpCase):
    def test_methods_and_bodies(self):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            for body in (None, b"", b"x" * 5000):
                if body and method in ("GET", "DELETE", "OPTIONS"):
                    continue
                answer = self.check_ok(self.get("/echo?a=b&c", method,
                                                body=body))
                self.assertEqual(
                    (answer.json["method"], answer.json["path"],
                     answer.json["body"]),
                    (method, "/echo?a=b&c", (body or b"").decode()))

    def test_fields_pass_but_for_those_of_a_hop(self):
        answer = self.check_ok(self.get("/echo", "POST", body=b"x", fields=[
            ("Authorization", f"Bearer {KEY}"), ("OpenAI-Beta", "x=1"),
            ("X-Custom", "caf\xe9"), ("Accept", "text/event-stream"),
            ("Connection", "X-Hop"), ("X-Hop", "1"), ("Keep-Alive", "1"),
            ("TE", "gzip"), ("Proxy-Authorization", "Basic s3cret"),
            ("x-assay-token", "s3cret"), ("X_Assay_Attestation", "x")]))
        names = [n.lower() for n, _ in answer.json["fields"]]
        fields = {n.lower(): v for n, v in answer.json["fields"]}
        self.assertEqual(fields["authorization"], f"Bearer {KEY}")
        self.assertEqual(fields["openai-beta"], "x=1")
        self.assertEqual(fields["x-custom"], "caf\xe9")
        self.assertEqual(fields["accept"], "text/event-stream")
        for name in ("x-hop", "keep-alive", "te", "proxy-authorization",
                     "x-assay-token", "x_assay_attestation"):
            self.assertNotIn(name, names)
        self.assertEqual(names.count("host"), 1)

    def test_a_chunked_body(self):
        """It keeps its framing, and the next request is not taken for its
        rest."""
        with self.gate.client() as c:
            for i in range(3):
                c.send(f"POST {self.gate.path()}/echo?{i} HTTP/1.1\r\n"
                       f"Host: {c.host}\r\nTransfer-Encoding: chunked\r\n\r\n"
                       .encode(), b"5;ext=1\r\nhello\r\n", b"6\r\n world\r\n",
                       b"0\r\n\r\n")
                answer = self.check_ok(c.final())
                self.assertEqual((answer.json["path"], answer.json["body"]),
                                 (f"/echo?{i}", "hello world"))

    def test_large_bodies(self):
        body = self.model.server.noise * 20
        answer = self.check_ok(self.get("/sink", "POST", body=body))
        want = sha256(body)
        self.assertEqual(answer.body.decode(), want)
        answer = self.check_ok(self.get(f"/big?{20 * MIB}"))
        self.assertEqual(sha256(answer.body),
                         self.model.big(20 * MIB))

    def test_continue(self):
        with self.gate.client() as c:
            c.send(f"POST {self.gate.path()}/echo HTTP/1.1\r\n"
                   f"Host: {c.host}\r\nContent-Length: 4\r\n"
                   "Expect: 100-continue\r\n\r\n".encode())
            self.assertEqual(c.answer_head().status, 100)
            c.send(b"body")
            self.assertEqual(self.check_ok(c.final()).json["body"], "body")
            c.send(f"POST {self.gate.path()}/expectations HTTP/1.1\r\n"
                   f"Host: {c.host}\r\nContent-Length: 4\r\n"
                   "Expect: 100-continue\r\n\r\n".encode())
            self.assertEqual(c.answer().status, 417)

    def test_pipelined(self):
        with self.gate.client() as c:
            for i in range(5):
                c.say("GET", f"{self.gate.path()}/echo?{i}")
            self.assertEqual([c.final().json["path"] for _ in range(5)],
                             [f"/echo?{i}" for i in range(5)])


class Responses(HttpCase):
    def test_those_without_a_body(self):
        """No body is waited for, and the connection goes on."""
        with self.gate.client() as c:
            for method, path, status in (
                    ("GET", "/no-content", 204), ("GET", "/not-modified", 304),
                    ("HEAD", "/big?1000", 200), ("HEAD", "/echo", 200),
                    ("GET", "/big?0", 200)):
                with self.subTest(path):
                    answer = c.ask(method, self.gate.path() + path)
                    self.check_ok(answer, status)
                    self.assertEqual(answer.body, b"")
            self.check_ok(c.ask("GET", self.gate.path() + "/echo"))

    def test_interim(self):
        """1xx is not the answer."""
        with self.gate.client() as c:
            c.say("GET", self.gate.path() + "/interim")
            early = c.answer_head()
            self.assertEqual((early.status, early.get("Link")), (103, "</a>"))
            self.assertIsNone(early.get("x-assay-attestation"))
            self.assertEqual(self.check_ok(c.final()).body, b"final")

    def test_all_framings(self):
        for path, want in (("/chunked", b"hello world"),
                           ("/until-close", b"until the end"),
                           ("/binary", bytes(range(256)))):
            self.assertEqual(self.check_ok(self.get(path)).body, want)

    def test_trailers(self):
        with self.gate.client() as c:
            c.say("GET", self.gate.path() + "/chunked", fields=[
                ("TE", "trailers"), ("Connection", "TE")])
            head = c.answer_head()
            self.assertEqual(head.get("Trailer"), "X-Sum")
            self.assertEqual(c.until(b"\r\n0\r\n").count(b"hello"), 1)
            self.assertEqual(c.until(b"\r\n\r\n"), b"X-Sum: 1\r\n\r\n")

    def test_every_cookie(self):
        answer = self.check_ok(self.get("/cookies"))
        self.assertEqual([v for n, v in answer.fields
                          if n.lower() == "set-cookie"],
                         ["a=1; Path=/", "b=2; Path=/"])

    def test_what_a_server_says_of_itself(self):
        """That it is attested is the proxy's to say; that there is another way
        to it nobody's."""
        answer = self.check_ok(self.get("/claims"))
        names = [n.lower() for n, _ in answer.fields]
        self.assertEqual(names.count("x-assay-attestation"), 1)
        self.assertNotIn("x-assay-anything", names)
        self.assertNotIn("alt-svc", names)

    def test_a_body_that_is_cut_is_no_success(self):
        for path in ("/dies", "/dies-chunked"):
            with self.subTest(path), self.gate.client() as c:
                c.say("GET", self.gate.path() + path)
                with self.assertRaises((AssertionError, OSError)):
                    c.final()
        self.assertEqual([x["end"] for x in self.gate.audit[-2:]],
                         ["cut", "cut"])

    def test_garbage(self):
        for path in ("/garbage", "/two-lengths"):
            answer = self.get(path)
            self.check_error_of_upstream(answer, 502)

    def check_error_of_upstream(self, answer, status):
        """What assay-serve makes of it passes; it is attested."""
        self.assertEqual(answer.status, status)
        self.check_attested(answer)

    def test_an_answer_before_the_body_was_read(self):
        with self.gate.client() as c:
            c.send(f"POST {self.gate.path()}/early HTTP/1.1\r\n"
                   f"Host: {c.host}\r\nContent-Length: {64 * MIB}\r\n\r\n"
                   .encode())
            answer = c.final()
            self.assertEqual((answer.status, answer.body), (413, b"no!"))


class Streams(HttpCase):
    def begin(self, c, text="SAY a b c d", **more):
        c.say("POST", self.gate.path() + "/chat/completions", json.dumps({
            "model": "do-held", "stream": True, **more,
            "messages": [{"role": "user", "content": text}]}).encode())

    def test_events_come_when_they_are_sent(self):
        with self.gate.client() as c:
            self.begin(c)
            head = c.answer_head()
            self.check_ok(head)
            self.assertEqual(head.get("Content-Type"), "text/event-stream")
            events = c.events()
            for n in range(1, 5):
                self.model.let_go(1)
                next(events)
                self.model.wait_for(events=n)
            self.model.let_go(100)
            self.assertEqual(list(events)[-1], (None, "[DONE]"))

    def test_a_client_that_leaves_ends_the_work(self):
        for let in (0, 2):
            with self.subTest(let):
                self.world.reset()
                with self.gate.client() as c:
                    self.begin(c)
                    self.model.wait_for(open=1)
                    self.model.let_go(let)
                    self.model.wait_for(events=let)
                self.model.wait_for(open=0, aborted=1)

    def test_a_slow_reader_slows_the_server(self):
        """What waits is bounded, here and there."""
        size = 32 * MIB
        before = self.memory()
        with self.gate.client(receive_buffer=4096) as c:
            self.begin(c, model=f"do-flood-{size}")
            c.answer_head()
            self.model.wait(stalled=1)
            self.assertLess(self.model.numbers["sent"], size // 2)
            self.assertLess(self.memory() - before, 16 << 10)
            got = sum(len(data) for _, data in c.events())
        self.assertGreater(got, size)
        self.model.wait_for(open=0, finished=1)

    def memory(self):
        status = proxy_peer.pathlib.Path(
            f"/proc/{self.gate.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def test_a_websocket(self):
        with self.gate.client() as c:
            request = (
                f"GET {self.gate.path()}/realtime?model=m HTTP/1.1\r\n"
                f"Host: {c.host}\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                f"Authorization: Bearer {KEY}\r\n\r\n").encode()
            t = Tunnel(c.sock, request)
            self.assertIn("verified; tcb=UpToDate",
                          t.head.get("x-assay-attestation"))
            for payload in (b"x", b"y" * 70000):
                t.send(payload)
                self.assertEqual(t.message(), payload)
            self.assertEqual(self.last.get("Authorization"), f"Bearer {KEY}")
            self.assertEqual(t.finish(), 1000)
        self.model.wait_for(open=0)
        wait_until(lambda: self.gate.audit[-1]["end"] == "switched",
                   "its line in the audit log")


class Smuggling(ProxyCase):
    """Requests that two readers could read in two ways (smuggling.py): refused, and
    nothing of them, nor behind them, is acted upon."""

    @classmethod
    def setUpClass(cls):
        cls.backend = cls.enterClassContext(Recorder())
        tee = cls.enterClassContext(Tee(cls.backend, "--backend-pool", "0"))
        cls.gate = cls.enterClassContext(Proxy(
            cls.world, "--ca", tee.ca,
            codex=cls.world.codex_config(base_url=base_url(tee))))

    def send(self, octets):
        """What is answered to it, with another request behind it."""
        self.backend.seen.clear()
        for there, here in ((" / ", f" {self.gate.path()}/ "),
                            (" /next ", f" {self.gate.path()}/next "),
                            ("Host: localhost\r\n",
                             f"Host: localhost:{self.gate.port}\r\n")):
            octets = octets.replace(there, here)
        with self.gate.client() as c:
            c.send(octets.encode("latin-1"))
            statuses = []
            with contextlib.suppress(AssertionError, OSError, ValueError):
                while True:
                    statuses.append(c.answer().status)
        self.assertEqual(self.backend.wrong, [])
        return statuses

    def test_refused(self):
        for name, octets in (*MALFORMED, *BODIES):
            with self.subTest(name):
                self.assertIn(self.send(octets + NEXT), ([400], [413]))
                self.assertEqual(self.backend.seen, [])

    def test_what_is_good_is_not(self):
        self.assertEqual(self.send(NEXT * 2 + CLOSE), [200] * 3)
        self.assertEqual(self.backend.seen,
                         [("GET /v1/next HTTP/1.1", "")] * 3)


class Bodies(ProxyCase):
    """Octet by octet: nothing waits for the rest of it."""

    def setUp(self):
        super().setUp()
        self.backend = self.enterContext(RawBackend())
        self.serve = self.enterContext(Tee(self.backend))
        self.gate = self.proxy("--ca", self.serve.ca, codex=(
            self.world.codex_config(
                base_url=base_url(self.serve))))

    def test_a_request_is_not_collected(self):
        with self.gate.client() as c:
            c.send(f"POST {self.gate.path()}/x HTTP/1.1\r\nHost: {c.host}\r\n"
                   "Content-Length: 10\r\n\r\n01234".encode())
            peer = self.backend.accept()
            self.assertEqual(peer.head()[0], "POST /v1/x HTTP/1.1")
            self.assertEqual(peer.exactly(5), b"01234")
            c.send(b"56789")
            self.assertEqual(peer.exactly(5), b"56789")
            peer.send(OK)
            self.assertEqual(self.check_ok(c.final()).body, b"ok")

    def test_both_ways_at_once(self):
        with self.gate.client() as c:
            c.send(f"POST {self.gate.path()}/x HTTP/1.1\r\nHost: {c.host}\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n".encode())
            peer = self.backend.accept()
            peer.head()
            peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            self.check_ok(c.answer_head())
            for i in range(5):
                c.send(b"1\r\n%d\r\n" % i)
                self.assertEqual(peer.until(b"\r\n"), b"1\r\n")
                self.assertEqual(peer.exactly(3), b"%d\r\n" % i)
                peer.send(b"1\r\n%d\r\n" % i)
                self.assertEqual(c.until(b"\r\n"), b"1\r\n")
                self.assertEqual(c.exactly(3), b"%d\r\n" % i)

    def test_a_slow_server_slows_the_client(self):
        """A body that nobody takes is not taken from its client."""
        size = 48 * MIB
        with self.gate.client() as c:
            c.send(f"POST {self.gate.path()}/x HTTP/1.1\r\nHost: {c.host}\r\n"
                   f"Content-Length: {size}\r\n\r\n".encode())
            peer = self.backend.accept()
            peer.head()
            c.sock.settimeout(1)
            sent = 0
            with self.assertRaises(TimeoutError):
                while sent < size:
                    sent += c.sock.send(b"x" * 65536)
            c.sock.settimeout(proxy_peer.LIMIT_S)
            rest = threading.Thread(target=c.sock.sendall, args=(
                b"x" * (size - sent),))
            rest.start()
            got = len(peer.waiting)
            while got < size:
                got += len(peer.sock.recv(1 << 16))
            rest.join()
            peer.send(OK)
            self.check_ok(c.final())



if __name__ == "__main__":
    proxy_peer.main()
