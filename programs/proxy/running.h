/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * running.h - what a running proxy says of itself (ready.h): where it is, and
 * what it serves. The launcher reads it from a pipe, other commands from the
 * file that --state names.
 */
#pragma once

#include "provider.h"

#define RUNNING_MAX_BYTES (256u * 1024u)

#define RUNNING_PLAIN                                                          \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"           \
    "-._~:/[]%+@"

/* Nothing in it is NULL, and all of it may be pasted into a shell, a TOML or a
 * JSON string: RUNNING_PLAIN only. */
struct running_provider {
    const char *name;
    const char *url;
    const char *wire_api; /* "" where nothing is said */
};

struct running {
    char *memory;
    const char *address; /* "127.0.0.1:8989", "unix:/run/assay.sock" */
    const char *base;    /* "http://127.0.0.1:8989", perhaps with a secret */
    const char *v1;      /* of the only provider; "" where there are several */
    struct running_provider providers[PROVIDERS_MAX];
    size_t count;
};

/* Freed with running_free(), also after a failure. `what` starts messages.
 * ASSAY_REPLY (not what a proxy says), those of assay_json_parse(). */
ASSAY_MUST_CHECK enum assay_code running_parse(struct assay_slice text,
                                               const char *what,
                                               struct running *out,
                                               struct assay_error *err);
/* From the file at this path, or at the usual one where it is NULL. It must be
 * this user's alone. Errors of assay_file_read_secret() besides; ASSAY_IO: its
 * proxy has ended without a word, and the port may be anybody's. */
ASSAY_MUST_CHECK enum assay_code
running_read(const char *path, struct running *out, struct assay_error *err);
void running_free(struct running *r);

/* The one of this name; or NULL. */
const struct running_provider *running_find(const struct running *r,
                                            const char *name);
/* It listens where clients with a URL get to: not at a Unix socket. */
bool running_has_url(const struct running *r);
/* The URLs have a secret in them, because the proxy puts a key in: behind this
 * '/' of its base. NULL: none. */
const char *running_secret(const struct running *r);
bool running_has_secret(const struct running *r);

/* Where --state is if nothing is said: $XDG_RUNTIME_DIR/assay-proxy.json, or
 * else ~/.cache/assay/proxy.json. False: there is no such place. */
bool running_usual_path(struct assay_buf *path);
