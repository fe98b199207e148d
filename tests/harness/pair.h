/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pair.h - a simulated platform, and the two ends of an attested session on
 * it, joined in memory. Ends the program if they cannot be made.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "assay/session.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/json_out.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "mint/machine.h"

#define PAIR_NAME "tee.example.com"

static inline void
pair_need(bool good, const struct assay_error *err)
{
    if (!good) {
        (void)fprintf(stderr, "no session to test with: %s\n", err->msg);
        abort();
    }
}

/* Everything that sessions share. */
struct pair_platform {
    struct assay_ctx *ctx;
    struct mint_machine *machine;
    struct assay_collateral *collateral;
    struct assay_root *root;
    struct assay_verifier *verifier;
    struct assay_tls_identity *identity;
    struct assay_tls_roots *roots; /* believe that identity */
};

static inline void
pair_take_collateral(struct pair_platform *p)
{
    struct mint_world *w = mint_machine_world(p->machine, MINT_MACHINE_TDX);
    struct assay_collateral_parts parts = mint_world_collateral_parts(w);
    struct assay_error err;

    assay_collateral_free(p->collateral);
    pair_need(assay_collateral_from_parts(p->ctx, &parts, &p->collateral,
                                          &err) == ASSAY_OK,
              &err);
}

static inline void
pair_announce(struct pair_platform *p, struct assay_slice certificate)
{
    uint8_t digest[32];
    char hex[65];
    struct assay_error err;

    assay_error_clear(&err);
    pair_need(assay_sha256(p->ctx, certificate, digest, &err) == ASSAY_OK,
              &err);
    assay_hex_to(hex, (struct assay_slice){digest, 32});
    pair_need(mint_guest_emit(mint_machine_guest(p->machine),
                              assay_slice_of("New TLS Certificate"),
                              assay_slice_of(hex), &err) == ASSAY_OK,
              &err);
}

static inline void
pair_platform_make_at(struct pair_platform *p, int64_t now_s)
{
    static const char *const names[] = {PAIR_NAME, "127.0.0.1"};
    const struct mint_machine_options o = {
        .guest.seed = MINT_TEST_SEED,
        .state.now_s = now_s,
    };
    struct assay_buf pem;
    struct assay_error err;
    size_t count = 0;

    memset(p, 0, sizeof(*p));
    pair_need(assay_ctx_new(&p->ctx, &err) == ASSAY_OK, &err);
    pair_need(mint_machine_new(p->ctx, &o, &p->machine, &err) == ASSAY_OK,
              &err);
    pair_take_collateral(p);
    pair_need(assay_root_parse(p->ctx,
                               mint_world_root_pem(mint_machine_world(
                                   p->machine, MINT_MACHINE_TDX)),
                               &p->root, &err) == ASSAY_OK,
              &err);
    pair_need(assay_verifier_new(p->ctx, 8, &p->verifier, &err) == ASSAY_OK,
              &err);
    pair_need(assay_tls_identity_make(p->ctx, names, 2, now_s, 30, &p->identity,
                                      &err) == ASSAY_OK,
              &err);
    assay_buf_init(&pem, 65536);
    assay_tls_identity_pem(p->identity, &pem);
    pair_need(assay_tls_roots_parse(p->ctx, assay_buf_slice(&pem), &p->roots,
                                    &count, &err) == ASSAY_OK,
              &err);
    assay_buf_free(&pem);
}

static inline void
pair_platform_make(struct pair_platform *p)
{
    pair_platform_make_at(p, MINT_NOW_S);
}

static inline void
pair_platform_free(struct pair_platform *p)
{
    assay_tls_roots_free(p->roots);
    assay_tls_identity_free(p->identity);
    assay_verifier_free(p->verifier);
    assay_root_free(p->root);
    assay_collateral_free(p->collateral);
    mint_machine_free(p->machine);
    assay_ctx_free(p->ctx);
}

/* A complete policy that the platform meets; `more` is appended to its members
 * (",\"x\":1") or NULL. */
