/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * client.c - the client of an attested session: its flow.
 *
 * The flow is in assay_client_feed() and the step_* functions, one for each
 * state. OPEN is entered in one place, assay_client_appraise(), and left for
 * QUOTE in one, assay_client_reattest().
 */
#include <stdio.h>

#include "atls/client_state.h"

#define REQUEST_MAX_BYTES 1024u

/* --- failing ------------------------------------------------------------ */

/* Failures that are ours, wherever they show. */
static bool
is_local(enum assay_code code)
{
    return code == ASSAY_NO_MEMORY || code == ASSAY_CRYPTO;
}

/* For good: nothing but the alert goes out, nothing more comes in. */
enum assay_code
assay_client_fail(struct assay_client *c, const struct assay_error *why,
                  bool peer)
{
    if (c->state != ASSAY_CLIENT_FAILED) {
        c->state = ASSAY_CLIENT_FAILED;
        c->error = *why;
        c->peer_failed = peer && !is_local(why->code);
        c->in_message = false;
        if (c->tls != NULL) {
            assay_tls_close(c->tls);
        }
        assay_queue_free(&c->plain);
    }
    return c->error.code;
}

static enum assay_code
fail_peer(struct assay_client *c, const struct assay_error *why)
{
    return assay_client_fail(c, why, true);
}

enum assay_code
assay_client_refuse(struct assay_error *err, const struct assay_client *c,
                    const char *what)
{
    return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                      "session: cannot %s while it is in state %s", what,
                      assay_client_state_name(c->state));
}

/* --- stepping ----------------------------------------------------------- */

/* Sends the request for evidence that the nonce in use belongs to. */
static void
ask(struct assay_client *c, struct assay_error *err)
{
    struct assay_buf request;

    if (c->wire->report_data(c->o.ctx, c->facts.nonce, c->facts.exporter,
                             c->facts.report_data, err) != ASSAY_OK) {
        return;
    }
    assay_buf_init(&request, REQUEST_MAX_BYTES);
    assay_wire_request(c->wire, c->name, c->facts.nonce,
                       assay_policy_staples(c->o.policy), &request);
    if (assay_buf_check(&request, "quote request", err) == ASSAY_OK) {
        (void)!assay_tls_write(c->tls, assay_buf_slice(&request), err);
    }
    assay_buf_free(&request);
    assay_reply_reader_free(&c->reader);
    c->state = ASSAY_CLIENT_QUOTE;
}

static void
step_handshake(struct assay_client *c, struct assay_error *err)
{
    struct assay_session_facts *f = &c->facts;

    if (!assay_tls_ready(c->tls)) {
        return;
    }
    (void)snprintf(f->tls_version, sizeof(f->tls_version), "%s",
                   assay_tls_version(c->tls));
    (void)snprintf(f->tls_cipher, sizeof(f->tls_cipher), "%s",
                   assay_tls_cipher(c->tls));
    /* The library was told so; a binding over anything older is worthless. */
    if (strcmp(f->tls_version, "TLSv1.3") != 0) {
        assay_fail(err, ASSAY_TLS, ASSAY_NO_OFFSET,
                   "TLS: %s instead of TLSv1.3", f->tls_version);
        return;
    }
    assay_tls_peer_certificate(c->tls, &c->certificate);
    if (assay_buf_check(&c->certificate, "certificate", err) != ASSAY_OK) {
        return;
    }
    if (c->certificate.len == 0) {
        assay_fail(err, ASSAY_TLS, ASSAY_NO_OFFSET,
                   "TLS: the server has no certificate");
        return;
    }
    if (assay_sha256(c->o.ctx, assay_buf_slice(&c->certificate),
                     f->certificate_sha256, err) == ASSAY_OK &&
        assay_tls_exporter(c->tls, f->exporter, err) == ASSAY_OK) {
        ask(c, err);
    }
}

