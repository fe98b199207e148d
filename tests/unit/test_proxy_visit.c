/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_visit.c - clients of the proxy: requests and responses as they
 * pass, each piece when it comes; and how either end leaves.
 */
#include "harness/proxy_visits.h"

#define OK2    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define PROVEN "x-assay-attestation: verified; tcb=UpToDate; age=0; evidence="

/* --- one after the other -------------------------------------------------- */

static void
test_whole(void **state)
{
    struct house h;
    struct guest g;
    char text[128];

    (void)state;
    house_open(&h);
    house_start(&h);
    guest_come(&g, &h);
    guest_say(&g, "GET /tee/x?secret=1 HTTP/1.1\r\n" HERE "\r\n");
    GUEST_HEARS(&g, "ok");
    guest_need(&g, "status", "HTTP/1.1 200 OK\r\n");
    snprintf(text, sizeof(text), PROVEN "%s\r\n", h.n.proof.evidence);
    guest_need(&g, "proof", text);
    assert_int_equal(h.told.count, 1);
    assert_int_equal(h.told.r.ended, VISIT_WHOLE);
    assert_int_equal(h.told.r.status, 200);
    assert_int_equal(h.told.r.bytes_out, 2);
    assert_string_equal(h.told.path, "/tee/x");
    assert_string_equal(h.told.method, "GET");
    assert_string_equal(h.told.provider, "tee");
    assert_string_equal(h.told.tcb, "UpToDate");
    assert_string_equal(h.told.evidence, h.n.proof.evidence);
    assert_string_equal(h.told.code, "");
    assert_false(h.told.r.page);

    guest_next(&g); /* another on the same connection, octet by octet */
    for (const char *c = GET; *c != '\0'; c++) {
        const char one[2] = {*c, '\0'};

        guest_say(&g, one);
        uv_run(&h.n.loop.uv, UV_RUN_NOWAIT);
    }
    GUEST_HEARS(&g, "ok");
    assert_int_equal(h.told.count, 2);
    assert_int_equal(h.n.far.accepted, 1);
    assert_int_equal(h.visits.count, 1);

    guest_leave(&g); /* nobody asked anything: nothing is told */
    UNTIL(&h.n, h.visits.count == 0);
    assert_int_equal(h.told.count, 2);
    house_end(&h);
}

static void
test_pipelined(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    house_open(&h);
    house_start(&h);
    guest_come(&g, &h);
    guest_say(&g, GET "GET /healthz HTTP/1.1\r\n" HERE "\r\n"
                      "POST /tee/y HTTP/1.1\r\n" HERE
                      "Content-Length: 3\r\n\r\nabc" GET
                      "GET / HTTP/1.1\r\n" HERE "Connection: close\r\n\r\n");
    UNTIL(&h.n, g.eof);
    assert_int_equal(h.told.count, 5);
    assert_int_equal(h.n.far.requests, 3);
    guest_need(&g, "last", "page 0");
    g.seen = assay_slice_find(assay_buf_slice(&g.got), "page 2");
    guest_need(&g, "the one behind", "\r\n\r\nok");
    guest_leave(&g);
    house_end(&h);
}

/* --- bodies --------------------------------------------------------------- */

static struct {
    struct assay_buf body;
    struct assay_buf trailers;
    bool done;
} heard;

/* Keeps the whole body, and answers behind it. */
static void
hear(struct far_conn *c)
{
    struct assay_server *s = c->pair.server;
    struct assay_slice body = assay_server_request_body(s);

    assay_buf_add(&heard.body, body);
    far_take(c, body.len);
    if (!heard.done && assay_server_body_done(s) &&
        assay_server_request_body(s).len == 0) {
        heard.done = true;
        assay_buf_add(&heard.trailers, assay_server_request_trailers(s));
        far_say(c, far_ok);
        far_end(c, true);
    }
}

static void
forget(void)
{
    assay_buf_free(&heard.body);
    assay_buf_free(&heard.trailers);
    assay_buf_init(&heard.body, GOT_MAX_BYTES);
    assay_buf_init(&heard.trailers, 4096);
    heard.done = false;
}

