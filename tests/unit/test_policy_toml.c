/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_policy_toml.c - what is TOML's own in a policy: its spellings, line and
 * column in messages, and the form of a Codex provider. That each member means
 * the same as in JSON, the tables of the other tests check.
 */
#include "policy/policy.h"

#include "harness/policy_rows.h"

static enum assay_code
parse_toml(const char *text, struct assay_policy **out, struct assay_error *err)
{
    struct assay_slice copy = exact_copy(assay_slice_of(text));
    enum assay_code code;

    *out = (struct assay_policy *)(uintptr_t)1;
    code = assay_policy_parse_toml(copy, out, err);
    assert_true((*out != NULL) == (code == ASSAY_OK));
    free((void *)copy.ptr);
    return code;
}

static const char spelled[] =
    "# a policy as a person writes it\r\n"
    "type = 'dstack_tdx'\r\n"
    "grace_period = 2_592_000\n"
    "allowed_tcb_status = [\n  \"UpToDate\", # good\n  \"OutOfDate\",\n]\n"
    "min_tcb_date = 2024-03-13\n"
    "os_image_hash = \"" H64 "\"\n"
    "trusted_root = \"\"\"\nline 1\nline 2\n\"\"\"\n"
    "min_tdx_tcb.tcb_evaluation_data_number = 0x11\n"
    "min_tdx_tcb.tee_tcb_svn = \"" H16 H16 "\"\n"
    "[expected_bootchain]\n"
    "mrtd = \"" H96 "\"\n"
    "rtmr0 = [\"" H96 "\"]\n"
    "rtmr1 = \"" H96 "\"\n"
    "rtmr2 = \"" H96 "\"\n"
    "[app_compose]\n"
    "name = 'a \"b\"'\n"
    "docker_compose_file = '''\nservices:\n  x:\n'''\n"
    "weight = 1_0.50\n"
    "[app_compose.pre_launch_script]\n"
    "sha256 = [\"" H64 "\"]\n";
static const char plain[] =
    "{\"type\":\"dstack_tdx\",\"grace_period\":2592000,"
    "\"allowed_tcb_status\":[\"UpToDate\",\"OutOfDate\"],"
    "\"min_tcb_date\":\"2024-03-13T00:00:00Z\",\"os_image_hash\":\"" H64 "\","
    "\"trusted_root\":\"line 1\\nline 2\\n\",\"min_tdx_tcb\":{"
    "\"tcb_evaluation_data_number\":17,\"tee_tcb_svn\":\"" H16 H16 "\"},"
    "\"expected_bootchain\":{\"mrtd\":\"" H96 "\",\"rtmr0\":\"" H96
    "\",\"rtmr1\":\"" H96 "\",\"rtmr2\":\"" H96 "\"},"
    "\"app_compose\":{\"name\":\"a \\\"b\\\"\","
    "\"docker_compose_file\":\"services:\\n  x:\\n\",\"weight\":10.50,"
    "\"pre_launch_script\":{\"sha256\":[\"" H64 "\"]}}}";

