/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_base_oom.c - every allocation of src/base refused in turn.
 */
#include "harness/oom.h"

#include "base/json.h"
#include "base/json_canon.h"
#include "base/json_out.h"
#include "base/text.h"
#include "harness/unit.h"

/* Enough nodes, escapes and members that every array grows more than once. */
static struct assay_buf document;

static enum assay_code
parse_json(struct assay_error *err)
{
    static const struct assay_json_limits limits = {1 << 20, 8, 100000};
    struct assay_json *j = (struct assay_json *)&limits;
    enum assay_code code =
        assay_json_parse(assay_buf_slice(&document), &limits, "doc", &j, err);

    assert_true((code == ASSAY_OK) == (j != NULL));
    if (j != NULL) {
        assert_int_equal(assay_json_count(j, 0), 500);
    }
    assay_json_free(j);
    return code;
}

static enum assay_code
grow_buffer(struct assay_error *err)
{
    struct assay_buf b;
    enum assay_code code;

    assay_buf_init(&b, 10000);
    for (unsigned i = 0; i < 1000; i++) {
        assay_buf_add_le32(&b, i);
    }
    assay_buf_printf(&b, "%1000d", 1);
    code = assay_buf_check(&b, "buffer", err);
    assert_true(code != ASSAY_OK || b.len == 5000);
    assay_buf_free(&b);
    return code;
}

static enum assay_code
write_json(struct assay_error *err)
{
    struct assay_buf b;
    struct assay_json_out o;
    enum assay_code code;

    assay_buf_init(&b, 10000);
    assay_json_out_init(&o, &b, false);
    assay_json_out_open(&o, NULL, '[');
    for (unsigned i = 0; i < 100; i++) {
        assay_json_out_hex(&o, NULL, assay_slice_of("some bytes\n"));
        assay_json_out_string(&o, NULL, assay_slice_of("\x01\xff"));
    }
    assay_json_out_close(&o, ']');
    code = assay_buf_check(&b, "text", err);
    assay_buf_free(&b);
    return code;
}

static enum assay_code
round_trip_pem(struct assay_error *err)
{
    struct assay_buf text;
    struct assay_buf der;
    size_t pos = 0;
    bool found = false;
    enum assay_code code;

    assay_buf_init(&text, 20000);
    assay_buf_init(&der, 20000);
    assay_pem_encode(&text, "X", assay_buf_slice(&document));
    code = assay_buf_check(&text, "PEM", err);
    if (code == ASSAY_OK) {
        code = assay_pem_next(assay_buf_slice(&text), &pos, "X", &der, &found,
                              "PEM", err);
        assert_true(found == (code == ASSAY_OK));
        assert_int_equal(der.len, found ? document.len : 0);
    }
    assay_buf_free(&text);
    assay_buf_free(&der);
    return code;
}

static enum assay_code
canonical_json(struct assay_error *err)
{
    static const struct assay_json_limits limits = {1 << 20, 8, 100000};
    struct assay_json *j = NULL;
    struct assay_buf b;
    enum assay_code code =
        assay_json_parse(assay_buf_slice(&document), &limits, "doc", &j, err);

    assay_buf_init(&b, 10000);
    if (code == ASSAY_OK) {
        code = assay_json_canon(j, ASSAY_JSON_ROOT, ASSAY_JSON_SORTED, "doc",
                                &b, err);
    }
    assay_json_free(j);
    assay_buf_free(&b);
    return code;
}

static const struct {
    const char *name;
    enum assay_code (*run)(struct assay_error *err);
    long at_least; /* allocations */
} rows[] = {
    {"json", parse_json, 8},
    {"buffer", grow_buffer, 7},
    {"json_out", write_json, 6},
    {"pem", round_trip_pem, 8},
    {"json_canon", canonical_json, 14},
};

static void
each_allocation_fails(void **state)
{
    (void)state;
    assay_buf_init(&document, 10000);
    assay_buf_add_u8(&document, '{');
    for (unsigned i = 0; i < 500; i++) {
        assay_buf_printf(&document, "%s\"\\u006b%u\":%u", i > 0 ? "," : "", i,
                         i);
    }
    assay_buf_add_u8(&document, '}');
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_error err;
        enum assay_code code;
        long n = 0;

        for (;; n++) {
            assay_error_clear(&err);
            oom_fail_after(n);
            code = rows[i].run(&err);
            if (!oom_stop()) {
                break;
            }
            CHECK(rows[i].name, code == ASSAY_NO_MEMORY);
            CHECK(rows[i].name, err.code == ASSAY_NO_MEMORY);
            CHECK(rows[i].name, strstr(err.msg, ": out of memory") != NULL);
        }
        CHECK(rows[i].name, code == ASSAY_OK);
        CHECK(rows[i].name, n >= rows[i].at_least);
    }
    assay_buf_free(&document);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
