/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_sgx_extension.c - Intel's extension of PCK certificates: a good one and
 * what becomes of it when one thing in it is changed.
 */
#include "pki/sgx_extension.h"

#include <stdio.h>

#include "harness/der_edit.h"
#include "harness/trial.h"
#include "pki/cert.h"

#define ARC "2a864886f84d010d01"
/* Entries, with their headers. */
#define PPID     "301e060a" ARC "010410"
#define TCB      "30820163060a" ARC "02"
#define PCE_ID   "3010060a" ARC "03"
#define FMSPC    "3014060a" ARC "04"
#define TYPE     "300f060a" ARC "05"
#define INSTANCE "301e060a" ARC "06"
#define CONFIG   "3044060a" ARC "07"
#define SVN(n)   "3010060b" ARC "02" n
#define PCE_SVN  "3010060b" ARC "0211"
#define CPU_SVN  "301f060b" ARC "0212"
#define FLAG(n)  "3010060b" ARC "07" n

#define X4(x)     x x x x
#define OCTETS(x) X4(X4(x))
#define WHOLE_SVN 18 /* octets of an entry of an SVN */

static const struct {
    const char *name;
    struct der_edit edit;
    enum assay_code code;
    const char *msg;
    long at; /* from the edit */
} rows[] = {
    {"good", {NULL, 0, 0, ""}, ASSAY_OK, "", 0},
    /* the list */
    {"PPID left out",
     {PPID, 0, 32, ""},
     ASSAY_MALFORMED,
     "sgxExtension: neither the entries 1 to 5 nor 1 to 7",
     NOWHERE},
    {"FMSPC left out",
     {FMSPC, 0, 22, ""},
     ASSAY_MALFORMED,
     "sgxExtension: neither the entries 1 to 5 nor 1 to 7",
     NOWHERE},
    {"instance ID left out",
     {INSTANCE, 0, 32, ""},
     ASSAY_MALFORMED,
     "sgxExtension: neither the entries 1 to 5 nor 1 to 7",
     NOWHERE},
    {"configuration left out",
     {CONFIG, 0, 70, ""},
     ASSAY_MALFORMED,
     "sgxExtension: neither the entries 1 to 5 nor 1 to 7",
     NOWHERE},
    {"instance ID and configuration left out",
     {INSTANCE, 0, 102, ""},
     ASSAY_OK,
     "",
     0},
    {"FMSPC twice",
     {FMSPC, 0, 0, FMSPC "0406000000000000"},
     ASSAY_MALFORMED,
     "sgxExtension: entry 4 is unknown or occurs twice",
     36},
    {"TCB twice",
     {PCE_ID, 0, 0, "300e060a" ARC "023000"},
     ASSAY_MALFORMED,
     "sgxExtension: entry 2 is unknown or occurs twice",
     14},
    {"type twice",
     {TYPE, 0, 0, TYPE "0a0101"},
     ASSAY_MALFORMED,
     "sgxExtension: entry 5 is unknown or occurs twice",
     31},
    {"entry 8",
     {TYPE, 0, 0, "300f060a" ARC "080a0101"},
     ASSAY_UNSUPPORTED,
     "sgxExtension: unknown entry 8",
     2},
    {"entry 0",
     {TYPE, 0, 0, "300f060a" ARC "000a0101"},
     ASSAY_UNSUPPORTED,
     "sgxExtension: unknown entry",
     2},
    {"entry 32",
     {TYPE, 0, 0, "300f060a" ARC "200a0101"},
     ASSAY_MALFORMED,
     "sgxExtension: entry 32 is unknown or occurs twice",
     NOWHERE},
    {"entry of several octets",
     {TYPE, 0, 0, "3010060b" ARC "81000a0101"},
     ASSAY_UNSUPPORTED,
     "sgxExtension: unknown entry",
     2},
    {"entry of another arc",
     {TYPE, 12, 1, "02"},
     ASSAY_UNSUPPORTED,
     "sgxExtension: unknown entry",
     -10},
    {"entry whose OID ends early",
     {TYPE, 2, 12, "0609" ARC},
     ASSAY_UNSUPPORTED,
     "sgxExtension: unknown entry",
     0},
    {"entry that is a set",
     {TYPE, 0, 1, "31"},
     ASSAY_MALFORMED,
     "sgxExtension: tag 0x31 where 0x30 is due",
     0},
    {"entry without value",
     {TYPE, 14, 3, ""},
     ASSAY_TRUNCATED,
     "sgxExtension.sgxType: need 1 bytes, have 0",
     0},
    {"entry with two values",
     {TYPE, 14, 3, "0a01010500"},
     ASSAY_MALFORMED,
     "sgxExtension: 2 bytes left over",
     3},
    {"zero octets between entries",
     {TYPE, 0, 0, "0000"},
     ASSAY_MALFORMED,
     "sgxExtension: 121 bytes left over",
     0},
    {"a zero octet behind it",
     {NULL, 0, 0, "00"},
     ASSAY_MALFORMED,
     "sgxExtension: 1 bytes left over",
     0},
    /* sizes and types */
    {"PPID of 15 octets",
     {PPID, 14, 18, "040f" X4("a1a1a1") "a1a1a1"},
     ASSAY_MALFORMED,
     "sgxExtension.ppid: 15 octets, not 16",
     0},
    {"PPID empty",
     {PPID, 14, 18, "0400"},
     ASSAY_MALFORMED,
     "sgxExtension.ppid: 0 octets, not 16",
     0},
    {"PPID of 17 octets",
     {PPID, 14, 18, "0411" OCTETS("a1") "a1"},
     ASSAY_MALFORMED,
     "sgxExtension.ppid: 17 octets, not 16",
     0},
    {"PPID is a bit string",
     {PPID, 14, 1, "03"},
     ASSAY_MALFORMED,
     "sgxExtension.ppid: tag 0x03 where 0x04 is due",
     0},
    {"PCEID of 1 octet",
     {PCE_ID, 14, 4, "040100"},
     ASSAY_MALFORMED,
     "sgxExtension.pceId: 1 octets, not 2",
     0},
    {"PCEID of 3 octets",
     {PCE_ID, 14, 4, "0403000000"},
     ASSAY_MALFORMED,
     "sgxExtension.pceId: 3 octets, not 2",
     0},
    {"FMSPC of 5 octets",
     {FMSPC, 14, 8, "04050000000000"},
     ASSAY_MALFORMED,
     "sgxExtension.fmspc: 5 octets, not 6",
     0},
    {"FMSPC of 7 octets",
     {FMSPC, 14, 8, "040700000000000000"},
     ASSAY_MALFORMED,
     "sgxExtension.fmspc: 7 octets, not 6",
     0},
    {"instance ID of 8 octets",
     {INSTANCE, 14, 18, "0408" X4("b2") X4("b2")},
     ASSAY_MALFORMED,
     "sgxExtension.platformInstanceId: 8 octets, not 16",
     0},
    {"CPUSVN of 8 octets",
     {CPU_SVN, 15, 18, "0408" X4("01") X4("01")},
     ASSAY_MALFORMED,
     "sgxExtension.tcb.cpuSvn: 8 octets, not 16",
     0},
    {"type 0", {TYPE, 14, 3, "0a0100"}, ASSAY_OK, "", 0},
    {"type 2", {TYPE, 14, 3, "0a0102"}, ASSAY_OK, "", 0},
    {"type 3",
     {TYPE, 14, 3, "0a0103"},
     ASSAY_MALFORMED,
     "sgxExtension.sgxType: integer is above 2",
     0},
    {"type -1",
     {TYPE, 14, 3, "0a01ff"},
     ASSAY_MALFORMED,
     "sgxExtension.sgxType: integer is negative",
     0},
    {"type is an integer",
     {TYPE, 14, 3, "020101"},
     ASSAY_MALFORMED,
     "sgxExtension.sgxType: tag 0x02 where 0x0a is due",
     0},
    /* TCB */
    {"15 SVNs",
     {SVN("10"), 0, WHOLE_SVN, ""},
     ASSAY_MALFORMED,
     "sgxExtension.tcb: not exactly the entries 1 to 18",
     NOWHERE},
    {"first SVN left out",
     {SVN("01"), 0, WHOLE_SVN, ""},
     ASSAY_MALFORMED,
     "sgxExtension.tcb: not exactly the entries 1 to 18",
     NOWHERE},
    {"PCESVN left out",
     {PCE_SVN, 0, WHOLE_SVN, ""},
     ASSAY_MALFORMED,
     "sgxExtension.tcb: not exactly the entries 1 to 18",
     NOWHERE},
    {"CPUSVN left out",
     {CPU_SVN, 0, 33, ""},
     ASSAY_MALFORMED,
     "sgxExtension.tcb: not exactly the entries 1 to 18",
     NOWHERE},
    {"19 entries",
     {CPU_SVN, 0, 0, "301f060b" ARC "02130410" OCTETS("01")},
     ASSAY_MALFORMED,
     "sgxExtension.tcb: not exactly the entries 1 to 18",
     NOWHERE},
    {"32 entries",
     {CPU_SVN, 0, 0, "301f060b" ARC "02200410" OCTETS("01")},
     ASSAY_MALFORMED,
     "sgxExtension.tcb: entry 32 is unknown",
     15},
    {"no entries",
     {TCB, 16, 343, "3000"},
     ASSAY_MALFORMED,
     "sgxExtension.tcb: not exactly the entries 1 to 18",
     2},
    {"17 SVNs, one of them twice",
     {SVN("02"), 0, 0, SVN("02") "020104"},
     ASSAY_MALFORMED,
     "sgxExtension.tcb: entry 2 is unknown or occurs twice",
     33},
    {"one twice in place of another",
     {SVN("02"), 14, 1, "01"},
     ASSAY_MALFORMED,
     "sgxExtension.tcb: entry 1 is unknown or occurs twice",
     1},
    {"PCESVN twice",
     {PCE_SVN, 0, 0, PCE_SVN "02010d"},
     ASSAY_MALFORMED,
     "sgxExtension.tcb: entry 17 is unknown or occurs twice",
     33},
    {"CPUSVN twice",
     {CPU_SVN, 0, 0, CPU_SVN "0410" OCTETS("04")},
     ASSAY_MALFORMED,
     "sgxExtension.tcb: entry 18 is unknown or occurs twice",
     48},
    {"SVN 255", {SVN("03"), 15, 3, "020200ff"}, ASSAY_OK, "", 0},
    {"SVN 256",
     {SVN("03"), 15, 3, "02020100"},
     ASSAY_MALFORMED,
     "sgxExtension.tcb.svn: integer is above 255",
     0},
    {"SVN 2^32 + 1",
     {SVN("03"), 15, 3, "02050100000001"},
     ASSAY_MALFORMED,
     "sgxExtension.tcb.svn: integer is above 255",
     0},
    {"SVN -1",
     {SVN("03"), 15, 3, "0201ff"},
     ASSAY_MALFORMED,
     "sgxExtension.tcb.svn: integer is negative",
     0},
    {"SVN padded",
     {SVN("03"), 15, 3, "02020002"},
     ASSAY_MALFORMED,
     "sgxExtension.tcb.svn: integer is not in its shortest form",
     0},
    {"SVN is an octet string",
     {SVN("03"), 15, 1, "04"},
     ASSAY_MALFORMED,
     "sgxExtension.tcb.svn: tag 0x04 where 0x02 is due",
     0},
    {"SVN of 16 is a CPUSVN",
     {SVN("10"), 15, 3, "0410" OCTETS("01")},
     ASSAY_MALFORMED,
     "sgxExtension.tcb.svn: tag 0x04 where 0x02 is due",
     0},
    {"SVN twice in an entry",
     {SVN("03"), 15, 3, "020102020102"},
     ASSAY_MALFORMED,
     "sgxExtension.tcb: 3 bytes left over",
     3},
    {"PCESVN 65535", {PCE_SVN, 15, 3, "020300ffff"}, ASSAY_OK, "", 0},
    {"PCESVN 65536",
     {PCE_SVN, 15, 3, "0203010000"},
     ASSAY_MALFORMED,
     "sgxExtension.tcb.pceSvn: integer is above 65535",
     0},
    {"PCESVN -1",
     {PCE_SVN, 15, 3, "0201ff"},
     ASSAY_MALFORMED,
     "sgxExtension.tcb.pceSvn: integer is negative",
     0},
    {"SVN under another parent",
     {SVN("03"), 13, 1, "07"},
     ASSAY_UNSUPPORTED,
     "sgxExtension.tcb: unknown entry",
     -11},
    {"zero octets in the TCB",
     {SVN("03"), 0, 0, "0000"},
     ASSAY_MALFORMED,
     "sgxExtension.tcb: ",
     0},
    {"TCB is a set",
     {TCB, 16, 1, "31"},
     ASSAY_MALFORMED,
     "sgxExtension.tcb: tag 0x31 where 0x30 is due",
     0},
    {"TCB and more",
     {TCB, 0, 359, "3010060a" ARC "0230000500"},
     ASSAY_MALFORMED,
     "sgxExtension.tcb: not exactly",
     NOWHERE},
    /* configuration */
    {"no flags", {CONFIG, 14, 56, "3000"}, ASSAY_OK, "", 0},
    {"dynamic platform false", {FLAG("01"), 15, 3, "010100"}, ASSAY_OK, "", 0},
    {"dynamic platform 01",
     {FLAG("01"), 15, 3, "010101"},
     ASSAY_MALFORMED,
     "sgxExtension.configuration: boolean is neither 00 nor ff",
     0},
    {"dynamic platform is an integer",
     {FLAG("01"), 15, 3, "020101"},
     ASSAY_MALFORMED,
     "sgxExtension.configuration: tag 0x02 where 0x01 is due",
     0},
    {"cached keys twice",
     {FLAG("02"), 0, 0, FLAG("02") "0101ff"},
     ASSAY_MALFORMED,
     "sgxExtension.configuration: entry 2 is unknown or occurs twice",
     33},
    {"flag 4",
     {FLAG("02"), 0, 0, FLAG("04") "0101ff"},
     ASSAY_UNSUPPORTED,
     "sgxExtension.configuration: unknown entry 4",
     2},
    {"flag under another parent",
     {FLAG("02"), 13, 1, "02"},
     ASSAY_UNSUPPORTED,
     "sgxExtension.configuration: unknown entry",
     -11},
    {"zero octets in the configuration",
     {FLAG("02"), 0, 0, "0000"},
     ASSAY_MALFORMED,
     "sgxExtension.configuration: 38 bytes left over",
     0},
};

