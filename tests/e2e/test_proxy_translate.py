# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Translations by OpenAI's own types for Python: every request that they make is one
of Chat Completions, every event and object that they make is one of Responses, and
the client's accumulator agrees with them. No proxy: the tool `translate`."""
import http.server
import json
import os
import pathlib
import subprocess
import threading
import unittest

import python_peer
from harness import SCRATCH, SOURCE, need

TOOL = pathlib.Path(os.environ.get("ASSAY_BUILD") or SOURCE / "build" /
                    "release") / "tests" / "translate"
LIMIT_S = 60

FUNCTION = {"type": "function", "name": "f", "description": "d", "strict": False,
            "parameters": {"type": "object", "properties": {},
                           "additionalProperties": False}}
TOOLS = [
    FUNCTION,
    {"type": "namespace", "name": "n", "description": "more", "tools": [
        dict(FUNCTION, name="g")]},
    {"type": "custom", "name": "c", "description": "text", "format": {
        "type": "grammar", "syntax": "lark", "definition": "start: /.+/"}},
]
HISTORY = [
    {"type": "message", "role": "developer", "content": [
        {"type": "input_text", "text": "Be brief."}]},
    {"role": "user", "content": [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": "data:image/png;base64,AA==",
         "detail": "original"}]},
    {"type": "reasoning", "id": "rs_1", "summary": [],
     "encrypted_content": None},
    {"type": "message", "role": "assistant", "id": "msg_1", "content": [
        {"type": "output_text", "text": "I look.", "annotations": []}],
     "status": "completed"},
    {"type": "function_call", "call_id": "1", "name": "g", "namespace": "n",
     "arguments": "{}"},
    {"type": "custom_tool_call", "call_id": "2", "name": "c", "input": "x"},
    {"type": "function_call_output", "call_id": "1", "output": [
        {"type": "input_text", "text": "seen"},
        {"type": "input_image", "image_url": "data:image/png;base64,AA==",
         "detail": "high"}]},
    {"type": "custom_tool_call_output", "call_id": "2", "output": "a\0b"},
    {"type": "message", "role": "developer", "content": [
        {"type": "input_text", "text": "Briefer."}]},
]
OPTIONS = {
    "tool_choice": {"type": "function", "name": "f"},
    "parallel_tool_calls": False, "reasoning": {"effort": "low"},
    "max_output_tokens": 100, "temperature": 0.5, "top_p": 1,
    "text": {"format": {"type": "json_schema", "name": "s", "strict": True,
                        "schema": {"type": "object"}}, "verbosity": "low"},
    "include": ["reasoning.encrypted_content"], "store": False, "user": "u",
    "metadata": {"a": "b"}}


def chunk(delta, finish=None):
    return "data: " + json.dumps({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1,
        "model": "served", "choices": [{"index": 0, "delta": delta,
                                        "finish_reason": finish}]}) + "\n\n"


def call(index, call_id, name, arguments):
    return {"tool_calls": [{"index": index, "id": call_id, "type": "function",
                            "function": {"name": name,
                                         "arguments": arguments}}]}


def more(index, arguments):
    return {"tool_calls": [{"index": index,
                            "function": {"arguments": arguments}}]}


USAGE = "data: " + json.dumps({
    "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1,
    "model": "served", "choices": [],
    "usage": {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14,
              "prompt_tokens_details": {"cached_tokens": 4}}}) + "\n\n"
END = USAGE + "data: [DONE]\n\n"
THINKS = chunk({"role": "assistant", "content": ""}) + chunk(
    {"reasoning_content": "I th"}) + chunk({"reasoning_content": "ink"})
SAYS = chunk({"content": "Bonj"}) + chunk({"content": "our 🌍"})
CALLS = (chunk(call(0, "call_1", "f", "")) + chunk(more(0, '{"a"')) +
         chunk(call(1, "call_2", "n__g", "{")) + chunk(more(0, ":1}")) +
         chunk(more(1, "}")) +
         chunk(call(2, "call_3", "c", '{"input":"*** x\\n"}')))
