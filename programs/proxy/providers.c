/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * providers.c - the upstreams of Codex's file and of ours.
 */
#include "providers.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "codex_config.h"
#include "daemon/sandbox.h"
#include "io/file.h"
#include "io/load.h"
#include "provider_values.h"
#include "providers_make.h"

/* From here on the policy has the hash of its compose file in place of the
 * file. `of`: where the policy stands. */
static void
complete_policy(const struct making *m, struct assay_policy *p, const char *of)
{
    struct assay_buf content;

    if (m->err->code == ASSAY_OK) {
        (void)!assay_load_compose_file(m->ctx, p, of, &content, m->err);
        assay_buf_free(&content);
    }
}

/* --- Codex's -------------------------------------------------------------- */

/* What --codex-wire says for this provider: by its name, or else for all. */
static enum assay_wire
wire_of(const struct making *m, const char *name)
{
    enum assay_wire wire = ASSAY_WIRE_V2;
    const char *list = m->options->codex_wire;
    const char *names[SETTING_NAMES_MAX];
    size_t len = strlen(name);
    bool named = false;
    size_t count = 0;

    if (list != NULL) {
        count =
            given_split(&m->all->texts, list, names, "--codex-wire", m->err);
    }
    for (size_t i = 0; i < count; i++) {
        const char *is = strchr(names[i], '=');

        if (is == NULL && !named) {
            (void)options_wire(assay_slice_of(names[i]), &wire);
        } else if (is != NULL && (size_t)(is - names[i]) == len &&
                   memcmp(names[i], name, len) == 0) {
            (void)options_wire(assay_slice_of(is + 1), &wire);
            named = true;
        }
    }
    return wire;
}

static bool
allows(const struct assay_policy *p, enum assay_wire wire)
{
    for (size_t i = 0; i < assay_policy_wire_count(p); i++) {
        if (assay_policy_wire(p, i) == wire) {
            return true;
        }
    }
    return false;
}

/* The readme's form has no member for it, so its policy is written once more
 * with one. */
static void
add_wire(const struct making *m, enum assay_wire wire,
         struct assay_policy **policy)
{
    struct assay_buf said;
    struct assay_buf text;

    assay_buf_init(&said, ASSAY_POLICY_MAX_BYTES);
    assay_buf_init(&text, ASSAY_POLICY_MAX_BYTES);
    if (assay_policy_to_json(*policy, false, &said, m->err) == ASSAY_OK) {
        assay_buf_printf(&text, "{\"wires\": [\"%s\"], ",
                         assay_wire_name(wire));
        assay_buf_add(&text, (struct assay_slice){said.ptr + 1, said.len - 1});
        assay_policy_free(*policy);
        *policy = NULL;
        if (assay_buf_check(&text, "policy", m->err) == ASSAY_OK) {
            (void)!assay_policy_parse(assay_buf_slice(&text), policy, m->err);
        }
    }
    assay_buf_free(&said);
    assay_buf_free(&text);
}

/* Without --codex-wire it is the policy's, which is v2 unless it has a type and
 * says otherwise. */
static enum assay_wire
choose_wire(const struct making *m, struct codex_provider *c)
{
    enum assay_wire wire;

    if (m->options->codex_wire == NULL) {
        return assay_policy_wire(c->policy, 0);
    }
    wire = wire_of(m, c->name);
    if (m->err->code == ASSAY_OK && !allows(c->policy, wire)) {
        if (c->typed) {
            assay_fail(m->err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "--codex-wire: the policy does not allow %s",
                       assay_wire_name(wire));
        } else {
            add_wire(m, wire, &c->policy);
        }
    }
    return wire;
}

static void
take_codex_provider(const struct making *m, struct codex_provider *c)
{
    struct provider_words w = {
        .name = c->name,
        .title = c->title,
        .base = &c->base,
        .wire_api = c->wire_api,
        .wire = choose_wire(m, c),
    };

    complete_policy(m, c->policy, m->options->codex_config);
    if (m->err->code == ASSAY_OK) {
        w.policy = c->policy;
        c->policy = NULL;
        providers_make(m, &w);
    }
    assay_error_prefix(m->err, "model_providers.%s", c->name);
}

/* A name in it that no provider has would leave one on another wire than was
 * meant. */
static void
check_wire_names(const struct making *m, const struct codex_config *c)
{
    const char *names[SETTING_NAMES_MAX];
    size_t count = 0;

    if (m->options->codex_wire != NULL) {
        count = given_split(&m->all->texts, m->options->codex_wire, names,
                            "--codex-wire", m->err);
    }
    for (size_t i = 0; i < count && m->err->code == ASSAY_OK; i++) {
        const char *is = strchr(names[i], '=');
        bool found = is == NULL;

        for (size_t k = 0; !found && k < c->count; k++) {
            size_t len = strlen(c->all[k]->name);

            found = (size_t)(is - names[i]) == len &&
                    memcmp(names[i], c->all[k]->name, len) == 0;
        }
        if (!found) {
            assay_fail(m->err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "--codex-wire: no provider of '%.80s' attests",
                       names[i]);
        }
    }
}

