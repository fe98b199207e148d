/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * host_random.h - in WebAssembly there is no system to ask: whoever links the
 * floors there has this function.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* n random octets of the host, all or none. */
bool assay_host_random(uint8_t *out, size_t n);
