/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_isv_levels.c - levels of one security version number: read in any
 * order, kept in descending order, matched from the top.
 */
#include "collateral/isv_levels.h"

#include "harness/json_edit.h"

#define DATE  "2024-03-13T00:00:00Z"
#define TAIL  "\"tcbDate\":\"" DATE "\",\"tcbStatus\":\"UpToDate\""
#define LEVEL "{\"tcb\":{\"isvsvn\":7}," TAIL "}"
#define GOOD  "{\"tcbLevels\":[" LEVEL "]}"

static struct assay_json *
parse_text(struct assay_slice text, struct assay_error *err)
{
    static const struct assay_json_limits limits = {1u << 20, 8, 1u << 16};
    struct assay_json *j = NULL;

    assay_error_clear(err);
    if (assay_json_parse(text, &limits, "list", &j, err) != ASSAY_OK) {
        fail_msg("%s", err->msg);
    }
    return j;
}

static enum assay_code
parse(struct assay_slice text, struct assay_error *err)
{
    struct assay_json *j = parse_text(text, err);
    struct assay_isv_levels levels;
    struct assay_fields f = {j, ASSAY_JSON_ROOT, "list", err};

    assay_error_clear(err);
    assay_isv_levels_read(&f, &levels);
    assay_isv_levels_free(&levels);
    assert_null(levels.level);
    assay_json_free(j);
    return err->code;
}

#define BAD ASSAY_MALFORMED

static const struct json_row rows[] = {
    {"good", "", "", ASSAY_OK, "", NULL},
    {"none", LEVEL, "", BAD, "list.tcbLevels: 0 levels, 1 to 64 are allowed",
     "\"tcbLevels\":"},
    {"no list", "tcbLevels", "levels", BAD, "list.tcbLevels: missing", ""},
    {"a list of numbers", LEVEL, "7", BAD, "tcbLevels.tcb: missing", "["},
    {"isvsvn 0", ":7", ":0", ASSAY_OK, "", NULL},
    {"isvsvn 65535", ":7", ":65535", ASSAY_OK, "", NULL},
    {"isvsvn 65536", ":7", ":65536", BAD,
     "tcbLevels.tcb.isvsvn: not an integer from 0 to 65535", "\"isvsvn\":"},
    {"isvsvn -1", ":7", ":-1", BAD, "tcbLevels.tcb.isvsvn: not an integer",
     "\"isvsvn\":"},
    {"isvsvn -0", ":7", ":-0", BAD, "tcbLevels.tcb.isvsvn: not an integer",
     "\"isvsvn\":"},
    {"isvsvn 7.0", ":7", ":7.0", BAD, "tcbLevels.tcb.isvsvn: not an integer",
     "\"isvsvn\":"},
    {"isvsvn 7e0", ":7", ":7e0", BAD, "tcbLevels.tcb.isvsvn: not an integer",
     "\"isvsvn\":"},
    {"isvsvn 2^64 + 7", ":7", ":18446744073709551623", BAD,
     "tcbLevels.tcb.isvsvn: not an integer", "\"isvsvn\":"},
    {"isvsvn is a string", ":7", ":\"7\"", BAD,
     "tcbLevels.tcb.isvsvn: not of type number", "\"isvsvn\":"},
    {"isvsvn outside tcb", "{\"isvsvn\":7}", "{},\"isvsvn\":7", BAD,
     "tcbLevels.tcb.isvsvn: missing", "\"tcb\":"},
    {"OutOfDate", "UpToDate", "OutOfDate", ASSAY_OK, "", NULL},
    {"Revoked", "UpToDate", "Revoked", ASSAY_OK, "", NULL},
    {"SWHardeningNeeded", "UpToDate", "SWHardeningNeeded", BAD,
     "tcbLevels.tcbStatus: 'SWHardeningNeeded' is not known here",
     "\"tcbStatus\":"},
    {"ConfigurationNeeded", "UpToDate", "ConfigurationNeeded", BAD,
     "tcbLevels.tcbStatus: 'ConfigurationNeeded' is not", "\"tcbStatus\":"},
    {"ConfigurationAndSWHardeningNeeded", "UpToDate",
     "ConfigurationAndSWHardeningNeeded", BAD,
     "tcbLevels.tcbStatus: 'ConfigurationAndSWHardeningNeeded' is not",
     "\"tcbStatus\":"},
    {"OutOfDateConfigurationNeeded", "UpToDate", "OutOfDateConfigurationNeeded",
     BAD, "tcbLevels.tcbStatus: 'OutOfDateConfigurationNeeded' is not",
     "\"tcbStatus\":"},
    {"TDRelaunchAdvised", "UpToDate", "TDRelaunchAdvised", BAD,
     "tcbLevels.tcbStatus: 'TDRelaunchAdvised' is not", "\"tcbStatus\":"},
    {"lower case", "UpToDate", "uptodate", BAD,
     "tcbLevels.tcbStatus: 'uptodate' is not", "\"tcbStatus\":"},
    {"with a space", "UpToDate", "UpToDate ", BAD,
     "tcbLevels.tcbStatus: 'UpToDate ' is not", "\"tcbStatus\":"},
    {"empty status", "UpToDate", "", BAD, "tcbLevels.tcbStatus: '' is not",
     "\"tcbStatus\":"},
    {"long status", "UpToDate", "0123456789012345678901234567890123456789XXXX",
     BAD, "tcbLevels.tcbStatus: '0123456789012345678901234567890123456789' is",
     "\"tcbStatus\":"},
    {"day that is none", "03-13", "02-30", BAD, "tcbLevels.tcbDate",
     "\"tcbDate\":"},
    {"twice", LEVEL, LEVEL "," LEVEL, BAD, "tcbLevels: isvsvn 7 occurs twice",
     LEVEL ","},
    {"twice, another status", LEVEL,
     LEVEL ",{\"tcb\":{\"isvsvn\":7},\"tcbStatus\":\"Revoked\",\"tcbDate\":"
           "\"" DATE "\"}",
     BAD, "tcbLevels: isvsvn 7 occurs twice", LEVEL ","},
};

