# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay.wasm, driven by hand from Node against assay-serve and assay-sim: the
scripts are tests/e2e/js/core_*.test.mjs."""
import json
import os
import pathlib
import socket
import subprocess

import harness
import test_serve
from backend import Backend
from harness import SOURCE, Case, clean_environment
from js_peer import need_node, skip
from test_serve import SERVE, Serve
from test_sim import SIM, Sim

SCRIPTS = SOURCE / "tests" / "e2e" / "js"
MODULE = pathlib.Path(os.environ.get("ASSAY_JS_CORE")
                      or SOURCE / "build" / "wasm" / "core" / "assay.wasm")
LIMIT_S = 240  # of one script, on a busy machine


class Core(Case):
    def node(self, script):
        peer = {"port": SERVER.port, "ca": str(SERVER.ca),
                "root": str(SIMULATOR.root),
                "policy": str(SIMULATOR.folder / "policy.json"),
                "pipe": PIPE.fileno(), "pccs": SIMULATOR.ready["pccs"],
                "big": BACKEND.big(16 << 20)}
        done = subprocess.run(
            ["node", "--test-force-exit", str(SCRIPTS / script)],
            pass_fds=[PIPE.fileno()], env={**clean_environment(), "ASSAY_JS_CORE": str(MODULE),
                 "ASSAY_JS_PEER": json.dumps(peer)},
            capture_output=True, text=True, timeout=LIMIT_S, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


def add(script):
    name = "test_" + script.name.removesuffix(".test.mjs")
    setattr(Core, name, lambda self: self.node(script.name))


for each in sorted(SCRIPTS.glob("core_*.test.mjs")):
    add(each)


if __name__ == "__main__":
    harness.need(SERVE, SIM)
    need_node()
    if not MODULE.exists():
        skip("assay.wasm", f"{MODULE} is not there: ./run wasm builds it")
    # Where scripts accept what the server pipes: held from here on.
    with Sim(now=None) as SIMULATOR, Backend() as BACKEND, \
            socket.create_server(("127.0.0.1", 0)) as PIPE:
        test_serve.SIMULATOR = SIMULATOR
        where = f"127.0.0.1:{PIPE.getsockname()[1]}"
        with Serve(BACKEND, "--pipe", where) as SERVER:
            harness.main()
