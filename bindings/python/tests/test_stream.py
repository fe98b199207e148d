# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What happens on one connection, step by step, with a session that does as it
is told; and what only the streams do, against the real thing."""

import contextlib
import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import httpcore
import pytest

from atlas import AtlsVerificationError, httpx
from atlas._core import AssayError, Session, Supply
from atlas._stream import (
    FLUSH,
    READ,
    SEARCH,
    AsyncAttestedStream,
    AttestedStream,
    Exchange,
)
from enclave import HOST, LIMIT_S, Authority, Enclave, Names

URL = f"https://{HOST}"
TRUSTED = {
    "trusted": True,
    "tee_type": "tdx",
    "measurement": "00",
    "tcb_status": "UpToDate",
    "advisory_ids": [],
    "checks": [{"name": "a", "outcome": "passed", "required": True}],
}
REFUSED = {
    "trusted": False,
    "error": {"hint": "look there"},
    "checks": [
        {"name": "fine", "outcome": "passed", "required": True, "detail": "x"},
        {"name": "rtmr0", "outcome": "failed", "required": True, "detail": "is 1"},
        {"name": "whim", "outcome": "failed", "required": False, "detail": "no"},
        {"name": "rtmr1", "outcome": "failed", "required": True, "detail": "is 2"},
    ],
}


class Script:
    """A session that goes from state to state as calls come."""

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.calls: list[Any] = []
        self.peer_failed = False
        self.truncated = False
        self.readable = False
        self.is_due = False
        self.need: tuple[bool, str, str] | None = (True, "00", "ca")
        self.quote = b"quote"
        self.stapled = b""
        self.plain: list[bytes] = []
        self.to_send: list[bytes] = []
        self.failures: dict[str, AssayError] = {}
        self.said: dict[str, Any] = TRUSTED

    @property
    def state(self) -> str:
        return self.states[0]

    def _next(self, call: str) -> None:
        self.calls.append(call)
        if call in self.failures:
            self.states = ["failed"]
            raise self.failures[call]
        if len(self.states) > 1:
            self.states.pop(0)

    def receive(self, data: bytes) -> None:
        self._next("receive")

    def appraise(self, wall: int, mono: int) -> None:
        self._next("appraise")

    def supply(self, collateral: Any, supply: Any, wall: int) -> None:
        self._next("supply")

    def eof(self) -> None:
        self.calls.append("eof")
        self.states = ["failed"]

    def abort(self, code: str, message: str) -> None:
        self.calls.append(("abort", code))
        self.states = ["failed"]

    def due(self, wall: int, mono: int) -> bool:
        return self.is_due

    def reattest(self, wall: int, mono: int, nonce: bytes) -> None:
        assert len(nonce) == 64
        self.calls.append("reattest")
        self.is_due = False
        self.states = ["quote", "appraise", "open"]

    def begin(self, wall: int, mono: int) -> None:
        self.calls.append("begin")
        if "begin" in self.failures:
            raise self.failures["begin"]

    def end(self) -> None:
        self.calls.append("end")

    def close(self) -> None:
        self.calls.append("close")

    def write(self, data: bytes, offset: int) -> int:
        piece = data[offset : offset + 4]
        self.calls.append(("write", piece))
        if "write" in self.failures:
            raise self.failures["write"]
        return len(piece)

    def read(self, max_bytes: int) -> bytes:
        return self.plain.pop(0) if self.plain else b""

    def output(self) -> bytes:
        return self.to_send.pop(0) if self.to_send else b""

    def verdict(self) -> bytes:
        return json.dumps(self.said).encode()

    def evidence(self) -> bytes:
        return b"bundle"


class Shelf:
    """Stands for a supply that has collateral at hand, or not."""

    def __init__(self, have: Any = None) -> None:
        self._have = have

    def have(self, need: Any, wall: int) -> Any:
        return self._have


def exchange(script: Script, have: Any = None) -> Exchange:
    return Exchange(cast(Session, script), cast(Supply, Shelf(have)), HOST)


def follow(steps: Any, **answers: Any) -> list[str]:
    """Does the steps: what they were. An answer that is an exception is thrown."""
    done = []
    answer: Any = None
    while True:
        try:
            if isinstance(answer, Exception):
                what, _ = steps.throw(answer)
            else:
                what, _ = steps.send(answer)
        except StopIteration:
            return done
        done.append(what)
        answer = answers.get(what)


# --- attestation ------------------------------------------------------------


def test_phases() -> None:
    script = Script("handshake", "quote", "need_collateral", "appraise", "open")
    it = exchange(script)
    steps = follow(it.attest(5), read=b"data", search="collateral")
    assert steps == [FLUSH, READ, FLUSH, READ, FLUSH, SEARCH, FLUSH]
    assert script.calls == ["receive", "receive", "supply", "appraise"]
    assert it.attestation == {**TRUSTED, "evidence": b"bundle"}


def test_what_is_at_hand_is_not_searched() -> None:
    it = exchange(Script("need_collateral", "appraise", "open"), have="collateral")
    assert SEARCH not in follow(it.attest(5))


def test_each_phase_has_the_whole_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("atlas._stream.time.monotonic", lambda: clock[0])
    it = exchange(Script("handshake", "handshake", "quote", "open"))
    left = []
    steps = it.attest(5)
    answer: Any = None
    with contextlib.suppress(StopIteration):
        while True:
            what, seconds = steps.send(answer)
            answer = b"data" if what is READ else None
            left.append((what, seconds))
            clock[0] += 1
    assert left == [(FLUSH, 5), (READ, 4), (FLUSH, 3), (READ, 2), (FLUSH, 5), (READ, 4)]


def test_time_that_is_over_is_a_connect_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr("atlas._stream.time.monotonic", lambda: clock[0])
    script = Script("handshake")
    steps = exchange(script).attest(5)
    assert next(steps)[0] is FLUSH
    clock[0] = 5.1
    assert next(steps)[0] is FLUSH  # the goodbye
    with pytest.raises(httpcore.ConnectTimeout, match="TLS handshake"):
        next(steps)
    assert script.calls == [("abort", "timeout")]


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (httpcore.ReadTimeout(), httpcore.ConnectTimeout),
        (httpcore.WriteTimeout(), httpcore.ConnectTimeout),
        (httpcore.ReadError("reset"), httpcore.ConnectError),
        (httpcore.WriteError(), httpcore.ConnectError),
    ],
)
def test_trouble_of_the_network_is_one_of_connecting(
    fault: Exception, raised: type[Exception]
) -> None:
    script = Script("quote")
    with pytest.raises(raised, match=f"{HOST}.*waiting for the evidence"):
        follow(exchange(script).attest(5), read=fault)
    assert script.state == "failed"


def test_a_server_that_hangs_up() -> None:
    script = Script("quote")
    with pytest.raises(httpcore.ConnectError, match="closed the connection"):
        follow(exchange(script).attest(5), read=b"")
    assert script.calls[0] == "eof"


@pytest.mark.parametrize(
    ("code", "raised"),
    [("network", httpcore.ConnectError), ("timeout", httpcore.ConnectTimeout)],
)
def test_no_collateral(code: str, raised: type[Exception]) -> None:
    script = Script("need_collateral")
    fault = AssayError(code, "https://a.example/tcb: no")
    with pytest.raises(raised, match="https://a.example/tcb: no"):
        follow(exchange(script).attest(5), search=fault)
    assert ("abort", code) in script.calls


def test_what_does_not_prove_itself() -> None:
    script = Script("appraise")
    script.peer_failed = True
    script.said = REFUSED
    script.failures["appraise"] = AssayError("not_trusted", "rtmr0: is 1")
    steps = exchange(script).attest(5)
    assert [next(steps)[0], next(steps)[0]] == [FLUSH, FLUSH]  # the last: an alert
    with pytest.raises(AtlsVerificationError) as caught:
        next(steps)
    error = caught.value
    assert error.code == "not_trusted" and error.verdict == REFUSED
    assert error.checks == REFUSED["checks"]
    assert str(error) == f"{HOST}: rtmr0: is 1; rtmr1: is 2 (next: look there)"


def test_an_alert_that_cannot_be_sent_hides_nothing() -> None:
    script = Script("handshake")
    script.peer_failed = True
    script.failures["receive"] = AssayError("tls", "the name is another")
    steps = exchange(script).attest(5)
    next(steps), next(steps)
    assert steps.send(b"data")[0] is FLUSH
    with pytest.raises(AtlsVerificationError, match="another") as caught:
        steps.throw(httpcore.WriteError())
    assert caught.value.code == "tls" and caught.value.checks == []


def test_a_server_that_wants_our_evidence() -> None:
    script = Script("need_evidence")
    with pytest.raises(httpcore.ConnectError, match="evidence"):
        follow(exchange(script).attest(5))
    assert script.calls[0] == ("abort", "refused")


def test_open_without_a_trusted_verdict_is_never_used() -> None:
    script = Script("appraise", "open")
    script.said = {**TRUSTED, "trusted": False}
    it = exchange(script)
    with pytest.raises(RuntimeError):
        follow(it.attest(5))
    assert it.attestation is None


# --- messages ---------------------------------------------------------------


def test_the_first_write_behind_a_read_begins_a_message() -> None:
    script = Script("open")
    it = exchange(script)
    assert follow(it.write(b"headers", 5)) == [FLUSH, FLUSH]
    follow(it.write(b"body", 5))
    assert script.calls == [
        "end",
        "begin",
        ("write", b"head"),
        ("write", b"ers"),
        ("write", b"body"),
    ]
    script.plain = [b"answer"]
    assert follow(it.read(9, 5)) == []
    script.calls.clear()
    follow(it.write(b"next", 5))
    assert script.calls == ["end", "begin", ("write", b"next")]


def test_evidence_is_renewed_before_a_message() -> None:
    script = Script("open")
    it = exchange(script)
    follow(it.write(b"a", 5))
    script.plain = [b"answer"]
    follow(it.read(9, 5))
    script.calls.clear()
    script.is_due = True
    script.said = {**TRUSTED, "tcb_status": "SWHardeningNeeded"}
    assert follow(it.write(b"b", 5), read=b"data") == [FLUSH, READ, FLUSH, FLUSH]
    assert script.calls[:5] == ["end", "reattest", "receive", "appraise", "begin"]
    assert it.attestation and it.attestation["tcb_status"] == "SWHardeningNeeded"


def renewed(script: Script) -> Exchange:
    it = exchange(script)
    follow(it.write(b"a", 5))
    script.plain = [b"answer"]
    follow(it.read(9, 5))
    script.is_due = True
    return it


@pytest.mark.parametrize("answer", [b"", httpcore.ReadError("reset")])
def test_a_server_that_went_away_meanwhile(answer: Any) -> None:
    """Nothing was sent: the pool is to take another connection."""
    with pytest.raises(httpcore.ConnectionNotAvailable):
        follow(renewed(Script("open")).write(b"b", 5), read=answer)


def test_a_server_that_went_bad_meanwhile() -> None:
    script = Script("open")
    it = renewed(script)
    script.peer_failed = True
    script.said = REFUSED
    script.failures["appraise"] = AssayError("not_trusted", "rtmr0: is 1")
    with pytest.raises(AtlsVerificationError):
        follow(it.write(b"b", 5), read=b"data")
    assert ("write", b"b") not in script.calls


def test_a_server_that_is_mute_meanwhile() -> None:
    with pytest.raises(httpcore.ConnectTimeout):
        follow(renewed(Script("open")).write(b"b", 5), read=httpcore.ReadTimeout())


def test_a_new_connection_that_is_gone_is_not_tried_for_ever() -> None:
    script = Script("open")
    script.failures["begin"] = AssayError("invalid", "the session is closed")
    with pytest.raises(httpcore.WriteError, match="is closed"):
        follow(exchange(script).write(b"a", 5))
    assert ("abort", "invalid") in script.calls


def test_what_could_not_be_written_is_not_waited_for() -> None:
    """httpcore goes on reading behind an error of writing."""
    script = Script("open")
    script.failures["write"] = AssayError("invalid", "no")
    it = exchange(script)
    with pytest.raises(httpcore.WriteError):
        follow(it.write(b"a", 5))
    with pytest.raises(httpcore.ReadError):
        follow(it.read(9, 5))


def test_half_of_a_record_is_not_followed_by_another() -> None:
    script = Script("open")
    it = exchange(script)
    it.broken = True
    with pytest.raises(httpcore.WriteError, match="broke off"):
        it.output()


def test_after_a_switch_nothing_begins() -> None:
    script = Script("raw")
    script.is_due = True
    it = exchange(script)
    script.plain = [b"a"]
    follow(it.read(9, 5))
    follow(it.write(b"b", 5))
    assert script.calls == [("write", b"b")]


def result(steps: Any) -> Any:
    with pytest.raises(StopIteration) as end:
        next(steps)
    return end.value.value


def test_the_end_and_the_cut() -> None:
    script = Script("closed")
    script.plain = [b"the rest"]
    it = exchange(script)
    assert result(it.read(9, 5)) == b"the rest"
    assert result(it.read(9, 5)) == b""
    script.truncated = True
    with pytest.raises(httpcore.ReadError, match="cut"):
        next(it.read(9, 5))


def test_one_direction_of_a_raw_stream_ends() -> None:
    script = Script("raw")
    script.readable = True
    assert result(exchange(script).read(9, 5)) == b""


def test_what_cannot_be_decrypted_is_no_end() -> None:
    script = Script("open")
    script.peer_failed = True
    script.failures["receive"] = AssayError("tls", "bad record")
    with pytest.raises(AtlsVerificationError, match="bad record"):
        follow(exchange(script).read(9, 5), read=b"garbage")


# --- streams ----------------------------------------------------------------


class Raw:
    """Stands for a stream of httpcore."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.fault: BaseException | None = None
        self.readable = False
        self.closed = False

    def write(self, data: bytes, timeout: float | None = None) -> None:
        if self.fault:
            raise self.fault
        self.written.append(data)

    def close(self) -> None:
        self.closed = True

    def get_extra_info(self, info: str) -> Any:
        return self.readable if info == "is_readable" else None


