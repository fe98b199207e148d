# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What clients are told when there is no answer of the model: a server that is not
trusted, one that is not there, one that does not speak. And that what is shown of it
is true."""
import json
import sys
import time
import unittest

import proxy_peer
import test_interop
from bridge_peer import nobody_at
from harness import ASSAY, run, write
from proxy_peer import KEY, NAME, REFUSED, Proxy, ProxyCase, Tee, World, base_url, wait_until

HASTY = ("--connect-timeout", "1", "--attest-timeout", "1")
BOUND_S = 30  # for what has a limit of a second, on a busy machine


class Refusals(ProxyCase):
    """403, in OpenAI's shape, and not to be tried again."""

    def refused(self, code, *controls, **changes):
        if controls:
            self.world.sim.change(*controls)
        with Proxy(self.world, config=self.world.upstream(**changes)) as gate:
            for _ in range(2):
                answer = gate.chat(name="tee", fields=[("X-Prompt", "s3cret")])
                error = self.check_refused(answer, code)
            self.assertEqual(gate.status()["providers"][0]["state"],
                             "refused")
            lines = gate.audited(2)
            self.assertEqual([x["status"] for x in lines], [403, 403])
            self.assertNotIn("s3cret", gate.log + str(lines))
            self.assertNotIn(KEY, gate.log + str(lines))
        self.check_nothing_arrived()
        return error["message"]

    def test_tcb_status(self):
        said = self.refused("tcb_status_not_allowed", "tcb=OutOfDate")
        self.assertIn("OutOfDate", said)

    def test_revoked(self):
        self.refused(None, "revoke")

    def test_debug(self):
        self.refused(None, "debug")

    def test_another_workload(self):
        self.refused(None, compose_hash="00" * 32)

    def test_a_forged_log(self):
        self.refused(None, "forge-log")

    def test_another_root(self):
        """Intel's, by default: a simulator is no TEE."""
        gate = Proxy(self.world, config=self.world.upstream(
            without=["trusted_root"]))
        at = gate.command.index("--root")
        del gate.command[at:at + 2]
        with gate:
            self.check_refused(gate.chat(name="tee"))
        self.check_nothing_arrived()

    def test_the_old_config_too(self):
        """What the readme's user sees."""
        self.world.sim.change("tcb=OutOfDate")
        gate = self.proxy()
        for answer in (gate.chat(), gate.responses(),
                       gate.ask("GET", gate.path() + "/models"),
                       gate.ask("GET", "/v1/models")):
            error = self.check_refused(answer, "tcb_status_not_allowed")
            self.assertIn("OutOfDate", error["message"])

    def test_a_tcb_that_ends_while_it_runs(self):
        """Whoever has heard of it tells the proxy, which asks for collateral by
        itself only now and then; connections that were open before are not used
        any more."""
        gate = self.proxy(warm=2)
        self.check_ok(gate.chat())
        self.world.sim.change("tcb=OutOfDate")
        gate.reload()
        self.check_refused(gate.chat(), "tcb_status_not_allowed")
        self.assertEqual(len(self.model.requests), 1)

    def test_requests_do_not_ask_for_quotes_again(self):
        """Many at once, while it is known to be refused."""
        self.world.sim.change("tcb=OutOfDate")
        gate = self.proxy()
        self.check_refused(gate.chat())
        before = self.world.tee.quotes
        began = time.monotonic()
        for _ in range(20):
            self.check_refused(gate.chat())
        seconds = time.monotonic() - began
        self.assertLessEqual(self.world.tee.quotes - before, 2 + seconds)


