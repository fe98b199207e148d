# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-proxy and the machine it runs on: settings, Unix sockets, the service manager,
the sandbox, and more clients than there is room for."""
import contextlib
import json
import os
import pathlib
import re
import resource
import shlex
import signal
import socket
import stat
import subprocess

import proxy_peer
from bridge_peer import LIMIT_S
from harness import SCRATCH, SOURCE, UNREADABLE, handed, write
from proxy_peer import NAME, PROXY, SLOW_BUILD, Answer, Proxy, ProxyCase, wait_until

MANY = 200 if SLOW_BUILD else 1024


class SystemCase(ProxyCase):
    def models(self, gate):
        return gate.ask("GET", gate.path() + "/models")


class Settings(SystemCase):
    def said(self, gate, *options):
        p = subprocess.run([*gate.command, *options], capture_output=True,
                           text=True, env=gate.environment, timeout=LIMIT_S)
        self.assertEqual(p.returncode, 0, p.stderr)
        return p.stdout

    def test_dumped_and_read_again(self):
        key = write("dump.key", "sk-dumped\n")
        key.chmod(0o600)
        gate = Proxy(self.world, "--max-links", "7", "--drain", "1.5",
                     "--allow-host", "a.example,b.example:80",
                     "--resolve", "a.example:443:127.0.0.1", "--log", "json",
                     codex=self.world.codex_config(),
                     config="header-timeout = 3\n" + self.world.upstream(
                         "own", more=f'api_key_file = "{key}"\n'))
        dumped = self.said(gate, "--dump-config")
        self.assertNotIn("sk-dumped", dumped)
        again = Proxy(self.world, config=dumped)
        again.command = [str(PROXY), "--config", str(again.config_file)]
        self.assertEqual(self.said(again, "--dump-config"), dumped)
        checked = self.said(gate, "--check")
        self.assertEqual(self.said(again, "--check"), checked)
        for text in (NAME, "own", self.world.base_url):
            self.assertIn(text, checked)
        self.assertFalse(gate.ready_file.exists())

    def test_what_cannot_be_had(self):
        taken = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        port = taken.getsockname()[1]
        for options, needle in (
                (["--listen", f"127.0.0.1:{port}"], "address already in use"),
                (["--admin", f"127.0.0.1:{port}"], "address already in use"),
                (["--listen", "unix:/none/x"], "/none/x"),
                (["--config", "/none/x"], "/none/x"),
                (["--token-file", "/none/x"], "/none/x"),
                (["--audit-log", "/none/x"], "/none/x"),
                (["--ready-file", "/none/x"], "/none/x"),
                (["--state", "/none/x"], "/none/x"),
                (["--ca", "/none/x"], "/none/x"),
                (["--pccs-ca", "/none/x"], "/none/x")):
            with self.subTest(options):
                gate = Proxy(self.world, *options)
                code, said = gate.run()
                self.assertEqual(code, UNREADABLE, said)
                self.assertIn(needle, said)
                self.assertFalse(gate.ready_file.exists())

    def test_the_unit_checks_what_it_starts(self):
        """Its lines are ones that the program takes."""
        unit = (SOURCE / "deploy/assay-proxy.service").read_text()
        home = SCRATCH / "home"
        (home / ".codex").mkdir(parents=True)
        (home / ".codex/config.toml").write_text(self.world.codex_config())
        (home / "assay").mkdir()
        (home / "assay/proxy.toml").write_text("")  # as it says
        lines = re.findall(r"^Exec(StartPre|Start)=/usr/bin/assay-proxy (.*)$",
                           unit, re.M)
        self.assertEqual([x for x, _ in lines], ["StartPre", "Start"])
        for kind, line in lines:
            args = [x.replace("%E", str(home)).replace("%h", str(home))
                    for x in shlex.split(line)]
            gate = Proxy(self.world)
            gate.command = [str(PROXY), *args] + (
                [] if kind == "StartPre" else ["--check"])
            code, said = gate.run()
            self.assertEqual(code, 0, said)


def unix_ask(path, target, host):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(LIMIT_S)
        s.connect(str(path))
        s.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n"
                  "Connection: close\r\n\r\n".encode())
        octets = b""
        while piece := s.recv(65536):
            octets += piece
    head, _, body = octets.partition(b"\r\n\r\n")
    return Answer(head, body)


class UnixSockets(SystemCase):
    def test_listener(self):
        path = SCRATCH / "operated.sock"
        with Proxy(self.world, "--workers", "2", "--listen",
                   f"unix:{path}") as gate:
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            self.assertEqual(gate.ready["address"], f"unix:{path}")
            for host in ("localhost", "127.0.0.1", "[::1]:99", "x",
                         "any.example:80"):
                answer = unix_ask(path, f"/{NAME}/models", host)
                self.assertEqual(answer.status, 200, (host, answer))
        self.assertFalse(path.exists())

    def test_operators_door(self):
        path = SCRATCH / "operators.sock"
        with Proxy(self.world, "--admin", f"unix:{path}"):
            self.assertEqual(unix_ask(path, "/healthz", "x").status, 200)


class Managed(SystemCase):
    """As systemd runs it."""

    def manager(self):
        path = SCRATCH / "proxy-notify.sock"
        path.unlink(missing_ok=True)
        s = self.enterContext(socket.socket(socket.AF_UNIX,
                                            socket.SOCK_DGRAM))
        s.settimeout(LIMIT_S)
        s.bind(str(path))
        return s, str(path)

    def test_notify(self):
        s, path = self.manager()
        with Proxy(self.world, NOTIFY_SOCKET=path) as gate:
            self.assertEqual(s.recv(999), b"READY=1")
            for text in (self.world.codex_config(), "x"):
                gate.codex_file.write_text(text)
                gate.process.send_signal(signal.SIGHUP)
                self.assertRegex(s.recv(999),
                                 rb"^RELOADING=1\nMONOTONIC_USEC=\d+$")
                self.assertEqual(s.recv(999), b"READY=1")
        self.assertEqual(s.recv(999), b"STOPPING=1")

    def test_watchdog(self):
        s, path = self.manager()
        with Proxy(self.world, NOTIFY_SOCKET=path, WATCHDOG_USEC="150000"):
            self.assertEqual(s.recv(999), b"READY=1")
            for _ in range(5):
                self.assertEqual(s.recv(999), b"WATCHDOG=1")

    def handed(self, sock, *options):
        gate = Proxy(self.world, "--listen", "127.0.0.1:1", *options,
                     pass_fds=(sock.fileno(),))
        gate.command = handed(sock, gate.command)
        return gate

    def test_socket_activation(self):
        with socket.create_server(("127.0.0.1", 0)) as sock:
            with self.handed(sock, "--workers", "2") as gate:
                self.assertEqual(gate.port, sock.getsockname()[1])
                for _ in range(5):
                    self.check_ok(self.models(gate))
                # names of ours are those of the port that is there
                answer = gate.ask("GET", gate.path() + "/models",
                                  host="127.0.0.1:1")
                self.check_error(answer, 403, code="host_not_allowed")

    def test_a_socket_that_others_reach(self):
        """It is what --allow-remote is for, whoever has opened it."""
        token = write("handed.token", "s3cret-token\n")
        token.chmod(0o600)
        with socket.create_server(("0.0.0.0", 0)) as sock:
            for options in ((), ("--allow-remote",),
                            ("--token-file", token)):
                code, said = self.handed(sock, *options).run()
                self.assertEqual(code, UNREADABLE, said)
                self.assertIn("--allow-remote", said)
            with self.handed(sock, "--allow-remote", "--token-file",
                             token) as gate:
                self.assertEqual(self.models(gate).status, 401)
                self.check_ok(gate.ask("GET", gate.path() + "/models", fields=[
                    ("Authorization", "Bearer s3cret-token")]))

    def test_remote_before_and_behind_a_reload(self):
        """The door stays open, so its token stays wanted."""
        token = write("remote.token", "s3cret-token\n")
        token.chmod(0o600)
        remote = ('listen = "0.0.0.0:0"\nallow-remote = true\n'
                  f'token-file = "{token}"\n')
        gate = Proxy(self.world, config=remote + self.world.upstream())
        at = gate.command.index("--listen")
        del gate.command[at:at + 2]
        with gate:
            gate.config_file.write_text('listen = "127.0.0.1:0"\n'
                                        + self.world.upstream())
            gate.reload("reload failed, nothing has changed")
            self.assertEqual(gate.ask("GET", "/tee/models").status, 401)


class Sandboxed(SystemCase):
    """In force, and with nothing needed out of reach."""

    def test_in_the_sandbox(self):
        if not is_confined(self.proxy()):
            self.skipTest("this kernel or build cannot confine it")
        key = SCRATCH / "confined.key"
        key.write_text("sk-1\n")
        key.chmod(0o600)
        gate = self.proxy("--sandbox", "strict", cache=True,
                          config=self.world.upstream(
                              NAME, more=f'api_key_file = "{key}"\n'))
        for task in pathlib.Path(f"/proc/{gate.process.pid}/task").iterdir():
            status = dict(line.split(":\t", 1) for line in
                          (task / "status").read_text().splitlines())
            self.assertEqual((status["NoNewPrivs"], status["Seccomp"]),
                             ("1", "2"))
        self.check_ok(self.models(gate))
        wait_until(lambda: gate.bundles, "evidence")
        key.write_text("sk-2\n")
        gate.reload()
        self.check_ok(self.models(gate))
        self.assertEqual(self.model.requests[-1].get("Authorization"),
                         "Bearer sk-2")
        gate.audited(2)
        gate.audit_file.rename(gate.folder / "audit.1")
        gate.process.send_signal(signal.SIGUSR1)
        wait_until(gate.audit_file.exists)
        self.assertEqual(json.loads(
            (gate.folder / "state.json").read_text())["pid"],
            gate.process.pid)
        gate.stop()
        self.assertFalse((gate.folder / "state.json").exists())

    def test_roots_of_the_environment(self):
        """They are read by each reload, wherever they are."""
        folder = SCRATCH / "roots of one's own"
        folder.mkdir()
        roots = folder / "roots.pem"
        roots.write_text(self.world.tee.ca.read_text())
        gate = self.proxy(SSL_CERT_FILE=str(roots))
        gate.reload()
        self.check_ok(self.models(gate))


def is_confined(gate):
    line = next((x for x in gate.log.splitlines() if "info: sandbox" in x), "")
    return "files=landlock" in line and "calls=seccomp" in line


class Crowds(SystemCase):
    def test_more_clients_than_may_be(self):
        """Further ones wait, and are served when there is room."""
        gate = self.proxy("--max-connections", "3", "--workers", "1")
        clients = [self.enterContext(gate.client()) for _ in range(3)]
        for c in clients:
            self.check_ok(c.ask("GET", gate.path() + "/models"))
        # each worker may go above it by one
        waiting = [self.enterContext(gate.client()) for _ in range(4)]
        for c in waiting:
            c.say("GET", gate.path() + "/models")
        wait_until(lambda: gate.metrics()["assay_proxy_connections_open"] >= 3)
        self.assertLessEqual(gate.metrics()["assay_proxy_connections_open"], 4)
        for c in clients:
            c.sock.close()
        for c in waiting:
            self.check_ok(c.final())
            c.sock.close()

    def test_no_descriptors(self):
        """Who is there is served; the others are when there are some again."""
        gate = self.proxy("--sandbox", "off")
        with gate.client() as c:
            self.check_ok(c.ask("GET", gate.path() + "/models"))
            pid = gate.process.pid
            was = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            used = len(os.listdir(f"/proc/{pid}/fd"))
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (used, was[1]))
            waiting = [self.enterContext(gate.client()) for _ in range(8)]
            for w in waiting:
                w.say("GET", gate.path() + "/models")
            for _ in range(3):
                self.check_ok(c.ask("GET", gate.path() + "/models"))
            self.assertIsNone(gate.process.poll())
            resource.prlimit(pid, resource.RLIMIT_NOFILE, was)
            for w in waiting:
                self.check_ok(w.final())
            self.check_ok(c.ask("GET", gate.path() + "/models"))

    def test_idle_clients_cost_little(self):
        gate = self.proxy("--max-connections", MANY + 10)
        with contextlib.ExitStack() as stack:
            clients = []

            def come(count):
                for _ in range(count):
                    c = stack.enter_context(gate.client())
                    self.check_ok(c.ask("GET", gate.path() + "/models"))
                    clients.append(c)
            come(MANY // 8)
            before = rss_kib(gate)
            come(MANY - len(clients))
            grown = rss_kib(gate) - before
            if not SLOW_BUILD:
                self.assertLess(grown / MANY, 8)
            for c in clients[::MANY // 16]:
                self.check_ok(c.ask("GET", gate.path() + "/models"))
            self.assertEqual(gate.metrics()["assay_proxy_connections_open"],
                             MANY)


def rss_kib(gate):
    text = pathlib.Path(f"/proc/{gate.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1])


if __name__ == "__main__":
    proxy_peer.main()
