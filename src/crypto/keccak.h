/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * keccak.h - Keccak-256 with the padding of before FIPS 202 (0x01, not 0x06),
 * as Ethereum uses it. OpenSSL has it only from 3.2 on.
 */
#pragma once

#include "base/bytes.h"

#define ASSAY_KECCAK256_BYTES 32

/* Digest of the parts one after another. */
void assay_keccak256(const struct assay_slice *parts, size_t count,
                     uint8_t out[ASSAY_KECCAK256_BYTES]);
