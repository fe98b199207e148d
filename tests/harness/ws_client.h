/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ws_client.h - a client of WebSocket on a socket that blocks, for threads of
 * tests: what it finds wrong is kept, and told by the thread that may fail.
 */
#pragma once

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "harness/unit.h"
#include "ws/ws.h"

#define LIMIT_S 20

/* --- sockets ------------------------------------------------------------- */

/* What a thread finds wrong; the first counts. */
static _Atomic(const char *) wrong;

static inline void
want(bool good, const char *what)
{
    const char *none = NULL;

    if (!good) {
        atomic_compare_exchange_strong(&wrong, &none, what);
    }
}

static inline void
set_limits(int fd)
{
    const struct timeval limit = {.tv_sec = LIMIT_S};

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

static inline void
put(int fd, const void *bytes, size_t len)
{
    const uint8_t *b = bytes;

    while (len > 0) {
        ssize_t n = send(fd, b, len, MSG_NOSIGNAL);

        if (n <= 0) {
            want(false, "what is sent is taken");
            return;
        }
        b += n;
        len -= (size_t)n;
    }
}

static inline bool
get(int fd, void *bytes, size_t len)
{
    ssize_t n = len > 0 ? recv(fd, bytes, len, MSG_WAITALL) : 0;

    want(n == (ssize_t)len, "what is waited for comes");
    return n == (ssize_t)len;
}

static inline void
get_text(int fd, const char *text)
{
    char got[64] = "";

    want(get(fd, got, strlen(text)) && strcmp(got, text) == 0, text);
}

static inline void
get_end(int fd)
{
    char octet;

    want(recv(fd, &octet, 1, 0) == 0, "the connection ends");
}

/* The number stays taken. */
static inline void
reset(int fd)
{
    const struct linger hard = {.l_onoff = 1};
    int nothing = open("/dev/null", O_RDWR);

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    want(nothing >= 0 && dup2(nothing, fd) == fd, "a reset");
    (void)close(nothing);
}

/* --- frames of a client --------------------------------------------------- */

static const uint8_t key[4] = {0x12, 0xfe, 0x07, 0x80};

static inline void
put_frame(int fd, enum assay_ws_opcode opcode, bool fin, uint8_t *payload,
          size_t len)
{
    uint8_t header[ASSAY_WS_HEADER_MAX_BYTES];

    put(fd, header, assay_ws_put_header(header, opcode, fin, len, key));
    assay_ws_mask(payload, len, key, 0);
    put(fd, payload, len);
}

static inline void
put_text(int fd, const char *text)
{
    uint8_t copy[64];

    assay_copy(copy, assay_slice_of(text));
    put_frame(fd, ASSAY_WS_BINARY, true, copy, strlen(text));
}

static inline void
put_control(int fd, enum assay_ws_opcode opcode, const char *payload)
{
    uint8_t frame[ASSAY_WS_CONTROL_FRAME_MAX_BYTES];

    put(fd, frame,
        assay_ws_put_control(frame, opcode, assay_slice_of(payload), key));
}

static inline void
put_close(int fd, unsigned code)
{
    uint8_t frame[ASSAY_WS_CONTROL_FRAME_MAX_BYTES];

    put(fd, frame, assay_ws_put_close(frame, code, ASSAY_EMPTY, key));
}

/* The header of the tunnel's next frame: length of its payload. */
static inline uint64_t
get_header(int fd, unsigned *opcode)
{
    uint8_t h[2] = {0, 0};
    uint8_t more[8];
    uint64_t len;
    unsigned n;

    if (!get(fd, h, 2)) {
        return 0;
    }
    *opcode = h[0] & 15u;
    want((h[0] & 0xf0u) == 0x80 && (h[1] & 0x80u) == 0, "frames are whole");
    len = h[1];
    n = len == 126 ? 2 : len == 127 ? 8 : 0;
    if (n > 0 && get(fd, more, n)) {
        len = 0;
        for (unsigned i = 0; i < n; i++) {
            len = len << 8 | more[i];
        }
    }
    return len;
}

static inline void
get_frame(int fd, enum assay_ws_opcode opcode, const char *payload)
{
    unsigned got = 99;
    uint64_t len = get_header(fd, &got);

    want(got == (unsigned)opcode, "a frame of this kind");
    want(len == strlen(payload), "a frame of this length");
    get_text(fd, payload);
}

static inline void
get_close_that_says(int fd, unsigned code, const char *reason)
{
    unsigned opcode = 99;
    uint8_t c[2] = {0, 0};
    char text[ASSAY_WS_REASON_MAX_BYTES + 1] = "";
    size_t len = strlen(reason);

    want(get_header(fd, &opcode) == 2 + len && opcode == ASSAY_WS_CLOSE,
         "a Close with a code and its reason");
    want(get(fd, c, 2) && (unsigned)(c[0] << 8 | c[1]) == code,
         "the right code");
    want(get(fd, (uint8_t *)text, len) && strcmp(text, reason) == 0,
         "the right reason");
}

static inline void
get_close(int fd, unsigned code)
{
    get_close_that_says(fd, code, "");
}

/* Of the thread that may. */
static inline void
check_wrong(const char *row)
{
    const char *what = atomic_load(&wrong);

    if (what != NULL) {
        fail_msg("%s: not so: %s", row, what);
    }
}
