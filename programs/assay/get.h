/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * get.h - all that one run of `assay get` owns.
 */
#pragma once

#include "get_request.h"
#include "get_sink.h"
#include "io/exchange.h"

struct get {
    const struct command *c;
    const struct options *o;
    struct assay_uri uri;
    struct get_request request;
    struct assay_buf data; /* of --data */
    struct assay_buf wire; /* the request as it goes out */
    /* what the session rests on */
    struct assay_ctx *ctx;
    struct assay_policy *policy;
    struct assay_root *own_root;
    struct assay_tls_roots *roots;
    struct assay_collateral *bundle;
    struct assay_verifier *verifier;
    const char *urls[ASSAY_PCS_SOURCES_MAX];
    struct assay_client_options session;
    struct assay_dial_options dial;
    char *proxy;
    struct assay_supply *supply;
    uv_loop_t loop;
    bool has_loop;
    /* what runs */
    struct assay_attested *conn;
    struct assay_exchange *exchange;
    struct sink sink;
    unsigned redirects;
    unsigned redirect_status; /* of the response that is being read; or 0 */
    struct assay_uri next;
    bool reusable;
    /* how it ended */
    bool done;
    bool peer_failed;
    bool verdict_kept;
    struct assay_buf verdict; /* the document */
    struct assay_error err;
};

/* Everything that can be wrong without asking anybody; *g has c, o and the
 * sink, and is otherwise zero. The error is in g->err. */
ASSAY_MUST_CHECK enum assay_code get_set_up(struct get *g);
void get_free(struct get *g);
