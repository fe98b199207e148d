/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * rules_workload.c - rules about which software runs: the app-compose, the OS
 * image, and how much of it the policy names at all.
 */
#include <stdio.h>

#include "appraise/rule.h"
#include "base/ascii.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "eventlog/compose.h"
#include "eventlog/event_digest.h"

/* --- app-compose --------------------------------------------------------- */

bool
assay_rule_names_compose(const struct assay_rule_run *r)
{
    return r->policy->compose_hash.count > 0 || r->policy->app_compose != NULL;
}

/* A policy of a dstack app that is not partial must name this. */
static bool
must_name(const struct assay_policy *p)
{
    return p->dstack && !p->partial;
}

bool
assay_rule_wants_compose(const struct assay_rule_run *r)
{
    return !r->policy->disable_runtime_verification &&
           (must_name(r->policy) || assay_rule_names_compose(r));
}

const char *
assay_rule_proven_compose(const struct assay_rule_run *r,
                          struct assay_slice *hash)
{
    bool by_id = r->config_id.proves_compose;

    if (r->events.has_compose_hash) {
        *hash = r->events.compose_hash;
        return by_id ? "compose-hash event and MRCONFIGID"
                     : "compose-hash event";
    }
    *hash = (struct assay_slice){r->config_id.compose_hash, ASSAY_SHA256_BYTES};
    return by_id ? "MRCONFIGID" : NULL;
}

/* Nothing proves a compose: for want of a log, or although it is there. */
static void
judge_unproven(struct assay_rule_run *r, enum assay_check_id id)
{
    assay_check_set log = ASSAY_CHECK_BIT(EVENT_DIGESTS) |
                          ASSAY_CHECK_BIT(EVENT_LOG) |
                          ASSAY_CHECK_BIT(EVENT_RULES);

    log &= r->checks->required;
    if (!assay_checks_have(r->checks, log)) {
        assay_checks_wait(r->checks, id, log);
        return;
    }
    assay_checks_fail(r->checks, id,
                      "neither a compose-hash event nor MRCONFIGID proves an "
                      "app-compose");
}

static void
judge_compose_object(struct assay_rule_run *r, enum assay_check_id id,
                     struct assay_slice measured, const char *by)
{
    struct assay_compose_match match;

    if (assay_compose_compare(
            r->in->ctx, assay_slice_of(r->policy->app_compose),
            r->in->app_compose, measured.ptr, &match, r->err) != ASSAY_OK) {
        return;
    }
    if (!match.matched) {
        assay_checks_fail(r->checks, id, "%s", match.fault);
        return;
    }
    r->v->workload.compose_form = match.form;
    assay_checks_note(r->checks, id, "%s; by %s", match.form, by);
}

void
assay_rule_judge_compose(struct assay_rule_run *r, enum assay_check_id id)
{
    char hex[2 * ASSAY_SHA256_BYTES + 1];
    struct assay_slice measured;
    const char *by = assay_rule_proven_compose(r, &measured);

    if (by == NULL || measured.len != ASSAY_SHA256_BYTES) {
        judge_unproven(r, id);
        return;
    }
    if (!assay_rule_names_compose(r)) {
        assay_checks_fail(r->checks, id, "the policy names none");
        return;
    }
    assay_checks_note(r->checks, id, "by %s", by);
    if (r->policy->compose_hash.count > 0 &&
        !assay_rule_listed(&r->policy->compose_hash, measured)) {
        assay_hex_to(hex, measured);
        assay_checks_fail(r->checks, id, "its hash is %s by %s", hex, by);
    } else if (r->policy->app_compose != NULL) {
        judge_compose_object(r, id, measured, by);
    }
    if (r->err->code == ASSAY_OK) {
        assay_checks_pass(r->checks, id);
    }
}

/* --- OS image ------------------------------------------------------------ */

bool
assay_rule_wants_os_image(const struct assay_rule_run *r)
{
    return !r->policy->disable_runtime_verification &&
           (must_name(r->policy) || r->policy->os_image_hash.count > 0);
}

void
assay_rule_judge_os_image(struct assay_rule_run *r, enum assay_check_id id)
{
    char hex[2 * ASSAY_SHA256_BYTES + 1];

    if (!r->events.has_os_image_hash) {
        assay_checks_fail(r->checks, id, "there is no os-image-hash event");
    } else if (assay_rule_listed(&r->policy->os_image_hash,
                                 r->events.os_image_hash)) {
        assay_checks_pass(r->checks, id);
    } else {
        hex[0] = '\0';
        if (r->events.os_image_hash.len == ASSAY_SHA256_BYTES) {
            assay_hex_to(hex, r->events.os_image_hash);
        }
        assay_checks_fail(r->checks, id, "its hash is %s", hex);
    }
}

/* --- how much of the workload the policy names --------------------------- */

/* A policy that a tool wrote from what it found promises no more than that. */
static void
describe_pinned(const struct assay_pinned *pinned, char out[96])
{
    static const char *const hows[] = {
        [ASSAY_PINNED_SESSION] = "",
        [ASSAY_PINNED_UNVERIFIED_TLS] = " over unverified TLS",
        [ASSAY_PINNED_QUOTE] = " from a file",
    };
    char at[ASSAY_TIME_TEXT];

    out[0] = '\0';
    if (pinned->from != NULL) {
        assay_time_format(pinned->at_s, at);
        (void)snprintf(out, 96, "pinned on first use at %s%s", at,
                       hows[pinned->how]);
    }
}

