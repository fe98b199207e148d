# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Which way requests go, and which are refused: with stand-ins for all that
would reach the network. Each test runs for Client and for AsyncClient."""

import functools
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest

from atlas import AtlsVerificationError, httpx
from atlas._attested import DEFAULT_LIMITS, AsyncPolicyTransport, PolicyTransport
from atlas._proxies import Proxies
from atlas._trust import Trust, read_trust

HOST = "enclave.example.com"
OTHER = "https://other.example.com/"
POLICY = {"type": "tdx", "partial": True}
SELF_SIGNED = {
    "type": "tdx",
    "mrtd": "00" * 48,
    "accept_self_signed_certs": True,
}
CONTENT = "content"


class Attested(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Stands for the attested transport of one policy."""

    made: list["Attested"] = []

    def __init__(self, trust: Trust, **settings: Any) -> None:
        self.trust = trust
        self.proxy = settings.get("proxy")
        self.limits = settings.get("limits")
        self.asked: list[httpx.URL] = []
        self.closed = False
        Attested.made.append(self)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        to = request.url.params.get("to")
        fields = {"Location": to} if to else {}
        return httpx.Response(
            302 if to else 200, headers=fields, extensions={"attestation": {}}
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.handle_request(request)

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def attested(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Attested]]:
    monkeypatch.setattr(httpx, "PolicyTransport", Attested)
    monkeypatch.setattr(httpx, "AsyncPolicyTransport", Attested)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    Attested.made = []
    yield Attested.made


class Plain:
    """Stands for the network behind httpx's own transports."""

    def __init__(self) -> None:
        self.asked: list[httpx.URL] = []
        self.transport = httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        to = request.url.params.get("to")
        fields = [("Location", to)] if to else []
        fields += [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
        return httpx.Response(302 if to else 200, headers=fields, content=CONTENT)


@pytest.fixture
def plain() -> Plain:
    return Plain()


Ask = Callable[..., httpx.Response]


@pytest.fixture(params=["Client", "AsyncClient"])
def ask(request: pytest.FixtureRequest, plain: Plain) -> Ask:
    """One request by a new client, whose `hosts` have a policy."""

    def arguments(hosts: Any, given: dict[str, Any]) -> dict[str, Any]:
        policies = dict.fromkeys(hosts, POLICY)
        mounts = {"all://": plain.transport}
        return {"atls_policy_per_hostname": policies, "mounts": mounts, **given}

    def sync(url: Any, hosts: Any = (HOST,), **given: Any) -> httpx.Response:
        method = given.pop("method", "GET")
        with httpx.Client(**arguments(hosts, given)) as client:
            return client.request(method, url)

    def asynchronous(url: Any, hosts: Any = (HOST,), **given: Any) -> httpx.Response:
        method = given.pop("method", "GET")

        async def run() -> httpx.Response:
            async with httpx.AsyncClient(**arguments(hosts, given)) as client:
                return await client.request(method, url)

        return anyio.run(run)

    return sync if request.param == "Client" else asynchronous


@pytest.fixture(params=["Client", "AsyncClient"])
def make(request: pytest.FixtureRequest) -> Any:
    """A class of clients."""
    return functools.partial(
        getattr(httpx, request.param), atls_policy_per_hostname={HOST: POLICY}
    )


# --- ways -------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [HOST, "ENCLAVE.example.com", HOST + ".", HOST + ":443", HOST + ":8443"],
)
def test_a_host_with_a_policy_is_attested(
    ask: Ask, attested: list[Attested], plain: Plain, host: str
) -> None:
    response = ask(f"https://{host}/path")
    assert response.extensions["attestation"] == {}
    assert [len(a.asked) for a in attested] == [1]
    assert plain.asked == []


def test_keys_are_normalised(ask: Ask, attested: list[Attested], plain: Plain) -> None:
    ask("https://bücher.example/", hosts=["BÜCHER.example."])
    assert [len(a.asked) for a in attested] == [1] and plain.asked == []


def test_another_host_is_reached_as_ever(
    ask: Ask, attested: list[Attested], plain: Plain
) -> None:
    response = ask(OTHER)
    assert response.text == CONTENT
    assert response.headers.get_list("Set-Cookie") == ["a=1", "b=2"]
    assert dict(response.cookies) == {"a": "1", "b": "2"}
    assert "attestation" not in response.extensions
    assert plain.asked == [OTHER] and attested == []


