# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The collateral relay of assay-bridge: verdicts by way of it, what it keeps,
what it asks and refuses, and sources and clients that misbehave."""
import concurrent.futures
import contextlib
import json
import signal
import socket
import subprocess
import threading

import bridge_peer
import fake_pccs
import harness
import test_serve
from backend import Backend
from bridge_peer import (BRIDGE, LIMIT_S, MIB, SLOW_BUILD, Bridge, Echo,
                         Octets, Refused, read_answer, sandbox_is_there,
                         trusting, wait_until)
from fake_pccs import FakePccs, only
from harness import (ASSAY, MINT, NOT_TRUSTED, NOW, SCRATCH, TRUSTED, Case,
                     World, run, write)
from test_bridge_operate import certificate
from test_pccs import PATIENT, closed_port, make_certificate
from test_serve import SERVE, Serve
from test_sim import SIM, Sim

TCB = "/tdx/certification/v4/tcb?fmspc=00a06f050000"
QE = "/tdx/certification/v4/qe/identity"
CRL = "/sgx/certification/v4/pckcrl?ca=platform&encoding=der"
ROOT_CRL = "/sgx/certification/v4/rootcacrl"
PAGE = ("Origin", "https://app.example")
OTHER_PAGE = ("Origin", "https://other.example")
LARGE_CRL = b"\x30" + bytes(range(256)) * (8 * MIB // 256 - 1) + bytes(255)
CONNECTIONS = "assay_bridge_connections_open"


def question(path, *fields, method="GET"):
    lines = [f"{method} {path} HTTP/1.1", "Host: bridge.example",
             *(f"{n}: {v}" for n, v in fields)]
    return "\r\n".join([*lines, "", ""]).encode()


class Relay(Bridge):
    """with Relay([source...], option...) as relay: ... Sources are FakePccs
    objects or URLs."""

    def __init__(self, sources, *options, allow=("tee.example:443",)):
        super().__init__(allow, "--relay", listed(sources), *options)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def get(self, path, *fields, method="GET", sock=None):
        return self.ask(question(path, *fields, method=method), sock)

    def begin(self, path, receive_buffer=None):
        """A client who has asked, and has read nothing."""
        s = self.connect(receive_buffer)
        s.sendall(question(path))
        return s

    def answers(self):
        """{how: so many}, of those that were given."""
        name = 'assay_bridge_relay_answers_total{source="'
        return {k.removeprefix(name)[:-2]: int(v)
                for k, v in self.metrics().items()
                if k.startswith(name) and v > 0}

    def fetches(self):
        m = self.metrics()
        return (int(m["assay_bridge_relay_fetches_total"]),
                int(m["assay_bridge_relay_fetch_failures_total"]))

    def clients(self, count):
        """Waits until it has so many."""
        wait_until(lambda: self.metrics()[CONNECTIONS] == count,
                   f"{count} clients")


class Configured(Relay):
    """Its relay is in a file."""

    def __init__(self, sources, *options):
        super().__init__(sources, *options)
        i = self.command.index("--relay")
        del self.command[i:i + 2]
        self.config = self.folder / "bridge.toml"
        self.write(listed(sources))
        self.command += ["--config", str(self.config)]

    def write(self, relay):
        self.config.write_text(f'relay = "{relay}"\n')

    def reload(self, relay):
        before = self.log.count("info: reloaded")
        self.write(relay)
        self.process.send_signal(signal.SIGHUP)
        self.log_line("info: reloaded", before + 1)


def listed(sources):
    return ",".join(s if isinstance(s, str) else s.url for s in sources)


class Held:
    """A trouble: answers wait until it is released."""

    def __init__(self):
        self.released = threading.Event()

    def __call__(self, name, answer):
        assert self.released.wait(LIMIT_S)


def large_crl(name, answer):
    if name == "pck_crl":
        answer.body = LARGE_CRL


class RelayCase(Case):
    def denied(self, answer, status, code):
        self.assertEqual((answer.status, answer.code), (status, code), answer)
        return answer

    def good(self, answer, part):
        """It is that part of the world's collateral."""
        self.assertEqual(answer.status, 200, answer)
        want = (bytes.fromhex(TDX.parts[part]).hex()
                if part.endswith("crl") else TDX.parts[part])
        self.assertEqual(answer.body.decode(), want)
        return answer


