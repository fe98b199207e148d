# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay demo --browser without a browser: what its servers answer, and to whom; its
scenes; how it ends."""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

import demo_peer
from demo_peer import CHAT, OWN, PACKAGE, Demo
from harness import BIN, NOT_TRUSTED, SCRATCH, TRUSTED, UNREADABLE, USAGE
from test_demo import DemoCase, left_running

NAME = "assay-toy"
SCENES = {"honest": None, "out-of-date-tcb": "tcb_status",
          "wrong-compose": "app_compose", "debug-td": "debug",
          "relayed-quote": "report_data"}
SECURITY = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin"}


def user(text):
    return {"role": "user", "content": text}


class Browser(DemoCase):
    def setUp(self):
        super().setUp()
        self.page = demo_peer.page_folder(f"page{id(self)}", None)

    def tearDown(self):
        shutil.rmtree(self.page)

    def demo(self, *options):
        return Demo(self.page, self.env, *options)

    def started(self, *options):
        demo = self.enterContext(self.demo(*options))
        self.assertEqual(demo.said["url"], f"http://{demo.address}/")
        return demo


class Files(Browser):
    def setUp(self):
        super().setUp()
        self.it = self.started()

    def check_secure(self, fields):
        for name, value in SECURITY.items():
            self.assertEqual(fields[name], value, name)
        policy = dict(x.split(" ", 1) for x in
                      fields["Content-Security-Policy"].split("; "))
        bridge = self.it.said["bridge"]
        self.assertEqual(policy, {
            "default-src": "'self'",
            "script-src": "'self' 'wasm-unsafe-eval'",
            "connect-src": f"'self' ws://{bridge} http://{bridge}",
            "object-src": "'none'", "base-uri": "'none'",
            "form-action": "'none'", "frame-ancestors": "'none'"})

    def test_files(self):
        listed = [(name if name != "index.html" else "", kind, name)
                  for name, kind in OWN.items()]
        listed += [(f"assay-js/{name}", kind, f"assay-js/{name}")
                   for name, kind in PACKAGE.items()]
        for path, kind, file in listed:
            with self.subTest(path):
                content = (self.page / file).read_bytes()
                status, fields, body = self.it.get("/" + path)
                self.assertEqual((status, fields["Content-Type"], body),
                                 (200, kind, content))
                self.check_secure(fields)
                status, fields, body = self.it.ask("HEAD", "/" + path)
                self.assertEqual((status, body), (200, b""))
                self.assertEqual(fields["Content-Length"], str(len(content)))

    def test_everything_it_names_is_there(self):
        """What the page's own files import and link."""
        html = (self.page / "index.html").read_text()
        self.assertNotIn("style=", html)
        self.assertNotIn(" onclick", html)
        self.assertEqual(html.count("<script"), html.count("<script "))
        for name in ("icon.svg", "demo.css", "demo.js", "assay-js/index.js"):
            self.assertIn(f'"{name}"', html)
            self.assertEqual(self.it.get(f"/{name}")[0], 200)

    def test_nothing_else(self):
        (self.page / "secret.txt").write_text("secret")
        (self.page / "assay-js" / "node.mjs").write_text("not for browsers")
        for path in ("/secret.txt", "/index.html", "/assay-js/node.mjs",
                     "/assay-js/", "/assay-js", "/demo", "/demo/",
                     "/../../../../../../etc/passwd", "/./demo.js",
                     "/assay-js/../demo.js", "/assay-js/..%2fdemo.js",
                     "/%2e%2e/%2e%2e/etc/passwd", "//demo.js", "/demo.js/",
                     "/demo.js%00.css", "/DEMO.JS", "/demo%2ejs",
                     "/assay-js/worker.js", "/favicon.ico", "/policy.json",
                     "/server.key"):
            with self.subTest(path):
                status, fields, body = self.it.get(path)
                self.assertEqual(status, 404)
                self.assertEqual(json.loads(body)["error"]["code"],
                                 "not_found")
                self.check_secure(fields)
        self.assertEqual(self.it.get("/demo.js?x=1")[0], 200)

    def test_methods(self):
        for method, path, allowed in (
                ("POST", "/", "GET, HEAD"), ("PUT", "/demo.js", "GET, HEAD"),
                ("DELETE", "/settings.json", "GET, HEAD"),
                ("OPTIONS", "/demo/scene", "POST"),
                ("GET", "/demo/scene", "POST")):
            with self.subTest(method + path):
                status, fields, _ = self.it.ask(method, path, b"")
                self.assertEqual((status, fields["Allow"]), (405, allowed))
                self.assertNotIn("Access-Control-Allow-Origin", fields)

    def test_other_names(self):
        """A page of elsewhere whose name leads here (DNS rebinding)."""
        port = self.it.address.rpartition(":")[2]
        for host, status in ((f"localhost:{port}", 200),
                             (f"LOCALHOST:{port}", 200),
                             (f"evil.example:{port}", 421),
                             ("localhost", 421), ("127.0.0.1", 421),
                             (f"127.0.0.1:{int(port) - 1}", 421),
                             (f"127.0.0.2:{port}", 421)):
            with self.subTest(host):
                self.assertEqual(self.it.get("/", host=host)[0], status)
                self.assertEqual(self.it.get("/settings.json", host=host)[0],
                                 status)

    def test_config(self):
        settings = self.it.json("/settings.json")
        config = settings["atls"]
        target, bridge = self.it.said["target"], self.it.said["bridge"]
        self.assertEqual(config["proxyUrl"], f"ws://{bridge}/?target={target}")
        self.assertEqual(config["targetHost"], target)
        self.assertEqual(config["collateral"], f"http://{bridge}")
        self.assertEqual(config["extraRoots"],
                         (self.it.folder / "ca.pem").read_text())
        self.assertEqual(config["policy"], json.loads(
            (self.it.folder / "policy.json").read_text()))
        self.assertEqual({s["name"]: s["refused_by"]
                          for s in settings["scenes"]}, SCENES)
        for secret in ("PRIVATE KEY", str(self.it.folder)):
            self.assertNotIn(secret, json.dumps(settings))
        self.assertEqual(self.it.json("/demo/state"),
                         {"scene": "honest", "asked": 0})


