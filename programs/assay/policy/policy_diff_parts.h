/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy_diff_parts.h - what the files of policy_diff share.
 */
#pragma once

#include "policy_diff.h"

/* --- policy_value.c: memory and OpenSSL fail into d->err ------------------ */

/* A node of some document; node may be NONE. */
struct policy_value {
    const struct assay_json *j;
    uint32_t node;
};

struct policy_value policy_value_member(const struct assay_json *j,
                                        uint32_t object, const char *name);
/* A member by any name; NONE also where `object` is none. */
struct policy_value policy_value_find(struct policy_value object,
                                      struct assay_slice name);
bool policy_value_is(struct policy_value v, enum assay_json_type type);
/* Appends compact JSON with sorted names; nothing for NONE. */
void policy_value_write(struct policy_diff *d, struct policy_value v,
                        struct assay_buf *out);
bool policy_value_same(struct policy_diff *d, struct policy_value a,
                       struct policy_value b);
/* Lists are sets, and a value alone is a list of one. */
bool policy_value_same_set(struct policy_diff *d, struct policy_value a,
                           struct policy_value b);
/* {"sha256": [...]}, and a text of which it has the hash. */
bool policy_value_is_hash_of(struct policy_diff *d, struct policy_value hashes,
                             struct policy_value text);

/* --- differences --------------------------------------------------------- */

/* A difference to be filled in; NULL after a failure, which is in d->err. */
struct difference *policy_diff_add(struct policy_diff *d, const char *prefix,
                                   struct assay_slice name);
void policy_diff_add_values(struct policy_diff *d, const char *prefix,
                            struct assay_slice name, struct policy_value old,
                            struct policy_value new);
/* Each member that one of two objects has, in the order of the old one and then
 * of the new one, until a failure. What has no such member is NONE. */
typedef void policy_diff_member(struct policy_diff *d, const char *prefix,
                                struct assay_slice name,
                                struct policy_value old,
                                struct policy_value new);
void policy_diff_members(struct policy_diff *d, const char *prefix,
                         struct policy_value old, struct policy_value new,
                         policy_diff_member *compare);
/* policy_diff_compose.c: two app-composes as JSON texts. ASSAY_INVALID (no
 * object), ASSAY_TOO_LARGE (more than POLICY_DIFF_MEMBERS_MAX members), errors
 * of assay_json_parse(). */
#define POLICY_DIFF_MEMBERS_MAX 1024u
void policy_diff_composes(struct policy_diff *d, struct assay_slice old,
                          struct assay_slice new);
/* What a side says of the app-compose, as JSON text: its text, or its object
 * laid over the defaults. Empty: it knows no more than a hash. *room is
 * initialised here. */
struct assay_slice policy_diff_compose_of(struct policy_diff *d,
                                          const struct diff_side *side,
                                          struct assay_buf *room);
