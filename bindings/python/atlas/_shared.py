# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What all clients of one process share, made when first needed; a child process
starts with none of it. And how collateral is fetched."""

from __future__ import annotations

import concurrent.futures
import contextlib
import logging
import os
import ssl
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from typing import TypeVar

import httpx

from . import _core

T = TypeVar("T")

log = logging.getLogger("atlas")

_CONNECT_S = 5.0
_REQUEST_S = 20.0
_KEPT_MAX = 256
_NOT_THERE = (404, 410, 461, 462)  # the last two are a PCCS's

_local = threading.local()


class _Shared:
    """One process's."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.made: dict[Hashable, object] = {}


_shared = _Shared()
_watching = False


def _after_fork() -> None:
    """Locks may be held by threads that are not there any more."""
    global _shared
    _shared = _Shared()
    _core.after_fork()


def once(key: Hashable, make: Callable[[], T]) -> T:
    """What `make` returned for this key, in this process."""
    global _watching
    shared = _shared
    with shared.lock:
        if not _watching and hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_after_fork)
            _watching = True
        if key not in shared.made:
            value = make()
            if len(shared.made) >= _KEPT_MAX:
                del shared.made[next(iter(shared.made))]  # the oldest
            shared.made[key] = value
        return shared.made[key]  # type: ignore[return-value]


@contextlib.contextmanager
def patience(seconds: float | None) -> Iterator[None]:
    """How long each request for collateral may take that this thread makes."""
    before = getattr(_local, "seconds", None)
    _local.seconds = seconds
    try:
        yield
    finally:
        _local.seconds = before


def tell(supply: _core.Supply) -> None:
    """What did not work and did not matter: a cache that is no use, a memory of
    evaluations that others may write to."""
    if supply.note:
        log.warning("collateral: %s", supply.note)


def add_roots(context: ssl.SSLContext, pem: bytes) -> None:
    """Certificates, with any text between them. OSError or ValueError if there are
    none, or some that cannot be read."""
    context.load_verify_locations(cadata=pem.decode("ascii", "ignore"))


class Fetcher:
    """GET for collateral, which others have signed: an answer with status 200 as
    (header lines, body), or AssayError."""

    def __init__(self, ca: bytes | None, trust_env: bool) -> None:
        self._ca = ca
        self._trust_env = trust_env
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None

    def __call__(self, url: str, max_body: int) -> tuple[bytes, bytes]:
        where = _without_user(url)
        given = getattr(_local, "seconds", None)
        limit = _REQUEST_S if given is None else min(given, _REQUEST_S)
        answer: concurrent.futures.Future[tuple[bytes, bytes]]
        answer = concurrent.futures.Future()

        def work() -> None:
            try:
                answer.set_result(self._get(url, where, max_body, limit))
            except BaseException as e:
                answer.set_exception(e)

        # httpx limits each step: a source that sends an octet now and then would
        # never come to an end. So the whole is waited for.
        thread = threading.Thread(target=work, name="atlas collateral", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # when the interpreter ends, there are no new threads
            work()
        try:
            return answer.result(limit)
        except (httpx.TimeoutException, concurrent.futures.TimeoutError):
            raise _core.AssayError("timeout", f"{where}: no answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as e:
            # The last two: certificates or proxies that cannot be read.
            why = str(e) or type(e).__name__
            raise _core.AssayError("network", f"{where}: {why}") from None

    def _get(
        self, url: str, where: str, max_body: int, limit: float
    ) -> tuple[bytes, bytes]:
        end = time.monotonic() + limit
        timeout = httpx.Timeout(limit, connect=min(limit, _CONNECT_S))
        given = httpx.URL(url)
        # Not in the URL: httpx logs that.
        auth = (given.username, given.password) if given.userinfo else None
        with self._made().stream("GET", where, auth=auth, timeout=timeout) as response:
            if response.status_code != 200:
                missing = response.status_code in _NOT_THERE
                raise _core.AssayError(
                    "not_found" if missing else "network",
                    f"{where}: status {response.status_code}",
                )
            body = bytearray()
            # Not decoded: a few octets could become any number of them.
            for piece in response.iter_raw():
                body += piece
                if len(body) > max_body:
                    raise _core.AssayError(
                        "too_large", f"{where}: more than {max_body} bytes"
                    )
                if time.monotonic() > end:
                    raise _core.AssayError("timeout", f"{where}: no end in time")
        lines = b"".join(b"%b: %b\r\n" % pair for pair in response.headers.raw)
        return lines, bytes(body)

    def _made(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                verify: ssl.SSLContext | bool = True
                if self._ca is not None:
                    verify = httpx.create_ssl_context(trust_env=self._trust_env)
                    add_roots(verify, self._ca)
                self._client = httpx.Client(
                    headers={"Accept-Encoding": "identity"},
                    verify=verify,
                    trust_env=self._trust_env,
                    follow_redirects=False,
                )
            return self._client


def _without_user(url: str) -> str:
    try:
        return str(httpx.URL(url).copy_with(username=None, password=None))
    except httpx.InvalidURL:
        return "a source's URL that cannot be read"
