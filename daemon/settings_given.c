/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * settings_given.c - settings as they were written, and the memory for that.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/settings.h"

struct kept_text {
    struct kept_text *next;
    char text[];
};

const char *
given_keep(struct given *g, struct assay_slice text)
{
    struct kept_text *k = malloc(sizeof(*k) + text.len + 1);

    if (k == NULL) {
        return NULL;
    }
    assay_copy(k->text, text);
    k->text[text.len] = '\0';
    k->next = g->kept;
    g->kept = k;
    return k->text;
}

size_t
given_split(struct given *g, const char *list,
            const char *names[SETTING_NAMES_MAX], const char *what,
            struct assay_error *err)
{
    size_t count = 0;

    for (;;) {
        size_t len = strcspn(list, ",");
        const char *name = NULL;

        if (count < SETTING_NAMES_MAX && len > 0) {
            name =
                given_keep(g, (struct assay_slice){(const uint8_t *)list, len});
            if (name == NULL) {
                assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "%s", what);
                return 0;
            }
        }
        if (name == NULL) {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "%s: 1 to %u names with commas between them", what,
                       SETTING_NAMES_MAX);
            return 0;
        }
        names[count++] = name;
        if (list[len] == '\0') {
            return count;
        }
        list += len + 1;
    }
}

enum assay_code
given_copy(const struct given *g, struct given *out, struct assay_error *err)
{
    *out = (struct given){.kept = NULL};
    assay_error_clear(err);
    for (size_t i = 0; i < SETTINGS_MAX && err->code == ASSAY_OK; i++) {
        if (g->texts[i] != NULL) {
            out->texts[i] = given_keep(out, assay_slice_of(g->texts[i]));
            if (out->texts[i] == NULL) {
                assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "settings");
            }
        }
    }
    return err->code;
}

bool
given_same(const struct given *a, const struct given *b, size_t row)
{
    const char *x = a->texts[row];
    const char *y = b->texts[row];

    return x == NULL || y == NULL ? x == y : strcmp(x, y) == 0;
}

void
given_free(struct given *g)
{
    while (g->kept != NULL) {
        struct kept_text *next = g->kept->next;

        free(g->kept);
        g->kept = next;
    }
}
