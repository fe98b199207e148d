/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "collateral/usable.h"

#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "collateral/collateral.h"

/* As src/dcap judges it: the last second belongs to the period. */
bool
assay_is_in_date(const struct assay_collateral *c, int64_t now_s)
{
    return assay_collateral_expires(c) >= now_s;
}

static uint32_t
lower_evaluation(const struct assay_collateral *c)
{
    struct assay_evaluations e = assay_collateral_evaluations(c);

    return e.tcb_info < e.qe_identity ? e.tcb_info : e.qe_identity;
}

bool
assay_is_fresh(const struct assay_collateral *c,
               const struct assay_freshness *fresh, int64_t now_s)
{
    return assay_is_in_date(c, now_s) &&
           lower_evaluation(c) >= fresh->min_evaluation &&
           (!fresh->has_max_age ||
            now_s - assay_collateral_issued(c) <= fresh->max_age_s);
}

/* Documents may run late, by the grace; certificates may not: what a key signs
 * after its time is over is anybody's guess. */
bool
assay_is_within_grace(const struct assay_collateral *c, int64_t now_s,
                      int64_t grace_s)
{
    for (size_t i = 0; i < assay_collateral_item_count(c); i++) {
        struct assay_collateral_item item = assay_collateral_item(c, i);

        if (now_s - item.expires_s > (item.certificate ? 0 : grace_s)) {
            return false;
        }
    }
    return true;
}

struct assay_issued
assay_issued_of(const struct assay_collateral *c)
{
    return (struct assay_issued){
        .tcb_info_s = c->tcb_info.issue_s,
        .qe_identity_s = c->qe_identity.issue_s,
        .pck_crl_s = c->pck_crl.crl.this_update_s,
    };
}

bool
assay_is_newer(const struct assay_collateral *c, struct assay_issued than)
{
    const struct assay_issued own = assay_issued_of(c);

    return own.tcb_info_s >= than.tcb_info_s &&
           own.qe_identity_s >= than.qe_identity_s &&
           own.pck_crl_s >= than.pck_crl_s &&
           (own.tcb_info_s > than.tcb_info_s ||
            own.qe_identity_s > than.qe_identity_s ||
            own.pck_crl_s > than.pck_crl_s);
}

bool
assay_has_reached(const struct assay_collateral *c,
                  struct assay_evaluations seen)
{
    struct assay_evaluations have = assay_collateral_evaluations(c);

    return have.tcb_info >= seen.tcb_info &&
           have.qe_identity >= seen.qe_identity;
}

bool
assay_is_best(const struct assay_collateral *c, const struct assay_holding *h,
              int64_t now_s)
{
    return assay_is_fresh(c, &h->fresh, now_s) && assay_has_reached(c, h->seen);
}

bool
assay_is_held(const struct assay_collateral *c, const struct assay_holding *h,
              int64_t asked_s, int64_t now_s)
{
    bool just_asked = now_s >= asked_s && asked_s != INT64_MIN &&
                      now_s - asked_s < ASSAY_ASK_AGAIN_S;

    return assay_is_best(c, h, now_s) ||
           (just_asked && (assay_is_fresh(c, &h->fresh, now_s) ||
                           assay_is_within_grace(c, now_s, h->grace_s)));
}

bool
assay_same_need(const struct assay_collateral_need *a,
                const struct assay_collateral_need *b)
{
    return a->tdx == b->tdx && strcmp(a->fmspc, b->fmspc) == 0 &&
           strcmp(a->ca, b->ca) == 0;
}

enum assay_code
assay_serves(const struct assay_collateral *c,
             const struct assay_collateral_need *need, struct assay_error *err)
{
    char fmspc[13];

    assay_hex_to(fmspc, ASSAY_SLICE(c->tcb_info.fmspc));
    if (c->tcb_info.tdx != need->tdx || c->qe_identity.tdx != need->tdx ||
        strcmp(fmspc, need->fmspc) != 0) {
        return assay_fail(err, ASSAY_NOT_FOUND, ASSAY_NO_OFFSET,
                          "TCB info of %s %s and QE identity of %s, not of %s "
                          "%s",
                          c->tcb_info.tdx ? "tdx" : "sgx", fmspc,
                          c->qe_identity.tdx ? "tdx" : "sgx",
                          need->tdx ? "tdx" : "sgx", need->fmspc);
    }
    return ASSAY_OK;
}
