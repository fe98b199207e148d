/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * providers_make.c - one provider, from what a file says of it to all that its
 * connections rest on.
 */
#include "providers_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "io/load.h"
#include "io/pcs.h"
#include "io/resolve.h"
#include "key.h"
#include "provider_values.h"

#define POLICY_TEXT_MAX_BYTES (8u * 1024u * 1024u)

const char *
providers_keep(const struct making *m, struct assay_slice text)
{
    const char *copy = given_keep(&m->all->texts, text);

    if (copy == NULL) {
        assay_fail(m->err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "providers");
    }
    return copy;
}

/* --- where it is ---------------------------------------------------------- */

static void
make_names(const struct making *m, const struct provider_words *w,
           struct provider *p)
{
    struct assay_uri named = *w->base;
    char authority[ASSAY_URI_HOST_MAX + 10];

    if (w->server_name != NULL &&
        provider_parse_server_name(w->server_name, &named, m->err) !=
            ASSAY_OK) {
        return;
    }
    assay_uri_authority(&named, authority);
    p->base = *w->base;
    p->server_name = providers_keep(m, assay_slice_of(named.host));
    p->authority = providers_keep(m, assay_slice_of(authority));
    p->title =
        providers_keep(m, assay_slice_of(w->title != NULL ? w->title : ""));
    snprintf(p->name, sizeof(p->name), "%s", w->name);
}

/* Those of the upstream itself come first, as the first that fit are taken. */
static void
add_resolves(const struct making *m, const char *list, struct own_provider *own)
{
    struct assay_dial_options *dial = &own->provider.dial;
    const char *names[SETTING_NAMES_MAX];
    size_t count;

    if (list == NULL || m->err->code != ASSAY_OK) {
        return;
    }
    count = given_split(&m->all->texts, list, names, "resolve", m->err);
    for (size_t i = 0; i < count && m->err->code == ASSAY_OK; i++) {
        if (dial->resolve_count == ASSAY_DIAL_RESOLVE_MAX) {
            assay_fail(m->err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                       "resolve: more than %u", ASSAY_DIAL_RESOLVE_MAX);
            return;
        }
        (void)!assay_resolve_parse((char *)names[i], /* our own copy */
                                   &own->resolve[dial->resolve_count++],
                                   m->err);
    }
}

/* A proxy that cannot be used is better said now: without it, requests would
 * take another way than was asked for. */
static void
choose_proxy(const struct making *m, const struct provider_words *w,
             struct own_provider *own)
{
    const char *said =
        w->http_proxy != NULL ? w->http_proxy : m->options->http_proxy;

    if (said == NULL) {
        own->proxy = assay_dial_proxy_of_environment(w->base->host);
        said = own->proxy;
        if (said != NULL && m->err->code == ASSAY_OK &&
            provider_check_proxy(said, m->err) != ASSAY_OK) {
            assay_error_prefix(m->err, "proxy of the environment (--http-proxy "
                                       "off for none)");
        }
    }
    own->provider.dial.proxy = said != NULL && said[0] != '\0' ? said : NULL;
}

static void
make_dial(const struct making *m, const struct provider_words *w,
          struct own_provider *own)
{
    struct assay_dial_options *dial = &own->provider.dial;

    *dial = (struct assay_dial_options){
        .resolve = own->resolve,
        .timeout_ms = m->options->connect_ms,
    };
    (void)snprintf(dial->to.host, sizeof(dial->to.host), "%s", w->base->host);
    (void)snprintf(dial->to.port, sizeof(dial->to.port), "%u",
                   (unsigned)w->base->port);
    choose_proxy(m, w, own);
    add_resolves(m, w->resolve, own);
    add_resolves(m, m->options->resolve, own);
}

/* --- what it must prove --------------------------------------------------- */

static void
read_root(const struct making *m, struct provider *p)
{
    const char *of_policy = assay_policy_trusted_root(p->policy);

    if (m->err->code != ASSAY_OK) {
        return;
    }
    if (m->options->root != NULL) {
        (void)!assay_load_root(m->ctx, m->options->root, &p->own_root, m->err);
        assay_error_prefix(m->err, "--root");
    } else if (of_policy != NULL) {
        (void)!assay_load_root_of_policy(m->ctx, of_policy, &p->own_root,
                                         m->err);
    }
    p->root = p->own_root != NULL ? p->own_root : assay_root_intel();
}

