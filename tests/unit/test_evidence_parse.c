/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_evidence_parse.c - bundles are read as they were written, and everything
 * else is refused by the name of the member.
 */
#include "assay/compose.h"
#include "harness/json_edit.h"
#include "harness/stored_test.h"

/* --- reading and writing -------------------------------------------------- */

static void
check_view(const struct assay_evidence_view *a,
           const struct assay_evidence_view *b)
{
    assert_true(assay_slice_equal(assay_quote_view(a->quote)->raw,
                                  assay_quote_view(b->quote)->raw));
    assert_int_equal(assay_eventlog_count(a->event_log),
                     assay_eventlog_count(b->event_log));
    assert_true(assay_slice_equal(a->app_compose, b->app_compose));
    assert_true(assay_slice_equal(a->vm_config, b->vm_config));
    assert_int_equal(a->wire, b->wire);
    assert_int_equal(a->nonce_len, b->nonce_len);
    assert_memory_equal(a->nonce, b->nonce, sizeof(a->nonce));
    assert_memory_equal(a->exporter, b->exporter, sizeof(a->exporter));
    assert_true(assay_slice_equal(a->certificate, b->certificate));
    assert_string_equal(a->server_name, b->server_name);
    assert_int_equal(a->time_s, b->time_s);
    assert_true(assay_slice_equal(a->policy, b->policy));
    assert_int_equal(a->policy_is_toml, b->policy_is_toml);
    assert_true(assay_slice_equal(a->compose_file, b->compose_file));
    assert_memory_equal(a->root_sha256, b->root_sha256, 32);
    assert_int_equal(a->trusted, b->trusted);
    assert_true(assay_slice_equal(a->summary, b->summary));
}

static void
test_round_trip(void **state)
{
    struct assay_evidence_view view = good.view;
    struct assay_evidence *e;
    struct assay_buf first;
    struct assay_buf again;
    struct assay_error err;

    (void)state;
    assert_true(view.app_compose.len > 0 && view.vm_config.len > 0 &&
                view.event_log != NULL && view.trusted);
    view.policy_is_toml = true; /* whatever a bundle can hold */
    view.compose_file = assay_slice_of("services: {}\n\x01\xff");
    assay_buf_init(&first, ASSAY_EVIDENCE_MAX_BYTES);
    assay_buf_init(&again, ASSAY_EVIDENCE_MAX_BYTES);
    assert_int_equal(assay_evidence_write(&view, &first, &err), ASSAY_OK);
    e = stored_parse(assay_buf_slice(&first));
    check_view(&view, assay_evidence_view(e));
    assert_int_equal(assay_evidence_write(assay_evidence_view(e), &again, &err),
                     ASSAY_OK);
    assert_true(
        assay_slice_equal(assay_buf_slice(&first), assay_buf_slice(&again)));
    assay_evidence_free(e);
    assay_buf_free(&first);
    assay_buf_free(&again);
}

static void
test_truncations(void **state)
{
    struct assay_slice text = stored_text(&good);
    size_t end = text.len - 2; /* "}\n" */

    (void)state;
    for (size_t n = 0; n <= end; n += n < 300 || n > end - 300 ? 1 : 977) {
        struct assay_slice cut = exact_copy((struct assay_slice){text.ptr, n});
        struct assay_evidence *e = NULL;
        struct assay_error err;

        assert_int_not_equal(
            assay_evidence_parse(good.platform.ctx, cut, &e, &err), ASSAY_OK);
        assert_null(e);
        assert_int_equal(err.code, ASSAY_TRUNCATED);
        free((void *)cut.ptr);
    }
}

/* --- what is refused as no bundle ----------------------------------------- */

/* Every member, and whether it must be there. */
static const struct {
    const char *path;
    bool required;
} members[] = {
    {"format", true},
    {"quote", true},
    {"event_log", false},
    {"app_compose", false},
    {"vm_config", false},
    {"collateral", true},
    {"collateral.tcb_info", true},
    {"collateral.tcb_info_issuer_chain", true},
    {"collateral.qe_identity", true},
    {"collateral.qe_identity_issuer_chain", true},
    {"collateral.pck_crl", true},
    {"collateral.root_ca_crl", true},
    {"session", true},
    {"session.wire", true},
    {"session.nonce", true},
    {"session.exporter", true},
    {"session.certificate", true},
    {"claims", true},
    {"claims.server_name", true},
    {"claims.time", true},
    {"claims.policy", true},
    {"claims.policy.form", true},
    {"claims.policy.text", true},
    {"claims.root_sha256", true},
    {"claims.verdict", true},
    {"claims.verdict.trusted", true},
    {"claims.verdict.summary", true},
};

