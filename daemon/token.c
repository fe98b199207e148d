/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * token.c - see token.h.
 */
#include "daemon/token.h"

#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "io/file.h"

enum assay_code
token_read(const char *path, struct assay_buf *token, struct assay_error *err)
{
    static const char chars[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "!#$%&'*+-.^_`|~";

    if (assay_file_read_secret(path, TOKEN_MAX_BYTES + 2, token, err) !=
        ASSAY_OK) {
        return err->code;
    }
    while (token->len > 0 && (token->ptr[token->len - 1] == '\n' ||
                              token->ptr[token->len - 1] == '\r')) {
        token->len--;
    }
    assay_buf_add_u8(token, '\0');
    if (token->failed) {
        return assay_buf_check(token, path, err);
    }
    if (token->len < 2 || token->len - 1 > TOKEN_MAX_BYTES ||
        strspn((const char *)token->ptr, chars) != token->len - 1) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "%.200s: a token is one line of 1 to %u letters, digits "
                   "and !#$%%&'*+-.^_`|~",
                   path, TOKEN_MAX_BYTES);
    }
    return err->code;
}

bool
token_is(struct assay_slice given, const char *token)
{
    size_t len = strlen(token);
    uint8_t differs = given.len != len;

    for (size_t i = 0; i < len; i++) {
        differs |=
            (uint8_t)((i < given.len ? given.ptr[i] : 0) ^ (uint8_t)token[i]);
    }
    return differs == 0;
}

bool
token_is_bearer(const struct assay_http1_head *head, const char *token)
{
    static const char scheme[] = "bearer ";
    struct assay_slice value = assay_http1_get(head, "Authorization");
    struct assay_slice start = {value.ptr, sizeof(scheme) - 1};

    if (assay_http1_count(head, "Authorization") != 1 ||
        value.len < start.len || !assay_slice_is_nocase(start, scheme)) {
        return false;
    }
    value.ptr += start.len;
    value.len -= start.len;
    return token_is(value, token);
}
