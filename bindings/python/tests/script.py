# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""A session that does as it is told, to see what happens on one connection."""

import asyncio
import json
import socket
from typing import Any, cast

import httpcore

from atlas._core import AssayError, Session, Supply
from atlas._stream import AsyncAttestedStream, AttestedStream, Exchange
from enclave import HOST

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
        self.stays_due = False
        self.comes_with_it: list[bytes] = []  # plaintext of what is received
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

    @property
    def idle(self) -> bool:
        return self.state in ("open", "raw") and not self.plain and not self.readable

    def _next(self, call: str) -> None:
        self.calls.append(call)
        if call in self.failures:
            self.states = ["failed"]
            raise self.failures[call]
        if len(self.states) > 1:
            self.states.pop(0)

    def receive(self, data: bytes) -> None:
        self.plain += self.comes_with_it
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

    def reattest(self, wall: int, mono: int, nonce: bytes) -> None:
        assert len(nonce) == 64
        self.calls.append("reattest")
        self.is_due = self.stays_due
        self.states = ["quote", "appraise", "open"]

    def begin(self, wall: int, mono: int) -> bool:
        if self.is_due:
            return False
        self.calls.append("begin")
        if "begin" in self.failures:
            raise self.failures["begin"]
        return True

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


class Raw:
    """Stands for a stream of httpcore, where each read gets the same answer."""

    def __init__(self, answer: bytes | Exception = b"data") -> None:
        self.answer = answer
        self.written: list[bytes] = []
        self.fault: BaseException | None = None
        self.readable = False
        self.closed = False
        self.socket: socket.socket | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def write(self, data: bytes, timeout: float | None = None) -> None:
        if self.fault:
            raise self.fault
        self.written.append(data)

    def close(self) -> None:
        self.closed = True

    def get_extra_info(self, info: str) -> Any:
        return {"is_readable": self.readable, "socket": self.socket}.get(info)


def stream_of(
    script: Script, answer: bytes | Exception = b"data"
) -> tuple[AttestedStream, Raw]:
    raw = Raw(answer)
    stream = AttestedStream(cast(httpcore.NetworkStream, raw), exchange(script))
    return stream, raw


class AsyncRaw:
    """The same for asyncio."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._raw.read(max_bytes, timeout)

    async def write(self, data: bytes, timeout: float | None = None) -> None:
        self._raw.write(data, timeout)

    def get_extra_info(self, info: str) -> Any:
        return self._raw.get_extra_info(info)


class AsyncInTurn:
    """An asynchronous stream as if it were one that blocks."""

    def __init__(self, script: Script, answer: bytes | Exception) -> None:
        raw = cast(httpcore.AsyncNetworkStream, AsyncRaw(Raw(answer)))
        self._stream = AsyncAttestedStream(raw, exchange(script))

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return asyncio.run(self._stream.read(max_bytes, timeout))

    def write(self, data: bytes, timeout: float | None = None) -> None:
        asyncio.run(self._stream.write(data, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
