/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cmd_get.c - assay get: an HTTP request to a server that has proven itself.
 *
 * get_set_up() makes everything from options and policy; then the loop runs:
 * on_open() sends the request, the exchange brings the response into the sink,
 * and finish() or fail() end it.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/json_out.h"
#include "get.h"
#include "io/file.h"
#include "session_json.h"

/* --- ending ------------------------------------------------------------- */

/* The session's document, while there is a session; the last one counts. */
static void
keep_verdict(struct get *g)
{
    struct assay_error sub;

    g->verdict.len = 0;
    (void)!session_json(g->conn, g->uri.host, &g->err, &g->verdict, &sub);
}

/* What a person should know although all went well. */
static void
put_notes(const struct get *g)
{
    const struct assay_client *c =
        g->conn != NULL ? assay_attested_session(g->conn) : NULL;
    const struct assay_verdict *v = c != NULL ? assay_client_verdict(c) : NULL;

    if (v == NULL || g->o->json) {
        return;
    }
    for (size_t i = 0; i < assay_verdict_check_count(v); i++) {
        struct assay_check check = assay_verdict_check(v, i);

        if (strcmp(check.name, "workload") == 0 &&
            check.outcome != ASSAY_PASSED && assay_verdict_trusted(v)) {
            fprintf(stderr, "assay: get: note: %s\n", check.detail);
        }
    }
    if (g->o->get.verbose) {
        fprintf(stderr, "assay: get: %s (%s): %s\n", g->uri.host,
                assay_attested_peer(g->conn), assay_verdict_summary(v));
    }
}

static void
put_timing(const struct get *g)
{
    for (int p = 0; g->conn != NULL && p < (int)ASSAY_PHASE_COUNT; p++) {
        enum assay_attested_phase phase = (enum assay_attested_phase)p;

        fprintf(stderr, "%-10s %9.3f ms\n", assay_attested_phase_name(phase),
                (double)assay_attested_phase_us(g->conn, phase) / 1000.0);
    }
}

static void
close_all(struct get *g)
{
    keep_verdict(g);
    put_notes(g);
    if (g->o->get.timing) {
        put_timing(g);
    }
    assay_exchange_free(g->exchange);
    g->exchange = NULL;
    assay_attested_close(g->conn);
    g->conn = NULL;
    assay_supply_free(g->supply);
    g->supply = NULL;
}

static void
fail(struct get *g, const struct assay_error *err, bool peer)
{
    if (g->done) {
        return;
    }
    g->done = true;
    g->err = *err;
    g->peer_failed = peer;
    close_all(g);
}

static void
fail_here(struct get *g, enum assay_code code, const char *message)
{
    struct assay_error err;

    assay_error_clear(&err);
    assay_fail(&err, code, ASSAY_NO_OFFSET, "%s", message);
    fail(g, &err, false);
}

static void
finish(struct get *g)
{
    struct assay_error err;

    assay_error_clear(&err);
    if (sink_commit(&g->sink, &err) != ASSAY_OK) {
        fail(g, &err, false);
        return;
    }
    g->done = true;
    close_all(g);
}

/* --- the exchange ------------------------------------------------------- */

static void connect_to_server(struct get *g);
static void send_request(struct get *g);

static bool
is_redirect(unsigned status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 ||
           status == 308;
}

/* A redirect is followed on the host that was attested, or not at all. */
static void
take_location(struct get *g, const struct assay_http1_head *head,
              struct assay_error *err)
{
    struct assay_slice location = assay_http1_get(head, "location");

    if (assay_uri_resolve(&g->uri, location, &g->next, err) != ASSAY_OK) {
        assay_error_prefix(err, "redirect");
    } else if (!assay_uri_same_origin(&g->uri, &g->next)) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "redirect: to %s://%.100s, which is not the host that was "
                   "attested",
                   g->next.https ? "https" : "http", g->next.host);
    } else if (++g->redirects > GET_REDIRECTS) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "redirect: more than %u of them", GET_REDIRECTS);
    } else {
        g->redirect_status = head->status;
    }
}

