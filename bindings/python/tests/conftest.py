# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures: servers once for all tests, names, policies."""

import contextlib
import pathlib
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

# The helpers of the repository's end-to-end tests.
sys.path.append(str(pathlib.Path(__file__).parents[3] / "tests" / "e2e"))

import enclave as world  # noqa: E402
from atlas import httpx  # noqa: E402
from clients import AsyncClient, Client  # noqa: E402
from connect_proxy import ConnectProxy  # noqa: E402
from either import Either  # noqa: E402
from enclave import HOST, LIMIT_S, OTHER, UNICODE, Authority, Enclave, Names, Serve, Web  # noqa: E402

PLAIN_PORT = 8443  # of the enclave's host: a server that cannot prove anything


@pytest.fixture(scope="session", autouse=True)
def environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in world.private_environment():
            if value is None:
                patch.delenv(name)
            else:
                patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def built() -> None:
    if missing := world.missing():
        pytest.skip(f"{', '.join(missing)} is not there; build it, or set ASSAY_BIN")


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="session")
def sim(built: None, environment: None) -> Iterator[world.Sim]:
    with world.simulator() as sim:
        yield sim


@pytest.fixture(scope="session")
def session_web() -> Iterator[Web]:
    with Web() as web:
        yield web


@pytest.fixture(scope="session")
def session_plain(authority: Authority) -> Iterator[Web]:
    with Web(authority) as web:
        yield web


@pytest.fixture(scope="session")
def session_serve(
    sim: world.Sim, authority: Authority, session_web: Web
) -> Iterator[Serve]:
    with Serve(sim, authority, session_web.address) as serve:
        yield serve


@pytest.fixture(scope="session")
def session_names(
    session_serve: Serve, session_web: Web, session_plain: Web
) -> Iterator[Names]:
    names = Names()
    for name in (HOST, "host.com", UNICODE.encode("idna").decode()):
        names.add(name, 443, session_serve.port)
        names.add(name, 80, session_web.port)
        names.add(name, PLAIN_PORT, session_plain.port)
    names.add(OTHER, 443, session_plain.port)
    names.add(OTHER, 80, session_web.port)
    with pytest.MonkeyPatch.context() as patch:
        yield names.patched(patch)


@pytest.fixture
def web(session_web: Web) -> Web:
    """The backend behind the enclave."""
    session_web.reset()
    return session_web


@pytest.fixture
def plain(session_plain: Web) -> Web:
    """A server with a good certificate that cannot prove anything."""
    session_plain.reset()
    return session_plain


@pytest.fixture
def names(session_names: Names) -> Names:
    session_names.connections.clear()
    return session_names


@pytest.fixture
def enclave(
    sim: world.Sim,
    session_serve: Serve,
    web: Web,
    plain: Web,
    authority: Authority,
    names: Names,
) -> Iterator[Enclave]:
    """https://enclave.example.com and all that belongs to it."""
    yield Enclave(sim, session_serve, web, authority)
    web.go.set()  # nothing waits on
    sim.change("reset")


@pytest.fixture
def policy(enclave: Enclave) -> dict[str, Any]:
    """That the enclave fulfils."""
    return enclave.policy()


@pytest.fixture
def wrong(enclave: Enclave) -> dict[str, Any]:
    """That it does not fulfil: what gets an answer then has not been attested."""
    return enclave.wrong_policy()


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
    """Likewise, asynchronous ones."""
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
def another_serve(enclave: Enclave, names: Names) -> Iterator[Callable[..., Serve]]:
    """Starts assay-serve with options, at a port of enclave.example.com."""
    with contextlib.ExitStack() as stack:

        def start(*options: str, port: int = 9443, **named: Any) -> Serve:
            serve = stack.enter_context(
                Serve(
                    enclave.sim,
                    enclave.authority,
                    enclave.web.address,
                    *options,
                    **named,
                )
            )
            names.add(HOST, port, serve.port)
            return serve

        yield start


@pytest.fixture
def serve6(another_serve: Callable[..., Serve]) -> Serve:
    """An enclave at [::1]."""
    with contextlib.closing(socket.socket(socket.AF_INET6)) as s:
        try:
            s.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 on this machine")
    return another_serve(listen="[::1]:0")


@pytest.fixture
def proxy(names: Names) -> Iterator[ConnectProxy]:
    with ConnectProxy() as proxy:
        yield proxy


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """What anyio's plugin runs each asynchronous test with."""
    return str(request.param)


@pytest.fixture(params=["sync", "asyncio", "trio"])
def kind(request: pytest.FixtureRequest) -> str:
    """Of client; for test files whose `anyio_backend` follows from it."""
    return str(request.param)


@pytest.fixture
async def make(
    kind: str, enclave: Enclave, policy: dict[str, Any]
) -> AsyncIterator[Callable[..., Either]]:
    """Makes clients of that kind that know the policy of the enclave."""
    made: list[Either] = []

    def make(**named: Any) -> Either:
        named.setdefault("atls_policy_per_hostname", {HOST: policy})
        named.setdefault("verify", enclave.authority.believed())
        named.setdefault("timeout", LIMIT_S)
        cls = httpx.Client if kind == "sync" else httpx.AsyncClient
        made.append(Either(cls(**named)))
        return made[-1]

    yield make
    for either in made:
        await either.close()
