# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-bridge and pages in Debian's Chromium, which Playwright drives."""
import functools
import http.server
import pathlib
import shutil
import tempfile
import threading

import harness
import node_peer
from bridge_cases import Cases
from bridge_peer import BRIDGE
from bridge_target import Bridge, echo, tls_door
from harness import Case, need
from node_peer import MIB, NODE, Robot, WebSocket

CHROMIUM = "/usr/bin/chromium"
AT_ONCE = 10


class PageHandler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {".html": "text/html", ".mjs": "text/javascript"}

    def log_message(self, *unused):
        pass


class Pages:
    """Those of one origin."""

    def __enter__(self):
        handler = functools.partial(PageHandler, directory=NODE)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      handler)
        self.origin = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever).start()
        return self

    def __exit__(self, *unused):
        self.server.shutdown()
        self.server.server_close()

    def open(self):
        """A page of it, which is what `robot` is told with each thing to do."""
        return ROBOT.ask("page", url=self.origin + "/page.html")


class Browser(Cases, Case):
    hears_after_close = False
    said_before = MIB  # it gives up 2 s after the Close
    short_count = 300

    @classmethod
    def setUpClass(cls):
        cls.pages = cls.enterClassContext(Pages())
        opened = cls.pages.open()
        cls.page, cls.browser = opened["page"], opened["browser"]

    def connect(self, bridge, protocols=(), page=None, **how):
        return WebSocket(ROBOT, self.url(bridge, **how), protocols,
                         page=self.page if page is None else page)

    def short(self, bridge, count):
        return ROBOT.ask("short", page=self.page, url=self.url(bridge),
                         count=count, atOnce=AT_ONCE)

    def test_it_is_chromium(self):
        self.assertRegex(self.browser, r"Chrome/\d+")

    def test_a_page_of_another_origin(self):
        others = self.enterContext(Pages())
        other = others.open()["page"]
        bridge, target = self.bridge(echo, "--origins", self.pages.origin)
        self.check_echo(self.connect(bridge), 1000, 100)
        self.refused(bridge, 403, page=other)
        with Bridge(target, *self.tls) as bridge:  # where any may come
            self.check_echo(self.connect(bridge, page=other), 1000, 100)


class Secure(Browser):
    """wss://, with a certificate that the browser is told not to judge."""

    short_count = 100


def main():
    global ROBOT
    need(BRIDGE)
    if not pathlib.Path(CHROMIUM).exists():
        node_peer.skip("Chromium", f"there is no {CHROMIUM}")
    folder = node_peer.packages()
    Secure.tls, _ = tls_door()
    with tempfile.TemporaryDirectory(prefix="assay-chromium-") as profile, \
            Robot(folder, "chromium.mjs", CHROMIUM, profile) as ROBOT:
        harness.main()


if __name__ == "__main__":
    main()