class Verdicts(RelayCase):
    """The same by way of the bridge as from the source itself."""

    def both(self, sim, b, *args, code):
        results = [self.check(run(*args, "--pccs", source), code)
                   for source in (sim.ready["pccs"], b.url)]
        self.assertEqual(results[0].json, results[1].json)
        self.assertEqual(results[0].err, results[1].err)

    def test_verify(self):
        with Sim() as sim:
            for control, code in (
                    (None, TRUSTED), ("tcb=OutOfDate", NOT_TRUSTED),
                    ("qe=Revoked", NOT_TRUSTED), ("revoke", NOT_TRUSTED),
                    ("expire", NOT_TRUSTED)):
                with self.subTest(control):
                    sim.change("reset", *([control] if control else ()))
                    with Relay([sim.ready["pccs"]]) as b:
                        self.both(sim, b, "verify", "--json", "--root",
                                  sim.root, "--at", NOW, "--no-cache",
                                  sim.quote_file(), code=code)
                        self.assertEqual(b.answers(), {"fetched": 4})

    def test_forged_collateral(self):
        other = World("relay-stranger", "--seed", "77" * 32)
        with FakePccs(other.parts) as p, Relay([p]) as b:
            self.check(TDX.verify("--pccs", b.url, "--no-cache", *PATIENT),
                       NOT_TRUSTED)

    def test_prefetch_and_fetch(self):
        with Sim() as sim, Relay([sim.ready["pccs"]]) as b:
            quote = sim.quote_file()
            at = ("--root", sim.root, "--at", NOW)
            got = self.check(run("collateral", "prefetch", "--pccs", b.url,
                                 *at, quote), TRUSTED)
            self.assertIn("kept, verified", got.out)
            self.check(run("collateral", "fetch", quote, "--pccs", b.url,
                           "-o", SCRATCH / "relayed.json", *PATIENT), TRUSTED)
            self.check(run("verify", *at, "--collateral",
                           SCRATCH / "relayed.json", quote), TRUSTED)
            url = b.url
        self.check(run("verify", *at, "--pccs", url, quote), TRUSTED)

    def test_get(self):
        with Sim(now=None) as sim, Backend() as backend:
            test_serve.SIMULATOR = sim
            with Serve(backend) as serve:
                for control, code in (("reset", TRUSTED),
                                      ("tcb=OutOfDate", NOT_TRUSTED)):
                    sim.change(control)
                    with Relay([sim.ready["pccs"]]) as b:
                        got = self.check(run(
                            "get", "--policy", sim.folder / "policy.json",
                            "--pccs", b.url, "--no-cache",
                            f"https://localhost:{serve.port}/echo?q=1"), code)
                        self.assertEqual(b.answers(), {"fetched": 4})
                        if code == TRUSTED:
                            self.assertEqual(json.loads(got.out)["path"],
                                             "/echo?q=1")


