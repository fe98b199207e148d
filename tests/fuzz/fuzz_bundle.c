/* Target functions: assay_collateral_parse, assay_collateral_write
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A bundle that was read, written anew from its parts, is the same bundle.
 */
#include "harness/fuzz.h"

#include "base/bytes.h"
#include "collateral/collateral.h"
#include "collateral/parts.h"

static void
check_items(const struct assay_collateral *c)
{
    int64_t first = INT64_MAX;

    for (size_t i = 0; i < assay_collateral_item_count(c); i++) {
        struct assay_collateral_item item = assay_collateral_item(c, i);

        PROMISE(item.name[0] != '\0');
        first = item.expires_s < first ? item.expires_s : first;
    }
    PROMISE(first == assay_collateral_expires(c));
}

static void
check_same(const struct assay_collateral *a, const struct assay_collateral *b)
{
    const struct assay_signed *const seals[][2] = {
        {&a->tcb_info.json.seal, &b->tcb_info.json.seal},
        {&a->qe_identity.json.seal, &b->qe_identity.json.seal},
        {&a->tcb_signer.seal, &b->tcb_signer.seal},
        {&a->qe_signer.seal, &b->qe_signer.seal},
        {&a->pck_crl.seal, &b->pck_crl.seal},
        {&a->root_crl.seal, &b->root_crl.seal},
    };

    for (size_t i = 0; i < sizeof(seals) / sizeof(seals[0]); i++) {
        PROMISE(memcmp(seals[i][0], seals[i][1], sizeof(*seals[i][0])) == 0);
    }
    PROMISE(assay_slice_equal(a->pck_chain, b->pck_chain));
    PROMISE(assay_slice_equal(a->pck_crl.crl.der, b->pck_crl.crl.der));
    PROMISE(assay_slice_equal(a->root_crl.crl.der, b->root_crl.crl.der));
}

static void
check_round_trip(const struct assay_collateral *c, struct assay_slice in)
{
    static const struct assay_json_limits limits = {ASSAY_BUNDLE_MAX_BYTES, 4,
                                                    1024};
    struct assay_collateral_parts parts;
    struct assay_collateral *again = NULL;
    struct assay_json *j = NULL;
    struct assay_buf text;
    struct assay_error err;

    memset(&parts, 0, sizeof(parts));
    assay_error_clear(&err);
    PROMISE(assay_json_parse(in, &limits, "bundle", &j, &err) == ASSAY_OK);
    for (size_t i = 0; i < ASSAY_PART_COUNT; i++) {
        uint32_t node =
            assay_json_member(j, ASSAY_JSON_ROOT, assay_part_rows[i].name);

        if (node != ASSAY_JSON_NONE) {
            *assay_part(&parts, i) = assay_json_string(j, node);
        }
    }
    assay_buf_init(&text, ASSAY_BUNDLE_MAX_BYTES);
    PROMISE(assay_collateral_write(&parts, &text, &err) == ASSAY_OK);
    PROMISE(assay_collateral_parse(fuzz_ctx(), assay_buf_slice(&text), &again,
                                   &err) == ASSAY_OK);
    check_same(c, again);
    assay_collateral_free(again);
    assay_buf_free(&text);
    assay_json_free(j);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_slice in = {data, size};
    struct assay_collateral *c = (struct assay_collateral *)(uintptr_t)data;
    struct assay_error err;
    enum assay_code code = assay_collateral_parse(fuzz_ctx(), in, &c, &err);

    fuzz_check_error(&err, code, size);
    PROMISE((c != NULL) == (code == ASSAY_OK));
    if (c != NULL) {
        struct assay_buf out;

        check_items(c);
        assay_buf_init(&out, FUZZ_OUT_MAX);
        code = assay_collateral_to_json(c, &out, &err);
        fuzz_check_json(&out, code, &err);
        check_round_trip(c, in);
    }
    assay_collateral_free(c);
    return 0;
}
