/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * check.h - what --check says, and what a start warns of.
 */
#pragma once

#include "daemon/log.h"
#include "site.h"

struct assay_buf;

/* The main settings, as they were understood. */
void check_describe(const struct site *s, struct assay_buf *to);
/* What is allowed, but perhaps not meant. */
void check_warn(const struct site *s, const struct log *log);
