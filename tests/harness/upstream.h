/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * upstream.h - for tests of the proxy's upstreams: an attested server of many
 * connections, which behaves as the test wants, a PCCS for its platform, and
 * the upstream that goes to it. All by the system's clock.
 */
#pragma once

#include "harness/loop.h"
#include "harness/pair.h"
#include "harness/pccs.h"
#include "io/listen.h"
#include "io/moment.h"
#include "programs/proxy/call.h"

static struct pair_platform platform;
static struct pccs pccs;
static struct assay_policy *policy; /* that the platform meets */

#define FAR_HELD_MAX (256u * 1024u) /* then a server reads nothing more */

/* --- the server --------------------------------------------------------- */

struct far_conn {
    struct far *far;
    struct far_conn *next; /* of the same server; never removed */
    struct assay_stream *stream;
    struct pair pair; /* its server */
    struct assay_buf held;
    unsigned requests;
    unsigned quotes;
    uint64_t taken; /* octets of requests' bodies */
    bool answered;  /* what it was asked last */
};

struct far {
    struct trial_loop *loop;
    struct assay_listener *listener;
    char port[6];
    struct far_conn *conns; /* newest first */
    unsigned accepted;
    unsigned quotes;
    unsigned requests;
    /* how it behaves */
    bool silent;          /* gives no quotes, and says nothing */
    bool lies;            /* quotes are of another session */
    unsigned refuses;     /* a status in place of quotes; 0: none */
    unsigned retry_s;     /* with that */
    bool absent;          /* closes what it accepts */
    bool holds;           /* answers no request */
    const char *response; /* to every request; NULL: 200 */
    bool keeps;           /* the connection, behind that */
    void (*answer)(struct far_conn *c); /* in place of that */
};

static const char far_ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static inline void
far_send(struct far_conn *c)
{
    struct assay_slice out = assay_server_output(c->pair.server);

    if (c->stream != NULL) {
        assay_stream_write(c->stream, out);
    }
    assay_server_sent(c->pair.server, out.len);
}

static inline void
far_say(struct far_conn *c, const char *text)
{
    struct assay_error err;

    assert_int_equal(
        assay_server_respond(c->pair.server, assay_slice_of(text), &err),
        ASSAY_OK);
    far_send(c);
}

static inline void
far_end(struct far_conn *c, bool keep)
{
    assay_server_respond_end(c->pair.server, keep);
    far_send(c);
}

/* With a reset, or in order. */
static inline void
far_hang_up(struct far_conn *c)
{
    assay_stream_close(c->stream);
    c->stream = NULL;
}

static inline void
far_goodbye(struct far_conn *c)
{
    assay_server_close(c->pair.server);
    far_send(c);
}

static inline void
far_quote(struct far_conn *c)
{
    uint8_t report_data[64];

    c->quotes++;
    c->far->quotes++;
    assay_server_report_data(c->pair.server, report_data);
    report_data[0] ^= c->far->lies;
    pair_give_quote(&c->pair, report_data);
}

static inline void
far_refuse(struct far_conn *c)
{
    const struct assay_refusal busy = {
        .status = c->far->refuses,
        .code = "busy",
        .message = "the platform is busy",
        .retry_after_s = c->far->retry_s,
    };

    assay_server_refuse_quote(c->pair.server, &busy);
}

/* So much of the request's body; whoever answers takes it so. */
static inline void
far_take(struct far_conn *c, size_t n)
{
    c->taken += n;
    assay_server_body_taken(c->pair.server, n);
}

static inline void
far_answer(struct far_conn *c)
{
    struct far *f = c->far;
    struct assay_server *s = c->pair.server;

    if (f->answer != NULL) {
        f->answer(c);
        return;
    }
    far_take(c, assay_server_request_body(s).len);
    if (!f->holds && assay_server_body_done(s)) {
        far_say(c, f->response != NULL ? f->response : far_ok);
        far_end(c, f->response == NULL || f->keeps);
    }
}

