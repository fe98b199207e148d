# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""SIGHUP to assay-proxy: what is asked for next goes by the new settings, all of
them or none; what is under way ends as it began."""
import json
import os
import pathlib
import signal
import stat
import threading

import proxy_peer
from configured import certificate
from harness import SCRATCH, write
from proxy_peer import NAME, SLOW_BUILD, Proxy, ProxyCase, Tee, base_url, wait_until

STREAM = (b'{"model":"do-held","stream":true,"messages":'
          b'[{"role":"user","content":"SAY a b c"}]}')
OTHER = "00" * 32
DONE = "info: reloaded"
FAILED = "reload failed, nothing has changed"
ROUNDS = 40 if SLOW_BUILD else 120


def secret_file(name, text):
    path = write(name, text + "\n")
    os.chmod(path, 0o600)
    return path


class ReloadCase(ProxyCase):
    def gate_of(self, *upstreams, **how):
        """A proxy with its own file; a text at the front is of the settings."""
        return self.proxy(config="".join(upstreams), **how)

    def rewrite(self, gate, *parts, needle=DONE):
        """What SIGHUP finds, and what it says."""
        gate.config_file.write_text("".join(parts))
        return self.reload(gate, needle)

    @staticmethod
    def reload(gate, needle=DONE):
        """Either way it is said; then what was read by it is used."""
        def said():
            return [x for x in gate.log.splitlines()
                    if DONE in x or FAILED in x]
        before = len(said())
        gate.process.send_signal(signal.SIGHUP)
        line = wait_until(lambda: said()[before:], lambda: gate.log)[0]
        assert needle in line, line
        if needle == DONE:
            gate.log_line(DONE)
            gate.ready = wait_until(lambda: json.loads(
                gate.ready_file.read_text()))
        return line

    @staticmethod
    def links(gate):
        return gate.status()["providers"][0]["links"]

    def upstream_of(self, tee):
        """On a platform of its own, with that one's policy."""
        policy = json.loads((tee.sim.folder / "policy.json").read_text())
        return self.world.upstream(base_url=base_url(tee), policy={
            **policy, "accept_self_signed_certs": False})

    def models(self, gate, name="tee", fields=()):
        return gate.ask("GET", gate.path(name) + "/models", fields=fields)


class Policies(ReloadCase):
    def test_stricter(self):
        """Nothing new goes where it went before, not even on the connections
        that were good; an answer that has begun comes whole."""
        gate = self.gate_of(self.world.upstream())
        with gate.client() as stream, gate.client() as c:
            stream.say("POST", gate.path("tee") + "/chat/completions", STREAM)
            self.model.let_go(2)
            self.check_ok(stream.answer_head())
            events = stream.events()
            next(events)
            path = gate.path("tee") + "/models"
            self.check_ok(c.ask("GET", path))
            before = len(self.model.requests)

            self.rewrite(gate, self.world.upstream(os_image_hash=OTHER))
            self.check_refused(c.ask("GET", path), "os_image_mismatch")
            self.check_refused(self.models(gate), "os_image_mismatch")
            self.assertEqual(len(self.model.requests), before)

            self.model.let_go(100)
            self.assertEqual(list(events)[-1][1], "[DONE]")
            # and so goes what this client asks for next
            self.check_refused(stream.ask("GET", path))
            self.assertEqual(len(self.model.requests), before)

    def test_laxer(self):
        gate = self.gate_of(self.world.upstream(os_image_hash=OTHER))
        self.check_refused(self.models(gate), "os_image_mismatch")
        self.rewrite(gate, self.world.upstream())
        self.check_ok(self.models(gate))

    def test_of_codex(self):
        gate = self.proxy(codex=self.world.codex_config(
            statuses='["OutOfDate"]'))
        self.check_refused(gate.chat(), "tcb_status_not_allowed")
        gate.codex_file.write_text(self.world.codex_config())
        self.reload(gate)
        self.check_ok(gate.chat())

    def test_a_file_of_its_own(self):
        """A policy that is named and not written out is read anew, too."""
        path = SCRATCH / "named-policy.json"
        path.write_text(json.dumps(self.world.policy))
        gate = self.gate_of("[upstreams.tee]\n"
                            f'base_url = "{self.world.base_url}"\n'
                            f'policy = "{path}"\n')
        self.check_ok(self.models(gate))
        path.write_text(json.dumps(
            {**self.world.policy, "os_image_hash": OTHER}))
        self.reload(gate)
        self.check_refused(self.models(gate), "os_image_mismatch")


