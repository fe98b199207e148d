/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * setting_values.c - what setters of a daemon's settings are made of.
 */
#include "daemon/setting_values.h"

#include <string.h>

unsigned
setting_word(const char *value, const char *const words[3], const char *name,
             struct assay_error *err)
{
    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(value, words[i]) == 0) {
            return i;
        }
    }
    assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
               "%s: '%.40s' is none of %s, %s, %s", name, value, words[0],
               words[1], words[2]);
    return 0;
}

bool
setting_either(const char *value, const char *yes, const char *no,
               const char *name, struct assay_error *err)
{
    bool is = strcmp(value, yes) == 0;

    if (!is && strcmp(value, no) != 0) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "%s: '%.40s' is neither %s nor %s", name, value, yes, no);
    }
    return is;
}

void
setting_address(const char *value, const char *name, struct assay_address *out,
                struct assay_error *err)
{
    if (assay_address_parse(value, NULL, out, err) != ASSAY_OK) {
        assay_error_prefix(err, "%s", name);
    }
}
