# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Collateral that lasts: TCB evaluations that are remembered, outages, and a
cache that others write to, fill up and damage."""
import concurrent.futures
import datetime
import json
import os
import resource
import shutil
import signal
import subprocess
import threading
import time

from fake_pccs import FakePccs
from harness import (ASSAY, DAY, NOT_TRUSTED, NOW, SCRATCH, TRUSTED, UNREADABLE, Case,
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

    def test_nothing_is_pinned_on_it(self):
        with FakePccs(NEW.parts) as new, FakePccs(OLD.parts) as old:
            def pin(source):
                return run("policy", "pin", "--type", "tdx", "--root",
                           NEW.root, "--at", NOW, *PATIENT, "--no-cache",
                           "--pccs", source.url, "--quote", NEW.quote)
            self.check(pin(new), TRUSTED)
            self.assertEqual(len(names()), 2)
            self.check_one_line(pin(old), NOT_TRUSTED, "collateral_rollback")

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
            got = self.check_one_line(ask(p, cache=False, env=env), TRUSTED)
            self.assertIn("assay: warning: ", got.err)
            self.assertIn("cannot read: Not a directory", got.err)
            got = self.check(ask(p, cache=False, env=env, args=["-v"]),
                             TRUSTED)
            self.assertIn("cannot make: Not a directory", got.err)

    def test_place_of_others(self):
        """Others could make this process forget: that is said, always."""
        folder = SCRATCH / "state/assay/evaluations"
        folder.mkdir(parents=True)
        folder.chmod(0o777)
        with FakePccs(NEW.parts) as p:
            for got in (ask(p, cache=False), ask(p, cache=False, args=["-v"]),
                        NEW.verify("--collateral", NEW.bundle, at=NOW)):
                self.check(got, TRUSTED)
                self.assertEqual(got.err.count("others may write to it"), 1)

    def test_strange_names(self):
        folder = SCRATCH / "state/assay/evaluations"
        folder.mkdir(parents=True)
        (folder / "intel_tdx-00a06f050000_99").write_text("")
        with FakePccs(NEW.parts) as p:
            got = self.check(ask(p, cache=False, args=["-v"]), TRUSTED)
        self.assertIn("ignored", got.err)
        self.assertEqual(len(names()), 3)


class Cache(Case):
    """Files that others write at the same time, fill up, damage or lock."""

    def setUp(self):
        forget()

    def entry(self):
        path, = SCRATCH.glob("cache/assay/*.json")
        return path

    def test_damage_is_said_and_repaired(self):
        with FakePccs(NEW.parts) as p:
            self.check(ask(p), TRUSTED)
            path, good = self.entry(), self.entry().read_bytes()
            stranger = json.dumps({**NEW.parts, "pck_crl": "00"}).encode()
            for bad in (b"", b"{}", b"[]", good[:-1], good[:len(good) // 2],
                        os.urandom(4096), b"{" * 100000, b"\0" * 9, stranger,
                        b" " * (17 << 20)):
                path.write_bytes(bad)
                got = self.check(ask(p, args=["-v"]), TRUSTED)
                self.assertIn("note: the cache is no use: ", got.err)
                self.assertIn(str(path), got.err)
                self.assertEqual(path.read_bytes(), good)
                got = self.check(ask(p, args=["-v"]), TRUSTED)
                self.assertEqual(got.err, "")

    def test_another_platforms(self):
        """Authentic, but not what was asked for: the next source is asked, and
        it is not kept, or it would be in the way until it runs out."""
        family = World("family", "--fmspc", "00906ED50000", "--evaluation",
                       "19")
        enclave = World("enclave", "--version", "3", "--evaluation", "19")
        mixed = {**NEW.parts, "qe_identity": enclave.parts["qe_identity"]}
        for parts in (family.parts, enclave.parts, mixed):
            forget()
            with FakePccs(parts) as p, FakePccs(NEW.parts) as good:
                self.check_refused(ask(p), UNREADABLE, p.url,
                                   "not of tdx 00a06f050000")
                self.assertEqual(list(SCRATCH.glob("cache/assay/*")), [])
                self.check(ask(p, good, cache=False), TRUSTED)
                p.parts = NEW.parts
                self.check(ask(p), TRUSTED)
                path, whole = self.entry(), self.entry().read_bytes()
                path.write_text(json.dumps(parts))  # by whom it may be
                got = self.check(ask(p, args=["-v"]), TRUSTED)
                self.assertIn("the cache is no use: ", got.err)
                self.assertEqual(path.read_bytes(), whole)

    def test_damage_without_a_source(self):
        with FakePccs(NEW.parts) as p:
            self.check(ask(p), TRUSTED)
        self.entry().write_bytes(b"{}")
        self.check_refused(ask(p), UNREADABLE, p.url)

    def test_an_entry_that_is_no_file(self):
        with FakePccs(NEW.parts) as p:
            self.check(ask(p), TRUSTED)
            path = self.entry()
            path.unlink()
            path.mkdir()
            got = self.check(ask(p, args=["-v"]), TRUSTED)
            self.assertIn("is a directory", got.err)
            path.rmdir()
            os.mkfifo(path)  # is not waited for
            got = self.check(ask(p, args=["-v"]), TRUSTED)
            self.assertIn("is no regular file", got.err)
            self.assertTrue(path.is_file())
            other = write("not-ours", "mine")
            path.unlink()
            path.symlink_to(other)  # is not followed
            got = self.check(ask(p, args=["-v"]), TRUSTED)
            self.assertIn("is no regular file", got.err)
            self.assertTrue(path.is_file() and not path.is_symlink())
            self.assertEqual(other.read_text(), "mine")

    def test_full_disk(self):
        """A file-size limit is met where a full disk would be."""
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

        with FakePccs(NEW.parts) as p:
            command = [str(ASSAY), "verify", "--root", str(NEW.root), "--at",
                       str(NOW), "--pccs", p.url, "-v", "--json",
                       str(NEW.quote)]
            for _ in range(2):
                got = subprocess.run(command, capture_output=True, text=True,
                                     env=clean_environment(),
                                     preexec_fn=limit, restore_signals=False)
                self.assertEqual(got.returncode, TRUSTED, got.stderr)
                self.assertIn("note: not kept: ", got.stderr)
                self.assertEqual(list(SCRATCH.glob("cache/assay/*")), [])
            # an entry that was there is still whole
            self.check(ask(p), TRUSTED)
            good = self.entry().read_bytes()
            self.entry().write_bytes(b"{}")
            got = subprocess.run(command, capture_output=True, text=True,
                                 env=clean_environment(), preexec_fn=limit,
                                 restore_signals=False)
            self.assertEqual(got.returncode, TRUSTED, got.stderr)
            self.assertEqual(self.entry().read_bytes(), b"{}")
            self.check(ask(p), TRUSTED)
            self.assertEqual(self.entry().read_bytes(), good)

    def test_no_place_is_said(self):
        env = clean_environment() | {"XDG_CACHE_HOME": "/proc/none"}
        with FakePccs(NEW.parts) as p:
            got = self.check(ask(p, args=["-v"], env=env), TRUSTED)
            self.assertIn("note: not kept: /proc/none: cannot make", got.err)
            self.assertEqual(self.check(ask(p, env=env), TRUSTED).err, "")

    def test_many_processes(self):
        """Whatever a reader sees is whole, and all are trusted."""
        stop = threading.Event()
        seen = set()

        def watch():
            while not stop.is_set():
                for path in SCRATCH.glob("cache/assay/*.json"):
                    try:
                        seen.add(path.read_bytes())
                    except FileNotFoundError:
                        pass

        def one(i):
            if i % 4 == 0:  # all of them have to fetch again
                for path in SCRATCH.glob("cache/assay/*.json"):
                    path.unlink(missing_ok=True)
            return ask(p)

        with FakePccs(NEW.parts) as p, \
                concurrent.futures.ThreadPoolExecutor(8) as pool:
            watcher = threading.Thread(target=watch)
            watcher.start()
            results = list(pool.map(one, range(40)))
            stop.set()
            watcher.join()
        for got in results:
            self.check(got, TRUSTED)
        self.assertEqual(len(seen), 1)  # the same, to the last byte
        json.loads(seen.pop())
        self.assertEqual(list(SCRATCH.glob("cache/assay/*assay-tmp-*")), [])

    def test_kill_while_writing(self):
        """Killed at any moment: the entry is the old one, the new one or
        none, and the memory of evaluations is never half."""
        def kill_after(delay):
            child = subprocess.Popen(
                [str(ASSAY), "verify", "--root", str(NEW.root), "--at",
                 str(NOW), "--pccs", p.url, str(NEW.quote)],
                env=clean_environment(), stdout=subprocess.DEVNULL)
            try:
                child.wait(delay)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

        with FakePccs(NEW.parts) as p:
            started = time.monotonic()
            self.check(ask(p), TRUSTED)
            whole = time.monotonic() - started
            good = self.entry().read_bytes()
            for i in range(60):
                forget()
                kill_after(whole * (i + 1) / 50)
                for path in SCRATCH.glob("cache/assay/*.json"):
                    self.assertEqual(path.read_bytes(), good)
                for name in names():
                    self.assertRegex(name, "^[0-9a-f]{64}_tdx-"
                                           "(00a06f050000|qe)_19_[0-9]+$")
            forget()
            left = SCRATCH / "cache" / "assay" / ".assay-tmp-7"
            left.parent.mkdir(parents=True)
            left.write_bytes(b"left")
            self.check(ask(p), TRUSTED)
            self.assertEqual(self.entry().read_bytes(), good)
            self.assertEqual(list(SCRATCH.glob("cache/assay/.*")), [])

    def test_stays_small(self):
        with FakePccs(NEW.parts) as p:
            self.check(ask(p), TRUSTED)
            good, path = self.entry().read_bytes(), self.entry()
            for i in range(80):
                old = path.with_name(f"tdx-{i:012x}-platform-{i:016x}.json")
                old.write_bytes(good)
                os.utime(old, (NOW + i, NOW + i))
            path.unlink()
            self.check(ask(p), TRUSTED)
        left = {p.name for p in SCRATCH.glob("cache/assay/*")}
        self.assertEqual(len(left), 64)
        self.assertIn(path.name, left)
        self.assertNotIn(f"tdx-{0:012x}-platform-{0:016x}.json", left)
        self.assertIn(f"tdx-{79:012x}-platform-{79:016x}.json", left)


class Outage(Case):
    def setUp(self):
        forget()

    def test_verdict_says_so(self):
        """A second within the grace and a second beyond it."""
        items = run("collateral", "check", "--json", "--at", NOW, NEW.bundle)
        ends = min(v["expires"] for k, v in items.json["items"].items()
                   if k in ("tcb_info", "qe_identity", "pck_crl",
                            "root_ca_crl"))
        late = seconds(ends) + 60
        policy = write("grace60", json.dumps({
            "type": "tdx", "partial": True, "collateral_grace_secs": 60}))
        with FakePccs(NEW.parts) as p:
            self.check(ask(p), TRUSTED)
            # while a source answers nothing that has run out is used
            self.check(ask(p, args=["--policy", policy], at=late - 60),
                       TRUSTED)
            requests = len(p.requests)
            ask(p, args=["--policy", policy], at=late - 59)
            self.assertEqual(len(p.requests), requests + 4)
        got = self.check(ask(p, args=["--policy", policy, "--json"], at=late),
                         TRUSTED)
        self.assertEqual(got.json["collateral_stale_since"], ends)
        self.assertIn("used within collateral_grace_secs",
                      str(got.json["checks"]))
        got = self.check(ask(p, args=["--policy", policy], at=late), TRUSTED)
        self.assertIn("STALE collateral, which ran out on " + ends,
                      got.out.splitlines()[0])
        self.check_refused(ask(p, args=["--policy", policy], at=late + 1),
                           UNREADABLE, p.url)
        self.check_refused(ask(p, at=late - 59), UNREADABLE, p.url)
        self.check(ask(p, at=late - 60), TRUSTED)  # the last second


    def test_a_source_that_is_later_than_the_cache(self):
        """It answers, with what ran out long ago: like one that is silent."""
        ancient = World("ancient", "--evaluation", "19", at=NOW - 200 * DAY)
        grace = write("grace10.json", json.dumps({
            "type": "tdx", "partial": True,
            "collateral_grace_secs": 10 * DAY}))
        at = NOW + 25 * DAY
        with FakePccs(NEW.parts) as p:
            self.check(ask(p), TRUSTED)
            p.parts = ancient.parts
            got = self.check(ask(p, args=["--policy", grace, "--json"], at=at),
                             TRUSTED)
            self.assertEqual(len(p.requests), 8)
            self.assertIsNotNone(got.json["collateral_stale_since"])
            self.check(ask(p, at=at), NOT_TRUSTED)  # without a grace
            self.check(ask(p, args=["--policy", grace], at=at + 20 * DAY),
                       NOT_TRUSTED)  # and beyond it

    def test_a_source_that_is_late(self):
        """Of two sources, one has nothing that is in date any more, or not as
        fresh as the policy wants it: the other is asked, grace or not."""
        now = NOW + 40 * DAY
        grace = {"type": "tdx", "partial": True,
                 "collateral_grace_secs": 30 * DAY}
        aged = {"type": "tdx", "partial": True,
                "max_collateral_age_secs": 20 * DAY}
        for i, (policy, at) in enumerate(((None, now), (grace, now),
                                          (aged, NOW + 25 * DAY))):
            current = World(f"current{i}", "--evaluation", "19", at=at)
            with self.subTest(policy), FakePccs(NEW.parts) as behind, \
                    FakePccs(current.parts) as good:
                args = [] if policy is None else [
                    "--policy", write("late.json", json.dumps(policy))]
                got = self.check(ask(behind, good, args=[*args, "--json"],
                                     at=at, cache=False), TRUSTED)
                self.assertIsNone(got.json["collateral_stale_since"])
                self.assertEqual((len(behind.requests), len(good.requests)),
                                 (4, 4))
                # in the other order there is nothing to ask the late one for
                self.check(ask(good, behind, args=args, at=at, cache=False),
                           TRUSTED)
                self.assertEqual(len(behind.requests), 4)
        # and if nobody has better, the verdict says what it is
        with FakePccs(NEW.parts) as behind:
            got = self.check(ask(behind, closed_port(), args=["--json"],
                                 at=now, cache=False), NOT_TRUSTED)
            self.assertIn("tcb_info_dates", str(got.json["checks"]))


class Prefetch(Case):
    def setUp(self):
        forget()

    def prefetch(self, pccs, *args, at=NOW):
        return run("collateral", "prefetch", "--pccs", pccs.url, *PATIENT,
                   "--at", at, *args)

    def entries(self):
        return list(SCRATCH.glob("cache/assay/*"))

    def test_for_a_quote(self):
        with FakePccs(NEW.parts) as p:
            got = self.check(self.prefetch(p, "--root", NEW.root, NEW.quote),
                             TRUSTED)
            self.assertRegex(got.out, r"^tdx 00a06f050000 platform: kept, "
                                      r"verified, expires 2026-\S+Z\n$")
            self.assertEqual(len(names()), 2)
        self.check(ask(p), TRUSTED)  # the source is gone by now

    def test_asks_whatever_the_cache_has(self):
        with FakePccs(NEW.parts) as p:
            for n in (4, 8):
                self.check(self.prefetch(p, "--root", NEW.root, NEW.quote),
                           TRUSTED)
                self.assertEqual(len(p.requests), n)

    def test_forged_is_not_kept(self):
        """Intel signed none of it."""
        with FakePccs(NEW.parts) as p:
            got = self.check(self.prefetch(p, NEW.quote), NOT_TRUSTED)
        self.assertIn("not kept: not authentic", got.out)
        self.assertEqual(self.entries() + names(), [])

    def test_for_a_family(self):
        named = ("--fmspc", "00a06f050000", "--tee", "tdx", "--ca", "platform")
        with FakePccs(NEW.parts) as p:
            got = self.check(self.prefetch(p, *named), TRUSTED)
            self.assertIn("kept, to be verified when it is used", got.out)
            self.assertEqual(names(), [])  # nothing was verified
            self.check(ask(p), TRUSTED)
            self.assertEqual(len(p.requests), 4)
            # another family than was asked for
            self.check_one_line(
                self.prefetch(p, "--fmspc", "00806f050000", *named[2:]),
                UNREADABLE, "00a06f050000", "00806f050000")
            self.check_one_line(
                self.prefetch(p, "--fmspc", "00a06f050000", "--tee", "sgx",
                              *named[4:]), UNREADABLE, "tdx", "sgx")
        self.assertEqual(len(self.entries()), 1)

    def test_newer_stays(self):
        named = ("--fmspc", "00a06f050000", "--tee", "tdx", "--ca", "platform")
        with FakePccs(NEW.parts) as p:
            self.check(self.prefetch(p, *named), TRUSTED)
            path, = self.entries()
            good = path.read_bytes()
            p.parts = OLD.parts
            got = self.check(self.prefetch(p, *named), TRUSTED)
            self.assertIn("the cache has a newer one", got.out)
            self.assertEqual(path.read_bytes(), good)

    def test_rollback(self):
        with FakePccs(NEW.parts) as p:
            self.check(ask(p), TRUSTED)
            p.parts = OLD.parts
            got = self.check(self.prefetch(p, "--root", NEW.root, NEW.quote),
                             NOT_TRUSTED)
            self.assertIn("overtaken", got.out)

    def test_expired(self):
        with FakePccs(NEW.parts) as p:
            got = self.check(self.prefetch(
                p, "--fmspc", "00a06f050000", "--tee", "tdx", "--ca",
                "platform", at=NOW + 60 * DAY), NOT_TRUSTED)
        self.assertIn("it has run out", got.out)
        self.assertEqual(self.entries(), [])

    def test_from_cache(self):
        with FakePccs(NEW.parts) as p:
            got = self.check(self.prefetch(p, "--from-cache", "--json"),
                             TRUSTED)
            self.assertEqual(got.json, {"platforms": []})
            got = self.check(self.prefetch(p, "--from-cache"), TRUSTED)
            self.assertEqual(got.out, "the cache has nothing to refresh\n")
            self.check(ask(p), TRUSTED)
            p.requests.clear()
            got = self.check(self.prefetch(p, "--from-cache", "--json"),
                             TRUSTED)
            self.assertEqual(len(p.requests), 4)
            one, = got.json["platforms"]
            self.assertEqual(
                (one["tee_type"], one["fmspc"], one["ca"], one["result"],
                 one["verified"], one["tcb_evaluation_data_number"]),
                ("tdx", "00a06f050000", "platform", "kept", False, 19))
            self.assertGreater(seconds(one["expires"]), NOW)

    def test_some_fail(self):
        """The others are fetched all the same."""
        other = World("other", "--fmspc", "00906ED50000", "--evaluation", "19")
        with FakePccs(NEW.parts) as p:
            got = self.prefetch(p, "--root", NEW.root, "--json", other.quote,
                                NEW.quote)
            self.check(got, UNREADABLE)
            self.assertEqual([d["result"] for d in got.json["platforms"]],
                             ["error", "kept"])
            self.assertEqual(len(self.entries()), 1)
        got = self.prefetch(p, NEW.quote)
        self.check_refused(got, UNREADABLE, p.url)

    def test_no_place_for_it(self):
        env = clean_environment() | {"XDG_CACHE_HOME": "/proc/none"}
        with FakePccs(NEW.parts) as p:
            got = run("collateral", "prefetch", "--pccs", p.url, "--at", NOW,
                      "--root", NEW.root, NEW.quote, env=env)
            self.check_refused(got, UNREADABLE, "/proc/none")
            got = run("collateral", "prefetch", "--from-cache", env={
                **env, "XDG_CACHE_HOME": "/dev/null"})
            self.check_refused(got, UNREADABLE, "/dev/null/assay: cannot read")
            del env["XDG_CACHE_HOME"], env["HOME"]
            got = run("collateral", "prefetch", "--from-cache", env=env)
            self.check_refused(got, UNREADABLE, "XDG_CACHE_HOME")
            got = run("collateral", "prefetch", "--pccs", p.url, "--at", NOW,
                      "--root", NEW.root, NEW.quote, env=env)
            self.check_refused(got, UNREADABLE, "XDG_CACHE_HOME")

    def test_very_many(self):
        """One document, however long it is."""
        got = self.check(run("collateral", "prefetch", "--json", "--pccs",
                             closed_port(), "--at", NOW,
                             *[NEW.quote] * 4000), UNREADABLE)
        self.assertEqual(len(got.json["platforms"]), 4000)

    def test_no_place_for_what_is_learnt(self):
        """Kept, but a rollback will not be noticed: that is said."""
        env = clean_environment() | {
            "XDG_STATE_HOME": str(write("state-file", ""))}
        with FakePccs(NEW.parts) as p:
            args = ("collateral", "prefetch", "--pccs", p.url, "--at", NOW,
                    "--root", NEW.root, NEW.quote)
            got = self.check(run(*args, env=env), TRUSTED)
            self.assertRegex(got.out, "kept, verified, .*: cannot make: Not a")
            got = self.check(run(*args, "--json", env=env), TRUSTED)
            one, = got.json["platforms"]
            self.assertIn("cannot make", one["why"])
            got = self.check(run(*args, "--json"), TRUSTED)
            self.assertIsNone(got.json["platforms"][0]["why"])

    def test_sources_of_a_policy(self):
        with FakePccs(NEW.parts) as p:
            policy = write("prefetch.json", json.dumps(
                {"type": "tdx", "partial": True, "pccs_url": p.url,
                 "trusted_root": str(NEW.root)}))
            self.check(run("collateral", "prefetch", "--policy", policy,
                           "--at", NOW, NEW.quote), TRUSTED)
        self.check(NEW.verify("--policy", policy), TRUSTED)
        policy = write("no-cache.json", json.dumps(
            {"type": "tdx", "partial": True, "cache_collateral": False}))
        self.check_refused(run("collateral", "prefetch", "--policy", policy,
                               NEW.quote), UNREADABLE, "cache_collateral")

    def test_usage(self):
        for args, needle in (
                ((), "name a QUOTE"), (("--from-cache", NEW.quote), "exclude"),
                (("--fmspc", "00a06f050000"), "go together"),
                (("--fmspc", "00A06F050000"), "lower-case"),
                (("--tee", "sev"), "neither"), (("--ca", "x"), "neither")):
            self.check_one_line(run("collateral", "prefetch", *args), 64,
                                needle)

    def test_unreadable_quote(self):
        bad = write("no-quote", "x")
        self.check_refused(run("collateral", "prefetch", bad), UNREADABLE,
                           bad)
        got = self.check(run("collateral", "prefetch", "--json", bad),
                         UNREADABLE)
        self.assertIn("error", got.json)


class Soon(Case):
    def test_within(self):
        items = run("collateral", "check", "--json", "--at", NOW, NEW.bundle)
        self.assertEqual(items.json["within_secs"], 0)
        end = seconds(items.json["expires"])
        for days, at, code in ((0, end, 0), (0, end + 1, 1),
                               (5, end - 5 * DAY, 0),
                               (5, end - 5 * DAY + 1, 1), (7, NOW, 0)):
            got = self.check(run("collateral", "check", "--at", at,
                                 "--within", days, NEW.bundle), code)
            self.assertEqual("expires soon" in got.out, code and days > 0)
        self.check(run("collateral", "check", "--within", "x", NEW.bundle),
                   64)


def seconds(date):
    return int(datetime.datetime.fromisoformat(
        date.replace("Z", "+00:00")).timestamp())


def setUpModule():
    global NEW, OLD
    NEW = World("new", "--evaluation", "19")
    OLD = World("old", "--evaluation", "18")


if __name__ == "__main__":
    main()