static void
step_quote(struct assay_client *c, struct assay_error *err)
{
    bool done = false;

    if (assay_reply_reader_take(&c->reader, &c->plain, &done, err) !=
            ASSAY_OK ||
        !done) {
        return;
    }
    assay_reply_evidence_free(&c->evidence);
    c->collateral = NULL;
    if (assay_reply_parse(assay_buf_slice(&c->reader.content), &c->evidence,
                          err) == ASSAY_OK) {
        /* A quote that no collateral can be found for ends here. */
        (void)!assay_collateral_need(c->evidence.quote, ASSAY_EMPTY, &c->need,
                                     err);
    }
    if (!assay_policy_staples(c->o.policy) || c->o.wire != ASSAY_WIRE_V2) {
        assay_buf_free(&c->evidence.collateral); /* nobody asked for it */
    }
    assay_reply_reader_free(&c->reader);
    c->state = ASSAY_CLIENT_NEED_COLLATERAL;
}

/* Nothing may follow the reply before the session is open. */
static void
step_waiting(struct assay_client *c, struct assay_error *err)
{
    if (assay_queue_len(&c->plain) > 0) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "quote reply: %zu bytes follow it unasked",
                   assay_queue_len(&c->plain));
    }
}

static void
step(struct assay_client *c, struct assay_error *err)
{
    if (c->state == ASSAY_CLIENT_HANDSHAKE) {
        step_handshake(c, err);
    }
    if (c->state == ASSAY_CLIENT_QUOTE && err->code == ASSAY_OK) {
        step_quote(c, err);
    }
    if ((c->state == ASSAY_CLIENT_NEED_COLLATERAL ||
         c->state == ASSAY_CLIENT_APPRAISE) &&
        err->code == ASSAY_OK) {
        step_waiting(c, err);
    }
}

static size_t
room(const struct assay_client *c)
{
    size_t waiting = assay_queue_len(&c->plain);

    return waiting < ASSAY_SESSION_PLAIN_MAX_BYTES
               ? ASSAY_SESSION_PLAIN_MAX_BYTES - waiting
               : 0;
}

enum assay_code
assay_client_feed(struct assay_client *c, struct assay_slice in, size_t *used,
                  struct assay_error *err)
{
    *used = 0;
    assay_error_clear(err);
    if (c->state == ASSAY_CLIENT_FAILED) {
        *err = c->error;
        return err->code;
    }
    if (c->state == ASSAY_CLIENT_CLOSED) {
        *used = in.len; /* whatever comes behind a goodbye is dropped */
        return ASSAY_OK;
    }
    /* A reply is larger than the room for plaintext: on and on. */
    while (err->code == ASSAY_OK) {
        struct assay_slice rest = {in.ptr + *used, in.len - *used};
        size_t n = 0;

        if (rest.len == 0 || room(c) == 0) {
            break;
        }
        if (assay_tls_feed(c->tls, rest, &n, &c->plain, room(c), err) ==
            ASSAY_OK) {
            step(c, err);
        }
        *used += n;
        if (assay_tls_goodbye(c->tls) || n == 0) {
            break;
        }
    }
    if (err->code != ASSAY_OK) {
        return fail_peer(c, err);
    }
    if (assay_tls_goodbye(c->tls)) {
        assay_client_eof(c);
        *err = c->error;
    }
    return err->code;
}

void
assay_client_eof(struct assay_client *c)
{
    /* Before its evidence is whole, a goodbye is the server's answer. */
    bool instead = c->state == ASSAY_CLIENT_QUOTE && assay_tls_goodbye(c->tls);
    struct assay_error why;

    if (c->state == ASSAY_CLIENT_FAILED || c->state == ASSAY_CLIENT_CLOSED) {
        return;
    }
    if (c->state == ASSAY_CLIENT_OPEN) {
        c->state = ASSAY_CLIENT_CLOSED;
        c->truncated = !assay_tls_goodbye(c->tls);
        return;
    }
    assay_error_clear(&why);
    if (instead) {
        assay_fail(&why, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "quote reply: the server said goodbye instead");
    } else {
        assay_fail(&why, ASSAY_NETWORK, ASSAY_NO_OFFSET,
                   "the connection was cut in state %s",
                   assay_client_state_name(c->state));
    }
    (void)assay_client_fail(c, &why, instead);
}

void
assay_client_abort(struct assay_client *c, const struct assay_error *why)
{
    (void)assay_client_fail(c, why, false);
}

