/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * json_parts.c - see json_parts.h.
 */
#include "mint/json_parts.h"

void
mint_json_verdict(struct assay_json_out *j, int64_t date_s, const char *status,
                  const char *const advisories[MINT_ADVISORIES_MAX])
{
    assay_json_out_time(j, "tcbDate", date_s);
    assay_json_out_text(j, "tcbStatus", status);
    if (advisories[0] == NULL) {
        return;
    }
    assay_json_out_open(j, "advisoryIDs", '[');
    for (size_t i = 0; i < MINT_ADVISORIES_MAX && advisories[i] != NULL; i++) {
        assay_json_out_text(j, NULL, advisories[i]);
    }
    assay_json_out_close(j, ']');
}

void
mint_json_isv_levels(struct assay_json_out *j,
                     const struct mint_isv_level *levels, size_t count)
{
    assay_json_out_open(j, "tcbLevels", '[');
    for (size_t i = 0; i < count; i++) {
        assay_json_out_open(j, NULL, '{');
        assay_json_out_open(j, "tcb", '{');
        assay_json_out_i64(j, "isvsvn", levels[i].isvsvn);
        assay_json_out_close(j, '}');
        mint_json_verdict(j, levels[i].date_s, levels[i].status,
                          levels[i].advisories);
        assay_json_out_close(j, '}');
    }
    assay_json_out_close(j, ']');
}