def test_each_policy_has_its_transport(ask: Ask, attested: list[Attested]) -> None:
    ask("https://b.example:8443/", hosts=["a.example", "b.example", "b.example:8443"])
    assert len(attested) == 1 and attested[0].asked == ["https://b.example:8443/"]
    assert attested[0].closed


def test_mounts_do_not_see_hosts_with_a_policy(
    ask: Ask, attested: list[Attested], plain: Plain
) -> None:
    mounts = {
        "all://": plain.transport,
        "https://": plain.transport,
        f"https://{HOST}": plain.transport,
        f"all://{HOST}:443": plain.transport,
    }
    ask(f"https://{HOST}/", mounts=mounts)
    assert plain.asked == [] and len(attested) == 1


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (f"http://{HOST}/", "plain_http"),
        (f"http://{HOST}:443/", "plain_http"),
        (f"ws://{HOST}/", "plain_http"),
        ("https://ports.example:444/", "no_policy_for_port"),
        ("https://127.1/", "ambiguous_host"),
        ("https://%65nclave.example.com/", "ambiguous_host"),
    ],
)
def test_refused_before_anything_is_sent(
    ask: Ask, attested: list[Attested], plain: Plain, url: str, code: str
) -> None:
    with pytest.raises(AtlsVerificationError) as caught:
        ask(url, hosts=[HOST, "ports.example:443", "127.0.0.1"])
    assert caught.value.code == code
    assert caught.value.request.url == url
    assert plain.asked == [] and attested == []


def test_a_refusal_is_an_error_of_httpx(ask: Ask) -> None:
    with pytest.raises(httpx.TransportError):
        ask(f"http://{HOST}/")


# --- redirects --------------------------------------------------------------


def test_a_redirect_to_a_host_without_a_policy(ask: Ask, plain: Plain) -> None:
    with pytest.raises(AtlsVerificationError) as caught:
        ask(f"https://{HOST}/?to={OTHER}", follow_redirects=True)
    assert caught.value.code == "unattested_redirect"
    assert HOST in str(caught.value) and "other.example.com" in str(caught.value)
    assert plain.asked == []


def test_it_is_followed_where_that_is_allowed(ask: Ask, plain: Plain) -> None:
    response = ask(
        f"https://{HOST}/?to={OTHER}",
        follow_redirects=True,
        allow_unattested_redirects=True,
    )
    assert plain.asked == [OTHER] and response.text == CONTENT
    assert [r.extensions["attestation"] for r in response.history] == [{}]


@pytest.mark.parametrize("allow", [False, True])
def test_a_redirect_to_plain_http_of_the_host(
    ask: Ask, plain: Plain, allow: bool
) -> None:
    with pytest.raises(AtlsVerificationError) as caught:
        ask(
            f"https://{HOST}/?to=http://{HOST}/",
            follow_redirects=True,
            allow_unattested_redirects=allow,
        )
    assert caught.value.code == "plain_http" and plain.asked == []


def test_a_redirect_from_one_policy_to_another(ask: Ask, plain: Plain) -> None:
    response = ask(
        "https://a.example/?to=https://b.example/",
        hosts=["a.example", "b.example"],
        follow_redirects=True,
    )
    assert response.url == "https://b.example/" and plain.asked == []


def test_a_chain_remembers_where_it_came_from(ask: Ask, plain: Plain) -> None:
    url = f"https://a.example/?to=https://b.example/%3Fto={OTHER}"
    with pytest.raises(AtlsVerificationError) as caught:
        ask(url, hosts=["a.example", "b.example"], follow_redirects=True)
    assert caught.value.code == "unattested_redirect" and plain.asked == []


def test_a_redirect_that_only_passes_through(ask: Ask, plain: Plain) -> None:
    url = f"{OTHER}?to=https://{HOST}/%3Fto={OTHER}"
    with pytest.raises(AtlsVerificationError) as caught:
        ask(url, follow_redirects=True)
    assert caught.value.code == "unattested_redirect"
    assert len(plain.asked) == 1


def test_a_redirect_that_is_followed_by_hand(plain: Plain) -> None:
    with httpx.Client(
        atls_policy_per_hostname={HOST: POLICY}, mounts={"all://": plain.transport}
    ) as client:
        response = client.get(f"https://{HOST}/?to={OTHER}")
        assert response.next_request is not None
        with pytest.raises(AtlsVerificationError, match="redirects to"):
            client.send(response.next_request)
        assert plain.asked == []
        assert client.get(OTHER).text == CONTENT  # a request of its own


