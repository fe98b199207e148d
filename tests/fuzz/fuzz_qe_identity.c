/* Target functions: assay_qe_identity_parse, assay_isv_levels_match
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "harness/fuzz.h"

#include "collateral/qe_identity.h"

static void
check_identity(const struct assay_qe_identity *q, struct assay_slice in)
{
    struct assay_slice body = assay_json_span(q->json.doc, q->json.body);
    uint8_t digest[ASSAY_SHA256_BYTES];
    struct assay_error err;

    assay_error_clear(&err);
    fuzz_check_inside(body, in);
    PROMISE(assay_sha256(fuzz_ctx(), body, digest, &err) == ASSAY_OK);
    PROMISE(memcmp(digest, q->json.seal.digest, sizeof(digest)) == 0);
    PROMISE(q->levels.count >= 1 && q->levels.count <= ASSAY_ISV_LEVELS_MAX);
    for (size_t i = 0; i < q->levels.count; i++) {
        const struct assay_isv_level *level = &q->levels.level[i];

        PROMISE(i == 0 || level[-1].isvsvn > level->isvsvn);
        PROMISE(assay_isv_levels_match(&q->levels, level->isvsvn) == level);
        PROMISE(level->tail.status == ASSAY_TCB_UP_TO_DATE ||
                level->tail.status == ASSAY_TCB_OUT_OF_DATE ||
                level->tail.status == ASSAY_TCB_REVOKED);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_slice in = {data, size};
    struct assay_qe_identity q;
    struct assay_error err;
    enum assay_code code = assay_qe_identity_parse(fuzz_ctx(), in, &q, &err);

    fuzz_check_error(&err, code, size);
    if (code == ASSAY_OK) {
        check_identity(&q, in);
        assay_qe_identity_free(&q);
    }
    fuzz_check_zero(&q, sizeof(q));
    return 0;
}
