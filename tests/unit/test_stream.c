/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_stream.c - bytes through a pair of sockets, and every way it can end.
 */
#include <netinet/in.h>

#include "harness/loop.h"

#define BIG_BYTES (8u * 1024u * 1024u) /* more than a socket holds */
/* What the system takes of it where nobody reads: what it promised the sender
 * to take in, and what may be unsent. */
#define TAKEN_MAX_BYTES (ASSAY_STREAM_UNSENT_MAX_BYTES + 512u * 1024u)

/* One end, and what it was told. */
struct end {
    struct assay_stream *stream;
    size_t bytes;
    size_t wrong; /* bytes that are not pattern(position) */
    char text[64];
    unsigned eofs;
    unsigned drains;
    unsigned failures;
    struct assay_error error;
    bool echo;            /* writes back what it reads */
    bool reply_at_eof;    /* BIG_BYTES of pattern, then a shutdown */
    const char *close_in; /* name of the callback that closes */
};

static bool inside; /* a call of stream.h */

static uint8_t
pattern(size_t at)
{
    return (uint8_t)(at * 7 + at / 251);
}

static struct assay_slice
big_pattern(void)
{
    static uint8_t bytes[BIG_BYTES];

    for (size_t i = 0; i < BIG_BYTES; i++) {
        bytes[i] = pattern(i);
    }
    return ASSAY_SLICE(bytes);
}

static void
end_close(struct end *e)
{
    inside = true;
    assay_stream_close(e->stream);
    inside = false;
    e->stream = NULL;
}

static void
end_write(struct end *e, struct assay_slice bytes)
{
    inside = true;
    assay_stream_write(e->stream, bytes);
    inside = false;
}

static void
end_write_text(struct end *e, const char *text)
{
    end_write(e, assay_slice_of(text));
}

static void
end_read(struct end *e, bool on)
{
    inside = true;
    assay_stream_read(e->stream, on);
    inside = false;
}

static void
end_shutdown(struct end *e)
{
    inside = true;
    assay_stream_shutdown(e->stream);
    inside = false;
}

static void
close_if(struct end *e, const char *callback)
{
    assert_false(inside);
    assert_non_null(e->stream); /* nothing comes after close */
    if (e->close_in != NULL && strcmp(e->close_in, callback) == 0) {
        end_close(e);
    }
}

static void
on_data(void *user, struct assay_slice data)
{
    struct end *e = user;

    assert_true(data.len > 0 && data.len <= ASSAY_STREAM_READ_BYTES);
    for (size_t i = 0; i < data.len; i++) {
        if (e->bytes < sizeof(e->text) - 1) {
            e->text[e->bytes] = (char)data.ptr[i];
        }
        e->wrong += data.ptr[i] != pattern(e->bytes);
        e->bytes++;
    }
    if (e->echo) {
        end_write(e, data);
    }
    close_if(e, "data");
}

static void
on_eof(void *user)
{
    struct end *e = user;

    e->eofs++;
    if (e->reply_at_eof) {
        end_write(e, big_pattern());
        end_shutdown(e);
    }
    close_if(e, "eof");
}

static void
on_drained(void *user)
{
    struct end *e = user;

    e->drains++;
    assert_int_equal(assay_stream_queued(e->stream), 0);
    close_if(e, "drained");
}

static void
on_failed(void *user, const struct assay_error *err)
{
    struct end *e = user;

    e->failures++;
    e->error = *err;
    close_if(e, "failed");
}

static const struct assay_stream_events events = {
    .data = on_data, .eof = on_eof, .drained = on_drained, .failed = on_failed};

static void
open_ends(struct trial_loop *t, struct end ends[2])
{
    struct assay_stream *pair[2];

    loop_open(t);
    loop_pair(t, pair);
    for (size_t i = 0; i < 2; i++) {
        ends[i] = (struct end){.stream = pair[i]};
        assay_stream_tell(pair[i], &events, &ends[i]);
    }
}

static void
close_ends(struct trial_loop *t, struct end ends[2])
{
    end_close(&ends[0]);
    end_close(&ends[1]);
    loop_close(t);
}

/* Turns of the loop in which all that is due now happens. */
static void
settle(struct trial_loop *t)
{
    for (int i = 0; i < 8; i++) {
        uv_run(&t->uv, UV_RUN_NOWAIT);
    }
}

