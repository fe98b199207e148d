# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What was wrong with earlier clients of this kind, each as a test: how a connection
comes about, is kept and ends.

Defects 5 (time limits, Ctrl-C), 6 (errors that are not httpx's), 8 (keep-alive,
stale connections) and 9 (IPv6, one lock for all).
"""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest

from atlas import AtlsVerificationError, httpx
from clients import AsyncClient, Client, attested
from enclave import HOST, LIMIT_S, OTHER, Enclave, Names, Serve, Web, until

URL = f"https://{HOST}"


# --- 5: time limits, Ctrl-C ---


@pytest.fixture
def silent(names: Names) -> Iterator[str]:
    """https:// of a server that takes connections and says nothing."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as s:
        names.add("silent.example.com", 443, s.getsockname()[1])
        yield "silent.example.com"


@pytest.fixture
def mute(plain: Web) -> Iterator[str]:
    """A host that shakes hands and gives no answer to a request for a quote."""
    plain.mute()
    yield OTHER
    plain.go.set()


def test_5_handshake_that_does_not_come(
    client: Client, policy: dict[str, Any], silent: str
) -> None:
    mine = client({silent: policy}, timeout=httpx.Timeout(LIMIT_S, connect=0.3))
    with pytest.raises(httpx.ConnectTimeout):
        mine.get(f"https://{silent}/")


def test_5_quote_that_does_not_come(
    client: Client, policy: dict[str, Any], mute: str
) -> None:
    mine = client({mute: policy}, timeout=httpx.Timeout(LIMIT_S, connect=0.5))
    with pytest.raises(httpx.ConnectTimeout):
        mine.get(f"https://{mute}/")


def test_5_collateral_that_does_not_come(
    client: Client, enclave: Enclave, names: Names, silent: str
) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as s:
        policy = enclave.policy(
            pccs_url=f"http://127.0.0.1:{s.getsockname()[1]}", cache_collateral=False
        )
        mine = client({HOST: policy}, timeout=httpx.Timeout(LIMIT_S, connect=0.5))
        started = time.monotonic()
        with pytest.raises(httpx.TransportError):
            mine.get(f"{URL}/json")
        assert time.monotonic() - started < LIMIT_S / 2
    assert enclave.web.seen == []


@pytest.mark.anyio
async def test_5_time_limits_of_asynchronous_clients(
    async_client: AsyncClient, policy: dict[str, Any], silent: str, mute: str
) -> None:
    timeout = httpx.Timeout(LIMIT_S, connect=0.5)
    mine = async_client({silent: policy, mute: policy}, timeout=timeout)
    for host in (silent, mute):
        with pytest.raises(httpx.ConnectTimeout):
            await mine.get(f"https://{host}/")


