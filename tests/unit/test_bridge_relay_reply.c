/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_relay_reply.c - what sources say, and what of it clients get.
 */
#include "programs/bridge/relay_reply.h"

#include <stdio.h>

#include "base/json.h"
#include "harness/unit.h"
#include "programs/bridge/relay_answer.h"

#define STATUS  "HTTP/1.1 200 OK\r\n"
#define TCB     "TCB-Info-Issuer-Chain: %2D%2D\r\n"
#define OLD_TCB "SGX-TCB-Info-Issuer-Chain: %2D%2D\r\n"
#define QE      "SGX-Enclave-Identity-Issuer-Chain: a%20b\r\n"
#define NUMBERS "TCB-Evaluation-Data-Numbers-Issuer-Chain: a\r\n"
#define CRL     "SGX-PCK-CRL-Issuer-Chain: a\r\n"
#define INFO    "{\"tcbInfo\":{\"fmspc\":\"00606A000000\"," NUMBER "}}"
#define NUMBER  "\"tcbEvaluationDataNumber\":17"

static const struct relay_question tcb = {
    .kind = RELAY_TCB_INFO, .path = "/t", .fmspc = "00606a000000"};
static const struct relay_question tcb_17 = {.kind = RELAY_TCB_INFO,
                                             .path = "/t",
                                             .fmspc = "00606a000000",
                                             .evaluation = 17};
static const struct relay_question tcb_18 = {.kind = RELAY_TCB_INFO,
                                             .path = "/t",
                                             .fmspc = "00606a000000",
                                             .evaluation = 18};
static const struct relay_question qe = {.kind = RELAY_QE_IDENTITY,
                                         .path = "/q"};
static const struct relay_question qe_17 = {
    .kind = RELAY_QE_IDENTITY, .path = "/q", .evaluation = 17};
static const struct relay_question numbers = {.kind = RELAY_EVALUATIONS,
                                              .path = "/n"};
static const struct relay_question pck_crl = {.kind = RELAY_PCK_CRL,
                                              .path = "/c"};
static const struct relay_question root_crl = {.kind = RELAY_ROOT_CRL,
                                               .path = "/r"};

static const char json[] = "application/json";
static const char pem[] = "application/x-pem-file";
static const char der[] = "application/pkix-crl";

static const struct {
    const char *name;
    const struct relay_question *q;
    const char *headers;
    const char *body;
    /* that are passed on */
    const char *type;
    const char *fields;
} good[] = {
    {"TCB info", &tcb, STATUS TCB "\r\n", INFO, json, TCB},
    {"HTTP/2", &tcb, "HTTP/2 200 \r\ntcb-info-issuer-chain: %2D%2D\r\n\r\n",
     INFO, json, TCB},
    {"the older name", &tcb, STATUS OLD_TCB "\r\n", INFO, json, OLD_TCB},
    {"both names", &tcb, STATUS OLD_TCB TCB "\r\n", INFO, json, TCB OLD_TCB},
    {"the first one counts", &tcb,
     STATUS TCB "TCB-Info-Issuer-Chain: x\r\n\r\n", INFO, json, TCB},
    {"number", &tcb_17, STATUS TCB "\r\n", INFO, json, TCB},
    {"nothing else", &tcb,
     STATUS "Set-Cookie: a=b\r\nServer: x\r\nContent-Encoding: gzip\r\n"
            "Content-Length: 1\r\nAccess-Control-Allow-Origin: x\r\n"
            "Transfer-Encoding: chunked\r\nX: y\r\n" TCB QE "\r\n",
     INFO, json, TCB},
    {"request id", &tcb, STATUS "Request-ID: 0f\r\n" TCB "\r\n", INFO, json,
     TCB "Request-ID: 0f\r\n"},
    {"no page", &tcb, STATUS "Content-Type: text/html\r\n" TCB "\r\n", INFO,
     json, TCB},
    {"identity", &qe, STATUS QE "\r\n", "{\"enclaveIdentity\":{}}", json, QE},
    {"identity by number", &qe_17, STATUS QE "\r\n",
     "{\"enclaveIdentity\":{" NUMBER "}}", json, QE},
    {"numbers", &numbers, STATUS NUMBERS "\r\n",
     "{\"tcbEvaluationDataNumbers\":{}}", json, NUMBERS},
    {"DER", &pck_crl, STATUS CRL "\r\n", "\x30\x82", der, CRL},
    {"hex", &pck_crl, STATUS CRL "\r\n", "3082", pem, CRL},
    {"PEM", &pck_crl, STATUS CRL "\r\n", "-----BEGIN X509 CRL-----", pem, CRL},
    {"as a PCCS says", &root_crl,
     STATUS "Content-Type: application/pkix-crl\r\n\r\n", "3082", der, ""},
    {"PEM that says so", &pck_crl,
     STATUS "Content-Type: Application/X-PEM-file\r\n" CRL "\r\n", "\x30\x82",
     pem, CRL},
    {"a page that is a CRL", &root_crl,
     STATUS "Content-Type: text/html\r\n\r\n", "\x30<script>", der, ""},
    {"no chain", &pck_crl, STATUS "\r\n", "\x30\x82", der, ""},
    {"root CRL", &root_crl, STATUS CRL "\r\n", "\x30\x82", der, ""},
};

