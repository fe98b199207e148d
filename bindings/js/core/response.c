/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * response.c - the answer to one request, read out of a session's plaintext.
 */
#include "http1/http1.h"
#include "state.h"

#define METHOD_MAX_BYTES 32u
/* Heads with a 1xx status that may come before the answer. */
#define INTERIM_MAX 32u

struct js_response {
    struct js_object object;
    enum js_response_state state;
    uint64_t session; /* serial of the one that it is read from; 0: none yet */
    char method[METHOD_MAX_BYTES + 1];
    size_t scanned;   /* of the head that is awaited */
    unsigned interim; /* heads that were passed by */
    unsigned status;
    bool keeps;
    struct assay_buf head; /* texts, each with a NUL behind it */
    struct assay_http1_body body;
    struct assay_buf trailers; /* lines */
    size_t shown;              /* payload in result: not yet taken */
    struct assay_error error;
};

static void
destroy(void *object)
{
    struct js_response *r = object;

    assay_buf_free(&r->head);
    assay_buf_free(&r->trailers);
}

static const struct js_kind kind = {"response", sizeof(struct js_response),
                                    destroy};

struct js_response *
js_response_new(const uint8_t *method, uint32_t len)
{
    struct js_response *r;

    js_clear();
    r = js_object_new(&kind);
    if (r == NULL) {
        return NULL;
    }
    assay_buf_init(&r->head, 2 * (size_t)ASSAY_HTTP1_HEAD_MAX_BYTES);
    assay_buf_init(&r->trailers, ASSAY_HTTP1_TRAILERS_MAX_BYTES);
    if (!js_string("method", method, len, r->method, METHOD_MAX_BYTES)) {
        js_object_drop(r);
        return NULL;
    }
    return r;
}

void
js_response_free(struct js_response *r)
{
    js_object_give_back(r, &kind);
}

/* For good. A response that cannot be read ends the use of its connection. */
static int32_t
fail(struct js_response *r, const struct assay_error *err)
{
    if (r->state != JS_RESPONSE_FAILED) {
        r->state = JS_RESPONSE_FAILED;
        r->error = *err;
        r->keeps = false;
    }
    (void)js_failed(&r->error);
    return (int32_t)JS_RESPONSE_FAILED;
}

static int32_t
fail_with(struct js_response *r, enum assay_code code, const char *why)
{
    struct assay_error err = {.code = ASSAY_OK};

    (void)assay_fail(&err, code, ASSAY_NO_OFFSET, "response: %s", why);
    return fail(r, &err);
}

/* From one session, whose octets are taken; else the error is set. */
static bool
may_read(struct js_response *r, const struct js_session *s)
{
    js_clear();
    if (!js_is(r, &kind) || !js_is(s, &js_session_kind)) {
        return false;
    }
    r->session = r->session == 0 ? s->serial : r->session;
    if (r->session != s->serial) {
        (void)js_refuse(ASSAY_INVALID, "response: it is another session's");
        return false;
    }
    return true;
}

/* --- its head ------------------------------------------------------------- */

static void
put_text(struct assay_buf *to, struct assay_slice text)
{
    assay_buf_add(to, text);
    assay_buf_add_u8(to, 0);
}

static void
keep_head(struct js_response *r, const struct assay_http1_head *h)
{
    put_text(&r->head, h->reason);
    for (size_t i = 0; i < h->field_count; i++) {
        put_text(&r->head, h->field[i].name);
        put_text(&r->head, h->field[i].value);
    }
    r->status = h->status;
    r->keeps = h->keep_alive && h->framing != ASSAY_HTTP1_UNTIL_CLOSE &&
               h->status != 101;
    assay_http1_body_init(&r->body, h, UINT64_MAX);
    r->body.trailers = &r->trailers;
    r->state = JS_RESPONSE_BODY;
}

/* One head; false where more of it is needed, or it is refused. */
static bool
take_head(struct js_response *r, struct js_session *s, struct assay_error *err)
{
    struct assay_http1_head h ASSAY_HTTP1_UNSET;
    size_t used = 0;

    if (assay_http1_response(assay_client_read(s->client), r->method,
                             &r->scanned, &h, &used, err) != ASSAY_OK ||
        used == 0) {
        return false;
    }
    r->scanned = 0;
    if (h.status >= 200 || h.status == 101) {
        keep_head(r, &h);
        (void)!assay_buf_check(&r->head, "response", err);
    } else if (++r->interim > INTERIM_MAX) {
        (void)assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                         "response: more than %u heads before it", INTERIM_MAX);
    }
    assay_client_taken(s->client, used);
    return err->code == ASSAY_OK;
}

