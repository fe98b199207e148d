# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""atlas.httpx beside plain httpx over ssl: the same assay-serve, the same small
answer, in turns, one request at a time.

usage: python.py JSON, with a Python that has the package atlas
Warm: requests on one connection that is kept. Connect: a new connection for
each request; the attested one has the server sign a quote (a simulated
platform's) and appraises it.
"""

import contextlib
import json
import pathlib
import shutil
import ssl
import statistics
import sys
import tempfile
import time

import httpx as plain

import serve  # of this folder
from atlas import httpx as attested

# Turns are short, and many: what else the machine does falls on both alike.
TURNS, WARM = 400, 15
ROUNDS, CONNECTS = 7, 40
AIM_WARM = 0.95


def policy(stage):
    """That of the simulated platform, for the certificate of this run."""
    sim = json.loads((stage.folder / "sim" / "policy.json").read_text())
    folder = stage.folder / "sim"
    return sim | {
        "trusted_root": str(folder / "root.pem"),
        "cache_collateral": False,
        "certificate_event": "off",
    }


def ask(client, url, count):
    """Seconds for one request: by the clock, and of this process's processor."""
    clock, processor = time.perf_counter(), time.process_time()
    for _ in range(count):
        assert client.get(url).status_code == 200
    return (
        (time.perf_counter() - clock) / count,
        (time.process_time() - processor) / count,
    )


def connects(make, url, count):
    begin = time.perf_counter()
    for _ in range(count):
        with make() as client:
            assert client.get(url).status_code == 200
    return count / (time.perf_counter() - begin)


def measure(stage, rows):
    with contextlib.ExitStack() as stack:
        server = stage.ours(stack, 1)
        url = f"https://localhost:{server.port}/"
        believed = ssl.create_default_context(cafile=stage.folder / "cert.pem")
        ours = policy(stage)

        def make_plain():
            return plain.Client(verify=believed, trust_env=False)

        def make_attested():
            return attested.Client(
                verify=believed,
                trust_env=False,
                atls_policy_per_hostname={"localhost": ours},
            )

        kinds = {"httpx": make_plain, "atlas": make_attested}
        warm(rows, kinds, url)
        connect(rows, kinds, url)


def turns(kinds, count):
    for i in range(count):
        yield from kinds if i % 2 else reversed(kinds)


def add(rows, stem, unit, seen, higher, aim=None):
    for name in ("httpx", "atlas"):
        rows.add(
            f"{stem}.{name}",
            statistics.median(seen[name]),
            unit,
            None if name == "httpx" else f"{stem}.httpx",
            higher,
            None if name == "httpx" else aim,
        )


def warm(rows, kinds, url):
    seen = {name: [] for name in kinds}
    with contextlib.ExitStack() as kept:
        clients = {name: kept.enter_context(make()) for name, make in kinds.items()}
        for client in clients.values():
            ask(client, url, 50)
        for name in turns(kinds, TURNS):
            seen[name].append(ask(clients[name], url, WARM))
    rates = {name: [1 / clock for clock, _ in seen[name]] for name in seen}
    work = {name: [processor * 1e6 for _, processor in seen[name]] for name in seen}
    add(rows, "warm", "requests/s", rates, True, AIM_WARM)
    add(rows, "warm.cpu", "us/request", work, False)


def connect(rows, kinds, url):
    seen = {name: [] for name in kinds}
    for name in turns(kinds, ROUNDS):
        seen[name].append(connects(kinds[name], url, CONNECTS))
    add(rows, "connect", "connections/s", seen, True)


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="assay-bench-"))
    rows = serve.Rows()
    try:
        with contextlib.ExitStack() as stack:
            measure(serve.Stage(stack, folder, 4096), rows)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    pathlib.Path(sys.argv[1]).write_text(json.dumps({"rows": rows.rows}, indent=1))


if __name__ == "__main__":
    main()
