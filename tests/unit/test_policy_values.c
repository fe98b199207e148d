/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_policy_values.c - what is kept of a policy: defaults, values, statuses.
 */
#include "policy/policy.h"

#include "harness/policy_rows.h"

static void
check_defaults(const struct assay_policy *p, enum assay_tee tee)
{
    assert_int_equal(p->tee, tee);
    assert_int_equal(p->allowed_status, 1u << ASSAY_TCB_UP_TO_DATE);
    assert_true(p->partial && p->require_sept_ve_disable);
    assert_false(p->allow_debug || p->allow_service_td);
    assert_false(p->grace_period_s.there || p->min_evaluation.there);
    assert_false(p->min_tcb_date_s.there || p->max_collateral_age_s.there);
    assert_false(p->td_attributes.there || p->xfam.there);
    assert_false(p->has_min_tee_tcb_svn);
    assert_int_equal(p->accepted_advisories.count, 0);
    assert_false(p->isvprodid.there || p->min_isvsvn.there);
    assert_int_equal(p->denied_advisories.count, 0);
    assert_false(assay_policy_names_workload(p));
    assert_int_equal(assay_policy_pccs_count(p), 0);
    assert_null(assay_policy_pccs(p, 0));
    assert_true(assay_policy_cache_collateral(p));
    assert_null(assay_policy_trusted_root(p));
    assert_null(assay_policy_ca_file(p));
    assert_int_equal(assay_policy_collateral_grace(p), 0);
    assert_false(p->warns_of_rollback);
    assert_false(p->dstack || p->disable_runtime_verification);
    assert_int_equal(assay_policy_wire_count(p), 1);
    assert_int_equal(assay_policy_wire(p, 0), ASSAY_WIRE_V2);
    assert_int_equal(assay_policy_wire(p, 1), ASSAY_WIRE_COUNT);
    assert_int_equal(p->certificate_event, ASSAY_CERTIFICATE_IF_PRESENT);
    assert_int_equal(assay_policy_reattestation_interval(p), 300);
    assert_false(assay_policy_accepts_self_signed(p) || p->staple);
    assert_null(assay_policy_compose_file(p));
}

