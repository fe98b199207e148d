/* Target functions: target_of_query, allow_new, allow_find
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The first line is a request's target, the second an allowlist. What is read
 * has one spelling, which reads as the same; what is allowed has an entry of
 * its port.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/fuzz.h"
#include "programs/bridge/allow.h"

static void
check_spelling(const struct target *t)
{
    char text[TARGET_TEXT_BYTES];
    struct assay_error err;
    struct target again;

    target_text(t, text);
    PROMISE(target_parse(assay_slice_of(text), &again, &err) == ASSAY_OK);
    PROMISE(target_same(t, &again));
}

static void
check_list(const char *list, const struct target *t)
{
    const struct allow_entry *by;
    struct assay_error err;
    struct allow *a;
    enum assay_code code = allow_new(list, &a, &err);

    fuzz_check_error(&err, code, SIZE_MAX);
    PROMISE((a != NULL) == (code == ASSAY_OK));
    if (a != NULL) {
        by = allow_find(a, t);
        PROMISE(by == NULL || by->target.port == t->port);
        for (size_t i = 0; i < allow_count(a); i++) {
            check_spelling(&allow_entry(a, i)->target);
        }
    }
    allow_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t first = end != NULL ? (size_t)(end - data) : size;
    char *list = calloc(1, size + 1);
    struct target t = {.port = 443, .host = "a"};
    struct assay_error err;
    bool found;
    enum assay_code code =
        target_of_query((struct assay_slice){data, first}, &t, &found, &err);

    fuzz_check_error(&err, code, size);
    if (code == ASSAY_OK && found) {
        check_spelling(&t);
    }
    if (list != NULL && end != NULL) {
        memcpy(list, end + 1, size - first - 1);
        check_list(list, &t);
    }
    free(list);
    return 0;
}
