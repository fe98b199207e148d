# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Defects of other bindings for Node and pages, none of which is to be had here: those
of ../shared/spec/atls.md, section 3, and holes 3 and 13 of its 7.1.

TABLE says which test stands for which. Those of defects*.test.mjs are run by this
file, the others by the file that is named; that they are there is a test, too."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import js_peer
import test_bridge_node
from bridge_peer import BRIDGE, Bridge
from harness import SOURCE, clean_environment, need

HERE = SOURCE / "tests" / "e2e"
PACKAGE = SOURCE / "bindings" / "js"
TSC = PACKAGE / "node_modules" / "typescript" / "bin" / "tsc"
LIMIT_S = 120

NODE, PAGE = "js/defects.test.mjs", "js/defects_bridge.test.mjs"
REQUEST, RESPONSE = "js/fetch_request.test.mjs", "js/fetch_response.test.mjs"
POOL, LIMITS = "js/fetch_pool.test.mjs", "js/fetch_limits.test.mjs"
AGENT, RAW = "js/agent.test.mjs", "js/attested_stream.test.mjs"
README, TYPES = "test_js_readme.py", "test_js_package.py"
SELF = "test_js_defects.py"

# (clause, what was wrong, [(file, a test of it)...])
TABLE = (
    ("3.1", "204, 304 and HEAD end the process", [
        (RESPONSE, "statuses without a body, and HEAD, are no crash")]),
    ("3.1", "capitals, a dot, Unicode, IPv6: fetched without attestation", [
        (NODE, "3.1: capitals, a dot at the end or Unicode in target or URL: "
               "attested all the same"),
        (NODE, "3.1: a target that is an IPv4 address in any spelling is "
               "attested"),
        (NODE, "3.1: an IPv6 target is attested in every spelling"),
        (REQUEST, "every spelling of the target's own URLs is served")]),
    ("3.1", "what is for other hosts goes to the program's own fetch", [
        (NODE, "3.1, hole 3: what is for another host, port or scheme never "
               "goes to the program's own fetch"),
        (AGENT, "other hosts, ports and paths of sockets are refused, never "
                "passed on")]),
    ("3.1", "Request objects lose method, body and fields", [
        (REQUEST, "Request objects keep method, fields and body"),
        (REQUEST, "the signal of a Request counts")]),
    ("3.1", "scheme and port count for nothing where hosts are compared", [
        (REQUEST, "a URL that is not the target's is refused, and sent "
                  "nowhere")]),
    ("3.1", "the quick start has no policy", [
        (README, "test_every_block_that_connects_has_a_policy"),
        (README, "test_in_node"), (README, "test_https_agent")]),
    ("3.1", "destroy closes nothing while somebody reads", [
        (AGENT, "destroy really closes: the server stops to answer"),
        (LIMITS, "aborted amid the body: reading fails, and the server stops"),
        (RAW, "close() ends both")]),
    ("3.1", "setTimeout does nothing", [
        (AGENT, "setTimeout works, amid a response too"),
        (AGENT, "an idle socket is closed after the agent's timeout")]),
    ("3.1", "one address of a name is tried", [
        (NODE, "3.1: every address of a name is tried")]),
    ("3.1", "streams are sent without framing", [
        (REQUEST, "a stream goes as it comes: the server has the first piece "
                  "before there is a second"),
        (REQUEST, "a stream of a known length")]),
    ("3.1", "a POST is sent twice", [
        (POOL, "what may not be done twice is not"),
        (POOL, "a POST on a connection that is just ending is never sent "
               "twice")]),
    ("3.1", "1xx is taken for the answer", [
        (RESPONSE, "informational responses are passed by")]),
    ("3.1", "trailers stay unread", [
        (NODE, "3.1: trailers are read: what comes next on the connection is "
               "its own")]),
    ("3.1", "a chunked body that is cut ends well", [
        (RESPONSE, "a body that is cut fails")]),
    ("3.1", "types and exports differ", [
        (SELF, "test_types_and_exports_are_the_same"),
        (TYPES, "test_import_and_require"), (TYPES, "test_types")]),
    ("3.1", "the measurement is never told", [
        (RESPONSE, "what was verified is told with each response")]),
    ("3.1", "the string that is short for a target throws without a word", [
        (NODE, "3.1: the string that is short for a target says what to "
               "write")]),
    ("3.1", "what cannot start is off in silence", [
        (NODE, "3.1: what cannot start is not off in silence: every request "
               "fails, and nothing is sent")]),
    ("3.1", "listeners of a signal stay (of ours)", [
        (NODE, "3.1: a signal that many requests share, and one that lives "
               "long, are no leak")]),
    ("3.2", "the key of the pool has no policy", [
        (PAGE, "hole 13: a connection of a policy for development is not a "
               "strict one's")]),
    ("3.2", "any URL is sent to the TEE", [
        (PAGE, "3.2: a URL of another host is sent neither there nor to the "
               "TEE")]),
    ("3.2", "requests at the same time panic, or end each other", [
        (PAGE, "3.2: requests at the same time do not disturb each other")]),
    ("3.2", "connections are kept before onAttestation ran", [
        (NODE, "3.2: a connection is nobody's until onAttestation has agreed"),
        (PAGE, "3.2: a connection that onAttestation refused is not kept"),
        (POOL, "what onAttestation throws fails the request, and nothing was "
               "sent or kept")]),
    ("3.2", "one Set-Cookie of several is left", [
        (PAGE, "3.2: several Set-Cookie stay several"),
        (RESPONSE, "several Set-Cookie stay several")]),
    ("3.2", "bodies are gathered before they are sent", [
        (PAGE, "3.2: a body goes as it comes"),
        (REQUEST, "a large stream is not gathered")]),
    ("3.2", "there is no abort", [
        (PAGE, "3.2: an abort reaches the server, before the head and amid "
               "the body"),
        (LIMITS, "aborted before the head: the server is told")]),
    ("3.2", "types have no policy", [
        (SELF, "test_types_have_the_policy")]),
    ("3.2", "examples have no policy", [
        (PAGE, "3.2: without a policy nothing is sent, and the error says "
               "what to do"),
        (README, "test_without_a_policy"),
        (README, "test_with_the_default_policy")]),
    ("3.2", "teeType is spelt in two ways", [
        (PAGE, "3.2: what was attested is told in the same words over TCP and "
               "through a bridge")]),
    ("3.2", "it logs unasked", [
        (NODE, "3.2: nothing is logged unless the program does it")]),
    ("7.1, hole 3", "redirects, ports, schemes and proxies lead away", [
        (NODE, "hole 3: proxies of the environment are not used"),
        (RESPONSE, "a redirect off the attested host is refused")]),
    ("7.1, hole 13", "a policy is kept by the host's name alone", [
        (NODE, "hole 13: two policies for one host are both in force, whoever "
               "came first"),
        (NODE, "hole 13: every member of a policy counts, and what is trusted "
               "besides"),
        (NODE, "hole 13: agents, streams and fetches lend each other no "
               "connection"),
        (POOL, "hole 13: a connection made under one policy is never used "
               "under another"),
        (POOL, "the default policy that is changed changes connections")]),
)

