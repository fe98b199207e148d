/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * agent_call.h - a call of the guest agent under way; what fails sticks in
 * body.err and becomes the answer.
 */
#pragma once

#include "body.h"
#include "sim.h"

struct sim_call {
    struct sim *sim;
    const struct assay_http_request *request;
    struct sim_body body;
    struct assay_json_out out; /* the answer: an object that is open */
};

static inline struct assay_error *
sim_call_err(struct sim_call *c)
{
    return &c->body.err;
}

static inline struct mint_guest *
sim_call_guest(const struct sim_call *c)
{
    return mint_machine_guest(c->sim->machine);
}

void sim_call_get_key(struct sim_call *c);
void sim_call_get_tls_key(struct sim_call *c);
/* Member app_cert: the agent's own certificate, key number 0. */
void sim_call_put_app_cert(struct sim_call *c);
