# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Every row of smuggling.py: the exact answer, what becomes of the connection,
and what the backend got of it: no request that nobody sent."""
import sys
import threading

import harness
from harness import Case
from raw_backend import Plane, RawBackend
from smuggling import BODIES, CLOSED, MALFORMED, NEXT, OPEN, ROWS
from test_serve import SERVE

ANSWER = (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
          b"ok")
# A backend reads fields with '_' as if it were '-': these must not come.
NEVER = ("transfer_encoding", "content_length", "upgrade", "http2-settings",
         "authorization", "te", "trailer", "keep-alive")


class Recorder(RawBackend):
    """Answers every request, and remembers what it got: each connection has
    one, and all of its octets."""

    def __init__(self):
        super().__init__()
        self.seen = []
        self.wrong = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                peer = self.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            threading.Thread(target=self.record, args=[peer],
                             daemon=True).start()

    def record(self, peer):
        try:
            self.read(peer)
        except (AssertionError, OSError, ValueError):
            pass  # cut off in its middle: no request
        peer.close()

    def read(self, peer):
        line, fields = peer.head()
        names = [n for n, _ in fields]
        framing = [n for n in names
                   if n in ("content-length", "transfer-encoding")]
        if len(framing) > 1 or names.count("host") != 1:
            self.wrong.append((line, fields))
        self.wrong += [(line, n) for n in names if n in NEVER]
        values = dict(fields)
        body = b""
        if "content-length" in values:
            body = peer.exactly(int(values["content-length"]))
        elif "transfer-encoding" in values:
            while (n := int(peer.until(b"\r\n"), 16)) > 0:
                body += peer.exactly(n)
                assert peer.exactly(2) == b"\r\n"
            if (rest := peer.until(b"\r\n")) != b"\r\n":
                self.wrong.append((line, rest))
        self.seen.append((line, body.decode("latin-1")))
        peer.send(ANSWER)
        peer.shutdown()
        if rest := peer.rest():
            self.wrong.append((line, rest))


class Smuggling(Case):
    @classmethod
    def setUpClass(cls):
        cls.backend = cls.enterClassContext(Recorder())
        cls.serve = cls.enterClassContext(
            Plane(cls.backend, "--backend-pool", "0"))

    def check(self, octets, answers, seen, then):
        """Behind it comes another request, which is answered if the connection
        is open, and otherwise nothing to anybody."""
        self.backend.seen.clear()
        with self.serve.client() as client:
            client.send((octets + NEXT).encode("latin-1"))
            for status in answers:
                self.assertEqual(client.answer().status, status)
            if then == OPEN:
                self.assertEqual(client.answer().status, 200)
                seen = [*seen, ("GET /next HTTP/1.1", "")]
            else:
                self.assertTrue(client.ended())
        self.assertEqual(self.backend.seen, seen)
        self.assertEqual(self.backend.wrong, [])

    def test_malformed(self):
        for name, octets in MALFORMED:
            with self.subTest(name):
                self.check(octets, [400], [], CLOSED)

    def test_bodies(self):
        for name, octets in BODIES:
            with self.subTest(name):
                self.check(octets, [400], [], CLOSED)

    def test_rows(self):
        for name, octets, answers, seen, then in ROWS:
            with self.subTest(name):
                self.check(octets, answers, seen, then)

    def test_enough(self):
        names = [row[0] for row in (*MALFORMED, *BODIES, *ROWS)]
        self.assertEqual(len(names), len(set(names)))
        self.assertGreater(len(names), 150)


if __name__ == "__main__":
    if not SERVE.exists():
        print(f"SKIPPED everything: {SERVE} is not there")
        sys.exit(77)
    harness.main()
