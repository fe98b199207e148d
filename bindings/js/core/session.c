/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * session.c - the client's end of one attested connection. What it tells of
 * itself is in session_facts.c.
 */
#include "crypto/host_random.h"
#include "http1/http1.h"
#include "search/marks.h"
#include "state.h"

static void
destroy(void *object)
{
    struct js_session *s = object;

    assay_client_free(s->client);
    js_object_drop(s->collateral);
    js_object_drop(s->roots);
    js_object_drop(s->root);
    js_object_drop(s->policy);
}

const struct js_kind js_session_kind = {"session", sizeof(struct js_session),
                                        destroy};

/* For what cannot fail: the error of the call before stays. */
static bool
is_session(const struct js_session *s)
{
    return js_is(s, &js_session_kind);
}

static bool
may_try(const struct js_session *s)
{
    js_clear();
    return is_session(s);
}

static int32_t
done(enum assay_code code, const struct assay_error *err)
{
    return code == ASSAY_OK ? (int32_t)ASSAY_OK : js_failed(err);
}

/* --- life ----------------------------------------------------------------- */

/* From the host itself, not from what OpenSSL has made of it: a host that has
 * none left is noticed here, for each session. */
static bool
make_nonce(uint8_t nonce[ASSAY_NONCE_BYTES])
{
    if (!assay_host_random(nonce, ASSAY_NONCE_BYTES)) {
        (void)js_refuse(ASSAY_CRYPTO, "nonce: the host gives no random octets");
        return false;
    }
    return true;
}

static uint64_t serials; /* that were given */

static bool
open_client(struct js_session *s, int32_t wire, struct assay_now now)
{
    const struct assay_client_options options = {
        .ctx = js_instance.ctx,
        .verifier = js_instance.verifier,
        .root = s->root->root,
        .policy = s->policy->policy,
        .roots = s->roots->roots,
        .server_name = s->server_name,
        .wire = (enum assay_wire)wire,
        .keep_evidence = true,
    };
    uint8_t nonce[ASSAY_NONCE_BYTES];
    struct assay_error err;

    return make_nonce(nonce) &&
           done(assay_client_new(&options, now, nonce, &s->client, &err),
                &err) == ASSAY_OK;
}

struct js_session *
js_session_new(struct js_policy *policy, struct js_root *root,
               struct js_roots *roots, const uint8_t *server_name, uint32_t len,
               int32_t wire, double wall_s, double mono_ms)
{
    struct js_session *s;
    struct assay_now now;

    if (!js_ready() || !js_is(policy, &js_policy_kind) ||
        !js_is(root, &js_root_kind) || !js_is(roots, &js_roots_kind) ||
        !js_now(wall_s, mono_ms, &now)) {
        return NULL;
    }
    if (wire < 0 || wire >= (int32_t)ASSAY_WIRE_COUNT) {
        (void)js_refuse(ASSAY_INVALID, "wire: %d is none", (int)wire);
        return NULL;
    }
    s = js_object_new(&js_session_kind);
    if (s == NULL) {
        return NULL;
    }
    s->serial = ++serials;
    s->policy = js_object_ref(policy);
    s->root = js_object_ref(root);
    s->roots = js_object_ref(roots);
    if (!js_string("server name", server_name, len, s->server_name,
                   ASSAY_SERVER_NAME_MAX_BYTES) ||
        !open_client(s, wire, now)) {
        js_object_drop(s);
        return NULL;
    }
    return s;
}

void
js_session_free(struct js_session *s)
{
    js_object_give_back(s, &js_session_kind);
}

/* --- the network's side --------------------------------------------------- */

int32_t
js_session_feed(struct js_session *s, const uint8_t *in, uint32_t len)
{
    enum assay_code code = ASSAY_OK;
    struct assay_slice octets;
    struct assay_error err;
    size_t at = 0;
    size_t used = 1;

    if (!may_try(s) || !js_octets(in, len, &octets)) {
        return -1;
    }
    while (code == ASSAY_OK && at < octets.len && used > 0) {
        code = assay_client_feed(
            s->client, (struct assay_slice){octets.ptr + at, octets.len - at},
            &used, &err);
        at += code == ASSAY_OK ? used : 0;
    }
    return done(code, &err) == ASSAY_OK ? (int32_t)at : -1;
}

void
js_session_eof(struct js_session *s)
{
    if (is_session(s)) {
        assay_client_eof(s->client);
    }
}

void
js_session_abort(struct js_session *s, const uint8_t *name, uint32_t name_len,
                 const uint8_t *message, uint32_t len)
{
    struct assay_error why;

    if (is_session(s)) {
        why = js_failure_of(name, name_len, message, len);
        assay_client_abort(s->client, &why);
    }
}

void
js_session_output(const struct js_session *s)
{
    js_show(is_session(s) ? assay_client_output(s->client) : ASSAY_EMPTY);
}

