/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * board.h - what was last found out about each provider, for all threads: the
 * verdicts of which pages and commands tell. Only what was verified is on it,
 * never what was configured alone.
 */
#pragma once

#include "daemon/log.h"
#include "upstream.h"

struct board; /* opaque; shared by threads */

ASSAY_MUST_CHECK enum assay_code board_new(struct board **out,
                                           struct assay_error *err);
void board_free(struct board *b); /* NULL is fine */

/* A verdict, or why there is none: as `judged` of struct upstream_options. */
void board_judge(struct board *b, const struct provider *provider,
                 struct assay_attested *a, const struct proof *proof,
                 const struct assay_error *why, bool peer);

/* Numbers that pages show beside the verdicts, by the program. */
struct board_numbers {
    uint64_t idle;
    uint64_t busy;
    uint64_t attesting;
    uint64_t waiting;
    uint64_t attested;
    uint64_t refused;
    uint64_t failed;
    uint64_t requests;
};
struct board_view {
    const struct providers *providers; /* those of now */
    void (*numbers)(void *user, const struct provider *p,
                    struct board_numbers *out);
    void *user;
    int64_t started_s;
    const char *evidence; /* the folder that bundles are kept in; NULL: they
                             are not */
};

/* The document of GET /.well-known/assay (docs/proxy-status.md), appended. */
void board_put_json(struct board *b, const struct board_view *view,
                    struct assay_buf *to);
/* The page of GET /: HTML without scripts, nothing of it from elsewhere; to be
 * sent with PAGE_SECURITY_POLICY (page.h). */
void board_put_page(struct board *b, const struct board_view *view,
                    struct assay_buf *to);
