# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""OpenAI's client for Python through the proxy: what it is answered, what it gives
up, and what it tries again."""
import concurrent.futures
import json
import subprocess
import sys
import unittest

import openai_wire
import proxy_peer
import python_peer
from proxy_peer import KEY, REFUSED, Proxy, ProxyCase, World

CHAT, RESPONSES = "speaks-chat", "speaks-responses"
AT_ONCE = 50
PROMPT = 'THINK let me see\nSAY One moment.\nCALL weather {"city": "Zürich"}'
ANSWERED = "The answers were: sunny"
MIB = 1 << 20


def config(world):
    """One provider that says it speaks chat, one that says responses."""
    return world.codex_config(CHAT) + world.codex_config(
        RESPONSES, "responses").partition("\n\n")[2]


class SdkCase(ProxyCase):
    """A mixin: one proxy for all tests of a class."""

    provider = CHAT

    @classmethod
    def setUpClass(cls):
        cls.world.reset()
        cls.gate = cls.enterClassContext(
            Proxy(cls.world, codex=config(cls.world)))

    def client(self, gate=None, **how):
        return self.enterContext(openai.OpenAI(
            base_url=(gate or self.gate).url(self.provider), api_key=KEY,
            **{"max_retries": 0, **how}))

    def check_arrived(self, path):
        """As the client sent it, at the path of the server's API."""
        seen = self.model.requests[-1]
        self.assertEqual((seen.method, seen.path), ("POST", path))
        self.assertEqual(seen.get("Authorization"), f"Bearer {KEY}")
        self.assertEqual(seen.get("Host"), f"localhost:{self.world.tee.port}")
        self.assertTrue(seen.get("User-Agent").startswith("OpenAI/Python"))
        return seen


# --- one interface after the other ---------------------------------------


