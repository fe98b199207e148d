/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_yaml_tree.c - YAML as a tree: what it finds, and its limits.
 */
#include <stdio.h>

#include "base/buf.h"
#include "harness/unit.h"
#include "programs/assay/lint/yaml_tree.h"

static enum assay_code
parse(struct assay_slice text, struct yaml_tree *t, struct assay_error *err)
{
    struct assay_slice copy = exact_copy(text);
    enum assay_code code = yaml_tree_parse(copy, t, err);

    free((void *)copy.ptr); /* the tree owns what it shows */
    assert_int_equal(code, err->code);
    assert_true(code == ASSAY_OK || (t->node == NULL && t->count == 0));
    return code;
}

static void
test_refused(void **state)
{
    static const struct {
        const char *name;
        const char *yaml;
        enum assay_code code;
        const char *msg;
    } rows[] = {
        {"not YAML", "a: [", ASSAY_MALFORMED, "line 2, column 1: "},
        {"a tab", "a:\n\t- b", ASSAY_MALFORMED, "line 2, column 1: "},
        {"not UTF-8", "a: \xff", ASSAY_MALFORMED, "line 1"},
        {"UTF-16",
         "\xff\xfe"
         "a\0:\0 \0b\0",
         ASSAY_MALFORMED, "line 1"},
        {"an anchor that is not there", "a: *b", ASSAY_MALFORMED,
         "line 1, column 4: an alias of an anchor that is not there"},
        {"an alias in itself", "a: &a\n  - *a", ASSAY_MALFORMED,
         "line 2, column 5: an alias that contains itself"},
        {"an alias deep in itself", "&a x: &b {y: {z: *b}}", ASSAY_MALFORMED,
         "line 1, column 18: an alias that contains itself"},
        {"a list as a name", "? [a]\n: b", ASSAY_INVALID,
         "line 1, column 3: a name that is no plain text"},
        {"an alias as a name", "a: &x b\n*x : c", ASSAY_INVALID,
         "line 2, column 1: a name that is no plain text"},
        {"NUL", "a: \"b\\0c\"", ASSAY_INVALID,
         "line 1, column 4: a text with NUL in it"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct yaml_tree t;
        struct assay_error err;
        size_t len = i == 3 ? 10 : strlen(rows[i].yaml);
        struct assay_slice in = {(const uint8_t *)rows[i].yaml, len};

        CHECK(rows[i].name, parse(in, &t, &err) == rows[i].code);
        check_error(rows[i].name, &err, rows[i].code, rows[i].msg,
                    ASSAY_NO_OFFSET);
    }
}

/* A text of so many pieces. */
static void
repeat(struct assay_buf *b, const char *piece, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        assay_buf_add_text(b, piece);
    }
}

static void
check_limit(const char *row, struct assay_buf *b, const char *msg)
{
    struct yaml_tree t;
    struct assay_error err;

    CHECK(row, !b->failed);
    CHECK(row, parse(assay_buf_slice(b), &t, &err) ==
                   (msg == NULL ? ASSAY_OK : ASSAY_TOO_LARGE));
    CHECK(row, msg == NULL || strstr(err.msg, msg) != NULL);
    yaml_tree_free(&t);
    assay_buf_free(b);
}

/* Each limit: what just fits, and one more. */
static void
test_limits(void **state)
{
    static const struct {
        const char *name;
        const char *start;
        const char *piece;
        size_t fits;
        const char *msg;
    } rows[] = {
        {"depth", "", "[", YAML_TREE_MAX_DEPTH, "nested too deeply"},
        {"nodes", "", "- a\n", YAML_TREE_MAX_NODES - 1, "too many values"},
        {"bytes", "# ", "x", YAML_TREE_MAX_BYTES - 2, "bytes of YAML"},
        {"aliases", "- &a x\n", "- *a\n", YAML_TREE_MAX_ALIASES,
         "too many aliases"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t more = 0; more < 2; more++) {
            struct assay_buf b;

            assay_buf_init(&b, 2 * YAML_TREE_MAX_BYTES);
            assay_buf_add_text(&b, rows[i].start);
            repeat(&b, rows[i].piece, rows[i].fits + more);
            if (i == 0) {
                repeat(&b, "]", rows[i].fits + more);
            }
            check_limit(rows[i].name, &b, more == 0 ? NULL : rows[i].msg);
        }
    }
}