/* --- appraising --------------------------------------------------------- */

void
assay_client_give_collateral(struct assay_client *c,
                             const struct assay_collateral *collateral)
{
    if (collateral != NULL && (c->state == ASSAY_CLIENT_NEED_COLLATERAL ||
                               c->state == ASSAY_CLIENT_APPRAISE)) {
        c->collateral = collateral;
        c->state = ASSAY_CLIENT_APPRAISE;
    }
}

static enum assay_code
verify(struct assay_client *c, struct assay_now now, struct assay_verdict **out,
       struct assay_error *err)
{
    struct assay_binding binding = {.wire = c->o.wire};
    const struct assay_verify_input in = {
        .quote = c->evidence.quote,
        .collateral = c->collateral,
        .root = c->o.root,
        .policy = c->o.policy,
        .now_s = now.wall_s,
        .event_log = c->evidence.event_log,
        .app_compose = assay_buf_slice(&c->evidence.app_compose),
        .vm_config = assay_buf_slice(&c->evidence.vm_config),
        .binding = &binding,
    };

    memcpy(binding.report_data, c->facts.report_data,
           sizeof(binding.report_data));
    memcpy(binding.certificate_sha256, c->facts.certificate_sha256,
           sizeof(binding.certificate_sha256));
    return assay_verify(c->o.verifier, &in, out, err);
}

/* What only the verification needed; an open session may last for days. */
static void
drop_evidence(struct assay_client *c)
{
    assay_eventlog_free(c->evidence.event_log);
    c->evidence.event_log = NULL;
    assay_buf_free(&c->evidence.app_compose);
    assay_buf_free(&c->evidence.vm_config);
    assay_buf_free(&c->evidence.collateral);
    if (assay_queue_len(&c->plain) == 0) {
        assay_queue_free(&c->plain);
    }
}

enum assay_code
assay_client_appraise(struct assay_client *c, struct assay_now now,
                      struct assay_error *err)
{
    struct assay_verdict *v = NULL;

    assay_error_clear(err);
    if (c->state != ASSAY_CLIENT_APPRAISE) {
        return assay_client_refuse(err, c, "appraise");
    }
    assay_client_check_clock(&c->o, now, err);
    if (err->code != ASSAY_OK) {
        return assay_client_fail(c, err, false);
    }
    if (verify(c, now, &v, err) != ASSAY_OK) {
        return fail_peer(c, err);
    }
    assay_verdict_free(c->verdict);
    c->verdict = v;
    if (!assay_verdict_trusted(v)) {
        assay_fail(err, ASSAY_NOT_TRUSTED, ASSAY_NO_OFFSET, "%s",
                   assay_verdict_summary(v));
        return fail_peer(c, err);
    }
    drop_evidence(c);
    c->facts.attested_ms = c->nonce_ms;
    c->facts.attestations++;
    c->state = ASSAY_CLIENT_OPEN;
    return ASSAY_OK;
}

bool
assay_client_due(const struct assay_client *c, struct assay_now now)
{
    int64_t interval_s = assay_policy_reattestation_interval(c->o.policy);
    int64_t age_ms = now.mono_ms - c->facts.attested_ms;

    /* A clock that went back says nothing about the age: it is due. */
    return interval_s > 0 && (age_ms < 0 || age_ms / 1000 >= interval_s);
}

enum assay_code
assay_client_reattest(struct assay_client *c, struct assay_now now,
                      const uint8_t nonce[ASSAY_NONCE_BYTES],
                      struct assay_error *err)
{
    assay_error_clear(err);
    if (c->state != ASSAY_CLIENT_OPEN || c->in_message ||
        assay_queue_len(&c->plain) > 0) {
        return assay_client_refuse(err, c,
                                   "ask for fresh evidence amid a message or");
    }
    assay_client_check_clock(&c->o, now, err);
    if (err->code == ASSAY_OK) {
        assay_client_take_nonce(c, now, nonce);
        ask(c, err);
    }
    return err->code == ASSAY_OK ? ASSAY_OK : assay_client_fail(c, err, false);
}
