# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The core in C: bytes in and out, no sockets.

Sessions belong to one thread at a time: whoever uses one while another thread is
inside of its appraise() gets RuntimeError. All else may be shared. Nothing can be
subclassed, copied or pickled. Anything may raise MemoryError.
"""

from collections.abc import Callable

VERSION: str
NONCE_BYTES: int
SOURCE_PHALA: str
SOURCE_INTEL: str
COMPOSE_DEFAULT: bytes  # JSON of the default app-compose

class AssayError(Exception):
    """What could not be done, args (code, message); `hint` says what to try. One
    that Python makes has no more than its args.

    Codes are those of assay/error.h: "network", "timeout", "tls",
    "not_trusted", "invalid", ...
    """

    code: str
    message: str
    hint: str

def after_fork() -> None:
    """In a child process: objects that are made from now on share nothing with
    those from before, which are not to be used any more."""

def compose_merge(user: bytes, /) -> bytes:
    """The members of a JSON object in the place of the default app-compose's, as
    compact JSON. AssayError if it is no such object."""

class Policy:
    """An appraisal policy, immutable. AssayError where it, or the content of its
    compose_file, cannot be read."""

    def __new__(cls, json: bytes, compose_file: bytes | None = None, /) -> Policy: ...
    accepts_self_signed: bool
    sources: tuple[str, ...]  # of collateral; "" is Intel's PCS
    cache_collateral: bool
    trusted_root: str | None  # PEM text or a path
    ca_file: str | None
    def to_json(self, every_member: bool = False, /) -> bytes:
        """The members it was given; or all there are, with their defaults."""

def policy_compose_file(json: bytes, /) -> str | None:
    """The path that a policy names as compose_file: its content goes into
    Policy()."""

class Root:
    """The trust anchor of quotes."""

    def __new__(cls, certificate: bytes | None = None, /) -> Root:
        """None: Intel's. Else one certificate, PEM or DER; AssayError if it is
        none."""

class Roots:
    """Whom TLS believes: certificates in PEM, or b"": nobody. AssayError for a
    text without any."""

    def __new__(cls, pem: bytes, /) -> Roots: ...

class Collateral:
    """Endorsements that were found; immutable."""

class Supply:
    """Collateral from memory, disk and sources, for one policy's rules.

    fetch(url, max_body) answers one GET with (header lines, body) after status
    200, or raises AssayError ("network", "timeout", "not_found", "too_large"),
    the message beginning with the URL; what else it raises, search() raises. It
    is called from search() only, in that thread, and must not call that again.
    """

    def __new__(
        cls,
        policy: Policy,
        root: Root,
        sources: tuple[str, ...],
        use_cache: bool,
        fetch: Callable[[str, int], tuple[bytes, bytes]],
        /,
    ) -> Supply: ...
    def have(self, need: tuple[bool, str, str], wall: int, /) -> Collateral | None:
        """From memory; never waits."""
    def search(
        self,
        need: tuple[bool, str, str],
        quote: bytes,
        stapled: bytes,
        wall: int,
        patience: float = ...,  # seconds that `fetch` may take each time
        /,
    ) -> Collateral:
        """From what was stapled, else memory, disk or sources. Blocks, without
        the GIL: one thread searches at a time, and others wait however long it
        takes. One that fails has failed for those, too, who have waited for it and
        whose patience is not greater. AssayError if there is none, or if `quote`
        cannot be read."""
    note: str  # what did not work and did not matter, last; or ""

class Session:
    """The client's end of one attested TLS 1.3 connection, without I/O.

    State: "handshake", "quote", "need_collateral", "appraise",
    "need_evidence", "evidence", "open", "raw", "closed", "failed".
    """

    def __new__(
        cls,
        policy: Policy,
        root: Root,
        roots: Roots,
        server_name: str,
        wall: int,  # Unix seconds
        mono: int,  # milliseconds of a clock that only goes forward
        nonce: bytes,  # NONCE_BYTES random octets, used once
        /,
    ) -> Session: ...
    state: str
    peer_failed: bool  # failed: the server did not prove itself
    truncated: bool  # closed or failed without TLS's goodbye
    idle: bool  # open or raw, and nothing to be read
    need: tuple[bool, str, str] | None  # of the quote: is it TDX, FMSPC, CA
    quote: bytes  # raw; b"" until there is one
    stapled: bytes  # the bundle that came with it, or b""
    def receive(self, data: bytes, /) -> None:
        """Bytes from the network. AssayError once it failed. MemoryError for more
        than 17 MiB that nobody reads."""
    def output(self) -> bytes:
        """All bytes for the network: to be sent, even after a failure."""
    def eof(self) -> None:
        """The network brings no more."""
    def abort(self, code: str, message: str, /) -> None:
        """The caller's own trouble, as an AssayError has it: fails for good."""
    def supply(self, collateral: Collateral, supply: Supply, wall: int, /) -> None:
        """In "need_collateral" and "appraise"."""
    def appraise(self, wall: int, mono: int, /) -> None:
        """In "appraise"; without the GIL. AssayError "not_trusted"."""
    def reattest(self, wall: int, mono: int, nonce: bytes, /) -> None:
        """In "open", between messages, all plaintext read."""
    def begin(self, wall: int, mono: int, /) -> bool:
        """A message begins, and the one before ends. False: evidence is due,
        reattest() first."""
    def write(self, data: bytes, offset: int, /) -> int:
        """Takes some of data from offset on; how many octets. Send output()
        before the next."""
    def switch(self) -> None:
        """Behind the head of a 101: octets both ways from here on."""
    def read(self, max_bytes: int, /) -> bytes:
        """Plaintext that waits, all of it if max_bytes < 0; b"" if none does."""
    def close(self) -> None:
        """Says goodbye; output() has it."""
    def verdict(self) -> bytes | None:
        """The last verdict as JSON (docs/verdict.md)."""
    def evidence(self) -> bytes:
        """What was appraised last, as a bundle (assay-evidence/1). AssayError if
        nothing was, or if other evidence was asked for since."""
