/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_der.c - the strict DER reader, element by element.
 */
#include "pki/der.h"

#include "harness/der_edit.h"

#define BASE 1000u /* of every reader here: offsets count from outside */

/* What is read from the bytes; afterwards nothing may be left. */
enum read {
    READ_SEQUENCE,
    READ_ANY,
    READ_WHOLE,
    READ_UNSIGNED,
    READ_SMALL, /* INTEGER up to 255 */
    READ_LARGE, /* INTEGER up to UINT32_MAX */
    READ_ENUMERATED,
    READ_BOOLEAN,
    READ_OCTETS,
    READ_TIME,
};

/* A value, where it is a number; else its bytes in *bytes. */
static int64_t
read_as(enum read what, struct assay_reader *r, struct assay_slice *bytes)
{
    unsigned tag = 0;

    switch (what) {
    case READ_SEQUENCE:
        *bytes = assay_der_read(r, ASSAY_DER_SEQUENCE, "f");
        break;
    case READ_ANY:
        *bytes = assay_der_any(r, &tag, "f");
        return tag;
    case READ_WHOLE:
        *bytes = assay_der_whole(r, ASSAY_DER_SEQUENCE, "f");
        break;
    case READ_UNSIGNED:
        *bytes = assay_der_unsigned(r, "f");
        break;
    case READ_SMALL:
        return assay_der_small(r, ASSAY_DER_INTEGER, UINT8_MAX, "f");
    case READ_LARGE:
        return assay_der_small(r, ASSAY_DER_INTEGER, UINT32_MAX, "f");
    case READ_ENUMERATED:
        return assay_der_small(r, ASSAY_DER_ENUMERATED, 2, "f");
    case READ_BOOLEAN:
        return assay_der_boolean(r, "f");
    case READ_OCTETS:
        *bytes = assay_der_octets(r, "f");
        break;
    case READ_TIME:
        return assay_der_time(r, "f");
    }
    return 0;
}

static const struct {
    const char *name;
    enum read what;
    const char *hex;
    int64_t want;
    const char *bytes;
} good[] = {
    {"empty sequence", READ_SEQUENCE, "3000", 0, ""},
    {"sequence", READ_SEQUENCE, "3003020101", 0, "020101"},
    {"any: context tag", READ_ANY, "8002aabb", 0x80, "aabb"},
    {"any: null", READ_ANY, "0500", 0x05, ""},
    {"whole", READ_WHOLE, "3003020101", 0, "3003020101"},
    {"unsigned zero", READ_UNSIGNED, "020100", 0, "00"},
    {"unsigned 127", READ_UNSIGNED, "02017f", 0, "7f"},
    {"unsigned 128 keeps its zero", READ_UNSIGNED, "02020080", 0, "0080"},
    {"unsigned 256", READ_UNSIGNED, "02020100", 0, "0100"},
    {"small 0", READ_SMALL, "020100", 0, ""},
    {"small 255", READ_SMALL, "020200ff", 255, ""},
    {"large 2^32 - 1", READ_LARGE, "020500ffffffff", 0xffffffff, ""},
    {"enumerated", READ_ENUMERATED, "0a0102", 2, ""},
    {"false", READ_BOOLEAN, "010100", 0, ""},
    {"true", READ_BOOLEAN, "0101ff", 1, ""},
    {"bit string", READ_OCTETS, "030300aabb", 0, "aabb"},
    {"empty bit string", READ_OCTETS, "030100", 0, ""},
    /* 260921141320Z */
    {"UTCTime", READ_TIME, "170d3236303932313134313332305a", 1790000000, ""},
    {"UTCTime of 2049", READ_TIME, "170d3439313233313233353935395a", 2524607999,
     ""},
    {"UTCTime of 1950", READ_TIME, "170d3530303130313030303030305a", -631152000,
     ""},
    /* 20500101000000Z */
    {"GeneralizedTime of 2050", READ_TIME, "180f32303530303130313030303030305a",
     2524608000, ""},
    {"GeneralizedTime of 9999", READ_TIME, "180f39393939313233313233353935395a",
     253402300799, ""},
};