static const struct {
    const char *name;
    const char *request;
    const char *body;
    const char *trailers;
} bodies[] = {
    {"a length", "Content-Length: 5\r\n\r\nhello", "hello", ""},
    {"nothing", "Content-Length: 0\r\n\r\n", "", ""},
    {"chunks",
     "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
     "2;ext=1\r\nhe\r\n3\r\nllo\r\n0\r\nX-Sum: 1\r\nX-Assay-Y: no\r\n\r\n",
     "hello", "X-Sum: 1\r\n"},
};

static void
test_bodies(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    house_open(&h);
    h.n.far.answer = hear;
    house_start(&h);
    guest_come(&g, &h);
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        forget();
        guest_next(&g);
        guest_say(&g, "POST /tee/x HTTP/1.1\r\n" HERE);
        guest_say(&g, bodies[i].request);
        GUEST_HEARS(&g, "ok");
        CHECK(bodies[i].name, heard.done);
        CHECK(bodies[i].name,
              assay_slice_is(assay_buf_slice(&heard.body), bodies[i].body));
        CHECK(bodies[i].name, assay_slice_is(assay_buf_slice(&heard.trailers),
                                             bodies[i].trailers));
        CHECK(bodies[i].name, h.told.r.bytes_in == strlen(bodies[i].body));
    }
    forget();
    guest_leave(&g);
    house_end(&h);
}

