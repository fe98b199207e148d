# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-serve --pipe: the octets of a session to a target, for a client that
was given evidence."""
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading

import harness
import openssh
import test_serve
from harness import ASSAY, TRUSTED, UNREADABLE, Case, clean_environment, write
from raw_backend import OK, RawBackend, request
from test_pipe import noise
from test_serve import GOOD, SERVE, Serve
from test_sim import SIM, Sim

BOUND_S = 60
MIB = 1 << 20
ASKS = (("Connection", "Upgrade"), ("Upgrade", "assay-pipe/1"),
        ("Content-Length", "0"))
PIPE = request("POST", "/assay-pipe", ASKS)


class PipeServe(Serve):
    """One with a pipe, and with a backend only if that is named."""

    def __init__(self, target, *options, backend=None):
        super().__init__(backend or "none", "--pipe", target, "--workers", "1",
                         *options)
        if backend is None:
            at = self.command.index("--backend")
            del self.command[at:at + 2]


class Echo:
    """A target that gives back what it gets, and ends when that does."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()
        return self

    def __exit__(self, *unused):
        self.listener.close()

    def run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.echo, args=(sock,),
                             daemon=True).start()

    def echo(self, sock):
        with sock:
            while piece := sock.recv(65536):
                sock.sendall(piece)


class Base(Case):
    def policy(self, **changes):
        policy = json.loads((SIMULATOR.folder / "policy.json").read_text())
        policy["accept_self_signed_certs"] = False
        return write("serve-pipe-policy.json",
                     json.dumps({**policy, **changes}))

    def command(self, serve, *args, **changes):
        return [str(ASSAY), "pipe", "--ca", str(serve.ca), "--policy",
                str(self.policy(**changes)), *args,
                f"localhost:{serve.port}"]

    def pipe(self, serve, stdin, *args, **changes):
        p = subprocess.run(self.command(serve, *args, **changes), input=stdin,
                           capture_output=True, timeout=BOUND_S,
                           env=clean_environment())
        return p.returncode, p.stdout, p.stderr

    def open(self, serve, target):
        """Client and target, behind the switch."""
        client = self.enterContext(serve.client())
        self.assertEqual(client.ask("POST", "/tdx_quote", GOOD).status, 200)
        client.send(PIPE)
        peer = target.accept()
        head = client.answer_head()
        self.assertEqual((head.status, head.get("Upgrade")),
                         (101, "assay-pipe/1"))
        return client, peer


class Command(Base):
    """assay pipe is the client."""

    def test_both_ways(self):
        with Echo() as target, PipeServe(target.address) as serve:
            for size in (0, 1, 1000, 20 * MIB):
                with self.subTest(size):
                    data = noise(size)
                    code, out, err = self.pipe(serve, data)
                    self.assertEqual((code, err), (TRUSTED, b""))
                    self.assertTrue(out == data)

    def test_half_closed(self):
        """The target answers once it has heard all."""
        with RawBackend() as target, PipeServe(target.address) as serve:
            data = noise(3 * MIB)
            with subprocess.Popen(self.command(serve), stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE,
                                  env=clean_environment()) as p:
                peer = target.accept()
                got = []
                listener = threading.Thread(
                    target=lambda: got.append(peer.rest()))
                listener.start()
                p.stdin.write(data)
                p.stdin.close()
                listener.join(BOUND_S)
                self.assertEqual(hashlib.sha256(got[0]).digest(),
                                 hashlib.sha256(data).digest())
                peer.send(b"heard")
                peer.close()
                self.assertEqual(p.stdout.read(), b"heard")
                self.assertEqual(p.wait(BOUND_S), TRUSTED)

    def test_target_down(self):
        with RawBackend() as target:
            address = target.address
        with PipeServe(address) as serve:
            code, out, err = self.pipe(serve, b"secret")
            self.assertEqual((code, out), (UNREADABLE, b""))
            self.assertIn(b"status 502", err)
            self.assertIn("127.0.0.1", serve.log_line("pipe failed"))

    def test_a_server_that_is_not_trusted(self):
        """A server that does not prove itself gets no pipe from its client."""
        with RawBackend() as target, PipeServe(target.address) as serve:
            code, out, _ = self.pipe(serve, b"secret",
                                     compose_hash="00" * 32)
            self.assertEqual((code, out), (harness.NOT_TRUSTED, b""))
            self.assertTrue(target.is_alone())


