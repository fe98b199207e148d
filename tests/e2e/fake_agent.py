# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""A guest agent's socket that behaves as it is told: it makes quotes over any
report data out of one quote of the simulated platform (nobody here verifies
signatures), slowly, wrongly or not at all."""
import json
import os
import socketserver
import threading

REPORT_DATA = 48 + 520  # of a TDX quote of version 4

LIMIT_S = 30


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        agent = self.server.agent
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.request.recv(4096)
            if not more:
                return
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                      if line.lower().startswith(b"content-length:"))
        while len(body) < length:
            body += self.request.recv(4096)
        call = head.split()[1].decode()
        try:
            if call == "/GetQuote":
                agent.on_quote(self.request, json.loads(body)["report_data"])
            else:
                send(self.request, 200, b"{}")
        except OSError:
            pass  # the other end has gone


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


def send(to, status, body):
    to.sendall(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s"
               % (status, len(body), body))


class Agent:
    """with Agent(path, sim.quote()) as agent: ..."""

    def __init__(self, path, like):
        self.path = path
        self.like = like
        self.go = threading.Event()  # quotes wait for it
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.active = self.most = self.asked = 0
        self.behave = None  # function(agent, socket, report data), or quotes

    def __enter__(self):
        self.server = Server(str(self.path), Handler)
        self.server.agent = self
        threading.Thread(target=self.server.serve_forever, args=(0.01,),
                         daemon=True).start()
        return self

    def __exit__(self, *unused):
        self.over.set()
        self.go.set()
        self.server.shutdown()
        self.server.server_close()
        os.unlink(self.path)

    def reply(self, report_data):
        quote = bytearray.fromhex(self.like["quote"])
        quote[REPORT_DATA:REPORT_DATA + 64] = bytes.fromhex(report_data)
        return {**self.like, "quote": quote.hex(), "report_data": report_data}

    def on_quote(self, to, report_data):
        behave = self.behave
        with self.lock:
            self.asked += 1
            self.active += 0 if behave else 1
            self.most = max(self.most, self.active)
        if behave:
            behave(self, to, report_data)
            return
        self.go.wait(LIMIT_S)
        with self.lock:  # before the other end can know that it is over
            self.active -= 1
        send(to, 200, json.dumps(self.reply(report_data)).encode())
