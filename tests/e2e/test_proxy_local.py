# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Who may use the proxy: programs of this machine that mean it, and no page in a
browser on it."""
import os
import socket
import stat

import proxy_peer
from harness import SCRATCH, UNREADABLE, write
from proxy_peer import KEY, NAME, Answer, Proxy, ProxyCase

TOKEN = "a-token-of-the-operator"
API_KEY = "sk-of-the-operator"
OWN_PAGES = ("/", "/.well-known/assay")


def secret_file(name, content):
    path = write(name, content)
    os.chmod(path, 0o600)
    return path


class Hosts(ProxyCase):
    """DNS rebinding: a name of somebody else's that leads here."""

    def setUp(self):
        super().setUp()
        self.gate = self.proxy()

    def ask(self, host, path=None, **how):
        return self.gate.ask("GET", path or self.gate.path() + "/models",
                             host=host, **how)

    def test_our_own(self):
        for host in (f"127.0.0.1:{self.gate.port}",
                     f"localhost:{self.gate.port}",
                     f"LOCALHOST:{self.gate.port}"):
            self.check_ok(self.ask(host))

    def test_those_of_others(self):
        for host in ("evil.example", f"evil.example:{self.gate.port}",
                     "127.0.0.1:1", "localhost:1",
                     f"127.0.0.1.evil.example:{self.gate.port}",
                     f"localhost.evil.example:{self.gate.port}",
                     f"evil.example:{self.gate.port}@127.0.0.1",
                     f"[::ffff:127.0.0.1]:{self.gate.port}"):
            for path in (None, *OWN_PAGES):
                with self.subTest(host, path=path):
                    answer = self.ask(host, path)
                    self.assertIn(answer.status, (400, 403), answer)
        self.check_nothing_arrived()

    def test_none_and_two(self):
        self.assertIn(self.ask("").status, (400, 403))
        answer = self.ask(f"127.0.0.1:{self.gate.port}",
                          fields=[("Host", "evil.example")])
        self.assertEqual(answer.status, 400)
        self.check_nothing_arrived()

    def test_one_more_by_option(self):
        gate = self.proxy("--allow-host", "proxy.lan")
        answer = gate.ask("GET", gate.path() + "/models",
                          host=f"proxy.lan:{gate.port}")
        self.assertIn(answer.status, (200, 403))
        answer = gate.ask("GET", gate.path() + "/models", host="proxy.lan")
        self.check_ok(answer)


class Pages(ProxyCase):
    """What a page of another origin makes a browser send."""

    def setUp(self):
        super().setUp()
        self.gate = self.proxy()

    def ask(self, *fields, method="POST", path=None, gate=None):
        gate = gate or self.gate
        return gate.ask(
            method, path or gate.path() + "/chat/completions",
            b'{"model":"test","messages":[]}' if method == "POST" else None,
            fields=fields)

    def test_are_refused(self):
        for fields in ([("Origin", "https://evil.example")],
                       [("Origin", "null")],
                       [("Origin", "http://localhost:3000")],
                       [("Origin", "http://127.0.0.1:3000")],
                       [("Sec-Fetch-Site", "cross-site")],
                       [("Sec-Fetch-Site", "same-site")],
                       [("Origin", "https://evil.example"),
                        ("Origin", f"http://127.0.0.1:{self.gate.port}")]):
            for method in ("POST", "GET", "OPTIONS"):
                with self.subTest(fields, method=method):
                    answer = self.ask(*fields, method=method)
                    self.assertIn(answer.status, (400, 403), answer)
                    self.assertIsNone(
                        answer.get("Access-Control-Allow-Origin"))
        self.check_nothing_arrived()

    def test_status_is_not_theirs_either(self):
        for path in OWN_PAGES:
            answer = self.ask(("Origin", "https://evil.example"), method="GET",
                              path=path)
            self.assertEqual(answer.status, 403)

    def test_one_that_may(self):
        origin = "https://app.example"
        gate = self.proxy("--allow-origin", origin)
        answer = self.ask(("Origin", origin), gate=gate)
        self.check_ok(answer)
        self.assertEqual(answer.get("Access-Control-Allow-Origin"), origin)
        answer = self.ask(("Origin", origin),
                          ("Access-Control-Request-Method", "POST"),
                          ("Access-Control-Request-Headers", "authorization"),
                          method="OPTIONS", gate=gate)
        self.assertIn(answer.status, (200, 204))
        self.assertEqual(answer.get("Access-Control-Allow-Origin"), origin)
        self.assertIn("POST", answer.get("Access-Control-Allow-Methods"))
        answer = self.ask(("Origin", "https://app.example.evil.example"),
                          gate=gate)
        self.assertEqual(answer.status, 403)

    def test_navigation_shows_the_page(self):
        self.assertEqual(self.ask(("Sec-Fetch-Site", "none"), method="GET",
                                  path="/").status, 200)


