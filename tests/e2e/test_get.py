# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay get against assay-serve: what it sends, writes, follows and refuses."""
import base64
import hashlib
import json
import os
import pathlib
import signal
import socket
import ssl
import stat
import subprocess
import threading
import time

import fake_pccs
import harness
import test_serve
from backend import Backend
from fake_pccs import FakePccs
from harness import (ASSAY, NOT_TRUSTED, SCRATCH, TRUSTED, UNREADABLE, USAGE,
                     Case, clean_environment, run, write)
from test_serve import SERVE, Serve
from test_sim import SIM, Sim

MIB = 1 << 20
BOUND_S = 20  # for what has a limit of a second, on a busy machine
HASTY = ("--timeout", "1", "--connect-timeout", "1")


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def toml(policy):
    """The policy in TOML: strings, booleans, lists and one level of tables."""
    lines = []
    for name, value in sorted(policy.items(),
                              key=lambda item: isinstance(item[1], dict)):
        if isinstance(value, dict):
            lines.append(f"[{name}]")
            lines += [f"{n} = {json.dumps(v)}" for n, v in value.items()]
        else:
            lines.append(f"{name} = {json.dumps(value)}")
    return "\n".join(lines) + "\n"


class GetCase(Case):
    """One simulated platform, one server and one backend for all tests."""

    @classmethod
    def setUpClass(cls):
        cls.sim, cls.serve, cls.backend = SIMULATOR, SERVER, BACKEND

    def setUp(self):
        self.sim.change("reset")
        self.backend.seen.clear()
        self.backend.go.clear()

    @property
    def policy(self):
        return json.loads((self.sim.folder / "policy.json").read_text())

    def policy_file(self, name="policy-of-test.json", without=(), **changes):
        policy = {**self.policy, **changes}
        for member in without:
            del policy[member]
        return write(name, toml(policy) if name.endswith(".toml")
                     else json.dumps(policy))

    def url(self, path, host="localhost", serve=None):
        return f"https://{host}:{(serve or self.serve).port}{path}"

    def get(self, path, *args, policy=None, host="localhost", serve=None,
            **kwargs):
        return run("get", "--policy", policy or self.sim.folder / "policy.json",
                   *args, self.url(path, host, serve), **kwargs)

    def good(self, *args, **kwargs):
        return self.check(self.get(*args, **kwargs), TRUSTED)

    def document(self, code, *args, **kwargs):
        """The JSON of a run that ends with this code."""
        got = self.check(self.get(*args, "--json", **kwargs), code)
        self.assertEqual(got.err, "")
        self.assertEqual(set(got.json), {"verdict", "response"} if code == 0
                         else {"verdict", "response", "error"})
        return got.json


class Requests(GetCase):
    def echo(self, *args, **kwargs):
        got = self.good("/echo?q=1", *args, **kwargs)
        self.assertEqual(got.err, "")
        return json.loads(got.out)

    def fields(self, echo):
        return {n.lower(): v for n, v in echo["fields"]}

    def test_plain(self):
        echo = self.echo()
        self.assertEqual((echo["method"], echo["path"], echo["body"]),
                         ("GET", "/echo?q=1", ""))
        fields = self.fields(echo)
        self.assertEqual(fields["host"], f"localhost:{self.serve.port}")
        self.assertRegex(fields["user-agent"], r"^assay/\d")
        self.assertEqual(fields["accept"], "*/*")

    def test_fields(self):
        fields = self.fields(self.echo(
            "-H", "X-A: b c", "--header", "User-Agent:me", "-H", "Accept:",
            "-H", "X-A:  d\t"))
        self.assertEqual(fields["user-agent"], "me")
        self.assertNotIn("accept", fields)
        values = [v for n, v in self.echo("-H", "X-A: 1", "-H", "X-A:2")[
            "fields"] if n == "X-A"]
        self.assertEqual(values, ["1", "2"])

    def test_methods(self):
        for args, method in (((), "GET"), (("-d", ""), "POST"),
                             (("-X", "PUT"), "PUT"),
                             (("--request", "DELETE"), "DELETE"),
                             (("-X", "OPTIONS", "-d", "x"), "OPTIONS")):
            self.assertEqual(self.echo(*args)["method"], method)

    def test_data(self):
        file = write("data", "from a file")
        for value, want, stdin in (("text", "text", b""), ("", "", b""),
                                   (f"@{file}", "from a file", b""),
                                   ("@-", "from stdin", b"from stdin")):
            echo = self.echo("--data", value, stdin=stdin)
            self.assertEqual(echo["body"], want)
            fields = self.fields(echo)
            self.assertEqual(fields["content-length"], str(len(want)))
            self.assertEqual(fields["content-type"],
                             "application/x-www-form-urlencoded")
        fields = self.fields(self.echo("-d", "{}", "-H",
                                       "Content-Type: application/json"))
        self.assertEqual(fields["content-type"], "application/json")

    def test_large_bodies(self):
        size = 20 * MIB
        body = os.urandom(size)
        got = self.good("/sink", "-d", f"@{write('upload', body)}")
        self.assertEqual(got.out, sha256(body))
        target = SCRATCH / "download"
        self.good(f"/big?{size}", "-o", target)
        self.assertEqual(sha256(target.read_bytes()), self.backend.big(size))

    def test_slow_reader_of_an_upload(self):
        """A server that pauses for less than the limit is not refused."""
        body = os.urandom(8 * MIB)
        timer = threading.Timer(1.5, self.backend.go.set)
        timer.start()
        got = self.good("/sink?rest", "-d", f"@{write('upload', body)}",
                        "--timeout", "10")
        timer.join()
        self.assertEqual(got.out, sha256(body))

    def test_server_that_reads_no_more(self):
        body = write("upload", os.urandom(24 * MIB))
        got = self.get("/sink?rest", "-d", f"@{body}", *HASTY)
        self.check_refused(got, UNREADABLE, "within 1.0 s")
        self.assertLess(got.seconds, BOUND_S)



