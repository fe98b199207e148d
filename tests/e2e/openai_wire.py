# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What a model says, in the words of OpenAI's two interfaces: Chat Completions and
Responses, whole or as the events of a stream. No I/O in here.

The model does what the last text of the user tells it, line by line:
    SAY words                      these words
    THINK words                    as its reasoning
    CALL name {"arguments": ...}   a function, if the request offers it
Without any of them it says the text back. Once what it called has been answered, it
says what the answers were.
"""
import dataclasses
import json
import re

NOW = 1767225600
LONG_WORD = "0123456789abcdef" * 63 + "0123456789abcde"
INPUT_TOKENS, CACHED_TOKENS, REASONING_TOKENS = 21, 8, 3


@dataclasses.dataclass
class Call:
    id: str
    name: str
    arguments: str


@dataclasses.dataclass
class Speech:
    """What the model says to one request."""

    text: str = ""
    thoughts: str = ""
    calls: list = dataclasses.field(default_factory=list)

    @property
    def output_tokens(self):
        return len(words(self.text)) + len(self.calls)


def words(text):
    """The pieces in which a stream has it."""
    return re.findall(r"\S+\s*|\s+", text)


# --- requests ------------------------------------------------------------


def plain(content):
    """Text of a content that is one, or a list of parts."""
    if isinstance(content, list):
        return "\n".join(p.get("text") or "" for p in content)
    return content or ""


def chat_items(body):
    """(role, text) of each message; answers of functions are of "tool"."""
    return [(m["role"], plain(m.get("content"))) for m in body["messages"]]


def responses_items(body):
    given = body["input"]
    if isinstance(given, str):
        return [("user", given)]
    items = []
    for item in given:
        kind = item.get("type", "message")
        if kind == "message":
            items.append((item["role"], plain(item["content"])))
        elif kind.endswith("_output"):
            items.append(("tool", plain(item["output"])))
    return items


def offered(body):
    """Names of the functions that may be called."""
    return {t.get("name") or t.get("function", {}).get("name")
            for t in body.get("tools") or ()}


def speak(items, tools):
    """What the model says behind these items."""
    answers = []
    asked = ""
    for role, text in reversed(items):
        if role == "user":
            asked = text
            break
        if role == "tool":
            answers.insert(0, text)
    if answers:
        return Speech("The answers were: " + " | ".join(answers))
    speech = Speech()
    said = []
    for line in asked.splitlines():
        verb, _, rest = line.partition(" ")
        if verb == "SAY":
            said.append(rest)
        elif verb == "THINK":
            speech.thoughts = rest
        elif verb == "CALL":
            name, _, arguments = rest.partition(" ")
            if name in tools:
                speech.calls.append(Call(f"call_{len(speech.calls) + 1}", name,
                                         arguments or "{}"))
    speech.text = "\n".join(said)
    if not (said or speech.calls):
        speech.text = "You said: " + asked
    return speech


# --- Chat Completions ----------------------------------------------------


def chat_usage(speech):
    out = speech.output_tokens
    return {"prompt_tokens": INPUT_TOKENS, "completion_tokens": out,
            "total_tokens": INPUT_TOKENS + out,
            "prompt_tokens_details": {"cached_tokens": CACHED_TOKENS},
            "completion_tokens_details": {
                "reasoning_tokens": REASONING_TOKENS}}


def chat_finish(speech):
    return "tool_calls" if speech.calls else "stop"


def chat_call(call, arguments):
    return {"id": call.id, "type": "function",
            "function": {"name": call.name, "arguments": arguments}}


def chat_whole(speech, body):
    message = {"role": "assistant", "content": speech.text or None,
               "refusal": None}
    if speech.thoughts:
        message["reasoning_content"] = speech.thoughts
    if speech.calls:
        message["tool_calls"] = [chat_call(c, c.arguments)
                                 for c in speech.calls]
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": NOW,
            "model": body["model"], "usage": chat_usage(speech),
            "choices": [{"index": 0, "message": message, "logprobs": None,
                         "finish_reason": chat_finish(speech)}]}


def chat_deltas(speech):
    yield {"role": "assistant", "content": ""}
    for piece in words(speech.thoughts):
        yield {"reasoning_content": piece}
    for piece in words(speech.text):
        yield {"content": piece}
    for index, call in enumerate(speech.calls):
        yield {"tool_calls": [{"index": index, **chat_call(call, "")}]}
        for piece in words(call.arguments):
            yield {"tool_calls": [{"index": index,
                                   "function": {"arguments": piece}}]}


def chat_events(speech, body):
    """(name, data) of each event; chat's have no name."""
    def chunk(choices, **more):
        return None, json.dumps({
            "id": "chatcmpl-1", "object": "chat.completion.chunk",
            "created": NOW, "model": body["model"], "choices": choices, **more})

    for delta in chat_deltas(speech):
        yield chunk([{"index": 0, "delta": delta, "finish_reason": None}])
    yield chunk([{"index": 0, "delta": {},
                  "finish_reason": chat_finish(speech)}])
    if (body.get("stream_options") or {}).get("include_usage"):
        yield chunk([], usage=chat_usage(speech))
    yield None, "[DONE]"


