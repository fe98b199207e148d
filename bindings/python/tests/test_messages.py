# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Messages on an attested stream, of both kinds, whose session does as it is
told: when evidence is renewed, and how an end, a cut and a fault come out."""

from collections.abc import Callable
from typing import Any

import httpcore
import pytest

from atlas import AtlsVerificationError
from atlas._core import AssayError
from script import REFUSED, TRUSTED, AsyncInTurn, Script, exchange, stream_of

Open = Callable[..., Any]


def blocking(script: Script, answer: bytes | Exception = b"data") -> Any:
    return stream_of(script, answer)[0]


def asynchronous(script: Script, answer: bytes | Exception = b"data") -> Any:
    return AsyncInTurn(script, answer)


@pytest.fixture(params=[blocking, asynchronous])
def stream(request: pytest.FixtureRequest) -> Open:
    return request.param  # type: ignore[no-any-return]


def test_the_first_write_behind_a_read_begins_a_message(stream: Open) -> None:
    script = Script("open")
    it = stream(script)
    it.write(b"headers", 5)
    it.write(b"body", 5)
    it.write(b"", 5)
    assert script.calls == [
        "begin",
        ("write", b"head"),
        ("write", b"ers"),
        ("write", b"body"),
    ]
    script.plain = [b"answer"]
    assert it.read(9, 5) == b"answer"
    script.calls.clear()
    it.write(b"next", 5)
    assert script.calls == ["begin", ("write", b"next")]


def test_evidence_is_renewed_before_a_message(stream: Open) -> None:
    script = Script("open")
    it = renewed(script, stream)
    script.calls.clear()
    script.said = {**TRUSTED, "tcb_status": "SWHardeningNeeded"}
    it.write(b"b", 5)
    assert script.calls == [
        "reattest",
        "receive",
        "appraise",
        "begin",
        ("write", b"b"),
    ]
    assert it.get_extra_info("attestation")["tcb_status"] == "SWHardeningNeeded"


def renewed(script: Script, stream: Open, answer: bytes | Exception = b"data") -> Any:
    """One whose evidence is due, behind a request and its answer."""
    it = stream(script, answer)
    it.write(b"a", 5)
    script.plain = [b"answer"]
    it.read(9, 5)
    script.is_due = True
    return it


@pytest.mark.parametrize("answer", [b"", httpcore.ReadError("reset")])
def test_a_server_that_went_away_meanwhile(answer: Any, stream: Open) -> None:
    """Nothing was sent: the pool is to take another connection."""
    with pytest.raises(httpcore.ConnectionNotAvailable):
        renewed(Script("open"), stream, answer).write(b"b", 5)


def test_a_server_that_went_bad_meanwhile(stream: Open) -> None:
    script = Script("open")
    it = renewed(script, stream)
    script.peer_failed = True
    script.said = REFUSED
    script.failures["appraise"] = AssayError("not_trusted", "rtmr0: is 1")
    with pytest.raises(AtlsVerificationError):
        it.write(b"b", 5)
    assert ("write", b"b") not in script.calls


def test_a_server_that_is_mute_meanwhile(stream: Open) -> None:
    with pytest.raises(httpcore.ConnectTimeout):
        renewed(Script("open"), stream, httpcore.ReadTimeout()).write(b"b", 5)


def test_evidence_that_is_always_too_old(stream: Open) -> None:
    """It is asked for once, not for ever."""
    script = Script("open")
    it = renewed(script, stream)
    script.stays_due = True
    with pytest.raises(httpcore.ConnectionNotAvailable):
        it.write(b"b", 5)
    assert script.calls.count("reattest") == 1
    assert ("write", b"b") not in script.calls


def test_a_new_connection_that_is_gone_is_not_tried_for_ever(stream: Open) -> None:
    script = Script("open")
    script.failures["begin"] = AssayError("invalid", "the session is closed")
    with pytest.raises(httpcore.WriteError, match="is closed"):
        stream(script).write(b"a", 5)
    assert ("abort", "invalid") in script.calls


def test_what_could_not_be_written_is_not_waited_for(stream: Open) -> None:
    """httpcore goes on reading behind an error of writing."""
    script = Script("open")
    script.failures["write"] = AssayError("invalid", "no")
    it = stream(script, httpcore.ReadTimeout())
    with pytest.raises(httpcore.WriteError):
        it.write(b"a", 5)
    with pytest.raises(httpcore.ReadError):
        it.read(9, 5)


def test_half_of_a_record_is_not_followed_by_another() -> None:
    it = exchange(Script("open"))
    it.broken = True
    with pytest.raises(httpcore.WriteError, match="broke off"):
        it.output()


def test_after_a_switch_nothing_begins(stream: Open) -> None:
    script = Script("raw")
    it = stream(script)
    script.plain = [b"a"]
    assert it.read(9, 5) == b"a"
    it.write(b"b", 5)
    assert "reattest" not in script.calls and ("write", b"b") in script.calls


def test_the_end_and_the_cut(stream: Open) -> None:
    script = Script("closed")
    script.plain = [b"the rest"]
    it = stream(script)
    assert it.read(9, 5) == b"the rest"
    assert it.read(9, 5) == b""
    script.truncated = True
    with pytest.raises(httpcore.ReadError, match="cut"):
        it.read(9, 5)


def test_an_end_in_the_middle_of_something_else_is_none(stream: Open) -> None:
    for state in ("handshake", "quote", "need_collateral", "appraise"):
        with pytest.raises(RuntimeError, match=state):
            stream(Script(state)).read(9, 5)


def test_one_direction_of_a_raw_stream_ends(stream: Open) -> None:
    script = Script("raw")
    script.readable = True
    assert stream(script).read(9, 5) == b""


def test_what_cannot_be_decrypted_is_no_end(stream: Open) -> None:
    script = Script("open")
    script.peer_failed = True
    script.failures["receive"] = AssayError("tls", "bad record")
    with pytest.raises(AtlsVerificationError, match="bad record"):
        stream(script, b"garbage").read(9, 5)


def test_what_came_before_a_fault_is_given_first(stream: Open) -> None:
    script = Script("open")
    it = stream(script, b"some, then garbage")
    script.peer_failed = True
    script.failures["receive"] = AssayError("tls", "bad record")
    script.comes_with_it = [b"some"]
    assert it.read(9, 5) == b"some"
    with pytest.raises(AtlsVerificationError, match="bad record"):
        it.read(9, 5)
