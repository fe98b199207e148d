/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * upstream_tend.c - one provider, for one loop: so many connections are ready,
 * and none that should not be.
 */
#include "io/moment.h"
#include "upstream_age.h"
#include "upstream_state.h"

/* May evidence be asked for, now, once more? */
static bool
may_attest(const struct upstream *u, int64_t now_ms)
{
    unsigned at_once =
        u->failure.kind == FAILURE_NONE ? ATTEST_AT_ONCE : PROBE_AT_ONCE;

    return !u->draining && !upstream_is_held(u, now_ms) &&
           u->links[LINK_ATTESTING].count < at_once;
}

static void
fail_no_memory(struct upstream *u)
{
    struct failure why;

    failure_set(&why, FAILURE_OUTAGE, "out_of_memory", "%s: out of memory",
                u->provider->name);
    upstream_fail(u, &why, u->round);
}

/* --- those that have more to say ----------------------------------------- */

int64_t
upstream_stale_ms(const struct upstream *u, int64_t percent)
{
    int64_t interval_s =
        assay_policy_reattestation_interval(u->provider->policy);

    return interval_s > 0 ? u->proven_ms + interval_s * 10 * percent
                          : INT64_MAX;
}

static void
end_stale(struct upstream *u, int64_t now_ms)
{
    struct failure why;

    if (now_ms >= upstream_stale_ms(u, STALE_PERCENT) &&
        u->links[LINK_BUSY].count > 0) {
        failure_set(&why, FAILURE_OUTAGE, "evidence_stale",
                    "%s: it has not proven itself again in time",
                    u->provider->name);
        why.retry_after_s = 1;
        upstream_silence(u, &why);
    }
}

/* Nobody else would ask it in time. */
static bool
wants_proof(const struct upstream *u, int64_t now_ms)
{
    if (now_ms < upstream_stale_ms(u, NEARLY_STALE_PERCENT)) {
        return false;
    }
    for (const struct list_item *i = u->links[LINK_BUSY].first; i != NULL;
         i = i->after) {
        if (call_may_say_more(((const struct link *)i->what)->call)) {
            return u->links[LINK_ATTESTING].count == 0;
        }
    }
    return false;
}

/* --- those that wait ---------------------------------------------------- */

/* They came one after another, and have the same patience. */
static void
give_up(struct upstream *u, int64_t now_ms)
{
    struct failure why;
    struct call *c;

    while ((c = list_first(&u->waiting)) != NULL && now_ms >= c->late_ms) {
        if (u->failure.kind != FAILURE_NONE) {
            upstream_told(u, now_ms, &why);
        } else if (u->links[LINK_ATTESTING].count > 0) {
            failure_set(&why, FAILURE_TIMEOUT, "upstream_timeout",
                        "%s: it has not proven itself within %u ms",
                        u->provider->name, u->o.wait_ms);
        } else {
            failure_set(&why, FAILURE_OUTAGE, "upstream_busy",
                        "%s: no connection became free within %u ms",
                        u->provider->name, u->o.wait_ms);
            why.retry_after_s = 1;
        }
        call_fail(c, &why); /* which leaves */
    }
}

/* --- those that are idle ------------------------------------------------ */

struct census {
    unsigned usable; /* for a request that comes now */
    unsigned ready;  /* and for some time to come */
};

static bool
is_usable(const struct link *l, int64_t now_ms)
{
    return !age_is_over(l, now_ms) && !age_is_due(l, now_ms);
}

static bool
is_ready(const struct link *l, int64_t now_ms)
{
    return is_usable(l, now_ms) && !age_is_ending(l, now_ms);
}

static struct census
count(const struct upstream *u, int64_t now_ms)
{
    struct census n = {.usable = 0};

    for (const struct list_item *i = u->links[LINK_IDLE].first; i != NULL;
         i = i->after) {
        n.usable += is_usable(i->what, now_ms);
        n.ready += is_ready(i->what, now_ms);
    }
    return n;
}

/* Asks for its evidence anew, and for what it is judged by where that is due
 * too. */
static void
renew(struct link *l)
{
    struct assay_error err;

    assay_supply_tick(l->up->supply, assay_now().wall_s);
    if (!assay_attested_is_quiet(l->attested)) {
        upstream_link_gone(l);
        return;
    }
    l->round = l->up->round;
    link_set_state(l, LINK_ATTESTING);
    if (assay_attested_reattest(l->attested, &err) != ASSAY_OK) {
        upstream_link_failed(l, &err, false);
    }
}

