# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Ways in which a byte could get where it must not, or somebody could spend what is
not theirs; each was tried on assay-proxy."""
import contextlib
import select

import proxy_peer
from bridge_peer import Tunnel, wait_until
from proxy_peer import ProxyCase, Tee, base_url
from raw_backend import RawBackend


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
        tee = self.enterContext(Tee(backend, sim=self.world.sim))
        gate = self.proxy("--ca", tee.ca, config=self.world.upstream(
            base_url=base_url(tee), reattestation_interval_secs=1))
        with gate.client() as c:
            c.send(f"POST {gate.path('tee')}/x HTTP/1.1\r\nHost: {c.host}\r\n"
                   "Content-Length: 10\r\n\r\n01234".encode())
            peer = backend.accept()
            peer.head()
            self.assertEqual(peer.exactly(5), b"01234")
            self.world.sim.change("debug")
            self.wait_for_refusal(gate)
            self.check_refused(c.final())
            self.assertEqual(peer.sock.recv(1), b"")


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
        crowd.close()
        gate.audited(8)
        self.check_ok(gate.responses())


if __name__ == "__main__":
    proxy_peer.main()
