/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * relay_reply.c - what a source said, and what of it is passed on.
 */
#include "relay_reply.h"

#include <stdio.h>
#include <stdlib.h>

#include "assay/gather.h"
#include "base/bytes.h"
#include "base/json.h"
#include "http1/header_field.h"

#define NODES_MAX 65536u

static const char json_type[] = "application/json";

/* CRLs come as DER, PEM or hex, hence twice the room. */
static const struct {
    size_t max;           /* octets of the body */
    const char *document; /* the member that is signed; NULL: a CRL */
    const char *chain[2]; /* the issuer's; newer name first, or NULL */
} kinds[RELAY_KINDS] = {
    [RELAY_TCB_INFO] = {ASSAY_TCB_INFO_MAX_BYTES,
                        "tcbInfo",
                        {"TCB-Info-Issuer-Chain", "SGX-TCB-Info-Issuer-Chain"}},
    [RELAY_QE_IDENTITY] = {ASSAY_QE_IDENTITY_MAX_BYTES,
                           "enclaveIdentity",
                           {"SGX-Enclave-Identity-Issuer-Chain", NULL}},
    [RELAY_EVALUATIONS] = {ASSAY_QE_IDENTITY_MAX_BYTES,
                           "tcbEvaluationDataNumbers",
                           {"TCB-Evaluation-Data-Numbers-Issuer-Chain", NULL}},
    [RELAY_PCK_CRL] = {2u * ASSAY_CRL_MAX_BYTES,
                       NULL,
                       {"SGX-PCK-CRL-Issuer-Chain", NULL}},
    [RELAY_ROOT_CRL] = {2u * ASSAY_CRL_MAX_BYTES, NULL, {NULL, NULL}},
};

size_t
relay_body_max(enum relay_kind kind)
{
    return kinds[kind].max;
}

/* --- life ---------------------------------------------------------------- */

struct relay_reply *
relay_reply_new(const struct relay_question *q, unsigned status, uint64_t at_ms)
{
    struct relay_reply *r = calloc(1, sizeof(*r));

    if (r == NULL) {
        return NULL;
    }
    atomic_init(&r->holders, 1);
    snprintf(r->path, sizeof(r->path), "%s", q->path);
    r->status = status;
    r->at_ms = at_ms;
    r->type = json_type;
    assay_buf_init(&r->fields, ASSAY_GATHER_HEADERS_MAX_BYTES);
    assay_buf_init(&r->body, 0);
    return r;
}

struct relay_reply *
relay_reply_hold(struct relay_reply *r)
{
    atomic_fetch_add(&r->holders, 1);
    return r;
}

void
relay_reply_release(struct relay_reply *r)
{
    if (r != NULL && atomic_fetch_sub(&r->holders, 1) == 1) {
        assay_buf_free(&r->fields);
        assay_buf_free(&r->body);
        free(r);
    }
}

size_t
relay_reply_bytes(const struct relay_reply *r)
{
    return sizeof(*r) + r->fields.cap + r->body.cap;
}

/* --- is it an answer to this question? ----------------------------------- */

static enum assay_code
check_document(const struct relay_question *q, const struct assay_json *j,
               struct assay_error *err)
{
    uint32_t document =
        assay_json_member(j, ASSAY_JSON_ROOT, kinds[q->kind].document);
    struct assay_slice fmspc =
        assay_json_string(j, assay_json_member(j, document, "fmspc"));
    uint64_t number = 0;

    if (assay_json_type(j, document) != ASSAY_JSON_OBJECT) {
        return assay_fail(err, ASSAY_NETWORK, ASSAY_NO_OFFSET,
                          "the answer has no %s", kinds[q->kind].document);
    }
    if (q->fmspc[0] != '\0' && !assay_slice_is_nocase(fmspc, q->fmspc)) {
        return assay_fail(err, ASSAY_NOT_FOUND, ASSAY_NO_OFFSET,
                          "the answer is about another FMSPC");
    }
    if (q->evaluation != 0 &&
        (!assay_json_u64(
             j, assay_json_member(j, document, "tcbEvaluationDataNumber"),
             &number) ||
         number != q->evaluation)) {
        return assay_fail(err, ASSAY_NOT_FOUND, ASSAY_NO_OFFSET,
                          "the answer has another tcbEvaluationDataNumber");
    }
    return ASSAY_OK;
}

