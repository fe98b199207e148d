/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * relay.h - the collateral relay: pages ask the bridge for collateral, because
 * Intel's service lets no page read its answers.
 *
 * Collateral is signed, so whoever gets it from here verifies it, and the relay
 * is trusted with nothing. What it does protect is its sources and itself: it
 * asks for what relay_request.h knows, once for all that ask on one loop, a few
 * at a time, and remembers what was said, failures too. Nothing that a client
 * sent goes to a source.
 *
 * Sources are asked on libuv's threads: UV_THREADPOOL_SIZE should have
 * RELAY_RUNNING_MAX for each loop beyond what names are looked up with.
 */
#pragma once

#include <uv.h>

#include "relay_fetch.h"

#define RELAY_CACHE_BYTES  (16u * 1024u * 1024u) /* unless told otherwise */
#define RELAY_MAX_AGE_S    3600u                 /* likewise */
#define RELAY_TIMEOUT_MS   10000u                /* likewise */
#define RELAY_REPLIES_MAX  256u                  /* in the cache */
#define RELAY_REMEMBERED   256u   /* failures, in a cache of their own */
#define RELAY_ABSENT_MS    60000u /* for which a 404 is remembered */
#define RELAY_FAILED_MS    10000u /* ... and other failures */
#define RELAY_STALE_MAX_MS (24u * 3600u * 1000u) /* age of a last resort */
#define RELAY_RUNNING_MAX  2u   /* sources asked at a time, for each loop */
#define RELAY_FETCHES_MAX  32u  /* and questions that wait for that */
#define RELAY_WAITERS_MAX  256u /* clients for one question */

/* Where an answer came from. */
enum relay_how {
    RELAY_HIT,      /* the cache */
    RELAY_FETCHED,  /* a source; also if it had none */
    RELAY_JOINED,   /* ... which another client had asked for already */
    RELAY_STALE,    /* the cache, because no source has answered */
    RELAY_RECALLED, /* a failure of just now */
    RELAY_REFUSED,  /* it was no question, or a preflight */
    RELAY_BUSY,     /* too many questions, or no memory */
    RELAY_HOWS,
};
/* "hit", "fetched", ...: for logs and metrics. */
const char *relay_how_name(enum relay_how how);

struct relay_counts {
    atomic_uint_fast64_t answers[RELAY_HOWS];
    atomic_uint_fast64_t fetches;  /* that were begun */
    atomic_uint_fast64_t failures; /* ... and had no answer from any source;
                                      404 is one */
};

/* What all loops share. */
struct relay; /* opaque */

/* cache_bytes: of collateral, in memory. NULL: out of memory. */
struct relay *relay_new(size_t cache_bytes);
/* Once all loops have run empty. NULL is fine. */
void relay_free(struct relay *r);
const struct relay_counts *relay_counts(const struct relay *r);
void relay_use(struct relay *r, size_t *cache_bytes, unsigned *replies);

/* The part of one loop, which is one thread's. */
struct relay_loop; /* opaque */

/* NULL: out of memory. */
struct relay_loop *relay_loop_new(uv_loop_t *loop, struct relay *r);
/* Calls under way are cancelled. The loop runs on until what was asked of
 * sources has ended: about a second, or a look-up of a name. NULL is fine. */
void relay_loop_free(struct relay_loop *l);

struct relay_settings {
    struct relay_sources sources;
    const char *origins; /* as relay_judge() has it */
    uint32_t max_age_s;  /* of what is in the cache */
};

/* For the client, and for a line of a log. */
struct relay_answer {
    struct assay_buf bytes; /* whole; empty if there is no memory. The
                               connection is closed behind it */
    unsigned status;
    enum relay_how how;
    char path[RELAY_PATH_MAX_BYTES]; /* as it was asked for; "" if it was no
                                        question */
    struct assay_error why;          /* what a source failed with; not for
                                        clients */
};
void relay_answer_free(struct relay_answer *a);

struct relay_call; /* opaque: a client that waits */

/* From the loop, exactly once; the answer is gone afterwards. */
typedef void relay_done(void *user, const struct relay_answer *answer);

/* Of a request that relay_is_asked() is true for. What is given is copied as
 * far as it is needed later. NULL: *out is the answer, to be freed by the
 * caller, and `done` is not called. Else *out is not set. */
struct relay_call *relay_ask(struct relay_loop *l,
                             const struct relay_settings *settings,
                             const struct assay_http1_head *head,
                             struct relay_answer *out, relay_done *done,
                             void *user);
/* `done` is not called. What is asked of sources goes on, for the next one who
 * asks. NULL is fine. */
void relay_cancel(struct relay_call *c);
