# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Collateral from sources that work, and from sources that do not."""
import json
import shutil
import socket
import stat
import subprocess

import fake_pccs
from fake_pccs import PART_NAMES, FakePccs, only
from harness import (DAY, NOT_TRUSTED, NOW, SCRATCH, TRUSTED, UNREADABLE,
                     USAGE, Case, World, clean_environment, main, run, write)

# Short enough for tests, long enough for a busy machine where an answer is
# expected.
PATIENT = ("--timeout", "20", "--connect-timeout", "10")
HASTY = ("--timeout", "0.5", "--connect-timeout", "0.5")
BOUND_S = 8
TCB_INFO, QE_IDENTITY, PCK_CRL, ROOT_CA_CRL = PART_NAMES
TCB_CHAIN = "TCB-Info-Issuer-Chain"


def make_certificate(name):
    cert, key = SCRATCH / f"{name}.pem", SCRATCH / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
         "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
         "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


def ask(pccs, *args, world=None, patience=PATIENT, cache=False, at=NOW,
        env=None):
    """assay verify with these sources: FakePccs objects or URLs."""
    urls = [p if isinstance(p, str) else p.url for p in pccs]
    options = () if cache else ("--no-cache",)
    return (world or TDX).verify("--pccs", ",".join(urls), *patience, *options,
                                 *args, at=at, env=env)


def fetch(pccs, out, *args, world=None):
    return run("collateral", "fetch", (world or TDX).quote, "-o", out,
               "--pccs", pccs.url, *PATIENT, *args)


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{s.getsockname()[1]}"


class Encodings(Case):
    def test_crl_forms_and_header_encodings(self):
        want = self.check(TDX.verify_bundle("--json"), TRUSTED).json
        for form in fake_pccs.CRL_FORMS:
            for safe in ("", "/=+-", "/=-"):
                with self.subTest(form=form, safe=safe):
                    with FakePccs(TDX.parts, None, form, safe) as pccs:
                        got = ask([pccs], "--json")
                    self.assertEqual(self.check(got, TRUSTED).json, want)
                    self.assertEqual(got.err, "")

    def test_old_header_name_and_case(self):
        for name in ("SGX-TCB-Info-Issuer-Chain", "tcb-info-issuer-chain",
                     "TCB-INFO-ISSUER-CHAIN"):
            def rename(answer, name=name):
                answer.headers[name] = answer.headers.pop(TCB_CHAIN)
            with FakePccs(TDX.parts, only(TCB_INFO, rename)) as pccs:
                self.check(ask([pccs]), TRUSTED)

    def test_pck_crl_chain_is_not_needed(self):
        change = fake_pccs.header("SGX-PCK-CRL-Issuer-Chain", None)
        with FakePccs(TDX.parts, only(PCK_CRL, change)) as pccs:
            self.check(ask([pccs]), TRUSTED)

    def test_requests(self):
        for world, tee, fmspc, ca in ((TDX, "tdx", "00a06f050000", "platform"),
                                      (SGX, "sgx", "00a06f050000",
                                       "processor")):
            with FakePccs(world.parts) as pccs:
                self.check(ask([pccs], world=world), TRUSTED)
            self.assertEqual(sorted(pccs.requests), sorted([
                f"/{tee}/certification/v4/tcb?fmspc={fmspc}",
                f"/{tee}/certification/v4/qe/identity",
                f"/sgx/certification/v4/pckcrl?ca={ca}&encoding=der",
                "/sgx/certification/v4/rootcacrl"]))
            self.assertEqual(len(pccs.agents), 1)
            self.assertRegex(pccs.agents.pop(), r"^assay/\d")

    def test_base_with_slash_or_path(self):
        with FakePccs(TDX.parts) as pccs:
            for tail in ("/", "/sgx/certification/v4",
                         "/sgx/certification/v4/", "/tdx/certification/v4"):
                self.check(ask([pccs.url + tail]), TRUSTED)


