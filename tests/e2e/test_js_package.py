# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The package that npm pack makes of assay-js, as strangers use it: what is in it,
both kinds of modules, another package's name, types under every resolution."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import js_peer
from harness import SOURCE, Case, clean_environment

PACKAGE = SOURCE / "bindings" / "js"
TSC = PACKAGE / "node_modules" / "typescript" / "bin" / "tsc"
ESBUILD = PACKAGE / "node_modules" / ".bin" / "esbuild"
LIMIT_S = 120
ALIAS = "@concrete-security/atlas-wasm"

NAMES = ["AtlsError", "AttestedStream", "closeAllConnections",
         "createAtlsFetch", "getConnectionPoolStats", "init",
         "mergeWithDefaultAppCompose", "setDefaultPolicy"]
NODE_NAMES = sorted([*NAMES, "createAtlsAgent"])

IN_NODE = """
import { createAtlsFetch, createAtlsAgent, mergeWithDefaultAppCompose,
         type AtlsResponse, type Policy } from "assay-js";
const policy: Policy = { app_compose: mergeWithDefaultAppCompose({ name: "a" }) };
const options = { target: "a.example", policy, headers: { a: "b" } };
const one: typeof fetch = createAtlsFetch(options);
const answer: Promise<AtlsResponse> = createAtlsFetch(options)("/", { method: "PUT" });
answer.then((r) => r.attestation.tcbStatus.toUpperCase());
createAtlsAgent({ target: "a.example", policy, maxSockets: 3 });
void one;
"""
IN_A_PAGE = """
import { createAtlsFetch, type AtlsFetch } from "assay-js";
const one: AtlsFetch = createAtlsFetch({
  proxyUrl: "ws://127.0.0.1:9000?target=vllm.example.com:443",
  targetHost: "vllm.example.com"
});
const two: typeof fetch = one;
void two;
"""
# Which code a request fails with that finds nobody: "network" is said by one that
# has its module and Mozilla's roots.
REQUEST = """
const policy = { type: "dstack_tdx", disable_runtime_verification: true,
                 partial: true };
const ask = (createAtlsFetch, way) => createAtlsFetch({ policy, ...way })("/")
  .catch(({ code }) => console.log(JSON.stringify(code)));
const overTcp = { target: "127.0.0.1:1" };
const byBridge = { proxyUrl: "ws://127.0.0.1:1", targetHost: "a.example" };
"""
LOADED = REQUEST + """
%s.then(({ init, createAtlsFetch }) =>
  init().then(() => ask(createAtlsFetch, overTcp)));
"""
BUNDLED = 'import { createAtlsFetch } from "assay-js";' + REQUEST
# What a page has and Node has not: files by fetch, and a WebSocket.
PAGE = """
import { readFile } from "node:fs/promises";
globalThis.fetch = async (url) => new Response(await readFile(new URL(url)));
globalThis.WebSocket = class extends EventTarget {
  constructor() {
    super();
    queueMicrotask(() => this.dispatchEvent(new Event("error")));
  }
  close() {}
};
await import("./page.mjs");
"""
WRONG = """
import { createAtlsFetch } from "assay-js";
createAtlsFetch({ target: "a.example", polciy: {} });
"""


def node(folder, *args):
    return subprocess.run(
        ["node", *map(str, args)], cwd=folder, env=clean_environment(),
        capture_output=True, text=True, timeout=LIMIT_S, check=False)


