# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Whom the fetch of assay-js trusts in Chromium: evidence and collateral that somebody
has altered, platforms that are not well, and what the page itself may still refuse.
What is refused is told nothing, and for the reasons that `assay get` has as well."""
import json
import subprocess

import js_browser
from harness import ASSAY, SCRATCH, clean_environment, need, write
from js_browser import HOST, BrowserCase
from js_source import Guest, Source
from test_serve import Serve

LIMIT_S = 60
# of a quote of version 4 over a TD
MRTD = 48 + 136
SIGNATURE = 48 + 584 + 4
KEY = SIGNATURE + 64
QE_REPORT = KEY + 64 + 6
QE_SIGNATURE = QE_REPORT + 384


class TrustCase(BrowserCase):
    @classmethod
    def setUpClass(cls):
        sim = cls.world.sim
        cls.guest = cls.enterClassContext(Guest(
            sim, SCRATCH / f"{cls.__name__}.sock"))
        cls.serve = cls.enterClassContext(Serve(
            cls.world.backend, quotes=f"dstack:{cls.guest.path}"))
        cls.bridge = cls.enterClassContext(js_browser.Bridge(
            [f"{HOST}:{cls.serve.port}"], "--allow-private", "127.0.0.0/8,::1"))

    def setUp(self):
        super().setUp()
        self.source = self.enterContext(Source(self.world.sim))
        self.addCleanup(setattr, self.guest, "alter", None)

    def options(self, **more):
        target = f"{HOST}:{self.serve.port}"
        return super().options(**{
            "proxyUrl": f"ws://127.0.0.1:{self.bridge.port}/?target={target}",
            "targetHost": target, "collateral": self.source.url,
            "cache": False, **more})

    def native(self, policy=None):
        """The rows that fail where assay get asks, and the error's code."""
        done = subprocess.run(
            [str(ASSAY), "get", "--json", "--policy",
             write("policy.json", json.dumps(
                 {**(policy or self.world.policy),
                  "pccs_url": self.source.url, "cache_collateral": False})),
             "--ca", str(self.serve.ca),
             f"https://{HOST}:{self.serve.port}/echo"],
            capture_output=True, text=True, timeout=LIMIT_S,
            env=clean_environment(), check=False)
        document = json.loads(done.stdout)
        verdict = document["verdict"]
        rows = verdict["checks"] if verdict else []
        return document["error"]["code"], [
            c["name"] for c in rows if c["outcome"] == "failed"]

    def check_refused(self, code="not_trusted", row=None, **options):
        """By a page that knows nothing of before, and by assay get."""
        page = self.open()
        found = self.failure(page, **options)
        page.close()
        self.assertTrue(found["ours"], found)
        self.assertEqual(found["code"], code, found)
        self.assertEqual(self.world.backend.requests, [])
        if row is not None:
            self.assertIn(row, found["failed"])
            self.assertIs(found["trusted"], False)
        self.assertEqual((code, found.get("failed") or []),
                         self.native(options.get("policy")))
        return found


class Evidence(TrustCase):
    def flip(self, at):
        def alter(call, document):
            if call == "/GetQuote":
                quote = bytearray.fromhex(document["quote"])
                quote[at] ^= 1
                document["quote"] = quote.hex()
        self.guest.alter = alter

    def test_a_bit_of_the_quote(self):
        for at, row in ((MRTD, "quote_signature"),
                        (SIGNATURE, "quote_signature"),
                        (KEY, "attestation_key"),
                        (QE_REPORT, "qe_report_signature"),
                        (QE_SIGNATURE, "qe_report_signature")):
            with self.subTest(row, at=at):
                self.flip(at)
                self.check_refused(row=row)

    def test_a_quote_over_other_data(self):
        """A genuine one, of another session, which the server itself finds out. Of
        servers that do not: test_js_browser_attackers.py."""
        first = []

        def alter(call, document):
            if call == "/GetQuote":
                first.append(document["quote"])
                document["quote"] = first[0]
        self.guest.alter = alter
        self.works()
        self.world.backend.reset()
        self.check_refused("unavailable")

    def test_an_event_that_was_altered(self):
        def alter(call, document):
            if call == "/GetQuote":
                events = json.loads(document["event_log"])
                for event in events:
                    if event.get("event") == "compose-hash":
                        event["event_payload"] = "ab" * 32
                document["event_log"] = json.dumps(events)
        self.guest.alter = alter
        self.check_refused(row="event_digests")


