/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dcap/tcb.h"

static bool
reaches(const uint8_t *have, const uint8_t *need, size_t from)
{
    for (size_t i = from; i < ASSAY_TCB_COMPONENTS; i++) {
        if (have[i] < need[i]) {
            return false;
        }
    }
    return true;
}

static bool
level_reached(const struct assay_tcb_input *in, const uint8_t *tee_tcb_svn,
              const struct assay_tcb_level *level)
{
    if (!reaches(in->pck->component_svn, level->sgx, 0) ||
        in->pck->pce_svn < level->pcesvn) {
        return false;
    }
    /* From module version 1 on, the module has levels of its own and its two
     * components say nothing here. */
    return tee_tcb_svn == NULL ||
           reaches(tee_tcb_svn, level->tdx, tee_tcb_svn[1] > 0 ? 2 : 0);
}

static void
fill(struct assay_tcb_match *out, const struct assay_level_tail *tail,
     const struct assay_json *doc)
{
    out->status = tail->status;
    out->tcb_date_s = tail->tcb_date_s;
    out->doc = doc;
    out->advisories = tail->advisories;
}

static void
note_newer(struct assay_tcb_match *m, int64_t tcb_date_s)
{
    if (!m->has_newer || tcb_date_s < m->newer_s) {
        m->newer_s = tcb_date_s;
    }
    m->has_newer = true;
}

static bool
match_platform(const struct assay_tcb_input *in, const uint8_t *tee_tcb_svn,
               struct assay_tcb_match *out)
{
    for (size_t i = 0; i < in->info->level_count; i++) {
        const struct assay_tcb_level *level = &in->info->level[i];

        if (level_reached(in, tee_tcb_svn, level)) {
            fill(out, &level->tail, in->info->json.doc);
            return true;
        }
        note_newer(out, level->tail.tcb_date_s);
    }
    return false;
}

static bool
match_isv(const struct assay_isv_levels *levels, uint16_t svn,
          const struct assay_json *doc, struct assay_tcb_match *out)
{
    const struct assay_isv_level *hit = assay_isv_levels_match(levels, svn);

    for (size_t i = 0; i < levels->count && &levels->level[i] != hit; i++) {
        note_newer(out, levels->level[i].tail.tcb_date_s);
    }
    if (hit != NULL) {
        fill(out, &hit->tail, doc);
    }
    return hit != NULL;
}

static const char *
match_module(const struct assay_tcb_input *in, const uint8_t *tee_tcb_svn,
             struct assay_tcb_match *out)
{
    const struct assay_module_identity *id;

    if (tee_tcb_svn == NULL || tee_tcb_svn[1] == 0) {
        return NULL;
    }
    id = assay_tcb_info_identity(in->info, tee_tcb_svn[1]);
    if (id == NULL) {
        return "the TCB info knows no TDX module of this version";
    }
    if (!match_isv(&id->levels, tee_tcb_svn[0], in->info->json.doc, out)) {
        return "the TDX module is below every level";
    }
    return NULL;
}

void
assay_tcb_evaluate(const struct assay_tcb_input *in, const uint8_t *tee_tcb_svn,
                   struct assay_tcb_evaluation *out)
{
    struct assay_tcb_evaluation e = {.fault = NULL};

    if (!match_platform(in, tee_tcb_svn, &e.platform)) {
        e.fault = "the platform is below every level";
    }
    if (e.fault == NULL) {
        e.fault = match_module(in, tee_tcb_svn, &e.module);
    }
    if (e.fault == NULL && !match_isv(&in->identity->levels, in->qe_isvsvn,
                                      in->identity->json.doc, &e.qe)) {
        e.fault = "the QE is below every level";
    }
    if (e.fault == NULL) {
        e.status =
            assay_tcb_converge(e.platform.status, e.module.status, e.qe.status);
    }
    *out = e;
}

enum assay_tcb_status
assay_tcb_converge(enum assay_tcb_status platform, enum assay_tcb_status module,
                   enum assay_tcb_status qe)
{
    /* What an OutOfDate component makes of each platform status. */
    static const enum assay_tcb_status out_of_date[] = {
        [ASSAY_TCB_UP_TO_DATE] = ASSAY_TCB_OUT_OF_DATE,
        [ASSAY_TCB_SW_HARDENING_NEEDED] = ASSAY_TCB_OUT_OF_DATE,
        [ASSAY_TCB_CONFIGURATION_NEEDED] =
            ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
        [ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED] =
            ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
        [ASSAY_TCB_OUT_OF_DATE] = ASSAY_TCB_OUT_OF_DATE,
        [ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED] =
            ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
        [ASSAY_TCB_REVOKED] = ASSAY_TCB_REVOKED,
    };

    if (platform == ASSAY_TCB_NONE || platform > ASSAY_TCB_REVOKED) {
        return ASSAY_TCB_NONE;
    }
    if (module == ASSAY_TCB_REVOKED || qe == ASSAY_TCB_REVOKED) {
        return ASSAY_TCB_REVOKED;
    }
    if (module == ASSAY_TCB_OUT_OF_DATE || qe == ASSAY_TCB_OUT_OF_DATE) {
        return out_of_date[platform];
    }
    return platform;
}

enum assay_tcb_status
assay_tcb_relaunch(enum assay_tcb_status launch, enum assay_tcb_status current)
{
    bool stale = launch == ASSAY_TCB_OUT_OF_DATE ||
                 launch == ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
    bool configure = launch == ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED ||
                     current == ASSAY_TCB_CONFIGURATION_NEEDED ||
                     current == ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED;

    switch (current) {
    case ASSAY_TCB_UP_TO_DATE:
    case ASSAY_TCB_SW_HARDENING_NEEDED:
    case ASSAY_TCB_CONFIGURATION_NEEDED:
    case ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED:
        break;
    case ASSAY_TCB_NONE:
    case ASSAY_TCB_OUT_OF_DATE:
    case ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED:
    case ASSAY_TCB_REVOKED:
    case ASSAY_TCB_TD_RELAUNCH_ADVISED:
    case ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED:
        return launch;
    }
    if (!stale) {
        return launch;
    }
    return configure ? ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED
                     : ASSAY_TCB_TD_RELAUNCH_ADVISED;
}
