/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forward_heads.c - the heads of a request and of its response as they are
 * passed on.
 */
#include "forward_heads.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "own.h"

#define OURS            "x-assay-"
#define LINE_MAX_BYTES  256u
#define FIELDS_OF(list) (list), sizeof(list) / sizeof((list)[0])

static bool
is_one_of(struct assay_slice name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (assay_slice_is_nocase(name, list[i])) {
            return true;
        }
    }
    return false;
}

static bool
begins(struct assay_slice name, const char *with)
{
    size_t n = strlen(with);

    return name.len >= n &&
           assay_slice_is_nocase((struct assay_slice){name.ptr, n}, with);
}

/* Servers that make variables of names do not tell '_' from '-'. */
bool
forward_is_ours(struct assay_slice name)
{
    return begins(name, OURS) || begins(name, "x_assay_") ||
           begins(name, "x-assay_") || begins(name, "x_assay-");
}

/* --- requests ------------------------------------------------------------- */

/* Is said anew for the server, or is no concern of it. */
static const char *const of_clients[] = {"Host", "Proxy-Authorization"};
/* CORS is between us and the page. */
static const char *const of_pages[] = {
    "Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers",
    "Access-Control-Request-Private-Network"};
/* Speaks of a body, or of coding one, that is not the one that is sent. */
static const char *const of_bodies[] = {
    "Accept-Encoding", "Content-Encoding", "Content-MD5", "Digest",
    "Content-Digest",  "Repr-Digest",      "Expect"};

static bool
is_sent(const struct forward_request_head *r, struct assay_slice name)
{
    const struct admission *a = r->admission;
    bool chunked = r->head->framing == ASSAY_HTTP1_CHUNKED && !r->translated;
    bool replaced = a->token_spent || a->route.provider->authorization.len > 0;

    return heads_goes_on(r->head, name, chunked) && !forward_is_ours(name) &&
           !is_one_of(name, FIELDS_OF(of_clients)) &&
           !(replaced && assay_slice_is_nocase(name, "Authorization")) &&
           !(a->origin.len > 0 && is_one_of(name, FIELDS_OF(of_pages))) &&
           !(r->translated && is_one_of(name, FIELDS_OF(of_bodies)));
}

static void
put_line(struct assay_buf *to, const struct forward_request_head *r,
         struct assay_error *err)
{
    struct assay_buf target;

    assay_buf_init(&target, ASSAY_HTTP1_TARGET_MAX_BYTES);
    route_put_target(&r->admission->route, &target);
    if (assay_buf_check(&target, "target", err) == ASSAY_OK) {
        (void)!assay_http1_put_request(to, r->head->method,
                                       assay_buf_slice(&target), err);
    }
    assay_buf_free(&target);
}

/* A POST without a body says so. */
static void
put_framing(struct assay_buf *to, const struct forward_request_head *r,
            struct assay_error *err)
{
    const struct assay_http1_head *h = r->head;

    if (r->translated) {
        heads_put_framing(to, ASSAY_HTTP1_LENGTH, r->length, err);
        return;
    }
    heads_put_framing(to,
                      assay_http1_count(h, "Content-Length") > 0
                          ? ASSAY_HTTP1_LENGTH
                          : h->framing,
                      h->content_length, err);
}

enum assay_code
forward_put_request(struct assay_buf *to, const struct forward_request_head *r,
                    struct assay_error *err)
{
    const struct provider *p = r->admission->route.provider;
    const struct assay_http1_head *h = r->head;

    put_line(to, r, err);
    heads_put(to, "Host", assay_slice_of(p->authority), err);
    for (size_t i = 0; i < h->field_count; i++) {
        if (is_sent(r, h->field[i].name)) {
            (void)!assay_http1_put_field(to, h->field[i].name,
                                         h->field[i].value, err);
        }
    }
    if (p->authorization.len > 0) {
        heads_put(to, "Authorization", assay_buf_slice(&p->authorization), err);
    }
    put_framing(to, r, err);
    heads_put_options(to, h, r->upgrade, true, err);
    assay_http1_put_end(to);
    return err->code == ASSAY_OK ? assay_buf_check(to, "request", err)
                                 : err->code;
}

/* --- responses ------------------------------------------------------------ */

/* Another place for the same, which nobody has attested. */
static const char *const of_places[] = {"Alt-Svc", "Refresh"};
static const char *const of_cors[] = {
    "Access-Control-Allow-Origin",  "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
    "Access-Control-Max-Age",       "Access-Control-Expose-Headers"};
static const char *const of_content[] = {
    "Content-Type", "Content-Encoding", "Content-MD5",
    "Digest",       "Content-Digest",   "Repr-Digest",
    "ETag",         "Accept-Ranges",    "Content-Range"};

/* Of a response without a body, the length that one would have had (RFC 9110,
 * section 8.6) may be told; with 1xx and 204 it may not. */
