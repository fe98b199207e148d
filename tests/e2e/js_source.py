# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""In front of a simulated platform, for pages that ask it: its PCCS, which counts what
is asked and may alter the answers, and its guest agent's socket, which may alter the
evidence.

    with Source(sim) as source: source.url, source.asked, source.alter
    with Guest(sim, path) as guest: guest.path, guest.alter
"""
import http.client
import http.server
import json
import socketserver
import threading
import urllib.parse

from test_sim import UnixConnection

LIMIT_S = 60
CHAINS = ("TCB-Info-Issuer-Chain", "SGX-Enclave-Identity-Issuer-Chain",
          "SGX-PCK-CRL-Issuer-Chain")


class Quiet:
    protocol_version = "HTTP/1.1"

    def log_message(self, *unused):
        pass

    def address_string(self):
        return "client"

    def answer(self, status, body, fields=()):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class SourceHandler(Quiet, http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        source = self.server.it
        source.asked.append(self.path)
        connection = http.client.HTTPConnection(source.address,
                                                timeout=LIMIT_S)
        connection.request("GET", self.path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        fields = [(n, v) for n, v in answer.getheaders() if n in CHAINS]
        fields += source.fields
        if source.alter is not None:
            body = source.alter(self.path, body)
        self.answer(answer.status, body, fields)


class Source:
    """`asked`: paths. alter(path, body) gives what is answered instead."""

    fields = (("Access-Control-Allow-Origin", "*"),
              ("Access-Control-Expose-Headers", ", ".join(CHAINS)))

    def __init__(self, sim):
        self.address = urllib.parse.urlsplit(sim.ready["pccs"]).netloc
        self.asked = []
        self.alter = None

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      SourceHandler)
        self.server.daemon_threads = True
        self.server.it = self
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class GuestHandler(Quiet, http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        guest = self.server.it
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        connection = UnixConnection(guest.sim.ready["guest"])
        connection.request("POST", self.path, asked)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if guest.alter is not None and body:
            document = json.loads(body)
            guest.alter(self.path, document)
            body = json.dumps(document).encode()
        self.answer(answer.status, body, [("Connection", "close")])
        self.close_connection = True

    do_GET = do_POST


class Guest:
    """alter(call, document) changes an answer: "/GetQuote" has {"quote": hex, ...}."""

    def __init__(self, sim, path):
        self.sim = sim
        self.path = path
        self.alter = None

    def __enter__(self):
        self.server = socketserver.ThreadingUnixStreamServer(
            str(self.path), GuestHandler)
        self.server.daemon_threads = True
        self.server.it = self
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