STREAMS = {
    "text": SAYS + chunk({}, "stop") + END,
    "all": THINKS + SAYS + CALLS + chunk({}, "tool_calls") + END,
    "refusal": chunk({"refusal": "I'd rather not."}) + chunk({}, "stop") + END,
    "too long": SAYS + chunk({}, "length") + END,
    "filtered": SAYS + chunk({}, "content_filter") + END,
    "half a call": chunk(call(0, "call_1", "f", '{"a')) +
                   chunk({}, "length") + END,
    "nothing": chunk({}, "stop") + END,
    "failed": SAYS + 'data: {"error": {"message": "oops", "code": 500}}\n\n',
    "cut": SAYS,
    "no JSON": SAYS + "data: oops\n\n",
}


# OpenAI's servers say them, their types for Python do not.
NOT_TYPED = {("Response", "store"), ("ResponseCustomToolCall", "status")}


class Exchange:
    """The tool, between one request and one answer."""

    count = 0

    def __init__(self, request):
        Exchange.count += 1
        path = SCRATCH / f"request{Exchange.count}.json"
        path.write_text(json.dumps(request))
        self.tool = subprocess.Popen([TOOL, path], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL)
        self.word, rest = self.tool.stdout.readline().split(b" ", 1)
        self.chat = None
        self.refusal = None
        if self.word == b"chat":
            self.chat = self.tool.stdout.read(int(rest))
        else:
            self.refusal = rest.decode().strip()

    def answer(self, body, kind="text/event-stream", status="200"):
        """The Content-Type and the body for the client."""
        out, _ = self.tool.communicate(
            f"{status} {kind}\n".encode() + body.encode(), timeout=LIMIT_S)
        kind, body = out.split(b"\n", 1)
        return kind.decode(), body

    def close(self):
        self.tool.stdout.close()
        self.tool.stdin.close()
        self.tool.wait(LIMIT_S)


def request(**members):
    return {"model": "m", "input": "hi", "tools": TOOLS, **members}


def events_of(stream):
    """(event, data) of each, by a reader that knows no other form than ours."""
    for event in stream.decode().split("\n\n")[:-1]:
        if not event.startswith(":"):
            name, data = event.split("\n")
            yield name.removeprefix("event: "), json.loads(
                data.removeprefix("data: "))


def unknown_members(model, path=""):
    """Members that the types do not have, at any depth."""
    if isinstance(model, list):
        for i, x in enumerate(model):
            yield from unknown_members(x, f"{path}[{i}]")
    elif isinstance(model, pydantic.BaseModel):
        yield from (f"{path}.{x}" for x in model.model_extra or ()
                    if (type(model).__name__, x) not in NOT_TYPED)
        for name in type(model).model_fields:
            yield from unknown_members(getattr(model, name), f"{path}.{name}")


class Requests(unittest.TestCase):
    def check_chat(self, asked, **expected):
        exchange = Exchange(asked)
        self.addCleanup(exchange.close)
        self.assertIsNone(exchange.refusal)
        kind = (completion_create_params.CompletionCreateParamsStreaming
                if asked.get("stream") else
                completion_create_params.CompletionCreateParamsNonStreaming)
        pydantic.TypeAdapter(kind).validate_json(exchange.chat)
        chat = json.loads(exchange.chat)
        self.assertEqual({**chat, **expected}, chat)
        return chat

    def test_a_text(self):
        self.check_chat(request(stream=True), stream=True,
                        stream_options={"include_usage": True})

    def test_options(self):
        self.check_chat(request(**OPTIONS), max_tokens=100,
                        reasoning_effort="low", stream=False)

    def test_a_conversation(self):
        chat = self.check_chat(request(input=HISTORY, instructions="Help."))
        self.assertEqual([m["role"] for m in chat["messages"]],
                         ["system", "user", "assistant", "tool", "tool",
                          "user", "user"])

    def test_a_refusal(self):
        exchange = Exchange(request(tools=[{"type": "web_search"}]))
        self.addCleanup(exchange.close)
        self.assertIsNone(exchange.chat)
        self.assertTrue(exchange.refusal.startswith(
            "unsupported tools[0].type: "), exchange.refusal)


