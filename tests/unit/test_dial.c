/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_dial.c - every way to be connected, and not to be.
 */
#include <errno.h>
#include <sys/resource.h>

#include "harness/peer.h"
#include "io/dial.h"

#define PATIENT_MS 20000u /* less than the watchdog's limit */
#define HASTY_MS   300u

struct trial {
    struct trial_loop loop;
    struct peer peer;
    struct assay_dial_options options;
    struct assay_dial *dial;
    struct assay_stream *stream;
    struct assay_error error;
    unsigned calls;
    char text[64]; /* what came back */
    size_t text_len;
};

static void
trial_open_at(struct trial *t, const char *at)
{
    *t = (struct trial){.options = {.timeout_ms = PATIENT_MS}};
    loop_open(&t->loop);
    peer_open(&t->peer, &t->loop, at);
    t->options.to = t->peer.at;
}

static void
trial_open(struct trial *t)
{
    trial_open_at(t, "127.0.0.1:0");
}

static void
trial_close(struct trial *t)
{
    assay_stream_close(t->stream);
    peer_close(&t->peer);
    loop_close(&t->loop);
}

static void
on_dialed(void *user, struct assay_stream *stream,
          const struct assay_error *err)
{
    struct trial *t = user;

    assert_true((stream != NULL) == (err->code == ASSAY_OK));
    t->calls++;
    t->stream = stream;
    t->error = *err;
    assay_dial_cancel(t->dial); /* of no effect any more */
    t->dial = NULL;
    uv_stop(&t->loop.uv);
}

static void
dial(struct trial *t)
{
    t->dial = assay_dial_start(&t->loop.uv, &t->options, on_dialed, t);
    assert_non_null(t->dial);
    assert_int_equal(t->calls, 0);
    loop_run(&t->loop);
    assert_int_equal(t->calls, 1);
}

static void
on_data(void *user, struct assay_slice data)
{
    struct trial *t = user;

    assert_true(data.len < sizeof(t->text) - t->text_len);
    assay_copy(t->text + t->text_len, data);
    t->text_len += data.len;
    uv_stop(&t->loop.uv);
}

/* The stream is one to the peer, and nothing has been read from it. */
static void
check_echo(struct trial *t)
{
    static const struct assay_stream_events events = {.data = on_data};

    assert_non_null(t->stream);
    t->peer.replied = true;
    t->peer.then = PEER_ECHOES;
    assay_stream_tell(t->stream, &events, t);
    assay_stream_write(t->stream, assay_slice_of("ping"));
    assay_stream_read(t->stream, true);
    loop_run(&t->loop);
    assert_string_equal(t->text, "ping");
}

static void check_failed(struct trial *t, enum assay_code code, const char *fmt,
                         ...) ASSAY_PRINTF(3, 4);

static void
check_failed(struct trial *t, enum assay_code code, const char *fmt, ...)
{
    char want[256];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(want, sizeof(want), fmt, args);
    va_end(args);
    assert_null(t->stream);
    assert_string_equal(t->error.msg, want);
    assert_int_equal(t->error.code, code);
}

/* A port at which nobody listens (for this moment). */
static void
stop_listening(struct trial *t)
{
    assay_listener_close(t->peer.listener);
    t->peer.listener = NULL;
}

/* --- directly ----------------------------------------------------------- */

static void
to_ip4(void **state)
{
    struct trial t;
    char want[32];

    (void)state;
    trial_open(&t);
    dial(&t);
    snprintf(want, sizeof(want), "127.0.0.1:%s", t.options.to.port);
    assert_string_equal(assay_stream_peer(t.stream), want);
    check_echo(&t);
    trial_close(&t);
}

static void
to_ip6(void **state)
{
    struct trial t;
    char want[32];

    (void)state;
    trial_open(&t);
    if (!peer_has_ip6(&t.loop)) {
        trial_close(&t);
        return;
    }
    peer_close(&t.peer);
    peer_open(&t.peer, &t.loop, "[::1]:0");
    t.options.to = t.peer.at;
    dial(&t);
    snprintf(want, sizeof(want), "[::1]:%s", t.options.to.port);
    assert_string_equal(assay_stream_peer(t.stream), want);
    check_echo(&t);
    assay_stream_close(t.stream);
    t.stream = NULL;
    t.calls = 0;
    stop_listening(&t);
    dial(&t);
    check_failed(&t, ASSAY_NETWORK, "connect to [::1]:%s: connection refused",
                 t.options.to.port);
    trial_close(&t);
}

