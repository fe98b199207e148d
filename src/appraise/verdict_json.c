/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * verdict_json.c - a verdict as JSON; docs/verdict.md lists the members.
 */
#include "appraise/verdict.h"
#include "base/json_out.h"
#include "collateral/collateral.h"
#include "quote/quote_out.h"

static const char *
outcome_name(enum assay_outcome o)
{
    switch (o) {
    case ASSAY_NOT_CHECKED:
        return "not_checked";
    case ASSAY_PASSED:
        return "passed";
    case ASSAY_FAILED:
        return "failed";
    }
    return "not_checked";
}

static void
write_checks(struct assay_json_out *o, const struct assay_verdict *v)
{
    assay_json_out_open(o, "checks", '[');
    for (size_t i = 0; i < assay_verdict_check_count(v); i++) {
        struct assay_check c = assay_verdict_check(v, i);

        assay_json_out_open(o, NULL, '{');
        assay_json_out_text(o, "name", c.name);
        assay_json_out_text(o, "outcome", outcome_name(c.outcome));
        assay_json_out_bool(o, "required", c.required);
        assay_json_out_text(o, "title", c.title);
        assay_json_out_text(o, "detail", c.detail);
        assay_json_out_close(o, '}');
    }
    assay_json_out_close(o, ']');
}

/* Advisories of the answer, or those of one level. */
static void
write_advisories(struct assay_json_out *o, const struct assay_verdict *v,
                 size_t count, unsigned parts)
{
    assay_json_out_open(o, "advisory_ids", '[');
    for (size_t i = 0; i < count; i++) {
        if ((v->advisory[i].parts & parts) != 0) {
            assay_json_out_text(o, NULL, v->advisory[i].id);
        }
    }
    assay_json_out_close(o, ']');
}

static void
write_levels(struct assay_json_out *o, const struct assay_verdict *v)
{
    static const char *const names[ASSAY_TCB_PART_COUNT] = {
        "platform", "tdx_module", "qe", "current"};

    assay_json_out_open(o, "tcb_levels", '{');
    for (size_t i = 0; i < ASSAY_TCB_PART_COUNT; i++) {
        if (v->part[i].status == ASSAY_TCB_NONE) {
            assay_json_out_null(o, names[i]);
            continue;
        }
        assay_json_out_open(o, names[i], '{');
        assay_json_out_text(o, "status",
                            assay_tcb_status_name(v->part[i].status));
        assay_json_out_time(o, "tcb_date", v->part[i].tcb_date_s);
        write_advisories(o, v, v->advisory_count, 1u << i);
        assay_json_out_close(o, '}');
    }
    assay_json_out_close(o, '}');
}

static void
write_facts(struct assay_json_out *o, const struct assay_verdict *v)
{
    const struct assay_verdict_facts *f = &v->facts;

    assay_json_out_text(o, "tee_type", f->tdx ? "tdx" : "sgx");
    assay_json_out_text(o, "tcb_status", assay_tcb_status_name(f->tcb_status));
    if (f->has_tcb_date) {
        assay_json_out_time(o, "tcb_date", f->tcb_date_s);
    } else {
        assay_json_out_null(o, "tcb_date");
    }
    write_advisories(o, v, v->answer_count, ~0u);
    assay_json_out_text(o, "platform_status",
                        assay_tcb_status_name(f->platform_status));
    assay_json_out_text(o, "tdx_module_status",
                        assay_tcb_status_name(f->tdx_module_status));
    assay_json_out_text(o, "qe_status", assay_tcb_status_name(f->qe_status));
    assay_json_out_text(o, "launch_status",
                        assay_tcb_status_name(f->launch_status));
    assay_json_out_text(o, "current_status",
                        assay_tcb_status_name(f->current_status));
    write_levels(o, v);
    if (f->has_fmspc) {
        assay_json_out_hex(o, "fmspc", ASSAY_SLICE(f->fmspc));
    } else {
        assay_json_out_null(o, "fmspc");
    }
    if (f->has_evaluation) {
        assay_json_out_u64(o, "tcb_evaluation_data_number",
                           f->tcb_evaluation_data_number);
        assay_json_out_u64(o, "qe_identity_evaluation_data_number",
                           f->qe_identity_evaluation_data_number);
    } else {
        assay_json_out_null(o, "tcb_evaluation_data_number");
        assay_json_out_null(o, "qe_identity_evaluation_data_number");
    }
    if (f->collateral_stale) {
        assay_json_out_time(o, "collateral_stale_since",
                            f->collateral_stale_since_s);
    } else {
        assay_json_out_null(o, "collateral_stale_since");
    }
    assay_json_out_text(o, "root", f->root_intel ? "intel" : "custom");
    assay_json_out_time(o, "verified_at", f->verified_at_s);
}