class Paths(ProxyCase):
    def setUp(self):
        super().setUp()
        self.gate = self.proxy(config=self.world.upstream("one")
                               + self.world.upstream("two"))

    def test_that_have_two_readings(self):
        for path in ("/one/../two/models", "/one/%2e%2e/two/models",
                     "/one/%2E./models", "//one/models", "/one//models",
                     "/one/./models", "/one\\..\\two", "/one/%5c../x",
                     "/one/%00", "/%6fne/../x", "/one/..", "/one/..;/x"):
            with self.subTest(path):
                answer = self.gate.ask("GET", path)
                self.assertIn(answer.status, (400, 404), answer)
        self.check_nothing_arrived()

    def test_that_lead_nowhere(self):
        for path in ("/", "/three/models", "/onetwo/models", "/v1/models",
                     "/ONE/models", "/on", "*"):
            with self.subTest(path):
                answer = self.gate.ask("POST", path, b"{}")
                self.assertIn(answer.status, (400, 404, 405), answer)
        self.check_nothing_arrived()

    def test_names_of_models_may_have_slashes(self):
        self.check_ok(self.gate.ask("GET", "/one/echo/org%2Fmodel?x=../y"))
        self.assertEqual(self.model.requests[-1].path,
                         "/v1/echo/org%2Fmodel?x=../y")

    def test_a_single_one_is_v1_too(self):
        gate = self.proxy()
        for path in (f"/{NAME}/models", "/v1/models"):
            self.check_ok(gate.ask("GET", path))
        self.assertEqual([r.path for r in self.model.requests],
                         ["/v1/models"] * 2)


class Tokens(ProxyCase):
    def setUp(self):
        super().setUp()
        self.gate = self.proxy("--token-file", secret_file("token", TOKEN))

    def ask(self, *fields):
        return self.gate.ask("GET", self.gate.path() + "/models",
                             fields=fields)

    def test_without_it(self):
        for fields in ((), [("Authorization", f"Bearer {KEY}")],
                       [("Authorization", f"Bearer {TOKEN[:-1]}")],
                       [("Authorization", f"Basic {TOKEN}")],
                       [("x-assay-token", TOKEN + "x")]):
            answer = self.ask(*fields)
            self.check_error(answer, 401, code="token_required")
        for page in OWN_PAGES:
            self.assertEqual(self.gate.ask("GET", page).status, 401)
        self.check_nothing_arrived()

    def test_with_it(self):
        """It is the proxy's, and goes no further."""
        self.check_ok(self.ask(("Authorization", f"Bearer {TOKEN}")))
        self.check_ok(self.ask(("x-assay-token", TOKEN),
                               ("Authorization", f"Bearer {KEY}")))
        first, second = self.model.requests
        self.assertIsNone(first.get("Authorization"))
        self.assertEqual(second.get("Authorization"), f"Bearer {KEY}")
        for seen in (first, second):
            self.assertNotIn(TOKEN, str(seen.fields))
        self.assertNotIn(TOKEN, self.gate.log + str(self.gate.audit))