class Outages(ProxyCase):
    """503, worth another try, and not to be confused with a refusal."""

    def check_outage(self, answer, code=None):
        error = self.check_error(answer, 503, code=code)
        self.assertNotEqual(error["type"], "attestation_error")
        self.assertNotIn(REFUSED, error["message"])
        self.assertNotEqual(answer.get("x-should-retry"), "false")
        self.assertRegex(answer.get("Retry-After") or "", r"^\d+$")
        return error["message"]

    def test_nobody_there(self):
        with nobody_at() as address:
            gate = self.proxy(codex=self.world.codex_config(
                base_url=f"https://{address}/v1"))
            self.check_outage(gate.chat())
            self.assertEqual(gate.status()["providers"][0]["state"],
                             "unreachable")

    def test_it_comes_back(self):
        with World("both") as world:
            with Proxy(world) as gate:
                self.check_ok(gate.chat())
                port = world.tee.port
                world.tee.stop()
                wait_until(lambda: gate.status()["providers"][0]["state"]
                           == "unreachable", "news")
                self.check_outage(gate.chat())
                at = world.tee.command.index("--listen") + 1
                world.tee.command[at] = f"127.0.0.1:{port}"
                # the same certificate, which the proxy knows
                world.tee.command[world.tee.command.index("--cert-out") + 1] = \
                    str(world.tee.folder / "another.pem")
                world.tee.ready_file.unlink(missing_ok=True)
                world.tee.__enter__()
                # A fresh certificate under a root that is not known: still not
                # there, for TLS comes first.
                self.assertIn(gate.chat().status, (403, 503))

    def test_no_collateral(self):
        with nobody_at() as address:
            gate = self.proxy("--pccs", f"http://{address}",
                              codex=self.world.codex_config().replace(
                                  "pccs_url", "#pccs_url"))
            self.check_outage(gate.chat())
        self.check_nothing_arrived()

    def test_a_name_that_nobody_knows(self):
        gate = self.proxy(codex=self.world.codex_config(
            base_url="https://nobody.invalid/v1"))
        self.check_outage(gate.chat())

    def test_a_model_that_is_gone(self):
        """The TEE is there, what is behind it not: its own answer."""
        with nobody_at() as address, Tee(address) as tee:
            gate = self.proxy("--ca", tee.ca, codex=self.world.codex_config(
                base_url=base_url(tee)))
            answer = gate.chat()
            self.assertIn(answer.status, (502, 503))
            self.check_attested(answer)


class Servers(ProxyCase):
    """Servers by another hand, which misbehave in every phase."""

    @classmethod
    def setUpClass(cls):
        python, why = test_interop.find_python()
        if python is None:
            raise unittest.SkipTest(why)
        cls.world = cls.enterClassContext(World())
        cls.server = cls.enterClassContext(
            test_interop.Server(python, cls.world.sim))

    def gate(self, name, *options, **changes):
        return Proxy(
            self.world, "--ca", self.server.ca, *options, warm=0,
            config=self.world.upstream(
                base_url=f"https://localhost:{self.server.port[name]}/v1",
                **changes))

    def ask(self, name, *options, **changes):
        with self.gate(name, *options, **changes) as gate:
            return gate.chat(name="tee")

    def test_evidence_of_others_is_refused(self):
        for name in ("replayed", "relayed", "flipped-bit", "bad-log"):
            with self.subTest(name):
                self.check_refused(self.ask(name))

    def test_no_session_without_tls_13(self):
        answer = self.ask("tls12")
        self.assertIn(answer.status, (403, 503), answer)

    def test_certificates(self):
        for name in ("wrong-name", "no-name", "unknown-ca", "expired",
                     "not-yet"):
            with self.subTest(name):
                self.assertIn(self.ask(name).status, (403, 503))

    def test_servers_that_hang(self):
        """Every phase has a limit."""
        for name in ("never-accepts", "hang-after-accept", "hang-in-handshake",
                     "hang-before-reply", "hang-in-head", "hang-in-body",
                     "trickle-in-head"):
            with self.subTest(name):
                began = time.monotonic()
                answer = self.ask(name, *HASTY, "--wait-timeout", "20")
                self.check_error(answer, 504, code="upstream_timeout")
                self.assertRegex(answer.get("Retry-After") or "", r"^\d+$")
                self.assertLess(time.monotonic() - began, BOUND_S)

    def test_a_response_that_does_not_come(self):
        answer = self.ask("hang-before-response", "--response-timeout", "1")
        self.check_error(answer, 504, code="upstream_timeout")

    def test_responses_that_are_none(self):
        for name in ("garbage-response", "endless-interim", "switching",
                     "cut-before-response", "goodbye-before-response"):
            with self.subTest(name):
                answer = self.ask(name, "--response-timeout", "5")
                self.assertIn(answer.status, (502, 503, 504), answer)
                self.assertEqual(set(answer.json["error"]),
                                 {"message", "type", "param", "code"})

    def test_all_wires(self):
        """v2 unless told otherwise."""
        for wire in ("v2", "v1", "v0"):
            with self.subTest(wire):
                answer = self.ask("sized", wires=[wire],
                                  **({} if wire == "v2" else
                                     {"certificate_event": "required"}))
                self.assertEqual((answer.status, answer.body),
                                 (200, b"hello"), answer)
                self.check_attested(answer)

    def test_the_readmes_wire(self):
        for options in ((), ("--codex-wire", "v1"), ("--codex-wire", "v0"),
                        ("--codex-wire", f"{NAME}=v0")):
            with self.subTest(options):
                gate = self.proxy(
                    "--ca", self.server.ca, *options,
                    codex=self.world.codex_config(
                        base_url=f"https://localhost:"
                                 f"{self.server.port['sized']}/v1"))
                self.assertEqual(gate.chat().body, b"hello")


