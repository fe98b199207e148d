/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_failure.c - what clients of the proxy are told of what became of a
 * session: a code for every row of the verdict, and which failures are none of
 * the server's.
 */
#include "appraise/verdict.h"
#include "base/buf.h"
#include "base/json.h"
#include "dcap/checks.h"
#include "harness/unit.h"
#include "programs/proxy/failure.h"

static struct assay_error
error_of(enum assay_code code, const char *msg)
{
    struct assay_error err;

    assay_error_clear(&err);
    assay_fail(&err, code, ASSAY_NO_OFFSET, "%s", msg);
    return err;
}

/* --- verdicts ----------------------------------------------------------- */

/* In the order of dcap/checks.h: a row that is new there must be here. */
static const struct {
    enum assay_check_id id;
    const char *code;
} rows[] = {
    {ASSAY_CHECK_ROOT_CA, "quote_root_not_trusted"},
    {ASSAY_CHECK_PCK_CHAIN, "quote_invalid"},
    {ASSAY_CHECK_PCK_CHAIN_DATES, "pck_certificate_expired"},
    {ASSAY_CHECK_ROOT_CRL, "collateral_invalid"},
    {ASSAY_CHECK_ROOT_CRL_DATES, "collateral_expired"},
    {ASSAY_CHECK_PCK_CRL, "collateral_invalid"},
    {ASSAY_CHECK_PCK_CRL_DATES, "collateral_expired"},
    {ASSAY_CHECK_PCK_CA_NOT_REVOKED, "platform_revoked"},
    {ASSAY_CHECK_PCK_NOT_REVOKED, "platform_revoked"},
    {ASSAY_CHECK_TCB_SIGNER, "collateral_invalid"},
    {ASSAY_CHECK_TCB_SIGNER_DATES, "collateral_expired"},
    {ASSAY_CHECK_TCB_SIGNER_NOT_REVOKED, "collateral_invalid"},
    {ASSAY_CHECK_TCB_INFO, "collateral_invalid"},
    {ASSAY_CHECK_TCB_INFO_DATES, "collateral_expired"},
    {ASSAY_CHECK_QE_SIGNER, "collateral_invalid"},
    {ASSAY_CHECK_QE_SIGNER_DATES, "collateral_expired"},
    {ASSAY_CHECK_QE_SIGNER_NOT_REVOKED, "collateral_invalid"},
    {ASSAY_CHECK_QE_IDENTITY, "collateral_invalid"},
    {ASSAY_CHECK_QE_IDENTITY_DATES, "collateral_expired"},
    {ASSAY_CHECK_QE_REPORT_SIGNATURE, "quote_invalid"},
    {ASSAY_CHECK_QE_REPORT, "quote_invalid"},
    {ASSAY_CHECK_ATTESTATION_KEY, "quote_invalid"},
    {ASSAY_CHECK_QUOTE_SIGNATURE, "quote_invalid"},
    {ASSAY_CHECK_TCB_INFO_MATCH, "collateral_mismatch"},
    {ASSAY_CHECK_TDX_MODULE, "tdx_module_unknown"},
    {ASSAY_CHECK_TCB_LEVEL, "tcb_level_unknown"},
    {ASSAY_CHECK_TEE_TYPE, "tee_type_mismatch"},
    {ASSAY_CHECK_TCB_STATUS, "tcb_status_not_allowed"},
    {ASSAY_CHECK_GRACE_PERIOD, "tcb_grace_period_over"},
    {ASSAY_CHECK_TCB_EVALUATION, "tcb_evaluation_too_old"},
    {ASSAY_CHECK_TCB_DATE, "tcb_date_too_old"},
    {ASSAY_CHECK_ADVISORIES, "advisory_not_allowed"},
    {ASSAY_CHECK_COLLATERAL_AGE, "collateral_too_old"},
    {ASSAY_CHECK_COLLATERAL_ROLLBACK, "collateral_rollback"},
    {ASSAY_CHECK_DEBUG, "debug_not_allowed"},
    {ASSAY_CHECK_SEPT_VE_DISABLE, "sept_ve_disable_required"},
    {ASSAY_CHECK_SERVICE_TD, "service_td_not_allowed"},
    {ASSAY_CHECK_TD_ATTRIBUTES, "td_attributes_mismatch"},
    {ASSAY_CHECK_XFAM, "xfam_mismatch"},
    {ASSAY_CHECK_TEE_TCB_SVN, "tcb_svn_too_low"},
    {ASSAY_CHECK_MRTD, "bootchain_mismatch"},
    {ASSAY_CHECK_RTMR0, "bootchain_mismatch"},
    {ASSAY_CHECK_RTMR1, "bootchain_mismatch"},
    {ASSAY_CHECK_RTMR2, "bootchain_mismatch"},
    {ASSAY_CHECK_RTMR3, "rtmr3_mismatch"},
    {ASSAY_CHECK_MR_SEAM, "mr_seam_mismatch"},
    {ASSAY_CHECK_MR_CONFIG_ID, "mr_config_id_mismatch"},
    {ASSAY_CHECK_MR_OWNER, "mr_owner_mismatch"},
    {ASSAY_CHECK_MR_OWNER_CONFIG, "mr_owner_mismatch"},
    {ASSAY_CHECK_MRENCLAVE, "mrenclave_mismatch"},
    {ASSAY_CHECK_MRSIGNER, "mrsigner_mismatch"},
    {ASSAY_CHECK_ISVPRODID, "isvprodid_mismatch"},
    {ASSAY_CHECK_ISVSVN, "isvsvn_too_low"},
    {ASSAY_CHECK_LEGACY_TDX_TCB, "min_tdx_tcb_mismatch"},
    {ASSAY_CHECK_EVENT_DIGESTS, "event_log_invalid"},
    {ASSAY_CHECK_EVENT_LOG, "event_log_invalid"},
    {ASSAY_CHECK_EVENT_RULES, "event_log_invalid"},
    {ASSAY_CHECK_CONFIG_ID_EVENTS, "mr_config_id_mismatch"},
    {ASSAY_CHECK_CERTIFICATE_EVENT, "certificate_not_announced"},
    {ASSAY_CHECK_APP_COMPOSE, "app_compose_mismatch"},
    {ASSAY_CHECK_OS_IMAGE_HASH, "os_image_mismatch"},
    {ASSAY_CHECK_WORKLOAD, "workload_not_identified"},
    {ASSAY_CHECK_REPORT_DATA, "report_data_mismatch"},
    {ASSAY_CHECK_BUNDLE, "evidence_invalid"},
};

