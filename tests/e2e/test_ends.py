# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""How exchanges end early: clients and backends that go away, half-close, or
stop making sense, at every point of an exchange."""
import os
import socket
import sys
import time

import harness
from harness import Case
from raw_backend import OK, HalfClosing, Plane, RawBackend, request
from test_serve import SERVE

CHUNKED = [("Transfer-Encoding", "chunked")]
RESET = b"\1\0\0\0\0\0\0\0"


class Ends(Case):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.backend = cls.enterClassContext(RawBackend())
        cls.serve = cls.enterClassContext(
            Plane(cls.backend, "--backend-pool", "0", *cls.options))

    def setUp(self):
        self.client = self.enterContext(self.serve.client())

    def begin(self, *args, **kwargs):
        self.client.send(request(*args, **kwargs))
        peer = self.backend.accept()
        peer.head()
        return peer


class Clients(Ends):
    options = ("--body-timeout", "1")

    def vanish(self, how):
        if how == "reset":
            self.client.tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       RESET)
        self.client.tls.close()

    def again(self):
        self.client = self.enterContext(self.serve.client())

    def test_gone(self):
        """The backend is told at once, whatever it was doing."""
        for how in ("closed", "reset"):
            with self.subTest(how, at="waiting for an answer"):
                self.again()
                peer = self.begin()
                self.vanish(how)
                self.assertTrue(peer.ended())
            with self.subTest(how, at="in its own body"):
                self.again()
                peer = self.begin("POST", fields=[("Content-Length", 10)],
                                  body=b"abc")
                peer.exactly(3)
                self.vanish(how)
                self.assertTrue(peer.ended())
            with self.subTest(how, at="in the answer"):
                self.again()
                peer = self.begin()
                peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
                self.client.until(b"\r\n\r\n")
                self.vanish(how)
                self.assertTrue(peer.ended())

    def test_reset_while_its_body_waits(self):
        """Nothing is read from it: the backend does not take what has come."""
        peer = self.begin("POST", "/waits",
                          fields=[("Content-Length", 1 << 30)])
        self.client.tls.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            while True:
                self.client.send(bytes(1 << 16))
        began = time.monotonic()
        self.vanish("reset")
        self.serve.log_line("path=/waits status=0")
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(set(peer.rest()), {0})

    def test_a_pause_before_it_is_to_go_on(self):
        """Who expects 100 waits for the backend, and has its time then."""
        fields = [("Expect", "100-continue"), ("Content-Length", 2)]
        peer = self.begin("POST", fields=fields)
        time.sleep(1.5)
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.assertEqual(self.client.answer().status, 100)
        self.client.send(b"hi")
        peer.exactly(2)
        peer.send(OK)
        self.assertEqual(self.client.answer().status, 200)
        peer = self.begin("POST", fields=fields)
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.assertEqual(self.client.answer().status, 100)
        self.assertEqual(self.client.answer().status, 408)

    def test_a_pause_of_who_is_answered_meanwhile(self):
        """It is not silent while it takes what the backend streams."""
        peer = self.begin("POST", fields=CHUNKED, body=b"2\r\nhi\r\n")
        peer.until(b"2\r\nhi\r\n")
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n")
        for _ in range(40):
            time.sleep(0.05)
            peer.send(b"x")
        self.assertEqual(self.client.answer().body, b"x" * 40)

    def test_goodbye_behind_a_request(self):
        with HalfClosing(self.serve) as client:
            client.send(request("POST", fields=[("Content-Length", 2)],
                                body=b"hi"))
            client.goodbye()
            peer = self.backend.accept()
            peer.until(b"hi")
            peer.send(OK)
            answer = b""
            while data := client.read():
                answer += data
            self.assertTrue(answer.endswith(b"\r\n\r\nok"), answer)

    def test_goodbye_behind_a_body_that_waits(self):
        """The backend is slow: the goodbye is there before the body is."""
        body = os.urandom(8 << 20)
        with HalfClosing(self.serve) as client:
            client.send(request("POST", fields=[("Content-Length",
                                                 len(body))]))
            peer = self.backend.accept()
            peer.head()
            peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            client.tls.write(body)
            client.start_sending()
            self.assertEqual(peer.exactly(len(body)), body)
            client.finish_sending()
            peer.send(OK)
            self.assertIn(b"200 OK", client.read())

    def test_goodbye_in_a_body(self):
        with HalfClosing(self.serve) as client:
            client.send(request("POST", fields=[("Content-Length", 3)],
                                body=b"hi"))
            peer = self.backend.accept()
            peer.until(b"hi")
            client.goodbye()
            self.assertTrue(peer.ended())

    def test_chunks_that_make_no_sense(self):
        peer = self.begin("POST", fields=CHUNKED, body=b"2\r\nhi\r\n")
        peer.until(b"2\r\nhi\r\n")
        self.client.send(b"-2\r\nhi\r\n0\r\n\r\n" + request(target="/next"))
        answer = self.client.answer()
        self.assertEqual((answer.status, answer.get("Connection")),
                         (400, "close"))
        self.assertIn("chunk size", answer.json["error"]["message"])
        self.assertTrue(self.client.ended())
        self.assertEqual(peer.rest(), b"")  # and no last chunk

    def test_chunks_that_make_no_sense_behind_an_answer(self):
        peer = self.begin("POST", fields=CHUNKED, body=b"2\r\nhi\r\n")
        peer.until(b"2\r\nhi\r\n")
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
        self.client.until(b"\r\n\r\n")
        self.client.send(b"-2\r\n")
        self.assertTrue(self.client.cut())
        self.assertEqual(peer.rest(), b"")


class Backends(Ends):
    options = ("--backend-timeout", "0.5")

    def check_error(self, answer, status, code):
        error = answer.json["error"]
        self.assertEqual((answer.status, error["code"]), (status, code))
        self.assertIn("log", error["hint"])

    def test_gone_before_an_answer(self):
        for how in ("closed", "half", "reset", "in the head"):
            with self.subTest(how):
                peer = self.begin()
                if how == "half":
                    peer.shutdown()
                elif how == "reset":
                    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                         RESET)
                elif how == "in the head":
                    peer.send(b"HTTP/1.1 200 OK\r\nContent-")
                if how != "half":
                    peer.close()
                self.check_error(self.client.answer(), 502, "bad_gateway")

    def test_gone_in_an_answer(self):
        for start in (b"Content-Length: 9\r\n\r\nabc",
                      b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
                      b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"):
            for how in ("closed", "half"):
                with self.subTest(start, how=how), \
                        self.serve.client() as client:
                    client.send(request())
                    peer = self.backend.accept()
                    peer.head()
                    peer.send(b"HTTP/1.1 200 OK\r\n" + start)
                    peer.shutdown() if how == "half" else peer.close()
                    client.until(b"\r\n\r\n")
                    self.assertTrue(client.cut())
                    self.assertFalse(client.waiting.endswith(b"0\r\n\r\n"))

    def test_reset_behind_a_body_without_an_end(self):
        """Until-close that does not end in an orderly way is cut."""
        peer = self.begin()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\nabc")
        self.client.until(b"3\r\nabc\r\n")
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        peer.close()
        self.assertTrue(self.client.cut())

    def test_slow(self):
        self.begin()
        self.check_error(self.client.answer(), 504, "timeout")
        self.serve.log_line("code=timeout")
        peer = self.begin("POST", fields=[("Content-Length", 2)], body=b"hi")
        peer.exactly(2)
        self.check_error(self.client.answer(), 504, "timeout")

    def test_nobody_accepts(self):
        with socket.create_server(("127.0.0.1", 0), backlog=0) as full, \
                socket.create_connection(full.getsockname()), \
                Plane("127.0.0.1:%d" % full.getsockname()[1]) as serve:
            answer = serve.ask("GET", "/")
            self.check_error(answer, 504, "timeout")
            self.assertIn("reached", answer.json["error"]["message"])
            serve.log_line("warning: backend failed code=timeout")

    def test_interim_answers_without_end(self):
        """They are silence, at length: each of them would be progress."""
        hint = b"HTTP/1.1 103 Early Hints\r\nLink: <"
        hint += b"a" * (1024 - 5 - len(hint)) + b">\r\n\r\n"
        peer = self.begin()
        for _ in range(64):
            peer.send(hint)
        peer.send(OK)
        for _ in range(64):
            self.assertEqual(self.client.answer().status, 103)
        self.assertEqual(self.client.answer().status, 200)
        peer = self.begin()
        for _ in range(65):
            peer.send(hint)
        for _ in range(64):
            self.assertEqual(self.client.answer().status, 103)
        self.check_error(self.client.answer(), 502, "bad_gateway")
        self.assertTrue(peer.ended())

    def test_many_failures_are_said_once(self):
        said = self.serve.log.count("warning: backend failed")
        for _ in range(20):
            self.begin().close()
            self.assertEqual(self.client.answer().status, 502)
        now = self.serve.log.count("warning: backend failed")
        self.assertLessEqual(now - said, 1)
        self.assertLessEqual(said, 1)  # by all tests before it
        self.assertIn("count=1", self.serve.log_line("warning: backend"))

    def test_answers_that_make_no_sense(self):
        for answer in (
                b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na",
                b"HTTP/1.1 200 OK\nContent-Length: 1\n\na",
                b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
                b"HTTP/2 200\r\n\r\n", b"HTTP/1.1 99 No\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc",
                b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70000 + b"\r\n\r\n"):
            with self.subTest(answer[:60]):
                peer = self.begin()
                peer.send(answer)
                self.check_error(self.client.answer(), 502, "bad_gateway")

    def test_an_answer_before_the_request_is_there(self):
        """Passed on; what follows of the request is not read."""
        peer = self.begin("POST", fields=[("Content-Length", 1 << 30)],
                          body=b"abc")
        peer.send(b"HTTP/1.1 413 Content Too Large\r\n"
                  b"Content-Length: 2\r\n\r\nno")
        answer = self.client.answer()
        self.assertEqual((answer.status, answer.body), (413, b"no"))
        self.assertTrue(self.client.ended())

    def test_expectations(self):
        fields = [("Expect", "100-continue"), ("Content-Length", 2)]
        peer = self.begin("POST", fields=fields)
        self.client.tls.settimeout(0.2)
        with self.assertRaises(TimeoutError):
            self.client.more()  # we do not speak for the backend
        self.client.tls.settimeout(10)
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.assertEqual(self.client.answer().status, 100)
        self.client.send(b"hi")
        peer.exactly(2)
        peer.send(OK)
        self.assertEqual(self.client.answer().body, b"ok")
        peer = self.begin("POST", fields=fields)
        peer.send(b"HTTP/1.1 417 Expectation Failed\r\n"
                  b"Content-Length: 0\r\n\r\n")
        answer = self.client.answer()
        self.assertEqual((answer.status, answer.get("Connection")),
                         (417, "close"))
        self.assertTrue(self.client.ended())
        self.assertEqual(peer.rest(), b"")


del Ends  # is no test

if __name__ == "__main__":
    if not SERVE.exists():
        print(f"SKIPPED everything: {SERVE} is not there")
        sys.exit(77)
    harness.main()
