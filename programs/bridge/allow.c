/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * allow.c - the targets that clients may be connected to.
 */
#include "allow.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "http1/fields.h"

struct allow {
    size_t count;
    struct allow_entry list[ALLOW_ENTRIES_MAX];
};

static void
add(struct allow *a, struct assay_slice text, struct assay_error *err)
{
    struct allow_entry *e = &a->list[a->count];
    struct assay_slice rest = text;

    if (a->count == ALLOW_ENTRIES_MAX) {
        assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                   "more than %u allowed targets", ALLOW_ENTRIES_MAX);
        return;
    }
    *e = (struct allow_entry){.below = false};
    if (assay_slice_is(text, "*")) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "'*' would be anything: name each target, or write "
                   "*.DOMAIN:PORT");
        return;
    }
    if (text.len > 2 && text.ptr[0] == '*' && text.ptr[1] == '.') {
        e->below = true;
        rest.ptr += 2;
        rest.len -= 2;
    }
    if (target_parse(rest, &e->target, err) != ASSAY_OK) {
        return;
    }
    if (e->below && e->target.is_ip) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "'%.*s': an address has no names below it",
                   (int)(text.len < 80 ? text.len : 80),
                   (const char *)text.ptr);
        return;
    }
    a->count++;
}

enum assay_code
allow_new(const char *list, struct allow **out, struct assay_error *err)
{
    struct assay_slice rest = assay_slice_of(list);
    struct assay_slice text;
    struct allow *a = calloc(1, sizeof(*a));

    assay_error_clear(err);
    *out = NULL;
    if (a == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "allowlist");
    }
    while (err->code == ASSAY_OK && assay_http1_list_next(&rest, &text)) {
        add(a, text, err);
    }
    if (err->code == ASSAY_OK && a->count == 0) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET, "it names no target");
    }
    if (err->code != ASSAY_OK) {
        free(a);
        return err->code;
    }
    *out = a;
    return ASSAY_OK;
}

void
allow_free(struct allow *a)
{
    free(a);
}

size_t
allow_count(const struct allow *a)
{
    return a->count;
}

const struct allow_entry *
allow_entry(const struct allow *a, size_t i)
{
    return &a->list[i];
}

/* Is the name below the domain? */
static bool
is_below(const char *name, const char *domain)
{
    size_t n = strlen(name);
    size_t d = strlen(domain);

    return n > d + 1 && name[n - d - 1] == '.' &&
           strcmp(name + n - d, domain) == 0;
}

static bool
allows_below(const struct allow_entry *e, const struct target *t)
{
    return e->below && !t->is_ip && t->port == e->target.port &&
           is_below(t->host, e->target.host);
}

const struct allow_entry *
allow_find(const struct allow *a, const struct target *t)
{
    const struct allow_entry *found = NULL;

    for (size_t i = 0; i < a->count; i++) {
        const struct allow_entry *e = &a->list[i];

        if (!e->below && target_same(&e->target, t)) {
            return e;
        }
        if (found == NULL && allows_below(e, t)) {
            found = e;
        }
    }
    return found;
}
