/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * site.c - see site.h.
 */
#include "site.h"

#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "daemon/token.h"

enum assay_code
site_new(struct options *o, struct site **out, struct assay_error *err)
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
    o = &s->options;
    if (allow_new(o->allow, &s->allow, err) != ASSAY_OK ||
        (o->token_file != NULL &&
         token_read(o->token_file, &s->token, err) != ASSAY_OK) ||
        (o->cert != NULL &&
         certificate_read(o->cert, o->key, (int64_t)time(NULL), &s->certificate,
                          err) != ASSAY_OK)) {
        site_drop(s);
        return err->code;
    }
    s->guard.private_ok = o->allow_private;
    s->rules = (struct admission_rules){
        .path = o->path,
        .allow = s->allow,
        .has_fallback = true,
        .fallback = o->target,
        .token = (const char *)s->token.ptr, /* NULL: none */
        .origins = o->origins,
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
        allow_free(s->allow);
        certificate_drop(s->certificate);
        options_free(&s->options);
        assay_buf_free(&s->token); /* wiped */
        free(s);
    }
}
