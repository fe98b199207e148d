# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-sim: its routes, its guest socket, and verdicts about it."""
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import select
import signal
import socket
import stat
import struct
import subprocess
import sys
import unittest
import urllib.parse

from harness import (BIN, DAY, NOT_TRUSTED, NOW, SCRATCH, SEED, TRUSTED,
                     UNREADABLE, USAGE, Case, clean_environment, main, run,
                     write)

SIM = BIN / "assay-sim"
LIMIT_S = 30
FMSPC = "00a06f050000"
HEX_FORM = "application/x-pem-file"  # what a PCCS calls its hex


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=LIMIT_S)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(LIMIT_S)
        self.sock.connect(self.path)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    def chain(self, name):
        """The certificates of an issuer-chain header."""
        return urllib.parse.unquote(self.headers[name]).count("BEGIN CERT")


def ask(connection, method, target, body=None):
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    connection.request(method, target, body)
    answer = Answer(connection.getresponse())
    connection.close()
    return answer


class Sim:
    """with Sim(option...) as sim: ... The folder stays until the tests end."""

    count = 0

    def __init__(self, *options, seed=SEED, now=NOW, folder=None):
        Sim.count += 1
        self.folder = folder or SCRATCH / f"sim{Sim.count}"
        chosen = ["--seed", seed] if seed else []
        chosen += ["--now", str(now)] if now else []
        self.command = [str(SIM), "--dir", str(self.folder), *chosen, *options]

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=clean_environment())
        try:
            readable, _, _ = select.select([self.process.stdout], [], [],
                                           LIMIT_S)
            self.line = self.process.stdout.readline().decode()
            assert readable and self.line, self.process.stderr.read().decode()
            self.ready = json.loads((self.folder / "ready.json").read_text())
        except BaseException:
            self.process.kill()
            self.process.communicate()
            raise
        return self

    def __exit__(self, *unused):
        self.stop()

    def stop(self, number=signal.SIGTERM):
        """How it ended, and what it still said."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, (out + err).decode()

    @property
    def root(self):
        return self.folder / "root.pem"

    def pccs(self, target, method="GET"):
        host = self.ready["pccs"].removeprefix("http://")
        return ask(http.client.HTTPConnection(host, timeout=LIMIT_S), method,
                   target)

    def guest(self, call, body=None, method="POST"):
        return ask(UnixConnection(self.ready["guest"]), method, call,
                   body if method == "GET" else body or {})

    def control(self, *controls):
        args = [a for c in controls for a in ("--control", c)]
        return subprocess.run([str(SIM), "--dir", str(self.folder), *args],
                              capture_output=True, text=True, timeout=LIMIT_S)

    def change(self, *controls):
        p = self.control(*controls)
        assert p.returncode == 0, p.stderr
        return json.loads(p.stdout)

    def quote(self, data=b"\x42"):
        return self.guest("/GetQuote", {"report_data": data.hex()}).json

    def quote_file(self):
        return write("quote.bin", bytes.fromhex(self.quote()["quote"]))

    def verify(self, *args, at=NOW):
        """A verdict over a fresh quote, with collateral of this moment."""
        return run("verify", "--root", self.root, "--at", at, "--no-cache",
                   "--pccs", self.ready["pccs"], *args, self.quote_file())


    def verify_policy(self):
        """A verdict under the simulator's own policy, over all evidence."""
        q = self.quote()
        tcb_info = json.loads(self.guest("/Info").json["tcb_info"])
        return run("verify", "--at", NOW,
                   "--policy", self.folder / "policy.json",
                   "--event-log", write("event-log", q["event_log"]),
                   "--vm-config", write("vm-config", q["vm_config"]),
                   "--app-compose", write("compose", tcb_info["app_compose"]),
                   write("quote.bin", bytes.fromhex(q["quote"])))


def replay(log, imr):
    """RTMR by the digests of the log; runtime events' are computed."""
    register = bytes(48)
    for e in log:
        if e["imr"] != imr:
            continue
        digest = bytes.fromhex(e["digest"])
        if imr == 3:
            digest = event_digest(e)
        register = hashlib.sha384(register + digest).digest()
    return register.hex()


def event_digest(e):
    payload = e["event_payload"]
    if e.get("version") == 2:
        text = json.dumps({"name": e["event"], "payload": payload,
                           "type": e["event_type"]}, separators=(",", ":"),
                          ensure_ascii=False)
        assert bytes.fromhex(e["preimage"]) == text.encode()
        return hashlib.sha384(text.encode()).digest()
    return hashlib.sha384(
        struct.pack("<I", e["event_type"]) + b":" + e["event"].encode() + b":"
        + bytes.fromhex(payload)).digest()


