/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_policy_td.c - the members of a TD and of an enclave.
 */
#include "policy/policy.h"

#include "harness/policy_rows.h"

#define TDX "{\"type\":\"tdx\",\"partial\":true,#}"
#define SGX "{\"type\":\"sgx\",\"partial\":true,#}"

static const struct json_row tdx_rows[] = {
    STATUSES("allowed_tdx_status"),
    BOOLEAN("allow_service_td"),
    BOOLEAN("require_sept_ve_disable"),
    MASK("td_attributes"),
    MASK("xfam"),
    REGISTER("mrtd"),
    REGISTER("rtmr0"),
    REGISTER("rtmr1"),
    REGISTER("rtmr2"),
    REGISTER("rtmr3"),
    REGISTER("mr_seam"),
    REGISTER("mr_config_id"),
    REGISTER("mr_owner"),
    REGISTER("mr_owner_config"),
    GOOD("min_tdx_tcb", "{\"tee_tcb_svn\":\"" H16 H16 "\"}"),
    GOOD("min_tdx_tcb", "{\"tcb_evaluation_data_number\":17}"),
    GOOD("min_tdx_tcb", "{\"tcb_date\":\"2026-11-20\"}"),
    REFUSED("min_tdx_tcb", "null", "must be an object"),
    REFUSED("min_tdx_tcb", "[]", "must be an object"),
    REFUSED("min_tdx_tcb", "{}", "must be an object that is not empty"),
    REFUSED_AT("min_tdx_tcb", "{\"tee_tcb_svn\":\"" H16 "\"}",
               ".tee_tcb_svn: must be 32 hex digits", "\"tee_tcb_svn\":"),
    REFUSED_AT("min_tdx_tcb", "{\"tee_tcb_svn\":1}",
               ".tee_tcb_svn: must be a string", "\"tee_tcb_svn\":"),
    REFUSED_AT("min_tdx_tcb", "{\"tcb_evaluation_data_number\":-1}",
               ".tcb_evaluation_data_number: must be an integer",
               "_data_number\":"),
    REFUSED_AT("min_tdx_tcb", "{\"tcb_date\":17}",
               ".tcb_date: must be a string", "\"tcb_date\":"),
    REFUSED_AT("min_tdx_tcb", "{\"tcb_dat\":\"2026-11-20\"}",
               ".tcb_dat: unknown member; the nearest is tcb_date",
               "\"tcb_dat\":"),
    REFUSED_AT("min_tdx_tcb", "{\"tee_tcb_svn\":\"" H16 H16 "\",\"xyz\":1}",
               ".xyz: unknown member", "\"xyz\":"),
    /* the old comparison of first octets */
    GOOD("min_tdx_tcb", "{\"legacy_prefix_match\":true,\"mrseam\":\"5b\"}"),
    GOOD("min_tdx_tcb",
         "{\"mrtmrs\":[\"" H96 "\",\"" H96 "\"],\"legacy_prefix_match\":true}"),
    GOOD("min_tdx_tcb", "{\"legacy_prefix_match\":false,\"tcb_date\":"
                        "\"2026-11-20\"}"),
    REFUSED_AT("min_tdx_tcb", "{\"mrseam\":\"5b\"}",
               ".mrseam: compares first octets and is no minimum; use "
               "tee_tcb_svn, or add legacy_prefix_match = true",
               "\"mrseam\":"),
    REFUSED_AT("min_tdx_tcb",
               "{\"mrtmrs\":\"5b\",\"legacy_prefix_match\":false}",
               ".mrtmrs: compares first octets", "\"mrtmrs\":"),
    REFUSED_AT("min_tdx_tcb",
               "{\"mrtmrs\":\"5b\",\"legacy_prefix_match\":\"true\"}",
               ".mrtmrs: compares first octets", "\"mrtmrs\":"),
    REFUSED_AT("min_tdx_tcb",
               "{\"legacy_prefix_match\":\"true\",\"tcb_date\":\"2026-11-20\"}",
               ".legacy_prefix_match: must be true or false", "_match\":"),
    REFUSED("min_tdx_tcb", "{\"legacy_prefix_match\":true}",
            "asks for nothing"),
    REFUSED_AT("min_tdx_tcb", "{\"legacy_prefix_match\":true,\"mrseam\":\"\"}",
               ".mrseam: must be 2 to 96 hex digits", "\"mrseam\":"),
    REFUSED_AT(
        "min_tdx_tcb", "{\"legacy_prefix_match\":true,\"mrseam\":\"5b5\"}",
        ".mrseam: must be 2 to 96 hex digits, an even number", "\"mrseam\":"),
    REFUSED_AT("min_tdx_tcb",
               "{\"legacy_prefix_match\":true,\"mrseam\":\"" H96 "00\"}",
               ".mrseam: must be 2 to 96 hex digits", "\"mrseam\":"),
    REFUSED_AT("min_tdx_tcb",
               "{\"legacy_prefix_match\":true,\"mrseam\":\"5g\"}",
               ".mrseam: must be 2 hex digits", "\"mrseam\":"),
    REFUSED_AT("min_tdx_tcb",
               "{\"legacy_prefix_match\":true,\"mrtmrs\":[\"5b\",\"5b5b\"]}",
               ".mrtmrs: must be 2 hex digits", "\"5b\","),
    REFUSED_AT("min_tdx_tcb", "{\"legacy_prefix_match\":true,\"mrtmrs\":[]}",
               ".mrtmrs: must be a list of 1 to 64 values", "\"mrtmrs\":"),
    REFUSED_AT("min_tdx_tcb", "{\"legacy_prefix_match\":true,\"mrseam\":7}",
               ".mrseam: must be a string", "\"mrseam\":"),
    GOOD("tee_type", "\"Tdx\""),
    REFUSED("tee_type", "\"tdx\"", "must be \"Tdx\", spelled so"),
    REFUSED("tee_type", "\"TDX\"", "must be \"Tdx\", spelled so"),
    REFUSED("tee_type", "\"Sgx\"", "must be \"Tdx\", spelled so"),
    REFUSED("tee_type", "null", "must be \"Tdx\", spelled so"),
    REFUSED("tee_type", "[\"Tdx\"]", "must be \"Tdx\", spelled so"),
    /* sessions */
    GOOD("wires", "[\"v2\"]"),
    GOOD("wires", "\"v1\""),
    GOOD("wires", "[\"v0\",\"v1\",\"v2\"]"),
    REFUSED("wires", "[]", "must be a list of 1 to 3 wires"),
    REFUSED("wires", "\"v3\"", "must be \"v2\", \"v1\" or \"v0\""),
    REFUSED("wires", "2", "must be \"v2\", \"v1\" or \"v0\""),
    REFUSED("wires", "null", "must be \"v2\", \"v1\" or \"v0\""),
    REFUSED("wires", "{}", "must be \"v2\", \"v1\" or \"v0\""),
    REFUSED_AT("wires", "[\"v2\",\"V1\"]", ": must be \"v2\", \"v1\"",
               "\"v2\","),
    REFUSED_AT("wires", "[\"v1\",\"v1\"]", ": v1 stands twice", "\"v1\","),
    GOOD("certificate_event", "\"required\""),
    GOOD("certificate_event", "\"if_present\""),
    GOOD("certificate_event", "\"off\""),
    REFUSED("certificate_event", "\"Required\"",
            "must be \"required\", \"if_present\" or \"off\""),
    REFUSED("certificate_event", "true", "must be \"required\""),
    REFUSED("certificate_event", "[]", "must be \"required\""),
    GOOD("wires", "\"v0\",\"certificate_event\":\"required\""),
    {"v1 and an event that may be absent", "#",
     "\"wires\":[\"v2\",\"v1\"],\"certificate_event\":\"if_present\"", BAD,
     "policy.certificate_event: must be \"required\" where wires has v0 or v1",
     "\"certificate_event\":"},
    {"v0 and no event, the event first", "#",
     "\"certificate_event\":\"off\",\"wires\":\"v0\"", BAD,
     "policy.certificate_event: must be \"required\"",
     "\"certificate_event\":"},
    /* two names of one rule */
    {"both lists of statuses", "#",
     "\"allowed_tcb_status\":[\"UpToDate\"],\"allowed_tdx_status\":"
     "[\"OutOfDate\"]",
     BAD, "policy.allowed_tcb_status: allowed_tcb_status and",
     "_tcb_status\":"},
    {"both lists of statuses, the other first", "#",
     "\"allowed_tdx_status\":[\"UpToDate\"],\"allowed_tcb_status\":"
     "[\"OutOfDate\"]",
     BAD, "policy.allowed_tdx_status: allowed_tcb_status and",
     "_tdx_status\":"},
    {"two evaluation numbers", "#",
     "\"min_tcb_evaluation_data_number\":18,"
     "\"min_tdx_tcb\":{\"tcb_evaluation_data_number\":17}",
     BAD, "policy.min_tdx_tcb.tcb_evaluation_data_number: another member sets",
     "\"tcb_evaluation_data_number\":"},
    {"two evaluation numbers, the other first", "#",
     "\"min_tdx_tcb\":{\"tcb_evaluation_data_number\":17},"
     "\"min_tcb_evaluation_data_number\":18",
     BAD, "policy.min_tcb_evaluation_data_number: another member sets",
     "\"min_tcb_evaluation_data_number\":"},
    {"two dates", "#",
     "\"min_tcb_date\":\"2026-11-20\",\"min_tdx_tcb\":{\"tcb_date\":"
     "\"2020-01-01\"}",
     BAD, "policy.min_tdx_tcb.tcb_date: another member sets", "{\"tcb_date\":"},
    {"two dates, the other first", "#",
     "\"min_tdx_tcb\":{\"tcb_date\":\"2020-01-01\"},\"min_tcb_date\":"
     "\"2026-11-20\"",
     BAD, "policy.min_tcb_date: another member sets", "\"min_tcb_date\":"},
    /* of the other type */
    UNKNOWN("mrenclave", "\"" H64 "\"", ""),
    UNKNOWN("mrsigner", "\"" H64 "\"", "; the nearest is mr_owner"),
    UNKNOWN("isvprodid", "1", ""),
    UNKNOWN("expected_rtmr3", "\"" H96 "\"", ""),
    UNKNOWN("compose_hash", "\"" H64 "\"", ""),
    UNKNOWN("compose_file", "\"x\"", "; the nearest is ca_file"),
    UNKNOWN("min_isvsvn", "1", ""),
    UNKNOWN("rtmr4", "\"" H96 "\"", "; the nearest is rtmr0"),
    UNKNOWN("mr_td", "\"" H96 "\"", "; the nearest is mrtd"),
};

