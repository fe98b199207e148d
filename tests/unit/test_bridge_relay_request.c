/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_relay_request.c - which requests are questions, and how each is
 * spelled.
 */
#include "programs/bridge/relay_request.h"

#include <stdio.h>

#include "harness/unit.h"

#define V4  "/certification/v4"
#define TCB "/tdx" V4 "/tcb?fmspc=00606a000000"
#define QE  "/tdx" V4 "/qe/identity"
#define CRL "/sgx" V4 "/pckcrl?ca=platform"

static const struct {
    const char *name;
    const char *target;
    const char *path; /* NULL: as the target */
    enum relay_kind kind;
    uint32_t evaluation;
} good[] = {
    {"TCB info", TCB, NULL, RELAY_TCB_INFO, 0},
    {"of SGX", "/sgx" V4 "/tcb?fmspc=00606a000000", NULL, RELAY_TCB_INFO, 0},
    {"capitals", "/tdx" V4 "/tcb?fmspc=00606A000000", TCB, RELAY_TCB_INFO, 0},
    {"early", TCB "&update=early", NULL, RELAY_TCB_INFO, 0},
    {"standard", TCB "&update=standard", TCB, RELAY_TCB_INFO, 0},
    {"another order", "/tdx" V4 "/tcb?update=early&fmspc=00606A000000",
     TCB "&update=early", RELAY_TCB_INFO, 0},
    {"number", TCB "&tcbEvaluationDataNumber=17", NULL, RELAY_TCB_INFO, 17},
    {"largest number", TCB "&tcbEvaluationDataNumber=999999999", NULL,
     RELAY_TCB_INFO, 999999999},
    {"identity", QE, NULL, RELAY_QE_IDENTITY, 0},
    {"identity of SGX", "/sgx" V4 "/qe/identity", NULL, RELAY_QE_IDENTITY, 0},
    {"early identity", QE "?update=early", NULL, RELAY_QE_IDENTITY, 0},
    {"standard identity", QE "?update=standard", QE, RELAY_QE_IDENTITY, 0},
    {"identity by number", QE "?tcbEvaluationDataNumber=9", NULL,
     RELAY_QE_IDENTITY, 9},
    {"numbers", "/tdx" V4 "/tcbevaluationdatanumbers", NULL, RELAY_EVALUATIONS,
     0},
    {"numbers of SGX", "/sgx" V4 "/tcbevaluationdatanumbers", NULL,
     RELAY_EVALUATIONS, 0},
    {"CRL", CRL, NULL, RELAY_PCK_CRL, 0},
    {"CRL of processor", "/sgx" V4 "/pckcrl?ca=processor", NULL, RELAY_PCK_CRL,
     0},
    {"DER", CRL "&encoding=der", NULL, RELAY_PCK_CRL, 0},
    {"PEM", "/sgx" V4 "/pckcrl?encoding=pem&ca=platform", CRL "&encoding=pem",
     RELAY_PCK_CRL, 0},
    {"root CRL", "/sgx" V4 "/rootcacrl", NULL, RELAY_ROOT_CRL, 0},
    {"a whole URI", "http://b" TCB, TCB, RELAY_TCB_INFO, 0},
    {"of https", "HTTPS://b" QE "?update=early", QE "?update=early",
     RELAY_QE_IDENTITY, 0},
};

