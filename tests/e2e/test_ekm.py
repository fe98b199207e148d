# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay-serve --ekm-header: who may have quotes made, for which session."""
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys

import harness
from fake_agent import Agent
from harness import (SCRATCH, UNREADABLE, USAGE, Case, clean_environment,
                     handed, write)
from test_quotes import FAULTS, until
from test_serve import LIMIT_S, SERVE
from test_sim import SIM, Sim, UnixConnection

FIELD = "X-TLS-EKM-Channel-Binding"
SECRET = "0123456789abcdef0123456789abcdef"
VALUE = bytes(range(0x20, 0x40)).hex()
OTHER = "ab" * 32
NONCE = bytes(range(0x20)).hex()
# Of the known answers: this value under this secret, and what is signed.
KNOWN = (f"{VALUE}:40aebdd806d26e8f610463be832e9890b55f6f96b49be1de030da21129"
         "20aadb")
REPORT_DATA = ("ee4320ebaf3fdb4f2c832b137200c08e235e0fa7bbd0eb1740c7063ba8a0d15"
               "1da77e003398e1714a955d475b05e3e950b639503b452ec185de4229bc48739"
               "49")
GOOD = json.dumps({"nonce_hex": NONCE}).encode()


def field(value=VALUE, secret=SECRET, said=None):
    mac = hmac.new(secret.encode(), bytes.fromhex(said or value), "sha256")
    return f"{value}:{mac.hexdigest()}"


def secret_file(text=SECRET, mode=0o600):
    path = write(f"secret{len(list(SCRATCH.glob('secret*')))}", text)
    path.chmod(mode)
    return path


class Ekm:
    """with Ekm(guest socket, option...) as ekm: ..."""

    count = 0

    def __init__(self, guest, *options, listen=None, environment=()):
        Ekm.count += 1
        self.environment = dict(environment)
        self.folder = SCRATCH / f"ekm{Ekm.count}"
        self.folder.mkdir()
        self.ready_file = self.folder / "ready.json"
        self.log_file = self.folder / "log"
        self.socket = self.folder / "socket"
        self.command = [
            str(SERVE), "--ekm-header", "--ekm-secret-file",
            str(secret_file()), "--listen", listen or f"unix:{self.socket}",
            "--ready-file", str(self.ready_file), "--verbose", "--quotes",
            f"dstack:{guest}", *options]

    def __enter__(self):
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(
                self.command, stderr=log,
                env={**clean_environment(), **self.environment})
        until(self.command, lambda: self.ready_file.exists()
              or self.process.poll() is not None)
        self.ready = json.loads(self.ready_file.read_text())
        return self

    def __exit__(self, *unused):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(LIMIT_S)
        assert code == 0, f"exit {code}: {self.log[-2000:]}"

    @property
    def log(self):
        return self.log_file.read_text()

    def connect(self):
        if self.ready["address"].startswith("unix:"):
            return UnixConnection(self.socket)
        return http.client.HTTPConnection(self.ready["address"],
                                          timeout=LIMIT_S)

    def ask(self, fields=(), body=GOOD, method="POST", path="/tdx_quote",
            connection=None):
        """Status, fields and JSON."""
        c = connection or self.connect()
        c.putrequest(method, path)
        for value in fields:
            c.putheader(FIELD, value)
        c.putheader("X-Forwarded-For", "192.0.2.7")
        c.putheader("Content-Length", str(len(body)))
        c.endheaders(body)
        r = c.getresponse()
        text = r.read()
        if connection is None:
            c.close()
        return r.status, r.headers, json.loads(text) if text else None


