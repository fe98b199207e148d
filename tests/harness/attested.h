/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * attested.h - an attested connection over loopback for one test: its server,
 * which behaves as the test wants, its owner, and what became of it. Sessions
 * of io/ go by the system's clock, and so does the platform here.
 */
#pragma once

#include <time.h>

#include "harness/loop.h"
#include "harness/pair.h"
#include "io/exchange.h"
#include "io/http_server.h"
#include "io/listen.h"
#include "io/moment.h"

#define BODY_BYTES (1024u * 1024u)
#define SHORT_MS   100u
#define LATE_MS    1050u /* more than the shortest interval of a policy */
#define PHASE_MS   500u  /* longer than a phase takes under a sanitizer */

static struct pair_platform platform;
static struct assay_policy *policy;
static char folder[] = "/tmp/assay-test-attested-XXXXXX";

/* --- the server --------------------------------------------------------- */

enum manner {
    ANSWERS,         /* every request with a body of BODY_BYTES */
    SWITCHES,        /* protocols, whatever is asked */
    ANSWERS_NOTHING, /* but proves itself */
    PROVES_LATE,     /* each time after LATE_MS */
    JUDGES_NOBODY,   /* proves itself, and takes the client's evidence */
    SAYS_NOTHING,    /* not even in TLS */
};

struct trial {
    struct trial_loop loop;
    enum manner manner;
    struct assay_listener *listener;
    struct assay_stream *stream;
    struct pair far;  /* its server and platform */
    int64_t ahead_ms; /* of its clock */
    /* the client */
    struct assay_client_options session;
    struct assay_dial_options dial;
    struct assay_supply *supply;
    struct assay_attested *conn;
    struct assay_exchange *exchange;
    struct assay_buf wire;
    struct assay_quoter *quoter;     /* the client's */
    struct assay_http_server *agent; /* its guest agent */
    unsigned agent_status;           /* 0: gives quotes */
    uv_timer_t timer;                /* of a slow reader, or a late server */
    size_t bite; /* of the slow reader; 0: an exchange reads */
    size_t got;
    size_t wanted;
    size_t seen; /* what waited when it was looked at last */
    bool in_order;
    bool failed;
    bool peer_failed;
    unsigned opened;
    unsigned statuses[4]; /* of the answers, in turn */
    unsigned answers;
    bool ends; /* a raw session is ended before it is left */
    void (*data)(struct trial *t); /* reads instead of an exchange */
    struct assay_error err;
};

static inline uint8_t
octet_at(size_t i)
{
    return (uint8_t)(i * 7 + i / 251);
}

static inline void
answer(struct trial *t)
{
    uint8_t *body = malloc(BODY_BYTES);
    struct assay_buf head;
    struct assay_error err;

    assert_non_null(body);
    for (size_t i = 0; i < BODY_BYTES; i++) {
        body[i] = octet_at(i);
    }
    assay_buf_init(&head, 200);
    assay_buf_printf(&head, "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n",
                     BODY_BYTES);
    assert_int_equal(
        assay_server_respond(t->far.server, assay_buf_slice(&head), &err),
        ASSAY_OK);
    assert_int_equal(
        assay_server_respond(t->far.server,
                             (struct assay_slice){body, BODY_BYTES}, &err),
        ASSAY_OK);
    assay_server_respond_end(t->far.server, true);
    assay_buf_free(&head);
    free(body);
}

static inline void
switch_protocols(struct trial *t)
{
    struct assay_error err;

    assert_int_equal(
        assay_server_respond(
            t->far.server,
            assay_slice_of("HTTP/1.1 101 Switching Protocols\r\n"
                           "Connection: Upgrade\r\nUpgrade: raw/1\r\n\r\n"),
            &err),
        ASSAY_OK);
    assay_server_switch(t->far.server);
}

static inline void on_late(uv_timer_t *timer);

