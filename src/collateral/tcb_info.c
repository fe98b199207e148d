/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "collateral/tcb_info.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

/* Version 3: an array of exactly 16 objects with a member svn. */
static void
read_components(const struct assay_fields *tcb, const char *name,
                uint8_t out[ASSAY_TCB_COMPONENTS])
{
    uint32_t list = assay_field(tcb, name, ASSAY_JSON_ARRAY);
    size_t i = 0;

    if (tcb->err->code == ASSAY_OK &&
        assay_json_count(tcb->doc, list) != ASSAY_TCB_COMPONENTS) {
        assay_fail(tcb->err, ASSAY_MALFORMED, assay_json_offset(tcb->doc, list),
                   "%s.%s: %u components, not 16", tcb->path, name,
                   assay_json_count(tcb->doc, list));
    }
    for (uint32_t n = assay_json_first(tcb->doc, list);
         n != ASSAY_JSON_NONE && tcb->err->code == ASSAY_OK;
         n = assay_json_next(tcb->doc, n)) {
        struct assay_fields component = {tcb->doc, n, name, tcb->err};

        out[i++] = (uint8_t)assay_field_u32(&component, "svn", UINT8_MAX);
    }
}

/* Version 2: sixteen members. */
static void
read_components_v2(const struct assay_fields *tcb,
                   uint8_t out[ASSAY_TCB_COMPONENTS])
{
    for (unsigned i = 0; i < ASSAY_TCB_COMPONENTS; i++) {
        char name[24];

        (void)snprintf(name, sizeof(name), "sgxtcbcomp%02usvn", i + 1);
        out[i] = (uint8_t)assay_field_u32(tcb, name, UINT8_MAX);
    }
}

static void
read_level(const struct assay_fields *f, const struct assay_tcb_info *t,
           struct assay_tcb_level *out)
{
    struct assay_fields tcb = assay_field_object(f, "tcb", "tcbLevels.tcb");

    if (t->version == 2) {
        read_components_v2(&tcb, out->sgx);
    } else {
        read_components(&tcb, "sgxtcbcomponents", out->sgx);
    }
    out->pcesvn = (uint16_t)assay_field_u32(&tcb, "pcesvn", UINT16_MAX);
    if (t->tdx) {
        read_components(&tcb, "tdxtcbcomponents", out->tdx);
    }
    assay_field_level_tail(f, false, &out->tail);
}

/* Intel's order: SGX components, PCESVN, TDX components. */
static int
compare_levels(const struct assay_tcb_level *a, const struct assay_tcb_level *b)
{
    int order = memcmp(a->sgx, b->sgx, sizeof(a->sgx));

    if (order == 0) {
        order = (a->pcesvn > b->pcesvn) - (a->pcesvn < b->pcesvn);
    }
    if (order == 0) {
        order = memcmp(a->tdx, b->tdx, sizeof(a->tdx));
    }
    return order;
}

/* Intel keeps the levels as a set in descending order and refuses two equal
 * ones, so the order in the text does not matter. */
static void
insert_level(const struct assay_fields *f, struct assay_tcb_info *t,
             const struct assay_tcb_level *level)
{
    size_t i = t->level_count;

    for (; i > 0; i--) {
        int order = compare_levels(&t->level[i - 1], level);

        if (order == 0) {
            assay_fail(f->err, ASSAY_MALFORMED,
                       assay_json_offset(f->doc, f->node),
                       "%s: a level occurs twice", f->path);
            return;
        }
        if (order > 0) {
            break;
        }
        t->level[i] = t->level[i - 1];
    }
    t->level[i] = *level;
    t->level_count++;
}

static void *
new_array(const struct assay_fields *f, const char *name, uint32_t list,
          uint32_t max, size_t size)
{
    uint32_t count = assay_json_count(f->doc, list);
    void *array = NULL;

    if (f->err->code != ASSAY_OK) {
        return NULL;
    }
    if (count == 0 || count > max) {
        assay_fail(f->err, count == 0 ? ASSAY_MALFORMED : ASSAY_TOO_LARGE,
                   assay_json_offset(f->doc, list),
                   "%s.%s: %u entries, 1 to %u are allowed", f->path, name,
                   count, max);
        return NULL;
    }
    array = calloc(count, size);
    if (array == NULL) {
        assay_fail(f->err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                   "%s.%s: out of memory", f->path, name);
    }
    return array;
}

static void
read_levels(const struct assay_fields *f, struct assay_tcb_info *t)
{
    uint32_t list = assay_field(f, "tcbLevels", ASSAY_JSON_ARRAY);

    t->level = new_array(f, "tcbLevels", list, ASSAY_TCB_LEVELS_MAX,
                         sizeof(*t->level));
    if (t->level == NULL) {
        return;
    }
    for (uint32_t n = assay_json_first(f->doc, list);
         n != ASSAY_JSON_NONE && f->err->code == ASSAY_OK;
         n = assay_json_next(f->doc, n)) {
        struct assay_fields lf = {f->doc, n, "tcbLevels", f->err};
        struct assay_tcb_level level = {.pcesvn = 0};

        read_level(&lf, t, &level);
        if (f->err->code == ASSAY_OK) {
            insert_level(&lf, t, &level);
        }
    }
}

static void
read_module(const struct assay_fields *f, struct assay_tdx_module *out)
{
    assay_field_hex(f, "mrsigner", out->mrsigner, sizeof(out->mrsigner));
    assay_field_hex(f, "attributes", out->attributes, sizeof(out->attributes));
    assay_field_hex(f, "attributesMask", out->attributes_mask,
                    sizeof(out->attributes_mask));
}

