/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * common.h - what every part of the writer shares.
 *
 * Options: zero means "the default" in every member, so that a row of a test
 * table names only what is different. Byte strings are hex text: NULL is the
 * default, "" is empty. mint_options_fill() (world.h) writes the defaults in;
 * after it, members hold what they say and zero is zero.
 */
#pragma once

#include "assay/bytes.h"
#include "mint/keys.h"

/* An int32_t member that shall be zero and not the default; a count that shall
 * be none. */
#define MINT_ZERO INT32_MIN
#define MINT_NONE UINT32_MAX

#define MINT_DER_MAX                                                           \
    (4u * 1024u * 1024u)                   /* bytes of one certificate or CRL  \
                                            */
#define MINT_TEXT_MAX (8u * 1024u * 1024u) /* bytes of one JSON document */

/* Every key of a world. */
enum mint_key_id {
    MINT_KEY_DEFAULT, /* the right one for the place */
    MINT_KEY_ROOT,
    MINT_KEY_PLATFORM_CA,
    MINT_KEY_PROCESSOR_CA,
    MINT_KEY_TCB_SIGNER,
    MINT_KEY_PCK,
    MINT_KEY_ATTESTATION,
    MINT_KEY_STRANGER, /* belongs to nobody */
};
#define MINT_KEY_COUNT 8

/* Every certificate of a world. */
enum mint_cert_id {
    MINT_CERT_NONE, /* ends a list */
    MINT_CERT_ROOT,
    MINT_CERT_CA, /* of the PCK certificate */
    MINT_CERT_TCB_SIGNER,
    MINT_CERT_PCK,
};
#define MINT_CERT_COUNT 5
#define MINT_CHAIN_MAX  6 /* certificates in a chain; a zero ends it */

enum mint_answer { MINT_DEFAULT, MINT_NO, MINT_YES };

/* A change to finished bytes: octet `at` is XORed. All zero: no change. */
struct mint_patch {
    size_t at;
    uint8_t flip;
};

/* Appends the bytes of a hex text; a text that is none is ASSAY_INVALID in
 * *err, with `field` in the message. */
void mint_add_hex(struct assay_buf *b, const char *hex, const char *field,
                  struct assay_error *err);
/* The same into exactly n bytes. */
void mint_put_hex(uint8_t *to, size_t n, const char *hex, const char *field,
                  struct assay_error *err);
/* XORs; a place outside the bytes is ASSAY_INVALID. */
void mint_apply_patch(uint8_t *bytes, size_t len,
                      const struct mint_patch *patch, struct assay_error *err);
void mint_patch_buf(struct assay_buf *b, const struct mint_patch *patch,
                    struct assay_error *err);
/* A buffer that holds less than it should because another failed, fails too,
 * and for the same reason. */
void mint_buf_fail(struct assay_buf *b, const struct assay_buf *because_of);
/* The code of *err, or what is wrong with the buffer. */
ASSAY_MUST_CHECK enum assay_code mint_check(const struct assay_buf *b,
                                            const char *what,
                                            struct assay_error *err);
