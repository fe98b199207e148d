/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * gather.c - see assay/gather.h.
 */
#include "assay/gather.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/text.h"
#include "base/url.h"
#include "collateral/collateral.h"
#include "collateral/usable.h"
#include "http1/header_field.h"

enum part { TCB_INFO, QE_IDENTITY, PCK_CRL, ROOT_CA_CRL, PART_COUNT };

/* The four requests. A path may have %s for the TEE ("sgx", "tdx") and then
 * one for FMSPC or CA. CRLs may arrive as hex or PEM, hence twice the room. */
static const struct {
    const char *name;
    const char *path;
    bool updates; /* takes update= and tcbEvaluationDataNumber= */
    size_t max;   /* bytes of the body */
    const char *chain_header[2]; /* issuer chain; newer name first */
    bool chain_required;
} parts_table[PART_COUNT] = {
    [TCB_INFO] = {"tcb_info",
                  "/certification/v4/tcb?fmspc=",
                  true,
                  ASSAY_TCB_INFO_MAX_BYTES,
                  {"TCB-Info-Issuer-Chain", "SGX-TCB-Info-Issuer-Chain"},
                  true},
    [QE_IDENTITY] = {"qe_identity",
                     "/certification/v4/qe/identity",
                     true,
                     ASSAY_QE_IDENTITY_MAX_BYTES,
                     {"SGX-Enclave-Identity-Issuer-Chain", NULL},
                     true},
    [PCK_CRL] = {"pck_crl",
                 "/certification/v4/pckcrl?ca=",
                 false,
                 2u * ASSAY_CRL_MAX_BYTES,
                 {"SGX-PCK-CRL-Issuer-Chain", NULL},
                 false},
    [ROOT_CA_CRL] = {"root_ca_crl",
                     "/certification/v4/rootcacrl",
                     false,
                     2u * ASSAY_CRL_MAX_BYTES,
                     {NULL, NULL},
                     false},
};

struct assay_gather {
    const struct assay_ctx *ctx;
    struct assay_gather_request request;
    size_t source;  /* that is being asked; source_count: none any more */
    enum part part; /* of it */
    char url[ASSAY_URL_MAX_BYTES];
    /* What this source has delivered. */
    struct assay_buf body[PART_COUNT];
    struct assay_buf chain[PART_COUNT]; /* percent-decoded */
    struct assay_error said[ASSAY_SOURCES_MAX];
    /* The best so far. */
    struct assay_collateral *found;
    struct assay_buf bundle;
    bool taken;
};

static void
add_updates(struct assay_buf *url, const struct assay_gather_request *request,
            char separator)
{
    if (request->early) {
        assay_buf_printf(url, "%cupdate=early", separator);
    }
    if (request->evaluation != 0) {
        assay_buf_printf(url, "%ctcbEvaluationDataNumber=%u", separator,
                         request->evaluation);
    }
}

/* The URL of the part that is due. */
static enum assay_code
build_url(struct assay_gather *g, struct assay_error *err)
{
    const struct assay_gather_request *r = &g->request;
    bool tdx = r->need->tdx && (g->part == TCB_INFO || g->part == QE_IDENTITY);
    struct assay_buf url;
    char path[64];

    assay_buf_init(&url, sizeof(g->url) - 1);
    (void)snprintf(path, sizeof(path), "/%s%s", tdx ? "tdx" : "sgx",
                   parts_table[g->part].path);
    assay_url_put_source(&url, r->sources[g->source], path);
    if (g->part == TCB_INFO) {
        assay_buf_add_text(&url, r->need->fmspc);
    } else if (g->part == PCK_CRL) {
        assay_buf_printf(&url, "%s&encoding=der", r->need->ca);
    }
    if (parts_table[g->part].updates) {
        add_updates(&url, r, g->part == TCB_INFO ? '&' : '?');
    }
    if (assay_buf_check(&url, "URL", err) == ASSAY_OK) {
        assay_copy(g->url, assay_buf_slice(&url));
        g->url[url.len] = '\0';
    }
    assay_buf_free(&url);
    return err->code;
}

/* --- answers ------------------------------------------------------------ */

