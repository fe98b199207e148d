# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What httpx documents of its clients, seen through attested ones."""

import datetime
import gzip
import hashlib
import io
import json
import os
import threading
import urllib.parse
from collections.abc import Callable, Generator
from typing import Any

import anyio
import httpx as real
import pytest

from atlas import AtlsVerificationError, httpx
from clients import attested
from connect_proxy import ConnectProxy
from either import Either
from enclave import HOST, LIMIT_S, OTHER, PASSWORD, USER, Enclave, Names, Web

pytestmark = pytest.mark.anyio

URL = f"https://{HOST}"
Make = Callable[..., Either]


@pytest.fixture
def anyio_backend(kind: str) -> str:
    """A synchronous client is called from asyncio, and blocks it."""
    return "asyncio" if kind == "sync" else kind


@pytest.fixture
async def client(make: Make) -> Either:
    return make()


# --- requests ---


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_methods(client: Either, web: Web, method: str) -> None:
    response = await client.request(method, f"{URL}/echo?a=1")
    assert attested(response)
    assert response.status_code == 200
    assert response.json()["method"] == method
    assert response.http_version == "HTTP/1.1"
    assert response.reason_phrase == "OK"
    assert [seen[:2] for seen in web.seen] == [(method, "/echo?a=1")]


async def test_attestation(client: Either) -> None:
    found = (await client.get(f"{URL}/json")).extensions["attestation"]
    assert found["trusted"] is True
    assert found["tee_type"] == "tdx"
    assert found["tcb_status"] == "UpToDate"
    assert isinstance(found["advisory_ids"], list)
    assert isinstance(found["checks"], list)
    assert isinstance(found["evidence"], bytes)
    assert isinstance(found["measurement"], str)


async def test_attestation_says_what_was_measured(
    client: Either, enclave: Enclave
) -> None:
    found = (await client.get(f"{URL}/json")).extensions["attestation"]
    assert found["measurement"] == enclave.measurements["mrtd"]
    assert found["checks"]
    assert json.loads(found["evidence"])


async def test_head_and_empty_answers(client: Either, names: Names) -> None:
    head = await client.request("HEAD", f"{URL}/json")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == "14"
    empty = await client.get(f"{URL}/no-content")
    assert (empty.status_code, empty.content) == (204, b"")
    same = await client.get(f"{URL}/not-modified")
    assert (same.status_code, same.content) == (304, b"")
    assert (await client.get(f"{URL}/json")).json() == {"answer": 42}
    assert names.count(HOST) == 1  # nothing waited for a body that does not come


async def test_status_errors(client: Either) -> None:
    response = await client.get(f"{URL}/missing")
    assert attested(response)
    with pytest.raises(httpx.HTTPStatusError, match="404") as caught:
        response.raise_for_status()
    assert caught.value.response is response


async def test_params(make: Make) -> None:
    client = make(params={"all": "1"})
    response = await client.get(f"{URL}/echo", params={"q": "ä b", "n": [1, 2]})
    query = urllib.parse.urlsplit(response.json()["path"]).query
    assert urllib.parse.parse_qsl(query) == [
        ("all", "1"),
        ("q", "ä b"),
        ("n", "1"),
        ("n", "2"),
    ]


async def test_default_headers(make: Make, web: Web) -> None:
    client = make(headers={"X-All": "1", "X-Some": "1", "User-Agent": "tests"})
    await client.get(f"{URL}/echo", headers={"X-Some": "2"})
    fields = web.fields()
    assert (fields["x-all"], fields["x-some"]) == ("1", "2")
    assert fields["user-agent"] == "tests"
    assert fields["host"] == HOST


async def test_headers_of_httpx(client: Either, web: Web) -> None:
    await client.get(f"{URL}/echo")
    assert web.fields()["user-agent"] == f"python-httpx/{real.__version__}"


async def test_response_headers(client: Either) -> None:
    headers = (await client.get(f"{URL}/fields")).headers
    assert headers.get_list("x-many") == ["a", "b"]
    assert headers["X-ODD"] == "café"


@pytest.mark.parametrize("base", [URL, f"{URL}/"])
async def test_base_url(make: Make, base: str, web: Web) -> None:
    client = make(base_url=base + "/echo" if base == URL else base + "echo/")
    await client.get("below?x=1")
    await client.get("/below")
    assert web.paths == ["/echo/below?x=1", "/echo/below"]


