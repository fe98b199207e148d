# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Servers beside each other in one run, in turns, by clients in C whose links
stand and rest in between (windows.h). For bridge.py and proxy.py.

Each measurement takes turns between the servers for some rounds; its row is the
median, and its ratio the median of the rounds' ratios. Rows called *.core are
what a second of the server's processor time is worth: clients, servers and what
is behind them share the machine, and with others, so rates say little and these
still something.
"""

import contextlib
import fcntl
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import statistics
import struct
import sys
import tempfile
import time

import serve  # of this folder

HAPROXY_PROGRAM = shutil.which("haproxy") or "/usr/sbin/haproxy"
REST_SECONDS, REST_SHARE = 0.01, 0.1
LOWER = ("us", "ms", "bytes")  # units of what is better when lower
CONTROL = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control")
UNPACED = ("reno", "cubic")
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def ticks(stat, *fields):
    """Seconds, of /proc/PID/stat behind the name."""
    return sum(int(stat[i]) for i in fields) / serve.TICKS


class Server(serve.Server):
    """Also what kind of link it speaks, and whether it has a process for each
    connection."""

    def __init__(self, name, kind, process, port, forks=False):
        super().__init__(name, process, port)
        self.kind = kind
        self.forks = forks

    def processor(self):
        """Seconds, by clocks that are finer than ticks; but for processes that
        are no more."""
        pid = self.process.process.pid
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
        seconds = ticks(stat.rpartition(")")[2].split(), 13, 14)
        for p in self.pids():
            with contextlib.suppress(OSError):
                # That of another process: see clock_getcpuclockid(3).
                seconds += time.clock_gettime((~p << 3) | 2)
        return seconds

    def rests(self):
        """It has done what there was to do."""
        before = self.processor()
        time.sleep(REST_SECONDS)
        return self.processor() - before < REST_SHARE * REST_SECONDS

    def resident(self):
        """Bytes. What processes share counts once."""
        if not self.forks:
            return super().resident()
        self.process.alive()
        shares = 0
        for p in self.pids():
            text = pathlib.Path(f"/proc/{p}/smaps_rollup").read_text()
            shares += int(re.search(r"Pss:\s+(\d+)", text)[1])
        return 1024 * shares


class Load(serve.Process):
    """with Load(server, command...) as load: its links are there, and warm."""

    def __init__(self, server, *command):
        super().__init__(*command)
        self.server = server

    def failed(self, how):
        self.server.process.alive()  # else that is what is to be told
        super().failed(f"{how} (to {self.server.name})")

    def __enter__(self):
        if self.line() != "ready":
            self.failed("is not ready")
        return self

    def go(self):
        """What it saw in a window."""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return [float(number) for number in self.line().split()]

    def measure(self):
        """That, and the processor time that the server had for it."""
        serve.wait_for(self.server.name, self.server.rests)
        before = self.server.processor()
        numbers = self.go()
        serve.wait_for(self.server.name, self.server.rests)
        return numbers, self.server.processor() - before


def rate(load):
    (done, seconds), spent = load.measure()
    return {"": done / seconds, ".core": done / spent}


def latency(load):
    (done, _, p50, p99), spent = load.measure()
    return {".p50": p50, ".p99": p99, ".core": done / spent}


def turns(those, rounds):
    """Nobody is always the first."""
    for i in range(rounds):
        yield from those if i % 2 == 0 else those[::-1]


def contest(servers, make_load, how, rounds):
    """What `how` gave, by kind and server, of each round."""
    seen = {}
    with contextlib.ExitStack() as stack:
        loads = [stack.enter_context(make_load(server)) for server in servers]
        for load in turns(loads, rounds):
            for kind, value in how(load).items():
                names = seen.setdefault(kind, {})
                names.setdefault(load.server.name, []).append(value)
        for load in loads:
            load.finish()
    return seen


def add_row(rows, name, unit, seen, aim=None, baseline=None, floor=()):
    """The median; and that of the ratios, each to the same round's."""
    rows.add(name, statistics.median(seen), unit, baseline, unit not in LOWER, aim)
    if baseline:
        ratios = [a / b for a, b in zip(seen, floor, strict=True)]
        rows.rows[-1]["ratio"] = round(statistics.median(ratios), 4)


def threads(pid):
    """Of the process and of all that it has started, and these."""
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        yield int(task.name)
        for child in (task / "children").read_text().split():
            yield from threads(int(child))


@contextlib.contextmanager
def one_processor():
    """All that was started here, and is started meanwhile, is on the same one:
    where who waits for each other is put would else decide."""
    before = os.sched_getaffinity(0)

    def put(on):
        for thread in list(threads(os.getpid())):
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(thread, on)

    put({max(before)})
    try:
        yield
    finally:
        put(before)


def raise_descriptors():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    descriptors = min(hard, 65536) if hard > 0 else 65536
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, hard))
    return descriptors


def begin_network(is_own):
    """In a network of our own nobody else is measured with us, and TCP need not
    be paced: the timers of BBR would cost more than all the rest. Elsewhere
    everything stays as it is."""
    if is_own:
        with socket.socket() as s:
            flags = struct.pack("16sh14x", b"lo", IFF_UP)
            fcntl.ioctl(s, SIOCSIFFLAGS, flags)
        with contextlib.suppress(OSError):  # containers may keep it from us
            CONTROL.write_text("reno")
    control = CONTROL.read_text().strip()
    if control not in UNPACED:
        print(f"bench: TCP is paced ({control}): of little worth")


def arguments():
    """Of the command line, [--own-network] JSON [MORE...]: whether this is in an
    empty network, as in_own_network says; JSON; MORE."""
    args = sys.argv[1:]
    is_own = args[0] == "--own-network"
    out, *more = args[1:] if is_own else args
    return is_own, pathlib.Path(out), more


def run(is_own, limit_s, make_stage, parts):
    """The rows of the parts, which are functions by name, on the stage that is
    made with (stack, folder, descriptors)."""
    descriptors = raise_descriptors()
    begin_network(is_own)
    signal.signal(signal.SIGALRM, lambda *unused: serve.die("took too long"))
    signal.signal(signal.SIGTERM, lambda *unused: serve.die("was told to end"))
    signal.alarm(limit_s)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="assay-bench-"))
    rows = serve.Rows()
    try:
        with contextlib.ExitStack() as stack:
            stage = make_stage(stack, folder, descriptors)
            for name, part in parts.items():
                part(stage, rows)
                rows.add(f"load.{name}", os.getloadavg()[0], "processes")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return rows


def write(rows, out):
    out.write_text(json.dumps({"rows": rows.rows}, indent=1) + "\n")
