# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What a server is held to: a policy, and who is believed about it.

A `Trust` is bytes only. The objects of the core that it stands for are shared,
and made again in a child process.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import ssl
from collections.abc import Mapping
from typing import Any, NamedTuple

import certifi

from . import _core, _shared
from ._errors import AtlsVerificationError
from ._stream import Exchange, nonce, now

Verify = ssl.SSLContext | str | bool

_FILE_MAX = 8 * 1024 * 1024
# Names of certificates in a folder, as OpenSSL looks for them.
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")
_DEFAULT_SOURCES = (_core.SOURCE_PHALA, _core.SOURCE_INTEL)


class _Core(NamedTuple):
    policy: _core.Policy
    root: _core.Root
    roots: _core.Roots
    supply: _core.Supply


@dataclasses.dataclass(frozen=True)
class Trust:
    """Made by `read_trust`."""

    rules: bytes  # the policy, JSON
    compose: bytes | None  # content of its compose_file
    root: bytes | None  # its trusted_root; None: Intel's
    tls: bytes  # PEM; b"": names and chains are not checked
    ca: bytes | None  # its ca_file, PEM
    trust_env: bool

    def exchange(self, server: str) -> Exchange:
        """A session with the server of this name."""
        core = self.core()
        try:
            session = _core.Session(
                core.policy, core.root, core.roots, server, *now(), nonce()
            )
        except _core.AssayError as e:
            code, message = e.args
            raise AtlsVerificationError(f"{server}: {message}", code=code) from None
        return Exchange(session, core.supply, server)

    def core(self) -> _Core:
        return _shared.once(self, self._make)

    def _make(self) -> _Core:
        policy = _core.Policy(self.rules, self.compose)
        root = _core.Root(self.root)
        return _Core(policy, root, _core.Roots(self.tls), self._supply(policy, root))

    def _supply(self, policy: _core.Policy, root: _core.Root) -> _core.Supply:
        """Shared by all whose policies say the same."""
        sources = policy.sources or _DEFAULT_SOURCES
        rules = policy.to_json(True)

        def make() -> _core.Supply:
            supply = _core.Supply(
                policy,
                root,
                sources,
                policy.cache_collateral,
                _shared.Fetcher(self.ca, self.trust_env),
            )
            _shared.tell(supply)
            return supply

        return _shared.once(
            ("supply", rules, self.root, sources, self.ca, self.trust_env), make
        )


def read_trust(policy: Mapping[str, Any], verify: Verify, trust_env: bool) -> Trust:
    """Reads whatever the policy names. ValueError if it asks for nonsense, or if
    `verify` does not fit it; OSError for files."""
    if not isinstance(policy, Mapping):
        raise TypeError(f"a policy must be a dict, not {type(policy).__name__}")
    try:
        rules = json.dumps(dict(policy), ensure_ascii=False, allow_nan=False).encode()
    except TypeError as e:
        raise ValueError(f"the policy is not JSON: {e}") from None
    try:
        path = _core.policy_compose_file(rules)
        compose = None if path is None else _read(path)
        parsed = _core.Policy(rules, compose)
        ca = None if parsed.ca_file is None else _read_ca(parsed.ca_file)
        trust = Trust(
            rules=rules,
            compose=compose,
            root=_pem_or_file(parsed.trusted_root),
            tls=_tls(parsed, verify, trust_env, ca),
            ca=ca,
            trust_env=trust_env,
        )
        trust.core()
    except _core.AssayError as e:
        hint = getattr(e, "hint", "")
        raise ValueError(e.args[1] + (f" (next: {hint})" if hint else "")) from None
    return trust


def _tls(
    policy: _core.Policy, verify: Verify, trust_env: bool, ca: bytes | None
) -> bytes:
    """Whom TLS believes, PEM."""
    if policy.accepts_self_signed:
        return b""
    pem = _roots_of(verify, trust_env)
    if pem is None:
        raise ValueError(
            "verify=False and contexts that check nothing are for policies with "
            "accept_self_signed_certs; others need a certificate that is valid"
        )
    return pem + b"\n" + ca if ca else pem


def _roots_of(verify: Verify, trust_env: bool) -> bytes | None:
    """PEM of what httpx would believe; None if it would believe anybody."""
    if verify is False:
        return None
    if verify is True:
        file = trust_env and os.environ.get("SSL_CERT_FILE")
        folder = trust_env and os.environ.get("SSL_CERT_DIR")
        if not file and folder:
            return _read_folder(folder)
        return _read(file or certifi.where())
    if isinstance(verify, str):
        return _read_folder(verify) if os.path.isdir(verify) else _read(verify)
    if not isinstance(verify, ssl.SSLContext):
        raise TypeError(f"verify must be a bool, a path or an SSLContext: {verify!r}")
    if verify.verify_mode == ssl.CERT_NONE or not verify.check_hostname:
        return None
    ders = verify.get_ca_certs(binary_form=True)
    if not ders:
        raise ValueError(
            "the SSLContext given as verify has no CA certificates loaded (those of "
            "a folder are loaded when a chain asks for them): load a file, or give "
            "the path as verify"
        )
    return "".join(map(ssl.DER_cert_to_PEM_cert, ders)).encode("ascii")


def _pem_or_file(text: str | None) -> bytes | None:
    if text is None:
        return None
    return text.encode() if "-----BEGIN" in text else _read(text)


def _read(path: str) -> bytes:
    with open(path, "rb") as f:
        data = f.read(_FILE_MAX + 1)
    if len(data) > _FILE_MAX:
        raise ValueError(f"{path} has more than {_FILE_MAX} bytes")
    return data


def _read_ca(path: str) -> bytes:
    """Whom sources of collateral may have their certificates from."""
    pem = _read(path)
    try:
        _shared.add_roots(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), pem)
    except (ssl.SSLError, ValueError) as e:
        raise ValueError(f"ca_file {path}: {e}") from None
    return pem


def _read_folder(path: str) -> bytes:
    names = sorted(filter(_HASHED.fullmatch, os.listdir(path)))
    if not names:
        raise ValueError(
            f"{path} has no certificates under hashed names "
            "(next: run openssl rehash there)"
        )
    pem = b"\n".join(_read(os.path.join(path, name)) for name in names)
    if len(pem) > _FILE_MAX:
        raise ValueError(f"{path} has more than {_FILE_MAX} bytes of certificates")
    return pem