static void
test_limits_of_names(void **state)
{
    static const struct {
        const char *name;
        unsigned fits;
        const char *msg;
    } rows[] = {
        {"entries", YAML_TREE_MAX_ENTRIES, "too many members"},
        {"anchors", YAML_TREE_MAX_ANCHORS, "too many anchors"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (unsigned more = 0; more < 2; more++) {
            struct assay_buf b;

            assay_buf_init(&b, YAML_TREE_MAX_BYTES);
            for (unsigned n = 0; n < rows[i].fits + more; n++) {
                char line[32];

                (void)snprintf(line, sizeof(line),
                               i == 0 ? "k%u: v\n" : "- &k%u v\n", n);
                assay_buf_add_text(&b, line);
            }
            check_limit(rows[i].name, &b, more == 0 ? NULL : rows[i].msg);
        }
    }
}

/* A text of a kilobyte that stands for 9^20 values takes no more nodes than it
 * has words. */
static void
test_billion_laughs(void **state)
{
    struct assay_buf b;
    struct yaml_tree t;
    struct assay_error err;

    (void)state;
    assay_buf_init(&b, 65536);
    assay_buf_add_text(&b, "a0: &a0 [x, x, x]\n");
    for (unsigned i = 1; i <= 20; i++) {
        assay_buf_printf(&b, "a%u: &a%u [", i, i);
        for (unsigned n = 0; n < 9; n++) {
            assay_buf_printf(&b, "*a%u, ", i - 1);
        }
        assay_buf_add_text(&b, "]\n");
    }
    assert_int_equal(parse(assay_buf_slice(&b), &t, &err), ASSAY_OK);
    assert_true(t.count < 300);
    yaml_tree_free(&t);
    assay_buf_free(&b);
}

static void
test_members(void **state)
{
    static const char yaml[] = "base: &base {image: merged, command: x}\n"
                               "web:\n"
                               "  <<: *base\n"
                               "  image: \"own\"\n"
                               "two:\n"
                               "  <<: [{a: first}, {a: second, b: also}]\n"
                               "text: &t |\n"
                               "  a line\n"
                               "alias: *t\n";
    struct yaml_tree t;
    struct assay_error err;
    uint32_t web;
    uint32_t two;
    uint32_t image;

    (void)state;
    assert_int_equal(parse(assay_slice_of(yaml), &t, &err), ASSAY_OK);
    web = yaml_member(&t, YAML_ROOT, "web");
    two = yaml_member(&t, YAML_ROOT, "two");
    image = yaml_member(&t, web, "image");
    assert_string_equal(yaml_string(&t, image), "own");
    assert_false(t.node[image].plain);
    assert_int_equal(t.node[image].line, 4);
    assert_int_equal(t.node[image].column, 10);
    assert_string_equal(yaml_string(&t, yaml_member(&t, web, "command")), "x");
    assert_string_equal(yaml_string(&t, yaml_member(&t, two, "a")), "first");
    assert_string_equal(yaml_string(&t, yaml_member(&t, two, "b")), "also");
    assert_string_equal(yaml_string(&t, yaml_member(&t, YAML_ROOT, "alias")),
                        "a line\n");
    assert_int_equal(yaml_member(&t, web, "none"), YAML_NONE);
    assert_int_equal(yaml_member(&t, image, "none"), YAML_NONE);
    assert_int_equal(yaml_member(&t, YAML_NONE, "none"), YAML_NONE);
    assert_string_equal(yaml_string(&t, web), "");
    assert_int_equal(t.node[YAML_ROOT].count, 5);
    assert_false(t.more_documents);
    yaml_tree_free(&t);
}

static void
test_documents(void **state)
{
    struct yaml_tree t;
    struct assay_error err;

    (void)state;
    assert_int_equal(parse(assay_slice_of("a: b\n---\nc: d\n"), &t, &err),
                     ASSAY_OK);
    assert_true(t.more_documents);
    assert_int_equal(yaml_member(&t, YAML_ROOT, "c"), YAML_NONE);
    yaml_tree_free(&t);
    assert_int_equal(parse(assay_slice_of("# nothing\n"), &t, &err), ASSAY_OK);
    assert_int_equal(t.count, 0);
    assert_int_equal(yaml_member(&t, YAML_ROOT, "c"), YAML_NONE);
    yaml_tree_free(&t);
    assert_int_equal(parse(ASSAY_EMPTY, &t, &err), ASSAY_OK);
    yaml_tree_free(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_limits_of_names),
        cmocka_unit_test(test_billion_laughs),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_documents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
