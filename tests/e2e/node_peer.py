# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Clients that are no Python: programs for Node (tests/e2e/node), which do what
they are told line by line, with packages that npm fetches into the build folder."""
import concurrent.futures
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading

from bridge_peer import LIMIT_S, SLOW_BUILD
from harness import SOURCE, clean_environment

NODE = SOURCE / "tests" / "e2e" / "node"
BUILD = pathlib.Path(os.environ.get("ASSAY_BUILD")
                     or SOURCE / "build" / "release")
FETCH_LIMIT_S = 200
ANSWER_LIMIT_S = 4 * LIMIT_S if SLOW_BUILD else 2 * LIMIT_S
MIB = 1 << 20


def skip(what, why):
    print(f"SKIPPED {what}: {why}")
    sys.exit(77)


def fetch(source, folder):
    """Exactly what package-lock.json has, and no script of theirs is run."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(source / name, folder)
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder, capture_output=True, text=True, timeout=FETCH_LIMIT_S,
        check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no reason"]
        skip("npm packages", f"they cannot be had: {lines[0]}")


def packages(source=NODE):
    """The folder that has those of a folder of tests/e2e. Tests at the same time
    fetch once."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            skip("Node", f"there is no {program}")
    folder = BUILD / source.relative_to(NODE.parent)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = hashlib.sha256((source / "package-lock.json").read_bytes())
    stamp = folder / "fetched"
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted.hexdigest():
            try:
                fetch(source, folder)
            except subprocess.TimeoutExpired:
                skip("npm packages", f"not there after {FETCH_LIMIT_S} s")
            stamp.write_text(wanted.hexdigest())
    return folder


class Robot:
    """with Robot(folder, script, arg...) as robot: robot.ask("open", url=...)

    `options` are Node's, `more` is of its environment.
    """

    def __init__(self, folder, script, *args, options=(), more=None):
        self.command = ["node", *options, str(NODE / script), str(folder),
                        *map(str, args)]
        self.environment = {**clean_environment(), **(more or {})}
        self.asked = {}
        self.guard = threading.Lock()
        self.count = 0

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, env=self.environment)
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()
        return self

    def __exit__(self, *unused):
        self.process.stdin.close()
        try:
            code = self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        self.listener.join()
        self.process.stdout.close()
        assert code == 0, f"exit {code} of {self.command}"

    def listen(self):
        for line in self.process.stdout:
            answer = json.loads(line)
            with self.guard:
                future = self.asked.pop(answer["id"])
            if "error" in answer:
                future.set_exception(AssertionError(answer["error"]))
            else:
                future.set_result(answer["result"])
        with self.guard:
            for future in self.asked.values():
                future.set_exception(AssertionError("the robot has ended"))

    def start(self, name, **args):
        """What will be the answer."""
        future = concurrent.futures.Future()
        with self.guard:
            self.count += 1
            self.asked[self.count] = future
            line = json.dumps({"id": self.count, "name": name, "args": args})
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        return future

    def ask(self, name, **args):
        return self.start(name, **args).result(ANSWER_LIMIT_S)


class Refused(Exception):
    """The answer was no 101. `status` is None where the client does not tell."""

    def __init__(self, answer):
        super().__init__(repr(answer))
        self.status = answer.get("status")
        self.fields = answer.get("fields")
        self.body = answer.get("body")


class Taken:
    """What a client has got: as many octets, of which so many messages were
    text."""

    def __init__(self, answer):
        self.size = answer["size"]
        self.sha256 = answer["sha256"]
        self.texts = answer["texts"]
        self.data = answer["hex"] and bytes.fromhex(answer["hex"])


class WebSocket:
    """One of a client, which `robot` runs; `more` goes with whatever is said."""

    def __init__(self, robot, url, protocols=(), **more):
        self.robot = robot
        self.more = {k: v for k, v in more.items() if k == "page"}
        answer = robot.ask("open", url=url, protocols=list(protocols), **more)
        if answer.get("refused"):
            raise Refused(answer)
        self.more["peer"] = answer["peer"]
        self.protocol = answer["protocol"]
        self.extensions = answer["extensions"]

    def start(self, name, **args):
        return self.robot.start(name, **self.more, **args)

    def ask(self, name, **args):
        return self.start(name, **args).result(ANSWER_LIMIT_S)

    def send(self, data):
        if isinstance(data, str):
            self.ask("send", text=data)
        else:
            self.ask("send", hex=data.hex())

    def start_noise(self, size, frame=MIB):
        """Sends octets of chance; their size and sha256 once they are sent."""
        return self.start("sendNoise", size=size, frame=frame)

    def start_take(self, least=2**53):
        return self.start("take", least=least)

    def take(self, least=2**53):
        """All that is there once it is so much, or nothing more comes."""
        return Taken(self.ask("take", least=least))

    def close(self, code=1000, reason=""):
        self.ask("close", code=code, reason=reason)

    def closed(self):
        """How it has closed: code, reason, clean."""
        return self.ask("closed")
