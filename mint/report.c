/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * report.c - the bodies of quotes; see quote.h.
 */
#include "mint/quote.h"

#include "base/bytes.h"

/* A field of bytes: where it stands, and which option has it. */
struct field {
    const char *name;
    size_t at;
    size_t len;
    size_t option; /* offset of a const char * in the options */
};

#define SGX(name) offsetof(struct mint_sgx_report_options, name)
#define TD(name)  offsetof(struct mint_td_report_options, name)

static const struct field sgx_fields[] = {
    {"sgx.cpusvn", 0, 16, SGX(cpusvn)},
    {"sgx.isvextprodid", 32, 16, SGX(isvextprodid)},
    {"sgx.attributes", 48, 16, SGX(attributes)},
    {"sgx.mrenclave", 64, 32, SGX(mrenclave)},
    {"sgx.mrsigner", 128, 32, SGX(mrsigner)},
    {"sgx.configid", 192, 64, SGX(configid)},
    {"sgx.isvfamilyid", 304, 16, SGX(isvfamilyid)},
    {"sgx.report_data", 320, 64, SGX(report_data)},
};

static const struct field td_fields[] = {
    {"td.tee_tcb_svn", 0, 16, TD(tee_tcb_svn)},
    {"td.mr_seam", 16, 48, TD(mr_seam)},
    {"td.mr_signer_seam", 64, 48, TD(mr_signer_seam)},
    {"td.seam_attributes", 112, 8, TD(seam_attributes)},
    {"td.mr_td", 136, 48, TD(mr_td)},
    {"td.mr_config_id", 184, 48, TD(mr_config_id)},
    {"td.mr_owner", 232, 48, TD(mr_owner)},
    {"td.mr_owner_config", 280, 48, TD(mr_owner_config)},
    {"td.rtmr0", 328, 48, TD(rtmr[0])},
    {"td.rtmr1", 376, 48, TD(rtmr[1])},
    {"td.rtmr2", 424, 48, TD(rtmr[2])},
    {"td.rtmr3", 472, 48, TD(rtmr[3])},
    {"td.report_data", 520, 64, TD(report_data)},
    {"td.tee_tcb_svn2", 584, 16, TD(tee_tcb_svn2)},
    {"td.mr_service_td", 600, 48, TD(mr_service_td)},
    {"td.vm_id", 648, 1, TD(vm_id)},
    {"td.td_id", 649, 32, TD(td_id)},
    {"td.dev_info", 681, 48, TD(dev_info)},
    {"td.init_servtd_hash", 729, 48, TD(init_servtd_hash)},
    {"td.init_servtd_attr", 777, 8, TD(init_servtd_attr)},
    {"td.init_cpusvn", 785, 16, TD(init_cpusvn)},
    {"td.init_tee_tcb_svn", 801, 16, TD(init_tee_tcb_svn)},
    {"td.init_tee_fmspc", 817, 12, TD(init_tee_fmspc)},
    {"td.cur_servtd_hash", 829, 48, TD(cur_servtd_hash)},
    {"td.cur_servtd_attr", 877, 8, TD(cur_servtd_attr)},
};

size_t
mint_body_size(int32_t body_type)
{
    switch (body_type) {
    case ASSAY_BODY_SGX:
        return 384;
    case ASSAY_BODY_TD10:
        return 584;
    case ASSAY_BODY_TD15:
        return 648;
    case ASSAY_BODY_TD15EX:
        return 885;
    default:
        return 0;
    }
}

static void
put_fields(uint8_t *to, size_t size, const struct field *fields, size_t count,
           const void *options, struct assay_error *err)
{
    for (size_t i = 0; i < count && fields[i].at < size; i++) {
        const char *hex;

        memcpy(&hex, (const uint8_t *)options + fields[i].option, sizeof(hex));
        if (hex != NULL) {
            mint_put_hex(to + fields[i].at, fields[i].len, hex, fields[i].name,
                         err);
        }
    }
}

static void
put_le(uint8_t *to, size_t n, uint64_t v)
{
    for (size_t i = 0; i < n; i++) {
        to[i] = (uint8_t)(v >> (8 * i));
    }
}

void
mint_sgx_report_write(uint8_t *to, const struct mint_sgx_report_options *o,
                      const struct mint_platform *p, struct assay_error *err)
{
    mint_platform_cpusvn(p, to, err);
    put_fields(to, 384, sgx_fields, sizeof(sgx_fields) / sizeof(sgx_fields[0]),
               o, err);
    put_le(to + 16, 4, o->miscselect);
    put_le(to + 256, 2, (uint64_t)o->isvprodid);
    put_le(to + 258, 2, (uint64_t)o->isvsvn);
    put_le(to + 260, 2, o->configsvn);
    for (size_t i = 0; i < 8; i++) {
        to[48 + i] ^= (uint8_t)(o->attributes_xor >> (8 * i));
    }
}

void
mint_td_report_write(uint8_t *to, size_t size,
                     const struct mint_td_report_options *o,
                     struct assay_error *err)
{
    if (size > 584) {
        mint_put_hex(to + 584, 16, o->tee_tcb_svn, "td.tee_tcb_svn", err);
    }
    put_fields(to, size, td_fields, sizeof(td_fields) / sizeof(td_fields[0]), o,
               err);
    put_le(to + 120, 8, o->td_attributes ^ o->td_attributes_xor);
    put_le(to + 128, 8, o->xfam);
}
