/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * page_provider.c - one provider: how it stands, since when, and why.
 */
#include "base/bytes.h"
#include "page_parts.h"

/* --- the headline ------------------------------------------------------- */

static void
put_title(const struct page *p, uint32_t provider)
{
    struct assay_slice title = page_string(p, provider, "title");

    page_raw(p, "<h2>");
    page_text(p, page_string(p, provider, "name"));
    page_raw(p, " ");
    page_put_state(p, page_state_of(p, provider));
    page_raw(p, "</h2>\n<p class=where>");
    if (title.len > 0) {
        page_text(p, title);
        page_raw(p, " &middot; ");
    }
    page_raw(p, "<span class=code>");
    page_text(p, page_string(p, provider, "base_url"));
    page_raw(p, "</span></p>\n");
}

static void
put_fault(const struct page *p, uint32_t fault)
{
    page_text(p, page_string(p, fault, "message"));
    page_raw(p, " <span class=code>");
    page_text(p, page_string(p, fault, "code"));
    page_raw(p, "</span>");
}

/* What the state means for who sends requests, as one paragraph. */
static void
put_verified(const struct page *p, uint32_t provider)
{
    page_raw(p, "<p>Its TEE was last verified at ");
    page_time(p, page_string(p, provider, "verdict_at"));
    page_raw(p, ", and was trusted each time since ");
    page_time(p, page_string(p, provider, "verified_since"));
    page_raw(p, ".</p>\n");
}

static void
put_failed(const struct page *p, uint32_t provider, const char *member,
           const char *before, const char *behind)
{
    uint32_t fault = assay_json_member(p->json, provider, member);

    page_raw(p, "<p>");
    page_raw(p, before);
    page_time(p, page_string(p, fault, "at"));
    page_raw(p, behind);
    page_raw(p, "</p>\n<p class=reason>");
    put_fault(p, fault);
    page_raw(p, "</p>\n");
}

static void
put_sentence(const struct page *p, uint32_t provider)
{
    struct assay_slice state = page_string(p, provider, "state");

    if (assay_slice_is(state, "verified")) {
        put_verified(p, provider);
    } else if (assay_slice_is(state, "refused")) {
        put_failed(p, provider, "last_refusal", "It did not prove itself at ",
                   ". Requests for it are refused, and none of them leaves "
                   "this machine.");
    } else if (assay_slice_is(state, "unreachable")) {
        put_failed(p, provider, "last_outage",
                   "It could not be reached or not be judged at ",
                   ". Requests for it fail until it can be.");
        if (page_has(p, provider, "verdict")) {
            page_raw(p, "<p>What follows was found at ");
            page_time(p, page_string(p, provider, "verdict_at"));
            page_raw(p, ".</p>\n");
        }
    } else {
        page_raw(p, "<p>Nothing is known of it: no connection to it was made "
                    "yet.</p>\n");
    }
}

/* --- warnings ----------------------------------------------------------- */

static void
put_warning(const struct page *p, const char *what, struct assay_slice more)
{
    page_raw(p, "<p class=warning><strong>");
    page_plain(p, what);
    page_raw(p, "</strong> ");
    page_text(p, more);
    page_raw(p, "</p>\n");
}

/* What a trusted verdict does not say, or says by an authority other than
 * Intel. */
static void
put_warnings(const struct page *p, uint32_t provider)
{
    uint32_t verdict = assay_json_member(p->json, provider, "verdict");
    uint32_t policy = assay_json_member(p->json, provider, "policy");

    if (page_is_true(p, policy, "partial")) {
        put_warning(p, "The policy is partial.",
                    page_string(p, policy, "note"));
    }
    if (assay_slice_is(page_string(p, verdict, "root"), "custom")) {
        put_warning(p, "The root is not Intel's.",
                    assay_slice_of("Whoever holds the key of this custom root "
                                   "can make any evidence: it proves nothing "
                                   "about hardware."));
    }
    if (page_has(p, verdict, "collateral_stale_since")) {
        put_warning(p, "Its collateral has run out, at",
                    page_string(p, verdict, "collateral_stale_since"));
    }
}

/* --- facts -------------------------------------------------------------- */

static void
put_collateral(const struct page *p, uint32_t provider)
{
    uint32_t c = assay_json_member(p->json, provider, "collateral");

    if (page_has(p, provider, "collateral")) {
        page_row_begin(p, "Collateral expires", false);
        page_time(p, page_string(p, c, "expires"));
        page_raw(p, ", <span class=code>");
        page_text(p, page_string(p, c, "expires_first"));
        page_raw(p, "</span> first; from the ");
        page_text(p, page_string(p, c, "from"));
        page_row_end(p);
    }
}

