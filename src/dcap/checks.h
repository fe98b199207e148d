/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * checks.h - every check that a verdict can hold, as one table, and the
 * record of how each went.
 *
 * Columns: identifier, name (JSON), title (people), what to do when it fails.
 * The first part is about
 * evidence and endorsements (src/dcap); each of its rows that applies to the
 * TEE is required. The second part is the relying party's (src/appraise); a
 * row of it is required where the policy asks for it.
 */
#pragma once

#include "assay/verdict.h"
#include "base/bytes.h"

/* What to do when a check fails. */
#define ASSAY_HINT_FETCH                                                       \
    "fetch the collateral of this platform anew (assay collateral fetch)"
#define ASSAY_HINT_ROOT                                                        \
    "only for tests: name the root that you mean to trust with --root"
#define ASSAY_HINT_FORGED "do not use this quote: it is damaged or forged"
#define ASSAY_HINT_REVOKED                                                     \
    "do not use this platform: Intel has withdrawn its certificate"
#define ASSAY_HINT_PLATFORM                                                    \
    "the operator of the platform has to update its firmware and re-provision"
#define ASSAY_HINT_STATUS                                                      \
    "have the platform updated; other statuses than Revoked can be accepted "  \
    "by policy or --accept"
#define ASSAY_HINT_EARLY                                                       \
    "fetch collateral of the newest TCB evaluation (--early)"
#define ASSAY_HINT_ROLLBACK                                                    \
    "ask another source (--pccs); collateral_rollback of the policy can make " \
    "this a warning"
#define ASSAY_HINT_POLICY "do not use this workload, or correct the policy"
#define ASSAY_HINT_LOG                                                         \
    "do not use this server: its event log is forged or incomplete, or it "    \
    "was not given (--event-log)"
#define ASSAY_HINT_CERTIFICATE                                                 \
    "connect again; if it stays so, the server does not announce its "         \
    "certificates"
#define ASSAY_HINT_COMPOSE                                                     \
    "do not use this workload, or name its compose in the policy"
#define ASSAY_HINT_IMAGE                                                       \
    "do not use this image, or name it in the policy; only platforms with a "  \
    "KMS announce their image"
#define ASSAY_HINT_RELAY                                                       \
    "do not use this connection: somebody may be relaying another's quote"

#define ASSAY_HINT_BUNDLE                                                      \
    "give a policy of your own (--policy); do not use a bundle whose members " \
    "disagree"

