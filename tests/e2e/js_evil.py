# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Pages in Chromium that ask through a bridge which cannot be trusted."""
from evil_bridge import EvilBridge
from js_browser import BrowserCase

SECRET = "the-word-that-nobody-else-may-read"
ASK = """async ({secret, ...o}) => {
  let attested = 0;
  const fetch = assay.createAtlsFetch({...o, onAttestation: () => {
    attested++; }});
  const found = await failure(fetch("/echo", {
    method: "POST", body: secret, headers: {"X-Secret": secret}})
    .then((r) => r.text()));
  return {...found, attested};
}"""


class Evil(BrowserCase):
    def bridge(self, way, port=None, **members):
        """One whose connections go such a way. members: of the way's class."""
        if members:
            way = type(way.__name__, (way,), members)
        return self.enterContext(EvilBridge(port or self.world.serve.port, way))

    def ask(self, bridge, **more):
        """A request with a secret, and how it fails."""
        return self.page.do(ASK, secret=SECRET, **self.options(
            proxyUrl=bridge.url, **more))

    def check_secret(self, *heard):
        """Neither the backend has it nor anybody on the way."""
        self.assertEqual(self.world.backend.requests, [])
        for octets in heard:
            self.assertNotIn(SECRET.encode(), bytes(octets))
