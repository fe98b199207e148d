/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * report_text.c - a verdict for people.
 */
#include "report.h"

#include <inttypes.h>

#include "base/bytes.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "terminal.h"

#define HEX_MAX_BYTES 64u

#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define BOLD   "\033[1m"
#define DIM    "\033[2m"
#define PLAIN  "\033[0m"

static const char *
paint(const struct report_input *in, const char *code)
{
    return in->colour ? code : "";
}

static const char *
status_text(enum assay_tcb_status s)
{
    const char *name = assay_tcb_status_name(s);

    return name != NULL ? name : "none";
}

static void
put_verdict(FILE *to, const struct report_input *in)
{
    bool trusted = assay_verdict_trusted(in->verdict);

    fprintf(to, "%s%s%s%s: ", paint(in, BOLD), paint(in, trusted ? GREEN : RED),
            trusted ? "TRUSTED" : "NOT TRUSTED", paint(in, PLAIN));
    terminal_put_text(to, assay_verdict_summary(in->verdict));
    putc('\n', to);
}

/* The next step, for the check that failed first. */
static void
put_hint(FILE *to, const struct assay_verdict *v)
{
    const char *reason = assay_verdict_reason(v);

    for (size_t i = 0; reason != NULL && i < assay_verdict_check_count(v);
         i++) {
        struct assay_check c = assay_verdict_check(v, i);

        if (strcmp(c.name, reason) == 0) {
            fprintf(to, "  what to do     %s\n", c.hint);
        }
    }
}

static void
put_advisories(FILE *to, const struct assay_verdict *v)
{
    size_t count = assay_verdict_advisory_count(v);

    fputs("  advisories     ", to);
    for (size_t i = 0; i < count; i++) {
        fputs(i == 0 ? "" : ", ", to);
        terminal_put_text(to, assay_verdict_advisory(v, i));
    }
    fputs(count == 0 ? "none\n" : "\n", to);
}

static void
put_status(FILE *to, const char *name, enum assay_tcb_status s)
{
    if (s != ASSAY_TCB_NONE) {
        fprintf(to, "  %-13s  %s\n", name, status_text(s));
    }
}

static void
put_tcb(FILE *to, const struct assay_verdict_facts *f)
{
    char date[ASSAY_TIME_TEXT];

    fprintf(to, "  TCB status     %s", status_text(f->tcb_status));
    if (f->has_tcb_date) {
        assay_time_format(f->tcb_date_s, date);
        fprintf(to, ", level of %.10s", date);
    }
    if (f->has_evaluation) {
        fprintf(to, ", evaluation %" PRIu32, f->tcb_evaluation_data_number);
    }
    putc('\n', to);
    put_status(to, "  platform", f->platform_status);
    put_status(to, "  TDX module", f->tdx_module_status);
    put_status(to, "  QE", f->qe_status);
    put_status(to, "  at launch", f->launch_status);
    put_status(to, "  running now", f->current_status);
}

static void
put_facts(FILE *to, const struct report_input *in)
{
    struct assay_verdict_facts f = assay_verdict_facts(in->verdict);
    char hex[2 * sizeof(f.fmspc) + 1];
    char when[ASSAY_TIME_TEXT];

    fprintf(to, "  evidence       Intel %s quote, version %u\n",
            f.tdx ? "TDX" : "SGX", assay_quote_view(in->quote)->version);
    put_tcb(to, &f);
    put_advisories(to, in->verdict);
    if (f.has_fmspc) {
        assay_hex_to(hex, ASSAY_SLICE(f.fmspc));
        fprintf(to, "  FMSPC          %s\n", hex);
    }
    fprintf(to, "  root           %s\n", in->root);
    assay_time_format(assay_collateral_expires(in->collateral), when);
    fputs("  collateral     ", to);
    terminal_put_text(to, in->source);
    fprintf(to, ", expires %s\n", when);
    assay_time_format(f.verified_at_s, when);
    fprintf(to, "  judged as of   %s%s%s%s\n", when,
            in->time != NULL ? " (" : "", in->time != NULL ? in->time : "",
            in->time != NULL ? ")" : "");
}

