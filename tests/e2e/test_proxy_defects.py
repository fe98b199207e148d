# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What was wrong with earlier clients of this kind, each as a test: how a request
was led past the policy of its host, and what was not checked of it.

A way past is looked for with a policy that the TEE does not fulfil (`wrong`):
whatever reaches the model then has not been attested."""
import re
import socket
import unittest

import proxy_peer
from backend import Backend
from harness import USAGE
from proxy_peer import HOST, NAME, Proxy, ProxyCase, Tee, base_url
from test_get import Proxy as Tunnel

WRONG = {"expected_bootchain": {
    "mrtd": "00" * 48, "rtmr0": "00" * 48, "rtmr1": "00" * 48,
    "rtmr2": "00" * 48}}


class RoutingCase(ProxyCase):
    def wrong(self, base_url, *options, more="", **how):
        return self.proxy(*options, config=self.world.upstream(
            base_url=base_url, more=more, **WRONG), **how)

    def right(self, base_url, *options, more="", **how):
        return self.proxy(*options, config=self.world.upstream(
            base_url=base_url, more=more), **how)

    def check_only_attested(self, base_url, *options, more="", **variables):
        """It is served with a policy that is met, and with no other."""
        with self.subTest(base_url):
            with Proxy(self.world, *options, **variables,
                       config=self.world.upstream(base_url=base_url, more=more,
                                                  **WRONG)) as gate:
                self.check_refused(gate.chat(name="tee"),
                                   "bootchain_mismatch")
            self.check_nothing_arrived()
            with Proxy(self.world, *options, **variables,
                       config=self.world.upstream(base_url=base_url,
                                                  more=more)) as gate:
                self.check_ok(gate.chat(name="tee"))
            self.assertEqual(len(self.model.requests), 1)
            self.model.requests.clear()

    def local(self, host=HOST):
        return "--resolve", f"{host}:{self.world.tee.port}:127.0.0.1"


class Routing(RoutingCase):
    def test_no_spelling_of_a_host_gets_past(self):
        port = self.world.tee.port
        for host in ("localhost", "LOCALHOST", "LocalHost.", "127.0.0.1"):
            self.check_only_attested(f"https://{host}:{port}/v1")
        for host in (HOST, HOST.upper(), f"{HOST}."):
            self.check_only_attested(f"https://{host}:{port}/v1",
                                     *self.local())

    def test_no_other_scheme_than_https(self):
        port = self.world.tee.port
        for url in (f"http://localhost:{port}/v1", f"//localhost:{port}/v1",
                    f"localhost:{port}/v1", f"ftp://localhost:{port}/v1",
                    f"https://user:secret@localhost:{port}/v1"):
            with self.subTest(url):
                for file in ({"codex": self.world.codex_config(base_url=url)},
                             {"config": self.world.upstream(base_url=url)}):
                    code, said = Proxy(self.world, **file).run()
                    self.assertNotIn(code, (0, None))
                    self.assertIn("base_url", said)
                    self.assertNotIn("secret", said)

    def test_the_port_is_that_of_the_base_url(self):
        """Another server of the same host is another server."""
        with Backend() as other, Tee(other) as serve:
            gate = self.proxy(
                "--ca", str(self.both_cas(serve)), config=(
                    self.world.upstream("one") + self.world.upstream(
                        "two", base_url(serve))))
            self.check_ok(gate.ask("GET", gate.path("one") + "/models"))
            self.check_ok(gate.ask("GET", gate.path("two") + "/echo"))
            self.assertEqual([r.path for r in self.model.requests],
                             ["/v1/models"])
            self.assertEqual(other.paths, ["/v1/echo"])

    def both_cas(self, serve):
        return proxy_peer.harness.write(
            "two-cas.pem", self.world.tee.ca.read_bytes()
            + serve.ca.read_bytes())

    def test_a_request_cannot_name_another_server(self):
        """Absolute targets, and fields that some routers believe."""
        gate = self.right(self.world.base_url)
        with Backend() as evil:
            for target in (f"http://{evil.address}/tee/echo",
                           f"https://{evil.address}/tee/echo"):
                self.assertGreaterEqual(gate.ask("GET", target).status, 400)
            for name in ("X-Forwarded-Host", "X-Forwarded-Server", "Forwarded",
                         "X-Original-URL", "X-Rewrite-URL"):
                answer = self.check_ok(gate.ask(
                    "GET", gate.path("tee") + "/echo",
                    fields=[(name, evil.address)]))
                self.assertEqual(answer.json["path"], "/echo")
            self.assertEqual(evil.seen, [])

    def test_providers_that_do_not_attest_are_not_served(self):
        """Codex's file has others."""
        more = ('\n[model_providers.open]\nname = "open"\n'
                f'base_url = "http://{self.model.address}/v1"\n'
                'wire_api = "chat"\n')
        gate = self.proxy(codex=self.world.codex_config(more=more))
        self.assertEqual([p["name"] for p in gate.ready["providers"]], [NAME])
        self.check_error(gate.ask("GET", "/open/models"), 404)
        self.check_nothing_arrived()

    def test_none_that_attests_is_no_proxy(self):
        code, said = Proxy(self.world, codex=self.world.codex_config().replace(
            "use_ratls = true", "use_ratls = false")).run()
        self.assertNotEqual(code, 0)
        self.assertIn("use_ratls", said)

    def test_pools_are_not_shared_between_policies(self):
        """The same server, once with a policy that is met and once with one that
        is not."""
        gate = self.proxy(config=self.world.upstream("good")
                          + self.world.upstream("bad", **WRONG))
        for _ in range(3):
            self.check_ok(gate.chat(name="good"))
            self.check_refused(gate.chat(name="bad"))
        self.assertEqual(len(self.model.requests), 3)

    def test_a_reload_does_not_keep_connections_of_the_old_policy(self):
        gate = self.right(self.world.base_url)
        self.check_ok(gate.chat(name="tee"))
        gate.config_file.write_text(self.world.upstream(**WRONG))
        gate.reload()
        self.check_refused(gate.chat(name="tee"))
        self.assertEqual(len(self.model.requests), 1)

    def test_all_addresses_of_a_name_are_tried(self):
        """Nobody listens at the first one."""
        with socket.socket() as dead:
            dead.bind(("127.0.0.2", self.world.tee.port))
            gate = self.right(
                f"https://{HOST}:{self.world.tee.port}/v1", "--resolve",
                f"{HOST}:{self.world.tee.port}:127.0.0.2,"
                f"{HOST}:{self.world.tee.port}:127.0.0.1")
            self.check_ok(gate.chat(name="tee"))

    def test_ipv6(self):
        try:
            with socket.create_server(("::1", 0), family=socket.AF_INET6):
                pass
        except OSError:
            raise unittest.SkipTest("no IPv6 on this machine") from None
        with Tee(self.model, listen="[::1]:0") as serve:
            gate = self.right(f"https://[::1]:{serve.port}/v1", "--ca",
                              str(serve.ca))
            self.check_ok(gate.chat(name="tee"))
            self.assertEqual(self.model.requests[-1].get("Host"),
                             f"[::1]:{serve.port}")


