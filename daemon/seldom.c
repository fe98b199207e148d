/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * seldom.c - one line of the log for many events of a kind.
 */
#include "daemon/seldom.h"

#include <stdio.h>

#include "base/bytes.h"

uint64_t
seldom_due(struct seldom *s, uint64_t now_ms)
{
    uint64_t count = ++s->count;

    if (s->said_ms != 0 && now_ms - s->said_ms < SELDOM_MS) {
        return 0;
    }
    s->count = 0;
    s->said_ms = now_ms != 0 ? now_ms : 1;
    return count;
}

void
seldom_failure(struct seldom *s, uint64_t now_ms, const struct log *log,
               const char *event, const struct assay_error *why)
{
    uint64_t due = seldom_due(s, now_ms);
    char count[24];

    (void)snprintf(count, sizeof(count), "%llu", (unsigned long long)due);
    log_event(log, due > 0 ? LOG_WARNING : LOG_DEBUG, event,
              (struct log_field[]){
                  {"code", assay_slice_of(assay_code_name(why->code))},
                  {"message", assay_slice_of(why->msg)},
                  {"count", assay_slice_of(count)},
              },
              due > 0 ? 3 : 2);
}
