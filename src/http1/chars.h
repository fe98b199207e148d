/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * chars.h - which bytes may stand where in a head.
 *
 * CR and LF are in no class, so that a run of any class ends at the latest
 * where the line does.
 */
#pragma once

#include "base/ascii.h"
#include "base/bytes.h"

enum assay_http1_class {
    ASSAY_HTTP1_TOKEN = 1,  /* tchar: RFC 9110, section 5.6.2 */
    ASSAY_HTTP1_TEXT = 2,   /* in values and reasons: HTAB, SP, VCHAR, obs-text
                               (RFC 9110, section 5.5) */
    ASSAY_HTTP1_TARGET = 4, /* visible ASCII without '#': a fragment is never
                               sent, and some readers cut the target there */
    ASSAY_HTTP1_NAME = 8,   /* in names of hosts: unreserved of RFC 3986 */
};

extern const uint8_t assay_http1_classes[256];

static inline bool
assay_http1_is(uint8_t c, enum assay_http1_class class)
{
    return (assay_http1_classes[c] & class) != 0;
}

static inline bool
assay_http1_is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* Every byte of the slice is of this class; true for an empty one. */
bool assay_http1_all(struct assay_slice s, enum assay_http1_class class);
/* Same ASCII letters without case, and same other bytes. */
bool assay_http1_same(struct assay_slice a, struct assay_slice b);
/* Without blanks around it. */
struct assay_slice assay_http1_trim(struct assay_slice s);
