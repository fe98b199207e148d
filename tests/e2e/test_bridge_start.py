# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay bridge, as somebody meets it who sets it up: what it says to settings
that are wrong, and that it says what to do about them."""
import http.client
import re
import signal
import socket
import subprocess

import harness
from harness import (SCRATCH, TRUSTED, UNREADABLE, USAGE, Case,
                     clean_environment, main, run, write)

BRIDGE = harness.BIN / "assay-bridge"
LIMIT_S = 60
ALLOW = ("--allow", "tee.example.com:443")


def bridge(*args, **kwargs):
    return run("bridge", *args, **kwargs)


class Start(Case):
    def said(self, result, code, *needles):
        return self.check_one_line(result, code, *needles,
                                   start="assay-bridge: ")

    def failed(self, *args, needles=()):
        """It began, and could not go on: the last line of the log says why."""
        result = self.check(bridge(*args), UNREADABLE)
        last = result.err.splitlines()[-1]
        self.assertIn(" error: cannot start code=", last)
        for needle in needles:
            self.assertIn(str(needle), last)
        self.assertEqual(result.out, "")
        return result

    def test_no_allowlist(self):
        self.said(bridge(), USAGE, "no allowlist", "ATLS_PROXY_ALLOWLIST",
                  "--allow", "tee.example.com:443", "--help")

    def test_words(self):
        for args, needles in (
                (("--alow", "a"), ("'--alow'", "'--allow'")),
                (("--allow", "https://a.example/"), ("is a URL", "host:port")),
                (("--allow", "*"), ("name each target", "*.DOMAIN:PORT")),
                ((*ALLOW, "--listen", "9000"), ("--listen", "HOST:PORT")),
                ((*ALLOW, "--origins", "a.example"), ("https://HOST",)),
                ((*ALLOW, "--admin", "0.0.0.0:1"), ("127.0.0.1", "unix:PATH")),
                ((*ALLOW, "--max-connections", "many"), ("1 to ",)),
                ((*ALLOW, "extra"), ("'extra'",))):
            with self.subTest(args):
                self.said(bridge(*args), USAGE, "--help", *needles)

    def test_variables(self):
        for name, value in (("LISTEN", "9000"), ("TARGET", "http://a"),
                            ("ALLOWLIST", "https://a")):
            env = clean_environment() | {"ATLS_PROXY_ALLOWLIST": "a",
                                         f"ATLS_PROXY_{name}": value}
            self.said(bridge(env=env), USAGE, f"ATLS_PROXY_{name}", value)

    def test_file(self):
        for text, needles in (
                ("\nalow = 'a'\n", ("line 2: unknown setting 'alow', did you "
                                    "mean 'allow'?",)),
                ("allow = ['a', 'b:c']\n", ("line 1: --allow: 'b:c'",)),
                ("allow = 'a'\nlisten = 9000\n", ("line 2: --listen: '9000'",)),
                ("check = true\n", ("line 1", "command line")),
                ("allow = a\n", ("line 1",))):
            with self.subTest(text):
                config = write("bridge.toml", text)
                self.said(bridge("--config", config), UNREADABLE, config,
                          *needles)
        self.said(bridge("--config", SCRATCH / "none"), UNREADABLE,
                  SCRATCH / "none", "No such file")

    def test_check(self):
        config = write("good.toml", "allow = ['a.example', '*.b.example:8443']\n"
                       "origins = 'https://app.example'\n"
                       "token-file = '%s'\n" % self.token("secret-of-mine"))
        result = self.check(bridge("--config", config, "--check"), TRUSTED)
        self.assertEqual(result.err, "")
        for line in ("listen: 127.0.0.1:9000", "allow: a.example:443",
                     "allow: *.b.example:8443", "origins: https://app.example",
                     "target: 127.0.0.1:8443, which is not allowed"):
            self.assertIn(line + "\n", result.out)
        self.assertNotIn("secret-of-mine", result.out)

    def test_dump(self):
        config = write("dump.toml", "allow = ['a.example', 'b:1']\n")
        args = ("--config", config, "--idle-timeout", "1.5", "--dump-config")
        said = self.check(bridge(*args), TRUSTED).out
        self.assertIn('allow = "a.example,b:1"\n', said)
        again = write("again.toml", said)
        self.assertEqual(bridge("--config", again, "--dump-config").out, said)

    def token(self, text, mode=0o600):
        path = write("token", text + "\n")
        path.chmod(mode)
        self.addCleanup(path.unlink, missing_ok=True)
        return path

    def test_token(self):
        for text, mode, needles in (
                ("two words", 0o600, ("one line of 1 to 512 letters",)),
                ("", 0o600, ("one line",)),
                ("tell-nobody", 0o644, ("chmod 600",))):
            with self.subTest(text):
                path = self.token(text, mode)
                result = self.failed(*ALLOW, "--token-file", path, "--check",
                                     needles=(path, *needles))
                self.assertNotIn(text or "None", result.err)
        self.failed(*ALLOW, "--token-file", SCRATCH / "none", needles=(
            SCRATCH / "none", "No such file"))

    def pair(self):
        """Files of a certificate and its key."""
        cert, key = SCRATCH / "bridge.pem", SCRATCH / "bridge.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=bridge",
             "-days", "2", "-keyout", str(key), "-out", str(cert)],
            check=True, capture_output=True, timeout=LIMIT_S)
        return cert, key

    def test_certificate(self):
        cert, key = self.pair()
        wss = (*ALLOW, "--tls-listen", "127.0.0.1:0")
        for args, needles in (
                (wss, ("--tls-listen wants --cert and --key",)),
                ((*wss, "--cert", cert), ("--cert and --key go together",)),
                ((*ALLOW, "--cert", cert, "--key", key), ("--tls-listen",)),
                ((*ALLOW, "--listen", "off"), ("--tls-listen",))):
            with self.subTest(args):
                self.said(bridge(*args), USAGE, "--help", *needles)
        self.failed(*wss, "--cert", key, "--key", key, "--check",
                    needles=(key, "no certificate in it"))
        self.failed(*wss, "--cert", cert, "--key", cert, "--check",
                    needles=(cert, "no private key in it"))
        for mode, says in ((0o600, False), (0o640, False), (0o644, True)):
            key.chmod(mode)
            pair = ("--tls-listen", "127.0.0.1:0", "--cert", cert, "--key", key)
            said = self.check(bridge(*ALLOW, *pair, "--check"), TRUSTED).out
            self.assertIn(f"certificate: {cert}, until 2", said)
            self.assertEqual(f"key: {key}, which every user may use" in said,
                             says)
            lines = self.log(*pair)
            self.assertEqual(any("warning: every user may use a key" in x
                                 for x in lines), says, lines)

    def test_relay(self):
        for url in ("pccs.example", "https://a?b", ""):
            self.said(bridge(*ALLOW, "--relay", url), USAGE, "--relay: ")
        self.said(bridge(*ALLOW, "--relay-ca", "x"), USAGE, "for --relay")
        for path in ("/sgx/", "/tdx/tunnel"):
            self.said(bridge(*ALLOW, "--relay", "intel", "--path", path),
                      USAGE, "--path", "the relay's")
            self.check(bridge(*ALLOW, "--path", path, "--check"), TRUSTED)
        relay = (*ALLOW, "--relay", "https://pccs.example,intel")
        said = self.check(bridge(*relay, "--check"), TRUSTED).out
        self.assertIn("relay: https://pccs.example,intel\n", said)
        for path, why in ((SCRATCH / "none", "No such file"),
                          (write("roots.pem", "none"), "no certificate")):
            for check in ((), ("--check",)):
                self.failed(*relay, "--listen", "127.0.0.1:0", "--relay-ca",
                            path, *check, needles=(path, why))
        cert, _ = self.pair()
        self.check(bridge(*relay, "--relay-ca", cert, "--check"), TRUSTED)

    def test_port_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            at = f"127.0.0.1:{taken.getsockname()[1]}"
            self.failed(*ALLOW, "--listen", at, needles=(
                f"listen on {at}", "address already in use"))
            self.failed(*ALLOW, "--listen", "127.0.0.1:0", "--admin", at,
                        needles=(f"listen on {at}",))

    def test_places_to_write(self):
        for option in ("--ready-file", "--access-log"):
            for check in ((), ("--check",)):
                self.failed(*ALLOW, "--listen", "127.0.0.1:0", option,
                            SCRATCH / "none" / "file", *check,
                            needles=(SCRATCH / "none" / "file",))

    def log(self, *args, descriptors=4000, then=lambda port: None):
        """The lines of one that is ended once it listens, and `then` was done."""
        process = subprocess.Popen(
            ["prlimit", f"--nofile={descriptors}:{descriptors}", str(BRIDGE),
             *ALLOW, "--listen", "127.0.0.1:0", *args], stderr=subprocess.PIPE,
            env=clean_environment(), text=True)
        lines = []
        try:
            for line in process.stderr:
                lines.append(line)
                found = re.search(r": listening address=127.0.0.1:(\d+)", line)
                if found:
                    then(int(found[1]))
                    process.send_signal(signal.SIGTERM)
        finally:
            process.kill()
            process.wait(LIMIT_S)
            process.stderr.close()
        self.assertTrue(any(": listening " in line for line in lines), lines)
        return lines

    def test_sources_that_fail(self):
        """Clients learn that there is no answer; the log, why."""
        with socket.create_server(("127.0.0.1", 0)) as closed:
            source = f"https://127.0.0.1:{closed.getsockname()[1]}"
        bodies = []

        def ask(port):
            for path in ("qe/identity", "tcbevaluationdatanumbers"):
                client = http.client.HTTPConnection("127.0.0.1", port,
                                                    timeout=LIMIT_S)
                client.request("GET", f"/tdx/certification/v4/{path}")
                answer = client.getresponse()
                self.assertEqual(answer.status, 502)
                bodies.append(answer.read().decode())
                client.close()

        # One worker: of each, a warning in ten seconds.
        lines = self.log("--relay", source, "--workers", "1", then=ask)
        found = [x for x in lines if "sources of collateral failed" in x]
        self.assertEqual(len(found), 1, lines)
        self.assertIn("warning: ", found[0])
        self.assertIn(f"{source}/tdx/certification/v4/qe/identity", found[0])
        for body in bodies:
            self.assertIn('"source_failed"', body)
            self.assertNotIn(source, body)

    def test_descriptors(self):
        cert, key = self.pair()
        tls = ("--tls-listen", "127.0.0.1:0", "--cert", cert, "--key", key)
        for more, needs in (((), 2256), (tls, 4256)):
            for has in (needs - 1, needs):
                lines = self.log(
                    "--max-connections", "1000", *more, descriptors=has)
                found = [x for x in lines
                         if "warning: fewer descriptors" in x]
                self.assertEqual(len(found), needs - has, lines)
                if found:
                    self.assertIn(f"has={has} needs={needs}", found[0])


if __name__ == "__main__":
    harness.need(BRIDGE)
    main()
