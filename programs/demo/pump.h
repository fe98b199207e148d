/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pump.h - one event loop under a program that reads from top to bottom: it
 * waits for one thing at a time, and meanwhile everything on the loop goes on.
 */
#pragma once

#include <stdbool.h>
#include <uv.h>

#define PUMP_SIGNALS 4

struct pump {
    bool there;
    uv_loop_t loop;
    uv_timer_t timer;
    uv_signal_t signals[PUMP_SIGNALS];
    bool late;
    int interrupted; /* by this signal; 0 */
};

typedef bool pump_condition(const void *user);

/* False: no memory or descriptors. Catches SIGINT, SIGTERM and SIGHUP. */
bool pump_init(struct pump *p);
/* Lets closed handles go. Nothing happens if it is not there. */
void pump_free(struct pump *p);
/* Runs the loop until the condition holds, which is asked whenever something
 * has happened (a child's end is something). False: a signal or the time limit
 * came first. */
bool pump_wait(struct pump *p, pump_condition *done, const void *user,
               uint32_t limit_ms);
/* The same, whatever signals come: for cleaning up. */
bool pump_wait_anyway(struct pump *p, pump_condition *done, const void *user,
                      uint32_t limit_ms);
