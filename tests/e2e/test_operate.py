# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-serve as an operator sets it up: settings, certificates, workers."""
import contextlib
import json
import pathlib
import signal
import socket
import ssl
import subprocess
import threading

import configured
import test_serve
from backend import Backend
from configured import Configured, certificate, shown, start, wait_for, with_ca
from harness import (SCRATCH, UNREADABLE, Case, clean_environment,
                     threads_that_block, write)
from test_sandbox import sandbox_is_there
from test_serve import LIMIT_S, SERVE, Serve


class Settings(Case):
    def serve(self, *args):
        p = subprocess.run([str(SERVE), *map(str, args)], capture_output=True,
                           text=True, timeout=LIMIT_S, env=clean_environment())
        return p.returncode, p.stdout, p.stderr

    def test_from_a_file(self):
        with Backend() as backend:
            with with_ca(Configured(backend, "")) as serve:
                self.assertEqual(serve.ask("GET", "/a").status, 200)

    def test_check_says_what_it_found(self):
        cert, key, digest = certificate("check", "a.example", "b.example")
        config = write("check.toml", (
            'backend = "unix:/b"\nquotes = "dstack:/q"\nlisten = "[::1]:1"\n'
            f'[[certificate]]\ncert = "{cert}"\nkey = "{key}"\n'))
        code, out, err = self.serve("--config", config, "--check")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("listen: [::1]:1\nbackend: unix:/b\n"
                      "quotes: dstack (/q)\n", out)
        self.assertIn(f"certificate: sha256 {digest}, until 20", out)
        self.assertIn("\n  for a.example\n  for b.example\n", out)
        self.assertNotIn("expired", out)

    def test_check_finds_what_is_wrong(self):
        cert, key, _ = certificate("check1", "a.example")
        _, other, _ = certificate("check2", "a.example")
        for name, text, needle in (
                ("unknown", "bakend = 1", "line 1: unknown setting"),
                ("not a pair", f'backend = "a:1"\n[[certificate]]\n'
                 f'cert = "{cert}"\nkey = "{other}"\n',
                 f"{cert}, {other}: key: "),
                ("no file", f'backend = "a:1"\ncert = "/none"\nkey = "{key}"',
                 "/none: "),
                ("bad name", f'backend = "a:1"\n[[certificate]]\n'
                 f'cert = "{cert}"\nkey = "{key}"\nnames = ["a b"]\n',
                 "'a b' is no DNS name"),
                ("no quotes", 'backend = "a:1"\nself-signed = "a"\n'
                 'quotes = "magic"', "magic")):
            with self.subTest(name):
                config = write("wrong.toml", text)
                code, out, err = self.serve("--config", config, "--check")
                self.assertEqual((code, out), (UNREADABLE, ""), err)
                self.assertIn(needle, err)

    def test_check_and_start_agree(self):
        """What the one finds no fault with does not keep the other from
        starting."""
        empty = write("empty.pem", "")
        good = write("good.pem", certificate("ca", "x")[0].read_text())
        for options, needle in (
                (["--staple", "on", "--pccs-ca", "/none"], "/none: "),
                (["--staple", "on", "--pccs-ca", SCRATCH], "is a directory"),
                (["--staple", "on", "--pccs-ca", empty], f"{empty}: "),
                (["--staple", "on", "--pccs-ca", good], None),
                (["--cert-out", "/none/x"], "/none/x: "),
                (["--cert-out", SCRATCH], "is a directory"),
                (["--ready-file", "/none/x"], "/none/x: "),
                (["--ready-file", ""], "name of a file is empty"),
                (["--access-log", "/none/x"], "/none/x: "),
                (["--access-log", SCRATCH], f"{SCRATCH}: "),
                (["--access-log", SCRATCH / "checked.log"], None),
                (["--access-log", "stderr"], None),
                (["--admin", "unix:/none/x"], "/none/x: "),
                (["--listen", "unix:/none/x"], "/none/x: "),
                (["--listen", f"unix:{SCRATCH}/checked"], None)):
            command = ["--backend", "127.0.0.1:1", "--self-signed", "a",
                       "--quotes", "dstack:/none", "--listen", "127.0.0.1:0",
                       *options]
            with self.subTest(options):
                code, out, err = self.serve(*command, "--check")
                self.assertEqual(code, UNREADABLE if needle else 0, err)
                if needle:
                    self.assertEqual((out, self.serve(*command)[0]),
                                     ("", UNREADABLE))
                    self.assertIn(needle, err)
        self.assertFalse((SCRATCH / "checked.log").exists())

    def test_keys_for_all(self):
        """They are used, and that is said."""
        cert, key, _ = certificate("open", "localhost")
        text = f'cert = "{cert}"\nkey = "{key}"\n'
        with Backend() as backend:
            for mode, said in ((0o600, False), (0o640, False), (0o644, True),
                               (0o602, True)):
                key.chmod(mode)
                with Configured(backend, text) as serve:
                    code, out, _ = self.serve("--config", serve.config,
                                              "--check")
                    self.assertEqual(code, 0)
                    self.assertEqual(f"key: {key}, which every" in out, said)
                    serve.reload()
                self.assertEqual(serve.log.count("warning: every user may use "
                                                 f"a key file={key}"),
                                 2 if said else 0)

    def test_check_of_the_sandbox(self):
        """Strictness is found out before the start."""
        command = ["--backend", "127.0.0.1:1", "--self-signed", "a",
                   "--quotes", "dstack:/none", "--sandbox", "strict"]
        code, _, err = self.serve(*command, "--check")
        self.assertEqual(code, 0 if sandbox_is_there() else UNREADABLE, err)

    def test_dump(self):
        """What it prints means the same, and printing that is the same."""
        config = write("dump.toml", 'backend = "a:1"\nself-signed = "x"\n'
                       "verbose = true\n")
        code, out, _ = self.serve("--config", config, "--drain", "2",
                                  "--dump-config")
        self.assertEqual(code, 0)
        self.assertEqual(out, 'backend = "a:1"\nself-signed = "x"\n'
                         "drain = 2\nverbose = true\n")
        again = write("again.toml", out)
        self.assertEqual(self.serve("--config", again, "--dump-config")[1],
                         out)


