/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * signed_json.c - see signed_json.h.
 */
#include "mint/signed_json.h"

#include "base/buf.h"
#include "base/bytes.h"
#include "base/text.h"

static void
apply_edit(struct assay_buf *b, const struct mint_edit *edit,
           struct assay_error *err)
{
    size_t at = assay_slice_find(assay_buf_slice(b), edit->find);
    size_t end;
    struct assay_buf edited;

    if (at == ASSAY_NO_OFFSET) {
        (void)assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                         "mint: nothing to edit: %s", edit->find);
        return;
    }
    end = at + strlen(edit->find);
    assay_buf_init(&edited, MINT_TEXT_MAX);
    assay_buf_add(&edited, (struct assay_slice){b->ptr, at});
    assay_buf_add_text(&edited, edit->replace);
    assay_buf_add(&edited, (struct assay_slice){b->ptr + end, b->len - end});
    assay_buf_free(b);
    *b = edited;
}

static void
apply_edits(struct assay_buf *b, const struct mint_edit edits[MINT_EDITS_MAX],
            struct assay_error *err)
{
    for (size_t i = 0; i < MINT_EDITS_MAX && edits[i].find != NULL; i++) {
        if (b->failed) {
            return;
        }
        apply_edit(b, &edits[i], err);
    }
}

static enum assay_code
write_signature(const struct mint_json_options *o, const struct assay_buf *body,
                const struct mint_key *key, struct assay_buf *out,
                struct assay_error *err)
{
    uint8_t sig[MINT_SIG_BYTES];
    enum assay_code code;

    if (o->signature != NULL) {
        assay_buf_add_text(out, o->signature);
        return ASSAY_OK;
    }
    code = mint_key_sign(key, assay_buf_slice(body), sig, err);
    if (code != ASSAY_OK) {
        return code;
    }
    if (o->break_signature) {
        sig[MINT_SIG_BYTES - 1] ^= 1;
    }
    assay_hex_encode(out, ASSAY_SLICE(sig));
    return ASSAY_OK;
}

enum assay_code
mint_signed_json(const struct mint_json_options *o, const char *member,
                 struct assay_buf *body, const struct mint_key *key,
                 struct assay_buf *out, struct assay_error *err)
{
    enum assay_code code;

    if (o->whole != NULL) {
        assay_buf_add_text(out, o->whole);
        return mint_check(out, member, err);
    }
    if (o->body != NULL) {
        assay_buf_free(body);
        assay_buf_add_text(body, o->body);
    }
    apply_edits(body, o->before, err);
    code = mint_check(body, member, err);
    if (code != ASSAY_OK) {
        return code;
    }
    assay_buf_printf(out, "{\"%s\":", member);
    assay_buf_add(out, assay_buf_slice(body));
    assay_buf_add_text(out, ",\"signature\":\"");
    code = write_signature(o, body, key, out, err);
    assay_buf_add_text(out, "\"}");
    apply_edits(out, o->after, err);
    return code == ASSAY_OK ? mint_check(out, member, err) : code;
}
