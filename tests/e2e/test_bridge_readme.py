# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What users of atlas-proxy were told, tried on assay-bridge, under both names: the
readme's quick starts as they stand, and what it says of them."""
import contextlib
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess

import bridge_peer as bridge
from bridge_peer import BIN, BRIDGE, LIMIT_S, Bridge, Echo, environment, wait_until
from harness import SCRATCH, Case
from test_bridge_operate import certificate

README = pathlib.Path(os.environ.get("ASSAY_SHARED") or "/none",
                      "readmes/atlas-proxy.md")
TEE = "vllm.example.com:443"
QUICK_STARTS = (
    ("quick start", "vllm.example.com:443,tee2.example.com:8443",
     "127.0.0.1:9000"),
    ("development", "localhost:8443,vllm.concrete-security.com:443",
     "127.0.0.1:9000"),
    ("production", "tee1.example.com:443,tee2.example.com:443",
     "0.0.0.0:9000"),
    ("multiple endpoints",
     "tee1.example.com:443,tee1.example.com:8443,tee2.example.com:443",
     "0.0.0.0:9000"))


def is_free(port):
    try:
        socket.create_server(("127.0.0.1", port)).close()
        return True
    except OSError:
        return False


def old_name():
    """The program as it is installed beside its own name, or a link as it is."""
    installed = BIN / "atlas-proxy"
    if installed.exists():
        return installed
    link = SCRATCH / "atlas-proxy"
    with contextlib.suppress(FileExistsError):
        link.symlink_to(BRIDGE)
    return link


class Plain(Bridge):
    """Told by nothing but the readme's variables."""

    def __init__(self, program, **variables):
        super().__init__([], program=program, **variables)
        self.command = [str(program)]
        if "ATLS_PROXY_LISTEN" in variables:
            self.listen = variables["ATLS_PROXY_LISTEN"]
        else:
            self.listen = "127.0.0.1:9000"

    def __enter__(self):
        self.start()

        def answers():
            assert self.process.poll() is None, self.log
            with contextlib.suppress(OSError):
                self.connect().close()
                return True
        try:
            wait_until(answers, "listening")
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        return self

    @property
    def port(self):
        return int(self.listen.rpartition(":")[2])


