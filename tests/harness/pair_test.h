/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pair_test.h - what every test of sessions stands on: one platform that has
 * announced its certificate, and a policy that it meets. For group fixtures.
 */
#pragma once

#include "harness/pair.h"

static struct pair_platform platform;
static struct assay_policy *policy;

static inline int
pair_setup(void **state)
{
    (void)state;
    pair_platform_make(&platform);
    pair_announce(&platform, assay_tls_identity_leaf(platform.identity));
    policy = pair_policy(&platform, NULL);
    return 0;
}

static inline int
pair_teardown(void **state)
{
    (void)state;
    assay_policy_free(policy);
    pair_platform_free(&platform);
    return 0;
}
