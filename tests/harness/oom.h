/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * oom.h - fails one allocation after another. Include it in exactly one file
 * of a program linked with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc:
 *
 *     for (long n = 0;; n++) {
 *         oom_fail_after(n);
 *         code = thing_under_test();
 *         if (!oom_stop()) {
 *             break; // nothing was refused: all allocations were tried
 *         }
 *         assert_int_equal(code, ASSAY_NO_MEMORY);
 *     }
 *
 * Only calls from objects of this program are caught, not those inside of
 * shared libraries. Leaks are left to LeakSanitizer. Not for threads.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static struct {
    bool on;
    bool once;    /* refuse only one */
    long left;    /* allocations that still succeed */
    long refused; /* allocations refused since oom_fail_after() */
} oom;

/* The next n allocations succeed, all later ones fail until oom_stop(). */
static inline void
oom_fail_after(long n)
{
    oom.on = true;
    oom.once = false;
    oom.left = n;
    oom.refused = 0;
}

/* The same, but only the one after those n fails. */
static inline void
oom_fail_once(long n)
{
    oom_fail_after(n);
    oom.once = true;
}

/* Allocations succeed again. True if any was refused. */
static inline bool
oom_stop(void)
{
    oom.on = false;
    return oom.refused > 0;
}

static bool
oom_refuse(void)
{
    if (!oom.on || oom.left-- > 0 || (oom.once && oom.refused > 0)) {
        return false;
    }
    oom.refused++;
    return true;
}

void *
__wrap_malloc(size_t size)
{
    return oom_refuse() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
    return oom_refuse() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t size)
{
    return oom_refuse() ? NULL : __real_realloc(p, size);
}