class Kept(RelayCase):
    def test_one_fetch_for_many(self):
        with FakePccs(TDX.parts) as p, Relay([p], "--workers", "4") as b:
            for _ in range(20):
                answer = self.good(b.get(TCB), "tcb_info")
                self.assertEqual(answer.get("Cache-Control"),
                                 "public, max-age=3600")
                self.assertLess(int(answer.get("Age")), LIMIT_S)
            self.assertEqual(p.requests, [TCB])
            self.assertEqual(b.answers(), {"fetched": 1, "hit": 19})
            self.assertEqual(b.fetches(), (1, 0))
            self.assertIn(" status=200 end=relayed relay=fetched ",
                          b.log_line("relay=fetched"))
            b.log_line(" status=200 end=relayed relay=hit ", 19)

    def test_one_question_has_many_spellings(self):
        with FakePccs(TDX.parts) as p, Relay([p]) as b:
            for query in ("fmspc=00a06f050000", "fmspc=00A06F050000",
                          "update=standard&fmspc=00A06f050000"):
                self.good(b.get("/tdx/certification/v4/tcb?" + query),
                          "tcb_info")
            self.assertEqual(p.requests, [TCB])

    def test_whole_uris(self):
        with FakePccs(TDX.parts) as p, Relay([p]) as b:
            for start in ("http://bridge.example", "https://bridge.example"):
                self.good(b.get(start + TCB), "tcb_info")
            self.denied(b.get("http://bridge.example/sgx/x"), 404,
                        "not_found")
            self.assertEqual(p.requests, [TCB])

    def test_a_hundred_at_once(self):
        """They wait for one fetch."""
        held = Held()
        with FakePccs(TDX.parts, held) as p, Relay(
                [p], "--workers", "1") as b, contextlib.ExitStack() as stack:
            waiting = [stack.enter_context(b.begin(TCB)) for _ in range(100)]
            b.clients(100)
            held.released.set()
            for s in waiting:
                self.good(read_answer(s), "tcb_info")
            self.assertEqual(p.requests, [TCB])
            answers = b.answers()
            self.assertEqual(answers["fetched"], 1)
            self.assertEqual(sum(answers.values()), 100)
            b.clients(0)

    def test_a_hundred_at_all_workers(self):
        with FakePccs(TDX.parts) as p, Relay(
                [p], "--workers", "4") as b, \
                concurrent.futures.ThreadPoolExecutor(100) as pool:
            for answer in pool.map(b.get, [TCB, QE] * 50):
                self.assertEqual(answer.status, 200)
            self.assertLessEqual(len(p.requests), 8)
            self.assertEqual(sum(b.answers().values()), 100)

    def test_too_many_questions(self):
        """32 wait; a further one does not, or has what was kept."""
        held = Held()
        held.released.set()
        with FakePccs(TDX.parts, held) as p, Relay(
                [p], "--workers", "1", "--relay-max-age", "1") as b, \
                contextlib.ExitStack() as stack:
            self.good(b.get(QE), "qe_identity")
            held.released.clear()
            waiting = [stack.enter_context(b.begin(TCB[:-2] + f"{i:02x}"))
                       for i in range(32)]
            b.clients(32)
            answer = wait_until(lambda: (
                a := b.get(TCB[:-2] + "ff")).status == 503 and a)
            self.denied(answer, 503, "busy")
            self.assertTrue(answer.get("Retry-After"))
            old = wait_until(lambda: (a := b.get(QE)).get("Warning") and a)
            self.good(old, "qe_identity")
            held.released.set()
            statuses = [read_answer(s).status for s in waiting]
            # the source speaks of one FMSPC alone
            self.assertEqual(statuses, [200] + [404] * 31)

    def test_too_little_room(self):
        """What does not fit is given all the same, and asked for again."""
        with FakePccs(TDX.parts) as p, Relay([p], "--relay-cache",
                                             "1000") as b:
            for _ in range(3):
                self.good(b.get(TCB), "tcb_info")
            self.assertEqual(len(p.requests), 3)


