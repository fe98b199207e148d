/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * decode.c - from octets to messages and control frames (RFC 6455, section 5).
 *
 * Headers are read octet by octet through the states below, payload in runs. A
 * call gives one event and stops behind it, so that whatever comes before a
 * failure was handed over first, however the octets arrive.
 */
#include "ws/ws.h"

#define FIN      0x80u
#define RESERVED 0x70u
#define OPCODE   0x0fu
#define CONTROL  0x08u /* in an opcode */
#define MASKED   0x80u
#define LENGTH   0x7fu
#define LENGTH_2 126u /* the length is in the next 2 octets */
#define LENGTH_8 127u

enum state {
    FIRST, /* octet of a header */
    SECOND,
    EXTENDED, /* length */
    KEY,
    PAYLOAD,
    CLOSED,
    FAILED,
};

void
assay_ws_decoder_init(struct assay_ws_decoder *d, enum assay_ws_role role,
                      uint64_t frame_max, uint64_t message_max)
{
    *d = (struct assay_ws_decoder){.role = (uint8_t)role,
                                   .state = FIRST,
                                   .frame_max = frame_max,
                                   .message_max = message_max};
}

static void
fail(struct assay_ws_decoder *d, enum assay_ws_code code, const char *why)
{
    d->state = FAILED;
    d->close_code = (uint16_t)code;
    d->why = why;
}

static void
break_protocol(struct assay_ws_decoder *d, const char *why)
{
    fail(d, ASSAY_WS_PROTOCOL_ERROR, why);
}

static bool
is_control(const struct assay_ws_decoder *d)
{
    return (d->opcode & CONTROL) != 0;
}

/* --- the end of a frame -------------------------------------------------- */

static void
give_close(struct assay_ws_decoder *d, struct assay_ws_event *event)
{
    struct assay_slice reason = {d->control, d->control_len};
    unsigned code = ASSAY_WS_NO_CODE;

    if (reason.len > 0) { /* then there are two octets: take_second() */
        code = (unsigned)(reason.ptr[0] << 8 | reason.ptr[1]);
        reason.ptr += 2;
        reason.len -= 2;
        if (!assay_ws_code_is_sent(code)) {
            break_protocol(d, "close: a code that is never sent");
            return;
        }
    }
    if (!assay_utf8_is_valid(reason)) {
        fail(d, ASSAY_WS_BAD_DATA, "close: the reason is no UTF-8");
        return;
    }
    d->state = CLOSED;
    d->closed = true;
    event->kind = ASSAY_WS_GOT_CLOSE;
    event->code = (uint16_t)code;
    event->payload = reason;
}

static void
give_control(struct assay_ws_decoder *d, struct assay_ws_event *event)
{
    d->state = FIRST;
    if (d->opcode == ASSAY_WS_CLOSE) {
        give_close(d, event);
        return;
    }
    event->kind =
        d->opcode == ASSAY_WS_PING ? ASSAY_WS_GOT_PING : ASSAY_WS_GOT_PONG;
    event->payload = (struct assay_slice){d->control, d->control_len};
}

static void
give_data(struct assay_ws_decoder *d, struct assay_slice payload, bool last,
          struct assay_ws_event *event)
{
    event->kind = ASSAY_WS_GOT_DATA;
    event->text = d->text;
    event->first = d->first;
    event->last = last;
    event->payload = payload;
    d->first = false;
}

static void
end_data_frame(struct assay_ws_decoder *d)
{
    d->state = FIRST;
    d->in_message = !d->fin;
}

/* --- headers: one octet -------------------------------------------------- */

/* Behind the header. A frame without payload ends here. */
static void
end_header(struct assay_ws_decoder *d, struct assay_ws_event *event)
{
    d->state = PAYLOAD;
    d->phase = 0;
    d->control_len = 0;
    if (d->left > 0) {
        return;
    }
    if (is_control(d)) {
        give_control(d, event);
    } else if (d->fin && d->text && d->utf8.left > 0) {
        fail(d, ASSAY_WS_BAD_DATA, "text: ends within a character");
    } else {
        end_data_frame(d);
        if (d->fin) {
            give_data(d, ASSAY_EMPTY, true, event);
        }
    }
}

