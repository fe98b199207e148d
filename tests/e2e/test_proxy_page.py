# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The proxy's status page as people see it, in Debian's Chromium, and the command
that it gives them."""
import json
import pathlib
import re
import shlex
import subprocess
import tempfile

import harness
import node_peer
import proxy_peer
from harness import ASSAY, SCRATCH
from node_peer import Robot
from proxy_peer import NAME, ProxyCase, wait_until
from test_bridge_browser import CHROMIUM

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'&amp;"
PHONE = 360
DESK = 1100


class Page(ProxyCase):
    def look(self, gate, width=DESK, scheme="light", open=True, path=""):
        """What is seen, after what holds of every page."""
        url = gate.base + "/"
        seen = ROBOT.ask("look", url=url, width=width, scheme=scheme,
                         open=open, path=str(path))
        self.assertEqual(seen["said"], [])
        self.assertEqual(seen["scripts"], 0)
        self.assertEqual([x for x in seen["asked"]
                          if x != url and not x.endswith("/favicon.ico")], [])
        self.assertIn("default-src 'none'",
                      seen["headers"]["content-security-policy"])
        self.assertTrue(seen["headers"]["content-type"].startswith("text/html"))
        self.assertEqual(seen["headers"]["cache-control"], "no-store")
        return seen

    def words(self, seen):
        return [x["words"].split(" ", 1)[1] for x in seen["states"]]

    def wait_for(self, gate, state):
        return wait_until(lambda: next(
            (p for p in gate.status()["providers"] if p["state"] == state),
            None), state)

    def test_verified(self):
        gate = self.proxy(config=self.world.upstream())
        self.check_ok(gate.chat(name="tee"))
        told = self.wait_for(gate, "verified")
        seen = self.look(gate)
        self.assertEqual(self.words(seen), ["Verified"])
        quote = told["verdict"]["quote"]["td_report"]
        for text in (told["base_url"], "UpToDate", quote["mrtd"],
                     quote["rtmr3"],
                     told["session"]["certificate_sha256"],
                     told["verdict"]["workload"]["compose_hash"],
                     "0 failed", "1\nrequests so far", "The root is not Intel's."):
            self.assertIn(text, seen["text"])
        for check in told["verdict"]["checks"]:
            self.assertIn(check["title"], seen["text"])
        self.assertNotIn("The policy is partial.", seen["text"])
        # another connection may have been attested meanwhile
        shown = re.search(r"^Evidence ([0-9a-f]{16})$", seen["text"], re.M)[1]
        wait_until(lambda: any(shown in p.name for p in gate.bundles), shown)
        for secret in (proxy_peer.KEY, gate.operators("/metrics")[1][:200]):
            self.assertNotIn(secret, seen["text"])

    def test_partial(self):
        """Of the readme's policy: what nobody looked at is said."""
        gate = self.proxy()
        gate.chat()
        self.wait_for(gate, "verified")
        seen = self.look(gate)
        self.assertIn("The policy is partial.", seen["text"])
        self.assertIn("does not say which software runs", seen["text"])

    def test_refused(self):
        """Once its TCB is out of date: in words, with the check and its values."""
        self.world.sim.change("tcb=OutOfDate")
        gate = self.proxy()
        self.check_refused(gate.chat())
        self.wait_for(gate, "refused")
        seen = self.look(gate, open=False)
        self.assertEqual(self.words(seen), ["Refused"])
        for text in (proxy_peer.REFUSED, "1 failed", "OutOfDate",
                     "tcb_status_not_allowed"):
            self.assertIn(text, seen["text"])
        self.assertNotIn("Verified", seen["text"])

    def test_command(self):
        """The evidence is judged again as the page says."""
        gate = self.proxy(config=self.world.upstream())
        gate.chat(name="tee")
        self.wait_for(gate, "verified")
        command, = self.look(gate)["commands"]
        policy = SCRATCH / f"page{id(self)}.json"
        policy.write_text(json.dumps(self.world.policy))
        words = [{"assay": str(ASSAY), "POLICY": str(policy),
                  "ROOT": str(self.world.sim.root)}.get(x, x)
                 for x in shlex.split(command.replace("\\\n", " "))]
        self.assertEqual(len(words), 8, words)
        wait_until(pathlib.Path(words[3]).exists, words[3])
        done = subprocess.run(words, capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertTrue(done.stdout.startswith("TRUSTED"), done.stdout)

    def test_hostile_title(self):
        """Text stays text, whoever has written it."""
        config = self.world.codex_config().replace(
            '"vLLM TEE"', json.dumps(HOSTILE))
        seen = self.look(self.proxy(codex=config))
        self.assertIn(HOSTILE, seen["text"])
        self.assertEqual(seen["title"], "Assay proxy")

    def test_phone_and_dark(self):
        more = self.world.upstream("tee")
        with proxy_peer.nobody_at() as nobody:
            more += self.world.upstream("down", f"https://{nobody}/v1")
            gate = self.proxy(config=more)
            gate.chat(name="tee")
            gate.chat(name="down")
            self.wait_for(gate, "verified")
            self.wait_for(gate, "unreachable")
            grounds = set()
            for width in (PHONE, DESK):
                for scheme in ("light", "dark"):
                    path = SCRATCH / f"page-{width}-{scheme}.png"
                    seen = self.look(gate, width, scheme, path=path)
                    self.assertLessEqual(seen["wide"], width)
                    self.assertEqual(sorted(self.words(seen)),
                                     ["Unreachable", "Verified"])
                    self.assertEqual(
                        len({x["colour"] for x in seen["states"]}), 2)
                    grounds.add(seen["ground"])
                    self.assertTrue(path.read_bytes().startswith(b"\x89PNG"))
            self.assertEqual(len(grounds), 2)

    def test_name_of_the_readme(self):
        self.assertIn(NAME, self.look(self.proxy())["text"])


def main():
    global ROBOT
    if not pathlib.Path(CHROMIUM).exists():
        node_peer.skip("Chromium", f"there is no {CHROMIUM}")
    harness.need(proxy_peer.PROXY)
    folder = node_peer.packages()
    with tempfile.TemporaryDirectory(prefix="assay-chromium-") as profile, \
            Robot(folder, "status.mjs", CHROMIUM, profile) as ROBOT:
        proxy_peer.main()


if __name__ == "__main__":
    main()
