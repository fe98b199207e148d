/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * denial.h - every answer to a request for a tunnel but 101.
 */
#pragma once

#include "assay/bytes.h"

enum denial {
    ADMITTED,
    DENIED_REQUEST,         /* 400: it is no HTTP, or no WebSocket handshake */
    DENIED_TARGET_FORM,     /* 400: the target cannot be read */
    DENIED_TOKEN,           /* 401 */
    DENIED_ORIGIN,          /* 403 */
    DENIED_TARGET,          /* 403: not in the allowlist */
    DENIED_ADDRESS,         /* 403: its name leads to guarded addresses only */
    DENIED_PATH,            /* 404 */
    DENIED_METHOD,          /* 405 */
    DENIED_SLOW,            /* 408: its head did not come in time */
    DENIED_LONG,            /* 431: its head is too long */
    DENIED_NO_UPGRADE,      /* 426: it asks for no WebSocket, or another one */
    DENIED_RATE,            /* 429: too many of this address, for now */
    DENIED_CROWD,           /* 429: this address has all that it may have */
    DENIED_UNKNOWN_NAME,    /* 502: DNS has no address */
    DENIED_NOT_CONNECTED,   /* 502 */
    DENIED_FULL,            /* 503: as many connections as there may be */
    DENIED_TARGET_FULL,     /* 503: ... of this target */
    DENIED_DRAINING,        /* 503 */
    DENIED_INTERNAL,        /* 503: no memory or descriptors */
    DENIED_CONNECT_TIMEOUT, /* 504: DNS or the target did not answer in time */
    DENIED_GONE,            /* no answer: the client did not wait for it */
    RELAYED,                /* the relay has answered: no tunnel was wanted */
    DENIALS,
};

unsigned denial_status(enum denial d); /* 0: there was no answer */
/* "target_denied", ...: for programs, logs and metrics. */
const char *denial_code(enum denial d);

/* Appends the whole answer (of a denial that has one), behind which the
 * connection is closed: JSON
 * {"error":{"code":...,"message":...}} with what browsers let a page know,
 * which is nothing. `why` is a sentence of ours, or NULL for the usual one. */
void denial_put(enum denial d, const char *why, struct assay_buf *to);
