# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay proxy codex, env, status and --print-config: what starts clients, and tells
them where the proxy is. Codex's part is played by fake_codex.py."""
import contextlib
import errno
import json
import os
import pathlib
import pty
import re
import select
import shlex
import signal
import socket
import subprocess
import time

import proxy_peer
from bridge_peer import LIMIT_S, free_port, wait_until
from harness import ASSAY, SCRATCH, SOURCE, USAGE, Result
from proxy_peer import KEY, NAME, Proxy, ProxyCase

FAKE = SOURCE / "tests" / "e2e" / "fake_codex.py"
TODAY, OLD = "0.169.0", "0.77.0"
FAILED = 2
OURS = "127.0.0.1,::1,localhost"
QUIET = ["-c", 'otel.exporter="none"', "-c", 'otel.trace_exporter="none"']


def children(pid):
    """Of a process: [(pid, its command line), ...]"""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            if parent == pid:
                line = (path.parent / "cmdline").read_bytes().decode()
                found.append((int(path.parent.name), line.split("\0")))
    return found


def is_alive(pid):
    """And no zombie."""
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


class LaunchCase(ProxyCase):
    """A mixin: Codex's home, and a fake of it."""

    count = 0

    def setUp(self):
        super().setUp()
        LaunchCase.count += 1
        self.home = SCRATCH / f"launch{LaunchCase.count}"
        self.home.mkdir()
        self.config = self.home / "config.toml"
        self.config.write_text(self.world.codex_config())
        self.play()

    def play(self, does="ask 7", version=TODAY):
        (self.home / "does").write_text(does)
        (self.home / "version").write_text(version)

    def command(self, *args, options=()):
        return [str(x) for x in (
            ASSAY, "proxy", "--root", self.world.sim.root, "--ca",
            self.world.tee.ca, "--no-cache", "--warm", "1", *options, "codex",
            *args)]

    def environment(self, **more):
        return proxy_peer.environment(
            **{"CODEX_HOME": str(self.home), "FAKE_CODEX": str(self.home),
               "ASSAY_CODEX": str(FAKE), "XDG_RUNTIME_DIR": str(self.home),
               **more})

    def launch(self, *args, options=(), **more):
        p = subprocess.run(
            self.command(*args, options=options), capture_output=True,
            text=True, timeout=LIMIT_S, env=self.environment(**more),
            stdin=subprocess.DEVNULL, check=False)
        return Result(p.returncode, p.stdout, p.stderr, 0, None)

    @property
    def told_file(self):
        return self.home / "told.json"

    @property
    def told(self):
        return json.loads(self.told_file.read_text())

    def check_not_run(self, result, code, *needles):
        """Nobody has told Codex anything, or heard from it."""
        self.check(result, code)
        for needle in needles:
            self.assertIn(needle, result.err)
        self.assertFalse(self.told_file.exists(), str(result))
        self.check_nothing_arrived()