class Keys(ProxyCase):
    """Put in by the proxy, and then behind a path that others do not know."""

    def start(self, **how):
        return self.proxy(config=self.world.upstream(more=(
            f'api_key_file = "{secret_file("key", API_KEY)}"\n')), **how)

    def test_from_a_file(self):
        gate = self.start()
        for fields in ((), [("Authorization", f"Bearer {KEY}")]):
            self.check_ok(gate.ask("GET", gate.path("tee") + "/models",
                                   fields=fields))
            self.assertEqual(
                [v for n, v in self.model.requests[-1].fields
                 if n.lower() == "authorization"], [f"Bearer {API_KEY}"])
        gate.audited(2)
        self.assertNotIn(API_KEY, gate.log + str(gate.audit))

    def test_from_the_environment(self):
        gate = self.proxy(TEE_API_KEY=API_KEY, config=self.world.upstream(
            more='api_key_env = "TEE_API_KEY"\n'))
        self.check_ok(gate.ask("GET", gate.path("tee") + "/models"))
        self.assertEqual(self.model.requests[-1].get("Authorization"),
                         f"Bearer {API_KEY}")

    def test_the_path_is_a_secret_of_each_run(self):
        gate, other = self.start(), self.start()
        secret = gate.path("tee").split("/")[1]
        self.assertGreaterEqual(len(secret), 22)
        self.assertNotEqual(secret, other.path("tee").split("/")[1])
        for path in ("/tee/models", "/v1/models",
                     f"/{secret[:-1]}/tee/models", f"/{secret}/nope/models",
                     f"/{secret}", f"/{secret}/", f"/{secret.upper()}/tee/x",
                     other.path("tee") + "/models"):
            self.check_error(gate.ask("GET", path), 404)
        self.check_nothing_arrived()
        self.check_ok(gate.ask("GET", gate.path("tee") + "/models"))
        gate.audited(9)
        self.assertNotIn(secret, gate.log + str(gate.audit))
        for page in OWN_PAGES:
            self.assertNotIn(secret.encode(), gate.ask("GET", page).body)
        self.assertEqual(stat.S_IMODE(os.stat(gate.ready_file).st_mode), 0o600)

    def test_the_secret_in_a_field(self):
        """In the place of the path, which is part of command lines."""
        gate = self.start()
        field = ("x-assay-secret", gate.path("tee").split("/")[1])
        for fields in ([("x-assay-secret", field[1][:-1])],
                       [("x-assay-secret", "")], [field, field]):
            self.check_error(gate.ask("GET", "/tee/models", fields=fields), 404)
        self.check_nothing_arrived()
        self.check_ok(gate.ask("GET", "/tee/models", fields=[field]))
        seen = self.model.requests[-1]
        self.assertEqual(seen.get("Authorization"), f"Bearer {API_KEY}")
        self.assertNotIn(field[1], str(seen.fields))

    def test_a_key_that_others_can_read(self):
        path = secret_file("open-key", API_KEY)
        os.chmod(path, 0o644)
        code, said = Proxy(self.world, config=self.world.upstream(
            more=f'api_key_file = "{path}"\n')).run()
        self.assertNotIn(code, (0, None), said)
        self.assertIn("open-key", said)
        self.assertNotIn(API_KEY, said)


class Doors(ProxyCase):
    def test_not_on_the_network_unless_told(self):
        for address in ("0.0.0.0:0", "[::]:0"):
            gate = Proxy(self.world)
            gate.command[gate.command.index("--listen") + 1] = address
            code, said = gate.run()
            self.assertNotIn(code, (0, None), said)
            self.assertIn("allow-remote", said)

    def test_with_a_token_it_may_be(self):
        gate = Proxy(self.world, "--allow-remote", "--token-file",
                     secret_file("token", TOKEN))
        gate.command[gate.command.index("--listen") + 1] = "0.0.0.0:0"
        with gate:
            self.check_ok(gate.ask(
                "GET", gate.path() + "/models", fields=[
                    ("Authorization", f"Bearer {TOKEN}")]))

    def test_a_token_that_others_can_read(self):
        path = secret_file("token", TOKEN)
        path.chmod(0o644)
        code, said = Proxy(self.world, "--token-file", path).run()
        self.assertEqual(code, UNREADABLE)
        self.assertIn(f"--token-file: {path}: others", said)
        self.assertNotIn(TOKEN, said)

    def test_a_socket_for_the_owner_alone(self):
        path = SCRATCH / "proxy.sock"
        gate = Proxy(self.world)
        gate.command[gate.command.index("--listen") + 1] = f"unix:{path}"
        with gate, socket.socket(socket.AF_UNIX) as s:
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            s.settimeout(proxy_peer.LIMIT_S)
            s.connect(str(path))
            s.sendall(f"GET /{NAME}/models HTTP/1.1\r\nHost: localhost\r\n"
                      "Connection: close\r\n\r\n".encode())
            octets = b""
            while piece := s.recv(65536):
                octets += piece
        head, _, body = octets.partition(b"\r\n\r\n")
        self.check_ok(Answer(head, body))


if __name__ == "__main__":
    proxy_peer.main()
