/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * stored_test.h - what every test of bundles stands on: a good one, of a
 * session with a platform that has announced its certificate. For group
 * fixtures.
 */
#pragma once

#include "harness/stored.h"
#include "harness/unit.h"

static struct stored good; /* with a certificate event */
static struct assay_verifier *verifier;

static inline int
stored_setup(void **state)
{
    struct assay_error err;

    (void)state;
    stored_make(&good, true);
    assert_int_equal(assay_verifier_new(good.platform.ctx, 8, &verifier, &err),
                     ASSAY_OK);
    return 0;
}

static inline int
stored_teardown(void **state)
{
    (void)state;
    assay_verifier_free(verifier);
    stored_free(&good);
    return 0;
}

static inline struct assay_slice
stored_text(const struct stored *s)
{
    return assay_buf_slice(&s->text);
}

static inline struct assay_evidence *
stored_parse(struct assay_slice text)
{
    struct assay_evidence *e = NULL;
    struct assay_error err;

    if (assay_evidence_parse(good.platform.ctx, text, &e, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return e;
}

static inline struct assay_evidence_options
stored_options(void)
{
    return (struct assay_evidence_options){
        .root = good.platform.root,
        .policy = good.policy,
    };
}

static inline struct assay_verdict *
stored_verify(const struct assay_evidence *e,
              const struct assay_evidence_options *o)
{
    struct assay_verdict *v = NULL;
    struct assay_error err;

    if (assay_evidence_verify(verifier, e, o, &v, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return v;
}