def stream_of(script: Script) -> tuple[AttestedStream, Raw]:
    raw = Raw()
    stream = AttestedStream(cast(httpcore.NetworkStream, raw), exchange(script))
    return stream, raw


def test_when_a_connection_is_not_used_again() -> None:
    script = Script("open")
    stream, raw = stream_of(script)
    assert stream.get_extra_info("is_readable") is False
    raw.readable = True  # bytes from nowhere, or the end
    assert stream.get_extra_info("is_readable") is True
    raw.readable = False
    script.readable = True  # an answer that nobody asked for
    assert stream.get_extra_info("is_readable") is True
    script.readable = False
    for state in ("closed", "failed", "quote"):
        script.states = [state]
        assert stream.get_extra_info("is_readable") is True


def test_a_goodbye_is_said() -> None:
    script = Script("open")
    stream, raw = stream_of(script)
    script.to_send = [b"close_notify"]
    stream.close()
    assert raw.written == [b"close_notify"] and raw.closed
    assert script.calls == ["close"]


def test_a_child_process_leaves_its_parents_connection_alone() -> None:
    script = Script("open")
    stream, raw = stream_of(script)
    script.to_send = [b"not by the child"]
    stream._exchange._process -= 1
    assert stream.get_extra_info("is_readable") is True
    with pytest.raises(httpcore.WriteError, match="fork"):
        stream.write(b"a", 5)
    stream.close()
    assert raw.written == [] and raw.closed and script.calls == []


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), httpcore.WriteTimeout()])
def test_sending_that_broke_off_is_not_gone_on_with(fault: BaseException) -> None:
    script = Script("open")
    stream, raw = stream_of(script)
    script.to_send = [b"first"]
    raw.fault = fault
    with pytest.raises(type(fault)):
        stream.write(b"abc", 5)
    raw.fault = None
    script.to_send = [b"second"]
    with pytest.raises(httpcore.WriteError, match="broke off"):
        stream.write(b"def", 5)
    stream.close()
    assert raw.written == [] and raw.closed