static void
to_unix(void **state)
{
    struct trial t;
    char folder[] = "/tmp/assay-test-XXXXXX";
    char at[64];

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(at, sizeof(at), "unix:%s/s", folder);
    trial_open_at(&t, at);
    t.options.proxy = "nonsense://"; /* not used here */
    dial(&t);
    assert_string_equal(assay_stream_peer(t.stream), "unix");
    check_echo(&t);
    assay_stream_close(t.stream);
    t.stream = NULL;
    t.calls = 0;
    stop_listening(&t);
    dial(&t);
    check_failed(&t, ASSAY_NETWORK, "connect to %s: no such file or directory",
                 at);
    trial_close(&t);
    assert_int_equal(rmdir(folder), 0);
}

/* Whatever the system's table of hosts says of it, if it has one. */
static void
to_localhost(void **state)
{
    struct trial t;

    (void)state;
    trial_open(&t);
    snprintf(t.options.to.host, sizeof(t.options.to.host), "localhost");
    dial(&t);
    check_echo(&t);
    trial_close(&t);
}

static void
refused(void **state)
{
    struct trial t;

    (void)state;
    trial_open(&t);
    stop_listening(&t);
    dial(&t);
    check_failed(&t, ASSAY_NETWORK,
                 "connect to 127.0.0.1:%s: connection refused",
                 t.options.to.port);
    trial_close(&t);
}

/* That is nothing the peer can help. */
static void
no_descriptor(void **state)
{
    struct rlimit before;
    struct rlimit none;
    struct trial t;

    (void)state;
    trial_open(&t);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    dial(&t);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    check_failed(&t, ASSAY_NO_MEMORY,
                 "connect to 127.0.0.1:%s: too many open files",
                 t.options.to.port);
    trial_close(&t);
}

/* --- names -------------------------------------------------------------- */

/* Overrides that are in the way, then the given addresses of x.example. */
static void
dial_name(struct trial *t, const char *first, const char *second)
{
    const struct assay_dial_resolve resolve[] = {
        {"y.example", t->options.to.port, "192.0.2.1"},
        {"x.example", "1", "192.0.2.1"},
        {"X.Example", t->options.to.port, first},
        {"x.example", t->options.to.port, second},
    };

    snprintf(t->options.to.host, sizeof(t->options.to.host), "x.example");
    t->options.resolve = resolve;
    t->options.resolve_count = second != NULL ? 4 : 3;
    dial(t);
    t->options.resolve = NULL;
    t->options.resolve_count = 0;
}

static void
name_given(void **state)
{
    struct trial t;

    (void)state;
    trial_open(&t);
    dial_name(&t, "127.0.0.1", NULL);
    check_echo(&t);
    trial_close(&t);
}

static void
name_refused(void **state)
{
    struct trial t;

    (void)state;
    trial_open(&t);
    stop_listening(&t);
    dial_name(&t, "127.0.0.1", "127.0.0.2");
    check_failed(&t, ASSAY_NETWORK,
                 "connect to x.example:%s (127.0.0.1): connection refused, "
                 "(127.0.0.2): connection refused",
                 t.options.to.port);
    trial_close(&t);
}

static void
name_given_badly(void **state)
{
    static const struct assay_dial_resolve many[ASSAY_DIAL_RESOLVE_MAX + 1];
    struct trial t;

    (void)state;
    trial_open(&t);
    dial_name(&t, "localhost", NULL);
    check_failed(&t, ASSAY_INVALID,
                 "resolve X.Example:%s: 'localhost' is not an IP address",
                 t.options.to.port);
    t.options.resolve = many;
    t.options.resolve_count = COUNT_OF(many);
    t.calls = 0;
    dial(&t);
    check_failed(&t, ASSAY_INVALID, "resolve: more than 32 entries");
    trial_close(&t);
}

