/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * home.h - where a person's files are, as the XDG Base Directory Specification
 * has it.
 */
#pragma once

#include "assay/bytes.h"

/* Appends the folder that `variable` (XDG_CACHE_HOME, ...) names, or else that
 * below $HOME; relative paths in either are ignored, as the specification
 * wants it. False: there is no such place. */
bool assay_home_add(struct assay_buf *path, const char *variable,
                    const char *below_home);
