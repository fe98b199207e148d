/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Target functions: admission_judge, route_find, route_is_plain,
 * forward_put_request, forward_put_response, forward_relocate
 *
 * A letter that chooses the rules, a request's head, and what the server says
 * to it. Whoever is admitted has said all that the rules ask for; what goes to
 * the server is one request, of this host, below its base path, with the key
 * that is put in and none of what is between client and proxy; what comes back
 * is one response, which claims nothing that only the proxy says.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/fuzz.h"
#include "programs/proxy/forward_heads.h"

#define BASE   "/base/v1"
#define KEY    "Bearer sk-ours"
#define HOST   "tee.example"
#define NAME   "localhost:8989"
#define PAGE   "https://page.example"
#define TOKEN  "t0ken"
#define SECRET "0123456789abcdef"

static struct provider one = {
    .name = "one",
    .base = {.https = true, .host = HOST, .port = 443, .target = BASE},
    .authority = HOST,
};
static struct provider two = {
    .name = "two",
    .base = {.https = true, .host = HOST, .port = 443, .target = BASE},
    .authority = HOST,
    .wire_api = WIRE_API_CHAT,
};
static const struct proof proof = {.tcb = "UpToDate",
                                   .evidence = "0123456789abcdef"};

static size_t
count_ours(const struct assay_http1_head *h)
{
    size_t n = 0;

    for (size_t i = 0; i < h->field_count; i++) {
        n += forward_is_ours(h->field[i].name);
    }
    return n;
}

/* Below the base path, whatever a server makes of it. */
static void
check_target(const struct assay_http1_head *sent)
{
    struct assay_slice path = sent->target;
    size_t query = assay_slice_find(path, "?");
    size_t base = strlen(BASE);

    path.len = query == ASSAY_NO_OFFSET ? path.len : query;
    PROMISE(path.len >= base && memcmp(path.ptr, BASE, base) == 0);
    PROMISE(path.len == base || path.ptr[base] == '/');
    PROMISE(route_is_plain(path));
}

static void
check_sent(const struct assay_buf *out, const struct admission *a,
           bool translated)
{
    struct assay_http1_head sent;
    struct assay_error err;
    size_t scanned = 0;
    size_t used = 0;

    assay_error_clear(&err);
    PROMISE(assay_http1_request(assay_buf_slice(out), &scanned, &sent, &used,
                                &err) == ASSAY_OK);
    PROMISE(used == out->len);
    PROMISE(assay_slice_is(sent.host, HOST));
    PROMISE(count_ours(&sent) == 0);
    PROMISE(assay_http1_count(&sent, "Proxy-Authorization") == 0);
    if (a->route.provider->authorization.len > 0) {
        PROMISE(assay_http1_count(&sent, "Authorization") == 1);
        PROMISE(assay_slice_is(assay_http1_get(&sent, "Authorization"), KEY));
    } else {
        PROMISE(!a->token_spent ||
                assay_http1_count(&sent, "Authorization") == 0);
    }
    PROMISE(!translated ||
            (sent.framing == ASSAY_HTTP1_LENGTH && sent.content_length == 77));
    check_target(&sent);
}

/* What the rules ask for, read anew. */
static void
check_admitted(const struct admission_rules *rules,
               const struct assay_http1_head *h, const struct admission *a)
{
    struct assay_slice origin = assay_http1_get(h, "Origin");

    PROMISE(assay_slice_is_nocase(h->host, NAME));
    PROMISE(assay_http1_count(h, "Origin") == 0 ||
            (rules->origins[0] != '\0' && assay_slice_is(origin, PAGE)));
    if (a->preflight) {
        return;
    }
    PROMISE(rules->token == NULL ||
            (a->route.kind == ROUTE_OWN && a->route.page == OWN_HEALTH) ||
            a->token_spent ||
            assay_slice_is(assay_http1_get(h, "x-assay-token"), TOKEN));
    PROMISE(rules->secret == NULL || a->route.provider == NULL ||
            assay_slice_find(h->target, "/" SECRET "/") != ASSAY_NO_OFFSET);
    PROMISE(a->route.kind == ROUTE_OWN || a->route.provider != NULL);
    PROMISE(!assay_slice_is(h->method, "TRACE"));
    PROMISE(rules->secret == NULL ||
            assay_slice_find(a->route.shown, SECRET) == ASSAY_NO_OFFSET ||
            assay_slice_find(a->route.shown, SECRET) > 1);
}

