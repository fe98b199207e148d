/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cmd_get.c - assay get: an HTTP request to a server that has proven itself.
 *
 * get_set_up() makes everything from options and policy; then the loop runs:
 * on_open() sends the request, the exchange brings the response into the sink,
 * and get_end() ends it, whatever happened; get_leave() says so.
 */
#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "get.h"
#include "programs/assay/help.h"

static void
finish(struct get *g)
{
    struct assay_error err;

    assay_error_clear(&err);
    (void)!sink_commit(&g->sink, &err);
    get_end(g, &err, false);
}

/* --- redirects ---------------------------------------------------------- */

static bool
is_redirect(const struct assay_http1_head *head)
{
    unsigned s = head->status;

    return (s == 301 || s == 302 || s == 303 || s == 307 || s == 308) &&
           assay_http1_count(head, "location") == 1;
}

/* A redirect is followed on the host that was attested, or not at all. */
static void
take_location(struct get *g, const struct assay_http1_head *head,
              struct assay_error *err)
{
    struct assay_slice location = assay_http1_get(head, "location");

    if (assay_uri_resolve(&g->uri, location, &g->next, err) != ASSAY_OK) {
        assay_error_prefix(err, "redirect");
        err->code = ASSAY_REPLY;
    } else if (!assay_uri_same_origin(&g->uri, &g->next)) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "redirect: to %s://%.100s:%u, which is not the host that "
                   "was attested",
                   g->next.https ? "https" : "http", g->next.host,
                   (unsigned)g->next.port);
    } else if (++g->redirects > GET_REDIRECTS) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "redirect: more than %u of them", GET_REDIRECTS);
    } else {
        g->redirect_status = head->status;
    }
}

static void connect_to_server(struct get *g);
static void send_request(struct get *g);

static void
follow(struct get *g, bool same_connection)
{
    struct assay_error err;

    assay_error_clear(&err);
    get_request_redirect(&g->request, g->redirect_status);
    g->redirect_status = 0;
    g->uri = g->next;
    g->wire.len = 0;
    if (get_request_write(&g->request, &g->uri, &g->o->get, &g->wire, &err) !=
        ASSAY_OK) {
        get_end(g, &err, false);
    } else if (same_connection) {
        send_request(g);
    } else {
        assay_attested_close(g->conn);
        connect_to_server(g);
    }
}

/* --- the exchange ------------------------------------------------------- */

static void
on_head(void *user, const struct assay_http1_head *head,
        struct assay_error *err)
{
    struct get *g = user;

    if (g->o->get.follow && is_redirect(head)) {
        take_location(g, head, err);
    } else {
        (void)!sink_head(&g->sink, head, err);
    }
}

static void
on_data(void *user, struct assay_slice data, struct assay_error *err)
{
    struct get *g = user;

    if (g->redirect_status == 0) {
        (void)!sink_data(&g->sink, data, err);
    }
}

static void
on_exchange_done(void *user, bool reusable)
{
    struct get *g = user;

    assay_exchange_free(g->exchange);
    g->exchange = NULL;
    if (g->redirect_status != 0) {
        follow(g, reusable);
    } else {
        finish(g);
    }
}

static void
on_exchange_failed(void *user, const struct assay_error *err)
{
    get_end(user, err, false);
}

static uint64_t
body_max(const struct get *g)
{
    uint64_t max = g->o->get.body_max;

    if (max == 0) {
        max = GET_BODY_MAX_DEFAULT;
    }
    return g->o->json && max > SINK_MEMORY_MAX_BYTES ? SINK_MEMORY_MAX_BYTES
                                                     : max;
}

static void
send_request(struct get *g)
{
    static const struct assay_exchange_events events = {
        .head = on_head,
        .data = on_data,
        .done = on_exchange_done,
        .failed = on_exchange_failed,
    };
    const struct assay_exchange_options options = {
        .method = g->request.method,
        .request = assay_buf_slice(&g->wire),
        .body_max = body_max(g),
        .silence_ms = g->phase_ms,
    };

    g->exchange = assay_exchange_new(&g->loop, g->conn, &options, &events, g);
    if (g->exchange == NULL) {
        get_end_no_memory(g);
        return;
    }
    assay_exchange_on_open(g->exchange);
}

/* --- the connection ----------------------------------------------------- */

