/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_board.c - what was last found out about a provider, from real
 * sessions: what is told of it, and that it is told of nobody else.
 */
#include <pthread.h>

#include "assay/evidence.h"
#include "base/json.h"
#include "base/timestamp.h"
#include "harness/judged.h"
#include "io/evidence_file.h"
#include "programs/proxy/board.h"

#define STARTED_S 1700000000 /* 2023-11-14T22:13:20Z */

static struct assay_policy *strict;     /* that nothing meets */
static struct assay_policy *partial[2]; /* names nothing, and MRTD */

/* --- tools -------------------------------------------------------------- */

static struct board *
board_make(void)
{
    struct board *b = NULL;
    struct assay_error err;

    assert_int_equal(board_new(&b, &err), ASSAY_OK);
    return b;
}

struct told {
    struct board *board;
    const struct provider *provider;
};

static void
judge(struct judged *j, struct assay_attested *a, const struct proof *proof,
      const struct assay_error *why, bool peer)
{
    struct told *t = j->user;

    board_judge(t->board, t->provider, a, proof, why, peer);
}

static void
run(struct board *b, const struct provider *p, const struct assay_policy *by,
    enum manner manner)
{
    struct told t = {b, p};
    struct judged j = {.judged = judge, .user = &t};

    judged_run(&j, by, manner);
}

static void
numbers(void *user, const struct provider *p, struct board_numbers *out)
{
    (void)p;
    *out = *(struct board_numbers *)user;
}

/* The document about these providers, as it is read. */
struct shown {
    struct assay_buf text;
    struct assay_json *json;
};

static void
show(struct shown *s, struct board *b, const struct providers *all,
     struct board_numbers n)
{
    static const struct assay_json_limits limits = {1u << 24, 16, 1u << 20};
    const struct board_view view = {
        .providers = all,
        .numbers = numbers,
        .user = &n,
        .started_s = STARTED_S,
        .evidence = "/e",
    };
    struct assay_error err;

