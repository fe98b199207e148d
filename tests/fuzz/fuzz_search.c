/* Target functions: assay_search_new, assay_search_take
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * What is stapled, cached and held, and two sources that answer as they like:
 * pieces separated by a line "--". The first is "alone", "grace", "refresh" or
 * anything; "=" is the good bundle or the good answer, "none" no bundle, "!"
 * silence; head and body of an answer are separated by an empty line. Whatever
 * they are: what is kept or learnt is signed as the good one is, and no server
 * teaches anything.
 */
#include "harness/fuzz.h"

#include "base/bytes.h"
#include "collateral/collateral.h"
#include "harness/gather.h"
#include "harness/world.h"
#include "search/search.h"

#define ASKED_MAX 8u
#define NOTHING   "none"

static struct good {
    struct evidence e;
    struct assay_collateral_parts parts;
    struct assay_quote *quote;
    struct assay_collateral_need need;
    struct assay_verifier *verifier;
    struct assay_buf bundle;
} good;

static void
make_good(void)
{
    struct mint_options o = evidence_options(EVIDENCE_TDX_V4);
    struct assay_error err;

    evidence_make(&good.e, fuzz_ctx(), &o);
    good.parts = mint_world_collateral_parts(good.e.world);
    assay_buf_init(&good.bundle, ASSAY_BUNDLE_MAX_BYTES);
    PROMISE(mint_world_bundle(good.e.world, &good.bundle, &err) == ASSAY_OK);
    PROMISE(assay_quote_parse(assay_buf_slice(&good.e.quote), &good.quote,
                              &err) == ASSAY_OK);
    PROMISE(assay_collateral_need(good.quote, ASSAY_EMPTY, &good.need, &err) ==
            ASSAY_OK);
    PROMISE(assay_verifier_new(fuzz_ctx(), 8, &good.verifier, &err) ==
            ASSAY_OK);
}

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

static struct assay_slice
next_bundle(struct assay_slice *rest)
{
    struct assay_slice piece = next_piece(rest, "\n--\n");

    return assay_slice_is(piece, "=")       ? assay_buf_slice(&good.bundle)
           : assay_slice_is(piece, NOTHING) ? ASSAY_EMPTY
                                            : piece;
}

static void
answer(struct assay_gather *g, struct assay_slice *in)
{
    const struct assay_error why = {ASSAY_TIMEOUT, ASSAY_NO_OFFSET, "silent"};
    struct assay_slice body = next_piece(in, "\n--\n");

    if (assay_slice_is(body, "=")) {
        gather_give_of(g, &good.parts);
    } else if (assay_slice_is(body, "!")) {
        assay_gather_fail(g, &why);
    } else {
        struct assay_slice head = next_piece(&body, "\n\n");

        assay_gather_give(g, head, body);
    }
}

static bool
same_seal(const struct assay_signed *a, const struct assay_signed *b)
{
    return memcmp(a->digest, b->digest, sizeof(a->digest)) == 0;
}

static void
check(const struct assay_obtained *o)
{
    const struct assay_collateral *a = good.e.collateral;
    const struct assay_collateral *b = o->collateral;
    bool stapled = o->origin == ASSAY_ORIGIN_STAPLED;

    PROMISE(!stapled || (!o->keep && !o->learn && !o->authentic));
    PROMISE(!o->keep || (o->authentic && o->origin == ASSAY_ORIGIN_FETCHED));
    PROMISE(!o->learn || o->authentic);
    PROMISE(stapled == (o->bundle.len == 0));
    if (o->authentic || stapled) {
        PROMISE(same_seal(&a->tcb_info.json.seal, &b->tcb_info.json.seal));
        PROMISE(
            same_seal(&a->qe_identity.json.seal, &b->qe_identity.json.seal));
        PROMISE(same_seal(&a->pck_crl.seal, &b->pck_crl.seal));
        PROMISE(same_seal(&a->root_crl.seal, &b->root_crl.seal));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const sources[] = {"", "https://pccs.test"};
    struct assay_slice rest = {data, size};
    struct assay_search *s = NULL;
    struct assay_obtained o;
    struct assay_error err;
    struct assay_slice flags;
    enum assay_code code;
    unsigned asked = 0;

    if (good.quote == NULL) {
        make_good();
    }
    flags = next_piece(&rest, "\n--\n");
    struct assay_search_input in = {
        .ctx = fuzz_ctx(),
        .verifier = good.verifier,
        .root = good.e.root,
        .quote = good.quote,
        .request = {.need = &good.need,
                    .sources = sources,
                    .source_count =
                        assay_slice_find(flags, "alone") == 0 ? 0 : 2,
                    .now_s = MINT_NOW_S},
        .grace_s = assay_slice_find(flags, "grace") == 0 ? INT64_MAX / 2 : 0,
        .refresh = assay_slice_find(flags, "refresh") == 0,
    };
    in.stapled = next_bundle(&rest);
    in.cached = next_bundle(&rest);
    in.held = next_bundle(&rest);
    PROMISE(assay_search_new(&in, &s, &err) == ASSAY_OK);
    while (assay_search_asks(s) != NULL &&
           assay_gather_wants(assay_search_asks(s))) {
        answer(assay_search_asks(s), &rest);
        PROMISE(++asked <= ASKED_MAX);
    }
    code = assay_search_take(s, &o, &err);
    PROMISE((code == ASSAY_OK) == (o.collateral != NULL));
    if (code == ASSAY_OK) {
        check(&o);
    }
    assay_obtained_free(&o);
    assay_search_free(s);
    return 0;
}