/* What its state calls for; true if something was done. */
static inline bool
far_serve(struct far_conn *c)
{
    enum assay_server_state before = assay_server_state(c->pair.server);

    if (before != ASSAY_SERVER_REQUEST && before != ASSAY_SERVER_RAW) {
        c->answered = false;
    }
    if (before == ASSAY_SERVER_QUOTE && c->far->refuses != 0) {
        far_refuse(c);
    } else if (before == ASSAY_SERVER_QUOTE && !c->far->silent) {
        far_quote(c);
    } else if (before == ASSAY_SERVER_REQUEST) {
        if (!c->answered) {
            c->answered = true;
            c->requests++;
            c->far->requests++;
        }
        far_answer(c);
    } else if (before == ASSAY_SERVER_RAW && c->far->answer != NULL) {
        c->far->answer(c);
    }
    return assay_server_state(c->pair.server) != before;
}

static inline void
far_step(struct far_conn *c)
{
    struct assay_server *s = c->pair.server;
    struct assay_error err;
    bool moved = true;

    c->pair.now = assay_now();
    while (moved && c->stream != NULL) {
        size_t used = 0;
        uint64_t taken = c->taken;

        (void)!assay_server_feed(s, assay_buf_slice(&c->held), &used, &err);
        if (c->held.len > 0) {
            memmove(c->held.ptr, c->held.ptr + used, c->held.len - used);
            c->held.len -= used;
        }
        while (c->stream != NULL && far_serve(c)) {
        }
        moved = used > 0 || taken != c->taken;
        far_send(c);
    }
    if (c->stream != NULL) {
        assay_stream_read(c->stream, c->held.len < FAR_HELD_MAX);
    }
}

static inline void
far_on_data(void *user, struct assay_slice in)
{
    struct far_conn *c = user;

    assay_buf_add(&c->held, in);
    far_step(c);
}

static inline void
far_on_eof(void *user)
{
    struct far_conn *c = user;

    assay_server_eof(c->pair.server);
    far_step(c);
    far_hang_up(c);
}

static inline void
far_on_failed(void *user, const struct assay_error *err)
{
    (void)err;
    far_hang_up(user);
}

static inline void
far_on_accepted(void *user, struct assay_stream *stream)
{
    static const struct assay_stream_events events = {
        .data = far_on_data, .eof = far_on_eof, .failed = far_on_failed};
    struct far *f = user;
    struct far_conn *c;
    struct assay_error err;

    f->accepted++;
    if (f->absent) {
        assay_stream_close(stream);
        return;
    }
    c = calloc(1, sizeof(*c));
    assert_non_null(c);
    c->far = f;
    c->stream = stream;
    c->next = f->conns;
    f->conns = c;
    assay_buf_init(&c->held, 1u << 24);
    c->pair.p = &platform;
    assert_int_equal(assay_server_new(platform.ctx, platform.identity,
                                      &c->pair.server, &err),
                     ASSAY_OK);
    assay_stream_tell(stream, &events, c);
    assay_stream_read(stream, true);
}

/* All that the behaviour kept back. */
static inline void
far_go_on(struct far *f)
{
    for (struct far_conn *c = f->conns; c != NULL; c = c->next) {
        if (c->stream != NULL) {
            far_step(c);
        }
    }
}

static inline unsigned
far_open_count(const struct far *f)
{
    unsigned n = 0;

    for (const struct far_conn *c = f->conns; c != NULL; c = c->next) {
        n += c->stream != NULL;
    }
    return n;
}

static inline void
far_listen(struct far *f)
{
    struct assay_address at = {.host = "127.0.0.1"};
    struct assay_error err;

    (void)snprintf(at.port, sizeof(at.port), "%s",
                   f->port[0] != '\0' ? f->port : "0");
    assert_int_equal(assay_listen(&f->loop->uv, &at, 0, far_on_accepted, f,
                                  &f->listener, &err),
                     ASSAY_OK);
    (void)snprintf(f->port, sizeof(f->port), "%s",
                   strrchr(assay_listener_address(f->listener), ':') + 1);
}

