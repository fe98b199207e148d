/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options.h - what assay-demo is told on its command line.
 */
#pragma once

#include "attacks.h"
#include "io/address.h"

#define DEMO_ATTACKS_MAX 32u

enum demo_exit {
    DEMO_GOOD = 0,    /* the server trusted, every attack refused */
    DEMO_BAD = 1,     /* something else */
    DEMO_TROUBLE = 2, /* it could not be run */
    DEMO_USAGE = 64,
};

enum demo_task { DEMO_RUN, DEMO_BROWSER, DEMO_HELP, DEMO_VERSION, DEMO_LIST };

struct options {
    enum demo_task task;
    const char *keep; /* NULL: a temporary folder */
    bool json;
    const struct attack *attacks[DEMO_ATTACKS_MAX]; /* to be run, in order */
    size_t count;
    struct assay_address listen; /* of the page; loopback */
    const char *page_dir;        /* NULL: where it is installed, or built */
};

extern const char demo_help[];

/* False: it has been said what is wrong, and *exit is set. */
bool options_parse(struct options *o, int argc, char **argv,
                   enum demo_exit *exit);