static void
there_and_back(void **state)
{
    struct trial_loop t;
    struct end e[2];

    (void)state;
    open_ends(&t, e);
    assert_string_equal(assay_stream_peer(e[0].stream), "unix");
    e[1].echo = true;
    end_read(&e[0], true);
    end_read(&e[1], true);
    end_write_text(&e[0], "hello");
    assert_int_equal(e[0].drains, 0);
    settle(&t);
    assert_string_equal(e[1].text, "hello");
    assert_string_equal(e[0].text, "hello");
    assert_int_equal(e[0].drains, 1);
    assert_int_equal(e[1].drains, 1);
    end_write_text(&e[0], ""); /* nothing is written, and drained */
    settle(&t);
    assert_int_equal(e[0].drains, 2);
    close_ends(&t, e);
    assert_int_equal(e[0].failures + e[1].failures, 0);
}

static void
slow_reader(void **state)
{
    struct trial_loop t;
    struct end e[2];

    (void)state;
    open_ends(&t, e);
    end_write(&e[0], big_pattern());
    settle(&t);
    assert_true(assay_stream_queued(e[0].stream) > 0);
    assert_int_equal(e[0].drains, 0);
    assert_int_equal(e[1].bytes, 0);
    end_read(&e[1], true);
    end_shutdown(&e[0]);
    e[1].close_in = "eof";
    e[0].close_in = "drained";
    loop_run(&t);
    assert_int_equal(e[1].bytes, BIG_BYTES);
    assert_int_equal(e[1].wrong, 0);
    assert_int_equal(e[0].drains, 1);
    close_ends(&t, e);
}

/* A stream over TCP on loopback; *other is its other end, a plain socket. */
static struct assay_stream *
tcp_stream(struct trial_loop *t, int *other)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *to = (struct sockaddr *)&at;
    socklen_t len = sizeof(at);
    int listener = loop_socket(AF_INET, SOCK_CLOEXEC);
    int fd = loop_socket(AF_INET, SOCK_CLOEXEC);
    uv_tcp_t *tcp = malloc(sizeof(*tcp));
    struct assay_stream *s;

    assert_int_equal(bind(listener, to, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, to, &len), 0);
    assert_int_equal(connect(fd, to, len), 0);
    *other = accept(listener, NULL, NULL);
    assert_true(*other >= 0);
    (void)close(listener);
    assert_non_null(tcp);
    assert_int_equal(uv_tcp_init(&t->uv, tcp), 0);
    assert_int_equal(uv_tcp_open(tcp, fd), 0);
    s = assay_stream_adopt((uv_stream_t *)tcp);
    assert_non_null(s);
    return s;
}

/* The system takes little of what is not read: it has not much memory for all
 * of TCP, which a thousand such peers would use up. */
static void
system_takes_little(void **state)
{
    struct trial_loop t;
    struct end e = {.stream = NULL};
    int other;

    (void)state;
    loop_open(&t);
    e.stream = tcp_stream(&t, &other);
    assay_stream_tell(e.stream, &events, &e);
    end_write(&e, big_pattern());
    settle(&t);
    assert_int_equal(e.failures, 0);
    assert_true(assay_stream_queued(e.stream) >= BIG_BYTES - TAKEN_MAX_BYTES);
    end_close(&e);
    (void)close(other);
    loop_close(&t);
}

/* Who looks at the queue need not be told that it is empty, but must be when it
 * becomes so. */
static void
told_if_waited(void **state)
{
    struct assay_stream_events quiet = events;
    struct trial_loop t;
    struct end e[2];

    (void)state;
    open_ends(&t, e);
    quiet.drained_if_waited = true;
    assay_stream_tell(e[0].stream, &quiet, &e[0]);
    end_write_text(&e[0], "hello");
    assert_int_equal(assay_stream_queued(e[0].stream), 0);
    settle(&t);
    assert_int_equal(e[0].drains, 0);
    end_write(&e[0], big_pattern());
    end_write_text(&e[0], ""); /* changes nothing: the rest waits */
    assert_true(assay_stream_queued(e[0].stream) > 0);
    e[0].close_in = "drained";
    e[1].close_in = "eof";
    end_read(&e[1], true);
    loop_run(&t);
    assert_int_equal(e[0].drains, 1);
    close_ends(&t, e);
}

/* Small writes behind a queue stay in order. */
static void
many_writes(void **state)
{
    struct trial_loop t;
    struct end e[2];
    struct assay_slice all = big_pattern();
    size_t at = 0;
    size_t step = 1;

    (void)state;
    open_ends(&t, e);
    while (at < all.len) {
        size_t n = step < all.len - at ? step : all.len - at;

        end_write(&e[0], (struct assay_slice){all.ptr + at, n});
        at += n;
        step = (step * 5 + 1) % 40961;
    }
    end_shutdown(&e[0]);
    end_read(&e[1], true);
    e[1].close_in = "eof";
    e[0].close_in = "drained";
    loop_run(&t);
    assert_int_equal(e[1].bytes, BIG_BYTES);
    assert_int_equal(e[1].wrong, 0);
    close_ends(&t, e);
}