class Requests(Base):
    """What is not as it should be never reaches target or backend."""

    def setUp(self):
        self.target = self.enterContext(RawBackend())
        self.backend = self.enterContext(RawBackend())
        self.serve = self.enterContext(PipeServe(
            self.target.address, backend=self.backend.address))

    def check_refused(self, how, status, code):
        with self.serve.client() as client:
            self.assertEqual(client.ask("POST", "/tdx_quote", GOOD).status,
                             200)
            client.send(request(**how))
            answer = client.answer()
            self.assertEqual((answer.status, answer.json["error"]["code"]),
                             (status, code))

    def test_wrong_requests(self):
        fields = ASKS[:2]
        good = {"method": "POST", "target": "/assay-pipe", "fields": ASKS}
        for name, change, status, code in (
                ("GET", {"method": "GET"}, 405, "method_not_allowed"),
                ("a query", {"target": "/assay-pipe?a"}, 400, "bad_request"),
                ("spelt otherwise", {"target": "/Assay-pipe/"}, 400,
                 "bad_request"),
                ("no upgrade", {"fields": ASKS[2:]}, 400, "bad_request"),
                ("another protocol", {"fields": [
                    ("Connection", "Upgrade"), ("Upgrade", "websocket")]}, 400,
                 "bad_request"),
                ("a body", {"fields": [*fields, ("Content-Length", "2")],
                            "body": b"ab"}, 400, "bad_request"),
                ("chunks", {"fields": [*fields,
                                       ("Transfer-Encoding", "chunked")],
                            "body": b"0\r\n\r\n"}, 400, "bad_request"),
                ("1.0", {"version": "1.0"}, 400, "bad_request")):
            with self.subTest(name):
                self.check_refused({**good, **change}, status, code)
        self.assertTrue(self.target.is_alone())
        self.assertTrue(self.backend.is_alone())

    def test_no_evidence_no_pipe(self):
        """And the connection may go on to ask for it."""
        with self.serve.client() as client:
            client.send(PIPE)
            answer = client.answer()
            self.assertEqual((answer.status, answer.json["error"]["code"]),
                             (403, "evidence_not_asked"))
            self.assertIn("/tdx_quote", answer.json["error"]["hint"])
            self.assertTrue(self.target.is_alone())
            self.assertEqual(client.ask("POST", "/tdx_quote", b"{}").status,
                             400)
            client.send(PIPE)
            self.assertEqual(client.answer().status, 403)
            self.assertEqual(client.ask("POST", "/tdx_quote", GOOD).status,
                             200)
            client.send(PIPE)
            self.target.accept()
            self.assertEqual(client.answer_head().status, 101)

    def test_other_requests_go_to_the_backend(self):
        with self.serve.client() as client:
            client.send(request(target="/x"))
            self.backend.accept().send(OK)
            self.assertEqual(client.answer().status, 200)
        with PipeServe(self.target.address) as serve:
            answer = serve.ask("GET", "/")
            self.assertEqual((answer.status, answer.json["error"]["code"]),
                             (404, "not_found"))

    def test_without_a_pipe_the_path_is_the_backends(self):
        with Serve(self.backend.address) as serve, serve.client() as client:
            client.send(PIPE)
            self.assertEqual(self.backend.accept().head()[0],
                             "POST /assay-pipe HTTP/1.1")


    def test_a_reload_that_takes_it_away(self):
        """Also for those who were there before; and the backend likewise."""
        backend = f'backend = "{self.backend.address}"\n'
        pipe = f'pipe = "{self.target.address}"\n'
        config = harness.SCRATCH / "pipe.toml"
        config.write_text(backend + pipe)
        serve = Serve("none", "--workers", "1", "--config", str(config))
        at = serve.command.index("--backend")
        del serve.command[at:at + 2]
        with serve, serve.client() as old:
            self.assertEqual(old.ask("POST", "/tdx_quote", GOOD).status, 200)
            for text, count in ((backend, 1), (pipe, 2)):
                config.write_text(text)
                serve.process.send_signal(signal.SIGHUP)
                while serve.log.count("info: reloaded") < count:
                    serve.log_line("info: reloaded")
                old.send(PIPE if text == backend else request())
                answer = old.answer()
                self.assertEqual(answer.status, 404)
                self.assertTrue(self.target.is_alone())
                self.assertTrue(self.backend.is_alone())


