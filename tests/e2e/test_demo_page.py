# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The page of assay demo --browser as people see it, in Debian's Chromium."""
import json
import pathlib
import re
import subprocess
import tempfile
import urllib.parse

import demo_peer
import harness
import node_peer
from demo_peer import Demo
from harness import ASSAY, BIN, SCRATCH
from node_peer import Robot
from test_bridge_browser import CHROMIUM
from test_demo import DemoCase

PHONE, DESK = 360, 1100
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> &amp; \"'"
HONEST = "Honest server"
ATTACKS = {"Out-of-date TCB": "tcb_status", "Wrong compose": "app_compose",
           "Debug TD": "debug", "Relayed quote": "report_data"}
REGISTERS = ("mrtd", "rtmr0", "rtmr1", "rtmr2", "rtmr3")


class Page(DemoCase):
    def setUp(self):
        super().setUp()
        self.it = self.enterContext(Demo(FOLDER, self.env))
        self.client_says = json.loads(
            self.it.client("/v1/models", "--json").stdout)["verdict"]

    def open(self, width=DESK, scheme="light", motion="no-preference", **more):
        ROBOT.ask("open", url=self.it.url, width=width, scheme=scheme,
                  motion=motion, **more)

    def say(self, text="a word or two"):
        ROBOT.ask("say", text=text)
        return self.see()

    def choose(self, title):
        ROBOT.ask("choose", title=title, until=(
            "should be sent" if title == HONEST else "should be refused"))

    def see(self, path=""):
        """What is seen, after what holds at any time."""
        seen = ROBOT.ask("see", path=str(path))
        self.assertEqual(seen["said"], [])
        self.assertIsNone(seen["trouble"])
        self.assertEqual(
            {urllib.parse.urlsplit(x).netloc for x in seen["asked"]
             if not x.startswith("blob:")}
            - {self.it.address, self.it.said["bridge"]}, set())
        return seen

    def asked(self):
        return self.it.json("/demo/state")["asked"]

    def check_trusted(self, seen):
        self.assertEqual(seen["state"], "✓ Trusted", seen["messages"])
        self.assertIn("Only then was your message sent", seen["sentence"])
        outcomes = {c["name"]: c["outcome"] for c in seen["checks"]}
        self.assertEqual(outcomes, {
            c["name"]: c["outcome"] for c in self.client_says["checks"]})

    def check_refused(self, seen, check):
        """By this check and no other, on the page and beside the message."""
        self.assertEqual(seen["state"], "✕ Not trusted", seen["messages"])
        self.assertTrue(seen["sentence"].startswith(check + ": "),
                        seen["sentence"])
        self.assertTrue(seen["sentence"].endswith("Nothing was sent."))
        self.assertTrue(seen["only"])
        self.assertEqual([(c["name"], c["outcome"]) for c in seen["checks"]],
                         [(check, "failed")])
        last = seen["messages"][-1]
        self.assertEqual((last["who"], len(last["notes"])), ("You", 1))
        self.assertRegex(last["notes"][0], f"^✕ Not sent: {check}: .*as before")


