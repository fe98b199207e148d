/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * page_verdict.c - a verdict: each check, what was measured, how healthy the
 * platform is.
 */
#include "base/bytes.h"
#include "page_parts.h"

/* --- checks ------------------------------------------------------------- */

static const struct outcome {
    const char *name;
    const char *words;
    const char *tone;
} outcomes[] = {
    {"passed", "passed", "good"},
    {"failed", "failed", "bad"},
    {"not_checked", "not checked", "none"},
};
#define OUTCOMES (sizeof(outcomes) / sizeof(outcomes[0]))

static const struct outcome *
outcome_of(const struct page *p, uint32_t check)
{
    struct assay_slice name = page_string(p, check, "outcome");
    size_t i = 0;

    while (i < OUTCOMES - 1 && !assay_slice_is(name, outcomes[i].name)) {
        i++;
    }
    return &outcomes[i];
}

/* What must hold and was not judged is as bad as what failed. */
static bool
is_open(const struct page *p, uint32_t check)
{
    return page_is_true(p, check, "required") &&
           outcome_of(p, check) == &outcomes[2];
}

static void
put_check(const struct page *p, uint32_t check)
{
    const struct outcome *o = outcome_of(p, check);

    page_raw(p, "<tr><td><span class=\"outcome ");
    page_raw(p, is_open(p, check) ? "warn" : o->tone);
    page_raw(p, "\">");
    page_plain(p, o->words);
    page_raw(p, "</span></td><td>");
    page_text(p, page_string(p, check, "title"));
    if (!page_is_true(p, check, "required")) {
        page_raw(p, " <span class=dim>(not required)</span>");
    }
    page_raw(p, "</td><td class=detail>");
    page_text(p, page_string(p, check, "detail"));
    page_raw(p, "</td><td class=\"code name\">");
    page_text(p, page_string(p, check, "name"));
    page_raw(p, "</td></tr>\n");
}

static void
put_rows(const struct page *p, uint32_t checks, const struct outcome *of)
{
    for (uint32_t at = assay_json_first(p->json, checks); at != ASSAY_JSON_NONE;
         at = assay_json_next(p->json, at)) {
        if (outcome_of(p, at) == of) {
            put_check(p, at);
        }
    }
}

static uint64_t
count_of(const struct page *p, uint32_t checks, const struct outcome *of)
{
    uint64_t n = 0;

    for (uint32_t at = assay_json_first(p->json, checks); at != ASSAY_JSON_NONE;
         at = assay_json_next(p->json, at)) {
        n += outcome_of(p, at) == of;
    }
    return n;
}

/* What failed stands first. */
void
page_put_checks(const struct page *p, uint32_t verdict)
{
    static const struct outcome *const order[OUTCOMES] = {
        &outcomes[1], &outcomes[0], &outcomes[2]};
    uint32_t checks = assay_json_member(p->json, verdict, "checks");

    page_raw(p, page_is_true(p, verdict, "trusted")
                    ? "<details><summary>Checks: "
                    : "<details open><summary>Checks: ");
    for (size_t i = 0; i < OUTCOMES; i++) {
        page_raw(p, i > 0 ? ", " : "");
        page_count(p, count_of(p, checks, order[i]));
        page_raw(p, " ");
        page_plain(p, order[i]->words);
    }
    page_raw(p, "</summary>\n<table>\n<thead><tr><th>Outcome</th>"
                "<th>Check</th><th>Expected and actual</th>"
                "<th class=name>Name</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < OUTCOMES; i++) {
        put_rows(p, checks, order[i]);
    }
    page_raw(p, "</tbody>\n</table>\n</details>\n");
}

/* --- measurements ------------------------------------------------------- */

static void
put_td(const struct page *p, uint32_t td)
{
    static const struct {
        const char *member;
        const char *name;
    } rows[] = {
        {"mrtd", "MRTD"},
        {"rtmr0", "RTMR0"},
        {"rtmr1", "RTMR1"},
        {"rtmr2", "RTMR2"},
        {"rtmr3", "RTMR3"},
        {"mr_config_id", "MRCONFIGID"},
        {"mr_owner", "MROWNER"},
        {"mr_seam", "MRSEAM"},
        {"tee_tcb_svn", "TEE TCB SVN"},
        {"td_attributes", "TD attributes"},
        {"xfam", "XFAM"},
        {"report_data", "REPORTDATA"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        page_row(p, rows[i].name, true, page_string(p, td, rows[i].member));
    }
}

static void
put_workload(const struct page *p, uint32_t w)
{
    struct assay_slice by = page_string(p, w, "compose_proven_by");

    if (by.len > 0) {
        page_row_begin(p, "Compose hash", true);
        page_text(p, page_string(p, w, "compose_hash"));
        page_raw(p, " <span class=dim>(by ");
        page_text(p, by);
        page_raw(p, ")</span>");
        page_row_end(p);
    }
    page_row(p, "OS image hash", true, page_string(p, w, "os_image_hash"));
    page_row(p, "App ID", true, page_string(p, w, "app_id"));
    page_row(p, "Instance ID", true, page_string(p, w, "instance_id"));
    page_row(p, "Key provider", true, page_string(p, w, "key_provider"));
    page_row(p, "Announced certificate", true,
             page_string(p, w, "certificate_event"));
}

/* Of a quote whose signature is not proven, nothing is shown: whatever stands
 * in it, anybody can have written. */
void
page_put_measurements(const struct page *p, uint32_t verdict)
{
    uint32_t quote = assay_json_member(p->json, verdict, "quote");
    uint32_t td = assay_json_member(p->json, quote, "td_report");

    page_raw(p, "<details><summary>Measurements</summary>\n");
    if (!page_has(p, verdict, "measurement")) {
        page_raw(p, "<p>The quote is not proven to be genuine, so nothing of "
                    "what it says is shown.</p>\n</details>\n");
        return;
    }
    page_raw(p, "<dl>\n");
    if (td != ASSAY_JSON_NONE) {
        put_td(p, td);
    } else {
        page_row(p, "Measurement", true,
                 page_string(p, verdict, "measurement"));
    }
    if (page_has(p, verdict, "workload")) {
        put_workload(p, assay_json_member(p->json, verdict, "workload"));
    }
    page_raw(p, "</dl>\n</details>\n");
}

/* --- the platform ------------------------------------------------------- */

static void
put_advisories(const struct page *p, uint32_t verdict)
{
    uint32_t list = assay_json_member(p->json, verdict, "advisory_ids");

    page_row_begin(p, "Advisories", false);
    if (assay_json_count(p->json, list) == 0) {
        page_raw(p, "none");
    }
    for (uint32_t at = assay_json_first(p->json, list); at != ASSAY_JSON_NONE;
         at = assay_json_next(p->json, at)) {
        page_raw(p, "<span class=code>");
        page_text(p, assay_json_string(p->json, at));
        page_raw(p, "</span> ");
    }
    page_row_end(p);
}

void
page_put_platform(const struct page *p, uint32_t verdict)
{
    struct assay_slice status = page_string(p, verdict, "tcb_status");
    struct assay_slice date = page_string(p, verdict, "tcb_date");

    page_row_begin(p, "TCB status", false);
    if (status.len > 0) {
        page_raw(p, "<strong>");
        page_text(p, status);
        page_raw(p, "</strong>, level of ");
        page_text(
            p, (struct assay_slice){date.ptr, date.len < 10 ? date.len : 10});
    } else {
        page_raw(p, "none was proven");
    }
    page_row_end(p);
    put_advisories(p, verdict);
    page_row(p, "FMSPC", true, page_string(p, verdict, "fmspc"));
}
