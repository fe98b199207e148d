/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * server_client.c - clients that must attest: the nonce, their evidence and
 * what it is worth.
 */
#include <stdio.h>

#include "atls/server_state.h"

/* --- what is required --------------------------------------------------- */

enum assay_code
assay_server_require(struct assay_server *s,
                     const struct assay_requirement *of_clients,
                     struct assay_error *err)
{
    assay_error_clear(err);
    if (s->state != ASSAY_SERVER_HANDSHAKE) {
        return assay_server_refuse(err, s, "require evidence of the client");
    }
    if (assay_appraisal_check(of_clients, err) == ASSAY_OK &&
        assay_policy_check_for_clients(of_clients->policy, err) == ASSAY_OK) {
        s->of_clients = *of_clients;
        s->mutual = true;
    }
    return err->code;
}

/* --- nonces ------------------------------------------------------------- */

static struct assay_slice
own_nonce(const struct assay_server *s)
{
    return (struct assay_slice){s->facts.nonce, ASSAY_CLIENT_NONCE_BYTES};
}

bool
assay_server_is_reflection(const struct assay_server *s,
                           const uint8_t nonce[ASSAY_CLIENT_NONCE_BYTES])
{
    return s->has_nonce &&
           assay_slice_equal(
               own_nonce(s),
               (struct assay_slice){nonce, ASSAY_CLIENT_NONCE_BYTES});
}

enum assay_code
assay_server_check_nonce(const struct assay_server *s,
                         const struct assay_quote_reply *reply,
                         struct assay_error *err)
{
    static const uint8_t never_set[ASSAY_CLIENT_NONCE_BYTES];
    const struct assay_slice fresh = {reply->client_nonce,
                                      ASSAY_CLIENT_NONCE_BYTES};

    if (reply->client_nonce == NULL) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "session: clients must attest, and the reply has no "
                          "nonce for them");
    }
    if (assay_server_is_reflection(s, reply->client_nonce) ||
        assay_slice_equal(fresh, ASSAY_SLICE(s->ask.nonce)) ||
        assay_slice_equal(fresh, ASSAY_SLICE(never_set))) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "session: the nonce for the client is not a fresh one");
    }
    return err->code;
}

void
assay_server_issue_nonce(struct assay_server *s,
                         const struct assay_quote_reply *reply)
{
    if (reply->client_nonce != NULL) {
        memcpy(s->facts.nonce, reply->client_nonce, ASSAY_CLIENT_NONCE_BYTES);
        s->facts.nonce_len = ASSAY_CLIENT_NONCE_BYTES;
        s->nonce_ms = reply->mono_ms;
        s->has_nonce = true;
        s->asked = true;
    }
}

/* --- taking evidence ---------------------------------------------------- */

const struct assay_refusal *
assay_server_client_refusal(const struct assay_server *s)
{
    static const struct assay_refusal not_here = {
        .status = 404,
        .code = "not_required",
        .message = "this server does not ask clients for evidence",
        .hint = "send the request itself",
    };
    static const struct assay_refusal no_nonce = {
        .status = 403,
        .code = "client_nonce_missing",
        .message = "there is no nonce that this evidence could answer",
        .hint = "ask for " ASSAY_WIRE_PATH " first: each reply has a nonce, "
                "which serves once",
    };

    if (!s->mutual) {
        return &not_here;
    }
    return s->asked ? NULL : &no_nonce;
}

/* The nonce has been used, however this ends; so has the evidence of before. */
static void
begin_appraisal(struct assay_server *s, struct assay_error *sub)
{
    s->asked = false;
    s->trusted = false;
    s->facts.mutual = false;
    assay_appraisal_clear(&s->client);
    if (sub->code == ASSAY_OK &&
        assay_client_evidence_parse(assay_buf_slice(&s->content),
                                    &s->client.evidence, sub) == ASSAY_OK &&
        assay_appraisal_find_need(&s->client, sub) == ASSAY_OK) {
        (void)!assay_wire_bind_client(s->ctx, s->facts.nonce, s->exporter,
                                      s->facts.report_data, sub);
    }
    assay_buf_free(&s->content);
}

void
assay_server_take_client_evidence(struct assay_server *s,
                                  struct assay_error *err)
{
    struct assay_error sub;