def rtmr(quote, i, version=4):
    at = (48 if version == 4 else 54) + 328 + 48 * i
    return quote[2 * at:2 * at + 96]


class Pccs(Case):
    @classmethod
    def setUpClass(cls):
        cls.sim = Sim().__enter__()
        cls.addClassCleanup(cls.sim.stop)

    def get(self, target, status=200):
        answer = self.sim.pccs(target)
        self.assertEqual(answer.status, status, target)
        return answer

    def test_tcb_info(self):
        for tee in ("tdx", "sgx"):
            base = f"/{tee}/certification/v4/tcb"
            for more in ("", "&update=early", "&update=standard",
                         "&tcbEvaluationDataNumber=18"):
                a = self.get(f"{base}?fmspc={FMSPC}{more}")
                self.assertEqual(a.json["tcbInfo"]["id"], tee.upper())
                self.assertEqual(a.json["tcbInfo"]["fmspc"].lower(), FMSPC)
                self.assertEqual(a.chain("TCB-Info-Issuer-Chain"), 2)
                self.assertEqual(a.headers["Content-Type"],
                                 "application/json")
            self.get(f"{base}?fmspc={FMSPC.upper()}")
            self.get(base, 400)
            self.get(f"{base}?fmspc=12", 400)
            self.get(f"{base}?fmspc=00000000000g", 400)
            self.get(f"{base}?fmspc=000000000000", 404)
            good = f"{base}?fmspc={FMSPC}"
            self.get(good + "&update=soon", 400)
            self.get(good + "&tcbEvaluationDataNumber=x", 400)
            self.get(good + "&tcbEvaluationDataNumber=17", 410)
            self.get(good + "&tcbEvaluationDataNumber=19", 404)
            self.get(good + "&update=early&tcbEvaluationDataNumber=18", 400)

    def test_qe_identity(self):
        for tee, name in (("tdx", "TD_QE"), ("sgx", "QE")):
            base = f"/{tee}/certification/v4/qe/identity"
            for more in ("", "?update=early", "?tcbEvaluationDataNumber=18"):
                a = self.get(base + more)
                self.assertEqual(a.json["enclaveIdentity"]["id"], name)
                self.assertEqual(
                    a.chain("SGX-Enclave-Identity-Issuer-Chain"), 2)
            self.get(base + "?update=never", 400)
            self.get(base + "?tcbEvaluationDataNumber=3", 410)

    def test_crls(self):
        base = "/sgx/certification/v4/pckcrl"
        seen = set()
        for ca in ("platform", "processor"):
            der = self.get(f"{base}?ca={ca}&encoding=der")
            self.assertEqual(der.body[:1], b"\x30")
            self.assertEqual(der.headers["Content-Type"],
                             "application/pkix-crl")
            self.assertEqual(der.chain("SGX-PCK-CRL-Issuer-Chain"), 2)
            plain = self.get(f"{base}?ca={ca}")
            self.assertEqual(plain.body.decode(), der.body.hex())
            self.assertEqual(plain.headers["Content-Type"], HEX_FORM)
            pem = self.get(f"{base}?ca={ca}&encoding=pem")
            self.assertTrue(pem.body.startswith(b"-----BEGIN X509 CRL-----"))
            seen.add(der.body)
        self.assertEqual(len(seen), 2)
        self.get(base, 400)
        self.get(base + "?ca=other", 400)
        self.get(base + "?ca=platform&encoding=xml", 400)
        root = self.get("/sgx/certification/v4/rootcacrl")
        self.assertEqual(root.headers["Content-Type"], "application/pkix-crl")
        point = urllib.parse.quote("https://certificates.trustedservices."
                                   "intel.com/IntelSGXRootCA.der", safe="")
        by_uri = self.get(f"/sgx/certification/v4/crl?uri={point}")
        self.assertEqual(root.body.decode(), by_uri.body.hex())
        self.get("/sgx/certification/v4/crl", 400)
        self.get("/sgx/certification/v4/crl?uri=http%3A%2F%2Fx", 404)

    def test_pck_certificate(self):
        base = "/sgx/certification/v4/pckcert"
        tcb = f"cpusvn={'00' * 16}&pcesvn=0d00&pceid=0000"
        for who in (f"qeid={'9e' * 16}", f"encrypted_ppid={'00' * 384}"):
            a = self.get(f"{base}?{who}&{tcb}")
            self.assertTrue(a.body.startswith(b"-----BEGIN CERTIFICATE-----"))
            self.assertEqual(a.chain("SGX-PCK-Certificate-Issuer-Chain"), 2)
            self.assertEqual(a.headers["SGX-FMSPC"].lower(), FMSPC)
            self.assertRegex(a.headers["SGX-TCBm"], "^[0-9a-f]{32}0d00$")
            self.assertEqual(a.headers["SGX-PCK-Certificate-CA-Type"],
                             "platform")
        self.get(f"{base}?{tcb}", 400)
        self.get(f"{base}?qeid={'9e' * 16}", 400)
        self.get(f"{base}?qeid={'00' * 16}&{tcb}", 461)

    def test_nothing_else(self):
        for target in ("/", "/GetQuote", "/Info", "/tcb", "/state",
                       "/sgx/certification/v4/fmspcs",
                       "/sgx/certification/v4/tcb/", "/dstack.sock"):
            a = self.get(target, 404)
            self.assertIn("error", a.json)
        self.assertEqual(self.sim.pccs(
            "/sgx/certification/v4/rootcacrl", "POST").status, 404)

    def test_every_answer_has_a_request_id(self):
        a, b = (self.get("/sgx/certification/v4/rootcacrl") for _ in "ab")
        self.assertNotEqual(a.headers["Request-ID"], b.headers["Request-ID"])


