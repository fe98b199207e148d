/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_inout.c - descriptors of every kind, piece by piece.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "harness/loop.h"
#include "io/inout.h"

#define TOTAL (5u * ASSAY_INOUT_PIECE_BYTES + 17u)

/* From one end of a pipe to its other: a writer and a reader on one loop. */
struct trial {
    struct trial_loop loop;
    struct assay_inout *in;
    struct assay_inout *out;
    int fd[2]; /* read, write */
    uint8_t data[TOTAL];
    size_t written;
    size_t got;
    bool in_order;
    unsigned ends;
    struct assay_error err;
};

static void
write_on(struct trial *t)
{
    size_t left = TOTAL - t->written;
    size_t n = left < ASSAY_INOUT_PIECE_BYTES ? left : ASSAY_INOUT_PIECE_BYTES;

    if (n == 0) {
        close(t->fd[1]);
        return;
    }
    assay_inout_write(t->out, (struct assay_slice){t->data + t->written, n});
    assert_true(assay_inout_is_busy(t->out));
    t->written += n;
}

static void
on_written(void *user, struct assay_slice data, const struct assay_error *err)
{
    struct trial *t = user;

    assert_int_equal(data.len, 0);
    t->err = *err;
    if (err->code == ASSAY_OK) {
        write_on(t);
    }
}

static void
on_read(void *user, struct assay_slice data, const struct assay_error *err)
{
    struct trial *t = user;

    t->err = *err;
    if (err->code != ASSAY_OK || data.len == 0) {
        t->ends++;
        return;
    }
    assert_true(data.len <= ASSAY_INOUT_PIECE_BYTES);
    assert_true(data.len <= TOTAL - t->got);
    t->in_order =
        t->in_order && memcmp(data.ptr, t->data + t->got, data.len) == 0;
    t->got += data.len;
    assay_inout_read(t->in);
}

static struct trial *
open_trial(int flags)
{
    struct trial *t = calloc(1, sizeof(*t));

    assert_non_null(t);
    loop_open(&t->loop);
    assert_int_equal(pipe(t->fd), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fcntl(t->fd[i], F_SETFL, flags), 0);
    }
    for (size_t i = 0; i < TOTAL; i++) {
        t->data[i] = (uint8_t)(i * 7 + i / 251);
    }
    t->in_order = true;
    t->in = assay_inout_new(&t->loop.uv, t->fd[0], on_read, t);
    t->out = assay_inout_new(&t->loop.uv, t->fd[1], on_written, t);
    assert_non_null(t->in);
    assert_non_null(t->out);
    return t;
}

static void
close_trial(struct trial *t)
{
    assay_inout_free(t->in);
    assay_inout_free(t->out);
    loop_close(&t->loop);
    free(t);
}

/* Whoever started us may have made them non-blocking. */
static void
from_end_to_end(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct trial *t = open_trial(i == 0 ? 0 : O_NONBLOCK);

        assay_inout_read(t->in);
        write_on(t);
        loop_run(&t->loop);
        assert_int_equal(t->got, TOTAL);
        assert_true(t->in_order);
        assert_int_equal(t->ends, 1);
        assert_int_equal(t->err.code, ASSAY_OK);
        close(t->fd[0]);
        close_trial(t);
    }
}

static void
failures(void **state)
{
    struct trial *t = open_trial(0);

    (void)state;
    close(t->fd[0]);
    assay_inout_read(t->in);
    loop_run(&t->loop);
    check_error("closed", &t->err, ASSAY_IO,
                "standard input: ", ASSAY_NO_OFFSET);
    write_on(t); /* nobody reads */
    loop_run(&t->loop);
    check_error("no reader", &t->err, ASSAY_IO,
                "standard output: ", ASSAY_NO_OFFSET);
    close(t->fd[1]);
    close_trial(t);
}

/* Freed while a thread waits: it is not called any more. */
static void
freed_while_busy(void **state)
{
    struct trial *t = open_trial(0);

    (void)state;
    assay_inout_read(t->in);
    assay_inout_read(t->in); /* one is under way: nothing more */
    assert_true(assay_inout_is_busy(t->in));
    assay_inout_free(t->in);
    t->in = NULL;
    assert_int_equal(write(t->fd[1], "x", 1), 1);
    loop_run(&t->loop);
    assert_int_equal(t->got + t->ends, 0);
    assert_false(assay_inout_is_busy(NULL));
    close(t->fd[0]);
    close(t->fd[1]);
    close_trial(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_end_to_end),
        cmocka_unit_test(failures),
        cmocka_unit_test(freed_while_busy),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
