/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_route.c - what a request's path is for.
 */
#include "programs/proxy/route.h"

#include <stdio.h>

#include "harness/unit.h"

#define SECRET "0123456789abcdef0123456789abcdef"

static struct provider any = {.name = "any", .base.target = "/v1"};
static struct provider chat = {
    .name = "chat", .base.target = "/api/v1", .wire_api = WIRE_API_CHAT};
static struct provider root = {
    .name = "root", .wire_api = WIRE_API_RESPONSES, .base.target = ""};
static const struct providers one = {{&any}, 1};
static const struct providers only_chat = {{&chat}, 1};
static const struct providers three = {{&any, &chat, &root}, 3};

static const struct {
    const char *name;
    const char *method;
    const char *target;
    const struct providers *providers;
    const char *secret;
    enum route_kind kind;
    enum own_page page;
    const struct provider *provider;
    const char *goes_to; /* at the server; NULL: nowhere */
    const char *prefix;
    const char *shown; /* NULL: all of the path */
} rows[] = {
    /* providers */
    {.name = "a provider",
     .target = "/any/chat/completions",
     .kind = ROUTE_PROVIDER,
     .provider = &any,
     .goes_to = "/v1/chat/completions",
     .prefix = "/any"},
    {.name = "with a query",
     .target = "/any/models?limit=2&x=/../y",
     .kind = ROUTE_PROVIDER,
     .provider = &any,
     .goes_to = "/v1/models?limit=2&x=/../y",
     .prefix = "/any",
     .shown = "/any/models"},
    {.name = "its base itself",
     .target = "/any",
     .kind = ROUTE_PROVIDER,
     .provider = &any,
     .goes_to = "/v1",
     .prefix = "/any"},
    {.name = "its base, and a slash",
     .target = "/any/",
     .kind = ROUTE_PROVIDER,
     .provider = &any,
     .goes_to = "/v1/",
     .prefix = "/any"},
    {.name = "at the root",
     .target = "/root?x",
     .kind = ROUTE_PROVIDER,
     .provider = &root,
     .goes_to = "/?x",
     .prefix = "/root",
     .shown = "/root"},
    {.name = "of several, v1 is none",
     .target = "/v1/models",
     .kind = ROUTE_NOWHERE},
    {.name = "the only one is v1",
     .target = "/v1/models",
     .providers = &one,
     .kind = ROUTE_PROVIDER,
     .provider = &any,
     .goes_to = "/v1/models",
     .prefix = "/v1"},
    {.name = "the only one by its name",
     .target = "/any/models",
     .providers = &one,
     .kind = ROUTE_PROVIDER,
     .provider = &any,
     .goes_to = "/v1/models",
     .prefix = "/any"},
    {.name = "a whole URI",
     .target = "http://a.example/any/models",
     .kind = ROUTE_PROVIDER,
     .provider = &any,
     .goes_to = "/v1/models",
     .prefix = "/any",
     .shown = "/any/models"},
    {.name = "a URI of another scheme",
     .target = "https://a.example/any/models",
     .kind = ROUTE_BAD},
    {.name = "another name", .target = "/other/x", .kind = ROUTE_NOWHERE},
    {.name = "names have their case",
     .target = "/ANY/models",
     .kind = ROUTE_NOWHERE},
    {.name = "the start of a name", .target = "/an/x", .kind = ROUTE_NOWHERE},
    {.name = "more than a name", .target = "/anyx/x", .kind = ROUTE_NOWHERE},
    {.name = "no path", .method = "OPTIONS", .target = "*", .kind = ROUTE_BAD},
    /* names of models */
    {.name = "an escaped slash behind the name",
     .target = "/any/models/org%2Fmodel-1.5:free",
     .kind = ROUTE_PROVIDER,
     .provider = &any,
     .goes_to = "/v1/models/org%2Fmodel-1.5:free",
     .prefix = "/any"},
    {.name = "dots within names",
     .target = "/any/models/..a/b../...",
     .kind = ROUTE_PROVIDER,
     .provider = &any,
     .goes_to = "/v1/models/..a/b../...",
     .prefix = "/any"},
    /* ours */
    {.name = "the index", .target = "/", .kind = ROUTE_OWN, .page = OWN_INDEX},
    {.name = "the index of a whole URI",
     .target = "http://a.example",
     .kind = ROUTE_OWN,
     .page = OWN_INDEX,
     .shown = "/"},
    {.name = "the index, and a query",
     .target = "/?a",
     .kind = ROUTE_OWN,
     .page = OWN_INDEX,
     .shown = "/"},
    {.name = "the status",
     .target = "/.well-known/assay",
     .kind = ROUTE_OWN,
     .page = OWN_STATUS},
    {.name = "health",
     .target = "/healthz",
     .kind = ROUTE_OWN,
     .page = OWN_HEALTH},
    {.name = "below health", .target = "/healthz/x", .kind = ROUTE_NOWHERE},
    {.name = "well-known", .target = "/.well-known/x", .kind = ROUTE_NOWHERE},
    /* a secret */
    {.name = "behind the secret",
     .target = "/" SECRET "/any/models",
     .secret = SECRET,
     .kind = ROUTE_PROVIDER,
     .provider = &any,
     .goes_to = "/v1/models",
     .prefix = "/" SECRET "/any",
     .shown = "/any/models"},
    {.name = "v1 behind the secret",
     .target = "/" SECRET "/v1/models?x",
     .providers = &one,
     .secret = SECRET,
     .kind = ROUTE_PROVIDER,
     .provider = &any,
     .goes_to = "/v1/models?x",
     .prefix = "/" SECRET "/v1",
     .shown = "/v1/models"},
    {.name = "without the secret",
     .target = "/any/models",
     .secret = SECRET,
     .kind = ROUTE_NOWHERE},
    {.name = "v1 without the secret",
     .target = "/v1/models",
     .providers = &one,
     .secret = SECRET,
     .kind = ROUTE_NOWHERE},
    {.name = "another secret",
     .target = "/0123456789abcdef0123456789abcdee/any/models",
     .secret = SECRET,
     .kind = ROUTE_NOWHERE},
    {.name = "the start of the secret",
     .target = "/0123456789abcdef/any/models",
     .secret = SECRET,
     .kind = ROUTE_NOWHERE},
    {.name = "more than the secret",
     .target = "/" SECRET "0/any/models",
     .secret = SECRET,
     .kind = ROUTE_NOWHERE},
    {.name = "the secret escaped",
     .target = "/%30123456789abcdef0123456789abcdef/any/models",
     .secret = SECRET,
     .kind = ROUTE_BAD},
    {.name = "the secret in the wrong place",
     .target = "/any/" SECRET "/models",
     .secret = SECRET,
     .kind = ROUTE_NOWHERE},
    {.name = "nothing behind the secret",
     .target = "/" SECRET,
     .secret = SECRET,
     .kind = ROUTE_NOWHERE,
     .shown = ""},
    {.name = "a slash behind the secret",
     .target = "/" SECRET "/",
     .secret = SECRET,
     .kind = ROUTE_NOWHERE,
     .shown = "/"},
    {.name = "a page of ours needs none",
     .target = "/healthz",
     .secret = SECRET,
     .kind = ROUTE_OWN,
     .page = OWN_HEALTH},
    {.name = "and is not behind it",
     .target = "/" SECRET "/healthz",
     .secret = SECRET,
     .kind = ROUTE_NOWHERE,
     .shown = "/healthz"},
    {.name = "the secret is not shown of a bad path",
     .target = "/" SECRET "/any/../x",
     .secret = SECRET,
     .kind = ROUTE_BAD,
     .shown = "/any/../x"},
    {.name = "a secret where there is none",
     .target = "/" SECRET "/any/models",
     .kind = ROUTE_NOWHERE},
    /* Responses, where the server speaks chat */
    {.name = "a response",
     .method = "POST",
     .target = "/chat/responses",
     .kind = ROUTE_TRANSLATED,
     .provider = &chat,
     .goes_to = "/api/v1/chat/completions",
     .prefix = "/chat"},
    {.name = "with a query",
     .method = "POST",
     .target = "/chat/responses?api-version=1",
     .kind = ROUTE_TRANSLATED,
     .provider = &chat,
     .goes_to = "/api/v1/chat/completions?api-version=1",
     .prefix = "/chat",
     .shown = "/chat/responses"},
    {.name = "behind a version",
     .method = "POST",
     .target = "/chat/v2/responses",
     .kind = ROUTE_TRANSLATED,
     .provider = &chat,
     .goes_to = "/api/v1/v2/chat/completions",
     .prefix = "/chat"},
    {.name = "of the only one",
     .method = "POST",
     .target = "/v1/responses",
     .providers = &only_chat,
     .kind = ROUTE_TRANSLATED,
     .provider = &chat,
     .goes_to = "/api/v1/chat/completions",
     .prefix = "/v1"},
    {.name = "chat itself",
     .method = "POST",
     .target = "/chat/chat/completions",
     .kind = ROUTE_PROVIDER,
     .provider = &chat,
     .goes_to = "/api/v1/chat/completions",
     .prefix = "/chat"},
    {.name = "a response that was stored",
     .target = "/chat/responses/resp_1",
     .kind = ROUTE_NO_RESPONSES,
     .provider = &chat,
     .goes_to = "/api/v1/responses/resp_1",
     .prefix = "/chat"},
    {.name = "one over WebSocket",
     .target = "/chat/responses",
     .kind = ROUTE_NO_RESPONSES,
     .provider = &chat,
     .goes_to = "/api/v1/responses",
     .prefix = "/chat"},
    {.name = "one to be made shorter",
     .method = "POST",
     .target = "/chat/v1/responses/compact",
     .kind = ROUTE_NO_RESPONSES,
     .provider = &chat,
     .goes_to = "/api/v1/v1/responses/compact",
     .prefix = "/chat"},
    {.name = "somewhere else in the path",
     .method = "POST",
     .target = "/chat/a/b/responses",
     .kind = ROUTE_PROVIDER,
     .provider = &chat,
     .goes_to = "/api/v1/a/b/responses",
     .prefix = "/chat"},
    {.name = "what only begins so",
     .method = "POST",
     .target = "/chat/responses2",
     .kind = ROUTE_PROVIDER,
     .provider = &chat,
     .goes_to = "/api/v1/responses2",
     .prefix = "/chat"},
    {.name = "both speak Responses",
     .method = "POST",
     .target = "/root/responses",
     .kind = ROUTE_PROVIDER,
     .provider = &root,
     .goes_to = "/responses",
     .prefix = "/root"},
    {.name = "nobody has said",
     .method = "POST",
     .target = "/any/responses",
     .kind = ROUTE_PROVIDER,
     .provider = &any,
     .goes_to = "/v1/responses",
     .prefix = "/any"},
};

