/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * launch_dotenv.h - the variables that Codex itself sets when it starts, over
 * those that it was given: the file .env in its folder.
 */
#pragma once

#include "assay/assay.h"

#define LAUNCH_DOTENV_MAX_BYTES (1024u * 1024u)

/* ASSAY_INVALID: it sets NO_PROXY without this host, so that an HTTP proxy
 * could get what is for ours. Errors of the file; that there is none is fine.
 */
ASSAY_MUST_CHECK enum assay_code launch_check_dotenv(const char *folder,
                                                     struct assay_slice host,
                                                     struct assay_error *err);
/* Its part that does no I/O. */
bool launch_dotenv_spares(struct assay_slice text, struct assay_slice host);