class Package(Case):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = os.path.realpath(temporary.name)
        done = subprocess.run(
            ["npm", "pack", "--json", "--pack-destination", cls.folder],
            cwd=PACKAGE, env=clean_environment(), capture_output=True,
            text=True, timeout=LIMIT_S, check=True)
        told = json.loads(done.stdout)
        cls.told = told[0] if isinstance(told, list) else told["assay-js"]
        archive = os.path.join(cls.folder, cls.told["filename"])
        subprocess.run(["tar", "xzf", archive, "-C", cls.folder], check=True,
                       timeout=LIMIT_S)
        for name in ("assay-js", ALIAS):
            shutil.copytree(os.path.join(cls.folder, "package"),
                            os.path.join(cls.folder, "node_modules", name))
        for name in ("@types/node", "undici-types"):
            shutil.copytree(PACKAGE / "node_modules" / name,
                            os.path.join(cls.folder, "node_modules", name))

    def test_what_is_in_it(self):
        names = {x["path"] for x in self.told["files"]}
        self.assertLessEqual({
            "package.json", "README.md", "LICENSE", "dist/assay.wasm",
            "dist/roots.pem", "dist/index.js", "dist/index.js.map",
            "dist/worker.js", "dist/worker.js.map", "dist/node.mjs",
            "dist/node.mjs.map", "dist/node.cjs", "dist/node.cjs.map",
            "dist/types/index.d.ts", "dist/types/index.d.cts",
            "dist/types/node.d.ts", "dist/types/node.d.cts"}, names)
        self.assertEqual({x.split("/")[0] for x in names},
                         {"dist", "package.json", "README.md", "LICENSE"})
        about = json.loads((PACKAGE / "package.json").read_text())
        self.assertNotIn("dependencies", about)

    def test_the_default_app_compose_is_the_core_s(self):
        text = (SOURCE / "src" / "eventlog" / "compose_defaults.c").read_text()
        pieces = re.findall(r'^    "(.*)";?$', text, re.M)
        wanted = "".join(pieces).replace('\\"', '"')
        got = self.exports_of(
            "console.log(JSON.stringify("
            "require('assay-js').mergeWithDefaultAppCompose({})))")
        self.assertEqual(got, json.loads(wanted))

    def exports_of(self, code):
        done = node(self.folder, "-e", code)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_import_and_require(self):
        for name in ("assay-js", ALIAS, "assay-js/node"):
            for get in (f"await import('{name}')", f"require('{name}')"):
                with self.subTest(get):
                    got = self.exports_of(
                        f"(async () => console.log(JSON.stringify(Object.keys("
                        f"{get}).filter((x) => x !== 'default' && "
                        f"x !== 'module.exports').sort())))()")
                    self.assertEqual(got, NODE_NAMES)

    def test_each_build_finds_what_is_beside_it(self):
        for get in ("import('assay-js')",
                    "Promise.resolve(require('assay-js'))"):
            with self.subTest(get):
                self.assertEqual(self.exports_of(LOADED % get), "network")

    def bundle(self, text, name, *options):
        """By esbuild, in a folder of its own; the folder."""
        out = pathlib.Path(self.folder, name.partition(".")[0])
        entry = pathlib.Path(self.folder, f"entry-{name}")
        entry.write_text(text)
        subprocess.run(
            [ESBUILD, entry, "--bundle", "--minify", "--format=esm",
             f"--outfile={out / name}", "--log-level=warning", *options],
            cwd=self.folder, env=clean_environment(), timeout=LIMIT_S, check=True)
        return out

    def check_bundle(self, out, name):
        """It is of use with the package's files beside it, and not without."""
        for files, code in (((), "io"), (("assay.wasm",), "io"),
                            (("roots.pem",), "network")):
            for file in files:
                shutil.copy(PACKAGE / "dist" / file, out)
            done = node(out, name)
            self.assertEqual(done.stdout, f'"{code}"\n', done.stderr)

    def test_a_bundle_for_node(self):
        out = self.bundle(BUNDLED + "ask(createAtlsFetch, overTcp);",
                          "node.mjs", "--platform=node")
        self.check_bundle(out, "node.mjs")

    def test_a_bundle_for_a_page(self):
        out = self.bundle(BUNDLED + "ask(createAtlsFetch, byBridge);",
                          "page.mjs")
        (out / "main.mjs").write_text(PAGE)
        self.check_bundle(out, "main.mjs")
        text = (out / "page.mjs").read_text()
        for file in ("assay.wasm", "roots.pem", "worker.js"):
            self.assertIn(f'new URL("./{file}",import.meta.url)', text)

    def test_a_bundle_of_the_worker(self):
        """It is imported for what it does: nothing of it is left out."""
        out = self.bundle('import "assay-js/worker.js";', "worker.mjs")
        self.assertIn("onmessage", (out / "worker.mjs").read_text())

    def test_every_code_of_errors_is_in_the_readme(self):
        text = (SOURCE / "include" / "assay" / "error.h").read_text()
        codes = set(re.findall(r'X\(ASSAY_\w+, "(\w+)"', text)) - {"ok"}
        for path in (PACKAGE / "src").glob("*.ts"):
            codes |= set(re.findall(r'new AtlsError\(\s*"(\w+)"',
                                    path.read_text()))
        self.assertGreater(len(codes), 20)
        readme = (PACKAGE / "README.md").read_text()
        _, _, errors = readme.partition("\n## Errors\n")
        rows = re.findall(r"^\| (`[^|]+) \|", errors, re.M)
        told = {code for row in rows for code in re.findall(r"`(\w+)`", row)}
        self.assertEqual(codes, told)

    def test_what_pages_get(self):
        done = node(self.folder, "--conditions=browser", "-e",
                    "console.log(require.resolve('assay-js'))")
        self.assertTrue(done.stdout.strip().endswith("dist/index.js"),
                        done.stdout + done.stderr)
        index = os.path.join(self.folder, "node_modules", "assay-js", "dist",
                             "index.js")
        with open(index, encoding="utf-8") as file:
            text = file.read()
        self.assertNotRegex(text, r"""["'](node:|fs["']|net["'])""")
        self.assertRegex(text, r"sourceMappingURL=index\.js\.map")

    def types(self, text, name, *options):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return node(self.folder, TSC, "--noEmit", "--strict", "--target",
                    "es2022", "--ignoreConfig", *options, name)

    def test_types(self):
        nodes = ("--module", "nodenext", "--lib", "es2023", "--types", "node")
        pages = ("--module", "esnext", "--moduleResolution", "bundler",
                 "--lib", "es2023,dom", "--types", "")
        for text, name, options, good in (
                (IN_NODE, "a.mts", nodes, True),
                (IN_NODE, "a.cts", nodes, True),
                (IN_NODE.replace("assay-js", "assay-js/node"), "b.mts", nodes,
                 True),
                (IN_A_PAGE, "page.ts", pages, True),
                (IN_A_PAGE.replace("assay-js", ALIAS), "alias.ts", pages, True),
                (WRONG, "wrong.mts", nodes, False)):
            with self.subTest(name):
                done = self.types(text, name, *options)
                self.assertEqual(done.returncode == 0, good, done.stdout)


if __name__ == "__main__":
    js_peer.need_dist()
    unittest.main()
