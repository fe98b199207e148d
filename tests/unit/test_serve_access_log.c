/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_serve_access_log.c - lines about requests, and the counters beside them:
 * what strangers send does not get out of its place, and a line that was torn
 * does not spoil the next one.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "daemon/journal.h"
#include "harness/unit.h"
#include "io/file.h"
#include "programs/serve/access_log.h"
#include "programs/serve/metrics.h"

#define LOG   "test_serve_access_log.log"
#define NOW_S INT64_C(1790000000)

static struct request
request_of(const char *path)
{
    return (struct request){
        .peer = "192.0.2.1",
        .method = assay_slice_of("GET"),
        .path = assay_slice_of(path),
        .status = 200,
        .bytes = 12,
        .ms = 1234,
        .end = "whole",
    };
}

static void
expect(const char *want)
{
    struct assay_error err;
    struct assay_buf text;

    assay_error_clear(&err);
    assert_int_equal(assay_file_read(LOG, 1u << 20, &text, &err), ASSAY_OK);
    assay_buf_add_u8(&text, '\0');
    assert_string_equal((const char *)text.ptr, want);
    assay_buf_free(&text);
}

static struct journal *
open_log(void)
{
    struct journal *a = NULL;
    struct assay_error err;

    (void)unlink(LOG);
    assert_int_equal(journal_open(LOG, &a, &err), ASSAY_OK);
    return a;
}

