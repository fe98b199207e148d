/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * client.c - the client of an attested session: its flow.
 *
 * The flow is in assay_client_feed() and the step_* functions, one for each
 * state. OPEN is entered in one place, assay_client_open(), which only a
 * trusted verdict leads to, and left for QUOTE in one, assay_client_reattest().
 */
#include <stdio.h>

#include "atls/client_state.h"

/* --- failing ------------------------------------------------------------ */

/* Failures that say nothing against the server, wherever they show. */
static bool
blames_nobody(enum assay_code code)
{
    static const enum assay_code codes[] = {
        ASSAY_NO_MEMORY,   /* ours */
        ASSAY_CRYPTO,      /* ours */
        ASSAY_REFUSED,     /* who refuses our evidence has proven itself */
        ASSAY_UNAVAILABLE, /* an outage, by its own words */
    };

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i] == code) {
            return true;
        }
    }
    return false;
}

/* For good: nothing but the alert goes out, nothing more comes in. Of a raw
 * stream a goodbye would say that what was written is all of it. */
enum assay_code
assay_client_fail(struct assay_client *c, const struct assay_error *why,
                  bool peer)
{
    bool raw = c->state == ASSAY_CLIENT_RAW;

    if (c->state != ASSAY_CLIENT_FAILED) {
        c->state = ASSAY_CLIENT_FAILED;
        c->error = *why;
        c->peer_failed = peer && !blames_nobody(why->code);
        c->in_message = false;
        if (!raw) {
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
    assay_buf_init(&request, ASSAY_CLIENT_REQUEST_MAX_BYTES);
    assay_wire_request(c->wire, c->name, c->facts.nonce,
                       assay_policy_staples(c->o.policy), &request);
    if (assay_buf_check(&request, "quote request", err) == ASSAY_OK) {
        (void)!assay_tls_write(c->tls, assay_buf_slice(&request), err);
    }
    assay_buf_free(&request);
    assay_reply_reader_free(&c->reader);
    assay_reply_reader_init(&c->reader, "quote reply",
                            ASSAY_REPLY_BODY_MAX_BYTES);
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
    assay_appraisal_clear(&c->server);
    if (assay_reply_parse(assay_buf_slice(&c->reader.content),
                          &c->server.evidence, err) == ASSAY_OK) {
        (void)!assay_appraisal_find_need(&c->server, err);
    }
    if (!assay_policy_staples(c->o.policy) || c->o.wire != ASSAY_WIRE_V2) {
        assay_buf_free(&c->server.evidence.collateral); /* unasked */
    }
    assay_reply_reader_free(&c->reader);
    c->state = ASSAY_CLIENT_NEED_COLLATERAL;
}

void
assay_client_step_waiting(struct assay_client *c, struct assay_error *err)
{
    if (assay_queue_len(&c->plain) > 0) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "%s: %zu bytes follow it unasked", c->reader.what,
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
    if (c->state == ASSAY_CLIENT_EVIDENCE && err->code == ASSAY_OK) {
        assay_client_step_evidence(c, err);
    }
    if ((c->state == ASSAY_CLIENT_NEED_COLLATERAL ||
         c->state == ASSAY_CLIENT_APPRAISE ||
         c->state == ASSAY_CLIENT_NEED_EVIDENCE) &&
        err->code == ASSAY_OK) {
        assay_client_step_waiting(c, err);
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

/* The server has ended its side of a session that was open. With a goodbye, a
 * raw one lasts until ours. */
static void
end_open(struct assay_client *c)
{
    bool goodbye = assay_tls_goodbye(c->tls);

    if (c->state == ASSAY_CLIENT_RAW && goodbye && !c->said_bye) {
        return;
    }
    c->truncated = !goodbye;
    c->state = ASSAY_CLIENT_CLOSED;
}

void
assay_client_eof(struct assay_client *c)
{
    bool waits =
        c->state == ASSAY_CLIENT_QUOTE || c->state == ASSAY_CLIENT_EVIDENCE;
    /* While an answer is awaited, a goodbye is the answer. */
    bool instead = waits && assay_tls_goodbye(c->tls);
    struct assay_error why;

    if (c->state == ASSAY_CLIENT_FAILED || c->state == ASSAY_CLIENT_CLOSED) {
        return;
    }
    if (c->state == ASSAY_CLIENT_OPEN || c->state == ASSAY_CLIENT_RAW) {
        end_open(c);
        return;
    }
    assay_error_clear(&why);
    if (instead) {
        assay_fail(&why,
                   c->state == ASSAY_CLIENT_QUOTE ? ASSAY_REPLY : ASSAY_REFUSED,
                   ASSAY_NO_OFFSET, "%s: the server said goodbye instead",
                   c->reader.what);
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
        c->server.collateral = collateral;
        c->state = ASSAY_CLIENT_APPRAISE;
    }
}

void
assay_client_expect_evaluations(struct assay_client *c,
                                struct assay_evaluations seen)
{
    c->server.seen = seen;
}

static enum assay_code
judge(struct assay_client *c, struct assay_now now, struct assay_error *err)
{
    const struct assay_requirement by = assay_client_requirement(&c->o);
    struct assay_binding binding = {.wire = c->o.wire};

    memcpy(binding.report_data, c->facts.report_data,
           sizeof(binding.report_data));
    memcpy(binding.certificate_sha256, c->facts.certificate_sha256,
           sizeof(binding.certificate_sha256));
    (void)!assay_appraisal_judge(&c->server, &by, &binding, now.wall_s, err);
    c->appraised = err->code == ASSAY_OK || err->code == ASSAY_NOT_TRUSTED;
    return err->code;
}

enum assay_code
assay_client_appraise(struct assay_client *c, struct assay_now now,
                      struct assay_error *err)
{
    assay_error_clear(err);
    if (c->state != ASSAY_CLIENT_APPRAISE) {
        return assay_client_refuse(err, c, "appraise");
    }
    if (assay_appraisal_check_clock(c->o.verifier, now.wall_s, err) !=
        ASSAY_OK) {
        return assay_client_fail(c, err, false);
    }
    if (judge(c, now, err) != ASSAY_OK) {
        return fail_peer(c, err);
    }
    if (!c->o.keep_evidence) {
        assay_appraisal_drop(&c->server);
    }
    return assay_client_trust(c, err) == ASSAY_OK ? ASSAY_OK
                                                  : fail_peer(c, err);
}

bool
assay_client_due(const struct assay_client *c, struct assay_now now)
{
    return assay_appraisal_is_stale(c->o.policy, c->facts.attested_ms,
                                    now.mono_ms, 0);
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
    if (assay_appraisal_check_clock(c->o.verifier, now.wall_s, err) ==
        ASSAY_OK) {
        assay_client_take_nonce(c, now, nonce);
        ask(c, err);
    }
    return err->code == ASSAY_OK ? ASSAY_OK : assay_client_fail(c, err, false);
}
