/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "collateral/isv_levels.h"

#include <stdlib.h>

static void
insert(const struct assay_fields *f, struct assay_isv_levels *l,
       const struct assay_isv_level *level)
{
    size_t i = l->count;

    for (; i > 0 && l->level[i - 1].isvsvn <= level->isvsvn; i--) {
        if (l->level[i - 1].isvsvn == level->isvsvn) {
            assay_fail(f->err, ASSAY_MALFORMED,
                       assay_json_offset(f->doc, f->node),
                       "%s: isvsvn %u occurs twice", f->path, level->isvsvn);
            return;
        }
        l->level[i] = l->level[i - 1];
    }
    l->level[i] = *level;
    l->count++;
}

void
assay_isv_levels_read(const struct assay_fields *f,
                      struct assay_isv_levels *out)
{
    uint32_t list = assay_field(f, "tcbLevels", ASSAY_JSON_ARRAY);
    uint32_t count = assay_json_count(f->doc, list);

    *out = (struct assay_isv_levels){0, NULL};
    if (f->err->code != ASSAY_OK) {
        return;
    }
    if (count == 0 || count > ASSAY_ISV_LEVELS_MAX) {
        assay_fail(f->err, count == 0 ? ASSAY_MALFORMED : ASSAY_TOO_LARGE,
                   assay_json_offset(f->doc, list),
                   "%s.tcbLevels: %u levels, 1 to %u are allowed", f->path,
                   count, ASSAY_ISV_LEVELS_MAX);
        return;
    }
    out->level = calloc(count, sizeof(*out->level));
    if (out->level == NULL) {
        assay_fail(f->err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                   "%s: out of memory", f->path);
        return;
    }
    for (uint32_t n = assay_json_first(f->doc, list);
         n != ASSAY_JSON_NONE && f->err->code == ASSAY_OK;
         n = assay_json_next(f->doc, n)) {
        struct assay_fields lf = {f->doc, n, "tcbLevels", f->err};
        struct assay_fields tcb =
            assay_field_object(&lf, "tcb", "tcbLevels.tcb");
        struct assay_isv_level level = {
            .isvsvn = (uint16_t)assay_field_u32(&tcb, "isvsvn", UINT16_MAX)};

        assay_field_level_tail(&lf, true, &level.tail);
        insert(&lf, out, &level);
    }
}

void
assay_isv_levels_free(struct assay_isv_levels *l)
{
    free(l->level);
    *l = (struct assay_isv_levels){0, NULL};
}

const struct assay_isv_level *
assay_isv_levels_match(const struct assay_isv_levels *l, uint16_t svn)
{
    for (size_t i = 0; i < l->count; i++) {
        if (l->level[i].isvsvn <= svn) {
            return &l->level[i];
        }
    }
    return NULL;
}
