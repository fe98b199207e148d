# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What was wrong with earlier clients of this kind, each as a test.

A way past the policy is looked for with a policy that the enclave does not
fulfil (`wrong`): whatever gets an answer then has not been attested.
"""

import contextlib
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
import httpx as real
import pytest

from atlas import AtlsVerificationError, httpx
from atlas.policy import dev_policy
from connect_proxy import ConnectProxy
from enclave import (
    HOST,
    LIMIT_S,
    OTHER,
    UNICODE,
    Enclave,
    Names,
    Serve,
    Web,
    app_compose,
    until,
)

URL = f"https://{HOST}"
Client = Callable[..., httpx.Client]
AsyncClient = Callable[..., httpx.AsyncClient]


@pytest.fixture
def client(enclave: Enclave, policy: dict[str, Any]) -> Iterator[Client]:
    """Makes clients that know the enclave's policy."""
    with contextlib.ExitStack() as stack:

        def make(policies: dict[str, Any] | None = None, **named: Any) -> httpx.Client:
            named.setdefault("verify", enclave.authority.believed())
            named.setdefault("timeout", LIMIT_S)
            return stack.enter_context(
                httpx.Client(
                    atls_policy_per_hostname=policies or {HOST: policy}, **named
                )
            )

        yield make


@pytest.fixture
async def async_client(
    enclave: Enclave, policy: dict[str, Any]
) -> AsyncIterator[AsyncClient]:
    async with contextlib.AsyncExitStack() as stack:

        def make(
            policies: dict[str, Any] | None = None, **named: Any
        ) -> httpx.AsyncClient:
            named.setdefault("verify", enclave.authority.believed())
            named.setdefault("timeout", LIMIT_S)
            made = httpx.AsyncClient(
                atls_policy_per_hostname=policies or {HOST: policy}, **named
            )
            stack.push_async_callback(made.aclose)
            return made

        yield make


@pytest.fixture
def wrong(enclave: Enclave) -> dict[str, Any]:
    return enclave.wrong_policy()


def attested(response: httpx.Response) -> bool:
    return bool(response.extensions.get("attestation", {}).get("trusted"))


def failed(error: AtlsVerificationError) -> list[str]:
    return [c["name"] for c in error.checks if c["outcome"] == "failed"]


def test_the_wrong_policy_is_wrong(
    client: Client, wrong: dict[str, Any], web: Web, enclave: Enclave
) -> None:
    """What the tests below rest on; and what the error tells."""
    with pytest.raises(AtlsVerificationError) as caught:
        client({HOST: wrong}).get(f"{URL}/json")
    error = caught.value
    assert error.code == "not_trusted"
    assert "os_image_hash" in failed(error)
    assert error.verdict is not None
    assert error.verdict["trusted"] is False
    assert enclave.os_image_hash in str(error)  # the detail of what failed
    assert HOST in str(error)
    assert isinstance(error, real.TransportError)
    assert error.request.url == f"{URL}/json"
    assert web.seen == []


# --- 1: routing by the exact text of a host ---

