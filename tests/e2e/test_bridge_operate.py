# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-bridge as those see it who operate it: reloads, the end, logs, the service
manager, TLS, Unix sockets, proxies before it, the sandbox."""
import contextlib
import hashlib
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import time

import bridge_peer as bridge
from bridge_peer import (BRIDGE, LIMIT_S, MIB, Bridge, Echo, Refused, environment,
                    handshake, trusting, wait_until)
from harness import (SCRATCH, UNREADABLE, Case, handed, threads_that_block,
                     write)
from raw_backend import RawBackend


def certificate(name, *names):
    """Files of a fresh certificate for these names, and its SHA-256."""
    cert, key = SCRATCH / f"{name}.pem", SCRATCH / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
         "-addext", "subjectAltName=" + ",".join(f"DNS:{n}" for n in names),
         "-days", "2", "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True, timeout=LIMIT_S)
    key.chmod(0o600)
    der = ssl.PEM_cert_to_DER_cert(cert.read_text())
    return cert, key, hashlib.sha256(der).hexdigest()


class Configured(Bridge):
    """with Configured(text, option...) as b: settings from a file."""

    def __init__(self, text, *options, **how):
        super().__init__([], *options, **how)
        self.config = self.folder / "bridge.toml"
        self.config.write_text(text)
        self.command += ["--config", str(self.config)]

    def reload(self, text=None, needle="info: reloaded"):
        """SIGHUP, and the line that tells how it went."""
        if text is not None:
            self.config.write_text(text)
        before = self.log.count(needle)
        self.process.send_signal(signal.SIGHUP)
        return self.log_line(needle, before + 1)


def allowing(*targets, more=""):
    return "allow = [" + ", ".join(f'"{t}"' for t in targets) + f"]\n{more}"


class Reload(Case):
    def test_allowlist(self):
        """Who is in stays in; who comes is judged by the new one."""
        with Echo() as one, Echo() as two, Configured(
                allowing(one.address)) as b:
            with b.tunnel(one.address) as t:
                self.assertEqual(b.refused(two.address).status, 403)
                b.reload(allowing(two.address))
                with b.tunnel(two.address) as u:
                    u.send(b"new")
                    self.assertEqual(u.data(3), b"new")
                self.assertEqual(b.refused(one.address).code, "target_denied")
                t.send(b"still here")
                self.assertEqual(t.data(10), b"still here")
                t.finish()

    def test_a_bad_file_changes_nothing(self):
        with Echo() as echo, Configured(allowing(echo.address)) as b:
            with b.tunnel(echo.address) as t:
                for text in ("allow = 1", 'allow = ["a:b"]', "alow = []",
                             "", "allow = [", 'allow = []',
                             allowing("a.example", more="token-file = "
                                                        '"/none/token"')):
                    with self.subTest(text):
                        b.reload(text, "reload failed, nothing has changed")
                        with b.tunnel(echo.address) as u:
                            u.send(b"as before")
                            self.assertEqual(u.data(9), b"as before")
                b.config.unlink()
                b.reload(None, "reload failed, nothing has changed")
                t.send(b"still here")
                self.assertEqual(t.data(10), b"still here")
            b.reload(allowing("a.example"))
            self.assertEqual(b.refused(echo.address).status, 403)

    def test_limits(self):
        with Echo() as echo, Configured(allowing(echo.address)) as b:
            b.command.remove("--rate")  # the file has its say
            with contextlib.ExitStack() as stack:
                for _ in range(3):
                    stack.enter_context(b.tunnel(echo.address))
                b.reload(allowing(echo.address,
                                  more="max-connections-per-target = 3\n"))
                self.assertEqual(b.refused(echo.address).code, "target_full")
                b.reload(allowing(echo.address,
                                  more="max-connections-per-target = 4\n"))
                stack.enter_context(b.tunnel(echo.address))

    def test_token(self):
        token = write("reloaded.token", "first\n")
        token.chmod(0o600)
        with Echo() as echo:
            text = allowing(echo.address, more=f'token-file = "{token}"\n')

            def bearer(value):
                return [("Authorization", f"Bearer {value}")]
            with Configured(text) as b:
                with b.tunnel(echo.address, fields=bearer("first")) as t:
                    token.write_text("second\n")
                    b.reload()
                    self.assertEqual(b.refused(
                        echo.address, fields=bearer("first")).status, 401)
                    with b.tunnel(echo.address, fields=bearer("second")):
                        pass
                    t.send(b"x")
                    self.assertEqual(t.data(1), b"x")

    def test_what_needs_a_start(self):
        with Echo() as echo, Configured(allowing(echo.address)) as b:
            line = b.reload(allowing(echo.address, more="workers = 7\n"),
                            "workers")
            self.assertIn("workers", line)
            with b.tunnel(echo.address):
                pass

    def test_many_in_a_row_under_traffic(self):
        with Echo() as echo, Configured(allowing(echo.address)) as b:
            with b.tunnel(echo.address) as t:
                for i in range(30):
                    b.process.send_signal(signal.SIGHUP)
                    t.send(b"%30d" % i)
                    self.assertEqual(t.data(30), b"%30d" % i)
                    with b.tunnel(echo.address) as u:
                        u.finish()
                b.log_line("reloaded")
                t.finish()


class TheEnd(Case):
    def test_drain(self):
        """Clients are told 1001, what was under way is delivered, nobody new
        comes in."""
        with RawBackend() as target, Bridge([target.address], "--drain",
                                            LIMIT_S) as b:
            with b.tunnel(target.address) as t, b.connect() as silent:
                peer = target.accept()
                silent.sendall(b"GET / HTTP")
                peer.send(bytes(MIB))
                t.data(MIB)
                b.process.send_signal(signal.SIGTERM)
                self.assertEqual(t.closed(), 1001)
                self.assertEqual(bridge.read_answer(silent).code, "stopping")
                with self.assertRaises((ConnectionError, AssertionError)):
                    b.refused(target.address)
                t.send(b"last words")
                self.assertEqual(peer.exactly(10), b"last words")
                self.assertIsNone(b.process.poll())
                t.say_close()
                self.assertTrue(peer.ended())
                peer.close()
                self.assertTrue(t.ended())
                self.assertEqual(b.process.wait(LIMIT_S), 0)
            b.log_line("drained")

    def test_it_does_not_wait_for_ever(self):
        with Echo() as echo, Bridge([echo.address]) as b:
            with b.tunnel(echo.address) as t:
                b.process.send_signal(signal.SIGTERM)
                self.assertEqual(b.process.wait(LIMIT_S), 0)
                self.assertEqual(t.closed(), 1001)
                self.assertTrue(t.ended())

    def test_a_second_signal_insists(self):
        with Echo() as echo, Bridge([echo.address], "--drain", "300") as b:
            with b.tunnel(echo.address) as t:
                b.process.send_signal(signal.SIGTERM)
                self.assertEqual(t.closed(), 1001)
                b.process.send_signal(signal.SIGTERM)
                self.assertEqual(b.process.wait(LIMIT_S), 0)

    def test_interrupt(self):
        with Bridge(["a.example"]) as b:
            self.assertEqual(b.stop(signal.SIGINT), 0)

    def test_signals_at_the_very_end(self):
        """Threads that wait for something outlast what hears signals."""
        signals = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
        for _ in range(5):
            with Bridge(["a.example"], "--workers", "1") as b:
                self.assertGreaterEqual(
                    threads_that_block(b.process.pid, *signals), 8)
                while b.process.poll() is None:
                    for n in signals:
                        b.process.send_signal(n)
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        b.process.wait(0.0005)  # time to hear them
                self.assertEqual(b.process.returncode, 0)

    def test_ready_says_it(self):
        with Echo() as echo, Bridge([echo.address], "--drain", LIMIT_S) as b:
            with b.tunnel(echo.address) as t:
                b.process.send_signal(signal.SIGTERM)
                t.closed()
                status, text = b.operators("/readyz")
                self.assertEqual(status, 503)
                self.assertIn("draining", text)
                self.assertEqual(b.operators("/healthz")[0], 200)
                t.say_close()


class Logs(Case):
    def test_rotation(self):
        log = SCRATCH / "access.log"
        with Echo() as echo, Bridge([echo.address], "--access-log", log) as b:
            for i in range(2):
                with b.tunnel(echo.address) as t:
                    t.finish()
                wait_until(lambda: echo.address in log.read_text())
                log.rename(SCRATCH / f"access.log.{i}")
                b.process.send_signal(signal.SIGUSR1)
                b.log_line("access log reopened", i + 1)
            self.assertEqual(log.read_text(), "")
            self.assertNotIn(echo.address, b.log)

    def test_off(self):
        with Echo() as echo, Bridge([echo.address], "--access-log", "off",
                                    "--workers", "1") as b:
            with b.tunnel(echo.address) as t:
                t.finish()
            self.assertEqual(b.refused("x").status, 403)
        self.assertNotIn(echo.address, b.log)

    def test_nobody_reads_them(self):
        """A pipe that is full holds nobody up."""
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        with Echo() as echo:
            b = Bridge([echo.address], "--access-log", f"/dev/fd/{writer}",
                       "--sandbox", "off")
            b.pass_fds = (writer,)
            with b:
                os.close(writer)
                for _ in range(800):
                    self.assertEqual(b.refused(
                        "x" * 60 + ".example").status, 403)


class Managed(Case):
    """As systemd runs it."""

    def manager(self):
        path = SCRATCH / "notify.sock"
        path.unlink(missing_ok=True)
        s = self.enterContext(socket.socket(socket.AF_UNIX,
                                            socket.SOCK_DGRAM))
        s.settimeout(LIMIT_S)
        s.bind(str(path))
        return s, str(path)

    def test_notify(self):
        s, path = self.manager()
        with Configured(allowing("a.example"), NOTIFY_SOCKET=path) as b:
            self.assertEqual(s.recv(999), b"READY=1")
            b.process.send_signal(signal.SIGHUP)
            self.assertRegex(s.recv(999), rb"^RELOADING=1\nMONOTONIC_USEC=\d+$")
            self.assertEqual(s.recv(999), b"READY=1")
            b.config.write_text("x")
            b.process.send_signal(signal.SIGHUP)
            self.assertIn(b"RELOADING=1", s.recv(999))
            self.assertEqual(s.recv(999), b"READY=1")
        self.assertEqual(s.recv(999), b"STOPPING=1")

    def test_watchdog(self):
        s, path = self.manager()
        with Bridge(["a.example"], NOTIFY_SOCKET=path,
                    WATCHDOG_USEC="150000"):
            self.assertEqual(s.recv(999), b"READY=1")
            for _ in range(5):
                self.assertEqual(s.recv(999), b"WATCHDOG=1")

    def test_socket_activation(self):
        tcp = socket.create_server(("127.0.0.1", 0))
        path = str(SCRATCH / "inherited.sock")
        unix = socket.socket(socket.AF_UNIX)
        unix.bind(path)
        unix.listen(8)
        with Echo() as echo, tcp, unix:
            for sock, connect in (
                    (tcp, lambda: socket.create_connection(
                        tcp.getsockname(), LIMIT_S)),
                    (unix, lambda: unix_client(path))):
                b = Bridge([echo.address], "--workers", "2", "--listen",
                           "192.0.2.1:1")
                b.command = handed(sock, b.command)
                b.pass_fds = (sock.fileno(),)
                with b:
                    for _ in range(5):
                        with b.tunnel(echo.address, sock=connect()) as t:
                            t.send(b"handed over")
                            self.assertEqual(t.data(11), b"handed over")
            self.assertTrue(pathlib.Path(path).exists())  # the manager's


def unix_client(path):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(LIMIT_S)
    s.connect(str(path))
    return s


class UnixSockets(Case):
    def test_listener(self):
        path = SCRATCH / "bridge.sock"
        with Echo() as echo:
            with Bridge([echo.address], "--workers", "2", "--listen",
                        f"unix:{path}") as b:
                for _ in range(5):
                    with b.tunnel(echo.address, sock=unix_client(path)) as t:
                        t.send(b"unix")
                        self.assertEqual(t.data(4), b"unix")
                        t.finish()
                b.log_line(echo.address)
        self.assertFalse(path.exists())

    def test_operators_door(self):
        path = SCRATCH / "admin.sock"
        with Bridge(["a.example"], "--admin", f"unix:{path}"):
            with unix_client(path) as s:
                s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
                          b"Connection: close\r\n\r\n")
                self.assertEqual(bridge.read_answer(s).status, 200)


class Proxies(Case):
    """X-Forwarded-For of those who are trusted, and of nobody else."""

    def test_limits_of_each_client(self):
        for trusted, answers in (("127.0.0.1/32", [101, 101, 429]),
                                 ("10.0.0.0/8", [101, 429, 429])):
            with self.subTest(trusted), Echo() as echo:
                b = Bridge([echo.address], "--max-connections-per-address",
                           "1", "--trust-forwarded", trusted)
                with b, contextlib.ExitStack() as stack:
                    got = []
                    for client in ("192.0.2.1", "192.0.2.2", "192.0.2.1"):
                        try:
                            stack.enter_context(b.tunnel(
                                echo.address, fields=[
                                    ("X-Forwarded-For",
                                     f"198.51.100.9, {client}")]))
                            got.append(101)
                        except Refused as e:
                            got.append(e.answer.status)
                    self.assertEqual(got, answers)

    def test_rate_of_each_client(self):
        with Echo() as echo, Bridge(
                [echo.address], "--rate", "1", "--burst", "3",
                "--trust-forwarded", "127.0.0.1/32") as b:
            for i in range(20):
                answer = b.refused("x", fields=[
                    ("X-Forwarded-For", f"192.0.2.{i}")])
                self.assertEqual(answer.status, 403)
            got = [b.refused("x", fields=[("X-Forwarded-For",
                                           "192.0.2.99")]).status
                   for _ in range(10)]
            self.assertIn(429, got)

    def test_it_is_logged(self):
        with Echo() as echo, Bridge([echo.address], "--trust-forwarded",
                                    "127.0.0.1/32") as b:
            b.refused("x", fields=[("X-Forwarded-For", "192.0.2.77")])
            self.assertIn("192.0.2.77", b.log_line("target_denied"))

    def test_what_is_no_address(self):
        """Nobody's words become a peer."""
        with Echo() as echo, Bridge([echo.address], "--trust-forwarded",
                                    "127.0.0.1/32") as b:
            for value in ("nonsense", "", "192.0.2.1\tx", "x" * 5000, ",",
                          "_hidden", "192.0.2.1, unknown"):
                with self.subTest(value):
                    answer = b.refused("x", fields=[("X-Forwarded-For",
                                                     value)])
                    self.assertIn(answer.status, (400, 403))
            with b.tunnel(echo.address):
                pass


