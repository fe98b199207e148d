/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_http1_head.c - heads of requests and responses: what they say, and each
 * way in which they are refused, however they arrive.
 */
#include "harness/http1.h"

#include "harness/unit.h"
#include "http1/chars.h"

#define REQUEST NULL /* for `method`: the method of the request before */

static const struct assay_http1_head untouched = {.minor = 77};

/* --- good ------------------------------------------------------------------
 */

struct good {
    const char *row;
    const char *method;
    struct assay_slice text; /* the head; more will stand behind it */
    const char *first;       /* method or reason */
    const char *second;      /* target, or nothing */
    const char *host;
    unsigned minor, status;
    size_t fields;
    enum assay_http1_framing framing;
    uint64_t length;
    bool keep_alive, upgrade, expect_continue;
};

#define NONE  ASSAY_HTTP1_NO_BODY
#define LEN   ASSAY_HTTP1_LENGTH
#define CHUNK ASSAY_HTTP1_CHUNKED
#define CLOSE ASSAY_HTTP1_UNTIL_CLOSE

#define REQ(name, text, m, t, h, minor, fields, framing, length, ...)          \
    {name,  REQUEST, HTTP1_TEXT(text), m,       t,      h,                     \
     minor, 0,       fields,           framing, length, __VA_ARGS__}
#define GET(name, lines, fields, framing, length, ...)                         \
    REQ(name, "GET / HTTP/1.1\r\nHost: a\r\n" lines "\r\n", "GET", "/", "a",   \
        1, 1 + (fields), framing, length, __VA_ARGS__)
#define TARGET(m, t, h)                                                        \
    REQ(m " " t, m " " t " HTTP/1.1\r\nHost: " h "\r\n\r\n", m, t, h, 1, 1,    \
        NONE, 0, true, false, false)
#define OLD(name, lines, fields, framing, length, ...)                         \
    REQ(name, "GET / HTTP/1.0\r\n" lines "\r\n", "GET", "/", "", 0, fields,    \
        framing, length, __VA_ARGS__)
#define HOST(h) TARGET("GET", "/", h)
#define RES(name, method, line, r, minor, status, lines, fields, framing,      \
            length, ...)                                                       \
    {name,    method, HTTP1_TEXT(line "\r\n" lines "\r\n"),                    \
     r,       "",     "",                                                      \
     minor,   status, fields,                                                  \
     framing, length, __VA_ARGS__,                                             \
     false}
#define ANSWER(name, method, status, lines, fields, framing, length, ...)      \
    RES(name, method, "HTTP/1.1 " #status " X", "X", 1, status, lines, fields, \
        framing, length, __VA_ARGS__)

