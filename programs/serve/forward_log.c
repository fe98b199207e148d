/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forward_log.c - what a request leaves in the log.
 */
#include <stdio.h>

#include "base/bytes.h"
#include "forward_state.h"

/* The path without its query, which may hold what is nobody's business. */
static struct assay_slice
path_of(struct assay_slice target)
{
    size_t query = assay_slice_find(target, "?");

    target.len = query == ASSAY_NO_OFFSET ? target.len : query;
    return target;
}

void
forward_log(const struct forward *f, const char *end)
{
    char status[16];
    char millis[24];
    char length[24];

    snprintf(status, sizeof(status), "%u", f->status);
    snprintf(millis, sizeof(millis), "%llu",
             (unsigned long long)(uv_now(f->options->backend->loop) -
                                  f->started_ms));
    snprintf(length, sizeof(length), "%llu", (unsigned long long)f->answer_len);
    log_event(f->options->log, LOG_DEBUG, "request",
              (struct log_field[]){
                  {"method", f->request.method},
                  {"path", path_of(f->request.target)},
                  {"status", assay_slice_of(status)},
                  {"bytes", assay_slice_of(length)},
                  {"ms", assay_slice_of(millis)},
                  {"end", assay_slice_of(end)},
              },
              6);
}
