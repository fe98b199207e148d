# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""AttestedStream in Chromium, on a page and in a Worker that is the page's own (with
`worker: true` there are none); and bodies that nobody reads."""
import js_browser
from js_browser import BrowserCase

MIB = 1 << 20
WAITS = 128 * MIB     # less than the 256 MiB that may; to the octet: engine_unread
TOO_MUCH = 288 * MIB  # more, whatever lies on the way
ASK = "GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n"
# What both do: it is text, so that a Worker can be made of it.
TALK = """async ({ask, ...o}) => {
  const stream = await assay.AttestedStream.connect(o);
  await stream.writable.getWriter().write(new TextEncoder().encode(ask));
  const reader = stream.readable.getReader();
  const decoder = new TextDecoder();
  let answer = "";
  while (!answer.endsWith("}")) {
    const { done, value } = await reader.read();
    if (done) break;
    answer += decoder.decode(value, {stream: true});
  }
  self.end = async () => {
    const pending = reader.read().then(() => "more", (e) => e.code);
    stream.close();
    await stream.closed;
    return pending;
  };
  return [stream.attestation.trusted, answer];
}"""
# A Worker that answers messages {text, arg}: a function's text, and its argument.
OWN_WORKER = """async () => {
  const text = `
    import * as assay from "${location.origin}/dist/index.js";
    Object.assign(self, { assay });
    onmessage = async ({ data: { text, arg } }) => {
      try {
        postMessage({ result: await (0, eval)("(" + text + ")")(arg) });
      } catch (error) {
        postMessage({ code: error.code, message: error.message });
      }
    };
    postMessage({});`;
  const worker = new Worker(
    URL.createObjectURL(new Blob([text], { type: "text/javascript" })),
    { type: "module" });
  const next = () => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  await next();
  window.there = (message) => {
    const answer = next();
    worker.postMessage(message);
    return answer;
  };
}"""


class OnThePage(BrowserCase):
    def setUp(self):
        super().setUp()
        self.wait_until(lambda: self.tunnels() == 0)

    def options(self, **more):
        """Those four: proxyUrl, targetHost, policy, collateral."""
        return self.world.options_of(**more)

    def run_there(self, text, **arg):
        return self.page.do(text, **arg)

    def test_a_request_by_hand(self):
        """The connection is kept open by the server, until it is closed here."""
        trusted, answer = self.run_there(TALK, ask=ASK, **self.options())
        self.assertIs(trusted, True)
        self.assertTrue(answer.startswith("HTTP/1.1 200 "), answer)
        self.assertIn('"path": "/echo"', answer)
        self.assertEqual([seen.path for seen in self.world.backend.requests],
                         ["/echo"])
        self.assertEqual(self.tunnels(), 1)
        self.assertEqual(self.run_there("() => end()"), "network")
        self.wait_until(lambda: self.tunnels() == 0)

    def test_a_server_that_is_not_the_one(self):
        found = self.failure_there(policy={
            **self.world.policy, "os_image_hash": "00" * 32})
        self.assertEqual(found["code"], "not_trusted", found)
        self.assertEqual(self.world.backend.requests, [])
        self.wait_until(lambda: self.tunnels() == 0)

    def failure_there(self, **more):
        return self.page.do(f"async o => failure(({TALK})(o))", ask=ASK,
                            **self.options(**more))


class InAWorkerOfItsOwn(OnThePage):
    def setUp(self):
        super().setUp()
        self.page.do(OWN_WORKER)

    def run_there(self, text, **arg):
        answer = self.page.do("({message}) => there(message)",
                              message={"text": text, "arg": arg})
        self.assertNotIn("message", answer)
        return answer["result"]

    def failure_there(self, **more):
        return self.page.do("({message}) => there(message)", message={
            "text": TALK, "arg": {"ask": ASK, **self.options(**more)}})


class Unread(BrowserCase):
    """The WebSocket takes what the bridge sends."""

    def setUp(self):
        super().setUp()
        self.wait_until(lambda: self.tunnels() == 0)
        self.before = self.brought()

    def brought(self):
        return self.world.bridge.metrics()[
            'assay_bridge_payload_bytes_total{direction="down"}']

    def ask(self, size):
        self.page.do("""async ({size, ...o}) => {
            window.response = await assay.createAtlsFetch(o)(`/big?${size}`);
        }""", size=size, **self.options())

    def test_that_waits(self):
        """And is whole once it is read."""
        self.ask(WAITS)
        self.wait_until(lambda: self.brought() - self.before >= WAITS)
        self.assertEqual(self.tunnels(), 1)
        self.assertEqual(self.page.do(
            "async () => sha256(await response.arrayBuffer())"),
            self.world.backend.big(WAITS))

    def test_that_is_too_much(self):
        self.ask(TOO_MUCH)
        self.wait_until(lambda: self.tunnels() == 0)
        found = self.page.do("() => failure(response.arrayBuffer())")
        self.assertEqual(found["code"], "network", found)
        self.assertIn("more came than is being read", found["message"])
        self.works()


class UnreadInAWorker(Unread):
    worker = True
    test_that_waits = None  # all that is another's there is how it fails


if __name__ == "__main__":
    js_browser.main()
