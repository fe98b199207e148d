# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-serve --client-policy: clients that must prove themselves, and what the
backend is told of them."""
import http.client
import json
import shutil
import signal
import socket
import sys
import threading

import harness
import test_serve
from backend import Backend
from configured import Configured, with_ca
from harness import ASSAY, SCRATCH, TRUSTED, UNREADABLE, Case, run, write
from raw_backend import OK, RawBackend, request
from test_sandbox import sandbox_is_there
from test_serve import GOOD, SERVE, Serve
from test_sim import SIM, Sim

# What clients would like to be taken for; each spelling is one to somebody.
LIES = (("X-Assay-Peer-Status", "forged"), ("x-assay-peer-app-id", "forged"),
        ("X_Assay_Peer_Status", "forged"), ("X-ASSAY_PEER-MEASUREMENT",
                                            "forged"),
        ("x_aSsAy_anything", "forged"), ("X-Assay-Peer-Tcb-Status", "forged"))


def policy(name="client-policy.json", **changes):
    has = json.loads((SIMULATOR.folder / "policy.json").read_text())
    return write(name, json.dumps({**has, **changes}))


def server_policy():
    """There are several servers on this platform, and none is announced."""
    return policy("server-policy.json", accept_self_signed_certs=False,
                  certificate_event="off")


class Mutual(Serve):
    def __init__(self, backend, *options, file=None):
        super().__init__(backend, "--announce", "off", "--client-policy",
                         str(file or policy()), *options)


class Silent:
    """A source that accepts and says nothing."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.held = []
        self.asked = threading.Semaphore(0)
        threading.Thread(target=self.run, daemon=True).start()
        return self

    def run(self):
        while True:
            try:
                self.held.append(self.listener.accept())
            except OSError:
                return
            self.asked.release()

    def __exit__(self, *unused):
        self.listener.close()
        for sock, _ in self.held:
            sock.close()


class Base(Case):
    def source(self):
        return ("--quotes", "dstack:" + SIMULATOR.ready["guest"])

    def get(self, serve, *args, path="/echo"):
        return run("get", "--ca", serve.ca, "--policy",
                   server_policy(), *args,
                   f"https://localhost:{serve.port}{path}")

    def peer_fields(self, result):
        return {n.lower(): v for n, v in json.loads(result.out)["fields"]
                if n.lower().replace("_", "-").startswith("x-assay")}


class Renewed(Base):
    def test_who_was_there_before_is_not_let_through(self):
        """A reload has a policy for clients, or another one: nobody goes on
        under what held before."""
        none = 'announce = "off"\n'
        mutual = none + f'client-policy = "{policy()}"\n'
        with Backend() as backend:
            serve = Configured(backend, "", "--sandbox", "off")
            with with_ca(serve, none), serve.client() as client:
                self.assertEqual(client.ask("GET", "/before").status, 200)
                with_ca(serve, mutual)
                serve.reload()
                self.assertTrue(client.ended())
                with serve.client() as other:
                    self.assertEqual(other.ask("GET", "/new").status, 403)
                    serve.reload()
                    self.assertTrue(other.ended())
            self.assertEqual([s[1] for s in backend.seen], ["/before"])