class Certificates(Case):
    def test_chosen_by_name(self):
        a, b = certificate("sni-a", "a.example"), certificate("sni-b", "x")
        text = "".join(
            f'[[certificate]]\ncert = "{c[0]}"\nkey = "{c[1]}"\n{more}'
            for c, more in ((a, ""), (b, 'names = ["b.example", "*.w.example"]'
                                         '\n')))
        with Backend() as backend, Configured(backend, text) as serve:
            self.assertEqual(serve.ready["certificate_sha256"], a[2])
            for name, want in (("a.example", a), ("b.example", b),
                               ("q.w.example", b), ("x", a), ("other", a)):
                self.assertEqual(shown(serve.port, name), want[2], name)
            for c in (a, b):
                serve.log_line(f"certificate announced sha256={c[2]}")

    def test_a_quote_under_the_second_one(self):
        """The session's evidence does not depend on which one is shown."""
        a, b = certificate("quote-a", "a.example"), certificate(
            "quote-b", "localhost")
        text = "".join(f'[[certificate]]\ncert = "{c[0]}"\nkey = "{c[1]}"\n'
                       for c in (a, b))
        with Backend() as backend, Configured(backend, text) as serve:
            serve.ca.write_text(b[0].read_text())
            answer = serve.ask("POST", "/tdx_quote", test_serve.GOOD,
                               [("Content-Type", "application/json")])
            self.assertEqual(answer.status, 200, answer)


