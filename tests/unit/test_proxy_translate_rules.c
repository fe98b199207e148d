/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_translate_rules.c - the table of members, and that the page for
 * people says the same.
 */
#include <stdio.h>

#include "harness/translate.h"
#include "programs/proxy/translate_members.h"

#define PAGE_MAX 65536u

/* docs/proxy-translation.md; NULL: this is not run in a source tree. */
static char *
load_page(void)
{
    static char page[PAGE_MAX];
    const char *source = getenv("ASSAY_SOURCE");
    char path[4096];
    size_t n;
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/docs/proxy-translation.md",
                   source != NULL ? source : ".");
    f = fopen(path, "rb");
    if (f == NULL) {
        return NULL;
    }
    n = fread(page, 1, sizeof(page) - 1, f);
    page[n] = '\0';
    (void)fclose(f);
    return page;
}

/* The page has one row for each member, with its fate and, where there is one,
 * the reason. */
static void
page_says_the_same(void **state)
{
    static const char *const words[] = {[TRANSLATE_CARRIED] = "carried",
                                        [TRANSLATE_DROPPED] = "dropped: ",
                                        [TRANSLATE_REFUSED] = "refused"};
    const char *page = load_page();

    (void)state;
    assert_non_null(page);
    for (size_t i = 0; i < translate_rules_count; i++) {
        const struct translate_rule *rule = &translate_rules[i];
        bool has_reason = rule->carry == NULL;
        char row[256];

        (void)snprintf(row, sizeof(row), "\n| `%s` | %s%s%s", rule->name,
                       words[rule->fate],
                       has_reason && rule->fate == TRANSLATE_REFUSED ? ": "
                                                                     : "",
                       has_reason ? rule->why : "");
        if (strstr(page, row) == NULL) {
            fail_msg("docs/proxy-translation.md has no row \"%s\"", row + 1);
        }
    }
}

/* And no row for a member that is not in the table. */
static void
page_says_no_more(void **state)
{
    const char *page = load_page();
    const char *end;
    size_t rows = 0;

    (void)state;
    assert_non_null(page);
    page = strstr(page, "\n| member |");
    assert_non_null(page);
    end = strstr(page, "\n\n");
    assert_non_null(end);
    for (const char *p = page; (p = strstr(p, "\n| `")) != NULL && p < end;
         p++) {
        rows++;
    }
    assert_int_equal(rows, translate_rules_count);
}

static void
names_are_there_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < translate_rules_count; i++) {
        assert_true(translate_rules[i].carry != NULL ||
                    translate_rules[i].why[0] != '\0');
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(translate_rules[i].name,
                                    translate_rules[k].name);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_says_the_same),
        cmocka_unit_test(page_says_no_more),
        cmocka_unit_test(names_are_there_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
