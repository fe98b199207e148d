/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "appraise/advisories.h"

#include <stdlib.h>

/* Keeps the list sorted: advisories of the answer before others, then by
 * text. A few dozen at most, so insertion will do. */
static void
insert(struct assay_verdict *v, const struct assay_advisory *a)
{
    const unsigned current = 1u << ASSAY_PART_CURRENT;
    size_t i = 0;

    for (; i < v->advisory_count; i++) {
        if (strcmp(v->advisory[i].id, a->id) == 0) {
            v->advisory[i].parts |= a->parts;
            return;
        }
    }
    while (i > 0) {
        const struct assay_advisory *before = &v->advisory[i - 1];
        bool only_current = before->parts == current;

        if (!(only_current && a->parts != current) &&
            strcmp(before->id, a->id) < 0) {
            break;
        }
        if (!only_current && a->parts == current) {
            break;
        }
        v->advisory[i] = *before;
        i--;
    }
    v->advisory[i] = *a;
    v->advisory_count++;
    if (a->parts != current) {
        v->answer_count++;
    }
}

static void
insert_all(struct assay_verdict *v, const struct assay_tcb_match *m,
           enum assay_tcb_part part)
{
    for (uint32_t n = assay_json_first(m->doc, m->advisories);
         n != ASSAY_JSON_NONE; n = assay_json_next(m->doc, n)) {
        struct assay_slice id = assay_json_string(m->doc, n);
        struct assay_advisory a = {.parts = 1u << part};

        assay_copy(a.id, id); /* length was checked when it was parsed */
        insert(v, &a);
    }
}

static size_t
count(const struct assay_tcb_match *m)
{
    return m->doc == NULL ? 0 : assay_json_count(m->doc, m->advisories);
}

void
assay_advisories_collect(const struct assay_dcap_result *dcap,
                         struct assay_verdict *v, struct assay_error *err)
{
    const struct {
        const struct assay_tcb_match *match;
        enum assay_tcb_part part;
    } sources[] = {
        {&dcap->launch.platform, ASSAY_PART_PLATFORM},
        {&dcap->launch.module, ASSAY_PART_MODULE},
        {&dcap->launch.qe, ASSAY_PART_QE},
        {&dcap->current.platform, ASSAY_PART_CURRENT},
        {&dcap->current.module, ASSAY_PART_CURRENT},
    };
    size_t total = 0;

    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        total += count(sources[i].match);
    }
    if (dcap->status == ASSAY_TCB_NONE || total == 0) {
        return;
    }
    v->advisory = calloc(total, sizeof(*v->advisory));
    if (v->advisory == NULL) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                   "verdict: out of memory");
        return;
    }
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        if (count(sources[i].match) > 0) {
            insert_all(v, sources[i].match, sources[i].part);
        }
    }
}