class Readme(Case):
    def setUp(self):
        if not is_free(9000):
            self.skipTest("somebody listens at port 9000")
        self.programs = (BRIDGE, old_name())

    def start(self, program=BRIDGE, **variables):
        return Plain(program, **{f"ATLS_PROXY_{n}": v
                                 for n, v in variables.items()})

    def check_rejected(self, b, target=None):
        answer = b.refused(target)
        self.assertEqual((answer.status, answer.code), (403, "target_denied"))

    def test_quick_starts(self):
        """They start though their default target is not allowed."""
        for program in self.programs:
            for name, allowlist, listen in QUICK_STARTS:
                with self.subTest(name, program=program.name):
                    with self.start(program, ALLOWLIST=allowlist,
                                    LISTEN=listen) as b:
                        self.check_rejected(b, "other.example.com:443")
                        self.check_rejected(b)

    def test_quick_starts_as_they_stand(self):
        """Each block of the readme's that sets variables, run by a shell."""
        if not README.exists():
            self.skipTest("another readme: ASSAY_SHARED does not have it")
        blocks = re.findall(r"```bash\n(.*?)```", README.read_text(), re.S)
        self.assertEqual(len(blocks), 4)
        folder = SCRATCH / "cargo"
        folder.mkdir()
        cargo = folder / "cargo"  # `cargo run -p atlas-proxy`
        cargo.write_text(f'#!/bin/sh\nexec "{old_name()}"\n')
        cargo.chmod(0o755)
        for block in blocks:
            with self.subTest(block):
                b = self.start()
                b.environment["PATH"] = f"{folder}:{os.environ['PATH']}"
                b.command = ["sh", "-c", block.replace("\ncargo",
                                                       "\nexec cargo")]
                with b:
                    self.check_rejected(b, "other.example.com:443")

    def test_defaults(self):
        """Listens at 127.0.0.1:9000; a target that nobody names is
        127.0.0.1:8443."""
        if not is_free(8443):
            self.skipTest("somebody listens at port 8443")
        for program in self.programs:
            with self.subTest(program.name):
                with self.start(program, ALLOWLIST="127.0.0.1:8443") as b:
                    with socket.create_server(("127.0.0.1", 8443)) as tee:
                        tee.settimeout(LIMIT_S)
                        with b.tunnel() as t, tee.accept()[0] as s:
                            s.sendall(b"8443")
                            self.assertEqual(t.data(4), b"8443")
                    others = pathlib.Path("/proc/net/tcp").read_text()
                    # 9000 in hexadecimal, listening, on no other address
                    # and each worker has a queue of its own
                    self.assertEqual(set(re.findall(
                        r"^\s*\d+: (\w+):2328 00000000:0000 0A", others,
                        re.M)), {"0100007F"})

    def test_allowlist_is_required(self):
        for program in self.programs:
            p = subprocess.run([str(program)], capture_output=True, text=True,
                               timeout=LIMIT_S, env=environment())
            self.assertNotEqual(p.returncode, 0)
            self.assertIn("ATLS_PROXY_ALLOWLIST", p.stderr)

    def test_development(self):
        """localhost:8443 is connected to."""
        if not is_free(8443):
            self.skipTest("somebody listens at port 8443")
        with self.start(ALLOWLIST=QUICK_STARTS[1][1],
                        LISTEN="127.0.0.1:9000") as b:
            with socket.create_server(("127.0.0.1", 8443)) as tee:
                tee.settimeout(LIMIT_S)
                with b.tunnel("localhost:8443") as t, tee.accept()[0] as s:
                    t.send(b"to the TEE")
                    self.assertEqual(s.recv(99), b"to the TEE")

    def test_target_in_the_url_or_the_default(self):
        with Echo() as one, Echo() as two:
            with self.start(ALLOWLIST=f"{one.address}, {two.address}",
                            TARGET=two.address) as b:
                for target, there in ((one.address, one), (None, two)):
                    with b.tunnel(target) as t:
                        t.send(b"x")
                        self.assertEqual(t.data(1), b"x")
                        self.assertEqual(there.accepted, 1)

    def test_allowlist_is_enforced(self):
        """No packet goes to what is not in it, however it is asked for."""
        with Echo() as inside, Echo() as allowed:
            with self.start(ALLOWLIST=allowed.address) as b:
                self.check_rejected(b, inside.address)
                self.check_rejected(b, f"localhost:{inside.port}")
                self.check_rejected(b, f"[::ffff:127.0.0.1]:{inside.port}")
                self.assertEqual(b.refused(query=(
                    f"target={allowed.address}&target={inside.address}"
                )).status, 400)
                self.assertEqual(inside.accepted, 0)
                with b.tunnel(allowed.address) as t:
                    t.send(b"x")
                    self.assertEqual(t.data(1), b"x")

    def test_tls_ends_at_the_target(self):
        """End to end: what the bridge forwards it cannot read."""
        cert, key, _ = certificate("tee", "vllm.example.com")
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(cert, key)
        client = bridge.trusting(cert)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = client.wrap_bio(incoming, outgoing,
                              server_hostname="vllm.example.com")
        with socket.create_server(("127.0.0.1", 0)) as tee:
            tee.settimeout(LIMIT_S)
            at = f"127.0.0.1:{tee.getsockname()[1]}"
            with self.start(ALLOWLIST=at) as b, b.tunnel(at) as t:
                plain, _ = tee.accept()
                plain.settimeout(LIMIT_S)

                def step(call):
                    while True:
                        try:
                            return call()
                        except ssl.SSLWantReadError:
                            t.send(outgoing.read())
                            incoming.write(t.message())
                with plain:
                    answered = []

                    def serve():
                        with server.wrap_socket(plain, server_side=True) as s:
                            answered.append(s.recv(99))
                            s.sendall(b"from the TEE")
                            s.recv(1)
                    thread = bridge.threading.Thread(target=serve)
                    thread.start()
                    step(tls.do_handshake)
                    tls.write(b"private words")
                    t.send(outgoing.read())
                    self.assertEqual(step(lambda: tls.read(99)),
                                     b"from the TEE")
                    t.sock.close()
                    thread.join()
            self.assertEqual(answered, [b"private words"])
            self.assertNotIn("private words", b.log)

    def test_as_nobody_special(self):
        """Runs with minimal privileges."""
        if os.geteuid() != 0 or not shutil.which("setpriv"):
            under = []
        else:
            under = ["setpriv", "--reuid=65534", "--regid=65534",
                     "--clear-groups", "--no-new-privs", "--bounding-set=-all"]
        with Echo() as echo:
            b = self.start(ALLOWLIST=echo.address)
            program = BRIDGE
            if under:  # where anybody may run it
                program = pathlib.Path("/tmp", f"bridge-{os.getpid()}")
                shutil.copy(BRIDGE, program)
                self.addCleanup(program.unlink)
            b.command = [*under, str(program)]
            with b, b.tunnel(echo.address) as t:
                self.assertNotEqual(b.status("Uid"), 0)
                t.send(b"x")
                self.assertEqual(t.data(1), b"x")


if __name__ == "__main__":
    bridge.main()
