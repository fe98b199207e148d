/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * supply.h - collateral for the sessions of one loop: from memory if it is in
 * date there, else what the server has stapled, else from the disk cache or the
 * sources, off the loop's thread.
 *
 * What comes from disk or network is tried on the quote that it is wanted for
 * before it is handed out: what is not authentic is fetched anew once, and
 * never kept. Sessions that need the same wait for one search. A supply that
 * lives long fetches what it holds anew before it runs out.
 */
#pragma once

#include <uv.h>

#include "assay/verify.h"
#include "io/fetch.h"
#include "io/lookup.h"

struct assay_supply_options {
    const struct assay_ctx *ctx;
    struct assay_verifier *verifier;
    const struct assay_root *root;
    const char *const *sources; /* as in struct assay_gather_request */
    size_t source_count;
    struct assay_fetch_options fetch; /* `cancel` is the supply's own */
    bool use_cache;                   /* on disk; memory is always used */
    int64_t grace_s;                  /* seconds after nextUpdate; 0 for none */
    struct assay_freshness fresh;     /* at least that of memory and disk */
    struct assay_seen *seen;          /* evaluations; NULL: none are known */
    bool refresh;            /* what is held, before it runs out; by a timer */
    int64_t refresh_every_s; /* and at least so often; 0: no such rule */
    /* Always this bundle, and no sources at all; or NULL. */
    const struct assay_collateral *fixed;
    /* Whoever does not let the loop run empty behind the supply learns of each
     * search that begins and has ended: until then, it uses what the options
     * point to. Or NULL. */
    void (*begun)(void *owner);
    void (*ended)(void *owner);
    void *owner;
};

struct assay_supply; /* opaque; one loop, one thread */

/* What the options point to must outlive the supply and its searches. NULL: out
 * of memory. */
struct assay_supply *
assay_supply_new(uv_loop_t *loop, const struct assay_supply_options *options);
/* Calls under way are cancelled. What was handed out stays valid until it is
 * released. NULL is fine. */
void assay_supply_free(struct assay_supply *s);

/* Collateral that was handed out, counted. */
struct assay_supplied;
const struct assay_collateral *
assay_supplied_collateral(const struct assay_supplied *s);
enum assay_origin assay_supplied_origin(const struct assay_supplied *s);
void assay_supplied_release(struct assay_supplied *s); /* NULL is fine */

/* The text of a bundle, to hand on; empty for the fixed one. */
struct assay_slice assay_supplied_bundle(const struct assay_supplied *s);

/* What the verdict over what is handed out is to be compared with. */
struct assay_evaluations
assay_supply_seen(struct assay_supply *s,
                  const struct assay_collateral_need *need, int64_t now_s);
/* The last thing that did not work and did not matter (cache, memory of
 * evaluations, stapled collateral), for people; or "". */
const char *assay_supply_note(const struct assay_supply *s);
/* How often stapled collateral was not good enough. */
size_t assay_supply_staples_refused(const struct assay_supply *s);
/* Starts the refreshes that are due; the timer calls it. */
void assay_supply_tick(struct assay_supply *s, int64_t now_s);

/* What is in memory for a quote with this need, in date at now_s and fresh
 * enough; or NULL. To be released. */
struct assay_supplied *
assay_supply_have(struct assay_supply *s,
                  const struct assay_collateral_need *need, int64_t now_s);

/* Exactly one call, from the loop: collateral to be released, or NULL and why
 * (errors of assay_lookup_run()). */
typedef void assay_supply_done(void *user, struct assay_supplied *supplied,
                               const struct assay_error *err);
struct assay_supply_call; /* opaque: a request under way */
/* Quote, need (assay_collateral_need() of that quote) and what the server has
 * stapled (bundle text, or empty) are copied. NULL: out of memory.
 *
 * Stapled collateral is used if it is sound on this quote, not older than
 * max_collateral_age_secs (ASSAY_STAPLE_MAX_AGE_S by default), and of no
 * evaluation that was overtaken. It serves this call only: kept, it would let
 * one server choose what others are judged by. */
struct assay_supply_call *
assay_supply_get(struct assay_supply *s, const struct assay_quote *quote,
                 const struct assay_collateral_need *need,
                 struct assay_slice stapled, int64_t now_s,
                 assay_supply_done *done, void *user);
void assay_supply_cancel(struct assay_supply_call *c); /* no callback */
