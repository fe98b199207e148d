/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_policy.c - policies from JSON and TOML: the members that all types have,
 * and the text as a whole.
 */
#include "policy/policy.h"

#include "harness/policy_rows.h"

#define TDX   "{\"type\":\"tdx\",\"partial\":true,#}"
#define SGX   "{\"type\":\"sgx\",\"partial\":true,#}"
#define WHOLE "{\"type\":\"tdx\",\"mrtd\":\"" H96 "\"}"

static const struct json_row both_rows[] = {
    STATUSES("allowed_tcb_status"),
    REFUSED("grace_period", "1",
            "grace_period requires allowed_tcb_status to include OutOfDate"),
    U32("min_tcb_evaluation_data_number"),
    DATE("min_tcb_date"),
    ADVISORIES("denied_advisories"),
    ADVISORIES("accepted_advisories"),
    SECONDS("max_collateral_age_secs"),
    SECONDS("collateral_grace_secs"),
    GOOD("collateral_rollback", "\"refuse\""),
    GOOD("collateral_rollback", "\"warn\""),
    REFUSED("collateral_rollback", "\"Warn\"",
            "must be \"refuse\" or \"warn\""),
    REFUSED("collateral_rollback", "\"off\"", "must be \"refuse\""),
    REFUSED("collateral_rollback", "true", "must be \"refuse\""),
    STRINGS("pccs_url"),
    BOOLEAN("cache_collateral"),
    STRING("trusted_root"),
    STRING("ca_file"),
    BOOLEAN("allow_debug"),
    BOOLEAN("staple"),
    SECONDS("reattestation_interval_secs"),
    GOOD("accept_self_signed_certs", "false"),
    REFUSED("accept_self_signed_certs", "true",
            "needs a policy that is not partial"),
    REFUSED("accept_self_signed_certs", "1", "must be true or false"),
    /* of another type, and misspelt ones */
    UNKNOWN("expected_bootchain", "{}", ""),
    UNKNOWN("app_compose", "{}", ""),
    UNKNOWN("os_image_hash", "\"" H64 "\"", ""),
    UNKNOWN("disable_runtime_verification", "true", ""),
    UNKNOWN("legacy_prefix_match", "true", ""),
    UNKNOWN("allowed_tcb_statuses", "[]",
            "; the nearest is allowed_tcb_status"),
    UNKNOWN("pccs-url", "\"\"", "; the nearest is pccs_url"),
    UNKNOWN("Allow_debug", "true", "; the nearest is allow_debug"),
    UNKNOWN("parital", "true", "; the nearest is partial"),
    UNKNOWN("x", "1", ""),
    {"unknown member without a name", "#", "\"\":1", BAD,
     "policy: unknown member '' for this type", "\"\":"},
    {"unknown member with a long name", "#",
     "\"0123456789012345678901234567890123456789xxxxxxxxxxxxxxxxxxxx\":1", BAD,
     "policy: unknown member '0123456789012345678901234567890123456789' for",
     "xxxx\":"},
    {"type twice", "#", "\"type\":\"tdx\"", ASSAY_MALFORMED,
     "policy: ", "\"partial\":true,"},
    {"partial twice", "#", "\"partial\":true", ASSAY_MALFORMED,
     "policy: ", "\"partial\":true,"},
    {"a member twice, once escaped", "#",
     "\"pccs_url\":\"\",\"pccs\\u005furl\":\"\"", ASSAY_MALFORMED,
     "policy: ", "\"pccs_url\":\"\","},
    {"nothing", ",#", "", ASSAY_OK, "", NULL},
    {"no comma", ",#", "x", ASSAY_MALFORMED, "policy: ", "true"},
    {"cut", ",#}", "", ASSAY_TRUNCATED, "policy: ", "true"},
    {"two policies", ",#}", "}{}", ASSAY_MALFORMED, "policy: ", "true}"},
};

/* grace_period in a policy that accepts what is out of date */
static const struct json_row late_rows[] = {
    SECONDS("grace_period"),
};

static void
test_members(void **state)
{
    (void)state;
    policy_rows(TDX, both_rows, COUNT_OF(both_rows));
    policy_rows(SGX, both_rows, COUNT_OF(both_rows));
    policy_rows("{\"type\":\"tdx\",\"partial\":true,\"allowed_tcb_status\":["
                "\"OutOfDate\"],#}",
                late_rows, COUNT_OF(late_rows));
}

/* --- whole texts ------------------------------------------------------------
 */

