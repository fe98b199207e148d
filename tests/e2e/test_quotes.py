# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-serve's quotes under load, and from a platform that misbehaves."""
import contextlib
import json
import signal
import socket
import struct
import sys
import time

import harness
from backend import Backend
from fake_agent import Agent, send
from harness import ASSAY, SCRATCH, UNREADABLE, Case, run
from test_serve import LIMIT_S, SERVE, Client, Serve
from test_sim import SIM, Sim

NONCE = "00112233445566778899aabbccddeeff" * 2
GOOD = json.dumps({"nonce_hex": NONCE}, separators=(",", ":")).encode()
ASK = (b"POST /tdx_quote HTTP/1.1\r\nHost: localhost\r\n"
       b"Content-Length: %d\r\n\r\n%s" % (len(GOOD), GOOD))


def until(what, condition):
    """Waits for a condition, not for a time."""
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.005)


class Scene(Case):
    """A server before an agent that does as the test says."""

    count = 0

    def stage(self, *options):
        Scene.count += 1
        stack = self.enterContext(contextlib.ExitStack())
        backend = stack.enter_context(Backend())
        self.backend = backend
        self.agent = stack.enter_context(
            Agent(SCRATCH / f"agent{Scene.count}", LIKE))
        self.serve = stack.enter_context(Serve(
            backend, "--announce", "off", *options,
            quotes=f"dstack:{self.agent.path}"))

    def client(self):
        return self.enterContext(self.serve.client())

    def asking(self, n):
        """Clients that have asked, one after the other."""
        clients = []
        for _ in range(n):
            c = self.client()
            c.send(ASK)
            clients.append(c)
        return clients

    def fill(self, active, waiting):
        """So many are being made and so many wait, in this order."""
        clients = self.asking(active)
        until("quotes", lambda: self.agent.asked == active)
        for i in range(waiting):
            clients += self.asking(1)
            until("waiting", lambda: self.waits() == i + 1)
        return clients

    def waits(self):
        return self.serve.log.count("quote waits")

    def check_refused(self, answer, status, code):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.json["error"]["code"], code)
        if status == 503:
            self.assertIn(int(answer.get("Retry-After")), range(1, 61))
        else:
            self.assertIsNone(answer.get("Retry-After"))


