/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_eventlog_oom.c - every allocation of src/eventlog refused in turn.
 */
#include "harness/oom.h"

#include "base/buf.h"
#include "eventlog/compose.h"
#include "eventlog/dstack.h"
#include "eventlog/replay.h"
#include "harness/log.h"
#include "harness/trial.h"

#define C0 "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0"
#define A1 "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
/* {"name":"kms","id":"abcd"} */
#define KMS_HEX "7b226e616d65223a226b6d73222c226964223a2261626364227d"

static struct assay_ctx *ctx;
static struct assay_eventlog *events_log; /* whole, read before */

static enum assay_code
parse(struct assay_error *err)
{
    static const char text[] =
        "[" LOG_RUNTIME("a\\u0001", "00") "," LOG_RUNTIME("b", "01") "]";
    struct assay_eventlog *l = (struct assay_eventlog *)(uintptr_t)1;
    enum assay_code code = assay_eventlog_parse(assay_slice_of(text), &l, err);

    assert_true((l != NULL) == (code == ASSAY_OK));
    assay_eventlog_free(l);
    return code;
}

static enum assay_code
replay(struct assay_error *err)
{
    static const struct assay_replay zero;
    struct assay_replay r;
    enum assay_code code = assay_eventlog_replay(ctx, events_log, &r, err);

    assert_true((code == ASSAY_OK) == (memcmp(&r, &zero, sizeof(r)) != 0));
    return code;
}

static enum assay_code
digest(struct assay_error *err)
{
    uint8_t out[ASSAY_SHA384_BYTES];

    return assay_event_digest(ctx, 2, assay_slice_of("a\n"),
                              assay_slice_of("payload"), out, err);
}

static enum assay_code
check_config(const uint8_t id[48], const char *vm_config,
             struct assay_error *err)
{
    static const struct assay_config_id zero;
    struct assay_dstack_events e;
    struct assay_config_id c;
    char fault[160];
    enum assay_code code;

    assay_dstack_events_read(events_log, &e, fault);
    assert_string_equal(fault, "");
    code = assay_config_id_check(ctx, (struct assay_slice){id, 48}, &e,
                                 assay_slice_of(vm_config), &c, err);
    if (code == ASSAY_OK) {
        assert_string_equal(c.fault, "");
        assert_true(c.proves_compose);
    } else {
        assert_memory_equal(&c, &zero, sizeof(c));
    }
    return code;
}

static enum assay_code
kind_2(struct assay_error *err)
{
    static const uint8_t id[48] = {
        0x02, 0x27, 0x9c, 0x46, 0xc8, 0x88, 0x99, 0x42, 0xb8, 0xe4, 0x30,
        0xed, 0x3a, 0x21, 0x01, 0xd6, 0x2c, 0x7c, 0x97, 0x95, 0xcf, 0x1d,
        0x00, 0x91, 0x55, 0x66, 0x91, 0x51, 0xcf, 0x23, 0x46, 0x95, 0x70};

    return check_config(id, "", err);
}

static enum assay_code
kind_3(struct assay_error *err)
{
    /* of the document in vm_config */
    static const uint8_t id[48] = {
        0x03, 0x91, 0xba, 0xff, 0x5a, 0x70, 0x1d, 0xa1, 0xae, 0x7d, 0x78,
        0x50, 0xee, 0x99, 0xa6, 0x89, 0xa3, 0x62, 0x9f, 0xc0, 0xb8, 0x0d,
        0xdb, 0x04, 0x76, 0xe9, 0xca, 0x19, 0xb3, 0x3f, 0xdd, 0xdb, 0x9a};

    return check_config(
        id,
        "{\"mr_config\":\"{\\\"compose_hash\\\":\\\"" C0
        "\\\",\\\"key_provider\\\":\\\"kms\\\",\\\"version\\\":3}\"}",
        err);
}

static const char compose[] =
    "{\"z\":[1.5,\"\\n\"],\"a\":{\"c\":1,\"b\":2},\"pre_launch_script\":\"x\"}";

static enum assay_code
merge(struct assay_error *err)
{
    struct assay_buf out;
    enum assay_code code;

    assay_buf_init(&out, 1 << 16);
    code = assay_compose_merge(assay_slice_of(compose), &out, err);
    assert_true((code == ASSAY_OK) == (out.len > 0));
    assay_buf_free(&out);
    return code;
}

static enum assay_code
hash(struct assay_error *err)
{
    uint8_t out[32];

    return assay_compose_hash(ctx, assay_slice_of(compose),
                              ASSAY_COMPOSE_SORTED, out, err);
}

static enum assay_code
compare_hashes(struct assay_error *err)
{
    static const uint8_t measured[32];
    struct assay_compose_match m;
    enum assay_code code = assay_compose_compare(
        ctx, assay_slice_of(compose), ASSAY_EMPTY, measured, &m, err);

    assert_false(m.matched);
    assert_true((code == ASSAY_OK) == (m.fault[0] != '\0'));
    return code;
}

static enum assay_code
compare_offered(struct assay_error *err)
{
    static uint8_t measured[32];
    struct assay_compose_match m;
    struct assay_error sub;
    enum assay_code code;

    assay_error_clear(&sub);
    assert_int_equal(assay_sha256(ctx, assay_slice_of(compose), measured, &sub),
                     ASSAY_OK);
    code = assay_compose_compare(ctx, assay_slice_of(compose),
                                 assay_slice_of(compose), measured, &m, err);
    assert_false(m.matched); /* it lacks defaults */
    assert_true((code == ASSAY_OK) == (m.fault[0] != '\0'));
    return code;
}

static const struct {
    const char *name;
    enum assay_code (*run)(struct assay_error *err);
    long at_least; /* allocations */
} rows[] = {
    {"parse", parse, 4},
    {"replay", replay, 3},
    {"digest", digest, 1},
    {"kind 2", kind_2, 2},
    {"kind 3", kind_3, 6},
    {"merge", merge, 6},
    {"hash", hash, 4},
    {"compare hashes", compare_hashes, 6},
    {"compare offered", compare_offered, 6},
};

static void
each_allocation_fails(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_error err;
        enum assay_code code;
        long n = 0;

        for (;; n++) {
            assay_error_clear(&err);
            oom_fail_after(n);
            code = rows[i].run(&err);
            if (!oom_stop()) {
                break;
            }
            CHECK(rows[i].name, code == ASSAY_NO_MEMORY);
            CHECK(rows[i].name, err.code == ASSAY_NO_MEMORY);
        }
        CHECK(rows[i].name, code == ASSAY_OK);
        CHECK(rows[i].name, n >= rows[i].at_least);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_fails),
    };
    int failed;

    ctx = trial_ctx();
    events_log = log_read(
        "whole",
        assay_slice_of("[" LOG_RUNTIME("compose-hash", C0) "," LOG_RUNTIME(
            "app-id", A1) "," LOG_RUNTIME("key-provider", KMS_HEX) "]"));
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    assay_eventlog_free(events_log);
    assay_ctx_free(ctx);
    return failed;
}
