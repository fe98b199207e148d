/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_reply.c - a server's answer to a request for evidence: as HTTP, as JSON,
 * and as the server writes it.
 */
#include <stdio.h>

#include "harness/unit.h"

#include "assay/eventlog.h"
#include "assay/quote.h"
#include "base/json.h"
#include "base/text.h"
#include "harness/reply.h"
#include "harness/world.h"

#define ROOM (128u * 1024u)

static struct assay_buf quote; /* a good one, octets */
static struct assay_buf hex;   /* the same as text */

/* --- the response ------------------------------------------------------- */

#define OK_HEAD "HTTP/1.1 200 OK\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n\r\n"

static const struct {
    const char *name;
    const char *text;
    const char *content; /* NULL: refused */
    const char *msg;     /* of the refusal, or what is left over */
} responses[] = {
    {"with a length", OK_HEAD "Content-Length: 3\r\n\r\nabc", "abc", ""},
    {"empty", OK_HEAD "Content-Length: 0\r\n\r\n", "", ""},
    {"no reason", "HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na", "a", ""},
    {"more behind it", OK_HEAD "Content-Length: 3\r\n\r\nabcHTTP/1.1 200",
     "abc", "HTTP/1.1 200"},
    {"chunks", OK_HEAD CHUNKED "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", "abcde",
     ""},
    {"chunks and trailers", OK_HEAD CHUNKED "1\r\na\r\n0\r\nX: y\r\n\r\nrest",
     "a", "rest"},
    {"no chunks", OK_HEAD CHUNKED "0\r\n\r\n", "", ""},
    {"many fields",
     OK_HEAD "Server: x\r\nContent-Type: text/html\r\nDate: now\r\n"
             "content-length: 1\r\nConnection: keep-alive\r\n\r\na",
     "a", ""},
    {"1.0 that is kept",
     "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na",
     "a", ""},

    {"no length", OK_HEAD "\r\nabc", NULL,
     "quote reply: status 200, with neither Content-Length nor chunks"},
    {"no content", "HTTP/1.1 204 No Content\r\n\r\n", NULL,
     "quote reply: status 204, with neither"},
    {"not modified", "HTTP/1.1 304 x\r\nContent-Length: 1\r\n\r\n", NULL,
     "quote reply: status 304, with neither"},
    {"two lengths", OK_HEAD "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
     NULL, "quote reply: Content-Length: there twice"},
    {"a list of lengths", OK_HEAD "Content-Length: 3, 3\r\n\r\nabc", NULL,
     "quote reply: Content-Length: no digit"},
    {"both framings",
     OK_HEAD "Content-Length: 3\r\n" CHUNKED "3\r\nabc\r\n0\r\n\r\n", NULL,
     "quote reply: Transfer-Encoding: beside Content-Length"},
    {"another coding", OK_HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n", NULL,
     "quote reply: Transfer-Encoding: only chunked is understood"},
    {"a length that is none", OK_HEAD "Content-Length: x\r\n\r\n", NULL,
     "quote reply: Content-Length: no digit"},
    {"16 MiB", OK_HEAD "Content-Length: 16777216\r\n\r\n", NULL, NULL},
    {"16 MiB and one", OK_HEAD "Content-Length: 16777217\r\n\r\n", NULL,
     "quote reply: a body of 16777217 bytes, at most 16777216"},
    {"2^63", OK_HEAD "Content-Length: 9223372036854775808\r\n\r\n", NULL,
     "quote reply: "},
    {"2^64 and three", OK_HEAD "Content-Length: 18446744073709551619\r\n\r\n",
     NULL, "quote reply: Content-Length: too large"},
    {"a chunk of 16 MiB and one", OK_HEAD CHUNKED "1000001\r\n", NULL,
     "quote reply: body: too large"},
    {"the largest chunk", OK_HEAD CHUNKED "ffffffffffffffff\r\n", NULL,
     "quote reply: body: too large"},
    {"a chunk size that is none", OK_HEAD CHUNKED "x\r\n", NULL,
     "quote reply: chunk size: no hex digit"},
    {"a chunk without end", OK_HEAD CHUNKED "1\r\nabc", NULL,
     "quote reply: chunk: no CR behind it"},
    {"continue", "HTTP/1.1 100 Continue\r\n\r\n", NULL,
     "quote reply: unexpected status 100"},
    {"switching", "HTTP/1.1 101 x\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
     NULL, "quote reply: unexpected status 101"},
    {"early hints", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", NULL,
     "quote reply: unexpected status 103"},
    {"closed", OK_HEAD "Connection: close\r\nContent-Length: 1\r\n\r\na", NULL,
     "quote reply: the server will close the connection"},
    {"1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", NULL,
     "quote reply: the server will close the connection"},
    {"0.9", "{\"quote\":1}\r\n\r\n", NULL, "quote reply: version: '{'"},
    {"2.0", "HTTP/2.0 200 OK\r\n\r\n", NULL,
     "quote reply: version: HTTP/2.0 is not 1.0 or 1.1"},
    {"a bare LF", "HTTP/1.1 200 OK\nContent-Length: 1\n\na", NULL,
     "quote reply: head: LF without CR"},
    {"a folded line", OK_HEAD "X: y\r\n z\r\nContent-Length: 1\r\n\r\na", NULL,
     "quote reply: field: a folded line"},
    {"status 600", "HTTP/1.1 600 x\r\nContent-Length: 0\r\n\r\n", NULL,
     "quote reply: status: not 100 to 599"},

    /* other statuses; the services' own words, if they have any */
    {"500", "HTTP/1.1 500 x\r\nContent-Length: 4\r\n\r\noops", NULL,
     "quote reply: status 500 instead of 200"},
    {"201", "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}", NULL,
     "quote reply: status 201 instead of 200"},
    {"redirect",
     "HTTP/1.1 302 x\r\nLocation: https://b\r\nContent-Length: 0\r\n\r\n", NULL,
     "quote reply: status 302 instead of 200"},
    {"404, closed",
     "HTTP/1.1 404 x\r\nConnection: close\r\nContent-Length: 9\r\n\r\n"
     "<p>no</p>",
     NULL, "quote reply: status 404 instead of 200"},
    {"503 until the end", "HTTP/1.1 503 x\r\n\r\n", NULL,
     "quote reply: status 503, with neither"},
    {"500 in chunks",
     "HTTP/1.1 500 x\r\n" CHUNKED "10\r\n{\"error\":\"busy\"}\r\n0\r\n\r\n",
     NULL, "quote reply: status 500 instead of 200; the server says: busy"},
    {"error as text",
     "HTTP/1.1 400 x\r\nContent-Length: 16\r\n\r\n{\"error\":\"busy\"}", NULL,
     "quote reply: status 400 instead of 200; the server says: busy"},
    {"error as an object",
     "HTTP/1.1 400 x\r\nContent-Length: 46\r\n\r\n"
     "{\"error\":{\"code\":\"bad\",\"message\":\"no\\nnonce\"}}",
     NULL, "quote reply: status 400 instead of 200; the server says: no?nonce"},
    {"error within detail",
     "HTTP/1.1 500 x\r\nContent-Length: 63\r\n\r\n"
     "{\"detail\":{\"success\":false,\"error\":\"no "
     "TDX\",\"quote_type\":\"t\"}}"
     "      ",
     NULL, "quote reply: status 500 instead of 200; the server says: no TDX"},
    {"detail as text",
     "HTTP/1.1 403 x\r\nContent-Length: 17\r\n\r\n{\"detail\":\"HMAC\"}", NULL,
     "quote reply: status 403 instead of 200; the server says: HMAC"},
    {"detail as a list",
     "HTTP/1.1 422 x\r\nContent-Length: 58\r\n\r\n"
     "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"64 digits\",\"type\":\"x\"}]}",
     NULL,
     "quote reply: status 422 instead of 200; the server says: 64 digits"},
    {"an error that says nothing",
     "HTTP/1.1 400 x\r\nContent-Length: 21\r\n\r\n{\"error\":{\"code\":\"x\"}}",
     NULL, "quote reply: status 400 instead of 200"},
    {"an error of numbers",
     "HTTP/1.1 400 x\r\nContent-Length: 11\r\n\r\n{\"error\":5}", NULL,
     "quote reply: status 400 instead of 200"},
};

