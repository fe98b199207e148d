/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_documents.c - every setting of assay-proxy is where people look
 * for it, and so is every member of an upstream, and every error.
 */
#include "harness/documents.h"
#include "programs/proxy/failure.h"
#include "programs/proxy/help.h"
#include "programs/proxy/options.h"
#include "programs/proxy/refusal.h"

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

/* --- errors ------------------------------------------------------------- */

/* "|  503\n:< a, b\n:< why": is this code in a row of this status? */
static bool
answers(const char *man, unsigned status, const char *code)
{
    char row[16];

    snprintf(row, sizeof(row), "|  %u\n:< ", status);
    for (const char *p = strstr(man, row); p != NULL; p = strstr(p + 1, row)) {
        const char *first = p + strlen(row);
        char codes[256];

        snprintf(codes, sizeof(codes), " %.*s,", (int)strcspn(first, "\n"),
                 first);
        if (mentions(codes, " ", code)) {
            return true;
        }
    }
    return false;
}

static void
refusals(void **state)
{
    char *man = document_part(MAN_PAGE, "# ANSWERS", "# PAGES");

    (void)state;
    for (int r = REFUSAL_NONE + 1; r < (int)REFUSALS; r++) {
        const struct refusal_row *row = refusal_row((enum refusal)r);

        CHECK(row->code, answers(man, row->status, row->code));
    }
    free(man);
}

/* Of sessions that came to no verdict, for whatever reason and wherever. */
static void
failures(void **state)
{
#define X(code, name, text, hint) code,
    static const enum assay_code codes[] = {ASSAY_CODES(X)};
#undef X
    char *man = document_part(MAN_PAGE, "# ANSWERS", "# PAGES");
    char *refused =
        document_part(MAN_PAGE, "The 403 of attestation", "# PAGES");

    (void)state;
    for (size_t i = 1; i < 2 * 2 * COUNT_OF(codes) * ASSAY_PHASE_COUNT; i++) {
        size_t phase = i / (2 * 2 * COUNT_OF(codes));
        struct assay_error why = {.code = codes[i / 4 % COUNT_OF(codes)]};
        struct failure f;

        snprintf(why.msg, sizeof(why.msg), "%s",
                 i % 4 > 1 ? "certificate" : "anything");
        if (why.code == ASSAY_OK) {
            continue;
        }
        failure_of_session(&f, &why, i % 2 == 1,
                           (enum assay_attested_phase)phase, NULL, 0);
        CHECK(f.code, f.kind == FAILURE_REFUSED
                          ? mentions(refused, "_", f.code)
                          : answers(man, failure_status(f.kind), f.code));
    }
    free(man);
    free(refused);
}

/* Of verdicts; the table is where it is used alone. */
static void
checks(void **state)
{
    char *table =
        document_part("programs/proxy/failure.c", "} codes[] = {", "};");
    char *refused =
        document_part(MAN_PAGE, "The 403 of attestation", "# PAGES");
    size_t count = 0;
    char code[FAILURE_CODE_MAX_BYTES];

    (void)state;
    for (const char *p = strstr(table, ", \""); p != NULL;
         p = strstr(p + 1, ", \"")) {
        snprintf(code, sizeof(code), "%.*s", (int)strcspn(p + 3, "\""), p + 3);
        CHECK(code, mentions(refused, "_", code));
        count++;
    }
    assert_true(count > 60);
    free(table);
    free(refused);
}

/* Of requests that had a connection, or should have had one. */
static void
calls(void **state)
{
    static const struct {
        enum failure_kind kind;
        const char *code;
    } rows[] = {
        {FAILURE_OUTAGE, "upstream_closed"},
        {FAILURE_OUTAGE, "upstream_busy"},
        {FAILURE_OUTAGE, "settings_changed"},
        {FAILURE_OUTAGE, "out_of_memory"},
        {FAILURE_TIMEOUT, "upstream_timeout"},
        {FAILURE_REPLY, "upstream_truncated"},
        {FAILURE_REPLY, "upstream_response_invalid"},
    };
    char *man = document_part(MAN_PAGE, "# ANSWERS", "# PAGES");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK(rows[i].code,
              answers(man, failure_status(rows[i].kind), rows[i].code));
    }
    free(man);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings),  cmocka_unit_test(variables),
        cmocka_unit_test(upstreams), cmocka_unit_test(refusals),
        cmocka_unit_test(failures),  cmocka_unit_test(checks),
        cmocka_unit_test(calls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
