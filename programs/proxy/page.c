/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * page.c - the page of GET /, from its head to its foot.
 */
#include "page.h"

#include "base/bytes.h"
#include "base/timestamp.h"
#include "page_parts.h"

#define DEPTH_MAX 16u
#define NODES_MAX 1000000u

struct page_state
page_state_of(const struct page *p, uint32_t provider)
{
    static const struct page_state states[] = {
        {"verified", "Verified", "&#x2713;", "good"},
        {"refused", "Refused", "&#x2715;", "bad"},
        {"unreachable", "Unreachable", "!", "warn"},
        {"untried", "Not tried yet", "&#x2013;", "none"},
    };
    struct assay_slice name = page_string(p, provider, "state");
    size_t i = 0;

    while (i < 3 && !assay_slice_is(name, states[i].name)) {
        i++;
    }
    return states[i];
}

void
page_put_state(const struct page *p, struct page_state s)
{
    page_raw(p, "<span class=\"state ");
    page_raw(p, s.tone);
    page_raw(p, "\"><span aria-hidden=true>");
    page_raw(p, s.mark);
    page_raw(p, "</span> ");
    page_plain(p, s.words);
    page_raw(p, "</span>");
}

static void
put_head(const struct page *p)
{
    page_raw(p, "<!doctype html>\n<html lang=en>\n<head>\n"
                "<meta charset=utf-8>\n"
                "<meta name=viewport content=\"width=device-width, "
                "initial-scale=1\">\n"
                "<meta name=color-scheme content=\"light dark\">\n"
                "<meta name=referrer content=no-referrer>\n"
                "<title>Assay proxy</title>\n<style>\n");
    page_raw(p, page_style);
    page_raw(p, "</style>\n</head>\n<body>\n");
}

static void
put_foot(const struct page *p)
{
    page_raw(p, "</body>\n</html>\n");
}

static void
put_banner(const struct page *p)
{
    page_raw(p, "<header>\n<h1>Assay proxy</h1>\n<p>As of ");
    page_text(p, page_string(p, ASSAY_JSON_ROOT, "now"));
    page_raw(p, "; reload for news. Version ");
    page_text(p, page_string(p, ASSAY_JSON_ROOT, "version"));
    page_raw(p, ", started ");
    page_time(p, page_string(p, ASSAY_JSON_ROOT, "started"));
    page_raw(p, ".</p>\n</header>\n");
}

/* With one provider, its own headline says it all. */
static void
put_summary(const struct page *p, uint32_t providers)
{
    unsigned i = 0;

    if (assay_json_count(p->json, providers) < 2) {
        return;
    }
    page_raw(p, "<nav aria-label=Providers>\n<ul>\n");
    for (uint32_t at = assay_json_first(p->json, providers);
         at != ASSAY_JSON_NONE; at = assay_json_next(p->json, at)) {
        page_raw(p, "<li><a href=\"#p");
        page_count(p, i++);
        page_raw(p, "\">");
        page_text(p, page_string(p, at, "name"));
        page_raw(p, "</a> ");
        page_put_state(p, page_state_of(p, at));
        page_raw(p, "</li>\n");
    }
    page_raw(p, "</ul>\n</nav>\n");
}

static void
put_providers(const struct page *p, uint32_t providers)
{
    struct assay_slice folder =
        page_string(p, ASSAY_JSON_ROOT, "evidence_folder");
    unsigned i = 0;

    if (assay_json_count(p->json, providers) == 0) {
        page_raw(p, "<p>No provider is configured.</p>\n");
    }
    for (uint32_t at = assay_json_first(p->json, providers);
         at != ASSAY_JSON_NONE; at = assay_json_next(p->json, at)) {
        page_raw(p, "<section id=p");
        page_count(p, i++);
        page_raw(p, " class=");
        page_raw(p, page_state_of(p, at).tone);
        page_raw(p, ">\n");
        page_put_provider(p, at, folder);
        page_raw(p, "</section>\n");
    }
}

static void
put_document(struct page *p)
{
    uint32_t providers =
        assay_json_member(p->json, ASSAY_JSON_ROOT, "providers");
    struct assay_error err;

    assay_error_clear(&err);
    (void)!assay_time_parse(page_string(p, ASSAY_JSON_ROOT, "now"), &p->now_s,
                            "now", &err);
    put_banner(p);
    page_raw(p, "<main>\n");
    put_summary(p, providers);
    put_providers(p, providers);
    page_raw(p, "</main>\n<footer>The same as JSON: "
                "<a href=\"/.well-known/assay\">/.well-known/assay</a>"
                "</footer>\n");
}

void
page_put(struct assay_slice document, struct assay_buf *to)
{
    const struct assay_json_limits limits = {PAGE_DOCUMENT_MAX_BYTES, DEPTH_MAX,
                                             NODES_MAX};
    struct page p = {.to = to};
    struct assay_json *json = NULL;
    struct assay_error err;

    assay_error_clear(&err);
    put_head(&p);
    if (assay_json_parse(document, &limits, "status", &json, &err) ==
        ASSAY_OK) {
        p.json = json;
        put_document(&p);
    } else {
        page_raw(&p, "<main><p>What is known cannot be shown: ");
        page_plain(&p, err.msg);
        page_raw(&p, "</p></main>\n");
    }
    put_foot(&p);
    assay_json_free(json);
}
