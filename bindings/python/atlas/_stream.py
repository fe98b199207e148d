# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""One attested connection: what happens on it, and the two ways of doing it.

`Exchange` drives a session of the core without I/O: its methods are generators
that yield what is to be done next. `AttestedStream` and `AsyncAttestedStream`
do it, on a stream of httpcore.
"""

from __future__ import annotations

import functools
import json
import logging
import math
import os
import select
import ssl
import threading
import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import anyio
import anyio.to_thread
import httpcore

from . import _shared
from ._core import NONCE_BYTES, AssayError, Collateral, Session, Supply
from ._errors import CONNECTING, READING, WRITING, Unavailable, from_core

T = TypeVar("T")

log = logging.getLogger("atlas")

READ = "read"  # answered with the bytes that came; b"": no more will
FLUSH = "flush"  # the session's output is to be sent
SEARCH = "search"  # answered with collateral

# What is to be done, and how many seconds it may take (None: any number).
Step = tuple[str, float | None]
Steps = Generator[Step, Any, T]

_READ_BYTES = 64 * 1024
_GOODBYE_S = 1.0
_WAITING = ("handshake", "quote", "evidence")
# As in the core: a clock that goes on while the machine sleeps, if there is one.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", None)


def now() -> tuple[int, int]:
    """Both clocks, as the core wants them."""
    ns = time.monotonic_ns() if _CLOCK is None else time.clock_gettime_ns(_CLOCK)
    return int(time.time()), ns // 1_000_000


def nonce() -> bytes:
    return os.urandom(NONCE_BYTES)


class Limit:
    """The time that one phase may take."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    def left(self) -> float | None:
        if self._end is None:
            return None
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the time is over")
        return left


