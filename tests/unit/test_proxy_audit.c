/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_audit.c - the line of each request.
 */
#include "harness/unit.h"
#include "programs/proxy/audit.h"

#include "base/buf.h"
#include "base/json.h"

static void
check_line(const struct visit_report *r, const char *want)
{
    struct assay_buf line;

    assay_buf_init(&line, JOURNAL_LINE_MAX_BYTES);
    audit_put(r, 1786622400, &line);
    assert_false(line.failed);
    if (!assay_slice_is(assay_buf_slice(&line), want)) {
        fail_msg("\"%.*s\"", (int)line.len, (const char *)line.ptr);
    }
    assay_buf_free(&line);
}

static void
test_lines(void **state)
{
    struct visit_report r = {
        .peer = "127.0.0.1:5",
        .provider = "tee",
        .method = assay_slice_of("POST"),
        .path = assay_slice_of("/tee/chat/completions"),
        .status = 200,
        .ended = VISIT_ABORTED,
        .code = "upstream_timeout",
        .ms = 12,
        .bytes_in = 3,
        .bytes_out = 4,
        .evidence = "0123456789abcdef",
        .tcb = "UpToDate",
        .translated = true,
    };

    (void)state;
    check_line(&r, "{\"time\":\"2026-08-13T12:00:00Z\","
                   "\"peer\":\"127.0.0.1:5\",\"provider\":\"tee\","
                   "\"method\":\"POST\",\"path\":\"/tee/chat/completions\","
                   "\"status\":200,\"duration_ms\":12,\"bytes_in\":3,"
                   "\"bytes_out\":4,\"evidence\":\"0123456789abcdef\","
                   "\"tcb\":\"UpToDate\",\"translated\":true,"
                   "\"end\":\"aborted\",\"error\":\"upstream_timeout\"}\n");
    r = (struct visit_report){.peer = "unix",
                              .provider = "",
                              .path = assay_slice_of("/\"\n\x01"),
                              .status = 400,
                              .code = "",
                              .evidence = "",
                              .tcb = ""};
    check_line(&r, "{\"time\":\"2026-08-13T12:00:00Z\",\"peer\":\"unix\","
                   "\"method\":\"\",\"path\":\"/\\\"\\n\\u0001\","
                   "\"status\":400,\"duration_ms\":0,\"bytes_in\":0,"
                   "\"bytes_out\":0,\"end\":\"whole\"}\n");
}

/* However long a path is, its line is written in one step. */
static void
test_long(void **state)
{
    static uint8_t path[ASSAY_HTTP1_TARGET_MAX_BYTES];
    struct visit_report r = {.peer = "[ffff:ffff:ffff:ffff:ffff::1]:65535",
                             .provider =
                                 "a23456789012345678901234567890123456789012345"
                                 "6789012345678901234",
                             .method = {path, 8192},
                             .path = ASSAY_SLICE(path),
                             .status = 599,
                             .ended = VISIT_SWITCHED,
                             .code = "content_encoding_not_supported",
                             .ms = UINT64_MAX,
                             .bytes_in = UINT64_MAX,
                             .bytes_out = UINT64_MAX,
                             .evidence = "0123456789abcdef",
                             .tcb = "OutOfDateConfigurationNeeded",
                             .translated = true};
    struct assay_buf line;

    (void)state;
    memset(path, 1, sizeof(path));
    assay_buf_init(&line, JOURNAL_LINE_MAX_BYTES);
    audit_put(&r, 1786622400, &line);
    assert_false(line.failed);
    assert_true(line.ptr[line.len - 1] == '\n');
    assay_buf_free(&line);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
