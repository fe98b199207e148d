/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * page.h - the page of GET /: what the document of GET /.well-known/assay says,
 * for people. One HTML text that works without scripts and asks nobody for
 * anything. No I/O in here.
 */
#pragma once

#include "base/buf.h"

/* For Content-Security-Policy. The style is part of the page, and is the only
 * thing that a browser may use. */
#define PAGE_SECURITY_POLICY                                                   \
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "         \
    "form-action 'none'; frame-ancestors 'none'"

#define PAGE_DOCUMENT_MAX_BYTES (64u * 1024u * 1024u)

/* Appended. A document that cannot be read makes a page that says so. */
void page_put(struct assay_slice document, struct assay_buf *to);
