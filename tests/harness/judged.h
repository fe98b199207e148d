/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * judged.h - sessions of the proxy over loopback (attested.h), whose verdicts a
 * test takes as the program does: while the session can be asked.
 */
#pragma once

#include "harness/attested.h"
#include "programs/proxy/upstream.h"

struct judged {
    struct trial trial;
    const struct provider *provider;
    unsigned again; /* so often is evidence asked for anew */
    /* As of struct upstream_options. */
    void (*judged)(struct judged *j, struct assay_attested *a,
                   const struct proof *proof, const struct assay_error *why,
                   bool peer);
    void *user;
};

/* A provider by the policy of the platform. */
static inline void
judged_provider(struct provider *p, const char *name)
{
    struct assay_error err;

    memset(p, 0, sizeof(*p));
    assay_error_clear(&err);
    (void)snprintf(p->name, sizeof(p->name), "%s", name);
    p->title = "A model";
    assert_int_equal(
        assay_uri_parse(assay_slice_of("https://" PAIR_NAME ":8443/"), &p->base,
                        &err),
        ASSAY_OK);
    p->base.target[0] = '\0';
    p->server_name = PAIR_NAME;
    p->authority = PAIR_NAME ":8443";
    p->policy = policy;
    p->root = platform.root;
    p->roots = platform.roots;
    pair_policy_text(&platform, NULL, &p->policy_text);
}

static inline void
judged_provider_free(struct provider *p)
{
    assay_buf_free(&p->policy_text);
}

static inline struct proof
judged_proof(struct assay_attested *a)
{
    const struct assay_client *c = assay_attested_session(a);
    struct assay_session_facts f = assay_client_facts(c);
    struct proof p = {.attested_ms = f.attested_ms};

    (void)snprintf(p.tcb, sizeof(p.tcb), "%s",
                   assay_tcb_status_name(
                       assay_verdict_tcb_status(assay_client_verdict(c))));
    assay_hex_to(p.evidence,
                 (struct assay_slice){f.nonce, PROOF_EVIDENCE_BYTES / 2});
    return p;
}

static inline void
judged_on_open(void *user)
{
    static const struct assay_error fine = {.code = ASSAY_OK};
    struct judged *j = user;
    struct proof proof = judged_proof(j->trial.conn);
    struct assay_error err;

    j->judged(j, j->trial.conn, &proof, &fine, false);
    if (j->again == 0) {
        leave(&j->trial);
        return;
    }
    j->again--;
    if (assay_attested_reattest(j->trial.conn, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
}

static inline void
judged_on_failed(void *user, const struct assay_error *err, bool peer)
{
    struct judged *j = user;

    j->judged(j, j->trial.conn, NULL, err, peer);
    leave(&j->trial);
}

/* One session by this policy with a server of this manner. */
static inline void
judged_run(struct judged *j, const struct assay_policy *by, enum manner manner)
{
    const struct assay_attested_events events = {.open = judged_on_open,
                                                 .failed = judged_on_failed};
    struct trial *t = &j->trial;
    struct assay_attested_options o = {.phase_ms = PHASE_MS};

    trial_open(t, manner);
    t->session.policy = by;
    t->session.keep_evidence = true;
    o.session = &t->session;
    o.dial = &t->dial;
    o.supply = t->supply;
    t->conn = assay_attested_new(&t->loop.uv, &o, &events, j);
    assert_non_null(t->conn);
    loop_run(&t->loop);
    trial_close(t);
}
