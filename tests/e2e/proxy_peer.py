# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-proxy in a world of its own: a simulated platform, assay-serve on it, and
behind that a server of OpenAI's API.

    client -- assay-proxy == attested TLS == assay-serve -- openai_server.py
"""
import contextlib
import http.client
import json
import pathlib
import re
import signal
import socket
import subprocess
import time

import harness
import test_serve
from bridge_peer import LIMIT_S, Daemon, nobody_at, wait_until
from harness import ASSAY, BIN, SCRATCH, Case, Octets, clean_environment
from openai_server import OpenAI
from test_get import toml
from test_serve import SERVE, Answer, Serve
from test_sim import SIM, Sim

PROXY = BIN / "assay-proxy"
NAME = "vllm-tee"  # the readme's
HOST = "tee.example"
NAMES = f"localhost,127.0.0.1,::1,{HOST}"
KEY = "sk-of-the-user"
REFUSED = "Attestation verification failed: TEE not trusted"
SLOW_BUILD = test_serve.SLOW_BUILD

WELL = ("tcb=UpToDate", "module=UpToDate", "qe=UpToDate", "revoke=off",
        "expire=off", "overtaken=off", "debug=off", "forge-log=off")

# Of the readme, but for where the server and its collateral are.
README_CONFIG = """\
model_provider = "{name}"
model = "your-model-name"

[model_providers.{name}]
name = "vLLM TEE"
base_url = "{base_url}"
wire_api = "{wire_api}"
use_ratls = true

[model_providers.{name}.ratls_policy]
tee_type = "Tdx"
allowed_tdx_status = {statuses}
pccs_url = "{pccs}/tdx/certification/v4"
"""


def environment(**more):
    """Nothing of the proxy's or of OpenAI's that the person who runs the tests has
    set."""
    env = {k: v for k, v in clean_environment().items()
           if not k.startswith(("ASSAY_PROXY_", "OPENAI_", "CODEX_"))}
    # TSan sees neither how libuv closes a descriptor nor that fcntl() gives it
    # out again, to another thread: a race to it, in the calls that use it.
    env["TSAN_OPTIONS"] = (env.get("TSAN_OPTIONS", "")
                           + " ignore_interceptors_accesses=1")
    return {**env, **more}


# --- the world -----------------------------------------------------------


class Tee(Serve):
    """assay-serve, with all the names that tests have for it, in a TD of its own: of
    the world's platform, but for what was announced there."""

    def __init__(self, backend, *options, sim=None, listen="127.0.0.1:0"):
        self.own = None if sim else Sim(now=None)
        self.sim = sim or self.own
        super().__init__(backend, "--admin", "127.0.0.1:0", "--drain", "0.5",
                         *options, quotes="to be filled in")
        for option, value in (("--listen", listen),
                              ("--self-signed", NAMES)):
            self.command[self.command.index(option) + 1] = value

    def __enter__(self):
        if self.own:
            self.own.__enter__()
        self.command[self.command.index("--quotes") + 1] = (
            f"dstack:{self.sim.ready['guest']}")
        return super().__enter__()

    def __exit__(self, *unused):
        try:
            super().__exit__(*unused)
        finally:
            if self.own:
                self.own.stop()

    @property
    def quotes(self):
        """So many has it been asked for."""
        text = self.operators("/metrics")[1]
        return int(re.search(r'quotes_total\{result="made"\} (\d+)', text)[1])


def base_url(tee):
    return f"https://localhost:{tee.port}/v1"


class World:
    """with World() as world: a platform, a TEE, a model.

    `options` are assay-serve's, `sim` those of the simulator."""

    def __init__(self, mode="both", *options, sim=()):
        self.model = OpenAI(mode)
        self.sim_options = sim
        self.options = options

    def __enter__(self):
        self.began = time.monotonic()
        with contextlib.ExitStack() as stack:
            self.sim = stack.enter_context(
                Sim(*self.sim_options, now=None))
            stack.enter_context(self.model)
            self.tee = stack.enter_context(Tee(self.model, *self.options,
                                               sim=self.sim))
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *unused):
        self.model.go.set()
        self.model.let_go(1000000)
        self.stack.close()

    def reset(self):
        """All is well again. Of the simulator's own reset the platform would
        forget the server's certificate."""
        self.sim.change(*WELL)
        self.model.reset()

    @property
    def base_url(self):
        return base_url(self.tee)

    @property
    def pccs(self):
        return self.sim.ready["pccs"]

    @property
    def policy(self):
        """The platform's own: complete, and met."""
        policy = json.loads((self.sim.folder / "policy.json").read_text())
        return {**policy, "accept_self_signed_certs": False}

    def codex_config(self, name=NAME, wire_api="chat", base_url=None,
                     statuses='["UpToDate"]', more=""):
        return README_CONFIG.format(
            name=name, wire_api=wire_api, base_url=base_url or self.base_url,
            statuses=statuses, pccs=self.pccs) + more

    def upstream(self, name="tee", base_url=None, policy=None, without=(),
                 more="", **changes):
        """A table of the proxy's own file, with the platform's policy."""
        policy = {**(policy or self.policy), **changes}
        for member in without:
            del policy[member]
        text = toml(policy)
        nested = f"upstreams.{name}.policy"
        text = re.sub(r"^\[", f"[{nested}.", text, flags=re.M)
        return (f"[upstreams.{name}]\n"
                f'base_url = "{base_url or self.base_url}"\n{more}'
                f"[{nested}]\n{text}\n")


