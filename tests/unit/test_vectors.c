/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_vectors.c - an optional folder of public vectors: real quotes, made-up
 * ones, one-step mutations and tables of statuses, each with the outcome that
 * Intel's library gives. Where we are stricter, a table says so and why.
 */
#include <stdlib.h>

#include "assay/assay.h"
#include "base/json.h"
#include "base/text.h"
#include "dcap/tcb.h"
#include "harness/unit.h"
#include "harness/vectors.h"

/* Vectors whose outcome differs from Intel's, by name. */
static const struct {
    const char *folder;
    const char *why;
} stricter[] = {
    {"synthetic/sgx3-tcbinfo-future",
     "an issueDate in the future is refused, as dcap-qvl does"},
};

/* Vectors that Intel refuses and we accept; each must be marked as a matter
 * of choice ("either") by its manifest. */
static const struct {
    const char *folder;
    const char *why;
} wider[] = {
    {"synthetic/sgx3-tcbinfo-pretty",
     "the signature is checked over the bytes as they came; Intel's library "
     "writes them anew without white space first"},
};

struct outcome {
    enum assay_code code; /* of reading */
    enum assay_tcb_status status;
    struct assay_verdict *verdict; /* NULL unless read */
    struct assay_error err;
};

static struct assay_ctx *ctx;
static struct assay_verifier *shared_verifier;

static bool
is_listed(const char *folder, bool strict)
{
    for (size_t i = 0; strict && i < sizeof(stricter) / sizeof(stricter[0]);
         i++) {
        if (strcmp(stricter[i].folder, folder) == 0) {
            return true;
        }
    }
    for (size_t i = 0; !strict && i < sizeof(wider) / sizeof(wider[0]); i++) {
        if (strcmp(wider[i].folder, folder) == 0) {
            return true;
        }
    }
    return false;
}

/* Everything from bytes to a verdict, as a caller would. */
static struct outcome
verify(struct assay_slice raw, const struct assay_collateral_parts *parts,
       struct assay_slice root_pem, int64_t now_s)
{
    struct outcome o = {.code = ASSAY_OK};
    struct assay_quote *quote = NULL;
    struct assay_collateral *collateral = NULL;
    struct assay_root *custom = NULL;
    struct assay_policy *policy = NULL;

    if (assay_quote_parse(raw, &quote, &o.err) != ASSAY_OK ||
        assay_collateral_from_parts(ctx, parts, &collateral, &o.err) !=
            ASSAY_OK) {
        goto out;
    }
    if (root_pem.len > 0 &&
        assay_root_parse(ctx, root_pem, &custom, &o.err) != ASSAY_OK) {
        fail_msg("the vector's root: %s", o.err.msg);
    }
    assert_int_equal(
        assay_policy_default((enum assay_tee)assay_quote_view(quote)->tee_type,
                             &policy, &o.err),
        ASSAY_OK);
    const struct assay_verify_input in = {
        .quote = quote,
        .collateral = collateral,
        .root = custom != NULL ? custom : assay_root_intel(),
        .policy = policy,
        .now_s = now_s,
    };

    if (assay_verify(shared_verifier, &in, &o.verdict, &o.err) == ASSAY_OK) {
        o.status = assay_verdict_tcb_status(o.verdict);
    }
out:
    o.code = o.err.code;
    assay_policy_free(policy);
    assay_root_free(custom);
    assay_collateral_free(collateral);
    assay_quote_free(quote);
    return o;
}

static const char *
text_of(const struct vector *v, const char *name)
{
    return vector_text(v, name);
}

static void
compare_status(const struct vector *v, const char *name,
               enum assay_tcb_status got)
{
    const char *want = text_of(v, name);
    const char *have = assay_tcb_status_name(got);

    if (!vector_has(v, name)) {
        return;
    }
    if ((want == NULL) != (have == NULL) ||
        (want != NULL && strcmp(want, have) != 0)) {
        fail_msg("%s: %s is %s, not %s", v->folder, name,
                 have != NULL ? have : "null", want != NULL ? want : "null");
    }
}

static void
compare_advisories(const struct vector *v, const struct assay_verdict *verdict)
{
    uint32_t list = assay_json_member(v->expected, 0, "advisories");
    size_t i = 0;

    if (list == ASSAY_JSON_NONE) {
        return;
    }
    assert_int_equal(assay_json_count(v->expected, list),
                     assay_verdict_advisory_count(verdict));
    for (uint32_t n = assay_json_first(v->expected, list); n != ASSAY_JSON_NONE;
         n = assay_json_next(v->expected, n), i++) {
        assert_true(assay_slice_is(assay_json_string(v->expected, n),
                                   assay_verdict_advisory(verdict, i)));
    }
}

