/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * parse.h - reading the members of a policy, kind by kind. A failure is
 * recorded at the place of the value; *err has the first one.
 */
#pragma once

#include "base/json.h"
#include "base/nearest.h"
#include "policy/policy.h"

/* A policy with the defaults of docs/policy.md and no rule of its own. */
enum assay_code assay_policy_new(enum assay_tee tee, struct assay_policy **out,
                                 struct assay_error *err);

/* Longest "policy.<member>.<part>"; what is longer is cut. */
#define ASSAY_MEMBER_PATH 80

/* Where a member stands and what it is called, while it is read. */
struct assay_member_place {
    const struct assay_json *doc;
    uint32_t node;    /* the value */
    const char *path; /* "policy.min_tdx_tcb.tcb_date" */
    struct assay_error *err;
};

/* Failure of a member, ASSAY_INVALID at the value's place. */
void assay_member_fail(const struct assay_member_place *at, const char *fmt,
                       ...) ASSAY_PRINTF(2, 3);
void assay_member_no_memory(const struct assay_member_place *at);
/* ... of a name that is none of `names` (NULL-terminated). */
void assay_member_unknown(const struct assay_member_place *at,
                          struct assay_slice name, const char *const *names);
/* The place of a member of an object that is at `at`; `name` is the node of
 * its name. */
struct assay_member_place assay_member_part(const struct assay_member_place *at,
                                            uint32_t name,
                                            char path[ASSAY_MEMBER_PATH]);
bool assay_member_bool(const struct assay_member_place *at);
struct assay_number_rule
assay_member_integer(const struct assay_member_place *at, int64_t max);
struct assay_number_rule assay_member_date(const struct assay_member_place *at);
char *assay_member_string(const struct assay_member_place *at);
void assay_member_strings(const struct assay_member_place *at,
                          struct assay_string_list *out);
/* ... each of the form of an advisory's ID: one that is misspelt would deny
 * nothing. */
void assay_member_advisories(const struct assay_member_place *at,
                             struct assay_string_list *out);
/* A hex string or a list of them, each of `size` bytes. */
void assay_member_values(const struct assay_member_place *at, size_t size,
                         struct assay_value_set *out);
void assay_member_hex(const struct assay_member_place *at, uint8_t *out,
                      size_t size);

/* A rule that two members can set is set by one of them. */
void assay_member_set_once(const struct assay_member_place *at,
                           struct assay_number_rule *to,
                           struct assay_number_rule rule);
void assay_member_statuses(const struct assay_member_place *at,
                           struct assay_policy *p);
void assay_member_min_tdx_tcb(const struct assay_member_place *at,
                              struct assay_policy *p);
void assay_member_mask(const struct assay_member_place *at,
                       struct assay_mask_rule *out);
void assay_member_bootchain(const struct assay_member_place *at,
                            struct assay_policy *p);
/* Which of the four registers of the bootchain has no value; NULL: none. */
const char *assay_policy_missing_boot(const struct assay_policy *p);
/* An app-compose to be expected, as compact JSON, NUL-terminated; NULL where it
 * is no object. */
char *assay_member_object(const struct assay_member_place *at);
void assay_member_tee_type(const struct assay_member_place *at);
/* "warn" and not "refuse". */
bool assay_member_warns(const struct assay_member_place *at);
enum assay_certificate_event
assay_member_certificate_event(const struct assay_member_place *at);
void assay_member_wires(const struct assay_member_place *at,
                        struct assay_policy *p);
void assay_member_pinned(const struct assay_member_place *at,
                         struct assay_pinned *out);
