# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The fetch of assay-js in Chromium, on the page and in a Worker: octets both ways,
many requests, aborts, and servers that start anew."""
import json
import socket

import bridge_peer
import js_browser
from js_browser import HOST, BrowserCase
from test_serve import Serve
from test_sim import Sim

MIB = 1 << 20
LARGE = 64 * MIB
MANY = 20
# what a page and those on its way may hold of a body that nobody reads
HELD_MAX = 24 * MIB

POST_NOISE = """async ({size, path, ...o}) => {
  window.made = noise(size);
  window.answered = assay.createAtlsFetch(o)(path, {
    method: "POST", body: made.stream, duplex: "half" });
  window.answered.catch(() => {});
}"""
ANSWERED = """async () => {
  const response = await window.answered;
  return [response.status, await response.text(), await made.sha256()];
}"""


def chat(model, stream=True):
    return json.dumps({"model": model, "stream": stream,
                       "messages": [{"role": "user", "content": "Hello"}]})


class OnThePage(BrowserCase):
    def test_the_first_request(self):
        self.works()
        self.assertEqual(self.page.workers, 1 if self.worker else 0)

    # --- streams ---

    def test_64_mib_down(self):
        answer = self.page.do("""async ({size, ...o}) => {
            const response = await assay.createAtlsFetch(o)(`/big?${size}`);
            const all = new Uint8Array(size);
            let at = 0;
            for (const reader = response.body.getReader(); ; ) {
              const { done, value } = await reader.read();
              if (done) break;
              all.set(value, at);
              at += value.length;
            }
            return [at, await sha256(all)];
        }""", size=LARGE, **self.options())
        self.assertEqual(answer, [LARGE, self.world.backend.big(LARGE)])

    def test_64_mib_up(self):
        self.page.do(POST_NOISE, size=LARGE, path="/sink", **self.options())
        status, seen, sent = self.page.do(ANSWERED)
        self.assertEqual((status, seen), (200, sent))

    def test_a_body_that_nobody_takes_is_not_made(self):
        """And once it is taken, it arrives whole."""
        self.page.do(POST_NOISE, size=LARGE, path="/sink?rest",
                     **self.options())
        self.wait_until(lambda: self.world.backend.seen)
        taken = 0

        def stands():
            nonlocal taken
            before, taken = taken, self.page.do("() => made.taken")
            return taken > 0 and taken == before
        self.wait_until(stands)
        self.assertLess(taken, HELD_MAX)
        self.world.backend.go.set()
        status, seen, sent = self.page.do(ANSWERED)
        self.assertEqual((status, seen), (200, sent))

    def test_events_come_as_they_are_sent(self):
        """A completion: each is there before the next one is let go."""
        self.page.do("""async ({body, ...o}) => {
            const response = await assay.createAtlsFetch(o)(
              "/v1/chat/completions", {method: "POST", body,
                headers: {"Content-Type": "application/json"}});
            const reader = response.body.pipeThrough(
              new TextDecoderStream()).getReader();
            window.next = () => reader.read();
        }""", body=chat("do-held"), **self.options())
        text = ""
        while True:
            self.world.backend.let_go(1)
            piece = self.page.do("() => next()")
            if piece["done"]:
                break
            text += piece["value"]
        self.assertEqual(text.count("data: [DONE]"), 1)
        self.assertGreater(text.count("data: {"), 2)

    # --- many ---

    def test_20_at_a_time(self):
        """Each gets its own answer, over no more connections than allowed."""
        answers, stats = self.page.do("""async ({many, ...o}) => {
            const fetch = assay.createAtlsFetch(o);
            const one = async (i) => {
              const r = await fetch("/echo", {method: "POST", body: `no. ${i}`});
              return (await r.json()).body;
            };
            const answers = await Promise.all(
              Array.from({length: many}, (_, i) => one(i)));
            return [answers, assay.getConnectionPoolStats()];
        }""", many=MANY, **self.options(maxConnections=8))
        self.assertEqual(answers, [f"no. {i}" for i in range(MANY)])
        self.assertLessEqual(stats["total"], 8)
        self.assertEqual(stats["waiting"], 0)

    def test_connections_are_kept_until_they_are_closed(self):
        self.page.do("""async o => {
            window.theFetch = assay.createAtlsFetch(o);
            await (await theFetch("/echo")).text();
        }""", **self.options())

        def idle():
            return self.page.do("() => assay.getConnectionPoolStats()")["idle"]
        self.wait_until(lambda: idle() == 1)
        self.assertEqual(self.page.do(
            "async () => (await (await theFetch('/echo')).json()).path"),
            "/echo")
        self.wait_until(lambda: idle() == 1)
        self.page.do("() => assay.closeAllConnections()")
        self.wait_until(lambda: idle() == 0)
        self.wait_until(lambda: self.tunnels() == 0)

    # --- aborts ---

    def test_aborted_before_it_is_made(self):
        before = self.world.bridge.metrics()
        found = self.page.do("""async o => {
            const signal = AbortSignal.abort();
            return failure(assay.createAtlsFetch(o)("/echo", {signal}));
        }""", **self.options())
        self.assertEqual(found["name"], "AbortError")
        name = "assay_bridge_connections_total"
        self.assertEqual(self.world.bridge.metrics().get(name),
                         before.get(name))
        self.works()

    def test_aborted_while_the_server_proves_itself(self):
        """The connection goes, and nothing was sent."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            silent.settimeout(bridge_peer.LIMIT_S)
            target = "127.0.0.1:%d" % silent.getsockname()[1]
            with bridge_peer.Bridge([target]) as bridge:
                url = f"ws://127.0.0.1:{bridge.port}/?target={target}"
                self.abortable("/echo", "{}", proxyUrl=url)
                with silent.accept()[0] as peer:
                    peer.settimeout(bridge_peer.LIMIT_S)
                    self.assertGreater(len(peer.recv(MIB)), 0)  # ClientHello
                    self.check_aborted()
                    self.assertEqual(peer.recv(MIB), b"")  # it is gone
        self.assertEqual(self.world.backend.requests, [])

    def abortable(self, path, body, **more):
        self.page.do("""({path, body, ...o}) => {
            window.control = new AbortController();
            window.answered = assay.createAtlsFetch(o)(path, {
              method: "POST", body, signal: control.signal});
            window.answered.catch(() => {});
        }""", path=path, body=body, **self.options(**more))

    def check_aborted(self):
        found = self.page.do("""() => {
            control.abort(new RangeError("enough"));
            return failure(answered);
        }""")
        self.assertEqual((found["name"], found["message"]),
                         ("RangeError", "enough"))

    def test_aborted_before_the_head(self):
        """The server learns of it while it still thinks."""
        self.abortable("/v1/chat/completions", chat("do-hang"))
        self.world.backend.wait(open=1)
        self.check_aborted()
        self.world.backend.wait(aborted=1)
        self.works()

    def test_aborted_after_the_head(self):
        """The body fails, and the server learns of it."""
        self.abortable("/v1/chat/completions", chat("do-held"))
        self.world.backend.let_go(1)
        found = self.page.do("""async () => {
            const reader = (await answered).body.getReader();
            const first = await reader.read();
            const second = failure(reader.read());
            control.abort(new RangeError("enough"));
            return [first.value.length, await second];
        }""")
        self.assertGreater(found[0], 0)
        self.assertEqual(found[1]["message"], "enough")
        self.world.backend.wait(aborted=1)
        self.works()

    def test_aborted_while_all_of_it_is_read(self):
        """What was aborted says so, in whichever way it was being read."""
        for how in ("text", "json", "arrayBuffer", "blob"):
            with self.subTest(how):
                self.abortable("/v1/chat/completions", chat("do-held"))
                self.page.do("""async ({how}) => {
                    const response = (await answered).clone();
                    window.answered = response[how]();
                    answered.catch(() => {});
                }""", how=how)
                self.check_aborted()

    def test_a_body_that_is_cancelled(self):
        self.abortable("/v1/chat/completions", chat("do-held"))
        self.world.backend.let_go(1)
        self.page.do("async () => (await answered).body.cancel()")
        self.world.backend.wait(aborted=1)

    # --- servers that start anew ---

    def restartable(self):
        """One that comes back at the same address, with another certificate, which
        its platform knows of."""
        self.sim = self.enterContext(Sim(now=None))
        serve = Serve(self.world.backend,
                      quotes=f"dstack:{self.sim.ready['guest']}")
        serve.command[2] = f"127.0.0.1:{bridge_peer.free_port()}"
        return serve

    def again(self, serve):
        serve.ready_file.unlink()
        return serve

    def test_a_server_that_starts_anew_between_two_requests(self):
        with self.restartable() as serve:
            self.page.do("""async o => {
                window.theFetch = assay.createAtlsFetch(o);
                await (await theFetch("/echo")).text();
            }""", **self.through(serve, self.sim))
        with self.again(serve):
            for method in ("GET", "POST"):
                self.assertEqual(self.page.do("""async ({method}) => {
                    const r = await theFetch("/echo", {method});
                    return [(await r.json()).method,
                            r.attestation.attestations];
                }""", method=method), [method, 1])

    def test_a_server_that_ends_amid_a_response(self):
        self.check_end("""async () => {
            const reader = response.body.getReader();
            while (!(await reader.read()).done);
        }""")

    def test_a_server_that_ends_while_all_of_it_is_read(self):
        self.check_end("() => response.text()")

    def check_end(self, reading):
        """What has come is no whole answer; the next request finds the new one."""
        serve = self.restartable()
        with serve:
            self.page.do("""async ({body, ...o}) => {
                window.theFetch = assay.createAtlsFetch(o);
                window.response = await theFetch("/v1/chat/completions",
                                                 {method: "POST", body});
            }""", body=chat("do-held"), **self.through(serve, self.sim))
            self.world.backend.let_go(1)
            rest = self.page.start(f"() => failure(({reading})())")
            self.world.backend.wait(events=1)
            serve.process.kill()
            serve.process.wait()
            found = rest.result(bridge_peer.LIMIT_S)
            self.assertIn(found["code"], ("truncated", "network"))
            serve.stop = lambda: 0
        del serve.stop
        with self.again(serve):
            self.assertEqual(self.page.do(
                "async () => (await theFetch('/echo')).status"), 200)


class InAWorker(OnThePage):
    worker = True


if __name__ == "__main__":
    js_browser.main()