EXPORTS = """
import * as entry from "%s";
const names: Record<keyof typeof entry, true> = {%s};
void names;
"""
POLICIES = """
import { createAtlsFetch, AttestedStream, type BridgeOptions, type Policy }
  from "%s";
const policy: Policy = { type: "dstack_tdx", os_image_hash: "00" };
const options: BridgeOptions = {
  proxyUrl: "ws://127.0.0.1:9000", targetHost: "a.example", policy };
void createAtlsFetch(options);
void AttestedStream.connect(options);
"""
WRONG_POLICY = """
import { createAtlsFetch } from "%s";
void createAtlsFetch({
  proxyUrl: "ws://127.0.0.1:9000", targetHost: "a.example", policy: 1 });
"""


def tests_of(path):
    """Names of the tests in a file."""
    text = path.read_text()
    if path.suffix == ".py":
        return set(re.findall(r"def (test_\w+)", text))
    return set(re.findall(r'test\(\s*"((?:[^"\\]|\\.)*)"', text))


class Table(unittest.TestCase):
    def test_every_defect_has_its_tests(self):
        for clause, what, tests in TABLE:
            for name, test in tests:
                with self.subTest(f"{clause}: {what}"):
                    self.assertIn(test, tests_of(HERE / name))

    def test_every_test_of_these_files_is_in_it(self):
        named = {test for _, _, tests in TABLE for _, test in tests}
        for name in (NODE, PAGE):
            self.assertLessEqual(tests_of(HERE / name), named)


