/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate_members.h - what becomes of each member of a request, as data.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct translate_request;

enum translate_fate {
    TRANSLATE_CARRIED, /* in the form that Chat Completions has for it */
    TRANSLATE_DROPPED, /* it does not change what is answered */
    TRANSLATE_REFUSED, /* it would */
};

struct translate_rule {
    const char *name;
    enum translate_fate fate;
    unsigned types; /* that it may have; null always says "not there" */
    void (*carry)(struct translate_request *r,
                  const struct translate_rule *rule, uint32_t node);
    const char *to;  /* the member of the server's request, if it is copied */
    const char *why; /* it may be dropped, or is refused */
};

extern const struct translate_rule translate_rules[];
extern const size_t translate_rules_count;