static const struct good good[] = {
    GET("plain", "", 0, NONE, 0, true, false, false),
    REQ("the attested client's",
        "POST /tdx_quote HTTP/1.1\r\nHost: a.example\r\n"
        "Content-Type: application/json\r\nContent-Length: 80\r\n"
        "Connection: keep-alive\r\n\r\n",
        "POST", "/tdx_quote", "a.example", 1, 4, LEN, 80, true, false, false),
    REQ("an empty line first", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET",
        "/", "a", 1, 1, NONE, 0, true, false, false),
    REQ("any token is a method",
        "g!#$%&'*+-.^_`|~9 / HTTP/1.1\r\nHost:\r\n\r\n", "g!#$%&'*+-.^_`|~9",
        "/", "", 1, 1, NONE, 0, true, false, false),
    /* targets and hosts */
    TARGET("GET", "/a?b=c&d=%20/../~\"<>\\^`{|}", "a"),
    TARGET("GET", "//a", "b"),
    TARGET("OPTIONS", "*", "a"),
    TARGET("OPTIONS", "/", "a"),
    TARGET("GET", "http://a.example", "a.example"),
    TARGET("GET", "http://A.example/", "a.EXAMPLE"),
    TARGET("GET", "https://a:8443?x", "a:8443"),
    TARGET("GET", "ws+x-y.1://[::1]/b://c", "[::1]"),
    TARGET("CONNECT", "a.example:443", "a.example"),
    TARGET("CONNECT", "[fe80::1]:443", "[fe80::1]:443"),
    HOST(""),
    HOST("localhost"),
    HOST("10.0.0.1"),
    HOST("10.0.0.1:0"),
    HOST("a_b~c-d.example.:65535"),
    HOST("[::1]"),
    HOST("[2001:DB8::7:1.2.3.4]:443"),
    /* fields */
    GET("no blank, many blanks", "A:b\r\nC: \t d \t\r\nE:\r\nF: \t\r\n", 4,
        NONE, 0, true, false, false),
    GET("every byte of a value", "A: !~\x80\xff a\tb\r\n", 1, NONE, 0, true,
        false, false),
    GET("a token for a name", "!#$%&'*+-.^_`|~9aZ: x\r\n", 1, NONE, 0, true,
        false, false),
    GET("the same field again", "A: 1\r\na: 2\r\n", 2, NONE, 0, true, false,
        false),
    /* framing */
    GET("length 0", "Content-Length: 0\r\n", 1, LEN, 0, true, false, false),
    GET("length", "content-length:\t12 \r\n", 1, LEN, 12, true, false, false),
    GET("zeros in front", "Content-Length: 0012\r\n", 1, LEN, 12, true, false,
        false),
    GET("greatest length", "Content-Length: 18446744073709551615\r\n", 1, LEN,
        UINT64_MAX, true, false, false),
    GET("chunked", "Transfer-Encoding: chunked\r\n", 1, CHUNK, 0, true, false,
        false),
    GET("ChunKed", "TRANSFER-ENCODING: ChunKed \r\n", 1, CHUNK, 0, true, false,
        false),
    /* connection */
    GET("close", "Connection: close\r\n", 1, NONE, 0, false, false, false),
    GET("close in a list", "Connection: te , CLOSE\r\n", 1, NONE, 0, false,
        false, false),
    GET("close in the second", "Connection: ,\r\nconnection: a,close\r\n", 2,
        NONE, 0, false, false, false),
    GET("close beats keep-alive", "Connection: keep-alive, close\r\n", 1, NONE,
        0, false, false, false),
    GET("closed is not close", "Connection: closed\r\n", 1, NONE, 0, true,
        false, false),
    GET("upgrade", "Connection: Upgrade\r\nUpgrade: websocket\r\n", 2, NONE, 0,
        true, true, false),
    GET("upgrade without Connection", "Upgrade: websocket\r\n", 1, NONE, 0,
        true, false, false),
    GET("upgrade without Upgrade", "Connection: upgrade\r\n", 1, NONE, 0, true,
        false, false),
    GET("upgrade to nothing", "Connection: upgrade\r\nUpgrade:\r\n", 2, NONE, 0,
        true, false, false),
    GET("expect", "Expect: 100-Continue\r\n", 1, NONE, 0, true, false, true),
    GET("expect something", "Expect: 100\r\n", 1, NONE, 0, true, false, false),
    /* 1.0 */
    OLD("old", "", 0, NONE, 0, false, false, false),
    OLD("old keep-alive", "Connection: Keep-Alive\r\n", 1, NONE, 0, true, false,
        false),
    OLD("old close", "Connection: keep-alive,close\r\n", 1, NONE, 0, false,
        false, false),
    OLD("old length", "Content-Length: 3\r\n", 1, LEN, 3, false, false, false),
    OLD("old upgrade", "Connection: upgrade\r\nUpgrade: x\r\n", 2, NONE, 0,
        false, false, false),
    OLD("old expect", "Expect: 100-continue\r\n", 1, NONE, 0, false, false,
        false),
    /* responses */
    ANSWER("until close", "GET", 200, "", 0, CLOSE, 0, false, false),
    ANSWER("length", "GET", 200, "Content-Length: 7\r\n", 1, LEN, 7, true,
           false),
    ANSWER("chunked", "GET", 200, "Transfer-Encoding: chunked\r\n", 1, CHUNK, 0,
           true, false),
    ANSWER("closed", "GET", 200, "Content-Length: 7\r\nConnection: close\r\n",
           2, LEN, 7, false, false),
    ANSWER("hosts do not matter", "GET", 200, "Host: a b\r\nHost: c\r\n", 2,
           CLOSE, 0, false, false),
    ANSWER("to HEAD", "HEAD", 200, "Content-Length: 7\r\n", 1, NONE, 0, true,
           false),
    ANSWER("to HEAD, chunked", "HEAD", 200, "Transfer-Encoding: chunked\r\n", 1,
           NONE, 0, true, false),
    ANSWER("to HEAD, nothing said", "HEAD", 200, "", 0, NONE, 0, true, false),
    ANSWER("to head, another method", "head", 200, "", 0, CLOSE, 0, false,
           false),
    ANSWER("a tunnel", "CONNECT", 200, "", 0, NONE, 0, false, false),
    ANSWER("a tunnel ignores", "CONNECT", 299,
           "Content-Length: x\r\nTransfer-Encoding: gzip\r\n", 2, NONE, 0,
           false, false),
    ANSWER("no tunnel", "CONNECT", 403, "Content-Length: 7\r\n", 1, LEN, 7,
           true, false),
    ANSWER("continue", "POST", 100, "", 0, NONE, 0, true, false),
    ANSWER("switching", "GET", 101,
           "Connection: upgrade\r\nUpgrade: websocket\r\n", 2, NONE, 0, false,
           true),
    ANSWER("early hints", "GET", 103, "Link: x\r\n", 1, NONE, 0, true, false),
    ANSWER("no content", "GET", 204, "", 0, NONE, 0, true, false),
    ANSWER("no content, of length 0", "GET", 204, "Content-Length: 0\r\n", 1,
           NONE, 0, true, false),
    ANSWER("not modified", "GET", 304, "Content-Length: 7\r\n", 1, NONE, 0,
           true, false),
    ANSWER("not modified, chunked", "GET", 304,
           "Transfer-Encoding: chunked\r\n", 1, NONE, 0, true, false),
    ANSWER("greatest status", "GET", 599, "Content-Length: 0\r\n", 1, LEN, 0,
           true, false),
    RES("reason", "GET", "HTTP/1.1 404 Not\tFound \xfc", "Not\tFound \xfc", 1,
        404, "Content-Length: 0\r\n", 1, LEN, 0, true, false),
    RES("empty reason", "GET", "HTTP/1.1 200 ", "", 1, 200,
        "Content-Length: 0\r\n", 1, LEN, 0, true, false),
    RES("no reason", "GET", "HTTP/1.1 200", "", 1, 200, "Content-Length: 0\r\n",
        1, LEN, 0, true, false),
    RES("old", "GET", "HTTP/1.0 200 OK", "OK", 0, 200, "Content-Length: 1\r\n",
        1, LEN, 1, false, false),
    RES("old, kept", "GET", "HTTP/1.0 200 OK", "OK", 0, 200,
        "Content-Length: 1\r\nConnection: keep-alive\r\n", 2, LEN, 1, true,
        false),
    RES("old, until close", "GET", "HTTP/1.0 200 OK", "OK", 0, 200,
        "Connection: keep-alive\r\n", 1, CLOSE, 0, false, false),
};

