# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The fetch of assay-js in Chromium, through bridges that flip bits, and that drop,
double, invent, swap and cut records of TLS: it finds out."""
import functools
import json

import evil_ways as ways
import js_browser
from evil_bridge import EvilBridge
from evil_ways import DOWN, UP
from js_evil import Evil

MIB = 1 << 20
RECORDS_MAX = 100  # of one request, and far more than it has
# what a page is told, by who finds out first; a server's alert may be late
CODES = {DOWN: ("tls",), UP: ("tls", "network", "truncated")}


class Bits(Evil):
    """TLS finds out, whichever record it was."""

    def check_each_record(self, direction, at):
        for number in range(RECORDS_MAX):
            self.world.backend.reset()
            with EvilBridge(self.world.serve.port, functools.partial(
                    ways.Flip, direction=direction, number=number,
                    at=at)) as bridge:
                found = self.ask(bridge)
                flip = bridge.last
            if not flip.done:  # all have had their turn
                self.assertEqual(found["code"], "none")
                return number
            with self.subTest(record=number):
                self.assertTrue(found["ours"], found)
                self.assertIn(found["code"], CODES[direction], found)
                self.assertEqual(len(bridge.ways), 1, "it was tried again")
                if found["attested"] == 0:
                    self.check_secret()
        raise AssertionError("there is no end of records")

    def test_a_bit_of_what_the_page_says(self):
        # ClientHello, ChangeCipherSpec, Finished, the nonce, the request
        self.assertGreaterEqual(self.check_each_record(UP, 9), 5)

    def test_a_bit_of_what_the_server_says(self):
        self.assertGreaterEqual(self.check_each_record(DOWN, 9), 6)

    def test_the_last_bit_of_what_the_server_says(self):
        """Of the tag, where there is one."""
        self.assertGreaterEqual(self.check_each_record(DOWN, -1), 6)

    # --- amid an exchange ---------------------------------------------------

    def begin(self):
        """A completion that streams, of which one event has come."""
        bridge = self.bridge(ways.Armed)
        self.page.do("""async ({body, ...o}) => {
            const r = await assay.createAtlsFetch(o)("/v1/chat/completions",
                                                     {method: "POST", body});
            window.reader = r.body.getReader();
            window.text = "";
            window.rest = async () => {
              const decoder = new TextDecoder();
              for (;;) {
                const {done, value} = await reader.read();
                if (done) return text;
                text += decoder.decode(value, {stream: true});
              }
            };
        }""", body=json.dumps({
            "model": "do-held", "stream": True,
            "messages": [{"role": "user", "content": "Hello"}]}),
            **self.options(proxyUrl=bridge.url))
        self.world.backend.let_go(1)
        self.assertGreater(
            self.page.do("async () => (await reader.read()).value.length"), 0)
        return bridge.last

    def check_cut(self, deed, codes=CODES[DOWN]):
        """What comes after the deed is not read, nor taken for all."""
        way = self.begin()
        way.arm(DOWN, deed)
        self.world.backend.let_go(1)
        self.wait_until(lambda: way.done or way.held)
        self.world.backend.let_go(1000)
        found = self.page.do("() => failure(rest())")
        self.assertTrue(way.done)
        self.assertIn(found["code"], codes, found)
        self.assertNotIn("[DONE]", self.page.do("() => text"))

    def test_as_it_should_be(self):
        """An armed bridge that does nothing."""
        way = self.begin()
        self.world.backend.let_go(1000)
        self.assertIn("[DONE]", self.page.do("() => rest()"))
        self.assertFalse(way.done)

    def test_a_bit_amid_a_stream(self):
        self.check_cut("flip")

    def test_a_record_that_is_lost(self):
        self.check_cut("drop")

    def test_a_record_twice(self):
        self.check_cut("double")

    def test_a_record_that_the_bridge_made(self):
        self.check_cut("invent")

    def test_two_records_that_changed_places(self):
        self.check_cut("swap")

    def test_an_end_that_the_server_did_not_make(self):
        """Though the WebSocket ends as it would then."""
        self.check_cut("cut", ("truncated",))

    def check_upload(self, deed):
        """The backend gets no body that is whole."""
        bridge = self.bridge(ways.Armed)
        self.page.do("""({size, ...o}) => {
            window.made = noise(size);
            const {stream} = made;
            let hold;
            window.go = () => hold();
            const held = new Promise((resolve) => (hold = resolve));
            let pieces = 0;
            const slow = new TransformStream({
              async transform(piece, controller) {
                if (pieces++ === 4) await held;
                controller.enqueue(piece);
              }});
            window.answered = failure(assay.createAtlsFetch(o)("/sink", {
              method: "POST", body: stream.pipeThrough(slow),
              duplex: "half"}));
        }""", size=MIB, **self.options(proxyUrl=bridge.url))
        self.wait_until(lambda: self.world.backend.seen)
        bridge.last.arm(UP, deed)
        self.page.do("() => go()")
        found = self.page.do("() => answered")
        self.assertTrue(bridge.last.done)
        self.assertIn(found["code"], CODES[UP], found)

    def test_uploads(self):
        for deed in ("flip", "drop", "double", "invent", "swap"):
            with self.subTest(deed):
                self.world.backend.reset()
                self.check_upload(deed)


class BitsInAWorker(Bits):
    worker = True


if __name__ == "__main__":
    js_browser.main()
