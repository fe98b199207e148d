/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * keep_alive.h - what a server says of how long its connection stays, beside
 * whether it does: "Keep-Alive: timeout=5, max=100" (RFC 2068,
 * section 19.7.1.1, and what servers made of it). No I/O.
 */
#pragma once

#include "http1/http1.h"

struct keep_alive {
    bool has_timeout;
    uint32_t wait_ms; /* how long to let it wait at the most; 0: not at all */
    bool has_max;
    uint32_t more; /* requests that may follow this one */
};

/* Where it says more than one thing, the least counts; what cannot be read is
 * as if it were not there. */
void keep_alive_read(const struct assay_http1_head *response,
                     struct keep_alive *out);
