/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * site.c - see site.h.
 */
#include "bench/site.h"

#include "atls/reply.h"
#include "atls/wire.h"
#include "bench/measure.h"
#include "bench/platforms.h"
#include "io/moment.h"

#define EXCHANGE_MAX (1u << 20)

/* --- making ------------------------------------------------------------- */

/* A TD on a platform whose collateral is as large as Intel's. */
static void
make_machine(struct bench_site *s)
{
    const struct mint_machine_options o = {
        .guest.seed = MINT_TEST_SEED,
        .state.now_s = s->now_s,
    };
    struct mint_world *w;
    struct assay_error err;

    bench_must(mint_machine_new(s->p.ctx, &o, &s->p.machine, &err), "machine",
               &err);
    w = mint_machine_world(s->p.machine, MINT_MACHINE_TDX);
    bench_world_enlarge(mint_world_options(w));
    bench_must(mint_world_remake(w, &err), "collateral", &err);
}

static void
make_roots(struct pair_platform *p)
{
    struct assay_buf pem;
    struct assay_error err;
    size_t count = 0;

    assay_buf_init(&pem, ASSAY_TLS_IDENTITY_MAX_BYTES);
    assay_tls_identity_pem(p->identity, &pem);
    bench_must(assay_tls_roots_parse(p->ctx, assay_buf_slice(&pem), &p->roots,
                                     &count, &err),
               "TLS roots", &err);
    assay_buf_free(&pem);
}

static void
make_platform(struct bench_site *s)
{
    static const char *const names[] = {PAIR_NAME};
    struct pair_platform *p = &s->p;
    struct assay_error err;

    bench_must(assay_ctx_new(&p->ctx, &err), "OpenSSL", &err);
    make_machine(s);
    pair_take_collateral(p);
    bench_must(assay_root_parse(p->ctx,
                                mint_world_root_pem(mint_machine_world(
                                    p->machine, MINT_MACHINE_TDX)),
                                &p->root, &err),
               "root", &err);
    bench_must(
        assay_verifier_new(p->ctx, ASSAY_DEFAULT_PLATFORMS, &p->verifier, &err),
        "verifier", &err);
    bench_must(assay_tls_identity_make(p->ctx, names, 1, s->now_s, 30,
                                       &p->identity, &err),
               "identity", &err);
    make_roots(p);
}

/* One exchange as a session would do it. */
static void
make_exchange(struct bench_site *s)
{
    const struct assay_wire_rule *wire = assay_wire_rule(ASSAY_WIRE_V2);
    struct bench_evidence *e = &s->evidence;
    struct assay_quote_reply reply = {.now_s = s->now_s};
    struct assay_error err;

    assay_error_clear(&err);
    s->binding.wire = ASSAY_WIRE_V2;
    assay_tls_identity_sha256(s->p.identity, s->binding.certificate_sha256);
    bench_evidence_make(s, s->binding.report_data, e);
    reply.quote = assay_buf_slice(&e->quote);
    reply.event_log = assay_buf_slice(&e->log);
    reply.vm_config = assay_buf_slice(&e->config);
    reply.tcb_info = assay_buf_slice(&e->tcb_info);
    assay_buf_init(&s->request, EXCHANGE_MAX);
    assay_buf_init(&s->reply, EXCHANGE_MAX);
    assay_wire_request(wire, PAIR_NAME, pair_nonce, false, &s->request);
    bench_must(assay_buf_check(&s->request, "request", &err), "request", &err);
    bench_must(
        assay_reply_write(&reply, s->binding.report_data, &s->reply, &err),
        "reply", &err);
    bench_must(assay_eventlog_parse(reply.event_log, &s->log, &err), "log",
               &err);
}

void
bench_site_make(struct bench_site *s)
{
    struct assay_error err;

    *s = (struct bench_site){.now_s = assay_now().wall_s};
    make_platform(s);
    pair_announce(&s->p, assay_tls_identity_leaf(s->p.identity));
    s->policy = pair_policy(&s->p, NULL);
    bench_must(assay_policy_default(ASSAY_TEE_TDX, &s->plain_policy, &err),
               "policy", &err);
    make_exchange(s);
    (void)bench_verify_log_run(s, 1); /* warms the verifier */
}

void
bench_site_borrow(struct bench_site *s, const struct bench_site *from)
{
    *s = *from;
    s->borrows = true;
    make_machine(s);
    pair_announce(&s->p, assay_tls_identity_leaf(s->p.identity));
}

void
bench_site_free(struct bench_site *s)
{
    if (s->borrows) {
        mint_machine_free(s->p.machine);
        return;
    }
    assay_eventlog_free(s->log);
    assay_buf_free(&s->request);
    assay_buf_free(&s->reply);
    bench_evidence_free(&s->evidence);
    assay_policy_free(s->policy);
    assay_policy_free(s->plain_policy);
    pair_platform_free(&s->p);
}