class UnderWay(ReloadCase):
    """Requests that a reload finds half done: what had not been sent is not sent
    under what was before."""

    def check_sent_back(self, answer):
        self.check_error(answer, 503, code="settings_changed")
        self.assertEqual(answer.get("Retry-After"), "1")

    def test_one_that_waits_for_a_connection(self):
        with Tee(self.model) as tee:
            gate = self.proxy("--ca", tee.ca, "--root", tee.sim.root,
                              config=self.upstream_of(tee))
            tee.process.send_signal(signal.SIGSTOP)
            try:
                self.reload(gate)  # so that there is no connection
                with gate.client() as c:
                    c.say("GET", gate.path("tee") + "/models")
                    wait_until(lambda: self.links(gate)["waiting"] == 1,
                               "a request that waits")
                    self.reload(gate)
                    tee.process.send_signal(signal.SIGCONT)
                    self.check_sent_back(c.answer("GET"))
            finally:
                tee.process.send_signal(signal.SIGCONT)

    def test_one_whose_body_is_on_its_way(self):
        """Translated, it would be passed on when all of it is there."""
        gate = self.proxy(codex=self.world.codex_config())
        body = json.dumps({"model": "test", "input": "hello"}).encode()
        with gate.client() as c:
            c.say("POST", gate.path() + "/responses", fields=[
                ("Content-Type", "application/json"),
                ("Content-Length", len(body)), ("Expect", "100-continue")])
            self.assertEqual(c.answer("POST").status, 100)
            self.reload(gate)
            c.send(body)
            self.check_sent_back(c.final("POST"))

    def test_a_websocket(self):
        gate = self.gate_of(self.world.upstream())
        with gate.client() as c:
            c.say("GET", gate.path("tee") + "/realtime", fields=[
                ("Connection", "Upgrade"), ("Upgrade", "websocket"),
                ("Sec-WebSocket-Version", "13"),
                ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")])
            self.assertEqual(c.answer_head().status, 101)
            self.rewrite(gate, self.world.upstream(os_image_hash=OTHER))
            self.check_refused(self.models(gate))
            c.send(b"\x81\x84\0\0\0\0echo")
            self.assertEqual(c.exactly(6), b"\x81\x04echo")


class Upstreams(ReloadCase):
    def test_added_renamed_removed(self):
        tee = self.world.upstream
        gate = self.gate_of(tee("one"))
        self.check_ok(gate.ask("GET", "/v1/models"))
        self.assertIn("v1", gate.ready)
        self.rewrite(gate, tee("one"), tee("two"))
        for name in ("one", "two"):
            self.check_ok(self.models(gate, name))
        # "/v1" would be a guess now
        self.check_error(gate.ask("GET", "/v1/models"), 404)
        self.assertNotIn("v1", gate.ready)
        self.check_names(gate, "one", "two")

        self.rewrite(gate, tee("uno"), tee("two"))
        self.check_error(gate.ask("GET", "/one/models"), 404, code="not_found")
        self.check_ok(self.models(gate, "uno"))
        self.check_names(gate, "uno", "two")

        self.rewrite(gate, tee("two"))
        self.check_error(gate.ask("GET", "/uno/models"), 404)
        self.check_ok(gate.ask("GET", "/v1/models"))
        self.check_names(gate, "two")

    def check_names(self, gate, *names):
        """The files, the page, and the numbers all know the same."""
        state = json.loads((gate.folder / "state.json").read_text())
        self.assertEqual(state, gate.ready)
        self.assertCountEqual([p["name"] for p in state["providers"]], names)
        self.assertCountEqual(
            [p["name"] for p in gate.status()["providers"]], names)
        shown = {m.split('"')[1] for m in gate.metrics()
                 if m.startswith("assay_proxy_connections{")}
        self.assertEqual(shown, set(names))

    def test_led_elsewhere(self):
        with Tee(self.model) as other:
            gate = self.proxy("--ca", self.both(other),
                              config=self.world.upstream())
            self.check_ok(self.models(gate))
            wait_until(lambda: self.links(gate)["idle"] >= 2
                       and self.links(gate)["attesting"] == 0, "a calm pool")
            quotes = self.world.tee.quotes
            # another platform, and another policy of it
            self.rewrite(gate, self.upstream_of(other))
            self.check_ok(self.models(gate))
            self.assertEqual(self.world.tee.quotes, quotes)

    def both(self, other):
        path = SCRATCH / "both.pem"
        path.write_text(self.world.tee.ca.read_text() + other.ca.read_text())
        return path


class Secrets(ReloadCase):
    def test_a_key_that_was_added(self):
        """Then others must not find it: the segment is there at once, and who has
        started the proxy is told."""
        gate = self.gate_of(self.world.upstream())
        # the sandbox lets it see what is beside its own file
        key = secret_file(gate.folder / "added-key", "sk-first")
        self.check_ok(gate.ask("GET", "/tee/models"))
        with_key = self.world.upstream(more=f'api_key_file = "{key}"\n')
        self.rewrite(gate, with_key)
        state = gate.folder / "state.json"
        for path in (gate.ready_file, state):
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(json.loads(state.read_text()), gate.ready)
        segment = gate.path("tee").split("/")[1]
        self.assertRegex(segment, "^[0-9a-f]{32}$")
        self.check_error(gate.ask("GET", "/tee/models"), 404)
        self.check_error(gate.ask("GET", "/v1/models"), 404)
        self.check_key(gate, "sk-first")

        secret_file(key, "sk-second")
        self.reload(gate)
        self.assertEqual(gate.path("tee").split("/")[1], segment)
        self.check_key(gate, "sk-second")

        os.chmod(key, 0o644)
        self.assertIn("added-key", self.rewrite(gate, with_key, needle=FAILED))
        self.check_key(gate, "sk-second")

        self.rewrite(gate, self.world.upstream())
        self.assertEqual(gate.path("tee"), "/tee")
        self.check_ok(gate.ask("GET", "/tee/models"))
        self.assertIsNone(self.model.requests[-1].get("Authorization"))
        for text in ("sk-first", "sk-second", segment):
            self.assertNotIn(text, gate.log)

    def check_key(self, gate, key):
        self.check_ok(self.models(gate))
        self.assertEqual(self.model.requests[-1].get("Authorization"),
                         f"Bearer {key}")

    def test_a_token_that_was_changed(self):
        token = secret_file("changed-token", "token-of-before")
        settings = f'token-file = "{token}"\n'
        gate = self.gate_of(settings, self.world.upstream())

        def status(value):
            return self.models(gate, fields=[
                ("Authorization", f"Bearer {value}")]).status
        self.assertEqual(status("token-of-before"), 200)
        secret_file("changed-token", "token-of-now")
        self.assertEqual(status("token-of-before"), 200)
        self.reload(gate)
        self.assertEqual(status("token-of-before"), 401)
        self.assertEqual(status("token-of-now"), 200)
        self.rewrite(gate, self.world.upstream())
        self.check_ok(self.models(gate))


class NothingOrAll(ReloadCase):
    def test_a_bad_file_changes_nothing(self):
        tee = self.world.upstream
        gate = self.gate_of(tee())
        self.check_ok(self.models(gate))
        with gate.client() as c:
            for i, text in enumerate((
                    "", "nothing\n", "warm = -1\n" + tee(),
                    "wram = 1\n" + tee(), tee("v1"), tee("a/b"),
                    tee() + tee(), tee(base_url="http://localhost:1/v1"),
                    tee() + '[upstreams.b]\nbase_url = "https://a/v1"\n',
                    tee(os_image_hash="zz"), tee(typo=True),
                    tee(more='policy = "/none"\n'),
                    tee(more='api_key_file = "/none/key"\n'),
                    'token-file = "/none/token"\n' + tee(),
                    'pccs-ca = "/none/ca.pem"\n' + tee())):
                with self.subTest(text[:60]):
                    line = self.rewrite(gate, text, needle=FAILED)
                    self.assertIn("message=", line)
                    self.check_ok(c.ask("GET", gate.path("tee") + "/models"))
                    self.assertEqual(self.failed(gate), i + 1)
            gate.config_file.unlink()
            self.reload(gate, FAILED)
            self.check_ok(c.ask("GET", gate.path("tee") + "/models"))
        self.assertEqual(gate.metrics()[
            'assay_proxy_reloads_total{result="ok"}'], 0)
        self.rewrite(gate, tee("good"))
        self.check_ok(self.models(gate, "good"))
        self.assertEqual(gate.metrics()[
            'assay_proxy_reloads_total{result="ok"}'], 1)

    @staticmethod
    def failed(gate):
        return gate.metrics()['assay_proxy_reloads_total{result="failed"}']

    def test_a_bad_ca(self):
        good, _, _ = certificate("reloaded-ca", "nobody.example")
        path = SCRATCH / "reloaded.pem"
        path.write_text(self.world.tee.ca.read_text())
        gate = self.proxy("--ca", path, config=self.world.upstream())
        for text in ("", "junk"):
            path.write_text(text)
            self.assertIn(str(path), self.reload(gate, FAILED))
            self.check_ok(self.models(gate))
        path.write_text(good.read_text())
        self.reload(gate)
        self.check_refused(self.models(gate), "tls_certificate_invalid")

    def test_what_needs_a_start(self):
        gate = self.gate_of(self.world.upstream())
        self.rewrite(gate, "workers = 7\n", self.world.upstream())
        self.assertIn("workers", gate.log_line("a restart is needed"))
        self.check_ok(self.models(gate))

    def test_limits(self):
        gate = self.gate_of(self.world.upstream())
        with gate.client() as c:
            path = gate.path("tee") + "/echo"
            self.check_ok(c.ask("POST", path, b"abcd"))
            self.rewrite(gate, "max-body = 3\nmax-connections = 9\n",
                         self.world.upstream())
            self.check_error(c.ask("POST", path, b"abcd"), 413)
        self.assertEqual(gate.metrics()["assay_proxy_connections_limit"], 9)

    def test_files_that_cannot_be_written(self):
        """The settings are in force, and it is said that nobody was told."""
        gate = Proxy(self.world, config=self.world.upstream())
        files = gate.folder / "told"
        files.mkdir()
        gate.ready_file = files / "ready.json"
        gate.command[gate.command.index("--ready-file") + 1] = str(
            gate.ready_file)
        with gate:
            gate.ready_file.unlink()
            files.rmdir()
            gate.config_file.write_text(self.world.upstream("two"))
            gate.reload("warning: not told")
            self.check_ok(gate.ask("GET", "/two/models"))

    def test_while_it_starts(self):
        """SIGHUP before anybody is let in ends nothing, and is not lost."""
        gate = Proxy(self.world, config=self.world.upstream())
        gate.start()
        try:
            status = pathlib.Path(f"/proc/{gate.process.pid}/status")
            wait_until(lambda: catches(status.read_text(), signal.SIGHUP),
                       "a watcher")
            gate.process.send_signal(signal.SIGHUP)
            gate.log_line("info: reloaded")
        finally:
            self.assertEqual(gate.stop(), 0, gate.log)


def catches(status, number):
    line = next(x for x in status.splitlines() if x.startswith("SigCgt:"))
    return int(line.split()[1], 16) >> (number - 1) & 1


class Storm(ReloadCase):
    """Many reloads under load."""

    def setUp(self):
        super().setUp()
        self.over = threading.Event()
        self.failed = []
        self.answered = [0] * 4

    def talk(self, i, gate):
        """Requests of all kinds, one after the other."""
        try:
            while not self.over.is_set():
                with gate.client() as c:
                    for ask in (self.get, self.stream, self.translated):
                        ask(c, gate)
                self.answered[i] += 1
        except Exception as e:  # pylint: disable=broad-except
            self.failed.append(repr(e))

    def insist(self, ask):
        """Clients do what is sent back to them again; nothing else goes wrong."""
        while (answer := ask()).status == 503:
            self.assertEqual(answer.json["error"]["code"], "settings_changed")
        return self.check_ok(answer)

    def get(self, c, gate):
        self.insist(lambda: c.ask("GET", gate.path() + "/models"))

    def stream(self, c, gate):
        def ask():
            c.say("POST", gate.path() + "/chat/completions", STREAM.replace(
                b"do-held", b"test"))
            answer = c.answer_head()
            if answer.status != 200:
                answer.body = c.exactly(int(answer.get("Content-Length")))
            return answer
        self.insist(ask)
        self.assertEqual(list(c.events())[-1][1], "[DONE]")

    def translated(self, c, gate):
        self.insist(lambda: c.ask(
            "POST", gate.path() + "/responses", json.dumps(
                {"model": "test", "input": "hello"}).encode(),
            [("Content-Type", "application/json")]))

    def rounds(self, gate, count):
        """Each reload behind some requests of everybody."""
        for _ in range(count):
            before = self.answered.copy()
            gate.reload()
            wait_until(lambda b=before: self.failed or all(
                now > then for now, then in zip(self.answered, b, strict=True)),
                "answers")
            self.assertEqual(self.failed, [])

    def swept(self, gate):
        """As it is when nobody asks: the warm connections of each worker."""
        name = f'assay_proxy_connections{{provider="{NAME}",state="%s"}}'

        def still():
            now = gate.metrics()
            return ([now[name % x] for x in ("idle", "busy", "attesting")]
                    == [2, 0, 0] and now["assay_proxy_connections_open"] == 0)
        wait_until(still, gate.metrics)

    def test_nothing_fails_and_nothing_stays(self):
        gate = self.proxy("--workers", "2", "--sandbox", "off",
                          "--idle-timeout", "0.5", codex=(
                              self.world.codex_config()))
        self.swept(gate)
        before = descriptors(gate)
        threads = [threading.Thread(target=self.talk, args=(i, gate))
                   for i in range(len(self.answered))]
        for t in threads:
            t.start()
        try:
            self.rounds(gate, ROUNDS // 4)
            middle = rss_kib(gate)
            self.rounds(gate, ROUNDS)
            end = rss_kib(gate)
        finally:
            self.over.set()
            for t in threads:
                t.join()
        self.assertEqual(self.failed, [])
        self.swept(gate)
        # settings that stay, with all roots, would be some 500 KiB each
        if not SLOW_BUILD:
            self.assertLess(end - middle, ROUNDS * 100)
        wait_until(lambda: descriptors(gate) <= before,
                   lambda: os.listdir(f"/proc/{gate.process.pid}/fd"))


def descriptors(gate):
    return len(os.listdir(f"/proc/{gate.process.pid}/fd"))


def rss_kib(gate):
    text = pathlib.Path(f"/proc/{gate.process.pid}/status").read_text()
    line = next(x for x in text.splitlines() if x.startswith("VmRSS:"))
    return int(line.split()[1])


if __name__ == "__main__":
    proxy_peer.main()