static void
put_check(FILE *to, const struct report_input *in, struct assay_check check)
{
    static const struct {
        const char *word;
        const char *colour;
    } outcomes[] = {
        [ASSAY_NOT_CHECKED] = {"-", DIM},
        [ASSAY_PASSED] = {"ok", GREEN},
        [ASSAY_FAILED] = {"FAILED", RED},
    };
    /* A required check that did not run is why the verdict is no. */
    bool missing = check.required && check.outcome == ASSAY_NOT_CHECKED;

    fprintf(to, "  %s%-7s%s  %s",
            paint(in, missing ? YELLOW : outcomes[check.outcome].colour),
            missing ? "not run" : outcomes[check.outcome].word,
            paint(in, PLAIN), check.title);
    if (check.detail[0] != '\0') {
        fputs(": ", to);
        terminal_put_text(to, check.detail);
    }
    putc('\n', to);
}

static void
put_hex(FILE *to, const char *name, struct assay_slice bytes)
{
    char hex[2 * HEX_MAX_BYTES + 1];

    if (bytes.len > 0 && bytes.len <= HEX_MAX_BYTES) {
        assay_hex_to(hex, bytes);
        fprintf(to, "  %-13s  %s\n", name, hex);
    }
}

static void
put_measurements(FILE *to, const struct assay_quote_view *q)
{
    static const char *const rtmr_names[] = {"RTMR0", "RTMR1", "RTMR2",
                                             "RTMR3"};

    if (q->body_type == ASSAY_BODY_SGX) {
        put_hex(to, "MRENCLAVE", q->sgx.mrenclave);
        put_hex(to, "MRSIGNER", q->sgx.mrsigner);
        fprintf(to, "  %-13s  %u\n", "ISVPRODID", q->sgx.isvprodid);
        fprintf(to, "  %-13s  %u\n", "ISVSVN", q->sgx.isvsvn);
    } else {
        put_hex(to, "MRTD", q->td.mr_td);
        for (size_t i = 0; i < 4; i++) {
            put_hex(to, rtmr_names[i], q->td.rtmr[i]);
        }
        put_hex(to, "MRCONFIGID", q->td.mr_config_id);
        put_hex(to, "MROWNER", q->td.mr_owner);
        put_hex(to, "MROWNERCONFIG", q->td.mr_owner_config);
        put_hex(to, "MRSERVICETD", q->td.mr_service_td);
    }
    put_hex(to, "REPORTDATA", q->report_data);
}

static void
put_safe(FILE *to, const char *name, struct assay_slice text)
{
    fprintf(to, "  %-13s  ", name);
    terminal_put(to, text);
    putc('\n', to);
}

static void
put_compose(FILE *to, const struct assay_verdict_workload *w)
{
    char hex[2 * 32 + 1];

    if (w->compose_hash.ptr != NULL) {
        assay_hex_to(hex, w->compose_hash);
        fprintf(to, "  %-13s  %s (%s)\n", "compose hash", hex,
                w->compose_proven_by);
    }
}

/* What the log and MRCONFIGID prove; nothing if there is nothing. */
static void
put_workload(FILE *to, const struct assay_verdict *v)
{
    const struct assay_verdict_workload *w = assay_verdict_workload(v);

    if (!w->has_event_log && w->compose_hash.ptr == NULL) {
        return;
    }
    fputs("\nWorkload\n", to);
    put_hex(to, "app ID", w->app_id);
    put_compose(to, w);
    put_hex(to, "OS image", w->os_image_hash);
    put_hex(to, "instance ID", w->instance_id);
    if (w->key_provider.ptr != NULL) {
        put_safe(to, "key provider", w->key_provider);
    }
    if (w->certificate.ptr != NULL) {
        put_safe(to, "certificate", w->certificate);
    }
    if (w->has_event_log) {
        fprintf(to, "  %-13s  %zu events, %zu of them at run time\n",
                "event log", w->events, w->runtime_events);
    }
}

void
report_text(FILE *to, const struct report_input *in)
{
    size_t count = assay_verdict_check_count(in->verdict);

    put_verdict(to, in);
    put_hint(to, in->verdict);
    put_facts(to, in);
    fputs("\nChecks\n", to);
    for (size_t i = 0; i < count; i++) {
        put_check(to, in, assay_verdict_check(in->verdict, i));
    }
    put_workload(to, in->verdict);
    fputs("\nMeasurements\n", to);
    put_measurements(to, assay_quote_view(in->quote));
}

void
report_refusal(const struct command *c, const char *what,
               const struct assay_verdict *v)
{
    if (assay_verdict_trusted(v)) {
        return;
    }
    fflush(stdout);
    fprintf(stderr, "assay: %s: ", c->name);
    cli_put_safe(what);
    fputs(": not trusted: ", stderr);
    cli_put_safe(assay_verdict_summary(v));
    putc('\n', stderr);
}
