/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * admission.c - whether a request may have a tunnel.
 */
#include "admission.h"

#include <string.h>

#include "base/bytes.h"
#include "daemon/token.h"
#include "http1/fields.h"
#include "request_path.h"
#include "ws/handshake.h"

#define BINARY                                                                 \
    "binary" /* the subprotocol that says what a bridge does anyway */

typedef enum denial rule(const struct admission_rules *rules,
                         const struct assay_http1_head *head,
                         struct admission *out);

/* --- path ---------------------------------------------------------------- */

static enum denial
judge_path(const struct admission_rules *rules,
           const struct assay_http1_head *head, struct admission *out)
{
    struct assay_slice query;
    struct assay_slice path = request_path(head->target, &query);

    (void)out;
    return assay_slice_is(path, rules->path) ? ADMITTED : DENIED_PATH;
}

/* --- handshake ----------------------------------------------------------- */

static enum denial
judge_form(const struct admission_rules *rules,
           const struct assay_http1_head *head, struct admission *out)
{
    (void)rules;
    switch (assay_ws_judge_request(head, &out->why)) {
    case 101:
        out->why = NULL;
        return ADMITTED;
    case 405:
        return DENIED_METHOD;
    case 426:
        return DENIED_NO_UPGRADE;
    default:
        return DENIED_REQUEST;
    }
}

/* --- token -------------------------------------------------------------- */

/* Pages cannot set fields, but they can name subprotocols. */
static enum denial
judge_token(const struct admission_rules *rules,
            const struct assay_http1_head *head, struct admission *out)
{
    struct assay_ws_offers offers = {.h = head};
    struct assay_slice first;

    if (rules->token == NULL || token_is_bearer(head, rules->token)) {
        return ADMITTED;
    }
    if (!assay_ws_offers_next(&offers, &first) ||
        !token_is(first, rules->token)) {
        return DENIED_TOKEN;
    }
    out->protocol = first; /* browsers want one of theirs to be accepted */
    return ADMITTED;
}

static enum denial
judge_protocol(const struct admission_rules *rules,
               const struct assay_http1_head *head, struct admission *out)
{
    static const char *const supported[] = {BINARY};
    struct assay_slice chosen = assay_ws_choose(head, supported, 1);

    (void)rules;
    out->protocol = chosen.len > 0 ? chosen : out->protocol;
    return ADMITTED;
}

/* --- origin ------------------------------------------------------------- */

/* Browsers say which page asks; others say nothing, or what they like. */
static enum denial
judge_origin(const struct admission_rules *rules,
             const struct assay_http1_head *head, struct admission *out)
{
    struct assay_slice origin = assay_http1_get(head, "Origin");
    struct assay_slice rest = assay_slice_of(rules->origins);
    struct assay_slice allowed;
    size_t count = assay_http1_count(head, "Origin");

    (void)out;
    if (rest.len == 0 || count == 0) {
        return ADMITTED;
    }
    while (count == 1 && assay_http1_list_next(&rest, &allowed)) {
        if (assay_slice_equal(allowed, origin)) {
            return ADMITTED;
        }
    }
    return DENIED_ORIGIN;
}

/* --- target ------------------------------------------------------------- */

static enum denial
judge_target(const struct admission_rules *rules,
             const struct assay_http1_head *head, struct admission *out)
{
    struct assay_error err;

    if (target_of_query(head->target, &out->target, &out->has_target, &err) !=
        ASSAY_OK) {
        out->has_target = false;
        return err.code == ASSAY_NO_MEMORY ? DENIED_INTERNAL
                                           : DENIED_TARGET_FORM;
    }
    if (!out->has_target && !rules->has_fallback) {
        return DENIED_TARGET_FORM;
    }
    if (!out->has_target) {
        out->target = rules->fallback;
        out->has_target = true;
    }
    return ADMITTED;
}

static enum denial
judge_allowed(const struct admission_rules *rules,
              const struct assay_http1_head *head, struct admission *out)
{
    (void)head;
    out->by = allow_find(rules->allow, &out->target);
    return out->by != NULL ? ADMITTED : DENIED_TARGET;
}

/* --- all of them -------------------------------------------------------- */

void
admission_judge(const struct admission_rules *rules,
                const struct assay_http1_head *head, struct admission *out)
{
    static rule *const order[] = {
        judge_path,     judge_form,   judge_token,   judge_origin,
        judge_protocol, judge_target, judge_allowed,
    };

    *out = (struct admission){.denial = ADMITTED, .protocol = ASSAY_EMPTY};
    for (size_t i = 0;
         i < sizeof(order) / sizeof(order[0]) && out->denial == ADMITTED; i++) {
        out->denial = order[i](rules, head, out);
    }
}