async def test_build_and_send(client: Either) -> None:
    request = client.client.build_request("POST", f"{URL}/echo", json={"a": [1]})
    response = await client.send(request)
    assert response.request is request
    assert json.loads(response.json()["body"]) == {"a": [1]}
    assert response.elapsed > datetime.timedelta(0)


async def test_accept_encoding_and_gzip(client: Either, web: Web) -> None:
    response = await client.get(f"{URL}/gzip")
    assert "gzip" in web.fields()["accept-encoding"]
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.text == "zipped"
    async with client.stream("GET", f"{URL}/gzip") as stream:
        raw = b"".join([piece async for piece in stream.each("iter_raw")])
    assert gzip.decompress(raw) == b"zipped"


async def test_interim_answers(client: Either) -> None:
    assert (await client.get(f"{URL}/interim")).text == "final"


async def test_chunked_answers(client: Either) -> None:
    assert (await client.get(f"{URL}/chunked")).text == "hello world"
    assert (await client.get(f"{URL}/until-close")).text == "until the end"


async def test_large_answer(client: Either, web: Web) -> None:
    size = 5_000_000
    response = await client.get(f"{URL}/big?{size}")
    assert hashlib.sha256(response.content).hexdigest() == web.big(size)


# --- bodies ---


async def test_forms(client: Either, web: Web) -> None:
    response = await client.post(f"{URL}/echo", data={"a": "1", "b": ["2", "ä"]})
    assert response.json()["body"] == "a=1&b=2&b=%C3%A4"
    assert web.fields()["content-type"] == "application/x-www-form-urlencoded"


async def test_multipart(client: Either, web: Web) -> None:
    large = os.urandom(300_000)
    response = await client.post(
        f"{URL}/echo",
        data={"name": "value"},
        files={
            "small": ("small.txt", io.BytesIO(b"content"), "text/plain"),
            "large": ("large.bin", io.BytesIO(large)),
        },
    )
    kind, _, boundary = web.fields()["content-type"].partition("; boundary=")
    assert kind == "multipart/form-data"
    body = response.json()["body"].encode("latin-1")
    parts = body.split(f"--{boundary}".encode())
    assert [part.partition(b"\r\n\r\n")[2] for part in parts[1:-1]] == [
        b"value\r\n",
        b"content\r\n",
        large + b"\r\n",
    ]
    assert b'name="small"; filename="small.txt"' in parts[2]


async def test_streamed_upload(client: Either, web: Web) -> None:
    parts = [os.urandom(70_000) for _ in range(20)]
    response = await client.post(f"{URL}/sink", content=client.pieces(parts))
    assert response.text == hashlib.sha256(b"".join(parts)).hexdigest()
    assert web.fields()["transfer-encoding"] == "chunked"


async def test_large_upload(client: Either) -> None:
    body = os.urandom(5_000_000)
    response = await client.post(f"{URL}/sink", content=body)
    assert response.text == hashlib.sha256(body).hexdigest()


async def test_answer_before_the_body_is_read(client: Either) -> None:
    response = await client.post(f"{URL}/early", content=bytes(5_000_000))
    assert (response.status_code, response.text) == (413, "no!")
    assert attested(response)


async def test_streamed_answer(client: Either, web: Web) -> None:
    size = 1_000_000
    digest = hashlib.sha256()
    async with client.stream("GET", f"{URL}/big?{size}") as stream:
        assert attested(stream.response)
        async for piece in stream.each("iter_bytes", 10_000):
            assert len(piece) <= 10_000
            digest.update(piece)
        assert stream.response.num_bytes_downloaded == size
    assert digest.hexdigest() == web.big(size)


async def test_read_within_stream(client: Either) -> None:
    async with client.stream("GET", f"{URL}/json") as stream:
        with pytest.raises(httpx.ResponseNotRead):
            _ = stream.response.content
        assert await stream.read() == b'{"answer": 42}'
    assert stream.response.json() == {"answer": 42}


async def test_server_sent_events(client: Either, web: Web) -> None:
    """The first event is there before the second is sent."""
    async with client.stream("GET", f"{URL}/events") as stream:
        seen = []
        async for line in stream.each("iter_lines"):
            seen.append(line)
            if line == "data: 1":
                web.go.set()
    assert seen == ["data: 1", "", "data: 2", ""]