static void
test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct assay_buf in = from_hex(good[i].hex);
        struct assay_buf want = from_hex(good[i].bytes);
        struct assay_slice bytes = ASSAY_EMPTY;
        struct assay_error err;
        struct assay_reader r = {
            .in = assay_buf_slice(&in), .base = BASE, .err = &err};
        int64_t got;

        assay_error_clear(&err);
        got = read_as(good[i].what, &r, &bytes);
        assay_read_end(&r, "f");
        CHECK(good[i].name, err.code == ASSAY_OK);
        CHECK(good[i].name, got == good[i].want);
        CHECK(good[i].name, assay_slice_equal(bytes, assay_buf_slice(&want)));
        assay_buf_free(&want);
        assay_buf_free(&in);
    }
}

static const struct {
    const char *name;
    enum read what;
    const char *hex;
    enum assay_code code;
    const char *msg;
    size_t at;
} bad[] = {
    /* lengths, X.690 8.1.3 and 10.1 */
    {"nothing", READ_ANY, "", ASSAY_TRUNCATED, "f: need 1 bytes", 0},
    {"no length", READ_ANY, "30", ASSAY_TRUNCATED, "f: need 1 bytes", 1},
    {"content is cut", READ_ANY, "30030201", ASSAY_TRUNCATED,
     "f: need 3 bytes, have 2", 2},
    {"length is cut", READ_ANY, "308201", ASSAY_TRUNCATED, "f: need 1 bytes",
     3},
    {"indefinite length", READ_ANY, "30800000", ASSAY_MALFORMED,
     "f: indefinite or oversized length", 1},
    {"length of 5 octets", READ_ANY, "30850000000001aa", ASSAY_MALFORMED,
     "f: indefinite or oversized length", 1},
    {"length of 127 octets", READ_ANY, "30ff01aa", ASSAY_MALFORMED,
     "f: indefinite or oversized length", 1},
    {"length 1 in the long form", READ_ANY, "308101aa", ASSAY_MALFORMED,
     "f: length is not in its shortest form", 1},
    {"length 127 in the long form", READ_ANY, "30817f", ASSAY_MALFORMED,
     "f: length is not in its shortest form", 1},
    {"length with a leading zero", READ_ANY, "3082008030", ASSAY_MALFORMED,
     "f: length is not in its shortest form", 1},
    {"length of 4 octets with a leading zero", READ_ANY, "308400ffffff30",
     ASSAY_MALFORMED, "f: length is not in its shortest form", 1},
    {"length of 4 GiB", READ_ANY, "3084ffffffff30", ASSAY_TRUNCATED,
     "f: need 4294967295 bytes, have 1", 6},
    {"length one above what is there", READ_ANY, "0402aa", ASSAY_TRUNCATED,
     "f: need 2 bytes, have 1", 2},
    /* tags */
    {"tag of several octets", READ_ANY, "3f8101020101", ASSAY_MALFORMED,
     "f: tag of several octets", 0},
    {"primitive tag of several octets", READ_ANY, "1f0100", ASSAY_MALFORMED,
     "f: tag of several octets", 0},
    {"set where a sequence is due", READ_SEQUENCE, "3100", ASSAY_MALFORMED,
     "f: tag 0x31 where 0x30 is due", 0},
    {"primitive sequence", READ_SEQUENCE, "1000", ASSAY_MALFORMED,
     "f: tag 0x10 where 0x30 is due", 0},
    {"whole set", READ_WHOLE, "3100", ASSAY_MALFORMED,
     "f: tag 0x31 where 0x30 is due", 0},
    {"left over", READ_SEQUENCE, "300000", ASSAY_MALFORMED,
     "f: 1 bytes left over", 2},
    /* integers */
    {"integer without octets", READ_UNSIGNED, "0200", ASSAY_MALFORMED,
     "f: integer is not in its shortest form", 0},
    {"padded integer", READ_UNSIGNED, "0202007f", ASSAY_MALFORMED,
     "f: integer is not in its shortest form", 0},
    {"padded zero", READ_UNSIGNED, "02020000", ASSAY_MALFORMED,
     "f: integer is not in its shortest form", 0},
    {"twice padded integer", READ_UNSIGNED, "0203000080", ASSAY_MALFORMED,
     "f: integer is not in its shortest form", 0},
    {"negative integer", READ_UNSIGNED, "020180", ASSAY_MALFORMED,
     "f: integer is negative", 0},
    {"minus one, padded", READ_UNSIGNED, "0202ffff", ASSAY_MALFORMED,
     "f: integer is negative", 0},
    {"constructed integer", READ_UNSIGNED, "2203020101", ASSAY_MALFORMED,
     "f: tag 0x22 where 0x02 is due", 0},
    {"small 256", READ_SMALL, "02020100", ASSAY_MALFORMED,
     "f: integer is above 255", 0},
    {"small -1", READ_SMALL, "0201ff", ASSAY_MALFORMED,
     "f: integer is negative", 0},
    {"small 2^64", READ_SMALL, "0209010000000000000000", ASSAY_MALFORMED,
     "f: integer is above 255", 0},
    {"small 2^64 + 1", READ_SMALL, "0209010000000000000001", ASSAY_MALFORMED,
     "f: integer is above 255", 0},
    {"large 2^32", READ_LARGE, "02050100000000", ASSAY_MALFORMED,
     "f: integer is above 4294967295", 0},
    {"large 2^40", READ_LARGE, "0206010000000000", ASSAY_MALFORMED,
     "f: integer is above 4294967295", 0},
    {"enumerated 3", READ_ENUMERATED, "0a0103", ASSAY_MALFORMED,
     "f: integer is above 2", 0},
    {"integer where an enumerated is due", READ_ENUMERATED, "020101",
     ASSAY_MALFORMED, "f: tag 0x02 where 0x0a is due", 0},
    /* booleans, X.690 11.1 */
    {"boolean 01", READ_BOOLEAN, "010101", ASSAY_MALFORMED,
     "f: boolean is neither 00 nor ff", 0},
    {"boolean fe", READ_BOOLEAN, "0101fe", ASSAY_MALFORMED,
     "f: boolean is neither 00 nor ff", 0},
    {"boolean of two octets", READ_BOOLEAN, "0102ffff", ASSAY_MALFORMED,
     "f: boolean is neither 00 nor ff", 0},
    {"boolean without octets", READ_BOOLEAN, "0100", ASSAY_MALFORMED,
     "f: boolean is neither 00 nor ff", 0},
    /* bit strings of octets */
    {"bit string without octets", READ_OCTETS, "0300", ASSAY_MALFORMED,
     "f: bit string is not of whole octets", 0},
    {"bit string with an unused bit", READ_OCTETS, "030201aa", ASSAY_MALFORMED,
     "f: bit string is not of whole octets", 0},
    {"constructed bit string", READ_OCTETS, "2304030200aa", ASSAY_MALFORMED,
     "f: tag 0x23 where 0x03 is due", 0},
    /* times, RFC 5280 section 4.1.2.5 */
    {"UTCTime without seconds", READ_TIME, "170b323630393231313431335a",
     ASSAY_MALFORMED, "f: \"2609211413Z\" is not of the form YYMMDDhhmmssZ", 0},
    {"UTCTime without Z", READ_TIME, "170c323630393231313431333230",
     ASSAY_MALFORMED, "f: \"260921141320\" is not of the form YYMMDDhhmmssZ",
     0},
    {"UTCTime with an offset", READ_TIME,
     "17113236303932313134313332302b30313030", ASSAY_MALFORMED,
     "f: \"260921141320+0100\" is not of the form YYMMDDhhmmssZ", 0},
    {"UTCTime with small z", READ_TIME, "170d3236303932313134313332307a",
     ASSAY_MALFORMED, "f: \"260921141320z\" is not", 0},
    {"UTCTime of February 30th", READ_TIME, "170d3236303233303030303030305a",
     ASSAY_MALFORMED, "f: \"260230000000Z\" has no such day", 0},
    {"UTCTime of second 60", READ_TIME, "170d3236303932313134313336305a",
     ASSAY_MALFORMED, "f: \"260921141360Z\" has no such second", 0},
    {"empty UTCTime", READ_TIME, "1700", ASSAY_MALFORMED, "f: \"\" is not", 0},
    /* 20491231235959Z */
    {"GeneralizedTime of 2049", READ_TIME, "180f32303439313233313233353935395a",
     ASSAY_MALFORMED, "f: GeneralizedTime before 2050", 0},
    /* 20500101000000.5Z */
    {"GeneralizedTime with a fraction", READ_TIME,
     "181132303530303130313030303030302e355a", ASSAY_MALFORMED,
     "f: \"20500101000000.5Z\" is not of the form YYYYMMDDhhmmssZ", 0},
    {"GeneralizedTime with two digits of year", READ_TIME,
     "180d3530303130313030303030305a", ASSAY_MALFORMED,
     "f: \"500101000000Z\" is not", 0},
    {"integer where a time is due", READ_TIME, "020101", ASSAY_MALFORMED,
     "f: tag 0x02 where 0x18 is due", 0},
};

