# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Connections to the backend that are used again: never for an answer that
belongs to another request."""
import sys

import harness
from harness import Case
from raw_backend import OK, Plane, RawBackend, request
from test_serve import SERVE


class Pool(Case):
    options = ()

    def setUp(self):
        self.backend = self.enterContext(RawBackend())
        self.serve = self.enterContext(Plane(self.backend, *self.options))
        self.client = self.enterContext(self.serve.client())

    def exchange(self, peer=None, answer=OK, **how):
        """One request by the client, and what the backend says to it; the
        connection that it came on."""
        self.client.send(request(**how))
        peer = peer or self.backend.accept()
        peer.head()
        peer.send(answer)
        return peer

    def check_gone(self, peer):
        """Closed, and the next request comes on another connection."""
        self.assertTrue(peer.ended())
        other = self.exchange(target="/other")
        self.assertEqual(self.client.answer().status, 200)
        return other


class Used(Pool):
    def test_again(self):
        peer = self.exchange()
        self.assertEqual(self.client.answer().body, b"ok")
        for method, answer in (("GET", OK), ("POST", OK),
                               ("HEAD", OK.removesuffix(b"ok"))):
            self.exchange(peer, answer, method=method)
            self.assertEqual(self.client.answer(method).status, 200)
        with self.serve.client() as other:
            other.send(request(target="/by-another"))
            self.assertEqual(peer.head()[0], "GET /by-another HTTP/1.1")
            peer.send(OK)
            self.assertEqual(other.answer().body, b"ok")

    def test_two_at_a_time(self):
        with self.serve.client() as other:
            self.client.send(request(target="/1"))
            first = self.backend.accept()
            other.send(request(target="/2"))
            second = self.backend.accept()
            for peer, client in ((second, other), (first, self.client)):
                peer.head()
                peer.send(OK)
                self.assertEqual(client.answer().body, b"ok")
        self.exchange(first)
        self.assertEqual(self.client.answer().body, b"ok")

    def test_after_answers_of_every_framing(self):
        peer = None
        for answer in (
                b"HTTP/1.1 204 No Content\r\n\r\n",
                b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"2\r\nab\r\n0\r\n\r\n",
                b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK,
                b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"
                b"Content-Length: 1\r\n\r\nx"):
            with self.subTest(answer):
                peer = self.exchange(peer, answer)
                while self.client.answer().status < 200:
                    pass


class NotUsed(Pool):
    """What makes a connection worthless."""

    def test_answers(self):
        for name, answer in (
                ("asks for it", b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
                 b"Content-Length: 2\r\n\r\nok"),
                ("1.0", b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
                ("two at once", OK + OK),
                ("one octet more", OK + b"\n"),
                ("octets behind the chunks",
                 b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                 b"2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"),
                ("an interim answer behind it",
                 OK + b"HTTP/1.1 100 Continue\r\n\r\n")):
            with self.subTest(name):
                peer = self.exchange(answer=answer)
                self.assertEqual(self.client.answer().body, b"ok")
                self.check_gone(peer).close()
                # The other one was good until it was closed.

    def test_until_close(self):
        peer = self.exchange(answer=b"HTTP/1.1 200 OK\r\n\r\nok")
        peer.shutdown()
        self.assertEqual(self.client.answer().body, b"ok")
        self.check_gone(peer)

    def test_octets_while_it_waits(self):
        peer = self.exchange()
        self.client.answer()
        peer.send(OK)
        self.check_gone(peer)

    def test_its_end_while_it_waits(self):
        peer = self.exchange()
        self.client.answer()
        peer.shutdown()
        self.check_gone(peer)

    def test_answer_before_the_whole_request(self):
        self.client.send(request("POST", fields=[("Content-Length", 10)],
                                 body=b"abc"))
        peer = self.backend.accept()
        peer.until(b"abc")
        peer.send(OK)
        answer = self.client.answer()
        self.assertEqual((answer.status, answer.get("Connection")),
                         (200, "close"))
        self.assertTrue(self.client.ended())
        self.assertTrue(peer.ended())

    def test_client_gone(self):
        self.client.send(request())
        peer = self.backend.accept()
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        self.client.until(b"\r\n\r\n")
        self.client.tls.close()
        self.assertTrue(peer.ended())


class Closed(Pool):
    """A connection that the backend closes when the next request comes."""

    def waiting(self):
        peer = self.exchange()
        self.client.answer()
        return peer

    def test_repeated_once(self):
        for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"):
            with self.subTest(method):
                peer = self.waiting()
                self.client.send(request(method, "/again"))
                peer.head()
                peer.close()
                other = self.backend.accept()
                self.assertEqual(other.head()[0], f"{method} /again HTTP/1.1")
                other.close()
                self.assertEqual(self.client.answer(method).status, 502)
                self.assertTrue(self.backend.is_alone())

    def test_not_repeated(self):
        for name, fields, method, body in (
                ("not idempotent", (), "POST", b""),
                ("with a body", [("Content-Length", 3)], "PUT", b"abc"),
                ("with chunks", [("Transfer-Encoding", "chunked")], "PUT",
                 b"0\r\n\r\n")):
            with self.subTest(name):
                peer = self.waiting()
                self.client.send(request(method, "/once", fields, body))
                peer.until(body or b"\r\n\r\n")
                peer.close()
                self.assertEqual(self.client.answer().status, 502)
                self.assertTrue(self.backend.is_alone())

    def test_not_once_an_answer_has_begun(self):
        peer = self.waiting()
        self.client.send(request())
        peer.head()
        peer.send(b"HTTP")
        peer.shutdown()
        self.assertEqual(self.client.answer().status, 502)
        self.assertTrue(self.backend.is_alone())

    def test_not_on_a_new_connection(self):
        self.client.send(request())
        peer = self.backend.accept()
        peer.head()
        peer.close()
        self.assertEqual(self.client.answer().status, 502)
        self.assertTrue(self.backend.is_alone())


class Limits(Pool):
    options = ("--backend-idle", "0.3", "--backend-pool", "1")

    def test_idle(self):
        peer = self.exchange()
        self.client.answer()
        self.check_gone(peer)

    def test_number(self):
        """The one that was used last stays."""
        with self.serve.client() as other:
            self.client.send(request())
            first = self.backend.accept()
            other.send(request())
            second = self.backend.accept()
            for peer, client in ((first, self.client), (second, other)):
                peer.head()
                peer.send(OK)
                client.answer()
            self.assertTrue(first.ended())


class Off(Pool):
    options = ("--backend-pool", "0")

    def test_each_has_its_own(self):
        self.client.send(request())
        peer = self.backend.accept()
        self.assertIn(("connection", "close"), peer.head()[1])
        peer.send(OK)
        self.client.answer()
        self.check_gone(peer)


del Pool  # is no test

if __name__ == "__main__":
    if not SERVE.exists():
        print(f"SKIPPED everything: {SERVE} is not there")
        sys.exit(77)
    harness.main()