/* No name server is asked about a name with an empty label. */
static void
name_not_found(void **state)
{
    struct trial t;

    (void)state;
    trial_open(&t);
    snprintf(t.options.to.host, sizeof(t.options.to.host), "no..name");
    dial(&t);
    check_failed(&t, ASSAY_NOT_FOUND, "connect to no..name:%s: no such name",
                 t.options.to.port);
    trial_close(&t);
}

/* --- several addresses -------------------------------------------------- */

/* A port where nobody answers: the queue is full. */
struct silence {
    int fds[4];
    size_t count;
};

static void
silence_open(struct silence *s, const char *ip, const char *port)
{
    struct sockaddr_in at;
    int on = 1;

    assert_int_equal(uv_ip4_addr(ip, (int)strtol(port, NULL, 10), &at), 0);
    for (s->count = 0; s->count < COUNT_OF(s->fds); s->count++) {
        int fd = loop_socket(AF_INET, SOCK_NONBLOCK);

        s->fds[s->count] = fd;
        if (s->count == 0) {
            setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
            assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
            assert_int_equal(listen(fd, 0), 0);
        } else if (connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
            assert_int_equal(errno, EINPROGRESS);
        }
    }
}

static void
silence_close(struct silence *s)
{
    for (size_t i = 0; i < s->count; i++) {
        close(s->fds[i]);
    }
}

static void
first_refused(void **state)
{
    struct trial t;

    (void)state;
    trial_open(&t);
    dial_name(&t, "127.0.0.2", "127.0.0.1");
    assert_int_equal(strncmp(assay_stream_peer(t.stream), "127.0.0.1:", 10), 0);
    check_echo(&t);
    trial_close(&t);
}

static void
first_silent(void **state)
{
    struct trial t;
    struct silence s;
    uint64_t before;

    (void)state;
    trial_open(&t);
    silence_open(&s, "127.0.0.2", t.options.to.port);
    before = uv_hrtime();
    dial_name(&t, "127.0.0.2", "127.0.0.1");
    assert_true(uv_hrtime() - before >= 240u * 1000000u);
    check_echo(&t);
    assert_int_equal(t.peer.accepted, 1);
    silence_close(&s);
    trial_close(&t);
}

static void
all_silent(void **state)
{
    struct trial t;
    struct silence s;

    (void)state;
    trial_open(&t);
    silence_open(&s, "127.0.0.2", t.options.to.port);
    t.options.timeout_ms = HASTY_MS;
    dial_name(&t, "127.0.0.2", NULL);
    check_failed(&t, ASSAY_TIMEOUT,
                 "connect to x.example:%s (127.0.0.2): no answer within 0.3 s",
                 t.options.to.port);
    snprintf(t.options.to.host, sizeof(t.options.to.host), "127.0.0.2");
    t.calls = 0;
    dial(&t);
    check_failed(&t, ASSAY_TIMEOUT,
                 "connect to 127.0.0.2:%s: no answer within 0.3 s",
                 t.options.to.port);
    silence_close(&s);
    trial_close(&t);
}

/* --- giving up ---------------------------------------------------------- */

static void
cancelled(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "127.0.0.2", "localhost",
                                        "no..name",  "proxy",     "unix"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        for (int turns = 0; turns < 4; turns++) {
            struct trial t;
            struct silence s;
            char proxy[64];

            trial_open(&t);
            silence_open(&s, "127.0.0.2", t.options.to.port);
            snprintf(t.options.to.host, sizeof(t.options.to.host), "%s",
                     hosts[i]);
            snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%s",
                     t.options.to.port);
            t.options.proxy = strcmp(hosts[i], "proxy") == 0 ? proxy : NULL;
            t.options.to.is_unix = strcmp(hosts[i], "unix") == 0;
            t.dial = assay_dial_start(&t.loop.uv, &t.options, on_dialed, &t);
            assert_non_null(t.dial);
            for (int n = 0; n < turns; n++) {
                uv_run(&t.loop.uv, UV_RUN_NOWAIT);
            }
            if (t.dial != NULL) {
                assay_dial_cancel(t.dial);
                assert_int_equal(t.calls, 0);
            }
            silence_close(&s);
            trial_close(&t);
            assert_true(t.dial == NULL || t.calls == 0);
        }
    }
    assay_dial_cancel(NULL);
}