# --- the proxy -----------------------------------------------------------


class Proxy(Daemon):
    """with Proxy(world, option..., codex=text) as proxy: ...

    Its own file is `config`, Codex's is `codex`; the readme's if there is neither.
    """

    count = 0

    def __init__(self, world, *options, codex=None, config=None, warm=1,
                 cache=False, under=(), pass_fds=(), **variables):
        Proxy.count += 1
        self.world = world
        self.pass_fds = pass_fds
        self.folder = SCRATCH / f"proxy{Proxy.count}"
        self.folder.mkdir()
        self.ready_file = self.folder / "ready.json"
        self.log_file = self.folder / "log"
        self.audit_file = self.folder / "audit.jsonl"
        self.state_file = self.folder / "state.json"
        self.evidence = self.folder / "evidence"
        self.codex_file = self.folder / "config.toml"
        self.config_file = self.folder / "assay.toml"
        self.environment = environment(
            XDG_CACHE_HOME=str(self.folder / "cache"), **variables)
        if codex is None and config is None:
            codex = world.codex_config()
        files = []
        for path, text, option in (
                (self.codex_file, codex, "--codex-config"),
                (self.config_file, config, "--config")):
            if text is not None:
                path.write_text(text)
                files += [option, str(path)]
        self.command = [
            *under, str(PROXY), *files, "--listen", "127.0.0.1:0",
            "--ready-file", str(self.ready_file), "--admin", "127.0.0.1:0",
            "--root", str(world.sim.root), "--ca", str(world.tee.ca),
            "--evidence", str(self.evidence), "--warm", str(warm),
            "--audit-log", str(self.audit_file), "--drain", "0.5",
            "--state", str(self.state_file),
            *([] if cache else ["--no-cache"]), "--verbose",
            *map(str, options)]

    def run(self):
        """To its end, where it does not start: code and what it says."""
        p = subprocess.run(self.command, capture_output=True, text=True,
                           pass_fds=self.pass_fds, env=self.environment,
                           timeout=LIMIT_S)
        return p.returncode, p.stderr

    def reload(self, needle="info: reloaded"):
        """SIGHUP, and the line that tells how it went."""
        before = self.log.count(needle)
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.log.count(needle) > before,
                   lambda: self.log)
        return [x for x in self.log.splitlines() if needle in x][-1]

    @property
    def base(self):
        return "http://" + self.ready["address"]

    def url(self, name=NAME):
        """What a client of this provider is given."""
        return {p["name"]: p["url"] for p in self.ready["providers"]}[name]

    def path(self, name=NAME):
        """The same, without scheme and address."""
        return self.url(name).removeprefix(self.base)

    @property
    def log(self):
        return self.log_file.read_text()

    def log_line(self, needle):
        """Waits for a line with this."""
        return wait_until(lambda: next(
            (x for x in self.log.splitlines() if needle in x), None),
            f"{needle} in {self.log[-4000:]}")

    @property
    def audit(self):
        """One object for each request that has ended."""
        if not self.audit_file.exists():
            return []
        lines = [json.loads(x) for x in self.audit_file.read_text().splitlines()]
        return [x for x in lines if "verdict" not in x]

    def audited(self, count):
        """The lines once there are so many."""
        wait_until(lambda: len(self.audit) >= count,
                   f"{count} lines in the audit log")
        return self.audit

    @property
    def bundles(self):
        return sorted(self.evidence.glob("*.json"))

    def operators(self, path, method="GET"):
        """Status and text from the operators' door."""
        host, _, port = self.ready["admin"].rpartition(":")
        c = http.client.HTTPConnection(host.strip("[]"), int(port),
                                       timeout=LIMIT_S)
        with contextlib.closing(c):
            c.request(method, path)
            r = c.getresponse()
            return r.status, r.read().decode()

    def metrics(self):
        """{name with labels: value}"""
        status, text = self.operators("/metrics")
        assert status == 200, text
        rows = (x.rsplit(" ", 1) for x in text.splitlines()
                if x and not x.startswith("#"))
        return {name: float(value) for name, value in rows}

    def status(self):
        """GET /.well-known/assay"""
        answer = self.ask("GET", "/.well-known/assay")
        assert answer.status in (200, 503), answer
        return answer.json

    def client(self, **how):
        return Client(self, **how)

    def ask(self, method, target, body=None, fields=(), **how):
        """One request on a connection of its own."""
        with self.client() as c:
            return c.ask(method, target, body, fields, **how)

    def chat(self, text="hello", name=NAME, fields=(), **more):
        """One Chat Completion."""
        return self.post("/chat/completions", {
            "model": "test", "messages": [{"role": "user", "content": text}],
            **more}, name, fields)

    def responses(self, text="hello", name=NAME, fields=(), **more):
        return self.post("/responses", {"model": "test", "input": text, **more},
                         name, fields)

    def post(self, rest, document, name=NAME, fields=()):
        return self.ask("POST", self.path(name) + rest,
                        json.dumps(document).encode(), [
                            ("Content-Type", "application/json"),
                            ("Authorization", f"Bearer {KEY}"), *fields])