static const struct {
    const char *name;
    const struct relay_question *q;
    const char *headers;
    const char *body;
    enum assay_code code;
    const char *msg;
} bad[] = {
    {"no chain", &tcb, STATUS "\r\n", INFO, ASSAY_NETWORK,
     "the answer has no TCB-Info-Issuer-Chain header"},
    {"another's chain", &tcb, STATUS QE "\r\n", INFO, ASSAY_NETWORK,
     "the answer has no TCB-Info-Issuer-Chain header"},
    {"empty chain", &tcb, STATUS "TCB-Info-Issuer-Chain: \r\n\r\n", INFO,
     ASSAY_NETWORK, "the answer has no TCB-Info-Issuer-Chain header"},
    {"a chain with control characters", &tcb,
     STATUS "TCB-Info-Issuer-Chain: a\rSet-Cookie: x\r\n\r\n", INFO,
     ASSAY_INVALID, "field value"},
    {"empty", &tcb, STATUS TCB "\r\n", "", ASSAY_NETWORK, "answer"},
    {"a page", &tcb, STATUS TCB "\r\n", "<html></html>", ASSAY_NETWORK,
     "answer"},
    {"two documents", &tcb, STATUS TCB "\r\n", INFO INFO, ASSAY_NETWORK,
     "answer"},
    {"cut off", &tcb, STATUS TCB "\r\n", "{\"tcbInfo\":", ASSAY_NETWORK,
     "answer"},
    {"no object", &tcb, STATUS TCB "\r\n", "[]", ASSAY_NETWORK,
     "the answer has no tcbInfo"},
    {"another document", &tcb, STATUS TCB "\r\n", "{\"enclaveIdentity\":{}}",
     ASSAY_NETWORK, "the answer has no tcbInfo"},
    {"document that is none", &tcb, STATUS TCB "\r\n", "{\"tcbInfo\":1}",
     ASSAY_NETWORK, "the answer has no tcbInfo"},
    {"another FMSPC", &tcb, STATUS TCB "\r\n",
     "{\"tcbInfo\":{\"fmspc\":\"00606a000001\"}}", ASSAY_NOT_FOUND,
     "the answer is about another FMSPC"},
    {"no FMSPC", &tcb, STATUS TCB "\r\n", "{\"tcbInfo\":{}}", ASSAY_NOT_FOUND,
     "the answer is about another FMSPC"},
    {"another number", &tcb_18, STATUS TCB "\r\n", INFO, ASSAY_NOT_FOUND,
     "the answer has another tcbEvaluationDataNumber"},
    {"no number", &qe_17, STATUS QE "\r\n", "{\"enclaveIdentity\":{}}",
     ASSAY_NOT_FOUND, "the answer has another tcbEvaluationDataNumber"},
    {"a page in place of a CRL", &pck_crl, STATUS CRL "\r\n", "<html>",
     ASSAY_NETWORK, "the answer is no CRL"},
    {"empty CRL", &root_crl, STATUS "\r\n", "", ASSAY_NETWORK,
     "the answer is no CRL"},
    {"hex of something else", &root_crl, STATUS "\r\n", "3182", ASSAY_NETWORK,
     "the answer is no CRL"},
};

static struct relay_reply *
read_reply(const struct relay_question *q, const char *headers,
           const char *text, struct assay_error *err)
{
    struct relay_reply *r = NULL;
    struct assay_buf body;
    enum assay_code code;

    assay_buf_init(&body, 4096);
    assay_buf_add_text(&body, text);
    code = relay_reply_read(q, assay_slice_of(headers), &body, 7, &r, err);
    assert_int_equal(code, err->code);
    assert_int_equal(code == ASSAY_OK, r != NULL);
    assert_null(body.ptr); /* it was taken */
    return r;
}

