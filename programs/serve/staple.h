/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * staple.h - the collateral of this platform, for clients that ask for it with
 * the quote. The main thread has it fetched and kept current; workers take what
 * lies on a shelf, and never wait for it.
 */
#pragma once

#include "daemon/log.h"
#include "site.h"

struct quotes;

/* --- for workers -------------------------------------------------------- */

struct shelf; /* opaque: what is handed out now; shared by threads */
struct staple_text;

struct shelf *shelf_new(void); /* NULL: no memory */
void shelf_free(struct shelf *s);
/* To be released; NULL if there is nothing, or no shelf. */
struct staple_text *shelf_take(struct shelf *s);
struct assay_slice staple_slice(const struct staple_text *t); /* NULL: empty */
void staple_release(struct staple_text *t);                   /* or NULL */

/* --- for the main thread ------------------------------------------------ */

struct stapler; /* opaque */

struct stapler_options {
    uv_loop_t *loop;
    const struct assay_ctx *ctx;
    struct quotes *quotes; /* tell which collateral is needed */
    struct shelf *shelf;
    const struct log *log;
};

/* What the options point to must outlive it. Does nothing until it is given a
 * site. NULL: no memory. */
struct stapler *stapler_new(const struct stapler_options *options);
/* Staples as this site says, if it does; what lay on the shelf stays there
 * until it is replaced, or nothing is to be stapled. */
void stapler_use(struct stapler *s, struct site *site);
void stapler_free(struct stapler *s); /* before its quotes; NULL is fine */
