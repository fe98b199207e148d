# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Who a client is: PROXY headers in and out, X-Forwarded-*, and what one
address or one connection may take."""
import contextlib
import socket
import ssl
import sys

import harness
from harness import Case
from raw_backend import OK, Plane, RawBackend, request
from test_serve import LIMIT_S, SERVE

V2 = b"\r\n\r\n\0\r\nQUIT\n"
SOURCE = b"\x0a\x01\x02\x03\xc0\xa8\0\1\x04\xd2\x01\xbb"  # 10.1.2.3:1234
GOOD_V1 = b"PROXY TCP4 10.1.2.3 192.168.0.1 1234 443\r\n"
FORWARDED = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host",
             "x-forwarded-port")


class Behind:
    """A client of TLS behind these octets."""

    def __init__(self, serve, preface, pieces=None):
        context = ssl.create_default_context(cafile=str(serve.ca))
        self.plain = socket.create_connection(("127.0.0.1", serve.port),
                                              LIMIT_S)
        for i in range(0, len(preface), pieces or len(preface) or 1):
            self.plain.sendall(preface[i:i + (pieces or len(preface))])
        try:
            self.tls = context.wrap_socket(self.plain,
                                           server_hostname="localhost")
        except BaseException:
            self.plain.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.tls.close()


class Rigged(Case):
    """A backend, and a server with these options for each test."""

    def rig(self, *options):
        stack = self.enterContext(contextlib.ExitStack())
        self.backend = stack.enter_context(RawBackend())
        self.serve = stack.enter_context(
            Plane(self.backend, "--backend-pool", "0", *options))

    def forwarded(self, fields=(), send=None):
        """What the backend gets of these fields."""
        with self.serve.client() as client:
            (send or client.send)(request(fields=fields))
            peer = self.backend.accept()
            got = {}
            for name, value in peer.head()[1]:
                if name.replace("_", "-") in FORWARDED:
                    self.assertNotIn(name, got)
                    got[name] = value
            return got


class Forwarded(Rigged):
    OURS = {"x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "https",
            "x-forwarded-host": "localhost", "x-forwarded-port": "443"}
    THEIRS = [("X-Forwarded-For", "6.6.6.6"), ("x-forwarded-for", "7.7.7.7"),
              ("X-Forwarded-Proto", "http"), ("X-Forwarded-Host", "evil"),
              ("X-Forwarded-Port", "1"), ("X_Forwarded_For", "8.8.8.8"),
              ("Forwarded", "for=6.6.6.6"), ("X-Real-IP", "6.6.6.6")]

    def test_of_strangers(self):
        self.rig("--trust-forwarded", "10.0.0.0/8")
        self.assertEqual(self.forwarded(), self.OURS)
        self.assertEqual(self.forwarded(self.THEIRS), self.OURS)

    def test_of_proxies(self):
        self.rig("--trust-forwarded", "10.0.0.0/8, 127.0.0.0/8")
        self.assertEqual(self.forwarded(), self.OURS)
        self.assertEqual(self.forwarded(self.THEIRS), {
            "x-forwarded-for": "6.6.6.6, 7.7.7.7, 127.0.0.1",
            "x-forwarded-proto": "http", "x-forwarded-host": "evil",
            "x-forwarded-port": "1"})
        twice = [("X-Forwarded-Proto", "http"), ("X-Forwarded-Proto", "ftp")]
        self.assertEqual(self.forwarded(twice), self.OURS)

    def test_what_only_we_say(self):
        """Not even a proxy may."""
        self.rig("--trust-forwarded", "127.0.0.1")
        with self.serve.client() as client:
            client.send(request(fields=[
                ("X-Assay-Peer-Trusted", "1"), ("x_assay_peer", "1"),
                ("X-TLS-EKM-Channel-Binding", "00:00"),
                ("X-Tls_Ekm-Channel_Binding", "00:00"),
                ("Forwarded", "for=6.6.6.6"), ("X-Real-IP", "6.6.6.6"),
                ("Proxy", "http://6.6.6.6")]))
            names = {n for n, _ in self.backend.accept().head()[1]}
            self.assertEqual(names, {"host", "connection", *FORWARDED})

    def test_refused(self):
        for option in ("10.0.0.1/8", "localhost", "10.0.0.0/40"):
            serve = Plane("127.0.0.1:1", "--trust-forwarded", option)
            with self.subTest(option), self.assertRaises(AssertionError):
                serve.__enter__()
            self.assertIn("--trust-forwarded", serve.log)


class ProxyIn(Rigged):
    def test_good(self):
        self.rig("--proxy-protocol")
        for name, preface, want in (
                ("v1", GOOD_V1, "10.1.2.3"),
                ("v2", V2 + b"\x21\x11\0\x0c" + SOURCE, "10.1.2.3"),
                ("v2 with TLVs", V2 + b"\x21\x11\0\x14" + SOURCE +
                 b"\x01\0\x02h2\xee\0\0", "10.1.2.3"),
                ("v1 of IPv6", b"PROXY TCP6 2001:db8::1 ::1 1 2\r\n",
                 "2001:db8::1"),
                ("v1 unknown", b"PROXY UNKNOWN\r\n", "127.0.0.1"),
                ("v2 local", V2 + b"\x20\0\0\0", "127.0.0.1")):
            for pieces in (None, 1):
                with self.subTest(name, pieces=pieces), \
                        Behind(self.serve, preface, pieces) as client:
                    client.tls.sendall(request())
                    got = dict(self.backend.accept().head()[1])
                    self.assertEqual(got["x-forwarded-for"], want)

    def test_bad(self):
        """Closed, with nothing said."""
        self.rig("--proxy-protocol", "--header-timeout", "1")
        for name, preface in (
                ("none", b""), ("HTTP", b"GET / HTTP/1.1\r\n\r\n"),
                ("v1 garbled", b"PROXY TCP4 1.2.3 4.5.6.7 1 2\r\n"),
                ("v1 too long", b"PROXY UNKNOWN " + b"x" * 200 + b"\r\n"),
                ("v2 garbled", V2 + b"\x21\x11\0\x01\0"),
                ("v2 version", V2 + b"\x31\x11\0\x0c" + SOURCE),
                ("v2 TLVs", V2 + b"\x21\x11\0\x0e" + SOURCE + b"\1\0"),
                ("twice", GOOD_V1 * 2), ("half", GOOD_V1[:20])):
            with self.subTest(name), self.assertRaises(OSError):
                with Behind(self.serve, preface):
                    pass
        self.assertTrue(self.backend.is_alone())

    def test_address_for_limits_and_trust(self):
        self.rig("--proxy-protocol", "--max-connections-per-address", "1",
                 "--trust-forwarded", "10.0.0.0/8")
        other = GOOD_V1.replace(b"10.1.2.3", b"11.1.2.3")
        with Behind(self.serve, GOOD_V1) as first:
            with self.assertRaises(OSError), Behind(self.serve, GOOD_V1):
                pass
            with Behind(self.serve, other) as second:
                for client, want in ((first, "6.6.6.6, 10.1.2.3"),
                                     (second, "11.1.2.3")):
                    client.tls.sendall(request(
                        fields=[("X-Forwarded-For", "6.6.6.6")]))
                    peer = self.backend.accept()
                    got = dict(peer.head()[1])
                    self.assertEqual(got["x-forwarded-for"], want)
                    peer.send(OK)


class ProxyOut(Rigged):
    def test_v1(self):
        self.rig("--backend-proxy-protocol", "v1")
        with self.serve.client() as client:
            own = client.tls.getsockname()
            for _ in range(2):
                client.send(request())
                peer = self.backend.accept()
                self.assertEqual(
                    peer.until(b"\r\n"), b"PROXY TCP4 127.0.0.1 127.0.0.1 "
                    b"%d %d\r\n" % (own[1], self.serve.port))
                self.assertIn(("connection", "close"), peer.head()[1])
                peer.send(OK)
                self.assertEqual(client.answer().body, b"ok")

    def test_v2_of_a_balancers_client(self):
        self.rig("--backend-proxy-protocol", "v2", "--proxy-protocol")
        with Behind(self.serve, GOOD_V1) as client:
            client.tls.sendall(request())
            peer = self.backend.accept()
            want = V2 + b"\x21\x11\0\x0c" + SOURCE
            self.assertEqual(peer.exactly(len(want)), want)
            peer.head()


class Limits(Rigged):
    def test_connections_of_an_address(self):
        self.rig("--max-connections-per-address", "2")
        with self.serve.client() as first, self.serve.client() as second:
            with self.assertRaises(OSError):
                self.serve.client()
            second.send(request())
            self.backend.accept().head()
            first.send(request())
            self.backend.accept().head()
        with self.serve.client():
            pass

    def test_requests_of_a_connection(self):
        self.rig("--max-requests", "3")
        with self.serve.client() as client:
            for want in (None, None, "close"):
                client.send(request())
                peer = self.backend.accept()
                peer.head()
                peer.send(OK)
                self.assertEqual(client.answer().get("Connection"), want)
            self.assertTrue(client.ended())

    def test_requests_that_are_answered_here(self):
        """They count too, whatever the answer is."""
        for method, fields, status in (
                ("PUT", [], 405), ("POST", [("Content-Length", "0")], 400)):
            with self.subTest(status):
                self.rig("--max-requests", "3")
                with self.serve.client() as client:
                    for _ in range(3):
                        client.send(request(method, "/tdx_quote", fields))
                        self.assertEqual(client.answer().status, status)
                    self.assertTrue(client.ended())

    def test_heads(self):
        self.rig("--max-header", "1024")
        fill = 1024 - len(request(fields=[("X", "")]))
        with self.serve.client() as client:
            client.send(request(fields=[("X", "x" * fill)]))
            peer = self.backend.accept()
            peer.head()
            peer.send(OK)
            self.assertEqual(client.answer().status, 200)
            client.send(request(fields=[("X", "x" * (fill + 1))]))
            self.assertEqual(client.answer().status, 431)
            self.assertTrue(client.ended())
        with self.serve.client() as client:
            client.send(b"GET / HTTP/1.1\r\nX: " + b"x" * 1024)
            self.assertEqual(client.answer().status, 431)

    def test_head_in_time(self):
        """However it drips."""
        self.rig("--header-timeout", "0.5")
        with self.serve.client() as client:
            client.send(b"GET / HTTP/1.1\r\nX: ")
            client.tls.settimeout(0.05)
            with self.assertRaises((OSError, AssertionError)):
                for _ in range(200):
                    client.send(b"x")
                    with contextlib.suppress(TimeoutError):
                        assert client.more()


if __name__ == "__main__":
    if not SERVE.exists():
        print(f"SKIPPED everything: {SERVE} is not there")
        sys.exit(77)
    harness.main()
