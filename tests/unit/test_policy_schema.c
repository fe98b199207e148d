/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_policy_schema.c - the schema has each member of the table under each
 * type that has it, and says of each value what the reader says; and the
 * document names each member.
 */
#include <stdio.h>

#include "base/buf.h"
#include "harness/schema.h"
#include "harness/unit.h"
#include "policy/members.h"

#define H16 "0123456789abcdef"
#define H32 H16 "0123456789ABCDEF"
#define H64 H32 H32
#define H96 H64 H32

/* A reference leads to a definition. */
static void
check_reference(const struct assay_json *j, const char *row, uint32_t node)
{
    static const char start[] = "#/$defs/";
    struct assay_slice ref =
        assay_json_string(j, assay_json_member(j, node, "$ref"));
    char name[64];

    CHECK(row, ref.len > strlen(start) && ref.len < sizeof(name));
    CHECK(row, memcmp(ref.ptr, start, strlen(start)) == 0);
    (void)snprintf(name, sizeof(name), "%.*s", (int)(ref.len - strlen(start)),
                   (const char *)ref.ptr + strlen(start));
    CHECK(row,
          assay_json_member(j, assay_json_member(j, ASSAY_JSON_ROOT, "$defs"),
                            name) != ASSAY_JSON_NONE);
}

static void
test_members(void **state)
{
    static const struct {
        unsigned of;
        const char *type;
    } types[] = {
        {ASSAY_OF_DSTACK, "dstack_tdx"},
        {ASSAY_OF_TDX, "tdx"},
        {ASSAY_OF_SGX, "sgx"},
    };
    struct assay_buf text;
    struct assay_json *j = schema_open(&text);
    uint32_t form =
        assay_json_first(j, assay_json_member(j, ASSAY_JSON_ROOT, "oneOf"));

    (void)state;
    for (size_t t = 0; t < COUNT_OF(types); t++) {
        uint32_t has = assay_json_member(j, form, "properties");
        uint32_t type = assay_json_member(j, has, "type");
        uint32_t count = 0;

        assert_true(assay_slice_is(
            assay_json_string(j, assay_json_member(j, type, "const")),
            types[t].type));
        for (size_t i = 0; i < assay_member_row_count; i++) {
            const struct assay_member_row *row = &assay_member_rows[i];
            uint32_t node = assay_json_member(j, has, row->name);
            bool of = (row->of & types[t].of) != 0;

            CHECK(row->name, (node != ASSAY_JSON_NONE) == of);
            count += of;
            if (of && row->kind != ASSAY_KIND_TYPE) {
                check_reference(j, row->name, node);
            }
        }
        assert_int_equal(assay_json_count(j, has), count);
        form = assay_json_next(j, form);
    }
    assert_int_equal(form, ASSAY_JSON_NONE);
    assay_json_free(j);
    assay_buf_free(&text);
}