class Troubles(Case):
    """Each source trouble in each of the four parts: exit 2, one line."""

    def check_trouble(self, change, *needles, parts=PART_NAMES,
                      patience=PATIENT):
        for part in parts:
            with self.subTest(part):
                with FakePccs(TDX.parts, only(part, change)) as pccs:
                    got = ask([pccs], patience=patience)
                self.check_refused(got, UNREADABLE, "assay: verify: ",
                                   pccs.url, *needles)
                self.assertLess(got.seconds, BOUND_S)

    def test_statuses(self):
        self.check_trouble(fake_pccs.status(404), "HTTP 404", "not found")
        self.check_trouble(fake_pccs.status(461), "HTTP 461", "platform")
        self.check_trouble(fake_pccs.status(500), "HTTP 500")
        self.check_trouble(fake_pccs.status(503), "HTTP 503")
        self.check_trouble(fake_pccs.status(418), "HTTP 418")

    def test_redirect_is_not_followed(self):
        with FakePccs(TDX.parts) as other:
            change = fake_pccs.status(302, Location=other.url + "/x")
            self.check_trouble(change, "HTTP 302", "redirects")
            self.assertEqual(other.requests, [])

    def test_hang(self):
        self.check_trouble(fake_pccs.hang, "no answer within ",
                           patience=HASTY)

    def test_stall_in_the_body(self):
        self.check_trouble(fake_pccs.stall, "stopped sending after",
                           patience=HASTY)

    def test_half_body(self):
        self.check_trouble(fake_pccs.half_body, "broke off after")

    def test_web_page(self):
        page = b"\n<!DOCTYPE html><html>Log in to the hotel</html>"
        self.check_trouble(fake_pccs.body(page), "a web page")

    def test_empty_body(self):
        self.check_trouble(fake_pccs.body(b""), "empty")
        self.check_trouble(fake_pccs.body(b" \r\n"), "empty")

    def test_garbage(self):
        for garbage in (b"{", b"\x00\x01", b"{}", b"null", b"30820100"):
            for part in PART_NAMES:
                with self.subTest(garbage=garbage, part=part):
                    change = only(part, fake_pccs.body(garbage))
                    with FakePccs(TDX.parts, change) as pccs:
                        self.check_refused(ask([pccs]), UNREADABLE, pccs.url,
                                           part)

    def test_oversized_body(self):
        for chunked in (False, True):
            self.check_trouble(fake_pccs.oversized(chunked), "longer than")

    def test_chain_headers(self):
        for part, name in ((TCB_INFO, TCB_CHAIN), (
                QE_IDENTITY, "SGX-Enclave-Identity-Issuer-Chain")):
            for value, needle in ((None, "no " + name), ("%4", "%XX"),
                                  ("%zz", "%XX"), ("a" * 200000, ""),
                                  ("no%20PEM", part)):
                self.check_trouble(fake_pccs.header(name, value), needle,
                                   parts=(part,))

    def test_nobody_listens(self):
        url = closed_port()
        got = ask([url])
        self.check_refused(got, UNREADABLE, url)
        self.assertLess(got.seconds, BOUND_S)

    def test_unknown_host(self):
        got = ask(["https://pccs.invalid"])
        self.check_refused(got, UNREADABLE, "https://pccs.invalid",
                           "pccs.invalid")

    def test_password_is_not_shown(self):
        url = closed_port().replace("http://", "http://user:secret@")
        got = ask([url])
        self.check_refused(got, UNREADABLE)
        self.assertNotIn("secret", got.err)

    def test_json_error(self):
        with FakePccs(TDX.parts, only(TCB_INFO, fake_pccs.status(404))) as p:
            got = self.check(ask([p], "--json"), UNREADABLE)
        self.assertEqual(got.err, "")
        self.assertIs(got.json["trusted"], False)
        self.assertEqual(got.json["error"]["code"], "not_found")
        with FakePccs(TDX.parts, only(TCB_INFO, fake_pccs.hang)) as p:
            got = self.check(ask([p], "--json", patience=HASTY), UNREADABLE)
        self.assertEqual(got.json["error"]["code"], "timeout")

    def test_forged_collateral_is_a_verdict(self):
        other = World("stranger", "--seed", "77" * 32)
        with FakePccs(other.parts) as pccs:
            self.check_one_line(ask([pccs]), NOT_TRUSTED, "not trusted")


