/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_verify.c - every check of a verdict, once failing alone and once just
 * passing, on evidence made to order.
 */
#include <stdio.h>

#include "appraise/verdict.h"
#include "assay/assay.h"
#include "dcap/checks.h"
#include "harness/ctx.h"
#include "mint/world.h"

#define NOW     MINT_NOW_S
#define MINUTE  INT64_C(60)
#define TDX_ANY "\"type\":\"tdx\",\"partial\":true"
#define SGX_ANY "\"type\":\"sgx\",\"partial\":true"

#define X8(octet)  octet octet octet octet octet octet octet octet
#define X32(octet) X8(octet) X8(octet) X8(octet) X8(octet)
#define X48(octet) X32(octet) X8(octet) X8(octet)

/* Which part of the collateral comes from the row's second world, which has
 * the same keys and differs by `donor` only. */
enum donated { NOTHING, TCB_CHAIN, QE_CHAIN };

struct row {
    const char *name;
    enum assay_check_id check;
    bool fails; /* this check fails, and it alone; else all is trusted */
    struct mint_options world;
    const char *policy; /* members; NULL: the default policy of the TEE */
    int64_t now_s;      /* 0: NOW */
    struct assay_evaluations seen;
    enum donated donated;
    struct mint_options donor;
    bool stranger_root; /* verify under another world's root */
};

#define FAILS(id) .check = ASSAY_CHECK_##id, .fails = true
#define OK(id)    .check = ASSAY_CHECK_##id, .fails = false
#define SGX3      .quote = {.version = 3}

