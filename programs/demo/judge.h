/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * judge.h - was an attack refused, and for the right reason? Judged by what
 * the client said, never by what the demo knows.
 */
#pragma once

#include "assay/bytes.h"

/* Who has to refuse. */
struct judge_expects {
    const char *check; /* a check of the verdict, or an error's code */
    const char *words; /* in its message; NULL for any */
};

struct outcome {
    bool refused;
    bool as_expected;  /* refused, and by what has to refuse it */
    char by[48];       /* verdict.error.code; "" if there is none */
    char message[240]; /* verdict.error.message, or what is wrong instead */
};

/* document: standard output of `assay get --json`; code: its exit code.
 * Refused is only what both call so, with no response got. */
void judge(struct assay_slice document, int code,
           const struct judge_expects *expects, struct outcome *out);
