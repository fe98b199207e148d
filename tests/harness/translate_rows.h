/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate_rows.h - streams of chunks and what becomes of them, as rows.
 */
#pragma once

#include "harness/translate.h"

/* A chunk with this delta, and with this finish_reason. */
#define D(delta)                                                               \
    "data: {\"model\":\"s\",\"choices\":[{\"index\":0,\"delta\":{" delta       \
    "},\"finish_reason\":null}]}\n\n"
#define F(word)                                                                \
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":"         \
    "\"" word "\"}]}\n\n"
#define DONE "data: [DONE]\n\n"
#define USAGE                                                                  \
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,"                    \
    "\"completion_tokens\":5,\"total_tokens\":12}}\n\n"
#define CALL(index, id, name, arguments)                                       \
    "{\"index\":" #index ",\"id\":\"" id                                       \
    "\",\"type\":\"function\",\"function\":{\"name\":\"" name                  \
    "\",\"arguments\":\"" arguments "\"}}"
#define MORE(index, arguments)                                                 \
    "{\"index\":" #index ",\"function\":{\"arguments\":\"" arguments "\"}}"
#define CALLS(calls) D("\"tool_calls\":[" calls "]")

#define CREATED "created in_progress\nin_progress in_progress\n"
#define HELLO                                                                  \
    "output_item.added #0 message[] in_progress\n"                             \
    "content_part.added #0\n"                                                  \
    "output_text.delta #0 Hel\n"                                               \
    "output_text.delta #0 lo\n"
#define HELLO_DONE(status)                                                     \
    "output_text.done #0 Hello\n"                                              \
    "content_part.done #0\n"                                                   \
    "output_item.done #0 message[Hello] " status "\n"

#define TOOLS                                                                  \
    "{\"model\":\"m\",\"input\":\"hi\",\"stream\":true,\"tools\":["            \
    "{\"type\":\"function\",\"name\":\"f\"},{\"type\":\"custom\",\"name\":"    \
    "\"c\"},{\"type\":\"namespace\",\"name\":\"n\",\"tools\":[{\"type\":"      \
    "\"function\",\"name\":\"g\"}]}]}"

struct translate_row {
    const char *name;
    const char *request;
    const char *stream;
    const char *events;
    enum assay_code code;
    const char *msg;
    bool truncated;
};

static inline void
translate_run(const struct translate_row *row, struct translate_pieces how,
              struct assay_buf *to)
{
    struct translation *t =
        translate_begun(row->request, 200, "text/event-stream; charset=utf-8");
    struct assay_error err;

    (void)!translate_answered(t, assay_slice_of(row->stream), how, to, &err);
    check_error(row->name, &err, row->code, row->msg, ASSAY_NO_OFFSET);
    translation_free(t);
}

/* The events of each row. */
static inline void
translate_check_events(const struct translate_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct translate_pieces whole = {0, SIZE_MAX, rows[i].truncated};
        struct assay_buf got;
        struct assay_buf brief;

        assay_buf_init(&got, SIZE_MAX);
        assay_buf_init(&brief, SIZE_MAX);
        translate_run(&rows[i], whole, &got);
        translate_short(assay_buf_slice(&got), &brief);
        translate_check_text(rows[i].name, &brief, rows[i].events);
        assay_buf_free(&got);
        assay_buf_free(&brief);
    }
}

/* In two pieces, cut anywhere; and octet by octet. */
static inline void
translate_check_cuts(const struct translate_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct translate_pieces whole = {0, SIZE_MAX, rows[i].truncated};
        struct assay_buf want;

        assay_buf_init(&want, SIZE_MAX);
        translate_run(&rows[i], whole, &want);
        for (size_t n = 0; n <= strlen(rows[i].stream); n++) {
            const struct translate_pieces two = {n, n > 0 ? SIZE_MAX : 1,
                                                 rows[i].truncated};
            struct assay_buf got;

            assay_buf_init(&got, SIZE_MAX);
            translate_run(&rows[i], two, &got);
            CHECK(rows[i].name, assay_slice_equal(assay_buf_slice(&got),
                                                  assay_buf_slice(&want)));
            assay_buf_free(&got);
        }
        assay_buf_free(&want);
    }
}