static bool
is_length_told(const struct forward_response_head *r)
{
    return r->plan->framing == ASSAY_HTTP1_NO_BODY && r->head->status >= 200 &&
           r->head->status != 204 && r->content_type == NULL;
}

static bool
is_told(const struct forward_response_head *r, struct assay_slice name)
{
    if (assay_slice_is_nocase(name, "Content-Length")) {
        return is_length_told(r);
    }
    return heads_goes_on(r->head, name, r->plan->trailers) &&
           !forward_is_ours(name) && !is_one_of(name, FIELDS_OF(of_places)) &&
           !(r->origin.len > 0 && is_one_of(name, FIELDS_OF(of_cors))) &&
           !(r->location.len > 0 && assay_slice_is_nocase(name, "Location")) &&
           !(r->content_type != NULL && is_one_of(name, FIELDS_OF(of_content)));
}

static void
put_proof(struct assay_buf *to, const struct proof *p, int64_t now_ms,
          struct assay_error *err)
{
    int64_t age_ms = now_ms - p->attested_ms;
    char line[LINE_MAX_BYTES];

    snprintf(line, sizeof(line), "verified; tcb=%s; age=%lld; evidence=%s%s",
             p->tcb, (long long)(age_ms > 0 ? age_ms / 1000 : 0), p->evidence,
             p->partial ? "; partial" : "");
    heads_put(to, OURS "attestation", assay_slice_of(line), err);
}

/* What is ours of a final response. */
static void
put_ours(struct assay_buf *to, const struct forward_response_head *r,
         struct assay_error *err)
{
    if (r->location.len > 0) {
        heads_put(to, "Location", r->location, err);
    }
    if (r->content_type != NULL) {
        heads_put(to, "Content-Type", assay_slice_of(r->content_type), err);
        heads_put(to, OURS "translated", assay_slice_of("responses"), err);
    }
    if (r->proof != NULL) {
        put_proof(to, r->proof, r->now_ms, err);
    }
    own_put_cors(to, r->origin, err);
}

enum assay_code
forward_put_response(struct assay_buf *to,
                     const struct forward_response_head *r,
                     struct assay_error *err)
{
    const struct assay_http1_head *h = r->head;

    (void)!assay_http1_put_status(to, h->status, h->reason, err);
    for (size_t i = 0; i < h->field_count; i++) {
        if (is_told(r, h->field[i].name)) {
            (void)!assay_http1_put_field(to, h->field[i].name,
                                         h->field[i].value, err);
        }
    }
    if (h->status >= 200 || h->status == 101) {
        put_ours(to, r, err);
    }
    if (h->status >= 200) {
        heads_put_framing(to, r->plan->framing, h->content_length, err);
        heads_put_connection(to, r->request, r->plan->keep, err);
    } else if (h->status == 101) {
        heads_put(to, "Upgrade", assay_http1_get(h, "Upgrade"), err);
        heads_put(to, "Connection", assay_slice_of("upgrade"), err);
    }
    assay_http1_put_end(to);
    return err->code == ASSAY_OK ? assay_buf_check(to, "response", err)
                                 : err->code;
}

/* --- redirects ------------------------------------------------------------ */

bool
forward_is_redirect(const struct assay_http1_head *response)
{
    return response->status >= 300 && response->status < 400 &&
           response->status != 304 &&
           assay_http1_count(response, "Location") > 0;
}

bool
forward_relocate(const struct route *route, struct assay_slice location,
                 struct assay_buf *to)
{
    const struct provider *p = route->provider;
    size_t base_len = strlen(p->base.target);
    struct assay_uri asked = p->base;
    struct assay_uri next;
    struct assay_buf target;
    struct assay_error err;
    struct assay_slice path;
    size_t query;
    bool good;

    /* Relative references are relative to what was asked for. */
    assay_error_clear(&err);
    assay_buf_init(&target, sizeof(asked.target) - 1);
    route_put_target(route, &target);
    good = !target.failed;
    if (good) {
        assay_copy(asked.target, assay_buf_slice(&target));
        asked.target[target.len] = '\0';
    }
    assay_buf_free(&target);
    if (!good || assay_uri_resolve(&asked, location, &next, &err) != ASSAY_OK ||
        !assay_uri_same_origin(&asked, &next) ||
        strncmp(next.target, p->base.target, base_len) != 0) {
        return false;
    }
    path = assay_slice_of(next.target + base_len);
    if (path.len > 0 && path.ptr[0] != '/' && path.ptr[0] != '?') {
        return false; /* "/v1x" is not below "/v1" */
    }
    assay_buf_add(to, route->prefix);
    assay_buf_add(to, path);
    query = assay_slice_find(path, "?");
    path.len = query == ASSAY_NO_OFFSET ? path.len : query;
    return route_is_plain(path) && !to->failed;
}
