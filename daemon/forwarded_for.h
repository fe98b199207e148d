/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forwarded_for.h - whom a proxy speaks for: X-Forwarded-For, of those who are
 * trusted with it.
 *
 * Each proxy adds, at the right, the address that it was connected to from. So
 * it is read from there, for as long as those who say it are trusted: what is
 * further left may be the client's own invention.
 */
#pragma once

#include "http1/http1.h"
#include "io/socket_name.h"

/* Who is trusted: ranges as in cidr.h, and "unix" for whoever connects to a
 * Unix socket. ASSAY_INVALID: something in the list is neither. */
ASSAY_MUST_CHECK enum assay_code forwarded_check(const char *list,
                                                 struct assay_error *err);
/* Is this peer, as streams name it? */
bool forwarded_trusts(const char *list, const char *peer);
/* The client behind a trusted peer, in the form of streams' names, with port 0
 * where none is said: the first from the right that is not trusted; if all are,
 * the last. Whoever says what is no address counts in its place. */
void forwarded_client(const char *list, const struct assay_http1_head *h,
                      const char *peer, char out[ASSAY_SOCKET_NAME_BYTES]);
