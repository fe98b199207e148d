/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_leaf.c - a server's certificate without its session.
 */
#include "atls/leaf.h"
#include "harness/trial.h"
#include "harness/unit.h"

#define NOW_S INT64_C(1767225600)
#define DAY_S INT64_C(86400)

static void
test_rows(void **state)
{
    static const struct {
        const char *name;
        const char *server_name;
        int64_t now_s;
        int cut;           /* octets less at the end; negative: more */
        const char *fault; /* start; NULL: none */
    } rows[] = {
        {"its name", "tee.example.com", NOW_S, 0, NULL},
        {"in capitals", "TEE.example.com", NOW_S, 0, NULL},
        {"its address", "127.0.0.1", NOW_S, 0, NULL},
        {"its other address", "::1", NOW_S, 0, NULL},
        {"another name", "tea.example.com", NOW_S, 0, "claims.server_name"},
        {"a part of its name", "example.com", NOW_S, 0, "claims.server_name"},
        {"below its name", "a.tee.example.com", NOW_S, 0, "claims.server_name"},
        {"another address", "127.0.0.2", NOW_S, 0, "claims.server_name"},
        {"its first second", "127.0.0.1", NOW_S - 3600, 0, NULL},
        {"the second before", "127.0.0.1", NOW_S - 3601, 0, "claims.time"},
        {"its last hour", "127.0.0.1", NOW_S - 3600 + DAY_S - 1, 0, NULL},
        {"the second after", "127.0.0.1", NOW_S + DAY_S + 1, 0, "claims.time"},
        {"cut", "127.0.0.1", NOW_S, 1, "session.certificate"},
        {"with more behind it", "127.0.0.1", NOW_S, -1, "session.certificate"},
        {"empty", "127.0.0.1", NOW_S, 1 << 20, "session.certificate"},
    };
    static const char *const names[] = {"tee.example.com", "127.0.0.1", "::1"};
    struct assay_ctx *ctx = trial_ctx();
    struct assay_tls_identity *identity = NULL;
    struct assay_error err;
    struct assay_slice leaf;

    (void)state;
    if (assay_tls_identity_make(ctx, names, COUNT_OF(names), NOW_S, 1,
                                &identity, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    leaf = assay_tls_identity_leaf(identity);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_buf der;
        struct assay_slice copy;
        const char *fault = NULL;

        assay_buf_init(&der, leaf.len + 1);
        assay_buf_add(&der, leaf);
        assay_buf_add_u8(&der, 0);
        copy = assay_buf_slice(&der);
        copy.len = rows[i].cut > (int)leaf.len
                       ? 0
                       : (size_t)((int)leaf.len - rows[i].cut);
        copy = exact_copy(copy);
        assay_error_clear(&err);
        CHECK(rows[i].name,
              assay_leaf_check(ctx, copy, rows[i].server_name, rows[i].now_s,
                               &fault, &err) == ASSAY_OK);
        CHECK(rows[i].name,
              rows[i].fault == NULL
                  ? fault == NULL
                  : fault != NULL && strncmp(fault, rows[i].fault,
                                             strlen(rows[i].fault)) == 0);
        free((void *)copy.ptr);
        assay_buf_free(&der);
    }
    assay_tls_identity_free(identity);
    assay_ctx_free(ctx);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
