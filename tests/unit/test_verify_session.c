/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_verify_session.c - the checks that tie a verdict to a TLS session, and
 * what a verifier learns of the time.
 */
#include "harness/dstack.h"

#define X64(octet) X32(octet) X32(octet)

static const struct log_event two_certificates[] = {
    {.imr = 3, .name = "compose-hash", .payload = X32("c0")},
    {.imr = 3, .name = "os-image-hash", .payload = X32("05")},
    {.imr = 3, .name = "system-ready"},
    {.imr = 3, .name = "New TLS Certificate", .payload = X32("6464")},
    {.imr = 3, .name = "New TLS Certificate", .payload = X32("6363")},
    {.name = NULL},
};
static const struct log_event renewed[] = {
    {.imr = 3, .name = "compose-hash", .payload = X32("c0")},
    {.imr = 3, .name = "os-image-hash", .payload = X32("05")},
    {.imr = 3, .name = "system-ready"},
    {.imr = 3, .name = "New TLS Certificate", .payload = X32("6363")},
    {.imr = 3, .name = "New TLS Certificate", .payload = X32("6464")},
    {.name = NULL},
};

/* Of the text {}. */
#define OF_EMPTY                                                               \
    "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
static const struct log_event empty_compose[] = {
    {.imr = 3, .name = "compose-hash", .payload = OF_EMPTY},
    {.imr = 3, .name = "os-image-hash", .payload = X32("05")},
    {.imr = 3, .name = "system-ready"},
    {.name = NULL},
};

#define REQUIRED {.certificate = ASSAY_CERTIFICATE_REQUIRED}
#define OFF      {.certificate = ASSAY_CERTIFICATE_OFF}
#define ANY_TD   {.tdx = true}

