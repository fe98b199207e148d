/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * system_roots.h - where the TLS roots of the system are.
 */
#pragma once

#include "assay/bytes.h"

/* A PEM file: $SSL_CERT_FILE, or else the system's own. *named: by the
 * environment, so it is an error if it cannot be read; of the system's we take
 * what there is. Valid as long as the environment is not changed. */
const char *assay_system_roots(bool *named);