class Bridge(Browser):
    def test_for_this_page_alone(self):
        it = self.started()
        port = it.address.rpartition(":")[2]
        fields = [("Upgrade", "websocket"), ("Connection", "Upgrade"),
                  ("Sec-WebSocket-Version", "13"),
                  ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]
        for target, origin, status in (
                (it.said["target"], f"http://{it.address}", 101),
                (it.said["target"], f"http://localhost:{port}", 101),
                (it.said["target"], "http://127.0.0.1:1", 403),
                (it.address, f"http://{it.address}", 403)):
            with self.subTest(target + origin):
                request = [f"GET /?target={target} HTTP/1.1",
                           f"Host: {it.said['bridge']}",
                           f"Origin: {origin}",
                           *(f"{n}: {v}" for n, v in fields), "", ""]
                host, _, at = it.said["bridge"].rpartition(":")
                with socket.create_connection((host, int(at))) as s:
                    s.sendall("\r\n".join(request).encode())
                    got = s.recv(4096).decode()
                self.assertEqual(int(got.split(" ")[1]), status, got)

    def test_collateral_as_it_is_now(self):
        it = self.started()
        verdict = json.loads(it.client("/v1/models", "--json").stdout)["verdict"]
        path = f"/tdx/certification/v4/tcb?fmspc={verdict['fmspc']}"
        origin = f"http://{it.address}"
        seen = []
        for scene in ("out-of-date-tcb", "honest"):
            self.assertEqual(it.scene(scene)[0], 200)
            status, fields, body = it.get(path, at=it.said["bridge"],
                                          fields=[("Origin", origin)])
            self.assertEqual(status, 200)
            self.assertEqual(fields["Access-Control-Allow-Origin"], origin)
            seen.append(json.loads(body)["tcbInfo"]["tcbLevels"])
        self.assertNotEqual(*seen)


