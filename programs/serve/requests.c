/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * requests.c - where it is told how a request has gone.
 */
#include "requests.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "io/moment.h"

static void
log_request(const struct log *log, const struct request *r)
{
    char status[16];
    char millis[24];
    char length[24];

    snprintf(status, sizeof(status), "%u", r->status);
    snprintf(millis, sizeof(millis), "%llu", (unsigned long long)r->ms);
    snprintf(length, sizeof(length), "%llu", (unsigned long long)r->bytes);
    log_event(log, LOG_DEBUG, "request",
              (struct log_field[]){
                  {"method", r->method},
                  {"path", r->path},
                  {"status", assay_slice_of(status)},
                  {"bytes", assay_slice_of(length)},
                  {"ms", assay_slice_of(millis)},
                  {"end", assay_slice_of(r->end)},
              },
              6);
}

void
requests_tell(struct requests *to, const struct request *r)
{
    bool lost = false;

    metrics_request(to->metrics, r->status, strcmp(r->end, "cut") != 0);
    if (!access_log_write(to->access, to->json_access, r,
                          (int64_t)time(NULL))) {
        metrics_add(to->metrics, METRIC_LOG_LOST, 1);
        lost = true;
    }
    losses_note(&to->losses, lost, (uint64_t)assay_now().mono_ms, to->log);
    if (log_wants(to->log, LOG_DEBUG)) {
        log_request(to->log, r);
    }
}
