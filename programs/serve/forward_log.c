/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forward_log.c - what a request leaves in the log.
 */
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
forward_warn(const struct forward *f, const char *event,
             const struct assay_error *why)
{
    struct backend *b = f->pipe ? f->options->pipe : f->options->backend;

    seldom_failure(&b->failures, uv_now(b->loop), f->options->log, event, why);
}

void
forward_log(const struct forward *f, const char *end)
{
    requests_tell(f->options->requests,
                  &(struct request){
                      .peer = f->peer,
                      .method = f->request.method,
                      .path = path_of(f->request.target),
                      .status = f->status,
                      .bytes = f->answer_len,
                      .ms = uv_now(f->options->backend->loop) - f->started_ms,
                      .end = end,
                  });
}
