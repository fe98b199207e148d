/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * admission.h - whether a request is served, and what it is for; no I/O.
 *
 * Whoever runs on this machine can connect, and so can every page in a browser
 * on it: by a name of its own that it lets lead here (DNS rebinding, seen in
 * Host), or across origins (seen in Origin and Sec-Fetch-Site).
 */
#pragma once

#include "refusal.h"
#include "route.h"

/* What the operator says; borrowed. */
struct admission_rules {
    const struct providers *providers;
    /* Host fields that mean us: "127.0.0.1:8989, [::1]:8989, proxy.lan"; one
     * without a port means every port. NULL: any, for no page gets here. */
    const char *hosts;
    const char *origins; /* of pages that may use us: "https://a"; "": none */
    const char *token;   /* NULL: none is asked for */
    const char *secret;  /* as in route.h */
};

struct admission {
    enum refusal refusal;      /* REFUSAL_NONE, or why it is not served */
    struct route route;        /* always set */
    struct assay_slice origin; /* of a page that may read the answer, or empty;
                                  points into the head */
    bool preflight;            /* it is asked whether it may be asked for */
    bool token_spent;          /* our token is its Authorization: not to be
                                  passed on */
};

/* One rule after the other, to the first that refuses: host, origin, token,
 * path, method. */
void admission_judge(const struct admission_rules *rules,
                     const struct assay_http1_head *head,
                     struct admission *out);
