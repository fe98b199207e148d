# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What is held for a client that does not read its answer, and for a request
whose body the backend does not read."""
import select
import socket
import ssl
import sys

import harness
from harness import Case
from raw_backend import Plane, RawBackend, request
from test_serve import LIMIT_S, SERVE, SLOW_BUILD

CLIENTS = 16
EACH_KIB = 160
PIECE = b"x" * 65536
PIECES = 1024  # more than the system takes for two sockets
SOCKET_BYTES = 65536
FULL_BYTES = 128 << 10  # less is not believed to be all
# What the system takes of an answer, for both of its sockets with the server;
# of a body it takes as much as its sender was quick.
ANSWER_BYTES = 2 << 20
QUIET = 10  # looks, in which hardly anybody takes anything
LOOK_S = 0.1


class Stuck(Case):
    def setUp(self):
        self.backend = self.enterContext(RawBackend())
        self.limit(self.backend.listener)
        self.serve = self.enterContext(Plane(
            self.backend, "--max-requests", "1000000000"))
        self.context = ssl.create_default_context(cafile=str(self.serve.ca))

    def limit(self, sock):
        """The system takes little for it; before it is connected."""
        for which in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, which, SOCKET_BYTES)

    def connect(self):
        sock = socket.socket()
        self.addCleanup(sock.close)
        self.limit(sock)
        sock.settimeout(LIMIT_S)
        sock.connect(("127.0.0.1", self.serve.port))
        tls = self.context.wrap_socket(sock, server_hostname="localhost")
        self.addCleanup(tls.close)
        return tls

    def ask(self, message):
        tls = self.connect()
        tls.sendall(message)
        peer = self.backend.accept()
        peer.head()
        return tls, peer

    def fill(self, writers):
        """Pieces to all of them, until they have no room any more (but for the
        little that the system finds now and then). Octets that each took."""
        taken = dict.fromkeys(writers, 0)
        quiet = 0
        while quiet < QUIET:
            _, ready, _ = select.select([], writers, [], LOOK_S)
            stuck = len(ready) <= 1 and min(taken.values()) >= FULL_BYTES
            quiet = quiet + 1 if stuck else 0
            for sock in ready:
                try:
                    taken[sock] += sock.send(PIECE)
                except (BlockingIOError, ssl.SSLWantWriteError):
                    pass
        self.assertLess(max(taken.values()), PIECES * len(PIECE))
        return taken

    def check_held(self, before):
        each = (self.serve.rss_kib - before) / CLIENTS
        if not SLOW_BUILD:
            self.assertLess(each, EACH_KIB)

    def begin(self, message):
        kept = [self.ask(message) for _ in range(CLIENTS)]
        return kept, self.serve.rss_kib

    def test_answers(self):
        kept, before = self.begin(request())
        length = PIECES * len(PIECE)
        for _, peer in kept:
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length)
            peer.sock.setblocking(False)
        taken = self.fill([peer.sock for _, peer in kept])
        self.assertLess(max(taken.values()), ANSWER_BYTES)
        self.check_held(before)
        # Whoever reads after all gets what has been taken, in order.
        tls, peer = kept[0]
        head = b""
        while b"\r\n\r\n" not in head:
            head += tls.recv(1)
        left = taken[peer.sock]
        while left > 0:
            data = tls.recv(min(left, 65536))
            self.assertEqual(data, b"x" * len(data))
            left -= len(data)

    def test_answers_of_our_own(self):
        """Requests that come together, and each of them is refused here."""
        message = b"PUT /tdx_quote HTTP/1.1\r\nHost:\r\n\r\n"
        kept = [self.connect() for _ in range(CLIENTS)]
        before = self.serve.rss_kib
        for tls in kept:
            tls.settimeout(LOOK_S)
            with self.assertRaises(TimeoutError):
                while True:
                    tls.sendall(message * (16384 // len(message)))
        self.check_held(before)
        for tls in kept:
            tls.settimeout(LIMIT_S)
            self.assertIn(b" 405 ", tls.recv(64))

    def test_bodies(self):
        length = PIECES * len(PIECE)
        kept, before = self.begin(
            request("POST", fields=[("Content-Length", length)]))
        for tls, _ in kept:
            tls.setblocking(False)
        taken = self.fill([tls for tls, _ in kept])
        self.check_held(before)
        # TLS has begun the records that found no room; all others come.
        tls, peer = kept[0]
        left = taken[tls]
        while left > 0:
            data = peer.sock.recv(min(left, 65536))
            self.assertEqual(data, b"x" * len(data))
            left -= len(data)


if __name__ == "__main__":
    if not SERVE.exists():
        print(f"SKIPPED everything: {SERVE} is not there")
        sys.exit(77)
    harness.main()
