/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * http1_verdicts.c - what our reader makes of requests, for tests that compare
 * it with other readers. Standard input: for each, a length (4 octets, big
 * endian) and so many octets. Standard output, one line for each:
 *
 *   refused
 *   more                            the head or the body is not whole
 *   ok METHOD TARGET USED PAYLOAD   USED octets; PAYLOAD in hex, "-" for none
 */
#include <stdio.h>
#include <stdlib.h>

#include "harness/http1.h"

#define REQUEST_MAX_BYTES (1u << 20)

static void
print_ok(const struct assay_http1_head *h, size_t used,
         const struct assay_buf *payload)
{
    printf("ok %.*s %.*s %zu ", (int)h->method.len, (const char *)h->method.ptr,
           (int)h->target.len, (const char *)h->target.ptr, used);
    for (size_t i = 0; i < payload->len; i++) {
        printf("%02x", payload->ptr[i]);
    }
    puts(payload->len > 0 ? "" : "-");
}

static void
judge(struct assay_slice in)
{
    struct assay_http1_head h;
    struct http1_body body;
    struct assay_error err;
    size_t scanned = 0;
    size_t used = 0;

    assay_error_clear(&err);
    if (assay_http1_request(in, &scanned, &h, &used, &err) != ASSAY_OK) {
        puts("refused");
        return;
    }
    if (used == 0) {
        puts("more");
        return;
    }
    in.ptr += used;
    in.len -= used;
    http1_body_read(&body, &h, UINT64_MAX, in, in.len, 1);
    if (body.err.code != ASSAY_OK) {
        puts("refused");
    } else if (!body.decoder.done) {
        puts("more");
    } else {
        print_ok(&h, used + body.used, &body.payload);
    }
    assay_buf_free(&body.payload);
}

int
main(void)
{
    static uint8_t request[REQUEST_MAX_BYTES];
    uint8_t prefix[4];

    while (fread(prefix, 1, sizeof(prefix), stdin) == sizeof(prefix)) {
        size_t len = (size_t)prefix[0] << 24 | (size_t)prefix[1] << 16 |
                     (size_t)prefix[2] << 8 | prefix[3];

        if (len > sizeof(request) || fread(request, 1, len, stdin) != len) {
            fputs("http1_verdicts: too long, or cut\n", stderr);
            return EXIT_FAILURE;
        }
        judge((struct assay_slice){request, len});
    }
    return EXIT_SUCCESS;
}