class Sources(RelayCase):
    def test_the_first_one_is_down(self):
        other = World("relay-other-fmspc", "--fmspc", "00906f050000")
        with FakePccs(TDX.parts) as good, FakePccs(
                TDX.parts, lambda n, a: fake_pccs.hang(a)) as hangs, FakePccs(
                TDX.parts, lambda n, a: fake_pccs.stall(a)) as stalls, \
                FakePccs(other.parts) as strange:
            for bad in (closed_port(), hangs, stalls, strange):
                with self.subTest(bad), Relay([bad, good], "--relay-timeout",
                                              "1") as b:
                    self.good(b.get(TCB), "tcb_info")
                    self.assertEqual(b.answers(), {"fetched": 1})
                    self.assertEqual(b.fetches(), (1, 0))

    def test_all_are_down(self):
        def say(status):
            return lambda name, answer: fake_pccs.status(status)(answer)
        rows = ((say(500), 502, "source_failed"),
                (say(302), 502, "source_failed"),
                (say(404), 404, "not_found"),
                (lambda n, a: fake_pccs.half_body(a), 502, "source_failed"),
                (lambda n, a: fake_pccs.body(b"<html>")(a), 502,
                 "source_failed"),
                (lambda n, a: fake_pccs.oversized(True)(a), 502,
                 "source_failed"),
                (lambda n, a: fake_pccs.hang(a), 504, "source_timeout"))
        for trouble, status, code in rows:
            with self.subTest(code), FakePccs(TDX.parts, trouble) as p, Relay(
                    [p], "--relay-timeout", "1") as b:
                answer = self.denied(b.get(TCB, PAGE), status, code)
                self.assertEqual(answer.get("Cache-Control"), "no-store")
                self.assertEqual(
                    answer.get("Access-Control-Allow-Origin"), "*")
                self.assertNotIn(p.url, repr(answer))
                self.denied(b.get(TCB), status, code)
                self.assertEqual(len(p.requests), 1)  # it is remembered
                self.assertEqual(b.answers(), {"fetched": 1, "recalled": 1})
                self.assertEqual(b.fetches(), (1, 1))

    def test_why_is_in_the_log(self):
        with FakePccs(TDX.parts,
                      lambda n, a: fake_pccs.status(500)(a)) as p, Relay(
                          [p]) as b:
            b.get(TCB)
            line = b.log_line("warning: sources of collateral failed")
            self.assertIn(p.url, line)
            self.assertIn("HTTP 500", line)

    def test_strange_questions_do_not_fill_the_log(self):
        """Anybody can ask for what there is not."""
        with FakePccs(TDX.parts) as p, Relay([p]) as b:
            self.denied(b.get(TCB[:-1] + "1"), 404, "not_found")
            b.log_line("status=404")
            self.assertNotIn("sources of collateral", b.log)

    def test_stale(self):
        """What was kept is given when no source answers any more."""
        with FakePccs(TDX.parts) as p, Relay([p], "--relay-max-age",
                                             "1") as b:
            self.good(b.get(TCB), "tcb_info")
            p.trouble = only("tcb_info", fake_pccs.status(503))
            old = wait_until(lambda: (a := b.get(TCB)).get("Warning") and a)
            self.good(old, "tcb_info")
            self.assertTrue(old.get("Warning").startswith("110 "))
            self.assertGreaterEqual(int(old.get("Age")), 1)
            self.assertEqual(b.answers()["stale"], 1)
            b.log_line(" status=200 end=relayed relay=stale ")
            self.denied(b.get(TCB[:-1] + "1"), 502, "source_failed")

    def test_a_stale_one_is_not_given_where_it_is_gone(self):
        with FakePccs(TDX.parts) as p, Relay([p], "--relay-max-age",
                                             "1") as b:
            self.good(b.get(TCB), "tcb_info")
            p.trouble = only("tcb_info", fake_pccs.status(404))
            self.denied(wait_until(
                lambda: (a := b.get(TCB)).status != 200 and a),
                404, "not_found")

    def test_one_that_hangs_holds_nobody_else_up(self):
        """Not what is kept, and not tunnels."""
        held = Held()
        with FakePccs(TDX.parts, only(
                "qe_identity", lambda a: held(None, a))) as p, Echo() as echo:
            with Relay([p], "--workers", "1", allow=[echo.address]) as b:
                self.good(b.get(TCB), "tcb_info")
                with b.begin(QE) as waits:
                    wait_until(lambda: QE in p.requests)
                    self.good(b.get(TCB), "tcb_info")
                    self.good(b.get(ROOT_CRL), "root_ca_crl")
                    with b.tunnel(echo.address) as t:
                        t.send(b"meanwhile")
                        self.assertEqual(t.data(9), b"meanwhile")
                    held.released.set()
                    self.good(read_answer(waits), "qe_identity")

    def test_tls(self):
        """Its own roots count, and no others."""
        cert, key = make_certificate("relay-source")
        other, _ = make_certificate("relay-stranger")
        with FakePccs(TDX.parts, tls_files=(cert, key)) as p:
            with Relay([p], "--relay-ca", cert) as b:
                self.good(b.get(TCB), "tcb_info")
            p.requests.clear()
            for roots in ((), ("--relay-ca", other)):
                with Relay([p], *roots) as b:
                    self.denied(b.get(TCB), 502, "source_failed")
            self.assertEqual(p.requests, [])

    def test_in_the_sandbox(self):
        if not sandbox_is_there():
            self.skipTest("no process can be confined here")
        cert, key = make_certificate("relay-confined")
        with FakePccs(TDX.parts, tls_files=(cert, key)) as p, Relay(
                [closed_port().replace("127.0.0.1", "localhost"), p],
                "--relay-ca", cert, "--sandbox", "strict") as b:
            self.check(TDX.verify("--pccs", b.url, "--no-cache", *PATIENT),
                       TRUSTED)
            self.assertEqual(len(p.requests), 4)


class Reload(RelayCase):
    def test_off_and_on(self):
        with FakePccs(TDX.parts) as p, Configured([p]) as b:
            self.good(b.get(TCB), "tcb_info")
            b.reload("off")
            for path in (TCB, QE, "/sgx/x"):
                answer = self.denied(b.get(path, PAGE), 404, "not_found")
                self.assertIsNone(answer.get("Access-Control-Allow-Origin"))
            b.reload(p.url)
            self.good(b.get(TCB), "tcb_info")
            self.assertEqual(p.requests, [TCB])  # it was kept

    def test_other_sources(self):
        with FakePccs(TDX.parts) as p, Configured([closed_port()]) as b:
            self.denied(b.get(TCB), 502, "source_failed")
            b.reload(p.url)
            self.good(b.get(QE), "qe_identity")

    def test_on_where_it_was_not(self):
        with FakePccs(TDX.parts) as p, Configured(["off"]) as b:
            self.denied(b.get(TCB), 404, "not_found")
            b.reload(p.url)
            self.good(b.get(TCB), "tcb_info")

    def test_who_waits_is_answered(self):
        """By the sources of when it came."""
        held = Held()
        with FakePccs(TDX.parts, held) as p, Configured(
                [p], "--workers", "1") as b:
            with b.begin(TCB) as waits:
                wait_until(lambda: p.requests)
                b.reload("off")
                wait_until(lambda: b.get(QE).status == 404)
                held.released.set()
                self.good(read_answer(waits), "tcb_info")

    def test_under_load(self):
        with FakePccs(TDX.parts) as p, Configured(
                [p], "--relay-max-age", "1") as b, \
                concurrent.futures.ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(b.get, path) for path in [TCB, QE, CRL] * 40]
            for i in range(10):
                b.reload("off" if i % 2 == 0 else p.url)
            for each in asked:
                self.assertIn(each.result().status, (200, 404))
            self.good(b.get(TCB), "tcb_info")


