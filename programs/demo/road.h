/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * road.h - the network between bridge and server: one address, behind which
 * somebody may turn the way.
 */
#pragma once

#include "io/address.h"
#include "io/stream.h"

#define ROAD_TRIPS_MAX 64u /* at a time; more are turned away */

struct road; /* opaque */

/* On a free port of 127.0.0.1; it leads nowhere yet. Errors of assay_listen().
 */
ASSAY_MUST_CHECK enum assay_code road_new(uv_loop_t *loop, struct road **out,
                                          struct assay_error *err);
void road_free(struct road *r); /* NULL is fine */
const char *road_address(const struct road *r);
/* From now on it leads there (NULL: nowhere). Who is on it is cut off. */
void road_lead(struct road *r, const struct assay_address *to);
