/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_board_oom.c - without memory less is known, and nothing better
 * than it is.
 */
#include "harness/oom.h"

#include "assay/evidence.h"
#include "base/json.h"
#include "harness/judged.h"
#include "programs/proxy/board.h"
#include "programs/proxy/evidence_store.h"

static struct assay_policy *strict; /* that nothing meets */

static void
at_start(void **state)
{
    const struct log quiet = {.json = false};
    const struct evidence_store_options o = {
        .folder = folder, .max_files = 1, .log = &quiet};
    struct evidence_store *store = NULL;
    struct board *board = NULL;
    struct assay_error err;

    (void)state;
    oom_fail_after(0);
    assert_int_equal(board_new(&board, &err), ASSAY_NO_MEMORY);
    assert_true(oom_stop());
    assert_null(board);
    board_free(board);
    for (long n = 0;; n++) {
        oom_fail_after(n);
        (void)!evidence_store_new(&o, &store, &err);
        if (!oom_stop()) {
            break;
        }
        assert_int_equal(err.code, ASSAY_NO_MEMORY);
        assert_null(store);
    }
    evidence_store_free(store);
}

/* --- a verdict ---------------------------------------------------------- */

static const char *
state_of(const struct board_view *view, struct board *b, char out[16])
{
    static const struct assay_json_limits limits = {1u << 24, 16, 1u << 20};
    struct assay_json *json = NULL;
    struct assay_buf text;
    struct assay_error err;
    struct assay_slice s;
    uint32_t first;

    assay_buf_init(&text, 1u << 24);
    board_put_json(b, view, &text);
    assay_error_clear(&err);
    if (assay_json_parse(assay_buf_slice(&text), &limits, "board", &json,
                         &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    first = assay_json_first(
        json, assay_json_member(json, ASSAY_JSON_ROOT, "providers"));
    s = assay_json_string(json, assay_json_member(json, first, "state"));
    (void)snprintf(out, 16, "%.*s", (int)s.len, (const char *)s.ptr);
    assay_json_free(json);
    assay_buf_free(&text);
    return out;
}

/* Trusted before, refused now: that is known, whichever allocation fails. */
static void
refuse(struct judged *j, struct assay_attested *a, const struct proof *proof,
       const struct assay_error *why, bool peer)
{
    static const struct assay_error fine = {.code = ASSAY_OK};
    struct provider *p = (struct provider *)(uintptr_t)j->provider;
    const struct providers all = {.all = {p}, .count = 1};
    const struct board_view view = {.providers = &all};
    char state[16];
    bool failed = true;

    (void)proof;
    for (long n = 0; failed; n++) {
        struct board *b = NULL;
        struct assay_error err;

        assert_int_equal(board_new(&b, &err), ASSAY_OK);
        board_judge(b, p, NULL, NULL, &fine, false);
        assert_string_equal(state_of(&view, b, state), "verified");
        oom_fail_after(n);
        board_judge(b, p, a, NULL, why, peer);
        failed = oom_stop();
        assert_string_equal(state_of(&view, b, state), "refused");
        board_free(b);
    }
}

static void
refused(void **state)
{
    struct provider p;
    struct judged j = {.judged = refuse, .provider = &p};

    (void)state;
    judged_provider(&p, "model");
    judged_run(&j, strict, ANSWERS);
    judged_provider_free(&p);
}

/* A page that could not be made as a whole is known to be none. */
static void
look(struct judged *j, struct assay_attested *a, const struct proof *proof,
     const struct assay_error *why, bool peer)
{
    struct provider *p = (struct provider *)(uintptr_t)j->provider;
    const struct providers all = {.all = {p}, .count = 1};
    const struct board_view view = {.providers = &all, .evidence = "/e"};
    struct board *b = NULL;
    struct assay_error err;

    assert_int_equal(board_new(&b, &err), ASSAY_OK);
    board_judge(b, p, a, proof, why, peer);
    for (long n = 0;; n++) {
        struct assay_buf page;
        bool whole;

        assay_buf_init(&page, 1u << 24);
        oom_fail_once(n);
        board_put_page(b, &view, &page);
        if (!oom_stop()) {
            assert_false(page.failed);
            assay_buf_free(&page);
            break;
        }
        whole = !page.failed &&
                assay_slice_find(assay_buf_slice(&page), "Verified</span>") !=
                    ASSAY_NO_OFFSET;
        /* one in which a part is missing says that it cannot be shown */
        assert_true(whole || page.failed ||
                    assay_slice_find(assay_buf_slice(&page),
                                     "cannot be shown") != ASSAY_NO_OFFSET ||
                    assay_slice_find(assay_buf_slice(&page), "Not tried yet") !=
                        ASSAY_NO_OFFSET);
        assay_buf_free(&page);
    }
    board_free(b);
}

static void
page(void **state)
{
    struct provider p;
    struct judged j = {.judged = look, .provider = &p};

    (void)state;
    judged_provider(&p, "model");
    judged_run(&j, policy, ANSWERS);
    judged_provider_free(&p);
}

static int
setup(void **state)
{
    if (attested_setup(state) != 0) {
        return -1;
    }
    strict = pair_policy(&platform, ",\"min_tdx_tcb\":{\"tee_tcb_svn\":\""
                                    "ffffffffffffffffffffffffffffffff\"}");
    return 0;
}

static int
teardown(void **state)
{
    assay_policy_free(strict);
    return attested_teardown(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_start),
        cmocka_unit_test(refused),
        cmocka_unit_test(page),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
