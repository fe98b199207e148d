/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_crl.c - revocation lists: one good list of three and what becomes of it
 * when one thing in it is changed; and looking serial numbers up.
 */
#include "pki/crl.h"

#include <stdio.h>

#include "harness/der_edit.h"
#include "harness/trial.h"

/* Places in the good list. */
#define VERSION         "020101300a06082a8648ce3d040302"
#define ALGORITHM       "300a06082a8648ce3d040302"
#define OUTER_ALGORITHM "8de984300a06082a8648ce3d040302"
#define ISSUER          "3070312230200603550403"
#define DATES           "170d3236303931313134313332305a170d32363130"
#define ENTRIES         "30818d30330214"
#define FIRST_SERIAL    "02145f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f00000000"
#define LAST_ENTRY      "302102020080"
#define REASON          "300c300a0603551d15"
#define EXTENSIONS      "a02f302d"
#define NUMBER          "300a0603551d14"
#define AKI             "301f0603551d23"
#define SIGNATURE       "03490030460221"

#define X4(x)     x x x x
#define X16(x)    X4(X4(x))
#define FF32      X16("ff") X16("ff")
#define TIME      "170d3236303931313134313332305a"
#define GENERAL49 "180f32303439303130313030303030305a"
#define GENERAL50 "180f32303530303130313030303030305a"

