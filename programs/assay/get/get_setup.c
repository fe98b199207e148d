/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * get_setup.c - from options and policy to everything that a session rests on.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "get.h"
#include "io/file.h"
#include "programs/assay/load.h"
#include "programs/assay/source.h"
#include "session_json.h"

static void
read_data(struct get *g)
{
    const char *data = g->o->get.data;
    struct assay_error *err = &g->err;

    g->request.method = g->o->get.method;
    if (data != NULL) {
        g->request.has_body = true;
        if (strcmp(data, "@-") == 0) {
            (void)!assay_stdin_read(GET_DATA_MAX_BYTES, &g->data, err);
            g->request.body = assay_buf_slice(&g->data);
        } else if (data[0] == '@') {
            (void)!assay_file_read(data + 1, GET_DATA_MAX_BYTES, &g->data, err);
            g->request.body = assay_buf_slice(&g->data);
        } else {
            g->request.body = assay_slice_of(data);
        }
    }
    if (g->request.method == NULL) {
        g->request.method = data != NULL ? "POST" : "GET";
    }
}

/* The system's roots, the policy's and those of --ca, all in one. */
static void
make_roots(struct get *g)
{
    const char *files[] = {assay_policy_ca_file(g->policy), g->o->get.ca};

    if (g->err.code == ASSAY_OK) {
        (void)!assay_load_tls_roots(g->ctx, files, 2, &g->roots, &g->err);
    }
}

/* One of the policy's wires, before anything is sent. */
static void
choose_wire(struct get *g)
{
    size_t count = assay_policy_wire_count(g->policy);

    g->session.wire = assay_policy_wire(g->policy, 0);
    if (g->o->get.wire == NULL) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        enum assay_wire w = assay_policy_wire(g->policy, i);

        if (strcmp(assay_wire_name(w), g->o->get.wire) == 0) {
            g->session.wire = w;
            return;
        }
    }
    assay_fail(&g->err, ASSAY_INVALID, ASSAY_NO_OFFSET,
               "--wire: the policy does not allow '%.20s'", g->o->get.wire);
}

static void
make_dial(struct get *g)
{
    const struct get_options *o = &g->o->get;

    g->dial = (struct assay_dial_options){
        .resolve = o->resolve,
        .resolve_count = o->resolve_count,
        .timeout_ms = g->o->connect_timeout_ms != 0 ? g->o->connect_timeout_ms
                                                    : GET_CONNECT_MS,
    };
    (void)snprintf(g->dial.to.host, sizeof(g->dial.to.host), "%s", g->uri.host);
    (void)snprintf(g->dial.to.port, sizeof(g->dial.to.port), "%u",
                   (unsigned)g->uri.port);
    if (o->proxy == NULL) {
        g->proxy = assay_dial_proxy_of_environment(g->uri.host);
        g->dial.proxy = g->proxy;
    } else if (o->proxy[0] != '\0') {
        g->dial.proxy = o->proxy;
    }
}

/* Each source has its share of the phase, so that one that hangs does not keep
 * the next from being asked. */
static void
make_supply(struct get *g)
{
    const struct options *o = g->o;
    size_t count = source_urls(o, g->policy, g->urls);
    struct assay_supply_options s = {
        .ctx = g->ctx,
        .verifier = g->verifier,
        .root = g->session.root,
        .sources = g->urls,
        .source_count = count,
        .fetch = source_fetch(o, g->policy),
        .use_cache = !o->no_cache && assay_policy_cache_collateral(g->policy),
        .grace_s = assay_policy_collateral_grace(g->policy),
        .fresh = assay_policy_freshness(g->policy),
        .seen = g->seen,
        .fixed = g->bundle,
    };

    s.fetch.timeout_ms = g->phase_ms / ((uint32_t)count + 1) + 1;
    g->has_loop = uv_loop_init(&g->loop) == 0;
    g->supply = g->has_loop ? assay_supply_new(&g->loop, &s) : NULL;
    if (g->supply == NULL) {
        assay_fail(&g->err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                   "the event loop could not be made");
    }
}

