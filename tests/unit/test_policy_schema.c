/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_policy_schema.c - the schema has each member of the table under each
 * type that has it, and the document names it.
 */
#include <stdio.h>

#include "base/buf.h"
#include "harness/unit.h"
#include "policy/members.h"

static const struct assay_json_limits limits = {1u << 20, 16, 1u << 16};

static struct assay_json *
read_schema(struct assay_buf *text)
{
    struct assay_json *j = NULL;
    struct assay_error err;

    assay_buf_init(text, 1u << 20);
    assert_int_equal(assay_policy_schema_json(text, &err), ASSAY_OK);
    if (assay_json_parse(assay_buf_slice(text), &limits, "schema", &j, &err) !=
        ASSAY_OK) {
        fail_msg("%s at %zu", err.msg, err.offset);
    }
    return j;
}

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
    struct assay_json *j = read_schema(&text);
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
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_document),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
