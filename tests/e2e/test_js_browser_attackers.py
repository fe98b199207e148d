# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The fetch of assay-js in Chromium, through bridges that listen, or take the server's
place: they read nothing of a request and alter nothing."""
import json
import pathlib
import ssl
import subprocess

import bridge_peer
import evil_ways as ways
import js_browser
from bridge_peer import free_port
from evil_ways import DOWN, UP
from harness import SCRATCH
from js_browser import HOST
from js_evil import ASK, SECRET, Evil
from test_serve import Serve
from test_sim import Sim


class Attackers(Evil):
    """They read nothing and alter nothing."""

    own = None  # a certificate of the attacker's, and its key

    @classmethod
    def setUpClass(cls):
        cls.own = make_certificate("attacker")

    def middleman(self, context=None, way=ways.Middleman, **members):
        return self.bridge(
            way, context=context or ways.certified(*self.own), **members)

    @property
    def strict(self):
        """A policy by which certificates are checked."""
        return {**self.world.policy, "accept_self_signed_certs": False}

    def test_one_that_listens(self):
        """It sees who is called, and records of TLS."""
        bridge = self.bridge(ways.Honest)
        found = self.ask(bridge)
        self.assertEqual(found["code"], "none", found)
        self.assertIn(SECRET, found["message"])  # echoed to the page
        self.assertEqual(self.world.backend.requests[0].get("X-Secret"), SECRET)
        seen = bridge.last.seen
        self.assertIn(HOST.encode(), bytes(seen[UP]))
        for octets in map(bytes, seen.values()):
            for word in (SECRET, "/echo", "X-Secret", "nonce_hex", "quote"):
                self.assertNotIn(word.encode(), octets)
            check_records(octets)

    def test_one_with_a_certificate_of_its_own(self):
        """By a policy that takes any: what it forwards is not of its session. It
        hears the question, and no more."""
        bridge = self.middleman()
        found = self.ask(bridge)
        self.assertEqual(found["code"], "not_trusted", found)
        self.assertIn("report_data", found["failed"])
        self.assertEqual(found["attested"], 0)
        way = bridge.last
        self.assertTrue(way.heard.startswith(b"POST /tdx_quote HTTP/1.1\r\n"))
        self.assertEqual(way.heard.count(b"HTTP/1.1"), 1)
        self.assertIn(b"quote", way.told)  # of the true server
        self.check_secret(way.heard)

    def test_one_with_a_certificate_where_they_are_checked(self):
        bridge = self.middleman()
        found = self.ask(bridge, policy=self.strict,
                         extraRoots=self.world.serve.ca.read_text())
        self.assertEqual(found["code"], "tls", found)
        self.assertEqual(bridge.last.heard, b"")
        self.check_secret()

    def test_a_true_certificate_is_believed_there(self):
        """Or the test above would show nothing."""
        found = self.ask(self.bridge(ways.Honest), policy=self.strict,
                         extraRoots=self.world.serve.ca.read_text())
        self.assertEqual(found["code"], "none", found)

    def test_one_with_the_key_of_the_server(self):
        """Every check of the certificate passes: the evidence is of another
        session."""
        cert, key = make_certificate("stolen")
        serve = Serve(self.world.backend)
        at = serve.command.index("--self-signed")
        serve.command[at:at + 4] = ["--cert", cert, "--key", key]
        serve = self.enterContext(serve)
        more = {"targetHost": f"{HOST}:{serve.port}", "policy": self.strict,
                "extraRoots": pathlib.Path(cert).read_text()}
        honest = self.ask(self.bridge(ways.Honest, serve.port), **more)
        self.assertEqual(honest["code"], "none", honest)
        self.world.backend.reset()
        thief = self.bridge(ways.Middleman, serve.port,
                            context=ways.certified(cert, key))
        found = self.ask(thief, **more)
        self.assertEqual((found["code"], found["failed"]),
                         ("not_trusted", ["report_data"]))
        self.assertEqual(thief.last.heard.count(b"HTTP/1.1"), 1)
        self.check_secret(thief.last.heard)

    def test_one_that_shows_old_evidence(self):
        bridge = self.middleman(way=ways.Replayer,
                                evidence=evidence_of(self.world.serve))
        found = self.ask(bridge)
        self.assertEqual(found["code"], "not_trusted", found)
        self.assertIn("report_data", found["failed"])
        self.check_secret(bridge.last.heard)

    def test_one_that_shows_something_else(self):
        for body in (b"", b"no JSON", b"{}", b'{"quote": {"quote": "00"}}'):
            with self.subTest(body):
                self.world.backend.reset()
                bridge = self.middleman(way=ways.Replayer, evidence=(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    b"Content-Length: %d\r\n\r\n%s" % (len(body), body)))
                found = self.ask(bridge)
                self.assertTrue(found["ours"], found)
                self.assertIn(found["code"], ("reply", "malformed",
                                              "truncated"), found)
                self.check_secret(bridge.last.heard)

    def test_one_that_plays_back_a_whole_session(self):
        honest = self.bridge(ways.Honest)
        self.assertEqual(self.ask(honest)["code"], "none")
        self.world.backend.reset()
        found = self.ask(self.bridge(
            ways.Recorded, octets=bytes(honest.last.seen[DOWN])))
        self.assertEqual(found["code"], "tls", found)
        self.check_secret()

    def test_one_that_leads_to_another_machine(self):
        """A genuine one, of another's workload."""
        compose = SCRATCH / "another.json"
        compose.write_text('{"name": "another"}')
        sim = self.enterContext(Sim("--app-compose", str(compose), now=None))
        other = self.enterContext(Serve(
            self.world.backend, quotes=f"dstack:{sim.ready['guest']}"))
        found = self.ask(self.bridge(ways.Honest, other.port))
        self.assertEqual(found["code"], "not_trusted", found)
        self.assertEqual(found["attested"], 0)
        self.check_secret()

    def test_one_that_sends_text(self):
        found = self.ask(self.bridge(ways.Texter))
        self.assertEqual(found["code"], "network", found)
        self.check_secret()

    def test_one_that_is_not_there(self):
        found = self.page.do(ASK, secret=SECRET, **self.options(
            proxyUrl=f"ws://127.0.0.1:{free_port()}/"))
        self.assertEqual(found["code"], "network", found)
        self.assertIn("bridge", found["message"])

    def test_one_that_does_not_allow_the_target(self):
        with bridge_peer.Bridge(["192.0.2.1:443"]) as bridge:
            found = self.page.do(ASK, secret=SECRET, **self.options(
                proxyUrl=f"ws://127.0.0.1:{bridge.port}/"
                         f"?target={HOST}:{self.world.serve.port}"))
        self.assertEqual(found["code"], "network", found)
        self.assertIn("allows", found["hint"])


