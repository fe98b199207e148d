/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * client_evidence.c - evidence of this side, where the server asks for it:
 * between the verdict on the server and OPEN.
 */
#include "atls/client_state.h"

/* Of a server's answer: {"success":true}, or an error. */
#define ANSWER_MAX_BYTES (64u * 1024u)

/* --- what the server wants ---------------------------------------------- */

void
assay_client_open(struct assay_client *c)
{
    c->facts.attested_ms = c->nonce_ms;
    c->facts.attestations++;
    c->state = ASSAY_CLIENT_OPEN;
    if (assay_queue_len(&c->plain) == 0) {
        assay_queue_free(&c->plain); /* it may stay open for days */
    }
}

enum assay_code
assay_client_trust(struct assay_client *c, struct assay_error *err)
{
    const struct assay_reply_evidence *e = &c->server.evidence;

    c->facts.mutual = false;
    /* Older wires know nothing of it. */
    if (!e->has_client_nonce || c->o.wire != ASSAY_WIRE_V2) {
        assay_client_open(c);
        return ASSAY_OK;
    }
    if (assay_slice_equal(
            ASSAY_SLICE(e->client_nonce),
            (struct assay_slice){c->facts.nonce, ASSAY_CLIENT_NONCE_BYTES})) {
        return assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                          "quote reply: the server sends our own nonce back "
                          "as its own");
    }
    if (assay_wire_bind_client(c->o.ctx, e->client_nonce, c->facts.exporter,
                               c->report_data, err) == ASSAY_OK) {
        c->state = ASSAY_CLIENT_NEED_EVIDENCE;
    }
    return err->code;
}

void
assay_client_report_data(const struct assay_client *c, uint8_t out[64])
{
    memset(out, 0, 64);
    if (c->state == ASSAY_CLIENT_NEED_EVIDENCE) {
        memcpy(out, c->report_data, 64);
    }
}

/* --- giving it ---------------------------------------------------------- */

static void
send_evidence(struct assay_client *c, const struct assay_buf *body,
              struct assay_error *err)
{
    struct assay_buf head;

    assay_buf_init(&head, ASSAY_CLIENT_REQUEST_MAX_BYTES);
    assay_wire_head(ASSAY_WIRE_CLIENT_PATH, c->name, body->len, &head);
    if (assay_buf_check(&head, "client evidence", err) == ASSAY_OK &&
        assay_tls_write(c->tls, assay_buf_slice(&head), err) == ASSAY_OK) {
        (void)!assay_tls_write(c->tls, assay_buf_slice(body), err);
    }
    assay_buf_free(&head);
}

enum assay_code
assay_client_give_evidence(struct assay_client *c,
                           const struct assay_quote_reply *evidence,
                           struct assay_error *err)
{
    struct assay_buf body;

    assay_error_clear(err);
    if (c->state != ASSAY_CLIENT_NEED_EVIDENCE) {
        return assay_client_refuse(err, c, "give evidence");
    }
    assay_buf_init(&body, ASSAY_WIRE_CLIENT_EVIDENCE_MAX_BYTES);
    if (assay_client_evidence_write(evidence, c->report_data, &body, err) ==
        ASSAY_OK) {
        send_evidence(c, &body, err);
        if (err->code != ASSAY_OK) { /* half of it may be on its way */
            (void)assay_client_fail(c, err, false);
        } else {
            assay_reply_reader_free(&c->reader);
            assay_reply_reader_init(&c->reader, "client evidence",
                                    ANSWER_MAX_BYTES);
            c->state = ASSAY_CLIENT_EVIDENCE;
        }
    }
    assay_buf_free(&body);
    return err->code;
}

/* --- the answer --------------------------------------------------------- */

static bool
is_success(struct assay_slice body, struct assay_error *err)
{
    struct assay_json *doc = NULL;
    bool success = false;

    if (assay_json_parse(body, &assay_evidence_limits, "client evidence", &doc,
                         err) == ASSAY_OK) {
        success = assay_json_type(doc, assay_json_member(doc, ASSAY_JSON_ROOT,
                                                         "success")) ==
                  ASSAY_JSON_TRUE;
    }
    assay_json_free(doc);
    return success;
}

void
assay_client_step_evidence(struct assay_client *c, struct assay_error *err)
{
    bool done = false;

    if (assay_reply_reader_take(&c->reader, &c->plain, &done, err) !=
        ASSAY_OK) {
        if (c->reader.status >= 400 && err->code == ASSAY_REPLY) {
            err->code = ASSAY_REFUSED;
        }
        return;
    }
    if (!done) {
        return;
    }
    if (!is_success(assay_buf_slice(&c->reader.content), err)) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "client evidence: the server's answer is no success");
        return;
    }
    assay_reply_reader_free(&c->reader);
    assay_client_step_waiting(c, err);
    if (err->code == ASSAY_OK) {
        c->facts.mutual = true;
        assay_client_open(c);
    }
}
