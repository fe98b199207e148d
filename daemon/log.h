/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * log.h - one line per event on standard error, as text or JSON.
 *
 * Nothing of a request but its method and path is logged: no query, no fields,
 * no body, no key.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "assay/bytes.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

struct log {
    bool json;
    atomic_bool verbose; /* LOG_DEBUG too; a reload may change it */
};

struct assay_buf;

struct log_field {
    const char *name;
    struct assay_slice value;
};

/* Would an event of this level be written? */
bool log_wants(const struct log *log, enum log_level level);
/* Nobody waits for standard error: what it does not take at once is lost, and
 * the next line says how many. `event` is a word or two of ours; values may be
 * a stranger's. */
void log_event(const struct log *log, enum log_level level, const char *event,
               const struct log_field *fields, size_t count);
/* The usual one: an event and why. */
void log_failure(const struct log *log, enum log_level level, const char *event,
                 const struct assay_error *why);
/* Such a line, LF included, for somewhere else. */
void log_put(bool json, enum log_level level, const char *event,
             const struct log_field *fields, size_t count,
             struct assay_buf *to);
