/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * supply_state.h - a supply from inside. Used by supply*.c only.
 *
 * A call waits for a search. Searches for the same need are one; a call with
 * stapled collateral has that judged first, by itself.
 */
#pragma once

#include "io/supply.h"

#define ASSAY_SUPPLY_KEPT 64u /* kinds of platform in memory */

/* Collateral that is handed out, counted; one loop, so no atomics. */
struct assay_supplied {
    unsigned count; /* of holders */
    struct assay_collateral_need need;
    struct assay_obtained obtained;
    const struct assay_collateral *collateral; /* of it, or the fixed one */
    struct assay_quote *quote; /* what it was tried on; NULL for the fixed */
};

/* One kind of platform. */
struct assay_supply_kept {
    struct assay_supplied *what; /* NULL: the slot is free */
    int64_t due_s;               /* of its refresh */
    int64_t asked_s; /* late or overtaken, when nobody had better; else
                        INT64_MIN */
    unsigned failures;
};

enum assay_purpose {
    ASSAY_PURPOSE_SEARCH,
    ASSAY_PURPOSE_STAPLE,
    ASSAY_PURPOSE_REFRESH,
};

struct assay_supply_search {
    uv_work_t work;
    enum assay_purpose purpose;
    struct assay_supply *supply; /* NULL: nobody wants it any more */
    struct assay_supply_search *next;
    bool ended;                      /* and is being told of */
    struct assay_supply_call *first; /* whose quote it is tried on; or NULL */
    /* The supply may go first: everything that the worker needs is here, and
     * but for `cancel` it is the worker's until after_work(). */
    atomic_bool cancel;
    struct assay_supply_options o;
    const char *source[ASSAY_SOURCES_MAX];
    struct assay_buf held;     /* as in struct assay_lookup */
    struct assay_buf stapled;  /* likewise */
    struct assay_supplied *to; /* need and quote are set, the rest is filled */
    struct assay_lookup lookup;
};

struct assay_supply_call {
    struct assay_supply *supply;
    struct assay_supply_call *next;
    assay_supply_done *done;
    void *user;
    struct assay_quote *quote; /* own copy */
    struct assay_collateral_need need;
    int64_t now_s;
    struct assay_supply_search *search; /* what it waits for */
};

struct assay_supply {
    uv_loop_t *loop;
    uv_timer_t *timer; /* NULL: no refreshes */
    struct assay_supply_options o;
    const char *source[ASSAY_SOURCES_MAX];
    struct assay_supply_kept kept[ASSAY_SUPPLY_KEPT];
    unsigned next; /* the one to be replaced when all are in use */
    struct assay_supply_call *calls;
    struct assay_supply_search *searches; /* under way */
    size_t staples_refused;
    char note[320];
};

/* supply.c: the memory. The slot of a need, or NULL; what is found takes its
 * slot. */
struct assay_supply_kept *
assay_supply_find(struct assay_supply *s,
                  const struct assay_collateral_need *need);
void assay_supply_keep(struct assay_supply *s, struct assay_supplied *new,
                       int64_t now_s);
/* Any number, evenly spread. */
uint32_t assay_supply_chance(void);

/* supply_call.c: what waits. The first one that waits for this search. */
struct assay_supply_call *
assay_supply_waiting(const struct assay_supply *s,
                     const struct assay_supply_search *f);
/* The call is over. The owner may do anything from there, even free the
 * supply. */
void assay_supply_tell(struct assay_supply_call *c,
                       struct assay_supplied *result,
                       const struct assay_error *err);
/* It was no help: the call waits for another search, or is told that memory is
 * out. */
void assay_supply_rejoin(struct assay_supply_call *c);

/* supply_search.c: what runs. NULL: out of memory. */
struct assay_supply_search *
assay_supply_search_new(struct assay_supply *s, enum assay_purpose purpose,
                        const struct assay_quote *quote,
                        const struct assay_collateral_need *need,
                        int64_t now_s);
void
assay_supply_search_free(struct assay_supply_search *f); /* not once started */
/* False: it could not, and is freed. */
bool assay_supply_search_start(struct assay_supply_search *f);
/* Its work goes on until it notices. */
void assay_supply_search_abandon(struct assay_supply_search *f);
/* The search for that need that is under way, or, if asked for, the refresh;
 * or NULL. */
struct assay_supply_search *
assay_supply_search_find(const struct assay_supply *s,
                         const struct assay_collateral_need *need,
                         bool refreshes);
