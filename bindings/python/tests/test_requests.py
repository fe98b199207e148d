# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""atlas.requests: an adapter and a session, against the real thing."""

import copy
import hashlib
import io
import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from connect_proxy import ConnectProxy
from enclave import HOST, LIMIT_S, OTHER, PASSWORD, USER, Enclave, Names, Web

real = pytest.importorskip("requests")

from atlas import AtlsVerificationError  # noqa: E402
from atlas.requests import AtlsAdapter, Session  # noqa: E402

URL = f"https://{HOST}"


@pytest.fixture(autouse=True)
def roots_of_the_test_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=["Session", "AtlsAdapter"])
def session(
    request: pytest.FixtureRequest, enclave: Enclave, policy: dict[str, Any]
) -> Iterator[Any]:
    policies = {HOST: policy}
    if request.param == "Session":
        session = Session(policies)
    else:
        session = real.Session()
        adapter = AtlsAdapter(policies)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
    with session:
        session.verify = str(enclave.authority.root)
        yield session


def test_an_answer(session: Any, names: Names) -> None:
    response = session.get(f"{URL}/json")
    assert response.json() == {"answer": 42}
    assert response.ok and response.reason == "OK" and response.url == f"{URL}/json"
    assert response.attestation["trusted"] is True
    assert response.attestation["tee_type"] == "tdx"
    assert session.get(f"{URL}/json").attestation == response.attestation
    assert names.count(HOST) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_methods(session: Any, web: Web, method: str) -> None:
    text = "héllo"
    response = session.request(method, f"{URL}/echo?q=1", data=text)
    seen = response.json()
    assert seen["method"] == method and seen["path"] == "/echo?q=1"
    # The encoding is a matter of the version of requests.
    assert seen["body"].encode("latin-1") in (text.encode(), text.encode("latin-1"))
    assert web.fields()["host"] == HOST


def test_head_and_no_content(session: Any) -> None:
    assert session.head(f"{URL}/json").headers["Content-Length"] == "14"
    assert session.get(f"{URL}/no-content").content == b""
    with pytest.raises(real.HTTPError):
        session.get(f"{URL}/missing").raise_for_status()


@pytest.mark.parametrize("kind", ["bytes", "file", "pieces", "form", "files", "text"])
def test_bodies(session: Any, web: Web, kind: str) -> None:
    text = "abc" * 50_000
    body: Any = {
        "bytes": text.encode(),
        "file": io.BytesIO(text.encode()),
        "pieces": (text[n : n + 1000].encode() for n in range(0, len(text), 1000)),
        "text": io.StringIO(text),
        "form": {"a": "b"},
        "files": {"a": "b"},
    }[kind]
    files = {"f": ("name", io.BytesIO(b"content"))} if kind == "files" else None
    got = session.post(f"{URL}/echo", data=body, files=files).json()["body"]
    if kind == "form":
        assert got == "a=b"
    elif kind == "files":
        assert "content" in got and 'name="a"' in got
    else:
        assert got == text
    assert ("transfer-encoding" in web.fields()) == (kind == "pieces")


def test_streaming(session: Any, web: Web) -> None:
    size = 3_000_000
    with session.get(f"{URL}/big?{size}", stream=True) as response:
        digest = hashlib.sha256()
        for piece in response.iter_content(10_000):
            assert 0 < len(piece) <= 10_000
            digest.update(piece)
    assert digest.hexdigest() == web.big(size)


def test_events_come_at_once(session: Any, web: Web) -> None:
    with session.get(f"{URL}/events", stream=True) as response:
        lines = response.iter_lines(chunk_size=None)
        assert next(lines) == b"data: 1"
        web.go.set()
        assert b"data: 2" in list(lines)


def test_raw(session: Any, web: Web) -> None:
    with session.get(f"{URL}/big?100000", stream=True) as response:
        raw = response.raw
        data = raw.read(10) + raw.read(70_000) + raw.read()
        assert raw.read() == raw.read(5) == b""
    assert hashlib.sha256(data).hexdigest() == web.big(100_000)


