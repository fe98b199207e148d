# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Faults while it runs: servers that start anew, certificates that change, quotes and
collateral that cannot be had, disks that are full. Nothing is ever sent unattested,
and what is there again is used again."""
import os
import signal
import subprocess
import time

import proxy_peer
from configured import certificate
from harness import SCRATCH
from proxy_peer import Proxy, ProxyCase, Tee, World, wait_until
from relay import Relay


RECOVERY_S = 150


class FaultCase(ProxyCase):
    def state(self, gate):
        return gate.status()["providers"][0]["state"]

    def wait_for(self, gate, state):
        wait_until(lambda: self.state(gate) == state,
                   f"{state}, not {gate.status()['providers'][0]}")

    def good_again(self, ask):
        """Its answer once there is one: clients try again after an outage, and
        are never refused."""
        def answer():
            got = ask()
            self.assertIn(got.status, (200, 503), got)
            return got.status == 200 and got
        return self.check_ok(wait_until(answer, "an answer"))


class Restarts(FaultCase):
    """A server with a certificate from files, at a port that stays."""

    def setUp(self):
        super().setUp()
        self.cert, self.key, _ = certificate(f"tee{id(self)}", "localhost")
        self.port = None
        self.tee = None
        self.start()
        self.gate = self.proxy("--ca", self.cas(self.cert), codex=(
            self.world.codex_config(
                base_url=f"https://localhost:{self.port}/v1")))

    def cas(self, *certs):
        path = SCRATCH / f"cas{id(self)}.pem"
        path.write_text("".join(c.read_text() for c in certs))
        return path

    def start(self):
        self.tee = Tee(self.model)
        c = self.tee.command
        for option in ("--self-signed", "--cert-out"):
            at = c.index(option)
            del c[at:at + 2]
        c += ["--cert", str(self.cert), "--key", str(self.key)]
        if self.port:
            c[c.index("--listen") + 1] = f"127.0.0.1:{self.port}"
        self.tee.__enter__()
        self.addCleanup(self.tee.own.stop)
        self.addCleanup(self.tee.stop)
        self.port = self.tee.port

    def test_in_the_middle_of_a_stream(self):
        with self.gate.client() as c:
            c.say("POST", self.gate.path() + "/chat/completions",
                  b'{"model":"do-held","stream":true,"messages":'
                  b'[{"role":"user","content":"SAY a b c"}]}')
            self.model.let_go(2)
            self.check_ok(c.answer_head())
            c.until(b"data: ")
            self.tee.stop(signal.SIGKILL)
            with self.assertRaises((AssertionError, OSError)):
                c.until(b"0\r\n\r\n")
        self.wait_for(self.gate, "unreachable")
        self.start()
        self.good_again(self.gate.chat)

    def test_while_nobody_asks(self):
        self.check_ok(self.gate.chat())
        for _ in range(3):
            self.tee.stop(signal.SIGKILL)
            self.start()
            self.good_again(self.gate.chat)

    def test_another_certificate(self):
        """Of the same platform, and one that clients are told of."""
        self.check_ok(self.gate.chat())
        before = self.tee
        self.cert, self.key, _ = certificate(f"next{id(self)}", "localhost")
        before.stop()
        self.start()
        # not until its root is known
        self.assertIn(self.gate.chat().status, (403, 503))
        self.cas(self.cert)
        self.gate.reload()
        self.good_again(self.gate.chat)

    def test_a_certificate_that_is_rotated(self):
        """The old connections go on, if the server lets them."""
        self.check_ok(self.gate.chat())
        cert, key, _ = certificate(f"rotated{id(self)}", "localhost")
        self.cas(self.cert, cert)
        self.gate.reload()
        self.check_ok(self.gate.chat())
        os.replace(cert, self.cert)
        os.replace(key, self.key)
        self.tee.process.send_signal(signal.SIGHUP)
        self.tee.log_line("info: reloaded")
        for _ in range(5):
            self.good_again(self.gate.chat)


class Quotes(FaultCase):
    def test_one_that_hangs(self):
        """What is open is used; a client that needs more waits no longer than it
        was said."""
        with World("both", sim=["--signing-delay", "60000"]) as world:
            with Proxy(world, "--attest-timeout", "1", "--wait-timeout",
                       "2") as gate:
                error = self.check_error(gate.chat(), 504)
                self.assertNotEqual(error["type"], "attestation_error")
            self.assertEqual(world.model.requests, [])


class Collateral(FaultCase):
    """A PCCS behind a network that can be cut."""

    def start(self, pccs, **how):
        self.gate = self.proxy("--pccs", f"http://127.0.0.1:{pccs}",
                               "--attest-timeout", "5", codex=(
                                   self.world.codex_config()), **how)

    @property
    def real_port(self):
        return int(self.world.pccs.rpartition(":")[2])

    def test_none_at_the_start(self):
        with proxy_peer.nobody_at() as address:
            port = int(address.rpartition(":")[2])
            self.start(port)
            self.check_error(self.gate.chat(), 503)
            self.check_nothing_arrived()
        relay = Relay(self.real_port, port=port)
        with relay:
            self.good_again(self.gate.chat)

    def test_none_later(self):
        """What was fetched before is still good, where it may be kept."""
        with Relay(self.real_port) as relay:
            self.start(relay.port, cache=True)
            self.check_ok(self.gate.chat())
        for _ in range(5):
            self.check_ok(self.gate.chat())


class Recovery(FaultCase):
    """A platform that is no longer as it was, while connections are open."""

    def test_cuts_the_pool(self):
        gate = self.proxy(warm=3, config=self.world.upstream(
            reattestation_interval_secs=1))
        self.check_ok(gate.chat(name="tee"))
        self.world.sim.change("debug")
        self.wait_for(gate, "refused")
        self.check_refused(gate.chat(name="tee"))
        self.assertEqual(gate.status()["providers"][0]["links"]["idle"], 0)

    def test_of_tcb_info(self):
        """What a source says anew of the platform is asked for at least each minute
        here, and the evidence after that is judged by it."""
        gate = self.proxy(warm=2, config=self.world.upstream(
            reattestation_interval_secs=5))
        self.check_ok(gate.chat(name="tee"))
        second = int(time.time())  # that what is known was issued in, at most
        wait_until(lambda: int(time.time()) > second, "a later second")
        self.world.sim.change("tcb=OutOfDate")
        until = time.monotonic() + RECOVERY_S
        while self.state(gate) == "verified" and time.monotonic() < until:
            time.sleep(0.2)
        self.assertEqual(self.state(gate), "refused")
        self.check_refused(gate.chat(name="tee"), "tcb_status_not_allowed")
        self.assertEqual(gate.status()["providers"][0]["links"]["idle"], 0)

    def test_a_long_stream_ends_before_its_connection_does(self):
        gate = self.proxy(config=self.world.upstream(
            reattestation_interval_secs=1))
        with gate.client() as c:
            c.say("POST", gate.path("tee") + "/chat/completions",
                  b'{"model":"do-held","stream":true,"messages":'
                  b'[{"role":"user","content":"SAY a b c"}]}')
            self.model.let_go(2)
            self.check_ok(c.answer_head())
            self.world.sim.change("debug")
            self.wait_for(gate, "refused")
            self.check_refused(gate.chat(name="tee"))
            self.model.let_go(100)
            self.assertEqual(list(c.events())[-1], (None, "[DONE]"))
            self.check_refused(c.ask("GET", gate.path("tee") + "/models"))
        self.assertEqual(len(self.model.requests), 1)


class Disks(FaultCase):
    """Evidence that cannot be kept is lost, and nothing else."""

    def test_a_file_that_cannot_grow(self):
        gate = Proxy(self.world, under=[
            "env", "--ignore-signal=XFSZ", "prlimit", "--fsize=4096", "--"])
        with gate:
            self.check_ok(gate.chat())
            gate.log_line("evidence")
        self.assertEqual([p for p in gate.bundles if p.stat().st_size >= 4096],
                         [])

    def test_a_full_disk(self):
        gate = Proxy(self.world)
        gate.evidence.mkdir(mode=0o700)
        under = ["unshare", "-m", "sh", "-c",
                 'mount -t tmpfs -o size=8k tmpfs "$0" && exec "$@"',
                 str(gate.evidence)]
        if subprocess.run([*under, "true"], capture_output=True,
                          check=False).returncode:
            self.skipTest("there are no mount namespaces here")
        gate.command[:0] = under
        with gate:
            self.check_ok(gate.chat())
            wait_until(lambda: gate.metrics()["assay_proxy_evidence_lost_total"],
                       "evidence that is lost")
            self.check_ok(gate.chat())
            gate.log_line("No space left")

    def test_a_folder_that_is_gone(self):
        gate = self.proxy()
        self.check_ok(gate.chat())
        wait_until(lambda: gate.bundles, "a bundle")
        gate.evidence.rename(gate.folder / "elsewhere")
        gate.evidence.write_text("in the way")
        gate.reload()
        self.check_ok(gate.chat())


if __name__ == "__main__":
    proxy_peer.main()
