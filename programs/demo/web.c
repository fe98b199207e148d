/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * web.c - see web.h.
 */
#include "web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json.h"
#include "scene.h"

#define POLICY_MAX_BYTES 512u
#define ORIGIN_MAX_BYTES 320u

struct web {
    const struct page *page;
    struct assay_http_server *server;
    bool is_open;
    char security[POLICY_MAX_BYTES]; /* Content-Security-Policy */
    struct assay_buf config;
    void (*state)(void *user, struct assay_buf *to);
    void *user;
    bool asked;
    size_t scene;
    struct assay_http_conn *asker; /* NULL: gone */
};

/* --- answers ------------------------------------------------------------ */

static void
put_field(struct assay_http_answer *a, const char *name, const char *value)
{
    struct assay_error err;

    assay_error_clear(&err);
    (void)!assay_http1_put_field(&a->fields, assay_slice_of(name),
                                 assay_slice_of(value), &err);
}

static void
put_security(const struct web *w, struct assay_http_answer *a)
{
    static const char *const fields[][2] = {
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cache-Control", "no-store"},
    };

    put_field(a, "Content-Security-Policy", w->security);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        put_field(a, fields[i][0], fields[i][1]);
    }
}

static void
answer_state(struct web *w, struct assay_http_answer *a)
{
    a->content_type = "application/json";
    w->state(w->user, &a->body);
}

/* --- who may ask -------------------------------------------------------- */

/* Another name that leads here is that of a page which was loaded from
 * elsewhere before (DNS rebinding). */
static bool
is_ours(const struct web *w, struct assay_slice host)
{
    const char *address = web_address(w);
    char localhost[32];

    (void)snprintf(localhost, sizeof(localhost), "localhost%s",
                   strrchr(address, ':'));
    return assay_slice_is(host, address) ||
           assay_slice_is_nocase(host, localhost);
}

/* A page's request is of this page, or no page has asked. */
static bool
is_own_origin(const struct web *w, const struct assay_http1_head *head)
{
    static const char scheme[] = "http://";
    struct assay_slice origin = assay_http1_get(head, "Origin");

    if (assay_http1_count(head, "Origin") == 0) {
        return true;
    }
    if (origin.len < sizeof(scheme) - 1 ||
        memcmp(origin.ptr, scheme, sizeof(scheme) - 1) != 0) {
        return false;
    }
    origin.ptr += sizeof(scheme) - 1;
    origin.len -= sizeof(scheme) - 1;
    return is_ours(w, origin);
}

/* --- scenes ------------------------------------------------------------- */

static void
on_gone(void *user)
{
    struct web *w = user;

    w->asker = NULL;
}

static size_t
read_scene(struct assay_slice body)
{
    static const struct assay_json_limits limits = {WEB_ASK_MAX_BYTES, 4, 16};
    struct assay_json *j = NULL;
    struct assay_error err;
    size_t scene = scene_count();

    assay_error_clear(&err);
    if (assay_json_parse(body, &limits, "scene", &j, &err) == ASSAY_OK) {
        scene = scene_find(assay_json_string(
            j, assay_json_member(j, ASSAY_JSON_ROOT, "scene")));
    }
    assay_json_free(j);
    return scene;
}

static void
ask_scene(struct web *w, const struct assay_http_request *r,
          struct assay_http_answer *a)
{
    size_t scene = read_scene(r->body);

    if (!is_own_origin(w, r->head)) {
        assay_http_answer_error(a, 403, "origin_denied",
                                "this is for the page of this server", NULL);
    } else if (!assay_slice_is_nocase(assay_http1_get(r->head, "Content-Type"),
                                      "application/json")) {
        assay_http_answer_error(a, 415, "invalid",
                                "Content-Type: must be application/json", NULL);
    } else if (scene == scene_count()) {
        assay_http_answer_error(a, 400, "invalid", "scene: there is no such",
                                "GET /settings.json names them");
    } else if (w->asked) {
        assay_http_answer_error(a, 503, "busy", "another scene is being set",
                                "try again in a moment");
    } else {
        w->asked = true;
        w->scene = scene;
        w->asker = r->from;
        assay_http_answer_later(r->from, on_gone, w);
    }
}

/* --- requests ----------------------------------------------------------- */

static void
answer_file(struct web *w, const struct assay_http_request *r,
            struct assay_http_answer *a)
{
    struct assay_slice content;