static const struct row rows[] = {
    {"another root is trusted", FAILS(ROOT_CA), .stranger_root = true},
    {"the very root", OK(ROOT_CA)},
    {"a root reissued with the same key", OK(ROOT_CA), .donated = TCB_CHAIN,
     .donor = {.root.not_after_s = NOW + 999 * MINUTE}},
    {"PCK signed by a stranger", FAILS(PCK_CHAIN),
     .world = {.pck.signing.signer = MINT_KEY_STRANGER}},
    {"CA signed by a stranger", FAILS(PCK_CHAIN),
     .world = {.ca.signing.signer = MINT_KEY_STRANGER}},
    {"CA without keyCertSign", FAILS(PCK_CHAIN),
     .world = {.ca.key_usage = MINT_KU_CRL_SIGN}},
    {"CA that is none", FAILS(PCK_CHAIN), .world = {.ca.ca = MINT_NO}},
    {"PCK that is a CA", FAILS(PCK_CHAIN), .world = {.pck.ca = MINT_YES}},
    {"PCK of another name", FAILS(PCK_CHAIN),
     .world = {.pck.subject.common_name = "Intel SGX TCB Signing"}},
    {"PCK with the key identifier of another CA", FAILS(PCK_CHAIN),
     .world = {.pck.aki = "0102030405060708090a0b0c0d0e0f1011121314"}},
    {"Processor CA", OK(PCK_CHAIN), .world = {.processor_ca = true, SGX3}},
    {"PCK expired a second ago", FAILS(PCK_CHAIN_DATES),
     .world = {.pck.not_after_s = NOW - 1}},
    {"last second of the PCK", OK(PCK_CHAIN_DATES),
     .world = {.pck.not_after_s = NOW}},
    {"PCK valid from the next second", FAILS(PCK_CHAIN_DATES),
     .world = {.pck.not_before_s = NOW + 1}},
    {"first second of the PCK", OK(PCK_CHAIN_DATES),
     .world = {.pck.not_before_s = NOW}},
    {"CA expired", FAILS(PCK_CHAIN_DATES),
     .world = {.ca.not_after_s = NOW - 1}},
    {"root CRL signed by a stranger", FAILS(ROOT_CRL),
     .world = {.root_crl.signing.signer = MINT_KEY_STRANGER}},
    {"root CRL without a number", FAILS(ROOT_CRL),
     .world = {.root_crl.omit = MINT_CRL_NUMBER}},
    {"root CRL without key identifier", FAILS(ROOT_CRL),
     .world = {.root_crl.omit = MINT_CRL_AKI}},
    {"root CRL with another key identifier", FAILS(ROOT_CRL),
     .world = {.root_crl.aki = "0102030405060708090a0b0c0d0e0f1011121314"}},
    {"root CRL with strangers on it", OK(ROOT_CRL),
     .world = {.root_crl.fill = 200}},
    {"root CRL expired a second ago", FAILS(ROOT_CRL_DATES),
     .world = {.root_crl.next_update_s = NOW - 1}},
    {"last second of the root CRL", OK(ROOT_CRL_DATES),
     .world = {.root_crl.next_update_s = NOW}},
    {"root CRL from the next second", FAILS(ROOT_CRL_DATES),
     .world = {.root_crl.this_update_s = NOW + 1}},
    {"PCK CRL signed by a stranger", FAILS(PCK_CRL),
     .world = {.pck_crl.signing.signer = MINT_KEY_STRANGER}},
    {"PCK CRL of the root", FAILS(PCK_CRL),
     .world = {.pck_crl.issuer =
                   &(const struct mint_name){.common_name =
                                                 "Intel SGX Root CA"}}},
    {"PCK CRL with another key identifier", FAILS(PCK_CRL),
     .world = {.pck_crl.aki = "0102030405060708090a0b0c0d0e0f1011121314"}},
    {"PCK CRL with strangers on it", OK(PCK_CRL),
     .world = {.pck_crl.fill = 200}},
    {"PCK CRL expired a second ago", FAILS(PCK_CRL_DATES),
     .world = {.pck_crl.next_update_s = NOW - 1}},
    {"last second of the PCK CRL", OK(PCK_CRL_DATES),
     .world = {.pck_crl.next_update_s = NOW}},
/* collateral_grace_secs forgives what documents say of the next one, each
 * by its own date, and never a certificate */
#define LATE(id, field)                                                        \
    {#id " just as late as the grace", OK(id), .world = {.field = NOW - 60},   \
     .policy = TDX_ANY ",\"collateral_grace_secs\":60"},                       \
        {#id " a second later than the grace", FAILS(id),                      \
         .world = {.field = NOW - 61},                                         \
         .policy = TDX_ANY ",\"collateral_grace_secs\":60"},                   \
        {#id " a second late, no grace", FAILS(id),                            \
         .world = {.field = NOW - 1},                                          \
         .policy = TDX_ANY ",\"collateral_grace_secs\":0"}
    LATE(ROOT_CRL_DATES, root_crl.next_update_s),
    LATE(PCK_CRL_DATES, pck_crl.next_update_s),
    LATE(TCB_INFO_DATES, tcb_info.next_update_s),
    LATE(QE_IDENTITY_DATES, qe_identity.next_update_s),
#undef LATE
    {"TCB signer a second late, whatever the grace", FAILS(TCB_SIGNER_DATES),
     .donated = TCB_CHAIN, .donor = {.tcb_signer.not_after_s = NOW - 1},
     .policy = TDX_ANY ",\"collateral_grace_secs\":60"},
    {"QE signer a second late, whatever the grace", FAILS(QE_SIGNER_DATES),
     .donated = QE_CHAIN, .donor = {.tcb_signer.not_after_s = NOW - 1},
     .policy = TDX_ANY ",\"collateral_grace_secs\":60"},
    {"CA a second late, whatever the grace", FAILS(PCK_CHAIN_DATES),
     .world = {.ca.not_after_s = NOW - 1},
     .policy = TDX_ANY ",\"collateral_grace_secs\":60"},
    {"CA on the root CRL", FAILS(PCK_CA_NOT_REVOKED),
     .world = {.root_crl.revoke = MINT_REVOKE(MINT_CERT_CA)}},
    {"root on its own CRL", FAILS(PCK_CA_NOT_REVOKED),
     .world = {.root_crl.revoke = MINT_REVOKE(MINT_CERT_ROOT)}},
    {"PCK on the root CRL, which does not count", OK(PCK_CA_NOT_REVOKED),
     .world = {.root_crl.revoke = MINT_REVOKE(MINT_CERT_PCK)}},
    {"PCK on the PCK CRL", FAILS(PCK_NOT_REVOKED),
     .world = {.pck_crl.revoke = MINT_REVOKE(MINT_CERT_PCK)}},
    {"PCK last of 200 on the PCK CRL", FAILS(PCK_NOT_REVOKED),
     .world = {.pck_crl = {.revoke = MINT_REVOKE(MINT_CERT_PCK), .fill = 199}}},
    {"CA on the PCK CRL, which does not count", OK(PCK_NOT_REVOKED),
     .world = {.pck_crl.revoke = MINT_REVOKE(MINT_CERT_CA)}},
    {"TCB info with the CA as signer", FAILS(TCB_SIGNER),
     .world = {.tcb_info.json = {.signer = MINT_KEY_PLATFORM_CA,
                                 .chain = {MINT_CERT_CA, MINT_CERT_ROOT}}}},
    {"TCB signer signed by a stranger", FAILS(TCB_SIGNER), .donated = TCB_CHAIN,
     .donor = {.tcb_signer.signing.signer = MINT_KEY_STRANGER}},
    {"another TCB signer of the root", OK(TCB_SIGNER), .donated = TCB_CHAIN,
     .donor = {.tcb_signer.serial = "1234"}},
    {"TCB signer expired a second ago", FAILS(TCB_SIGNER_DATES),
     .donated = TCB_CHAIN, .donor = {.tcb_signer.not_after_s = NOW - 1}},
    {"last second of the TCB signer", OK(TCB_SIGNER_DATES),
     .donated = TCB_CHAIN, .donor = {.tcb_signer.not_after_s = NOW}},
    {"TCB signer revoked", FAILS(TCB_SIGNER_NOT_REVOKED), .donated = TCB_CHAIN,
     .donor = {.tcb_signer.serial = "1234"},
     .world = {.root_crl.revoked = {"1234"}}},
    {"serial next to that of the TCB signer", OK(TCB_SIGNER_NOT_REVOKED),
     .donated = TCB_CHAIN, .donor = {.tcb_signer.serial = "1234"},
     .world = {.root_crl.revoked = {"1235", "12", "123456"}}},
    {"TCB info changed after signing", FAILS(TCB_INFO),
     .world = {.tcb_info.json.after = {{"\"tcbEvaluationDataNumber\":18",
                                        "\"tcbEvaluationDataNumber\":19"}}}},
    {"TCB info signed by the PCK", FAILS(TCB_INFO),
     .world = {.tcb_info.json.signer = MINT_KEY_PCK}},
    {"TCB info with white space, signed so", OK(TCB_INFO),
     .world = {.tcb_info.json.pretty = true}},
    {"TCB info expired a second ago", FAILS(TCB_INFO_DATES),
     .world = {.tcb_info.next_update_s = NOW - 1}},
    {"last second of the TCB info", OK(TCB_INFO_DATES),
     .world = {.tcb_info.next_update_s = NOW}},
    {"TCB info of the next second", FAILS(TCB_INFO_DATES),
     .world = {.tcb_info.issue_s = NOW + 1}},
    {"QE identity with the CA as signer", FAILS(QE_SIGNER),
     .world = {.qe_identity.json = {.signer = MINT_KEY_PLATFORM_CA,
                                    .chain = {MINT_CERT_CA, MINT_CERT_ROOT}}}},
    {"another QE identity signer of the root", OK(QE_SIGNER),
     .donated = QE_CHAIN, .donor = {.tcb_signer.serial = "1234"}},
    {"QE identity signer expired a second ago", FAILS(QE_SIGNER_DATES),
     .donated = QE_CHAIN, .donor = {.tcb_signer.not_after_s = NOW - 1}},
    {"last second of the QE identity signer", OK(QE_SIGNER_DATES),
     .donated = QE_CHAIN, .donor = {.tcb_signer.not_after_s = NOW}},
    {"QE identity signer revoked", FAILS(QE_SIGNER_NOT_REVOKED),
     .donated = QE_CHAIN, .donor = {.tcb_signer.serial = "1234"},
     .world = {.root_crl.revoked = {"1234"}}},
    {"serial next to that of the QE identity signer", OK(QE_SIGNER_NOT_REVOKED),
     .donated = QE_CHAIN, .donor = {.tcb_signer.serial = "1234"},
     .world = {.root_crl.revoked = {"1233"}}},
    {"QE identity changed after signing", FAILS(QE_IDENTITY),
     .world = {.qe_identity.json.after = {{"\"isvprodid\":2",
                                           "\"isvprodid\":3"}}}},
    {"QE identity with white space, signed so", OK(QE_IDENTITY),
     .world = {.qe_identity.json.pretty = true}},
    {"QE identity expired a second ago", FAILS(QE_IDENTITY_DATES),
     .world = {.qe_identity.next_update_s = NOW - 1}},
    {"last second of the QE identity", OK(QE_IDENTITY_DATES),
     .world = {.qe_identity.next_update_s = NOW}},
    {"QE report signed by a stranger", FAILS(QE_REPORT_SIGNATURE),
     .world = {.quote.qe_report_signer = MINT_KEY_STRANGER}},
    {"QE report signature broken", FAILS(QE_REPORT_SIGNATURE),
     .world = {.quote.break_qe_signature = true}},
    {"QE report with authentication data of none", OK(QE_REPORT_SIGNATURE),
     .world = {.quote.auth_size = MINT_ZERO}},
    {"QE in debug", FAILS(QE_REPORT),
     .world = {.quote.qe.attributes_xor = ASSAY_SGX_FLAG_DEBUG}},
    {"QE of another signer", FAILS(QE_REPORT),
     .world = {.quote.qe.mrsigner = X32("77")}},
    {"QE of another product", FAILS(QE_REPORT),
     .world = {.quote.qe.isvprodid = 1}},
    {"QE with MISCSELECT", FAILS(QE_REPORT),
     .world = {.quote.qe.miscselect = 1}},
    {"QE identity of the other TEE", FAILS(QE_REPORT),
     .world = {.qe_identity.id = "QE"}},
    {"QE with an attribute that the mask leaves out", OK(QE_REPORT),
     .world = {.quote.qe.attributes_xor = 4}},
    {"QE report that names another key", FAILS(ATTESTATION_KEY),
     .world = {.quote.break_binding = true}},
    {"authentication data of 1000 bytes", OK(ATTESTATION_KEY),
     .world = {.quote.auth_size = 1000}},
    {"quote signature broken", FAILS(QUOTE_SIGNATURE),
     .world = {.quote.break_signature = true}},
    {"enclave's quote signature broken", FAILS(QUOTE_SIGNATURE),
     .world = {.quote = {.version = 3, .break_signature = true}}},
    {"quote signed by a stranger", FAILS(QUOTE_SIGNATURE),
     .world = {.quote.signer = MINT_KEY_STRANGER}},
    {"attestation key off the curve", FAILS(QUOTE_SIGNATURE),
     .world = {.quote.key_off_curve = true}},
    {"bytes after the signature section", OK(QUOTE_SIGNATURE),
     .world = {.quote.trailing = 70}},
    {"TCB info of another FMSPC", FAILS(TCB_INFO_MATCH),
     .world = {.tcb_info.fmspc = "00A06F050001"}},
    {"SGX TCB info of another FMSPC", FAILS(TCB_INFO_MATCH),
     .world = {.quote.version = 3, .tcb_info.fmspc = "00A06F050001"}},
    {"TCB info of another PCEID", FAILS(TCB_INFO_MATCH),
     .world = {.tcb_info.pceid = "0001"}},
    {"FMSPC in lower case", OK(TCB_INFO_MATCH),
     .world = {.tcb_info.fmspc = "00a06f050000"}},
    {"TDX module of another signer", FAILS(TDX_MODULE),
     .world = {.quote.td.mr_signer_seam = X48("01")}},
    {"TDX module with attributes", FAILS(TDX_MODULE),
     .world = {.quote.td.seam_attributes = "0100000000000000"}},
    {"TDX module with attributes that the identity has too", FAILS(TDX_MODULE),
     .world = {.quote.td.seam_attributes = "0100000000000000",
               .tcb_info = {.module_count = 1,
                            .modules = {{.attributes = "0100000000000000",
                                         .id = "TDX_01"}}}}},
    {"TDX module version unknown", FAILS(TDX_MODULE),
     .world = {.quote.td.tee_tcb_svn = "0609030000000000"
                                       "0000000000000000"}},
    {"TDX module id in lower case", OK(TDX_MODULE),
     .world = {.tcb_info = {.module_count = 1, .modules = {{.id = "tdx_01"}}}}},
    {"component above the platform in every level", FAILS(TCB_LEVEL),
     .world = {.tcb_info.levels = {[0].sgx[15] = 1, [1].sgx[15] = 1}}},
    {"PCESVN above the platform in every level", FAILS(TCB_LEVEL),
     .world = {.tcb_info.levels = {[0].pcesvn = 14, [1].pcesvn = 14}}},
    {"QE below every level", FAILS(TCB_LEVEL), .world = {.quote.qe.isvsvn = 1}},
    {"module below every level", FAILS(TCB_LEVEL),
     .world = {.tcb_info = {.module_count = 1,
                            .modules = {{.id = "TDX_01",
                                         .level_count = 1,
                                         .levels = {{.isvsvn = 7}}}}}}},
    {"running module unknown", FAILS(TCB_LEVEL),
     .world = {.quote = {.version = 5,
                         .td.tee_tcb_svn2 = "0609030000000000"
                                            "0000000000000000"}}},
    {"module components 0 and 1 above, which do not count", OK(TCB_LEVEL),
     .world = {.tcb_info.levels = {[0].tdx = {200, 200}}}},
    {"platform just at the level", OK(TCB_LEVEL)},

    /* relying party */
    {"TDX quote, SGX policy", FAILS(TEE_TYPE), .policy = SGX_ANY},
    {"SGX quote, TDX policy", FAILS(TEE_TYPE), .world = {SGX3},
     .policy = TDX_ANY},
    {"SGX quote, SGX policy", OK(TEE_TYPE), .world = {SGX3}, .policy = SGX_ANY},
    {"OutOfDate is not accepted", FAILS(TCB_STATUS),
     .world = {.tcb_info.levels = {[0].status = "OutOfDate"}}},
    {"OutOfDate is accepted", OK(TCB_STATUS),
     .world = {.tcb_info.levels = {[0].status = "OutOfDate"}},
     .policy = TDX_ANY ",\"allowed_tcb_status\":[\"OutOfDate\"]"},
    {"Revoked is never accepted", FAILS(TCB_STATUS),
     .world = {.tcb_info.levels = {[0].status = "Revoked"}},
     .policy = TDX_ANY ",\"allowed_tcb_status\":[\"Revoked\"]"},
    {"UpToDate is not in the list", FAILS(TCB_STATUS),
     .policy = TDX_ANY ",\"allowed_tcb_status\":[\"OutOfDate\"]"},
    {"out of date for longer than the grace", FAILS(GRACE_PERIOD),
     .world = {.tcb_info.levels = {[0] = {.sgx[15] = 1, .date_s = NOW - 1001}}},
     .policy = TDX_ANY ",\"allowed_tcb_status\":[\"OutOfDate\"],"
                       "\"grace_period\":1000"},
    {"out of date for just the grace", OK(GRACE_PERIOD),
     .world = {.tcb_info.levels = {[0] = {.sgx[15] = 1, .date_s = NOW - 1000}}},
     .policy = TDX_ANY ",\"allowed_tcb_status\":[\"OutOfDate\"],"
                       "\"grace_period\":1000"},
    {"out of date with no newer level", FAILS(GRACE_PERIOD),
     .world = {.tcb_info.levels = {[0].status = "OutOfDate"}},
     .policy = TDX_ANY ",\"allowed_tcb_status\":[\"OutOfDate\"],"
                       "\"grace_period\":1000"},
    {"TCB info of an older evaluation", FAILS(TCB_EVALUATION),
     .policy = TDX_ANY ",\"min_tcb_evaluation_data_number\":19",
     .world = {.qe_identity.evaluation_number = 19}},
    {"QE identity of an older evaluation", FAILS(TCB_EVALUATION),
     .policy = TDX_ANY ",\"min_tcb_evaluation_data_number\":19",
     .world = {.tcb_info.evaluation_number = 19}},
    {"both of just that evaluation", OK(TCB_EVALUATION),
     .policy = TDX_ANY ",\"min_tcb_evaluation_data_number\":18"},
    {"TCB date a second too old", FAILS(TCB_DATE),
     .world = {.tcb_info.levels = {[0].date_s = NOW - 86401}},
     .policy = TDX_ANY ",\"min_tcb_date\":\"2026-09-20T14:13:20Z\""},
    {"evaluation by the form of a Codex provider", FAILS(TCB_EVALUATION),
     .policy = TDX_ANY ",\"min_tdx_tcb\":{\"tcb_evaluation_data_number\":19}"},
    {"TCB date of just that second", OK(TCB_DATE),
     .world =
         {.tcb_info = {.levels = {[0].date_s = NOW - 86400},
                       .module_count = 1,
                       .modules = {{.id = "TDX_01",
                                    .level_count = 1,
                                    .levels = {{.isvsvn = 6, .date_s = NOW}}}}},
          .qe_identity = {.level_count = 1,
                          .levels = {{.isvsvn = 8, .date_s = NOW}}}},
     .policy = TDX_ANY ",\"min_tcb_date\":\"2026-09-20T14:13:20Z\""},
    {"advisory is denied", FAILS(ADVISORIES),
     .world = {.tcb_info.levels = {[0].advisories = {"INTEL-SA-00002"}}},
     .policy = TDX_ANY ",\"denied_advisories\":[\"INTEL-SA-00002\"]"},
    {"advisory is not accepted", FAILS(ADVISORIES),
     .world = {.tcb_info.levels = {[0].advisories = {"INTEL-SA-00001",
                                                     "INTEL-SA-00002"}}},
     .policy = TDX_ANY ",\"accepted_advisories\":[\"INTEL-SA-00001\"]"},
    {"advisories are accepted, another is denied", OK(ADVISORIES),
     .world = {.tcb_info.levels = {[0].advisories = {"INTEL-SA-00001"}}},
     .policy = TDX_ANY ",\"accepted_advisories\":[\"INTEL-SA-00001\"],"
                       "\"denied_advisories\":[\"INTEL-SA-00003\"]"},
    {"collateral a second too old", FAILS(COLLATERAL_AGE),
     .world = {.tcb_info.issue_s = NOW - 3601,
               .qe_identity.issue_s = NOW,
               .pck_crl.this_update_s = NOW},
     .policy = TDX_ANY ",\"max_collateral_age_secs\":3600"},
    {"PCK CRL a second too old", FAILS(COLLATERAL_AGE),
     .world = {.tcb_info.issue_s = NOW,
               .qe_identity.issue_s = NOW,
               .pck_crl.this_update_s = NOW - 3601},
     .policy = TDX_ANY ",\"max_collateral_age_secs\":3600"},
    {"collateral of just that age, under a root CRL of last year",
     OK(COLLATERAL_AGE),
     .world = {.tcb_info.issue_s = NOW - 3600,
               .qe_identity.issue_s = NOW - 3600,
               .pck_crl.this_update_s = NOW - 3600,
               .root_crl.this_update_s = NOW - 300 * 86400},
     .policy = TDX_ANY ",\"max_collateral_age_secs\":3600"},
    {"TCB info of an evaluation that was overtaken", FAILS(COLLATERAL_ROLLBACK),
     .seen = {19, 18}},
    {"QE identity of an evaluation that was overtaken",
     FAILS(COLLATERAL_ROLLBACK), .seen = {0, 19}},
    {"an overtaken TCB info beside a newer QE identity",
     FAILS(COLLATERAL_ROLLBACK), .seen = {19, 18},
     .world = {.qe_identity.evaluation_number = 20}},
    {"an overtaken evaluation that the policy refuses in words",
     FAILS(COLLATERAL_ROLLBACK), .seen = {19, 19},
     .policy = TDX_ANY ",\"collateral_rollback\":\"refuse\""},
    {"just the evaluations that were seen", OK(COLLATERAL_ROLLBACK),
     .seen = {18, 18}},
    {"newer evaluations than were seen", OK(COLLATERAL_ROLLBACK),
     .seen = {18, 17}, .world = {.tcb_info.evaluation_number = 19}},
    {"an overtaken evaluation that the policy warns of", OK(TCB_STATUS),
     .seen = {19, 19}, .policy = TDX_ANY ",\"collateral_rollback\":\"warn\""},
    {"debugged TD", FAILS(DEBUG),
     .world = {.quote.td.td_attributes_xor = ASSAY_TD_ATTR_DEBUG}},
    {"TD under performance profiling", FAILS(DEBUG),
     .world = {.quote.td.td_attributes_xor = 1u << 5}},
    {"debugged enclave", FAILS(DEBUG),
     .world = {.quote = {.version = 3,
                         .sgx.attributes_xor = ASSAY_SGX_FLAG_DEBUG}}},
    {"PERFMON is no debug", OK(DEBUG),
     .world = {.quote.td.td_attributes_xor = UINT64_C(1) << 63}},
    {"debugged TD, allowed", OK(TCB_STATUS),
     .world = {.quote.td.td_attributes_xor = ASSAY_TD_ATTR_DEBUG},
     .policy = TDX_ANY ",\"allow_debug\":true"},
    {"SEPT_VE_DISABLE not set", FAILS(SEPT_VE_DISABLE),
     .world = {.quote.td.td_attributes_xor = ASSAY_TD_ATTR_SEPT_VE_DISABLE}},
    {"SEPT_VE_DISABLE set", OK(SEPT_VE_DISABLE)},
    {"SEPT_VE_DISABLE not asked for", OK(TCB_STATUS),
     .world = {.quote.td.td_attributes_xor = ASSAY_TD_ATTR_SEPT_VE_DISABLE},
     .policy = TDX_ANY ",\"require_sept_ve_disable\":false"},
    {"service TD bound", FAILS(SERVICE_TD),
     .world = {.quote = {.version = 5, .td.mr_service_td = X48("05")}}},
    {"no service TD in a TD 1.5 report", OK(SERVICE_TD),
     .world = {.quote = {.version = 5}}},
    {"service TD allowed", OK(TCB_STATUS),
     .world = {.quote = {.version = 5, .td.mr_service_td = X48("05")}},
     .policy = TDX_ANY ",\"allow_service_td\":true"},
    {"TD attribute that must not be", FAILS(TD_ATTRIBUTES),
     .world = {.quote.td.td_attributes_xor = UINT64_C(1) << 63},
     .policy = TDX_ANY ",\"td_attributes\":{\"mask\":\"0000000000000080\","
                       "\"value\":\"0000000000000000\"}"},
    {"TD attribute that the mask leaves out", OK(TD_ATTRIBUTES),
     .world = {.quote.td.td_attributes_xor = UINT64_C(1) << 63},
     .policy = TDX_ANY ",\"td_attributes\":{\"mask\":\"ffffffffffffff7f\","
                       "\"value\":\"0000001000000000\"}"},
    {"XFAM differs", FAILS(XFAM),
     .policy = TDX_ANY ",\"xfam\":{\"mask\":\"ffffffffffffffff\","
                       "\"value\":\"e602060000000000\"}"},
    {"XFAM", OK(XFAM),
     .policy = TDX_ANY ",\"xfam\":{\"mask\":\"ffffffffffffffff\","
                       "\"value\":\"e702060000000000\"}"},
    {"TEE_TCB_SVN byte too low", FAILS(TEE_TCB_SVN),
     .policy = TDX_ANY ",\"min_tdx_tcb\":{\"tee_tcb_svn\":"
                       "\"06010400000000000000000000000000\"}"},
    {"TEE_TCB_SVN just there", OK(TEE_TCB_SVN),
     .policy = TDX_ANY ",\"min_tdx_tcb\":{\"tee_tcb_svn\":"
                       "\"06010300000000000000000000000000\"}"},
#define REGISTER(id, member, field)                                            \
    {#id " differs", FAILS(id), .world = {.quote.td.field = X48("31")},        \
     .policy = TDX_ANY ",\"" member "\":\"" X48("30") "\""},                   \
        {#id " is in the list", OK(id),                                        \
         .world = {.quote.td.field = X48("31")},                               \
         .policy =                                                             \
             TDX_ANY ",\"" member "\":[\"" X48("30") "\",\"" X48("31") "\"]"}
    REGISTER(MRTD, "mrtd", mr_td),
    REGISTER(RTMR0, "rtmr0", rtmr[0]),
    REGISTER(RTMR1, "rtmr1", rtmr[1]),
    REGISTER(RTMR2, "rtmr2", rtmr[2]),
    REGISTER(RTMR3, "rtmr3", rtmr[3]),
    REGISTER(MR_SEAM, "mr_seam", mr_seam),
    REGISTER(MR_CONFIG_ID, "mr_config_id", mr_config_id),
    REGISTER(MR_OWNER, "mr_owner", mr_owner),
    REGISTER(MR_OWNER_CONFIG, "mr_owner_config", mr_owner_config),
#undef REGISTER
    {"MRENCLAVE differs", FAILS(MRENCLAVE),
     .world = {.quote = {.version = 3, .sgx.mrenclave = X32("31")}},
     .policy = "\"type\":\"sgx\",\"mrenclave\":\"" X32("30") "\""},
    {"MRENCLAVE", OK(MRENCLAVE),
     .world = {.quote = {.version = 3, .sgx.mrenclave = X32("31")}},
     .policy = "\"type\":\"sgx\",\"mrenclave\":\"" X32("31") "\""},
    {"MRSIGNER differs", FAILS(MRSIGNER),
     .world = {.quote = {.version = 3, .sgx.mrsigner = X32("31")}},
     .policy = "\"type\":\"sgx\",\"mrsigner\":\"" X32("30") "\""},
    {"MRSIGNER", OK(MRSIGNER),
     .world = {.quote = {.version = 3, .sgx.mrsigner = X32("31")}},
     .policy = "\"type\":\"sgx\",\"mrsigner\":\"" X32("31") "\""},
    {"ISVPRODID differs", FAILS(ISVPRODID),
     .world = {.quote = {.version = 3, .sgx.isvprodid = 7}},
     .policy = SGX_ANY ",\"isvprodid\":8"},
    {"ISVPRODID", OK(ISVPRODID),
     .world = {.quote = {.version = 3, .sgx.isvprodid = 7}},
     .policy = SGX_ANY ",\"isvprodid\":7"},
    {"ISVSVN too low", FAILS(ISVSVN),
     .world = {.quote = {.version = 3, .sgx.isvsvn = 7}},
     .policy = SGX_ANY ",\"min_isvsvn\":8"},
    {"ISVSVN just there", OK(ISVSVN),
     .world = {.quote = {.version = 3, .sgx.isvsvn = 7}},
     .policy = SGX_ANY ",\"min_isvsvn\":7"},
    {"a later time", FAILS(PCK_CHAIN_DATES), .now_s = NOW + 40 * 365 * 86400,
     .world = {.tcb_info.next_update_s = NOW + 50 * INT64_C(31536000),
               .qe_identity.next_update_s = NOW + 50 * INT64_C(31536000),
               .pck_crl.next_update_s = NOW + 50 * INT64_C(31536000),
               .root_crl.next_update_s = NOW + 50 * INT64_C(31536000),
               .root.not_after_s = NOW + 50 * INT64_C(31536000),
               .tcb_signer.not_after_s = NOW + 50 * INT64_C(31536000)}},
};

