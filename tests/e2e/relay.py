# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""A network between two programs, which a test can cut. It forwards octets and reads
none of them."""
import contextlib
import socket
import struct
import threading

RESET = struct.pack("ii", 1, 0)  # of SO_LINGER: a close is a reset


class Relay:
    """with Relay(port) as relay: a client connects to relay.port"""

    def __init__(self, target, port=0):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", port), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.guard = threading.Lock()
        self.pairs = []
        self.accepted = 0
        self.cuts_when_asked = False

    def __enter__(self):
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        self.cut()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            with self.guard:
                self.accepted += 1
                self.pairs.append((client, server))
            for pair in ((client, server, True), (server, client, False)):
                threading.Thread(target=self.pump, args=pair,
                                 daemon=True).start()

    def pump(self, source, sink, from_client):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if from_client and self.cuts_when_asked:
                    self.cut()
                    return
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def cut(self):
        """Every connection, without a goodbye."""
        with self.guard:
            pairs, self.pairs = self.pairs, []
        for sock in (s for pair in pairs for s in pair):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
