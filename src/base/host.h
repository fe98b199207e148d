/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * host.h - what a host may be called: DNS names and IP addresses, in the one
 * spelling that no two readers take for different hosts.
 */
#pragma once

#include "base/bytes.h"

#define ASSAY_HOST_NAME_MAX_BYTES 253u
#define ASSAY_HOST_IPV6_TEXT      40u /* with the NUL */

/* Four numbers from 0 to 255 in decimal, without leading zeros. */
bool assay_host_ipv4(struct assay_slice text, uint8_t out[4]);
/* RFC 4291, section 2.2, all three forms; no zone, no brackets. */
bool assay_host_ipv6(struct assay_slice text, uint8_t out[16]);
/* As RFC 5952 has it, in hex only: equal addresses, equal texts. */
void assay_host_ipv6_text(const uint8_t ip[16], char out[ASSAY_HOST_IPV6_TEXT]);
/* LDH labels (RFC 5890; IDNs as A-labels) and underscores, at most
 * ASSAY_HOST_NAME_MAX_BYTES, without a trailing dot. A last label that is a
 * number is refused: resolvers read "127.1", "2130706433" and "0x7f000001" as
 * addresses. */
bool assay_host_is_dns(struct assay_slice text);
/* "localhost" and names below it, in either case: they mean this machine and
 * are nobody's to answer for (RFC 6761, section 6.3). */
bool assay_host_is_localhost(struct assay_slice text);