class Api:
    """What holds for both of them; `say` and `stream` begin a request, `text`
    is that of an answer."""

    def test_an_answer(self):
        self.assertEqual(self.text(self.say("SAY good morning")),
                         "good morning")
        self.check_arrived(self.path)

    def test_a_stream(self):
        said = "SAY " + " ".join(f"w{i}" for i in range(200))
        with self.stream(said) as events:
            self.assertEqual("".join(self.deltas(events)), said[4:])

    def test_a_stream_is_not_held_back(self):
        """Each word arrives before the next is sent."""
        self.model.let_go(self.preamble)
        with self.stream("SAY a b c d e f", model="do-held") as events:
            heard = filter(None, self.deltas(events))
            for n, word in enumerate(("a ", "b ", "c ", "d "), 1):
                self.model.let_go(1)
                self.assertEqual(next(heard), word)
                self.model.wait_for(events=self.preamble + n)
            self.model.let_go(1000)
            self.assertEqual("".join(heard), "e f")
        self.model.wait(finished=1)

    def test_a_function_is_called(self):
        answer = self.say(PROMPT, tools=self.tools)
        self.check_call(answer)
        self.assertEqual(self.text(self.tell_answers(answer, ["sunny"])),
                         ANSWERED)

    def test_a_function_is_called_in_a_stream(self):
        answer = self.whole(PROMPT, tools=self.tools)
        self.check_call(answer)
        self.assertEqual(self.text(self.tell_answers(answer, ["sunny"])),
                         ANSWERED)

    def test_two_functions_are_called_at_once(self):
        prompt = 'CALL weather {"city": "A"}\nCALL weather {"city": "B"}'
        for begin in (self.say, self.whole):
            answer = begin(prompt, tools=self.tools)
            self.assertEqual([json.loads(c.arguments)["city"]
                              for c in self.calls(answer)], ["A", "B"])
            answer = self.tell_answers(answer, ["snow", "rain"])
            self.assertEqual(self.text(answer),
                             "The answers were: snow | rain")

    def test_a_client_that_leaves(self):
        """The server notices, and does not go on."""
        self.model.let_go(2)
        stream = self.stream("SAY a b c", model="do-held")
        self.model.wait(events=2)
        stream.close()
        self.model.wait_for(open=0, aborted=1)

    def test_a_client_that_waits_no_longer(self):
        with self.assertRaises(openai.APITimeoutError):
            self.say("hello", model="do-hang", timeout=0.5)
        self.model.wait_for(open=0, aborted=1)

    def test_fifty_streams_at_once(self):
        """All of them are open at a time, and none gets another's words."""
        def talk(i):
            said = " ".join(f"{i}-{n}" for n in range(20))
            with self.stream(f"SAY {said}", model="do-held") as events:
                return "".join(self.deltas(events)) == said

        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            talks = [pool.submit(talk, i) for i in range(AT_ONCE)]
            self.model.wait_for(open=AT_ONCE)
            self.model.let_go(AT_ONCE * 100)
            self.assertEqual([t.result() for t in talks], [True] * AT_ONCE)
        self.model.wait_for(open=0, finished=AT_ONCE)

    def test_much_at_once(self):
        size = 4 * MIB
        with self.stream("much", model=f"do-huge-{size}") as events:
            got = "".join(self.deltas(events))
        self.assertEqual(len(got), size)
        self.assertEqual(set(got.split()), {openai_wire.LONG_WORD})

    def test_a_long_prompt(self):
        said = "x" * MIB
        self.assertEqual(self.text(self.say(f"SAY {said}")), said)

    def test_the_servers_errors_are_its_own(self):
        for status, kind, code in (
                (401, openai.AuthenticationError, "invalid_api_key"),
                (429, openai.RateLimitError, "rate_limit_exceeded"),
                (500, openai.InternalServerError, "server_error")):
            for begin in (self.say, self.stream):
                with self.subTest(status, begin=begin.__name__):
                    with self.assertRaises(kind) as caught:
                        begin("hello", model=f"do-error-{status}")
                    e = caught.exception
                    self.assertEqual((e.status_code, e.code), (status, code))
                    self.assertIn(f"says {status}", e.message)
                    self.assertEqual(e.request_id, "req_1")
                    self.assertEqual(e.response.headers.get("retry-after"),
                                     "1" if status == 429 else None)
                    self.assertIn("verified; tcb=UpToDate", e.response.headers[
                        "x-assay-attestation"])

    def test_an_overloaded_server_is_asked_again(self):
        answer = self.say("SAY at last", model="do-once-503", max_retries=1)
        self.assertEqual(self.text(answer), "at last")
        self.assertEqual(len(self.model.requests), 2)

    def test_a_stream_that_is_cut_is_no_success(self):
        with self.assertRaises((openai.APIError, *TRANSPORT_ERRORS)):
            self.finish(self.stream("SAY a b c d", model="do-cut"))

    def test_an_answer_that_is_cut_is_no_success(self):
        with self.assertRaises(openai.APIError):
            self.say("SAY a b c d", model="do-cut")


class Chat(Api, SdkCase):
    preamble = 1  # events before the first word
    path = "/v1/chat/completions"
    tools = [{"type": "function", "function": {
        "name": "weather", "parameters": {
            "type": "object", "properties": {"city": {"type": "string"}}}}}]

    def say(self, text, model="test", max_retries=0, timeout=None, before=(),
            **more):
        messages = [*before, *([{"role": "user", "content": text}] if text
                               else [])]
        return self.client(
            max_retries=max_retries, timeout=timeout
        ).chat.completions.create(model=model, messages=messages, **more)

    def stream(self, text, **more):
        return self.say(text, stream=True, **more)

    def whole(self, text, **more):
        """An answer of the pieces of a stream, by the client's own hand."""
        with self.client().chat.completions.stream(
                model="test", messages=[{"role": "user", "content": text}],
                stream_options={"include_usage": True}, **more) as stream:
            return stream.get_final_completion()

    def deltas(self, events):
        for event in events:
            for choice in event.choices:
                yield choice.delta.content or ""

    def finish(self, events):
        for event in events:
            pass

    def text(self, answer):
        return answer.choices[0].message.content

    def calls(self, answer):
        return [c.function for c in answer.choices[0].message.tool_calls]

    def check_call(self, answer):
        call, = answer.choices[0].message.tool_calls
        self.assertEqual(call.function.name, "weather")
        self.assertEqual(json.loads(call.function.arguments),
                         {"city": "Zürich"})
        message = answer.choices[0].message
        self.assertEqual(answer.choices[0].finish_reason, "tool_calls")
        self.assertEqual(message.content, "One moment.")
        self.assertEqual(message.model_extra["reasoning_content"],
                         "let me see")
        self.assertEqual((answer.usage.prompt_tokens,
                          answer.usage.completion_tokens), (21, 3))

    def tell_answers(self, answer, said):
        message = answer.choices[0].message
        before = [{"role": "user", "content": PROMPT}, {
            "role": "assistant", "content": message.content,
            "tool_calls": [{"id": c.id, "type": "function", "function": {
                "name": c.function.name, "arguments": c.function.arguments}}
                for c in message.tool_calls]}]
        before += [{"role": "tool", "tool_call_id": c.id, "content": text}
                   for c, text in zip(message.tool_calls, said)]
        return self.say("", tools=self.tools, before=before)


