/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_replay.c - digests of runtime events, registers from logs, and logs
 * whose entries are not what was measured. Digests were computed apart, from
 * the formulas.
 */
#include "eventlog/replay.h"

#include "base/text.h"
#include "harness/log.h"
#include "harness/trial.h"

#define OF_48(octet)                                                           \
    octet octet octet octet octet octet octet octet octet octet octet octet    \
        octet octet octet octet octet octet octet octet octet octet octet      \
            octet octet octet octet octet octet octet octet octet octet octet  \
                octet octet octet octet octet octet octet octet octet octet    \
                    octet octet octet octet
#define OF_47                                                                  \
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"         \
    "202122232425262728292a2b2c2d2e"
#define AA   OF_48("aa")
#define BB   OF_48("bb")
#define CC   OF_48("cc")
#define DD   OF_48("dd")
#define ZERO OF_48("00")

/* Name "a", payload 01. */
#define V1_DIGEST                                                              \
    "3e01622a7c600a13f613e645756b47520d082daf095fa23e30bccf3e6e94fc8a"         \
    "a5d737d7a135c1ba125675aba56914c9"
#define V1_PREIMAGE "010000083a613a01"
#define V2_DIGEST                                                              \
    "8f2e63096af4384e69168a0f43a1290150eadd90611430f8bc0f38f3b0c51e7d"         \
    "f90bc881b8e3a8cd2e27592306239bb7"
#define V2_PREIMAGE                                                            \
    "7b226e616d65223a2261222c227061796c6f6164223a223031222c2274797065"         \
    "223a3133343231373732397d"

static struct assay_ctx *ctx;

static void
check_hex(const char *row, struct assay_slice octets, const char *want)
{
    struct assay_buf hex;

    assay_buf_init(&hex, 4096);
    assay_hex_encode(&hex, octets);
    if (!assay_slice_is(assay_buf_slice(&hex), want)) {
        fail_msg("row \"%s\": %.*s, want %s", row, (int)hex.len,
                 (const char *)hex.ptr, want);
    }
    assay_buf_free(&hex);
}

/* --- digests --------------------------------------------------------------
 */

#define ODD_NAME "q\"\\/\b\f\n\r\t\x01\x1f\x7f\xc3\xa9\xf0\x9f\x98\x80"

