# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-js in Node over TCP: 64 MiB, many requests, restarts and attackers. The
scripts are tests/e2e/js/tcp_*.test.mjs."""
import subprocess

import js_peer
from harness import SCRATCH


def certificate():
    """An attacker's own, for the server's name."""
    cert, key = SCRATCH / "impostor.pem", SCRATCH / "impostor.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "30",
         "-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key),
         "-out", str(cert)], check=True, capture_output=True)
    return {"cert": cert.read_text(), "key": key.read_text()}


def without(command, *names):
    """The command, but for these options and their values."""
    rest = list(command)
    for name in names:
        at = rest.index(name)
        del rest[at:at + 2]
    return rest


def more(world):
    """What scripts need to be an attacker, and to start servers."""
    command = without(world.serve.command, "--listen", "--ready-file",
                      "--cert-out")
    return {"impostor": certificate(),
            "serveCommand": {"command": command, "scratch": str(SCRATCH)}}


if __name__ == "__main__":
    js_peer.main("tcp_*.test.mjs", more=more)
