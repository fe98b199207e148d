/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_policy_dstack.c - policies of type dstack_tdx: what was booted and what
 * runs, when it is enough, and what excludes what.
 */
#include "policy/policy.h"

#include "assay/compose.h"
#include "assay/verify.h"
#include "harness/policy_rows.h"

#define DSTACK "{\"type\":\"dstack_tdx\",\"partial\":true,#}"
#define BOOT                                                                   \
    "\"expected_bootchain\":{\"mrtd\":\"" H96 "\",\"rtmr0\":\"" H96            \
    "\",\"rtmr1\":[\"" H96 "\",\"" H96 "\"],\"rtmr2\":\"" H96 "\"}"
#define IMAGE   "\"os_image_hash\":\"" H64 "\""
#define COMPOSE "\"app_compose\":{\"name\":\"x\"}"
#define WHOLE   "{\"type\":\"dstack_tdx\"," BOOT "," IMAGE "," COMPOSE "}"

static const struct json_row rows[] = {
    REGISTER("expected_rtmr3"),
    REGISTER("mr_seam"),
    REGISTER("mr_config_id"),
    REGISTER("mr_owner"),
    REGISTER("mr_owner_config"),
    VALUES("os_image_hash", H64),
    VALUES("compose_hash", H64),
    REFUSED("os_image_hash", "\"" H96 "\"", "must be 64 hex digits"),
    STRING("compose_file"),
    BOOLEAN("disable_runtime_verification"),
    STATUSES("allowed_tdx_status"),
    GOOD("min_tdx_tcb", "{\"tcb_date\":\"2026-11-20\"}"),
    GOOD("tee_type", "\"Tdx\""),
    GOOD("xfam", "{\"mask\":\"" H16 "\",\"value\":\"" H16 "\"}"),
    GOOD("wires", "[\"v1\"]"),
    GOOD("certificate_event", "\"off\""),
    GOOD("app_compose", "{}"),
    GOOD("app_compose", "{\"a\":{\"sha256\":[\"" H64 "\"]},\"b\":[1.50,-1]}"),
    REFUSED("app_compose", "{\"a\":{\"sha256\":[]}}",
            "sha256: a list of no hash"),
    REFUSED("app_compose", "{\"a\":[{\"sha256\":[\"" H64 "\",\"" H96 "\"]}]}",
            "sha256: need 32 bytes in hex, have 96"),
    REFUSED("app_compose", "{\"a\":{\"sha256\":[\"g" H64 "\"]}}", "sha256: "),
    REFUSED("app_compose", "{\"a\":{\"sha256\":[7]}}", "sha256: "),
    GOOD("app_compose",
         "{\"a\":{\"sha256\":\"x\"},\"b\":{\"sha256\":[7],\"c\":1}}"),
    REFUSED("app_compose", "{\"a\":1e400}",
            "JSON has a number that is too large"),
    REFUSED("app_compose", "\"{}\"", "must be an object"),
    REFUSED("app_compose", "[]", "must be an object"),
    REFUSED("app_compose", "null", "must be an object"),
    GOOD("expected_bootchain", "{\"rtmr1\":\"" H96 "\"}"),
    GOOD("expected_bootchain",
         "{\"rtmr2\":[\"" H96 "\"],\"mrtd\":\"" H96 "\"}"),
    REFUSED("expected_bootchain", "{}",
            "must be an object of mrtd, rtmr0, rtmr1 and rtmr2"),
    REFUSED("expected_bootchain", "\"" H96 "\"", "must be an object of mrtd"),
    REFUSED("expected_bootchain", "null", "must be an object of mrtd"),
    REFUSED_AT("expected_bootchain", "{\"rtmr3\":\"" H96 "\"}",
               ".rtmr3: unknown member; the nearest is rtmr0", "\"rtmr3\":"),
    REFUSED_AT("expected_bootchain", "{\"MRTD\":\"" H96 "\"}",
               ".MRTD: unknown member", "\"MRTD\":"),
    REFUSED_AT("expected_bootchain", "{\"mrtd\":\"\"}",
               ".mrtd: must be 96 hex digits", "\"mrtd\":"),
    REFUSED_AT("expected_bootchain", "{\"rtmr0\":\"" H64 "\"}",
               ".rtmr0: must be 96 hex digits", "\"rtmr0\":"),
    REFUSED_AT("expected_bootchain", "{\"rtmr1\":[]}",
               ".rtmr1: must be a list of 1 to 64 values", "\"rtmr1\":"),
    REFUSED_AT("expected_bootchain", "{\"rtmr2\":7}",
               ".rtmr2: must be a string", "\"rtmr2\":"),
    UNKNOWN("mrtd", "\"" H96 "\"", ""),
    UNKNOWN("rtmr3", "\"" H96 "\"", ""),
    UNKNOWN("mrenclave", "\"" H64 "\"", ""),
    UNKNOWN("expected_bootchains", "{}", "; the nearest is expected_boot"),
    UNKNOWN("os_image_hashes", "[]", "; the nearest is os_image_hash"),
    UNKNOWN("compose-hash", "\"\"", "; the nearest is compose_hash"),
};

