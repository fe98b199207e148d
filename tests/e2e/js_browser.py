# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The package assay-js in Debian's Chromium, and what it talks to: assay-bridge,
assay-serve, assay-sim, a server of OpenAI's API, and the server of the pages."""
import contextlib
import http.server
import json
import pathlib
import sys
import tempfile
import threading
import unittest
import urllib.parse

import harness
import js_peer
import node_peer
import test_serve
from bridge_peer import BRIDGE, Bridge, wait_until
from harness import SOURCE, Case
from js_peer import DIST
from node_peer import Robot
from openai_server import OpenAI
from test_bridge_browser import CHROMIUM
from test_serve import SERVE, Serve
from test_sim import SIM, Sim

SCRIPTS = SOURCE / "tests" / "e2e" / "js"
ROBOT_SCRIPT = pathlib.Path("..", "js", "browser.mjs")
TYPES = {".js": "text/javascript", ".mjs": "text/javascript",
         ".wasm": "application/wasm", ".pem": "application/x-pem-file",
         ".map": "application/json"}
PAGE = ('<!doctype html><title>Assay</title><script type="module" '
        'src="/page.mjs"></script>')
HOST = "localhost"
PRIVATE = ("--allow-private", "127.0.0.0/8,::1")


class PageHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        self.server.asked.append(url.path)
        page = self.server.pages.get(url.path)
        if page is not None:
            self.answer(200, page.encode(), "text/html")
        elif url.path == "/page.mjs":
            self.file(SCRIPTS / "browser_page.mjs")
        elif url.path.startswith("/dist/") and url.path not in self.server.gone:
            self.file(DIST / url.path.removeprefix("/dist/"))
        else:  # a browser asks for an icon by itself
            self.answer(200 if url.path == "/favicon.ico" else 404, b"",
                        "text/plain")

    def file(self, path):
        if not path.is_file():
            self.answer(404, b"", "text/plain")
            return
        self.answer(200, path.read_bytes(), TYPES[path.suffix])

    def answer(self, status, body, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        for name, value in self.server.fields:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *unused):
        pass


class PageServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *unused):
        pass  # pages are left while they load


class Pages:
    """Those of one origin. add() gives the address of another one. security: a content
    security policy, which goes with every file."""

    def __init__(self, security=None):
        self.fields = ([("Content-Security-Policy", security)] if security
                       else [])

    def __enter__(self):
        self.server = PageServer(("127.0.0.1", 0), PageHandler)
        self.server.pages = {}
        self.server.fields = self.fields
        self.server.asked = []
        self.server.gone = set()
        self.origin = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever).start()
        self.plain = self.add()
        return self

    def __exit__(self, *unused):
        self.server.shutdown()
        self.server.server_close()

    def add(self, text=PAGE):
        path = f"/{len(self.server.pages)}.html"
        self.server.pages[path] = text
        return self.origin + path


class World:
    """All that pages talk to. Options are assay-serve's."""

    def __init__(self, *options, sim=()):
        self.options = options
        self.sim_options = sim

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            enter = stack.enter_context
            self.sim = enter(Sim(*self.sim_options, now=None))
            test_serve.SIMULATOR = self.sim
            self.backend = enter(OpenAI())
            self.serve = enter(Serve(self.backend, *self.options))
            self.bridge = enter(Bridge(
                [f"{HOST}:{self.serve.port}"], "--relay",
                self.sim.ready["pccs"], *PRIVATE))
            self.pages = enter(Pages())
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *unused):
        self.stack.close()

    @property
    def policy(self):
        return json.loads((self.sim.folder / "policy.json").read_text())

    @property
    def relay(self):
        return f"http://127.0.0.1:{self.bridge.port}"

    @property
    def tunnel(self):
        return (f"ws://127.0.0.1:{self.bridge.port}/"
                f"?target={HOST}:{self.serve.port}")

    def options_of(self, **more):
        """For createAtlsFetch; what is None is left out."""
        options = {"proxyUrl": self.tunnel,
                   "targetHost": f"{HOST}:{self.serve.port}",
                   "policy": self.policy, "collateral": self.relay, **more}
        return {k: v for k, v in options.items() if v is not None}


