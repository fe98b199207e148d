/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_policy_write.c - a policy written anew is the same policy; with all
 * members, it has every one of the table; and the member that says where its
 * measurements come from.
 */
#include "base/buf.h"
#include "base/json.h"
#include "harness/unit.h"
#include "policy/members.h"

#define B "3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d"
#define R "\"" B B "\""
#define H "\"0505050505050505050505050505050505050505050505050505050505050505\""
#define H2                                                                     \
    "\"0606060606060606060606060606060606060606060606060606060606060606\""
#define BOOT                                                                   \
    "\"expected_bootchain\":{\"mrtd\":" R ",\"rtmr0\":[" R "," R               \
    "],\"rtmr1\":" R ",\"rtmr2\":" R "}"

static const struct assay_json_limits limits = {1u << 20, 16, 1u << 16};

static const char *const policies[] = {
    "{\"type\":\"sgx\",\"partial\":true}",
    "{\"type\":\"tdx\",\"mrtd\":" R "}",
    "{\"type\":\"dstack_tdx\"," BOOT ",\"os_image_hash\":" H
    ",\"compose_hash\":[" H "," H2 "],\"certificate_event\":\"required\"}",
    "{\"type\":\"dstack_tdx\"," BOOT ",\"os_image_hash\":" H
    ",\"app_compose\":{\"b\":1,\"a\":[1.0,null,\"\\u00e4\\n\"]},\"wires\":["
    "\"v2\",\"v1\"],\"certificate_event\":\"required\","
    "\"pinned\":{\"at\":\"2026-01-02\",\"from\":\"h:1\",\"how\":\"session\"}}",
    "{\"type\":\"dstack_tdx\",\"partial\":true,\"compose_file\":\"x.json\","
    "\"disable_runtime_verification\":true}",
    "{\"type\":\"tdx\",\"partial\":true,\"allowed_tdx_status\":["
    "\"OutOfDate\",\"UpToDate\"],\"grace_period\":5,"
    "\"min_tdx_tcb\":{\"tee_tcb_svn\":\"05010200000000000000000000000000\","
    "\"tcb_evaluation_data_number\":18,\"tcb_date\":\"2024-03-13\","
    "\"legacy_prefix_match\":true,\"mrseam\":[\"0A0b\",\"0c0d\"],"
    "\"mrtmrs\":\"ff\"},\"denied_advisories\":\"INTEL-SA-00001\","
    "\"accepted_advisories\":[\"INTEL-SA-00002\",\"INTEL-SA-00003\"],"
    "\"max_collateral_age_secs\":0,\"collateral_grace_secs\":7,"
    "\"collateral_rollback\":\"warn\","
    "\"pccs_url\":[\"https://a.example/\",\"\"],\"cache_collateral\":false,"
    "\"staple\":true,\"trusted_root\":\"r.pem\",\"ca_file\":\"c.pem\","
    "\"allow_debug\":true,\"allow_service_td\":true,"
    "\"require_sept_ve_disable\":false,"
    "\"td_attributes\":{\"mask\":\"0100000000000080\",\"value\":"
    "\"0000000000000080\"},\"xfam\":{\"mask\":\"ff00000000000000\",\"value\":"
    "\"ff00000000000000\"},"
    "\"rtmr3\":" R ",\"mr_seam\":" R ",\"mr_config_id\":" R ",\"mr_owner\":" R
    ",\"mr_owner_config\":" R ",\"reattestation_interval_secs\":0,"
    "\"wires\":\"v0\"}",
    "{\"type\":\"tdx\",\"mrtd\":" R ",\"min_tdx_tcb\":{"
    "\"legacy_prefix_match\":true,\"mrseam\":\"0a\"}}",
    "{\"type\":\"tdx\",\"mrtd\":" R ",\"min_tdx_tcb\":{"
    "\"legacy_prefix_match\":true,\"mrtmrs\":[\"0a\",\"0b\"]}}",
    "{\"type\":\"tdx\",\"mrtd\":" R ",\"min_tdx_tcb\":{\"tee_tcb_svn\":"
    "\"05010200000000000000000000000000\"}}",
    "{\"type\":\"sgx\",\"mrenclave\":" H ",\"mrsigner\":[" H "," H2
    "],\"isvprodid\":1,\"min_isvsvn\":65535,"
    "\"min_tcb_evaluation_data_number\":0,\"min_tcb_date\":\"1970-01-01\"}",
};

static struct assay_policy *
parse(const char *row, struct assay_slice text)
{
    struct assay_policy *p = NULL;
    struct assay_error err;

    if (assay_policy_parse(text, &p, &err) != ASSAY_OK) {
        fail_msg("%s: %s at %zu", row, err.msg, err.offset);
    }
    return p;
}

static void
write(const struct assay_policy *p, bool all, struct assay_buf *out)
{
    struct assay_error err;

    assay_buf_init(out, 1u << 20);
    assert_int_equal(assay_policy_to_json(p, all, out, &err), ASSAY_OK);
}

