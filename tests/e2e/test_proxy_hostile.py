# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Ways in which a byte could get where it must not, or somebody could spend what is
not theirs; each was tried on assay-proxy."""
import contextlib
import os
import select

import proxy_peer
from bridge_peer import Tunnel, wait_until
from harness import SCRATCH
from proxy_peer import ProxyCase, Tee, base_url
from raw_backend import RawBackend
from smuggling import BODIES, CLOSED, MALFORMED, NEXT, OPEN, ROWS
from test_smuggling import Recorder


def upgrade(gate, c):
    """A request for a WebSocket."""
    return (f"GET {gate.path('tee')}/realtime?model=m HTTP/1.1\r\n"
            f"Host: {c.host}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode()


class Later(ProxyCase):
    """What is said on a connection long after it has proven itself: prompts, where
    each message of a WebSocket is one."""

    def gate(self, *options, interval=1):
        return self.proxy(*options, config=self.world.upstream(
            more='wire_api = "responses"\n',
            reattestation_interval_secs=interval))

    def wait_for_refusal(self, gate):
        wait_until(lambda: gate.status()["providers"][0]["state"] == "refused",
                   "a verdict")

    def open(self, gate):
        c = self.enterContext(gate.client())
        t = Tunnel(c.sock, upgrade(gate, c))
        t.send(b"x")
        self.assertEqual(t.message(), b"x")
        return t

    def test_a_websocket_ends_with_a_refusal(self):
        gate = self.gate()
        t = self.open(gate)
        self.world.sim.change("debug")
        self.wait_for_refusal(gate)
        self.assertEqual(t.sock.recv(1), b"")
        self.assertEqual(gate.audited(1)[-1]["end"], "cut")

    def test_a_websocket_ends_when_nothing_is_proven_any_more(self):
        """Its own connection is the only one that there may be, and cannot be asked
        for evidence."""
        gate = self.gate("--max-links", 1)
        t = self.open(gate)
        self.assertEqual(t.sock.recv(1), b"")
        self.assertEqual(gate.audited(1)[-1]["end"], "cut")

    def test_a_websocket_ends_behind_a_reload(self):
        """Whose policies may be others: by the old ones nobody asks any more."""
        gate = self.gate()
        t = self.open(gate)
        gate.reload()
        self.assertEqual(t.sock.recv(1), b"")
        self.check_ok(gate.chat(name="tee"))

    def test_a_websocket_goes_on_while_the_platform_is_well(self):
        for options in ((), ("--warm", 0)):
            gate = self.gate(*options, interval=4)
            t = self.open(gate)
            before = self.world.tee.quotes
            wait_until(lambda before=before:
                       self.world.tee.quotes >= before + 2, "quotes")
            t.send(b"y")
            self.assertEqual(t.message(), b"y")
            self.assertEqual(t.finish(), 1000)

    def test_the_rest_of_a_body_is_not_sent_behind_a_refusal(self):
        backend = self.enterContext(RawBackend())
        tee = self.enterContext(Tee(backend))
        gate = self.proxy("--ca", tee.ca, config=self.world.upstream(
            base_url=base_url(tee), reattestation_interval_secs=1))
        with gate.client() as c:
            c.send(f"POST {gate.path('tee')}/x HTTP/1.1\r\nHost: {c.host}\r\n"
                   "Content-Length: 10\r\n\r\n01234".encode())
            peer = backend.accept()
            peer.head()
            self.assertEqual(peer.exactly(5), b"01234")
            tee.sim.change("debug")
            self.wait_for_refusal(gate)
            self.check_refused(c.final())
            self.assertEqual(peer.sock.recv(1), b"")


class Pages(ProxyCase):
    """Of a provider: in a browser they would be of our origin."""

    def test_do_not_ask_another_provider(self):
        gate = self.proxy(config=self.world.upstream("one")
                          + self.world.upstream("two"))
        for fields in ([("Sec-Fetch-Site", "same-origin")],
                       [("Origin", gate.base)],
                       [("Sec-Fetch-Site", "same-origin"),
                        ("Origin", gate.base)]):
            for method in ("GET", "POST"):
                self.check_error(
                    gate.ask(method, gate.path("two") + "/models",
                             fields=fields), 403, code="origin_not_allowed")
        self.check_nothing_arrived()
        answer = gate.ask("GET", "/.well-known/assay",
                          fields=[("Sec-Fetch-Site", "same-origin")])
        self.assertEqual(answer.status, 200)


class SharedFolders(ProxyCase):
    """Somebody else was there before, and would like to know the secret of the
    URLs, or have a file overwritten."""

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("only root can make files of others")
        self.folder = SCRATCH / "shared"
        self.folder.mkdir(exist_ok=True)
        self.key = SCRATCH / "shared-key"
        self.key.write_text("sk-1")
        self.key.chmod(0o600)
        self.path = self.folder / "ready.json"
        self.path.unlink(missing_ok=True)

    def check_refused_to_write(self, option):
        gate = proxy_peer.Proxy(self.world, config=self.world.upstream(
            more=f'api_key_file = "{self.key}"\n'))
        gate.command[gate.command.index(option) + 1] = str(self.path)
        code, said = gate.run()
        self.assertEqual(code, 2, said)
        self.assertIn("belongs to another user", said)

    def test_a_pipe_of_another_user(self):
        for option in ("--ready-file", "--state"):
            os.mkfifo(self.path)
            os.chown(self.path, 65534, 65534)
            reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
            self.check_refused_to_write(option)
            self.assertEqual(os.read(reader, 1), b"")
            os.close(reader)
            self.path.unlink()

    def test_a_link_of_another_user(self):
        target = self.folder / "target"
        target.write_text("precious")
        self.path.symlink_to(target)
        os.lchown(self.path, 65534, 65534)
        for option in ("--ready-file", "--state"):
            self.check_refused_to_write(option)
        self.assertEqual(target.read_text(), "precious")


class Memory(ProxyCase):
    """Whoever can connect can send."""

    def test_bodies_that_are_never_whole(self):
        """Those that are translated are gathered, but not without end."""
        gate = self.proxy()
        piece = b" " * (1 << 20)
        refused = None
        crowd = self.enterContext(contextlib.ExitStack())
        for _ in range(8):
            c = crowd.enter_context(gate.client())
            c.send(f"POST {gate.path()}/responses HTTP/1.1\r\nHost: {c.host}\r\n"
                   f"Content-Length: {64 * len(piece)}\r\n\r\n".encode())
            for _ in range(48):
                if select.select([c.sock], [], [], 0)[0]:
                    refused = refused or c.final()
                    break
                c.send(piece)
        self.assertIsNotNone(refused)
        self.check_error(refused, 503, code="out_of_resources")
        self.check_nothing_arrived()
        held = "assay_proxy_translating_bytes"
        self.assertGreater(gate.metrics()[held], 48 * len(piece))
        self.assertLessEqual(gate.metrics()[held], 256 * len(piece))
        crowd.close()
        gate.audited(8)
        wait_until(lambda: gate.metrics()[held] == 0, "all of it is free")
        self.check_ok(gate.responses())


def to_provider(octets):
    """The same request, for a provider."""
    head, end, body = octets.partition("\r\n\r\n")
    for before, after in ((" / HTTP", " /tee/ HTTP"), (" /next", " /tee/next"),
                          ("localhost/a ", "localhost/tee/a ")):
        head = head.replace(before, after)
    return head + end + body


# Rows of assay-serve's that a proxy with routes has no place for, or answers
# otherwise.
OTHERWISE = {
    "CONNECT": [405],
    "long target": [414],
    "empty Host": [403],
    "Host of IPv6": [403],
    "1.0 without Host": [403],
    "1.0 that stays": [403],
    "absolute-form of OPTIONS": [405],
}


class Smuggling(ProxyCase):
    """What two readers may take for two requests, or one for another's."""

    def setUp(self):
        super().setUp()
        self.backend = self.enterContext(Recorder())
        tee = self.enterContext(Tee(self.backend, "--backend-pool", "0"))
        self.gate = self.proxy("--ca", tee.ca, "--allow-host", "localhost",
                               config=self.world.upstream(
                                   base_url=base_url(tee)))

    def send(self, octets):
        c = self.enterContext(self.gate.client())
        c.send((to_provider(octets) + to_provider(NEXT)).encode("latin-1"))
        return c

    def test_is_refused(self):
        for name, octets in (*MALFORMED, *BODIES):
            with self.subTest(name):
                c = self.send(octets)
                self.check_error(
                    c.final(), 413 if name == "extension that is long" else 400)
                self.assertTrue(c.ended())
        self.assertEqual((self.backend.seen, self.backend.wrong), ([], []))

    def test_is_one_thing(self):
        for name, octets, answers, seen, then in ROWS:
            if "own path" in name:
                continue
            answers = OTHERWISE.get(name, answers)
            seen = seen if answers == [200] else []
            with self.subTest(name):
                self.backend.seen.clear()
                c = self.send(octets)
                for status in answers:
                    self.assertEqual(c.final().status, status)
                if then == OPEN:
                    self.assertEqual(c.final().status, 200)
                    seen = [*seen, ("GET /next HTTP/1.1", "")]
                else:
                    self.assertEqual(then, CLOSED)
                    self.assertTrue(c.ended())
                self.assertEqual(
                    [(line.replace("/v1/", "/"), body)
                     for line, body in self.backend.seen], seen)


if __name__ == "__main__":
    proxy_peer.main()