/* --- proxies ------------------------------------------------------------ */

static const struct {
    const char *name;
    const char *reply; /* NULL: none */
    enum peer_then then;
    enum assay_code code;
    const char *message; /* behind "proxy 127.0.0.1:%s: CONNECT ..: " */
} proxies[] = {
    {"accepts", "HTTP/1.1 200 OK\r\n\r\n", PEER_STAYS, ASSAY_OK, ""},
    {"is old", "HTTP/1.0 200 Connection established\r\nProxy-agent: x\r\n\r\n",
     PEER_STAYS, ASSAY_OK, ""},
    {"any 2xx", "HTTP/1.1 204 \r\n\r\n", PEER_STAYS, ASSAY_OK, ""},
    {"lengths mean nothing", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
     PEER_STAYS, ASSAY_OK, ""},
    {"announces first",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nLink: y\r\n\r\n"
     "HTTP/1.1 200 OK\r\n\r\n",
     PEER_STAYS, ASSAY_OK, ""},
    {"407", "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", PEER_CLOSES,
     ASSAY_NETWORK, "the proxy asks for other credentials (407)"},
    {"403", "HTTP/1.1 403 For\tbidden\r\nContent-Length: 2\r\n\r\nno",
     PEER_CLOSES, ASSAY_NETWORK, "the proxy refused: 403 For?bidden"},
    {"502 without words", "HTTP/1.1 502 \r\n\r\n", PEER_CLOSES, ASSAY_NETWORK,
     "the proxy refused: 502 "},
    {"redirects", "HTTP/1.1 302 Found\r\nLocation: http://a/\r\n\r\n",
     PEER_STAYS, ASSAY_NETWORK, "the proxy refused: 302 Found"},
    {"101", "HTTP/1.1 101 Switching Protocols\r\n\r\n", PEER_STAYS,
     ASSAY_NETWORK, "the proxy refused: 101 Switching Protocols"},
    {"says more", "HTTP/1.1 200 OK\r\n\r\n?", PEER_STAYS, ASSAY_NETWORK,
     "the proxy sent more than an answer"},
    {"talks TLS", "\x15\x03\x01\x02\x02\x02\x16\r\n\r\n", PEER_STAYS,
     ASSAY_NETWORK, "the proxy's answer is no HTTP: "},
    {"talks SSH", "SSH-2.0-x\r\n\r\n", PEER_STAYS, ASSAY_NETWORK,
     "the proxy's answer is no HTTP: "},
    {"hangs", NULL, PEER_STAYS, ASSAY_TIMEOUT, NULL},
    {"hangs in the middle", "HTTP/1.1 200 OK\r\n", PEER_STAYS, ASSAY_TIMEOUT,
     NULL},
    {"says nothing", "", PEER_HALF_CLOSES, ASSAY_NETWORK,
     "the proxy closed the connection unanswered"},
    {"breaks off", "HTTP/1.1 200 OK\r\n", PEER_HALF_CLOSES, ASSAY_NETWORK,
     "the proxy's answer broke off"},
};