class Responses(Api, SdkCase):
    """Where the server speaks them too: every octet passes."""

    provider = RESPONSES
    preamble = 4
    path = "/v1/responses"
    tools = [{"type": "function", "name": "weather", "strict": False,
              "parameters": {"type": "object", "properties": {
                  "city": {"type": "string"}}}}]

    def say(self, text, model="test", max_retries=0, timeout=None, **more):
        return self.client(
            max_retries=max_retries, timeout=timeout
        ).responses.create(model=model, input=text, **more)

    def stream(self, text, **more):
        return self.say(text, stream=True, **more)

    def whole(self, text, **more):
        with self.client().responses.stream(
                model="test", input=text, **more) as stream:
            return stream.get_final_response()

    def deltas(self, events):
        last = None
        for event in events:
            last = event
            if event.type == "response.output_text.delta":
                yield event.delta
        self.assertEqual(last.type, "response.completed")

    def finish(self, events):
        """Raises where it did not end well."""
        last = None
        for event in events:
            last = event
        if last.type == "response.failed":
            raise openai.APIError(last.response.error.message, None, body=None)

    def text(self, answer):
        return answer.output_text

    def calls(self, answer):
        return [o for o in answer.output if o.type == "function_call"]

    def check_call(self, answer):
        thought, = (o for o in answer.output if o.type == "reasoning")
        self.assertEqual(self.thoughts(thought), "let me see")
        self.assertEqual(answer.output_text, "One moment.")
        call, = self.calls(answer)
        self.assertEqual(call.name, "weather")
        self.assertEqual(json.loads(call.arguments), {"city": "Zürich"})
        self.assertEqual(answer.status, "completed")
        self.assertEqual((answer.usage.input_tokens,
                          answer.usage.output_tokens), (21, 3))
        self.assertEqual(answer.usage.input_tokens_details.cached_tokens, 8)
        self.assertEqual(
            answer.usage.output_tokens_details.reasoning_tokens, 3)

    def thoughts(self, item):
        return "".join(s.text for s in item.summary)

    def tell_answers(self, answer, said):
        items = [{"type": "message", "role": "user", "content": PROMPT},
                 *(o.model_dump(exclude_none=True) for o in answer.output)]
        items += [{"type": "function_call_output", "call_id": c.call_id,
                   "output": text}
                  for c, text in zip(self.calls(answer), said)]
        return self.say(items, tools=self.tools)


class Translated(Responses):
    """Where the server speaks Chat Completions alone."""

    provider = CHAT
    preamble = 1
    path = "/v1/chat/completions"

    def thoughts(self, item):
        """A model's own words are the content, not a summary of it."""
        return "".join(s.text for s in [*item.summary, *(item.content or ())])

    def test_what_chat_has_no_word_for(self):
        """Refused by its name."""
        with self.assertRaises(openai.BadRequestError) as caught:
            self.say("hello", previous_response_id="resp_1")
        self.assertIn("previous_response_id", caught.exception.message)
        self.check_nothing_arrived()


# --- beside the conversation ---------------------------------------------


