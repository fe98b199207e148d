# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-proxy beside nginx and haproxy, in one run, on loopback: clients speak
plain HTTP to each, and each of them TLS 1.3 to one and the same assay-serve, on
connections that it keeps. assay-proxy has every one of its connections prove
itself to a policy; the others check the certificate.

usage: proxy.py [--own-network] JSON [PART...]

The client is proxy_load.c; behind assay-serve is serve_backend.c. Turns and *.core
rows are as in contest.py; each proxy has one worker. Turns are short and many, and
a row is the better quartile of them: who else uses the machine only ever takes
from it. The baseline is the better of the two others. What a proxy adds to the
latency is what is above that of a client which speaks TLS to assay-serve itself
("direct"); that, and first requests, with one client, and all on one processor.
First requests are those to processes which have just begun to listen; beside them
is what `assay get --timing` says of a connection, its TLS handshake and its quote.
What is started here ends with this program, however that ends. Under three
minutes; LIMIT_S is the end.
"""

import contextlib
import json
import os
import pathlib
import statistics

import contest  # of this folder
import serve
from contest import HAPROXY_PROGRAM, Server, free_port

PROXY = serve.BUILD / "bin" / "assay-proxy"
TOOL = serve.BUILD / "bin" / "assay"
LOAD = serve.BUILD / "bench" / "proxy_load"

ROUNDS, SECONDS = 32, 0.08
PACED_ROUNDS, PACED_STREAMS = 8, 32
FIRST_ROUNDS = 30
CLIENTS = (8, 64)
HELD, STALLED, WARM = 1000, 100, 200
PEERS = ("nginx", "haproxy")
AIM_SPEED, AIM_ADDED_US, AIM_FIRST_MS = 0.8, 150, 2
LIMIT_S = 300
ESTABLISHED = "01"  # of /proc/net/tcp
PHASES = ("connect", "handshake", "quote")

NGINX = """
user root;
daemon off;
worker_processes 1;
worker_rlimit_nofile {descriptors};
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections {descriptors}; }}
http {{
    access_log off;
    client_body_temp_path {folder}/t1;
    proxy_temp_path {folder}/t2;
    fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4;
    scgi_temp_path {folder}/t5;
    tcp_nodelay on;
    keepalive_timeout 600s;
    keepalive_requests 100000000;
    upstream serve {{
        server 127.0.0.1:{serve};
        keepalive 256;
        keepalive_timeout 600s;
        keepalive_requests 100000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass https://serve;
            proxy_http_version 1.1;
            proxy_buffer_size 16k;
            proxy_buffers 8 16k;
            proxy_busy_buffers_size 32k;
            proxy_set_header Connection "";
            proxy_set_header Host localhost;
            proxy_ssl_protocols TLSv1.3;
            proxy_ssl_server_name on;
            proxy_ssl_name localhost;
            proxy_ssl_verify on;
            proxy_ssl_trusted_certificate {folder}/cert.pem;
        }}
    }}
}}
"""

HAPROXY = """
global
    nbthread 1
    maxconn {connections}
    tune.pool-low-fd-ratio 90
    tune.pool-high-fd-ratio 95
defaults
    mode http
    timeout connect 10s
    timeout client 600s
    timeout server 600s
    option http-no-delay
    http-reuse always
listen bench
    bind 127.0.0.1:{port}
    server serve 127.0.0.1:{serve} ssl verify required ca-file {folder}/cert.pem \
