# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""OpenAI's client and Vercel's AI SDK over the fetch of assay-js, in Node:

    SDK -- createAtlsFetch == attested TLS == assay-serve -- openai_server.py
"""
import contextlib

import harness
import js_peer
import node_peer
import openai_cases
from bridge_peer import wait_until
from harness import SOURCE
from node_peer import ANSWER_LIMIT_S, Robot
from openai_cases import AT_ONCE, KEY, PROMPT
from proxy_peer import ProxyCase, World
from relay import Relay
from test_serve import SERVE
from test_sim import SIM

FOLDER = SOURCE / "tests" / "e2e" / "js-sdks"
CONNECTIONS = 16  # README: at a time, unless one says otherwise
RETRIES = 2
MANY = {"maxConnections": 2 * AT_ONCE}


class SdkCase(ProxyCase):
    """A mixin: what to tell a robot."""

    robot = None

    def setUp(self):
        super().setUp()
        self.robot.ask("closeAll")

    def atls(self, port=None, **more):
        return {"target": f"localhost:{port or self.world.tee.port}",
                "policy": self.world.policy, "cache": False,
                "extraRoots": self.world.tee.ca.read_text(), **more}

    def start(self, name, atls=None, **args):
        atls = atls or self.atls(**MANY)
        return self.robot.start(name, url=f"https://{atls['target']}/v1",
                                key=KEY, atls=atls, **args)

    def ask(self, name, **args):
        return self.start(name, **args).result(ANSWER_LIMIT_S)

    def good(self, name, **args):
        got = self.ask(name, **args)
        self.assertNotIn("trouble", got)
        return got

    def trouble(self, name, **args):
        return self.ask(name, **args)["trouble"]

    def check_verified(self, said):
        """That field is the proxy's."""
        self.assertIsNone(said)

    def stats(self):
        return self.robot.ask("stats")

    @contextlib.contextmanager
    def counted(self, **more):
        """Options whose connections are counted: relay.accepted."""
        with Relay(self.world.tee.port) as relay:
            yield relay, self.atls(relay.port, **more)

    def check_nothing_arrived(self):
        self.assertEqual(self.model.requests, [])


# --- OpenAI's client -------------------------------------------------------


