/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * report_items.c - the items of a bundle and their dates, for people.
 */
#include "report.h"

#include <string.h>

#include "base/timestamp.h"

const char *
report_item_state(struct assay_collateral_item item, struct report_moment at)
{
    if (at.now_s < item.issued_s) {
        return "not yet valid";
    }
    if (at.now_s > item.expires_s) {
        return "expired";
    }
    return item.expires_s - at.now_s < at.within_s ? "expires soon" : "in date";
}

static void
put_item(FILE *to, struct assay_collateral_item item)
{
    char issued[ASSAY_TIME_TEXT];
    char expires[ASSAY_TIME_TEXT];

    assay_time_format(item.issued_s, issued);
    assay_time_format(item.expires_s, expires);
    fprintf(to, "  %-28s %s to %s", item.name, issued, expires);
}

void
report_items(FILE *to, const struct assay_collateral *c)
{
    for (size_t i = 0; i < assay_collateral_item_count(c); i++) {
        put_item(to, assay_collateral_item(c, i));
        putc('\n', to);
    }
}

void
report_check(FILE *to, const struct assay_collateral *c,
             struct report_moment at, bool good, bool colour)
{
    const char *green = colour ? "\033[32m" : "";
    const char *red = colour ? "\033[31m" : "";
    const char *plain = colour ? "\033[0m" : "";
    char now[ASSAY_TIME_TEXT];

    assay_time_format(at.now_s, now);
    fprintf(to, "%s%s%s at %s", good ? green : red,
            good ? "IN DATE" : "NOT IN DATE", plain, now);
    if (at.within_s > 0) {
        fprintf(to, " and for %lld days after",
                (long long)(at.within_s / 86400));
    }
    fputs(" (dates only: signatures are not judged here)\n", to);
    for (size_t i = 0; i < assay_collateral_item_count(c); i++) {
        struct assay_collateral_item item = assay_collateral_item(c, i);
        const char *state = report_item_state(item, at);
        put_item(to, item);
        fprintf(to, "  %s%s%s\n", strcmp(state, "in date") == 0 ? green : red,
                state, plain);
    }
}
