# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-bridge with one target, which does as a test tells it."""
import queue
import socket
import subprocess
import threading
import urllib.parse

import bridge_peer
from bridge_peer import LIMIT_S, RESET
from harness import SCRATCH, Octets


class Bridge(bridge_peer.Bridge):
    """with Bridge(target, option...) as bridge: ..."""

    def __init__(self, target, *options):
        self.target = getattr(target, "address", target)
        super().__init__([self.target], *options)

    def url(self, target=None, path="/", scheme="ws"):
        query = urllib.parse.urlencode({"target": target or self.target})
        port = self.tls_port if scheme == "wss" else self.port
        return f"{scheme}://127.0.0.1:{port}{path}?{query}"


def tls_door():
    """Options for one, and the certificate that proves 127.0.0.1."""
    cert, key = SCRATCH / "door.pem", SCRATCH / "door.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=bridge",
         "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
         "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True, timeout=LIMIT_S)
    return ("--tls-listen", "127.0.0.1:0", "--cert", str(cert), "--key",
            str(key)), cert


class Peer(Octets):
    """A connection that a target has."""

    def send(self, data):
        self.sock.sendall(data)

    def rest(self):
        """All that comes until the other side ends."""
        pieces, self.waiting = [self.waiting], b""
        while piece := self.sock.recv(1 << 18):
            pieces.append(piece)
        return b"".join(pieces)

    def end(self):
        """Sends no more, but reads on."""
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.sock.close()


def echo(peer):
    """Reads on whatever the client does not take. With both ways full, kernels
    that are short of memory let neither go on."""
    pieces = queue.SimpleQueue()

    def read():
        try:
            while piece := peer.sock.recv(1 << 18):
                pieces.put(piece)
        except OSError:
            pass  # what is sent to it will fail, too
        pieces.put(b"")

    threading.Thread(target=read, daemon=True).start()
    while piece := pieces.get():
        peer.send(piece)


class Target:
    """with Target(behave) as target: ... calls behave(peer) for each connection,
    which is closed behind it; what it gives or raises is the next result()."""

    def __init__(self, behave=echo):
        self.behave = behave
        self.results = queue.Queue()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *unused):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,),
                             daemon=True).start()

    def serve(self, sock):
        with sock:
            sock.settimeout(LIMIT_S)
            try:
                result = self.behave(Peer(sock))
            except (OSError, AssertionError) as why:
                result = why
        self.results.put(result)

    def result(self):
        result = self.results.get(timeout=LIMIT_S)
        if isinstance(result, Exception):
            raise result
        return result