/* It waits for the server, not for us. */
static void
encourage(struct far_conn *c)
{
    static bool said;

    if (assay_server_request_body(c->pair.server).len == 0 && !said) {
        said = true;
        far_say(c, "HTTP/1.1 100 Continue\r\n\r\n"
                   "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    }
    hear(c);
}

static void
test_interim(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    house_open(&h);
    h.n.far.answer = encourage;
    house_start(&h);
    guest_come(&g, &h);
    forget();
    guest_say(&g, "POST /tee/x HTTP/1.1\r\n" HERE "Expect: 100-continue\r\n"
                  "Content-Length: 5\r\n\r\n");
    GUEST_HEARS(&g, "103 Early Hints\r\nLink: </a>\r\n\r\n");
    assert_false(heard.done);
    guest_say(&g, "hello");
    GUEST_HEARS(&g, "ok");
    guest_need(&g, "first", "HTTP/1.1 100 Continue\r\n\r\n");
    assert_true(assay_slice_is(assay_buf_slice(&heard.body), "hello"));
    forget();
    guest_leave(&g);
    house_end(&h);
}

/* It has heard enough before the body is whole. */
static void
test_early(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    house_open(&h);
    h.n.far.response = NULL;
    house_start(&h);
    guest_come(&g, &h);
    h.n.far.answer = NULL;
    guest_say(&g, "POST /tee/x HTTP/1.1\r\n" HERE
                  "Content-Length: 1000000\r\n\r\nabc");
    UNTIL(&h.n, h.n.far.requests == 1);
    far_say(h.n.far.conns, "HTTP/1.1 413 Large\r\nContent-Length: 2\r\n\r\nno");
    far_end(h.n.far.conns, false);
    UNTIL(&h.n, g.eof);
    guest_need(&g, "early", "HTTP/1.1 413 Large\r\n");
    guest_need(&g, "early", "Connection: close\r\n");
    guest_need(&g, "early", "\r\n\r\nno");
    assert_int_equal(h.told.r.ended, VISIT_WHOLE);
    guest_leave(&g);
    house_end(&h);
}

/* --- responses, as they are framed
 * ----------------------------------------------
 */

static const struct {
    const char *name;
    const char *request;
    const char *response;
    bool keeps;
    const char *head; /* of what the client gets */
    const char *body; /* the end of it */
    const char *lacks;
    bool closes;
} forms[] = {
    {.name = "chunks and trailers",
     .request = "GET /tee/x HTTP/1.1\r\n" HERE "TE: trailers\r\n"
                "Connection: TE\r\n\r\n",
     .response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                 "Trailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n"
                 "X-Assay-Attestation: forged\r\n\r\n",
     .keeps = true,
     .head = "Transfer-Encoding: chunked\r\n",
     .body = "\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n",
     .lacks = "forged"},
    {.name = "trailers that nobody wants",
     .request = GET,
     .response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n",
     .keeps = true,
     .head = "200 OK",
     .body = "\r\n\r\n2\r\nok\r\n0\r\n\r\n",
     .lacks = "X-Sum"},
    {.name = "until it closes",
     .request = GET,
     .response = "HTTP/1.1 200 OK\r\n\r\nok",
     .head = "Transfer-Encoding: chunked\r\n",
     .body = "2\r\nok\r\n0\r\n\r\n"},
    {.name = "HTTP/1.0",
     .request = "GET /tee/x HTTP/1.0\r\n" HERE "\r\n",
     .response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "2\r\nok\r\n0\r\n\r\n",
     .keeps = true,
     .head = "Connection: close\r\n",
     .body = "\r\n\r\nok",
     .lacks = "chunked",
     .closes = true},
    {.name = "HTTP/1.0 that stays",
     .request = "GET /tee/x HTTP/1.0\r\n" HERE "Connection: keep-alive\r\n\r\n",
     .response = OK2,
     .keeps = true,
     .head = "Connection: keep-alive\r\n",
     .body = "\r\n\r\nok"},
    {.name = "HEAD",
     .request = "HEAD /tee/x HTTP/1.1\r\n" HERE "\r\n",
     .response = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n",
     .keeps = true,
     .head = "Content-Length: 99\r\n",
     .body = "\r\n\r\n"},
    {.name = "204",
     .request = GET,
     .response = "HTTP/1.1 204 No\r\n\r\n",
     .keeps = true,
     .head = "204 No",
     .body = "\r\n\r\n",
     .lacks = "Content-Length"},
    {.name = "304",
     .request = GET,
     .response = "HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n",
     .keeps = true,
     .head = "Content-Length: 9\r\n",
     .body = "\r\n\r\n"},
    {.name = "the client wants no more",
     .request = "GET /tee/x HTTP/1.1\r\n" HERE "Connection: close\r\n\r\n",
     .response = OK2,
     .keeps = true,
     .head = "Connection: close\r\n",
     .body = "ok",
     .closes = true},
    {.name = "an error of the server",
     .request = GET,
     .response = "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno",
     .keeps = true,
     .head = PROVEN,
     .body = "no"},
    {.name = "a redirect that stays",
     .request = GET,
     .response = "HTTP/1.1 307 Go\r\nLocation: /v1/y\r\n"
                 "Content-Length: 0\r\n\r\n",
     .keeps = true,
     .head = "Location: /tee/y\r\n",
     .body = "\r\n\r\n"},
    {.name = "a redirect that does not",
     .request = GET,
     .response = "HTTP/1.1 307 Go\r\nLocation: https://evil.example/v1/x\r\n"
                 "Content-Length: 0\r\n\r\n",
     .keeps = true,
     .head = "HTTP/1.1 502 Bad Gateway\r\n",
     .body = "\"code\":\"redirect_refused\"}}",
     .lacks = "evil"},
    {.name = "a switch that nobody asked for",
     .request = GET,
     .response = "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\n"
                 "Connection: upgrade\r\n\r\n",
     .head = "HTTP/1.1 502 Bad Gateway\r\n",
     .body = "}}"},
    {.name = "no HTTP",
     .request = GET,
     .response = "SSH-2.0-x\r\n\r\n",
     .head = "HTTP/1.1 502 Bad Gateway\r\n",
     .body = "}}"},
};

static bool
ends_with(const struct guest *g, const char *text)
{
    size_t n = strlen(text);

    return g->got.len - g->seen >= n &&
           memcmp(g->got.ptr + g->got.len - n, text, n) == 0;
}

static void
test_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        struct house h;
        struct guest g;

        house_open(&h);
        h.n.far.response = forms[i].response;
        h.n.far.keeps = forms[i].keeps;
        house_start(&h);
        guest_come(&g, &h);
        guest_say(&g, forms[i].request);
        UNTIL(&h.n, h.told.count == 1);
        UNTIL(&h.n, ends_with(&g, forms[i].body) || g.eof);
        guest_need(&g, forms[i].name, forms[i].head);
        guest_need(&g, forms[i].name, forms[i].body);
        CHECK(forms[i].name, ends_with(&g, forms[i].body));
        CHECK(forms[i].name,
              forms[i].lacks == NULL || !guest_has(&g, forms[i].lacks));
        CHECK(forms[i].name, h.told.r.ended == VISIT_WHOLE);
        if (forms[i].closes) {
            UNTIL(&h.n, g.eof);
        } else {
            guest_next(&g);
            guest_say(&g, "GET /healthz HTTP/1.1\r\n" HERE "\r\n");
            GUEST_HEARS(&g, "page 2");
        }
        guest_leave(&g);
        house_end(&h);
    }
}

