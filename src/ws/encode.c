/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * encode.c - headers and control frames (RFC 6455, sections 5.2 and 5.5).
 */
#include "ws/ws.h"

#define FIN    0x80u
#define MASKED 0x80u

bool
assay_ws_code_is_sent(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

/* Most significant octet first. */
static void
put_number(uint8_t *out, uint64_t n, size_t octets)
{
    while (octets > 0) {
        out[--octets] = (uint8_t)n;
        n >>= 8;
    }
}

/* Any opcode; n is at most 2^63 - 1. */
static size_t
put_header(uint8_t *out, enum assay_ws_opcode opcode, bool fin, uint64_t n,
           const uint8_t *key)
{
    size_t octets = n < 126 ? 0 : n <= UINT16_MAX ? 2 : 8;
    unsigned form = octets == 0 ? (unsigned)n : octets == 2 ? 126 : 127;

    out[0] = (uint8_t)((fin ? FIN : 0) | opcode);
    out[1] = (uint8_t)((key != NULL ? MASKED : 0) | form);
    put_number(out + 2, n, octets);
    if (key == NULL) {
        return 2 + octets;
    }
    memcpy(out + 2 + octets, key, ASSAY_WS_KEY_BYTES);
    return 2 + octets + ASSAY_WS_KEY_BYTES;
}

size_t
assay_ws_put_header(uint8_t out[ASSAY_WS_HEADER_MAX_BYTES],
                    enum assay_ws_opcode opcode, bool fin, uint64_t n,
                    const uint8_t *key)
{
    if (opcode > ASSAY_WS_BINARY || n > INT64_MAX) {
        return 0;
    }
    return put_header(out, opcode, fin, n, key);
}

/* The header and payload that is known to fit, from two parts. */
static size_t
put_control(uint8_t *out, enum assay_ws_opcode opcode, struct assay_slice a,
            struct assay_slice b, const uint8_t *key)
{
    size_t n = a.len + b.len;
    size_t head = put_header(out, opcode, true, n, key);

    assay_copy(out + head, a);
    assay_copy(out + head + a.len, b);
    if (key != NULL) {
        assay_ws_mask(out + head, n, key, 0);
    }
    return head + n;
}

size_t
assay_ws_put_control(uint8_t out[ASSAY_WS_CONTROL_FRAME_MAX_BYTES],
                     enum assay_ws_opcode opcode, struct assay_slice payload,
                     const uint8_t *key)
{
    if ((opcode != ASSAY_WS_PING && opcode != ASSAY_WS_PONG) ||
        payload.len > ASSAY_WS_CONTROL_MAX_BYTES) {
        return 0;
    }
    return put_control(out, opcode, payload, ASSAY_EMPTY, key);
}

/* Whole characters of UTF-8 from the start of the reason that fit. */
static struct assay_slice
cut_reason(struct assay_slice reason)
{
    struct assay_slice rest = reason;
    struct assay_slice cut = {reason.ptr, 0};

    while (rest.len > 0) {
        int n = assay_utf8_length(rest);

        if (n <= 0 || cut.len + (size_t)n > ASSAY_WS_REASON_MAX_BYTES) {
            break;
        }
        cut.len += (size_t)n;
        rest.ptr += n;
        rest.len -= (size_t)n;
    }
    return cut;
}

size_t
assay_ws_put_close(uint8_t out[ASSAY_WS_CONTROL_FRAME_MAX_BYTES], unsigned code,
                   struct assay_slice reason, const uint8_t *key)
{
    uint8_t octets[2];

    if (code == ASSAY_WS_NO_CODE) {
        return put_control(out, ASSAY_WS_CLOSE, ASSAY_EMPTY, ASSAY_EMPTY, key);
    }
    if (!assay_ws_code_is_sent(code)) {
        return 0;
    }
    put_number(octets, code, sizeof(octets));
    return put_control(out, ASSAY_WS_CLOSE, ASSAY_SLICE(octets),
                       cut_reason(reason), key);
}
