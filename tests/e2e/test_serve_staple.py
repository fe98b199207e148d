# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-serve --staple: collateral with the quote, for those who ask."""
import json
import shutil
import signal
import sys

import harness
import test_serve
from backend import Backend
from harness import ASSAY, SCRATCH, TRUSTED, UNREADABLE, Case, run, write
from test_sandbox import sandbox_is_there
from test_serve import GOOD, NONCE, SERVE, Serve
from test_sim import SIM, Sim

ASKS = json.dumps({"nonce_hex": NONCE, "want_collateral": True},
                  separators=(",", ":")).encode()
THERE = "collateral to staple is there"


class Stapling(Serve):
    def __init__(self, backend, *options, pccs=None):
        super().__init__(backend, "--announce", "off", "--staple", "on",
                         "--root", str(SIMULATOR.root), "--pccs",
                         pccs or SIMULATOR.ready["pccs"], *options)


class Staple(Case):
    def setUp(self):
        self.backend = self.enterContext(Backend())

    def get(self, serve, **changes):
        """By a client whose own sources are out of reach."""
        has = json.loads((SIMULATOR.folder / "policy.json").read_text())
        policy = {**has, "accept_self_signed_certs": False,
                  "certificate_event": "off", "staple": True,
                  "max_collateral_age_secs": 1728000,
                  "cache_collateral": False, "pccs_url": "http://127.0.0.1:1",
                  **changes}
        return run("get", "-v", "--ca", serve.ca, "--policy",
                   write("staple-policy.json", json.dumps(policy)),
                   "--no-cache", "--pccs", "http://127.0.0.1:1",
                   f"https://localhost:{serve.port}/")

    def test_the_first_who_asks(self):
        with Stapling(self.backend, "--no-cache") as serve:
            serve.log_line(THERE)
            self.check(self.get(serve), TRUSTED)
            self.assertEqual(self.get(serve, staple=False).code, UNREADABLE)
        with Serve(self.backend, "--announce", "off") as serve:
            self.assertEqual(self.get(serve).code, UNREADABLE)

    def test_only_for_those_who_ask(self):
        with Stapling(self.backend, "--no-cache") as serve:
            serve.log_line(THERE)
            self.assertNotIn("collateral",
                             serve.ask("POST", "/tdx_quote", GOOD).json)
            answer = serve.ask("POST", "/tdx_quote", ASKS)
            self.assertIn("tcb_info", answer.json["collateral"])

    def test_sources_that_are_silent(self):
        """No reply waits for them."""
        with Stapling(self.backend, "--no-cache",
                      pccs="http://127.0.0.1:1") as serve:
            answer = serve.ask("POST", "/tdx_quote", ASKS)
            self.assertEqual(answer.status, 200)
            self.assertNotIn("collateral", answer.json)
            serve.log_line("warning: collateral to staple")

    def test_no_quote_no_staple(self):
        """The platform's trouble is said once, however often it is looked."""
        with Serve(self.backend, "--announce", "off", "--staple", "on",
                   "--no-cache", quotes="dstack:/none.sock") as serve:
            serve.log_line("warning: collateral to staple")
            for _ in range(3):
                self.assertEqual(serve.ask("POST", "/tdx_quote",
                                           ASKS).status, 502)
            self.assertEqual(serve.log.count("collateral to staple"), 1)

    def test_another_root(self):
        """What is not authentic is given to nobody."""
        with Serve(self.backend, "--announce", "off", "--staple", "on",
                   "--no-cache", "--pccs", SIMULATOR.ready["pccs"]) as serve:
            serve.log_line("not authentic")
            self.assertNotIn("collateral",
                             serve.ask("POST", "/tdx_quote", ASKS).json)

    def test_reload(self):
        """What is there goes on being there."""
        with Stapling(self.backend, "--no-cache") as serve:
            serve.log_line(THERE)
            serve.process.send_signal(signal.SIGHUP)
            serve.log_line("info: reloaded")
            self.check(self.get(serve), TRUSTED)

    def test_a_memory_of_others(self):
        """Who can make this process forget evaluations is spoken of."""
        folder = SCRATCH / "open-state" / "assay" / "evaluations"
        folder.mkdir(parents=True)
        folder.chmod(0o777)
        serve = Stapling(self.backend, "--no-cache")
        serve.environment = {"XDG_STATE_HOME": str(SCRATCH / "open-state")}
        with serve:
            serve.log_line("warning: rollbacks may go unnoticed")
            self.assertIn("others may write to it", serve.log)

    def test_in_the_sandbox(self):
        if not sandbox_is_there():
            self.skipTest("there is no sandbox here")
        shutil.rmtree(SCRATCH / "stapling", ignore_errors=True)
        serve = Stapling(self.backend, "--sandbox", "strict")
        serve.environment = {
            "XDG_CACHE_HOME": str(SCRATCH / "stapling" / "cache"),
            "XDG_STATE_HOME": str(SCRATCH / "stapling" / "state")}
        with serve:
            serve.log_line(THERE)
            self.check(self.get(serve), TRUSTED)
        entry, = (SCRATCH / "stapling/cache/assay").iterdir()
        self.assertEqual(entry.suffix, ".json")


if __name__ == "__main__":
    for program in (SIM, SERVE, ASSAY):
        if not program.exists():
            print(f"SKIPPED everything: {program} is not there")
            sys.exit(77)
    with Sim(now=None) as SIMULATOR:
        test_serve.SIMULATOR = SIMULATOR
        harness.main()