class Guest(Case):
    @classmethod
    def setUpClass(cls):
        cls.sim = Sim().__enter__()
        cls.addClassCleanup(cls.sim.stop)

    def test_sockets_are_private(self):
        for name in ("guest", "control"):
            mode = os.stat(self.sim.ready[name]).st_mode
            self.assertTrue(stat.S_ISSOCK(mode))
            self.assertEqual(stat.S_IMODE(mode), 0o600)

    def test_get_quote(self):
        for data in (b"", b"\x01", b"\x02" * 64):
            want = data.ljust(64, b"\0").hex()
            posted = self.sim.guest("/GetQuote", {"report_data": data.hex()})
            got = self.sim.guest("/GetQuote?report_data=" + data.hex(),
                                 method="GET")
            self.assertEqual(posted.status, 200)
            self.assertEqual(posted.json, got.json)
            self.assertEqual(posted.json["report_data"], want)
            self.assertEqual(posted.json["quote"][2 * 568:2 * 632], want)
            self.assertIn("cpu_count", json.loads(posted.json["vm_config"]))
        for bad in ("0", "zz", "00" * 65, 5):
            a = self.sim.guest("/GetQuote", {"report_data": bad})
            self.assertEqual(a.status, 400, bad)
            self.assertIn("message", a.json["error"])
        for bad in ("0", "zz", "00" * 65):
            a = self.sim.guest("/GetQuote?report_data=" + bad, method="GET")
            self.assertEqual(a.status, 400, bad)

    def test_log_replays(self):
        before = self.sim.quote()
        answer = self.sim.guest("/EmitEvent", {
            "event": "New TLS Certificate", "payload": "ab" * 64})
        self.assertEqual(answer.status, 200)
        after = self.sim.quote()
        self.assertNotEqual(rtmr(before["quote"], 3), rtmr(after["quote"], 3))
        for q in (before, after):
            log = json.loads(q["event_log"])
            for i in range(4):
                self.assertEqual(replay(log, i), rtmr(q["quote"], i))
        self.assertEqual(log[-1]["event"], "New TLS Certificate")
        for bad in ({}, {"event": ""}, {"event": "x", "payload": "0"},
                    {"event": "x" * 129}, {"event": 7},
                    {"event": "x", "payload": "00" * 5000}):
            self.assertEqual(self.sim.guest("/EmitEvent", bad).status, 400)
        self.assertEqual(self.sim.quote(), after)

    def test_info(self):
        info = self.sim.guest("/Info").json
        tcb = json.loads(info["tcb_info"])
        self.assertEqual(self.sim.guest("/Info", method="GET").status, 200)
        compose = hashlib.sha256(tcb["app_compose"].encode()).hexdigest()
        self.assertEqual(info["compose_hash"], compose)
        self.assertEqual(info["app_id"], compose[:40])
        self.assertEqual(info["app_name"], "assay-sim")
        for name in ("compose_hash", "app_id", "os_image_hash"):
            self.assertEqual(info[name], self.sim.ready[name])
        for name in ("mrtd", "rtmr0", "rtmr1", "rtmr2"):
            self.assertEqual(tcb[name], self.sim.ready["measurements"][name])
        events = {e["event"]: e["event_payload"] for e in tcb["event_log"]}
        self.assertEqual(events["compose-hash"], compose)
        self.assertEqual(bytes.fromhex(events["key-provider"]).decode(),
                         info["key_provider_info"])
        registers = [tcb["mrtd"], *(tcb[f"rtmr{i}"] for i in range(4))]
        config = "01" + compose + "00" * 15 + "00" * 96
        self.assertEqual(info["mr_aggregated"], hashlib.sha256(
            bytes.fromhex("".join(registers) + config)).hexdigest())

    def test_get_key(self):
        def key(**kwargs):
            return self.sim.guest("/GetKey", kwargs).json["key"]

        first = key(path="a", purpose="x")
        self.assertRegex(first, "^[0-9a-f]{64}$")
        self.assertEqual(first, key(path="a", purpose="y"))
        self.assertEqual(len({first, key(path="b"), key(),
                              key(path="a", algorithm="ed25519")}), 4)
        chain = self.sim.guest("/GetKey", {}).json["signature_chain"]
        self.assertEqual(len(chain), 2)
        self.assertEqual(self.sim.guest("/GetKey",
                                        {"algorithm": "rot13"}).status, 400)

    def test_get_tls_key(self):
        asked = {"subject": "localhost", "usage_server_auth": True,
                 "alt_names": ["localhost", "*.example.org", "127.0.0.1",
                               "::1"]}
        a, b = (self.sim.guest("/GetTlsKey", asked).json for _ in "ab")
        self.assertNotEqual(a["key"], b["key"])
        self.assertEqual(a["certificate_chain"][1],
                         b["certificate_chain"][1])
        self.assertTrue(a["key"].startswith("-----BEGIN PRIVATE KEY-----"))
        for bad in ({"alt_names": "x"}, {"alt_names": ["a b"]},
                    {"alt_names": [""]}, {"alt_names": [1]},
                    {"alt_names": ["x"] * 17}, {"subject": "x" * 254},
                    {"alt_names": ["x" * 254]}, {"usage_server_auth": 1}):
            self.assertEqual(self.sim.guest("/GetTlsKey", bad).status, 400,
                             bad)
        self.assertEqual(self.sim.guest(
            "/GetTlsKey", {"usage_ra_tls": True}).status, 501)
        leaf = write("leaf.pem", a["certificate_chain"][0])
        ca = write("ca.pem", a["certificate_chain"][1])
        key = write("key.pem", a["key"])
        base = ["openssl", "verify", "-x509_strict", "-attime", str(NOW),
                "-CAfile", ca, "-purpose", "sslserver"]
        for name in (["-verify_hostname", "localhost"],
                     ["-verify_hostname", "a.example.org"],
                     ["-verify_ip", "127.0.0.1"], ["-verify_ip", "::1"]):
            subprocess.run([*base, *name, leaf], check=True,
                           capture_output=True)
        public = [subprocess.run(args, check=True, capture_output=True).stdout
                  for args in (["openssl", "pkey", "-in", key, "-pubout"],
                               ["openssl", "x509", "-in", leaf, "-pubkey",
                                "-noout"])]
        self.assertEqual(*public)

    def test_refusals(self):
        for method, call, body, status in (
                ("POST", "/Nothing", b"{}", 404), ("POST", "/", b"{}", 404),
                ("PUT", "/Info", b"{}", 405), ("GET", "/GetKey", None, 405),
                ("GET", "/EmitEvent", None, 405),
                ("POST", "/Info", b"[]", 400), ("POST", "/Info", b"{", 400),
                ("POST", "/Info", b'{"a":1,"a":1}', 400)):
            a = self.sim.guest(call, body, method)
            self.assertEqual(a.status, status, (method, call, body))
            self.assertIn("error", a.json)
        version = self.sim.guest("/Version").json
        self.assertIn("assay-sim", version["rev"])