@pytest.mark.anyio
async def test_5_cancelled_while_it_attests(
    enclave: Enclave, policy: dict[str, Any], mute: str, plain: Web
) -> None:
    async with (
        httpx.AsyncClient(
            atls_policy_per_hostname={mute: policy},
            verify=enclave.authority.believed(),
            timeout=None,
        ) as mine,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(mine.get, f"https://{mute}/")
        with anyio.fail_after(LIMIT_S):
            while not plain.seen:
                await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    assert plain.paths == ["/tdx_quote"]


def test_5_control_c_ends_it(enclave: Enclave, mute: str, plain: Web) -> None:
    """While a quote is awaited, without any time limit."""
    policy = enclave.policy(ca_file=str(enclave.authority.root))
    script = (
        "import json, sys\n"
        "from atlas import httpx\n"
        "policy = json.loads(sys.argv[1])\n"
        "httpx.get(sys.argv[2], atls_policy_per_hostname={'localhost': policy},\n"
        "          timeout=None)\n"
    )
    url = f"https://localhost:{plain.port}/"
    process = subprocess.Popen(
        [sys.executable, "-c", script, json.dumps(policy), url],
        stderr=subprocess.PIPE,
        # What runs in a shell's background is started with it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        until(lambda: plain.seen or process.poll() is not None, "a request")
        assert plain.seen, process.communicate()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=LIMIT_S)
    finally:
        process.kill()
    assert b"KeyboardInterrupt" in said
    assert process.returncode == -signal.SIGINT


# --- 6: errors that are not httpx's ---


def test_6_nobody_listens(client: Client, names: Names) -> None:
    with pytest.raises(httpx.ConnectError) as caught:
        client().get(f"{URL}:1/")
    assert caught.value.request.url == f"{URL}:1/"


def test_6_unknown_name(client: Client, policy: dict[str, Any]) -> None:
    with pytest.raises(httpx.ConnectError):
        client({"example.net": policy}).get("https://example.net/")


def test_6_server_that_goes_away(
    client: Client, another_serve: Callable[..., Serve], web: Web
) -> None:
    """In the middle of an answer, and then altogether."""
    serve = another_serve()
    mine = client()
    with mine.stream("GET", f"{URL}:9443/events") as response:
        serve.kill()
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            response.read()
    with pytest.raises(httpx.ConnectError):
        mine.get(f"{URL}:9443/json")
    web.go.set()


def test_6_server_that_is_no_enclave(client: Client, names: Names) -> None:
    """It answers requests for quotes like any web server."""
    with pytest.raises(AtlsVerificationError) as caught:
        client().get(f"{URL}:8443/json")
    assert caught.value.code != "not_trusted"  # there was nothing to judge
    assert caught.value.checks == []
    assert caught.value.verdict is None


def test_6_server_that_speaks_no_tls(
    client: Client, policy: dict[str, Any], names: Names, web: Web
) -> None:
    names.add("host.com", 8080, web.port)
    with pytest.raises(httpx.TransportError):
        client({"host.com": policy}).get("https://host.com:8080/json")
    assert web.seen == []


# --- 8: keep-alive, stale connections ---


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the clocks of this process on that only go forward."""
    seconds, nanoseconds = time.monotonic, time.monotonic_ns
    of_clock = time.clock_gettime_ns

    def move(by: float) -> None:
        ns = int(by * 1e9)
        monkeypatch.setattr(time, "monotonic", lambda: seconds() + by)
        monkeypatch.setattr(time, "monotonic_ns", lambda: nanoseconds() + ns)
        monkeypatch.setattr(time, "clock_gettime_ns", lambda c: of_clock(c) + ns)

    return move


def evidence(response: httpx.Response) -> bytes:
    found: bytes = response.extensions["attestation"]["evidence"]
    return found


def test_8_a_connection_outlives_a_pause(
    client: Client, names: Names, later: Callable[[float], None]
) -> None:
    mine = client()
    first = mine.get(f"{URL}/json")
    later(60)
    second = mine.get(f"{URL}/json")
    assert names.count(HOST) == 1
    assert evidence(first) == evidence(second)


def test_8_limits_of_the_user_hold(
    client: Client, names: Names, later: Callable[[float], None]
) -> None:
    mine = client(limits=httpx.Limits(keepalive_expiry=30))
    mine.get(f"{URL}/json")
    later(60)
    mine.get(f"{URL}/json")
    assert names.count(HOST) == 2


def test_8_evidence_is_renewed_on_the_same_connection(
    client: Client,
    enclave: Enclave,
    names: Names,
    later: Callable[[float], None],
) -> None:
    mine = client({HOST: enclave.policy(reattestation_interval_secs=30)})
    first = mine.get(f"{URL}/json")
    later(60)
    second = mine.get(f"{URL}/json")
    assert names.count(HOST) == 1
    assert attested(second)
    assert evidence(first) != evidence(second)


@pytest.mark.anyio
async def test_8_evidence_is_renewed_for_asynchronous_clients(
    async_client: AsyncClient,
    enclave: Enclave,
    names: Names,
    later: Callable[[float], None],
) -> None:
    mine = async_client({HOST: enclave.policy(reattestation_interval_secs=30)})
    first = await mine.get(f"{URL}/json")
    later(60)
    second = await mine.get(f"{URL}/json")
    assert names.count(HOST) == 1
    assert evidence(first) != evidence(second)
    enclave.sim.change("debug=on")
    later(120)
    with pytest.raises(AtlsVerificationError):
        await mine.get(f"{URL}/json")
    assert len(enclave.web.seen) == 2


def test_8_a_platform_that_goes_bad_is_noticed(
    client: Client,
    enclave: Enclave,
    later: Callable[[float], None],
) -> None:
    policy = enclave.policy(reattestation_interval_secs=30, cache_collateral=False)
    mine = client({HOST: policy})
    mine.get(f"{URL}/json")
    enclave.sim.change("debug=on")
    later(60)
    with pytest.raises(AtlsVerificationError) as caught:
        mine.get(f"{URL}/json")
    assert caught.value.code == "not_trusted"
    assert len(enclave.web.seen) == 1


def test_8_a_connection_that_the_server_closed_is_noticed(
    client: Client, another_serve: Callable[..., Serve], names: Names
) -> None:
    serve = another_serve()
    mine = client()
    mine.get(f"{URL}:9443/json")
    serve.stop()
    another_serve(listen=f"127.0.0.1:{serve.port}")
    assert attested(mine.post(f"{URL}:9443/echo", content=b"once"))
    assert names.count(HOST, 9443) == 2


# --- 9: IPv6, one lock for all ---


def test_9_ipv6(client: Client, policy: dict[str, Any], serve6: Serve) -> None:
    for key in ("[::1]", "[0:0::1]", f"[::1]:{serve6.port}"):
        assert attested(client({key: policy}).get(f"https://[::1]:{serve6.port}/json"))


def test_9_ipv6_in_another_spelling(
    client: Client, wrong: dict[str, Any], serve6: Serve, web: Web
) -> None:
    for host in ("[::1]", "[0:0:0:0:0:0:0:1]", "[::0.0.0.1]"):
        with pytest.raises((AtlsVerificationError, httpx.InvalidURL)):
            client({"[::1]": wrong}).get(f"https://{host}:{serve6.port}/json")
    assert web.seen == []


def test_9_one_that_waits_holds_nobody_up(
    client: Client, policy: dict[str, Any], mute: str, plain: Web
) -> None:
    mine = client({HOST: policy, mute: policy})
    ended = threading.Event()

    def wait() -> None:
        with contextlib.suppress(httpx.TransportError):
            mine.get(f"https://{mute}/")
        ended.set()

    thread = threading.Thread(target=wait)
    thread.start()
    until(lambda: plain.seen, "the request for a quote")
    assert attested(mine.get(f"{URL}/json"))
    assert not ended.is_set()
    plain.go.set()
    thread.join()
