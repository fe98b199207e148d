/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_options.c - what assay-proxy is told on its line, by the
 * environment and in its own file, and what it says to that.
 */
#include "programs/proxy/options.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "harness/unit.h"

#define LINE_MAX_WORDS 12

/* --- the line and the environment ----------------------------------------- */

static const char *const variables[] = {
    "ASSAY_PROXY_LISTEN", "ASSAY_PROXY_CODEX_CONFIG", "ASSAY_PROXY_PCCS"};

#define CODEX "--codex-config", "config.toml"

static const struct {
    const char *env[COUNT_OF(variables)]; /* NULL: not set */
    const char *line[LINE_MAX_WORDS];
    enum daemon_exit code;
    const char *says; /* part of the message; NULL: it is fine */
    const char *listen;
} rows[] = {
    {.line = {CODEX}, .listen = "127.0.0.1:8989"},
    {.env = {"[::1]:1", "config.toml", "intel"}, .listen = "::1:1"},
    {.env = {"[::1]:1"},
     .line = {CODEX, "--listen", "127.0.0.2:2"},
     .listen = "127.0.0.2:2"},
    {.line = {CODEX, "--listen=unix:/run/p"}, .listen = "unix:/run/p"},
    {.line = {CODEX, "--listen", "localhost:0"}, .listen = "localhost:0"},
    {.line = {CODEX, "--listen", "0.0.0.0:1", "--allow-remote", "--token-file",
              "t"},
     .listen = "0.0.0.0:1"},
    /* nothing to serve */
    {.code = DAEMON_USAGE,
     .says = "nothing to serve: --codex-config ~/.codex/config.toml"},
    {.line = {"--verbose"}, .code = DAEMON_USAGE, .says = "nothing to serve"},
    /* not for everybody */
    {.line = {CODEX, "--listen", "0.0.0.0:1"},
     .code = DAEMON_USAGE,
     .says = "--listen: this address is not of this machine alone"},
    {.line = {CODEX, "--listen", "[::]:1"},
     .code = DAEMON_USAGE,
     .says = "--listen: this address is not of this machine alone"},
    {.line = {CODEX, "--listen", "[::ffff:127.0.0.1]:1"},
     .code = DAEMON_USAGE,
     .says = "not of this machine alone"},
    {.line = {CODEX, "--listen", "127.1:1"},
     .code = DAEMON_USAGE,
     .says = "--listen: '127.1:1': not an IPv4 address"},
    {.line = {CODEX, "--listen", "proxy.lan:1", "--token-file", "t"},
     .code = DAEMON_USAGE,
     .says = "not of this machine alone"},
    {.line = {CODEX, "--listen", "0.0.0.0:1", "--allow-remote"},
     .code = DAEMON_USAGE,
     .says = "--allow-remote wants --token-file"},
    {.env = {"10.0.0.1:1", "config.toml"},
     .code = DAEMON_USAGE,
     .says = "not of this machine alone"},
    /* values */
    {.line = {CODEX, "--codex-wire", "v1"}, .listen = "127.0.0.1:8989"},
    {.line = {CODEX, "--codex-wire", "v2,a=v0,b=v1"},
     .listen = "127.0.0.1:8989"},
    {.line = {CODEX, "--codex-wire", "v3"},
     .code = DAEMON_USAGE,
     .says = "--codex-wire: 'v3' is neither v2, v1 or v0"},
    {.line = {CODEX, "--codex-wire", "a="},
     .code = DAEMON_USAGE,
     .says = "--codex-wire: 'a=' is neither"},
    {.line = {CODEX, "--codex-wire", "=v0"},
     .code = DAEMON_USAGE,
     .says = "--codex-wire: '=v0' is neither"},
    {.line = {CODEX, "--allow-host", "proxy.lan,a:8989,[::1]:1"},
     .listen = "127.0.0.1:8989"},
    {.line = {CODEX, "--allow-host", "unix:/a"},
     .code = DAEMON_USAGE,
     .says = "--allow-host: 'unix:/a' is not of the form NAME"},
    {.line = {CODEX, "--allow-host", "a:b"},
     .code = DAEMON_USAGE,
     .says = "--allow-host: 'a:b' is not of the form NAME or NAME:PORT"},
    {.line = {CODEX, "--allow-origin", "https://a,http://b:1"},
     .listen = "127.0.0.1:8989"},
    {.line = {CODEX, "--allow-origin", "https://A"},
     .code = DAEMON_USAGE,
     .says = "--allow-origin: 'https://A' is no origin"},
    {.line = {CODEX, "--allow-origin", "*"},
     .code = DAEMON_USAGE,
     .says = "--allow-origin: '*' is no origin"},
    {.line = {CODEX, "--allow-origin", "https://a, null"},
     .code = DAEMON_USAGE,
     .says = "--allow-origin: any page can have the origin 'null'"},
    {.line = {CODEX, "--upgrade", "off"}, .listen = "127.0.0.1:8989"},
    {.line = {CODEX, "--upgrade", "h2c"},
     .code = DAEMON_USAGE,
     .says = "--upgrade: "},
    {.line = {CODEX, "--resolve", "a:443:127.0.0.1,b:1:[::1]"},
     .listen = "127.0.0.1:8989"},
    {.line = {CODEX, "--resolve", "a:443:b"},
     .code = DAEMON_USAGE,
     .says = "--resolve: 'b' is no IP address"},
    {.line = {CODEX, "--resolve", "a"},
     .code = DAEMON_USAGE,
     .says = "--resolve: 'a' is not of the form HOST:PORT:ADDRESS"},
    {.line = {CODEX, "--http-proxy", "off"}, .listen = "127.0.0.1:8989"},
    {.line = {CODEX, "--http-proxy", ""}, .listen = "127.0.0.1:8989"},
    {.line = {CODEX, "--http-proxy", "http://u:p@proxy:3128"},
     .listen = "127.0.0.1:8989"},
    {.line = {CODEX, "--http-proxy", "socks5://proxy"},
     .code = DAEMON_USAGE,
     .says = "--http-proxy: "},
    {.line = {CODEX, "--http-proxy", "x"},
     .code = DAEMON_USAGE,
     .says = "--http-proxy: it has to begin with http://"},
    {.line = {CODEX, "--http-proxy", "proxy:3128"},
     .code = DAEMON_USAGE,
     .says = "--http-proxy: it has to begin with http://"},
    {.line = {CODEX, "--pccs", "intel,https://pccs.example"},
     .listen = "127.0.0.1:8989"},
    {.line = {CODEX, "--pccs", "pccs.example"},
     .code = DAEMON_USAGE,
     .says = "--pccs: "},
    {.env = {NULL, "config.toml", "ftp://a"},
     .code = DAEMON_USAGE,
     .says = "ASSAY_PROXY_PCCS: --pccs: "},
    {.line = {CODEX, "--warm", "0"}, .listen = "127.0.0.1:8989"},
    {.line = {CODEX, "--warm", "3", "--max-links", "2"},
     .code = DAEMON_USAGE,
     .says = "--warm is more than --max-links"},
    {.line = {CODEX, "--max-translating", "1048576"},
     .listen = "127.0.0.1:8989"},
    {.line = {CODEX, "--max-translating", "0"},
     .code = DAEMON_USAGE,
     .says = "--max-translating"},
    {.line = {CODEX, "--max-links", "0"},
     .code = DAEMON_USAGE,
     .says = "--max-links"},
    {.line = {CODEX, "--workers", "0"},
     .code = DAEMON_USAGE,
     .says = "--workers"},
    {.line = {CODEX, "--keep-alive", "-1"},
     .code = DAEMON_USAGE,
     .says = "--keep-alive"},
    {.line = {CODEX, "--admin", "0.0.0.0:1"},
     .code = DAEMON_USAGE,
     .says = "--admin: '0.0.0.0:1' is not 127.0.0.1"},
    /* a slip of the pen, and no file */
    {.line = {"--codex-confg", "x"},
     .code = DAEMON_USAGE,
     .says = "did you mean '--codex-config'?"},
    {.line = {"--config", "/nowhere/proxy.toml"},
     .code = DAEMON_FAILED,
     .says = "/nowhere/proxy.toml"},
    /* nothing else matters */
    {.line = {"--help"}, .listen = "127.0.0.1:8989"},
    {.line = {"--version"}, .listen = "127.0.0.1:8989"},
};