static bool
same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
share_roots(const struct making *m, struct provider *p)
{
    const char *of_policy = assay_policy_ca_file(p->policy);
    const char *files[] = {of_policy, m->options->ca};
    struct shared_roots *r = m->all->roots;

    if (m->err->code != ASSAY_OK) {
        return;
    }
    for (size_t i = 0; i < m->all->root_count; i++, r++) {
        if (same_text(r->ca_file, of_policy)) {
            p->roots = r->roots;
            return;
        }
    }
    if (assay_load_tls_roots(m->ctx, files, 2, &r->roots, m->err) == ASSAY_OK) {
        r->ca_file = of_policy;
        p->roots = r->roots;
        m->all->root_count++;
    } else if (m->options->ca != NULL) {
        assay_error_prefix(m->err,
                           of_policy != NULL ? "ca_file, --ca" : "--ca");
    }
}

/* Each source has its share of the time, so that one that hangs does not keep
 * the next from being asked. */
static void
make_sources(const struct making *m, struct provider *p)
{
    const struct options *o = m->options;

    p->source_count = assay_search_sources(o->sources, o->source_count,
                                           p->policy, p->sources);
    p->fetch = (struct assay_fetch_options){
        .ca_file = o->pccs_ca,
        .more_ca_file = assay_policy_ca_file(p->policy),
        .timeout_ms = o->attest_ms / ((uint32_t)p->source_count + 1) + 1,
    };
    p->use_cache = !o->no_cache && assay_policy_cache_collateral(p->policy);
}

static void
make_judgement(const struct making *m, const struct provider_words *w,
               struct provider *p)
{
    p->wire = w->wire;
    if (m->err->code == ASSAY_OK) {
        (void)!assay_policy_to_json(p->policy, false, &p->policy_text, m->err);
    }
    read_root(m, p);
    share_roots(m, p);
    make_sources(m, p);
}

/* --- all of it ------------------------------------------------------------ */

static void
read_key(const struct making *m, const struct provider_words *w,
         struct provider *p)
{
    if (m->err->code != ASSAY_OK) {
        return;
    }
    if (w->key_path != NULL) {
        (void)!key_read_file(w->key_path, &p->authorization, m->err);
        assay_error_prefix(m->err, "api_key_file");
    } else if (w->key_env != NULL && key_read_env(w->key_env, &p->authorization,
                                                  m->err) != ASSAY_OK) {
        assay_error_prefix(m->err, "api_key_env");
    }
}

static bool
has_room(const struct making *m, const struct provider_words *w)
{
    const struct providers *list = &m->all->list;

    if (m->err->code == ASSAY_OK && list->count == PROVIDERS_MAX) {
        assay_fail(m->err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                   "more than %u upstreams", PROVIDERS_MAX);
    } else if (m->err->code == ASSAY_OK &&
               providers_find(list, assay_slice_of(w->name)) != NULL) {
        assay_fail(m->err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "both files have an upstream of this name");
    }
    return m->err->code == ASSAY_OK;
}

void
providers_make(const struct making *m, const struct provider_words *w)
{
    struct own_provider *own = has_room(m, w) ? calloc(1, sizeof(*own)) : NULL;
    struct provider *p;

    if (own == NULL) {
        assay_policy_free(w->policy);
        assay_fail(m->err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "upstreams");
        return;
    }
    p = &own->provider;
    m->all->list.all[m->all->list.count++] = p;
    assay_buf_init(&p->policy_text, POLICY_TEXT_MAX_BYTES);
    assay_buf_init(&p->compose_file, 0);
    assay_buf_init(&p->authorization, 0);
    p->policy = w->policy;
    p->wire_api = w->wire_api;
    own->policy_path = w->policy_path;
    own->key_path = w->key_path;
    make_names(m, w, p);
    make_dial(m, w, own);
    make_judgement(m, w, p);
    read_key(m, w, p);
}

void
providers_free_one(struct provider *p)
{
    struct own_provider *own = (struct own_provider *)p;

    free(own->proxy);
    assay_policy_free(p->policy);
    assay_buf_free(&p->policy_text);
    assay_buf_free(&p->compose_file);
    assay_buf_free(&p->authorization); /* wiped */
    assay_root_free(p->own_root);
    free(own);
}