class AttackersInAWorker(Attackers):
    worker = True


def check_records(octets):
    """All of it is records of TLS, which say what they are and no more."""
    while octets:
        kind, version = octets[0], octets[1:3]
        assert kind in (20, 22, 23) and version in (b"\3\1", b"\3\3"), octets[:9]
        octets = octets[5 + int.from_bytes(octets[3:5]):]


def make_certificate(name):
    """For localhost; the paths of it and of its key."""
    cert, key = SCRATCH / f"{name}.pem", SCRATCH / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
         "-addext", f"subjectAltName=DNS:{HOST}", "-days", "2",
         "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True, timeout=ways.LIMIT_S)
    key.chmod(0o600)
    return str(cert), str(key)


def evidence_of(serve):
    """What a server answers to somebody who asks for its evidence."""
    body = json.dumps({"nonce_hex": "5a" * 32}).encode()
    with ways.trusting_all().wrap_socket(
            ways.Honest(serve.port).connect(), server_hostname=HOST) as s:
        s.sendall(b"POST /tdx_quote HTTP/1.1\r\nHost: localhost\r\n"
                  b"Content-Type: application/json\r\nConnection: close\r\n"
                  b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        octets = b""
        try:
            while piece := s.recv(ways.PIECE):
                octets += piece
        except ssl.SSLError:
            pass  # its end
    assert octets.startswith(b"HTTP/1.1 200 "), octets[:200]
    return octets


if __name__ == "__main__":
    js_browser.main()