class Sources(Case):
    def test_first_good_one_is_enough(self):
        with FakePccs(TDX.parts) as a, FakePccs(TDX.parts) as b:
            self.check(ask([a, b]), TRUSTED)
            self.assertEqual((len(a.requests), len(b.requests)), (4, 0))

    def test_next_after_any_trouble(self):
        for change in (fake_pccs.status(404), fake_pccs.half_body,
                       fake_pccs.body(b"{}"), fake_pccs.body(b"<html>")):
            for part in PART_NAMES:
                with FakePccs(TDX.parts, only(part, change)) as a, \
                        FakePccs(TDX.parts) as b:
                    self.check(ask([closed_port(), a, b]), TRUSTED)
                    # never a mixture: the good one serves all four
                    self.assertEqual(len(b.requests), 4)

    def test_next_after_a_hang(self):
        with FakePccs(TDX.parts, only(TCB_INFO, fake_pccs.hang)) as a, \
                FakePccs(TDX.parts) as b:
            got = ask([a, b], patience=("--timeout", "2"))
            self.check(got, TRUSTED)
            self.assertLess(got.seconds, BOUND_S)

    def test_all_fail(self):
        with FakePccs(TDX.parts, only(TCB_INFO, fake_pccs.status(404))) as a, \
                FakePccs(TDX.parts, only(TCB_INFO, fake_pccs.status(500))) as b:
            self.check_refused(ask([a, b]), UNREADABLE,
                               a.url + ": HTTP 404", b.url + ": HTTP 500")

    def test_policy_names_them(self):
        with FakePccs(TDX.parts) as pccs:
            policy = write("sources", json.dumps({
                "type": "tdx", "partial": True, "cache_collateral": False,
                "pccs_url": [closed_port(), pccs.url]}))
            before = list(SCRATCH.glob("cache/**/*"))
            self.check(TDX.verify("--policy", policy, "--accept", "UpToDate"),
                       TRUSTED)
            self.assertEqual(len(pccs.requests), 4)
            self.assertEqual(list(SCRATCH.glob("cache/**/*")), before)

    def test_sources_by_default(self):
        """Without a policy Intel; with one that names none, two in order.
        A proxy that is not there keeps the requests on this machine."""
        env = clean_environment() | {"HTTPS_PROXY": closed_port()}
        policy = write("no-source", json.dumps(
            {"type": "tdx", "partial": True, "cache_collateral": False}))
        intel = "https://api.trustedservices.intel.com: "
        got = TDX.verify("--no-cache", env=env)
        self.check_refused(got, UNREADABLE, intel[:-2])
        self.assertNotIn("phala", got.err)
        got = TDX.verify("--policy", policy, env=env)
        self.check_refused(got, UNREADABLE, "https://pccs.phala.network: ",
                           intel)
        self.assertLess(got.err.index("phala"), got.err.index("intel"))

    def test_bad_url_in_policy(self):
        policy = write("bad-source", json.dumps(
            {"type": "tdx", "partial": True, "pccs_url": "ftp://example"}))
        self.check_refused(TDX.verify("--policy", policy), UNREADABLE,
                           "ftp://example")


class Tls(Case):
    @classmethod
    def setUpClass(cls):
        cls.cert, cls.key = make_certificate("tls")

    def serve(self):
        return FakePccs(TDX.parts, tls_files=(self.cert, self.key))

    def test_self_signed(self):
        with self.serve() as pccs:
            self.check_refused(ask([pccs]), UNREADABLE, pccs.url,
                               "TLS certificate is not trusted")
            self.assertEqual(pccs.requests, [])
            self.check(ask([pccs], "--pccs-ca", self.cert), TRUSTED)
            self.assertEqual(len(pccs.requests), 4)

    def test_wrong_host(self):
        with self.serve() as pccs:
            url = pccs.url.replace("127.0.0.1", "localhost")
            self.check_refused(ask([url], "--pccs-ca", self.cert), UNREADABLE,
                               url, "TLS certificate")
            self.assertEqual(pccs.requests, [])

    def test_bad_ca_file(self):
        empty = write("empty-ca", "")
        with self.serve() as pccs:
            for path in (empty, SCRATCH / "none"):
                self.check_refused(ask([pccs], "--pccs-ca", path), UNREADABLE,
                                   path)
            self.assertEqual(pccs.requests, [])

    def test_policy_adds_roots(self):
        """ca_file is beside the system's roots, --pccs-ca in place of both."""
        other_cert, other_key = make_certificate("other")
        policy = write("ca-file", json.dumps(
            {"type": "tdx", "partial": True, "ca_file": str(self.cert)}))
        system = {**clean_environment(), "SSL_CERT_FILE": str(other_cert)}
        with self.serve() as named, FakePccs(
                TDX.parts, tls_files=(other_cert, other_key)) as common:
            for rows in ((named, None, (), TRUSTED),
                         (named, system, (), TRUSTED),
                         (common, system, (), TRUSTED),
                         (common, None, (), UNREADABLE),
                         (named, None, ("--pccs-ca", other_cert), UNREADABLE),
                         (common, None, ("--pccs-ca", other_cert), TRUSTED)):
                pccs, env, args, code = rows
                with self.subTest(rows):
                    self.check(ask([pccs], "--policy", policy, *args, env=env),
                               code)
            self.check(ask([common], env=system), TRUSTED)
            self.check(ask([named], env=system), UNREADABLE)

    def test_bad_roots_of_policy(self):
        empty = write("empty-ca", "")
        with self.serve() as pccs:
            for path in (empty, SCRATCH / "none"):
                policy = write("bad-ca-file", json.dumps(
                    {"type": "tdx", "partial": True, "ca_file": str(path)}))
                self.check_refused(ask([pccs], "--policy", policy), UNREADABLE,
                                   path)
            self.assertEqual(pccs.requests, [])


