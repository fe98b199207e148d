/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * target.h - what a request is about: its target and its host.
 */
#pragma once

#include "base/bytes.h"

/* One of the forms of RFC 9112, section 3.2, that goes with the method, within
 * ASSAY_HTTP1_TARGET_MAX_BYTES. Absolute forms are "scheme://host[:port]...",
 * without user information. The bytes are known to be ASSAY_HTTP1_TARGET. */
bool assay_http1_target_is_good(struct assay_slice method,
                                struct assay_slice target);
/* "host[:port]" of an absolute form; empty for the other forms. */
struct assay_slice assay_http1_target_authority(struct assay_slice target);

/* "host[:port]": a name or IPv4 address of letters, digits and "-._~", or an
 * IPv6 address in brackets. Stricter than RFC 3986: no percent escapes and no
 * sub-delims (no name in DNS has them, and "a,b" may be two hosts to somebody),
 * and a colon has a port of 0 to 65535 behind it. */
bool assay_http1_host_is_good(struct assay_slice host);
