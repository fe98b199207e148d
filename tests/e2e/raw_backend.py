# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""A backend that a test plays itself, octet by octet, and assay-serve in front
of it."""
import socket
import ssl
import threading

from harness import Octets
from test_serve import LIMIT_S, Serve

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Peer(Octets):
    """One connection from assay-serve."""

    def head(self):
        """Request line, and the fields with their names in lower case."""
        lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")[:-2]
        return lines[0], [(n.lower(), v) for n, v in
                          (line.split(": ", 1) for line in lines[1:])]

    def send(self, data):
        self.sock.sendall(data)

    def rest(self):
        """All that is still to come; ends when the other side does."""
        try:
            while self.more():
                pass
        except ConnectionResetError:
            pass
        found, self.waiting = self.waiting, b""
        return found

    def ended(self):
        return self.rest() == b""

    def shutdown(self):
        self.sock.shutdown(socket.SHUT_WR)

    def close(self):
        self.sock.close()


class RawBackend:
    """with RawBackend() as backend: peer = backend.accept()"""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.peers = []

    def accept(self, limit_s=LIMIT_S):
        self.listener.settimeout(limit_s)
        sock, _ = self.listener.accept()
        sock.settimeout(LIMIT_S)
        self.peers.append(Peer(sock))
        return self.peers[-1]

    def is_alone(self):
        """Nobody has connected meanwhile."""
        try:
            self.accept(0.1)
        except TimeoutError:
            return True
        return False

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for peer in self.peers:
            peer.close()
        self.listener.close()


class HalfClosing:
    """A client of TLS that can say goodbye and read on, which Python's sockets
    cannot."""

    def __init__(self, serve):
        context = ssl.create_default_context(cafile=str(serve.ca))
        context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0x80)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing,
                                    server_hostname="localhost")
        self.sock = socket.create_connection(("127.0.0.1", serve.port),
                                             LIMIT_S)
        self.step(self.tls.do_handshake)

    def flush(self):
        if self.outgoing.pending:
            self.sock.sendall(self.outgoing.read())

    def step(self, call):
        while True:
            try:
                result = call()
                self.flush()
                return result
            except ssl.SSLWantReadError:
                self.flush()
                data = self.sock.recv(65536)
                if data:
                    self.incoming.write(data)
                else:
                    self.incoming.write_eof()

    def send(self, data):
        self.step(lambda: self.tls.write(data))

    def start_sending(self):
        """All that was written, and a goodbye, while others go on."""
        self.bye()
        self.thread = threading.Thread(target=self.flush)
        self.thread.start()

    def finish_sending(self):
        self.thread.join()

    def bye(self):
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass

    def goodbye(self):
        self.bye()
        self.flush()

    def read(self):
        """Empty at the server's goodbye."""
        try:
            return self.step(lambda: self.tls.read(65536))
        except ssl.SSLZeroReturnError:
            return b""

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.sock.close()


class Plane(Serve):
    """assay-serve where no quotes are wanted, and one worker: another has a
    pool of its own."""

    def __init__(self, backend, *options):
        super().__init__(backend, "--announce", "off", "--workers", "1",
                         *options,
                         quotes="dstack:/none.sock")


def request(method="GET", target="/", fields=(), body=b"", version="1.1"):
    head = f"{method} {target} HTTP/{version}\r\nHost: localhost\r\n"
    head += "".join(f"{n}: {v}\r\n" for n, v in fields)
    return head.encode("latin-1") + b"\r\n" + body
