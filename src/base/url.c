/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * url.c - the little about URLs that fetching collateral needs.
 */
#include "base/url.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/text.h"

/* Length of "https://" or "http://" at the start, or 0. */
static size_t
scheme_length(const char *url)
{
    static const char *const schemes[] = {"https://", "http://"};
    const struct assay_slice all = assay_slice_of(url);

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        struct assay_slice start = {all.ptr, strlen(schemes[i])};

        if (all.len >= start.len && assay_slice_is_nocase(start, schemes[i])) {
            return start.len;
        }
    }
    return 0;
}

/* Past "user:password@", if any; the authority ends at '/', '?' or '#'. */
static const char *
host_start(const char *authority)
{
    size_t n = strcspn(authority, "/?#");

    for (size_t i = n; i > 0; i--) {
        if (authority[i - 1] == '@') {
            return authority + i;
        }
    }
    return authority;
}

enum assay_code
assay_url_check_base(const char *url, struct assay_error *err)
{
    char shown[ASSAY_URL_MAX_BYTES];
    size_t scheme = scheme_length(url);
    const char *problem = NULL;
    const char *host;

    assay_error_clear(err);
    assay_url_show(url, shown, sizeof(shown));
    host = host_start(url + scheme);
    if (strlen(url) >= ASSAY_URL_MAX_BYTES / 2) {
        problem = "is too long for a URL";
    } else if (scheme == 0) {
        problem = "does not start with https:// or http://";
    } else if (host[0] == '\0' || strchr("/?#:", host[0]) != NULL) {
        problem = "names no host";
    } else if (strpbrk(url, "?#") != NULL) {
        problem = "must not have a query or a fragment";
    }
    for (const char *c = url; problem == NULL && *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~') {
            problem = "has a character that no URL may have";
        }
    }
    if (problem != NULL) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET, "'%s' %s", shown,
                          problem);
    }
    return ASSAY_OK;
}

/* --- sources ------------------------------------------------------------ */

#define ROOT_CRL_PATH "/sgx/certification/v4/rootcacrl"
#define INTEL_ROOT_CRL                                                         \
    "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"

static struct assay_slice
api_base(const char *source)
{
    static const char *const tails[] = {"/sgx/certification/v4",
                                        "/tdx/certification/v4"};
    size_t n;

    if (source[0] == '\0') {
        source = ASSAY_URL_INTEL_API;
    }
    n = strlen(source);
    while (n > 0 && source[n - 1] == '/') {
        n--;
    }
    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        size_t tail = strlen(tails[i]);
        if (n > tail && strncmp(source + n - tail, tails[i], tail) == 0) {
            n -= tail;
        }
    }
    return (struct assay_slice){(const uint8_t *)source, n};
}

void
assay_url_put_source(struct assay_buf *url, const char *source,
                     const char *path)
{
    struct assay_slice base = api_base(source);

    if (strcmp(path, ROOT_CRL_PATH) == 0 &&
        assay_slice_is_nocase(base, ASSAY_URL_INTEL_API)) {
        assay_buf_add_text(url, INTEL_ROOT_CRL);
    } else {
        assay_buf_add(url, base);
        assay_buf_add_text(url, path);
    }
}

/* --- messages ----------------------------------------------------------- */

void
assay_url_show(const char *url, char *out, size_t out_size)
{
    size_t scheme = scheme_length(url);

    snprintf(out, out_size, "%.*s%s", (int)scheme, url,
             host_start(url + scheme));
}

enum assay_code
assay_percent_decode(struct assay_slice in, struct assay_buf *out,
                     const char *field, struct assay_error *err)
{
    for (size_t i = 0; i < in.len; i++) {
        uint8_t byte = in.ptr[i];
        if (byte == '%') {
            struct assay_error inner = {.code = ASSAY_OK};
            struct assay_slice digits = {in.ptr + i + 1, 2};
            if (in.len - i < 3 ||
                assay_hex_decode(digits, &byte, 1, field, &inner) != ASSAY_OK ||
                byte == 0) {
                return assay_fail(err, ASSAY_MALFORMED, i,
                                  "%s: bad %%XX escape at offset %zu", field,
                                  i);
            }
            i += 2;
        }
        assay_buf_add_u8(out, byte);
    }
    return assay_buf_check(out, field, err);
}