static void
on_open(void *user)
{
    struct get *g = user;
    struct assay_error err;

    /* No request goes out whose evidence could not be kept. */
    if (get_save_evidence(g, &err) != ASSAY_OK) {
        get_end(g, &err, false);
        return;
    }
    if (g->opened_us == 0) {
        g->opened_us = (int64_t)(uv_hrtime() / 1000);
    }
    if (g->exchange != NULL) { /* attested anew for its sake */
        assay_exchange_on_open(g->exchange);
    } else {
        send_request(g);
    }
}

static void
on_failed(void *user, const struct assay_error *err, bool peer)
{
    get_end_failed(user, err, peer);
}

static void
on_conn_data(void *user)
{
    struct get *g = user;

    if (g->exchange != NULL) {
        assay_exchange_on_data(g->exchange);
    }
}

static void
on_closed(void *user)
{
    struct get *g = user;

    if (g->exchange != NULL) {
        assay_exchange_on_closed(g->exchange);
    }
}

static void
on_drained(void *user)
{
    struct get *g = user;

    if (g->exchange != NULL) {
        assay_exchange_on_drained(g->exchange);
    }
}

static void
connect_to_server(struct get *g)
{
    static const struct assay_attested_events events = {
        .open = on_open,
        .failed = on_failed,
        .data = on_conn_data,
        .closed = on_closed,
        .drained = on_drained,
    };

    get_connect(g, &events, g);
}

/* --- the command -------------------------------------------------------- */

static enum exit_code
get(const struct command *c, const struct options *o,
    const struct assay_uri *uri)
{
    struct get g = {.c = c, .o = o, .uri = *uri, .tells_at_end = true};

    get_init(&g);
    if (get_set_up(&g) == ASSAY_OK) {
        get_watch_signals(&g, true);
        connect_to_server(&g);
        get_run(&g);
    }
    return get_leave(&g, false);
}

/* What is wrong with the command line as such. */
static bool
check_usage(const struct command *c, const struct options *o,
            struct assay_uri *uri, enum exit_code *code)
{
    struct assay_error err;

    assay_error_clear(&err);
    if (assay_uri_parse(assay_slice_of(o->operand), uri, &err) != ASSAY_OK) {
        *code = cli_usage(c, "%s", err.msg);
    } else if (!uri->https) {
        *code = cli_usage(c, "an attested session needs an https:// URL");
    } else if (o->policy == NULL) {
        *code = cli_usage(c, "--policy FILE is missing: it says what the "
                             "server has to prove");
    } else {
        return true;
    }
    return false;
}

static enum exit_code
run(const struct command *c, const struct options *o)
{
    struct assay_uri uri;
    enum exit_code code;

    return check_usage(c, o, &uri, &code) ? get(c, o, &uri) : code;
}

const struct command command_get = {
    .name = "get",
    .summary = "make an HTTP request to a server that has proven itself",
    .help =
        "Usage: assay get --policy FILE [OPTIONS] URL\n"
        "\n"
        "Connects to an https URL, has the server prove by its evidence what\n"
        "the policy asks for, and only then sends the request. The body of\n"
        "the response goes to standard output.\n"
        "\n"
        "  --policy FILE       what the server has to prove (JSON, or TOML if\n"
        "                      the name ends in .toml)\n"
        "  -X, --request NAME  method (GET; POST with --data)\n"
        "  -H, --header LINE   'Name: value', repeatable; 'Name:' leaves out\n"
        "                      one of our own\n"
        "  -d, --data TEXT     body; @FILE reads it from there, @- from\n"
        "                      standard input\n"
        "  -o, --output FILE   the response goes there, once it is whole\n"
        "  -i, --include       with the response's head\n"
        "  -L, --location      follow redirects, on the attested host only\n"
        "  --verdict FILE      write verdict and session facts there (JSON)\n"
        "  --save-evidence FILE|FOLDER\n"
        "                      keep what the server gave, to be judged again\n"
        "                      with 'assay verify --evidence'; before the\n"
        "                      request goes out\n"
        "  --json              one JSON object: verdict and response\n"
        "  --timing            how long each phase took, on standard error\n"
        "  -v, --verbose       who was reached and what was proven\n"
        "  --max-size BYTES    of the response's body (1 GiB; with --json 64\n"
        "                      MiB at most)\n"
        "\n" HELP_SESSION "\n"
        "Exit: 0 done over a trusted session, 1 the server did not prove\n"
        "itself, 2 it could not be tried or finished, 64 usage.\n",
    .options = OPTIONS_GET,
    .operands = "URL",
    .run = run,
};
