# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-bridge where everything goes wrong: nothing is held for those who have gone,
and whoever is left is served."""
import contextlib
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import threading
import time

import bridge_peer as bridge
from bridge_peer import (BINARY, KIB, LIMIT_S, MIB, RESET, SLOW_BUILD, Bridge, Echo,
                    Refused, frame, handshake, nobody_at, wait_until)
from harness import SCRATCH, Case
from raw_backend import RawBackend

DENIED = 5000 if SLOW_BUILD else 50000
AT_ONCE = 8
STUCK = 30
WORKERS = 2
OTHERS = 100 + WORKERS * 128  # files, and pipes that are kept for the next
EACH_KIB = 256  # of a tunnel that is stuck
GROWTH_KIB = 4 * KIB  # behind many connections; allocators keep something


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    sock.close()


def spill(sock, octets):
    """Sends until the other side takes nothing any more, or has gone."""
    sock.settimeout(0.2)
    with contextlib.suppress(OSError):
        while True:
            sock.send(octets)
    sock.settimeout(LIMIT_S)


@contextlib.contextmanager
def silent_port():
    """Where the system answers nothing to who connects: a queue that is full.
    None: this system's never is."""
    with contextlib.ExitStack() as stack:
        s = stack.enter_context(socket.create_server(("127.0.0.1", 0),
                                                     backlog=0))
        for _ in range(8):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(s.getsockname())
            if not select.select([], [filler], [], 0.2)[1]:
                yield s.getsockname()[1]
                return
        yield None


class Faults(Case):
    options = ()

    def setUp(self):
        self.echo = self.enterContext(Echo())
        self.target = self.enterContext(RawBackend())
        self.bridge = self.enterContext(Bridge(
            [self.echo.address, self.target.address], "--workers", WORKERS,
            *self.options))
        self.check_serves()
        self.rest = self.at_rest(self.bridge)

    def at_rest(self, b):
        """Its sockets when all that it has had is gone: two less than with one
        tunnel alone."""
        self.check_serves(b)
        b.log_line(self.echo.address)
        return b.sockets

    def check_serves(self, b=None):
        with (b or self.bridge).tunnel(self.echo.address) as t:
            t.send(b"still here")
            self.assertEqual(t.data(10), b"still here")
            t.finish()

    def check_nothing_is_left(self, b=None, rest=None):
        b, rest = b or self.bridge, rest or self.rest
        self.check_serves(b)
        wait_until(lambda: b.sockets <= rest, "sockets")
        self.assertLessEqual(b.descriptors - b.sockets, OTHERS)


class Stuck(Faults):
    def test_a_target_that_never_reads(self):
        before = self.bridge.status("VmRSS")
        piece = frame(BINARY, bytes(256 * KIB), key=bytes(4))
        clients = []
        for _ in range(STUCK):
            clients.append(self.bridge.tunnel(self.target.address))
            self.target.accept()
            spill(clients[-1].sock, piece)
        if not SLOW_BUILD:
            self.assertLess(self.bridge.status("VmRSS") - before,
                            STUCK * EACH_KIB)
        self.check_serves()
        for i, client in enumerate(clients):
            reset(client.sock) if i % 2 else client.sock.close()
        for peer in self.target.peers:
            peer.rest()
        self.check_nothing_is_left()

    def test_a_client_that_never_reads(self):
        before = self.bridge.status("VmRSS")
        clients = []
        for _ in range(STUCK):
            clients.append(self.bridge.tunnel(self.target.address,
                                              receive_buffer=64 * KIB))
            spill(self.target.accept().sock, bytes(256 * KIB))
        if not SLOW_BUILD:
            self.assertLess(self.bridge.status("VmRSS") - before,
                            STUCK * EACH_KIB)
        self.check_serves()
        for i, client in enumerate(clients):
            reset(client.sock) if i % 2 else client.sock.close()
        for peer in self.target.peers:
            self.assertTrue(peer.ended())
        self.check_nothing_is_left()


class Idle(Faults):
    options = ("--idle-timeout", "1", "--close-timeout", "0.5")

    def test_stuck_ones_are_given_up(self):
        """Nobody resets anything: time does it."""
        clients = []
        for i in range(10):
            clients.append(self.enterContext(self.bridge.tunnel(
                self.target.address, receive_buffer=64 * KIB)))
            peer = self.target.accept()
            if i % 2:
                spill(peer.sock, bytes(256 * KIB))
            else:
                spill(clients[-1].sock, frame(BINARY, bytes(256 * KIB)))
        self.check_nothing_is_left()


