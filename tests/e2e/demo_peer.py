# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay demo --browser as tests start it: with the page's own files, and the package
assay-js if it is built, or else with files in its place that are only served."""
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import urllib.parse

from harness import ASSAY, SCRATCH, SOURCE

PAGE = SOURCE / "bindings" / "js" / "demo"
DIST = pathlib.Path(os.environ.get("ASSAY_JS")
                    or SOURCE / "bindings" / "js" / "dist")
OWN = {"index.html": "text/html; charset=utf-8",
       "demo.css": "text/css; charset=utf-8",
       "demo.js": "text/javascript; charset=utf-8",
       "chat.js": "text/javascript; charset=utf-8",
       "verdict.js": "text/javascript; charset=utf-8",
       "checks.js": "text/javascript; charset=utf-8",
       "changes.js": "text/javascript; charset=utf-8",
       "panel.js": "text/javascript; charset=utf-8",
       "scenes.js": "text/javascript; charset=utf-8",
       "icon.svg": "image/svg+xml"}
PACKAGE = {"index.js": "text/javascript; charset=utf-8",
           "assay.wasm": "application/wasm",
           "roots.pem": "application/x-pem-file"}
LIMIT_S = 60
CHAT = ("-X", "POST", "-H", "Content-Type: application/json")


def has_package():
    return all((DIST / name).exists() for name in PACKAGE)


def page_folder(name, package):
    """With the page, and assay-js/ from the package or (None) made up."""
    folder = SCRATCH / name
    shutil.copytree(PAGE, folder)
    if package:
        shutil.copytree(package, folder / "assay-js")
        return folder
    (folder / "assay-js").mkdir()
    for file in PACKAGE:
        (folder / "assay-js" / file).write_text(f"in place of {file}\n")
    return folder


class Demo:
    """with Demo(folder, env) as demo: demo.get("/")"""

    def __init__(self, folder, env, *options):
        self.command = [str(ASSAY), "demo", "--browser", "--json",
                        "--page-dir", str(folder), *options]
        self.env = env
        self.client_env = {**env, "XDG_STATE_HOME": str(SCRATCH / "state"),
                           "XDG_CACHE_HOME": str(SCRATCH / "cache")}
        self.ended = False  # as a test wanted it

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env=self.env, start_new_session=True)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"no start: {self.process.communicate()[1]}")
        self.said = json.loads(line)
        self.url = self.said["url"]
        self.address = urllib.parse.urlsplit(self.url).netloc
        self.folder = pathlib.Path(self.said["folder"])
        return self

    def __exit__(self, kind, *unused):
        ended = self.ended
        code, err = self.end(signal.SIGTERM)
        if kind is None and not ended:
            assert code == 0 and err == "", f"exit {code}: {err}"

    def end(self, number, whole_group=False):
        """Its exit code, and what it said of trouble."""
        self.ended = True
        if self.process.poll() is None:
            if whole_group:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)
        err = "" if self.process.stderr.closed else (
            self.process.communicate(timeout=LIMIT_S)[1])
        return self.process.wait(LIMIT_S), err

    def ask(self, method, path, body=None, fields=(), host=None, at=None):
        """Status, fields and body; the path goes as it is."""
        c = http.client.HTTPConnection(at or self.address, timeout=LIMIT_S)
        try:
            c.putrequest(method, path, skip_host=True,
                         skip_accept_encoding=True)
            c.putheader("Host", host or at or self.address)
            for name, value in fields:
                c.putheader(name, value)
            if body is not None:
                c.putheader("Content-Length", str(len(body)))
            c.endheaders(body)
            r = c.getresponse()
            return r.status, r.headers, r.read()
        finally:
            c.close()

    def get(self, path, **how):
        return self.ask("GET", path, **how)

    def json(self, path):
        status, _, body = self.get(path)
        assert status == 200, body
        return json.loads(body)

    def scene(self, name, fields=(("Content-Type", "application/json"),)):
        status, _, body = self.ask("POST", "/demo/scene",
                                   json.dumps({"scene": name}).encode(),
                                   fields)
        return status, json.loads(body)

    def get_command(self, path, *options):
        """assay get, of the server, by the demo's policy."""
        return [str(ASSAY), "get", "--policy", self.folder / "policy.json",
                "--ca", self.folder / "ca.pem", *options,
                f"https://{self.said['target']}{path}"]

    def client(self, path, *options, stdin=None):
        return subprocess.run(
            self.get_command(path, *options), input=stdin, capture_output=True,
            text=True, timeout=LIMIT_S, env=self.client_env)

    def chat(self, request, *options):
        return self.client("/v1/chat/completions", *CHAT, "-d", "@-", *options,
                           stdin=json.dumps(request))
