/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * der.h - strict DER (X.690) on a bounded reader: definite, shortest lengths;
 * one-byte tags; no allocation, no recursion.
 */
#pragma once

#include "base/bytes.h"

#define ASSAY_DER_BOOLEAN                0x01u
#define ASSAY_DER_INTEGER                0x02u
#define ASSAY_DER_BIT_STRING             0x03u
#define ASSAY_DER_OCTET_STRING           0x04u
#define ASSAY_DER_OID                    0x06u
#define ASSAY_DER_ENUMERATED             0x0au
#define ASSAY_DER_UTF8_STRING            0x0cu
#define ASSAY_DER_PRINTABLE_STRING       0x13u
#define ASSAY_DER_UTC_TIME               0x17u
#define ASSAY_DER_GENERALIZED_TIME       0x18u
#define ASSAY_DER_SEQUENCE               0x30u
#define ASSAY_DER_SET                    0x31u
#define ASSAY_DER_CONTEXT(n)             (0x80u | (n)) /* primitive */
#define ASSAY_DER_CONTEXT_CONSTRUCTED(n) (0xa0u | (n))

/* A reader over a whole DER input. */
struct assay_reader assay_der_reader(struct assay_slice der,
                                     struct assay_error *err);

/* Tag of the next element; 0 at the end or after a failure. */
unsigned assay_der_peek(const struct assay_reader *r);
/* Content of the next element, which must have this tag. */
struct assay_slice assay_der_read(struct assay_reader *r, unsigned tag,
                                  const char *field);
/* The next element with its tag and length. */
struct assay_slice assay_der_whole(struct assay_reader *r, unsigned tag,
                                   const char *field);
/* A reader over the content of the next element; ends by assay_read_end(). */
struct assay_reader assay_der_enter(struct assay_reader *r, unsigned tag,
                                    const char *field);
/* Content of any element. */
struct assay_slice assay_der_any(struct assay_reader *r, unsigned *tag,
                                 const char *field);

/* A non-negative INTEGER as its content octets (shortest form; a leading zero
 * octet only before a set top bit). */
struct assay_slice assay_der_unsigned(struct assay_reader *r,
                                      const char *field);
/* A non-negative INTEGER (or ENUMERATED) not above max. */
uint32_t assay_der_small(struct assay_reader *r, unsigned tag, uint32_t max,
                         const char *field);
bool assay_der_boolean(struct assay_reader *r, const char *field);
/* BIT STRING of whole octets. */
struct assay_slice assay_der_octets(struct assay_reader *r, const char *field);
/* UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280, 4.1.2.5). */
int64_t assay_der_time(struct assay_reader *r, const char *field);