/* After its last byte a peer still gets an answer. */
static void
half_close(void **state)
{
    struct trial_loop t;
    struct end e[2];

    (void)state;
    open_ends(&t, e);
    e[1].reply_at_eof = true;
    e[0].close_in = "eof";
    e[1].close_in = "drained";
    end_read(&e[0], true);
    end_read(&e[1], true);
    end_shutdown(&e[0]);
    loop_run(&t);
    assert_int_equal(e[1].eofs, 1);
    assert_int_equal(e[0].eofs, 1);
    assert_int_equal(e[0].bytes, BIG_BYTES);
    assert_int_equal(e[0].wrong, 0);
    close_ends(&t, e);
}

static void
reading_off(void **state)
{
    struct trial_loop t;
    struct end e[2];

    (void)state;
    open_ends(&t, e);
    end_write_text(&e[0], "one");
    settle(&t);
    assert_int_equal(e[1].bytes, 0);
    end_read(&e[1], true);
    settle(&t);
    assert_string_equal(e[1].text, "one");
    end_read(&e[1], false);
    end_write_text(&e[0], "two");
    end_close(&e[0]);
    settle(&t);
    assert_int_equal(e[1].bytes, 3);
    assert_int_equal(e[1].eofs, 0);
    end_read(&e[1], true);
    settle(&t);
    assert_string_equal(e[1].text, "onetwo");
    assert_int_equal(e[1].eofs, 1);
    end_read(&e[1], false); /* after the end, nothing */
    end_read(&e[1], true);
    settle(&t);
    assert_int_equal(e[1].eofs, 1);
    assert_int_equal(e[1].failures, 0);
    close_ends(&t, e);
}

/* A peer that answers and goes, with unread bytes of ours behind it: its answer
 * comes before the failure. */
static void
last_words(void **state)
{
    struct trial_loop t;
    struct end e[2];

    (void)state;
    for (int reading = 0; reading < 2; reading++) {
        open_ends(&t, e);
        end_write_text(&e[0], "never read");
        end_write_text(&e[1], "too large");
        settle(&t);
        end_close(&e[1]);
        settle(&t);
        if (reading == 1) {
            end_read(&e[0], true);
        }
        end_write(&e[0], big_pattern());
        settle(&t);
        assert_int_equal(e[0].failures, 1);
        assert_string_equal(e[0].text, reading == 1 ? "too large" : "");
        assert_int_equal(e[0].eofs, 0);
        assert_int_equal(assay_stream_queued(e[0].stream), 0);
        close_ends(&t, e);
    }
}

static void
too_large(void **state)
{
    static uint8_t zeros[ASSAY_STREAM_QUEUE_MAX_BYTES / 2 + 1024 * 1024];
    struct trial_loop t;
    struct end e[2];

    (void)state;
    open_ends(&t, e);
    end_write(&e[0], ASSAY_SLICE(zeros));
    settle(&t);
    assert_int_equal(e[0].failures, 0);
    end_write(&e[0], ASSAY_SLICE(zeros));
    assert_int_equal(e[0].failures, 0);
    end_write_text(&e[0], "more"); /* nothing happens any more */
    settle(&t);
    assert_int_equal(e[0].failures, 1);
    check_error("queue", &e[0].error, ASSAY_TOO_LARGE,
                "unix: the peer reads too slowly", ASSAY_NO_OFFSET);
    assert_int_equal(assay_stream_queued(e[0].stream), 0);
    assert_int_equal(e[0].drains, 0);
    close_ends(&t, e);
}

/* Also: no SIGPIPE. */
static void
peer_gone(void **state)
{
    struct trial_loop t;
    struct end e[2];

    (void)state;
    open_ends(&t, e);
    end_close(&e[1]);
    settle(&t);
    end_write_text(&e[0], "to nobody");
    assert_int_equal(e[0].failures, 0);
    settle(&t);
    assert_int_equal(e[0].failures, 1);
    check_error("gone", &e[0].error, ASSAY_NETWORK, "unix: broken pipe",
                ASSAY_NO_OFFSET);
    assert_int_equal(e[0].drains, 0);
    close_ends(&t, e);
}