/* In pieces it is the same, whatever the pieces. */
static void
check_pieces(const char *row, struct assay_slice in,
             const struct reply_read *want)
{
    for (size_t cut = 0; cut <= in.len; cut++) {
        struct reply_read r;

        /* cut == in.len: octet by octet */
        reply_read(&r, in, ROOM, cut == in.len ? 1 : cut,
                   cut == in.len ? 1 : in.len);
        CHECK(row, r.done == want->done);
        check_error(row, &r.err, want->err.code, want->err.msg,
                    want->err.offset);
        CHECK(row, strcmp(r.err.msg, want->err.msg) == 0);
        if (r.done) {
            CHECK(row, assay_slice_equal(assay_buf_slice(&r.content),
                                         assay_buf_slice(&want->content)));
            CHECK(row, assay_slice_equal(assay_buf_slice(&r.rest),
                                         assay_buf_slice(&want->rest)));
        }
        reply_read_free(&r);
    }
}

static void
test_responses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(responses); i++) {
        const char *row = responses[i].name;
        struct assay_slice in = exact_copy(assay_slice_of(responses[i].text));
        struct reply_read r;

        reply_read(&r, in, ROOM, in.len, in.len);
        if (responses[i].content != NULL) {
            check_error(row, &r.err, ASSAY_OK, "", ASSAY_NO_OFFSET);
            CHECK(row, r.done);
            CHECK(row, assay_slice_is(assay_buf_slice(&r.content),
                                      responses[i].content));
            CHECK(row,
                  assay_slice_is(assay_buf_slice(&r.rest), responses[i].msg));
        } else if (responses[i].msg == NULL) { /* more is awaited */
            CHECK(row, !r.done && r.err.code == ASSAY_OK);
        } else {
            CHECK(row, !r.done);
            check_error(row, &r.err, ASSAY_REPLY, responses[i].msg,
                        ASSAY_NO_OFFSET);
        }
        check_pieces(row, in, &r);
        reply_read_free(&r);
        free((void *)in.ptr);
    }
}

