/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_core_oom.c - every allocation of the core refused in turn, ours and
 * then those of OpenSSL: a clean error or the right answer, never a leak and
 * never a verdict from something half made.
 */
#include "harness/oom.h"

#include <limits.h>

#include <openssl/crypto.h>

#include "harness/eventlog.h"
#include "harness/unit.h"
#include "harness/world.h"
#include "policy/policy.h"

/* --- OpenSSL's allocations ----------------------------------------------- */

static struct {
    bool on;
    bool once;
    long left;
    long refused;
    long living; /* blocks that are not freed */
    long leaked; /* those of them that OpenSSL 3.0 itself loses */
} lib;

static bool
lib_refuse(void)
{
    if (!lib.on || lib.left-- > 0 || (lib.once && lib.refused > 0)) {
        return false;
    }
    lib.refused++;
    return true;
}

/* OpenSSL 3.0 itself loses blocks when it runs out of memory while it sets up a
 * library context. All are chained together, so that LeakSanitizer can reach
 * them and speaks of our own only. */
union block {
    struct {
        union block *next;
        union block *previous;
    } at;
    max_align_t align;
};
static union block blocks = {{&blocks, &blocks}};

static void
chain_in(union block *b)
{
    b->at.next = blocks.at.next;
    b->at.previous = &blocks;
    b->at.next->at.previous = b;
    blocks.at.next = b;
    lib.living++;
}

static void
chain_out(union block *b)
{
    b->at.previous->at.next = b->at.next;
    b->at.next->at.previous = b->at.previous;
    lib.living--;
}

static void *
lib_malloc(size_t n, const char *file, int line)
{
    union block *b = lib_refuse() ? NULL : __real_malloc(sizeof(*b) + n);

    (void)file;
    (void)line;
    if (b == NULL) {
        return NULL;
    }
    chain_in(b);
    return b + 1;
}

static void
lib_free(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    if (p != NULL) {
        union block *b = (union block *)p - 1;

        chain_out(b);
        free(b);
    }
}

static void *
lib_realloc(void *p, size_t n, const char *file, int line)
{
    union block *b;
    union block *moved;

    if (p == NULL) {
        return lib_malloc(n, file, line);
    }
    if (n == 0) {
        lib_free(p, file, line);
        return NULL;
    }
    if (lib_refuse()) {
        return NULL;
    }
    b = (union block *)p - 1;
    chain_out(b);
    moved = __real_realloc(b, sizeof(*b) + n);
    chain_in(moved != NULL ? moved : b);
    return moved != NULL ? moved + 1 : NULL;
}

/* --- what is done --------------------------------------------------------- */

/* SHA-256 of the sorted members. */
#define APP_COMPOSE "{\"runner\":\"docker-compose\",\"name\":\"x\"}"
#define APP_HASH                                                               \
    "857cd9074cfcff2c5231fb6643d86eb713efa97ee7f5d67f3a31d52235e2b9a8"
static const struct log_event app_events[] = {
    {.imr = 0, .name = "firmware"},
    {.imr = 3, .name = "compose-hash", .payload = APP_HASH},
    {.imr = 3, .name = "system-ready"},
    {.name = NULL},
};

/* Made while memory was there. */
static struct {
    struct assay_ctx *ctx;
    struct evidence e;
    struct assay_buf bundle;
    struct assay_quote *quote;
    struct assay_policy *policy; /* accepts the status */
    struct assay_policy *app;    /* the same, for what the log tells of */
    struct log_made log;
    struct assay_eventlog *event_log;
    struct assay_verifier *hot;    /* has verified the quote */
    struct assay_verifier *forget; /* remembers nothing */
    struct assay_verdict *verdict;
} made;

static enum assay_code
new_ctx(struct assay_error *err)
{
    struct assay_ctx *ctx = NULL;
    enum assay_code code = assay_ctx_new(&ctx, err);

    assert_true((code == ASSAY_OK) == (ctx != NULL));
    assay_ctx_free(ctx);
    return code;
}

static enum assay_code
parse_quote(struct assay_error *err)
{
    struct assay_quote *q = NULL;
    enum assay_code code =
        assay_quote_parse(assay_buf_slice(&made.e.quote), &q, err);

    assert_true((code == ASSAY_OK) == (q != NULL));
    assay_quote_free(q);
    return code;
}

static enum assay_code
parse_collateral(struct assay_error *err)
{
    struct assay_collateral *c = NULL;
    enum assay_code code = assay_collateral_parse(
        made.ctx, assay_buf_slice(&made.bundle), &c, err);

    assert_true((code == ASSAY_OK) == (c != NULL));
    assay_collateral_free(c);
    return code;
}

