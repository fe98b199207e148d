# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-bridge and clients in Node: the package ws, and Node's own."""
import json
import os
import subprocess
import threading

import harness
import node_peer
import test_serve
from backend import Backend
from bridge_cases import SOME, TOKEN, Cases, digest
from bridge_peer import BRIDGE, LIMIT_S, SLOW_BUILD
from bridge_target import Bridge, echo, tls_door
from harness import Case, need, write
from node_peer import ANSWER_LIMIT_S, Robot, WebSocket
from test_serve import GOOD, SERVE, Serve
from test_sim import SIM, Sim

AT_ONCE = 50


class Base(Cases):
    """A mixin."""

    robot = None
    short_count = 1000 if SLOW_BUILD else 10000

    def connect(self, bridge, protocols=(), more=None, **how):
        return WebSocket(self.robot, self.url(bridge, **how), protocols,
                         **(more or {}))

    def short(self, bridge, count):
        return self.robot.ask("short", url=self.url(bridge), count=count,
                              atOnce=AT_ONCE)


class Ws(Base, Case):
    """The package ws, which has words for more than browsers can do."""

    def test_fragments_of_one_octet(self):
        """Pings go between them."""
        bridge, _ = self.bridge(echo)
        ws = self.connect(bridge)
        said = "grüße " * 4000
        ws.ask("fragments", text=said, pingEvery=100)
        got = ws.take(len(said.encode()))
        self.assertEqual(got.sha256, digest(said.encode()))

    def test_a_text_that_is_none(self):
        """The target gets what came before it, and the end."""
        bridge, target = self.bridge(lambda peer: peer.rest())
        ws = self.connect(bridge)
        ws.send("good")
        ws.ask("badText")
        self.check_closed(ws, 1007, "protocol_error")
        self.assertEqual(target.result()[:4], b"good")
        bridge.log_line("end=protocol_error close=1007")

    def test_a_ping_is_answered(self):
        """While much is on its way, too."""
        bridge, _ = self.bridge(echo)
        ws = self.connect(bridge)
        for payload in ("", "a", "x" * 125):
            self.assertEqual(ws.ask("ping", payload=payload), payload)
        back = ws.start_take(SOME)
        sent = ws.start_noise(SOME)
        self.assertEqual(ws.ask("ping", payload="now"), "now")
        self.assertEqual(back.result(ANSWER_LIMIT_S)["sha256"],
                         sent.result(ANSWER_LIMIT_S)["sha256"])

    def test_a_silent_client_is_asked(self):
        # It has as long to answer, and others may be busy meanwhile.
        bridge, _ = self.bridge(echo, "--ping-interval", "2")
        ws = self.connect(bridge)
        for _ in range(2):
            ws.ask("pinged")
        self.check_echo(ws, 1000, 100)

    def test_a_client_that_does_not_answer(self):
        bridge, target = self.bridge(lambda peer: peer.rest(),
                                     "--ping-interval", "0.1")
        ws = self.connect(bridge, more={"pongs": False})
        self.check_closed(ws, 1006)
        self.assertEqual(target.result(), b"")
        bridge.log_line("end=ping_unanswered")

    def test_a_client_that_does_not_read(self):
        """What it says arrives all the same."""
        data = os.urandom(2 * SOME)

        def behave(peer):
            sender = threading.Thread(target=peer.send, args=(data,))
            sender.start()
            heard = digest(peer.exactly(SOME))
            heard_all.set()
            sender.join()
            return heard

        heard_all = threading.Event()
        bridge, target = self.bridge(behave)
        ws = self.connect(bridge)
        ws.ask("pause")
        sent = ws.start_noise(SOME).result(ANSWER_LIMIT_S)
        self.assertTrue(heard_all.wait(LIMIT_S))
        ws.ask("resume")
        self.assertEqual(ws.take(len(data)).sha256, digest(data))
        self.check_closed(ws, 1000)
        self.assertEqual(target.result(), sent["sha256"])

    def test_a_client_that_goes_without_a_close(self):
        bridge, target = self.bridge(lambda peer: peer.rest())
        ws = self.connect(bridge)
        ws.send(b"last words")
        ws.ask("terminate")
        self.assertEqual(target.result(), b"last words")
        bridge.log_line("end=client_gone")

    def test_a_bearer_token(self):
        path = write("bearer", TOKEN)
        os.chmod(path, 0o600)
        bridge, _ = self.bridge(echo, "--token-file", str(path))
        bearer = {"headers": {"Authorization": f"Bearer {TOKEN}"}}
        self.check_echo(self.connect(bridge, more=bearer), 1000, 100)
        wrong = {"headers": {"Authorization": f"Bearer {TOKEN[1:]}"}}
        refused = self.refused(bridge, 401, more=wrong)
        self.assertEqual(refused.fields["www-authenticate"], "Bearer")

    def test_origins(self):
        bridge, _ = self.bridge(echo, "--origins",
                                "https://a.example,https://b.example")
        for origin in ("https://a.example", "https://b.example"):
            self.check_echo(self.connect(bridge, more={"origin": origin}),
                            1000, 100)
        for origin in ("https://c.example", "http://a.example", "null"):
            self.refused(bridge, 403, more={"origin": origin})

    def test_refusals_say_why(self):
        bridge, _ = self.bridge(echo)
        refused = self.refused(bridge, 403, target="127.0.0.1:1")
        self.assertEqual(refused.fields["content-type"], "application/json")
        self.assertEqual(json.loads(refused.body)["error"]["code"],
                         "target_denied")
        self.assertNotIn("127.0.0.1:1", refused.body)
        bridge.log_line("status=403 end=target_denied")


