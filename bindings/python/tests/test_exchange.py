# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What happens on one connection, step by step, with a session that does as it
is told."""

import contextlib
from typing import Any

import httpcore
import pytest

from atlas import AtlsVerificationError
from atlas._core import AssayError
from atlas._stream import FLUSH, READ, SEARCH
from enclave import HOST
from script import REFUSED, TRUSTED, Script, exchange, follow


def test_phases() -> None:
    script = Script("handshake", "quote", "need_collateral", "appraise", "open")
    it = exchange(script)
    steps = follow(it.attest(5), read=b"data", search="collateral")
    assert steps == [FLUSH, READ, FLUSH, READ, FLUSH, SEARCH, FLUSH]
    assert script.calls == ["receive", "receive", "supply", "appraise"]
    assert it.attestation == {**TRUSTED, "evidence": b"bundle"}


def test_what_is_at_hand_is_not_searched() -> None:
    it = exchange(Script("need_collateral", "appraise", "open"), have="collateral")
    assert SEARCH not in follow(it.attest(5))


def test_each_phase_has_the_whole_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("atlas._stream.time.monotonic", lambda: clock[0])
    it = exchange(Script("handshake", "handshake", "quote", "open"))
    left = []
    steps = it.attest(5)
    answer: Any = None
    with contextlib.suppress(StopIteration):
        while True:
            what, seconds = steps.send(answer)
            answer = b"data" if what is READ else None
            left.append((what, seconds))
            clock[0] += 1
    assert left == [(FLUSH, 5), (READ, 4), (FLUSH, 3), (READ, 2), (FLUSH, 5), (READ, 4)]


def test_time_that_is_over_is_a_connect_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr("atlas._stream.time.monotonic", lambda: clock[0])
    script = Script("handshake")
    steps = exchange(script).attest(5)
    assert next(steps)[0] is FLUSH
    clock[0] = 5.1
    assert next(steps)[0] is FLUSH  # the goodbye
    with pytest.raises(httpcore.ConnectTimeout, match="TLS handshake"):
        next(steps)
    assert script.calls == [("abort", "timeout")]


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (httpcore.ReadTimeout(), httpcore.ConnectTimeout),
        (httpcore.WriteTimeout(), httpcore.ConnectTimeout),
        (httpcore.ReadError("reset"), httpcore.ConnectError),
        (httpcore.WriteError(), httpcore.ConnectError),
    ],
)
def test_trouble_of_the_network_is_one_of_connecting(
    fault: Exception, raised: type[Exception]
) -> None:
    script = Script("quote")
    with pytest.raises(raised, match=f"{HOST}.*waiting for the evidence"):
        follow(exchange(script).attest(5), read=fault)
    assert script.state == "failed"


def test_a_server_that_hangs_up() -> None:
    script = Script("quote")
    with pytest.raises(httpcore.ConnectError, match="closed the connection"):
        follow(exchange(script).attest(5), read=b"")
    assert script.calls[0] == "eof"


@pytest.mark.parametrize(
    ("code", "raised"),
    [("network", httpcore.ConnectError), ("timeout", httpcore.ConnectTimeout)],
)
def test_no_collateral(code: str, raised: type[Exception]) -> None:
    script = Script("need_collateral")
    fault = AssayError(code, "https://a.example/tcb: no")
    with pytest.raises(raised, match="https://a.example/tcb: no"):
        follow(exchange(script).attest(5), search=fault)
    assert ("abort", code) in script.calls


def test_what_does_not_prove_itself() -> None:
    script = Script("appraise")
    script.peer_failed = True
    script.said = REFUSED
    script.failures["appraise"] = AssayError("not_trusted", "rtmr0: is 1")
    steps = exchange(script).attest(5)
    assert [next(steps)[0], next(steps)[0]] == [FLUSH, FLUSH]  # the last: an alert
    with pytest.raises(AtlsVerificationError) as caught:
        next(steps)
    error = caught.value
    assert error.code == "not_trusted" and error.verdict == REFUSED
    assert error.checks == REFUSED["checks"]
    assert str(error) == f"{HOST}: rtmr0: is 1; rtmr1: is 2 (next: look there)"


def test_an_alert_that_cannot_be_sent_hides_nothing() -> None:
    script = Script("handshake")
    script.peer_failed = True
    script.failures["receive"] = AssayError("tls", "the name is another")
    steps = exchange(script).attest(5)
    next(steps), next(steps)
    assert steps.send(b"data")[0] is FLUSH
    with pytest.raises(AtlsVerificationError, match="another") as caught:
        steps.throw(httpcore.WriteError())
    assert caught.value.code == "tls" and caught.value.checks == []


def test_a_server_that_wants_our_evidence() -> None:
    script = Script("need_evidence")
    with pytest.raises(httpcore.ConnectError, match="evidence"):
        follow(exchange(script).attest(5))
    assert script.calls[0] == ("abort", "refused")


def test_open_without_a_trusted_verdict_is_never_used() -> None:
    script = Script("appraise", "open")
    script.said = {**TRUSTED, "trusted": False}
    it = exchange(script)
    with pytest.raises(RuntimeError):
        follow(it.attest(5))
    assert it.attestation is None
