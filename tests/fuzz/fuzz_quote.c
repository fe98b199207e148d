/* Target functions: assay_quote_parse, assay_quote_to_json
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A quote that was read can be written again from its view, byte for byte.
 */
#include "harness/fuzz.h"

#include "assay/collateral.h"
#include "base/bytes.h"
#include "quote/quote.h"

static void
put_le(struct assay_buf *b, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assay_buf_add_u8(b, (uint8_t)(v >> (8 * i)));
    }
}

static void
put_sized(struct assay_buf *b, struct assay_slice s, size_t len)
{
    PROMISE(s.len == len);
    assay_buf_add(b, s);
}

/* Reserved octets are not in the view; they come from the raw report. */
static void
put_reserved(struct assay_buf *b, const struct assay_sgx_report *r, size_t at,
             size_t len)
{
    assay_buf_add(b, (struct assay_slice){r->raw.ptr + at, len});
}

static void
put_sgx(struct assay_buf *b, const struct assay_sgx_report *r)
{
    size_t start = b->len;

    PROMISE(r->raw.len == ASSAY_SGX_REPORT_BYTES);
    put_sized(b, r->cpusvn, 16);
    put_le(b, r->miscselect, 4);
    put_reserved(b, r, 20, 12);
    put_sized(b, r->isvextprodid, 16);
    put_sized(b, r->attributes, 16);
    put_sized(b, r->mrenclave, 32);
    put_reserved(b, r, 96, 32);
    put_sized(b, r->mrsigner, 32);
    put_reserved(b, r, 160, 32);
    put_sized(b, r->configid, 64);
    put_le(b, r->isvprodid, 2);
    put_le(b, r->isvsvn, 2);
    put_le(b, r->configsvn, 2);
    put_reserved(b, r, 262, 42);
    put_sized(b, r->isvfamilyid, 16);
    put_sized(b, r->report_data, 64);
    PROMISE(b->len - start == ASSAY_SGX_REPORT_BYTES);
}

static void
put_td(struct assay_buf *b, const struct assay_td_report *td,
       enum assay_body_type type)
{
    bool td15 = type != ASSAY_BODY_TD10;
    bool extended = type == ASSAY_BODY_TD15EX;

    put_sized(b, td->tee_tcb_svn, 16);
    put_sized(b, td->mr_seam, 48);
    put_sized(b, td->mr_signer_seam, 48);
    put_sized(b, td->seam_attributes, 8);
    put_le(b, td->td_attributes, 8);
    put_le(b, td->xfam, 8);
    put_sized(b, td->mr_td, 48);
    put_sized(b, td->mr_config_id, 48);
    put_sized(b, td->mr_owner, 48);
    put_sized(b, td->mr_owner_config, 48);
    for (size_t i = 0; i < 4; i++) {
        put_sized(b, td->rtmr[i], 48);
    }
    put_sized(b, td->report_data, 64);
    put_sized(b, td->tee_tcb_svn2, td15 ? 16 : 0);
    put_sized(b, td->mr_service_td, td15 ? 48 : 0);
    put_sized(b, td->vm_id, extended ? 1 : 0);
    put_sized(b, td->td_id, extended ? 32 : 0);
    put_sized(b, td->dev_info, extended ? 48 : 0);
    put_sized(b, td->init_servtd_hash, extended ? 48 : 0);
    put_sized(b, td->init_servtd_attr, extended ? 8 : 0);
    put_sized(b, td->init_cpusvn, extended ? 16 : 0);
    put_sized(b, td->init_tee_tcb_svn, extended ? 16 : 0);
    put_sized(b, td->init_tee_fmspc, extended ? 12 : 0);
    put_sized(b, td->cur_servtd_hash, extended ? 48 : 0);
    put_sized(b, td->cur_servtd_attr, extended ? 8 : 0);
}