/* The length is known; is it allowed? */
static void
end_length(struct assay_ws_decoder *d, struct assay_ws_event *event)
{
    if (!is_control(d)) {
        if (d->left > d->frame_max) {
            fail(d, ASSAY_WS_TOO_BIG, "frame: larger than allowed");
            return;
        }
        if (d->left > d->message_max - d->message) {
            fail(d, ASSAY_WS_TOO_BIG, "message: larger than allowed");
            return;
        }
        d->message += d->left;
    }
    if (d->role == ASSAY_WS_SERVER) {
        d->state = KEY;
        d->field_left = ASSAY_WS_KEY_BYTES;
    } else {
        end_header(d, event);
    }
}

static void
begin_message(struct assay_ws_decoder *d)
{
    d->in_message = true;
    d->text = d->opcode == ASSAY_WS_TEXT;
    d->first = true;
    d->message = 0;
}

/* FIN, reserved bits and opcode: sections 5.2, 5.4 and 5.5. */
static void
take_first(struct assay_ws_decoder *d, uint8_t c)
{
    d->fin = (c & FIN) != 0;
    d->opcode = c & OPCODE;
    d->state = SECOND;
    if ((c & RESERVED) != 0) {
        break_protocol(d, "frame: a reserved bit without an extension");
    } else if ((d->opcode & ~CONTROL) > ASSAY_WS_BINARY) {
        break_protocol(d, "frame: a reserved opcode");
    } else if (is_control(d)) {
        if (!d->fin) {
            break_protocol(d, "frame: a control frame in fragments");
        }
    } else if (d->opcode == ASSAY_WS_CONTINUATION) {
        if (!d->in_message) {
            break_protocol(d, "frame: continues no message");
        }
    } else if (d->in_message) {
        break_protocol(d, "frame: a message within a message");
    } else {
        begin_message(d);
    }
}

/* The mask's bit and the length or its form. */
static void
take_second(struct assay_ws_decoder *d, uint8_t c, struct assay_ws_event *event)
{
    bool masked = (c & MASKED) != 0;
    uint8_t length = c & LENGTH;

    if (masked != (d->role == ASSAY_WS_SERVER)) {
        break_protocol(d, masked ? "frame: masked by a server"
                                 : "frame: not masked by a client");
    } else if (is_control(d) && length > ASSAY_WS_CONTROL_MAX_BYTES) {
        break_protocol(d, "frame: a control frame with too much payload");
    } else if (d->opcode == ASSAY_WS_CLOSE && length == 1) {
        break_protocol(d, "close: half a code");
    } else if (length < LENGTH_2) {
        d->left = length;
        end_length(d, event);
    } else {
        d->left = 0;
        d->field_left = length == LENGTH_2 ? 2 : 8;
        d->length_min = length == LENGTH_2 ? LENGTH_2 : UINT16_MAX + 1;
        d->state = EXTENDED;
    }
}

static void
take_extended(struct assay_ws_decoder *d, uint8_t c,
              struct assay_ws_event *event)
{
    if (d->field_left == 8 && (c & 0x80) != 0) {
        break_protocol(d, "frame: a length above 2^63 - 1");
        return;
    }
    d->left = d->left << 8 | c;
    if (--d->field_left > 0) {
        return;
    }
    if (d->left < d->length_min) {
        break_protocol(d, "frame: a length in more octets than it needs");
        return;
    }
    end_length(d, event);
}

static void
take_key(struct assay_ws_decoder *d, uint8_t c, struct assay_ws_event *event)
{
    d->key[ASSAY_WS_KEY_BYTES - d->field_left] = c;
    if (--d->field_left == 0) {
        end_header(d, event);
    }
}

