/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * report_json.c - the verdict document where there is no verdict.
 */
#include "report_json.h"

#include "base/json_out.h"

#define ERROR_JSON_MAX_BYTES 8192u

void
report_json_error_to(struct assay_buf *to, const struct assay_error *err)
{
    static const char *const unknown[] = {
        "tee_type",
        "tcb_status",
        "tcb_date",
        "advisory_ids",
        "platform_status",
        "tdx_module_status",
        "qe_status",
        "launch_status",
        "current_status",
        "tcb_levels",
        "fmspc",
        "tcb_evaluation_data_number",
        "qe_identity_evaluation_data_number",
        "collateral_stale_since",
        "root",
        "verified_at",
        "measurement",
        "workload",
        "event_log",
        "collateral",
        "quote",
    };
    struct assay_json_out out;

    assay_json_out_init(&out, to, false);
    assay_json_out_open(&out, NULL, '{');
    assay_json_out_bool(&out, "trusted", false);
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        assay_json_out_null(&out, unknown[i]);
    }
    assay_json_out_open(&out, "checks", '[');
    assay_json_out_close(&out, ']');
    assay_json_out_error(&out, "error", err, NULL);
    assay_json_out_close(&out, '}');
}

enum exit_code
report_json_error(const struct assay_error *err)
{
    struct assay_buf buf;

    assay_buf_init(&buf, ERROR_JSON_MAX_BYTES);
    report_json_error_to(&buf, err);
    cli_print(&buf);
    return EXIT_UNREADABLE;
}

enum exit_code
report_exit(const struct command *c, bool json, const struct assay_verdict *v,
            const struct assay_error *err)
{
    if (err->code != ASSAY_OK) {
        return json ? report_json_error(err) : cli_fail(c, false, err);
    }
    return assay_verdict_trusted(v) ? EXIT_TRUSTED : EXIT_NOT_TRUSTED;
}
