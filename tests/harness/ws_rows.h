/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ws_rows.h - tables of streams and what they come to, for both roles and cut
 * in many ways.
 */
#pragma once

#include "harness/unit.h"
#include "harness/ws.h"

#define WS_FRAMES 24u

struct ws_row {
    const char *row;
    const char *what; /* in words, or NULL if the row's name says it */
    struct ws_frame frames[WS_FRAMES];
    /* All events; NULL: the frames' payload, which is all in good order. */
    const char *log;
    /* The failure, if code is not 0. */
    unsigned code; /* to send in a Close */
    const char *msg;
    size_t frame; /* where it is noticed */
    enum ws_place place;
    size_t at;
    uint64_t frame_max; /* 0 for none */
    uint64_t message_max;
};

static inline size_t
ws_row_write(const struct ws_row *r, enum assay_ws_role role,
             struct assay_buf *b, struct ws_span spans[WS_FRAMES])
{
    size_t count = 0;

    for (; count < WS_FRAMES && ws_is_there(&r->frames[count]); count++) {
        ws_write(b, role, &r->frames[count], count, &spans[count]);
    }
    CHECK(r->row, !b->failed && count > 0);
    return count;
}

/* The log of frames in good order. */
static inline void
ws_row_log(const struct ws_row *r, struct assay_buf *b)
{
    bool open = false;

    if (r->log != NULL) {
        assay_buf_add_text(b, r->log);
        return;
    }
    for (size_t i = 0; i < WS_FRAMES && ws_is_there(&r->frames[i]); i++) {
        const struct ws_frame *f = &r->frames[i];
        size_t n = ws_payload_len(f);
        bool control = (f->first & 8) != 0;
        bool ends = control || (f->first & WS_FIN) != 0;

        if (control) {
            assay_buf_add_text(b, (f->first & 0xf) == 9 ? "I[" : "O[");
        } else if (!open && (n > 0 || ends)) {
            /* continuations: the row begins with its message */
            assay_buf_add_text(b, r->frames[0].first % 4 == 1 ? "T[" : "B[");
            open = true;
        }
        for (size_t k = 0; k < n; k++) {
            assay_buf_add_u8(b, (uint8_t)f->payload[k % f->len]);
        }
        if (ends) {
            assay_buf_add_text(b, "]");
            open = open && control;
        }
    }
    CHECK(r->row, !b->failed);
}

static inline uint64_t
ws_row_max(uint64_t max)
{
    return max > 0 ? max : UINT64_MAX;
}

static inline void
ws_row_read(const struct ws_row *r, enum assay_ws_role role,
            struct assay_slice in, size_t first, size_t step, size_t offset,
            struct assay_slice log)
{
    struct ws_run run;

    ws_read(&run, role, ws_row_max(r->frame_max), ws_row_max(r->message_max),
            in, first, step);
    if (run.broken != NULL ||
        !assay_slice_equal(assay_buf_slice(&run.log), log)) {
        fail_msg("row \"%s\": %s: \"%.*s\", want \"%.*s\"", r->row,
                 run.broken != NULL ? run.broken : "events",
                 (int)(run.log.len < 200 ? run.log.len : 200),
                 (char *)run.log.ptr, (int)(log.len < 200 ? log.len : 200),
                 (const char *)log.ptr);
    }
    if (r->code == 0) {
        CHECK(r->row, run.err.code == ASSAY_OK);
        CHECK(r->row, run.used == in.len && run.decoder.close_code == 0);
    } else {
        run.err.offset = run.offset;
        check_error(r->row, &run.err,
                    r->code == ASSAY_WS_TOO_BIG ? ASSAY_TOO_LARGE
                                                : ASSAY_MALFORMED,
                    r->msg, offset);
        CHECK(r->row, run.decoder.close_code == r->code);
    }
    assay_buf_free(&run.log);
}

/* In one piece, in two cut anywhere, and in many of several sizes. */
static inline void
ws_row_check(const struct ws_row *r, enum assay_ws_role role)
{
    static const size_t steps[] = {1, 2, 3, 7, 64, 997};
    struct ws_span spans[WS_FRAMES];
    struct assay_buf in;
    struct assay_buf log;
    size_t offset = 0;

    assay_buf_init(&in, WS_LOG_MAX);
    assay_buf_init(&log, WS_LOG_MAX);
    (void)ws_row_write(r, role, &in, spans);
    ws_row_log(r, &log);
    if (r->code != 0) {
        offset = ws_offset(&spans[r->frame], r->place, r->at);
    }
    for (size_t first = 0; first <= in.len && first < 300; first++) {
        ws_row_read(r, role, assay_buf_slice(&in), first, in.len, offset,
                    assay_buf_slice(&log));
    }
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        ws_row_read(r, role, assay_buf_slice(&in), steps[i], steps[i], offset,
                    assay_buf_slice(&log));
    }
    assay_buf_free(&in);
    assay_buf_free(&log);
}

static inline void
ws_rows_check(const struct ws_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ws_row_check(&rows[i], ASSAY_WS_SERVER);
        ws_row_check(&rows[i], ASSAY_WS_CLIENT);
    }
}
