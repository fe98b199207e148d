/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Target functions: assay_client_feed, assay_client_reattest,
 * assay_client_begin, assay_client_write, assay_server_feed,
 * assay_client_give_evidence, assay_server_switch, assay_server_appraise,
 * assay_server_offer_pipe, assay_server_wants_pipe
 *
 * An attested session over a link that the input commands: it moves, cuts,
 * drops, repeats, holds back and flips what goes either way, in any state, and
 * calls the session's functions out of turn. Bits of the first octet make a
 * server that requires evidence (0x80), and one with a pipe behind it (0x40).
 * TLS has randomness of its own, so an input stands for a way to disturb, not
 * for bytes.
 */
#include "harness/fuzz.h"
#include "harness/pair.h"

struct script {
    const uint8_t *at;
    const uint8_t *end;
};

static uint8_t
next(struct script *s)
{
    return s->at < s->end ? *s->at++ : 0;
}

struct scene {
    struct pair s;
    struct script script;
    bool ever_open;
    bool mutual;
    bool pipe;
};

/* A server that requires evidence handles nobody's request without it. */
static void
check_server(struct scene *x)
{
    const struct assay_verdict *v = assay_server_client_verdict(x->s.server);
    enum assay_server_state state = assay_server_state(x->s.server);

    if (x->mutual &&
        (state == ASSAY_SERVER_REQUEST || state == ASSAY_SERVER_RAW)) {
        PROMISE(v != NULL && assay_verdict_trusted(v));
        PROMISE(assay_server_facts(x->s.server).mutual);
    }
    PROMISE(x->mutual || v == NULL);
    if (assay_server_wants_pipe(x->s.server)) {
        PROMISE(x->pipe && x->ever_open && state == ASSAY_SERVER_REQUEST);
        PROMISE(assay_server_request_body(x->s.server).len == 0);
        PROMISE(assay_server_body_done(x->s.server));
    }
    if (state == ASSAY_SERVER_RAW) {
        PROMISE(assay_server_request_head(x->s.server).len == 0);
    }
    PROMISE((state == ASSAY_SERVER_FAILED) ==
            (assay_server_error(x->s.server)->code != ASSAY_OK));
}

static void
check(struct scene *x)
{
    const struct assay_verdict *v = assay_client_verdict(x->s.client);
    enum assay_client_state state = assay_client_state(x->s.client);
    const struct assay_error *err = assay_client_error(x->s.client);

    x->ever_open = x->ever_open || state == ASSAY_CLIENT_OPEN;
    check_server(x);
    if (state == ASSAY_CLIENT_OPEN) {
        PROMISE(v != NULL && assay_verdict_trusted(v));
        PROMISE(assay_client_facts(x->s.client).attestations > 0);
        PROMISE(assay_client_facts(x->s.client).mutual == x->mutual);
    } else if (state == ASSAY_CLIENT_RAW) {
        PROMISE(x->ever_open && v != NULL && assay_verdict_trusted(v));
    } else if (state != ASSAY_CLIENT_CLOSED) {
        PROMISE(assay_client_read(x->s.client).len == 0);
    }
    PROMISE((state == ASSAY_CLIENT_FAILED) == (err->code != ASSAY_OK));
    PROMISE(state == ASSAY_CLIENT_FAILED ||
            !assay_client_peer_failed(x->s.client));
    PROMISE(err->code != ASSAY_UNAVAILABLE ||
            !assay_client_peer_failed(x->s.client));
    PROMISE(assay_client_retry_after_s(x->s.client) <= ASSAY_RETRY_AFTER_MAX_S);
    PROMISE(err->code == ASSAY_UNAVAILABLE ||
            assay_client_retry_after_s(x->s.client) == 0);
    PROMISE(err->code != ASSAY_NO_MEMORY && err->code != ASSAY_CRYPTO);
}

