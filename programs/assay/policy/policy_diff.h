/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy_diff.h - what differs between two policies, or between a policy and
 * what was found.
 */
#pragma once

#include "found.h"
#include "policy_document.h"

#define DIFFERENCES_MAX 512u

struct difference {
    char member[80];
    struct assay_buf old; /* compact JSON; empty: there is no such member */
    struct assay_buf new;
    struct assay_buf lines; /* of diff_lines.h, where both are texts */
};

struct policy_diff {
    const struct assay_ctx *ctx;
    struct difference *difference;
    size_t count;
    struct assay_error *err;
};

/* A policy, and the app-compose that it names if its text is there. */
struct diff_side {
    const struct policy_document *policy;
    struct assay_slice app_compose;
};

void policy_diff_policies(struct policy_diff *d, const struct diff_side *old,
                          const struct diff_side *new);
/* Only what the policy names is compared. */
void policy_diff_found(struct policy_diff *d, const struct diff_side *old,
                       const struct found *found);
void policy_diff_free(struct policy_diff *d);
