/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * settings_fixed.c - what a reload does not change.
 */
#include "daemon/log.h"
#include "daemon/settings.h"

void
settings_name_fixed(const struct settings *all, const struct given *started,
                    const struct given *now, const struct log *log)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct setting *s = &all->rows[i];

        if ((s->kind & AT_START) != 0 && !given_same(started, now, i)) {
            log_event(
                log, LOG_WARNING, "a restart is needed to change this",
                (struct log_field[]){{"setting", assay_slice_of(s->name)}}, 1);
        }
    }
}