#define ASSAY_CHECK_ROWS(X)                                                    \
    X(ROOT_CA, "root_ca", "the PCK chain ends in the trusted root",            \
      ASSAY_HINT_ROOT)                                                         \
    X(PCK_CHAIN, "pck_chain", "root and CA signed the PCK certificate",        \
      ASSAY_HINT_FORGED)                                                       \
    X(PCK_CHAIN_DATES, "pck_chain_dates", "the PCK chain is in date",          \
      ASSAY_HINT_PLATFORM)                                                     \
    X(ROOT_CRL, "root_ca_crl", "the root signed the root CA CRL",              \
      ASSAY_HINT_FETCH)                                                        \
    X(ROOT_CRL_DATES, "root_ca_crl_dates", "the root CA CRL is in date",       \
      ASSAY_HINT_FETCH)                                                        \
    X(PCK_CRL, "pck_crl", "the CA of the PCK signed the PCK CRL",              \
      ASSAY_HINT_FETCH)                                                        \
    X(PCK_CRL_DATES, "pck_crl_dates", "the PCK CRL is in date",                \
      ASSAY_HINT_FETCH)                                                        \
    X(PCK_CA_NOT_REVOKED, "pck_ca_not_revoked", "CA and root are not revoked", \
      ASSAY_HINT_REVOKED)                                                      \
    X(PCK_NOT_REVOKED, "pck_not_revoked", "the PCK is not revoked",            \
      ASSAY_HINT_REVOKED)                                                      \
    X(TCB_SIGNER, "tcb_signer", "the root signed the TCB info signer",         \
      ASSAY_HINT_FETCH)                                                        \
    X(TCB_SIGNER_DATES, "tcb_signer_dates", "the TCB info signer is in date",  \
      ASSAY_HINT_FETCH)                                                        \
    X(TCB_SIGNER_NOT_REVOKED, "tcb_signer_not_revoked",                        \
      "the TCB info signer is not revoked", ASSAY_HINT_FETCH)                  \
    X(TCB_INFO, "tcb_info", "the TCB info is signed", ASSAY_HINT_FETCH)        \
    X(TCB_INFO_DATES, "tcb_info_dates", "the TCB info is in date",             \
      ASSAY_HINT_FETCH)                                                        \
    X(QE_SIGNER, "qe_signer", "the root signed the QE identity signer",        \
      ASSAY_HINT_FETCH)                                                        \
    X(QE_SIGNER_DATES, "qe_signer_dates", "the QE identity signer is in date", \
      ASSAY_HINT_FETCH)                                                        \
    X(QE_SIGNER_NOT_REVOKED, "qe_signer_not_revoked",                          \
      "the QE identity signer is not revoked", ASSAY_HINT_FETCH)               \
    X(QE_IDENTITY, "qe_identity", "the QE identity is signed",                 \
      ASSAY_HINT_FETCH)                                                        \
    X(QE_IDENTITY_DATES, "qe_identity_dates", "the QE identity is in date",    \
      ASSAY_HINT_FETCH)                                                        \
    X(QE_REPORT_SIGNATURE, "qe_report_signature",                              \
      "the PCK signed the QE report", ASSAY_HINT_FORGED)                       \
    X(QE_REPORT, "qe_report", "the QE report matches the QE identity",         \
      ASSAY_HINT_FORGED)                                                       \
    X(ATTESTATION_KEY, "attestation_key",                                      \
      "the QE report vouches for the attestation key", ASSAY_HINT_FORGED)      \
    X(QUOTE_SIGNATURE, "quote_signature",                                      \
      "the attestation key signed the quote", ASSAY_HINT_FORGED)               \
    X(TCB_INFO_MATCH, "tcb_info_match",                                        \
      "the TCB info is that of this platform", ASSAY_HINT_FETCH)               \
    X(TDX_MODULE, "tdx_module", "the TDX module is Intel's",                   \
      ASSAY_HINT_PLATFORM)                                                     \
    X(TCB_LEVEL, "tcb_level", "platform, module and QE reach a TCB level",     \
      ASSAY_HINT_PLATFORM)                                                     \
    /* relying party */                                                        \
    X(TEE_TYPE, "tee_type", "the TEE is the one that is required",             \
      ASSAY_HINT_POLICY)                                                       \
    X(TCB_STATUS, "tcb_status", "the TCB status is accepted",                  \
      ASSAY_HINT_STATUS)                                                       \
    X(GRACE_PERIOD, "grace_period", "the TCB is out of date for a short time", \
      ASSAY_HINT_PLATFORM)                                                     \
    X(TCB_EVALUATION, "tcb_evaluation_data_number",                            \
      "the TCB evaluation is recent enough", ASSAY_HINT_EARLY)                 \
    X(TCB_DATE, "tcb_date", "the TCB date is recent enough",                   \
      ASSAY_HINT_PLATFORM)                                                     \
    X(ADVISORIES, "advisories", "the advisories are accepted",                 \
      ASSAY_HINT_PLATFORM)                                                     \
    X(COLLATERAL_AGE, "collateral_age", "the collateral is young enough",      \
      ASSAY_HINT_FETCH)                                                        \
    X(COLLATERAL_ROLLBACK, "collateral_rollback",                              \
      "the TCB evaluation is none that was overtaken", ASSAY_HINT_ROLLBACK)    \
    X(DEBUG, "debug", "the workload is not debugged", ASSAY_HINT_POLICY)       \
    X(SEPT_VE_DISABLE, "sept_ve_disable", "SEPT_VE_DISABLE is set",            \
      ASSAY_HINT_POLICY)                                                       \
    X(SERVICE_TD, "service_td", "no service TD is bound", ASSAY_HINT_POLICY)   \
    X(TD_ATTRIBUTES, "td_attributes", "the TD attributes are as required",     \
      ASSAY_HINT_POLICY)                                                       \
    X(XFAM, "xfam", "XFAM is as required", ASSAY_HINT_POLICY)                  \
    X(TEE_TCB_SVN, "tee_tcb_svn", "TEE_TCB_SVN is high enough",                \
      ASSAY_HINT_POLICY)                                                       \
    X(MRTD, "mrtd", "MRTD is as required", ASSAY_HINT_POLICY)                  \
    X(RTMR0, "rtmr0", "RTMR0 is as required", ASSAY_HINT_POLICY)               \
    X(RTMR1, "rtmr1", "RTMR1 is as required", ASSAY_HINT_POLICY)               \
    X(RTMR2, "rtmr2", "RTMR2 is as required", ASSAY_HINT_POLICY)               \
    X(RTMR3, "rtmr3", "RTMR3 is as required", ASSAY_HINT_POLICY)               \
    X(MR_SEAM, "mr_seam", "MRSEAM is as required", ASSAY_HINT_POLICY)          \
    X(MR_CONFIG_ID, "mr_config_id", "MRCONFIGID is as required",               \
      ASSAY_HINT_POLICY)                                                       \
    X(MR_OWNER, "mr_owner", "MROWNER is as required", ASSAY_HINT_POLICY)       \
    X(MR_OWNER_CONFIG, "mr_owner_config", "MROWNERCONFIG is as required",      \
      ASSAY_HINT_POLICY)                                                       \
    X(MRENCLAVE, "mrenclave", "MRENCLAVE is as required", ASSAY_HINT_POLICY)   \
    X(MRSIGNER, "mrsigner", "MRSIGNER is as required", ASSAY_HINT_POLICY)      \
    X(ISVPRODID, "isvprodid", "ISVPRODID is as required", ASSAY_HINT_POLICY)   \
    X(ISVSVN, "isvsvn", "ISVSVN is high enough", ASSAY_HINT_POLICY)            \
    X(LEGACY_TDX_TCB, "legacy_tdx_tcb", "MRSEAM and RTMR0 begin as required",  \
      ASSAY_HINT_POLICY)                                                       \
    X(EVENT_DIGESTS, "event_digests", "every event is bound to its digest",    \
      ASSAY_HINT_LOG)                                                          \
    X(EVENT_LOG, "event_log", "the event log replays to RTMR0 to RTMR3",       \
      ASSAY_HINT_LOG)                                                          \
    X(EVENT_RULES, "event_rules", "the events stand where they may",           \
      ASSAY_HINT_LOG)                                                          \
    X(CONFIG_ID_EVENTS, "mr_config_id_events",                                 \
      "MRCONFIGID agrees with the events", ASSAY_HINT_LOG)                     \
    X(CERTIFICATE_EVENT, "certificate_event",                                  \
      "the TD announced the certificate of this session",                      \
      ASSAY_HINT_CERTIFICATE)                                                  \
    X(APP_COMPOSE, "app_compose", "the app-compose is as required",            \
      ASSAY_HINT_COMPOSE)                                                      \
    X(OS_IMAGE_HASH, "os_image_hash", "the OS image is as required",           \
      ASSAY_HINT_IMAGE)                                                        \
    X(WORKLOAD, "workload", "the policy identifies the workload",              \
      ASSAY_HINT_POLICY)                                                       \
    X(REPORT_DATA, "report_data", "the quote is bound to this session",        \
      ASSAY_HINT_RELAY)                                                        \
    X(BUNDLE, "bundle", "the bundle is of one piece, judged by your policy",   \
      ASSAY_HINT_BUNDLE)