# --- the real thing ---------------------------------------------------------


@pytest.fixture
def client(enclave: Enclave, policy: dict[str, Any]) -> Iterator[httpx.Client]:
    with httpx.Client(
        atls_policy_per_hostname={HOST: policy},
        verify=enclave.authority.believed(),
        timeout=LIMIT_S,
    ) as client:
        yield client


def test_both_directions_at_once(client: httpx.Client) -> None:
    """Behind a switch, by two threads, with more than fits into all buffers."""
    fields = {"Connection": "Upgrade", "Upgrade": "websocket"}
    piece = b"abcdefgh" * 8192
    count = 200
    got = hashlib.sha256()
    with client.stream("GET", f"{URL}/upgrade", headers=fields) as response:
        assert response.status_code == 101
        stream = response.extensions["network_stream"]

        def send() -> None:
            for _ in range(count):
                stream.write(piece, LIMIT_S)

        sender = threading.Thread(target=send)
        sender.start()
        left = count * len(piece)
        while left:
            data = stream.read(65536, LIMIT_S)
            assert data
            left -= len(data)
            got.update(data)
        sender.join()
    assert got.digest() == hashlib.sha256(piece.upper() * count).digest()


def test_tls_inside_is_refused(client: httpx.Client) -> None:
    import ssl

    with client.stream("GET", f"{URL}/json") as response:
        stream = response.extensions["network_stream"]
        with pytest.raises(RuntimeError, match="not supported"):
            stream.start_tls(ssl.create_default_context(), HOST, 5)
        assert stream.get_extra_info("ssl_object") is None
        assert stream.get_extra_info("server_addr")[0] == "127.0.0.1"
        assert stream.get_extra_info("socket").getsockopt(
            socket.SOL_SOCKET, socket.SO_KEEPALIVE
        )


