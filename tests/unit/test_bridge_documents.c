/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_documents.c - what assay-bridge answers, counts and logs is in
 * its manual page.
 */
#include "harness/documents.h"
#include "programs/bridge/denial.h"
#include "programs/bridge/metrics.h"

static const char manual[] = "docs/man/assay-bridge.1.scd";

/* With its status, in rows that are as many. */
static void
denials(void **state)
{
    char *table = document_part(manual, "# DENIALS", "# HOW TUNNELS END");
    size_t rows = 0;
    char row[128];

    (void)state;
    for (unsigned i = ADMITTED + 1; i < DENIALS; i++) {
        if (i == RELAYED) {
            continue; /* that is none */
        }
        snprintf(row, sizeof(row), "|  %u\n:< %s\n",
                 denial_status((enum denial)i), denial_code((enum denial)i));
        CHECK(row, strstr(table, row) != NULL);
    }
    for (const char *p = table; (p = strstr(p, "\n|  ")) != NULL; p++) {
        rows++;
    }
    assert_int_equal(rows, DENIALS - ADMITTED - 2);
    free(table);
}

static void
ends(void **state)
{
    char *table = document_part(manual, "# HOW TUNNELS END", "# METRICS");

    (void)state;
    for (unsigned i = 0; i < TUNNEL_WHYS; i++) {
        const char *name = tunnel_why_name((enum tunnel_why)i);

        CHECK(name, mentions(table, "|  ", name));
    }
    free(table);
}

/* Those of metrics.c; the others are the daemons' (daemon/admin.c). */
static void
metrics(void **state)
{
    char *table = document_part(manual, "# METRICS", "# LOG");
    struct metric_sums sums = {.up = 0};
    struct relay_counts relay = {.fetches = 0};
    struct assay_buf text;
    size_t count = 0;
    char *line;
    char *rest;

    (void)state;
    assay_buf_init(&text, 1u << 16);
    metrics_put(&sums, &text);
    metrics_put_relay(&relay, &text);
    assay_buf_add_u8(&text, '\0');
    assert_false(text.failed);
    rest = (char *)text.ptr;
    while ((line = strsep(&rest, "\n")) != NULL) {
        static const char type[] = "# TYPE assay_bridge_";

        if (strncmp(line, type, strlen(type)) == 0) {
            line += strlen(type);
            line[strcspn(line, " ")] = '\0';
            CHECK(line, mentions(table, " _", line));
            count++;
        }
    }
    for (unsigned i = 0; i < RELAY_HOWS; i++) {
        CHECK(relay_how_name((enum relay_how)i),
              mentions(table, "_", relay_how_name((enum relay_how)i)));
    }
    assert_true(count >= 10);
    assay_buf_free(&text);
    free(table);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(denials),
        cmocka_unit_test(ends),
        cmocka_unit_test(metrics),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
