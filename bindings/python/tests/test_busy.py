# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Servers that cannot prove themselves for now: an outage and no verdict."""

import contextlib
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx as plain
import pytest

import harness
from atlas import AtlsVerificationError, httpx
from either import Either
from enclave import HOST, LIMIT_S, Enclave, Names, Serve, until
from fake_agent import Agent, send

pytestmark = pytest.mark.anyio

PORT = 9443
URL = f"https://{HOST}:{PORT}/json"
BODY = json.dumps({"nonce_hex": "42" * 32}).encode()
ASK = b"POST /tdx_quote HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s" % (
    HOST.encode(),
    len(BODY),
    BODY,
)
Make = Callable[..., Either]


class Busy:
    """assay-serve, of whose platform one quote is made at a time, and which lets one
    request wait; quotes wait for `agent.go`."""

    def __init__(self, agent: Any, serve: Serve, enclave: Enclave) -> None:
        self.agent = agent
        self.serve = serve
        self._enclave = enclave
        self._clients: list[ssl.SSLSocket] = []

    def _ask(self) -> None:
        sock = socket.create_connection(("127.0.0.1", self.serve.port), LIMIT_S)
        tls = self._enclave.authority.believed().wrap_socket(sock, server_hostname=HOST)
        self._clients.append(tls)
        tls.sendall(ASK)

    def fill(self) -> None:
        """Others have all of the places."""
        self.agent.go.clear()
        asked = self.agent.asked
        waits = self.serve.lines("quote waits")
        self._ask()
        until(lambda: self.agent.asked > asked, "a quote that is made")
        self._ask()
        until(lambda: self.serve.lines("quote waits") > waits, "one that waits")

    def free(self) -> None:
        """The others are served, and gone."""
        self.agent.go.set()
        for tls in self._clients:
            assert tls.recv(12) == b"HTTP/1.1 200"
        self.close()

    def close(self) -> None:
        for tls in self._clients:
            tls.close()
        self._clients.clear()


count = 0


@pytest.fixture
def busy(
    enclave: Enclave, another_serve: Callable[..., Serve], names: Names
) -> Iterator[Busy]:
    global count
    count += 1

    def quote(agent: Any, to: socket.socket, report_data: str) -> None:
        agent.go.wait(LIMIT_S)
        answer = enclave.sim.quote(bytes.fromhex(report_data))
        send(to, 200, json.dumps(answer).encode())

    with contextlib.ExitStack() as stack:
        path = harness.SCRATCH / f"busy{count}"
        agent = stack.enter_context(Agent(path, {}))
        agent.behave = quote
        options = ["--quotes", f"dstack:{path}", "--quote-timeout", str(LIMIT_S)]
        options += ["--quote-concurrency", "1", "--max-quotes", "1"]
        busy = Busy(agent, another_serve(*options, port=PORT), enclave)
        stack.callback(busy.close)
        yield busy


@pytest.fixture
def anyio_backend(kind: str) -> str:
    return "asyncio" if kind == "sync" else kind


def told(error: BaseException) -> str:
    """Of an outage, and of nothing else."""
    assert type(error) is httpx.ConnectError
    assert not isinstance(error, AtlsVerificationError)
    return str(error)


async def test_no_place_left(busy: Busy, make: Make, enclave: Enclave) -> None:
    busy.fill()
    client = make()
    with pytest.raises(httpx.TransportError) as caught:
        await client.post(URL, content=b"secret")
    assert re.fullmatch(
        rf"{HOST}: quote reply: status 503 instead of 200, try again in \d+ s; the "
        r"server says: too many requests for quotes are waiting \(next: try again "
        r"later; if it lasts, ask the operator of the server\)",
        told(caught.value),
    )
    assert enclave.web.seen == []
    busy.free()
    response = await client.get(URL)
    assert response.extensions["attestation"]["trusted"] is True


async def test_a_platform_that_makes_none(
    busy: Busy, make: Make, enclave: Enclave
) -> None:
    busy.agent.behave = lambda agent, to, data: send(to, 500, b"broken")
    with pytest.raises(httpx.TransportError) as caught:
        await make().get(URL)
    assert "status 502 instead of 200; the server says: " in told(caught.value)
    assert enclave.web.seen == []


async def test_a_verdict_stays_one(busy: Busy, make: Make, enclave: Enclave) -> None:
    """The same server, once it has time to prove what it is."""
    client = make(atls_policy_per_hostname={f"{HOST}:{PORT}": enclave.wrong_policy()})
    busy.fill()
    with pytest.raises(httpx.TransportError) as caught:
        await client.get(URL)
    told(caught.value)
    busy.free()
    with pytest.raises(AtlsVerificationError) as refused:
        await client.get(URL)
    assert refused.value.code == "not_trusted"
    assert enclave.web.seen == []


async def test_evidence_that_is_due(
    busy: Busy,
    make: Make,
    enclave: Enclave,
    names: Names,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An open connection is no way around it, and a busy server is not asked once
    more on another."""
    client = make()
    busy.agent.go.set()
    await client.get(URL)
    busy.fill()
    enclave.web.seen.clear()
    monkeypatch.setattr("atlas._stream.now", later(400))
    with pytest.raises(httpx.TransportError) as caught:
        await client.post(URL, content=b"secret")
    assert "503 instead of 200, try again in " in told(caught.value)
    assert enclave.web.seen == []
    assert names.count(HOST, PORT) == 1
    busy.free()
    assert (await client.get(URL)).json() == {"answer": 42}
    assert names.count(HOST, PORT) == 2


def later(seconds: int) -> Callable[[], tuple[int, int]]:
    from atlas._stream import now

    def shifted() -> tuple[int, int]:
        wall, mono = now()
        return wall + seconds, mono + 1000 * seconds

    return shifted


def test_retries_connect_anew(
    busy: Busy, enclave: Enclave, policy: dict[str, Any], names: Names
) -> None:
    """httpx's own retries, which are for connections that could not be made."""
    busy.fill()
    answers: list[Any] = []

    def ask() -> None:
        with (
            httpx.AttestedTransport(
                policy, verify=enclave.authority.believed(), retries=5
            ) as transport,
            plain.Client(transport=transport, timeout=LIMIT_S) as client,
        ):
            answers.append(client.get(URL))

    thread = threading.Thread(target=ask)
    thread.start()
    until(lambda: names.count(HOST, PORT) >= 2, "a retry")
    busy.free()
    thread.join(LIMIT_S)
    assert answers[0].extensions["attestation"]["trusted"] is True
    assert len(enclave.web.seen) == 1


def test_for_requests(
    busy: Busy,
    enclave: Enclave,
    policy: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    requests = pytest.importorskip("requests")
    from atlas.requests import Session, VerificationError

    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    busy.fill()
    with Session({HOST: policy}) as session:
        session.verify = str(enclave.authority.root)
        with pytest.raises(requests.ConnectionError, match="200, try again in ") as e:
            session.post(URL, data=b"secret")
    assert not isinstance(e.value, VerificationError)
    assert enclave.web.seen == []
