# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-bridge, targets for its tunnels, and a client of WebSocket by hand: what no
library would send, and what none could tell."""
import base64
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import unittest

from harness import BIN, SCRATCH, Octets, clean_environment

BRIDGE = BIN / "assay-bridge"
LIMIT_S = 60
KIB, MIB = 1 << 10, 1 << 20
MORE, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
RESET = struct.pack("ii", 1, 0)  # of SO_LINGER: a close is a reset
SLOW_BUILD = "asan" in str(BIN) or "tsan" in str(BIN)
OURS = ("ATLS_PROXY_LISTEN", "ATLS_PROXY_TARGET", "ATLS_PROXY_ALLOWLIST")


def environment(**more):
    """Nothing of the bridge's that the person who runs the tests has set."""
    env = clean_environment()
    for name in OURS:
        env.pop(name, None)
    # TSan sees neither how libuv closes a descriptor nor that fcntl() gives it
    # out again, to another thread: a race to it, in the calls that use it.
    env["TSAN_OPTIONS"] = (env.get("TSAN_OPTIONS", "")
                           + " ignore_interceptors_accesses=1")
    return {**env, **more}


def wait_until(condition, what=""):
    """What becomes true by itself; its value. what: says what it waits for, a text
    or what gives one at the end."""
    until = time.monotonic() + LIMIT_S
    while not (value := condition()):
        assert time.monotonic() < until, (
            f"in vain: {what() if callable(what) else what}")
        time.sleep(0.01)
    return value


def free_port():
    """One that nobody listens at, for now."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


@contextlib.contextmanager
def nobody_at(address="127.0.0.1:0"):
    """Nobody listens there, and nobody else gets the port; its address."""
    host, port = address.split(":")
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((host, int(port)))
        yield "%s:%d" % s.getsockname()


# --- daemons -------------------------------------------------------------


class Daemon:
    """One that is started and ended: `command`, with `environment` and `pass_fds`,
    writes `ready_file`, and its log to `log_file`."""

    def start(self):
        """Without waiting for it."""
        self.ready_file.unlink(missing_ok=True)
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                self.command, stderr=log, env=self.environment,
                pass_fds=self.pass_fds)
        return self

    def __enter__(self):
        self.start()
        try:
            wait_until(lambda: self.ready_file.exists()
                       or self.process.poll() is not None, self.command)
            self.ready = json.loads(self.ready_file.read_text())
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"no start: {self.log}") from None
        return self

    def __exit__(self, kind, *unused):
        code = self.stop()
        if kind is None:
            assert code == 0, f"exit {code}: {self.log[-4000:]}"

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    @property
    def port(self):
        return int(self.ready["address"].rpartition(":")[2])


# --- the bridge ----------------------------------------------------------


class Bridge(Daemon):
    """with Bridge([target...], option...) as bridge: ..."""

    count = 0

    def __init__(self, allow, *options, program=BRIDGE, under=(), **variables):
        Bridge.count += 1
        self.folder = SCRATCH / f"bridge{Bridge.count}"
        self.folder.mkdir()
        self.ready_file = self.folder / "ready.json"
        self.log_file = self.folder / "log"
        self.environment = environment(**variables)
        self.pass_fds = ()
        allowed = ["--allow", ",".join(allow)] if allow else []
        self.command = [
            *under, str(program), "--listen", "127.0.0.1:0", *allowed,
            "--ready-file", str(self.ready_file), "--admin", "127.0.0.1:0",
            # all of a test's clients are one address
            "--rate", "0", "--max-connections-per-address", "1000000",
            "--drain", "0.5",  # tests leave tunnels behind
            *map(str, options)]

    @property
    def tls_port(self):
        return int(self.ready["tls_address"].rpartition(":")[2])

    @property
    def log(self):
        return self.log_file.read_text()

    def log_line(self, needle, count=1):
        """Waits for the so manieth line with this."""
        def find():
            lines = [x for x in self.log.splitlines() if needle in x]
            return lines[count - 1] if len(lines) >= count else None
        return wait_until(find, lambda: f"{needle} in {self.log[-4000:]}")

    def status(self, name):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+)", text)[1])

    @property
    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    @property
    def sockets(self):
        """A few pipes are kept for whoever comes next; sockets are not."""
        folder, count = pathlib.Path(f"/proc/{self.process.pid}/fd"), 0
        for link in folder.iterdir():
            with contextlib.suppress(OSError):
                count += os.readlink(link).startswith("socket:")
        return count

    def operators(self, path, method="GET"):
        """Status and text from the operators' door."""
        host, _, port = self.ready["admin"].rpartition(":")
        c = http.client.HTTPConnection(host.strip("[]"), int(port),
                                       timeout=LIMIT_S)
        with contextlib.closing(c):
            c.request(method, path)
            r = c.getresponse()
            return r.status, r.read().decode()

    def metrics(self):
        """{name with labels: value}"""
        status, text = self.operators("/metrics")
        assert status == 200, text
        rows = (x.rsplit(" ", 1) for x in text.splitlines()
                if not x.startswith("#"))
        return {name: float(value) for name, value in rows}

    def connect(self, receive_buffer=None):
        """A socket to it, on which nothing has been said."""
        s = socket.socket()
        if receive_buffer:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        s.settimeout(LIMIT_S)
        try:
            s.connect(("127.0.0.1", self.port))
        except BaseException:
            s.close()
            raise
        return s

    def ask(self, request, sock=None):
        """What is answered to some octets, where it is no tunnel."""
        with sock or self.connect() as s:
            s.sendall(request)
            return read_answer(s)

    def refused(self, target=None, **how):
        """What is answered to one who asks for a tunnel and gets none."""
        return self.ask(handshake(target, **how))

    def tunnel(self, target=None, sock=None, receive_buffer=None, **how):
        return Tunnel(sock or self.connect(receive_buffer),
                      handshake(target, **how))