static void
check_good(const struct good *g, const struct assay_http1_head *h)
{
    bool request = g->method == REQUEST;

    CHECK(g->row, h->minor == g->minor && h->status == g->status);
    CHECK(g->row, assay_slice_is(request ? h->method : h->reason, g->first));
    CHECK(g->row, assay_slice_is(h->target, g->second));
    CHECK(g->row, assay_slice_is(h->host, g->host));
    CHECK(g->row, h->field_count == g->fields);
    CHECK(g->row, h->framing == g->framing);
    CHECK(g->row, h->content_length == g->length);
    CHECK(g->row, h->keep_alive == g->keep_alive);
    CHECK(g->row, h->upgrade == g->upgrade);
    CHECK(g->row, h->expect_continue == g->expect_continue);
}

static void
good_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        const struct good *g = &good[i];
        struct assay_slice in = exact_copy(g->text);
        struct assay_http1_head h;
        struct assay_error err;
        size_t used;

        for (size_t first = 0; first <= in.len; first++) {
            http1_read_pieces(g->method, in, first, in.len, &h, &used, &err);
            CHECK(g->row, err.code == ASSAY_OK && used == in.len);
            check_good(g, &h);
        }
        http1_read_pieces(g->method, in, 0, 1, &h, &used, &err);
        CHECK(g->row, err.code == ASSAY_OK && used == in.len);
        check_good(g, &h);
        free((void *)(uintptr_t)in.ptr);
    }
}

static void
truncations_ask_for_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        for (size_t len = 0; len < good[i].text.len; len++) {
            struct assay_slice in =
                exact_copy((struct assay_slice){good[i].text.ptr, len});
            struct assay_http1_head h = untouched;
            struct assay_error err;
            size_t used = 1;
            size_t scanned = 0;

            assay_error_clear(&err);
            CHECK(good[i].row, http1_read(good[i].method, in, &scanned, &h,
                                          &used, &err) == ASSAY_OK);
            CHECK(good[i].row, used == 0 && scanned == len);
            CHECK(good[i].row, h.minor == untouched.minor);
            free((void *)(uintptr_t)in.ptr);
        }
    }
}

/* Nothing behind a head is looked at, and the next one is read from there. */
static void
pipelined(void **state)
{
    static const char text[] = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
                               "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
                               "\0\n\r garbage";
    struct assay_slice in = HTTP1_TEXT(text);
    struct assay_http1_head h;
    struct assay_error err;
    size_t scanned = 0;
    size_t used;

    (void)state;
    assay_error_clear(&err);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(assay_http1_request(in, &scanned, &h, &used, &err),
                         ASSAY_OK);
        assert_true(assay_slice_is(h.target, i == 0 ? "/1" : "/2"));
        assert_int_equal(used, strlen("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_int_equal(scanned, 0);
        in.ptr += used;
        in.len -= used;
    }
    assert_int_equal(assay_http1_request(in, &scanned, &h, &used, &err),
                     ASSAY_MALFORMED);
}

/* Whoever reads the next head need not set it. */
static void
scanned_starts_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct assay_slice in = good[i].text;
        struct assay_http1_head h;
        struct assay_error err;
        size_t scanned = 0;
        size_t used;

        assay_error_clear(&err);
        in.len--;
        CHECK(good[i].row, http1_read(good[i].method, in, &scanned, &h, &used,
                                      &err) == ASSAY_OK);
        CHECK(good[i].row, used == 0 && scanned == in.len);
        in.len++;
        CHECK(good[i].row, http1_read(good[i].method, in, &scanned, &h, &used,
                                      &err) == ASSAY_OK);
        CHECK(good[i].row, used == in.len && scanned == 0);
    }
}

/* --- refused ---------------------------------------------------------------
 */

struct bad {
    const char *row;
    const char *method;
    struct assay_slice before; /* up to the byte that is refused */
    struct assay_slice after;
    enum assay_code code;
    const char *msg;
};

#define BAD(row, before, after, msg)                                           \
    {row, REQUEST, HTTP1_TEXT(before), HTTP1_TEXT(after), ASSAY_MALFORMED, msg}
#define UNKNOWN(row, before, after, msg)                                       \
    {row, REQUEST, HTTP1_TEXT(before), HTTP1_TEXT(after), ASSAY_UNSUPPORTED,   \
     msg}
#define G          "GET / HTTP/1.1\r\n"
#define H          G "Host: a\r\n"
#define E          "\r\n\r\n"
#define HOSTED     " HTTP/1.1\r\nHost: a" E
#define FORM(m, t) BAD(m " " t, m " ", t HOSTED, "target: of no form")
#define BADHOST(h) BAD("Host " h, G "Host: ", h E, "Host: no host and port")
#define LENGTH(b, a)                                                           \
    BAD("length " b a, H "Content-Length: " b, a E, "Content-Length: no digit")
#define CODING(b, a)                                                           \
    UNKNOWN("coding " b a, H "Transfer-Encoding: " b, a E,                     \
            "Transfer-Encoding: only chunked")
#define NOTONCE(v)                                                             \
    BAD("coding " v, H "Transfer-Encoding: ", v E,                             \
        "Transfer-Encoding: not chunked once")
#define BADRES(row, before, after, msg)                                        \
    {row, "GET", HTTP1_TEXT(before), HTTP1_TEXT(after), ASSAY_MALFORMED, msg}

