/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ws.h - frames of WebSocket (RFC 6455, section 5), both directions, for
 * clients and servers; no I/O, nothing allocated, no extension.
 *
 * Reading: the octets of a connection, in pieces cut anywhere, become events
 * one at a time. Payload is unmasked where it lies and is not copied; control
 * frames are collected within the decoder. Writing: the header of a frame, or
 * a whole control frame, into a small array of the caller.
 *
 * The handshake that comes before is in handshake.h.
 */
#pragma once

#include "base/bytes.h"
#include "base/utf8.h"

#define ASSAY_WS_HEADER_MAX_BYTES  14u  /* with the key of a mask */
#define ASSAY_WS_CONTROL_MAX_BYTES 125u /* payload: RFC 6455, section 5.5 */
#define ASSAY_WS_REASON_MAX_BYTES  123u /* behind the code of a Close */
/* A control frame with its header. */
#define ASSAY_WS_CONTROL_FRAME_MAX_BYTES (6u + ASSAY_WS_CONTROL_MAX_BYTES)
#define ASSAY_WS_KEY_BYTES               4u

/* Who reads. A server's peer masks every frame, a client's peer none
 * (section 5.1). */
enum assay_ws_role { ASSAY_WS_SERVER, ASSAY_WS_CLIENT };

/* Section 5.2. */
enum assay_ws_opcode {
    ASSAY_WS_CONTINUATION = 0x0,
    ASSAY_WS_TEXT = 0x1,
    ASSAY_WS_BINARY = 0x2,
    ASSAY_WS_CLOSE = 0x8,
    ASSAY_WS_PING = 0x9,
    ASSAY_WS_PONG = 0xa,
};

/* Why a connection ends (section 7.4.1, and IANA's registry). */
enum assay_ws_code {
    ASSAY_WS_NORMAL = 1000,
    ASSAY_WS_GOING_AWAY = 1001,
    ASSAY_WS_PROTOCOL_ERROR = 1002,
    ASSAY_WS_NO_CODE = 1005, /* never sent: a Close without a code */
    ASSAY_WS_BAD_DATA = 1007,
    ASSAY_WS_POLICY = 1008,
    ASSAY_WS_TOO_BIG = 1009,
    ASSAY_WS_INTERNAL = 1011,
    ASSAY_WS_TRY_LATER = 1013,
};

/* May stand in a Close frame: 1000 to 1003, 1007 to 1014, 3000 to 4999. */
bool assay_ws_code_is_sent(unsigned code);

/* --- reading ------------------------------------------------------------ */

enum assay_ws_event_kind {
    ASSAY_WS_NOTHING, /* everything was consumed: more is needed */
    ASSAY_WS_GOT_DATA,
    ASSAY_WS_GOT_PING, /* to be answered by a Pong with the same payload */
    ASSAY_WS_GOT_PONG,
    ASSAY_WS_GOT_CLOSE,
};

struct assay_ws_event {
    enum assay_ws_event_kind kind;
    bool text;  /* data: of a text message, else of a binary one */
    bool first; /* data: nothing of this message came before */
    bool last;  /* data: the message ends here */
    /* Data: where it arrived; empty only at the end of a message. Ping, Pong:
     * their payload, Close: the reason, well-formed UTF-8; both lie within the
     * decoder until it is used again. */
    struct assay_slice payload;
    uint16_t code; /* Close: ASSAY_WS_NO_CODE if none was given */
};

/* The reader of one connection; about 200 octets, which own nothing. */
struct assay_ws_decoder {
    /* For the caller, to read. */
    bool closed;         /* a Close was read; what follows is discarded */
    uint16_t close_code; /* 0, or after a failure what to send in a Close:
                            1002, 1007 or 1009 */
    /* decode.c */
    uint8_t role; /* enum assay_ws_role */
    uint8_t state;
    uint8_t opcode; /* of the frame */
    bool fin;       /* of the frame */
    bool in_message;
    bool text;                    /* of the message */
    bool first;                   /* of the message, no event given yet */
    bool told;                    /* the failure was reported */
    uint8_t field_left;           /* octets of a length or key to come */
    uint8_t phase;                /* of the key: offset modulo 4 */
    struct assay_utf8_state utf8; /* of the text; not within a character
                                     where there is none */
    uint8_t key[ASSAY_WS_KEY_BYTES];
    uint32_t length_min; /* what this form of the length is for */
    uint64_t left;       /* payload of the frame still to come */
    uint64_t message;    /* payload of the message's frames so far */
    uint64_t frame_max;
    uint64_t message_max;
    const char *why; /* the failure; static */
    uint8_t control_len;
    uint8_t control[ASSAY_WS_CONTROL_MAX_BYTES];
};