class Proxies(RoutingCase):
    """HTTP(S)_PROXY lead the same TLS through a tunnel, never past it."""

    def test_the_environment_is_used(self):
        base = f"https://{HOST}:{self.world.tee.port}/v1"
        for name in ("HTTPS_PROXY", "https_proxy"):
            with Tunnel() as tunnel:
                self.check_only_attested(
                    base, **{name: f"http://me:s3cret@{tunnel.address}",
                             "NO_PROXY": "127.0.0.1"})
            self.assertGreaterEqual(len(tunnel.heads), 2)
            for head in tunnel.heads:
                self.assertTrue(head.startswith(
                    f"CONNECT {HOST}:{self.world.tee.port} "), head)
                self.assertIn("\r\nProxy-Authorization: Basic ", head)
                self.assertNotIn(proxy_peer.KEY, head)

    def test_the_option_is_used(self):
        with Tunnel() as tunnel:
            self.check_only_attested(
                f"https://{HOST}:{self.world.tee.port}/v1", "--http-proxy",
                f"http://{tunnel.address}")
        self.assertGreaterEqual(len(tunnel.heads), 2)

    def test_no_proxy_is_heeded_and_attests_too(self):
        with Tunnel() as tunnel:
            self.check_only_attested(
                f"https://{HOST}:{self.world.tee.port}/v1", *self.local(),
                HTTPS_PROXY=f"http://{tunnel.address}",
                NO_PROXY=f"{HOST},127.0.0.1")
        self.assertEqual(tunnel.heads, [])

    def test_a_tunnel_that_cannot_be_had_is_an_outage(self):
        """It is not gone around."""
        for answer in (b"HTTP/1.1 403 No\r\n\r\n", b"garbage\r\n\r\n"):
            with self.subTest(answer), Tunnel(answer) as tunnel:
                gate = self.right(
                    f"https://{HOST}:{self.world.tee.port}/v1", *self.local(),
                    "--http-proxy", f"http://u:s3cret@{tunnel.address}")
                error = self.check_error(gate.chat(name="tee"), 503)
                self.assertNotIn("s3cret", error["message"] + gate.log)
        self.check_nothing_arrived()