async def test_leaving_a_stream_early(client: Either, names: Names) -> None:
    async with client.stream("GET", f"{URL}/big?5000000"):
        pass
    assert (await client.get(f"{URL}/json")).json() == {"answer": 42}
    assert names.count(HOST) == 2  # what was not read spoils the connection


# --- redirects ---


async def test_redirects_are_not_followed_unless_asked(
    client: Either, web: Web
) -> None:
    response = await client.get(f"{URL}/redirect?302&/json")
    assert response.status_code == 302
    assert response.has_redirect_location
    assert response.next_request is not None
    assert web.paths == ["/redirect?302&/json"]


async def test_followed_redirects_are_attested_each(
    client: Either, web: Web, names: Names
) -> None:
    response = await client.get(
        f"{URL}/redirect?302&{URL}/hop-on", follow_redirects=True
    )
    assert response.json()["path"] == "/hop-on"
    assert [past.status_code for past in response.history] == [302]
    assert all(attested(past) for past in [response, *response.history])
    assert names.count(HOST) == 1


async def test_client_wide_follow_redirects(make: Make) -> None:
    client = make(follow_redirects=True)
    assert (await client.get(f"{URL}/redirect?302&/json")).json() == {"answer": 42}


async def test_next_request_by_hand(client: Either) -> None:
    first = await client.get(f"{URL}/redirect?307&/json")
    assert first.next_request is not None
    second = await client.send(first.next_request)
    assert second.json() == {"answer": 42}
    assert attested(second)


@pytest.mark.parametrize(
    ("status", "method", "body"), [(303, "GET", ""), (307, "POST", "kept")]
)
async def test_methods_of_redirects(
    client: Either, status: int, method: str, body: str
) -> None:
    response = await client.post(
        f"{URL}/redirect?{status}&/echo", content=b"kept", follow_redirects=True
    )
    echo = response.json()
    assert (echo["method"], echo["body"]) == (method, body)


async def test_too_many_redirects(make: Make) -> None:
    client = make(max_redirects=3, follow_redirects=True)
    with pytest.raises(httpx.TooManyRedirects):
        await client.get(f"{URL}/loop")


# --- authentication and cookies ---


@pytest.mark.parametrize(
    ("path", "auth"),
    [
        ("basic", (USER, PASSWORD)),
        ("basic", httpx.BasicAuth(USER, PASSWORD)),
        ("digest", httpx.DigestAuth(USER, PASSWORD)),
    ],
)
async def test_auth(client: Either, names: Names, path: str, auth: Any) -> None:
    assert (await client.get(f"{URL}/{path}")).status_code == 401
    response = await client.get(f"{URL}/{path}", auth=auth)
    assert (response.status_code, response.text) == (200, "welcome")
    assert attested(response)
    assert all(attested(past) for past in response.history)
    assert names.count(HOST) == 1


async def test_digest_with_a_body(client: Either) -> None:
    response = await client.post(
        f"{URL}/digest", content=b"x" * 100_000, auth=httpx.DigestAuth(USER, PASSWORD)
    )
    assert response.text == "welcome"


async def test_auth_of_client_and_url(make: Make) -> None:
    client = make(auth=(USER, PASSWORD))
    assert (await client.get(f"{URL}/basic")).status_code == 200
    url = f"https://{USER}:{PASSWORD}@{HOST}/basic"
    assert (await make().get(url)).status_code == 200


class Token(httpx.Auth):
    """A scheme of one's own, that asks another path for a token first."""

    requires_response_body = True

    def auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        token = yield httpx.Request("GET", f"{URL}/json")
        request.headers["X-Token"] = str(token.json()["answer"])
        yield request


async def test_auth_flow(client: Either, web: Web) -> None:
    assert attested(await client.get(f"{URL}/echo", auth=Token()))
    assert web.paths == ["/json", "/echo"]
    assert web.fields()["x-token"] == "42"


async def test_cookies(make: Make, web: Web) -> None:
    client = make(cookies={"mine": "1"})
    response = await client.get(f"{URL}/set-cookie")
    assert response.cookies["session"] == "s3cr3t"
    assert client.client.cookies["session"] == "s3cr3t"
    await client.get(f"{URL}/echo")
    assert set(web.fields()["cookie"].split("; ")) == {"mine=1", "session=s3cr3t"}


