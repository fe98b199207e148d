/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * site.c - see site.h.
 */
#include "site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "daemon/token.h"

#define HOSTS_MAX_BYTES (64u * 1024u)

static bool
puts_keys_in(const struct providers *p)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->all[i]->authorization.len > 0) {
            return true;
        }
    }
    return false;
}

static void
make_secret(struct site *s, const uint8_t secret[SITE_SECRET_BYTES])
{
    for (size_t i = 0; i < SITE_SECRET_BYTES && puts_keys_in(s->providers);
         i++) {
        snprintf(s->secret + 2 * i, 3, "%02x", secret[i]);
    }
}

enum assay_code
site_new(struct options *o, const struct assay_ctx *ctx, struct learnt *learnt,
         const uint8_t secret[SITE_SECRET_BYTES], struct site **out,
         struct assay_error *err)
{
    struct site *s = calloc(1, sizeof(*s));

    *out = NULL;
    assay_error_clear(err);
    if (s == NULL) {
        options_free(o);
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "settings");
    }
    s->options = *o;
    *o = (struct options){.config = NULL};
    atomic_init(&s->holders, 1);
    s->learnt = learnt_hold(learnt);
    o = &s->options;
    if (providers_read(ctx, o, &s->providers, err) == ASSAY_OK &&
        o->token_file != NULL &&
        token_read(o->token_file, &s->token, err) != ASSAY_OK) {
        assay_error_prefix(err, "--token-file");
    }
    if (err->code != ASSAY_OK) {
        site_drop(s);
        return err->code;
    }
    make_secret(s, secret);
    s->rules = (struct admission_rules){
        .providers = s->providers,
        .hosts = "",
        .origins = o->allow_origin,
        .token = (const char *)s->token.ptr, /* NULL: none */
        .secret = s->secret[0] != '\0' ? s->secret : NULL,
    };
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
    if (s != NULL && atomic_fetch_sub(&s->holders, 1) == 1) {
        providers_free(s->providers);
        learnt_drop(s->learnt);
        options_free(&s->options);
        assay_buf_free(&s->token); /* wiped */
        assay_buf_free(&s->hosts);
        free(s);
    }
}

/* --- names of our own ---------------------------------------------------- */

static bool
is_unix(const char *address)
{
    return strncmp(address, "unix:", 5) == 0;
}

/* "127.0.0.1:8989": loopback by all of its names, and the address itself. */
static void
put_own_names(struct assay_buf *to, const char *address)
{
    static const char *const loopback[] = {"localhost", "127.0.0.1", "[::1]"};
    const char *port = strrchr(address, ':');

    for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
        assay_buf_printf(to, "%s%s, ", loopback[i], port != NULL ? port : "");
    }
    assay_buf_printf(to, "%s, ", address);
}

static enum assay_code
check_reach(const struct site *s, const char *address, struct assay_error *err)
{
    struct assay_address at;

    if (!is_unix(address) &&
        assay_address_parse(address, NULL, &at, err) == ASSAY_OK &&
        !options_is_local(&at) &&
        !(s->options.allow_remote && s->token.len > 0)) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "%s is listened at, which is not of this machine alone: "
                   "that wants --allow-remote and --token-file",
                   address);
    }
    return err->code;
}

enum assay_code
site_listens(struct site *s, const char *address, struct assay_error *err)
{
    assay_error_clear(err);
    if (check_reach(s, address, err) != ASSAY_OK) {
        return err->code;
    }
    if (is_unix(address)) { /* no page can reach it, whatever it is called */
        s->rules.hosts = NULL;
        return ASSAY_OK;
    }
    assay_buf_init(&s->hosts, HOSTS_MAX_BYTES);
    put_own_names(&s->hosts, address);
    assay_buf_add_text(&s->hosts, s->options.allow_host);
    assay_buf_add_u8(&s->hosts, '\0');
    s->rules.hosts = (const char *)s->hosts.ptr;
    return assay_buf_check(&s->hosts, "--allow-host", err);
}
