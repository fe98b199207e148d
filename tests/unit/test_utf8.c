/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_utf8.c - a text that comes in pieces is refused at the first octet that
 * no text can have there, wherever it was cut.
 */
#include "base/utf8.h"
#include "harness/unit.h"

/* Both ends of every range that the table of lead octets makes a difference
 * of. */
static const uint8_t octets[] = {
    0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf,
    0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};

/* How far the octets are the start of a text, by the reader of whole
 * characters; *open: they end within one. */
static size_t
reference(struct assay_slice s, bool *open)
{
    size_t at = 0;

    *open = false;
    while (at < s.len) {
        int n = assay_utf8_length((struct assay_slice){s.ptr + at, s.len - at});

        if (n < 0) {
            *open = true;
            return s.len;
        }
        if (n == 0) {
            size_t k = 1;

            while (assay_utf8_length((struct assay_slice){s.ptr + at, k}) < 0) {
                k++;
            }
            return at + k - 1;
        }
        at += (size_t)n;
    }
    return at;
}

static void
check_cut(struct assay_slice s, size_t cut, size_t want, bool open)
{
    struct assay_utf8_state u = {0, 0, 0};
    size_t n = assay_utf8_take(&u, (struct assay_slice){s.ptr, cut});

    if (n == cut) {
        n +=
            assay_utf8_take(&u, (struct assay_slice){s.ptr + cut, s.len - cut});
    }
    assert_int_equal(n, want);
    if (n == s.len) {
        assert_true((u.left > 0) == open);
    }
}

static void
check_text(struct assay_slice s)
{
    bool open;
    size_t want = reference(s, &open);

    assert_true(assay_utf8_is_valid(s) == (want == s.len && !open));
    for (size_t cut = 0; cut <= s.len; cut++) {
        check_cut(s, cut, want, open);
    }
}

/* All sequences of four of those octets. */
static void
short_texts(void **state)
{
    size_t n = COUNT_OF(octets);

    (void)state;
    for (size_t i = 0; i < n * n * n * n; i++) {
        const uint8_t text[] = {octets[i % n], octets[i / n % n],
                                octets[i / n / n % n], octets[i / n / n / n]};

        check_text(ASSAY_SLICE(text));
    }
}

/* Every octet behind and before runs of ASCII, which are read in words. */
static void
long_texts(void **state)
{
    (void)state;
    for (size_t at = 0; at < 40; at++) {
        for (unsigned c = 0; c < 256; c++) {
            uint8_t text[40];

            memset(text, 'a', sizeof(text));
            text[at] = (uint8_t)c;
            check_text(ASSAY_SLICE(text));
        }
    }
}

/* Every character there is, and every surrogate. */
static void
each_character(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x110000; c++) {
        struct assay_utf8_state u = {0, 0, 0};
        bool surrogate = c >= 0xd800 && c < 0xe000;
        uint8_t text[4];
        size_t n = assay_utf8_encode(c, text);
        size_t got = assay_utf8_take(&u, (struct assay_slice){text, n});

        if (surrogate ? got != 1 : got != n || u.left != 0) {
            fail_msg("U+%04X: %zu", (unsigned)c, got);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_texts),
        cmocka_unit_test(long_texts),
        cmocka_unit_test(each_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
