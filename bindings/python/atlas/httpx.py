# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""httpx over attested TLS: `from atlas import httpx` in place of `import httpx`.

    with httpx.Client(atls_policy_per_hostname={"enclave.example.com": policy}) as c:
        c.get("https://enclave.example.com/").extensions["attestation"]

All of httpx is here; `Client`, `AsyncClient` and the functions `get`, `post` and
so on take `atls_policy_per_hostname` and `allow_unattested_redirects` as well.
"""

# mypy: disable-error-code="no-redef"

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import httpx as _httpx
from httpx import *  # our own names follow

from ._attested import AsyncAttestedTransport as AsyncAttestedTransport
from ._attested import AsyncPolicyTransport, PolicyTransport
from ._attested import AttestedTransport as AttestedTransport
from ._errors import AtlsVerificationError as AtlsVerificationError
from ._hosts import Policies
from ._proxies import Proxies
from ._router import AsyncRouter, Entry, Router, Routes
from ._trust import Trust, read_trust

_POLICIES = Mapping[str, Mapping[str, Any]]

__version__ = _httpx.__version__
__all__ = sorted(
    {
        *_httpx.__all__,
        "AsyncAttestedTransport",
        "AtlsVerificationError",
        "AttestedTransport",
    }
)


def __getattr__(name: str) -> Any:
    try:
        return getattr(_httpx, name)
    except AttributeError:
        raise AttributeError(
            f"module 'atlas.httpx' has no attribute {name!r}"
        ) from None


# What says how connections are made; the rest of httpx's arguments is about
# requests, and the client's own affair.
_OF_CONNECTIONS = ("verify", "cert", "http1", "http2", "proxy", "mounts", "limits")


class _Plan:
    """The arguments of a client, and who gets them."""

    def __init__(self, policies: _POLICIES, allow: bool, given: dict[str, Any]) -> None:
        self._given = given
        self._allow = allow
        self._refuse()
        self._trust = {key: self._read(key, of) for key, of in policies.items()}
        self._proxies = Proxies(given.get("proxy"), self._trust_env)
        Policies(self._trust)  # reads the keys
        self.enter = bool(given.get("mounts"))

    @property
    def _trust_env(self) -> bool:
        return bool(self._given.get("trust_env", True))

    def _refuse(self) -> None:
        if self._given.get("cert"):
            raise ValueError(
                "cert= cannot be used with policies: attested sessions show no "
                "client certificate (next: take another client for hosts that ask "
                "for one)"
            )
        if not self._given.get("http1", True):
            raise ValueError(
                "http1=False cannot be used with policies: attested connections "
                "speak HTTP/1.1"
            )
        if self._given.get("proxies"):
            raise ValueError("proxies= cannot be used with policies: use proxy=")

    def _read(self, key: str, policy: Mapping[str, Any]) -> Trust:
        verify = self._given.get("verify", True)
        try:
            return read_trust(policy, verify, self._trust_env)
        except ValueError as e:
            raise ValueError(f"policy of {key!r}: {e}") from None

    def own(self) -> dict[str, Any]:
        """What the client itself gets. (http1 and http2 for their checks alone.)"""
        mine = {k: v for k, v in self._given.items() if k not in _OF_CONNECTIONS}
        kept = {k: v for k, v in self._given.items() if k in ("http1", "http2")}
        return {**mine, **kept}

    def plain(self) -> dict[str, Any]:
        """What the inner client gets, for hosts without a policy."""
        given = {k: v for k, v in self._given.items() if k in _OF_CONNECTIONS}
        return {**given, "trust_env": self._trust_env}

    def routes(self, make: Any) -> Routes[Any]:
        entries = {key: self._entry(trust, make) for key, trust in self._trust.items()}
        return Routes(Policies(entries), self._proxies, self._allow)

    def _entry(self, trust: Trust, make: Any) -> Entry[Any]:
        limits = self._given.get("limits")
        return Entry(lambda proxy: make(trust, proxy=proxy, limits=limits))


def _plan(
    policies: _POLICIES | None, allow: bool, given: dict[str, Any]
) -> _Plan | None:
    for name in ("transport", "app"):
        if given.pop(name, None) is not None:
            raise ValueError(
                f"setting {name} argument isn't possible. aTLS uses its own transport"
            )
    if policies is not None and not isinstance(policies, Mapping):
        raise TypeError("atls_policy_per_hostname must be a dict of policies by host")
    return _Plan(policies, allow, given) if policies else None


class Client(_httpx.Client):
    """An `httpx.Client` that sends to hosts with a policy over attested TLS only.

    `atls_policy_per_hostname`: a policy (see `atlas.policy`) by host, or by
    "host:port" ("[::1]:8443" for IPv6). A key without a port covers all ports;
    where a host has keys with ports only, its other ports are refused. Other
    hosts are reached as httpx reaches them.

    `allow_unattested_redirects`: follow redirects from a host with a policy to
    one without.

    All other arguments are those of `httpx.Client`. For hosts with a policy:

    - `http://` is refused. `proxy` and proxies of the environment are used
      (CONNECT, or SOCKS), and what is inside is attested; `mounts` are for other
      hosts only, and `transport` cannot be given.
    - `verify` says whom TLS believes (of an SSLContext, its CA certificates);
      False needs policies with `accept_self_signed_certs`. `cert` and
      `http1=False` are refused; `http2` is for other hosts.
    - The connect timeout holds for dialling, for the TLS handshake, for the
      evidence and for each request for collateral. If no `limits` are given, up to
      100 connections are kept for 300 idle seconds each.

    `response.extensions["attestation"]` says what was proven.
    """

    def __init__(
        self,
        *,
        atls_policy_per_hostname: _POLICIES | None = None,
        allow_unattested_redirects: bool = False,
        **kwargs: Any,
    ) -> None:
        plan = _plan(atls_policy_per_hostname, allow_unattested_redirects, kwargs)
        if plan is None:
            super().__init__(**kwargs)
            return
        router = Router(
            plan.routes(PolicyTransport),
            lambda: _httpx.Client(**plan.plain()),
            plan.enter,
        )
        super().__init__(transport=router, **plan.own())


class AsyncClient(_httpx.AsyncClient):
    """The same for asyncio and trio: see `Client`."""

    def __init__(
        self,
        *,
        atls_policy_per_hostname: _POLICIES | None = None,
        allow_unattested_redirects: bool = False,
        **kwargs: Any,
    ) -> None:
        plan = _plan(atls_policy_per_hostname, allow_unattested_redirects, kwargs)
        if plan is None:
            super().__init__(**kwargs)
            return
        router = AsyncRouter(
            plan.routes(AsyncPolicyTransport),
            lambda: _httpx.AsyncClient(**plan.plain()),
            plan.enter,
        )
        super().__init__(transport=router, **plan.own())


_OF_REQUESTS = (
    "auth",
    "content",
    "data",
    "files",
    "follow_redirects",
    "headers",
    "json",
    "params",
)


def _split(given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a client gets, and what its request."""
    of_request = {k: given.pop(k) for k in _OF_REQUESTS if k in given}
    return given, of_request