static struct mint_world *world;
static struct assay_cert cert;
static struct assay_slice good;

static void
test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_sgx_extension x;
        struct assay_error err;
        struct assay_slice exact;
        struct assay_buf der;
        size_t at;

        assay_buf_init(&der, DER_MAX);
        at = der_edit(rows[i].name, good, &rows[i].edit, &der);
        exact = exact_copy(assay_buf_slice(&der));
        CHECK(rows[i].name,
              assay_sgx_extension_parse(exact, &x, &err) == err.code);
        check_der_error(rows[i].name, &err, rows[i].code, rows[i].msg, at,
                        rows[i].at);
        CHECK(rows[i].name, err.code == ASSAY_OK || is_empty(&x, sizeof(x)));
        free((void *)exact.ptr);
        assay_buf_free(&der);
    }
}

static void
test_fields(void **state)
{
    static const uint8_t svns[16] = {4, 4, 2, 2, 4, 1, 0, 5};
    static const uint8_t fmspc[6] = {0x00, 0xa0, 0x6f, 0x05};
    struct assay_sgx_extension x;
    struct assay_error err;
    uint8_t octets[16];

    (void)state;
    assert_int_equal(assay_sgx_extension_parse(good, &x, &err), ASSAY_OK);
    memset(octets, 0xa1, sizeof(octets));
    assert_memory_equal(x.ppid, octets, 16);
    assert_memory_equal(x.component_svn, svns, 16);
    assert_memory_equal(x.cpu_svn, svns, 16);
    assert_int_equal(x.pce_svn, 13);
    assert_memory_equal(x.pce_id, "\0\0", 2);
    assert_memory_equal(x.fmspc, fmspc, 6);
    assert_int_equal(x.sgx_type, 1);
    assert_true(x.has_platform);
    memset(octets, 0xb2, sizeof(octets));
    assert_memory_equal(x.platform_instance_id, octets, 16);
    assert_true(x.dynamic_platform && x.cached_keys && x.smt_enabled);
}