class Chats(Page):
    def test_trusted(self):
        self.open()
        seen = self.see()
        self.assertEqual((seen["state"], seen["pressed"], seen["messages"]),
                         ("Not asked yet", [HONEST], []))
        seen = self.say("three little words")
        self.check_trusted(seen)
        you, model = seen["messages"]
        self.assertEqual((you["who"], you["text"], you["notes"]),
                         ("You", "three little words",
                          ["✓ Verified, then sent."]))
        self.assertEqual(model["who"], "assay-toy")
        self.assertIn("3 words and 18 characters: “three little words”",
                      model["text"])
        self.assertEqual(self.asked(), 1)
        self.assertEqual((seen["changed"], seen["focus"]), ([], "message"))

    def test_facts(self):
        self.open()
        facts = self.say()["facts"]
        report = self.client_says["quote"]["td_report"]
        for name in REGISTERS:
            self.assertEqual(facts[name.upper()], report[name])
        workload = self.client_says["workload"]
        self.assertEqual(facts["App (compose hash)"], workload["compose_hash"])
        self.assertEqual(facts["OS image"], workload["os_image_hash"])
        self.assertEqual(facts["TCB status"], "UpToDate")
        self.assertEqual(facts["Advisories"], "none")
        first = min(x["expires"] for x in
                    self.client_says["collateral"].values())
        self.assertIn(first[:10], facts["Collateral is good until"])
        self.assertIn("not Intel's", facts["Root of trust"])
        self.assertEqual(facts["Server"], self.it.said["target"])
        self.assertTrue(facts["Bridge"].startswith(self.it.said["bridge"]))
        self.assertIn("UTC", facts["Attested"])
        self.assertEqual(facts["Times attested"], "1")
        self.assertRegex(facts["Nonce"], "^[0-9a-f]{64}$")
        self.assertEqual(facts["Certificate (SHA-256)"],
                         workload["certificate_event"])

    def test_expected_and_actual(self):
        self.open()
        self.choose("Wrong compose")
        finding = self.say()["checks"][0]["finding"]
        policy = self.it.json("/settings.json")["atls"]["policy"]
        run = json.loads(self.it.client("/v1/models", "--json").stdout)
        self.assertRegex(finding, rf"expected\s+{policy['compose_hash']}")
        self.assertRegex(finding, "actual\\s+"
                         + run["verdict"]["workload"]["compose_hash"])

    def test_values(self):
        """Of what passed, too, where verdict and policy have values."""
        self.open()
        found = {c["name"]: " ".join(c["finding"].split())
                 for c in self.say()["checks"]}
        says = self.client_says
        report = says["quote"]["td_report"]
        dates = says["collateral"]["tcb_info"]
        for name, words in {
                "tcb_status": "both UpToDate", "tee_type": "both tdx",
                "debug": "both DEBUG 0",
                "sept_ve_disable": "both SEPT_VE_DISABLE 1",
                "mrtd": f"both {report['mrtd']}",
                "certificate_event":
                    f"both {says['workload']['certificate_event']}",
                "tcb_info_match": f"actual FMSPC {says['fmspc']}"}.items():
            self.assertEqual(found[name], words)
        self.assertRegex(found["tcb_info_dates"], "^expected good at .*Z actual "
                         f"{dates['issued'][:10]}.* to {dates['expires'][:10]}")
        self.assertRegex(found["report_data"], "actual [0-9a-f]{128}$")
        self.choose("Debug TD")
        self.assertIn("expected DEBUG 0 actual DEBUG 1", " ".join(
            self.say()["checks"][0]["finding"].split()))

    def test_streams(self):
        """Words are seen before the last one has come; then the next message goes
        over the connection that was verified."""
        self.open()
        first = ROBOT.ask("begin", text="a " * 50)
        self.assertNotIn("no more", first)
        self.assertLess(len(first), 150, first)
        ROBOT.ask("stop")
        seen = self.see()
        self.assertEqual(seen["messages"][0]["notes"][-1], "Stopped.")
        self.assertEqual(seen["focus"], "message")
        self.say("one")
        seen = self.say("two")
        self.check_trusted(seen)
        self.assertEqual(
            seen["messages"][-2]["notes"],
            ["✓ Sent over the connection that was verified before."])
        self.assertIn("number 2", seen["messages"][-1]["text"])

    def test_attacks(self):
        """Each is refused, by what is for it, and nothing is sent; then the honest
        server is trusted again."""
        self.open()
        self.check_trusted(self.say())
        for title, check in ATTACKS.items():
            with self.subTest(title):
                before = self.asked()
                self.choose(title)
                seen = self.say("a secret")
                self.check_refused(seen, check)
                self.assertEqual(seen["pressed"], [title])
                self.assertIn(f"by the check {check}", seen["scene"])
                self.assertEqual(self.asked(), before)
                self.choose(HONEST)
                self.check_trusted(self.say())
                self.assertEqual(self.asked(), before + 1)

    def test_what_changes(self):
        self.open()
        self.say()
        self.choose("Out-of-date TCB")
        seen = self.say()
        self.assertEqual(seen["changed"],
                         [["TCB status", "UpToDate", "OutOfDate"],
                          ["the TCB status is accepted", "Passed", "Failed"]])
        self.assertEqual(seen["facts"]["TCB status"], "OutOfDate")
        self.assertIn("1 failed", seen["count"])
        ROBOT.ask("only", failed=False)
        self.assertEqual(len(self.see()["checks"]),
                         len(self.client_says["checks"]))

    def test_evidence(self):
        """What is saved is judged again without the page."""
        self.open()
        self.say()
        names = [ROBOT.ask("save", button=f"Save {what}",
                           path=str(SCRATCH / f"saved-{what}"))
                 for what in ("evidence", "policy")]
        self.assertEqual(names, ["assay-evidence.json", "assay-policy.json"])
        run = subprocess.run(
            [str(ASSAY), "verify", "--evidence", SCRATCH / "saved-evidence",
             "--policy", SCRATCH / "saved-policy"], capture_output=True,
            text=True, env=self.it.client_env, timeout=demo_peer.LIMIT_S)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_no_bridge(self):
        """No verdict, and it does not look as if one were still to come."""
        self.open(cut=True)
        seen = self.say("a secret")
        self.assertEqual((seen["state"], seen["checks"]), ("Not verified", []))
        self.assertRegex(seen["messages"][-1]["notes"][0],
                         "^✕ Failed: .*heard 0 messages, as before")

    def test_hostile_text(self):
        """It comes back from the model, and stays text."""
        self.open()
        seen = self.say(HOSTILE)
        you, model = seen["messages"]
        self.assertEqual(you["text"], HOSTILE)
        self.assertIn(HOSTILE, model["text"])
        self.assertEqual({"img", "script"} & set(seen["elements"]), set())