static void
test_members(void **state)
{
    (void)state;
    policy_rows(DSTACK, rows, COUNT_OF(rows));
}

#define TOGETHER                                                               \
    "policy: expected_bootchain and os_image_hash must be provided together"
#define NEEDS_COMPOSE "policy: app_compose must be provided"
#define OF(name, members, code, msg, at)                                       \
    {name, "", "{\"type\":\"dstack_tdx\"" members "}", code, msg, at}

static const struct json_row whole[] = {
    {"complete", "", WHOLE, ASSAY_OK, "", NULL},
    OF("with a hash", "," BOOT "," IMAGE ",\"compose_hash\":\"" H64 "\"",
       ASSAY_OK, "", NULL),
    OF("with a file", "," BOOT "," IMAGE ",\"compose_file\":\"x\"", ASSAY_OK,
       "", NULL),
    OF("nothing", "", BAD, TOGETHER, ""),
    OF("no image", "," BOOT "," COMPOSE, BAD, TOGETHER, ""),
    OF("no bootchain", "," IMAGE "," COMPOSE, BAD, TOGETHER, ""),
    OF("compose alone", "," COMPOSE, BAD, TOGETHER, ""),
    OF("no compose", "," BOOT "," IMAGE, BAD, NEEDS_COMPOSE, ""),
    OF("no compose, another register",
       "," BOOT "," IMAGE ",\"expected_rtmr3\":\"" H96 "\"", BAD, NEEDS_COMPOSE,
       ""),
    OF("half a bootchain",
       ",\"expected_bootchain\":{\"mrtd\":\"" H96 "\",\"rtmr0\":\"" H96
       "\",\"rtmr2\":\"" H96 "\"}," IMAGE "," COMPOSE,
       BAD, "policy.expected_bootchain: rtmr1 is missing; add it, or",
       "\"expected_bootchain\":"),
    OF("half a bootchain, partial",
       ",\"partial\":true,\"expected_bootchain\":{\"mrtd\":\"" H96 "\"}",
       ASSAY_OK, "", NULL),
    OF("partial", ",\"partial\":true", ASSAY_OK, "", NULL),
    OF("nothing is verified", ",\"disable_runtime_verification\":true",
       ASSAY_OK, "", NULL),
    OF("nothing is verified, half a bootchain",
       ",\"disable_runtime_verification\":true,\"expected_bootchain\":{"
       "\"mrtd\":\"" H96 "\"}",
       BAD, "policy.expected_bootchain: rtmr0 is missing",
       "\"expected_bootchain\":"),
    OF("nothing is verified, false", ",\"disable_runtime_verification\":false",
       BAD, TOGETHER, ""),
    /* self-signed certificates */
    OF("self-signed",
       ",\"accept_self_signed_certs\":true," BOOT "," IMAGE "," COMPOSE,
       ASSAY_OK, "", NULL),
    OF("self-signed, partial",
       ",\"accept_self_signed_certs\":true,\"partial\":true," BOOT, BAD,
       "policy.accept_self_signed_certs: needs a policy that is not partial",
       "\"accept_self_signed_certs\":"),
    OF("self-signed, nothing is verified",
       ",\"disable_runtime_verification\":true,"
       "\"accept_self_signed_certs\":true," BOOT "," IMAGE "," COMPOSE,
       BAD,
       "policy.accept_self_signed_certs: needs a policy without "
       "disable_runtime_verification",
       "\"accept_self_signed_certs\":"),
    /* what they say of each other */
    OF("grace", ",\"partial\":true,\"grace_period\":9", BAD,
       "policy.grace_period: grace_period requires allowed_tcb_status to "
       "include OutOfDate",
       "\"grace_period\":"),
    OF("grace, and what is late is not accepted",
       ",\"partial\":true,\"grace_period\":9,\"allowed_tcb_status\":["
       "\"UpToDate\",\"SWHardeningNeeded\",\"Revoked\"]",
       BAD, "policy.grace_period: grace_period requires", "\"grace_period\":"),
    OF("grace and OutOfDate",
       ",\"partial\":true,\"grace_period\":9,\"allowed_tcb_status\":["
       "\"OutOfDate\"]",
       ASSAY_OK, "", NULL),
    OF("grace and configuration",
       ",\"partial\":true,\"grace_period\":9,\"allowed_tcb_status\":["
       "\"OutOfDateConfigurationNeeded\"]",
       ASSAY_OK, "", NULL),
};

