/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * nearest.h - what somebody who misspelled a name may have meant.
 */
#pragma once

#include "assay/bytes.h"

/* How many characters have to be put in, taken out or changed to make one name
 * of the other (Levenshtein); SIZE_MAX where one is too long for a name. */
size_t assay_distance(struct assay_slice a, const char *b);
/* The name in a NULL-terminated list that is nearest to a misspelt one; NULL
 * if none is near. */
const char *assay_nearest(struct assay_slice name, const char *const *names);