class Looks(Page):
    def test_everywhere(self):
        """No wider than the window, readable, and another colour in the dark."""
        grounds = set()
        for width in (PHONE, DESK):
            for scheme in ("light", "dark"):
                with self.subTest(f"{width} {scheme}"):
                    self.open(width, scheme)
                    self.say("What is it like inside of a trust domain?")
                    name = f"{width}-{scheme}.png"
                    seen = self.see(SHOTS / f"trusted-{name}")
                    self.check_look(seen, width)
                    self.choose("Out-of-date TCB")
                    self.check_refused(self.say("And now?"), "tcb_status")
                    seen = self.see(SHOTS / f"refused-{name}")
                    self.check_look(seen, width)
                    self.choose(HONEST)
                    grounds.add(seen["ground"])
        self.assertEqual(len(grounds), 2)

    def check_look(self, seen, width):
        self.assertLessEqual(seen["wide"], width)
        self.assertEqual((seen["faint"], seen["faults"]), ([], []))

    def test_reduced_motion(self):
        moving = {}
        for motion in ("no-preference", "reduce"):
            self.open(motion=motion)
            ROBOT.ask("begin", text="a " * 50)
            moving[motion] = self.see()["moving"]
            ROBOT.ask("stop")
        self.assertEqual(moving["reduce"], 0)
        self.assertGreater(moving["no-preference"], 0)

    def test_keyboard(self):
        """Everything can be reached, in the order in which it stands, and it is seen
        where one is."""
        self.open()
        self.say()
        reached = ROBOT.ask("tabs", count=13)
        self.assertEqual([name for name, _ in reached], [
            "Skip to the message", HONEST, *ATTACKS, "log", "message", "send",
            "save-evidence", "save-policy", "command", "only-failed"])
        self.assertEqual({outline for _, outline in reached}, {"solid"})

    def test_screen_reader(self):
        """Roles and names of all that is there, and what is told by itself; on a
        phone, where tables are not laid out as such, they are the same."""
        for width in (DESK, PHONE):
            with self.subTest(width):
                self.open(width)
                self.say()
                self.check_tree()

    def check_tree(self):
        tree = ROBOT.ask("tree")
        for part in ("banner", "main", "contentinfo",
                     'heading "A chat with a machine that proves itself" '
                     "[level=1]",
                     'region "What happens to the server"', 'region "Chat"',
                     'region "Verdict"', 'region "Checks"',
                     'group "What happens to the server"',
                     f'button "{HONEST}" [pressed]', 'log "Messages"',
                     'textbox "Your message"', 'button "Send"', "status",
                     'table "Checks of the verdict"',
                     'columnheader "Expected and actual"',
                     'checkbox "Only failed ones"'):
            self.assertIn(part, tree)
        self.assertEqual(len(re.findall("rowheader", tree)),
                         len(self.client_says["checks"]))


def main():
    global FOLDER, ROBOT, SHOTS
    if not demo_peer.has_package():
        node_peer.skip("assay-js", "it is not built; ./run wasm")
    if not pathlib.Path(CHROMIUM).exists():
        node_peer.skip("Chromium", f"there is no {CHROMIUM}")
    harness.need(*(BIN / f"assay-{x}" for x in ("demo", "bridge", "serve",
                                                "sim")))
    FOLDER = demo_peer.page_folder("page", demo_peer.DIST)
    SHOTS = node_peer.BUILD / "screenshots"
    SHOTS.mkdir(exist_ok=True)
    folder = node_peer.packages()
    with tempfile.TemporaryDirectory(prefix="assay-chromium-") as profile, \
            Robot(folder, "demo.mjs", CHROMIUM, profile) as ROBOT:
        harness.main()


if __name__ == "__main__":
    main()