/* Of GET, but for those of `methods`. */
static const struct {
    const char *name;
    const char *target;
    unsigned status;
    const char *why; /* its start */
} bad[] = {
    {"no such path", "/sgx" V4 "/x", 404, "the relay has nothing"},
    {"no path", "/sgx/", 404, ""},
    {"below a path", QE "/", 404, ""},
    {"version 3", "/sgx/certification/v3/qe/identity", 404, ""},
    {"CRL of TDX", "/tdx" V4 "/pckcrl?ca=platform", 404, ""},
    {"root CRL of TDX", "/tdx" V4 "/rootcacrl", 404, ""},
    {"PCK certificates", "/sgx" V4 "/pckcert?qeid=00", 404, ""},
    {"any CRL", "/sgx" V4 "/crl?uri=http://10.0.0.1/", 404, ""},
    {"registration", "/sgx/registration/v1/platform", 404, ""},
    {"dots", "/sgx" V4 "/../v4/qe/identity", 404, ""},
    {"escapes", "/sgx" V4 "/qe%2Fidentity", 404, ""},
    {"two slashes", "/sgx/" V4 "/qe/identity", 404, ""},
    {"capitals in the path", "/SGX" V4 "/qe/identity", 404, ""},
    {"no FMSPC", "/tdx" V4 "/tcb", 400, "a parameter that this path needs"},
    {"no query", "/tdx" V4 "/tcb?", 400, "a parameter has no value"},
    {"no value", "/tdx" V4 "/tcb?fmspc", 400, "a parameter has no value"},
    {"empty value", "/tdx" V4 "/tcb?fmspc=", 400, "fmspc is 12 hex digits"},
    {"11 digits", "/tdx" V4 "/tcb?fmspc=00606a00000", 400, "fmspc"},
    {"13 digits", TCB "0", 400, "fmspc"},
    {"no digit", "/tdx" V4 "/tcb?fmspc=00606a00000g", 400, "fmspc"},
    {"an escape", "/tdx" V4 "/tcb?fmspc=00606a0000%30", 400, "fmspc"},
    {"an escaped name", "/tdx" V4 "/tcb?fm%73pc=00606a000000", 400,
     "there is a parameter"},
    {"another name", TCB "&x=y", 400, "there is a parameter"},
    {"capitals in a name", "/tdx" V4 "/tcb?FMSPC=00606a000000", 400,
     "there is a parameter"},
    {"another's parameter", QE "?fmspc=00606a000000", 400,
     "there is a parameter"},
    {"twice", TCB "&fmspc=00606a000000", 400, "a parameter is there twice"},
    {"end of a query", TCB "&", 400, "a parameter has no value"},
    {"start of a query", "/tdx" V4 "/tcb?&fmspc=00606a000000", 400,
     "a parameter has no value"},
    {"semicolon", TCB ";update=early", 400, "fmspc"},
    {"two marks", TCB "?update=early", 400, "fmspc"},
    {"another update", TCB "&update=late", 400, "update is"},
    {"capitals in a value", TCB "&update=EARLY", 400, "update is"},
    {"number 0", TCB "&tcbEvaluationDataNumber=0", 400, "tcbEvaluation"},
    {"leading zero", TCB "&tcbEvaluationDataNumber=017", 400, "tcbEvaluation"},
    {"sign", TCB "&tcbEvaluationDataNumber=+17", 400, "tcbEvaluation"},
    {"no number", TCB "&tcbEvaluationDataNumber=", 400, "tcbEvaluation"},
    {"number of 10 digits", TCB "&tcbEvaluationDataNumber=1000000000", 400,
     "tcbEvaluation"},
    {"both", TCB "&update=early&tcbEvaluationDataNumber=17", 400,
     "update and tcb"},
    {"both, standard", TCB "&update=standard&tcbEvaluationDataNumber=17", 400,
     "update and tcb"},
    {"no CA", "/sgx" V4 "/pckcrl", 400, "a parameter that this path needs"},
    {"another CA", "/sgx" V4 "/pckcrl?ca=root", 400, "ca is"},
    {"another encoding", CRL "&encoding=hex", 400, "encoding is"},
    {"query where none is", "/sgx" V4 "/rootcacrl?x=y", 400,
     "there is a parameter"},
    {"empty query where none is", "/sgx" V4 "/rootcacrl?", 400,
     "a parameter has no value"},
};

/* The buffer is what the head points into. */
static void
judge(char request[4096], const char *method, const char *target,
      const char *fields, const char *origins, struct relay_request *out)
{
    struct assay_http1_head head;
    struct assay_error err;
    size_t scanned = 0;
    size_t used;

    assay_error_clear(&err);
    snprintf(request, 4096, "%s %s HTTP/1.1\r\nHost: b\r\n%s\r\n", method,
             target, fields);
    if (assay_http1_request(assay_slice_of(request), &scanned, &head, &used,
                            &err) != ASSAY_OK ||
        used == 0) {
        fail_msg("%s: %s", target, err.msg);
    }
    if (target[0] == '/') {
        assert_int_equal(relay_is_asked(&head),
                         strncmp(target, "/sgx/", 5) == 0 ||
                             strncmp(target, "/tdx/", 5) == 0);
    }
    relay_judge(&head, origins, out);
}

static void
questions(void **state)
{
    char request[4096];
    struct relay_request r;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        const char *want = good[i].path != NULL ? good[i].path : good[i].target;

        judge(request, "GET", good[i].target, "", "", &r);
        CHECK(good[i].name, r.status == 200);
        CHECK(good[i].name, strcmp(r.question.path, want) == 0);
        CHECK(good[i].name, r.question.kind == good[i].kind);
        CHECK(good[i].name, r.question.evaluation == good[i].evaluation);
        CHECK(good[i].name,
              strcmp(r.question.fmspc,
                     good[i].kind == RELAY_TCB_INFO ? "00606a000000" : "") ==
                  0);
    }
}

