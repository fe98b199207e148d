/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * scenery.h - the files that the demo needs in its folder: what the TD runs,
 * keys and certificates, and the client's policy.
 */
#pragma once

#include "assay/bytes.h"

/* compose.json, other-compose.json, ca.pem, {server,attacker}.{pem,key}.
 * Everything of the mint can go wrong: ASSAY_IO, ASSAY_CRYPTO, ... */
ASSAY_MUST_CHECK enum assay_code scenery_write(struct assay_error *err);
/* policy.json from the simulator's, which needs no TLS certificate: this one
 * does, and insists that the TD has announced it. */
ASSAY_MUST_CHECK enum assay_code scenery_write_policy(const char *of_simulator,
                                                      struct assay_error *err);