/* The second writing is the first; and what was written says all there is,
 * since every member of the struct is written from it. */
static void
test_round_trip(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(policies); i++) {
        struct assay_buf first;
        struct assay_buf second;
        struct assay_buf all[2];
        struct assay_policy *p;
        struct assay_policy *q;

        p = parse(policies[i], assay_slice_of(policies[i]));
        write(p, false, &first);
        q = parse(policies[i], assay_buf_slice(&first));
        write(q, false, &second);
        write(p, true, &all[0]);
        write(q, true, &all[1]);
        CHECK(policies[i], assay_slice_equal(assay_buf_slice(&first),
                                             assay_buf_slice(&second)));
        CHECK(policies[i], assay_slice_equal(assay_buf_slice(&all[0]),
                                             assay_buf_slice(&all[1])));
        assay_buf_free(&first);
        assay_buf_free(&second);
        assay_buf_free(&all[0]);
        assay_buf_free(&all[1]);
        assay_policy_free(p);
        assay_policy_free(q);
    }
}

/* What the table has, the document has, but for second names. */
static void
test_all_members(void **state)
{
    static const struct {
        const char *policy;
        unsigned of;
    } rows[] = {
        {"{\"type\":\"sgx\",\"partial\":true}", ASSAY_OF_SGX},
        {"{\"type\":\"tdx\",\"partial\":true}", ASSAY_OF_TDX},
        {"{\"type\":\"dstack_tdx\",\"partial\":true}", ASSAY_OF_DSTACK},
    };

    (void)state;
    for (size_t r = 0; r < COUNT_OF(rows); r++) {
        struct assay_policy *p =
            parse(rows[r].policy, assay_slice_of(rows[r].policy));
        struct assay_json *j = NULL;
        struct assay_buf text;
        struct assay_error err;

        write(p, true, &text);
        assay_error_clear(&err);
        assert_int_equal(assay_json_parse(assay_buf_slice(&text), &limits,
                                          "policy", &j, &err),
                         ASSAY_OK);
        for (size_t i = 0; i < assay_member_row_count; i++) {
            const struct assay_member_row *row = &assay_member_rows[i];
            bool second = row->kind == ASSAY_KIND_TEE_TYPE ||
                          strcmp(row->name, "allowed_tdx_status") == 0;

            CHECK(row->name,
                  (assay_json_member(j, ASSAY_JSON_ROOT, row->name) !=
                   ASSAY_JSON_NONE) ==
                      ((row->of & rows[r].of) != 0 && !second));
        }
        assay_json_free(j);
        assay_buf_free(&text);
        assay_policy_free(p);
    }
}

static void
test_limit(void **state)
{
    struct assay_policy *p = parse("sgx", assay_slice_of(policies[0]));
    struct assay_buf out;
    struct assay_error err;

    (void)state;
    assay_buf_init(&out, 16);
    assert_int_equal(assay_policy_to_json(p, true, &out, &err),
                     ASSAY_TOO_LARGE);
    assay_buf_free(&out);
    assay_policy_free(p);
}

#define PINNED(object)                                                         \
    "{\"type\":\"sgx\",\"partial\":true,\"pinned\":" object "}"

static void
test_pinned(void **state)
{
    static const struct {
        const char *name;
        const char *policy;
        const char *msg;
    } rows[] = {
        {"no object", PINNED("true"),
         "policy.pinned: must be an object of at, from and how"},
        {"empty", PINNED("{}"),
         "policy.pinned: must be an object of at, from and how"},
        {"without how", PINNED("{\"at\":\"2026-01-01\",\"from\":\"x\"}"),
         "policy.pinned: must be an object of at, from and how"},
        {"another how",
         PINNED("{\"at\":\"2026-01-01\",\"from\":\"x\",\"how\":\"magic\"}"),
         "policy.pinned.how: must be \"session\""},
        {"how is no text",
         PINNED("{\"at\":\"2026-01-01\",\"from\":\"x\",\"how\":1}"),
         "policy.pinned.how: must be \"session\""},
        {"no date",
         PINNED("{\"at\":\"then\",\"from\":\"x\",\"how\":\"quote\"}"),
         "policy.pinned.at: must be a date"},
        {"from is no text",
         PINNED("{\"at\":\"2026-01-01\",\"from\":1,\"how\":\"quote\"}"),
         "policy.pinned.from: must be a string"},
        {"a part too many",
         PINNED("{\"at\":\"2026-01-01\",\"from\":\"x\","
                "\"how\":\"quote\",\"who\":\"me\"}"),
         "policy.pinned.who: unknown member"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_policy *p = NULL;
        struct assay_error err;

        CHECK(rows[i].name, assay_policy_parse(assay_slice_of(rows[i].policy),
                                               &p, &err) == ASSAY_INVALID);
        check_error(rows[i].name, &err, ASSAY_INVALID, rows[i].msg, err.offset);
        CHECK(rows[i].name, p == NULL);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_all_members),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_pinned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
