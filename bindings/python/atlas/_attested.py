# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Transports of httpx whose every connection is attested.

httpcore keeps the pool, dials and speaks HTTP. Where it would begin TLS, a
stream that is given a `Marked` context attests instead.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any

import anyio
import httpcore
import httpx

from ._core import AssayError
from ._errors import AtlsVerificationError, as_httpx
from ._hosts import host_of, parse_key
from ._proxies import ProxyTypes, as_proxy
from ._stream import AsyncAttestedStream, AttestedStream, Limit
from ._trust import Trust, Verify, read_trust
from ._tunnel import Tunnel, address_of, connecting, tls_of

SocketOption = (
    tuple[int, int, int]
    | tuple[int, int, bytes | bytearray]
    | tuple[int, int, None, int]
)
# Evidence is costly to make and lasts for minutes: connections are kept longer
# than httpx does, which is 5 seconds. And all of them: with more connections than
# may be kept, httpcore (1.0.9) closes each one behind its first answer.
DEFAULT_LIMITS = httpx.Limits(
    max_connections=100, max_keepalive_connections=100, keepalive_expiry=300.0
)
# Connections of one pool that are attested at a time: a server makes few quotes at
# once and lets only so many requests wait.
_ATTESTING_MAX = 8
_READ_BYTES = 16 * 1024
# A peer that is gone without a word is noticed within a minute and a half.
_KEEP_ALIVE = [
    (level, getattr(socket, name), value)
    for level, name, value in (
        (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
        (socket.IPPROTO_TCP, "TCP_KEEPIDLE", 30),
        (socket.IPPROTO_TCP, "TCP_KEEPALIVE", 30),  # its name on macOS
        (socket.IPPROTO_TCP, "TCP_KEEPINTVL", 15),
        (socket.IPPROTO_TCP, "TCP_KEEPCNT", 4),
    )
    if hasattr(socket, name)
]


class Marked(ssl.SSLContext):
    """Says that TLS is to be attested, and what the server is held to.

    It has no roots: taken for what it looks like, it would believe nobody.
    """

    trust: Trust

    def __new__(cls, trust: Trust) -> Marked:
        self = super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)
        self.trust = trust
        return self


def _keep_alive(stream: httpcore.NetworkStream | httpcore.AsyncNetworkStream) -> None:
    sock = stream.get_extra_info("socket")
    for option in _KEEP_ALIVE if sock is not None else ():
        try:
            sock.setsockopt(*option)
        except OSError:
            pass  # it is a help, no more


def _server_name(hostname: str | None) -> str:
    return (hostname or "").rstrip(".")


def _crowded(server: str) -> httpcore.ConnectTimeout:
    return httpcore.ConnectTimeout(
        f"{server}: no answer in time (waiting until other connections are attested)"
    )


class _Wire(httpcore.NetworkStream):
    """A stream of httpcore's that can begin to attest."""

    def __init__(self, raw: httpcore.NetworkStream, gate: threading.Semaphore) -> None:
        self._raw = raw
        self._gate = gate

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._raw.read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._raw.write(buffer, timeout)

    def close(self) -> None:
        self._raw.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        if not isinstance(ssl_context, Marked):  # that of a proxy
            raw = self._raw.start_tls(ssl_context, server_hostname, timeout)
            return _Wire(raw, self._gate)
        server = _server_name(server_hostname)
        try:
            if not self._gate.acquire(timeout=timeout):
                raise _crowded(server)
            try:
                stream = AttestedStream(self._raw, ssl_context.trust.exchange(server))
                stream.attest(timeout)
            finally:
                self._gate.release()
        except BaseException:
            self.close()
            raise
        return stream

    def get_extra_info(self, info: str) -> Any:
        return self._raw.get_extra_info(info)


