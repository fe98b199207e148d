# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""A PCCS on a loopback port that can misbehave in the ways PCCSs do."""
import base64
import http.server
import ssl
import threading
import urllib.parse

# path after /sgx or /tdx: name of the part
PATHS = {
    "/certification/v4/tcb": "tcb_info",
    "/certification/v4/qe/identity": "qe_identity",
    "/certification/v4/pckcrl": "pck_crl",
    "/certification/v4/rootcacrl": "root_ca_crl",
}
CHAINS = {
    "tcb_info": ("TCB-Info-Issuer-Chain", "tcb_info_issuer_chain"),
    "qe_identity": ("SGX-Enclave-Identity-Issuer-Chain",
                    "qe_identity_issuer_chain"),
    "pck_crl": ("SGX-PCK-CRL-Issuer-Chain", "pck_crl_issuer_chain"),
}
PART_NAMES = tuple(PATHS.values())


def as_pem(der):
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN X509 CRL-----\n{text}-----END X509 CRL-----\n".encode()


CRL_FORMS = {
    "der": lambda der: der,
    "pem": as_pem,
    "hex": lambda der: der.hex().encode(),
    "HEX": lambda der: der.hex().upper().encode(),
}


class Answer:
    """What is sent for one part; a trouble changes it."""

    def __init__(self, body, headers):
        self.status = 200
        self.body = body
        self.headers = headers
        self.length = None    # Content-Length, if not that of the body
        self.chunked = False
        self.hang = False     # before the status line
        self.stall = False    # after half of the body


class FakePccs:
    """with FakePccs(world.parts, trouble) as pccs: ... pccs.url ...

    trouble(name, answer) may change the answer for a part, which is one of
    PART_NAMES. `requests` lists the paths with queries as they came, `fields`
    what came with each.
    """

    def __init__(self, parts, trouble=None, crl_form="hex", safe="",
                 tls_files=None):
        self.parts = parts
        self.trouble = trouble
        self.crl_form = crl_form
        self.safe = safe
        self.tls_files = tls_files
        self.requests = []
        self.fields = []
        self.agents = set()
        self.stopping = threading.Event()

    def answer(self, name):
        header = {}
        if name.endswith("crl"):
            der = bytes.fromhex(self.parts[name])
            body = CRL_FORMS[self.crl_form](der)
        else:
            body = self.parts[name].encode()
        if name in CHAINS:
            title, member = CHAINS[name]
            header[title] = urllib.parse.quote(self.parts[member],
                                               safe=self.safe)
        answer = Answer(body, header)
        if self.trouble:
            self.trouble(name, answer)
        return answer

    def __enter__(self):
        pccs = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *args):
                pass

            def do_GET(self):
                pccs.fields.append(self.headers.items())
                pccs.requests.append(self.path)
                pccs.agents.add(self.headers["User-Agent"])
                path = self.path.split("?")[0]
                if path[:4] in ("/sgx", "/tdx") and path[4:] in PATHS:
                    self.send(pccs.answer(PATHS[path[4:]]))
                else:
                    self.send_error(404)

            def send(self, a):
                self.close_connection = a.length is not None
                if a.hang:
                    pccs.stopping.wait()
                    return
                self.send_response(a.status)
                for name, value in a.headers.items():
                    self.send_header(name, value)
                if a.chunked:
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    self.send_chunks(a.body)
                    return
                length = len(a.body) if a.length is None else a.length
                self.send_header("Content-Length", str(length))
                self.end_headers()
                if a.stall:
                    self.wfile.write(a.body[:len(a.body) // 2])
                    self.wfile.flush()
                    pccs.stopping.wait()
                else:
                    self.wfile.write(a.body)

            def send_chunks(self, body):
                for i in range(0, len(body), 65536):
                    piece = body[i:i + 65536]
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.wfile.write(b"0\r\n\r\n")

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # clients that give up are part of the tests

        self.server = Server(("127.0.0.1", 0), Handler)
        scheme = "http"
        if self.tls_files:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(*self.tls_files)
            self.server.socket = tls.wrap_socket(self.server.socket,
                                                 server_side=True)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       kwargs={"poll_interval": 0.02})
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def only(part, change):
    """A trouble that concerns one part."""
    def trouble(name, answer):
        if name == part:
            change(answer)
    return trouble


def status(code, **headers):
    def change(answer):
        answer.status = code
        answer.body = b"<html>no</html>"
        answer.headers = {k.replace("_", "-"): v for k, v in headers.items()}
    return change


def body(content):
    def change(answer):
        answer.body = content
    return change


def half_body(answer):
    answer.length = len(answer.body)
    answer.body = answer.body[:answer.length // 2]


def hang(answer):
    answer.hang = True


def stall(answer):
    answer.stall = True


def oversized(chunked):
    def change(answer):
        answer.body = b"0" * (9 << 20)
        answer.chunked = chunked
    return change


def header(name, value):
    def change(answer):
        answer.headers.pop(name, None)
        if value is not None:
            answer.headers[name] = value
    return change
