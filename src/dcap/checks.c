/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dcap/checks.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *name;
    const char *title;
    const char *hint;
} rows[] = {
#define X(id, name, title, hint) {name, title, hint},
    ASSAY_CHECK_ROWS(X)
#undef X
};

static assay_check_set
bit(enum assay_check_id id)
{
    return (assay_check_set)1 << id;
}

const char *
assay_check_name(enum assay_check_id id)
{
    return rows[id].name;
}

const char *
assay_check_title(enum assay_check_id id)
{
    return rows[id].title;
}

void
assay_checks_expect(struct assay_checks *c, enum assay_check_id id,
                    bool required)
{
    c->applies |= bit(id);
    if (required) {
        c->required |= bit(id);
    }
}

void
assay_checks_pass(struct assay_checks *c, enum assay_check_id id)
{
    if (!assay_check_in(c->failed, id)) {
        c->passed |= bit(id);
    }
}

const char *
assay_check_hint(enum assay_check_id id)
{
    return rows[id].hint;
}

static void set_detail(struct assay_checks *c, enum assay_check_id id,
                       const char *fmt, va_list ap) ASSAY_PRINTF(3, 0);

static void
set_detail(struct assay_checks *c, enum assay_check_id id, const char *fmt,
           va_list ap)
{
    (void)vsnprintf(c->detail[id], sizeof(c->detail[id]), fmt, ap);
    for (char *p = c->detail[id]; *p != '\0'; p++) {
        if (*p < ' ' || *p > '~') {
            *p = '?'; /* some details quote what strangers have written */
        }
    }
}

void
assay_checks_fail(struct assay_checks *c, enum assay_check_id id,
                  const char *fmt, ...)
{
    va_list ap;

    if (!assay_check_in(c->failed, id)) {
        va_start(ap, fmt);
        set_detail(c, id, fmt, ap);
        va_end(ap);
    }
    c->passed &= ~bit(id);
    c->failed |= bit(id);
}

void
assay_checks_judge(struct assay_checks *c, enum assay_check_id id,
                   const char *fault)
{
    if (fault == NULL) {
        assay_checks_pass(c, id);
    } else {
        assay_checks_fail(c, id, "%s", fault);
    }
}

void
assay_checks_note(struct assay_checks *c, enum assay_check_id id,
                  const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    set_detail(c, id, fmt, ap);
    va_end(ap);
}

void
assay_checks_wait(struct assay_checks *c, enum assay_check_id id,
                  assay_check_set set)
{
    assay_check_set missing = set & c->applies & ~c->passed;

    for (unsigned i = 0; i < ASSAY_CHECK_COUNT; i++) {
        if (assay_check_in(missing, (enum assay_check_id)i)) {
            assay_checks_note(c, id, "needs %s", rows[i].name);
            return;
        }
    }
}

bool
assay_checks_have(const struct assay_checks *c, assay_check_set set)
{
    return (c->passed & set) == set;
}

enum assay_outcome
assay_checks_outcome(const struct assay_checks *c, enum assay_check_id id)
{
    if (assay_check_in(c->failed, id)) {
        return ASSAY_FAILED;
    }
    return assay_check_in(c->passed, id) ? ASSAY_PASSED : ASSAY_NOT_CHECKED;
}
