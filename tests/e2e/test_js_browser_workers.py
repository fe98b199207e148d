# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""`worker: true` in Chromium: that a page never waits, and Workers that are not there
or end. What is the same without one is tested by the others, both ways."""
import concurrent.futures

import js_browser
from js_browser import BrowserCase, Pages

WAIT_MAX_S = 0.05  # what nobody sees as one
TRIES = 8          # others use this machine, too

# the longest time in which a loop of messages had no turn, while a page is attested
GAP = """async o => {
  const {port1, port2} = new MessageChannel();
  let longest = 0, last = performance.now(), over = false;
  const loop = new Promise((resolve) => {
    port1.onmessage = () => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
      if (over) resolve(); else port2.postMessage(0);
    };
    port2.postMessage(0);
  });
  const response = await assay.createAtlsFetch(o)("/echo");
  await response.text();
  over = true;
  await loop;
  port1.close();
  return [response.attestation.trusted, longest / 1000];
}"""


class Jank(BrowserCase):
    def attest(self, text, worker):
        """On a page that knows nothing of before: what the text gives, and seconds of
        the processor's that the page itself has used."""
        page = self.open()
        before = page.ask("busy")
        found = page.do(text, **self.world.options_of(worker=worker,
                                                      cache=False))
        busy = page.ask("busy") - before
        page.close()
        return found, busy

    def gap(self, worker):
        (trusted, gap), _ = self.attest(GAP, worker)
        self.assertTrue(trusted)
        return gap

    def busy(self, worker):
        status, busy = self.attest("""async o =>
            (await assay.createAtlsFetch(o)("/echo")).status""", worker)
        self.assertEqual(status, 200)
        return busy

    def test_a_page_with_a_worker_never_waits(self):
        """It cannot wait for itself longer than it is busy. A clock on the wall would
        tell of all that this machine does besides."""
        there, here = self.busy(True), self.busy(False)
        print(f"a page is busy: {1000 * there:.1f} ms with a Worker,"
              f" {1000 * here:.1f} ms without", flush=True)
        self.assertLess(there, WAIT_MAX_S)
        self.assertGreater(here, WAIT_MAX_S)  # or it shows nothing

    def test_a_loop_on_the_page_goes_on(self):
        """The longest wait of one; the shortest of some, as others use this machine,
        too."""
        there, here = [], []
        while len(there) < 2 or min(there) >= min(here):
            self.assertLess(len(there), TRIES, (there, here))
            there.append(self.gap(True))
            here.append(self.gap(False))
        print(f"the longest wait of a page: {1000 * min(there):.1f} ms with a"
              f" Worker, {1000 * min(here):.1f} ms without", flush=True)

    def test_nothing_of_webassembly_is_on_the_page(self):
        for worker, code in ((False, "io"), (True, "none")):
            page = self.open()
            page.do("() => { delete window.WebAssembly; }")
            found = page.do(
                "o => failure(assay.createAtlsFetch(o)('/echo'))",
                **self.world.options_of(worker=worker))
            self.assertEqual(found["code"], code, found)


