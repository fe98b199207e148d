# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What clients of one process share, and how collateral is fetched."""

import pathlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from atlas import _shared, httpx
from atlas._core import AssayError
from atlas._shared import Fetcher, once, patience
from atlas._trust import read_trust
from enclave import HOST, LIMIT_S, PASSWORD, USER, Authority, Enclave, Names, Web

POLICY = {"type": "tdx", "partial": True}


@pytest.fixture
def fetch() -> Fetcher:
    return Fetcher(None, True)


def refused(fetch: Fetcher, url: str, max_body: int = 1000) -> tuple[str, str]:
    with pytest.raises(AssayError) as caught:
        fetch(url, max_body)
    code, message = caught.value.args
    return code, message


def test_an_answer(fetch: Fetcher, web: Web) -> None:
    head, body = fetch(f"http://{web.address}/json?a=b", 14)
    assert body == b'{"answer": 42}'
    lines = head.split(b"\r\n")
    assert b"Content-Length: 14" in lines and lines[-1] == b""
    assert web.seen[0][:2] == ("GET", "/json?a=b")
    assert web.fields()["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("path", "code", "why"),
    [
        ("missing", "not_found", "status 404"),
        ("redirect?461&/json", "not_found", "status 461"),
        ("basic", "network", "status 401"),
        ("no-content", "network", "status 204"),
        ("redirect?302&/json", "network", "status 302"),
        ("garbage", "network", ""),
        ("dies", "network", ""),
        ("big?1001", "too_large", "more than 1000 bytes"),
    ],
)
def test_other_answers(
    fetch: Fetcher, web: Web, path: str, code: str, why: str
) -> None:
    url = f"http://{web.address}/{path}"
    got, message = refused(fetch, url)
    assert got == code and message.startswith(f"{url}: {why}")
    assert len(web.seen) == 1


def test_user_and_password_are_not_told(
    fetch: Fetcher, web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    _, message = refused(fetch, f"http://{USER}:{PASSWORD}@{web.address}/missing")
    assert message == f"http://{web.address}/missing: status 404"
    assert f"http://{web.address}/missing" in caplog.text
    assert PASSWORD not in caplog.text
    assert fetch(f"http://{USER}:{PASSWORD}@{web.address}/basic", 9)[1] == b"welcome"


def test_what_did_not_matter_is_told(
    enclave: Enclave,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Here a cache that cannot be written; the request goes on."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(_shared, "_shared", _shared._Shared())
    policy = {**enclave.policy(), "cache_collateral": True}
    settings: dict[str, Any] = {"verify": enclave.authority.believed()}
    settings["atls_policy_per_hostname"] = {HOST: policy}
    assert httpx.get(f"https://{HOST}/json", **settings).status_code == 200
    told = [r.message for r in caplog.records if r.name == "atlas"]
    assert any(str(tmp_path / "file") in message for message in told)


def test_nobody_there(fetch: Fetcher, names: Names) -> None:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{s.getsockname()[1]}/"
        code, message = refused(fetch, url)
    assert code == "network" and message.startswith(url)
    assert refused(fetch, "https://nobody.example/")[0] == "network"
    assert refused(fetch, "ftp://nobody.example/")[0] == "network"
    assert refused(fetch, "http://[/")[0] == "network"


@pytest.fixture
def dripping() -> Iterator[str]:
    """A server whose head never ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve() -> None:
        near, _ = listener.accept()
        with near:
            near.sendall(b"HTTP/1.1 200 OK\r\nX-A: ")
            while not stop.wait(0.05):
                near.sendall(b"a")

    thread = threading.Thread(target=serve)
    thread.start()
    yield "http://127.0.0.1:%d/" % listener.getsockname()[1]
    stop.set()
    thread.join()
    listener.close()


def test_a_source_that_drips(fetch: Fetcher, dripping: str) -> None:
    begin = time.monotonic()
    with patience(0.5):
        assert refused(fetch, dripping) == ("timeout", f"{dripping}: no answer in time")
    assert time.monotonic() - begin < LIMIT_S


def test_a_source_that_is_mute(fetch: Fetcher, web: Web) -> None:
    url = f"http://{web.address}/slow"
    with patience(0.2):
        assert refused(fetch, url) == ("timeout", f"{url}: no answer in time")
    web.go.set()


def test_patience_ends_with_its_block(fetch: Fetcher, web: Web) -> None:
    with patience(0.0001):
        pass
    assert fetch(f"http://{web.address}/json", 100)[1]


def test_whom_sources_are_believed(authority: Authority, plain: Web) -> None:
    url = f"https://localhost:{plain.port}/json"
    assert refused(Fetcher(None, True), url)[0] == "network"
    assert Fetcher(authority.root.read_bytes(), True)(url, 100)[1]


def test_proxies_of_the_environment(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://{web.address}")
    assert refused(Fetcher(None, False), "http://nobody.example/json")[0] == "network"
    Fetcher(None, True)("http://nobody.example/json", 100_000)
    assert web.seen[0][1] == "http://nobody.example/json"


# --- sharing ----------------------------------------------------------------


def test_made_once() -> None:
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    assert [once(("a test", 1), make) for _ in range(3)] == [1, 1, 1]
    assert once(("a test", 2), make) == 2


def test_what_failed_is_made_again() -> None:
    def fail() -> int:
        raise ValueError

    with pytest.raises(ValueError):
        once(("a test", 3), fail)
    assert once(("a test", 3), lambda: 5) == 5


def test_not_more_than_so_many_are_kept() -> None:
    for n in range(1000):
        once(("a test", "many", n), lambda: 0)
    assert len(_shared._shared.made) == 256


def test_collateral_is_shared_by_those_who_ask_for_the_same(ca: str) -> None:
    first = read_trust(POLICY, True, True)
    same = read_trust(dict(reversed(POLICY.items())), ca, True)
    other = read_trust({**POLICY, "max_collateral_age_secs": 60}, True, True)
    assert first != same
    assert first.core().supply is same.core().supply
    assert first.core().supply is not other.core().supply
    assert first.core() is read_trust(POLICY, True, True).core()


@pytest.fixture
def ca(authority: Authority) -> str:
    return str(authority.root)


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_each_part_is_fetched_once(
    enclave: Enclave, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, kind: str
) -> None:
    asked: list[Any] = []
    call = Fetcher.__call__

    def counted(self: Fetcher, url: str, max_body: int) -> tuple[bytes, bytes]:
        asked.append(url)
        return call(self, url, max_body)

    monkeypatch.setattr(Fetcher, "__call__", counted)
    # A cache and nothing in memory: what is shared was made for others.
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(_shared, "_shared", _shared._Shared())
    settings: dict[str, Any] = {
        "atls_policy_per_hostname": {HOST: enclave.policy()},
        "verify": enclave.authority.believed(),
        "timeout": LIMIT_S,
    }
    for _ in range(3):
        if kind == "sync":
            with httpx.Client(**settings) as client:
                response = client.get(f"https://{HOST}/json")
        else:
            async with httpx.AsyncClient(**settings) as aclient:
                response = await aclient.get(f"https://{HOST}/json")
        assert response.status_code == 200
    assert len(asked) == len(set(asked)) == 4
