/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * admission.h - whether a request may have a tunnel, and to where; no I/O.
 */
#pragma once

#include "allow.h"
#include "denial.h"
#include "http1/http1.h"

/* What the operator says; borrowed. */
struct admission_rules {
    const char *path; /* "/": where tunnels begin */
    const struct allow *allow;
    bool has_fallback;
    struct target fallback; /* without ?target=; allowed or not */
    const char *token;      /* NULL: none is asked for; a token of RFC
                               9110, section 5.6.2 */
    const char *origins;    /* "https://a, https://b"; "": any */
};

struct admission {
    enum denial denial; /* ADMITTED, or why not */
    const char *why;    /* a sentence for that, or NULL for the usual one */
    /* as far as it came */
    bool has_target;
    struct target target;
    const struct allow_entry *by;
    struct assay_slice protocol; /* that is accepted; points into the head */
};

/* One rule after the other, to the first that denies: path, handshake, token,
 * origin, form of the target, allowlist. */
void admission_judge(const struct admission_rules *rules,
                     const struct assay_http1_head *head,
                     struct admission *out);