class Queue(Scene):
    def test_so_many_at_once(self):
        self.stage("--quote-concurrency", "2", "--max-quotes", "40")
        clients = self.fill(2, 8)
        self.assertEqual(self.client().ask("GET", "/meanwhile").status, 200)
        self.agent.go.set()
        for c in clients:
            self.assertEqual(c.answer().status, 200)
            self.assertEqual(c.ask("GET", "/on").status, 200)
        self.assertEqual((self.agent.most, self.agent.asked), (2, 10))

    def test_in_order(self):
        self.stage("--quote-concurrency", "1", "--max-quotes", "40")
        served = []
        clients = self.fill(1, 4)
        self.agent.go.set()
        for c in clients:
            self.assertEqual(c.answer().status, 200)
            served.append(self.agent.asked)
        self.assertEqual(served, sorted(served))

    def test_no_place_left(self):
        """One address has a quarter of the places: two."""
        self.stage("--quote-concurrency", "1", "--max-quotes", "8")
        clients = self.fill(1, 2)
        late = self.client()
        self.check_refused(late.ask("POST", "/tdx_quote", GOOD), 503, "busy")
        self.assertIn("no place left", self.serve.log_line("quotes refused"))
        self.assertEqual(late.ask("GET", "/meanwhile").status, 200)
        self.agent.go.set()
        for c in clients:
            self.assertEqual(c.answer().status, 200)
        self.assertEqual(late.ask("POST", "/tdx_quote", GOOD).status, 200)

    def test_no_turn_in_time(self):
        self.stage("--quote-concurrency", "1", "--quote-queue-timeout", "0.2")
        first, second = self.fill(1, 1)
        self.check_refused(second.answer(), 503, "busy")
        self.assertIn("no turn in time", self.serve.log_line("quotes refused"))
        self.assertEqual(second.ask("GET", "/on").status, 200)
        self.agent.go.set()
        self.assertEqual(first.answer().status, 200)

    def test_rate(self):
        self.stage("--quote-rate", "1", "--quote-burst", "3")
        self.agent.go.set()
        with self.serve.client() as c:
            for _ in range(3):
                self.assertEqual(c.ask("POST", "/tdx_quote", GOOD).status, 200)
            a = c.ask("POST", "/tdx_quote", GOOD)
            while a.status == 200:  # on a machine that takes seconds for three
                a = c.ask("POST", "/tdx_quote", GOOD)
            self.check_refused(a, 503, "rate_limited")
            self.assertEqual(a.get("Retry-After"), "1")
            self.assertEqual(c.ask("GET", "/on").status, 200)
        line = self.serve.log_line("quotes refused")
        self.assertIn("reason=rate", line)
        self.assertIn("peer=127.0.0.1:", line)

    def test_one_line_for_many(self):
        self.stage("--quote-rate", "1", "--quote-burst", "1")
        self.agent.go.set()
        with self.serve.client() as c:
            refused = sum(c.ask("POST", "/tdx_quote", GOOD).status == 503
                          for _ in range(50))
        self.assertGreater(refused, 10)
        self.assertEqual(self.serve.log.count("quotes refused"), 1)

    def test_who_waits_and_goes(self):
        """The place is free at once: the platform is never asked."""
        self.stage("--quote-concurrency", "1", "--max-quotes", "8")
        first, gone, last = self.fill(1, 2)
        reset(gone)
        self.serve.log_line("connection failed")
        other, = self.asking(1)
        until("a place", lambda: self.waits() == 3)
        self.agent.go.set()
        self.assertEqual(first.answer().status, 200)
        self.assertEqual(last.answer().status, 200)
        self.assertEqual(other.answer().status, 200)
        self.assertEqual(self.agent.asked, 3)

    def test_who_is_served_and_goes(self):
        """The platform works on, so nobody else has the turn meanwhile."""
        self.stage("--quote-concurrency", "1")
        gone, last = self.fill(1, 1)
        reset(gone)
        self.serve.log_line("connection failed")
        self.assertEqual(self.client().ask("GET", "/meanwhile").status, 200)
        self.assertEqual(self.agent.asked, 1)
        self.agent.go.set()
        self.assertEqual(last.answer().status, 200)
        self.assertEqual((self.agent.most, self.agent.asked), (1, 2))

    def test_ends_with_all_of_them(self):
        """Some are made, some wait, some have gone: the program ends well."""
        self.stage("--quote-concurrency", "2", "--drain", "0.2")
        gone, *_ = self.fill(2, 3)
        reset(gone)


    def test_a_worker_that_ends_gives_its_turn_back(self):
        """The platform works for somebody who has gone, and so has his worker:
        who waits at another one is not forgotten."""
        self.stage("--quote-concurrency", "1", "--workers", "32",
                   "--quote-queue-timeout", "5")
        gone, last = self.fill(1, 1)  # at the same worker once in 32 times
        reset(gone)
        self.serve.log_line("connection failed")
        self.serve.process.send_signal(signal.SIGTERM)
        self.serve.log_line("stopping")
        time.sleep(0.2)  # too short would only prove less
        self.agent.go.set()
        self.assertEqual(last.answer().status, 200)
        self.assertEqual(self.agent.asked, 2)


class Own(Scene):
    """What the process asks for itself takes its turn, as clients do."""

    ADMIN = ("--quote-concurrency", "1", "--admin", "127.0.0.1:0")

    def check_ready(self, want, times=5):
        for _ in range(times):
            status, text = self.serve.operators("/readyz")
            self.assertEqual(status, want, text)
            self.assertEqual(text.partition(":")[0],
                             "ok\n" if want == 200 else "quotes")

    def test_a_trial_waits(self):
        self.stage(*self.ADMIN)
        client, = self.fill(1, 0)
        self.check_ready(503)
        until("waiting", lambda: self.waits() == 1)
        self.agent.go.set()
        self.assertEqual(client.answer().status, 200)
        until("ready", lambda: self.serve.operators("/readyz")[0] == 200)
        until("its turn", lambda: self.agent.asked == 2)
        self.assertEqual(self.agent.most, 1)

    def test_no_place_for_a_trial(self):
        """That is no failure of the platform's, and does not last."""
        self.stage(*self.ADMIN, "--max-quotes", "1")
        clients = self.fill(1, 1)
        self.check_ready(503)
        self.agent.go.set()
        for c in clients:
            self.assertEqual(c.answer().status, 200)
        self.check_ready(200)
        self.assertEqual(self.agent.asked, 2)
        self.assertIn('quotes_total{result="failed"} 0\n',
                      self.serve.operators("/metrics")[1])

    def test_no_turn_for_a_trial(self):
        self.stage(*self.ADMIN, "--quote-queue-timeout", "0.2")
        client, = self.fill(1, 0)
        self.check_ready(503)
        self.assertIn("no turn in time", self.serve.log_line("quotes refused"))
        self.agent.go.set()
        self.assertEqual(client.answer().status, 200)
        self.check_ready(200)

    def test_ready_while_it_is_full(self):
        """Who has much to do is not unready for that."""
        self.stage(*self.ADMIN, "--max-quotes", "1")
        self.agent.go.set()
        self.assertEqual(self.client().ask("POST", "/tdx_quote", GOOD).status,
                         200)
        self.agent.go.clear()
        was = self.agent.asked
        clients = self.asking(1)
        until("a quote", lambda: self.agent.asked == was + 1)
        clients += self.asking(1)
        until("waiting", lambda: self.waits() == 1)
        self.check_ready(200)
        self.agent.go.set()
        for c in clients:
            self.assertEqual(c.answer().status, 200)


