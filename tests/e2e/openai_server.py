# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""A small server of OpenAI's API, plain HTTP/1.1, that remembers what it saw and
does what tests say.

    POST /v1/chat/completions, POST /v1/responses (whole or streamed), GET
    /v1/models, WebSocket echo at /v1/realtime; every other path behaves as that of
    backend.py. What the model says: openai_wire.py.

A request whose `model` is do-NAME, or do-NAME-NUMBER, is treated as NAME says:
    error-STATUS   an error of OpenAI's shape
    once-STATUS    the same, the first time only
    held           each event waits until one is let go: let_go()
    hang           no answer until one is let go
    cut            half of the answer, and the connection ends
    huge-OCTETS    text of about this size
    flood-OCTETS   the same; `stalled` says that nobody takes it

usage: openai_server.py [chat|responses|both [PORT]]
Prints {"port": N} and serves until its standard input ends, or with PORT until it is
killed. What a module calls a process is told: GET /control/state, /control/let-go?N,
/control/wait?NAME=N.
"""
import base64
import contextlib
import dataclasses
import hashlib
import json
import select
import socket
import struct
import sys
import threading
import time
import urllib.parse

import backend
import openai_wire as wire

KIB = 1 << 10
LIMIT_S = 60
STALL_S = 1
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
WORDS = {401: ("invalid_request_error", "invalid_api_key"),
         404: ("invalid_request_error", "not_found"),
         429: ("requests", "rate_limit_exceeded"),
         500: ("server_error", "server_error"),
         503: ("server_error", "overloaded")}


@dataclasses.dataclass
class Seen:
    """A request, as it came."""

    method: str
    path: str
    fields: list
    body: bytes

    def get(self, name):
        return next((v for n, v in self.fields if n.lower() == name.lower()),
                    None)

    @property
    def json(self):
        return json.loads(self.body)


class Gone(ConnectionError):
    """The client went away before all was said."""


class State:
    """What tests wait for; each number is under one lock."""

    NAMES = ("requests", "open", "finished", "aborted", "stalled", "events",
             "sent")

    def __init__(self):
        self.changed = threading.Condition()
        self.numbers = dict.fromkeys(self.NAMES, 0)
        self.tickets = 0
        self.failed_once = set()

    def add(self, name, n=1):
        with self.changed:
            self.numbers[name] += n
            self.changed.notify_all()

    def let_go(self, n):
        with self.changed:
            self.tickets += n
            self.changed.notify_all()

    def take_ticket(self, sock):
        """Waits until something is let go, or the client is gone."""
        until = time.monotonic() + LIMIT_S
        with self.changed:
            while self.tickets == 0:
                if is_gone(sock) or time.monotonic() > until:
                    raise Gone
                self.changed.wait(0.02)
            self.tickets -= 1

    def wait(self, **least):
        """Until each of these numbers is at least so much."""
        with self.changed:
            assert self.changed.wait_for(
                lambda: all(self.numbers[n] >= v for n, v in least.items()),
                LIMIT_S), f"not {least}: {self.numbers}"

    def wait_for(self, **exact):
        """Until each of these numbers is this."""
        with self.changed:
            assert self.changed.wait_for(
                lambda: all(self.numbers[n] == v for n, v in exact.items()),
                LIMIT_S), f"not {exact}: {self.numbers}"


def is_gone(sock):
    if not select.select([sock], [], [], 0)[0]:
        return False
    try:
        return sock.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True


class Handler(backend.Handler):
    """Under /v1 as under /, so that it can stand behind a base path."""

    @property
    def state(self):
        return self.server.state

    def do(self):
        path = self.path.split("?")[0]
        if path.startswith("/control/"):
            self.control(path.rpartition("/")[2])
            return
        route = {"/chat/completions": self.to_chat, "/responses": self.to_responses,
                 "/models": self.to_models, "/realtime": self.to_realtime}.get(
                     path.removeprefix("/v1"))
        if route and path.startswith("/v1/"):
            self.remembered = b"".join(self.body())
            self.remember(self.remembered)
            route()
            return
        self.remember(b"")
        if path.startswith("/v1/"):
            self.path = self.path.removeprefix("/v1")
        super().do()

    do_GET = do_POST = do_PUT = do_HEAD = do_OPTIONS = do_DELETE = do
    do_PATCH = do

    def handle_expect_100(self):
        self.path = self.path.removeprefix("/v1")
        goes_on = super().handle_expect_100()
        self.path = "/v1" + self.path
        return goes_on

    def remember(self, body):
        self.server.requests.append(Seen(
            self.command, self.path, list(self.headers.items()), body))
        self.state.add("requests")

    # --- the API ---------------------------------------------------------

    def to_chat(self):
        self.speak("chat", wire.chat_items, wire.chat_whole, wire.chat_events)

    def to_responses(self):
        self.speak("responses", wire.responses_items, wire.responses_whole,
                   wire.responses_events)

    def to_models(self):
        data = [{"id": "test", "object": "model", "created": wire.NOW,
                 "owned_by": "tests"}]
        self.answer_json(200, {"object": "list", "data": data})

    def speak(self, api, items, whole, events):
        if self.server.mode not in (api, "both"):
            self.error(404)
            return
        body = json.loads(self.remembered)
        name, number = self.behaviour(body)
        if name in ("error", "once"):
            if name == "error" or self.is_first(body["model"]):
                self.error(number)
                return
            name = ""
        speech = wire.speak(items(body), wire.offered(body))
        if name in ("huge", "flood"):
            speech.text = (wire.LONG_WORD + " ") * (number // KIB)
        self.state.add("open")
        try:
            if name == "hang":
                self.state.take_ticket(self.connection)
            if body.get("stream"):
                self.stream(events(speech, body), name)
            else:
                self.whole(json.dumps(whole(speech, body)).encode(), name)
            self.state.add("finished")
        except OSError:
            self.state.add("aborted")
            self.close_connection = True
        finally:
            self.state.add("open", -1)

    def behaviour(self, body):
        model = self.server.behaviour or str(body["model"])
        if not model.startswith("do-"):
            return "", 0
        _, name, *number = model.split("-")
        return name, int(number[0]) if number else 0

    def is_first(self, model):
        with self.state.changed:
            first = model not in self.state.failed_once
            self.state.failed_once.add(model)
            return first

    def whole(self, body, name):
        if name != "cut":
            self.answer(200, body, Content_Type="application/json")
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.raw(body[:len(body) // 2])
        self.close_connection = True

    def stream(self, events, name):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if name == "cut":
            events = list(events)
            events = events[:len(events) // 2]
        for kind, data in events:
            if name == "held":
                self.state.take_ticket(self.connection)
            self.event(kind, data, name == "flood")
        if name == "cut":
            self.close_connection = True
        else:
            self.raw(b"0\r\n\r\n")

    def event(self, kind, data, watched):
        text = f"event: {kind}\n" if kind else ""
        text = f"{text}data: {data}\n\n".encode()
        chunk = b"%x\r\n%s\r\n" % (len(text), text)
        if watched and not select.select([], [self.connection], [],
                                         STALL_S)[1]:
            self.state.add("stalled")
        self.raw(chunk)
        self.state.add("sent", len(chunk))
        self.state.add("events")

    def error(self, status):
        kind, code = WORDS.get(status, ("server_error", None))
        fields = {"x_request_id": "req_1"}
        if status == 429:
            fields["Retry_After"] = "1"
        self.answer_json(status, {"error": {
            "message": f"The test server says {status}.", "type": kind,
            "param": None, "code": code}}, **fields)

    def answer_json(self, status, document, **fields):
        self.answer(status, json.dumps(document).encode(),
                    Content_Type="application/json", **fields)

    # --- what servers should not, or may, say --------------------------------

    def path_claims(self):
        """Says of itself what only the proxy can know."""
        self.answer(200, b"trust me", X_Assay_Attestation="verified; tcb=Best",
                    X_Assay_Anything="1", Alt_Svc='h2="evil.example:443"')

    def path_cookies(self):
        self.raw(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\n"
                 b"Set-Cookie: b=2; Path=/\r\nContent-Length: 2\r\n\r\nok")

    # --- WebSocket -------------------------------------------------------

    def to_realtime(self):
        """Every message goes back; it ends with a Close."""
        key = self.headers.get("Sec-WebSocket-Key")
        if self.headers.get("Upgrade", "").lower() != "websocket" or not key:
            self.error(400)
            return
        accept = base64.b64encode(hashlib.sha1(key.encode() + MAGIC).digest())
        self.raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                 b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept
                 + b"\r\n\r\n")
        self.close_connection = True
        self.state.add("open")
        with contextlib.suppress(OSError, struct.error):
            opcode = 0
            while opcode != 8:
                opcode, payload = self.frame()
                self.raw(unmasked_frame(opcode, payload))
        self.state.add("open", -1)

    def frame(self):
        first, length = self.rfile.read(2)
        length &= 0x7f
        if length == 126:
            length, = struct.unpack("!H", self.rfile.read(2))
        elif length == 127:
            length, = struct.unpack("!Q", self.rfile.read(8))
        mask = self.rfile.read(4)
        payload = self.rfile.read(length)
        return first & 0xf, bytes(
            b ^ mask[i % 4] for i, b in enumerate(payload))

    # --- what tests say --------------------------------------------------

    def control(self, name):
        query = urllib.parse.urlsplit(self.path).query
        if name == "let-go":
            self.state.let_go(int(query))
        elif name == "wait":
            self.state.wait(**{n: int(v)
                               for n, v in urllib.parse.parse_qsl(query)})
        self.answer_json(200, self.state.numbers)


def unmasked_frame(opcode, payload):
    n = len(payload)
    if n < 126:
        head = bytes([0x80 | opcode, n])
    elif n < 1 << 16:
        head = struct.pack("!BBH", 0x80 | opcode, 126, n)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 127, n)
    return head + payload


class OpenAI(backend.Backend):
    """with OpenAI(mode) as server: server.requests, server.wait(open=3), ..."""

    def __init__(self, mode="both", **where):
        super().__init__(handler=Handler, **where)
        self.server.mode = mode
        self.server.requests = []
        self.reset()

    def reset(self):
        """As if nothing had happened yet."""
        self.server.state = State()
        self.server.behaviour = None
        self.seen.clear()
        self.requests.clear()
        self.go.clear()
        for name in ("wait", "wait_for", "let_go"):
            setattr(self, name, getattr(self.server.state, name))

    @property
    def requests(self):
        return self.server.requests

    @property
    def numbers(self):
        return dict(self.server.state.numbers)

    def behave(self, name):
        """All requests are treated so, whatever model they name."""
        self.server.behaviour = name


def main():
    mode = sys.argv[1] if len(sys.argv) > 1 else "both"
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with OpenAI(mode, port=port) as server:
        print(json.dumps({"port": server.server.server_address[1]}),
              flush=True)
        if port:
            server.thread.join()
        sys.stdin.read()


if __name__ == "__main__":
    main()
