/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options_table.h - the options of all commands, in one table: what is parsed
 * and what shells complete.
 */
#pragma once

#include "options.h"

/* Takes an option's value; on failure the message says what is wrong. */
typedef void set_function(struct options *o, const char *value,
                          struct assay_error *err);

struct option_row {
    const char *name;
    char letter; /* of its short form; 0 for none */
    bool has_value;
    unsigned commands; /* of enum option_set */
    set_function *set;
};

#define OPTION_ROWS 49u
extern const struct option_row option_table[OPTION_ROWS];