class Exchange:
    """What happens on one attested connection. Errors are those of httpcore,
    or AtlsVerificationError."""

    def __init__(self, session: Session, supply: Supply, server: str) -> None:
        self.session = session
        self.supply = supply
        self.server = server
        # Of the last evidence; stays when the connection is gone.
        self.attestation: dict[str, Any] | None = None
        self._patience: float | None = None  # for evidence, when asked anew
        self._in_request = False  # what is written belongs to the last message
        self._used = False
        self._process = os.getpid()
        self.broken = False  # half of a record may have been sent

    @property
    def inherited(self) -> bool:
        """From before a fork: keys and connection are the parent's."""
        return os.getpid() != self._process

    def attest(self, seconds: float | None) -> Steps[None]:
        """Until the session is open. Each phase may take `seconds`."""
        self._patience = seconds
        phase = self.session.state
        try:
            while (phase := self.session.state) != "open":
                yield from self._phase(phase, Limit(seconds))
        except AssayError as e:
            yield from self._farewell()
            raise from_core(e, self.session, self.server, CONNECTING) from None
        except httpcore.TimeoutException:
            self.session.abort("timeout", "no answer in time")
            yield from self._farewell()
            raise httpcore.ConnectTimeout(
                f"{self.server}: no answer in time ({_WORDS.get(phase, phase)})"
            ) from None
        except httpcore.NetworkError as e:
            self.session.abort("network", "the connection broke")
            raise httpcore.ConnectError(
                f"{self.server}: {e or 'the connection broke'} "
                f"({_WORDS.get(phase, phase)})"
            ) from e
        self.attestation = self._report()
        log.debug("%s: attested, %s", self.server, self.attestation["tcb_status"])

    def _phase(self, phase: str, limit: Limit) -> Steps[None]:
        """One state of the session, to its end."""
        session = self.session
        while session.state == phase:
            yield FLUSH, limit.left()
            if phase in _WAITING:
                yield from self._receive(limit.left())
            elif phase == "need_collateral":
                yield from self._supply(limit.left())
            elif phase == "appraise":
                session.appraise(*now())
            elif phase == "need_evidence":
                session.abort(
                    "refused",
                    "the server asks for evidence of its clients, and this client "
                    "has none to give",
                )
                raise self._fault("this client has no evidence to give")
            else:
                raise self._fault("the server closed the connection")

    def _receive(self, seconds: float | None) -> Steps[None]:
        data = yield READ, seconds
        if data:
            self.session.receive(data)
        else:
            self.session.eof()

    def _supply(self, seconds: float | None) -> Steps[None]:
        session = self.session
        assert session.need is not None
        wall, _ = now()
        collateral = self.supply.have(session.need, wall)
        if collateral is None:
            try:
                collateral = yield SEARCH, seconds
            except AssayError as e:
                session.abort(*e.args)
                raise
        session.supply(collateral, self.supply, wall)

    def search(self, seconds: float | None) -> Collateral:
        """What SEARCH asks for; blocks."""
        session = self.session
        assert session.need is not None
        with _shared.patience(seconds):
            found = self.supply.search(
                session.need,
                session.quote,
                session.stapled,
                now()[0],
                math.inf if seconds is None else seconds,
            )
        _shared.tell(self.supply)
        return found

    def _fault(self, otherwise: str) -> AssayError:
        """Why the session failed."""
        try:
            self.session.receive(b"")
        except AssayError as e:
            return e
        return AssayError("truncated", otherwise)

    def _farewell(self) -> Steps[None]:
        """Tells the server, if it still listens."""
        try:
            yield FLUSH, _GOODBYE_S
        except (httpcore.NetworkError, httpcore.TimeoutException):
            pass

    def _report(self) -> dict[str, Any]:
        raw = self.session.verdict()
        verdict = json.loads(raw) if raw else {}
        if verdict.get("trusted") is not True:
            raise RuntimeError("a session is open without a trusted verdict")
        report = {
            name: verdict[name]
            for name in (
                "trusted",
                "tee_type",
                "measurement",
                "tcb_status",
                "advisory_ids",
                "checks",
            )
        }
        report["evidence"] = self.session.evidence()
        return report

    def output(self) -> bytes:
        """What FLUSH sends."""
        if self.broken:
            raise httpcore.WriteError("sending broke off before")
        return self.session.output()

    def put(self, data: bytes, at: int) -> int | None:
        """Takes some of data from `at` on: how many octets, to be flushed. None:
        evidence is due, renew() is to be done first."""
        if self.inherited:
            raise httpcore.WriteError("a connection from before a fork")
        try:
            # The first write behind a read begins a message.
            if not self._in_request and not self._begin():
                return None
            return self.session.write(data, at)
        except AssayError as e:
            raise self._not_written(e) from None

    def _begin(self) -> bool:
        if not self.session.begin(*now()):
            return False
        self._in_request = self._used = True
        return True

    def renew(self) -> Steps[None]:
        """Evidence anew, for the message that begins with it."""
        log.debug("%s: evidence is asked for anew", self.server)
        try:
            self.session.reattest(*now(), nonce())
            yield from self.attest(self._patience)
            if not self._begin():
                raise AssayError("stale", "evidence came that is too old already")
        except Unavailable:
            raise  # as it would on every other connection of the pool
        except (AssayError, httpcore.NetworkError) as e:
            raise self._not_written(e) from None

    def _not_written(self, error: AssayError | httpcore.NetworkError) -> Exception:
        session = self.session
        if self._used and not self._in_request and not session.peer_failed:
            # The server went away while nothing happened, and nothing of this
            # request was sent: the pool takes another connection.
            return httpcore.ConnectionNotAvailable()
        if not isinstance(error, AssayError):
            return error
        # httpcore goes on reading behind an error of writing: that must not
        # wait for an answer to what was not sent.
        session.abort(*error.args)
        return from_core(error, session, self.server, WRITING)

    def take(self, max_bytes: int) -> bytes | None:
        """Plaintext; b"" once the server has said that it ends; None: more is to
        be received first."""
        session = self.session
        self._in_request = False
        if data := session.read(max_bytes):
            return data
        if session.idle:
            return None
        if session.state == "failed":
            error = self._fault("the connection was cut")
            raise from_core(error, session, self.server, READING)
        if session.truncated:
            raise httpcore.ReadError(
                f"{self.server}: the connection was cut; what came is not all"
            )
        if session.state not in ("closed", "raw"):
            raise RuntimeError(f"nothing can be read while in {session.state}")
        return b""

    def receive(self, data: bytes) -> None:
        """What came from the network; b"": its end. Faults are told by take(),
        behind the plaintext that came before."""
        try:
            if data:
                self.session.receive(data)
            else:
                self.session.eof()
        except AssayError:
            pass


_WORDS = {
    "handshake": "TLS handshake",
    "quote": "waiting for the evidence",
    "need_collateral": "fetching collateral",
}


def _watch(raw: Any) -> Callable[[], object]:
    """Tells whether something came, as httpcore asks twice for each request; with
    one poll object for all of them where there are such."""
    sock = raw.get_extra_info("socket")
    if sock is None or not hasattr(select, "poll"):
        return lambda: raw.get_extra_info("is_readable")
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return functools.partial(poll.poll, 0)


class _Attested:
    """What both kinds of stream have."""

    def __init__(self, raw: Any, exchange: Exchange) -> None:
        self._raw = raw
        self._exchange = exchange
        self._came = _watch(raw)

    def switch(self) -> None:
        """Behind the head of an answer that switches protocols."""
        self._exchange.session.switch()

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return self._is_stale()
        if info == "attestation":
            return self._exchange.attestation
        if info == "attested_stream":
            return self
        if info == "ssl_object":
            return None  # not even that of a proxy's TLS below
        return self._raw.get_extra_info(info)

    def _is_stale(self) -> bool:
        """Something came while nobody asked: a goodbye, or nonsense."""
        exchange = self._exchange
        return bool(not exchange.session.idle or exchange.inherited or self._came())


