/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_example.c - the example in the documentation compiles and works.
 */
#include "assay/assay.h"

bool is_trusted(struct assay_slice quote_bytes, struct assay_slice bundle,
                const struct assay_root *root, int64_t now_s,
                struct assay_error *e);
#include "docs/example.c" /* NOLINT(bugprone-suspicious-include) */

#include "harness/unit.h"
#include "mint/world.h"

static void
test_example(void **state)
{
    struct mint_world *world = NULL;
    struct assay_ctx *ctx = NULL;
    struct assay_root *root = NULL;
    struct assay_buf quote;
    struct assay_buf bundle;
    struct assay_error err;

    (void)state;
    assay_buf_init(&quote, MINT_QUOTE_MAX);
    assay_buf_init(&bundle, ASSAY_BUNDLE_MAX_BYTES);
    assert_int_equal(mint_world_new(NULL, &world, &err), ASSAY_OK);
    assert_int_equal(mint_world_quote(world, &quote, &err), ASSAY_OK);
    assert_int_equal(mint_world_bundle(world, &bundle, &err), ASSAY_OK);
    assert_int_equal(assay_ctx_new(&ctx, &err), ASSAY_OK);
    assert_int_equal(
        assay_root_parse(ctx, mint_world_root_pem(world), &root, &err),
        ASSAY_OK);

    assert_true(is_trusted(assay_buf_slice(&quote), assay_buf_slice(&bundle),
                           root, MINT_NOW_S, &err));
    assert_false(is_trusted(assay_buf_slice(&quote), assay_buf_slice(&bundle),
                            assay_root_intel(), MINT_NOW_S, &err));
    quote.ptr[184] ^= 1; /* in MRTD */
    assert_false(is_trusted(assay_buf_slice(&quote), assay_buf_slice(&bundle),
                            root, MINT_NOW_S, &err));
    assert_false(is_trusted((struct assay_slice){quote.ptr, 1000},
                            assay_buf_slice(&bundle), root, MINT_NOW_S, &err));
    assert_int_equal(err.code, ASSAY_TRUNCATED);

    assay_root_free(root);
    assay_ctx_free(ctx);
    mint_world_free(world);
    assay_buf_free(&quote);
    assay_buf_free(&bundle);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_example)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
