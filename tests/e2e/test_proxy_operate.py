# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-proxy as those see it who operate it: how it ends, the files that tell where
it is, its log, its numbers."""
import contextlib
import json
import os
import re
import signal
import socket
import stat
import subprocess

import proxy_peer
from bridge_peer import LIMIT_S
from harness import SOURCE
from proxy_peer import NAME, Proxy, ProxyCase, wait_until

HELD = (b'{"model":"do-held","stream":true,"messages":'
        b'[{"role":"user","content":"SAY a b c"}]}')
DONE = "[DONE]"


class OperateCase(ProxyCase):
    def models(self, gate):
        return gate.ask("GET", gate.path() + "/models")

    def held(self, gate):
        """A stream that is under way: its client, and its events."""
        c = self.enterContext(gate.client())
        c.say("POST", gate.path() + "/chat/completions", HELD)
        self.model.let_go(1)
        self.check_ok(c.answer_head())
        events = c.events()
        next(events)
        return c, events

    def check_cut(self, events):
        """It does not look whole."""
        with self.assertRaises((AssertionError, OSError)):
            list(events)


def is_refused(gate):
    try:
        socket.create_connection(("127.0.0.1", gate.port), LIMIT_S).close()
    except ConnectionError:
        return True
    return False


class TheEnd(OperateCase):
    def test_drain(self):
        """What is under way comes whole, and nobody new comes in."""
        gate = self.proxy("--drain", LIMIT_S)
        _, events = self.held(gate)
        with gate.client() as idle, gate.client() as slow:
            idle.ask("GET", gate.path() + "/models")
            slow.send(f"GET {gate.path()}/models HTTP/1.1\r\n".encode())
            gate.process.send_signal(signal.SIGTERM)
            self.assertEqual(idle.sock.recv(1), b"")
            wait_until(lambda: is_refused(gate), "a closed door")
            slow.send(f"Host: {slow.host}\r\n\r\n".encode())
            self.check_error(slow.final(), 503, code="stopping")
        status, text = gate.operators("/readyz")
        self.assertEqual(status, 503)
        self.assertIn("draining", text)
        self.assertEqual(gate.operators("/healthz")[0], 200)
        self.assertEqual(gate.metrics()["assay_proxy_draining"], 1)
        self.assertIsNone(gate.process.poll())
        self.model.let_go(1000)
        self.assertEqual(list(events)[-1][1], DONE)
        self.assertEqual(gate.process.wait(LIMIT_S), 0)
        self.assertEqual([x["end"] for x in gate.audit if x["method"] == "POST"],
                         ["whole"])

    def test_it_does_not_wait_for_ever(self):
        gate = self.proxy()
        _, events = self.held(gate)
        gate.process.send_signal(signal.SIGTERM)
        self.assertEqual(gate.process.wait(LIMIT_S), 0)
        self.check_cut(events)
        gate.log_line("cut what was under way")
        self.assertEqual(gate.audit[-1]["end"], "aborted")
        self.model.wait(aborted=1)

    def test_a_second_signal_insists(self):
        gate = self.proxy("--drain", "300")
        _, events = self.held(gate)
        for _ in range(2):
            self.assertIsNone(gate.process.poll())
            gate.process.send_signal(signal.SIGTERM)
            gate.log_line("stopping")
        self.assertEqual(gate.process.wait(LIMIT_S), 0)
        self.check_cut(events)

    def test_interrupt(self):
        self.assertEqual(self.proxy().stop(signal.SIGINT), 0)

    def test_while_it_is_attested(self):
        """Connections that are half there keep nobody."""
        tee = self.enterContext(proxy_peer.Tee(self.model))
        tee.process.send_signal(signal.SIGSTOP)
        try:
            gate = self.proxy("--drain", "300", codex=self.world.codex_config(
                base_url=proxy_peer.base_url(tee)))
            gate.stop()
        finally:
            tee.process.send_signal(signal.SIGCONT)

    def test_any_signals(self):
        for _ in range(10):
            with Proxy(self.world) as gate:
                while gate.process.poll() is None:
                    for n in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
                        gate.process.send_signal(n)
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        gate.process.wait(0.0005)  # time to hear them


class Files(OperateCase):
    """Those that tell where it is."""

    def test_state(self):
        with Proxy(self.world) as gate:
            state = gate.folder / "state.json"
            for path in (state, gate.ready_file):
                self.assertEqual(json.loads(path.read_text()), gate.ready)
                self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            self.assertEqual(gate.ready["pid"], gate.process.pid)
        self.assertFalse(state.exists())

    def test_the_next_one_while_it_drains(self):
        """The place is free as soon as nobody new comes in, and stays the next
        one's."""
        gate = self.proxy("--drain", LIMIT_S)
        path = gate.folder / "state.json"
        _, events = self.held(gate)
        gate.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not path.exists(), "no state")
        wait_until(lambda: is_refused(gate), "a closed door")
        with Proxy(self.world, "--state", path) as second:
            self.assertIsNone(gate.process.poll())
            self.model.let_go(1000)
            self.assertEqual(list(events)[-1][1], DONE)
            self.assertEqual(gate.process.wait(LIMIT_S), 0)
            self.assertEqual(json.loads(path.read_text()), second.ready)
        self.assertFalse(path.exists())

    def test_behind_a_crash(self):
        gate = Proxy(self.world).__enter__()
        path = gate.folder / "state.json"
        gate.stop(signal.SIGKILL)
        self.assertTrue(path.exists())
        with Proxy(self.world, "--state", path) as second:
            self.assertEqual(json.loads(path.read_text()), second.ready)

    def test_off(self):
        with Proxy(self.world, "--state", "off") as gate:
            self.check_ok(self.models(gate))
            self.assertFalse((gate.folder / "state.json").exists())