class Model(Browser):
    def setUp(self):
        super().setUp()
        self.it = self.started()

    def check_said(self, run):
        self.assertEqual(run.returncode, TRUSTED, run.stderr)
        return run.stdout

    def events(self, run):
        text = self.check_said(run)
        self.assertTrue(text.endswith("data: [DONE]\n\n"), text[-200:])
        return [json.loads(x.removeprefix("data: "))
                for x in text.split("\n\n")[:-2]]

    def test_list(self):
        said = json.loads(self.check_said(self.it.client("/v1/models")))
        self.assertEqual([m["id"] for m in said["data"]], [NAME])

    def test_stream(self):
        """Word by word; whole, they are what is said at once."""
        ask = {"model": NAME, "messages": [
            {"role": "system", "content": "be brief"}, user("first one"),
            {"role": "assistant", "content": "yes"},
            user("Grüße an  alle \"hier\"")]}
        events = self.events(self.it.chat(ask | {"stream": True}))
        words = [e["choices"][0]["delta"].get("content", "") for e in events]
        self.assertGreater(len(words), 20)
        self.assertEqual(words[-1], "")
        self.assertTrue(all(len(w.split()) == 1 for w in words[:-1]), words)
        self.assertEqual([e["choices"][0]["finish_reason"] for e in events],
                         [None] * (len(words) - 1) + ["stop"])
        self.assertEqual({(e["id"], e["object"], e["model"]) for e in events},
                         {("chatcmpl-toy-1", "chat.completion.chunk", NAME)})
        whole = json.loads(self.check_said(self.it.chat(ask)))
        text = whole["choices"][0]["message"]["content"]
        self.assertEqual("".join(words), text)
        for part in ("toy model", "understand none", "number 2", "4 words",
                     "21 characters", "“Grüße an  alle \"hier\"”"):
            self.assertIn(part, text)
        self.assertEqual(whole["usage"]["prompt_tokens"], 4)
        self.assertEqual(self.it.json("/demo/state")["asked"], 2)

    def test_usage(self):
        events = self.events(self.it.chat(
            {"model": NAME, "stream": True, "messages": [user("a b c")],
             "stream_options": {"include_usage": True}}))
        self.assertEqual(events[-1]["choices"], [])
        self.assertEqual(events[-1]["usage"]["prompt_tokens"], 3)

    def test_parts_and_length(self):
        """Content in parts; of a long message not all is repeated."""
        parts = [{"type": "text", "text": "one "},
                 {"type": "image_url", "image_url": {"url": "data:,"}},
                 {"type": "text", "text": "two"}]
        text = json.loads(self.check_said(self.it.chat(
            {"model": NAME, "messages": [user(parts)]})))
        self.assertIn("2 words and 7 characters: “one two”",
                      text["choices"][0]["message"]["content"])
        text = json.loads(self.check_said(self.it.chat(
            {"model": NAME, "messages": [user("word " * 5000)]})))
        said = text["choices"][0]["message"]["content"]
        self.assertIn("5000 words", said)
        self.assertIn("no more than that", said)
        self.assertLess(len(said), 1000)

    def test_refuses(self):
        for ask, status, code in (
                ({"model": "gpt", "messages": [user("x")]}, 404,
                 "model_not_found"),
                ({"model": NAME, "messages": []}, 400, "invalid_request_error"),
                ({"model": NAME}, 400, "invalid_request_error"),
                ([], 404, "model_not_found"), ("x" * 300000, 413,
                                               "invalid_request_error")):
            with self.subTest(code):
                said = json.loads(self.it.chat(ask, "--json").stdout)
                self.assertEqual(said["response"]["status"], status)
        for path, options, status in (
                ("/v1/nothing", (), 404), ("/v1/chat/completions", (), 405),
                ("/v1/models", ("-X", "DELETE"), 405)):
            with self.subTest(path):
                said = json.loads(
                    self.it.client(path, "--json", *options).stdout)
                self.assertEqual(said["response"]["status"], status)
        self.assertEqual(self.it.json("/demo/state")["asked"], 0)


