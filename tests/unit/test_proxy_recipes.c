/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_recipes.c - what a running proxy says of itself, and what becomes
 * of it: variables, pieces of configuration, a table. Nothing of it may steer a
 * shell or a terminal.
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/toml.h"
#include "daemon/settings.h"
#include "programs/proxy/recipes.h"
#include "programs/proxy/running.h"
#include "programs/proxy/status.h"
#include "programs/proxy/subcommand.h"

#include "harness/unit.h"

#define TEXT_MAX (64u * 1024u)

/* --- what a proxy says ---------------------------------------------------- */

#define ONE "[{\"name\": \"tee\", \"url\": \"http://127.0.0.1:1/tee\"}]"

static const struct {
    const char *name;
    const char *text;
    enum assay_code code;
} said[] = {
    {"all",
     "{\"address\": \"127.0.0.1:1\", \"base\": \"http://127.0.0.1:1\", "
     "\"v1\": \"http://127.0.0.1:1/v1\", \"pid\": 7, \"providers\": " ONE "}",
     ASSAY_OK},
    {"no v1",
     "{\"address\": \"127.0.0.1:1\", \"base\": \"b\", \"providers\": " ONE "}",
     ASSAY_OK},
    {"no address", "{\"base\": \"b\", \"providers\": " ONE "}", ASSAY_REPLY},
    {"no base", "{\"address\": \"a\", \"providers\": " ONE "}", ASSAY_REPLY},
    {"no providers", "{\"address\": \"a\", \"base\": \"b\", \"providers\": []}",
     ASSAY_REPLY},
    {"a quote in a URL",
     "{\"address\": \"a\", \"base\": \"http://a'b\", \"providers\": " ONE "}",
     ASSAY_REPLY},
    {"an escaped line break in a name",
     "{\"address\": \"a\", \"base\": \"b\", \"providers\": "
     "[{\"name\": \"a\\nb\", \"url\": \"u\"}]}",
     ASSAY_REPLY},
    {"a shell's expansion",
     "{\"address\": \"a\", \"base\": \"b\", \"providers\": "
     "[{\"name\": \"a\", \"url\": \"http://$(x)\"}]}",
     ASSAY_REPLY},
    {"half of it", "{\"address\": \"127.0.0.1:1\", \"base\"", ASSAY_TRUNCATED},
    {"nothing", "", ASSAY_TRUNCATED},
    {"no object", "[]", ASSAY_REPLY},
};

static void
what_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(said); i++) {
        struct assay_slice text = exact_copy(assay_slice_of(said[i].text));
        struct running r;
        struct assay_error err;

        CHECK(said[i].name,
              running_parse(text, "it", &r, &err) == said[i].code);
        free((void *)(uintptr_t)text.ptr);
        if (said[i].code == ASSAY_OK) {
            CHECK(said[i].name, r.count == 1);
            assert_string_equal(r.providers[0].name, "tee");
            assert_string_equal(r.providers[0].url, "http://127.0.0.1:1/tee");
            assert_string_equal(r.providers[0].wire_api, "");
            assert_ptr_equal(running_find(&r, "tee"), &r.providers[0]);
            assert_null(running_find(&r, "te"));
        }
        running_free(&r);
    }
}

static void
too_many_providers(void **state)
{
    struct assay_buf text;
    struct running r;
    struct assay_error err;

    (void)state;
    for (size_t count = PROVIDERS_MAX; count <= PROVIDERS_MAX + 1; count++) {
        assay_buf_init(&text, TEXT_MAX);
        assay_buf_add_text(&text, "{\"address\": \"a\", \"base\": \"b\", "
                                  "\"providers\": [{}");
        for (size_t i = 1; i < count; i++) {
            assay_buf_add_text(&text, ",{}");
        }
        assay_buf_add_text(&text, "]}");
        assert_int_equal(running_parse(assay_buf_slice(&text), "it", &r, &err),
                         count == PROVIDERS_MAX ? ASSAY_OK : ASSAY_REPLY);
        running_free(&r);
        assay_buf_free(&text);
    }
}

