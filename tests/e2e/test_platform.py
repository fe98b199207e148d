# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What assay-serve asks of the platform beside clients' quotes (test_quotes.py)
and a kernel that hangs. Not under TSan, which takes a number of a descriptor
that libuv has closed, and a library opens again, for a race."""
import sys
import time

import configfs
import harness
import test_quotes
from backend import Backend
from harness import Case
from test_quotes import ASK, Scene, until
from test_serve import SERVE, Serve
from test_sim import SIM, Sim


class Staples(Scene):
    def test_the_quote_of_staples(self):
        self.stage("--quote-concurrency", "1", "--staple", "on", "--no-cache",
                   "--pccs", "http://127.0.0.1:1")
        until("its quote", lambda: self.agent.asked == 1)
        client, = self.asking(1)
        until("waiting", lambda: self.waits() == 1)
        self.agent.go.set()
        self.assertEqual(client.answer().status, 200)
        self.assertEqual((self.agent.most, self.agent.asked), (1, 2))


class Hanging(Case):
    def test_a_kernel_that_hangs_for_all(self):
        """Each worker has a thread that it keeps; the backend's name is still
        looked up, for every request."""
        with configfs.emulated("hanging") as kernel:
            if kernel is None:
                return
            with Backend() as backend, Serve(
                    f"localhost:{backend.address.rpartition(':')[2]}",
                    "--workers", "32", "--backend-pool", "0",
                    "--backend-timeout", "5", "--quote-concurrency", "64",
                    "--max-quotes", "1024", "--quote-timeout", "5",
                    "--announce", "off", "--drain", "0.2",
                    quotes=f"configfs:{kernel.folder}") as serve:
                self.assertEqual(kernel.tell("hang 1"), "ok")
                try:
                    self.check_traffic(serve, kernel)
                finally:
                    self.assertEqual(kernel.tell("hang 0"), "ok")

    def check_traffic(self, serve, kernel):
        for _ in range(160):  # so that each worker has some
            self.enterContext(serve.client()).send(ASK)
        until("quotes", lambda: int(kernel.tell("entries")) > 0)
        time.sleep(0.5)  # too short would only prove less
        for i in range(10):
            self.assertEqual(serve.ask("GET", f"/{i}").status, 200)


if __name__ == "__main__":
    for program in (SERVE, SIM):
        if not program.exists():
            print(f"SKIPPED everything: {program} is not there")
            sys.exit(77)
    with Sim(now=None) as simulator:
        test_quotes.LIKE = simulator.quote()
        harness.main()