def request(method: str, url: _httpx.URL | str, **kwargs: Any) -> _httpx.Response:
    """`httpx.request`, with `atls_policy_per_hostname`. Each call connects and
    attests anew: use a `Client` for more than one."""
    of_client, of_request = _split(kwargs)
    with Client(**of_client) as client:
        return client.request(method, url, **of_request)


@contextlib.contextmanager
def stream(
    method: str, url: _httpx.URL | str, **kwargs: Any
) -> Iterator[_httpx.Response]:
    """`httpx.stream`, see `request`."""
    of_client, of_request = _split(kwargs)
    with Client(**of_client) as client:
        with client.stream(method, url, **of_request) as response:
            yield response


def get(url: _httpx.URL | str, **kwargs: Any) -> _httpx.Response:
    """`httpx.get`, see `request`."""
    return request("GET", url, **kwargs)


def options(url: _httpx.URL | str, **kwargs: Any) -> _httpx.Response:
    """`httpx.options`, see `request`."""
    return request("OPTIONS", url, **kwargs)


def head(url: _httpx.URL | str, **kwargs: Any) -> _httpx.Response:
    """`httpx.head`, see `request`."""
    return request("HEAD", url, **kwargs)


def post(url: _httpx.URL | str, **kwargs: Any) -> _httpx.Response:
    """`httpx.post`, see `request`."""
    return request("POST", url, **kwargs)


def put(url: _httpx.URL | str, **kwargs: Any) -> _httpx.Response:
    """`httpx.put`, see `request`."""
    return request("PUT", url, **kwargs)


def patch(url: _httpx.URL | str, **kwargs: Any) -> _httpx.Response:
    """`httpx.patch`, see `request`."""
    return request("PATCH", url, **kwargs)


def delete(url: _httpx.URL | str, **kwargs: Any) -> _httpx.Response:
    """`httpx.delete`, see `request`."""
    return request("DELETE", url, **kwargs)
