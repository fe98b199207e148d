/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pipe.h - all that one run of `assay pipe` owns.
 */
#pragma once

#include "get.h"
#include "io/inout.h"

struct pipe {
    struct get get;     /* what the session rests on, and how it ended */
    uv_timer_t answer;  /* of the server, to the request */
    uv_timer_t max_age; /* of the evidence */
    struct assay_inout *in;
    struct assay_inout *out;
    bool renewed;   /* the evidence, before the request */
    size_t scanned; /* of the response's head */
    unsigned interim;
    bool raw;       /* the server has switched */
    bool in_ended;  /* and the server was told */
    bool out_ended; /* so has the server */
};

/* What the connection and the descriptors ask for: pipe_flow.c. */
void pipe_on_open(void *user);
void pipe_on_data(void *user);
void pipe_on_drained(void *user);
void pipe_on_closed(void *user);