def test_the_callers_extensions_are_left_alone(plain: Plain) -> None:
    mine = {"timeout": httpx.Timeout(5).as_dict()}
    with httpx.Client(
        atls_policy_per_hostname={HOST: POLICY}, mounts={"all://": plain.transport}
    ) as client:
        client.get(f"https://{HOST}/", extensions=mine)
        assert list(mine) == ["timeout"]
        assert client.get(OTHER, extensions=mine).text == CONTENT


# --- proxies ----------------------------------------------------------------


def proxy_of(made: list[Attested]) -> str | None:
    (transport,) = made
    return transport.proxy and str(transport.proxy.url)


def test_a_proxy_leads_to_an_attested_host(
    ask: Ask, attested: list[Attested], plain: Plain
) -> None:
    ask(f"https://{HOST}/", proxy="http://user:secret@proxy.example:3128")
    assert proxy_of(attested) == "http://proxy.example:3128"
    assert attested[0].proxy.auth == ("user", "secret")
    assert plain.asked == []


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        ({}, f"https://{HOST}/", None),
        ({"HTTPS_PROXY": "http://p:1"}, f"https://{HOST}/", "http://p:1"),
        ({"https_proxy": "p:1"}, f"https://{HOST}/", "http://p:1"),
        ({"HTTPS_PROXY": "https://p:1"}, f"https://{HOST}/", "https://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, f"https://{HOST}/", None),
        ({"ALL_PROXY": "http://p:1"}, f"https://{HOST}/", "http://p:1"),
        ({"ALL_PROXY": "socks5://p:1"}, f"https://{HOST}/", "socks5://p:1"),
        (
            {"ALL_PROXY": "http://p:1", "HTTPS_PROXY": "http://q:1"},
            f"https://{HOST}/",
            "http://q:1",
        ),
    ],
)
def test_the_environments_proxy(
    ask: Ask,
    attested: list[Attested],
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    url: str,
    proxy: str | None,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ask(url, mounts=None)
    assert proxy_of(attested) == proxy


def test_the_environment_does_not_count_without_trust_env(
    ask: Ask, attested: list[Attested], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://p:1")
    ask(f"https://{HOST}/", trust_env=False)
    assert proxy_of(attested) is None


@pytest.mark.parametrize(
    ("no_proxy", "url", "direct"),
    [
        ("*", "https://a.example/", True),
        ("b.example,*", "https://a.example/", True),
        ("a.example", "https://a.example/", True),
        ("A.Example", "https://a.example./", True),
        ("a.example", "https://sub.a.example/", True),
        ("a.example", "https://nota.example/", False),
        (".a.example", "https://a.example/", False),
        (".a.example", "https://sub.a.example/", True),
        ("b.example, a.example", "https://a.example/", True),
        ("a.example:8443", "https://a.example:8443/", True),
        ("a.example:8443", "https://a.example/", False),
        ("https://a.example", "https://a.example/", True),
        ("http://a.example", "https://a.example/", False),
        ("127.0.0.1", "https://127.0.0.1:1/", True),
        ("127.0.0.1", "https://127.0.0.2/", False),
        ("::1", "https://[::1]:8443/", True),
        ("localhost", "https://localhost/", True),
        ("localhost", "https://sub.localhost/", False),
        ("", "https://a.example/", False),
        (",", "https://a.example/", False),
    ],
)
def test_no_proxy(
    monkeypatch: pytest.MonkeyPatch, no_proxy: str, url: str, direct: bool
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://p:1")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    found = Proxies(None, trust_env=True).find(httpx.URL(url))
    assert (found is None) == direct


# --- arguments --------------------------------------------------------------


def test_transport_cannot_be_set(make: Any, plain: Plain) -> None:
    with pytest.raises(ValueError) as caught:
        make(transport=plain.transport)
    assert str(caught.value) == (
        "setting transport argument isn't possible. aTLS uses its own transport"
    )
    with pytest.raises(ValueError, match="transport"):
        make(transport=plain.transport, atls_policy_per_hostname=None)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"cert": "client.pem"}, "client certificate"),
        ({"http1": False}, "HTTP/1.1"),
        ({"verify": False}, "accept_self_signed_certs"),
        ({"app": lambda: None}, "app"),
        ({"proxies": "http://p:1"}, "use proxy="),
        ({"atls_policy_per_hostname": {HOST: {"type": "tdx"}}}, HOST),
        ({"atls_policy_per_hostname": {HOST: {"type": "nothing"}}}, "type"),
        ({"atls_policy_per_hostname": {HOST: {**POLICY, "mrtds": 1}}}, "mrtds"),
        ({"atls_policy_per_hostname": {HOST: {**POLICY, "x": object()}}}, "JSON"),
        ({"atls_policy_per_hostname": {"https://" + HOST: POLICY}}, "policy key"),
        ({"atls_policy_per_hostname": {HOST: POLICY, HOST + ".": POLICY}}, "twice"),
    ],
)
def test_refused_arguments(make: Any, given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        make(**given)


@pytest.mark.parametrize("policy", ["dev", None, [("type", "tdx")]])
def test_policies_are_dicts(make: Any, policy: Any) -> None:
    with pytest.raises(TypeError, match="dict"):
        make(atls_policy_per_hostname={HOST: policy})


def test_unknown_arguments_are_httpx_s_affair(make: Any) -> None:
    with pytest.raises(TypeError, match="colour"):
        make(colour="red")


@pytest.mark.parametrize("policies", [None, {}])
def test_without_policies_it_is_httpx(plain: Plain, policies: Any) -> None:
    with httpx.Client(
        atls_policy_per_hostname=policies, mounts={"all://": plain.transport}
    ) as client:
        assert client.get(f"http://{HOST}/").text == CONTENT


def test_verify_false_is_for_those_who_accept_self_signed(
    ask: Ask, attested: list[Attested]
) -> None:
    ask(
        f"https://{HOST}/",
        atls_policy_per_hostname={HOST: SELF_SIGNED},
        verify=False,
    )
    assert attested[0].trust.tls == b""


def test_limits_reach_the_attested_pool(ask: Ask, attested: list[Attested]) -> None:
    limits = httpx.Limits(max_connections=3)
    ask(f"https://{HOST}/", limits=limits)
    assert attested[0].limits is limits


def test_attested_connections_are_kept() -> None:
    assert DEFAULT_LIMITS.keepalive_expiry == 300
    assert DEFAULT_LIMITS.max_connections == 100
    assert DEFAULT_LIMITS.max_keepalive_connections == 100


# --- whom TLS believes ------------------------------------------------------


@pytest.fixture
def ca(authority: Any) -> str:
    return str(authority.root)


def test_verify_is_a_file(ca: str) -> None:
    with open(ca, "rb") as f:
        assert read_trust(POLICY, ca, True).tls == f.read()


def test_verify_is_a_context(ca: str) -> None:
    context = ssl.create_default_context(cafile=ca)
    tls = read_trust(POLICY, context, True).tls
    with open(ca) as f:
        assert ssl.PEM_cert_to_DER_cert(tls.decode()) == ssl.PEM_cert_to_DER_cert(
            f.read()
        )


def test_verify_is_true() -> None:
    import certifi

    with open(certifi.where(), "rb") as f:
        assert read_trust(POLICY, True, True).tls == f.read()


def test_ssl_cert_file(ca: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", ca)
    with open(ca, "rb") as f:
        assert read_trust(POLICY, True, True).tls == f.read()
    assert read_trust(POLICY, True, False).tls.count(b"BEGIN CERTIFICATE") > 1


def test_a_folder_under_hashed_names(
    ca: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(ca, "rb") as f:
        pem = f.read()
    with pytest.raises(ValueError, match="rehash"):
        read_trust(POLICY, str(tmp_path), True)
    (tmp_path / "01234567.0").write_bytes(pem)
    (tmp_path / "README").write_bytes(b"not this")
    assert read_trust(POLICY, str(tmp_path), True).tls == pem
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert read_trust(POLICY, True, True).tls == pem


def test_ca_file_of_the_policy_is_believed_as_well(ca: str) -> None:
    with open(ca, "rb") as f:
        pem = f.read()
    trust = read_trust({**POLICY, "ca_file": ca}, True, True)
    assert trust.ca == pem and trust.tls.endswith(pem)
    assert trust.tls.count(b"BEGIN CERTIFICATE") > 1


def unchecked() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def nameless(ca: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca)
    context.check_hostname = False
    return context


def test_contexts_that_check_nothing_are_refused(ca: str) -> None:
    for context in (unchecked(), nameless(ca)):
        with pytest.raises(ValueError, match="accept_self_signed_certs"):
            read_trust(POLICY, context, True)
        assert read_trust(SELF_SIGNED, context, True).tls == b""
    with pytest.raises(ValueError, match="no CA certificates loaded"):
        read_trust(POLICY, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), True)


def test_files_that_are_not_there() -> None:
    for policy, verify in (
        ({**POLICY, "ca_file": "/nonexistent"}, True),
        ({**POLICY, "trusted_root": "/nonexistent"}, True),
        (POLICY, "/nonexistent"),
    ):
        with pytest.raises(FileNotFoundError):
            read_trust(policy, verify, True)


# --- the transports themselves ----------------------------------------------


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (f"http://{HOST}/", "plain_http"),
        (f"ws://{HOST}/", "plain_http"),
        (OTHER, "wrong_host"),
    ],
)
def test_a_transport_attests_or_refuses(url: str, code: str) -> None:
    transport = httpx.AttestedTransport(POLICY, host="Enclave.example.com.")
    assert isinstance(transport, PolicyTransport)
    with pytest.raises(AtlsVerificationError) as caught:
        transport.handle_request(httpx.Request("GET", url))
    assert caught.value.code == code


