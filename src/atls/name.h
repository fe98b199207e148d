/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * name.h - what a server may be called: DNS names and IP addresses.
 */
#pragma once

#include "base/bytes.h"

/* An IPv4 address in dotted decimal, or anything with a colon, which in a
 * valid name (below) means IPv6. */
bool assay_name_is_ip(const char *name);
/* LDH labels (RFC 5890; IDNs as A-labels) or an IP address; no trailing dot,
 * no port, no brackets; at most ASSAY_SERVER_NAME_MAX_BYTES. */
bool assay_name_is_valid(const char *name);