static const struct {
    const char *name;
    struct der_edit edit;
    enum assay_code code;
    const char *msg;
    long at;      /* from the edit */
    size_t count; /* of entries, where it is read */
} rows[] = {
    {"good", {NULL, 0, 0, ""}, ASSAY_OK, "", 0, 3},
    /* version */
    {"version 1",
     {VERSION, 0, 3, ""},
     ASSAY_UNSUPPORTED,
     "version: a version 1 CRL, not 2",
     0,
     0},
    {"version 1, written",
     {VERSION, 0, 3, "020100"},
     ASSAY_UNSUPPORTED,
     "version: not a version 2 CRL",
     0,
     0},
    {"version 3",
     {VERSION, 0, 3, "020102"},
     ASSAY_UNSUPPORTED,
     "version: not a version 2 CRL",
     0,
     0},
    {"version padded",
     {VERSION, 0, 3, "02020001"},
     ASSAY_MALFORMED,
     "version: integer is not in its shortest form",
     0,
     0},
    {"version negative",
     {VERSION, 0, 3, "0201ff"},
     ASSAY_MALFORMED,
     "version: integer is negative",
     0,
     0},
    {"version's length not shortest",
     {VERSION, 0, 3, "02810101"},
     ASSAY_MALFORMED,
     "version: length is not in its shortest form",
     1,
     0},
    /* algorithms */
    {"inner SHA-384",
     {ALGORITHM, 0, 12, "300a06082a8648ce3d040303"},
     ASSAY_UNSUPPORTED,
     "tbsCertList.signature: not ecdsa-with-SHA256",
     0,
     0},
    {"inner with NULL",
     {ALGORITHM, 0, 12, "300c06082a8648ce3d0403020500"},
     ASSAY_MALFORMED,
     "tbsCertList.signature: 2 bytes left over",
     12,
     0},
    {"outer RSA",
     {OUTER_ALGORITHM, 3, 12, "300d06092a864886f70d01010b0500"},
     ASSAY_UNSUPPORTED,
     "signatureAlgorithm: not ecdsa-with-SHA256",
     0,
     0},
    {"outer left out",
     {OUTER_ALGORITHM, 3, 12, ""},
     ASSAY_MALFORMED,
     "signatureAlgorithm: tag 0x03 where 0x30 is due",
     0,
     0},
    /* issuer */
    {"no issuer",
     {ISSUER, 0, 114, ""},
     ASSAY_MALFORMED,
     "issuer: tag 0x17 where 0x30 is due",
     0,
     0},
    {"issuer's length not shortest",
     {ISSUER, 0, 2, "308170"},
     ASSAY_MALFORMED,
     "issuer: length is not in its shortest form",
     1,
     0},
    {"issuer's length indefinite",
     {ISSUER, 0, 2, "3080"},
     ASSAY_MALFORMED,
     "issuer: indefinite or oversized length",
     1,
     0},
    /* dates */
    {"no nextUpdate",
     {DATES, 15, 15, ""},
     ASSAY_MALFORMED,
     "nextUpdate: tag 0x30 where 0x18 is due",
     0,
     0},
    {"no date",
     {DATES, 0, 30, ""},
     ASSAY_MALFORMED,
     "thisUpdate: tag 0x30 where 0x18 is due",
     0,
     0},
    {"thisUpdate as GeneralizedTime of 2049",
     {DATES, 0, 15, GENERAL49},
     ASSAY_MALFORMED,
     "thisUpdate: GeneralizedTime before 2050",
     0,
     0},
    {"nextUpdate as GeneralizedTime of 2050",
     {DATES, 15, 15, GENERAL50},
     ASSAY_OK,
     "",
     0,
     3},
    {"thisUpdate without Z",
     {DATES, 0, 15, "170c323630393131313431333230"},
     ASSAY_MALFORMED,
     "thisUpdate: \"260911141320\" is not of the form",
     0,
     0},
    {"nextUpdate without seconds",
     {DATES, 15, 15, "170b323631303131313431335a"},
     ASSAY_MALFORMED,
     "nextUpdate: \"2610111413Z\" is not of the form",
     0,
     0},
    {"three dates",
     {DATES, 0, 0, TIME},
     ASSAY_MALFORMED,
     "crlExtensions: tag 0x17 where 0xa0 is due",
     NOWHERE,
     0},
    /* entries */
    {"no list of entries", {ENTRIES, 0, 144, ""}, ASSAY_OK, "", 0, 0},
    {"an empty list of entries", {ENTRIES, 0, 144, "3000"}, ASSAY_OK, "", 0, 0},
    {"two lists of entries",
     {ENTRIES, 0, 0, "3000"},
     ASSAY_MALFORMED,
     "crlExtensions: tag 0x30 where 0xa0 is due",
     2,
     0},
    {"list of indefinite length",
     {ENTRIES, 0, 3, "3080"},
     ASSAY_MALFORMED,
     "revokedCertificates: indefinite",
     1,
     0},
    {"list's length not shortest",
     {ENTRIES, 0, 3, "3082008d"},
     ASSAY_MALFORMED,
     "revokedCertificates: length is not in its shortest form",
     1,
     0},
    {"zero octets before the entries",
     {ENTRIES, 3, 0, "0000"},
     ASSAY_MALFORMED,
     "revokedCertificates: 143 bytes left over",
     0,
     0},
    {"zero octets before the last entry",
     {LAST_ENTRY, 0, 0, "0000"},
     ASSAY_MALFORMED,
     "revokedCertificates: 37 bytes left over",
     0,
     0},
    {"entry that is a set",
     {LAST_ENTRY, 0, 1, "31"},
     ASSAY_MALFORMED,
     "revokedCertificate: tag 0x31 where 0x30 is due",
     0,
     0},
    {"empty entry",
     {LAST_ENTRY, 0, 0, "3000"},
     ASSAY_TRUNCATED,
     "revokedCertificate.serial: need 1 bytes, have 0",
     2,
     0},
    {"serial negative",
     {FIRST_SERIAL, 0, 22, "020180"},
     ASSAY_MALFORMED,
     "revokedCertificate.serial: integer is negative",
     0,
     0},
    {"serial padded",
     {FIRST_SERIAL, 0, 22, "02020001"},
     ASSAY_MALFORMED,
     "revokedCertificate.serial: integer is not in its shortest form",
     0,
     0},
    {"serial without octets",
     {FIRST_SERIAL, 0, 22, "0200"},
     ASSAY_MALFORMED,
     "revokedCertificate.serial: integer is not in its shortest form",
     0,
     0},
    {"serial zero", {FIRST_SERIAL, 0, 22, "020100"}, ASSAY_OK, "", 0, 3},
    {"entry without a date",
     {LAST_ENTRY, 6, 15, ""},
     ASSAY_MALFORMED,
     "revokedCertificate.date: tag 0x30 where 0x18 is due",
     0,
     0},
    {"entry's date is GeneralizedTime of 2049",
     {LAST_ENTRY, 6, 15, GENERAL49},
     ASSAY_MALFORMED,
     "revokedCertificate.date: GeneralizedTime before 2050",
     0,
     0},
    {"entry without extensions", {REASON, 0, 14, ""}, ASSAY_OK, "", 0, 3},
    {"entry with something else",
     {REASON, 0, 14, "0500"},
     ASSAY_MALFORMED,
     "crlEntryExtensions: tag 0x05 where 0x30 is due",
     0,
     0},
    {"zero octets in an entry",
     {REASON, 0, 0, "0000"},
     ASSAY_MALFORMED,
     "revokedCertificate: 16 bytes left over",
     0,
     0},
    {"two lists of extensions in an entry",
     {REASON, 0, 0, "3000"},
     ASSAY_MALFORMED,
     "revokedCertificate: 14 bytes left over",
     2,
     0},
    {"zero octets in an entry's extensions",
     {REASON, 2, 0, "0000"},
     ASSAY_MALFORMED,
     "crlEntryExtensions: 14 bytes left over",
     0,
     0},
    {"critical extension of an entry",
     {REASON, 9, 0, "0101ff"},
     ASSAY_UNSUPPORTED,
     "crlEntryExtensions: critical and unknown",
     -7,
     0},
    {"entry's extension says it is not critical",
     {REASON, 9, 0, "010100"},
     ASSAY_MALFORMED,
     "extension.critical: default value encoded",
     0,
     0},
    {"entry's extension is critical 01",
     {REASON, 9, 0, "010101"},
     ASSAY_MALFORMED,
     "extension.critical: boolean is neither 00 nor ff",
     0,
     0},
    {"unknown extension of an entry",
     {REASON, 2, 0,
      "30090603551d630402"
      "0500"},
     ASSAY_OK,
     "",
     0,
     3},
    /* extensions */
    {"no extensions",
     {EXTENSIONS, 0, 49, ""},
     ASSAY_TRUNCATED,
     "crlExtensions: need 1 bytes, have 0",
     0,
     0},
    {"an empty list of them",
     {EXTENSIONS, 0, 49, "a0023000"},
     ASSAY_OK,
     "",
     0,
     3},
    {"two lists of them",
     {EXTENSIONS, 0, 49, "a00430003000"},
     ASSAY_MALFORMED,
     "crlExtensions: 2 bytes left over",
     4,
     0},
    {"something behind them",
     {EXTENSIONS, 0, 49, "a00230000500"},
     ASSAY_MALFORMED,
     "tbsCertList: 2 bytes left over",
     4,
     0},
    {"zero octets between them",
     {AKI, 0, 0, "0000"},
     ASSAY_MALFORMED,
     "crlExtensions: 35 bytes left over",
     0,
     0},
    {"unknown", {NUMBER, 0, 0, "30090603551d6304020500"}, ASSAY_OK, "", 0, 3},
    {"unknown and critical",
     {NUMBER, 0, 0, "300c0603551d630101ff04020500"},
     ASSAY_UNSUPPORTED,
     "crlExtensions: critical, or of a delta or partial CRL",
     0,
     0},
    {"unknown twice",
     {NUMBER, 0, 0, "30090603551d630402050030090603551d6304020500"},
     ASSAY_MALFORMED,
     "crlExtensions: one occurs twice",
     11,
     0},
    {"number twice",
     {NUMBER, 0, 0, "300a0603551d140403020101"},
     ASSAY_MALFORMED,
     "crlExtensions: one occurs twice",
     12,
     0},
    {"number critical",
     {NUMBER, 7, 0, "0101ff"},
     ASSAY_UNSUPPORTED,
     "crlExtensions: critical, or of a delta or partial CRL",
     -7,
     0},
    {"AKI critical",
     {AKI, 7, 0, "0101ff"},
     ASSAY_UNSUPPORTED,
     "crlExtensions: critical, or of a delta or partial CRL",
     -7,
     0},
    {"number negative",
     {NUMBER, 9, 3, "0201ff"},
     ASSAY_MALFORMED,
     "cRLNumber: integer is negative",
     0,
     0},
    {"number padded",
     {NUMBER, 7, 5, "040402020001"},
     ASSAY_MALFORMED,
     "cRLNumber: integer is not in its shortest form",
     2,
     0},
    {"number and more",
     {NUMBER, 7, 5, "04050201010500"},
     ASSAY_MALFORMED,
     "cRLNumber: 2 bytes left over",
     5,
     0},
    {"AKI without an identifier",
     {AKI, 7, 26, "04023000"},
     ASSAY_TRUNCATED,
     "authorityKeyIdentifier: need 1 bytes, have 0",
     4,
     0},
    {"delta CRL",
     {NUMBER, 0, 0, "300d0603551d1b0101ff0403020101"},
     ASSAY_UNSUPPORTED,
     "crlExtensions: critical, or of a delta",
     0,
     0},
    {"delta CRL, not critical",
     {NUMBER, 0, 0, "300a0603551d1b0403020101"},
     ASSAY_UNSUPPORTED,
     "crlExtensions: critical, or of a delta",
     0,
     0},
    {"indirect CRL",
     {NUMBER, 0, 0, "300f0603551d1c0101ff040530038401ff"},
     ASSAY_UNSUPPORTED,
     "crlExtensions: critical, or of a delta",
     0,
     0},
    {"indirect CRL, not critical",
     {NUMBER, 0, 0, "300c0603551d1c040530038401ff"},
     ASSAY_UNSUPPORTED,
     "crlExtensions: critical, or of a delta",
     0,
     0},
    /* signature */
    {"signature 1, 1",
     {SIGNATURE, 0, 75, "0309003006020101020101"},
     ASSAY_OK,
     "",
     0,
     3},
    {"257 bits",
     {SIGNATURE, 0, 75, "0329003026022101" FF32 "020101"},
     ASSAY_MALFORMED,
     "signatureValue: number above 256 bits",
     5,
     0},
    {"r negative",
     {SIGNATURE, 0, 75, "03090030060201ff020101"},
     ASSAY_MALFORMED,
     "signatureValue: integer is negative",
     5,
     0},
    {"unused bits",
     {SIGNATURE, 0, 75, "0309073006020101020101"},
     ASSAY_MALFORMED,
     "signatureValue: bit string is not of whole octets",
     0,
     0},
    {"signature left out",
     {SIGNATURE, 0, 75, ""},
     ASSAY_TRUNCATED,
     "signatureValue: need 1 bytes, have 0",
     0,
     0},
    {"more behind the signature",
     {SIGNATURE, 0, 75, "03090030060201010201010500"},
     ASSAY_MALFORMED,
     "certificateList: 2 bytes left over",
     11,
     0},
    /* the whole */
    {"a zero octet behind the list",
     {NULL, 0, 0, "00"},
     ASSAY_MALFORMED,
     "certificateList: 1 bytes left over",
     0,
     0},
};

