/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ws.h - frames of WebSocket as tables have them, and what a decoder makes of
 * a stream that arrives in pieces.
 */
#pragma once

#include <stdlib.h>

#include "base/buf.h"
#include "ws/ws.h"

/* One frame of a table; written by hand, not by the encoder under test. */
struct ws_frame {
    unsigned first; /* octet: FIN, reserved bits, opcode; 0 and no payload at
                       the end of a list: FIN is always written with it */
    const char *payload;
    size_t len;
    size_t times; /* the payload so often; 0 for once */
    size_t form;  /* octets of an extended length; 0 for the shortest */
    bool raw;     /* the payload is not a payload: octets as they are */
    bool odd;     /* masked where it should not be, and the other way round */
};

#define WS_FIN      0x80u
#define WS_MORE     0x100u /* no FIN; so that a continuation is not all zero */
#define WS_TEXT(p)  {WS_FIN | 1, (p), sizeof(p) - 1, 0, 0, false, false}
#define WS_BIN(p)   {WS_FIN | 2, (p), sizeof(p) - 1, 0, 0, false, false}
#define WS_CONT(p)  {WS_FIN | 0, (p), sizeof(p) - 1, 0, 0, false, false}
#define WS_TEXT_(p) {WS_MORE | 1, (p), sizeof(p) - 1, 0, 0, false, false}
#define WS_BIN_(p)  {WS_MORE | 2, (p), sizeof(p) - 1, 0, 0, false, false}
#define WS_CONT_(p) {WS_MORE | 0, (p), sizeof(p) - 1, 0, 0, false, false}
#define WS_CLOSE(p) {WS_FIN | 8, (p), sizeof(p) - 1, 0, 0, false, false}
#define WS_PING(p)  {WS_FIN | 9, (p), sizeof(p) - 1, 0, 0, false, false}
#define WS_PONG(p)  {WS_FIN | 10, (p), sizeof(p) - 1, 0, 0, false, false}
/* Any first octet with WS_FIN or WS_MORE; a payload many times over. */
#define WS_ANY(first, p) {(first), (p), sizeof(p) - 1, 0, 0, false, false}
#define WS_MANY(first, p, times)                                               \
    {(first), (p), sizeof(p) - 1, (times), 0, false, false}
#define WS_LONG(first, p, form)                                                \
    {(first), (p), sizeof(p) - 1, 0, (form), false, false}
#define WS_ODD(first, p) {(first), (p), sizeof(p) - 1, 0, 0, false, true}
#define WS_RAW(p)        {WS_MORE, (p), sizeof(p) - 1, 0, 0, true, false}

/* Where in a frame something is noticed. */
enum ws_place {
    WS_AT_FIRST,  /* octet */
    WS_AT_SECOND, /* octet */
    WS_AT_LENGTH, /* the last octet of the length */
    WS_AT_HEADER, /* the last octet of the header */
    WS_AT_END,    /* the last octet of the payload */
    WS_AT_PAYLOAD /* its octet so many behind, see ws_offset() */
};

/* Where a frame of the stream has its parts. */
struct ws_span {
    size_t start, length_end, payload, end;
};

static inline size_t
ws_offset(const struct ws_span *s, enum ws_place place, size_t at)
{
    switch (place) {
    case WS_AT_FIRST:
        return s->start;
    case WS_AT_SECOND:
        return s->start + 1;
    case WS_AT_LENGTH:
        return s->length_end - 1;
    case WS_AT_HEADER:
        return s->payload - 1;
    case WS_AT_END:
        return s->end - 1;
    case WS_AT_PAYLOAD:
        break;
    }
    return s->payload + at;
}

static inline bool
ws_is_there(const struct ws_frame *f)
{
    return f->first != 0;
}

static inline size_t
ws_payload_len(const struct ws_frame *f)
{
    return f->len * (f->times > 0 ? f->times : 1);
}

/* Appends the frame as the peer of this role sends it. */
static inline void
ws_write(struct assay_buf *b, enum assay_ws_role role, const struct ws_frame *f,
         size_t index, struct ws_span *span)
{
    const uint8_t key[4] = {0x37, 0xfa, 0x21, (uint8_t)(index * 0x3d)};
    bool masked = (role == ASSAY_WS_SERVER) != f->odd;
    size_t n = ws_payload_len(f);
    size_t form = f->form > 0 ? f->form : n < 126 ? 0 : n < 65536 ? 2 : 8;
    size_t mask = masked ? 0x80 : 0;

    span->start = b->len;
    if (!f->raw) {
        assay_buf_add_u8(b, (uint8_t)f->first);
        assay_buf_add_u8(b, (uint8_t)(mask | (form == 0   ? n
                                              : form == 2 ? 126
                                                          : 127)));
        for (size_t i = form; i-- > 0;) {
            assay_buf_add_u8(b, (uint8_t)((uint64_t)n >> 8 * i));
        }
        span->length_end = b->len;
        if (masked) {
            assay_buf_add(b, ASSAY_SLICE(key));
        }
    }
    span->payload = b->len;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = (uint8_t)f->payload[i % f->len];

        assay_buf_add_u8(b, masked && !f->raw ? c ^ key[i % 4] : c);
    }
    span->end = b->len;
}

