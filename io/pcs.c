/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pcs.c - collateral from Intel's PCS or from a PCCS.
 */
#include "io/pcs.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/text.h"
#include "collateral/collateral.h"
#include "io/freshness.h"
#include "io/seen.h"
#include "io/url.h"

#define INTEL_API "https://api.trustedservices.intel.com"
#define INTEL_ROOT_CRL                                                         \
    "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"

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

/* What one source delivered. */
struct delivery {
    struct assay_response response[PART_COUNT];
    struct assay_buf chain[PART_COUNT]; /* percent-decoded */
};

static void
delivery_init(struct delivery *d)
{
    memset(d, 0, sizeof(*d));
    for (size_t i = 0; i < PART_COUNT; i++) {
        assay_buf_init(&d->chain[i], ASSAY_CHAIN_MAX_BYTES);
    }
}

static void
delivery_free(struct delivery *d)
{
    for (size_t i = 0; i < PART_COUNT; i++) {
        assay_response_free(&d->response[i]);
        assay_buf_free(&d->chain[i]);
    }
}

/* Where the paths start: people write a PCCS with or without the slash and
 * with or without "/sgx/certification/v4", as Intel's own settings do. */
static struct assay_slice
api_base(const char *source)
{
    static const char *const tails[] = {"/sgx/certification/v4",
                                        "/tdx/certification/v4"};
    size_t n;

    if (source[0] == '\0') {
        source = INTEL_API;
    }
    n = strlen(source);
    while (n > 0 && source[n - 1] == '/') {
        n--;
    }
    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        size_t tail = strlen(tails[i]);
        if (n > tail && strncmp(source + n - tail, tails[i], tail) == 0) {
            n -= tail;
        }
    }
    return (struct assay_slice){(const uint8_t *)source, n};
}

