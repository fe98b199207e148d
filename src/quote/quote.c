/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "quote/quote.h"

#include <stdlib.h>

struct assay_quote {
    struct assay_quote_view view;
    uint8_t raw[]; /* own copy; the view points into it */
};

static void
read_header(struct assay_reader *r, struct assay_quote_view *q)
{
    q->version = assay_read_le16(r, "header.version");
    q->att_key_type = assay_read_le16(r, "header.att_key_type");
    q->tee_type = assay_read_le32(r, "header.tee_type");
    q->header_word8 = assay_read_le16(r, "header.word8");
    q->header_word10 = assay_read_le16(r, "header.word10");
    q->qe_vendor_id = assay_read(r, 16, "header.qe_vendor_id");
    q->user_data = assay_read(r, 20, "header.user_data");
}

static void
check_header(const struct assay_quote_view *q, struct assay_error *err)
{
    static const uint8_t intel[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c,
                                      0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3,
                                      0x95, 0x7f, 0x06, 0x07};

    if (q->version < 3 || q->version > 5) {
        assay_fail(err, ASSAY_UNSUPPORTED, 0,
                   "header.version: %u is not 3, 4 or 5", q->version);
    }
    if (q->att_key_type != 2) {
        assay_fail(err, ASSAY_UNSUPPORTED, 2,
                   "header.att_key_type: %u is not 2 (ECDSA P-256)",
                   q->att_key_type);
    }
    if (q->tee_type != ASSAY_TEE_SGX &&
        (q->tee_type != ASSAY_TEE_TDX || q->version == 3)) {
        assay_fail(err, ASSAY_UNSUPPORTED, 4,
                   "header.tee_type: 0x%x is not known in version %u",
                   q->tee_type, q->version);
    }
    if (err->code == ASSAY_OK &&
        !assay_slice_equal(q->qe_vendor_id, ASSAY_SLICE(intel))) {
        assay_fail(err, ASSAY_UNSUPPORTED, 12,
                   "header.qe_vendor_id: not Intel's");
    }
}

static const struct {
    enum assay_body_type type;
    enum assay_tee tee;
    uint32_t len; /* bytes */
} bodies[] = {
    {ASSAY_BODY_SGX, ASSAY_TEE_SGX, ASSAY_SGX_REPORT_BYTES},
    {ASSAY_BODY_TD10, ASSAY_TEE_TDX, ASSAY_TD10_BYTES},
    {ASSAY_BODY_TD15, ASSAY_TEE_TDX, ASSAY_TD15_BYTES},
    {ASSAY_BODY_TD15EX, ASSAY_TEE_TDX, ASSAY_TD15EX_BYTES},
};

/* Version 5 says which body follows; 3 and 4 imply it by their TEE. */
static enum assay_body_type
read_body_type(struct assay_reader *r, const struct assay_quote_view *q)
{
    size_t at = r->pos;
    uint16_t type;
    uint32_t len;

    if (q->version < 5) {
        return q->tee_type == ASSAY_TEE_TDX ? ASSAY_BODY_TD10 : ASSAY_BODY_SGX;
    }
    type = assay_read_le16(r, "body.type");
    len = assay_read_le32(r, "body.size");
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        if (bodies[i].type != type) {
            continue;
        }
        if (bodies[i].tee != q->tee_type || bodies[i].len != len) {
            assay_fail(r->err, ASSAY_MALFORMED, at,
                       "body: type %u with %u bytes in TEE 0x%x", type, len,
                       q->tee_type);
        }
        return bodies[i].type;
    }
    assay_fail(r->err, ASSAY_UNSUPPORTED, at,
               "body.type: %u is not 1, 2, 3 or 4", type);
    return ASSAY_BODY_SGX;
}

static void
read_body(struct assay_reader *r, struct assay_quote_view *q)
{
    q->body_type = read_body_type(r, q);
    if (q->body_type == ASSAY_BODY_SGX) {
        assay_quote_read_sgx_report(r, &q->sgx);
        q->report_data = q->sgx.report_data;
    } else {
        assay_quote_read_td_report(r, q->body_type, &q->td);
        q->report_data = q->td.report_data;
    }
    q->signed_bytes = (struct assay_slice){r->in.ptr, r->pos};
}

static void
read_quote(struct assay_reader *r, struct assay_quote_view *q)
{
    read_header(r, q);
    check_header(q, r->err);
    read_body(r, q);
    q->signature_section_len = assay_read_le32(r, "signature length");

    struct assay_slice section =
        assay_read(r, q->signature_section_len, "signature section");
    struct assay_reader inner = {
        .in = section, .base = r->pos - section.len, .err = r->err};

    assay_quote_read_signature(&inner, q);
    /* Quotes travel in padded buffers: real ones have bytes behind the
     * signature section, and Intel allows slack at the end of it. Neither is
     * signed, and neither is looked at. */
    q->trailing_len = assay_read_left(r);
}

enum assay_code
assay_quote_parse(struct assay_slice raw, struct assay_quote **out,
                  struct assay_error *err)
{
    struct assay_quote *q = NULL;
    struct assay_reader r = {.err = err};

    *out = NULL;
    assay_error_clear(err);
    if (raw.len > ASSAY_QUOTE_MAX_BYTES) {
        return assay_fail(err, ASSAY_TOO_LARGE, 0, "quote: %zu bytes, limit %u",
                          raw.len, ASSAY_QUOTE_MAX_BYTES);
    }
    q = calloc(1, sizeof(*q) + raw.len);
    if (q == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "quote: out of memory");
    }
    assay_copy(q->raw, raw);
    r.in = (struct assay_slice){q->raw, raw.len};
    q->view.raw = r.in;
    read_quote(&r, &q->view);
    if (err->code == ASSAY_OK && raw.len < ASSAY_QUOTE_MIN_BYTES) {
        assay_fail(err, ASSAY_TRUNCATED, raw.len,
                   "quote: %zu bytes, the smallest has %u", raw.len,
                   ASSAY_QUOTE_MIN_BYTES);
    }
    if (err->code == ASSAY_OK) {
        *out = q;
        q = NULL; /* handed to the caller */
    }
    assay_quote_free(q);
    return err->code;
}

void
assay_quote_free(struct assay_quote *q)
{
    free(q);
}

const struct assay_quote_view *
assay_quote_view(const struct assay_quote *q)
{
    return &q->view;
}
