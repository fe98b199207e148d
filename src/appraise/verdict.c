/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "appraise/verdict.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/timestamp.h"

void
assay_verdict_free(struct assay_verdict *v)
{
    if (v != NULL) {
        free(v->advisory);
        free(v);
    }
}

/* Nothing required is an answer to nothing: it is not trusted either. */
bool
assay_verdict_trusted(const struct assay_verdict *v)
{
    return v->checks.required != 0 && v->checks.failed == 0 &&
           assay_checks_have(&v->checks, v->checks.required);
}

enum assay_tcb_status
assay_verdict_tcb_status(const struct assay_verdict *v)
{
    return v->facts.tcb_status;
}

/* The first failed row, or the first required one that did not run. */
static enum assay_check_id
first_reason(const struct assay_verdict *v)
{
    assay_check_set missing = v->checks.required & ~v->checks.passed;
    assay_check_set set = v->checks.failed != 0 ? v->checks.failed : missing;
    unsigned id = 0;

    while (id < ASSAY_CHECK_COUNT &&
           !assay_check_in(set, (enum assay_check_id)id)) {
        id++;
    }
    return (enum assay_check_id)id;
}

const char *
assay_verdict_reason(const struct assay_verdict *v)
{
    enum assay_check_id id = first_reason(v);

    if (assay_verdict_trusted(v)) {
        return NULL;
    }
    return id < ASSAY_CHECK_COUNT ? assay_check_name(id) : "no_checks";
}

struct assay_check
assay_verdict_find(const struct assay_verdict *v, enum assay_check_id id)
{
    return (struct assay_check){
        .name = assay_check_name(id),
        .title = assay_check_title(id),
        .hint = assay_check_hint(id),
        .outcome = assay_checks_outcome(&v->checks, id),
        .required = assay_check_in(v->checks.required, id),
        .detail = v->checks.detail[id],
    };
}

size_t
assay_verdict_check_count(const struct assay_verdict *v)
{
    size_t count = 0;

    for (unsigned id = 0; id < ASSAY_CHECK_COUNT; id++) {
        count += assay_check_in(v->checks.applies, (enum assay_check_id)id);
    }
    return count;
}

struct assay_check
assay_verdict_check(const struct assay_verdict *v, size_t i)
{
    unsigned id = 0;

    for (; id < ASSAY_CHECK_COUNT; id++) {
        if (assay_check_in(v->checks.applies, (enum assay_check_id)id) &&
            i-- == 0) {
            break;
        }
    }
    if (id == ASSAY_CHECK_COUNT) {
        return (struct assay_check){
            .name = "", .title = "", .hint = "", .detail = ""};
    }
    return assay_verdict_find(v, (enum assay_check_id)id);
}

struct assay_verdict_facts
assay_verdict_facts(const struct assay_verdict *v)
{
    return v->facts;
}

const struct assay_verdict_workload *
assay_verdict_workload(const struct assay_verdict *v)
{
    return &v->workload;
}

size_t
assay_verdict_advisory_count(const struct assay_verdict *v)
{
    return v->answer_count;
}

const char *
assay_verdict_advisory(const struct assay_verdict *v, size_t i)
{
    return i < v->answer_count ? v->advisory[i].id : NULL;
}

/* What was let through and is not as it should be. */
static void
append_warnings(struct assay_verdict *v)
{
    size_t used = strlen(v->summary);
    char date[ASSAY_TIME_TEXT];

    if (v->facts.collateral_stale) {
        assay_time_format(v->facts.collateral_stale_since_s, date);
        (void)snprintf(v->summary + used, sizeof(v->summary) - used,
                       "; STALE collateral, which ran out on %s", date);
        used = strlen(v->summary);
    }
    if (v->rollback_allowed) {
        (void)snprintf(v->summary + used, sizeof(v->summary) - used,
                       "; collateral of an OLDER evaluation than was seen "
                       "before");
    }
}

/* What a trusted verdict says of the workload, in words. */
static void
write_trust(struct assay_verdict *v)
{
    const char *detail = v->checks.detail[ASSAY_CHECK_WORKLOAD];
    const char *words = "; the workload was not checked";

    if (v->workload_disabled) {
        words = "; runtime verification is disabled: this says nothing about "
                "which software runs";
    } else if (assay_checks_have(&v->checks, ASSAY_CHECK_BIT(WORKLOAD))) {
        words = ", the workload is as required";
    } else {
        detail = "";
    }
    if (v->workload_disabled) {
        detail = "";
    }
    (void)snprintf(v->summary, sizeof(v->summary),
                   "genuine %s quote, TCB %s%s%s%s",
                   v->facts.tdx ? "TDX" : "SGX",
                   assay_tcb_status_name(v->facts.tcb_status), words,
                   detail[0] != '\0' ? "; " : "", detail);
    append_warnings(v);
}

void
assay_verdict_close(struct assay_verdict *v)
{
    enum assay_check_id id = first_reason(v);

    if (assay_verdict_trusted(v)) {
        write_trust(v);
    } else if (id == ASSAY_CHECK_COUNT) {
        (void)snprintf(v->summary, sizeof(v->summary), "nothing was checked");
    } else {
        (void)snprintf(v->summary, sizeof(v->summary), "%s: %s",
                       assay_check_name(id),
                       v->checks.detail[id][0] != '\0' ? v->checks.detail[id]
                                                       : "did not pass");
    }
}

const char *
assay_verdict_summary(const struct assay_verdict *v)
{
    return v->summary;
}
