/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tcb_info.c - see tcb_info.h.
 */
#include "mint/tcb_info.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "mint/json_parts.h"

static bool
is_tdx(const struct mint_tcb_info_options *o)
{
    return strcmp(o->id, "TDX") == 0;
}

/* Labels as Intel's; nothing reads them, but a parser must pass them by. */
struct label {
    const char *category;
    const char *type;
};

static const struct label sgx_labels[MINT_COMPONENTS] = {
    [0] = {"BIOS", "Early Microcode Update"},
    [1] = {"OS/VMM", "SGX Late Microcode Update"},
    [2] = {"OS/VMM", "TXT SINIT"},
    [3] = {"BIOS", NULL},
    [4] = {"BIOS", NULL},
    [5] = {"BIOS", NULL},
    [7] = {"OS/VMM", "SEAMLDR ACM"},
};

static const struct label tdx_labels[MINT_COMPONENTS] = {
    [0] = {"OS/VMM", "TDX Module"},
    [1] = {"OS/VMM", "TDX Module"},
    [2] = {"OS/VMM", "TDX Late Microcode Update"},
};

/* Beyond the sixteenth, the last is repeated. */
static unsigned
component_index(unsigned i)
{
    return i < MINT_COMPONENTS ? i : MINT_COMPONENTS - 1;
}

static void
write_components(struct assay_json_out *j, const struct label *labels,
                 const int32_t svn[MINT_COMPONENTS], unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned at = component_index(i);

        assay_json_out_open(j, NULL, '{');
        assay_json_out_i64(j, "svn", svn[at]);
        if (labels[at].category != NULL) {
            assay_json_out_text(j, "category", labels[at].category);
        }
        if (labels[at].type != NULL) {
            assay_json_out_text(j, "type", labels[at].type);
        }
        assay_json_out_close(j, '}');
    }
}

static void
write_components_v2(struct assay_json_out *j,
                    const int32_t svn[MINT_COMPONENTS], unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char name[32];

        (void)snprintf(name, sizeof(name), "sgxtcbcomp%02usvn", i + 1);
        assay_json_out_i64(j, name, svn[component_index(i)]);
    }
}

static void
write_level(struct assay_json_out *j, const struct mint_tcb_info_options *o,
            const struct mint_tcb_level *level)
{
    assay_json_out_open(j, NULL, '{');
    assay_json_out_open(j, "tcb", '{');
    if (o->version == 2) {
        write_components_v2(j, level->sgx, o->sgx_component_count);
    } else {
        assay_json_out_open(j, "sgxtcbcomponents", '[');
        write_components(j, sgx_labels, level->sgx, o->sgx_component_count);
        assay_json_out_close(j, ']');
    }
    assay_json_out_i64(j, "pcesvn", level->pcesvn);
    if (o->version != 2 && is_tdx(o)) {
        assay_json_out_open(j, "tdxtcbcomponents", '[');
        write_components(j, tdx_labels, level->tdx, o->tdx_component_count);
        assay_json_out_close(j, ']');
    }
    assay_json_out_close(j, '}');
    mint_json_verdict(j, level->date_s, level->status, level->advisories);
    assay_json_out_close(j, '}');
}

static void
write_module_members(struct assay_json_out *j, const struct mint_tdx_module *m)
{
    assay_json_out_text(j, "mrsigner", m->mrsigner);
    assay_json_out_text(j, "attributes", m->attributes);
    assay_json_out_text(j, "attributesMask", m->mask);
}

static void
write_modules(struct assay_json_out *j, const struct mint_tcb_info_options *o)
{
    if (!o->omit_module) {
        assay_json_out_open(j, "tdxModule", '{');
        write_module_members(j, &o->module);
        assay_json_out_close(j, '}');
    }
    if (o->omit_modules) {
        return;
    }
    assay_json_out_open(j, "tdxModuleIdentities", '[');
    for (unsigned i = 0; i < o->module_count; i++) {
        assay_json_out_open(j, NULL, '{');
        assay_json_out_text(j, "id", o->modules[i].id);
        write_module_members(j, &o->modules[i]);
        mint_json_isv_levels(j, o->modules[i].levels,
                             o->modules[i].level_count);
        assay_json_out_close(j, '}');
    }
    assay_json_out_close(j, ']');
}

static void
write_body(struct assay_json_out *j, const struct mint_tcb_info_options *o)
{
    assay_json_out_open(j, NULL, '{');
    if (o->version != 2) {
        assay_json_out_text(j, "id", o->id);
    }
    assay_json_out_i64(j, "version", o->version);
    assay_json_out_time(j, "issueDate", o->issue_s);
    assay_json_out_time(j, "nextUpdate", o->next_update_s);
    assay_json_out_text(j, "fmspc", o->fmspc);
    assay_json_out_text(j, "pceId", o->pceid);
    assay_json_out_i64(j, "tcbType", o->tcb_type);
    assay_json_out_i64(j, "tcbEvaluationDataNumber", o->evaluation_number);
    if (o->version != 2 && is_tdx(o)) {
        write_modules(j, o);
    }
    assay_json_out_open(j, "tcbLevels", '[');
    for (unsigned i = 0; i < o->level_count; i++) {
        unsigned at = o->reverse_levels ? o->level_count - 1 - i : i;

        write_level(j, o, &o->levels[at]);
    }
    assay_json_out_close(j, ']');
    assay_json_out_close(j, '}');
}

enum assay_code
mint_tcb_info_write(const struct mint_tcb_info_options *o,
                    const struct mint_key *key, struct assay_buf *out,
                    struct assay_error *err)
{
    struct assay_buf body;
    struct assay_json_out j;
    enum assay_code code;

    if (o->level_count > MINT_LEVELS_MAX ||
        o->module_count > MINT_MODULES_MAX) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "mint: more TCB levels or modules than fit");
    }
    assay_buf_init(&body, MINT_TEXT_MAX);
    assay_json_out_init(&j, &body, !o->json.pretty);
    write_body(&j, o);
    code = mint_signed_json(&o->json, "tcbInfo", &body, key, out, err);
    assay_buf_free(&body);
    return code;
}
