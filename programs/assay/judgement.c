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
/* What the search has tried is not checked anew. */
#define VERIFIER_PLATFORMS 1u

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

static const char *
words_of(const struct assay_obtained *o)
{
    static const char *const origins[] = {
        [ASSAY_ORIGIN_CACHED] = "from the cache",
        [ASSAY_ORIGIN_FETCHED] = "fetched now",
        [ASSAY_ORIGIN_STAPLED] = "from the server",
        [ASSAY_ORIGIN_STALE] = "STALE, from the cache: no source answered",
    };

    return o->damaged ? "fetched now: the cache was damaged"
                      : origins[o->origin];
}

/* From cache or source. What is known before it teaches anything is what it is
 * measured by. */
static enum assay_code
find_collateral(struct judgement *j, struct assay_error *err)
{
    struct assay_lookup *l = &j->source.lookup;

    if (source_of(j->o, j->quote, j->policy, &j->source, err) != ASSAY_OK) {
        return err->code;
    }
    l->ctx = j->ctx;
    l->verifier = j->verifier;
    l->root = j->root;
    l->seen = j->seen;
    j->known = assay_seen_recall(j->seen, j->root, l->need, j->o->now_s);
    if (source_find(&j->source, err) == ASSAY_OK) {
        j->obtained = l->obtained;
        j->collateral_source = words_of(&j->obtained);
    }
    return err->code;
}

static enum assay_code
load_collateral(struct judgement *j, struct assay_error *err)
{
    j->collateral_source = j->o->collateral;
    if (assay_load_bundle(j->ctx, j->o->collateral, &j->obtained.collateral,
                          err) == ASSAY_OK) {
        j->known = assay_seen_recall_for(j->seen, j->root,
                                         j->obtained.collateral, j->o->now_s);
    }
    return err->code;
}

static enum assay_code
take_collateral(struct judgement *j, struct assay_error *err)
{
    return j->o->collateral != NULL ? load_collateral(j, err)
                                    : find_collateral(j, err);
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
        .seen = j->known,
    };

    if (assay_verify(j->verifier, &in, &j->verdict, err) != ASSAY_OK) {
        assay_error_prefix(err, "%s", j->o->operand);
    }
    return err->code;
}

enum assay_code
judgement_make(struct judgement *j, struct assay_error *err)
{
    j->seen = source_seen(err);
    if (j->seen == NULL ||
        load_quote(j->o->operand, &j->quote, err) != ASSAY_OK ||
        assay_ctx_new(&j->ctx, err) != ASSAY_OK ||
        assay_verifier_new(j->ctx, VERIFIER_PLATFORMS, &j->verifier, err) !=
            ASSAY_OK ||
        take_evidence(j, err) != ASSAY_OK || take_policy(j, err) != ASSAY_OK ||
        take_root(j, err) != ASSAY_OK || take_collateral(j, err) != ASSAY_OK ||
        judge(j, err) != ASSAY_OK) {
        return err->code;
    }
    if (j->o->collateral == NULL) {
        source_tell(j->o, &j->source);
    }
    return ASSAY_OK;
}
