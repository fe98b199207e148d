# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-bridge beside others that carry octets between a client and a TCP
target, in one run, on loopback, each with one thread: haproxy (with and without
splice) and nginx, which have no frames to read and write, and the WebSocket
bridges websockify and, if its program is named, websocat.

usage: bridge.py [--own-network] JSON [WEBSOCAT [PART...]]
       --own-network: it was started in an empty one; WEBSOCAT: "" for none

The client is bridge_load.c, the target bridge_target.c. Each measurement takes
turns between the servers for some rounds; its row is the median, and its ratio
the median of the rounds' ratios. Down is from the target to the client; up is
the other way, in masked frames. Rows called *.core are what a second of the
server's processor time is worth: client, target and server share the machine,
and with others, so rates say little and these still something. Rows called
*.websocket compare with the best of the WebSocket bridges.
Idle connections are as many as the limit of descriptors allows, two for each;
fewer with TLS, and of websockify, which has a process for each.
What is started here ends with this program, however that ends. About five
minutes; LIMIT_S is the end.
"""

import contextlib
import fcntl
import functools
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

BRIDGE = serve.BUILD / "bin" / "assay-bridge"
LOAD = serve.BUILD / "bench" / "bridge_load"
TARGET = serve.BUILD / "bench" / "bridge_target"
HAPROXY_PROGRAM = shutil.which("haproxy") or "/usr/sbin/haproxy"
NGINX_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so"

ROUNDS, SECONDS = 15, 0.15
ECHO_RATE, ECHO_SECONDS = 1000, 0.4
REST_SECONDS, REST_SHARE = 0.01, 0.1
SEVERAL = 8
HELD_MAX, HELD_TLS, HELD_PROCESSES = 20000, 2000, 200
SPARE_DESCRIPTORS = 250
LIMIT_S = 900
AIM_SPEED, AIM_WEBSOCKET, AIM_IDLE_BYTES = 0.9, 1.0, 4096
LOWER = ("us", "bytes")  # units of what is better when lower
CONTROL = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control")
UNPACED = ("reno", "cubic")
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
BRIDGES = {"websockify", "websocat"}

HAPROXY = """
global
    nbthread 1
    maxconn {connections}
    maxpipes 64
defaults
    mode tcp
    timeout connect 10s
    timeout client 600s
    timeout server 600s
    {option}
listen bench
    bind 127.0.0.1:{port} {tls}
    server target 127.0.0.1:{target}