/* Proxies and captive portals answer 200 with a page for people. */
static enum assay_code
check_body(struct assay_slice body, const char *shown, struct assay_error *err)
{
    size_t i = 0;

    while (i < body.len && (body.ptr[i] == ' ' || body.ptr[i] == '\t' ||
                            body.ptr[i] == '\r' || body.ptr[i] == '\n')) {
        i++;
    }
    if (i == body.len) {
        return assay_fail(err, ASSAY_NETWORK, ASSAY_NO_OFFSET,
                          "%s: the answer is empty", shown);
    }
    if (body.ptr[i] == '<') {
        return assay_fail(err, ASSAY_NETWORK, ASSAY_NO_OFFSET,
                          "%s: the answer is a web page, not collateral",
                          shown);
    }
    return ASSAY_OK;
}

static enum assay_code
take_chain(struct assay_gather *g, struct assay_slice headers,
           const char *shown, struct assay_error *err)
{
    struct assay_slice value = ASSAY_EMPTY;
    const char *name = NULL;

    for (size_t i = 0; i < 2 && value.len == 0; i++) {
        if (parts_table[g->part].chain_header[i] != NULL) {
            name = parts_table[g->part].chain_header[i];
            value = assay_header_field(headers, name);
        }
    }
    if (value.len == 0 && parts_table[g->part].chain_required) {
        return assay_fail(err, ASSAY_NETWORK, ASSAY_NO_OFFSET,
                          "%s: the answer has no %s header", shown,
                          parts_table[g->part].chain_header[0]);
    }
    if (value.len > 0 && assay_percent_decode(value, &g->chain[g->part], name,
                                              err) != ASSAY_OK) {
        assay_error_prefix(err, "%s", shown);
    }
    return err->code;
}

static enum assay_code
take_part(struct assay_gather *g, struct assay_slice headers,
          struct assay_slice body, struct assay_error *err)
{
    char shown[ASSAY_URL_MAX_BYTES];

    assay_url_show(g->url, shown, sizeof(shown));
    if (headers.len > ASSAY_GATHER_HEADERS_MAX_BYTES ||
        body.len > parts_table[g->part].max) {
        return assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                          "%s: the answer is too large", shown);
    }
    if (check_body(body, shown, err) == ASSAY_OK &&
        take_chain(g, headers, shown, err) == ASSAY_OK) {
        assay_buf_add(&g->body[g->part], body);
        (void)!assay_buf_check(&g->body[g->part], parts_table[g->part].name,
                               err);
    }
    return err->code;
}

/* A PCCS that does not know the parameter ignores it. */
static enum assay_code
check_evaluation(struct assay_slice tcb_info, uint32_t wanted,
                 struct assay_error *err)
{
    static const struct assay_json_limits limits = {ASSAY_TCB_INFO_MAX_BYTES,
                                                    16, 65536};
    struct assay_json *j = NULL;
    uint64_t got = 0;
    uint32_t body;

    if (assay_json_parse(tcb_info, &limits, "tcb_info", &j, err) != ASSAY_OK) {
        return err->code;
    }
    body = assay_json_member(j, ASSAY_JSON_ROOT, "tcbInfo");
    if (!assay_json_u64(
            j, assay_json_member(j, body, "tcbEvaluationDataNumber"), &got) ||
        got != wanted) {
        assay_fail(err, ASSAY_NOT_FOUND, ASSAY_NO_OFFSET,
                   "tcb_info: tcbEvaluationDataNumber is %llu where %u was "
                   "asked for",
                   (unsigned long long)got, wanted);
    }
    assay_json_free(j);
    return err->code;
}

static enum assay_code
assemble(const struct assay_gather *g, struct assay_buf *bundle,
         struct assay_collateral **out, struct assay_error *err)
{
    struct assay_collateral_parts parts = {
        .tcb_info = assay_buf_slice(&g->body[TCB_INFO]),
        .tcb_info_issuer_chain = assay_buf_slice(&g->chain[TCB_INFO]),
        .qe_identity = assay_buf_slice(&g->body[QE_IDENTITY]),
        .qe_identity_issuer_chain = assay_buf_slice(&g->chain[QE_IDENTITY]),
        .pck_crl = assay_buf_slice(&g->body[PCK_CRL]),
        .pck_crl_issuer_chain = assay_buf_slice(&g->chain[PCK_CRL]),
        .root_ca_crl = assay_buf_slice(&g->body[ROOT_CA_CRL]),
    };
    const struct assay_gather_request *r = &g->request;
    struct assay_collateral *c = NULL;

