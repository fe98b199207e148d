/* Target functions: assay_gather_give, assay_gather_take, assay_header_field
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Two sources that answer as they like: answers are separated by a line "--",
 * and head and body of one by an empty line. However they answer, each is asked
 * four times at the most, and what is taken can be read again.
 */
#include "harness/fuzz.h"

#include "assay/gather.h"
#include "base/bytes.h"

#define ASKED_MAX 8u

static struct assay_slice
next_piece(struct assay_slice *rest, const char *mark)
{
    size_t at = assay_slice_find(*rest, mark);
    struct assay_slice piece = *rest;

    if (at == ASSAY_NO_OFFSET) {
        rest->len = 0;
        return piece;
    }
    piece.len = at;
    rest->ptr += at + strlen(mark);
    rest->len -= at + strlen(mark);
    return piece;
}

static void
answer(struct assay_gather *g, struct assay_slice *in)
{
    const struct assay_error why = {ASSAY_TIMEOUT, ASSAY_NO_OFFSET, "silent"};
    struct assay_slice body = next_piece(in, "\n--\n");
    struct assay_slice head = next_piece(&body, "\n\n");

    PROMISE(strlen(assay_gather_url(g)) > 0);
    PROMISE(assay_gather_max_body(g) > 0);
    if (head.len == 1 && head.ptr[0] == '!') {
        assay_gather_fail(g, &why);
    } else {
        assay_gather_give(g, head, body);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct assay_collateral_need need = {true, "00a06f050000",
                                                      "platform"};
    static const char *const sources[] = {"", "https://pccs.test"};
    static struct assay_ctx *ctx;
    struct assay_slice in = {data, size};
    struct assay_gather *g = NULL;
    struct assay_collateral *c = NULL;
    struct assay_collateral *again = NULL;
    struct assay_error err;
    struct assay_buf bundle;
    unsigned asked = 0;

    if (ctx == NULL) {
        PROMISE(assay_ctx_new(&ctx, &err) == ASSAY_OK);
    }
    PROMISE(assay_gather_new(ctx,
                             &(struct assay_gather_request){
                                 .need = &need,
                                 .sources = sources,
                                 .source_count = 2,
                             },
                             &g, &err) == ASSAY_OK);
    while (assay_gather_wants(g)) {
        answer(g, &in);
        PROMISE(++asked <= ASKED_MAX);
    }
    assay_buf_init(&bundle, ASSAY_BUNDLE_MAX_BYTES);
    if (assay_gather_take(g, &bundle, &c, &err) == ASSAY_OK) {
        PROMISE(assay_collateral_parse(ctx, assay_buf_slice(&bundle), &again,
                                       &err) == ASSAY_OK);
    }
    PROMISE((c != NULL) == (bundle.len > 0));
    assay_collateral_free(again);
    assay_collateral_free(c);
    assay_buf_free(&bundle);
    assay_gather_free(g);
    return 0;
}