static const struct dstack_row rows[] = {
    {"another certificate", FAILS(CERTIFICATE_EVENT), .bound = true,
     .certificate = X32("cd"), .says = X32("cd")},
    {"another certificate, required", FAILS(CERTIFICATE_EVENT), .bound = true,
     .certificate = X32("cd"), .wish = REQUIRED},
    {"another certificate, although off", FAILS(CERTIFICATE_EVENT),
     .bound = true, .certificate = X32("cd"), .wish = OFF},
    {"another certificate for a TD that is no dstack", FAILS(CERTIFICATE_EVENT),
     .bound = true, .certificate = X32("cd"), .wish = ANY_TD},
    {"the certificate was renewed", FAILS(CERTIFICATE_EVENT), .bound = true,
     .events = renewed},
    {"hash in upper case", FAILS(CERTIFICATE_EVENT), .bound = true,
     .without = DSTACK_WITHOUT(CERTIFICATE),
     .added = {.imr = 3,
               .name = "New TLS Certificate",
               .payload = X32("4343")}},
    {"hash in binary", FAILS(CERTIFICATE_EVENT), .bound = true,
     .without = DSTACK_WITHOUT(CERTIFICATE),
     .added = {.imr = 3, .name = "New TLS Certificate", .payload = X32("cc")}},
    {"hash and more", FAILS(CERTIFICATE_EVENT), .bound = true,
     .without = DSTACK_WITHOUT(CERTIFICATE),
     .added = {.imr = 3,
               .name = "New TLS Certificate",
               .payload = X32("6363") "63"}},
    {"an empty announcement", FAILS(CERTIFICATE_EVENT), .bound = true,
     .without = DSTACK_WITHOUT(CERTIFICATE),
     .added = {.imr = 3, .name = "New TLS Certificate"}},
    {"none announced, required", FAILS(CERTIFICATE_EVENT), .bound = true,
     .without = DSTACK_WITHOUT(CERTIFICATE), .wish = REQUIRED,
     .says = "no event announces"},
    {"none announced, wire v1", FAILS(CERTIFICATE_EVENT), .bound = true,
     .wire = ASSAY_WIRE_V1, .without = DSTACK_WITHOUT(CERTIFICATE)},
    {"none announced, wire v0, off", FAILS(CERTIFICATE_EVENT), .bound = true,
     .wire = ASSAY_WIRE_V0, .without = DSTACK_WITHOUT(CERTIFICATE),
     .wish = OFF},
    {"an enclave over wire v1", FAILS(CERTIFICATE_EVENT), .bound = true,
     .wire = ASSAY_WIRE_V1, .sgx = true, .no_log = true},
    {"a TD without a log over wire v1", FAILS(EVENT_DIGESTS), .bound = true,
     .wire = ASSAY_WIRE_V1, .no_log = true, .wish = ANY_TD},
    {"the certificate", OK(CERTIFICATE_EVENT), .bound = true},
    {"the certificate, required", OK(CERTIFICATE_EVENT), .bound = true,
     .wish = REQUIRED},
    {"the certificate, off", OK(CERTIFICATE_EVENT), .bound = true, .wish = OFF},
    {"the certificate over wire v0", OK(CERTIFICATE_EVENT), .bound = true,
     .wire = ASSAY_WIRE_V0},
    {"the last of two", OK(CERTIFICATE_EVENT), .bound = true,
     .events = two_certificates},
    {"none announced, none required", OK(REPORT_DATA), .bound = true,
     .without = DSTACK_WITHOUT(CERTIFICATE)},
    {"no session, no rule on certificates", OK(EVENT_LOG),
     .certificate = X32("cd"), .wish = REQUIRED},

    {"another nonce", FAILS(REPORT_DATA), .bound = true,
     .report_data = X64("11"), .bound_report_data = X32("11") X32("12"),
     .says = "replayed, or relayed"},
    {"last octet differs", FAILS(REPORT_DATA), .bound = true,
     .report_data = X64("11"),
     .bound_report_data = X32("11") X20("11") X8("11") "11111112"},
    {"first octet differs", FAILS(REPORT_DATA), .bound = true,
     .report_data = X64("11"),
     .bound_report_data = "10" X32("11") X20("11") X8("11") "111111"},
    {"another nonce to an enclave", FAILS(REPORT_DATA), .bound = true,
     .sgx = true, .no_log = true, .bound_report_data = X64("11")},
    {"text of another nonce over wire v0", FAILS(REPORT_DATA), .bound = true,
     .wire = ASSAY_WIRE_V0, .report_data = X64("61"),
     .bound_report_data = X64("62")},
    {"this nonce", OK(REPORT_DATA), .bound = true, .report_data = X64("11"),
     .bound_report_data = X64("11")},
    {"this nonce to an enclave", OK(REPORT_DATA), .bound = true, .sgx = true,
     .no_log = true},
    {"text of this nonce over wire v0", OK(REPORT_DATA), .bound = true,
     .wire = ASSAY_WIRE_V0, .report_data = X64("61"),
     .bound_report_data = X64("61")},
    {"this nonce, in a bundle", OK(REPORT_DATA), .bound = true, .stored = true,
     .says = "only the two ends can know"},
    {"another nonce, in a bundle", FAILS(REPORT_DATA), .bound = true,
     .stored = true, .bound_report_data = X64("11")},

    {"the bundle's own policy", FAILS(BUNDLE), .bound = true, .stored = true,
     .claimed = true, .says = "give --policy"},
    {"the same in a live session", FAILS(BUNDLE), .bound = true,
     .claimed = true},
    {"the same over a quote alone", FAILS(BUNDLE), .claimed = true},
    {"a fault around the quote", FAILS(BUNDLE), .bound = true, .stored = true,
     .fault = "claims.server_name: no", .says = "claims.server_name: no"},
    {"a text that is not the measured compose", FAILS(BUNDLE), .bound = true,
     .stored = true, .app_compose = {(const uint8_t *)"{}", 2},
     .says = "app_compose"},
    {"all of one piece", OK(BUNDLE), .bound = true, .stored = true},
    {"the measured compose", OK(BUNDLE), .bound = true, .stored = true,
     .events = empty_compose, .wish = {.compose = OF_EMPTY},
     .app_compose = {(const uint8_t *)"{}", 2}},
    {"a compose where none is measured", OK(BUNDLE), .bound = true,
     .stored = true, .no_log = true, .wish = ANY_TD,
     .app_compose = {(const uint8_t *)"{}", 2}},
};

static struct assay_ctx *ctx;

static void
test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        dstack_run_row(ctx, &rows[i]);
    }
}

static void
test_all_checks_have_rows(void **state)
{
    (void)state;
    dstack_expect_both(rows, COUNT_OF(rows), ASSAY_CHECK_CERTIFICATE_EVENT,
                       ASSAY_CHECK_CERTIFICATE_EVENT);
    dstack_expect_both(rows, COUNT_OF(rows), ASSAY_CHECK_REPORT_DATA,
                       ASSAY_CHECK_REPORT_DATA);
    dstack_expect_both(rows, COUNT_OF(rows), ASSAY_CHECK_BUNDLE,
                       ASSAY_CHECK_BUNDLE);
}

