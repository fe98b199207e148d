/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Target functions: translation_new, translation_feed, translation_end
 *
 * The first octet, a digit, says what the rest is: a request (0); or a server's
 * stream (1; 2 to a client that wants one object), its object (3), or its error
 * (4); 5 more for what is cut at its end. What comes
 * out is the same however the answer is cut, and is JSON by our own reader.
 */
#include "base/bytes.h"
#include "harness/fuzz.h"
#include "programs/proxy/translate.h"

#define ID       "0123456789abcdef01234567"
#define NOW_S    1700000000
#define ROOM     65536u
#define OUT_MAX  (64u << 20)
#define VARIANTS 5u

static const char tools[] =
    "\"tools\":[{\"type\":\"custom\",\"name\":\"c\"},{\"type\":\"namespace\","
    "\"name\":\"n\",\"tools\":[{\"type\":\"function\",\"name\":\"f\"}]}]}";

static void
check_document(struct assay_slice text)
{
    static const struct assay_json_limits limits = {OUT_MAX, 130, 1u << 21};
    struct assay_json *j = NULL;
    struct assay_error err;

    assay_error_clear(&err);
    (void)!assay_json_parse_nul(text, &limits, "written", &j, &err);
    PROMISE(j != NULL);
    PROMISE(assay_json_type(j, ASSAY_JSON_ROOT) == ASSAY_JSON_OBJECT);
    assay_json_free(j);
}

/* Comments and events, each of one line of data, each whole; one line by
 * Unicode too. */
static void
check_events(struct assay_slice s)
{
    PROMISE(assay_slice_find(s, "\xc2\x85") == ASSAY_NO_OFFSET);
    PROMISE(assay_slice_find(s, "\xe2\x80\xa8") == ASSAY_NO_OFFSET);
    PROMISE(assay_slice_find(s, "\xe2\x80\xa9") == ASSAY_NO_OFFSET);
    while (s.len > 0) {
        size_t end = assay_slice_find(s, "\n\n");
        size_t data = assay_slice_find(s, "\ndata: ");

        PROMISE(end != ASSAY_NO_OFFSET);
        if (s.ptr[0] != ':') {
            PROMISE(memcmp(s.ptr, "event: response.", 16) == 0);
            PROMISE(data < end);
            check_document(
                (struct assay_slice){s.ptr + data + 7, end - data - 7});
        }
        s.ptr += end + 2;
        s.len -= end + 2;
    }
}

static void
check_request(struct assay_slice in)
{
    struct translation *t = NULL;
    struct assay_error err;
    struct assay_buf chat;
    enum assay_code code;

    assay_buf_init(&chat, OUT_MAX);
    code = translation_new(in, ID, NOW_S, &chat, &t, &err);
    fuzz_check_error(&err, code, in.len);
    PROMISE((code == ASSAY_OK) == (t != NULL));
    if (t == NULL) {
        PROMISE(chat.len == 0);
    } else {
        check_document(assay_buf_slice(&chat));
        (void)translation_streams(t);
    }
    translation_free(t);
    assay_buf_free(&chat);
}

struct answer {
    bool streams;
    unsigned status;
    const char *type;
};

static enum assay_code
answer(const struct answer *a, struct assay_slice in, size_t step, bool cut,
       struct assay_buf *to, struct assay_error *err)
{
    struct assay_buf request;
    struct assay_buf chat;
    struct translation *t = NULL;

    assay_buf_init(&request, OUT_MAX);
    assay_buf_init(&chat, OUT_MAX);
    assay_buf_printf(&request,
                     "{\"model\":\"m\",\"input\":\"\",\"stream\":%s,%s",
                     a->streams ? "true" : "false", tools);
    PROMISE(translation_new(assay_buf_slice(&request), ID, NOW_S, &chat, &t,
                            err) == ASSAY_OK);
    (void)translation_begin(t, a->status, assay_slice_of(a->type));
    while (in.len > 0) {
        struct assay_slice piece = {in.ptr, step < in.len ? step : in.len};

        if (translation_feed(t, piece, to, err) != ASSAY_OK) {
            break;
        }
        in.ptr += piece.len;
        in.len -= piece.len;
    }
    (void)!translation_end(t, cut, to, err);
    translation_free(t);
    assay_buf_free(&request);
    assay_buf_free(&chat);
    return err->code;
}

static void
check_answer(const struct answer *a, struct assay_slice in, bool cut)
{
    static const size_t steps[] = {1, 7, 100};
    struct assay_buf whole;
    struct assay_error err;
    enum assay_code code;

    assay_buf_init(&whole, OUT_MAX);
    code = answer(a, in, SIZE_MAX, cut, &whole, &err);
    fuzz_check_error(&err, code, in.len);
    PROMISE(code == ASSAY_OK || code == ASSAY_REPLY || code == ASSAY_TOO_LARGE);
    PROMISE(a->status == 200 || code == ASSAY_OK);
    if (a->streams && a->status == 200) {
        check_events(assay_buf_slice(&whole));
        PROMISE(assay_slice_find(assay_buf_slice(&whole),
                                 code == ASSAY_OK
                                     ? "\"status\":\"failed\""
                                     : "event: response.completed") ==
                ASSAY_NO_OFFSET);
    } else {
        PROMISE((code == ASSAY_OK) == (whole.len > 0));
        if (code == ASSAY_OK) {
            check_document(assay_buf_slice(&whole));
        }
    }
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct assay_buf parts;
        struct assay_error again;

        assay_buf_init(&parts, OUT_MAX);
        (void)!answer(a, in, steps[i], cut, &parts, &again);
        PROMISE(again.code == err.code);
        PROMISE(strcmp(again.msg, err.msg) == 0);
        PROMISE(assay_slice_equal(assay_buf_slice(&parts),
                                  assay_buf_slice(&whole)));
        assay_buf_free(&parts);
    }
    assay_buf_free(&whole);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct answer answers[VARIANTS - 1] = {
        {true, 200, "text/event-stream"},
        {false, 200, "text/event-stream"},
        {false, 200, "application/json"},
        {true, 500, "application/json"},
    };
    unsigned what = size > 0 ? (data[0] + 2u) % (2 * VARIANTS) : 0;
    struct assay_slice in = {data, 0};

    if (size == 0 || size > ROOM) {
        return 0;
    }
    in.ptr = data + 1;
    in.len = size - 1;
    if (what % VARIANTS == 0) {
        check_request(in);
    } else {
        check_answer(&answers[what % VARIANTS - 1], in, what >= VARIANTS);
    }
    return 0;
}