static void
test_rows(void **state)
{
    (void)state;
    json_rows(assay_slice_of(GOOD), rows, COUNT_OF(rows), parse);
}

static void
test_advisories(void **state)
{
#define A64 "0123456789012345678901234567890123456789012345678901234567890123"
    static const struct json_row lists[] = {
        {"none", "#", "[]", ASSAY_OK, "", NULL},
        {"one", "#", "[\"INTEL-SA-00289\"]", ASSAY_OK, "", NULL},
        {"one character", "#", "[\"!\"]", ASSAY_OK, "", NULL},
        {"64 bytes", "#", "[\"" A64 "\"]", ASSAY_OK, "", NULL},
        {"65 bytes", "#", "[\"" A64 "x\"]", BAD,
         "tcbLevels.advisoryIDs: not an advisory ID", "\"advisoryIDs\":["},
        {"empty", "#", "[\"\"]", BAD,
         "tcbLevels.advisoryIDs: not an advisory ID", "\"advisoryIDs\":["},
        {"space", "#", "[\"A B\"]", BAD,
         "tcbLevels.advisoryIDs: not an advisory ID", "\"advisoryIDs\":["},
        {"tab", "#", "[\"A\\tB\"]", BAD,
         "tcbLevels.advisoryIDs: not an advisory ID", "\"advisoryIDs\":["},
        {"DEL", "#", "[\"\\u007f\"]", BAD,
         "tcbLevels.advisoryIDs: not an advisory ID", "\"advisoryIDs\":["},
        {"not ASCII", "#", "[\"\xc3\xa4\"]", BAD,
         "tcbLevels.advisoryIDs: not an advisory ID", "\"advisoryIDs\":["},
        {"the second is a number", "#", "[\"A\",7]", BAD,
         "tcbLevels.advisoryIDs: not an advisory ID", "\"A\","},
        {"null", "#", "null", BAD, "tcbLevels.advisoryIDs: not of type array",
         "\"advisoryIDs\":"},
        {"a string", "#", "\"A\"", BAD,
         "tcbLevels.advisoryIDs: not of type array", "\"advisoryIDs\":"},
    };
    static const struct {
        unsigned count;
        enum assay_code code;
    } counts[] = {{256, ASSAY_OK}, {257, ASSAY_TOO_LARGE}};

    (void)state;
    json_rows(assay_slice_of("{\"tcbLevels\":[{\"tcb\":{\"isvsvn\":7}," TAIL
                             ",\"advisoryIDs\":#}]}"),
              lists, COUNT_OF(lists), parse);
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        struct assay_buf b =
            repeat_text("{\"tcbLevels\":[{\"tcb\":{\"isvsvn\":7}," TAIL
                        ",\"advisoryIDs\":[",
                        counts[i].count, "\"A-#\"", "]}]}");
        const struct json_row row = {"many",
                                     "",
                                     "",
                                     counts[i].code,
                                     "tcbLevels.advisoryIDs: more than 256",
                                     "\"advisoryIDs\":"};

        if (counts[i].code == ASSAY_OK) {
            struct assay_error err;

            assert_int_equal(parse(assay_buf_slice(&b), &err), ASSAY_OK);
        } else {
            json_row_check(&row, assay_buf_slice(&b), parse);
        }
        assay_buf_free(&b);
    }
}

