/* Target functions: assay_chain_parse, assay_root_parse
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A chain that was read, written anew in the order in which it was sorted,
 * is the same chain.
 */
#include "harness/fuzz.h"

#include "base/bytes.h"
#include "base/text.h"
#include "pki/chain.h"

static void
check_round_trip(const struct assay_chain *c)
{
    struct assay_chain again;
    struct assay_error err;
    struct assay_buf pem;

    assay_buf_init(&pem, FUZZ_OUT_MAX);
    for (size_t i = 0; i < c->count; i++) {
        fuzz_check_inside(c->cert[i].der, assay_buf_slice(&c->der));
        assay_pem_encode(&pem, "CERTIFICATE", c->cert[i].der);
    }
    PROMISE(!pem.failed);
    PROMISE(assay_chain_parse(assay_buf_slice(&pem), c->count, "again", &again,
                              &err) == ASSAY_OK);
    for (size_t i = 0; i < c->count; i++) {
        size_t found = 0;

        for (size_t k = 0; k < c->count; k++) {
            found += assay_slice_equal(c->cert[i].der, again.cert[k].der);
        }
        PROMISE(found >= 1);
    }
    assay_chain_free(&again);
    assay_buf_free(&pem);
}

/* Is this order one in which each certificate is issued by the next, and the
 * last by itself? */
static bool
is_linked(const struct assay_chain *c, const size_t *order)
{
    for (size_t i = 0; i < c->count; i++) {
        size_t issuer = order[i + 1 < c->count ? i + 1 : i];

        if (!assay_slice_equal(c->cert[order[i]].issuer,
                               c->cert[issuer].subject)) {
            return false;
        }
    }
    return true;
}

/* If names allow exactly one such order, it is the one that was chosen. */
static void
check_order(const struct assay_chain *c)
{
    static const size_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                        {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    bool possible = false;

    for (size_t i = 0; i < c->count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (assay_slice_equal(c->cert[i].subject, c->cert[k].subject)) {
                return;
            }
        }
    }
    for (size_t i = 0; i < 6; i++) {
        bool used = c->count == 3 || orders[i][2] == 2;

        possible = possible || (used && is_linked(c, orders[i]));
    }
    PROMISE(!possible || is_linked(c, orders[0]));
}

static void
try_chain(struct assay_slice in, size_t want)
{
    struct assay_chain c;
    struct assay_error err;
    enum assay_code code = assay_chain_parse(in, want, "chain", &c, &err);

    /* Offsets inside of a certificate count its own decoded bytes. */
    fuzz_check_error(&err, code, in.len);
    if (code == ASSAY_OK) {
        PROMISE(c.count == want);
        check_order(&c);
        check_round_trip(&c);
        assay_chain_free(&c);
    } else {
        fuzz_check_zero(&c, sizeof(c));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_slice in = {data, size};
    struct assay_root *root = (struct assay_root *)(uintptr_t)data;
    struct assay_error err;
    enum assay_code code;

    try_chain(in, 2);
    try_chain(in, 3);
    code = assay_root_parse(fuzz_ctx(), in, &root, &err);
    fuzz_check_error(&err, code, size);
    PROMISE((root != NULL) == (code == ASSAY_OK));
    PROMISE(root == NULL || !assay_root_is_intel(root) || size > 64);
    assay_root_free(root);
    return 0;
}
