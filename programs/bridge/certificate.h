/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * certificate.h - what clients of wss:// are shown: a chain of certificates and
 * the key of the first one. Never changed once it is read, so that threads
 * share it; a reload reads another, and whoever holds this one keeps it.
 */
#pragma once

#include "assay/bytes.h"

#define CERTIFICATE_FILE_MAX_BYTES (256u * 1024u)
#define CERTIFICATE_CHAIN_MAX      10u

struct certificate; /* opaque */

/* PEM: the server's own certificate and those that lead to its root, and its
 * private key without a passphrase. At now_s (Unix seconds) the
 * server's own must be in its dates.
 *
 * The message starts with the file. ASSAY_IO, ASSAY_TOO_LARGE, ASSAY_INVALID
 * (not PEM, out of its dates, too weak, encrypted, not a pair), ASSAY_CRYPTO,
 * ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
certificate_read(const char *chain_file, const char *key_file, int64_t now_s,
                 struct certificate **out, struct assay_error *err);
struct certificate *certificate_hold(struct certificate *c); /* c */
void certificate_drop(struct certificate *c);                /* NULL is fine */

/* Until when the server's own is in its dates, Unix seconds. */
int64_t certificate_until(const struct certificate *c);
