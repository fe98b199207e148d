/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * external.h - commands that are programs of their own: assay-<command>, beside
 * this program or in <prefix>/libexec/assay/.
 */
#pragma once

#include <stdio.h>

#include "cli.h"

/* Becomes that program: argv[0] is the command. Returns only if there is none
 * (false), or if it could not be run (true; that has been said). */
bool external_run(char **argv);
/* A line of help for each that is known and there. */
void external_list(FILE *to);
/* The known ones that are there, one after the other; NULL ends. */
const char *external_name(size_t i);