static enum assay_code
check_json(const struct relay_question *q, struct assay_slice body,
           struct assay_error *err)
{
    const struct assay_json_limits limits = {kinds[q->kind].max, 16, NODES_MAX};
    struct assay_json *j = NULL;

    if (assay_json_parse(body, &limits, "answer", &j, err) == ASSAY_OK) {
        check_document(q, j, err);
    } else if (err->code != ASSAY_NO_MEMORY) {
        err->code = ASSAY_NETWORK;
    }
    assay_json_free(j);
    return err->code;
}

static bool
begins_with(struct assay_slice s, const char *text)
{
    struct assay_slice start = {s.ptr, strlen(text)};

    return s.len >= start.len && assay_slice_is(start, text);
}

static bool
is_der(struct assay_slice body)
{
    return begins_with(body, "\x30");
}

/* A sequence as DER, hex of one, or PEM. */
static enum assay_code
check_crl(struct assay_slice body, struct assay_error *err)
{
    if (!is_der(body) && !begins_with(body, "30") &&
        !begins_with(body, "-----BEGIN ")) {
        assay_fail(err, ASSAY_NETWORK, ASSAY_NO_OFFSET, "the answer is no CRL");
    }
    return err->code;
}

/* --- what is passed on --------------------------------------------------- */

/* One that nobody renders, whatever the source says. A PCCS says of hex what it
 * likes. */
static const char *
type_of(const struct relay_question *q, struct assay_slice headers,
        struct assay_slice body)
{
    static const char *const types[] = {"application/pkix-crl",
                                        "application/x-pem-file"};
    struct assay_slice said = assay_header_field(headers, "Content-Type");

    if (kinds[q->kind].document != NULL) {
        return json_type;
    }
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (assay_slice_is_nocase(said, types[i])) {
            return types[i];
        }
    }
    return types[is_der(body) ? 0 : 1];
}

/* False: it is not there. */
static bool
pass(struct relay_reply *r, struct assay_slice headers, const char *name,
     struct assay_error *err)
{
    struct assay_slice value = assay_header_field(headers, name);

    return value.len > 0 &&
           assay_http1_put_field(&r->fields, assay_slice_of(name), value,
                                 err) == ASSAY_OK;
}

/* A document without the chain of its issuer is of no use. */
static enum assay_code
pass_fields(const struct relay_question *q, struct relay_reply *r,
            struct assay_slice headers, struct assay_error *err)
{
    const char *const *chain = kinds[q->kind].chain;
    bool found = false;

    for (size_t i = 0; i < 2 && chain[i] != NULL; i++) {
        found = pass(r, headers, chain[i], err) || found;
    }
    (void)pass(r, headers, "Request-ID", err);
    if (err->code == ASSAY_OK && !found && kinds[q->kind].document != NULL) {
        assay_fail(err, ASSAY_NETWORK, ASSAY_NO_OFFSET,
                   "the answer has no %s header", chain[0]);
    }
    return err->code;
}

enum assay_code
relay_reply_read(const struct relay_question *q, struct assay_slice headers,
                 struct assay_buf *body, uint64_t at_ms,
                 struct relay_reply **out, struct assay_error *err)
{
    struct relay_reply *r = relay_reply_new(q, 200, at_ms);
    bool is_crl = kinds[q->kind].document == NULL;

    *out = NULL;
    assay_error_clear(err);
    if (r == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "relay");
    }
    r->body = *body;
    assay_buf_init(body, 0);
    r->type = type_of(q, headers, assay_buf_slice(&r->body));
    if ((is_crl ? check_crl(assay_buf_slice(&r->body), err)
                : check_json(q, assay_buf_slice(&r->body), err)) == ASSAY_OK &&
        pass_fields(q, r, headers, err) == ASSAY_OK) {
        *out = r;
        return ASSAY_OK;
    }
    relay_reply_release(r);
    return err->code;
}
