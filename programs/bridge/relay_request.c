/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * relay_request.c - which questions about collateral are passed on.
 */
#include "relay_request.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/bytes.h"
#include "http1/fields.h"
#include "request_path.h"

static const struct {
    const char *path;
    enum relay_kind kind;
} routes[] = {
    {"/sgx/certification/v4/tcb", RELAY_TCB_INFO},
    {"/tdx/certification/v4/tcb", RELAY_TCB_INFO},
    {"/sgx/certification/v4/qe/identity", RELAY_QE_IDENTITY},
    {"/tdx/certification/v4/qe/identity", RELAY_QE_IDENTITY},
    {"/sgx/certification/v4/tcbevaluationdatanumbers", RELAY_EVALUATIONS},
    {"/tdx/certification/v4/tcbevaluationdatanumbers", RELAY_EVALUATIONS},
    {"/sgx/certification/v4/pckcrl", RELAY_PCK_CRL},
    {"/sgx/certification/v4/rootcacrl", RELAY_ROOT_CRL},
};

/* --- parameters ---------------------------------------------------------- */

/* In the order in which they are spelled. */
enum parameter { FMSPC, CA, ENCODING, UPDATE, EVALUATION, PARAMETERS };

static const char *const names[PARAMETERS] = {
    [FMSPC] = "fmspc",
    [CA] = "ca",
    [ENCODING] = "encoding",
    [UPDATE] = "update",
    [EVALUATION] = "tcbEvaluationDataNumber",
};

#define BIT(parameter) (1u << (parameter))

static const struct {
    unsigned may;
    unsigned must;
} takes[RELAY_KINDS] = {
    [RELAY_TCB_INFO] = {BIT(FMSPC) | BIT(UPDATE) | BIT(EVALUATION), BIT(FMSPC)},
    [RELAY_QE_IDENTITY] = {BIT(UPDATE) | BIT(EVALUATION), 0},
    [RELAY_EVALUATIONS] = {0, 0},
    [RELAY_PCK_CRL] = {BIT(CA) | BIT(ENCODING), BIT(CA)},
    [RELAY_ROOT_CRL] = {0, 0},
};

struct query {
    unsigned has; /* BIT(...) */
    struct assay_slice value[PARAMETERS];
};

static struct assay_slice
part(struct assay_slice s, size_t from, size_t to)
{
    return (struct assay_slice){s.ptr + from, to - from};
}

/* "name=value" into its place; NULL, or what is wrong with it. */
static const char *
take(struct query *q, unsigned may, struct assay_slice text)
{
    size_t equals = assay_slice_find(text, "=");
    size_t i = 0;

    if (equals == ASSAY_NO_OFFSET) {
        return "a parameter has no value";
    }
    while (i < PARAMETERS && !assay_slice_is(part(text, 0, equals), names[i])) {
        i++;
    }
    if (i == PARAMETERS || (may & BIT(i)) == 0) {
        return "there is a parameter that this path does not take";
    }
    if ((q->has & BIT(i)) != 0) {
        return "a parameter is there twice";
    }
    q->has |= BIT(i);
    q->value[i] = part(text, equals + 1, text.len);
    return NULL;
}

/* query: behind the '?'; ptr NULL without one. */
static const char *
read_query(struct query *q, enum relay_kind kind, struct assay_slice query)
{
    const char *wrong = NULL;
    bool more = query.ptr != NULL;

    while (more && wrong == NULL) {
        size_t end = assay_slice_find(query, "&");

        more = end != ASSAY_NO_OFFSET;
        wrong =
            take(q, takes[kind].may, part(query, 0, more ? end : query.len));
        query = part(query, more ? end + 1 : query.len, query.len);
    }
    if (wrong == NULL && (q->has & takes[kind].must) != takes[kind].must) {
        wrong = "a parameter that this path needs is missing";
    }
    return wrong;
}

/* --- their values -------------------------------------------------------- */

/* Never empty. */
static bool
is_either(struct assay_slice s, const char *a, const char *b)
{
    return assay_slice_is(s, a) || assay_slice_is(s, b);
}

static bool
read_fmspc(struct assay_slice s, char out[13])
{
    if (s.len != 12) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (!assay_is_hex(s.ptr[i])) {
            return false;
        }
        out[i] = (char)(assay_is_digit(s.ptr[i]) ? s.ptr[i] : s.ptr[i] | 0x20);
    }
    out[s.len] = '\0';
    return true;
}

/* 1 to 999,999,999, without leading zeros. */
static bool
read_number(struct assay_slice s, uint32_t *out)
{
    uint32_t n = 0;

    if (s.len == 0 || s.len > 9 || s.ptr[0] == '0') {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (!assay_is_digit(s.ptr[i])) {
            return false;
        }
        n = n * 10 + (uint32_t)(s.ptr[i] - '0');
    }
    *out = n;
    return true;
}

static bool
has(const struct query *q, enum parameter p)
{
    return (q->has & BIT(p)) != 0;
}

