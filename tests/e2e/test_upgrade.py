# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Switching protocols through assay-serve: only where both sides agree, and
then octets both ways, each direction with an end of its own."""
import hashlib
import os
import socket
import sys
import time
import urllib.request

import harness
from harness import Case, UNREADABLE
from raw_backend import OK, HalfClosing, Plane, RawBackend, request
from test_serve import SERVE

ASKS = (("Connection", "Upgrade"), ("Upgrade", "websocket"))
AGREES = (b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
          b"Upgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n")
MIB = 1 << 20


class Plain(Case):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.backend = cls.enterClassContext(RawBackend())
        cls.serve = cls.enterClassContext(Plane(cls.backend, *cls.options))

    def switched(self, client, fields=ASKS):
        client.send(request(target="/chat", fields=fields))
        peer = self.backend.accept()
        line, got = peer.head()
        self.assertEqual(line, "GET /chat HTTP/1.1")
        self.assertEqual([v for n, v in got if n == "upgrade"], ["websocket"])
        self.assertEqual([v for n, v in got if n == "connection"], ["upgrade"])
        peer.send(AGREES)
        return peer

    def client(self):
        return self.enterContext(self.serve.client())


class Switched(Plain):
    def test_both_ways(self):
        client = self.client()
        peer = self.switched(client)
        answer = client.answer_head()
        self.assertEqual((answer.status, answer.get("Upgrade"),
                          answer.get("Connection"),
                          answer.get("Sec-WebSocket-Accept")),
                         (101, "websocket", "upgrade", "x"))
        for i in range(3):
            client.send(b"\x81\x00ping%d" % i)
            self.assertEqual(peer.exactly(7), b"\x81\x00ping%d" % i)
            peer.send(b"\0pong%d" % i)
            self.assertEqual(client.exactly(6), b"\0pong%d" % i)
        # What looks like HTTP is none any more.
        quote = request("POST", "/tdx_quote", [("Content-Length", 0)])
        client.send(quote)
        self.assertEqual(peer.exactly(len(quote)), quote)
        peer.send(OK)
        self.assertEqual(client.exactly(len(OK)), OK)
        self.assertIn("status=101", self.serve.log_line("end=switched"))

    def test_octets_right_behind(self):
        """Sent before the other side has agreed: early, and not lost."""
        client = self.client()
        client.send(request(fields=ASKS), b"early")
        peer = self.backend.accept()
        peer.head()
        peer.send(AGREES + b"at once")
        client.answer_head()
        self.assertEqual(client.exactly(7), b"at once")
        self.assertEqual(peer.exactly(5), b"early")

    def test_the_backend_ends_first(self):
        client = self.client()
        peer = self.switched(client)
        client.answer_head()
        peer.send(b"last words")
        peer.shutdown()
        self.assertEqual(client.exactly(10), b"last words")
        self.assertFalse(client.more())  # TLS's goodbye
        client.send(b"answer")
        self.assertEqual(peer.exactly(6), b"answer")
        client.tls.unwrap()
        self.assertTrue(peer.ended())

    def test_the_client_ends_first(self):
        with HalfClosing(self.serve) as client:
            client.send(request(fields=ASKS))
            peer = self.backend.accept()
            peer.head()
            peer.send(AGREES)
            self.assertIn(b"101", client.read())
            client.send(b"last words")
            client.goodbye()
            self.assertEqual(peer.rest(), b"last words")
            peer.send(b"answer")
            peer.close()
            self.assertEqual(client.read(), b"answer")
            self.assertEqual(client.read(), b"")

    def test_the_client_is_cut_off(self):
        client = self.client()
        peer = self.switched(client)
        client.answer_head()
        client.send(b"half a mess")
        peer.exactly(11)
        client.tls.close()  # without a goodbye
        self.assertTrue(peer.ended())

    def test_the_backend_is_cut_off(self):
        client = self.client()
        peer = self.switched(client)
        client.answer_head()
        client.send(b"unread")  # closing resets then
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             b"\1\0\0\0\0\0\0\0")
        peer.close()
        self.assertTrue(client.cut())

    def test_back_pressure(self):
        """Much more than anybody holds, to one who does not read yet."""
        data = os.urandom(MIB)
        want = hashlib.sha256(data).hexdigest()
        client = self.client()
        peer = self.switched(client)
        client.answer_head()
        peer.sock.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            for _ in range(64):
                peer.send(data)
        self.assertEqual(hashlib.sha256(client.exactly(len(data))).hexdigest(),
                         want)


class Stuck(Plain):
    """The backend reads nothing, until the client has gone."""

    options = ("--admin", "127.0.0.1:0", "--drain", "0.5")
    piece = os.urandom(8192)

    def received(self):
        """Octets that assay-serve has had from its clients."""
        name = "assay_serve_received_bytes_total "
        with urllib.request.urlopen(
                f"http://{self.serve.ready['admin']}/metrics") as page:
            return next(int(line[len(name):])
                        for line in page.read().decode().splitlines()
                        if line.startswith(name))

    def is_taken(self, client, count=1):
        """Sends some more, to see whether all of it is read."""
        before = self.received()
        client.send(count * self.piece)
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            if self.received() >= before + count * len(self.piece):
                return True
        return False

    def most(self, *before, count):
        """How often so many pieces are read before it has to stop."""
        client = self.client()
        self.switched(client)
        client.answer_head()
        for n in before:
            self.is_taken(client, n)
        return next(n for n in range(1024)
                    if not self.is_taken(client, count))

    def test_nothing_is_lost_at_the_end(self):
        """Some octets still wait in here when the client says goodbye."""
        many = self.most(count=32) * 32 - 32
        counts = [many] + [1] * (self.most(many, count=1) - 2)
        for first in ("backend", "client"):
            with self.subTest(first), HalfClosing(self.serve) as client:
                client.send(request(fields=ASKS))
                peer = self.backend.accept()
                peer.head()
                peer.send(AGREES)
                self.assertIn(b"101", client.read())
                if first == "backend":
                    peer.shutdown()
                    self.assertEqual(client.read(), b"")
                sent = 0
                for n in counts:
                    sent += n
                    if not self.is_taken(client, n):
                        break  # the system has less room than before
                client.goodbye()
                if first == "client":
                    peer.shutdown()
                    self.assertEqual(client.read(), b"")
                client.sock.close()
                time.sleep(0.1)
                self.assertTrue(peer.rest() == sent * self.piece)


class NotSwitched(Plain):
    """The request goes on as one that asks for nothing."""

    options = ("--backend-pool", "0")

    def test_requests(self):
        for name, how in (
                ("several protocols", {"fields": [
                    ("Connection", "Upgrade"), ("Upgrade", "websocket, x")]}),
                ("several fields", {"fields": [
                    *ASKS, ("Upgrade", "websocket")]}),
                ("not allowed", {"fields": [
                    ("Connection", "Upgrade"), ("Upgrade", "other")]}),
                ("h2c", {"fields": [
                    ("Connection", "Upgrade, HTTP2-Settings"),
                    ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABk")]}),
                ("h2c, settings not named", {"fields": [
                    ("Connection", "Upgrade"), ("Upgrade", "h2c"),
                    ("HTTP2-Settings", "AAMAAABk")]}),
                ("h2c beside it", {"fields": [
                    ("Connection", "Upgrade"), ("Upgrade", "h2c, websocket")]}),
                ("not named by Connection", {"fields": ASKS[1:]}),
                ("named alone", {"fields": ASKS[:1]}),
                ("empty", {"fields": [("Connection", "Upgrade"),
                                      ("Upgrade", "")]}),
                ("with a body", {"method": "POST", "body": b"ab", "fields": [
                    *ASKS, ("Content-Length", 2)]}),
                ("with chunks", {"method": "POST", "body": b"0\r\n\r\n",
                                 "fields": [*ASKS, ("Transfer-Encoding",
                                                    "chunked")]}),
                ("1.0", {"version": "1.0", "fields": ASKS})):
            with self.subTest(name), self.serve.client() as client:
                client.send(request(**how))
                peer = self.backend.accept()
                fields = peer.head()[1]
                names = [n for n, _ in fields]
                self.assertNotIn("upgrade", names)
                self.assertNotIn("http2-settings", names)
                self.assertEqual([v for n, v in fields if n == "connection"],
                                 ["close"])
                peer.send(AGREES)  # unasked
                self.assertEqual(client.answer().status, 502)

    def test_other_agreements(self):
        for name, answer in (
                ("to something else", AGREES.replace(b"websocket", b"h2c")),
                ("to several", AGREES.replace(b"websocket", b"websocket, x")),
                ("without Upgrade", AGREES.replace(
                    b"Upgrade: websocket\r\n", b"")),
                ("without Connection", AGREES.replace(
                    b"Connection: Upgrade\r\n", b"")),
                ("1.0", AGREES.replace(b"1.1", b"1.0")),
                ("with a length", AGREES.replace(
                    b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n")),
                ("with chunks", AGREES.replace(
                    b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n"))):
            with self.subTest(name), self.serve.client() as client:
                client.send(request(fields=ASKS))
                peer = self.backend.accept()
                peer.head()
                peer.send(answer + b"octets")
                self.assertEqual(client.answer().status, 502)
                self.assertEqual(peer.rest(), b"")

    def test_refused_by_the_backend(self):
        """Then it was an ordinary request."""
        with self.serve.client() as client:
            for _ in range(2):
                client.send(request(fields=ASKS))
                peer = self.backend.accept()
                peer.head()
                peer.send(b"HTTP/1.1 426 Upgrade Required\r\n"
                          b"Content-Length: 2\r\n\r\nno")
                self.assertEqual(client.answer().body, b"no")


class Configured(Case):
    def test_others_and_none(self):
        for option, protocol, passes in (
                ("off", "websocket", False), ("my-own/1", "my-own/1", True),
                ("a,b", "b", True), ("a,b", "websocket", False)):
            with self.subTest(option), RawBackend() as backend, \
                    Plane(backend, "--upgrade", option) as serve, \
                    serve.client() as client:
                client.send(request(fields=[("Connection", "upgrade"),
                                            ("Upgrade", protocol)]))
                names = [n for n, _ in backend.accept().head()[1]]
                self.assertEqual("upgrade" in names, passes)

    def test_refused(self):
        for option in ("h2c", "websocket,h2c", "HTTP/2.0", "TLS/1.3", "a b",
                       "a/", "/1"):
            with self.subTest(option), RawBackend() as backend:
                serve = Plane(backend, "--upgrade", option)
                with self.assertRaises(AssertionError):
                    serve.__enter__()
                self.assertNotEqual(serve.process.wait(), UNREADABLE)
                self.assertIn("--upgrade", serve.log)

    def test_silence(self):
        with RawBackend() as backend, \
                Plane(backend, "--upgrade-idle", "0.3", "--idle-timeout",
                      "0.1") as serve, serve.client() as client:
            client.send(request(fields=ASKS))
            peer = backend.accept()
            peer.head()
            peer.send(AGREES)
            client.answer_head()
            self.assertTrue(client.cut())
            self.assertTrue(peer.ended())


del Plain  # is no test

if __name__ == "__main__":
    if not SERVE.exists():
        print(f"SKIPPED everything: {SERVE} is not there")
        sys.exit(77)
    harness.main()
