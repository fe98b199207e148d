/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * get_request.h - the request of `assay get` as it goes over the wire.
 */
#pragma once

#include "http1/uri.h"
#include "programs/assay/options.h"

/* "GET" by default, "POST" where there is a body; after a redirect by a status
 * that says so (303, and 301 or 302 of a POST) "GET" without a body. */
struct get_request {
    const char *method;
    struct assay_slice body;
    bool has_body;
};

/* Appends head and body. ASSAY_INVALID (a field that breaks the format),
 * ASSAY_TOO_LARGE, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code get_request_write(const struct get_request *r,
                                                   const struct assay_uri *uri,
                                                   const struct get_options *o,
                                                   struct assay_buf *out,
                                                   struct assay_error *err);
/* What follows a redirect with this status. */
void get_request_redirect(struct get_request *r, unsigned status);