static struct mint_world *world;
static struct assay_slice good; /* two made-up serials and 0x80 */

static void
test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_crl crl;
        struct assay_error err;
        struct assay_slice exact;
        struct assay_buf der;
        size_t at;

        assay_buf_init(&der, DER_MAX);
        at = der_edit(rows[i].name, good, &rows[i].edit, &der);
        exact = exact_copy(assay_buf_slice(&der));
        CHECK(rows[i].name, assay_crl_parse(exact, &crl, &err) == err.code);
        check_der_error(rows[i].name, &err, rows[i].code, rows[i].msg, at,
                        rows[i].at);
        if (err.code == ASSAY_OK) {
            CHECK(rows[i].name, crl.entry_count == rows[i].count);
        } else {
            CHECK(rows[i].name, is_empty(&crl, sizeof(crl)));
        }
        free((void *)exact.ptr);
        assay_buf_free(&der);
    }
}

static void
test_fields(void **state)
{
    struct assay_crl crl;
    struct assay_error err;
    struct assay_buf aki = from_hex("b21baa63764f202ac0010ba757f25b1ab78de984");

    (void)state;
    assert_int_equal(assay_crl_parse(good, &crl, &err), ASSAY_OK);
    assert_true(assay_slice_equal(crl.der, good));
    assert_ptr_equal(crl.tbs.ptr, good.ptr + 4);
    assert_int_equal(crl.tbs.len, 356);
    assert_int_equal(crl.issuer.len, 114);
    assert_int_equal(crl.this_update_s, MINT_NOW_S - INT64_C(10) * 86400);
    assert_int_equal(crl.next_update_s, MINT_NOW_S + INT64_C(20) * 86400);
    assert_true(crl.has_number);
    assert_true(assay_slice_equal(crl.aki, assay_buf_slice(&aki)));
    assert_int_equal(crl.entries.len, 141);
    assert_int_equal(crl.signature[0], 0xba);
    assert_int_equal(crl.signature[63], 0x3e);
    assay_buf_free(&aki);
}

