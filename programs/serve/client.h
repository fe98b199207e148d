/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * client.h - one client, for connection.c (what moves), welcome.c (who it is),
 * serving.c (what it asks for), own.c (what its session has answered) and
 * wait.c (what is waited for).
 */
#pragma once

#include "base/queue.h"
#include "connection.h"
#include "io/socket_name.h"

/* What a connection waits for. */
enum wait {
    WAIT_FOREVER, /* for something that has a time limit of its own */
    WAIT_HANDSHAKE,
    WAIT_REQUEST, /* nothing of it has come */
    WAIT_HEAD,
    WAIT_BODY,
    WAIT_BACKEND,
    WAIT_COLLATERAL, /* of the client's evidence */
    WAIT_RAW,        /* behind a switch of protocols, for anything */
    WAIT_CLIENT,     /* to take what was written */
    WAIT_LINGER,     /* for the client's own end */
};

struct connection {
    struct connections *all;
    struct site *site; /* held */
    struct connection *next;
    struct connection *previous;
    struct assay_stream *stream;
    struct assay_server *session;
    struct assay_slice fresh; /* ciphertext, while its event is handled */
    struct assay_queue in;    /* what the session had no room for */
    bool preface;             /* a PROXY header is due, before anything else */
    bool trusted;             /* a proxy whose X-Forwarded-* hold */
    char local[ASSAY_SOCKET_NAME_BYTES]; /* what it connected to */
    struct crowd_member *place;
    unsigned requests; /* answered */
    struct quote_call *quote;
    uint64_t own_answers;    /* of the session, that were told of */
    uint64_t asked_ms;       /* when the first of them to come was asked for */
    struct clients *clients; /* held; NULL where it need not attest */
    struct judgement *judgement; /* of its evidence, while it waits */
    struct forward *forward;
    uv_timer_t timer;
    bool greeted;   /* TLS is set up */
    bool eof;       /* of the client */
    bool deaf;      /* nothing is read from it for now */
    bool ended;     /* our own: shutdown was called */
    bool cut;       /* once written, it ends without TLS's goodbye */
    uint64_t taken; /* octets of ciphertext, in */
    uint64_t written;
    /* when the session last became idle or wrote: */
    enum assay_server_state idle_state;
    uint64_t idle_written;
    uint64_t idle_taken;
    /* what is waited for */
    enum wait wait;
    uint64_t mark;
    uint64_t deadline_ms; /* of the loop; the timer may wake before it */
};

/* How much may be written to the client now. */
size_t connection_room(const struct connection *c);
/* Its session is over: what is left to do is to wind up. */
bool connection_is_over(const struct connection *c);
/* Moves what can be moved; it may be gone afterwards. */
void connection_turn(struct connection *c);
void connection_close(struct connection *c);

/* Who it is, is known: whom it speaks for, and whether it gets a place; else it
 * is cut off (welcome.c). */
void welcome_client(struct connection *c);
/* The same once the PROXY header at the front of what has come is whole. */
void welcome_behind_preface(struct connection *c);

/* Does what the session asks for; false if nothing has moved (serving.c). */
bool serving_move(struct connection *c);

/* Tells of what the session has answered itself (own.c). */
void own_tell(struct connection *c);

/* Sets the timer for what is waited for now (wait.c). */
void wait_begin(struct connection *c);
