/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * signed_json.h - the form of Intel's signed documents,
 * {"<member>":<body>,"signature":"<hex of r || s>"}, signed over the exact
 * bytes of the body.
 */
#pragma once

#include "mint/common.h"

#define MINT_EDITS_MAX 4

/* Replaces the first place where `find` stands; it must stand somewhere, so
 * that no test edits nothing. find NULL: no edit. */
struct mint_edit {
    const char *find;
    const char *replace;
};

struct mint_json_options {
    enum mint_key_id signer;
    struct mint_edit before[MINT_EDITS_MAX]; /* of the body, before signing */
    struct mint_edit after[MINT_EDITS_MAX];  /* of the whole, after signing */
    const char *body;      /* this text instead of a made body */
    const char *whole;     /* this text instead of everything */
    const char *signature; /* this text instead of a signature in hex */
    bool break_signature;  /* one bit of s */
    bool pretty;           /* body with white space, signed as it is */
    enum mint_cert_id chain[MINT_CHAIN_MAX]; /* TCB signer, root */
};

/* Edits the body, signs it and appends the whole document. */
ASSAY_MUST_CHECK enum assay_code
mint_signed_json(const struct mint_json_options *o, const char *member,
                 struct assay_buf *body, const struct mint_key *key,
                 struct assay_buf *out, struct assay_error *err);