class Types(unittest.TestCase):
    ENTRIES = (("node.mjs", "types/node.d.ts"), ("index.js", "types/index.d.ts"))

    def compiles(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "a.mts")
            path.write_text(text)
            return subprocess.run(
                ["node", str(TSC), "--noEmit", "--strict", "--target", "es2022",
                 "--module", "nodenext", "--lib", "es2023,dom", "--types",
                 "node", "--typeRoots", str(PACKAGE / "node_modules/@types"),
                 "--ignoreConfig", str(path)], capture_output=True, text=True,
                env=clean_environment(), timeout=LIMIT_S, check=False)

    def module(self, types):
        """As it is imported, from where its package.json is seen."""
        return os.path.realpath(js_peer.DIST / types).replace(".d.ts", ".js")

    def exports(self, entry):
        code = (f"import('{js_peer.DIST / entry}').then("
                "(m) => console.log(JSON.stringify(Object.keys(m))))")
        done = subprocess.run(["node", "-e", code], capture_output=True,
                              text=True, timeout=LIMIT_S, check=True)
        return json.loads(done.stdout)

    def test_types_and_exports_are_the_same(self):
        """Each name of the one is one of the other: too few and too many are
        errors of types."""
        for entry, types in self.ENTRIES:
            names = self.exports(entry)
            where = self.module(types)
            with self.subTest(entry):
                self.check_names(where, names, True)
        # of the last of them, that this can fail
        self.check_names(where, names[1:], False)
        self.check_names(where, [*names, "other"], False)

    def check_names(self, where, names, good):
        members = ", ".join(f"{name}: true" for name in names)
        done = self.compiles(EXPORTS % (where, members))
        self.assertEqual(done.returncode == 0, good, done.stdout)

    def test_types_have_the_policy(self):
        for _, types in self.ENTRIES:
            where = self.module(types)
            for text, good in ((POLICIES, True), (WRONG_POLICY, False)):
                with self.subTest(types, good=good):
                    done = self.compiles(text % where)
                    self.assertEqual(done.returncode == 0, good, done.stdout)


def scripts():
    """The two, and how they ended."""
    websocket = test_bridge_node.own_options()
    with js_peer.World() as world:
        target = f"localhost:{world.serve.port}"
        with Bridge([target], "--allow-private", "127.0.0.0/8,::1") as bridge:
            about = {**world.about, "bridge": f"ws://127.0.0.1:{bridge.port}/"}
            codes = [js_peer.run("defects.test.mjs", about)]
            if websocket is None:
                print("SKIPPED Node's own WebSocket: this Node has none")
            else:
                codes.append(js_peer.run("defects_bridge.test.mjs", about,
                                         *websocket))
    return max(codes)


def main():
    js_peer.need_dist()
    need(BRIDGE)
    result = unittest.main(verbosity=1, exit=False).result
    for test, why in result.skipped:
        print(f"SKIPPED {test.id().rpartition('.')[2]}: {why}")
    sys.exit(scripts() or not result.wasSuccessful())


if __name__ == "__main__":
    main()