/* Nothing that is cut off is taken for whole. */
static void
test_cut_off(void **state)
{
    static const char *const texts[] = {
        OK_HEAD "Content-Length: 3\r\n\r\nabc",
        OK_HEAD CHUNKED "3\r\nabc\r\n0\r\nX: y\r\n\r\n",
    };

    (void)state;
    for (size_t t = 0; t < COUNT_OF(texts); t++) {
        for (size_t n = 0; n < strlen(texts[t]); n++) {
            struct reply_read r;

            reply_read(&r, (struct assay_slice){(const uint8_t *)texts[t], n},
                       ROOM, n, 1);
            assert_false(r.done);
            assert_int_equal(r.err.code, ASSAY_OK);
            reply_read_free(&r);
        }
    }
}

static void
add_repeated(struct assay_buf *b, size_t n, uint8_t c)
{
    uint8_t *room = assay_buf_extend(b, n);

    assert_non_null(room);
    memset(room, c, n);
}

static void
test_large_head(void **state)
{
    struct assay_buf b;
    struct reply_read r;

    (void)state;
    assay_buf_init(&b, 1u << 20);
    assay_buf_add_text(&b, OK_HEAD "Content-Length: 0\r\nX: ");
    add_repeated(&b, ASSAY_REPLY_HEAD_MAX_BYTES - 4 - b.len, 'x');
    assay_buf_add_text(&b, "\r\n\r\n");
    reply_read(&r, assay_buf_slice(&b), ROOM, 1000, 1000);
    assert_true(r.done);
    reply_read_free(&r);
    b.len -= 4;
    assay_buf_add_text(&b, "x\r\n\r\n");
    reply_read(&r, assay_buf_slice(&b), ROOM, 1000, 1000);
    check_error("large head", &r.err, ASSAY_REPLY,
                "quote reply: head: more than 65536 bytes", ASSAY_NO_OFFSET);
    reply_read_free(&r);
    /* one that never ends is not collected beyond that */
    b.len = 0;
    add_repeated(&b, ROOM, 'x');
    memcpy(b.ptr, OK_HEAD "X: ", sizeof(OK_HEAD "X: ") - 1);
    reply_read(&r, assay_buf_slice(&b), ROOM, 1000, 1000);
    assert_int_equal(r.err.code, ASSAY_REPLY);
    reply_read_free(&r);
    assay_buf_free(&b);
}

/* 16 MiB by length and by chunks, through a small queue. */
static void
test_large_body(void **state)
{
    const size_t max = ASSAY_REPLY_BODY_MAX_BYTES;
    struct assay_buf b;
    struct reply_read r;

    (void)state;
    assay_buf_init(&b, 1u << 25);
    assay_buf_printf(&b, OK_HEAD "Content-Length: %zu\r\n\r\n", max);
    add_repeated(&b, max, 'x');
    reply_read(&r, assay_buf_slice(&b), 65536, 65536, 65536);
    assert_true(r.done && r.err.code == ASSAY_OK);
    assert_int_equal(r.content.len, max);
    reply_read_free(&r);
    b.len = 0;
    assay_buf_add_text(&b, OK_HEAD CHUNKED);
    for (size_t n = 0; n < max; n += 0x10000) {
        assay_buf_add_text(&b, "10000\r\n");
        add_repeated(&b, 0x10000, 'x');
        assay_buf_add_text(&b, "\r\n");
    }
    assay_buf_add_text(&b, "0\r\n\r\n");
    reply_read(&r, assay_buf_slice(&b), 65536, 65536, 65536);
    assert_true(r.done && r.err.code == ASSAY_OK);
    assert_int_equal(r.content.len, max);
    reply_read_free(&r);
    b.len -= 5;
    assay_buf_add_text(&b, "1\r\nx\r\n0\r\n\r\n");
    reply_read(&r, assay_buf_slice(&b), 65536, 65536, 65536);
    assert_false(r.done);
    check_error("chunks", &r.err, ASSAY_REPLY, "quote reply: body: too large",
                ASSAY_NO_OFFSET);
    reply_read_free(&r);
    assay_buf_free(&b);
}

/* --- the evidence ------------------------------------------------------- */

#define LOG                                                                    \
    "[{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"a\","    \
    "\"event_payload\":\"00\"}]"
#define LOG_IN_STRING                                                          \
    "\"[{\\\"imr\\\":3,\\\"event_type\\\":134217729,\\\"digest\\\":\\\"\\\","  \
    "\\\"event\\\":\\\"a\\\",\\\"event_payload\\\":\\\"00\\\"}]\""

/* "@" stands for the quote in hex, "^" for the same in capitals. */
static struct assay_buf
fill(const char *text)
{
    struct assay_buf b;

    assay_buf_init(&b, 1u << 22);
    for (; *text != '\0'; text++) {
        if (*text == '@') {
            assay_buf_add(&b, assay_buf_slice(&hex));
        } else if (*text == '^') {
            for (size_t i = 0; i < hex.len; i++) {
                uint8_t c = hex.ptr[i];

                assay_buf_add_u8(&b, c >= 'a' ? (uint8_t)(c & ~0x20) : c);
            }
        } else {
            assay_buf_add_u8(&b, (uint8_t)*text);
        }
    }
    assert_false(b.failed);
    return b;
}