static enum assay_code
parse_root(struct assay_error *err)
{
    struct assay_root *r = NULL;
    enum assay_code code =
        assay_root_parse(made.ctx, mint_world_root_pem(made.e.world), &r, err);

    assert_true((code == ASSAY_OK) == (r != NULL));
    assay_root_free(r);
    return code;
}

static enum assay_code
parse_policy(struct assay_error *err)
{
#define X8  "0011223344556677"
#define X48 X8 X8 X8 X8 X8 X8
    static const char text[] =
        "{\"type\":\"tdx\",\"mrtd\":[\"" X48 "\",\"" X48 "\"],\"rtmr3\":\"" X48
        "\",\"allowed_tcb_status\":[\"UpToDate\",\"OutOfDate\"],"
        "\"accepted_advisories\":[\"INTEL-SA-00615\",\"INTEL-SA-00828\"],"
        "\"denied_advisories\":[\"INTEL-SA-00001\"],\"pccs_url\":"
        "[\"https://one.example\",\"\"],\"trusted_root\":\"root.pem\","
        "\"ca_file\":\"ca.pem\"}";
    struct assay_policy *p = NULL;
    enum assay_code code = assay_policy_parse(assay_slice_of(text), &p, err);

    assert_true((code == ASSAY_OK) == (p != NULL));
    if (p != NULL) {
        assert_int_equal(assay_policy_pccs_count(p), 2);
        assert_string_equal(assay_policy_ca_file(p), "ca.pem");
    }
    assay_policy_free(p);
    return code;
}

static enum assay_code
default_policy(struct assay_error *err)
{
    struct assay_policy *p = NULL;
    enum assay_code code = assay_policy_default(ASSAY_TEE_TDX, &p, err);

    assert_true((code == ASSAY_OK) == (p != NULL));
    assay_policy_free(p);
    return code;
}

static enum assay_code
new_verifier(struct assay_error *err)
{
    struct assay_verifier *v = NULL;
    enum assay_code code = assay_verifier_new(made.ctx, 8, &v, err);

    assert_true((code == ASSAY_OK) == (v != NULL));
    assay_verifier_free(v);
    return code;
}

/* A verdict that is reached is the right one, however little memory there
 * was. */
static enum assay_code
verify_under(const struct assay_policy *policy, struct assay_verifier *verifier,
             struct assay_error *err)
{
    const struct assay_verify_input in = {
        .quote = made.quote,
        .collateral = made.e.collateral,
        .root = made.e.root,
        .policy = policy,
        .now_s = MINT_NOW_S,
        .event_log = policy == made.app ? made.event_log : NULL,
    };
    struct assay_verdict *v = NULL;
    enum assay_code code = assay_verify(verifier, &in, &v, err);

    assert_true((code == ASSAY_OK) == (v != NULL));
    if (v != NULL) {
        if (!assay_verdict_trusted(v)) {
            fail_msg("refused for want of memory: %s",
                     assay_verdict_summary(v));
        }
        assert_int_equal(assay_verdict_tcb_status(v), ASSAY_TCB_OUT_OF_DATE);
        assert_true(assay_verdict_advisory_count(v) > 0);
    }
    assay_verdict_free(v);
    return code;
}

static enum assay_code
verify_by(struct assay_verifier *verifier, struct assay_error *err)
{
    return verify_under(made.policy, verifier, err);
}

/* The verifier is made while memory is there, and used again afterwards: what
 * it could not remember may not have broken it. */
static struct assay_verifier *cold;

static void
make_cold(void)
{
    struct assay_error err;

    assert_int_equal(assay_verifier_new(made.ctx, 8, &cold, &err), ASSAY_OK);
}

static void
drop_cold(void)
{
    struct assay_error err;

    assert_int_equal(verify_by(cold, &err), ASSAY_OK);
    assay_verifier_free(cold);
    cold = NULL;
}

static enum assay_code
verify_cold(struct assay_error *err)
{
    return verify_by(cold, err);
}

static enum assay_code
verify_hot(struct assay_error *err)
{
    return verify_by(made.hot, err);
}

static enum assay_code
verify_app(struct assay_error *err)
{
    return verify_under(made.app, made.hot, err);
}

static enum assay_code
verify_forgetful(struct assay_error *err)
{
    return verify_by(made.forget, err);
}

static enum assay_code
quote_json(struct assay_error *err)
{
    struct assay_buf out;
    enum assay_code code;

    assay_buf_init(&out, 1u << 20);
    code = assay_quote_to_json(made.quote, &out, err);
    assay_buf_free(&out);
    return code;
}

static enum assay_code
collateral_json(struct assay_error *err)
{
    struct assay_buf out;
    enum assay_code code;

    assay_buf_init(&out, 1u << 20);
    code = assay_collateral_to_json(made.e.collateral, &out, err);
    assay_buf_free(&out);
    return code;
}

