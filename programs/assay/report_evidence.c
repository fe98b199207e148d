/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * report_evidence.c - what a verdict over a bundle rests on, for people.
 */
#include "report.h"

#include <string.h>

#include "base/text.h"
#include "base/timestamp.h"

#define VALUE_MAX 96u

/* A claim in one line; "" where it is too long for one. */
static void
value_of(const struct assay_evidence_view *v, const char *member,
         char out[VALUE_MAX])
{
    char when[ASSAY_TIME_TEXT];

    out[0] = '\0';
    if (strcmp(member, "claims.time") == 0) {
        assay_time_format(v->time_s, when);
        (void)snprintf(out, VALUE_MAX, "%s; ", when);
    } else if (strcmp(member, "claims.server_name") == 0) {
        (void)snprintf(out, VALUE_MAX, "%.80s; ", v->server_name);
    } else if (strcmp(member, "claims.root_sha256") == 0) {
        assay_hex_to(out, ASSAY_SLICE(v->root_sha256));
        (void)snprintf(out + strlen(out), VALUE_MAX - strlen(out), "; ");
    } else if (strcmp(member, "claims.verdict") == 0) {
        (void)snprintf(out, VALUE_MAX, "%s; ",
                       v->trusted ? "trusted" : "not trusted");
    }
}

void
report_evidence(FILE *to, const struct assay_evidence *e,
                const struct assay_evidence_options *o,
                const struct assay_verdict *v)
{
    const struct assay_evidence_view *view = assay_evidence_view(e);
    struct assay_evidence_claim claims[ASSAY_EVIDENCE_CLAIMS_MAX];
    size_t count = assay_evidence_claims(e, o, v, claims);
    char value[VALUE_MAX];

    fprintf(to, "\nNot proven by this bundle\n  %-20s  %s\n", "the session",
            assay_evidence_session(v));
    for (size_t i = 0; i < count; i++) {
        value_of(view, claims[i].member, value);
        fprintf(to, "  %-20s  %s%s\n", claims[i].member, value, claims[i].why);
    }
}