class Workers(Case):
    def test_all_of_them_serve(self):
        with Backend() as backend:
            with Serve(backend, "--workers", "4") as serve:
                serve.log_line("workers=4")
                clients = [self.enterContext(serve.client())
                           for _ in range(40)]
                for i, c in enumerate(clients):
                    self.assertEqual(c.ask("GET", f"/{i}").json["path"],
                                     f"/{i}")
                tasks = pathlib.Path(f"/proc/{serve.process.pid}/task")
                self.assertGreaterEqual(len(list(tasks.iterdir())), 5)

    def test_over_a_unix_socket(self):
        """One queue that all of them take from; its file goes at the end."""
        path = SCRATCH / "serve.sock"
        with Backend() as backend:
            serve = Serve(backend, "--workers", "3", "--listen",
                          f"unix:{path}")
            serve.ready = None
            start(self, serve)
            serve.log_line("listening")
            for _ in range(20):
                p = subprocess.run(
                    ["curl", "-sS", "--unix-socket", str(path), "--cacert",
                     str(serve.ca), "https://localhost/u"],
                    capture_output=True, timeout=LIMIT_S)
                self.assertEqual(json.loads(p.stdout)["path"], "/u", p.stderr)
            self.assertEqual(serve.stop(), 0)
            self.assertFalse(path.exists())

    def test_limit_over_all(self):
        """Each worker may be one above it; the rest waits and is served."""
        with Backend() as backend:
            with Serve(backend, "--workers", "2", "--max-connections",
                       "3") as serve:
                plain = [socket.create_connection(("127.0.0.1", serve.port),
                                                  LIMIT_S) for _ in range(12)]
                context = ssl.create_default_context(cafile=str(serve.ca))
                served = 0
                for s in plain:
                    # In the order of arrival of its queue; closing one lets
                    # one in, of either queue.
                    s.settimeout(LIMIT_S)
                done = threading.Semaphore(0)

                def talk(s):
                    nonlocal served
                    with context.wrap_socket(
                            s, server_hostname="localhost") as tls:
                        tls.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n"
                                    b"Connection: close\r\n\r\n")
                        while piece := tls.recv(65536):
                            served += piece.startswith(b"HTTP/1.1 200")
                    done.release()

                threads = [threading.Thread(target=talk, args=(s,))
                           for s in plain]
                for t in threads:
                    t.start()
                for t in threads:
                    t.join()
                self.assertEqual(served, 12)

    def test_a_port_in_use_is_refused(self):
        """Also where the other one is assay-serve."""
        with Backend() as backend, Serve(backend) as serve:
            other = Serve(backend, "--listen", f"127.0.0.1:{serve.port}")
            p = subprocess.run(other.command, capture_output=True, text=True,
                               timeout=LIMIT_S)
            self.assertEqual(p.returncode, UNREADABLE)
            self.assertIn("address already in use", p.stderr)

    def test_drain_over_all(self):
        """What is under way ends; what is idle goes at once."""
        with Backend() as backend:
            with Serve(backend, "--workers", "3") as serve:
                idle = [self.enterContext(serve.client())
                        for _ in range(9)]
                for c in idle:
                    c.ask("GET", "/")
                busy = [self.enterContext(serve.client())
                        for _ in range(9)]
                for c in busy:
                    c.send(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
                wait_for(backend, 9, "/slow")
                serve.process.send_signal(signal.SIGTERM)
                for c in idle:
                    self.assertTrue(c.ended())
                self.assertIsNone(serve.process.poll())
                backend.go.set()
                for c in busy:
                    self.assertEqual(c.answer().status, 200)
                    self.assertTrue(c.ended())
                self.assertEqual(serve.process.wait(LIMIT_S), 0)

    def test_a_second_signal_insists(self):
        with Backend() as backend:
            with Serve(backend, "--workers", "3") as serve:
                busy = [self.enterContext(serve.client())
                        for _ in range(6)]
                for c in busy:
                    c.send(b"POST / HTTP/1.1\r\nHost: localhost\r\n"
                           b"Content-Length: 5\r\n\r\n")
                    c.send(b"a")
                wait_for(backend, 6, "/")
                serve.process.send_signal(signal.SIGTERM)
                serve.log_line("stopping")
                serve.process.send_signal(signal.SIGTERM)
                self.assertEqual(serve.process.wait(LIMIT_S), 0)
                for c in busy:
                    self.assertTrue(c.cut())

    def test_signals_at_the_very_end(self):
        """Threads that wait for something outlast what hears signals."""
        signals = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
        with Backend() as backend:
            for _ in range(5):
                with Serve(backend, "--workers", "1") as serve:
                    serve.log_line("listening")
                    self.assertGreaterEqual(
                        threads_that_block(serve.process.pid, *signals), 8)
                    while serve.process.poll() is None:
                        for n in signals:
                            serve.process.send_signal(n)
                        with contextlib.suppress(subprocess.TimeoutExpired):
                            serve.process.wait(0.0005)  # time to hear them
                    self.assertEqual(serve.process.returncode, 0)


if __name__ == "__main__":
    configured.main()