class Scenes(Browser):
    def test_each(self):
        """Refused by the check that is for it, and nothing reaches the model; then
        the honest server is trusted again."""
        it = self.started()
        ask = {"model": NAME, "messages": [user("a secret")]}
        for name in [*list(SCENES)[1:], "honest"]:
            with self.subTest(name):
                status, state = it.scene(name)
                self.assertEqual((status, state["scene"]), (200, name))
                self.assertEqual(it.json("/demo/state"), state)
                said = it.chat(ask, "--json")
                verdict = json.loads(said.stdout)["verdict"]
                check = SCENES[name]
                self.assertEqual(said.returncode,
                                 NOT_TRUSTED if check else TRUSTED)
                self.assertEqual((verdict["error"] or {}).get("code"), check)
                self.assertEqual(it.json("/demo/state")["asked"],
                                 0 if check else 1)

    def test_who_is_on_the_way_is_cut_off(self):
        it = self.started()
        host, _, port = it.said["target"].rpartition(":")
        with socket.create_connection((host, int(port))) as s:
            s.settimeout(demo_peer.LIMIT_S)
            self.assertEqual(it.scene("honest")[0], 200)
            self.assertEqual(s.recv(1), b"")

    def test_who_may_ask(self):
        it = self.started()
        kind = ("Content-Type", "application/json")
        for fields, name, status in (
                ([kind, ("Origin", "http://evil.example")], "debug-td", 403),
                ([kind, ("Origin", "null")], "debug-td", 403),
                ([kind, ("Origin", f"https://{it.address}")], "debug-td", 403),
                ([("Content-Type", "text/plain")], "debug-td", 415),
                ([], "debug-td", 415), ([kind], "no-such", 400),
                ([kind], None, 400), ([kind], ["debug-td"], 400)):
            with self.subTest(f"{fields} {name}"):
                self.assertEqual(it.scene(name, fields)[0], status)
                self.assertEqual(it.json("/demo/state")["scene"], "honest")
        self.assertEqual(it.ask("POST", "/demo/scene", b"{", [kind])[0], 400)
        self.assertEqual(
            it.ask("POST", "/demo/scene", b" " * 5000, [kind])[0], 413)
        self.assertEqual(
            it.scene("debug-td",
                     [kind, ("Origin", f"http://{it.address}")])[0], 200)

    def test_asker_leaves(self):
        """The scene is set all the same, and the next one is asked as ever."""
        it = self.started()
        host, _, port = it.address.rpartition(":")
        body = b'{"scene":"debug-td"}'
        with socket.create_connection((host, int(port))) as s:
            s.sendall(b"POST /demo/scene HTTP/1.1\r\nHost: %s\r\n"
                      b"Content-Type: application/json\r\n"
                      b"Content-Length: %d\r\n\r\n%s"
                      % (it.address.encode(), len(body), body))
        while True:
            status, state = it.scene("honest")
            if status == 200:
                break
            self.assertEqual((status, state["error"]["code"]), (503, "busy"))
        self.assertEqual(state["scene"], "honest")


class Places(Browser):
    def run_it(self, *options, program=BIN / "assay-demo"):
        return subprocess.run([str(program), *map(str, options)],
                              capture_output=True, text=True, env=self.env,
                              timeout=demo_peer.LIMIT_S)

    def test_usage(self):
        for options in (["--browser", "debug-td"], ["--listen", "127.0.0.1:0"],
                        ["--page-dir", "."], ["--browser", "--listen"],
                        ["--browser", "--listen", "0.0.0.0:0"],
                        ["--browser", "--listen", "192.0.2.1:80"],
                        ["--browser", "--listen", "example.com:80"],
                        ["--browser", "--listen", "unix:socket"],
                        ["--browser", "--listen", "127.0.0.1"]):
            with self.subTest(options):
                run = self.run_it(*options)
                self.assertEqual(run.returncode, USAGE)
                self.assertEqual(run.stderr.count("\n"), 1, run.stderr)

    def test_listen(self):
        for listen, url in (("localhost:0", "http://127.0.0.1:"),
                            ("[::1]:0", "http://[::1]:")):
            with self.subTest(listen), self.demo("--listen", listen) as it:
                self.assertTrue(it.url.startswith(url), it.url)
                self.assertEqual(it.get("/")[0], 200)

    def test_taken_port(self):
        with socket.create_server(("127.0.0.1", 0)) as s:
            run = self.run_it("--browser", "--page-dir", self.page, "--listen",
                              "127.0.0.1:%d" % s.getsockname()[1])
        self.assertEqual(run.returncode, UNREADABLE)
        self.assertIn("address already in use", run.stderr)
        self.check_clean()

    def test_page_is_missing(self):
        (self.page / "assay-js" / "assay.wasm").unlink()
        run = self.run_it("--browser", "--page-dir", self.page)
        self.assertEqual(run.returncode, UNREADABLE)
        self.assertIn(f"{self.page}/assay-js/assay.wasm: no such file",
                      run.stderr)
        self.check_clean()

    def tree(self, *parts):
        """A copy of the programs somewhere in a folder of their own."""
        root = pathlib.Path(tempfile.mkdtemp(prefix="t", dir=SCRATCH))
        folder = root.joinpath(*parts)
        folder.mkdir(parents=True)
        for program in ("assay-demo", "assay-sim", "assay-serve",
                        "assay-bridge"):
            shutil.copy(BIN / program, folder)
        return root, folder / "assay-demo"

    def test_no_page(self):
        _, program = self.tree("bin")
        run = self.run_it("--browser", program=program)
        self.assertEqual(run.returncode, UNREADABLE)
        self.assertIn("--page-dir", run.stderr)

    def test_source_tree(self):
        """Found above the programs; without the package, what to do is said."""
        for parts in (("build", "bin"), ("build", "asan", "bin")):
            root, program = self.tree(*parts)
            shutil.copytree(demo_peer.PAGE, root / "bindings/js/demo")
            run = self.run_it("--browser", program=program)
            self.assertEqual(run.returncode, UNREADABLE)
            self.assertIn("/bindings/js/dist/index.js: no such file; "
                          "build it by ./run wasm", run.stderr)
            self.check_found(root, "bindings/js/dist", program)

    def test_installed(self):
        root, program = self.tree("bin")
        shutil.copytree(demo_peer.PAGE, root / "share/assay/browser")
        self.check_found(root, "share/assay/browser/assay-js", program)

    def check_found(self, root, dist, program):
        shutil.copytree(self.page / "assay-js", root / dist)
        it = self.demo()
        it.command = [str(program), "--browser", "--json"]
        with it:
            self.assertEqual(it.get("/assay-js/index.js")[0], 200)

    def test_for_people(self):
        it = self.demo()
        it.command.remove("--json")
        process = subprocess.Popen(it.command, stdout=subprocess.PIPE,
                                   text=True, env=self.env)
        with process:
            lines = []
            for line in process.stdout:
                lines.append(line.rstrip())
                if line.startswith("Control-C"):
                    break
            process.send_signal(signal.SIGINT)
        self.assertEqual(process.returncode, TRUSTED)
        self.assertRegex(lines[2], r"^    http://127\.0\.0\.1:\d+/$")
        self.assertLess(max(map(len, lines)), 100)
        self.check_clean()


