/* Target functions: assay_evidence_parse assay_evidence_write
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A bundle from anybody: what was read is written and read again as the same,
 * no verdict under its own policy is trusted, and both documents are JSON.
 */
#include "assay/evidence.h"
#include "base/bytes.h"
#include "base/json.h"
#include "harness/fuzz.h"

static void
check_json(const struct assay_buf *b)
{
    static const struct assay_json_limits limits = {ASSAY_EVIDENCE_MAX_BYTES,
                                                    32, 1u << 20};
    struct assay_json *j = NULL;
    struct assay_error err;

    assay_error_clear(&err);
    PROMISE(assay_json_parse(assay_buf_slice(b), &limits, "document", &j,
                             &err) == ASSAY_OK);
    assay_json_free(j);
}

static void
check_written(const struct assay_evidence *e)
{
    struct assay_evidence *again = NULL;
    struct assay_buf first;
    struct assay_buf second;
    struct assay_error err;

    assay_buf_init(&first, ASSAY_EVIDENCE_MAX_BYTES);
    assay_buf_init(&second, ASSAY_EVIDENCE_MAX_BYTES);
    PROMISE(assay_evidence_write(assay_evidence_view(e), &first, &err) ==
            ASSAY_OK);
    PROMISE(assay_evidence_parse(fuzz_ctx(), assay_buf_slice(&first), &again,
                                 &err) == ASSAY_OK);
    PROMISE(assay_evidence_write(assay_evidence_view(again), &second, &err) ==
            ASSAY_OK);
    PROMISE(
        assay_slice_equal(assay_buf_slice(&first), assay_buf_slice(&second)));
    assay_evidence_free(again);
    assay_buf_free(&first);
    assay_buf_free(&second);
}

static void
check_judged(const struct assay_evidence *e)
{
    struct assay_evidence_options o = {.root = assay_root_intel()};
    struct assay_evidence_claim claims[ASSAY_EVIDENCE_CLAIMS_MAX];
    struct assay_verifier *verifier = NULL;
    struct assay_policy *claimed = NULL;
    struct assay_verdict *v = NULL;
    struct assay_buf out;
    struct assay_error err;

    assay_buf_init(&out, ASSAY_EVIDENCE_MAX_BYTES);
    PROMISE(assay_evidence_to_json(e, &out, &err) == ASSAY_OK);
    check_json(&out);
    out.len = 0;
    PROMISE(assay_verifier_new(fuzz_ctx(), 0, &verifier, &err) == ASSAY_OK);
    if (assay_evidence_policy(e, &claimed, &err) == ASSAY_OK) {
        o.policy = claimed;
        if (assay_evidence_verify(verifier, e, &o, &v, &err) == ASSAY_OK) {
            PROMISE(!assay_verdict_trusted(v));
            PROMISE(assay_evidence_claims(e, &o, v, claims) <=
                    ASSAY_EVIDENCE_CLAIMS_MAX);
            PROMISE(assay_evidence_verdict_to_json(e, &o, v, &out, &err) ==
                    ASSAY_OK);
            check_json(&out);
        }
        PROMISE((v == NULL) == (err.code != ASSAY_OK));
    }
    PROMISE((claimed == NULL) == (o.policy == NULL));
    assay_verdict_free(v);
    assay_policy_free(claimed);
    assay_verifier_free(verifier);
    assay_buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_evidence *e = NULL;
    struct assay_error err;
    enum assay_code code = assay_evidence_parse(
        fuzz_ctx(), (struct assay_slice){data, size}, &e, &err);

    PROMISE(code == err.code && (e != NULL) == (code == ASSAY_OK));
    if (e != NULL) {
        check_written(e);
        check_judged(e);
    } else {
        PROMISE(err.msg[0] != '\0');
    }
    assay_evidence_free(e);
    return 0;
}
