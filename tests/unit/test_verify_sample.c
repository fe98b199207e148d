/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_verify_sample.c - a dstack app as it was deployed: its quote, Intel's
 * collateral of those days, its event log and its app-compose, from an
 * optional folder. Trusted as it is, refused after every forgery.
 */
#include "harness/dstack.h"
#include "harness/vectors.h"

#define FOLDER      "../samples/near-mpc-45424d4cf" /* beside the vectors */
#define SAMPLE_S    INT64_C(1775779200)             /* 2026-04-10 */
#define COLLATERALS 2u

static struct assay_ctx *ctx;

/* Everything of the sample; text is as the files have it. */
static struct {
    struct assay_buf compose;
    struct assay_buf info_text;
    struct assay_json *info;
    struct assay_slice log;
    struct assay_quote *quote;
    struct assay_collateral *collateral;
    struct assay_verifier *verifier;
} sample;

static void
load_quote(void)
{
    struct assay_buf text;
    struct assay_buf raw;
    struct assay_json *j;
    struct assay_error err;

    assert_true(vector_load(FOLDER, "quote.json", &text));
    j = vector_parse(&text, "quote.json");
    assay_buf_init(&raw, ASSAY_QUOTE_MAX_BYTES);
    for (uint32_t n = assay_json_first(j, 0); n != ASSAY_JSON_NONE;
         n = assay_json_next(j, n)) {
        uint64_t octet = 256;

        assert_true(assay_json_u64(j, n, &octet) && octet < 256);
        assay_buf_add_u8(&raw, (uint8_t)octet);
    }
    assert_int_equal(
        assay_quote_parse(assay_buf_slice(&raw), &sample.quote, &err),
        ASSAY_OK);
    assay_json_free(j);
    assay_buf_free(&raw);
    assay_buf_free(&text);
}

static struct assay_slice
member(const struct assay_json *j, const char *name)
{
    struct assay_slice s =
        assay_json_string(j, assay_json_member(j, ASSAY_JSON_ROOT, name));

    CHECK(name, s.len > 0);
    return s;
}

/* The file keeps a signed text and its signature apart. */
static struct assay_slice
seal(struct assay_buf *to, const struct assay_json *j, const char *wrapper,
     const char *name, const char *signature)
{
    assay_buf_init(to, ASSAY_BUNDLE_MAX_BYTES);
    assay_buf_printf(to, "{\"%s\":", wrapper);
    assay_buf_add(to, member(j, name));
    assay_buf_add_text(to, ",\"signature\":\"");
    assay_buf_add(to, member(j, signature));
    assay_buf_add_text(to, "\"}");
    assert_false(to->failed);
    return assay_buf_slice(to);
}