static const struct bad bad[] = {
    /* line ends */
    BAD("bare LF first", "", "\nGET / HTTP/1.1" E, "head: LF without CR"),
    BAD("bare LF after an empty line", "\r\n", "\n" H "\r\n", "head: LF"),
    BAD("bare LF in the first line", "GET / HTTP/1.1", "\nHost: a" E,
        "head: LF without CR"),
    BAD("bare LF behind a field", H "A: b", "\n\r\n", "head: LF without CR"),
    BAD("bare LF for the end", H, "\n", "head: LF without CR"),
    BAD("bare LF in a value", H "A: b", "\nc" E, "head: LF without CR"),
    BAD("CR LF LF", G "Host: a\r\n", "\nA: b" E, "head: LF without CR"),
    BAD("bare CR in a value", H "A: b", "\rc" E, "field value: CR without LF"),
    BAD("CR CR LF", H "A: b", "\r\r\n" E, "field value: CR without LF"),
    BAD("bare CR in a name", H "A", "\rB: c" E, "field name: CR without LF"),
    BAD("bare CR for a field", H, "\rA: b" E, "field name: CR without LF"),
    BAD("bare CR in the first line", "GET / HTTP/1.1", "\r Host: a" E,
        "request line: CR without LF"),
    BAD("bare CR in a target", "GET /a", "\rb HTTP/1.1" E,
        "target: CR without LF"),
    BAD("two empty lines first", "\r\n", "\r\n" H "\r\n",
        "method: the line ends"),
    BAD("nothing but an end", "\r\n", "\r\n", "method: the line ends"),
    /* request line */
    BAD("white space first", "", " GET /" HOSTED, "method: white space"),
    BAD("empty method", "", " /" HOSTED, "method: white space"),
    BAD("method is no token", "G", "(T /" HOSTED, "method: '('"),
    BAD("method with a colon", "GET", ": /" HOSTED, "method: ':'"),
    BAD("method above ASCII", "G", "\xc3\x84 /" HOSTED, "method: byte 0xc3"),
    BAD("NUL in a method", "G", "\0T /" HOSTED, "method: byte 0x00"),
    BAD("TLS", "", "\x16\x03\x01\r\n\r\n", "method: byte 0x16"),
    BAD("method alone", "GET", E, "method: the line ends"),
    BAD("HTAB behind the method", "GET", "\t/" HOSTED, "method: white space"),
    BAD("two spaces", "GET ", " /" HOSTED, "target: white space"),
    BAD("no target", "GET ", "\r\nHost: a" E, "target: the line ends"),
    BAD("no version", "GET /", E, "target: the line ends"),
    BAD("empty version", "GET / ", E, "version: the line ends"),
    BAD("space in a target", "GET /a ", "b" HOSTED, "version: 'b'"),
    BAD("HTAB in a target", "GET /a", "\tb" HOSTED, "target: white space"),
    BAD("NUL in a target", "GET /a", "\0b" HOSTED, "target: byte 0x00"),
    BAD("DEL in a target", "GET /a", "\x7f" HOSTED, "target: byte 0x7f"),
    BAD("UTF-8 in a target", "GET /", "\xc3\xa4" HOSTED, "target: byte 0xc3"),
    BAD("fragment", "GET /a", "#b" HOSTED, "target: '#'"),
    BAD("version in small letters", "GET / ", "http/1.1\r\nHost: a" E,
        "version: 'h'"),
    BAD("another protocol", "GET / HTTP", "S/1.1\r\nHost: a" E, "version: 'S'"),
    BAD("version without a dot", "GET / HTTP/1", "\r\nHost: a" E,
        "version: the line ends"),
    BAD("version with a comma", "GET / HTTP/1", ",1\r\nHost: a" E,
        "version: ','"),
    BAD("version with a letter", "GET / HTTP/", "x.1\r\nHost: a" E,
        "version: 'x'"),
    BAD("version with two digits", "GET / HTTP/1.1", "0\r\nHost: a" E,
        "request line: '0'"),
    BAD("version with a zero", "GET / HTTP/0", "1.1\r\nHost: a" E,
        "version: '1'"),
    BAD("space behind the version", "GET / HTTP/1.1", " \r\nHost: a" E,
        "request line: white space"),
    UNKNOWN("0.9", "GET / ", "HTTP/0.9\r\nHost: a" E, "version: HTTP/0.9"),
    UNKNOWN("1.2", "GET / ", "HTTP/1.2\r\nHost: a" E, "version: HTTP/1.2"),
    UNKNOWN("2.0", "PRI * ", "HTTP/2.0" E "SM" E, "version: HTTP/2.0"),
    UNKNOWN("9.9", "GET / ", "HTTP/9.9\r\nHost: a" E, "version: HTTP/9.9"),
    /* forms of targets */
    FORM("GET", "*"),
    FORM("OPTIONS", "**"),
    FORM("GET", "a"),
    FORM("GET", "?a"),
    FORM("GET", "a.example:80"),
    FORM("GET", "http:/a"),
    FORM("GET", "http:a"),
    FORM("GET", "http://"),
    FORM("GET", "http:///a"),
    FORM("GET", "http://?a"),
    FORM("GET", "http://u@a/"),
    FORM("GET", "http://u:p@a/"),
    FORM("GET", "http://a:b/"),
    FORM("GET", "http://a:/"),
    FORM("GET", "http://a,b/"),
    FORM("GET", "http://[::1/"),
    FORM("GET", "://a/"),
    FORM("GET", "1http://a/"),
    FORM("GET", "ht_tp://a/"),
    FORM("CONNECT", "/"),
    FORM("CONNECT", "*"),
    FORM("CONNECT", "a"),
    FORM("CONNECT", "a:"),
    FORM("CONNECT", ":80"),
    FORM("CONNECT", "a:65536"),
    FORM("CONNECT", "a:80/"),
    FORM("CONNECT", "u@a:80"),
    FORM("CONNECT", "http://a:80"),
    FORM("connect", "a:80"),
    /* Host */
    BAD("no Host", G, "\r\n", "Host: not there"),
    BAD("Hosts is not Host", G "Hosts: a\r\n", "\r\n", "Host: not there"),
    BAD("two Hosts", H, "Host: b" E, "Host: there twice"),
    BAD("the same Host again", H, "hOST: a" E, "Host: there twice"),
    BAD("an empty Host again", H, "Host:" E, "Host: there twice"),
    BAD("two Hosts in 1.0", "GET / HTTP/1.0\r\nHost: a\r\n", "Host: a" E,
        "Host: there twice"),
    BADHOST("a b"),
    BADHOST("a,b"),
    BADHOST("a/b"),
    BADHOST("a?b"),
    BADHOST("u@a"),
    BADHOST("a\\b"),
    BADHOST("a%62"),
    BADHOST("\xc3\xa4"),
    BADHOST("a:"),
    BADHOST("a:b"),
    BADHOST("a:+1"),
    BADHOST("a:1:2"),
    BADHOST("a:65536"),
    BADHOST("a:000080"),
    BADHOST(":80"),
    BADHOST("::1"),
    BADHOST("[]"),
    BADHOST("[::1"),
    BADHOST("[::1]a"),
    BADHOST("[::1]:"),
    BADHOST("[fe80::1%eth0]"),
    BADHOST("[v1.a]"),
    BADHOST("a]"),
    BAD("Host of another target", "GET http://a/ HTTP/1.1\r\nHost: ", "b" E,
        "Host: not the one of the target"),
    BAD("Host without the port", "GET http://a:1/ HTTP/1.1\r\nHost: ", "a" E,
        "Host: not the one of the target"),
    BAD("empty Host with a target", "GET http://a/ HTTP/1.1\r\nHost:", E,
        "Host: not the one of the target"),
    /* fields */
    BAD("folded line", H "A: b\r\n", " c" E, "field: a folded line"),
    BAD("folded by HTAB", H "A: b\r\n", "\tc" E, "field: a folded line"),
    BAD("folded first line", G, " Host: a" E, "field: a folded line"),
    BAD("folded empty line", H "A: b\r\n", " " E, "field: a folded line"),
    BAD("space before the colon", H "A", " : b" E, "field name: white space"),
    BAD("HTAB before the colon", H "A", "\t: b" E, "field name: white space"),
    BAD("no colon", H "A", E, "field name: the line ends"),
    BAD("empty name", H, ": b" E, "field name: empty"),
    BAD("name with a bracket", H "A", "(: b" E, "field name: '('"),
    BAD("name in quotes", H, "\"A\": b" E, "field name: '\"'"),
    BAD("name above ASCII", H "A", "\xff: b" E, "field name: byte 0xff"),
    BAD("NUL in a name", H "A", "\0: b" E, "field name: byte 0x00"),
    BAD("NUL in a value", H "A: b", "\0c" E, "field value: byte 0x00"),
    BAD("BS in a value", H "A: b", "\bc" E, "field value: byte 0x08"),
    BAD("VT in a value", H "A: b", "\vc" E, "field value: byte 0x0b"),
    BAD("VT before a value", H "Transfer-Encoding:", "\vchunked" E,
        "field value: byte 0x0b"),
    BAD("FF in a value", H "A: b", "\fc" E, "field value: byte 0x0c"),
    BAD("ESC in a value", H "A: b", "\033c" E, "field value: byte 0x1b"),
    BAD("DEL in a value", H "A: b", "\x7f" E, "field value: byte 0x7f"),
    /* Content-Length */
    BAD("length empty", H "Content-Length: ", E, "Content-Length: empty"),
    LENGTH("", "+1"),
    LENGTH("", "-1"),
    LENGTH("", "x"),
    LENGTH("0", "x10"),
    LENGTH("1", " 2"),
    LENGTH("1", ",1"),
    LENGTH("1", ", 1"),
    LENGTH("1", ".0"),
    LENGTH("1", "e3"),
    LENGTH("", "\"1\""),
    LENGTH("", "\xb2"),
    BAD("length too large", H "Content-Length: 1844674407370955161", "6" E,
        "Content-Length: too large"),
    BAD("length much too large", H "Content-Length: 9999999999999999999",
        "99" E, "Content-Length: too large"),
    BAD("two lengths", H "Content-Length: 1\r\n", "Content-Length: 2" E,
        "Content-Length: there twice"),
    BAD("the same length again", H "Content-Length: 1\r\n",
        "content-length: 1" E, "Content-Length: there twice"),
    /* Transfer-Encoding */
    CODING("", "gzip"),
    CODING("", "identity"),
    CODING("", "xchunked"),
    CODING("", "chunked x"),
    CODING("", "chunked;q=1"),
    CODING("", "\"chunked\""),
    CODING("", "chu\xffnked"),
    CODING("", "gzip, chunked"),
    CODING("chunked,", "gzip"),
    CODING("chunked, ", "identity"),
    NOTONCE(""),
    NOTONCE(","),
    NOTONCE("chunked,"),
    NOTONCE(",chunked"),
    NOTONCE("chunked,chunked"),
    NOTONCE("chunked, Chunked"),
    BAD("chunked twice", H "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked" E, "Transfer-Encoding: there twice"),
    BAD("two codings", H "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: chunked" E, "Transfer-Encoding: there twice"),
    BAD("chunked and a length", H "Content-Length: 1\r\n",
        "Transfer-Encoding: chunked" E, "Transfer-Encoding: beside"),
    BAD("a length and chunked", H,
        "Transfer-Encoding: chunked\r\nContent-Length: 1" E,
        "Transfer-Encoding: beside"),
    BAD("chunked in 1.0", "GET / HTTP/1.0\r\n", "Transfer-Encoding: chunked" E,
        "Transfer-Encoding: in HTTP/1.0"),
    BAD("CONNECT with a body", "",
        "CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1" E,
        "CONNECT: with a body"),
    BAD("CONNECT with chunks", "",
        "CONNECT a:1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked" E,
        "CONNECT: with a body"),
    /* Connection */
    BAD("Connection names the length", H "Connection: close, ",
        "Content-length" E, "Connection: names a field for everybody"),
    BAD("Connection names Host", H "Connection: ", "host,close" E,
        "Connection: names a field for everybody"),
    /* responses */
    BADRES("empty line first", "", "\r\nHTTP/1.1 200 OK" E,
           "version: the line ends"),
    BADRES("bare LF", "HTTP/1.1 200 OK", "\n\n", "head: LF without CR"),
    BADRES("ICY", "", "ICY 200 OK" E, "version: 'I'"),
    BADRES("no status", "HTTP/1.1", E, "version: the line ends"),
    BADRES("empty status", "HTTP/1.1 ", E, "status: the line ends"),
    BADRES("two spaces", "HTTP/1.1 ", " 200 OK" E, "status: white space"),
    BADRES("HTAB", "HTTP/1.1", "\t200 OK" E, "version: white space"),
    BADRES("two digits", "HTTP/1.1 20", " OK" E, "status: white space"),
    BADRES("four digits", "HTTP/1.1 200", "0 OK" E, "status line: '0'"),
    BADRES("signed", "HTTP/1.1 ", "+20 OK" E, "status: '+'"),
    BADRES("099", "HTTP/1.1 ", "099 X" E, "status: not 100 to 599"),
    BADRES("600", "HTTP/1.1 ", "600 X" E, "status: not 100 to 599"),
    BADRES("HTAB behind the status", "HTTP/1.1 200", "\tOK" E,
           "status line: white space"),
    BADRES("NUL in the reason", "HTTP/1.1 200 O", "\0K" E,
           "status line: byte 0x00"),
    BADRES("CR in the reason", "HTTP/1.1 200 O", "\rK" E,
           "status line: CR without LF"),
    {"version of a response", "GET", HTTP1_TEXT(""),
     HTTP1_TEXT("HTTP/2.0 200 OK" E), ASSAY_UNSUPPORTED, "version: HTTP/2.0"},
    {"coding of a response", "GET",
     HTTP1_TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: "),
     HTTP1_TEXT("gzip, chunked" E), ASSAY_UNSUPPORTED, "Transfer-Encoding"},
    BADRES("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n",
           "Content-Length: 1" E, "Content-Length: there twice"),
    BADRES("chunked and a length", "HTTP/1.1 200 OK\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 1" E,
           "Transfer-Encoding: beside"),
    BADRES("chunked in 1.0", "HTTP/1.0 200 OK\r\n",
           "Transfer-Encoding: chunked" E, "Transfer-Encoding: in HTTP/1.0"),
    BADRES("chunked in 100", "HTTP/1.1 100 X\r\n",
           "Transfer-Encoding: chunked" E,
           "Transfer-Encoding: with this status"),
    BADRES("chunked in 101", "HTTP/1.1 101 X\r\n",
           "Transfer-Encoding: chunked" E,
           "Transfer-Encoding: with this status"),
    BADRES("chunked in 204", "HTTP/1.1 204 X\r\n",
           "Transfer-Encoding: chunked" E,
           "Transfer-Encoding: with this status"),
    BADRES("a length in 204", "HTTP/1.1 204 X\r\n", "Content-Length: 1" E,
           "Content-Length: with this status"),
    BADRES("a length in 103", "HTTP/1.1 103 X\r\n", "Content-Length: 1" E,
           "Content-Length: with this status"),
    {"a bad length to HEAD", "HEAD",
     HTTP1_TEXT("HTTP/1.1 200 X\r\nContent-Length: "), HTTP1_TEXT("x" E),
     ASSAY_MALFORMED, "Content-Length: no digit"},
};