class Cache(Case):
    def setUp(self):
        shutil.rmtree(SCRATCH / "cache", ignore_errors=True)

    def file(self):
        files = [p for p in SCRATCH.glob("cache/**/*") if p.is_file()]
        self.assertEqual(len(files), 1)
        return files[0]

    def test_hit(self):
        with FakePccs(TDX.parts) as pccs:
            first = self.check(ask([pccs], "--json", cache=True), TRUSTED)
            again = self.check(ask([pccs], "--json", cache=True), TRUSTED)
            self.assertEqual(len(pccs.requests), 4)
            self.assertEqual(first.json, again.json)
        # the source may be gone now
        self.check(ask([pccs], cache=True), TRUSTED)

    def test_permissions(self):
        with FakePccs(TDX.parts) as pccs:
            self.check(ask([pccs], cache=True), TRUSTED)
        path = self.file()
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        for folder in (path.parent, SCRATCH / "cache"):
            self.assertEqual(stat.S_IMODE(folder.stat().st_mode), 0o700)

    def test_switched_off(self):
        with FakePccs(TDX.parts) as pccs:
            self.check(ask([pccs]), TRUSTED)
            self.assertEqual(list(SCRATCH.glob("cache/**/*")), [])
            self.check(ask([pccs], cache=True), TRUSTED)
            self.check(ask([pccs]), TRUSTED)
            self.assertEqual(len(pccs.requests), 12)

    def test_no_place_for_it(self):
        env = clean_environment()
        del env["XDG_CACHE_HOME"], env["HOME"]
        with FakePccs(TDX.parts) as pccs:
            args = ("verify", "--root", TDX.root, "--at", NOW, "--pccs",
                    pccs.url, TDX.quote)
            self.check(run(*args, env=env), TRUSTED)
            env["XDG_CACHE_HOME"] = "/proc/none"
            self.check(run(*args, env=env), TRUSTED)

    def test_damaged(self):
        with FakePccs(TDX.parts) as pccs:
            self.check(ask([pccs], cache=True), TRUSTED)
            good = self.file().read_bytes()
            for bad in (b"", b"{}", good[:-9], b"\0" * 99):
                pccs.requests.clear()
                self.file().write_bytes(bad)
                self.check(ask([pccs], cache=True), TRUSTED)
                self.assertEqual(len(pccs.requests), 4)
                self.assertEqual(self.file().read_bytes(), good)

    def test_is_not_trusted(self):
        """A bundle of another PKI in the cache is noticed and replaced; if
        nobody answers, the verdict is what the cache allows."""
        stranger = World("cache-stranger", "--seed", "78" * 32)
        with FakePccs(TDX.parts) as pccs:
            self.check(ask([pccs], cache=True), TRUSTED)
            good = self.file().read_bytes()
            self.file().write_bytes(stranger.bundle.read_bytes())
            self.check(ask([pccs], cache=True), TRUSTED)
            self.assertEqual(len(pccs.requests), 8)
            self.assertEqual(self.file().read_bytes(), good)
            self.file().write_bytes(stranger.bundle.read_bytes())
        self.check_one_line(ask([pccs], cache=True), NOT_TRUSTED,
                            "not trusted")

    def test_made_up_is_not_kept(self):
        stranger = World("cache-made-up", "--seed", "79" * 32)
        with FakePccs(stranger.parts) as pccs:
            self.check_one_line(ask([pccs], cache=True), NOT_TRUSTED,
                                "not trusted")
            self.assertEqual(
                [p for p in SCRATCH.glob("cache/**/*") if p.is_file()], [])

    def test_run_out(self):
        later = NOW + 20000 * DAY
        with FakePccs(TDX.parts) as pccs:
            self.check(ask([pccs], cache=True), TRUSTED)
            good = self.file().read_bytes()
            # what arrives is as old: asked again, not stored, not trusted
            self.check(ask([pccs], cache=True, at=later), NOT_TRUSTED)
            self.assertEqual(len(pccs.requests), 8)
            self.assertEqual(self.file().read_bytes(), good)

    def test_stale_within_grace(self):
        items = run("collateral", "check", "--json", "--at", NOW, TDX.bundle)
        expires = items.json["expires"]
        late = int(subprocess.run(["date", "-u", "-d", expires, "+%s"],
                                  check=True, capture_output=True).stdout) + 60
        with FakePccs(TDX.parts) as pccs:
            self.check(ask([pccs], cache=True), TRUSTED)
        for grace, code in ((0, UNREADABLE), (59, UNREADABLE), (60, TRUSTED)):
            policy = write("grace", json.dumps({
                "type": "tdx", "partial": True,
                "collateral_grace_secs": grace}))
            got = ask([pccs], "--policy", policy, cache=True, at=late)
            if code == UNREADABLE:
                self.check_refused(got, code, pccs.url)
            else:
                self.assertIn("STALE", self.check(got, code).out)


