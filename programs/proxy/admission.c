/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * admission.c - whether a request is served.
 */
#include "admission.h"

#include "daemon/token.h"
#include "http1/chars.h"
#include "http1/fields.h"

typedef enum refusal rule(const struct admission_rules *rules,
                          const struct assay_http1_head *head,
                          struct admission *out);

/* --- host ----------------------------------------------------------------- */

/* "name" or "[::1]" of "name:port". */
static struct assay_slice
without_port(struct assay_slice host)
{
    for (size_t n = host.len; n > 0; n--) {
        if (host.ptr[n - 1] == ':') {
            return (struct assay_slice){host.ptr, n - 1};
        }
        if (!assay_is_digit(host.ptr[n - 1])) {
            break;
        }
    }
    return host;
}

static enum refusal
judge_host(const struct admission_rules *rules,
           const struct assay_http1_head *head, struct admission *out)
{
    struct assay_slice rest;
    struct assay_slice host = head->host;
    struct assay_slice name = without_port(host);
    struct assay_slice allowed;

    (void)out;
    if (rules->hosts == NULL) {
        return REFUSAL_NONE;
    }
    rest = assay_slice_of(rules->hosts);
    while (host.len > 0 && assay_http1_list_next(&rest, &allowed)) {
        bool any_port = without_port(allowed).len == allowed.len;

        if (assay_http1_same(allowed, any_port ? name : host)) {
            return REFUSAL_NONE;
        }
    }
    return REFUSED_HOST;
}

/* --- pages of others ------------------------------------------------------ */

static bool
is_allowed(struct assay_slice origin, const char *origins)
{
    struct assay_slice rest = assay_slice_of(origins);
    struct assay_slice allowed;

    while (assay_http1_list_next(&rest, &allowed)) {
        if (assay_slice_equal(allowed, origin)) {
            return true;
        }
    }
    return false;
}

/* Of requests without Origin, browsers of today say here whether a page has
 * caused them; "same-site" is any port of this machine. Our own pages ask for
 * our own only: what else is of our origin a provider has sent, which is not to
 * ask others with their keys. */
static bool
is_from_page(const struct assay_http1_head *head, const struct route *r)
{
    struct assay_slice site = assay_http1_get(head, "Sec-Fetch-Site");
    size_t count = assay_http1_count(head, "Sec-Fetch-Site");
    bool ours = r->kind == ROUTE_OWN && assay_slice_is(site, "same-origin");

    return count > 1 || (count == 1 && !ours && !assay_slice_is(site, "none"));
}

static enum refusal
judge_origin(const struct admission_rules *rules,
             const struct assay_http1_head *head, struct admission *out)
{
    struct assay_slice origin = assay_http1_get(head, "Origin");
    size_t count = assay_http1_count(head, "Origin");

    if (count == 0) {
        return is_from_page(head, &out->route) ? REFUSED_ORIGIN : REFUSAL_NONE;
    }
    if (count > 1 || !is_allowed(origin, rules->origins)) {
        return REFUSED_ORIGIN;
    }
    out->origin = origin;
    out->preflight =
        assay_slice_is(head->method, "OPTIONS") &&
        assay_http1_count(head, "Access-Control-Request-Method") > 0;
    return REFUSAL_NONE;
}

/* --- token ---------------------------------------------------------------- */

/* A browser asks without it whether it may ask; who looks whether we are well
 * has none. */
static enum refusal
judge_token(const struct admission_rules *rules,
            const struct assay_http1_head *head, struct admission *out)
{
    if (rules->token == NULL) {
        return REFUSAL_NONE;
    }
    out->token_spent = token_is_bearer(head, rules->token);
    if (out->token_spent || out->preflight ||
        (out->route.kind == ROUTE_OWN && out->route.page == OWN_HEALTH) ||
        (assay_http1_count(head, "x-assay-token") == 1 &&
         token_is(assay_http1_get(head, "x-assay-token"), rules->token))) {
        return REFUSAL_NONE;
    }
    return REFUSED_TOKEN;
}

/* --- what for ------------------------------------------------------------- */

/* CONNECT asks for a tunnel to somewhere; TRACE for all fields as they arrive,
 * with a key that was put in. */
static enum refusal
judge_method(const struct admission_rules *rules,
             const struct assay_http1_head *head, struct admission *out)
{
    bool reads = assay_slice_is(head->method, "GET") ||
                 assay_slice_is(head->method, "HEAD");

    (void)rules;
    if (assay_slice_is(head->method, "CONNECT") ||
        assay_slice_is(head->method, "TRACE")) {
        return REFUSED_METHOD;
    }
    return out->route.kind == ROUTE_OWN && !reads && !out->preflight
               ? REFUSED_METHOD
               : REFUSAL_NONE;
}

static enum refusal
judge_path(const struct admission_rules *rules,
           const struct assay_http1_head *head, struct admission *out)
{
    (void)rules;
    (void)head;
    switch (out->route.kind) {
    case ROUTE_NOWHERE:
        return REFUSED_NOWHERE;
    case ROUTE_BAD:
        return REFUSED_PATH;
    case ROUTE_NO_RESPONSES:
        return out->preflight ? REFUSAL_NONE : REFUSED_NO_RESPONSES;
    case ROUTE_OWN:
    case ROUTE_PROVIDER:
    case ROUTE_TRANSLATED:
        break;
    }
    return REFUSAL_NONE;
}

/* --- all of them ---------------------------------------------------------- */

void
admission_judge(const struct admission_rules *rules,
                const struct assay_http1_head *head, struct admission *out)
{
    static rule *const order[] = {judge_host, judge_origin, judge_token,
                                  judge_method, judge_path};

    *out = (struct admission){.refusal = REFUSAL_NONE};
    route_find(rules->providers, rules->secret, head, &out->route);
    for (size_t i = 0;
         i < sizeof(order) / sizeof(order[0]) && out->refusal == REFUSAL_NONE;
         i++) {
        out->refusal = order[i](rules, head, out);
    }
}
