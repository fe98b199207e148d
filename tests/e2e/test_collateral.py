# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Collateral that lasts: TCB evaluations that are remembered, outages, and a
cache that others write to, fill up and damage."""
import json
import os
import shutil

from fake_pccs import FakePccs
from harness import (DAY, NOT_TRUSTED, NOW, SCRATCH, TRUSTED, UNREADABLE, Case,
                     World, clean_environment, main, run, write)
from test_pccs import PATIENT, closed_port

WARN = {"type": "tdx", "partial": True, "collateral_rollback": "warn"}


def ask(*sources, args=(), at=NOW, cache=True, world=None, env=None):
    """assay verify with these sources: FakePccs objects or URLs."""
    urls = [s if isinstance(s, str) else s.url for s in sources]
    options = () if cache else ("--no-cache",)
    return (world or NEW).verify("--pccs", ",".join(urls), *PATIENT, *options,
                                 *args, at=at, env=env)


def forget():
    for name in ("cache", "state"):
        shutil.rmtree(SCRATCH / name, ignore_errors=True)


def names():
    return sorted(p.name for p in SCRATCH.glob("state/assay/evaluations/*"))


def row(result, name):
    return next((c for c in result.json["checks"] if c["name"] == name), None)


class Rollback(Case):
    def setUp(self):
        forget()

    def test_is_remembered_and_refused(self):
        with FakePccs(NEW.parts) as new, FakePccs(OLD.parts) as old:
            got = self.check(ask(new, args=["--json"], cache=False), TRUSTED)
            self.assertIsNone(row(got, "collateral_rollback"))
            self.assertEqual([n.split("_")[1:3] for n in names()],
                             [["tdx-00a06f050000", "19"], ["tdx-qe", "19"]])
            got = self.check(ask(old, args=["--json"], cache=False),
                             NOT_TRUSTED)
            self.assertEqual(row(got, "collateral_rollback")["outcome"],
                             "failed")
            self.assertEqual(got.json["error"]["code"], "collateral_rollback")
            # and it does not become the standard by being refused
            self.check(ask(new, cache=False), TRUSTED)
            self.assertEqual(len(names()), 2)

    def test_other_sources_are_asked(self):
        with FakePccs(NEW.parts) as new, FakePccs(OLD.parts) as old:
            self.check(ask(new, cache=False), TRUSTED)
            self.check(ask(old, closed_port(), new, cache=False), TRUSTED)
            self.assertEqual((len(old.requests), len(new.requests)), (4, 8))

    def test_cache_is_passed_by(self):
        with FakePccs(OLD.parts) as old:
            self.check(ask(old), TRUSTED)
            old.parts = NEW.parts  # the source has a newer one by now
            self.check(ask(old, cache=False), TRUSTED)
            old.requests.clear()
            self.check(ask(old), TRUSTED)
            self.assertEqual(len(old.requests), 4)
            self.check(ask(old), TRUSTED)
            self.assertEqual(len(old.requests), 4)

    def test_cache_that_is_all_there_is(self):
        with FakePccs(OLD.parts) as p:
            self.check(ask(p), TRUSTED)
            p.parts = NEW.parts
            self.check(ask(p, cache=False), TRUSTED)
        self.check_one_line(ask(p), NOT_TRUSTED, "collateral_rollback",
                            "18", "19")

    def test_cache_is_not_rolled_back(self):
        with FakePccs(NEW.parts) as p:
            self.check(ask(p), TRUSTED)
            path, = SCRATCH.glob("cache/assay/*.json")
            good = path.read_bytes()
            path.write_bytes(b"damaged")
            p.parts = OLD.parts
            self.check(ask(p), NOT_TRUSTED)
            self.assertEqual(path.read_bytes(), b"damaged")
            p.parts = NEW.parts
            self.check(ask(p), TRUSTED)
            self.assertEqual(path.read_bytes(), good)

    def test_warning(self):
        policy = write("warn.json", json.dumps(WARN))
        with FakePccs(NEW.parts) as new, FakePccs(OLD.parts) as old:
            self.check(ask(new, cache=False), TRUSTED)
            got = self.check(ask(old, args=["--policy", policy, "--json"],
                                 cache=False), TRUSTED)
            self.assertEqual(row(got, "collateral_rollback"), {
                "name": "collateral_rollback", "outcome": "not_checked",
                "required": False,
                "title": "the TCB evaluation is none that was overtaken",
                "detail": "TCB info has 18, QE identity 18; 19 and 19 were "
                          "seen before: the policy only warns"})
            got = self.check(ask(old, args=["--policy", policy], cache=False),
                             TRUSTED)
            self.assertIn("OLDER", got.out.splitlines()[0])

    def test_named_bundle_is_compared_and_teaches_nothing(self):
        self.check(NEW.verify_bundle(), TRUSTED)
        self.assertEqual(names(), [])
        with FakePccs(NEW.parts) as new:
            self.check(ask(new, cache=False), TRUSTED)
        self.check_one_line(NEW.verify_bundle(bundle=OLD.bundle), NOT_TRUSTED,
                            "collateral_rollback")

    def test_made_up_teaches_nothing(self):
        forged = dict(NEW.parts)
        forged["tcb_info"] = forged["tcb_info"].replace(
            '"tcbEvaluationDataNumber":19', '"tcbEvaluationDataNumber":99')
        self.assertNotEqual(forged, NEW.parts)
        with FakePccs(forged) as p:
            self.check(ask(p, cache=False), NOT_TRUSTED)
        self.assertEqual(names(), [])

    def test_earlier_times_are_not_held_to_it(self):
        """What was issued later was not known then."""
        later = World("later", "--evaluation", "20", at=NOW + 5 * DAY)
        with FakePccs(later.parts) as p:
            self.check(ask(p, cache=False, at=NOW + 5 * DAY), TRUSTED)
        with FakePccs(NEW.parts) as p:
            issued = json.loads(later.parts["tcb_info"])["tcbInfo"][
                "issueDate"]
            self.check(ask(p, cache=False, at=issued), NOT_TRUSTED)
            before = NOW - 9 * DAY + 5 * DAY
            self.check(ask(p, cache=False, at=before), TRUSTED)

    def test_no_place_for_it(self):
        blocked = write("blocked", "")
        env = clean_environment() | {"XDG_STATE_HOME": str(blocked)}
        with FakePccs(NEW.parts) as p:
            got = self.check(ask(p, cache=False, env=env), TRUSTED)
            self.assertEqual(got.err, "")
            got = self.check(ask(p, cache=False, env=env, args=["-v"]),
                             TRUSTED)
            self.assertIn("Not a directory", got.err)

    def test_strange_names(self):
        folder = SCRATCH / "state/assay/evaluations"
        folder.mkdir(parents=True)
        (folder / "intel_tdx-00a06f050000_99").write_text("")
        with FakePccs(NEW.parts) as p:
            got = self.check(ask(p, cache=False, args=["-v"]), TRUSTED)
        self.assertIn("ignored", got.err)
        self.assertEqual(len(names()), 3)


def setUpModule():
    global NEW, OLD
    NEW = World("new", "--evaluation", "19")
    OLD = World("old", "--evaluation", "18")


if __name__ == "__main__":
    main()