class Quotes(Case):
    @classmethod
    def setUpClass(cls):
        cls.ekm = cls.enterClassContext(Ekm(SIMULATOR.ready["guest"]))

    def check_refused(self, got, status, code):
        self.assertEqual((got[0], got[2]["error"]["code"]), (status, code))
        self.assertNotIn(SECRET, json.dumps(got[2]))

    def test_known_answer(self):
        status, fields, doc = self.ekm.ask([KNOWN])
        self.assertEqual(status, 200, doc)
        self.assertEqual(fields["Content-Type"], "application/json")
        self.assertEqual(fields["Cache-Control"], "no-store")
        self.assertIs(doc["success"], True)
        self.assertIsNone(doc["error"])
        self.assertEqual(doc["quote_type"], "tdx")
        self.assertTrue(doc["timestamp"].isdigit())
        self.assertEqual(doc["quote"]["report_data"], REPORT_DATA)
        quote = bytes.fromhex(doc["quote"]["quote"])
        self.assertEqual(quote[568:632].hex(), REPORT_DATA)
        self.assertIsInstance(json.loads(doc["quote"]["event_log"]), list)
        self.assertIn("app_compose", doc["tcb_info"])

    def test_bound_to_value_and_nonce(self):
        for value, nonce in ((VALUE, "11" * 32), (OTHER, NONCE),
                             (OTHER, "11" * 32)):
            body = json.dumps({"nonce_hex": nonce}).encode()
            status, _, doc = self.ekm.ask([field(value)], body)
            self.assertEqual(status, 200, doc)
            want = hashlib.sha512(bytes.fromhex(nonce + value)).hexdigest()
            self.assertEqual(doc["quote"]["report_data"], want)

    def test_one_connection(self):
        c = self.ekm.connect()
        for _ in range(3):
            self.assertEqual(self.ekm.ask([KNOWN], connection=c)[0], 200)
            self.assertEqual(self.ekm.ask([], connection=c)[0], 400)
        c.close()

    def test_hole_11_who_may_say_what_session_it_is(self):
        """The header is believed from whoever has the secret, and nobody
        else: not without it, not twice, not with an HMAC that was seen in
        another session."""
        for name, fields, status in (
                ("none", [], 400),
                ("empty", [""], 400),
                ("no HMAC", [VALUE], 400),
                ("no hex", [f"{VALUE}:{'x' * 64}"], 400),
                ("longer", [KNOWN + "00"], 400),
                ("twice", [KNOWN, KNOWN], 400),
                ("one from outside before nginx's", [field(OTHER), KNOWN],
                 400),
                ("one from outside behind nginx's", [KNOWN, field(OTHER)],
                 400),
                ("joined", [f"{KNOWN}, {KNOWN}"], 400),
                ("another secret", [field(secret="f" * 32)], 403),
                ("no secret", [field(secret="")], 403),
                ("replayed for another session", [field(OTHER, said=VALUE)],
                 403)):
            with self.subTest(name):
                self.check_refused(
                    self.ekm.ask(fields), status,
                    "bad_request" if status == 400 else "forbidden")
        self.assertIn("the HMAC is wrong", self.ekm.log)
        self.assertNotIn(SECRET, self.ekm.log)

    def test_one_warning_for_many(self):
        with Ekm(SIMULATOR.ready["guest"]) as ekm:
            for _ in range(30):
                self.assertEqual(ekm.ask([field(secret="f" * 32)])[0], 403)
            self.assertEqual(ekm.log.count("warning: request refused"), 1)
            self.assertEqual(ekm.log.count("debug: request refused"), 29)

    def test_bodies(self):
        for body in (b"", b"{}", b"null", b"{", GOOD[:-1],
                     json.dumps({"nonce_hex": NONCE[:-1]}).encode(),
                     json.dumps({"nonce_hex": NONCE + "0"}).encode(),
                     json.dumps({"nonce_hex": "0x" + NONCE[2:]}).encode(),
                     json.dumps({"nonce_hex": NONCE[:-1] + "g"}).encode(),
                     json.dumps({"nonce_hex": 1}).encode(),
                     json.dumps({"nonce_hex": NONCE, "x": 1}).encode(),
                     b'{"nonce_hex":"%s","nonce_hex":"%s"}'
                     % (NONCE.encode(), NONCE.encode())):
            with self.subTest(body):
                self.check_refused(self.ekm.ask([KNOWN], body), 422,
                                   "bad_request")
        status, _, doc = self.ekm.ask([KNOWN], b" " * 2000)
        self.assertEqual(status, 413, doc)
        # Who may not ask learns nothing about bodies.
        self.check_refused(self.ekm.ask([field(secret="f" * 32)], b"{"), 403,
                           "forbidden")

    def test_elsewhere(self):
        for path in ("/", "/tdx_quote/", "/tdx_quote?x", "//tdx_quote",
                     "/TDX_QUOTE", "/debug/ekm"):
            self.check_refused(self.ekm.ask([KNOWN], path=path), 404,
                               "not_found")
        got = self.ekm.ask([KNOWN], b"", method="GET")
        self.check_refused(got, 405, "method_not_allowed")
        self.assertEqual(got[1]["Allow"], "POST")

    def test_health(self):
        got = self.ekm.ask([], b"", method="GET", path="/health")
        self.assertEqual((got[0], got[2]), (200, {"status": "ok"}))

    def test_socket(self):
        mode = self.ekm.socket.stat().st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o660)
        self.assertEqual(set(self.ekm.ready), {"address", "pid", "quotes"})

    def test_loopback(self):
        with Ekm(SIMULATOR.ready["guest"], listen="127.0.0.1:0") as ekm:
            self.assertEqual(ekm.ask([KNOWN])[0], 200)
            self.assertEqual(ekm.ask([])[0], 400)


