# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests talk to: a simulated platform, assay-serve before an HTTP
backend, a server that cannot prove anything, and names that lead to them.

Programs are those of the environment's ASSAY_BIN (default build/bin of the
repository). Nothing leaves the machine: names that are not known here fail, and
those that are have addresses (RFC 5737) which exist in this process only.
"""

import base64
import gzip
import hashlib
import ipaddress
import json
import os
import pathlib
import secrets
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import backend
import harness
import test_sim
from backend import Backend
from harness import BIN, clean_environment
from test_sim import Sim

LIMIT_S = 30
HOST = "enclave.example.com"
OTHER = "other.example.com"  # cannot prove anything
UNICODE = "bücher.example.com"
NAMES = (HOST, OTHER, "host.com", UNICODE.encode("idna").decode(), "localhost")
COMPOSE = "services:\n  web:\n    image: registry.example.org/web@sha256:" + "42" * 32
# Stands for the script of dstack's hosts, whose text is not ours.
SCRIPT = "#!/bin/sh\necho prepared\n"
USER, PASSWORD = "alice", "wonderland"


def until(condition: Any, what: str) -> Any:
    """Waits for what has to become true."""
    end = time.monotonic() + LIMIT_S
    while not (found := condition()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.01)
    return found


class Authority:
    """A CA that only the tests believe, and one certificate for all names."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.root = folder / "ca.pem"
        self.certificate = folder / "cert.pem"
        self.key = folder / "key.pem"
        ca_key = folder / "ca-key.pem"
        names = [f"DNS:{name}" for name in NAMES] + ["IP:127.0.0.1", "IP:::1"]
        usage = "keyUsage=critical,keyCertSign"  # Python 3.13 insists
        self._make(self.root, ca_key, "/CN=CA of a test", ["-addext", usage])
        self._make(
            self.certificate,
            self.key,
            f"/CN={HOST}",
            ["-CA", str(self.root), "-CAkey", str(ca_key)]
            + ["-addext", f"subjectAltName={','.join(names)}"]
            + ["-addext", "basicConstraints=critical,CA:FALSE"],
        )

    def _make(
        self, out: pathlib.Path, key: pathlib.Path, subject: str, more: list[str]
    ) -> None:
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "30"]
        command += ["-pkeyopt", "ec_paramgen_curve:P-256", "-subj", subject]
        command += ["-keyout", str(key), "-out", str(out), *more]
        subprocess.run(command, check=True, capture_output=True)

    def believed(self) -> ssl.SSLContext:
        """For clients."""
        return ssl.create_default_context(cafile=self.root)


class Routes(backend.Handler):
    """The paths of tests/e2e/backend.py, and those that clients care about."""

    disable_nagle_algorithm = True  # heads and bodies are written one by one
    do_PATCH = backend.Handler.do

    def path_json(self) -> None:
        self.answer(200, b'{"answer": 42}', Content_Type="application/json")

    def path_missing(self) -> None:
        self.answer(404, b"nothing here")

    def path_close(self) -> None:
        self.close_connection = True
        self.answer(200, b"the last", Connection="close")

    def path_gzip(self) -> None:
        self.answer(200, gzip.compress(b"zipped"), Content_Encoding="gzip")

    def path_loop(self) -> None:
        self.answer(302, b"", Location=self.path)

    def path_onward(self) -> None:
        """A redirect to a redirect that leads to the other host."""
        onward = f"/redirect?302&https://{OTHER}/json"
        self.answer(302, b"", Location=onward)

    def path_tdx_quote(self) -> None:
        """It has no quotes; of one that is mute no answer until `go`."""
        b"".join(self.body())
        if self.server.mute:
            self.server.go.wait(LIMIT_S)
        self.answer(404, b"")

    def path_set_cookie(self) -> None:
        self.answer(200, b"", Set_Cookie="session=s3cr3t; Path=/; Secure; HttpOnly")

    def path_basic(self) -> None:
        want = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") == f"Basic {want}":
            return self.answer(200, b"welcome")
        self.answer(401, b"", WWW_Authenticate='Basic realm="test"')

    def path_digest(self) -> None:
        method, _, fields = self.headers.get("Authorization", "").partition(" ")
        b"".join(self.body())
        if method == "Digest" and self._right(
            urllib.request.parse_keqv_list(urllib.request.parse_http_list(fields))
        ):
            return self.answer(200, b"welcome")
        nonce = secrets.token_hex(16)
        self.server.nonces.add(nonce)
        challenge = f'Digest realm="test", nonce="{nonce}", qop="auth", '
        self.answer(401, b"", WWW_Authenticate=challenge + "algorithm=SHA-256")

    def _right(self, got: dict[str, str]) -> bool:
        """RFC 7616, 3.4.1, with qop=auth."""

        def digest(*parts: str) -> str:
            return hashlib.sha256(":".join(parts).encode()).hexdigest()

        want = digest(
            digest(USER, "test", PASSWORD),
            *(got[name] for name in ("nonce", "nc", "cnonce", "qop")),
            digest(self.command, self.path),
        )
        return got["nonce"] in self.server.nonces and got["response"] == want

    def path_upgrade(self) -> None:
        """Sends back what comes, in capitals."""
        self.close_connection = True
        self.raw(
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
            b"Upgrade: websocket\r\n\r\n"
        )
        while piece := self.rfile.read1(65536):
            self.raw(piece.upper())