/* frame_max, message_max: octets of payload in one data frame and in all
 * frames of one message; UINT64_MAX for no limit. */
void assay_ws_decoder_init(struct assay_ws_decoder *d, enum assay_ws_role role,
                           uint64_t frame_max, uint64_t message_max);

/* Reads from the start of in[0..len): *used octets were consumed, *event says
 * what they came to. To be called again with what is left until there is
 * nothing. The octets consumed may be changed (unmasked) and are not to be fed
 * again. How they are cut into calls changes neither the messages nor the
 * failure, nor where it is; what comes before a failure is given first.
 *
 * ASSAY_MALFORMED (close_code 1002): a reserved bit or opcode, a mask that is
 * missing or must not be there, a control frame that is long or in fragments,
 * a continuation of nothing, a message within a message, a length in more
 * octets than it needs or above 2^63 - 1 (section 5), a Close with one octet of
 * payload or a code that is never sent (sections 5.5.1 and 7.4).
 * ASSAY_MALFORMED (1007): a text or the reason of a Close is no UTF-8 (section
 * 8.1), told at the first octet that cannot be part of any.
 * ASSAY_TOO_LARGE (1009): above a limit, told at the end of the length.
 * Then nothing was consumed; the offset is that of the octet within `in`. A
 * decoder that has failed fails again in the same words. As elsewhere, with a
 * failure in *err already nothing is done. */
ASSAY_MUST_CHECK enum assay_code
assay_ws_feed(struct assay_ws_decoder *d, uint8_t *in, size_t len, size_t *used,
              struct assay_ws_event *event, struct assay_error *err);

/* --- writing ------------------------------------------------------------ */

/* XORs n octets in place with the key of a mask, of which offset octets of
 * payload were masked before (section 5.3); undoes itself. */
void assay_ws_mask(uint8_t *bytes, size_t n,
                   const uint8_t key[ASSAY_WS_KEY_BYTES], uint64_t offset);

/* Writers take the key that a client masks with, which nobody must be able to
 * guess and which is new for each frame (section 5.3); NULL for a server. */

/* The header of a text, binary or continuation frame with n octets of payload,
 * which the caller sends behind it, masked if there is a key. fin: the last
 * frame of its message. Returns the octets written; 0 (and nothing written) if
 * n is above 2^63 - 1 or the opcode is another. */
size_t assay_ws_put_header(uint8_t out[ASSAY_WS_HEADER_MAX_BYTES],
                           enum assay_ws_opcode opcode, bool fin, uint64_t n,
                           const uint8_t *key);
/* A whole Ping or Pong. Returns the octets written; 0 if the payload is above
 * ASSAY_WS_CONTROL_MAX_BYTES or the opcode is another. The payload may lie in a
 * decoder, not in out. */
size_t assay_ws_put_control(uint8_t out[ASSAY_WS_CONTROL_FRAME_MAX_BYTES],
                            enum assay_ws_opcode opcode,
                            struct assay_slice payload, const uint8_t *key);
/* A whole Close. With ASSAY_WS_NO_CODE it is empty, as is the answer to an
 * empty one. The reason is cut at the end of a character to
 * ASSAY_WS_REASON_MAX_BYTES, and before what is no UTF-8. Returns the octets
 * written; 0 if the code is never sent. */
size_t assay_ws_put_close(uint8_t out[ASSAY_WS_CONTROL_FRAME_MAX_BYTES],
                          unsigned code, struct assay_slice reason,
                          const uint8_t *key);
