/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_toml_json.c - TOML tables as JSON documents: the same values, and each
 * at its place in the TOML text.
 */
#include "base/toml.h"

#include "harness/unit.h"

static const struct assay_json_limits limits = {4096, 8, 200};

/* The table `key` of a document (NULL: the root) as JSON; the TOML document is
 * gone before the other is used. */
static enum assay_code
convert(const char *text, const char *key, struct assay_json **out,
        struct assay_error *err)
{
    struct assay_toml *t = NULL;
    uint32_t node = ASSAY_TOML_ROOT;
    enum assay_code code;

    assay_error_clear(err);
    assert_int_equal(
        assay_toml_parse(assay_slice_of(text), &limits, "doc", &t, err),
        ASSAY_OK);
    if (key != NULL) {
        node = assay_toml_find(t, node, assay_slice_of(key));
    }
    *out = (struct assay_json *)(uintptr_t)1;
    code = assay_toml_to_json(t, node, "doc", out, err);
    assert_true((*out != NULL) == (code == ASSAY_OK));
    assay_toml_free(t);
    return code;
}

static void
test_spans(void **state)
{
    static const struct {
        const char *toml;
        const char *key;
        const char *json;
    } rows[] = {
        {"", NULL, "{}"},
        {"a=1", NULL, "{\"a\":1}"},
        {"a=[]\nb={}", NULL, "{\"a\":[],\"b\":{}}"},
        {"a=0xff\nb=-9223372036854775808\nc=-0", NULL,
         "{\"a\":255,\"b\":-9223372036854775808,\"c\":0}"},
        {"a=+1_0.50\nb=1e06\nc=-0.0", NULL,
         "{\"a\":10.50,\"b\":1e06,\"c\":-0.0}"},
        {"a=true\nb=false", NULL, "{\"a\":true,\"b\":false}"},
        {"a='\"\\'\n\"b\\n\"=\"\\u0001\xc3\xa9\"", NULL,
         "{\"a\":\"\\\"\\\\\",\"b\\n\":\"\\u0001\xc3\xa9\"}"},
        {"a=2026-11-20\nb=2026-11-20 10:00:00z\nc=10:00:00", NULL,
         "{\"a\":\"2026-11-20\",\"b\":\"2026-11-20T10:00:00Z\","
         "\"c\":\"10:00:00\"}"},
        {"b=1\na.x=1\n[t]\nq=[[1,2],{r.s=3},[]]\n[[l]]\n[[l]]\nz=1\n[a.y]",
         NULL,
         "{\"b\":1,\"a\":{\"x\":1,\"y\":{}},\"t\":{\"q\":[[1,2],{\"r\":{\"s\":"
         "3}},[]]},\"l\":[{},{\"z\":1}]}"},
        {"b=1\n[t]\nc=2\n[t.u]\nd=3\n[v]\ne=4", "t",
         "{\"c\":2,\"u\":{\"d\":3}}"},
        {"t={}\nb=1", "t", "{}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_json *j;
        struct assay_error err;

        if (convert(rows[i].toml, rows[i].key, &j, &err) != ASSAY_OK ||
            !assay_slice_is(assay_json_span(j, ASSAY_JSON_ROOT),
                            rows[i].json)) {
            fail_msg("row \"%s\": %s", rows[i].toml, err.msg);
        }
        assay_json_free(j);
    }
}

static void
test_places(void **state)
{
    static const char text[] = "  key = 'x'\n[t]\nu.v = [7, 8]\n";
    struct assay_json *j;
    struct assay_error err;
    uint32_t name;
    uint32_t u;
    uint32_t list;

    (void)state;
    assert_int_equal(convert(text, NULL, &j, &err), ASSAY_OK);
    assert_int_equal(assay_json_offset(j, ASSAY_JSON_ROOT), 0);
    name = assay_json_first(j, ASSAY_JSON_ROOT);
    assert_int_equal(assay_json_offset(j, name), 2);
    assert_int_equal(assay_json_offset(j, assay_json_value(j, name)), 8);
    name = assay_json_next(j, name);
    assert_int_equal(assay_json_offset(j, name), 13);
    assert_int_equal(assay_json_offset(j, assay_json_value(j, name)), 12);
    u = assay_json_member(j, assay_json_value(j, name), "u");
    assert_int_equal(assay_json_offset(j, u), 16);
    list = assay_json_member(j, u, "v");
    assert_int_equal(assay_json_offset(j, list), 22);
    assert_int_equal(
        assay_json_offset(j, assay_json_next(j, assay_json_first(j, list))),
        26);
    assert_int_equal(assay_json_offset(j, ASSAY_JSON_NONE), ASSAY_NO_OFFSET);
    assay_json_free(j);
}

static void
test_refused(void **state)
{
    static const struct {
        const char *toml;
        const char *key;
        const char *msg;
        size_t offset;
    } rows[] = {
        {"a = inf", NULL, "doc: TOML has a float that is no finite", 4},
        {"a = -inf", NULL, "doc: TOML has a float that is no finite", 4},
        {"a = [1, nan]", NULL, "doc: TOML has a float that is no finite", 8},
        {"a = \"x\\u0000\"", NULL, "doc: TOML has U+0000 in a string", 4},
        {"b = 1\n\"\\u0000\" = 1", NULL, "doc: TOML has U+0000 in a key", 6},
        {"a = [{}]", "a", "doc: no TOML table", 4},
        {"a = 1", "b", "doc: no TOML table", ASSAY_NO_OFFSET},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_json *j;
        struct assay_error err;

        (void)convert(rows[i].toml, rows[i].key, &j, &err);
        check_error(rows[i].toml, &err, ASSAY_INVALID, rows[i].msg,
                    rows[i].offset);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
