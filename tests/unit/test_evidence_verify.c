/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_evidence_verify.c - every change to a bundle is found and named or is
 * listed as a claim, and nobody's word but the verifier's makes a verdict
 * trusted.
 */
#include "harness/json_edit.h"
#include "harness/stored_test.h"

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

/* --- judging ------------------------------------------------------------ */

static void
test_good(void **state)
{
    static const char *const left[] = {
        "claims.time",        "claims.server_name", "claims.policy",
        "claims.root_sha256", "claims.verdict",     "event_log",
        "vm_config",
    };
    struct assay_evidence_claim claims[ASSAY_EVIDENCE_CLAIMS_MAX];
    struct assay_evidence_options o = stored_options();
    struct assay_evidence *e = stored_parse(stored_text(&good));
    struct assay_verdict *v = stored_verify(e, &o);

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
    struct assay_evidence_options o = stored_options();
    struct assay_evidence *e = stored_parse(stored_text(&good));
    struct assay_verdict *v;

    (void)state;
    o.has_time = true;
    o.now_s = MINT_NOW_S + 60;
    v = stored_verify(e, &o);
    assert_true(assay_verdict_trusted(v));
    assert_int_equal(assay_verdict_facts(v).verified_at_s, MINT_NOW_S + 60);
    assay_verdict_free(v);
    o.now_s = MINT_NOW_S + INT64_C(400) * 86400;
    v = stored_verify(e, &o);
    assert_false(assay_verdict_trusted(v));
    assay_verdict_free(v);
    assay_evidence_free(e);
}

/* Of two bundles of collateral one is judged: the other proves nothing. */
static void
test_own_collateral(void **state)
{
    struct assay_evidence_options o = stored_options();
    struct assay_buf b = edit_text("chain", stored_text(&good), "\"pck_crl\":",
                                   "\"pck_certificate_chain\":\"x\","
                                   "\"pck_crl\":");
    struct assay_evidence *e = stored_parse(assay_buf_slice(&b));
    struct assay_verdict *v = stored_verify(e, &o);

    (void)state;
    assert_false(is_claim(e, v, &o, "collateral"));
    assay_verdict_free(v);
    o.collateral = good.platform.collateral;
    v = stored_verify(e, &o);
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
    struct assay_evidence_options o = stored_options();
    struct assay_evidence *e = stored_parse(stored_text(&good));
    struct assay_evaluations have =
        assay_collateral_evaluations(good.platform.collateral);
    struct assay_verdict *v;

    (void)state;
    o.seen = have;
    v = stored_verify(e, &o);
    assert_true(assay_verdict_trusted(v));
    assay_verdict_free(v);
    o.seen.tcb_info++;
    v = stored_verify(e, &o);
    assert_false(assay_verdict_trusted(v));
    assert_string_equal(assay_verdict_reason(v), "collateral_rollback");
    assay_verdict_free(v);
    assay_evidence_free(e);
}

static void
test_not_his_word(void **state)
{
    struct assay_evidence_options o = stored_options();
    struct assay_evidence *e = stored_parse(stored_text(&good));
    struct assay_policy *claimed = NULL;
    struct assay_verdict *v;
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_evidence_policy(e, &claimed, &err), ASSAY_OK);
    o.policy = claimed;
    v = stored_verify(e, &o);
    assert_false(assay_verdict_trusted(v));
    assert_string_equal(assay_verdict_reason(v), "bundle");
    assert_non_null(strstr(assay_verdict_summary(v), "give --policy"));
    assay_verdict_free(v);

    o.policy = good.policy;
    o.root = assay_root_intel();
    v = stored_verify(e, &o);
    assert_false(assay_verdict_trusted(v));
    assert_string_equal(assay_verdict_reason(v), "root_ca");
    assert_string_equal(assay_evidence_session(v),
                        "not checked: the quote is not proven to be genuine");
    assay_verdict_free(v);

    o.root = NULL;
    assert_int_equal(assay_evidence_verify(verifier, e, &o, &v, &err),
                     ASSAY_INVALID);
    o = stored_options();
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
        e = stored_parse(assay_buf_slice(&text));
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
    e = stored_parse(assay_buf_slice(&text));
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
    struct assay_slice text = stored_text(&good);
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
        struct assay_evidence_options o = stored_options();
        struct assay_buf b = tamper(i);
        struct assay_evidence *e = stored_parse(assay_buf_slice(&b));
        struct assay_verdict *v;

        v = stored_verify(e, &o);
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
    e = stored_parse(stored_text(&s));
    v = stored_verify(e, &o);
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
    struct assay_evidence_options o = stored_options();
    struct assay_buf b = edit_text(
        "chain", stored_text(&good),
        "\"pck_crl\":", "\"pck_certificate_chain\":\"x\",\"pck_crl\":");
    struct assay_evidence *e = stored_parse(assay_buf_slice(&b));
    struct assay_verdict *v = stored_verify(e, &o);

    (void)state;
    assert_true(assay_verdict_trusted(v));
    assert_true(is_claim(e, v, &o, "collateral.pck_certificate_chain"));
    assay_verdict_free(v);
    assay_evidence_free(e);
    assay_buf_free(&b);
}

/* --- documents ---------------------------------------------------------- */

static const struct assay_json_limits walk_limits = {ASSAY_EVIDENCE_MAX_BYTES,
                                                     32, 1u << 20};

static void
test_json(void **state)
{
    struct assay_evidence_options o = stored_options();
    struct assay_evidence *e = stored_parse(stored_text(&good));
    struct assay_verdict *v = stored_verify(e, &o);
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
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_own_time),
        cmocka_unit_test(test_own_collateral),
        cmocka_unit_test(test_rollback),
        cmocka_unit_test(test_not_his_word),
        cmocka_unit_test(test_claimed_compose_file),
        cmocka_unit_test(test_tampered),
        cmocka_unit_test(test_unannounced_certificate),
        cmocka_unit_test(test_idle_chain),
        cmocka_unit_test(test_json),
    };

    return cmocka_run_group_tests(tests, stored_setup, stored_teardown);
}
