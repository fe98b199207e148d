/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * client.c - see client.h.
 */
#include "client.h"

#include <stdio.h>

#include "base/json.h"
#include "files.h"
#include "io/file.h"
#include "io/http_call.h"

#define ANSWER_MAX  (64u * 1024u)
#define CONNECT_MS  5000u
#define TIMEOUT_MS  30000u /* a quote under way may take its time */
#define REQUEST_MAX (2u * ASSAY_COMPOSE_MAX_BYTES)

enum value_kind { NOTHING, TEXT, SWITCH, CONTENT };

static const struct control {
    const char *name;
    const char *path;
    const char *member;
    enum value_kind kind;
} controls[] = {
    {"tcb", "/tcb", "status", TEXT},
    {"module", "/tcb", "module", TEXT},
    {"qe", "/tcb", "qe", TEXT},
    {"revoke", "/revoke", "on", SWITCH},
    {"expire", "/expire", "on", SWITCH},
    {"overtaken", "/overtaken", "on", SWITCH},
    {"debug", "/debug", "on", SWITCH},
    {"forge-log", "/forge-log", "on", SWITCH},
    {"os-image", "/os-image", "image", TEXT},
    {"compose", "/compose", "app_compose", CONTENT},
    {"clock", "/clock", "now", TEXT},
    {"reboot", "/reboot", NULL, NOTHING},
    {"reset", "/reset", NULL, NOTHING},
    {"state", "/state", NULL, NOTHING},
};

/* The control of a text NAME[=VALUE], and its value; NULL if there is none
 * such or the value is not one. */
static const struct control *
find_control(const char *text, const char **value)
{
    size_t len = strcspn(text, "=");

    *value = text[len] == '=' ? text + len + 1 : NULL;
    for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
        const struct control *c = &controls[i];
        bool needs = c->kind == TEXT || c->kind == CONTENT;

        if (strlen(c->name) != len || strncmp(c->name, text, len) != 0) {
            continue;
        }
        if (needs ? *value == NULL || **value == '\0'
                  : c->kind == NOTHING && *value != NULL) {
            return NULL;
        }
        if (c->kind == SWITCH && *value != NULL && strcmp(*value, "on") != 0 &&
            strcmp(*value, "off") != 0) {
            return NULL;
        }
        return c;
    }
    return NULL;
}

static enum assay_code
write_body(const struct control *c, const char *value, struct assay_buf *to,
           struct assay_error *err)
{
    struct assay_json_out j;
    struct assay_buf file;
    enum assay_code code = ASSAY_OK;

    assay_buf_init(&file, ASSAY_COMPOSE_MAX_BYTES);
    if (c->kind == CONTENT) {
        code = assay_file_read(value, ASSAY_COMPOSE_MAX_BYTES, &file, err);
    }
    assay_json_out_init(&j, to, true);
    assay_json_out_open(&j, NULL, '{');
    switch (c->kind) {
    case NOTHING:
        break;
    case TEXT:
        assay_json_out_text(&j, c->member, value);
        break;
    case SWITCH:
        assay_json_out_bool(&j, c->member,
                            value == NULL || strcmp(value, "on") == 0);
        break;
    case CONTENT:
        assay_json_out_string(&j, c->member, assay_buf_slice(&file));
        break;
    }
    assay_json_out_close(&j, '}');
    assay_buf_free(&file);
    return code == ASSAY_OK ? assay_buf_check(to, "the request", err) : code;
}

/* What came of a call. */
struct outcome {
    struct assay_error err;
    struct assay_buf state;
};

/* The server's own words, where it refuses. */
static void
take_refusal(struct outcome *o, unsigned status, struct assay_slice body)
{
    static const struct assay_json_limits limits = {ANSWER_MAX, 8, 1024};
    struct assay_json *j = NULL;
    struct assay_error ignored;
    struct assay_slice message = ASSAY_EMPTY;

    assay_error_clear(&ignored);
    if (assay_json_parse(body, &limits, "answer", &j, &ignored) == ASSAY_OK) {
        uint32_t error = assay_json_member(j, ASSAY_JSON_ROOT, "error");

        message = assay_json_string(j, assay_json_member(j, error, "message"));
    }
    (void)assay_fail(&o->err, ASSAY_INVALID, ASSAY_NO_OFFSET, "%.*s (HTTP %u)",
                     message.len < 200 ? (int)message.len : 200,
                     message.len > 0 ? (const char *)message.ptr : "refused",
                     status);
    assay_json_free(j);
}

static void
called(void *user, const struct assay_http1_head *head, struct assay_slice body,
       const struct assay_error *err)
{
    struct outcome *o = user;

    if (err->code != ASSAY_OK) {
        o->err = *err;
    } else if (head->status != 200) {
        take_refusal(o, head->status, body);
    } else {
        o->state.len = 0;
        assay_buf_add(&o->state, body);
        (void)assay_buf_check(&o->state, "the answer", &o->err);
    }
}

static void
call(uv_loop_t *loop, const struct assay_address *to, const struct control *c,
     struct assay_slice body, struct outcome *o)
{
    bool asks = strcmp(c->path, "/state") == 0;
    const struct assay_http_call_options options = {
        .to = *to,
        .method = asks ? "GET" : "POST",
        .target = c->path,
        .host = "localhost",
        .body = asks ? ASSAY_EMPTY : body,
        .answer_max = ANSWER_MAX,
        .connect_ms = CONNECT_MS,
        .timeout_ms = TIMEOUT_MS,
    };

    if (assay_http_call_start(loop, &options, called, o) == NULL) {
        (void)assay_fail(&o->err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                         "no memory for a call");
        return;
    }
    (void)uv_run(loop, UV_RUN_DEFAULT);
}

static enum sim_exit
complain(enum sim_exit status, const char *control, const char *why)
{
    (void)fprintf(stderr, "assay-sim: %s: %s\n", control, why);
    return status;
}

static enum sim_exit
run_one(uv_loop_t *loop, const char *dir, const char *text, struct outcome *o)
{
    const char *value = NULL;
    const struct control *c = find_control(text, &value);
    struct assay_address to;
    struct assay_buf body;

    if (c == NULL) {
        return complain(SIM_USAGE, text, "no such control; see --help");
    }
    assay_buf_init(&body, REQUEST_MAX);
    if (sim_socket(dir, SIM_CONTROL_SOCKET, &to, &o->err) == ASSAY_OK &&
        write_body(c, value, &body, &o->err) == ASSAY_OK) {
        call(loop, &to, c, assay_buf_slice(&body), o);
    }
    assay_buf_free(&body);
    return o->err.code == ASSAY_OK ? SIM_DONE
                                   : complain(SIM_TROUBLE, text, o->err.msg);
}

enum sim_exit
sim_client_run(const struct sim_arguments *a)
{
    uv_loop_t loop;
    struct outcome o;
    enum sim_exit status = SIM_DONE;

    assay_error_clear(&o.err);
    assay_buf_init(&o.state, ANSWER_MAX);
    if (uv_loop_init(&loop) != 0) {
        return complain(SIM_TROUBLE, a->o.dir, "no event loop");
    }
    for (size_t i = 0; a->controls[i] != NULL && status == SIM_DONE; i++) {
        status = run_one(&loop, a->o.dir, a->controls[i], &o);
    }
    if (status == SIM_DONE) {
        (void)fwrite(o.state.ptr, 1, o.state.len, stdout);
    }
    assay_buf_free(&o.state);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&loop);
    return status;
}
