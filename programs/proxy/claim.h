/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * claim.h - a state file is one proxy's as long as that runs: it holds a lock
 * on a file beside it, FILE.lock, which stays. A lock ends with its process,
 * however that ends, so nobody is misled by what a dead one has left.
 */
#pragma once

#include <stdbool.h>

#include "assay/assay.h"

/* Others of a shared folder may have put something there: a pipe would tell
 * them the secret, a link would have any file of ours replaced. ASSAY_INVALID:
 * it, or what it leads to, is another user's than this one's or root's. */
ASSAY_MUST_CHECK enum assay_code claim_check_owner(const char *path,
                                                   struct assay_error *err);

/* *fd holds it until it is closed; what a dead proxy has left at `path` is
 * removed. Something that is no regular file needs none (*fd is -1).
 * ASSAY_INVALID: a proxy that runs has it, or as claim_check_owner() says.
 * ASSAY_IO. */
ASSAY_MUST_CHECK enum assay_code claim_take(const char *path, int *fd,
                                            struct assay_error *err);
/* Nobody has it any more. False where nobody ever had. */
bool claim_is_over(const char *path);
