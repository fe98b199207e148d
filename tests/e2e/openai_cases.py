# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""OpenAI's client for Node: what it is answered, what it gives up, and what it tries
again, whatever is between it and the server."""
import json

import openai_wire
from node_peer import ANSWER_LIMIT_S

AT_ONCE = 50
KEY = "sk-of-the-user"
MIB = 1 << 20
PROMPT = 'THINK let me see\nSAY One moment.\nCALL weather {"city": "Zürich"}'


def wait_for_all(model, answers):
    """Until each of many clients is with the model; or says what keeps them."""
    try:
        model.wait_for(open=AT_ONCE)
    except AssertionError as why:
        said = answers.exception() if answers.done() else "they wait"
        raise AssertionError(f"{why}; of the clients: {said}") from None


class Api:
    """A mixin: what holds for both interfaces.

    It wants `robot` (openai-node/client.mjs), `model` (OpenAI), start(), ask(),
    good() and trouble(), and check_verified(): of what a field of an answer says,
    whoever has put it there.
    """

    much = 4 * MIB

    def request(self, text, **how):
        return self.good("request", api=self.api, request=self.said(text),
                         **how)["answer"]

    def streamed(self, text, model="test"):
        return self.good("request", api=self.api, request={
            **self.said(text, model), "stream": True})

    def test_an_answer(self):
        self.assertEqual(self.text(self.request("SAY good morning")),
                         "good morning")
        seen = self.model.requests[-1]
        self.assertEqual((seen.path, seen.get("Authorization")),
                         (self.path, f"Bearer {KEY}"))
        self.assertTrue(seen.get("User-Agent").startswith("OpenAI/JS"))

    def test_a_stream(self):
        said = " ".join(f"w{i}" for i in range(200))
        got = self.streamed("SAY " + said)
        self.assertEqual(got["text"], said)
        self.assertEqual(got["last"], self.last)

    def test_a_stream_is_not_held_back(self):
        """Each word arrives before the next is sent."""
        self.model.let_go(self.preamble)
        number = self.ask("begin", api=self.api,
                          request=self.said("SAY a b c d", "do-held"))
        for n, word in enumerate(("a ", "b ", "c "), 1):
            self.model.let_go(1)
            self.assertEqual(self.robot.ask("word", number=number), word)
            self.model.wait_for(events=self.preamble + n)
        self.model.let_go(1000)
        self.assertEqual(self.robot.ask("word", number=number), "d")
        self.assertIsNone(self.robot.ask("word", number=number))
        self.model.wait(finished=1)

    def test_a_function_is_called(self):
        for how in ("request", "gathered"):
            with self.subTest(how):
                answer = self.good(how, api=self.api, request={
                    **self.said(PROMPT), "tools": self.tools})["answer"]
                (name, arguments), = self.calls(answer)
                self.assertEqual(name, "weather")
                self.assertEqual(json.loads(arguments), {"city": "Zürich"})
                again = self.good("request", api=self.api, request={
                    **self.with_answer(answer, "sunny"),
                    "tools": self.tools})["answer"]
                self.assertEqual(self.text(again), "The answers were: sunny")

    def test_a_client_that_leaves(self):
        self.model.let_go(2)
        number = self.ask("begin", api=self.api,
                          request=self.said("SAY a b c", "do-held"))
        self.model.wait(events=2)
        self.robot.ask("abort", number=number)
        self.model.wait_for(open=0, aborted=1)

    def test_a_client_that_waits_no_longer(self):
        trouble = self.trouble("request", api=self.api, timeout=500,
                               request=self.said("hello", "do-hang"))
        self.assertEqual(trouble["kind"], "APIConnectionTimeoutError")
        self.model.wait_for(open=0, aborted=1)

    def test_fifty_streams_at_once(self):
        requests = []
        for i in range(AT_ONCE):
            want = " ".join(f"{i}-{n}" for n in range(20))
            requests.append({"want": want, "request": {
                **self.said(f"SAY {want}", "do-held"), "stream": True}})
        answers = self.start("many", api=self.api, requests=requests)
        wait_for_all(self.model, answers)
        self.model.let_go(AT_ONCE * 100)
        self.assertEqual(answers.result(ANSWER_LIMIT_S), [True] * AT_ONCE)
        self.model.wait_for(open=0, finished=AT_ONCE)

    def test_much_at_once(self):
        got = self.streamed("much", f"do-huge-{self.much}")
        self.assertEqual(len(got["text"]), self.much)
        self.assertEqual(set(got["text"].split()), {openai_wire.LONG_WORD})

    def test_the_servers_errors_are_its_own(self):
        for status, kind, code in (
                (401, "AuthenticationError", "invalid_api_key"),
                (429, "RateLimitError", "rate_limit_exceeded"),
                (500, "InternalServerError", "server_error")):
            with self.subTest(status):
                trouble = self.trouble(
                    "request", api=self.api,
                    request=self.said("hello", f"do-error-{status}"))
                self.check_verified(trouble.pop("verified"))
                self.assertIn(f"says {status}", trouble.pop("message"))
                trouble.pop("type")
                self.assertEqual(trouble, {
                    "kind": kind, "status": status, "code": code,
                    "requestId": "req_1", "cause": None})

    def test_an_overloaded_server_is_asked_again(self):
        answer = self.good("request", api=self.api, maxRetries=1,
                           request=self.said("SAY at last", "do-once-503"))
        self.assertEqual(self.text(answer["answer"]), "at last")
        self.assertEqual(len(self.model.requests), 2)

    def test_a_stream_that_is_cut_is_no_success(self):
        got = self.ask("request", api=self.api, request={
            **self.said("SAY a b c d", "do-cut"), "stream": True})
        if "trouble" not in got:
            self.assertEqual(got["last"], "response.failed")


class Chat(Api):
    api, path, last = "chat", "/v1/chat/completions", None
    preamble = 1  # events before the first word
    tools = [{"type": "function", "function": {
        "name": "weather", "parameters": {
            "type": "object", "properties": {"city": {"type": "string"}}}}}]

    def said(self, text, model="test"):
        return {"model": model, "messages": [{"role": "user",
                                              "content": text}]}

    def text(self, answer):
        return answer["choices"][0]["message"]["content"]

    def calls(self, answer):
        return [(c["function"]["name"], c["function"]["arguments"])
                for c in answer["choices"][0]["message"]["tool_calls"]]

    def with_answer(self, answer, said):
        message = answer["choices"][0]["message"]
        calls = [{"id": c["id"], "type": "function", "function": {
            "name": c["function"]["name"],
            "arguments": c["function"]["arguments"]}}
            for c in message["tool_calls"]]
        return {"model": "test", "messages": [
            {"role": "user", "content": PROMPT},
            {"role": "assistant", "content": message["content"],
             "tool_calls": calls},
            {"role": "tool", "tool_call_id": calls[0]["id"],
             "content": said}]}


class Responses(Api):
    api, path, last = "responses", "/v1/responses", "response.completed"
    preamble = 4
    tools = [{"type": "function", "name": "weather", "strict": False,
              "parameters": {"type": "object", "properties": {
                  "city": {"type": "string"}}}}]

    def said(self, text, model="test"):
        return {"model": model, "input": text}

    def text(self, answer):
        return answer["output_text"]

    def calls(self, answer):
        return [(o["name"], o["arguments"]) for o in answer["output"]
                if o["type"] == "function_call"]

    def with_answer(self, answer, said):
        call, = (o for o in answer["output"] if o["type"] == "function_call")
        output = [{k: v for k, v in o.items() if k != "parsed_arguments"}
                  for o in answer["output"]]
        return {"model": "test", "input": [
            {"type": "message", "role": "user", "content": PROMPT}, *output,
            {"type": "function_call_output", "call_id": call["call_id"],
             "output": said}]}