static void
add_updates(struct assay_buf *url, const struct assay_pcs_request *request,
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

/* The URL of a part at a source, NUL-terminated. */
static enum assay_code
build_url(const struct assay_pcs_request *request, const char *source,
          enum part part, struct assay_buf *url, struct assay_error *err)
{
    const struct assay_collateral_need *need = request->need;
    struct assay_slice base = api_base(source);
    bool tdx = need->tdx && (part == TCB_INFO || part == QE_IDENTITY);

    if (part == ROOT_CA_CRL && assay_slice_is_nocase(base, INTEL_API)) {
        assay_buf_add_text(url, INTEL_ROOT_CRL);
    } else {
        assay_buf_add(url, base);
        assay_buf_printf(url, "/%s%s", tdx ? "tdx" : "sgx",
                         parts_table[part].path);
    }
    if (part == TCB_INFO) {
        assay_buf_add_text(url, need->fmspc);
    } else if (part == PCK_CRL) {
        assay_buf_printf(url, "%s&encoding=der", need->ca);
    }
    if (parts_table[part].updates) {
        add_updates(url, request, part == TCB_INFO ? '&' : '?');
    }
    assay_buf_add_u8(url, 0);
    return assay_buf_check(url, "URL", err);
}

/* Proxies and captive portals answer 200 with a page for people. */
static enum assay_code
check_body(struct assay_slice body, const char *url, struct assay_error *err)
{
    size_t i = 0;
    char shown[ASSAY_URL_MAX_BYTES];

    while (i < body.len && (body.ptr[i] == ' ' || body.ptr[i] == '\t' ||
                            body.ptr[i] == '\r' || body.ptr[i] == '\n')) {
        i++;
    }
    assay_url_show(url, shown, sizeof(shown));
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
take_chain(enum part part, const char *url, struct delivery *d,
           struct assay_error *err)
{
    struct assay_slice value = ASSAY_EMPTY;
    const char *name = NULL;
    char shown[ASSAY_URL_MAX_BYTES];

    for (size_t i = 0; i < 2 && value.len == 0; i++) {
        if (parts_table[part].chain_header[i] != NULL) {
            name = parts_table[part].chain_header[i];
            value = assay_response_header(&d->response[part], name);
        }
    }
    assay_url_show(url, shown, sizeof(shown));
    if (value.len == 0 && parts_table[part].chain_required) {
        return assay_fail(err, ASSAY_NETWORK, ASSAY_NO_OFFSET,
                          "%s: the answer has no %s header", shown,
                          parts_table[part].chain_header[0]);
    }
    if (value.len > 0 &&
        assay_percent_decode(value, &d->chain[part], name, err) != ASSAY_OK) {
        assay_error_prefix(err, "%s", shown);
    }
    return err->code;
}

static enum assay_code
fetch_part(struct assay_fetcher *fetcher,
           const struct assay_pcs_request *request, const char *source,
           enum part part, struct delivery *d, struct assay_error *err)
{
    struct assay_buf buf;
    const char *url;

    assay_buf_init(&buf, ASSAY_URL_MAX_BYTES);
    if (build_url(request, source, part, &buf, err) == ASSAY_OK) {
        url = (const char *)buf.ptr;
        if (assay_fetch(fetcher, url, parts_table[part].max, &d->response[part],
                        err) == ASSAY_OK &&
            check_body(assay_buf_slice(&d->response[part].body), url, err) ==
                ASSAY_OK) {
            take_chain(part, url, d, err);
        }
    }
    assay_buf_free(&buf);
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

enum assay_code
assay_pcs_check_platform(const struct assay_collateral *c,
                         const struct assay_collateral_need *need,
                         struct assay_error *err)
{
    char fmspc[13];

    assay_hex_to(fmspc, ASSAY_SLICE(c->tcb_info.fmspc));
    if (c->tcb_info.tdx != need->tdx || c->qe_identity.tdx != need->tdx ||
        strcmp(fmspc, need->fmspc) != 0) {
        return assay_fail(err, ASSAY_NOT_FOUND, ASSAY_NO_OFFSET,
                          "TCB info of %s %s and QE identity of %s, not of %s "
                          "%s",
                          c->tcb_info.tdx ? "tdx" : "sgx", fmspc,
                          c->qe_identity.tdx ? "tdx" : "sgx",
                          need->tdx ? "tdx" : "sgx", need->fmspc);
    }
    return ASSAY_OK;
}

static enum assay_code
assemble(const struct assay_ctx *ctx, const struct assay_pcs_request *request,
         const struct delivery *d, struct assay_buf *bundle,
         struct assay_collateral **out, struct assay_error *err)
{
    struct assay_collateral_parts parts = {
        .tcb_info = assay_buf_slice(&d->response[TCB_INFO].body),
        .tcb_info_issuer_chain = assay_buf_slice(&d->chain[TCB_INFO]),
        .qe_identity = assay_buf_slice(&d->response[QE_IDENTITY].body),
        .qe_identity_issuer_chain = assay_buf_slice(&d->chain[QE_IDENTITY]),
        .pck_crl = assay_buf_slice(&d->response[PCK_CRL].body),
        .pck_crl_issuer_chain = assay_buf_slice(&d->chain[PCK_CRL]),
        .root_ca_crl = assay_buf_slice(&d->response[ROOT_CA_CRL].body),
    };
    struct assay_collateral *c = NULL;

    if (assay_collateral_from_parts(ctx, &parts, &c, err) != ASSAY_OK) {
        return err->code;
    }
    if (assay_pcs_check_platform(c, request->need, err) == ASSAY_OK &&
        request->evaluation != 0) {
        check_evaluation(parts.tcb_info, request->evaluation, err);
    }
    if (err->code == ASSAY_OK &&
        assay_collateral_write(&parts, bundle, err) == ASSAY_OK) {
        *out = c;
        return ASSAY_OK;
    }
    assay_collateral_free(c);
    bundle->len = 0;
    return err->code;
}

static enum assay_code
ask_source(const struct assay_ctx *ctx, struct assay_fetcher *fetcher,
           const struct assay_pcs_request *request, const char *source,
           struct assay_buf *bundle, struct assay_collateral **out,
           struct assay_error *err)
{
    struct delivery d;
    char shown[ASSAY_URL_MAX_BYTES];

    assay_error_clear(err);
    delivery_init(&d);
    for (size_t i = 0; i < PART_COUNT && err->code == ASSAY_OK; i++) {
        fetch_part(fetcher, request, source, (enum part)i, &d, err);
    }
    if (err->code == ASSAY_OK &&
        assemble(ctx, request, &d, bundle, out, err) != ASSAY_OK) {
        assay_url_show(source[0] == '\0' ? INTEL_API : source, shown,
                       sizeof(shown));
        assay_error_prefix(err, "%s", shown);
    }
    delivery_free(&d);
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
check_request(const struct assay_pcs_request *request, struct assay_error *err)
{
    if (request->source_count == 0 ||
        request->source_count > ASSAY_PCS_SOURCES_MAX) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "%zu collateral sources; 1 to %u are possible",
                          request->source_count, ASSAY_PCS_SOURCES_MAX);
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
is_good(const struct assay_pcs_request *request,
        const struct assay_collateral *c)
{
    return assay_seen_reached(c, request->seen) &&
           (request->now_s == 0 ||
            assay_is_fresh(c, &request->fresh, request->now_s));
}

/* Of two that are not good: in date before run out, then by evaluation. */
static bool
is_better(const struct assay_pcs_request *request,
          const struct assay_collateral *c,
          const struct assay_collateral *other)
{
    bool good = assay_is_in_date(c, request->now_s);

    return good != assay_is_in_date(other, request->now_s)
               ? good
               : assay_seen_reached(c, assay_collateral_evaluations(other));
}

static void
keep_better(const struct assay_pcs_request *request, bool good,
            struct assay_buf *found, struct assay_collateral *c,
            struct assay_buf *bundle, struct assay_collateral **out)
{
    if (!good && *out != NULL && !is_better(request, c, *out)) {
        assay_buf_free(found);
        assay_collateral_free(c);
        return;
    }
    assay_collateral_free(*out);
    assay_buf_free(bundle);
    *out = c;
    *bundle = *found;
}

enum assay_code
assay_pcs_fetch(const struct assay_ctx *ctx,
                const struct assay_pcs_request *request,
                struct assay_buf *bundle, struct assay_collateral **out,
                struct assay_error *err)
{
    struct assay_fetcher *fetcher = NULL;
    struct assay_error said[ASSAY_PCS_SOURCES_MAX] = {{.code = ASSAY_INVALID}};
    bool good = false;

    *out = NULL;
    assay_error_clear(err);
    assay_buf_init(bundle, ASSAY_BUNDLE_MAX_BYTES);
    if (check_request(request, err) != ASSAY_OK ||
        assay_fetcher_new(request->fetch, &fetcher, err) != ASSAY_OK) {
        return err->code;
    }
    for (size_t i = 0; i < request->source_count && !good; i++) {
        struct assay_buf found;
        struct assay_collateral *c = NULL;

        assay_buf_init(&found, ASSAY_BUNDLE_MAX_BYTES);
        if (ask_source(ctx, fetcher, request, request->sources[i], &found, &c,
                       &said[i]) == ASSAY_OK) {
            good = is_good(request, c);
            keep_better(request, good, &found, c, bundle, out);
        } else {
            assay_buf_free(&found);
        }
    }
    assay_fetcher_free(fetcher);
    return *out != NULL ? ASSAY_OK
                        : summarize(said, request->source_count, err);
}
