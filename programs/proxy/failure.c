/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * failure.c - why a request gets no answer of its upstream: what became of a
 * session, as a code and a status.
 */
#include "failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/json_out.h"

#define REFUSED "Attestation verification failed: TEE not trusted"

/* --- refusals ----------------------------------------------------------- */

/* What a row of the verdict means to a program. Rows that ask the same of an
 * operator have one code. */
static const struct {
    const char *check;
    const char *code;
} codes[] = {
    {"root_ca", "quote_root_not_trusted"},
    {"pck_chain", "quote_invalid"},
    {"pck_chain_dates", "pck_certificate_expired"},
    {"root_ca_crl", "collateral_invalid"},
    {"root_ca_crl_dates", "collateral_expired"},
    {"pck_crl", "collateral_invalid"},
    {"pck_crl_dates", "collateral_expired"},
    {"pck_ca_not_revoked", "platform_revoked"},
    {"pck_not_revoked", "platform_revoked"},
    {"tcb_signer", "collateral_invalid"},
    {"tcb_signer_dates", "collateral_expired"},
    {"tcb_signer_not_revoked", "collateral_invalid"},
    {"tcb_info", "collateral_invalid"},
    {"tcb_info_dates", "collateral_expired"},
    {"qe_signer", "collateral_invalid"},
    {"qe_signer_dates", "collateral_expired"},
    {"qe_signer_not_revoked", "collateral_invalid"},
    {"qe_identity", "collateral_invalid"},
    {"qe_identity_dates", "collateral_expired"},
    {"qe_report_signature", "quote_invalid"},
    {"qe_report", "quote_invalid"},
    {"attestation_key", "quote_invalid"},
    {"quote_signature", "quote_invalid"},
    {"tcb_info_match", "collateral_mismatch"},
    {"tdx_module", "tdx_module_unknown"},
    {"tcb_level", "tcb_level_unknown"},
    {"tee_type", "tee_type_mismatch"},
    {"tcb_status", "tcb_status_not_allowed"},
    {"grace_period", "tcb_grace_period_over"},
    {"tcb_evaluation_data_number", "tcb_evaluation_too_old"},
    {"tcb_date", "tcb_date_too_old"},
    {"advisories", "advisory_not_allowed"},
    {"collateral_age", "collateral_too_old"},
    {"collateral_rollback", "collateral_rollback"},
    {"debug", "debug_not_allowed"},
    {"sept_ve_disable", "sept_ve_disable_required"},
    {"service_td", "service_td_not_allowed"},
    {"td_attributes", "td_attributes_mismatch"},
    {"xfam", "xfam_mismatch"},
    {"tee_tcb_svn", "tcb_svn_too_low"},
    {"mrtd", "bootchain_mismatch"},
    {"rtmr0", "bootchain_mismatch"},
    {"rtmr1", "bootchain_mismatch"},
    {"rtmr2", "bootchain_mismatch"},
    {"rtmr3", "rtmr3_mismatch"},
    {"mr_seam", "mr_seam_mismatch"},
    {"mr_config_id", "mr_config_id_mismatch"},
    {"mr_owner", "mr_owner_mismatch"},
    {"mr_owner_config", "mr_owner_mismatch"},
    {"mrenclave", "mrenclave_mismatch"},
    {"mrsigner", "mrsigner_mismatch"},
    {"isvprodid", "isvprodid_mismatch"},
    {"isvsvn", "isvsvn_too_low"},
    {"legacy_tdx_tcb", "min_tdx_tcb_mismatch"},
    {"event_digests", "event_log_invalid"},
    {"event_log", "event_log_invalid"},
    {"event_rules", "event_log_invalid"},
    {"mr_config_id_events", "mr_config_id_mismatch"},
    {"certificate_event", "certificate_not_announced"},
    {"app_compose", "app_compose_mismatch"},
    {"os_image_hash", "os_image_mismatch"},
    {"workload", "workload_not_identified"},
    {"report_data", "report_data_mismatch"},
    {"bundle", "evidence_invalid"},
};

static const char *
code_of_verdict(const struct assay_verdict *v)
{
    const char *reason = assay_verdict_reason(v);

    for (size_t i = 0; reason != NULL && i < sizeof(codes) / sizeof(codes[0]);
         i++) {
        if (strcmp(codes[i].check, reason) == 0) {
            return codes[i].code;
        }
    }
    return "attestation_failed";
}

