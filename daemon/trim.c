/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * trim.c - memory goes back to the system behind a crowd.
 */
#include "daemon/trim.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#define CROWD    256u /* connections; what fewer have left is soon used again */
#define DELAY_MS 1000u /* the others of the crowd may be going too */

static void
on_timer(uv_timer_t *timer)
{
    (void)timer;
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}

void
trim_open(struct trim *t, uv_loop_t *loop)
{
    uv_timer_init(loop, &t->timer);
    uv_unref((uv_handle_t *)&t->timer);
    t->most = 0;
}

void
trim_count(struct trim *t, unsigned now)
{
    t->most = now > t->most ? now : t->most;
    if (t->most >= CROWD && now <= t->most / 2) {
        t->most = now;
        uv_timer_start(&t->timer, on_timer, DELAY_MS, 0);
    }
}

void
trim_close(struct trim *t)
{
    uv_close((uv_handle_t *)&t->timer, NULL);
}