static void
test_texts(void **state)
{
    static const char no_tdx[] =
        "policy: names nothing of the workload (mrtd, rtmr0 to rtmr3, "
        "mr_config_id, mr_owner or mr_owner_config); add what it must be, or "
        "\"partial\": true";
    static const char no_sgx[] = "policy: names nothing of the workload "
                                 "(mrenclave or mrsigner); add what it must";
    static const struct json_row texts[] = {
        {"TDX, incomplete", "", "{\"type\":\"tdx\"}", BAD, no_tdx, ""},
        {"TDX, partial false", "", "{\"type\":\"tdx\",\"partial\":false}", BAD,
         no_tdx, ""},
        {"TDX with mr_seam alone", "",
         "{\"type\":\"tdx\",\"mr_seam\":\"" H96 "\"}", BAD, no_tdx, ""},
        {"TDX with rules on the TCB alone", "",
         "{\"type\":\"tdx\",\"min_tcb_date\":\"2026-11-20\"}", BAD, no_tdx, ""},
        {"TDX, partial", "", "{\"type\":\"tdx\",\"partial\":true}", ASSAY_OK,
         "", NULL},
        {"type behind", "", "{\"partial\":true,\"type\":\"tdx\"}", ASSAY_OK, "",
         NULL},
        {"partial and complete", "",
         "{\"type\":\"tdx\",\"partial\":true,\"mrtd\":\"" H96 "\"}", ASSAY_OK,
         "", NULL},
        {"SGX, incomplete", "", "{\"type\":\"sgx\"}", BAD, no_sgx, ""},
        {"SGX with a product alone", "",
         "{\"type\":\"sgx\",\"isvprodid\":1,\"min_isvsvn\":1}", BAD, no_sgx,
         ""},
        {"SGX, partial", "", "{\"type\":\"sgx\",\"partial\":true}", ASSAY_OK,
         "", NULL},
        {"SGX by mrenclave", "", "{\"type\":\"sgx\",\"mrenclave\":\"" H64 "\"}",
         ASSAY_OK, "", NULL},
        {"SGX by mrsigner", "", "{\"type\":\"sgx\",\"mrsigner\":\"" H64 "\"}",
         ASSAY_OK, "", NULL},
        {"no type", "", "{\"partial\":true}", BAD,
         "policy.type: missing; it is \"dstack_tdx\"", ""},
        {"nothing in it", "", "{}", BAD,
         "policy.type: missing; it is \"dstack_tdx\"", ""},
        {"type dstack", "", "{\"type\":\"dstack\",\"partial\":true}", BAD,
         "policy.type: must be \"dstack_tdx\", \"tdx\" or \"sgx\"",
         "\"type\":"},
        {"type in capitals", "", "{\"type\":\"TDX\",\"partial\":true}", BAD,
         "policy.type: must be", "\"type\":"},
        {"type empty", "", "{\"type\":\"\",\"partial\":true}", BAD,
         "policy.type: must be", "\"type\":"},
        {"type null", "", "{\"type\":null,\"partial\":true}", BAD,
         "policy.type: must be", "\"type\":"},
        {"type a number", "", "{\"type\":129,\"partial\":true}", BAD,
         "policy.type: must be", "\"type\":"},
        {"type a list", "", "{\"type\":[\"tdx\"],\"partial\":true}", BAD,
         "policy.type: must be", "\"type\":"},
        {"partial a string", "", "{\"type\":\"tdx\",\"partial\":\"yes\"}", BAD,
         "policy.partial: must be true or false", "\"partial\":"},
        {"partial null", "", "{\"type\":\"tdx\",\"partial\":null}", BAD,
         "policy.partial: must be true or false", "\"partial\":"},
        {"an array", "", "[]", BAD, "policy: not a JSON object", ""},
        {"an array of policies", "", "[" WHOLE "]", BAD,
         "policy: not a JSON object", ""},
        {"a string", "", "\"tdx\"", BAD, "policy: not a JSON object", ""},
        {"null", "", "null", BAD, "policy: not a JSON object", ""},
        {"no text", "", "", ASSAY_TRUNCATED, "policy: ", ""},
        {"space only", "", "  ", ASSAY_TRUNCATED, "policy: ", "  "},
        {"a comment", "", "// x\n" WHOLE, ASSAY_MALFORMED, "policy: ", ""},
        {"comma behind", "", "{\"type\":\"tdx\",\"partial\":true,}",
         ASSAY_MALFORMED, "policy: ", "true,"},
        {"single quotes", "", "{'type':'tdx'}", ASSAY_MALFORMED,
         "policy: ", "{"},
        {"a byte order mark", "", "\xef\xbb\xbf" WHOLE, ASSAY_MALFORMED,
         "policy: ", ""},
        {"too deep", "",
         "{\"type\":\"tdx\",\"pccs_url\":[[[[[[[[[[[[[[[[\"x\"]]]]]]]]]]]]]]]]"
         "}",
         ASSAY_TOO_LARGE, "policy: ", "[[[[[[[[[[[[[[["},
        {"deep, and refused for what it is", "",
         "{\"type\":\"tdx\",\"pccs_url\":[[[[[[[\"x\"]]]]]]]}", BAD,
         "policy.pccs_url: must be a string", "\"pccs_url\":["},
    };

    (void)state;
    json_rows(ASSAY_EMPTY, texts, COUNT_OF(texts), parse_policy);
}

/* Each register alone makes a TDX policy complete, save mr_seam. */
static void
test_complete(void **state)
{
    static const char *const names[] = {
        "mrtd",         "rtmr0",    "rtmr1",           "rtmr2",  "rtmr3",
        "mr_config_id", "mr_owner", "mr_owner_config", "mr_seam"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char text[200];
        struct assay_error err;

        (void)snprintf(text, sizeof(text), "{\"type\":\"tdx\",\"%s\":\"%s\"}",
                       names[i], H96);
        CHECK(names[i],
              parse_policy(assay_slice_of(text), &err) ==
                  (strcmp(names[i], "mr_seam") != 0 ? ASSAY_OK : BAD));
    }
}

