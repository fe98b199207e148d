/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/home.h"

#include <stdlib.h>

#include "base/buf.h"

bool
assay_home_add(struct assay_buf *path, const char *variable,
               const char *below_home)
{
    const char *xdg = getenv(variable);
    const char *home = getenv("HOME");

    if (xdg != NULL && xdg[0] == '/') {
        assay_buf_add_text(path, xdg);
    } else if (home != NULL && home[0] == '/') {
        assay_buf_printf(path, "%s/%s", home, below_home);
    } else {
        return false;
    }
    return true;
}