static void
event_digests(void **state)
{
    static const struct {
        const char *name;
        uint32_t version;
        const char *event;
        const char *payload;
        const char *digest;
    } rows[] = {
        {"V1", 1, "a", "\x01", V1_DIGEST},
        {"V2", 2, "a", "\x01", V2_DIGEST},
        {"V1 of odd characters", 1, ODD_NAME, "\x01\xff",
         "ecfb29ab0c41dd306e901802396e9287841d0e0b8de6778da35c1e76cefe807f"
         "d69d6b86ed10faa634e4a9339bfc3583"},
        {"V2 of odd characters", 2, ODD_NAME, "\x01\xff",
         "ea2af684f7a8412a27f15de7b63e026383b56d321b01287834896b850f03108d"
         "fb30994ae1e440741e119147237e87d5"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t digest[ASSAY_SHA384_BYTES];
        struct assay_error err;

        assay_error_clear(&err);
        assert_int_equal(assay_event_digest(ctx, rows[i].version,
                                            assay_slice_of(rows[i].event),
                                            assay_slice_of(rows[i].payload),
                                            digest, &err),
                         ASSAY_OK);
        check_hex(rows[i].name, ASSAY_SLICE(digest), rows[i].digest);
    }
}

static void
preimage_v2(void **state)
{
    struct assay_buf b;

    (void)state;
    assay_buf_init(&b, 4096);
    assay_event_preimage_v2(&b, assay_slice_of(ODD_NAME),
                            assay_slice_of("\x01\xff"));
    assert_true(assay_slice_is(
        assay_buf_slice(&b),
        "{\"name\":\"q\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa9"
        "\xf0\x9f\x98\x80\",\"payload\":\"01ff\",\"type\":134217729}"));
    assay_buf_free(&b);
}

static void
other_versions_have_no_digest(void **state)
{
    static const uint32_t versions[] = {0, 3, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        uint8_t digest[ASSAY_SHA384_BYTES];
        struct assay_error err;

        assay_error_clear(&err);
        assert_int_equal(assay_event_digest(ctx, versions[i], ASSAY_EMPTY,
                                            ASSAY_EMPTY, digest, &err),
                         ASSAY_INVALID);
    }
}

/* --- logs -----------------------------------------------------------------
 */

static struct assay_replay
replay(const char *row, const char *text)
{
    struct assay_eventlog *l = log_read(row, assay_slice_of(text));
    struct assay_replay r;
    struct assay_error err;

    memset(&r, 0x55, sizeof(r));
    assay_error_clear(&err);
    if (assay_eventlog_replay(ctx, l, &r, &err) != ASSAY_OK) {
        fail_msg("row \"%s\": %s", row, err.msg);
    }
    assay_eventlog_free(l);
    return r;
}

static void
check_refused(const char *row, const char *text, const char *why)
{
    static const uint8_t zero[4][ASSAY_SHA384_BYTES];
    struct assay_replay r = replay(row, text);

    if (strstr(r.fault, why) == NULL) {
        fail_msg("row \"%s\": \"%s\", want \"%s\"", row, r.fault, why);
    }
    CHECK(row, memcmp(r.rtmr, zero, sizeof(zero)) == 0);
}

/* A runtime event with its version and perhaps more members. */
#define VERSION(version, digest, more)                                         \
    "[{\"imr\":3,\"event_type\":134217729,\"digest\":\"" digest                \
    "\",\"event\":\"a\",\"event_payload\":\"01\",\"version\":" version more    \
    "}]"
#define PREIMAGE(hex) ",\"preimage\":\"" hex "\""
#define V1_RTMR3                                                               \
    "b0db3cef8753aedd7be2cc0f80d0ec760a6aa1169c610716eaf4ff7161cbe3f7"         \
    "d121f6769bf32c1a34f09a1c6ef370cc"
#define V2_RTMR3                                                               \
    "0a05743a2105130cee3fdb43b2862962183606996e9e37b468e1566f877542b3"         \
    "bf9631e4df77b38d711c39405f2ad465"
#define DD_ONLY                                                                \
    "22592d86eb5c871c8e9428e949c8172a9af31507efcc1045cf27ca97e287883c"         \
    "9ac1cbc8d27e5c1f13f6d6607375586d"

static void
registers(void **state)
{
    static const struct {
        const char *name;
        const char *log;
        unsigned imr;
        const char *value;
    } rows[] = {
        {"no entries", "[]", 0, ZERO},
        {"another register's", "[" LOG_ENTRY(1, 4, "", "", CC) "]", 0, ZERO},
        {"in order, others between",
         "[" LOG_ENTRY(0, 1, "", "", AA) "," LOG_ENTRY(
             1, 4, "", "", CC) "," LOG_ENTRY(0, 10, "", "", BB) "]",
         0,
         "dea02caf4a6cbe4cd8ad7fcdfac84a784056e8d0f52aa524f160f5d321a40bc2"
         "4bab8ea1a6787e7b39d459446cafa226"},
        {"one entry", "[" LOG_ENTRY(1, 4, "", "", CC) "]", 1,
         "b4be520f21ea7d73f40a238967cb1ae0aceb6b1534882a60c851277406b505d5"
         "5ffe754db963a00242b452cb1518123b"},
        {"upper-case hex", "[" LOG_ENTRY(2, 4, "", "", OF_48("DD")) "]", 2,
         DD_ONLY},
        {"RTMR2 with the type of runtime events: as given",
         "[" LOG_ENTRY(2, 134217729, "a", "01", DD) "]", 2, DD_ONLY},
        {"runtime with digest, then another type",
         "[" LOG_RUNTIME_D("a", "01", V1_DIGEST) "," LOG_ENTRY(3, 7, "b", "",
                                                               DD) "]",
         3, V1_RTMR3},
        {"runtime stripped, then another type",
         "[" LOG_RUNTIME("a", "01") "," LOG_ENTRY(3, 7, "b", "", DD) "]", 3,
         V1_RTMR3},
        {"V2 with pre-image and digest",
         VERSION("2", V2_DIGEST, PREIMAGE(V2_PREIMAGE)), 3, V2_RTMR3},
        {"V2 stripped, with pre-image", VERSION("2", "", PREIMAGE(V2_PREIMAGE)),
         3, V2_RTMR3},
        {"V2 stripped of both", VERSION("2", "", ""), 3, V2_RTMR3},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_replay r = replay(rows[i].name, rows[i].log);

        if (r.fault[0] != '\0') {
            fail_msg("row \"%s\": %s", rows[i].name, r.fault);
        }
        check_hex(rows[i].name, ASSAY_SLICE(r.rtmr[rows[i].imr]),
                  rows[i].value);
    }
}

static void
version_1_with_preimage(void **state)
{
    struct assay_replay with =
        replay("V1", VERSION("1", V1_DIGEST, PREIMAGE(V1_PREIMAGE)));
    struct assay_replay without = replay("V1", VERSION("1", "", ""));

    (void)state;
    assert_string_equal(with.fault, "");
    assert_memory_equal(&with, &without, sizeof(with));
}

static void
refused(void **state)
{
    static const struct {
        const char *name;
        const char *log;
        const char *why;
    } rows[] = {
        {"no digest on RTMR0", "[" LOG_ENTRY(0, 4, "", "00", "") "]",
         "entry 0 (''): no digest"},
        {"no digest on RTMR1", "[" LOG_ENTRY(1, 4, "", "00", "") "]",
         "no digest"},
        {"no digest on RTMR2", "[" LOG_ENTRY(2, 134217729, "a", "01", "") "]",
         "entry 0 ('a'): no digest"},
        {"no digest on RTMR3, other type",
         "[" LOG_RUNTIME("a", "01") "," LOG_ENTRY(3, 134217730, "b", "",
                                                  "") "]",
         "entry 1 ('b'): no digest"},
        {"47 octets", "[" LOG_ENTRY(0, 4, "", "", OF_47) "]",
         "entry 0 (''): the digest is not of 48 octets"},
        {"49 octets", "[" LOG_ENTRY(0, 4, "", "", AA "aa") "]",
         "the digest is not of 48 octets"},
        {"64 octets",
         "[" LOG_ENTRY(3, 4, "x", "",
                       AA "aaaaaaaaaaaaaaaa"
                          "aaaaaaaaaaaaaaaa") "]",
         "the digest is not of 48 octets"},
        {"runtime, short digest", "[" LOG_RUNTIME_D("a", "01", "3e01") "]",
         "entry 0 ('a'): the digest is not that of its name and payload"},
        {"runtime, one bit of the payload",
         "[" LOG_RUNTIME_D("a", "00", V1_DIGEST) "]",
         "the digest is not that of its name and payload"},
        {"runtime, another name", "[" LOG_RUNTIME_D("b", "01", V1_DIGEST) "]",
         "the digest is not that of its name and payload"},
        {"V1 with the digest of V2", VERSION("1", V2_DIGEST, ""),
         "the digest is not that of its name and payload"},
        {"V2 with the digest of V1",
         VERSION("2", V1_DIGEST, PREIMAGE(V2_PREIMAGE)),
         "the digest is not that of its name and payload"},
        {"V2 with a digest lacks its pre-image", VERSION("2", V2_DIGEST, ""),
         "version 2 with a digest, but without its pre-image"},
        {"V2 with V1's pre-image",
         VERSION("2", V2_DIGEST, PREIMAGE(V1_PREIMAGE)),
         "the pre-image is not that of its name and payload"},
        {"V2 with an empty pre-image", VERSION("2", V2_DIGEST, PREIMAGE("")),
         "the pre-image is not that of its name and payload"},
        {"V2 stripped, wrong pre-image",
         VERSION("2", "", PREIMAGE(V2_PREIMAGE "20")),
         "the pre-image is not that of its name and payload"},
        {"V1 with V2's pre-image", VERSION("1", "", PREIMAGE(V2_PREIMAGE)),
         "the pre-image is not that of its name and payload"},
        {"a name that is no ASCII",
         "[" LOG_ENTRY(0, 4, "\xc3\xa9\\n", "", "") "]",
         "entry 0 ('\?\?\?'): no digest"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_refused(rows[i].name, rows[i].log, rows[i].why);
    }
}

/* --- holes of earlier clients ----------------------------------------------
 */

/* The genuine digest of another payload is kept, and the registers replay. */
static void
test_hole_1_forged_payload(void **state)
{
    (void)state;
    check_refused("genuine digest, other compose hash",
                  "[" LOG_RUNTIME_D("compose-hash",
                                    "00000000000000000000000000000000"
                                    "00000000000000000000000000000000",
                                    "9c1fecc259af1e8494484a391bdef460"
                                    "cb74d677c76dd114b1e9e7fac343da4e"
                                    "773b2b0eb8df7a6fc0dd8ba5edbb30e1") "]",
                  "entry 0 ('compose-hash'): the digest is not that of its "
                  "name and payload");
}

/* No register replays it, and yet it could be found by its name. */
static void
test_hole_2_imr_above_3(void **state)
{
    (void)state;
    check_refused("4",
                  "[" LOG_ENTRY(4, 134217729, "compose-hash", "00", AA) "]",
                  "entry 0 ('compose-hash'): its imr is above 3");
    check_refused(
        "largest",
        "[" LOG_ENTRY(4294967295, 134217729, "a", "01", V1_DIGEST) "]",
        "its imr is above 3");
    check_refused("without digest",
                  "[" LOG_RUNTIME("a", "01") "," LOG_ENTRY(4, 134217729, "a",
                                                           "01", "") "]",
                  "entry 1 ('a'): its imr is above 3");
}

/* Others fill a short digest up with zeros and go on. */
static void
test_hole_short_digest_is_padded(void **state)
{
    (void)state;
    check_refused("32 octets",
                  "[" LOG_ENTRY(0, 4, "", "",
                                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") "]",
                  "the digest is not of 48 octets");
}

/* Others fill an absent digest up too, and fail on every stripped log. */
static void
test_hole_stripped_log_is_padded(void **state)
{
    struct assay_replay with =
        replay("with", "[" LOG_RUNTIME_D("a", "01", V1_DIGEST) "]");
    struct assay_replay stripped =
        replay("stripped", "[" LOG_RUNTIME("a", "01") "]");
    struct assay_replay absent =
        replay("absent", "[{\"imr\":3,\"event_type\":134217729,"
                         "\"event\":\"a\",\"event_payload\":\"01\"}]");

    (void)state;
    assert_string_equal(with.fault, "");
    assert_memory_equal(&with, &stripped, sizeof(with));
    assert_memory_equal(&with, &absent, sizeof(with));
}

static void
failures_stick(void **state)
{
    struct assay_eventlog *l = log_read("empty", assay_slice_of("[]"));
    static const struct assay_replay zero;
    struct assay_replay r;
    struct assay_error err;
    uint8_t digest[ASSAY_SHA384_BYTES];

    (void)state;
    assay_error_clear(&err);
    (void)assay_fail(&err, ASSAY_IO, 7, "before");
    assert_int_equal(assay_eventlog_replay(ctx, l, &r, &err), ASSAY_IO);
    assert_memory_equal(&r, &zero, sizeof(r));
    assert_int_equal(
        assay_event_digest(ctx, 1, ASSAY_EMPTY, ASSAY_EMPTY, digest, &err),
        ASSAY_IO);
    assay_eventlog_free(l);
}

static int
start(void **state)
{
    (void)state;
    ctx = trial_ctx();
    return 0;
}

static int
stop(void **state)
{
    (void)state;
    assay_ctx_free(ctx);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_digests),
        cmocka_unit_test(preimage_v2),
        cmocka_unit_test(other_versions_have_no_digest),
        cmocka_unit_test(registers),
        cmocka_unit_test(version_1_with_preimage),
        cmocka_unit_test(refused),
        cmocka_unit_test(test_hole_1_forged_payload),
        cmocka_unit_test(test_hole_2_imr_above_3),
        cmocka_unit_test(test_hole_short_digest_is_padded),
        cmocka_unit_test(test_hole_stripped_log_is_padded),
        cmocka_unit_test(failures_stick),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
