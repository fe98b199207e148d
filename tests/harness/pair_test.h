/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pair_test.h - what every test of sessions stands on: one platform that has
 * announced its certificate, and a policy that it meets, for group fixtures;
 * and what is looked at in a session.
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

/* --- what is seen of a session ------------------------------------------ */

static inline void
pair_check_client(const char *row, const struct pair *s,
                  enum assay_client_state want)
{
    enum assay_client_state got = assay_client_state(s->client);

    if (got != want) {
        fail_msg("row \"%s\": %s instead of %s: %s", row,
                 assay_client_state_name(got), assay_client_state_name(want),
                 assay_client_error(s->client)->msg);
    }
}

static inline void
pair_check_server(const char *row, const struct pair *s,
                  enum assay_server_state want)
{
    enum assay_server_state got = assay_server_state(s->server);

    if (got != want) {
        fail_msg("row \"%s\": %s instead of %s: %s", row,
                 assay_server_state_name(got), assay_server_state_name(want),
                 assay_server_error(s->server)->msg);
    }
}

/* Nothing can be written, and nothing is there to be read. */
static inline void
pair_check_silent(struct pair *s)
{
    struct assay_error err;

    assert_int_not_equal(assay_client_begin(s->client, s->now, &err), ASSAY_OK);
    assert_int_not_equal(
        assay_client_write(s->client, assay_slice_of("secret"), &err),
        ASSAY_OK);
    assert_int_equal(assay_client_read(s->client).len, 0);
}

/* All that the client was told, which it takes. */
static inline void
pair_check_got(struct pair *s, const char *want)
{
    struct assay_slice got = assay_client_read(s->client);

    if (!assay_slice_is(got, want)) {
        fail_msg("the client got \"%.*s\"", (int)got.len,
                 (const char *)got.ptr);
    }
    assay_client_taken(s->client, got.len);
}

/* Does an answer begin with this status line, and have this in it? */
static inline void
check_answer(const char *row, struct assay_slice got, const char *status,
             const char *has)
{
    if (got.len < strlen(status) ||
        memcmp(got.ptr, status, strlen(status)) != 0 ||
        assay_slice_find(got, has) == ASSAY_NO_OFFSET) {
        fail_msg("row \"%s\": \"%.*s\"", row, (int)got.len,
                 (const char *)got.ptr);
    }
}

/* The same of what the client was told. */
static inline void
pair_check_answer(const char *row, struct pair *s, const char *status,
                  const char *has)
{
    struct assay_slice got = assay_client_read(s->client);

    check_answer(row, got, status, has);
    assay_client_taken(s->client, got.len);
}

/* --- what its ends say -------------------------------------------------- */

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
