/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * quote_out.c - a quote as JSON: numbers as numbers, octets as hex in the
 * order in which they stand in the quote.
 */
#include "quote/quote_out.h"

#include "base/bytes.h"
#include "quote/quote.h"

static void
out_le64(struct assay_json_out *o, const char *name, uint64_t v)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(v >> (8 * i));
    }
    assay_json_out_hex(o, name, ASSAY_SLICE(bytes));
}

static void
out_header(struct assay_json_out *o, const struct assay_quote_view *q)
{
    assay_json_out_open(o, "header", '{');
    assay_json_out_u64(o, "version", q->version);
    assay_json_out_u64(o, "att_key_type", q->att_key_type);
    assay_json_out_u64(o, "tee_type", q->tee_type);
    if (q->version == 3) {
        assay_json_out_u64(o, "qe_svn", q->header_word8);
        assay_json_out_u64(o, "pce_svn", q->header_word10);
    } else {
        assay_json_out_u64(o, "reserved8", q->header_word8);
        assay_json_out_u64(o, "reserved10", q->header_word10);
    }
    assay_json_out_hex(o, "qe_vendor_id", q->qe_vendor_id);
    assay_json_out_hex(o, "user_data", q->user_data);
    assay_json_out_close(o, '}');
}

static void
out_sgx(struct assay_json_out *o, const char *name,
        const struct assay_sgx_report *r)
{
    assay_json_out_open(o, name, '{');
    assay_json_out_hex(o, "cpusvn", r->cpusvn);
    assay_json_out_u64(o, "miscselect", r->miscselect);
    assay_json_out_hex(o, "isvextprodid", r->isvextprodid);
    assay_json_out_hex(o, "attributes", r->attributes);
    assay_json_out_hex(o, "mrenclave", r->mrenclave);
    assay_json_out_hex(o, "mrsigner", r->mrsigner);
    assay_json_out_hex(o, "configid", r->configid);
    assay_json_out_u64(o, "isvprodid", r->isvprodid);
    assay_json_out_u64(o, "isvsvn", r->isvsvn);
    assay_json_out_u64(o, "configsvn", r->configsvn);
    assay_json_out_hex(o, "isvfamilyid", r->isvfamilyid);
    assay_json_out_hex(o, "report_data", r->report_data);
    assay_json_out_close(o, '}');
}

static void
out_td15ex(struct assay_json_out *o, const struct assay_td_report *td)
{
    assay_json_out_hex(o, "vm_id", td->vm_id);
    assay_json_out_hex(o, "td_id", td->td_id);
    assay_json_out_hex(o, "dev_info", td->dev_info);
    assay_json_out_hex(o, "init_servtd_hash", td->init_servtd_hash);
    assay_json_out_hex(o, "init_servtd_attr", td->init_servtd_attr);
    assay_json_out_hex(o, "init_cpusvn", td->init_cpusvn);
    assay_json_out_hex(o, "init_tee_tcb_svn", td->init_tee_tcb_svn);
    assay_json_out_hex(o, "init_tee_fmspc", td->init_tee_fmspc);
    assay_json_out_hex(o, "cur_servtd_hash", td->cur_servtd_hash);
    assay_json_out_hex(o, "cur_servtd_attr", td->cur_servtd_attr);
}

static void
out_td(struct assay_json_out *o, const struct assay_td_report *td)
{
    static const char *const rtmr[4] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};

    assay_json_out_open(o, "td_report", '{');
    assay_json_out_hex(o, "tee_tcb_svn", td->tee_tcb_svn);
    assay_json_out_hex(o, "mr_seam", td->mr_seam);
    assay_json_out_hex(o, "mr_signer_seam", td->mr_signer_seam);
    assay_json_out_hex(o, "seam_attributes", td->seam_attributes);
    out_le64(o, "td_attributes", td->td_attributes);
    out_le64(o, "xfam", td->xfam);
    assay_json_out_hex(o, "mrtd", td->mr_td);
    assay_json_out_hex(o, "mr_config_id", td->mr_config_id);
    assay_json_out_hex(o, "mr_owner", td->mr_owner);
    assay_json_out_hex(o, "mr_owner_config", td->mr_owner_config);
    for (size_t i = 0; i < 4; i++) {
        assay_json_out_hex(o, rtmr[i], td->rtmr[i]);
    }
    assay_json_out_hex(o, "report_data", td->report_data);
    if (td->tee_tcb_svn2.len > 0) {
        assay_json_out_hex(o, "tee_tcb_svn2", td->tee_tcb_svn2);
        assay_json_out_hex(o, "mr_service_td", td->mr_service_td);
    }
    if (td->vm_id.len > 0) {
        out_td15ex(o, td);
    }
    assay_json_out_close(o, '}');
}

/* Intel counts the NUL that terminates the PEM text. What is no text at all is
 * not made into one: nothing of it may get lost. */
static void
out_certification(struct assay_json_out *o, const struct assay_quote_view *q)
{
    struct assay_slice pem = q->cert_data;
    bool text = q->cert_type == ASSAY_CERT_PCK_CHAIN ||
                q->cert_type == ASSAY_CERT_PCK_LEAF;

    while (text && pem.len > 0 && pem.ptr[pem.len - 1] == 0) {
        pem.len--;
    }
    for (size_t i = 0; text && i < pem.len; i++) {
        uint8_t c = pem.ptr[i];

        text = (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t';
    }
    if (text) {
        assay_json_out_string(o, "cert_data", pem);
    } else {
        assay_json_out_hex(o, "cert_data", q->cert_data);
    }
}

static void
out_signature(struct assay_json_out *o, const struct assay_quote_view *q)
{
    assay_json_out_open(o, "signature", '{');
    assay_json_out_u64(o, "section_size", q->signature_section_len);
    assay_json_out_hex(o, "signature", q->signature);
    assay_json_out_hex(o, "attestation_key", q->attestation_key);
    out_sgx(o, "qe_report", &q->qe_report);
    assay_json_out_hex(o, "qe_report_signature", q->qe_report_signature);
    assay_json_out_hex(o, "qe_auth_data", q->qe_auth_data);
    assay_json_out_u64(o, "cert_data_type", (uint64_t)q->cert_type);
    assay_json_out_u64(o, "cert_data_size", q->cert_data.len);
    out_certification(o, q);
    assay_json_out_u64(o, "bytes_after", q->trailing_len);
    assay_json_out_close(o, '}');
}

void
assay_quote_out(struct assay_json_out *o, const char *name,
                const struct assay_quote_view *q)
{
    assay_json_out_open(o, name, '{');
    assay_json_out_u64(o, "size", q->raw.len);
    out_header(o, q);
    assay_json_out_u64(o, "body_type", (uint64_t)q->body_type);
    if (q->body_type == ASSAY_BODY_SGX) {
        out_sgx(o, "enclave_report", &q->sgx);
    } else {
        out_td(o, &q->td);
    }
    out_signature(o, q);
    assay_json_out_close(o, '}');
}

enum assay_code
assay_quote_to_json(const struct assay_quote *q, struct assay_buf *out,
                    struct assay_error *err)
{
    struct assay_json_out o;

    assay_error_clear(err);
    assay_json_out_init(&o, out, false);
    assay_quote_out(&o, NULL, assay_quote_view(q));
    return assay_buf_check(out, "quote", err);
}
