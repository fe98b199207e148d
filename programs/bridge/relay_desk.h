/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * relay_desk.h - where visits ask the collateral relay.
 */
#pragma once

#include "relay.h"
#include "visit.h"

struct relay_desk {
    struct relay_loop *loop;
    struct relay_settings settings; /* for those who ask from now on */
    struct visit_relay relay;       /* for struct visits */
};

/* It stays where it is. */
void relay_desk_open(struct relay_desk *d, struct relay_loop *loop);
