/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * der_write.h - writing DER (X.690) into a buffer.
 *
 * Failures stick in the buffer (assay/bytes.h) and are asked for at the end.
 */
#pragma once

#include "assay/bytes.h"
#include "mint/keys.h"

enum mint_tag {
    MINT_TAG_BOOLEAN = 0x01,
    MINT_TAG_INTEGER = 0x02,
    MINT_TAG_BIT_STRING = 0x03,
    MINT_TAG_OCTET_STRING = 0x04,
    MINT_TAG_NULL = 0x05,
    MINT_TAG_OID = 0x06,
    MINT_TAG_ENUMERATED = 0x0a,
    MINT_TAG_UTF8 = 0x0c,
    MINT_TAG_PRINTABLE = 0x13,
    MINT_TAG_UTC_TIME = 0x17,
    MINT_TAG_GENERALIZED_TIME = 0x18,
    MINT_TAG_SEQUENCE = 0x30,
    MINT_TAG_SET = 0x31,
    MINT_TAG_CONTEXT = 0x80,             /* + number, primitive */
    MINT_TAG_CONTEXT_CONSTRUCTED = 0xa0, /* + number */
};

enum mint_time_form {
    MINT_TIME_DEFAULT, /* as RFC 5280 section 4.1.2.5 demands */
    MINT_TIME_UTC,
    MINT_TIME_GENERALIZED,
};

/* Starts an element; what is appended until mint_der_close() with the returned
 * mark is its content. */
size_t mint_der_open(struct assay_buf *b, unsigned tag);
void mint_der_close(struct assay_buf *b, size_t mark);

void mint_der_put(struct assay_buf *b, unsigned tag,
                  struct assay_slice content);
void mint_der_text(struct assay_buf *b, unsigned tag, const char *text);
/* INTEGER of a big-endian number; leading zeros do not matter. */
void mint_der_unsigned(struct assay_buf *b, struct assay_slice number);
/* INTEGER or ENUMERATED of a small number. */
void mint_der_small(struct assay_buf *b, unsigned tag, uint32_t v);
void mint_der_boolean(struct assay_buf *b, bool v);
/* BIT STRING of whole octets. */
void mint_der_octets(struct assay_buf *b, struct assay_slice octets);
/* BIT STRING with named bits: bit i of the mask is bit i of the list; trailing
 * zero bits are cut off, as DER demands. At most 16 bits. */
void mint_der_named_bits(struct assay_buf *b, unsigned mask);
void mint_der_time(struct assay_buf *b, int64_t t_s, enum mint_time_form form);
/* SEQUENCE { INTEGER r, INTEGER s } */
void mint_der_signature(struct assay_buf *b, const uint8_t sig[MINT_SIG_BYTES]);