/* --- reading ------------------------------------------------------------ */

/* What a decoder made of a stream. The log has "T[...]" for a text, "B[...]"
 * for a binary message, what came between its fragments within; "I[...]" for a
 * Ping, "O[...]" for a Pong, "C1000[...]" for a Close. */
struct ws_run {
    struct assay_ws_decoder decoder;
    struct assay_buf log;
    struct assay_error err;
    size_t used;        /* octets of the stream */
    size_t offset;      /* of the failure, in the stream */
    bool open;          /* a message has begun and not ended */
    const char *broken; /* a promise that the decoder did not keep, or NULL */
};

#define WS_LOG_MAX (64u << 20)

static inline void
ws_begin(struct ws_run *r, enum assay_ws_role role, uint64_t frame_max,
         uint64_t message_max)
{
    memset(r, 0, sizeof(*r));
    assay_buf_init(&r->log, WS_LOG_MAX);
    assay_error_clear(&r->err);
    r->offset = ASSAY_NO_OFFSET;
    assay_ws_decoder_init(&r->decoder, role, frame_max, message_max);
}

static inline void
ws_log_data(struct ws_run *r, const struct assay_ws_event *e)
{
    if (e->first == r->open) {
        r->broken = "first is the first event of a message";
    }
    if (e->payload.len == 0 && !e->last) {
        r->broken = "empty data only at the end";
    }
    if (e->first) {
        assay_buf_add_text(&r->log, e->text ? "T[" : "B[");
    }
    assay_buf_add(&r->log, e->payload);
    if (e->last) {
        assay_buf_add_text(&r->log, "]");
    }
    r->open = !e->last;
}

static inline void
ws_log(struct ws_run *r, const struct assay_ws_event *e)
{
    switch (e->kind) {
    case ASSAY_WS_NOTHING:
        return;
    case ASSAY_WS_GOT_DATA:
        ws_log_data(r, e);
        return;
    case ASSAY_WS_GOT_PING:
        assay_buf_add_text(&r->log, "I[");
        break;
    case ASSAY_WS_GOT_PONG:
        assay_buf_add_text(&r->log, "O[");
        break;
    case ASSAY_WS_GOT_CLOSE:
        assay_buf_printf(&r->log, "C%u[", (unsigned)e->code);
        break;
    }
    if (e->payload.len > ASSAY_WS_CONTROL_MAX_BYTES) {
        r->broken = "control frames are short";
    }
    assay_buf_add(&r->log, e->payload);
    assay_buf_add_text(&r->log, "]");
}

/* Data lies where it arrived, right before what is left. */
static inline void
ws_check_place(struct ws_run *r, const struct assay_ws_event *e,
               const uint8_t *in, size_t used)
{
    if (e->kind == ASSAY_WS_GOT_DATA && e->payload.len > 0 &&
        (e->payload.len > used ||
         e->payload.ptr + e->payload.len != in + used)) {
        r->broken = "data lies in the input";
    }
}

/* One piece that arrived, in a block of its own. */
static inline void
ws_piece(struct ws_run *r, struct assay_slice piece)
{
    uint8_t *copy = malloc(piece.len > 0 ? piece.len : 1);
    size_t at = 0;
    struct assay_ws_event e = {.kind = ASSAY_WS_GOT_DATA};

    if (copy == NULL) {
        r->broken = "no memory for the test";
        return;
    }
    assay_copy(copy, piece);
    while (e.kind != ASSAY_WS_NOTHING) {
        size_t used;

        if (assay_ws_feed(&r->decoder, copy + at, piece.len - at, &used, &e,
                          &r->err) != ASSAY_OK) {
            r->offset = r->err.offset == ASSAY_NO_OFFSET
                            ? ASSAY_NO_OFFSET
                            : r->used + r->err.offset;
            break;
        }
        ws_check_place(r, &e, copy + at, used);
        ws_log(r, &e);
        at += used;
        r->used += used;
    }
    if (r->err.code == ASSAY_OK && at != piece.len) {
        r->broken = "nothing only when all was consumed";
    }
    free(copy);
}

/* Pieces of `first`, then of `step` octets. The log is to be freed. */
static inline void
ws_read(struct ws_run *r, enum assay_ws_role role, uint64_t frame_max,
        uint64_t message_max, struct assay_slice in, size_t first, size_t step)
{
    size_t n = first < in.len ? first : in.len;

    ws_begin(r, role, frame_max, message_max);
    while (in.len > 0 && r->err.code == ASSAY_OK && r->broken == NULL) {
        ws_piece(r, (struct assay_slice){in.ptr, n});
        in.ptr += n;
        in.len -= n;
        n = step < in.len ? step : in.len;
    }
}