    if (!assay_server_collect(s, &sub, err)) {
        return;
    }
    begin_appraisal(s, &sub);
    if (sub.code == ASSAY_NO_MEMORY || sub.code == ASSAY_CRYPTO) {
        *err = sub;
    } else if (sub.code != ASSAY_OK) {
        const struct assay_refusal why = {
            .status = 400, .code = "bad_request", .message = sub.msg};

        assay_server_answer_error(s, &why, false, err);
    } else {
        s->state = ASSAY_SERVER_NEED_COLLATERAL;
    }
}

/* --- judging it --------------------------------------------------------- */

static bool
in_appraisal(const struct assay_server *s)
{
    return s->state == ASSAY_SERVER_NEED_COLLATERAL ||
           s->state == ASSAY_SERVER_APPRAISE;
}

const struct assay_quote *
assay_server_client_quote(const struct assay_server *s)
{
    return s->client.evidence.quote;
}

const struct assay_collateral_need *
assay_server_need(const struct assay_server *s)
{
    return &s->client.need;
}

void
assay_server_give_collateral(struct assay_server *s,
                             const struct assay_collateral *collateral)
{
    if (collateral != NULL && in_appraisal(s)) {
        s->client.collateral = collateral;
        s->state = ASSAY_SERVER_APPRAISE;
    }
}

void
assay_server_expect_evaluations(struct assay_server *s,
                                struct assay_evaluations seen)
{
    s->client.seen = seen;
}

void
assay_server_refuse_client(struct assay_server *s,
                           const struct assay_refusal *why)
{
    struct assay_error err;

    if (in_appraisal(s)) {
        assay_error_clear(&err);
        assay_server_answer_error(s, why, false, &err);
        (void)!assay_server_resume(s, &err);
    }
}

static enum assay_code
judge(struct assay_server *s, struct assay_now now, struct assay_error *err)
{
    struct assay_binding binding = {.wire = ASSAY_WIRE_V2, .client = true};

    memcpy(binding.report_data, s->facts.report_data,
           sizeof(binding.report_data));
    if (assay_appraisal_check_clock(s->of_clients.verifier, now.wall_s, err) ==
        ASSAY_OK) {
        (void)!assay_appraisal_judge(&s->client, &s->of_clients, &binding,
                                     now.wall_s, err);
    }
    s->client.collateral = NULL; /* given back */
    return err->code;
}

/* A stranger learns which check failed, but no value of the policy's. */
static void
refuse_untrusted(struct assay_server *s)
{
    char message[160];
    const struct assay_refusal why = {
        .status = 403,
        .code = "client_not_trusted",
        .message = message,
        .hint = "compare your evidence with what this server requires",
    };

    (void)snprintf(message, sizeof(message),
                   "the client's evidence fails the check %s",
                   assay_verdict_reason(s->client.verdict));
    assay_server_refuse_client(s, &why);
}

/* Evidence that no verdict can be had on, or a clock that is wrong. */
static void
refuse_unjudged(struct assay_server *s, const struct assay_error *sub)
{
    static const struct assay_refusal unable = {
        .status = 503,
        .code = "client_not_judged",
        .message = "this server cannot judge evidence now",
    };
    const struct assay_refusal unreadable = {
        .status = 400, .code = "bad_request", .message = sub->msg};

    assay_server_refuse_client(s, sub->code == ASSAY_INVALID ? &unable
                                                             : &unreadable);
}

static void
accept(struct assay_server *s, struct assay_error *err)
{
    struct assay_buf response;

    s->trusted = true;
    s->facts.mutual = true;
    s->facts.attested_ms = s->nonce_ms;
    s->facts.attestations++;
    assay_appraisal_drop(&s->client);
    assay_buf_init(&response, 1024);
    assay_reply_write_success(&response);
    assay_server_answer(s, 200, &response, err);
    if (err->code == ASSAY_OK) {
        assay_server_end_request(s, true);
    }
}

enum assay_code
assay_server_appraise(struct assay_server *s, struct assay_now now,
                      struct assay_error *err)
{
    assay_error_clear(err);
    if (s->state != ASSAY_SERVER_APPRAISE) {
        return assay_server_refuse(err, s, "appraise");
    }
    if (judge(s, now, err) == ASSAY_OK) {
        accept(s, err);
        return assay_server_resume(s, err);
    }
    if (err->code == ASSAY_NO_MEMORY || err->code == ASSAY_CRYPTO) {
        return assay_server_fail(s, err);
    }
    if (err->code == ASSAY_NOT_TRUSTED) {
        refuse_untrusted(s);
    } else {
        refuse_unjudged(s, err);
    }
    return err->code;
}
