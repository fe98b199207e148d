/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * fetch.h - one HTTP GET after another, each with limits on time and size.
 *
 * Never follows redirects, reads no .netrc; HTTPS_PROXY and its relatives are
 * honoured as curl(1) does. A fetcher keeps its connections between requests;
 * it belongs to one thread at a time.
 */
#pragma once

#include <stdatomic.h>

#include "assay/bytes.h"

#define ASSAY_FETCH_CONNECT_TIMEOUT_MS 5000u
#define ASSAY_FETCH_TIMEOUT_MS         20000u
#define ASSAY_FETCH_HEADERS_MAX_BYTES  (96u * 1024u)
/* Of a file of roots; the system's has some 220 KiB. */
#define ASSAY_FETCH_ROOTS_MAX_BYTES (4u * 1024u * 1024u)

struct assay_fetch_options {
    const char *ca_file;         /* PEM, in place of the system's TLS roots, of
                                    which system_roots.h tells; or NULL */
    const char *more_ca_file;    /* PEM, beside the system's; or NULL. Not
                                    looked at where there is a ca_file */
    uint32_t connect_timeout_ms; /* 0: ASSAY_FETCH_CONNECT_TIMEOUT_MS */
    uint32_t timeout_ms;         /* whole request; 0: ASSAY_FETCH_TIMEOUT_MS */
    /* Called about once a second while a request lasts longer than that, to
     * tell a person; or NULL. */
    void (*waiting)(void *user, const char *url, uint32_t elapsed_ms);
    void *user;
    /* Set by another thread: the request ends within about a second. Or NULL.
     * Must live as long as the fetcher. */
    const atomic_bool *cancel;
};

struct assay_fetcher; /* opaque */

/* The options are copied, the strings in them are not. ASSAY_UNSUPPORTED (no
 * libcurl), ASSAY_IO and ASSAY_TOO_LARGE (more_ca_file), ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
assay_fetcher_new(const struct assay_fetch_options *options,
                  struct assay_fetcher **out, struct assay_error *err);
void assay_fetcher_free(struct assay_fetcher *f); /* NULL is fine */

struct assay_response {
    struct assay_buf headers; /* of the final answer, lines ended by CR LF */
    struct assay_buf body;
};

/* GET. Success means status 200 and a whole body of at most max_body bytes.
 * *out is initialised here, empty unless ASSAY_OK, and freed with
 * assay_response_free(). Messages start with the URL, without user name and
 * password. ASSAY_TIMEOUT, ASSAY_NOT_FOUND (404, and 461 of a PCCS),
 * ASSAY_NETWORK, ASSAY_TOO_LARGE, ASSAY_IO (ca_file), ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code assay_fetch(struct assay_fetcher *f,
                                             const char *url, size_t max_body,
                                             struct assay_response *out,
                                             struct assay_error *err);
void assay_response_free(struct assay_response *r);
