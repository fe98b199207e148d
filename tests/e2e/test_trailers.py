# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Trailers through assay-serve, both ways: what may stand there is passed on,
and nothing that only a head may say."""
import sys

import harness
from harness import Case
from raw_backend import OK, Plane, RawBackend, request
from test_serve import SERVE

CHUNKED = [("Transfer-Encoding", "chunked")]
WANTED = [("TE", "trailers"), ("Connection", "TE")]
# name, does it pass
NAMES = (
    ("X-Sum", True), ("Server-Timing", True), ("grpc-status", True),
    ("Content-Length", False), ("Transfer-Encoding", False), ("Host", False),
    ("Authorization", False), ("Cookie", False), ("Set-Cookie", False),
    ("Connection", False), ("TE", False), ("Trailer", False),
    ("Content-Type", False), ("Location", False), ("Upgrade", False),
    ("X-Assay-Peer-Trusted", False), ("X-TLS-EKM-Channel-Binding", False),
    ("X_Tls_Ekm_Channel_Binding", False), ("X-Forwarded-For", False),
    ("x_forwarded_for", False), ("x.assay~peer", False),
    ("Content.Length", False), ("Forwarded", False), ("X-Real-IP", False))


def lines(*names):
    return b"".join(b"%s: 1\r\n" % name.encode() for name in names)


class Trailers(Case):
    @classmethod
    def setUpClass(cls):
        cls.backend = cls.enterClassContext(RawBackend())
        cls.serve = cls.enterClassContext(
            Plane(cls.backend, "--backend-pool", "0"))

    def up(self, trailers):
        """What the backend gets behind the body."""
        with self.serve.client() as client:
            client.send(request("POST", "/", CHUNKED,
                                b"2\r\nhi\r\n0\r\n" + trailers + b"\r\n"))
            peer = self.backend.accept()
            head = peer.head()[1]
            peer.until(b"2\r\nhi\r\n0\r\n")
            got = b""
            while not got.endswith(b"\r\n\r\n") and got != b"\r\n":
                got += peer.until(b"\r\n")
            peer.send(OK)
            self.assertEqual(client.answer().status, 200)
            return head, got.removesuffix(b"\r\n")

    def down(self, trailers, fields, version="1.1"):
        """What the client gets: fields, and what stands behind the body."""
        with self.serve.client() as client:
            client.send(request(fields=fields, version=version))
            peer = self.backend.accept()
            asked = peer.head()[1]
            peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                      b"Trailer: X-Sum\r\n\r\n2\r\nhi\r\n0\r\n" + trailers +
                      b"\r\n")
            head = client.until(b"\r\n\r\n")
            end = b"hi" if version == "1.0" else b"\r\n\r\n"
            while not client.waiting.endswith(end):
                self.assertTrue(client.more())
            return asked, head, client.waiting

    def test_up(self):
        for name, passes in NAMES:
            with self.subTest(name):
                self.assertEqual(self.up(lines(name))[1],
                                 lines(name) if passes else b"")

    def test_down(self):
        for name, passes in NAMES:
            with self.subTest(name):
                got = self.down(lines(name), WANTED)[2]
                self.assertEqual(got, b"2\r\nhi\r\n0\r\n" +
                                 (lines(name) if passes else b"") + b"\r\n")

    def test_only_to_those_who_want_them(self):
        asked, head, got = self.down(lines("X-Sum"), ())
        self.assertEqual(got, b"2\r\nhi\r\n0\r\n\r\n")
        self.assertNotIn(b"Trailer", head)
        self.assertEqual([v for n, v in asked if n in ("te", "trailer")], [])
        asked, head, got = self.down(lines("X-Sum"), WANTED)
        self.assertIn(b"Trailer: X-Sum", head)
        self.assertIn(("te", "trailers"), asked)
        self.assertIn(("connection", "TE, close"), asked)

    def test_not_to_1_0(self):
        head, got = self.down(lines("X-Sum"), WANTED, "1.0")[1:]
        self.assertNotIn(b"Trailer", head)
        self.assertEqual(got, b"hi")

    def test_announced_only_with_chunks(self):
        with self.serve.client() as client:
            client.send(request("POST", "/", [("Trailer", "X-Sum"),
                                              ("Content-Length", "2")], b"hi"))
            peer = self.backend.accept()
            self.assertNotIn("trailer", [n for n, _ in peer.head()[1]])
        self.assertIn(("trailer", "X-Sum"), self.announced())

    def announced(self):
        with self.serve.client() as client:
            client.send(request("POST", "/", [("Trailer", "X-Sum"), *CHUNKED],
                                b"0\r\n\r\n"))
            return self.backend.accept().head()[1]

    def test_limits(self):
        self.assertEqual(len(self.up(lines(*["X-Sum"] * 800))[1]), 800 * 10)
        for trailers in (lines(*["X-Sum"] * 900), b"X: " + b"x" * 9000 +
                         b"\r\n", b"X : 1\r\n", b"X\r\n", b" X: 1\r\n",
                         b"X: \0\r\n", b"X: 1\n"):
            with self.subTest(trailers[:20]), self.serve.client() as client:
                client.send(request("POST", "/", CHUNKED))
                peer = self.backend.accept()
                client.send(b"0\r\n", trailers, b"\r\n")
                self.assertEqual(client.answer().status, 400)
                self.assertTrue(client.ended())
                self.assertNotIn(b"0\r\n", peer.rest().partition(
                    b"\r\n\r\n")[2])


if __name__ == "__main__":
    if not SERVE.exists():
        print(f"SKIPPED everything: {SERVE} is not there")
        sys.exit(77)
    harness.main()