void
get_init(struct get *g)
{
    const struct options *o = g->o;

    assay_error_clear(&g->err);
    assay_buf_init(&g->wire, GET_DATA_MAX_BYTES + ASSAY_HTTP1_HEAD_MAX_BYTES);
    assay_buf_init(&g->verdict, SESSION_JSON_MAX_BYTES);
    sink_init(&g->sink, o->output, o->json, o->get.include);
    g->phase_ms = o->timeout_ms != 0 ? o->timeout_ms : GET_PHASE_MS;
}

static void
load_all(struct get *g)
{
    struct assay_error *err = &g->err;

    if (assay_ctx_new(&g->ctx, err) != ASSAY_OK ||
        (g->policy == NULL && /* else the caller has made one */
         assay_load_policy_texts(g->ctx, g->o->policy, &g->policy,
                                 &g->policy_texts, err) != ASSAY_OK) ||
        assay_verifier_new(g->ctx, 1, &g->verifier, err) != ASSAY_OK) {
        return;
    }
    g->seen = source_seen(err);
    if (g->seen == NULL) {
        return;
    }
    if (load_trusted_root(g->ctx, g->o, g->policy, &g->own_root, err) ==
            ASSAY_OK &&
        g->o->collateral != NULL) {
        (void)!assay_load_bundle(g->ctx, g->o->collateral, &g->bundle, err);
    }
    make_roots(g);
}

static void
make_quoter(struct get *g)
{
    if (g->o->get.quotes != NULL && g->err.code == ASSAY_OK &&
        assay_quoter_new(&g->loop, g->o->get.quotes, g->phase_ms, &g->quoter,
                         &g->err) != ASSAY_OK) {
        assay_error_prefix(&g->err, "--quotes");
    }
}

enum assay_code
get_set_up_session(struct get *g)
{
    struct assay_error *err = &g->err;

    load_all(g);
    if (err->code != ASSAY_OK) {
        return err->code;
    }
    g->session = (struct assay_client_options){
        .ctx = g->ctx,
        .verifier = g->verifier,
        .root = g->own_root != NULL ? g->own_root : assay_root_intel(),
        .policy = g->policy,
        .roots = g->roots,
        .server_name = g->uri.host,
        .keep_evidence = g->o->get.save_evidence != NULL,
    };
    choose_wire(g);
    make_dial(g);
    make_supply(g);
    make_quoter(g);
    return err->code;
}

enum assay_code
get_set_up(struct get *g)
{
    struct assay_error *err = &g->err;

    if (get_set_up_session(g) == ASSAY_OK) {
        read_data(g);
    }
    if (err->code == ASSAY_OK &&
        get_request_write(&g->request, &g->uri, &g->o->get, &g->wire, err) ==
            ASSAY_OK) {
        (void)!sink_open(&g->sink, err);
    }
    return err->code;
}

/* --- the end ------------------------------------------------------------ */

static void
on_limit(uv_timer_t *limit)
{
    uv_stop(limit->loop);
}

/* Lets handles close and threads notice that they are not needed; false if one
 * of them does not. */
static bool
end_loop(uv_loop_t *loop)
{
    uv_timer_t limit;

    uv_timer_init(loop, &limit); /* never fails */
    (void)uv_timer_start(&limit, on_limit, GET_END_MS, 0);
    uv_unref((uv_handle_t *)&limit);
    (void)uv_run(loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&limit, NULL);
    (void)uv_run(loop, UV_RUN_NOWAIT);
    return uv_loop_close(loop) == 0;
}

bool
get_free(struct get *g)
{
    sink_free(&g->sink);
    assay_supply_free(g->supply);
    assay_quoter_free(g->quoter);
    if (g->has_loop && !end_loop(&g->loop)) {
        return false;
    }
    free(g->proxy);
    assay_seen_free(g->seen);
    assay_verifier_free(g->verifier);
    assay_collateral_free(g->bundle);
    assay_tls_roots_free(g->roots);
    assay_root_free(g->own_root);
    assay_policy_free(g->policy);
    assay_load_policy_texts_free(&g->policy_texts);
    assay_ctx_free(g->ctx);
    assay_buf_free(&g->data);
    assay_buf_free(&g->wire);
    assay_buf_free(&g->verdict);
    return true;
}