static enum assay_code
collateral_text(struct assay_error *err)
{
    struct assay_collateral_parts parts =
        mint_world_collateral_parts(made.e.world);
    struct assay_buf out;
    enum assay_code code;

    assay_buf_init(&out, 1u << 20);
    code = assay_collateral_write(&parts, &out, err);
    assay_buf_free(&out);
    return code;
}

static enum assay_code
verdict_json(struct assay_error *err)
{
    struct assay_buf out;
    enum assay_code code;

    assay_buf_init(&out, 1u << 20);
    code = assay_verdict_to_json(made.verdict, made.quote, made.e.collateral,
                                 &out, err);
    assay_buf_free(&out);
    return code;
}

static const struct row {
    const char *name;
    enum assay_code (*run)(struct assay_error *err);
    void (*before)(void);
    void (*after)(void);
    bool may_do_without; /* a refusal only means that less is remembered */
    long ours;           /* allocations at least */
    long openssl;        /* likewise */
} rows[] = {
    {"assay_ctx_new", new_ctx, NULL, NULL, false, 1, 100},
    {"assay_quote_parse", parse_quote, NULL, NULL, false, 1, 0},
    {"assay_collateral_parse", parse_collateral, NULL, NULL, false, 20, 6},
    {"assay_root_parse", parse_root, NULL, NULL, false, 2, 10},
    {"assay_policy_default", default_policy, NULL, NULL, false, 1, 0},
    {"assay_policy_parse", parse_policy, NULL, NULL, false, 15, 0},
    {"assay_verifier_new", new_verifier, NULL, NULL, false, 10, 1},
    {"assay_verify, cold", verify_cold, make_cold, drop_cold, true, 6, 100},
    {"assay_verify, hot", verify_hot, NULL, NULL, false, 3, 10},
    {"assay_verify, hot, with a log", verify_app, NULL, NULL, false, 8, 10},
    {"assay_verify, forgetful", verify_forgetful, NULL, NULL, false, 3, 100},
    {"assay_quote_to_json", quote_json, NULL, NULL, false, 8, 0},
    {"assay_collateral_to_json", collateral_json, NULL, NULL, false, 4, 0},
    {"assay_collateral_write", collateral_text, NULL, NULL, false, 8, 0},
    {"assay_verdict_to_json", verdict_json, NULL, NULL, false, 8, 0},
};

static enum assay_code
run_row(const struct row *r, struct assay_error *err)
{
    enum assay_code code;

    assay_error_clear(err);
    code = r->run(err);
    CHECK(r->name, err->code == code);
    CHECK(r->name, (code == ASSAY_OK) == (err->msg[0] == '\0'));
    return code;
}

static void
refuse_ours(const struct row *r, bool once)
{
    struct assay_error err;
    enum assay_code code;
    bool refused;
    long n = 0;

    do {
        if (r->before != NULL) {
            r->before();
        }
        if (once) {
            oom_fail_once(n);
        } else {
            oom_fail_after(n);
        }
        code = run_row(r, &err);
        refused = oom_stop();
        if (refused && !(r->may_do_without && code == ASSAY_OK)) {
            CHECK(r->name, code == ASSAY_NO_MEMORY);
            CHECK(r->name, strstr(err.msg, "out of memory") != NULL);
        }
        if (r->after != NULL) {
            r->after();
        }
        n++;
    } while (refused);
    CHECK(r->name, code == ASSAY_OK);
    CHECK(r->name, n > r->ours);
}

static void
our_allocations_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        refuse_ours(&rows[i], true);
        refuse_ours(&rows[i], false);
    }
}

/* How many there are, so that long ones can be gone through in steps. */
static long
count_openssl(const struct row *r)
{
    struct assay_error err;
    long count;

    if (r->before != NULL) {
        r->before();
    }
    lib.left = LONG_MAX;
    lib.on = true;
    assert_int_equal(run_row(r, &err), ASSAY_OK);
    lib.on = false;
    count = LONG_MAX - lib.left;
    if (r->after != NULL) {
        r->after();
    }
    return count;
}

static void
refuse_openssl(const struct row *r, bool once)
{
    long count = count_openssl(r);
    long step = count / 400 + 1;

    CHECK(r->name, count >= r->openssl);
    for (long n = 0; n < count; n += step) {
        struct assay_error err;
        enum assay_code code;

        if (r->before != NULL) {
            r->before();
        }
        lib.once = once;
        lib.left = n;
        lib.refused = 0;
        lib.on = true;
        code = run_row(r, &err);
        lib.on = false;
        /* Spares that an earlier round left make for fewer allocations. */
        CHECK(r->name, lib.refused > 0 || code == ASSAY_OK);
        if (code != ASSAY_OK && code != ASSAY_NO_MEMORY &&
            code != ASSAY_CRYPTO) {
            fail_msg("%s, allocation %ld: %s", r->name, n, err.msg);
        }
        if (r->after != NULL) {
            r->after();
        }
    }
}

