/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * proxy.c - the URL of a proxy.
 */
#define _GNU_SOURCE /* memrchr */
#include "io/proxy.h"

#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/text.h"
#include "base/url.h"

/* "user:password" as base64, RFC 7617. */
static void
read_credentials(struct assay_slice userinfo, struct assay_proxy *out,
                 struct assay_error *err)
{
    const uint8_t *colon =
        userinfo.len > 0 ? memchr(userinfo.ptr, ':', userinfo.len) : NULL;
    size_t n = colon != NULL ? (size_t)(colon - userinfo.ptr) : userinfo.len;
    struct assay_slice password = ASSAY_EMPTY;
    struct assay_buf plain;

    if (colon != NULL) {
        password = (struct assay_slice){colon + 1, userinfo.len - n - 1};
    }
    assay_buf_init(&plain, ASSAY_PROXY_URL_MAX_BYTES);
    if (assay_percent_decode((struct assay_slice){userinfo.ptr, n}, &plain,
                             "user of the proxy", err) == ASSAY_OK &&
        plain.len > 0 && memchr(plain.ptr, ':', plain.len) != NULL) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "user of the proxy: a colon cannot be sent");
    }
    assay_buf_add_u8(&plain, ':');
    if (err->code == ASSAY_OK &&
        assay_percent_decode(password, &plain, "password of the proxy", err) ==
            ASSAY_OK) {
        assay_buf_add_text(&out->authorization, "Basic ");
        assay_base64_encode(&out->authorization, assay_buf_slice(&plain));
        assay_buf_check(&out->authorization, "proxy", err);
    }
    if (err->code == ASSAY_MALFORMED) {
        err->code = ASSAY_INVALID; /* it is a setting, not an input */
        err->offset = ASSAY_NO_OFFSET;
    }
    assay_buf_free(&plain);
}

/* Past "http://", if it is there. NULL: another scheme. */
static const char *
skip_scheme(const char *url, struct assay_error *err)
{
    const char *mark = strstr(url, "://");

    if (mark == NULL) {
        return url;
    }
    if (mark - url == 4 && strncasecmp(url, "http", 4) == 0) {
        return mark + 3;
    }
    assay_fail(err, ASSAY_UNSUPPORTED, ASSAY_NO_OFFSET,
               "proxy: %.*s:// is not supported, only http:// is",
               mark - url < 20 ? (int)(mark - url) : 20, url);
    return NULL;
}

static void
read_host(const char *host, size_t n, struct assay_proxy *out,
          struct assay_error *err)
{
    char text[ASSAY_HOST_MAX_BYTES + sizeof("[]:65535")] = "";

    if (n >= sizeof(text)) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET, "the host is too long");
        return;
    }
    assay_copy(text, (struct assay_slice){(const uint8_t *)host, n});
    if (strncmp(text, "unix:", 5) == 0) {
        assay_fail(err, ASSAY_UNSUPPORTED, ASSAY_NO_OFFSET,
                   "a Unix socket is not supported");
    } else if (assay_address_parse(text, ASSAY_PROXY_PORT, &out->at, err) ==
                   ASSAY_OK &&
               strcmp(out->at.port, "0") == 0) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET, "port 0");
    }
}

enum assay_code
assay_proxy_parse(const char *url, struct assay_proxy *out,
                  struct assay_error *err)
{
    const char *rest;
    const char *at;
    size_t authority;

    assay_error_clear(err);
    memset(out, 0, sizeof(*out));
    assay_buf_init(&out->authorization, 2 * ASSAY_PROXY_URL_MAX_BYTES);
    if (strlen(url) > ASSAY_PROXY_URL_MAX_BYTES) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "proxy: the URL is too long");
    }
    rest = skip_scheme(url, err);
    if (rest == NULL) {
        return err->code;
    }
    authority = strcspn(rest, "/?#");
    if (rest[authority] != '\0' && strcmp(rest + authority, "/") != 0) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "proxy: the URL has a path");
    }
    at = memrchr(rest, '@', authority);
    if (at != NULL) {
        struct assay_slice userinfo = {(const uint8_t *)rest,
                                       (size_t)(at - rest)};

        read_credentials(userinfo, out, err);
        authority -= userinfo.len + 1;
        rest = at + 1;
    }
    if (err->code == ASSAY_OK) {
        read_host(rest, authority, out, err);
    }
    assay_error_prefix(err, "proxy");
    return err->code;
}

void
assay_proxy_free(struct assay_proxy *p)
{
    assay_buf_free(&p->authorization);
}