class Told(LaunchCase):
    """What Codex is told, and what comes of it."""

    def base_url(self):
        words = [w for w in self.told["args"] if ".base_url=" in w]
        self.assertEqual(len(words), 1)
        key, _, value = words[0].partition("=")
        self.assertEqual(key, f"model_providers.{NAME}.base_url")
        return value.strip('"')

    def test_todays(self):
        result = self.check(self.launch("exec", "hi"), 7)
        self.assertEqual(result.out, "200\n")
        url = self.base_url()
        self.assertRegex(url, rf"^http://127\.0\.0\.1:\d+/{NAME}$")
        self.assertEqual(self.told["args"], [
            *QUIET, "--no-daemon", "-c", f'model_providers.{NAME}.base_url="{url}"',
            "-c", f'model_providers.{NAME}.wire_api="responses"', "-c",
            f'model_provider="{NAME}"', "-c", 'web_search="disabled"', "exec",
            "hi"])
        self.assertEqual(len(self.model.requests), 1)

    def test_an_old_one(self):
        """It speaks chat itself, and has profiles in config.toml."""
        self.play(version=OLD)
        result = self.check(self.launch("exec", "hi"), 7)
        self.assertEqual(result.out, "200\n")
        self.assertEqual(self.told["args"], [
            *QUIET, "-c",
            f'model_providers.{NAME}.base_url="{self.base_url()}"', "-c",
            f'model_provider="{NAME}"', "-c", 'profile="assay-proxy"', "-c",
            f'profiles.assay-proxy.model_provider="{NAME}"', "exec", "hi"])

    def test_a_server_that_speaks_responses(self):
        self.config.write_text(self.world.codex_config(wire_api="responses"))
        self.check(self.launch(), 7)
        self.assertFalse([w for w in self.told["args"]
                          if "wire_api" in w or "web_search" in w])

    def test_files_stay_as_they_are(self):
        before = {p: p.read_bytes() for p in self.home.iterdir()}
        self.check(self.launch(), 7)
        self.told_file.unlink()
        self.assertEqual({p: p.read_bytes() for p in self.home.iterdir()},
                         before)

    def test_of_the_home_folder(self):
        """Without CODEX_HOME."""
        folder = self.home / ".codex"
        folder.mkdir()
        self.config.rename(folder / "config.toml")
        self.check(self.launch(HOME=str(self.home), CODEX_HOME=""), 7)

    def test_of_path(self):
        folder = self.home / "bin"
        folder.mkdir()
        (folder / "codex").symlink_to(FAKE)
        path = f"/nowhere:{folder}:{os.environ['PATH']}"
        self.check(self.launch(ASSAY_CODEX="", PATH=path), 7)

    def test_an_http_proxy_does_not_get_prompts(self):
        """Codex would ask it for what is on this machine, too. (In capitals, so
        that it is not one for our collateral.)"""
        away = f"http://127.0.0.1:{free_port()}"
        result = self.launch(HTTP_PROXY=away, NO_PROXY="a.example")
        self.assertEqual(self.check(result, 7).out, "200\n")
        self.assertEqual(self.told["NO_PROXY"], f"a.example,{OURS}")
        self.assertEqual(self.told["no_proxy"], OURS)

    def test_an_http_proxy_and_another_address(self):
        """Of this machine, which no list has from the start."""
        away = f"http://127.0.0.1:{free_port()}"
        result = self.launch(HTTP_PROXY=away,
                             options=("--listen", "127.0.0.2:0"))
        self.assertEqual(self.check(result, 7).out, "200\n")
        for name in ("NO_PROXY", "no_proxy"):
            self.assertEqual(self.told[name], f"{OURS},127.0.0.2")

    def test_a_key_that_is_put_in(self):
        """Behind a secret then, which Codex is told where other users of the
        machine do not see it."""
        key = self.home / "key"
        key.write_text(KEY)
        key.chmod(0o600)
        own = self.home / "assay.toml"
        own.write_text(self.world.upstream(
            NAME, more=f'api_key_file = "{key}"\n'))
        self.config.write_text(f'model_provider = "{NAME}"\n')
        result = self.launch(options=("--config", own))
        self.assertEqual(self.check(result, 7).out, "200\n")
        self.assertRegex(self.base_url(),
                         rf"^http://127\.0\.0\.1:\d+/{NAME}$")
        self.assertIn("model_providers.vllm-tee.env_http_headers."
                      'x-assay-secret="ASSAY_PROXY_SECRET"', self.told["args"])
        self.assertNotRegex(str(self.told["args"]), "[0-9a-f]{16}")
        self.assertIsNone(self.model.requests[0].get("x-assay-secret"))
        self.assertEqual(self.model.requests[0].get("Authorization"),
                         f"Bearer {KEY}")
        self.assertNotIn(KEY, result.err)

    def test_a_port_of_ones_own(self):
        port = free_port()
        self.check(self.launch(options=("--listen", f"127.0.0.1:{port}")), 7)
        self.assertEqual(self.base_url(), f"http://127.0.0.1:{port}/{NAME}")


