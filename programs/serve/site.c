/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * site.c - settings and certificates, as one thing that is replaced as a whole.
 */
#include "site.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "io/file.h"
#include "settings.h"

#define SELF_SIGNED_DAYS 365u

/* --- identities --------------------------------------------------------- */

static void
set_names(struct options *o, const char *list, struct assay_tls_identity *i,
          struct assay_error *err)
{
    const char *names[SETTING_NAMES_MAX];
    size_t count = given_split(&o->given, list, names, "names", err);

    if (err->code == ASSAY_OK) {
        (void)!assay_tls_identity_set_names(i, names, count, err);
    }
}

static struct assay_tls_identity *
read_identity(struct options *o, const struct certificate_files *f,
              const struct assay_ctx *ctx, struct assay_error *err)
{
    struct assay_tls_identity *i = NULL;
    struct assay_buf chain;
    struct assay_buf key;

    assay_buf_init(&key, 0);
    if (assay_file_read(f->cert, ASSAY_TLS_IDENTITY_MAX_BYTES, &chain, err) ==
            ASSAY_OK &&
        assay_file_read(f->key, ASSAY_TLS_IDENTITY_MAX_BYTES, &key, err) ==
            ASSAY_OK) {
        (void)!assay_tls_identity_parse(ctx, assay_buf_slice(&chain),
                                        assay_buf_slice(&key), &i, err);
        if (err->code == ASSAY_OK && f->names != NULL) {
            set_names(o, f->names, i, err);
        }
        assay_error_prefix(err, "%s, %s", f->cert, f->key);
    }
    assay_buf_free(&chain);
    assay_buf_free(&key);
    return i;
}

static void
read_identities(struct site *s, const struct assay_ctx *ctx,
                struct assay_error *err)
{
    struct options *o = &s->options;

    for (size_t k = 0; k < o->certificate_count && err->code == ASSAY_OK; k++) {
        struct assay_tls_identity *i =
            read_identity(o, &o->certificates[k], ctx, err);

        if (s->identity == NULL) {
            s->identity = i;
        } else if (i != NULL) {
            assay_tls_identity_add(s->identity, i);
        }
    }
}

static bool
same_names(const struct options *a, const struct options *b)
{
    bool same = a->name_count == b->name_count;

    for (size_t i = 0; same && i < a->name_count; i++) {
        same = strcmp(a->names[i], b->names[i]) == 0;
    }
    return same;
}

/* A reload is no reason for a new key. */
static void
make_identity(struct site *s, const struct assay_ctx *ctx, struct site *before,
              struct assay_error *err)
{
    const struct options *o = &s->options;

    if (before != NULL && same_names(o, &before->options)) {
        s->maker = site_hold(before->maker != NULL ? before->maker : before);
        s->identity = before->identity;
        return;
    }
    (void)!assay_tls_identity_make(ctx, o->names, o->name_count,
                                   (int64_t)time(NULL), SELF_SIGNED_DAYS,
                                   &s->identity, err);
}

/* --- life --------------------------------------------------------------- */

enum assay_code
site_new(struct options *o, const struct assay_ctx *ctx, struct site *before,
         struct site **out, struct assay_error *err)
{
    struct site *s = calloc(1, sizeof(*s));

    *out = NULL;
    assay_error_clear(err);
    if (s == NULL) {
        options_free(o);
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "settings");
    }
    atomic_init(&s->holders, 1);
    s->options = *o;
    o->given.kept = NULL; /* handed to the site */
    if (s->options.name_count > 0) {
        make_identity(s, ctx, before, err);
    } else {
        read_identities(s, ctx, err);
    }
    if (err->code != ASSAY_OK ||
        trust_read(&s->trust, &s->options, ctx,
                   before != NULL ? &before->trust : NULL, err) != ASSAY_OK) {
        site_drop(s);
        return err->code;
    }
    *out = s;
    return ASSAY_OK;
}

struct site *
site_hold(struct site *s)
{
    atomic_fetch_add(&s->holders, 1);
    return s;
}

void
site_drop(struct site *s)
{
    while (s != NULL && atomic_fetch_sub(&s->holders, 1) == 1) {
        struct site *maker = s->maker;

        if (maker == NULL) {
            assay_tls_identity_free(s->identity);
        }
        trust_free(&s->trust);
        options_free(&s->options);
        free(s);
        s = maker;
    }
}

static void
on_search_begun(void *site)
{
    (void)site_hold(site);
}

static void
on_search_ended(void *site)
{
    site_drop(site);
}

/* A search that nobody waits for any more still reads the root. */
struct assay_supply_options
site_supply(struct site *s, const struct assay_ctx *ctx, uint32_t limit_ms)
{
    struct assay_supply_options o =
        trust_supply(&s->trust, &s->options, ctx, limit_ms);

    o.begun = on_search_begun;
    o.ended = on_search_ended;
    o.owner = s;
    return o;
}

/* --- what it says ------------------------------------------------------- */

static bool
shows(const struct site *s, const uint8_t sha256[32])
{
    for (const struct assay_tls_identity *i = s->identity; i != NULL;
         i = assay_tls_identity_next(i)) {
        uint8_t own[32];

        assay_tls_identity_sha256(i, own);
        if (memcmp(own, sha256, sizeof(own)) == 0) {
            return true;
        }
    }
    return false;
}

bool
site_shows(const struct site *s, const struct assay_tls_identity *identity)
{
    uint8_t sha256[32];

    assay_tls_identity_sha256(identity, sha256);
    return shows(s, sha256);
}

enum assay_code
site_write_chain(const struct site *s, struct assay_error *err)
{
    struct assay_buf pem;

    assay_error_clear(err);
    if (s->options.cert_out == NULL) {
        return ASSAY_OK;
    }
    assay_buf_init(&pem, 2 * ASSAY_TLS_IDENTITY_MAX_BYTES);
    assay_tls_identity_pem(s->identity, &pem);
    if (assay_buf_check(&pem, "--cert-out", err) == ASSAY_OK) {
        (void)!assay_file_write(s->options.cert_out, assay_buf_slice(&pem),
                                0644, err);
    }
    assay_buf_free(&pem);
    return err->code;
}
