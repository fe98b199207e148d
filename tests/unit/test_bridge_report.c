/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_report.c - the line of each connection, and what is counted of
 * it: whatever a stranger sent stays in its place, and a line that is lost is
 * counted.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "harness/unit.h"
#include "io/file.h"
#include "programs/bridge/report.h"

#define LOG "test_bridge_report.log"

static const struct visit_report tunnel = {
    .peer = "192.0.2.1:50000",
    .target = "a.example:443",
    .address = "198.51.100.7:443",
    .denial = ADMITTED,
    .tunnel = {.why = TUNNEL_IDLE, .code = 1001, .up = 1, .down = 2, .ms = 3},
    .ms = 4,
};

static const struct visit_report unread = {
    .peer = "unix",
    .target = "",
    .address = "",
    .denial = DENIED_FULL,
    .ms = 0,
};

/* All that a line may have, of strangers who send what they like. */
static const struct visit_report hostile = {
    .peer = "a\nb",
    .target = "a\" end=\"closed",
    .address = "\x1b[31m",
    .denial = DENIED_ADDRESS,
    .why = "the bridge itself",
    .ms = UINT64_MAX,
};

static const struct visit_report relayed = {
    .peer = "[2001:db8::1]:1",
    .target = "",
    .address = "",
    .denial = RELAYED,
    .relayed = 304,
    .how = "hit",
    .ms = 5,
};

static const struct visit_report most = {
    .peer = "p",
    .target = "t",
    .address = "a",
    .denial = ADMITTED,
    .why = "w",
    .how = "h",
    .tunnel = {.why = TUNNEL_CLOSED,
               .code = 1000,
               .up = UINT64_MAX,
               .down = UINT64_MAX,
               .ms = UINT64_MAX},
    .ms = UINT64_MAX,
};

static const struct {
    const char *name;
    const struct visit_report *report;
    bool json;
    const char *line; /* behind the time */
} rows[] = {
    {"a tunnel", &tunnel, false,
     " info: connection peer=192.0.2.1:50000 target=a.example:443 "
     "address=198.51.100.7:443 status=101 end=idle close=1001 up=1 down=2 "
     "tunnel_ms=3 ms=4\n"},
    {"a tunnel in JSON", &tunnel, true,
     "\",\"level\":\"info\",\"event\":\"connection\","
     "\"peer\":\"192.0.2.1:50000\",\"target\":\"a.example:443\","
     "\"address\":\"198.51.100.7:443\",\"status\":101,\"end\":\"idle\","
     "\"close\":1001,\"up\":1,\"down\":2,\"tunnel_ms\":3,\"ms\":4}\n"},
    {"what is not known is left out", &unread, false,
     " info: connection peer=unix status=503 end=full ms=0\n"},
    {"strangers", &hostile, false,
     " info: connection peer=\"a\\nb\" target=\"a\\\" end=\\\"closed\" "
     "address=\"\\u001b[31m\" status=403 end=address_denied "
     "why=\"the bridge itself\" ms=18446744073709551615\n"},
    {"the relay", &relayed, false,
     " info: connection peer=[2001:db8::1]:1 status=304 end=relayed relay=hit "
     "ms=5\n"},
    {"all fields", &most, false,
     " info: connection peer=p target=t address=a status=101 end=closed why=w "
     "relay=h close=1000 up=18446744073709551615 down=18446744073709551615 "
     "tunnel_ms=18446744073709551615 ms=18446744073709551615\n"},
};

static struct journal *
open_journal(const char *where)
{
    struct journal *j = NULL;
    struct assay_error err;

    assert_int_equal(journal_open(where, &j, &err), ASSAY_OK);
    return j;
}

static void
lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct metrics metrics = {.counts = {0}};
        struct reports r = {.json = rows[i].json, .metrics = &metrics};
        struct assay_error err;
        struct assay_buf got;
        size_t len = strlen(rows[i].line);

        (void)unlink(LOG);
        r.access = open_journal(LOG);
        report_tell(&r, rows[i].report, 0);
        journal_close(r.access);
        assert_int_equal(assay_file_read(LOG, 1u << 20, &got, &err), ASSAY_OK);
        assay_buf_add_u8(&got, '\0');
        assert_true(got.len > len);
        assert_string_equal((const char *)got.ptr + got.len - 1 - len,
                            rows[i].line);
        assert_int_equal(metrics.counts[METRIC_LOG_LOST], 0);
        assay_buf_free(&got);
    }
    (void)unlink(LOG);
}

/* --- counters ------------------------------------------------------------ */

static void
counts(void **state)
{
    struct metrics m = {.counts = {0}};
    struct reports r = {.metrics = &m, .access = open_journal("off")};

    (void)state;
    report_tell(&r, &tunnel, 0);
    report_tell(&r, &tunnel, 0);
    report_tell(&r, &unread, 0);
    report_tell(&r, &relayed, 0);
    journal_close(r.access);
    assert_int_equal(m.ended[TUNNEL_IDLE], 2);
    assert_int_equal(m.denied[DENIED_FULL], 1);
    assert_int_equal(m.denied[RELAYED], 1);
    assert_int_equal(m.denied[ADMITTED], 0);
    assert_int_equal(m.counts[METRIC_LOG_LOST], 0);
}

/* A full disk is no reason not to serve. */
static void
losses(void **state)
{
    struct metrics m = {.counts = {0}};
    struct log log = {.json = false};
    struct reports r = {.log = &log, .metrics = &m};

    (void)state;
    r.access = open_journal("/dev/full");
    report_tell(&r, &tunnel, 1000);
    report_tell(&r, &tunnel, 1001);
    journal_close(r.access);
    assert_true(r.losses.losing);
    assert_int_equal(m.counts[METRIC_LOG_LOST], 2);
    assert_int_equal(m.ended[TUNNEL_IDLE], 2);
    r.access = open_journal("off");
    report_tell(&r, &tunnel, 1002);
    journal_close(r.access);
    assert_int_equal(m.counts[METRIC_LOG_LOST], 2);
}

/* Every way to end has a name of its own in /metrics. */
static void
names(void **state)
{
    struct metric_sums sums = {.up = 7};
    struct assay_buf text;
    char want[128];

    (void)state;
    assay_buf_init(&text, 1u << 20);
    metrics_put(&sums, &text);
    assay_buf_add_u8(&text, '\0');
    assert_false(text.failed);
    for (unsigned i = 0; i < TUNNEL_WHYS; i++) {
        snprintf(want, sizeof(want),
                 "\nassay_bridge_tunnels_ended_total{reason=\"%s\"} 0\n",
                 tunnel_why_name((enum tunnel_why)i));
        CHECK(want, strstr((const char *)text.ptr, want) != NULL);
    }
    for (unsigned i = ADMITTED + 1; i < RELAYED; i++) {
        snprintf(want, sizeof(want),
                 "\nassay_bridge_denied_total{reason=\"%s\"} 0\n",
                 denial_code((enum denial)i));
        CHECK(want, strstr((const char *)text.ptr, want) != NULL);
    }
    assert_non_null(
        strstr((const char *)text.ptr, "bytes_total{direction=\"up\"} 7\n"));
    assay_buf_free(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(counts),
        cmocka_unit_test(losses),
        cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