    if (assay_collateral_from_parts(g->ctx, &parts, &c, err) == ASSAY_OK &&
        assay_serves(c, r->need, err) == ASSAY_OK && r->evaluation != 0) {
        check_evaluation(parts.tcb_info, r->evaluation, err);
    }
    if (err->code == ASSAY_OK &&
        assay_collateral_write(&parts, bundle, err) == ASSAY_OK) {
        *out = c;
        return ASSAY_OK;
    }
    assay_collateral_free(c);
    return err->code;
}

/* "https://host/path: reason" without the path, to leave room for reasons. */
static void
shorten(const char *msg, char *out, size_t out_size)
{
    const char *authority = strstr(msg, "://");
    const char *reason;
    size_t host;

    authority = authority == NULL ? msg : authority + 3;
    host = (size_t)(authority - msg) + strcspn(authority, "/ ");
    reason = strstr(msg + host, ": ");
    if (reason == NULL) {
        snprintf(out, out_size, "%s", msg);
    } else {
        snprintf(out, out_size, "%.*s%s", (int)host, msg, reason);
    }
}

/* Several failures in the room of one message, each with its share. */
static enum assay_code
summarize(const struct assay_error *said, size_t count, struct assay_error *err)
{
    enum assay_code code = said[0].code;
    char msg[sizeof(err->msg)];
    size_t used = 0;
    size_t room;

    if (count <= 1) {
        *err = said[0];
        return err->code;
    }
    room = sizeof(msg) / count - 3; /* less "; " and a NUL */
    for (size_t i = 0; i < count; i++) {
        char one[sizeof(err->msg)];
        bool cut;

        shorten(said[i].msg, one, sizeof(one));
        cut = strlen(one) > room;
        used += (size_t)snprintf(
            msg + used, sizeof(msg) - used, "%s%.*s%s", i == 0 ? "" : "; ",
            (int)(cut ? room - 2 : room), one, cut ? ".." : "");
        code = said[i].code == code ? code : ASSAY_NETWORK;
    }
    assay_error_clear(err);
    return assay_fail(err, code, ASSAY_NO_OFFSET, "%s", msg);
}

static enum assay_code
check_request(const struct assay_gather_request *request,
              struct assay_error *err)
{
    if (request->source_count == 0 ||
        request->source_count > ASSAY_SOURCES_MAX) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "%zu collateral sources; 1 to %u are possible",
                          request->source_count, ASSAY_SOURCES_MAX);
    }
    for (size_t i = 0; i < request->source_count; i++) {
        const char *url = request->sources[i];
        if (url[0] != '\0' && assay_url_check_base(url, err) != ASSAY_OK) {
            return err->code;
        }
    }
    return ASSAY_OK;
}

/* What need not be passed by. */
static bool
is_good(const struct assay_gather_request *request,
        const struct assay_collateral *c)
{
    return assay_has_reached(c, request->seen) &&
           (request->now_s == 0 ||
            assay_is_fresh(c, &request->fresh, request->now_s));
}

/* Of two that are not good: in date before run out, then by evaluation. */
static bool
is_better(const struct assay_gather_request *request,
          const struct assay_collateral *c,
          const struct assay_collateral *other)
{
    bool good = assay_is_in_date(c, request->now_s);

    return good != assay_is_in_date(other, request->now_s)
               ? good
               : assay_has_reached(c, assay_collateral_evaluations(other));
}

/* --- one source after the other ----------------------------------------- */

static void
forget_parts(struct assay_gather *g)
{
    for (size_t i = 0; i < PART_COUNT; i++) {
        assay_buf_free(&g->body[i]);
        assay_buf_free(&g->chain[i]);
        assay_buf_init(&g->body[i], parts_table[i].max);
        assay_buf_init(&g->chain[i], ASSAY_CHAIN_MAX_BYTES);
    }
}

/* From its first part on, if its URLs can be built. */
static void
begin_source(struct assay_gather *g, size_t source)
{
    forget_parts(g);
    g->part = TCB_INFO;
    for (g->source = source; assay_gather_wants(g); g->source++) {
        if (build_url(g, &g->said[g->source]) == ASSAY_OK) {
            return;
        }
    }
}

