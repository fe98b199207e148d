/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * quote_gate.h - who may have the platform make a quote now: one gate for all
 * loops of the process, each on a thread of its own.
 *
 * The platform makes quotes slowly, and strangers ask for them. So there are
 * limits for all (how many at once, how many wait) and for each address (how
 * many a second; a share of the waiting places). See rate.h and turns.h.
 */
#pragma once

#include <uv.h>

#include "assay/verify.h"
#include "io/rate.h"
#include "io/turns.h"

#define ASSAY_QUOTES_AT_ONCE_MAX 64u
#define ASSAY_QUOTES_WAITING_MAX 1024u
#define ASSAY_QUOTES_PER_S_MAX   100000u

struct assay_quote_limits {
    uint32_t at_once;
    uint32_t waiting;
    uint32_t per_s; /* of an address; 0: any number */
    uint32_t burst;
    bool one_peer; /* all come through one: no shares of the waiting places */
};

struct assay_quote_gate; /* opaque */

/* ctx must outlive it. ASSAY_NO_MEMORY, ASSAY_IO (no randomness). */
ASSAY_MUST_CHECK enum assay_code
assay_quote_gate_new(const struct assay_quote_limits *limits,
                     const struct assay_ctx *ctx, struct assay_quote_gate **out,
                     struct assay_error *err);
/* Behind the last of its ends. NULL is fine. */
void assay_quote_gate_free(struct assay_quote_gate *g);

/* One that wants a quote. */
struct assay_gate_ticket {
    struct assay_turn turn; /* the gate's */
    struct assay_gate_end *end;
    struct assay_gate_ticket *next; /* among those that are called */
    bool called;
    void *user; /* the caller's */
};

/* A loop's end of the gate. */
struct assay_gate_end;
/* `called` is called from the loop, for a ticket that waited and whose turn it
 * is now. ASSAY_NO_MEMORY, ASSAY_IO. */
ASSAY_MUST_CHECK enum assay_code
assay_gate_end_new(struct assay_quote_gate *g, uv_loop_t *loop,
                   void (*called)(struct assay_gate_ticket *t),
                   struct assay_gate_end **out, struct assay_error *err);
/* When all of its tickets have left; the loop frees it. NULL is fine. */
void assay_gate_end_close(struct assay_gate_end *e);

enum assay_gate_answer {
    ASSAY_GATE_GO,
    ASSAY_GATE_WAIT, /* for `called` */
    ASSAY_GATE_BUSY, /* no place left */
    ASSAY_GATE_RATE, /* of this address */
};
/* peer: as assay_stream_peer() has it; NULL: the process itself, which is one
 * more that asks. A ticket that was refused is done with; *retry_s says when it
 * is worth to come again. */
enum assay_gate_answer assay_gate_ask(struct assay_gate_end *e,
                                      struct assay_gate_ticket *t,
                                      const char *peer, uint32_t *retry_s);
/* Whether it waited, was called, or had its turn; took_us: how long the
 * platform worked for it, 0 if it did not. */
void assay_gate_leave(struct assay_gate_ticket *t, uint64_t took_us);
uint32_t assay_gate_retry_s(struct assay_gate_end *e);

struct assay_gate_counts {
    uint32_t active;
    uint32_t waiting;
};
struct assay_gate_counts assay_quote_gate_counts(struct assay_quote_gate *g);

/* What stands for a peer: its IPv4 address, the /64 of its IPv6 address (which
 * is what one customer has), that it is no IP address, or that it is none at
 * all (NULL). Returns the length. */
#define ASSAY_GATE_KEY_BYTES 9u
size_t assay_quote_gate_key(const char *peer,
                            uint8_t out[ASSAY_GATE_KEY_BYTES]);