/* --- streams -------------------------------------------------------------- */

static void
begin_stream(struct house *h, struct guest *g)
{
    house_open(h);
    h->n.far.holds = true;
    house_start(h);
    guest_come(g, h);
    guest_say(g, GET);
    UNTIL(&h->n, h->n.far.requests == 1);
    far_say(h->n.far.conns,
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            "Transfer-Encoding: chunked\r\n\r\n");
}

/* Each event is there before the next one is made. */
static void
test_stream(void **state)
{
    struct house h;
    struct guest g;
    char event[32];

    (void)state;
    begin_stream(&h, &g);
    GUEST_HEARS(&g, "\r\n\r\n"); /* so is the head */
    for (int i = 0; i < 20; i++) {
        snprintf(event, sizeof(event), "9\r\ndata: %02d\n\r\n", i);
        far_say(h.n.far.conns, event);
        GUEST_HEARS(&g, event);
    }
    assert_int_equal(h.told.count, 0);
    far_say(h.n.far.conns, "0\r\n\r\n");
    far_end(h.n.far.conns, true);
    GUEST_HEARS(&g, "\r\n0\r\n\r\n");
    assert_int_equal(h.told.r.bytes_out, 180);
    guest_leave(&g);
    house_end(&h);
}

/* All of a stream comes, however much of it is there at a time. */
static void
test_stream_at_once(void **state)
{
    static const unsigned events = 400;
    static char event[1024 + 1];
    struct assay_buf all;
    struct house h;
    struct guest g;

    (void)state;
    memset(event, 'e', sizeof(event) - 1);
    assay_buf_init(&all, SIZE_MAX);
    for (unsigned i = 0; i < events; i++) {
        assay_buf_printf(&all, "400\r\n%s\r\n", event);
    }
    assay_buf_add(&all, (struct assay_slice){(const uint8_t *)"0\r\n\r\n", 6});
    begin_stream(&h, &g);
    far_say(h.n.far.conns, (const char *)all.ptr);
    far_end(h.n.far.conns, true);
    GUEST_HEARS(&g, "\r\n0\r\n\r\n");
    assert_int_equal(h.told.r.bytes_out, events * 1024);
    assay_buf_free(&all);
    guest_leave(&g);
    house_end(&h);
}

static void
test_cut(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    begin_stream(&h, &g);
    far_say(h.n.far.conns, "3\r\nabc\r\n");
    GUEST_HEARS(&g, "abc");
    far_hang_up(h.n.far.conns);
    UNTIL(&h.n, g.eof || g.failed);
    assert_false(guest_has(&g, "\r\n0\r\n"));
    assert_int_equal(h.told.r.ended, VISIT_CUT);
    assert_string_equal(h.told.code, "upstream_truncated");
    guest_leave(&g);
    house_end(&h);
}

/* Neither end gets ahead of the other by more than what the queues hold. */
static void
test_back_pressure(void **state)
{
    static const unsigned pieces = 1536;
    static char piece[16 * 1024 + 1];
    static const size_t total = (size_t)pieces * (sizeof(piece) - 1);
    struct house h;
    struct guest g;
    char head[64];
    size_t sent;

    (void)state;
    house_open(&h);
    h.n.far.holds = true;
    house_start(&h);
    guest_come(&g, &h);
    guest_say(&g, GET);
    UNTIL(&h.n, h.n.far.requests == 1);
    assay_stream_read(g.stream, false);
    snprintf(head, sizeof(head),
             "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", total);
    far_say(h.n.far.conns, head);
    memset(piece, 'a', sizeof(piece) - 1);
    for (unsigned i = 0; i < pieces; i++) {
        far_say(h.n.far.conns, piece);
    }
    far_end(h.n.far.conns, true);
    sent = assay_stream_queued(h.n.far.conns->stream);
    do { /* as far as it goes by itself */
        sent = assay_stream_queued(h.n.far.conns->stream);
        for (int i = 0; i < 50; i++) {
            uv_run(&h.n.loop.uv, UV_RUN_NOWAIT);
        }
    } while (sent != assay_stream_queued(h.n.far.conns->stream));
    assert_true(sent > total / 2);
    assert_int_equal(h.told.count, 0);
    assay_stream_read(g.stream, true);
    UNTIL(&h.n, h.told.count == 1);
    UNTIL(&h.n, g.got.len > total);
    assert_int_equal(h.told.r.bytes_out, total);
    guest_leave(&g);
    house_end(&h);
}