/* What its state calls for; true if something was done. */
static inline bool
serve(struct trial *t)
{
    enum assay_server_state state = assay_server_state(t->far.server);

    if (state == ASSAY_SERVER_QUOTE && t->manner == PROVES_LATE &&
        !t->far.no_quote) {
        t->far.no_quote = true;
        uv_timer_start(&t->timer, on_late, LATE_MS, 0);
        return false;
    }
    if (state == ASSAY_SERVER_REQUEST) {
        if (t->manner == ANSWERS) {
            answer(t);
        } else if (t->manner == SWITCHES) {
            switch_protocols(t);
        }
        return false;
    }
    return !(t->manner == JUDGES_NOBODY &&
             state == ASSAY_SERVER_NEED_COLLATERAL) &&
           pair_serve_server(&t->far);
}

static inline void
serve_on(struct trial *t)
{
    struct assay_slice out;

    t->far.now = assay_now();
    t->far.now.mono_ms += t->ahead_ms;
    while (serve(t)) {
    }
    out = assay_server_output(t->far.server);
    assay_stream_write(t->stream, out);
    assay_server_sent(t->far.server, out.len);
}

static inline void
on_late(uv_timer_t *timer)
{
    struct trial *t = timer->data;

    if (t->stream != NULL) {
        t->far.no_quote = false;
        (void)pair_serve_server(&t->far);
        serve_on(t);
    }
}

static inline void
on_server_data(void *user, struct assay_slice in)
{
    struct trial *t = user;
    struct assay_error err;
    size_t used = 0;

    (void)!assay_server_feed(t->far.server, in, &used, &err);
    serve_on(t);
}

static inline void
close_server(struct trial *t)
{
    assay_stream_close(t->stream);
    t->stream = NULL;
    assay_listener_close(t->listener);
    t->listener = NULL;
}

static inline void
on_server_eof(void *user)
{
    struct trial *t = user;

    assay_server_eof(t->far.server);
    close_server(t);
}

static inline void
on_server_failed(void *user, const struct assay_error *err)
{
    (void)err;
    close_server(user);
}

static inline void
on_accepted(void *user, struct assay_stream *stream)
{
    static const struct assay_stream_events silent = {
        .eof = on_server_eof, .failed = on_server_failed};
    static const struct assay_stream_events events = {.data = on_server_data,
                                                      .eof = on_server_eof,
                                                      .failed =
                                                          on_server_failed};
    struct trial *t = user;

    assert_null(t->stream);
    t->stream = stream;
    assay_stream_tell(stream, t->manner == SAYS_NOTHING ? &silent : &events, t);
    assay_stream_read(stream, true);
}

/* --- the client --------------------------------------------------------- */

static inline void
leave(struct trial *t)
{
    assay_exchange_free(t->exchange);
    t->exchange = NULL;
    assay_attested_close(t->conn);
    t->conn = NULL;
    uv_timer_stop(&t->timer);
    assay_http_server_close(t->agent);
    t->agent = NULL;
}

static inline void
on_failed(void *user, const struct assay_error *err, bool peer)
{
    struct trial *t = user;

    assert_false(t->failed);
    t->failed = true;
    t->err = *err;
    t->peer_failed = peer;
    leave(t);
}

static inline void
count(struct trial *t, struct assay_slice data)
{
    for (size_t i = 0; i < data.len; i++) {
        t->in_order = t->in_order && data.ptr[i] == octet_at(t->got + i);
    }
    t->got += data.len;
}

/* One bite at a time: what is not taken must wait, and come in the end. */
static inline void
on_appetite(uv_timer_t *timer)
{
    struct trial *t = timer->data;
    struct assay_client *c = assay_attested_session(t->conn);
    struct assay_slice in = assay_client_read(c);
    size_t head =
        t->got == 0 && t->wanted > BODY_BYTES ? t->wanted - BODY_BYTES : 0;

    assert_true(in.len <= ASSAY_SESSION_PLAIN_MAX_BYTES + 2 * 16384);
    if (in.len > head) {
        assay_client_taken(c, head);
        t->wanted -= head;
        in = assay_client_read(c);
        in.len = in.len < t->bite ? in.len : t->bite;
        count(t, in);
        assay_client_taken(c, in.len);
        assay_attested_resume(t->conn);
    }
    if (t->got == BODY_BYTES) {
        leave(t);
    }
}