static void
on_head(void *user, const struct assay_http1_head *head)
{
    struct get *g = user;
    struct assay_error err;

    assay_error_clear(&err);
    g->redirect_status = 0;
    if (g->o->get.follow && is_redirect(head->status) &&
        assay_http1_count(head, "location") == 1) {
        take_location(g, head, &err);
    }
    if (g->redirect_status == 0 && err.code == ASSAY_OK) {
        (void)!sink_head(&g->sink, head, &err);
    }
    if (err.code != ASSAY_OK) {
        g->err = err; /* told by on_data() or on_exchange_done() */
    }
}

static void
on_data(void *user, struct assay_slice data)
{
    struct get *g = user;

    if (g->err.code == ASSAY_OK && g->redirect_status == 0) {
        (void)!sink_data(&g->sink, data, &g->err);
    }
}

static void
on_exchange_done(void *user, bool reusable)
{
    struct get *g = user;
    struct assay_error err = g->err;

    assay_exchange_free(g->exchange);
    g->exchange = NULL;
    if (err.code != ASSAY_OK) {
        fail(g, &err, false);
    } else if (g->redirect_status == 0) {
        finish(g);
    } else {
        get_request_redirect(&g->request, g->redirect_status);
        g->uri = g->next;
        g->wire.len = 0;
        g->reusable = reusable;
        if (get_request_write(&g->request, &g->uri, &g->o->get, &g->wire,
                              &err) != ASSAY_OK) {
            fail(g, &err, false);
        } else if (reusable) {
            send_request(g);
        } else {
            assay_attested_close(g->conn);
            connect_to_server(g);
        }
    }
}

static void
on_exchange_failed(void *user, const struct assay_error *err)
{
    fail(user, err, false);
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
        .body_max =
            g->o->get.body_max != 0 ? g->o->get.body_max : GET_BODY_MAX_DEFAULT,
    };

    g->exchange = assay_exchange_start(g->conn, &options, &events, g);
    if (g->exchange == NULL) {
        fail_here(g, ASSAY_NO_MEMORY, "out of memory");
    }
}

/* --- the connection ----------------------------------------------------- */

static void
on_open(void *user)
{
    struct get *g = user;

    if (g->exchange != NULL) {
        assay_exchange_on_open(g->exchange);
    } else {
        send_request(g);
    }
}

static void
on_failed(void *user, const struct assay_error *err, bool peer)
{
    fail(user, err, peer);
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
    } else {
        fail_here(g, ASSAY_NETWORK, "the server closed the connection");
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
    const struct assay_attested_options options = {
        .session = &g->session,
        .dial = &g->dial,
        .supply = g->supply,
        .phase_ms = g->o->timeout_ms != 0 ? g->o->timeout_ms : GET_PHASE_MS,
    };

    g->conn = assay_attested_new(&g->loop, &options, &events, g);
    if (g->conn == NULL) {
        fail_here(g, ASSAY_NO_MEMORY, "out of memory");
    }
}

/* --- telling ------------------------------------------------------------ */

static void
put_json(const struct get *g)
{
    struct assay_slice verdict = assay_buf_slice(&g->verdict);
    struct assay_json_out o;
    struct assay_buf out;

    assay_buf_init(&out, SESSION_JSON_MAX_BYTES + 3 * SINK_MEMORY_MAX_BYTES);
    assay_buf_add_text(&out, "{\n\"verdict\": ");
    assay_buf_add(&out, verdict.len > 0 ? verdict : assay_slice_of("null"));
    assay_json_out_init(&o, &out, false);
    o.depth = 1;
    o.need_comma = true;
    if (g->err.code == ASSAY_OK) {
        sink_json(&g->sink, &o);
    } else {
        assay_json_out_null(&o, "response");
        assay_json_out_error(&o, "error", &g->err, NULL);
    }
    assay_json_out_close(&o, '}');
    cli_print(&out);
}

