# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever a person hands to `assay`: one line that names what is wrong and
where, and the right exit code."""
import base64
import json
import os
import subprocess
import struct

from harness import (ASSAY, DAY, NOT_TRUSTED, NOW, SCRATCH, TRUSTED, UNREADABLE,
                     USAGE, Case, World, main, peak_kib, run, write)

VERDICT_MEMBERS = {
    "trusted", "tee_type", "tcb_status", "tcb_date", "advisory_ids",
    "platform_status", "tdx_module_status", "qe_status", "launch_status",
    "current_status", "tcb_levels", "fmspc", "tcb_evaluation_data_number",
    "qe_identity_evaluation_data_number", "root", "verified_at", "collateral",
    "collateral_stale_since",
    "quote", "checks", "error", "measurement", "workload", "event_log",
}
GIB = 1 << 30


class Good(Case):
    """The inputs that all others differ from."""

    def test_forms_of_a_quote(self):
        raw = TDX.quote.read_bytes()
        wrapped = "\n".join(raw.hex()[i:i + 64]
                            for i in range(0, 2 * len(raw), 64))
        forms = {
            "raw": raw,
            "hex": raw.hex().encode(),
            "hex with 0x, capitals, lines": ("0x" + wrapped.upper()).encode(),
            "base64": base64.b64encode(raw),
            "base64 with lines": base64.encodebytes(raw),
            "base64url": base64.urlsafe_b64encode(raw).rstrip(b"="),
        }
        want = self.check(TDX.verify_bundle("--json"), TRUSTED).json
        for name, content in forms.items():
            with self.subTest(name):
                path = write("form", content)
                got = self.check(TDX.verify_bundle("--json", quote=path),
                                 TRUSTED)
                self.assertEqual(got.json, want)
                got = self.check(TDX.verify_bundle("--json", quote="-",
                                                   stdin=content), TRUSTED)
                self.assertEqual(got.json, want)

    def test_verdict(self):
        for world, tee in ((TDX, "tdx"), (SGX, "sgx")):
            with self.subTest(tee):
                got = self.check(world.verify_bundle("--json"), TRUSTED)
                self.assertEqual(got.err, "")
                self.assertEqual(VERDICT_MEMBERS, set(got.json))
                self.assertIs(got.json["trusted"], True)
                self.assertEqual(got.json["tee_type"], tee)
                self.assertEqual(got.json["tcb_status"], "UpToDate")
                self.assertEqual(got.json["root"], "custom")
                self.assertIsNone(got.json["error"])

    def test_text(self):
        got = self.check(TDX.verify_bundle(), TRUSTED)
        self.assertTrue(got.out.startswith("TRUSTED: "), str(got))
        self.assertIn("UpToDate", got.out)
        self.assertNotIn("\x1b", got.out)
        self.assertEqual(got.err, "")

    def test_inspect(self):
        for world in (TDX, SGX):
            text = self.check(run("inspect", world.quote), TRUSTED)
            doc = self.check(run("inspect", "--json", world.quote), TRUSTED)
            for name in doc.json:
                self.assertIn(f"{name}:", text.out)

    def test_collateral_show_and_check(self):
        self.check(run("collateral", "show", TDX.bundle), TRUSTED)
        shown = run("collateral", "show", "--json", TDX.bundle)
        self.assertIsInstance(self.check(shown, TRUSTED).json, dict)
        self.assertEqual(shown.err, "")
        for at, code in ((NOW, TRUSTED), (NOW + 20000 * DAY, NOT_TRUSTED),
                         (0, NOT_TRUSTED)):
            args = ("collateral", "check", TDX.bundle, "--at", at)
            self.check(run(*args), code)
            doc = self.check(run(*args, "--json"), code).json
            self.assertEqual(doc["in_date"], code == TRUSTED)
            self.assertIs(doc["signatures_checked"], False)
            states = {item["state"] for item in doc["items"].values()}
            want = {TRUSTED: {"in date"}, NOT_TRUSTED: {
                "expired" if at else "not yet valid"}}[code]
            self.assertEqual(states, want)

    def test_help_and_version(self):
        for args in ((), ("verify",), ("inspect",), ("collateral", "fetch"),
                     ("collateral", "show"), ("collateral", "check"),
                     ("completion",)):
            got = self.check(run(*args, "--help"), TRUSTED)
            self.assertTrue(got.out.startswith("Usage: assay"), str(got))
            self.assertEqual(got.err, "")
        self.assertRegex(run("--version").out, r"^assay \d+\.\d+\.\d+\n$")


class BadQuote(Case):
    def check_both(self, path, *needles, stdin=b""):
        """verify and inspect, with and without --json."""
        self.check_refused(TDX.verify_bundle(quote=path, stdin=stdin),
                           UNREADABLE, "assay: verify: ", *needles)
        self.check_refused(run("inspect", path, stdin=stdin), UNREADABLE,
                           "assay: inspect: ", *needles)
        doc = self.check(TDX.verify_bundle("--json", quote=path, stdin=stdin),
                         UNREADABLE)
        self.assertEqual(doc.err, "")
        self.assertEqual(VERDICT_MEMBERS, set(doc.json))
        self.assertIs(doc.json["trusted"], False)
        self.assertIsNone(doc.json["tcb_status"])
        self.assertEqual(set(doc.json["error"]), {"code", "message", "hint"})
        doc = self.check(run("inspect", "--json", path, stdin=stdin),
                         UNREADABLE)
        self.assertEqual(set(doc.json), {"error"})

    def test_empty(self):
        path = write("empty", b"")
        self.check_both(path, path, "empty")
        self.check_both("/dev/null", "/dev/null", "empty")
        self.check_both("-", "standard input", "empty")

    def test_directory(self):
        self.check_both(SCRATCH, SCRATCH, "is a directory")

    def test_missing(self):
        path = SCRATCH / "missing"
        self.check_both(path, path, "No such file")

    def test_zeros_without_end(self):
        path = SCRATCH / "zeros"
        with path.open("wb") as f:
            f.truncate(GIB)
        for zeros in (path, "/dev/zero"):
            self.check_both(zeros, zeros, "more than")
            peak = peak_kib("verify", "--root", TDX.root, "--collateral",
                            TDX.bundle, zeros)
            self.assertLess(peak, GIB // 1024 // 4)

    def test_zeros_that_fit(self):
        path = write("some-zeros", bytes(8000))
        self.check_both(path, path, "version")

    def test_text_that_is_no_quote(self):
        for content in ("<html>404</html>", '{"quote": "no"}', "hello world",
                        "abc", "0x", "\n\n", "----"):
            with self.subTest(content):
                path = write("text", content)
                self.check_both(path, path)

    def test_controls_in_words_do_not_reach_the_terminal(self):
        self.check_refused(run("inspect", "a\x1b[31m\nb"), UNREADABLE,
                           "a?[31m?b")
        self.check_refused(run("a\x1b[31m\nb"), USAGE, "a?[31m?b")
        self.check_refused(run("collateral", "a\x1b[31m\nb"), USAGE,
                           "a?[31m?b")

    def test_cut_at_every_boundary(self):
        for world in (SGX, TDX, TD15):
            raw = world.quote.read_bytes()
            path = SCRATCH / "cut"
            for n in sorted(boundaries(raw)):
                with self.subTest(version=raw[0], bytes=n):
                    path.write_bytes(raw[:n])
                    self.check_refused(world.verify_bundle(quote=path),
                                       UNREADABLE, path)

    def test_every_version_but_three(self):
        raw = TDX.quote.read_bytes()
        for version in (0, 1, 2, 6, 0xffff):
            path = write("version", struct.pack("<H", version) + raw[2:])
            self.check_refused(run("inspect", path), UNREADABLE, path,
                               "version")

    def test_one_flipped_bit_is_no_error_but_a_verdict(self):
        raw = bytearray(TDX.quote.read_bytes())
        raw[100] ^= 1
        path = write("flipped", bytes(raw))
        got = self.check_one_line(TDX.verify_bundle(quote=path), NOT_TRUSTED,
                                  path, "not trusted")
        self.assertTrue(got.out.startswith("NOT TRUSTED: "), str(got))
        got = self.check(TDX.verify_bundle("--json", quote=path), NOT_TRUSTED)
        self.assertEqual(got.err, "")
        self.assertIsNone(got.json["tcb_status"])
        failed = [c["name"] for c in got.json["checks"]
                  if c["outcome"] == "failed"]
        self.assertEqual(got.json["error"]["code"], failed[0])


def boundaries(raw):
    """Every place where a field of the quote ends, and one byte before."""
    version = raw[0]
    at = 48
    ends = {0, 1, 2, 4, 8, 12, 28, 48}
    if version == 5:
        ends.add(at + 2)
        at += 6
        ends.add(at)
        at += struct.unpack_from("<I", raw, 50)[0]
    else:
        at += 584 if raw[4] == 0x81 else 384
    ends |= {at, at + 4}
    end = at + 4 + struct.unpack_from("<I", raw, at)[0]
    at += 4 + 64
    ends.add(at)
    at += 64
    ends.add(at)
    if version > 3:
        ends |= {at + 2, at + 6}
        at += 6
    for size in (384, 64):
        at += size
        ends.add(at)
    at += 2 + struct.unpack_from("<H", raw, at)[0]
    ends |= {at, at + 2, at + 6, end}
    both = ends | {n - 1 for n in ends if n > 0}
    return {n for n in both if n < end}


class BadCollateral(Case):
    def test_not_readable(self):
        good = TDX.bundle.read_bytes()
        half = json.loads(good)
        del half["qe_identity"]
        odd = dict(TDX.parts, pck_crl="abc")
        for name, content, needle in (
                ("empty", b"", ""), ("half", good[:len(good) // 2], ""),
                ("html", b"<html></html>", ""), ("list", b"[]", ""),
                ("hex", TDX.quote.read_bytes().hex().encode(), ""),
                ("without-qe", json.dumps(half).encode(), "qe_identity"),
                ("odd-crl", json.dumps(odd).encode(), "pck_crl")):
            with self.subTest(name):
                path = write("bundle-" + name, content)
                self.check_refused(TDX.verify_bundle(bundle=path), UNREADABLE,
                                   path, needle)
                for command in ("show", "check"):
                    self.check_refused(run("collateral", command, path),
                                       UNREADABLE, path, needle)

    def test_no_file(self):
        for path, needle in ((SCRATCH / "none", "No such file"),
                             (SCRATCH, "is a directory"),
                             ("/dev/zero", "more than")):
            self.check_refused(TDX.verify_bundle(bundle=path), UNREADABLE,
                               path, needle)

    def test_of_another_platform(self):
        other = World("other-fmspc", "--fmspc", "00906ED50000")
        self.refused_by_verdict(TDX.verify_bundle(bundle=other.bundle))
        self.refused_by_verdict(TDX.verify_bundle(bundle=SGX.bundle))

    def test_expired(self):
        expired = World("expired", "--expired")
        got = expired.verify_bundle()
        self.refused_by_verdict(got)
        self.assertIn("tcb_info", got.err.replace(" ", "_").lower())
        self.refused_by_verdict(TDX.verify_bundle(at=NOW + 20000 * DAY))
        self.refused_by_verdict(TDX.verify_bundle(at=0))

    def test_under_another_root(self):
        got = run("verify", "--collateral", TDX.bundle, "--at", NOW,
                  TDX.quote)
        self.refused_by_verdict(got)

    def refused_by_verdict(self, got):
        self.check_one_line(got, NOT_TRUSTED, "assay: verify: ",
                            "not trusted: ")
        self.assertTrue(got.out.startswith("NOT TRUSTED: "), str(got))


class BadSettings(Case):
    def test_policy(self):
        for name, content, needles in (
                ("empty", "", ()), ("no-json", "type: tdx", ()),
                ("unknown", '{"type": "tdx", "alow_debug": true}',
                 ("alow_debug",)),
                ("type", '{"type": "sev"}', ("type",)), ("list", "[]", ())):
            with self.subTest(name):
                path = write("policy-" + name, content)
                self.check_refused(TDX.verify_bundle("--policy", path),
                                   UNREADABLE, path, *needles)
        for path in (SCRATCH / "none", SCRATCH):
            self.check_refused(TDX.verify_bundle("--policy", path),
                               UNREADABLE, path)

    def test_policy_in_toml(self):
        for name, content, needles in (
                ("empty", "", ("line 1, column 1", "policy.type: missing")),
                ("json", "{}", ("line 1, column 1",)),
                ("unknown", 'type = "tdx"\nalow_debug = true\n',
                 ("line 2, column 14", "alow_debug", "allow_debug")),
                ("no-file", 'type = "dstack_tdx"\npartial = true\n'
                 'compose_file = "none/app.json"\n',
                 (str(SCRATCH / "none/app.json"),)),
                ("folder", 'type = "dstack_tdx"\npartial = true\n'
                 'compose_file = "/"\n', ("directory",))):
            with self.subTest(name):
                path = write(f"policy-{name}.toml", content)
                self.check_refused(TDX.verify_bundle("--policy", path),
                                   UNREADABLE, path, *needles)
        path = write("good.toml", 'type = "tdx" # as a person writes it\n'
                     'partial = true\nmin_tcb_date = 2000-01-01\n')
        self.check(TDX.verify_bundle("--policy", path), TRUSTED)

    def test_policy_without_permission(self):
        # Root reads everything, unless it gives that right up.
        under = (("setpriv", "--bounding-set",
                  "-dac_override,-dac_read_search")
                 if os.geteuid() == 0 else ())
        path = write("secret-policy", "{}")
        path.chmod(0)
        self.check_refused(
            TDX.verify_bundle("--policy", path, under=under), UNREADABLE,
            path, "Permission denied")

    def test_root(self):
        leaf = TDX.parts["tcb_info_issuer_chain"].split("-----END")[0]
        for name, content in (
                ("empty", ""), ("text", "no certificate"),
                ("cut", TDX.root.read_text()[:200]),
                ("leaf", leaf + "-----END CERTIFICATE-----\n")):
            with self.subTest(name):
                path = write("root-" + name, content)
                got = run("verify", "--collateral", TDX.bundle, "--root", path,
                          TDX.quote)
                self.check_refused(got, UNREADABLE, path)

    def test_statuses(self):
        old = World("old", "--status", "OutOfDate")
        self.check(old.verify_bundle(), NOT_TRUSTED)
        self.check(old.verify_bundle("--accept", "OutOfDate"), TRUSTED)
        self.check(TDX.verify_bundle("--accept", "OutOfDate"), NOT_TRUSTED)
        self.check(TDX.verify_bundle("--accept", "OutOfDate,UpToDate"),
                   TRUSTED)

    def test_usage(self):
        quote = TDX.quote
        bundle = ("--collateral", TDX.bundle)
        for args, needles in (
                ((), ("Usage",)),
                (("frobnicate",), ("unknown command 'frobnicate'",)),
                (("verfy",), ("did you mean 'verify'",)),
                (("collateral",), ("subcommand",)),
                (("collateral", "fech", quote), ("'collateral fetch'",)),
                (("verify",), ("QUOTE is missing",)),
                (("verify", quote, quote), ("also",)),
                (("verify", "--colateral", "x", quote), ("--collateral",)),
                (("verify", "-x", quote), ("'-x'",)),
                (("verify", "--collateral"), ("--collateral", "value")),
                (("verify", "--json=1", quote), ("--json", "no value")),
                (("verify", *bundle, "--pccs", "https://x", quote),
                 ("--collateral", "--pccs")),
                (("verify", *bundle, "--at", "yesterday", quote), ("--at",)),
                (("verify", *bundle, "--at", "2026-02-30", quote), ("--at",)),
                (("verify", *bundle, "--accept", "Fine", quote),
                 ("Fine", "UpToDate", "TDRelaunchAdvisedConfigurationNeeded")),
                (("verify", *bundle, "--accept", "", quote), ("--accept",)),
                (("verify", *bundle, "--accept", "UpToDate,", quote),
                 ("--accept",)),
                (("verify", "--pccs", "pccs.example", quote), ("https://",)),
                (("verify", "--pccs", "https://a,,https://b", quote),
                 ("--pccs",)),
                (("verify", "--pccs", "file:///etc/passwd", quote),
                 ("https://",)),
                (("verify", "--timeout", "0", quote), ("--timeout",)),
                (("verify", "--timeout", "soon", quote), ("--timeout",)),
                (("inspect", "--at", "0", quote), ("--at",)),
                (("collateral", "fetch", quote), ("-o FILE is missing",)),
                (("collateral", "fetch", "-o"), ("'-o'", "value")),
                (("collateral", "fetch", quote, "-o", "-", "--json"),
                 ("--json",)),
                (("collateral", "fetch", quote, "-o", "x", "--early",
                  "--evaluation", "17"), ("--early", "--evaluation")),
                (("collateral", "fetch", quote, "-o", "x", "--evaluation",
                  "-1"), ("--evaluation",)),
                (("completion", "fish"), ("fish",))):
            with self.subTest(" ".join(map(str, args))):
                got = run(*args)
                self.check(got, USAGE)
                self.assertEqual(got.out, "", str(got))
                for needle in needles:
                    self.assertIn(needle, got.err)
                if args:
                    self.assertEqual(got.err.count("\n"), 1, str(got))

    def test_full_disk_is_not_success(self):
        with open("/dev/full", "wb") as full:
            p = subprocess.run([str(ASSAY), "inspect", str(TDX.quote)],
                               stdout=full, stderr=subprocess.PIPE,
                               check=False)
        self.assertEqual(p.returncode, UNREADABLE)
        self.assertIn(b"No space left", p.stderr)

    def test_closed_standard_output_is_not_success(self):
        p = subprocess.run(["sh", "-c", 'exec "$0" inspect "$1" >&-',
                            str(ASSAY), str(TDX.quote)],
                           stderr=subprocess.PIPE, check=False)
        self.assertEqual(p.returncode, UNREADABLE)
        self.assertIn(b"cannot write standard output", p.stderr)


def setUpModule():
    global SGX, TDX, TD15
    SGX = World("sgx", "--version", "3")
    TDX = World("tdx")
    TD15 = World("td15", "--version", "5", "--body", "3")


if __name__ == "__main__":
    main()