enum assay_check_id {
#define X(id, name, title, hint) ASSAY_CHECK_##id,
    ASSAY_CHECK_ROWS(X)
#undef X
        ASSAY_CHECK_COUNT
};
#define ASSAY_CHECK_FIRST_POLICY ASSAY_CHECK_TEE_TYPE

/* A set of checks: bit n stands for the row n. */
__extension__ typedef unsigned __int128 assay_check_set;
_Static_assert(ASSAY_CHECK_COUNT <= 128, "there are more checks than bits");
#define ASSAY_CHECK_BIT(id) ((assay_check_set)1 << ASSAY_CHECK_##id)

static inline bool
assay_check_in(assay_check_set set, enum assay_check_id id)
{
    return ((set >> id) & 1) != 0;
}

struct assay_checks {
    assay_check_set applies;  /* rows that the verdict shows */
    assay_check_set required; /* rows that must pass */
    assay_check_set passed;
    assay_check_set failed;
    char detail[ASSAY_CHECK_COUNT][160];
};

const char *assay_check_name(enum assay_check_id id);
const char *assay_check_title(enum assay_check_id id);
const char *assay_check_hint(enum assay_check_id id);

/* The row is shown, and required or not. */
void assay_checks_expect(struct assay_checks *c, enum assay_check_id id,
                         bool required);
/* Outcome of a row. A row that failed once stays failed. */
void assay_checks_pass(struct assay_checks *c, enum assay_check_id id);
void assay_checks_fail(struct assay_checks *c, enum assay_check_id id,
                       const char *fmt, ...) ASSAY_PRINTF(3, 4);
/* Pass or fail by a fault: NULL is a pass. */
void assay_checks_judge(struct assay_checks *c, enum assay_check_id id,
                        const char *fault);
/* A remark on a row whose outcome stays as it is. */
void assay_checks_note(struct assay_checks *c, enum assay_check_id id,
                       const char *fmt, ...) ASSAY_PRINTF(3, 4);

/* A row that cannot be judged yet: the remark names the first row of `set`
 * that applies and has not passed. */
void assay_checks_wait(struct assay_checks *c, enum assay_check_id id,
                       assay_check_set set);

/* All rows of a set ran and passed. */
bool assay_checks_have(const struct assay_checks *c, assay_check_set set);
enum assay_outcome assay_checks_outcome(const struct assay_checks *c,
                                        enum assay_check_id id);