static void
put_session(const struct page *p, uint32_t provider)
{
    uint32_t s = assay_json_member(p->json, provider, "session");

    if (!page_has(p, provider, "session")) {
        return;
    }
    page_row_begin(p, "Connection", false);
    page_text(p, page_string(p, s, "tls_version"));
    page_raw(p, ", ");
    page_text(p, page_string(p, s, "tls_cipher"));
    page_raw(p, ", to ");
    page_text(p, page_string(p, s, "peer"));
    page_raw(p, "; wire ");
    page_text(p, page_string(p, s, "wire"));
    if (page_number(p, s, "attestations") > 0) {
        page_raw(p, ", attestation ");
        page_count(p, page_number(p, s, "attestations"));
    }
    page_row_end(p);
    page_row_begin(p, "Its certificate", true);
    page_raw(p, "SHA-256 ");
    page_text(p, page_string(p, s, "certificate_sha256"));
    page_raw(p, page_is_true(p, s, "certificate_checked")
                    ? " <span class=dim>(name and chain were checked)</span>"
                    : " <span class=dim>(name and chain were NOT "
                      "checked)</span>");
    page_row_end(p);
}

/* In the state that it is the reason for, it was told above. */
static void
put_past(const struct page *p, uint32_t provider, const char *state,
         const char *member, const char *name)
{
    uint32_t fault = assay_json_member(p->json, provider, member);

    if (page_has(p, provider, member) &&
        !assay_slice_is(page_string(p, provider, "state"), state)) {
        page_row_begin(p, name, false);
        page_time(p, page_string(p, fault, "at"));
        page_raw(p, ": ");
        put_fault(p, fault);
        page_row_end(p);
    }
}

static void
put_facts(const struct page *p, uint32_t provider)
{
    static const struct {
        const char *api;
        const char *words;
    } apis[] = {
        {"chat", "Chat Completions; Responses are translated"},
        {"responses", "Responses"},
        {"", "whatever its clients speak"},
    };
    struct assay_slice api = page_string(p, provider, "wire_api");
    size_t i = 0;

    while (i < 2 && !assay_slice_is(api, apis[i].api)) {
        i++;
    }
    page_raw(p, "<dl>\n");
    if (page_has(p, provider, "verdict")) {
        page_put_platform(p, assay_json_member(p->json, provider, "verdict"));
    }
    put_collateral(p, provider);
    put_session(p, provider);
    page_row(p, "It speaks", false, assay_slice_of(apis[i].words));
    put_past(p, provider, "refused", "last_refusal", "Last refusal");
    put_past(p, provider, "unreachable", "last_outage", "Last outage");
    page_raw(p, "</dl>\n");
}

/* --- numbers ------------------------------------------------------------ */

static void
put_numbers(const struct page *p, uint32_t provider)
{
    static const struct {
        const char *of;
        const char *name;
        const char *words;
    } numbers[] = {
        {"links", "idle", "connections idle"},
        {"links", "busy", "connections busy"},
        {"links", "attesting", "connections being attested"},
        {"links", "waiting", "requests waiting"},
        {"counters", "requests", "requests so far"},
        {"counters", "attested", "times trusted"},
        {"counters", "refused", "times refused"},
        {"counters", "failed", "times not to be had"},
    };

    page_raw(p, "<ul class=numbers>\n");
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        uint32_t of = assay_json_member(p->json, provider, numbers[i].of);

        page_raw(p, "<li><b>");
        page_count(p, page_number(p, of, numbers[i].name));
        page_raw(p, "</b> ");
        page_plain(p, numbers[i].words);
        page_raw(p, "</li>\n");
    }
    page_raw(p, "</ul>\n");
}

/* --- evidence ----------------------------------------------------------- */

static void
put_command(const struct page *p, uint32_t provider, struct assay_slice folder)
{
    uint32_t verdict = assay_json_member(p->json, provider, "verdict");
    struct assay_buf path;

    assay_buf_init(&path, 8192);
    assay_buf_add(&path, folder);
    assay_buf_add_text(&path, "/");
    assay_buf_add(&path, page_string(p, provider, "evidence_file"));
    page_raw(p, "<p>To judge it again, by a policy of your own:</p>\n"
                "<pre>assay verify --evidence ");
    page_word(p, assay_buf_slice(&path));
    page_raw(p, " \\\n    --policy POLICY");
    if (assay_slice_is(page_string(p, verdict, "root"), "custom")) {
        page_raw(p, " --root ROOT");
    }
    page_raw(p, "</pre>\n");
    assay_buf_free(&path);
}

static void
put_evidence(const struct page *p, uint32_t provider, struct assay_slice folder)
{
    if (!page_has(p, provider, "evidence")) {
        return;
    }
    page_raw(p, "<h3>Evidence <span class=code>");
    page_text(p, page_string(p, provider, "evidence"));
    page_raw(p, "</span></h3>\n");
    if (folder.len > 0 && page_has(p, provider, "evidence_file")) {
        put_command(p, provider, folder);
    } else {
        page_raw(p, "<p>It was not kept: this proxy keeps no evidence.</p>\n");
    }
}

void
page_put_provider(const struct page *p, uint32_t provider,
                  struct assay_slice folder)
{
    uint32_t verdict = assay_json_member(p->json, provider, "verdict");

    put_title(p, provider);
    put_sentence(p, provider);
    put_warnings(p, provider);
    put_numbers(p, provider);
    put_facts(p, provider);
    if (page_has(p, provider, "verdict")) {
        page_put_checks(p, verdict);
        page_put_measurements(p, verdict);
    }
    put_evidence(p, provider, folder);
}