static inline void
ask_by_hand(struct trial *t)
{
    struct assay_client *c = assay_attested_session(t->conn);
    struct assay_error err;

    t->wanted = BODY_BYTES +
                strlen("HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n");
    assert_int_equal(assay_client_begin(c, assay_now(), &err), ASSAY_OK);
    assert_int_equal(assay_client_write(c, assay_buf_slice(&t->wire), &err),
                     ASSAY_OK);
    assay_client_end(c);
    assay_attested_flush(t->conn);
    uv_timer_start(&t->timer, on_appetite, 1, 1);
}

static inline void
on_head(void *user, const struct assay_http1_head *head,
        struct assay_error *err)
{
    struct trial *t = user;

    (void)err;
    assert_true(t->answers < COUNT_OF(t->statuses));
    t->statuses[t->answers++] = head->status;
}

static inline void
on_payload(void *user, struct assay_slice data, struct assay_error *err)
{
    struct trial *t = user;

    count(t, data);
    if (t->wanted != 0 && t->got >= t->wanted) {
        assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET, "that is enough");
    }
}

static inline void
on_done(void *user, bool reusable)
{
    assert_true(reusable);
    leave(user);
}

static inline void
on_exchange_failed(void *user, const struct assay_error *err)
{
    on_failed(user, err, false);
}

static inline void
begin_exchange(struct trial *t, void (*done)(void *user, bool reusable))
{
    const struct assay_exchange_events events = {
        .head = on_head,
        .data = on_payload,
        .done = done,
        .failed = on_exchange_failed,
    };
    const struct assay_exchange_options o = {
        .method = "GET",
        .request = assay_buf_slice(&t->wire),
        .body_max = BODY_BYTES,
        .silence_ms = t->manner == ANSWERS ? 0 : SHORT_MS,
    };

    assay_exchange_free(t->exchange);
    t->exchange = assay_exchange_new(&t->loop.uv, t->conn, &o, &events, t);
    assert_non_null(t->exchange);
    assay_exchange_on_open(t->exchange);
}

static inline void
on_open(void *user)
{
    struct trial *t = user;

    t->opened++;
    if (t->bite != 0) {
        ask_by_hand(t);
    } else if (t->exchange != NULL) {
        assay_exchange_on_open(t->exchange);
    } else {
        begin_exchange(t, on_done);
    }
}

static inline void
on_data(void *user)
{
    struct trial *t = user;

    if (t->data != NULL) {
        t->data(t);
    } else if (t->exchange != NULL) {
        assay_exchange_on_data(t->exchange);
    }
}

/* --- trials ------------------------------------------------------------- */