class Secure(Case):
    def start(self, cert, key, *options):
        self.echo = self.enterContext(Echo())
        text = allowing(self.echo.address,
                        more=f'cert = "{cert}"\nkey = "{key}"\n')
        return self.enterContext(Configured(
            text, "--tls-listen", "127.0.0.1:0", *options))

    def tls(self, b, ca):
        s = socket.create_connection(("127.0.0.1", b.tls_port), LIMIT_S)
        try:
            return trusting(ca).wrap_socket(s, server_hostname="localhost",
                                            suppress_ragged_eofs=False)
        except BaseException:
            s.close()
            raise

    def shown(self, b, ca):
        with self.tls(b, ca) as s:
            return hashlib.sha256(s.getpeercert(True)).hexdigest()

    def test_both_listeners(self):
        cert, key, _ = certificate("tls1", "localhost")
        b = self.start(cert, key)
        for sock in (self.tls(b, cert), None):
            with b.tunnel(self.echo.address, sock=sock) as t:
                data = os.urandom(200000)
                t.send(data)
                self.assertEqual(t.data(len(data)), data)
                t.say_close()
                self.assertEqual(t.closed(), 1000)
                self.assertTrue(t.ended())
        answer = b.ask(handshake("x"), sock=self.tls(b, cert))
        self.assertEqual((answer.status, answer.code), (403, "target_denied"))

    def test_versions(self):
        cert, key, _ = certificate("tls2", "localhost")
        b = self.start(cert, key)
        for option in ("-tls1_1", "-tls1"):
            p = subprocess.run(
                ["openssl", "s_client", option, "-connect",
                 f"127.0.0.1:{b.tls_port}"], input=b"", capture_output=True,
                timeout=LIMIT_S)
            self.assertNotEqual(p.returncode, 0)

    def test_no_tls_at_its_door(self):
        cert, key, _ = certificate("tls3", "localhost")
        b = self.start(cert, key)
        with socket.create_connection(("127.0.0.1", b.tls_port),
                                      LIMIT_S) as s:
            s.sendall(handshake(self.echo.address))
            octets = b""
            with contextlib.suppress(ConnectionResetError):
                while piece := s.recv(4096):
                    octets += piece
            self.assertNotIn(b"HTTP", octets)
        self.assertEqual(self.echo.accepted, 0)

    def test_slow_handshake(self):
        cert, key, _ = certificate("tls4", "localhost")
        b = self.start(cert, key, "--handshake-timeout", "0.5")
        with socket.create_connection(("127.0.0.1", b.tls_port),
                                      LIMIT_S) as s:
            s.sendall(b"\x16\x03\x01")
            with contextlib.suppress(ConnectionResetError):
                while s.recv(4096):
                    pass
        self.assertEqual(self.shown(b, cert), certificate_digest(cert))

    def test_hot_reload(self):
        """The next client is shown the new one; who is in stays."""
        old, old_key, old_digest = certificate("old", "localhost")
        new, new_key, new_digest = certificate("new", "localhost")
        cert, key = SCRATCH / "live.pem", SCRATCH / "live.key"
        cert.write_bytes(old.read_bytes())
        key.write_bytes(old_key.read_bytes())
        key.chmod(0o600)
        b = self.start(cert, key)
        self.assertEqual(self.shown(b, old), old_digest)
        with b.tunnel(self.echo.address, sock=self.tls(b, old)) as t:
            key.write_text("junk")
            b.reload(None, "reload failed, nothing has changed")
            self.assertEqual(self.shown(b, old), old_digest)
            cert.write_bytes(new.read_bytes())
            key.write_bytes(new_key.read_bytes())
            b.reload()
            self.assertEqual(self.shown(b, new), new_digest)
            t.send(b"still here")
            self.assertEqual(t.data(10), b"still here")
            t.finish()

    def test_half_closes(self):
        cert, key, _ = certificate("tls5", "localhost")
        with RawBackend() as target:
            b = self.start(cert, key)
            b.reload(allowing(target.address,
                              more=f'cert = "{cert}"\nkey = "{key}"\n'))
            data = os.urandom(3 * MIB)
            with b.tunnel(target.address, sock=self.tls(b, cert)) as t:
                peer = target.accept()
                peer.send(data)
                peer.shutdown()
                self.assertEqual(t.rest(), (data, 1000))
                t.send(b"late")
                self.assertEqual(peer.exactly(4), b"late")
                t.say_close()
                self.assertTrue(peer.ended())
                self.assertTrue(t.ended())


