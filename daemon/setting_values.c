/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * setting_values.c - what setters of a daemon's settings are made of.
 */
#include "daemon/setting_values.h"

#include <string.h>

#include "base/url.h"

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

void
setting_admin(const char *value, struct assay_address *out,
              struct assay_error *err)
{
    setting_address(value, "--admin", out, err);
    if (err->code == ASSAY_OK && !out->is_unix &&
        strcmp(out->host, "::1") != 0 && strcmp(out->host, "127.0.0.1") != 0) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--admin: '%.80s' is not 127.0.0.1, [::1] or unix:PATH",
                   value);
    }
}

size_t
setting_sources(struct given *g, const char *value,
                const char *out[ASSAY_SOURCES_MAX], struct assay_error *err)
{
    const char *names[SETTING_NAMES_MAX];
    size_t count = given_split(g, value, names, "--pccs", err);

    for (size_t i = 0; i < count && err->code == ASSAY_OK; i++) {
        bool intel = strcmp(names[i], "intel") == 0;

        if (i == ASSAY_SOURCES_MAX) {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "--pccs: more than %u sources", ASSAY_SOURCES_MAX);
        } else if (!intel && assay_url_check_base(names[i], err) != ASSAY_OK) {
            assay_error_prefix(err, "--pccs");
        } else {
            out[i] = intel ? ASSAY_SOURCE_INTEL : names[i];
        }
    }
    return err->code == ASSAY_OK ? count : 0;
}

enum sandbox
setting_sandbox(const char *value, struct assay_error *err)
{
    static const char *const words[] = {"auto", "strict", "off"};

    return (enum sandbox)setting_word(value, words, "--sandbox", err);
}
