/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * root.h - the trust anchor from inside: a key, and the certificate that is
 * known to carry it.
 */
#pragma once

#include "assay/root.h"
#include "pki/cert.h"

struct assay_root {
    uint8_t key[64];        /* x || y */
    uint8_t der_sha256[32]; /* of the certificate that was given */
    bool intel;
};