class Told(Scene):
    """assay, where there is no quote for it: an outage and no verdict, so that
    whoever looks at the exit code does not take it for an attack."""

    def check_told(self, status, wait, command="get"):
        there = f"localhost:{self.serve.port}"
        url = f"https://{there}/" if command == "get" else there
        got = self.check(run(command, "--policy", POLICY, url), UNREADABLE)
        self.assertEqual(got.out, "")
        self.assertRegex(got.err, rf"^assay: {command}: quote reply: status "
                         rf"{status} instead of 200{wait}; the server says: "
                         r".*\(try again later; .*\)\n$")
        self.assertEqual(self.backend.seen, [])

    def test_no_place_left(self):
        self.stage("--quote-concurrency", "1", "--max-quotes", "8")
        self.fill(1, 2)
        for command in ("get", "pipe"):
            self.check_told(503, r", try again in \d+ s", command)
        got = self.check(run("get", "--json", "--policy", POLICY,
                             f"https://localhost:{self.serve.port}/"),
                         UNREADABLE)
        self.assertEqual(got.json["error"]["code"], "unavailable")
        self.assertIs(got.json["verdict"]["trusted"], False)
        self.assertEqual(self.backend.seen, [])

    def test_no_turn_in_time(self):
        self.stage("--quote-concurrency", "1", "--quote-queue-timeout", "0.2")
        self.fill(1, 0)
        self.check_told(503, r", try again in \d+ s")

    def test_a_platform_that_misbehaves(self):
        self.stage("--quote-timeout", "1")
        for behave, status in ((hang, 504), (says(500, b"broken"), 502)):
            self.agent.behave = behave
            self.check_told(status, "")


def reset(client):
    client.tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack("ii", 1, 0))
    client.tls.close()


# --- a platform that misbehaves ----------------------------------------------

def hang(agent, to, data):
    agent.over.wait(LIMIT_S)


def says(status, body):
    return lambda agent, to, data: send(to, status, body)


def other_data(agent, to, data):
    send(to, 200, json.dumps(agent.reply("ab" * 64)).encode())


def with_member(name, value):
    return lambda agent, to, data: send(
        to, 200, json.dumps({**agent.reply(data), name: value}).encode())


def huge(agent, to, data):
    to.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n")
    while not agent.over.is_set():
        to.sendall(b" " * 65536)


def endless_head(agent, to, data):
    to.sendall(b"HTTP/1.1 200 OK\r\n")
    while not agent.over.is_set():
        to.sendall(b"X-More: more\r\n" * 1000)