KEYS = [
    HOST,
    HOST.upper(),
    f"{HOST}.",
    f"{HOST}:443",
    f"{HOST.title()}.:443",
]
SPELLINGS = [
    URL,
    f"https://{HOST.upper()}",
    f"HTTPS://{HOST}",
    f"https://{HOST}.",
    f"https://{HOST}:443",
    f"https://{HOST}.:443",
    f"https://user:pass@{HOST}",
    f"https://{HOST[:-3]}%63om",
    f"https://{HOST.replace('.', '。')}",
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_1_keys_match_however_they_are_spelt(
    client: Client, policy: dict[str, Any], key: str
) -> None:
    assert attested(client({key: policy}).get(f"{URL}/json"))


@pytest.mark.parametrize("url", SPELLINGS)
@pytest.mark.parametrize("key", [HOST, f"{HOST.upper()}."])
def test_1_no_spelling_of_a_url_gets_past(
    client: Client, wrong: dict[str, Any], web: Web, key: str, url: str
) -> None:
    """Attested (and not trusted), or not to be reached at all."""
    with pytest.raises((AtlsVerificationError, httpx.InvalidURL)):
        client({key: wrong}).get(f"{url}/json")
    assert web.seen == []


@pytest.mark.parametrize(
    "url", [URL, f"https://{HOST.upper()}", f"https://{HOST}.", f"https://{HOST}:443"]
)
def test_1_common_spellings_of_a_url_are_attested(client: Client, url: str) -> None:
    assert attested(client().get(f"{url}/json"))


@pytest.mark.parametrize("key", [UNICODE, UNICODE.upper(), "xn--bcher-kva.example.com"])
@pytest.mark.parametrize("host", [UNICODE, "xn--bcher-kva.example.com"])
def test_1_international_names(
    client: Client, policy: dict[str, Any], wrong: dict[str, Any], key: str, host: str
) -> None:
    assert attested(client({key: policy}).get(f"https://{host}/json"))
    with pytest.raises(AtlsVerificationError):
        client({key: wrong}).get(f"https://{host}/json")


@pytest.mark.parametrize(
    "key",
    [
        "",
        " ",
        "https://enclave.example.com",
        "enclave.example.com/",
        "enclave.example.com/api",
        "enclave.example.com?x",
        "enclave.example.com#x",
        "user@enclave.example.com",
        "enclave.example.com:0",
        "enclave.example.com:65536",
        "enclave.example.com:https",
        "enclave..example.com",
        ".example.com",
        "*.example.com",
        "enclave example.com",
        " enclave.example.com",
        "[::1",
        "::1:443",
    ],
)
def test_1_key_that_could_never_match(
    client: Client, policy: dict[str, Any], key: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(key))):
        client({key: policy})


def test_1_keys_that_are_the_same(client: Client, policy: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=HOST):
        client({HOST: policy, HOST.upper(): policy})


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1"])
def test_1_addresses_in_other_spellings(
    client: Client, wrong: dict[str, Any], enclave: Enclave, host: str
) -> None:
    with pytest.raises((AtlsVerificationError, httpx.InvalidURL)):
        client({"127.0.0.1": wrong}).get(f"https://{host}:{enclave.serve.port}/json")
    assert enclave.web.seen == []


# --- 2: proxies and mounts ---


def test_2_mounts_do_not_get_hosts_with_a_policy(client: Client) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise AssertionError("the request went to a mount")

    transport = httpx.MockTransport(answer)
    mounts = {"all://": transport, URL: transport, f"all://{HOST}:443": transport}
    assert attested(client(mounts=mounts).get(f"{URL}/json"))


def test_2_proxy_is_used_and_attested_inside(
    client: Client, proxy: ConnectProxy, wrong: dict[str, Any], web: Web
) -> None:
    assert attested(client(proxy=proxy.url).get(f"{URL}/json"))
    assert proxy.tunnels == [f"{HOST}:443"]
    web.reset()
    with pytest.raises(AtlsVerificationError):
        client({HOST: wrong}, proxy=proxy.url).get(f"{URL}/json")
    assert len(proxy.tunnels) == 2
    assert proxy.requests == web.seen == []


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY", "https_proxy"])
def test_2_proxy_of_the_environment(
    client: Client,
    proxy: ConnectProxy,
    wrong: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    web: Web,
    variable: str,
) -> None:
    monkeypatch.setenv(variable, proxy.url)
    assert attested(client().get(f"{URL}/json"))
    assert proxy.tunnels == [f"{HOST}:443"]
    web.reset()
    with pytest.raises(AtlsVerificationError):
        client({HOST: wrong}).get(f"{URL}/json")
    assert web.seen == []
    proxy.tunnels.clear()
    assert attested(client(trust_env=False).get(f"{URL}/json"))
    monkeypatch.setenv("NO_PROXY", HOST)
    assert attested(client().get(f"{URL}/json"))
    assert proxy.tunnels == []


# --- 3: scheme and arguments that were ignored ---


def test_3_plain_http_is_refused_before_a_byte_leaves(
    client: Client, names: Names, web: Web
) -> None:
    for url in (f"http://{HOST}", f"http://{HOST}:443", f"ws://{HOST}"):
        with pytest.raises(httpx.TransportError) as caught:
            client().get(f"{url}/json")
        assert isinstance(
            caught.value, AtlsVerificationError | httpx.UnsupportedProtocol
        )
    assert names.connections == []
    assert web.seen == []