static void
every_row_of_a_verdict(void **state)
{
    const struct assay_error why =
        error_of(ASSAY_NOT_TRUSTED, "some_row: is not as it should be");

    (void)state;
    assert_int_equal(COUNT_OF(rows), ASSAY_CHECK_COUNT);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_verdict v = {0};
        struct failure f;

        assert_int_equal(rows[i].id, i);
        assay_checks_expect(&v.checks, rows[i].id, true);
        assay_checks_fail(&v.checks, rows[i].id, "no");
        failure_of_session(&f, &why, true, ASSAY_PHASE_APPRAISE, &v, 0);
        CHECK(assay_check_name(rows[i].id), f.kind == FAILURE_REFUSED);
        CHECK(assay_check_name(rows[i].id), strcmp(f.code, rows[i].code) == 0);
        assert_string_equal(f.message,
                            "Attestation verification failed: TEE not trusted: "
                            "some_row: is not as it should be");
    }
}

/* --- everything else ---------------------------------------------------- */

static void
sessions_without_a_verdict(void **state)
{
    static const struct {
        enum assay_code code;
        const char *msg;
        bool peer;
        enum assay_attested_phase phase;
        unsigned retry_after_s;
        enum failure_kind kind;
        const char *want;
    } table[] = {
        {ASSAY_TLS, "TLS: the certificate is for another name", true,
         ASSAY_PHASE_HANDSHAKE, 0, FAILURE_REFUSED, "tls_certificate_invalid"},
        {ASSAY_TLS, "TLS: the peer does not speak TLS 1.3", true,
         ASSAY_PHASE_HANDSHAKE, 0, FAILURE_REFUSED, "tls_failed"},
        {ASSAY_REPLY, "quote reply: status 404 instead of 200", true,
         ASSAY_PHASE_QUOTE, 0, FAILURE_REFUSED, "no_evidence"},
        {ASSAY_REPLY, "quote reply: 3 bytes follow it unasked", true,
         ASSAY_PHASE_COLLATERAL, 0, FAILURE_REFUSED, "evidence_invalid"},
        {ASSAY_MALFORMED, "quote: x", true, ASSAY_PHASE_QUOTE, 0,
         FAILURE_REFUSED, "evidence_invalid"},
        {ASSAY_NOT_TRUSTED, "x", true, ASSAY_PHASE_APPRAISE, 0, FAILURE_REFUSED,
         "attestation_failed"},
        {ASSAY_NETWORK, "connect: refused", false, ASSAY_PHASE_CONNECT, 0,
         FAILURE_OUTAGE, "upstream_unreachable"},
        {ASSAY_NOT_FOUND, "no such name", false, ASSAY_PHASE_CONNECT, 0,
         FAILURE_OUTAGE, "upstream_unreachable"},
        {ASSAY_NETWORK, "cut", false, ASSAY_PHASE_QUOTE, 0, FAILURE_OUTAGE,
         "upstream_unreachable"},
        {ASSAY_TIMEOUT, "late", false, ASSAY_PHASE_CONNECT, 0, FAILURE_TIMEOUT,
         "upstream_timeout"},
        {ASSAY_TIMEOUT, "late", false, ASSAY_PHASE_QUOTE, 0, FAILURE_TIMEOUT,
         "upstream_timeout"},
        {ASSAY_TIMEOUT, "late", false, ASSAY_PHASE_COLLATERAL, 0,
         FAILURE_OUTAGE, "collateral_unavailable"},
        {ASSAY_NETWORK, "pccs", false, ASSAY_PHASE_COLLATERAL, 0,
         FAILURE_OUTAGE, "collateral_unavailable"},
        {ASSAY_NOT_FOUND, "pccs", false, ASSAY_PHASE_COLLATERAL, 0,
         FAILURE_OUTAGE, "collateral_unavailable"},
        {ASSAY_UNAVAILABLE, "quote reply: status 503", false, ASSAY_PHASE_QUOTE,
         17, FAILURE_OUTAGE, "evidence_unavailable"},
        {ASSAY_MISSING, "it wants ours", false, ASSAY_PHASE_EVIDENCE, 0,
         FAILURE_OUTAGE, "client_evidence_required"},
        {ASSAY_REFUSED, "not ours", false, ASSAY_PHASE_EVIDENCE, 0,
         FAILURE_OUTAGE, "client_evidence_refused"},
        {ASSAY_NO_MEMORY, "x", false, ASSAY_PHASE_HANDSHAKE, 0, FAILURE_OUTAGE,
         "out_of_memory"},
        {ASSAY_INVALID, "the clock is wrong", false, ASSAY_PHASE_APPRAISE, 0,
         FAILURE_OUTAGE, "local_failure"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        const struct assay_error why = error_of(table[i].code, table[i].msg);
        struct failure f;

        failure_of_session(&f, &why, table[i].peer, table[i].phase, NULL,
                           table[i].retry_after_s);
        CHECK(table[i].want, f.kind == table[i].kind);
        CHECK(table[i].want, strcmp(f.code, table[i].want) == 0);
        CHECK(table[i].want, f.retry_after_s == table[i].retry_after_s);
        CHECK(table[i].want, strstr(f.message, table[i].msg) != NULL);
    }
}

/* A verdict of before says nothing of a connection that is cut behind it. */
static void
an_older_verdict(void **state)
{
    const struct assay_error why = error_of(ASSAY_REPLY, "x");
    struct assay_verdict v = {0};
    struct failure f;

    (void)state;
    assay_checks_expect(&v.checks, ASSAY_CHECK_DEBUG, true);
    assay_checks_fail(&v.checks, ASSAY_CHECK_DEBUG, "no");
    failure_of_session(&f, &why, true, ASSAY_PHASE_QUOTE, &v, 0);
    assert_string_equal(f.code, "no_evidence");
    failure_of_session(&f, &why, false, ASSAY_PHASE_QUOTE, &v, 0);
    assert_int_equal(f.kind, FAILURE_OUTAGE);
}

/* --- as clients see it -------------------------------------------------- */

static void
statuses(void **state)
{
    (void)state;
    assert_int_equal(failure_status(FAILURE_REFUSED), 403);
    assert_int_equal(failure_status(FAILURE_OUTAGE), 503);
    assert_int_equal(failure_status(FAILURE_TIMEOUT), 504);
    assert_int_equal(failure_status(FAILURE_REPLY), 502);
    assert_int_equal(failure_status(FAILURE_REQUEST), 400);
}

static void
as_openai_has_them(void **state)
{
    static const struct {
        enum failure_kind kind;
        const char *want;
    } table[] = {
        {FAILURE_REFUSED,
         "{\"error\":{\"message\":\"a \\\"b\\\" 7\",\"type\":"
         "\"attestation_error\",\"param\":null,\"code\":\"some_code\"}}"},
        {FAILURE_REQUEST,
         "{\"error\":{\"message\":\"a \\\"b\\\" 7\",\"type\":"
         "\"invalid_request_error\",\"param\":null,\"code\":\"some_code\"}}"},
        {FAILURE_OUTAGE,
         "{\"error\":{\"message\":\"a \\\"b\\\" 7\",\"type\":"
         "\"upstream_error\",\"param\":null,\"code\":\"some_code\"}}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct failure f;
        struct assay_buf json;

        failure_set(&f, table[i].kind, "some_code", "a \"b\" %d", 7);
        assert_int_equal(f.retry_after_s, 0);
        assay_buf_init(&json, 4096);
        failure_put_json(&f, &json);
        assert_false(json.failed);
        assert_true(assay_slice_is(assay_buf_slice(&json), table[i].want));
        assay_buf_free(&json);
    }
}

/* Whatever is said, it has room, and is text. */
static void
long_messages(void **state)
{
    char text[2000];
    struct failure f;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    failure_set(&f, FAILURE_OUTAGE, text, "%s", text);
    assert_int_equal(strlen(f.code), sizeof(f.code) - 1);
    assert_int_equal(strlen(f.message), sizeof(f.message) - 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_a_verdict),
        cmocka_unit_test(sessions_without_a_verdict),
        cmocka_unit_test(an_older_verdict),
        cmocka_unit_test(statuses),
        cmocka_unit_test(as_openai_has_them),
        cmocka_unit_test(long_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
