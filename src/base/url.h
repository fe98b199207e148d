/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * url.h - the little about URLs that fetching collateral needs.
 */
#pragma once

#include "assay/bytes.h"

#define ASSAY_URL_MAX_BYTES 2048u

/* The base of a collateral source as a person wrote it: https:// or http://
 * (plain http only because it was asked for by name), a host, perhaps a path;
 * no query, no fragment, no white space, nothing above ASCII.
 * ASSAY_INVALID. */
ASSAY_MUST_CHECK enum assay_code assay_url_check_base(const char *url,
                                                      struct assay_error *err);

/* For messages: without user name and password. Always terminated; cut where
 * it does not fit. */
void assay_url_show(const char *url, char *out, size_t out_size);

#define ASSAY_URL_INTEL_API "https://api.trustedservices.intel.com"

/* Appends the URL of a path of the PCS API, "/sgx/certification/v4/...", at a
 * source: "" is Intel's own service. Where the paths start: people write a PCCS
 * with or without the slash and with or without "/sgx/certification/v4", as
 * Intel's own settings do. A PCCS's ".../rootcacrl" is at another host of
 * Intel's. */
void assay_url_put_source(struct assay_buf *url, const char *source,
                          const char *path);

/* RFC 3986 section 2.1: %XX becomes a byte, '+' stays '+'. Appends to *out.
 * ASSAY_MALFORMED with the offset of an incomplete or non-hex escape, or of
 * %00. */
ASSAY_MUST_CHECK enum assay_code assay_percent_decode(struct assay_slice in,
                                                      struct assay_buf *out,
                                                      const char *field,
                                                      struct assay_error *err);
