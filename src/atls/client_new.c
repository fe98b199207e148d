/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * client_new.c - making and freeing the client of an attested session.
 */
#include <stdio.h>
#include <stdlib.h>

#include "atls/client_state.h"
#include "atls/name.h"

#define CERTIFICATE_MAX_BYTES (64u * 1024u)
/* A record may be on its way when the room is used up. */
#define PLAIN_MAX_BYTES                                                        \
    (ASSAY_SESSION_PLAIN_MAX_BYTES + 2 * ASSAY_TLS_RECORD_MAX_BYTES)

struct assay_requirement
assay_client_requirement(const struct assay_client_options *o)
{
    return (struct assay_requirement){o->verifier, o->root, o->policy};
}

static void
check_options(const struct assay_client_options *o, struct assay_now now,
              struct assay_error *err)
{
    const struct assay_requirement by = assay_client_requirement(o);
    bool allowed = false;

    if (o->ctx == NULL || o->roots == NULL || o->server_name == NULL) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "session: an input is missing");
    }
    if (assay_appraisal_check(&by, err) != ASSAY_OK) {
        return;
    }
    if (!assay_name_is_valid(o->server_name)) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "session: '%.80s' is no DNS name and no IP address",
                   o->server_name);
    }
    for (size_t i = 0; i < assay_policy_wire_count(o->policy); i++) {
        allowed = allowed || assay_policy_wire(o->policy, i) == o->wire;
    }
    if (!allowed) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "session: the policy does not allow this wire");
    }
    (void)!assay_appraisal_check_clock(o->verifier, now.wall_s, err);
}

void
assay_client_take_nonce(struct assay_client *c, struct assay_now now,
                        const uint8_t nonce[ASSAY_NONCE_BYTES])
{
    memset(c->facts.nonce, 0, sizeof(c->facts.nonce));
    memcpy(c->facts.nonce, nonce, c->wire->nonce_len);
    c->facts.nonce_len = c->wire->nonce_len;
    c->nonce_ms = now.mono_ms;
    c->appraised = false;
}

enum assay_code
assay_client_new(const struct assay_client_options *options,
                 struct assay_now now, const uint8_t nonce[ASSAY_NONCE_BYTES],
                 struct assay_client **out, struct assay_error *err)
{
    struct assay_client *c = NULL;
    bool self_signed;

    *out = NULL;
    assay_error_clear(err);
    check_options(options, now, err);
    if (err->code != ASSAY_OK) {
        return err->code;
    }
    c = calloc(1, sizeof(*c));
    if (c == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "session: out of memory");
    }
    c->o = *options;
    (void)snprintf(c->name, sizeof(c->name), "%s", options->server_name);
    c->o.server_name = c->name;
    c->wire = assay_wire_rule(options->wire);
    assay_error_clear(&c->error);
    assay_queue_init(&c->plain, PLAIN_MAX_BYTES);
    assay_reply_reader_init(&c->reader, "quote reply",
                            ASSAY_REPLY_BODY_MAX_BYTES);
    assay_reply_evidence_init(&c->server.evidence);
    assay_buf_init(&c->certificate, CERTIFICATE_MAX_BYTES);
    assay_client_take_nonce(c, now, nonce);
    self_signed = assay_policy_accepts_self_signed(options->policy);
    c->facts.wire = options->wire;
    c->facts.certificate_checked = !self_signed;

    const struct assay_tls_client_setup setup = {
        .ctx = options->ctx,
        .roots = options->roots,
        .check_certificate = !self_signed,
        .server_name = c->name,
        .now_s = now.wall_s,
    };

    if (assay_tls_client_new(&setup, &c->tls, err) != ASSAY_OK) {
        assay_client_free(c);
        return err->code;
    }
    *out = c;
    return ASSAY_OK;
}

void
assay_client_free(struct assay_client *c)
{
    if (c == NULL) {
        return;
    }
    assay_tls_free(c->tls);
    assay_queue_free(&c->plain);
    assay_reply_reader_free(&c->reader);
    assay_appraisal_free(&c->server);
    assay_buf_free(&c->certificate);
    free(c);
}