static void
test_limits(void **state)
{
    static const struct {
        const char *name;
        const char *open;
        const char *piece;
        unsigned count;
        enum assay_code code;
    } lists[] = {
        {"64 URLs", "\"pccs_url\":[", "\"u#\"", 64, ASSAY_OK},
        {"65 URLs", "\"pccs_url\":[", "\"u#\"", 65, BAD},
        {"64 advisories", "\"denied_advisories\":[", "\"A#\"", 64, ASSAY_OK},
        {"65 advisories", "\"accepted_advisories\":[", "\"A#\"", 65, BAD},
        {"64 values", "\"mrtd\":[", "\"" H96 "\"", 64, ASSAY_OK},
        {"65 values", "\"mrtd\":[", "\"" H96 "\"", 65, BAD},
        {"64 statuses", "\"allowed_tcb_status\":[", "\"UpToDate\"", 64,
         ASSAY_OK},
        {"65 statuses", "\"allowed_tcb_status\":[", "\"UpToDate\"", 65, BAD},
        {"too many values of any kind", "\"pccs_url\":[", "0", 16384,
         ASSAY_TOO_LARGE},
    };
    static const struct {
        const char *name;
        size_t string; /* bytes of trusted_root */
        size_t spaces;
        enum assay_code code;
    } sizes[] = {
        {"root of 65536 bytes", 65536, 0, ASSAY_OK},
        {"root of 65537 bytes", 65537, 0, BAD},
        {"1 MiB", 0, ASSAY_POLICY_MAX_BYTES, ASSAY_OK},
        {"1 MiB + 1", 0, ASSAY_POLICY_MAX_BYTES + 1, ASSAY_TOO_LARGE},
    };
    struct assay_error err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        struct assay_buf list =
            repeat_text(lists[i].open, lists[i].count, lists[i].piece, "]");
        struct assay_buf b = edit_text(lists[i].name, assay_slice_of(TDX), "#",
                                       (const char *)list.ptr);

        CHECK(lists[i].name,
              parse_policy(assay_buf_slice(&b), &err) == lists[i].code);
        assay_buf_free(&b);
        assay_buf_free(&list);
    }
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct assay_buf b;

        assay_buf_init(&b, JSON_EDIT_MAX);
        assay_buf_add_text(&b, "{\"type\":\"sgx\",\"partial\":true"
                               ",\"trusted_root\":\"");
        for (size_t k = 0; k < sizes[i].string; k++) {
            assay_buf_add_u8(&b, 'x');
        }
        assay_buf_add_text(&b, "\"}");
        while (b.len < sizes[i].spaces) {
            assay_buf_add_u8(&b, ' ');
        }
        CHECK(sizes[i].name,
              parse_policy(assay_buf_slice(&b), &err) == sizes[i].code);
        assay_buf_free(&b);
    }
}

/* --- the document
 * -------------------------------------------------------------- */

/* Each block of docs/policy.md is a policy; none is partial. */
static unsigned
check_blocks(const char *text, const char *fence, bool toml, unsigned *types)
{
    unsigned count = 0;

    for (const char *at = strstr(text, fence); at != NULL;
         at = strstr(at, fence)) {
        struct assay_policy *p = NULL;
        struct assay_error err;
        struct assay_slice block;

        at += strlen(fence);
        assert_non_null(strstr(at, "\n```\n"));
        block = (struct assay_slice){(const uint8_t *)at,
                                     (size_t)(strstr(at, "\n```\n") - at)};
        if ((toml ? assay_policy_parse_toml(block, &p, &err)
                  : assay_policy_parse(block, &p, &err)) != ASSAY_OK) {
            fail_msg("docs/policy.md, block %u: %s", count, err.msg);
        }
        assert_false(p->partial);
        assert_true(assay_policy_names_workload(p));
        *types |= p->dstack ? 4u : p->tee == ASSAY_TEE_TDX ? 1u : 2u;
        assay_policy_free(p);
        count++;
    }
    return count;
}

static void
test_document(void **state)
{
    const char *source = getenv("ASSAY_SOURCE");
    static char text[65536];
    char path[1024];
    FILE *f;
    size_t len;
    unsigned types = 0;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/docs/policy.md",
                   source != NULL ? source : ".");
    f = fopen(path, "rb");
    if (f == NULL) {
        fail_msg("%s: cannot be read", path);
        return;
    }
    len = fread(text, 1, sizeof(text) - 1, f);
    assert_int_equal(fclose(f), 0);
    assert_true(len > 1000 && len < sizeof(text) - 1);
    assert_int_equal(check_blocks(text, "\n```json\n", false, &types), 3);
    assert_int_equal(check_blocks(text, "\n```toml\n", true, &types), 1);
    assert_int_equal(types, 7);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),  cmocka_unit_test(test_texts),
        cmocka_unit_test(test_complete), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_document),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
