/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_mint_keys.c - test keys and the DER writer of mint/.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/text.h"
#include "mint/common.h"
#include "mint/der_write.h"
#include "mint/pki.h"
#include "mint/x509_write.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* RFC 6979, A.2.5: curve P-256, SHA-256. */
static void
test_rfc6979(void **state)
{
    static const struct {
        const char *message;
        const char *signature;
    } rows[] = {
        {"sample",
         "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
         "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
        {"test",
         "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
         "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"},
    };
    static const uint8_t scalar[32] = {
        0xc9, 0xaf, 0xa9, 0xd8, 0x45, 0xba, 0x75, 0x16, 0x6b, 0x5c, 0x21,
        0x57, 0x67, 0xb1, 0xd6, 0x93, 0x4e, 0x50, 0xc3, 0xdb, 0x36, 0xe8,
        0x9b, 0x12, 0x7b, 0x8a, 0x62, 0x2b, 0x12, 0x0f, 0x67, 0x21};
    struct mint_key *key = NULL;
    struct assay_error err;
    char text[2 * 64 + 1];

    (void)state;
    assay_error_clear(&err);
    assert_int_equal(mint_key_from_scalar(scalar, &key, &err), ASSAY_OK);
    assay_hex_to(text, (struct assay_slice){mint_key_public(key), 64});
    assert_string_equal(
        text,
        "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t sig[64];

        assert_int_equal(
            mint_key_sign(key, assay_slice_of(rows[i].message), sig, &err),
            ASSAY_OK);
        assay_hex_to(text, ASSAY_SLICE(sig));
        assert_string_equal(text, rows[i].signature);
    }
    mint_key_free(key);
}

static void
test_scalar_bounds(void **state)
{
    static const struct {
        const char *name;
        const char *scalar;
        enum assay_code want;
    } rows[] = {
        {"zero",
         "0000000000000000000000000000000000000000000000000000000000000000",
         ASSAY_INVALID},
        {"one",
         "0000000000000000000000000000000000000000000000000000000000000001",
         ASSAY_OK},
        {"order less one",
         "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550",
         ASSAY_OK},
        {"order",
         "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
         ASSAY_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t scalar[32];
        struct mint_key *key = NULL;
        struct assay_error err;

        print_message("  %s\n", rows[i].name);
        assay_error_clear(&err);
        mint_put_hex(scalar, 32, rows[i].scalar, "scalar", &err);
        assert_int_equal(mint_key_from_scalar(scalar, &key, &err),
                         rows[i].want);
        assert_int_equal(key != NULL, rows[i].want == ASSAY_OK);
        mint_key_free(key);
    }
}

static void
test_derived_keys(void **state)
{
    const uint8_t seed[32] = {1};
    const uint8_t other_seed[32] = {2};
    const char *const labels[] = {"a", "a", "b", "a"};
    const uint8_t *const seeds[] = {seed, seed, seed, other_seed};
    struct mint_key *keys[4] = {NULL};
    struct assay_error err;

    (void)state;
    assay_error_clear(&err);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(mint_key_derive(seeds[i], labels[i], &keys[i], &err),
                         ASSAY_OK);
    }
    assert_memory_equal(mint_key_public(keys[0]), mint_key_public(keys[1]), 64);
    assert_memory_not_equal(mint_key_public(keys[0]), mint_key_public(keys[2]),
                            64);
    assert_memory_not_equal(mint_key_public(keys[0]), mint_key_public(keys[3]),
                            64);
    for (size_t i = 0; i < 4; i++) {
        mint_key_free(keys[i]);
    }
}

static void
test_der_lengths(void **state)
{
    static const struct {
        size_t len;
        uint8_t header[5];
        size_t header_len;
    } rows[] = {
        {0, {0x04, 0x00}, 2},
        {127, {0x04, 0x7f}, 2},
        {128, {0x04, 0x81, 0x80}, 3},
        {255, {0x04, 0x81, 0xff}, 3},
        {256, {0x04, 0x82, 0x01, 0x00}, 4},
        {65535, {0x04, 0x82, 0xff, 0xff}, 4},
        {65536, {0x04, 0x83, 0x01, 0x00, 0x00}, 5},
    };
    static uint8_t content[65536];

    (void)state;
    memset(content, 0xab, sizeof(content));
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct assay_buf b;

        assay_buf_init(&b, MINT_DER_MAX);
        mint_der_put(&b, MINT_TAG_OCTET_STRING,
                     (struct assay_slice){content, rows[i].len});
        assert_false(b.failed);
        assert_int_equal(b.len, rows[i].header_len + rows[i].len);
        assert_memory_equal(b.ptr, rows[i].header, rows[i].header_len);
        if (rows[i].len > 0) {
            assert_memory_equal(b.ptr + rows[i].header_len, content,
                                rows[i].len);
        }
        assay_buf_free(&b);
    }
}