/* Each number and flag comes from its own entry. */
static void
test_single_values(void **state)
{
    static const char *const entry[16] = {"01", "02", "03", "04", "05", "06",
                                          "07", "08", "09", "0a", "0b", "0c",
                                          "0d", "0e", "0f", "10"};
    struct assay_error err;

    (void)state;
    for (size_t i = 0; i < 16; i++) {
        char find[64];
        struct der_edit edit = {find, 15, 3, "02020080"};
        struct assay_sgx_extension before;
        struct assay_sgx_extension x;
        struct assay_buf der;

        (void)snprintf(find, sizeof(find), SVN("%s"), entry[i]);
        assay_buf_init(&der, DER_MAX);
        (void)der_edit(entry[i], good, &edit, &der);
        assert_int_equal(assay_sgx_extension_parse(good, &before, &err),
                         ASSAY_OK);
        assert_int_equal(
            assay_sgx_extension_parse(assay_buf_slice(&der), &x, &err),
            ASSAY_OK);
        assert_int_equal(x.component_svn[i], 128);
        before.component_svn[i] = 128;
        assert_memory_equal(&x, &before, sizeof(x));
        assay_buf_free(&der);
    }
    for (size_t i = 0; i < 3; i++) {
        char find[64];
        struct der_edit edit = {find, 15, 3, "010100"};
        struct assay_sgx_extension x;
        struct assay_buf der;

        (void)snprintf(find, sizeof(find), FLAG("%s"), entry[i]);
        assay_buf_init(&der, DER_MAX);
        (void)der_edit(entry[i], good, &edit, &der);
        assert_int_equal(
            assay_sgx_extension_parse(assay_buf_slice(&der), &x, &err),
            ASSAY_OK);
        assert_int_equal(x.dynamic_platform, i != 0);
        assert_int_equal(x.cached_keys, i != 1);
        assert_int_equal(x.smt_enabled, i != 2);
        assay_buf_free(&der);
    }
}