class Redirects(ProxyCase):
    """Are not followed, and lead no client past the proxy."""

    def setUp(self):
        super().setUp()
        self.gate = self.proxy()

    def redirect(self, status, location):
        return self.gate.ask(
            "POST", f"{self.gate.path()}/redirect?{status}&{location}",
            b'{"prompt": "secret"}')

    def test_to_another_host(self):
        with Backend() as evil:
            for status in (301, 302, 303, 307, 308):
                for where in (f"http://{evil.address}/x",
                              f"https://{evil.address}/x",
                              f"//{evil.address}/x",
                              f"http://localhost:{self.world.tee.port}/v1/x",
                              "https://localhost:1/v1/x"):
                    with self.subTest(status, where=where):
                        answer = self.redirect(status, where)
                        self.check_error(answer, 502, "upstream_error",
                                         "redirect_refused")
                        self.assertIsNone(answer.get("Location"))
            self.assertEqual(evil.seen, [])

    def test_out_of_the_base_path(self):
        for where in ("/other/x", "../../x", "/v1x", "/v1/../x",
                      "/v1/%2e%2e/x"):
            with self.subTest(where):
                self.check_error(self.redirect(307, where), 502,
                                 "upstream_error", "redirect_refused")

    def test_within_it(self):
        """Told to the client as a path of the proxy's."""
        for where, there in (
                ("/v1/models", "/models"), ("models?a=b", "/models?a=b"),
                (f"{self.world.base_url}/models", "/models")):
            for status in (301, 302, 303, 307, 308):
                answer = self.redirect(status, where)
                self.check_ok(answer, status)
                self.assertEqual(answer.get("Location"),
                                 self.gate.path() + there)
        seen = {r.path.partition("?")[0] for r in self.model.requests}
        self.assertEqual(seen, {"/v1/redirect"})


