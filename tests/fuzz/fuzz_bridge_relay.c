/* Target functions: relay_judge, relay_reply_read, relay_put_reply
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A request's head, then what a source says to it: head and body. A question
 * has one spelling, of characters that mean nothing else in a URL, which is
 * read as the same question; what the client gets is one answer of HTTP,
 * whatever the source said.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "harness/fuzz.h"
#include "programs/bridge/relay_answer.h"

#define ORIGINS "https://a.example, https://b.example"

static void
check_spelling(const struct relay_question *q)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789"
                                "ENDV/=?&"; /* tcbEvaluationDataNumber */
    struct assay_http1_head head = {.method = assay_slice_of("GET"),
                                    .target = assay_slice_of(q->path)};
    struct relay_request again;

    PROMISE(memchr(q->path, '\0', sizeof(q->path)) != NULL);
    PROMISE(q->path[strspn(q->path, plain)] == '\0');
    PROMISE(relay_is_asked(&head));
    relay_judge(&head, "", &again);
    PROMISE(again.status == 200);
    PROMISE(strcmp(again.question.path, q->path) == 0);
    PROMISE(strcmp(again.question.fmspc, q->fmspc) == 0);
    PROMISE(again.question.kind == q->kind);
    PROMISE(again.question.evaluation == q->evaluation);
}

/* One whole answer, closed behind it. */
static void
check_answer(const struct assay_buf *bytes, const struct relay_request *to_this,
             unsigned status, struct assay_slice body)
{
    const char *method = status == 204        ? "OPTIONS"
                         : to_this->head_only ? "HEAD"
                                              : "GET";
    struct assay_http1_head head;
    struct assay_error err;
    size_t scanned = 0;
    size_t used = 0;

    assay_error_clear(&err);
    PROMISE(!bytes->failed);
    PROMISE(assay_http1_response(assay_buf_slice(bytes), method, &scanned,
                                 &head, &used, &err) == ASSAY_OK);
    PROMISE(used > 0 && head.status == status && !head.keep_alive);
    PROMISE(assay_http1_count(&head, "Access-Control-Allow-Origin") <= 1);
    PROMISE(assay_http1_count(&head, "Content-Type") <= 1);
    PROMISE(assay_http1_count(&head, "Set-Cookie") == 0);
    if (status == 200 && !to_this->head_only) {
        PROMISE(assay_slice_equal(
            body, (struct assay_slice){bytes->ptr + used, bytes->len - used}));
    }
}

static void
check_source(const struct relay_request *request, struct assay_slice said)
{
    size_t end = assay_slice_find(said, "\n\n");
    size_t start = end == ASSAY_NO_OFFSET ? said.len : end + 2;
    struct relay_reply *r = NULL;
    struct assay_error err;
    struct assay_buf body;
    struct assay_buf out;
    enum assay_code code;

    assay_buf_init(&body, relay_body_max(request->question.kind));
    assay_buf_add(&body,
                  (struct assay_slice){said.ptr + start, said.len - start});
    code = relay_reply_read(&request->question,
                            (struct assay_slice){said.ptr, start}, &body, 0, &r,
                            &err);
    fuzz_check_error(&err, code, said.len);
    PROMISE((r != NULL) == (code == ASSAY_OK));
    if (r != NULL) {
        assay_buf_init(&out, FUZZ_OUT_MAX);
        relay_put_reply(r, request, 1, 1, false, &out);
        check_answer(&out, request, 200, assay_buf_slice(&r->body));
        assay_buf_free(&out);
    }
    relay_reply_release(r);
}

static void
check_refusal(const struct relay_request *request)
{
    struct assay_buf out;

    assay_buf_init(&out, FUZZ_OUT_MAX);
    if (request->status == 204) {
        relay_put_preflight(request, &out);
    } else {
        PROMISE(request->status >= 400 && request->status <= 405);
        PROMISE(request->code != NULL && request->why != NULL);
        relay_put_refusal(request, &out);
    }
    check_answer(&out, request, request->status, ASSAY_EMPTY);
    assay_buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct assay_http1_head head;
    struct relay_request request;
    struct assay_error err;
    size_t scanned = 0;
    size_t used = 0;

    assay_error_clear(&err);
    if (assay_http1_request((struct assay_slice){data, size}, &scanned, &head,
                            &used, &err) != ASSAY_OK ||
        used == 0) {
        return 0;
    }
    relay_judge(&head, used % 2 == 0 ? ORIGINS : "", &request);
    if (request.status == 200) {
        check_spelling(&request.question);
        check_source(&request, (struct assay_slice){data + used, size - used});
    } else {
        check_refusal(&request);
    }
    return 0;
}