class Forms(Case):
    """What the command line chooses."""

    def events(self, sim):
        return [e for e in json.loads(sim.quote()["event_log"])
                if e["imr"] == 3]

    def check_registers(self, sim, version=4):
        q = sim.quote()
        log = json.loads(q["event_log"])
        for i in range(4):
            self.assertEqual(replay(log, i), rtmr(q["quote"], i, version))
        self.check(sim.verify(), TRUSTED)

    def test_stripped_log(self):
        for more in ((), ("--event-log-version", "2")):
            with Sim("--stripped-log", *more) as sim:
                log = json.loads(sim.quote()["event_log"])
                self.assertEqual({e["digest"] for e in log if e["imr"] == 3},
                                 {""})
                self.assertEqual({e["event_payload"] for e in log
                                  if e["imr"] < 3},
                                 {"", b"ACPI DATA".hex()})
                q = sim.quote()
                for i in range(4):
                    self.assertEqual(replay(log, i), rtmr(q["quote"], i))

    def test_versions(self):
        with Sim("--event-log-version", "2") as sim:
            self.assertEqual({e["version"] for e in self.events(sim)}, {2})
            self.check_registers(sim)
        with Sim("--quote-version", "5") as sim:
            self.assertEqual(sim.quote()["quote"][:4], "0500")
            self.check_registers(sim, 5)

    def test_app_compose(self):
        text = '{ "name": "mine",\n "event_log_version": 2,' \
            ' "no_instance_id": true }\n'
        with Sim("--app-compose", str(write("compose", text))) as sim:
            info = sim.guest("/Info").json
            self.assertEqual(json.loads(info["tcb_info"])["app_compose"], text)
            self.assertEqual(info["app_name"], "mine")
            self.assertEqual(info["instance_id"], "")
            self.assertEqual(self.events(sim)[0]["version"], 2)
            self.check_registers(sim)

    def test_config_id(self):
        with Sim("--mr-config-id", "0") as sim:
            self.assertEqual(sim.quote()["quote"][464:560], "00" * 48)
        for kind in (1, 2, 3):
            with Sim("--mr-config-id", str(kind)) as sim:
                q = sim.quote()
                config = q["quote"][464:560]
                self.assertEqual(config[:2], f"0{kind}")
                self.assertEqual(config[66:], "00" * 15)
                if kind == 1:
                    self.assertEqual(config[2:66], sim.ready["compose_hash"])
                if kind == 3:
                    document = json.loads(q["vm_config"])["mr_config"]
                    self.assertEqual(config[2:66], hashlib.sha256(
                        b"dstack-mr-config-v3:\0" + document.encode()
                    ).hexdigest())
                    self.assertEqual(json.loads(document)["compose_hash"],
                                     sim.ready["compose_hash"])

    def test_os_image_and_key_provider(self):
        with Sim("--os-image-hash", "ab" * 32) as sim:
            events = {e["event"]: e["event_payload"] for e in self.events(sim)}
            self.assertEqual(events["os-image-hash"], "ab" * 32)
            self.assertEqual(sim.ready["os_image_hash"], "ab" * 32)
        for options, known in ((("--os-image-hash", "none"), False),
                               (("--key-provider", "local-sgx"), True),
                               (("--key-provider", "none"), True),
                               (("--key-provider", "tpm"), True)):
            with Sim(*options) as sim:
                names = [e["event"] for e in self.events(sim)]
                self.assertNotIn("os-image-hash", names)
                self.assertEqual(sim.ready["os_image_hash"] is not None, known)
                policy = json.loads((sim.folder / "policy.json").read_text())
                self.assertTrue(policy["partial"])
                self.assertNotIn("os_image_hash", policy)

    def test_status_and_delay(self):
        with Sim("--tcb-status", "SWHardeningNeeded",
                 "--signing-delay", "5") as sim:
            self.check(sim.verify(), NOT_TRUSTED)
            self.check(sim.verify("--accept", "SWHardeningNeeded"), TRUSTED)

    def test_the_end_waits_for_no_quote(self):
        """Nor for those that are asked for behind it."""
        with Sim("--signing-delay", "60000") as sim, \
                contextlib.ExitStack() as stack:
            for _ in range(3):
                asking = stack.enter_context(contextlib.closing(
                    UnixConnection(sim.ready["guest"])))
                asking.request("GET", "/GetQuote?report_data=00")
            with self.assertRaises(TimeoutError):  # it is at the first one
                while True:
                    ask(http.client.HTTPConnection(
                        sim.ready["pccs"].removeprefix("http://"), timeout=0.3),
                        "GET", "/")
            self.assertEqual(sim.stop()[0], 0)

    def test_the_clock_of_the_system(self):
        with Sim(now=None, seed=None) as sim:
            quote = sim.quote_file()
            self.check(run("verify", "--root", sim.root, "--no-cache",
                           "--pccs", sim.ready["pccs"], quote), TRUSTED)


