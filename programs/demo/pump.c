/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pump.c - see pump.h.
 */
#include "pump.h"

#include <signal.h>

static void
on_signal(uv_signal_t *handle, int number)
{
    struct pump *p = handle->data;

    /* A child's end only has to wake the loop. */
    if (number != SIGCHLD) {
        p->interrupted = number;
    }
}

static void
on_timer(uv_timer_t *timer)
{
    struct pump *p = timer->data;

    p->late = true;
}

bool
pump_init(struct pump *p)
{
    static const int numbers[PUMP_SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD};

    *p = (struct pump){.there = false};
    if (uv_loop_init(&p->loop) != 0) {
        return false;
    }
    p->there = true;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)uv_timer_init(&p->loop, &p->timer);
    p->timer.data = p;
    for (int i = 0; i < PUMP_SIGNALS; i++) {
        (void)uv_signal_init(&p->loop, &p->signals[i]);
        p->signals[i].data = p;
        (void)uv_signal_start(&p->signals[i], on_signal, numbers[i]);
    }
    return true;
}

void
pump_free(struct pump *p)
{
    if (!p->there) {
        return;
    }
    uv_close((uv_handle_t *)&p->timer, NULL);
    for (int i = 0; i < PUMP_SIGNALS; i++) {
        uv_close((uv_handle_t *)&p->signals[i], NULL);
    }
    (void)uv_run(&p->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&p->loop);
}

static bool
wait_for(struct pump *p, pump_condition *done, const void *user,
         uint32_t limit_ms, bool anyway)
{
    bool met = done(user);

    p->late = false;
    (void)uv_timer_start(&p->timer, on_timer, limit_ms, 0);
    while (!met && !p->late && (anyway || p->interrupted == 0)) {
        (void)uv_run(&p->loop, UV_RUN_ONCE);
        met = done(user);
    }
    (void)uv_timer_stop(&p->timer);
    return met;
}

bool
pump_wait(struct pump *p, pump_condition *done, const void *user,
          uint32_t limit_ms)
{
    return wait_for(p, done, user, limit_ms, false) && p->interrupted == 0;
}

bool
pump_wait_anyway(struct pump *p, pump_condition *done, const void *user,
                 uint32_t limit_ms)
{
    return wait_for(p, done, user, limit_ms, true);
}