/* Bodies with TEE_TCB_SVN2; for others the manifest repeats the launch. */
static bool
has_current(const struct vector *v)
{
    return v->quote.ptr[0] == 5 && v->quote.ptr[48] >= 3;
}

static void
compare_facts(const struct vector *v, const struct assay_verdict *verdict)
{
    struct assay_verdict_facts f = assay_verdict_facts(verdict);
    const char *date = text_of(v, "tcb_date");

    compare_status(v, "platform_status", f.platform_status);
    compare_status(v, "tdx_module_status", f.tdx_module_status);
    compare_status(v, "qe_status", f.qe_status);
    if (f.current_status != ASSAY_TCB_NONE || has_current(v)) {
        compare_status(v, "current_status", f.current_status);
    }
    compare_advisories(v, verdict);
    if (date != NULL) {
        struct assay_error err;
        int64_t want;

        assay_error_clear(&err);
        assert_int_equal(
            assay_time_parse(assay_slice_of(date), &want, "date", &err),
            ASSAY_OK);
        assert_true(f.has_tcb_date);
        assert_int_equal(want, f.tcb_date_s);
    }
}

static void
check_vector(const struct vector *v)
{
    const char *expected = text_of(v, "expected");
    const char *accept = text_of(v, "accept");
    bool either = accept != NULL && strncmp(accept, "either", 6) == 0;
    bool reject = strncmp(expected, "ERROR:", 6) == 0;
    struct outcome o = verify(assay_buf_slice(&v->quote), &v->parts,
                              v->trusted_root, v->time_s);
    bool refused = o.status == ASSAY_TCB_NONE;

    if (is_listed(v->folder, true)) {
        assert_false(reject);
        assert_true(refused);
    } else if (is_listed(v->folder, false)) {
        assert_true(reject && either);
        assert_false(refused);
    } else if (reject) {
        if (!refused) {
            fail_msg("%s: accepted, Intel says %s", v->folder, expected);
        }
    } else {
        if (refused) {
            fail_msg("%s: refused (%s), Intel says %s", v->folder,
                     o.verdict != NULL ? assay_verdict_summary(o.verdict)
                                       : o.err.msg,
                     expected);
        }
        assert_string_equal(assay_tcb_status_name(o.status), expected);
        compare_facts(v, o.verdict);
    }
    if (o.verdict != NULL && refused) {
        assert_false(assay_verdict_trusted(o.verdict));
    }
    assay_verdict_free(o.verdict);
}

static void
test_folders(void **state)
{
    size_t count = 0;

    (void)state;
    for (struct vector *v = vector_first(); v != NULL; v = vector_next(v)) {
        check_vector(v);
        count++;
    }
    print_message("%zu vectors\n", count);
    assert_true(count >= 77); /* 18 real with a quote each, 59 made */
}

/* One mutation of mutations.json applied to a copy of its base. */
static void
apply(const struct assay_json *j, uint32_t m, struct vector *v)
{
    struct assay_slice target =
        assay_json_string(j, assay_json_member(j, m, "target"));
    struct assay_slice op = assay_json_string(j, assay_json_member(j, m, "op"));
    uint64_t offset = 0;
    uint64_t value = 0;

    (void)assay_json_u64(j, assay_json_member(j, m, "offset"), &offset);
    (void)assay_json_u64(j, assay_json_member(j, m, "value"), &value);
    if (assay_slice_is(target, "time")) {
        v->time_s = (int64_t)value;
        return;
    }
    if (assay_slice_is(op, "swap")) {
        struct assay_slice crl = v->parts.pck_crl;

        v->parts.pck_crl = v->parts.root_ca_crl;
        v->parts.root_ca_crl = crl;
        return;
    }
    struct assay_buf *bytes = vector_bytes(v, target);

    if (assay_slice_is(op, "xor")) {
        bytes->ptr[offset] ^= (uint8_t)value;
    } else if (assay_slice_is(op, "truncate")) {
        uint64_t length = 0;

        assert_true(
            assay_json_u64(j, assay_json_member(j, m, "length"), &length));
        bytes->len = (size_t)length;
    } else if (assay_slice_is(op, "append")) {
        assay_buf_add_u8(bytes, 0xff);
    } else if (assay_slice_is(op, "set_char")) {
        bytes->ptr[offset] =
            assay_json_string(j, assay_json_member(j, m, "value")).ptr[0];
    } else if (assay_slice_is(op, "replace_first")) {
        vector_replace(
            bytes, assay_json_string(j, assay_json_member(j, m, "find")),
            assay_json_string(j, assay_json_member(j, m, "replace")));
    } else {
        fail_msg("unknown operation");
    }
    vector_put_bytes(v, target);
}

