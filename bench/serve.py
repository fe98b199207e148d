# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-serve beside nginx, in one run: the same certificate, cipher, number
of workers and backend (serve_backend.c), on loopback.

usage: serve.py JSON [WORKERS|memory|hostile...]

By default one worker and one for each core, memory, and hostile clients. Each
measurement alternates between the two servers for some rounds, and its row is
the median. Rows called *.cpu are the processor time that a server had for one
request, connection or MiB: where others use the machine too, rates say little
and these still something.
Load comes from wrk and serve_load.c, whose attested connections (hold PORT N
quote) ask for a quote of the simulated platform and look for it in the answer;
they do not appraise it, which would measure the client. What is started here
ends with this program, however that ends. About four minutes; LIMIT_S is
the end.
"""
import contextlib
import ctypes
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(__file__).resolve().parents[1] / "build"
SERVE = BUILD / "bin" / "assay-serve"
SIM = BUILD / "bin" / "assay-sim"
NGINX_PROGRAM = shutil.which("nginx") or "/usr/sbin/nginx"
LOAD = BUILD / "bench" / "serve_load"
BACKEND = BUILD / "bench" / "serve_backend"

ROUNDS = 4
SECONDS = 1
CONNECTIONS = 32
RATE, RATE_CONNECTIONS, RATE_SECONDS = 500, 8, 2
LARGE_MIB = 8
HELD, HELD_ATTESTED = 2000, 8000
LORIS, STUCK = 500, 1000
SLOW_ROUNDS, SLOW_CALM, SLOW_SECONDS = 8, 4, 4
SPARE_DESCRIPTORS = 500
QUIET_DESCRIPTORS = 200
STILL_SECONDS = 0.3
LEFT_SECONDS = 1.5  # the server waits for one before it gives memory back
WAIT_S = 60
LIMIT_S = 600
TICKS = os.sysconf("SC_CLK_TCK")
AIM_SPEED, AIM_IDLE_BYTES, AIM_SLOW = 0.9, 40 * 1024, 2.0
AIM_HELD = 128 * 1024
AIM_KERNEL = 768 * 1024  # all four ends of what a stuck client has asked for

NGINX = """
user root;
daemon off;
worker_processes {workers};
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
    keepalive_timeout 600s;
    keepalive_requests 100000000;
    client_max_body_size 0;
    upstream backend {{
        server 127.0.0.1:{backend};
        keepalive 128;
        keepalive_requests 100000000;
    }}
    server {{
        listen 127.0.0.1:{port} ssl backlog=4096;
        ssl_certificate {folder}/cert.pem;
        ssl_certificate_key {folder}/key.pem;
        ssl_protocols TLSv1.3;
        ssl_session_tickets off;
        ssl_session_cache off;
        location / {{
            proxy_pass http://backend;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
            proxy_request_buffering off;
        }}
    }}
}}
"""

# What wrk asks for, and its sums as one line of JSON.
SUMS = """
done = function(s, latency, requests)
    io.write(string.format(
        '\\n{"requests":%d,"bytes":%d,"us":%d,"errors":%d}\\n', s.requests,
        s.bytes, s.duration, s.errors.connect + s.errors.read +
        s.errors.write + s.errors.status + s.errors.timeout))
