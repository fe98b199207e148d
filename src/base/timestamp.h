/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * timestamp.h - dates as Unix seconds (UTC), no time zone data, no clock.
 */
#pragma once

#include "base/bytes.h"

#define ASSAY_TIME_TEXT 21 /* "2026-11-20T11:12:13Z" and NUL */

/* Days since 1970-01-01 in the proleptic Gregorian calendar; month 1-12, year
 * within a million million of 0. */
int64_t assay_days_from_civil(int64_t year, unsigned month, unsigned day);

/* "YYYY-MM-DDThh:mm:ssZ" and nothing else (Intel's form; RFC 3339 with Z, no
 * fraction). Seconds 00-59; the day must exist. ASSAY_MALFORMED otherwise. */
enum assay_code assay_time_parse(struct assay_slice text, int64_t *out_s,
                                 const char *field, struct assay_error *err);
/* What a person may type: Unix seconds (digits only), or RFC 3339 with Z or a
 * numeric offset, optionally with a fraction, which is dropped; or a date
 * alone (midnight UTC). */
enum assay_code assay_time_parse_loose(struct assay_slice text, int64_t *out_s,
                                       const char *field,
                                       struct assay_error *err);
/* X.509 UTCTime "YYMMDDhhmmssZ" (years 1950-2049) and GeneralizedTime
 * "YYYYMMDDhhmmssZ", as RFC 5280 section 4.1.2.5 restricts them. */
enum assay_code assay_time_parse_utctime(struct assay_slice text,
                                         int64_t *out_s, const char *field,
                                         struct assay_error *err);
enum assay_code assay_time_parse_generalized(struct assay_slice text,
                                             int64_t *out_s, const char *field,
                                             struct assay_error *err);
/* RFC 3339 with Z; years 0000-9999, others print as "?". */
void assay_time_format(int64_t t_s, char out[ASSAY_TIME_TEXT]);
