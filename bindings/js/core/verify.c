/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * verify.c - a quote by itself, and evidence that somebody has stored.
 *
 * Each time with a verifier of its own: what is judged as of another time, or
 * under a root of somebody's own, must not tell live sessions that their clock
 * is wrong.
 */
#include "assay/compose.h"
#include "base/text.h"
#include "collateral/collateral.h"
#include "search/marks.h"
#include "state.h"

#define VM_CONFIG_MAX_BYTES (1024u * 1024u)

static struct assay_evaluations
recall(const struct assay_root *root, const struct assay_collateral *c,
       int64_t now_s)
{
    struct assay_collateral_need need = {.tdx = c->tcb_info.tdx};

    assay_hex_to(need.fmspc, ASSAY_SLICE(c->tcb_info.fmspc));
    return assay_marks_recall(js_instance.marks, root, &need, now_s);
}

/* --- a quote -------------------------------------------------------------- */

struct quote_case {
    struct assay_slice text; /* of the quote; then those of the others */
    struct assay_slice bundle;
    struct assay_slice log;
    struct assay_verify_input in;
    struct assay_quote *quote;
    struct assay_collateral *collateral;
    struct assay_eventlog *event_log;
    struct assay_policy *own_policy; /* NULL: the caller's is used */
    struct assay_verifier *verifier;
    struct assay_verdict *verdict;
};

static enum assay_code
load(struct quote_case *q, struct assay_error *err)
{
    assay_error_clear(err);
    if (q->in.app_compose.len > ASSAY_COMPOSE_MAX_BYTES ||
        q->in.vm_config.len > VM_CONFIG_MAX_BYTES) {
        return assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                          "app_compose or vm_config: over 1 MiB");
    }
    if (assay_quote_parse(q->text, &q->quote, err) != ASSAY_OK ||
        assay_collateral_parse(js_instance.ctx, q->bundle, &q->collateral,
                               err) != ASSAY_OK ||
        assay_verifier_new(js_instance.ctx, 0, &q->verifier, err) != ASSAY_OK) {
        return err->code;
    }
    if (q->log.len > 0 &&
        assay_eventlog_parse(q->log, &q->event_log, err) != ASSAY_OK) {
        return err->code;
    }
    return q->in.policy != NULL
               ? ASSAY_OK
               : assay_policy_default(
                     (enum assay_tee)assay_quote_view(q->quote)->tee_type,
                     &q->own_policy, err);
}

static int32_t
judge(struct quote_case *q)
{
    struct assay_error err;

    if (load(q, &err) != ASSAY_OK) {
        return js_failed(&err);
    }
    q->in.quote = q->quote;
    q->in.collateral = q->collateral;
    q->in.event_log = q->event_log;
    q->in.policy = q->own_policy != NULL ? q->own_policy : q->in.policy;
    q->in.seen = recall(q->in.root, q->collateral, q->in.now_s);
    if (assay_verify(q->verifier, &q->in, &q->verdict, &err) != ASSAY_OK) {
        return js_failed(&err);
    }
    return js_text_made(assay_verdict_to_json(q->verdict, q->quote,
                                              q->collateral, js_text(), &err),
                        &err);
}

static void
quote_case_free(struct quote_case *q)
{
    assay_verdict_free(q->verdict);
    assay_verifier_free(q->verifier);
    assay_policy_free(q->own_policy);
    assay_eventlog_free(q->event_log);
    assay_collateral_free(q->collateral);
    assay_quote_free(q->quote);
}

int32_t
js_verify(const uint8_t *quote, uint32_t quote_len, const uint8_t *collateral,
          uint32_t collateral_len, const struct js_policy *policy,
          const struct js_root *root, const uint8_t *event_log,
          uint32_t event_log_len, const uint8_t *app_compose,
          uint32_t app_compose_len, const uint8_t *vm_config,
          uint32_t vm_config_len, double wall_s)
{
    struct quote_case q = {.quote = NULL};
    int32_t code;

    if (!js_ready() || !js_is(root, &js_root_kind) ||
        (policy != NULL && !js_is(policy, &js_policy_kind)) ||
        !js_octets(quote, quote_len, &q.text) ||
        !js_octets(collateral, collateral_len, &q.bundle) ||
        !js_octets(event_log, event_log_len, &q.log) ||
        !js_octets(app_compose, app_compose_len, &q.in.app_compose) ||
        !js_octets(vm_config, vm_config_len, &q.in.vm_config) ||
        !js_time(wall_s, &q.in.now_s)) {
        return js_error_code();
    }
    q.in.root = root->root;
    q.in.policy = policy != NULL ? policy->policy : NULL;
    code = judge(&q);
    quote_case_free(&q);
    return code;
}

/* --- evidence ------------------------------------------------------------- */

static int32_t
judge_evidence(const struct assay_evidence *e, struct assay_evidence_options *o)
{
    const struct assay_evidence_view *v = assay_evidence_view(e);
    struct assay_verifier *verifier = NULL;
    struct assay_verdict *verdict = NULL;
    struct assay_error err;

    o->seen =
        recall(o->root, v->collateral, o->has_time ? o->now_s : v->time_s);
    if (assay_verifier_new(js_instance.ctx, 0, &verifier, &err) == ASSAY_OK &&
        assay_evidence_verify(verifier, e, o, &verdict, &err) == ASSAY_OK) {
        (void)js_text_made(
            assay_evidence_verdict_to_json(e, o, verdict, js_text(), &err),
            &err);
    } else {
        (void)js_failed(&err);
    }
    assay_verdict_free(verdict);
    assay_verifier_free(verifier);
    return js_error_code();
}

int32_t
js_verify_evidence(const uint8_t *bundle, uint32_t len,
                   const struct js_policy *policy, const struct js_root *root,
                   double wall_s)
{
    struct assay_evidence_options o = {.has_time = !(wall_s < 0)};
    struct assay_evidence *e = NULL;
    struct assay_slice text;
    struct assay_error err;

    if (!js_ready() || !js_is(policy, &js_policy_kind) ||
        !js_is(root, &js_root_kind) || !js_octets(bundle, len, &text) ||
        (o.has_time && !js_time(wall_s, &o.now_s))) {
        return js_error_code();
    }
    o.root = root->root;
    o.policy = policy->policy;
    if (assay_evidence_parse(js_instance.ctx, text, &e, &err) != ASSAY_OK) {
        return js_failed(&err);
    }
    (void)judge_evidence(e, &o);
    assay_evidence_free(e);
    return js_error_code();
}
