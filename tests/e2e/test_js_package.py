# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The package that npm pack makes of assay-js, as strangers use it: what is in it,
both kinds of modules, another package's name, types under every resolution."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import js_peer
from harness import SOURCE, Case, clean_environment

PACKAGE = SOURCE / "bindings" / "js"
TSC = PACKAGE / "node_modules" / "typescript" / "bin" / "tsc"
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
            "dist/node.mjs", "dist/node.mjs.map", "dist/node.cjs",
            "dist/node.cjs.map", "dist/types/index.d.ts",
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