static void
check_slice(const char *row, const char *what, struct assay_slice got,
            const char *want)
{
    if (!assay_slice_is(got, want)) {
        fail_msg("row \"%s\": %s: \"%.*s\", want \"%s\"", row, what,
                 (int)got.len, got.len > 0 ? (const char *)got.ptr : "", want);
    }
}

static void
check_goes_to(const char *row, const struct route *r, const char *want)
{
    struct assay_buf target;

    assay_buf_init(&target, 256);
    route_put_target(r, &target);
    check_slice(row, "target", assay_buf_slice(&target), want);
    assay_buf_free(&target);
}

static void
test_routes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct assay_http1_head head = {
            .method =
                assay_slice_of(rows[i].method != NULL ? rows[i].method : "GET"),
            .target = exact_copy(assay_slice_of(rows[i].target)),
        };
        struct route r;

        route_find(rows[i].providers != NULL ? rows[i].providers : &three,
                   rows[i].secret, &head, &r);
        if (r.kind != rows[i].kind) {
            fail_msg("row \"%s\": kind %d, want %d", rows[i].name, r.kind,
                     rows[i].kind);
        }
        CHECK(rows[i].name, r.provider == rows[i].provider);
        CHECK(rows[i].name, r.page == rows[i].page);
        if (rows[i].kind != ROUTE_BAD || rows[i].shown != NULL) {
            check_slice(rows[i].name, "shown", r.shown,
                        rows[i].shown != NULL ? rows[i].shown : rows[i].target);
        }
        if (rows[i].goes_to != NULL) {
            check_goes_to(rows[i].name, &r, rows[i].goes_to);
            check_slice(rows[i].name, "prefix", r.prefix, rows[i].prefix);
        }
        free((void *)(uintptr_t)head.target.ptr);
    }
}