class Workers(BrowserCase):
    """That are not there, or end."""

    worker = True

    def test_one_for_all(self):
        self.page.do("""async o => {
            window.fetches = [1, 2, 3].map(
              (i) => assay.createAtlsFetch({...o, idleTimeout: 1000 * i}));
            await Promise.all(fetches.map((f) => f("/echo")));
        }""", **self.options())
        self.assertEqual(self.page.workers, 1)

    def test_none_before_it_is_needed(self):
        self.page.do("o => { window.f = assay.createAtlsFetch(o); }",
                     **self.options())
        self.assertEqual(self.page.workers, 0)
        self.assertEqual(self.page.do(
            "() => failure(f('https://example.com/'))")["code"], "wrong_host")
        self.assertEqual(self.page.workers, 0)

    def test_one_that_is_not_there(self):
        """The page is told; once it is there, the same fetch works."""
        pages = self.enterContext(Pages())
        pages.server.gone.add("/dist/worker.js")
        page = self.open(pages.plain)
        found = page.do("""o => {
            window.f = assay.createAtlsFetch(o);
            return failure(f("/echo"));
        }""", **self.options())
        self.assertEqual(found["code"], "io", found)
        self.assertIn("worker.js", found["message"])
        pages.server.gone.clear()
        self.assertEqual(page.do("async () => (await f('/echo')).status"), 200)

    def test_a_module_that_is_not_there(self):
        pages = self.enterContext(Pages())
        pages.server.gone.add("/dist/assay.wasm")
        page = self.open(pages.plain)
        found = self.failure(page)
        self.assertEqual(found["code"], "io", found)
        self.assertIn("assay.wasm", found["message"])
        pages.server.gone.clear()
        self.works(page)

    def test_one_that_ends(self):
        """Whatever was under way fails; the next request has a new one."""
        self.page.do("""async ({body, ...o}) => {
            window.f = assay.createAtlsFetch(o);
            const ask = () => f("/v1/chat/completions", {method: "POST", body});
            const response = await ask();
            window.text = failure(response.text());
            window.second = failure(ask());
        }""", body='{"model": "do-held", "stream": true, "messages": '
                   '[{"role": "user", "content": "Hello"}]}',
            **self.options(maxConnections=1))
        self.page.ask("inWorker", text="() => self.close()")
        for name in ("text", "second"):
            found = self.page.do(f"() => {name}")
            self.assertTrue(found["ours"], found)
            self.assertEqual(found["code"], "internal")
            self.assertIn("Worker has ended", found["message"])
        self.assertEqual(self.page.do("() => assay.getConnectionPoolStats()"), {
            "total": 0, "busy": 0, "idle": 0, "connecting": 0, "waiting": 0})
        self.assertEqual(self.page.do("async () => (await f('/echo')).status"),
                         200)

    def test_a_policy_that_changes_while_it_starts(self):
        """Each request is by the policy of its moment."""
        policy = self.world.policy
        strict = {**policy, "os_image_hash": "00" * 32}
        found = self.page.do("""async ({policy, strict, ...o}) => {
            let seen = 0;
            const f = assay.createAtlsFetch({...o, onAttestation: () => {
              seen++; }});
            assay.setDefaultPolicy(policy);
            const first = failure(f("/echo").then((r) => r.status));
            await new Promise((resolve) => setTimeout(resolve, 0));
            assay.setDefaultPolicy(strict);
            const second = failure(f("/echo"));
            return [(await first).message, (await second).code, seen];
        }""", strict=strict, **self.options())
        self.assertEqual(found, ["200", "not_trusted", 1])

    def test_of_streams_it_is_refused(self):
        found = self.page.do("o => failure(assay.AttestedStream.connect(o))",
                             **self.options())
        self.assertEqual(found["code"], "invalid")
        self.assertIn("worker", found["message"])

    def test_it_must_be_a_boolean(self):
        found = self.page.do(
            "o => failure((async () => assay.createAtlsFetch(o))())",
            **{**self.options(), "worker": "yes"})
        self.assertEqual(found["code"], "invalid")

    def test_where_the_module_is_elsewhere(self):
        """init() is told, and the Worker is."""
        pages = self.enterContext(Pages())
        pages.server.gone.update({"/dist/assay.wasm", "/dist/roots.pem"})
        other = self.enterContext(Pages())
        other.server.fields.append(("Access-Control-Allow-Origin", "*"))
        page = self.open(pages.plain)
        page.do("({wasm, roots}) => assay.init({wasm, roots})",
                wasm=f"{other.origin}/dist/assay.wasm",
                roots=f"{other.origin}/dist/roots.pem")
        self.works(page, policy={
            **self.world.policy, "accept_self_signed_certs": False},
            extraRoots=self.world.serve.ca.read_text())
        self.assertIn("/dist/roots.pem", other.server.asked)

    def test_many_pages_at_once(self):
        pages = [self.open() for _ in range(3)]
        futures = [page.start("""async o => {
            const f = assay.createAtlsFetch(o);
            const all = await Promise.all([1, 2, 3, 4].map(() => f("/echo")));
            return all.map((r) => r.status);
        }""", **self.options()) for page in pages]
        concurrent.futures.wait(futures)
        self.assertEqual([f.result() for f in futures], [[200] * 4] * 3)


if __name__ == "__main__":
    js_browser.main()