class Refused(LaunchCase):
    """Prompts would not be attested, or there is nothing to run."""

    def test_another_provider(self):
        for text in ("", 'model_provider = "openai"\n'):
            config = self.world.codex_config()
            self.config.write_text(
                text + config[config.index('model = "'):])
            self.check_not_run(self.launch("exec", "hi"), USAGE,
                               "the provider 'openai'", "is not attested",
                               f'-c model_provider="{NAME}"')

    def test_said_on_the_line(self):
        for words in (["-c", "model_provider=openai"],
                      ["exec", "-cmodel_provider='openai'", "hi"]):
            self.check_not_run(self.launch(*words), USAGE, "'openai'",
                               "not attested")

    def test_a_profile(self):
        """Of either kind."""
        (self.home / "v2.config.toml").write_text('model_provider = "openai"')
        with self.config.open("a") as f:
            f.write('\n[profiles.v1]\nmodel_provider = "openai"\n')
        for profile in ("v1", "v2"):
            self.check_not_run(self.launch("--profile", profile), USAGE,
                               "'openai'", "profile", "not attested")

    def test_another_place(self):
        for words in (["-c", f"model_providers.{NAME}.base_url=http://a"],
                      ["exec", "-c", "model_providers={}"], ["--oss"],
                      ["cloud", "exec"], ["--remote", "ws://127.0.0.1:1"]):
            self.check_not_run(self.launch(*words), USAGE)

    def test_no_such_program(self):
        self.check_not_run(self.launch(ASSAY_CODEX=str(self.config)), FAILED,
                           "ASSAY_CODEX")
        self.check_not_run(self.launch(ASSAY_CODEX="", PATH="/nowhere"),
                           FAILED, "no codex in PATH")

    def test_a_program_that_cannot_be_run(self):
        broken = self.home / "broken"
        broken.write_text("#!/nowhere\n")
        broken.chmod(0o700)
        self.check_not_run(self.launch(ASSAY_CODEX=str(broken)), FAILED,
                           "cannot run")

    def script(self, text):
        path = self.home / "script"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o700)
        return str(path)

    def test_a_program_that_does_not_say_what_it_is(self):
        """What it can do decides what it is told."""
        self.check_not_run(
            self.launch(ASSAY_CODEX=self.script("exit 3")), FAILED,
            "script --version: exit 3", "ASSAY_CODEX")

    def test_a_script_that_runs_us(self):
        """It is not run by us again, and again."""
        count = self.home / "count"
        script = self.script(f'echo x >>{count}; exec {ASSAY} proxy codex "$@"')
        self.check_not_run(self.launch(ASSAY_CODEX=script), FAILED,
                           "ASSAY_CODEX says which")
        self.assertEqual(count.read_text(), "x\n")

    def test_a_release_that_cannot_be_kept_here(self):
        for version in ("0.102.0", "0.148.0"):
            self.play(version=version)
            self.check_not_run(self.launch(), USAGE, "install a later one")
        self.play(version="0.149.0")
        self.check(self.launch(), 7)

    def test_a_file_that_the_proxy_refuses(self):
        """It says why, and how it ends is how we end."""
        self.config.write_text(self.world.codex_config().replace(
            "allowed_tdx_status", "allowed_tdx_statuses"))
        self.check_not_run(self.launch(), FAILED, "allowed_tdx_statuses",
                           f"{self.config}:", "the proxy has not started")

    def test_no_file(self):
        self.config.unlink()
        self.check_not_run(self.launch(), FAILED, str(self.config))

    def test_options_of_the_proxy(self):
        self.check_not_run(self.launch(options=("--nonsense",)), USAGE,
                           "unknown option '--nonsense'")
        self.check_not_run(self.launch(options=("--ready-file", "x")), USAGE,
                           "--ready-file does not go with codex")
        self.check_not_run(self.launch(options=(
            "--listen", f"unix:{self.home}/s")), USAGE, "Unix socket")