/* "TDX_%02X", case ignored as in Intel's code. */
static uint8_t
read_identity_version(const struct assay_fields *f)
{
    struct assay_slice id = assay_field_string(f, "id");
    struct assay_error sub;
    uint8_t version = 0;

    assay_error_clear(&sub);
    if (f->err->code != ASSAY_OK) {
        return 0;
    }
    if (id.len != 6 ||
        !assay_slice_is_nocase((struct assay_slice){id.ptr, 4}, "TDX_") ||
        assay_hex_decode((struct assay_slice){id.ptr + 4, 2}, &version, 1, "id",
                         &sub) != ASSAY_OK) {
        assay_fail(f->err, ASSAY_MALFORMED, assay_json_offset(f->doc, f->node),
                   "%s.id: not TDX_ and two hex digits", f->path);
    }
    return version;
}

static void
read_identities(const struct assay_fields *f, struct assay_tcb_info *t)
{
    static const char name[] = "tdxModuleIdentities";
    uint32_t list = assay_json_member(f->doc, f->node, name);

    if (list == ASSAY_JSON_NONE) {
        return;
    }
    list = assay_field(f, name, ASSAY_JSON_ARRAY);
    t->identity = new_array(f, name, list, ASSAY_MODULE_IDENTITIES_MAX,
                            sizeof(*t->identity));
    for (uint32_t n = assay_json_first(f->doc, list);
         n != ASSAY_JSON_NONE && f->err->code == ASSAY_OK;
         n = assay_json_next(f->doc, n)) {
        struct assay_fields idf = {f->doc, n, name, f->err};
        struct assay_module_identity *id = &t->identity[t->identity_count];

        id->version = read_identity_version(&idf);
        if (f->err->code == ASSAY_OK &&
            assay_tcb_info_identity(t, id->version) != NULL) {
            assay_fail(f->err, ASSAY_MALFORMED, assay_json_offset(f->doc, n),
                       "%s: TDX_%02X occurs twice", name, id->version);
        }
        read_module(&idf, &id->module);
        t->identity_count++;
        assay_isv_levels_read(&idf, &id->levels);
    }
}

static void
read_kind(const struct assay_fields *f, struct assay_tcb_info *t)
{
    struct assay_slice id;

    t->version = assay_field_u32(f, "version", UINT32_MAX);
    if (f->err->code != ASSAY_OK || t->version == 2) {
        return;
    }
    if (t->version != 3) {
        assay_fail(f->err, ASSAY_UNSUPPORTED,
                   assay_json_offset(f->doc, f->node),
                   "%s.version: %u is not 2 or 3", f->path, t->version);
        return;
    }
    id = assay_field_string(f, "id");
    t->tdx = assay_slice_is(id, "TDX");
    if (f->err->code == ASSAY_OK && !t->tdx && !assay_slice_is(id, "SGX")) {
        assay_fail(f->err, ASSAY_MALFORMED, assay_json_offset(f->doc, f->node),
                   "%s.id: neither SGX nor TDX", f->path);
    }
}

static void
read_tdx_parts(const struct assay_fields *f, struct assay_tcb_info *t)
{
    if (t->tdx) {
        struct assay_fields module =
            assay_field_object(f, "tdxModule", "tcbInfo.tdxModule");

        read_module(&module, &t->module);
        read_identities(f, t);
        return;
    }
    if (assay_json_member(f->doc, f->node, "tdxModule") != ASSAY_JSON_NONE ||
        assay_json_member(f->doc, f->node, "tdxModuleIdentities") !=
            ASSAY_JSON_NONE) {
        assay_fail(f->err, ASSAY_MALFORMED, assay_json_offset(f->doc, f->node),
                   "%s: SGX TCB info with a TDX module", f->path);
    }
}

static void
read_tcb_info(const struct assay_fields *f, struct assay_tcb_info *t)
{
    read_kind(f, t);
    t->issue_s = assay_field_time(f, "issueDate");
    t->next_update_s = assay_field_time(f, "nextUpdate");
    assay_field_hex(f, "fmspc", t->fmspc, sizeof(t->fmspc));
    assay_field_hex(f, "pceId", t->pce_id, sizeof(t->pce_id));
    (void)assay_field_u32(f, "tcbType", 0);
    t->evaluation = assay_field_u32(f, "tcbEvaluationDataNumber", UINT32_MAX);
    read_tdx_parts(f, t);
    read_levels(f, t);
}

enum assay_code
assay_tcb_info_parse(const struct assay_ctx *ctx, struct assay_slice text,
                     struct assay_tcb_info *out, struct assay_error *err)
{
    struct assay_tcb_info t = {.version = 0};
    struct assay_fields f = {.path = "tcbInfo", .err = err};

    memset(out, 0, sizeof(*out));
    if (assay_signed_json_parse(ctx, text, "tcbInfo", &t.json, err) !=
        ASSAY_OK) {
        return err->code;
    }
    f.doc = t.json.doc;
    f.node = t.json.body;
    read_tcb_info(&f, &t);
    if (err->code != ASSAY_OK) {
        assay_tcb_info_free(&t);
        return err->code;
    }
    *out = t;
    return ASSAY_OK;
}

void
assay_tcb_info_free(struct assay_tcb_info *t)
{
    for (size_t i = 0; i < t->identity_count; i++) {
        assay_isv_levels_free(&t->identity[i].levels);
    }
    free(t->identity);
    free(t->level);
    assay_signed_json_free(&t->json);
    memset(t, 0, sizeof(*t));
}

const struct assay_module_identity *
assay_tcb_info_identity(const struct assay_tcb_info *t, uint8_t version)
{
    for (size_t i = 0; i < t->identity_count; i++) {
        if (t->identity[i].version == version) {
            return &t->identity[i];
        }
    }
    return NULL;
}
