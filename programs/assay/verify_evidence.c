/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * verify_evidence.c - assay verify --evidence: a bundle that somebody has
 * stored, under a policy and a root of one's own.
 */
#include "verify_evidence.h"

#include <stdio.h>

#include "base/buf.h"
#include "load.h"
#include "report.h"
#include "report_json.h"
#include "source.h"

/* The quote's fields, the bundle's texts and the verdict. */
#define VERDICT_JSON_MAX_BYTES ASSAY_EVIDENCE_MAX_BYTES

/* Everything that one run owns. */
struct run {
    const struct options *o;
    struct assay_ctx *ctx;
    struct assay_evidence *evidence;
    struct assay_policy *policy;
    struct assay_root *own_root;         /* NULL: Intel's */
    struct assay_collateral *collateral; /* NULL: the bundle's */
    struct assay_seen *seen;
    struct assay_verifier *verifier;
    struct assay_evidence_options judged_by;
    struct assay_verdict *verdict;
};

static void
run_free(struct run *r)
{
    assay_verdict_free(r->verdict);
    assay_verifier_free(r->verifier);
    assay_seen_free(r->seen);
    assay_collateral_free(r->collateral);
    assay_root_free(r->own_root);
    assay_policy_free(r->policy);
    assay_evidence_free(r->evidence);
    assay_ctx_free(r->ctx);
}

/* Without one of the verifier's own, the author's shows what he saw; no verdict
 * under it is trusted. */
static enum assay_code
take_policy(struct run *r, struct assay_error *err)
{
    const struct options *o = r->o;

    if (o->policy != NULL) {
        (void)!assay_load_policy(r->ctx, o->policy, &r->policy, err);
    } else if (assay_evidence_policy(r->evidence, &r->policy, err) !=
               ASSAY_OK) {
        assay_error_prefix(err, "%s", o->evidence);
    }
    if (err->code == ASSAY_OK && o->accept_count > 0) {
        (void)!assay_policy_accept(r->policy, o->accept, o->accept_count, err);
    }
    return err->code;
}

/* The verifier's, by option or by a policy of his own: never the author's. */
static enum assay_code
take_root(struct run *r, struct assay_error *err)
{
    return load_trusted_root(r->ctx, r->o,
                             r->o->policy != NULL ? r->policy : NULL,
                             &r->own_root, err);
}

/* By all that is the verifier's own. */
static void
take_options(struct run *r)
{
    const struct assay_evidence_view *v = assay_evidence_view(r->evidence);
    const struct options *o = r->o;
    const struct assay_root *root =
        r->own_root != NULL ? r->own_root : assay_root_intel();

    r->judged_by = (struct assay_evidence_options){
        .root = root,
        .policy = r->policy,
        .collateral = r->collateral,
        .has_time = o->at,
        .now_s = o->now_s,
        .seen = assay_seen_recall_for(r->seen, root,
                                      r->collateral != NULL ? r->collateral
                                                            : v->collateral,
                                      o->at ? o->now_s : v->time_s),
    };
}

static enum assay_code
run_all(struct run *r, struct assay_error *err)
{
    const struct options *o = r->o;

    r->seen = source_seen(err);
    if (r->seen == NULL || assay_ctx_new(&r->ctx, err) != ASSAY_OK ||
        load_evidence(r->ctx, o->evidence, &r->evidence, err) != ASSAY_OK ||
        take_policy(r, err) != ASSAY_OK || take_root(r, err) != ASSAY_OK ||
        assay_verifier_new(r->ctx, 0, &r->verifier, err) != ASSAY_OK) {
        return err->code;
    }
    if (o->collateral != NULL &&
        assay_load_bundle(r->ctx, o->collateral, &r->collateral, err) !=
            ASSAY_OK) {
        return err->code;
    }
    take_options(r);
    if (assay_evidence_verify(r->verifier, r->evidence, &r->judged_by,
                              &r->verdict, err) != ASSAY_OK) {
        assay_error_prefix(err, "%s", o->evidence);
    }
    return err->code;
}

static enum assay_code
print_json(const struct run *r, struct assay_error *err)
{
    struct assay_buf json;

    assay_buf_init(&json, VERDICT_JSON_MAX_BYTES);
    (void)!assay_evidence_verdict_to_json(r->evidence, &r->judged_by,
                                          r->verdict, &json, err);
    return cli_print_made(&json, err);
}

static void
print_text(const struct command *c, const struct run *r)
{
    const struct assay_evidence_view *view = assay_evidence_view(r->evidence);
    const struct report_input in = {
        .verdict = r->verdict,
        .quote = view->quote,
        .collateral = r->collateral != NULL ? r->collateral : view->collateral,
        .source = r->collateral != NULL ? r->o->collateral : "of the bundle",
        .root = assay_root_is_intel(r->judged_by.root) ? "Intel SGX Root CA"
                                                       : "CUSTOM, not Intel's",
        .time = r->o->at ? NULL : "claimed, not proven",
        .colour = cli_colour(),
    };

    report_text(stdout, &in);
    report_evidence(stdout, r->evidence, &r->judged_by, r->verdict);
    report_refusal(c, r->o->evidence, r->verdict);
}

enum exit_code
verify_evidence(const struct command *c, const struct options *o)
{
    struct run r = {.o = o};
    struct assay_error err;
    enum exit_code code;

    if (run_all(&r, &err) == ASSAY_OK && o->json) {
        (void)!print_json(&r, &err);
    } else if (err.code == ASSAY_OK) {
        print_text(c, &r);
    }
    code = report_exit(c, o->json, r.verdict, &err);
    run_free(&r);
    return code;
}
