/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * progress.h - telling a person what is being waited for.
 */
#pragma once

#include "io/fetch.h"

/* Fills in the callback if standard error is a terminal. */
void progress_attach(struct assay_fetch_options *fetch);
/* Wipes the line, if one was printed. */
void progress_end(void);
