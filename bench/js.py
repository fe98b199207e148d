# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""fetch of assay-js beside the host's own, in turns: in Node over TCP, and in
Chromium through assay-bridge, to the same assay-serve; and its verification of
quotes beside the native one and published packages.

usage: js.py [--own-network] JSON [PEERS], the folder that has what peer-js names
       --own-network: it was started in an empty one

load: until the module is compiled and started, in a program or page that has just
begun; first: until there is the first response, the attestation included. connect:
a request on a new connection where everything else is there; the server signs a
quote (a simulated platform's), which is appraised. warm: requests on a connection
that is kept, one at a time. down and up: bodies of 8 MiB. cipher: records of 16 KiB
by the OpenSSL that is in the module.

Turns, ratios and load.* are as in contest.py: client, server, bridge and platform
share the machine. What is started here ends with this program, however that ends.
About two minutes; LIMIT_S is the end.
"""

import contextlib
import functools
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

import contest  # of this folder
import serve

HERE = pathlib.Path(__file__).resolve().parent
WASM = serve.BUILD / "wasm"
BRIDGE = serve.BUILD / "bin" / "assay-bridge"
MINT = serve.BUILD / "bin" / "assay-mint"
VERIFY = serve.BUILD / "bench" / "bench_verify"
CHROMIUM = pathlib.Path("/usr/bin/chromium")
SHARED = pathlib.Path(os.environ.get("ASSAY_SHARED") or HERE.parent / "../shared")
REAL = SHARED / "vectors" / "tdx4-phala"  # UpToDate, under Intel's root

HOW = {"rounds": 12, "each": 40, "connections": 25}
STARTS = 7
VERIFY_SECONDS = 3
LIMIT_S = 600
SCRIPT_LIMIT_S = 240
MINTED_AT = 1767225600


class Pages(http.server.SimpleHTTPRequestHandler):
    """bench/js, and the package as dist/. Isolated, which has finer clocks."""

    extensions_map = {
        ".html": "text/html",
        ".mjs": "text/javascript",
        ".js": "text/javascript",
        ".wasm": "application/wasm",
        ".pem": "application/x-pem-file",
    }

    def translate_path(self, path):
        name = pathlib.PurePosixPath(path).name
        return str((WASM / "dist" if path.startswith("/dist/") else HERE / "js") / name)

    def end_headers(self):
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "credentialless")
        super().end_headers()

    def log_message(self, *unused):
        pass


@contextlib.contextmanager
def pages():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/page.html"
    finally:
        server.shutdown()
        server.server_close()


class Stage(serve.Stage):
    """And the bridge before the server; what clients have to know of both."""

    def __init__(self, stack, folder, descriptors, peers):
        super().__init__(stack, folder, descriptors)
        self.peers = peers
        self.server = self.ours(stack, 1)
        sim = json.loads((folder / "sim" / "policy.json").read_text())
        changes = {
            "accept_self_signed_certs": False,  # the certificate is judged, too
            "cache_collateral": True,
            "certificate_event": "off",
        }
        self.about = {
            "port": self.server.port,
            "options": {
                "policy": sim | changes,
                "extraRoots": (folder / "cert.pem").read_text(),
            },
        }

    def bridge(self, stack):
        ready = self.folder / "bridge.json"
        command = (BRIDGE, "--allow", f"127.0.0.1:{self.server.port}")
        more = ("--listen", "127.0.0.1:0", "--ready-file", ready, "--rate", 0)
        process = stack.enter_context(
            serve.Process(*command, *more, "--access-log", "off")
        )
        serve.wait_for("assay-bridge", lambda: process.alive() and ready.exists())
        return "ws://" + json.loads(ready.read_text())["address"]


def node(stage, script, about, **environment):
    """What the script prints. Nothing is cached from an earlier one."""
    home = tempfile.mkdtemp(dir=stage.folder)
    done = subprocess.run(
        ["node", str(HERE / "js" / script), json.dumps(about)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SCRIPT_LIMIT_S,
        preexec_fn=serve.end_with_parent,
        env={
            **os.environ,
            "HOME": home,
            "XDG_CACHE_HOME": f"{home}/cache",
            "XDG_STATE_HOME": f"{home}/state",
            "NODE_EXTRA_CA_CERTS": str(stage.folder / "cert.pem"),
            **environment,
        },
    )
    if done.returncode != 0:
        serve.die(f"{script} ended with {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


# --- rows -------------------------------------------------------------------


def add_ours(rows, stem, unit, ours, plain):
    """The medians; and that of the ratios of each round."""
    contest.add_row(rows, f"{stem}.fetch", unit, plain)
    contest.add_row(
        rows, f"{stem}.assay", unit, ours, None, f"{stem}.fetch", plain
    )


def add_percentile(rows, stem, seen, share):
    for name, baseline in (("fetch", None), ("assay", f"{stem}.fetch")):
        values = sorted(seen[name])
        rows.add(f"{stem}.{name}", values[int(len(values) * share)], "ms", baseline)


def add_all(rows, host, seen):
    contest.add_row(rows, f"{host}.load", "ms", seen["load"])
    add_ours(rows, f"{host}.first", "ms", seen["first"], seen["plain"])
    contest.add_row(rows, f"{host}.connect", "ms", seen["connect"])
    add_percentile(rows, f"{host}.warm.p50", seen["warm"], 0.5)
    add_percentile(rows, f"{host}.warm.p99", seen["warm"], 0.99)
    for kind in ("down", "up"):
        of = seen[kind]
        add_ours(rows, f"{host}.{kind}", "MiB/s", of["assay"], of["fetch"])


def in_node(stage, rows):
    about = {**stage.about, "dist": str(WASM / "dist" / "node.mjs"), "how": HOW}
    seen = {"load": [], "first": [], "plain": []}
    for _ in range(STARTS):
        begun = node(stage, "node.mjs", {**about, "part": "first"})
        seen["load"].append(begun["load"])
        seen["first"].append(begun["first"])
        plain = node(stage, "node.mjs", {**about, "part": "plain"})
        seen["plain"].append(plain["first"])
    add_all(rows, "node", seen | node(stage, "node.mjs", {**about, "part": "all"}))


def in_chromium(stage, rows):
    if stage.peers is None or not CHROMIUM.exists():
        why = "no Playwright" if stage.peers is None else f"there is no {CHROMIUM}"
        print(f"SKIPPED chromium: {why}", file=sys.stderr)
        return
    with contextlib.ExitStack() as stack:
        about = {
            "peers": stage.peers,
            "program": str(CHROMIUM),
            "page": stack.enter_context(pages()),
            "about": {**stage.about, "bridge": stage.bridge(stack)},
            "how": HOW,
            "starts": STARTS,
        }
        add_all(rows, "chromium", node(stage, "chromium.mjs", about))


def minted(stage):
    folder = stage.folder / "minted"
    serve.output(MINT, "--out", folder, "--at", MINTED_AT)
    when = {"verification_time": MINTED_AT}
    (folder / "expected.json").write_text(json.dumps(when))
    return folder


def verify(stage, rows):
    folders = {"verify": minted(stage)}
    if REAL.is_dir():
        folders["verify.real"] = REAL
    else:
        print(f"SKIPPED verify.real.*: no folder {REAL}", file=sys.stderr)
    for stem, folder in folders.items():
        said = serve.output(VERIFY, "--loop", "bundle", VERIFY_SECONDS, folder)
        native = float(re.search(r"([0-9.]+) us", said)[1])
        seen = verified(folder, stage.peers)
        rows.add(f"{stem}.native", native, "us")
        wasm = seen.pop("wasm")
        rows.add(f"{stem}.wasm", wasm, "us", f"{stem}.native")
        for name, value in seen.items():
            rows.add(f"{stem}.{name}", value, "us", f"{stem}.wasm")


def verified(folder, peers):
    script = HERE / "js" / "verify.mjs"
    module = {"ASSAY_JS_CORE": str(WASM / "core" / "assay.wasm")}
    done = subprocess.run(
        ["node", str(script), str(folder), str(VERIFY_SECONDS), peers or ""],
        capture_output=True,
        text=True,
        timeout=SCRIPT_LIMIT_S,
        preexec_fn=serve.end_with_parent,
        env=os.environ | module,
    )
    if done.returncode != 0:
        serve.die(f"verify.mjs ended with {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def ciphers(stage, rows):
    run = HERE.parent / "tests" / "wasm" / "run.mjs"
    program = WASM / "core" / "bench" / "wasm_ciphers.wasm"
    seen = json.loads(serve.output("node", "--no-warnings", run, program))
    first, *others = seen
    rows.add(f"cipher.{first}", seen[first], "MiB/s", None, True)
    for name in others:
        rows.add(f"cipher.{name}", seen[name], "MiB/s", f"cipher.{first}", True)


PARTS = {
    "cipher": ciphers,
    "verify": verify,
    "node": in_node,
    "chromium": in_chromium,
}


def main():
    is_own, out, more = contest.arguments()
    stage = functools.partial(Stage, peers=more[0] if more else None)
    contest.write(contest.run(is_own, LIMIT_S, stage, PARTS), out)


if __name__ == "__main__":
    main()