class Slow(Faults):
    options = ("--handshake-timeout", "1")

    def test_slowloris(self):
        """Requests that never end take nothing from the others."""
        request = handshake(self.echo.address)
        slow = [self.enterContext(self.bridge.connect()) for _ in range(300)]
        for i, s in enumerate(slow):
            s.sendall(request[:i % (len(request) - 1)])
        self.check_serves()
        for s in slow:
            # Each is told, also the one that has said nothing.
            self.assertEqual(bridge.read_answer(s).status, 408)
        self.check_nothing_is_left()


class Resets(Faults):
    options = ("--connect-timeout", "1")

    def vanish(self, at, silent):
        """A client that gets so far, and is gone."""
        b = self.bridge
        if at in ("before the request", "in the request"):
            s = b.connect()
            if at == "in the request":
                s.sendall(handshake(self.echo.address)[:50])
        elif at == "behind a denied request":
            s = b.connect()
            s.sendall(handshake("127.0.0.1:1"))
        elif at == "while it is connected":
            s = b.connect()
            s.sendall(handshake(f"127.0.0.1:{silent}"))
        elif at == "before the 101":
            s = b.connect()
            s.sendall(handshake(self.echo.address))
        else:
            s = b.tunnel(self.echo.address).sock
            if at == "in a frame":
                s.sendall(frame(BINARY, bytes(1000))[:500])
            elif at == "in a header":
                s.sendall(frame(BINARY, bytes(1000))[:3])
            elif at == "in a close":
                s.sendall(frame(bridge.CLOSE, b"\3\xe8bye")[:7])
            elif at == "behind its close":
                s.sendall(frame(bridge.CLOSE, b"\3\xe8"))
        return s

    def test_of_clients(self):
        with silent_port() as silent:
            points = ["before the request", "in the request",
                      "behind a denied request", "before the 101",
                      "behind the 101", "in a header", "in a frame",
                      "in a close", "behind its close"]
            if silent:
                # Allowed only now that it is known.
                self.bridge.stop()
                self.bridge = self.enterContext(Bridge(
                    [self.echo.address, f"127.0.0.1:{silent}"], "--workers",
                    WORKERS, *self.options))
                self.rest = self.at_rest(self.bridge)
                points.append("while it is connected")
            for how in ("reset", "closed"):
                for at in points:
                    with self.subTest(at, how=how):
                        for _ in range(20):
                            s = self.vanish(at, silent)
                            reset(s) if how == "reset" else s.close()
                        self.check_nothing_is_left()
        # None of them was forgotten.
        wait_until(lambda: self.echo.left == self.echo.accepted)

    def test_of_targets(self):
        for at in ("at once", "behind some octets", "with octets unread",
                   "in its last words"):
            with self.subTest(at):
                for _ in range(20):
                    client = self.enterContext(
                        self.bridge.tunnel(self.target.address))
                    peer = self.target.accept()
                    if at == "behind some octets":
                        peer.send(b"some")
                        client.data(4)
                    elif at == "with octets unread":
                        client.send(b"unread")
                    elif at == "in its last words":
                        client.say_close()
                        peer.rest()
                        peer.send(b"las")
                    reset(peer.sock)
                    # The octets that came first may be lost with a reset.
                    self.assertIn(client.rest()[1], (1000, 1011))
                    with contextlib.suppress(OSError):
                        client.say_close()
                    self.assertTrue(client.ended())
                self.check_nothing_is_left()

    def test_kill_9_of_the_target(self):
        """What the system says for it is passed on."""
        program = ("import socket\n"
                   "s = socket.create_server(('127.0.0.1', 0))\n"
                   "print(s.getsockname()[1], flush=True)\n"
                   "held = []\n"
                   "while True:\n"
                   "    held.append(s.accept()[0])\n"
                   "    held[-1].sendall(b'hello')\n")
        p = subprocess.Popen([sys.executable, "-c", program],
                             stdout=subprocess.PIPE, text=True)
        self.addCleanup(p.stdout.close)
        try:
            to = f"127.0.0.1:{int(p.stdout.readline())}"
            with Bridge([to, self.echo.address]) as b:
                rest = self.at_rest(b)
                clients = [b.tunnel(to) for _ in range(20)]
                for i, t in enumerate(clients):
                    self.assertEqual(t.data(5), b"hello")
                    if i % 2:  # unread, and so a reset
                        t.send(b"x" * 1000)
                p.kill()
                for t in clients:
                    self.assertIn(t.closed(), (1000, 1011))
                    t.say_close()
                    self.assertTrue(t.ended())
                    t.sock.close()
                with nobody_at(to):
                    self.assertEqual(b.refused(to).status, 502)
                self.check_nothing_is_left(b, rest)
        finally:
            p.kill()
            p.wait()


