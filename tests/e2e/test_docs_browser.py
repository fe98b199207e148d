# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""docs/browser.md and docs/browser: every block and file as it is, but for names and
addresses; pages in Chromium over https."""
import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import textwrap
import unittest

import demo_peer
import harness
import node_peer
from bridge_peer import BRIDGE, Bridge, free_port, wait_until
from demo_peer import Demo
from harness import BIN, SCRATCH, SOURCE
from node_peer import Robot
from test_bridge_browser import CHROMIUM
from test_demo import DemoCase

SAMPLE = SOURCE / "docs" / "browser"
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
ESBUILD = SOURCE / "bindings/js/node_modules/esbuild/bin/esbuild"
RESTART = "systemctl reload nginx && systemctl restart assay-bridge"
AROUND = """
daemon off;
error_log error.log;
pid pid;
%s
events {}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
%s
}
"""


def change(text, changes):
    """Each of these is there, and becomes that."""
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def parts(text):
    """Blocks of the document: what is indented, and what is fenced by ```js."""
    fence = re.compile(r"^```js\n(.*?)^```$", re.M | re.S)
    return (re.findall(r"(?:^    .*\n|^\n(?=    ))+", fence.sub("", text), re.M),
            fence.findall(text))


DOC = (SOURCE / "docs" / "browser.md").read_text()
BLOCKS, RECIPES = parts(DOC)


def block(*words):
    """The one that has these."""
    found = [x for x in BLOCKS if all(word in x for word in words)]
    assert len(found) == 1, (words, len(found))
    return textwrap.dedent(found[0]).strip()


class Host(DemoCase):
    """A host that is set up as the document says, for a demo's server."""

    def setUp(self):
        super().setUp()
        self.it = self.enterContext(Demo(FOLDER, self.env))
        self.name = f"localhost:{free_port()}"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="n", dir=SCRATCH))
        self.folder.chmod(0o755)
        self.site = self.folder / "site"
        (self.folder / "etc").mkdir()
        self.write_settings()
        self.write_config()
        self.install(block("install -d"))
        self.bridge = self.enterContext(
            Bridge([], "--config", self.folder / "etc" / "bridge.toml"))
        self.start_nginx()

    def install(self, commands):
        """As the document says, but for places, and for what is running here."""
        lines = [x for x in commands.splitlines()
                 if x not in ("./run wasm", RESTART)]
        text = change("\n".join(lines), {
            "settings.json": f"{self.folder}/settings.json",
            "/srv/chat": str(self.site)})
        for old, new in {"docs/browser/nginx.conf": "nginx.conf",
                         "docs/browser/bridge.toml": "bridge.toml",
                         "/etc/nginx/conf.d/chat.conf": "etc/chat.conf",
                         "/etc/assay/": "etc/"}.items():
            text = text.replace(old, f"{self.folder}/{new}")
        text = text.replace("bindings/js/dist", str(demo_peer.DIST))
        run = subprocess.run(
            ["sh", "-ec", text], cwd=SOURCE, capture_output=True, text=True,
            timeout=demo_peer.LIMIT_S,
            env={**self.env, "PATH": f"{BIN}:{os.environ['PATH']}"})
        self.assertEqual(run.returncode, 0, run.stderr)

    def write_config(self):
        ready = json.loads((self.it.folder / "sim/ready.json").read_text())
        (self.folder / "bridge.toml").write_text(
            change((SAMPLE / "bridge.toml").read_text(), {
                "127.0.0.1:9000": "127.0.0.1:0",
                "enclave.example.com:443": self.it.said["target"],
                "https://chat.example.com": f"https://{self.name}",
                '"intel"': f'"{ready["pccs"]}"'}))
        shutil.copy(SAMPLE / "nginx.conf", self.folder)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
             "-days", "2", "-keyout", self.folder / "chat.key", "-out",
             self.folder / "chat.pem"], check=True, capture_output=True)

    def start_nginx(self):
        port = self.name.rpartition(":")[2]
        server = change((self.folder / "etc" / "chat.conf").read_text(), {
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "wss://chat.example.com": f"wss://{self.name}",
            "server_name chat.example.com": "server_name localhost",
            "/etc/assay/": f"{self.folder}/", "/srv/chat": str(self.site),
            "http://127.0.0.1:9000": f"http://127.0.0.1:{self.bridge.port}"})
        config = self.folder / "nginx.conf"
        config.write_text(AROUND % (
            "user root;" if os.geteuid() == 0 else "", server))
        p = subprocess.Popen([NGINX, "-p", self.folder, "-c", config],
                             stderr=subprocess.DEVNULL)
        self.addCleanup(p.wait, demo_peer.LIMIT_S)
        self.addCleanup(p.terminate)
        wait_until(lambda: self.is_open(int(port)), "nginx")

    def is_open(self, port):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    def write_settings(self, **more):
        """What the document has, with this server's policy."""
        its = self.it.json("/settings.json")
        policy = {k: v for k, v in its["atls"]["policy"].items()
                  if k != "pccs_url"}
        settings = json.loads(change(block('"proxyUrl"', '"targetHost"'), {
            "the-name-of-a-model": its["model"],
            "chat.example.com": self.name,
            "enclave.example.com:443": self.it.said["target"],
            '"enclave.example.com"': f'"{self.it.said["target"]}"'}))
        settings["atls"] |= {"policy": policy, **more,
                             "extraRoots": its["atls"]["extraRoots"]}
        for folder in (self.folder, self.site):
            if folder.exists():
                (folder / "settings.json").write_text(json.dumps(settings))
        return settings

    def asked(self):
        return self.it.json("/demo/state")["asked"]


class Sample(Host):
    def visit(self):
        return ROBOT.ask("visit", url=f"https://{self.name}/")

    def check_verified(self, seen):
        self.assertEqual(seen["verdict"], "Verified: the TCB is UpToDate.")
        self.assertEqual((seen["models"], seen["said"]), (["assay-toy"], []))

    def test_verified(self):
        seen = self.visit()
        self.check_verified(seen)
        self.assertEqual({x.split("/")[2] for x in seen["asked"]
                          if not x.startswith("data:")}, {self.name})
        self.assertIn("'wasm-unsafe-eval'",
                      seen["headers"]["content-security-policy"])
        self.assertEqual(seen["headers"]["x-content-type-options"], "nosniff")

    def test_worker(self):
        """Under the same CSP; the module is the Worker's alone."""
        shutil.copy(demo_peer.DIST / "worker.js", self.site / "assay-js")
        self.write_settings(worker=True)
        seen = self.visit()
        self.check_verified(seen)
        self.assertIn(f"https://{self.name}/assay-js/worker.js",
                      seen["asked"])

    def test_types(self):
        for file, kind in (("", "text/html"), ("page.js", "text/javascript"),
                           ("assay-js/assay.wasm", "application/wasm"),
                           ("assay-js/roots.pem", "application/x-pem-file")):
            told = subprocess.run(
                ["curl", "-skI", f"https://{self.name}/{file}"], check=True,
                capture_output=True, text=True, env=self.env).stdout
            self.assertRegex(told, f"(?i)\ncontent-type: {kind}\r?\n")
            self.assertRegex(told, "(?i)\ncontent-security-policy: ")

    def test_refused(self):
        self.it.scene("relayed-quote")
        seen = self.visit()
        self.assertTrue(seen["verdict"].startswith(
            "Refused, and nothing was sent: "), seen["verdict"])
        self.assertEqual((seen["models"], seen["said"]), ([], []))

    def test_another_bridge(self):
        """Which the page's own CSP does not let it use."""
        self.write_settings(proxyUrl=f"ws://{self.it.said['bridge']}/")
        seen = self.visit()
        self.assertTrue(seen["verdict"].startswith("It did not work: "))
        self.assertIn("Content Security Policy", " ".join(seen["said"]))

    def test_chat_page_without_its_parts(self):
        """It says what is missing, and what to do."""
        self.install(block("bindings/js/demo/*"))
        for file, words in (("assay-js/index.js", "./run wasm"),
                            ("settings.json", "status 404")):
            with self.subTest(file):
                away = (self.site / file).rename(self.site / "away")
                seen = ROBOT.ask("trouble", url=f"https://{self.name}/")
                self.assertIn(words, seen["text"])
                self.assertFalse(seen["send"])
                away.rename(self.site / file)

    def test_chat_page(self):
        """The demo's, from files alone."""
        self.install(block("bindings/js/demo/*"))
        ROBOT.ask("open", url=f"https://{self.name}/", width=360,
                  scheme="light", motion="reduce")
        ROBOT.ask("say", text="three little words")
        seen = ROBOT.ask("see", path="")
        self.assertEqual((seen["state"], seen["said"], seen["trouble"]),
                         ("✓ Trusted", [], None))
        self.assertEqual([m["who"] for m in seen["messages"]],
                         ["You", "assay-toy"])
        self.assertIn("“three little words”", seen["messages"][1]["text"])
        self.assertNotIn("simulated", seen["text"])
        self.assertNotIn("What happens to the server", seen["text"])
        self.it.scene("relayed-quote")
        ROBOT.ask("say", text="a secret")
        seen = ROBOT.ask("see", path="")
        self.assertEqual(seen["state"], "✕ Not trusted")
        self.assertTrue(seen["messages"][-1]["notes"][0].startswith(
            "✕ Not sent: report_data: "))
        self.assertEqual(self.asked(), 1)


class Recipes(Host):
    """Bundled, with what they import from the registry, and run under the
    document's CSP."""

    def bundle(self, index, changes=()):
        source = self.folder / "recipe.mjs"
        source.write_text(change(RECIPES[index], dict(changes)))
        run = subprocess.run(
            ["node", ESBUILD, source, "--bundle", "--format=esm",
             f"--alias:assay-js={demo_peer.DIST}/index.js",
             f"--outfile={self.site}/recipe.js"], capture_output=True,
            text=True, timeout=demo_peer.LIMIT_S,
            env={**self.env, "NODE_PATH": str(SDKS / "node_modules")})
        self.assertEqual(run.returncode, 0, run.stderr)
        for file in ("assay.wasm", "roots.pem"):
            shutil.copy(demo_peer.DIST / file, self.site)
        (self.site / "recipe.html").write_text(
            "<!doctype html><link rel=icon href=data:,><output></output>"
            "<script type=module src=recipe.js></script>")

    def run_it(self, until):
        seen = ROBOT.ask("recipe", until=until,
                         url=f"https://{self.name}/recipe.html")
        self.assertEqual(seen["said"], [], seen["text"])
        return seen["text"]

    def check_recipe(self, index, begins="", refused=""):
        self.bundle(index)
        self.assertRegex(self.run_it("“Hello”"), f"^{begins}.*toy model")
        self.assertEqual(self.asked(), 1)
        self.it.scene("relayed-quote")
        self.assertIn(refused, self.run_it(refused))
        self.assertEqual(self.asked(), 1)

    def test_plain(self):
        self.check_recipe(0, "UpToDate: ", "Not trusted: report_data (")

    def test_ai_sdk(self):
        self.check_recipe(1, refused="report_data: ")

    def test_openai(self):
        self.bundle(2)
        self.assertRegex(self.run_it("“Hello”"), "toy model")
        self.it.scene("relayed-quote")
        seen = ROBOT.ask("fails", url=f"https://{self.name}/recipe.html")
        self.assertEqual(seen["text"], "")
        self.assertIn("APIConnectionError", " ".join(seen["said"]))
        self.assertEqual(self.asked(), 1)


    def test_elsewhere(self):
        """Files that are not those of the hashes are not used."""
        hashes = {
            f"sha384-{name}": "sha384-" + base64.b64encode(hashlib.sha384(
                (demo_peer.DIST / file).read_bytes()).digest()).decode()
            for name, file in (("WASM", "assay.wasm"), ("ROOTS", "roots.pem"))}
        place = {"https://cdn.example.com": f"https://{self.name}"}
        self.bundle(3, place | hashes)
        self.assertIn("assay-toy", self.run_it("assay-toy"))
        for wrong in hashes:
            self.bundle(3, place | hashes | {wrong: "sha384-" + "A" * 64})
            seen = ROBOT.ask("fails", url=f"https://{self.name}/recipe.html")
            self.assertEqual(seen["text"], "")
            self.assertIn("integrity", " ".join(seen["said"]))


class Words(unittest.TestCase):
    def test_every_block_is_run(self):
        self.assertEqual(len(RECIPES), 4)
        self.assertEqual(DOC.count("```"), 2 * len(RECIPES))
        known = ("assay demo --browser", "──https──►", "install -d",
                 "bindings/js/demo/*", '"proxyUrl"', "assay policy pin")
        for text in BLOCKS:
            self.assertEqual(sum(x in text for x in known), 1, text)

    def test_options(self):
        """Those of the table are the package's."""
        rows = DOC[DOC.index("| option |"):].split("\n\n", 1)[0]
        names = re.findall("^\\| `(\\w+)` ", rows, re.M)
        self.assertGreater(len(names), 5)
        readme = (SOURCE / "bindings" / "js" / "README.md").read_text()
        source = (SOURCE / "bindings" / "js" / "src" /
                  "options.ts").read_text()
        for name in names:
            self.assertIn(f"`{name}`", readme)
            self.assertIn(f'"{name}"', source)

    def test_codes(self):
        rows = DOC[DOC.index("| what is seen |"):].split("\n\n", 1)[0]
        readme = (SOURCE / "bindings" / "js" / "README.md").read_text()
        errors = readme[readme.index("## Errors"):].split("\n## ", 1)[0]
        for first in re.findall(r"^\| (.*?)[,|]", rows, re.M):
            for code in re.findall("`(\\w+)`", first):
                self.assertIn(f"`{code}`", errors)


