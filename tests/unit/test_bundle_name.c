/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bundle_name.c - names of bundles: whoever writes one, and wherever, the
 * others find it.
 */
#include "harness/unit.h"
#include "search/bundle_name.h"

static const struct assay_collateral_need tdx = {true, "00806f050000",
                                                 "platform"};
static const struct assay_collateral_need sgx = {false, "00a06f050000",
                                                 "processor"};
static const char *const sources[] = {"https://pccs.phala.network", ""};

static const struct {
    const char *name;
    struct assay_gather_request request;
    bool read; /* it tells for whom it is */
} rows[] = {
    {"tdx-00806f050000-platform-64dec6d2a09359cf.json",
     {.need = &tdx, .sources = sources, .source_count = 2},
     true},
    {"sgx-00a06f050000-processor-64dec6d2a09359cf.json",
     {.need = &sgx, .sources = sources, .source_count = 2},
     true},
    {"tdx-00806f050000-platform-af63bd4c8601b7df.json",
     {.need = &tdx, .sources = &sources[1], .source_count = 1},
     true},
    {"tdx-00806f050000-platform-early-af63bd4c8601b7df.json",
     {.need = &tdx, .sources = &sources[1], .source_count = 1, .early = true},
     false},
    {"tdx-00806f050000-platform-early-eval4294967295-af63bd4c8601b7df.json",
     {.need = &tdx,
      .sources = &sources[1],
      .source_count = 1,
      .early = true,
      .evaluation = UINT32_MAX},
     false},
};

static void
written_and_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct assay_collateral_need *need = rows[i].request.need;
        char name[ASSAY_BUNDLE_NAME_MAX];
        struct assay_collateral_need got;

        assay_bundle_name(&rows[i].request, name);
        assert_string_equal(name, rows[i].name);
        assert_int_equal(assay_bundle_name_read(name, &got), rows[i].read);
        if (rows[i].read) {
            assert_int_equal(got.tdx, need->tdx);
            assert_string_equal(got.fmspc, need->fmspc);
            assert_string_equal(got.ca, need->ca);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(written_and_read)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