class OpenAi:
    """A mixin: what holds for both interfaces, besides openai_cases.Api."""

    def ask_once(self, text="secret", **how):
        return self.ask("request", api=self.api, request=self.said(text),
                        **how)

    def test_connections_are_kept(self):
        with self.counted() as (relay, atls):
            before = self.stats()["attestations"]
            for word in ("one", "two", "three"):
                got = self.ask_once(f"SAY {word}", atls=atls)
                self.assertEqual(self.text(got["answer"]), word)
            self.assertEqual(relay.accepted, 1)
            self.assertEqual(self.stats()["attestations"], before + 1)

    def test_more_streams_than_connections(self):
        """Those that wait get theirs, each its own words."""
        requests = []
        for i in range(AT_ONCE):
            want = " ".join(f"{i}-{n}" for n in range(20))
            requests.append({"want": want, "request": {
                **self.said(f"SAY {want}", "do-held"), "stream": True}})
        with self.counted() as (relay, atls):
            answers = self.start("many", api=self.api, atls=atls,
                                 requests=requests)
            self.model.wait_for(open=CONNECTIONS)
            self.assertEqual(self.stats()["waiting"], AT_ONCE - CONNECTIONS)
            self.model.let_go(AT_ONCE * 100)
            self.assertEqual(answers.result(ANSWER_LIMIT_S), [True] * AT_ONCE)
            self.assertEqual(relay.accepted, CONNECTIONS)
        self.model.wait_for(open=0, finished=AT_ONCE)

    def test_a_stream_that_is_cut_fails(self):
        """Half a stream is not a whole one."""
        trouble = self.trouble("request", api=self.api, request={
            **self.said("SAY a b c d", "do-cut"), "stream": True})
        self.assertNotEqual(trouble["message"], "")

    def test_half_an_answer_fails(self):
        trouble = self.trouble("request", api=self.api,
                               request=self.said("SAY a b c d", "do-cut"))
        self.assertNotEqual(trouble["message"], "")

    def test_the_platform_is_out_of_date(self):
        """Nothing is sent, and fetch itself does not try again."""
        self.world.sim.change("tcb=OutOfDate")
        with self.counted() as (relay, atls):
            trouble = self.ask_once(atls=atls)["trouble"]
            self.assertEqual((trouble["kind"], trouble["cause"]),
                             ("APIConnectionError", "not_trusted"))
            self.assertEqual(relay.accepted, 1)
        self.check_nothing_arrived()

    def test_what_the_client_tries_again_sends_nothing_either(self):
        """It does so after any rejection; the reason stays the same."""
        policy = {**self.world.policy, "os_image_hash": "00" * 32}
        with self.counted(policy=policy) as (relay, atls):
            trouble = self.ask_once(atls=atls, maxRetries=RETRIES)["trouble"]
            self.assertEqual((trouble["kind"], trouble["cause"]),
                             ("APIConnectionError", "not_trusted"))
            self.assertEqual(relay.accepted, 1 + RETRIES)
        self.check_nothing_arrived()

    def test_without_a_policy(self):
        with self.counted() as (relay, atls):
            del atls["policy"]
            trouble = self.ask_once(atls=atls)["trouble"]
            self.assertEqual(trouble["cause"], "policy_required")
            self.assertEqual(relay.accepted, 0)
        self.check_nothing_arrived()

    def test_a_base_url_that_is_not_the_target_s(self):
        """A key goes to nobody else, and not to the TEE either."""
        with Relay(self.world.tee.port) as other:
            got = self.robot.ask(
                "request", url=f"https://localhost:{other.port}/v1", key=KEY,
                atls=self.atls(), api=self.api, request=self.said("secret"))
            self.assertEqual(got["trouble"]["cause"], "wrong_host")
            self.assertEqual(other.accepted, 0)
        self.check_nothing_arrived()

    def test_a_server_that_comes_back(self):
        """Its connections are cut while they rest: that costs nothing."""
        with self.counted() as (relay, atls):
            self.assertIn("answer", self.ask_once(atls=atls))
            relay.cut()
            wait_until(lambda: self.stats()["total"] == 0)
            self.assertIn("answer", self.ask_once(atls=atls))
            self.assertEqual(relay.accepted, 2)


class Chat(OpenAi, openai_cases.Chat, SdkCase):
    pass


class Responses(OpenAi, openai_cases.Responses, SdkCase):
    # Its events repeat the whole text, and the client reads each of them anew with
    # every piece that comes.
    much = 1 << 20


class Models(SdkCase):
    def test_models(self):
        got = self.good("models")
        self.assertEqual((got["ids"], got["tcbStatus"]),
                         (["test"], "UpToDate"))


# --- Vercel's AI SDK -------------------------------------------------------