/* Where nothing is announced: noted, or with `off` not even shown. */
static void
test_absent_certificate(void **state)
{
    static const struct {
        struct dstack_row row;
        const char *note; /* "": no row */
    } cases[] = {
        {{"if present", .bound = true, .without = DSTACK_WITHOUT(CERTIFICATE)},
         "no event announces a certificate; the policy does not ask for it"},
        {{"no log", .bound = true, .no_log = true, .wish = ANY_TD},
         "no event log was given; the policy does not ask for it"},
        {{"off", .bound = true, .without = DSTACK_WITHOUT(CERTIFICATE),
          .wish = OFF},
         ""},
        {{"no session", .wish = REQUIRED}, ""},
        {{"an enclave", .bound = true, .sgx = true, .no_log = true}, ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct dstack_bench b;
        struct assay_verdict *v = NULL;
        struct assay_verify_input in;
        struct assay_error err;
        char note[160] = "";
        bool shown = false;

        dstack_set_up(ctx, &cases[i].row, &b);
        in = dstack_input(&cases[i].row, &b);
        assert_int_equal(assay_verify(b.verifier, &in, &v, &err), ASSAY_OK);
        CHECK(cases[i].row.name, assay_verdict_trusted(v));
        for (size_t k = 0; k < assay_verdict_check_count(v); k++) {
            struct assay_check c = assay_verdict_check(v, k);

            if (strcmp(c.name, "certificate_event") == 0) {
                CHECK(cases[i].row.name,
                      !c.required && c.outcome == ASSAY_NOT_CHECKED);
                shown = true;
                (void)snprintf(note, sizeof(note), "%s", c.detail);
            }
        }
        CHECK(cases[i].row.name, shown == (cases[i].note[0] != '\0'));
        CHECK(cases[i].row.name, strcmp(note, cases[i].note) == 0);
        assay_verdict_free(v);
        dstack_tear_down(&b);
    }
}

/* Only collateral that stood every check tells the time, and time does not
 * run backwards. */
static void
test_newest_date(void **state)
{
    static const struct {
        const char *name;
        struct mint_options world;
        int64_t want_s; /* afterwards */
    } steps[] = {
        {"forged, and newer than all",
         {.tcb_info = {.issue_s = MINT_NOW_S - 1,
                       .json.signer = MINT_KEY_STRANGER}},
         0},
        {"expired CRL",
         {.tcb_info.issue_s = MINT_NOW_S - 2,
          .pck_crl.next_update_s = MINT_NOW_S - 1},
         0},
        {"good",
         {.tcb_info.issue_s = MINT_NOW_S - 50,
          .qe_identity.issue_s = MINT_NOW_S - 60,
          .pck_crl.this_update_s = MINT_NOW_S - 70,
          .root_crl.this_update_s = MINT_NOW_S - 80},
         MINT_NOW_S - 50},
        {"older",
         {.tcb_info.issue_s = MINT_NOW_S - 100,
          .qe_identity.issue_s = MINT_NOW_S - 100,
          .pck_crl.this_update_s = MINT_NOW_S - 100,
          .root_crl.this_update_s = MINT_NOW_S - 100},
         MINT_NOW_S - 50},
        {"a newer CRL",
         {.tcb_info.issue_s = MINT_NOW_S - 100,
          .qe_identity.issue_s = MINT_NOW_S - 100,
          .pck_crl.this_update_s = MINT_NOW_S - 100,
          .root_crl.this_update_s = MINT_NOW_S - 7},
         MINT_NOW_S - 7},
        {"newer, of a platform that is not trusted",
         {.tcb_info.issue_s = MINT_NOW_S - 5,
          .quote.td.td_attributes_xor = ASSAY_TD_ATTR_DEBUG},
         MINT_NOW_S - 5},
    };
    struct assay_verifier *verifier = NULL;
    struct assay_policy *policy = NULL;
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_verifier_new(ctx, 4, &verifier, &err), ASSAY_OK);
    assert_int_equal(assay_policy_default(ASSAY_TEE_TDX, &policy, &err),
                     ASSAY_OK);
    assert_int_equal(assay_verifier_newest_date(verifier), 0);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        struct mint_world *w = trial_world(steps[i].name, &steps[i].world);
        struct assay_quote *quote = trial_quote(w);
        struct assay_collateral *collateral = trial_collateral(ctx, w);
        struct assay_root *root = trial_root(ctx, mint_world_root_pem(w));
        const struct assay_verify_input in = {
            .quote = quote,
            .collateral = collateral,
            .root = root,
            .policy = policy,
            .now_s = MINT_NOW_S,
        };
        struct assay_verdict *v = NULL;

        assert_int_equal(assay_verify(verifier, &in, &v, &err), ASSAY_OK);
        if (assay_verifier_newest_date(verifier) != steps[i].want_s) {
            fail_msg(
                "row \"%s\": %lld before now", steps[i].name,
                (long long)(MINT_NOW_S - assay_verifier_newest_date(verifier)));
        }
        assay_verdict_free(v);
        assay_root_free(root);
        assay_collateral_free(collateral);
        assay_quote_free(quote);
        mint_world_free(w);
    }
    assay_policy_free(policy);
    assay_verifier_free(verifier);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_all_checks_have_rows),
        cmocka_unit_test(test_absent_certificate),
        cmocka_unit_test(test_newest_date),
    };
    int rc;

    ctx = trial_ctx();
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    assay_ctx_free(ctx);
    return rc;
}
