# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The extension by itself: a session over a plain socket, collateral with a
fetch function of the test, and what misuse gets."""

import gc
import hashlib
import json
import os
import pathlib
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from typing import Any

import pytest

from atlas import _core
from enclave import HOST, Enclave


def now() -> tuple[int, int]:
    return int(time.time()), int(time.monotonic() * 1000)


def nonce() -> bytes:
    return os.urandom(_core.NONCE_BYTES)


def fetch(url: str, max_body: int) -> tuple[bytes, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            lines = "".join(f"{k}: {v}\r\n" for k, v in answer.headers.items())
            return lines.encode(), answer.read(max_body + 1)
    except urllib.error.HTTPError as e:
        raise _core.AssayError("not_found", f"{url}: {e.code}") from None


class Peer:
    """A session on a socket, as little as there can be of it."""

    def __init__(self, enclave: Enclave, **changes: Any) -> None:
        text = json.dumps(enclave.policy(**changes)).encode()
        self.policy = _core.Policy(text)
        self.root = _core.Root(enclave.root.read_bytes())
        self.roots = _core.Roots(enclave.authority.root.read_bytes())
        self.supply = self.supplied(enclave)
        self.socket = socket.create_connection(("127.0.0.1", enclave.serve.port), 30)
        self.session = _core.Session(
            self.policy, self.root, self.roots, HOST, *now(), nonce()
        )

    def supplied(self, enclave: Enclave, ask: Any = fetch) -> _core.Supply:
        return _core.Supply(self.policy, self.root, (enclave.pccs,), False, ask)

    def step(self) -> None:
        s = self.session
        if s.state == "need_collateral":
            assert s.need is not None
            found = self.supply.have(s.need, now()[0]) or self.supply.search(
                s.need, s.quote, s.stapled, now()[0]
            )
            s.supply(found, self.supply, now()[0])
            s.appraise(*now())
        else:
            self.socket.sendall(s.output())
            if data := self.socket.recv(65536):
                s.receive(data)
            else:
                s.eof()

    def open(self) -> "Peer":
        while self.session.state != "open":
            self.step()
        return self

    def ask(self, request: bytes) -> bytes:
        s = self.session
        assert s.begin(*now())
        at = 0
        while at < len(request):
            at += s.write(request, at)
            self.socket.sendall(s.output())
        while s.idle:
            self.step()
        return s.read(65536)

    def close(self) -> None:
        self.session.close()
        self.socket.sendall(self.session.output())
        self.socket.close()


GET = b"GET /json HTTP/1.1\r\nHost: x\r\n\r\n"


def test_session(enclave: Enclave) -> None:
    peer = Peer(enclave).open()
    assert peer.ask(GET).startswith(b"HTTP/1.1 200 ")
    verdict = json.loads(peer.session.verdict() or b"")
    assert verdict["trusted"] is True
    assert verdict["measurement"] == enclave.measurements["mrtd"]
    bundle = json.loads(peer.session.evidence())
    assert bundle["format"] == "assay-evidence/1"
    peer.close()


def test_reattest(enclave: Enclave) -> None:
    peer = Peer(enclave, reattestation_interval_secs=1).open()
    late = (now()[0], now()[1] + 2000)
    assert peer.session.begin(*late) is False
    with pytest.raises(_core.AssayError):
        peer.session.write(b"a", 0)
    first = json.loads(peer.session.evidence())
    peer.session.reattest(*now(), nonce())
    peer.open()
    again = json.loads(peer.session.evidence())
    assert again["session"]["nonce"] != first["session"]["nonce"]
    assert peer.ask(GET).startswith(b"HTTP/1.1 200 ")
    peer.close()


def test_large_up(enclave: Enclave) -> None:
    peer = Peer(enclave).open()
    body = bytes(range(256)) * 4096
    head = b"POST /sink HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    got = peer.ask(head + body)
    want = hashlib.sha256(body).hexdigest().encode()
    while want not in got:
        if peer.session.idle:
            peer.step()
        got += peer.session.read(4096)
    assert got.startswith(b"HTTP/1.1 200 ")
    peer.close()


def test_large_down(enclave: Enclave) -> None:
    peer = Peer(enclave).open()
    size = 4 << 20
    got = peer.ask(b"GET /big?%d HTTP/1.1\r\nHost: x\r\n\r\n" % size)
    while len(got.partition(b"\r\n\r\n")[2]) < size:
        if peer.session.idle:
            peer.step()
        got += peer.session.read(1000)  # less than what comes at a time
    assert len(got.partition(b"\r\n\r\n")[2]) == size
    peer.close()


def test_not_trusted(enclave: Enclave) -> None:
    peer = Peer(enclave, os_image_hash="00" * 32)
    with pytest.raises(_core.AssayError) as refused:
        peer.open()
    assert refused.value.code == "not_trusted"
    assert peer.session.state == "failed" and peer.session.peer_failed
    verdict = json.loads(peer.session.verdict() or b"")
    assert verdict["error"]["code"] and not verdict["trusted"]
    assert peer.session.output()  # says goodbye
    with pytest.raises(_core.AssayError):
        peer.session.begin(*now())
    peer.socket.close()


def test_collateral_is_held(enclave: Enclave) -> None:
    asked: list[str] = []

    def counted(url: str, max_body: int) -> tuple[bytes, bytes]:
        asked.append(url)
        return fetch(url, max_body)

    peer = Peer(enclave)
    supply = peer.supply = peer.supplied(enclave, counted)
    peer.open().close()
    assert len(asked) == 4
    peer = Peer(enclave)
    peer.supply = supply
    peer.open().close()
    assert len(asked) == 4


def test_what_did_not_matter_is_noted(
    enclave: Enclave, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    peer = Peer(enclave)
    peer.supply = _core.Supply(peer.policy, peer.root, (enclave.pccs,), True, fetch)
    peer.open().close()
    assert str(tmp_path / "file") in peer.supply.note


def test_threads_share_one_search(enclave: Enclave) -> None:
    asked: list[str] = []

    def counted(url: str, max_body: int) -> tuple[bytes, bytes]:
        asked.append(url)
        return fetch(url, max_body)

    peers = [Peer(enclave) for _ in range(8)]
    for peer in peers:
        peer.supply = peers[0].supply
    supply = peers[0].supplied(enclave, counted)
    for peer in peers:
        peer.supply = supply
    threads = [threading.Thread(target=peer.open) for peer in peers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [peer.session.state for peer in peers] == ["open"] * 8
    assert len(asked) == 4
    for peer in peers:
        peer.close()


@pytest.mark.parametrize(
    ("failure", "raised"),
    [
        (_core.AssayError("timeout", "http://x: too late"), _core.AssayError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (ZeroDivisionError("a mistake"), ZeroDivisionError),
    ],
)
def test_fetch_fails(
    enclave: Enclave, failure: BaseException, raised: type[BaseException]
) -> None:
    def ask(url: str, max_body: int) -> tuple[bytes, bytes]:
        raise failure

    peer = Peer(enclave)
    peer.supply = peer.supplied(enclave, ask)
    with pytest.raises(raised) as told:
        peer.open()
    if raised is _core.AssayError:
        assert told.value.code == "timeout"
        assert "too late" in told.value.message
    peer.socket.close()


@pytest.mark.parametrize("answer", [None, (b"", ""), (b"",), (b"", b"", b"")])
def test_fetch_answers_nonsense(enclave: Enclave, answer: Any) -> None:
    peer = Peer(enclave)
    peer.supply = peer.supplied(enclave, lambda url, max_body: answer)
    with pytest.raises(TypeError):
        peer.open()
    peer.socket.close()


def test_fetch_answers_too_much(enclave: Enclave) -> None:
    peer = Peer(enclave)
    peer.supply = peer.supplied(enclave, lambda url, n: (b"", bytes(n + 1)))
    with pytest.raises(_core.AssayError) as refused:
        peer.open()
    assert refused.value.code == "too_large"
    peer.socket.close()


def test_misuse(enclave: Enclave) -> None:
    peer = Peer(enclave)
    with pytest.raises(TypeError):
        peer.session.receive("text")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        peer.session.abort("network")  # type: ignore[call-arg]
    with pytest.raises(_core.AssayError):
        peer.session.begin(*now())  # not open
    with pytest.raises(_core.AssayError):
        peer.session.evidence()  # none yet
    with pytest.raises(ValueError):
        _core.Session(peer.policy, peer.root, peer.roots, HOST, *now(), b"short")
    with pytest.raises(ValueError):
        _core.Supply(peer.policy, peer.root, (), False, fetch)
    peer.open()
    peer.session.begin(*now())
    for offset in (-1, 4):
        with pytest.raises(ValueError):
            peer.session.write(b"abc", offset)
    assert peer.session.need is not None
    held = peer.supply.have(peer.session.need, now()[0])
    assert held is not None
    with pytest.raises(RuntimeError):
        peer.session.supply(held, peer.supply, now()[0])
    with pytest.raises(_core.AssayError):
        peer.session.appraise(*now())
    for hidden in ("Context", "Collateral"):
        with pytest.raises(TypeError):
            getattr(_core, hidden)()
    peer.close()


def test_nothing_leaks(enclave: Enclave) -> None:
    peer = Peer(enclave)
    held = (peer.policy, peer.root, peer.roots, peer.supply, fetch)
    types = [value for value in vars(_core).values() if isinstance(value, type)]

    def round_trip() -> None:
        again = Peer(enclave)
        again.policy, again.root, again.roots, again.supply = held[:4]
        again.session = _core.Session(*held[:3], HOST, *now(), nonce())
        again.open()
        again.ask(GET)
        again.close()
        refused = _core.Session(*held[:3], HOST, *now(), nonce())
        with pytest.raises(_core.AssayError):
            refused.receive(b"not TLS at all")

    round_trip()
    gc.collect()
    before = [sys.getrefcount(x) for x in (*held, *types)]
    for _ in range(5):
        round_trip()
    gc.collect()
    assert [sys.getrefcount(x) for x in (*held, *types)] == before
    peer.socket.close()