struct assay_now
bench_site_now(const struct bench_site *s)
{
    return (struct assay_now){s->now_s, 1000000};
}

/* --- evidence ----------------------------------------------------------- */

void
bench_evidence_make(const struct bench_site *s, const uint8_t report_data[64],
                    struct bench_evidence *out)
{
    static const struct mint_log_form form = {.stripped = false};
    struct mint_guest *g = mint_machine_guest(s->p.machine);
    struct mint_world *w = mint_machine_world(s->p.machine, MINT_MACHINE_TDX);
    struct assay_error err;

    assay_error_clear(&err);
    assay_buf_init(&out->quote, MINT_QUOTE_MAX);
    assay_buf_init(&out->log, MINT_DOCUMENT_MAX);
    assay_buf_init(&out->config, MINT_DOCUMENT_MAX);
    assay_buf_init(&out->tcb_info, MINT_DOCUMENT_MAX);
    bench_must(mint_guest_quote(g, w, report_data, &out->quote, &err), "quote",
               &err);
    mint_guest_write_log(g, &form, &out->log);
    mint_guest_write_vm_config(g, &out->config);
    mint_guest_write_tcb_info(g, &form, &out->tcb_info);
}

void
bench_evidence_free(struct bench_evidence *e)
{
    assay_buf_free(&e->quote);
    assay_buf_free(&e->log);
    assay_buf_free(&e->config);
    assay_buf_free(&e->tcb_info);
}

void
bench_site_give_quote(const struct bench_site *s, struct assay_server *server)
{
    uint8_t report_data[64];
    struct bench_evidence e;
    struct assay_error err;

    assay_server_report_data(server, report_data);
    bench_evidence_make(s, report_data, &e);

    const struct assay_quote_reply reply = {
        .quote = assay_buf_slice(&e.quote),
        .event_log = assay_buf_slice(&e.log),
        .vm_config = assay_buf_slice(&e.config),
        .tcb_info = assay_buf_slice(&e.tcb_info),
        .now_s = s->now_s,
    };

    bench_must(assay_server_give_quote(server, &reply, &err), "give quote",
               &err);
    bench_evidence_free(&e);
}

/* --- runners ------------------------------------------------------------ */

double
bench_sign_run(void *site, size_t count)
{
    const struct bench_site *s = site;
    double start = bench_cpu_ns();

    for (size_t n = 0; n < count; n++) {
        struct bench_evidence e;

        bench_evidence_make(s, s->binding.report_data, &e);
        bench_evidence_free(&e);
    }
    return bench_cpu_ns() - start;
}

static void
verify_once(const struct bench_site *s, struct assay_verify_input *in)
{
    struct assay_verdict *verdict = NULL;
    struct assay_quote *q = NULL;
    struct assay_error err;

    bench_must(assay_quote_parse(assay_buf_slice(&s->evidence.quote), &q, &err),
               "quote", &err);
    in->quote = q;
    in->collateral = s->p.collateral;
    in->root = s->p.root;
    in->now_s = s->now_s;
    bench_must(assay_verify(s->p.verifier, in, &verdict, &err), "verify", &err);
    if (!assay_verdict_trusted(verdict)) {
        bench_die("not trusted: %s", assay_verdict_summary(verdict));
    }
    assay_verdict_free(verdict);
    assay_quote_free(q);
}

double
bench_verify_log_run(void *site, size_t count)
{
    const struct bench_site *s = site;
    double start = bench_cpu_ns();

    for (size_t n = 0; n < count; n++) {
        struct assay_verify_input in = {
            .policy = s->policy,
            .event_log = s->log,
            .app_compose =
                mint_guest_facts(mint_machine_guest(s->p.machine))->app_compose,
            .vm_config = assay_buf_slice(&s->evidence.config),
            .binding = &s->binding,
        };

        verify_once(s, &in);
    }
    return bench_cpu_ns() - start;
}

double
bench_verify_quote_run(void *site, size_t count)
{
    const struct bench_site *s = site;
    double start = bench_cpu_ns();

    for (size_t n = 0; n < count; n++) {
        struct assay_verify_input in = {.policy = s->plain_policy};

        verify_once(s, &in);
    }
    return bench_cpu_ns() - start;
}

double
bench_parse_log_run(void *site, size_t count)
{
    const struct bench_site *s = site;
    double start = bench_cpu_ns();

    for (size_t n = 0; n < count; n++) {
        struct assay_eventlog *log = NULL;
        struct assay_error err;

        bench_must(
            assay_eventlog_parse(assay_buf_slice(&s->evidence.log), &log, &err),
            "log", &err);
        assay_eventlog_free(log);
    }
    return bench_cpu_ns() - start;
}
