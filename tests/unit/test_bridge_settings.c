/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_settings.c - what assay-bridge is told, and what it says to that;
 * every row of it is documented.
 */
#include "programs/bridge/options.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/origins.h"
#include "harness/documents.h"
#include "programs/bridge/help.h"

#define LINE_MAX_WORDS 12

static const char *const variables[] = {
    "ATLS_PROXY_LISTEN", "ATLS_PROXY_TARGET", "ATLS_PROXY_ALLOWLIST"};

static const struct {
    const char *env[COUNT_OF(variables)]; /* NULL: not set */
    const char *line[LINE_MAX_WORDS];
    enum daemon_exit code;
    const char *says; /* part of the message; NULL: it is fine */
    const char *listen;
    const char *target;
} rows[] = {
    /* the readme's own quick starts */
    {.env = {"127.0.0.1:9000", NULL,
             "vllm.example.com:443,tee2.example.com:8443"},
     .listen = "127.0.0.1:9000",
     .target = "127.0.0.1:8443"},
    {.env = {"127.0.0.1:9000", NULL,
             "localhost:8443,vllm.concrete-security.com:443"},
     .listen = "127.0.0.1:9000",
     .target = "127.0.0.1:8443"},
    {.env = {"0.0.0.0:9000", NULL, "tee1.example.com:443,tee2.example.com:443"},
     .listen = "0.0.0.0:9000",
     .target = "127.0.0.1:8443"},
    {.env = {NULL, NULL, " a.example , , b.example:1 "},
     .listen = "127.0.0.1:9000",
     .target = "127.0.0.1:8443"},
    {.env = {NULL, "tee.example", "a.example"},
     .listen = "127.0.0.1:9000",
     .target = "tee.example:443"},
    /* the line over the environment */
    {.env = {"127.0.0.1:1", "x:1", "a.example"},
     .line = {"--listen", "[::1]:2", "--target", "[::1]:8443"},
     .listen = "::1:2",
     .target = "[::1]:8443"},
    {.line = {"--allow", "a.example"},
     .listen = "127.0.0.1:9000",
     .target = "127.0.0.1:8443"},
    {.line = {"--allow=a.example", "--listen=unix:/run/bridge"},
     .listen = "unix:/run/bridge",
     .target = "127.0.0.1:8443"},
    /* no allowlist */
    {.code = DAEMON_USAGE, .says = "set ATLS_PROXY_ALLOWLIST or --allow"},
    {.env = {NULL, NULL, ""},
     .code = DAEMON_USAGE,
     .says = "set ATLS_PROXY_ALLOWLIST or --allow"},
    {.env = {NULL, NULL, " , "},
     .code = DAEMON_USAGE,
     .says = "ATLS_PROXY_ALLOWLIST: --allow: it names no target"},
    /* what is wrong */
    {.env = {NULL, NULL, "a.example:https"},
     .code = DAEMON_USAGE,
     .says = "ATLS_PROXY_ALLOWLIST: --allow: 'a.example:https' has no port"},
    {.env = {NULL, "http://a", "a"},
     .code = DAEMON_USAGE,
     .says = "ATLS_PROXY_TARGET: --target: 'http://a' is a URL"},
    {.line = {"--allow", "https://a.example"},
     .code = DAEMON_USAGE,
     .says = "--allow: 'https://a.example' is a URL: write host:port"},
    {.line = {"--allow", "a,*"},
     .code = DAEMON_USAGE,
     .says = "--allow: '*' would be anything: name each target"},
    {.line = {"--allow", "a", "--origins", "app.example"},
     .code = DAEMON_USAGE,
     .says = "--origins: 'app.example' is no origin"},
    {.env = {"9000", NULL, "a"},
     .code = DAEMON_USAGE,
     .says = "ATLS_PROXY_LISTEN: --listen"},
    {.line = {"--allow", "a", "--allow-private", "10.0.0.1/8"},
     .code = DAEMON_USAGE,
     .says = "--allow-private: '10.0.0.1/8'"},
    {.line = {"--allow", "a", "--admin", "0.0.0.0:1"},
     .code = DAEMON_USAGE,
     .says = "--admin: '0.0.0.0:1' is not 127.0.0.1"},
    {.line = {"--allow", "a", "--path", "/a?b"},
     .code = DAEMON_USAGE,
     .says = "--path: '/a?b'"},
    {.line = {"--allow", "a", "--path", "a"},
     .code = DAEMON_USAGE,
     .says = "--path: 'a'"},
    {.line = {"--allow", "a", "--target-proxy-protocol", "v1"},
     .code = DAEMON_USAGE,
     .says = "--target-proxy-protocol"},
    {.line = {"--alow", "a"},
     .code = DAEMON_USAGE,
     .says = "did you mean '--allow'?"},
    {.line = {"--config", "/nowhere/bridge.toml"},
     .code = DAEMON_FAILED,
     .says = "/nowhere/bridge.toml"},
    /* nothing else matters */
    {.line = {"--help"},
     .listen = "127.0.0.1:9000",
     .target = "127.0.0.1:8443"},
};

