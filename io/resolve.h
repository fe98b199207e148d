/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * resolve.h - the addresses of a host, in the order in which they are tried.
 */
#pragma once

#include "io/dial.h"
#include "io/race.h"

struct assay_addresses {
    struct sockaddr_storage list[ASSAY_RACE_ADDRESSES_MAX];
    size_t count;
};

/* False if it is no IP address. The port is decimal. */
bool assay_resolve_ip(const char *ip, const char *port,
                      struct sockaddr_storage *out);

/* "HOST:PORT:ADDRESS" of curl's --resolve, an IPv6 address perhaps in brackets.
 * The text is cut into what *out points to. ASSAY_INVALID. */
ASSAY_MUST_CHECK enum assay_code
assay_resolve_parse(char *text, struct assay_dial_resolve *out,
                    struct assay_error *err);

/* Addresses that need no look-up: an IP address is its own, localhost is on
 * this machine, whatever the system's files and servers say of it, and
 * overrides may name several for a host, of which the first that fit are taken.
 * out->count is 0 if a look-up is needed. ASSAY_INVALID (an override that is no
 * IP address, or more than ASSAY_DIAL_RESOLVE_MAX of them). */
ASSAY_MUST_CHECK enum assay_code
assay_resolve_known(const struct assay_address *host,
                    const struct assay_dial_resolve *overrides,
                    size_t override_count, struct assay_addresses *out,
                    struct assay_error *err);

/* What a look-up found: families in turn, beginning with that of the first
 * (RFC 8305, section 4), otherwise in the order of the system. */
void assay_resolve_interleave(const struct addrinfo *found,
                              struct assay_addresses *out);