class Ends(Browser):
    def test_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            for whole_group in (False, True):
                with self.subTest(f"{number} {whole_group}"):
                    with self.demo() as it:
                        self.assertEqual(it.end(number, whole_group), (0, ""))
                    self.check_clean()

    def test_amid_a_stream(self):
        """Words are there before the last one is; nobody waits for that."""
        ask = {"model": NAME, "stream": True, "messages": [user("a " * 60)]}
        with self.demo() as it:
            client = subprocess.Popen(
                it.get_command("/v1/chat/completions", *CHAT, "-d",
                               json.dumps(ask)),
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env=it.client_env)
            with client:
                first = client.stdout.readline()
                self.assertEqual(it.end(signal.SIGINT), (0, ""))
                rest, _ = client.communicate(timeout=demo_peer.LIMIT_S)
        self.assertTrue(first.startswith("data: {"), first)
        self.assertNotIn("[DONE]", rest)
        self.assertNotEqual(client.returncode, TRUSTED)
        self.check_clean()

    def test_a_program_ends(self):
        """Said, and an end with trouble: a page that cannot work is no demo."""
        with self.demo() as it:
            children = pathlib.Path(
                f"/proc/{it.process.pid}/task/{it.process.pid}/children")
            bridge = next(int(p) for p in children.read_text().split()
                          if "assay-bridge" in
                          pathlib.Path(f"/proc/{p}/cmdline").read_text())
            os.kill(bridge, signal.SIGKILL)
            it.process.wait(demo_peer.LIMIT_S)
            code, err = it.end(signal.SIGTERM)
        self.assertEqual(code, UNREADABLE)
        self.assertIn("has ended", err)
        self.check_clean()

    def test_killed(self):
        with self.demo() as it:
            it.end(signal.SIGKILL)
            self.wait_clean()
            self.assertEqual(left_running(self.tmp), [])

    def test_kept(self):
        kept = SCRATCH / f"kept{id(self)}"
        with self.demo("--keep", str(kept)):
            pass
        self.assertTrue((kept / "policy.json").exists())
        self.check_clean()


if __name__ == "__main__":
    for name in ("assay", "assay-demo", "assay-serve", "assay-sim",
                 "assay-bridge"):
        if not (BIN / name).exists():
            print(f"SKIPPED everything: {BIN / name} is not there")
            sys.exit(77)
    unittest.main(verbosity=1)
