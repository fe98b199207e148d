/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * relay.h - a relay on a test's loop, its clients, and sources on the same loop
 * that answer from a test world, fail, or wait to be let go.
 */
#pragma once

#include <stdio.h>

#include "harness/gather.h"
#include "harness/loop.h"
#include "io/http_server.h"
#include "programs/bridge/relay_state.h"

#define SOURCES   2u
#define HELD_MAX  64u
#define CALLS_MAX 512u

#define V4  "/certification/v4"
#define TCB "/tdx" V4 "/tcb?fmspc="
#define QE  "/tdx" V4 "/qe/identity"
#define CRL "/sgx" V4 "/pckcrl?ca=platform&encoding=der"

struct source {
    struct relay_trial *trial;
    struct assay_http_server *server;
    unsigned status;  /* 0: 200; of every answer */
    const char *page; /* in place of collateral, with 200 */
    size_t size;      /* likewise: so many zeros */
    bool hold;
    struct assay_http_conn *held[HELD_MAX];
    unsigned held_count;
    unsigned requests;
    char target[256]; /* of the last one */
    char fields[512]; /* and the names of its fields */
};

struct client {
    struct relay_trial *trial;
    struct relay_call *call;
    unsigned told;
    unsigned status;
    enum relay_how how;
    char path[RELAY_PATH_MAX_BYTES];
    struct assay_error why;
    struct assay_buf bytes;
    struct assay_http1_head head; /* of them */
    struct assay_slice body;
};

struct relay_trial {
    struct trial_loop loop;
    const struct assay_collateral_parts *parts;
    struct source source[SOURCES];
    char list[128]; /* of both */
    struct relay *relay;
    struct relay_loop *mine;
    struct relay_settings settings;
    struct client clients[CALLS_MAX];
    unsigned asked;
    unsigned told;
    void (*on_told)(struct relay_trial *t);
};

/* --- sources ------------------------------------------------------------- */

static inline void
source_note(struct source *s, const struct assay_http1_head *head)
{
    size_t used = 0;

    s->requests++;
    snprintf(s->target, sizeof(s->target), "%.*s", (int)head->target.len,
             (const char *)head->target.ptr);
    s->fields[0] = '\0';
    for (size_t i = 0; i < head->field_count; i++) {
        const struct assay_slice *name = &head->field[i].name;

        used +=
            (size_t)snprintf(s->fields + used, sizeof(s->fields) - used,
                             "%.*s ", (int)name->len, (const char *)name->ptr);
    }
}

static inline void
source_fill(const struct source *s, const char *target,
            struct assay_http_answer *a)
{
    struct gather_answer g = gather_answer_of(s->trial->parts, target);

    a->status = s->status != 0 ? s->status : 200;
    assay_buf_add(&a->fields, assay_buf_slice(&g.headers));
    if (s->size > 0) {
        uint8_t *zeros = assay_buf_extend(&a->body, s->size);

        assert_non_null(zeros);
        memset(zeros, '0', s->size);
    } else if (s->page != NULL) {
        assay_buf_add_text(&a->body, s->page);
    } else {
        assay_buf_add(&a->body, g.body);
    }
    assay_buf_free(&g.headers);
}

static inline void
source_on_gone(void *user)
{
    struct assay_http_conn **held = user;

    *held = NULL;
}

static inline void
source_handle(void *user, const struct assay_http_request *request,
              struct assay_http_answer *answer)
{
    struct source *s = user;

    source_note(s, request->head);
    if (!s->hold) {
        source_fill(s, s->target, answer);
        return;
    }
    assert_true(s->held_count < HELD_MAX);
    s->held[s->held_count] = request->from;
    assay_http_answer_later(request->from, source_on_gone,
                            &s->held[s->held_count]);
    s->held_count++;
}

/* Those that are held are answered, as what was asked for last. */
static inline void
source_let_go(struct source *s)
{
    s->hold = false;
    for (unsigned i = 0; i < s->held_count; i++) {
        struct assay_http_answer a;

        if (s->held[i] != NULL) {
            assay_http_answer_init(&a);
            source_fill(s, s->target, &a);
            assay_http_answer_now(s->held[i], &a);
            assay_http_answer_free(&a);
        }
    }
    s->held_count = 0;
}

static inline void
source_open(struct relay_trial *t, struct source *s)
{
    static const struct assay_http_server_limits limits = {
        .body_bytes = 16,
        .connections = HELD_MAX,
        .request_ms = LOOP_LIMIT_MS,
        .idle_ms = LOOP_LIMIT_MS,
    };
    struct assay_address at;
    struct assay_error err;

    s->trial = t;
    assert_int_equal(assay_address_parse("127.0.0.1:0", NULL, &at, &err),
                     ASSAY_OK);
    assert_int_equal(assay_http_server_new(&t->loop.uv, &at, 0600, &limits,
                                           source_handle, s, &s->server, &err),
                     ASSAY_OK);
}