class Descriptors(Faults):
    def test_they_run_out(self):
        """An accept that failed ended the process of the one before."""
        with Bridge([self.echo.address], "--workers", "1",
                    under=("prlimit", "--nofile=64")) as b:
            rest = self.at_rest(b)
            sockets = []
            for _ in range(200):
                sockets.append(b.connect())
                sockets[-1].sendall(handshake(self.echo.address))
            waiting = list(sockets)
            # Some get a tunnel, some an answer, some nothing yet.
            wait_until(lambda: b.descriptors >= 60, "descriptors")
            answers = []
            until = time.monotonic() + 2
            before = self.ticks(b)
            while time.monotonic() < until:
                for s in select.select(waiting, [], [], 0.1)[0]:
                    answers.append(s.recv(12))
                    waiting.remove(s)
            spent = (self.ticks(b) - before) / os.sysconf("SC_CLK_TCK")
            self.assertLess(spent, 1)  # it does not try without a pause
            self.assertNotEqual(answers, [])
            self.assertLessEqual(set(answers),
                                 {b"HTTP/1.1 101", b"HTTP/1.1 503"})
            for s in sockets:
                s.close()
            wait_until(lambda: self.is_served(b), "another one")
            self.check_nothing_is_left(b, rest)

    def ticks(self, b):
        """Of the processor that it has used."""
        fields = pathlib.Path(f"/proc/{b.process.pid}/stat").read_text()
        user, system = fields.rpartition(")")[2].split()[11:13]
        return int(user) + int(system)

    def test_no_file_can_be_opened_for_a_while(self):
        """Those who are in go on."""
        with Bridge([self.echo.address], "--workers", "1",
                    under=("prlimit", "--nofile=64")) as b:
            with b.tunnel(self.echo.address) as before:
                more = []
                with contextlib.suppress(Refused, OSError):
                    while len(more) < 200:
                        s = b.connect()
                        s.settimeout(1)
                        more.append(b.tunnel(self.echo.address, sock=s))
                self.assertLess(len(more), 60)
                for n in (1, 1 * MIB):
                    sender = threading.Thread(target=before.send,
                                              args=(bytes(n),))
                    sender.start()
                    self.assertEqual(before.data(n), bytes(n))
                    sender.join()
                for t in more:
                    t.sock.close()
                wait_until(lambda: self.is_served(b), "another one")

    def is_served(self, b):
        try:
            self.check_serves(b)
            return True
        except (Refused, OSError):
            return False


class Names(Faults):
    options = ("--connect-timeout", "1")

    def silent_name_server(self, options="timeout:2 attempts:2"):
        """What the bridge is started under, so that its names are asked of
        somebody who never answers."""
        address = f"127.77.{os.getpid() % 250}.{os.getpid() // 250 % 250 + 1}"
        resolv = SCRATCH / "resolv.conf"
        resolv.write_text(f"nameserver {address}\noptions {options}\n")
        script = f'mount --bind {resolv} /etc/resolv.conf && exec "$@"'
        server = self.enterContext(socket.socket(socket.AF_INET,
                                                 socket.SOCK_DGRAM))
        try:
            server.bind((address, 53))
        except OSError:
            self.skipTest("nobody may be a name server here")
        under = ("unshare", "-m", "sh", "-c", script, "sh")
        if subprocess.run([*under, "true"], capture_output=True).returncode:
            self.skipTest("there are no mount namespaces here")
        server.settimeout(LIMIT_S)
        return under, server

    def test_a_name_server_that_is_silent(self):
        """It costs those who ask for names their time, and nobody else."""
        under, server = self.silent_name_server()
        with Bridge(["*.example:443", self.echo.address], *self.options,
                    under=under) as b:
            rest = self.at_rest(b)
            asking = []
            for i in range(20):
                asking.append(b.connect())
                asking[-1].sendall(handshake(f"n{i}.example"))
            self.assertIn(b"example", server.recv(999))
            self.check_serves(b)
            for s in asking:
                answer = bridge.read_answer(s)
                s.close()
                self.assertEqual((answer.status, answer.code),
                                 (504, "connect_timeout"))
            # Who leaves meanwhile is forgotten, too.
            for i in range(20):
                with b.connect() as s:
                    s.sendall(handshake(f"m{i}.example"))
            self.check_nothing_is_left(b, rest)
            with b.connect() as s:
                s.sendall(handshake("last.example"))
                self.assertEqual(b.stop(), 0)

    def test_an_end_while_a_name_server_is_silent(self):
        """The system would wait for longer than LIMIT_S, and cannot be told not
        to."""
        under, server = self.silent_name_server("timeout:30 attempts:5")
        with Bridge(["*.example:443"], *self.options, under=under) as b:
            with b.connect() as s:
                s.sendall(handshake("last.example"))
                self.assertIn(b"example", server.recv(999))
                self.assertEqual(b.stop(), 0)
                self.assertIn("a look-up hangs", b.log)

    def test_a_name_that_there_is_not(self):
        with Bridge(["*.invalid:443", self.echo.address]) as b:
            rest = self.at_rest(b)
            for i in range(50):
                answer = b.refused(f"n{i}.invalid")
                self.assertIn(answer.status, (502, 504))
            self.check_nothing_is_left(b, rest)


