/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_turns.c - who is next, as a script of who comes and who leaves.
 */
#include <string.h>

#include "harness/unit.h"
#include "io/turns.h"

/* A script: a letter comes (its address) and becomes the next turn, numbered
 * from 0; -N: the turn N leaves. What must happen, in order: "h" has one, "w"
 * waits, "." there is no room; for one who leaves, the number of who has the
 * turn then, or "-". */
struct script {
    const char *name;
    uint32_t at_once;
    uint32_t places;
    bool shared;
    const char *moves;
    const char *want;
};

static const struct script scripts[] = {
    {"at once", 2, 0, false, "a b c", "hh."},
    {"in order", 1, 8, false, "a b c -0 -1 -2", "hww12-"},
    {"one place for all", 1, 1, false, "a b c", "hw."},
    {"a share", 1, 8, false, "a a a a b b b", "hww.ww."},
    {"all are one", 1, 3, true, "a a a a a", "hwww."},
    {"who waits leaves: room again", 1, 1, false, "a b -1 c", "hw-w"},
    {"from the middle", 1, 12, false, "a a b c -2 -0 -1 -3", "hwww-13-"},
    {"the fewest turns first", 2, 8, false, "a a a a b -0 -1", "hhwww42"},
    {"and no one starves", 1, 8, false, "a a b -0 c -1 -2 -3", "hww1w23-"},
    {"none was had", 1, 1, false, "a b c -2 -0", "hw.-1"},
};

static char
join(struct assay_turns *t, struct assay_turn *turn, char letter)
{
    memset(turn->who, letter, sizeof(turn->who));
    switch (assay_turns_join(t, turn)) {
    case ASSAY_TURN_HAS:
        return 'h';
    case ASSAY_TURN_WAITS:
        return 'w';
    case ASSAY_TURN_NONE:
        break;
    }
    return '.';
}

static void
test_scripts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        const struct script *s = &scripts[i];
        struct assay_turns t = {
            .at_once = s->at_once, .places = s->places, .shared = s->shared};
        struct assay_turn turn[16] = {{0}};
        char got[32] = "";
        size_t n = 0;
        size_t count = 0;

        for (const char *m = s->moves; *m != '\0'; m++) {
            if (*m == '-') {
                struct assay_turn *next =
                    assay_turns_leave(&t, &turn[m[1] - '0']);

                got[n++] = next != NULL ? (char)('0' + (next - turn)) : '-';
                m++;
            } else if (*m != ' ') {
                got[n++] = join(&t, &turn[count++], *m);
            }
        }
        if (strcmp(got, s->want) != 0) {
            fail_msg("%s: %s instead of %s", s->name, got, s->want);
        }
    }
}

static void
test_retry(void **state)
{
    static const struct {
        uint32_t at_once;
        uint32_t ahead;
        uint64_t took_us;
        uint32_t want;
    } rows[] = {
        {1, 0, 0, 1},           /* nothing is known */
        {1, 1, 100000, 1},      /* a moment */
        {1, 9, 1000000, 10},    /* behind those ahead */
        {4, 9, 1000000, 3},     /* four at a time */
        {1, 9, 1000001, 11},    /* rounded up */
        {1, 100, 1000000, 60},  /* nobody waits longer for an answer */
        {1, 3, UINT64_MAX, 60}, /* no overflow */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct assay_turns t = {.at_once = rows[i].at_once};

        t.has.count = rows[i].ahead;
        t.took_us = rows[i].took_us;
        if (assay_turns_retry_s(&t) != rows[i].want) {
            fail_msg("row %zu: %u", i, assay_turns_retry_s(&t));
        }
    }
}

static void
test_took(void **state)
{
    struct assay_turns t = {.at_once = 1};

    (void)state;
    assay_turns_took(&t, 400);
    assert_int_equal(t.took_us, 400);
    assay_turns_took(&t, 800);
    assert_int_equal(t.took_us, 500);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_retry),
        cmocka_unit_test(test_took),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