class Running(LaunchCase):
    """Its life, and the proxy's."""

    def start(self, does, **how):
        self.play(does)
        p = subprocess.Popen(
            self.command(), env=self.environment(), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, **how)
        self.addCleanup(self.end, p)
        wait_until(self.told_file.exists, "Codex runs")
        return p

    def end(self, p):
        """With what it has started, where it has not seen to that itself."""
        started = [child for child, _ in children(p.pid)]
        p.kill()
        for pid in [*started, *self.started]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        p.communicate(timeout=LIMIT_S)

    def setUp(self):
        super().setUp()
        self.started = []

    def proxy_of(self, pid):
        found = [child for child, line in children(pid)
                 if line[0] == "assay-proxy"]
        self.assertEqual(len(found), 1)
        self.started.append(found[0])
        return found[0]

    def go(self):
        (self.home / "go").touch()

    def test_killed_by_itself(self):
        self.play("kill")
        self.check(self.launch(), 128 + signal.SIGKILL)

    def test_nothing_is_left(self):
        """Nor is it in the way of a proxy that others find."""
        p = self.start("wait 0")
        self.assertFalse((self.home / "assay-proxy.json").exists())
        proxy = self.proxy_of(p.pid)
        self.go()
        self.assertEqual(p.wait(LIMIT_S), 0)
        self.assertFalse(is_alive(proxy))

    def test_told_to_end_before(self):
        """Codex is asked what it is, or the proxy starts: none is waited for."""
        script = self.home / "slow"
        script.write_text('#!/bin/sh\n[ "$1" = --version ] && exit\n'
                          f"touch {self.home}/asked\nexec sleep 300\n")
        script.chmod(0o700)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            (self.home / "asked").unlink(missing_ok=True)
            p = subprocess.Popen(
                self.command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=self.environment(ASSAY_CODEX=str(script)), text=True)
            self.addCleanup(self.end, p)
            wait_until((self.home / "asked").exists, "it is asked")
            p.send_signal(number)
            p.communicate(timeout=LIMIT_S)
            self.assertEqual(p.returncode, 128 + number)
            self.assertFalse(self.told_file.exists())

    def test_told_to_end(self):
        """Codex is told, and ends when it likes: the proxy serves it so long."""
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            for name in ("heard", "hears", "told.json"):
                (self.home / name).unlink(missing_ok=True)
            p = self.start("hear ask 3")
            proxy = self.proxy_of(p.pid)
            wait_until((self.home / "hears").exists, "it listens")
            p.send_signal(number)
            out, _ = p.communicate(timeout=LIMIT_S)
            self.assertEqual((p.returncode, out), (3, f"{number.name}\n200\n"))
            self.assertFalse(is_alive(proxy))

    def test_killed(self):
        """Neither of the two stays alone."""
        p = self.start("wait 0")
        proxy, codex = self.proxy_of(p.pid), self.told["pid"]
        p.kill()
        p.wait(LIMIT_S)
        wait_until(lambda: not is_alive(proxy) and not is_alive(codex),
                   "both have ended")

    def check_port_is_held(self):
        """Whoever listened there would get what Codex goes on to send."""
        url = next(w for w in self.told["args"] if ".base_url=" in w)
        port = int(re.search(r":(\d+)/", url)[1])
        for address in ("127.0.0.1", "0.0.0.0"):
            with socket.socket() as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                with self.assertRaises(OSError) as why:
                    s.bind((address, port))
                self.assertEqual(why.exception.errno, errno.EADDRINUSE)

    def test_a_proxy_that_ends(self):
        """Codex gets no answer, from nobody; how it ends is its own affair."""
        p = self.start("wait ask 5")
        os.kill(self.proxy_of(p.pid), signal.SIGKILL)
        said = p.stderr.readline()
        while "the proxy has ended (exit 137)" not in said:
            self.assertTrue(said)
            said = p.stderr.readline()
        self.check_port_is_held()
        self.go()
        out, _ = p.communicate(timeout=LIMIT_S)
        self.assertEqual((p.returncode, out), (5, "ConnectionRefusedError\n"))
        self.check_nothing_arrived()


class Terminal(LaunchCase):
    """Where it has one."""

    def start(self, does):
        """It is the leader of a session of its own, as under a shell."""
        self.play(does)
        pid, self.terminal = pty.fork()
        if pid == 0:
            with contextlib.suppress(OSError):
                command = self.command()
                os.execve(command[0], command, self.environment())
            os._exit(127)
        self.addCleanup(os.close, self.terminal)
        return pid

    def rest(self):
        """All that is still said there."""
        said = b""
        until = time.monotonic() + LIMIT_S
        while select.select([self.terminal], [], [],
                            max(until - time.monotonic(), 0))[0]:
            try:
                piece = os.read(self.terminal, 65536)
            except OSError:  # the other side is closed
                return said.decode()
            said += piece
        raise AssertionError(f"no end of it: {said}")

    def test_control_c(self):
        """It is Codex's: the proxy lives until Codex has ended."""
        pid = self.start("hear ask 3")
        wait_until((self.home / "hears").exists, "it listens")
        os.write(self.terminal, b"\x03")
        said = self.rest()
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 3)
        self.assertEqual(said.replace("^C", "").split(), ["SIGINT", "200"])

    def test_only_codex_writes_there(self):
        pid = self.start("ask 0")
        self.assertEqual(self.rest().split(), ["200"])
        self.assertEqual(os.waitpid(pid, 0)[1], 0)

    def test_why_the_proxy_does_not_start(self):
        self.config.write_text("model_providers = 1\n")
        pid = self.start("ask 0")
        said = self.rest()
        self.assertIn("config.toml", said)
        self.assertIn("the proxy has not started", said)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]),
                         FAILED)


