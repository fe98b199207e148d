/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy_options.h - what only `assay policy` is told.
 */
#pragma once

#include "assay/error.h"
#include "programs/assay/lint/lint.h"

/* What can be pinned; in the order in which it is listed. */
enum pin_item {
    PIN_MRTD,
    PIN_RTMR0,
    PIN_RTMR1,
    PIN_RTMR2,
    PIN_RTMR3,
    PIN_MR_SEAM,
    PIN_MR_CONFIG_ID,
    PIN_MR_OWNER,
    PIN_MR_OWNER_CONFIG,
    PIN_COMPOSE,
    PIN_OS_IMAGE,
    PIN_CERTIFICATE,
    PIN_COUNT,
};

struct policy_options {
    const char *type;      /* of the policy that is pinned; NULL: dstack_tdx */
    const char *quote;     /* pinned from this file, not from a server */
    const char *allow;     /* codes of findings that are left out */
    unsigned pin;          /* set: bit n for enum pin_item n; 0: the default */
    enum severity fail_on; /* lint fails from here on; 0: from warnings on */
    bool toml;
    bool force;
    bool accept_self_signed;
    const char *compose_out; /* where the proven app-compose goes */
};

/* Setters for the table of options.c; messages name the option. */
void policy_set_type(struct policy_options *o, const char *value,
                     struct assay_error *err);
void policy_set_pin(struct policy_options *o, const char *value,
                    struct assay_error *err);
void policy_set_allow(struct policy_options *o, const char *value,
                      struct assay_error *err);
void policy_set_fail_on(struct policy_options *o, const char *value,
                        struct assay_error *err);
/* "mrtd" ...; static storage. */
const char *pin_item_name(enum pin_item item);
