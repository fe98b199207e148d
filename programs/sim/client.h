/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * client.h - the other end of control.h, for the command line.
 */
#pragma once

#include "options.h"

/* Sends the controls one after another; prints the last state, or what went
 * wrong with the first that failed. */
enum sim_exit sim_client_run(const struct sim_arguments *a);
