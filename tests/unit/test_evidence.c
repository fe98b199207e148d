/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_evidence.c - bundles: what is written is read again, every change is
 * found and named or is listed as a claim, and nobody's word but the
 * verifier's makes a verdict trusted.
 */
#include "assay/compose.h"
#include "harness/json_edit.h"
#include "harness/stored.h"
#include "harness/unit.h"

static struct stored good; /* with a certificate event */
static struct assay_verifier *verifier;

static int
setup(void **state)
{
    struct assay_error err;

    (void)state;
    stored_make(&good, true);
    assert_int_equal(assay_verifier_new(good.platform.ctx, 8, &verifier, &err),
                     ASSAY_OK);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    assay_verifier_free(verifier);
    stored_free(&good);
    return 0;
}

static struct assay_slice
text_of(const struct stored *s)
{
    return assay_buf_slice(&s->text);
}

static struct assay_evidence *
parse(struct assay_slice text)
{
    struct assay_evidence *e = NULL;
    struct assay_error err;

    if (assay_evidence_parse(good.platform.ctx, text, &e, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return e;
}

static struct assay_evidence_options
options(void)
{
    return (struct assay_evidence_options){
        .root = good.platform.root,
        .policy = good.policy,
    };
}

static struct assay_verdict *
verify(const struct assay_evidence *e, const struct assay_evidence_options *o)
{
    struct assay_verdict *v = NULL;
    struct assay_error err;

    if (assay_evidence_verify(verifier, e, o, &v, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return v;
}

static const char *
detail_of(const struct assay_verdict *v, const char *name)
{
    for (size_t i = 0; i < assay_verdict_check_count(v); i++) {
        struct assay_check c = assay_verdict_check(v, i);

        if (strcmp(c.name, name) == 0) {
            return c.detail;
        }
    }
    fail_msg("the verdict has no row %s", name);
    return "";
}

static bool
is_claim(const struct assay_evidence *e, const struct assay_verdict *v,
         const struct assay_evidence_options *o, const char *member)
{
    struct assay_evidence_claim claims[ASSAY_EVIDENCE_CLAIMS_MAX];
    size_t count = assay_evidence_claims(e, o, v, claims);
    bool found = false;

    assert_true(count <= ASSAY_EVIDENCE_CLAIMS_MAX);
    for (size_t i = 0; i < count; i++) {
        assert_true(claims[i].why[0] != '\0');
        found = found || strcmp(claims[i].member, member) == 0;
    }
    return found;
}

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
    e = parse(assay_buf_slice(&first));
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
    struct assay_slice text = text_of(&good);
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

static void
test_unwritten(void **state)
{
    static uint8_t large[ASSAY_EVIDENCE_TEXT_MAX_BYTES + 1];
    const struct assay_slice above[] = {
        {large, sizeof(large)},
        {large, ASSAY_POLICY_MAX_BYTES + 1},
        {large, ASSAY_COMPOSE_MAX_BYTES + 1},
        {large, 64u * 1024 + 1},
        {large, ASSAY_EVIDENCE_SUMMARY_MAX_BYTES + 1},
    };
    struct {
        const char *member;
        struct assay_evidence_view view;
    } rows[] = {
        {"quote", good.view},
        {"collateral", good.view},
        {"session.nonce", good.view},
        {"session.certificate", good.view},
        {"session.certificate", good.view},
        {"claims.server_name", good.view},
        {"claims.server_name", good.view},
        {"claims.policy ", good.view},
        {"claims.policy ", good.view},
        {"claims.policy.compose_file", good.view},
        {"app_compose", good.view},
        {"vm_config", good.view},
        {"claims.verdict.summary", good.view},
        {"session.wire", good.view},
    };

    (void)state;
    rows[0].view.quote = NULL;
    rows[1].view.collateral = NULL;
    rows[2].view.nonce_len = 64;
    rows[3].view.certificate = ASSAY_EMPTY;
    rows[4].view.certificate = above[3];
    rows[5].view.server_name = NULL;
    rows[6].view.server_name = "a b";
    rows[7].view.policy = ASSAY_EMPTY;
    rows[8].view.policy = above[1];
    rows[9].view.compose_file = above[2];
    rows[10].view.app_compose = above[0];
    rows[11].view.vm_config = above[0];
    rows[12].view.summary = above[4];
    rows[13].view.wire = ASSAY_WIRE_COUNT;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_buf out;
        struct assay_error err;
        char want[64];

        (void)snprintf(want, sizeof(want), "evidence: %s", rows[i].member);
        assay_buf_init(&out, ASSAY_EVIDENCE_MAX_BYTES);
        CHECK(rows[i].member,
              assay_evidence_write(&rows[i].view, &out, &err) == ASSAY_INVALID);
        CHECK(rows[i].member, strncmp(err.msg, want, strlen(want)) == 0);
        CHECK(rows[i].member, out.len == 0);
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
    struct assay_slice text = text_of(&good);
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
        assay_json_parse(text_of(&good), &walk_limits, "", &j, &err), ASSAY_OK);
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
        struct assay_buf b =
            edit_text(rows[i].name, text_of(&good), rows[i].find, rows[i].put);
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
        assay_json_parse(text_of(&good), &walk_limits, "", &j, &err), ASSAY_OK);
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
        b = splice(text_of(&good), (size_t)(span.ptr - text_of(&good).ptr),
                   span.len, (const char *)value.ptr);
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

/* --- judging ---------------------------------------------------------------
 */

static void
test_good(void **state)
{
    static const char *const left[] = {
        "claims.time",        "claims.server_name", "claims.policy",
        "claims.root_sha256", "claims.verdict",     "event_log",
        "vm_config",
    };
    struct assay_evidence_claim claims[ASSAY_EVIDENCE_CLAIMS_MAX];
    struct assay_evidence_options o = options();
    struct assay_evidence *e = parse(text_of(&good));
    struct assay_verdict *v = verify(e, &o);

    (void)state;
    assert_true(assay_verdict_trusted(v));
    assert_string_equal(detail_of(v, "report_data"),
                        "consistent; only the two ends can know");
    assert_int_equal(assay_verdict_facts(v).verified_at_s, MINT_NOW_S);
    assert_int_equal(assay_evidence_claims(e, &o, v, claims), COUNT_OF(left));
    for (size_t i = 0; i < COUNT_OF(left); i++) {
        assert_string_equal(claims[i].member, left[i]);
    }
    assay_verdict_free(v);
    assay_evidence_free(e);
}

/* The verifier's own time is used, also where nothing is in date then. */
static void
test_own_time(void **state)
{
    struct assay_evidence_options o = options();
    struct assay_evidence *e = parse(text_of(&good));
    struct assay_verdict *v;

    (void)state;
    o.has_time = true;
    o.now_s = MINT_NOW_S + 60;
    v = verify(e, &o);
    assert_true(assay_verdict_trusted(v));
    assert_int_equal(assay_verdict_facts(v).verified_at_s, MINT_NOW_S + 60);
    assay_verdict_free(v);
    o.now_s = MINT_NOW_S + INT64_C(400) * 86400;
    v = verify(e, &o);
    assert_false(assay_verdict_trusted(v));
    assay_verdict_free(v);
    assay_evidence_free(e);
}

/* Of two bundles of collateral one is judged: the other proves nothing. */
static void
test_own_collateral(void **state)
{
    struct assay_evidence_options o = options();
    struct assay_buf b = edit_text("chain", text_of(&good), "\"pck_crl\":",
                                   "\"pck_certificate_chain\":\"x\","
                                   "\"pck_crl\":");
    struct assay_evidence *e = parse(assay_buf_slice(&b));
    struct assay_verdict *v = verify(e, &o);

    (void)state;
    assert_false(is_claim(e, v, &o, "collateral"));
    assay_verdict_free(v);
    o.collateral = good.platform.collateral;
    v = verify(e, &o);
    assert_true(assay_verdict_trusted(v));
    assert_true(is_claim(e, v, &o, "collateral"));
    assert_false(is_claim(e, v, &o, "collateral.pck_certificate_chain"));
    assay_verdict_free(v);
    assay_evidence_free(e);
    assay_buf_free(&b);
}

/* The author has chosen the collateral: what the verifier has seen counts. */
static void
test_rollback(void **state)
{
    struct assay_evidence_options o = options();
    struct assay_evidence *e = parse(text_of(&good));
    struct assay_evaluations have =
        assay_collateral_evaluations(good.platform.collateral);
    struct assay_verdict *v;

    (void)state;
    o.seen = have;
    v = verify(e, &o);
    assert_true(assay_verdict_trusted(v));
    assay_verdict_free(v);
    o.seen.tcb_info++;
    v = verify(e, &o);
    assert_false(assay_verdict_trusted(v));
    assert_string_equal(assay_verdict_reason(v), "collateral_rollback");
    assay_verdict_free(v);
    assay_evidence_free(e);
}

static void
test_not_his_word(void **state)
{
    struct assay_evidence_options o = options();
    struct assay_evidence *e = parse(text_of(&good));
    struct assay_policy *claimed = NULL;
    struct assay_verdict *v;
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_evidence_policy(e, &claimed, &err), ASSAY_OK);
    o.policy = claimed;
    v = verify(e, &o);
    assert_false(assay_verdict_trusted(v));
    assert_string_equal(assay_verdict_reason(v), "bundle");
    assert_non_null(strstr(assay_verdict_summary(v), "give --policy"));
    assay_verdict_free(v);

    o.policy = good.policy;
    o.root = assay_root_intel();
    v = verify(e, &o);
    assert_false(assay_verdict_trusted(v));
    assert_string_equal(assay_verdict_reason(v), "root_ca");
    assert_string_equal(assay_evidence_session(v),
                        "not checked: the quote is not proven to be genuine");
    assay_verdict_free(v);

    o.root = NULL;
    assert_int_equal(assay_evidence_verify(verifier, e, &o, &v, &err),
                     ASSAY_INVALID);
    o = options();
    o.policy = NULL;
    assert_int_equal(assay_evidence_verify(verifier, e, &o, &v, &err),
                     ASSAY_INVALID);
    assert_null(v);
    assay_policy_free(claimed);
    assay_evidence_free(e);
}

/* A claimed policy that waits for a file takes it from the bundle. */
static void
test_claimed_compose_file(void **state)
{
    struct assay_evidence_view view = good.view;
    struct assay_policy *p = NULL;
    struct assay_evidence *e;
    struct assay_buf text;
    struct assay_error err;

    (void)state;
    view.policy = assay_slice_of("type = \"dstack_tdx\"\npartial = true\n"
                                 "compose_file = \"c.json\"\n");
    view.policy_is_toml = true;
    for (int with = 0; with <= 1; with++) {
        view.compose_file = assay_slice_of(with ? "{}" : "");
        assay_buf_init(&text, ASSAY_EVIDENCE_MAX_BYTES);
        assert_int_equal(assay_evidence_write(&view, &text, &err), ASSAY_OK);
        e = parse(assay_buf_slice(&text));
        assert_int_equal(assay_evidence_policy(e, &p, &err),
                         with ? ASSAY_OK : ASSAY_MISSING);
        assert_true(with ? assay_policy_compose_file(p) == NULL : p == NULL);
        assay_policy_free(p);
        assay_evidence_free(e);
        assay_buf_free(&text);
    }
    view.policy = assay_slice_of("type = 1");
    assay_buf_init(&text, ASSAY_EVIDENCE_MAX_BYTES);
    assert_int_equal(assay_evidence_write(&view, &text, &err), ASSAY_OK);
    e = parse(assay_buf_slice(&text));
    assert_int_equal(assay_evidence_policy(e, &p, &err), ASSAY_INVALID);
    assert_non_null(strstr(err.msg, "evidence: claims.policy"));
    assert_null(p);
    assay_evidence_free(e);
    assay_buf_free(&text);
}

/* One change to a member's value, and the row that says so; NULL: it is a
 * claim, which stays on the list of what nothing proves. */
static const struct {
    const char *path;
    const char *find; /* behind the member's name */
    const char *put;
    const char *row;
    const char *says;
} tampered[] = {
    {"session.nonce", "00", "01", "report_data", "session.nonce"},
    {"session.exporter", "\": \"", "\": \"^", "report_data", ""},
    {"session.certificate", "\": \"3082", "\": \"3182", "certificate_event",
     "another one"},
    {"session.wire", "v2", "v0", "report_data", ""},
    {"event_log", "compose-hash\",\"event_payload\":\"",
     "compose-hash\",\"event_payload\":\"^", "event_digests", ""},
    {"event_log", "\"digest\":\"", "\"digest\":\"^", "event_log", ""},
    {"app_compose", "{", "{ ", "bundle", "app_compose: its SHA-256"},
    {"claims.server_name", "tee.example.com", "other.example.com", "bundle",
     "claims.server_name: session.certificate is not for this name"},
    {"claims.time", "\": \"20", "\": \"21", "bundle",
     "claims.time: session.certificate was not in date then"},
    {"claims.time", "0Z", "7Z", NULL, NULL},
    {"claims.server_name", "tee.example.com", "127.0.0.1", NULL, NULL},
    {"claims.policy", "dstack_tdx", "dstack_tdy", NULL, NULL},
    {"claims.root_sha256", "\": \"", "\": \"^", NULL, NULL},
    {"claims.verdict", "genuine", "generous", NULL, NULL},
    {"vm_config", "{", "{ ", NULL, NULL},
    {"event_log", "\"event_payload\":\"", "\"event_payload\":\"^", NULL, NULL},
    {"event_log", "\"event_type\":4", "\"event_type\":5", NULL, NULL},
};

/* '^' in `put`: the digit that stands there, with its lowest bit flipped. */
static struct assay_buf
tamper(size_t i)
{
    struct assay_slice text = text_of(&good);
    const char *put = tampered[i].put;
    size_t n = strlen(put);
    const char *dot = strrchr(tampered[i].path, '.');
    char name[64];
    char digit[2] = "";
    char with[64];
    size_t at;
    struct assay_slice rest;

    (void)snprintf(name, sizeof(name),
                   "\"%s\": ", dot != NULL ? dot + 1 : tampered[i].path);
    at = find_text(name, text, name);
    rest = (struct assay_slice){text.ptr + at, text.len - at};
    at += find_text(name, rest, tampered[i].find);
    if (put[n - 1] != '^') {
        return splice(text, at, strlen(tampered[i].find), put);
    }
    digit[0] = (char)(text.ptr[at + n - 1] == '0' ? '1' : '0');
    (void)snprintf(with, sizeof(with), "%.*s%s", (int)n - 1, put, digit);
    return splice(text, at, n, with);
}

static void
test_tampered(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(tampered); i++) {
        struct assay_evidence_options o = options();
        struct assay_buf b = tamper(i);
        struct assay_evidence *e = parse(assay_buf_slice(&b));
        struct assay_verdict *v;

        v = verify(e, &o);
        if (tampered[i].row == NULL) {
            CHECK(tampered[i].path, is_claim(e, v, &o, tampered[i].path));
            CHECK(tampered[i].path, assay_verdict_trusted(v));
        } else {
            bool session = strcmp(tampered[i].row, "report_data") == 0;

            CHECK(tampered[i].path, !assay_verdict_trusted(v));
            CHECK(tampered[i].path,
                  strcmp(assay_evidence_session(v),
                         session
                             ? "not consistent with the quote"
                             : "consistent; only the two ends can know") == 0);
            CHECK(tampered[i].path,
                  strstr(detail_of(v, tampered[i].row), tampered[i].says));
        }
        assay_verdict_free(v);
        assay_evidence_free(e);
        assay_buf_free(&b);
    }
}

/* Without the event nothing ties the certificate to the TD. */
static void
test_unannounced_certificate(void **state)
{
    struct stored s;
    struct assay_evidence_options o;
    struct assay_evidence *e;
    struct assay_verdict *v;

    (void)state;
    stored_make(&s, false);
    o = (struct assay_evidence_options){.root = s.platform.root,
                                        .policy = s.policy};
    e = parse(text_of(&s));
    v = verify(e, &o);
    assert_true(assay_verdict_trusted(v));
    assert_true(is_claim(e, v, &o, "session.certificate"));
    assay_verdict_free(v);
    assay_evidence_free(e);
    stored_free(&s);
}

/* The quote has a chain of its own: what else is there is never read. */
static void
test_idle_chain(void **state)
{
    struct assay_evidence_options o = options();
    struct assay_buf b = edit_text(
        "chain", text_of(&good),
        "\"pck_crl\":", "\"pck_certificate_chain\":\"x\",\"pck_crl\":");
    struct assay_evidence *e = parse(assay_buf_slice(&b));
    struct assay_verdict *v = verify(e, &o);

    (void)state;
    assert_true(assay_verdict_trusted(v));
    assert_true(is_claim(e, v, &o, "collateral.pck_certificate_chain"));
    assay_verdict_free(v);
    assay_evidence_free(e);
    assay_buf_free(&b);
}

/* --- what a session keeps ---------------------------------------------------
 */

static void
test_kept(void **state)
{
    struct assay_client_options o =
        pair_client_options(&good.platform, good.policy);
    struct assay_evidence_view view;
    struct assay_now later;
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_make_by(&s, &good.platform, &o); /* keep_evidence is false */
    pair_run(&s);
    assert_int_equal(assay_client_state(s.client), ASSAY_CLIENT_OPEN);
    assert_int_equal(
        assay_evidence_of_client(good.platform.ctx, s.client, &view, &err),
        ASSAY_INVALID);
    assert_null(view.quote);
    pair_free(&s);

    o.keep_evidence = true;
    pair_make_by(&s, &good.platform, &o);
    assert_int_equal(
        assay_evidence_of_client(good.platform.ctx, s.client, &view, &err),
        ASSAY_INVALID);
    pair_run(&s);
    assert_int_equal(
        assay_evidence_of_client(good.platform.ctx, s.client, &view, &err),
        ASSAY_OK);
    /* Asked anew: the old evidence and the new nonce do not go together. */
    s.no_quote = true;
    later = s.now;
    assert_int_equal(
        assay_client_reattest(s.client, later, good.view.nonce, &err),
        ASSAY_OK);
    pair_run(&s);
    assert_int_equal(
        assay_evidence_of_client(good.platform.ctx, s.client, &view, &err),
        ASSAY_INVALID);
    assay_client_eof(s.client);
    assert_int_equal(
        assay_evidence_of_client(good.platform.ctx, s.client, &view, &err),
        ASSAY_INVALID);
    pair_free(&s);
}

/* A text that the measured hash contradicts, and that no rule has used: the
 * session is trusted, so its bundle must be. */
static void
test_idle_compose(void **state)
{
    struct assay_client_options o =
        pair_client_options(&good.platform, good.policy);
    struct assay_evidence_view view;
    struct assay_error err;
    struct pair s;

    (void)state;
    o.keep_evidence = true;
    pair_make_by(&s, &good.platform, &o);
    s.tcb_info = "{\"app_compose\":\"{}\"}";
    pair_run(&s);
    assert_int_equal(assay_client_state(s.client), ASSAY_CLIENT_OPEN);
    assert_int_equal(assay_client_offered(s.client).app_compose.len, 2);
    assert_int_equal(
        assay_evidence_of_client(good.platform.ctx, s.client, &view, &err),
        ASSAY_OK);
    assert_int_equal(view.app_compose.len, 0);
    assert_true(view.vm_config.len > 0);
    pair_free(&s);
}

/* Evidence that was refused is evidence too. */
static void
test_refused_is_kept(void **state)
{
    struct assay_policy *p =
        pair_policy(&good.platform, ",\"min_tcb_date\":\"2100-01-01\"");
    struct assay_client_options o = pair_client_options(&good.platform, p);
    struct assay_evidence_view view;
    struct assay_error err;
    struct pair s;

    (void)state;
    o.keep_evidence = true;
    pair_make_by(&s, &good.platform, &o);
    pair_run(&s);
    assert_int_equal(assay_client_state(s.client), ASSAY_CLIENT_FAILED);
    assert_int_equal(
        assay_evidence_of_client(good.platform.ctx, s.client, &view, &err),
        ASSAY_OK);
    assert_false(view.trusted);
    assert_non_null(view.event_log);
    pair_free(&s);
    assay_policy_free(p);
}

/* --- documents ---------------------------------------------------------------
 */

static void
test_json(void **state)
{
    struct assay_evidence_options o = options();
    struct assay_evidence *e = parse(text_of(&good));
    struct assay_verdict *v = verify(e, &o);
    struct assay_json *j = NULL;
    struct assay_buf out;
    struct assay_error err;
    uint32_t evidence;

    (void)state;
    assay_buf_init(&out, ASSAY_EVIDENCE_MAX_BYTES);
    assert_int_equal(assay_evidence_to_json(e, &out, &err), ASSAY_OK);
    assert_int_equal(
        assay_json_parse(assay_buf_slice(&out), &walk_limits, "", &j, &err),
        ASSAY_OK);
    assay_json_free(j);
    assay_buf_free(&out);
    assay_buf_init(&out, ASSAY_EVIDENCE_MAX_BYTES);
    assert_int_equal(assay_evidence_verdict_to_json(e, &o, v, &out, &err),
                     ASSAY_OK);
    assert_int_equal(
        assay_json_parse(assay_buf_slice(&out), &walk_limits, "", &j, &err),
        ASSAY_OK);
    evidence = assay_json_member(j, ASSAY_JSON_ROOT, "evidence");
    assert_int_equal(
        assay_json_type(j, assay_json_member(j, evidence, "proves_session")),
        ASSAY_JSON_FALSE);
    assert_true(assay_slice_is(
        assay_json_string(j, assay_json_member(j, evidence, "time")),
        "claimed, not proven"));
    assay_json_free(j);
    assay_buf_free(&out);
    assay_verdict_free(v);
    assay_evidence_free(e);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_truncations),
        cmocka_unit_test(test_unwritten),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_own_time),
        cmocka_unit_test(test_own_collateral),
        cmocka_unit_test(test_rollback),
        cmocka_unit_test(test_not_his_word),
        cmocka_unit_test(test_claimed_compose_file),
        cmocka_unit_test(test_tampered),
        cmocka_unit_test(test_unannounced_certificate),
        cmocka_unit_test(test_idle_chain),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_idle_compose),
        cmocka_unit_test(test_refused_is_kept),
        cmocka_unit_test(test_json),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