static void
keep_better(struct assay_gather *g, bool good, struct assay_collateral *c,
            struct assay_buf *bundle)
{
    if (!good && g->found != NULL && !is_better(&g->request, c, g->found)) {
        assay_collateral_free(c);
        assay_buf_free(bundle);
        return;
    }
    assay_collateral_free(g->found);
    assay_buf_free(&g->bundle);
    g->found = c;
    g->bundle = *bundle;
}

static void
end_source(struct assay_gather *g)
{
    const char *source = g->request.sources[g->source];
    struct assay_error *err = &g->said[g->source];
    struct assay_collateral *c = NULL;
    struct assay_buf bundle;
    char shown[ASSAY_URL_MAX_BYTES];
    bool good = false;

    assay_buf_init(&bundle, ASSAY_BUNDLE_MAX_BYTES);
    if (assemble(g, &bundle, &c, err) == ASSAY_OK) {
        good = is_good(&g->request, c);
        keep_better(g, good, c, &bundle);
    } else {
        assay_buf_free(&bundle);
        assay_url_show(source[0] == '\0' ? ASSAY_URL_INTEL_API : source, shown,
                       sizeof(shown));
        assay_error_prefix(err, "%s", shown);
    }
    begin_source(g, good ? g->request.source_count : g->source + 1);
}

enum assay_code
assay_gather_new(const struct assay_ctx *ctx,
                 const struct assay_gather_request *request,
                 struct assay_gather **out, struct assay_error *err)
{
    struct assay_gather *g;

    *out = NULL;
    assay_error_clear(err);
    if (check_request(request, err) != ASSAY_OK) {
        return err->code;
    }
    g = calloc(1, sizeof(*g));
    if (g == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "collateral");
    }
    g->ctx = ctx;
    g->request = *request;
    assay_buf_init(&g->bundle, ASSAY_BUNDLE_MAX_BYTES);
    begin_source(g, 0);
    *out = g;
    return ASSAY_OK;
}

void
assay_gather_free(struct assay_gather *g)
{
    if (g != NULL) {
        forget_parts(g);
        assay_collateral_free(g->found);
        assay_buf_free(&g->bundle);
        free(g);
    }
}

bool
assay_gather_wants(const struct assay_gather *g)
{
    return g->source < g->request.source_count;
}

const char *
assay_gather_url(const struct assay_gather *g)
{
    return assay_gather_wants(g) ? g->url : NULL;
}

size_t
assay_gather_max_body(const struct assay_gather *g)
{
    return assay_gather_wants(g) ? parts_table[g->part].max : 0;
}

void
assay_gather_give(struct assay_gather *g, struct assay_slice headers,
                  struct assay_slice body)
{
    struct assay_error *err;

    if (!assay_gather_wants(g)) {
        return;
    }
    err = &g->said[g->source];
    if (take_part(g, headers, body, err) != ASSAY_OK) {
        begin_source(g, g->source + 1);
    } else if (g->part + 1 == PART_COUNT) {
        end_source(g);
    } else {
        g->part++;
        if (build_url(g, err) != ASSAY_OK) {
            begin_source(g, g->source + 1);
        }
    }
}

void
assay_gather_fail(struct assay_gather *g, const struct assay_error *why)
{
    if (assay_gather_wants(g)) {
        g->said[g->source] = *why;
        begin_source(g, g->source + 1);
    }
}

enum assay_code
assay_gather_take(struct assay_gather *g, struct assay_buf *bundle,
                  struct assay_collateral **out, struct assay_error *err)
{
    *out = NULL;
    assay_error_clear(err);
    if (assay_gather_wants(g) || g->taken) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          g->taken ? "collateral: was taken before"
                                   : "collateral: a source has not answered");
    }
    if (g->found == NULL) {
        return summarize(g->said, g->request.source_count, err);
    }
    assay_buf_add(bundle, assay_buf_slice(&g->bundle));
    if (assay_buf_check(bundle, "bundle", err) == ASSAY_OK) {
        *out = g->found;
        g->found = NULL;
        g->taken = true;
    }
    return err->code;
}
