# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The engine of the JavaScript binding in Node, over TCP: connections, raw streams
and collateral, with assay-serve, and with a server by another hand that misbehaves
in every phase. The scripts are tests/e2e/js/engine_*.test.mjs."""
import json
import os
import pathlib
import subprocess
import sys

import harness
import test_interop
import test_serve
import test_bridge_node
from backend import Backend
from bridge_peer import BRIDGE, Bridge, free_port
from harness import BIN, SCRATCH, SOURCE, Case, clean_environment
from js_peer import need_node, skip
from test_serve import SERVE, Serve
from test_sim import SIM, Sim

SCRIPTS = SOURCE / "tests" / "e2e" / "js"
TREE = SOURCE / "bindings" / "js"
MODULE = pathlib.Path(os.environ.get("ASSAY_JS_CORE")
                      or SOURCE / "build" / "wasm" / "core" / "assay.wasm")
LIMIT_S = 300
BIG = 16 << 20


def platform(sim):
    """What clients and servers of a script need to know of it."""
    return {"guest": sim.ready["guest"], "folder": str(sim.folder),
            "policy": json.loads((sim.folder / "policy.json").read_text()),
            "pccs": sim.ready["pccs"]}


def certificate():
    """For servers that scripts play: certificate and key."""
    folder = SCRATCH / "script-server"
    folder.mkdir()
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "30",
         "-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key),
         "-out", str(cert)], check=True, capture_output=True)
    return {"cert": cert.read_text(), "key": key.read_text()}


class Engine(Case):
    def node(self, script):
        done = subprocess.run(
            ["node", *OPTIONS, "--expose-gc", "--test", "--test-timeout=120000",
             str(SCRIPTS / script)],
            env={**clean_environment(), "ASSAY_JS_CORE": str(MODULE),
                 "ASSAY_JS_TREE": str(TREE), "ASSAY_JS_SCRATCH": str(SCRATCH),
                 "ASSAY_JS_PEER": json.dumps(PEER)},
            capture_output=True, text=True, timeout=LIMIT_S, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


def add(script):
    name = "test_" + script.name.removesuffix(".test.mjs")
    setattr(Engine, name, lambda self: self.node(script.name))


for each in sorted(SCRIPTS.glob("engine_*.test.mjs")):
    add(each)


def main():
    global OPTIONS, PEER
    harness.need(SERVE, SIM, BRIDGE)
    need_node()
    if not MODULE.exists():
        skip("assay.wasm", f"{MODULE} is not there: ./run wasm builds it")
    if not (TREE / "node_modules" / "esbuild").exists():
        skip("esbuild", "it is not installed: ./run wasm does that")
    python, why = test_interop.find_python()
    if python is None:
        skip("pyOpenSSL", why)
    OPTIONS = test_bridge_node.own_options()
    if OPTIONS is None:
        print("SKIPPED Node's own WebSocket: this Node has none")
        OPTIONS = ()
    port = free_port()  # of servers that scripts play, behind the bridge
    with Sim(now=None) as sim, Sim(seed=None, now=None) as other, \
            Sim(seed=None, now=None) as third, Backend() as backend, \
            test_interop.Server(python, other) as hand:
        test_serve.SIMULATOR = sim
        with Serve(backend) as serve, Bridge(
                [f"127.0.0.1:{p}" for p in (serve.port, port)]) as bridge:
            PEER = {"bridge": f"ws://127.0.0.1:{bridge.port}",
                    "scriptPort": port,
                    "port": serve.port, "ca": serve.ca.read_text(),
                    "big": backend.big(BIG), "sim": str(BIN / "assay-sim"),
                    "platform": platform(sim), "hand": hand.port,
                    "handCa": hand.ca.read_text(),
                    "handPlatform": platform(other),
                    "scriptPlatform": platform(third), **certificate()}
            harness.main()


if __name__ == "__main__":
    main()
