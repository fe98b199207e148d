# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""OpenAI's client for Node through the proxy: what it is answered, what it gives up,
and what it tries again."""
import node_peer
import openai_cases
import proxy_peer
from harness import SOURCE
from node_peer import ANSWER_LIMIT_S, Robot
from proxy_peer import KEY, REFUSED, Proxy, ProxyCase
from test_proxy_openai_python import CHAT, RESPONSES, config

FOLDER = SOURCE / "tests" / "e2e" / "openai-node"


class SdkCase(ProxyCase):
    """A mixin: one proxy for all tests of a class."""

    provider = CHAT
    robot = None

    @classmethod
    def setUpClass(cls):
        cls.world.reset()
        cls.gate = cls.enterClassContext(
            Proxy(cls.world, codex=config(cls.world)))

    def start(self, name, gate=None, **args):
        return self.robot.start(
            name, url=(gate or self.gate).url(self.provider), key=KEY, **args)

    def ask(self, name, **args):
        return self.start(name, **args).result(ANSWER_LIMIT_S)

    def good(self, name, **args):
        got = self.ask(name, **args)
        self.assertNotIn("trouble", got)
        return got

    def trouble(self, name, **args):
        return self.ask(name, **args)["trouble"]

    def check_verified(self, said):
        self.assertIn("verified; tcb=UpToDate", said)


class Chat(openai_cases.Chat, SdkCase):
    pass


class Responses(openai_cases.Responses, SdkCase):
    """Where the server speaks them too: every octet passes."""

    provider = RESPONSES


class Translated(Responses):
    """Where the server speaks Chat Completions alone."""

    provider = CHAT
    path = "/v1/chat/completions"
    preamble = 1


class Others(SdkCase):
    def test_models(self):
        got = self.good("models")
        self.assertEqual(got["ids"], ["test"])
        self.assertRegex(
            got["verified"],
            r"^verified; tcb=UpToDate; age=\d+; evidence=[0-9a-f]{16}; partial$")


class Refused(SdkCase):
    """A server that is not trusted gets nothing, and is not asked again."""

    def refused(self, name, **args):
        self.world.sim.change("tcb=OutOfDate")
        gate = self.proxy(codex=config(self.world))
        for self.provider in (CHAT, RESPONSES):
            trouble = self.trouble(name, gate=gate, maxRetries=5, **args)
            self.assertIn(REFUSED, trouble["message"])
            self.assertIn("OutOfDate", trouble["message"])
            self.assertEqual(
                (trouble["kind"], trouble["status"], trouble["type"],
                 trouble["code"]),
                ("PermissionDeniedError", 403, "attestation_error",
                 "tcb_status_not_allowed"))
        self.assertEqual([x["status"] for x in gate.audited(2)], [403, 403])
        self.check_nothing_arrived()

    def test_chat(self):
        self.refused("request", api="chat", request=Chat.said(self, "secret"))

    def test_responses_streamed(self):
        self.refused("request", api="responses", request={
            **Responses.said(self, "secret"), "stream": True})

    def test_models(self):
        self.refused("models")


def main():
    folder = node_peer.packages(FOLDER)
    with Robot(folder, FOLDER / "client.mjs") as SdkCase.robot:
        proxy_peer.main()


if __name__ == "__main__":
    main()