class Platforms(TrustCase):
    """In other states than the policy allows."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self.world.sim.change, "reset")

    def test_states(self):
        evil = write("evil-compose", '{"name":"evil"}')
        for control, row in (
                ("expire", "tcb_info_dates"), ("revoke", "pck_not_revoked"),
                ("tcb=OutOfDate", "tcb_status"), ("debug", "debug"),
                ("os-image=evil", "mrtd"), (f"compose={evil}", "app_compose"),
                ("forge-log", "event_digests")):
            with self.subTest(control):
                self.world.backend.reset()
                self.world.sim.change(control)
                self.check_refused(row=row)
                self.world.sim.change("reset")
                page = self.open()
                self.works(page)
                page.close()

    def test_a_policy_that_allows_it(self):
        """The same state is another policy's choice, and it is told so."""
        self.world.sim.change("tcb=SWHardeningNeeded")
        policy = {**self.world.policy, "allowed_tcb_status": [
            "UpToDate", "SWHardeningNeeded"]}
        self.assertEqual(self.page.do("""async o => {
            const r = await assay.createAtlsFetch(o)("/echo");
            return [r.attestation.tcbStatus, r.attestation.trusted];
        }""", **self.options(policy=policy)), ["SWHardeningNeeded", True])
        self.world.backend.reset()
        self.check_refused(row="tcb_status")

    def test_connections_of_one_policy_serve_no_other(self):
        """A connection that is kept by a policy is not for a stricter one."""
        strict = {**self.world.policy, "os_image_hash": "00" * 32}
        codes = self.page.do("""async ({strict, ...o}) => {
            const easy = assay.createAtlsFetch(o);
            const hard = assay.createAtlsFetch({...o, policy: strict});
            await (await easy("/echo")).text();
            const refused = await failure(hard("/echo"));
            return [refused.code, (await easy("/echo")).status];
        }""", strict=strict, **self.options())
        self.assertEqual(codes, ["not_trusted", 200])
        self.assertEqual(len(self.world.backend.requests), 2)


class Collateral(TrustCase):
    def altered(self, part, old, new):
        """In all answers about it."""
        done = []

        def alter(path, body):
            if part not in path:
                return body
            self.assertIn(old, body)
            done.append(path)
            return body.replace(old, new, 1)
        self.source.alter = alter
        return done

    def test_tcb_info_that_was_altered(self):
        done = self.altered("/tcb", b'"UpToDate"', b'"OutOfDate"')
        self.check_refused(row="tcb_info")
        self.assertTrue(done)

    def test_an_identity_that_was_altered(self):
        done = self.altered("/qe/identity", b'"UpToDate"', b'"OutOfDate"')
        self.check_refused(row="qe_identity")
        self.assertTrue(done)

    def test_an_answer_that_is_none(self):
        self.source.alter = lambda path, body: b"nothing of the kind"
        found = self.failure()
        self.assertTrue(found["ours"], found)
        self.assertNotEqual(found["code"], "none")
        self.assertEqual(self.world.backend.requests, [])

    def test_a_source_that_allows_no_pages(self):
        """The page is told what to do about it."""
        self.source.fields = ()
        found = self.failure()
        self.assertEqual(found["code"], "network")
        self.assertIn("CORS", found["message"] + found["hint"])
        self.assertEqual(self.world.backend.requests, [])

    def test_a_source_that_hides_its_chain(self):
        self.source.fields = Source.fields[:1]
        found = self.failure()
        self.assertEqual(found["code"], "network")
        self.assertIn("Access-Control-Expose-Headers",
                      found["message"] + found["hint"])

    def test_the_second_source(self):
        self.source.alter = lambda path, body: b""
        self.works(collateral=[self.source.url, self.world.relay])
        self.assertTrue(self.source.asked)


class OnAttestation(TrustCase):
    def test_it_has_seen_it_before_anything_is_sent(self):
        seen = self.page.do("""async o => {
            window.seen = [];
            window.agree = undefined;
            const agreed = new Promise((resolve) => (window.agree = resolve));
            window.answered = assay.createAtlsFetch({...o,
              onAttestation: async (a) => { seen.push(a); await agreed; }
            })("/echo");
            while (seen.length === 0) {
              await new Promise((resolve) => setTimeout(resolve, 5));
            }
            return [seen[0].trusted, seen[0].teeType,
                    seen[0].attestedAt instanceof Date,
                    seen[0].verdict.checks.length > 10];
        }""", **self.options())
        self.assertEqual(seen, [True, "tdx", True, True])
        self.assertEqual(self.world.backend.requests, [])
        same = self.page.do("""async () => {
            agree();
            return (await answered).attestation === seen[0];
        }""")
        self.assertTrue(same)
        self.assertEqual(len(self.world.backend.requests), 1)

    def test_what_it_throws(self):
        """It is what the request rejects with, the very same."""
        self.assertTrue(self.page.do("""async o => {
            const mine = new RangeError("not this one");
            const fetch = assay.createAtlsFetch({...o, onAttestation() {
              throw mine; }});
            return fetch("/echo").then(() => false, (e) => e === mine);
        }""", **self.options()))
        self.assertEqual(self.world.backend.requests, [])

    def test_evidence_is_judged_again(self):
        """By assay verify, without a network."""
        text = self.page.do("""async o => {
            const r = await assay.createAtlsFetch(o)("/echo");
            return r.attestation.evidence();
        }""", **self.options())
        done = subprocess.run(
            [str(ASSAY), "verify", "--evidence", write("evidence", text),
             "--policy", str(self.world.sim.folder / "policy.json")],
            capture_output=True, text=True, timeout=LIMIT_S,
            env=clean_environment(), check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


class EvidenceInAWorker(Evidence):
    worker = True


class PlatformsInAWorker(Platforms):
    worker = True


class CollateralInAWorker(Collateral):
    worker = True


class OnAttestationInAWorker(OnAttestation):
    worker = True


if __name__ == "__main__":
    need(ASSAY)
    js_browser.main()