static struct assay_slice
joined(struct assay_slice a, struct assay_slice b)
{
    uint8_t *p = malloc(a.len + b.len);

    assert_non_null(p);
    assay_copy(p, a);
    assay_copy(p + a.len, b);
    return (struct assay_slice){p, a.len + b.len};
}

static void
refused_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const struct bad *b = &bad[i];
        struct assay_slice in = joined(b->before, b->after);
        struct assay_http1_head h = untouched;
        struct assay_error err;
        size_t used = 1;

        for (size_t first = 0; first <= in.len; first++) {
            http1_read_pieces(b->method, in, first, in.len, &h, &used, &err);
            check_error(b->row, &err, b->code, b->msg, b->before.len);
            CHECK(b->row, used == 0 && h.minor == untouched.minor);
        }
        http1_read_pieces(b->method, in, 0, 1, &h, &used, &err);
        check_error(b->row, &err, b->code, b->msg, b->before.len);
        CHECK(b->row, used == 0 && h.minor == untouched.minor);
        free((void *)(uintptr_t)in.ptr);
    }
}

/* Each byte, put in the middle of each place. */
static void
every_byte(void **state)
{
    static const struct {
        const char *row;
        const char *before, *after;
        enum assay_http1_class class;
        const char *others; /* that mean something there */
    } rows[] = {
        {"method", "GE", "T / HTTP/1.1\r\nHost: a\r\n\r\n", ASSAY_HTTP1_TOKEN,
         ""},
        {"target", "GET /a", "b HTTP/1.1\r\nHost: a\r\n\r\n",
         ASSAY_HTTP1_TARGET, ""},
        {"name", H "A", "B: c\r\n\r\n", ASSAY_HTTP1_TOKEN, ":"},
        {"value", H "A: b", "c\r\n\r\n", ASSAY_HTTP1_TEXT, ""},
        {"host", G "Host: a", "1\r\n\r\n", ASSAY_HTTP1_NAME, ":"},
    };
    static const char token[] = "!#$%&'*+-.^_`|~";

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (int c = 0; c < 256; c++) {
            bool letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                          (c >= 'A' && c <= 'Z');
            bool good_byte = strchr(rows[i].others, c) != NULL && c != 0;
            struct assay_http1_head h;
            struct assay_error err;
            size_t used;
            uint8_t text[96];
            size_t n = strlen(rows[i].before);

            switch (rows[i].class) {
            case ASSAY_HTTP1_TOKEN:
                good_byte |= letter || (c != 0 && strchr(token, c) != NULL);
                break;
            case ASSAY_HTTP1_TARGET:
                good_byte |= c > ' ' && c < 0x7f && c != '#';
                break;
            case ASSAY_HTTP1_TEXT:
                good_byte |= (c >= ' ' && c != 0x7f) || c == '\t';
                break;
            case ASSAY_HTTP1_NAME:
                good_byte |= letter || (c != 0 && strchr("-._~", c) != NULL);
                break;
            }
            memcpy(text, rows[i].before, n);
            text[n] = (uint8_t)c;
            memcpy(text + n + 1, rows[i].after, strlen(rows[i].after));
            http1_read_pieces(
                REQUEST,
                (struct assay_slice){text, n + 1 + strlen(rows[i].after)}, 96,
                1, &h, &used, &err);
            if ((err.code == ASSAY_OK) != good_byte ||
                (used > 0) != good_byte) {
                fail_msg("row \"%s\", byte 0x%02x: %s", rows[i].row, c,
                         err.msg);
            }
        }
    }
}

