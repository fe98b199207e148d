/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dcap/checks.h"

#include <stdarg.h>
#include <stdio.h>

_Static_assert(ASSAY_CHECK_COUNT <= 64, "struct assay_checks uses 64-bit sets");

static const struct {
    const char *name;
    const char *title;
    const char *hint;
} rows[] = {
#define X(id, name, title, hint) {name, title, hint},
    ASSAY_CHECK_ROWS(X)
#undef X
};

static uint64_t
bit(enum assay_check_id id)
{
    return UINT64_C(1) << id;
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
    if ((c->failed & bit(id)) == 0) {
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

    if ((c->failed & bit(id)) == 0) {
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
assay_checks_wait(struct assay_checks *c, enum assay_check_id id, uint64_t set)
{
    uint64_t missing = set & c->applies & ~c->passed;

    for (unsigned i = 0; i < ASSAY_CHECK_COUNT; i++) {
        if (((missing >> i) & 1) != 0) {
            assay_checks_note(c, id, "needs %s", rows[i].name);
            return;
        }
    }
}

bool
assay_checks_have(const struct assay_checks *c, uint64_t set)
{
    return (c->passed & set) == set;
}

enum assay_outcome
assay_checks_outcome(const struct assay_checks *c, enum assay_check_id id)
{
    if ((c->failed & bit(id)) != 0) {
        return ASSAY_FAILED;
    }
    return (c->passed & bit(id)) != 0 ? ASSAY_PASSED : ASSAY_NOT_CHECKED;
}
