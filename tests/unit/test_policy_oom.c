/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_policy_oom.c - every allocation refused in turn while a policy is read
 * from JSON and from TOML, while it gets its compose file, and while it is
 * written anew.
 */
#include "harness/oom.h"

#include "assay/verify.h"
#include "base/toml.h"
#include "harness/policy_forms.h"

#define X8  "0011223344556677"
#define X32 X8 X8 X8 X8
#define X48 X32 X8 X8

static const char json[] =
    "{\"type\":\"dstack_tdx\",\"expected_bootchain\":{\"mrtd\":[\"" X48
    "\",\"" X48 "\"],\"rtmr0\":\"" X48 "\",\"rtmr1\":\"" X48
    "\",\"rtmr2\":\"" X48 "\"},\"os_image_hash\":\"" X32
    "\",\"compose_hash\":\"" X32 "\",\"compose_file\":\"app.json\","
    "\"app_compose\":{\"name\":\"x\",\"l\":[{},[1,2],{\"a\":{}}]},"
    "\"allowed_tcb_status\":[\"UpToDate\",\"OutOfDate\"],\"denied_advisories\":"
    "[\"INTEL-SA-00615\",\"INTEL-SA-00828\"],\"pccs_url\":[\"\",\"u\\n\"],"
    "\"min_tdx_tcb\":{\"legacy_prefix_match\":true,\"mrseam\":\"0a\","
    "\"mrtmrs\":[\"0b\",\"0c\"]},\"wires\":[\"v2\",\"v1\"],"
    "\"pinned\":{\"at\":\"2026-01-01\",\"from\":\"x\",\"how\":\"quote\"}}";

static struct {
    struct assay_ctx *ctx;
    struct assay_buf toml;
} made;

static enum assay_code
from_json(struct assay_error *err)
{
    struct assay_policy *p = NULL;
    enum assay_code code = assay_policy_parse(assay_slice_of(json), &p, err);

    assert_true((code == ASSAY_OK) == (p != NULL));
    assay_policy_free(p);
    return code;
}

static enum assay_code
from_toml(struct assay_error *err)
{
    struct assay_policy *p = NULL;
    enum assay_code code =
        assay_policy_parse_toml(assay_buf_slice(&made.toml), &p, err);

    assert_true((code == ASSAY_OK) == (p != NULL));
    assay_policy_free(p);
    return code;
}

static enum assay_code
with_file(struct assay_error *err)
{
    struct assay_policy *p = NULL;
    enum assay_code code = assay_policy_parse(assay_slice_of(json), &p, err);

    if (code == ASSAY_OK) {
        code = assay_policy_set_compose_file(made.ctx, p, assay_slice_of("{}"),
                                             err);
        assert_int_equal(p->compose_hash.count, code == ASSAY_OK ? 2 : 1);
        assert_true((p->compose_file == NULL) == (code == ASSAY_OK));
    }
    assay_policy_free(p);
    return code;
}

static enum assay_code
written(struct assay_error *err)
{
    struct assay_policy *p = NULL;
    struct assay_buf out;
    enum assay_code code = assay_policy_parse(assay_slice_of(json), &p, err);

    assay_buf_init(&out, 1u << 16);
    if (code == ASSAY_OK) {
        code = assay_policy_to_json(p, false, &out, err);
    }
    assay_buf_free(&out);
    assay_policy_free(p);
    return code;
}

/* More values than the first array of nodes holds. */
static enum assay_code
large_toml(struct assay_error *err)
{
    static const struct assay_json_limits limits = {1u << 16, 8, 1000};
    static char text[2000];
    struct assay_toml *t = NULL;
    struct assay_json *j = NULL;
    enum assay_code code;

    memset(text, ',', sizeof(text)); /* k=[1,1,...,1] */
    text[0] = 'k';
    text[1] = '=';
    text[2] = '[';
    for (size_t i = 3; i < sizeof(text) - 2; i += 2) {
        text[i] = '1';
    }
    text[sizeof(text) - 1] = ']';
    code = assay_toml_parse(
        (struct assay_slice){(const uint8_t *)text, sizeof(text)}, &limits,
        "doc", &t, err);
    assert_true((code == ASSAY_OK) == (t != NULL));
    if (t != NULL) {
        code = assay_toml_to_json(t, ASSAY_TOML_ROOT, "doc", &j, err);
        assert_true((code == ASSAY_OK) == (j != NULL));
    }
    assay_json_free(j);
    assay_toml_free(t);
    return code;
}

static const struct {
    const char *name;
    enum assay_code (*run)(struct assay_error *err);
    long at_least; /* allocations */
} rows[] = {
    {"JSON", from_json, 20},         {"TOML", from_toml, 24},
    {"compose file", with_file, 21}, {"written anew", written, 100},
    {"large TOML", large_toml, 8},
};

static void
each_allocation_fails(void **state)
{
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_ctx_new(&made.ctx, &err), ASSAY_OK);
    assert_true(toml_of_json(assay_slice_of(json), &made.toml));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
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
            CHECK(rows[i].name, strstr(err.msg, "out of memory") != NULL);
        }
        CHECK(err.msg, code == ASSAY_OK);
        CHECK(rows[i].name, n >= rows[i].at_least);
    }
    assay_buf_free(&made.toml);
    assay_ctx_free(made.ctx);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
