/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * get_evidence.c - --save-evidence: what was appraised, with the policy and the
 * root that it was appraised by.
 */
#include "base/error.h"
#include "get.h"
#include "io/evidence_file.h"

static void
save(struct get *g, struct assay_evidence_view *v, struct assay_error *err)
{
    struct assay_buf path;

    v->collateral = assay_attested_collateral(g->conn);
    v->server_name = g->uri.host;
    v->policy = assay_buf_slice(&g->policy_texts.text);
    v->policy_is_toml = g->policy_texts.is_toml;
    v->compose_file = assay_buf_slice(&g->policy_texts.compose_file);
    assay_root_sha256(g->session.root, v->root_sha256);
    g->saved =
        assay_evidence_save(v, g->o->get.save_evidence, &path, err) == ASSAY_OK;
    if (g->saved && g->o->get.verbose) {
        fprintf(stderr, "assay: %s: evidence saved: ", g->c->name);
        cli_put_safe((const char *)path.ptr);
        putc('\n', stderr);
    }
    assay_buf_free(&path);
}

enum assay_code
get_save_evidence(struct get *g, struct assay_error *err)
{
    struct assay_evidence_view v;

    assay_error_clear(err);
    if (g->o->get.save_evidence != NULL &&
        assay_evidence_of_client(g->ctx, assay_attested_session(g->conn), &v,
                                 err) == ASSAY_OK) {
        save(g, &v, err);
    }
    if (err->code != ASSAY_OK) {
        assay_error_prefix(err, "--save-evidence");
    }
    return err->code;
}

/* What was appraised and never came to be open: refused by us, or trusted, and
 * then the server refused ours, or fell silent. */
static bool
is_appraised_and_not_saved(const struct get *g, const struct assay_error *why)
{
    const struct assay_client *c =
        g->conn != NULL ? assay_attested_session(g->conn) : NULL;

    return c != NULL && assay_client_offered(c).kept &&
           (!g->saved || why->code == ASSAY_NOT_TRUSTED);
}

void
get_save_unopened(struct get *g, const struct assay_error *why)
{
    struct assay_error lost;

    if (is_appraised_and_not_saved(g, why) &&
        get_save_evidence(g, &lost) != ASSAY_OK) {
        cli_error(g->c, &lost);
    }
}
