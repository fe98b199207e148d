/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * proxy_visits.h - for tests of the proxy's visits: clients on one loop with
 * the proxy and with the attested server behind it (harness/upstream.h).
 */
#pragma once

#include <stdio.h>

#include "harness/upstream.h"
#include "programs/proxy/visit.h"

#define GOT_MAX_BYTES (64u << 20)
#define HERE          "Host: localhost:8989\r\n"
#define GET           "GET /tee/x HTTP/1.1\r\n" HERE "\r\n"

/* --- the proxy ---------------------------------------------------------------
 */

/* The last report, copied. */
struct told {
    unsigned count; /* of reports */
    struct visit_report r;
    char method[32];
    char path[64];
    char code[FAILURE_CODE_MAX_BYTES];
    char evidence[PROOF_EVIDENCE_BYTES + 1];
    char tcb[48];
    char provider[PROVIDER_NAME_MAX_BYTES + 1];
};

struct house {
    struct near n;
    struct providers providers;
    struct admission_rules rules;
    struct visits visits;
    struct budget translating;
    struct told told;
    unsigned inside; /* rules that are held */
    unsigned sick;   /* a status of health, or 0 */
    bool no_upstream;
};

static inline void *
house_hold(void *user)
{
    struct house *h = user;

    h->inside++;
    return h;
}

static inline void
house_drop(void *user, void *held)
{
    struct house *h = user;

    assert_ptr_equal(held, h);
    h->inside--;
}

static inline struct upstream *
house_upstream(void *user, const struct provider *p)
{
    struct house *h = user;

    assert_ptr_equal(p, &h->n.provider);
    return h->no_upstream ? NULL : h->n.up;
}

static inline unsigned
house_page(void *user, enum own_page page, struct assay_buf *body)
{
    const struct house *h = user;

    assay_buf_printf(body, "page %d", (int)page);
    return h->sick != 0 ? h->sick : 200;
}

static inline void
house_copy(char *to, size_t size, struct assay_slice s)
{
    snprintf(to, size, "%.*s", (int)s.len,
             s.len > 0 ? (const char *)s.ptr : "");
}

static inline void
house_ended(void *user, const struct visit_report *r)
{
    struct told *t = &((struct house *)user)->told;

    t->count++;
    t->r = *r;
    house_copy(t->method, sizeof(t->method), r->method);
    house_copy(t->path, sizeof(t->path), r->path);
    house_copy(t->code, sizeof(t->code), assay_slice_of(r->code));
    house_copy(t->evidence, sizeof(t->evidence), assay_slice_of(r->evidence));
    house_copy(t->tcb, sizeof(t->tcb), assay_slice_of(r->tcb));
    house_copy(t->provider, sizeof(t->provider), assay_slice_of(r->provider));
}

static inline void
house_counted(void *user)
{
    (void)user;
}

/* What is set here may be changed until house_start(). */
static inline void
house_open(struct house *h)
{
    memset(h, 0, sizeof(*h));
    near_open(&h->n);
    h->n.provider.base.https = true;
    snprintf(h->n.provider.base.host, sizeof(h->n.provider.base.host), "%s",
             PAIR_NAME);
    h->n.provider.base.port = 443;
    snprintf(h->n.provider.base.target, sizeof(h->n.provider.base.target),
             "/v1");
    h->providers = (struct providers){{&h->n.provider}, 1};
    h->rules = (struct admission_rules){
        .providers = &h->providers, .hosts = "localhost:8989", .origins = ""};
    h->visits = (struct visits){
        .loop = &h->n.loop.uv,
        .log = &h->n.log,
        .rules = &h->rules,
        .limits = {.head_ms = 20000,
                   .idle_ms = 20000,
                   .body_ms = 20000,
                   .response_ms = 20000,
                   .stream_ms = 20000,
                   .raw_ms = 20000,
                   .max_body = 1u << 26,
                   .max_translating = 1u << 28},
        .upgrades = "websocket",
        .translating = &h->translating,
        .hold = house_hold,
        .drop = house_drop,
        .upstream = house_upstream,
        .page = house_page,
        .ended = house_ended,
        .counted = house_counted,
        .user = h,
    };
}

static inline void
house_start(struct house *h)
{
    near_start(&h->n);
}

static inline void
house_end(struct house *h)
{
    visits_cut(&h->visits);
    assert_int_equal(h->visits.count, 0);
    assert_int_equal(h->inside, 0);
    assert_int_equal(h->translating.used, 0);
    assert_true(upstream_is_idle(h->n.up));
    near_end(&h->n);
}

/* --- its clients -------------------------------------------------------------
 */

struct guest {
    struct house *h;
    struct assay_stream *stream;
    struct assay_buf got;
    size_t seen; /* of that, by guest_next() */
    bool eof;
    bool failed;
};

static inline void
guest_on_data(void *user, struct assay_slice data)
{
    assay_buf_add(&((struct guest *)user)->got, data);
}

static inline void
guest_on_eof(void *user)
{
    ((struct guest *)user)->eof = true;
}

static inline void
guest_on_failed(void *user, const struct assay_error *err)
{
    (void)err;
    ((struct guest *)user)->failed = true;
}

static inline void
guest_come(struct guest *g, struct house *h)
{
    static const struct assay_stream_events events = {
        .data = guest_on_data, .eof = guest_on_eof, .failed = guest_on_failed};
    struct assay_stream *ends[2];

    memset(g, 0, sizeof(*g));
    g->h = h;
    assay_buf_init(&g->got, GOT_MAX_BYTES);
    loop_pair(&h->n.loop, ends);
    g->stream = ends[0];
    assay_stream_tell(g->stream, &events, g);
    assay_stream_read(g->stream, true);
    visit_open(&h->visits, ends[1]);
}

static inline void
guest_leave(struct guest *g)
{
    assay_stream_close(g->stream);
    g->stream = NULL;
    assay_buf_free(&g->got);
}

static inline void
guest_say(struct guest *g, const char *text)
{
    assay_stream_write(g->stream, assay_slice_of(text));
}

static inline bool
guest_has(const struct guest *g, const char *text)
{
    return assay_slice_find(
               (struct assay_slice){g->got.ptr + g->seen, g->got.len - g->seen},
               text) != ASSAY_NO_OFFSET;
}

static inline void
guest_need(const struct guest *g, const char *row, const char *text)
{
    if (!guest_has(g, text)) {
        fail_msg("row \"%s\": \"%.*s\" lacks \"%s\"", row,
                 (int)(g->got.len - g->seen),
                 g->got.len > 0 ? (const char *)g->got.ptr + g->seen : "",
                 text);
    }
}

/* What has come is done with. */
static inline void
guest_next(struct guest *g)
{
    g->seen = g->got.len;
}

/* Until this has come, or the end. */
#define GUEST_HEARS(g, text)                                                   \
    UNTIL(&(g)->h->n, guest_has((g), (text)) || (g)->eof || (g)->failed);      \
    guest_need((g), (text), (text))