/* What a row needs, made anew for each. */
struct bench {
    struct mint_world *world;
    struct mint_world *other; /* donor or stranger */
    struct assay_quote *quote;
    struct assay_collateral *collateral;
    struct assay_root *root;
    struct assay_policy *policy;
    struct assay_verifier *verifier;
};

#define MUST(row, call)                                                        \
    do {                                                                       \
        if ((call) != ASSAY_OK) {                                              \
            fail_msg("row \"%s\": %s: %s", (row), #call, err.msg);             \
        }                                                                      \
    } while (0)

static struct mint_world *
new_world(const char *row, const struct mint_options *options, const char *seed)
{
    struct mint_options o = *options;
    struct mint_world *w = NULL;
    struct assay_error err;

    o.seed = seed;
    MUST(row, mint_world_new(&o, &w, &err));
    return w;
}

static void
make_policy(const struct row *row, struct bench *b)
{
    char text[1024];
    struct assay_error err;

    if (row->policy == NULL) {
        MUST(row->name,
             assay_policy_default(
                 (enum assay_tee)assay_quote_view(b->quote)->tee_type,
                 &b->policy, &err));
        return;
    }
    (void)snprintf(text, sizeof(text), "{%s}", row->policy);
    MUST(row->name, assay_policy_parse(assay_slice_of(text), &b->policy, &err));
}

static void
set_up(const struct row *row, struct bench *b)
{
    static const char other_seed[] = X32("5a");
    struct assay_collateral_parts parts;
    struct assay_buf quote;
    struct assay_error err;

    b->world = new_world(row->name, &row->world, MINT_TEST_SEED);
    b->other = new_world(row->name, &row->donor,
                         row->stranger_root ? other_seed : MINT_TEST_SEED);
    parts = mint_world_collateral_parts(b->world);
    if (row->donated == TCB_CHAIN) {
        parts.tcb_info_issuer_chain =
            mint_world_collateral_parts(b->other).tcb_info_issuer_chain;
    } else if (row->donated == QE_CHAIN) {
        parts.qe_identity_issuer_chain =
            mint_world_collateral_parts(b->other).qe_identity_issuer_chain;
    }
    assay_buf_init(&quote, MINT_QUOTE_MAX);
    MUST(row->name, mint_world_quote(b->world, &quote, &err));
    MUST(row->name,
         assay_quote_parse(assay_buf_slice(&quote), &b->quote, &err));
    assay_buf_free(&quote);
    MUST(row->name,
         assay_collateral_from_parts(ctx, &parts, &b->collateral, &err));
    MUST(row->name,
         assay_root_parse(
             ctx, mint_world_root_pem(row->stranger_root ? b->other : b->world),
             &b->root, &err));
    make_policy(row, b);
    MUST(row->name, assay_verifier_new(ctx, 8, &b->verifier, &err));
}

static void
tear_down(struct bench *b)
{
    assay_verifier_free(b->verifier);
    assay_policy_free(b->policy);
    assay_root_free(b->root);
    assay_collateral_free(b->collateral);
    assay_quote_free(b->quote);
    mint_world_free(b->other);
    mint_world_free(b->world);
}

/* Where a check failed, what rests on it is not judged, not even as good. */
static const struct {
    enum assay_check_id failed;
    enum assay_check_id waits;
} rests_on[] = {
#define PAIR(failed, waits) {ASSAY_CHECK_##failed, ASSAY_CHECK_##waits}
    PAIR(ROOT_CA, PCK_CHAIN),
    PAIR(ROOT_CA, ROOT_CRL),
    PAIR(ROOT_CA, TCB_SIGNER),
    PAIR(ROOT_CA, QE_SIGNER),
    PAIR(PCK_CHAIN, PCK_CHAIN_DATES),
    PAIR(PCK_CHAIN, PCK_CRL),
    PAIR(PCK_CHAIN, PCK_CA_NOT_REVOKED),
    PAIR(PCK_CHAIN, PCK_NOT_REVOKED),
    PAIR(PCK_CHAIN, QE_REPORT_SIGNATURE),
    PAIR(PCK_CHAIN, TCB_INFO_MATCH),
    PAIR(ROOT_CRL, ROOT_CRL_DATES),
    PAIR(ROOT_CRL, PCK_CA_NOT_REVOKED),
    PAIR(ROOT_CRL, TCB_SIGNER_NOT_REVOKED),
    PAIR(ROOT_CRL, QE_SIGNER_NOT_REVOKED),
    PAIR(PCK_CRL, PCK_CRL_DATES),
    PAIR(PCK_CRL, PCK_NOT_REVOKED),
    PAIR(TCB_SIGNER, TCB_SIGNER_DATES),
    PAIR(TCB_SIGNER, TCB_SIGNER_NOT_REVOKED),
    PAIR(TCB_SIGNER, TCB_INFO),
    PAIR(TCB_INFO, TCB_INFO_DATES),
    PAIR(TCB_INFO, TCB_INFO_MATCH),
    PAIR(QE_SIGNER, QE_SIGNER_DATES),
    PAIR(QE_SIGNER, QE_SIGNER_NOT_REVOKED),
    PAIR(QE_SIGNER, QE_IDENTITY),
    PAIR(QE_IDENTITY, QE_IDENTITY_DATES),
    PAIR(QE_IDENTITY, QE_REPORT),
    PAIR(QE_REPORT_SIGNATURE, QE_REPORT),
    PAIR(QE_REPORT_SIGNATURE, ATTESTATION_KEY),
    PAIR(QE_REPORT, TCB_LEVEL),
    PAIR(ATTESTATION_KEY, QUOTE_SIGNATURE),
    PAIR(QUOTE_SIGNATURE, TDX_MODULE),
    PAIR(QUOTE_SIGNATURE, TCB_LEVEL),
    PAIR(QUOTE_SIGNATURE, TEE_TYPE),
    PAIR(QUOTE_SIGNATURE, DEBUG),
    PAIR(TCB_INFO_MATCH, TDX_MODULE),
    PAIR(TCB_INFO_MATCH, TCB_LEVEL),
    PAIR(TDX_MODULE, TCB_LEVEL),
    PAIR(TCB_LEVEL, TCB_STATUS),
    PAIR(PCK_CRL_DATES, TCB_STATUS),
    PAIR(PCK_NOT_REVOKED, TCB_STATUS),
#undef PAIR
};

static void
expect_waiting(const struct row *row, const char *name,
               enum assay_outcome outcome)
{
    for (size_t i = 0; i < COUNT_OF(rests_on); i++) {
        if (rests_on[i].failed == row->check &&
            strcmp(assay_check_name(rests_on[i].waits), name) == 0 &&
            outcome != ASSAY_NOT_CHECKED) {
            fail_msg("row \"%s\": %s did not wait", row->name, name);
        }
    }
}

/* The check failed, no other did, and nothing that needs it passed. */
static void
expect_failure(const struct row *row, const struct assay_verdict *v)
{
    const char *name = assay_check_name(row->check);

    if (assay_verdict_trusted(v) || assay_verdict_reason(v) == NULL ||
        strcmp(assay_verdict_reason(v), name) != 0) {
        fail_msg("row \"%s\": not refused by %s but: %s", row->name, name,
                 assay_verdict_summary(v));
    }
    for (size_t i = 0; i < assay_verdict_check_count(v); i++) {
        struct assay_check c = assay_verdict_check(v, i);
        bool it = strcmp(c.name, name) == 0;

        if ((c.outcome == ASSAY_FAILED) != it) {
            fail_msg("row \"%s\": %s is %s", row->name, c.name,
                     it ? "not failed" : "failed too");
        }
        expect_waiting(row, c.name, c.outcome);
        if (it) {
            assert_true(c.detail[0] != '\0' && c.hint[0] != '\0');
        } else if (c.outcome == ASSAY_NOT_CHECKED && c.required) {
            assert_int_equal(strncmp(c.detail, "needs ", 6), 0);
        }
    }
    if (row->check < ASSAY_CHECK_FIRST_POLICY) {
        assert_int_equal(assay_verdict_tcb_status(v), ASSAY_TCB_NONE);
    } else {
        assert_int_not_equal(assay_verdict_tcb_status(v), ASSAY_TCB_NONE);
    }
}

static void
expect_trust(const struct row *row, const struct assay_verdict *v)
{
    bool seen = false;

    if (!assay_verdict_trusted(v)) {
        fail_msg("row \"%s\": %s", row->name, assay_verdict_summary(v));
    }
    assert_null(assay_verdict_reason(v));
    for (size_t i = 0; i < assay_verdict_check_count(v); i++) {
        struct assay_check c = assay_verdict_check(v, i);

        assert_int_not_equal(c.outcome, ASSAY_FAILED);
        assert_true(c.outcome == ASSAY_PASSED || !c.required);
        seen = seen || (strcmp(c.name, assay_check_name(row->check)) == 0 &&
                        c.outcome == ASSAY_PASSED);
    }
    CHECK(row->name, seen);
}

/* Cold, and again with everything remembered: the same. */
static void
run_row(const struct row *row)
{
    struct bench b = {.world = NULL};
    struct assay_error err;

    set_up(row, &b);
    for (int pass = 0; pass < 2; pass++) {
        const struct assay_verify_input in = {
            .quote = b.quote,
            .collateral = b.collateral,
            .root = b.root,
            .policy = b.policy,
            .now_s = row->now_s != 0 ? row->now_s : NOW,
            .seen = row->seen,
        };
        struct assay_verdict *v = NULL;

        MUST(row->name, assay_verify(b.verifier, &in, &v, &err));
        if (row->fails) {
            expect_failure(row, v);
        } else {
            expect_trust(row, v);
        }
        assay_verdict_free(v);
    }
    tear_down(&b);
}

static void
test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        run_row(&rows[i]);
    }
}

