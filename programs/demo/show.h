/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * show.h - what the demo tells: to people as it goes on, or one JSON document.
 */
#pragma once

#include "attacks.h"
#include "good.h"

struct show {
    bool json;
    bool colour;
    struct assay_buf text; /* JSON, printed at the end */
    unsigned attacks;
    unsigned refused; /* as expected */
};

void show_start(struct show *v, bool json, const char *folder, bool kept);
void show_good(struct show *v, const struct good *g);
void show_attack(struct show *v, const struct attack *a,
                 const struct outcome *o);
/* again: the honest server after all attacks; ms: how long it all took. */
void show_end(struct show *v, const struct good *again, uint64_t ms);
/* Something did not run. */
void show_trouble(struct show *v, const struct assay_error *err);
void show_list(void);