class Trusted(Base):
    @classmethod
    def setUpClass(cls):
        cls.backend = cls.enterClassContext(Backend())
        cls.serve = cls.enterClassContext(Mutual(cls.backend))

    def test_the_backend_is_told(self):
        got = self.check(self.get(self.serve, *self.source()), TRUSTED)
        has = json.loads((SIMULATOR.folder / "policy.json").read_text())
        fields = self.peer_fields(got)
        self.assertLess(int(fields.pop("x-assay-peer-age")), 60)
        self.assertEqual(fields.pop("x-assay-peer-measurement"),
                         has["expected_bootchain"]["mrtd"])
        self.assertEqual(fields.pop("x-assay-peer-os-image-hash"),
                         has["os_image_hash"])
        for name in ("app-id", "instance-id", "compose-hash"):
            self.assertRegex(fields.pop(f"x-assay-peer-{name}"),
                             "^[0-9a-f]{40,64}$")
        self.assertEqual(fields, {
            "x-assay-peer-status": "trusted", "x-assay-peer-tee": "tdx",
            "x-assay-peer-root": "custom",
            "x-assay-peer-tcb-status": "UpToDate"})
        self.serve.log_line("client trusted")

    def test_a_trusted_client_cannot_say_more(self):
        lies = [a for n, v in LIES for a in ("-H", f"{n}: {v}")]
        got = self.check(self.get(self.serve, *lies, *self.source()), TRUSTED)
        self.assertNotIn("forged", got.out)
        self.assertEqual(self.peer_fields(got)["x-assay-peer-status"],
                         "trusted")

    def test_without_a_source(self):
        """The client says what it lacks; nothing reaches the backend."""
        self.check_refused(self.get(self.serve), UNREADABLE,
                           "requires evidence of its clients", "--quotes")

    def test_without_evidence(self):
        with RawBackend() as backend, Mutual(backend) as serve, \
                serve.client() as client:
            for target in ("/", "/x"):
                answer = client.ask("GET", target)
                self.assertEqual((answer.status, answer.json["error"]["code"]),
                                 (403, "client_attestation_required"))
            nonces = set()
            for _ in range(3):
                answer = client.ask("POST", "/tdx_quote", GOOD)
                nonces.add(answer.json["client_nonce_hex"])
            self.assertEqual({len(n) for n in nonces}, {64})
            self.assertEqual(len(nonces), 3)
            self.assertEqual(client.ask("GET", "/").status, 403)
            self.assertEqual(client.ask("POST", "/tdx_client_quote",
                                        b'{"quote":{}}').status, 400)
            answer = serve.ask("POST", "/tdx_client_quote", b'{"quote":{}}')
            self.assertEqual((answer.status, answer.json["error"]["code"]),
                             (403, "client_nonce_missing"))
            self.assertTrue(backend.is_alone())

    def test_evidence_is_small(self):
        """1 MiB is all that a stranger can have kept."""
        with self.serve.client() as client:
            client.ask("POST", "/tdx_quote", GOOD)
            client.send(request("POST", "/tdx_client_quote",
                                [("Content-Length", (1 << 20) + 1)]))
            self.assertEqual(client.answer().status, 400)

    def test_pipes(self):
        """They are for those who were let in."""
        with RawBackend() as target, Backend() as backend, \
                Mutual(backend, "--pipe", target.address) as serve:
            with serve.client() as client:
                client.ask("POST", "/tdx_quote", GOOD)
                client.send(request("POST", "/assay-pipe", [
                    ("Connection", "Upgrade"), ("Upgrade", "assay-pipe/1"),
                    ("Content-Length", "0")]))
                answer = client.answer()
                self.assertEqual((answer.status, answer.json["error"]["code"]),
                                 (403, "client_attestation_required"))
            self.assertTrue(target.is_alone())
            feed = threading.Thread(target=lambda: target.accept().close())
            feed.start()
            got = run("pipe", "--ca", serve.ca, "--policy",
                      server_policy(), *self.source(),
                      f"localhost:{serve.port}")
            feed.join()
            self.check(got, TRUSTED)


