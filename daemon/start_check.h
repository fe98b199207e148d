/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * start_check.h - --check of every daemon: what a start would do.
 */
#pragma once

#include "assay/assay.h"
#include "daemon/log.h"
#include "daemon/sandbox.h"
#include "daemon/settings.h"

/* Can its sockets (NULL: none) and files be made, and can it close itself in?
 * ASSAY_IO, ASSAY_UNSUPPORTED, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
start_check(const struct settings *all, const struct given *g, enum sandbox how,
            const struct assay_address *const *sockets, size_t count,
            struct assay_error *err);

/* TLS roots (PEM) that every fetch reads anew: can they be read, and is one in
 * the file? Later that would only be a note in the log. As assay_file_read(),
 * and ASSAY_INVALID. */
ASSAY_MUST_CHECK enum assay_code start_try_roots(const char *file,
                                                 const struct assay_ctx *ctx,
                                                 struct assay_error *err);

/* A line, "what: host:port". */
void start_put_address(const char *what, const struct assay_address *a,
                       struct assay_buf *to);

/* A private key that every user of the machine may read or write: that is said,
 * in a line or in the log, and it is used all the same. */
void start_describe_key(const char *file, struct assay_buf *to);
void start_warn_of_key(const char *file, const struct log *log);