static void
urls(void **state)
{
    static const struct {
        const char *base;
        bool url;
        bool secret;
    } rows[] = {
        {"http://127.0.0.1:8989", true, false},
        {"http://127.0.0.1:8989/0123abcd", true, true},
        {"http://[::1]:8989", true, false},
        {"http+unix:/run/assay.sock", false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct running r = {.base = rows[i].base};

        CHECK(rows[i].base, running_has_url(&r) == rows[i].url);
        CHECK(rows[i].base, running_has_secret(&r) == rows[i].secret);
    }
}

/* --- proxies in between --------------------------------------------------- */

static void
lists_that_spare(void **state)
{
    static const struct {
        const char *list;
        bool spares;
    } rows[] = {
        {"127.0.0.1", true},
        {"*", true},
        {" a.example ,\t127.0.0.1,", true},
        {"a.example 127.0.0.1", true},
        {"", false},
        {",, ,", false},
        {"127.0.0.10", false},
        {"1127.0.0.1", false},
        {"127.0.0", false},
        {"localhost", false},
        {"*.example,127.0.0.1:8989", false},
        {"**", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK(rows[i].list,
              recipe_spares(rows[i].list, "127.0.0.1") == rows[i].spares);
    }
}

/* --- variables ------------------------------------------------------------ */

#define USUAL "127.0.0.1,::1,localhost"
#define OURS  USUAL ",a" /* where the proxy is, besides */

static const struct {
    const char *shell; /* NULL: JSON */
    bool has_key;
    const char *no_proxy;
    const char *text;
} environments[] = {
    {"sh", false, NULL,
     "export OPENAI_BASE_URL='http://a/x'\n"
     "export OPENAI_API_BASE='http://a/x'\n"},
    {"bash", true, NULL,
     "export OPENAI_BASE_URL='http://a/x'\n"
     "export OPENAI_API_BASE='http://a/x'\n"
     "export OPENAI_API_KEY='the-proxy-puts-it-in'\n"},
    {"zsh", false, "",
     "export OPENAI_BASE_URL='http://a/x'\n"
     "export OPENAI_API_BASE='http://a/x'\n"
     "export NO_PROXY='" OURS "'\n"
     "export no_proxy='" OURS "'\n"},
    {"sh", false, "a.example,*.b",
     "export OPENAI_BASE_URL='http://a/x'\n"
     "export OPENAI_API_BASE='http://a/x'\n"
     "export NO_PROXY='a.example,*.b," OURS "'\n"
     "export no_proxy='a.example,*.b," OURS "'\n"},
    {"sh", false, "a," OURS, /* it was done before */
     "export OPENAI_BASE_URL='http://a/x'\n"
     "export OPENAI_API_BASE='http://a/x'\n"
     "export NO_PROXY='a," OURS "'\n"
     "export no_proxy='a," OURS "'\n"},
    {"sh", false, "x" OURS, /* it only looks so */
     "export OPENAI_BASE_URL='http://a/x'\n"
     "export OPENAI_API_BASE='http://a/x'\n"
     "export NO_PROXY='x" OURS "," OURS "'\n"
     "export no_proxy='x" OURS "," OURS "'\n"},
    {"sh", false, "a'; reboot; '",
     "export OPENAI_BASE_URL='http://a/x'\n"
     "export OPENAI_API_BASE='http://a/x'\n"
     "export NO_PROXY='" OURS "'\n"
     "export no_proxy='" OURS "'\n"},
    {"fish", false, NULL,
     "set -gx OPENAI_BASE_URL 'http://a/x'\n"
     "set -gx OPENAI_API_BASE 'http://a/x'\n"},
    {"pwsh", false, NULL,
     "$env:OPENAI_BASE_URL = 'http://a/x'\n"
     "$env:OPENAI_API_BASE = 'http://a/x'\n"},
    {NULL, true, NULL,
     "{\n  \"OPENAI_BASE_URL\": \"http://a/x\",\n"
     "  \"OPENAI_API_BASE\": \"http://a/x\",\n"
     "  \"OPENAI_API_KEY\": \"the-proxy-puts-it-in\"\n}\n"},
};

static void
variables(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(environments); i++) {
        const struct recipe_env e = {"http://a/x", environments[i].has_key,
                                     environments[i].no_proxy};
        enum recipe_shell shell = RECIPE_JSON;
        struct assay_buf text;

        assert_true(environments[i].shell == NULL ||
                    recipe_shell_of(environments[i].shell, &shell));
        assay_buf_init(&text, TEXT_MAX);
        recipe_put_env(&e, shell, &text);
        assay_buf_add_u8(&text, '\0');
        assert_string_equal((const char *)text.ptr, environments[i].text);
        assay_buf_free(&text);
    }
}

/* A URL's host is named where the usual ones are others. */
static void
hosts(void **state)
{
    static const struct {
        const char *url;
        const char *list;
    } rows[] = {
        {"http://127.0.0.1:1/v1", "='" USUAL "'\n"},
        {"http://[::1]:1/v1", "='" USUAL "'\n"},
        {"http://localhost:1/v1", "='" USUAL "'\n"},
        {"http://127.0.0.2:1/v1", "='" USUAL ",127.0.0.2'\n"},
        {"http://proxy.lan/v1", "='" USUAL ",proxy.lan'\n"},
        {"http://[fd00::1]:1/v1", "='" USUAL ",fd00::1'\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct recipe_env e = {rows[i].url, false, ""};
        struct assay_buf text;

        assay_buf_init(&text, TEXT_MAX);
        recipe_put_env(&e, RECIPE_SH, &text);
        assay_buf_add_u8(&text, '\0');
        CHECK(rows[i].url,
              strstr((const char *)text.ptr, rows[i].list) != NULL);
        assay_buf_free(&text);
    }
}

static void
shells(void **state)
{
    enum recipe_shell shell;

    (void)state;
    assert_true(recipe_shell_of("powershell", &shell));
    assert_int_equal(shell, RECIPE_POWERSHELL);
    assert_false(recipe_shell_of("json", &shell));
    assert_false(recipe_shell_of("csh", &shell));
    assert_false(recipe_shell_of("", &shell));
}

/* --- pieces of configuration ---------------------------------------------- */

static const struct assay_json_limits limits = {TEXT_MAX, 16, 1000};

/* The piece of each tool has the URL in it, and none has a placeholder left. */
static void
pieces(void **state)
{
    static const char *const tools[] = {
        "aider",   "codex",       "codex-ratls",   "continue", "curl",
        "litellm", "openai-node", "openai-python", "opencode", "zed"};
    struct assay_buf list;

    (void)state;
    assay_buf_init(&list, TEXT_MAX);
    recipe_put_tools(&list);
    for (size_t i = 0; i < COUNT_OF(tools); i++) {
        struct assay_buf text;

        assay_buf_init(&text, TEXT_MAX);
        CHECK(tools[i],
              recipe_put_config(tools[i], "tee", "http://a:1/tee", &text));
        CHECK(tools[i], assay_slice_find(assay_buf_slice(&text),
                                         "http://a:1/tee") != ASSAY_NO_OFFSET);
        CHECK(tools[i],
              assay_slice_find(assay_buf_slice(&text), "%") == ASSAY_NO_OFFSET);
        CHECK(tools[i], assay_slice_find(assay_buf_slice(&list), tools[i]) !=
                            ASSAY_NO_OFFSET);
        assay_buf_free(&text);
    }
    assert_false(recipe_put_config("emacs", "tee", "http://a", &list));
    assay_buf_free(&list);
}

static void
json_pieces(void **state)
{
    static const char *const tools[] = {"opencode", "zed"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(tools); i++) {
        struct assay_json *json;
        struct assay_error err;
        struct assay_buf text;

        assay_error_clear(&err);
        assay_buf_init(&text, TEXT_MAX);
        assert_true(recipe_put_config(tools[i], "tee", "http://a", &text));
        CHECK(tools[i], assay_json_parse(assay_buf_slice(&text), &limits, "it",
                                         &json, &err) == ASSAY_OK);
        assay_json_free(json);
        assay_buf_free(&text);
    }
}

/* What Codex is to read is TOML, and what the readme wants is there: use_ratls,
 * and a policy. */
static void
codex_piece(void **state)
{
    struct assay_toml *t;
    struct assay_error err;
    struct assay_buf text;
    uint32_t node;

    (void)state;
    assay_error_clear(&err);
    assay_buf_init(&text, TEXT_MAX);
    assert_true(recipe_put_config("codex-ratls", "tee", "http://a", &text));
    assert_int_equal(
        assay_toml_parse(assay_buf_slice(&text), &limits, "it", &t, &err),
        ASSAY_OK);
    node =
        assay_toml_find(t, ASSAY_TOML_ROOT, assay_slice_of("model_providers"));
    node = assay_toml_find(t, node, assay_slice_of("tee"));
    assert_true(assay_toml_boolean(
        t, assay_toml_find(t, node, assay_slice_of("use_ratls"))));
    node = assay_toml_find(t, node, assay_slice_of("ratls_policy"));
    assert_int_equal(assay_toml_count(t, node), 2);
    assay_toml_free(t);
    assay_buf_free(&text);
}

/* --- the table ------------------------------------------------------------ */

#define DOCUMENT(providers)                                                    \
    "{\"now\": \"2026-01-01T00:10:00Z\", \"providers\": [" providers "]}"
#define VERIFIED                                                               \
    "{\"name\": \"tee\", \"state\": \"verified\", "                            \
    "\"verdict\": {\"tcb_status\": \"UpToDate\"}, "                            \
    "\"verdict_at\": \"2026-01-01T00:07:00Z\", \"evidence\": \"00ff\", "       \
    "\"collateral\": {\"expires\": \"2026-01-04T00:10:00Z\"}, "                \
    "\"links\": {\"idle\": 2, \"busy\": 1}, \"last_failure\": null}"
#define REFUSED                                                                \
    "{\"name\": \"bad\", \"state\": \"refused\", \"last_failure\": "           \
    "{\"at\": \"2026-01-01T00:09:30Z\", \"code\": \"c\", \"message\": "        \
    "\"m\\u001b[31m\\u202e\"}}"
#define UNTRIED "{\"name\": \"new\", \"state\": \"untried\"}"

static const struct {
    const char *document;
    enum assay_code code;
    enum status_code status;
    const char *line; /* somewhere in the table */
} tables[] = {
    {DOCUMENT(VERIFIED), ASSAY_OK, STATUS_VERIFIED,
     "\ntee               verified     UpToDate            3 min     3 d       "
     "  2/1        00ff\n"},
    {DOCUMENT(REFUSED), ASSAY_OK, STATUS_REFUSED,
     "\n  last failure, 30 s ago: c  m?[31m???\n"},
    {DOCUMENT(VERIFIED "," UNTRIED), ASSAY_OK, STATUS_UNKNOWN, "\nnew "},
    {DOCUMENT(REFUSED "," UNTRIED), ASSAY_OK, STATUS_REFUSED, "\nnew "},
    {DOCUMENT(UNTRIED "," REFUSED), ASSAY_OK, STATUS_REFUSED, "\nbad "},
    {DOCUMENT(""), ASSAY_REPLY, STATUS_UNKNOWN, NULL},
    {"{\"providers\": [" VERIFIED "]}", ASSAY_REPLY, STATUS_UNKNOWN, NULL},
    {"{}", ASSAY_REPLY, STATUS_UNKNOWN, NULL},
    {"<html>", ASSAY_MALFORMED, STATUS_UNKNOWN, NULL},
};

static void
table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        enum status_code status = STATUS_VERIFIED;
        struct assay_error err;
        struct assay_buf text;

        assay_buf_init(&text, STATUS_TABLE_MAX_BYTES);
        CHECK(tables[i].document,
              status_put_table(assay_slice_of(tables[i].document), &text,
                               &status, &err) == tables[i].code);
        CHECK(tables[i].document, status == tables[i].status);
        if (tables[i].line != NULL &&
            assay_slice_find(assay_buf_slice(&text), tables[i].line) ==
                ASSAY_NO_OFFSET) {
            fail_msg("no line '%s' in\n%.*s", tables[i].line, (int)text.len,
                     (const char *)text.ptr);
        }
        assay_buf_free(&text);
    }
}