    if (page_find(w->page, r->path, &content, &a->content_type)) {
        assay_buf_add(&a->body, content);
    } else if (assay_slice_is(r->path, "/settings.json")) {
        a->content_type = "application/json";
        assay_buf_add(&a->body, assay_buf_slice(&w->config));
    } else if (assay_slice_is(r->path, "/demo/state")) {
        answer_state(w, a);
    } else {
        assay_http_answer_error(a, 404, "not_found", "there is no such file",
                                NULL);
    }
}

static void
on_request(void *user, const struct assay_http_request *r,
           struct assay_http_answer *a)
{
    struct web *w = user;
    bool is_scene = assay_slice_is(r->path, "/demo/scene");
    bool reads = assay_slice_is(r->head->method, "GET") ||
                 assay_slice_is(r->head->method, "HEAD");

    put_security(w, a);
    if (!is_ours(w, r->head->host)) {
        assay_http_answer_error(a, 421, "wrong_host",
                                "this server has another name", NULL);
    } else if (!w->is_open) {
        assay_http_answer_error(a, 503, "busy", "the demo is being set up",
                                "try again in a moment");
    } else if (is_scene ? !assay_slice_is(r->head->method, "POST") : !reads) {
        put_field(a, "Allow", is_scene ? "POST" : "GET, HEAD");
        assay_http_answer_error(a, 405, "method_not_allowed",
                                "this is not for that method", NULL);
    } else if (is_scene) {
        ask_scene(w, r, a);
    } else {
        answer_file(w, r, a);
    }
}

bool
web_is_asked(const void *web)
{
    const struct web *w = web;

    return w->asked;
}

size_t
web_asked_scene(const struct web *w)
{
    return w->scene;
}

void
web_answer(struct web *w, const struct assay_error *err)
{
    struct assay_http_answer a;

    if (w->asker != NULL) {
        assay_http_answer_init(&a);
        put_security(w, &a);
        if (err->code == ASSAY_OK) {
            answer_state(w, &a);
        } else {
            assay_http_answer_error(&a, 500, assay_code_name(err->code),
                                    err->msg, NULL);
        }
        assay_http_answer_now(w->asker, &a);
        assay_http_answer_free(&a);
    }
    w->asked = false;
    w->asker = NULL;
}

/* --- all of it ---------------------------------------------------------- */

enum assay_code
web_new(uv_loop_t *loop, const struct assay_address *at,
        const struct page *page, struct web **out, struct assay_error *err)
{
    static const struct assay_http_server_limits limits = {
        .body_bytes = WEB_ASK_MAX_BYTES,
        .connections = WEB_CONNECTIONS_MAX,
        .request_ms = 10000,
        .idle_ms = 30000,
    };
    struct web *w = calloc(1, sizeof(*w));

    *out = NULL;
    assay_error_clear(err);
    if (w == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "out of memory");
    }
    w->page = page;
    assay_buf_init(&w->config, WEB_CONFIG_MAX_BYTES);
    (void)snprintf(w->security, sizeof(w->security), "default-src 'none'");
    if (assay_http_server_new(loop, at, 0, &limits, on_request, w, &w->server,
                              err) != ASSAY_OK) {
        free(w);
        return err->code;
    }
    *out = w;
    return ASSAY_OK;
}

void
web_free(struct web *w)
{
    if (w != NULL) {
        assay_http_server_close(w->server);
        assay_buf_free(&w->config);
        free(w);
    }
}

const char *
web_address(const struct web *w)
{
    return assay_http_server_address(w->server);
}

bool
web_open(struct web *w, const char *bridge, struct assay_slice config,
         void (*state)(void *user, struct assay_buf *to), void *user)
{
    int n = snprintf(w->security, sizeof(w->security),
                     "default-src 'self'; "
                     "script-src 'self' 'wasm-unsafe-eval'; "
                     "connect-src 'self' ws://%s http://%s; "
                     "object-src 'none'; base-uri 'none'; "
                     "form-action 'none'; frame-ancestors 'none'",
                     bridge, bridge);

    assay_buf_add(&w->config, config);
    w->state = state;
    w->user = user;
    w->is_open = n > 0 && (size_t)n < sizeof(w->security) && !w->config.failed;
    return w->is_open;
}
