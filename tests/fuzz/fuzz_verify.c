/* Target functions: assay_verify, assay_verdict_to_json
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A fixed, minted platform; the input changes its quote or one part of its
 * collateral. A verdict is trusted only if everything that is signed still is
 * what was signed.
 *
 * Input: byte 0 chooses what is changed (0 to 6 a part of the collateral, else
 * the quote), byte 1 which quote (modulo 3) and whether a verifier that has
 * seen the good one is asked (0x80) and whether the rest replaces the thing or
 * patches it (0x40). A patch is a list of {offset (2, little-endian), XOR}.
 */
#include "harness/fuzz.h"

#include "base/bytes.h"
#include "collateral/collateral.h"
#include "collateral/parts.h"
#include "harness/world.h"

#define PART_COUNT 7u /* the eighth is not judged */
#define HOT        0x80u
#define PATCH      0x40u

static struct good {
    struct evidence e;
    struct assay_quote *quote;
    struct assay_policy *policy;
} goods[EVIDENCE_KINDS];

static void
make_goods(void)
{
    struct assay_error err;

    for (size_t i = 0; i < EVIDENCE_KINDS; i++) {
        struct mint_options o = evidence_options((enum evidence_kind)i);
        struct good *g = &goods[i];
        enum assay_tee tee =
            i == EVIDENCE_SGX_V3 ? ASSAY_TEE_SGX : ASSAY_TEE_TDX;

        evidence_make(&g->e, fuzz_ctx(), &o);
        PROMISE(assay_quote_parse(assay_buf_slice(&g->e.quote), &g->quote,
                                  &err) == ASSAY_OK);
        PROMISE(assay_policy_default(tee, &g->policy, &err) == ASSAY_OK);
    }
}

/* The thing as the input has it: replaced or patched. */
static void
change(struct assay_buf *out, struct assay_slice good, struct assay_slice in,
       bool patch)
{
    assay_buf_init(out, 1u << 20);
    if (!patch) {
        assay_buf_add(out, in);
        return;
    }
    assay_buf_add(out, good);
    for (size_t i = 0; i + 3 <= in.len && out->len > 0; i += 3) {
        size_t at = (size_t)(in.ptr[i] | in.ptr[i + 1] << 8) % out->len;

        out->ptr[at] ^= in.ptr[i + 2];
    }
}

static bool
same_seal(const struct assay_signed *a, const struct assay_signed *b)
{
    return memcmp(a->digest, b->digest, sizeof(a->digest)) == 0;
}

/* Nothing that is signed differs. Signatures themselves may: to (r, s) there
 * is always (r, n - s). */
static void
check_trusted(const struct good *g, const struct assay_quote *quote,
              const struct assay_collateral *c)
{
    const struct assay_quote_view *a = assay_quote_view(g->quote);
    const struct assay_quote_view *b = assay_quote_view(quote);
    const struct assay_collateral *good = g->e.collateral;

    PROMISE(assay_slice_equal(a->signed_bytes, b->signed_bytes));
    PROMISE(assay_slice_equal(a->attestation_key, b->attestation_key));
    PROMISE(assay_slice_equal(a->qe_report.raw, b->qe_report.raw));
    PROMISE(assay_slice_equal(a->qe_auth_data, b->qe_auth_data));
    PROMISE(same_seal(&good->tcb_info.json.seal, &c->tcb_info.json.seal));
    PROMISE(same_seal(&good->qe_identity.json.seal, &c->qe_identity.json.seal));
    PROMISE(same_seal(&good->tcb_signer.seal, &c->tcb_signer.seal));
    PROMISE(same_seal(&good->qe_signer.seal, &c->qe_signer.seal));
    PROMISE(same_seal(&good->pck_crl.seal, &c->pck_crl.seal));
    PROMISE(same_seal(&good->root_crl.seal, &c->root_crl.seal));
}

static void
check_line(const char *text, bool may_be_empty)
{
    PROMISE(may_be_empty || text[0] != '\0');
    for (; *text != '\0'; text++) {
        PROMISE(*text >= ' ' && *text <= '~');
    }
}

