/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dcap/issuers.h"

#include <stdlib.h>

struct entry {
    struct assay_issuer_pair pair; /* borrows the bytes below */
    struct entry *next;
    size_t text_len;
    uint8_t bytes[]; /* text, DER of the CA, DER of the root */
};

struct assay_issuers {
    struct assay_lock *lock;
    uint32_t room; /* entries that may still be added */
    struct entry *first;
};

struct assay_issuers *
assay_issuers_new(uint32_t max)
{
    struct assay_issuers *i = calloc(1, sizeof(*i));

    if (i == NULL) {
        return NULL;
    }
    i->room = max;
    i->lock = assay_lock_new();
    if (i->lock == NULL) {
        free(i);
        return NULL;
    }
    return i;
}

void
assay_issuers_free(struct assay_issuers *i)
{
    if (i == NULL) {
        return;
    }
    while (i->first != NULL) {
        struct entry *e = i->first;

        i->first = e->next;
        free(e);
    }
    assay_lock_free(i->lock);
    free(i);
}

static const struct entry *
find(const struct assay_issuers *i, struct assay_slice text)
{
    const struct entry *e = i->first;

    while (
        e != NULL &&
        !assay_slice_equal((struct assay_slice){e->bytes, e->text_len}, text)) {
        e = e->next;
    }
    return e;
}

const struct assay_issuer_pair *
assay_issuers_get(struct assay_issuers *i, struct assay_slice text)
{
    const struct entry *e;

    assay_lock_take(i->lock);
    e = find(i, text);
    assay_lock_release(i->lock);
    return e == NULL ? NULL : &e->pair;
}

/* A copy that owns its bytes: the certificates are parsed again from them. */
static struct entry *
new_entry(struct assay_slice text, const struct assay_issuer_pair *pair)
{
    size_t ca_len = pair->ca.der.len;
    size_t root_len = pair->root.der.len;
    struct entry *e = calloc(1, sizeof(*e) + text.len + ca_len + root_len);
    struct assay_error err;

    if (e == NULL) {
        return NULL;
    }
    uint8_t *ca = e->bytes + text.len;
    uint8_t *root = ca + ca_len;

    e->text_len = text.len;
    assay_copy(e->bytes, text);
    assay_copy(ca, pair->ca.der);
    assay_copy(root, pair->root.der);
    e->pair = *pair;
    if (assay_cert_parse((struct assay_slice){ca, ca_len}, &e->pair.ca, &err) !=
            ASSAY_OK ||
        assay_cert_parse((struct assay_slice){root, root_len}, &e->pair.root,
                         &err) != ASSAY_OK) {
        free(e);
        return NULL;
    }
    return e;
}

void
assay_issuers_put(struct assay_issuers *i, struct assay_slice text,
                  const struct assay_issuer_pair *pair)
{
    struct entry *e = NULL;

    assay_lock_take(i->lock);
    if (i->room > 0 && find(i, text) == NULL) {
        e = new_entry(text, pair);
    }
    if (e != NULL) {
        e->next = i->first;
        i->first = e;
        i->room--;
    }
    assay_lock_release(i->lock);
}