static void
check(size_t i)
{
    char *argv[LINE_MAX_WORDS + 2] = {(char *)(uintptr_t)"assay-bridge"};
    char target[TARGET_TEXT_BYTES];
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
    snprintf(listen, sizeof(listen), "%s%s%s", o.listen.is_unix ? "unix:" : "",
             o.listen.is_unix ? o.listen.path : o.listen.host,
             o.listen.is_unix ? "" : ":");
    if (!o.listen.is_unix) {
        size_t len = strlen(listen);

        snprintf(listen + len, sizeof(listen) - len, "%s", o.listen.port);
    }
    assert_string_equal(listen, rows[i].listen);
    target_text(&o.target, target);
    assert_string_equal(target, rows[i].target);
    options_free(&o);
}

static void
told(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check(i);
    }
}

/* What no browser would ever say is refused. */
static void
origins(void **state)
{
    static const struct {
        const char *list;
        const char *says; /* NULL: it is fine */
    } lists[] = {
        {"https://app.example", NULL},
        {"https://app.example:8443, http://127.0.0.1:5173", NULL},
        {"http://[::1]:8080", NULL},
        {"http://a:443,https://a:80", NULL},
        {"chrome-extension://abcdefghijklmnop", NULL},
        {"null", NULL},
        {"app.example", "'app.example' is no origin"},
        {"https://app.example/", "'https://app.example/' is no origin"},
        {"https://app.example/page", "is no origin"},
        {"https://App.example", "is no origin"},
        {"HTTPS://app.example", "is no origin"},
        {"https://app.example:443", "no :443"},
        {"http://app.example:80", "is no origin"},
        {"https://a?b", "is no origin"},
        {"https://b\xc3\xbc"
         "cher.example",
         "is no origin"},
        {"https://", "is no origin"},
        {"://a", "is no origin"},
        {"https:a", "is no origin"},
        {"https", "is no origin"},
        {"*", "is no origin"},
        {"https://a, *", "'*' is no origin"},
        {"", "names no origin"},
        {" , ", "names no origin"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        struct assay_error err;
        enum assay_code code = origins_check(lists[i].list, &err);

        CHECK(lists[i].list,
              code == (lists[i].says == NULL ? ASSAY_OK : ASSAY_INVALID));
        CHECK(lists[i].list,
              lists[i].says == NULL || strstr(err.msg, lists[i].says) != NULL);
    }
}

/* --- documents ---------------------------------------------------------- */

static void
documented(void **state)
{
    static const char page[] = "docs/bridge.md";
    static const char man_page[] = "docs/man/assay-bridge.1.scd";
    char *options = document_part(man_page, "# OPTIONS", "# ALLOWLIST");
    char *table = document_part(page, "| setting |", "--check");
    char *completion = document_part("programs/assay/cmd_completion.c",
                                     "bridge_options[] = {", "};");
    char *fixed = document_part(page, "What only a restart changes",
                                "Everything else can be");
    char *man_fixed = document_part(man_page, "Signals within 50 ms are one.",
                                    "stay as they are until a");

    (void)state;
    for (size_t i = 0; i < bridge_settings.count; i++) {
        const struct setting *s = &bridge_settings.rows[i];
        bool at_start = (s->kind & AT_START) != 0;

        CHECK(s->name, strlen(s->name) <= 32);
        CHECK(s->name, helps(bridge_help, s->name));
        CHECK(s->name, mentions(options, "*--", s->name));
        CHECK(s->name, mentions(completion, "\"", s->name));
        CHECK(s->name,
              (s->kind & LINE_ONLY) != 0 || mentions(table, "`", s->name));
        CHECK(s->name, at_start == mentions(fixed, "`", s->name));
        CHECK(s->name, at_start == mentions(man_fixed, "*--", s->name));
        CHECK(s->name, s->env == NULL || (mentions(options, "_", s->env) &&
                                          mentions(table, "`", s->env)));
    }
    free(options);
    free(table);
    free(completion);
    free(fixed);
    free(man_fixed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(told),
        cmocka_unit_test(origins),
        cmocka_unit_test(documented),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