static const char *
read_values(const struct query *q, struct relay_question *out)
{
    if (has(q, FMSPC) && !read_fmspc(q->value[FMSPC], out->fmspc)) {
        return "fmspc is 12 hex digits";
    }
    if (has(q, CA) && !is_either(q->value[CA], "processor", "platform")) {
        return "ca is processor or platform";
    }
    if (has(q, ENCODING) && !is_either(q->value[ENCODING], "pem", "der")) {
        return "encoding is pem or der";
    }
    if (has(q, UPDATE) && !is_either(q->value[UPDATE], "early", "standard")) {
        return "update is early or standard";
    }
    if (has(q, EVALUATION) &&
        !read_number(q->value[EVALUATION], &out->evaluation)) {
        return "tcbEvaluationDataNumber is a whole number above 0";
    }
    if (has(q, UPDATE) && has(q, EVALUATION)) {
        return "update and tcbEvaluationDataNumber exclude each other";
    }
    return NULL;
}

/* What is the default is left out: it is the same question. */
static bool
is_spelled(const struct query *q, enum parameter p)
{
    return has(q, p) &&
           !(p == UPDATE && assay_slice_is(q->value[p], "standard"));
}

static void
spell(const char *path, const struct query *q, struct relay_question *out)
{
    size_t used = (size_t)snprintf(out->path, sizeof(out->path), "%s", path);
    char mark = '?';

    for (size_t i = 0; i < PARAMETERS; i++) {
        struct assay_slice value =
            i == FMSPC ? assay_slice_of(out->fmspc) : q->value[i];

        if (is_spelled(q, (enum parameter)i)) {
            used += (size_t)snprintf(out->path + used, sizeof(out->path) - used,
                                     "%c%s=%.*s", mark, names[i],
                                     (int)value.len, (const char *)value.ptr);
            mark = '&';
        }
    }
}

/* --- origins ------------------------------------------------------------- */

/* False: a page of another origin asks. Who is no browser has none. */
static bool
read_origin(const struct assay_http1_head *head, const char *origins,
            struct relay_cors *out)
{
    struct assay_slice origin = assay_http1_get(head, "Origin");
    struct assay_slice rest = assay_slice_of(origins);
    struct assay_slice allowed;
    size_t count = assay_http1_count(head, "Origin");

    if (rest.len == 0) {
        snprintf(out->origin, sizeof(out->origin), "*");
        return true;
    }
    out->varies = true;
    while (count == 1 && origin.len < sizeof(out->origin) &&
           assay_http1_list_next(&rest, &allowed)) {
        if (assay_slice_equal(allowed, origin)) {
            snprintf(out->origin, sizeof(out->origin), "%.*s", (int)origin.len,
                     (const char *)origin.ptr);
            return true;
        }
    }
    return count == 0;
}

/* --- the request --------------------------------------------------------- */

static void
refuse(struct relay_request *out, unsigned status, const char *code,
       const char *why)
{
    out->status = status;
    out->code = code;
    out->why = why;
}

bool
relay_has_path(struct assay_slice path)
{
    struct assay_slice start = {path.ptr, 5};

    return path.len >= start.len && is_either(start, "/sgx/", "/tdx/");
}

bool
relay_is_asked(const struct assay_http1_head *head)
{
    struct assay_slice query;

    return relay_has_path(request_path(head->target, &query));
}

static void
judge_question(const struct assay_http1_head *head, size_t route,
               struct assay_slice query, struct relay_request *out)
{
    struct query q = {.has = 0};
    const char *wrong;

    out->question.kind = routes[route].kind;
    wrong = head->framing != ASSAY_HTTP1_NO_BODY
                ? "a question has no body"
                : read_query(&q, routes[route].kind, query);
    if (wrong == NULL) {
        wrong = read_values(&q, &out->question);
    }
    if (wrong != NULL) {
        refuse(out, 400, "bad_request", wrong);
        return;
    }
    spell(routes[route].path, &q, &out->question);
    out->status = 200;
}

void
relay_judge(const struct assay_http1_head *head, const char *origins,
            struct relay_request *out)
{
    struct assay_slice query;
    struct assay_slice path = request_path(head->target, &query);
    bool welcome;
    size_t i = 0;

    *out = (struct relay_request){.status = 204};
    out->head_only = assay_slice_is(head->method, "HEAD");
    welcome = read_origin(head, origins, &out->cors);
    while (i < sizeof(routes) / sizeof(routes[0]) &&
           !assay_slice_is(path, routes[i].path)) {
        i++;
    }
    if (i == sizeof(routes) / sizeof(routes[0])) {
        refuse(out, 404, "not_found", "the relay has nothing at this path");
    } else if (!welcome) {
        refuse(out, 403, "origin_denied",
               "pages of this origin may not use the relay");
    } else if (out->head_only || assay_slice_is(head->method, "GET")) {
        judge_question(head, i, query, out);
    } else if (!assay_slice_is(head->method, "OPTIONS")) {
        refuse(out, 405, "method_not_allowed",
               "the relay takes GET, HEAD and OPTIONS");
    }
}