static void
put_address(const struct assay_address *a, char out[512])
{
    if (a->is_unix) {
        snprintf(out, 512, "unix:%s", a->path);
    } else {
        snprintf(out, 512, "%s:%s", a->host, a->port);
    }
}

static void
check(size_t i)
{
    char *argv[LINE_MAX_WORDS + 2] = {(char *)(uintptr_t)"assay-proxy"};
    char listen[512];
    struct assay_error err;
    struct options o;
    char name[32];
    int argc = 1;
    enum daemon_exit code;

    for (size_t v = 0; v < COUNT_OF(variables); v++) {
        if (rows[i].env[v] != NULL) {
            assert_int_equal(setenv(variables[v], rows[i].env[v], 1), 0);
        } else {
            assert_int_equal(unsetenv(variables[v]), 0);
        }
    }
    for (size_t w = 0; w < LINE_MAX_WORDS && rows[i].line[w] != NULL; w++) {
        argv[argc++] = (char *)(uintptr_t)rows[i].line[w];
    }
    snprintf(name, sizeof(name), "%zu", i);
    code = options_parse(&o, argc, argv, &err);
    CHECK(name, code == rows[i].code);
    if (code != DAEMON_DONE) {
        CHECK(err.msg, strstr(err.msg, rows[i].says) != NULL);
        return;
    }
    put_address(&o.listen, listen);
    assert_string_equal(listen, rows[i].listen);
    options_free(&o);
}

