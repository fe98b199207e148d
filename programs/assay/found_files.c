/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * found_files.c - evidence in files, verified.
 */
#include <stdio.h>

#include "assay/compose.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "found.h"
#include "load.h"
#include "source.h"

#define VM_CONFIG_MAX_BYTES (1024u * 1024u)

/* What one verification rests on. */
struct files {
    struct assay_ctx *ctx;
    struct assay_policy *policy;
    struct assay_quote *quote;
    struct assay_eventlog *event_log;
    struct assay_buf app_compose;
    struct assay_buf vm_config;
    struct assay_root *own_root; /* NULL: Intel's */
    struct source source;
    struct assay_obtained obtained;
    struct assay_verifier *verifier;
    struct assay_verdict *verdict;
};

static void
files_free(struct files *r)
{
    assay_verdict_free(r->verdict);
    assay_verifier_free(r->verifier);
    assay_obtained_free(&r->obtained);
    assay_root_free(r->own_root);
    assay_buf_free(&r->vm_config);
    assay_buf_free(&r->app_compose);
    assay_eventlog_free(r->event_log);
    assay_quote_free(r->quote);
    assay_policy_free(r->policy);
    assay_ctx_free(r->ctx);
}

static enum assay_code
load_files(const struct options *o, struct files *r, struct assay_error *err)
{
    if (load_quote(o->tools.quote, &r->quote, err) != ASSAY_OK ||
        load_text(o->app_compose, ASSAY_COMPOSE_MAX_BYTES, &r->app_compose,
                  err) != ASSAY_OK ||
        load_text(o->vm_config, VM_CONFIG_MAX_BYTES, &r->vm_config, err) !=
            ASSAY_OK ||
        (o->event_log != NULL &&
         load_event_log(o->event_log, &r->event_log, err) != ASSAY_OK) ||
        (o->root != NULL &&
         assay_load_root(r->ctx, o->root, &r->own_root, err) != ASSAY_OK)) {
        return err->code;
    }
    if (o->collateral != NULL) {
        return assay_load_bundle(r->ctx, o->collateral, &r->obtained.collateral,
                                 err);
    }
    return source_of(o, r->quote, r->policy, &r->source, err) == ASSAY_OK
               ? source_obtain(r->ctx, &r->source, &r->obtained, err)
               : err->code;
}

static enum assay_code
judge(const struct options *o, struct files *r, struct assay_error *err)
{
    const struct assay_verify_input in = {
        .quote = r->quote,
        .collateral = r->obtained.collateral,
        .root = r->own_root != NULL ? r->own_root : assay_root_intel(),
        .policy = r->policy,
        .now_s = o->now_s,
        .event_log = r->event_log,
        .app_compose = assay_buf_slice(&r->app_compose),
        .vm_config = assay_buf_slice(&r->vm_config),
    };

    return assay_verifier_new(r->ctx, 0, &r->verifier, err) == ASSAY_OK
               ? assay_verify(r->verifier, &in, &r->verdict, err)
               : err->code;
}

enum assay_code
found_in_files(const struct options *o, const struct found_terms *t,
               struct found *f, bool *peer, struct assay_error *err)
{
    struct files r = {.ctx = NULL};

    *peer = false;
    if (assay_ctx_new(&r.ctx, err) == ASSAY_OK &&
        found_policy(o, t, &r.policy, err) == ASSAY_OK &&
        load_files(o, &r, err) == ASSAY_OK && judge(o, &r, err) == ASSAY_OK) {
        (void)snprintf(f->from, sizeof(f->from), "%s", o->tools.quote);
        *peer = found_take(r.ctx, r.verdict, r.quote,
                           assay_buf_slice(&r.app_compose), f,
                           err) == ASSAY_NOT_TRUSTED;
    }
    files_free(&r);
    return err->code;
}