static void
no_questions(void **state)
{
    char request[4096];
    struct relay_request r;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        judge(request, "GET", bad[i].target, "", "", &r);
        CHECK(bad[i].name, r.status == bad[i].status);
        CHECK(bad[i].name, r.code != NULL);
        if (strncmp(r.why, bad[i].why, strlen(bad[i].why)) != 0) {
            fail_msg("row \"%s\": %s", bad[i].name, r.why);
        }
    }
}

static void
methods(void **state)
{
    static const struct {
        const char *method;
        const char *target;
        unsigned status;
        bool head_only;
    } rows[] = {
        {"GET", QE, 200, false},
        {"HEAD", QE, 200, true},
        {"HEAD", QE "?x=y", 400, true},
        {"OPTIONS", QE, 204, false},
        {"OPTIONS", QE "?x=y", 204,
         false}, /* the question says what is wrong */
        {"OPTIONS", QE "x", 404, false},
        {"POST", QE, 405, false},
        {"PUT", QE, 405, false},
        {"get", QE, 405, false},
        {"POST", "/sgx/registration/v1/platform", 404, false},
    };
    char request[4096];
    struct relay_request r;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        judge(request, rows[i].method, rows[i].target, "", "", &r);
        CHECK(rows[i].method, r.status == rows[i].status);
        CHECK(rows[i].method, r.head_only == rows[i].head_only);
        CHECK(rows[i].method,
              (r.code == NULL) == (r.status == 200 || r.status == 204));
    }
    judge(request, "GET", QE, "Content-Length: 1\r\n", "", &r);
    assert_int_equal(r.status, 400);
    assert_string_equal(r.why, "a question has no body");
}

static void
others(void **state)
{
    static const char *const targets[] = {
        "/",     "/sgx",
        "/tdx",  "/sgxx/certification/v4",
        "/x",    "http://b/x?/sgx/certification/v4/rootcacrl",
        "/sgx?", "/SGX/"};
    char request[4096];
    struct relay_request r;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        judge(request, "GET", targets[i], "", "", &r);
        CHECK(targets[i], r.status == 404);
    }
}

static void
pages(void **state)
{
#define TWO "https://a.example, https://b.example:8443"
    static const struct {
        const char *name;
        const char *fields;
        const char *origins;
        unsigned status;
        const char *origin;
        bool varies;
    } rows[] = {
        {"any", "Origin: https://a.example\r\n", "", 200, "*", false},
        {"any, no browser", "", "", 200, "*", false},
        {"listed", "Origin: https://b.example:8443\r\n", TWO, 200,
         "https://b.example:8443", true},
        {"not listed", "Origin: https://c.example\r\n", TWO, 403, "", true},
        {"another port", "Origin: https://a.example:8443\r\n", TWO, 403, "",
         true},
        {"prefix", "Origin: https://a.example.evil\r\n", TWO, 403, "", true},
        {"null", "Origin: null\r\n", TWO, 403, "", true},
        {"empty", "Origin:\r\n", TWO, 403, "", true},
        {"two", "Origin: https://a.example\r\nOrigin: https://a.example\r\n",
         TWO, 403, "", true},
        {"listed, no browser", "", TWO, 200, "", true},
    };
    char request[4096];
    struct relay_request r;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        judge(request, "GET", QE, rows[i].fields, rows[i].origins, &r);
        CHECK(rows[i].name, r.status == rows[i].status);
        CHECK(rows[i].name, strcmp(r.cors.origin, rows[i].origin) == 0);
        CHECK(rows[i].name, r.cors.varies == rows[i].varies);
        judge(request, "OPTIONS", QE, rows[i].fields, rows[i].origins, &r);
        CHECK(rows[i].name,
              r.status == (rows[i].status == 200 ? 204 : rows[i].status));
    }
}

/* One that has no room is nobody's. */
static void
long_origin(void **state)
{
    char fields[RELAY_ORIGIN_MAX_BYTES + 32];
    char origins[RELAY_ORIGIN_MAX_BYTES + 1];
    char request[4096];
    struct relay_request r;

    (void)state;
    memset(origins, 'a', sizeof(origins));
    for (size_t n = RELAY_ORIGIN_MAX_BYTES - 1; n <= RELAY_ORIGIN_MAX_BYTES;
         n++) {
        origins[n] = '\0';
        snprintf(fields, sizeof(fields), "Origin: %s\r\n", origins);
        judge(request, "GET", QE, fields, origins, &r);
        assert_int_equal(r.status, n < RELAY_ORIGIN_MAX_BYTES ? 200 : 403);
        origins[n] = 'a';
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions), cmocka_unit_test(no_questions),
        cmocka_unit_test(methods),   cmocka_unit_test(others),
        cmocka_unit_test(pages),     cmocka_unit_test(long_origin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