static void
told(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check(i);
    }
    for (size_t v = 0; v < COUNT_OF(variables); v++) {
        assert_int_equal(unsetenv(variables[v]), 0);
    }
}

/* --- our own file --------------------------------------------------------- */

static enum assay_code
take(struct options *o, const char *text, struct assay_error *err)
{
    proxy_settings.defaults(o);
    return settings_take_text(&proxy_settings, &o->given, assay_slice_of(text),
                              "file", err);
}

#define UP                                                                     \
    "[upstreams.a]\n"                                                          \
    "base_url = \"https://a.example/v1/\"\n"

static const char whole[] =
    "listen = \"127.0.0.1:1\"\n"
    "keep-alive = 30\n"
    "allow-host = [\"a.lan\", \"b.lan\"]\n"
    "no-cache = true\n"
    "\n"
    "[upstreams.a]\n"
    "name = \"\xc3\x84 \\\"A\\\" 1\"\n"
    "base_url = \"https://a.example/v1/\"\n"
    "wire_api = \"responses\"\n"
    "policy = \"a.toml\"\n"
    "server_name = \"b.example\"\n"
    "api_key_file = \"a.key\"\n"
    "http_proxy = \"http://proxy:1\"\n"
    "resolve = [\"a.example:443:127.0.0.1\", \"b:1:::1\"]\n"
    "\n"
    "[upstreams.\"b.c\"]\n"
    "base_url = \"https://b.example\"\n"
    "api_key_env = \"KEY\"\n"
    "[upstreams.\"b.c\".policy]\n"
    "type = \"dstack_tdx\"\n"
    "partial = true\n"
    "wires = [\"v1\", \"v2\"]\n"
    "pccs_url = [\"https://p:1/a\", \"\"]\n"
    "compose_file = \"a\\u007f\\\\:\\\"b\"\n"
    "[upstreams.\"b.c\".policy.expected_bootchain]\n"
    "mrtd = \"00000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000\"\n";

