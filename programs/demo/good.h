/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * good.h - a client and an honest server.
 */
#pragma once

#include "stage.h"

#define GOOD_ROWS_MAX 8u

struct good_row {
    char title[80];
    char outcome[16];
};

struct good {
    char command[256]; /* as it was typed */
    char again_command[128];
    bool again; /* the saved evidence was trusted too, without the server */
    char again_says[240];
    bool trusted;
    char summary[240];                   /* the client's own words */
    char reply[128];                     /* the backend's */
    unsigned checks;                     /* that were required */
    unsigned passed;                     /* of these */
    struct good_row rows[GOOD_ROWS_MAX]; /* the most telling ones */
    size_t row_count;
};

/* False: it could not be run, and s->err says why. */
bool good_run(struct stage *s, struct good *out);
