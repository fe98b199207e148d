/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * der_write.c - see der_write.h.
 */
#include "mint/der_write.h"

#include "base/buf.h"
#include "base/bytes.h"
#include "base/timestamp.h"

size_t
mint_der_open(struct assay_buf *b, unsigned tag)
{
    assay_buf_add_u8(b, (uint8_t)tag);
    assay_buf_add_u8(b, 0); /* the length, once it is known */
    return b->len;
}

void
mint_der_close(struct assay_buf *b, size_t mark)
{
    size_t len;
    size_t more = 0; /* octets of a long length */

    if (b->failed) {
        return;
    }
    len = b->len - mark;
    for (size_t left = len; len >= 0x80 && left > 0; left >>= 8) {
        more++;
    }
    if (more > 0 && assay_buf_extend(b, more) == NULL) {
        return;
    }
    memmove(b->ptr + mark + more, b->ptr + mark, len);
    b->ptr[mark - 1] = (uint8_t)(more > 0 ? 0x80 | more : len);
    for (size_t i = 0; i < more; i++) {
        b->ptr[mark + i] = (uint8_t)(len >> (8 * (more - 1 - i)));
    }
}

void
mint_der_put(struct assay_buf *b, unsigned tag, struct assay_slice content)
{
    size_t mark = mint_der_open(b, tag);

    assay_buf_add(b, content);
    mint_der_close(b, mark);
}

void
mint_der_text(struct assay_buf *b, unsigned tag, const char *text)
{
    mint_der_put(b, tag, assay_slice_of(text));
}

static void
put_number(struct assay_buf *b, unsigned tag, struct assay_slice number)
{
    size_t mark = mint_der_open(b, tag);

    while (number.len > 0 && number.ptr[0] == 0) {
        number.ptr++;
        number.len--;
    }
    if (number.len == 0 || number.ptr[0] >= 0x80) {
        assay_buf_add_u8(b, 0);
    }
    assay_buf_add(b, number);
    mint_der_close(b, mark);
}

void
mint_der_unsigned(struct assay_buf *b, struct assay_slice number)
{
    put_number(b, MINT_TAG_INTEGER, number);
}

void
mint_der_small(struct assay_buf *b, unsigned tag, uint32_t v)
{
    const uint8_t number[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16),
                               (uint8_t)(v >> 8), (uint8_t)v};

    put_number(b, tag, ASSAY_SLICE(number));
}

void
mint_der_boolean(struct assay_buf *b, bool v)
{
    const uint8_t octet[1] = {v ? 0xff : 0x00};

    mint_der_put(b, MINT_TAG_BOOLEAN, ASSAY_SLICE(octet));
}

void
mint_der_octets(struct assay_buf *b, struct assay_slice octets)
{
    size_t mark = mint_der_open(b, MINT_TAG_BIT_STRING);

    assay_buf_add_u8(b, 0); /* no unused bits */
    assay_buf_add(b, octets);
    mint_der_close(b, mark);
}

void
mint_der_named_bits(struct assay_buf *b, unsigned mask)
{
    uint8_t octets[3] = {0, 0, 0}; /* unused bits, then the bits */
    unsigned count = 0;

    for (unsigned i = 0; i < 16; i++) {
        if ((mask >> i & 1) != 0) {
            octets[1 + i / 8] |= (uint8_t)(0x80u >> (i % 8));
            count = i + 1;
        }
    }
    octets[0] = (uint8_t)((8 - count % 8) % 8);
    mint_der_put(b, MINT_TAG_BIT_STRING,
                 (struct assay_slice){octets, 1 + (count + 7) / 8});
}

void
mint_der_time(struct assay_buf *b, int64_t t_s, enum mint_time_form form)
{
    char text[ASSAY_TIME_TEXT];
    char digits[16];
    size_t len = 0;
    bool utc = form == MINT_TIME_UTC;

    assay_time_format(t_s, text);
    for (const char *p = text; *p != '\0' && len < sizeof(digits) - 1; p++) {
        if ((*p >= '0' && *p <= '9') || *p == 'Z') {
            digits[len++] = *p;
        }
    }
    digits[len] = '\0';
    if (form == MINT_TIME_DEFAULT) {
        utc = strncmp(text, "1950", 4) >= 0 && strncmp(text, "2050", 4) < 0;
    }
    if (utc && len > 2) {
        mint_der_text(b, MINT_TAG_UTC_TIME, digits + 2);
    } else {
        mint_der_text(b, MINT_TAG_GENERALIZED_TIME, digits);
    }
}

void
mint_der_signature(struct assay_buf *b, const uint8_t sig[MINT_SIG_BYTES])
{
    size_t mark = mint_der_open(b, MINT_TAG_SEQUENCE);

    mint_der_unsigned(b, (struct assay_slice){sig, 32});
    mint_der_unsigned(b, (struct assay_slice){sig + 32, 32});
    mint_der_close(b, mark);
}
