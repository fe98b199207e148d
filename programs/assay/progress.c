/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * progress.c - telling a person what is being waited for.
 */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ERASE_LINE "\r\033[K"

static bool shown;

static void
on_waiting(void *user, const char *url, uint32_t elapsed_ms)
{
    (void)user;
    /* Short enough for one line of a usual terminal. */
    fprintf(stderr, ERASE_LINE "waiting %u s for %.60s", elapsed_ms / 1000,
            url);
    fflush(stderr);
    shown = true;
}

void
progress_attach(struct assay_fetch_options *fetch)
{
    const char *term = getenv("TERM");

    if (isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0) {
        fetch->waiting = on_waiting;
    }
}

void
progress_end(void)
{
    if (shown) {
        fputs(ERASE_LINE, stderr);
        shown = false;
    }
}