class Octets(Base):
    def setUp(self):
        self.target = self.enterContext(RawBackend())

    def serve(self, *options):
        return self.enterContext(PipeServe(self.target.address, *options))

    def test_log_and_early_octets(self):
        serve = self.serve()
        client = self.enterContext(serve.client())
        client.ask("POST", "/tdx_quote", GOOD)
        client.send(PIPE, b"early")
        peer = self.target.accept()
        peer.send(b"SSH-2.0-x\r\n")
        client.answer_head()
        self.assertEqual(client.exactly(11), b"SSH-2.0-x\r\n")
        self.assertEqual(peer.exactly(5), b"early")
        line = serve.log_line("end=switched")
        self.assertIn("status=101", line)
        self.assertIn("path=/assay-pipe", line)

    def test_a_target_that_hangs_up_at_once(self):
        serve = self.serve()
        client = self.enterContext(serve.client())
        client.ask("POST", "/tdx_quote", GOOD)
        client.send(PIPE)
        self.target.accept().close()
        self.assertEqual(client.answer_head().status, 101)
        self.assertFalse(client.more())  # TLS's goodbye

    def test_each_side_ends_for_itself(self):
        serve = self.serve()
        client, peer = self.open(serve, self.target)
        peer.send(b"last words")
        peer.shutdown()
        self.assertEqual(client.exactly(10), b"last words")
        self.assertFalse(client.more())
        client.send(b"answer")
        self.assertEqual(peer.exactly(6), b"answer")
        client.tls.unwrap()
        self.assertTrue(peer.ended())

    def test_a_side_that_dies(self):
        serve = self.serve()
        client, peer = self.open(serve, self.target)
        client.send(b"half")
        peer.exactly(4)
        client.tls.close()  # without a goodbye
        self.assertTrue(peer.ended())
        client, peer = self.open(serve, self.target)
        client.send(b"unread")  # closing resets then
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             b"\1\0\0\0\0\0\0\0")
        peer.close()
        self.assertTrue(client.cut())

    def test_back_pressure(self):
        serve = self.serve()
        data = os.urandom(MIB)
        client, peer = self.open(serve, self.target)
        peer.sock.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            for _ in range(64):
                peer.send(data)
        self.assertTrue(client.exactly(len(data)) == data)

    def test_silence(self):
        serve = self.serve("--upgrade-idle", "0.3", "--idle-timeout", "30")
        client, peer = self.open(serve, self.target)
        self.assertTrue(client.cut())
        self.assertTrue(peer.ended())

    def test_proxy_header(self):
        serve = self.serve("--backend-proxy-protocol", "v1")
        client, peer = self.open(serve, self.target)
        self.assertTrue(peer.until(b"\r\n").startswith(b"PROXY TCP4 127.0.0.1"))
        client.send(b"behind it")
        self.assertEqual(peer.exactly(9), b"behind it")


class Ssh(Base):
    """OpenSSH on both ends."""

    def setUp(self):
        self.folder = SIMULATOR.folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        config = openssh.prepare(
            self.folder, f"ListenAddress 127.0.0.1:{self.port}\n")
        daemon = subprocess.Popen([str(openssh.SSHD), "-D", "-e", "-f",
                                   str(config)],
                                  stderr=subprocess.PIPE, text=True)
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.terminate)
        self.addCleanup(daemon.stderr.close)
        while "listening" not in (line := daemon.stderr.readline()):
            self.assertTrue(line)

    def test_a_command(self):
        with PipeServe(f"127.0.0.1:{self.port}") as serve:
            def ssh(*command, stdin=b"", **changes):
                return openssh.ssh(self.folder, self.command(serve, **changes),
                                   *command, stdin=stdin, limit_s=BOUND_S)
            data = noise(3 * MIB)
            got = ssh("cat", stdin=data)
            self.assertEqual((got.returncode, got.stderr), (0, b""))
            self.assertTrue(got.stdout == data)
            self.assertEqual(ssh("exit 7").returncode, 7)
            got = ssh("true", compose_hash="00" * 32)
            self.assertEqual(got.returncode, 255)
            self.assertIn(b"assay: pipe: ", got.stderr)


if __name__ == "__main__":
    for program in (SIM, SERVE, ASSAY):
        if not program.exists():
            print(f"SKIPPED everything: {program} is not there")
            sys.exit(77)
    if openssh.why_not():
        print(f"SKIPPED OpenSSH: {openssh.why_not()}")
        del Ssh
    with Sim(now=None) as SIMULATOR:
        test_serve.SIMULATOR = SIMULATOR
        harness.main()