"""

NGINX = """
load_module {module};
user root;
daemon off;
worker_processes 1;
worker_rlimit_nofile {descriptors};
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections {descriptors}; }}
stream {{
    server {{
        listen 127.0.0.1:{port} {tls} backlog=4096;
        proxy_pass 127.0.0.1:{target};
        proxy_timeout 600s;
        ssl_certificate {folder}/cert.pem;
        ssl_certificate_key {folder}/key.pem;
        ssl_protocols TLSv1.3;
    }}
}}
"""


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


class Stage:
    """Certificate and target; and how to start each server before it."""

    def __init__(self, stack, folder, descriptors, websocat):
        self.folder = folder
        self.descriptors = descriptors
        self.connections = min(HELD_MAX, (descriptors - SPARE_DESCRIPTORS) // 2)
        self.websocat_program = websocat
        serve.output(
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"),
            *("ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-batch"),
            *("-subj", "/CN=localhost", "-keyout", folder / "key.pem"),
            *("-out", folder / "cert.pem"),
        )
        both = (folder / "cert.pem").read_text() + (folder / "key.pem").read_text()
        (folder / "both.pem").write_text(both)
        self.target = int(stack.enter_context(serve.Process(TARGET)).line())

    def started(self, stack, server, *command):
        """A server that listens at a port which was free."""
        server.process = stack.enter_context(serve.Process(*command))
        serve.wait_for(server.name, server.connects)
        return server

    def haproxy(self, stack, tls=False, option="", name="haproxy"):
        server = Server(name, "tls" if tls else "tcp", None, free_port())
        conf = self.folder / f"{name}.cfg"
        conf.write_text(
            HAPROXY.format(
                port=server.port,
                target=self.target,
                option=option,
                connections=self.connections,
                tls=f"ssl crt {self.folder}/both.pem" if tls else "",
            )
        )
        return self.started(stack, server, HAPROXY_PROGRAM, "-db", "-q", "-f", conf)

    def haproxy_splice(self, stack):
        """Always: by itself (splice-auto) it hardly ever does."""
        option = "option splice-request\n    option splice-response"
        return self.haproxy(stack, False, option, "haproxy.splice")

    def nginx(self, stack, tls=False):
        server = Server("nginx", "tls" if tls else "tcp", None, free_port())
        conf = self.folder / "nginx.conf"
        conf.write_text(
            NGINX.format(
                module=NGINX_MODULE,
                folder=self.folder,
                descriptors=self.descriptors,
                port=server.port,
                target=self.target,
                tls="ssl" if tls else "",
            )
        )
        command = (serve.NGINX_PROGRAM, "-p", self.folder, "-c", conf)
        return self.started(stack, server, *command)

    def websockify(self, stack, tls=False):
        kind = "wss" if tls else "ws"
        server = Server("websockify", kind, None, free_port(), forks=True)
        command = ["websockify"]
        if tls:
            command += ["--cert", self.folder / "both.pem"]
        ends = [f"127.0.0.1:{server.port}", f"127.0.0.1:{self.target}"]
        return self.started(stack, server, *command, *ends)

    def websocat(self, stack):
        server = Server("websocat", "ws", None, free_port())
        command = (self.websocat_program, "--binary", "--exit-on-eof")
        ends = (f"ws-l:127.0.0.1:{server.port}", f"tcp:127.0.0.1:{self.target}")
        return self.started(stack, server, *command, *ends)

    def assay(self, stack, tls=False):
        ready = self.folder / "bridge.json"
        ready.unlink(missing_ok=True)
        target = f"127.0.0.1:{self.target}"
        command = [BRIDGE, "--target", target, "--allow", target]
        command += ["--workers", 1, "--max-connections", HELD_MAX + 1]
        command += ["--max-connections-per-address", HELD_MAX + 1, "--rate", 0]
        command += ["--ready-file", ready, "--drain", 1, "--listen", "127.0.0.1:0"]
        command += ["--access-log", "off"]  # nor do the others write one
        command += ["--ping-interval", 3600]  # of clients that only read or wait
        if tls:
            command += ["--tls-listen", "127.0.0.1:0"]
            command += ["--cert", self.folder / "cert.pem"]
            command += ["--key", self.folder / "key.pem"]
        process = stack.enter_context(serve.Process(*command))
        serve.wait_for("assay-bridge", lambda: process.alive() and ready.exists())
        door = json.loads(ready.read_text())["tls_address" if tls else "address"]
        port = int(door.rpartition(":")[2])
        return Server("assay", "wss" if tls else "ws", process, port)

    def all_servers(self, tls=False):
        """How to start each."""
        starts = [self.haproxy, self.nginx, self.websockify, self.assay]
        starts = [functools.partial(start, tls=tls) for start in starts]
        if self.websocat_program and not tls:
            starts.insert(-1, self.websocat)
        return starts


# --- what is measured -------------------------------------------------------


class Load(serve.Process):
    """with Load(...) as load: its links are there, and warm."""

    def __init__(self, stage, server, mode, count, more=0, seconds=SECONDS):
        ends = (server.port, stage.target)
        super().__init__(LOAD, server.kind, *ends, mode, count, seconds, more)
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
    (done, p50, p99), spent = load.measure()
    return {".p50": p50, ".p99": p99, ".core": done / spent}


def turns(loads):
    """Nobody is always the first."""
    for i in range(ROUNDS):
        yield from loads if i % 2 == 0 else loads[::-1]


def contest(stage, servers, how, *what):
    """What `how` gave, by kind and server, of each round."""
    seen = {}
    with contextlib.ExitStack() as stack:
        loads = [stack.enter_context(Load(stage, s, *what)) for s in servers]
        for load in turns(loads):
            for kind, value in how(load).items():
                names = seen.setdefault(kind, {})
                names.setdefault(load.server.name, []).append(value)
        for load in loads:
            load.finish()
    return seen


# --- rows -------------------------------------------------------------------


def add_row(rows, name, unit, seen, aim=None, baseline=None, floor=()):
    """The median; and that of the ratios, each to the same round's."""
    rows.add(name, statistics.median(seen), unit, baseline, unit not in LOWER, aim)
    if baseline:
        ratios = [a / b for a, b in zip(seen, floor, strict=True)]
        rows.rows[-1]["ratio"] = round(statistics.median(ratios), 4)


def add_rows(rows, stem, kind, unit, seen, floor, aim=None):
    """A row for each server; ours has one more, which compares it with the best
    of the WebSocket bridges."""
    ours = seen.pop("assay")
    for server, values in seen.items():
        add_row(rows, f"{stem}.{server}{kind}", unit, values)
    best = min if unit in LOWER else max
    bridge = best(BRIDGES & seen.keys(), key=lambda s: statistics.median(seen[s]))
    for name, its_aim, other in (
        (f"{stem}.assay{kind}", aim, floor),
        (f"{stem}.assay{kind}.websocket", AIM_WEBSOCKET, bridge),
    ):
        baseline = f"{stem}.{other}{kind}"
        add_row(rows, name, unit, ours, its_aim, baseline, seen[other])


