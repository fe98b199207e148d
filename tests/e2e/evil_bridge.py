# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""A bridge that cannot be trusted: WebSockets that lead to a server, by way of
whoever is in between (evil_ways.py).

    with EvilBridge(port, Flip) as bridge: bridge.url, bridge.ways, ...
"""
import base64
import contextlib
import hashlib
import socket
import struct
import threading

from bridge_peer import masked

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
LIMIT_S = 60


class Client:
    """The server's end of a WebSocket."""

    def __init__(self, sock):
        self.sock = sock
        self.stream = sock.makefile("rb")
        self.sending = threading.Lock()

    def shake_hands(self):
        """The path that was asked for."""
        lines = iter(lambda: self.stream.readline().strip(), b"")
        path = next(lines).split(b" ")[1].decode()
        fields = dict(line.split(b": ", 1) for line in lines)
        accept = base64.b64encode(hashlib.sha1(
            fields[b"Sec-WebSocket-Key"] + GUID).digest())
        self.sock.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept
            + b"\r\n\r\n")
        return path

    def exactly(self, n):
        octets = self.stream.read(n)
        if len(octets) < n:
            raise ConnectionError("the page is gone")
        return octets

    def frame(self):
        first, length = self.exactly(2)
        length &= 0x7f
        if length == 126:
            length, = struct.unpack("!H", self.exactly(2))
        elif length == 127:
            length, = struct.unpack("!Q", self.exactly(8))
        key = self.exactly(4)
        return first & 0xf, masked(self.exactly(length), key)

    def read(self):
        """What the page sends next; b"" at its end."""
        while True:
            try:
                opcode, payload = self.frame()
            except (OSError, ValueError):
                return b""
            if opcode == CLOSE:
                return b""
            if opcode == PING:
                self.send(payload, PONG)
            elif opcode != PONG and payload:
                return payload

    def send(self, payload, opcode=BINARY):
        n = len(payload)
        head = bytes([0x80 | opcode])
        if n < 126:
            head += bytes([n])
        elif n < 1 << 16:
            head += struct.pack("!BH", 126, n)
        else:
            head += struct.pack("!BQ", 127, n)
        with self.sending:
            self.sock.sendall(head + payload)

    def close(self, code=1000):
        """As where the server has ended the connection well."""
        with contextlib.suppress(OSError):
            self.send(struct.pack("!H", code), CLOSE)

    def end(self):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)


class EvilBridge:
    """`port`: the true server's. `way`: makes what is in between, for each
    connection; they can be changed between two."""

    def __init__(self, port, way):
        self.port = port
        self.way = way
        self.ways = []
        self.threads = []
        self.clients = []

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        at = self.listener.getsockname()[1]
        self.url = f"ws://127.0.0.1:{at}/?target=localhost:{self.port}"
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()
        for client in self.clients:
            client.end()
        for way in self.ways:
            way.end()
        for thread in self.threads:
            thread.join(LIMIT_S)
            assert not thread.is_alive()

    def run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client = Client(sock)
            way = self.way(self.port)
            self.clients.append(client)
            self.ways.append(way)
            thread = threading.Thread(target=self.serve, args=(client, way))
            self.threads.append(thread)
            thread.start()

    def serve(self, client, way):
        with client.sock, client.stream, contextlib.suppress(OSError):
            client.shake_hands()
            way.carry(client)
        way.end()

    @property
    def last(self):
        """Of the newest connection."""
        return self.ways[-1]