class Others(SdkCase):
    def test_models(self):
        self.assertEqual([m.id for m in self.client().models.list()],
                         ["test"])

    def test_what_was_verified_is_told(self):
        raw = self.client().models.with_raw_response.list()
        self.assertRegex(
            raw.headers["x-assay-attestation"],
            r"^verified; tcb=UpToDate; age=\d+; evidence=[0-9a-f]{16}; partial$")

    def test_asynchronously(self):
        import asyncio

        async def talk(client, i):
            stream = await client.chat.completions.create(
                model="test", stream=True,
                messages=[{"role": "user", "content": f"SAY number {i}"}])
            return "".join([c.delta.content or "" async for event in stream
                            for c in event.choices])

        async def all_of_them():
            async with openai.AsyncOpenAI(
                    base_url=self.gate.url(CHAT), api_key=KEY,
                    max_retries=0) as client:
                return await asyncio.gather(*(
                    talk(client, i) for i in range(AT_ONCE)))

        self.assertEqual(asyncio.run(all_of_them()),
                         [f"number {i}" for i in range(AT_ONCE)])

    def test_the_environment_as_it_is_printed(self):
        """`assay proxy env`: the client needs no argument."""
        gate = self.proxy()
        code = ("import openai; print(openai.OpenAI(api_key='k', max_retries=0)"
                ".chat.completions.create(model='m', messages=[{'role': 'user',"
                "'content': 'SAY by the environment'}])"
                ".choices[0].message.content)")
        p = subprocess.run(
            ["sh", "-c", 'eval "$("$1" proxy env --state "$2")" && '
             'exec "$3" -c "$4"', "sh", str(proxy_peer.ASSAY),
             str(gate.state_file), sys.executable, code], text=True,
            capture_output=True, timeout=proxy_peer.LIMIT_S, env={
                **gate.environment, "PYTHONPATH": ":".join(sys.path)})
        self.assertEqual([x["status"] for x in gate.audit], [200])
        self.assertEqual(p.stdout, "by the environment\n", p.stderr)


class Refused(SdkCase):
    """A server that is not trusted gets nothing, and is not asked again."""

    def refused(self, begin):
        self.world.sim.change("tcb=OutOfDate")
        gate = self.proxy(codex=config(self.world))
        for name in (CHAT, RESPONSES):
            self.provider = name
            with self.subTest(name):
                with self.assertRaises(openai.PermissionDeniedError) as caught:
                    begin(self.client(gate, max_retries=5))
                e = caught.exception
                self.assertIn(REFUSED, str(e))
                self.assertIn("OutOfDate", str(e))
                self.assertEqual((e.type, e.code), (
                    "attestation_error", "tcb_status_not_allowed"))
        lines = gate.audited(2)
        self.assertEqual([x["status"] for x in lines], [403, 403])
        self.check_nothing_arrived()

    def test_chat(self):
        self.refused(lambda c: c.chat.completions.create(
            model="test", messages=[{"role": "user", "content": "secret"}]))

    def test_chat_streamed(self):
        self.refused(lambda c: c.chat.completions.create(
            model="test", stream=True,
            messages=[{"role": "user", "content": "secret"}]))

    def test_responses(self):
        self.refused(lambda c: c.responses.create(model="test",
                                                  input="secret"))

    def test_responses_streamed(self):
        self.refused(lambda c: c.responses.create(
            model="test", input="secret", stream=True))

    def test_models(self):
        self.refused(lambda c: c.models.list())


class Outage(unittest.TestCase):
    """A server that is not there for now is worth another try."""

    def test_asked_again_until_it_is_there(self):
        with World() as world:
            with Proxy(world) as gate:
                client = openai.OpenAI(base_url=gate.url(), api_key=KEY,
                                       max_retries=1)
                with client:
                    self.assertEqual(len(client.models.list().data), 1)
                    world.tee.stop()
                    with self.assertRaises(openai.InternalServerError) as e:
                        client.models.list()
                    self.assertEqual(e.exception.status_code, 503)
                    self.assertEqual([x["status"] for x in gate.audited(3)],
                                     [200, 503, 503])


def main():
    global openai, TRANSPORT_ERRORS
    python_peer.packages()
    import openai
    import httpx2
    TRANSPORT_ERRORS = (httpx2.TransportError,)
    proxy_peer.main()


if __name__ == "__main__":
    main()