static const struct assay_json_limits walk_limits = {ASSAY_EVIDENCE_MAX_BYTES,
                                                     32, 1u << 20};

/* The name of the member at a path. */
static uint32_t
find_name(const struct assay_json *j, const char *path)
{
    uint32_t node = ASSAY_JSON_ROOT;

    for (;;) {
        size_t n = strcspn(path, ".");
        uint32_t c = assay_json_first(j, node);
        struct assay_slice want = {(const uint8_t *)path, n};

        while (c != ASSAY_JSON_NONE &&
               !assay_slice_equal(assay_json_string(j, c), want)) {
            c = assay_json_next(j, c);
        }
        if (c == ASSAY_JSON_NONE) {
            fail_msg("the bundle has no %s", path);
        }
        if (path[n] == '\0') {
            return c;
        }
        node = assay_json_value(j, c);
        path += n + 1;
    }
}

enum change { REMOVE, TO_NULL, TO_NUMBER, TO_STRING, TO_ARRAY, TWICE };

/* The good bundle with this member changed; empty if it would be the same. */
static struct assay_buf
changed(const struct assay_json *j, const char *path, enum change how)
{
    static const char *const puts[] = {
        [REMOVE] = "",        [TO_NULL] = "null",    [TO_NUMBER] = "7",
        [TO_STRING] = "\"\"", [TO_ARRAY] = "[null]", [TWICE] = "",
    };
    struct assay_slice text = stored_text(&good);
    uint32_t name = find_name(j, path);
    struct assay_slice span = assay_json_span(j, assay_json_value(j, name));
    size_t at = assay_json_offset(j, name);
    size_t value = (size_t)(span.ptr - text.ptr);
    size_t end = value + span.len;
    struct assay_buf piece;
    struct assay_buf b;

    assay_buf_init(&piece, JSON_EDIT_MAX);
    if (how == TWICE) {
        assay_buf_add(&piece, (struct assay_slice){text.ptr + at, end - at});
        assay_buf_add_u8(&piece, ',');
        assay_buf_add_u8(&piece, 0);
        b = splice(text, at, 0, (const char *)piece.ptr);
        assay_buf_free(&piece);
        return b;
    }
    if (how != REMOVE) {
        return splice(text, value, span.len, puts[how]);
    }
    if (text.ptr[end] == ',') {
        end++;
    } else {
        while (text.ptr[at] != ',') {
            at--;
        }
    }
    return splice(text, at, end - at, "");
}

static void
test_members(void **state)
{
    static const char *const hows[] = {
        "removed", "null", "a number", "an empty string", "an array", "twice"};
    struct assay_json *j = NULL;
    struct assay_error err;

    (void)state;
    assay_error_clear(&err);
    assert_int_equal(
        assay_json_parse(stored_text(&good), &walk_limits, "", &j, &err),
        ASSAY_OK);
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        for (enum change how = REMOVE; how <= TWICE; how++) {
            struct assay_buf b = changed(j, members[i].path, how);
            struct assay_evidence *e = NULL;
            const char *last = strrchr(members[i].path, '.');
            enum assay_code code = assay_evidence_parse(
                good.platform.ctx, assay_buf_slice(&b), &e, &err);
            bool is_text =
                strcmp(members[i].path, "app_compose") == 0 ||
                strcmp(members[i].path, "vm_config") == 0 ||
                strcmp(members[i].path, "claims.verdict.summary") == 0;
            bool fine = (how == REMOVE && !members[i].required) ||
                        (how == TO_STRING && is_text);

            last = last != NULL ? last + 1 : members[i].path;
            if ((code == ASSAY_OK) != fine ||
                (!fine && strstr(err.msg, last) == NULL)) {
                fail_msg("%s %s: %s \"%s\"", members[i].path, hows[how],
                         assay_code_name(code), err.msg);
            }
            assay_evidence_free(e);
            assay_buf_free(&b);
        }
    }
    assay_json_free(j);
}

static enum assay_code
parse_only(struct assay_slice text, struct assay_error *err)
{
    struct assay_evidence *e = NULL;
    enum assay_code code =
        assay_evidence_parse(good.platform.ctx, text, &e, err);

    assay_evidence_free(e);
    return code;
}

