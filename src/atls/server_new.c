/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * server_new.c - making and freeing the server of an attested session.
 */
#include <stdlib.h>

#include "atls/server_state.h"

#define PLAIN_MAX_BYTES                                                        \
    (ASSAY_SESSION_PLAIN_MAX_BYTES + 2 * ASSAY_TLS_RECORD_MAX_BYTES)

enum assay_code
assay_server_new(const struct assay_ctx *ctx,
                 const struct assay_tls_identity *identity,
                 struct assay_server **out, struct assay_error *err)
{
    struct assay_server *s = NULL;

    *out = NULL;
    assay_error_clear(err);
    s = calloc(1, sizeof(*s));
    if (s == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "session: out of memory");
    }
    s->ctx = ctx;
    assay_error_clear(&s->error);
    assay_error_clear(&s->body_error);
    assay_queue_init(&s->plain, PLAIN_MAX_BYTES);
    assay_buf_init(&s->head, ASSAY_HTTP1_HEAD_MAX_BYTES);
    assay_buf_init(&s->content, ASSAY_WIRE_REQUEST_MAX_BYTES);
    assay_reply_evidence_init(&s->client.evidence);
    s->facts.wire = ASSAY_WIRE_V2;
    if (assay_tls_server_new(ctx, identity, &s->tls, err) != ASSAY_OK) {
        assay_server_free(s);
        return err->code;
    }
    *out = s;
    return ASSAY_OK;
}

void
assay_server_free(struct assay_server *s)
{
    if (s != NULL) {
        assay_tls_free(s->tls);
        assay_queue_free(&s->plain);
        assay_buf_free(&s->head);
        assay_buf_free(&s->content);
        assay_appraisal_free(&s->client);
        free(s);
    }
}
