/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_eventlog.c - logs from JSON: every member as it should be and in every
 * way it should not.
 */
#include "assay/eventlog.h"

#include "harness/json_edit.h"

#define H32 "0123456789abcdef0123456789abcdef"
#define H96 H32 H32 H32

/* An entry with all members, and one with those that it must have. */
#define FULL                                                                   \
    "{\"imr\":3,\"event_type\":134217729,\"digest\":\"" H96                    \
    "\",\"event\":\"app-id\",\"event_payload\":\"00fF\",\"version\":2,"        \
    "\"preimage\":\"7b7D\",\"other\":{\"a\":[null]}}"
#define BARE "{\"imr\":0,\"event_type\":4294967295,\"event\":\"\"}"
#define GOOD "[" FULL "," BARE "]"

static enum assay_code
parse(struct assay_slice text, struct assay_error *err)
{
    struct assay_eventlog *l = (struct assay_eventlog *)(uintptr_t)1;
    enum assay_code code = assay_eventlog_parse(text, &l, err);

    assert_true((l != NULL) == (code == ASSAY_OK));
    assay_eventlog_free(l);
    return code;
}

static struct assay_eventlog *
read_log(const char *text)
{
    struct assay_slice in = exact_copy(assay_slice_of(text));
    struct assay_eventlog *l = NULL;
    struct assay_error err;

    if (assay_eventlog_parse(in, &l, &err) != ASSAY_OK) {
        fail_msg("%s: %s", text, err.msg);
    }
    free((void *)in.ptr); /* a log owns its bytes */
    return l;
}

static void
all_members(void **state)
{
    static const uint8_t payload[] = {0x00, 0xff};
    struct assay_eventlog *l = read_log(GOOD);
    const struct assay_event *e = assay_eventlog_event(l, 0);

    (void)state;
    assert_int_equal(assay_eventlog_count(l), 2);
    assert_int_equal(e->imr, 3);
    assert_int_equal(e->type, ASSAY_EVENT_RUNTIME);
    assert_int_equal(e->version, 2);
    assert_true(assay_slice_is(e->name, "app-id"));
    assert_true(assay_slice_equal(e->payload, ASSAY_SLICE(payload)));
    assert_int_equal(e->digest.len, 48);
    assert_int_equal(e->digest.ptr[47], 0xef);
    assert_true(e->has_preimage);
    assert_true(assay_slice_is(e->preimage, "{}"));
    assay_eventlog_free(l);
}

static void
what_may_be_absent(void **state)
{
    struct assay_eventlog *l = read_log(GOOD);
    const struct assay_event *e = assay_eventlog_event(l, 1);

    (void)state;
    assert_int_equal(e->imr, 0);
    assert_int_equal(e->type, UINT32_MAX);
    assert_int_equal(e->version, 1);
    assert_int_equal(e->name.len, 0);
    assert_int_equal(e->payload.len, 0);
    assert_int_equal(e->digest.len, 0);
    assert_false(e->has_preimage);
    assert_int_equal(e->preimage.len, 0);
    assay_eventlog_free(l);

    l = read_log("[]");
    assert_int_equal(assay_eventlog_count(l), 0);
    assay_eventlog_free(l);
    assay_eventlog_free(NULL);
}

#define OK(name, find, put) {name, find, put, ASSAY_OK, "", NULL}
#define BAD(name, find, put, msg, at)                                          \
    {name, find, put, ASSAY_MALFORMED, "event log: " msg, at}

