/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate.h - a client that speaks OpenAI's Responses to a server that speaks
 * Chat Completions: one request, and what comes back. No I/O in here.
 *
 *     POST BASE/responses  ->  POST BASE/chat/completions
 *
 * Function tools and their calls, reasoning text, images, structured output and
 * usage are carried over; what cannot be is refused by name, never dropped in
 * silence where that would change what is answered.
 */
#pragma once

#include "base/buf.h"

#define TRANSLATE_BODY_MAX_BYTES (64u * 1024u * 1024u)

/* All texts and calls of one answer, as JSON. The end of a stream repeats them.
 */
#define TRANSLATE_ANSWER_MAX_BYTES (8u * 1024u * 1024u)

struct translation; /* opaque; one request */

/* From the request's whole body. *chat: the body for the server, appended.
 * id: 24 random hex digits, of which the names of what is made are (resp_ID);
 * now_s: Unix seconds, for created_at.
 * ASSAY_MALFORMED and others of assay_json_parse(), ASSAY_INVALID (a member of
 * a wrong type), ASSAY_UNSUPPORTED (an item or option that Chat Completions
 * does not have); the message names the member ("input[3].type: ..."). It is
 * for the client and for no log: it may quote words of the request.
 * *out is NULL unless ASSAY_OK, and *chat is as it was; freed with
 * translation_free(). */
ASSAY_MUST_CHECK enum assay_code translation_new(struct assay_slice body,
                                                 const char *id, int64_t now_s,
                                                 struct assay_buf *chat,
                                                 struct translation **out,
                                                 struct assay_error *err);
void translation_free(struct translation *t); /* NULL is fine */

/* Bytes of memory that it holds, and that the end of a stream will take; of
 * NULL, none. */
size_t translation_weight(const struct translation *t);

/* Does the client want a stream (text/event-stream)? */
bool translation_streams(const struct translation *t);

/* The server has answered with this status and Content-Type. From then on its
 * body is fed in pieces, and what the client gets is appended to *to. The body
 * must come as it is: no Content-Encoding.
 * Content-Type of what the client gets; static. */
const char *translation_begin(struct translation *t, unsigned status,
                              struct assay_slice content_type);
/* ASSAY_REPLY (what came is no Chat Completions), ASSAY_TOO_LARGE,
 * ASSAY_NO_MEMORY. In a stream that is told to the client too (an event
 * `response.failed`), and is in *to; what is no stream has nothing in *to
 * before translation_end(), so a head that waits so long can still say 502. The
 * message quotes nothing of the answer but a finish_reason. *to grows by little
 * more than what comes in, but for the end of a stream, which repeats all texts
 * three times. An empty piece tells of a stream that it has begun, for servers
 * think long before their first word. */
ASSAY_MUST_CHECK enum assay_code translation_feed(struct translation *t,
                                                  struct assay_slice piece,
                                                  struct assay_buf *to,
                                                  struct assay_error *err);
/* The body is complete. truncated: it was cut. Errors as above. */
ASSAY_MUST_CHECK enum assay_code translation_end(struct translation *t,
                                                 bool truncated,
                                                 struct assay_buf *to,
                                                 struct assay_error *err);
