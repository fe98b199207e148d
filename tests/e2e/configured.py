# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-serve with a file of settings, for the tests of how it is operated."""
import hashlib
import signal
import socket
import ssl
import subprocess
import sys
import time

import harness
import test_serve
from harness import SCRATCH, clean_environment
from test_serve import LIMIT_S, SERVE, Client, Serve
from test_sim import SIM, Sim


def certificate(name, *names, folder=SCRATCH):
    """Files of a fresh certificate for these names, and its SHA-256."""
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
         "-addext", "subjectAltName=" + ",".join(f"DNS:{n}" for n in names),
         "-days", "2", "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True, timeout=LIMIT_S)
    der = ssl.PEM_cert_to_DER_cert(cert.read_text())
    return cert, key, hashlib.sha256(der).hexdigest()


def shown(port, name):
    """SHA-256 of the certificate that a client who asks for `name` is shown."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), LIMIT_S) as plain:
        with context.wrap_socket(plain, server_hostname=name) as tls:
            return hashlib.sha256(tls.getpeercert(True)).hexdigest()


class Configured(Serve):
    """with Configured(backend, text) as serve: settings from a file."""

    def __init__(self, backend, text, *options):
        super().__init__(backend)
        self.config = self.folder / "serve.toml"
        self.backend = self.command[self.command.index("--backend") + 1]
        self.quotes = self.command[self.command.index("--quotes") + 1]
        self.rewrite(text)
        self.command = [
            str(SERVE), "--config", str(self.config), "--ready-file",
            str(self.ready_file), *options]

    def rewrite(self, text, backend=None):
        self.config.write_text(
            f'listen = "127.0.0.1:0"\nbackend = "{backend or self.backend}"\n'
            f'quotes = "{self.quotes}"\n' + text)

    def reload(self, needle="info: reloaded"):
        """SIGHUP, and the line that tells how it went."""
        before = self.log.count(needle)
        self.process.send_signal(signal.SIGHUP)
        until = time.monotonic() + LIMIT_S
        while self.log.count(needle) == before:
            assert self.process.poll() is None, self.log
            assert time.monotonic() < until, self.log
            time.sleep(0.01)
        return [x for x in self.log.splitlines() if needle in x][-1]

    def client(self):
        return Client(self)


def start(case, serve, **options):
    """Without waiting for it; it does not outlive the test."""
    with open(serve.log_file, "wb") as log:
        serve.process = subprocess.Popen(serve.command, stderr=log,
                                         env=clean_environment(), **options)
    case.addCleanup(serve.process.wait)
    case.addCleanup(serve.process.kill)


SELF = 'self-signed = ["localhost"]\n'


def with_ca(serve, text=""):
    """A self-signed certificate whose chain the client believes."""
    serve.rewrite(SELF + f'cert-out = "{serve.ca}"\n' + text)
    return serve


def wait_for(backend, count, path):
    """Until the backend has seen so many requests for it."""
    until = time.monotonic() + LIMIT_S
    while len([s for s in backend.seen if s[1] == path]) < count:
        assert time.monotonic() < until, backend.seen
        time.sleep(0.01)


def main():
    for program in (SERVE, SIM):
        if not program.exists():
            print(f"SKIPPED everything: {program} is not there")
            sys.exit(77)
    with Sim(now=None) as simulator:
        test_serve.SIMULATOR = simulator
        harness.main()