static void
put_signed_part(struct assay_buf *b, const struct assay_quote_view *q)
{
    size_t body_len =
        q->body_type == ASSAY_BODY_SGX ? q->sgx.raw.len : q->td.raw.len;

    put_le(b, q->version, 2);
    put_le(b, q->att_key_type, 2);
    put_le(b, q->tee_type, 4);
    put_le(b, q->header_word8, 2);
    put_le(b, q->header_word10, 2);
    put_sized(b, q->qe_vendor_id, 16);
    put_sized(b, q->user_data, 20);
    if (q->version == 5) {
        put_le(b, q->body_type, 2);
        put_le(b, body_len, 4);
    }
    if (q->body_type == ASSAY_BODY_SGX) {
        put_sgx(b, &q->sgx);
    } else {
        put_td(b, &q->td, q->body_type);
    }
    PROMISE(q->signed_bytes.ptr == q->raw.ptr);
    PROMISE(assay_slice_equal(assay_buf_slice(b), q->signed_bytes));
}

static void
put_signature_part(struct assay_buf *b, const struct assay_quote_view *q)
{
    size_t inner = q->qe_report.raw.len + 64 + 2 + q->qe_auth_data.len + 6 +
                   q->cert_data.len;

    put_le(b, q->signature_section_len, 4);
    put_sized(b, q->signature, 64);
    put_sized(b, q->attestation_key, 64);
    if (q->version > 3) {
        put_le(b, 6, 2);
        put_le(b, inner, 4);
    }
    put_sgx(b, &q->qe_report);
    put_sized(b, q->qe_report_signature, 64);
    put_le(b, q->qe_auth_data.len, 2);
    assay_buf_add(b, q->qe_auth_data);
    put_le(b, q->cert_type, 2);
    put_le(b, q->cert_data.len, 4);
    assay_buf_add(b, q->cert_data);
}

static void
check_rewritten(const struct assay_quote_view *q)
{
    struct assay_buf b;
    size_t end = q->signed_bytes.len + 4 + q->signature_section_len;

    assay_buf_init(&b, ASSAY_QUOTE_MAX_BYTES + 64);
    put_signed_part(&b, q);
    put_signature_part(&b, q);
    PROMISE(!b.failed);
    PROMISE(b.len <= end && end <= q->raw.len);
    PROMISE(q->trailing_len == q->raw.len - end);
    PROMISE(memcmp(b.ptr, q->raw.ptr, b.len) == 0);
    assay_buf_free(&b);
}

static void
check_view(const struct assay_quote *quote, struct assay_slice in)
{
    const struct assay_quote_view *q = assay_quote_view(quote);
    struct assay_collateral_need need;
    struct assay_error err;
    struct assay_buf out;
    enum assay_code code;

    PROMISE(assay_slice_equal(q->raw, in) && q->raw.ptr != in.ptr);
    PROMISE(q->raw.len >= ASSAY_QUOTE_MIN_BYTES);
    PROMISE(q->version >= 3 && q->version <= 5 && q->att_key_type == 2);
    PROMISE(q->cert_type >= 1 && q->cert_type <= 5);
    PROMISE((q->body_type == ASSAY_BODY_SGX) == (q->tee_type == ASSAY_TEE_SGX));
    PROMISE(assay_slice_equal(q->report_data, q->body_type == ASSAY_BODY_SGX
                                                  ? q->sgx.report_data
                                                  : q->td.report_data));
    fuzz_check_inside(q->cert_data, q->raw);
    fuzz_check_inside(q->qe_auth_data, q->raw);
    check_rewritten(q);

    assay_buf_init(&out, FUZZ_OUT_MAX);
    code = assay_quote_to_json(quote, &out, &err);
    fuzz_check_json(&out, code, &err);
    code = assay_collateral_need(quote, ASSAY_EMPTY, &need, &err);
    fuzz_check_error(&err, code, in.len);
    PROMISE((code == ASSAY_OK) == (need.fmspc[0] != '\0'));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_slice in = {data, size};
    struct assay_quote *q = (struct assay_quote *)(uintptr_t)data;
    struct assay_error err;
    enum assay_code code = assay_quote_parse(in, &q, &err);

    fuzz_check_error(&err, code, size);
    PROMISE((q != NULL) == (code == ASSAY_OK));
    if (q != NULL) {
        check_view(q, in);
    }
    assay_quote_free(q);
    return 0;
}