static void
test_refused(void **state)
{
    static const struct json_row rows[] = {
        {"another version", "evidence/1", "evidence/2", ASSAY_UNSUPPORTED,
         "evidence: format: not assay-evidence/1", "\"format\": "},
        {"an unknown member", "\"quote\"", "\"quota\"", ASSAY_INVALID,
         "evidence: unknown member quota", "evidence/1\",\n  "},
        {"an unknown member of the session", "\"wire\"", "\"wired\"",
         ASSAY_INVALID, "evidence: unknown member session.wired",
         "\"session\": {\n    "},
        {"an unknown member of the collateral", "\"pck_crl\"", "\"trusted\"",
         ASSAY_INVALID, "evidence: unknown member collateral.trusted", NULL},
        {"collateral that nobody judges", "\"pck_crl\"",
         "\"pck_crl_issuer_chain\":\"\",\"pck_crl\"", ASSAY_INVALID,
         "evidence: unknown member collateral.pck_crl_issuer_chain", NULL},
        {"a time before all", "\"time\": \"20", "\"time\": \"19", ASSAY_INVALID,
         "evidence: claims.time: before 1970", "\"time\": "},
        {"an extension", "\"quote\"", "\"x-y\":[{}],\"quote\"", ASSAY_OK, "",
         NULL},
        {"an extension of the claims", "\"server_name\"",
         "\"x-ticket\":7,\"server_name\"", ASSAY_OK, "", NULL},
        {"an extension of an event", "\"imr\"", "\"x-y\":{},\"imr\"", ASSAY_OK,
         "", NULL},
        {"an unknown member of an event", "\"imr\"", "\"note\":0,\"imr\"",
         ASSAY_INVALID, "evidence: unknown member event_log[0].note", NULL},
        {"as deep as can be", "\"quote\"", "\"x-y\":[[[[[[[]]]]]]],\"quote\"",
         ASSAY_OK, "", NULL},
        {"too deep", "\"quote\"", "\"x-y\":[[[[[[[[]]]]]]]],\"quote\"",
         ASSAY_TOO_LARGE, "evidence: JSON has more than 8 levels", NULL},
        {"collateral as deep as can be", "\"pck_crl\"",
         "\"x-y\":[[[]]],\"pck_crl\"", ASSAY_OK, "", NULL},
        {"collateral that is too deep", "\"pck_crl\"",
         "\"x-y\":[[[[]]]],\"pck_crl\"", ASSAY_TOO_LARGE,
         "evidence: collateral: collateral: JSON has more than 4 levels", NULL},
        {"no name of an extension", "\"quote\"", "\"x-\":1,\"quote\"",
         ASSAY_INVALID, "evidence: unknown member x-", "evidence/1\",\n  "},
        {"an unknown wire", "\"v2\"", "\"v3\"", ASSAY_INVALID,
         "evidence: session.wire: not v2, v1 or v0", "\"wire\": "},
        {"a nonce of another wire", "\"v2\"", "\"v1\"", ASSAY_INVALID,
         "evidence: session.nonce: hex: need 64 bytes", NULL},
        {"a nonce that is no hex", "\"nonce\": \"00", "\"nonce\": \"0g",
         ASSAY_MALFORMED, "evidence: session.nonce: hex: 'g'", NULL},
        {"an odd certificate", "\"certificate\": \"", "\"certificate\": \"0",
         ASSAY_MALFORMED, "evidence: session.certificate: an odd number",
         "\"certificate\": "},
        {"a name that is none", "\"tee.example.com\"", "\"tee example\"",
         ASSAY_INVALID, "evidence: claims.server_name: no DNS name",
         "\"server_name\": "},
        {"a time that is none", "Z\",\n    \"policy\"", "\",\n    \"policy\"",
         ASSAY_MALFORMED, "evidence: claims.time: ", NULL},
        {"an unknown form", "\"form\": \"json\"", "\"form\": \"yaml\"",
         ASSAY_INVALID, "evidence: claims.policy.form: not json or toml",
         "\"form\": "},
        {"a short hash", "\"root_sha256\": \"", "\"root_sha256\": \"00",
         ASSAY_INVALID, "evidence: claims.root_sha256: hex: need 32 bytes",
         NULL},
        {"a quote that is none", "\"quote\": \"04", "\"quote\": \"09",
         ASSAY_UNSUPPORTED, "evidence: quote: ", NULL},
        {"an event that is none", "\"imr\":0", "\"imr\":-1", ASSAY_MALFORMED,
         "evidence: event_log: event log: entry 0: imr", NULL},
        {"collateral that is none", "\"pck_crl\": \"30", "\"pck_crl\": \"40",
         ASSAY_MALFORMED, "evidence: collateral: pck_crl", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_buf b = edit_text(rows[i].name, stored_text(&good),
                                       rows[i].find, rows[i].put);
        struct json_row row = rows[i];

        if (row.code != ASSAY_OK && row.at == NULL) { /* it has one or not */
            struct assay_error err;

            CHECK(row.name, parse_only(assay_buf_slice(&b), &err) == row.code);
            CHECK(row.name, strncmp(err.msg, row.msg, strlen(row.msg)) == 0);
        } else {
            json_row_check(&row, assay_buf_slice(&b), parse_only);
        }
        assay_buf_free(&b);
    }
}

/* Numbers that nobody reads are counted all the same. */
static void
test_counts(void **state)
{
    static const struct {
        const char *before;
        size_t fit;
        size_t many;
        const char *says;
    } rows[] = {
        {"\"quote\":", 250000, 262144,
         "evidence: JSON has more than 262144 values and names"},
        {"\"pck_crl\":", 1000, 1024,
         "evidence: collateral: collateral: JSON has more than 1024 values"},
    };

    (void)state;
    for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
        const char *before = rows[i / 2].before;
        bool fits = i % 2 == 0;
        struct assay_buf put;
        struct assay_buf b;
        struct assay_error err;
        enum assay_code code;

        assay_buf_init(&put, JSON_EDIT_MAX);
        assay_buf_add_text(&put, "\"x-y\":[0");
        for (size_t n = fits ? rows[i / 2].fit : rows[i / 2].many; n > 1; n--) {
            assay_buf_add_text(&put, ",0");
        }
        assay_buf_add_text(&put, "],");
        assay_buf_add_text(&put, before);
        assay_buf_add_u8(&put, 0);
        b = edit_text(before, stored_text(&good), before,
                      (const char *)put.ptr);
        code = parse_only(assay_buf_slice(&b), &err);
        CHECK(before, code == (fits ? ASSAY_OK : ASSAY_TOO_LARGE));
        CHECK(before, fits || strncmp(err.msg, rows[i / 2].says,
                                      strlen(rows[i / 2].says)) == 0);
        assay_buf_free(&b);
        assay_buf_free(&put);
    }
}

