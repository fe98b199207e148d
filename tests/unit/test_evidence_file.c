/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_evidence_file.c - what bundles are called in a folder.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "harness/folder.h"
#include "harness/stored.h"
#include "harness/unit.h"
#include "io/evidence_file.h"
#include "io/file.h"

#define LABEL "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefgh."

static struct stored good;
static char folder[64];

static void
names(void **state)
{
    static const struct {
        const char *server;
        const char *shown;
    } rows[] = {
        {"tee.example.com", "tee.example.com"},
        {"127.0.0.1", "127.0.0.1"},
        {"2001:db8::1", "2001_db8__1"},
        /* 253 characters, the most that a name has; a file's has 255 */
        {LABEL LABEL LABEL LABEL "example.b", LABEL LABEL LABEL "abcdefghijklm"
                                                                "nopq"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_evidence_view v = good.view;
        struct assay_evidence *e = NULL;
        struct assay_buf path;
        struct assay_buf text;
        struct assay_error err;
        char want[512];

        v.server_name = rows[i].server;
        if (assay_evidence_save(&v, folder, &path, &err) != ASSAY_OK) {
            fail_msg("%s: %s", rows[i].server, err.msg);
        }
        (void)snprintf(want, sizeof(want), "%s/%s-20", folder, rows[i].shown);
        CHECK(rows[i].server,
              strncmp((const char *)path.ptr, want, strlen(want)) == 0);
        CHECK(rows[i].server,
              assay_file_read((const char *)path.ptr, ASSAY_EVIDENCE_MAX_BYTES,
                              &text, &err) == ASSAY_OK);
        CHECK(rows[i].server,
              assay_evidence_parse(good.platform.ctx, assay_buf_slice(&text),
                                   &e, &err) == ASSAY_OK);
        CHECK(rows[i].server,
              strcmp(assay_evidence_view(e)->server_name, rows[i].server) == 0);
        assay_evidence_free(e);
        assay_buf_free(&text);
        assay_buf_free(&path);
    }
    folder_clear(folder);
}

static int
setup(void **state)
{
    (void)state;
    stored_make(&good, true);
    (void)snprintf(folder, sizeof(folder), "/tmp/assay-bundles-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int
teardown(void **state)
{
    (void)state;
    stored_free(&good);
    return rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
