/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * attested_json.h - what was established about a connection, as JSON.
 */
#pragma once

#include "base/json_out.h"
#include "io/attested.h"

/* "cache" ...; static storage. */
const char *assay_origin_name(enum assay_origin o);
/* The member `session` of docs/verdict.md; a may be NULL: nothing was tried. */
void assay_attested_out(struct assay_json_out *o, const char *name,
                        struct assay_attested *a, const char *server_name);
