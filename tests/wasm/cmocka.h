/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cmocka.h - what our unit tests use of cmocka, for WebAssembly, where there
 * is no longjmp(): the first failure ends the program. The same tests, from
 * the same files, so run in both.
 */
#pragma once

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*test_func)(void **state);
    int (*setup_func)(void **state);
    int (*teardown_func)(void **state);
};

#define cmocka_unit_test(f) {#f, f, NULL, NULL}
#define cmocka_unit_test_setup_teardown(f, setup, teardown)                    \
    {#f, f, setup, teardown}
#define cmocka_unit_test_setup(f, setup)                                       \
    cmocka_unit_test_setup_teardown(f, setup, NULL)
#define cmocka_unit_test_teardown(f, teardown)                                 \
    cmocka_unit_test_setup_teardown(f, NULL, teardown)

/* Whose failure a message is. */
static const char *shim_test = "";

__attribute__((noreturn)) static inline void
shim_fail(const char *file, int line)
{
    (void)printf("\n%s:%d: error: failure!\n[  FAILED  ] %s\n", file, line,
                 shim_test);
    (void)fflush(stdout);
    exit(1);
}

#define print_message(...) ((void)printf(__VA_ARGS__))
#define print_error(...)   ((void)printf(__VA_ARGS__))
#define fail_msg(...)                                                          \
    do {                                                                       \
        print_message("ERROR: " __VA_ARGS__);                                  \
        shim_fail(__FILE__, __LINE__);                                         \
    } while (0)

static inline void
shim_true(bool holds, const char *what, const char *file, int line)
{
    if (!holds) {
        (void)printf("%s", what);
        shim_fail(file, line);
    }
}

static inline void
shim_int(uintmax_t a, uintmax_t b, bool want, const char *file, int line)
{
    if ((a == b) != want) {
        (void)printf("%#" PRIxMAX " %s %#" PRIxMAX, a, want ? "!=" : "==", b);
        shim_fail(file, line);
    }
}

static inline void
shim_string(const char *a, const char *b, bool want, const char *file, int line)
{
    if ((strcmp(a, b) == 0) != want) {
        (void)printf("\"%s\" %s \"%s\"", a, want ? "!=" : "==", b);
        shim_fail(file, line);
    }
}

static inline void
shim_memory(const void *a, const void *b, size_t n, bool want, const char *file,
            int line)
{
    if ((memcmp(a, b, n) == 0) != want) {
        (void)printf("%zu octets %s", n, want ? "differ" : "are the same");
        shim_fail(file, line);
    }
}

#define assert_true(c)     shim_true((c), #c " is false", __FILE__, __LINE__)
#define assert_false(c)    shim_true(!(c), #c " is true", __FILE__, __LINE__)
#define assert_null(p)     shim_true((p) == NULL, #p, __FILE__, __LINE__)
#define assert_non_null(p) shim_true((p) != NULL, #p, __FILE__, __LINE__)
#define assert_ptr_equal(a, b)                                                 \
    shim_true((const void *)(a) == (const void *)(b), #a " != " #b, __FILE__,  \
              __LINE__)
#define assert_int_equal(a, b)                                                 \
    shim_int((uintmax_t)(a), (uintmax_t)(b), true, __FILE__, __LINE__)
#define assert_int_not_equal(a, b)                                             \
    shim_int((uintmax_t)(a), (uintmax_t)(b), false, __FILE__, __LINE__)
#define assert_in_range(v, low, high)                                          \
    shim_true((uintmax_t)(v) >= (uintmax_t)(low) &&                            \
                  (uintmax_t)(v) <= (uintmax_t)(high),                         \
              #v " is out of range", __FILE__, __LINE__)
#define assert_string_equal(a, b)                                              \
    shim_string((a), (b), true, __FILE__, __LINE__)
#define assert_string_not_equal(a, b)                                          \
    shim_string((a), (b), false, __FILE__, __LINE__)
#define assert_memory_equal(a, b, n)                                           \
    shim_memory((a), (b), (n), true, __FILE__, __LINE__)
#define assert_memory_not_equal(a, b, n)                                       \
    shim_memory((a), (b), (n), false, __FILE__, __LINE__)

static inline int
shim_run(const struct CMUnitTest *tests, size_t count,
         int (*setup)(void **state), int (*teardown)(void **state))
{
    void *group = NULL;

    assert_true(setup == NULL || setup(&group) == 0);
    for (size_t i = 0; i < count; i++) {
        const struct CMUnitTest *t = &tests[i];
        void *state = group;

        shim_test = t->name;
        (void)printf("[ RUN      ] %s\n", t->name);
        assert_true(t->setup_func == NULL || t->setup_func(&state) == 0);
        t->test_func(&state);
        assert_true(t->teardown_func == NULL || t->teardown_func(&state) == 0);
        (void)printf("[       OK ] %s\n", t->name);
    }
    shim_test = "";
    assert_true(teardown == NULL || teardown(&group) == 0);
    (void)printf("[  PASSED  ] %zu test(s).\n", count);
    return 0;
}

#define cmocka_run_group_tests(tests, setup, teardown)                         \
    shim_run(tests, sizeof(tests) / sizeof((tests)[0]), setup, teardown)
#define cmocka_run_group_tests_name(name, tests, setup, teardown)              \
    cmocka_run_group_tests(tests, setup, teardown)
