/* Target functions: assay_address_parse assay_proxy_parse assay_http_query_get
 */
/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Addresses, URLs of proxies and queries. An address that is read is read
 * again from its parts as the same one; its parts could be written into a head.
 */
#include "base/bytes.h"
#include "harness/fuzz.h"
#include "io/http_server.h"
#include "io/proxy.h"

static void
check_host(const struct assay_address *a)
{
    size_t n = strlen(a->host);

    PROMISE(n > 0 && n <= ASSAY_HOST_MAX_BYTES);
    PROMISE(strspn(a->port, "0123456789") == strlen(a->port));
    PROMISE(strlen(a->port) >= 1 && strlen(a->port) <= 5);
    for (size_t i = 0; i < n; i++) {
        PROMISE(a->host[i] > ' ' && a->host[i] <= '~');
        PROMISE(strchr("/@?#[]", a->host[i]) == NULL);
    }
}

static void
check_address(const char *text, size_t len, const char *port)
{
    struct assay_address a;
    struct assay_address again;
    struct assay_error err;
    char parts[ASSAY_HOST_MAX_BYTES + 16];
    enum assay_code code = assay_address_parse(text, port, &a, &err);

    fuzz_check_error(&err, code, len);
    if (code != ASSAY_OK) {
        fuzz_check_zero(&a, sizeof(a));
    } else if (a.is_unix) {
        PROMISE(strcmp(a.path, text + 5) == 0);
    } else if (strcmp(a.host, "unix") != 0) { /* with a port, it is a path */
        bool ip6 = strchr(a.host, ':') != NULL;

        check_host(&a);
        (void)snprintf(parts, sizeof(parts), "%s%s%s:%s", ip6 ? "[" : "",
                       a.host, ip6 ? "]" : "", a.port);
        PROMISE(assay_address_parse(parts, NULL, &again, &err) == ASSAY_OK);
        PROMISE(memcmp(&a, &again, sizeof(a)) == 0);
    }
}

static void
check_proxy(const char *text, size_t len)
{
    struct assay_proxy p;
    struct assay_error err;
    enum assay_code code = assay_proxy_parse(text, &p, &err);
    struct assay_slice value = assay_buf_slice(&p.authorization);

    fuzz_check_error(&err, code, len);
    if (code == ASSAY_OK) {
        check_host(&p.at);
        PROMISE(!p.at.is_unix && strcmp(p.at.port, "0") != 0);
        PROMISE((value.len > 0) == (strchr(text, '@') != NULL));
        for (size_t i = 0; i < value.len; i++) {
            PROMISE(value.ptr[i] >= ' ' && value.ptr[i] <= '~');
        }
    }
    assay_proxy_free(&p);
}

static void
check_query(struct assay_slice in)
{
    struct assay_buf out;

    if (assay_http_query_get(in, "a", &out)) {
        PROMISE(assay_slice_find(in, "a=") != ASSAY_NO_OFFSET);
        PROMISE(out.len <= in.len);
        PROMISE(out.len == 0 || memchr(out.ptr, 0, out.len) == NULL ||
                memchr(in.ptr, 0, in.len) != NULL);
    } else {
        PROMISE(out.len == 0);
    }
    assay_buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    PROMISE(text != NULL);
    assay_copy(text, (struct assay_slice){data, size});
    text[size] = '\0';
    check_address(text, size, NULL);
    check_address(text, size, "443");
    check_proxy(text, size);
    check_query((struct assay_slice){data, size});
    free(text);
    return 0;
}
