/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * browser.h - the demo in a browser: the honest world of stage.h behind
 * assay-bridge, a toy model as its backend, and a page that talks to it.
 */
#pragma once

#include "options.h"
#include "page.h"
#include "stage.h"

/* Runs until a signal comes. False: why is in s->err. */
bool browser_run(struct stage *s, const struct page *page,
                 const struct options *o, const char *folder);