static void
check_mutation(const struct assay_json *j, uint32_t m)
{
    struct assay_slice base =
        assay_json_string(j, assay_json_member(j, m, "base"));
    struct assay_slice name =
        assay_json_string(j, assay_json_member(j, m, "name"));
    struct assay_slice expect =
        assay_json_string(j, assay_json_member(j, m, "expect"));
    struct vector *v = vector_open(base);
    const char *of_base = text_of(v, "expected");
    struct outcome o;

    apply(j, m, v);
    /* An exactly sized copy, so that a sanitizer sees any overread. */
    uint8_t *exact = malloc(v->quote.len > 0 ? v->quote.len : 1);

    assay_copy(exact, assay_buf_slice(&v->quote));
    o = verify((struct assay_slice){exact, v->quote.len}, &v->parts,
               v->trusted_root, v->time_s);
    free(exact);
    if (assay_slice_is(expect, "reject")) {
        if (o.status != ASSAY_TCB_NONE) {
            fail_msg("%.*s %.*s: accepted", (int)base.len,
                     (const char *)base.ptr, (int)name.len,
                     (const char *)name.ptr);
        }
    } else if (o.status != ASSAY_TCB_NONE ||
               assay_slice_is(expect, "same as base")) {
        assert_string_equal(assay_tcb_status_name(o.status) != NULL
                                ? assay_tcb_status_name(o.status)
                                : "refused",
                            of_base);
    }
    assay_verdict_free(o.verdict);
    vector_close(v);
}

static void
test_mutations(void **state)
{
    struct assay_json *j = vector_json("mutations.json");
    uint32_t list = assay_json_member(j, 0, "mutations");
    size_t count = 0;

    (void)state;
    for (uint32_t n = assay_json_first(j, list); n != ASSAY_JSON_NONE;
         n = assay_json_next(j, n)) {
        check_mutation(j, n);
        count++;
    }
    print_message("%zu mutations\n", count);
    assert_int_equal(count, 272);
    vector_json_free(j);
}

static enum assay_tcb_status
status_at(struct assay_slice key, size_t field)
{
    size_t start = 0;

    for (size_t i = 0; i <= key.len; i++) {
        if (i == key.len || key.ptr[i] == '|') {
            if (field-- == 0) {
                return assay_tcb_status_parse(
                    (struct assay_slice){key.ptr + start, i - start});
            }
            start = i + 1;
        }
    }
    return ASSAY_TCB_NONE;
}

static void
test_status_tables(void **state)
{
    struct assay_json *j = vector_json("status_tables.json");
    uint32_t converge = assay_json_member(j, 0, "converge");
    uint32_t relaunch = assay_json_member(j, 0, "relaunch");
    size_t count = 0;

    (void)state;
    assert_int_not_equal(converge, ASSAY_JSON_NONE);
    assert_int_not_equal(relaunch, ASSAY_JSON_NONE);
    for (uint32_t n = assay_json_first(j, converge); n != ASSAY_JSON_NONE;
         n = assay_json_next(j, n), count++) {
        struct assay_slice key = assay_json_string(j, n);
        enum assay_tcb_status got = assay_tcb_converge(
            status_at(key, 0), status_at(key, 1), status_at(key, 2));

        assert_true(assay_slice_is(assay_json_string(j, assay_json_value(j, n)),
                                   assay_tcb_status_name(got)));
    }
    assert_int_equal(count, 63);
    count = 0;
    for (uint32_t n = assay_json_first(j, relaunch); n != ASSAY_JSON_NONE;
         n = assay_json_next(j, n), count++) {
        struct assay_slice key = assay_json_string(j, n);
        enum assay_tcb_status got =
            assay_tcb_relaunch(status_at(key, 0), status_at(key, 1));

        assert_true(assay_slice_is(assay_json_string(j, assay_json_value(j, n)),
                                   assay_tcb_status_name(got)));
    }
    assert_int_equal(count, 49);
    vector_json_free(j);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folders),
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_status_tables),
    };
    struct assay_error err;
    int rc;

    if (!vectors_there()) {
        print_message("SKIPPED shared vectors: no folder %s\n",
                      vectors_folder());
        return 0;
    }
    if (assay_ctx_new(&ctx, &err) != ASSAY_OK ||
        assay_verifier_new(ctx, 64, &shared_verifier, &err) != ASSAY_OK) {
        print_message("%s\n", err.msg);
        return 1;
    }
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    assay_verifier_free(shared_verifier);
    assay_ctx_free(ctx);
    return rc;
}