static void
test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct assay_buf in = from_hex(bad[i].hex);
        struct assay_slice exact = exact_copy(assay_buf_slice(&in));
        struct assay_slice bytes = ASSAY_EMPTY;
        struct assay_error err;
        struct assay_reader r = {.in = exact, .base = BASE, .err = &err};
        int64_t got;

        assay_error_clear(&err);
        got = read_as(bad[i].what, &r, &bytes);
        assay_read_end(&r, "f");
        check_error(bad[i].name, &err, bad[i].code, bad[i].msg,
                    BASE + bad[i].at);
        if (bad[i].what != READ_ANY && r.pos == exact.len) {
            CHECK(bad[i].name, got == 0 && bytes.len == 0);
        }
        free((void *)exact.ptr);
        assay_buf_free(&in);
    }
}

/* Long lengths that are right: 127 to 65,536 octets of content. */
static void
test_long_lengths(void **state)
{
    static const struct {
        size_t len;
        const char *header;
    } rows[] = {{127, "047f"},        {128, "048180"},
                {255, "0481ff"},      {256, "04820100"},
                {65535, "0482ffff"},  {65536, "0483010000"},
                {70000, "0483011170"}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_buf in = from_hex(rows[i].header);
        struct assay_error err;
        struct assay_reader r;

        assert_non_null(assay_buf_extend(&in, rows[i].len));
        r = assay_der_reader(assay_buf_slice(&in), &err);
        assay_error_clear(&err);
        assert_int_equal(assay_der_peek(&r), ASSAY_DER_OCTET_STRING);
        assert_int_equal(assay_der_read(&r, ASSAY_DER_OCTET_STRING, "f").len,
                         rows[i].len);
        assay_read_end(&r, "f");
        assert_int_equal(err.code, ASSAY_OK);
        assert_int_equal(assay_der_peek(&r), 0);
        assay_buf_free(&in);
    }
}