static enum exit_code
tell(struct get *g)
{
    struct assay_error err;

    if (g->o->get.verdict_file != NULL && g->verdict.len > 0) {
        assay_error_clear(&err);
        assay_buf_add_u8(&g->verdict, '\n');
        if (assay_file_write(g->o->get.verdict_file,
                             assay_buf_slice(&g->verdict), 0644,
                             &err) != ASSAY_OK &&
            g->err.code == ASSAY_OK) {
            g->err = err;
        }
    }
    if (g->o->json) {
        put_json(g);
    } else if (g->err.code != ASSAY_OK) {
        cli_error(g->c, &g->err);
    }
    if (g->err.code == ASSAY_OK) {
        return EXIT_TRUSTED;
    }
    return g->peer_failed ? EXIT_NOT_TRUSTED : EXIT_UNREADABLE;
}

static enum exit_code
run(const struct command *c, int argc, char **argv)
{
    struct options o;
    struct get g = {.c = c, .o = &o};
    enum exit_code code;

    if (!options_parse(&o, c, OPTIONS_GET, "URL", argc, argv, &code)) {
        return code;
    }
    assay_error_clear(&g.err);
    assay_buf_init(&g.wire, GET_DATA_MAX_BYTES + ASSAY_HTTP1_HEAD_MAX_BYTES);
    assay_buf_init(&g.verdict, SESSION_JSON_MAX_BYTES);
    sink_init(&g.sink, o.output, o.json, o.get.include);
    if (o.policy == NULL) {
        code = cli_usage(c, "--policy FILE is missing: it says what the server "
                            "has to prove");
    } else {
        if (get_set_up(&g) == ASSAY_OK) {
            connect_to_server(&g);
            (void)uv_run(&g.loop, UV_RUN_DEFAULT);
        }
        code = tell(&g);
    }
    get_free(&g);
    options_free(&o);
    return code;
}

const struct command command_get = {
    .name = "get",
    .summary = "make an HTTP request to a server that has proven itself",
    .help =
        "Usage: assay get [OPTIONS] URL\n"
        "\n"
        "Connects to an https URL, has the server prove by its evidence what\n"
        "the policy asks for, and only then sends the request. The body of\n"
        "the response goes to standard output.\n"
        "\n"
        "  --policy FILE       what the server has to prove (JSON, or TOML if\n"
        "                      the name ends in .toml); required\n"
        "  -X, --request NAME  method (GET; POST with --data)\n"
        "  -H, --header LINE   'Name: value', repeatable\n"
        "  -d, --data TEXT     body; @FILE reads it from there, @- from\n"
        "                      standard input\n"
        "  -o, --output FILE   the response goes there, once it is whole\n"
        "  -i, --include       with the response's head\n"
        "  -L, --location      follow redirects, on the attested host only\n"
        "  --verdict FILE      write the verdict and the session's facts "
        "there\n"
        "  --json              one JSON object: verdict and response\n"
        "  --timing            how long each phase took, on standard error\n"
        "  -v, --verbose       who was reached and what was proven\n"
        "  --max-size BYTES    of the response's body (1 GiB)\n"
        "\n"
        "  --ca FILE           further TLS roots (PEM) beside the system's\n"
        "  --resolve HOST:PORT:ADDRESS\n"
        "                      where that host is, repeatable\n"
        "  --proxy URL         http proxy for CONNECT; '' for none. Default:\n"
        "                      HTTPS_PROXY, but for NO_PROXY\n"
        "  --wire v2|v1|v0     one of the policy's wires (its first)\n"
        "  --root FILE         trust this root (PEM) instead of Intel's\n"
        "  --pccs URL[,URL...] sources of collateral; 'intel' is Intel's PCS\n"
        "  --pccs-ca FILE      TLS roots (PEM) of the sources\n"
        "  --collateral FILE   this bundle, and no sources\n"
        "  --no-cache          neither read nor write collateral on disk\n"
        "  --connect-timeout S seconds to connect (10)\n"
        "  --timeout S         seconds of each further phase (30)\n"
        "  -h, --help          this text\n"
        "\n"
        "Exit: 0 done over a trusted session, 1 the server did not prove\n"
        "itself, 2 it could not be tried or finished, 64 usage.\n",
    .run = run,
};
