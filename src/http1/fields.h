/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * fields.h - values that are lists (RFC 9110, section 5.6.1).
 */
#pragma once

#include "base/bytes.h"

/* Takes the next element that is not empty from the front of *rest, without
 * blanks around it; false if there is none. A comma in a quoted string
 * separates like any other: the lists read here are of tokens. */
bool assay_http1_list_next(struct assay_slice *rest,
                           struct assay_slice *element);
