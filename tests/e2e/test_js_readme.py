# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What readmes show, in Node, letter by letter: that of atlas-proxy, under the name
that it imports, and our own. Each program runs as a user's would: in a folder whose
package.json has what npm pack made, and with hosts that are called as in the readmes.

For that the test has a network and a table of hosts of its own."""
import contextlib
import fcntl
import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys

import harness
import js_peer
import node_peer
import test_bridge_node
import test_serve
from bridge_peer import BRIDGE, Daemon, environment
from harness import SCRATCH, SOURCE, Case, clean_environment
from openai_server import OpenAI
from test_serve import SERVE, Serve
from test_sim import SIM, Sim

THEIRS = pathlib.Path(os.environ.get("ASSAY_SHARED") or "/none",
                      "readmes/atlas-proxy.md")
OURS = SOURCE / "bindings" / "js" / "README.md"
SDKS = SOURCE / "tests" / "e2e" / "js-sdks"
ALIAS = "@concrete-security/atlas-wasm"
TEE, ENCLAVE = "vllm.example.com", "enclave.example.com"
LIMIT_S = 120
OWN = "--in-its-own-network"
UP = 1  # IFF_UP

# As in the readme, for those who do not have it; test_the_snippets_are_these says
# whether they are.
IN_THE_URL, BY_DEFAULT = ["""import { createAtlsFetch } from "@concrete-security/atlas-wasm"

// Target specified in proxyUrl query string
const fetch = createAtlsFetch({
  proxyUrl: "ws://127.0.0.1:9000?target=vllm.example.com:443",
  targetHost: "vllm.example.com"
})
""", """// Uses ATLS_PROXY_TARGET default if not specified in URL
const fetch = createAtlsFetch({
  proxyUrl: "ws://127.0.0.1:9000",
  targetHost: "vllm.example.com"  // Must be in allowlist
})
"""]
IMPORT = f'import {{ createAtlsFetch }} from "{ALIAS}";\n'

# What a program of the readmes' has besides. `report` says what Python looks at.
PRELUDE = """
import * as assay from "%s";
const { policy } = JSON.parse(process.env.ASSAY_README);
const report = (what) => console.log(JSON.stringify(what));
const failure = (promise) => promise.then(() => null,
                                          ({ code, hint }) => ({ code, hint }));
"""


# --- a network of its own ------------------------------------------------------


def enter():
    """Goes on in one, where the system allows that."""
    hosts = SCRATCH / "hosts"
    names = f"{TEE} {ENCLAVE} bridge.example.com"
    hosts.write_text(f"127.0.0.1 localhost {names}\n")
    script = f'mount --bind {hosts} /etc/hosts && exec "$@"'
    for more in ((), ("--map-root-user",)):
        under = ["unshare", *more, "--net", "--mount", "sh", "-c", script, "sh"]
        if subprocess.run([*under, "true"], capture_output=True,
                          check=False).returncode == 0:
            done = subprocess.run(
                [*under, sys.executable, "-B", __file__, OWN, *sys.argv[1:]],
                check=False)
            sys.exit(done.returncode)
    js_peer.skip("own network", "namespaces cannot be had")


def bring_up():
    """The loopback of a new network is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sh", b"lo", UP)
        fcntl.ioctl(s, 0x8914, request)  # SIOCSIFFLAGS


# --- the world -----------------------------------------------------------------


class ReadmeBridge(Daemon):
    """By the variables of the readme's quick start; this machine's addresses are
    allowed besides."""

    def __init__(self):
        self.ready_file = SCRATCH / "readme-bridge.json"
        self.log_file = SCRATCH / "readme-bridge.log"
        self.pass_fds = ()
        self.environment = environment(
            ATLS_PROXY_ALLOWLIST=f"{TEE}:443,tee2.example.com:8443",
            ATLS_PROXY_LISTEN="127.0.0.1:9000", ATLS_PROXY_TARGET=f"{TEE}:443")
        self.command = [str(BRIDGE), "--ready-file", str(self.ready_file),
                        "--allow-private", "127.0.0.0/8"]

    @property
    def log(self):
        return self.log_file.read_text()


def npm(folder, *args):
    done = subprocess.run(["npm", *args], cwd=folder, env=clean_environment(),
                          capture_output=True, text=True, timeout=LIMIT_S,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def install():
    """A user's folder, with the package under both names."""
    folder = SCRATCH / "user"
    folder.mkdir()
    told = json.loads(npm(SOURCE / "bindings" / "js", "pack", "--json",
                          "--pack-destination", str(folder)))
    told = told[0] if isinstance(told, list) else told["assay-js"]
    package = f"file:{told['filename']}"
    (folder / "package.json").write_text(json.dumps({
        "private": True, "dependencies": {"assay-js": package, ALIAS: package}}))
    npm(folder, "install", "--offline", "--ignore-scripts", "--no-audit",
        "--no-fund")
    return folder


def add_sdks(folder):
    """Those that were fetched before, if they were."""
    fetched = node_peer.BUILD / "js-sdks" / "node_modules"
    if not fetched.exists():
        return False
    for path in fetched.iterdir():
        if not (folder / "node_modules" / path.name).exists():
            (folder / "node_modules" / path.name).symlink_to(path)
    return True


def blocks(path, language):
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(), re.S)