class Client(test_serve.Client):
    """HTTP/1.1 by hand, over plain TCP: what no library would send."""

    def __init__(self, proxy, receive_buffer=None):
        sock = socket.socket()
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                            receive_buffer)
        sock.settimeout(LIMIT_S)
        try:
            sock.connect(("127.0.0.1", proxy.port))
        except BaseException:
            sock.close()
            raise
        self.tls = sock  # its name in the parent
        self.host = f"127.0.0.1:{proxy.port}"
        Octets.__init__(self, sock)

    def say(self, method, target, body=None, fields=(), host=None):
        """A whole request; a host of "" leaves the field out."""
        host = self.host if host is None else host
        head = f"{method} {target} HTTP/1.1\r\n"
        head += f"Host: {host}\r\n" if host else ""
        head += "".join(f"{n}: {v}\r\n" for n, v in fields)
        if body is not None:
            head += f"Content-Length: {len(body)}\r\n"
        self.send(head.encode("latin-1") + b"\r\n" + (body or b""))

    def ask(self, method, target, body=None, fields=(), host=None):
        self.say(method, target, body, fields, host)
        return self.final(method)

    def final(self, method="GET"):
        """The answer behind interim ones."""
        while (answer := self.answer(method)).status < 200:
            pass
        return answer

    def events(self):
        """(name, data) of each server-sent event of a chunked answer, as they
        come."""
        text = b""
        for piece in self.chunks():
            text += piece
            while b"\n\n" in text:
                event, _, text = text.partition(b"\n\n")
                yield parse_event(event.decode())
        assert text == b"", text


def parse_event(text):
    fields = dict(line.partition(": ")[::2] for line in text.split("\n"))
    return fields.get("event"), fields["data"]


# --- tests ---------------------------------------------------------------


class ProxyCase(Case):
    """Assertions on answers."""

    world = None  # who runs the tests sets it

    def setUp(self):
        self.world.reset()

    @property
    def model(self):
        return self.world.model

    def proxy(self, *options, **how):
        """One that ends with the test."""
        return self.enterContext(Proxy(self.world, *options, **how))

    def check_ok(self, answer, status=200):
        self.assertEqual(answer.status, status, answer)
        self.check_attested(answer)
        return answer

    def check_attested(self, answer, tcb="UpToDate"):
        said = answer.get("x-assay-attestation") or ""
        self.assertRegex(said, rf"^verified; tcb={tcb}; age=\d+; "
                         r"evidence=[0-9a-f]{16}(; partial)?$")
        age_s = int(re.search(r"age=(\d+)", said)[1])
        self.assertLessEqual(age_s, time.monotonic() - self.world.began + 1)

    def check_error(self, answer, status, kind=None, code=None):
        """An error of OpenAI's shape, without a verdict; its member `error`."""
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.get("Content-Type"), "application/json")
        self.assertIsNone(answer.get("x-assay-attestation"))
        error = answer.json["error"]
        self.assertEqual(set(error), {"message", "type", "param", "code"})
        if kind:
            self.assertEqual(error["type"], kind)
        if code:
            self.assertEqual(error["code"], code)
        return error

    def check_refused(self, answer, code=None):
        """By attestation: what no client should try again."""
        error = self.check_error(answer, 403, "attestation_error", code)
        self.assertTrue(error["message"].startswith(REFUSED), error)
        self.assertEqual(answer.get("x-should-retry"), "false")
        return error

    def check_nothing_arrived(self):
        """No request has reached the model."""
        self.assertEqual(self.model.requests, [])


def main(mode="both", *options):
    """All tests of a file, in one world."""
    harness.need(ASSAY, PROXY, SERVE, SIM)
    with World(mode, *options) as ProxyCase.world:
        harness.main()


__all__ = ["Answer", "nobody_at", "pathlib"]
