# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-bridge beside others that carry octets between a client and a TCP
target, in one run, on loopback, each with one thread: haproxy (with and without
splice) and nginx, which have no frames to read and write, and the WebSocket
bridges websockify and, if its program is named, websocat.

usage: bridge.py [--own-network] JSON [WEBSOCAT [PART...]]
       --own-network: it was started in an empty one; WEBSOCAT: "" for none

The client is bridge_load.c, the target bridge_target.c; turns, ratios and *.core
rows are as in contest.py. Down is from the target to the client; up is the other
way, in masked frames. Rows called *.websocket compare with the best of the
WebSocket bridges.
Idle connections are as many as the limit of descriptors allows, two for each;
fewer with TLS, and of websockify, which has a process for each.
What is started here ends with this program, however that ends. About five
minutes; LIMIT_S is the end.
"""

import contextlib
import functools
import json
import statistics

import contest  # of this folder
import serve
from contest import HAPROXY_PROGRAM, Server, free_port

BRIDGE = serve.BUILD / "bin" / "assay-bridge"
LOAD = serve.BUILD / "bench" / "bridge_load"
TARGET = serve.BUILD / "bench" / "bridge_target"
NGINX_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so"

ROUNDS, SECONDS = 15, 0.15
ECHO_RATE, ECHO_SECONDS = 1000, 0.4
SEVERAL = 8
HELD_MAX, HELD_TLS, HELD_PROCESSES = 20000, 2000, 200
SPARE_DESCRIPTORS = 250
LIMIT_S = 900
AIM_SPEED, AIM_WEBSOCKET, AIM_IDLE_BYTES = 0.9, 1.0, 4096
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


def make_load(stage, server, mode, count, more=0, seconds=SECONDS):
    ends = (server.port, stage.target)
    what = (mode, count, seconds, more)
    return contest.Load(server, LOAD, server.kind, *ends, *what)


def compete(stage, servers, how, *what):
    """What `how` gave, by kind and server, of each round."""
    make = functools.partial(make_load, stage)
    return contest.contest(servers, lambda s: make(s, *what), how, ROUNDS)


# --- rows -------------------------------------------------------------------


def add_rows(rows, stem, kind, unit, seen, floor, aim=None):
    """A row for each server; ours has one more, which compares it with the best
    of the WebSocket bridges."""
    ours = seen.pop("assay")
    for server, values in seen.items():
        contest.add_row(rows, f"{stem}.{server}{kind}", unit, values)
    best = min if unit in contest.LOWER else max
    bridge = best(BRIDGES & seen.keys(), key=lambda s: statistics.median(seen[s]))
    for name, its_aim, other in (
        (f"{stem}.assay{kind}", aim, floor),
        (f"{stem}.assay{kind}.websocket", AIM_WEBSOCKET, bridge),
    ):
        baseline = f"{stem}.{other}{kind}"
        contest.add_row(rows, name, unit, ours, its_aim, baseline, seen[other])


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
            seen = compete(stage, servers, contest.rate, "down", n)
            add_speeds(rows, f"down.{n}", seen, "haproxy.splice", "MiB")
        for stem, n, size in (
            ("up.1", 1, 65536),
            (f"up.{SEVERAL}", SEVERAL, 65536),
            ("up16k.1", 1, 16384),
        ):
            seen = compete(stage, servers, contest.rate, "up", n, size)
            add_speeds(rows, stem, seen, "haproxy", "MiB")


def connects(stage, rows):
    with contextlib.ExitStack() as stack:
        servers = [start(stack) for start in stage.all_servers()]
        seen = compete(stage, servers, contest.rate, "connect", SEVERAL)
        add_speeds(rows, "connect", seen, "haproxy", "connections")


def echoes(stage, rows):
    with contextlib.ExitStack() as stack:
        servers = [start(stack) for start in stage.all_servers()]
        for n, at_rate in ((1, 0), (64, ECHO_RATE)):
            what = ("echo", n, at_rate, ECHO_SECONDS)
            seen = compete(stage, servers, contest.latency, *what)
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
            with make_load(stage, server, "hold", count) as load:
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
        seen = compete(stage, servers, contest.rate, "down", 1)
        add_speeds(rows, "tls.down.1", seen, "haproxy", "MiB")
        seen = compete(stage, servers, contest.rate, "up", 1, 65536)
        add_speeds(rows, "tls.up.1", seen, "haproxy", "MiB")
    idle(stage, rows, "tls.", tls=True)


PARTS = {
    "throughput": throughput,
    "connects": connects,
    "echoes": echoes,
    "idle": idle,
    "tls": tls,
}


def main():
    is_own, out, more = contest.arguments()
    websocat, *chosen = more or [""]
    rows = contest.run(
        is_own,
        LIMIT_S,
        functools.partial(Stage, websocat=websocat),
        {name: PARTS[name] for name in chosen or PARTS},
    )
    contest.write(rows, out)


if __name__ == "__main__":
    main()
