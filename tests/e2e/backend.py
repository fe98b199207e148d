# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""An HTTP/1.1 backend that behaves as its path says, and remembers what it
saw. What http.server would not send is written by hand."""
import hashlib
import http.server
import json
import os
import socket
import socketserver
import threading
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def setup(self):
        """An answer is two writes: TCP would wait in between."""
        self.disable_nagle_algorithm = (
            self.request.family != socket.AF_UNIX)
        super().setup()

    def address_string(self):
        return "client"

    def log_message(self, *unused):
        pass

    def raw(self, data):
        self.wfile.write(data)
        self.wfile.flush()

    def body(self):
        """The request's body in pieces, whatever its framing."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while True:
                n = int(self.rfile.readline(), 16)
                yield self.rfile.read(n)
                self.rfile.readline()
                if n == 0:
                    return
        left = int(self.headers.get("Content-Length") or 0)
        while left > 0:
            piece = self.rfile.read1(min(left, 65536))
            if not piece:
                raise ConnectionError("body cut")
            left -= len(piece)
            yield piece

    def answer(self, status, body=b"", **fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_expect_100(self):
        if self.path == "/expectations":
            self.send_error(417)
            return False
        return super().handle_expect_100()

    def do(self):
        self.server.seen.append((self.command, self.path,
                                 list(self.headers.items())))
        name = self.path.split("?")[0].strip("/").replace("-", "_")
        getattr(self, "path_" + name, self.path_echo)()

    do_GET = do_POST = do_PUT = do_HEAD = do_OPTIONS = do_DELETE = do

    def path_echo(self):
        body = b"".join(self.body())
        self.answer(200, json.dumps({
            "method": self.command, "path": self.path,
            "fields": self.headers.items(), "body": body.decode("latin-1"),
        }).encode(), Content_Type="application/json")

    def path_sink(self):
        """SHA-256 of what was sent; with ?rest, read only when told."""
        digest = hashlib.sha256()
        if "rest" in self.path:
            self.server.go.wait(30)
        for piece in self.body():
            digest.update(piece)
        self.answer(200, digest.hexdigest().encode())

    def path_big(self):
        size = int(self.path.split("?")[1])
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        if self.command != "HEAD":
            self.pour(size)

    def pour(self, size):
        piece = self.server.noise
        while size > 0:
            self.raw(piece[:size])
            size -= len(piece)

    def path_chunked(self):
        self.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                 b"Trailer: X-Sum\r\n\r\n"
                 b"5;x=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n")
        self.close_connection = True

    def path_until_close(self):
        self.raw(b"HTTP/1.0 200 OK\r\n\r\nuntil the end")
        self.close_connection = True

    def path_events(self):
        """Server-sent events: one now, one when told."""
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                 b"Connection: close\r\n\r\ndata: 1\n\n")
        self.server.go.wait(30)
        self.raw(b"data: 2\n\n")
        self.close_connection = True

    def path_interim(self):
        self.raw(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        self.answer(200, b"final")

    def path_no_content(self):
        self.raw(b"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n")

    def path_not_modified(self):
        self.raw(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n")

    def path_hop(self):
        self.answer(200, b"", Connection="X-Secret", X_Secret="1", X_Open="2",
                    Keep_Alive="timeout=5")

    def path_switch(self):
        self.raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n"
                 b"Connection: upgrade\r\n\r\n")
        self.close_connection = True

    def path_garbage(self):
        self.raw(b"SSH-2.0-nonsense\r\n\r\n")
        self.close_connection = True

    def path_silent(self):
        self.close_connection = True

    def path_two_lengths(self):
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
                 b"Content-Length: 2\r\n\r\nab")
        self.close_connection = True

    def path_dies(self):
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
        self.close_connection = True

    def path_dies_chunked(self):
        self.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                 b"5\r\nhello\r\n")
        self.close_connection = True

    def path_slow(self):
        self.server.go.wait(30)
        self.answer(200, b"at last")

    def path_early(self):
        """Answers without reading the body, and closes."""
        self.raw(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n"
                 b"Connection: close\r\n\r\nno!")
        self.close_connection = True

    def path_redirect(self):
        """?STATUS&LOCATION&SECONDS: seconds before it, if any; with "close",
        the connection ends with it."""
        status, location, *more = self.path.split("?", 1)[1].split("&")
        b"".join(self.body())
        if more and more[0] == "close":
            self.close_connection = True
        elif more:
            time.sleep(float(more[0]))
        self.send_response(int(status))
        self.send_header("Location", location)
        self.send_header("Content-Length", "5")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"moved")

    def path_binary(self):
        self.answer(200, bytes(range(256)), Content_Type="image/x")

    def path_fields(self):
        self.raw(b"HTTP/1.1 200 OK\r\nX-One: 1\r\nX-Many: a\r\n"
                 b"x-many: b\r\nX-Odd: caf\xe9\r\nContent-Length: 2\r\n\r\nok")


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *unused):
        pass  # clients go away: that is what some tests are about


class UnixServer(Server):
    address_family = socket.AF_UNIX


class Backend:
    """with Backend() as backend: backend.address, backend.seen, ..."""

    def __init__(self, path=None, host="127.0.0.1", handler=Handler, port=0):
        self.server = (UnixServer(str(path), handler) if path
                       else Server((host, port), handler))
        self.address = (f"unix:{path}" if path
                        else "%s:%d" % (host, self.server.server_address[1]))
        self.server.seen = []
        self.server.go = threading.Event()  # lets what waits go on
        self.server.noise = os.urandom(1 << 20)
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       kwargs={"poll_interval": 0.05})

    @property
    def seen(self):
        return self.server.seen

    @property
    def paths(self):
        return [path for _, path, _ in self.seen]

    @property
    def go(self):
        return self.server.go

    def big(self, size):
        noise = self.server.noise
        whole = noise * (size // len(noise) + 1)
        return hashlib.sha256(whole[:size]).hexdigest()

    def wait_for(self, count):
        """Until so many requests have come."""
        until = time.monotonic() + 10
        while len(self.seen) < count:
            assert time.monotonic() < until, self.seen
            time.sleep(0.01)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.go.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