/* --- paths that are one path to every reader ------------------------------ */

static const char *const plain[] = {
    "",
    "/",
    "/a",
    "/a/",
    "/a/b/c",
    "/...",
    "/.a/a./..a/a..",
    "/a%2Fb",
    "/a%2fb%20c",
    "/a%25",
    "/a%25-",
    "/a;b=c/d",
    "/a:b@c!$&'()*+,=",
    "/%C3%A4",
};

static const char *const not_plain[] = {
    "a",
    "*",
    "//",
    "//a",
    "/a//b",
    "/a//",
    "/.",
    "/..",
    "/./a",
    "/../a",
    "/a/.",
    "/a/..",
    "/a/../b",
    "/a/./b",
    "/%2e",
    "/%2e%2e/a",
    "/%2E./a",
    "/.%2e/a",
    "/a/%2e%2E",
    "/a%2f..%2fb",
    "/a%2F%2e%2e%2Fb",
    "/a%2f..",
    "/a%2f%2fb",
    "/%2fa",
    "/a/%2f/b",
    "/a\\b",
    "/a%5cb",
    "/..%5Ca",
    "/..;/a",
    "/..;a=b/c",
    "/.;/a",
    "/%2e%2e;x/a",
    "/;/a",
    "/a%",
    "/a%2",
    "/a%zz",
    "/a%u002e",
    "/a%00b",
    "/a%0ab",
    "/a%0D",
    "/a%7f",
    "/%252e%252e/a",
    "/a%252fb",
    "/%25%32%65/a",
    "/%c0%ae%c0%ae/a",
    "/%C1%9Ca",
};

