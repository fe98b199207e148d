/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * client_data.c - plaintext of an open session, and what callers may ask of it.
 */
#include "atls/client_state.h"

/* --- plaintext ---------------------------------------------------------- */

enum assay_code
assay_client_begin(struct assay_client *c, struct assay_now now,
                   struct assay_error *err)
{
    assay_error_clear(err);
    if (c->state != ASSAY_CLIENT_OPEN || c->in_message) {
        return assay_client_refuse(err, c, "begin a message");
    }
    if (assay_client_due(c, now)) {
        return assay_fail(err, ASSAY_STALE, ASSAY_NO_OFFSET,
                          "session: the evidence is older than the policy's "
                          "interval");
    }
    c->in_message = true;
    return ASSAY_OK;
}

enum assay_code
assay_client_write(struct assay_client *c, struct assay_slice plain,
                   struct assay_error *err)
{
    assay_error_clear(err);
    if ((c->state != ASSAY_CLIENT_OPEN && c->state != ASSAY_CLIENT_RAW) ||
        !c->in_message) {
        return assay_client_refuse(err, c, "write outside of a message or");
    }
    return assay_tls_write(c->tls, plain, err);
}

void
assay_client_end(struct assay_client *c)
{
    if (c->state != ASSAY_CLIENT_RAW) { /* which is one message */
        c->in_message = false;
    }
}

static bool
may_read(const struct assay_client *c)
{
    return c->state == ASSAY_CLIENT_OPEN || c->state == ASSAY_CLIENT_RAW ||
           c->state == ASSAY_CLIENT_CLOSED;
}

struct assay_slice
assay_client_read(const struct assay_client *c)
{
    return may_read(c) ? assay_queue_slice(&c->plain) : ASSAY_EMPTY;
}

void
assay_client_taken(struct assay_client *c, size_t n)
{
    if (may_read(c)) {
        assay_queue_take(&c->plain, n);
    }
}

void
assay_client_close(struct assay_client *c)
{
    c->in_message = false;
    c->said_bye = true;
    assay_tls_close(c->tls);
    if (c->state == ASSAY_CLIENT_RAW && assay_tls_goodbye(c->tls)) {
        c->state = ASSAY_CLIENT_CLOSED;
    }
}

enum assay_code
assay_client_switch(struct assay_client *c, struct assay_error *err)
{
    /* Its goodbye may have come together with the response. */
    bool ended = c->state == ASSAY_CLIENT_CLOSED && !c->truncated;

    assay_error_clear(err);
    if ((c->state != ASSAY_CLIENT_OPEN && !ended) || !c->in_message) {
        return assay_client_refuse(err, c,
                                   "switch protocols outside of a message or");
    }
    c->state = ASSAY_CLIENT_RAW;
    return ASSAY_OK;
}

bool
assay_client_read_done(const struct assay_client *c)
{
    return assay_tls_goodbye(c->tls);
}

/* --- asking ------------------------------------------------------------- */

const char *
assay_client_state_name(enum assay_client_state s)
{
    switch (s) {
    case ASSAY_CLIENT_HANDSHAKE:
        return "handshake";
    case ASSAY_CLIENT_QUOTE:
        return "quote";
    case ASSAY_CLIENT_NEED_COLLATERAL:
        return "need_collateral";
    case ASSAY_CLIENT_APPRAISE:
        return "appraise";
    case ASSAY_CLIENT_NEED_EVIDENCE:
        return "need_evidence";
    case ASSAY_CLIENT_EVIDENCE:
        return "evidence";
    case ASSAY_CLIENT_OPEN:
        return "open";
    case ASSAY_CLIENT_RAW:
        return "raw";
    case ASSAY_CLIENT_CLOSED:
        return "closed";
    case ASSAY_CLIENT_FAILED:
        return "failed";
    }
    return "unknown";
}

enum assay_client_state
assay_client_state(const struct assay_client *c)
{
    return c->state;
}

const struct assay_error *
assay_client_error(const struct assay_client *c)
{
    return &c->error;
}

bool
assay_client_peer_failed(const struct assay_client *c)
{
    return c->state == ASSAY_CLIENT_FAILED && c->peer_failed;
}

unsigned
assay_client_retry_after_s(const struct assay_client *c)
{
    return c->error.code == ASSAY_UNAVAILABLE ? c->reader.retry_after_s : 0;
}

bool
assay_client_truncated(const struct assay_client *c)
{
    return c->truncated;
}

struct assay_slice
assay_client_output(const struct assay_client *c)
{
    return assay_queue_slice(assay_tls_output(c->tls));
}

void
assay_client_sent(struct assay_client *c, size_t n)
{
    assay_queue_take(assay_tls_output(c->tls), n);
}

const struct assay_quote *
assay_client_quote(const struct assay_client *c)
{
    return c->server.evidence.quote;
}

const struct assay_collateral_need *
assay_client_need(const struct assay_client *c)
{
    return &c->server.need;
}

struct assay_slice
assay_client_stapled(const struct assay_client *c)
{
    return c->state == ASSAY_CLIENT_NEED_COLLATERAL ||
                   c->state == ASSAY_CLIENT_APPRAISE
               ? assay_buf_slice(&c->server.evidence.collateral)
               : ASSAY_EMPTY;
}

const struct assay_verdict *
assay_client_verdict(const struct assay_client *c)
{
    return c->server.verdict;
}

struct assay_session_facts
assay_client_facts(const struct assay_client *c)
{
    return c->facts;
}

struct assay_slice
assay_client_certificate(const struct assay_client *c)
{
    return assay_buf_slice(&c->certificate);
}

struct assay_client_offer
assay_client_offered(const struct assay_client *c)
{
    if (!c->o.keep_evidence || !c->appraised) {
        return (struct assay_client_offer){.kept = false};
    }
    return (struct assay_client_offer){
        .kept = true,
        .event_log = c->server.evidence.event_log,
        .app_compose = assay_buf_slice(&c->server.evidence.app_compose),
        .vm_config = assay_buf_slice(&c->server.evidence.vm_config),
    };
}