static void
test_text(void **state)
{
    static const struct {
        const char *path;
        const char *want;
    } rows[] = {
        {"/a", "/a"},
        {"/%22", "/%22"},
        {"/\" 500 0 \"", "/\\x22\\x20500\\x200\\x20\\x22"},
        {"/\\x22", "/\\x5cx22"},
        {"/\r\n\x1b[1m\x7f\xc3\xa9", "/\\x0d\\x0a\\x1b[1m\\x7f\\xc3\\xa9"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct journal *a = open_log();
        struct request r = request_of(rows[i].path);
        char want[200];

        assert_true(access_log_write(a, false, &r, NOW_S));
        (void)snprintf(want, sizeof(want),
                       "192.0.2.1 - - [21/Sep/2026:14:13:20 +0000] \"GET %s "
                       "HTTP/1.1\" 200 12 1.234 whole\n",
                       rows[i].want);
        expect(want);
        journal_close(a);
    }
    (void)unlink(LOG);
}

static void
test_json(void **state)
{
    struct journal *a = open_log();
    struct request r = request_of("/\"\n");

    (void)state;
    assert_true(access_log_write(a, true, &r, NOW_S));
    expect("{\"time\":\"2026-09-21T14:13:20Z\",\"peer\":\"192.0.2.1\","
           "\"method\":\"GET\",\"path\":\"/\\\"\\n\",\"status\":200,"
           "\"bytes\":12,\"ms\":1234,\"end\":\"whole\"}\n");
    journal_close(a);
    (void)unlink(LOG);
}

/* What is longest still is one line. */
static void
test_long(void **state)
{
    static char path[100000];

    (void)state;
    memset(path, 1, sizeof(path) - 1);
    for (int json = 0; json < 2; json++) {
        struct journal *a = open_log();
        struct request r = request_of(path);
        struct assay_error err;
        struct assay_buf text;

        r.method = r.path;
        r.bytes = r.ms = UINT64_MAX;
        r.peer = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%interface-names";
        assert_true(access_log_write(a, json == 1, &r, NOW_S));
        journal_close(a);
        assay_error_clear(&err);
        assert_int_equal(assay_file_read(LOG, 1u << 20, &text, &err), ASSAY_OK);
        assert_true(text.len <= 4096 && text.ptr[text.len - 1] == '\n');
        assay_buf_free(&text);
    }
    (void)unlink(LOG);
}

static void
limit_files(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* As on a disk that is full for a while. */
static void
test_torn(void **state)
{
    struct journal *a = open_log();
    struct request r = request_of("/a");
    struct assay_error err;
    struct assay_buf text;
    size_t lines = 0;

    (void)state;
    (void)signal(SIGXFSZ, SIG_IGN);
    limit_files(20);
    assert_false(access_log_write(a, true, &r, NOW_S));
    assert_false(access_log_write(a, true, &r, NOW_S));
    limit_files(RLIM_INFINITY);
    assert_true(access_log_write(a, true, &r, NOW_S));
    journal_close(a);
    assay_error_clear(&err);
    assert_int_equal(assay_file_read(LOG, 1u << 20, &text, &err), ASSAY_OK);
    for (size_t i = 0; i < text.len; i++) {
        lines += text.ptr[i] == '\n';
    }
    assert_int_equal(lines, 2); /* the torn one, and a whole one */
    assert_memory_equal(text.ptr + 20, "\n{\"time\"", 8);
    assay_buf_free(&text);
    (void)unlink(LOG);
}

/* Nobody reads it at first; then somebody comes. */
static void
test_pipe(void **state)
{
    struct journal *a = NULL;
    struct request r = request_of("/a");
    struct assay_error err;
    static const char want[] = "192.0.2.1 - - [21/Sep/2026:14:13:20 +0000] "
                               "\"GET /a HTTP/1.1\" 200 12 1.234 whole\n";
    static char got[1u << 20];
    const size_t each = sizeof(want) - 1;
    size_t lines = 0;
    int reader;

    (void)state;
    (void)unlink(LOG);
    assert_int_equal(mkfifo(LOG, 0600), 0);
    assert_int_equal(journal_open(LOG, &a, &err), ASSAY_OK);
    while (access_log_write(a, false, &r, NOW_S)) {
        lines++;
        assert_true(lines < sizeof(got) / each);
    }
    assert_false(access_log_write(a, false, &r, NOW_S));
    reader = open(LOG, O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    assert_true(lines > 0);
    assert_int_equal(read(reader, got, sizeof(got)), lines * each);
    assert_memory_equal(got + (lines - 1) * each, want, each);
    assert_true(access_log_write(a, false, &r, NOW_S));
    assert_int_equal(read(reader, got, sizeof(got)), each);
    (void)close(reader);
    journal_close(a);
    (void)unlink(LOG);
}

static void
test_nowhere(void **state)
{
    struct journal *a = NULL;
    struct request r = request_of("/a");
    struct assay_error err;

    (void)state;
    assert_int_equal(journal_open("off", &a, &err), ASSAY_OK);
    assert_true(access_log_write(a, false, &r, NOW_S));
    assert_int_equal(journal_reopen(a, &err), ASSAY_OK);
    journal_close(a);
    assert_int_equal(journal_open("/none/log", &a, &err), ASSAY_IO);
    check_error("no folder", &err, ASSAY_IO, "/none/log: ", ASSAY_NO_OFFSET);
    journal_close(NULL);
}

/* --- counters ----------------------------------------------------------- */

static void
test_metrics(void **state)
{
    static struct metrics m;
    struct metric_sums sums = {.quotes_ms = 0};
    struct assay_buf text;

    (void)state;
    metrics_request(&m, 200, true);
    metrics_request(&m, 599, true);
    metrics_request(&m, 101, true);
    metrics_request(&m, 200, false);
    metrics_request(&m, 0, true);
    metrics_request(&m, 600, true);
    metrics_quote(&m, 5);
    metrics_quote(&m, 6);
    metrics_quote(&m, 10001);
    metrics_sum(&m, &sums);
    metrics_sum(&m, &sums); /* as of a second thread */
    assert_int_equal(sums.counts[METRIC_REQUESTS_1XX], 2);
    assert_int_equal(sums.counts[METRIC_REQUESTS_2XX], 2);
    assert_int_equal(sums.counts[METRIC_REQUESTS_5XX], 2);
    assert_int_equal(sums.counts[METRIC_REQUESTS_CUT], 6);
    assay_buf_init(&text, 1u << 16);
    metrics_put(&sums, &text);
    assay_buf_add_u8(&text, '\0');
    for (size_t i = 0; i < 4; i++) {
        static const char *const want[] = {
            "\nassay_serve_quote_seconds_bucket{le=\"0.005\"} 2\n",
            "\nassay_serve_quote_seconds_bucket{le=\"0.01\"} 4\n",
            "\nassay_serve_quote_seconds_bucket{le=\"10\"} 4\n"
            "assay_serve_quote_seconds_bucket{le=\"+Inf\"} 6\n"
            "assay_serve_quote_seconds_sum 20.024\n",
            "\nassay_serve_quotes_total{result=\"made\"} 6\n",
        };

        CHECK(want[i], strstr((const char *)text.ptr, want[i]) != NULL);
    }
    assay_buf_free(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),    cmocka_unit_test(test_json),
        cmocka_unit_test(test_long),    cmocka_unit_test(test_torn),
        cmocka_unit_test(test_pipe),    cmocka_unit_test(test_nowhere),
        cmocka_unit_test(test_metrics),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
