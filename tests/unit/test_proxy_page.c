/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_page.c - the status page says in words what the document says, and
 * no text of it, whoever chose it, is anything but text.
 */
#include "base/json_out.h"
#include "harness/html.h"
#include "harness/unit.h"
#include "programs/proxy/page.h"

#define NOW   "2026-01-02T00:00:00Z"
#define HEX64 "abababababababababababababababababababababababababababababababab"

/* --- documents ---------------------------------------------------------- */

/* What a row changes of a provider that is verified. */
struct shape {
    const char *state; /* NULL: "verified" */
    const char *text;  /* wherever somebody else chooses the text; or NULL */
    const char *name;
    const char *folder;  /* NULL: evidence is not kept */
    const char *root;    /* NULL: "intel" */
    const char *outcome; /* of the check tcb_status; NULL: "passed" */
    const char *stale;   /* since when */
    const char *expires;
    bool no_verdict;
    bool unproven; /* the quote */
    bool partial;
    bool refusal;
    bool outage;
    unsigned providers; /* 0: one */
};

static void
put_check(struct assay_json_out *o, const char *name, const char *outcome,
          bool required, const char *title, const char *detail)
{
    assay_json_out_open(o, NULL, '{');
    assay_json_out_text(o, "name", name);
    assay_json_out_text(o, "outcome", outcome);
    assay_json_out_bool(o, "required", required);
    assay_json_out_text(o, "title", title);
    assay_json_out_text(o, "detail", detail);
    assay_json_out_close(o, '}');
}

static const char * or (const char *text, const char *usual)
{
    return text != NULL ? text : usual;
}

static void
put_verdict(struct assay_json_out *o, const struct shape *s)
{
    const char *text = or (s->text, "text");
    const char *outcome = or (s->outcome, "passed");

    assay_json_out_open(o, "verdict", '{');
    assay_json_out_bool(o, "trusted", strcmp(outcome, "passed") == 0);
    assay_json_out_text(o, "tcb_status", text);
    assay_json_out_text(o, "tcb_date", or (s->text, "2025-05-14T00:00:00Z"));
    assay_json_out_open(o, "advisory_ids", '[');
    assay_json_out_text(o, NULL, text);
    assay_json_out_close(o, ']');
    assay_json_out_text(o, "fmspc", text);
    assay_json_out_text(o, "root", or (s->root, "intel"));
    assay_json_out_text(o, "collateral_stale_since", s->stale);
    assay_json_out_text(o, "measurement", s->unproven ? NULL : text);
    assay_json_out_open(o, "workload", '{');
    assay_json_out_text(o, "compose_hash", text);
    assay_json_out_text(o, "compose_proven_by", text);
    assay_json_out_text(o, "os_image_hash", text);
    assay_json_out_text(o, "app_id", text);
    assay_json_out_text(o, "instance_id", text);
    assay_json_out_text(o, "key_provider", or (s->text, "{\"name\":\"kms\"}"));
    assay_json_out_text(o, "certificate_event", text);
    assay_json_out_close(o, '}');
    assay_json_out_open(o, "checks", '[');
    put_check(o, "root_ca", "passed", true, "the root is right", text);
    put_check(o, "event_log", "not_checked", false, text, "no log");
    put_check(o, "tcb_status", outcome, true, "the status is accepted", text);
    put_check(o, or (s->text, "mrtd"), "not_checked", true, "MRTD is right",
              "waits");
    assay_json_out_close(o, ']');
    assay_json_out_open(o, "quote", '{');
    assay_json_out_open(o, "td_report", '{');
    assay_json_out_text(o, "mrtd", or (s->text, "MRTD-VALUE"));
    assay_json_out_text(o, "rtmr3", or (s->text, "RTMR3-VALUE"));
    assay_json_out_close(o, '}');
    assay_json_out_close(o, '}');
    assay_json_out_close(o, '}');
}

static void
put_session(struct assay_json_out *o, const struct shape *s)
{
    const char *text = or (s->text, "text");

    assay_json_out_open(o, "session", '{');
    assay_json_out_text(o, "peer", text);
    assay_json_out_text(o, "tls_version", text);
    assay_json_out_text(o, "tls_cipher", text);
    assay_json_out_text(o, "certificate_sha256", or (s->text, HEX64));
    assay_json_out_bool(o, "certificate_checked", true);
    assay_json_out_text(o, "wire", text);
    assay_json_out_u64(o, "attestations", 7);
    assay_json_out_close(o, '}');
}