class NotTrusted(Base):
    def test_another_workload(self):
        """The client learns which check failed, and no value."""
        file = policy("other.json", compose_hash="00" * 32)
        has = json.loads(file.read_text())
        has.pop("app_compose", None)
        has.pop("compose_file", None)
        file.write_text(json.dumps(has))
        with RawBackend() as backend, Mutual(backend, file=file) as serve:
            got = self.get(serve, *self.source())
            self.assertNotEqual(got.code, TRUSTED)
            self.assertIn("fails the check", got.err)
            self.assertNotIn("0000", got.err)
            self.assertIn("reason=", serve.log_line("client refused"))
            self.assertTrue(backend.is_alone())

    def test_evidence_of_a_server_that_refuses_ours_is_kept(self):
        """It was trusted; the bundle says so, and stands by itself."""
        file = policy("other-kept.json", expected_bootchain={
            n: "00" * 48 for n in ("mrtd", "rtmr0", "rtmr1", "rtmr2")})
        with RawBackend() as backend, Mutual(backend, file=file) as serve:
            for name, quotes, words in (
                    ("refused", self.source(), "fails the check"),
                    ("none", (), "requires evidence of its clients")):
                bundle = SCRATCH / f"kept-{name}.json"
                got = self.get(serve, *quotes, "--save-evidence", bundle)
                self.check_one_line(got, got.code, words)
                self.assertNotEqual(got.code, TRUSTED)
                self.check(run("verify", "--evidence", bundle, "--policy",
                               server_policy()), TRUSTED)
            self.assertTrue(backend.is_alone())

    def test_another_root(self):
        root = SCRATCH / "intel-only.json"
        has = json.loads((SIMULATOR.folder / "policy.json").read_text())
        has.pop("trusted_root", None)
        root.write_text(json.dumps(has))
        with Backend() as backend:
            with Mutual(backend, file=root) as serve:
                got = self.get(serve, *self.source())
                self.assertNotEqual(got.code, TRUSTED)
            with Mutual(backend, "--root", str(SIMULATOR.root),
                        file=root) as serve:
                self.check(self.get(serve, *self.source()), TRUSTED)

    def test_lies_of_the_unproven(self):
        """Where nobody must attest, too, nothing of the kind gets through: in
        the head, or behind a body."""
        with RawBackend() as backend, Serve(
                backend.address, "--announce", "off") as serve, \
                serve.client() as client:
            trailers = b"".join(b"%s: %s\r\n" % (n.encode(), v.encode())
                                for n, v in LIES)
            client.send(request("POST", "/", [
                *LIES, ("Transfer-Encoding", "chunked")],
                b"2\r\nhi\r\n0\r\n" + trailers + b"\r\n"))
            peer = backend.accept()
            names = [n.replace("_", "-") for n, _ in peer.head()[1]]
            self.assertFalse([n for n in names if n.startswith("x-assay")])
            self.assertEqual(peer.exactly(12), b"2\r\nhi\r\n0\r\n\r\n")
            peer.send(OK)
            self.assertEqual(client.answer().status, 200)


class Collateral(Base):
    def test_from_a_bundle(self):
        quote = SIMULATOR.quote_file()
        bundle = SCRATCH / "clients-bundle.json"
        self.check(run("collateral", "fetch", "--pccs",
                       SIMULATOR.ready["pccs"], quote, "-o", bundle), TRUSTED)
        with Backend() as backend, Mutual(
                backend, "--collateral", str(bundle)) as serve:
            self.check(self.get(serve, *self.source()), TRUSTED)

    def test_none_to_be_had(self):
        with Backend() as backend, Mutual(
                backend, "--pccs", "http://127.0.0.1:1",
                "--no-cache") as serve:
            got = self.get(serve, *self.source())
            self.assertEqual(got.code, UNREADABLE)
            self.assertIn("no collateral", got.err)
            serve.log_line("no collateral for a client")

    def test_a_source_that_hangs(self):
        """It holds up those who wait for it, for so long, and nobody else."""
        with Silent() as pccs, Backend() as backend, Mutual(
                backend, "--pccs", pccs.url, "--no-cache", "--client-timeout",
                "2", "--max-client-appraisals", "1") as serve:
            first = []
            waits = threading.Thread(target=lambda: first.append(
                self.get(serve, *self.source())))
            waits.start()
            pccs.asked.acquire()
            # A second one finds no place, at once.
            got = self.get(serve, *self.source())
            self.assertEqual(got.code, UNREADABLE)
            self.assertIn("evidence of many clients", got.err)
            self.assertEqual(serve.ask("POST", "/tdx_quote", GOOD).status, 200)
            waits.join()
            self.assertEqual(first[0].code, UNREADABLE)
            self.assertIn("no collateral", first[0].err)

    def test_a_client_that_does_not_wait(self):
        with Silent() as pccs, Backend() as backend, Mutual(
                backend, "--pccs", pccs.url, "--no-cache") as serve:
            got = self.get(serve, "--timeout", "1", *self.source())
            self.assertEqual(got.code, UNREADABLE)
            self.assertEqual(serve.ask("POST", "/tdx_quote", GOOD).status, 200)

    def test_cached_in_the_sandbox(self):
        """Sources and the cache are in reach there; what one process has
        fetched, the next finds."""
        if not sandbox_is_there():
            self.skipTest("there is no sandbox here")
        for name in ("cache", "state"):
            shutil.rmtree(SCRATCH / "own" / name, ignore_errors=True)
        file = policy("cached.json", cache_collateral=True)
        own = {"XDG_CACHE_HOME": str(SCRATCH / "own" / "cache"),
               "XDG_STATE_HOME": str(SCRATCH / "own" / "state")}
        with Backend() as backend:
            serve = Mutual(backend, "--sandbox", "strict", file=file)
            serve.environment = own
            with serve:
                self.check(self.get(serve, *self.source()), TRUSTED)
            self.assertTrue(list((SCRATCH / "own/cache/assay").iterdir()))
            self.assertTrue(list((SCRATCH / "own/state/assay").iterdir()))
            serve = Mutual(backend, "--sandbox", "strict", "--pccs",
                           SIMULATOR.ready["pccs"], file=file)
            serve.environment = own
            with serve:
                self.check(self.get(serve, *self.source()), TRUSTED)