class AttestedStream(_Attested, httpcore.NetworkStream):
    """A stream of httpcore whose far end has proven itself."""

    def __init__(self, raw: httpcore.NetworkStream, exchange: Exchange) -> None:
        super().__init__(raw, exchange)
        # Raw streams are read and written by two threads: `session` is held
        # while the core computes, `sending` until what it gave is on its way.
        self._session = threading.Lock()
        self._sending = threading.Lock()

    def attest(self, timeout: float | None) -> None:
        self._do(self._exchange.attest(timeout))

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        exchange = self._exchange
        with self._session:
            data = exchange.take(max_bytes)
        while data is None:
            came = self._raw.read(_READ_BYTES, timeout)
            with self._session:
                exchange.receive(came)
                data = exchange.take(max_bytes)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        data = bytes(buffer)
        at = 0
        while at < len(data):  # httpcore writes nothing now and then
            with self._session:
                taken = self._exchange.put(data, at)
            if taken is None:
                self._do(self._exchange.renew())
            else:
                at += taken
                self._flush(timeout)

    def close(self) -> None:
        try:
            if not self._exchange.inherited:
                with self._session:
                    self._exchange.session.close()
                self._say_goodbye()
        except (httpcore.NetworkError, httpcore.TimeoutException, RuntimeError):
            pass  # a goodbye that nobody waits for
        finally:
            self._raw.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        raise RuntimeError("TLS inside of an attested connection is not supported")

    def _is_stale(self) -> bool:
        with self._session:  # a poll object is for one thread at a time
            return super()._is_stale()

    def _do(self, steps: Steps[T]) -> T:
        answer: Any = None
        fault: Exception | None = None
        while True:
            try:
                with self._session:
                    if fault is None:
                        what, seconds = steps.send(answer)
                    else:
                        what, seconds = steps.throw(fault)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            answer = fault = None
            try:
                if what is READ:
                    answer = self._raw.read(_READ_BYTES, seconds)
                elif what is FLUSH:
                    self._flush(seconds)
                else:
                    answer = self._exchange.search(seconds)
            except (httpcore.NetworkError, httpcore.TimeoutException, AssayError) as e:
                fault = e

    def _say_goodbye(self) -> None:
        """Unless another thread is sending, for which nobody waits."""
        if self._sending.acquire(blocking=False):
            try:
                self._send(0)
            finally:
                self._sending.release()

    def _flush(self, seconds: float | None) -> None:
        with self._sending:
            self._send(seconds)

    def _send(self, seconds: float | None) -> None:
        with self._session:
            data = self._exchange.output()
        if data:
            self._exchange.broken = True
            self._raw.write(data, seconds)
            self._exchange.broken = False


class AsyncAttestedStream(_Attested, httpcore.AsyncNetworkStream):
    """The same for asyncio and trio."""

    def __init__(self, raw: httpcore.AsyncNetworkStream, exchange: Exchange) -> None:
        super().__init__(raw, exchange)
        self._sending = anyio.Lock()

    async def attest(self, timeout: float | None) -> None:
        await self._do(self._exchange.attest(timeout))

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        exchange = self._exchange
        while (data := exchange.take(max_bytes)) is None:
            exchange.receive(await self._raw.read(_READ_BYTES, timeout))
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        data = bytes(buffer)
        at = 0
        while at < len(data):
            taken = self._exchange.put(data, at)
            if taken is None:
                await self._do(self._exchange.renew())
            else:
                at += taken
                await self._flush(timeout)

    async def aclose(self) -> None:
        with anyio.CancelScope(shield=True):
            try:
                if not self._exchange.inherited:
                    self._exchange.session.close()
                    with anyio.move_on_after(_GOODBYE_S):  # another may be sending
                        await self._flush(_GOODBYE_S)
            except (httpcore.NetworkError, httpcore.TimeoutException):
                pass  # a goodbye that nobody waits for
            finally:
                await self._raw.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise RuntimeError("TLS inside of an attested connection is not supported")

    async def _do(self, steps: Steps[T]) -> T:
        answer: Any = None
        fault: Exception | None = None
        while True:
            try:
                if fault is None:
                    what, seconds = steps.send(answer)
                else:
                    what, seconds = steps.throw(fault)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            answer = fault = None
            try:
                if what is READ:
                    answer = await self._raw.read(_READ_BYTES, seconds)
                elif what is FLUSH:
                    await self._flush(seconds)
                else:
                    answer = await anyio.to_thread.run_sync(
                        self._exchange.search, seconds, abandon_on_cancel=True
                    )
            except (httpcore.NetworkError, httpcore.TimeoutException, AssayError) as e:
                fault = e

    async def _flush(self, seconds: float | None) -> None:
        try:
            self._sending.acquire_nowait()
        except anyio.WouldBlock:
            await self._sending.acquire()
        try:
            data = self._exchange.output()
            if data:
                self._exchange.broken = True
                await self._raw.write(data, seconds)
                self._exchange.broken = False
        finally:
            self._sending.release()
