/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * board_entry.c - whose it is, and what was appraised of it.
 */
#include "board_entry.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/text.h"
#include "io/attested_json.h"
#include "io/evidence_file.h"
#include "proof.h"

#define FILE_NAME_MAX_BYTES 256u

void
board_entry_free(struct board_entry *e)
{
    assay_buf_free(&e->identity);
    board_verdict_free(&e->last);
}

void
board_verdict_free(struct board_verdict *v)
{
    assay_buf_free(&v->verdict);
    assay_buf_free(&v->session);
    assay_buf_free(&v->file);
}

/* --- whose it is -------------------------------------------------------- */

#define PARTS 8u

struct parts {
    char authority[ASSAY_URI_HOST_MAX + 10];
    uint8_t root[32];
    uint8_t wire;
    struct assay_slice part[PARTS];
};

static void
parts_of(const struct provider *p, struct parts *out)
{
    assay_uri_authority(&p->base, out->authority);
    assay_root_sha256(p->root, out->root);
    out->wire = (uint8_t)p->wire;
    out->part[0] = assay_slice_of(p->name);
    out->part[1] = assay_slice_of(out->authority);
    out->part[2] = assay_slice_of(p->base.target);
    out->part[3] = assay_slice_of(p->server_name);
    out->part[4] = ASSAY_SLICE(out->root);
    out->part[5] = (struct assay_slice){&out->wire, 1};
    out->part[6] = assay_buf_slice(&p->policy_text);
    out->part[7] = assay_buf_slice(&p->compose_file);
}

bool
board_identity(const struct provider *p, struct assay_buf *out)
{
    struct parts of;

    parts_of(p, &of);
    assay_buf_init(out, BOARD_IDENTITY_MAX_BYTES);
    for (size_t i = 0; i < PARTS; i++) {
        assay_buf_add_le64(out, of.part[i].len);
        assay_buf_add(out, of.part[i]);
    }
    return !out->failed;
}

bool
board_is_of(const struct assay_buf *identity, const struct provider *p)
{
    struct assay_error err;
    struct assay_reader r = {.in = assay_buf_slice(identity), .err = &err};
    struct parts of;
    bool same = true;

    if (identity->len == 0) {
        return false;
    }
    assay_error_clear(&err);
    parts_of(p, &of);
    for (size_t i = 0; i < PARTS && same; i++) {
        uint64_t len = assay_read_le64(&r, "identity");

        same = len == of.part[i].len &&
               assay_slice_equal(of.part[i],
                                 assay_read(&r, of.part[i].len, "identity"));
    }
    return same;
}

/* --- an appraisal ------------------------------------------------------- */

/* What runs out first. */
static void
take_collateral(struct board_verdict *v, const struct assay_attested *a)
{
    const struct assay_collateral *c = assay_attested_collateral(a);
    size_t count = c != NULL ? assay_collateral_item_count(c) : 0;

    for (size_t i = 0; i < count; i++) {
        struct assay_collateral_item item = assay_collateral_item(c, i);

        if (v->expires_first == NULL || item.expires_s < v->expires_s) {
            v->expires_first = item.name;
            v->expires_s = item.expires_s;
        }
    }
    if (c != NULL) {
        v->from = assay_origin_name(assay_attested_origin(a));
    }
}

static void
take_documents(struct board_verdict *v, struct assay_attested *a,
               const char *server_name)
{
    const struct assay_client *c = assay_attested_session(a);
    struct assay_json_out o;
    struct assay_error err;

    assay_buf_init(&v->verdict, BOARD_DOCUMENT_MAX_BYTES);
    assay_buf_init(&v->session, BOARD_DOCUMENT_MAX_BYTES);
    (void)!assay_verdict_to_json(assay_client_verdict(c), assay_client_quote(c),
                                 assay_attested_collateral(a), &v->verdict,
                                 &err);
    assay_json_out_init(&o, &v->session, true);
    assay_attested_out(&o, NULL, a, server_name);
}

/* Its bundle begins with the nonce, whether it is kept or not. */
static void
take_names(struct board_verdict *v, const struct assay_client *c,
           const char *server_name)
{
    struct assay_session_facts f = assay_client_facts(c);
    struct assay_evidence_view view = {
        .server_name = server_name,
        .time_s = v->at_s,
    };

    memcpy(view.nonce, f.nonce, sizeof(view.nonce));
    assay_hex_to(v->evidence,
                 (struct assay_slice){f.nonce, PROOF_EVIDENCE_BYTES / 2});
    assay_buf_init(&v->file, FILE_NAME_MAX_BYTES);
    assay_evidence_name(&view, &v->file);
}

void
board_verdict_take(struct board_verdict *v, const struct provider *p,
                   struct assay_attested *a)
{
    const struct assay_client *c = assay_attested_session(a);
    const struct assay_verdict *of = assay_client_verdict(c);

    v->at_s = assay_verdict_facts(of).verified_at_s;
    v->trusted = assay_verdict_trusted(of);
    take_collateral(v, a);
    take_documents(v, a, p->server_name);
    take_names(v, c, p->server_name);
    v->partial = proof_is_partial(of);
    (void)snprintf(v->note, sizeof(v->note), "%s", proof_note(of));
}