/* A string one octet above what the member may have, and one of that size. */
static void
test_sizes(void **state)
{
    static const struct {
        const char *path;
        const char *unit; /* one octet of the value, as it is spelled */
        size_t max;
        bool fits; /* one of that size is a good one */
    } rows[] = {
        {"quote", "00", ASSAY_QUOTE_MAX_BYTES, false},
        {"app_compose", "a", ASSAY_EVIDENCE_TEXT_MAX_BYTES, true},
        {"vm_config", "a", ASSAY_EVIDENCE_TEXT_MAX_BYTES, true},
        {"session.certificate", "00", 64u * 1024, true},
        {"claims.server_name", "a", ASSAY_SERVER_NAME_MAX_BYTES, false},
        {"claims.policy.text", "a", ASSAY_POLICY_MAX_BYTES, true},
        {"claims.verdict.summary", "a", ASSAY_EVIDENCE_SUMMARY_MAX_BYTES, true},
    };
    struct assay_json *j = NULL;
    struct assay_error err;

    (void)state;
    assay_error_clear(&err);
    assert_int_equal(
        assay_json_parse(stored_text(&good), &walk_limits, "", &j, &err),
        ASSAY_OK);
    for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
        const char *path = rows[i / 2].path;
        size_t count = rows[i / 2].max + i % 2;
        struct assay_slice span =
            assay_json_span(j, assay_json_value(j, find_name(j, path)));
        struct assay_buf value;
        struct assay_buf b;
        enum assay_code code;

        assay_buf_init(&value, JSON_EDIT_MAX);
        assay_buf_add_u8(&value, '"');
        for (size_t k = 0; k < count; k++) {
            assay_buf_add_text(&value, rows[i / 2].unit);
        }
        assay_buf_add_text(&value, "\"");
        assay_buf_add_u8(&value, 0);
        b = splice(stored_text(&good),
                   (size_t)(span.ptr - stored_text(&good).ptr), span.len,
                   (const char *)value.ptr);
        code = parse_only(assay_buf_slice(&b), &err);
        if (i % 2 == 1) {
            CHECK(path, code == ASSAY_TOO_LARGE && strstr(err.msg, path));
        } else {
            CHECK(path, code != ASSAY_TOO_LARGE);
            CHECK(path, !rows[i / 2].fits || code == ASSAY_OK);
        }
        assay_buf_free(&value);
        assay_buf_free(&b);
    }
    assay_json_free(j);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_truncations),
        cmocka_unit_test(test_members),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_counts),     cmocka_unit_test(test_sizes),
    };

    return cmocka_run_group_tests(tests, stored_setup, stored_teardown);
}
