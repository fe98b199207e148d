# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What a content security policy has to allow for assay-js, in Chromium."""
import js_browser
from js_browser import BrowserCase, Pages

MINIMAL = "script-src 'self' 'wasm-unsafe-eval'"


class Security(BrowserCase):
    """Policies go with every file, as with most servers: with worker.js, too."""

    def under(self, policy, ready=True):
        pages = self.enterContext(Pages(policy))
        return self.open(pages.plain, ready)

    def policy(self, **more):
        """The readme's; what is None is left out."""
        at = f"127.0.0.1:{self.world.bridge.port}"
        directives = {
            "default-src": "'none'",
            "script-src": "'self' 'wasm-unsafe-eval'",
            "connect-src": f"'self' ws://{at} http://{at}", **more}
        return "; ".join(f"{n} {v}" for n, v in directives.items())

    def check_works(self, policy):
        page = self.under(policy)
        self.works(page, cache=False)
        self.assertEqual(page.said, [])

    def check_fails(self, code, word, policy):
        page = self.under(policy)
        found = self.failure(page, cache=False)
        self.assertTrue(found["ours"], found)
        self.assertEqual(found["code"], code, found)
        self.assertIn(word, found["message"])
        self.assertEqual(self.world.backend.requests, [])

    def test_what_is_enough(self):
        self.check_works(MINIMAL)

    def test_the_policy_of_the_readme(self):
        self.check_works(self.policy())

    def test_without_webassembly(self):
        self.check_fails("io", "assay.wasm",
                         self.policy(**{"script-src": "'self'"}))

    def test_without_the_bridge(self):
        self.check_fails("network", "bridge",
                         self.policy(**{"connect-src": "'self'"}))


class SecurityInAWorker(Security):
    worker = True

    def test_without_workers(self):
        self.check_fails("io", "worker.js",
                         self.policy(**{"worker-src": "'none'"}))


if __name__ == "__main__":
    js_browser.main()
