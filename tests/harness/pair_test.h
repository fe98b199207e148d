/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pair_test.h - what every test of sessions stands on: one platform that has
 * announced its certificate, and a policy that it meets. For group fixtures.
 */
#pragma once

#include "harness/pair.h"
#include "harness/unit.h"

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

/* The client's request, and what comes of it. */
static inline void
pair_say(struct pair *s, const char *text)
{
    struct assay_error err;

    assert_int_equal(assay_client_begin(s->client, s->now, &err), ASSAY_OK);
    assert_int_equal(assay_client_write(s->client, assay_slice_of(text), &err),
                     ASSAY_OK);
    assay_client_end(s->client);
    pair_run(s);
}
