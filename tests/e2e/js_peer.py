# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What the package assay-js talks to: a simulated platform, assay-serve, and a
backend that the test itself is, at a Unix socket. Tests are programs for Node in
tests/e2e/js, which world.mjs tells all of this."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import harness
import test_serve
from harness import SCRATCH, SOURCE, clean_environment
from test_serve import SERVE, Serve
from test_sim import SIM, Sim

TESTS = SOURCE / "tests" / "e2e" / "js"
DIST = pathlib.Path(os.environ.get("ASSAY_JS")
                    or SOURCE / "build" / "wasm" / "dist")
LIMIT_S = 240
OLDEST_NODE = 20  # as package.json says


def skip(what, why):
    print(f"SKIPPED {what}: {why}")
    sys.exit(77)


def need_node():
    """Of the versions that the package is for."""
    if shutil.which("node") is None:
        skip("Node", "there is no node")
    version = subprocess.run(["node", "--version"], check=True, text=True,
                             stdout=subprocess.PIPE).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < OLDEST_NODE:
        skip(f"Node {OLDEST_NODE}", f"this one is {version}")


def need_dist():
    need_node()
    if not (DIST / "node.mjs").exists():
        skip("assay-js", "it is not built; ./run wasm")
    harness.need(SIM, SERVE)


class World:
    """with World() as world: world.about, which is what world.mjs wants."""

    def __init__(self, *options):
        self.options = options
        self.backend = SCRATCH / "js-backend.sock"

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.sim = stack.enter_context(Sim(now=None))
            test_serve.SIMULATOR = self.sim
            self.serve = stack.enter_context(
                Serve(f"unix:{self.backend}", *self.options))
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *unused):
        self.stack.close()

    @property
    def about(self):
        policy = json.loads((self.sim.folder / "policy.json").read_text())
        return {"dist": str(DIST), "port": self.serve.port, "policy": policy,
                "backend": str(self.backend), "sim": str(self.sim.folder),
                "simProgram": str(SIM), "ca": self.serve.ca.read_text()}


def run(script, about, *options):
    """A file of tests; its exit code."""
    environment = {**clean_environment(), "ASSAY_WORLD": json.dumps(about)}
    try:
        done = subprocess.run(
            ["node", *options, str(TESTS / script)], env=environment,
            stdout=subprocess.PIPE, text=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired as late:
        print((late.stdout or b"").decode())
        raise
    print(done.stdout)
    ran = re.search(r"^# pass (\d+)$|^\S+ pass (\d+)$", done.stdout, re.M)
    assert ran and int(ran[1] or ran[2]) > 0, "no test has run"
    return done.returncode


def main(pattern, *options, more=None):
    """All scripts of a pattern. more(world): what they need to know besides."""
    need_dist()
    with World(*options) as world:
        about = {**world.about, **(more(world) if more else {})}
        codes = [run(path.name, about)
                 for path in sorted(TESTS.glob(pattern))]
    assert codes, pattern
    sys.exit(max(codes))
