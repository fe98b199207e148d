# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Attested TLS by another hand: TLS and its exporter come from pyOpenSSL, the
evidence from a guest socket. One port for each way to behave.

usage: py_server.py GUEST-SOCKET FOLDER
Writes FOLDER/ca.pem, prints {"name of the behaviour": port} and serves until
its standard input ends.
"""
import datetime
import hashlib
import http.client
import json
import pathlib
import socket
import struct
import sys
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto

PATIENCE_S = 60
LABEL = b"EXPORTER-Channel-Binding"
NAME = "localhost"
HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
MIB = 1 << 20


# --- certificates ---------------------------------------------------------

def make_name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def make_certificate(subject, issuer=None, days=(-1, 30), names=(NAME,)):
    """(certificate, key), signed by the issuer or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.utcnow()
    builder = (
        x509.CertificateBuilder().subject_name(make_name(subject))
        .issuer_name(issuer[0].subject if issuer else make_name(subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(not issuer, None), True))
    if issuer and names:
        builder = builder.add_extension(x509.SubjectAlternativeName(
            [x509.DNSName(n) for n in names]), False)
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256()), key


def make_context(identity, version=SSL.TLS1_3_VERSION):
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(version)
    context.set_max_proto_version(version)
    context.use_certificate(crypto.X509.from_cryptography(identity[0]))
    context.use_privatekey(crypto.PKey.from_cryptography_key(identity[1]))
    return context


# --- the platform ---------------------------------------------------------

class Guest:
    def __init__(self, path):
        self.path = path

    def ask(self, call, **members):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(PATIENCE_S)
        connection.sock.connect(self.path)
        connection.request("POST", call, json.dumps(members))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        assert answer.status == 200, content
        return json.loads(content) if content else None

    def announce(self, certificate):
        digest = certificate.fingerprint(hashes.SHA256()).hex()
        self.ask("/EmitEvent", event="New TLS Certificate",
                 payload=digest.encode().hex())

    def evidence(self, report_data, array=False):
        quote = self.ask("/GetQuote", report_data=report_data.hex())
        if array:
            quote["event_log"] = json.loads(quote["event_log"])
        info = self.ask("/Info")["tcb_info"]
        return {"quote": quote, "tcb_info": json.loads(info)}


# --- one connection -------------------------------------------------------