/* --- the relay ----------------------------------------------------------- */

static inline void
relay_trial_open(struct relay_trial *t, const struct assay_collateral_parts *p)
{
    memset(t, 0, sizeof(*t));
    t->parts = p;
    unsetenv("http_proxy");
    loop_open(&t->loop);
    for (unsigned i = 0; i < SOURCES; i++) {
        source_open(t, &t->source[i]);
    }
    snprintf(t->list, sizeof(t->list), "http://%s, http://%s/sgx" V4 "/",
             assay_http_server_address(t->source[0].server),
             assay_http_server_address(t->source[1].server));
    t->settings = (struct relay_settings){
        .sources = {.list = t->list},
        .origins = "",
        .max_age_s = 3600,
    };
    t->relay = relay_new(RELAY_CACHE_BYTES);
    t->mine = relay_loop_new(&t->loop.uv, t->relay);
    assert_non_null(t->relay);
    assert_non_null(t->mine);
}

static inline void
relay_trial_forget(struct relay_trial *t)
{
    for (unsigned i = 0; i < t->asked; i++) {
        assay_buf_free(&t->clients[i].bytes);
    }
    t->asked = 0;
    t->told = 0;
}

static inline void
relay_trial_close(struct relay_trial *t)
{
    relay_loop_free(t->mine);
    for (unsigned i = 0; i < SOURCES; i++) {
        assay_http_server_close(t->source[i].server);
    }
    loop_close(&t->loop);
    relay_trial_forget(t);
    relay_free(t->relay);
}

/* --- clients ------------------------------------------------------------- */

static inline void
client_on_done(void *user, const struct relay_answer *a)
{
    struct client *c = user;
    struct assay_error err;
    size_t scanned = 0;
    size_t used = 0;

    c->told++;
    c->trial->told++;
    c->call = NULL;
    c->status = a->status;
    c->how = a->how;
    c->why = a->why;
    snprintf(c->path, sizeof(c->path), "%s", a->path);
    assay_buf_init(&c->bytes, a->bytes.len);
    assay_buf_add(&c->bytes, assay_buf_slice(&a->bytes));
    assay_error_clear(&err);
    assert_int_equal(assay_http1_response(assay_buf_slice(&c->bytes), "GET",
                                          &scanned, &c->head, &used, &err),
                     ASSAY_OK);
    assert_true(used > 0);
    assert_int_equal(c->head.status, a->status);
    c->body = (struct assay_slice){c->bytes.ptr + used, c->bytes.len - used};
    if (c->trial->on_told != NULL) {
        c->trial->on_told(c->trial);
    }
}

static inline struct client *
client_send(struct relay_trial *t, const char *request)
{
    struct client *c = &t->clients[t->asked++];
    struct assay_http1_head head;
    struct relay_answer a;
    struct assay_error err;
    size_t scanned = 0;
    size_t used = 0;

    assert_true(t->asked <= CALLS_MAX);
    *c = (struct client){.trial = t};
    assay_error_clear(&err);
    assert_int_equal(assay_http1_request(assay_slice_of(request), &scanned,
                                         &head, &used, &err),
                     ASSAY_OK);
    assert_true(used > 0);
    c->call = relay_ask(t->mine, &t->settings, &head, &a, client_on_done, c);
    if (c->call == NULL) {
        client_on_done(c, &a);
        relay_answer_free(&a);
    }
    return c;
}

static inline struct client *
client_get(struct relay_trial *t, const char *target)
{
    char request[512];

    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: b\r\n\r\n",
             target);
    return client_send(t, request);
}

/* Until so many have been told. */
static inline void
clients_told(struct relay_trial *t, unsigned count)
{
    while (t->told < count && !t->loop.expired) {
        uv_run(&t->loop.uv, UV_RUN_ONCE);
    }
    assert_int_equal(t->told, count);
}

static inline void
source_asked(struct relay_trial *t, unsigned source, unsigned requests)
{
    while (t->source[source].requests < requests && !t->loop.expired) {
        uv_run(&t->loop.uv, UV_RUN_ONCE);
    }
    assert_int_equal(t->source[source].requests, requests);
}

/* Asks, and waits for the answer. */
static inline struct client *
client_get_now(struct relay_trial *t, const char *target)
{
    struct client *c = client_get(t, target);

    clients_told(t, t->asked);
    return c;
}

static inline void
client_check(const struct client *c, unsigned status, enum relay_how how)
{
    if (c->told != 1 || c->status != status || c->how != how) {
        fail_msg("%s: %u, %s (%s)", c->path, c->status, relay_how_name(c->how),
                 c->why.msg);
    }
}
