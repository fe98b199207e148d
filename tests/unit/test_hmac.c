/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_hmac.c - HMAC-SHA-256 as RFC 4231 has it, and comparing secrets.
 */
#include "base/buf.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "harness/unit.h"

#include "assay/verify.h"

/* A text, or one byte so many times. */
struct bytes {
    const char *text;
    uint8_t byte;
    size_t count;
};

static const struct {
    const char *name;
    struct bytes key;
    struct bytes in;
    const char *hmac;
} rows[] = {
    {"RFC 4231, 4.2",
     {NULL, 0x0b, 20},
     {"Hi There", 0, 0},
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"4.3, a short key",
     {"Jefe", 0, 0},
     {"what do ya want for nothing?", 0, 0},
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"4.4",
     {NULL, 0xaa, 20},
     {NULL, 0xdd, 50},
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {"4.7, a key longer than a block",
     {NULL, 0xaa, 131},
     {"Test Using Larger Than Block-Size Key - Hash Key First", 0, 0},
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {"4.8, and much to hash",
     {NULL, 0xaa, 131},
     {"This is a test using a larger than block-size key and a larger than "
      "block-size data. The key needs to be hashed before being used by the "
      "HMAC algorithm.",
      0, 0},
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    {"nothing under nothing",
     {"", 0, 0},
     {"", 0, 0},
     "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
};

static void
put(struct assay_buf *to, const struct bytes *b)
{
    assay_buf_init(to, 1024);
    for (size_t i = 0; i < b->count; i++) {
        assay_buf_add_u8(to, b->byte);
    }
    assay_buf_add_text(to, b->text != NULL ? b->text : "");
}

static void
test_vectors(void **state)
{
    struct assay_ctx *ctx = NULL;
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_ctx_new(&ctx, &err), ASSAY_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct assay_buf key;
        struct assay_buf in;
        uint8_t mac[ASSAY_SHA256_BYTES];
        char hex[2 * ASSAY_SHA256_BYTES + 1];

        put(&key, &rows[i].key);
        put(&in, &rows[i].in);
        assert_int_equal(assay_hmac_sha256(ctx, assay_buf_slice(&key),
                                           assay_buf_slice(&in), mac, &err),
                         ASSAY_OK);
        assay_hex_to(hex, ASSAY_SLICE(mac));
        if (strcmp(hex, rows[i].hmac) != 0) {
            fail_msg("%s: %s", rows[i].name, hex);
        }
        assay_buf_free(&key);
        assay_buf_free(&in);
    }
    assay_ctx_free(ctx);
}

static void
test_secrets(void **state)
{
    uint8_t a[4] = {1, 2, 3, 4};
    const uint8_t b[4] = {1, 2, 3, 5};
    const uint8_t zero[4] = {0};

    (void)state;
    assert_true(assay_secret_equal(a, b, 3));
    assert_false(assay_secret_equal(a, b, 4));
    assert_true(assay_secret_equal(a, b, 0));
    assay_wipe(a, sizeof(a));
    assert_memory_equal(a, zero, sizeof(a));
    assay_wipe(NULL, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