class Wss(Ws):
    """The same, where the bridge's own door has TLS."""

    short_count = 500


class Inner(Case):
    """TLS to an attested server the bridge, which cannot read it."""

    robot = None

    def test_https(self):
        with Backend() as backend, Serve(backend) as serve:
            with Bridge(f"127.0.0.1:{serve.port}") as bridge:
                got = self.robot.ask(
                    "https", url=bridge.url(), ca=serve.ca.read_text(),
                    host="localhost", requests=[
                        {"method": "POST", "path": "/tdx_quote",
                         "body": GOOD.decode()},
                        {"method": "GET", "path": "/hello"}])
        quote, hello = got["answers"]
        self.assertEqual((got["protocol"], got["code"]), ("TLSv1.3", 1000))
        self.assertEqual(quote["status"], 200)
        self.assertIn("quote", json.loads(quote["body"]))
        self.assertEqual(hello["status"], 200)


class Own(Base, Case):
    """Node's own WebSocket, which is undici's."""

    tells_status = False
    hears_after_close = False
    short_count = 500


def own_options():
    """How to have Node's own; None if it has none."""
    for options in ((), ("--experimental-websocket",)):
        done = subprocess.run(["node", *options, "-e", "new WebSocket('x:')"],
                              capture_output=True, text=True, timeout=LIMIT_S)
        if "SyntaxError" in done.stderr:
            return options
    return None


def main():
    global Own
    need(BRIDGE, SERVE, SIM)
    folder = node_peer.packages()
    Wss.tls, cert = tls_door()
    trusting = {"NODE_EXTRA_CA_CERTS": str(cert)}
    options = own_options()
    with Sim(now=None) as test_serve.SIMULATOR, \
            Robot(folder, "client.mjs", "ws", more=trusting) as Inner.robot:
        Ws.robot = Inner.robot
        if options is None:
            print("SKIPPED Node's own WebSocket: this Node has none")
            del Own
            harness.main()
        with Robot(folder, "client.mjs", "own",
                   options=("--no-warnings", *options)) as Own.robot:
            harness.main()


if __name__ == "__main__":
    main()
