/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * listen_socket.h - a socket that listens. Only listen.c includes this.
 */
#pragma once

#include <uv.h>

#include "io/address.h"

/* *out: the descriptor, which does not block and is not inherited; the
 * caller's to close. See assay_listen(). */
ASSAY_MUST_CHECK enum assay_code
assay_listen_socket(uv_loop_t *loop, const struct assay_address *at,
                    unsigned mode, int *out, struct assay_error *err);