static void
write_hex(struct assay_json_out *o, const char *name, struct assay_slice s)
{
    if (s.ptr == NULL) {
        assay_json_out_null(o, name);
    } else {
        assay_json_out_hex(o, name, s);
    }
}

static void
write_string(struct assay_json_out *o, const char *name, struct assay_slice s)
{
    if (s.ptr == NULL) {
        assay_json_out_null(o, name);
    } else {
        assay_json_out_string(o, name, s);
    }
}

static void
write_workload(struct assay_json_out *o, const struct assay_verdict_workload *w)
{
    write_hex(o, "measurement", w->measurement);
    assay_json_out_open(o, "workload", '{');
    write_hex(o, "app_id", w->app_id);
    write_hex(o, "compose_hash", w->compose_hash);
    assay_json_out_text(o, "compose_proven_by", w->compose_proven_by);
    assay_json_out_text(o, "compose_form", w->compose_form);
    write_hex(o, "os_image_hash", w->os_image_hash);
    write_string(o, "key_provider", w->key_provider);
    write_hex(o, "instance_id", w->instance_id);
    write_string(o, "certificate_event", w->certificate);
    assay_json_out_close(o, '}');
    if (!w->has_event_log) {
        assay_json_out_null(o, "event_log");
        return;
    }
    assay_json_out_open(o, "event_log", '{');
    assay_json_out_u64(o, "events", w->events);
    assay_json_out_u64(o, "runtime_events", w->runtime_events);
    assay_json_out_close(o, '}');
}

static void
write_error(struct assay_json_out *o, const struct assay_verdict *v)
{
    const char *reason = assay_verdict_reason(v);

    if (reason == NULL) {
        assay_json_out_null(o, "error");
        return;
    }
    assay_json_out_open(o, "error", '{');
    assay_json_out_text(o, "code", reason);
    assay_json_out_text(o, "message", v->summary);
    for (size_t i = 0; i < assay_verdict_check_count(v); i++) {
        struct assay_check c = assay_verdict_check(v, i);

        if (strcmp(c.name, reason) == 0) {
            assay_json_out_text(o, "hint", c.hint);
        }
    }
    assay_json_out_close(o, '}');
}

void
assay_verdict_out(struct assay_json_out *o, const struct assay_verdict *v,
                  const struct assay_quote *q, const struct assay_collateral *c)
{
    assay_json_out_bool(o, "trusted", assay_verdict_trusted(v));
    write_facts(o, v);
    write_workload(o, &v->workload);
    write_error(o, v);
    write_checks(o, v);
    if (c == NULL) {
        assay_json_out_null(o, "collateral");
    } else {
        assay_collateral_out_items(o, "collateral", c);
    }
    if (q == NULL) {
        assay_json_out_null(o, "quote");
    } else {
        assay_quote_out(o, "quote", assay_quote_view(q));
    }
}

enum assay_code
assay_verdict_to_json(const struct assay_verdict *v,
                      const struct assay_quote *q,
                      const struct assay_collateral *c, struct assay_buf *out,
                      struct assay_error *err)
{
    struct assay_json_out o;

    assay_error_clear(err);
    assay_json_out_init(&o, out, false);
    assay_json_out_open(&o, NULL, '{');
    assay_verdict_out(&o, v, q, c);
    assay_json_out_close(&o, '}');
    return assay_buf_check(out, "verdict", err);
}
