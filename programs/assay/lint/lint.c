/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * lint.c - findings, their codes and how they are collected.
 */
#include "lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static const struct {
    const char *name;
    enum severity severity;
    const char *hint;
} codes[LINT_CODE_COUNT] = {
#define X(code, name, severity, hint) {name, SEVERITY_##severity, hint},
    LINT_CODES(X)
#undef X
};

const char *
severity_name(enum severity s)
{
    static const char *const names[] = {
        [SEVERITY_INFO] = "info",
        [SEVERITY_WARNING] = "warning",
        [SEVERITY_ERROR] = "error",
    };

    return names[s];
}

const char *
lint_code_name(enum lint_code code)
{
    return codes[code].name;
}

enum severity
lint_code_severity(enum lint_code code)
{
    return codes[code].severity;
}

const char *
lint_code_hint(enum lint_code code)
{
    return codes[code].hint;
}

/* Is it one of the words that commas join? */
static bool
is_listed(const char *list, const char *word)
{
    size_t len = strlen(word);

    while (list != NULL) {
        size_t n = strcspn(list, ",");

        if (n == len && strncmp(list, word, n) == 0) {
            return true;
        }
        list = list[n] == ',' ? list + n + 1 : NULL;
    }
    return false;
}

bool
lint_codes_known(const char *list, char bad[32])
{
    while (list != NULL) {
        size_t n = strcspn(list, ",");
        size_t i = 0;

        while (i < LINT_CODE_COUNT && (strlen(codes[i].name) != n ||
                                       strncmp(codes[i].name, list, n) != 0)) {
            i++;
        }
        if (i == LINT_CODE_COUNT) {
            (void)snprintf(bad, 32, "%.*s", (int)(n < 31 ? n : 31), list);
            return false;
        }
        list = list[n] == ',' ? list + n + 1 : NULL;
    }
    return true;
}

static void
make_safe(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~') {
            *text = '?';
        }
    }
}

static struct finding *
new_finding(struct lint *l)
{
    size_t room = l->room == 0 ? 32 : 2 * l->room;
    struct finding *grown;

    if (l->count == l->room) {
        grown = realloc(l->finding, room * sizeof(*grown));
        if (grown == NULL) {
            assay_fail(l->err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                       "findings: out of memory");
            return NULL;
        }
        l->finding = grown;
        l->room = room;
    }
    return &l->finding[l->count++];
}

void
lint_add(struct lint *l, enum lint_code code, const char *where,
         const char *fmt, ...)
{
    struct finding *f;
    va_list ap;

    if (l->count > LINT_FINDINGS_MAX || l->err->code != ASSAY_OK ||
        is_listed(l->allow, codes[code].name)) {
        return;
    }
    f = new_finding(l);
    if (f == NULL) {
        return;
    }
    if (l->count > LINT_FINDINGS_MAX) { /* the last one says so */
        *f = (struct finding){.code = LINT_TOO_MANY};
        (void)snprintf(f->message, sizeof(f->message),
                       "there are more than %u findings", LINT_FINDINGS_MAX);
        return;
    }
    f->code = code;
    (void)snprintf(f->where, sizeof(f->where), "%s", where);
    va_start(ap, fmt);
    (void)vsnprintf(f->message, sizeof(f->message), fmt, ap);
    va_end(ap);
    make_safe(f->where);
    make_safe(f->message);
}

void
lint_free(struct lint *l)
{
    free(l->finding);
    l->finding = NULL;
    l->count = 0;
    l->room = 0;
}
