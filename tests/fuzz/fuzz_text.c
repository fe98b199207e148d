/* Target functions: assay_hex_decode assay_hex_encode assay_base64_decode
 * assay_base64_encode assay_pem_next assay_pem_encode */
/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_text.c - the first byte chooses hex, base64 or PEM; the rest is text.
 */
#include "base/text.h"
#include "harness/fuzz.h"

static void
fuzz_hex(struct assay_slice text)
{
    struct assay_buf bytes;
    struct assay_buf again;
    struct assay_error err;
    enum assay_code code;
    uint8_t *to;

    assay_error_clear(&err);
    assay_buf_init(&bytes, text.len);
    assay_buf_init(&again, text.len);
    to = assay_buf_extend(&bytes, text.len / 2);
    code = assay_hex_decode(text, to, text.len / 2, "hex", &err);
    fuzz_check_error(&err, code, text.len);
    if (code == ASSAY_OK) {
        assay_hex_encode(&again, assay_buf_slice(&bytes));
        PROMISE(!again.failed && again.len == text.len);
        for (size_t i = 0; i < text.len; i++) {
            PROMISE(again.ptr[i] == text.ptr[i] ||
                    again.ptr[i] == (text.ptr[i] | 0x20));
        }
    }
    assay_buf_free(&bytes);
    assay_buf_free(&again);
}

static bool
is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Base64 is canonical: what was accepted is what encoding gives, white space
 * aside. */
static void
fuzz_base64(struct assay_slice text, bool lines)
{
    struct assay_buf bytes;
    struct assay_buf again;
    struct assay_error err;
    enum assay_code code;
    size_t at = 0;

    assay_error_clear(&err);
    assay_buf_init(&bytes, text.len + 1);
    assay_buf_init(&again, text.len);
    assay_buf_add_u8(&bytes, 'x');
    code = assay_base64_decode(text, lines, &bytes, "base64", &err);
    fuzz_check_error(&err, code, text.len);
    PROMISE(bytes.ptr[0] == 'x');
    PROMISE(code == ASSAY_OK || bytes.len == 1);
    if (code == ASSAY_OK) {
        assay_base64_encode(&again,
                            (struct assay_slice){bytes.ptr + 1, bytes.len - 1});
        PROMISE(!again.failed);
        for (size_t i = 0; i < text.len; i++) {
            if (!lines || !is_space(text.ptr[i])) {
                PROMISE(at < again.len && again.ptr[at] == text.ptr[i]);
                at++;
            }
        }
        PROMISE(at == again.len);
    }
    assay_buf_free(&bytes);
    assay_buf_free(&again);
}

/* The block that `der` encodes to holds `der`. */
static void
check_block(struct assay_slice der)
{
    struct assay_buf text;
    struct assay_buf bytes;
    struct assay_error err;
    size_t pos = 0;
    bool found;

    assay_error_clear(&err);
    assay_buf_init(&text, 2 * der.len + 100);
    assay_buf_init(&bytes, der.len);
    assay_pem_encode(&text, "X", der);
    PROMISE(!text.failed);
    PROMISE(assay_pem_next(assay_buf_slice(&text), &pos, "X", &bytes, &found,
                           "pem", &err) == ASSAY_OK);
    PROMISE(found && assay_slice_equal(assay_buf_slice(&bytes), der));
    PROMISE(assay_pem_next(assay_buf_slice(&text), &pos, "X", &bytes, &found,
                           "pem", &err) == ASSAY_OK);
    PROMISE(!found && pos == text.len);
    assay_buf_free(&text);
    assay_buf_free(&bytes);
}

static void
fuzz_pem(struct assay_slice text)
{
    struct assay_buf bytes;
    struct assay_error err;
    size_t pos = 0;
    bool found = true;

    assay_error_clear(&err);
    assay_buf_init(&bytes, text.len);
    while (found) {
        size_t before = pos;
        size_t len = bytes.len;
        enum assay_code code =
            assay_pem_next(text, &pos, "X", &bytes, &found, "pem", &err);

        fuzz_check_error(&err, code, text.len);
        PROMISE(code == ASSAY_OK || (!found && bytes.len == len));
        PROMISE(code == ASSAY_OK ? pos >= before : pos == before);
        PROMISE(found == (bytes.len > len));
        if (found) {
            check_block((struct assay_slice){bytes.ptr + len, bytes.len - len});
        }
    }
    assay_buf_free(&bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_slice text;

    if (size == 0) {
        return 0;
    }
    text = (struct assay_slice){data + 1, size - 1};
    switch (data[0]) {
    case 'h':
        fuzz_hex(text);
        break;
    case 'b':
        fuzz_base64(text, false);
        break;
    case 'l':
        fuzz_base64(text, true);
        break;
    default:
        fuzz_pem(text);
        break;
    }
    return 0;
}