def test_an_asynchronous_transport_attests_or_refuses() -> None:
    transport = httpx.AsyncAttestedTransport(POLICY, host=HOST)
    assert isinstance(transport, AsyncPolicyTransport)

    async def run() -> None:
        with pytest.raises(AtlsVerificationError) as caught:
            await transport.handle_async_request(httpx.Request("GET", OTHER))
        assert caught.value.code == "wrong_host"

    anyio.run(run)


def test_a_transport_s_host_has_no_port() -> None:
    with pytest.raises(ValueError, match="port"):
        httpx.AttestedTransport(POLICY, host=HOST + ":443")


# --- the module -------------------------------------------------------------


def test_all_of_httpx_is_there() -> None:
    import httpx as real

    for name in real.__all__:
        assert hasattr(httpx, name)
    assert httpx.Response is real.Response
    assert httpx.Client is not real.Client and issubclass(httpx.Client, real.Client)
    assert issubclass(httpx.AsyncClient, real.AsyncClient)
    with pytest.raises(AttributeError):
        httpx.nothing  # noqa: B018
    for name in httpx.__all__:
        assert hasattr(httpx, name)


@pytest.mark.parametrize(
    "method", ["get", "options", "head", "post", "put", "patch", "delete"]
)
def test_functions(attested: list[Attested], method: str) -> None:
    response = getattr(httpx, method)(
        f"https://{HOST}/",
        params={"q": "1"},
        headers={"X-Y": "z"},
        atls_policy_per_hostname={HOST: POLICY},
    )
    assert response.request.method == method.upper()
    assert response.request.headers["X-Y"] == "z"
    assert attested[0].asked == [f"https://{HOST}/?q=1"] and attested[0].closed