class AuditLog(OperateCase):
    def test_rotation(self):
        gate, said = self.proxy(), "access log reopened"
        for i in range(2):
            self.check_ok(self.models(gate))
            gate.audited(1)
            gate.audit_file.rename(gate.folder / f"audit.{i}")
            gate.process.send_signal(signal.SIGUSR1)
            wait_until(lambda n=i: gate.log.count(said) > n)
        self.assertEqual(gate.audit, [])
        self.assertEqual(stat.S_IMODE(os.stat(gate.audit_file).st_mode) & 0o7,
                         0)

    def test_a_full_disk(self):
        """Lines are lost, which is counted and said; requests are not."""
        gate = self.proxy("--audit-log", "/dev/full")
        for _ in range(3):
            self.check_ok(self.models(gate))
        wait_until(lambda: gate.metrics()[
            "assay_proxy_audit_log_lost_total"] >= 4, gate.metrics)
        gate.log_line("cannot be written")

    def test_nobody_reads_it(self):
        """A pipe that is full holds nobody up."""
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        gate = Proxy(self.world, "--audit-log", f"/dev/fd/{writer}",
                     "--sandbox", "off", pass_fds=(writer,))
        with gate:
            os.close(writer)
            with gate.client() as c:
                for _ in range(600):
                    self.check_error(c.ask("GET", "/nobody/" + "x" * 300), 404)
            self.assertGreater(gate.metrics()[
                "assay_proxy_audit_log_lost_total"], 0)

    def test_with_the_log(self):
        gate = self.proxy("--audit-log", "stderr")
        self.check_ok(self.models(gate))
        self.assertIn('"status":200', gate.log_line('"method":"GET"'))


