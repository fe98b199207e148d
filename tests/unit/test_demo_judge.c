/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_demo_judge.c - when the demo may say that an attack was refused: never
 * for a client that trusted it, died, or complained of something else.
 */
#include "harness/unit.h"
#include "programs/demo/judge.h"

#define ROWS(outcome)                                                          \
    "\"checks\":[{\"name\":\"debug\",\"outcome\":\"passed\"},"                 \
    "{\"name\":\"report_data\",\"outcome\":\"" outcome "\"}]"
#define ERROR(code)                                                            \
    "\"error\":{\"code\":\"" code "\",\"message\":\"" code ": a reason\"}"
#define DOCUMENT(trusted, error, rows, response)                               \
    "{\"verdict\":{\"trusted\":" trusted "," error "," rows                    \
    "},\"response\":" response "}"
#define RESPONSE "{\"status\":200,\"body\":\"hello\"}"

static const struct judge_expects binding = {"report_data", NULL};
static const struct judge_expects reasoned = {"report_data", "a reason"};
static const struct judge_expects misworded = {"report_data", "an excuse"};
static const struct judge_expects tls = {"tls", NULL};
static const struct judge_expects debug = {"debug", NULL};

static const struct {
    const char *name;
    const char *document;
    int code;
    const struct judge_expects *expects;
    bool refused;
    bool as_expected;
    const char *by;
    const char *message; /* its start */
} rows[] = {
    {"refused", DOCUMENT("false", ERROR("report_data"), ROWS("failed"), "null"),
     1, &binding, true, true, "report_data", "report_data: a reason"},
    {"words", DOCUMENT("false", ERROR("report_data"), ROWS("failed"), "null"),
     1, &reasoned, true, true, "report_data", "report_data: a reason"},
    {"other words",
     DOCUMENT("false", ERROR("report_data"), ROWS("failed"), "null"), 1,
     &misworded, true, false, "report_data", "report_data: a reason"},
    {"before evidence",
     DOCUMENT("false", ERROR("tls"), "\"checks\":[]", "null"), 1, &tls, true,
     true, "tls", "tls: a reason"},
    {"another reason", DOCUMENT("false", ERROR("tls"), ROWS("failed"), "null"),
     1, &binding, true, false, "tls", "tls: a reason"},
    {"the row passed",
     DOCUMENT("false", ERROR("debug"), ROWS("failed"), "null"), 1, &debug, true,
     false, "debug", "debug: a reason"},
    {"no such row", DOCUMENT("false", ERROR("tls"), ROWS("failed"), "null"), 1,
     &tls, true, false, "tls", ""},
    {"trusted", DOCUMENT("true", "\"error\":null", ROWS("passed"), RESPONSE), 0,
     &binding, false, false, "", "the client trusts this server (exit code 0)"},
    {"trusted, and a reason to be refused",
     DOCUMENT("true", ERROR("report_data"), ROWS("failed"), "null"), 1,
     &binding, false, false, "report_data", ""},
    {"exit code 0",
     DOCUMENT("false", ERROR("report_data"), ROWS("failed"), "null"), 0,
     &binding, false, false, "report_data", ""},
    {"not tried (exit code 2)",
     DOCUMENT("false", ERROR("network"), "\"checks\":[]", "null"), 2, &binding,
     false, false, "network", ""},
    {"killed", DOCUMENT("false", ERROR("report_data"), ROWS("failed"), "null"),
     139, &binding, false, false, "report_data", ""},
    {"a response all the same",
     DOCUMENT("false", ERROR("report_data"), ROWS("failed"), RESPONSE), 1,
     &binding, false, false, "report_data", ""},
    {"no word on the response",
     "{\"verdict\":{\"trusted\":false," ERROR("report_data") "}}", 1, &binding,
     false, false, "report_data", ""},
    {"no reason", DOCUMENT("false", "\"error\":null", ROWS("failed"), "null"),
     1, &binding, false, false, "", ""},
    {"no verdict", "{\"verdict\":null,\"response\":null}", 1, &binding, false,
     false, "", ""},
    {"no object", "[]", 1, &binding, false, false, "", ""},
    {"nothing", "", 1, &binding, false, false, "", "the client's answer"},
};

static void
each_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct outcome o;

        judge(assay_slice_of(rows[i].document), rows[i].code, rows[i].expects,
              &o);
        CHECK(rows[i].name, o.refused == rows[i].refused);
        CHECK(rows[i].name, o.as_expected == rows[i].as_expected);
        CHECK(rows[i].name, strcmp(o.by, rows[i].by) == 0);
        CHECK(rows[i].name, strncmp(o.message, rows[i].message,
                                    strlen(rows[i].message)) == 0);
    }
}

/* What was cut off is never a refusal. */
static void
each_truncation(void **state)
{
    const struct assay_slice whole = assay_slice_of(
        DOCUMENT("false", ERROR("report_data"), ROWS("failed"), "null"));

    (void)state;
    for (size_t n = 0; n < whole.len; n++) {
        struct assay_slice cut = exact_copy((struct assay_slice){whole.ptr, n});
        struct outcome o;

        judge(cut, 1, &binding, &o);
        assert_false(o.refused);
        assert_false(o.as_expected);
        free((void *)(uintptr_t)cut.ptr);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row),
        cmocka_unit_test(each_truncation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