static const struct {
    const char *name;
    const char *text;
    int events; /* -1: no log; -2: refused */
    const char *compose;
    const char *config;
    enum assay_code code;
    const char *msg;
} bodies[] = {
    {"the quote alone", "{\"quote\":{\"quote\":\"@\"}}", -1, "", "", ASSAY_OK,
     ""},
    {"log as a string",
     "{\"quote\":{\"quote\":\"@\",\"event_log\":" LOG_IN_STRING "}}", 1, "", "",
     ASSAY_OK, ""},
    {"log as an array", "{\"quote\":{\"quote\":\"@\",\"event_log\":" LOG "}}",
     1, "", "", ASSAY_OK, ""},
    {"log is null", "{\"quote\":{\"quote\":\"@\",\"event_log\":null}}", -1, "",
     "", ASSAY_OK, ""},
    {"log is empty text", "{\"quote\":{\"quote\":\"@\",\"event_log\":\"\"}}",
     -1, "", "", ASSAY_OK, ""},
    {"log is an empty array", "{\"quote\":{\"quote\":\"@\",\"event_log\":[]}}",
     0, "", "", ASSAY_OK, ""},
    {"log is the text of one",
     "{\"quote\":{\"quote\":\"@\",\"event_log\":\"[]\"}}", 0, "", "", ASSAY_OK,
     ""},
    {"0x", "{\"quote\":{\"quote\":\"0x@\"}}", -1, "", "", ASSAY_OK, ""},
    {"0X and capitals", "{\"quote\":{\"quote\":\"0X^\"}}", -1, "", "", ASSAY_OK,
     ""},
    {"everything",
     "{\"success\":true,\"quote\":{\"quote\":\"@\",\"event_log\":" LOG_IN_STRING
     ",\"report_data\":\"00\",\"vm_config\":\"{\\\"cpu\\\":1}\"},"
     "\"tcb_info\":{\"mrtd\":\"00\",\"app_compose\":\"{ }\\n\",\"event_log\":"
     "[]},\"timestamp\":\"1\",\"quote_type\":\"tdx\",\"error\":null}",
     1, "{ }\n", "{\"cpu\":1}", ASSAY_OK, ""},
    {"unknown members",
     "{\"x\":[1,{\"y\":null}],\"quote\":{\"z\":0,\"quote\":\"@\"},"
     "\"collateral\":{\"tcb_info\":\"x\"}}",
     -1, "", "", ASSAY_OK, ""},
    {"nulls",
     "{\"quote\":{\"quote\":\"@\",\"vm_config\":null},\"tcb_info\":"
     "{\"app_compose\":null}}",
     -1, "", "", ASSAY_OK, ""},
    {"tcb_info is null", "{\"quote\":{\"quote\":\"@\"},\"tcb_info\":null}", -1,
     "", "", ASSAY_OK, ""},
    {"tcb_info is text", "{\"quote\":{\"quote\":\"@\"},\"tcb_info\":\"{}\"}",
     -1, "", "", ASSAY_OK, ""},
    {"an error beside it", "{\"error\":\"x\",\"quote\":{\"quote\":\"@\"}}", -1,
     "", "", ASSAY_OK, ""},

    {"nothing", "", -2, "", "", ASSAY_REPLY, "quote reply: "},
    {"no JSON", "<html>", -2, "", "", ASSAY_REPLY, "quote reply: "},
    {"something behind it", "{\"quote\":{\"quote\":\"@\"}}x", -2, "", "",
     ASSAY_REPLY, "quote reply: "},
    {"twice", "{\"quote\":{\"quote\":\"@\",\"quote\":\"@\"}}", -2, "", "",
     ASSAY_REPLY, "quote reply: "},
    {"empty object", "{}", -2, "", "", ASSAY_REPLY,
     "quote reply: there is no quote in it"},
    {"null", "null", -2, "", "", ASSAY_REPLY,
     "quote reply: there is no quote in it"},
    {"an array", "[{\"quote\":{\"quote\":\"@\"}}]", -2, "", "", ASSAY_REPLY,
     "quote reply: there is no quote in it"},
    {"quote is text", "{\"quote\":\"@\"}", -2, "", "", ASSAY_REPLY,
     "quote reply: there is no quote in it"},
    {"an error",
     "{\"success\":false,\"quote\":null,\"error\":\"no \\u001b[1m TDX\"}", -2,
     "", "", ASSAY_REPLY,
     "quote reply: no quote; the server says: no ?[1m TDX"},
    {"a long error",
     "{\"error\":\"0123456789012345678901234567890123456789012345678901234567"
     "8901234567890123456789012345678901234567890123456789\"}",
     -2, "", "", ASSAY_REPLY,
     "quote reply: no quote; the server says: "
     "0123456789012345678901234567890123456789012345678901234567890123456789"
     "012345678901234567890123456789"},
    {"detail", "{\"detail\":\"Not Found\"}", -2, "", "", ASSAY_REPLY,
     "quote reply: no quote; the server says: Not Found"},
    {"quote is empty", "{\"quote\":{}}", -2, "", "", ASSAY_REPLY,
     "quote reply: quote.quote is no hex text"},
    {"quote is a number", "{\"quote\":{\"quote\":1}}", -2, "", "", ASSAY_REPLY,
     "quote reply: quote.quote is no hex text"},
    {"quote is null", "{\"quote\":{\"quote\":null}}", -2, "", "", ASSAY_REPLY,
     "quote reply: quote.quote is no hex text"},
    {"quote is empty text", "{\"quote\":{\"quote\":\"\"}}", -2, "", "",
     ASSAY_REPLY, "quote reply: quote.quote is no hex text"},
    {"only 0x", "{\"quote\":{\"quote\":\"0x\"}}", -2, "", "", ASSAY_TRUNCATED,
     ""},
    {"odd", "{\"quote\":{\"quote\":\"@0\"}}", -2, "", "", ASSAY_REPLY,
     "quote reply: quote.quote: need"},
    {"one digit", "{\"quote\":{\"quote\":\"0\"}}", -2, "", "", ASSAY_REPLY,
     "quote reply: quote.quote: need"},
    {"no digit", "{\"quote\":{\"quote\":\"0g@\"}}", -2, "", "", ASSAY_REPLY,
     "quote reply: quote.quote: 'g' is no hex digit"},
    {"0x twice", "{\"quote\":{\"quote\":\"0x0x@\"}}", -2, "", "", ASSAY_REPLY,
     "quote reply: quote.quote: 'x' is no hex digit"},
    {"a space", "{\"quote\":{\"quote\":\"@ \"}}", -2, "", "", ASSAY_REPLY,
     "quote reply: quote.quote: need"},
    {"base64", "{\"quote\":{\"quote\":\"BAACAIEA\"}}", -2, "", "", ASSAY_REPLY,
     "quote reply: quote.quote: 'I' is no hex digit"},
    {"no quote in the hex", "{\"quote\":{\"quote\":\"00000000\"}}", -2, "", "",
     ASSAY_TRUNCATED, ""},
    {"log is an object", "{\"quote\":{\"quote\":\"@\",\"event_log\":{}}}", -2,
     "", "", ASSAY_MALFORMED, "event log"},
    {"log is a number", "{\"quote\":{\"quote\":\"@\",\"event_log\":1}}", -2, "",
     "", ASSAY_MALFORMED, "event log"},
    {"log is false", "{\"quote\":{\"quote\":\"@\",\"event_log\":false}}", -2,
     "", "", ASSAY_MALFORMED, "event log"},
    {"log is no JSON", "{\"quote\":{\"quote\":\"@\",\"event_log\":\"x\"}}", -2,
     "", "", ASSAY_MALFORMED, "event log"},
    {"an entry is none", "{\"quote\":{\"quote\":\"@\",\"event_log\":[1]}}", -2,
     "", "", ASSAY_MALFORMED, "event log: entry 0"},
    {"vm_config is an object", "{\"quote\":{\"quote\":\"@\",\"vm_config\":{}}}",
     -2, "", "", ASSAY_REPLY, "quote reply: quote.vm_config is no string"},
    {"app_compose is an object",
     "{\"quote\":{\"quote\":\"@\"},\"tcb_info\":{\"app_compose\":{}}}", -2, "",
     "", ASSAY_REPLY, "quote reply: tcb_info.app_compose is no string"},
};

