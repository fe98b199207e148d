/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * collateral.c - what a search has found: sessions that were given it share it.
 */
#include "state.h"

static void
destroy(void *object)
{
    assay_collateral_free(((struct js_collateral *)object)->collateral);
}

const struct js_kind js_collateral_kind = {
    "collateral", sizeof(struct js_collateral), destroy};

void
js_collateral_free(struct js_collateral *c)
{
    js_object_give_back(c, &js_collateral_kind);
}