static void
check_relocated(const struct route *r, const struct assay_http1_head *h)
{
    struct assay_buf to;

    assay_buf_init(&to, 4 * ASSAY_HTTP1_TARGET_MAX_BYTES);
    if (forward_relocate(r, assay_http1_get(h, "Location"), &to)) {
        PROMISE(!to.failed && to.len >= r->prefix.len);
        PROMISE(memcmp(to.ptr, r->prefix.ptr, r->prefix.len) == 0);
        PROMISE(to.len == r->prefix.len || to.ptr[r->prefix.len] == '/' ||
                to.ptr[r->prefix.len] == '?');
    }
    assay_buf_free(&to);
}

static void
check_response(const struct assay_http1_head *request,
               const struct admission *a, struct assay_slice said)
{
    struct assay_http1_head h;
    struct assay_http1_head told;
    struct response_plan plan;
    struct assay_error err;
    struct assay_buf out;
    size_t scanned = 0;
    size_t used = 0;

    assay_error_clear(&err);
    if (assay_http1_response(said, "GET", &scanned, &h, &used, &err) !=
            ASSAY_OK ||
        used == 0) {
        return;
    }
    if (forward_is_redirect(&h)) {
        check_relocated(&a->route, &h);
    }
    plan = heads_plan(&h, request, true);
    assay_buf_init(&out, 4 * ASSAY_HTTP1_HEAD_MAX_BYTES);
    if (forward_put_response(&out,
                             &(struct forward_response_head){
                                 .head = &h,
                                 .request = request,
                                 .plan = &plan,
                                 .origin = a->origin,
                                 .location = ASSAY_EMPTY,
                                 .proof = &proof,
                             },
                             &err) == ASSAY_OK) {
        scanned = 0;
        used = 0;
        if (assay_http1_response(assay_buf_slice(&out), "GET", &scanned, &told,
                                 &used, &err) == ASSAY_OK) {
            PROMISE(used == out.len && told.status == h.status);
            PROMISE(count_ours(&told) ==
                    (h.status >= 200 || h.status == 101 ? 1 : 0));
            PROMISE(assay_http1_count(&told, "Alt-Svc") == 0);
        } else { /* what is ours comes on top of what a head may have */
            PROMISE(err.code == ASSAY_TOO_LARGE);
        }
    }
    assay_buf_free(&out);
}

static void
check_request(const struct assay_http1_head *h, const struct admission *a,
              struct assay_slice said)
{
    bool translated = a->route.kind == ROUTE_TRANSLATED;
    struct assay_error err;
    struct assay_buf out;

    assay_error_clear(&err);
    assay_buf_init(&out, 2 * ASSAY_HTTP1_HEAD_MAX_BYTES);
    if (forward_put_request(
            &out,
            &(struct forward_request_head){.head = h,
                                           .admission = a,
                                           .translated = translated,
                                           .length = 77},
            &err) == ASSAY_OK) {
        struct assay_http1_head again;
        size_t scanned = 0;
        size_t used = 0;

        if (assay_http1_request(assay_buf_slice(&out), &scanned, &again, &used,
                                &err) == ASSAY_OK) {
            check_sent(&out, a, translated);
        } else { /* likewise */
            PROMISE(err.code == ASSAY_TOO_LARGE);
        }
    }
    assay_buf_free(&out);
    check_response(h, a, said);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct providers providers;
    struct admission_rules rules = {
        .providers = &providers, .hosts = NAME, .origins = ""};
    uint8_t choice = size > 0 ? data[0] : 0;
    struct assay_http1_head h;
    struct assay_error err;
    struct admission a;
    size_t scanned = 0;
    size_t used = 0;

    if (size == 0) {
        return 0;
    }
    providers = (struct providers){{&one, &two}, (choice & 1) != 0 ? 1 : 2};
    rules.origins = (choice & 2) != 0 ? PAGE : "";
    rules.token = (choice & 4) != 0 ? TOKEN : NULL;
    rules.secret = (choice & 8) != 0 ? SECRET : NULL;
    assay_buf_init(&one.authorization, sizeof(KEY));
    if ((choice & 16) != 0) {
        assay_buf_add_text(&one.authorization, KEY);
    }
    assay_error_clear(&err);
    if (assay_http1_request((struct assay_slice){data + 1, size - 1}, &scanned,
                            &h, &used, &err) == ASSAY_OK &&
        used > 0) {
        admission_judge(&rules, &h, &a);
        if (a.refusal == REFUSAL_NONE) {
            check_admitted(&rules, &h, &a);
            if (a.route.provider != NULL && !a.preflight) {
                check_request(
                    &h, &a,
                    (struct assay_slice){data + 1 + used, size - 1 - used});
            }
        }
    }
    assay_buf_free(&one.authorization);
    return 0;
}
