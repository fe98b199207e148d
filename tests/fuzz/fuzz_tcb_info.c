/* Target functions: assay_tcb_info_parse, assay_tcb_evaluate
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Levels are sorted and unlike, the seal is over the exact bytes, and any TCB
 * info can be evaluated.
 */
#include "harness/fuzz.h"

#include "collateral/tcb_info.h"
#include "dcap/tcb.h"

static void
check_seal(const struct assay_signed_json *j, struct assay_slice in)
{
    struct assay_slice body = assay_json_span(j->doc, j->body);
    uint8_t digest[ASSAY_SHA256_BYTES];
    struct assay_error err;

    assay_error_clear(&err);
    fuzz_check_inside(body, in);
    PROMISE(body.len >= 2 && body.ptr[0] == '{' &&
            body.ptr[body.len - 1] == '}');
    PROMISE(assay_sha256(fuzz_ctx(), body, digest, &err) == ASSAY_OK);
    PROMISE(memcmp(digest, j->seal.digest, sizeof(digest)) == 0);
}

static void
check_tail(const struct assay_tcb_info *t, const struct assay_level_tail *tail)
{
    PROMISE(assay_tcb_status_name(tail->status) != NULL);
    PROMISE(tail->status <= ASSAY_TCB_REVOKED);
    PROMISE(tail->advisories == ASSAY_JSON_NONE ||
            assay_json_type(t->json.doc, tail->advisories) == ASSAY_JSON_ARRAY);
}

static void
check_isv_levels(const struct assay_tcb_info *t,
                 const struct assay_isv_levels *l)
{
    PROMISE(l->count >= 1 && l->count <= ASSAY_ISV_LEVELS_MAX);
    for (size_t i = 0; i < l->count; i++) {
        PROMISE(i == 0 || l->level[i - 1].isvsvn > l->level[i].isvsvn);
        PROMISE(assay_isv_levels_match(l, l->level[i].isvsvn) == &l->level[i]);
        check_tail(t, &l->level[i].tail);
    }
}

static void
check_levels(const struct assay_tcb_info *t)
{
    PROMISE(t->level_count >= 1 && t->level_count <= ASSAY_TCB_LEVELS_MAX);
    for (size_t i = 0; i < t->level_count; i++) {
        const struct assay_tcb_level *b = &t->level[i];

        check_tail(t, &b->tail);
        if (i > 0) {
            const struct assay_tcb_level *a = &t->level[i - 1];
            int order = memcmp(a->sgx, b->sgx, sizeof(a->sgx));

            PROMISE(
                order > 0 ||
                (order == 0 && (a->pcesvn > b->pcesvn ||
                                (a->pcesvn == b->pcesvn &&
                                 memcmp(a->tdx, b->tdx, sizeof(a->tdx)) > 0))));
        }
    }
    PROMISE(t->identity_count <= ASSAY_MODULE_IDENTITIES_MAX);
    for (size_t i = 0; i < t->identity_count; i++) {
        check_isv_levels(t, &t->identity[i].levels);
        PROMISE(assay_tcb_info_identity(t, t->identity[i].version) ==
                &t->identity[i]);
    }
    PROMISE(t->tdx || t->identity_count == 0);
}

/* A platform that has exactly a level's SVNs reaches that level or, where an
 * earlier one asks for no more, that one. */
static void
check_evaluation(const struct assay_tcb_info *t)
{
    struct assay_isv_level qe_level = {
        .isvsvn = 0,
        .tail = {.status = ASSAY_TCB_UP_TO_DATE, .advisories = ASSAY_JSON_NONE},
    };
    struct assay_qe_identity qe = {.tdx = t->tdx, .levels = {1, &qe_level}};

    for (size_t i = 0; i < t->level_count && i < 8; i++) {
        struct assay_sgx_extension pck = {.pce_svn = t->level[i].pcesvn};
        struct assay_tcb_input in = {t, &qe, &pck, 0};
        struct assay_tcb_evaluation e;

        memcpy(pck.component_svn, t->level[i].sgx, 16);
        assay_tcb_evaluate(&in, t->tdx ? t->level[i].tdx : NULL, &e);
        PROMISE((e.fault == NULL) == (e.status != ASSAY_TCB_NONE));
        PROMISE(t->tdx || e.fault == NULL);
        PROMISE(e.fault != NULL || e.platform.status != ASSAY_TCB_NONE);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_slice in = {data, size};
    struct assay_tcb_info t;
    struct assay_error err;
    enum assay_code code = assay_tcb_info_parse(fuzz_ctx(), in, &t, &err);

    fuzz_check_error(&err, code, size);
    if (code == ASSAY_OK) {
        check_seal(&t.json, in);
        check_levels(&t);
        check_evaluation(&t);
        assay_tcb_info_free(&t);
    }
    fuzz_check_zero(&t, sizeof(t));
    return 0;
}