def add_speeds(rows, stem, seen, floor, what):
    """what: of which there are so many a second."""
    add_rows(rows, stem, "", f"{what}/s", seen[""], floor)
    add_cores(rows, stem, seen, floor, what)


def add_cores(rows, stem, seen, floor, what):
    unit = f"{what}/CPU s"
    add_rows(rows, stem, ".core", unit, seen[".core"], floor, AIM_SPEED)


def throughput(stage, rows):
    with contextlib.ExitStack() as stack:
        servers = [start(stack) for start in stage.all_servers()]
        servers.append(stage.haproxy_splice(stack))
        for n in (1, SEVERAL):
            seen = contest(stage, servers, rate, "down", n)
            add_speeds(rows, f"down.{n}", seen, "haproxy.splice", "MiB")
        for stem, n, size in (
            ("up.1", 1, 65536),
            (f"up.{SEVERAL}", SEVERAL, 65536),
            ("up16k.1", 1, 16384),
        ):
            seen = contest(stage, servers, rate, "up", n, size)
            add_speeds(rows, stem, seen, "haproxy", "MiB")


def connects(stage, rows):
    with contextlib.ExitStack() as stack:
        servers = [start(stack) for start in stage.all_servers()]
        seen = contest(stage, servers, rate, "connect", SEVERAL)
        add_speeds(rows, "connect", seen, "haproxy", "connections")


def echoes(stage, rows):
    with contextlib.ExitStack() as stack:
        servers = [start(stack) for start in stage.all_servers()]
        for n, at_rate in ((1, 0), (64, ECHO_RATE)):
            what = ("echo", n, at_rate, ECHO_SECONDS)
            seen = contest(stage, servers, latency, *what)
            for kind in (".p50", ".p99"):
                add_rows(rows, f"echo.{n}", kind, "us", seen[kind], "haproxy")
            add_cores(rows, f"echo.{n}", seen, "haproxy", "echoes")


def idle(stage, rows, prefix="", tls=False):
    """Each in a process that has done nothing else."""
    seen = {}
    for start in stage.all_servers(tls):
        with contextlib.ExitStack() as stack:
            server = start(stack)
            count = HELD_TLS if tls else stage.connections
            if server.forks:
                count = HELD_PROCESSES
            before = server.resident()
            with Load(stage, server, "hold", count) as load:
                serve.wait_for(server.name, server.rests)
                seen[server.name] = [(server.resident() - before) / count]
                load.go()  # all of them are alive
                load.finish()
        rows.add(f"{prefix}idle.{server.name}.held", count, "connections")
    aim = None if tls else AIM_IDLE_BYTES
    add_rows(rows, f"{prefix}idle", "", "bytes", seen, "haproxy", aim)


def tls(stage, rows):
    with contextlib.ExitStack() as stack:
        servers = [start(stack) for start in stage.all_servers(tls=True)]
        seen = contest(stage, servers, rate, "down", 1)
        add_speeds(rows, "tls.down.1", seen, "haproxy", "MiB")
        seen = contest(stage, servers, rate, "up", 1, 65536)
        add_speeds(rows, "tls.up.1", seen, "haproxy", "MiB")
    idle(stage, rows, "tls.", tls=True)


PARTS = {
    "throughput": throughput,
    "connects": connects,
    "echoes": echoes,
    "idle": idle,
    "tls": tls,
}


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
        print(f"bench bridge: TCP is paced ({control}): of little worth")


def main():
    args = sys.argv[1:]
    is_own = args[0] == "--own-network"
    out, *more = args[1:] if is_own else args
    websocat, *parts = more or [""]
    descriptors = raise_descriptors()
    begin_network(is_own)
    signal.signal(signal.SIGALRM, lambda *unused: serve.die("took too long"))
    signal.signal(signal.SIGTERM, lambda *unused: serve.die("was told to end"))
    signal.alarm(LIMIT_S)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="assay-bench-"))
    rows = serve.Rows()
    try:
        with contextlib.ExitStack() as stack:
            stage = Stage(stack, folder, descriptors, websocat)
            for part in parts or PARTS:
                PARTS[part](stage, rows)
                rows.add(f"load.{part}", os.getloadavg()[0], "processes")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    pathlib.Path(out).write_text(json.dumps({"rows": rows.rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
