/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pipe_flow.c - the request that makes a session a pipe, and the octets both
 * ways.
 *
 * Each direction has one piece under way, and reads the next when that has
 * left: whoever takes slowly is waited for. Each ends for itself: the end of
 * standard input is told to the server, and its goodbye ends standard output.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "io/moment.h"
#include "pipe.h"

#define HOLD_BACK   (512u * 1024u) /* octets on their way to the server */
#define INTERIM_MAX 16u            /* heads with 1xx */

static struct assay_client *
session(const struct pipe *p)
{
    return assay_attested_session(p->get.conn);
}

/* --- the end ------------------------------------------------------------ */

/* Both directions have ended, and ours has left. */
static void
end_if_done(struct pipe *p)
{
    struct assay_error err;

    if (p->in_ended && p->out_ended &&
        assay_attested_queued(p->get.conn) == 0) {
        assay_error_clear(&err);
        get_end(&p->get, &err, false);
    }
}

/* Who reads it sees the end; the number stays taken, so that no file gets it.
 */
static void
end_output(struct pipe *p)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    p->out_ended = true;
    if (null >= 0) {
        (void)dup2(null, STDOUT_FILENO);
        (void)close(null);
    }
    end_if_done(p);
}

/* --- from the server ---------------------------------------------------- */

static void
move_out(struct pipe *p)
{
    struct assay_client *c = session(p);
    struct assay_slice data = assay_client_read(c);

    if (p->out_ended || assay_inout_is_busy(p->out)) {
        return;
    }
    if (data.len > 0) {
        data.len = data.len < ASSAY_INOUT_PIECE_BYTES ? data.len
                                                      : ASSAY_INOUT_PIECE_BYTES;
        assay_inout_write(p->out, data);
        assay_client_taken(c, data.len);
        assay_attested_resume(p->get.conn);
    } else if (assay_client_truncated(c)) {
        get_end_here(&p->get, ASSAY_TRUNCATED,
                     "the connection was cut: what came is not all of it");
    } else if (assay_client_read_done(c)) {
        end_output(p);
    }
}

static void
on_written(void *user, struct assay_slice data, const struct assay_error *err)
{
    struct pipe *p = user;

    (void)data;
    if (p->get.done) {
        return; /* in the same turn of the loop */
    }
    if (err->code != ASSAY_OK) {
        get_end(&p->get, err, false);
    } else {
        move_out(p);
    }
}

/* --- to the server ------------------------------------------------------ */

/* The next piece, if the server takes what it has. */
static void
move_in(struct pipe *p)
{
    if (!p->in_ended && assay_attested_queued(p->get.conn) < HOLD_BACK) {
        assay_inout_read(p->in);
    }
}

static void
on_read(void *user, struct assay_slice data, const struct assay_error *failure)
{
    struct pipe *p = user;
    struct assay_error err = *failure;

    if (p->get.done) {
        return; /* in the same turn of the loop */
    }
    if (err.code == ASSAY_OK && data.len > 0) {
        (void)!assay_client_write(session(p), data, &err);
    } else if (err.code == ASSAY_OK) {
        assay_client_close(session(p));
        p->in_ended = true;
    }
    if (err.code != ASSAY_OK) {
        get_end(&p->get, &err, false);
        return;
    }
    assay_attested_flush(p->get.conn);
    if (p->in_ended) {
        end_if_done(p);
    } else {
        move_in(p);
    }
}

void
pipe_on_drained(void *user)
{
    struct pipe *p = user;

    if (p->raw) {
        move_in(p);
        end_if_done(p);
    }
}

/* --- the request -------------------------------------------------------- */

static void
on_no_answer(uv_timer_t *timer)
{
    struct pipe *p = timer->data;

    get_end_here(&p->get, ASSAY_TIMEOUT,
                 "the server did not answer the request for a pipe in time");
}

static void
on_old(uv_timer_t *timer)
{
    struct pipe *p = timer->data;

    get_end_here(&p->get, ASSAY_STALE,
                 "the server's evidence is older than --max-age");
}

static void
write_request(const struct pipe *p, struct assay_buf *out)
{
    char authority[ASSAY_URI_HOST_MAX + 10];

    assay_uri_authority(&p->get.uri, authority);
    assay_buf_printf(out,
                     "POST " ASSAY_PIPE_PATH " HTTP/1.1\r\n"
                     "Host: %s\r\n"
                     "User-Agent: assay/" ASSAY_VERSION "\r\n"
                     "Connection: Upgrade\r\n"
                     "Upgrade: " ASSAY_PIPE_PROTOCOL "\r\n"
                     "Content-Length: 0\r\n"
                     "\r\n",
                     authority);
}

