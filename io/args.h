/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * args.h - values of options, as people write them.
 */
#pragma once

#include "assay/bytes.h"

/* A whole number in decimal digits. min on failure: ASSAY_INVALID, with `name`
 * ("--max-size") in the message. */
uint64_t assay_arg_number(const char *value, const char *name, uint64_t min,
                          uint64_t max, struct assay_error *err);
/* Seconds, perhaps with a fraction, from 0.001 to max; in milliseconds. */
uint32_t assay_arg_seconds(const char *value, const char *name, double max,
                           struct assay_error *err);