class Tools(ProxyCase):
    """env, status and --print-config."""

    def ask(self, *words, **more):
        p = subprocess.run(
            [str(ASSAY), "proxy", *map(str, words)], capture_output=True,
            text=True, timeout=LIMIT_S, env=proxy_peer.environment(**more),
            check=False)
        return Result(p.returncode, p.stdout, p.stderr, 0, None)

    def nowhere(self):
        return SCRATCH / "nowhere.json"

    def two(self):
        return self.proxy(config=self.world.upstream("one")
                          + self.world.upstream("two"))

    def test_env(self):
        """As a shell takes it."""
        proxy = self.proxy()
        line = shlex.join([str(ASSAY), "proxy", "env", "--state",
                           str(proxy.ready_file)])
        done = subprocess.run(
            ["sh", "-c", f'eval "$({line})"; echo "$OPENAI_BASE_URL" '
             '"$OPENAI_API_BASE" "$OPENAI_API_KEY" "$NO_PROXY"'],
            capture_output=True, text=True, timeout=LIMIT_S, check=True,
            env=proxy_peer.environment(http_proxy="http://a:1", NO_PROXY="b"))
        url = proxy.url()
        self.assertEqual(done.stdout, f"{url} {url}  b,{OURS}\n")

    def test_env_as_json(self):
        proxy = self.proxy()
        result = self.ask("env", "--json", ASSAY_PROXY_STATE=str(
            proxy.ready_file))
        self.assertEqual(self.check(result, 0).json, {
            "OPENAI_BASE_URL": proxy.url(), "OPENAI_API_BASE": proxy.url()})

    def test_env_of_one_of_two(self):
        proxy = self.two()
        state = ("--state", proxy.ready_file)
        result = self.ask("env", "--provider", "two", "--shell", "fish", *state)
        self.assertIn(f"set -gx OPENAI_BASE_URL '{proxy.url('two')}'\n",
                      self.check(result, 0).out)
        for words in ([], ["--provider", "three"]):
            result = self.check(self.ask("env", *words, *state), USAGE)
            self.assertEqual(result.out, "false\n")
            self.assertIn("one of one, two", result.err)

    def test_where_none_runs(self):
        for command, printed in (("env", "false\n"), ("status", "")):
            result = self.check(self.ask(command, "--state", self.nowhere()),
                                FAILED)
            self.assertEqual(result.out, printed)
            self.assertIn("No proxy runs", result.err)

    def test_env_of_none_in_a_script(self):
        """It does not go on, to whoever else is set."""
        line = shlex.join([str(ASSAY), "proxy", "env", "--state",
                           str(self.nowhere())])
        p = subprocess.run(["sh", "-ec", f'eval "$({line})"; echo prompts'],
                           capture_output=True, text=True, timeout=LIMIT_S,
                           env=proxy_peer.environment(), check=False)
        self.assertEqual((p.returncode, p.stdout), (1, ""))

    def test_env_that_was_mistyped(self):
        for words in (["--shell", "tcsh"], ["--sate", "x"]):
            result = self.check(self.ask("env", *words), USAGE)
            self.assertEqual(result.out, "false\n")

    def test_env_of_one_that_is_starting(self):
        proxy = self.proxy()
        state = SCRATCH / "starting.json"
        with subprocess.Popen(
                [str(proxy_peer.PROXY), "env", "--json", "--state", str(state)],
                stdout=subprocess.PIPE, env=proxy_peer.environment()) as p:
            status = pathlib.Path(f"/proc/{p.pid}/status")
            wait_until(lambda: p.poll() is not None
                       or "State:\tS" in status.read_text(), "waiting")
            proxy.ready_file.rename(state)
            said = p.stdout.read()
        self.assertEqual(json.loads(said)["OPENAI_BASE_URL"], proxy.url())

    def test_a_state_that_others_can_write(self):
        """They would tell where prompts go."""
        proxy = self.proxy()
        proxy.ready_file.chmod(0o666)
        for command, printed in (("env", "false\n"), ("status", "")):
            result = self.ask(command, "--state", proxy.ready_file)
            self.assertIn(result.code, (FAILED, USAGE))
            self.assertEqual(result.out, printed)

    def test_print_config(self):
        proxy = self.proxy()
        tools = [line.split()[0] for line in self.check(
            self.ask("--print-config", "list"), 0).out.splitlines()]
        self.assertGreaterEqual(set(tools), {"codex", "opencode", "continue"})
        for tool in tools:
            result = self.ask("--print-config", tool, "--state",
                              proxy.ready_file)
            self.assertIn(proxy.url(), self.check(result, 0).out)

    def test_print_config_of_the_usual_address(self):
        result = self.ask("--print-config=curl",
                          XDG_RUNTIME_DIR=str(SCRATCH))
        self.assertIn("http://127.0.0.1:8989/v1/chat/completions",
                      self.check(result, 0).out)
        self.assertIn("no proxy runs", result.err)

    def test_print_config_where_a_proxy_is_in_between(self):
        """Prompts would go there, in plain."""
        away = "http://a:1"
        for settings, warned in (
                ({"HTTP_PROXY": away}, True),
                ({"all_proxy": away, "NO_PROXY": "a.example"}, True),
                # some clients read one, some the other
                ({"http_proxy": away, "NO_PROXY": "127.0.0.1",
                  "no_proxy": "a.example"}, True),
                ({"http_proxy": away, "NO_PROXY": "127.0.0.1"}, False),
                ({"ALL_PROXY": away, "no_proxy": "b, 127.0.0.1"}, False),
                ({"HTTP_PROXY": ""}, False),
                ({"HTTPS_PROXY": away}, False)):
            with self.subTest(settings=settings):
                result = self.check(self.ask(
                    "--print-config=aider", "--url", "http://127.0.0.1:1/x",
                    **settings), 0)
                self.assertEqual("warning: " in result.err, warned, result.err)
                self.assertIn("openai-api-base: http://127.0.0.1:1/x",
                              result.out)
        result = self.ask("--print-config=curl", HTTP_PROXY=away,
                          XDG_RUNTIME_DIR=str(SCRATCH))
        self.assertNotIn("warning: ", self.check(result, 0).err)
        self.assertIn("--noproxy '*'", result.out)

    def test_the_config_that_is_printed_is_read(self):
        """By the proxy: nothing of it is misspelt."""
        text = self.ask("--print-config=codex-ratls", "--url", "http://127.0.0.1:1/x",
                        "--provider", "mine").out
        path = SCRATCH / "printed.toml"
        path.write_text(text)
        self.assertIn("mine", self.check(
            self.ask("--codex-config", path, "--check"), 0).out)

    def test_no_such_tool(self):
        self.check(self.ask("--print-config"), USAGE)
        for words in (["--print-config", "emacs"], ["--print-config=emacs"]):
            result = self.check(self.ask(*words), USAGE)
            self.assertRegex(result.err, "^assay-proxy: --print-config: nothing "
                             "is known of 'emacs'; it takes aider, .* or list\n$")

    def test_status(self):
        proxy = self.proxy()
        self.assertEqual(proxy.chat().status, 200)
        result = self.check(self.ask("status", "--state", proxy.ready_file), 0)
        self.assertRegex(result.out.splitlines()[1], re.compile(
            rf"^{NAME} +verified +UpToDate +\d+ s +\d+ d +\d+/0 +[0-9a-f]{{16}}"))
        result = self.ask("status", "--url", f"{proxy.base}/", "--json")
        self.assertEqual(self.check(result, 0).json["providers"][0]["name"],
                         NAME)

    def test_status_of_one_that_is_refused(self):
        self.world.sim.change("tcb=OutOfDate")
        proxy = self.proxy()
        self.check_refused(proxy.chat())
        result = self.check(self.ask("status", "--state", proxy.ready_file), 1)
        self.assertRegex(result.out, rf"\n{NAME} +refused +OutOfDate ")
        self.assertRegex(result.out, r"\n  last failure, \d+ s ago: "
                         r"tcb_status_not_allowed  ")

    def test_one_that_is_found(self):
        """Where nobody says where it is. Codex's own proxy takes no part in it."""
        folder = SCRATCH / "runtime"
        folder.mkdir()
        state = folder / "assay-proxy.json"
        proxy = Proxy(self.world, XDG_RUNTIME_DIR=str(folder))
        at = proxy.command.index("--state")
        del proxy.command[at:at + 2]
        with proxy:
            self.assertEqual(state.stat().st_mode & 0o777, 0o600)
            for words in (["env"], ["--print-config", "aider"]):
                result = self.ask(*words, XDG_RUNTIME_DIR=str(folder))
                self.assertIn(proxy.url(), self.check(result, 0).out)
            wait_until(lambda: self.ask(
                "status", XDG_RUNTIME_DIR=str(folder)).code == 0, "verified")
        self.check(self.ask("env", XDG_RUNTIME_DIR=str(folder)), FAILED)

    def test_a_second_one(self):
        """It does not take the first one's place, nor does one that was killed
        keep it."""
        folder = SCRATCH / "two"
        folder.mkdir()
        state = folder / "assay-proxy.json"
        first, second, third = [
            Proxy(self.world, XDG_RUNTIME_DIR=str(folder)) for _ in range(3)]
        for p in (first, third):
            at = p.command.index("--state")
            del p.command[at:at + 2]
        second.command[second.command.index("--state") + 1] = str(state)
        first.__enter__()
        self.addCleanup(first.stop)
        said = state.read_text()
        for command in (second.command, third.command):
            p = subprocess.run(command, capture_output=True, text=True,
                               env=third.environment, timeout=LIMIT_S,
                               check=False)
            self.assertEqual(p.returncode, FAILED)
            self.assertIn("is that of a proxy that runs: give this one "
                          "another (--state FILE)", p.stderr)
        self.assertEqual(state.read_text(), said)
        first.stop(signal.SIGKILL)
        self.assertEqual(state.read_text(), said)
        for command in ("env", "status"):
            result = self.check(self.ask(command, XDG_RUNTIME_DIR=str(folder)),
                                FAILED)
            self.assertIn("the proxy that wrote it has ended", result.err)
            self.assertIn("No proxy runs", result.err)
        with third:
            self.assertIn(third.url(), self.check(self.ask(
                "env", XDG_RUNTIME_DIR=str(folder)), 0).out)

    def test_status_of_one_with_a_token(self):
        path, other, open_to_all = (SCRATCH / f"status.token{i}"
                                    for i in range(3))
        for i, p in enumerate((path, other, open_to_all)):
            p.write_text(f"{i}123456789abcdef0123456789abcdef\n")
            p.chmod(0o600)
        open_to_all.chmod(0o644)
        proxy = self.proxy("--token-file", path)
        where = ["--state", proxy.ready_file]
        wait_until(lambda: self.ask("status", *where, "--token-file",
                                    path).code == 0, "it is verified")
        for words, said in (
                ([], "--token-file"),
                (["--token-file", other], "is not the one"),
                (["--token-file", open_to_all], str(open_to_all)),
                (["--token-file", self.nowhere()], str(self.nowhere()))):
            result = self.check(self.ask("status", *where, *words), FAILED)
            self.assertIn(said, result.err)
            self.assertNotIn("123456789abcdef", result.err)
        for words, more in (
                (where, {"ASSAY_PROXY_TOKEN_FILE": str(path)}),
                (["--url", proxy.base, "--token-file", path], {})):
            result = self.check(self.ask("status", *words, **more), 0)
            self.assertRegex(result.out, rf"\n{NAME} +verified ")
        for words in (["env"], ["--print-config", "aider"]):
            self.check(self.ask(*words, *where, "--token-file", path), USAGE)

    def test_status_of_none(self):
        for words in (["--url", f"http://127.0.0.1:{free_port()}"],
                      ["--url", f"http://{self.model.address}"]):
            result = self.check(self.ask("status", *words), FAILED)
            self.assertEqual(result.out, "")
            self.assertEqual(result.err.count("\n"), 1)

    def test_help(self):
        for words in (["env"], ["status"], ["--print-config"]):
            result = self.check(self.ask(*words, "--help"), 0)
            self.assertIn(f"assay proxy {words[0]}", result.out)


if __name__ == "__main__":
    proxy_peer.main()