static bool
is_blank(const struct assay_reply_evidence *e)
{
    return e->quote == NULL && e->event_log == NULL &&
           e->app_compose.len == 0 && e->app_compose.ptr == NULL &&
           e->vm_config.len == 0 && e->vm_config.ptr == NULL &&
           e->collateral.len == 0 && e->collateral.ptr == NULL;
}

static void
test_bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        const char *row = bodies[i].name;
        struct assay_buf b = fill(bodies[i].text);
        struct assay_slice in = exact_copy(assay_buf_slice(&b));
        struct assay_reply_evidence e;
        struct assay_error err;

        assay_error_clear(&err);
        CHECK(row, assay_reply_parse(in, &e, &err) == bodies[i].code);
        check_error(row, &err, bodies[i].code, bodies[i].msg, err.offset);
        free((void *)in.ptr);
        assay_buf_free(&b);
        if (bodies[i].events == -2) {
            CHECK(row, is_blank(&e));
            continue;
        }
        CHECK(row, assay_slice_equal(assay_quote_view(e.quote)->raw,
                                     assay_buf_slice(&quote)));
        CHECK(row, (e.event_log == NULL) == (bodies[i].events == -1));
        CHECK(row, e.event_log == NULL || assay_eventlog_count(e.event_log) ==
                                              (size_t)bodies[i].events);
        CHECK(row, assay_slice_is(assay_buf_slice(&e.app_compose),
                                  bodies[i].compose));
        CHECK(row,
              assay_slice_is(assay_buf_slice(&e.vm_config), bodies[i].config));
        assay_reply_evidence_free(&e);
        CHECK(row, is_blank(&e));
        assay_reply_evidence_free(&e); /* again does no harm */
    }
}

static void
test_body_truncated(void **state)
{
    struct assay_buf b =
        fill("{\"quote\":{\"quote\":\"@\",\"event_log\":" LOG_IN_STRING
             ",\"vm_config\":\"{}\"},\"tcb_info\":{\"app_compose\":\"{}\"}}");

    (void)state;
    for (size_t n = 0; n < b.len; n++) {
        struct assay_slice in = exact_copy((struct assay_slice){b.ptr, n});
        struct assay_reply_evidence e;
        struct assay_error err;

        assay_error_clear(&err);
        assert_int_equal(assay_reply_parse(in, &e, &err), ASSAY_REPLY);
        assert_true(is_blank(&e));
        free((void *)in.ptr);
    }
    assay_buf_free(&b);
}