class _AsyncWire(httpcore.AsyncNetworkStream):
    """The same for asyncio and trio."""

    def __init__(self, raw: httpcore.AsyncNetworkStream, gate: anyio.Semaphore) -> None:
        self._raw = raw
        self._gate = gate

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._raw.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._raw.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._raw.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        if not isinstance(ssl_context, Marked):  # that of a proxy
            raw = await self._raw.start_tls(ssl_context, server_hostname, timeout)
            return _AsyncWire(raw, self._gate)
        server = _server_name(server_hostname)
        try:
            with anyio.move_on_after(timeout) as wait:
                await self._gate.acquire()
            if wait.cancelled_caught:
                raise _crowded(server)
            try:
                exchange = ssl_context.trust.exchange(server)
                stream = AsyncAttestedStream(self._raw, exchange)
                await stream.attest(timeout)
            finally:
                self._gate.release()
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self.aclose()
            raise
        return stream

    def get_extra_info(self, info: str) -> Any:
        return self._raw.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, proxy: httpx.Proxy | None) -> None:
        self._raw = httpcore.SyncBackend()
        self._proxy = proxy
        self._gates: dict[int, threading.Semaphore] = {}

    def _wire(self, raw: httpcore.NetworkStream) -> _Wire:
        # A child process has a gate of its own: in its parent's, threads stand
        # that it does not have.
        me = os.getpid()
        if me not in self._gates:
            self._gates = {me: threading.Semaphore(_ATTESTING_MAX)}
        return _Wire(raw, self._gates[me])

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        there = (host, port) if self._proxy is None else address_of(self._proxy)
        raw = self._raw.connect_tcp(*there, timeout, local_address, socket_options)
        _keep_alive(raw)
        if self._proxy is not None:
            try:
                raw = self._tunnel(self._proxy, raw, host, port, timeout)
            except BaseException:
                raw.close()
                raise
        return self._wire(raw)

    def _tunnel(
        self,
        proxy: httpx.Proxy,
        raw: httpcore.NetworkStream,
        host: str,
        port: int,
        timeout: float | None,
    ) -> httpcore.NetworkStream:
        if proxy.url.scheme == "https":
            raw = raw.start_tls(tls_of(proxy), address_of(proxy)[0], timeout)
        limit = Limit(timeout)
        tunnel = Tunnel(proxy, host, port)
        with connecting():
            raw.write(tunnel.hello, limit.left())
            while not tunnel.receive(raw.read(_READ_BYTES, limit.left())):
                pass
        return raw

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        return self._wire(self._raw.connect_unix_socket(path, timeout, socket_options))


class _AsyncBackend(httpcore.AsyncNetworkBackend):
    def __init__(self, proxy: httpx.Proxy | None) -> None:
        self._raw = httpcore.AnyIOBackend()
        self._proxy = proxy
        self._gate: anyio.Semaphore | None = None

    def _wire(self, raw: httpcore.AsyncNetworkStream) -> _AsyncWire:
        if self._gate is None:  # it belongs to the loop that runs now
            self._gate = anyio.Semaphore(_ATTESTING_MAX)
        return _AsyncWire(raw, self._gate)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        there = (host, port) if self._proxy is None else address_of(self._proxy)
        raw = await self._raw.connect_tcp(
            *there, timeout, local_address, socket_options
        )
        _keep_alive(raw)
        if self._proxy is not None:
            try:
                raw = await self._tunnel(self._proxy, raw, host, port, timeout)
            except BaseException:
                with anyio.CancelScope(shield=True):
                    await raw.aclose()
                raise
        return self._wire(raw)

    async def _tunnel(
        self,
        proxy: httpx.Proxy,
        raw: httpcore.AsyncNetworkStream,
        host: str,
        port: int,
        timeout: float | None,
    ) -> httpcore.AsyncNetworkStream:
        if proxy.url.scheme == "https":
            raw = await raw.start_tls(tls_of(proxy), address_of(proxy)[0], timeout)
        limit = Limit(timeout)
        tunnel = Tunnel(proxy, host, port)
        with connecting():
            await raw.write(tunnel.hello, limit.left())
            while not tunnel.receive(await raw.read(_READ_BYTES, limit.left())):
                pass
        return raw

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raw = await self._raw.connect_unix_socket(path, timeout, socket_options)
        return self._wire(raw)

    async def sleep(self, seconds: float) -> None:
        await self._raw.sleep(seconds)


class _Settings:
    """What both kinds of transport are made of."""

    def __init__(
        self,
        trust: Trust,
        *,
        host: str | None = None,
        limits: httpx.Limits | None = None,
        proxy: ProxyTypes | None = None,
        uds: str | None = None,
        local_address: str | None = None,
        retries: int = 0,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> None:
        if uds is not None and proxy is not None:
            raise ValueError("uds= and proxy= exclude each other")
        limits = DEFAULT_LIMITS if limits is None else limits
        self._host = host
        self._proxy = None if proxy is None else as_proxy(proxy)
        self._common = {
            "ssl_context": Marked(trust),
            "max_connections": limits.max_connections,
            "max_keepalive_connections": limits.max_keepalive_connections,
            "keepalive_expiry": limits.keepalive_expiry,
        }
        self._dial = {
            "uds": uds,
            "local_address": local_address,
            "retries": retries,
            "socket_options": socket_options,
        }

    def make(self, direct: Any, socks: Any, backend: Any) -> Any:
        """One of httpcore's pools. Only SOCKS is its own affair."""
        proxy = self._proxy
        if proxy is None or proxy.url.scheme in ("http", "https"):
            return direct(**self._common, **self._dial, network_backend=backend(proxy))
        url = proxy.url
        return socks(
            **self._common,
            network_backend=backend(None),
            proxy_auth=proxy.raw_auth,
            proxy_url=httpcore.URL(
                scheme=url.raw_scheme,
                host=url.raw_host,
                port=url.port,
                target=url.raw_path,
            ),
        )

    def ask(self, request: httpx.Request) -> httpcore.Request:
        """The request as httpcore wants it, unless it must not be sent."""
        url = request.url
        if url.scheme not in ("https", "wss"):
            raise AtlsVerificationError(
                f"{url.scheme or 'no scheme'}:// cannot be attested: nothing was sent "
                "(next: use https://)",
                code="plain_http",
            )
        if self._host is not None and host_of(url) != self._host:
            raise AtlsVerificationError(
                f"this transport is for {self._host} only, and the request is for "
                f"{host_of(url)}: nothing was sent",
                code="wrong_host",
            )
        return httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=url.raw_scheme,
                host=url.raw_host,
                port=url.port,
                target=url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )


def _extensions(request: httpx.Request, response: httpcore.Response) -> dict[str, Any]:
    """Those of a response, with its attestation; refuses one that has none."""
    stream = response.extensions["network_stream"]
    attestation = stream.get_extra_info("attestation")
    if attestation is None:
        raise AtlsVerificationError(
            "a response came over a connection that was not attested: it is not "
            "shown (next: report this as a bug)",
            code="unattested_response",
        )
    if response.status == 101 or (
        request.method == "CONNECT" and 200 <= response.status < 300
    ):
        try:
            stream.get_extra_info("attested_stream").switch()
        except AssayError as e:
            raise httpx.RemoteProtocolError(e.args[1]) from None
    return {**response.extensions, "attestation": dict(attestation)}


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with as_httpx():
            yield from self._stream

    def close(self) -> None:
        with as_httpx():
            self._stream.close()


class _AsyncBody(httpx.AsyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with as_httpx():
            async for part in self._stream:
                yield part

    async def aclose(self) -> None:
        with as_httpx():
            await self._stream.aclose()


class PolicyTransport(httpx.BaseTransport):
    """Every request over a connection that fulfils one policy."""

    def __init__(self, trust: Trust, **settings: Any) -> None:
        self._settings = _Settings(trust, **settings)
        self._pool = self._settings.make(
            httpcore.ConnectionPool, httpcore.SOCKSProxy, _Backend
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        asked = self._settings.ask(request)
        with as_httpx():
            response = self._pool.handle_request(asked)
        body = _Body(response.stream)
        try:
            extensions = _extensions(request, response)
        except BaseException:
            body.close()
            raise
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=body,
            extensions=extensions,
        )

    def close(self) -> None:
        with as_httpx():
            self._pool.close()


class AsyncPolicyTransport(httpx.AsyncBaseTransport):
    """The same for asyncio and trio."""

    def __init__(self, trust: Trust, **settings: Any) -> None:
        self._settings = _Settings(trust, **settings)
        self._pool = self._settings.make(
            httpcore.AsyncConnectionPool, httpcore.AsyncSOCKSProxy, _AsyncBackend
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asked = self._settings.ask(request)
        with as_httpx():
            response = await self._pool.handle_async_request(asked)
        body = _AsyncBody(response.stream)
        try:
            extensions = _extensions(request, response)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await body.aclose()
            raise
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=body,
            extensions=extensions,
        )

    async def aclose(self) -> None:
        with as_httpx():
            await self._pool.aclose()


class AttestedTransport(PolicyTransport):
    """A transport for `httpx.Client(transport=...)`: whatever goes through it
    goes to servers that fulfil `policy`.

    With `host`, requests to other hosts are refused. The other arguments are
    those of `httpx.HTTPTransport`; attested connections speak HTTP/1.1, and show
    no client certificate.
    """

    def __init__(
        self,
        policy: Mapping[str, Any],
        *,
        host: str | None = None,
        verify: Verify = True,
        trust_env: bool = True,
        **settings: Any,
    ) -> None:
        super().__init__(
            read_trust(policy, verify, trust_env), host=_bare(host), **settings
        )


class AsyncAttestedTransport(AsyncPolicyTransport):
    """The same for `httpx.AsyncClient(transport=...)`."""

    def __init__(
        self,
        policy: Mapping[str, Any],
        *,
        host: str | None = None,
        verify: Verify = True,
        trust_env: bool = True,
        **settings: Any,
    ) -> None:
        super().__init__(
            read_trust(policy, verify, trust_env), host=_bare(host), **settings
        )


def _bare(host: str | None) -> str | None:
    if host is None:
        return None
    key = parse_key(host)
    if key.port is not None:
        raise ValueError(f"host={host!r} has a port; write the host alone")
    return key.host