class Clients(RelayCase):
    """Who may ask, and for what."""

    def test_token_is_for_tunnels(self):
        token = write("relay.token", "a-secret\n")
        token.chmod(0o600)
        with FakePccs(TDX.parts) as p, Relay([p], "--token-file", token) as b:
            self.good(b.get(TCB), "tcb_info")
            self.good(b.get(QE, ("Authorization", "Bearer wrong")),
                      "qe_identity")
            self.denied(b.refused("tee.example:443"), 401, "token_required")

    def test_no_origins(self):
        with FakePccs(TDX.parts) as p, Relay([p]) as b:
            for fields in ((), (PAGE,), (OTHER_PAGE,)):
                answer = self.good(b.get(TCB, *fields), "tcb_info")
                self.assertEqual(answer.get("Access-Control-Allow-Origin"),
                                 "*")
                self.assertIsNone(answer.get("Vary"))
                exposed = answer.get("Access-Control-Expose-Headers")
                self.assertIn("TCB-Info-Issuer-Chain", exposed)
                self.assertTrue(answer.get("TCB-Info-Issuer-Chain"))

    def test_origins(self):
        with FakePccs(TDX.parts) as p, Relay([p], "--origins", PAGE[1]) as b:
            allow = "Access-Control-Allow-Origin"
            answer = self.good(b.get(TCB, PAGE), "tcb_info")
            self.assertEqual(answer.get(allow), PAGE[1])
            self.assertEqual(answer.get("Vary"), "Origin")
            answer = self.good(b.get(TCB), "tcb_info")  # who is no browser
            self.assertEqual((answer.get(allow), answer.get("Vary")),
                             (None, "Origin"))
            for fields in ([OTHER_PAGE], [("Origin", "null")],
                           [PAGE, OTHER_PAGE], [("Origin", PAGE[1] + ".x")]):
                answer = b.get(TCB, *fields)
                self.denied(answer, 403, "origin_denied")
                self.assertIsNone(answer.get(allow))
            preflight = ("Access-Control-Request-Method", "GET")
            for page, status in ((PAGE, 204), (OTHER_PAGE, 403)):
                answer = b.get(TCB, page, preflight, method="OPTIONS")
                self.assertEqual(answer.status, status)

    def test_preflight(self):
        with FakePccs(TDX.parts) as p, Relay([p]) as b:
            answer = b.get(TCB, PAGE, (
                "Access-Control-Request-Method", "GET"), method="OPTIONS")
            self.assertEqual((answer.status, answer.body), (204, b""))
            self.assertEqual(answer.get("Access-Control-Allow-Origin"), "*")
            self.assertIn("GET", answer.get("Access-Control-Allow-Methods"))
            self.assertEqual(p.requests, [])

    def test_head(self):
        """All of it but the body."""
        with FakePccs(TDX.parts) as p, Relay([p]) as b:
            for path, status in ((TCB, 200), (TCB[:-1] + "1", 404),
                                 (TCB + "&x=y", 400), ("/sgx/x", 404)):
                head, got = (b.get(path, method=m) for m in ("HEAD", "GET"))
                self.assertEqual((head.status, head.body), (status, b""))
                self.assertEqual(head.get("Content-Length"),
                                 str(len(got.body)))
                self.assertEqual([n for n, _ in head.fields],
                                 [n for n, _ in got.fields])

    def test_bad_questions(self):
        tcb = "/tdx/certification/v4/tcb"
        crl = "/sgx/certification/v4/pckcrl"
        with FakePccs(TDX.parts) as p, Relay([p]) as b:
            for path in (
                    tcb, tcb + "?", tcb + "?fmspc", tcb + "?fmspc=",
                    tcb + "?fmspc=00a06f05000", tcb + "?fmspc=00a06f05000g",
                    tcb + "?fmspc=%300a06f050000",
                    tcb + "?FMSPC=00a06f050000", TCB + "&", TCB + "&x=y",
                    TCB + "&fmspc=00a06f050000", TCB + "&update=later",
                    TCB + "&tcbEvaluationDataNumber=0",
                    TCB + "&tcbEvaluationDataNumber=1&update=early",
                    QE + "?fmspc=00a06f050000", crl, crl + "?ca=root",
                    crl + "?ca=platform&encoding=hex", ROOT_CRL + "?x=y",
                    ROOT_CRL + "?"):
                with self.subTest(path):
                    self.denied(b.get(path), 400, "bad_request")
            with b.connect() as s:
                s.sendall(question(TCB, ("Content-Length", "2")) + b"{}")
                self.denied(read_answer(s), 400, "bad_request")
            self.assertEqual(p.requests, [])
            self.assertEqual(set(b.answers()), {"refused"})

    def test_other_paths(self):
        """Machines are told apart by their PCK certificates."""
        v4 = "/sgx/certification/v4"
        with FakePccs(TDX.parts) as p, Relay([p]) as b:
            for path in (
                    v4 + "/pckcert?encrypted_ppid=00&cpusvn=00&pcesvn=00"
                         "&pceid=0000",
                    v4 + "/pckcerts?encrypted_ppid=00&pceid=0000",
                    v4 + "/pckcerts", v4 + "/pckcerts/config",
                    v4 + "/appraisalpolicy",
                    "/sgx/registration/v1/platform", v4 + "/platforms",
                    "/sgx/certification/v3/tcb?fmspc=00a06f050000",
                    "/tdx/certification/v4/pckcrl?ca=platform",
                    "/tdx/certification/v4/rootcacrl",
                    "/sgx//certification/v4/rootcacrl", ROOT_CRL + "/",
                    v4 + "/%72ootcacrl", v4 + "/../v4/rootcacrl",
                    v4.upper() + "/rootcacrl", "/sgx/", "/tdx/"):
                with self.subTest(path):
                    self.denied(b.get(path), 404, "not_found")
            self.assertEqual(p.requests, [])

    def test_methods(self):
        with FakePccs(TDX.parts) as p, Relay([p]) as b:
            for method in ("POST", "PUT", "DELETE", "PATCH", "get"):
                answer = b.get(TCB, method=method)
                self.denied(answer, 405, "method_not_allowed")
                self.assertIn("GET", answer.get("Allow"))
            self.assertEqual(p.requests, [])

    def test_nothing_of_a_client_goes_to_the_source(self):
        secrets = [("Cookie", "session=crumbs"), ("Referer", "crumbs"),
                   ("Authorization", "Bearer crumbs"), PAGE,
                   ("X-Forwarded-For", "192.0.2.77"), ("X-Crumbs", "crumbs"),
                   ("User-Agent", "crumbs")]
        with FakePccs(TDX.parts) as p, Relay([p]) as b:
            self.good(b.get(TCB, *secrets), "tcb_info")
            fields, = p.fields
            for crumb in ("crumbs", "192.0.2.77", "app.example",
                          "bridge.example"):
                self.assertNotIn(crumb, repr(fields).lower())

    def test_nothing_of_a_source_but_what_is_known(self):
        def chat(name, answer):
            answer.headers.update({
                "Set-Cookie": "a=b", "Access-Control-Allow-Origin": "evil",
                "Content-Type": "text/html", "Server": "chatty"})
        with FakePccs(TDX.parts, chat) as p, Relay([p]) as b:
            for path, kind in ((TCB, "application/json"),
                               (CRL, "application/x-pem-file")):
                answer = b.get(path)
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.get("Content-Type"), kind)
                self.assertEqual(answer.get("X-Content-Type-Options"),
                                 "nosniff")
                for crumb in ("a=b", "evil", "html", "chatty"):
                    self.assertNotIn(crumb, repr(answer.fields))


