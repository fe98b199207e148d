/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * crl.h - X.509 v2 certificate revocation lists (RFC 5280 section 5),
 * complete and direct ones only.
 */
#pragma once

#include "base/bytes.h"

/* Everything borrows the DER. */
struct assay_crl {
    struct assay_slice der;
    struct assay_slice tbs;     /* signed bytes */
    struct assay_slice issuer;  /* Name, with tag and length */
    int64_t this_update_s;      /* Unix seconds */
    int64_t next_update_s;      /* Unix seconds, inclusive */
    struct assay_slice entries; /* SEQUENCE OF content; may be empty */
    size_t entry_count;
    bool has_number;
    struct assay_slice aki; /* empty if absent */
    uint8_t signature[64];  /* r || s */
};

/* Parses one CRL that must fill `der`; each entry is read, so that looking a
 * serial up later cannot fail. ASSAY_MALFORMED, ASSAY_TRUNCATED,
 * ASSAY_UNSUPPORTED (algorithm, version, critical extension, delta CRL,
 * issuing distribution point). */
ASSAY_MUST_CHECK enum assay_code assay_crl_parse(struct assay_slice der,
                                                 struct assay_crl *out,
                                                 struct assay_error *err);

/* Is this serial (content octets of the INTEGER) on the list, for whatever
 * reason? A scan: about 10 ns an entry. */
bool assay_crl_revokes(const struct assay_crl *crl, struct assay_slice serial);
