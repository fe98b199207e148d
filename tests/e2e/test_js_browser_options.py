# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What createAtlsFetch is told, in Chromium: fields of its own, another name, a time to
answer in, evidence that is renewed; and what it loads for that, and when."""
import json

import js_browser
from js_browser import BrowserCase, Pages
from js_source import Source
from test_serve import Serve
from test_sim import Sim

NAME = "tee.example"  # of a certificate, and no host's
LOADED = ("/dist/worker.js", "/dist/assay.wasm", "/dist/roots.pem")


class OptionsCase(BrowserCase):
    def make(self, page=None, **more):
        """Options of a fetch that the page has from then on."""
        (page or self.page).do("""async o => {
            window.proofs = [];
            window.theFetch = assay.createAtlsFetch({...o,
              onAttestation: ({attestations}) => void proofs.push(attestations)});
        }""", **self.options(**more))

    def get(self, page=None):
        """Its status, and how often the connection was attested; or why it fails."""
        return (page or self.page).do("""async () => {
            try {
              const response = await theFetch("/echo");
              await response.text();
              const {status, attestation: {attestations}} = response;
              return {status, attestations};
            } catch (error) {
              return failure(Promise.reject(error));
            }
        }""")

    @property
    def strict(self):
        """A policy by which certificates are checked."""
        return {**self.world.policy, "accept_self_signed_certs": False}


class Told(OptionsCase):
    def test_default_headers(self):
        """They go with each request that does not have them."""
        self.page.do("""async o => {
            const fetch = assay.createAtlsFetch(o);
            const own = {authorization: "own"};
            for (const [input, init] of [
              ["/echo", {headers: own}], ["/echo", {}],
              [new Request(`https://${o.targetHost}/echo`, {headers: own}), {}],
            ]) {
              await (await fetch(input, init)).text();
            }
        }""", **self.options(defaultHeaders={
            "X-Default": "d", "Authorization": "default"}))

        def values(name):
            return [[v for n, v in seen.fields if n.lower() == name]
                    for seen in self.world.backend.requests]
        self.assertEqual(values("x-default"), [["d"], ["d"], ["d"]])
        self.assertEqual(values("authorization"),
                         [["own"], ["default"], ["own"]])

    def test_server_name(self):
        """It is the certificate's, and the host stays the target's."""
        sim = self.enterContext(Sim(now=None))
        serve = Serve(self.world.backend, quotes=f"dstack:{sim.ready['guest']}")
        serve.command[serve.command.index("--self-signed") + 1] = NAME
        serve = self.enterContext(serve)
        options = self.through(serve, sim)
        options |= {"extraRoots": serve.ca.read_text(), "policy": {
            **options["policy"], "accept_self_signed_certs": False}}
        for more in ({}, {"serverName": "other.example"}):
            with self.subTest(more):
                found = self.failure(**options, **more)
                self.assertEqual(found["code"], "tls", found)
                self.assertEqual(self.world.backend.requests, [])
        self.works(**options, serverName=NAME)
        seen, = self.world.backend.requests
        self.assertEqual(seen.get("Host"), options["targetHost"])

    def test_a_server_name_is_no_root(self):
        """Who names a server does not believe any certificate."""
        found = self.failure(policy=self.strict, serverName="localhost")
        self.assertEqual(found["code"], "tls", found)
        self.assertEqual(self.world.backend.requests, [])

    def test_a_response_that_does_not_come_in_time(self):
        """The server learns of it while it still thinks."""
        found = self.page.do("""({body, ...o}) => failure(
            assay.createAtlsFetch(o)("/v1/chat/completions",
                                     {method: "POST", body}))""",
            body=json.dumps({"model": "do-hang", "messages": [
                {"role": "user", "content": "Hello"}]}),
            **self.options(timeouts={"response": 500}))
        self.assertTrue(found["ours"], found)
        self.assertEqual(found["code"], "timeout", found)
        self.assertIn("timeouts.response", found["hint"])
        self.world.backend.wait(aborted=1)
        self.works()


class Renewal(OptionsCase):
    """Of evidence that may get a second old, through the bridge."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self.world.sim.change, "reset")
        source = self.enterContext(Source(self.world.sim))
        self.wait_until(lambda: self.tunnels() == 0)
        self.before = self.tunnels_ever()
        self.make(collateral=source.url, cache=False, policy={
            **self.world.policy, "reattestation_interval_secs": 1})
        self.assertEqual(self.get()["status"], 200)

    def test_it_is_renewed_on_the_same_connection(self):
        self.wait_until(lambda: self.get()["attestations"] > 1)
        self.assertEqual(self.page.do("() => proofs.slice(0, 2)"), [1, 2])
        self.assertEqual(self.tunnels(), 1)
        self.assertEqual(self.tunnels_ever(), self.before + 1)

    def test_a_platform_that_goes_out_of_date(self):
        """The backend hears of nothing that was not answered, nor anything later; and
        no connection is kept."""
        self.page.do("""async () => {
            const both = await Promise.all(["/1", "/2"].map((x) => theFetch(x)));
            await Promise.all(both.map((response) => response.text()));
        }""")
        self.assertEqual(self.tunnels(), 2)
        answered = 3
        self.world.sim.change("tcb=OutOfDate")

        def refused():
            nonlocal answered
            found = self.get()
            answered += found.get("status") == 200
            return found.get("status") != 200 and found
        found = self.wait_until(refused)
        for _ in range(2):
            self.assertTrue(found["ours"], found)
            self.assertEqual(found["code"], "not_trusted", found)
            self.assertEqual(found["failed"], ["tcb_status"])
            self.assertEqual(len(self.world.backend.requests), answered)
            self.wait_until(lambda: self.tunnels() == 0)
            found = self.get()
        self.world.sim.change("reset")
        self.assertEqual(self.get()["status"], 200)
        self.assertEqual(len(self.world.backend.requests), answered + 1)


class Loading(OptionsCase):
    def test_each_when_it_is_needed_first(self):
        """The module for a request, roots for certificates that are checked."""
        pages = self.enterContext(Pages())
        page = self.open(pages.plain)

        def loaded():
            page.do("async () => { await fetch('/favicon.ico'); }")
            return [x for x in pages.server.asked if x in LOADED]
        self.make(page)
        self.assertEqual(loaded(), [])
        self.assertIs(self.world.policy["accept_self_signed_certs"], True)
        module = [*(["/dist/worker.js"] if self.worker else []),
                  "/dist/assay.wasm"]
        for _ in range(2):
            self.assertEqual(self.get(page)["status"], 200)
            self.assertEqual(loaded(), module)
        self.make(page, policy=self.strict,
                  extraRoots=self.world.serve.ca.read_text())
        self.assertEqual(loaded(), module)
        for _ in range(2):
            self.assertEqual(self.get(page)["status"], 200)
            self.assertEqual(loaded(), [*module, "/dist/roots.pem"])


class ToldInAWorker(Told):
    worker = True


class RenewalInAWorker(Renewal):
    worker = True


class LoadingInAWorker(Loading):
    worker = True


if __name__ == "__main__":
    js_browser.main()