static void
answers(void **state)
{
    struct assay_error err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct relay_reply *r =
            read_reply(good[i].q, good[i].headers, good[i].body, &err);

        if (r == NULL) {
            fail_msg("row \"%s\": %s", good[i].name, err.msg);
            return;
        }
        CHECK(good[i].name, r->status == 200 && r->at_ms == 7);
        CHECK(good[i].name, strcmp(r->path, good[i].q->path) == 0);
        CHECK(good[i].name, strcmp(r->type, good[i].type) == 0);
        CHECK(good[i].name,
              assay_slice_is(assay_buf_slice(&r->fields), good[i].fields));
        CHECK(good[i].name,
              assay_slice_is(assay_buf_slice(&r->body), good[i].body));
        CHECK(good[i].name, relay_reply_bytes(r) >= sizeof(*r) +
                                                        strlen(good[i].fields) +
                                                        strlen(good[i].body));
        relay_reply_release(r);
    }
}

static void
no_answers(void **state)
{
    struct assay_error err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct relay_reply *r =
            read_reply(bad[i].q, bad[i].headers, bad[i].body, &err);

        CHECK(bad[i].name, r == NULL && err.code == bad[i].code);
        CHECK(bad[i].name,
              strncmp(err.msg, bad[i].msg, strlen(bad[i].msg)) == 0);
    }
}

/* --- what clients get ---------------------------------------------------- */

struct seen {
    struct assay_buf bytes;
    struct assay_http1_head head;
    struct assay_slice body;
};

/* Each is one whole answer. */
static void
see(struct seen *s, const char *method)
{
    struct assay_error err;
    size_t scanned = 0;
    size_t used = 0;

    assay_error_clear(&err);
    if (assay_http1_response(assay_buf_slice(&s->bytes), method, &scanned,
                             &s->head, &used, &err) != ASSAY_OK ||
        used == 0) {
        fail_msg("%s: %.*s", err.msg, (int)s->bytes.len, s->bytes.ptr);
    }
    s->body = (struct assay_slice){s->bytes.ptr + used, s->bytes.len - used};
    assert_false(s->head.keep_alive);
    if (s->head.framing == ASSAY_HTTP1_LENGTH) {
        assert_int_equal(s->head.content_length, s->body.len);
    } else {
        assert_int_equal(s->body.len, 0);
    }
}

/* value: NULL: there is no such field. */
static void
check_field(const struct seen *s, const char *name, const char *value)
{
    if (assay_http1_count(&s->head, name) != (value != NULL) ||
        (value != NULL &&
         !assay_slice_is(assay_http1_get(&s->head, name), value))) {
        fail_msg("%s in %.*s", name, (int)s->bytes.len, s->bytes.ptr);
    }
}

static void
check_error_code(const struct seen *s, const char *code)
{
    static const struct assay_json_limits limits = {4096, 4, 16};
    struct assay_json *doc = NULL;
    struct assay_error err;

    assay_error_clear(&err);
    assert_int_equal(assay_json_parse(s->body, &limits, "body", &doc, &err),
                     ASSAY_OK);
    assert_true(assay_slice_is(
        assay_json_string(
            doc,
            assay_json_member(
                doc, assay_json_member(doc, ASSAY_JSON_ROOT, "error"), "code")),
        code));
    assay_json_free(doc);
}

static void
replies(void **state)
{
    struct relay_request request = {.cors = {.origin = "*"}};
    struct assay_error err;
    struct relay_reply *r =
        read_reply(&tcb, STATUS TCB "Request-ID: 0f\r\n\r\n", INFO, &err);
    struct seen s;

    (void)state;
    assert_non_null(r);
    for (int i = 0; i < 4; i++) {
        bool stale = i >= 2;

        request.head_only = i % 2 == 1;
        assay_buf_init(&s.bytes, 65536);
        relay_put_reply(r, &request, 61999, 60, stale, &s.bytes);
        see(&s, request.head_only ? "HEAD" : "GET");
        assert_int_equal(s.head.status, 200);
        check_field(&s, "Cache-Control", "public, max-age=60");
        check_field(&s, "Age", "61");
        check_field(&s, "Warning",
                    stale ? "110 - \"Response is Stale\"" : NULL);
        check_field(&s, "Content-Type", json);
        check_field(&s, "Content-Length", "65");
        check_field(&s, "X-Content-Type-Options", "nosniff");
        check_field(&s, "TCB-Info-Issuer-Chain", "%2D%2D");
        check_field(&s, "Request-ID", "0f");
        check_field(&s, "Access-Control-Allow-Origin", "*");
        check_field(&s, "Vary", NULL);
        assert_true(assay_slice_is(s.body, request.head_only ? "" : INFO));
        assay_buf_free(&s.bytes);
    }
    relay_reply_release(r);
}