static void
proxied(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(proxies); i++) {
        struct trial t;
        char proxy[64];
        char want[200];

        trial_open(&t);
        snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%s/",
                 t.options.to.port);
        t.options.proxy = proxy;
        snprintf(t.options.to.host, sizeof(t.options.to.host), "x.example");
        if (proxies[i].reply != NULL) {
            t.peer.reply = assay_slice_of(proxies[i].reply);
        }
        t.peer.then = proxies[i].then;
        if (proxies[i].code == ASSAY_TIMEOUT) {
            t.options.timeout_ms = HASTY_MS;
        }
        dial(&t);
        snprintf(want, sizeof(want),
                 "CONNECT x.example:%s HTTP/1.1\r\nHost: x.example:%s\r\n\r\n",
                 t.options.to.port, t.options.to.port);
        CHECK(proxies[i].name, strcmp(t.peer.received, want) == 0);
        if (proxies[i].message == NULL) {
            snprintf(want, sizeof(want),
                     "connect to proxy 127.0.0.1:%s: no answer to CONNECT "
                     "within 0.3 s",
                     t.options.to.port);
        } else {
            snprintf(want, sizeof(want),
                     "proxy 127.0.0.1:%s: CONNECT x.example:%s: %s",
                     t.options.to.port, t.options.to.port, proxies[i].message);
        }
        check_error(proxies[i].name, &t.error, proxies[i].code,
                    proxies[i].code == ASSAY_OK ? "" : want, ASSAY_NO_OFFSET);
        if (proxies[i].code == ASSAY_OK) {
            check_echo(&t);
        }
        trial_close(&t);
    }
}

/* A head that does not end. */
static void
proxy_babbles(void **state)
{
    static uint8_t head[ASSAY_STREAM_READ_BYTES];
    struct trial t;
    char proxy[64];

    (void)state;
    memset(head, 'a', sizeof(head));
    assay_copy(head, assay_slice_of("HTTP/1.1 200 OK\r\nA: "));
    trial_open(&t);
    snprintf(proxy, sizeof(proxy), "127.0.0.1:%s", t.options.to.port);
    t.options.proxy = proxy;
    t.peer.reply = ASSAY_SLICE(head);
    dial(&t);
    check_failed(&t, ASSAY_NETWORK,
                 "proxy 127.0.0.1:%s: CONNECT 127.0.0.1:%s: the proxy's "
                 "answer: more than 16384 bytes",
                 t.options.to.port, t.options.to.port);
    trial_close(&t);
}

static void
proxy_with_credentials(void **state)
{
    struct trial t;
    char proxy[64];
    char want[200];

    (void)state;
    trial_open(&t);
    snprintf(proxy, sizeof(proxy), "http://us%%65r:p%%40ss:w@127.0.0.1:%s",
             t.options.to.port);
    t.options.proxy = proxy;
    snprintf(t.options.to.host, sizeof(t.options.to.host), "2001:db8::1");
    t.peer.reply = assay_slice_of("HTTP/1.1 200 OK\r\n\r\n");
    dial(&t);
    snprintf(want, sizeof(want),
             "CONNECT [2001:db8::1]:%s HTTP/1.1\r\nHost: [2001:db8::1]:%s\r\n"
             "Proxy-Authorization: Basic dXNlcjpwQHNzOnc=\r\n\r\n",
             t.options.to.port, t.options.to.port);
    assert_string_equal(t.peer.received, want);
    check_echo(&t);
    trial_close(&t);
}

static void
proxy_unusable(void **state)
{
    struct trial t;

    (void)state;
    trial_open(&t);
    t.options.proxy = "https://p.example:3128";
    dial(&t);
    check_failed(&t, ASSAY_UNSUPPORTED,
                 "proxy: https:// is not supported, only http:// is");
    stop_listening(&t);
    t.options.proxy = "http://127.0.0.1:1";
    snprintf(t.options.to.host, sizeof(t.options.to.host), "x.example");
    t.calls = 0;
    dial(&t);
    check_failed(&t, ASSAY_NETWORK,
                 "connect to proxy 127.0.0.1:1: connection refused");
    trial_close(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_ip4),
        cmocka_unit_test(to_ip6),
        cmocka_unit_test(to_unix),
        cmocka_unit_test(to_localhost),
        cmocka_unit_test(refused),
        cmocka_unit_test(no_descriptor),
        cmocka_unit_test(name_given),
        cmocka_unit_test(name_refused),
        cmocka_unit_test(name_given_badly),
        cmocka_unit_test(name_not_found),
        cmocka_unit_test(first_refused),
        cmocka_unit_test(first_silent),
        cmocka_unit_test(all_silent),
        cmocka_unit_test(cancelled),
        cmocka_unit_test(proxied),
        cmocka_unit_test(proxy_babbles),
        cmocka_unit_test(proxy_with_credentials),
        cmocka_unit_test(proxy_unusable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
