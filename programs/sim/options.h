/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options.h - the command line.
 */
#pragma once

#include "sim.h"

enum sim_exit { SIM_DONE = 0, SIM_TROUBLE = 2, SIM_USAGE = 64 };

#define SIM_CONTROLS_MAX 16

enum sim_task { SIM_SERVE, SIM_CONTROL, SIM_HELP, SIM_VERSION };

struct sim_arguments {
    enum sim_task task;
    struct sim_options o;                   /* SIM_SERVE */
    const char *controls[SIM_CONTROLS_MAX]; /* NAME[=VALUE]; NULL ends */
};

/* Says what is wrong on standard error; SIM_DONE if nothing is. Freed with
 * sim_arguments_free() in any case. */
enum sim_exit sim_arguments_read(int argc, char **argv,
                                 struct sim_arguments *a);
void sim_arguments_free(struct sim_arguments *a);

extern const char sim_usage[];
