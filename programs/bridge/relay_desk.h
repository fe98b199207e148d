/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * relay_desk.h - where visits ask the collateral relay.
 */
#pragma once

#include "daemon/seldom.h"
#include "relay.h"
#include "visit.h"

struct relay_desk {
    struct relay_loop *loop;
    struct relay_settings settings; /* for those who ask from now on */
    struct visit_relay relay;       /* for struct visits */
    uv_loop_t *clock;
    const struct log *log;
    struct seldom failures; /* of sources */
};

/* It stays where it is. The clock is the relay's loop. */
void relay_desk_open(struct relay_desk *d, struct relay_loop *loop,
                     uv_loop_t *clock, const struct log *log);