/* Each limit, and just below it. */
static void
check_limit(const char *row, struct assay_buf *b, enum assay_code code)
{
    struct assay_reply_evidence e;
    struct assay_error err;

    CHECK(row, !b->failed);
    assay_error_clear(&err);
    CHECK(row, assay_reply_parse(assay_buf_slice(b), &e, &err) == code);
    assay_reply_evidence_free(&e);
    b->len = 0;
}

/* No JSON of the form that is expected: the message tells why. */
static void
check_form(const char *row, struct assay_buf *b, const char *says)
{
    static const char no_quote[] = "quote reply: there is no quote";
    struct assay_reply_evidence e;
    struct assay_error err;

    CHECK(row, !b->failed);
    assay_error_clear(&err);
    CHECK(row, assay_reply_parse(assay_buf_slice(b), &e, &err) == ASSAY_REPLY);
    CHECK(row, (strncmp(err.msg, no_quote, strlen(no_quote)) == 0) ==
                   (says[0] != '\0'));
    assay_reply_evidence_free(&e);
    b->len = 0;
}

static void
test_limits(void **state)
{
    struct assay_buf b;

    (void)state;
    assay_buf_init(&b, 1u << 25);
    for (size_t more = 0; more < 2; more++) {
        /* At the limit it is read, and there is no quote in it. */
        const char *says = more == 0 ? "quote reply: there is no quote" : "";

        add_repeated(&b, 32 + more, '[');
        add_repeated(&b, 32 + more, ']');
        check_form("depth", &b, says);
        assay_buf_add_text(&b, "[0");
        for (size_t i = 2; i < 512u * 1024u + more; i++) {
            assay_buf_add_text(&b, ",0");
        }
        assay_buf_add_text(&b, "]");
        check_form("values", &b, says);
        assay_buf_add_text(&b, "{}");
        add_repeated(&b, ASSAY_REPLY_BODY_MAX_BYTES - 2 + more, ' ');
        check_form("octets", &b, says);
        assay_buf_add_text(&b, "{\"quote\":{\"quote\":\"0x");
        add_repeated(&b, 2 * (size_t)(ASSAY_QUOTE_MAX_BYTES + more), '0');
        assay_buf_add_text(&b, "\"}}");
        check_limit("quote", &b,
                    more == 0 ? ASSAY_UNSUPPORTED : ASSAY_TOO_LARGE);
        for (size_t k = 0; k < 2; k++) {
            struct assay_buf head = fill(
                k == 0 ? "{\"quote\":{\"quote\":\"@\",\"vm_config\":\""
                       : "{\"quote\":{\"quote\":\"@\"},\"tcb_info\":{\"app_"
                         "compose\":\"");

            assay_buf_add(&b, assay_buf_slice(&head));
            add_repeated(&b, 4u * 1024u * 1024u + more, 'x');
            assay_buf_add_text(&b, "\"}}");
            check_limit(k == 0 ? "vm_config" : "app_compose", &b,
                        more == 0 ? ASSAY_OK : ASSAY_TOO_LARGE);
            assay_buf_free(&head);
        }
    }
    assay_buf_free(&b);
}

/* --- writing ------------------------------------------------------------ */

static struct assay_quote_reply
good_reply(void)
{
    return (struct assay_quote_reply){
        .quote = assay_buf_slice(&quote),
        .event_log = assay_slice_of(" " LOG "\n"),
        .vm_config = assay_slice_of("{\"cpu\":\"\\u00e9\"}"),
        .tcb_info = assay_slice_of("{\"app_compose\":\"{\\n \\\"a\\\":1}\"}"),
        .collateral = assay_slice_of("{ \"tcb_info\" : {} }"),
        .now_s = 1790000000,
    };
}

/* Written by the server, read by the client. */
static void
check_round_trip(const char *row, const struct assay_quote_reply *reply,
                 int events, const char *compose)
{
    uint8_t report_data[64];
    struct assay_reply_evidence e;
    struct assay_buf b;
    struct reply_read r;
    struct assay_error err;

    memset(report_data, 0xab, sizeof(report_data));
    assay_error_clear(&err);
    assay_buf_init(&b, 1u << 25);
    CHECK(row, assay_reply_write(reply, report_data, &b, &err) == ASSAY_OK);
    reply_read(&r, assay_buf_slice(&b), ROOM, 1000, 1000);
    check_error(row, &r.err, ASSAY_OK, "", ASSAY_NO_OFFSET);
    CHECK(row, r.done && r.rest.len == 0);
    CHECK(row,
          assay_reply_parse(assay_buf_slice(&r.content), &e, &err) == ASSAY_OK);
    CHECK(row, assay_slice_equal(assay_quote_view(e.quote)->raw, reply->quote));
    CHECK(row, (e.event_log == NULL) == (events < 0));
    CHECK(row,
          events < 0 || assay_eventlog_count(e.event_log) == (size_t)events);
    CHECK(row,
          assay_slice_equal(assay_buf_slice(&e.vm_config), reply->vm_config));
    CHECK(row, assay_slice_is(assay_buf_slice(&e.app_compose), compose));
    CHECK(row,
          assay_slice_equal(assay_buf_slice(&e.collateral), reply->collateral));
    assay_reply_evidence_free(&e);
    reply_read_free(&r);
    assay_buf_free(&b);
}