# --- hooks and extensions ---


async def test_event_hooks(make: Make, kind: str) -> None:
    seen: list[Any] = []

    def request(r: httpx.Request) -> None:
        r.headers["X-Hook"] = "1"
        seen.append((r.method, r.url.path))

    def response(r: httpx.Response) -> None:
        seen.append((r.status_code, attested(r)))

    async def async_request(r: httpx.Request) -> None:
        request(r)

    async def async_response(r: httpx.Response) -> None:
        response(r)

    hooks: dict[str, list[Any]] = {"request": [request], "response": [response]}
    if kind != "sync":
        hooks = {"request": [async_request], "response": [async_response]}
    client = make(event_hooks=hooks, follow_redirects=True)
    got = await client.get(f"{URL}/redirect?302&/echo")
    assert ["X-Hook", "1"] in got.json()["fields"]
    assert seen == [
        ("GET", "/redirect"),
        (302, True),
        ("GET", "/echo"),
        (200, True),
    ]


async def test_trace_extension(client: Either, kind: str) -> None:
    seen: list[str] = []

    def trace(name: str, info: dict[str, Any]) -> None:
        seen.append(name)

    async def async_trace(name: str, info: dict[str, Any]) -> None:
        seen.append(name)

    await client.get(
        f"{URL}/json", extensions={"trace": trace if kind == "sync" else async_trace}
    )
    assert "connection.connect_tcp.complete" in seen
    assert "http11.receive_response_headers.complete" in seen


async def test_upgrade(client: Either) -> None:
    ask = {"Connection": "Upgrade", "Upgrade": "websocket"}
    async with client.stream("GET", f"{URL}/upgrade", headers=ask) as stream:
        assert stream.response.status_code == 101
        assert attested(stream.response)
        for word in (b"ping", b"pong" * 10_000):
            await stream.write_network(word)
            got = b""
            while len(got) < len(word):
                piece = await stream.read_network(65536)
                assert piece
                got += piece
            assert got == word.upper()


# --- connections ---


async def test_one_connection_for_many_requests(client: Either, names: Names) -> None:
    for _ in range(5):
        await client.get(f"{URL}/json")
    assert names.count(HOST) == 1


async def test_max_connections(make: Make, web: Web) -> None:
    client = make(
        limits=httpx.Limits(max_connections=1),
        timeout=httpx.Timeout(LIMIT_S, pool=0.1),
    )
    async with client.stream("GET", f"{URL}/events") as stream:
        with pytest.raises(httpx.PoolTimeout):
            await client.get(f"{URL}/json")
        web.go.set()
        await stream.read()
    assert (await client.get(f"{URL}/json")).status_code == 200


async def test_no_keepalive_if_the_limits_say_so(make: Make, names: Names) -> None:
    client = make(limits=httpx.Limits(max_keepalive_connections=0))
    for _ in range(2):
        await client.get(f"{URL}/json")
    assert names.count(HOST) == 2


async def test_read_timeout(client: Either, web: Web) -> None:
    with pytest.raises(httpx.ReadTimeout) as caught:
        await client.get(f"{URL}/slow", timeout=httpx.Timeout(LIMIT_S, read=0.2))
    assert caught.value.request.url == f"{URL}/slow"
    web.go.set()
    assert (await client.get(f"{URL}/slow")).text == "at last"


async def test_write_timeout(client: Either, web: Web) -> None:
    """The backend does not read what is more than buffers hold."""
    with pytest.raises(httpx.WriteTimeout):
        await client.post(
            f"{URL}/sink?rest",
            content=bytes(64 << 20),
            timeout=httpx.Timeout(LIMIT_S, write=0.3),
        )
    web.go.set()


async def test_answer_that_is_cut(client: Either) -> None:
    for path in ("dies", "dies-chunked"):
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            await client.get(f"{URL}/{path}")
    assert (await client.get(f"{URL}/json")).status_code == 200


async def test_closed_client(make: Make) -> None:
    client = make()
    await client.get(f"{URL}/json")
    await client.close()
    assert client.client.is_closed
    with pytest.raises(RuntimeError, match="closed"):
        await client.get(f"{URL}/json")