class Fetch(Case):
    def test_bundle_verifies_and_reads_back(self):
        for world in (TDX, SGX):
            for form in fake_pccs.CRL_FORMS:
                out = SCRATCH / "fetched.json"
                with FakePccs(world.parts, None, form) as pccs:
                    got = self.check(fetch(pccs, out, world=world), TRUSTED)
                self.assertIn(str(out), got.out)
                self.assertEqual(stat.S_IMODE(out.stat().st_mode) & 0o133, 0)
                self.check(world.verify_bundle(bundle=out), TRUSTED)
                same = json.loads(out.read_text())
                for name, value in same.items():
                    if value:
                        self.assertEqual(value, world.parts[name], name)

    def test_to_standard_output(self):
        with FakePccs(TDX.parts) as pccs:
            got = self.check(fetch(pccs, "-"), TRUSTED)
        self.assertIn("tcb_info", got.json)

    def test_json(self):
        out = SCRATCH / "fetched-json"
        with FakePccs(TDX.parts) as pccs:
            doc = self.check(fetch(pccs, out, "--json"), TRUSTED).json
        self.assertEqual((doc["file"], doc["tee_type"], doc["fmspc"],
                          doc["ca"]),
                         (str(out), "tdx", "00a06f050000", "platform"))
        self.assertTrue(doc["items"])

    def test_early(self):
        with FakePccs(TDX.parts) as pccs:
            self.check(fetch(pccs, SCRATCH / "early", "--early"), TRUSTED)
        updates = [r for r in pccs.requests if "update=early" in r]
        self.assertEqual(len(updates), 2)
        self.assertTrue(all("/tcb?" in r or "/qe/identity?" in r
                            for r in updates))

    def test_evaluation(self):
        number = json.loads(TDX.parts["tcb_info"])["tcbInfo"][
            "tcbEvaluationDataNumber"]
        out = SCRATCH / "evaluation"
        with FakePccs(TDX.parts) as pccs:
            self.check(fetch(pccs, out, "--evaluation", number), TRUSTED)
            asked = [r for r in pccs.requests
                     if f"tcbEvaluationDataNumber={number}" in r]
            self.assertEqual(len(asked), 2)
            out.unlink()
            # a PCCS does not know the parameter and serves what it has
            got = fetch(pccs, out, "--evaluation", number + 1)
            self.check_refused(got, UNREADABLE, pccs.url,
                               f"{number} where {number + 1} was asked for")
        self.assertFalse(out.exists())

    def test_nothing_is_left_of_a_failure(self):
        out = SCRATCH / "kept"
        out.write_text("old")
        with FakePccs(TDX.parts, only(TCB_INFO, fake_pccs.half_body)) as pccs:
            self.check_refused(fetch(pccs, out), UNREADABLE)
        self.assertEqual(out.read_text(), "old")
        with FakePccs(TDX.parts) as pccs:
            for path in (SCRATCH, SCRATCH / "no" / "such", "/dev/full", ""):
                self.check_refused(fetch(pccs, path), UNREADABLE, path)
        self.assertEqual(list(SCRATCH.glob("**/*assay-tmp-*")), [])

    def test_quote_without_chain(self):
        bare = World("bare", "--version", "3", "--cert-type", "1")
        with FakePccs(bare.parts) as pccs:
            self.check_refused(fetch(pccs, SCRATCH / "x", world=bare),
                               UNREADABLE, bare.quote)
            self.assertEqual(pccs.requests, [])

    def test_usage(self):
        got = run("collateral", "fetch", TDX.quote, "--pccs", "http://x")
        self.check_one_line(got, USAGE, "-o FILE")


def setUpModule():
    global SGX, TDX
    SGX = World("sgx", "--version", "3", "--processor-ca")
    TDX = World("tdx")


if __name__ == "__main__":
    main()