static void
test_round_trip(void **state)
{
    struct assay_quote_reply reply = good_reply();

    (void)state;
    check_round_trip("everything", &reply, 1, "{\n \"a\":1}");
    reply.collateral = ASSAY_EMPTY;
    check_round_trip("no collateral", &reply, 1, "{\n \"a\":1}");
    reply.tcb_info = ASSAY_EMPTY;
    check_round_trip("no tcb_info", &reply, 1, "");
    reply.vm_config = ASSAY_EMPTY;
    check_round_trip("no vm_config", &reply, 1, "");
    reply.event_log = ASSAY_EMPTY;
    check_round_trip("no log", &reply, -1, "");
    reply.event_log = assay_slice_of("[]");
    reply.now_s = INT64_MIN;
    check_round_trip("an odd time", &reply, 0, "");
}

/* As the services write it: names, types, report data, time. */
static void
test_written(void **state)
{
    struct assay_quote_reply reply = {
        .quote = ASSAY_SLICE((const uint8_t[]){0x04}), .now_s = 7};
    uint8_t report_data[64] = {0xab};
    struct assay_buf b;
    struct assay_error err;

    (void)state;
    assay_error_clear(&err);
    assay_buf_init(&b, 4096);
    assert_int_equal(assay_reply_write(&reply, report_data, &b, &err),
                     ASSAY_OK);
    assert_true(assay_slice_is(
        assay_buf_slice(&b),
        "HTTP/1.1 200 OK\r\n"
        "Content-Type: application/json\r\n"
        "Cache-Control: no-store\r\n"
        "Content-Length: 232\r\n"
        "\r\n"
        "{\"success\":true,\"quote\":{\"quote\":\"04\",\"report_data\":\""
        "ab000000000000000000000000000000000000000000000000000000000000"
        "00000000000000000000000000000000000000000000000000000000000000"
        "0000\"},\"timestamp\":\"7\",\"quote_type\":\"tdx\",\"error\":null}"));
    assay_buf_free(&b);
    /* one octet short */
    assay_buf_init(&b, 100);
    assert_int_equal(assay_reply_write(&reply, report_data, &b, &err),
                     ASSAY_TOO_LARGE);
    assay_buf_free(&b);
}

static const struct {
    const char *name;
    const char *log;
    const char *config;
    const char *tcb_info;
    const char *collateral;
    const char *msg;
} unwritable[] = {
    {"log is no JSON", "[", "", "", "", "event_log: "},
    {"log is an object", "{}", "", "", "", "event_log: no JSON array"},
    {"log is text", "\"[]\"", "", "", "", "event_log: no JSON array"},
    {"log is empty but there", " ", "", "", "", "event_log: "},
    {"config is no JSON", "", "cpu=1", "", "", "vm_config: "},
    {"config is no UTF-8", "", "\"\xff\"", "", "", "vm_config: "},
    {"tcb_info is no JSON", "", "", "{", "", "tcb_info: "},
    {"tcb_info is an array", "", "", "[]", "", "tcb_info: no JSON object"},
    {"tcb_info breaks out", "", "", "{},\"quote\":{}", "", "tcb_info: "},
    {"tcb_info breaks out further", "", "", "{}}", "", "tcb_info: "},
    {"collateral is no JSON", "", "", "", "{", "collateral: "},
    {"collateral is an array", "", "", "", "[]", "collateral: no JSON object"},
    {"collateral breaks out", "", "", "", "{},\"quote\":{}", "collateral: "},
};

static void
test_unwritable(void **state)
{
    static const uint8_t report_data[64] = {0};
    struct assay_quote_reply reply;
    struct assay_buf b;
    struct assay_error err;

    (void)state;
    assay_buf_init(&b, 1u << 25);
    for (size_t i = 0; i < COUNT_OF(unwritable); i++) {
        reply = (struct assay_quote_reply){
            .quote = assay_buf_slice(&quote),
            .event_log = assay_slice_of(unwritable[i].log),
            .vm_config = assay_slice_of(unwritable[i].config),
            .tcb_info = assay_slice_of(unwritable[i].tcb_info),
            .collateral = assay_slice_of(unwritable[i].collateral),
        };
        assay_error_clear(&err);
        CHECK(unwritable[i].name, assay_reply_write(&reply, report_data, &b,
                                                    &err) == ASSAY_INVALID);
        check_error(unwritable[i].name, &err, ASSAY_INVALID, unwritable[i].msg,
                    err.offset);
        CHECK(unwritable[i].name, b.len == 0);
    }
    reply = good_reply();
    reply.quote.len = 0;
    assay_error_clear(&err);
    assert_int_equal(assay_reply_write(&reply, report_data, &b, &err),
                     ASSAY_INVALID);
    reply.quote.len = ASSAY_QUOTE_MAX_BYTES + 1;
    assay_error_clear(&err);
    assert_int_equal(assay_reply_write(&reply, report_data, &b, &err),
                     ASSAY_INVALID);
    assert_int_equal(b.len, 0);
    assay_buf_free(&b);
}