class Page:
    """One that is open."""

    def __init__(self, robot, url, ready=True):
        self.robot = robot
        self.number = robot.ask("open", url=url, ready=ready)

    def start(self, text, **arg):
        """A function's text, which is called there with an object; a future."""
        return self.robot.start("evaluate", page=self.number, text=text,
                                arg=arg)

    def do(self, text, **arg):
        return self.start(text, **arg).result(node_peer.ANSWER_LIMIT_S)

    def ask(self, name, **args):
        return self.robot.ask(name, page=self.number, **args)

    @property
    def said(self):
        return self.ask("said")

    @property
    def workers(self):
        return self.ask("workers")

    def close(self):
        self.ask("close")


class BrowserCase(Case):
    """Tests have self.page, with the package in it, and self.options()."""

    worker = False
    robot = None  # main()'s
    world = None

    def setUp(self):
        self.world.backend.reset()
        self.page = self.open()

    def open(self, url=None, ready=True):
        page = Page(self.robot, url or self.world.pages.plain, ready)
        self.addCleanup(page.close)
        return page

    def options(self, **more):
        return self.world.options_of(**{"worker": self.worker, **more})

    def through(self, serve, sim=None):
        """Options for another server, by way of a bridge of its own."""
        sim = sim or self.world.sim
        target = f"{HOST}:{serve.port}"
        bridge = self.enterContext(Bridge(
            [target], "--relay", sim.ready["pccs"], *PRIVATE))
        return self.options(
            proxyUrl=f"ws://127.0.0.1:{bridge.port}/?target={target}",
            targetHost=target,
            policy=json.loads((sim.folder / "policy.json").read_text()),
            collateral=f"http://127.0.0.1:{bridge.port}")

    def wait_until(self, condition, what=""):
        return wait_until(condition, what)

    def tunnels(self):
        """That are open at the world's bridge."""
        return self.world.bridge.metrics()["assay_bridge_tunnels_open"]

    def tunnels_ever(self):
        return sum(n for name, n in self.world.bridge.metrics().items()
                   if name.startswith(("assay_bridge_tunnels_open",
                                       "assay_bridge_tunnels_ended_total")))

    def failure(self, page=None, **options):
        """How a first request fails."""
        return (page or self.page).do(
            "o => failure(assay.createAtlsFetch(o)('/echo'))",
            **self.options(**options))

    def works(self, page=None, **options):
        """A first request does not."""
        answer = (page or self.page).do(
            """async o => {
              const response = await assay.createAtlsFetch(o)("/echo");
              return [response.status, (await response.json()).path,
                      response.attestation.trusted];
            }""", **self.options(**options))
        self.assertEqual(answer, [200, "/echo", True])


def need_all():
    js_peer.need_dist()
    harness.need(SIM, SERVE, BRIDGE)
    if not (DIST / "worker.js").exists():
        js_peer.skip("assay-js", "it is not built whole; ./run wasm")
    if not pathlib.Path(CHROMIUM).exists():
        node_peer.skip("Chromium", f"there is no {CHROMIUM}")
    return node_peer.packages()


@contextlib.contextmanager
def chromium(folder, *arguments):
    with tempfile.TemporaryDirectory(prefix="assay-chromium-") as profile, \
            Robot(folder, ROBOT_SCRIPT, CHROMIUM, profile, *arguments) as robot:
        yield robot


class Loader(unittest.TestLoader):
    """Of cases with a Worker, or of all others."""

    def __init__(self, worker):
        super().__init__()
        self.worker = worker

    def loadTestsFromTestCase(self, case):
        if getattr(case, "worker", False) != self.worker:
            return self.suiteClass()
        return super().loadTestsFromTestCase(case)


def chosen():
    """By a first argument, "page" or "worker": halves of what takes long."""
    if sys.argv[1:2] not in (["page"], ["worker"]):
        return unittest.defaultTestLoader
    return Loader(sys.argv.pop(1) == "worker")


def main(*options, arguments=()):
    """All tests of the program, in one world. options: assay-serve's; arguments:
    Chromium's."""
    folder = need_all()
    loader = chosen()
    with World(*options) as BrowserCase.world, \
            chromium(folder, *arguments) as BrowserCase.robot:
        result = unittest.main(verbosity=1, exit=False,
                               testLoader=loader).result
    assert result.testsRun > 0
    for test, why in result.skipped:  # said as scripts/check collects it
        print(f"SKIPPED {test.id().rpartition('.')[2]}: {why}")
    sys.exit(not result.wasSuccessful())
