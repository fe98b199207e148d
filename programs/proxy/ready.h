/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ready.h - where the proxy is, and under which URLs: for whoever has started
 * it (--ready-file).
 */
#pragma once

#include "program.h"

/* Which file --state is, before anything is given up; the folder of the usual
 * one is made, and it is claimed (claim.h). ASSAY_NO_MEMORY, ASSAY_INVALID
 * (another proxy has it), ASSAY_IO. */
ASSAY_MUST_CHECK enum assay_code ready_open(struct program *p,
                                            struct assay_error *err);
/* Once it listens, and again after a reload. The files are their owner's alone:
 * the URLs may have the secret of this run in them. Errors of
 * assay_file_write(); what goes wrong with the usual state is only logged. */
ASSAY_MUST_CHECK enum assay_code ready_tell(const struct program *p,
                                            struct assay_error *err);
/* It takes no more clients: its state goes, and with it the claim, so that the
 * next one need not wait for its last requests. Once more is fine. */
void ready_end(struct program *p);