/* What is nested as deep as it may be can be read again; what is deeper is not
 * written. */
static void
test_depth(void **state)
{
    static const uint8_t report_data[64] = {0};
    struct assay_quote_reply reply = good_reply();
    struct assay_buf deep;
    struct assay_buf b;
    struct assay_error err;

    (void)state;
    assay_buf_init(&deep, 4096);
    assay_buf_add_text(&deep, "{\"x\":");
    add_repeated(&deep, 30, '[');
    add_repeated(&deep, 30, ']');
    assay_buf_add_text(&deep, "}");
    reply.tcb_info = assay_buf_slice(&deep);
    check_round_trip("deep", &reply, 1, "");
    deep.len = 5;
    add_repeated(&deep, 31, '[');
    add_repeated(&deep, 31, ']');
    assay_buf_add_text(&deep, "}");
    reply.tcb_info = assay_buf_slice(&deep);
    assay_buf_init(&b, 1u << 20);
    assay_error_clear(&err);
    assert_int_equal(assay_reply_write(&reply, report_data, &b, &err),
                     ASSAY_INVALID);
    assay_buf_free(&b);
    assay_buf_free(&deep);
}

static const struct {
    const char *name;
    unsigned status;
    const char *message;
    unsigned retry_after_s;
    bool keep;
    const char *head;
    const char *said; /* by the client that reads it */
} errors[] = {
    {"400", 400, "no nonce", 0, true,
     "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
     "Cache-Control: no-store\r\nContent-Length: ",
     "quote reply: status 400 instead of 200; the server says: no nonce"},
    {"405", 405, "POST it", 0, false,
     "HTTP/1.1 405 Method Not Allowed\r\nAllow: POST\r\nContent-Type: "
     "application/json\r\nCache-Control: no-store\r\nConnection: close\r\n"
     "Content-Length: ",
     "quote reply: status 405 instead of 200; the server says: POST it"},
    {"503", 503, "busy", 17, true,
     "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
     "Cache-Control: no-store\r\nRetry-After: 17\r\nContent-Length: ",
     "quote reply: status 503 instead of 200, try again in 17 s; the server "
     "says: busy"},
    {"quotes and controls", 500, "a\"b\\c\r\nX: y\x01", 0, true,
     "HTTP/1.1 500 Internal Server Error\r\n",
     "quote reply: status 500 instead of 200; the server says: a\"b\\c??X: y?"},
    {"no UTF-8", 500, "a\xff", 0, true, "HTTP/1.1 500 ",
     "quote reply: status 500 instead of 200; the server says: a???"},
    {"empty", 500, "", 0, true, "HTTP/1.1 500 ",
     "quote reply: status 500 instead of 200"},
};

static void
check_written_error(const char *row, const struct assay_buf *b,
                    const char *head, enum assay_code code, const char *said)
{
    struct reply_read r;

    CHECK(row, !b->failed);
    CHECK(row,
          b->len > strlen(head) && memcmp(b->ptr, head, strlen(head)) == 0);
    reply_read(&r, assay_buf_slice(b), ROOM, b->len, 1);
    CHECK(row, r.rest.len == 0);
    check_error(row, &r.err, code, said, ASSAY_NO_OFFSET);
    reply_read_free(&r);
}

static void
test_write_error(void **state)
{
    static char long_text[10000];
    struct assay_buf b;

    (void)state;
    assay_buf_init(&b, 1u << 20);
    for (size_t i = 0; i < COUNT_OF(errors); i++) {
        const struct assay_refusal why = {errors[i].status, "code",
                                          errors[i].message, "hint",
                                          errors[i].retry_after_s};

        assay_reply_write_error(&why, errors[i].keep, &b);
        check_written_error(errors[i].name, &b, errors[i].head,
                            errors[i].status == 503 ? ASSAY_UNAVAILABLE
                                                    : ASSAY_REPLY,
                            errors[i].said);
        b.len = 0;
    }
    /* Too long, and six times as long when escaped: cut, but still JSON. */
    memset(long_text, 1, sizeof(long_text) - 1);
    assay_reply_write_error(
        &(const struct assay_refusal){500, long_text, long_text, long_text, 0},
        true, &b);
    check_written_error("long", &b, "HTTP/1.1 500 ", ASSAY_REPLY,
                        "quote reply: status 500 instead of 200; the server "
                        "says: ???????");
    assay_buf_free(&b);
}

static int
setup(void **state)
{
    struct mint_options o = evidence_options(EVIDENCE_TDX_V4);
    struct mint_world *w = NULL;
    struct assay_error err;

    (void)state;
    evidence_need(mint_world_new(&o, &w, &err) == ASSAY_OK, &err);
    assay_buf_init(&quote, MINT_QUOTE_MAX);
    evidence_need(mint_world_quote(w, &quote, &err) == ASSAY_OK, &err);
    mint_world_free(w);
    assay_buf_init(&hex, 1u << 20);
    assay_hex_encode(&hex, assay_buf_slice(&quote));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    assay_buf_free(&quote);
    assay_buf_free(&hex);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_responses),
        cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_large_head),
        cmocka_unit_test(test_large_body),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_body_truncated),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_written),
        cmocka_unit_test(test_unwritable),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_write_error),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