/* --- limits ----------------------------------------------------------------
 */

/* A good request of exactly this many bytes, or cut there if it is larger than
 * a head may be. */
static struct assay_slice
long_request(size_t len)
{
    static const char start[] = H "A: ";
    uint8_t *p = malloc(len);

    assert_non_null(p);
    memset(p, 'x', len);
    assay_copy(p, assay_slice_of(start));
    assay_copy(p + len - 4, assay_slice_of("\r\n\r\n"));
    return (struct assay_slice){p, len};
}

static void
head_size(void **state)
{
    struct assay_http1_head h;
    struct assay_error err;
    size_t used;

    (void)state;
    for (size_t over = 0; over < 3; over++) {
        struct assay_slice in = long_request(ASSAY_HTTP1_HEAD_MAX_BYTES + over);

        for (size_t step = 1; step <= in.len; step = step * 37 + 1) {
            http1_read_pieces(REQUEST, in, 0, step, &h, &used, &err);
            if (over == 0) {
                assert_int_equal(err.code, ASSAY_OK);
                assert_int_equal(used, in.len);
            } else {
                check_error("too long", &err, ASSAY_TOO_LARGE,
                            "head: more than 65536 bytes",
                            ASSAY_HTTP1_HEAD_MAX_BYTES);
            }
        }
        free((void *)(uintptr_t)in.ptr);
    }
}