static inline struct assay_policy *
pair_policy(const struct pair_platform *p, const char *more)
{
    static const char *const registers[] = {"rtmr0", "rtmr1", "rtmr2"};
    const struct mint_guest_facts *f =
        mint_guest_facts(mint_machine_guest(p->machine));
    struct assay_policy *policy = NULL;
    struct assay_json_out o;
    struct assay_buf text;
    struct assay_error err;

    assay_buf_init(&text, 65536);
    assay_json_out_init(&o, &text, true);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_text(&o, "type", "dstack_tdx");
    assay_json_out_open(&o, "expected_bootchain", '{');
    assay_json_out_hex(&o, "mrtd", ASSAY_SLICE(f->mrtd));
    for (size_t i = 0; i < 3; i++) {
        assay_json_out_hex(&o, registers[i], ASSAY_SLICE(f->rtmr[i]));
    }
    assay_json_out_close(&o, '}');
    assay_json_out_hex(&o, "compose_hash", ASSAY_SLICE(f->compose_hash));
    assay_json_out_hex(&o, "os_image_hash", ASSAY_SLICE(f->os_image_hash));
    if (more != NULL) {
        assay_buf_add_text(&text, more);
    }
    assay_json_out_close(&o, '}');
    pair_need(assay_policy_parse(assay_buf_slice(&text), &policy, &err) ==
                  ASSAY_OK,
              &err);
    assay_buf_free(&text);
    return policy;
}

/* --- one session -------------------------------------------------------- */

struct pair {
    struct pair_platform *p;
    const struct assay_policy *policy;
    struct assay_client *client;
    struct assay_server *server;
    struct assay_now now;
    bool no_quote;    /* the server's quotes are given by the test */
    bool no_evidence; /* nor the client's */
    uint8_t client_nonce[ASSAY_CLIENT_NONCE_BYTES]; /* the last one */
    bool no_appraisal;                              /* collateral is, too */
    struct assay_slice collateral; /* that the server sends with its quotes */
    struct assay_buf to_server;    /* everything that went over the wire */
    struct assay_buf to_client;
};

static const uint8_t pair_nonce[ASSAY_NONCE_BYTES] = {
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a,
    0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15,
    0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
};

static inline struct assay_client_options
pair_client_options(const struct pair_platform *p,
                    const struct assay_policy *policy)
{
    return (struct assay_client_options){
        .ctx = p->ctx,
        .verifier = p->verifier,
        .root = p->root,
        .policy = policy,
        .roots = p->roots,
        .server_name = PAIR_NAME,
        .wire = assay_policy_wire(policy, 0),
    };
}

static inline void
pair_make(struct pair *s, struct pair_platform *p,
          const struct assay_policy *policy)
{
    const struct assay_client_options o = pair_client_options(p, policy);
    struct assay_error err;

    memset(s, 0, sizeof(*s));
    s->p = p;
    s->policy = policy;
    s->now = (struct assay_now){MINT_NOW_S, 1000000};
    assay_buf_init(&s->to_server, 1u << 24);
    assay_buf_init(&s->to_client, 1u << 26);
    pair_need(assay_client_new(&o, s->now, pair_nonce, &s->client, &err) ==
                  ASSAY_OK,
              &err);
    pair_need(assay_server_new(p->ctx, p->identity, &s->server, &err) ==
                  ASSAY_OK,
              &err);
}

/* The server requires of its client what the client requires of it. */
static inline void
pair_make_mutual(struct pair *s, struct pair_platform *p,
                 const struct assay_policy *policy)
{
    const struct assay_requirement of_clients = {p->verifier, p->root, policy};
    struct assay_error err;

    pair_make(s, p, policy);
    pair_need(assay_server_require(s->server, &of_clients, &err) == ASSAY_OK,
              &err);
}

static inline void
pair_free(struct pair *s)
{
    assay_client_free(s->client);
    assay_server_free(s->server);
    assay_buf_free(&s->to_server);
    assay_buf_free(&s->to_client);
}

/* Evidence of the platform. */
struct pair_evidence {
    struct assay_buf quote;
    struct assay_buf log;
    struct assay_buf config;
};

static inline void
pair_evidence_make(struct pair_evidence *e, const struct pair_platform *p,
                   const uint8_t report_data[64])
{
    struct mint_guest *g = mint_machine_guest(p->machine);
    const struct mint_log_form form = {.stripped = false};
    struct assay_error err;

    assay_error_clear(&err);
    assay_buf_init(&e->quote, MINT_QUOTE_MAX);
    assay_buf_init(&e->log, MINT_DOCUMENT_MAX);
    assay_buf_init(&e->config, MINT_DOCUMENT_MAX);
    pair_need(mint_guest_quote(g,
                               mint_machine_world(p->machine, MINT_MACHINE_TDX),
                               report_data, &e->quote, &err) == ASSAY_OK,
              &err);
    mint_guest_write_log(g, &form, &e->log);
    mint_guest_write_vm_config(g, &e->config);
}

