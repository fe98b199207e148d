/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * veil_state.h - the inside of a veil, for its two ways.
 */
#pragma once

#include "held.h"
#include "io/socket_name.h"
#include "veil.h"
#include "veil_tls.h"

/* From the client to the plain end. */
struct unveiling {
    struct held held;
    bool pending; /* OpenSSL has more that came */
    bool done;    /* nothing more comes */
    bool shut;    /* and the plain end knows */
    bool deaf;    /* the plain end takes nothing more; what comes is dropped */
};

/* From the plain end to the client. */
struct veiling {
    struct held held; /* sealed */
    bool done;        /* nothing more comes, and close_notify is on its way */
    bool shut;        /* and the client's connection is shut down */
    bool deaf;        /* the client takes nothing more */
};

struct veil {
    struct veils *all;
    struct veil *next;
    struct veil **link; /* what points here */
    struct certificate *certificate;
    struct veil_tls tls;
    uv_poll_t client;
    uv_poll_t plain;
    uv_timer_t timer;
    int client_fd;
    int plain_fd;
    int client_events; /* what is being polled for */
    int plain_events;
    unsigned handles; /* that are not closed yet */
    bool ready;       /* the handshake is done */
    bool broken;      /* something is lost: both ends are closed at once */
    bool ending;      /* the plain end has ended, and the timer runs */
    struct unveiling up;
    struct veiling down;
    char peer[ASSAY_SOCKET_NAME_BYTES];
};

/* veil.c */
void veil_tell(const struct veil *v, enum veil_event event, const char *detail);
/* The plain end has ended, or the client has taken something since then. */
void veil_wait_for_end(struct veil *v);

/* veil_pumps.c */
veil_tls_sink veil_take_sealed;
/* What this turn has sealed, to the client. */
void veil_send_sealed(struct veil *v);
void veil_up(struct veil *v);
void veil_down(struct veil *v);
