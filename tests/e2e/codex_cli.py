# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The Codex CLI, as the npm registry has it: one of today, and one of the time at
which Codex still spoke Chat Completions (tests/e2e/codex)."""
import os
import signal
import subprocess

import node_peer
from harness import SOURCE, Result, clean_environment

CURRENT, OLD = "current", "old"
FOLDER = SOURCE / "tests" / "e2e" / "codex"
LIMIT_S = 120


def install(which=CURRENT):
    """The program. Leaves the whole test out where npm cannot fetch it."""
    folder = node_peer.packages(FOLDER / which)
    return folder / "node_modules" / ".bin" / "codex"


def environment(home, **more):
    """Its own folder is `home`, where it also leaves what it does not clean up;
    nothing of who runs the tests. Another local proxy than ours is none of its
    business."""
    scrap = home / "scrap"
    scrap.mkdir(exist_ok=True)
    env = {k: v for k, v in clean_environment().items()
           if not k.startswith(("CODEX_", "OPENAI_", "RUST_LOG"))}
    return {**env, "CODEX_HOME": str(home), "HOME": str(home),
            "TMPDIR": str(scrap), **more}


def run(command, home, limit_s=LIMIT_S, **more):
    """How a command ends that is codex, or runs it: [codex, "exec", ...]. What it
    might ask, nobody answers; and all that it has started ends with it."""
    with subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=home,
            env=environment(home, **more), start_new_session=True) as p:
        try:
            out, err = p.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            out, err = p.communicate()
            raise AssertionError(f"{command} ran for more than {limit_s} s\n"
                                 f"{out[-2000:]}\n{err[-2000:]}") from None
    return Result(p.returncode, out, err, 0, None)


def execute(program, home, prompt, *args, **more):
    """One prompt without a terminal; args go before it."""
    return run([program, "exec", "--skip-git-repo-check", *args, prompt], home,
               **more)
