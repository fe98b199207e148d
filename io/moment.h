/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * moment.h - the system's clocks and its randomness: what the core is lent.
 */
#pragma once

#include "assay/session.h"

struct assay_now assay_now(void);
/* From the kernel's generator, waiting for it to be seeded. Ends the process
 * if there is none: no nonce may ever be guessable. */
void assay_random_bytes(uint8_t *to, size_t n);