/* Serial numbers as content octets of the INTEGER of a certificate. */
static const struct {
    const char *name;
    const char *serial;
    bool revoked;
} lookups[] = {
    {"first", "5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f00000000", true},
    {"second", "5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f00000001", true},
    {"last, with its leading zero", "0080", true},
    {"the last without its leading zero, a negative number", "80", false},
    {"absent", "5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f00000002", false},
    {"absent, shorter", "5f", false},
    {"start of the first", "5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f000000", false},
    {"first and an octet", "5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f0000000000", false},
    {"zero", "00", false},
    {"octets of a date", "3236303931313134313332305a", false},
};

static void
test_lookups(void **state)
{
    struct assay_crl crl;
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_crl_parse(good, &crl, &err), ASSAY_OK);
    for (size_t i = 0; i < COUNT_OF(lookups); i++) {
        struct assay_buf serial = from_hex(lookups[i].serial);

        CHECK(lookups[i].name,
              assay_crl_revokes(&crl, assay_buf_slice(&serial)) ==
                  lookups[i].revoked);
        assay_buf_free(&serial);
    }
    assert_false(assay_crl_revokes(&crl, ASSAY_EMPTY));
}

/* Serials of any length may stand before the one that is looked for; whoever
 * measures them wrongly comes upon octets that are no element. */
