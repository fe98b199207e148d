# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What every client of the bridge must find, whichever WebSocket it has.
ASSAY_BRIDGE_MIB: how much goes each way at once (default 64).

A test class has `connect(bridge, ...)`, which gives a node_peer.WebSocket or
raises Refused; `short(bridge, count)`; and `tls`, options for a door with TLS, if
its clients come to that.
"""
import hashlib
import os
import signal
import threading

from bridge_peer import LIMIT_S, free_port, wait_until
from bridge_target import Bridge, Target, echo
from harness import write
from node_peer import ANSWER_LIMIT_S, MIB, Refused, Taken

LARGE = int(os.environ.get("ASSAY_BRIDGE_MIB") or 64) * MIB
SOME = 16 * MIB  # more than the system's buffers take
TOKEN = "dG9rZW4.of-a~test"


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Cases:
    """A mixin."""

    tls = ()
    tells_status = True
    hears_after_close = True  # what still comes behind its own Close
    said_before = SOME  # octets, when the target ends

    def bridge(self, behave, *options):
        """And its target."""
        target = self.enterContext(Target(behave))
        return self.enterContext(Bridge(target, *self.tls, *options)), target

    def url(self, bridge, **how):
        return bridge.url(scheme="wss" if self.tls else "ws", **how)

    def refused(self, bridge, status, **how):
        with self.assertRaises(Refused) as caught:
            self.connect(bridge, **how)
        if self.tells_status:
            self.assertEqual(caught.exception.status, status)
        return caught.exception

    def check_closed(self, ws, code, reason=""):
        clean = code != 1006  # which is said by nobody
        self.assertEqual(ws.closed(),
                         {"code": code, "reason": reason, "clean": clean})

    # --- octets ---------------------------------------------------------------

    def check_echo(self, ws, size, frame):
        back = ws.start_take(size)
        sent = ws.start_noise(size, frame).result(ANSWER_LIMIT_S)
        got = Taken(back.result(ANSWER_LIMIT_S))
        self.assertEqual((got.size, got.sha256, got.texts),
                         (size, sent["sha256"], 0))

    def test_large_echo(self):
        bridge, _ = self.bridge(echo)
        ws = self.connect(bridge)
        self.assertEqual(ws.extensions, "")
        self.check_echo(ws, LARGE, MIB)
        ws.close()
        self.check_closed(ws, 1000)

    def test_frames_of_all_lengths(self):
        bridge, _ = self.bridge(echo)
        ws = self.connect(bridge)
        for size, frame in ((1, 1), (1000, 1), (125 * 9, 125), (126 * 9, 126),
                            (65535 * 3, 65535), (65536 * 3, 65536),
                            (SOME, SOME)):
            with self.subTest(frame):
                self.check_echo(ws, size, frame)

    def test_large_both_ways(self):
        """Neither is an echo of the other."""
        data = os.urandom(LARGE)

        def behave(peer):
            sender = threading.Thread(target=peer.send, args=(data,))
            sender.start()
            heard = hashlib.sha256()
            while piece := peer.sock.recv(1 << 18):
                heard.update(piece)
            sender.join()
            return heard.hexdigest()

        bridge, target = self.bridge(behave)
        ws = self.connect(bridge)
        back = ws.start_take(LARGE)
        sent = ws.start_noise(LARGE).result(ANSWER_LIMIT_S)
        got = Taken(back.result(ANSWER_LIMIT_S))
        self.assertEqual((got.size, got.sha256), (LARGE, digest(data)))
        ws.close()
        self.check_closed(ws, 1000)
        self.assertEqual(target.result(), sent["sha256"])

    def test_neither_way_blocks_the_other(self):
        """The target reads nothing before the client has got all."""
        data = os.urandom(SOME)
        got_all = threading.Event()

        def behave(peer):
            peer.send(data)
            assert got_all.wait(LIMIT_S)
            return digest(peer.rest())

        bridge, target = self.bridge(behave)
        ws = self.connect(bridge)
        sent = ws.start_noise(2 * SOME)
        self.assertEqual(ws.take(SOME).sha256, digest(data))
        got_all.set()
        sent = sent.result(ANSWER_LIMIT_S)
        ws.close()
        self.assertEqual(target.result(), sent["sha256"])
        self.check_closed(ws, 1000)

    def test_text(self):
        """To TCP it is octets; what comes back is binary."""
        bridge, _ = self.bridge(echo)
        ws = self.connect(bridge)
        said = "grüße, \N{SNOWMAN}, \N{GRINNING FACE}"
        ws.send(said)
        got = ws.take(len(said.encode()))
        self.assertEqual((got.data.decode(), got.texts), (said, 0))

    def test_the_target_speaks_first(self):
        def behave(peer):
            peer.send(b"SSH-2.0-x\r\n")
            return peer.rest()

        bridge, target = self.bridge(behave)
        ws = self.connect(bridge)
        self.assertEqual(ws.take(11).data, b"SSH-2.0-x\r\n")
        ws.send(b"SSH-2.0-y\r\n")
        ws.close()
        self.assertEqual(target.result(), b"SSH-2.0-y\r\n")

    # --- ends -----------------------------------------------------------------

    def test_the_target_ends_first(self):
        """The client gets all of it, then a Close; and what it had said before,
        the target gets."""
        data = os.urandom(SOME)

        def behave(peer):
            first = peer.exactly(1)  # so that nothing is said behind the Close
            peer.send(data)
            peer.end()
            return digest(first + peer.rest())

        bridge, target = self.bridge(behave)
        ws = self.connect(bridge)
        # In one, for the same reason.
        sent = ws.start_noise(self.said_before, self.said_before)
        self.assertEqual(ws.take().sha256, digest(data))
        self.check_closed(ws, 1000)
        self.assertEqual(target.result(),
                         sent.result(ANSWER_LIMIT_S)["sha256"])

    def test_the_client_ends_first(self):
        """The target hears of it behind all that was said, and may still say
        what it has to say; the Close is answered behind that."""
        data = os.urandom(SOME)

        def behave(peer):
            heard = digest(peer.rest())
            peer.send(data)
            return heard

        bridge, target = self.bridge(behave)
        ws = self.connect(bridge)
        sent = ws.start_noise(SOME)
        sent = sent.result(ANSWER_LIMIT_S)
        ws.close()
        self.check_closed(ws, 1000)
        got = ws.take()
        # The API of the web has it that a page hears nothing more.
        self.assertEqual(got.sha256,
                         digest(data if self.hears_after_close else b""))
        self.assertEqual(target.result(), sent["sha256"])
        bridge.log_line(f"end=closed close=1000 up={SOME} down={SOME}")

    def test_a_target_that_is_reset(self):
        def behave(peer):
            peer.exactly(5)
            peer.reset()

        bridge, _ = self.bridge(behave)
        ws = self.connect(bridge)
        ws.send(b"hello")
        self.check_closed(ws, 1011, "target_failed")
        bridge.log_line("end=target_failed")

    def test_the_bridge_is_stopped(self):
        bridge, target = self.bridge(lambda peer: peer.rest())
        ws = self.connect(bridge)
        ws.send(b"before")
        bridge.process.send_signal(signal.SIGTERM)
        self.check_closed(ws, 1001, "drained")
        self.assertEqual(target.result(), b"before")
        self.assertEqual(bridge.stop(), 0)

    def test_short_connections(self):
        bridge, _ = self.bridge(echo)
        # What the first ones leave behind may stay.
        self.assertEqual(self.short(bridge, 50), 50)
        before = bridge.sockets
        self.assertEqual(self.short(bridge, self.short_count),
                         self.short_count)
        wait_until(lambda: bridge.sockets <= before, "sockets are closed")

    # --- who may --------------------------------------------------------------

    def test_subprotocols(self):
        bridge, _ = self.bridge(echo)
        for offered, chosen in (([], ""), (["binary"], "binary"),
                                (["other", "binary"], "binary")):
            with self.subTest(offered):
                ws = self.connect(bridge, protocols=offered)
                self.assertEqual(ws.protocol, chosen)
                self.check_echo(ws, 1000, 100)

    def test_a_token_as_the_first_subprotocol(self):
        path = write("token", TOKEN + "\n")
        os.chmod(path, 0o600)
        bridge, _ = self.bridge(echo, "--token-file", str(path))
        for offered, chosen in (([TOKEN, "binary"], "binary"),
                                ([TOKEN], TOKEN)):
            with self.subTest(offered):
                ws = self.connect(bridge, protocols=offered)
                self.assertEqual(ws.protocol, chosen)
                self.check_echo(ws, 1000, 100)
        for offered in ([], ["binary"], ["binary", TOKEN], [TOKEN + "x"],
                        [TOKEN[:-1], TOKEN]):
            with self.subTest(offered):
                self.refused(bridge, 401, protocols=offered)
        self.assertNotIn(TOKEN[:-1], bridge.log)

    def test_targets_that_are_refused(self):
        bridge, _ = self.bridge(echo)
        for status, how in ((403, {"target": "127.0.0.1:1"}),
                            (403, {"target": "tee.example.com"}),
                            (400, {"target": "127.0.0.1:99999"}),
                            (400, {"target": "a b"}),
                            (404, {"path": "/other"})):
            with self.subTest(how):
                self.refused(bridge, status, **how)

    def test_a_target_that_is_down(self):
        bridge = self.enterContext(
            Bridge(f"127.0.0.1:{free_port()}", *self.tls))
        self.refused(bridge, 502)