static void
test_plain(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(plain); i++) {
        struct assay_slice path = exact_copy(assay_slice_of(plain[i]));

        CHECK(plain[i], route_is_plain(path));
        free((void *)(uintptr_t)path.ptr);
    }
    for (size_t i = 0; i < COUNT_OF(not_plain); i++) {
        struct assay_slice path = exact_copy(assay_slice_of(not_plain[i]));

        CHECK(not_plain[i], !route_is_plain(path));
        free((void *)(uintptr_t)path.ptr);
    }
}

/* Wherever such a path is asked for, it leads nowhere. */
static void
test_confusion(void **state)
{
    char target[256];
    struct route r;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(not_plain); i++) {
        struct assay_http1_head head = {.method = assay_slice_of("GET")};

        snprintf(target, sizeof(target), "/any%s", not_plain[i]);
        if (not_plain[i][0] != '/') {
            continue;
        }
        head.target = assay_slice_of(target);
        route_find(&three, NULL, &head, &r);
        CHECK(not_plain[i], r.kind == ROUTE_BAD && r.provider == NULL);
        snprintf(target, sizeof(target), "%s/any/x", not_plain[i]);
        head.target = assay_slice_of(target);
        route_find(&three, NULL, &head, &r);
        CHECK(not_plain[i], r.kind == ROUTE_BAD && r.provider == NULL);
    }
}

static void
test_reserved(void **state)
{
    static const char *const names[] = {"v1",      "V1",      ".well-known",
                                        "healthz", "metrics", "favicon.ico"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        CHECK(names[i], route_is_reserved(assay_slice_of(names[i])));
    }
    assert_false(route_is_reserved(assay_slice_of("vllm-tee")));
    assert_false(route_is_reserved(assay_slice_of("v10")));
    assert_false(route_is_reserved(assay_slice_of("")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_confusion),
        cmocka_unit_test(test_reserved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