NGINX = """
%(user)s
daemon off;
pid %(folder)s/pid;
error_log %(folder)s/error.log;
events {}
http {
    access_log off;
    client_body_temp_path %(folder)s/t1;
    proxy_temp_path %(folder)s/t2;
    fastcgi_temp_path %(folder)s/t3;
    uwsgi_temp_path %(folder)s/t4;
    scgi_temp_path %(folder)s/t5;
    server {
        listen unix:%(folder)s/front;
        location = /tdx_quote {
            proxy_pass http://unix:%(service)s;
            proxy_http_version 1.1;
            proxy_set_header X-TLS-EKM-Channel-Binding "%(field)s";
        }
        location = /careless/tdx_quote {
            proxy_pass http://unix:%(service)s:/tdx_quote;
            proxy_http_version 1.1;
        }
    }
}
"""


class Nginx(Case):
    """A real one; what its module would export is the known answer."""

    def setUp(self):
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        if not os.access(program, os.X_OK):
            self.skipTest("nginx is not installed")
        self.ekm = self.enterContext(Ekm(SIMULATOR.ready["guest"]))
        folder = self.ekm.folder / "nginx"
        folder.mkdir()
        config = folder / "conf"
        config.write_text(NGINX % {
            "user": "user root;" if os.geteuid() == 0 else "",
            "folder": folder, "service": self.ekm.socket, "field": KNOWN})
        p = subprocess.Popen([program, "-p", str(folder), "-c", str(config)],
                             stderr=subprocess.DEVNULL)
        self.addCleanup(p.wait, LIMIT_S)
        self.addCleanup(p.terminate)
        self.front = folder / "front"
        until("nginx", self.is_open)

    def is_open(self):
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(str(self.front)) == 0

    def ask(self, fields, path="/tdx_quote"):
        c = UnixConnection(self.front)
        self.addCleanup(c.close)
        return self.ekm.ask(fields, path=path, connection=c)

    def test_in_front(self):
        """It replaces what a client says of its session."""
        for fields in ([], ["x"], [field(OTHER)], [field(OTHER), "x"]):
            status, _, doc = self.ask(fields)
            self.assertEqual(status, 200, doc)
            self.assertEqual(doc["quote"]["report_data"], REPORT_DATA)

    def test_careless(self):
        """It passes on what a client says: that has to have the secret."""
        for fields, want in (([], 400), (["x"], 400), ([KNOWN, KNOWN], 400),
                             ([field(OTHER, secret="f" * 32)], 403),
                             ([field(OTHER, said=VALUE)], 403)):
            self.assertEqual(self.ask(fields, "/careless/tdx_quote")[0], want)


