/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * process.h - the programs that the demo starts. None of them outlives it, not
 * even if it is killed.
 */
#pragma once

#include "assay/bytes.h"
#include "pump.h"

#define PROCESS_OUTPUT_MAX_BYTES (4u * 1024u * 1024u)
#define PROCESS_ARGS_MAX         24u

struct process; /* opaque: a child */

/* argv[0] is the path; NULL ends. Runs in this program's folder, with nothing
 * on standard input. ASSAY_IO, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code process_start(struct pump *p,
                                               const char *const *argv,
                                               struct process **out,
                                               struct assay_error *err);
/* Ends it if it still runs, waits for that, and frees. NULL is fine. */
void process_end(struct process *c);

/* Has it ended? As a pump_condition. */
bool process_has_ended(const void *process);
/* Ended, and all that it wrote has been read? As a pump_condition. */
bool process_is_done(const void *process);
/* Once it has ended: its exit code, or 128 and the signal. */
int process_code(const struct process *c);
/* What it has written so far; until the loop runs again. */
struct assay_slice process_output(const struct process *c);
struct assay_slice process_errors(const struct process *c);
