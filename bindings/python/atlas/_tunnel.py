# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""CONNECT, by which an HTTP proxy leads to another server.

httpcore has it too, but (1.0.9) keeps the place of a connection in its pool for
good when what follows the CONNECT fails: a server that cannot prove itself would
use up all of them.
"""

from __future__ import annotations

import base64
import ssl
from typing import Any

import h11
import httpcore
import httpx

_PORTS = {"http": 80, "https": 443}


def address_of(proxy: httpx.Proxy) -> tuple[str, int]:
    url = proxy.url
    return url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]


def tls_of(proxy: httpx.Proxy) -> ssl.SSLContext:
    """For a proxy that is itself reached over TLS."""
    context = proxy.ssl_context or httpcore.default_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


class connecting:
    """Within it, trouble on a stream is trouble of connecting."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, (httpcore.ReadTimeout, httpcore.WriteTimeout)):
            raise httpcore.ConnectTimeout("the proxy does not answer") from error
        if isinstance(error, (httpcore.ReadError, httpcore.WriteError)):
            raise httpcore.ConnectError(f"the proxy: {error}") from error


class Tunnel:
    """The way to one server: `hello` is sent, what comes is for `receive`."""

    def __init__(self, proxy: httpx.Proxy, host: str, port: int) -> None:
        name = f"[{host}]" if ":" in host else host
        target = f"{name}:{port}".encode("ascii")
        headers = [(b"Host", target), (b"Accept", b"*/*")]
        if proxy.raw_auth is not None:
            word = base64.b64encode(b"%b:%b" % proxy.raw_auth)
            headers.append((b"Proxy-Authorization", b"Basic " + word))
        headers += proxy.headers.raw
        self._http = h11.Connection(h11.CLIENT)
        request = h11.Request(method=b"CONNECT", target=target, headers=headers)
        self.hello: bytes = self._http.send(request) or b""
        self._http.send(h11.EndOfMessage())

    def receive(self, data: bytes) -> bool:
        """Is the way open? ProxyError if it will not be."""
        try:
            self._http.receive_data(data)
            while isinstance(
                event := self._http.next_event(), h11.InformationalResponse
            ):
                pass
        except h11.ProtocolError as e:
            raise httpcore.ProxyError(f"the proxy does not speak HTTP: {e}") from None
        if event is h11.NEED_DATA:
            return False
        if not isinstance(event, h11.Response):
            raise httpcore.ProxyError("the proxy closed the connection")
        if not 200 <= event.status_code < 300:
            reason = event.reason.decode("ascii", "replace")
            raise httpcore.ProxyError(f"{event.status_code} {reason}")
        if self._http.trailing_data[0]:
            raise httpcore.ProxyError("the proxy speaks before the server is asked")
        return True