/* Enough others are ready for some time to come. */
static bool
is_spare(const struct upstream *u, const struct link *l, int64_t now_ms)
{
    bool itself = is_ready(l, now_ms);

    return count(u, now_ms).ready - itself >= u->o.warm;
}

static bool
is_to_go(const struct upstream *u, const struct link *l, int64_t now_ms)
{
    bool can_go = age_is_ending(l, now_ms) || age_is_unneeded(l, now_ms);

    return age_is_over(l, now_ms) || (can_go && is_spare(u, l, now_ms));
}

/* Those whose evidence is due are of no use until then. The others are asked in
 * time, but never the last one that could be used meanwhile. */
static bool
is_to_renew(const struct upstream *u, const struct link *l, int64_t now_ms)
{
    return may_attest(u, now_ms) &&
           (age_is_due(l, now_ms) ||
            (age_is_nearly_due(l, now_ms) && count(u, now_ms).usable > 1));
}

/* The one that was used last stays longest. */
static void
look_over(struct upstream *u, int64_t now_ms)
{
    struct list_item *next;

    for (struct list_item *i = u->links[LINK_IDLE].last; i != NULL; i = next) {
        struct link *l = i->what;

        next = i->before;
        if (is_to_go(u, l, now_ms)) {
            link_free(l);
        } else if (is_to_renew(u, l, now_ms)) {
            renew(l);
        }
    }
}

/* --- new ones ----------------------------------------------------------- */

/* The only one that can be used is nearly due: another one comes first. */
static bool
wants_spare(const struct upstream *u, int64_t now_ms)
{
    bool nearly = false;

    for (const struct list_item *i = u->links[LINK_IDLE].first; i != NULL;
         i = i->after) {
        nearly = nearly || age_is_nearly_due(i->what, now_ms);
    }
    return nearly && u->o.warm > 0 && count(u, now_ms).usable == 1 &&
           u->links[LINK_ATTESTING].count == 0;
}

static unsigned
total(const struct upstream *u)
{
    unsigned n = 0;

    for (size_t i = 0; i < LINK_STATES; i++) {
        n += u->links[i].count;
    }
    return n;
}

static void
make(struct upstream *u, int64_t now_ms)
{
    unsigned ready = count(u, now_ms).ready;
    unsigned wanted = u->waiting.count;

    if (now_ms >= u->calm_until_ms) {
        wanted += u->o.warm + wants_spare(u, now_ms);
    }
    if (wanted <= ready && wants_proof(u, now_ms)) {
        wanted = ready + 1;
    }
    while (may_attest(u, now_ms) && total(u) < u->o.max_links &&
           ready + u->links[LINK_ATTESTING].count < wanted) {
        if (link_new(u) == NULL) {
            fail_no_memory(u);
        }
    }
}

/* --- when again --------------------------------------------------------- */

static void
wake_at(struct upstream *u, int64_t at_ms, int64_t now_ms)
{
    if (at_ms > now_ms) {
        upstream_wake(u, at_ms);
    }
}

static void
plan(struct upstream *u, int64_t now_ms)
{
    const struct call *c = list_first(&u->waiting);

    for (const struct list_item *i = u->links[LINK_IDLE].first; i != NULL;
         i = i->after) {
        wake_at(u, age_next(i->what, now_ms), now_ms);
    }
    if (c != NULL) {
        wake_at(u, c->late_ms, now_ms);
    }
    wake_at(u, u->held_until_ms, now_ms);
    wake_at(u, u->calm_until_ms, now_ms);
}

/* Also while it is drained: what is under way then may take long. */
static void
plan_end(struct upstream *u, int64_t now_ms)
{
    if (u->links[LINK_BUSY].count > 0) {
        wake_at(u, upstream_stale_ms(u, NEARLY_STALE_PERCENT), now_ms);
        wake_at(u, upstream_stale_ms(u, STALE_PERCENT), now_ms);
    }
}

void
upstream_tend(struct upstream *u)
{
    int64_t now_ms = upstream_now();

    give_up(u, now_ms);
    end_stale(u, now_ms);
    if (!u->draining) {
        look_over(u, now_ms);
        make(u, now_ms);
        plan(u, now_ms);
    }
    plan_end(u, now_ms);
    upstream_show(u);
}
