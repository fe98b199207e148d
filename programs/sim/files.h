/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * files.h - what stands in the folder of a simulated platform.
 */
#pragma once

#include "io/address.h"
#include "sim.h"

#define SIM_GUEST_SOCKET   "dstack.sock"
#define SIM_CONTROL_SOCKET "control.sock"
#define SIM_READY_FILE     "ready.json"

#define SIM_PATH_MAX 4096u

/* ASSAY_INVALID if the path is too long. */
ASSAY_MUST_CHECK enum assay_code sim_path(const char *dir, const char *name,
                                          char out[SIM_PATH_MAX],
                                          struct assay_error *err);
ASSAY_MUST_CHECK enum assay_code sim_socket(const char *dir, const char *name,
                                            struct assay_address *out,
                                            struct assay_error *err);
/* Made, for its owner alone, unless it is there. ASSAY_IO. */
ASSAY_MUST_CHECK enum assay_code sim_folder_make(const char *dir,
                                                 struct assay_error *err);
/* root.pem, policy.json, and last ready.json; each replaced as a whole.
 * pccs: URL. ASSAY_IO, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
sim_files_write(const struct sim *s, const char *pccs, struct assay_error *err);
/* It is not ready, or no longer. */
void sim_files_withdraw(const char *dir);
