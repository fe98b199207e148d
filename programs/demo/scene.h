/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * scene.h - what the page can have happen to the server that it talks to:
 * nothing, or an attack of attacks.h.
 */
#pragma once

#include "attacks.h"
#include "middleman.h"
#include "road.h"

struct scene {
    const char *name;
    const char *title;
    const char *did; /* one sentence */
    const char *by;  /* the check that refuses; NULL: all is well */
};

#define SCENE_HONEST 0u

size_t scene_count(void);
struct scene scene_at(size_t i); /* i < scene_count() */
/* By name; scene_count(): no such. */
size_t scene_find(struct assay_slice name);

struct theatre {
    struct stage *stage;
    struct road *road;           /* to the server */
    struct middleman *middleman; /* NULL: none is in the way */
    size_t scene;
};

/* From a fresh start, all who are connected are cut off. False: why is in
 * stage->err, and the road leads nowhere. */
bool scene_play(struct theatre *t, size_t i);
