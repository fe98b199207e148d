/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * chain.h - a PEM chain of Intel's PKI: which certificate is which, and
 * whether each may play its part. Signatures are checked above (src/dcap).
 */
#pragma once

#include "pki/cert.h"

#define ASSAY_CHAIN_MAX_CERTS 3u

/* Leaf (or signer) first, root last, whatever order the text had. */
struct assay_chain {
    struct assay_buf der; /* owns the bytes that the certificates borrow */
    size_t count;
    struct assay_cert cert[ASSAY_CHAIN_MAX_CERTS];
};

/* Exactly `want` (1 to 3) PEM certificates. `what` starts the message.
 * *out owns memory only after ASSAY_OK; freed with assay_chain_free(). */
ASSAY_MUST_CHECK enum assay_code
assay_chain_parse(struct assay_slice pem, size_t want, const char *what,
                  struct assay_chain *out, struct assay_error *err);
void assay_chain_free(struct assay_chain *c); /* an empty one is fine */

enum assay_cert_role {
    ASSAY_ROLE_ROOT,
    ASSAY_ROLE_PCK_CA,     /* Platform CA or Processor CA */
    ASSAY_ROLE_PCK,        /* certifies a platform's attestation */
    ASSAY_ROLE_TCB_SIGNER, /* signs TCB info and QE identity */
};

/* Why a certificate may not play a role: its name, key usage, basic
 * constraints or extensions. NULL if it may; static text. */
const char *assay_cert_role_fault(const struct assay_cert *c,
                                  enum assay_cert_role role);

/* Why `child` cannot have been issued by `issuer`, signature apart: names and
 * key identifiers. NULL if it can; static text. */
const char *assay_cert_link_fault(const struct assay_cert *child,
                                  const struct assay_cert *issuer);
