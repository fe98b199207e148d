# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What was wrong with earlier clients of this kind, each as a test: what became of
what a request or its client asked for.

Defects 3 (scheme and arguments that were ignored) and 4 (redirects).
"""

from typing import Any

import pytest

from atlas import AtlsVerificationError, httpx
from clients import AsyncClient, Client, attested
from enclave import HOST, OTHER, Enclave, Names, Web

URL = f"https://{HOST}"


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


# --- what is logged ---


def test_nothing_secret_is_logged(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    client(auth=("alice", "open sesame")).get(
        f"{URL}/echo?token=s3cr3t", headers={"X-Key": "s3cr3t"}
    )
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("atlas")]
    assert not any("s3cr3t" in text or "sesame" in text for text in ours)
