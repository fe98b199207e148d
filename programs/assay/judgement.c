/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * judgement.c - a quote in a file, and what came with it, judged by options and
 * policy.
 */
#include "judgement.h"

#include "assay/compose.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "load.h"

#define VM_CONFIG_MAX_BYTES (1024u * 1024u)

void
judgement_free(struct judgement *j)
{
    assay_verdict_free(j->verdict);
    assay_verifier_free(j->verifier);
    assay_obtained_free(&j->obtained);
    assay_seen_free(j->seen);
    assay_root_free(j->own_root);
    assay_buf_free(&j->vm_config);
    assay_buf_free(&j->app_compose);
    assay_eventlog_free(j->event_log);
    assay_policy_free(j->policy);
    assay_quote_free(j->quote);
    assay_ctx_free(j->ctx);
}

static enum assay_code
take_policy(struct judgement *j, struct assay_error *err)
{
    const struct options *o = j->o;
    enum assay_tee tee = (enum assay_tee)assay_quote_view(j->quote)->tee_type;
    enum assay_code code;

    if (j->policy != NULL) {
        return ASSAY_OK; /* the caller's */
    }
    code = o->policy != NULL
               ? assay_load_policy(j->ctx, o->policy, &j->policy, err)
               : assay_policy_default(tee, &j->policy, err);
    if (code == ASSAY_OK && o->accept_count > 0) {
        code = assay_policy_accept(j->policy, o->accept, o->accept_count, err);
    }
    return code;
}

/* What came with the quote. */
static enum assay_code
take_evidence(struct judgement *j, struct assay_error *err)
{
    const struct options *o = j->o;

    if (load_text(o->app_compose, ASSAY_COMPOSE_MAX_BYTES, &j->app_compose,
                  err) != ASSAY_OK ||
        load_text(o->vm_config, VM_CONFIG_MAX_BYTES, &j->vm_config, err) !=
            ASSAY_OK) {
        return err->code;
    }
    return o->event_log != NULL
               ? load_event_log(o->event_log, &j->event_log, err)
               : ASSAY_OK;
}

static enum assay_code
take_root(struct judgement *j, struct assay_error *err)
{
    (void)!load_trusted_root(j->ctx, j->o, j->policy, &j->own_root, err);
    j->root = j->own_root != NULL ? j->own_root : assay_root_intel();
    return err->code;
}

/* From a file, or from cache or source. */
static enum assay_code
take_collateral(struct judgement *j, struct assay_error *err)
{
    static const char *const origins[] = {
        [ASSAY_ORIGIN_CACHED] = "from the cache",
        [ASSAY_ORIGIN_FETCHED] = "fetched now",
        [ASSAY_ORIGIN_STAPLED] = "from the server",
        [ASSAY_ORIGIN_STALE] = "STALE, from the cache: no source answered",
    };

    if (j->o->collateral != NULL) {
        j->collateral_source = j->o->collateral;
        return assay_load_bundle(j->ctx, j->o->collateral,
                                 &j->obtained.collateral, err);
    }
    if (source_of(j->o, j->quote, j->policy, &j->source, err) != ASSAY_OK) {
        return err->code;
    }
    j->source.in.seen =
        assay_seen_recall(j->seen, j->root, &j->source.need, j->o->now_s);
    if (source_obtain(j->ctx, &j->source, &j->obtained, err) == ASSAY_OK) {
        j->collateral_source = origins[j->obtained.origin];
    }
    return err->code;
}

static enum assay_code
judge(struct judgement *j, struct assay_error *err)
{
    struct assay_verify_input in = {
        .quote = j->quote,
        .collateral = j->obtained.collateral,
        .root = j->root,
        .policy = j->policy,
        .now_s = j->o->now_s,
        .event_log = j->event_log,
        .app_compose = assay_buf_slice(&j->app_compose),
        .vm_config = assay_buf_slice(&j->vm_config),
        .seen = assay_seen_recall_for(j->seen, j->root, j->obtained.collateral,
                                      j->o->now_s),
    };

    if (assay_verifier_new(j->ctx, 0, &j->verifier, err) != ASSAY_OK) {
        return err->code;
    }
    if (assay_verify(j->verifier, &in, &j->verdict, err) != ASSAY_OK) {
        assay_error_prefix(err, "%s", j->o->operand);
    }
    return err->code;
}

/* The cache had something that is not what it should be: nobody is helped by
 * refusing on its account until it expires. */
static enum assay_code
judge_again(struct judgement *j, struct assay_error *err)
{
    struct assay_obtained cached = j->obtained;

    j->source.in.pass_by_cache = true;
    if (source_obtain(j->ctx, &j->source, &j->obtained, err) != ASSAY_OK) {
        j->obtained = cached; /* no better answer: the verdict stands */
        assay_error_clear(err);
        return ASSAY_OK;
    }
    assay_obtained_free(&cached);
    assay_verdict_free(j->verdict);
    assay_verifier_free(j->verifier);
    j->verdict = NULL;
    j->verifier = NULL;
    j->collateral_source = "fetched now: the cache was damaged";
    return judge(j, err);
}

enum assay_code
judgement_make(struct judgement *j, struct assay_error *err)
{
    j->seen = source_seen(err);
    if (j->seen == NULL ||
        load_quote(j->o->operand, &j->quote, err) != ASSAY_OK ||
        assay_ctx_new(&j->ctx, err) != ASSAY_OK ||
        take_evidence(j, err) != ASSAY_OK || take_policy(j, err) != ASSAY_OK ||
        take_root(j, err) != ASSAY_OK || take_collateral(j, err) != ASSAY_OK ||
        judge(j, err) != ASSAY_OK) {
        return err->code;
    }
    if (j->o->collateral != NULL) {
        return ASSAY_OK;
    }
    if (j->obtained.origin == ASSAY_ORIGIN_CACHED &&
        assay_obtain_is_forged(j->verdict) && judge_again(j, err) != ASSAY_OK) {
        return err->code;
    }
    source_learn(j->o, &j->source, j->seen, j->root, j->verdict, &j->obtained);
    return ASSAY_OK;
}
