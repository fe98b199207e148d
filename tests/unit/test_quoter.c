/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_quoter.c - how a source of quotes is named, and what a quote must be.
 */
#include "harness/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness/world.h"
#include "io/quoter_source.h"

#define P10  "aaaaaaaaaa"
#define P100 P10 P10 P10 P10 P10 P10 P10 P10 P10 P10

static const struct {
    const char *spec;
    enum assay_code code;
    const char *want; /* name, or message */
} specs[] = {
    {"dstack", ASSAY_OK, "dstack (/var/run/dstack.sock)"},
    {"dstack:./a:b", ASSAY_OK, "dstack (./a:b)"},
    {"dstack:/" P100 "abcdef", ASSAY_OK, "dstack (/" P100 "abcdef)"},
    {"configfs", ASSAY_OK, "configfs-tsm (/sys/kernel/config/tsm/report)"},
    {"configfs:/x", ASSAY_OK, "configfs-tsm (/x)"},
    {"", ASSAY_INVALID, "source of quotes \"\": must be auto, dstack, "},
    {"dstack:", ASSAY_INVALID, "source of quotes \"dstack:\""},
    {"configfs:", ASSAY_INVALID, "source of quotes \"configfs:\""},
    {"dstackx", ASSAY_INVALID, "source of quotes \"dstackx\""},
    {"Dstack", ASSAY_INVALID, "source of quotes \"Dstack\""},
    {"auto:x", ASSAY_INVALID, "source of quotes \"auto:x\""},
    {" auto", ASSAY_INVALID, "source of quotes \" auto\""},
    {"dstack:/" P100 "abcdefg", ASSAY_INVALID, "/" P10},
};

static void
test_specs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(specs); i++) {
        struct assay_quoter *q = (struct assay_quoter *)&specs;
        struct assay_error err;
        enum assay_code code =
            assay_quoter_new(uv_default_loop(), specs[i].spec, 0, &q, &err);

        check_error(specs[i].spec, &err, specs[i].code,
                    code == ASSAY_OK ? "" : specs[i].want, ASSAY_NO_OFFSET);
        CHECK(specs[i].spec, (q != NULL) == (code == ASSAY_OK));
        if (q != NULL) {
            assert_string_equal(assay_quoter_name(q), specs[i].want);
            assert_int_equal(q->timeout_ms, ASSAY_QUOTER_TIMEOUT_MS);
        }
        assay_quoter_free(q);
    }
}

static void
test_auto(void **state)
{
    char folder[] = "/tmp/assay-test-quoter-XXXXXX";
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct assay_quoter *q = NULL;
    struct assay_error err;
    const char *choice =
        assay_quoter_choose(ASSAY_DSTACK_SOCKET, ASSAY_CONFIGFS_DIR);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    assert_true(fd >= 0);
    if (fd < 0) {
        return;
    }
    assert_non_null(mkdtemp(folder));
    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/s", folder);
    assert_null(assay_quoter_choose(at.sun_path, at.sun_path));
    assert_string_equal(assay_quoter_choose(at.sun_path, folder), "configfs");
    assert_string_equal(assay_quoter_choose(folder, folder), "configfs");
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_string_equal(assay_quoter_choose(at.sun_path, folder), "dstack");
    assert_null(assay_quoter_choose(folder, at.sun_path));
    close(fd);
    assert_int_equal(unlink(at.sun_path), 0);
    assert_int_equal(rmdir(folder), 0);

    if (choice == NULL) { /* what "auto" does here, in a TD and elsewhere */
        assert_int_equal(
            assay_quoter_new(uv_default_loop(), "auto", 0, &q, &err),
            ASSAY_NOT_FOUND);
        check_error("auto", &err, ASSAY_NOT_FOUND,
                    "no source of quotes: neither /var/run/dstack.sock nor "
                    "/sys/kernel/config/tsm/report is there; run this in a TD",
                    ASSAY_NO_OFFSET);
        assert_null(q);
    } else {
        assert_int_equal(
            assay_quoter_new(uv_default_loop(), "auto", 5, &q, &err), ASSAY_OK);
        assert_int_equal(strncmp(q->name, choice, strlen(choice)), 0);
    }
    assay_quoter_free(q);
}

static void
check_quote(const char *row, enum evidence_kind kind, const uint8_t *asked,
            const char *msg)
{
    struct mint_options o = evidence_options(kind);
    struct mint_world *w = NULL;
    struct assay_buf quote;
    struct assay_error err;
    char zeros[129];

    memset(zeros, '0', 128);
    zeros[128] = '\0';
    o.quote.td.report_data = zeros;
    o.quote.sgx.report_data = zeros;
    assay_buf_init(&quote, MINT_QUOTE_MAX);
    assert_int_equal(mint_world_new(&o, &w, &err), ASSAY_OK);
    assert_int_equal(mint_world_quote(w, &quote, &err), ASSAY_OK);
    assay_error_clear(&err);
    CHECK(row, assay_quoter_check(assay_buf_slice(&quote), asked, &err) ==
                   (msg[0] == '\0' ? ASSAY_OK : ASSAY_REPLY));
    check_error(row, &err, msg[0] == '\0' ? ASSAY_OK : ASSAY_REPLY, msg,
                ASSAY_NO_OFFSET);
    assay_buf_free(&quote);
    mint_world_free(w);
}

static void
test_check(void **state)
{
    uint8_t asked[64] = {0};
    struct assay_error err;

    (void)state;
    check_quote("v4", EVIDENCE_TDX_V4, asked, "");
    check_quote("v5", EVIDENCE_TDX_V5, asked, "");
    check_quote("sgx", EVIDENCE_SGX_V3, asked,
                "the answer is a quote, but not of a TD");
    for (size_t i = 0; i < sizeof(asked); i += 63) {
        asked[i] = 1;
        check_quote("first and last octet", EVIDENCE_TDX_V4, asked,
                    "the answer is a quote over other report data");
        asked[i] = 0;
    }
    assay_error_clear(&err);
    assert_int_equal(assay_quoter_check(ASSAY_EMPTY, asked, &err), ASSAY_REPLY);
    check_error("empty", &err, ASSAY_REPLY,
                "the answer is no quote: ", ASSAY_NO_OFFSET);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_specs),
        cmocka_unit_test(test_auto),
        cmocka_unit_test(test_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
