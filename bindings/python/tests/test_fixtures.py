# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The servers behave as the other tests believe: seen with httpx alone."""

import hashlib
import json
import subprocess
from collections.abc import Callable, Iterator

import httpx
import pytest

from enclave import (
    HOST,
    LIMIT_S,
    OTHER,
    PASSWORD,
    UNICODE,
    USER,
    Enclave,
    Names,
    Serve,
    Web,
)
from harness import ASSAY, clean_environment, write

URL = f"https://{HOST}"


@pytest.fixture
def client(enclave: Enclave) -> Iterator[httpx.Client]:
    context = enclave.authority.believed()
    with httpx.Client(verify=context, timeout=LIMIT_S) as client:
        yield client


@pytest.mark.parametrize(
    "url", [URL, "https://host.com", f"https://{UNICODE}", f"https://{OTHER}"]
)
def test_names_lead_there(client: httpx.Client, names: Names, url: str) -> None:
    response = client.get(f"{url}/echo?q=1")
    assert response.json()["path"] == "/echo?q=1"
    host = response.request.url.raw_host.decode()
    assert names.connections == [(host, 443)]


def test_localhost(client: httpx.Client, enclave: Enclave) -> None:
    for host in ("localhost", "127.0.0.1"):
        url = f"https://{host}:{enclave.serve.port}/json"
        assert client.get(url).json() == {"answer": 42}


def test_ipv6(client: httpx.Client, serve6: Serve) -> None:
    assert client.get(f"https://[::1]:{serve6.port}/json").json() == {"answer": 42}


def test_unknown_names_and_ports(client: httpx.Client, enclave: Enclave) -> None:
    with pytest.raises(httpx.ConnectError, match="not a name of the tests"):
        client.get("https://example.net/")
    with pytest.raises(httpx.ConnectError, match="nobody listens"):
        client.get(f"{URL}:1/")


def test_only_the_test_ca_vouches(enclave: Enclave) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(URL)


@pytest.mark.anyio
async def test_asynchronous(enclave: Enclave, names: Names) -> None:
    async with httpx.AsyncClient(verify=enclave.authority.believed()) as client:
        for url in (URL, f"https://{UNICODE}"):
            assert (await client.get(f"{url}/json")).json() == {"answer": 42}
        with pytest.raises(httpx.ConnectError):
            await client.get("https://example.net/")
    assert names.count(HOST) == 1


def test_basic_and_digest(client: httpx.Client) -> None:
    for auth in (httpx.BasicAuth, httpx.DigestAuth):
        path = "/basic" if auth is httpx.BasicAuth else "/digest"
        assert client.get(URL + path).status_code == 401
        assert client.get(URL + path, auth=auth(USER, "wrong")).status_code == 401
        assert client.get(URL + path, auth=auth(USER, PASSWORD)).status_code == 200


def test_cookies(client: httpx.Client, web: Web) -> None:
    client.get(f"{URL}/set-cookie")
    client.get(f"{URL}/echo")
    assert web.fields()["cookie"] == "session=s3cr3t"


def test_bodies(client: httpx.Client) -> None:
    assert client.post(f"{URL}/echo", content=b"abc").json()["body"] == "abc"
    sent = client.post(f"{URL}/sink", content=iter([b"a", b"bc"]))
    assert sent.text == hashlib.sha256(b"abc").hexdigest()
    assert client.get(f"{URL}/chunked").text == "hello world"


def test_what_waits_is_let_go(client: httpx.Client, web: Web) -> None:
    with client.stream("GET", f"{URL}/events") as response:
        lines = response.iter_lines()
        assert next(lines) == "data: 1"
        web.go.set()
        assert list(lines) == ["", "data: 2", ""]
    web.go.clear()
    with pytest.raises(httpx.ReadTimeout):
        client.get(f"{URL}/slow", timeout=0.2)


def test_redirect(client: httpx.Client) -> None:
    response = client.get(f"{URL}/redirect?302&https://{OTHER}/json")
    assert response.headers["Location"] == f"https://{OTHER}/json"


def test_upgrade(client: httpx.Client) -> None:
    ask = {"Connection": "Upgrade", "Upgrade": "websocket"}
    with client.stream("GET", f"{URL}/upgrade", headers=ask) as response:
        assert response.status_code == 101
        stream = response.extensions["network_stream"]
        stream.write(b"ping")
        assert stream.read(4, timeout=LIMIT_S) == b"PING"


def test_close(client: httpx.Client, another_serve: Callable[..., Serve]) -> None:
    another_serve("--max-requests", "1")
    assert client.get(f"{URL}:9443/json").headers["Connection"] == "close"


def test_the_enclave_proves_itself(enclave: Enclave) -> None:
    """What the policy says is what the platform is, says the core's own tool."""
    policy = enclave.policy(ca_file=str(enclave.authority.root))
    for want, code in ((policy, 0), ({**policy, "os_image_hash": "00" * 32}, 1)):
        run = subprocess.run(
            [str(ASSAY), "get", "--policy"]
            + [str(write("python-policy.json", json.dumps(want)))]
            + [f"https://localhost:{enclave.serve.port}/json"],
            env=clean_environment(),
            capture_output=True,
            timeout=2 * LIMIT_S,
        )
        assert run.returncode == code, run.stderr.decode()


def test_the_other_does_not(plain: Web, enclave: Enclave) -> None:
    answer = httpx.post(
        f"https://{OTHER}/tdx_quote",
        json={"nonce_hex": "00" * 32},
        verify=enclave.authority.believed(),
    )
    assert answer.status_code == 404
    assert plain.paths == ["/tdx_quote"]
