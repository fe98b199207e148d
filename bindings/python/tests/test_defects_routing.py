# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What was wrong with earlier clients of this kind, each as a test: how a request
was led past the policy of its host.

Defects 1 (routing by the exact text of a host) and 2 (proxies and mounts), holes 3
(fail-open routing) and 13 (policies by host only). A way past is looked for with a
policy that the enclave does not fulfil (`wrong`): whatever gets an answer then has
not been attested.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest

from atlas import AtlsVerificationError, httpx
from clients import AsyncClient, Client, attested
from connect_proxy import ConnectProxy
from enclave import HOST, OTHER, UNICODE, Enclave, Names, Serve, Web

URL = f"https://{HOST}"


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
