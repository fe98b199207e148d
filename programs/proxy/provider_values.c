/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * provider_values.c - what a provider is told, in Codex's file as in ours.
 */
#include "provider_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "io/proxy.h"
#include "io/resolve.h"
#include "route.h"

static bool
is_name_character(uint8_t c)
{
    return c < 0x80 && c != 0 &&
           strchr("abcdefghijklmnopqrstuvwxyz"
                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._",
                  c) != NULL;
}

enum assay_code
provider_check_name(struct assay_slice name, struct assay_error *err)
{
    bool plain = name.len > 0 && name.len <= PROVIDER_NAME_MAX_BYTES;
    int shown = (int)(name.len < 80 ? name.len : 80);
    const char *text = (const char *)name.ptr;

    assay_error_clear(err);
    for (size_t i = 0; plain && i < name.len; i++) {
        plain = is_name_character(name.ptr[i]);
    }
    if (!plain || name.ptr[0] == '.') {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "'%.*s' cannot be part of a path: it takes 1 to %u "
                          "letters, digits and - . _, and no . in front",
                          shown, text, PROVIDER_NAME_MAX_BYTES);
    }
    if (route_is_reserved(name)) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "'%.*s' is a path of the proxy itself, so no "
                          "provider can have this name; rename it",
                          shown, text);
    }
    return ASSAY_OK;
}

enum assay_code
provider_parse_base(struct assay_slice text, struct assay_uri *out,
                    struct assay_error *err)
{
    size_t len;

    if (assay_uri_parse(text, out, err) != ASSAY_OK) {
        return err->code;
    }
    if (!out->https) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "what proves itself is reached by https://");
    }
    if (memchr(text.ptr, '?', text.len) != NULL ||
        memchr(text.ptr, '#', text.len) != NULL) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "requests get their own path behind it, so it has "
                          "neither '?' nor '#'");
    }
    len = strlen(out->target);
    while (len > 0 && out->target[len - 1] == '/') {
        out->target[--len] = '\0';
    }
    return ASSAY_OK;
}

enum assay_code
provider_parse_wire_api(struct assay_slice text, enum wire_api *out,
                        struct assay_error *err)
{
    assay_error_clear(err);
    if (assay_slice_is(text, "chat")) {
        *out = WIRE_API_CHAT;
    } else if (assay_slice_is(text, "responses")) {
        *out = WIRE_API_RESPONSES;
    } else {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "'%.*s' is neither \"chat\" nor \"responses\"",
                   (int)(text.len < 40 ? text.len : 40),
                   (const char *)text.ptr);
    }
    return err->code;
}

enum assay_code
provider_parse_server_name(const char *text, struct assay_uri *base,
                           struct assay_error *err)
{
    char whole[sizeof("https://[]") + ASSAY_URI_HOST_MAX];
    bool ipv6 = strchr(text, ':') != NULL;
    int len = snprintf(whole, sizeof(whole), "https://%s%s%s", ipv6 ? "[" : "",
                       text, ipv6 ? "]" : "");
    struct assay_uri uri;

    assay_error_clear(err);
    if (text[0] == '\0' || text[strcspn(text, "/?#@[]")] != '\0' ||
        len >= (int)sizeof(whole) ||
        assay_uri_parse(assay_slice_of(whole), &uri, err) != ASSAY_OK) {
        assay_error_clear(err);
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "'%.80s' is neither a DNS name nor an IP address",
                          text);
    }
    memcpy(base->host, uri.host, sizeof(base->host));
    return ASSAY_OK;
}

enum assay_code
provider_check_proxy(const char *text, struct assay_error *err)
{
    struct assay_proxy proxy;

    assay_error_clear(err);
    if (text[0] != '\0') {
        (void)!assay_proxy_parse(text, &proxy, err);
        assay_proxy_free(&proxy);
    }
    return err->code;
}

enum assay_code
provider_check_proxy_url(const char *text, struct assay_error *err)
{
    if (provider_check_proxy(text, err) == ASSAY_OK && text[0] != '\0' &&
        strstr(text, "://") == NULL) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "it has to begin with http:// (or be 'off')");
    }
    return err->code;
}

void
provider_check_resolve(const char *text, struct assay_error *err)
{
    struct assay_dial_resolve resolve;
    char *copy = strdup(text);

    if (copy == NULL) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "names");
    } else {
        (void)!assay_resolve_parse(copy, &resolve, err);
    }
    free(copy);
}