/* Five entries under the Processor CA. */
static void
test_processor(void **state)
{
    static const struct mint_options o = {.processor_ca = true};
    struct mint_world *w = trial_world("processor", &o);
    struct assay_cert c;
    struct assay_sgx_extension x;
    struct assay_error err;

    (void)state;
    assert_int_equal(
        assay_cert_parse(mint_world_cert_der(w, MINT_CERT_PCK), &c, &err),
        ASSAY_OK);
    assert_int_equal(assay_sgx_extension_parse(c.sgx_extension, &x, &err),
                     ASSAY_OK);
    assert_false(x.has_platform);
    assert_int_equal(x.sgx_type, 0);
    mint_world_free(w);
}

static void
test_truncations(void **state)
{
    (void)state;
    for (size_t n = 0; n < good.len; n++) {
        struct assay_slice cut = exact_copy((struct assay_slice){good.ptr, n});
        struct assay_sgx_extension x;
        struct assay_error err;

        assert_int_equal(assay_sgx_extension_parse(cut, &x, &err),
                         ASSAY_TRUNCATED);
        assert_true(err.offset <= n);
        assert_true(assay_slice_is_zero(ASSAY_SLICE(x.fmspc)));
        free((void *)cut.ptr);
    }
}

/* Cut at each place, with the length of the list set right: never accepted but
 * after entry 5, which is a Processor CA's. */