class Operated(Base):
    def test_reload(self):
        """Another policy holds for those who come then."""
        file = policy("live.json")
        good = file.read_text()
        with Backend() as backend, Mutual(backend, file=file) as serve:
            self.check(self.get(serve, *self.source()), TRUSTED)

            def reload(text, needle):
                before = serve.log.count(needle)
                file.write_text(text)
                serve.process.send_signal(signal.SIGHUP)
                while serve.log.count(needle) == before:
                    serve.log_line(needle)

            reload(json.dumps({**json.loads(good), "os_image_hash":
                               "00" * 32}), "info: reloaded")
            self.assertNotEqual(self.get(serve, *self.source()).code, TRUSTED)
            reload("{", "nothing has changed")
            self.assertIn("live.json", serve.log_line("nothing has changed"))
            reload(good, "info: reloaded")
            self.check(self.get(serve, *self.source()), TRUSTED)

    def test_a_reload_while_a_source_hangs(self):
        """Who waits goes on by what held; then the old is let go."""
        with Silent() as pccs, Backend() as backend, Mutual(
                backend, "--pccs", pccs.url, "--no-cache", "--client-timeout",
                "2") as serve:
            first = []
            waits = threading.Thread(target=lambda: first.append(
                self.get(serve, *self.source())))
            waits.start()
            pccs.asked.acquire()
            serve.process.send_signal(signal.SIGHUP)
            serve.log_line("info: reloaded")
            waits.join()
            self.assertEqual(first[0].code, UNREADABLE)
            self.assertEqual(serve.ask("POST", "/tdx_quote", GOOD).status, 200)

    def test_what_cannot_be_used(self):
        bad = write("bad-policy.json", '{"type": "dstack_tdx", "x": 1}')
        with Backend() as backend:
            for options, needle in (
                    (("--client-policy", str(bad)), "bad-policy.json"),
                    (("--client-policy", "/none"), "/none"),
                    (("--client-policy", str(policy(
                        "of-servers.json", certificate_event="required"))),
                     "of-servers.json: policy.certificate_event"),
                    (("--check", "--client-policy", str(policy(
                        "old-wires.json", wires=["v2", "v0"]))),
                     "old-wires.json: policy.wires"),
                    (("--client-policy", str(policy()), "--root", str(bad)),
                     "bad-policy.json"),
                    (("--pccs", "http://a"), "are for --client-policy"),
                    (("--client-policy", "a", "--pccs", "b"), "--pccs"),
                    (("--staple", "on", "--collateral", "b"), "--collateral"),
                    (("--staple", "maybe"), "--staple")):
                with self.subTest(options):
                    serve = Serve(backend, *options)
                    with self.assertRaises(AssertionError):
                        serve.__enter__()
                    serve.process.wait()
                    self.assertIn(needle, serve.log)

    def test_metrics(self):
        with Backend() as backend, Mutual(
                backend, "--admin", "127.0.0.1:0") as serve:
            self.check(self.get(serve, *self.source()), TRUSTED)
            connection = http.client.HTTPConnection(serve.ready["admin"])
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
            connection.close()
            self.assertIn('client_evidence_total{result="trusted"} 1', text)
            self.assertIn('client_evidence_total{result="refused"} 0', text)


if __name__ == "__main__":
    for program in (SIM, SERVE, ASSAY):
        if not program.exists():
            print(f"SKIPPED everything: {program} is not there")
            sys.exit(77)
    with Sim(now=None) as SIMULATOR:
        test_serve.SIMULATOR = SIMULATOR
        harness.main()