static void
peer_gone_while_queued(void **state)
{
    struct trial_loop t;
    struct end e[2];

    (void)state;
    open_ends(&t, e);
    end_write(&e[0], big_pattern());
    settle(&t);
    end_close(&e[1]);
    e[0].close_in = "failed";
    loop_run(&t);
    assert_int_equal(e[0].failures, 1);
    assert_int_equal(e[0].error.code, ASSAY_NETWORK);
    close_ends(&t, e);
}

static void
peer_resets(void **state)
{
    struct trial_loop t;
    struct end e[2];

    (void)state;
    open_ends(&t, e);
    end_write_text(&e[0], "unread"); /* closing then resets */
    settle(&t);
    end_read(&e[0], true);
    end_close(&e[1]);
    settle(&t);
    assert_int_equal(e[0].failures, 1);
    assert_int_equal(e[0].eofs, 0);
    check_error("reset", &e[0].error, ASSAY_NETWORK,
                "unix: connection reset by peer", ASSAY_NO_OFFSET);
    close_ends(&t, e);
}

static void
written_after_shutdown(void **state)
{
    struct trial_loop t;
    struct end e[2];

    (void)state;
    open_ends(&t, e);
    end_shutdown(&e[0]);
    end_shutdown(&e[0]); /* twice is once */
    settle(&t);
    assert_int_equal(e[0].failures, 0);
    end_write_text(&e[0], "late");
    settle(&t);
    assert_int_equal(e[0].failures, 1);
    check_error("late", &e[0].error, ASSAY_INVALID,
                "unix: written to after its shutdown", ASSAY_NO_OFFSET);
    close_ends(&t, e);
}

static void
closed_in_callback(void **state)
{
    static const char *const rows[] = {"data", "eof", "drained", "failed"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct trial_loop t;
        struct end e[2];

        open_ends(&t, e);
        e[0].close_in = rows[i];
        end_read(&e[0], true);
        if (strcmp(rows[i], "eof") == 0) {
            end_shutdown(&e[1]);
        } else if (strcmp(rows[i], "data") == 0) {
            end_write(&e[1], big_pattern());
        } else if (strcmp(rows[i], "drained") == 0) {
            end_write_text(&e[0], "x");
        } else {
            end_shutdown(&e[0]);
            end_write_text(&e[0], "x");
        }
        settle(&t);
        CHECK(rows[i], e[0].stream == NULL);
        close_ends(&t, e);
    }
}

/* What is owed is not told after close: close_if() would see it. */
static void
closed_with_debts(void **state)
{
    struct trial_loop t;
    struct end e[2];

    (void)state;
    open_ends(&t, e);
    end_read(&e[0], true);
    end_write(&e[1], big_pattern());
    end_write(&e[0], big_pattern());
    end_shutdown(&e[0]);
    settle(&t);
    end_write_text(&e[0], "late"); /* a failure is owed */
    end_close(&e[0]);
    end_close(&e[1]);
    loop_run(&t);
    assert_int_equal(e[0].failures, 0);
    assay_stream_close(NULL);
    loop_close(&t);
}

static void
told_anew(void **state)
{
    static const struct assay_stream_events nobody = {.data = NULL};
    struct trial_loop t;
    struct end e[2];
    struct end other = {.bytes = 0};

    (void)state;
    open_ends(&t, e);
    end_read(&e[1], true);
    assay_stream_tell(e[1].stream, &nobody, NULL);
    end_write_text(&e[0], "lost");
    settle(&t);
    other.stream = e[1].stream;
    assay_stream_tell(e[1].stream, &events, &other);
    end_write_text(&e[0], "found");
    settle(&t);
    assert_string_equal(other.text, "found");
    assert_int_equal(e[1].bytes, 0);
    assay_stream_tell(e[1].stream, &nobody, NULL);
    end_close(&e[0]);
    settle(&t); /* an eof, and nobody to tell */
    close_ends(&t, e);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(slow_reader),
        cmocka_unit_test(system_takes_little),
        cmocka_unit_test(told_if_waited),
        cmocka_unit_test(many_writes),
        cmocka_unit_test(half_close),
        cmocka_unit_test(reading_off),
        cmocka_unit_test(last_words),
        cmocka_unit_test(too_large),
        cmocka_unit_test(peer_gone),
        cmocka_unit_test(peer_gone_while_queued),
        cmocka_unit_test(peer_resets),
        cmocka_unit_test(written_after_shutdown),
        cmocka_unit_test(closed_in_callback),
        cmocka_unit_test(closed_with_debts),
        cmocka_unit_test(told_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
