/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * search.c - one search for collateral, whose requests JavaScript answers, and
 * the memory of evaluations.
 */
#include "search/search.h"
#include "search/bundle_name.h"
#include "search/marks.h"
#include "search/sources.h"
#include "state.h"

/* --- sources -------------------------------------------------------------- */

#define SOURCES_MAX_BYTES 8192u

struct sources {
    char text[SOURCES_MAX_BYTES + 1];
    const char *url[ASSAY_SOURCES_MAX];
    size_t count;
};

/* *out points into itself. */
static bool
take_sources(struct sources *out, const struct assay_policy *p,
             const uint8_t *list, uint32_t len)
{
    struct assay_slice text;

    out->count = 0;
    if (!js_octets(list, len, &text)) {
        return false;
    }
    if (text.len > SOURCES_MAX_BYTES ||
        (text.len > 0 && text.ptr[text.len - 1] != '\0')) {
        (void)js_refuse(ASSAY_INVALID, "sources: no list of URLs");
        return false;
    }
    assay_copy(out->text, text);
    for (size_t at = 0; at < text.len; at += strlen(out->text + at) + 1) {
        if (out->count == ASSAY_SOURCES_MAX) {
            (void)js_refuse(ASSAY_INVALID, "sources: more than %u",
                            ASSAY_SOURCES_MAX);
            return false;
        }
        out->url[out->count++] = out->text + at;
    }
    if (out->count == 0) {
        out->count = assay_search_sources(NULL, 0, p, out->url);
    }
    return true;
}

/* --- one search ----------------------------------------------------------- */

struct js_search {
    struct js_object object;
    struct js_session *session; /* whose policy and root it goes by */
    struct assay_quote *quote;  /* a copy: the session may go on */
    struct assay_collateral_need need;
    struct sources sources;
    struct assay_search *search;
    struct assay_gather *gather; /* the search's; or NULL */
    bool taken;
    struct assay_obtained obtained;
};

static void
destroy(void *object)
{
    struct js_search *f = object;

    assay_obtained_free(&f->obtained);
    assay_search_free(f->search);
    assay_quote_free(f->quote);
    js_object_drop(f->session);
}

static const struct js_kind kind = {"search", sizeof(struct js_search),
                                    destroy};

static bool
is_search(const struct js_search *f)
{
    return js_is(f, &kind);
}

/* A session that waits for collateral. */
static bool
is_waiting(const struct js_session *s)
{
    if (!js_ready() || !js_is(s, &js_session_kind)) {
        return false;
    }
    if (assay_client_state(s->client) != ASSAY_CLIENT_NEED_COLLATERAL &&
        assay_client_state(s->client) != ASSAY_CLIENT_APPRAISE) {
        (void)js_refuse(ASSAY_INVALID,
                        "search: no collateral is wanted in state %s",
                        assay_client_state_name(assay_client_state(s->client)));
        return false;
    }
    return true;
}

static bool
copy_quote(struct js_search *f)
{
    const struct assay_quote *q = assay_client_quote(f->session->client);
    struct assay_error err;

    f->need = *assay_client_need(f->session->client);
    return assay_quote_parse(assay_quote_view(q)->raw, &f->quote, &err) ==
               ASSAY_OK ||
           js_failed(&err) == ASSAY_OK;
}

static bool
begin(struct js_search *f, struct assay_slice cached, int64_t now_s)
{
    const struct assay_policy *p = f->session->policy->policy;
    const struct assay_root *root = f->session->root->root;
    const struct assay_search_input in = {
        .ctx = js_instance.ctx,
        .verifier = js_instance.verifier,
        .root = root,
        .quote = f->quote,
        .request =
            {
                .need = &f->need,
                .sources = f->sources.url,
                .source_count = f->sources.count,
                .seen = assay_marks_recall(js_instance.marks, root, &f->need,
                                           now_s),
                .now_s = now_s,
                .fresh = assay_policy_freshness(p),
            },
        .grace_s = assay_policy_collateral_grace(p),
        .stapled = assay_client_stapled(f->session->client),
        .cached = cached,
    };
    struct assay_error err;

    if (assay_search_new(&in, &f->search, &err) != ASSAY_OK) {
        return js_failed(&err) == ASSAY_OK;
    }
    f->gather = assay_search_asks(f->search);
    return true;
}

struct js_search *
js_search_new(struct js_session *s, const uint8_t *sources,
              uint32_t sources_len, const uint8_t *cached, uint32_t cached_len,
              double wall_s)
{
    struct assay_slice bundle;
    struct js_search *f;
    int64_t now_s;

    if (!is_waiting(s) || !js_octets(cached, cached_len, &bundle) ||
        !js_time(wall_s, &now_s)) {
        return NULL;
    }
    f = js_object_new(&kind);
    if (f == NULL) {
        return NULL;
    }
    f->session = js_object_ref(s);
    if (!take_sources(&f->sources, s->policy->policy, sources, sources_len) ||
        !copy_quote(f) || !begin(f, bundle, now_s)) {
        js_object_drop(f);
        return NULL;
    }
    return f;
}

void
js_search_free(struct js_search *f)
{
    js_object_give_back(f, &kind);
}