static inline void
pair_evidence_free(struct pair_evidence *e)
{
    assay_buf_free(&e->quote);
    assay_buf_free(&e->log);
    assay_buf_free(&e->config);
}

static inline struct assay_quote_reply
pair_evidence_reply(const struct pair_evidence *e)
{
    return (struct assay_quote_reply){
        .quote = assay_buf_slice(&e->quote),
        .event_log = assay_buf_slice(&e->log),
        .vm_config = assay_buf_slice(&e->config),
    };
}

/* The evidence of the platform for this report data, given to the server. */
static inline void
pair_give_quote(struct pair *s, const uint8_t report_data[64])
{
    struct pair_evidence e;
    struct assay_quote_reply reply;
    struct assay_error err;

    pair_evidence_make(&e, s->p, report_data);
    s->client_nonce[0]++;
    reply = pair_evidence_reply(&e);
    reply.collateral = s->collateral;
    reply.now_s = s->now.wall_s;
    reply.mono_ms = s->now.mono_ms;
    reply.client_nonce = s->client_nonce;
    pair_need(assay_server_give_quote(s->server, &reply, &err) == ASSAY_OK,
              &err);
    pair_evidence_free(&e);
}

/* The same for the client; whether it took it is seen in its state. */
static inline void
pair_give_evidence(struct pair *s, const uint8_t report_data[64])
{
    struct pair_evidence e;
    struct assay_quote_reply reply;
    struct assay_error err;

    pair_evidence_make(&e, s->p, report_data);
    reply = pair_evidence_reply(&e);
    (void)!assay_client_give_evidence(s->client, &reply, &err);
    pair_evidence_free(&e);
}

/* What the state of the server calls for; true if something was done. */
static inline bool
pair_serve_server(struct pair *s)
{
    uint8_t report_data[64];
    struct assay_error err;

    switch (assay_server_state(s->server)) {
    case ASSAY_SERVER_QUOTE:
        if (!s->no_quote) {
            assay_server_report_data(s->server, report_data);
            pair_give_quote(s, report_data);
        }
        return !s->no_quote;
    case ASSAY_SERVER_NEED_COLLATERAL:
        assay_server_give_collateral(s->server, s->p->collateral);
        return true;
    case ASSAY_SERVER_APPRAISE:
        (void)!assay_server_appraise(s->server, s->now, &err);
        return true;
    case ASSAY_SERVER_ADMIT:
        assay_server_admit(s->server, s->now);
        return true;
    default:
        return false;
    }
}

static inline bool
pair_serve_client(struct pair *s)
{
    uint8_t report_data[64];
    struct assay_error err;

    switch (assay_client_state(s->client)) {
    case ASSAY_CLIENT_NEED_COLLATERAL:
        if (!s->no_appraisal) {
            assay_client_give_collateral(s->client, s->p->collateral);
        }
        return !s->no_appraisal;
    case ASSAY_CLIENT_APPRAISE:
        if (!s->no_appraisal) {
            (void)!assay_client_appraise(s->client, s->now, &err);
        }
        return !s->no_appraisal;
    case ASSAY_CLIENT_NEED_EVIDENCE:
        if (!s->no_evidence) {
            assay_client_report_data(s->client, report_data);
            pair_give_evidence(s, report_data);
        }
        return !s->no_evidence;
    default:
        return false;
    }
}

/* What the states of both ends call for; true if something was done. */
static inline bool
pair_serve(struct pair *s)
{
    return pair_serve_server(s) || pair_serve_client(s);
}

/* Moves what one end wants to send to the other; true if something moved. */
static inline bool
pair_move(struct pair *s, bool up)
{
    struct assay_slice out =
        up ? assay_client_output(s->client) : assay_server_output(s->server);
    struct assay_error err;
    size_t used = 0;

    if (out.len == 0) {
        return false;
    }
    if (up) {
        assay_buf_add(&s->to_server, out);
        (void)!assay_server_feed(s->server, out, &used, &err);
        assay_client_sent(s->client, used);
    } else {
        assay_buf_add(&s->to_client, out);
        (void)!assay_client_feed(s->client, out, &used, &err);
        assay_server_sent(s->server, used);
    }
    return used > 0;
}

/* Until nothing moves any more. */
static inline void
pair_run(struct pair *s)
{
    bool moved = true;

    while (moved) {
        moved = pair_move(s, true);
        moved = pair_move(s, false) || moved;
        moved = pair_serve(s) || moved;
    }
}