static void
target_size(void **state)
{
    struct assay_http1_head h;
    struct assay_error err;
    size_t used;

    (void)state;
    for (size_t over = 0; over < 2; over++) {
        struct assay_buf b;

        assay_buf_init(&b, 65536);
        assay_buf_add_text(&b, "GET /");
        memset(assay_buf_extend(&b, ASSAY_HTTP1_TARGET_MAX_BYTES - 1 + over),
               'a', ASSAY_HTTP1_TARGET_MAX_BYTES - 1 + over);
        assay_buf_add_text(&b, HOSTED);
        http1_read_pieces(REQUEST, assay_buf_slice(&b), b.len, 1, &h, &used,
                          &err);
        if (over == 0) {
            assert_int_equal(err.code, ASSAY_OK);
        } else {
            check_error("target", &err, ASSAY_TOO_LARGE,
                        "target: 8193 bytes, limit 8192", 4);
        }
        assay_buf_free(&b);
    }
}

static void
field_count(void **state)
{
    struct assay_http1_head h;
    struct assay_error err;
    size_t used;

    (void)state;
    for (size_t over = 0; over < 2; over++) {
        struct assay_buf b;

        assay_buf_init(&b, 65536);
        assay_buf_add_text(&b, H);
        for (size_t i = 1; i < ASSAY_HTTP1_FIELDS_MAX; i++) {
            assay_buf_add_text(&b, "A:\r\n");
        }
        size_t at = b.len;

        assay_buf_add_text(&b, over > 0 ? "A:\r\n\r\n" : "\r\n");
        http1_read_pieces(REQUEST, assay_buf_slice(&b), b.len, 1, &h, &used,
                          &err);
        if (over == 0) {
            assert_int_equal(err.code, ASSAY_OK);
            assert_int_equal(h.field_count, ASSAY_HTTP1_FIELDS_MAX);
        } else {
            check_error("fields", &err, ASSAY_TOO_LARGE,
                        "head: more than 100 fields", at);
        }
        assay_buf_free(&b);
    }
}

