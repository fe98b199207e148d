/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy.c - making, asking and freeing a policy; reading one is parse.c.
 */
#include "policy/policy.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "policy/parse.h"

#define REATTESTATION_INTERVAL_S 300

enum assay_code
assay_policy_new(enum assay_tee tee, struct assay_policy **out,
                 struct assay_error *err)
{
    struct assay_policy *p = calloc(1, sizeof(*p));

    *out = NULL;
    assay_error_clear(err);
    if (p == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "policy: out of memory");
    }
    p->tee = tee;
    p->allowed_status = 1u << ASSAY_TCB_UP_TO_DATE;
    p->require_sept_ve_disable = true;
    p->cache_collateral = true;
    p->wire[0] = ASSAY_WIRE_V2;
    p->wire_count = 1;
    p->certificate_event = ASSAY_CERTIFICATE_IF_PRESENT;
    p->reattestation_interval_s = REATTESTATION_INTERVAL_S;
    *out = p;
    return ASSAY_OK;
}

enum assay_code
assay_policy_default(enum assay_tee tee, struct assay_policy **out,
                     struct assay_error *err)
{
    struct assay_policy *p = NULL;

    *out = NULL;
    if (assay_policy_new(tee, &p, err) != ASSAY_OK || p == NULL) {
        return err->code;
    }
    p->partial = true;
    *out = p;
    return ASSAY_OK;
}

static void
free_strings(struct assay_string_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->item[i]);
    }
    free(l->item);
}

void
assay_policy_free(struct assay_policy *p)
{
    if (p == NULL) {
        return;
    }
    free_strings(&p->denied_advisories);
    free_strings(&p->accepted_advisories);
    free_strings(&p->pccs_url);
    free(p->trusted_root);
    free(p->ca_file);
    for (size_t i = 0; i < ASSAY_REG_COUNT; i++) {
        free(p->td_register[i].bytes);
    }
    free(p->mrenclave.bytes);
    free(p->mrsigner.bytes);
    free(p->legacy_mrseam.bytes);
    free(p->legacy_mrtmrs.bytes);
    free(p->os_image_hash.bytes);
    free(p->compose_hash.bytes);
    free(p->compose_file);
    free(p->app_compose);
    free(p->pinned.from);
    free(p);
}

enum assay_code
assay_policy_accept(struct assay_policy *p,
                    const enum assay_tcb_status *statuses, size_t count,
                    struct assay_error *err)
{
    uint32_t set = 0;

    assay_error_clear(err);
    for (size_t i = 0; i < count; i++) {
        if (assay_tcb_status_name(statuses[i]) == NULL) {
            return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                              "accepted statuses: unknown status");
        }
        set |= 1u << statuses[i];
    }
    if (set == 0) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "accepted statuses: the list is empty");
    }
    p->allowed_status = set;
    return ASSAY_OK;
}

bool
assay_policy_names_workload(const struct assay_policy *p)
{
    static const enum assay_td_register names[] = {
        ASSAY_REG_MRTD,     ASSAY_REG_RTMR0,           ASSAY_REG_RTMR1,
        ASSAY_REG_RTMR2,    ASSAY_REG_RTMR3,           ASSAY_REG_MR_CONFIG_ID,
        ASSAY_REG_MR_OWNER, ASSAY_REG_MR_OWNER_CONFIG,
    };

    if (p->disable_runtime_verification) {
        return false; /* what it names is not looked at */
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (p->td_register[names[i]].count > 0) {
            return true;
        }
    }
    return p->mrenclave.count > 0 || p->mrsigner.count > 0 ||
           p->os_image_hash.count > 0 || p->compose_hash.count > 0 ||
           p->compose_file != NULL || p->app_compose != NULL;
}

size_t
assay_policy_pccs_count(const struct assay_policy *p)
{
    return p->pccs_url.count;
}

const char *
assay_policy_pccs(const struct assay_policy *p, size_t i)
{
    return i < p->pccs_url.count ? p->pccs_url.item[i] : NULL;
}

bool
assay_policy_cache_collateral(const struct assay_policy *p)
{
    return p->cache_collateral;
}

const char *
assay_policy_trusted_root(const struct assay_policy *p)
{
    return p->trusted_root;
}

const char *
assay_policy_ca_file(const struct assay_policy *p)
{
    return p->ca_file;
}

int64_t
assay_policy_collateral_grace(const struct assay_policy *p)
{
    return p->collateral_grace_s;
}

const char *
assay_wire_name(enum assay_wire w)
{
    static const char *const names[ASSAY_WIRE_COUNT] = {
        [ASSAY_WIRE_V2] = "v2",
        [ASSAY_WIRE_V1] = "v1",
        [ASSAY_WIRE_V0] = "v0",
    };

    return (unsigned)w < ASSAY_WIRE_COUNT ? names[w] : "unknown";
}

void
assay_policy_accept_self_signed(struct assay_policy *p)
{
    p->accept_self_signed_certs = true;
}

size_t
assay_policy_wire_count(const struct assay_policy *p)
{
    return p->wire_count;
}

enum assay_wire
assay_policy_wire(const struct assay_policy *p, size_t i)
{
    return i < p->wire_count ? p->wire[i] : ASSAY_WIRE_COUNT;
}

enum assay_code
assay_policy_check_for_clients(const struct assay_policy *p,
                               struct assay_error *err)
{
    assay_error_clear(err);
    if (p->wire_count != 1 || p->wire[0] != ASSAY_WIRE_V2) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "policy.wires: clients prove themselves on v2 only; "
                          "leave it out of a policy for clients");
    }
    if (p->certificate_event != ASSAY_CERTIFICATE_IF_PRESENT) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "policy.certificate_event: clients show no certificate; "
                   "leave it out of a policy for clients");
    }
    return err->code;
}

int64_t
assay_policy_reattestation_interval(const struct assay_policy *p)
{
    return p->reattestation_interval_s;
}

bool
assay_policy_staples(const struct assay_policy *p)
{
    return p->staple;
}

bool
assay_policy_accepts_self_signed(const struct assay_policy *p)
{
    return p->accept_self_signed_certs;
}

struct assay_freshness
assay_policy_freshness(const struct assay_policy *p)
{
    return (struct assay_freshness){
        .has_max_age = p->max_collateral_age_s.there,
        .max_age_s = p->max_collateral_age_s.value,
        .min_evaluation =
            p->min_evaluation.there ? (uint32_t)p->min_evaluation.value : 0,
    };
}