def certificate_digest(cert):
    der = ssl.PEM_cert_to_DER_cert(cert.read_text())
    return hashlib.sha256(der).hexdigest()


class Sandboxed(Case):
    """In force, and with nothing needed out of reach."""

    def setUp(self):
        if not bridge.sandbox_is_there():
            self.skipTest("this kernel or build cannot confine it")

    def test_in_the_sandbox(self):
        cert, key, _ = certificate("confined", "localhost")
        log = SCRATCH / "confined.log"
        with Echo() as echo, Configured(
                allowing(echo.address, f"localhost:{echo.port}",
                         more=f'cert = "{cert}"\nkey = "{key}"\n'),
                "--tls-listen", "127.0.0.1:0", "--access-log", log,
                "--sandbox", "strict") as b:
            for task in pathlib.Path(f"/proc/{b.process.pid}/task").iterdir():
                status = dict(line.split(":\t", 1) for line in
                              (task / "status").read_text().splitlines())
                self.assertEqual((status["NoNewPrivs"], status["Seccomp"]),
                                 ("1", "2"))
            for target in (echo.address, f"localhost:{echo.port}"):
                with b.tunnel(target) as t:
                    t.send(bytes(2 * MIB))
                    self.assertEqual(t.data(2 * MIB), bytes(2 * MIB))
                    t.finish()
            b.reload()
            log.rename(SCRATCH / "confined.log.1")
            b.process.send_signal(signal.SIGUSR1)
            b.log_line("access log reopened")
            with b.tunnel(echo.address) as t:
                t.finish()
            self.assertEqual(b.refused("nobody.invalid:1").status, 403)
            wait_until(lambda: echo.address in log.read_text())

    def test_names_are_looked_up(self):
        name = socket.gethostname()
        try:
            address = socket.gethostbyname(name)
            echo = self.enterContext(Echo(address))
        except OSError:
            self.skipTest("this machine does not know its own name")
        with Bridge([f"{name}:{echo.port}", "nobody.invalid:1"],
                    "--allow-private", f"{address}/32", "--sandbox",
                    "strict") as b:
            with b.tunnel(f"{name}:{echo.port}") as t:
                t.send(b"found")
                self.assertEqual(t.data(5), b"found")
            self.assertEqual(b.refused("nobody.invalid:1").status, 502)