/* What was scanned is not looked at again while the end is missing. */
static void
scanned_once(void **state)
{
    struct assay_slice in = long_request(60000);
    uint8_t *bytes = (uint8_t *)(uintptr_t)in.ptr;
    struct assay_http1_head h;
    struct assay_error err;
    size_t scanned = 0;
    size_t used;

    (void)state;
    assay_error_clear(&err);
    for (size_t len = 0; len < in.len; len++) {
        struct assay_slice part = {in.ptr, len};

        assert_int_equal(assay_http1_request(part, &scanned, &h, &used, &err),
                         ASSAY_OK);
        assert_int_equal(used, 0);
        assert_int_equal(scanned, len);
        if (len > 2) {
            bytes[len - 3] = '\n'; /* would be refused if it were seen */
        }
    }
    free(bytes);
}

/* --- the rest --------------------------------------------------------------
 */

static void
first_failure_sticks(void **state)
{
    struct assay_slice in = HTTP1_TEXT(H "\r\n");
    struct assay_http1_head h = untouched;
    struct assay_error err;
    size_t used = 1;
    size_t scanned = 0;

    (void)state;
    assay_error_clear(&err);
    assay_fail(&err, ASSAY_NETWORK, ASSAY_NO_OFFSET, "before");
    assert_int_equal(assay_http1_request(in, &scanned, &h, &used, &err),
                     ASSAY_NETWORK);
    assert_int_equal(assay_http1_response(in, "GET", &scanned, &h, &used, &err),
                     ASSAY_NETWORK);
    assert_string_equal(err.msg, "before");
    assert_true(used == 0 && scanned == 0 && h.minor == untouched.minor);
}

static void
asking(void **state)
{
    static const char text[] = H "Accept: a\r\nX-Hop: 1\r\nVia: 1\r\n"
                                 "accept: b, C ,,d\r\nTE: trailers\r\n"
                                 "Connection: ,close , x-hop,\r\n"
                                 "Connection: TE\r\n\r\n";
    static const struct {
        const char *name;
        bool hop;
    } names[] = {
        {"Connection", true},
        {"keep-alive", true},
        {"Proxy-Connection", true},
        {"te", true},
        {"Transfer-Encoding", true},
        {"UPGRADE", true},
        {"X-HOP", true},
        {"close", true},
        {"X-Hop2", false},
        {"X-Ho", false},
        {"Via", false},
        {"Host", false},
        {"Content-Length", false},
        {"", false},
    };
    struct assay_slice in = HTTP1_TEXT(text);
    struct assay_http1_head h;
    struct assay_error err;
    size_t used;

    (void)state;
    http1_read_pieces(REQUEST, in, in.len, 1, &h, &used, &err);
    assert_int_equal(err.code, ASSAY_OK);
    assert_false(h.keep_alive);
    assert_true(assay_slice_is(assay_http1_get(&h, "ACCEPT"), "a"));
    assert_int_equal(assay_http1_get(&h, "Accep").len, 0);
    assert_int_equal(assay_http1_count(&h, "Accept"), 2);
    assert_int_equal(assay_http1_count(&h, "Accepts"), 0);
    assert_true(assay_http1_has_token(&h, "accept", "A"));
    assert_true(assay_http1_has_token(&h, "accept", "c"));
    assert_true(assay_http1_has_token(&h, "accept", "d"));
    assert_false(assay_http1_has_token(&h, "accept", ""));
    assert_false(assay_http1_has_token(&h, "accept", "b, C"));
    assert_false(assay_http1_has_token(&h, "via", "a"));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        CHECK(names[i].name,
              assay_http1_is_hop_by_hop(&h, assay_slice_of(names[i].name)) ==
                  names[i].hop);
    }
}

static void
refusals(void **state)
{
    static const struct {
        const char *text;
        unsigned status;
    } rows[] = {
        {"GET /\r\n\r\n", 400},
        {G "\r\n", 400},
        {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
        {"\r\nGET / HTTP/1.7\r\nHost: a\r\n\r\n", 505},
        {H "Transfer-Encoding: gzip\r\n\r\n", 501},
    };
    struct assay_slice in = long_request(70000);
    struct assay_http1_head h;
    struct assay_error err;
    size_t used;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_slice text = assay_slice_of(rows[i].text);

        http1_read_pieces(REQUEST, text, text.len, 1, &h, &used, &err);
        CHECK(rows[i].text, assay_http1_refusal(text, &err) == rows[i].status);
    }
    http1_read_pieces(REQUEST, in, in.len, 1, &h, &used, &err);
    assert_int_equal(assay_http1_refusal(in, &err), 431);
    memset((uint8_t *)(uintptr_t)in.ptr + 5, 'a', 9000);
    http1_read_pieces(REQUEST, in, in.len, 1, &h, &used, &err);
    assert_int_equal(assay_http1_refusal(in, &err), 414);
    free((void *)(uintptr_t)in.ptr);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_rows),
        cmocka_unit_test(truncations_ask_for_more),
        cmocka_unit_test(pipelined),
        cmocka_unit_test(scanned_starts_again),
        cmocka_unit_test(refused_rows),
        cmocka_unit_test(every_byte),
        cmocka_unit_test(head_size),
        cmocka_unit_test(target_size),
        cmocka_unit_test(field_count),
        cmocka_unit_test(scanned_once),
        cmocka_unit_test(first_failure_sticks),
        cmocka_unit_test(asking),
        cmocka_unit_test(refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