static void
test_long_serials(void **state)
{
    static const uint8_t last[] = {0x00, 0x80};
    static const size_t lengths[] = {1, 21, 127, 128, 255, 256, 70000};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        char *put = calloc(2, lengths[i] + 8);
        size_t n = lengths[i];
        struct der_edit edit = {FIRST_SERIAL, 0, 22, put};
        struct assay_crl crl;
        struct assay_error err;
        struct assay_buf der;

        assert_non_null(put);
        (void)snprintf(put, 2 * n + 16,
                       n < 128     ? "02%02zx"
                       : n < 256   ? "0281%02zx"
                       : n < 65536 ? "0282%04zx"
                                   : "0283%06zx",
                       n);
        memset(put + strlen(put), 'f', 2 * n);
        put[n < 128 ? 4 : n < 256 ? 6 : n < 65536 ? 8 : 10] = '7';
        assay_buf_init(&der, DER_MAX);
        (void)der_edit("long serial", good, &edit, &der);
        assert_int_equal(assay_crl_parse(assay_buf_slice(&der), &crl, &err),
                         ASSAY_OK);
        assert_int_equal(crl.entry_count, 3);
        assert_true(assay_crl_revokes(&crl, ASSAY_SLICE(last)));
        assert_false(assay_crl_revokes(
            &crl, (struct assay_slice){last, sizeof(last) - 1}));
        assay_buf_free(&der);
        free(put);
    }
}

