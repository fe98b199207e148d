# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Misuse, and sources, proxies and surroundings that mean no good."""

import contextlib
import copy
import functools
import gc
import gzip
import http.server
import json
import math
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import certifi
import pytest
from httpx import Client

from atlas import _core, httpx
from atlas._hosts import Policies
from atlas._proxies import Proxies
from atlas._router import Entry, Router, Routes
from atlas._shared import Fetcher
from enclave import HOST, LIMIT_S, Authority, Enclave, Web
from test_core import Peer, nonce, now

RULES = b'{"type": "tdx", "partial": true}'
WALL = 1_800_000_000
BOMB_BYTES = 16 << 20


def never(url: str, max_body: int) -> tuple[bytes, bytes]:
    raise AssertionError("nobody was to be asked")


@pytest.fixture
def objects() -> dict[type, Any]:
    """One of each kind, and what it is made of."""
    policy, root, roots = _core.Policy(RULES), _core.Root(), _core.Roots(b"")
    return {
        _core.Policy: policy,
        _core.Root: root,
        _core.Roots: roots,
        _core.Supply: _core.Supply(policy, root, ("",), False, never),
        _core.Session: _core.Session(policy, root, roots, HOST, WALL, 0, nonce()),
    }


# --- the core's objects -----------------------------------------------------


def test_arguments_by_name_are_not_dropped(objects: dict[type, Any]) -> None:
    make: Any = _core
    for given in (
        lambda: make.Policy(RULES, compose_file=b"{}"),
        lambda: make.Root(certificate=b"one that is not Intel's"),
        lambda: make.Roots(b"", pem=b""),
        lambda: make.Supply(*supply_of(objects), wait=1),
        lambda: make.Session(
            *(objects[t] for t in (_core.Policy, _core.Root, _core.Roots)),
            HOST,
            WALL,
            0,
            nonce(),
            resumed=True,
        ),
    ):
        with pytest.raises(TypeError):
            given()


def supply_of(objects: dict[type, Any]) -> tuple[Any, ...]:
    return objects[_core.Policy], objects[_core.Root], ("",), False, never


def test_nothing_is_copied_or_subclassed(objects: dict[type, Any]) -> None:
    for cls, one in objects.items():
        for how in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError):
                how(one)
        with pytest.raises(TypeError):
            type("Sub", (cls,), {})


def test_a_source_is_taken_whole(objects: dict[type, Any]) -> None:
    """And not up to its first NUL."""
    policy, root, _, use_cache, fetch = supply_of(objects)
    for source in ("https://pccs.example\0.evil.example", "\ud800", 5):
        with pytest.raises(TypeError):
            _core.Supply(policy, root, (source,), use_cache, fetch)  # type: ignore[arg-type]


def test_a_need_that_is_none(objects: dict[type, Any]) -> None:
    class Odd:
        def __bool__(self) -> bool:
            raise ValueError("neither")

    for need in ((Odd(), "00", "platform"), (True, "00"), (True, "0" * 99, "x"), None):
        with pytest.raises(TypeError):
            objects[_core.Supply].have(need, WALL)


def test_a_fetch_that_knows_its_supply(objects: dict[type, Any]) -> None:
    class Fetch:
        supply: Any = None

        def __call__(self, url: str, max_body: int) -> tuple[bytes, bytes]:
            return never(url, max_body)

    fetch = Fetch()
    policy, root = supply_of(objects)[:2]
    fetch.supply = _core.Supply(policy, root, ("",), False, fetch)
    gone = weakref.ref(fetch)
    del fetch
    gc.collect()
    assert gone() is None


def abort_while_appraised(enclave: Enclave) -> bool:
    """False: the other thread was done before."""
    peer = Peer(enclave)
    session = peer.session
    while session.state != "need_collateral":
        peer.step()
    assert session.need is not None
    found = peer.supply.search(session.need, session.quote, b"", now()[0])
    session.supply(found, peer.supply, now()[0])
    other = threading.Thread(target=session.appraise, args=now())

    class Message:
        def __str__(self) -> str:
            other.start()
            with contextlib.suppress(RuntimeError):  # the other is at work
                while session.state == "appraise":
                    pass
            return "now"

    refused = False

    try:
        session.abort("network", Message())  # type: ignore[arg-type]
    except RuntimeError as error:
        assert "another thread" in str(error)
        refused = True
    other.join()
    if refused:
        assert session.state == "open"
    peer.close()
    return refused