/* A server that did not get as far as a verdict. */
static const char *
code_of_peer(const struct assay_error *why, enum assay_attested_phase phase)
{
    switch (why->code) {
    case ASSAY_TLS: /* all that is said of certificates names them */
        return strstr(why->msg, "certificate") != NULL
                   ? "tls_certificate_invalid"
                   : "tls_failed";
    case ASSAY_REPLY:
        return phase == ASSAY_PHASE_QUOTE ? "no_evidence" : "evidence_invalid";
    case ASSAY_NOT_TRUSTED:
        return "attestation_failed";
    default:
        return "evidence_invalid";
    }
}

/* --- outages ------------------------------------------------------------ */

static void
set_outage(struct failure *f, const struct assay_error *why,
           enum assay_attested_phase phase)
{
    enum failure_kind kind = FAILURE_OUTAGE;
    const char *code = "upstream_unreachable";

    if (phase == ASSAY_PHASE_COLLATERAL) {
        code = "collateral_unavailable";
    } else if (why->code == ASSAY_TIMEOUT) {
        kind = FAILURE_TIMEOUT;
        code = "upstream_timeout";
    } else if (why->code == ASSAY_UNAVAILABLE) {
        code = "evidence_unavailable";
    } else if (why->code == ASSAY_MISSING) {
        code = "client_evidence_required";
    } else if (why->code == ASSAY_REFUSED) {
        code = "client_evidence_refused";
    } else if (why->code == ASSAY_NO_MEMORY) {
        code = "out_of_memory";
    } else if (why->code == ASSAY_INVALID || why->code == ASSAY_CRYPTO) {
        code = "local_failure";
    }
    failure_set(f, kind, code, "%s", why->msg);
}

void
failure_of_session(struct failure *f, const struct assay_error *why, bool peer,
                   enum assay_attested_phase phase,
                   const struct assay_verdict *verdict, unsigned retry_after_s)
{
    if (!peer) {
        set_outage(f, why, phase);
    } else if (verdict != NULL && why->code == ASSAY_NOT_TRUSTED) {
        failure_set(f, FAILURE_REFUSED, code_of_verdict(verdict),
                    REFUSED ": %s", why->msg);
    } else {
        failure_set(f, FAILURE_REFUSED, code_of_peer(why, phase),
                    REFUSED ": %s", why->msg);
    }
    f->retry_after_s = retry_after_s;
}

void
failure_set(struct failure *f, enum failure_kind kind, const char *code,
            const char *fmt, ...)
{
    va_list args;

    *f = (struct failure){.kind = kind};
    (void)snprintf(f->code, sizeof(f->code), "%s", code);
    va_start(args, fmt);
    (void)vsnprintf(f->message, sizeof(f->message), fmt, args);
    va_end(args);
}

/* --- as clients see it -------------------------------------------------- */

unsigned
failure_status(enum failure_kind kind)
{
    switch (kind) {
    case FAILURE_NONE:
        return 200;
    case FAILURE_REFUSED:
        return 403;
    case FAILURE_OUTAGE:
        return 503;
    case FAILURE_TIMEOUT:
        return 504;
    case FAILURE_REPLY:
        return 502;
    case FAILURE_REQUEST:
        return 400;
    }
    return 500;
}

/* As OpenAI names them. */
static const char *
type_of(enum failure_kind kind)
{
    switch (kind) {
    case FAILURE_REFUSED:
        return "attestation_error";
    case FAILURE_REQUEST:
        return "invalid_request_error";
    case FAILURE_NONE:
    case FAILURE_OUTAGE:
    case FAILURE_TIMEOUT:
    case FAILURE_REPLY:
        return "upstream_error";
    }
    return "upstream_error";
}

void
failure_put_error(const char *message, const char *type, const char *param,
                  const char *code, struct assay_buf *to)
{
    struct assay_json_out o;

    assay_json_out_init(&o, to, true);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_open(&o, "error", '{');
    assay_json_out_text(&o, "message", message);
    assay_json_out_text(&o, "type", type);
    assay_json_out_text(&o, "param", param);
    assay_json_out_text(&o, "code", code);
    assay_json_out_close(&o, '}');
    assay_json_out_close(&o, '}');
}

void
failure_put_json(const struct failure *f, struct assay_buf *to)
{
    failure_put_error(f->message, type_of(f->kind), NULL, f->code, to);
}