class Numbers(OperateCase):
    def test_all_are_documented(self):
        man = (SOURCE / "docs/man/assay-proxy.1.scd").read_text()
        part = man.partition("# METRICS")[2].partition("\n# ")[0]
        rows = "\n".join(x for x in part.splitlines()
                         if x.startswith(("|[", "| ")))
        documented = re.findall(r"_([a-z_]+)_(?:\{|,|$)", rows, re.M)
        text = self.proxy().operators("/metrics")[1]
        shown = re.findall(r"^# TYPE assay_proxy_(\S+) ", text, re.M)
        self.assertCountEqual(shown, documented)
        self.assertCountEqual(
            shown, re.findall(r"^# HELP assay_proxy_(\S+) \S", text, re.M))

    def test_after_known_traffic(self):
        """With more workers than one: the sums of all."""
        gate = self.proxy("--workers", "2", "--max-connections", "77")
        body = b'{"model":"test","messages":[{"role":"user","content":"a"}]}'
        sent, received = 0, 0
        for _ in range(6):
            answer = gate.ask("POST", gate.path() + "/chat/completions", body)
            self.check_ok(answer)
            sent += len(body)
            received += len(answer.body)
        translated = json.dumps({"model": "test", "input": "a"}).encode()
        answer = gate.ask("POST", gate.path() + "/responses", translated)
        self.check_ok(answer)
        self.assertEqual(gate.ask("GET", "/nobody/x").status, 404)
        self.assertEqual(gate.ask("GET", "/").status, 200)
        c, events = self.held(gate)
        self.until(gate, self.connections("busy"), 1)
        self.until(gate, "assay_proxy_connections_open", 1)
        c.sock.close()
        gate.audited(9)
        self.until(gate, "assay_proxy_requests_total", 10)
        self.until(gate, "assay_proxy_connections_open", 0)

        m = gate.metrics()
        name = "assay_proxy_"
        for row, value in (
                ("connections_total", 10), ("requests_total", 10),
                ("translated_requests_total", 1),
                ('responses_total{status="2xx"}', 9),
                ('responses_total{status="4xx"}', 1),
                ('responses_total{status="5xx"}', 0),
                ('requests_ended_total{how="whole"}', 9),
                ('requests_ended_total{how="aborted"}', 1),
                ('verdicts_total{result="refused"}', 0),
                ('verdicts_total{result="failed"}', 0),
                ("evidence_lost_total", 0), ("audit_log_lost_total", 0),
                ('reloads_total{result="ok"}', 0), ("workers", 2),
                ("connections_limit", 77), ("draining", 0)):
            self.assertEqual(m[name + row], value, row)
        self.until(gate, self.connections("busy"), 0)
        self.assertGreaterEqual(
            m[name + 'payload_bytes_total{direction="up"}'],
            sent + len(HELD))
        self.assertGreaterEqual(
            m[name + 'payload_bytes_total{direction="down"}'], received)
        wait_until(lambda: gate.metrics()[name + "evidence_kept_total"]
                   == gate.metrics()[name + 'verdicts_total{result="trusted"}'])
        self.assertGreaterEqual(m[name + 'verdicts_total{result="trusted"}'], 2)
        self.assertEqual(self.counters(gate)["requests"], 8)
        self.assertEqual(self.counters(gate)["attested"], gate.metrics()[
            name + 'verdicts_total{result="trusted"}'])

    def test_refused_and_failed(self):
        gate = self.proxy(codex=self.world.codex_config(
            statuses='["OutOfDate"]'))
        self.check_refused(gate.chat())
        gate.audited(1)
        m = gate.metrics()
        self.assertGreaterEqual(
            m['assay_proxy_verdicts_total{result="refused"}'], 1)
        self.assertEqual(m['assay_proxy_responses_total{status="4xx"}'], 1)
        self.assertEqual(m[self.connections("idle")], 0)
        with proxy_peer.nobody_at() as address:
            gate = self.proxy(codex=self.world.codex_config(
                base_url=f"https://{address}/v1"))
            self.assertEqual(gate.chat().status, 503)
            gate.audited(1)
            m = gate.metrics()
        self.assertGreaterEqual(
            m['assay_proxy_verdicts_total{result="failed"}'], 1)
        self.assertEqual(m['assay_proxy_responses_total{status="5xx"}'], 1)

    @staticmethod
    def until(gate, name, value):
        wait_until(lambda: gate.metrics()[name] == value, f"{name} {value}")

    @staticmethod
    def connections(state):
        return f'assay_proxy_connections{{provider="{NAME}",state="{state}"}}'

    @staticmethod
    def counters(gate):
        return gate.status()["providers"][0]["counters"]

    def test_health(self):
        gate = self.proxy()
        for path in ("/healthz", "/readyz"):
            self.assertEqual(gate.operators(path), (200, "ok\n"))
        self.assertEqual(gate.operators("/nobody")[0], 404)
        self.assertEqual(gate.operators("/metrics", "POST")[0], 405)
        # a door of its own: clients see no numbers
        for path in ("/metrics", "/readyz"):
            self.assertEqual(gate.ask("GET", path).status, 404)
        answer = gate.ask("GET", "/healthz")
        self.assertEqual((answer.status, answer.body), (200, b"ok\n"))


if __name__ == "__main__":
    proxy_peer.main()