class Misbehaving(RelayCase):
    """Clients that are slow, or go; and what is left of them."""

    def large(self, *options):
        p = self.enterContext(FakePccs(TDX.parts, large_crl, "der"))
        return p, self.enterContext(Relay([p], "--workers", "1", *options))

    def test_a_slow_reader_gets_all(self):
        p, b = self.large()
        with b.begin(CRL, receive_buffer=4096) as slow:
            octets = Octets(slow)
            head = octets.until(b"\r\n\r\n")
            self.assertIn(f"Content-Length: {len(LARGE_CRL)}\r\n".encode(),
                          head)
            for i in range(0, len(LARGE_CRL), 512 << 10):
                piece = octets.exactly(min(512 << 10, len(LARGE_CRL) - i))
                self.assertTrue(LARGE_CRL.startswith(piece, i))
                self.assertEqual(b.get(ROOT_CRL).status, 200)  # meanwhile
            self.assertFalse(octets.more())
        self.assertEqual(b.get(CRL).body, LARGE_CRL)
        self.assertEqual(p.requests.count(CRL), 1)  # 8 MiB are kept, too

    def test_one_who_shuts_its_end(self):
        """It may still read what is being sent."""
        _, b = self.large()
        self.assertEqual(b.get(CRL).status, 200)
        with b.begin(CRL) as s:
            octets = Octets(s)
            octets.until(b"\r\n\r\n")
            s.shutdown(socket.SHUT_WR)
            self.assertEqual(octets.exactly(len(LARGE_CRL)), LARGE_CRL)
            self.assertFalse(octets.more())

    def test_one_who_reads_nothing(self):
        _, b = self.large("--handshake-timeout", "0.5")
        with b.begin(CRL, receive_buffer=4096):
            self.assertIn("status=200", b.log_line(" end=client_gone "))
        b.clients(0)

    def test_those_who_go_leave_nothing(self):
        _, b = self.large()
        self.assertEqual(b.get(CRL).status, 200)
        b.clients(0)
        descriptors, resident = b.descriptors, b.status("VmRSS")
        for i in range(40):
            s = b.begin(CRL, receive_buffer=4096)
            Octets(s).exactly(1000 * i + 1)
            if i % 2:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             bridge_peer.RESET)
            s.close()
        b.clients(0)
        wait_until(lambda: b.descriptors <= descriptors)
        if not SLOW_BUILD:
            wait_until(lambda: b.status("VmRSS") < resident + (16 << 10))
        self.assertEqual(b.get(CRL).body, LARGE_CRL)

    def test_one_who_goes_before_its_answer(self):
        """The fetch goes on, for the next one."""
        held = Held()
        with FakePccs(TDX.parts, held) as p, Relay(
                [p], "--workers", "1") as b:
            with b.begin(TCB):
                wait_until(lambda: p.requests)
            b.log_line(" end=client_gone ")
            b.clients(0)
            held.released.set()
            self.good(b.get(TCB), "tcb_info")
            self.assertEqual(p.requests, [TCB])

    def test_readers_of_nothing_share_the_memory(self):
        """And small answers are given all the same."""
        _, b = self.large()
        self.assertEqual(b.get(CRL).status, 200)
        before = b.status("VmRSS")
        with contextlib.ExitStack() as stack:
            for _ in range(30):
                s = stack.enter_context(b.begin(CRL, receive_buffer=4096))
                octets = Octets(s)
                head = octets.until(b"\r\n")
                self.assertIn(head, (b"HTTP/1.1 200 OK\r\n",
                                     b"HTTP/1.1 503 Service Unavailable\r\n"))
            self.assertEqual(b.get(TCB).status, 200)
            if not SLOW_BUILD:
                self.assertLess(b.status("VmRSS") - before, 100 << 10)
        b.clients(0)
        self.assertEqual(b.get(CRL).body, LARGE_CRL)


