/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * requests.h - where it is told how a request has gone: the access log, the
 * log, and the counters of a thread.
 */
#pragma once

#include "access_log.h"
#include "daemon/journal.h"
#include "daemon/log.h"
#include "metrics.h"

struct requests {
    const struct log *log;
    struct journal *access;
    bool json_access;
    struct metrics *metrics;
    struct losses losses; /* of the access log */
};

void requests_tell(struct requests *to, const struct request *r);
