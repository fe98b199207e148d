/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * supply.c - collateral for the sessions of one loop.
 */
#include "io/supply.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"

#define KEPT_MAX 64u /* kinds of platform in memory */

struct assay_supplied {
    unsigned count; /* of holders; one loop, so no atomics */
    struct assay_collateral_need need;
    struct assay_obtained obtained;
    const struct assay_collateral *collateral; /* of it, or the fixed one */
};

struct assay_supply {
    uv_loop_t *loop;
    struct assay_supply_options o;
    const char *source[ASSAY_PCS_SOURCES_MAX];
    struct assay_supplied *kept[KEPT_MAX];
    unsigned next; /* the one to be replaced when all are in use */
    struct assay_supply_call *calls; /* under way */
};

/* Belongs to the worker's thread until after_work(). */
struct assay_supply_call {
    uv_work_t work;
    struct assay_supply *supply; /* NULL: cancelled */
    struct assay_supply_call *next;
    assay_supply_done *done;
    void *user;
    struct assay_quote *quote; /* own copy */
    int64_t now_s;
    atomic_bool cancel;
    struct assay_supply_options o; /* what the worker may look at */
    struct assay_pcs_request request;
    const char *source[ASSAY_PCS_SOURCES_MAX];
    struct assay_supplied *result;
    bool authentic;
    struct assay_error err;
};

/* --- what was handed out ------------------------------------------------ */

const struct assay_collateral *
assay_supplied_collateral(const struct assay_supplied *s)
{
    return s->collateral;
}

enum assay_origin
assay_supplied_origin(const struct assay_supplied *s)
{
    return s->obtained.origin;
}

void
assay_supplied_release(struct assay_supplied *s)
{
    if (s != NULL && --s->count == 0) {
        assay_obtained_free(&s->obtained);
        free(s);
    }
}

/* --- the memory --------------------------------------------------------- */

static bool
same_need(const struct assay_collateral_need *a,
          const struct assay_collateral_need *b)
{
    return a->tdx == b->tdx && strcmp(a->fmspc, b->fmspc) == 0 &&
           strcmp(a->ca, b->ca) == 0;
}

static void
keep(struct assay_supply *s, struct assay_supplied *new)
{
    unsigned slot = s->next;

    for (unsigned i = 0; i < KEPT_MAX; i++) {
        if (s->kept[i] != NULL && same_need(&s->kept[i]->need, &new->need)) {
            slot = i;
        }
    }
    if (slot == s->next) {
        s->next = (s->next + 1) % KEPT_MAX;
    }
    assay_supplied_release(s->kept[slot]);
    new->count++;
    s->kept[slot] = new;
}

struct assay_supplied *
assay_supply_have(struct assay_supply *s,
                  const struct assay_collateral_need *need, int64_t now_s)
{
    for (unsigned i = 0; i < KEPT_MAX; i++) {
        struct assay_supplied *k = s->kept[i];

        if (k != NULL && same_need(&k->need, need) &&
            (s->o.fixed != NULL ||
             assay_obtain_is_fresh(k->collateral, &s->o.fresh, now_s))) {
            k->count++;
            return k;
        }
    }
    return NULL;
}

/* --- the worker --------------------------------------------------------- */

/* What the quote's own verification says of the collateral; the relying
 * party's rules play no part in it. */
static void
try_on(struct assay_supply_call *c, bool *authentic, bool *forged)
{
    struct assay_verdict *v = NULL;
    struct assay_policy *p = NULL;
    struct assay_error sub;
    struct assay_verify_input in = {
        .quote = c->quote,
        .collateral = c->result->collateral,
        .root = c->o.root,
        .now_s = c->now_s,
    };

    *authentic = false;
    *forged = false;
    if (assay_policy_default(
            (enum assay_tee)assay_quote_view(c->quote)->tee_type, &p, &sub) ==
        ASSAY_OK) {
        in.policy = p;
        if (assay_verify(c->o.verifier, &in, &v, &sub) == ASSAY_OK) {
            *authentic = assay_obtain_is_authentic(v);
            *forged = assay_obtain_is_forged(v);
        }
    }
    assay_verdict_free(v);
    assay_policy_free(p);
}

static void
obtain(struct assay_supply_call *c)
{
    struct assay_obtain_input in = {
        .request = &c->request,
        .use_cache = c->o.use_cache,
        .now_s = c->now_s,
        .grace_s = c->o.grace_s,
        .fresh = c->o.fresh,
    };
    struct assay_obtained *o = &c->result->obtained;
    struct assay_obtained first;
    bool forged = false;

    if (assay_obtain_collateral(c->o.ctx, &in, o, &c->err) != ASSAY_OK) {
        return;
    }
    c->result->collateral = o->collateral;
    try_on(c, &c->authentic, &forged);
    if (forged && o->origin == ASSAY_ORIGIN_CACHED) {
        /* A damaged cache is passed by once; if there is no better answer, the
         * verdict over the damaged one stands. */
        first = *o;
        in.pass_by_cache = true;
        if (assay_obtain_collateral(c->o.ctx, &in, o, &c->err) == ASSAY_OK) {
            assay_obtained_free(&first);
            c->result->collateral = o->collateral;
            try_on(c, &c->authentic, &forged);
        } else {
            *o = first;
            assay_error_clear(&c->err);
        }
    }
    if (c->authentic) {
        assay_obtain_keep(&in, o);
    }
}

