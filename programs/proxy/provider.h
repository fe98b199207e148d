/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * provider.h - an upstream as it was configured: where it is, and what it must
 * prove. Immutable; shared by threads.
 */
#pragma once

#include "assay/gather.h"
#include "assay/session.h"
#include "http1/uri.h"
#include "io/dial.h"
#include "io/fetch.h"

#define PROVIDERS_MAX           64u
#define PROVIDER_NAME_MAX_BYTES 64u

/* What its server speaks. */
enum wire_api {
    WIRE_API_ANY, /* nothing is said: all passes as it is */
    WIRE_API_CHAT,
    WIRE_API_RESPONSES,
};

struct provider {
    char name[PROVIDER_NAME_MAX_BYTES + 1]; /* a segment of paths */
    const char *title;                      /* for people; "" */
    struct assay_uri base; /* https; its target is the path that requests get
                              in front, without a slash at its end ("" for the
                              root) */
    enum wire_api wire_api;
    struct assay_policy *policy;
    struct assay_buf policy_text;   /* as JSON, for evidence */
    struct assay_buf compose_file;  /* content of the policy's; or empty */
    enum assay_wire wire;           /* the policy's first */
    struct assay_root *own_root;    /* NULL: Intel's */
    const struct assay_root *root;  /* that, or Intel's */
    struct assay_tls_roots *roots;  /* system's, ca_file, --ca */
    const char *server_name;        /* for SNI, certificate and Host */
    const char *authority;          /* the Host field */
    struct assay_dial_options dial; /* to, proxy, resolve; time limit */
    const char *sources[ASSAY_SOURCES_MAX]; /* of collateral */
    size_t source_count;
    struct assay_fetch_options fetch;
    bool use_cache;
    /* The value of Authorization that is put in; empty: the client's passes.
     * Secret: wiped when it is freed. */
    struct assay_buf authorization;
};

struct providers {
    struct provider *all[PROVIDERS_MAX];
    size_t count;
};

/* The one of this name; or NULL. */
const struct provider *providers_find(const struct providers *p,
                                      struct assay_slice name);