/* No list, an empty list: nobody is revoked. */
static void
test_empty_lists(void **state)
{
    static const struct der_edit edits[] = {{ENTRIES, 0, 144, ""},
                                            {ENTRIES, 0, 144, "3000"}};
    static const uint8_t serial[] = {0x00, 0x80};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(edits); i++) {
        struct assay_crl crl;
        struct assay_error err;
        struct assay_buf der;

        assay_buf_init(&der, DER_MAX);
        (void)der_edit("empty", good, &edits[i], &der);
        assert_int_equal(assay_crl_parse(assay_buf_slice(&der), &crl, &err),
                         ASSAY_OK);
        assert_int_equal(crl.entry_count, 0);
        assert_false(assay_crl_revokes(&crl, ASSAY_SLICE(serial)));
        assay_buf_free(&der);
    }
}

/* 3,000 entries; the first, the last and the one behind it. */
static void
test_long_list(void **state)
{
    static const struct mint_options o = {.pck_crl.fill = 3000};
    struct mint_world *w = trial_world("long", &o);
    uint8_t serial[20];
    struct assay_crl crl;
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_crl_parse(mint_world_pck_crl_der(w), &crl, &err),
                     ASSAY_OK);
    assert_int_equal(crl.entry_count, 3000);
    memset(serial, 0x5f, sizeof(serial));
    for (uint32_t n = 0; n <= 3000; n += 250) {
        serial[16] = 0;
        serial[17] = 0;
        serial[18] = (uint8_t)(n >> 8);
        serial[19] = (uint8_t)n;
        assert_int_equal(assay_crl_revokes(&crl, ASSAY_SLICE(serial)),
                         n < 3000);
    }
    mint_world_free(w);
}

static void
test_truncations(void **state)
{
    (void)state;
    for (size_t n = 0; n < good.len; n++) {
        struct assay_slice cut = exact_copy((struct assay_slice){good.ptr, n});
        struct assay_crl crl;
        struct assay_error err;

        assert_int_equal(assay_crl_parse(cut, &crl, &err), ASSAY_TRUNCATED);
        assert_true(err.offset <= n);
        assert_null(crl.der.ptr);
        free((void *)cut.ptr);
    }
}

/* Each bit flipped: nothing outside is read, and a list that is read can be
 * searched to its end. */
static void
test_bit_flips(void **state)
{
    static const uint8_t absent[] = {0x01};
    struct assay_slice copy = exact_copy(good);
    uint8_t *bytes = (uint8_t *)copy.ptr;
    size_t refused = 0;

    (void)state;
    for (size_t bit = 0; bit < 8 * good.len; bit++) {
        struct assay_crl crl;
        struct assay_error err;

        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (assay_crl_parse(copy, &crl, &err) != ASSAY_OK) {
            refused++;
            assert_true(err.offset <= copy.len);
        } else {
            assert_int_equal(crl.entry_count, 3);
            assert_false(assay_crl_revokes(&crl, ASSAY_SLICE(absent)));
        }
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(refused > good.len);
    free((void *)copy.ptr);
}

/* Memory that changed after it was parsed counts as revoked. */
static void
test_changed_memory(void **state)
{
    static const uint8_t absent[] = {0x01};
    struct assay_slice copy = exact_copy(good);
    struct assay_crl crl;
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_crl_parse(copy, &crl, &err), ASSAY_OK);
    assert_false(assay_crl_revokes(&crl, ASSAY_SLICE(absent)));
    ((uint8_t *)crl.entries.ptr)[1] = 0xff;
    assert_true(assay_crl_revokes(&crl, ASSAY_SLICE(absent)));
    free((void *)copy.ptr);
}

static int
setup(void **state)
{
    static const struct mint_options o = {
        .pck_crl = {.fill = 2, .revoked = {"0080"}}};

    (void)state;
    world = trial_world("good", &o);
    good = mint_world_pck_crl_der(world);
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
        cmocka_unit_test(test_lookups),
        cmocka_unit_test(test_long_serials),
        cmocka_unit_test(test_empty_lists),
        cmocka_unit_test(test_long_list),
        cmocka_unit_test(test_truncations),
        cmocka_unit_test(test_bit_flips),
        cmocka_unit_test(test_changed_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
