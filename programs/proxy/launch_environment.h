/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * launch_environment.h - the variables that Codex has: those that it is given,
 * and those that it sets itself when it starts, over them, from the file .env
 * in its folder.
 */
#pragma once

#include "running.h"

#define LAUNCH_DOTENV_MAX_BYTES (1024u * 1024u)

/* ASSAY_INVALID: that file sets NO_PROXY without the proxy's host, so that an
 * HTTP proxy could get what is for ours. Errors of the file; that there is none
 * is fine. */
ASSAY_MUST_CHECK enum assay_code
launch_check_dotenv(const char *folder, const struct running *proxy,
                    struct assay_error *err);
/* Its part that does no I/O. */
bool launch_dotenv_spares(struct assay_slice text, struct assay_slice host);

/* For whoever is started next. ASSAY_NO_MEMORY; errors of the proxy's
 * address. */
ASSAY_MUST_CHECK enum assay_code
launch_set_environment(const struct running *proxy, struct assay_error *err);
