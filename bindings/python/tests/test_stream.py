# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What only the streams do: with a session that does as it is told, and against
the real thing."""

import concurrent.futures
import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import anyio
import httpcore
import pytest

from atlas import httpx
from atlas._stream import AsyncAttestedStream, AttestedStream
from enclave import HOST, LIMIT_S, Enclave, Names
from script import Raw, Script, exchange, stream_of

URL = f"https://{HOST}"


# --- streams ----------------------------------------------------------------


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


@pytest.mark.parametrize("ends", [False, True])
def test_a_socket_is_watched(ends: bool) -> None:
    script = Script("open")
    raw = Raw()
    raw.socket, peer = socket.socketpair()
    with raw.socket, peer:
        stream = AttestedStream(cast(httpcore.NetworkStream, raw), exchange(script))
        assert stream.get_extra_info("is_readable") is False
        if ends:
            peer.close()
        else:
            peer.send(b"x")
        assert stream.get_extra_info("is_readable") is True


def test_threads_may_watch_one_connection() -> None:
    raw = Raw()
    raw.socket, peer = socket.socketpair()
    with raw.socket, peer:
        stream = AttestedStream(
            cast(httpcore.NetworkStream, raw), exchange(Script("open"))
        )

        def watch(_: int) -> bool:
            return any(stream.get_extra_info("is_readable") for _ in range(5000))

        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            assert list(threads.map(watch, range(4))) == [False] * 4


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


def test_closing_does_not_wait_for_who_is_sending() -> None:
    """An upload without a time limit, to a server that does not read."""
    stream, raw = stream_of(Script("open"))
    begun, cut = threading.Event(), threading.Event()

    said: list[str] = []

    def stuck(data: bytes, timeout: float | None = None) -> None:
        begun.set()
        said.append("closed" if cut.wait(LIMIT_S) else "left alone")
        raise httpcore.WriteError(said[0])

    def upload() -> None:
        with pytest.raises(httpcore.WriteError):
            stream.write(b"abc", None)

    raw.write = stuck  # type: ignore[method-assign]
    raw.close = cut.set  # type: ignore[method-assign]
    stream._exchange.session.to_send = [b"record"]  # type: ignore[attr-defined]
    sender = threading.Thread(target=upload)
    sender.start()
    assert begun.wait(LIMIT_S)
    stream.close()
    assert cut.is_set()
    sender.join(LIMIT_S)
    assert said == ["closed"] and not sender.is_alive()


def test_closing_does_not_wait_for_a_task_that_is_sending(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("atlas._stream._GOODBYE_S", 0.01)
    script = Script("open")
    script.to_send = [b"record"]

    class Stuck:
        closed = False

        async def write(self, data: bytes, timeout: float | None = None) -> None:
            await anyio.sleep_forever()

        async def aclose(self) -> None:
            self.closed = True

        def get_extra_info(self, info: str) -> Any:
            return None

    async def main() -> None:
        raw = Stuck()
        stream = AsyncAttestedStream(
            cast(httpcore.AsyncNetworkStream, raw), exchange(script)
        )
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stream.write, b"abc", None)
            await anyio.wait_all_tasks_blocked()
            with anyio.fail_after(LIMIT_S):
                await stream.aclose()
            tasks.cancel_scope.cancel()
        assert raw.closed

    anyio.run(main)


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