class Starts(Case):
    """What cannot be had is said, and nothing is half there."""

    def run_bridge(self, *args):
        return subprocess.run([str(BRIDGE), "--allow", "a.example",
                               *map(str, args)], capture_output=True,
                              text=True, timeout=LIMIT_S, env=environment())

    def test_what_cannot_be_had(self):
        taken = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        port = taken.getsockname()[1]
        cert, key, _ = certificate("start1", "a")
        _, other, _ = certificate("start2", "a")
        for options, needle in (
                (["--listen", f"127.0.0.1:{port}"], "address already in use"),
                (["--admin", f"127.0.0.1:{port}"], "address already in use"),
                (["--listen", "unix:/none/x"], "/none/x"),
                (["--config", "/none/x"], "/none/x"),
                (["--token-file", "/none/x"], "/none/x"),
                (["--access-log", "/none/x"], "/none/x"),
                (["--ready-file", "/none/x"], "/none/x"),
                (["--tls-listen", "127.0.0.1:0", "--cert", cert, "--key",
                  other], "key"),
                (["--tls-listen", "127.0.0.1:0", "--cert", "/none/x", "--key",
                  key], "/none/x")):
            with self.subTest(options):
                p = self.run_bridge("--listen", "127.0.0.1:0", *options)
                self.assertEqual(p.returncode, UNREADABLE, p.stderr)
                self.assertIn(needle, p.stderr)
        self.assertNotEqual(self.run_bridge(
            "--tls-listen", "127.0.0.1:0").returncode, 0)

    def test_two_of_them(self):
        with Bridge(["a.example"]) as b:
            p = self.run_bridge("--listen", f"127.0.0.1:{b.port}")
            self.assertEqual(p.returncode, UNREADABLE)
            self.assertIn("address already in use", p.stderr)

    def test_all_workers_serve(self):
        with Echo() as echo, Bridge([echo.address], "--workers", "4") as b:
            tasks = pathlib.Path(f"/proc/{b.process.pid}/task")
            self.assertGreaterEqual(len(list(tasks.iterdir())), 5)
            tunnels = [self.enterContext(b.tunnel(echo.address))
                       for _ in range(40)]
            for i, t in enumerate(tunnels):
                t.send(b"%9d" % i)
            for i, t in enumerate(tunnels):
                self.assertEqual(t.data(9), b"%9d" % i)

    def test_it_does_nothing_when_nothing_happens(self):
        """Idle tunnels cost no processor."""
        with Echo() as echo, Bridge([echo.address]) as b:
            for _ in range(50):
                self.enterContext(b.tunnel(echo.address))

            def ticks():
                text = pathlib.Path(f"/proc/{b.process.pid}/stat").read_text()
                return sum(map(int, text.rpartition(")")[2].split()[11:13]))
            before, until = ticks(), time.monotonic() + 2
            while time.monotonic() < until:
                time.sleep(0.1)
            self.assertLess(ticks() - before, os.sysconf("SC_CLK_TCK"))


if __name__ == "__main__":
    bridge.main()
