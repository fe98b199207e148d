/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * raw_server.h - a TLS server that says whatever a test wants it to say.
 */
#pragma once

#include "atls/tls.h"
#include "harness/pair.h"

struct raw_server {
    const struct pair_platform *p;
    struct assay_tls *tls;
    struct assay_queue plain; /* what the client said */
};

static inline void
raw_make(struct raw_server *r, const struct pair_platform *p)
{
    struct assay_error err;

    r->p = p;
    assay_error_clear(&err);
    assay_queue_init(&r->plain, 1u << 20);
    pair_need(assay_tls_server_new(p->ctx, p->identity, &r->tls, &err) ==
                  ASSAY_OK,
              &err);
}

static inline void
raw_free(struct raw_server *r)
{
    assay_tls_free(r->tls);
    assay_queue_free(&r->plain);
}

/* Moves everything both ways until nothing moves; at most `step` bytes at a
 * time towards the client. */
static inline void
raw_run(struct raw_server *r, struct assay_client *c, size_t step)
{
    struct assay_error err;
    bool moved = true;

    while (moved) {
        struct assay_slice up = assay_client_output(c);
        struct assay_slice down;
        size_t used = 0;

        assay_error_clear(&err);
        (void)!assay_tls_feed(r->tls, up, &used, &r->plain, 1u << 18, &err);
        assay_client_sent(c, up.len);
        moved = up.len > 0;
        down = assay_queue_slice(assay_tls_output(r->tls));
        down.len = down.len < step ? down.len : step;
        if (down.len > 0) {
            used = 0;
            (void)!assay_client_feed(c, down, &used, &err);
            assay_queue_take(assay_tls_output(r->tls), used);
            moved = moved || used > 0;
        }
    }
}

static inline void
raw_say(struct raw_server *r, struct assay_slice plain)
{
    struct assay_error err;

    assay_error_clear(&err);
    while (plain.len > 0) {
        struct assay_slice part = {plain.ptr,
                                   plain.len < 65536 ? plain.len : 65536};

        pair_need(assay_tls_write(r->tls, part, &err) == ASSAY_OK, &err);
        plain.ptr += part.len;
        plain.len -= part.len;
    }
}

/* Good evidence for this session, as a reply, with one more member (or none),
 * and `more` behind it. */
static inline void
raw_say_evidence(struct raw_server *r, const struct assay_client *c,
                 const char *member, const char *more)
{
    struct assay_session_facts f = assay_client_facts(c);
    struct pair_evidence e;
    struct assay_buf body;
    struct assay_buf text;
    struct assay_json_out o;

    pair_evidence_make(&e, r->p, f.report_data);
    assay_buf_init(&body, MINT_DOCUMENT_MAX);
    assay_buf_init(&text, MINT_DOCUMENT_MAX);
    assay_json_out_init(&o, &body, true);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_open(&o, "quote", '{');
    assay_json_out_hex(&o, "quote", assay_buf_slice(&e.quote));
    assay_json_out_string(&o, "event_log", assay_buf_slice(&e.log));
    assay_json_out_close(&o, '}');
    assay_buf_printf(&body, "%s%s", member[0] != '\0' ? "," : "", member);
    assay_json_out_close(&o, '}');
    assay_buf_printf(&text,
                     "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%.*s%s",
                     body.len, (int)body.len, (const char *)body.ptr, more);
    raw_say(r, assay_buf_slice(&text));
    pair_evidence_free(&e);
    assay_buf_free(&body);
    assay_buf_free(&text);
}
