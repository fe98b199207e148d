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
#include "rate.h"
#include "turns.h"

#define QUOTES_AT_ONCE_MAX 64u
#define QUOTES_WAITING_MAX 1024u
#define QUOTES_PER_S_MAX   100000u

struct quote_limits {
    uint32_t at_once;
    uint32_t waiting;
    uint32_t per_s; /* of an address; 0: any number */
    uint32_t burst;
    bool one_peer; /* all come through one: no shares of the waiting places */
};

struct quote_gate; /* opaque */

/* ctx must outlive it. ASSAY_NO_MEMORY, ASSAY_IO (no randomness). */
ASSAY_MUST_CHECK enum assay_code
quote_gate_new(const struct quote_limits *limits, const struct assay_ctx *ctx,
               struct quote_gate **out, struct assay_error *err);
/* Behind the last of its ends. NULL is fine. */
void quote_gate_free(struct quote_gate *g);

/* One that wants a quote. */
struct gate_ticket {
    struct turn turn; /* the gate's */
    struct gate_end *end;
    struct gate_ticket *next; /* among those that are called */
    bool called;
    void *user; /* the caller's */
};

/* A loop's end of the gate. */
struct gate_end;
/* `called` is called from the loop, for a ticket that waited and whose turn it
 * is now. ASSAY_NO_MEMORY, ASSAY_IO. */
ASSAY_MUST_CHECK enum assay_code
gate_end_new(struct quote_gate *g, uv_loop_t *loop,
             void (*called)(struct gate_ticket *t), struct gate_end **out,
             struct assay_error *err);
/* When all of its tickets have left; the loop frees it. NULL is fine. */
void gate_end_close(struct gate_end *e);

enum gate_answer {
    GATE_GO,
    GATE_WAIT, /* for `called` */
    GATE_BUSY, /* no place left */
    GATE_RATE, /* of this address */
};
/* peer: as assay_stream_peer() has it. A ticket that was refused is done with;
 * *retry_s says when it is worth to come again. */
enum gate_answer gate_ask(struct gate_end *e, struct gate_ticket *t,
                          const char *peer, uint32_t *retry_s);
/* Whether it waited, was called, or had its turn; took_us: how long the
 * platform worked for it, 0 if it did not. */
void gate_leave(struct gate_ticket *t, uint64_t took_us);
uint32_t gate_retry_s(struct gate_end *e);

struct gate_counts {
    uint32_t active;
    uint32_t waiting;
};
struct gate_counts quote_gate_counts(struct quote_gate *g);

/* What stands for a peer: its IPv4 address, the /64 of its IPv6 address (which
 * is what one customer has), or that it is no IP address. Returns the length.
 */
#define GATE_KEY_BYTES 9u
size_t quote_gate_key(const char *peer, uint8_t out[GATE_KEY_BYTES]);
