/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_documents.c - every setting of assay-proxy is where people look
 * for it, and so is every member of an upstream.
 */
#include "harness/documents.h"
#include "programs/proxy/help.h"
#include "programs/proxy/options.h"

#define PAGE     "docs/proxy.md"
#define MAN_PAGE "docs/man/assay-proxy.1.scd"

static void
settings(void **state)
{
    char *options = document_part(MAN_PAGE, "# OPTIONS", "# CODEX'S FILE");
    char *table = document_part(PAGE, "| setting |", "--check");
    char *completion = document_part("programs/assay/cmd_completion.c",
                                     "proxy_options[] = {", "};");
    char *fixed = document_part(PAGE, "What only a restart changes",
                                "Everything else can be");
    char *man_fixed = document_part(
        MAN_PAGE, "nothing changes and the log says why", "until a restart");

    (void)state;
    for (size_t i = 0; i < proxy_settings.count; i++) {
        const struct setting *s = &proxy_settings.rows[i];
        bool at_start = (s->kind & AT_START) != 0;

        CHECK(s->name, strlen(s->name) <= 32);
        CHECK(s->name, helps(proxy_help, s->name));
        CHECK(s->name, mentions(options, "*--", s->name));
        CHECK(s->name, mentions(completion, "\"", s->name));
        CHECK(s->name,
              (s->kind & LINE_ONLY) != 0 || mentions(table, "`", s->name));
        CHECK(s->name, at_start == mentions(fixed, "`", s->name));
        CHECK(s->name, at_start == mentions(man_fixed, "*--", s->name));
        CHECK(s->name,
              s->env == NULL || (strncmp(s->env, "ASSAY_PROXY_", 12) == 0 &&
                                 mentions(options, "_", s->env) &&
                                 mentions(table, "`", s->env)));
    }
    free(options);
    free(table);
    free(completion);
    free(fixed);
    free(man_fixed);
}

/* The same of the environment in --help, which has parts of its own. */
static void
variables(void **state)
{
    (void)state;
    for (size_t i = 0; i < proxy_settings.count; i++) {
        const char *env = proxy_settings.rows[i].env;
        bool found = env == NULL;

        for (size_t p = 0; proxy_help[p] != NULL; p++) {
            found = found || strstr(proxy_help[p], env) != NULL;
        }
        CHECK(env, found);
    }
}

static void
upstreams(void **state)
{
    static const char *const members[] = {
        "name",         "base_url",    "wire_api",   "policy", "server_name",
        "api_key_file", "api_key_env", "http_proxy", "resolve"};
    char *man = document_part(MAN_PAGE, "# CONFIGURATION FILE", "# ANSWERS");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        CHECK(members[i], mentions(man, "_", members[i]));
    }
    free(man);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings),
        cmocka_unit_test(variables),
        cmocka_unit_test(upstreams),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