class Staples(ProxyCase):
    """Collateral of the server's own: only where the policy asks for it."""

    @classmethod
    def setUpClass(cls):
        cls.world.reset()
        cls.tee = cls.enterClassContext(Tee(
            cls.world.model, "--staple", "on", "--root",
            str(cls.world.sim.root), "--pccs", cls.world.pccs, "--no-cache"))
        cls.tee.log_line("collateral to staple is there")

    def ask(self, **changes):
        with nobody_at() as address:
            gate = self.proxy(
                "--ca", self.tee.ca, "--pccs", f"http://{address}",
                config=self.world.upstream(
                    base_url=base_url(self.tee), without=["pccs_url"],
                    max_collateral_age_secs=1728000, **changes))
            return gate.chat(name="tee")

    def test_not_by_itself(self):
        self.check_error(self.ask(), 503)
        self.check_nothing_arrived()

    def test_when_it_is_asked_for(self):
        self.check_ok(self.ask(staple=True))


class Truth(ProxyCase):
    """Nothing is called verified but what was."""

    def test_before_anybody_asked(self):
        gate = self.proxy(warm=0)
        provider, = gate.status()["providers"]
        self.assertEqual(provider["state"], "untried")
        page = gate.ask("GET", "/")
        self.assertEqual(page.status, 200)
        self.assertIn(b"text/html", page.get("Content-Type").encode())
        self.assertNotRegex(page.body.lower(), rb"class=\"?[^>]*verified")
        self.check_nothing_arrived()

    def test_afterwards(self):
        gate = self.proxy()
        answer = self.check_ok(gate.chat())
        provider, = gate.status()["providers"]
        self.assertEqual(provider["state"], "verified")
        evidence = answer.get("x-assay-attestation").partition(
            "evidence=")[2][:16]
        wait_until(lambda: [p for p in gate.bundles if evidence in p.name],
                   "the bundle of this verdict")

    def test_a_bundle_can_be_checked_again(self):
        gate = self.proxy(config=self.world.upstream())
        self.check_ok(gate.chat(name="tee"))
        bundle, *_ = wait_until(lambda: gate.bundles, "a bundle")
        policy = write("own-policy.json", json.dumps(self.world.policy))
        got = run("verify", "--policy", policy, "--root", self.world.sim.root,
                  "--evidence", bundle, "--json")
        self.assertEqual(got.code, 0, str(got))
        self.assertTrue(got.json["trusted"])

    def test_when_it_was_refused(self):
        self.world.sim.change("tcb=OutOfDate")
        gate = self.proxy()
        self.check_refused(gate.chat())
        provider, = gate.status()["providers"]
        self.assertEqual(provider["state"], "refused")
        self.assertEqual(provider["last_refusal"]["code"],
                         "tcb_status_not_allowed")
        page = gate.ask("GET", "/").body.decode()
        self.assertIn("OutOfDate", page)

    def test_answers_of_our_own_have_no_verdict(self):
        gate = self.proxy()
        self.check_ok(gate.chat())
        for method, path in (("GET", "/"), ("GET", "/.well-known/assay"),
                             ("GET", "/healthz"), ("GET", "/nowhere"),
                             ("POST", "/"), ("GET", "/../x")):
            self.assertIsNone(gate.ask(method, path).get(
                "x-assay-attestation"), path)

    def test_the_audit_log_has_no_words(self):
        gate = self.proxy()
        self.check_ok(gate.chat("SAY the s3cret prompt"))
        line, = gate.audited(1)
        self.assertEqual(
            (line["provider"], line["method"], line["status"], line["end"]),
            (NAME, "POST", 200, "whole"))
        self.assertRegex(line["evidence"], "^[0-9a-f]{16}$")
        text = json.dumps(line) + gate.log
        for secret in ("s3cret", KEY):
            self.assertNotIn(secret, text)


def main():
    proxy_peer.harness.need(ASSAY)
    proxy_peer.main()


if __name__ == "__main__":
    sys.exit(main())