class Verdicts(Case):
    @classmethod
    def setUpClass(cls):
        cls.sim = Sim().__enter__()
        cls.addClassCleanup(cls.sim.stop)

    def setUp(self):
        self.sim.change("reset")

    def check_untrusted(self, *controls, needle):
        state = self.sim.change(*controls)
        self.check_one_line(self.sim.verify(), NOT_TRUSTED, "not trusted",
                            needle)
        self.sim.change("reset")
        self.check(self.sim.verify(), TRUSTED)
        return state

    def test_collateral_fetch_and_verify(self):
        quote = self.sim.quote_file()
        bundle = SCRATCH / "sim-bundle.json"
        self.check(run("collateral", "fetch", quote, "-o", bundle, "--pccs",
                       self.sim.ready["pccs"]), TRUSTED)
        self.check(run("verify", "--root", self.sim.root, "--at", NOW,
                       "--collateral", bundle, quote), TRUSTED)
        got = run("verify", "--at", NOW, "--collateral", bundle, quote)
        self.check_one_line(got, NOT_TRUSTED, "root")  # Intel's is not ours

    def test_tcb(self):
        state = self.check_untrusted("tcb=OutOfDate", needle="OutOfDate")
        self.assertEqual(state["tcb"], {"status": "OutOfDate",
                                        "module": "UpToDate",
                                        "qe": "UpToDate"})
        self.check_untrusted("module=OutOfDate", needle="OutOfDate")
        self.check_untrusted("qe=Revoked", needle="")
        self.check_untrusted("tcb=ConfigurationNeeded", "qe=OutOfDate",
                             needle="OutOfDateConfigurationNeeded")

    def test_revoked(self):
        self.check_untrusted("revoke", needle="revoked")
        self.sim.change("revoke=on", "revoke=off")
        self.check(self.sim.verify(), TRUSTED)

    def test_expired(self):
        self.check_untrusted("expire", needle="")

    def test_debug(self):
        self.check_untrusted("debug", needle="debug")

    def test_other_image(self):
        before = self.sim.ready["measurements"]
        policy = write("image-policy", json.dumps({
            "type": "tdx", "mrtd": before["mrtd"], "rtmr0": before["rtmr0"],
            "rtmr1": before["rtmr1"], "rtmr2": before["rtmr2"],
            "rtmr3": before["rtmr3"]}))
        self.check(self.sim.verify("--policy", policy), TRUSTED)
        state = self.sim.change("os-image=evil")
        self.assertEqual(state["image"], "evil")
        for name, value in before.items():
            self.assertNotEqual(state["measurements"][name], value)
        self.check(self.sim.verify("--policy", policy), NOT_TRUSTED)
        self.sim.change("reset")
        self.check(self.sim.verify("--policy", policy), TRUSTED)

    def test_other_compose(self):
        before = self.sim.ready
        compose = write("evil-compose", '{"name":"evil"}')
        state = self.sim.change(f"compose={compose}")
        self.assertNotEqual(state["compose_hash"], before["compose_hash"])
        self.assertEqual(state["measurements"]["mrtd"],
                         before["measurements"]["mrtd"])
        self.assertEqual(state["compose_hash"], hashlib.sha256(
            compose.read_bytes()).hexdigest())
        self.assertEqual(self.sim.guest("/Info").json["app_name"], "evil")

    def test_reboot_forgets_events(self):
        before = self.sim.quote()
        self.sim.guest("/EmitEvent", {"event": "x", "payload": ""})
        self.assertNotEqual(self.sim.quote(), before)
        self.sim.change("reboot")
        self.assertEqual(self.sim.quote(), before)

    def test_forged_log(self):
        self.sim.change("forge-log")
        q = self.sim.quote()
        log = json.loads(q["event_log"])
        told = {e["event"]: e["event_payload"] for e in log}["compose-hash"]
        self.assertNotEqual(told, self.sim.ready["compose_hash"])
        self.assertNotEqual(replay(log, 3), rtmr(q["quote"], 3))
        self.check(self.sim.verify(), TRUSTED)  # the quote itself is genuine

    def test_clock(self):
        later = NOW + 400 * DAY
        self.sim.change(f"clock={later}")
        self.check(self.sim.verify(at=later), TRUSTED)
        self.check(self.sim.verify(at=NOW), NOT_TRUSTED)
        self.sim.change("clock=2026-01-01T00:00:00Z")
        self.check(self.sim.verify(at=NOW), TRUSTED)

    def test_refused_controls(self):
        before = self.sim.change("state")
        for text in ("nonsense", "tcb", "tcb=", "revoke=maybe", "reset=1"):
            p = self.sim.control(text)
            self.assertEqual((p.returncode, p.stdout), (USAGE, ""), text)
        for text in ("tcb=TDRelaunchAdvised", "tcb=fine",
                     "qe=SWHardeningNeeded", "clock=noon",
                     "os-image=" + "x" * 65,
                     f"compose={write('no-json', '{')}",
                     f"compose={SCRATCH}/none"):
            p = self.sim.control(text)
            self.assertEqual((p.returncode, p.stdout), (UNREADABLE, ""), text)
            self.assertEqual(p.stderr.count("\n"), 1)
        after = self.sim.change("state")
        del before["now"], after["now"]
        self.assertEqual(before, after)

    def test_control_is_strict(self):
        def post(target, body, method="POST"):
            return ask(UnixConnection(self.sim.ready["control"]), method,
                       target, body).status

        self.assertEqual(post("/tcb", {"status": "OutOfDate"}), 200)
        self.assertEqual(post("/tcb", {"satus": "OutOfDate"}), 400)
        self.assertEqual(post("/debug", {"on": "yes"}), 400)
        self.assertEqual(post("/debug", b"no"), 400)
        self.assertEqual(post("/clock", {}), 400)
        self.assertEqual(post("/clock", {"now": 1.5}), 400)
        self.assertEqual(post("/os-image", {"image": "a",
                                            "os_image_hash": "0"}), 400)
        self.assertEqual(post("/os-image", {"image": "a",
                                            "os_image_hash": "zz" * 32}), 400)
        self.assertEqual(post("/state", None, "GET"), 200)
        self.assertEqual(post("/tcb", None, "GET"), 404)
        self.assertEqual(post("/GetQuote", {}), 404)


