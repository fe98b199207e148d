/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * opening.h - what every daemon does between opening its doors and serving.
 */
#pragma once

#include "daemon/log.h"
#include "daemon/sandbox.h"

struct assay_json_out;

/* From here on there are no files but these, and no programs; unless `how` is
 * SANDBOX_OFF. What sandbox_enter() says. */
ASSAY_MUST_CHECK enum assay_code
opening_close_in(const struct sandbox_paths *paths, enum sandbox how,
                 const struct log *log, struct assay_error *err);

/* Writes {"address", "admin", "pid", ...} to the file, if there is one; what is
 * NULL is left out. `more` adds members, and may be NULL. */
ASSAY_MUST_CHECK enum assay_code
opening_say_ready(const char *file, const char *address, const char *admin,
                  void (*more)(const void *user, struct assay_json_out *out),
                  const void *user, struct assay_error *err);