class Web(Backend):
    """with Web() as web: ...; over TLS if there is an authority."""

    def __init__(self, authority: Authority | None = None) -> None:
        super().__init__()
        self.server.RequestHandlerClass = Routes
        self.server.nonces = set()
        self.server.mute = False
        self.port: int = self.server.server_address[1]
        if authority:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(authority.certificate, authority.key)
            self.server.socket = context.wrap_socket(
                self.server.socket,
                server_side=True,
                do_handshake_on_connect=False,  # in the thread of the connection
            )

    def reset(self) -> None:
        self.seen.clear()
        self.go.clear()
        self.server.mute = False

    def mute(self) -> None:
        """Requests for quotes get no answer until `go`."""
        self.server.mute = True

    def fields(self, index: int = -1) -> dict[str, str]:
        """Of one request that came."""
        return {name.lower(): value for name, value in self.seen[index][2]}


class Serve:
    """assay-serve with quotes of a simulator."""

    count = 0

    def __init__(
        self,
        sim: Sim,
        authority: Authority,
        backend_address: str,
        *options: str,
        listen: str = "127.0.0.1:0",
    ) -> None:
        Serve.count += 1
        self._killed = False
        stem = harness.SCRATCH / f"python-serve{Serve.count}"
        self._ready = stem.with_suffix(".json")
        self._log = stem.with_suffix(".log")
        # All of a test's clients are one address, which may have a quarter of
        # the places of those that wait for a quote.
        self._command = [str(BIN / "assay-serve"), "--verbose"]
        self._command += ["--quote-rate", "0", "--max-quotes", "1000"]
        self._command += ["--listen", listen, "--backend", backend_address]
        self._command += ["--cert", str(authority.certificate)]
        self._command += ["--key", str(authority.key), "--workers", "1"]
        self._command += ["--quotes", f"dstack:{sim.ready['guest']}"]
        self._command += ["--ready-file", str(self._ready), *options]

    def __enter__(self) -> "Serve":
        with open(self._log, "wb") as log:
            self.process = subprocess.Popen(
                self._command, stderr=log, env=clean_environment()
            )

        def ready() -> bool:
            assert self.process.poll() is None, self.log
            return self._ready.exists()

        until(ready, "assay-serve")
        address = json.loads(self._ready.read_text())["address"]
        self.port = int(address.rpartition(":")[2])
        return self

    def __exit__(self, *unused: object) -> None:
        self.stop()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._killed = True

    def stop(self) -> None:
        if self._killed:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        assert code == 0, f"exit {code}: {self.log[-2000:]}"

    @property
    def log(self) -> str:
        return self._log.read_text()

    def lines(self, needle: str) -> int:
        """Of the log that have this."""
        return sum(needle in line for line in self.log.splitlines())


