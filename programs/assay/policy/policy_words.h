/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy_words.h - what each member of a policy means, in words.
 */
#pragma once

#include "assay/bytes.h"

struct policy_words {
    const char *name;
    const char *set;       /* where the policy says something else than the
                              default */
    const char *otherwise; /* where it says nothing, or the default */
    bool weakens; /* saying so asks for less than saying nothing would */
    bool compose; /* one of the members that name the app-compose */
    bool open;    /* saying nothing leaves something unchecked */
    bool runtime; /* disable_runtime_verification makes nothing of it */
};

/* NULL for a name that has no words. */
const struct policy_words *policy_words_of(struct assay_slice name);
/* What a policy of that type is about; NULL for another word. */
const char *policy_words_type(struct assay_slice type);