/* A body that the server does not take holds its client back. */
static void
test_back_pressure_up(void **state)
{
    static const size_t total = 24u << 20;
    struct house h;
    struct guest g;
    struct assay_buf big;
    size_t left;

    (void)state;
    house_open(&h);
    h.n.far.answer = hear;
    house_start(&h);
    guest_come(&g, &h);
    forget();
    guest_say(&g, GET);
    GUEST_HEARS(&g, "ok");
    forget();
    h.n.far.conns->pair.now = assay_now();
    assay_stream_read(h.n.far.conns->stream, false);
    assay_buf_init(&big, total + 256);
    assay_buf_printf(
        &big, "POST /tee/x HTTP/1.1\r\n" HERE "Content-Length: %zu\r\n\r\n",
        total);
    memset(assay_buf_extend(&big, total), 'a', total);
    assay_stream_write(g.stream, assay_buf_slice(&big));
    do {
        left = assay_stream_queued(g.stream);
        for (int i = 0; i < 50; i++) {
            uv_run(&h.n.loop.uv, UV_RUN_NOWAIT);
        }
    } while (left != assay_stream_queued(g.stream));
    assert_true(left > total / 2);
    assay_stream_read(h.n.far.conns->stream, true);
    guest_next(&g);
    GUEST_HEARS(&g, "ok");
    assert_int_equal(heard.body.len, total);
    assert_int_equal(h.told.r.bytes_in, total);
    assay_buf_free(&big);
    forget();
    guest_leave(&g);
    house_end(&h);
}

/* --- who leaves ----------------------------------------------------------- */

/* A client that says goodbye may still want its answer (RFC 8446, section 6.1);
 * one whose connection was cut does not. */
static void
check_dropped(const struct house *h)
{
    assert_int_equal(assay_server_state(h->n.far.conns->pair.server),
                     ASSAY_SERVER_FAILED);
}

/* Before the answer, and within it: the server is not left working. */
static void
test_abort(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    house_open(&h);
    h.n.far.holds = true;
    house_start(&h);
    guest_come(&g, &h);
    guest_say(&g, GET);
    UNTIL(&h.n, h.n.far.requests == 1);
    guest_leave(&g);
    UNTIL(&h.n, far_open_count(&h.n.far) == 0);
    check_dropped(&h);
    assert_int_equal(h.told.r.ended, VISIT_ABORTED);
    assert_int_equal(h.told.r.status, 0);
    house_end(&h);

    begin_stream(&h, &g);
    far_say(h.n.far.conns, "3\r\nabc\r\n");
    GUEST_HEARS(&g, "abc");
    guest_leave(&g);
    UNTIL(&h.n, far_open_count(&h.n.far) == 0);
    check_dropped(&h);
    assert_int_equal(h.told.r.ended, VISIT_ABORTED);
    assert_int_equal(h.told.r.status, 200);
    assert_int_equal(h.told.r.bytes_out, 3);
    house_end(&h);
}

/* Nothing is read from it, for the server does not take what it has sent. */
static void
test_abort_unheard(void **state)
{
    struct house h;
    struct guest g;
    struct assay_buf big;

    (void)state;
    house_open(&h);
    h.n.far.answer = hear;
    house_start(&h);
    guest_come(&g, &h);
    forget();
    guest_say(&g, GET);
    GUEST_HEARS(&g, "ok");
    forget();
    assay_stream_read(h.n.far.conns->stream, false);
    assay_buf_init(&big, 32u << 20);
    assay_buf_add_text(&big, "POST /tee/x HTTP/1.1\r\n" HERE
                             "Content-Length: 30000000\r\n\r\n");
    memset(assay_buf_extend(&big, 24u << 20), 'a', 24u << 20);
    assay_stream_write(g.stream, assay_buf_slice(&big));
    for (int i = 0; i < 200; i++) {
        uv_run(&h.n.loop.uv, UV_RUN_NOWAIT);
    }
    guest_leave(&g);
    UNTIL(&h.n, h.visits.count == 0);
    assert_int_equal(h.told.r.ended, VISIT_ABORTED);
    assay_stream_read(h.n.far.conns->stream, true);
    UNTIL(&h.n, far_open_count(&h.n.far) == 0);
    assay_buf_free(&big);
    forget();
    house_end(&h);
}