end
"""
UPLOAD = """
wrk.method = "POST"
wrk.body = string.rep("x", %d)
""" % (LARGE_MIB << 20)


def die(message):
    sys.exit(f"bench {pathlib.Path(sys.argv[0]).stem}: {message}")


def end_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def wait_for(what, ready):
    until = time.monotonic() + WAIT_S
    while not ready():
        if time.monotonic() > until:
            die(f"waited in vain for {what}")
        time.sleep(0.01)


def finished(*command):
    p = subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL,
                       capture_output=True, text=True, timeout=WAIT_S,
                       preexec_fn=end_with_parent)
    if p.returncode != 0:
        die(f"{command[0]} ended with {p.returncode}: {p.stderr[-2000:]}")
    return p


def output(*command):
    return finished(*command).stdout


class Process:
    """with Process(command...) as p: it ends with the block."""

    def __init__(self, *command):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [str(c) for c in command], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, preexec_fn=end_with_parent,
            stderr=self.errors)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        try:
            self.process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.errors.close()

    def failed(self, how):
        self.errors.seek(0)
        said = self.errors.read().decode(errors="replace")[-2000:]
        die(f"{self.process.args[0]} {how}: {said}")

    def alive(self):
        if self.process.poll() is not None:
            self.failed("ended early")
        return True

    def line(self):
        line = self.process.stdout.readline().strip()
        if not line:
            self.failed("said nothing")
        return line

    def finish(self):
        """Its input ends, and so does it, well."""
        self.process.stdin.close()
        if self.process.wait(WAIT_S) != 0:
            self.failed("failed")


class Server:
    """One of the two: name, port, and the memory of its processes."""

    def __init__(self, name, process, port):
        self.name = name
        self.process = process
        self.port = port

    def pids(self):
        pid = self.process.process.pid
        tasks = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
        return [pid, *map(int, tasks.read_text().split())]

    def resident(self):
        """Bytes."""
        self.process.alive()
        status = [pathlib.Path(f"/proc/{p}/status").read_text()
                  for p in self.pids()]
        return 1024 * sum(int(re.search(r"VmRSS:\s+(\d+)", s)[1])
                          for s in status)

    def processor(self):
        """Seconds that it has had."""
        stat = [pathlib.Path(f"/proc/{p}/stat").read_text().rpartition(")")[2]
                for p in self.pids()]
        return sum(int(t) for s in stat for t in s.split()[11:13]) / TICKS

    def still(self):
        """It has done what it can for those who are connected."""
        before = self.processor()
        time.sleep(STILL_SECONDS)
        return self.processor() - before < 0.1 * STILL_SECONDS

    def settled(self):
        """Those who were connected are gone. Only root may count them where
        the process is in its sandbox; else it is to be still."""
        try:
            return all(len(os.listdir(f"/proc/{p}/fd")) < QUIET_DESCRIPTORS
                       for p in self.pids())
        except PermissionError:
            return self.still()

    def connects(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return self.process.alive()
        except OSError:
            return not self.process.alive()


class Stage:
    """Certificate, simulated platform and backend; and the two servers."""

    def __init__(self, stack, folder, descriptors):
        self.stack = stack
        self.folder = folder
        self.descriptors = descriptors
        output("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
               "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
               "-keyout", folder / "key.pem", "-out", folder / "cert.pem",
               "-batch")
        (folder / "down.lua").write_text(SUMS)
        (folder / "up.lua").write_text(UPLOAD + SUMS)
        stack.enter_context(Process(SIM, "--dir", folder / "sim"))
        wait_for("assay-sim", (folder / "sim" / "ready.json").exists)
        self.guest = json.loads(
            (folder / "sim" / "ready.json").read_text())["guest"]
        self.backend = int(stack.enter_context(Process(BACKEND)).line())

    def ours(self, stack, workers, *more):
        ready = self.folder / f"serve{workers}.json"
        ready.unlink(missing_ok=True)
        command = [SERVE, "--listen", "127.0.0.1:0", "--backend",
                   f"127.0.0.1:{self.backend}", "--cert",
                   self.folder / "cert.pem", "--key", self.folder / "key.pem",
                   "--quotes", f"dstack:{self.guest}", "--ready-file", ready,
                   "--max-connections", 20000, "--drain", 1, "--workers",
                   workers, "--quote-rate", 0,  # clients have one address
                   *more]
        process = stack.enter_context(Process(*command))
        wait_for("assay-serve", lambda: process.alive() and ready.exists())
        port = json.loads(ready.read_text())["address"].rpartition(":")[2]
        return Server("assay", process, int(port))

    def nginx(self, stack, workers):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        conf = self.folder / f"nginx{workers}.conf"
        conf.write_text(NGINX.format(
            workers=workers, folder=self.folder, port=port,
            backend=self.backend, descriptors=self.descriptors))
        process = stack.enter_context(Process(
            NGINX_PROGRAM, "-p", self.folder, "-c", conf))
        server = Server("nginx", process, port)
        wait_for("nginx", server.connects)
        return server


# --- what is measured -------------------------------------------------------

def wrk(server, folder, script, path):
    text = output("wrk", "-t1", f"-c{CONNECTIONS if path == '/' else 4}",
                  f"-d{SECONDS}s", "-s",
                  folder / script, f"https://127.0.0.1:{server.port}{path}")
    sums = json.loads(text.strip().splitlines()[-1])
    # wrk counts what it cuts at its end as no error.
    if sums["errors"] or not sums["requests"]:
        die(f"{server.name} {path}: {text}")
    return sums["requests"] / (sums["us"] / 1e6)


def small(server, folder):
    return wrk(server, folder, "down.lua", "/")


def down(server, folder):
    return wrk(server, folder, "down.lua", "/large") * LARGE_MIB


def up(server, folder):
    return wrk(server, folder, "up.lua", "/up") * LARGE_MIB


def connects(server, folder):
    return float(output(LOAD, "connect", server.port, SECONDS, 8))


def latency(server, folder, seconds=RATE_SECONDS):
    return [float(x) for x in output(LOAD, "rate", server.port, RATE,
                                     seconds, RATE_CONNECTIONS).split()]


def stolen():
    """Ticks that the host gave to others when this machine wanted them."""
    return int(pathlib.Path("/proc/stat").read_text().split()[8])


def kernel_bytes():
    """What the system holds for TCP, of all processes."""
    pages = re.search(r"^TCP:.* mem (\d+)",
                      pathlib.Path("/proc/net/sockstat").read_text(), re.M)[1]
    return int(pages) * resource.getpagesize()


def idle(server, count, kind):
    """Bytes of a connection that is held, and the cipher."""
    before = server.resident()
    with Process(LOAD, "hold", server.port, count, kind) as held:
        cipher = held.line()
        bytes_each = (server.resident() - before) / count
        held.finish()
    return bytes_each, cipher


# --- rows -------------------------------------------------------------------

class Rows:
    def __init__(self):
        self.rows = []

    def value(self, name):
        return next(r["value"] for r in self.rows if r["name"] == name)

    def add(self, name, value, unit, baseline=None, higher=False, aim=None):
        row = {"name": name, "value": round(value, 4), "unit": unit,
               "baseline": baseline, "ratio": None}
        if baseline:
            row["ratio"] = round(value / self.value(baseline), 4)
        if higher:
            row["higher_is_better"] = True
        if aim:
            row["aim"] = aim
        self.rows.append(row)


SPEEDS = (  # name, unit, what measures it
    ("small", "requests/s", small),
    ("connects", "connections/s", connects),
    ("down", "MiB/s", down),
    ("up", "MiB/s", up),
)


def timed(server, folder, measure):
    """The rate, and microseconds of processor time for one of them."""
    before = server.processor()
    rate = measure(server, folder)
    spent = server.processor() - before
    return rate, 1e6 * spent / (rate * SECONDS)


def turns(servers):
    """Nobody is always the first."""
    for i in range(ROUNDS):
        yield from servers if i % 2 == 0 else servers[::-1]


def compare(stage, rows, workers):
    seen = {}

    def note(name, server, value):
        seen.setdefault((name, server.name), []).append(value)

    with contextlib.ExitStack() as stack:
        servers = [stage.nginx(stack, workers), stage.ours(stack, workers)]
        for name, _, measure in SPEEDS:
            for server in turns(servers):
                rate, each_us = timed(server, stage.folder, measure)
                note(name, server, rate)
                note(name + ".cpu", server, each_us)
        for server in turns(servers):
            p50, p99 = latency(server, stage.folder)
            note("p50", server, p50)
            note("p99", server, p99)
    for name, unit, higher, aim in (
            *((n, u, True, AIM_SPEED) for n, u, _ in SPEEDS),
            *((n + ".cpu", "us", False, None) for n, _, _ in SPEEDS),
            ("p50", "us", False, None), ("p99", "us", False, None)):
        stem, dot, rest = name.partition(".")
        stem = f"{stem}.{workers}"
        nginx = f"{stem}.nginx{dot}{rest}"
        rows.add(nginx, statistics.median(seen[name, "nginx"]), unit,
                 higher=higher)
        rows.add(f"{stem}.assay{dot}{rest}",
                 statistics.median(seen[name, "assay"]), unit, nginx, higher,
                 aim)


def memory(stage, rows):
    """Each in a process that has done nothing else."""
    ciphers = []
    for name, start in (("nginx", stage.nginx), ("assay", stage.ours)):
        with contextlib.ExitStack() as stack:
            each, cipher = idle(start(stack, 1), HELD, "get")
        ciphers.append(cipher)
        rows.add(f"idle.{name}", each, "bytes",
                 "idle.nginx" if name == "assay" else None,
                 aim=AIM_IDLE_BYTES if name == "assay" else None)
    if len(set(ciphers)) != 1:
        die(f"not the same cipher: {ciphers}")
    count = min(HELD_ATTESTED, stage.descriptors - SPARE_DESCRIPTORS)
    with contextlib.ExitStack() as stack:
        each, _ = idle(stage.ours(stack, 1), count, "quote")
    rows.add("idle.attested.held", count, "connections", higher=True)
    rows.add("idle.attested", each, "bytes", "idle.assay", aim=AIM_IDLE_BYTES)


def hostile(stage, rows):
    """The latency of others while 500 send heads by octets and 1,000 read no
    answer: of the rounds in which the host took the least time, for what it
    takes goes into every p99, and comes and goes."""
    timed, held, left, kernel = [], [], [], []
    count = LORIS + STUCK
    with contextlib.ExitStack() as stack:
        server = stage.ours(stack, 1)
        before, system = server.resident(), kernel_bytes()
        for _ in range(SLOW_ROUNDS):
            lost = stolen()
            alone = latency(server, stage.folder, SLOW_SECONDS)[1]
            lost = stolen() - lost
            with Process(LOAD, "slow", server.port, LORIS, STUCK) as slow:
                slow.line()
                wait_for("buffers to be full", server.still)
                lost -= stolen()
                beside = latency(server, stage.folder, SLOW_SECONDS)[1]
                lost += stolen()
                held.append((server.resident() - before) / count)
                kernel.append((kernel_bytes() - system) / count)
                slow.finish()
            timed.append((lost, alone, beside))
            wait_for("quiet", server.settled)
            wait_for("memory to go back", server.still)
            time.sleep(LEFT_SECONDS)
            left.append((server.resident() - before) / count)
    calm = sorted(timed, key=lambda t: t[0])[:SLOW_CALM]
    rows.add("hostile.stolen", calm[-1][0] / TICKS, "s")
    rows.add("hostile.p99.alone", statistics.median(c[1] for c in calm), "us")
    rows.add("hostile.p99.beside", statistics.median(c[2] for c in calm), "us",
             "hostile.p99.alone", aim=AIM_SLOW)
    rows.add("hostile.held", statistics.median(held), "bytes", aim=AIM_HELD)
    rows.add("hostile.left", statistics.median(left), "bytes", "hostile.held")
    rows.add("hostile.kernel", statistics.median(kernel), "bytes",
             aim=AIM_KERNEL)


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    descriptors = min(hard, 65536) if hard > 0 else 65536
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, hard))
    signal.signal(signal.SIGALRM, lambda *unused: die("took too long"))
    signal.alarm(LIMIT_S)
    parts = sys.argv[2:] or [*map(str, sorted({1, os.cpu_count()})), "memory",
                             "hostile"]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="assay-bench-"))
    rows = Rows()
    try:
        with contextlib.ExitStack() as stack:
            stage = Stage(stack, folder, descriptors)
            for part in parts:
                if part == "memory":
                    memory(stage, rows)
                elif part == "hostile":
                    hostile(stage, rows)
                else:
                    compare(stage, rows, int(part))
                rows.add(f"load.{part}", os.getloadavg()[0], "processes")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    pathlib.Path(sys.argv[1]).write_text(json.dumps({"rows": rows.rows},
                                                    indent=1) + "\n")


if __name__ == "__main__":
    main()