def test_an_answer_that_is_cut(session: Any) -> None:
    with pytest.raises(real.exceptions.ChunkedEncodingError):
        session.get(f"{URL}/dies")


def test_cookies_and_auth(session: Any, web: Web) -> None:
    session.get(f"{URL}/set-cookie")
    assert session.cookies["session"] == "s3cr3t"
    session.get(f"{URL}/json")
    assert web.fields()["cookie"] == "session=s3cr3t"
    assert session.get(f"{URL}/basic", auth=(USER, PASSWORD)).text == "welcome"


def test_redirects_within(session: Any) -> None:
    response = session.get(f"{URL}/redirect?302&/json")
    assert response.json() == {"answer": 42}
    assert [r.attestation["trusted"] for r in response.history] == [True]
    response = session.post(f"{URL}/redirect?307&/echo", data=io.BytesIO(b"again"))
    assert response.json()["body"] == "again"


def test_other_hosts_are_as_ever(session: Any, plain: Web) -> None:
    response = session.get(f"https://{OTHER}/json")
    assert response.json() == {"answer": 42}
    assert not hasattr(response, "attestation")
    assert session.get(f"http://{OTHER}/json").ok


@pytest.mark.parametrize("target", [f"https://{OTHER}/json", f"http://{OTHER}/json"])
def test_unattested_redirects(
    session: Any, plain: Web, names: Names, target: str
) -> None:
    url = f"{URL}/redirect?302&{target}"
    with pytest.raises(AtlsVerificationError) as caught:
        session.get(url)
    assert caught.value.code == "unattested_redirect"
    following = session.get(url, allow_redirects=False).next
    with pytest.raises(AtlsVerificationError):
        session.send(following)
    assert names.count(OTHER) == names.count(OTHER, 80) == 0


def test_unattested_redirects_where_they_are_allowed(
    enclave: Enclave, policy: dict[str, Any], plain: Web
) -> None:
    with Session({HOST: policy}, allow_unattested_redirects=True) as session:
        session.verify = str(enclave.authority.root)
        response = session.get(f"{URL}/redirect?302&https://{OTHER}/json")
        assert response.json() == {"answer": 42}


def test_plain_http_is_refused(session: Any, names: Names) -> None:
    for url in (f"http://{HOST}/json", f"{URL}/redirect?302&http://{HOST}/json"):
        with pytest.raises(AtlsVerificationError) as caught:
            session.get(url)
        assert caught.value.code == "plain_http"
    assert names.count(HOST, 80) == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://ENCLAVE.example.com/json",
        "https://user:secret@enclave.example.com/json",
        "https://enclave.example.com./json",
        "HTTPS://enclave.example.com:443/json",
    ],
)
def test_spellings(session: Any, url: str, plain: Web) -> None:
    assert session.get(url).attestation["trusted"] is True


@pytest.mark.parametrize(
    "url",
    [
        "https://enclave%2eexample.com/json",
        f"https://{OTHER}\\@{HOST}/json",
        f"https://{HOST}\\@{OTHER}/json",
    ],
)
def test_no_odd_spelling_leads_past_the_policy(
    session: Any, names: Names, plain: Web, url: str
) -> None:
    try:
        attested = hasattr(session.get(url), "attestation")
    except (real.RequestException, ValueError):
        attested = False
    assert attested or names.count(HOST) == 0


def test_a_url_that_urllib3_would_read_otherwise(session: Any, names: Names) -> None:
    prepared = session.prepare_request(real.Request("GET", f"https://{OTHER}/"))
    prepared.url = f"https://{HOST}\\@{OTHER}/json"  # urllib3 would ask HOST
    with pytest.raises(AtlsVerificationError) as caught:
        session.send(prepared)
    assert caught.value.code == "ambiguous_host"
    assert names.count(HOST) == names.count(OTHER) == 0


