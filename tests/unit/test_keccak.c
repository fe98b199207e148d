/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_keccak.c - Keccak-256: published digests, lengths around a block, and
 * OpenSSL's where it has one.
 */
#include "crypto/keccak.h"

#include <stdio.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/text.h"
#include "harness/unit.h"

#define LONGEST 1000u

/* Byte i of a message of n bytes is (7 i + n) mod 256. */
static void
fill(uint8_t *to, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        to[i] = (uint8_t)(7 * i + n);
    }
}

static void
check_hex(const char *row, const uint8_t digest[ASSAY_KECCAK256_BYTES],
          const char *want)
{
    char hex[2 * ASSAY_KECCAK256_BYTES + 1];

    assay_hex_to(hex, (struct assay_slice){digest, ASSAY_KECCAK256_BYTES});
    if (strcmp(hex, want) != 0) {
        fail_msg("row \"%s\": %s, want %s", row, hex, want);
    }
}

static void
published(void **state)
{
    static const struct {
        const char *text;
        const char *digest;
    } rows[] = {
        {"", "c5d2460186f7233c927e7db2dcc703c0"
             "e500b653ca82273b7bfad8045d85a470"},
        {"abc", "4e03657aea45a94fc7d47ba826c8d667"
                "c0d1e6e33a64a036ec44f58fa12d6c45"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_slice in = exact_copy(assay_slice_of(rows[i].text));
        uint8_t digest[ASSAY_KECCAK256_BYTES];

        assay_keccak256(&in, 1, digest);
        check_hex(rows[i].text, digest, rows[i].digest);
        free((void *)in.ptr);
    }
}

/* Computed by a second implementation, whose SHA3-256 (which differs in the
 * padding only) is Python's. */
static void
around_the_block(void **state)
{
    static const struct {
        const char *name;
        size_t n;
        const char *digest;
    } rows[] = {
        {"one short of a block", 135,
         "8ab570337c9a3a773c3605160ca58e3f0546d92d217c908669cc4f35a31933bc"},
        {"a block", 136,
         "16b30a6be318a7acbcba7a2194789f628abf68dfbbf55a4d840f22f6a4d29efd"},
        {"one more than a block", 137,
         "6a7e8293441d51be41bf4994995b35981f90c07866c7fd0465f405e2b7a8f8dd"},
        {"one short of two", 271,
         "bb02bca6be57f42d131406260c6f1a81fd9922af8bd1c96d78f454b19ae10add"},
        {"two blocks", 272,
         "443464c0c3ac8036d14a6f8647fc93b592d514adefbe88683cbbda3b4b2c4553"},
        {"one more than two", 273,
         "73d5960773e36742ead7c872d84d535f35e75b9517ccb1023491276013f88890"},
        {"many blocks", LONGEST,
         "5cab097db1a529f5b1a15428cc494df950671bc3824340aad89941fa68e151bc"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t in[LONGEST];
        uint8_t digest[ASSAY_KECCAK256_BYTES];

        fill(in, rows[i].n);
        assay_keccak256(&(struct assay_slice){in, rows[i].n}, 1, digest);
        check_hex(rows[i].name, digest, rows[i].digest);
    }
}

static void
parts_are_one_message(void **state)
{
    uint8_t in[300];
    uint8_t whole[ASSAY_KECCAK256_BYTES];

    (void)state;
    fill(in, sizeof(in));
    assay_keccak256(&ASSAY_SLICE(in), 1, whole);
    for (size_t cut = 0; cut <= sizeof(in); cut++) {
        const struct assay_slice parts[] = {
            {in, cut}, ASSAY_EMPTY, {in + cut, sizeof(in) - cut}};
        uint8_t digest[ASSAY_KECCAK256_BYTES];

        assay_keccak256(parts, COUNT_OF(parts), digest);
        assert_memory_equal(digest, whole, sizeof(whole));
    }
    assay_keccak256(NULL, 0, whole);
    check_hex("no parts", whole,
              "c5d2460186f7233c927e7db2dcc703c0"
              "e500b653ca82273b7bfad8045d85a470");
}

static void
as_openssl_has_it(void **state)
{
    EVP_MD *md;

    (void)state;
    (void)ERR_set_mark();
    md = EVP_MD_fetch(NULL, "KECCAK-256", NULL);
    (void)ERR_pop_to_mark();
    if (md == NULL) {
        print_message("SKIPPED keccak by OpenSSL: this OpenSSL has no "
                      "KECCAK-256 (3.2 has)\n");
        return;
    }
    for (size_t n = 0; n <= LONGEST; n++) {
        uint8_t in[LONGEST];
        uint8_t ours[ASSAY_KECCAK256_BYTES];
        uint8_t theirs[ASSAY_KECCAK256_BYTES];
        unsigned len = 0;

        fill(in, n);
        assay_keccak256(&(struct assay_slice){in, n}, 1, ours);
        assert_int_equal(EVP_Digest(in, n, theirs, &len, md, NULL), 1);
        assert_int_equal(len, sizeof(ours));
        assert_memory_equal(ours, theirs, sizeof(ours));
    }
    EVP_MD_free(md);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published),
        cmocka_unit_test(around_the_block),
        cmocka_unit_test(parts_are_one_message),
        cmocka_unit_test(as_openssl_has_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
