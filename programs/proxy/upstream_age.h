/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * upstream_age.h - what becomes of an idle link by the mere passing of time.
 * All times are mono_ms of struct assay_now, so the wall clock may jump.
 */
#pragma once

#include "link.h"

/* It must not be used any more: too old, or it waited for too long. */
bool age_is_over(const struct link *l, int64_t now_ms);
/* That comes soon: another one should be ready then. */
bool age_is_ending(const struct link *l, int64_t now_ms);
/* Its evidence is older than the policy allows; or will be soon. */
bool age_is_due(const struct link *l, int64_t now_ms);
bool age_is_nearly_due(const struct link *l, int64_t now_ms);
/* Nobody has needed it for long. */
bool age_is_unneeded(const struct link *l, int64_t now_ms);
/* When the next of these changes; INT64_MAX: never. */
int64_t age_next(const struct link *l, int64_t now_ms);