/* What a value may be that is right for some member, and what is nearly so. */
static const char *const values[] = {
    "null",
    "true",
    "false",
    "[]",
    "{}",
    "[null]",
    "[[]]",
    "[true]",
    /* numbers */
    "0",
    "-0",
    "-1",
    "1",
    "1.5",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "99999999999999999999",
    "[1]",
    "\"1\"",
    /* words */
    "\"\"",
    "\"x\"",
    "\"Tdx\"",
    "\"tdx\"",
    "\"sgx\"",
    "\"dstack_tdx\"",
    "\"refuse\"",
    "\"warn\"",
    "\"Warn\"",
    "\"required\"",
    "\"if_present\"",
    "\"off\"",
    "[\"off\"]",
    "\"UpToDate\"",
    "[\"UpToDate\"]",
    "[\"UpToDate\",\"UpToDate\"]",
    "[\"UpToDate\",\"uptodate\"]",
    "[\"OutOfDate\",\"Revoked\",\"TDRelaunchAdvised\"]",
    "[\"UpToDate\",1]",
    "\"v2\"",
    "\"v0\"",
    "\"v3\"",
    "[\"v2\"]",
    "[\"v1\",\"v2\",\"v0\"]",
    "[\"v2\",\"v2\"]",
    "[\"v2\",\"v3\"]",
    "[\"v2\",null]",
    "[\"a\"]",
    "[\"a\",\"a\"]",
    "[\"a\",1]",
    /* dates */
    "\"2026-01-02\"",
    "\"2026-02-30\"",
    "\"2026-1-2\"",
    "\"2026-01-02T\"",
    "\"2026-01-02T03:04:05Z\"",
    "\"2026-01-02t03:04:05.25z\"",
    "\"2026-01-02 03:04:05+01:30\"",
    "\"2026-01-02T03:04:05\"",
    "\"2026-01-02T03:04:05.Z\"",
    "\"2026-01-02T03:04:05+0130\"",
    "\"1767322800\"",
    "\"99999999999999\"",
    "\" 1\"",
    "\"1x\"",
    "\"1\\n\"",
    "\"2026-01-02\\n\"",
    /* hex */
    "\"" H16 "\"",
    "\"" H32 "\"",
    "\"" H64 "\"",
    "\"" H96 "\"",
    "\"" H64 "0\"",
    "\"" H96 "00\"",
    "\"0x" H64 "\"",
    "\"g" H64 "\"",
    "\"" H64 "\\n\"",
    "[\"" H64 "\"]",
    "[\"" H64 "\",\"" H64 "\"]",
    "[\"" H64 "\",\"" H96 "\"]",
    "[\"" H96 "\"]",
    "[\"" H96 "\",\"\"]",
    /* objects */
    "{\"a\":1}",
    "{\"mask\":\"" H16 "\",\"value\":\"" H16 "\"}",
    "{\"mask\":\"0000000000000000\",\"value\":\"" H16 "\"}",
    "{\"mask\":\"0000000000000000\",\"value\":\"0000000000000000\"}",
    "{\"mask\":\"" H16 "\"}",
    "{\"mask\":\"" H16 "\",\"value\":\"00\"}",
    "{\"mask\":\"" H16 "\",\"value\":\"" H16 "\",\"x\":1}",
    "{\"mask\":\"" H16 "\",\"value\":0}",
    "{\"mrtd\":\"" H96 "\"}",
    "{\"mrtd\":\"" H96 "\",\"rtmr0\":\"" H96 "\",\"rtmr1\":\"" H96
    "\",\"rtmr2\":[\"" H96 "\"]}",
    "{\"mrtd\":\"" H64 "\"}",
    "{\"rtmr3\":\"" H96 "\"}",
    "{\"mrtd\":[]}",
    "{\"tee_tcb_svn\":\"" H32 "\"}",
    "{\"tee_tcb_svn\":\"" H16 "\"}",
    "{\"tee_tcb_svn\":[\"" H32 "\"]}",
    "{\"tcb_evaluation_data_number\":1}",
    "{\"tcb_evaluation_data_number\":-1}",
    "{\"tcb_evaluation_data_number\":4294967296}",
    "{\"tcb_date\":\"2026-01-02\"}",
    "{\"tcb_date\":\"then\"}",
    "{\"legacy_prefix_match\":true}",
    "{\"legacy_prefix_match\":false}",
    "{\"legacy_prefix_match\":1}",
    "{\"mrseam\":\"0a\"}",
    "{\"legacy_prefix_match\":true,\"mrseam\":\"0A\"}",
    "{\"legacy_prefix_match\":true,\"mrseam\":\"0a0\"}",
    "{\"legacy_prefix_match\":true,\"mrseam\":\"\"}",
    "{\"legacy_prefix_match\":true,\"mrseam\":[\"0a\",\"0b\"]}",
    "{\"legacy_prefix_match\":true,\"mrtmrs\":\"" H96 "\"}",
    "{\"legacy_prefix_match\":true,\"mrtmrs\":\"" H96 "00\"}",
    "{\"legacy_prefix_match\":true,\"mrtmrs\":[]}",
    "{\"legacy_prefix_match\":true,\"mrtmrs\":1}",
    "{\"at\":\"2026-01-02\",\"from\":\"x\",\"how\":\"quote\"}",
    "{\"at\":\"2026-01-02\",\"from\":\"\",\"how\":\"session\"}",
    "{\"at\":\"2026-01-02\",\"from\":\"x\",\"how\":\"magic\"}",
    "{\"at\":\"then\",\"from\":\"x\",\"how\":\"quote\"}",
    "{\"at\":\"2026-01-02\",\"from\":\"x\"}",
    "{\"at\":\"2026-01-02\",\"from\":\"x\",\"how\":\"quote\",\"x\":1}",
};