class Ai:
    """A mixin: what holds for both interfaces."""

    def setUp(self):
        self.robot = self.ai
        super().setUp()

    def good(self, name, **args):
        return super().good(name, api=self.api, **args)

    def trouble(self, name, **args):
        return super().trouble(name, api=self.api, **args)

    def test_generate_text(self):
        got = self.good("generate", prompt="SAY good morning")
        self.assertEqual((got["text"], got["tokens"]), ("good morning", 2))
        seen = self.model.requests[-1]
        self.assertEqual((seen.path, seen.get("Authorization")),
                         (self.path, f"Bearer {KEY}"))
        self.assertTrue(seen.get("User-Agent").startswith("ai/"))

    def test_stream_text(self):
        said = " ".join(f"w{i}" for i in range(200))
        got = self.good("stream", prompt="SAY " + said)
        self.assertEqual((got["text"], got["finish"]), (said, "stop"))

    def test_a_stream_is_not_held_back(self):
        """Each word arrives before the next is sent."""
        number = self.ask("begin", api=self.api, prompt="SAY a b c d",
                          model="do-held")
        self.model.let_go(self.preamble)
        for n, word in enumerate(("a ", "b ", "c "), 1):
            self.model.let_go(1)
            self.assertEqual(self.robot.ask("piece", number=number), word)
            self.model.wait_for(events=self.preamble + n)
        self.model.let_go(1000)
        self.assertEqual(self.robot.ask("piece", number=number), "d")
        self.assertIsNone(self.robot.ask("piece", number=number))
        self.model.wait(finished=1)

    def test_tools(self):
        for streamed in (False, True):
            with self.subTest(streamed=streamed):
                got = self.good("tools", prompt=PROMPT, weather="sunny",
                                streamed=streamed)
                self.assertEqual(got["asked"], ["Zürich"])
                self.assertEqual((got["text"], got["steps"]),
                                 ("The answers were: sunny", 2))

    def test_output_of_a_schema(self):
        got = self.good("object", prompt='SAY {"city": "Zürich"}')
        self.assertEqual(got["output"], {"city": "Zürich"})

    def test_a_client_that_leaves(self):
        """Nobody generates on for it."""
        number = self.ask("begin", api=self.api, prompt="SAY a b c",
                          model="do-held")
        self.model.let_go(self.preamble + 1)
        self.assertEqual(self.robot.ask("piece", number=number), "a ")
        self.robot.ask("abort", number=number)
        self.model.wait_for(open=0, aborted=1)

    def test_fifty_streams_at_once(self):
        prompts = [" ".join(f"{i}-{n}" for n in range(20))
                   for i in range(AT_ONCE)]
        answers = self.start("many", api=self.api, prompts=prompts,
                             model="do-held")
        openai_cases.wait_for_all(self.model, answers)
        self.model.let_go(AT_ONCE * 100)
        self.assertEqual(answers.result(ANSWER_LIMIT_S), [True] * AT_ONCE)
        self.model.wait_for(open=0, finished=AT_ONCE)

    def test_the_servers_errors_are_its_own(self):
        for status in (401, 429, 500):
            with self.subTest(status):
                trouble = self.trouble("generate", prompt="hello",
                                       model=f"do-error-{status}")
                self.assertEqual(trouble["status"], status)
                self.assertIn(f"says {status}", trouble["message"])

    def test_an_overloaded_server_is_asked_again(self):
        got = self.good("generate", prompt="SAY at last",
                        model="do-once-503", maxRetries=1)
        self.assertEqual(got["text"], "at last")
        self.assertEqual(len(self.model.requests), 2)

    def test_a_stream_that_is_cut_is_no_success(self):
        self.trouble("stream", prompt="SAY a b c d", model="do-cut")

    def test_a_policy_s_failure_is_not_tried_again(self):
        """Not by the SDK either, whatever it may try."""
        for name in ("generate", "stream"):
            with self.subTest(name):
                policy = {**self.world.policy, "os_image_hash": "00" * 32}
                with self.counted(policy=policy) as (relay, atls):
                    trouble = self.trouble(name, prompt="secret", atls=atls,
                                           maxRetries=5)
                    self.assertEqual(
                        (trouble["name"], trouble["code"], trouble["failed"]),
                        ("AtlsError", "not_trusted", ["os_image_hash"]))
                    self.assertEqual(relay.accepted, 1)
        self.check_nothing_arrived()

    def test_nobody_is_there(self):
        """A network's failure is tried again, and told in the end."""
        with Relay(self.world.tee.port) as relay:
            atls = self.atls(relay.port)
        trouble = self.trouble("generate", prompt="secret", atls=atls,
                               maxRetries=1)
        self.assertIn("ECONNREFUSED", trouble["message"])
        self.check_nothing_arrived()


class AiChat(Ai, SdkCase):
    api, path, preamble = "chat", "/v1/chat/completions", 1


class AiResponses(Ai, SdkCase):
    api, path, preamble = "responses", "/v1/responses", 4


def main():
    js_peer.need_dist()
    harness.need(SIM, SERVE)
    folder = node_peer.packages(FOLDER)
    client = SOURCE / "tests" / "e2e" / "openai-node" / "client.mjs"
    with (Robot(folder, client, js_peer.DIST) as SdkCase.robot,
          Robot(folder, FOLDER / "ai.mjs", js_peer.DIST) as Ai.ai,
          World() as ProxyCase.world):
        harness.main()


if __name__ == "__main__":
    main()
