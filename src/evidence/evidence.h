/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * evidence.h - a bundle from inside.
 */
#pragma once

#include "assay/evidence.h"
#include "base/json.h"

struct assay_evidence {
    const struct assay_ctx *ctx;
    struct assay_buf text;   /* the bundle */
    struct assay_json *json; /* borrows it; the view's texts are in there */
    struct assay_quote *quote;
    struct assay_eventlog *event_log;
    struct assay_collateral *collateral;
    struct assay_buf certificate;
    struct assay_buf compose_file;
    char server_name[ASSAY_SERVER_NAME_MAX_BYTES + 1];
    struct assay_evidence_view view;
};

/* Members of a bundle as it has them, into an object that is open; shared by
 * the bundle and by what is shown of it. */
struct assay_json_out;
void assay_evidence_out_offer(struct assay_json_out *o,
                              const struct assay_evidence_view *v,
                              struct assay_error *err);
void assay_evidence_out_session(struct assay_json_out *o,
                                const struct assay_evidence_view *v);
void assay_evidence_out_claims(struct assay_json_out *o,
                               const struct assay_evidence_view *v);