def test_who_aborts_what_another_thread_appraises(enclave: Enclave) -> None:
    assert any(abort_while_appraised(enclave) for _ in range(100))


class Patience:
    """Seconds, and when the core has asked for them."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.asked = threading.Event()

    def __float__(self) -> float:
        self.asked.set()
        return self.seconds


@pytest.mark.parametrize(
    ("others", "searches"),
    [((), 1), ((1.0, 0.5, 1.0), 1), ((2.0, 2.0), 2), ((math.nan, math.nan), 3)],
)
def test_who_waits_for_a_search_that_fails(
    enclave: Enclave, others: tuple[float, ...], searches: int
) -> None:
    """Nobody waits for one failure after the other, and nobody gets the failure of
    somebody who was less patient."""
    peer = Peer(enclave)
    while peer.session.state != "need_collateral":
        peer.step()
    assert peer.session.need is not None
    given = (peer.session.need, peer.session.quote, b"", now()[0])
    go, inside = threading.Event(), threading.Event()
    asked: list[str] = []
    failed: list[str] = []

    def fetch(url: str, max_body: int) -> tuple[bytes, bytes]:
        asked.append(url)
        inside.set()
        assert go.wait(LIMIT_S)
        raise _core.AssayError("timeout", f"{url}: no answer in time")

    supply = peer.supplied(enclave, fetch)

    def search(patience: Any) -> None:
        with pytest.raises(_core.AssayError) as refused:
            supply.search(*given, patience)
        failed.append(refused.value.code)

    all_of_them = [Patience(seconds) for seconds in (1.0, *others)]
    threads = [threading.Thread(target=search, args=(p,)) for p in all_of_them]
    threads[0].start()
    assert inside.wait(LIMIT_S)
    for thread, patience in zip(threads[1:], all_of_them[1:], strict=True):
        thread.start()
        assert patience.asked.wait(LIMIT_S)
    go.set()
    for thread in threads:
        thread.join(LIMIT_S)
    assert failed == ["timeout"] * len(threads)
    before = len(asked)
    search(1.0)  # nobody waits any more, and the sources are asked
    assert before == searches * (len(asked) - before)
    peer.socket.close()


# --- interpreters -----------------------------------------------------------

MODULE_ENDS = """
import gc, sys, weakref
import atlas
from atlas import _core
root, gone = _core.Root(), weakref.ref(_core.Policy)
del _core, atlas._core, sys.modules["atlas._core"], root
gc.collect()
assert gone() is None
print("done")
"""

# What runs in an interpreter sees its modules.
ELSEWHERE = """
import os, sys
from atlas import _core
sys.whose = "ours"
seen = []
def fetch(url, max_body):
    import sys
    seen.append(getattr(sys, "whose", "the main one's"))
    raise _core.AssayError("network", url + ": no")
policy, root = _core.Policy(%(rules)r), _core.Root()
supply = _core.Supply(policy, root, ("http://pccs.example",), False, fetch)
try:
    supply.search(%(need)r, %(quote)r, b"", %(wall)r)
except _core.AssayError as e:
    assert e.code == "network", e
assert seen and set(seen) == {"ours"}, seen
del policy, root, supply
os.write(1, b"done")
"""

IN_ANOTHER = """
import sys
try:
    import _interpreters as them
    one = them.create("legacy")
except ImportError:
    import _xxsubinterpreters as them
    one = them.create(isolated=False)