async def test_context_manager(make: Make, kind: str) -> None:
    client = make().client
    if isinstance(client, httpx.AsyncClient):
        async with client:
            assert (await client.get(f"{URL}/json")).status_code == 200
    else:
        with client:
            assert client.get(f"{URL}/json").status_code == 200
    assert client.is_closed


@pytest.mark.parametrize("kind", ["asyncio", "trio"])
async def test_cancelled(make: Make, web: Web) -> None:
    """A request that is given up takes its connection with it, no more."""
    client = make(limits=httpx.Limits(max_connections=1))
    await client.get(f"{URL}/json")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(client.get, f"{URL}/slow")
        with anyio.fail_after(LIMIT_S):
            while "/slow" not in web.paths:
                await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    assert (await client.get(f"{URL}/json")).status_code == 200


# --- hosts without a policy ---


async def test_other_hosts_are_plain(client: Either, plain: Web) -> None:
    response = await client.get(f"https://{OTHER}/json")
    assert response.json() == {"answer": 42}
    assert "attestation" not in response.extensions
    assert plain.paths == ["/json"]  # and no quote was asked for


async def test_plain_http_to_other_hosts(client: Either) -> None:
    assert (await client.get(f"http://{OTHER}/json")).json() == {"answer": 42}


async def test_mounts_for_other_hosts(make: Make) -> None:
    answer = httpx.MockTransport(lambda request: httpx.Response(299))
    client = make(mounts={f"https://{OTHER}": answer})
    assert (await client.get(f"https://{OTHER}/json")).status_code == 299


async def test_proxy_for_other_hosts(make: Make, proxy: ConnectProxy) -> None:
    client = make(proxy=proxy.url)
    assert (await client.get(f"https://{OTHER}/json")).json() == {"answer": 42}
    assert proxy.tunnels == [f"{OTHER}:443"]


async def test_without_policies(make: Make, plain: Web) -> None:
    client = make(atls_policy_per_hostname=None)
    response = await client.get(f"{URL}/json")
    assert response.status_code == 200
    assert "attestation" not in response.extensions


async def test_transport_is_refused(make: Make) -> None:
    with pytest.raises(ValueError, match="setting transport argument isn't possible"):
        make(transport=httpx.MockTransport(lambda request: httpx.Response(200)))


# --- the module ---


@pytest.fixture
def settings(enclave: Enclave, policy: dict[str, Any]) -> dict[str, Any]:
    return {
        "atls_policy_per_hostname": {HOST: policy},
        "verify": enclave.authority.believed(),
        "timeout": LIMIT_S,
    }


@pytest.mark.parametrize(
    "name", ["get", "options", "head", "post", "put", "patch", "delete"]
)
def test_functions(name: str, settings: dict[str, Any], web: Web) -> None:
    response = getattr(httpx, name)(f"{URL}/echo", **settings)
    assert attested(response)
    assert web.seen[0][0] == name.upper()


def test_request_and_stream_functions(settings: dict[str, Any]) -> None:
    assert attested(httpx.request("PUT", f"{URL}/echo", **settings))
    with httpx.stream("GET", f"{URL}/json", **settings) as response:
        assert attested(response)
        assert response.read() == b'{"answer": 42}'


def test_function_with_a_policy_that_is_not_met(
    settings: dict[str, Any], enclave: Enclave, web: Web
) -> None:
    settings["atls_policy_per_hostname"] = {HOST: enclave.wrong_policy()}
    with pytest.raises(AtlsVerificationError):
        httpx.get(f"{URL}/json", **settings)
    assert web.seen == []


def test_every_name_of_httpx_is_there() -> None:
    for name in real.__all__:
        assert hasattr(httpx, name), name
    assert issubclass(httpx.Client, real.Client)
    assert issubclass(httpx.AsyncClient, real.AsyncClient)
    assert httpx.Response is real.Response
    assert httpx.ConnectError is real.ConnectError


def test_client_in_threads(settings: dict[str, Any]) -> None:
    """httpx's clients may be shared by threads."""
    wrong: list[object] = []

    def work(client: httpx.Client, number: int) -> None:
        for i in range(5):
            echo = client.get(f"{URL}/echo?{number}-{i}").json()
            if echo["path"] != f"/echo?{number}-{i}":
                wrong.append(echo)

    with httpx.Client(**settings) as client:
        threads = [
            threading.Thread(target=work, args=(client, number)) for number in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []
