# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Policy keys, and the URLs that fall under them."""

import httpx
import pytest

from atlas._errors import AtlsVerificationError
from atlas._hosts import Policies, parse_key

KEYS = [
    ("enclave.example.com", "enclave.example.com", None),
    ("Enclave.EXAMPLE.com", "enclave.example.com", None),
    ("enclave.example.com.", "enclave.example.com", None),
    ("enclave.example.com:443", "enclave.example.com", 443),
    ("enclave.example.com.:8443", "enclave.example.com", 8443),
    ("bücher.example", "xn--bcher-kva.example", None),
    ("XN--BCHER-KVA.example", "xn--bcher-kva.example", None),
    ("my_service", "my_service", None),
    ("localhost:1", "localhost", 1),
    ("localhost:65535", "localhost", 65535),
    ("127.0.0.1", "127.0.0.1", None),
    ("127.0.0.1:8443", "127.0.0.1", 8443),
    ("[::1]", "::1", None),
    ("[::1]:8443", "::1", 8443),
    ("[0:0:0:0:0:0:0:1]", "::1", None),
    ("[2001:DB8::A]", "2001:db8::a", None),
    ("a" * 63 + ".example", "a" * 63 + ".example", None),
]

NO_KEYS = [
    "",
    " ",
    " enclave.example.com",
    "enclave.example.com ",
    "enclave example",
    "enclave.example.com\n",
    "enclave\x00.example",
    "https://enclave.example.com",
    "enclave.example.com/",
    "enclave.example.com/path",
    "enclave.example.com?a",
    "enclave.example.com#a",
    "user@enclave.example.com",
    "*",
    "*.example.com",
    "enclave%2eexample.com",
    "enclave..example.com",
    ".example.com",
    ".",
    "enclave.example.com..",
    "-a.example",
    "a-.example",
    "a$b.example",
    "a" * 64 + ".example",
    ".".join(["a" * 49] * 6),
    "enclave.example.com:",
    "enclave.example.com:0",
    "enclave.example.com:65536",
    "enclave.example.com:-1",
    "enclave.example.com:+1",
    "enclave.example.com:https",
    "enclave.example.com:١",
    "enclave.example.com:1:2",
    ":443",
    "::1",
    "[::1",
    "[::1]443",
    "[::1]:",
    "[fe80::1%eth0]",
    "[enclave.example.com]",
    "127.1",
    "2130706433",
    "0x7f.0.0.1",
    "127.0.0.256",
    "xn--a.example\u0080",
    "ｅnclave.example",
]


@pytest.mark.parametrize(("text", "host", "port"), KEYS)
def test_a_key_is_normalised_as_httpx_does(text, host, port):
    assert parse_key(text) == (host, port)


@pytest.mark.parametrize("text", NO_KEYS)
def test_a_key_that_could_never_match_is_refused(text):
    with pytest.raises(ValueError, match="policy key"):
        parse_key(text)


def test_a_key_is_a_string():
    with pytest.raises(TypeError):
        parse_key(b"enclave.example.com")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("enclave.example.com", "ENCLAVE.example.com"),
        ("enclave.example.com", "enclave.example.com."),
        ("a.example:443", "A.example:443"),
        ("[::1]:1", "[0::1]:1"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_two_keys_that_are_one_are_refused(one, other):
    with pytest.raises(ValueError, match="twice"):
        Policies({one: 1, other: 2})


TABLE = {
    "enclave.example.com": "name",
    "ports.example:8443": "8443",
    "ports.example:443": "443",
    "mixed.example": "any",
    "mixed.example:9": "nine",
    "bücher.example": "idna",
    "127.0.0.1": "v4",
    "[::1]:8443": "v6",
    "[2001:db8::1]": "v6 name",
}

FOUND = [
    ("https://enclave.example.com", "name"),
    ("https://enclave.example.com/path?q#f", "name"),
    ("https://ENCLAVE.example.COM/", "name"),
    ("HTTPS://enclave.example.com/", "name"),
    ("https://enclave.example.com./", "name"),
    ("https://enclave.example.com../", "name"),
    ("https://enclave.example.com:443/", "name"),
    ("https://enclave.example.com:8443/", "name"),
    ("https://user:secret@enclave.example.com/", "name"),
    ("https://evil.example@enclave.example.com/", "name"),
    ("https://enclave。example.com/é", "name"),
    ("wss://enclave.example.com/", "name"),
    ("https://ports.example/", "443"),
    ("wss://ports.example/", "443"),
    ("https://ports.example:443/", "443"),
    ("https://ports.example.:8443/", "8443"),
    ("https://mixed.example/", "any"),
    ("https://mixed.example:10/", "any"),
    ("https://mixed.example:9/", "nine"),
    ("https://BÜCHER.example/", "idna"),
    ("https://xn--bcher-kva.example/", "idna"),
    ("https://Xn--Bcher-Kva.example./", "idna"),
    ("https://127.0.0.1/", "v4"),
    ("https://127.0.0.1.:9/", "v4"),
    ("https://[::1]:8443/", "v6"),
    ("https://[0:0:0:0:0:0:0:1]:8443/", "v6"),
    ("https://[2001:0DB8:0:0::1]/", "v6 name"),
    ("https://example.com/", None),
    ("http://example.com/", None),
    ("https://enclave.example.com.evil.example/", None),
    ("https://enclave.example.com@evil.example/", None),
    ("https://evil.example/enclave.example.com", None),
    ("https://sub.enclave.example.com/", None),
    ("https://enclave.example/", None),
    ("https://127.0.0.2/", None),
    ("https://127.2/", None),
    ("https://[::2]:8443/", None),
    ("https://bucher.example/", None),
]


@pytest.mark.parametrize(("url", "entry"), FOUND)
def test_a_url_finds_its_policy(url, entry):
    assert Policies(TABLE).find(httpx.URL(url)) == entry


REFUSED = [
    ("http://enclave.example.com/", "plain_http"),
    ("http://enclave.example.com:443/", "plain_http"),
    ("http://Enclave.Example.com./", "plain_http"),
    ("ws://enclave.example.com/", "plain_http"),
    ("ftp://enclave.example.com/", "plain_http"),
    ("//enclave.example.com/", "plain_http"),
    ("http://ports.example/", "plain_http"),
    ("http://ports.example:1/", "plain_http"),
    ("https://ports.example:444/", "no_policy_for_port"),
    ("https://ports.example.:1/", "no_policy_for_port"),
    ("https://[::1]/", "no_policy_for_port"),
    ("https://127.1/", "ambiguous_host"),
    ("https://127.0.1:8/", "ambiguous_host"),
    ("https://2130706433/", "ambiguous_host"),
    ("https://0x7f000001/", "ambiguous_host"),
    ("https://0X7F.1/", "ambiguous_host"),
    ("http://127.1/", "ambiguous_host"),
    ("https://127.1./", "ambiguous_host"),
    ("https://[::ffff:127.0.0.1]/", "ambiguous_host"),
    ("https://[::ffff:7f00:1]/", "ambiguous_host"),
    ("https://[2001:db8::1%eth0]/", "ambiguous_host"),
    ("https://%65nclave.example.com/", "ambiguous_host"),
    ("https://enclave%2eexample.com/", "ambiguous_host"),
    ("https://enclave.example.com%2e/", "ambiguous_host"),
    ("https://%2565nclave.example.com/", "ambiguous_host"),
    ("https://b%C3%BCcher.example/", "ambiguous_host"),
]


@pytest.mark.parametrize(("url", "code"), REFUSED)
def test_what_looks_like_a_host_with_a_policy_is_refused(url, code):
    with pytest.raises(AtlsVerificationError) as caught:
        Policies(TABLE).find(httpx.URL(url))
    assert caught.value.code == code
    assert caught.value.checks == [] and caught.value.verdict is None
    assert "nothing was sent" in str(caught.value)


def test_all_entries_are_there():
    assert sorted(Policies(TABLE)) == sorted(TABLE.values())
