# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What pages do that were written by the readme of atlas-proxy: its own lines, letter
by letter, under the name that it imports, through a bridge that is started as it says.

Only addresses are others: the bridge's port is one that is free, to which Chromium is
led from 9000, and the name of the readme's server leads to this machine."""
import json
import os
import pathlib
import re
import socket
import subprocess
import unittest

import bridge_peer
import js_browser
import node_peer
from bridge_peer import BRIDGE, Daemon, environment
from harness import SCRATCH
from js_browser import BrowserCase
from test_serve import Serve

README = pathlib.Path(os.environ.get("ASSAY_SHARED") or "/none",
                      "readmes/atlas-proxy.md")
PACKAGE = "@concrete-security/atlas-wasm"
TEE = "vllm.example.com"
ALLOWED = f"{TEE}:443,tee2.example.com:8443"  # its quick start's
# where TEE leads to: of this test alone, so that its port 443 is free
ADDRESS = f"127.78.{os.getpid() % 250}.{os.getpid() // 250 % 250 + 1}"
PORT = bridge_peer.free_port()
READY = SCRATCH / "readme-bridge"
# the snippet's own names end with it, so whoever comes later is told of them
PAGE = """<!doctype html><title>As the readme says</title>
<script type="importmap">{"imports": {"%s": "/dist/index.js"}}</script>
<script type="module">
%s
window.theFetch = fetch;
</script>
<script type="module" src="/page.mjs"></script>
"""

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


def hosts():
    """A command's beginning, under which TEE is known."""
    table = SCRATCH / "hosts"
    table.write_text(f"127.0.0.1 localhost\n{ADDRESS} {TEE}\n")
    return ("unshare", "-m", "sh", "-c",
            f'mount --bind {table} /etc/hosts && exec "$@"', "sh")


class ReadmeBridge(Daemon):
    """By the variables of the readme's quick start. Addresses of this machine are
    allowed besides."""

    def __init__(self):
        self.ready_file = READY.with_suffix(".json")
        self.log_file = READY.with_suffix(".log")
        self.environment = environment(
            ATLS_PROXY_ALLOWLIST=ALLOWED, ATLS_PROXY_TARGET=f"{TEE}:443",
            ATLS_PROXY_LISTEN=f"127.0.0.1:{PORT}")
        self.pass_fds = ()
        self.command = [*hosts(), str(BRIDGE), "--ready-file",
                        str(self.ready_file), "--allow-private", "127.0.0.0/8"]

    @property
    def log(self):
        return self.log_file.read_text()


class Readme(BrowserCase):
    def setUp(self):
        serve = Serve(self.world.backend)
        at = serve.command.index("--self-signed")
        serve.command[at + 1] = TEE
        serve.command[serve.command.index("--listen") + 1] = f"{ADDRESS}:443"
        self.enterContext(serve)
        self.enterContext(ReadmeBridge())
        super().setUp()

    def open(self, url=None, ready=True):
        return super().open(
            url or self.world.pages.add(PAGE % (PACKAGE, self.snippet)), ready)

    def set_default(self, **more):
        policy = {**self.world.policy, "pccs_url": self.world.relay, **more}
        self.page.do(f"""async (policy) => {{
            const {{ setDefaultPolicy }} = await import("{PACKAGE}");
            setDefaultPolicy(policy);
        }}""", **policy)

    @property
    def tunnels(self):
        """That the page has asked for."""
        return [x for x in self.page.ask("asked") if x.startswith("ws")]

    def check_refused(self, code, url="/v1/models"):
        found = self.page.do("({url}) => failure(theFetch(url))", url=url)
        self.assertEqual(found["code"], code)
        self.assertEqual(self.world.backend.requests, [])
        return found

    def test_without_a_policy(self):
        """Nothing is sent, nor any connection made."""
        self.check_refused("policy_required")
        self.assertEqual(self.tunnels, [])

    def test_with_the_default_policy(self):
        self.set_default()
        for url in ("/v1/models", f"https://{TEE}/v1/models"):
            answer = self.page.do("""async ({url}) => {
                const r = await theFetch(url);
                return [r.status, r.url, (await r.json()).data[0].id,
                        r.attestation.trusted, r.attestation.teeType];
            }""", url=url)
            self.assertEqual(answer, [200, f"https://{TEE}/v1/models", "test",
                                      True, "tdx"])
        self.assertEqual([seen.get("Host")
                          for seen in self.world.backend.requests], [TEE, TEE])
        self.assertEqual(self.tunnels, [self.tunnel])

    def test_a_completion_that_streams(self):
        self.set_default()
        text = self.page.do("""async ({body}) => {
            const r = await theFetch("/v1/chat/completions", {
              method: "POST", body,
              headers: {"Content-Type": "application/json"}});
            return r.text();
        }""", body=json.dumps({"model": "test", "stream": True, "messages": [
            {"role": "user", "content": "Hello"}]}))
        self.assertTrue(text.endswith("data: [DONE]\n\n"), text[-200:])

    def test_a_server_that_is_not_the_one(self):
        self.set_default(os_image_hash="00" * 32)
        found = self.check_refused("not_trusted")
        self.assertEqual(found["failed"], ["os_image_hash"])

    def test_another_host_is_neither_asked_nor_told(self):
        self.set_default()
        for url in ("https://example.com/v1/models", f"https://{TEE}:8443/",
                    f"http://{TEE}/"):
            self.check_refused("wrong_host", url)
        self.assertEqual(self.tunnels, [])
        self.assertFalse([x for x in self.page.ask("asked")
                          if "example" in x])


class TargetInTheUrl(Readme):
    snippet = IN_THE_URL
    tunnel = f"ws://127.0.0.1:9000/?target={TEE}:443"


class DefaultTarget(Readme):
    snippet = IN_THE_URL.splitlines()[0] + "\n" + BY_DEFAULT
    tunnel = "ws://127.0.0.1:9000/"


class Snippets(unittest.TestCase):
    def test_the_snippets_are_these(self):
        if not README.exists():
            self.skipTest("another readme: ASSAY_SHARED does not have it")
        self.assertEqual(
            re.findall(r"```javascript\n(.*?)```", README.read_text(), re.S),
            [IN_THE_URL, BY_DEFAULT])


del Readme  # no tests by itself


def need_names():
    if subprocess.run([*hosts(), "true"], capture_output=True,
                      check=False).returncode:
        node_peer.skip("the readme's names", "there are no mount namespaces")
    try:
        socket.create_server((ADDRESS, 443)).close()
    except PermissionError:
        node_peer.skip("the readme's names", "nobody may listen at port 443")


if __name__ == "__main__":
    need_names()
    js_browser.main(arguments=(
        f"--host-resolver-rules=MAP 127.0.0.1:9000 127.0.0.1:{PORT}",))
