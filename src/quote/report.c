/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * report.c - the bodies of quotes: enclave reports and TD reports.
 */
#include "quote/quote.h"

void
assay_quote_read_sgx_report(struct assay_reader *r,
                            struct assay_sgx_report *out)
{
    struct assay_reader whole = *r;

    out->cpusvn = assay_read(r, 16, "report.cpusvn");
    out->miscselect = assay_read_le32(r, "report.miscselect");
    (void)assay_read(r, 12, "report.reserved1");
    out->isvextprodid = assay_read(r, 16, "report.isvextprodid");
    out->attributes = assay_read(r, 16, "report.attributes");
    out->mrenclave = assay_read(r, 32, "report.mrenclave");
    (void)assay_read(r, 32, "report.reserved2");
    out->mrsigner = assay_read(r, 32, "report.mrsigner");
    (void)assay_read(r, 32, "report.reserved3");
    out->configid = assay_read(r, 64, "report.configid");
    out->isvprodid = assay_read_le16(r, "report.isvprodid");
    out->isvsvn = assay_read_le16(r, "report.isvsvn");
    out->configsvn = assay_read_le16(r, "report.configsvn");
    (void)assay_read(r, 42, "report.reserved4");
    out->isvfamilyid = assay_read(r, 16, "report.isvfamilyid");
    out->report_data = assay_read(r, 64, "report.report_data");
    out->raw = assay_read(&whole, ASSAY_SGX_REPORT_BYTES, "report");
}

static void
read_td10(struct assay_reader *r, struct assay_td_report *td)
{
    td->tee_tcb_svn = assay_read(r, 16, "td.tee_tcb_svn");
    td->mr_seam = assay_read(r, 48, "td.mr_seam");
    td->mr_signer_seam = assay_read(r, 48, "td.mr_signer_seam");
    td->seam_attributes = assay_read(r, 8, "td.seam_attributes");
    td->td_attributes = assay_read_le64(r, "td.td_attributes");
    td->xfam = assay_read_le64(r, "td.xfam");
    td->mr_td = assay_read(r, 48, "td.mr_td");
    td->mr_config_id = assay_read(r, 48, "td.mr_config_id");
    td->mr_owner = assay_read(r, 48, "td.mr_owner");
    td->mr_owner_config = assay_read(r, 48, "td.mr_owner_config");
    for (size_t i = 0; i < 4; i++) {
        td->rtmr[i] = assay_read(r, 48, "td.rtmr");
    }
    td->report_data = assay_read(r, 64, "td.report_data");
}

static void
read_td15(struct assay_reader *r, struct assay_td_report *td)
{
    td->tee_tcb_svn2 = assay_read(r, 16, "td.tee_tcb_svn2");
    td->mr_service_td = assay_read(r, 48, "td.mr_service_td");
}

static void
read_td15ex(struct assay_reader *r, struct assay_td_report *td)
{
    td->vm_id = assay_read(r, 1, "td.vm_id");
    td->td_id = assay_read(r, 32, "td.td_id");
    td->dev_info = assay_read(r, 48, "td.dev_info");
    td->init_servtd_hash = assay_read(r, 48, "td.init_servtd_hash");
    td->init_servtd_attr = assay_read(r, 8, "td.init_servtd_attr");
    td->init_cpusvn = assay_read(r, 16, "td.init_cpusvn");
    td->init_tee_tcb_svn = assay_read(r, 16, "td.init_tee_tcb_svn");
    td->init_tee_fmspc = assay_read(r, 12, "td.init_tee_fmspc");
    td->cur_servtd_hash = assay_read(r, 48, "td.cur_servtd_hash");
    td->cur_servtd_attr = assay_read(r, 8, "td.cur_servtd_attr");
}

void
assay_quote_read_td_report(struct assay_reader *r, enum assay_body_type type,
                           struct assay_td_report *out)
{
    struct assay_reader whole = *r;

    read_td10(r, out);
    if (type == ASSAY_BODY_TD15 || type == ASSAY_BODY_TD15EX) {
        read_td15(r, out);
    }
    if (type == ASSAY_BODY_TD15EX) {
        read_td15ex(r, out);
    }
    out->raw = assay_read(&whole, r->pos - whole.pos, "td");
}
