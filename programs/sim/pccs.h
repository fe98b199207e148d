/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pccs.h - the routes of a PCCS (Intel's caching service), with the encodings
 * that a PCCS has and Intel's own service has not: CRLs as hex text.
 */
#pragma once

#include "io/http_server.h"

/* user is the struct sim. */
void sim_pccs_answer(void *user, const struct assay_http_request *request,
                     struct assay_http_answer *answer);
