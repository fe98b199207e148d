# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The readme of Codex with RA-TLS, walked through by a new user with the real Codex
CLI: one of today, and one of the readme's time. The server speaks Chat Completions
alone, as the readme's does, unless a test says otherwise."""
import hashlib
import json

import codex_cli
import proxy_peer
from harness import ASSAY, SCRATCH
from proxy_peer import KEY, NAME, REFUSED, Proxy, ProxyCase

PROMPT = "SAY Bonjour de la TEE"
TOLD = "Bonjour de la TEE"
# Not for the sandbox of Codex: that needs more of a kernel than tests do.
FREE = "--dangerously-bypass-approvals-and-sandbox"
# What a release does with any answer that is no success (stream_max_retries of a
# provider): nothing that a server says keeps it from that, but for 400.
TRIES = 6


class CodexCase(ProxyCase):
    """A mixin: a home with the readme's config.toml, and a release of Codex."""

    count = 0

    def setUp(self):
        super().setUp()
        CodexCase.count += 1
        self.home = SCRATCH / f"codex-home{CodexCase.count}"
        self.home.mkdir()
        self.config = self.home / "config.toml"
        self.audit_file = self.home / "audit.jsonl"
        self.serve("chat")

    def serve(self, api, **how):
        """What the server speaks, and what the user's file says of it."""
        self.model.server.mode = api
        self.addCleanup(setattr, self.model.server, "mode", "both")
        self.config.write_text(self.world.codex_config(
            wire_api=api, **how).replace(
                'name = "vLLM TEE"', 'name = "vLLM TEE"\nenv_key = "TEE_KEY"'))

    def start(self, *command, **more):
        return codex_cli.run(command, self.home, TEE_KEY=KEY,
                             ASSAY_CODEX=str(self.program), **more)

    def launch(self, prompt, *args):
        """assay proxy codex exec: what the user types, and where tests have
        the platform's root."""
        return self.start(
            ASSAY, "proxy", "--root", self.world.sim.root, "--ca",
            self.world.tee.ca, "--no-cache", "--audit-log", self.audit_file,
            "codex", "exec", "--skip-git-repo-check", *args, prompt)

    @property
    def audit(self):
        lines = [json.loads(x) for x in self.audit_file.read_text().splitlines()]
        return [x for x in lines if "verdict" not in x]

    def check_told(self, result, said=TOLD):
        self.check(result, 0)
        self.assertIn(said, result.out)

    def check_attested_all(self, path="/v1/chat/completions"):
        """Every prompt came to the server, and by a connection that was
        verified."""
        prompts = [r for r in self.model.requests if r.method == "POST"]
        self.assertGreaterEqual(len(prompts), 1)
        for seen in prompts:
            self.assertEqual(seen.path, path)
            self.assertEqual(seen.get("Authorization"), f"Bearer {KEY}")
        lines = [x for x in self.audit if x["method"] == "POST"]
        self.assertEqual(len(lines), len(prompts))
        for line in lines:
            self.assertEqual((line["status"], line["tcb"]), (200, "UpToDate"))
            # Codex may leave once it has the last event, before the stream ends.
            self.assertIn(line["end"], ("whole", "aborted"))