static void
openssl_allocations_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        long living = lib.living;

        refuse_openssl(&rows[i], true);
        refuse_openssl(&rows[i], false);
        if (rows[i].run == new_ctx) { /* this is where OpenSSL leaks */
            lib.leaked += lib.living - living;
        }
    }
}

/* By an object, so that its serialisations are made as well. */
static void
make_app(void)
{
    const enum assay_tcb_status accepted[] = {ASSAY_TCB_OUT_OF_DATE};
    struct assay_error err;

    assert_int_equal(assay_policy_default(ASSAY_TEE_TDX, &made.app, &err),
                     ASSAY_OK);
    assert_int_equal(assay_policy_accept(made.app, accepted, 1, &err),
                     ASSAY_OK);
    made.app->dstack = true;
    made.app->app_compose = strdup(APP_COMPOSE);
    assert_non_null(made.app->app_compose);
    assert_int_equal(assay_eventlog_parse(assay_buf_slice(&made.log.json),
                                          &made.event_log, &err),
                     ASSAY_OK);
}

/* A platform that is OutOfDate, so that there are advisories. */
static int
setup(void **state)
{
    const enum assay_tcb_status accepted[] = {ASSAY_TCB_OUT_OF_DATE};
    struct mint_options o = evidence_options(EVIDENCE_TDX_V5);
    struct assay_verify_input in;
    struct assay_error err;

    (void)state;
    o.tcb_info.levels[0].status = "OutOfDate";
    o.tcb_info.levels[0].advisories[0] = "INTEL-SA-00615";
    assert_int_equal(assay_ctx_new(&made.ctx, &err), ASSAY_OK);
    log_make(made.ctx, app_events, &made.log);
    for (size_t i = 0; i < 4; i++) {
        o.quote.td.rtmr[i] = made.log.rtmr_hex[i];
    }
    make_app();
    evidence_make(&made.e, made.ctx, &o);
    assay_buf_init(&made.bundle, MINT_TEXT_MAX);
    assert_int_equal(mint_world_bundle(made.e.world, &made.bundle, &err),
                     ASSAY_OK);
    assert_int_equal(
        assay_quote_parse(assay_buf_slice(&made.e.quote), &made.quote, &err),
        ASSAY_OK);
    assert_int_equal(assay_policy_default(ASSAY_TEE_TDX, &made.policy, &err),
                     ASSAY_OK);
    assert_int_equal(assay_policy_accept(made.policy, accepted, 1, &err),
                     ASSAY_OK);
    assert_int_equal(assay_verifier_new(made.ctx, 8, &made.hot, &err),
                     ASSAY_OK);
    assert_int_equal(assay_verifier_new(made.ctx, 0, &made.forget, &err),
                     ASSAY_OK);
    in = (struct assay_verify_input){
        .quote = made.quote,
        .collateral = made.e.collateral,
        .root = made.e.root,
        .policy = made.policy,
        .now_s = MINT_NOW_S,
    };
    assert_int_equal(assay_verify(made.hot, &in, &made.verdict, &err),
                     ASSAY_OK);
    assert_true(assay_verdict_trusted(made.verdict));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    assay_verdict_free(made.verdict);
    assay_verifier_free(made.forget);
    assay_verifier_free(made.hot);
    assay_policy_free(made.policy);
    assay_policy_free(made.app);
    assay_eventlog_free(made.event_log);
    log_free(&made.log);
    assay_quote_free(made.quote);
    assay_buf_free(&made.bundle);
    evidence_free(&made.e);
    assay_ctx_free(made.ctx);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_allocations_fail),
        cmocka_unit_test(openssl_allocations_fail),
    };
    long living;
    int failed;

    /* Works only before OpenSSL has allocated anything. */
    if (CRYPTO_set_mem_functions(lib_malloc, lib_realloc, lib_free) != 1) {
        return EXIT_FAILURE;
    }
    /* What OpenSSL sets up once and keeps is there after a first round. The
     * context keeps spares, so leaks show when it is gone. */
    if (setup(NULL) != 0 || teardown(NULL) != 0) {
        return EXIT_FAILURE;
    }
    living = lib.living;
    failed = cmocka_run_group_tests(tests, setup, teardown);
    if (lib.living - lib.leaked != living) {
        print_error("OpenSSL blocks that nobody freed: %ld\n",
                    lib.living - lib.leaked - living);
        failed = 1;
    }
    return failed;
}