static void
load_collateral(void)
{
    struct assay_buf text;
    struct assay_buf sealed[COLLATERALS];
    struct assay_json *j;
    struct assay_error err;

    assert_true(vector_load(FOLDER, "collateral.json", &text));
    j = vector_parse(&text, "collateral.json");

    const struct assay_collateral_parts parts = {
        .tcb_info =
            seal(&sealed[0], j, "tcbInfo", "tcb_info", "tcb_info_signature"),
        .tcb_info_issuer_chain = member(j, "tcb_info_issuer_chain"),
        .qe_identity = seal(&sealed[1], j, "enclaveIdentity", "qe_identity",
                            "qe_identity_signature"),
        .qe_identity_issuer_chain = member(j, "qe_identity_issuer_chain"),
        .pck_crl = member(j, "pck_crl"),
        .root_ca_crl = member(j, "root_ca_crl"),
    };

    if (assay_collateral_from_parts(ctx, &parts, &sample.collateral, &err) !=
        ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    for (size_t i = 0; i < COLLATERALS; i++) {
        assay_buf_free(&sealed[i]);
    }
    assay_json_free(j);
    assay_buf_free(&text);
}

static int
load_sample(void **state)
{
    struct assay_error err;

    (void)state;
    ctx = trial_ctx();
    load_quote();
    load_collateral();
    assert_true(vector_load(FOLDER, "app_compose.json", &sample.compose));
    assert_true(vector_load(FOLDER, "tcb_info.json", &sample.info_text));
    sample.info = vector_parse(&sample.info_text, "tcb_info.json");
    sample.log = assay_json_span(
        sample.info,
        assay_json_member(sample.info, ASSAY_JSON_ROOT, "event_log"));
    assert_int_equal(assay_verifier_new(ctx, 4, &sample.verifier, &err),
                     ASSAY_OK);
    return 0;
}

static int
free_sample(void **state)
{
    (void)state;
    assay_verifier_free(sample.verifier);
    assay_json_free(sample.info);
    assay_buf_free(&sample.info_text);
    assay_buf_free(&sample.compose);
    assay_collateral_free(sample.collateral);
    assay_quote_free(sample.quote);
    assay_ctx_free(ctx);
    return 0;
}

static void
want(struct assay_value_set *set, const char *name)
{
    char hex[97];
    struct assay_slice s = member(sample.info, name);

    assert_true(s.len < sizeof(hex));
    (void)snprintf(hex, sizeof(hex), "%.*s", (int)s.len, (const char *)s.ptr);
    dstack_set(set, hex);
}

/* Registers and compose of the sample; the platform has no image event. */
static struct assay_policy *
sample_policy(void)
{
    struct assay_policy *p = NULL;
    struct assay_error err;

    assert_int_equal(assay_policy_default(ASSAY_TEE_TDX, &p, &err), ASSAY_OK);
    p->dstack = true;
    want(&p->td_register[ASSAY_REG_MRTD], "mrtd");
    want(&p->td_register[ASSAY_REG_RTMR0], "rtmr0");
    want(&p->td_register[ASSAY_REG_RTMR1], "rtmr1");
    want(&p->td_register[ASSAY_REG_RTMR2], "rtmr2");
    want(&p->compose_hash, "compose_hash");
    return p;
}

/* Judged with this log (NULL: none) and compose; freed by the caller. */
static struct assay_verdict *
judge(const struct assay_policy *policy, struct assay_slice log,
      struct assay_slice compose)
{
    struct assay_eventlog *l = NULL;
    struct assay_verdict *v = NULL;
    struct assay_error err;

    if (log.len > 0 && assay_eventlog_parse(log, &l, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }

    const struct assay_verify_input in = {
        .quote = sample.quote,
        .collateral = sample.collateral,
        .root = assay_root_intel(),
        .policy = policy,
        .now_s = SAMPLE_S,
        .event_log = l,
        .app_compose = compose,
    };

    if (assay_verify(sample.verifier, &in, &v, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    assay_eventlog_free(l);
    return v;
}

static void
expect_refused(const char *row, const struct assay_policy *policy,
               struct assay_slice log, struct assay_slice compose,
               const char *reason)
{
    struct assay_verdict *v = judge(policy, log, compose);

    CHECK(row, !assay_verdict_trusted(v));
    if (strcmp(assay_verdict_reason(v), reason) != 0) {
        fail_msg("row \"%s\": %s", row, assay_verdict_summary(v));
    }
    assay_verdict_free(v);
}

static void
test_as_it_is(void **state)
{
    struct assay_policy *p = sample_policy();
    struct assay_verdict *v =
        judge(p, sample.log, assay_buf_slice(&sample.compose));

    (void)state;
    if (!assay_verdict_trusted(v)) {
        fail_msg("%s", assay_verdict_summary(v));
    }
    assert_string_equal(assay_verdict_summary(v),
                        "genuine TDX quote, TCB UpToDate, the workload is as "
                        "required; not checked: os image");
    assert_string_equal(assay_verdict_workload(v)->compose_proven_by,
                        "compose-hash event and MRCONFIGID");
    assert_int_equal(assay_verdict_workload(v)->events, 29);
    assert_int_equal(assay_verdict_workload(v)->runtime_events, 9);
    assay_verdict_free(v);
    assay_policy_free(p);
}

/* A policy's app_compose that is this text, and says of the defaults that it
 * leaves out that they must be absent. */
static void
want_compose(struct assay_policy *p, struct assay_slice text)
{
    struct assay_buf b;

    while (text.len > 0 && text.ptr[text.len - 1] != '}') {
        text.len--;
    }
    text.len--;
    assay_buf_init(&b, ASSAY_COMPOSE_MAX_BYTES);
    assay_buf_add(&b, text);
    assay_buf_add_text(&b, ",\"features\":null,\"pre_launch_script\":null,"
                           "\"public_tcbinfo\":null,\"storage_fs\":null,"
                           "\"tproxy_enabled\":null}");
    free(p->app_compose);
    p->app_compose = strndup((const char *)b.ptr, b.len);
    assert_non_null(p->app_compose);
    assay_buf_free(&b);
}

/* The policy has the compose itself, in place of its hash. */
static void
test_compose_as_object(void **state)
{
    struct assay_policy *p = sample_policy();
    struct assay_slice text = assay_buf_slice(&sample.compose);
    struct assay_buf rewritten =
        edit_text("rewritten", text, "\"mpc-", "\"mpd-");
    struct assay_verdict *v;

    (void)state;
    free(p->compose_hash.bytes);
    p->compose_hash = (struct assay_value_set){.count = 0};
    want_compose(p, text);
    v = judge(p, sample.log, text);
    if (!assay_verdict_trusted(v)) {
        fail_msg("%s", assay_verdict_summary(v));
    }
    assert_string_equal(assay_verdict_workload(v)->compose_form,
                        "offered text");
    assay_verdict_free(v);

    expect_refused("the server rewrites the text", p, sample.log,
                   assay_buf_slice(&rewritten), "app_compose");
    want_compose(p, assay_buf_slice(&rewritten));
    expect_refused("the policy wants another", p, sample.log, text,
                   "app_compose");
    expect_refused("both are rewritten", p, sample.log,
                   assay_buf_slice(&rewritten), "app_compose");
    assay_buf_free(&rewritten);
    assay_policy_free(p);
}

static void
test_hole_1_forged_payload(void **state)
{
    struct assay_policy *p = sample_policy();
    struct assay_buf forged =
        edit_text("compose-hash", sample.log,
                  "cb9b2d6204f5e44238b75f69e3a3069550734c0d99ebdd3be507c238a261"
                  "d8fa",
                  "1b9b2d6204f5e44238b75f69e3a3069550734c0d99ebdd3be507c238a261"
                  "d8fa");

    (void)state;
    expect_refused("compose-hash", p, assay_buf_slice(&forged),
                   assay_buf_slice(&sample.compose), "event_digests");
    p->compose_hash.bytes[0] = 0x1b;
    expect_refused("compose-hash, as the policy wants it", p,
                   assay_buf_slice(&forged), ASSAY_EMPTY, "event_digests");
    expect_refused("true log, other policy", p, sample.log, ASSAY_EMPTY,
                   "app_compose");
    assay_buf_free(&forged);
    assay_policy_free(p);
}

/* The first `"imr": 3` behind this place. */
static struct assay_buf
move_event(const char *behind_what)
{
    size_t from = find_text("moved", sample.log, behind_what);
    struct assay_slice rest = {sample.log.ptr + from, sample.log.len - from};
    size_t at = from + find_text("moved", rest, "\"imr\": 3");

    return splice(sample.log, at, strlen("\"imr\": 3"), "\"imr\": 4");
}

static void
test_hole_2_event_of_no_register(void **state)
{
    struct assay_policy *p = sample_policy();
    struct assay_buf moved = move_event("system-preparing");

    (void)state;
    expect_refused("moved to 4", p, assay_buf_slice(&moved), ASSAY_EMPTY,
                   "event_digests");
    assay_buf_free(&moved);
    assay_policy_free(p);
}

/* Without a log MRCONFIGID alone proves the compose, and the verdict is still
 * not trusted: this policy is about a dstack app. */
static void
test_hole_15_mr_config_id_and_td_attributes(void **state)
{
    struct assay_policy *p = sample_policy();
    struct assay_verdict *v = judge(p, ASSAY_EMPTY, ASSAY_EMPTY);

    (void)state;
    assert_string_equal(assay_verdict_reason(v), "event_digests");
    assert_int_equal(trial_check(v, "app_compose").outcome, ASSAY_PASSED);
    assert_string_equal(trial_check(v, "app_compose").detail, "by MRCONFIGID");
    assay_verdict_free(v);

    p->td_attributes = (struct assay_mask_rule){
        .there = true, .mask = UINT64_MAX, .value = UINT64_C(1) << 63};
    expect_refused("other TD attributes", p, sample.log, ASSAY_EMPTY,
                   "td_attributes");
    assay_policy_free(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_it_is),
        cmocka_unit_test(test_compose_as_object),
        cmocka_unit_test(test_hole_1_forged_payload),
        cmocka_unit_test(test_hole_2_event_of_no_register),
        cmocka_unit_test(test_hole_15_mr_config_id_and_td_attributes),
    };
    struct assay_buf probe;

    if (!vectors_there() || !vector_load(FOLDER, "quote.json", &probe)) {
        (void)printf("SKIPPED shared vectors: no sample of a dstack app in "
                     "%s\n",
                     vectors_folder());
        return 77;
    }
    assay_buf_free(&probe);
    return cmocka_run_group_tests(tests, load_sample, free_sample);
}