class Queue(Case):
    """The gate is the same as for sessions (test_quotes.py)."""

    def stage(self, *options):
        stack = self.enterContext(contextlib.ExitStack())
        self.agent = stack.enter_context(
            Agent(SCRATCH / f"ekm-agent{Ekm.count}", SIMULATOR.quote()))
        self.ekm = stack.enter_context(Ekm(self.agent.path, *options))

    def asking(self):
        s = socket.socket(socket.AF_UNIX)
        self.addCleanup(s.close)
        s.settimeout(LIMIT_S)
        s.connect(str(self.ekm.socket))
        s.sendall(b"POST /tdx_quote HTTP/1.1\r\nHost: x\r\n%s: %s\r\n"
                  b"Content-Length: %d\r\n\r\n%s" % (
                      FIELD.encode(), KNOWN.encode(), len(GOOD), GOOD))
        return s

    def answer(self, s):
        r = http.client.HTTPResponse(s)
        r.begin()
        return r.status, r.headers, json.loads(r.read())

    def fill(self, waiting):
        first = self.asking()
        until("a quote", lambda: self.agent.asked == 1)
        rest = []
        for i in range(waiting):
            rest.append(self.asking())
            until("waiting", lambda: self.ekm.log.count("quote waits") == i + 1)
        return [first, *rest]

    def test_all_places_are_for_all(self):
        """Everybody comes through nginx, which is one peer."""
        self.stage("--quote-concurrency", "1", "--max-quotes", "4")
        asked = self.fill(4)
        status, fields, doc = self.answer(self.asking())
        self.assertEqual((status, doc["error"]["code"]), (503, "busy"))
        self.assertIn(int(fields["Retry-After"]), range(1, 61))
        self.assertEqual(self.ekm.ask([], b"", "GET", "/health")[0], 200)
        self.agent.go.set()
        for s in asked:
            self.assertEqual(self.answer(s)[0], 200)

    def test_nginx_hangs_up(self):
        self.stage("--quote-concurrency", "1", "--max-quotes", "2")
        first, gone, last = self.fill(2)
        gone.close()
        asked = []

        def place_is_free():
            asked.append(self.asking())
            return self.ekm.log.count("quote waits") == 3
        until("a place", place_is_free)
        self.agent.go.set()
        for s in (first, last):
            self.assertEqual(self.answer(s)[0], 200)
        self.assertEqual(sorted({self.answer(s)[0] for s in asked}), [200]
                         if len(asked) == 1 else [200, 503])
        self.assertEqual(self.agent.most, 1)

    def test_ends_behind_its_answers(self):
        self.stage("--quote-concurrency", "1")
        asked = self.fill(1)
        idle = self.ekm.connect()
        idle.connect()
        self.ekm.process.send_signal(signal.SIGTERM)
        self.assertEqual(idle.sock.recv(1), b"")
        self.agent.go.set()
        for s in asked:
            status, fields, _ = self.answer(s)
            self.assertEqual((status, fields["Connection"]), (200, "close"))
            s.close()
        idle.close()
        self.assertEqual(self.ekm.process.wait(LIMIT_S), 0)

    def test_faults(self):
        self.stage("--quote-timeout", "1")
        self.agent.go.set()
        for name, behave, status, code, needle in FAULTS:
            with self.subTest(name):
                self.agent.behave = behave
                got = self.ekm.ask([KNOWN])
                self.assertEqual((got[0], got[2]["error"]["code"]),
                                 (status, code))
                self.agent.behave = None
                self.assertIn(needle, self.ekm.log)
                self.assertEqual(self.ekm.ask([KNOWN])[0], 200)


class Signals(Case):
    def test_a_reload_is_no_end(self):
        with Ekm(SIMULATOR.ready["guest"]) as ekm:
            ekm.process.send_signal(signal.SIGHUP)
            until(ekm.log, lambda: "nothing is reloaded" in ekm.log
                  or ekm.process.poll() is not None)
            self.assertEqual(ekm.ask([KNOWN])[0], 200)


class Managed(Case):
    """As systemd runs it: a start that nobody tells of is one that failed."""

    def manager(self):
        path = SCRATCH / "ekm-notify.sock"
        path.unlink(missing_ok=True)
        s = self.enterContext(socket.socket(socket.AF_UNIX,
                                            socket.SOCK_DGRAM))
        s.settimeout(LIMIT_S)
        s.bind(str(path))
        return s, {"NOTIFY_SOCKET": str(path)}

    def test_notify(self):
        s, environment = self.manager()
        with Ekm(SIMULATOR.ready["guest"], environment=environment) as ekm:
            self.assertEqual(s.recv(999), b"READY=1")
            ekm.process.send_signal(signal.SIGHUP)
            self.assertIn(b"RELOADING=1\n", s.recv(999))
            self.assertEqual(s.recv(999), b"READY=1")
        self.assertEqual(s.recv(999), b"STOPPING=1")

    def test_watchdog(self):
        s, environment = self.manager()
        environment["WATCHDOG_USEC"] = "150000"
        with Ekm(SIMULATOR.ready["guest"], environment=environment):
            self.assertEqual(s.recv(999), b"READY=1")
            for _ in range(3):
                self.assertEqual(s.recv(999), b"WATCHDOG=1")

    def test_sockets_are_not_taken(self):
        """One that nobody accepts at would only hang."""
        with socket.create_server(("127.0.0.1", 0)) as tcp:
            ekm = Ekm(SIMULATOR.ready["guest"])
            p = subprocess.run(
                ["timeout", str(LIMIT_S), *handed(tcp, ekm.command)],
                capture_output=True, text=True,
                pass_fds=[tcp.fileno()], env=clean_environment())
        self.assertEqual(p.returncode, UNREADABLE, p.stderr)
        self.assertIn("takes no socket of the service manager", p.stderr)


