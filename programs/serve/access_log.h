/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * access_log.h - one line for each request. No query, field or body of it.
 */
#pragma once

#include "assay/bytes.h"

struct access_log; /* opaque; shared by threads */

/* "off", "stderr", or a file, which is appended to. ASSAY_IO, ASSAY_NO_MEMORY.
 */
ASSAY_MUST_CHECK enum assay_code access_log_open(const char *where, bool json,
                                                 struct access_log **out,
                                                 struct assay_error *err);
/* The file of this name from now on, where another was moved away. If it
 * cannot be had, lines go where they went. ASSAY_IO. */
ASSAY_MUST_CHECK enum assay_code access_log_reopen(struct access_log *a,
                                                   struct assay_error *err);
void access_log_close(struct access_log *a); /* NULL is fine */

struct request {
    const char *peer;
    struct assay_slice method;
    struct assay_slice path; /* without query */
    unsigned status;         /* 0: there was no answer */
    uint64_t bytes;          /* of the answer's body */
    uint64_t ms;
    const char *end; /* "whole", "cut", "switched" */
};
/* In one piece, so that no other line gets into it, and without waiting for
 * whoever reads a pipe. False: it is lost. */
bool access_log_write(struct access_log *a, const struct request *r,
                      int64_t now_s);
