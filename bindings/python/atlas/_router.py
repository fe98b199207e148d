# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The one transport of our clients: requests to hosts with a policy go to the
attested transport of that policy, all others to a plain httpx client.

Proxies and mounts are the business of what lies behind, so that nothing httpx
routes by can lead past a policy.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import httpx

from ._errors import AtlsVerificationError
from ._hosts import Policies, host_of
from ._proxies import Proxies

T = TypeVar("T")

# httpx hands the extensions of a request on to the one that a redirect leads to.
_CAME_FROM = "atlas.attested_host"


class Entry(Generic[T]):
    """The transports of one policy: one for each way to its host.

    No lock: a child process that began while it was held would wait for ever.
    """

    def __init__(self, make: Callable[[httpx.Proxy | None], T]) -> None:
        self._make = make
        self._made: dict[int, T] = {}

    def through(self, proxy: httpx.Proxy | None) -> T:
        if made := self._made.get(id(proxy)):
            return made
        return self._made.setdefault(id(proxy), self._make(proxy))

    def take_all(self) -> list[T]:
        made, self._made = self._made, {}
        return list(made.values())


class Routes(Generic[T]):
    """Where requests go."""

    def __init__(
        self,
        policies: Policies[Entry[T]],
        proxies: Proxies,
        allow_unattested_redirects: bool,
    ) -> None:
        self._policies = policies
        self._proxies = proxies
        self._allow = allow_unattested_redirects

    def find(self, request: httpx.Request) -> T | None:
        """The attested transport for a request, or None: it may go its plain
        way. AtlsVerificationError if it must not go at all."""
        entry = self._policies.find(request.url)
        if entry is None:
            came_from = request.extensions.get(_CAME_FROM)
            if came_from and not self._allow:
                raise AtlsVerificationError(
                    f"{came_from}, which has a policy, redirects to "
                    f"{host_of(request.url) or request.url}, which has none: "
                    "nothing was sent (next: give it a policy, or set "
                    "allow_unattested_redirects=True)",
                    code="unattested_redirect",
                )
            return None
        request.extensions = {**request.extensions, _CAME_FROM: host_of(request.url)}
        return entry.through(self._proxies.find(request.url))

    def take_all(self) -> Iterator[T]:
        for entry in self._policies:
            yield from entry.take_all()


class _AsItIs(httpx.Auth):
    """Nothing is added: the outer client has done it all."""


_AS_IT_IS = _AsItIs()


def _passed_on(response: httpx.Response, stream: Any) -> httpx.Response:
    """A response of the inner client as if a transport had made it."""
    return httpx.Response(
        response.status_code,
        headers=response.headers.raw,
        stream=stream,
        extensions=response.extensions,
    )


class Router(httpx.BaseTransport):
    def __init__(
        self,
        routes: Routes[httpx.BaseTransport],
        plain: Callable[[], httpx.Client],
        enter: bool = False,
    ) -> None:
        """`plain` makes the client for hosts without a policy, when first needed
        (at the beginning of a `with` if `enter`)."""
        self._routes = routes
        self._make_plain = plain
        self._enter = enter
        self._lock = threading.Lock()
        self._inner: httpx.Client | None = None

    def _plain(self) -> httpx.Client:
        inner = self._inner
        if inner is None:
            # Before the lock is taken: that takes a while, and a child process
            # that begins meanwhile would find it locked for ever.
            made = self._make_plain()
            with self._lock:
                inner = self._inner = self._inner or made
            if inner is not made:
                made.close()
        return inner

    def __enter__(self) -> Router:
        if self._enter:
            self._plain().__enter__()
        return self

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        attested = self._routes.find(request)
        if attested is not None:
            return attested.handle_request(request)
        response = self._plain().send(
            request, stream=True, auth=_AS_IT_IS, follow_redirects=False
        )
        return _passed_on(response, response.stream)

    def close(self) -> None:
        with self._lock:
            inner, self._inner = self._inner, None
        if inner is not None:
            inner.close()
        for transport in self._routes.take_all():
            transport.close()


class AsyncRouter(httpx.AsyncBaseTransport):
    """The same for asyncio and trio."""

    def __init__(
        self,
        routes: Routes[httpx.AsyncBaseTransport],
        plain: Callable[[], httpx.AsyncClient],
        enter: bool = False,
    ) -> None:
        self._routes = routes
        self._make_plain = plain
        self._enter = enter
        self._inner: httpx.AsyncClient | None = None

    def _plain(self) -> httpx.AsyncClient:
        if self._inner is None:
            self._inner = self._make_plain()
        return self._inner

    async def __aenter__(self) -> AsyncRouter:
        if self._enter:
            await self._plain().__aenter__()
        return self

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        attested = self._routes.find(request)
        if attested is not None:
            return await attested.handle_async_request(request)
        response = await self._plain().send(
            request, stream=True, auth=_AS_IT_IS, follow_redirects=False
        )
        return _passed_on(response, response.stream)

    async def aclose(self) -> None:
        inner, self._inner = self._inner, None
        if inner is not None:
            await inner.aclose()
        for transport in self._routes.take_all():
            await transport.aclose()