def half(agent, to, data):
    body = json.dumps(agent.reply(data)).encode()
    to.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"
               % (len(body), body[:len(body) // 2]))


def close(agent, to, data):
    pass


FAULTS = (  # name, what it does, status, code, in the log
    ("hangs", hang, 504, "timeout", "no answer within 1.0 s"),
    ("500", says(500, b"broken"), 502, "quote_unavailable", "500"),
    ("garbage", says(200, b"\x00\xff{"), 502, "quote_unavailable", "JSON"),
    ("nothing", says(200, b""), 502, "quote_unavailable", "GetQuote"),
    ("no quote", says(200, b"{}"), 502, "quote_unavailable", "quote"),
    ("a quote of garbage", with_member("quote", "00" * 3000), 502,
     "quote_unavailable", "no quote"),
    ("over other data", other_data, 502, "quote_unavailable",
     "over other report data"),
    ("a log that is no array", with_member("event_log", "{}"), 502,
     "quote_unavailable", "event_log"),
    ("huge", huge, 502, "quote_unavailable", "GetQuote"),
    ("endless head", endless_head, 502, "quote_unavailable", "GetQuote"),
    ("half", half, 502, "quote_unavailable", "GetQuote"),
    ("closes", close, 502, "quote_unavailable", "GetQuote"),
)


class Unread(Scene):
    def test_answers_that_nobody_reads(self):
        """No more are made than are on their way, however many were asked
        for: or a few clients could fill the memory."""
        self.stage("--quote-rate", "0", "--workers", "1",
                   "--quote-concurrency", "2")
        self.agent.go.set()
        self.agent.like = {**LIKE, "vm_config": json.dumps(
            {"image": "x" * 100000})}
        greedy = self.enterContext(Client(self.serve, receive_buffer=4096))
        greedy.send(200 * ASK)
        for _ in range(150):
            self.assertEqual(self.serve.ask("POST", "/tdx_quote", GOOD).status,
                             200)
        self.assertLess(self.agent.asked - 150, 100)
        for _ in range(200):
            self.assertEqual(greedy.answer().status, 200)
        self.assertEqual(self.agent.asked, 350)


class Faults(Scene):
    def test_each(self):
        self.stage("--quote-timeout", "1", "--quote-rate", "0")
        for name, behave, status, code, needle in FAULTS:
            with self.subTest(name):
                self.check_fault(behave, status, code, needle)

    def check_fault(self, behave, status, code, needle):
        said = self.serve.log.count("quote failed")
        self.agent.behave = behave
        with self.serve.client() as c, self.serve.client() as other:
            c.send(ASK)
            self.assertEqual(other.ask("GET", "/meanwhile").status, 200)
            a = c.answer()
            self.check_refused(a, status, code)
            # What went wrong inside is not a stranger's business.
            self.assertNotIn(str(self.agent.path), a.body.decode())
            self.assertEqual(c.ask("GET", "/on").status, 200)
            self.agent.behave = None
            self.agent.go.set()
            self.assertEqual(c.ask("POST", "/tdx_quote", GOOD).status, 200)
        lines = [line for line in self.serve.log.splitlines()
                 if "quote failed" in line]
        self.assertEqual(len(lines), said + 1)
        self.assertIn(needle, lines[-1])
        self.assertNotIn(NONCE, lines[-1])

    def test_many_failures_are_said_once(self):
        self.stage("--quote-rate", "0", "--workers", "1")
        self.agent.behave = says(500, b"broken")
        with self.serve.client() as c:
            for _ in range(20):
                self.check_refused(c.ask("POST", "/tdx_quote", GOOD), 502,
                                   "quote_unavailable")
        self.assertIn("count=1", self.serve.log_line("warning: quote failed"))
        self.assertEqual(self.serve.log.count("warning: quote failed"), 1)

    def test_hanging_for_all(self):
        """Every turn is taken by a call that hangs: others are told so in
        time, and traffic goes on."""
        self.stage("--quote-timeout", "1", "--quote-queue-timeout", "0.3",
                   "--quote-concurrency", "2", "--quote-rate", "0")
        self.agent.behave = hang
        hanging = self.fill(2, 0)
        waiting = self.asking(3)
        with self.serve.client() as c:
            for i in range(100):
                self.assertEqual(c.ask("GET", f"/{i}").status, 200)
        for c in waiting:
            self.check_refused(c.answer(), 503, "busy")
        for c in hanging:
            self.check_refused(c.answer(), 504, "timeout")

    def test_socket_gone_and_back(self):
        self.stage()
        path = self.agent.path
        path.rename(f"{path}.away")
        with self.serve.client() as c:
            self.check_refused(c.ask("POST", "/tdx_quote", GOOD), 502,
                               "quote_unavailable")
            self.assertIn("mount the guest agent's socket",
                          self.serve.log_line("quote failed"))
            self.assertEqual(c.ask("GET", "/on").status, 200)
            path.with_name(f"{path.name}.away").rename(path)
            self.agent.go.set()
            self.assertEqual(c.ask("POST", "/tdx_quote", GOOD).status, 200)


if __name__ == "__main__":
    for program in (SERVE, SIM, ASSAY):
        if not program.exists():
            print(f"SKIPPED everything: {program} is not there")
            sys.exit(77)
    with Sim(now=None) as simulator:
        LIKE = simulator.quote()
        POLICY = simulator.folder / "policy.json"
    harness.main()