def test_functions_with_a_method(attested: list[Attested]) -> None:
    policies = {"atls_policy_per_hostname": {HOST: POLICY}}
    url = f"https://{HOST}/"
    assert httpx.request("PURGE", url, **policies).request.method == "PURGE"
    with httpx.stream("GET", url, **policies) as response:
        assert response.extensions["attestation"] == {}
        assert not attested[-1].closed
    assert attested[-1].closed
    with pytest.raises(AtlsVerificationError):
        httpx.get(f"http://{HOST}/", **policies)


class Unattested(httpx.BaseTransport):
    """Stands for a pool that took a connection from elsewhere."""

    closed = False

    def handle_request(self, request: Any) -> Any:
        import httpcore

        stream = httpcore.MockStream([])
        return httpcore.Response(
            200, content=self, extensions={"network_stream": stream}
        )

    def __iter__(self) -> Iterator[bytes]:
        yield b"secret"

    def close(self) -> None:
        self.closed = True


def test_a_response_without_attestation_is_never_shown() -> None:
    pool = Unattested()
    transport = httpx.AttestedTransport(POLICY)
    transport._pool = pool
    with pytest.raises(AtlsVerificationError) as caught:
        transport.handle_request(httpx.Request("GET", f"https://{HOST}/"))
    assert caught.value.code == "unattested_response" and pool.closed