def test_attestation_survives_the_connection(client: httpx.Client) -> None:
    response = client.get(f"{URL}/json")
    client.close()
    stream = response.extensions["network_stream"]
    attestation = stream.get_extra_info("attestation")
    assert attestation == response.extensions["attestation"]
    assert json.loads(attestation["evidence"])


def test_attestations_are_the_callers_own(client: httpx.Client) -> None:
    client.get(f"{URL}/json").extensions["attestation"].clear()
    assert client.get(f"{URL}/json").extensions["attestation"]["trusted"] is True


def test_a_retry_takes_another_connection(
    client: httpx.Client, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server went away, and evidence is due: seen before anything is sent."""
    response = client.get(f"{URL}/json")
    stream = response.extensions["network_stream"]
    sock = stream.get_extra_info("socket")
    info = type(stream).get_extra_info

    def unnoticed(self: Any, name: str) -> Any:
        return False if name == "is_readable" else info(self, name)

    monkeypatch.setattr(type(stream), "get_extra_info", unnoticed)
    sock.shutdown(socket.SHUT_RDWR)
    monkeypatch.setattr("atlas._stream.now", later(400))
    assert client.post(f"{URL}/echo", content=b"once").json()["body"] == "once"
    assert names.count(HOST) == 2


def later(seconds: int) -> Callable[[], tuple[int, int]]:
    from atlas._stream import now

    def shifted() -> tuple[int, int]:
        wall, mono = now()
        return wall + seconds, mono + 1000 * seconds

    return shifted


@pytest.mark.anyio
async def test_asynchronous_extra_info(
    enclave: Enclave, policy: dict[str, Any]
) -> None:
    import ssl

    async with httpx.AsyncClient(
        atls_policy_per_hostname={HOST: policy},
        verify=enclave.authority.believed(),
        timeout=LIMIT_S,
    ) as client:
        async with client.stream("GET", f"{URL}/json") as response:
            stream = response.extensions["network_stream"]
            assert isinstance(stream, AsyncAttestedStream)
            assert stream.get_extra_info("ssl_object") is None
            assert stream.get_extra_info("socket").getsockopt(
                socket.SOL_SOCKET, socket.SO_KEEPALIVE
            )
            with pytest.raises(RuntimeError, match="not supported"):
                await stream.start_tls(ssl.create_default_context(), HOST, 5)


# --- other ways there -------------------------------------------------------


def pump(a: Any, b: Any) -> None:
    with contextlib.suppress(OSError):
        while data := a.recv(65536):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)


class Tunnel:
    """A proxy for one protocol: whatever is asked for, one server is reached."""

    def __init__(self, port: int, greet: Callable[[Any], bytes], tls: Any) -> None:
        self._port = port
        self._greet = greet
        self._tls = tls
        self.asked: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]

    def __enter__(self) -> "Tunnel":
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: Any) -> None:
        if self._tls:
            near = self._tls.wrap_socket(near, server_side=True)
        self.asked.append(self._greet(near))
        far = socket.create_connection(("127.0.0.1", self._port))
        with near, far:
            threading.Thread(target=pump, args=(far, near), daemon=True).start()
            pump(near, far)


def connect(near: Any) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        head += near.recv(4096)
    near.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    return cast(bytes, head.split(b" ")[1])


def socks(near: Any) -> bytes:
    """RFC 1928, without a password."""
    assert near.recv(2) == b"\x05\x01" and near.recv(1) == b"\x00"
    near.sendall(b"\x05\x00")
    assert near.recv(4) == b"\x05\x01\x00\x03"
    name = near.recv(near.recv(1)[0])
    port = int.from_bytes(near.recv(2), "big")
    near.sendall(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
    return cast(bytes, b"%b:%d" % (name, port))


def identity(authority: Authority) -> Any:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.certificate, authority.key)
    return context


@pytest.mark.anyio
@pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_proxies(
    enclave: Enclave, policy: dict[str, Any], names: Names, scheme: str, kind: str
) -> None:
    if scheme == "socks5":
        pytest.importorskip("socksio")
    tls = identity(enclave.authority) if scheme == "https" else None
    greet = socks if scheme == "socks5" else connect
    with Tunnel(enclave.serve.port, greet, tls) as tunnel:
        believed = enclave.authority.believed()
        proxy = httpx.Proxy(
            f"{scheme}://{tunnel.address}", ssl_context=believed if tls else None
        )
        settings: dict[str, Any] = {
            "atls_policy_per_hostname": {HOST: policy},
            "verify": believed,
            "timeout": LIMIT_S,
            "proxy": proxy,
        }
        for _ in range(2):
            if kind == "sync":
                with httpx.Client(**settings) as client:
                    response = client.get(f"{URL}/json")
            else:
                async with httpx.AsyncClient(**settings) as aclient:
                    response = await aclient.get(f"{URL}/json")
            assert response.extensions["attestation"]["trusted"] is True
            assert response.json() == {"answer": 42}
    assert tunnel.asked == [b"enclave.example.com:443"] * 2
    assert names.count(HOST) == 0


@pytest.mark.anyio
@pytest.mark.parametrize("scheme", ["http", "socks5"])
@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_failures_behind_a_proxy_use_nothing_up(
    enclave: Enclave, scheme: str, kind: str
) -> None:
    if scheme == "socks5":
        pytest.importorskip("socksio")
    greet = socks if scheme == "socks5" else connect
    with Tunnel(enclave.serve.port, greet, None) as tunnel:
        settings: dict[str, Any] = {
            "atls_policy_per_hostname": {HOST: enclave.wrong_policy()},
            "verify": enclave.authority.believed(),
            "timeout": httpx.Timeout(LIMIT_S, pool=1),
            "limits": httpx.Limits(max_connections=2),
            "proxy": f"{scheme}://{tunnel.address}",
        }
        if kind == "sync":
            with httpx.Client(**settings) as client:
                for _ in range(5):
                    with pytest.raises(AtlsVerificationError):
                        client.get(f"{URL}/json")
        else:
            async with httpx.AsyncClient(**settings) as aclient:
                for _ in range(5):
                    with pytest.raises(AtlsVerificationError):
                        await aclient.get(f"{URL}/json")


def says(words: bytes) -> Callable[[Any], bytes]:
    def greet(near: Any) -> bytes:
        head = b""
        while b"\r\n\r\n" not in head:
            head += near.recv(4096)
        near.sendall(words)
        return head

    return greet


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "^407 Proxy Auth"),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "502 Bad Gateway"),
        (b"SSH-2.0-x\r\n\r\n", "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\n\r\nmore", "before the server is asked"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000, "does not speak HTTP"),
    ],
)
def test_proxies_that_refuse_or_misbehave(
    enclave: Enclave, policy: dict[str, Any], words: bytes, why: str
) -> None:
    with Tunnel(enclave.serve.port, says(words), None) as tunnel:
        with httpx.Client(
            atls_policy_per_hostname={HOST: policy},
            verify=enclave.authority.believed(),
            proxy=f"http://{tunnel.address}",
        ) as client:
            with pytest.raises(httpx.ProxyError, match=why):
                client.get(f"{URL}/json")


def test_what_a_proxy_is_told(enclave: Enclave, policy: dict[str, Any]) -> None:
    open_it = says(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
    with Tunnel(enclave.serve.port, open_it, None) as tunnel:
        proxy = httpx.Proxy(
            f"http://alice:wonderland@{tunnel.address}", headers={"X-Tunnel": "1"}
        )
        with httpx.Client(
            atls_policy_per_hostname={HOST: policy, "[::1]": policy},
            verify=enclave.authority.believed(),
            proxy=proxy,
            headers={"X-Secret": "1"},
        ) as client:
            client.get(f"{URL}/json")
            client.get("https://[::1]:8443/json")
    names = [head.split(b"\r\n")[0] for head in tunnel.asked]
    assert names == [
        b"CONNECT enclave.example.com:443 HTTP/1.1",
        b"CONNECT [::1]:8443 HTTP/1.1",
    ]
    for head in tunnel.asked:
        assert b"Proxy-Authorization: Basic YWxpY2U6d29uZGVybGFuZA==" in head
        assert b"X-Tunnel: 1" in head and b"Secret" not in head


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_proxy_that_is_mute(policy: dict[str, Any], kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings: dict[str, Any] = {
            "atls_policy_per_hostname": {HOST: policy},
            "proxy": "http://127.0.0.1:%d" % listener.getsockname()[1],
            "timeout": httpx.Timeout(LIMIT_S, connect=0.2),
        }
        with pytest.raises(httpx.ConnectTimeout, match="proxy"):
            if kind == "sync":
                with httpx.Client(**settings) as client:
                    client.get(URL)
            else:
                async with httpx.AsyncClient(**settings) as aclient:
                    await aclient.get(URL)


def test_a_socket_and_a_proxy_exclude_each_other() -> None:
    policy = {"type": "tdx", "partial": True}
    with pytest.raises(ValueError, match="exclude"):
        httpx.AttestedTransport(policy, uds="/a", proxy="http://127.0.0.1:1")


def test_a_proxy_cannot_lead_elsewhere(
    enclave: Enclave, policy: dict[str, Any], session_plain: Any
) -> None:
    with Tunnel(session_plain.port, connect, None) as tunnel:
        with httpx.Client(
            atls_policy_per_hostname={HOST: policy},
            verify=enclave.authority.believed(),
            proxy=f"http://{tunnel.address}",
        ) as client:
            with pytest.raises(AtlsVerificationError):
                client.get(f"{URL}/json")


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_unix_socket(
    enclave: Enclave,
    policy: dict[str, Any],
    tmp_path: Any,
    kind: str,
) -> None:
    path = str(tmp_path / "door")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()

    def door() -> None:
        near, _ = listener.accept()
        far = socket.create_connection(("127.0.0.1", enclave.serve.port))
        with near, far:
            threading.Thread(target=pump, args=(far, near), daemon=True).start()
            pump(near, far)

    thread = threading.Thread(target=door, daemon=True)
    thread.start()
    settings: dict[str, Any] = {
        "host": HOST,
        "verify": enclave.authority.believed(),
        "uds": path,
    }
    if kind == "sync":
        transport = httpx.AttestedTransport(policy, **settings)
        with contextlib.closing(transport):
            response = transport.handle_request(httpx.Request("GET", f"{URL}/json"))
            assert response.read() == b'{"answer": 42}'
    else:
        atransport = httpx.AsyncAttestedTransport(policy, **settings)
        async with atransport:
            response = await atransport.handle_async_request(
                httpx.Request("GET", f"{URL}/json")
            )
            assert await response.aread() == b'{"answer": 42}'
    assert response.extensions["attestation"]["trusted"] is True
    thread.join(LIMIT_S)
    listener.close()