verifyhost localhost sni str(localhost) ssl-min-ver TLSv1.3 pool-purge-delay 600s
"""

PROXY_SETTINGS = """
[upstreams.bench]
base_url = "https://localhost:{serve}/v1"
policy = "{folder}/policy.json"
"""


class Stage(serve.Stage):
    """The platform, the backend and the server in front of it; and how to start
    each proxy."""

    def __init__(self, stack, folder, descriptors):
        super().__init__(stack, folder, descriptors)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        self.server = self.ours(stack, os.cpu_count(), "--max-requests", 10**8)
        self.direct = Server("direct", "tls", self.server.process, self.server.port)
        self.write_policy()

    def write_policy(self):
        """That of the simulated platform, whose collateral may be kept."""
        policy = json.loads((self.folder / "sim" / "policy.json").read_text())
        policy |= {"cache_collateral": True}
        (self.folder / "policy.json").write_text(json.dumps(policy))

    def fill(self, text, port=0):
        return text.format(
            folder=self.folder,
            descriptors=self.descriptors,
            connections=self.descriptors // 4,
            port=port,
            serve=self.server.port,
        )

    def peer(self, stack, name, text, *command):
        """A server whose settings are in a file, the command's last argument."""
        port = free_port()
        conf = self.folder / f"{name}.conf"
        conf.write_text(self.fill(text, port))
        process = stack.enter_context(serve.Process(*command, conf))
        server = Server(name, "tcp", process, port)
        serve.wait_for(name, server.connects)
        return server

    def nginx(self, stack):
        command = (serve.NGINX_PROGRAM, "-p", self.folder, "-c")
        return self.peer(stack, "nginx", NGINX, *command)

    def haproxy(self, stack):
        command = (HAPROXY_PROGRAM, "-db", "-q", "-f")
        return self.peer(stack, "haproxy", HAPROXY, *command)

    def assay(self, stack, *more):
        ready = self.folder / "proxy.json"
        ready.unlink(missing_ok=True)
        settings = self.folder / "proxy.toml"
        settings.write_text(self.fill(PROXY_SETTINGS))
        command = [PROXY, "--config", settings, "--listen", "127.0.0.1:0"]
        command += ["--ca", self.folder / "cert.pem", "--ready-file", ready]
        command += ["--workers", 1, "--audit-log", "off", "--drain", 1, *more]
        process = stack.enter_context(serve.Process(*command))
        serve.wait_for("assay-proxy", lambda: process.alive() and ready.exists())
        address = json.loads(ready.read_text())["address"]
        return Server("assay", "tcp", process, int(address.rpartition(":")[2]))

    def all_proxies(self):
        """How to start each."""
        return [self.nginx, self.haproxy, self.assay]


# --- what is measured -------------------------------------------------------


def make_load(server, mode, count, *what, seconds=SECONDS):
    command = (LOAD, server.kind, server.port, mode, count, seconds, *what)
    return contest.Load(server, *command)


def compete(servers, how, *what, rounds=ROUNDS):
    """What `how` gave, by kind and server, of each round."""
    return contest.contest(servers, lambda s: make_load(s, *what), how, rounds)


def ask(load):
    (done, seconds, p50, p99), spent = load.measure()
    return {
        "": done / seconds,
        ".core": done / spent,
        ".p50": p50,
        ".p99": p99,
    }


# --- rows -------------------------------------------------------------------


def calm(seen, unit):
    """The better quartile of each."""
    which = 0 if unit in contest.LOWER else 2
    return {name: statistics.quantiles(v, n=4)[which] for name, v in seen.items()}


def add_rows(rows, stem, kind, unit, found, aim=None):
    """A row for each; ours is compared with the better of the other proxies."""
    better = min if unit in contest.LOWER else max
    best = better(PEERS, key=lambda name: found[name])
    higher = unit not in contest.LOWER
    for name, value in found.items():
        ours = {"baseline": f"{stem}.{best}{kind}", "aim": aim}
        more = ours if name == "assay" else {}
        rows.add(f"{stem}.{name}{kind}", value, unit, higher=higher, **more)


def add_speeds(rows, stem, seen, what):
    """what: of which there are so many a second."""
    for kind, per in (("", "s"), (".core", "CPU s")):
        unit = f"{what}/{per}"
        add_rows(rows, stem, kind, unit, calm(seen[kind], unit), AIM_SPEED)


def add_latency(rows, stem, seen):
    """As it is, and how far above that of whoever goes directly."""
    for kind, aim in ((".p50", AIM_ADDED_US), (".p99", None)):
        found = calm(seen[kind], "us")
        add_rows(rows, stem, kind, "us", found)
        direct = found.pop("direct")
        for name, value in found.items():
            its_aim = aim if name == "assay" else None
            rows.add(f"{stem}.{name}.added{kind}", value - direct, "us", aim=its_aim)


def asks(stage, rows):
    with contextlib.ExitStack() as stack:
        proxies = [start(stack) for start in stage.all_proxies()]
        with contest.one_processor():
            seen = compete([stage.direct, *proxies], ask, "ask", 1)
        for kind in ("", ".core"):
            del seen[kind]["direct"]
        add_speeds(rows, "ask.1", seen, "requests")
        add_latency(rows, "ask.1", seen)
        for n in CLIENTS:
            seen = compete(proxies, ask, "ask", n)
            add_speeds(rows, f"ask.{n}", seen, "requests")