static void
test_same(void **state)
{
    struct assay_policy *p = read_policy(plain);
    struct assay_policy *q = NULL;
    struct assay_error err;

    (void)state;
    if (parse_toml(spelled, &q, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    check_same_policy("spelled", p, q);
    assay_policy_free(p);
    assay_policy_free(q);
}

static void
test_dates(void **state)
{
    static const struct {
        const char *date;
        int64_t value; /* 0: refused */
    } rows[] = {
        {"2024-03-13", 1710288000},
        {"2024-03-13T00:00:01Z", 1710288001},
        {"2024-03-13 01:00:00+01:00", 1710288000},
        {"2024-03-13t00:00:00.75z", 1710288000},
        {"\"2024-03-13\"", 1710288000},
        {"2024-03-13T00:00:00", 0}, /* where? */
        {"00:00:00", 0},
        {"1710288000", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[120];
        struct assay_policy *p;
        struct assay_error err;

        (void)snprintf(text, sizeof(text),
                       "type = 'tdx'\npartial = true\nmin_tcb_date = %s",
                       rows[i].date);
        (void)parse_toml(text, &p, &err);
        CHECK(rows[i].date, (p != NULL) == (rows[i].value != 0));
        CHECK(rows[i].date,
              p == NULL || p->min_tcb_date_s.value == rows[i].value);
        CHECK(rows[i].date,
              p != NULL ||
                  strncmp(err.msg,
                          "line 3, column 16: policy.min_tcb_date: ", 40) == 0);
        assay_policy_free(p);
    }
}

static void
test_places(void **state)
{
    static const struct {
        const char *text;
        enum assay_code code;
        const char *msg;
    } rows[] = {
        {"", BAD, "line 1, column 1: policy.type: missing"},
        {"type = \"tdx\"", BAD, "line 1, column 1: policy: names nothing"},
        {"type = \"tdx\"\npartial = 1", BAD,
         "line 2, column 11: policy.partial: must be true or false"},
        {"type = \"tdx\"\npartial = true\n\n[min_tdx_tcb]\n  tcb_dat = 1\n",
         BAD, "line 5, column 13: policy.min_tdx_tcb.tcb_dat: unknown member"},
        {"type = \"tdx\"\npartial = true\n[xfam]\nmask = 1\n", BAD,
         "line 3, column 1: policy.xfam: must be an object"},
        {"type = \"tdx\"\npartial = true\nmrdt = \"\"", BAD,
         "line 3, column 8: policy: unknown member 'mrdt' for this type; the "
         "nearest is mrtd"},
        {"type = \"tdx\"\nallow_debug = \xc3\xa4", ASSAY_MALFORMED,
         "line 2, column 15: policy: TOML has '?' where a value should"},
        {"type = \"tdx\"\ntype = \"tdx\"", ASSAY_MALFORMED,
         "line 2, column 1: policy: TOML key 'type' stands twice"},
        {"type = \"tdx\"\nx = '\xff'", ASSAY_MALFORMED,
         "line 2, column 6: policy: TOML is not UTF-8"},
        {"type = \"tdx", ASSAY_TRUNCATED, "line 1, column 12: policy: TOML"},
        {"type = \"tdx\"\nca_file = \"a\\u0000\"", BAD,
         "line 2, column 11: policy: TOML has U+0000 in a string"},
        {"type = \"dstack_tdx\"\n[app_compose]\nx = nan", BAD,
         "line 3, column 5: policy: TOML has a float that is no finite"},
        {"{\"type\":\"tdx\",\"partial\":true}", ASSAY_MALFORMED,
         "line 1, column 1: policy: TOML has '{' where a key should stand"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_policy *p;
        struct assay_error err;

        (void)parse_toml(rows[i].text, &p, &err);
        check_error(rows[i].text, &err, rows[i].code, rows[i].msg, err.offset);
        CHECK(rows[i].text, err.offset <= strlen(rows[i].text));
    }
}

/* --- the form of a Codex provider ----------------------------------------- */

static enum assay_code
parse_ratls(struct assay_slice text, struct assay_error *err)
{
    struct assay_policy *p = (struct assay_policy *)(uintptr_t)1;
    enum assay_code code = assay_policy_parse_ratls(text, &p, err);

    assert_true((p != NULL) == (code == ASSAY_OK));
    if (p != NULL) {
        assert_int_equal(p->tee, ASSAY_TEE_TDX);
        assert_int_equal(assay_policy_wire_count(p), 1);
        assert_int_equal(assay_policy_wire(p, 0), ASSAY_WIRE_V2);
    }
    assay_policy_free(p);
    return code;
}

static const struct json_row ratls_rows[] = {
    {"empty", "#", "", ASSAY_OK, "", NULL},
    GOOD("tee_type", "\"Tdx\""),
    REFUSED("tee_type", "\"Snp\"", "must be \"Tdx\", spelled so"),
    STATUSES("allowed_tdx_status"),
    STRINGS("pccs_url"),
    GOOD("min_tdx_tcb", "{\"tee_tcb_svn\":\"" H16 H16 "\"}"),
    REFUSED_AT("min_tdx_tcb", "{\"mrseam\":\"5b\"}",
               ".mrseam: compares first octets", "\"mrseam\":"),
    GOOD("min_tdx_tcb", "{\"legacy_prefix_match\":true,\"mrseam\":\"5b\"}"),
    UNKNOWN("allowed_tcb_status", "[\"UpToDate\"]",
            "; the nearest is allowed_tdx_status"),
    UNKNOWN("partial", "true", ""),
    UNKNOWN("wires", "[\"v1\"]", ""),
    UNKNOWN("mrtd", "\"" H96 "\"", ""),
    UNKNOWN("pccs", "\"\"", ""),
    /* with a type it is a policy like others */
    {"tdx, incomplete", "#", "\"type\":\"tdx\"", BAD,
     "policy: names nothing of the workload", ""},
    {"tdx, complete", "#", "\"type\":\"tdx\",\"mrtd\":\"" H96 "\"", ASSAY_OK,
     "", NULL},
    {"no type", "#", "\"type\":\"Tdx\"", BAD, "policy.type: must be",
     "\"type\":"},
};

static void
test_ratls(void **state)
{
    struct assay_policy *p = NULL;
    struct assay_error err;

    (void)state;
    json_rows(assay_slice_of("{#}"), ratls_rows, COUNT_OF(ratls_rows),
              parse_ratls);
    assert_int_equal(assay_policy_parse_ratls(assay_slice_of("{}"), &p, &err),
                     ASSAY_OK);
    assert_true(p->partial && !p->dstack);
    assert_int_equal(p->allowed_status, 1u << ASSAY_TCB_UP_TO_DATE);
    assert_int_equal(assay_policy_pccs_count(p), 0);
    assay_policy_free(p);
    assert_int_equal(assay_policy_parse_ratls(assay_slice_of("[]"), &p, &err),
                     BAD);
}

/* The examples that Codex' document has. */
static const char codex[] =
    "[model_providers.vllm-tee]\n"
    "name = \"vLLM TEE\"\n"
    "use_ratls = true\n"
    "\n"
    "[model_providers.vllm-tee.ratls_policy]\n"
    "tee_type = \"Tdx\"\n"
    "allowed_tdx_status = [\"UpToDate\", \"SWHardeningNeeded\"]\n"
    "pccs_url = \"https://pccs.example/tdx/certification/v4\"\n"
    "[model_providers.\"b.c\".ratls_policy]\n"
    "allowed_tdx_statuses = []\n"
    "[model_providers.d]\n"
    "ratls_policy = true\n";

static void
test_ratls_toml(void **state)
{
    static const char *const good[] = {"model_providers", "vllm-tee",
                                       "ratls_policy", NULL};
    static const char *const bad[] = {"model_providers", "b.c", "ratls_policy",
                                      NULL};
    static const char *const none[] = {"model_providers", "vllm", NULL};
    static const char *const no_table[] = {"model_providers", "d",
                                           "ratls_policy", NULL};
    struct assay_slice text = assay_slice_of(codex);
    struct assay_policy *p = NULL;
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_policy_parse_ratls_toml(text, good, &p, &err),
                     ASSAY_OK);
    assert_true(p->partial && p->tee == ASSAY_TEE_TDX);
    assert_int_equal(p->allowed_status,
                     1u << ASSAY_TCB_UP_TO_DATE |
                         1u << ASSAY_TCB_SW_HARDENING_NEEDED);
    assert_string_equal(assay_policy_pccs(p, 0),
                        "https://pccs.example/tdx/certification/v4");
    assay_policy_free(p);
    (void)!assay_policy_parse_ratls_toml(text, bad, &p, &err);
    check_error("bad", &err, BAD,
                "line 10, column 24: policy: unknown member "
                "'allowed_tdx_statuses' for this type; the nearest is "
                "allowed_tdx_status",
                err.offset);
    assert_null(p);
    (void)!assay_policy_parse_ratls_toml(text, none, &p, &err);
    check_error("none", &err, ASSAY_MISSING, "policy: there is no table 'vllm'",
                ASSAY_NO_OFFSET);
    (void)!assay_policy_parse_ratls_toml(text, no_table, &p, &err);
    check_error("no table", &err, BAD,
                "line 12, column 16: policy: no TOML table", err.offset);
    (void)!assay_policy_parse_ratls_toml(assay_slice_of("tee_type = 'Tdx'"),
                                         NULL, &p, &err);
    assert_non_null(p);
    assay_policy_free(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),       cmocka_unit_test(test_dates),
        cmocka_unit_test(test_places),     cmocka_unit_test(test_ratls),
        cmocka_unit_test(test_ratls_toml),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