static void
test_whole(void **state)
{
    (void)state;
    json_rows(ASSAY_EMPTY, whole, COUNT_OF(whole), parse_policy);
}

/* --- what is read ------------------------------------------------------------
 */

static void
test_values(void **state)
{
    static const uint8_t head[] = {0x01, 0x23, 0x45, 0x67};
    struct assay_policy *p = read_policy(
        "{\"type\":\"dstack_tdx\"," BOOT "," IMAGE ",\"expected_rtmr3\":\"" H96
        "\",\"compose_hash\":[\"" H64 "\",\"" H64 "\"],"
        "\"compose_file\":\"app.json\",\"wires\":[\"v1\",\"v2\"],"
        "\"reattestation_interval_secs\":0,\"staple\":true,"
        "\"accept_self_signed_certs\":true,\"min_tdx_tcb\":{"
        "\"legacy_prefix_match\":true,\"mrseam\":[\"0a0b\",\"0C0D\"],"
        "\"mrtmrs\":\"" H96 "\"},\"app_compose\" : { \"b\" : \" \\\" : x\" , "
        "\"a\\\\\" :\n[ 1.50, -0.0 , 1e+2, null , {} ] }}");

    (void)state;
    assert_true(p->dstack && p->tee == ASSAY_TEE_TDX && !p->partial);
    assert_true(assay_policy_names_workload(p));
    assert_int_equal(p->td_register[ASSAY_REG_MRTD].count, 1);
    assert_int_equal(p->td_register[ASSAY_REG_RTMR0].count, 1);
    assert_int_equal(p->td_register[ASSAY_REG_RTMR1].count, 2);
    assert_int_equal(p->td_register[ASSAY_REG_RTMR2].count, 1);
    assert_int_equal(p->td_register[ASSAY_REG_RTMR3].count, 1);
    assert_memory_equal(p->td_register[ASSAY_REG_RTMR3].bytes, head, 4);
    assert_int_equal(p->os_image_hash.count, 1);
    assert_int_equal(p->compose_hash.count, 2);
    assert_string_equal(assay_policy_compose_file(p), "app.json");
    assert_string_equal(p->app_compose, "{\"b\":\" \\\" : x\",\"a\\\\\":[1.50,"
                                        "-0.0,1e+2,null,{}]}");
    assert_int_equal(assay_policy_wire_count(p), 2);
    assert_int_equal(assay_policy_wire(p, 0), ASSAY_WIRE_V1);
    assert_int_equal(assay_policy_wire(p, 1), ASSAY_WIRE_V2);
    assert_int_equal(p->certificate_event, ASSAY_CERTIFICATE_REQUIRED);
    assert_int_equal(assay_policy_reattestation_interval(p), 0);
    assert_true(p->staple && assay_policy_accepts_self_signed(p));
    check_set(&p->legacy_mrseam, 2, 2, (const uint8_t *)"\x0c\x0d");
    assert_int_equal(p->legacy_mrtmrs.size, 48);
    assay_policy_free(p);
}

