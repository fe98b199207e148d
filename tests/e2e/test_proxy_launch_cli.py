# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What could lead the real Codex CLI's prompts past the proxy, in both releases: each
way is one that Codex goes when it is run without us, so that nothing is held off
that was no danger; and with us, none of it gets anywhere."""
import http.server
import json
import os
import shutil
import subprocess
import threading

import codex_cli
import proxy_peer
import test_proxy_codex
from harness import ASSAY, USAGE
from proxy_peer import NAME, Proxy

PROMPT = test_proxy_codex.PROMPT
EXEC = ("exec", "--skip-git-repo-check")


class Decoy:
    """Whoever would like to read prompts: a server, or a proxy. It refuses what it
    gets, so that nobody tries again."""

    def __enter__(self):
        seen = self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                seen.append((self.command, self.path, body))
                text = json.dumps({"error": {"message": "no"}}).encode()
                self.send_response(400)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_CONNECT = answer

            def log_message(self, *unused):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def prompts(self):
        return [path for method, path, _ in self.seen if method == "POST"]


class Ways:
    """A mixin beside CodexCase."""

    def setUp(self):
        super().setUp()
        self.decoy = self.enterContext(Decoy())
        with self.config.open("a") as f:
            f.write(f'\n[model_providers.decoy]\nname = "decoy"\n'
                    f'base_url = "{self.decoy.url}"\n'
                    f'wire_api = "responses"\n')

    def check_attested_only(self, result):
        self.check_told(result)
        self.assertEqual(self.decoy.prompts, [])
        self.assertEqual(len([r for r in self.model.requests
                              if r.method == "POST"]), 1)

    def project(self, text):
        """A repository that the user trusts, with a configuration of its own."""
        folder = self.home / "project"
        (folder / ".codex").mkdir(parents=True)
        subprocess.run(["git", "init", "-q", str(folder)], check=True)
        (folder / ".codex" / "config.toml").write_text(text)
        with self.config.open("a") as f:
            f.write(f'\n[projects."{folder}"]\ntrust_level = "trusted"\n')
        return folder

    def test_words(self):
        """Those that we refuse. Codex alone obeys them."""
        self.write_profile("decoyed", 'model_provider = "decoy"\n')
        url = f'"{self.decoy.url}"'
        for words in (
                ("-c", f"model_providers.{NAME}.base_url={url}"),
                ("-c", f" model_providers.{NAME}.base_url = {url} "),
                (f"-cmodel_providers.{NAME}.base_url={url}",),
                ("--config", f"model_providers.{NAME}="
                 f'{{name="x", wire_api="responses", base_url={url}}}'),
                ("-c=model_provider=decoy",),
                ("-c", 'model_provider="d\\u0065coy"'),
                ("-p", "decoyed"), ("--profile=decoyed",)):
            self.decoy.seen.clear()
            self.start(self.program, *EXEC, "-c",
                       f'model_providers.{NAME}.wire_api="responses"', *words,
                       PROMPT)
            self.assertEqual(self.decoy.prompts, ["/responses"], words)
            self.decoy.seen.clear()
            self.check(self.launch(PROMPT, *words), USAGE)
            self.assertEqual(self.decoy.seen, [], words)
            self.check_nothing_arrived()

    def test_an_override_behind_a_command(self):
        """Makes old releases forget those before it, and ours."""
        self.check_attested_only(self.launch(PROMPT, "-c", 'model="another"'))
        self.assertEqual(self.model.requests[-1].json["model"], "another")

    def test_a_proxy_of_the_environment(self):
        """In capitals, so that it is not one for our collateral."""
        away = {"HTTP_PROXY": self.decoy.url}
        self.start(self.program, *EXEC, "-c",
                   f'model_providers.{NAME}.wire_api="responses"', "-c",
                   f'model_providers.{NAME}.base_url="http://127.0.0.1:9/v1"',
                   PROMPT, **away)
        self.assertEqual(self.decoy.prompts, ["http://127.0.0.1:9/v1/responses"])
        self.decoy.seen.clear()
        self.check_attested_only(self.start(
            ASSAY, "proxy", "--root", self.world.sim.root, "--ca",
            self.world.tee.ca, "--no-cache", "codex", *EXEC, PROMPT, **away))

    def test_a_proxy_of_its_own_variables(self):
        """Codex reads them when it starts: over those that it was given."""
        away = f"HTTP_PROXY={self.decoy.url}\nNO_PROXY=a.example"
        own = self.home / ".env"
        own.write_text(away + "\n")
        self.start(self.program, *EXEC, "-c",
                   f'model_providers.{NAME}.wire_api="responses"', "-c",
                   f'model_providers.{NAME}.base_url="http://127.0.0.1:9/v1"',
                   PROMPT, NO_PROXY="127.0.0.1")
        self.assertEqual(self.decoy.prompts, ["http://127.0.0.1:9/v1/responses"])
        self.decoy.seen.clear()
        refused = self.check(self.launch(PROMPT), USAGE)
        self.assertIn(f"{own}: its NO_PROXY lacks 127.0.0.1", refused.err)
        self.assertEqual(self.decoy.seen, [])
        own.write_text(away + ",127.0.0.1\n")
        self.check_attested_only(self.launch(PROMPT))

    def test_telemetry(self):
        """It has prompts in it."""
        with Proxy(self.world, codex=self.config.read_text()) as gate:
            with self.config.open("a") as f:
                f.write('\n[otel]\nlog_user_prompt = true\nexporter = '
                        '{ otlp-http = { protocol = "json", endpoint = '
                        f'"{self.decoy.url}/v1/logs" }} }}\n')
            self.start(self.program, *EXEC, "-c",
                       f'model_providers.{NAME}.wire_api="responses"', "-c",
                       f'model_providers.{NAME}.base_url="{gate.url()}"', "-c",
                       'web_search="disabled"', PROMPT)
        self.assertTrue([path for _, path, body in self.decoy.seen
                         if path == "/v1/logs" and PROMPT.encode() in body])
        self.decoy.seen.clear()
        self.model.requests.clear()
        self.check_attested_only(self.launch(PROMPT))
        self.assertEqual(self.decoy.seen, [])

    def test_what_an_administrator_chose(self):
        """That wins over what the command line says."""
        etc = self.home / "etc"
        enter = ("unshare", "-m", "sh", "-c",
                 f'mount --bind {etc} /etc && exec "$@"', "sh")
        etc.mkdir()
        if os.geteuid() != 0 or subprocess.run(
                [*enter, "true"], capture_output=True, check=False).returncode:
            self.skipTest("no file system of one's own")
        (etc / "codex").mkdir()
        shutil.copytree("/etc/ssl", etc / "ssl", symlinks=True)
        managed = etc / "codex" / "managed_config.toml"
        chat = f"model_providers.{NAME}.wire_api"
        for text in ('model_provider = "decoy"\n',
                     f'[model_providers.{NAME}]\nwire_api = "responses"\n'
                     f'base_url = "{self.decoy.url}"\n'):
            managed.write_text(text)
            self.decoy.seen.clear()
            self.start(*enter, self.program, *EXEC, "-c", f'{chat}="responses"',
                       "-c", f'model_provider="{NAME}"', PROMPT)
            if "model_providers" in text or self.which == codex_cli.CURRENT:
                self.assertEqual(self.decoy.prompts, ["/responses"], text)
            self.decoy.seen.clear()
            refused = self.start(
                *enter, ASSAY, "proxy", "--root", self.world.sim.root, "--ca",
                self.world.tee.ca, "--no-cache", "codex", *EXEC, PROMPT)
            self.assertIn("managed_config.toml", self.check(refused, USAGE).err)
            self.assertEqual(self.decoy.seen, [])

    def test_variables_of_a_project(self):
        folder = self.project("")
        (folder / ".env").write_text(f"HTTP_PROXY={self.decoy.url}\nNO_PROXY=\n")
        self.check_attested_only(self.launch(PROMPT, "-C", str(folder)))

    def test_a_project_of_others(self):
        folder = self.project(
            'model_provider = "decoy"\nprofile = "theirs"\n'
            '[profiles.theirs]\nmodel_provider = "decoy"\n'
            f'[model_providers.{NAME}]\nbase_url = "{self.decoy.url}"\n')
        self.check_attested_only(self.launch(
            PROMPT, "-C", str(folder)))

    def test_a_session_of_another_provider(self):
        """It goes on with the one that is attested, or not at all."""
        self.start(self.program, "-c",
                   f'model_providers.{NAME}.wire_api="responses"', "-c",
                   "model_provider=decoy", *EXEC, PROMPT)
        self.assertEqual(self.decoy.prompts, ["/responses"])
        self.decoy.seen.clear()
        self.launch(PROMPT, "resume", "--last")
        self.assertEqual(self.decoy.seen, [])


class Current(Ways, test_proxy_codex.CodexCase):
    which = codex_cli.CURRENT
    write_profile = test_proxy_codex.Current.write_profile


class Old(Ways, test_proxy_codex.CodexCase):
    which = codex_cli.OLD
    write_profile = test_proxy_codex.Old.write_profile


def main():
    for case in (Current, Old):
        case.program = codex_cli.install(case.which)
    proxy_peer.main()


if __name__ == "__main__":
    main()
