/* Target functions: assay_http1_response assay_http1_body_feed
 * assay_http1_body_eof assay_http1_put_status */
/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The first byte says which method was asked with, the rest is the answer with
 * its body. However it arrives it means the same; its slices lie in it; written
 * again it is read as the same.
 */
#include "harness/http1_fuzz.h"

static void
check_response(const char *method, struct assay_slice head,
               const struct assay_http1_head *h)
{
    bool tunnel = strcmp(method, "CONNECT") == 0 && h->status / 100 == 2;
    bool empty = tunnel || strcmp(method, "HEAD") == 0 || h->status < 200 ||
                 h->status == 204 || h->status == 304;

    fuzz_check_inside(h->reason, head);
    PROMISE(h->status >= 100 && h->status <= 599);
    PROMISE(h->method.len == 0 && h->target.len == 0 && h->host.len == 0);
    PROMISE(!h->expect_continue);
    PROMISE((h->framing == ASSAY_HTTP1_NO_BODY) == empty);
    PROMISE(h->framing != ASSAY_HTTP1_UNTIL_CLOSE || !h->keep_alive);
    PROMISE(!tunnel || !h->keep_alive);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const methods[] = {"GET", "HEAD", "CONNECT", "POST"};
    const char *method = methods[size > 0 ? data[0] % 4 : 0];
    struct assay_slice in = {data + 1, size - 1};
    struct assay_http1_head h;
    struct assay_buf again;
    struct assay_error err;
    size_t used;

    if (size == 0 || size > FUZZ_OUT_MAX / 2 ||
        !http1_fuzz_head(method, in, &h, &used)) {
        return 0;
    }
    check_response(method, (struct assay_slice){in.ptr, used}, &h);
    in.ptr += used;
    in.len -= used;
    http1_fuzz_body(&h, in, UINT64_MAX);
    http1_fuzz_body(&h, in, 5);
    if (h.minor == 1) { /* nobody writes 1.0 */
        assay_error_clear(&err);
        assay_buf_init(&again, FUZZ_OUT_MAX);
        PROMISE(assay_http1_put_status(&again, h.status, h.reason, &err) ==
                ASSAY_OK);
        http1_fuzz_again(method, &again, &h);
    }
    return 0;
}