/* A page sees the fields that verifying takes, and those alone that it is
 * told of. */
static void
exposed(void **state)
{
    static const char *const names[] = {
        "TCB-Info-Issuer-Chain",
        "SGX-TCB-Info-Issuer-Chain",
        "SGX-Enclave-Identity-Issuer-Chain",
        "SGX-PCK-CRL-Issuer-Chain",
        "TCB-Evaluation-Data-Numbers-Issuer-Chain",
        "Request-ID",
        "Age",
        "Warning",
        "Retry-After",
    };
    struct relay_request request = {
        .status = 400,
        .code = "bad_request",
        .why = "because",
        .cors = {.origin = "https://a", .varies = true}};
    struct seen s;

    (void)state;
    assay_buf_init(&s.bytes, 65536);
    relay_put_refusal(&request, &s.bytes);
    see(&s, "GET");
    check_field(&s, "Access-Control-Allow-Origin", "https://a");
    check_field(&s, "Vary", "Origin");
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        CHECK(names[i],
              assay_http1_has_token(&s.head, "Access-Control-Expose-Headers",
                                    names[i]));
    }
    assay_buf_free(&s.bytes);
    request.cors.origin[0] = '\0';
    relay_put_refusal(&request, &s.bytes);
    see(&s, "GET");
    check_field(&s, "Access-Control-Allow-Origin", NULL);
    check_field(&s, "Access-Control-Expose-Headers", NULL);
    check_field(&s, "Vary", "Origin");
    assay_buf_free(&s.bytes);
}

static void
preflight(void **state)
{
    const struct relay_request request = {.status = 204,
                                          .cors = {.origin = "*"}};
    struct seen s;

    (void)state;
    assay_buf_init(&s.bytes, 65536);
    relay_put_preflight(&request, &s.bytes);
    see(&s, "OPTIONS");
    assert_int_equal(s.head.status, 204);
    check_field(&s, "Access-Control-Allow-Origin", "*");
    check_field(&s, "Access-Control-Allow-Methods", "GET, HEAD, OPTIONS");
    check_field(&s, "Access-Control-Allow-Headers", "*");
    check_field(&s, "Access-Control-Max-Age", "86400");
    check_field(&s, "Content-Length", NULL);
    assay_buf_free(&s.bytes);
}

static void
refusals(void **state)
{
    static const struct {
        unsigned status;
        const char *code;
    } rows[] = {
        {400, "bad_request"},        {403, "origin_denied"}, {404, "not_found"},
        {405, "method_not_allowed"}, {502, "source_failed"}, {503, "busy"},
        {504, "source_timeout"},
    };
    struct seen s;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct relay_request request = {.status = rows[i].status,
                                              .code = rows[i].code,
                                              .why = "because",
                                              .cors = {.origin = "*"}};

        assay_buf_init(&s.bytes, 65536);
        if (rows[i].status < 500) {
            relay_put_refusal(&request, &s.bytes);
        } else {
            relay_put_failure(rows[i].status, &request, &s.bytes);
        }
        see(&s, "GET");
        assert_int_equal(s.head.status, rows[i].status);
        check_error_code(&s, rows[i].code);
        check_field(&s, "Allow",
                    rows[i].status == 405 ? "GET, HEAD, OPTIONS" : NULL);
        check_field(&s, "Retry-After", rows[i].status == 503 ? "2" : NULL);
        check_field(&s, "Cache-Control", "no-store");
        check_field(&s, "Content-Type", json);
        check_field(&s, "Access-Control-Allow-Origin", "*");
        assay_buf_free(&s.bytes);
    }
    assay_buf_init(&s.bytes, 65536);
    relay_put_failure(404, &(struct relay_request){.head_only = true},
                      &s.bytes);
    see(&s, "HEAD");
    assert_int_equal(s.head.status, 404);
    assay_buf_free(&s.bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),   cmocka_unit_test(no_answers),
        cmocka_unit_test(replies),   cmocka_unit_test(exposed),
        cmocka_unit_test(preflight), cmocka_unit_test(refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