/* Trusted means that each required row passed, and nothing else. */
static void
check_verdict(const struct assay_verdict *v)
{
    bool trusted = true;

    for (size_t i = 0; i < assay_verdict_check_count(v); i++) {
        struct assay_check c = assay_verdict_check(v, i);

        trusted = trusted && (!c.required || c.outcome == ASSAY_PASSED);
        check_line(c.detail, true);
        check_line(c.name, false);
    }
    PROMISE(assay_verdict_check_count(v) > 0);
    PROMISE(trusted == assay_verdict_trusted(v));
    PROMISE((assay_verdict_reason(v) == NULL) == trusted);
    PROMISE(!trusted || assay_verdict_tcb_status(v) == ASSAY_TCB_UP_TO_DATE);
    check_line(assay_verdict_summary(v), false);
}

static void
verify(struct assay_verifier *verifier, const struct good *g,
       const struct assay_quote *quote, const struct assay_collateral *c)
{
    const struct assay_verify_input in = {
        .quote = quote,
        .collateral = c,
        .root = g->e.root,
        .policy = g->policy,
        .now_s = MINT_NOW_S,
    };
    struct assay_verdict *v = NULL;
    struct assay_error err;
    struct assay_buf out;
    enum assay_code code = assay_verify(verifier, &in, &v, &err);

    fuzz_check_error(&err, code, ASSAY_BUNDLE_MAX_BYTES);
    PROMISE((v != NULL) == (code == ASSAY_OK));
    if (v == NULL) {
        return;
    }
    check_verdict(v);
    if (assay_verdict_trusted(v)) {
        check_trusted(g, quote, c);
    } else {
        PROMISE(quote != g->quote || c != g->e.collateral);
    }
    assay_buf_init(&out, FUZZ_OUT_MAX);
    code = assay_verdict_to_json(v, quote, c, &out, &err);
    fuzz_check_json(&out, code, &err);
    assay_verdict_free(v);
}

static void
verify_both(const struct good *g, const struct assay_quote *quote,
            const struct assay_collateral *c, bool hot)
{
    struct assay_verifier *verifier = NULL;
    struct assay_error err;

    PROMISE(assay_verifier_new(fuzz_ctx(), hot ? 2 : 0, &verifier, &err) ==
            ASSAY_OK);
    if (hot) {
        verify(verifier, g, g->quote, g->e.collateral);
    }
    verify(verifier, g, quote, c);
    if (hot) { /* what was refused has left nothing behind */
        verify(verifier, g, g->quote, g->e.collateral);
        verify(verifier, g, quote, c);
    }
    assay_verifier_free(verifier);
}

static void
run_quote(const struct good *g, struct assay_slice in, unsigned how)
{
    struct assay_quote *quote = NULL;
    struct assay_error err;
    struct assay_buf bytes;

    change(&bytes, assay_buf_slice(&g->e.quote), in, (how & PATCH) != 0);
    if (assay_quote_parse(assay_buf_slice(&bytes), &quote, &err) == ASSAY_OK) {
        verify_both(g, quote, g->e.collateral, (how & HOT) != 0);
    }
    assay_quote_free(quote);
    assay_buf_free(&bytes);
}

static void
run_part(const struct good *g, size_t part, struct assay_slice in, unsigned how)
{
    struct assay_collateral_parts parts =
        mint_world_collateral_parts(g->e.world);
    struct assay_collateral *c = NULL;
    struct assay_error err;
    struct assay_buf bytes;

    change(&bytes, *assay_part(&parts, part), in, (how & PATCH) != 0);
    *assay_part(&parts, part) = assay_buf_slice(&bytes);
    if (assay_collateral_from_parts(fuzz_ctx(), &parts, &c, &err) == ASSAY_OK) {
        verify_both(g, g->quote, c, (how & HOT) != 0);
    }
    assay_collateral_free(c);
    assay_buf_free(&bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (goods[0].quote == NULL) {
        make_goods();
    }
    if (size < 2) {
        return 0;
    }

    const struct good *g = &goods[(data[1] & 0x3fu) % EVIDENCE_KINDS];
    struct assay_slice in = {data + 2, size - 2};

    if (data[0] < PART_COUNT) {
        run_part(g, data[0], in, data[1]);
    } else {
        run_quote(g, in, data[1]);
    }
    return 0;
}
