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

ROUNDS, WARM, CONNECTS = 7, 800, 40
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


def rate(client, url, count):
    begin = time.perf_counter()
    for _ in range(count):
        assert client.get(url).status_code == 200
    return count / (time.perf_counter() - begin)


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

        seen = {"plain": ([], []), "attested": ([], [])}
        kinds = [("plain", make_plain), ("attested", make_attested)]
        with contextlib.ExitStack() as kept:
            clients = {name: kept.enter_context(make()) for name, make in kinds}
            for client in clients.values():
                rate(client, url, 50)
            for i in range(ROUNDS):
                for name, make in kinds if i % 2 else kinds[::-1]:
                    seen[name][0].append(rate(clients[name], url, WARM))
                    seen[name][1].append(connects(make, url, CONNECTS))
    for at, (stem, unit, aim) in enumerate(
        (("warm", "requests/s", AIM_WARM), ("connect", "connections/s", None))
    ):
        base = f"{stem}.httpx"
        rows.add(base, statistics.median(seen["plain"][at]), unit, higher=True)
        rows.add(
            f"{stem}.atlas",
            statistics.median(seen["attested"][at]),
            unit,
            base,
            True,
            aim,
        )


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