class Life(Case):
    FILES = ("ready.json", "policy.json", "root.pem")

    def contents(self, sim):
        return {name: (sim.folder / name).read_bytes() for name in self.FILES}

    def test_same_seed_same_everything(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            at = f"127.0.0.1:{s.getsockname()[1]}"
        folder = SCRATCH / "same"
        seen = []
        for _ in "ab":
            with Sim("--pccs", at, folder=folder) as sim:
                seen.append((
                    sim.line, self.contents(sim), sim.quote(),
                    sim.guest("/Info").json,
                    sim.guest("/GetKey", {"path": "p"}).json,
                    sim.guest("/GetTlsKey", {"subject": "s",
                                             "not_before": NOW,
                                             "not_after": NOW + DAY}).json,
                    [sim.pccs(t).body for t in (
                        f"/tdx/certification/v4/tcb?fmspc={FMSPC}",
                        f"/sgx/certification/v4/tcb?fmspc={FMSPC}",
                        "/tdx/certification/v4/qe/identity",
                        "/sgx/certification/v4/qe/identity",
                        "/sgx/certification/v4/pckcrl?ca=platform",
                        "/sgx/certification/v4/pckcrl?ca=processor",
                        "/sgx/certification/v4/rootcacrl")]))
        self.assertEqual(*seen)
        with Sim("--pccs", at, folder=folder, seed="77" * 32) as sim:
            self.assertNotEqual(self.contents(sim), seen[0][1])

    def test_without_seed_random(self):
        with Sim(seed=None) as a, Sim(seed=None) as b:
            self.assertNotEqual(a.root.read_text(), b.root.read_text())

    def test_policy(self):
        with Sim() as sim:
            policy = json.loads((sim.folder / "policy.json").read_text())
            m = sim.ready["measurements"]
            self.assertEqual(policy["type"], "dstack_tdx")
            self.assertEqual(policy["expected_bootchain"], {
                k: m[k] for k in ("mrtd", "rtmr0", "rtmr1", "rtmr2")})
            self.assertEqual(policy["compose_hash"],
                             sim.ready["compose_hash"])
            self.assertEqual(policy["os_image_hash"],
                             sim.ready["os_image_hash"])
            self.assertEqual(policy["pccs_url"], sim.ready["pccs"])
            self.assertEqual(policy["trusted_root"], sim.root.read_text())

    def test_policy_is_met(self):
        for options in ((), ("--stripped-log",), ("--mr-config-id", "2"),
                        ("--mr-config-id", "3", "--event-log-version", "2"),
                        ("--key-provider", "tpm"),
                        ("--quote-version", "5", "--stripped-log",
                         "--event-log-version", "2")):
            with Sim(*options) as sim:
                self.check(sim.verify_policy(), TRUSTED)
                evil = write("evil-compose", '{"name":"evil"}')
                for control in ("tcb=OutOfDate", "forge-log", "debug",
                                "os-image=evil", f"compose={evil}"):
                    sim.change(control)
                    self.check(sim.verify_policy(), NOT_TRUSTED)
                    sim.change("reset")
                self.check(sim.verify_policy(), TRUSTED)

    def test_signals_leave_nothing(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Sim() as sim:
                held = UnixConnection(sim.ready["guest"])
                held.connect()  # an open connection does not keep it
                code, said = sim.stop(number)
                held.close()
            self.assertEqual((code, said), (0, ""))
            self.assertEqual(sorted(os.listdir(sim.folder)),
                             ["policy.json", "root.pem"])

    def test_one_per_folder(self):
        with Sim() as sim:
            p = subprocess.run(sim.command, capture_output=True, text=True,
                               timeout=LIMIT_S)
            self.assertEqual(p.returncode, UNREADABLE)
            self.assertEqual(p.stderr.count("\n"), 1)
            self.assertTrue((sim.folder / "ready.json").exists())
            self.assertEqual(sim.guest("/Version").status, 200)

    def test_after_a_crash(self):
        with Sim() as sim:
            sim.stop(signal.SIGKILL)
            self.assertTrue(pathlib.Path(sim.ready["guest"]).exists())
            with Sim(folder=sim.folder) as again:
                self.assertEqual(again.guest("/Version").status, 200)

    def test_nobody_to_control(self):
        p = subprocess.run([str(SIM), "--dir", str(SCRATCH), "--control",
                            "state"], capture_output=True, text=True,
                           timeout=LIMIT_S)
        self.assertEqual((p.returncode, p.stdout), (UNREADABLE, ""))

    def test_bad_command_lines(self):
        d = ("--dir", str(SCRATCH / "never"))
        for args in ((), ("--dir",), ("--dir", ""), (*d, "more"),
                     (*d, "--seed", "12"), (*d, "--now", "soon"),
                     (*d, "--tcb-status", "Fine"),
                     (*d, "--quote-version", "3"),
                     (*d, "--event-log-version", "3"),
                     (*d, "--mr-config-id", "4"),
                     (*d, "--os-image-hash", "12"),
                     (*d, "--key-provider", "me"),
                     (*d, "--signing-delay", "-1"),
                     (*d, "--signing-delay", "60001"),
                     (*d, "--what"), *[(*d, *["--control", "state"] * 17)]):
            p = subprocess.run([str(SIM), *args], capture_output=True,
                               text=True, timeout=LIMIT_S)
            self.assertEqual((p.returncode, p.stdout), (USAGE, ""), args)
            self.assertEqual(p.stderr.count("\n"), 1, args)
        for args in ((*d, "--app-compose", str(SCRATCH / "none")),
                     (*d, "--app-compose", str(write("empty", ""))),
                     (*d, "--app-compose", str(write("list", "[]"))),
                     (*d, "--pccs", "nowhere"),
                     ("--dir", str(SCRATCH / "a" / "b")),
                     ("--dir", str(SCRATCH / ("x" * 120)))):
            p = subprocess.run([str(SIM), *args], capture_output=True,
                               text=True, timeout=LIMIT_S)
            self.assertEqual((p.returncode, p.stdout), (UNREADABLE, ""), args)
            self.assertEqual(p.stderr.count("\n"), 1, args)

    def test_help(self):
        for option, start in (("--help", "usage: assay-sim"),
                              ("--version", "assay-sim ")):
            p = subprocess.run([str(SIM), option], capture_output=True,
                               text=True, timeout=LIMIT_S)
            self.assertEqual((p.returncode, p.stderr), (0, ""))
            self.assertTrue(p.stdout.startswith(start))


if __name__ == "__main__":
    if not SIM.exists():
        print(f"SKIPPED everything: {SIM} is not there")
        sys.exit(77)
    main()