class Places(RelayCase):
    """Who asks the relay is a client like others."""

    def test_all_places(self):
        held = Held()
        with FakePccs(TDX.parts, held) as p, Echo() as echo, Relay(
                [p], "--max-connections", "1", allow=[echo.address]) as b:
            with b.tunnel(echo.address) as t:
                self.denied(b.get(TCB), 503, "full")
                t.finish()
            b.clients(0)
            with b.begin(TCB) as waits:
                wait_until(lambda: p.requests)
                with self.assertRaises(Refused) as refused:
                    b.tunnel(echo.address)
                self.denied(refused.exception.answer, 503, "full")
                held.released.set()
                self.good(read_answer(waits), "tcb_info")
            b.clients(0)
            with b.tunnel(echo.address) as t:
                t.finish()

    def test_of_an_address(self):
        held = Held()
        with FakePccs(TDX.parts, held) as p, Relay(
                [p], "--max-connections-per-address", "1") as b:
            with b.begin(TCB) as waits:
                wait_until(lambda: p.requests)
                self.denied(b.get(QE), 429, "too_many_connections")
                held.released.set()
                self.good(read_answer(waits), "tcb_info")

    def test_rate(self):
        with FakePccs(TDX.parts) as p, Relay([p], "--rate", "1", "--burst",
                                             "3") as b:
            got = [b.get(TCB).status for _ in range(20)]
            self.assertEqual(got[:3], [200] * 3)
            self.assertIn(429, got)

    def test_behind_a_proxy(self):
        with FakePccs(TDX.parts) as p, Relay(
                [p], "--rate", "1", "--burst", "1", "--trust-forwarded",
                "127.0.0.1") as b:
            for i in range(10):
                self.good(b.get(TCB, ("X-Forwarded-For", f"192.0.2.{i}")),
                          "tcb_info")
            self.assertIn("192.0.2.7", b.log_line("peer=192.0.2.7"))


