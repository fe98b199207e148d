/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * machine.c - see machine.h.
 */
#include "mint/machine.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/text.h"

#define DAY        INT64_C(86400)
#define EVALUATION 18

struct mint_machine {
    const struct assay_ctx *ctx;
    char seed[2 * MINT_SEED_BYTES + 1];
    struct mint_machine_state state;
    struct mint_world *worlds[2]; /* by enum mint_machine_tee */
    struct mint_guest *guest;
};

static const char *
status_or(const char *status)
{
    return status != NULL ? status : "UpToDate";
}

uint32_t
mint_machine_evaluation(const struct mint_machine_state *s)
{
    return s->overtaken ? EVALUATION - 1 : EVALUATION;
}

/* What changes about a world while it runs. Dates of certificates are those
 * of its beginning. */
static void
describe(struct mint_options *o, const struct mint_machine_state *s)
{
    /* In date for 30 days: since yesterday, or until then. Young enough for
     * those who have a limit of their own, as for stapled collateral. */
    int64_t issue_s = s->now_s - (s->expired ? 31 : 1) * DAY;
    int64_t end_s = issue_s + 30 * DAY;

    o->tcb_info.levels[0].status = s->tcb_status;
    o->tcb_info.modules[0].levels[0].status = s->module_status;
    o->qe_identity.levels[0].status = s->qe_status;
    o->pck_crl.revoke = s->revoked ? MINT_REVOKE(MINT_CERT_PCK) : 0;
    o->quote.td.td_attributes_xor = s->debug ? ASSAY_TD_ATTR_DEBUG : 0;

    o->tcb_info.evaluation_number = (int32_t)mint_machine_evaluation(s);
    o->qe_identity.evaluation_number = (int32_t)mint_machine_evaluation(s);
    o->tcb_info.issue_s = issue_s;
    o->qe_identity.issue_s = issue_s;
    o->pck_crl.this_update_s = issue_s;
    o->root_crl.this_update_s = s->now_s - 90 * DAY; /* once a year */
    o->tcb_info.next_update_s = end_s;
    o->qe_identity.next_update_s = end_s;
    o->pck_crl.next_update_s = end_s;
    o->root_crl.next_update_s = s->expired ? end_s : s->now_s + 275 * DAY;
}

static enum assay_code
make_world(struct mint_machine *m, enum mint_machine_tee tee,
           int32_t quote_version, struct assay_error *err)
{
    bool tdx = tee == MINT_MACHINE_TDX;
    struct mint_options o = {
        .seed = m->seed,
        .now_s = m->state.now_s,
        .processor_ca = !tdx,
        .quote.version = tdx ? quote_version : 3,
    };

    describe(&o, &m->state);
    return mint_world_new(&o, &m->worlds[tee], err);
}

enum assay_code
mint_machine_new(const struct assay_ctx *ctx,
                 const struct mint_machine_options *o,
                 struct mint_machine **out, struct assay_error *err)
{
    struct mint_machine *m = calloc(1, sizeof(*m));
    uint8_t seed[MINT_SEED_BYTES] = {0};
    enum assay_code code;

    *out = NULL;
    assay_error_clear(err);
    if (m == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "mint: no memory for a machine");
    }
    m->ctx = ctx;
    m->state = o->state;
    m->state.tcb_status = status_or(o->state.tcb_status);
    m->state.module_status = status_or(o->state.module_status);
    m->state.qe_status = status_or(o->state.qe_status);
    mint_put_hex(seed, sizeof(seed), o->guest.seed, "seed", err);
    assay_hex_to(m->seed, ASSAY_SLICE(seed));
    code = err->code;
    if (code == ASSAY_OK) {
        code = make_world(m, MINT_MACHINE_TDX, o->quote_version, err);
    }
    if (code == ASSAY_OK) {
        code = make_world(m, MINT_MACHINE_SGX, 0, err);
    }
    if (code == ASSAY_OK) {
        code = mint_machine_boot(m, &o->guest, err);
    }
    if (code != ASSAY_OK) {
        mint_machine_free(m);
        return code;
    }
    *out = m;
    return ASSAY_OK;
}

void
mint_machine_free(struct mint_machine *m)
{
    if (m == NULL) {
        return;
    }
    mint_guest_free(m->guest);
    mint_world_free(m->worlds[MINT_MACHINE_SGX]);
    mint_world_free(m->worlds[MINT_MACHINE_TDX]);
    free(m);
}

const struct mint_machine_state *
mint_machine_state(const struct mint_machine *m)
{
    return &m->state;
}

enum assay_code
mint_machine_change(struct mint_machine *m, const struct mint_machine_state *to,
                    struct assay_error *err)
{
    enum assay_code code = ASSAY_OK;

    assay_error_clear(err);
    for (size_t i = 0; i < 2 && code == ASSAY_OK; i++) {
        describe(mint_world_options(m->worlds[i]), to);
        code = mint_world_remake(m->worlds[i], err);
    }
    if (code == ASSAY_OK) {
        m->state = *to;
        return ASSAY_OK;
    }
    for (size_t i = 0; i < 2; i++) {
        struct assay_error again;

        describe(mint_world_options(m->worlds[i]), &m->state);
        (void)!mint_world_remake(m->worlds[i], &again);
    }
    return code;
}

enum assay_code
mint_machine_boot(struct mint_machine *m, const struct mint_guest_options *o,
                  struct assay_error *err)
{
    struct mint_guest_options own = *o;
    struct mint_guest *fresh = NULL;
    enum assay_code code;

    own.seed = m->seed;
    code = mint_guest_new(m->ctx, &own, &fresh, err);
    if (code == ASSAY_OK) {
        mint_guest_free(m->guest);
        m->guest = fresh;
    }
    return code;
}

enum assay_code
mint_machine_secret(const struct mint_machine *m, const char *purpose,
                    uint8_t out[32], struct assay_error *err)
{
    uint8_t seed[MINT_SEED_BYTES] = {0};

    assay_error_clear(err);
    mint_put_hex(seed, sizeof(seed), m->seed, "seed", err);
    return mint_hmac_sha256(seed, assay_slice_of(purpose), out, err);
}

struct mint_guest *
mint_machine_guest(const struct mint_machine *m)
{
    return m->guest;
}

struct mint_world *
mint_machine_world(const struct mint_machine *m, enum mint_machine_tee tee)
{
    return m->worlds[tee];
}
