/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy_diff_found.c - what was found and a policy does not accept.
 */
#include <string.h>

#include "assay/compose.h"
#include "base/bytes.h"
#include "base/json_out.h"
#include "base/text.h"
#include "policy_diff_parts.h"

/* One value that must be in the policy's list, if there is one. */
static void
compare_found(struct policy_diff *d, const char *prefix, const char *name,
              struct policy_value list, const uint8_t *bytes, size_t len)
{
    char hex[2 * 48 + 1] = "";
    struct difference *to;
    struct assay_json_out o;

    if (list.node == ASSAY_JSON_NONE ||
        policy_value_is(list, ASSAY_JSON_NULL)) {
        return;
    }
    if (bytes != NULL) {
        assay_hex_to(hex, (struct assay_slice){bytes, len});
    }
    for (uint32_t i = policy_document_first(list.j, list.node);
         i != ASSAY_JSON_NONE; i = policy_document_next(list.j, list.node, i)) {
        if (assay_slice_is(assay_json_string(list.j, i), hex)) {
            return;
        }
    }
    to = policy_diff_add(d, prefix, assay_slice_of(name));
    if (to != NULL) {
        policy_value_write(d, list, &to->old);
        assay_json_out_init(&o, &to->new, true);
        if (bytes != NULL) {
            assay_json_out_text(&o, NULL, hex);
        }
    }
}

static void
compare_registers(struct policy_diff *d, const struct assay_json *j,
                  const struct found *f)
{
    uint32_t boot = assay_json_member(j, ASSAY_JSON_ROOT, "expected_bootchain");

    for (int i = PIN_MRTD; i <= PIN_MR_OWNER_CONFIG; i++) {
        const char *name = pin_item_name((enum pin_item)i);
        const uint8_t *reg = f->has_register[i] ? f->reg[i] : NULL;

        compare_found(d, "", name,
                      policy_value_member(j, ASSAY_JSON_ROOT, name), reg,
                      sizeof(f->reg[i]));
        compare_found(d, "expected_bootchain.", name,
                      policy_value_member(j, boot, name), reg,
                      sizeof(f->reg[i]));
    }
    compare_found(d, "", "expected_rtmr3",
                  policy_value_member(j, ASSAY_JSON_ROOT, "expected_rtmr3"),
                  f->has_register[PIN_RTMR3] ? f->reg[PIN_RTMR3] : NULL,
                  sizeof(f->reg[PIN_RTMR3]));
}

/* The policy's object, and a text that was not offered: its hash is all. */
static void
add_unseen(struct policy_diff *d, const struct diff_side *old,
           const struct found *f)
{
    static const enum assay_compose_form forms[] = {ASSAY_COMPOSE_INSERTION,
                                                    ASSAY_COMPOSE_SORTED};
    struct policy_value object =
        policy_value_member(old->policy->all, ASSAY_JSON_ROOT, "app_compose");
    uint8_t hash[32];
    struct assay_error err;

    if (!policy_value_is(object, ASSAY_JSON_OBJECT)) {
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        if (assay_compose_hash(d->ctx, assay_json_span(object.j, object.node),
                               forms[i], hash, &err) == ASSAY_OK &&
            f->has_compose && memcmp(hash, f->compose, sizeof(hash)) == 0) {
            return;
        }
    }
    policy_diff_add_values(d, "", assay_slice_of("app_compose"), object,
                           (struct policy_value){object.j, ASSAY_JSON_NONE});
}

void
policy_diff_found(struct policy_diff *d, const struct diff_side *old,
                  const struct found *f)
{
    const struct assay_json *j = old->policy->all;
    struct assay_slice found = assay_buf_slice(&f->app_compose);
    struct assay_buf room;
    struct assay_slice text;

    compare_registers(d, j, f);
    compare_found(d, "", "os_image_hash",
                  policy_value_member(j, ASSAY_JSON_ROOT, "os_image_hash"),
                  f->has_os_image ? f->os_image : NULL, sizeof(f->os_image));
    compare_found(d, "", "compose_hash",
                  policy_value_member(j, ASSAY_JSON_ROOT, "compose_hash"),
                  f->has_compose ? f->compose : NULL, sizeof(f->compose));
    text = policy_diff_compose_of(d, old, &room);
    if (text.len > 0 && found.len > 0) {
        policy_diff_composes(d, text, found);
    } else {
        add_unseen(d, old, f);
    }
    assay_buf_free(&room);
}
