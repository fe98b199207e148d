/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * request.h - which requests are for evidence, and which of these are right.
 */
#pragma once

#include "http1/http1.h"

/* What a server does with a request, by its head alone. */
struct assay_request_class {
    bool ours;           /* for an endpoint of ours: never forwarded */
    bool of_client;      /* that for clients' evidence */
    bool pipe;           /* for the pipe: not answered by the session */
    unsigned refuse;     /* status to refuse it with; 0: it may go on */
    const char *code;    /* of the refusal; static */
    const char *message; /* likewise */
};

/* pipe: there is one behind this server. */
struct assay_request_class
assay_request_classify(const struct assay_http1_head *h, bool pipe);