def test_3_code_of_plain_http(client: Client) -> None:
    with pytest.raises(AtlsVerificationError, match="https") as caught:
        client().get(f"http://{HOST}/json")
    assert caught.value.code == "plain_http"


def test_3_verify_holds(client: Client, enclave: Enclave, web: Web) -> None:
    """The certificate is of a CA that certifi does not know."""
    with pytest.raises(httpx.TransportError, match="(?i)certificate"):
        client(verify=True).get(f"{URL}/json")
    assert web.seen == []
    assert attested(client(verify=str(enclave.authority.root)).get(f"{URL}/json"))


def test_3_roots_of_the_environment(
    client: Client, enclave: Enclave, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(enclave.authority.root))
    assert attested(client(verify=True).get(f"{URL}/json"))
    with pytest.raises(httpx.TransportError, match="(?i)certificate"):
        client(verify=True, trust_env=False).get(f"{URL}/json")


def test_3_roots_of_the_policy(client: Client, enclave: Enclave) -> None:
    policy = enclave.policy(ca_file=str(enclave.authority.root))
    assert attested(client({HOST: policy}, verify=True).get(f"{URL}/json"))


def test_3_another_name_in_the_certificate(
    client: Client, policy: dict[str, Any], names: Names, enclave: Enclave
) -> None:
    names.add("nameless.example.com", 443, enclave.serve.port)
    with pytest.raises(httpx.TransportError, match="(?i)certificate|name"):
        client({"nameless.example.com": policy}).get("https://nameless.example.com/")
    assert enclave.web.seen == []


@pytest.mark.parametrize("named", [{"verify": False}, {"http1": False, "http2": True}])
def test_3_arguments_that_cannot_hold_are_refused(
    client: Client, named: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="|".join(named)):
        client(**named)


def test_3_client_certificates_are_refused(client: Client, enclave: Enclave) -> None:
    pair = (str(enclave.authority.certificate), str(enclave.authority.key))
    with pytest.raises(ValueError, match="cert"):
        client(cert=pair)


def test_3_self_signed_only_if_the_policy_says_so(
    client: Client, enclave: Enclave
) -> None:
    policy = enclave.policy(accept_self_signed_certs=True)
    assert attested(client({HOST: policy}, verify=False).get(f"{URL}/json"))


# --- 4: redirects ---


def test_4_redirect_to_a_host_without_a_policy_is_refused(
    client: Client, plain: Web
) -> None:
    url = f"{URL}/redirect?302&https://{OTHER}/json"
    with pytest.raises(AtlsVerificationError, match=OTHER) as caught:
        client(follow_redirects=True).get(url)
    assert caught.value.code == "unattested_redirect"
    assert plain.seen == []


def test_4_nor_by_hand(client: Client, plain: Web) -> None:
    mine = client()
    first = mine.get(f"{URL}/redirect?307&https://{OTHER}/json")
    assert first.next_request is not None
    with pytest.raises(AtlsVerificationError):
        mine.send(first.next_request)
    assert plain.seen == []


def test_4_nor_over_a_stop_at_a_host_with_one(
    client: Client, web: Web, plain: Web
) -> None:
    with pytest.raises(AtlsVerificationError):
        client(follow_redirects=True).get(f"{URL}/onward")
    assert web.paths[0] == "/onward"
    assert len(web.paths) == 2
    assert plain.seen == []


def test_4_nor_to_plain_http(client: Client, web: Web, names: Names) -> None:
    url = f"{URL}/redirect?302&http://{HOST}/json"
    with pytest.raises(AtlsVerificationError):
        client(follow_redirects=True).get(url)
    assert names.count(HOST, 80) == 0
    assert len(web.seen) == 1


@pytest.mark.anyio
async def test_4_nor_by_asynchronous_clients(
    async_client: AsyncClient, plain: Web
) -> None:
    mine = async_client()
    first = await mine.get(f"{URL}/redirect?307&https://{OTHER}/json")
    assert first.next_request is not None
    for refused in (
        mine.send(first.next_request),
        mine.get(f"{URL}/onward", follow_redirects=True),
    ):
        with pytest.raises(AtlsVerificationError):
            await refused
    assert plain.seen == []


