/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_ws_mask.c - the mask against one octet after the other, wherever the
 * octets lie and wherever in the payload they begin.
 */
#include "harness/unit.h"
#include "ws/ws.h"

#define ALIGNMENTS 64u
#define OFFSETS    41u
#define GUARD      16u

static const uint8_t key[ASSAY_WS_KEY_BYTES] = {0x37, 0xfa, 0x21, 0x3d};

static const size_t lengths[] = {0,  1,  2,  3,  4,   5,   7,   8,   9,  15,
                                 16, 17, 31, 32, 33,  47,  48,  49,  63, 64,
                                 65, 79, 80, 95, 127, 128, 129, 200, 300};

static void
check_mask(size_t alignment, size_t n, uint64_t offset)
{
    static _Alignas(64) uint8_t bytes[ALIGNMENTS + GUARD + 300 + GUARD];
    uint8_t *at = bytes + GUARD + alignment;

    memset(bytes, 0xa5, sizeof(bytes));
    for (size_t i = 0; i < n; i++) {
        at[i] = (uint8_t)(i * 7 + 1);
    }
    assay_ws_mask(at, n, key, offset);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(at[i], (uint8_t)(i * 7 + 1) ^
                                    key[(offset + i) % sizeof(key)]);
    }
    for (size_t i = 0; i < GUARD; i++) {
        assert_int_equal(at[-1 - (ptrdiff_t)i], 0xa5);
        assert_int_equal(at[n + i], 0xa5);
    }
}

static void
everywhere(void **state)
{
    (void)state;
    for (size_t alignment = 0; alignment < ALIGNMENTS; alignment++) {
        for (size_t i = 0; i < COUNT_OF(lengths); i++) {
            for (uint64_t offset = 0; offset < OFFSETS; offset++) {
                check_mask(alignment, lengths[i], offset);
            }
        }
    }
}

/* Exactly sized, so that a sanitizer sees an octet too many. */
static void
nothing_outside(void **state)
{
    (void)state;
    for (size_t n = 1; n < 200; n++) {
        for (size_t from = 0; from < n && from < 17; from++) {
            uint8_t *p = malloc(n);

            assert_non_null(p);
            memset(p, 0, n);
            assay_ws_mask(p + from, n - from, key, from);
            for (size_t i = 0; i < n; i++) {
                assert_int_equal(p[i], i < from ? 0 : key[i % 4]);
            }
            free(p);
        }
    }
}

/* Offsets beyond 32 bits count like others. */
static void
far_offsets(void **state)
{
    static const uint64_t far[] = {UINT32_MAX, UINT64_C(0x100000001),
                                   INT64_MAX - 400};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(far); i++) {
        check_mask(3, 300, far[i]);
        check_mask(0, 5, far[i]);
    }
}

/* RFC 6455, section 5.7: "Hello" masked. */
static void
example(void **state)
{
    uint8_t text[] = {0x7f, 0x9f, 0x4d, 0x51, 0x58};

    (void)state;
    assay_ws_mask(text, sizeof(text), key, 0);
    assert_memory_equal(text, "Hello", 5);
    assay_ws_mask(text, 3, key, 0);
    assay_ws_mask(text + 3, 2, key, 3);
    assert_memory_equal(text, "\x7f\x9f\x4d\x51\x58", 5);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everywhere),
        cmocka_unit_test(nothing_outside),
        cmocka_unit_test(far_offsets),
        cmocka_unit_test(example),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