/* --- another protocol ----------------------------------------------------- */

#define UPGRADE                                                                \
    "GET /tee/realtime HTTP/1.1\r\n" HERE                                      \
    "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n"

/* Agrees, then sends back what it gets, and says goodbye behind it. */
static void
echo(struct far_conn *c)
{
    struct assay_server *s = c->pair.server;
    struct assay_slice octets;
    struct assay_error err;

    if (assay_server_state(s) == ASSAY_SERVER_REQUEST) {
        far_say(c, "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\n"
                   "Connection: upgrade\r\n\r\n");
        assay_server_switch(s);
        return;
    }
    octets = assay_server_request_body(s);
    if (octets.len > 0) {
        assert_int_equal(assay_server_respond(s, octets, &err), ASSAY_OK);
        far_take(c, octets.len);
    }
    if (assay_server_body_done(s) && assay_server_request_body(s).len == 0) {
        far_say(c, "bye");
        assay_server_respond_end(s, false);
    }
    far_send(c);
}

static void
test_switch(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    house_open(&h);
    h.n.far.answer = echo;
    house_start(&h);
    guest_come(&g, &h);
    guest_say(&g, UPGRADE "ahead");
    GUEST_HEARS(&g, "\r\n\r\nahead");
    guest_need(&g, "switch", "HTTP/1.1 101 Go\r\n");
    guest_need(&g, "switch", "Upgrade: websocket\r\nConnection: upgrade\r\n");
    guest_need(&g, "switch", PROVEN);
    guest_say(&g, "0\r\n\r\nGET / HTTP/1.1\r\n\r\n"); /* octets, no more */
    GUEST_HEARS(&g, "GET / HTTP/1.1\r\n\r\n");
    assay_stream_shutdown(g.stream); /* half of it: what is behind comes */
    UNTIL(&h.n, g.eof);
    guest_need(&g, "switch", "\r\n\r\nbye");
    UNTIL(&h.n, h.told.count == 1);
    assert_int_equal(h.told.r.ended, VISIT_SWITCHED);
    assert_int_equal(h.told.r.status, 101);
    guest_leave(&g);
    UNTIL(&h.n, h.visits.count == 0);
    house_end(&h);
}

/* Says goodbye first, and reads on. */
static void
hang_up_first(struct far_conn *c)
{
    struct assay_server *s = c->pair.server;
    struct assay_slice octets;

    if (assay_server_state(s) == ASSAY_SERVER_REQUEST) {
        far_say(c, "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\n"
                   "Connection: upgrade\r\n\r\nbye");
        assay_server_switch(s);
        assay_server_respond_end(s, false);
        far_send(c);
        return;
    }
    octets = assay_server_request_body(s);
    assay_buf_add(&heard.body, octets);
    far_take(c, octets.len);
}

static void
test_switch_other_end(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    house_open(&h);
    h.n.far.answer = hang_up_first;
    house_start(&h);
    guest_come(&g, &h);
    forget();
    guest_say(&g, UPGRADE);
    UNTIL(&h.n, g.eof);
    guest_need(&g, "end", "\r\n\r\nbye");
    guest_say(&g, "still here");
    UNTIL(&h.n, assay_slice_is(assay_buf_slice(&heard.body), "still here"));
    assert_int_equal(h.told.count, 0);
    guest_leave(&g);
    UNTIL(&h.n, h.visits.count == 0);
    assert_int_equal(h.told.count, 1);
    assert_int_equal(h.told.r.ended, VISIT_SWITCHED);
    forget();
    house_end(&h);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_pipelined),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_interim),
        cmocka_unit_test(test_early),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_stream_at_once),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_back_pressure),
        cmocka_unit_test(test_back_pressure_up),
        cmocka_unit_test(test_abort),
        cmocka_unit_test(test_abort_unheard),
        cmocka_unit_test(test_switch),
        cmocka_unit_test(test_switch_other_end),
    };

    return cmocka_run_group_tests(tests, upstream_setup, upstream_teardown);
}
