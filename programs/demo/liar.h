/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * liar.h - a guest agent that lies: it passes calls on to the real one and
 * edits the answers. It cannot sign, so quotes stay as they are; event logs
 * are not signed.
 */
#pragma once

#include "io/address.h"
#include "io/stream.h"

/* The answer, head and all, in place: its length cannot change. */
typedef void liar_edit(void *user, struct assay_slice answer);

struct liar; /* opaque */

/* Listens on the Unix socket `at`, before the agent at `agent`. Errors of
 * assay_listen(). */
ASSAY_MUST_CHECK enum assay_code
liar_new(uv_loop_t *loop, const struct assay_address *at,
         const struct assay_address *agent, liar_edit *edit, void *user,
         struct liar **out, struct assay_error *err);
void liar_free(struct liar *l); /* NULL is fine */

/* Writes `to`, which is as long, over each `from`. */
void liar_replace_all(struct assay_slice in, const char *from, const char *to);
/* Writes `to` over the last `from` before the first `mark`, and over the mark
 * itself `mark_to`, as long as it. Nothing happens if they are not there. */
void liar_replace_at(struct assay_slice in, const char *mark,
                     const char *mark_to, const char *from, const char *to);
