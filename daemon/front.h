/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * front.h - what a daemon says to whoever starts it by hand.
 */
#pragma once

#include "assay/bytes.h"
#include "daemon/exits.h"

struct assay_buf;

/* Why its settings cannot be used, and what to do, on standard error. The
 * code. */
enum daemon_exit front_refuse(const char *name, enum daemon_exit code,
                              const struct assay_error *why);
/* Part by part, NULL behind the last, on standard output. */
void front_help(const char *const *parts);
void front_version(const char *name);
/* On standard output; it is freed. */
void front_print(struct assay_buf *text);