static void
one_change(void **state)
{
    static const struct json_row rows[] = {
        OK("as it is", "[", "["),
        OK("space", "[", " [ "),
        OK("imr above 3 is judged later", "\"imr\":3", "\"imr\":4294967295"),
        OK("version 1", "\"version\":2", "\"version\":1"),
        OK("empty digest", "\"" H96 "\"", "\"\""),
        OK("short digest is judged later", "\"" H96 "\"", "\"00\""),
        OK("64 octets", H96, H96 H32),
        OK("empty pre-image", "7b7D", ""),
        OK("escaped name", "\"app-id\"", "\"a\\u0001\\\"\\ud83d\\ude00\""),
        OK("no other", ",\"other\":{\"a\":[null]}", ""),
        BAD("imr missing", "\"imr\":3", "\"x\":3", "entry 0: imr: missing",
            "["),
        BAD("imr negative", "\"imr\":3", "\"imr\":-1",
            "entry 0: imr: not an integer", "\"imr\":"),
        BAD("imr too large", "\"imr\":3", "\"imr\":4294967296",
            "entry 0: imr: not an integer", "\"imr\":"),
        BAD("imr fraction", "\"imr\":3", "\"imr\":3.0",
            "entry 0: imr: not an integer", "\"imr\":"),
        BAD("imr string", "\"imr\":3", "\"imr\":\"3\"",
            "entry 0: imr: not an integer", "\"imr\":"),
        BAD("imr null", "\"imr\":3", "\"imr\":null",
            "entry 0: imr: not an integer", "\"imr\":"),
        BAD("type missing", "\"event_type\"", "\"event_typ\"",
            "entry 0: event_type: missing", "["),
        BAD("type too large", "134217729", "1e3",
            "entry 0: event_type: not an integer", "\"event_type\":"),
        BAD("event missing", "\"event\"", "\"Event\"",
            "entry 0: event: missing", "["),
        BAD("event null", "\"app-id\"", "null", "entry 0: event: not a string",
            "\"event\":"),
        BAD("event array", "\"app-id\"", "[\"app-id\"]",
            "entry 0: event: not a string", "\"event\":"),
        BAD("payload null", "\"00fF\"", "null",
            "entry 0: event_payload: not a string", "\"event_payload\":"),
        BAD("payload odd", "\"00fF\"", "\"00f\"",
            "entry 0: event_payload: an odd number", "\"event_payload\":"),
        BAD("payload no hex", "\"00fF\"", "\"00fg\"",
            "entry 0: event_payload: 'g' is no hex", "\"event_payload\":"),
        BAD("payload 0x", "\"00fF\"", "\"0x00\"",
            "entry 0: event_payload: 'x' is no hex", "\"event_payload\":"),
        BAD("digest null", "\"" H96 "\"", "null",
            "entry 0: digest: not a string", "\"digest\":"),
        BAD("digest odd", H96, "0" H96, "entry 0: digest: an odd number",
            "\"digest\":"),
        BAD("digest no hex", H96, "zz", "entry 0: digest: 'z' is no hex",
            "\"digest\":"),
        BAD("65 octets", H96, H96 H32 "00",
            "entry 0: digest: more than 128 hex digits", "\"digest\":"),
        BAD("version 0", "\"version\":2", "\"version\":0",
            "entry 0: version: not 1 or 2", "\"version\":"),
        BAD("version 3", "\"version\":2", "\"version\":3",
            "entry 0: version: not 1 or 2", "\"version\":"),
        BAD("version null", "\"version\":2", "\"version\":null",
            "entry 0: version: not an integer", "\"version\":"),
        BAD("version string", "\"version\":2", "\"version\":\"2\"",
            "entry 0: version: not an integer", "\"version\":"),
        BAD("pre-image null", "\"7b7D\"", "null",
            "entry 0: preimage: not a string", "\"preimage\":"),
        BAD("pre-image odd", "\"7b7D\"", "\"7b7\"",
            "entry 0: preimage: an odd number", "\"preimage\":"),
        BAD("pre-image no hex", "\"7b7D\"", "\"{}\"",
            "entry 0: preimage: '{' is no hex", "\"preimage\":"),
        BAD("second entry", BARE, "[" BARE "]", "entry 1: not an object",
            FULL ","),
        BAD("second entry null", BARE, "null", "entry 1: not an object",
            FULL ","),
        BAD("member twice", "\"version\"", "\"imr\"",
            "JSON has the member \"imr\" twice", "\"00fF\","),
        BAD("name is no UTF-8", "app-id", "app\xff", "", NULL),
        BAD("name with NUL", "app-id", "a\\u0000", "", NULL),
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_buf b = edit_text(rows[i].name, assay_slice_of(GOOD),
                                       rows[i].find, rows[i].put);
        struct assay_error err;

        if (rows[i].code != ASSAY_OK && rows[i].at == NULL) {
            /* the reader's own failure: its place is tested there */
            (void)parse(assay_buf_slice(&b), &err);
            CHECK(rows[i].name, err.code == rows[i].code);
        } else {
            json_row_check(&rows[i], assay_buf_slice(&b), parse);
        }
        assay_buf_free(&b);
    }
}

static void
other_tops(void **state)
{
    static const char *const tops[] = {"{}", "null", "\"[]\"", "7",
                                       "{\"event_log\":[]}"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(tops); i++) {
        struct assay_error err;

        assert_int_equal(parse(assay_slice_of(tops[i]), &err), ASSAY_MALFORMED);
        check_error(tops[i], &err, ASSAY_MALFORMED, "event log: not an array",
                    0);
    }
}

static void
each_truncation(void **state)
{
    struct assay_slice good = assay_slice_of(GOOD);

    (void)state;
    for (size_t n = 0; n < good.len; n++) {
        struct assay_slice cut = exact_copy((struct assay_slice){good.ptr, n});
        struct assay_error err;

        assert_int_equal(parse(cut, &err), ASSAY_TRUNCATED);
        free((void *)cut.ptr);
    }
}

static void
limits(void **state)
{
    struct assay_error err;
    struct assay_buf b = repeat_text("[", ASSAY_EVENTLOG_MAX_EVENTS, BARE, "]");

    (void)state;
    assert_int_equal(parse(assay_buf_slice(&b), &err), ASSAY_OK);
    assay_buf_free(&b);

    b = repeat_text("[", ASSAY_EVENTLOG_MAX_EVENTS + 1, BARE, "]");
    assert_int_equal(parse(assay_buf_slice(&b), &err), ASSAY_TOO_LARGE);
    check_error("events", &err, ASSAY_TOO_LARGE,
                "event log: 4097 entries, limit 4096", 0);
    assay_buf_free(&b);

    assay_buf_init(&b, ASSAY_EVENTLOG_MAX_BYTES + 1);
    assay_buf_add_text(&b, "[]");
    memset(assay_buf_extend(&b, ASSAY_EVENTLOG_MAX_BYTES - 2), ' ',
           ASSAY_EVENTLOG_MAX_BYTES - 2);
    assert_int_equal(parse(assay_buf_slice(&b), &err), ASSAY_OK);
    assay_buf_add_u8(&b, ' ');
    assert_int_equal(parse(assay_buf_slice(&b), &err), ASSAY_TOO_LARGE);
    assay_buf_free(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_members), cmocka_unit_test(what_may_be_absent),
        cmocka_unit_test(one_change),  cmocka_unit_test(other_tops),
        cmocka_unit_test(limits),      cmocka_unit_test(each_truncation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
