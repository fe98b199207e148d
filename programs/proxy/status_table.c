/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * status_table.c - the document of GET /.well-known/assay as a table. Whoever
 * answers at that address may be a stranger: nothing of it reaches the terminal
 * that could steer it.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/json.h"
#include "base/timestamp.h"
#include "status.h"

#define NODES_MAX     1000000u
#define DEPTH_MAX     32u
#define TEXT_MAX_SIZE 400u /* of one text of the document */

struct table {
    const struct assay_json *json;
    struct assay_buf *to;
    int64_t now_s;
    enum status_code code;
};

/* At least as wide; what is no visible ASCII is shown as '?'. */
static void
put_cell(const struct table *t, struct assay_slice text, size_t width)
{
    size_t n = text.len < TEXT_MAX_SIZE ? text.len : TEXT_MAX_SIZE;

    for (size_t i = 0; i < n; i++) {
        bool shown = text.ptr[i] >= ' ' && text.ptr[i] < 0x7f;

        assay_buf_add_u8(t->to, shown ? text.ptr[i] : '?');
    }
    for (; n < width; n++) {
        assay_buf_add_u8(t->to, ' ');
    }
    assay_buf_add_text(t->to, "  ");
}

/* Without what would stand before a further cell. */
static void
end_line(const struct table *t)
{
    while (t->to->len > 0 && t->to->ptr[t->to->len - 1] == ' ') {
        t->to->len--;
    }
    assay_buf_add_u8(t->to, '\n');
}

static void
put_text(const struct table *t, const char *text, size_t width)
{
    put_cell(t, assay_slice_of(text), width);
}

static struct assay_slice
text_of(const struct table *t, uint32_t object, const char *member)
{
    return assay_json_string(t->json,
                             assay_json_member(t->json, object, member));
}

static uint64_t
number_of(const struct table *t, uint32_t object, const char *member)
{
    uint64_t v = 0;

    (void)assay_json_u64(t->json, assay_json_member(t->json, object, member),
                         &v);
    return v;
}

/* False: there is no such time. */
static bool
time_of(const struct table *t, uint32_t object, const char *member,
        int64_t *out_s)
{
    struct assay_slice text = text_of(t, object, member);
    struct assay_error err;

    assay_error_clear(&err);
    return text.len > 0 &&
           assay_time_parse(text, out_s, member, &err) == ASSAY_OK;
}

/* "12 s", "3 min", "5 h", "2 d". */
static void
span(int64_t s, char out[32])
{
    static const struct {
        int64_t below;
        int64_t unit;
        const char *name;
    } units[] = {
        {120, 1, "s"},
        {7200, 60, "min"},
        {172800, 3600, "h"},
        {INT64_MAX, 86400, "d"},
    };
    size_t i = 0;

    s = s > 0 ? s : 0;
    while (s >= units[i].below && units[i].below != INT64_MAX) {
        i++;
    }
    (void)snprintf(out, 32, "%lld %s", (long long)(s / units[i].unit),
                   units[i].name);
}

/* --- a provider ----------------------------------------------------------- */

static void
judge(struct table *t, struct assay_slice state)
{
    if (assay_slice_is(state, "refused")) {
        t->code = STATUS_REFUSED;
    } else if (!assay_slice_is(state, "verified") &&
               t->code != STATUS_REFUSED) {
        t->code = STATUS_UNKNOWN;
    }
}

static void
put_age(const struct table *t, uint32_t p)
{
    char text[32] = "-";
    int64_t at_s;

    if (time_of(t, p, "verdict_at", &at_s)) {
        span(t->now_s - at_s, text);
    }
    put_text(t, text, 8);
}

static void
put_collateral(const struct table *t, uint32_t p)
{
    uint32_t c = assay_json_member(t->json, p, "collateral");
    char text[32] = "-";
    int64_t until_s;

    if (time_of(t, c, "expires", &until_s)) {
        if (until_s > t->now_s) {
            span(until_s - t->now_s, text);
        } else {
            (void)snprintf(text, sizeof(text), "expired");
        }
    }
    put_text(t, text, 10);
}

static void
put_links(const struct table *t, uint32_t p)
{
    uint32_t links = assay_json_member(t->json, p, "links");
    char text[64];

    (void)snprintf(text, sizeof(text), "%llu/%llu",
                   (unsigned long long)number_of(t, links, "idle"),
                   (unsigned long long)number_of(t, links, "busy"));
    put_text(t, text, 9);
}

static void
put_failure(const struct table *t, uint32_t p)
{
    uint32_t f = assay_json_member(t->json, p, "last_failure");
    char text[32] = "?";
    int64_t at_s;

    if (assay_json_type(t->json, f) != ASSAY_JSON_OBJECT) {
        return;
    }
    if (time_of(t, f, "at", &at_s)) {
        span(t->now_s - at_s, text);
    }
    assay_buf_printf(t->to, "  last failure, %s ago: ", text);
    put_cell(t, text_of(t, f, "code"), 0);
    put_cell(t, text_of(t, f, "message"), 0);
    end_line(t);
}

static void
put_provider(struct table *t, uint32_t p)
{
    uint32_t verdict = assay_json_member(t->json, p, "verdict");
    struct assay_slice state = text_of(t, p, "state");
    struct assay_slice tcb = text_of(t, verdict, "tcb_status");
    struct assay_slice evidence = text_of(t, p, "evidence");

    judge(t, state);
    put_cell(t, text_of(t, p, "name"), 16);
    put_cell(t, state, 11);
    put_cell(t, tcb.len > 0 ? tcb : assay_slice_of("-"), 18);
    put_age(t, p);
    put_collateral(t, p);
    put_links(t, p);
    put_cell(t, evidence.len > 0 ? evidence : assay_slice_of("-"), 0);
    end_line(t);
    put_failure(t, p);
}

/* --- all of them ---------------------------------------------------------- */

static void
put_all(struct table *t, uint32_t all)
{
    put_text(t, "PROVIDER", 16);
    put_text(t, "STATE", 11);
    put_text(t, "TCB", 18);
    put_text(t, "AGE", 8);
    put_text(t, "COLLATERAL", 10);
    put_text(t, "IDLE/BUSY", 9);
    put_text(t, "EVIDENCE", 0);
    end_line(t);
    for (uint32_t p = assay_json_first(t->json, all); p != ASSAY_JSON_NONE;
         p = assay_json_next(t->json, p)) {
        put_provider(t, p);
    }
}

enum assay_code
status_put_table(struct assay_slice document, struct assay_buf *to,
                 enum status_code *code, struct assay_error *err)
{
    static const struct assay_json_limits limits = {STATUS_DOCUMENT_MAX_BYTES,
                                                    DEPTH_MAX, NODES_MAX};
    struct table t = {.to = to, .code = STATUS_VERIFIED};
    struct assay_json *json;
    uint32_t all;

    *code = STATUS_UNKNOWN;
    assay_error_clear(err);
    if (assay_json_parse(document, &limits, "the answer", &json, err) !=
        ASSAY_OK) {
        return err->code;
    }
    t.json = json;
    all = assay_json_member(json, ASSAY_JSON_ROOT, "providers");
    if (!time_of(&t, ASSAY_JSON_ROOT, "now", &t.now_s) ||
        assay_json_count(json, all) == 0) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "the answer is not that of a proxy of ours");
    } else {
        put_all(&t, all);
        *code = assay_buf_check(to, "the table", err) == ASSAY_OK
                    ? t.code
                    : STATUS_UNKNOWN;
    }
    assay_json_free(json);
    return err->code;
}
