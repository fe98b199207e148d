/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * peer.h - a server that says what a test wants, whether or not it makes
 * sense.
 */
#pragma once

#include <stdio.h>

#include "harness/loop.h"
#include "io/listen.h"

enum peer_then {
    PEER_STAYS,
    PEER_CLOSES,
    PEER_HALF_CLOSES,
    PEER_ECHOES, /* whatever comes then */
};

struct peer {
    struct assay_listener *listener;
    struct assay_stream *stream; /* the latest connection */
    struct assay_address at;
    /* Said as soon as an empty line, and `behind` bytes after it, came. */
    struct assay_slice reply;
    size_t behind;
    enum peer_then then;
    bool replied;
    unsigned accepted;
    unsigned eofs;
    char received[4096];
    size_t received_len;
};

static inline void
peer_hang_up(struct peer *p)
{
    assay_stream_close(p->stream);
    p->stream = NULL;
}

static inline void
peer_reply(struct peer *p)
{
    p->replied = true;
    assay_stream_write(p->stream, p->reply);
    if (p->then == PEER_HALF_CLOSES) {
        assay_stream_shutdown(p->stream);
    }
}

static inline void
peer_on_data(void *user, struct assay_slice data)
{
    struct peer *p = user;
    const char *end;

    if (p->replied) {
        if (p->then == PEER_ECHOES) {
            assay_stream_write(p->stream, data);
        }
        return;
    }
    assert_true(data.len < sizeof(p->received) - p->received_len);
    assay_copy(p->received + p->received_len, data);
    p->received_len += data.len;
    p->received[p->received_len] = '\0';
    end = strstr(p->received, "\r\n\r\n");
    if (end != NULL && strlen(end + 4) >= p->behind) {
        peer_reply(p);
    }
}

static inline void
peer_on_drained(void *user)
{
    struct peer *p = user;

    if (p->then == PEER_CLOSES && p->replied) {
        peer_hang_up(p);
    }
}

static inline void
peer_on_eof(void *user)
{
    struct peer *p = user;

    p->eofs++;
    peer_hang_up(p);
}

static inline void
peer_on_failed(void *user, const struct assay_error *err)
{
    (void)err;
    peer_hang_up(user);
}

static inline void
peer_on_accepted(void *user, struct assay_stream *stream)
{
    static const struct assay_stream_events events = {.data = peer_on_data,
                                                      .drained =
                                                          peer_on_drained,
                                                      .eof = peer_on_eof,
                                                      .failed = peer_on_failed};
    struct peer *p = user;

    p->accepted++;
    assay_stream_close(p->stream);
    p->stream = stream;
    p->replied = false;
    p->received_len = 0;
    p->received[0] = '\0';
    assay_stream_tell(stream, &events, p);
    assay_stream_read(stream, true);
}

/* at: "127.0.0.1:0", ... */
static inline void
peer_open(struct peer *p, struct trial_loop *t, const char *at)
{
    struct assay_error err;

    *p = (struct peer){.then = PEER_STAYS};
    assert_int_equal(assay_address_parse(at, NULL, &p->at, &err), ASSAY_OK);
    if (assay_listen(&t->uv, &p->at, 0600, peer_on_accepted, p, &p->listener,
                     &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    assert_int_equal(assay_address_parse(assay_listener_address(p->listener),
                                         NULL, &p->at, &err),
                     ASSAY_OK);
}

static inline void
peer_close(struct peer *p)
{
    assay_listener_close(p->listener);
    p->listener = NULL;
    peer_hang_up(p);
}

/* False, and the test says so, on a machine without IPv6. */
static inline bool
peer_has_ip6(struct trial_loop *t)
{
    struct assay_listener *l;
    struct assay_address at;
    struct assay_error err;

    assert_int_equal(assay_address_parse("[::1]:0", NULL, &at, &err), ASSAY_OK);
    if (assay_listen(&t->uv, &at, 0600, peer_on_accepted, NULL, &l, &err) !=
        ASSAY_OK) {
        printf("SKIPPED IPv6: %s\n", err.msg);
        return false;
    }
    assay_listener_close(l);
    return true;
}