int32_t
js_search_name(const struct js_session *s, const uint8_t *sources,
               uint32_t sources_len)
{
    struct assay_gather_request request = {.early = false};
    char name[ASSAY_BUNDLE_NAME_MAX];
    struct sources from;

    if (!is_waiting(s) ||
        !take_sources(&from, s->policy->policy, sources, sources_len)) {
        return js_error_code();
    }
    request.need = assay_client_need(s->client);
    request.sources = from.url;
    request.source_count = from.count;
    assay_bundle_name(&request, name);
    assay_buf_add_text(js_text(), name);
    return js_text_done("name");
}

/* --- its requests --------------------------------------------------------- */

int32_t
js_search_wants(const struct js_search *f)
{
    return is_search(f) && f->gather != NULL && assay_gather_wants(f->gather);
}

const char *
js_search_url(const struct js_search *f)
{
    return js_search_wants(f) ? assay_gather_url(f->gather) : "";
}

uint32_t
js_search_max_body(const struct js_search *f)
{
    return js_search_wants(f) ? (uint32_t)assay_gather_max_body(f->gather) : 0;
}

static void
refuse_answer(struct js_search *f)
{
    struct assay_error why = {.code = ASSAY_OK};

    (void)assay_fail(&why, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                     "%.160s: the answer is too large",
                     assay_gather_url(f->gather));
    assay_gather_fail(f->gather, &why);
}

void
js_search_give(struct js_search *f, const uint8_t *headers,
               uint32_t headers_len, const uint8_t *body, uint32_t body_len)
{
    struct assay_slice fields;
    struct assay_slice content;

    if (!js_search_wants(f)) {
        return;
    }
    if (!js_octets(headers, headers_len, &fields) ||
        !js_octets(body, body_len, &content)) {
        assay_gather_fail(f->gather, &js_instance.error);
        return;
    }
    if (fields.len > ASSAY_GATHER_HEADERS_MAX_BYTES ||
        content.len > assay_gather_max_body(f->gather)) {
        refuse_answer(f);
        return;
    }
    assay_gather_give(f->gather, fields, content);
}

void
js_search_fail(struct js_search *f, const uint8_t *name, uint32_t name_len,
               const uint8_t *message, uint32_t len)
{
    struct assay_error why;

    if (js_search_wants(f)) {
        why = js_failure_of(name, name_len, message, len);
        assay_gather_fail(f->gather, &why);
    }
}

/* --- what it ends with ---------------------------------------------------- */

static void
put_learnt(struct assay_json_out *out, const struct js_search *f)
{
    struct assay_mark learnt[ASSAY_MARKS_LEARNT_MAX];
    char name[ASSAY_MARK_NAME_MAX];
    size_t count = 0;

    if (f->obtained.learn) {
        count = assay_marks_learn(js_instance.marks, f->session->root->root,
                                  f->obtained.collateral, learnt);
    }
    assay_json_out_open(out, "learnt", '[');
    for (size_t i = 0; i < count; i++) {
        assay_mark_write(&learnt[i], name);
        assay_json_out_text(out, NULL, name);
    }
    assay_json_out_close(out, ']');
}

static int32_t
tell(const struct js_search *f)
{
    static const char *const origins[] = {
        [ASSAY_ORIGIN_CACHED] = "cached",
        [ASSAY_ORIGIN_FETCHED] = "fetched",
        [ASSAY_ORIGIN_STALE] = "stale",
        [ASSAY_ORIGIN_STAPLED] = "stapled",
    };
    struct assay_json_out out;

    assay_json_out_init(&out, js_text(), true);
    assay_json_out_open(&out, NULL, '{');
    assay_json_out_text(&out, "origin", origins[f->obtained.origin]);
    assay_json_out_bool(&out, "keep", f->obtained.keep);
    put_learnt(&out, f);
    assay_json_out_text(&out, "note", assay_search_note(f->search));
    assay_json_out_close(&out, '}');
    return js_text_done("search");
}

struct js_collateral *
js_search_take(struct js_search *f)
{
    struct js_collateral *c;
    struct assay_error err;

    js_clear();
    if (!is_search(f)) {
        return NULL;
    }
    js_show(ASSAY_EMPTY);
    if (js_search_wants(f)) {
        (void)js_refuse(ASSAY_INVALID, "search: something is still wanted");
        return NULL;
    }
    if (f->taken) { /* and what it left is still shown */
        (void)js_refuse(ASSAY_INVALID, "search: it was taken before");
        return NULL;
    }
    c = js_object_new(&js_collateral_kind);
    if (c == NULL) {
        return NULL;
    }
    f->taken = true;
    if (assay_search_take(f->search, &f->obtained, &err) != ASSAY_OK) {
        (void)js_failed(&err);
    } else if (tell(f) == ASSAY_OK) {
        c->collateral = f->obtained.collateral;
        f->obtained.collateral = NULL; /* handed to the caller */
        return c;
    }
    js_object_drop(c);
    return NULL;
}

void
js_search_bundle(const struct js_search *f)
{
    js_show(is_search(f) ? assay_buf_slice(&f->obtained.bundle) : ASSAY_EMPTY);
}

/* --- the memory of evaluations -------------------------------------------- */

void
js_evaluations_add(const uint8_t *name, uint32_t len)
{
    char text[ASSAY_MARK_NAME_MAX];
    struct assay_mark kept;

    if (js_ready() && js_string("name", name, len, text, sizeof(text) - 1) &&
        assay_mark_read(text, &kept)) {
        assay_marks_add(js_instance.marks, &kept);
    }
}