# --- Responses -----------------------------------------------------------


def response(speech, body, status, output=()):
    out = speech.output_tokens
    usage = {"input_tokens": INPUT_TOKENS, "output_tokens": out,
             "total_tokens": INPUT_TOKENS + out,
             "input_tokens_details": {"cached_tokens": CACHED_TOKENS},
             "output_tokens_details": {"reasoning_tokens": REASONING_TOKENS}}
    done = status == "completed"
    return {"id": "resp_1", "object": "response", "created_at": NOW,
            "status": status, "model": body["model"], "error": None,
            "incomplete_details": None, "instructions": None, "metadata": {},
            "output": list(output), "parallel_tool_calls": True,
            "temperature": 1.0, "top_p": 1.0, "tool_choice": "auto",
            "tools": body.get("tools") or [], "usage": usage if done else None}


def reasoning_item(text, status="completed"):
    summary = [{"type": "summary_text", "text": text}] if text else []
    return {"type": "reasoning", "id": "rs_1", "summary": summary,
            "status": status}


def message_item(text, status="completed"):
    parts = [text_part(text)] if text else []
    return {"type": "message", "id": "msg_1", "role": "assistant",
            "status": status, "content": parts}


def text_part(text):
    return {"type": "output_text", "text": text, "annotations": [],
            "logprobs": []}


def call_item(call, arguments, status="completed"):
    return {"type": "function_call", "id": f"fc_{call.id}",
            "call_id": call.id, "name": call.name, "arguments": arguments,
            "status": status}


def responses_output(speech):
    output = []
    if speech.thoughts:
        output.append(reasoning_item(speech.thoughts))
    if speech.text:
        output.append(message_item(speech.text))
    return output + [call_item(c, c.arguments) for c in speech.calls]


def responses_whole(speech, body):
    return response(speech, body, "completed", responses_output(speech))


def item_events(index, item):
    """Those between its beginning and its end."""
    where = {"output_index": index, "item_id": item["id"]}
    if item["type"] == "reasoning":
        text = item["summary"][0]["text"]
        where["summary_index"] = 0
        base = "response.reasoning_summary_"
        yield base + "part.added", {
            **where, "part": {"type": "summary_text", "text": ""}}
        for piece in words(text):
            yield base + "text.delta", {**where, "delta": piece}
        yield base + "text.done", {**where, "text": text}
        yield base + "part.done", {**where, "part": item["summary"][0]}
    elif item["type"] == "message":
        text = item["content"][0]["text"]
        where["content_index"] = 0
        yield "response.content_part.added", {**where, "part": text_part("")}
        for piece in words(text):
            yield "response.output_text.delta", {
                **where, "delta": piece, "logprobs": []}
        yield "response.output_text.done", {
            **where, "text": text, "logprobs": []}
        yield "response.content_part.done", {**where, "part": text_part(text)}
    else:
        base = "response.function_call_arguments."
        for piece in words(item["arguments"]):
            yield base + "delta", {**where, "delta": piece}
        yield base + "done", {**where, "name": item["name"],
                              "arguments": item["arguments"]}


def begun(item):
    """The item as it is when nothing of it has been said."""
    empty = {"reasoning": "summary", "message": "content"}
    if item["type"] in empty:
        return {**item, "status": "in_progress", empty[item["type"]]: []}
    return {**item, "status": "in_progress", "arguments": ""}


def responses_events(speech, body):
    """(name, data) of each event."""
    output = responses_output(speech)
    early = response(speech, body, "in_progress")
    events = [("response.created", {"response": early}),
              ("response.in_progress", {"response": early})]
    for index, item in enumerate(output):
        events.append(("response.output_item.added", {
            "output_index": index, "item": begun(item)}))
        events += item_events(index, item)
        events.append(("response.output_item.done", {
            "output_index": index, "item": item}))
    events.append(("response.completed", {
        "response": response(speech, body, "completed", output)}))
    for number, (name, data) in enumerate(events):
        yield name, json.dumps({"type": name, "sequence_number": number,
                                **data})