failed = them.run_string(one, sys.stdin.read())
assert failed is None, failed
them.destroy(one)
"""


def python(code: str, text: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_module_that_nobody_uses_is_freed() -> None:
    assert python(MODULE_ENDS).strip() == "done"


def test_another_interpreter(enclave: Enclave) -> None:
    peer = Peer(enclave)
    while peer.session.state != "need_collateral":
        peer.step()
    given = {
        "rules": RULES,
        "need": peer.session.need,
        "quote": peer.session.quote,
        "wall": now()[0],
    }
    assert python(IN_ANOTHER, ELSEWHERE % given).strip() == "done"
    peer.socket.close()


# --- child processes --------------------------------------------------------


@pytest.mark.parametrize("kind", ["plain", "attested", "requests"])
def test_a_child_that_begins_while_a_thread_makes(
    kind: str, monkeypatch: pytest.MonkeyPatch, policy: dict[str, Any]
) -> None:
    """A lock that is held meanwhile would be locked for ever in the child."""
    parent = os.getpid()
    inside, go = threading.Event(), threading.Event()

    def slowly(make: Any) -> Any:
        def made(*args: Any, **named: Any) -> Any:
            if os.getpid() == parent:
                inside.set()
                assert go.wait(LIMIT_S)
            return make(*args, **named)

        return made

    use: Any
    if kind == "requests":
        requests = pytest.importorskip("atlas.requests")
        adapter = requests.AtlsAdapter({HOST: policy})
        monkeypatch.setattr(requests, "read_trust", slowly(requests.read_trust))
        some = next(iter(adapter._policies))
        use = functools.partial(adapter._trusted, some, certifi.where())
    elif kind == "plain":
        routes: Any = Routes(Policies({}), Proxies(None, False), False)
        use = Router(routes, slowly(Client))._plain
    else:
        use = functools.partial(Entry(slowly(str)).through, None)
    thread = threading.Thread(target=use)
    thread.start()
    assert inside.wait(LIMIT_S)
    child = os.fork()
    if child == 0:
        signal.alarm(10)
        try:
            use()
            os._exit(0)
        finally:
            os._exit(1)
    go.set()
    thread.join()
    assert os.waitpid(child, 0)[1] == 0


# --- sources of collateral --------------------------------------------------


@pytest.fixture
def bomb() -> Iterator[str]:
    """A server that answers in gzip, though nobody asked for it."""
    packed = gzip.compress(bytes(BOMB_BYTES))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(packed)))
            self.end_headers()
            self.wfile.write(packed)

        def log_message(self, *args: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield "http://127.0.0.1:%d/" % server.server_port
        server.shutdown()
        thread.join()


def test_an_answer_is_not_unpacked(bomb: str) -> None:
    body = Fetcher(None, False)(bomb, BOMB_BYTES)[1]
    assert len(body) < BOMB_BYTES // 100
    assert len(gzip.decompress(body)) == BOMB_BYTES


def test_certificates_with_names_beside_them(authority: Authority, plain: Web) -> None:
    pem = "# Főtanúsítvány\n".encode() + authority.root.read_bytes()
    url = f"https://localhost:{plain.port}/json"
    assert Fetcher(pem, True)(url, 100)[1]


def test_a_proxy_of_the_environment_that_is_none(
    monkeypatch: pytest.MonkeyPatch, web: Web
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://proxy.example")
    with pytest.raises(_core.AssayError) as refused:
        Fetcher(None, True)(f"http://{web.address}/json", 100)
    assert refused.value.args[0] == "network"
    assert refused.value.args[1].startswith(f"http://{web.address}/json: ")


@pytest.mark.parametrize(
    "text",
    ["", "nothing", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"],
)
def test_a_ca_file_without_certificates(
    policy: dict[str, Any], tmp_path: pathlib.Path, text: str
) -> None:
    (tmp_path / "ca.pem").write_text(text)
    policy["ca_file"] = str(tmp_path / "ca.pem")
    policy["accept_self_signed_certs"] = True
    with pytest.raises(ValueError, match="ca_file .*ca.pem"):
        httpx.Client(atls_policy_per_hostname={HOST: policy})


AT_EXIT = """
import atexit
from atlas._hosts import Policies
from atlas._proxies import Proxies
from atlas._router import Entry, Router, Routes
from atlas._shared import Fetcher

def last():
    print(Fetcher(None, False)(%r, 100)[1].decode())

atexit.register(last)
"""


def test_when_the_interpreter_ends(web: Web) -> None:
    url = f"http://{web.address}/json"
    assert json.loads(python(AT_EXIT % url)) == {"answer": 42}
