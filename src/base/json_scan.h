/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * json_scan.h - the words of JSON: white space, strings, numbers, literals.
 * Used by json.c only.
 */
#pragma once

#include "base/bytes.h"

/* The place of reading is no part of this: it is an argument and a result, so
 * that it stays in a register. */
struct assay_json_scan {
    const uint8_t *start;
    const uint8_t *end;
    const char *what;
    struct assay_error *err;
    bool allow_nul;
};

/* Each scan function reads from `at` and returns where it stopped, or NULL
 * after a failure, which is in *err. */
const uint8_t *assay_json_scan_number(const struct assay_json_scan *s,
                                      const uint8_t *at);
const uint8_t *assay_json_scan_literal(const struct assay_json_scan *s,
                                       const uint8_t *at, const char *literal);
/* From the opening quote; *escaped says whether a backslash occurs. */
const uint8_t *assay_json_scan_string(const struct assay_json_scan *s,
                                      const uint8_t *at, bool *escaped);
/* Records that `want` should stand at `at`, and returns NULL. */
const uint8_t *assay_json_unexpected(const struct assay_json_scan *s,
                                     const uint8_t *at, const char *want);

/* The byte there, or '\0' at the end of input. */
static inline uint8_t
assay_json_peek(const struct assay_json_scan *s, const uint8_t *at)
{
    return at < s->end ? *at : '\0';
}

static inline const uint8_t *
assay_json_skip_space(const struct assay_json_scan *s, const uint8_t *at)
{
    while (at < s->end && *at <= ' ' &&
           (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
        at++;
    }
    return at;
}

/* What a scanned string (without its quotes) means. Writes at most as many
 * bytes as it reads; returns how many. */
size_t assay_json_unescape(struct assay_slice inner, uint8_t *to);