class Names:
    """Leads (name, port) to servers on loopback, and remembers who asked.

    socket.getaddrinfo is replaced, which httpcore's synchronous backend, asyncio
    and trio all use; and so is socket.socket.connect, since only that can lead
    port 443 to another one. Other names than those of the table are unknown.
    """

    def __init__(self) -> None:
        self._lookup = socket.getaddrinfo
        self._connect = socket.socket.connect
        self._lock = threading.Lock()
        self._names: list[str] = []
        self._ports: dict[tuple[str, int], int] = {}
        self.connections: list[tuple[str, int]] = []

    def add(self, name: str, port: int, real: int) -> None:
        """https://name:port leads to the port `real` of 127.0.0.1."""
        if name not in self._names:
            self._names.append(name)
        self._ports[name, port] = real

    def count(self, name: str, port: int = 443) -> int:
        """Of connections that were begun."""
        with self._lock:
            return self.connections.count((name, port))

    def getaddrinfo(
        self, host: Any, port: Any, family: int = 0, *more: Any, **named: Any
    ) -> list[Any]:
        name = host.decode() if isinstance(host, bytes) else host
        name = name.rstrip(".") if name else name
        if name in self._names:
            address = f"192.0.2.{1 + self._names.index(name)}"
            sockaddr = (address, int(port or 0))
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", sockaddr)]
        if name not in (None, "", "localhost"):
            try:
                ipaddress.ip_address(name)
            except ValueError:
                raise socket.gaierror(
                    socket.EAI_NONAME, f"{name} is not a name of the tests"
                ) from None
        return self._lookup(host, port, family, *more, **named)

    def connect(self, sock: socket.socket, address: Any) -> None:
        if sock.family != socket.AF_INET or not address[0].startswith("192.0.2."):
            return self._connect(sock, address)
        name = self._names[int(address[0].rpartition(".")[2]) - 1]
        with self._lock:
            self.connections.append((name, address[1]))
        if (name, address[1]) not in self._ports:
            raise ConnectionRefusedError(f"nobody listens at {name}:{address[1]}")
        return self._connect(sock, ("127.0.0.1", self._ports[name, address[1]]))

    def patched(self, monkeypatch: Any) -> "Names":
        names = self  # a method of the socket needs a function

        def connect(sock: socket.socket, address: Any) -> None:
            return names.connect(sock, address)

        monkeypatch.setattr(socket, "getaddrinfo", self.getaddrinfo)
        monkeypatch.setattr(socket.socket, "connect", connect)
        return self


class Enclave:
    """The platform, its server and the policy that it fulfils."""

    def __init__(self, sim: Sim, serve: Serve, web: Web, authority: Authority) -> None:
        self.sim = sim
        self.serve = serve
        self.web = web
        self.authority = authority

    @property
    def measurements(self) -> dict[str, str]:
        """mrtd, rtmr0, ... as of now."""
        found: dict[str, str] = self.sim.ready["measurements"]
        return found

    @property
    def os_image_hash(self) -> str:
        found: str = self.sim.ready["os_image_hash"]
        return found

    @property
    def pccs(self) -> str:
        found: str = self.sim.ready["pccs"]
        return found

    @property
    def root(self) -> pathlib.Path:
        return self.sim.folder / "root.pem"

    def policy(self, **changes: Any) -> dict[str, Any]:
        """The one that the simulator wrote, with the name of the TLS certificate
        checked; None as a value takes a member out."""
        policy = json.loads((self.sim.folder / "policy.json").read_text())
        del policy["accept_self_signed_certs"]
        del policy["cache_collateral"]
        return {k: v for k, v in {**policy, **changes}.items() if v is not None}

    def wrong_policy(self) -> dict[str, Any]:
        """Another image: this platform is not what it asks for."""
        return self.policy(os_image_hash="00" * 32)


def app_compose() -> dict[str, Any]:
    """What the simulated TD runs: the defaults, but for two texts."""
    from atlas.policy import merge_with_default_app_compose

    return merge_with_default_app_compose(
        {"docker_compose_file": COMPOSE, "pre_launch_script": SCRIPT}
    )


def simulator() -> Sim:
    """On the clock of the system, with fresh keys."""
    compose = harness.write(
        "python-app-compose.json",
        json.dumps(app_compose(), indent=4),  # as dstack's own tools write it
    )
    return Sim("--app-compose", str(compose), seed=None, now=None)


def missing() -> list[str]:
    """Programs that are not built."""
    wanted = (BIN / "assay-serve", test_sim.SIM)
    return [str(program) for program in wanted if not program.exists()]


def private_environment() -> Iterator[tuple[str, str | None]]:
    """Settings (None: none) that keep the tests from the caches, proxies and
    roots of whoever runs them."""
    for name in os.environ:
        if name.lower().endswith("_proxy") or name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
            yield name, None
    yield "HOME", str(harness.SCRATCH)
    yield "XDG_CACHE_HOME", str(harness.SCRATCH / "cache")
    yield "XDG_STATE_HOME", str(harness.SCRATCH / "state")
