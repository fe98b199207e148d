/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_machine_oom.c - every allocation of a simulated platform refused in
 * turn: it is made whole or not at all, and a change that fails changes
 * nothing.
 */
#include "harness/oom.h"

#include "harness/trial.h"
#include "mint/machine.h"
#include "mint/tls_cert.h"

static const struct mint_machine_options options = {
    .guest = {.seed = MINT_TEST_SEED, .config_id = 3, .log_version = 2},
    .state.now_s = MINT_NOW_S,
};

static struct mint_machine *
new_machine(const struct assay_ctx *ctx)
{
    struct mint_machine *m = NULL;
    struct assay_error err;

    assert_int_equal(mint_machine_new(ctx, &options, &m, &err), ASSAY_OK);
    return m;
}

static void
test_new(void **state)
{
    struct assay_ctx *ctx = trial_ctx();

    (void)state;
    for (long n = 0;; n++) {
        struct mint_machine *m = NULL;
        struct assay_error err;
        enum assay_code code;

        oom_fail_after(n);
        code = mint_machine_new(ctx, &options, &m, &err);
        if (!oom_stop()) {
            assert_int_equal(code, ASSAY_OK);
            mint_machine_free(m);
            break;
        }
        assert_int_equal(code, ASSAY_NO_MEMORY);
        assert_null(m);
    }
    assay_ctx_free(ctx);
}

/* Only one refused, so that the way back has its memory. */
static void
test_change(void **state)
{
    struct assay_ctx *ctx = trial_ctx();
    struct mint_machine *m = new_machine(ctx);
    const struct mint_machine_state healthy = *mint_machine_state(m);
    struct mint_machine_state sick = healthy;

    (void)state;
    sick.revoked = true;
    sick.tcb_status = "OutOfDate";
    for (long n = 0;; n++) {
        struct assay_error err;
        enum assay_code code;

        oom_fail_once(n);
        code = mint_machine_change(m, &sick, &err);
        if (!oom_stop()) {
            assert_int_equal(code, ASSAY_OK);
            break;
        }
        assert_int_equal(code, ASSAY_NO_MEMORY);
        assert_false(mint_machine_state(m)->revoked);
        assert_int_equal(
            assay_slice_find(mint_world_collateral_parts(
                                 mint_machine_world(m, MINT_MACHINE_TDX))
                                 .tcb_info,
                             "\"UpToDate\"") != ASSAY_NO_OFFSET,
            1);
    }
    mint_machine_free(m);
    assay_ctx_free(ctx);
}

static void
test_boot_emit_and_tell(void **state)
{
    static const struct mint_guest_options other = {.image = "other"};
    static const struct mint_log_form form = {false, false};
    static const uint8_t data[64] = {1};
    struct assay_ctx *ctx = trial_ctx();
    struct mint_machine *m = new_machine(ctx);
    struct mint_world *w = mint_machine_world(m, MINT_MACHINE_TDX);

    (void)state;
    for (long n = 0;; n++) {
        struct mint_guest *g;
        struct assay_error err;
        enum assay_code code;
        struct assay_buf quote, log;

        assay_buf_init(&quote, MINT_QUOTE_MAX);
        assay_buf_init(&log, MINT_DOCUMENT_MAX);
        oom_fail_after(n);
        code = mint_machine_boot(m, &other, &err);
        g = mint_machine_guest(m);
        if (code == ASSAY_OK) {
            code = mint_guest_emit(g, assay_slice_of("x"), assay_slice_of("y"),
                                   &err);
        }
        if (code == ASSAY_OK) {
            code = mint_guest_quote(g, w, data, &quote, &err);
        }
        if (code == ASSAY_OK) {
            mint_guest_write_log(g, &form, &log);
            mint_guest_write_tcb_info(g, &form, &log);
            mint_guest_write_vm_config(g, &log);
            code = assay_buf_check(&log, "log", &err);
        }
        if (!oom_stop()) {
            assert_int_equal(code, ASSAY_OK);
            assay_buf_free(&log);
            assay_buf_free(&quote);
            break;
        }
        assert_int_equal(code, ASSAY_NO_MEMORY);
        assay_buf_free(&log);
        assay_buf_free(&quote);
    }
    mint_machine_free(m);
    assay_ctx_free(ctx);
}

static void
test_tls(void **state)
{
    static const uint8_t seed[MINT_SEED_BYTES] = {7};
    static const struct mint_tls_options o = {
        .subject = "x",
        .alt_names = {"x", "127.0.0.1"},
        .server_auth = true,
        .not_after_s = MINT_NOW_S,
    };

    (void)state;
    for (long n = 0;; n++) {
        struct mint_tls_cert c;
        struct assay_error err;
        enum assay_code code;

        oom_fail_after(n);
        code = mint_tls_issue(seed, &o, &c, &err);
        mint_tls_cert_free(&c);
        if (!oom_stop()) {
            assert_int_equal(code, ASSAY_OK);
            break;
        }
        assert_int_equal(code, ASSAY_NO_MEMORY);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new),
        cmocka_unit_test(test_change),
        cmocka_unit_test(test_boot_emit_and_tell),
        cmocka_unit_test(test_tls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