class Floods(Faults):
    def flood(self, b, count, allowed):
        """So many requests, each on a connection of its own; how many of each
        status were answered."""
        seen = {}
        lock = threading.Lock()

        def ask(address, n):
            mine = {}
            for i in range(n):
                with socket.socket() as s:
                    s.settimeout(LIMIT_S)
                    s.bind((address, 0))
                    s.connect(("127.0.0.1", b.port))
                    try:
                        s.sendall(handshake(f"10.0.{i % 250}.1:443"))
                        status = bridge.read_answer(s).status
                    except (OSError, AssertionError):
                        status = 0  # reset before it was read
                    mine[status] = mine.get(status, 0) + 1
            with lock:
                for status, times in mine.items():
                    seen[status] = seen.get(status, 0) + times
        threads = [threading.Thread(target=ask, args=(
            f"127.0.0.{i + 1}", count // AT_ONCE)) for i in range(AT_ONCE)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertLessEqual(set(seen), allowed)
        return seen

    def test_denied_requests(self):
        """Memory and descriptors are as before."""
        b = self.bridge
        self.flood(b, DENIED // 10, {403})
        before = b.status("VmRSS")
        seen = self.flood(b, DENIED, {403})
        self.assertEqual(sum(seen.values()), DENIED // AT_ONCE * AT_ONCE)
        self.check_nothing_is_left()
        if not SLOW_BUILD:
            self.assertLess(b.status("VmRSS") - before, GROWTH_KIB)

    def test_above_the_rate(self):
        """Those are answered, if at all, before anything is read for them."""
        with Bridge([self.echo.address], "--rate", "20", "--burst",
                    "100") as b:
            self.flood(b, DENIED // 10, {0, 403, 429})
            before, rest = b.status("VmRSS"), b.sockets
            seen = self.flood(b, DENIED // 2, {0, 403, 429})
            self.assertGreater(seen.get(429, 0) + seen.get(0, 0),
                               DENIED // 4)
            self.assertGreater(seen.get(429, 0), 0)
            wait_until(lambda: b.sockets <= rest, "sockets")
            if not SLOW_BUILD:
                self.assertLess(b.status("VmRSS") - before, GROWTH_KIB)

    def test_tunnels_that_come_and_go(self):
        b = self.bridge
        for _ in range(200):
            self.check_serves()
        before = b.status("VmRSS")
        for _ in range(1000):
            self.check_serves()
        self.check_nothing_is_left()
        if not SLOW_BUILD:
            self.assertLess(b.status("VmRSS") - before, GROWTH_KIB)


class Signals(Faults):
    def test_kill_9_of_the_bridge(self):
        """The ends see it, and the next one can have its place."""
        client = self.enterContext(self.bridge.tunnel(self.target.address))
        peer = self.target.accept()
        self.bridge.process.send_signal(signal.SIGKILL)
        self.bridge.process.wait(LIMIT_S)
        self.assertTrue(client.ended())
        self.assertTrue(peer.ended())
        with Bridge([self.echo.address], "--listen",
                    f"127.0.0.1:{self.bridge.port}") as again:
            self.check_serves(again)
        self.bridge.process.returncode = 0  # as it was meant


if __name__ == "__main__":
    bridge.main()