class Peer:
    """A client that has connected."""

    def __init__(self, sock, context, guest):
        self.sock = sock
        self.context = context
        self.guest = guest
        self.tls = None
        self.waiting = b""

    def shake_hands(self):
        self.tls = SSL.Connection(self.context, self.sock)
        self.tls.set_accept_state()
        self.tls.do_handshake()
        self.exporter = self.tls.export_keying_material(LABEL, 32, None)

    def half_a_handshake(self):
        """Half of what the server says in it."""
        tls = SSL.Connection(self.context, None)
        tls.set_accept_state()
        tls.bio_write(self.sock.recv(65536))
        try:
            tls.do_handshake()
        except SSL.WantReadError:
            pass
        flight = tls.bio_read(65536)
        self.sock.sendall(flight[:len(flight) // 2])

    def send(self, data):
        self.tls.sendall(data)

    def read_until(self, mark):
        while mark not in self.waiting:
            self.waiting += self.tls.recv(65536)
        found, _, self.waiting = self.waiting.partition(mark)
        return found

    def request(self):
        """Request line and body of the next request."""
        head = self.read_until(b"\r\n\r\n").split(b"\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head[1:])
        size = int(fields.get(b"content-length", 0))
        while len(self.waiting) < size:
            self.waiting += self.tls.recv(65536)
        body, self.waiting = self.waiting[:size], self.waiting[size:]
        return head[0], body

    def report_data(self, body):
        """What each generation of the wire has reported."""
        asked = json.loads(body)
        self.wants_collateral = asked.pop("want_collateral", False)
        (name, value), = asked.items()
        if name == "nonce_hex":
            return hashlib.sha512(bytes.fromhex(value)
                                  + self.exporter).digest()
        if name == "report_data_hex":
            return bytes.fromhex(value)
        assert name == "report_data" and len(value) == 64
        return value.encode()

    def quote_request(self):
        line, body = self.request()
        assert line == b"POST /tdx_quote HTTP/1.1", line
        return self.report_data(body)

    def reply(self, array=False, staple=None):
        evidence = self.guest.evidence(self.quote_request(), array)
        if staple and self.wants_collateral:
            text = (pathlib.Path(sys.argv[2]) / staple).read_text()
            evidence["collateral"] = json.loads(text)
        return json.dumps(evidence).encode()

    def prove(self):
        self.send(sized(self.reply()))

    def wait(self):
        """Until the client goes away."""
        while self.sock.recv(65536):
            pass

    def cut(self):
        """A reset, in place of TCP's goodbye."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))


def sized(body, status="200 OK", *fields):
    head = "".join(f"{line}\r\n" for line in (
        f"HTTP/1.1 {status}", "Content-Type: application/json", *fields,
        f"Content-Length: {len(body)}"))
    return head.encode() + b"\r\n" + body


def chunked(body, size=1000):
    out = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    for i in range(0, len(body), size):
        piece = body[i:i + size]
        out += b"%x\r\n%s\r\n" % (len(piece), piece)
    return out + b"0\r\n\r\n"


# --- behaviours -----------------------------------------------------------

BEHAVIOURS = {}  # name: function of a Peer
IDENTITIES = {}  # name: which certificate, if not the good one
VERSIONS = {}    # name: of TLS, if not 1.3


def behaviour(f):
    BEHAVIOURS[f.__name__.replace("_", "-")] = f
    return f


def answer_all(p):
    while True:
        p.request()
        p.send(HELLO)


def good(frame=sized, array=False):
    def run(p):
        p.shake_hands()
        p.send(frame(p.reply(array)))
        answer_all(p)
    return run


def in_small_records(p):
    p.shake_hands()
    reply = sized(p.reply())
    for i in range(0, 300):
        p.send(reply[i:i + 1])
    p.send(reply[300:])
    answer_all(p)


BEHAVIOURS.update({
    "sized": good(), "chunked": good(chunked),
    "one-byte-chunks": good(lambda body: chunked(body, 1)),
    "array": good(array=True), "array-chunked": good(chunked, True),
    "small-records": in_small_records,
})
for trouble in ("wrong-name", "no-name", "unknown-ca", "expired", "not-yet"):
    BEHAVIOURS[trouble] = good()
    IDENTITIES[trouble] = trouble
BEHAVIOURS["tls12"] = good()
VERSIONS["tls12"] = SSL.TLS1_2_VERSION


def stapling(name):
    def run(p):
        p.shake_hands()
        p.send(sized(p.reply(staple=name)))
        answer_all(p)
    return run


BEHAVIOURS.update({f"staple-{what}": stapling(f"staple-{what}.json")
                   for what in ("good", "old", "forged")})


# Before the handshake is done.

@behaviour
def hang_after_accept(p):
    p.wait()


@behaviour
def hang_in_handshake(p):
    p.half_a_handshake()
    p.wait()


@behaviour
def cut_after_accept(p):
    p.sock.recv(65536)


@behaviour
def reset_after_accept(p):
    p.sock.recv(1)
    p.cut()


@behaviour
def cut_in_handshake(p):
    p.half_a_handshake()


@behaviour
def half_close_in_handshake(p):
    p.half_a_handshake()
    p.sock.shutdown(socket.SHUT_WR)
    p.wait()


@behaviour
def another_protocol(p):
    p.sock.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
    p.wait()


@behaviour
def plain_http(p):
    p.sock.recv(65536)
    p.sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    p.wait()


# The reply: its beginning, then what spoils it.

def spoiled(begin, then):
    """Says `begin` of a good reply (a function of it), then does `then`."""
    def run(p):
        p.shake_hands()
        p.send(begin(sized(p.reply())))
        then(p)
    return run


def nothing(reply):
    return b""


def part_of_head(reply):
    return reply[:30]


def part_of_body(reply):
    return reply[:2000]


def goodbye(p):
    p.tls.shutdown()
    p.wait()


def half_close(p):
    p.sock.shutdown(socket.SHUT_WR)
    p.wait()


def trickle(p):
    while True:
        p.send(b"a")
        time.sleep(0.1)


for where, begin in (("before-reply", nothing), ("in-head", part_of_head),
                     ("in-body", part_of_body)):
    for what, then in (("hang", Peer.wait), ("goodbye", goodbye),
                       ("half-close", half_close), ("reset", Peer.cut),
                       ("cut", lambda p: None)):
        BEHAVIOURS[f"{what}-{where}"] = spoiled(begin, then)
BEHAVIOURS["trickle-in-head"] = spoiled(part_of_head, trickle)


@behaviour
def reply_and_more(p):
    p.shake_hands()
    p.send(sized(p.reply()) + HELLO)
    p.wait()


@behaviour
def goodbye_after_reply(p):
    p.shake_hands()
    p.prove()
    goodbye(p)


@behaviour
def more_after_reply(p):
    """In another record, perhaps after it was appraised."""
    p.shake_hands()
    p.prove()
    p.send(HELLO)
    p.wait()


def says(data):
    """Answers a request for evidence with this."""
    def run(p):
        p.shake_hands()
        p.quote_request()
        for piece in data() if callable(data) else (data,):
            p.send(piece)
        p.wait()
    return run


def endless(first, again):
    def pieces():
        yield first
        while True:
            yield again
    return pieces


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
BEHAVIOURS.update({
    "large-head": says(HEAD + b"X-A: " + b"a" * 70000 + b"\r\n\r\n"),
    "endless-head": says(endless(HEAD, b"X-A: b\r\n" * 1000)),
    "large-body": says(b"%sContent-Length: %d\r\n\r\n" % (HEAD, 17 * MIB)),
    "endless-chunks": says(endless(CHUNKED,
                                   b"10000\r\n" + b" " * 65536 + b"\r\n")),
    "endless-chunk-line": says(endless(CHUNKED + b"1;", b"a" * 1000)),
    "garbage": says(b"\x00\x01garbage\r\n\r\n"),
    "two-lengths": says(HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n"
                        b"\r\n{}"),
    "no-length": says(HEAD + b"\r\n{}"),
    "will-close": says(sized(b"{}", "200 OK", "Connection: close")),
    "interim": says(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "redirect": says(sized(b"", "302 Found", "Location: /x")),
    "status-404": says(sized(b"nothing here", "404 Not Found")),
    "status-500": says(sized(b'{"error":{"code":"x","message":"no TDX"}}',
                             "500 Internal Server Error")),
    "status-204": says(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "empty": says(sized(b"")),
    "no-json": says(sized(b"<html>")),
    "half-json": says(sized(b'{"quote":{"quote":"00')),
    "deep-json": says(sized(b"[" * 100000)),
    "other-json": says(sized(b"[]")),
    "says-no": says(sized(b'{"error":"not today"}')),
    "no-hex": says(sized(b'{"quote":{"quote":"zz"}}')),
    "no-quote": says(sized(b'{"quote":{"quote":"%s"}}' % (b"00" * 2000))),
    "cut-quote": says(sized(b'{"quote":{"quote":"0400"}}')),
})


def changed(change):
    """Genuine evidence, and a change to it."""
    def run(p):
        p.shake_hands()
        evidence = p.guest.evidence(p.quote_request())
        change(p, evidence)
        p.send(sized(json.dumps(evidence).encode()))
        answer_all(p)
    return run


@behaviour
def replayed(p):
    """What was proven to somebody else."""
    changed(lambda p, e: e.update(p.guest.evidence(b"\x55" * 64)))(p)


@behaviour
def relayed(p):
    """Evidence of the platform, over the exporter of another session."""
    p.shake_hands()
    p.exporter = bytes(32)
    p.prove()
    answer_all(p)


@behaviour
def flipped_bit(p):
    def change(p, e):
        quote = bytearray.fromhex(e["quote"]["quote"])
        quote[200] ^= 1
        e["quote"]["quote"] = quote.hex()
    changed(change)(p)


@behaviour
def bad_log(p):
    changed(lambda p, e: e["quote"].update(event_log='[{"imr":9}]'))(p)


@behaviour
def no_log(p):
    changed(lambda p, e: e["quote"].pop("event_log"))(p)


# Once it has proven itself.

def then_says(*pieces, then=Peer.wait):
    def run(p):
        p.shake_hands()
        p.prove()
        p.request()
        for piece in pieces:
            p.send(piece)
        then(p)
    return run


@behaviour
def answer_before_request(p):
    """Refuses an upload without reading it."""
    p.shake_hands()
    p.prove()
    p.read_until(b"\r\n\r\n")
    p.send(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\n\r\nhello")
    p.tls.shutdown()
    time.sleep(PATIENCE_S)


BEHAVIOURS.update({
    "hang-before-response": then_says(),
    "hang-in-response-head": then_says(HEAD[:10]),
    "trickle-in-response-head": then_says(HEAD + b"X: ", then=trickle),
    "hang-in-response": then_says(HELLO[:-2]),
    "cut-before-response": then_says(then=lambda p: None),
    "cut-in-response": then_says(HELLO[:-2], then=lambda p: None),
    "reset-in-response": then_says(HELLO[:-2], then=Peer.cut),
    "goodbye-before-response": then_says(then=goodbye),
    "goodbye-in-response": then_says(HELLO[:-2], then=goodbye),
    "until-goodbye": then_says(HEAD + b"\r\nhello", then=goodbye),
    "until-cut": then_says(HEAD + b"\r\nhello", then=half_close),
    "response-and-more": then_says(HELLO + HELLO),
    "garbage-response": then_says(b"garbage\r\n\r\n"),
    "endless-interim": then_says(*[b"HTTP/1.1 103 Hints\r\n\r\n"] * 20),
    "switching": then_says(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n"
                           b"Connection: upgrade\r\n\r\n"),
    "endless-response": then_says(CHUNKED, then=lambda p: [
        p.send(b"10000\r\n" + b"a" * 65536 + b"\r\n") for _ in range(1000)]),
})


# --- serving --------------------------------------------------------------

def serve(sock, run, context, guest):
    peer = Peer(sock, context, guest)
    try:
        run(peer)
    except (SSL.Error, OSError):
        pass  # the client went away, which is what it is to do
    finally:
        sock.close()


def accept(listener, *how):
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=serve, args=(sock, *how), daemon=True).start()


def main():
    guest = Guest(sys.argv[1])
    ca = make_certificate("a CA")
    identities = {
        "good": make_certificate("good", ca),
        "wrong-name": make_certificate("x", ca, names=("other.example",)),
        "no-name": make_certificate(NAME, ca, names=()),
        "unknown-ca": make_certificate("x", make_certificate("another CA")),
        "expired": make_certificate("x", ca, days=(-20, -1)),
        "not-yet": make_certificate("x", ca, days=(1, 20)),
    }
    (pathlib.Path(sys.argv[2]) / "ca.pem").write_bytes(
        ca[0].public_bytes(serialization.Encoding.PEM))
    guest.announce(identities["good"][0])
    ports = {}
    for name, run in BEHAVIOURS.items():
        listener = socket.create_server(("127.0.0.1", 0))
        ports[name] = listener.getsockname()[1]
        context = make_context(identities[IDENTITIES.get(name, "good")],
                               VERSIONS.get(name, SSL.TLS1_3_VERSION))
        threading.Thread(target=accept, args=(listener, run, context, guest),
                         daemon=True).start()
    never = socket.create_server(("127.0.0.1", 0), backlog=1)
    ports["never-accepts"] = never.getsockname()[1]
    print(json.dumps(ports), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
