/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * front.c - see front.h.
 */
#include "daemon/front.h"

#include <stdio.h>

#include "assay/version.h"
#include "base/buf.h"
#include "base/bytes.h"

enum daemon_exit
front_refuse(const char *name, enum daemon_exit code,
             const struct assay_error *why)
{
    if (code == DAEMON_USAGE) {
        fprintf(stderr, "%s: %s (try '%s --help')\n", name, why->msg, name);
    } else {
        fprintf(stderr, "%s: %s (%s)\n", name, why->msg,
                assay_code_hint(why->code));
    }
    return code;
}

void
front_help(const char *const *parts)
{
    for (; *parts != NULL; parts++) {
        fputs(*parts, stdout);
    }
}

void
front_version(const char *name)
{
    printf("%s %s\n", name, ASSAY_VERSION);
}

void
front_print(struct assay_buf *text)
{
    if (text->len > 0) {
        fwrite(text->ptr, 1, text->len, stdout);
    }
    assay_buf_free(text);
}
