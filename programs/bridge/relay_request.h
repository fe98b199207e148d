/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * relay_request.h - which questions about collateral are passed on to its
 * sources, and which pages may read the answers; no I/O.
 *
 * They are those of Intel's PCS API, version 4, that verifying a quote takes,
 * and each has one spelling, whatever the client's was. Nothing else of a
 * request leaves the bridge.
 */
#pragma once

#include "http1/http1.h"

#define RELAY_PATH_MAX_BYTES   128u
#define RELAY_ORIGIN_MAX_BYTES 300u

enum relay_kind {
    RELAY_TCB_INFO,
    RELAY_QE_IDENTITY,
    RELAY_EVALUATIONS, /* which tcbEvaluationDataNumbers there are */
    RELAY_PCK_CRL,
    RELAY_ROOT_CRL,
    RELAY_KINDS,
};

struct relay_question {
    enum relay_kind kind;
    char path[RELAY_PATH_MAX_BYTES]; /* with its query */
    /* What an answer has to be about. */
    char fmspc[13];      /* lower case; "": any */
    uint32_t evaluation; /* 0: any */
};

/* Who may read the answer (Fetch standard, section 3.2). */
struct relay_cors {
    char origin[RELAY_ORIGIN_MAX_BYTES]; /* "*", or one; "": nobody is told */
    bool varies;                         /* with the request's Origin */
};

struct relay_request {
    /* 200: `question` is one. 204: a browser asks whether it may ask. Else what
     * to say: 400, 403, 404, 405. */
    unsigned status;
    const char *code; /* "bad_request", ...; static. NULL with 200 and 204 */
    const char *why;  /* a sentence; static */
    bool head_only;   /* HEAD */
    struct relay_cors cors;
    struct relay_question question;
};

/* Is this path, or the request's, one of the relay at all? Below /sgx/ and
 * /tdx/ are. */
bool relay_has_path(struct assay_slice path);
bool relay_is_asked(const struct assay_http1_head *head);

/* origins: "https://a, https://b", whose pages may read answers; "": all. */
void relay_judge(const struct assay_http1_head *head, const char *origins,
                 struct relay_request *out);
