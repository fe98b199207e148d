/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_evidence_oom.c - every allocation refused in turn while a bundle is
 * read, judged and written: it works, or it says that memory ran out, and
 * nothing is trusted by accident.
 */
#include "harness/oom.h"

#include "harness/stored.h"
#include "harness/unit.h"

static struct stored good;

static bool
is_memory(enum assay_code code)
{
    return code == ASSAY_NO_MEMORY || code == ASSAY_CRYPTO;
}

/* Everything that is done with a bundle; *trusted only if all of it went
 * well. */
static enum assay_code
go(bool *trusted, struct assay_error *err)
{
    struct assay_evidence_options o = {.root = good.platform.root,
                                       .policy = good.policy};
    struct assay_evidence *e = NULL;
    struct assay_policy *claimed = NULL;
    struct assay_verifier *verifier = NULL;
    struct assay_verdict *v = NULL;
    struct assay_buf out;

    assay_buf_init(&out, ASSAY_EVIDENCE_MAX_BYTES);
    *trusted = false;
    if (assay_evidence_parse(good.platform.ctx, assay_buf_slice(&good.text), &e,
                             err) == ASSAY_OK &&
        assay_evidence_policy(e, &claimed, err) == ASSAY_OK &&
        assay_verifier_new(good.platform.ctx, 0, &verifier, err) == ASSAY_OK &&
        assay_evidence_verify(verifier, e, &o, &v, err) == ASSAY_OK &&
        assay_evidence_verdict_to_json(e, &o, v, &out, err) == ASSAY_OK &&
        assay_evidence_to_json(e, &out, err) == ASSAY_OK &&
        assay_evidence_write(assay_evidence_view(e), &out, err) == ASSAY_OK) {
        *trusted = assay_verdict_trusted(v);
    }
    assert_true(err->code == ASSAY_OK || err->msg[0] != '\0');
    assay_buf_free(&out);
    assay_verdict_free(v);
    assay_verifier_free(verifier);
    assay_policy_free(claimed);
    assay_evidence_free(e);
    return err->code;
}

static void
test_all(void **state)
{
    (void)state;
    for (int once = 0; once <= 1; once++) {
        for (long n = 0;; n++) {
            struct assay_error err;
            enum assay_code code;
            bool trusted;

            if (once) {
                oom_fail_once(n);
            } else {
                oom_fail_after(n);
            }
            code = go(&trusted, &err);
            if (!oom_stop()) {
                assert_int_equal(code, ASSAY_OK);
                assert_true(trusted && n > 20);
                break;
            }
            if (code == ASSAY_OK) {
                assert_true(trusted); /* it could do without */
            } else if (!is_memory(code)) {
                fail_msg("allocation %ld: %s", n, err.msg);
            }
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
    int rc;

    stored_make(&good, true);
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    stored_free(&good);
    return rc;
}