static void
check_whole(const struct options *o)
{
    const struct upstream_entry *a = &o->upstreams[0];
    const struct upstream_entry *b = &o->upstreams[1];

    assert_int_equal(o->keep_alive_ms, 30000);
    assert_string_equal(o->allow_host, "a.lan,b.lan");
    assert_true(o->no_cache);
    assert_int_equal(o->upstream_count, 2);
    assert_string_equal(a->name, "a");
    assert_string_equal(a->title, "\xc3\x84 \"A\" 1");
    assert_string_equal(a->base_url, "https://a.example/v1/");
    assert_string_equal(a->wire_api, "responses");
    assert_string_equal(a->policy_file, "a.toml");
    assert_null(a->policy_json);
    assert_string_equal(a->server_name, "b.example");
    assert_string_equal(a->api_key_file, "a.key");
    assert_null(a->api_key_env);
    assert_string_equal(a->http_proxy, "http://proxy:1");
    assert_string_equal(a->resolve, "a.example:443:127.0.0.1,b:1:::1");
    assert_string_equal(b->name, "b.c");
    assert_string_equal(b->api_key_env, "KEY");
    assert_null(b->policy_file);
    assert_non_null(strstr(b->policy_json, "\"dstack_tdx\""));
    assert_null(b->title);
    assert_null(b->http_proxy);
}

/* What it says, written down as a file, says the same. */
static void
own_file(void **state)
{
    struct assay_error err;
    struct assay_buf text;
    struct options o;
    struct options again;

    (void)state;
    assert_int_equal(take(&o, whole, &err), ASSAY_OK);
    check_whole(&o);
    assert_null(options_wrong_together(&o));
    assay_buf_init(&text, OPTIONS_DUMP_MAX_BYTES);
    options_dump(&o, &text);
    assay_buf_add_u8(&text, '\0');
    assert_false(text.failed);
    if (take(&again, (const char *)text.ptr, &err) != ASSAY_OK) {
        fail_msg("%s\n%s", (const char *)text.ptr, err.msg);
    }
    check_whole(&again);
    assert_string_equal(again.upstreams[1].policy_json,
                        o.upstreams[1].policy_json);
    assay_buf_free(&text);
    options_free(&again);
    options_free(&o);
}

static const struct {
    const char *text;
    const char *says; /* the message begins with it */
} bad[] = {
    {"listn = \"a\"\n", "file: line 1: unknown setting 'listn', did you mean "
                        "'listen'?"},
    {"[upstream.a]\n", "file: line 1: unknown setting 'upstream', did you "
                       "mean 'upstreams'?"},
    {"other.a = 1\n", "file: line 1: unknown setting 'other'"},
    {"upstreams = 1\n", "file: line 1: upstreams are tables: [upstreams.NAME]"},
    {"[[upstreams]]\n", "file: line 1: upstreams are tables"},
    {"upstreams.a = 1\n", "file: line 1: an upstream is a table"},
    {"[upstreams.\"a/b\"]\n",
     "file: line 1: upstreams: 'a/b' cannot be part of a path"},
    {"[upstreams.v1]\n",
     "file: line 1: upstreams: 'v1' is a path of the proxy itself"},
    {"[upstreams.a]\n", "file: line 1: upstreams.a: base_url is missing"},
    {UP, "file: line 1: upstreams.a: policy is missing, a file or a table: "
         "without one nothing is proven"},
    {UP "polcy = \"a\"\n", "file: line 3: upstreams.a: unknown member 'polcy', "
                           "did you mean 'policy'?"},
    {UP "use_ratls = true\n",
     "file: line 3: upstreams.a: unknown member 'use_ratls'"},
    {UP "policy = 1\n", "file: line 3: upstreams.a.policy: it takes a text"},
    {UP "policy = \"\"\n", "file: line 3: upstreams.a.policy: it is empty"},
    {UP "policy = [\"a\"]\n",
     "file: line 3: upstreams.a.policy: it takes a text"},
    {UP "[upstreams.a.policy]\ntype = \"tdx\"\nmrdt = \"00\"\n",
     "file: line 5, column 8: policy: unknown member 'mrdt' for this type; the "
     "nearest is mrtd"},
    {UP "[upstreams.a.policy]\ntype = \"tdx\"\nmrtd = \"00\"\n",
     "file: line 5, column 8: policy.mrtd: "},
    {UP "[upstreams.a.policy]\ntype = \"sgx\"\n", "file: line 3, column 1: "},
    {UP "policy = { tee_type = \"Sgx\" }\n",
     "file: line 3, column 23: policy.tee_type: "},
    {UP "policy = { allowed_tdx_status = [\"Up\"] }\n",
     "file: line 3, column 33: policy.allowed_tdx_status: "},
    {"[upstreams.a]\nbase_url = \"http://a\"\n",
     "file: line 2: upstreams.a.base_url: what proves itself is reached by "
     "https://"},
    {"[upstreams.a]\nbase_url = \"https://a?b\"\n",
     "file: line 2: upstreams.a.base_url: requests get their own path"},
    {UP "wire_api = \"realtime\"\n",
     "file: line 3: upstreams.a.wire_api: 'realtime' is neither"},
    {UP "server_name = \"a/b\"\n",
     "file: line 3: upstreams.a.server_name: 'a/b' is neither a DNS name"},
    {UP "server_name = \"a:1\"\n",
     "file: line 3: upstreams.a.server_name: 'a:1' is neither a DNS name"},
    {UP "server_name = \"a..b\"\n",
     "file: line 3: upstreams.a.server_name: 'a..b' is neither"},
    {UP "server_name = \"\"\n", "file: line 3: upstreams.a.server_name: "},
    {UP "http_proxy = \"https://a\"\n",
     "file: line 3: upstreams.a.http_proxy: "},
    {UP "resolve = \"a:1:b\"\n",
     "file: line 3: upstreams.a.resolve: 'b' is no IP address"},
    {UP "resolve = [1]\n", "file: line 3: 'resolve' takes names"},
    {UP "name = 1\n", "file: line 3: upstreams.a.name: it takes a text"},
    {UP "policy = \"a\"\napi_key_file = \"a\"\napi_key_env = \"b\"\n",
     "file: line 1: upstreams.a: api_key_file and api_key_env exclude each "
     "other"},
    {"check = true\n",
     "file: line 1: 'check' can only be said on the command line"},
};

