/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * upstream_age.c - what becomes of an idle link by the mere passing of time.
 */
#include "upstream_age.h"

#include "upstream_state.h"

/* How long before its end another one is made: a part of its life, and at most
 * what an attestation takes at a slow platform. */
#define ENDING_PART   5
#define ENDING_MAX_MS 10000

/* 0: no limit. */
static int64_t
end_of(int64_t since_ms, uint32_t limit_ms)
{
    return limit_ms != 0 ? since_ms + limit_ms : INT64_MAX;
}

static int64_t
ending_of(int64_t since_ms, uint32_t limit_ms)
{
    uint32_t before_ms = limit_ms / ENDING_PART;

    if (before_ms > ENDING_MAX_MS) {
        before_ms = ENDING_MAX_MS;
    }
    return end_of(since_ms, limit_ms - before_ms);
}

static int64_t
earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t
over_ms(const struct link *l)
{
    const struct upstream_options *o = &l->up->o;

    return earlier(end_of(l->born_ms, o->max_age_ms),
                   end_of(l->said_ms, l->keep_alive_ms));
}

static int64_t
ending_ms(const struct link *l)
{
    const struct upstream_options *o = &l->up->o;

    return earlier(ending_of(l->born_ms, o->max_age_ms),
                   ending_of(l->said_ms, l->keep_alive_ms));
}

/* At so many percent of the policy's interval. */
static int64_t
due_ms(const struct link *l, int64_t percent)
{
    int64_t interval_s =
        assay_policy_reattestation_interval(l->up->provider->policy);

    return interval_s > 0 ? l->proof.attested_ms + interval_s * 10 * percent
                          : INT64_MAX;
}

#define DUE_PERCENT        100
#define NEARLY_DUE_PERCENT 80

bool
age_is_over(const struct link *l, int64_t now_ms)
{
    return now_ms >= over_ms(l);
}

bool
age_is_ending(const struct link *l, int64_t now_ms)
{
    return now_ms >= ending_ms(l);
}

bool
age_is_due(const struct link *l, int64_t now_ms)
{
    return now_ms >= due_ms(l, DUE_PERCENT);
}

bool
age_is_nearly_due(const struct link *l, int64_t now_ms)
{
    return now_ms >= due_ms(l, NEARLY_DUE_PERCENT);
}

static int64_t
unneeded_ms(const struct link *l)
{
    return l->used_ms + l->up->o.idle_ms;
}

bool
age_is_unneeded(const struct link *l, int64_t now_ms)
{
    return now_ms >= unneeded_ms(l);
}

int64_t
age_next(const struct link *l, int64_t now_ms)
{
    const int64_t marks[] = {
        over_ms(l),
        ending_ms(l),
        due_ms(l, DUE_PERCENT),
        due_ms(l, NEARLY_DUE_PERCENT),
        unneeded_ms(l),
    };
    int64_t next_ms = INT64_MAX;

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (marks[i] > now_ms) {
            next_ms = earlier(next_ms, marks[i]);
        }
    }
    return next_ms;
}