static void
work(uv_work_t *w)
{
    struct assay_supply_call *c = w->data;

    if (!atomic_load(&c->cancel)) {
        obtain(c);
    }
}

static void
call_free(struct assay_supply_call *c)
{
    assay_supplied_release(c->result);
    assay_quote_free(c->quote);
    free(c);
}

static void
unlink_call(struct assay_supply_call *c)
{
    struct assay_supply_call **at = &c->supply->calls;

    while (*at != c) {
        at = &(*at)->next;
    }
    *at = c->next;
}

static void
after_work(uv_work_t *w, int status)
{
    struct assay_supply_call *c = w->data;
    struct assay_supplied *result = NULL;

    if (c->supply != NULL) { /* still wanted */
        unlink_call(c);
        if (status != 0) {
            assay_fail(&c->err, ASSAY_IO, ASSAY_NO_OFFSET, "collateral: %s",
                       uv_strerror(status));
        }
        if (c->err.code == ASSAY_OK) {
            result = c->result;
            result->count++;
            if (c->authentic && result->obtained.origin != ASSAY_ORIGIN_STALE) {
                keep(c->supply, result);
            }
        }
        c->done(c->user, result, &c->err);
    }
    call_free(c);
}

/* --- asking ------------------------------------------------------------- */

struct assay_supply *
assay_supply_new(uv_loop_t *loop, const struct assay_supply_options *options)
{
    struct assay_supply *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        return NULL;
    }
    s->loop = loop;
    s->o = *options;
    for (size_t i = 0; i < options->source_count; i++) {
        s->source[i] = options->sources[i];
    }
    s->o.sources = s->source;
    return s;
}

void
assay_supply_free(struct assay_supply *s)
{
    if (s == NULL) {
        return;
    }
    while (s->calls != NULL) {
        assay_supply_cancel(s->calls);
    }
    for (unsigned i = 0; i < KEPT_MAX; i++) {
        assay_supplied_release(s->kept[i]);
    }
    free(s);
}

/* Everything that the worker needs, so that it never looks at the supply. */
static bool
fill_call(struct assay_supply_call *c, struct assay_supply *s,
          const struct assay_quote *quote,
          const struct assay_collateral_need *need, int64_t now_s)
{
    c->now_s = now_s;
    c->o = s->o;
    c->o.fetch.cancel = &c->cancel;
    memcpy(c->source, s->source, sizeof(c->source));
    c->result = calloc(1, sizeof(*c->result));
    if (c->result == NULL) {
        return false;
    }
    c->result->count = 1;
    c->result->need = *need;
    if (assay_quote_parse(assay_quote_view(quote)->raw, &c->quote, &c->err) !=
        ASSAY_OK) {
        return false;
    }
    c->request = (struct assay_pcs_request){
        .need = &c->result->need,
        .sources = c->source,
        .source_count = s->o.source_count,
        .fetch = &c->o.fetch,
    };
    return true;
}

static void
work_fixed(uv_work_t *w)
{
    struct assay_supply_call *c = w->data;

    c->result->collateral = c->o.fixed;
    c->result->obtained.origin = ASSAY_ORIGIN_GIVEN;
    c->authentic = true; /* as far as keeping it goes; the verdict judges */
}

struct assay_supply_call *
assay_supply_get(struct assay_supply *s, const struct assay_quote *quote,
                 const struct assay_collateral_need *need, int64_t now_s,
                 assay_supply_done *done, void *user)
{
    struct assay_supply_call *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        return NULL;
    }
    assay_error_clear(&c->err);
    atomic_init(&c->cancel, false);
    c->work.data = c;
    c->done = done;
    c->user = user;
    if (!fill_call(c, s, quote, need, now_s) ||
        uv_queue_work(s->loop, &c->work, s->o.fixed != NULL ? work_fixed : work,
                      after_work) != 0) {
        call_free(c);
        return NULL;
    }
    c->supply = s;
    c->next = s->calls;
    s->calls = c;
    return c;
}

void
assay_supply_cancel(struct assay_supply_call *c)
{
    if (c != NULL && c->supply != NULL) {
        unlink_call(c);
        c->supply = NULL;
        atomic_store(&c->cancel, true);
        (void)uv_cancel((uv_req_t *)&c->work);
    }
}
