/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * providers_make.h - one provider, from what a file says of it to all that its
 * connections rest on.
 */
#pragma once

#include "providers.h"

/* A provider with what only it has. */
struct own_provider {
    struct provider provider; /* first */
    char *proxy;              /* of the environment */
    struct assay_dial_resolve resolve[ASSAY_DIAL_RESOLVE_MAX];
    const char *policy_path; /* files of its own; NULL: none */
    const char *key_path;
};

/* TLS roots are large, and most providers have the same. */
struct shared_roots {
    const char *ca_file; /* of policies; NULL: none */
    struct assay_tls_roots *roots;
};

struct all_providers {
    struct providers list; /* first */
    struct given texts;    /* what they point to */
    struct shared_roots roots[PROVIDERS_MAX];
    size_t root_count;
};

/* What is being made, and of what. */
struct making {
    const struct assay_ctx *ctx;
    const struct options *options;
    struct all_providers *all;
    struct assay_error *err;
};

/* As its file has it. NULL where nothing is said. */
struct provider_words {
    const char *name;
    const char *title;
    const struct assay_uri *base;
    enum wire_api wire_api;
    struct assay_policy *policy; /* complete; taken over */
    enum assay_wire wire;        /* one of the policy's */
    const char *policy_path;
    const char *server_name;
    const char *http_proxy;
    const char *resolve;
    const char *key_path;
    const char *key_env;
};

/* Adds it to those there are; what fails is in *m->err, and nothing is done
 * where something has failed before. */
void providers_make(const struct making *m, const struct provider_words *w);
/* A copy that lives as long as all of them; NULL: no memory, and said. */
const char *providers_keep(const struct making *m, struct assay_slice text);
void providers_free_one(struct provider *p);