/* No check without both kinds of row. Those about events and sessions are in
 * test_verify_log.c and test_verify_session.c. */
static void
test_all_checks_have_rows(void **state)
{
    (void)state;
    for (int id = 0; id < ASSAY_CHECK_LEGACY_TDX_TCB; id++) {
        bool fails = false;
        bool passes = false;

        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            if ((int)rows[i].check == id) {
                fails = fails || rows[i].fails;
                passes = passes || !rows[i].fails;
            }
        }
        CHECK(assay_check_name((enum assay_check_id)id), fails && passes);
    }
}

/* What is no evidence at all: an error, not a verdict. */
static void
test_inputs(void **state)
{
    static const struct row good = {.name = "good"};
    static const struct {
        const char *name;
        int missing; /* 1 quote, 2 collateral, 3 root, 4 policy */
        int64_t now_s;
        const char *msg;
    } bad[] = {
        {"no quote", 1, NOW, "verify: no quote"},
        {"no collateral", 2, NOW, "verify: no collateral"},
        {"no root", 3, NOW, "verify: no root"},
        {"no policy", 4, NOW, "verify: no policy"},
        {"before 1970", 0, -1, "verify: the time"},
        {"no time at all", 0, INT64_MIN, "verify: the time"},
        {"year 10000", 0, INT64_C(253402300800), "verify: the time"},
    };
    struct bench b = {.world = NULL};

    (void)state;
    set_up(&good, &b);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const struct assay_verify_input in = {
            .quote = bad[i].missing == 1 ? NULL : b.quote,
            .collateral = bad[i].missing == 2 ? NULL : b.collateral,
            .root = bad[i].missing == 3 ? NULL : b.root,
            .policy = bad[i].missing == 4 ? NULL : b.policy,
            .now_s = bad[i].now_s,
        };
        struct assay_verdict *v = NULL;
        struct assay_error err;

        CHECK(bad[i].name,
              assay_verify(b.verifier, &in, &v, &err) == ASSAY_INVALID);
        CHECK(bad[i].name, v == NULL);
        check_error(bad[i].name, &err, ASSAY_INVALID, bad[i].msg,
                    ASSAY_NO_OFFSET);
    }
    tear_down(&b);
}