static void
test_defaults(void **state)
{
    static const struct {
        enum assay_tee tee;
        const char *text;
    } rows[] = {
        {ASSAY_TEE_TDX, "{\"type\":\"tdx\",\"partial\":true}"},
        {ASSAY_TEE_SGX, "{\"type\":\"sgx\",\"partial\":true}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_policy *p = NULL;
        struct assay_error err;

        assert_int_equal(assay_policy_default(rows[i].tee, &p, &err), ASSAY_OK);
        check_defaults(p, rows[i].tee);
        assay_policy_free(p);
        p = read_policy(rows[i].text);
        check_defaults(p, rows[i].tee);
        assay_policy_free(p);
    }
    assay_policy_free(NULL);
}

static void
test_tdx_values(void **state)
{
    static const char *const names[ASSAY_REG_COUNT] = {
        [ASSAY_REG_MRTD] = "mrtd",
        [ASSAY_REG_RTMR0] = "rtmr0",
        [ASSAY_REG_RTMR1] = "rtmr1",
        [ASSAY_REG_RTMR2] = "rtmr2",
        [ASSAY_REG_RTMR3] = "rtmr3",
        [ASSAY_REG_MR_SEAM] = "mr_seam",
        [ASSAY_REG_MR_CONFIG_ID] = "mr_config_id",
        [ASSAY_REG_MR_OWNER] = "mr_owner",
        [ASSAY_REG_MR_OWNER_CONFIG] = "mr_owner_config",
    };
    struct assay_buf text;
    struct assay_policy *p;

    (void)state;
    assay_buf_init(&text, 1u << 16);
    assay_buf_add_text(
        &text,
        "{\"type\":\"tdx\",\"allowed_tdx_status\":[\"OutOfDate\",\"Revoked\","
        "\"TDRelaunchAdvisedConfigurationNeeded\",\"OutOfDate\"],"
        "\"require_sept_ve_disable\":false,\"allow_service_td\":true,"
        "\"allow_debug\":true,"
        "\"td_attributes\":{\"mask\":\"FF000000000000f1\","
        "\"value\":\"0100000000000010\"},"
        "\"xfam\":{\"value\":\"0302000000000000\","
        "\"mask\":\"0302000000000080\"},"
        "\"min_tdx_tcb\":{\"tee_tcb_svn\":\"0102030405060708090A0b0c0d0e0f10\","
        "\"tcb_evaluation_data_number\":4294967295,"
        "\"tcb_date\":\"2024-03-13\"}");
    for (size_t i = 0; i < ASSAY_REG_COUNT; i++) {
        assay_buf_printf(&text, ",\"%s\":[\"" H96 "\",\"", names[i]);
        for (size_t k = 0; k < 48; k++) {
            assay_buf_printf(&text, "%02X", (unsigned)(0xa0 + i));
        }
        assay_buf_add_text(&text, "\"]");
    }
    assay_buf_add_text(&text, "}");
    assay_buf_add_u8(&text, 0);
    p = read_policy((const char *)text.ptr);
    assay_buf_free(&text);

    assert_int_equal(
        p->allowed_status,
        1u << ASSAY_TCB_OUT_OF_DATE | 1u << ASSAY_TCB_REVOKED |
            1u << ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED);
    assert_false(p->partial || p->require_sept_ve_disable);
    assert_true(p->allow_service_td && p->allow_debug);
    assert_true(p->td_attributes.there && p->xfam.there);
    assert_true(p->td_attributes.mask == UINT64_C(0xf1000000000000ff));
    assert_true(p->td_attributes.value == UINT64_C(0x1000000000000001));
    assert_true(p->xfam.mask == UINT64_C(0x8000000000000203));
    assert_true(p->xfam.value == UINT64_C(0x203));
    assert_true(p->has_min_tee_tcb_svn);
    for (size_t i = 0; i < 16; i++) {
        assert_int_equal(p->min_tee_tcb_svn[i], i + 1);
    }
    assert_true(p->min_evaluation.there && p->min_tcb_date_s.there);
    assert_int_equal(p->min_evaluation.value, 4294967295);
    assert_int_equal(p->min_tcb_date_s.value, 1710288000);
    for (size_t i = 0; i < ASSAY_REG_COUNT; i++) {
        uint8_t last[48];

        memset(last, (int)(0xa0 + i), sizeof(last));
        check_set(&p->td_register[i], 48, 2, last);
        assert_int_equal(p->td_register[i].bytes[1], 0x23);
    }
    assert_int_equal(p->mrenclave.count, 0);
    assay_policy_free(p);
}

static void
test_sgx_values(void **state)
{
    uint8_t last[32];
    struct assay_policy *p = read_policy(
        "{\"type\":\"sgx\",\"allowed_tcb_status\":[\"SWHardeningNeeded\","
        "\"OutOfDate\"],\"grace_period\":7,\"min_tcb_evaluation_data_number\":"
        "0,"
        "\"min_tcb_date\":\"2024-03-13T00:00:01Z\","
        "\"denied_advisories\":[\"A\",\"B\"],\"accepted_advisories\":\"C\","
        "\"max_collateral_age_secs\":0,\"collateral_grace_secs\":86400,"
        "\"collateral_rollback\":\"warn\","
        "\"pccs_url\":[\"https://a/\",\"\"],\"cache_collateral\":false,"
        "\"trusted_root\":\"a\\nb\",\"ca_file\":\"/etc/ca.pem\","
        "\"mrenclave\":\"" H64 "\",\"mrsigner\":[\"" H64 "\",\""
        "FEFEFEFEFEFEFEFEfefefefefefefefe"
        "fefefefefefefefefefefefefefefefe\"],"
        "\"isvprodid\":0,\"min_isvsvn\":65535}");

    (void)state;
    memset(last, 0xfe, sizeof(last));
    assert_int_equal(p->tee, ASSAY_TEE_SGX);
    assert_int_equal(p->allowed_status, 1u << ASSAY_TCB_SW_HARDENING_NEEDED |
                                            1u << ASSAY_TCB_OUT_OF_DATE);
    assert_true(p->grace_period_s.there && p->grace_period_s.value == 7);
    assert_true(p->min_evaluation.there && p->min_evaluation.value == 0);
    assert_int_equal(p->min_tcb_date_s.value, 1710288001);
    assert_int_equal(p->denied_advisories.count, 2);
    assert_string_equal(p->denied_advisories.item[1], "B");
    assert_int_equal(p->accepted_advisories.count, 1);
    assert_string_equal(p->accepted_advisories.item[0], "C");
    assert_true(p->max_collateral_age_s.there);
    assert_int_equal(p->max_collateral_age_s.value, 0);
    assert_int_equal(assay_policy_collateral_grace(p), 86400);
    assert_true(p->warns_of_rollback);
    assert_int_equal(assay_policy_pccs_count(p), 2);
    assert_string_equal(assay_policy_pccs(p, 0), "https://a/");
    assert_string_equal(assay_policy_pccs(p, 1), "");
    assert_null(assay_policy_pccs(p, 2));
    assert_false(assay_policy_cache_collateral(p));
    assert_string_equal(assay_policy_trusted_root(p), "a\nb");
    assert_string_equal(assay_policy_ca_file(p), "/etc/ca.pem");
    check_set(&p->mrsigner, 32, 2, last);
    assert_int_equal(p->mrenclave.count, 1);
    assert_true(p->isvprodid.there && p->isvprodid.value == 0);
    assert_true(p->min_isvsvn.there && p->min_isvsvn.value == 65535);
    assay_policy_free(p);

    p = read_policy("{\"type\":\"sgx\",\"partial\":true,\"pccs_url\":\"u\"}");
    assert_int_equal(assay_policy_pccs_count(p), 1);
    assert_string_equal(assay_policy_pccs(p, 0), "u");
    assay_policy_free(p);
}

static void
test_accept(void **state)
{
    static const enum assay_tcb_status two[] = {ASSAY_TCB_OUT_OF_DATE,
                                                ASSAY_TCB_REVOKED};
    static const enum assay_tcb_status none[] = {ASSAY_TCB_UP_TO_DATE,
                                                 ASSAY_TCB_NONE};
    const unsigned past =
        ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED + 1;
    enum assay_tcb_status beyond[1]; /* no such enumerator */
    struct assay_policy *p = NULL;
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_policy_default(ASSAY_TEE_TDX, &p, &err), ASSAY_OK);
    assert_int_equal(assay_policy_accept(p, two, 2, &err), ASSAY_OK);
    assert_int_equal(p->allowed_status,
                     1u << ASSAY_TCB_OUT_OF_DATE | 1u << ASSAY_TCB_REVOKED);
    assert_int_equal(assay_policy_accept(p, two, 1, &err), ASSAY_OK);
    assert_int_equal(p->allowed_status, 1u << ASSAY_TCB_OUT_OF_DATE);

    assert_int_equal(assay_policy_accept(p, two, 0, &err), ASSAY_INVALID);
    check_error("empty", &err, ASSAY_INVALID,
                "accepted statuses: the list is empty", ASSAY_NO_OFFSET);
    assert_int_equal(assay_policy_accept(p, NULL, 0, &err), ASSAY_INVALID);
    assert_int_equal(assay_policy_accept(p, none, 2, &err), ASSAY_INVALID);
    check_error("none", &err, ASSAY_INVALID,
                "accepted statuses: unknown status", ASSAY_NO_OFFSET);
    memcpy(beyond, &past, sizeof(beyond));
    assert_int_equal(assay_policy_accept(p, beyond, 1, &err), ASSAY_INVALID);
    assert_int_equal(p->allowed_status, 1u << ASSAY_TCB_OUT_OF_DATE);
    assay_policy_free(p);
}

