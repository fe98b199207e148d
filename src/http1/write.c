/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * write.c - heads and chunks into a buffer; what a reader would refuse, or
 * take for something else, is not written.
 */
#include "http1/chars.h"
#include "http1/http1.h"
#include "http1/target.h"

static bool
is_token(struct assay_slice s)
{
    return s.len > 0 && assay_http1_all(s, ASSAY_HTTP1_TOKEN);
}

static enum assay_code
refuse(struct assay_error *err, const char *what)
{
    return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET, "%s", what);
}

enum assay_code
assay_http1_put_request(struct assay_buf *to, struct assay_slice method,
                        struct assay_slice target, struct assay_error *err)
{
    if (err->code != ASSAY_OK) {
        return err->code;
    }
    if (!is_token(method)) {
        return refuse(err, "method: no token");
    }
    if (!assay_http1_all(target, ASSAY_HTTP1_TARGET)) {
        return refuse(err, "target: a character that cannot be in it");
    }
    if (!assay_http1_target_is_good(method, target)) {
        return refuse(err, "target: of no form for this method");
    }
    assay_buf_add(to, method);
    assay_buf_add_u8(to, ' ');
    assay_buf_add(to, target);
    assay_buf_add_text(to, " HTTP/1.1\r\n");
    return assay_buf_check(to, "request", err);
}

enum assay_code
assay_http1_put_status(struct assay_buf *to, unsigned status,
                       struct assay_slice reason, struct assay_error *err)
{
    if (err->code != ASSAY_OK) {
        return err->code;
    }
    if (status < 100 || status > 599) {
        return refuse(err, "status: not 100 to 599");
    }
    if (!assay_http1_all(reason, ASSAY_HTTP1_TEXT)) {
        return refuse(err, "reason: a control character");
    }
    assay_buf_printf(to, "HTTP/1.1 %u ", status);
    assay_buf_add(to, reason);
    assay_buf_add_text(to, "\r\n");
    return assay_buf_check(to, "response", err);
}

enum assay_code
assay_http1_put_field(struct assay_buf *to, struct assay_slice name,
                      struct assay_slice value, struct assay_error *err)
{
    uint8_t *line;

    if (err->code != ASSAY_OK) {
        return err->code;
    }
    if (!is_token(name)) {
        return refuse(err, "field name: no token");
    }
    if (!assay_http1_all(value, ASSAY_HTTP1_TEXT)) {
        return refuse(err, "field value: a control character");
    }
    value = assay_http1_trim(value);
    line = assay_buf_extend(to, name.len + value.len + 4);
    if (line != NULL) {
        assay_copy(line, name);
        assay_copy(line + name.len, assay_slice_of(": "));
        assay_copy(line + name.len + 2, value);
        assay_copy(line + name.len + 2 + value.len, assay_slice_of("\r\n"));
    }
    return assay_buf_check(to, "field", err);
}

void
assay_http1_put_end(struct assay_buf *to)
{
    assay_buf_add_text(to, "\r\n");
}

void
assay_http1_put_chunk(struct assay_buf *to, struct assay_slice data)
{
    if (data.len > 0) {
        assay_buf_printf(to, "%zx\r\n", data.len);
        assay_buf_add(to, data);
        assay_buf_add_text(to, "\r\n");
    }
}

void
assay_http1_put_last_chunk(struct assay_buf *to, struct assay_slice trailers)
{
    assay_buf_add_text(to, "0\r\n");
    assay_buf_add(to, trailers);
    assay_buf_add_text(to, "\r\n");
}