/* The module was exchanged since the TD was launched. */
#define NEW_MODULE                                                             \
    .quote = {.version = 5,                                                    \
              .td = {.tee_tcb_svn = "02010300000000000000000000000000",        \
                     .tee_tcb_svn2 = "06010300000000000000000000000000"}}

/* The date of what runs now is that of the older one of platform and module. */
static void
test_date_of_what_runs_now(void **state)
{
    static const struct {
        const char *name;
        int64_t platform_s;
        int64_t module_s;
    } dates[] = {
        {"the module is older", NOW - 10 * MINUTE, NOW - 20 * MINUTE},
        {"the platform is older", NOW - 20 * MINUTE, NOW - 10 * MINUTE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(dates); i++) {
        const struct row row = {
            .name = dates[i].name,
            .world = {NEW_MODULE,
                      .tcb_info = {.modules[0].levels[0].date_s =
                                       dates[i].module_s,
                                   .levels[0].date_s = dates[i].platform_s}},
        };
        struct bench b = {.world = NULL};
        struct assay_verdict *v = NULL;
        struct assay_error err;

        set_up(&row, &b);
        const struct assay_verify_input in = {
            .quote = b.quote,
            .collateral = b.collateral,
            .root = b.root,
            .policy = b.policy,
            .now_s = NOW,
        };

        MUST(row.name, assay_verify(b.verifier, &in, &v, &err));
        CHECK(row.name,
              v->part[ASSAY_PART_CURRENT].status == ASSAY_TCB_UP_TO_DATE);
        CHECK(row.name,
              v->part[ASSAY_PART_CURRENT].tcb_date_s == NOW - 20 * MINUTE);
        CHECK(row.name,
              v->part[ASSAY_PART_PLATFORM].tcb_date_s == dates[i].platform_s);
        assay_verdict_free(v);
        tear_down(&b);
    }
}

/* What concerns only the module that runs now is no advisory of the answer,
 * wherever its name would stand among them. */
static void
test_advisories_of_what_runs_now(void **state)
{
    static const char *const now[] = {"INTEL-SA-00001", "INTEL-SA-09999"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(now); i++) {
        const struct row row = {
            .name = now[i],
            .world = {NEW_MODULE,
                      .tcb_info.modules[0].levels[0].advisories[0] = now[i]},
        };
        struct bench b = {.world = NULL};
        struct assay_verdict *v = NULL;
        struct assay_error err;

        set_up(&row, &b);
        const struct assay_verify_input in = {
            .quote = b.quote,
            .collateral = b.collateral,
            .root = b.root,
            .policy = b.policy,
            .now_s = NOW,
        };

        MUST(row.name, assay_verify(b.verifier, &in, &v, &err));
        assert_int_equal(assay_verdict_advisory_count(v), 1);
        assert_string_equal(assay_verdict_advisory(v, 0), "INTEL-SA-01099");
        assert_null(assay_verdict_advisory(v, 1));
        assert_int_equal(v->advisory_count, 2);
        assert_string_equal(v->advisory[1].id, now[i]);
        assay_verdict_free(v);
        tear_down(&b);
    }
}

/* Trusted is what was required, ran and passed, with nothing that failed: also
 * where no judge would leave it so. */
static void
test_what_trusted_is(void **state)
{
    static const struct {
        const char *name;
        assay_check_set required;
        assay_check_set passed;
        assay_check_set failed;
        bool trusted;
        const char *reason;
    } sets[] = {
        {"all passed", 3, 3, 0, true, NULL},
        {"more passed", 3, 7, 0, true, NULL},
        {"one did not run", 3, 1, 0, false, NULL},
        {"none ran", 3, 0, 0, false, NULL},
        {"one failed", 3, 1, 2, false, NULL},
        {"one failed that nobody required", 3, 3, 4, false, NULL},
        {"nothing is required", 0, 3, 0, false, "no_checks"},
        {"nothing at all", 0, 0, 0, false, "no_checks"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sets); i++) {
        struct assay_verdict v = {.checks = {.required = sets[i].required,
                                             .passed = sets[i].passed,
                                             .failed = sets[i].failed}};
        const char *reason = assay_verdict_reason(&v);

        CHECK(sets[i].name, assay_verdict_trusted(&v) == sets[i].trusted);
        CHECK(sets[i].name, (reason == NULL) == sets[i].trusted);
        CHECK(sets[i].name,
              sets[i].reason == NULL ||
                  (reason != NULL && strcmp(reason, sets[i].reason) == 0));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_all_checks_have_rows),
        cmocka_unit_test(test_inputs),
        cmocka_unit_test(test_date_of_what_runs_now),
        cmocka_unit_test(test_advisories_of_what_runs_now),
        cmocka_unit_test(test_what_trusted_is),
    };

    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
