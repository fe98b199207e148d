/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * own.c - requests that a session answers itself, in the access log and the
 * counters: for evidence, with evidence, and those that it refuses.
 */
#include "base/bytes.h"
#include "client.h"

/* What was asked in this state is answered later. */
static bool
is_asked(const struct connection *c)
{
    enum assay_server_state s = assay_server_state(c->session);

    return s == ASSAY_SERVER_QUOTE || s == ASSAY_SERVER_NEED_COLLATERAL ||
           s == ASSAY_SERVER_APPRAISE;
}

/* Of a head that could not be read, nothing is known. */
static struct assay_slice
text_of(const char *text)
{
    return assay_slice_of(text[0] != '\0' ? text : "-");
}

void
own_tell(struct connection *c)
{
    const struct assay_server_answered *a = assay_server_answered(c->session);
    struct requests *to = &c->all->requests;
    uint64_t now_ms = uv_now(c->all->loop);
    uint64_t took_ms = c->asked_ms != 0 ? now_ms - c->asked_ms : 0;

    if (a->count != c->own_answers) {
        /* Several at once are refusals of heads that came together: the last
         * of them has a line, all are counted. */
        for (uint64_t n = c->own_answers + 1; n < a->count; n++) {
            metrics_request(to->metrics, a->status, true);
        }
        c->requests += (unsigned)(a->count - c->own_answers);
        c->own_answers = a->count;
        c->asked_ms = 0;
        requests_tell(to, &(struct request){
                              .peer = assay_stream_peer(c->stream),
                              .method = text_of(a->method),
                              .path = text_of(a->path),
                              .status = a->status,
                              .bytes = a->body_len,
                              .ms = took_ms,
                              .end = "whole",
                          });
    }
    if (c->asked_ms == 0 && is_asked(c)) {
        c->asked_ms = now_ms;
    }
}
