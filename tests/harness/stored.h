/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * stored.h - the evidence of one session of pair.h, stored as a bundle.
 */
#pragma once

#include "assay/evidence.h"
#include "harness/pair.h"

struct stored {
    struct pair_platform platform;
    struct assay_policy *policy;
    struct assay_buf policy_text;
    struct pair pair;
    struct assay_evidence_view view; /* of the session */
    struct assay_buf text;           /* the bundle */
};

/* certificate: the TD announces that of the server. */
static inline void
stored_make(struct stored *s, bool certificate)
{
    struct assay_client_options o;
    struct assay_error err;

    pair_platform_make(&s->platform);
    if (certificate) {
        pair_announce(&s->platform,
                      assay_tls_identity_leaf(s->platform.identity));
    }
    pair_policy_text(&s->platform, NULL, &s->policy_text);
    s->policy = pair_policy(&s->platform, NULL);
    o = pair_client_options(&s->platform, s->policy);
    o.keep_evidence = true;
    pair_make_by(&s->pair, &s->platform, &o);
    pair_run(&s->pair);
    pair_need(assay_evidence_of_client(s->platform.ctx, s->pair.client,
                                       &s->view, &err) == ASSAY_OK,
              &err);
    s->view.collateral = s->platform.collateral;
    s->view.server_name = PAIR_NAME;
    s->view.policy = assay_buf_slice(&s->policy_text);
    assay_root_sha256(s->platform.root, s->view.root_sha256);
    assay_buf_init(&s->text, ASSAY_EVIDENCE_MAX_BYTES);
    pair_need(assay_evidence_write(&s->view, &s->text, &err) == ASSAY_OK, &err);
}

static inline void
stored_free(struct stored *s)
{
    assay_buf_free(&s->text);
    pair_free(&s->pair);
    assay_policy_free(s->policy);
    assay_buf_free(&s->policy_text);
    pair_platform_free(&s->platform);
}
