/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * requests.h - where it is told how a request has gone: the access log, the
 * log, and the counters of a thread.
 */
#pragma once

#include "access_log.h"
#include "daemon/log.h"
#include "daemon/seldom.h"
#include "metrics.h"

struct requests {
    const struct log *log;
    struct access_log *access;
    struct metrics *metrics;
    bool losing;          /* the last line was lost */
    struct seldom losses; /* when it was said */
};

void requests_tell(struct requests *to, const struct request *r);