static const char *const types[] = {"dstack_tdx", "tdx", "sgx", "snp"};

/* What is listed `count` times, or stands alone where that is 0, at each member
 * of each type; how many of them are read. */
static size_t
check_value(const struct assay_json *schema, const char *value, size_t count)
{
    size_t accepted = 0;

    for (size_t n = 0; n < (assay_member_row_count + 1) * COUNT_OF(types);
         n++) {
        size_t row = n / COUNT_OF(types);
        const char *name = row < assay_member_row_count
                               ? assay_member_rows[row].name
                               : "Partial";
        struct assay_policy *p = NULL;
        struct assay_error err;
        struct assay_buf text;

        assay_buf_init(&text, 1u << 16);
        assay_buf_printf(
            &text, "{\"type\":\"%s\",%s\"%s\":%s", types[n % COUNT_OF(types)],
            strcmp(name, "partial") == 0 ? "" : "\"partial\":true,", name,
            count > 0 ? "[" : "");
        assay_buf_add_text(&text, value);
        for (size_t i = 1; i < count; i++) {
            assay_buf_add_text(&text, ",");
            assay_buf_add_text(&text, value);
        }
        assay_buf_add_text(&text, count > 0 ? "]}" : "}");
        accepted +=
            assay_policy_parse(assay_buf_slice(&text), &p, &err) == ASSAY_OK;
        schema_check(schema, assay_buf_slice(&text), &err);
        assay_policy_free(p);
        assay_buf_free(&text);
    }
    return accepted;
}

static void
test_values(void **state)
{
    static const char *const items[] = {"\"a\"", "\"UpToDate\"", "\"" H64 "\"",
                                        "\"" H96 "\""};
    struct assay_buf schema_text;
    struct assay_json *schema = schema_open(&schema_text);
    size_t accepted = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        accepted += check_value(schema, values[i], 0);
    }
    for (size_t i = 0; i < COUNT_OF(items); i++) {
        accepted += check_value(schema, items[i], 64);
        accepted += check_value(schema, items[i], 65);
    }
    assert_true(accepted > 500);
    assay_json_free(schema);
    assay_buf_free(&schema_text);
}

static void
test_no_room(void **state)
{
    struct assay_buf text;
    struct assay_error err;

    (void)state;
    assay_buf_init(&text, 1000);
    assert_int_equal(assay_policy_schema_json(&text, &err), ASSAY_TOO_LARGE);
    assay_buf_free(&text);
}

static void
test_document(void **state)
{
    const char *source = getenv("ASSAY_SOURCE");
    static char text[65536];
    char path[1024];
    FILE *f;
    size_t len;

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
    text[len] = '\0';
    for (size_t i = 0; i < assay_member_row_count; i++) {
        char name[80];

        (void)snprintf(name, sizeof(name), "`%s`", assay_member_rows[i].name);
        CHECK(name, strstr(text, name) != NULL ||
                        strncmp(assay_member_rows[i].name, "rtmr", 4) == 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_document),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
