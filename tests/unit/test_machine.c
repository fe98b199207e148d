/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_machine.c - the simulated platform: what of it changes, and what stays.
 */
#include "harness/trial.h"

#include "mint/machine.h"

static struct assay_ctx *ctx;

static int
setup(void **state)
{
    struct assay_error err;

    (void)state;
    return assay_ctx_new(&ctx, &err) == ASSAY_OK ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    assay_ctx_free(ctx);
    return 0;
}

static struct mint_machine *
new_machine(int32_t quote_version)
{
    const struct mint_machine_options o = {
        .guest.seed = MINT_TEST_SEED,
        .quote_version = quote_version,
        .state.now_s = MINT_NOW_S,
    };
    struct mint_machine *m = NULL;
    struct assay_error err;

    if (mint_machine_new(ctx, &o, &m, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return m;
}

static struct assay_buf
bundle_of(const struct mint_machine *m, enum mint_machine_tee tee)
{
    struct assay_buf b;
    struct assay_error err;

    assay_buf_init(&b, MINT_TEXT_MAX);
    assert_int_equal(mint_world_bundle(mint_machine_world(m, tee), &b, &err),
                     ASSAY_OK);
    return b;
}

/* The verdict on a fresh quote with the machine's collateral, at this time. */
static struct assay_verdict *
judge(struct mint_machine *m, int64_t now_s)
{
    static const uint8_t data[64] = {1};
    struct mint_world *w = mint_machine_world(m, MINT_MACHINE_TDX);
    struct assay_verifier *verifier = NULL;
    struct assay_verdict *v = NULL;
    struct assay_quote *quote = NULL;
    struct assay_collateral *collateral = trial_collateral(ctx, w);
    struct assay_root *root = trial_root(ctx, mint_world_root_pem(w));
    struct assay_policy *policy = NULL;
    struct assay_verify_input in = {.now_s = now_s};
    struct assay_error err;
    struct assay_buf raw;

    assay_buf_init(&raw, MINT_QUOTE_MAX);
    assert_int_equal(
        mint_guest_quote(mint_machine_guest(m), w, data, &raw, &err), 0);
    assert_int_equal(assay_quote_parse(assay_buf_slice(&raw), &quote, &err), 0);
    assert_int_equal(assay_policy_default(ASSAY_TEE_TDX, &policy, &err), 0);
    assert_int_equal(assay_verifier_new(ctx, 0, &verifier, &err), 0);
    in.quote = quote;
    in.collateral = collateral;
    in.policy = policy;
    in.root = root;
    assert_int_equal(assay_verify(verifier, &in, &v, &err), 0);
    assay_verifier_free(verifier);
    assay_policy_free(policy);
    assay_root_free(root);
    assay_collateral_free(collateral);
    assay_quote_free(quote);
    assay_buf_free(&raw);
    return v;
}

#define DAY INT64_C(86400)

static const struct row {
    const char *row;
    struct mint_machine_state state; /* NULL and 0: as in health */
    int64_t at_s;                    /* after MINT_NOW_S */
    bool trusted;
    enum assay_tcb_status status;
} rows[] = {
    {"healthy", {.now_s = 0}, 0, true, ASSAY_TCB_UP_TO_DATE},
    {"healthy as long as fresh",
     {.now_s = 0},
     MINT_MACHINE_FRESH_S,
     true,
     ASSAY_TCB_UP_TO_DATE},
    {"platform", {.tcb_status = "OutOfDate"}, 0, false, ASSAY_TCB_OUT_OF_DATE},
    {"module", {.module_status = "OutOfDate"}, 0, false, ASSAY_TCB_OUT_OF_DATE},
    {"QE", {.qe_status = "OutOfDate"}, 0, false, ASSAY_TCB_OUT_OF_DATE},
    {"both",
     {.tcb_status = "ConfigurationNeeded", .qe_status = "OutOfDate"},
     0,
     false,
     ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED},
    {"revoked", {.revoked = true}, 0, false, ASSAY_TCB_NONE},
    {"expired", {.expired = true}, 0, false, ASSAY_TCB_NONE},
    {"expired, of the day before",
     {.expired = true},
     -2 * DAY,
     true,
     ASSAY_TCB_UP_TO_DATE},
    {"debug", {.debug = true}, 0, false, ASSAY_TCB_UP_TO_DATE},
    {"another time",
     {.now_s = MINT_NOW_S + 400 * DAY},
     400 * DAY,
     true,
     ASSAY_TCB_UP_TO_DATE},
    {"out of another time",
     {.now_s = MINT_NOW_S + 400 * DAY},
     0,
     false,
     ASSAY_TCB_NONE},
};

static void
test_changes_and_back(void **state)
{
    (void)state;
    for (int32_t version = 4; version <= 5; version++) {
        struct mint_machine *m = new_machine(version);
        const struct mint_machine_state healthy = *mint_machine_state(m);
        struct assay_buf before = bundle_of(m, MINT_MACHINE_TDX);
        struct assay_buf after;
        struct assay_error err;

        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            const struct row *r = &rows[i];
            struct mint_machine_state to = healthy;
            struct assay_verdict *v;

            to.tcb_status =
                r->state.tcb_status ? r->state.tcb_status : to.tcb_status;
            to.module_status = r->state.module_status ? r->state.module_status
                                                      : to.module_status;
            to.qe_status =
                r->state.qe_status ? r->state.qe_status : to.qe_status;
            to.now_s = r->state.now_s != 0 ? r->state.now_s : to.now_s;
            to.revoked = r->state.revoked;
            to.expired = r->state.expired;
            to.debug = r->state.debug;
            CHECK(r->row, mint_machine_change(m, &to, &err) == ASSAY_OK);
            v = judge(m, MINT_NOW_S + r->at_s);
            CHECK(r->row, assay_verdict_trusted(v) == r->trusted);
            if (r->status != ASSAY_TCB_NONE) {
                CHECK(r->row, assay_verdict_tcb_status(v) == r->status);
            }
            assay_verdict_free(v);
        }
        assert_int_equal(mint_machine_change(m, &healthy, &err), ASSAY_OK);
        after = bundle_of(m, MINT_MACHINE_TDX);
        assert_true(assay_slice_equal(assay_buf_slice(&before),
                                      assay_buf_slice(&after)));
        assay_buf_free(&after);
        assay_buf_free(&before);
        mint_machine_free(m);
    }
}

/* One root and one TCB signer; each CA has its own CRL. */
static void
test_two_sides(void **state)
{
    struct mint_machine *m = new_machine(4);
    const struct mint_world *tdx = mint_machine_world(m, MINT_MACHINE_TDX);
    const struct mint_world *sgx = mint_machine_world(m, MINT_MACHINE_SGX);
    struct assay_collateral_parts a = mint_world_collateral_parts(tdx);
    struct assay_collateral_parts b = mint_world_collateral_parts(sgx);

    (void)state;
    assert_true(
        assay_slice_equal(mint_world_root_pem(tdx), mint_world_root_pem(sgx)));
    assert_true(
        assay_slice_equal(a.tcb_info_issuer_chain, b.tcb_info_issuer_chain));
    assert_true(assay_slice_equal(a.root_ca_crl, b.root_ca_crl));
    assert_false(assay_slice_equal(a.tcb_info, b.tcb_info));
    assert_false(assay_slice_equal(a.qe_identity, b.qe_identity));
    assert_false(assay_slice_equal(a.pck_crl, b.pck_crl));
    assert_false(
        assay_slice_equal(a.pck_crl_issuer_chain, b.pck_crl_issuer_chain));
    mint_machine_free(m);
}

static void
test_boot(void **state)
{
    const struct mint_guest_options other = {.image = "other"};
    const struct mint_guest_options bad = {.config_id = 9};
    struct mint_machine *m = new_machine(4);
    struct mint_guest *first = mint_machine_guest(m);
    struct assay_error err;
    uint8_t mrtd[48];

    (void)state;
    memcpy(mrtd, mint_guest_facts(first)->mrtd, sizeof(mrtd));
    assert_int_equal(mint_machine_boot(m, &bad, &err), ASSAY_INVALID);
    assert_ptr_equal(mint_machine_guest(m), first);
    assert_int_equal(mint_machine_boot(m, &other, &err), ASSAY_OK);
    assert_memory_not_equal(mint_guest_facts(mint_machine_guest(m))->mrtd, mrtd,
                            sizeof(mrtd));
    mint_machine_free(m);
}

static void
test_secrets(void **state)
{
    struct mint_machine *m = new_machine(4);
    struct assay_error err;
    uint8_t a[32], b[32];

    (void)state;
    assert_int_equal(mint_machine_secret(m, "a", a, &err), ASSAY_OK);
    assert_int_equal(mint_machine_secret(m, "b", b, &err), ASSAY_OK);
    assert_memory_not_equal(a, b, sizeof(a));
    assert_int_equal(mint_machine_secret(m, "a", b, &err), ASSAY_OK);
    assert_memory_equal(a, b, sizeof(a));
    mint_machine_free(m);
}

static void
test_bad_seed(void **state)
{
    const struct mint_machine_options o = {.guest.seed = "0",
                                           .state.now_s = MINT_NOW_S};
    struct mint_machine *m = NULL;
    struct assay_error err;

    (void)state;
    assert_int_equal(mint_machine_new(ctx, &o, &m, &err), ASSAY_INVALID);
    assert_null(m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes_and_back),
        cmocka_unit_test(test_two_sides),
        cmocka_unit_test(test_boot),
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_bad_seed),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
