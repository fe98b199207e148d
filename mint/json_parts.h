/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * json_parts.h - members that TCB info and QE identity have in common.
 */
#pragma once

#include "base/json_out.h"
#include "mint/tcb_info.h"

/* tcbDate, tcbStatus and, unless there are none, advisoryIDs. */
void mint_json_verdict(struct assay_json_out *j, int64_t date_s,
                       const char *status,
                       const char *const advisories[MINT_ADVISORIES_MAX]);
/* Array tcbLevels of {"tcb":{"isvsvn":n},...}. */
void mint_json_isv_levels(struct assay_json_out *j,
                          const struct mint_isv_level *levels, size_t count);
