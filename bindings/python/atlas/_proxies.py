# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Which proxy leads to an attested host: what httpx would take for that URL.

Whatever comes out, the session inside is attested.
"""

from __future__ import annotations

import ipaddress
import urllib.request

import httpx

from ._hosts import host_of

ProxyTypes = httpx.URL | str | httpx.Proxy


def as_proxy(proxy: ProxyTypes) -> httpx.Proxy:
    return proxy if isinstance(proxy, httpx.Proxy) else httpx.Proxy(proxy)


def with_scheme(url: str) -> str:
    """The environment may leave it out."""
    return url if "://" in url else f"http://{url}"


class Proxies:
    """One for all, or what the environment said when the client was made."""

    def __init__(self, proxy: ProxyTypes | None, trust_env: bool) -> None:
        self._one = None if proxy is None else as_proxy(proxy)
        self._by_scheme: dict[str, httpx.Proxy] = {}
        self._except: list[httpx.URL] = []
        if self._one is None and trust_env:
            self._read_environment()

    def _read_environment(self) -> None:
        found = urllib.request.getproxies()
        exceptions = [part.strip() for part in found.get("no", "").split(",")]
        if "*" in exceptions:
            return
        for scheme in ("https", "all"):
            if url := found.get(scheme):
                self._by_scheme[scheme] = httpx.Proxy(with_scheme(url))
        self._except = [httpx.URL(_pattern(part)) for part in exceptions if part]

    def find(self, url: httpx.URL) -> httpx.Proxy | None:
        if self._one is not None or not self._by_scheme:
            return self._one
        if any(_matches(pattern, url) for pattern in self._except):
            return None
        return self._by_scheme.get(url.scheme) or self._by_scheme.get("all")


def _pattern(part: str) -> str:
    """An entry of NO_PROXY as a URL; "*" stands before a name that may have
    others before it."""
    if "://" in part:
        return part
    try:
        address = ipaddress.ip_address(part.split("/")[0])
    except ValueError:
        return f"all://{'' if part.lower() == 'localhost' else '*'}{part}"
    return f"all://[{part}]" if address.version == 6 else f"all://{part}"


def _matches(pattern: httpx.URL, url: httpx.URL) -> bool:
    if pattern.scheme not in ("all", url.scheme):
        return False
    if pattern.port is not None and pattern.port != url.port:
        return False
    host, name = host_of(url), host_of(pattern)
    if not name.startswith("*"):
        return name in ("", host)
    name = name[1:]
    if name.startswith("."):
        return host.endswith(name)
    return host == name or host.endswith("." + name)
