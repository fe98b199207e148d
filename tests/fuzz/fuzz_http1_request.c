/* Target functions: assay_http1_request assay_http1_body_feed
 * assay_http1_put_request */
/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A request as a stranger sends it, with its body. However it arrives it means
 * the same; its slices lie in it; written again it is read as the same.
 */
#include "harness/http1_fuzz.h"

static void
check_request(struct assay_slice head, const struct assay_http1_head *h)
{
    fuzz_check_inside(h->method, head);
    fuzz_check_inside(h->target, head);
    fuzz_check_inside(h->host, head);
    PROMISE(h->method.len > 0 && h->target.len > 0);
    PROMISE(h->target.len <= ASSAY_HTTP1_TARGET_MAX_BYTES);
    PROMISE(h->status == 0 && h->reason.len == 0);
    PROMISE(h->framing != ASSAY_HTTP1_UNTIL_CLOSE);
    PROMISE(assay_http1_count(h, "Host") <= 1);
    PROMISE(h->minor == 0 || assay_http1_count(h, "Host") == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_slice in = {data, size};
    struct assay_http1_head h;
    struct assay_buf again;
    struct assay_error err;
    size_t used;

    if (size > FUZZ_OUT_MAX / 2 || !http1_fuzz_head(NULL, in, &h, &used)) {
        return 0;
    }
    check_request((struct assay_slice){data, used}, &h);
    in.ptr += used;
    in.len -= used;
    http1_fuzz_body(&h, in, UINT64_MAX);
    http1_fuzz_body(&h, in, 5);
    if (h.minor == 1) { /* nobody writes 1.0 */
        assay_error_clear(&err);
        assay_buf_init(&again, FUZZ_OUT_MAX);
        PROMISE(assay_http1_put_request(&again, h.method, h.target, &err) ==
                ASSAY_OK);
        http1_fuzz_again(NULL, &again, &h);
    }
    return 0;
}