static void
take_octet(struct assay_ws_decoder *d, uint8_t c, struct assay_ws_event *event)
{
    switch ((enum state)d->state) {
    case FIRST:
        take_first(d, c);
        break;
    case SECOND:
        take_second(d, c, event);
        break;
    case EXTENDED:
        take_extended(d, c, event);
        break;
    case KEY:
        take_key(d, c, event);
        break;
    case PAYLOAD:
    case CLOSED:
    case FAILED:
        break;
    }
}

/* --- payload: a run ------------------------------------------------------ */

/* Collects until the frame is whole. Returns the octets taken; if the frame is
 * refused, those before its last one. */
static size_t
take_control(struct assay_ws_decoder *d, struct assay_slice payload,
             struct assay_ws_event *event)
{
    assay_copy(d->control + d->control_len, payload);
    d->control_len = (uint8_t)(d->control_len + payload.len);
    if (d->left == 0) {
        give_control(d, event);
    }
    return d->state == FAILED ? payload.len - 1 : payload.len;
}

/* How many octets are a text as far as it goes; those of a message that ends
 * within a character are one short. */
static size_t
check_text(struct assay_ws_decoder *d, struct assay_slice payload)
{
    size_t good = assay_utf8_take(&d->utf8, payload);

    if (good < payload.len) {
        fail(d, ASSAY_WS_BAD_DATA, "text: no UTF-8");
    } else if (d->left == 0 && d->fin && d->utf8.left > 0) {
        fail(d, ASSAY_WS_BAD_DATA, "text: ends within a character");
        good--;
    }
    return good;
}

static size_t
take_data(struct assay_ws_decoder *d, struct assay_slice payload,
          struct assay_ws_event *event)
{
    size_t good = d->text ? check_text(d, payload) : payload.len;
    bool ends = d->state != FAILED && d->left == 0;

    if (ends) {
        end_data_frame(d);
    }
    if (good > 0) {
        give_data(d, (struct assay_slice){payload.ptr, good}, ends && d->fin,
                  event);
    }
    return good;
}

/* Payload of the frame from the start of in, of which there is some. */
static size_t
take_payload(struct assay_ws_decoder *d, uint8_t *in, size_t len,
             struct assay_ws_event *event)
{
    size_t n = len < d->left ? len : (size_t)d->left;
    struct assay_slice payload = {in, n};

    if (d->role == ASSAY_WS_SERVER) {
        assay_ws_mask(in, n, d->key, d->phase);
        d->phase = (uint8_t)((d->phase + n) & 3);
    }
    d->left -= n;
    return is_control(d) ? take_control(d, payload, event)
                         : take_data(d, payload, event);
}

/* --- feeding ------------------------------------------------------------- */

static enum assay_code
report(struct assay_ws_decoder *d, size_t offset, struct assay_error *err)
{
    enum assay_code code =
        d->close_code == ASSAY_WS_TOO_BIG ? ASSAY_TOO_LARGE : ASSAY_MALFORMED;

    offset = d->told ? ASSAY_NO_OFFSET : offset;
    d->told = true;
    return assay_fail(err, code, offset, "%s", d->why);
}

enum assay_code
assay_ws_feed(struct assay_ws_decoder *d, uint8_t *in, size_t len, size_t *used,
              struct assay_ws_event *event, struct assay_error *err)
{
    size_t at = 0;

    *used = 0;
    *event = (struct assay_ws_event){.kind = ASSAY_WS_NOTHING};
    if (err->code != ASSAY_OK) {
        return err->code;
    }
    if (d->state == CLOSED) { /* section 1.4: further data is discarded */
        *used = len;
        return ASSAY_OK;
    }
    while (at < len && event->kind == ASSAY_WS_NOTHING && d->state != FAILED) {
        if (d->state == PAYLOAD) {
            at += take_payload(d, in + at, len - at, event);
        } else {
            take_octet(d, in[at], event);
            at += d->state != FAILED;
        }
    }
    /* Text before an octet that is none: the failure is for the next call. */
    if (d->state == FAILED && event->kind == ASSAY_WS_NOTHING) {
        return report(d, at, err);
    }
    *used = at;
    return ASSAY_OK;
}