static void
own_file_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct assay_error err;
        struct options o;
        enum assay_code code = take(&o, bad[i].text, &err);

        if (code == ASSAY_OK ||
            strncmp(err.msg, bad[i].says, strlen(bad[i].says)) != 0) {
            fail_msg("%s\n%s: %s", bad[i].text, assay_code_name(code), err.msg);
        }
        options_free(&o);
    }
}

/* As many as there may be, and one more. */
static void
many(void **state)
{
    (void)state;
    for (unsigned extra = 0; extra < 2; extra++) {
        struct assay_error err;
        struct assay_buf text;
        struct options o;

        assay_buf_init(&text, 1u << 20);
        for (unsigned i = 0; i < PROVIDERS_MAX + extra; i++) {
            assay_buf_printf(&text,
                             "[upstreams.a%u]\nbase_url = \"https://a\"\n"
                             "policy = {}\n",
                             i);
        }
        assay_buf_add_u8(&text, '\0');
        assert_int_equal(take(&o, (const char *)text.ptr, &err),
                         extra == 0 ? ASSAY_OK : ASSAY_INVALID);
        assert_true(extra == 0 ||
                    strcmp(err.msg, "file: line 193: more than 64 upstreams") ==
                        0);
        options_free(&o);
        assay_buf_free(&text);
    }
}

/* A policy with a whole app-compose in it is larger than settings are. */
static void
large(void **state)
{
    struct assay_error err;
    struct assay_buf text;
    struct options o;

    (void)state;
    assay_buf_init(&text, 1u << 20);
    assay_buf_add_text(&text, UP "[upstreams.a.policy]\ntype = \"dstack_tdx\"\n"
                                 "partial = true\n"
                                 "app_compose = { docker_compose_file = \"");
    while (text.len < 3 * SETTINGS_FILE_MAX_BYTES) {
        assay_buf_add_text(&text, "services: ");
    }
    assay_buf_add_text(&text, "\" }\n");
    assay_buf_add_u8(&text, '\0');
    if (take(&o, (const char *)text.ptr, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    assert_true(strlen(o.upstreams[0].policy_json) >
                2 * SETTINGS_FILE_MAX_BYTES);
    options_free(&o);
    assay_buf_free(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(told),
        cmocka_unit_test(own_file),
        cmocka_unit_test(own_file_refused),
        cmocka_unit_test(many),
        cmocka_unit_test(large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
