# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What is raised where a server did not prove itself, or nobody may be asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import httpcore
import httpx

if TYPE_CHECKING:
    from . import _core


class AtlsVerificationError(httpx.TransportError):
    """A server was reached and did not prove itself, or the routing of this
    package refuses a request.

    `code` is one word for programs: "not_trusted", "tls", "reply", ..., or one
    of routing: "plain_http", "no_policy_for_port", "ambiguous_host",
    "unattested_redirect", "unattested_response". `verdict` is the whole verdict
    (a dict, or None if none was reached), `checks` its rows.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        verdict: dict[str, Any] | None = None,
        request: httpx.Request | None = None,
    ) -> None:
        super().__init__(message, request=request)
        self.code = code
        self.verdict = verdict
        self.checks: list[dict[str, Any]] = list((verdict or {}).get("checks", ()))

    def __reduce__(self) -> tuple[Any, ...]:
        return (_again, (type(self), str(self), self.code, self.verdict))


def _again(
    kind: type[AtlsVerificationError],
    message: str,
    code: str,
    verdict: dict[str, Any] | None,
) -> AtlsVerificationError:
    return kind(message, code=code, verdict=verdict)


class Trouble(NamedTuple):
    """The errors of httpcore for what went wrong on the network meanwhile."""

    network: type[httpcore.NetworkError]
    timeout: type[httpcore.TimeoutException]


CONNECTING = Trouble(httpcore.ConnectError, httpcore.ConnectTimeout)
READING = Trouble(httpcore.ReadError, httpcore.ReadTimeout)
WRITING = Trouble(httpcore.WriteError, httpcore.WriteTimeout)


class Unavailable(httpcore.ConnectError):
    """The server says that it can give no evidence for now. That is an outage: a
    retry may help, on a connection that has all to prove. Nothing was sent."""


# Codes whose error is the same whatever went on meanwhile.
_OUTAGES: dict[str, type[httpcore.NetworkError]] = {"unavailable": Unavailable}


class Judged(Protocol):
    """What is asked of a session (_core.Session) that failed."""

    @property
    def peer_failed(self) -> bool: ...
    def verdict(self) -> bytes | None: ...


def from_core(
    error: _core.AssayError, session: Judged, server: str, meanwhile: Trouble
) -> Exception:
    """What to raise for an error of the core."""
    code, message = error.args
    text = f"{server}: {message}"
    hint = getattr(error, "hint", "")
    if not session.peer_failed:
        if code in _OUTAGES:
            return _OUTAGES[code](f"{text} (next: {hint})")
        kind = meanwhile.timeout if code == "timeout" else meanwhile.network
        return kind(text)
    verdict: dict[str, Any] | None = None
    if code == "not_trusted" and (raw := session.verdict()):
        verdict = json.loads(raw)
        text += "".join(_failed_rows(verdict, message))
        hint = (verdict.get("error") or {}).get("hint") or hint
    if hint:
        text += f" (next: {hint})"
    return AtlsVerificationError(text, code=code, verdict=verdict)


def _failed_rows(verdict: dict[str, Any], said: str) -> list[str]:
    """The rows that failed, but for what was said already."""
    rows = []
    for check in verdict.get("checks", ()):
        detail = check.get("detail") or check.get("title") or ""
        if check.get("outcome") == "failed" and check.get("required"):
            if not detail or detail not in said:
                rows.append(f"; {check.get('name')}: {detail}")
    return rows


# Names are the same on both sides.
_OF_HTTPCORE: dict[type[BaseException], type[httpx.TransportError]] = {
    getattr(httpcore, name): getattr(httpx, name)
    for name in (
        "TimeoutException",
        "ConnectTimeout",
        "ReadTimeout",
        "WriteTimeout",
        "PoolTimeout",
        "NetworkError",
        "ConnectError",
        "ReadError",
        "WriteError",
        "ProxyError",
        "UnsupportedProtocol",
        "ProtocolError",
        "LocalProtocolError",
        "RemoteProtocolError",
    )
}


class as_httpx:
    """Within it, errors of httpcore become those of httpx."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None:
            return
        for base in type(error).__mro__:
            if base in _OF_HTTPCORE:
                raise _OF_HTTPCORE[base](str(error)) from error
