/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * route.h - what a request's path is for: a provider and the rest of its path,
 * a page of our own, or nothing; no I/O.
 *
 *     /NAME/rest   the provider NAME's base path, and "/rest"
 *     /v1/rest     the same of the only provider there is
 *     /S/NAME/...  the same behind a secret segment, where there is one, and
 *                  the field ROUTE_SECRET_FIELD does not say it
 *     /, /.well-known/assay, /healthz   our own
 */
#pragma once

#include "http1/http1.h"
#include "provider.h"

/* URLs of a command line are for all to see: there, the secret is in this. */
#define ROUTE_SECRET_FIELD "x-assay-secret"

enum route_kind {
    ROUTE_NOWHERE,  /* there is nothing of that name */
    ROUTE_BAD,      /* a path that two readers may take for two */
    ROUTE_OWN,      /* a page of ours */
    ROUTE_PROVIDER, /* all of it passes */
    /* The client speaks Responses, the provider's server Chat Completions. */
    ROUTE_TRANSLATED,   /* POST .../responses */
    ROUTE_NO_RESPONSES, /* what chat has nothing for: GET .../responses/ID */
};

enum own_page {
    OWN_INDEX,  /* GET / */
    OWN_STATUS, /* GET /.well-known/assay */
    OWN_HEALTH, /* GET /healthz */
    OWN_PAGES,
};

struct route {
    enum route_kind kind;
    enum own_page page;
    const struct provider *provider;
    /* They point into the target. */
    struct assay_slice prefix; /* what stands for the provider's base path */
    struct assay_slice rest;   /* behind it: "/..." or empty */
    struct assay_slice query;  /* with its '?', or empty */
    struct assay_slice shown;  /* the path for logs: without the secret */
};

/* secret: NULL, or the first segment of every provider's path, where the head
 * does not have it. */
void route_find(const struct providers *providers, const char *secret,
                const struct assay_http1_head *head, struct route *out);
/* A name that no provider can have, for its paths are others'. */
bool route_is_reserved(struct assay_slice name);

/* Is it surely one path, to every reader, and below where it starts? Not with
 * segments of dots or without anything, backslashes, NUL and the like, however
 * they are escaped. Escaped slashes are fine if that holds for what they
 * separate: names of models have them. */
bool route_is_plain(struct assay_slice path);

/* Appends the target for the provider's server: base path, rest, query. */
void route_put_target(const struct route *r, struct assay_buf *to);