class Walk:
    """What a user does."""

    def test_the_readmes_config(self):
        before = hashlib.sha256(self.config.read_bytes()).digest()
        self.check_told(self.launch(PROMPT))
        self.check_attested_all()
        self.assertEqual(hashlib.sha256(self.config.read_bytes()).digest(),
                         before)

    def test_a_tool_is_called(self):
        """The model has Codex run a command, and is told what it printed."""
        told = self.launch(f"SAY I look.\n{self.call}", FREE)
        self.check_told(told, "The answers were: ")
        self.assertIn("made by a tool", told.out)
        self.assertEqual((self.home / "made").read_text(), "made by a tool\n")
        self.check_attested_all()
        self.assertEqual(len(self.audit), 2)

    def test_a_server_that_speaks_responses(self):
        """Its own language passes as it is."""
        self.serve("responses")
        told = self.launch(f"SAY I look.\n{self.call}", FREE)
        self.check_told(told, "made by a tool")
        self.check_attested_all("/v1/responses")

    def test_a_key_that_the_proxy_puts_in(self):
        """Codex has none then, but what the proxy asks for before it does."""
        key = self.home / "key"
        key.write_text(KEY)
        key.chmod(0o600)
        own = self.home / "assay.toml"
        own.write_text(self.world.upstream(
            NAME, more=f'wire_api = "chat"\napi_key_file = "{key}"\n'))
        self.check_told(self.start(
            ASSAY, "proxy", "--config", own, "--root", self.world.sim.root,
            "--ca", self.world.tee.ca, "--no-cache", "--audit-log",
            self.audit_file, "codex", "exec", "--skip-git-repo-check", PROMPT))
        self.check_attested_all()

    def test_a_proxy_that_runs_already(self):
        with Proxy(self.world, codex=self.config.read_text()) as gate:
            done = self.start(
                self.program, "-c",
                f'model_providers.{NAME}.base_url="{gate.url()}"',
                *self.overrides, "exec", "--skip-git-repo-check", PROMPT)
            self.check_told(done)
            self.assertEqual([x["status"] for x in gate.audit
                              if x["method"] == "POST"], [200])

    def test_the_config_that_is_printed(self):
        """For those who want a proxy that runs in their file."""
        with Proxy(self.world, codex=self.config.read_text()) as gate:
            printed = self.start(ASSAY, "proxy", "--print-config", "codex",
                                 "--state", gate.state_file)
            self.check(printed, 0)
            self.config.write_text(printed.out)
            self.check_told(self.start(
                self.program, "exec", "--skip-git-repo-check", PROMPT,
                OPENAI_API_KEY=KEY))
            self.assertEqual([x["status"] for x in gate.audit
                              if x["method"] == "POST"], [200])

    def test_out_of_date(self):
        """The readme's sentence, and nothing for the server."""
        self.world.sim.change("tcb=OutOfDate")
        refused = self.launch("SAY s3cret")
        self.assertNotEqual(refused.code, 0)
        self.assertIn(REFUSED, refused.err + refused.out)
        self.assertIn("OutOfDate", refused.err + refused.out)
        self.check_nothing_arrived()
        prompts = [x for x in self.audit if x["method"] == "POST"]
        self.assertEqual({x["status"] for x in prompts}, {403})
        self.assertLessEqual(len(prompts), TRIES)

    def test_out_of_date_and_allowed(self):
        """What the readme says that one may want."""
        self.world.sim.change("tcb=ConfigurationNeeded")
        self.serve("chat", statuses='["UpToDate", "SWHardeningNeeded", '
                   '"ConfigurationNeeded"]')
        self.check_told(self.launch(PROMPT))

    def test_a_profile(self):
        self.config.write_text(self.config.read_text().replace(
            f'model_provider = "{NAME}"', 'model_provider = "openai"'))
        self.write_profile("tee", f'model_provider = "{NAME}"\n'
                           'model = "its-model"\n')
        self.check_told(self.launch(PROMPT, "--profile", "tee"))
        self.check_attested_all()
        self.assertEqual(self.model.requests[-1].json["model"], "its-model")

    def test_another_provider_is_refused(self):
        """Nothing is started that would not be attested."""
        self.config.write_text(self.config.read_text().replace(
            f'model_provider = "{NAME}"', 'model_provider = "openai"'))
        refused = self.launch(PROMPT)
        self.assertEqual(refused.code, proxy_peer.harness.USAGE)
        self.assertIn("not attested", refused.err)
        self.check_nothing_arrived()


class Current(Walk, CodexCase):
    which = codex_cli.CURRENT
    call = ('CALL exec_command {"cmd": "echo made by a tool > made; '
            'cat made"}')
    overrides = ("-c", f'model_providers.{NAME}.wire_api="responses"',
                 "-c", 'web_search="disabled"')

    def write_profile(self, name, text):
        (self.home / f"{name}.config.toml").write_text(text)

    def test_parallel_tools(self):
        calls = "\n".join(f'CALL exec_command {{"cmd": "echo done-{i}"}}'
                          for i in range(3))
        told = self.launch(calls, FREE)
        for i in range(3):
            self.check_told(told, f"done-{i}")
        self.check_attested_all()


class Old(Walk, CodexCase):
    which = codex_cli.OLD
    call = ('CALL shell {"command": ["sh", "-c", "echo made by a tool > made; '
            'cat made"]}')
    overrides = ()

    def write_profile(self, name, text):
        with open(self.config, "a") as f:
            f.write(f"\n[profiles.{name}]\n{text}")


def main():
    for case in (Current, Old):
        case.program = codex_cli.install(case.which)
    proxy_peer.main()


if __name__ == "__main__":
    main()
