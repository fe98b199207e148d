# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Which policy a URL falls under.

A host that has a policy must never be taken for one that has none, so whatever
merely looks like such a host is refused.
"""

from __future__ import annotations

import functools
import ipaddress
import re
import socket
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Generic, NamedTuple, TypeVar

import httpx

from ._errors import AtlsVerificationError

T = TypeVar("T")

_HOST_MAX = 253
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_PORT = re.compile(r"[0-9]{1,5}")
# All that the system's resolver may take for an IPv4 address.
_NUMBERS = re.compile(r"[0-9a-fx.]+")
# httpcore ends TLS for these two; a policy covers nothing else.
_SECURE = ("https", "wss")


class Key(NamedTuple):
    """A host as it is compared, and a port, or None: all of them."""

    host: str
    port: int | None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


def parse_key(text: str) -> Key:
    """A key of `atls_policy_per_hostname`; ValueError if no URL could match."""
    if not isinstance(text, str):
        raise TypeError(f"a policy's key must be a string, not {text!r}")
    for mark, what in (
        ("://", "a scheme"),
        ("/", "a path"),
        ("?", "a query"),
        ("#", "a fragment"),
        ("@", "a user name"),
        ("*", "a wildcard"),
        ("%", "an escape"),
    ):
        if mark in text:
            raise _bad(text, f"has {what}; write a host, or host:port")
    if not text or any(c.isspace() or not c.isprintable() for c in text):
        raise _bad(text, "is blank or has blanks in it; write a host, or host:port")
    host, port = _split(text)
    return Key(_key_host(text, host), port)


def _split(text: str) -> tuple[str, int | None]:
    if text.startswith("["):
        host, bracket, rest = text.partition("]")
        host += bracket
        if not bracket or (rest and not rest.startswith(":")):
            raise _bad(text, "is no address in brackets; write it as [::1]:8443")
        colon, port = rest[:1], rest[1:]
    elif text.count(":") > 1:
        raise _bad(text, "has an IPv6 address outside of brackets; write [::1]")
    else:
        host, colon, port = text.partition(":")
    if not colon:
        return host, None
    if not _PORT.fullmatch(port) or not 0 < int(port) < 65536:
        raise _bad(text, "has a port that is none; ports are 1 to 65535")
    return host, int(port)


def _key_host(text: str, host: str) -> str:
    try:
        raw = httpx.URL(f"https://{host}/").raw_host.decode("ascii")
    except httpx.InvalidURL as e:
        raise _bad(text, f"is no host ({e})") from None
    address = _literal(raw)
    if address is not None:
        return address
    name = raw[:-1] if raw.endswith(".") else raw
    meant = _as_ipv4(name)
    if meant is not None:
        raise _bad(text, f"is an odd spelling of an address; write {meant}")
    if len(name) > _HOST_MAX or not all(map(_LABEL.fullmatch, name.split("."))):
        raise _bad(text, "is no DNS name and no IP address")
    return name


def _bad(text: str, why: str) -> ValueError:
    return ValueError(f"the policy key {text!r} {why}")


def _literal(host: str) -> str | None:
    """The one spelling of an IP address, or None if it is a name."""
    try:
        return str(ipaddress.ip_address(host.rstrip(".")))
    except ValueError:
        return None


def _as_ipv4(host: str) -> str | None:
    """What the resolver makes of "127.1" or "2130706433": an address."""
    if not _NUMBERS.fullmatch(host):
        return None
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None


def _meant(host: str) -> str:
    """What somebody on the way (a resolver, a proxy) may take `host` for."""
    for _ in range(3):
        if "%" not in host:
            break
        host = urllib.parse.unquote(host)
    try:
        host = httpx.URL(scheme="https", host=host).raw_host.decode("ascii")
    except httpx.InvalidURL:
        host = host.lower()
    host = host.rstrip(".")
    bare = host.partition("%")[0]
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return _as_ipv4(host) or host
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def host_of(url: httpx.URL) -> str:
    """A URL's host as it is compared with keys."""
    return _compared(url.raw_host)


@functools.lru_cache(maxsize=256)  # asked several times in each request
def _compared(raw: bytes) -> str:
    text = raw.decode("ascii")
    return _literal(text) or text.rstrip(".")


class Policies(Generic[T]):
    """Entries by host and port."""

    def __init__(self, entries: Mapping[str, T]) -> None:
        self._entries: dict[str, dict[int | None, T]] = {}
        for text, entry in entries.items():
            key = parse_key(text)
            ports = self._entries.setdefault(key.host, {})
            if key.port in ports:
                raise _bad(text, f"stands there twice: as {key}")
            ports[key.port] = entry

    def __iter__(self) -> Iterator[T]:
        for ports in self._entries.values():
            yield from ports.values()

    def find(self, url: httpx.URL) -> T | None:
        """The entry for a URL; None if its host has no policy at all.

        AtlsVerificationError for what must not be sent: to a port that no
        policy covers, not over TLS, or to a host in a misleading spelling.
        """
        host = host_of(url)
        ports = self._entries.get(host)
        if ports is None:
            self._refuse_lookalike(host)
            return None
        if url.scheme not in _SECURE:
            raise AtlsVerificationError(
                f"{host} has a policy, and {url.scheme or 'no scheme'}:// cannot be "
                "attested: nothing was sent (next: use https://)",
                code="plain_http",
            )
        port = url.port or 443
        entry = ports.get(port, ports.get(None))
        if entry is None:
            known = ", ".join(str(p) for p in sorted(p or 0 for p in ports))
            raise AtlsVerificationError(
                f"{host} has policies for port {known} only, and the request is for "
                f"{port}: nothing was sent (next: add a policy for {Key(host, port)})",
                code="no_policy_for_port",
            )
        return entry

    def _refuse_lookalike(self, host: str) -> None:
        meant = _meant(host)
        if meant != host and meant in self._entries:
            raise AtlsVerificationError(
                f"{host!r} is another spelling of {meant}, which has a policy: "
                f"nothing was sent (next: write {Key(meant, None)})",
                code="ambiguous_host",
            )