/* Nobody can connect any more. */
static inline void
far_deafen(struct far *f)
{
    assay_listener_close(f->listener);
    f->listener = NULL;
}

static inline void
far_close(struct far *f)
{
    struct far_conn *next;

    far_deafen(f);
    for (struct far_conn *c = f->conns; c != NULL; c = next) {
        next = c->next;
        far_hang_up(c);
        assay_server_free(c->pair.server);
        assay_buf_free(&c->held);
        free(c);
    }
    f->conns = NULL;
}

#define SOON_MS 250u /* of what must happen for a test to go on */

/* --- what goes to it ---------------------------------------------------- */

struct near {
    struct trial_loop loop;
    struct far far;
    struct log log;
    struct provider provider;
    struct upstream_options o;
    struct upstream *up;
    unsigned trusted; /* verdicts that were told */
    unsigned untrusted;
    struct proof proof; /* the last one */
};

static inline void
near_on_judged(void *user, const struct provider *provider,
               struct assay_attested *a, const struct proof *proof,
               const struct assay_error *why, bool peer)
{
    struct near *n = user;

    assert_ptr_equal(provider, &n->provider);
    assert_non_null(a);
    assert_int_equal(why->code == ASSAY_OK, proof != NULL);
    assert_false(peer && proof != NULL);
    n->trusted += proof != NULL;
    n->untrusted += proof == NULL;
    if (proof != NULL) {
        n->proof = *proof;
    }
}

/* Its options may be changed until near_start(). */
static inline void
near_open(struct near *n)
{
    memset(n, 0, sizeof(*n));
    loop_open(&n->loop);
    n->far.loop = &n->loop;
    far_listen(&n->far);
    (void)snprintf(n->provider.name, sizeof(n->provider.name), "tee");
    n->provider.title = "";
    n->provider.policy = policy;
    n->provider.wire = assay_policy_wire(policy, 0);
    n->provider.root = platform.root;
    n->provider.roots = platform.roots;
    n->provider.server_name = PAIR_NAME;
    n->provider.authority = PAIR_NAME;
    (void)snprintf(n->provider.dial.to.host, sizeof(n->provider.dial.to.host),
                   "127.0.0.1");
    (void)snprintf(n->provider.dial.to.port, sizeof(n->provider.dial.to.port),
                   "%s", n->far.port);
    n->provider.sources[0] = pccs.url;
    n->provider.source_count = 1;
    n->o = (struct upstream_options){
        .loop = &n->loop.uv,
        .ctx = platform.ctx,
        .verifier = platform.verifier,
        .log = &n->log,
        .warm = 0,
        .max_links = 8,
        .max_requests = 1000,
        .max_age_ms = 600000,
        .idle_ms = 600000,
        .keep_alive_ms = 600000,
        .connect_ms = 10000,
        .attest_ms = 10000,
        .wait_ms = 10000,
        .judged = near_on_judged,
        .user = n,
    };
}

/* How old evidence may be. The policy is freed by the test. */
static inline void
with_interval(struct near *n, struct assay_policy **own, unsigned interval_s)
{
    char member[64];

    (void)snprintf(member, sizeof(member),
                   ",\"reattestation_interval_secs\":%u", interval_s);
    *own = pair_policy(&platform, member);
    n->provider.policy = *own;
}

static inline void
near_start(struct near *n)
{
    n->up = upstream_new(&n->provider, &n->o);
    assert_non_null(n->up);
}

static inline void
near_end(struct near *n)
{
    upstream_free(n->up);
    n->up = NULL;
    far_close(&n->far);
    loop_close(&n->loop);
}

/* One step of the loop; fails the test where nothing happens for long. */
static inline void
near_step(struct near *n)
{
    uv_run(&n->loop.uv, UV_RUN_ONCE);
    if (n->loop.expired) {
        fail_msg("what was awaited did not happen within %u ms", LOOP_LIMIT_MS);
    }
}

