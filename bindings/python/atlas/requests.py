# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""requests over attested TLS.

    session = atlas.requests.Session({"enclave.example.com": policy})
    session.get("https://enclave.example.com/").attestation

`Session` is a `requests.Session` with an `AtlsAdapter` for all URLs. With a
session of another kind, mount the adapter for both schemes: under a host's name
alone, requests would find other ways to that host.

    session.mount("https://", adapter)
    session.mount("http://", adapter)

Connections to hosts with a policy are those of `atlas.httpx`. What they do not
have: retries, client certificates, and a `response.raw` of urllib3 (it has
`read`, `stream` and `close`).
"""

from __future__ import annotations

import copy
import http.client
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn

import httpx
import requests.adapters
import requests.exceptions
import requests.utils
import urllib3

from ._attested import PolicyTransport
from ._errors import AtlsVerificationError
from ._hosts import Policies, host_of
from ._proxies import with_scheme
from ._trust import Trust, read_trust

_PIECE = 64 * 1024
# requests hands the hooks of a request on to the one that a redirect leads to.
_CAME_FROM = "atlas.attested_host"


class VerificationError(  # type: ignore[misc]  # both have a `request`
    AtlsVerificationError, requests.exceptions.SSLError
):
    """An AtlsVerificationError that is an error of requests, too."""


class AtlsAdapter(requests.adapters.HTTPAdapter):
    """Sends to hosts with a policy over attested TLS only, and to all others as
    requests does. Arguments are those of `atlas.httpx.Client` and, behind them,
    those of `requests.adapters.HTTPAdapter` for the other hosts."""

    def __init__(
        self,
        atls_policy_per_hostname: Mapping[str, Mapping[str, Any]],
        *,
        allow_unattested_redirects: bool = False,
        limits: httpx.Limits | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._allow = allow_unattested_redirects
        self._limits = limits
        self._trust: dict[tuple[int, Any], Trust] = {}
        self._made: dict[tuple[Trust, str | None], PolicyTransport] = {}
        self._policies = Policies(
            {
                key: copy.deepcopy(dict(of))  # it may be read again
                for key, of in atls_policy_per_hostname.items()
            }
        )
        for policy in self._policies:  # what is wrong with one shows here
            self._trusted(policy, True)

    def covers(self, url: str) -> bool:
        """There is a policy for this URL, or a reason to refuse it."""
        try:
            return self._find(url) is not None
        except (AtlsVerificationError, httpx.InvalidURL):
            return True

    def _find(self, text: str) -> dict[str, Any] | None:
        """The policy for a URL. Where there is none, urllib3 reads it next, and
        must see the same host."""
        url = httpx.URL(text)
        policy = self._policies.find(url)
        if policy is None:
            host = urllib3.util.parse_url(text).host or ""
            if host_of(httpx.URL(scheme="https", host=host)) != host_of(url):
                raise AtlsVerificationError(
                    f"{text!r} can be read in several ways: nothing was sent",
                    code="ambiguous_host",
                )
        return policy

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        with _as_requests(request):
            text = request.url or ""
            url = httpx.URL(text)
            policy = self._find(text)
            if policy is None:
                self._refuse_redirect(request, url)
        if policy is None:
            return super().send(request, stream, timeout, verify, cert, proxies)
        if cert:
            raise ValueError("attested sessions show no client certificate")
        request.hooks = {**request.hooks, _CAME_FROM: [host_of(url)]}
        trust = self._trusted(policy, verify)
        with _as_requests(request):
            transport = self._transport(trust, _proxy_for(text, proxies))
            answer = transport.handle_request(_asked(request, url, timeout))
        raw: Any = _Raw(answer, request)
        response: Any = self.build_response(request, raw)
        response.attestation = answer.extensions["attestation"]
        return response  # type: ignore[no-any-return]

    def _refuse_redirect(
        self, request: requests.PreparedRequest, url: httpx.URL
    ) -> None:
        came_from = request.hooks.get(_CAME_FROM)
        if came_from and not self._allow:
            raise AtlsVerificationError(
                f"{came_from[0]}, which has a policy, redirects to "
                f"{host_of(url) or url}, which has none: nothing was sent (next: give "
                "it a policy, or set allow_unattested_redirects=True)",
                code="unattested_redirect",
            )

    def _trusted(self, policy: dict[str, Any], verify: Any) -> Trust:
        key = (id(policy), verify)
        found = self._trust.get(key)
        if found is None:
            found = self._trust.setdefault(key, read_trust(policy, verify, True))
        return found

    def _transport(self, trust: Trust, proxy: str | None) -> PolicyTransport:
        key = (trust, proxy)
        found = self._made.get(key)
        if found is None:  # of several threads' the first counts
            made = PolicyTransport(trust, proxy=proxy, limits=self._limits)
            found = self._made.setdefault(key, made)
        return found

    def __getstate__(self) -> NoReturn:
        raise TypeError("an AtlsAdapter is not copied or pickled: make another one")

    def close(self) -> None:
        made, self._made = self._made, {}
        for transport in made.values():
            transport.close()
        super().close()


class Session(requests.Session):
    """A `requests.Session` that sends to hosts with a policy over attested TLS
    only, whatever else is mounted."""

    def __init__(
        self,
        atls_policy_per_hostname: Mapping[str, Mapping[str, Any]],
        *,
        allow_unattested_redirects: bool = False,
    ) -> None:
        super().__init__()
        self._attested = AtlsAdapter(
            atls_policy_per_hostname,
            allow_unattested_redirects=allow_unattested_redirects,
        )
        self.mount("https://", self._attested)
        self.mount("http://", self._attested)

    def __getstate__(self) -> NoReturn:
        raise TypeError(
            "an attested Session is not copied or pickled: make another one"
        )

    def get_adapter(self, url: str) -> requests.adapters.BaseAdapter:
        if self._attested.covers(url):
            return self._attested
        return super().get_adapter(url)


# --- there ------------------------------------------------------------------


def _proxy_for(url: str, proxies: Any) -> str | None:
    proxy = requests.utils.select_proxy(url, proxies or {})
    return with_scheme(proxy) if proxy else None


def _asked(
    request: requests.PreparedRequest, url: httpx.URL, timeout: Any
) -> httpx.Request:
    headers = httpx.Headers(list(request.headers.items()))
    headers.setdefault("Host", url.netloc.decode("ascii"))
    return httpx.Request(
        request.method or "GET",
        url,
        headers=headers,
        stream=_Upload(_body(request)),
        extensions={"timeout": _timeout(timeout)},
    )


def _body(request: requests.PreparedRequest) -> Any:
    body: Any = request.body
    if isinstance(body, str):
        # By the version of urllib3, requests counts the octets of one or the other.
        utf8 = body.encode("utf-8")
        counted = request.headers.get("Content-Length")
        return utf8 if counted == str(len(utf8)) else body.encode("latin-1")
    return body


def _timeout(given: Any) -> dict[str, float | None]:
    if isinstance(given, tuple):
        connect, read = given
    elif given is None or isinstance(given, (int, float)):
        connect = read = given
    else:  # a Timeout of urllib3
        connect, read = given.connect_timeout, given.read_timeout
    return {"connect": connect, "read": read, "write": read, "pool": connect}


class _Upload(httpx.SyncByteStream):
    """A body in any of the forms that requests takes."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        body = self._body
        if hasattr(body, "read"):
            yield from map(
                _octets, iter(lambda: body.read(_PIECE), type(body.read(0))())
            )
        elif isinstance(body, (bytes, bytearray)):
            yield bytes(body)
        elif body is not None:
            yield from map(_octets, body)


