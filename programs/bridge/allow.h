/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * allow.h - the targets that clients may be connected to, and the addresses
 * that a name among them must not lead to.
 */
#pragma once

#include "target.h"

#define ALLOW_ENTRIES_MAX 1024u

struct allow_entry {
    struct target target; /* of "*.example.com:443": example.com */
    bool below;           /* "*.": the names below it, and not it */
};

struct allow; /* opaque: immutable */

/* "host:port", "host" (443), "*.domain:port", with commas between them; white
 * space around them, and empty ones, do not count. ASSAY_INVALID (one that is
 * no target, or none at all), ASSAY_TOO_LARGE, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code allow_new(const char *list, struct allow **out,
                                           struct assay_error *err);
void allow_free(struct allow *a); /* NULL is fine */

size_t allow_count(const struct allow *a);
const struct allow_entry *allow_entry(const struct allow *a, size_t i);
/* The entry that allows it, the exact one before a "*."; NULL: it is denied. */
const struct allow_entry *allow_find(const struct allow *a,
                                     const struct target *t);

/* --- addresses ---------------------------------------------------------- */

#define GUARD_OWN_MAX 1024u

/* A place where the bridge itself listens. */
struct guard_own {
    struct cidr_ip ip;
    uint16_t port;
};

struct guard {
    const char *private_ok; /* ranges that have been checked; "": none */
    struct guard_own own[GUARD_OWN_MAX];
    size_t own_count;
};

/* After the name of an allowed target was looked up, for each address that it
 * has. NULL: it may be connected to. Else what it is, in a word or two of ours:
 * "loopback", "private", ... An address is let through if nobody but the public
 * internet has it, or if the entry was written as that address, or the entry is
 * localhost or a name below it and the address is loopback, or private_ok has
 * it. The bridge's own doors are never let through. */
const char *guard_refuses(const struct guard *g, const struct allow_entry *by,
                          const struct cidr_ip *ip, uint16_t port);
