/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * status.c - see status.h.
 */
#include "status.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "base/bytes.h"
#include "base/error.h"
#include "command_options.h"
#include "daemon/front.h"
#include "daemon/token.h"
#include "http1/http1.h"
#include "io/http_call.h"

#define CONNECT_MS       5000u
#define ANSWER_MS        10000u
#define FIELDS_MAX_BYTES (TOKEN_MAX_BYTES + 64u)

static const char *const help[] = {
    "Usage: assay proxy status [--json] [--state FILE | --url URL]\n"
    "                          [--token-file FILE]\n"
    "Shows what a running proxy has verified of each provider. One that was "
    "told\n"
    "--token-file is shown the token in this file (ASSAY_PROXY_TOKEN_FILE).\n"
    "Exit codes: 0 each is verified, 1 one was refused, 2 one was not tried "
    "or\n"
    "cannot be reached, or no proxy runs.\n",
    NULL,
};

/* --- asking --------------------------------------------------------------- */

struct question {
    struct assay_address to;
    char host[ASSAY_URI_HOST_MAX + 10];
    struct assay_buf fields; /* with a NUL; empty: no token */
    struct assay_buf answer;
    struct assay_error err;
};

static void
on_answer(void *user, const struct assay_http1_head *head,
          struct assay_slice body, const struct assay_error *err)
{
    struct question *q = user;

    if (err->code != ASSAY_OK) {
        q->err = *err;
    } else if (head->status == 401) {
        assay_fail(&q->err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   q->fields.len == 0
                       ? "the proxy asks for its token: give --token-file"
                       : "the token in --token-file is not the one that the "
                         "proxy asks for");
    } else if (head->status != 200 && head->status != 503) {
        assay_fail(&q->err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "what listens there is no proxy of ours (HTTP %u)",
                   head->status);
    } else {
        assay_buf_add(&q->answer, body);
        (void)!assay_buf_check(&q->answer, "its answer", &q->err);
    }
}

static void
ask(struct question *q)
{
    const struct assay_http_call_options options = {
        .to = q->to,
        .method = "GET",
        .target = "/.well-known/assay",
        .host = q->host,
        .fields = (const char *)q->fields.ptr,
        .answer_max = STATUS_DOCUMENT_MAX_BYTES,
        .connect_ms = CONNECT_MS,
        .timeout_ms = ANSWER_MS,
    };
    uv_loop_t loop;

    if (uv_loop_init(&loop) != 0) {
        assay_fail(&q->err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "no event loop");
        return;
    }
    if (assay_http_call_start(&loop, &options, on_answer, q) == NULL) {
        assay_fail(&q->err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "out of memory");
    }
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&loop);
}

static void
read_token(const char *path, struct question *q)
{
    struct assay_buf token;

    if (token_read(path, &token, &q->err) == ASSAY_OK) {
        assay_buf_printf(&q->fields, "Authorization: Bearer %s\r\n",
                         (const char *)token.ptr);
        assay_buf_add_u8(&q->fields, '\0');
        (void)!assay_buf_check(&q->fields, "--token-file", &q->err);
    }
    assay_buf_free(&token);
}

/* --- whom ----------------------------------------------------------------- */

/* What is behind the host is of no matter: the document has one place. */
static void
address_of_url(const char *url, struct question *q)
{
    struct assay_uri uri;

    if (assay_uri_parse(assay_slice_of(url), &uri, &q->err) != ASSAY_OK) {
        return;
    }
    if (uri.https) {
        assay_fail(&q->err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--url: a proxy is asked over http");
        return;
    }
    (void)snprintf(q->to.host, sizeof(q->to.host), "%s", uri.host);
    (void)snprintf(q->to.port, sizeof(q->to.port), "%u", (unsigned)uri.port);
    assay_uri_authority(&uri, q->host);
}

static void
address_of_state(const char *path, struct question *q)
{
    struct running r;

    if (running_read(path, &r, &q->err) == ASSAY_OK &&
        assay_address_parse(r.address, NULL, &q->to, &q->err) == ASSAY_OK) {
        (void)snprintf(q->host, sizeof(q->host), "%s",
                       q->to.is_unix ? "localhost" : r.address);
    }
    running_free(&r);
}

/* --- the command ---------------------------------------------------------- */

static int
show(const struct question *q, bool json, struct assay_error *err)
{
    enum status_code code = STATUS_UNKNOWN;
    struct assay_buf text;

    assay_buf_init(&text, STATUS_TABLE_MAX_BYTES);
    if (status_put_table(assay_buf_slice(&q->answer), &text, &code, err) ==
            ASSAY_OK &&
        json) {
        (void)fwrite(q->answer.ptr, 1, q->answer.len, stdout);
        putchar('\n');
    } else if (err->code == ASSAY_OK) {
        (void)fwrite(text.ptr, 1, text.len, stdout);
    }
    assay_buf_free(&text);
    return (int)code;
}

static int
run(const struct command_options *o)
{
    struct question q = {.host = ""};
    int code = STATUS_UNKNOWN;

    assay_error_clear(&q.err);
    assay_buf_init(&q.answer, STATUS_DOCUMENT_MAX_BYTES);
    assay_buf_init(&q.fields, FIELDS_MAX_BYTES);
    if (o->url != NULL) {
        address_of_url(o->url, &q);
    } else {
        address_of_state(o->state, &q);
    }
    if (q.err.code == ASSAY_OK && o->token_file != NULL) {
        read_token(o->token_file, &q);
    }
    if (q.err.code == ASSAY_OK) {
        ask(&q);
    }
    if (q.err.code == ASSAY_OK) {
        code = show(&q, o->json, &q.err);
    }
    if (q.err.code != ASSAY_OK) {
        fprintf(stderr, "assay-proxy status: %s\n", q.err.msg);
        command_target_hint(o, &q.err);
    }
    assay_buf_free(&q.answer);
    assay_buf_free(&q.fields);
    return code;
}

int
status_main(int argc, char **argv)
{
    struct command_options o;
    int code = (int)command_options_read(
        argc, argv, 1u << COMMAND_PROVIDER | 1u << COMMAND_SHELL, &o);

    if (code != DAEMON_DONE) {
        return code;
    }
    if (o.help) {
        front_help(help);
    } else {
        code = run(&o);
    }
    command_options_free(&o);
    return code;
}