/* False: evidence that has grown old already is asked for anew, once. */
static bool
begin(struct pipe *p, struct assay_error *err)
{
    if (assay_client_begin(session(p), assay_now(), err) != ASSAY_STALE ||
        p->renewed) {
        return true;
    }
    p->renewed = true;
    return assay_attested_reattest(p->get.conn, err) != ASSAY_OK;
}

void
pipe_on_open(void *user)
{
    struct pipe *p = user;
    struct assay_error err;
    struct assay_buf request;

    /* Nothing goes out whose evidence could not be kept. */
    if (get_save_evidence(&p->get, &err) != ASSAY_OK) {
        get_end(&p->get, &err, false);
        return;
    }
    if (!begin(p, &err)) {
        return; /* and comes back */
    }
    if (p->get.o->get.verbose || p->get.o->get.timing) {
        get_put_notes(&p->get);
    }
    assay_buf_init(&request, ASSAY_HTTP1_HEAD_MAX_BYTES);
    write_request(p, &request);
    if (err.code == ASSAY_OK &&
        assay_buf_check(&request, "request", &err) == ASSAY_OK) {
        (void)!assay_client_write(session(p), assay_buf_slice(&request), &err);
    }
    assay_buf_free(&request);
    if (err.code != ASSAY_OK) {
        get_end(&p->get, &err, false);
        return;
    }
    assay_attested_flush(p->get.conn);
    (void)uv_timer_start(&p->answer, on_no_answer, p->get.phase_ms, 0);
}

/* Counted from when the evidence was asked for, which is what it is as of. */
static void
limit_age(struct pipe *p)
{
    int64_t age_ms =
        assay_now().mono_ms - assay_client_facts(session(p)).attested_ms;
    int64_t left_ms = (int64_t)p->get.o->get.max_age_ms - age_ms;

    if (p->get.o->get.max_age_ms != 0) {
        (void)uv_timer_start(&p->max_age, on_old,
                             left_ms > 0 ? (uint64_t)left_ms : 0, 0);
    }
}

static void
become_raw(struct pipe *p, struct assay_error *err)
{
    (void)uv_timer_stop(&p->answer);
    if (assay_client_switch(session(p), err) != ASSAY_OK) {
        return;
    }
    p->raw = true;
    p->in = assay_inout_new(&p->get.loop, STDIN_FILENO, on_read, p);
    p->out = assay_inout_new(&p->get.loop, STDOUT_FILENO, on_written, p);
    if (p->in == NULL || p->out == NULL) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "out of memory");
        return;
    }
    limit_age(p);
    move_in(p);
}

static void
take_head(struct pipe *p, const struct assay_http1_head *h,
          struct assay_error *err)
{
    if (h->status == 101 && h->upgrade &&
        assay_slice_is_nocase(assay_http1_get(h, "upgrade"),
                              ASSAY_PIPE_PROTOCOL)) {
        p->raw = true;
    } else if (h->status == 101) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "the server switches to another protocol than "
                   "" ASSAY_PIPE_PROTOCOL);
    } else if (h->status >= 200) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "the server serves no pipe: it answers with status %u",
                   h->status);
    } else if (++p->interim > INTERIM_MAX) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "response: more than %u interim ones", INTERIM_MAX);
    }
}

/* Heads until the one that switches; or more is needed. */
static void
read_answer(struct pipe *p, struct assay_error *err)
{
    struct assay_client *c = session(p);
    size_t used = 1;

    while (!p->raw && used > 0 && err->code == ASSAY_OK) {
        struct assay_http1_head head;

        if (assay_http1_response(assay_client_read(c), "POST", &p->scanned,
                                 &head, &used, err) != ASSAY_OK) {
            err->code = ASSAY_REPLY;
            assay_error_prefix(err, "response");
        } else if (used > 0) {
            p->scanned = 0;
            take_head(p, &head, err);
            assay_client_taken(c, used);
        }
    }
    if (p->raw && err->code == ASSAY_OK) {
        become_raw(p, err);
    }
}

void
pipe_on_data(void *user)
{
    struct pipe *p = user;
    struct assay_error err;

    assay_error_clear(&err);
    if (!p->raw) {
        read_answer(p, &err);
    }
    if (err.code != ASSAY_OK) {
        get_end(&p->get, &err, false);
    } else if (p->raw) {
        move_out(p);
    }
}

/* Also when only the server has ended its direction. */
void
pipe_on_closed(void *user)
{
    struct pipe *p = user;

    if (p->raw) {
        move_out(p);
    } else {
        get_end_here(&p->get, ASSAY_NETWORK,
                     "the server closed the connection instead of a pipe");
    }
}
