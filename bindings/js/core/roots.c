/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * roots.c - whom a client believes: the root of quotes, and those of TLS.
 */
#include "state.h"

static void
destroy_root(void *object)
{
    assay_root_free(((struct js_root *)object)->own);
}

static void
destroy_roots(void *object)
{
    assay_tls_roots_free(((struct js_roots *)object)->roots);
}

const struct js_kind js_root_kind = {"root", sizeof(struct js_root),
                                     destroy_root};
const struct js_kind js_roots_kind = {"set of roots", sizeof(struct js_roots),
                                      destroy_roots};

struct js_root *
js_root_new(const uint8_t *certificate, uint32_t len)
{
    struct assay_slice text;
    struct assay_error err;
    struct js_root *r;

    if (!js_ready() || !js_octets(certificate, len, &text)) {
        return NULL;
    }
    r = js_object_new(&js_root_kind);
    if (r == NULL) {
        return NULL;
    }
    r->root = assay_root_intel();
    if (len == 0) {
        return r;
    }
    if (assay_root_parse(js_instance.ctx, text, &r->own, &err) != ASSAY_OK) {
        (void)js_failed(&err);
        js_object_drop(r);
        return NULL;
    }
    r->root = r->own;
    return r;
}

void
js_root_free(struct js_root *r)
{
    js_object_give_back(r, &js_root_kind);
}

struct js_roots *
js_roots_new(const uint8_t *pem, uint32_t len)
{
    struct assay_slice text;
    struct assay_error err;
    struct js_roots *r;
    size_t count;

    if (!js_ready() || !js_octets(pem, len, &text)) {
        return NULL;
    }
    r = js_object_new(&js_roots_kind);
    if (r == NULL) {
        return NULL;
    }
    if (assay_tls_roots_parse(js_instance.ctx, text, &r->roots, &count, &err) !=
        ASSAY_OK) {
        (void)js_failed(&err);
        js_object_drop(r);
        return NULL;
    }
    return r;
}

void
js_roots_free(struct js_roots *r)
{
    js_object_give_back(r, &js_roots_kind);
}