class Policy(DemoCase):
    def test_pin_and_lint(self):
        it = self.enterContext(Demo(FOLDER, self.env))
        folder = pathlib.Path(tempfile.mkdtemp(prefix="p", dir=SCRATCH))
        ready = json.loads((it.folder / "sim/ready.json").read_text())
        options = (f" --ca {it.folder}/ca.pem --root {it.folder}/sim/root.pem"
                   f" --pccs {ready['pccs']}")
        pin, lint = change(block("assay policy pin"), {
            "enclave.example.com:443": it.said["target"]}).splitlines()
        run = subprocess.run(
            ["sh", "-ec", f"{pin}{options}\n{lint}"], cwd=folder,
            capture_output=True, text=True, timeout=demo_peer.LIMIT_S,
            env={**it.client_env, "PATH": f"{BIN}:{os.environ['PATH']}"})
        self.assertIn("pinned mrtd", run.stderr)
        self.assertIn("policy.json", run.stdout)
        policy = json.loads((folder / "policy.json").read_text())
        self.assertEqual(policy["type"], "dstack_tdx")


def main():
    global FOLDER, ROBOT, SDKS
    if not demo_peer.has_package():
        node_peer.skip("assay-js", "it is not built; ./run wasm")
    if not ESBUILD.exists():
        node_peer.skip("assay-js", "no esbuild; scripts/wasm npm")
    if not pathlib.Path(CHROMIUM).exists():
        node_peer.skip("Chromium", f"there is no {CHROMIUM}")
    if not os.access(NGINX, os.X_OK):
        node_peer.skip("nginx", "it is not installed")
    harness.need(BRIDGE, *(BIN / f"assay-{x}" for x in ("demo", "serve",
                                                        "sim")))
    FOLDER = demo_peer.page_folder("page", None)
    SDKS = node_peer.packages(SOURCE / "tests" / "e2e" / "js-sdks")
    folder = node_peer.packages()
    with tempfile.TemporaryDirectory(prefix="assay-chromium-") as profile, \
            Robot(folder, "demo.mjs", CHROMIUM, profile) as ROBOT:
        harness.main()


if __name__ == "__main__":
    main()