def _octets(piece: Any) -> bytes:
    return piece.encode("utf-8") if isinstance(piece, str) else bytes(piece)


# --- and back ---------------------------------------------------------------


class _Head:
    """As much of a response of http.client as the cookie jar looks at."""

    def __init__(self, headers: httpx.Headers) -> None:
        self.msg = http.client.HTTPMessage()
        for name, value in headers.multi_items():
            self.msg.add_header(name, value)


class _Raw:
    """As much of a response of urllib3 as requests uses."""

    def __init__(
        self, response: httpx.Response, request: requests.PreparedRequest
    ) -> None:
        self._response = response
        self._request = request
        self._pieces: Iterator[bytes] | None = None
        self._rest = b""
        self._original_response = _Head(response.headers)
        self.status = response.status_code
        self.reason = response.reason_phrase
        self.headers = dict(response.headers)  # several of a name become one
        self.version = 11

    def stream(
        self, amt: int | None = _PIECE, decode_content: bool = True
    ) -> Iterator[bytes]:
        """Pieces as they come, none longer than `amt`."""
        with _as_requests(self._request, _BODY):
            for piece in self._all(decode_content):
                at = 0
                while at < len(piece):
                    yield piece[at : at + (amt or len(piece))]
                    at += amt or len(piece)

    def read(self, amt: int | None = None, decode_content: bool = False) -> bytes:
        """So many octets, fewer at the end only."""
        if self._pieces is None:
            self._pieces = self.stream(None, decode_content)
        got = [self._rest]
        have = len(self._rest)
        while amt is None or have < amt:
            piece = next(self._pieces, b"")
            if not piece:
                break
            got.append(piece)
            have += len(piece)
        data = b"".join(got)
        cut = have if amt is None else amt
        self._rest = data[cut:]
        return data[:cut]

    def _all(self, decode_content: bool) -> Iterable[bytes]:
        if decode_content:
            return self._response.iter_bytes()
        return self._response.iter_raw()

    def close(self) -> None:
        self._response.close()

    release_conn = close


# --- errors -----------------------------------------------------------------

_E = requests.exceptions
_HEAD: tuple[tuple[type[Exception], type[Exception]], ...] = (
    (httpx.ConnectTimeout, _E.ConnectTimeout),
    (httpx.PoolTimeout, _E.ConnectTimeout),
    (httpx.TimeoutException, _E.ReadTimeout),
    (httpx.ProxyError, _E.ProxyError),
    (httpx.TransportError, _E.ConnectionError),
    (httpx.InvalidURL, _E.InvalidURL),
)
# As requests has it for what happens amid a body.
_BODY: tuple[tuple[type[Exception], type[Exception]], ...] = (
    (httpx.RemoteProtocolError, _E.ChunkedEncodingError),
    (httpx.ReadError, _E.ChunkedEncodingError),
    (httpx.DecodingError, _E.ContentDecodingError),
    (httpx.StreamError, _E.StreamConsumedError),
    (httpx.TransportError, _E.ConnectionError),
)


class _as_requests:
    """Within it, errors become those of requests."""

    def __init__(
        self,
        request: requests.PreparedRequest,
        table: tuple[tuple[type[Exception], type[Exception]], ...] = _HEAD,
    ) -> None:
        self._request = request
        self._table = table

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, AtlsVerificationError):
            found = VerificationError(
                str(error), code=error.code, verdict=error.verdict
            )
            found.request = self._request  # type: ignore[assignment]
            raise found from error
        for theirs, ours in self._table:
            if isinstance(error, theirs):
                raise ours(str(error), request=self._request) from error  # type: ignore[call-arg]
