/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * attested.h - an attested session on a real connection: connects, shakes
 * hands, fetches collateral, appraises; then moves bytes. The session itself
 * (assay/session.h) decides; this only carries.
 */
#pragma once

#include "assay/session.h"
#include "io/dial.h"
#include "io/quoter.h"
#include "io/supply.h"

#define ASSAY_ATTESTED_PHASE_MS 30000u

enum assay_attested_phase {
    ASSAY_PHASE_CONNECT,    /* name, TCP, proxy */
    ASSAY_PHASE_HANDSHAKE,  /* TLS */
    ASSAY_PHASE_QUOTE,      /* request for evidence, and its reply */
    ASSAY_PHASE_COLLATERAL, /* memory, disk or network */
    ASSAY_PHASE_APPRAISE,
    ASSAY_PHASE_EVIDENCE, /* of this side, where the server requires it */
    ASSAY_PHASE_COUNT,    /* open */
};
/* "connect" ...; static storage. */
const char *assay_attested_phase_name(enum assay_attested_phase p);

struct assay_attested; /* opaque */

/* Any of them may be NULL but `failed`. All are called from the loop; any may
 * close the connection. */
struct assay_attested_events {
    /* The verdict is trusted: at first, and after each re-attestation. */
    void (*open)(void *user);
    /* For good. peer: the server was reached and did not prove itself. After
     * an open session: whatever ended it, but the server's goodbye; and a
     * connection that breaks behind that, before it is closed here. */
    void (*failed)(void *user, const struct assay_error *err, bool peer);
    /* Plaintext waits in assay_client_read(). */
    void (*data)(void *user);
    /* A raw session: the server has said its last; writing may go on. */
    void (*read_done)(void *user);
    /* The server has closed; what waits may still be read. Of a raw session:
     * both sides have, or it was cut. */
    void (*closed)(void *user);
    /* All that was written has left: room for more. */
    void (*drained)(void *user);
};

struct assay_attested_options {
    const struct assay_client_options *session;
    const struct assay_dial_options *dial; /* with the time limit of CONNECT */
    struct assay_supply *supply;
    /* For a server that requires evidence of its clients; NULL: there is none
     * to give, and such a server ends it (ASSAY_MISSING). */
    struct assay_quoter *quoter;
    uint32_t phase_ms; /* limit of every further phase; 0: the default */
};

/* The options are copied, what they point to is not. NULL: out of memory. */
struct assay_attested *
assay_attested_new(uv_loop_t *loop,
                   const struct assay_attested_options *options,
                   const struct assay_attested_events *events, void *user);
/* Frees; no event comes any more. Says goodbye to the server, but not in a raw
 * session, where that would end the stream as if it were whole: who has written
 * all says so first (assay_client_close(), then flush). NULL is fine. */
void assay_attested_close(struct assay_attested *a);
/* The same without goodbye, for whoever does not want what it has asked for any
 * more: behind a goodbye a server may well go on, and answer. */
void assay_attested_cut(struct assay_attested *a);

/* The session; NULL while connecting. Writing goes to it; then flush. */
struct assay_client *assay_attested_session(struct assay_attested *a);
void assay_attested_flush(struct assay_attested *a);
/* Bytes that have not left yet: hold back above a few hundred KiB. */
size_t assay_attested_queued(const struct assay_attested *a);
/* To be called when `data` was not read to its end and there is room again. */
void assay_attested_resume(struct assay_attested *a);
/* It is open, all that was said was sent and read, and nothing more has come,
 * no byte and no end (the system is asked): what comes next can only be the
 * answer to what is asked next. */
bool assay_attested_is_quiet(const struct assay_attested *a);
/* Asks for fresh evidence; `open` or `failed` follows. Errors of
 * assay_client_reattest(). */
ASSAY_MUST_CHECK enum assay_code
assay_attested_reattest(struct assay_attested *a, struct assay_error *err);

/* The phase that it is in, or was in when it failed; ASSAY_PHASE_COUNT: open.
 */
enum assay_attested_phase assay_attested_phase(const struct assay_attested *a);
/* How long each phase took the last time, or until it failed, microseconds; 0:
 * did not happen. */
int64_t assay_attested_phase_us(const struct assay_attested *a,
                                enum assay_attested_phase p);
/* Where the collateral of the last verdict came from; only once open. */
enum assay_origin assay_attested_origin(const struct assay_attested *a);
const struct assay_collateral *
assay_attested_collateral(const struct assay_attested *a); /* or NULL */
/* The address that was reached; "" while connecting. */
const char *assay_attested_peer(const struct assay_attested *a);