/* What makes a policy name the workload, one member at a time. */
static void
test_names_workload(void **state)
{
    static const struct {
        const char *members;
        bool names;
    } of[] = {
        {"\"partial\":true", false},
        {"\"partial\":true,\"mr_seam\":\"" H96 "\"", false},
        {"\"partial\":true," BOOT, true},
        {"\"partial\":true,\"expected_rtmr3\":\"" H96 "\"", true},
        {"\"partial\":true," IMAGE, true},
        {"\"partial\":true," COMPOSE, true},
        {"\"partial\":true,\"compose_hash\":\"" H64 "\"", true},
        {"\"partial\":true,\"compose_file\":\"x\"", true},
        {"\"disable_runtime_verification\":true," BOOT "," IMAGE "," COMPOSE,
         false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(of); i++) {
        struct assay_buf b = edit_text("names", assay_slice_of(DSTACK),
                                       "\"partial\":true,#", of[i].members);
        struct assay_policy *p;

        assay_buf_add_u8(&b, 0);
        p = read_policy((const char *)b.ptr);
        CHECK(of[i].members, assay_policy_names_workload(p) == of[i].names);
        assay_policy_free(p);
        assay_buf_free(&b);
    }
}

/* SHA-256 of "abc" (FIPS 180-2, B.1). */
static const uint8_t hash_of_abc[32] = {
    0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
    0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
    0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};

static void
test_compose_file(void **state)
{
    struct assay_policy *p = read_policy(
        "{\"type\":\"dstack_tdx\",\"partial\":true,\"compose_hash\":\"" H64
        "\",\"compose_file\":\"app.json\"}");
    struct assay_slice abc = assay_slice_of("abc");
    struct assay_slice large = {(const uint8_t *)"x",
                                ASSAY_COMPOSE_MAX_BYTES + 1};
    struct assay_ctx *ctx = NULL;
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_ctx_new(&ctx, &err), ASSAY_OK);
    (void)!assay_policy_set_compose_file(ctx, p, ASSAY_EMPTY, &err);
    check_error("empty", &err, ASSAY_INVALID,
                "policy.compose_file: it is empty", ASSAY_NO_OFFSET);
    (void)!assay_policy_set_compose_file(ctx, p, large, &err);
    check_error("large", &err, ASSAY_TOO_LARGE,
                "policy.compose_file: it has 1048577 bytes, at most 1048576",
                ASSAY_COMPOSE_MAX_BYTES);
    assert_non_null(assay_policy_compose_file(p));
    assert_int_equal(assay_policy_set_compose_file(ctx, p, abc, &err),
                     ASSAY_OK);
    assert_null(assay_policy_compose_file(p));
    check_set(&p->compose_hash, 32, 2, hash_of_abc);
    (void)!assay_policy_set_compose_file(ctx, p, abc, &err);
    check_error("twice", &err, ASSAY_INVALID,
                "policy.compose_file: the policy waits for none",
                ASSAY_NO_OFFSET);
    assay_policy_free(p);

    p = read_policy("{\"type\":\"dstack_tdx\"," BOOT "," IMAGE
                    ",\"compose_file\":\"app.json\"}");
    assert_int_equal(assay_policy_set_compose_file(ctx, p, abc, &err),
                     ASSAY_OK);
    check_set(&p->compose_hash, 32, 1, hash_of_abc);
    assay_policy_free(p);
    assay_ctx_free(ctx);
}

/* One more would make a policy that cannot be read again once it is written. */
static void
test_compose_file_beside_a_full_list(void **state)
{
    struct assay_buf text;
    struct assay_ctx *ctx = NULL;
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_ctx_new(&ctx, &err), ASSAY_OK);
    for (size_t count = ASSAY_POLICY_LIST_MAX - 1;
         count <= ASSAY_POLICY_LIST_MAX; count++) {
        bool full = count == ASSAY_POLICY_LIST_MAX;
        struct assay_policy *p;

        assay_buf_init(&text, 1u << 16);
        assay_buf_add_text(&text, "{\"type\":\"dstack_tdx\",\"partial\":true,"
                                  "\"compose_file\":\"a\",\"compose_hash\":[");
        for (size_t i = 0; i < count; i++) {
            assay_buf_add_text(&text, i == 0 ? "\"" H64 "\"" : ",\"" H64 "\"");
        }
        assay_buf_add_text(&text, "]}");
        assay_buf_add_u8(&text, '\0');
        p = read_policy((const char *)text.ptr);
        (void)!assay_policy_set_compose_file(ctx, p, assay_slice_of("abc"),
                                             &err);
        check_error("full", &err, full ? ASSAY_INVALID : ASSAY_OK,
                    full ? "policy.compose_file: compose_hash has 64" : "",
                    ASSAY_NO_OFFSET);
        assert_int_equal(p->compose_hash.count, ASSAY_POLICY_LIST_MAX);
        assay_policy_free(p);
        assay_buf_free(&text);
    }
    assay_ctx_free(ctx);
}

static void
test_wire_names(void **state)
{
    (void)state;
    assert_string_equal(assay_wire_name(ASSAY_WIRE_V2), "v2");
    assert_string_equal(assay_wire_name(ASSAY_WIRE_V1), "v1");
    assert_string_equal(assay_wire_name(ASSAY_WIRE_V0), "v0");
    assert_string_equal(assay_wire_name(ASSAY_WIRE_COUNT), "unknown");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_names_workload),
        cmocka_unit_test(test_compose_file),
        cmocka_unit_test(test_compose_file_beside_a_full_list),
        cmocka_unit_test(test_wire_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
