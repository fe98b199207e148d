/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * launch_port.h - the proxy's port, kept from others as long as Codex runs.
 */
#pragma once

#include "assay/assay.h"

/* Binds a socket to where our own proxy listens ("127.0.0.1:40000"), which
 * shares it with its own user (start.c), and does not listen: should the proxy
 * end, connections are refused, and no other user gets the port, and with it
 * what Codex goes on to send there. -1 and *err: ASSAY_IO. */
int launch_hold_port(const char *address, struct assay_error *err);