/* --- which word is a command ---------------------------------------------- */

static const struct setting rows[] = {
    {"codex-config", 0, VALUE, NULL, NULL},
    {"listen", 'l', VALUE, NULL, NULL},
    {"log", 0, VALUE, NULL, NULL},
    {"verbose", 'v', FLAG, NULL, NULL},
};
static const struct settings settings = {.rows = rows, .count = 4};

static const struct {
    const char *words[8];
    int at; /* -1: none */
} commands[] = {
    {{"p"}, -1},
    {{"p", "codex"}, 1},
    {{"p", "-v", "codex", "-v"}, 2},
    {{"p", "--codex-config", "codex", "codex"}, 3},
    {{"p", "--codex-config=codex", "codex"}, 2},
    {{"p", "--codex", "x", "codex"}, 3},
    {{"p", "--lo", "x", "codex"}, 3},
    {{"p", "--l", "codex"}, 2}, /* may be two: getopt_long() refuses it */
    {{"p", "--unknown", "codex"}, 2},
    {{"p", "-l", "x", "codex"}, 3},
    {{"p", "-lx", "codex"}, 2},
    {{"p", "-vl", "x", "codex"}, 3},
    {{"p", "--listen", "x"}, -1},
    {{"p", "--listen"}, -1},
    {{"p", "--print-config", "codex"}, 1},
    {{"p", "-v", "--print-config=codex"}, 2},
};

static void
which_word(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        int argc = 0;

        while (commands[i].words[argc] != NULL) {
            argc++;
        }
        assert_int_equal(
            subcommand_find(&settings, argc,
                            (char *const *)(uintptr_t)commands[i].words),
            commands[i].at < 0 ? argc : commands[i].at);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said), cmocka_unit_test(too_many_providers),
        cmocka_unit_test(urls),         cmocka_unit_test(lists_that_spare),
        cmocka_unit_test(variables),    cmocka_unit_test(hosts),
        cmocka_unit_test(shells),       cmocka_unit_test(pieces),
        cmocka_unit_test(json_pieces),  cmocka_unit_test(codex_piece),
        cmocka_unit_test(table),        cmocka_unit_test(which_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
