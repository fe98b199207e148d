/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_proxy_header.c - any bytes for a PROXY header: what is read of them does
 * not depend on how much has come, and can be said again in both versions.
 */
#include "harness/fuzz.h"
#include "io/proxy_header.h"

static void
check_again(const struct assay_proxy_header *h)
{
    for (unsigned version = 1; version <= 2; version++) {
        struct assay_proxy_header again;
        struct assay_error err;
        struct assay_buf b;
        size_t used;

        assay_buf_init(&b, ASSAY_PROXY_V1_MAX_BYTES);
        assay_proxy_header_write(&b, version, h->source, h->destination);
        PROMISE(!b.failed);
        PROMISE(assay_proxy_header_read(assay_buf_slice(&b), &again, &used,
                                        &err) == ASSAY_OK);
        PROMISE(used == b.len);
        if (again.known) {
            PROMISE(strcmp(again.source, h->source) == 0);
            PROMISE(strcmp(again.destination, h->destination) == 0);
        } else {
            PROMISE(strcmp(h->source, "unix") == 0);
        }
        assay_buf_free(&b);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_proxy_header h = {.known = false};
    struct assay_proxy_header part;
    struct assay_error err;
    struct assay_error again;
    size_t used;
    size_t n;

    fuzz_check_error(&err,
                     assay_proxy_header_read((struct assay_slice){data, size},
                                             &h, &used, &err),
                     size);
    PROMISE(used <= size && used <= ASSAY_PROXY_V2_MAX_BYTES);
    if (used == 0) {
        return 0;
    }
    for (size_t len = 0; len < used; len++) {
        PROMISE(assay_proxy_header_read((struct assay_slice){data, len}, &part,
                                        &n, &again) == ASSAY_OK);
        PROMISE(n == 0);
    }
    if (h.known) {
        check_again(&h);
    }
    return 0;
}