static int32_t
pull_head(struct js_response *r, struct js_session *s)
{
    struct assay_error err = {.code = ASSAY_OK};

    while (r->state == JS_RESPONSE_HEAD && take_head(r, s, &err)) {
    }
    return err.code == ASSAY_OK ? (int32_t)r->state : fail(r, &err);
}

/* --- its body ------------------------------------------------------------- */

static int32_t
finish(struct js_response *r, const struct js_session *s)
{
    r->state = JS_RESPONSE_DONE;
    /* Nothing was asked for that it could be the answer to. */
    r->keeps = r->keeps && assay_client_read(s->client).len == 0;
    return (int32_t)r->state;
}

static int32_t
pull_body(struct js_response *r, struct js_session *s)
{
    struct assay_error err = {.code = ASSAY_OK};
    struct assay_slice data = ASSAY_EMPTY;
    size_t used = 1;

    while (!r->body.done && used > 0 && data.len == 0) {
        if (assay_http1_body_feed(&r->body, assay_client_read(s->client), &used,
                                  &data, &err) != ASSAY_OK) {
            return fail(r, &err);
        }
        if (data.len == 0) {
            assay_client_taken(s->client, used);
        }
    }
    if (data.len > 0) {
        r->shown = used;
        js_show(data);
    } else if (r->body.done) {
        return finish(r, s);
    }
    return (int32_t)r->state;
}

int32_t
js_response_pull(struct js_response *r, struct js_session *s)
{
    js_show(ASSAY_EMPTY);
    if (!may_read(r, s)) {
        return (int32_t)JS_RESPONSE_FAILED;
    }
    if (r->shown > 0) {
        size_t waiting = assay_client_read(s->client).len;

        assay_client_taken(s->client, r->shown < waiting ? r->shown : waiting);
        r->shown = 0;
    }
    switch (r->state) {
    case JS_RESPONSE_HEAD:
        return pull_head(r, s);
    case JS_RESPONSE_BODY:
        return pull_body(r, s);
    case JS_RESPONSE_FAILED:
        return fail(r, &r->error);
    case JS_RESPONSE_DONE:
        break;
    }
    return (int32_t)r->state;
}

int32_t
js_response_eof(struct js_response *r, struct js_session *s)
{
    struct assay_error err = {.code = ASSAY_OK};

    if (!may_read(r, s)) {
        return (int32_t)JS_RESPONSE_FAILED;
    }
    if (r->state == JS_RESPONSE_DONE) {
        return (int32_t)r->state;
    }
    if (r->state == JS_RESPONSE_HEAD) {
        return fail_with(r, ASSAY_NETWORK,
                         "the connection ended before its head was whole");
    }
    if (r->state == JS_RESPONSE_FAILED) {
        return fail(r, &r->error);
    }
    if (r->body.done || assay_client_read(s->client).len > r->shown) {
        return (int32_t)r->state; /* first pull what is there */
    }
    /* Who cuts the connection must not say where a body ends. */
    if (!assay_client_read_done(s->client)) {
        return fail_with(r, ASSAY_NETWORK,
                         "the connection was cut amid its body");
    }
    if (assay_http1_body_eof(&r->body, &err) != ASSAY_OK) {
        return fail(r, &err);
    }
    return finish(r, s);
}

/* --- asking --------------------------------------------------------------- */

uint32_t
js_response_status(const struct js_response *r)
{
    return js_is(r, &kind) ? r->status : 0;
}

int32_t
js_response_keeps(const struct js_response *r)
{
    return js_is(r, &kind) && r->state == JS_RESPONSE_DONE && r->keeps;
}

int32_t
js_response_head(const struct js_response *r)
{
    js_clear();
    if (!js_is(r, &kind)) {
        return js_error_code();
    }
    if (r->status == 0) {
        return js_refuse(ASSAY_INVALID, "response: its head is not known yet");
    }
    js_show(assay_buf_slice(&r->head));
    return ASSAY_OK;
}

int32_t
js_response_trailers(const struct js_response *r)
{
    struct assay_http1_field f;
    struct assay_slice lines;
    struct assay_buf *to;

    js_clear();
    if (!js_is(r, &kind)) {
        return js_error_code();
    }
    lines = assay_buf_slice(&r->trailers);
    to = js_text();
    while (r->state == JS_RESPONSE_DONE &&
           assay_http1_trailer_next(&lines, &f)) {
        if (assay_http1_trailer_passes(f.name)) {
            put_text(to, f.name);
            put_text(to, f.value);
        }
    }
    return js_text_done("trailers");
}