static void
put_fault(struct assay_json_out *o, const char *name, const struct shape *s)
{
    assay_json_out_open(o, name, '{');
    assay_json_out_text(o, "at", or (s->text, "2026-01-01T23:59:00Z"));
    assay_json_out_text(o, "code", or (s->text, "the_code"));
    assay_json_out_text(o, "message", or (s->text, name));
    assay_json_out_close(o, '}');
}

static void
put_found(struct assay_json_out *o, const struct shape *s)
{
    put_verdict(o, s);
    put_session(o, s);
    assay_json_out_text(o, "evidence", or (s->text, "0011223344556677"));
    assay_json_out_text(o, "evidence_file", or (s->text, "a-b.json"));
    assay_json_out_open(o, "collateral", '{');
    assay_json_out_text(o, "from", or (s->text, "cache"));
    assay_json_out_text(o, "expires",
                        or (s->expires, or (s->text, "2026-01-20T00:00:00Z")));
    assay_json_out_text(o, "expires_first", or (s->text, "pck_crl"));
    assay_json_out_close(o, '}');
    assay_json_out_open(o, "policy", '{');
    assay_json_out_bool(o, "partial", s->partial);
    assay_json_out_text(o, "note", or (s->text, "not checked: mrtd"));
    assay_json_out_close(o, '}');
}

static void
put_provider(struct assay_json_out *o, const struct shape *s)
{
    assay_json_out_open(o, NULL, '{');
    assay_json_out_text(o, "name", or (s->name, or (s->text, "model")));
    assay_json_out_text(o, "title", or (s->text, "A model"));
    assay_json_out_text(o, "base_url", or (s->text, "https://tee.example/v1"));
    assay_json_out_text(o, "wire_api", or (s->text, "chat"));
    assay_json_out_text(o, "state", or (s->state, "verified"));
    assay_json_out_text(o, "verified_since",
                        or (s->text, "2026-01-01T00:00:00Z"));
    assay_json_out_text(o, "verdict_at", or (s->text, "2026-01-01T23:00:00Z"));
    if (!s->no_verdict) {
        put_found(o, s);
    }
    assay_json_out_open(o, "links", '{');
    assay_json_out_u64(o, "idle", 11);
    assay_json_out_u64(o, "busy", 22);
    assay_json_out_close(o, '}');
    assay_json_out_open(o, "counters", '{');
    assay_json_out_u64(o, "requests", 1843);
    assay_json_out_close(o, '}');
    if (s->refusal) {
        put_fault(o, "last_refusal", s);
    }
    if (s->outage) {
        put_fault(o, "last_outage", s);
    }
    assay_json_out_close(o, '}');
}

/* The page of it; freed by the caller. */
static struct assay_buf
page_of(const struct shape *s)
{
    struct assay_json_out o;
    struct assay_buf json;
    struct assay_buf page;

    assay_buf_init(&json, 1u << 22);
    assay_buf_init(&page, 1u << 24);
    assay_json_out_init(&o, &json, true);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_text(&o, "version", or (s->text, "1.2.3"));
    assay_json_out_text(&o, "started", or (s->text, "2026-01-01T00:00:00Z"));
    assay_json_out_text(&o, "now", NOW);
    assay_json_out_text(&o, "evidence_folder", s->folder);
    assay_json_out_open(&o, "providers", '[');
    for (unsigned i = 0; i < (s->providers != 0 ? s->providers : 1); i++) {
        put_provider(&o, s);
    }
    assay_json_out_close(&o, ']');
    assay_json_out_close(&o, '}');
    page_put(assay_buf_slice(&json), &page);
    assay_buf_free(&json);
    assert_false(page.failed);
    return page;
}

static bool
says(const struct assay_buf *page, const char *what)
{
    return assay_slice_find(assay_buf_slice(page), what) != ASSAY_NO_OFFSET;
}

static bool
comes_before(const struct assay_buf *page, const char *first, const char *then)
{
    size_t a = assay_slice_find(assay_buf_slice(page), first);
    size_t b = assay_slice_find(assay_buf_slice(page), then);

    return a != ASSAY_NO_OFFSET && b != ASSAY_NO_OFFSET && a < b;
}

static void
check_html(const char *row, const struct assay_buf *page,
           struct assay_buf *tags)
{
    struct html h;

