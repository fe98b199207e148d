/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * middleman.h - an attacker between client and server: it terminates the
 * client's TLS, which means that TLS has been beaten already.
 */
#pragma once

#include "io/address.h"
#include "tls_openssl.h"

#define MIDDLEMAN_RECORDING_MAX_BYTES (1024u * 1024u)

enum middleman_trick {
    MIDDLEMAN_RELAY,  /* passes on what both say, and records the server */
    MIDDLEMAN_REPLAY, /* says again what was recorded */
    MIDDLEMAN_ORACLE, /* has its own session vouched for by a guest agent */
};

struct middleman_options {
    enum middleman_trick trick;
    struct tls_role role;         /* towards the client */
    struct assay_address server;  /* for RELAY */
    struct assay_address agent;   /* for ORACLE: signs what it is given */
    struct assay_slice recording; /* for REPLAY */
};

struct middleman; /* opaque */

/* On a free port of 127.0.0.1. What the options point to must outlive it.
 * Errors of assay_listen(). */
ASSAY_MUST_CHECK enum assay_code
middleman_new(uv_loop_t *loop, const struct middleman_options *options,
              struct middleman **out, struct assay_error *err);
void middleman_free(struct middleman *m); /* NULL is fine */
const char *middleman_address(const struct middleman *m);
/* What the server said to the last client; until the loop runs again. */
struct assay_slice middleman_recording(const struct middleman *m);