    assay_buf_init(&s->text, 1u << 24);
    board_put_json(b, &view, &s->text);
    assay_error_clear(&err);
    if (assay_json_parse(assay_buf_slice(&s->text), &limits, "board", &s->json,
                         &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
}

static void
show_one(struct shown *s, struct board *b, struct provider *p)
{
    const struct providers all = {.all = {p}, .count = 1};

    show(s, b, &all, (struct board_numbers){.idle = 0});
}

static void
shown_free(struct shown *s)
{
    assay_json_free(s->json);
    assay_buf_free(&s->text);
}

/* By a path of member names, with dots between; of the first provider. */
static uint32_t
find(const struct shown *s, const char *path)
{
    uint32_t at = assay_json_first(
        s->json, assay_json_member(s->json, ASSAY_JSON_ROOT, "providers"));
    char name[64];

    while (*path != '\0') {
        size_t n = strcspn(path, ".");

        assert_true(n < sizeof(name));
        memcpy(name, path, n);
        name[n] = '\0';
        at = assay_json_member(s->json, at, name);
        if (at == ASSAY_JSON_NONE) {
            fail_msg("no member %s", name);
        }
        path += n + (path[n] == '.');
    }
    return at;
}

static struct assay_slice
text_at(const struct shown *s, const char *path)
{
    return assay_json_string(s->json, find(s, path));
}

static void
check_text(const struct shown *s, const char *path, const char *want)
{
    struct assay_slice is = text_at(s, path);

    if (!assay_slice_is(is, want)) {
        fail_msg("%s is \"%.*s\", want \"%s\"", path, (int)is.len,
                 (const char *)is.ptr, want);
    }
}

static void
check_null(const struct shown *s, const char *path)
{
    if (assay_json_type(s->json, find(s, path)) != ASSAY_JSON_NULL) {
        fail_msg("%s is not null", path);
    }
}

static bool
truth_at(const struct shown *s, const char *path)
{
    return assay_json_type(s->json, find(s, path)) == ASSAY_JSON_TRUE;
}

static bool
starts(struct assay_slice s, const char *with)
{
    return s.len >= strlen(with) && memcmp(s.ptr, with, strlen(with)) == 0;
}

/* --- states ------------------------------------------------------------- */

static void
test_untried(void **state)
{
    struct board *b = board_make();
    struct provider p;
    struct shown s;

    (void)state;
    judged_provider(&p, "model");
    show_one(&s, b, &p);
    assert_true(starts(assay_buf_slice(&s.text), "{\"version\":\""));
    assert_int_not_equal(assay_slice_find(assay_buf_slice(&s.text),
                                          "\"started\":"
                                          "\"2023-11-14T22:13:20Z\""),
                         ASSAY_NO_OFFSET);
    check_text(&s, "name", "model");
    check_text(&s, "title", "A model");
    check_text(&s, "base_url", "https://tee.example.com:8443");
    check_text(&s, "state", "untried");
    check_null(&s, "wire_api");
    check_null(&s, "verdict");
    check_null(&s, "session");
    check_null(&s, "evidence");
    check_null(&s, "evidence_file");
    check_null(&s, "collateral");
    check_null(&s, "policy");
    check_null(&s, "last_failure");
    shown_free(&s);
    judged_provider_free(&p);
    board_free(b);
}

static void
test_verified(void **state)
{
    struct board *b = board_make();
    struct provider p;
    struct shown s;
    char name[256];
    char when[ASSAY_TIME_TEXT];
    struct assay_slice id;

    (void)state;
    judged_provider(&p, "model");
    p.wire_api = WIRE_API_CHAT;
    run(b, &p, policy, ANSWERS);
    show_one(&s, b, &p);
    check_text(&s, "state", "verified");
    check_text(&s, "wire_api", "chat");
    assert_true(truth_at(&s, "verdict.trusted"));
    check_text(&s, "verdict.tcb_status", "UpToDate");
    check_text(&s, "session.tls_version", "TLSv1.3");
    check_text(&s, "session.wire", "v2");
    assert_true(truth_at(&s, "session.certificate_checked"));
    assert_true(starts(text_at(&s, "session.peer"), "127.0.0.1:"));
    assert_int_equal(text_at(&s, "session.certificate_sha256").len, 64);
    check_text(&s, "collateral.from", "file");
    check_text(&s, "collateral.expires_first", "tcb_info");
    assay_time_format(assay_collateral_expires(platform.collateral), when);
    check_text(&s, "collateral.expires", when);
    assert_false(truth_at(&s, "policy.partial"));
    check_null(&s, "last_failure");
    assert_int_equal(text_at(&s, "verified_since").len, 20);
    /* its name is that of the bundle that the store would have written */
    id = text_at(&s, "evidence");
    assert_int_equal(id.len, PROOF_EVIDENCE_BYTES);
    assert_int_equal(text_at(&s, "session.nonce").len, 64);
    assert_memory_equal(text_at(&s, "session.nonce").ptr, id.ptr, id.len);
    (void)snprintf(name, sizeof(name), "%.*s",
                   (int)text_at(&s, "evidence_file").len,
                   (const char *)text_at(&s, "evidence_file").ptr);
    assert_true(assay_evidence_is_name(name));
    assert_non_null(strstr(name, "tee.example.com-"));
    assert_int_equal(memcmp(strrchr(name, '-') + 1, id.ptr, id.len), 0);
    shown_free(&s);
    judged_provider_free(&p);
    board_free(b);
}

static void
test_refused(void **state)
{
    struct board *b = board_make();
    struct provider p;
    struct shown s;

    (void)state;
    judged_provider(&p, "model");
    run(b, &p, policy, ANSWERS);
    run(b, &p, strict, ANSWERS);
    show_one(&s, b, &p);
    check_text(&s, "state", "refused");
    check_null(&s, "verified_since");
    assert_false(truth_at(&s, "verdict.trusted"));
    check_text(&s, "last_failure.kind", "refused");
    assert_true(starts(text_at(&s, "last_refusal.message"),
                       "Attestation verification failed: TEE not trusted"));
    assert_true(text_at(&s, "last_refusal.code").len > 0);
    check_null(&s, "last_outage");
    check_null(&s, "policy");
    assert_int_equal(text_at(&s, "evidence").len, PROOF_EVIDENCE_BYTES);
    shown_free(&s);
    /* and trusted again, which does not undo that it was not */
    run(b, &p, policy, ANSWERS);
    show_one(&s, b, &p);
    check_text(&s, "state", "verified");
    assert_true(truth_at(&s, "verdict.trusted"));
    check_text(&s, "last_refusal.kind", "refused");
    assert_int_equal(text_at(&s, "verified_since").len, 20);
    shown_free(&s);
    judged_provider_free(&p);
    board_free(b);
}

/* What was verified before an outage is still told, as of then; and it still
 * holds where connections are left. */
static void
test_outage(void **state)
{
    struct board *b = board_make();
    struct provider p;
    const struct providers all = {.all = {&p}, .count = 1};
    struct shown s;

    (void)state;
    judged_provider(&p, "model");
    run(b, &p, policy, SAYS_NOTHING);
    show_one(&s, b, &p);
    check_text(&s, "state", "unreachable");
    check_text(&s, "last_failure.kind", "unreachable");
    check_null(&s, "last_refusal");
    check_null(&s, "verdict");
    shown_free(&s);
    run(b, &p, policy, ANSWERS);
    run(b, &p, policy, SAYS_NOTHING);
    show_one(&s, b, &p);
    check_text(&s, "state", "unreachable");
    assert_true(truth_at(&s, "verdict.trusted"));
    shown_free(&s);
    show(&s, b, &all, (struct board_numbers){.busy = 1, .requests = 12});
    check_text(&s, "state", "verified");
    check_text(&s, "last_outage.kind", "unreachable");
    assert_true(assay_slice_is(
        assay_json_span(s.json, find(&s, "counters.requests")), "12"));
    assert_true(
        assay_slice_is(assay_json_span(s.json, find(&s, "links.busy")), "1"));
    shown_free(&s);
    judged_provider_free(&p);
    board_free(b);
}

/* Refused without a verdict: that of before is not shown beside it. */
static void
test_refused_before_verdict(void **state)
{
    struct assay_error why;
    struct board *b = board_make();
    struct provider p;
    struct shown s;

    (void)state;
    judged_provider(&p, "model");
    run(b, &p, policy, ANSWERS);
    assay_error_clear(&why);
    assay_fail(&why, ASSAY_REPLY, ASSAY_NO_OFFSET, "no quote in it");
    board_judge(b, &p, NULL, NULL, &why, true);
    show_one(&s, b, &p);
    check_text(&s, "state", "refused");
    check_null(&s, "verdict");
    check_null(&s, "session");
    check_null(&s, "evidence");
    shown_free(&s);
    judged_provider_free(&p);
    board_free(b);
}

static void
test_partial(void **state)
{
    static const char *const notes[] = {
        "the policy names no measurement",
        "not checked: rtmr0, rtmr1",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(notes); i++) {
        struct board *b = board_make();
        struct provider p;
        struct shown s;

        judged_provider(&p, "model");
        run(b, &p, partial[i], ANSWERS);
        show_one(&s, b, &p);
        check_text(&s, "state", "verified");
        CHECK(notes[i], truth_at(&s, "policy.partial"));
        CHECK(notes[i], starts(text_at(&s, "policy.note"), notes[i]));
        shown_free(&s);
        judged_provider_free(&p);
        board_free(b);
    }
}

/* --- whose it is -------------------------------------------------------- */

/* The same name with anything else is somebody of whom nothing is known. */
static void
test_changed(void **state)
{
    struct board *b = board_make();
    struct provider is;
    struct provider was;
    struct shown s;

    (void)state;
    judged_provider(&was, "model");
    run(b, &was, policy, ANSWERS);
    for (int change = 0; change < 6; change++) {
        judged_provider(&is, change == 0 ? "other" : "model");
        is.root = change == 5 ? assay_root_intel() : is.root;
        if (change == 1) {
            assay_buf_add_text(&is.policy_text, " ");
        } else if (change == 2) {
            is.base.port = 443;
        } else if (change == 3) {
            is.server_name = "127.0.0.1";
        } else if (change == 4) {
            is.wire = ASSAY_WIRE_V1;
        }
        show_one(&s, b, &is);
        check_text(&s, "state", "untried");
        check_null(&s, "verdict");
        shown_free(&s);
        judged_provider_free(&is);
    }
    /* what the old one is told of does not reach the new one, nor back */
    judged_provider(&is, "model");
    assay_buf_add_text(&is.policy_text, " ");
    run(b, &is, strict, ANSWERS);
    show_one(&s, b, &was);
    check_text(&s, "state", "verified");
    shown_free(&s);
    show_one(&s, b, &is);
    check_text(&s, "state", "refused");
    shown_free(&s);
    judged_provider_free(&is);
    judged_provider_free(&was);
    board_free(b);
}

/* More providers than there are places: those of whom nothing was heard for
 * longest are forgotten. */
static void
test_forgets(void **state)
{
    struct assay_error why;
    struct board *b = board_make();
    struct shown s;

    (void)state;
    assay_error_clear(&why);
    assay_fail(&why, ASSAY_IO, ASSAY_NO_OFFSET, "no route");
    for (unsigned i = 0; i <= 2 * PROVIDERS_MAX; i++) {
        struct provider p;
        char name[16];

        (void)snprintf(name, sizeof(name), "p%u", i);
        judged_provider(&p, name);
        board_judge(b, &p, NULL, NULL, &why, false);
        judged_provider_free(&p);
    }
    for (unsigned i = 0; i <= 2 * PROVIDERS_MAX; i++) {
        struct provider p;
        char name[16];

        (void)snprintf(name, sizeof(name), "p%u", i);
        judged_provider(&p, name);
        show_one(&s, b, &p);
        check_text(&s, "state", i == 0 ? "untried" : "unreachable");
        shown_free(&s);
        judged_provider_free(&p);
    }
    board_free(b);
}

/* --- page and threads --------------------------------------------------- */

static void
test_page(void **state)
{
    struct board *b = board_make();
    struct provider p;
    const struct providers all = {.all = {&p}, .count = 1};
    const struct board_view view = {.providers = &all, .evidence = "/e"};
    struct assay_buf page;

    (void)state;
    judged_provider(&p, "model");
    run(b, &p, policy, ANSWERS);
    assay_buf_init(&page, 1u << 24);
    board_put_page(b, &view, &page);
    assert_int_not_equal(
        assay_slice_find(assay_buf_slice(&page), "Verified</span>"),
        ASSAY_NO_OFFSET);
    assert_int_not_equal(
        assay_slice_find(assay_buf_slice(&page),
                         "assay verify --evidence /e/tee.example.com-"),
        ASSAY_NO_OFFSET);
    assay_buf_free(&page);
    judged_provider_free(&p);
    board_free(b);
}

static void *
look_often(void *user)
{
    struct told *t = user;
    struct provider *p = (struct provider *)(uintptr_t)t->provider;

    for (unsigned i = 0; i < 50; i++) {
        struct shown s;

        show_one(&s, t->board, p);
        shown_free(&s);
    }
    return NULL;
}

static void
test_threads(void **state)
{
    struct board *b = board_make();
    struct provider p;
    struct told t = {b, &p};
    struct judged j = {.judged = judge, .user = &t, .again = 3};
    pthread_t threads[3];

    (void)state;
    judged_provider(&p, "model");
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, look_often, &t), 0);
    }
    judged_run(&j, policy, ANSWERS);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    judged_provider_free(&p);
    board_free(b);
}

