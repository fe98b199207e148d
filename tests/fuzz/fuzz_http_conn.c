/* Target functions: assay_http_conn_new */
/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A connection of the server, over a real pair of sockets. The first byte says
 * in what pieces the rest is sent. Whatever it is: the connection ends, nothing
 * is left on the loop, and the client has got whole HTTP answers: as many as
 * there were requests, and at most one more that refuses.
 */
#include <sys/socket.h>

#include "base/bytes.h"
#include "harness/fuzz.h"
#include "io/http_conn.h"

#define IN_MAX  8192u /* what a socket takes at once */
#define HANDLED 512u

struct client {
    struct assay_stream *stream;
    struct assay_slice send;
    size_t piece;
    bool done;
    struct assay_buf got;
};

static bool heads[HANDLED]; /* which requests were HEAD */
static size_t handled;

static void
handle(void *user, const struct assay_http_request *request,
       struct assay_http_answer *answer)
{
    (void)user;
    PROMISE(handled < HANDLED);
    heads[handled++] = assay_slice_is(request->head->method, "HEAD");
    PROMISE(request->body.len <= 64);
    fuzz_check_inside(request->path, request->head->target);
    fuzz_check_inside(request->query, request->head->target);
    assay_buf_add(&answer->body, request->body);
}

static void
send_more(void *user)
{
    struct client *c = user;
    struct assay_slice piece = c->send;

    piece.len = piece.len < c->piece ? piece.len : c->piece;
    c->send.ptr += piece.len;
    c->send.len -= piece.len;
    if (piece.len > 0) {
        assay_stream_write(c->stream, piece);
    } else if (!c->done) {
        c->done = true;
        assay_stream_shutdown(c->stream);
    }
}

static void
on_data(void *user, struct assay_slice data)
{
    struct client *c = user;

    assay_buf_add(&c->got, data);
}

static void
on_eof(void *user)
{
    struct client *c = user;

    assay_stream_close(c->stream);
}

static void
on_failed(void *user, const struct assay_error *err)
{
    (void)err;
    on_eof(user);
}

static struct assay_stream *
adopt(uv_loop_t *loop, int fd)
{
    uv_pipe_t *pipe = malloc(sizeof(*pipe));
    struct assay_stream *s;

    PROMISE(pipe != NULL && uv_pipe_init(loop, pipe, 0) == 0);
    PROMISE(uv_pipe_open(pipe, fd) == 0);
    s = assay_stream_adopt((uv_stream_t *)pipe);
    PROMISE(s != NULL);
    return s;
}

/* The length of the answer at the start, which is whole. */
static size_t
answer_length(struct assay_slice got, bool to_head, unsigned *status)
{
    struct assay_http1_head head;
    struct assay_error err;
    size_t scanned = 0;
    size_t used;

    assay_error_clear(&err);
    PROMISE(assay_http1_response(got, to_head ? "HEAD" : "GET", &scanned, &head,
                                 &used, &err) == ASSAY_OK);
    PROMISE(used > 0);
    *status = head.status;
    if (head.status == 100 || to_head) {
        return used;
    }
    PROMISE(head.framing == ASSAY_HTTP1_LENGTH);
    if (head.status >= 400 && used == got.len) {
        return used; /* a HEAD that was refused before the handler saw it */
    }
    PROMISE(head.content_length <= got.len - used);
    return used + (size_t)head.content_length;
}

static void
check_answers(struct assay_slice got)
{
    size_t answered = 0;
    bool refused = false;

    while (got.len > 0) {
        bool to_head = answered < handled && heads[answered];
        unsigned status;
        size_t n = answer_length(got, to_head, &status);

        PROMISE(!refused);
        PROMISE(status == 100 || status == 200 || status >= 400);
        refused = status >= 400;
        answered += status == 200;
        got.ptr += n;
        got.len -= n;
    }
    PROMISE(answered == handled);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct assay_stream_events events = {.data = on_data,
                                                      .eof = on_eof,
                                                      .drained = send_more,
                                                      .failed = on_failed};
    struct assay_http_server server = {.limits = {64, 4, 1000, 1000},
                                       .handler = handle};
    struct client c = {.piece = 0};
    uv_loop_t loop;
    int fds[2];

    if (size == 0 || size > IN_MAX) {
        return 0;
    }
    handled = 0;
    PROMISE(uv_loop_init(&loop) == 0);
    PROMISE(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    server.loop = &loop;
    assay_buf_init(&c.got, FUZZ_OUT_MAX);
    c.send = (struct assay_slice){data + 1, size - 1};
    c.piece = data[0] == 0 ? size : (size_t)data[0] * 4;
    c.stream = adopt(&loop, fds[0]);
    assay_stream_tell(c.stream, &events, &c);
    assay_stream_read(c.stream, true);
    PROMISE(assay_http_conn_new(&server, adopt(&loop, fds[1])) != NULL);
    server.count = 1;
    send_more(&c);
    uv_run(&loop, UV_RUN_DEFAULT);
    PROMISE(server.count == 0 && server.first == NULL);
    PROMISE(uv_loop_close(&loop) == 0);
    check_answers(assay_buf_slice(&c.got));
    assay_buf_free(&c.got);
    return 0;
}