#define UNTIL(n, condition)                                                    \
    do {                                                                       \
        while (!(condition)) {                                                 \
            near_step(n);                                                      \
        }                                                                      \
    } while (0)

static inline uint64_t
gauge(const _Atomic uint64_t *g)
{
    return atomic_load(g);
}

#define GAUGE(n, name) gauge(&upstream_gauges((n)->up)->name)

/* --- requests ----------------------------------------------------------- */

struct ask {
    struct call *call;
    struct near *n;
    unsigned changes;
    bool done;   /* and call is NULL */
    bool failed; /* so: why */
    struct failure failure;
    unsigned status;
    struct assay_buf body;
    unsigned pieces; /* of it */
    struct proof proof;
    bool lingers; /* is not freed when it is done */
};

static inline void
ask_leave(struct ask *a)
{
    call_free(a->call);
    a->call = NULL;
}

/* Takes all that there is, to the end. */
static inline void
ask_on_changed(void *user)
{
    struct ask *a = user;
    struct assay_slice in;

    a->changes++;
    for (;;) {
        switch (call_state(a->call)) {
        case CALL_HEAD:
            assert_non_null(call_proof(a->call));
            a->proof = *call_proof(a->call);
            a->status = call_head(a->call)->status;
            call_head_taken(a->call);
            continue;
        case CALL_BODY:
        case CALL_RAW:
            in = call_read(a->call);
            if (in.len == 0) {
                return;
            }
            assay_buf_add(&a->body, in);
            a->pieces++;
            call_taken(a->call, in.len);
            continue;
        case CALL_FAILED:
            a->failed = true;
            a->failure = *call_failure(a->call);
            a->done = true;
            break;
        case CALL_DONE:
            a->done = true;
            break;
        case CALL_WAITING:
            return;
        }
        if (!a->lingers) {
            ask_leave(a);
        }
        return;
    }
}

static const struct call_request ask_get = {
    .head = {(const uint8_t *)"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27},
    .repeatable = true,
};

static inline void
ask_by(struct ask *a, struct near *n, const struct call_request *request)
{
    memset(a, 0, sizeof(*a));
    a->n = n;
    assay_buf_init(&a->body, 64u << 20);
    a->call = call_new(n->up, request, ask_on_changed, a);
    assert_non_null(a->call);
}

/* A GET, its end said. */
static inline void
ask_begin(struct ask *a, struct near *n)
{
    ask_by(a, n, &ask_get);
    call_send_end(a->call, ASSAY_EMPTY);
}

static inline void
ask_end(struct ask *a)
{
    ask_leave(a);
    assay_buf_free(&a->body);
}

/* The whole of it: the status, or 0 where it failed. */
static inline unsigned
ask_once(struct near *n, struct failure *why)
{
    struct ask a;

    ask_begin(&a, n);
    UNTIL(n, a.done);
    if (why != NULL) {
        *why = a.failure;
    }
    ask_end(&a);
    return a.failed ? 0 : a.status;
}

/* Which of them are done, as a set. */
static inline unsigned
done(const struct ask *all, size_t count)
{
    unsigned set = 0;

    for (size_t i = 0; i < count; i++) {
        set |= (unsigned)all[i].done << i;
    }
    return set;
}

/* --- the platform ------------------------------------------------------- */

static inline int
upstream_setup(void **state)
{
    (void)state;
    pair_platform_make_at(&platform, assay_now().wall_s);
    pair_announce(&platform, assay_tls_identity_leaf(platform.identity));
    policy = pair_policy(&platform, NULL);
    pccs_open(&pccs, mint_machine_world(platform.machine, MINT_MACHINE_TDX));
    return 0;
}

static inline int
upstream_teardown(void **state)
{
    (void)state;
    pccs_close(&pccs);
    assay_policy_free(policy);
    pair_platform_free(&platform);
    return 0;
}