static void
test_status_names(void **state)
{
    static const char *const names[] = {
        "UpToDate",
        "SWHardeningNeeded",
        "ConfigurationNeeded",
        "ConfigurationAndSWHardeningNeeded",
        "OutOfDate",
        "OutOfDateConfigurationNeeded",
        "Revoked",
        "TDRelaunchAdvised",
        "TDRelaunchAdvisedConfigurationNeeded",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        enum assay_tcb_status s =
            assay_tcb_status_parse(assay_slice_of(names[i]));
        char text[48];

        assert_int_equal(s, i + 1);
        assert_string_equal(assay_tcb_status_name(s), names[i]);
        for (size_t len = 0; len < strlen(names[i]); len++) {
            struct assay_slice cut = {(const uint8_t *)names[i], len};

            s = assay_tcb_status_parse(cut); /* OutOfDate starts others */
            CHECK(names[i], s == ASSAY_TCB_NONE ||
                                assay_slice_is(cut, assay_tcb_status_name(s)));
        }
        (void)snprintf(text, sizeof(text), "%s ", names[i]);
        CHECK(names[i],
              assay_tcb_status_parse(assay_slice_of(text)) == ASSAY_TCB_NONE);
        text[strlen(names[i])] = '\0';
        text[0] ^= 0x20;
        CHECK(names[i],
              assay_tcb_status_parse(assay_slice_of(text)) == ASSAY_TCB_NONE);
    }
    assert_int_equal(assay_tcb_status_parse(ASSAY_EMPTY), ASSAY_TCB_NONE);
    assert_null(assay_tcb_status_name(ASSAY_TCB_NONE));
    assert_null(
        assay_tcb_status_name((enum assay_tcb_status)(COUNT_OF(names) + 1)));
}

/* Rules that nobody would look at are none for clients. */
static void
test_of_clients(void **state)
{
    static const struct {
        const char *members;
        const char *says; /* NULL: it may judge clients */
    } rows[] = {
        {"", NULL},
        {",\"wires\":\"v2\"", NULL},
        {",\"certificate_event\":\"if_present\"", NULL},
        {",\"staple\":true,\"reattestation_interval_secs\":5", NULL},
        {",\"certificate_event\":\"required\"", "policy.certificate_event: "},
        {",\"certificate_event\":\"off\"", "policy.certificate_event: "},
        {",\"wires\":\"v0\"", "policy.wires: "},
        {",\"wires\":[\"v2\",\"v1\"]", "policy.wires: "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_policy *p;
        struct assay_error err;
        char text[200];

        (void)snprintf(text, sizeof(text),
                       "{\"type\":\"tdx\",\"partial\":true%s}",
                       rows[i].members);
        p = read_policy(text);
        (void)!assay_policy_check_for_clients(p, &err);
        check_error(rows[i].members, &err,
                    rows[i].says != NULL ? ASSAY_INVALID : ASSAY_OK,
                    rows[i].says != NULL ? rows[i].says : "", ASSAY_NO_OFFSET);
        assay_policy_free(p);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),     cmocka_unit_test(test_tdx_values),
        cmocka_unit_test(test_sgx_values),   cmocka_unit_test(test_accept),
        cmocka_unit_test(test_status_names), cmocka_unit_test(test_of_clients),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