def test_4_allowed_if_asked_for(client: Client, plain: Web) -> None:
    mine = client(follow_redirects=True, allow_unattested_redirects=True)
    response = mine.get(f"{URL}/redirect?302&https://{OTHER}/json")
    assert response.json() == {"answer": 42}
    assert [attested(past) for past in response.history] == [True]
    assert "attestation" not in response.extensions
    assert plain.paths == ["/json"]


def test_4_redirect_from_a_host_without_a_policy(client: Client) -> None:
    mine = client(follow_redirects=True)
    response = mine.get(f"https://{OTHER}/redirect?302&{URL}/json")
    assert attested(response)
    assert [attested(past) for past in response.history] == [False]


def test_4_redirect_between_two_hosts_with_policies(
    client: Client, policy: dict[str, Any]
) -> None:
    mine = client({HOST: policy, "host.com": policy}, follow_redirects=True)
    response = mine.get(f"{URL}/redirect?302&https://host.com/json")
    assert all(attested(r) for r in [response, *response.history])


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


# --- 7: the attestation of a connection that is closed ---


def test_7_answers_that_close_the_connection_are_annotated(
    client: Client, another_serve: Callable[..., Serve], names: Names
) -> None:
    another_serve("--max-requests", "3")
    mine = client()
    closed = 0
    for _ in range(8):
        response = mine.get(f"{URL}:9443/json")
        assert attested(response)
        closed += response.headers.get("Connection") == "close"
    assert closed >= 2
    assert names.count(HOST, 9443) > closed - 1


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


# --- 10: members that nobody knows ---


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"allowed_tcb_statuses": ["UpToDate"]}, "allowed_tcb_status"),
        ({"expected_bootchain": {"mrtd": "00"}}, "mrtd"),
        ({"type": "dstack"}, "type"),
        ({"type": None}, "type"),
    ],
)
def test_10_policies_are_read_when_the_client_is_made(
    client: Client, enclave: Enclave, names: Names, change: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        client({HOST: enclave.policy(**change)})
    assert names.connections == []


@pytest.mark.parametrize("policy", [None, [], "{}", 1])
def test_10_policies_that_are_none(client: Client, policy: Any) -> None:
    with pytest.raises((ValueError, TypeError), match=r".+"):
        client({HOST: policy})


def test_10_compose_file_is_read_then(
    client: Client, enclave: Enclave, tmp_path: pathlib.Path
) -> None:
    file = tmp_path / "app-compose.json"
    policy = enclave.policy(compose_hash=None, compose_file=str(file))
    with pytest.raises((ValueError, OSError), match=file.name):
        client({HOST: policy})
    file.write_text(json.dumps(app_compose(), indent=4))
    mine = client({HOST: policy})
    file.unlink()
    assert attested(mine.get(f"{URL}/json"))


# --- hole 3: fail-open routing; hole 13: policies by host only ---

WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "as it is": (URL, {}),
    "capitals": (f"https://{HOST.upper()}", {}),
    "trailing dot": (f"https://{HOST}.", {}),
    "port": (f"https://{HOST}:443", {}),
    "other port": (f"https://{HOST}:8443", {}),
    "plain": (f"http://{HOST}", {}),
    "plain, port": (f"http://{HOST}:80", {}),
    "redirect": (f"https://{OTHER}/redirect?302&{URL}", {"follow_redirects": True}),
    "redirect to plain": (
        f"https://{OTHER}/redirect?302&http://{HOST}",
        {"follow_redirects": True},
    ),
    "redirect, allowed": (
        f"https://{OTHER}/redirect?302&{URL}",
        {"follow_redirects": True, "allow_unattested_redirects": True},
    ),
    "base URL": ("", {"base_url": URL}),
    "http2": (URL, {"http2": True}),
    "mount": (URL, {"mounts": {"all://": None}}),
}