static void
test_count(void **state)
{
    struct assay_error err;
    struct assay_buf b = repeat_text("{\"tcbLevels\":[", 64,
                                     "{\"tcb\":{\"isvsvn\":#}," TAIL "}", "]}");
    static const struct json_row row = {
        "65 levels",
        "",
        "",
        ASSAY_TOO_LARGE,
        "list.tcbLevels: 65 levels, 1 to 64 are allowed",
        "\"tcbLevels\":"};

    (void)state;
    assert_int_equal(parse(assay_buf_slice(&b), &err), ASSAY_OK);
    assay_buf_free(&b);
    b = repeat_text("{\"tcbLevels\":[", 65, "{\"tcb\":{\"isvsvn\":#}," TAIL "}",
                    "]}");
    json_row_check(&row, assay_buf_slice(&b), parse);
    assay_buf_free(&b);
}

/* Whatever the order in the text. */
static void
test_order_and_match(void **state)
{
    static const unsigned orders[][3] = {{9, 4, 2}, {9, 2, 4}, {4, 9, 2},
                                         {4, 2, 9}, {2, 9, 4}, {2, 4, 9}};
    static const struct {
        uint16_t svn;
        int level; /* -1: none */
    } matches[] = {{0, -1}, {1, -1}, {2, 2},  {3, 2},    {4, 4},
                   {8, 4},  {9, 9},  {10, 9}, {65535, 9}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        struct assay_buf text;
        struct assay_error err;
        struct assay_json *j;
        struct assay_isv_levels l;

        assay_buf_init(&text, 4096);
        for (size_t k = 0; k < 3; k++) {
            assay_buf_printf(&text,
                             "%s{\"tcb\":{\"isvsvn\":%u},\"tcbDate\":\"2020-01-"
                             "01T00:00:%02uZ\",\"tcbStatus\":\"%s\"}",
                             k == 0 ? "{\"tcbLevels\":[" : ",", orders[i][k],
                             orders[i][k],
                             orders[i][k] == 9   ? "UpToDate"
                             : orders[i][k] == 4 ? "OutOfDate"
                                                 : "Revoked");
        }
        assay_buf_add_text(&text, "]}");
        j = parse_text(assay_buf_slice(&text), &err);
        assay_error_clear(&err);
        assay_isv_levels_read(
            &(struct assay_fields){j, ASSAY_JSON_ROOT, "list", &err}, &l);
        assert_int_equal(err.code, ASSAY_OK);
        assert_int_equal(l.count, 3);
        assert_int_equal(l.level[0].isvsvn, 9);
        assert_int_equal(l.level[0].tail.status, ASSAY_TCB_UP_TO_DATE);
        assert_int_equal(l.level[1].isvsvn, 4);
        assert_int_equal(l.level[1].tail.status, ASSAY_TCB_OUT_OF_DATE);
        assert_int_equal(l.level[2].isvsvn, 2);
        assert_int_equal(l.level[2].tail.status, ASSAY_TCB_REVOKED);
        for (size_t k = 0; k < 3; k++) { /* 2020-01-01T00:00:00Z */
            assert_int_equal(l.level[k].tail.tcb_date_s,
                             1577836800 + l.level[k].isvsvn);
            assert_int_equal(l.level[k].tail.advisories, ASSAY_JSON_NONE);
        }
        for (size_t k = 0; k < COUNT_OF(matches); k++) {
            const struct assay_isv_level *hit =
                assay_isv_levels_match(&l, matches[k].svn);

            assert_int_equal(hit != NULL ? hit->isvsvn : -1, matches[k].level);
        }
        assay_isv_levels_free(&l);
        assert_null(assay_isv_levels_match(&l, 65535));
        assay_json_free(j);
        assay_buf_free(&text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_advisories),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_order_and_match),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
