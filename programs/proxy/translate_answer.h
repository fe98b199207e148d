/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate_answer.h - one answer while it is translated: what the server says
 * becomes items, items become events or one object.
 */
#pragma once

#include "base/json.h"
#include "translate_state.h"

/* --- what the server says (translate_chunk.c) ---------------------------- */

/* A chunk of a stream, or (whole) a chat.completion. Failures are recorded in
 * the translation. */
void translate_chunk(struct translation *t, struct assay_slice json,
                     bool whole);

/* Records the first failure: for the caller, and for the client, who is told
 * "server_error", the one code of OpenAI's that says whose it is. */
void translate_fail(struct translation *t, enum assay_code code,
                    const char *fmt, ...) ASSAY_PRINTF(3, 4);
/* ... which is in *err. */
void translate_fail_as(struct translation *t, const struct assay_error *err);

/* --- items (translate_items.c) ------------------------------------------- */

/* What a chunk says of a call; what it does not say is empty. */
struct translate_call {
    bool has_index;
    uint64_t index;
    struct assay_slice id, name, arguments;
};

/* More of what the model says: kind is no call. */
void translate_say(struct translation *t, enum translate_item_kind kind,
                   struct assay_slice text);
void translate_call(struct translation *t, const struct translate_call *call);
/* The item that the piece belongs to, or item_count (translate_find_call.c). */
size_t translate_find_call(const struct translation *t,
                           const struct translate_call *call);
/* Nothing more comes: t->finish says why. What was cut is never shown as
 * done, so that nobody runs half a command. */
void translate_close_items(struct translation *t);

/* --- what the client gets (translate_events.c, translate_object.c) ------- */

/* Each does nothing where the client wants one object. */
void translate_tell_created(struct translation *t);
void translate_tell_added(struct translation *t, size_t item);
void translate_tell_delta(struct translation *t, size_t item,
                          struct assay_slice text);
void translate_tell_done(struct translation *t, size_t item);
void translate_tell_end(struct translation *t);
void translate_tell_alive(struct translation *t);

/* "completed", "incomplete", "failed" or "in_progress". */
const char *translate_status(const struct translation *t);
void translate_write_object(const struct translation *t,
                            struct assay_json_out *o, const char *name);
void translate_write_item(const struct translation *t, struct assay_json_out *o,
                          const char *name, size_t item);
/* The only part of an item that is no call; with its text, or empty. */
void translate_write_part(const struct translate_item *item,
                          struct assay_json_out *o, const char *name,
                          bool with_text);
void translate_write_id(const struct translation *t, struct assay_json_out *o,
                        const char *name, size_t item);

/* --- a server that failed (translate_error.c) ---------------------------- */

/* What an object says of an error: its message and its code, empty where it
 * says none. False: it is no error. */
bool translate_read_error(const struct assay_json *j, uint32_t node,
                          struct assay_slice *message,
                          struct assay_slice *code);
/* The body of an answer with this status, in OpenAI's shape. */
void translate_write_error(struct translation *t, bool truncated);
