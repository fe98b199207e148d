/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * token.c - see token.h.
 */
#include "daemon/token.h"

#include <string.h>

#include "base/buf.h"
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
