/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * nearest.c - what somebody who misspelled a name may have meant.
 */
#include "base/nearest.h"

#include <string.h>

#define NAME_MAX_LEN 48u

size_t
assay_distance(struct assay_slice a, const char *b)
{
    size_t row[NAME_MAX_LEN + 1];
    size_t len = strlen(b);

    if (a.len > NAME_MAX_LEN || len > NAME_MAX_LEN) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            size_t cost = diagonal + (a.ptr[i - 1] != (uint8_t)b[j - 1]);
            size_t least = row[j] < row[j - 1] ? row[j] : row[j - 1];

            diagonal = row[j];
            row[j] = cost < least + 1 ? cost : least + 1;
        }
    }
    return row[len];
}

const char *
assay_nearest(struct assay_slice name, const char *const *names)
{
    const char *best = NULL;
    size_t best_distance = name.len / 2 + 1;

    if (name.len == 0) {
        return NULL;
    }
    for (; *names != NULL; names++) {
        size_t d = assay_distance(name, *names);

        if (d < best_distance) {
            best = *names;
            best_distance = d;
        }
    }
    return best;
}