static void
read_codex(const struct making *m)
{
    const char *path = m->options->codex_config;
    struct codex_config *config = NULL;
    struct assay_buf text;

    if (path == NULL) {
        return;
    }
    if (assay_file_read(path, CODEX_CONFIG_MAX_BYTES, &text, m->err) ==
        ASSAY_OK) {
        if (codex_config_read(assay_buf_slice(&text), &config, m->err) ==
            ASSAY_OK) {
            check_wire_names(m, config);
        }
        for (size_t i = 0; m->err->code == ASSAY_OK && i < config->count; i++) {
            take_codex_provider(m, config->all[i]);
        }
        assay_error_prefix(m->err, "%s", path);
    }
    codex_config_free(config);
    assay_buf_free(&text);
}

/* --- ours ----------------------------------------------------------------- */

static const char *
our_file(const struct making *m)
{
    return m->options->config != NULL ? m->options->config : "";
}

/* From the folder of our file; NULL: it names none, or no memory. */
static const char *
path_of(const struct making *m, const char *path)
{
    const char *kept = NULL;
    struct assay_buf whole;

    if (path == NULL || m->err->code != ASSAY_OK) {
        return NULL;
    }
    if (assay_load_path_beside(our_file(m), path, &whole, "upstreams",
                               m->err) == ASSAY_OK) {
        kept = providers_keep(m, assay_slice_of((const char *)whole.ptr));
    }
    assay_buf_free(&whole);
    return kept;
}

static void
read_policy(const struct making *m, const struct upstream_entry *e,
            struct provider_words *w)
{
    if (m->err->code != ASSAY_OK) {
        return;
    }
    if (w->policy_path != NULL) {
        (void)!assay_load_policy(m->ctx, w->policy_path, &w->policy, m->err);
        assay_error_prefix(m->err, "policy");
    } else if (assay_policy_parse_ratls(assay_slice_of(e->policy_json),
                                        &w->policy, m->err) == ASSAY_OK) {
        complete_policy(m, w->policy, our_file(m));
    }
    if (m->err->code == ASSAY_OK) {
        w->wire = assay_policy_wire(w->policy, 0);
    }
}

static void
take_upstream(const struct making *m, const struct upstream_entry *e)
{
    struct assay_uri base;
    struct provider_words w = {
        .name = e->name,
        .title = e->title,
        .base = &base,
        .policy_path = path_of(m, e->policy_file),
        .server_name = e->server_name,
        .http_proxy = e->http_proxy,
        .resolve = e->resolve,
        .key_path = path_of(m, e->api_key_file),
        .key_env = e->api_key_env,
    };

    if (m->err->code == ASSAY_OK) {
        (void)!provider_parse_base(assay_slice_of(e->base_url), &base, m->err);
    }
    if (m->err->code == ASSAY_OK && e->wire_api != NULL) {
        (void)!provider_parse_wire_api(assay_slice_of(e->wire_api), &w.wire_api,
                                       m->err);
    }
    read_policy(m, e, &w);
    if (m->err->code == ASSAY_OK) {
        providers_make(m, &w);
    } else {
        assay_policy_free(w.policy);
    }
    assay_error_prefix(m->err, "upstreams.%s", e->name);
}

/* --- both ----------------------------------------------------------------- */

enum assay_code
providers_read(const struct assay_ctx *ctx, const struct options *o,
               struct providers **out, struct assay_error *err)
{
    struct all_providers *all = calloc(1, sizeof(*all));
    struct making m = {ctx, o, all, err};

    *out = NULL;
    assay_error_clear(err);
    if (all == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "upstreams");
    }
    read_codex(&m);
    for (size_t i = 0; i < o->upstream_count && err->code == ASSAY_OK; i++) {
        take_upstream(&m, &o->upstreams[i]);
    }
    if (err->code != ASSAY_OK) {
        providers_free(&all->list);
        return err->code;
    }
    *out = &all->list;
    return ASSAY_OK;
}

void
providers_free(struct providers *p)
{
    struct all_providers *all = (struct all_providers *)p;

    if (p == NULL) {
        return;
    }
    for (size_t i = 0; i < p->count; i++) {
        providers_free_one(p->all[i]);
    }
    for (size_t i = 0; i < all->root_count; i++) {
        assay_tls_roots_free(all->roots[i].roots);
    }
    given_free(&all->texts);
    free(all);
}
