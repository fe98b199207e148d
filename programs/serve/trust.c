/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * trust.c - what evidence is judged by here.
 */
#include "trust.h"

#include <string.h>

#include "assay/session.h"
#include "base/bytes.h"
#include "base/error.h"
#include "daemon/learnt.h"
#include "daemon/start_check.h"
#include "io/load.h"
#include "io/pcs.h"

/* --- reading ------------------------------------------------------------ */

bool
trust_is_needed(const struct options *o)
{
    return o->client_policy != NULL || o->staple;
}

static void
read_root(struct trust *t, const struct options *o, const struct assay_ctx *ctx,
          struct assay_error *err)
{
    const char *of_policy =
        t->policy != NULL ? assay_policy_trusted_root(t->policy) : NULL;

    if (o->root != NULL) {
        (void)!assay_load_root(ctx, o->root, &t->own_root, err);
    } else if (of_policy != NULL) {
        (void)!assay_load_root_of_policy(ctx, of_policy, &t->own_root, err);
    }
}

/* A rule that nobody would look at is no rule: better said now. */
static void
read_policy(struct trust *t, const char *path, const struct assay_ctx *ctx,
            struct assay_error *err)
{
    if (assay_load_policy(ctx, path, &t->policy, err) == ASSAY_OK &&
        assay_policy_check_for_clients(t->policy, err) != ASSAY_OK) {
        assay_error_prefix(err, "%s", path);
    }
}

enum assay_code
trust_read(struct trust *t, const struct options *o,
           const struct assay_ctx *ctx, const struct trust *before,
           struct assay_error *err)
{
    if (!trust_is_needed(o)) {
        return ASSAY_OK;
    }
    if (o->client_policy != NULL) {
        read_policy(t, o->client_policy, ctx, err);
    }
    if (err->code == ASSAY_OK) {
        read_root(t, o, ctx, err);
    }
    if (err->code == ASSAY_OK && o->collateral != NULL) {
        (void)!assay_load_bundle(ctx, o->collateral, &t->fixed, err);
    }
    if (err->code == ASSAY_OK && o->pccs_ca != NULL) {
        (void)!start_try_roots(o->pccs_ca, ctx, err);
    }
    t->source_count = assay_search_sources(o->sources, o->source_count,
                                           t->policy, t->sources);
    if (err->code == ASSAY_OK && before != NULL && before->learnt != NULL) {
        t->learnt = learnt_hold(before->learnt);
    } else if (err->code == ASSAY_OK) {
        (void)!learnt_new(ctx, &t->learnt, err);
    }
    return err->code;
}

void
trust_free(struct trust *t)
{
    learnt_drop(t->learnt);
    assay_collateral_free(t->fixed);
    assay_root_free(t->own_root);
    assay_policy_free(t->policy);
}

void
trust_warn(const struct trust *t, const struct log *log)
{
    if (t->learnt != NULL) {
        learnt_warn(t->learnt, log);
    }
}

/* --- using -------------------------------------------------------------- */

const struct assay_root *
trust_root(const struct trust *t)
{
    return t->own_root != NULL ? t->own_root : assay_root_intel();
}

struct assay_verifier *
trust_verifier(const struct trust *t)
{
    return t->learnt->verifier;
}

/* Each source has its share of the time, so that one that hangs does not keep
 * the next from being asked. */
struct assay_supply_options
trust_supply(const struct trust *t, const struct options *o,
             const struct assay_ctx *ctx, uint32_t limit_ms)
{
    struct assay_supply_options s = {
        .ctx = ctx,
        .verifier = t->learnt->verifier,
        .root = trust_root(t),
        .sources = t->sources,
        .source_count = t->source_count,
        .fetch =
            {
                .ca_file = o->pccs_ca,
                .timeout_ms = limit_ms / ((uint32_t)t->source_count + 1) + 1,
            },
        .use_cache = !o->no_cache,
        .seen = t->learnt->seen,
        .refresh = true,
        .fixed = t->fixed,
    };

    if (t->policy != NULL) {
        s.use_cache = s.use_cache && assay_policy_cache_collateral(t->policy);
        s.fetch.more_ca_file = assay_policy_ca_file(t->policy);
        s.grace_s = assay_policy_collateral_grace(t->policy);
        s.fresh = assay_policy_freshness(t->policy);
    }
    return s;
}
