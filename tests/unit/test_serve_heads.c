/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_serve_heads.c - heads as they are passed on: what a client writes
 * neither adds to what only we say, nor has it left out.
 */
#include "harness/unit.h"
#include "programs/serve/heads.h"

#define GET    "GET / HTTP/1.1\r\nHost: a\r\n"
#define PROVEN "X-Assay-Peer-Status: trusted\r\n"
#define OURS                                                                   \
    "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n"               \
    "X-Forwarded-Host: a\r\nX-Forwarded-Port: 443\r\n" PROVEN
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"

static const struct {
    const char *row;
    const char *in;   /* without the empty line */
    const char *want; /* likewise */
} requests[] = {
    {"nothing to do", GET "X: y\r\n", GET "X: y\r\n" OURS},
    {"Connection names what we say",
     GET "Connection: X-Assay-Peer-Status, x-forwarded-for, Proxy\r\n",
     GET OURS},
    {"Connection names what it says",
     GET "Connection: X, close\r\nX: y\r\nZ: z\r\n", GET "Z: z\r\n" OURS},
    {"what only we say",
     GET "X-Assay-Peer-Status: forged\r\nx_assay_peer_status: forged\r\n"
         "X.Assay!Peer-Root: intel\r\nX-TLS-EKM-Channel-Binding: 0\r\n"
         "X-Forwarded-For: 6.6.6.6\r\nX_Forwarded_Host: evil\r\n"
         "Forwarded: for=6.6.6.6\r\nX_Real_IP: 6.6.6.6\r\n"
         "PROXY: http://evil\r\n",
     GET OURS},
    {"what only resembles it", GET "X-Assay: 1\r\nProxy-Tag: 1\r\n",
     GET "X-Assay: 1\r\nProxy-Tag: 1\r\n" OURS},
    {"of one connection",
     GET "Keep-Alive: 5\r\nProxy-Connection: close\r\nTE: gzip\r\n"
         "Upgrade: h2c\r\nHTTP2-Settings: AA\r\nTrailer: X\r\n",
     GET OURS},
    {"trailers are wanted", GET "TE: gzip, trailers\r\nConnection: TE\r\n",
     GET OURS "TE: trailers\r\nConnection: TE\r\n"},
    {"a length", POST "content-length: 007\r\n",
     POST OURS "Content-Length: 7\r\n"},
    {"chunks",
     POST "transfer-encoding: Chunked\r\nTrailer: X\r\n"
          "Connection: transfer-encoding\r\n",
     POST "Trailer: X\r\n" OURS "Transfer-Encoding: chunked\r\n"},
    {"spelt to frame",
     POST "Content_Length: 9\r\nTransfer.Encoding: chunked\r\n"
          "Content-Length: 1\r\n",
     POST OURS "Content-Length: 1\r\n"},
};

static void
read_head(const char *text, struct assay_http1_head *h,
          struct assay_buf *octets)
{
    struct assay_error err;
    size_t scanned = 0;
    size_t used = 0;

    assay_error_clear(&err);
    assay_buf_init(octets, 4096);
    assay_buf_add_text(octets, text);
    assay_buf_add_text(octets, "\r\n");
    assert_int_equal(
        assay_http1_request(assay_buf_slice(octets), &scanned, h, &used, &err),
        ASSAY_OK);
    assert_int_equal(used, octets->len);
}

static void
test_requests(void **state)
{
    const struct heads_request add = {
        .peer = "192.0.2.1:1234",
        .keep = true,
        .proven = assay_slice_of(PROVEN),
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct assay_http1_head h;
        struct assay_buf octets;
        struct assay_buf out;
        struct assay_error err;

        assay_error_clear(&err);
        read_head(requests[i].in, &h, &octets);
        assay_buf_init(&out, 4096);
        CHECK(requests[i].row,
              heads_put_request(&out, &h, &add, &err) == ASSAY_OK);
        assay_buf_add_u8(&out, '\0');
        out.ptr[out.len - 3] = '\0'; /* the empty line */
        assert_string_equal((const char *)out.ptr, requests[i].want);
        assay_buf_free(&out);
        assay_buf_free(&octets);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
