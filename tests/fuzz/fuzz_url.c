/* Target functions: assay_percent_decode assay_url_check_base assay_url_show */
/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Header values as sources send them, and URLs as people write them. What is
 * decoded has no NUL and is what a slow reading of the same text gives; what
 * is shown of a good URL holds no user and no password.
 */
#include <strings.h>

#include "base/bytes.h"
#include "base/url.h"
#include "harness/fuzz.h"

static void
check_decode(struct assay_slice in)
{
    struct assay_buf out;
    struct assay_error err;
    enum assay_code code;
    size_t at = 0;

    assay_error_clear(&err);
    assay_buf_init(&out, FUZZ_OUT_MAX);
    code = assay_percent_decode(in, &out, "header", &err);
    fuzz_check_error(&err, code, in.len);
    for (size_t i = 0; code == ASSAY_OK && i < in.len; at++) {
        PROMISE(at < out.len);
        if (in.ptr[i] == '%') {
            PROMISE(i + 2 < in.len && out.ptr[at] != 0);
            i += 3;
        } else {
            PROMISE(out.ptr[at] == in.ptr[i]);
            i++;
        }
    }
    PROMISE(code != ASSAY_OK || at == out.len);
    assay_buf_free(&out);
}

static void
check_url(struct assay_slice in)
{
    char url[ASSAY_URL_MAX_BYTES * 2];
    char shown[64];
    struct assay_error err;
    enum assay_code code;

    if (in.len >= sizeof(url)) {
        return;
    }
    assay_copy(url, in);
    url[in.len] = '\0';
    assay_error_clear(&err);
    code = assay_url_check_base(url, &err);
    fuzz_check_error(&err, code, in.len);
    assay_url_show(url, shown, sizeof(shown));
    PROMISE(memchr(shown, '\0', sizeof(shown)) != NULL);
    if (code == ASSAY_OK) {
        const char *host = strstr(shown, "://");

        PROMISE(strncasecmp(url, "http", 4) == 0);
        PROMISE(host != NULL);
        host += 3;
        PROMISE(memchr(host, '@', strcspn(host, "/")) == NULL);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_decode((struct assay_slice){data, size});
    check_url((struct assay_slice){data, size});
    return 0;
}
