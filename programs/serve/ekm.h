/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ekm.h - assay-serve --ekm-header: quotes for an nginx of this machine, which
 * ends TLS and says what session it is. See ADR 26.
 */
#pragma once

#include "daemon/log.h"
#include "options.h"

/* The whole program in this mode: until a signal ends it. */
enum daemon_exit ekm_run(const struct options *o, const struct log *log);
