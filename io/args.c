/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * args.c - values of options, as people write them.
 */
#include "io/args.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"

#define SECONDS_MIN 0.001

uint64_t
assay_arg_number(const char *value, const char *name, uint64_t min,
                 uint64_t max, struct assay_error *err)
{
    char *end = NULL;
    unsigned long long n;

    errno = 0;
    n = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 ||
        n < min || n > max) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "%s: '%.40s' is not a number from %llu to %llu", name, value,
                   (unsigned long long)min, (unsigned long long)max);
        return min;
    }
    return n;
}

uint32_t
assay_arg_seconds(const char *value, const char *name, double max,
                  struct assay_error *err)
{
    char *end = NULL;
    double s = strtod(value, &end);

    if (end == value || *end != '\0' || !(s >= SECONDS_MIN && s <= max)) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "%s: '%.40s' is not a number of seconds from %g to %g", name,
                   value, SECONDS_MIN, max);
        return 0;
    }
    return (uint32_t)(s * 1000.0);
}