/* Readers of inner elements count offsets from the outermost byte, and what is
 * left over inside is noticed there. */
static void
test_nesting(void **state)
{
    struct assay_buf in = from_hex("30093007020101020180aa05");
    struct assay_error err;
    struct assay_reader r = assay_der_reader(assay_buf_slice(&in), &err);
    struct assay_reader outer;
    struct assay_reader inner;

    (void)state;
    assay_error_clear(&err);
    outer = assay_der_enter(&r, ASSAY_DER_SEQUENCE, "outer");
    inner = assay_der_enter(&outer, ASSAY_DER_SEQUENCE, "inner");
    assert_int_equal(inner.base, 4);
    assert_int_equal(assay_der_unsigned(&inner, "inner.one").len, 1);
    (void)assay_der_unsigned(&inner, "inner.two");
    check_error("inner", &err, ASSAY_MALFORMED, "inner.two: integer is", 7);
    /* the first failure sticks, and nothing more is read */
    assert_int_equal(assay_der_peek(&r), 0);
    assert_int_equal(assay_der_read(&r, ASSAY_DER_SEQUENCE, "later").len, 0);
    check_error("inner", &err, ASSAY_MALFORMED, "inner.two: integer is", 7);

    assay_error_clear(&err);
    assay_read_end(&inner, "inner");
    check_error("inner end", &err, ASSAY_MALFORMED, "inner: 1 bytes left over",
                10);
    assay_buf_free(&in);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_long_lengths),
        cmocka_unit_test(test_nesting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