/* Up to n bytes of what waits, perhaps with a bit flipped. */
static void
move(struct scene *x, bool up, size_t n, int flip)
{
    struct assay_slice out = up ? assay_client_output(x->s.client)
                                : assay_server_output(x->s.server);
    struct assay_error err;
    uint8_t copy[65536];
    size_t used = 0;

    out.len = out.len < n ? out.len : n;
    out.len = out.len < sizeof(copy) ? out.len : sizeof(copy);
    if (out.len == 0) {
        return;
    }
    memcpy(copy, out.ptr, out.len);
    if (flip >= 0) {
        copy[(size_t)flip % out.len] ^= 1;
    }
    if (up) {
        (void)!assay_server_feed(
            x->s.server, (struct assay_slice){copy, out.len}, &used, &err);
        assay_client_sent(x->s.client, used);
    } else {
        (void)!assay_client_feed(
            x->s.client, (struct assay_slice){copy, out.len}, &used, &err);
        assay_server_sent(x->s.server, used);
    }
    PROMISE(used <= out.len);
}

static void
drop(struct scene *x, bool up, size_t n)
{
    struct assay_slice out = up ? assay_client_output(x->s.client)
                                : assay_server_output(x->s.server);

    n = n < out.len ? n : out.len;
    if (up) {
        assay_client_sent(x->s.client, n);
    } else {
        assay_server_sent(x->s.server, n);
    }
}

#define PIPE_HEAD                                                              \
    "POST /assay-pipe HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"

/* What is asked for where there is a pipe: it, and what resembles it. */
static const char *
request(const struct scene *x, size_t n)
{
    static const char *const texts[] = {
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        PIPE_HEAD "Upgrade: assay-pipe/1\r\n\r\n",
        PIPE_HEAD "Upgrade: assay-pipe/1\r\n\r\nearly",
        PIPE_HEAD "Upgrade: assay-pipe/2\r\n\r\n",
        PIPE_HEAD "Upgrade: assay-pipe/1\r\nContent-Length: 1\r\n\r\nx",
        "GET /Assay-Pipe/ HTTP/1.1\r\nHost: a\r\n\r\n",
    };

    return texts[x->pipe ? n % (sizeof(texts) / sizeof(texts[0])) : 0];
}

/* Talks out of turn: what is written goes out of an open session only. */
static void
talk(struct scene *x, size_t n)
{
    enum assay_client_state state = assay_client_state(x->s.client);
    bool open = state == ASSAY_CLIENT_OPEN || state == ASSAY_CLIENT_RAW;
    struct assay_error err;

    if (assay_client_begin(x->s.client, x->s.now, &err) == ASSAY_OK) {
        PROMISE(open && !assay_client_due(x->s.client, x->s.now));
    }
    if (assay_client_write(x->s.client, assay_slice_of(request(x, n)), &err) ==
        ASSAY_OK) {
        PROMISE(open);
    }
    assay_client_end(x->s.client);
}

static void
answer(struct scene *x)
{
    struct assay_error err;

    assay_server_body_taken(x->s.server, SIZE_MAX);
    (void)!assay_server_respond(
        x->s.server,
        assay_slice_of("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"), &err);
    assay_server_respond_end(x->s.server, true);
}

/* As assay-serve does, where a pipe is asked for. */
static void
open_pipe(struct scene *x)
{
    struct assay_error err;

    if (assay_server_wants_pipe(x->s.server) &&
        assay_server_respond(
            x->s.server,
            assay_slice_of("HTTP/1.1 101 Switching Protocols\r\n"
                           "Connection: Upgrade\r\n"
                           "Upgrade: assay-pipe/1\r\n\r\n"),
            &err) == ASSAY_OK) {
        assay_server_switch(x->s.server);
        PROMISE(assay_server_state(x->s.server) == ASSAY_SERVER_RAW);
        PROMISE(!assay_server_wants_pipe(x->s.server));
    }
}