class TheEnd(RelayCase):
    def test_who_waits_is_told(self):
        """And the source that hangs is not waited for."""
        held = Held()
        with FakePccs(TDX.parts, held) as p:
            with Relay([p], "--relay-timeout", "300", "--drain",
                       LIMIT_S) as b, b.begin(TCB) as waits:
                wait_until(lambda: p.requests)
                b.process.send_signal(signal.SIGTERM)
                self.denied(read_answer(waits), 503, "stopping")
                self.assertEqual(b.process.wait(LIMIT_S), 0)
            held.released.set()

    def test_an_answer_under_way_is_given(self):
        with FakePccs(TDX.parts, large_crl, "der") as p, Relay(
                [p], "--drain", LIMIT_S) as b:
            with b.begin(CRL, receive_buffer=4096) as slow:
                octets = Octets(slow)
                octets.until(b"\r\n\r\n")
                b.process.send_signal(signal.SIGTERM)
                wait_until(lambda: b.operators("/readyz")[0] == 503)
                self.assertEqual(octets.exactly(len(LARGE_CRL)), LARGE_CRL)
            self.assertEqual(b.process.wait(LIMIT_S), 0)

    def test_one_who_does_not_read_is_cut(self):
        with FakePccs(TDX.parts, large_crl, "der") as p, Relay(
                [p], "--drain", "0.5") as b:
            with b.begin(CRL, receive_buffer=4096) as slow:
                Octets(slow).until(b"\r\n\r\n")
                b.process.send_signal(signal.SIGTERM)
                self.assertEqual(b.process.wait(LIMIT_S), 0)


class OverTls(RelayCase):
    def start(self, *options, trouble=None):
        self.cert, key, _ = certificate("relay-tls", "localhost")
        p = self.enterContext(FakePccs(TDX.parts, trouble, "der"))
        return self.enterContext(Relay(
            [p], "--tls-listen", "127.0.0.1:0", "--cert", self.cert, "--key",
            key, *options))

    def tls(self, b):
        s = socket.create_connection(("127.0.0.1", b.tls_port), LIMIT_S)
        return trusting(self.cert).wrap_socket(
            s, server_hostname="localhost", suppress_ragged_eofs=False)

    def test_curl(self):
        b = self.start()
        p = subprocess.run(
            ["curl", "-sS", "-D", "-", "--cacert", str(self.cert), "--resolve",
             f"localhost:{b.tls_port}:127.0.0.1",
             f"https://localhost:{b.tls_port}{TCB}"],
            capture_output=True, timeout=LIMIT_S,
            env=harness.clean_environment(), check=True)
        head, _, body = p.stdout.partition(b"\r\n\r\n")
        self.assertIn(b" 200 ", head.splitlines()[0])
        self.assertEqual(body.decode(), TDX.parts["tcb_info"])

    def test_verify(self):
        b = self.start()
        self.check(TDX.verify(
            "--pccs", f"https://localhost:{b.tls_port}", "--pccs-ca",
            self.cert, "--no-cache", *PATIENT), TRUSTED)

    def test_large_and_gone(self):
        b = self.start("--workers", "1", trouble=large_crl)
        sockets = b.sockets
        self.assertEqual(b.get(CRL, sock=self.tls(b)).body, LARGE_CRL)
        for i in range(20):
            with self.tls(b) as s:
                s.sendall(question(CRL))
                Octets(s).exactly(1000 * i + 1)
        b.log_line(" end=client_gone ", 20)
        wait_until(lambda: b.sockets == sockets, "sockets are closed")
        self.assertEqual(b.get(CRL, sock=self.tls(b)).body, LARGE_CRL)


def setUpModule():
    global TDX
    TDX = World("relay-tdx")


if __name__ == "__main__":
    harness.need(ASSAY, BRIDGE, MINT, SERVE, SIM)
    bridge_peer.main()
