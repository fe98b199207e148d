# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Connections to an attested server: how often they are attested, how long they are
used, and what becomes of a request whose connection ends."""
import concurrent.futures
import threading

import proxy_peer
from proxy_peer import Proxy, ProxyCase, Tee, World, wait_until
from raw_backend import OK, RawBackend
from relay import Relay


class Connections(ProxyCase):
    """Attested once, used often, and given up in time."""

    def test_not_attested_for_each_request(self):
        gate = self.proxy()
        self.check_ok(gate.chat())
        before = self.world.tee.quotes
        with gate.client() as c:
            for _ in range(50):
                self.check_ok(c.ask("GET", gate.path() + "/models"))
        # One that was taken is replaced; each has attested once.
        self.assertLessEqual(self.world.tee.quotes - before, 2)

    def test_a_request_does_not_wait_for_a_quote(self):
        """Some are attested before anybody asks."""
        gate = self.proxy(warm=3)
        wait_until(lambda: gate.status()["providers"][0]["links"]["idle"] == 3,
                   "three connections that wait")
        self.assertEqual(gate.status()["providers"][0]["state"], "verified")
        self.check_nothing_arrived()
        self.world.sim.change("debug")  # further quotes would be refused
        self.check_ok(gate.chat())

    def test_a_server_that_closes_after_some_requests(self):
        """The last answer of a connection is attested as every other is, and none
        fails: with nginx, it is each 100th. The first was for evidence."""
        for limit in ("2", "3"):
            with World("both", "--max-requests", limit) as world:
                with Proxy(world) as gate:
                    for _ in range(10):
                        self.check_ok(gate.chat())
                self.assertEqual(len(world.model.requests), 10)

    def test_the_servers_limit_of_requests_is_not_reached(self):
        gate = self.proxy("--max-requests", "2")
        self.check_ok(gate.chat())
        before = self.world.tee.quotes
        for _ in range(12):
            self.check_ok(gate.chat())
        self.assertGreaterEqual(self.world.tee.quotes - before, 4)

    def test_a_server_that_closes_what_is_idle(self):
        """None that is closed is used: no request fails."""
        with World("both", "--idle-timeout", "0.3") as world:
            with Proxy(world) as gate:
                for _ in range(3):
                    self.check_ok(gate.chat())
                    before = world.tee.quotes
                    wait_until(lambda: world.tee.quotes > before,
                               "a new connection for the one that was closed")
                self.assertEqual(len(world.model.requests), 3)

    def test_evidence_is_asked_for_anew(self):
        """In band; and what is no longer as it was ends the pool."""
        gate = self.proxy(config=self.world.upstream(
            reattestation_interval_secs=1))
        self.check_ok(gate.chat(name="tee"))
        before = self.world.tee.quotes
        wait_until(lambda: self.world.tee.quotes >= before + 2, "quotes")
        self.check_ok(gate.chat(name="tee"))
        self.world.sim.change("debug")
        wait_until(lambda: gate.status()["providers"][0]["state"] == "refused",
                   "a verdict")
        self.check_refused(gate.chat(name="tee"))
        self.assertEqual(len(self.model.requests), 2)
        self.world.sim.change("debug=off")
        wait_until(lambda: gate.status()["providers"][0]["state"]
                   == "verified", "another try")
        self.check_ok(gate.chat(name="tee"))


class Threads(ProxyCase):
    """Several, each with connections of its own, and what they have in common."""

    def test_reloads_under_load(self):
        gate = self.proxy("--workers", "3", config=self.world.upstream(
            reattestation_interval_secs=1))
        enough = threading.Event()

        def ask(_):
            count = 0
            while count == 0 or not enough.is_set():
                answer = gate.chat(name="tee")
                if answer.status == 200:
                    self.check_ok(answer)
                    count += 1
                else:  # it had not been sent, nor is it under old settings
                    self.check_error(answer, 503, code="settings_changed")
                self.assertEqual(gate.ask("GET", "/").status, 200)
            return count

        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            asked = [pool.submit(ask, i) for i in range(12)]
            try:
                for _ in range(5):
                    gate.reload()
                self.model.wait(requests=200)
            finally:
                enough.set()
            total = sum(a.result() for a in asked)
        self.assertEqual(len(self.model.requests), total)
        good = [x for x in gate.audited(total) if x["status"] == 200]
        self.assertEqual(len(good), total)


class Once(ProxyCase):
    """A POST is not sent twice, whatever becomes of its connection."""

    def setUp(self):
        super().setUp()
        self.backend = self.enterContext(RawBackend())
        serve = self.enterContext(Tee(self.backend))
        self.relay = self.enterContext(Relay(serve.port))
        self.trusting = "--ca", serve.ca
        self.config = self.world.codex_config(
            base_url=f"https://localhost:{self.relay.port}/v1")
        self.gate = self.proxy(*self.trusting, codex=self.config)

    def idle(self):
        """Waits for a connection that waits."""
        wait_until(lambda: self.gate.status()["providers"][0]["links"]["idle"],
                   "an attested connection")

    def test_cut_before_the_response(self):
        for method, body in (("POST", b"buy one"), ("PATCH", b"x")):
            with self.subTest(method), self.gate.client() as c:
                self.idle()
                c.say(method, self.gate.path() + "/x", body)
                peer = self.backend.accept()
                peer.head()
                self.relay.cut()
                self.assertIn(c.final().status, (502, 503))
                self.assertTrue(self.backend.is_alone())

    def test_what_does_no_harm_twice(self):
        gate = self.proxy(*self.trusting, warm=0, codex=self.config)
        with gate.client() as c:
            c.say("GET", gate.path() + "/x")
            self.backend.accept().head()
            self.relay.cut()
            again = self.backend.accept()
            self.assertEqual(again.head()[0], "GET /v1/x HTTP/1.1")
            again.send(OK)
            self.check_ok(c.final())

    def test_cut_when_it_was_asked(self):
        """What had waited was closed by then, which nobody could know."""
        self.idle()
        self.relay.cuts_when_asked = True
        with self.gate.client() as c:
            c.say("POST", self.gate.path() + "/x", b"buy one")
            self.assertIn(c.final().status, (502, 503))
        self.relay.cuts_when_asked = False
        self.assertTrue(self.backend.is_alone())

    def test_cut_in_the_response(self):
        with self.gate.client() as c:
            c.say("POST", self.gate.path() + "/x", b"{}")
            peer = self.backend.accept()
            peer.head()
            peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                      b"\r\n5\r\nhello\r\n")
            self.check_ok(c.answer_head())
            self.assertEqual(c.until(b"hello\r\n"), b"5\r\nhello\r\n")
            self.relay.cut()
            with self.assertRaises((AssertionError, OSError)):
                c.until(b"0\r\n\r\n")
        self.assertEqual(self.gate.audited(1)[-1]["end"], "cut")

    def test_an_overloaded_server_is_the_clients_to_ask_again(self):
        with self.gate.client() as c:
            c.say("POST", self.gate.path() + "/x", b"{}")
            peer = self.backend.accept()
            peer.head()
            peer.send(b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\n"
                      b"Content-Length: 0\r\n\r\n")
            answer = self.check_ok(c.final(), 503)
            self.assertEqual(answer.get("Retry-After"), "7")
            self.assertIsNone(answer.get("x-should-retry"))
            self.assertTrue(self.backend.is_alone())


if __name__ == "__main__":
    proxy_peer.main()