/* One value of each kind as hex. */
enum kind { SMALL, ENUMERATED, UNSIGNED, BITS, BOOLEAN, TIME };

static void
write_value(struct assay_buf *b, enum kind kind, int64_t value)
{
    const uint8_t number[3] = {0, (uint8_t)(value >> 8), (uint8_t)value};

    switch (kind) {
    case SMALL:
        mint_der_small(b, MINT_TAG_INTEGER, (uint32_t)value);
        break;
    case ENUMERATED:
        mint_der_small(b, MINT_TAG_ENUMERATED, (uint32_t)value);
        break;
    case UNSIGNED:
        mint_der_unsigned(b, ASSAY_SLICE(number));
        break;
    case BITS:
        mint_der_named_bits(b, (unsigned)value);
        break;
    case BOOLEAN:
        mint_der_boolean(b, value != 0);
        break;
    case TIME:
        mint_der_time(b, value, MINT_TIME_DEFAULT);
        break;
    }
}

static void
test_der_values(void **state)
{
    static const struct {
        enum kind kind;
        int64_t value;
        const char *want;
    } rows[] = {
        {SMALL, 0, "020100"},
        {SMALL, 127, "02017f"},
        {SMALL, 128, "02020080"},
        {SMALL, 65536, "0203010000"},
        {SMALL, 0xffffffff, "020500ffffffff"},
        {ENUMERATED, 1, "0a0101"},
        {UNSIGNED, 0x00ff, "020200ff"},
        {UNSIGNED, 0x7fff, "02027fff"},
        {BITS, 0, "030100"},
        {BITS, MINT_KU_CERT_SIGN | MINT_KU_CRL_SIGN, "03020106"},
        {BITS, MINT_KU_DIGITAL_SIGNATURE | MINT_KU_NON_REPUDIATION, "030206c0"},
        {BITS, 1u << 8, "0303070080"},
        {BOOLEAN, 1, "0101ff"},
        {BOOLEAN, 0, "010100"},
        {TIME, 0, "170d3730303130313030303030305a"},
        {TIME, 2524607999, "170d3439313233313233353935395a"},
        {TIME, 2524608000, "180f32303530303130313030303030305a"},
        {TIME, -631152001, "180f31393439313233313233353935395a"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct assay_buf b;
        char text[64];

        assay_buf_init(&b, 31);
        write_value(&b, rows[i].kind, rows[i].value);
        assert_false(b.failed);
        assay_hex_to(text, assay_buf_slice(&b));
        assert_string_equal(text, rows[i].want);
        assay_buf_free(&b);
    }
}

/* A buffer that is too small says so and is never overrun. */
static void
test_der_full(void **state)
{
    (void)state;
    for (size_t max = 0; max < 2 + 2 + 200; max++) {
        static const uint8_t content[200] = {1};
        struct assay_buf b;
        size_t mark;

        assay_buf_init(&b, max);
        mark = mint_der_open(&b, MINT_TAG_SEQUENCE);
        mint_der_put(&b, MINT_TAG_OCTET_STRING, ASSAY_SLICE(content));
        mint_der_close(&b, mark);
        assert_true(b.failed);
        assay_buf_free(&b);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc6979),
        cmocka_unit_test(test_scalar_bounds),
        cmocka_unit_test(test_derived_keys),
        cmocka_unit_test(test_der_lengths),
        cmocka_unit_test(test_der_values),
        cmocka_unit_test(test_der_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
