# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""docs/browser: its page, nginx.conf and bridge.toml as they are, but for names and
addresses, in Chromium over https."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile

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


class Sample(DemoCase):
    def setUp(self):
        super().setUp()
        self.it = self.enterContext(Demo(FOLDER, self.env))
        self.name = f"localhost:{free_port()}"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="n", dir=SCRATCH))
        self.folder.chmod(0o755)
        self.site = self.folder / "site"
        self.site.mkdir()
        for file in ("index.html", "page.js"):
            shutil.copy(SAMPLE / file, self.site)
        shutil.copytree(demo_peer.DIST, self.site / "assay-js")
        self.bridge = self.enterContext(self.make_bridge())
        self.start_nginx()

    def make_bridge(self):
        ready = json.loads((self.it.folder / "sim/ready.json").read_text())
        config = self.folder / "bridge.toml"
        config.write_text(change((SAMPLE / "bridge.toml").read_text(), {
            "enclave.example.com:443": self.it.said["target"],
            "https://chat.example.com": f"https://{self.name}",
            '"intel"': f'"{ready["pccs"]}"'}))
        return Bridge([], "--config", config)

    def start_nginx(self):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
             "-days", "2", "-keyout", self.folder / "chat.key", "-out",
             self.folder / "chat.pem"], check=True, capture_output=True)
        port = self.name.rpartition(":")[2]
        server = change((SAMPLE / "nginx.conf").read_text(), {
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

    def settings(self, **more):
        text = (SOURCE / "docs" / "browser.md").read_text()
        shape = json.loads(re.search(r'^    \{\n      "proxyUrl".*?^    \}$',
                                     text, re.M | re.S)[0])
        config = self.it.json("/demo/config")
        policy = {k: v for k, v in config["policy"].items() if k != "pccs_url"}
        settings = json.loads(change(json.dumps(shape), {
            "chat.example.com": self.name,
            "enclave.example.com:443": self.it.said["target"],
            '"enclave.example.com"': f'"{self.it.said["target"]}"'}))
        settings.update({"policy": policy, "extraRoots": config["extraRoots"],
                         **more})
        (self.site / "settings.json").write_text(json.dumps(settings))

    def visit(self):
        return ROBOT.ask("visit", url=f"https://{self.name}/")

    def test_verified(self):
        self.settings()
        seen = self.visit()
        self.assertEqual(seen["verdict"], "Verified: the TCB is UpToDate.")
        self.assertEqual((seen["models"], seen["said"]), (["assay-toy"], []))
        self.assertEqual({x.split("/")[2] for x in seen["asked"]
                          if not x.startswith("data:")}, {self.name})
        self.assertIn("'wasm-unsafe-eval'",
                      seen["headers"]["content-security-policy"])
        self.assertEqual(seen["headers"]["x-content-type-options"], "nosniff")

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
        self.settings()
        self.it.scene("relayed-quote")
        seen = self.visit()
        self.assertTrue(seen["verdict"].startswith(
            "Refused, and nothing was sent: "), seen["verdict"])
        self.assertEqual((seen["models"], seen["said"]), ([], []))

    def test_another_bridge(self):
        """Which the page's own CSP does not let it use."""
        self.settings(proxyUrl=f"ws://{self.it.said['bridge']}/")
        seen = self.visit()
        self.assertTrue(seen["verdict"].startswith("It did not work: "))
        self.assertIn("Content Security Policy", " ".join(seen["said"]))


def main():
    global FOLDER, ROBOT
    if not demo_peer.has_package():
        node_peer.skip("assay-js", "it is not built; ./run wasm")
    if not pathlib.Path(CHROMIUM).exists():
        node_peer.skip("Chromium", f"there is no {CHROMIUM}")
    if not os.access(NGINX, os.X_OK):
        node_peer.skip("nginx", "it is not installed")
    harness.need(BRIDGE, *(BIN / f"assay-{x}" for x in ("demo", "serve",
                                                        "sim")))
    FOLDER = demo_peer.page_folder("page", None)
    folder = node_peer.packages()
    with tempfile.TemporaryDirectory(prefix="assay-chromium-") as profile, \
            Robot(folder, "demo.mjs", CHROMIUM, profile) as ROBOT:
        harness.main()


if __name__ == "__main__":
    main()
