/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pipes.h - pipes of the kernel that octets pass through on their way from one
 * socket to another (splice(2)). A tunnel has one only while there is something
 * in it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define PIPES_SPARE_MAX 64u
#define PIPE_BYTES      (256u * 1024u)

struct pipe {
    int in; /* -1: there is none */
    int out;
};

/* Empty ones, of one loop. All zero: none. */
struct pipes {
    struct pipe spare[PIPES_SPARE_MAX];
    size_t count;
};

/* False: there is none to be had. */
bool pipes_take(struct pipes *p, struct pipe *out);
/* empty: nothing is in it any more; else it is closed. */
void pipes_give_back(struct pipes *p, struct pipe *pipe, bool empty);
void pipes_close(struct pipes *p);