static void
test_short_lists(void **state)
{
    size_t accepted = 0;

    (void)state;
    for (size_t n = 4; n < good.len; n++) {
        struct assay_slice cut = exact_copy((struct assay_slice){good.ptr, n});
        uint8_t *bytes = (uint8_t *)cut.ptr;
        struct assay_slice in = cut;
        struct assay_sgx_extension x;
        struct assay_error err;

        assert_int_equal(bytes[1], 0x82);
        if (n - 4 >= 256) {
            bytes[2] = (uint8_t)((n - 4) >> 8);
            bytes[3] = (uint8_t)(n - 4);
        } else if (n - 4 >= 128) {
            bytes[1] = 0x30;
            bytes[2] = 0x81;
            bytes[3] = (uint8_t)(n - 4);
            in = (struct assay_slice){bytes + 1, n - 1};
        } else {
            bytes[2] = 0x30;
            bytes[3] = (uint8_t)(n - 4);
            in = (struct assay_slice){bytes + 2, n - 2};
        }
        if (assay_sgx_extension_parse(in, &x, &err) == ASSAY_OK) {
            accepted++;
            assert_false(x.has_platform);
        }
        free((void *)cut.ptr);
    }
    assert_int_equal(accepted, 1);
}

/* Each bit flipped, in memory of exactly the size. */
static void
test_bit_flips(void **state)
{
    struct assay_slice copy = exact_copy(good);
    uint8_t *bytes = (uint8_t *)copy.ptr;
    size_t refused = 0;

    (void)state;
    for (size_t bit = 0; bit < 8 * good.len; bit++) {
        struct assay_sgx_extension x;
        struct assay_error err;

        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (assay_sgx_extension_parse(copy, &x, &err) != ASSAY_OK) {
            refused++;
            assert_true(err.offset <= copy.len);
        }
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(refused > 6 * good.len); /* nearly all is structure */
    free((void *)copy.ptr);
}

static int
setup(void **state)
{
    static const struct mint_options o = {.seed = NULL};
    struct assay_error err;

    (void)state;
    world = trial_world("good", &o);
    assert_int_equal(assay_cert_parse(mint_world_cert_der(world, MINT_CERT_PCK),
                                      &cert, &err),
                     ASSAY_OK);
    good = cert.sgx_extension;
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    mint_world_free(world);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_single_values),
        cmocka_unit_test(test_processor),
        cmocka_unit_test(test_truncations),
        cmocka_unit_test(test_short_lists),
        cmocka_unit_test(test_bit_flips),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
