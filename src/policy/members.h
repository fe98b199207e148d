/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * members.h - the schema of a policy as data: one row per member.
 */
#pragma once

#include "policy/parse.h"

enum assay_member_kind {
    ASSAY_KIND_TYPE, /* read before the others */
    ASSAY_KIND_BOOL,
    ASSAY_KIND_SECONDS,  /* a rule: absent means none */
    ASSAY_KIND_DURATION, /* seconds with a default */
    ASSAY_KIND_U32,
    ASSAY_KIND_U16,
    ASSAY_KIND_DATE,
    ASSAY_KIND_STATUSES,
    ASSAY_KIND_STRINGS,
    ASSAY_KIND_ADVISORIES,
    ASSAY_KIND_STRING,
    ASSAY_KIND_VALUES32,
    ASSAY_KIND_VALUES48,
    ASSAY_KIND_MASK,
    ASSAY_KIND_MIN_TDX_TCB,
    ASSAY_KIND_BOOTCHAIN,
    ASSAY_KIND_OBJECT, /* kept as compact JSON */
    ASSAY_KIND_CERTIFICATE_EVENT,
    ASSAY_KIND_WIRES,
    ASSAY_KIND_TEE_TYPE,
    ASSAY_KIND_ROLLBACK,
    ASSAY_KIND_PINNED,
};

/* What a policy is of, as a set: a member belongs to one or more. */
enum {
    ASSAY_OF_SGX = 1,
    ASSAY_OF_TDX = 2,
    ASSAY_OF_DSTACK = 4,
    ASSAY_OF_RATLS = 8, /* the form of a Codex provider, which has no type */
};

struct assay_member_row {
    const char *name;
    enum assay_member_kind kind;
    unsigned of;   /* set of ASSAY_OF_ */
    size_t offset; /* in struct assay_policy */
};

extern const struct assay_member_row assay_member_rows[];
extern const size_t assay_member_row_count;

/* Reads all members of the document's object; those that `of` (one of
 * ASSAY_OF_) does not have are refused. */
void assay_members_read(const struct assay_json *doc, unsigned of,
                        struct assay_policy *p, struct assay_error *err);
/* Judges the members together: what must be there, what excludes what. */
void assay_members_check(const struct assay_json *doc, struct assay_policy *p,
                         struct assay_error *err);