class Answer:
    """Of HTTP, with what is behind it."""

    def __init__(self, octets):
        head, _, self.body = octets.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        assert lines[0].startswith("HTTP/1.1 "), octets[:200]
        self.status = int(lines[0].split(" ")[1])
        self.fields = [tuple(x.split(": ", 1)) for x in lines[1:]]

    def get(self, name):
        return next((v for n, v in self.fields if n.lower() == name.lower()),
                    None)

    @property
    def code(self):
        """Of the error in its body."""
        return json.loads(self.body)["error"]["code"]

    def __repr__(self):
        return f"{self.status} {self.fields} {self.body[:300]!r}"


def read_answer(sock):
    """To the end of the connection, or of a 101, which has none."""
    octets = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := sock.recv(65536):
            octets += piece
            if octets.startswith(b"HTTP/1.1 101 ") and b"\r\n\r\n" in octets:
                break
    return Answer(octets)


def handshake(target=None, fields=(), path="/", query=None, method="GET",
              protocol=None):
    """A request for a tunnel."""
    if query is None:
        query = f"target={target}" if target is not None else ""
    lines = [f"{method} {path}{'?' if query else ''}{query} HTTP/1.1",
             "Host: bridge.example", "Upgrade: websocket",
             "Connection: Upgrade", "Sec-WebSocket-Version: 13",
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
    if protocol:
        lines.append(f"Sec-WebSocket-Protocol: {protocol}")
    lines += [f"{n}: {v}" for n, v in fields]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


# --- a client ------------------------------------------------------------


def masked(payload, key):
    n = len(payload)
    whole = key * (n // 4 + 1)
    return (int.from_bytes(payload, "big") ^
            int.from_bytes(whole[:n], "big")).to_bytes(n, "big")


def frame(opcode, payload=b"", fin=True, rsv=0, key=None, unmasked=False):
    """As a client sends it."""
    key = os.urandom(4) if key is None else key
    n = len(payload)
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    bit = 0 if unmasked else 0x80
    if n < 126:
        head += bytes([bit | n])
    elif n < 1 << 16:
        head += struct.pack("!BH", bit | 126, n)
    else:
        head += struct.pack("!BQ", bit | 127, n)
    return head + (payload if unmasked else key + masked(payload, key))


class Refused(Exception):
    def __init__(self, answer):
        super().__init__(repr(answer))
        self.answer = answer


class Tunnel(Octets):
    """The client's end of one; frames by hand."""

    def __init__(self, sock, request):
        super().__init__(sock)
        try:
            sock.sendall(request)
            head = Answer(self.until(b"\r\n\r\n"))
            if head.status != 101:
                head.body = self.waiting + b"".join(
                    iter(lambda: sock.recv(65536), b""))
                raise Refused(head)
        except BaseException:
            sock.close()
            raise
        self.head = head
        want = hashlib.sha1(
            b"dGhlIHNhbXBsZSBub25jZQ=="
            b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        assert head.get("Sec-WebSocket-Accept") == base64.b64encode(
            want).decode(), head

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.sock.close()

    def send(self, payload, opcode=BINARY, **how):
        self.sock.sendall(frame(opcode, payload, **how))

    def frame(self):
        """Opcode and payload of the next one, which is whole and not masked."""
        first, length = self.exactly(2)
        assert first & 0xf0 == 0x80 and length < 0x80, (first, length)
        if length == 126:
            length, = struct.unpack("!H", self.exactly(2))
        elif length == 127:
            length, = struct.unpack("!Q", self.exactly(8))
        return first & 0xf, self.exactly(length)

    def message(self):
        """Payload of the next frame, which has some."""
        opcode, payload = self.frame()
        assert opcode == BINARY, (opcode, payload[:200])
        return payload

    def data(self, n):
        """So many octets of the target's; frames end with them."""
        got = bytearray()
        while len(got) < n:
            got += self.message()
        assert len(got) == n, f"{len(got)} of {n}"
        return bytes(got)

    def rest(self):
        """All that the target still says, and the code of the Close."""
        got = bytearray()
        while True:
            opcode, payload = self.frame()
            if opcode == CLOSE:
                code = struct.unpack("!H", payload[:2])[0] if payload else None
                return bytes(got), code
            if opcode == BINARY:
                got += payload

    def say_close(self, code=1000):
        self.send(struct.pack("!H", code), CLOSE)

    def closed(self):
        """Code of the Close, before which nothing more is said."""
        rest, code = self.rest()
        assert rest == b"", rest[:200]
        return code

    def ended(self):
        """The connection is, and nothing more was said."""
        try:
            return not self.more() and self.waiting == b""
        except ConnectionResetError:
            return True

    def finish(self):
        """The whole goodbye, begun here."""
        self.say_close()
        code = self.closed()
        assert self.ended()
        self.sock.close()
        return code

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.sock.close()


# --- targets -------------------------------------------------------------


class Echo:
    """with Echo() as target: whatever comes goes back, to the end."""

    def __init__(self, host="127.0.0.1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.create_server((host, 0), family=family,
                                             backlog=1024)
        self.port = self.listener.getsockname()[1]
        self.address = f"[{host}]:{self.port}" if ":" in host else (
            f"{host}:{self.port}")
        self.accepted = self.left = 0
        self.lock = threading.Lock()

    def run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self.echo, args=(sock,),
                             daemon=True).start()

    def echo(self, sock):
        with sock, contextlib.suppress(OSError):
            while piece := sock.recv(65536):
                sock.sendall(piece)
        with self.lock:
            self.left += 1

    def __enter__(self):
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


def sandbox_is_there():
    """A process can be confined here."""
    bridge = Bridge(["localhost:1"], "--sandbox", "strict").start()
    wait_until(lambda: bridge.ready_file.exists()
               or bridge.process.poll() is not None)
    confined = bridge.process.poll() is None
    bridge.stop()
    return confined


def trusting(ca):
    """A client's context that believes this certificate alone."""
    context = ssl.create_default_context(cafile=str(ca))
    # Debian's Python takes a cut for a goodbye unless told otherwise.
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0x80)
    return context


def main():
    if not BRIDGE.exists():
        print(f"SKIPPED everything: {BRIDGE} is not there")
        sys.exit(77)
    result = unittest.main(verbosity=1, exit=False).result
    for test, why in result.skipped:  # said as scripts/check collects it
        print(f"SKIPPED {test.id().rpartition('.')[2]}: {why}")
    sys.exit(not result.wasSuccessful())
