# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""One interface to Client and AsyncClient, so that a test is written once."""

import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

from atlas import httpx


class Either:
    """A client whose methods are awaited, whether it is asynchronous or not."""

    def __init__(self, client: httpx.Client | httpx.AsyncClient) -> None:
        self.client = client
        self.asynchronous = isinstance(client, httpx.AsyncClient)

    async def settle(self, result: Any) -> Any:
        """The result of a call to the client."""
        return await result if self.asynchronous else result

    async def request(self, *args: Any, **named: Any) -> httpx.Response:
        return await self.settle(self.client.request(*args, **named))

    async def send(self, request: httpx.Request, **named: Any) -> httpx.Response:
        return await self.settle(self.client.send(request, **named))

    async def get(self, url: str, **named: Any) -> httpx.Response:
        return await self.settle(self.client.get(url, **named))

    async def post(self, url: str, **named: Any) -> httpx.Response:
        return await self.settle(self.client.post(url, **named))

    @contextlib.asynccontextmanager
    async def stream(self, *args: Any, **named: Any) -> AsyncIterator["Stream"]:
        manager = self.client.stream(*args, **named)
        if isinstance(manager, contextlib.AbstractAsyncContextManager):
            async with manager as response:
                yield Stream(response, True)
        else:
            with manager as response:
                yield Stream(response, False)

    def pieces(self, parts: Iterable[bytes]) -> Iterator[bytes] | AsyncIterator[bytes]:
        """A body that comes in parts, as this client wants it."""

        async def asynchronous() -> AsyncIterator[bytes]:
            for part in parts:
                yield part

        return asynchronous() if self.asynchronous else iter(list(parts))

    async def close(self) -> None:
        if isinstance(self.client, httpx.AsyncClient):
            await self.client.aclose()
        else:
            self.client.close()


class Stream:
    """A response that is read bit by bit."""

    def __init__(self, response: httpx.Response, asynchronous: bool) -> None:
        self.response = response
        self._asynchronous = asynchronous

    async def each(self, how: str, *args: Any) -> AsyncIterator[Any]:
        """Of iter_bytes, iter_lines, ..."""
        if self._asynchronous:
            async for item in getattr(self.response, "a" + how)(*args):
                yield item
        else:
            for item in getattr(self.response, how)(*args):
                yield item

    async def read(self) -> bytes:
        if self._asynchronous:
            return await self.response.aread()
        return self.response.read()

    async def close(self) -> None:
        if self._asynchronous:
            await self.response.aclose()
        else:
            self.response.close()

    @property
    def network(self) -> Any:
        """The stream under the response, which httpcore describes."""
        return self.response.extensions["network_stream"]

    async def write_network(self, data: bytes) -> None:
        result = self.network.write(data)
        if self._asynchronous:
            await result

    async def read_network(self, at_most: int) -> bytes:
        result = self.network.read(at_most)
        return await result if self._asynchronous else result
