/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * trim.h - memory goes back to the system behind a crowd.
 *
 * What is freed stays with the allocator, between what is still in use. When
 * half of those who were connected are gone, it is told to give it back.
 */
#pragma once

#include <uv.h>

struct trim {
    uv_timer_t timer;
    unsigned most; /* connections since the last time */
};

void trim_open(struct trim *t, uv_loop_t *loop);
/* So many are connected now. */
void trim_count(struct trim *t, unsigned now);
void trim_close(struct trim *t);
