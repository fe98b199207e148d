/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cidr.h - ranges of IP addresses, as people write them: "10.0.0.0/8,::1".
 */
#pragma once

#include "base/bytes.h"

/* An address; IPv4 as IPv6 has it (::ffff:0:0/96). */
struct cidr_ip {
    uint8_t octets[16];
};

/* Of "127.0.0.1:8443" or "[::1]:80", as streams name peers; false for any
 * other, and where there is a zone. */
bool cidr_ip_of(const char *peer, struct cidr_ip *out);
/* ASSAY_INVALID: something in the list is no range (an address, "/" and a
 * length; no octets behind it; without "/", the one address). */
ASSAY_MUST_CHECK enum assay_code cidr_check(const char *list,
                                            struct assay_error *err);
/* Is the address in one of them? The list has been checked. */
bool cidr_has(const char *list, const struct cidr_ip *ip);
