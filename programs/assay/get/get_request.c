/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * get_request.c - the request of `assay get` as it goes over the wire.
 */
#include "get_request.h"

#include <stdio.h>

#include "base/bytes.h"
#include "http1/http1.h"

/* True if the user gave this field. "Name:" without a value takes one of ours
 * away, as curl has it. */
static bool
given(const struct get_options *o, const char *name)
{
    for (size_t i = 0; i < o->field_count; i++) {
        size_t n = strcspn(o->fields[i], ":");

        if (assay_slice_is_nocase(
                (struct assay_slice){(const uint8_t *)o->fields[i], n}, name)) {
            return true;
        }
    }
    return false;
}

static void
put(struct assay_buf *out, const char *name, const char *value,
    struct assay_error *err)
{
    if (err->code == ASSAY_OK) {
        (void)!assay_http1_put_field(out, assay_slice_of(name),
                                     assay_slice_of(value), err);
    }
}

static void
put_given(const struct get_options *o, struct assay_buf *out,
          struct assay_error *err)
{
    for (size_t i = 0; i < o->field_count && err->code == ASSAY_OK; i++) {
        size_t n = strcspn(o->fields[i], ":");
        struct assay_slice name = {(const uint8_t *)o->fields[i], n};
        struct assay_slice value = get_field_value(o->fields[i] + n + 1);

        if (value.len > 0) {
            (void)!assay_http1_put_field(out, name, value, err);
        }
    }
}

enum assay_code
get_request_write(const struct get_request *r, const struct assay_uri *uri,
                  const struct get_options *o, struct assay_buf *out,
                  struct assay_error *err)
{
    char authority[ASSAY_URI_HOST_MAX + 10];
    char length[24];

    if (assay_http1_put_request(out, assay_slice_of(r->method),
                                assay_slice_of(uri->target), err) != ASSAY_OK) {
        return err->code;
    }
    assay_uri_authority(uri, authority);
    if (!given(o, "host")) {
        put(out, "Host", authority, err);
    }
    if (!given(o, "user-agent")) {
        put(out, "User-Agent", "assay/" ASSAY_VERSION, err);
    }
    if (!given(o, "accept")) {
        put(out, "Accept", "*/*", err);
    }
    put_given(o, out, err);
    if (r->has_body) {
        if (!given(o, "content-type")) {
            put(out, "Content-Type", "application/x-www-form-urlencoded", err);
        }
        (void)snprintf(length, sizeof(length), "%zu", r->body.len);
        put(out, "Content-Length", length, err);
    }
    assay_http1_put_end(out);
    if (r->has_body) {
        assay_buf_add(out, r->body);
    }
    return err->code != ASSAY_OK ? err->code
                                 : assay_buf_check(out, "request", err);
}

void
get_request_redirect(struct get_request *r, unsigned status)
{
    bool post = strcmp(r->method, "POST") == 0;

    if ((status == 303 && strcmp(r->method, "HEAD") != 0) ||
        ((status == 301 || status == 302) && post)) {
        r->method = "GET";
        r->has_body = false;
        r->body = ASSAY_EMPTY;
    }
}