    html_read(&h, assay_buf_slice(page));
    if (h.fault != NULL) {
        fail_msg("row \"%s\": %s before \"%.60s\"", row, h.fault,
                 (const char *)h.rest.ptr);
    }
    if (tags != NULL) {
        *tags = h.tags;
    } else {
        assay_buf_free(&h.tags);
    }
}

/* --- what it says ------------------------------------------------------- */

static void
test_states(void **state)
{
    static const struct {
        const char *row;
        struct shape shape;
        const char *there[6];
        const char *not_there[4];
    } rows[] = {
        {"verified",
         {.state = NULL},
         {"Verified</span>", "last verified at", "2026-01-01 23:00:00 UTC",
          "(60 minutes ago)", "<details><summary>Checks: 0 failed, 2 passed"},
         {"Refused", "Unreachable", "warning>", "last_refusal"}},
        {"verified, and refused once",
         {.refusal = true, .outage = true},
         {"Verified</span>", "Last refusal", "last_refusal", "Last outage",
          "last_outage", "the_code"},
         {"Refused</span>"}},
        {"refused",
         {.state = "refused", .outcome = "failed", .refusal = true},
         {"Refused</span>", "did not prove itself at",
          "none of them leaves this machine", "last_refusal", "the_code",
          "<details open><summary>Checks: 1 failed, 1 passed, 2 not checked"},
         {"Verified", "last verified at", "Last refusal"}},
        {"refused without a verdict",
         {.state = "refused", .no_verdict = true, .refusal = true},
         {"Refused</span>", "last_refusal", "the_code"},
         {"Checks", "Measurements", "Evidence", "TCB status"}},
        {"unreachable",
         {.state = "unreachable", .outage = true},
         {"Unreachable</span>", "could not be reached", "last_outage",
          "What follows was found at"},
         {"Verified</span>", "Last outage"}},
        {"unreachable from the start",
         {.state = "unreachable", .outage = true, .no_verdict = true},
         {"Unreachable</span>", "last_outage"},
         {"What follows", "Checks"}},
        {"untried",
         {.state = "untried", .no_verdict = true},
         {"Not tried yet</span>", "Nothing is known of it"},
         {"Verified", "Checks"}},
        {"a state of tomorrow",
         {.state = "splendid", .no_verdict = true},
         {"Not tried yet</span>"},
         {"Verified"}},
        {"partial",
         {.partial = true},
         {"Verified</span>", "The policy is partial.", "not checked: mrtd"},
         {NULL}},
        {"custom root",
         {.root = "custom", .folder = "/e"},
         {"The root is not Intel&#39;s.", "--root ROOT"},
         {NULL}},
        {"stale", {.stale = "2026-01-01T12:00:00Z"}, {"has run out"}, {NULL}},
        {"quote not proven",
         {.unproven = true},
         {"not proven to be genuine"},
         {"MRTD-VALUE", "RTMR3-VALUE", "Compose hash"}},
        {"measurements",
         {.state = NULL},
         {"MRTD-VALUE", "RTMR3-VALUE", "Compose hash", "Key provider",
          "{&quot;name&quot;:&quot;kms&quot;}", "2026-01-20 00:00:00 UTC"},
         {NULL}},
        {"facts",
         {.state = NULL},
         {"https://tee.example/v1", HEX64, "Chat Completions", "2025-05-14<",
          "pck_crl</span> first; from the cache", "attestation 7<"},
         {NULL}},
        {"evidence",
         {.folder = "/e"},
         {"0011223344556677", "assay verify --evidence /e/a-b.json"},
         {"--root"}},
        {"numbers",
         {.state = NULL},
         {"<b>11</b> connections idle", "<b>22</b> connections busy",
          "<b>1843</b> requests so far"},
         {NULL}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_buf page = page_of(&rows[i].shape);

        check_html(rows[i].row, &page, NULL);
        for (size_t k = 0; k < 6 && rows[i].there[k] != NULL; k++) {
            if (!says(&page, rows[i].there[k])) {
                fail_msg("row \"%s\": \"%s\" is not there", rows[i].row,
                         rows[i].there[k]);
            }
        }
        for (size_t k = 0; k < 4 && rows[i].not_there[k] != NULL; k++) {
            if (says(&page, rows[i].not_there[k])) {
                fail_msg("row \"%s\": \"%s\" is there", rows[i].row,
                         rows[i].not_there[k]);
            }
        }
        assay_buf_free(&page);
    }
}

/* What failed is seen first, and what was not judged is not called passed. */
static void
test_checks(void **state)
{
    const struct shape s = {.outcome = "failed"};
    const struct shape strange = {.outcome = "splendid"};
    struct assay_buf page = page_of(&s);

    (void)state;
    assert_true(
        comes_before(&page, "the status is accepted", "the root is right"));
    assert_true(says(&page, "<span class=\"outcome bad\">failed</span></td>"
                            "<td>the status is accepted"));
    assert_true(says(&page, "<span class=\"outcome good\">passed</span></td>"
                            "<td>the root is right"));
    /* required and not judged; not required and not judged */
    assert_true(says(&page, "<span class=\"outcome warn\">not checked</span>"
                            "</td><td>MRTD is right"));
    assert_true(says(&page, "<span class=\"outcome none\">not checked</span>"
                            "</td><td>text <span class=dim>(not required)"));
    assay_buf_free(&page);
    page = page_of(&strange);
    assert_true(says(&page, "<span class=\"outcome warn\">not checked</span>"
                            "</td><td>the status is accepted"));
    assay_buf_free(&page);
}

static void
test_times(void **state)
{
    static const struct {
        const char *at;
        const char *shown;
    } rows[] = {
        {"2026-01-02T00:00:00Z", "(0 seconds ago)"},
        {"2026-01-01T23:59:59Z", "(1 second ago)"},
        {"2026-01-01T23:58:01Z", "(119 seconds ago)"},
        {"2026-01-01T23:58:00Z", "(2 minutes ago)"},
        {"2026-01-01T22:00:01Z", "(119 minutes ago)"},
        {"2026-01-01T22:00:00Z", "(2 hours ago)"},
        {"2025-12-31T00:00:01Z", "(47 hours ago)"},
        {"2025-12-31T00:00:00Z", "(2 days ago)"},
        {"2026-01-02T00:00:01Z", "(in 1 second)"},
        {"2027-01-02T00:00:00Z", "(in 365 days)"},
        {"0000-01-01T00:00:00Z", "(739983 days ago)"},
        {"soon", "soon, "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct shape s = {.expires = rows[i].at};
        struct assay_buf page = page_of(&s);

        CHECK(rows[i].at, says(&page, rows[i].shown));
        assay_buf_free(&page);
    }
}

static void
test_command(void **state)
{
    static const struct {
        const char *folder;
        const char *shown;
    } rows[] = {
        {"/var/lib/assay", "--evidence /var/lib/assay/a-b.json \\\n"
                           "    --policy POLICY</pre>"},
        {"/my evidence", "--evidence &#39;/my evidence/a-b.json&#39; \\"},
        {"/it's $(x)",
         "--evidence &#39;/it&#39;\\&#39;&#39;s $(x)/a-b.json&#39; \\"},
        {"/a;rm -rf b", "--evidence &#39;/a;rm -rf b/a-b.json&#39; \\"},
        {NULL, "this proxy keeps no evidence"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct shape s = {.folder = rows[i].folder};
        struct assay_buf page = page_of(&s);

        check_html(or (rows[i].folder, "none"), &page, NULL);
        CHECK(or (rows[i].folder, "none"), says(&page, rows[i].shown));
        assay_buf_free(&page);
    }
}

/* With several providers, a list of them that leads to each. */
static void
test_several(void **state)
{
    const struct shape one = {.providers = 1};
    const struct shape three = {.providers = 3};
    struct assay_buf page = page_of(&one);

    (void)state;
    assert_false(says(&page, "<nav"));
    assay_buf_free(&page);
    page = page_of(&three);
    check_html("three", &page, NULL);
    assert_true(says(&page, "<a href=\"#p2\">"));
    assert_true(says(&page, "<section id=p2 class=good>"));
    assay_buf_free(&page);
}

/* --- what it must never do ---------------------------------------------- */

/* Whoever chooses texts chooses no markup: the tags are the same. */
static void
test_hostile(void **state)
{
    static const char *const texts[] = {
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "'--><svg/onload=alert(1)>",
        "</style><script>",
        "</title></pre></td></dl></details></section>",
        "&lt;script&gt;&#60;",
        "`${alert(1)}` & && &#x3c;",
        "javascript:alert(1)",
        "\x01\x1b[31m\x7f",
        "\xe2\x80\xaeyes", /* U+202E: right to left from here */
    };
    static const struct shape states[] = {
        {.state = "verified",
         .folder = "/e",
         .refusal = true,
         .outage = true,
         .partial = true,
         .root = "custom",
         .stale = NOW,
         .providers = 2},
        {.state = "refused", .refusal = true, .outcome = "failed"},
        {.state = "unreachable", .outage = true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(states); i++) {
        struct shape shape = states[i];
        struct assay_buf page;
        struct assay_buf plain;

        shape.text = "text";
        page = page_of(&shape);
        check_html("plain", &page, &plain);
        assay_buf_free(&page);
        for (size_t k = 0; k < COUNT_OF(texts); k++) {
            struct assay_buf tags;

            shape.text = texts[k];
            page = page_of(&shape);
            check_html(texts[k], &page, &tags);
            CHECK(texts[k], assay_slice_equal(assay_buf_slice(&tags),
                                              assay_buf_slice(&plain)));
            CHECK(texts[k], !says(&page, "\xe2\x80\xae"));
            CHECK(texts[k], !says(&page, "\x1b"));
            assay_buf_free(&tags);
            assay_buf_free(&page);
        }
        assay_buf_free(&plain);
    }
}

/* Letters of every script are shown, their directions are not ours to give. */
static void
test_letters(void **state)
{
    static const struct {
        const char *text;
        const char *shown;
    } rows[] = {
        {"\xc3\xa4\xe4\xb8\xad\xf0\x9f\x98\x80",
         "\xc3\xa4\xe4\xb8\xad\xf0\x9f\x98\x80"},
        {"a\xe2\x80\x8e.b", "a&#xfffd;.b"}, /* U+200E */
        {"a\xe2\x80\x90.b", "a\xe2\x80\x90.b"},
        {"a\xe2\x80\xa8.b", "a&#xfffd;.b"}, /* U+2028 */
        {"a\xe2\x80\xaf.b", "a\xe2\x80\xaf.b"},
        {"a\xe2\x81\xa6.b", "a&#xfffd;.b"}, /* U+2066 */
        {"a\xe2\x81\xa9.b", "a&#xfffd;.b"}, /* U+2069 */
        {"a\xe2\x81\xaa.b", "a\xe2\x81\xaa.b"},
        {"a\xd8\x9c.b", "a&#xfffd;.b"}, /* U+061C */
        {"a\xd8\x9b.b", "a\xd8\x9b.b"},
        {"a\xc2\x85.b", "a&#xfffd;.b"}, /* U+0085 */
        {"a\xc2\xa0.b", "a\xc2\xa0.b"},
        {"a\x7f.b", "a&#xfffd;.b"},
        {"a\tb", "a\tb"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct shape s = {.name = rows[i].text};
        struct assay_buf page = page_of(&s);

        CHECK(rows[i].shown, says(&page, rows[i].shown));
        assay_buf_free(&page);
    }
}

/* Nothing is run or fetched, whatever the browser thinks of the policy. */
static void
test_alone(void **state)
{
    static const char *const never[] = {
        "<script", "<link", "<img",   "<iframe", "@import", "url(",
        "src=",    "http:", "onload", "<form",   "refresh"};
    const struct shape s = {.folder = "/e", .refusal = true, .providers = 2};
    struct assay_buf page = page_of(&s);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(never); i++) {
        CHECK(never[i], !says(&page, never[i]));
    }
    assert_true(says(&page, "prefers-color-scheme:dark"));
    assert_non_null(strstr(PAGE_SECURITY_POLICY, "default-src 'none'"));
    assert_null(strstr(PAGE_SECURITY_POLICY, "script-src"));
    assay_buf_free(&page);
}

static void
test_unreadable(void **state)
{
    static const struct {
        const char *json;
        const char *shown;
    } rows[] = {
        {"", "What is known cannot be shown"},
        {"{\"<b>", "What is known cannot be shown"},
        {"{}", "No provider is configured"},
        {"[]", "No provider is configured"},
        {"{\"providers\":{\"a\":1}}", "Not tried yet"},
        {"{\"providers\":[1,null,\"<b>\"]}", "Not tried yet"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_buf page;

        assay_buf_init(&page, 1u << 20);
        page_put(assay_slice_of(rows[i].json), &page);
        check_html(rows[i].json, &page, NULL);
        CHECK(rows[i].json, says(&page, rows[i].shown));
        assay_buf_free(&page);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),     cmocka_unit_test(test_checks),
        cmocka_unit_test(test_times),      cmocka_unit_test(test_command),
        cmocka_unit_test(test_several),    cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_letters),    cmocka_unit_test(test_alone),
        cmocka_unit_test(test_unreadable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
