# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Other ways to an enclave than to dial it: proxies, and a socket of the machine."""

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any, cast

import pytest

from atlas import AtlsVerificationError, httpx
from enclave import HOST, LIMIT_S, Authority, Enclave, Names

URL = f"https://{HOST}"


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