def streams(stage, rows):
    """MiB of events; and those that come one by one, with what their way took."""
    with contextlib.ExitStack() as stack:
        proxies = [start(stack) for start in stage.all_proxies()]
        for n, size in ((1, "small"), (8, "small"), (1, "large"), (8, "large")):
            seen = compete(proxies, contest.rate, "stream", n, size)
            add_speeds(rows, f"sse.{size}.{n}", seen, "MiB")
        what = ("paced", PACED_STREAMS)
        seen = compete(proxies, contest.latency, *what, rounds=PACED_ROUNDS)
        stem = f"sse.paced.{PACED_STREAMS}"
        for kind, unit, aim in (
            (".p50", "us", None),
            (".p99", "us", None),
            (".core", "events/CPU s", AIM_SPEED),
        ):
            add_rows(rows, stem, kind, unit, calm(seen[kind], unit), aim)


def first_ms(stage, *more, rested=True):
    """What the first request to a new process takes, once it rests; or else at
    once, which is when a client has begun after it was seen to listen."""
    with contextlib.ExitStack() as stack:
        server = stage.assay(stack, *more)
        if rested:
            serve.wait_for(server.name, server.rests)
        took = serve.output(LOAD, server.kind, server.port, "first", 1, 0)
    return float(took) / 1000


def phases_ms(stage):
    """What TLS and the quote take, of which no request can be spared."""
    url = f"https://localhost:{stage.server.port}/"
    command = [TOOL, "get", "--timing", "--policy", stage.folder / "policy.json"]
    command += ["--ca", stage.folder / "cert.pem", url]
    lines = [line.split() for line in serve.finished(*command).stderr.splitlines()]
    took = {line[0]: float(line[1]) for line in lines if line[-1:] == ["ms"]}
    return sum(took[phase] for phase in PHASES)


def first(stage, rows):
    """As it is by default: at once, and later; and by a process that has no
    connections wait, whose first request has the whole attestation to wait for."""
    measures = {
        "floor": phases_ms,
        "at_once": lambda stage: first_ms(stage, rested=False),
        "rested": first_ms,
        "cold": lambda stage: first_ms(stage, "--warm", 0),
    }
    seen = {}
    with contest.one_processor():
        for name in contest.turns(list(measures), FIRST_ROUNDS):
            seen.setdefault(name, []).append(measures[name](stage))
    found = calm(seen, "ms")
    floor = found.pop("floor")
    rows.add("first.tls_and_quote", floor, "ms")
    for name, value in found.items():
        rows.add(f"first.assay.{name}", value, "ms", "first.tls_and_quote")
        rows.add(f"first.assay.{name}.added", value - floor, "ms", aim=AIM_FIRST_MS)


def held_bytes(server, mode, count):
    """Of each of those that are there, in a process that has done no more."""
    before = server.resident()
    with make_load(server, mode, count) as load:
        serve.wait_for(server.name, server.rests)
        each = (server.resident() - before) / count
        load.go()
        load.finish()
    return each


def links(server):
    """Connections that are established to it."""
    rows = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
    ends = (row.split()[2:4] for row in rows)
    to = f"0100007F:{server.port:04X}"
    return sum(end == [to, ESTABLISHED] for end in ends)


def resident_with(stage, warm):
    """Bytes, of a process with so many connections that wait for a request."""
    with contextlib.ExitStack() as stack:
        server = stage.assay(stack, "--warm", warm, "--max-links", warm + 1)
        serve.output(LOAD, server.kind, server.port, "first", 1, 0)
        serve.wait_for("warm connections", lambda: links(stage.server) >= warm)
        serve.wait_for(server.name, server.rests)
        return server.resident()


def memory(stage, rows):
    """Of a client between two requests; of one with a stream, and the connection
    that this comes on; and of a connection that waits for a request."""
    for mode, count in (("hold", HELD), ("stall", STALLED)):
        seen = {}
        for start in stage.all_proxies():
            with contextlib.ExitStack() as stack:
                server = start(stack)
                seen[server.name] = held_bytes(server, mode, count)
        stem = {"hold": "idle.client", "stall": "idle.stream"}[mode]
        add_rows(rows, stem, "", "bytes", seen)
    more = resident_with(stage, WARM) - resident_with(stage, 1)
    rows.add("idle.link.assay", more / (WARM - 1), "bytes")


PARTS = {
    "asks": asks,
    "streams": streams,
    "first": first,
    "memory": memory,
}


def main():
    is_own, out, chosen = contest.arguments()
    parts = {name: PARTS[name] for name in chosen or PARTS}
    rows = contest.run(is_own, LIMIT_S, Stage, parts)
    contest.write(rows, out)


if __name__ == "__main__":
    main()
