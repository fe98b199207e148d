/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * curl_load.h - libcurl, loaded when the first fetch happens.
 *
 * libcurl brings some thirty libraries with it: 4 ms and 5 MB for a program
 * that mostly verifies files. So it is not linked but loaded on demand. Only
 * fetch.c includes this.
 */
#pragma once

#include <curl/curl.h>

#include "assay/error.h"

struct assay_curl {
    __typeof__(&curl_global_init) global_init;
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_perform)(CURL *);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    void (*easy_cleanup)(CURL *);
    const char *(*easy_strerror)(CURLcode);
};

/* Loads and initialises once per process; thread-safe. NULL and *err
 * (ASSAY_UNSUPPORTED) if that is not possible. */
const struct assay_curl *assay_curl_get(struct assay_error *err);