/* What raw and mutual sessions can do besides. */
static void
more(struct scene *x, size_t n)
{
    static const struct assay_refusal no = {
        .status = 403, .code = "no", .message = "no"};
    uint8_t report_data[64];
    struct assay_error err;

    if (n < 32) {
        assay_server_switch(x->s.server);
    } else if (n < 48) {
        (void)!assay_server_respond(x->s.server, assay_slice_of("raw"), &err);
        assay_server_respond_end(x->s.server, false);
    } else if (n < 64) {
        assay_server_admit(x->s.server, x->s.now);
    } else if (n < 80) {
        assay_server_refuse_client(x->s.server, &no);
    } else if (n < 96) {
        (void)!assay_server_appraise(x->s.server, x->s.now, &err);
    } else if (n < 112) { /* for another nonce, or none */
        memset(report_data, (int)n, sizeof(report_data));
        pair_give_evidence(&x->s, report_data);
    } else if (n < 128) {
        (void)!assay_client_begin(x->s.client, x->s.now, &err);
        if (assay_client_switch(x->s.client, &err) == ASSAY_OK) {
            PROMISE(x->ever_open);
        }
        assay_client_end(x->s.client);
    } else if (n < 144) {
        open_pipe(x);
    } else if (n < 160) { /* what waits is taken, and answered if it is raw */
        assay_server_body_taken(x->s.server, n);
        (void)!assay_server_respond(x->s.server, assay_slice_of("down"), &err);
    }
}

static void
one_step(struct scene *x)
{
    static const struct assay_refusal busy = {
        .status = 503, .code = "busy", .message = "later", .retry_after_s = 1};
    struct assay_error err;
    uint8_t op = next(&x->script);
    size_t n = next(&x->script);
    bool up = (op & 1) != 0;

    switch (op >> 1 & 15) {
    case 0:
    case 1:
        move(x, up, SIZE_MAX, -1);
        break;
    case 2:
        move(x, up, n + 1, -1);
        break;
    case 3:
        move(x, up, SIZE_MAX, (int)(n << 8 | next(&x->script)));
        break;
    case 4:
        drop(x, up, n + 1);
        break;
    case 5:
    case 6:
    case 7:
        (void)pair_serve(&x->s);
        break;
    case 8:
        talk(x, n);
        break;
    case 9:
        answer(x);
        break;
    case 10:
        x->s.now.mono_ms += (int64_t)n * 10000;
        break;
    case 11:
        (void)!assay_client_reattest(x->s.client, x->s.now, pair_nonce, &err);
        break;
    case 12:
        assay_client_taken(x->s.client, n);
        break;
    case 13:
        (void)!assay_client_appraise(x->s.client, x->s.now, &err);
        break;
    case 14:
        assay_server_refuse_quote(x->s.server, &busy);
        break;
    default:
        if (n < 4) {
            assay_client_eof(x->s.client);
        } else if (n < 8) {
            assay_server_eof(x->s.server);
        } else if (n < 12) {
            assay_client_close(x->s.client);
        } else if (n < 16) {
            assay_server_close(x->s.server);
        } else {
            more(x, n);
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pair_platform platform;
    static struct assay_policy *policy;
    struct scene x = {.script = {data, data + size}};

    if (policy == NULL) {
        pair_platform_make(&platform);
        pair_announce(&platform, assay_tls_identity_leaf(platform.identity));
        policy = pair_policy(&platform, NULL);
    }
    x.mutual = size > 0 && (data[0] & 0x80) != 0;
    if (x.mutual) {
        pair_make_mutual(&x.s, &platform, policy);
    } else {
        pair_make(&x.s, &platform, policy);
    }
    x.pipe = size > 0 && (data[0] & 0x40) != 0;
    if (x.pipe) {
        assay_server_offer_pipe(x.s.server);
    }
    for (int i = 0; i < 200 && x.script.at < x.script.end; i++) {
        one_step(&x);
        check(&x);
    }
    /* What is left to do, done well: it opens, or it has failed. */
    pair_run(&x.s);
    check(&x);
    pair_free(&x.s);
    return 0;
}
