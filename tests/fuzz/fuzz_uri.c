/* Target functions: assay_uri_parse assay_uri_resolve
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * URIs as people and servers write them. What was read is written in one way,
 * which is read as the same again; nothing that is read can break out of the
 * line or the field it will stand in.
 */
#include "base/bytes.h"
#include "base/host.h"
#include "harness/fuzz.h"
#include "http1/target.h"
#include "http1/uri.h"

static void
check_host(const char *host)
{
    struct assay_slice s = assay_slice_of(host);
    uint8_t ip[16];
    char text[ASSAY_HOST_IPV6_TEXT];

    PROMISE(s.len > 0 && s.len <= ASSAY_URI_HOST_MAX);
    for (size_t i = 0; i < s.len; i++) {
        char c = host[i];

        PROMISE((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                c == '.' || c == '_' || c == ':');
    }
    if (strchr(host, ':') != NULL) {
        PROMISE(assay_host_ipv6(s, ip));
        assay_host_ipv6_text(ip, text);
        PROMISE(strcmp(text, host) == 0);
    } else {
        PROMISE(assay_host_ipv4(s, ip) != assay_host_is_dns(s));
    }
}

/* No segment of the path is a dot segment, escaped or not. */
static void
check_path(const char *target)
{
    size_t path = strcspn(target, "?");
    size_t dots = 0;
    bool other = false;

    for (size_t i = 1; i <= path; i++) {
        if (i == path || target[i] == '/') {
            PROMISE(other || dots == 0 || dots > 2);
            other = false;
            dots = 0;
        } else if (target[i] == '.') {
            dots++;
        } else if (target[i] == '%' && target[i + 1] == '2' &&
                   (target[i + 2] == 'e' || target[i + 2] == 'E')) {
            dots++;
            i += 2;
        } else {
            other = true;
        }
    }
}

static void
check_uri(const struct assay_uri *u)
{
    struct assay_slice target = assay_slice_of(u->target);

    PROMISE(memchr(u->host, '\0', sizeof(u->host)) != NULL);
    PROMISE(memchr(u->target, '\0', sizeof(u->target)) != NULL);
    PROMISE(u->port != 0);
    check_host(u->host);
    PROMISE(u->target[0] == '/');
    for (size_t i = 0; i < target.len; i++) {
        PROMISE(u->target[i] > ' ' && u->target[i] < 0x7f);
        PROMISE(u->target[i] != '#' && u->target[i] != '\\');
    }
    check_path(u->target);
}

static bool
same(const struct assay_uri *a, const struct assay_uri *b)
{
    return assay_uri_same_origin(a, b) && strcmp(a->target, b->target) == 0;
}

/* Written and read again it is the same, and a request can be made of it. */
static void
check_again(const struct assay_uri *u)
{
    char authority[ASSAY_URI_HOST_MAX + 10];
    struct assay_buf text;
    struct assay_uri again;
    struct assay_error err;

    assay_error_clear(&err);
    assay_uri_authority(u, authority);
    PROMISE(memchr(authority, '\0', sizeof(authority)) != NULL);
    PROMISE(assay_http1_host_is_good(assay_slice_of(authority)));
    assay_buf_init(&text, FUZZ_OUT_MAX);
    assay_buf_printf(&text, "%s://%s%s", u->https ? "https" : "http", authority,
                     u->target);
    if (text.len < ASSAY_URI_MAX_BYTES) { /* resolving makes longer ones */
        PROMISE(assay_uri_parse(assay_buf_slice(&text), &again, &err) ==
                ASSAY_OK);
        PROMISE(same(u, &again));
    }
    PROMISE(assay_uri_resolve(u, ASSAY_EMPTY, &again, &err) == ASSAY_OK ||
            text.len >= ASSAY_URI_MAX_BYTES);
    PROMISE(err.code != ASSAY_OK || same(u, &again));
    assay_buf_free(&text);
}

static bool
read_whole(struct assay_slice in, struct assay_uri *u)
{
    struct assay_error err;
    enum assay_code code;

    assay_error_clear(&err);
    code = assay_uri_parse(in, u, &err);
    fuzz_check_error(&err, code, in.len);
    PROMISE(code == ASSAY_OK || code == ASSAY_INVALID ||
            code == ASSAY_UNSUPPORTED || code == ASSAY_TOO_LARGE);
    if (code != ASSAY_OK) {
        fuzz_check_zero(u, sizeof(*u));
        return false;
    }
    check_uri(u);
    check_again(u);
    return true;
}

static void
check_resolved(const struct assay_uri *base, struct assay_slice reference)
{
    struct assay_uri u;
    struct assay_uri inplace = *base;
    struct assay_uri absolute;
    struct assay_error err;
    enum assay_code code;

    assay_error_clear(&err);
    code = assay_uri_resolve(base, reference, &u, &err);
    fuzz_check_error(&err, code, SIZE_MAX);
    if (code == ASSAY_OK) {
        check_uri(&u);
        check_again(&u);
        PROMISE(assay_uri_resolve(&inplace, reference, &inplace, &err) ==
                ASSAY_OK);
        PROMISE(same(&inplace, &u));
    } else {
        fuzz_check_zero(&u, sizeof(u));
    }
    /* What is absolute is the same against every base. */
    if (read_whole(reference, &absolute)) {
        PROMISE(code == ASSAY_OK && same(&u, &absolute));
    }
}

/* A base and a reference, parted by the first LF. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct assay_uri fixed = {true, "a.example", 8443,
                                           "/b/c;d?e/f"};
    const uint8_t *lf = size > 0 ? memchr(data, '\n', size) : NULL;
    struct assay_slice first = {data, lf != NULL ? (size_t)(lf - data) : size};
    struct assay_uri base;

    check_resolved(&fixed, first);
    if (read_whole(first, &base) && lf != NULL) {
        check_resolved(&base,
                       (struct assay_slice){lf + 1, size - first.len - 1});
    }
    return 0;
}