class Settings(ProxyCase):
    """What was ignored or dropped, and a check with it."""

    def refused(self, text, *needles, own=False):
        """Not started; the line of what is wrong is told."""
        gate = Proxy(self.world, **{"config" if own else "codex": text})
        code, said = gate.run()
        self.assertNotIn(code, (0, None), said)
        for needle in needles:
            self.assertIn(str(needle), said)
        return said

    def codex(self, more, **how):
        return self.world.codex_config(**how) + more

    def line(self, text, needle):
        at = text[:text.index(needle)].count("\n") + 1
        return f"line {at}"

    def test_bad_hex_in_min_tdx_tcb(self):
        for value in ("xyz", "0", "00" * 15, "00" * 17, "0x" + "00" * 15):
            with self.subTest(value):
                text = self.codex(
                    f"[model_providers.{NAME}.ratls_policy.min_tdx_tcb]\n"
                    f'tee_tcb_svn = "{value}"\n')
                self.refused(text, "tee_tcb_svn",
                             self.line(text, "tee_tcb_svn"))

    def test_min_tdx_tcb_is_checked(self):
        for svn, status in (("00" * 16, 200), ("ff" * 16, 403)):
            gate = self.proxy(codex=self.codex(
                f"[model_providers.{NAME}.ratls_policy.min_tdx_tcb]\n"
                f'tee_tcb_svn = "{svn}"\n'))
            self.assertEqual(gate.chat().status, status)

    def test_the_old_prefixes_are_not_taken_for_a_minimum(self):
        for member in ("mrseam", "mrtmrs"):
            text = self.codex(
                f"[model_providers.{NAME}.ratls_policy.min_tdx_tcb]\n"
                f'{member} = "00"\n')
            self.refused(text, member, self.line(text, f"{member} ="))

    def test_an_unknown_tee(self):
        for value in ("Sgx", "SevSnp", "Tdx2", ""):
            with self.subTest(value):
                text = self.world.codex_config().replace(
                    'tee_type = "Tdx"', f'tee_type = "{value}"')
                self.refused(text, "tee_type", self.line(text, "tee_type"))

    def test_misspelt_members(self):
        for member, meant in (("allowed_tdx_statuses", "allowed_tdx_status"),
                              ("pcs_url", "pccs_url"),
                              ("min_tdx_tbc", "min_tdx_tcb")):
            text = self.world.codex_config(more=f'{member} = "x"\n')
            self.refused(text, member, meant, self.line(text, member))

    def test_misspelt_switches(self):
        """What would leave a provider out."""
        for there, slip in (("use_ratls = true", "use_ratl = true"),
                            ("use_ratls = true", 'use_ratls = "true"'),
                            (".ratls_policy]", ".ratls_polcy]")):
            with self.subTest(slip):
                text = self.world.codex_config().replace(there, slip)
                self.refused(text, self.line(text, slip))

    def test_an_unknown_status(self):
        text = self.world.codex_config(statuses='["UpToDate", "Fine"]')
        self.refused(text, "Fine", self.line(text, "Fine"))

    def test_own_members_too(self):
        text = self.world.upstream(more='wire_ap = "chat"\n')
        self.refused(text, "wire_ap", "wire_api", self.line(text, "wire_ap"),
                     own=True)
        text = self.world.upstream(alowed_tcb_status=["UpToDate"])
        self.refused(text, "alowed_tcb_status", "allowed_tcb_status",
                     self.line(text, "alowed_tcb_status"), own=True)

    def test_an_upstream_without_a_policy(self):
        self.refused(f'[upstreams.x]\nbase_url = "{self.world.base_url}"\n',
                     "policy", own=True)

    def test_names_that_are_paths_of_others(self):
        for name in ("v1", "healthz", '".well-known"', '"a/b"', '".."'):
            with self.subTest(name):
                self.refused(self.world.upstream(name), "name", own=True)

    def test_the_rest_of_codexs_file_is_codexs(self):
        more = ('\n[mcp_servers.x]\ncommand = "y"\n[tui]\nnotifications = '
                'true\n[profiles.fast]\nmodel = "m"\n')
        gate = self.proxy(codex="approval_policy = \"never\"\n"
                          + self.world.codex_config(more=more))
        self.check_ok(gate.chat())

    def test_statuses_default_to_up_to_date(self):
        text = re.sub(r"^allowed_tdx_status.*\n", "",
                      self.world.codex_config(), flags=re.M)
        self.check_ok(self.proxy(codex=text).chat())
        self.world.sim.change("tcb=SWHardeningNeeded")
        self.check_refused(self.proxy(codex=text).chat(),
                           "tcb_status_not_allowed")

    def test_statuses_that_the_readme_allows(self):
        self.world.sim.change("tcb=SWHardeningNeeded")
        gate = self.proxy(codex=self.world.codex_config(
            statuses='["UpToDate", "SWHardeningNeeded"]'))
        answer = gate.chat()
        self.assertEqual(answer.status, 200, answer)
        self.check_attested(answer, "SWHardeningNeeded")

    def test_an_empty_policy_is_the_readmes(self):
        """Without any member, and without the table."""
        text = self.world.codex_config()
        table = f"[model_providers.{NAME}.ratls_policy]"
        rest = text.partition(table)[0]
        for form in (rest + table + "\n", rest):
            gate = self.proxy("--pccs", self.world.pccs, codex=form)
            self.check_ok(gate.chat())

    def test_collateral_comes_from_where_the_readme_says(self):
        """Without pccs_url: Phala's. Nothing is fetched here; a tunnel is told
        where to."""
        text = re.sub(r"^pccs_url.*\n", "", self.world.codex_config(),
                      flags=re.M)
        with Tunnel(b"HTTP/1.1 403 No\r\n\r\n") as tunnel:
            gate = self.proxy(codex=text, NO_PROXY="localhost",
                              HTTPS_PROXY=f"http://{tunnel.address}")
            self.check_error(gate.chat(), 503)
        self.assertTrue(tunnel.heads[0].startswith(
            "CONNECT pccs.phala.network:443 "), tunnel.heads)
        self.check_nothing_arrived()

    def test_what_was_not_checked_is_said(self):
        """Of the readme's policies, which name no measurement."""
        gate = self.proxy()
        self.assertTrue(gate.chat().get("x-assay-attestation")
                        .endswith("; partial"))
        provider, = gate.status()["providers"]
        self.assertTrue(provider["policy"]["partial"])
        own = self.proxy(config=self.world.upstream())
        self.assertFalse(own.chat(name="tee").get("x-assay-attestation")
                         .endswith("; partial"))

    def test_usage(self):
        """No file at all."""
        gate = Proxy(self.world)
        at = gate.command.index("--codex-config")
        del gate.command[at:at + 2]
        self.assertEqual(gate.run()[0], USAGE)


if __name__ == "__main__":
    proxy_peer.main()