@pytest.mark.parametrize("way", WAYS)
def test_hole_3_no_way_past_the_policy(
    client: Client, wrong: dict[str, Any], web: Web, plain: Web, way: str
) -> None:
    url, named = WAYS[way]
    with pytest.raises(AtlsVerificationError):
        client({HOST: wrong}, **named).get(f"{url}/json")
    assert web.seen == []
    assert "/json" not in plain.paths


@pytest.mark.anyio
@pytest.mark.parametrize("way", WAYS)
async def test_hole_3_nor_for_asynchronous_clients(
    async_client: AsyncClient, wrong: dict[str, Any], web: Web, plain: Web, way: str
) -> None:
    url, named = WAYS[way]
    with pytest.raises(AtlsVerificationError):
        await async_client({HOST: wrong}, **named).get(f"{url}/json")
    assert web.seen == []
    assert "/json" not in plain.paths


def test_hole_3_host_header_and_sni_change_nothing(
    client: Client, wrong: dict[str, Any], web: Web
) -> None:
    mine = client({HOST: wrong})
    for named in (
        {"headers": {"Host": OTHER}},
        {"extensions": {"sni_hostname": OTHER}},
        {"extensions": {"target": b"https://other.example.com/json"}},
    ):
        with pytest.raises((AtlsVerificationError, ValueError)):
            mine.get(f"{URL}/json", **named)  # type: ignore[arg-type]
    assert web.seen == []


def test_hole_13_a_key_with_a_port_is_for_that_port(
    client: Client, policy: dict[str, Any], plain: Web, names: Names
) -> None:
    mine = client({f"{HOST}:443": policy})
    assert attested(mine.get(f"{URL}/json"))
    names.connections.clear()
    with pytest.raises(AtlsVerificationError) as caught:
        mine.get(f"{URL}:8443/json")
    assert caught.value.code == "no_policy_for_port"
    assert names.connections == []
    assert plain.seen == []


def test_hole_13_ports_have_policies_of_their_own(
    client: Client,
    policy: dict[str, Any],
    wrong: dict[str, Any],
    another_serve: Callable[..., Serve],
) -> None:
    another_serve()
    mine = client({HOST: policy, f"{HOST}:9443": wrong})
    assert attested(mine.get(f"{URL}/json"))
    with pytest.raises(AtlsVerificationError):
        mine.get(f"{URL}:9443/json")
    swapped = client({HOST: wrong, f"{HOST}:9443": policy})
    assert attested(swapped.get(f"{URL}:9443/json"))
    with pytest.raises(AtlsVerificationError):
        swapped.get(f"{URL}/json")


def test_hole_13_no_connection_is_shared_between_policies(
    client: Client, policy: dict[str, Any], wrong: dict[str, Any], names: Names
) -> None:
    """Nor between clients, while the first one's is open."""
    first, second = client({HOST: policy}), client({HOST: wrong})
    assert attested(first.get(f"{URL}/json"))
    with pytest.raises(AtlsVerificationError):
        second.get(f"{URL}/json")
    assert attested(first.get(f"{URL}/json"))
    assert names.count(HOST) == 2


def test_hole_13_policies_are_read_once(
    client: Client, policy: dict[str, Any], wrong: dict[str, Any]
) -> None:
    """What is done to the dict later changes nothing."""
    policies = {HOST: wrong}
    mine = client(policies)
    policies[HOST] = policy
    wrong.update(policy)
    with pytest.raises(AtlsVerificationError):
        mine.get(f"{URL}/json")


def test_hole_4_a_development_policy_says_so(client: Client, enclave: Enclave) -> None:
    """Trusted, and nobody looked at what runs there: the result tells."""
    policy = {**dev_policy(), "trusted_root": enclave.root.read_text()}
    policy["pccs_url"] = enclave.pccs
    found = client({HOST: policy}).get(f"{URL}/json").extensions["attestation"]
    assert found["trusted"] is True
    assert "disable" in json.dumps(found["checks"])


def test_nothing_secret_is_logged(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    client(auth=("alice", "open sesame")).get(
        f"{URL}/echo?token=s3cr3t", headers={"X-Key": "s3cr3t"}
    )
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("atlas")]
    assert not any("s3cr3t" in text or "sesame" in text for text in ours)
