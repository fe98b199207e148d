# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-bridge as clients see it: each hole of the bridge before it is a test here,
by the name of what was missing."""
import contextlib
import hashlib
import ipaddress
import json
import os
import re
import select
import socket
import struct
import subprocess
import threading
import time

import bridge_peer as bridge
from bridge_peer import (BINARY, BRIDGE, CLOSE, KIB, LIMIT_S, MIB, MORE, PING, PONG,
                    TEXT, Bridge, Echo, Refused, environment, frame, free_port, nobody_at,
                    handshake, wait_until)
from harness import USAGE, Case, write
from raw_backend import RawBackend

BEARER = "a-token.of_30-letters~at-least+"
ENDPOINT = "tee.example.com:443"  # allowed, and never asked for


def spill(sock, payload, limit=64 * MIB):
    """Sends until the other side takes nothing any more. How much that was."""
    sock.settimeout(1)
    sent = 0
    with contextlib.suppress(TimeoutError):
        while sent < limit:
            sent += sock.send(payload)
    sock.settimeout(LIMIT_S)
    assert sent < limit, "nobody held it back"
    return sent


class Shared(Case):
    """One target that a test plays itself, and one bridge to it."""

    options = ()
    variables = {}

    @classmethod
    def setUpClass(cls):
        cls.target = cls.enterClassContext(RawBackend())
        cls.bridge = cls.enterClassContext(
            Bridge([cls.target.address, ENDPOINT], *cls.options,
                   **cls.variables))

    def open(self, **how):
        """Both ends of a tunnel."""
        client = self.enterContext(
            self.bridge.tunnel(self.target.address, **how))
        return client, self.target.accept()

    def check_denied(self, answer, status, code):
        """By HTTP, with an error that can be read, and then the end."""
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.get("Content-Type"), "application/json")
        self.assertEqual(answer.get("Connection"), "close")
        self.assertEqual(int(answer.get("Content-Length")), len(answer.body))
        self.assertEqual(set(json.loads(answer.body)["error"]),
                         {"code", "message"})
        self.assertEqual(answer.code, code)


class Start(Case):
    """Empty allowlist; a default target that is not in it; no flags."""

    def run_bridge(self, *args, **variables):
        p = subprocess.run([str(BRIDGE), *map(str, args)], text=True,
                           capture_output=True, timeout=LIMIT_S,
                           env=environment(**variables))
        return p.returncode, p.stdout, p.stderr

    def test_no_allowlist_no_start(self):
        for args, variables in (([], {}), ([], {"ATLS_PROXY_ALLOWLIST": ""}),
                                ([], {"ATLS_PROXY_ALLOWLIST": " , ,"}),
                                (["--allow", ""], {}),
                                (["--target", "a:1"], {})):
            with self.subTest((args, variables)):
                code, out, err = self.run_bridge(*args, **variables)
                self.assertEqual((code, out, err.count("\n")), (USAGE, "", 1))
                self.assertRegex(err, "^assay-bridge: .*--allow")
                if "--allow" not in args:
                    self.assertIn("ATLS_PROXY_ALLOWLIST", err)

    def test_default_target_is_not_allowed(self):
        """It starts, and denies it when it is asked for."""
        with Echo() as echo, RawBackend() as default:
            with Bridge([echo.address], "--target", default.address) as b:
                answer = b.refused()
                self.assertEqual((answer.status, answer.code),
                                 (403, "target_denied"))
                self.assertTrue(default.is_alone())
                with b.tunnel(echo.address) as t:
                    t.send(b"hello")
                    self.assertEqual(t.data(5), b"hello")

    def test_default_target(self):
        with Echo() as echo:
            with Bridge([echo.address], "--target", echo.address) as b:
                with b.tunnel() as t:
                    t.send(b"hello")
                    self.assertEqual(t.data(5), b"hello")

    def test_help_and_version(self):
        code, out, err = self.run_bridge("--help")
        self.assertEqual((code, err), (0, ""))
        for word in (*bridge.OURS, "--allow-private", "--tls-listen",
                     "--max-rate", "--config", "--sandbox"):
            self.assertIn(word, out)
        code, out, err = self.run_bridge("--version")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"^assay-bridge \d+\.\d+")

    def test_from_a_file(self):
        with Echo() as echo:
            config = write("bridge.toml", (
                f'allow = ["tee.example.com", "{echo.address}"]\n'
                f'target = "{echo.address}"\nmax-connections = 3\n'))
            with Bridge([], "--config", config) as b:
                with b.tunnel() as t:
                    t.send(b"hello")
                    self.assertEqual(t.data(5), b"hello")

    def test_dump(self):
        """What it prints means the same, and printing that is the same."""
        code, out, err = self.run_bridge(
            "--allow", "a.example,*.b.example:1", "--rate", "7",
            "--dump-config", ATLS_PROXY_TARGET="tee.example")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("rate = 7\n", out)
        again = write("dumped.toml", out)
        self.assertEqual(self.run_bridge("--config", again, "--dump-config"),
                         (0, out, ""))

    def test_check(self):
        code, out, err = self.run_bridge("--allow", "a.example", "--check")
        self.assertEqual((code, err), (0, ""))
        code, out, err = self.run_bridge("--config", write("bad.toml", "alow=1"),
                                         "--check")
        self.assertNotEqual(code, 0)
        self.assertIn("line 1", err)


class Denials(Shared):
    """The 101 was always sent, a denied client saw a Close without a code."""

    options = ("--path", "/ws")

    def test_before_the_upgrade(self):
        at = self.target.address
        for name, request, status, code in (
                ("not allowed", handshake("127.0.0.1:1", path="/ws"), 403,
                 "target_denied"),
                ("no default that is", handshake(path="/ws"), 403,
                 "target_denied"),
                ("empty", handshake("", path="/ws"), 400, "bad_target"),
                ("two", handshake(query=f"target={at}&target={at}",
                                  path="/ws"), 400, "bad_target"),
                ("a plus is no blank",
                 handshake(at + "+", path="/ws"), 400, "bad_target"),
                ("path", handshake(at), 404, "not_found"),
                ("path below", handshake(at, path="/ws/"), 404, "not_found"),
                ("method", handshake(at, path="/ws", method="POST"), 405,
                 "method_not_allowed"),
                ("plain GET", b"GET /ws HTTP/1.1\r\nHost: b\r\n\r\n", 426,
                 "upgrade_required"),
                ("version 8", handshake(at, path="/ws").replace(
                    b"Version: 13", b"Version: 8"), 426, "upgrade_required"),
                ("no key", re.sub(rb"Sec-WebSocket-Key:.*\r\n", b"",
                                  handshake(at, path="/ws")), 400,
                 "bad_request"),
                ("HTTP/1.0", handshake(at, path="/ws").replace(
                    b"HTTP/1.1", b"HTTP/1.0", 1), 400, "bad_request"),
                ("no HTTP", b"\x16\x03\x01\0\xa5\1\0\0\xa1\r\n\r\n", 400,
                 "bad_request"),
                ("long", handshake(at, path="/ws", fields=[
                    ("X", "x" * 20000)]), 431, "request_too_large")):
            with self.subTest(name):
                answer = self.bridge.ask(request)
                self.check_denied(answer, status, code)
                if status == 426:
                    self.assertEqual(answer.get("Upgrade"), "websocket")
                    self.assertEqual(answer.get("Sec-WebSocket-Version"), "13")
        self.assertTrue(self.target.is_alone())

    def test_a_client_that_goes_on_sending(self):
        """It can still read that it is."""
        for _ in range(20):
            with self.bridge.connect() as s:
                s.sendall(handshake("127.0.0.1:1", path="/ws")
                          + frame(BINARY, bytes(8000)))
                s.sendall(bytes(300 * KIB))
                self.assertIn(bridge.read_answer(s).status, (403, 431))


class Spellings(Shared):
    """Targets were compared as strings."""

    def test_one_target(self):
        port = self.target.address.rpartition(":")[2]
        with Bridge([f"LocalHost:{port}", f"127.0.0.1:{port}",
                     f"*.localhost:{port}"]) as b:
            for text in (f"localhost:{port}", f"LOCALHOST:{port}",
                         f"localhost.:{port}", f"localhost%3A{port}",
                         f"localhost%3a{port}", f"%6cocalhost:{port}",
                         f"a.localhost:{port}", f"a.b.LOCALHOST.:{port}",
                         f"127.0.0.1:{port}", f"[::ffff:127.0.0.1]:{port}",
                         f"[::FFFF:7f00:1]:{port}",
                         f"%5B::ffff:127.0.0.1%5D:{port}"):
                with self.subTest(text):
                    with b.tunnel(text) as t:
                        self.target.accept().send(b"hi")
                        self.assertEqual(t.data(2), b"hi")
            for query in (f"a=b&target=localhost:{port}",
                          f"target=localhost:{port}&x",
                          f"target=localhost:{port}&Target=other"):
                with self.subTest(query), b.tunnel(query=query) as t:
                    self.target.accept().send(b"hi")
                    self.assertEqual(t.data(2), b"hi")

    def test_ipv6(self):
        try:
            echo = self.enterContext(Echo("::1"))
        except OSError:
            self.skipTest("no IPv6 on this machine")
        with Bridge([f"[0:0::0:1]:{echo.port}"]) as b:
            for text in (f"[::1]:{echo.port}", f"[0::0001]:{echo.port}",
                         f"%5b::1%5d:{echo.port}"):
                with self.subTest(text), b.tunnel(text) as t:
                    t.send(b"six")
                    self.assertEqual(t.data(3), b"six")

    def test_no_port_is_443(self):
        with Bridge(["127.0.0.1", "localhost:444"]) as b:
            answer = b.refused("127.0.0.1:443")  # allowed; nobody is there,
            if answer.status != 502:  # or somebody is
                self.assertEqual(answer.status, 101)
            self.assertEqual(b.refused("127.0.0.1").status, answer.status)
            self.assertEqual(b.refused("127.0.0.1:444").status, 403)
            self.assertEqual(b.refused("localhost").status, 403)

    def test_forms(self):
        for text in ("a:b", "a:0", "a:65536", "a:1:2", "::1", "[::1", ":1",
                     "a b", "a%00:1", "a%zz", "http://a", "a/", "127.1:1",
                     "0x7f.0.0.1:1", "2130706433:1", "[::1%25lo]:1", "*.a:1"):
            with self.subTest(text):
                answer = self.bridge.refused(text.replace(" ", "%20"))
                self.check_denied(answer, 400, "bad_target")

    def test_wildcards(self):
        """The names below a domain, and not itself; not what ends alike."""
        port = self.target.address.rpartition(":")[2]
        with Bridge([f"*.localhost:{port}"]) as b:
            with b.tunnel(f"x.localhost:{port}"):
                self.target.accept()
            for text in (f"localhost:{port}", f"xlocalhost:{port}",
                         f"x.localhost:{int(port) ^ 1}", f".localhost:{port}",
                         f"x.localhost.example:{port}"):
                with self.subTest(text):
                    self.assertIn(b.refused(text).status, (400, 403))


class Guard(Case):
    """A name that was allowed could lead anywhere."""

    def named(self):
        """A name of this machine for a guarded address, and a target there."""
        name = socket.gethostname()
        try:
            address = socket.gethostbyname(name)
            target = self.enterContext(Echo(address))
        except OSError:
            self.skipTest("this machine does not know its own name")
        if ipaddress.ip_address(address).is_global:
            self.skipTest("this machine's name is of the public internet")
        return f"{name}:{target.port}", target, address

    def test_a_name_that_leads_to_this_machine(self):
        name, target, address = self.named()
        with Bridge([name]) as b:
            answer = b.refused(name)
            self.assertEqual((answer.status, answer.code),
                             (403, "address_denied"))
            self.assertEqual(target.accepted, 0)
        with Bridge([name], "--allow-private", f"{address}/32") as b:
            with b.tunnel(name) as t:
                t.send(b"allowed")
                self.assertEqual(t.data(7), b"allowed")

    def test_an_address_that_was_written(self):
        with Echo() as echo, Bridge([echo.address]) as b:
            with b.tunnel(echo.address):
                pass

    def test_its_own_doors(self):
        """Nobody gets in by it again, whatever was allowed."""
        port = free_port()
        for allowed in (f"127.0.0.1:{port}", f"localhost:{port}",
                        f"0.0.0.0:{port}", f"[::]:{port}"):
            with self.subTest(allowed):
                with Bridge([allowed], "--listen", f"127.0.0.1:{port}",
                            "--allow-private", "0.0.0.0/0,::/0") as b:
                    answer = b.refused(allowed)
                    if allowed.startswith("localhost"):
                        # It has another address, where nobody is.
                        self.assertIn(answer.code, (
                            "connect_failed", "address_denied"))
                    else:
                        self.assertEqual((answer.status, answer.code),
                                         (403, "address_denied"))

    def test_its_operators_door(self):
        port = free_port()
        with Bridge([f"127.0.0.1:{port}"], "--admin",
                    f"127.0.0.1:{port}") as b:
            self.assertEqual(b.refused(f"127.0.0.1:{port}").code,
                             "address_denied")


class Connecting(Shared):
    """A target that could not be reached was a dropped connection."""

    def test_nobody_listens(self):
        with nobody_at() as nobody, Bridge([nobody]) as b:
            self.check_denied(b.refused(nobody), 502, "connect_failed")

    def test_no_such_name(self):
        with Bridge(["nobody.invalid:1"]) as b:
            answer = b.refused("nobody.invalid:1")
            self.check_denied(answer, 502, "name_not_found")

    def test_no_answer(self):
        """A queue that is full, so that the system answers nothing."""
        with socket.create_server(("127.0.0.1", 0), backlog=0) as s:
            at = s.getsockname()
            with contextlib.ExitStack() as stack:
                for _ in range(8):
                    filler = stack.enter_context(socket.socket())
                    filler.setblocking(False)
                    filler.connect_ex(at)
                    _, done, _ = select.select([], [filler], [], 0.2)
                    if not done:
                        break
                else:
                    self.skipTest("this system's queues are never full")
                with Bridge([f"127.0.0.1:{at[1]}"], "--connect-timeout",
                            "0.5") as b:
                    self.check_denied(b.refused(f"127.0.0.1:{at[1]}"), 504,
                                      "connect_timeout")

    def test_the_connection_stands_before_the_101(self):
        client, peer = self.open()
        peer.send(b"first")  # no 101 without a peer that can say so
        self.assertEqual(client.data(5), b"first")


class Pumps(Shared):
    """One task for both directions: a write that blocked stopped the other."""

    def test_down_is_blocked(self):
        client, peer = self.open(receive_buffer=64 * KIB)
        sent = spill(peer.sock, bytes(256 * KIB))
        for i in range(50):  # and up goes on
            client.send(b"%50d" % i)
            self.assertEqual(peer.exactly(50), b"%50d" % i)
        self.assertEqual(client.data(sent), bytes(sent))

    def test_up_is_blocked(self):
        client, peer = self.open()
        piece = frame(BINARY, bytes(256 * KIB), key=bytes(4))
        client.sock.settimeout(1)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 256 * MIB:
                sent += client.sock.send(piece[sent % len(piece):])
        client.sock.settimeout(LIMIT_S)
        self.assertLess(sent, 256 * MIB)
        for i in range(50):  # and down goes on
            peer.send(b"%50d" % i)
            self.assertEqual(client.data(50), b"%50d" % i)
        left = -sent % len(piece)
        rest = threading.Thread(target=client.sock.sendall,
                                args=(piece[len(piece) - left:],))
        rest.start()
        whole = (sent + left) // len(piece) * 256 * KIB
        self.assertEqual(peer.exactly(whole), bytes(whole))
        rest.join()

    def test_both_are_blocked(self):
        """Neither end reads; then each gets all that there is for it."""
        client, peer = self.open(receive_buffer=64 * KIB)
        down = spill(peer.sock, b"d" * 256 * KIB)
        piece = frame(BINARY, b"u" * 64 * KIB, key=bytes(4))
        client.sock.settimeout(1)
        up = 0
        with contextlib.suppress(TimeoutError):
            while True:
                up += client.sock.send(piece[up % len(piece):])
        client.sock.settimeout(LIMIT_S)
        left = -up % len(piece)
        rest = threading.Thread(target=client.sock.sendall,
                                args=(piece[len(piece) - left:],))
        rest.start()
        whole = (up + left) // len(piece) * 64 * KIB
        self.assertEqual(peer.exactly(whole), b"u" * whole)
        rest.join()
        self.assertEqual(client.data(down), b"d" * down)
        peer.close()
        self.assertEqual(client.finish(), 1000)

    def test_memory_of_blocked_tunnels_is_small(self):
        tunnels = [self.open(receive_buffer=64 * KIB) for _ in range(20)]
        before = self.bridge.status("VmRSS")
        for _, peer in tunnels:
            peer.sock.settimeout(0.05)
            with contextlib.suppress(TimeoutError):
                while True:
                    peer.sock.send(bytes(256 * KIB))
        each = (self.bridge.status("VmRSS") - before) / len(tunnels)
        if not bridge.SLOW_BUILD:
            self.assertLess(each, 256)  # KiB


class Ends(Shared):
    """What was under way was lost when either side closed."""

    def test_the_target_closes(self):
        data = os.urandom(6 * MIB)
        client, peer = self.open(receive_buffer=64 * KIB)
        sender = threading.Thread(target=lambda: (peer.send(data),
                                                  peer.shutdown()))
        sender.start()
        got, code = client.rest()
        sender.join()
        self.assertEqual(hashlib.sha256(got).digest(),
                         hashlib.sha256(data).digest())
        self.assertEqual(code, 1000)
        client.send(b"and still this")  # until the client's own Close
        self.assertEqual(peer.exactly(14), b"and still this")
        client.say_close()
        self.assertTrue(peer.ended())
        self.assertTrue(client.ended())

    def test_the_client_closes(self):
        data = os.urandom(6 * MIB)
        client, peer = self.open()
        sender = threading.Thread(target=lambda: (client.send(data),
                                                  client.say_close()))
        sender.start()
        got = peer.rest()
        sender.join()
        self.assertEqual(hashlib.sha256(got).digest(),
                         hashlib.sha256(data).digest())
        peer.send(b"last words")
        peer.close()
        self.assertEqual(client.rest(), (b"last words", 1000))
        self.assertTrue(client.ended())

    def test_both_close_at_once(self):
        for _ in range(50):
            client, peer = self.open()
            client.send(b"up")
            client.say_close()
            peer.send(b"down")
            peer.shutdown()
            self.assertEqual(client.rest(), (b"down", 1000))
            self.assertEqual(peer.rest(), b"up")
            self.assertTrue(client.ended())

    def test_a_client_without_a_close(self):
        client, peer = self.open()
        client.send(b"up")
        client.sock.close()
        self.assertEqual(peer.rest(), b"up")

    def test_the_target_fails(self):
        client, peer = self.open()
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bridge.RESET)
        peer.close()
        self.assertEqual(client.closed(), 1011)


class Protocol(Shared):
    """Frames as RFC 6455 has them."""

    def test_fragments(self):
        """Of one octet, with a Ping between any two, and in one segment each
        or all at once."""
        sent = os.urandom(300)
        octets = b""
        for i in range(len(sent)):
            octets += frame(MORE if i else BINARY, sent[i:i + 1],
                            fin=i == len(sent) - 1)
            octets += frame(PING, b"%d" % i)
        for step in (1, 7, len(octets)):
            with self.subTest(step):
                client, peer = self.open()
                client.sock.setsockopt(socket.IPPROTO_TCP,
                                       socket.TCP_NODELAY, 1)
                for at in range(0, len(octets), step):
                    client.sock.sendall(octets[at:at + step])
                self.assertEqual(peer.exactly(len(sent)), sent)
                while True:  # the newest is answered
                    opcode, payload = client.frame()
                    self.assertEqual(opcode, PONG)
                    if payload == b"299":
                        break

    def test_ping_and_pong(self):
        client, peer = self.open()
        for payload in (b"", b"x", bytes(125)):
            client.send(payload, PING)
            self.assertEqual(client.frame(), (PONG, payload))
        client.send(b"nobody asked", PONG)
        client.send(b"on")
        self.assertEqual(peer.exactly(2), b"on")

    def test_text_is_octets(self):
        client, peer = self.open()
        client.send("\u00e4\u20ac".encode(), TEXT)
        self.assertEqual(peer.exactly(5), "\u00e4\u20ac".encode())
        peer.send(b"\xff")
        self.assertEqual(client.frame(), (BINARY, b"\xff"))

    def test_a_frame_of_any_length(self):
        """16 MiB was too much for the one before; it is streamed."""
        length = 40 * MIB
        client, peer = self.open()
        piece = os.urandom(MIB)

        def send():
            client.sock.sendall(struct.pack("!BBQ", 0x82, 0xff, length)
                                + bytes(4))
            for _ in range(length // MIB):
                client.sock.sendall(piece)
        sender = threading.Thread(target=send)
        sender.start()
        before = self.bridge.status("VmRSS")
        for _ in range(length // MIB):
            self.assertEqual(peer.exactly(MIB), piece)
        sender.join()
        self.assertLess(self.bridge.status("VmRSS") - before, 8 * KIB)

    def test_what_breaks_the_protocol(self):
        for name, octets, code in (
                ("not masked", frame(BINARY, b"x", unmasked=True), 1002),
                ("reserved bit", frame(BINARY, b"x", rsv=4), 1002),
                ("reserved opcode", frame(3, b"x"), 1002),
                ("reserved control", frame(11, b"x"), 1002),
                ("long control", frame(PING, bytes(126)), 1002),
                ("control in part", frame(PING, b"x", fin=False), 1002),
                ("nothing goes on", frame(MORE, b"x"), 1002),
                ("two begin", frame(BINARY, b"x", fin=False)
                 + frame(BINARY, b"x"), 1002),
                ("half a code", frame(CLOSE, b"\3"), 1002),
                ("code of nobody", frame(CLOSE, b"\3\xed"), 1002),
                ("reason", frame(CLOSE, b"\3\xe8\xff"), 1007),
                ("text", frame(TEXT, b"\xff"), 1007),
                ("length", struct.pack("!BBQ", 0x82, 0xff, 1 << 63)
                 + bytes(4), 1002)):
            with self.subTest(name):
                client, peer = self.open()
                client.sock.sendall(octets)
                self.assertEqual(client.closed(), code)
                self.assertTrue(client.ended())
                peer.rest()  # ends

    def test_the_code_arrives_though_more_was_sent(self):
        for _ in range(20):
            client, _ = self.open()
            client.sock.sendall(frame(BINARY, b"x", unmasked=True)
                                + bytes(300 * KIB))
            self.assertEqual(client.closed(), 1002)

    def test_frames_behind_the_request(self):
        """Early ones are not lost."""
        with self.bridge.connect() as s:
            s.sendall(handshake(self.target.address) + frame(BINARY, b"early"))
            self.assertEqual(self.target.accept().exactly(5), b"early")

    def test_subprotocol(self):
        for offered, chosen in (("binary", "binary"), ("x, binary", "binary"),
                                ("x", None), (None, None)):
            client, _ = self.open(protocol=offered)
            self.assertEqual(client.head.get("Sec-WebSocket-Protocol"), chosen)
            self.assertIsNone(client.head.get("Sec-WebSocket-Extensions"))


class Limits(Case):
    """There were none."""

    def fill(self, b, echo, count):
        return [self.enterContext(b.tunnel(echo.address))
                for _ in range(count)]

    def check_full(self, b, echo, status, code):
        answer = b.refused(echo.address)
        self.assertEqual((answer.status, answer.code), (status, code))
        self.assertIsNotNone(answer.get("Retry-After"))

    def test_of_all(self):
        with Echo() as echo, Bridge([echo.address], "--workers", "1",
                                    "--max-connections", "3") as b:
            tunnels = self.fill(b, echo, 3)
            self.check_full(b, echo, 503, "full")
            tunnels.pop().finish()
            wait_until(lambda: self.fits(b, echo), "a place")

    def fits(self, b, echo):
        try:
            self.enterContext(b.tunnel(echo.address))
            return True
        except Refused:
            return False

    def test_of_an_address(self):
        with Echo() as echo, Bridge([echo.address],
                                    "--max-connections-per-address", "3") as b:
            tunnels = self.fill(b, echo, 3)
            self.check_full(b, echo, 429, "too_many_connections")
            tunnels.pop().finish()
            wait_until(lambda: self.fits(b, echo), "a place")

    def test_of_a_target(self):
        with Echo() as echo, Echo() as other, Bridge(
                [echo.address, other.address],
                "--max-connections-per-target", "3") as b:
            tunnels = self.fill(b, echo, 3)
            self.check_full(b, echo, 503, "target_full")
            self.fill(b, other, 1)
            tunnels.pop().finish()
            wait_until(lambda: self.fits(b, echo), "a place")

    def test_of_new_ones(self):
        """Also of those that are denied, and of those that say nothing."""
        with Echo() as echo, Bridge([echo.address], "--rate", "1", "--burst",
                                    "5") as b:
            self.fill(b, echo, 1)
            for _ in range(3):
                self.assertEqual(b.refused("127.0.0.1:1").status, 403)
            b.connect().close()
            with self.assertRaises(Refused) as refused:
                self.fill(b, echo, 100)  # in less than as many seconds
            answer = refused.exception.answer
            self.assertEqual((answer.status, answer.code),
                             (429, "too_many_requests"))
            self.assertIsNotNone(answer.get("Retry-After"))
            wait_until(lambda: self.fits(b, echo), "another second")

    def test_slow_request(self):
        with Echo() as echo, Bridge([echo.address], "--handshake-timeout",
                                    "0.3") as b:
            answer = b.ask(handshake(echo.address)[:40])
            self.assertEqual((answer.status, answer.code),
                             (408, "handshake_timeout"))

    def test_a_slow_request_gains_no_time_by_octets(self):
        with Echo() as echo, Bridge([echo.address], "--handshake-timeout",
                                    "1") as b, b.connect() as s:
            began = time.monotonic()
            with contextlib.suppress(OSError):
                for octet in handshake(echo.address):
                    s.sendall(bytes([octet]))
                    if select.select([s], [], [], 0.05)[0]:
                        break
            self.assertEqual(bridge.read_answer(s).status, 408)
            self.assertGreater(time.monotonic() - began, 0.9)

    def test_idle(self):
        with Echo() as echo, Bridge([echo.address], "--idle-timeout",
                                    "0.5") as b, b.tunnel(echo.address) as t:
            t.send(b"x")
            self.assertEqual(t.data(1), b"x")
            t.send(b"pings are no payload", PING)
            t.frame()
            self.assertEqual(t.closed(), 1001)

    def test_lifetime(self):
        with Echo() as echo, Bridge([echo.address], "--max-lifetime",
                                    "0.5") as b, b.tunnel(echo.address) as t:
            payload = b""
            while payload[:2] != struct.pack("!H", 1001):
                t.send(b"busy")
                opcode, payload = t.frame()
                self.assertIn(opcode, (BINARY, CLOSE))
            t.say_close()
            self.assertTrue(t.ended())
            b.log_line("lifetime")

    def test_ping_unanswered(self):
        with Echo() as echo, Bridge([echo.address], "--ping-interval",
                                    "0.3") as b, b.tunnel(echo.address) as t:
            self.assertEqual(t.frame(), (PING, b""))
            self.assertTrue(t.ended())
            b.log_line("ping_unanswered")

    def test_ping_answered(self):
        with Echo() as echo, Bridge([echo.address], "--ping-interval",
                                    "0.2") as b, b.tunnel(echo.address) as t:
            for _ in range(4):
                self.assertEqual(t.frame(), (PING, b""))
                t.send(b"", PONG)
            t.send(b"still here")
            self.assertEqual(t.data(10), b"still here")

    def test_close_timeout(self):
        """Who does not answer a Close is not waited for for ever."""
        with RawBackend() as target, Bridge([target.address],
                                            "--close-timeout", "0.3") as b:
            with b.tunnel(target.address) as t:
                peer = target.accept()
                peer.shutdown()
                self.assertEqual(t.closed(), 1000)
                self.assertTrue(t.ended())
                peer.rest()
            with b.tunnel(target.address) as t:
                peer = target.accept()
                t.say_close()
                self.assertTrue(peer.ended())
                self.assertEqual(t.closed(), 1000)  # the target stays silent
                self.assertTrue(t.ended())

    def test_octets_per_second(self):
        """Both ways; what comes in a second is not much more."""
        rate = 256 * KIB
        with Echo() as echo, Bridge([echo.address], "--max-rate",
                                    str(rate)) as b:
            with b.tunnel(echo.address) as t:
                began = time.monotonic()
                sender = threading.Thread(target=t.send,
                                          args=(bytes(4 * rate),))
                sender.start()
                self.assertEqual(t.data(4 * rate), bytes(4 * rate))
                sender.join()
                # a bucket of a second's at most comes for nothing
                self.assertGreater(time.monotonic() - began, 2.5)


class Token(Shared):
    """Anybody could use it."""

    @classmethod
    def setUpClass(cls):
        file = write("bridge.token", BEARER + "\n")
        file.chmod(0o600)
        cls.options = ("--token-file", file)
        super().setUpClass()

    def test_header(self):
        client, _ = self.open(fields=[("Authorization", f"Bearer {BEARER}")])
        self.assertIsNone(client.head.get("Sec-WebSocket-Protocol"))

    def test_first_subprotocol(self):
        """What a page in a browser can set."""
        client, _ = self.open(protocol=f"{BEARER}, binary")
        self.assertEqual(client.head.get("Sec-WebSocket-Protocol"), "binary")
        client, _ = self.open(protocol=BEARER)
        self.assertEqual(client.head.get("Sec-WebSocket-Protocol"), BEARER)

    def test_wrong_or_none(self):
        for how in ({}, {"fields": [("Authorization", f"Bearer {BEARER}x")]},
                    {"fields": [("Authorization", f"Bearer {BEARER[:-1]}")]},
                    {"fields": [("Authorization", f"Basic {BEARER}")]},
                    {"fields": [("Authorization", "Bearer ")]},
                    {"protocol": f"binary, {BEARER}"}, {"protocol": "binary"}):
            with self.subTest(how):
                answer = self.bridge.refused(self.target.address, **how)
                self.check_denied(answer, 401, "token_required")
                self.assertEqual(answer.get("WWW-Authenticate"), "Bearer")
        # nor is anything said about targets
        self.check_denied(self.bridge.refused("127.0.0.1:1"), 401,
                          "token_required")
        self.assertTrue(self.target.is_alone())

    def test_it_is_in_no_log(self):
        client, peer = self.open(protocol=BEARER)
        peer.close()
        client.finish()
        self.bridge.refused("x", fields=[("Authorization",
                                          f"Bearer {BEARER}")])
        self.bridge.log_line(self.target.address)
        self.assertNotIn(BEARER, self.bridge.log)
        self.assertNotIn(BEARER, self.bridge.operators("/metrics")[1])


class Origins(Shared):
    """Pages of any origin could use it."""

    options = ("--origins", "https://app.example, http://localhost:3000")

    def test_origins(self):
        for origin in ("https://app.example", "http://localhost:3000"):
            self.open(fields=[("Origin", origin)])
        self.open()  # no browser
        for origin in ("https://evil.example", "http://app.example", "null",
                       "https://app.example:444", "https://app.example.evil"):
            with self.subTest(origin):
                answer = self.bridge.refused(self.target.address, fields=[
                    ("Origin", origin)])
                self.check_denied(answer, 403, "origin_denied")


class ProxyProtocol(Case):
    """The target could not know who came."""

    def test_v2(self):
        with RawBackend() as target, Bridge(
                [target.address], "--target-proxy-protocol", "v2") as b:
            with b.tunnel(target.address) as t:
                peer = target.accept()
                head = peer.exactly(28)
                self.assertEqual(head[:16],
                                 b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c")
                self.assertEqual(head[16:20], bytes([127, 0, 0, 1]))
                self.assertEqual(struct.unpack("!H", head[24:26])[0],
                                 t.sock.getsockname()[1])
                t.send(b"behind it")
                self.assertEqual(peer.exactly(9), b"behind it")

    def test_who_a_proxy_speaks_for(self):
        for trusted, want in (("127.0.0.0/8", bytes([192, 0, 2, 7])),
                              ("10.0.0.0/8", bytes([127, 0, 0, 1]))):
            with RawBackend() as target, Bridge(
                    [target.address], "--target-proxy-protocol", "v2",
                    "--trust-forwarded", trusted) as b:
                with b.tunnel(target.address, fields=[
                        ("X-Forwarded-For", "203.0.113.5, 192.0.2.7")]):
                    self.assertEqual(target.accept().exactly(28)[16:20], want)


class Observed(Case):
    """No metrics, no health endpoint, no log of who came."""

    def test_health(self):
        with Echo() as echo, Bridge([echo.address]) as b:
            for path in ("/healthz", "/readyz"):
                self.assertEqual(b.operators(path)[0], 200, path)
            self.assertEqual(b.operators("/other")[0], 404)
            self.assertEqual(b.operators("/metrics", "POST")[0], 405)

    def test_metrics(self):
        with Echo() as echo, Bridge([echo.address]) as b:
            before = b.metrics()
            with b.tunnel(echo.address) as t:
                t.send(bytes(1000))
                t.data(1000)
                during = b.metrics()
                t.finish()
            b.refused("127.0.0.1:1")
            b.log_line("target_denied")
            after = b.metrics()

            def grew(by, earlier, later):
                return {n for n in later
                        if later[n] - earlier.get(n, 0) == by}
            self.assertTrue(grew(1000, before, after), after)
            self.assertTrue(grew(1, before, during), during)
            self.assertTrue([n for n in grew(1, before, after)
                             if "target_denied" in n], after)

    def test_a_line_for_each_connection(self):
        for options, numbers in (
                (["--log", "json"], ['"up":5', '"down":5']),
                (["--log", "text"], ["up=5", "down=5"])):
            with self.subTest(options), Echo() as echo:
                with Bridge([echo.address], *options) as b:
                    with b.tunnel(echo.address) as t:
                        t.send(b"PRIVA")
                        t.data(5)
                        t.finish()
                    line = b.log_line("closed")
                    for word in (*numbers, echo.address, "127.0.0.1:"):
                        self.assertIn(word, line)
                    if "json" in options:
                        json.loads(line)
                    b.refused("10.0.0.1:1")
                    self.assertIn("10.0.0.1:1", b.log_line("target_denied"))
                self.assertNotIn("PRIVA", b.log)

    def test_what_a_client_writes_ends_no_line(self):
        with Echo() as echo, Bridge([echo.address]) as b:
            b.refused("x%0aforged:1")
            b.ask(b"GET /\x1b[31m\x01 HTTP/1.1\r\n\r\n")
            with b.tunnel(echo.address) as t:
                t.finish()
            b.log_line("closed")
            for line in b.log.splitlines():
                self.assertTrue(line.isprintable(), repr(line))
                self.assertFalse(line.startswith("forged"))

    def test_log_levels(self):
        """--verbose says more, and never less."""
        lines = []
        for options in ([], ["--verbose"]):
            with Echo() as echo, Bridge([echo.address], *options) as b:
                with b.tunnel(echo.address) as t:
                    t.finish()
                b.log_line("closed")
            lines.append(len(b.log.splitlines()))
        self.assertLessEqual(lines[0], lines[1])


if __name__ == "__main__":
    bridge.main()