class Responses(GetCase):
    def test_bodies(self):
        for path, want in (("/chunked", "hello world"),
                           ("/until-close", "until the end"),
                           ("/interim", "final"), ("/no-content", ""),
                           ("/not-modified", ""), ("/big?0", "")):
            got = self.good(path)
            self.assertEqual((got.out, got.err), (want, ""), path)

    def test_head(self):
        got = self.good("/big?1000", "-X", "HEAD", "-i")
        self.assertTrue(got.out.startswith("HTTP/1.1 200 OK\r\n"), str(got))
        self.assertIn("Content-Length: 1000\r\n", got.out)
        self.assertTrue(got.out.endswith("\r\n\r\n"), str(got))

    def test_include(self):
        got = self.good("/fields", "--include", "-o", SCRATCH / "with-head")
        self.assertEqual(got.out, "")
        head, body = (SCRATCH / "with-head").read_bytes().split(b"\r\n\r\n")
        self.assertEqual(body, b"ok")
        self.assertIn(b"\r\nx-many: b\r\n", head)

    def test_any_status_is_an_answer(self):
        got = self.good("/redirect?302&/elsewhere")
        self.assertEqual(got.out, "moved")
        self.assertEqual(self.backend.paths, ["/redirect?302&/elsewhere"])

    def test_what_cannot_be_finished(self):
        for path, needle in (("/dies", "cut"), ("/dies-chunked", "cut")):
            got = self.get(path)
            self.check_one_line(got, UNREADABLE, "response", needle)
        self.backend.go.clear()
        got = self.get("/slow", *HASTY)
        self.check_refused(got, UNREADABLE, "no head within 1.0 s")
        self.assertLess(got.seconds, BOUND_S)
        got = self.get("/events", *HASTY)
        self.check_one_line(got, UNREADABLE, "no more of its body")
        self.assertEqual(got.out, "data: 1\n\n")

    def test_max_size(self):
        self.good("/big?1000", "--max-size", "1000", "-o", "/dev/null")
        got = self.get("/big?1001", "--max-size", "1000", "-o",
                       SCRATCH / "too-much")
        self.check_refused(got, UNREADABLE, "response")
        self.assertFalse((SCRATCH / "too-much").exists())
        doc = self.document(UNREADABLE, "/big?1001", "--max-size", "1000")
        self.assertEqual(doc["error"]["code"], "too_large")

    def test_output(self):
        folder = SCRATCH / "out"
        folder.mkdir()
        target = folder / "file"
        old = os.umask(0o027)
        try:
            self.good("/interim", "--output", target)
        finally:
            os.umask(old)
        self.assertEqual(target.read_text(), "final")
        self.assertEqual(stat.S_IMODE(target.stat().st_mode), 0o640)
        for path in ("/dies", "/dies-chunked", "/slow"):
            self.check_refused(self.get(path, "-o", target, *HASTY),
                               UNREADABLE)
            self.assertEqual(target.read_text(), "final")
        self.sim.change("debug")
        self.check_refused(self.get("/", "-o", target), NOT_TRUSTED)
        self.assertEqual(target.read_text(), "final")
        self.assertEqual(os.listdir(folder), ["file"])

    def test_output_that_is_there_already(self):
        """Its mode is kept, and so is a link that leads to it."""
        folder = SCRATCH / "there"
        folder.mkdir()
        target, link = folder / "file", folder / "link"
        target.write_text("old")
        target.chmod(0o600)
        link.symlink_to("file")
        self.good("/interim", "-o", link)
        self.assertEqual(target.read_text(), "final")
        self.assertEqual(stat.S_IMODE(target.stat().st_mode), 0o600)
        self.assertTrue(link.is_symlink())
        self.assertEqual(sorted(os.listdir(folder)), ["file", "link"])

    def interrupt(self, number, *args, **popen):
        """A request whose response has begun, and then the signal."""
        p = subprocess.Popen(
            [str(ASSAY), "get", "--policy",
             str(self.sim.folder / "policy.json"), *map(str, args),
             self.url("/slow")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=clean_environment(), **popen)
        deadline = time.monotonic() + BOUND_S
        while not self.backend.seen and time.monotonic() < deadline:
            time.sleep(0.01)
        p.send_signal(number)
        return p

    def let_go(self):
        self.backend.seen.clear()
        self.backend.go.set()
        self.backend.go.clear()

    def test_interrupt_leaves_nothing_behind(self):
        folder = SCRATCH / "interrupted"
        folder.mkdir()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                p = self.interrupt(number, "-o", folder / "file")
                _, err = p.communicate(timeout=BOUND_S)
                self.assertEqual(p.returncode, -number, err)
                self.assertIn(b"interrupted", err)
                self.assertEqual(os.listdir(folder), [])
            self.let_go()

    def test_interrupted_document_is_whole(self):
        p = self.interrupt(signal.SIGTERM, "--json")
        out, err = p.communicate(timeout=BOUND_S)
        self.let_go()
        self.assertEqual(p.returncode, -signal.SIGTERM, err)
        self.assertIn("interrupted", json.loads(out)["error"]["message"])

    def test_ignored_signal_stays_ignored(self):
        """As nohup has it."""
        p = self.interrupt(signal.SIGHUP, preexec_fn=lambda: signal.signal(
            signal.SIGHUP, signal.SIG_IGN))
        time.sleep(0.2)
        self.assertIsNone(p.poll())
        self.backend.go.set()
        out, err = p.communicate(timeout=BOUND_S)
        self.backend.go.clear()
        self.assertEqual((p.returncode, err), (TRUSTED, b""), out)

    def test_nobody_reads(self):
        """The pipe's other end is closed: one line, and the code says so."""
        for args in ((), ("--json",), ("-i",)):
            reader, writer = os.pipe()
            os.close(reader)
            p = subprocess.run(
                [str(ASSAY), "get", *args, "--policy",
                 str(self.sim.folder / "policy.json"), self.url("/interim")],
                stdout=writer, stderr=subprocess.PIPE, timeout=60,
                env=clean_environment())
            os.close(writer)
            with self.subTest(args):
                self.assertEqual(p.returncode, UNREADABLE, p.stderr)
                self.assertIn(b"Broken pipe", p.stderr)
                self.assertEqual(p.stderr.count(b"\n"), 1, p.stderr)

    def test_closed_standard_streams(self):
        """Their numbers go to no socket and to no file."""
        for closed, args, code in (
                ((0,), (), TRUSTED), ((2,), (), TRUSTED),
                ((0, 2), ("-v", "--timing"), TRUSTED), ((1,), (), UNREADABLE),
                ((1,), ("-o", SCRATCH / "closed"), TRUSTED),
                ((0, 1, 2), (), UNREADABLE),
                ((0,), ("-d", "@-"), UNREADABLE)):
            with self.subTest(closed=closed, args=args):
                p = subprocess.run(
                    [str(ASSAY), "get", "--policy",
                     str(self.sim.folder / "policy.json"), *map(str, args),
                     self.url("/interim")],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE, env=clean_environment(),
                    preexec_fn=lambda: [os.close(fd) for fd in closed],
                    timeout=60)
                self.assertEqual(p.returncode, code, p.stderr)
                self.assertEqual(p.stdout, b"final" if code == TRUSTED
                                 and "-o" not in args else b"")
                if closed == (1,) and code == UNREADABLE:
                    self.assertIn(b"cannot write", p.stderr)

    def test_nothing_is_sent_where_nothing_can_be_written(self):
        for target in (SCRATCH / "none" / "x", SCRATCH):
            self.check_refused(self.get("/", "-o", target), UNREADABLE, target)
        self.assertEqual(self.backend.seen, [])

    def test_full_disk(self):
        self.check_refused(self.get("/interim", "-o", "/dev/full"), UNREADABLE,
                           "/dev/full: cannot write")
        with open("/dev/full", "wb") as full:
            p = subprocess.run(
                [str(ASSAY), "get", "--policy",
                 str(self.sim.folder / "policy.json"), self.url("/interim")],
                stdout=full, stderr=subprocess.PIPE, timeout=60,
                env=clean_environment())
        self.assertEqual(p.returncode, UNREADABLE, p.stderr)
        self.assertIn(b"standard output: cannot write: No space", p.stderr)
        self.assertEqual(p.stderr.count(b"\n"), 1, p.stderr)


class Documents(GetCase):
    def test_response(self):
        got = self.document(TRUSTED, "/fields")["response"]
        self.assertEqual(set(got), {"status", "headers", "body"})
        self.assertEqual((got["status"], got["body"]), (200, "ok"))
        fields = got["headers"]
        self.assertEqual(fields["x-one"], "1")
        self.assertEqual(fields["x-many"], ["a", "b"])
        self.assertEqual(fields["x-odd"], "caf\ufffd")

    def test_binary(self):
        got = self.document(TRUSTED, "/binary")["response"]
        self.assertEqual(set(got), {"status", "headers", "body_base64"})
        self.assertEqual(base64.b64decode(got["body_base64"]),
                         bytes(range(256)))

    def test_large(self):
        got = self.document(TRUSTED, f"/big?{20 * MIB}")["response"]
        self.assertEqual(sha256(base64.b64decode(got["body_base64"])),
                         self.backend.big(20 * MIB))

    def test_into_a_file(self):
        target = SCRATCH / "document.json"
        got = self.good("/interim", "--json", "-o", target)
        self.assertEqual((got.out, got.err), ("", ""))
        self.assertEqual(json.loads(target.read_text())["response"]["body"],
                         "final")
        got = self.get("/dies", "--json", "-o", target)
        self.check(got, UNREADABLE)
        self.assertEqual(json.loads(target.read_text())["error"]["code"],
                         "network")

    def check_session(self, verdict, attestations=1):
        s = verdict["session"]
        quote = verdict["quote"]
        self.assertEqual(s["server_name"], "localhost")
        self.assertEqual(s["peer"], f"127.0.0.1:{self.serve.port}")
        self.assertEqual(s["tls_version"], "TLSv1.3")
        self.assertTrue(s["tls_cipher"].startswith("TLS_"))
        der = ssl.PEM_cert_to_DER_cert(self.serve.ca.read_text())
        self.assertEqual(s["certificate_sha256"], sha256(der))
        self.assertEqual((s["wire"], s["attestations"]), ("v2", attestations))
        nonce, exporter = (bytes.fromhex(s[n]) for n in ("nonce", "exporter"))
        self.assertEqual((len(nonce), len(exporter)), (32, 32))
        want = hashlib.sha512(nonce + exporter).hexdigest()
        self.assertEqual(s["report_data"], want)
        self.assertIn(want, json.dumps(quote))
        self.assertEqual(list(s["phases_us"]), [
            "connect", "handshake", "quote", "collateral", "appraise",
            "evidence"])
        self.assertEqual(s["phases_us"].pop("evidence"), 0)
        self.assertGreater(min(s["phases_us"].values()), 0)
        return s

    def test_verdict(self):
        file = SCRATCH / "verdict.json"
        doc = self.document(TRUSTED, "/", "--verdict", file)
        verdict = json.loads(file.read_text())
        self.assertEqual(verdict, doc["verdict"])
        self.assertTrue(verdict["trusted"])
        self.assertIsNone(verdict["error"])
        s = self.check_session(verdict)
        self.assertEqual(s["collateral_from"], "source")
        self.assertFalse(s["certificate_checked"])
        other = self.document(TRUSTED, "/")["verdict"]["session"]
        for name in ("nonce", "exporter", "report_data"):
            self.assertNotEqual(s[name], other[name])
        policy = self.policy_file(accept_self_signed_certs=False)
        self.good("/", "--verdict", file, "--ca", self.serve.ca, policy=policy)
        s = self.check_session(json.loads(file.read_text()))
        self.assertTrue(s["certificate_checked"])

    def test_same_members_as_verify(self):
        q = self.sim.quote_file()
        verify = run("verify", "--root", self.sim.root, "--no-cache", "--pccs",
                     self.sim.ready["pccs"], "--json", q).json
        verdict = self.document(TRUSTED, "/")["verdict"]
        self.assertEqual(set(verdict), set(verify) | {"session"})
        for code, control in ((NOT_TRUSTED, "debug"), (UNREADABLE, None)):
            if control:
                self.sim.change(control)
            doc = self.document(code, "/", *(() if control else (
                "--pccs", f"http://127.0.0.1:{closed_port()}")))
            self.assertEqual(set(doc["verdict"]), set(verify) | {"session"})
            self.sim.change("reset")

    def test_verdict_stands_whatever_the_response(self):
        file = SCRATCH / "verdict.json"
        self.check_refused(self.get("/dies", "-o", SCRATCH / "x", "--verdict",
                                    file), UNREADABLE)
        self.assertTrue(json.loads(file.read_text())["trusted"])
        doc = self.document(UNREADABLE, "/dies")
        self.assertTrue(doc["verdict"]["trusted"])
        self.assertEqual(doc["error"]["code"], "network")
        self.assertIsNone(doc["response"])

    def test_verdict_of_failures(self):
        file = write("verdict.json", '{"trusted":true}')
        self.sim.change("debug")
        self.check_refused(self.get("/", "--verdict", file), NOT_TRUSTED)
        verdict = json.loads(file.read_text())
        self.assertFalse(verdict["trusted"])
        self.check_session(verdict, attestations=0)
        file.write_text('{"trusted":true}')
        self.check_refused(self.get("/", "--verdict", file, "--ca", "/none"),
                           UNREADABLE, "/none")
        verdict = json.loads(file.read_text())
        self.assertFalse(verdict["trusted"])
        self.assertEqual(verdict["error"]["code"], "io")
        self.assertIsNone(verdict["session"]["tls_version"])
        self.sim.change("reset")
        self.check_refused(self.get("/", "-o", "/dev/null", "--verdict",
                                    "/none/x"), UNREADABLE, "/none/x")

    def test_timing_and_verbose(self):
        got = self.good("/interim", "--timing")
        lines = got.err.splitlines()
        self.assertEqual([line.split()[0] for line in lines],
                         ["connect", "handshake", "quote", "collateral",
                          "appraise", "response"])
        for line in lines:
            self.assertRegex(line, r"^[a-z]+ +\d+\.\d{3} ms$")
        got = self.good("/interim", "--verbose")
        self.assertIn(f"localhost (127.0.0.1:{self.serve.port}): genuine",
                      got.err)
        got = self.get("/", "--timing", "--pccs",
                       f"http://127.0.0.1:{closed_port()}")
        self.check(got, UNREADABLE)
        self.assertIn("appraise       0.000 ms", got.err)


class CommandLine(GetCase):
    def test_usage(self):
        url = self.url("/")
        good = ("--policy", self.sim.folder / "policy.json")
        for args, needle in (
                ((), "URL is missing"), ((url,), "--policy FILE is missing"),
                ((*good, url, url), "one URL"),
                ((*good, "http://localhost/"), "https://"),
                ((*good, "ftp://localhost/"), ""),
                ((*good, "localhost"), ""),
                ((*good, "https://user@localhost/"), ""),
                ((*good, "https://localhost:0/"), ""),
                ((*good, "-X", "G T", url), "--request"),
                ((*good, "-X", "CONNECT", url), "CONNECT"),
                ((*good, "-H", "nothing", url), "--header"),
                ((*good, "-H", "a b: c", url), "--header"),
                ((*good, "-H", "a: b\r\nc: d", url), "--header"),
                ((*good, "-H", "Content-Length: 5", url), "content-length"),
                ((*good, "-H", "transfer-encoding: x", url), "transfer"),
                ((*good, *["-H", "a: b"] * 65, url), "more than 64"),
                ((*good, "--resolve", "localhost:1", url), "--resolve"),
                ((*good, "--resolve", "localhost:1:", url), "--resolve"),
                ((*good, "--resolve", "localhost:x:127.0.0.1", url), "port"),
                ((*good, "--resolve", "localhost:1:there", url), "IP"),
                ((*good, "--wire", "v3", url), "--wire"),
                ((*good, "--proxy", "socks5://a:1", url), "--proxy"),
                ((*good, "--max-size", "0", url), "--max-size"),
                ((*good, "--max-size", "-1", url), "--max-size"),
                ((*good, "--max-size", "1k", url), "--max-size"),
                ((*good, "--timeout", "0", url), "--timeout"),
                ((*good, "--connect-timeout", "soon", url), "--connect"),
                ((*good, "--pccs", "nowhere", url), "--pccs"),
                ((*good, "--collateral", "x", "--pccs", "http://a", url),
                 "exclude"),
                ((*good, "--at", "0", url), "--at"),
                ((*good, "--polcy", "x", url), "did you mean '--policy'"),
                ((*good, "-o"), "needs a value")):
            with self.subTest(args):
                self.check_refused(run("get", *args), USAGE, needle,
                                   "try 'assay get --help'")
        self.assertEqual(self.backend.seen, [])

    def test_local_trouble(self):
        bad = write("bad.json", '{"type":"tdx","mrdt":"00"}')
        two = self.policy_file("two-wires.json", wires=["v2", "v1"],
                               certificate_event="required")
        lost = self.policy_file("lost.json", without=["compose_hash"],
                                compose_file="none.json")
        for args, needle in (
                (("--policy", "/none/p.json"), "/none/p.json"),
                (("--policy", bad), "mrtd"),
                (("--policy", write("bad.toml", "a = ")), "bad.toml"),
                (("--policy", lost), "none.json"),
                (("--ca", "/none/ca.pem"), "/none/ca.pem"),
                (("--ca", bad), "no certificate"),
                (("--root", "/none/root.pem"), "/none/root.pem"),
                (("--root", bad), "bad.json"),
                (("--collateral", "/none/c.json"), "/none/c.json"),
                (("--collateral", bad), "bad.json"),
                (("--data", "@/none/data"), "/none/data"),
                (("--wire", "v1"), "--wire"),
                (("--policy", two, "--wire", "v0"), "--wire")):
            with self.subTest(args):
                self.check_refused(self.get("/", *args), UNREADABLE, needle)
        env = {**clean_environment(), "SSL_CERT_FILE": "/none/roots.pem"}
        self.check_refused(self.get("/", env=env), UNREADABLE, "/none/roots")
        self.assertEqual(self.backend.seen, [])


class Policies(GetCase):
    def test_toml(self):
        self.good("/", policy=self.policy_file("policy.toml"))
        self.sim.change("debug")
        self.check_refused(self.get("/", policy=SCRATCH / "policy.toml"),
                           NOT_TRUSTED, "debug")

    def test_without_server_proof(self):
        """It works, with a note of what nobody has looked at."""
        policy = self.policy_file(
            without=["expected_bootchain", "compose_hash", "os_image_hash"],
            accept_self_signed_certs=False, disable_runtime_verification=True)
        got = self.good("/interim", "--ca", self.serve.ca, policy=policy)
        self.assertEqual(got.out, "final")
        self.check_one_line(got, TRUSTED, "note:", start="assay: get: ")
        doc = self.document(TRUSTED, "/", "--ca", self.serve.ca, policy=policy)
        rows = {c["name"]: c for c in doc["verdict"]["checks"]}
        self.assertNotEqual(rows["workload"]["outcome"], "passed")
        self.assertTrue(doc["verdict"]["trusted"])

    def test_certificates(self):
        strict = self.policy_file("strict.json", accept_self_signed_certs=False)
        self.check_refused(self.get("/", policy=strict), NOT_TRUSTED, "TLS: ")
        doc = self.document(NOT_TRUSTED, "/", policy=strict)
        self.assertEqual(doc["error"]["code"], "tls")
        self.assertEqual(doc["verdict"]["error"]["code"], "tls")
        self.good("/", "--ca", self.serve.ca, policy=strict)
        self.good("/", policy=self.policy_file(
            accept_self_signed_certs=False, ca_file=str(self.serve.ca)))
        self.good("/", policy=strict, env={
            **clean_environment(), "SSL_CERT_FILE": str(self.serve.ca)})
        self.good("/", "--ca", self.serve.ca, policy=strict, host="127.0.0.1")
        resolve = f"other.example:{self.serve.port}:127.0.0.1"
        got = self.get("/", "--ca", self.serve.ca, "--resolve", resolve,
                       policy=strict, host="other.example")
        self.check_refused(got, NOT_TRUSTED, "TLS: ", "another name")
        self.assertEqual(len(self.backend.seen), 4)

    def test_wires(self):
        policy = self.policy_file(wires=["v1", "v2"])
        self.check_refused(self.get("/", "--wire", "v2", policy=policy),
                           NOT_TRUSTED, "certificate_event")
        self.announce()
        self.good("/", "--wire", "v2", policy=policy)
        got = self.get("/", policy=policy)  # what assay-serve does not speak
        self.check_refused(got, NOT_TRUSTED, "quote reply: status 400")
        self.check_refused(self.get("/", "--wire", "v1", policy=policy),
                           NOT_TRUSTED, "quote reply: status 400")

    def announce(self):
        """The certificate's event, which went with the platform's reset."""
        der = ssl.PEM_cert_to_DER_cert(self.serve.ca.read_text())
        self.sim.guest("/EmitEvent", {"event": "New TLS Certificate",
                                      "payload": sha256(der).encode().hex()})

    def test_certificate_event(self):
        policy = self.policy_file(certificate_event="required")
        self.check_refused(self.get("/", policy=policy), NOT_TRUSTED,
                           "certificate_event")
        self.announce()
        self.good("/", policy=policy)
        self.sim.guest("/EmitEvent", {"event": "New TLS Certificate",
                                      "payload": (b"0" * 64).hex()})
        self.check_refused(self.get("/"), NOT_TRUSTED, "certificate_event")

    def test_other_root(self):
        policy = self.policy_file(without=["trusted_root"])
        self.check_refused(self.get("/", policy=policy), NOT_TRUSTED, "root")
        self.good("/", "--root", self.sim.root, policy=policy)

    def reattest(self, interval, wait):
        policy = self.policy_file(reattestation_interval_secs=interval)
        doc = self.document(TRUSTED, f"/redirect?302&/echo&{wait}", "-L",
                            policy=policy)
        return doc["verdict"]["session"]

    def test_reattestation(self):
        self.assertEqual(self.reattest(300, 1.2)["attestations"], 1)
        self.assertEqual(self.reattest(0, 1.2)["attestations"], 1)
        self.assertEqual(self.reattest(1, 1.2)["attestations"], 2)

    def test_reattestation_refused(self):
        policy = self.policy_file(reattestation_interval_secs=1)

        def change():
            self.backend.wait_for(1)
            self.sim.change("debug")

        changer = threading.Thread(target=change)
        changer.start()
        doc = self.document(NOT_TRUSTED, "/redirect?302&/echo&2.5", "-L",
                            policy=policy)
        changer.join()
        self.assertEqual(doc["verdict"]["session"]["attestations"], 1)
        self.assertFalse(doc["verdict"]["trusted"])
        self.assertEqual(len(self.backend.seen), 1)


class Redirects(GetCase):
    def test_same_host(self):
        for location in ("/echo?2", self.url("/echo?2"), "echo?2",
                         self.url("/echo?2", "LOCALHOST"),
                         f"//localhost:{self.serve.port}/echo?2"):
            self.backend.seen.clear()
            got = self.good(f"/redirect?302&{location}", "-L")
            self.assertEqual(json.loads(got.out)["path"], "/echo?2")
            self.assertEqual(len(self.backend.seen), 2)

    def test_on_a_new_connection(self):
        got = self.good("/redirect?302&/echo&close", "--location")
        self.assertEqual(json.loads(got.out)["path"], "/echo")

    def test_methods(self):
        for status, method, want, body in (
                (301, "POST", "GET", ""), (302, "POST", "GET", ""),
                (303, "POST", "GET", ""), (303, "PUT", "GET", ""),
                (307, "POST", "POST", "b"), (308, "POST", "POST", "b"),
                (301, "PUT", "PUT", "b")):
            got = self.good(f"/redirect?{status}&/echo", "-L", "-X", method,
                            "-d", "b", "-H", "Authorization: me")
            echo = json.loads(got.out)
            self.assertEqual((echo["method"], echo["body"]), (want, body))
            self.assertIn(["Authorization", "me"], echo["fields"])

    def test_never_elsewhere(self):
        port = self.serve.port
        for location in (f"https://127.0.0.1:{port}/", "https://localhost/",
                         f"https://localhost:{port + 1}/",
                         f"http://localhost:{port}/",
                         f"https://localhost.example:{port}/"):
            for method in ("GET", "POST"):
                self.backend.seen.clear()
                got = self.get(f"/redirect?307&{location}", "-L", "-X", method,
                               "-o", SCRATCH / "never")
                self.check_refused(got, UNREADABLE, "redirect: to ",
                                   "not the host that was attested")
                self.assertEqual(len(self.backend.seen), 1)
        self.assertFalse((SCRATCH / "never").exists())
        got = self.get("/redirect?302&ftp:x", "-L")
        self.check_refused(got, UNREADABLE, "redirect")

    def test_loop(self):
        got = self.get("/redirect?302&", "-L")  # to itself
        self.check_refused(got, UNREADABLE, "redirect: more than 10")
        self.assertEqual(len(self.backend.seen), 11)


class Addresses(GetCase):
    def test_resolve(self):
        strict = self.policy_file(accept_self_signed_certs=False)
        with Serve(self.backend, "--self-signed", "web.example",
                   quotes=f"dstack:{self.sim.ready['guest']}") as serve:
            at = f"web.example:{serve.port}"
            for address in (f"{at}:127.0.0.1", f"WEB.example:{serve.port}:"
                            "127.0.0.1"):
                got = self.good("/echo", "--ca", serve.ca, "--resolve", address,
                                policy=strict, host="web.example", serve=serve)
                self.assertIn(["Host", at], json.loads(got.out)["fields"])
            got = self.get("/", "--resolve", f"web.example:1:127.0.0.1",
                           *HASTY, host="web.example", serve=serve)
            self.check_refused(got, UNREADABLE, "connect to web.example")

    def test_ip6(self):
        strict = self.policy_file(accept_self_signed_certs=False)
        with Serve(self.backend, "--listen", "[::1]:0", "--self-signed", "::1",
                   quotes=f"dstack:{self.sim.ready['guest']}") as serve:
            got = self.good("/echo", "--ca", serve.ca, policy=strict,
                            host="[::1]", serve=serve)
            self.assertIn(["Host", f"[::1]:{serve.port}"],
                          json.loads(got.out)["fields"])
            got = self.good("/echo", "--resolve",
                            f"six.example:{serve.port}:[::1]",
                            host="six.example", serve=serve)
            doc = self.document(TRUSTED, "/", host="[::1]", serve=serve)
            self.assertEqual(doc["verdict"]["session"]["server_name"], "::1")
            self.assertEqual(doc["verdict"]["session"]["peer"],
                             f"[::1]:{serve.port}")

    def test_nobody_there(self):
        got = run("get", "--policy", self.sim.folder / "policy.json",
                  f"https://127.0.0.1:{closed_port()}/")
        self.check_refused(got, UNREADABLE, "connect to", "refused")
        got = run("get", "--policy", self.sim.folder / "policy.json", *HASTY,
                  "https://nobody.invalid/")
        self.check_refused(got, UNREADABLE, "nobody.invalid")
        self.assertLess(got.seconds, BOUND_S)


class Proxy(threading.Thread):
    """An HTTP proxy for CONNECT; all names are at the loopback address."""

    def __init__(self, answer=b"HTTP/1.1 200 OK\r\n\r\n"):
        super().__init__(daemon=True)
        self.answer = answer  # None: none at all
        self.heads = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *unused):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.join()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.tunnel, args=(client,),
                             daemon=True).start()

    def tunnel(self, client):
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            self.heads.append(head.decode())
            if self.answer is None:
                client.recv(1)
                return
            client.sendall(self.answer)
            if b" 200 " not in self.answer or self.answer[-3:-2] != b"\n":
                return
            port = int(head.split(b" ")[1].rpartition(b":")[2])
            with socket.create_connection(("127.0.0.1", port)) as server:
                back = threading.Thread(target=self.pump,
                                        args=(server, client), daemon=True)
                back.start()
                self.pump(client, server)
                back.join()

    @staticmethod
    def pump(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Proxies(GetCase):
    HOST = "web.example"

    def through(self, proxy, *args, **variables):
        env = {**clean_environment(), **variables}
        return self.get("/interim", *args, host=self.HOST, env=env)

    def test_environment(self):
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            with Proxy() as proxy:
                # libcurl sends what it fetches to ALL_PROXY, too
                got = self.through(proxy, NO_PROXY="127.0.0.1",
                                   **{name: f"http://{proxy.address}"})
                self.check(got, TRUSTED)
                self.assertEqual(got.out, "final")
            self.assertEqual(len(proxy.heads), 1)
            self.assertTrue(proxy.heads[0].startswith(
                f"CONNECT {self.HOST}:{self.serve.port} HTTP/1.1\r\n"))
            self.assertNotIn("Authorization", proxy.heads[0])

    def test_option_and_credentials(self):
        with Proxy() as proxy:
            url = f"http://me:s%40d@{proxy.address}"
            self.check(self.through(proxy, "--proxy", url), TRUSTED)
            self.check(self.through(proxy, HTTPS_PROXY=url), TRUSTED)
        want = base64.b64encode(b"me:s@d").decode()
        for head in proxy.heads:
            self.assertIn(f"\r\nProxy-Authorization: Basic {want}\r\n", head)
        self.assertEqual(len(proxy.heads), 2)

    def test_no_proxy(self):
        local = ("--resolve", f"{self.HOST}:{self.serve.port}:127.0.0.1")
        with Proxy() as proxy:
            url = f"http://{proxy.address}"
            for value in (self.HOST, "example", ".example", "a,web.example"):
                got = self.through(proxy, *local, HTTPS_PROXY=url,
                                   NO_PROXY=value)
                self.check(got, TRUSTED)
            got = self.through(proxy, *local, "--proxy", "", HTTPS_PROXY=url)
            self.check(got, TRUSTED)
            self.assertEqual(proxy.heads, [])
            got = self.through(proxy, HTTPS_PROXY=url, NO_PROXY="web.exampl")
            self.check(got, TRUSTED)
            self.assertEqual(len(proxy.heads), 1)

    def test_trouble(self):
        for answer, needle in (
                (b"HTTP/1.1 403 No\r\n\r\n", "403"),
                (b"HTTP/1.1 407 Who\r\n\r\n", "credentials"),
                (b"garbage\r\n\r\n", "proxy"), (b"", "unanswered"),
                (b"HTTP/1.1 200 OK\r\n", "broke off"),
                (None, "within 1.0 s")):
            with self.subTest(answer), Proxy(answer) as proxy:
                got = self.through(proxy, "--connect-timeout", "1", "--proxy",
                                   f"http://u:secret@{proxy.address}")
                self.check_refused(got, UNREADABLE, needle)
                self.assertNotIn("secret", got.err)
                self.assertLess(got.seconds, BOUND_S)
        got = self.through(None, HTTPS_PROXY="socks5://127.0.0.1:1")
        self.check_refused(got, UNREADABLE, "proxy")
        got = self.through(None, "--proxy",
                           f"http://127.0.0.1:{closed_port()}")
        self.check_refused(got, UNREADABLE, "connect to proxy")


class Collateral(GetCase):
    def setUp(self):
        super().setUp()
        self.env = clean_environment()
        self.env["XDG_CACHE_HOME"] = str(SCRATCH / self.id())
        bundle = SCRATCH / "bundle.json"
        self.check(run("collateral", "fetch", self.sim.quote_file(), "-o",
                       bundle, "--pccs", self.sim.ready["pccs"]), TRUSTED)
        self.bundle = bundle
        self.parts = json.loads(bundle.read_text())
        self.cached = self.policy_file("cached.json", cache_collateral=True)

    def ask(self, pccs, *args, code=TRUSTED, policy=None):
        urls = ",".join(p if isinstance(p, str) else p.url for p in pccs)
        doc = self.document(code, "/", "--pccs", urls, *args, env=self.env,
                            policy=policy or self.cached)
        self.assertEqual(len(self.backend.seen), 1 if code == 0 else 0)
        self.backend.seen.clear()
        return doc["verdict"]["session"]["collateral_from"], doc

    def test_cache(self):
        dead = f"http://127.0.0.1:{closed_port()}"
        with FakePccs(self.parts) as pccs:
            self.assertEqual(self.ask([pccs])[0], "source")
            self.assertEqual(len(pccs.requests), 4)
            self.assertEqual(self.ask([pccs])[0], "cache")
            self.assertEqual(len(pccs.requests), 4)
            self.assertEqual(self.ask([pccs], "--no-cache")[0], "source")
            self.assertEqual(len(pccs.requests), 8)
            url = pccs.url
            uncached = self.policy_file("uncached.json",
                                        cache_collateral=False)
            self.assertEqual(self.ask([pccs], policy=uncached)[0], "source")
        self.assertEqual(self.ask([url])[0], "cache")  # nobody is there now
        self.ask([url], "--no-cache", code=UNREADABLE)
        where, doc = self.ask([dead], code=UNREADABLE)
        self.assertIsNone(where)
        self.assertEqual(doc["error"]["code"], "network")

    def test_cache_that_the_policy_finds_too_old(self):
        """What the policy would refuse is not taken from the cache."""
        day = 86400
        tolerant = self.policy_file("tolerant.json", cache_collateral=True,
                                    max_collateral_age_secs=20 * day,
                                    min_tcb_evaluation_data_number=18)
        strict = self.policy_file("strict.json", cache_collateral=True,
                                  max_collateral_age_secs=day // 2)
        newer = self.policy_file("newer.json", cache_collateral=True,
                                 min_tcb_evaluation_data_number=19)
        with FakePccs(self.parts) as pccs:
            self.ask([pccs])
            self.assertEqual(self.ask([pccs], policy=tolerant)[0], "cache")
            self.assertEqual(len(pccs.requests), 4)
            for policy, check in ((strict, "collateral_age"),
                                  (newer, "tcb_evaluation_data_number")):
                pccs.requests.clear()
                where, doc = self.ask([pccs], policy=policy, code=NOT_TRUSTED)
                self.assertEqual(where, "source")
                self.assertEqual(doc["verdict"]["error"]["code"], check)
                self.assertEqual(len(pccs.requests), 4)

    def test_tampered_cache(self):
        with FakePccs(self.parts) as pccs:
            self.ask([pccs])
            files = [f for f in pathlib.Path(
                self.env["XDG_CACHE_HOME"]).rglob("*") if f.is_file()]
            self.assertEqual(len(files), 1)
            good = files[0].read_bytes()
            for bad in (good.replace(b"UpToDate", b"OutOfDat", 1), b"", b"{}",
                        good[:len(good) // 2],
                        good.replace(b"2024-11-13", b"2024-11-14", 1)):
                files[0].write_bytes(bad)
                self.assertEqual(self.ask([pccs])[0], "source")
                self.assertEqual(files[0].read_bytes(), good)
            self.assertEqual(self.ask([pccs])[0], "cache")

    def test_two_sources(self):
        dead = f"http://127.0.0.1:{closed_port()}"
        with FakePccs(self.parts) as good, \
                FakePccs(self.parts, lambda _, a: fake_pccs.hang(a)) as slow:
            self.assertEqual(self.ask([dead, good], "--no-cache")[0], "source")
            self.assertEqual(self.ask([slow, good], "--no-cache", "--timeout",
                                      "6")[0], "source")
            started = time.monotonic()
            _, doc = self.ask([slow, slow], "--no-cache", *HASTY,
                              code=UNREADABLE)
            self.assertLess(time.monotonic() - started, BOUND_S)
            self.assertEqual(doc["error"]["code"], "timeout")

    def test_stale(self):
        """The policy may allow what has run out, where no source answers."""
        with FakePccs(self.parts) as pccs:
            self.ask([pccs])
            dead = pccs.url  # soon; the cache goes by the sources
        cache, = (f for f in pathlib.Path(
            self.env["XDG_CACHE_HOME"]).rglob("*") if f.is_file())
        self.sim.change("expire")
        self.check(run("collateral", "fetch", self.sim.quote_file(), "-o",
                       cache, "--pccs", self.sim.ready["pccs"]), TRUSTED)
        self.sim.change("reset")
        self.ask([dead], code=UNREADABLE)
        patient = self.policy_file("grace.json", cache_collateral=True,
                                   collateral_grace_secs=40 * 86400)
        where, doc = self.ask([dead], policy=patient)
        self.assertEqual(where, "stale cache")
        self.assertTrue(doc["verdict"]["trusted"])

    def test_source_with_tls(self):
        cert, key = SCRATCH / "pccs.pem", SCRATCH / "pccs.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=pccs",
             "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
             "-keyout", key, "-out", cert], check=True, capture_output=True)
        with FakePccs(self.parts, tls_files=(cert, key)) as pccs:
            self.ask([pccs], "--no-cache", code=UNREADABLE)
            self.ask([pccs], "--no-cache", "--pccs-ca", cert)
            self.ask([pccs], "--no-cache", policy=self.policy_file(
                "ca.json", ca_file=str(cert)))

    def test_given(self):
        self.assertEqual(self.document(
            TRUSTED, "/", "--collateral", self.bundle)["verdict"]["session"][
                "collateral_from"], "file")
        self.sim.change("tcb=OutOfDate")  # not in the bundle
        self.good("/", "--collateral", self.bundle)

    def test_forged(self):
        """What a source made up, it is the server that is not trusted."""
        parts = dict(self.parts)
        parts["tcb_info"] = parts["tcb_info"].replace("2024-11-13",
                                                      "2024-11-14")
        with FakePccs(parts) as pccs:
            _, doc = self.ask([pccs], code=NOT_TRUSTED)
            self.assertFalse(pathlib.Path(self.env["XDG_CACHE_HOME"]).exists()
                             and any(f.is_file() for f in pathlib.Path(
                                 self.env["XDG_CACHE_HOME"]).rglob("*")))
        self.assertEqual(doc["verdict"]["error"]["code"], "tcb_info")


class Untrusted(GetCase):
    def refuse(self, *controls, check):
        """Refused, and not a byte of the request was sent."""
        self.sim.change(*controls)
        doc = self.document(NOT_TRUSTED, "/", "-d", "secret")
        verdict = doc["verdict"]
        failed = [c["name"] for c in verdict["checks"]
                  if c["outcome"] == "failed"]
        self.assertFalse(verdict["trusted"])
        self.assertIn(check, failed)
        self.assertIsNone(doc["response"])
        self.assertEqual(self.backend.seen, [])
        self.assertEqual(verdict["session"]["tls_version"], "TLSv1.3")
        got = self.get("/")
        self.check_refused(got, NOT_TRUSTED)
        self.sim.change("reset")
        self.good("/")
        self.backend.seen.clear()
        return verdict["error"]["code"], doc["error"]["code"]

    def test_all(self):
        evil = write("evil-compose", '{"name":"evil"}')
        for control, check, first in (
                ("expire", "tcb_info_dates", "root_ca_crl_dates"),
                ("revoke", "pck_not_revoked", None),
                ("tcb=OutOfDate", "tcb_status", None),
                ("debug", "debug", None), ("os-image=evil", "mrtd", None),
                (f"compose={evil}", "app_compose", None),
                ("forge-log", "event_digests", None)):
            with self.subTest(control):
                self.assertEqual(self.refuse(control, check=check),
                                 (first or check, "not_trusted"))


if __name__ == "__main__":
    harness.need(SERVE, SIM, ASSAY)
    with Sim(now=None) as SIMULATOR, Backend() as BACKEND:
        test_serve.SIMULATOR = SIMULATOR
        with Serve(BACKEND) as SERVER:
            harness.main()