class Events(unittest.TestCase):
    """Each event by the type that its name stands for."""

    maxDiff = None

    def check_stream(self, name):
        exchange = Exchange(request(stream=True, **OPTIONS))
        kind, stream = exchange.answer(STREAMS[name])
        self.assertEqual(kind, "text/event-stream")
        adapter = pydantic.TypeAdapter(responses.ResponseStreamEvent)
        for number, (event, data) in enumerate(events_of(stream)):
            self.assertEqual((event, number),
                             (data["type"], data["sequence_number"]))
            typed = adapter.validate_python(data)
            self.assertEqual(typed.type, event)
            self.assertEqual(list(unknown_members(typed)), [], data)

    def test_streams(self):
        for name in STREAMS:
            with self.subTest(name):
                self.check_stream(name)

    def test_objects(self):
        message = {"role": "assistant", "content": "Bonjour",
                   "reasoning_content": "I think", "tool_calls": [
                       x for index, name in enumerate("fc") for x in
                       call(index, f"call_{index}", name,
                            '{"input":"x"}')["tool_calls"]]}
        exchange = Exchange(request(**OPTIONS))
        kind, body = exchange.answer(json.dumps({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1,
            "model": "served", "choices": [
                {"index": 0, "message": message,
                 "finish_reason": "tool_calls"}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 5,
                      "total_tokens": 14}}), "application/json")
        self.assertEqual(kind, "application/json")
        typed = responses.Response.model_validate_json(body)
        self.assertEqual(list(unknown_members(typed)), [])
        self.assertEqual([x.type for x in typed.output],
                         ["reasoning", "message", "function_call",
                          "custom_tool_call"])
        self.assertEqual(typed.usage.total_tokens, 14)


class Handler(http.server.BaseHTTPRequestHandler):
    """What the proxy does, without anything that makes it one."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        exchange = Exchange(asked)
        kind, body = exchange.answer(STREAMS[asked["model"]])
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Accumulated(unittest.TestCase):
    """client.responses.stream() puts together what events say, and has the last
    one to compare with."""

    def setUp(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        self.client = self.enterContext(openai.OpenAI(
            base_url=f"http://127.0.0.1:{server.server_port}/v1",
            api_key="k", max_retries=0))

    def test_everything(self):
        with self.client.responses.stream(model="all", input="hi",
                                          tools=TOOLS) as stream:
            events = list(stream)
            final = stream.get_final_response()
        texts = [e.delta for e in events
                 if e.type == "response.output_text.delta"]
        self.assertEqual("".join(texts), "Bonjour 🌍")
        self.assertEqual(final.output_text, "Bonjour 🌍")
        self.assertEqual(final.status, "completed")
        self.assertEqual(final.model, "served")
        self.assertEqual(final.output[0].content[0].text, "I think")
        self.assertEqual([(x.call_id, x.name, x.arguments)
                          for x in final.output if x.type == "function_call"],
                         [("call_1", "f", '{"a":1}'), ("call_2", "g", "{}")])
        self.assertEqual(final.output[3].namespace, "n")
        self.assertEqual(final.output[4].input, "*** x\n")
        self.assertEqual(final.usage.input_tokens_details.cached_tokens, 4)
        # The snapshot of each text, as the client itself put it together.
        snapshots = [e.snapshot for e in events
                     if e.type == "response.output_text.delta"]
        self.assertEqual(snapshots, ["Bonj", "Bonjour 🌍"])
        arguments = [e.snapshot for e in events if e.type ==
                     "response.function_call_arguments.delta"]
        self.assertEqual(arguments, ['{"a"', "{", '{"a":1}', "{}"])

    def last(self, name):
        with self.client.responses.create(model=name, input="hi", tools=TOOLS,
                                          stream=True) as stream:
            return list(stream)[-1]

    def test_cut_by_a_limit(self):
        last = self.last("too long")
        self.assertEqual((last.type, last.response.incomplete_details.reason),
                         ("response.incomplete", "max_output_tokens"))

    def test_failures(self):
        for name, why in (
                ("failed", "oops"),
                ("cut", "the server's answer ends without a finish_reason"),
                ("no JSON", "the server's answer is no JSON at byte 0")):
            with self.subTest(name):
                last = self.last(name)
                error = last.response.error
                self.assertEqual((last.type, error.code, error.message),
                                 ("response.failed", "server_error", why))


def imports():
    global completion_create_params, openai, pydantic, responses
    python_peer.packages()
    import openai
    import pydantic
    from openai.types import responses
    from openai.types.chat import completion_create_params


if __name__ == "__main__":
    need(TOOL)
    imports()
    unittest.main()
