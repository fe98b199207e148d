/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * target.h - where a client wants to be connected to, in one spelling.
 */
#pragma once

#include "base/host.h"
#include "daemon/cidr.h"

#define TARGET_DEFAULT_PORT 443u
#define TARGET_TEXT_BYTES   (ASSAY_HOST_NAME_MAX_BYTES + 9u) /* with the NUL */

struct target {
    char host[ASSAY_HOST_NAME_MAX_BYTES + 1]; /* lower case, no trailing dot; an
                                                 IP address as it is compared,
                                                 no brackets */
    uint16_t port;
    bool is_ip;
    struct cidr_ip ip; /* if is_ip; an IPv4-mapped address is IPv4 */
};

/* "host:port", "[IPv6]:port", or either without a port, which is 443 then. Two
 * spellings of one target come out equal. ASSAY_INVALID, saying why. */
ASSAY_MUST_CHECK enum assay_code target_parse(struct assay_slice text,
                                              struct target *out,
                                              struct assay_error *err);
/* The one parameter "target" of a request target's query ("/?target=..."), with
 * percent escapes; *found is false without one. Two of them, or what is no
 * target: ASSAY_INVALID, ASSAY_MALFORMED (an escape). */
ASSAY_MUST_CHECK enum assay_code
target_of_query(struct assay_slice request_target, struct target *out,
                bool *found, struct assay_error *err);

/* "host:port" or "[IPv6]:port". */
void target_text(const struct target *t, char out[TARGET_TEXT_BYTES]);
bool target_same(const struct target *a, const struct target *b);
