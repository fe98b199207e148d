# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""An HTTP proxy that knows CONNECT and remembers who asked for what."""

import http.server
import selectors
import socket
import threading
from typing import Any


class Handler(http.server.BaseHTTPRequestHandler):
    """Everything but CONNECT is answered with what a proxy would have seen."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_CONNECT(self) -> None:
        self.server.tunnels.append(self.path)
        host, _, port = self.path.rpartition(":")
        self.close_connection = True
        try:
            far = socket.create_connection((host.strip("[]"), int(port)), 10)
        except OSError:
            self.send_error(502)
            return
        with far:
            self.send_response(200)
            self.end_headers()
            self._join(far)

    def _join(self, far: socket.socket) -> None:
        """Octets both ways until one side ends."""
        far.settimeout(None)
        with selectors.DefaultSelector() as selector:
            selector.register(self.connection, selectors.EVENT_READ, far)
            selector.register(far, selectors.EVENT_READ, self.connection)
            while True:
                for key, _ in selector.select():
                    data = key.fileobj.recv(65536)  # type: ignore[union-attr]
                    if not data:
                        return
                    key.data.sendall(data)

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *unused: Any) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    tunnels: list[str]
    requests: list[str]

    def handle_error(self, *unused: Any) -> None:
        pass  # clients go away


class ConnectProxy:
    """with ConnectProxy() as proxy: proxy.url, proxy.tunnels, ..."""

    def __init__(self) -> None:
        self._server = Server(("127.0.0.1", 0), Handler)
        self.tunnels = self._server.tunnels = []
        self.requests = self._server.requests = []  # not through a tunnel
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}
        )

    def __enter__(self) -> "ConnectProxy":
        self._thread.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