class Snippets(Case):
    """A mixin: programs of readmes."""

    package = None

    def setUp(self):
        self.model.reset()

    def run_program(self, text, after="", package=None, options=(), code=0):
        """What a program reports, line by line."""
        self.count = getattr(self, "count", 0) + 1
        path = self.folder / f"{self.id().rpartition('.')[2]}{self.count}.mjs"
        path.write_text(PRELUDE % (package or self.package) + text + after)
        done = subprocess.run(
            ["node", "--no-warnings", *options, path.name], cwd=self.folder,
            env={**clean_environment(), "ASSAY_README": json.dumps(
                {"policy": self.policy})},
            capture_output=True, text=True, timeout=LIMIT_S, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(done.stderr, "")
        return done.stdout.splitlines()

    def reports(self, *args, **how):
        return [json.loads(x) for x in self.run_program(*args, **how)]


# --- the readme of atlas-proxy ---------------------------------------------------

ASKED = """
assay.setDefaultPolicy(policy);
for (const url of ["/v1/models", "https://vllm.example.com/v1/models"]) {
  const response = await fetch(url);
  report([response.status, response.url, (await response.json()).data[0].id,
          response.attestation.trusted, response.attestation.teeType]);
}
"""
# A WebSocket that rests keeps a program from its end.
CLOSE = "\nassay.closeAllConnections();\n"
COMPLETED = """
assay.setDefaultPolicy(policy);
const answer = await fetch("/v1/chat/completions", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ model: "test", stream: true,
                         messages: [{ role: "user", content: "SAY one two" }] }),
});
let text = "";
for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
  text += piece;
}
report(text);
"""


class Theirs(Snippets):
    package = ALIAS

    def test_the_snippets_are_these(self):
        if not THEIRS.exists():
            self.skipTest("another readme: ASSAY_SHARED does not have it")
        self.assertEqual(blocks(THEIRS, "javascript"), [IN_THE_URL, BY_DEFAULT])

    def each(self, after):
        for snippet in (IN_THE_URL, IMPORT + BY_DEFAULT):
            with self.subTest(snippet):
                self.model.reset()
                yield self.reports(snippet, after + CLOSE,
                                   options=self.websocket)

    def test_without_a_policy(self):
        for got in self.each('report(await failure(fetch("/v1/models")));'):
            self.assertEqual(got[0]["code"], "policy_required")
            self.assertIn("setDefaultPolicy", got[0]["hint"])
            self.assertEqual(self.model.requests, [])

    def test_with_the_default_policy(self):
        url = f"https://{TEE}/v1/models"
        for got in self.each(ASKED):
            self.assertEqual(got, [[200, url, "test", True, "tdx"]] * 2)
            self.assertEqual([seen.get("Host") for seen in self.model.requests],
                             [TEE, TEE])

    def test_a_completion_that_streams(self):
        for (text,) in self.each(COMPLETED):
            self.assertIn('"content": "two"', text)
            self.assertTrue(text.endswith("data: [DONE]\n\n"))

    def test_a_url_of_another_host(self):
        for got in self.each(
                "assay.setDefaultPolicy(policy);\n"
                'report(await failure(fetch("https://tee2.example.com/")));'):
            self.assertEqual(got[0]["code"], "wrong_host")
            self.assertEqual(self.model.requests, [])

    def test_a_policy_that_is_not_fulfilled(self):
        for got in self.each(
                'assay.setDefaultPolicy({ ...policy, os_image_hash: "00" });\n'
                'report(await failure(fetch("/v1/models")));'):
            self.assertIn(got[0]["code"], ("invalid", "malformed"))
        for got in self.each(
                'const os_image_hash = "00".repeat(32);\n'
                "assay.setDefaultPolicy({ ...policy, os_image_hash });\n"
                'report(await failure(fetch("/v1/models")));'):
            self.assertEqual(got[0]["code"], "not_trusted")
        self.assertEqual(self.model.requests, [])

    def test_everything_else_has_its_name_there(self):
        """Over TCP, under the name of the alias."""
        got, = self.reports("""
import * as https from "node:https";
import { AttestedStream, closeAllConnections, createAtlsAgent, createAtlsFetch,
         getConnectionPoolStats, mergeWithDefaultAppCompose } from "%s";
const target = "vllm.example.com";
const fetch = createAtlsFetch({ target, policy });
const models = (await (await fetch("/v1/models")).json()).data.length;
const stats = getConnectionPoolStats();
closeAllConnections();
const agent = createAtlsAgent({ target, policy });
const [status, tcb] = await new Promise((resolve, reject) => {
  const request = https.request("https://vllm.example.com/echo",
                                { agent, method: "POST" });
  request.on("error", reject);
  request.on("response", (r) => {
    const seen = [r.statusCode, r.socket.atlsAttestation?.tcbStatus];
    r.resume().on("end", () => resolve(seen));
  });
  request.end("body");
});
const stream = await AttestedStream.connect({ target, policy });
const writer = stream.writable.getWriter();
await writer.write(new TextEncoder().encode(
  "GET /v1/models HTTP/1.1\\r\\nHost: vllm.example.com\\r\\n" +
  "Connection: close\\r\\n\\r\\n"));
const said = await new Response(stream.readable).text();
report({ models, total: stats.total, after: getConnectionPoolStats().total,
         status, tcb, line: said.split("\\r\\n")[0],
         runner: mergeWithDefaultAppCompose({ name: "mine" }).runner });
""" % ALIAS)
        self.assertEqual(got, {
            "models": 1, "total": 1, "after": 0, "status": 200,
            "tcb": "UpToDate", "line": "HTTP/1.1 200 OK",
            "runner": "docker-compose"})


# --- our own ---------------------------------------------------------------------



class Ours(Snippets):
    package = "assay-js"

    def block(self, needle):
        """The one that has it."""
        found, = [x for x in blocks(OURS, "js") if needle in x]
        return found

    def test_every_block_that_connects_has_a_policy(self):
        """Or is one that shows a single option."""
        connecting = [x for x in blocks(OURS, "js")
                      if re.search(r"createAtls\w+\(|connect\(", x)]
        self.assertGreater(len(connecting), 5)
        for block in connecting:
            with self.subTest(block):
                self.assertTrue("policy" in block or "{ ...," in block)

    def test_in_node(self):
        got, = self.reports(self.block('target: "enclave.example.com", policy });'
                                       '\nconst response'),
                            "report([response.status, response.attestation."
                            "tcbStatus, (await response.json()).data[0].id]);")
        self.assertEqual(got, [200, "UpToDate", "test"])

    def test_https_agent(self):
        block = self.block("createAtlsAgent").replace(
            "response.socket.atlsAttestation.tcbStatus;",
            "report(response.socket.atlsAttestation.tcbStatus); "
            "response.resume();")
        self.assertEqual(self.reports(block), ["UpToDate"])

    def test_other_protocols(self):
        octets = ("const { AttestedStream } = assay;\nconst octets = new Text"
                  'Encoder().encode("GET /v1/models HTTP/1.1\\r\\nHost: '
                  'enclave.example.com\\r\\n\\r\\n");\n')
        got, = self.reports(octets + self.block("AttestedStream.connect"),
                            "report(new TextDecoder().decode(value));")
        self.assertTrue(got.startswith("HTTP/1.1 200 OK\r\n"))

    def sdk(self):
        if not self.sdks:
            self.skipTest("they cannot be had from npm")

    def test_ai_sdk(self):
        self.sdk()
        got = self.run_program("import { createAtlsFetch } from 'assay-js';\n"
                               + self.block("createOpenAI"))
        self.assertEqual(got, ["You said: Hello"])

    def test_openai(self):
        self.sdk()
        got, = self.reports(
            "import { createAtlsFetch } from 'assay-js';\n"
            + self.block("new OpenAI("), """
const answer = await client.chat.completions.create({
  model: "test", messages: [{ role: "user", content: "SAY hello" }] });
report(answer.choices[0].message.content);
""")
        self.assertEqual(got, "hello")

    def test_a_default_policy(self):
        block = self.block("setDefaultPolicy(policy)")
        got, = self.reports("const { setDefaultPolicy, createAtlsFetch } = assay;"
                            + block, """
const fetch = createAtlsFetch({ target: "enclave.example.com" });
report((await fetch("/v1/models")).attestation.trusted);
""")
        self.assertIs(got, True)


def main():
    bring_up()
    folder = install()
    with Sim(now=None) as sim, OpenAI() as Snippets.model:
        test_serve.SIMULATOR = sim
        serve = Serve(Snippets.model)
        for option, value in (("--listen", "127.0.0.1:443"),
                              ("--self-signed", f"{TEE},{ENCLAVE}")):
            serve.command[serve.command.index(option) + 1] = value
        with serve, ReadmeBridge():
            Snippets.folder = folder
            Snippets.sdks = add_sdks(folder)
            Snippets.policy = json.loads(
                (sim.folder / "policy.json").read_text())
            harness.main()


if __name__ == "__main__":
    Snippets.websocket = test_bridge_node.own_options()
    js_peer.need_dist()
    harness.need(SIM, SERVE, BRIDGE)
    if OWN in sys.argv:
        sys.argv.remove(OWN)
        main()
    elif Snippets.websocket is None:
        js_peer.skip("Node's own WebSocket", "this Node has none")
    else:
        with contextlib.suppress(SystemExit):  # it has said why
            node_peer.packages(SDKS)
        enter()