static inline void
trial_open(struct trial *t, enum manner manner)
{
    const struct assay_address at = {.host = "127.0.0.1", .port = "0"};
    struct assay_supply_options s = {
        .ctx = platform.ctx,
        .verifier = platform.verifier,
        .root = platform.root,
        .fixed = platform.collateral,
    };
    const char *where;

    *t = (struct trial){.manner = manner, .in_order = true};
    loop_open(&t->loop);
    uv_timer_init(&t->loop.uv, &t->timer);
    t->timer.data = t;
    assay_buf_init(&t->wire, 100);
    assay_buf_add_text(&t->wire, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(assay_listen(&t->loop.uv, &at, 0, on_accepted, t,
                                  &t->listener, &t->err),
                     ASSAY_OK);
    where = assay_listener_address(t->listener);
    (void)snprintf(t->dial.to.host, sizeof(t->dial.to.host), "127.0.0.1");
    (void)snprintf(t->dial.to.port, sizeof(t->dial.to.port), "%s",
                   strrchr(where, ':') + 1);
    t->far.p = &platform;
    t->far.now.wall_s = assay_now().wall_s;
    assert_int_equal(assay_server_new(platform.ctx, platform.identity,
                                      &t->far.server, &t->err),
                     ASSAY_OK);
    t->session = pair_client_options(&platform, policy);
    t->supply = assay_supply_new(&t->loop.uv, &s);
    assert_non_null(t->supply);
}

static inline void
trial_run(struct trial *t, void (*open)(void *user), uint32_t phase_ms)
{
    const struct assay_attested_events events = {
        .open = open, .failed = on_failed, .data = on_data};
    const struct assay_attested_options o = {
        .session = &t->session,
        .dial = &t->dial,
        .supply = t->supply,
        .quoter = t->quoter,
        .phase_ms = phase_ms,
    };

    t->conn = assay_attested_new(&t->loop.uv, &o, &events, t);
    assert_non_null(t->conn);
    loop_run(&t->loop);
}

static inline void
trial_close(struct trial *t)
{
    assert_null(t->conn);
    close_server(t);
    assay_supply_free(t->supply);
    assay_quoter_free(t->quoter);
    uv_close((uv_handle_t *)&t->timer, NULL);
    loop_close(&t->loop);
    assay_server_free(t->far.server);
    assay_buf_free(&t->wire);
}

static inline void
check_ended(const struct trial *t, enum assay_code code, const char *start)
{
    if (code == ASSAY_OK && t->failed) {
        fail_msg("%s", t->err.msg);
    } else if (code != ASSAY_OK) {
        assert_true(t->failed);
        check_error("end", &t->err, code, start, ASSAY_NO_OFFSET);
        assert_false(t->peer_failed);
    }
}

/* --- a client that has evidence ---------------------------------------------
 */

static inline void
answer_quote(const struct assay_http_request *r, struct assay_buf *to)
{
    size_t at = assay_slice_find(r->body, "\"report_data\":\"");
    uint8_t report_data[64];
    struct pair_evidence e;
    struct assay_json_out o;
    struct assay_error err;

    assert_int_not_equal(at, ASSAY_NO_OFFSET);
    at += strlen("\"report_data\":\"");
    assay_error_clear(&err);
    assert_int_equal(
        assay_hex_decode((struct assay_slice){r->body.ptr + at, 128},
                         report_data, 64, "report data", &err),
        ASSAY_OK);
    pair_evidence_make(&e, &platform, report_data);
    assay_json_out_init(&o, to, true);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_hex(&o, "quote", assay_buf_slice(&e.quote));
    assay_json_out_string(&o, "event_log", assay_buf_slice(&e.log));
    assay_json_out_string(&o, "vm_config", assay_buf_slice(&e.config));
    assay_json_out_close(&o, '}');
    pair_evidence_free(&e);
}

static inline void
on_agent(void *user, const struct assay_http_request *r,
         struct assay_http_answer *a)
{
    struct trial *t = user;

    a->content_type = "application/json";
    a->status = t->agent_status != 0 ? t->agent_status : 200;
    if (a->status != 200) {
        return;
    }
    if (assay_slice_is(r->path, "/GetQuote")) {
        answer_quote(r, &a->body);
    } else {
        assay_buf_add_text(&a->body, "{\"tcb_info\":\"{}\"}");
    }
}

/* A guest agent, and the source of quotes that asks it. */
static inline void
give_quoter(struct trial *t)
{
    static const struct assay_http_server_limits limits = {4096, 8, 5000, 5000};
    struct assay_address at = {.is_unix = true};
    char spec[128];

    (void)snprintf(at.path, sizeof(at.path), "%s/agent.sock", folder);
    (void)snprintf(spec, sizeof(spec), "dstack:%s", at.path);
    assert_int_equal(assay_http_server_new(&t->loop.uv, &at, 0600, &limits,
                                           on_agent, t, &t->agent, &t->err),
                     ASSAY_OK);
    assert_int_equal(
        assay_quoter_new(&t->loop.uv, spec, 5000, &t->quoter, &t->err),
        ASSAY_OK);
}

/* A server that requires evidence by this policy; a client that has a source
 * of it, or none. */
static inline void
open_mutual(struct trial *t, const struct assay_policy *of_clients,
            bool has_source)
{
    const struct assay_requirement r = {platform.verifier, platform.root,
                                        of_clients};

    trial_open(t, ANSWERS);
    assert_int_equal(assay_server_require(t->far.server, &r, &t->err),
                     ASSAY_OK);
    if (has_source) {
        give_quoter(t);
    }
}

/* --- group fixtures ----------------------------------------------------- */

static inline int
attested_setup(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    pair_platform_make_at(&platform, (int64_t)time(NULL));
    pair_announce(&platform, assay_tls_identity_leaf(platform.identity));
    policy = pair_policy(&platform, NULL);
    return 0;
}

static inline int
attested_teardown(void **state)
{
    (void)state;
    assay_policy_free(policy);
    pair_platform_free(&platform);
    return rmdir(folder);
}