def test_a_session_ignores_other_mounts(
    enclave: Enclave, policy: dict[str, Any], names: Names
) -> None:
    with Session({HOST: policy}) as session:
        session.verify = str(enclave.authority.root)
        session.mount(URL, real.adapters.HTTPAdapter())
        assert session.get(f"{URL}/json").attestation["trusted"] is True


def test_a_server_that_does_not_prove_itself(enclave: Enclave) -> None:
    with Session({HOST: enclave.wrong_policy()}) as session:
        session.verify = str(enclave.authority.root)
        with pytest.raises(real.exceptions.SSLError) as caught:
            session.get(f"{URL}/json")
        error: Any = caught.value
        assert isinstance(error, AtlsVerificationError)
        assert error.code == "not_trusted" and "os_image_hash" in str(error)
        assert error.request.url == f"{URL}/json" and error.checks
        assert isinstance(error, real.RequestException) and error.response is None


def test_trouble_is_that_of_requests(
    session: Any, policy: dict[str, Any], web: Web
) -> None:
    with pytest.raises(real.exceptions.ReadTimeout):
        session.get(f"{URL}/slow", timeout=(LIMIT_S, 0.2))
    web.go.set()
    with pytest.raises(real.exceptions.ConnectionError, match="nobody listens"):
        session.get(f"{URL}:1/json")


def test_verify_and_cert(session: Any, enclave: Enclave) -> None:
    with pytest.raises(ValueError, match="accept_self_signed_certs"):
        session.get(f"{URL}/json", verify=False)
    with pytest.raises(ValueError, match="client certificate"):
        session.get(f"{URL}/json", cert="client.pem")
    session.verify = True
    with pytest.raises(AtlsVerificationError) as caught:
        session.get(f"{URL}/json")
    assert caught.value.code == "tls"


def test_a_proxy(session: Any, names: Names) -> None:
    with ConnectProxy() as proxy:
        response = session.get(f"{URL}/json", proxies={"https": proxy.url})
        assert response.attestation["trusted"] is True
    assert proxy.tunnels == [f"{HOST}:443"] and proxy.requests == []


@pytest.mark.parametrize(
    ("policies", "why"),
    [
        ({"https://" + HOST: {"type": "tdx", "partial": True}}, "policy key"),
        ({HOST: {"type": "tdx"}}, "mrtd|partial"),
    ],
)
def test_policies_are_read_when_it_is_made(policies: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        AtlsAdapter(policies)


def test_not_copied_or_pickled(session: Any) -> None:
    """Without its policies it would be something else."""
    for how in (copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="make another one"):
            how(session)


def test_an_error_stays_one_of_requests(
    enclave: Enclave, policy: dict[str, Any]
) -> None:
    with Session({HOST: {**policy, "os_image_hash": "00" * 32}}) as session:
        session.verify = str(enclave.authority.root)
        with pytest.raises(real.exceptions.SSLError) as refused:
            session.get(f"{URL}/json")
    again = pickle.loads(pickle.dumps(refused.value))
    assert isinstance(again, real.exceptions.SSLError)
    assert isinstance(again, AtlsVerificationError)
    assert again.code == "not_trusted" and again.verdict == refused.value.verdict


def test_a_policy_is_that_of_the_beginning(
    enclave: Enclave, policy: dict[str, Any]
) -> None:
    boot = policy["expected_bootchain"] = dict(policy["expected_bootchain"])
    with Session({HOST: policy}) as session:
        boot["mrtd"] = "00" * 48
        session.verify = str(enclave.authority.root)
        assert session.get(f"{URL}/json").ok


def test_a_proxy_without_a_scheme(session: Any, proxy: ConnectProxy) -> None:
    session.proxies = {"https": proxy.url.removeprefix("http://")}
    assert session.get(f"{URL}/json").attestation["trusted"]
    assert proxy.tunnels == [f"{HOST}:443"]
