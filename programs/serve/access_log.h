/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * access_log.h - one line for each request. No query, field or body of it.
 */
#pragma once

#include "assay/bytes.h"

struct journal;

struct request {
    const char *peer;
    struct assay_slice method;
    struct assay_slice path; /* without query */
    unsigned status;         /* 0: there was no answer */
    uint64_t bytes;          /* of the answer's body */
    uint64_t ms;
    const char *end; /* "whole", "cut", "switched" */
};
/* As JSON, or in the Common Log Format. False: it is lost. */
bool access_log_write(struct journal *to, bool json, const struct request *r,
                      int64_t now_s);