/* What of a TD the policy leaves open, and where the rest came from, as a
 * remark. An enclave has one identity, which is named or not. */
static void
note_open(struct assay_rule_run *r, enum assay_check_id id)
{
    const struct assay_policy *p = r->policy;
    const struct assay_value_set *reg = p->td_register;
    const struct {
        const char *name;
        bool open;
    } parts[] = {
        {"mrtd", reg[ASSAY_REG_MRTD].count == 0},
        {"rtmr0", reg[ASSAY_REG_RTMR0].count == 0},
        {"rtmr1", reg[ASSAY_REG_RTMR1].count == 0},
        {"rtmr2", reg[ASSAY_REG_RTMR2].count == 0},
        {"rtmr3", !p->dstack && reg[ASSAY_REG_RTMR3].count == 0},
        {"app-compose", p->dstack && !assay_rule_names_compose(r)},
        {"os image", p->dstack && p->os_image_hash.count == 0},
    };
    char list[80] = "";
    char pinned[96];

    describe_pinned(&p->pinned, pinned);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        size_t n = strlen(list);

        if (parts[i].open && p->tee == ASSAY_TEE_TDX) {
            (void)snprintf(list + n, sizeof(list) - n, "%s%s",
                           n == 0 ? "" : ", ", parts[i].name);
        }
    }
    if (list[0] != '\0' || pinned[0] != '\0') {
        assay_checks_note(r->checks, id, "%s%s%s%s", pinned,
                          pinned[0] != '\0' && list[0] != '\0' ? "; " : "",
                          list[0] != '\0' ? "not checked: " : "", list);
    }
}

void
assay_rule_judge_workload(struct assay_rule_run *r, enum assay_check_id id)
{
    r->v->workload_disabled = r->policy->disable_runtime_verification;
    if (r->policy->disable_runtime_verification) {
        assay_checks_note(r->checks, id,
                          "the policy disables runtime verification: this "
                          "verdict says nothing about which software runs in "
                          "the TEE");
    } else if (!assay_policy_names_workload(r->policy)) {
        assay_checks_note(r->checks, id,
                          "the policy names no measurement: this verdict does "
                          "not say which software runs in the TEE");
    } else {
        note_open(r, id);
        assay_checks_pass(r->checks, id);
    }
}

/* --- what the evidence proves -------------------------------------------- */

static struct assay_slice
keep(uint8_t *room, size_t size, struct assay_slice s)
{
    if (s.len > size) {
        return ASSAY_EMPTY;
    }
    assay_copy(room, s);
    return (struct assay_slice){room, s.len};
}

/* What names a certificate; anything else that was announced is nothing. */
static bool
is_hash_text(struct assay_slice s)
{
    size_t digits = 0;

    while (digits < s.len && assay_is_hex(s.ptr[digits]) &&
           s.ptr[digits] == assay_to_lower(s.ptr[digits])) {
        digits++;
    }
    return s.len == (size_t)2 * ASSAY_SHA256_BYTES && digits == s.len;
}

static void
take_events(const struct assay_rule_run *r, struct assay_verdict_workload *w)
{
    const struct assay_dstack_events *e = &r->events;
    struct assay_verdict_bytes *b = &r->v->bytes;
#define TAKE(has, member, from)                                                \
    if (has) {                                                                 \
        w->member = keep(b->member, sizeof(b->member), from);                  \
    }
    TAKE(e->has_app_id, app_id, e->app_id)
    TAKE(e->has_os_image_hash, os_image_hash, e->os_image_hash)
    TAKE(e->has_key_provider, key_provider, e->key_provider)
    TAKE(e->has_instance_id, instance_id, e->instance_id)
    TAKE(e->has_certificate && is_hash_text(e->certificate), certificate,
         e->certificate)
#undef TAKE
}

static void
count_events(const struct assay_eventlog *l, struct assay_verdict_workload *w)
{
    w->has_event_log = l != NULL;
    w->events = l != NULL ? assay_eventlog_count(l) : 0;
    for (size_t i = 0; i < w->events; i++) {
        w->runtime_events += assay_event_is_runtime(assay_eventlog_event(l, i));
    }
}

void
assay_rule_take_workload(struct assay_rule_run *r)
{
    struct assay_verdict_workload *w = &r->v->workload;
    struct assay_verdict_bytes *b = &r->v->bytes;
    struct assay_slice hash;
    const char *by = assay_rule_proven_compose(r, &hash);

    count_events(r->in->event_log, w);
    if (assay_checks_have(r->checks, ASSAY_CHECK_BIT(QUOTE_SIGNATURE))) {
        w->measurement = keep(b->measurement, sizeof(b->measurement),
                              assay_rule_is_tdx(r) ? r->quote->td.mr_td
                                                   : r->quote->sgx.mrenclave);
    }
    take_events(r, w);
    if (by != NULL &&
        !assay_check_in(r->checks->failed, ASSAY_CHECK_CONFIG_ID_EVENTS)) {
        w->compose_hash = keep(b->compose_hash, sizeof(b->compose_hash), hash);
        w->compose_proven_by = by;
    }
}
