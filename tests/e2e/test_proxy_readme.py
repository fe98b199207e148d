# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The first two minutes of docs/proxy.md, typed as they stand: each command, and what
it is said to print."""
import contextlib
import os
import re
import signal
import socket
import subprocess
import threading

from bridge_peer import LIMIT_S
from harness import ASSAY, BIN, SCRATCH, SOURCE, Case, main, need
from proxy_peer import PROXY, SERVE, SIM, environment

DOCUMENT = SOURCE / "docs" / "proxy.md"
PORTS = ("8000", "8443", "8989")
DONE = "this command is done:"


def free_port(held):
    """One that is nobody's until `held` ends."""
    s = held.enter_context(socket.socket())
    s.bind(("127.0.0.1", 0))
    return str(s.getsockname()[1])


def steps(text):
    """(command, lines that it prints) of each block, in order. A command goes on to
    the next line behind a backslash, and to the end of a here-document."""
    found = []
    until = None
    for line in re.findall(r"^    (.*)$", text, re.M):
        if until is not None or (found and found[-1][0].endswith("\\")):
            found[-1][0] += "\n" + line
            until = None if line == until else until
        elif line.startswith("$ "):
            found.append([line[2:], []])
            here = re.search(r"<<'(\w+)'", line)
            until = here and here[1]
        else:
            found[-1][1].append(line)
    return found


def pattern(line):
    """Numbers, keys and widths may be others."""
    pieces = re.split(r"(\b[0-9a-f]{16,}\b|\d+|\s+)", line)
    return "".join(
        r"[0-9a-f]+" if re.fullmatch(r"[0-9a-f]{16,}", p)
        else r"\d+" if p.isdigit() else r"\s+" if p.isspace()
        else re.escape(p) for p in pieces)


class Shell:
    """Somebody at a terminal, who waits for what a command is said to print."""

    def __init__(self, folder, **variables):
        self.said = ""
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            ["bash", "--norc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, bufsize=1, cwd=folder,
            env=environment(**variables), start_new_session=True)
        self.reader = threading.Thread(target=self.read)

    def __enter__(self):
        self.reader.start()
        return self

    def __exit__(self, *unused):
        """With all that it has started, of which nothing is left where the last
        command did what it should."""
        self.process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()

    def read(self):
        for line in self.process.stdout:
            with self.changed:
                self.said += line
                self.changed.notify_all()

    def type(self, command, expected):
        """Its exit code, once that and the lines have come."""
        wanted = re.compile(".*?^".join(["", *map(pattern, expected)]),
                            re.M | re.S)
        done = re.compile(rf"^{DONE}(\d+)$", re.M)
        with self.changed:
            self.said = ""
        self.process.stdin.write(f"{command}\nprintf '\\n{DONE}%d\\n' $?\n")

        def has_come():
            return done.search(self.said) and wanted.search(self.said)
        with self.changed:
            assert self.changed.wait_for(has_come, LIMIT_S), (
                f"$ {command}\nshould say {expected} and says {self.said}")
        return int(done.search(self.said)[1])


class Readme(Case):
    def setUp(self):
        self.folder = SCRATCH / "clone"
        (self.folder / "build").mkdir(parents=True)
        (self.folder / "build" / "bin").symlink_to(BIN)
        (self.folder / "tests").symlink_to(SOURCE / "tests")

    def test_two_minutes(self):
        """On other ports, for others may have these."""
        text = DOCUMENT.read_text().partition("\n## Two minutes\n")[2]
        text = text.partition("\n## ")[0]
        with contextlib.ExitStack() as held:
            for port in PORTS:
                self.assertIn(port, text)
                text = text.replace(port, free_port(held))
        listen = re.search(r"info: listening address=(\S+) providers", text)[1]
        typed = steps(text)
        self.assertGreater(len(typed), 10)
        with Shell(self.folder, ASSAY_PROXY_LISTEN=listen) as shell:
            for command, expected in typed:
                self.assertEqual(shell.type(command, expected), 0, command)
            shell.type("wait", [])  # until all have ended


if __name__ == "__main__":
    need(ASSAY, PROXY, SERVE, SIM)
    main()