class Options(Case):
    def serve(self, *args):
        p = subprocess.run([str(SERVE), *map(str, args)], capture_output=True,
                           text=True, timeout=LIMIT_S, env=clean_environment())
        self.assertEqual(p.stdout, "" if p.returncode else (
            "listen: 127.0.0.1:8443\nquotes: dstack (/none)\n"
            "clients: come through nginx\n"))
        return p.returncode, p.stderr

    def test_usage(self):
        good = ("--ekm-header", "--ekm-secret-file", "x")
        for args, needle in (
                (("--ekm-header",), "needs --ekm-secret-file"),
                (("--ekm-secret-file", "x", "--backend", "x:1"),
                 "is for --ekm-header"),
                ((*good, "--backend", "127.0.0.1:1"), "--backend exclude"),
                ((*good, "--self-signed", "x"), "--self-signed exclude"),
                ((*good, "--cert", "x"), "--cert exclude"),
                ((*good, "--announce", "off"), "--announce exclude"),
                ((*good, "--quote-rate", "1"), "--quote-rate exclude"),
                # What would do nothing here is not taken in silence.
                ((*good, "--admin", "127.0.0.1:0"), "--admin exclude"),
                ((*good, "--access-log", "x"), "--access-log exclude"),
                ((*good, "--workers", "2"), "--workers exclude"),
                ((*good, "--max-connections-per-address", "2"),
                 "--max-connections-per-address exclude"),
                ((*good, "--proxy-protocol"), "--proxy-protocol exclude"),
                *(((*good, "--listen", at), "only, not on") for at in (
                    "0.0.0.0:80", "192.0.2.1:80", "[::]:80", "localhost:80",
                    "[::ffff:127.0.0.1]:80", "[2001:db8::1]:80", "128.0.0.1:80"))):
            with self.subTest(args):
                code, err = self.serve(*args)
                self.assertEqual(code, USAGE, err)
                self.assertIn(needle, err)

    def test_secrets(self):
        for path, needle in (
                (SCRATCH / "none", "none"),
                (SCRATCH, "directory"),
                (secret_file(SECRET[:-1]), "31 characters"),
                (secret_file(""), "0 characters"),
                (secret_file("\n" * 40), "one line"),
                (secret_file(SECRET + "\n\n"), "one line"),
                (secret_file(SECRET + "\0"), "one line"),
                (secret_file("x" * 5000), "4098"),
                (secret_file(mode=0o640), "chmod 600"),
                (secret_file(mode=0o604), "chmod 600"),
                (secret_file(mode=0o620), "chmod 600")):
            with self.subTest(path):
                code, err = self.serve("--ekm-header", "--check",
                                       "--ekm-secret-file", path, "--quotes",
                                       "dstack:/none")
                self.assertEqual(code, UNREADABLE, err)
                self.assertIn(needle, err)
                self.assertNotIn(SECRET[:-1], err)
        if os.geteuid() == 0:
            path = secret_file()
            os.chown(path, 65534, -1)
            code, err = self.serve("--ekm-header", "--check",
                                   "--ekm-secret-file", path, "--quotes",
                                   "dstack:/none")
            self.assertEqual(code, UNREADABLE, err)
            self.assertIn("belongs to user 65534", err)
        for text in (SECRET, SECRET + "\n", SECRET + "\r\n"):
            code, err = self.serve("--ekm-header", "--check",
                                   "--ekm-secret-file", secret_file(text),
                                   "--quotes", "dstack:/none")
            self.assertEqual((code, err), (0, ""))


if __name__ == "__main__":
    for program in (SERVE, SIM):
        if not program.exists():
            print(f"SKIPPED everything: {program} is not there")
            sys.exit(77)
    with Sim(now=None) as SIMULATOR:
        harness.main()