static struct assay_policy *
policy_of(const struct assay_buf *json)
{
    struct assay_policy *p = NULL;
    struct assay_error err;

    if (assay_policy_parse(assay_buf_slice(json), &p, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return p;
}

static int
setup(void **state)
{
    struct assay_buf json;

    if (attested_setup(state) != 0) {
        return -1;
    }
    strict = pair_policy(&platform, ",\"min_tdx_tcb\":{\"tee_tcb_svn\":\""
                                    "ffffffffffffffffffffffffffffffff\"}");
    assay_buf_init(&json, 4096);
    assay_buf_add_text(&json, "{\"type\":\"tdx\",\"partial\":true}");
    partial[0] = policy_of(&json);
    json.len--;
    assay_buf_add_text(&json, ",\"mrtd\":\"");
    assay_hex_encode(
        &json,
        ASSAY_SLICE(
            mint_guest_facts(mint_machine_guest(platform.machine))->mrtd));
    assay_buf_add_text(&json, "\"}");
    partial[1] = policy_of(&json);
    assay_buf_free(&json);
    return 0;
}

static int
teardown(void **state)
{
    assay_policy_free(strict);
    assay_policy_free(partial[0]);
    assay_policy_free(partial[1]);
    return attested_teardown(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_untried),
        cmocka_unit_test(test_verified),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_outage),
        cmocka_unit_test(test_refused_before_verdict),
        cmocka_unit_test(test_partial),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_forgets),
        cmocka_unit_test(test_page),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
