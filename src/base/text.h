/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * text.h - hex, base64 and PEM: bytes as text, strictly.
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"

/* Exactly 2n hex digits of either case into n bytes; no prefix, no space.
 * ASSAY_MALFORMED (a character that is no digit; offset says which) or
 * ASSAY_INVALID (other length), with `field` in the message. */
enum assay_code assay_hex_decode(struct assay_slice hex, uint8_t *out, size_t n,
                                 const char *field, struct assay_error *err);
/* Appends lower-case hex. */
void assay_hex_encode(struct assay_buf *b, struct assay_slice bytes);
/* Lower-case hex into a caller's array of 2*bytes.len + 1, NUL-terminated. */
void assay_hex_to(char *out, struct assay_slice bytes);

/* RFC 4648 section 4, padded, canonical (unused bits zero). CR, LF, space and
 * tab are skipped only if `lines` is true. Appends to *out. */
enum assay_code assay_base64_decode(struct assay_slice text, bool lines,
                                    struct assay_buf *out, const char *field,
                                    struct assay_error *err);
/* Appends; one line, padded. */
void assay_base64_encode(struct assay_buf *b, struct assay_slice bytes);

/* Next RFC 7468 block with this label ("CERTIFICATE", "X509 CRL") at or after
 * *pos in text; *pos moves behind it. Appends the decoded bytes to *out. White
 * space is free as in RFC 7468's laxtextualmsg; a block is not empty.
 * Between blocks only white space (and NUL bytes at the very end) may stand.
 * Returns ASSAY_OK with *found = false when only that is left. */
enum assay_code assay_pem_next(struct assay_slice text, size_t *pos,
                               const char *label, struct assay_buf *out,
                               bool *found, const char *field,
                               struct assay_error *err);
/* Appends one block with 64-character lines. */
void assay_pem_encode(struct assay_buf *b, const char *label,
                      struct assay_slice der);