static const struct json_row sgx_rows[] = {
    VALUES("mrenclave", H64),
    VALUES("mrsigner", H64),
    REFUSED("mrenclave", "\"" H96 "\"", "must be 64 hex digits"),
    REFUSED("mrsigner", "\"" H16 "\"", "must be 64 hex digits"),
    REFUSED("mrsigner", "\"g123456789abcdef" H16 H16 H16 "\"",
            "must be 64 hex digits"),
    U16("isvprodid"),
    U16("min_isvsvn"),
    UNKNOWN("mrtd", "\"" H96 "\"", ""),
    UNKNOWN("rtmr3", "\"" H96 "\"", ""),
    UNKNOWN("mr_seam", "\"" H96 "\"", ""),
    UNKNOWN("xfam", "{}", ""),
    UNKNOWN("td_attributes", "{}", ""),
    UNKNOWN("min_tdx_tcb", "{}", ""),
    UNKNOWN("allow_service_td", "true", ""),
    UNKNOWN("require_sept_ve_disable", "true", ""),
    UNKNOWN("allowed_tdx_status", "[]", "; the nearest is allowed_tcb_status"),
    UNKNOWN("wires", "[\"v2\"]", ""),
    UNKNOWN("certificate_event", "\"off\"", ""),
    UNKNOWN("tee_type", "\"Tdx\"", "; the nearest is type"),
    UNKNOWN("mrenclaves", "[]", "; the nearest is mrenclave"),
};

/* A row whose message ends early means that no name is offered. */

static void
test_members(void **state)
{
    (void)state;
    policy_rows(TDX, tdx_rows, COUNT_OF(tdx_rows));
    policy_rows(SGX, sgx_rows, COUNT_OF(sgx_rows));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