static size_t
at_most(uint32_t n, struct assay_slice waiting)
{
    return n < waiting.len ? n : waiting.len;
}

void
js_session_sent(struct js_session *s, uint32_t n)
{
    if (is_session(s)) {
        assay_client_sent(s->client,
                          at_most(n, assay_client_output(s->client)));
    }
}

/* --- evidence ------------------------------------------------------------- */

int32_t
js_session_due(const struct js_session *s, double wall_s, double mono_ms)
{
    struct assay_now now;

    /* What cannot be told is due. */
    return !is_session(s) || !js_now(wall_s, mono_ms, &now) ||
           assay_client_due(s->client, now);
}

int32_t
js_session_reattest(struct js_session *s, double wall_s, double mono_ms)
{
    uint8_t nonce[ASSAY_NONCE_BYTES];
    struct assay_error err;
    struct assay_now now;

    if (!may_try(s) || !js_now(wall_s, mono_ms, &now) || !make_nonce(nonce)) {
        return js_error_code();
    }
    return done(assay_client_reattest(s->client, now, nonce, &err), &err);
}

int32_t
js_session_give(struct js_session *s, struct js_collateral *collateral)
{
    enum assay_client_state state;

    if (!may_try(s) || !js_is(collateral, &js_collateral_kind)) {
        return js_error_code();
    }
    state = assay_client_state(s->client);
    if (state != ASSAY_CLIENT_NEED_COLLATERAL &&
        state != ASSAY_CLIENT_APPRAISE) {
        return js_refuse(ASSAY_INVALID,
                         "session: no collateral is wanted in state %s",
                         assay_client_state_name(state));
    }
    assay_client_give_collateral(s->client, collateral->collateral);
    (void)js_object_ref(collateral);
    js_object_drop(s->collateral); /* of the evidence before */
    s->collateral = collateral;
    return ASSAY_OK;
}

int32_t
js_session_appraise(struct js_session *s, double wall_s, double mono_ms)
{
    struct assay_error err;
    struct assay_now now;

    if (!may_try(s) || !js_now(wall_s, mono_ms, &now)) {
        return js_error_code();
    }
    if (assay_client_quote(s->client) != NULL) {
        assay_client_expect_evaluations(
            s->client,
            assay_marks_recall(js_instance.marks, s->root->root,
                               assay_client_need(s->client), now.wall_s));
    }
    return done(assay_client_appraise(s->client, now, &err), &err);
}

/* --- plaintext ------------------------------------------------------------ */

int32_t
js_session_begin(struct js_session *s, double wall_s, double mono_ms)
{
    struct assay_error err;
    struct assay_now now;

    if (!may_try(s) || !js_now(wall_s, mono_ms, &now)) {
        return js_error_code();
    }
    return done(assay_client_begin(s->client, now, &err), &err);
}

/* In one piece, so that a chunk is written whole or not at all. */
static int32_t
write_chunk(struct js_session *s, struct assay_slice data)
{
    struct assay_error err = {.code = ASSAY_OK};
    struct assay_buf chunk;
    enum assay_code code;

    assay_buf_init(&chunk, data.len + ASSAY_HTTP1_CHUNK_LINE_MAX_BYTES);
    if (data.len > 0) {
        assay_http1_put_chunk(&chunk, data);
    } else {
        assay_http1_put_last_chunk(&chunk, ASSAY_EMPTY);
    }
    code = assay_buf_check(&chunk, "chunk", &err);
    if (code == ASSAY_OK) {
        code = assay_client_write(s->client, assay_buf_slice(&chunk), &err);
    }
    assay_buf_free(&chunk);
    return done(code, &err);
}

int32_t
js_session_write(struct js_session *s, const uint8_t *plain, uint32_t len,
                 int32_t chunked)
{
    struct assay_slice octets;
    struct assay_error err;

    if (!may_try(s) || !js_octets(plain, len, &octets)) {
        return js_error_code();
    }
    if (octets.len > JS_WRITE_MAX_BYTES) { /* however much is sent first */
        return js_refuse(ASSAY_INVALID, "session: more than %u octets at once",
                         JS_WRITE_MAX_BYTES);
    }
    return chunked != 0
               ? write_chunk(s, octets)
               : done(assay_client_write(s->client, octets, &err), &err);
}

void
js_session_end(struct js_session *s)
{
    if (is_session(s)) {
        assay_client_end(s->client);
    }
}

void
js_session_read(const struct js_session *s)
{
    js_show(is_session(s) ? assay_client_read(s->client) : ASSAY_EMPTY);
}

void
js_session_taken(struct js_session *s, uint32_t n)
{
    if (is_session(s)) {
        assay_client_taken(s->client, at_most(n, assay_client_read(s->client)));
    }
}

int32_t
js_session_read_done(const struct js_session *s)
{
    return is_session(s) && assay_client_read_done(s->client);
}

void
js_session_close(struct js_session *s)
{
    if (is_session(s)) {
        assay_client_close(s->client);
    }
}
