/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * page_parts.h - what the page is put together from.
 */
#pragma once

#include "page_html.h"

extern const char page_style[]; /* CSS */

/* How a provider stands, as words and as a class of the style. */
struct page_state {
    const char *name;  /* as in the document */
    const char *words; /* "Verified" */
    const char *mark;  /* a sign beside the words */
    const char *tone;  /* "good", "bad", "warn" or "none" */
};
/* The last one stands for whatever is unknown. */
struct page_state page_state_of(const struct page *p, uint32_t provider);
/* The words with their sign. */
void page_put_state(const struct page *p, struct page_state s);

/* All of one provider. folder: where bundles are; empty: they are not kept. */
void page_put_provider(const struct page *p, uint32_t provider,
                       struct assay_slice folder);
/* Parts of it, of its member `verdict`, which is there. */
void page_put_checks(const struct page *p, uint32_t verdict);
void page_put_measurements(const struct page *p, uint32_t verdict);
void page_put_platform(const struct page *p, uint32_t verdict);
