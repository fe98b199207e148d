/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_policy.c - policies from JSON: every member as it should be and in
 * every way it should not.
 */
#include "policy/policy.h"

#include <stdio.h>

#include "harness/json_edit.h"

#define H16   "0123456789abcdef"
#define H64   H16 H16 H16 H16
#define H96   H64 H16 H16
#define BAD   ASSAY_INVALID
#define TDX   "{\"type\":\"tdx\",\"partial\":true,#}"
#define SGX   "{\"type\":\"sgx\",\"partial\":true,#}"
#define WHOLE "{\"type\":\"tdx\",\"mrtd\":\"" H96 "\"}"

static enum assay_code
parse(struct assay_slice text, struct assay_error *err)
{
    struct assay_policy *p = (struct assay_policy *)(uintptr_t)1;
    enum assay_code code = assay_policy_parse(text, &p, err);

    assert_true((p != NULL) == (code == ASSAY_OK));
    assay_policy_free(p);
    return code;
}

static struct assay_policy *
read_policy(const char *text)
{
    struct assay_policy *p = NULL;
    struct assay_error err;

    if (assay_policy_parse(assay_slice_of(text), &p, &err) != ASSAY_OK) {
        fail_msg("%s: %s", text, err.msg);
    }
    return p;
}

/* --- one member, # in a partial policy -------------------------------------
 */

#define GOOD(member, value)                                                    \
    {member " " value, "#", "\"" member "\":" value, ASSAY_OK, "", NULL}
/* refused where the value stands */
#define REFUSED(member, value, msg)                                            \
    {member " " value,          "#",                                           \
     "\"" member "\":" value,   BAD,                                           \
     "policy." member ": " msg, "\"" member "\":"}
/* ... or where something of it stands */
#define REFUSED_AT(member, value, msg, at)                                     \
    {member " " value,     "#", "\"" member "\":" value, BAD,                  \
     "policy." member msg, at}
#define UNKNOWN(member, value, msg)                                            \
    {member " " value,                                                         \
     "#",                                                                      \
     "\"" member "\":" value,                                                  \
     BAD,                                                                      \
     "policy: unknown member '" member "' for this type" msg,                  \
     "\"" member "\":"}

#define SECONDS(member)                                                        \
    GOOD(member, "0"), GOOD(member, "2147483647"),                             \
        REFUSED(member, "2147483648",                                          \
                "must be an integer from 0 to 2147483647"),                    \
        REFUSED(member, "-1", "must be an integer from 0"),                    \
        REFUSED(member, "1.5", "must be an integer"),                          \
        REFUSED(member, "\"60\"", "must be an integer"),                       \
        REFUSED(member, "null", "must be an integer"),                         \
        REFUSED(member, "[60]", "must be an integer")
#define BOOLEAN(member)                                                        \
    GOOD(member, "true"), GOOD(member, "false"),                               \
        REFUSED(member, "1", "must be true or false"),                         \
        REFUSED(member, "\"true\"", "must be true or false"),                  \
        REFUSED(member, "null", "must be true or false"),                      \
        REFUSED(member, "[]", "must be true or false")
#define STRINGS(member)                                                        \
    GOOD(member, "\"x\""), GOOD(member, "[\"x\"]"),                            \
        GOOD(member, "[\"x\",\"y\"]"), GOOD(member, "\"\""),                   \
        REFUSED(member, "[]", "must be a list of 1 to 64 values"),             \
        REFUSED(member, "7", "must be a string of at most 65536 bytes"),       \
        REFUSED(member, "null", "must be a string"),                           \
        REFUSED(member, "{}", "must be a string"),                             \
        REFUSED_AT(member, "[\"x\",7]", ": must be a string", "\"x\","),       \
        REFUSED_AT(member, "[[\"x\"]]", ": must be a string", ":[")
#define STRING(member)                                                         \
    GOOD(member, "\"x\""),                                                     \
        REFUSED(member, "7", "must be a string of at most 65536 bytes"),       \
        REFUSED(member, "null", "must be a string"),                           \
        REFUSED(member, "[\"x\"]", "must be a string")
#define STATUSES(member)                                                       \
    GOOD(member, "[\"UpToDate\"]"), GOOD(member, "[\"Revoked\"]"),             \
        GOOD(member, "[\"OutOfDate\",\"UpToDate\",\"OutOfDate\"]"),            \
        GOOD(member, "[\"TDRelaunchAdvisedConfigurationNeeded\"]"),            \
        REFUSED(member, "\"UpToDate\"", "must be a list of TCB statuses"),     \
        REFUSED(member, "null", "must be a list of TCB statuses"),             \
        REFUSED(member, "{}", "must be a list of TCB statuses"),               \
        REFUSED(member, "[]", "must be a list of 1 to 64 values"),             \
        REFUSED(member, "[\"\"]", "'' is no TCB status"),                      \
        REFUSED(member, "[\"uptodate\"]",                                      \
                "'uptodate' is no TCB status; meant UpToDate"),                \
        REFUSED(member, "[\"UpToDate\",\"OutOfdate\"]",                        \
                "'OutOfdate' is no TCB status; meant OutOfDate"),              \
        REFUSED_AT(member, "[7]", ": must be a string", ":[")
#define VALUES(member, good)                                                   \
    GOOD(member, "\"" good "\""), GOOD(member, "[\"" good "\"]"),              \
        GOOD(member, "[\"" good "\",\"" good "\"]"),                           \
        REFUSED(member, "\"\"", "must be"),                                    \
        REFUSED(member, "\"" good "0\"", "must be"),                           \
        REFUSED(member, "\"" good "00\"", "must be"),                          \
        REFUSED(member, "\"0x" good "\"", "must be"),                          \
        REFUSED(member, "[]", "must be a list of 1 to 64 values"),             \
        REFUSED(member, "7", "must be a string"),                              \
        REFUSED(member, "null", "must be a string"),                           \
        REFUSED(member, "{}", "must be a string"),                             \
        REFUSED_AT(member, "[\"" good "\",\"00\"]", ": must be",               \
                   "\"" good "\",")
#define REGISTER(member)                                                       \
    VALUES(member, H96), REFUSED(member, "\"" H64 "\"", "must be 96 hex digits")
#define MASK(member)                                                           \
    GOOD(member, "{\"mask\":\"" H16 "\",\"value\":\"" H16 "\"}"),              \
        GOOD(member, "{\"value\":\"0000000000000000\",\"mask\":\"" H16 "\"}"), \
        REFUSED(member, "{}", "must be an object of mask and value"),          \
        REFUSED(member, "\"" H16 "\"", "must be an object of mask and value"), \
        REFUSED(member, "null", "must be an object of mask and value"),        \
        REFUSED(member, "{\"mask\":\"" H16 "\"}",                              \
                "must be an object of mask and value"),                        \
        REFUSED(member, "{\"mask\":\"" H16 "\",\"valu\":\"" H16 "\"}",         \
                "must be an object of mask and value"),                        \
        REFUSED(member,                                                        \
                "{\"mask\":\"" H16 "\",\"value\":\"" H16 "\",\"x\":0}",        \
                "must be an object of mask and value"),                        \
        REFUSED_AT(member, "{\"mask\":\"00\",\"value\":\"" H16 "\"}",          \
                   ": must be 16 hex digits", "\"mask\":"),                    \
        REFUSED_AT(member, "{\"mask\":\"" H16 "\",\"value\":7}",               \
                   ": must be a string", "\"value\":"),                        \
        REFUSED(member,                                                        \
                "{\"mask\":\"0100000000000000\",\"value\":"                    \
                "\"0300000000000000\"}",                                       \
                "value has bits that mask leaves out")
#define U32(member)                                                            \
    GOOD(member, "0"), GOOD(member, "4294967295"),                             \
        REFUSED(member, "4294967296",                                          \
                "must be an integer from 0 to 4294967295"),                    \
        REFUSED(member, "-1", "must be an integer"),                           \
        REFUSED(member, "1e3", "must be an integer"),                          \
        REFUSED(member, "\"18\"", "must be an integer")
#define U16(member)                                                            \
    GOOD(member, "0"), GOOD(member, "65535"),                                  \
        REFUSED(member, "65536", "must be an integer from 0 to 65535"),        \
        REFUSED(member, "-1", "must be an integer"),                           \
        REFUSED(member, "1.0", "must be an integer"),                          \
        REFUSED(member, "\"1\"", "must be an integer")
#define DATE(member)                                                           \
    GOOD(member, "\"2026-11-20T00:00:00Z\""), GOOD(member, "\"2026-11-20\""),  \
        GOOD(member, "\"2026-11-20T00:00:00+01:00\""),                         \
        GOOD(member, "\"1795132800\""),                                        \
        REFUSED(member, "\"\"", "must be a date like"),                        \
        REFUSED(member, "\"2026-02-29\"", "must be a date like"),              \
        REFUSED(member, "\"yesterday\"", "must be a date like"),               \
        REFUSED(member, "1795132800", "must be a string"),                     \
        REFUSED(member, "null", "must be a string")

static const struct json_row both_rows[] = {
    STATUSES("allowed_tcb_status"),
    SECONDS("grace_period"),
    U32("min_tcb_evaluation_data_number"),
    DATE("min_tcb_date"),
    STRINGS("denied_advisories"),
    STRINGS("accepted_advisories"),
    SECONDS("max_collateral_age_secs"),
    SECONDS("collateral_grace_secs"),
    STRINGS("pccs_url"),
    BOOLEAN("cache_collateral"),
    STRING("trusted_root"),
    STRING("ca_file"),
    BOOLEAN("allow_debug"),
    /* other documents' members, later ones and misspelt ones */
    UNKNOWN("wires", "[\"v2\"]", ""),
    UNKNOWN("tee_type", "\"Tdx\"", "; the nearest is type"),
    UNKNOWN("expected_bootchain", "{}", ""),
    UNKNOWN("app_compose", "{}", ""),
    UNKNOWN("os_image_hash", "\"" H64 "\"", ""),
    UNKNOWN("disable_runtime_verification", "true", ""),
    UNKNOWN("accept_self_signed_certs", "true", ""),
    UNKNOWN("staple", "true", "; the nearest is type"),
    UNKNOWN("allowed_tcb_statuses", "[]",
            "; the nearest is allowed_tcb_status"),
    UNKNOWN("pccs-url", "\"\"", "; the nearest is pccs_url"),
    UNKNOWN("Allow_debug", "true", "; the nearest is allow_debug"),
    UNKNOWN("parital", "true", "; the nearest is partial"),
    UNKNOWN("x", "1", ""),
    {"unknown member without a name", "#", "\"\":1", BAD,
     "policy: unknown member '' for this type", "\"\":"},
    {"unknown member with a long name", "#",
     "\"0123456789012345678901234567890123456789xxxxxxxxxxxxxxxxxxxx\":1", BAD,
     "policy: unknown member '0123456789012345678901234567890123456789' for",
     "xxxx\":"},
    {"type twice", "#", "\"type\":\"tdx\"", ASSAY_MALFORMED,
     "policy: ", "\"partial\":true,"},
    {"partial twice", "#", "\"partial\":true", ASSAY_MALFORMED,
     "policy: ", "\"partial\":true,"},
    {"a member twice, once escaped", "#",
     "\"pccs_url\":\"\",\"pccs\\u005furl\":\"\"", ASSAY_MALFORMED,
     "policy: ", "\"pccs_url\":\"\","},
    {"nothing", ",#", "", ASSAY_OK, "", NULL},
    {"no comma", ",#", "x", ASSAY_MALFORMED, "policy: ", "true"},
    {"cut", ",#}", "", ASSAY_TRUNCATED, "policy: ", "true"},
    {"two policies", ",#}", "}{}", ASSAY_MALFORMED, "policy: ", "true}"},
};

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
    REFUSED_AT("min_tdx_tcb", "{\"mrseam\":\"00\"}",
               ": unknown member 'mrseam'; there are tee_tcb_svn, "
               "tcb_evaluation_data_number, tcb_date",
               "\"mrseam\":"),
    REFUSED_AT("min_tdx_tcb", "{\"tee_tcb_svn\":\"" H16 H16 "\",\"x\":1}",
               ": unknown member 'x'", "\"x\":"),
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
    UNKNOWN("mrenclaves", "[]", "; the nearest is mrenclave"),
};

/* A row whose message ends early means that no name is offered. */
static void
check_suggestion(const struct json_row *rows, size_t count, const char *base)
{
    for (size_t i = 0; i < count; i++) {
        struct assay_buf b;
        struct assay_error err;

        if (strstr(rows[i].msg, "unknown member") == NULL ||
            strstr(rows[i].msg, "nearest") != NULL) {
            continue;
        }
        b = edit_text(rows[i].name, assay_slice_of(base), rows[i].find,
                      rows[i].put);
        assert_int_equal(parse(assay_buf_slice(&b), &err), BAD);
        if (strstr(err.msg, "nearest is ") != NULL) {
            fail_msg("row \"%s\": %s", rows[i].name, err.msg);
        }
        assay_buf_free(&b);
    }
}

static void
test_members(void **state)
{
    (void)state;
    json_rows(assay_slice_of(TDX), both_rows, COUNT_OF(both_rows), parse);
    json_rows(assay_slice_of(SGX), both_rows, COUNT_OF(both_rows), parse);
    json_rows(assay_slice_of(TDX), tdx_rows, COUNT_OF(tdx_rows), parse);
    json_rows(assay_slice_of(SGX), sgx_rows, COUNT_OF(sgx_rows), parse);
    check_suggestion(both_rows, COUNT_OF(both_rows), TDX);
    check_suggestion(tdx_rows, COUNT_OF(tdx_rows), TDX);
    check_suggestion(sgx_rows, COUNT_OF(sgx_rows), SGX);
}

/* --- whole texts ------------------------------------------------------------
 */

static void
test_texts(void **state)
{
    static const char no_tdx[] =
        "policy: names nothing of the workload (mrtd, rtmr0 to rtmr3, "
        "mr_config_id, mr_owner or mr_owner_config); add what it must be, or "
        "\"partial\": true";
    static const char no_sgx[] = "policy: names nothing of the workload "
                                 "(mrenclave or mrsigner); add what it must";
    static const struct json_row texts[] = {
        {"TDX, incomplete", "", "{\"type\":\"tdx\"}", BAD, no_tdx, ""},
        {"TDX, partial false", "", "{\"type\":\"tdx\",\"partial\":false}", BAD,
         no_tdx, ""},
        {"TDX with mr_seam alone", "",
         "{\"type\":\"tdx\",\"mr_seam\":\"" H96 "\"}", BAD, no_tdx, ""},
        {"TDX with rules on the TCB alone", "",
         "{\"type\":\"tdx\",\"grace_period\":1}", BAD, no_tdx, ""},
        {"TDX, partial", "", "{\"type\":\"tdx\",\"partial\":true}", ASSAY_OK,
         "", NULL},
        {"type behind", "", "{\"partial\":true,\"type\":\"tdx\"}", ASSAY_OK, "",
         NULL},
        {"partial and complete", "",
         "{\"type\":\"tdx\",\"partial\":true,\"mrtd\":\"" H96 "\"}", ASSAY_OK,
         "", NULL},
        {"SGX, incomplete", "", "{\"type\":\"sgx\"}", BAD, no_sgx, ""},
        {"SGX with a product alone", "",
         "{\"type\":\"sgx\",\"isvprodid\":1,\"min_isvsvn\":1}", BAD, no_sgx,
         ""},
        {"SGX, partial", "", "{\"type\":\"sgx\",\"partial\":true}", ASSAY_OK,
         "", NULL},
        {"SGX by mrenclave", "", "{\"type\":\"sgx\",\"mrenclave\":\"" H64 "\"}",
         ASSAY_OK, "", NULL},
        {"SGX by mrsigner", "", "{\"type\":\"sgx\",\"mrsigner\":\"" H64 "\"}",
         ASSAY_OK, "", NULL},
        {"no type", "", "{\"partial\":true}", BAD, "policy.type: missing", ""},
        {"nothing in it", "", "{}", BAD, "policy.type: missing", ""},
        {"type dstack_tdx", "", "{\"type\":\"dstack_tdx\",\"partial\":true}",
         BAD, "policy.type: must be \"tdx\" or \"sgx\"", "\"type\":"},
        {"type in capitals", "", "{\"type\":\"TDX\",\"partial\":true}", BAD,
         "policy.type: must be", "\"type\":"},
        {"type empty", "", "{\"type\":\"\",\"partial\":true}", BAD,
         "policy.type: must be", "\"type\":"},
        {"type null", "", "{\"type\":null,\"partial\":true}", BAD,
         "policy.type: must be", "\"type\":"},
        {"type a number", "", "{\"type\":129,\"partial\":true}", BAD,
         "policy.type: must be", "\"type\":"},
        {"type a list", "", "{\"type\":[\"tdx\"],\"partial\":true}", BAD,
         "policy.type: must be", "\"type\":"},
        {"partial a string", "", "{\"type\":\"tdx\",\"partial\":\"yes\"}", BAD,
         "policy.partial: must be true or false", "\"partial\":"},
        {"partial null", "", "{\"type\":\"tdx\",\"partial\":null}", BAD,
         "policy.partial: must be true or false", "\"partial\":"},
        {"an array", "", "[]", BAD, "policy: not a JSON object", ""},
        {"an array of policies", "", "[" WHOLE "]", BAD,
         "policy: not a JSON object", ""},
        {"a string", "", "\"tdx\"", BAD, "policy: not a JSON object", ""},
        {"null", "", "null", BAD, "policy: not a JSON object", ""},
        {"no text", "", "", ASSAY_TRUNCATED, "policy: ", ""},
        {"space only", "", "  ", ASSAY_TRUNCATED, "policy: ", "  "},
        {"a comment", "", "// x\n" WHOLE, ASSAY_MALFORMED, "policy: ", ""},
        {"comma behind", "", "{\"type\":\"tdx\",\"partial\":true,}",
         ASSAY_MALFORMED, "policy: ", "true,"},
        {"single quotes", "", "{'type':'tdx'}", ASSAY_MALFORMED,
         "policy: ", "{"},
        {"a byte order mark", "", "\xef\xbb\xbf" WHOLE, ASSAY_MALFORMED,
         "policy: ", ""},
        {"too deep", "",
         "{\"type\":\"tdx\",\"pccs_url\":[[[[[[[[\"x\"]]]]]]]]}",
         ASSAY_TOO_LARGE, "policy: ", "[[[[[[["},
        {"deep, and refused for what it is", "",
         "{\"type\":\"tdx\",\"pccs_url\":[[[[[[[\"x\"]]]]]]]}", BAD,
         "policy.pccs_url: must be a string", "\"pccs_url\":["},
    };

    (void)state;
    json_rows(ASSAY_EMPTY, texts, COUNT_OF(texts), parse);
}

/* Each register alone makes a TDX policy complete, save mr_seam. */
static void
test_complete(void **state)
{
    static const char *const names[] = {
        "mrtd",         "rtmr0",    "rtmr1",           "rtmr2",  "rtmr3",
        "mr_config_id", "mr_owner", "mr_owner_config", "mr_seam"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char text[200];
        struct assay_error err;

        (void)snprintf(text, sizeof(text), "{\"type\":\"tdx\",\"%s\":\"%s\"}",
                       names[i], H96);
        CHECK(names[i],
              parse(assay_slice_of(text), &err) ==
                  (strcmp(names[i], "mr_seam") != 0 ? ASSAY_OK : BAD));
    }
}

static void
test_limits(void **state)
{
    static const struct {
        const char *name;
        const char *open;
        const char *piece;
        unsigned count;
        enum assay_code code;
    } lists[] = {
        {"64 URLs", "\"pccs_url\":[", "\"u#\"", 64, ASSAY_OK},
        {"65 URLs", "\"pccs_url\":[", "\"u#\"", 65, BAD},
        {"64 advisories", "\"denied_advisories\":[", "\"A#\"", 64, ASSAY_OK},
        {"65 advisories", "\"accepted_advisories\":[", "\"A#\"", 65, BAD},
        {"64 values", "\"mrtd\":[", "\"" H96 "\"", 64, ASSAY_OK},
        {"65 values", "\"mrtd\":[", "\"" H96 "\"", 65, BAD},
        {"64 statuses", "\"allowed_tcb_status\":[", "\"UpToDate\"", 64,
         ASSAY_OK},
        {"65 statuses", "\"allowed_tcb_status\":[", "\"UpToDate\"", 65, BAD},
        {"too many values of any kind", "\"pccs_url\":[", "0", 16384,
         ASSAY_TOO_LARGE},
    };
    static const struct {
        const char *name;
        size_t string; /* bytes of trusted_root */
        size_t spaces;
        enum assay_code code;
    } sizes[] = {
        {"root of 65536 bytes", 65536, 0, ASSAY_OK},
        {"root of 65537 bytes", 65537, 0, BAD},
        {"1 MiB", 0, ASSAY_POLICY_MAX_BYTES, ASSAY_OK},
        {"1 MiB + 1", 0, ASSAY_POLICY_MAX_BYTES + 1, ASSAY_TOO_LARGE},
    };
    struct assay_error err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        struct assay_buf list =
            repeat_text(lists[i].open, lists[i].count, lists[i].piece, "]");
        struct assay_buf b = edit_text(lists[i].name, assay_slice_of(TDX), "#",
                                       (const char *)list.ptr);

        CHECK(lists[i].name, parse(assay_buf_slice(&b), &err) == lists[i].code);
        assay_buf_free(&b);
        assay_buf_free(&list);
    }
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct assay_buf b;

        assay_buf_init(&b, JSON_EDIT_MAX);
        assay_buf_add_text(&b, "{\"type\":\"sgx\",\"partial\":true"
                               ",\"trusted_root\":\"");
        for (size_t k = 0; k < sizes[i].string; k++) {
            assay_buf_add_u8(&b, 'x');
        }
        assay_buf_add_text(&b, "\"}");
        while (b.len < sizes[i].spaces) {
            assay_buf_add_u8(&b, ' ');
        }
        CHECK(sizes[i].name, parse(assay_buf_slice(&b), &err) == sizes[i].code);
        assay_buf_free(&b);
    }
}

/* --- what is read ------------------------------------------------------------
 */

static void
check_defaults(const struct assay_policy *p, enum assay_tee tee)
{
    assert_int_equal(p->tee, tee);
    assert_int_equal(p->allowed_status, 1u << ASSAY_TCB_UP_TO_DATE);
    assert_true(p->partial && p->require_sept_ve_disable);
    assert_false(p->allow_debug || p->allow_service_td);
    assert_false(p->grace_period_s.there || p->min_evaluation.there);
    assert_false(p->min_tcb_date_s.there || p->max_collateral_age_s.there);
    assert_false(p->td_attributes.there || p->xfam.there);
    assert_false(p->has_min_tee_tcb_svn || p->has_accepted_advisories);
    assert_false(p->isvprodid.there || p->min_isvsvn.there);
    assert_int_equal(p->denied_advisories.count, 0);
    assert_false(assay_policy_names_workload(p));
    assert_int_equal(assay_policy_pccs_count(p), 0);
    assert_null(assay_policy_pccs(p, 0));
    assert_true(assay_policy_cache_collateral(p));
    assert_null(assay_policy_trusted_root(p));
    assert_null(assay_policy_ca_file(p));
    assert_int_equal(assay_policy_collateral_grace(p), 0);
}

static void
test_defaults(void **state)
{
    static const struct {
        enum assay_tee tee;
        const char *text;
    } rows[] = {
        {ASSAY_TEE_TDX, "{\"type\":\"tdx\",\"partial\":true}"},
        {ASSAY_TEE_SGX, "{\"type\":\"sgx\",\"partial\":true}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_policy *p = NULL;
        struct assay_error err;

        assert_int_equal(assay_policy_default(rows[i].tee, &p, &err), ASSAY_OK);
        check_defaults(p, rows[i].tee);
        assay_policy_free(p);
        p = read_policy(rows[i].text);
        check_defaults(p, rows[i].tee);
        assay_policy_free(p);
    }
    assay_policy_free(NULL);
}

static void
check_set(const struct assay_value_set *set, size_t size, size_t count,
          const uint8_t *last)
{
    assert_int_equal(set->size, size);
    assert_int_equal(set->count, count);
    assert_memory_equal(set->bytes + (count - 1) * size, last, size);
}

static void
test_tdx_values(void **state)
{
    static const char *const names[ASSAY_REG_COUNT] = {
        [ASSAY_REG_MRTD] = "mrtd",
        [ASSAY_REG_RTMR0] = "rtmr0",
        [ASSAY_REG_RTMR1] = "rtmr1",
        [ASSAY_REG_RTMR2] = "rtmr2",
        [ASSAY_REG_RTMR3] = "rtmr3",
        [ASSAY_REG_MR_SEAM] = "mr_seam",
        [ASSAY_REG_MR_CONFIG_ID] = "mr_config_id",
        [ASSAY_REG_MR_OWNER] = "mr_owner",
        [ASSAY_REG_MR_OWNER_CONFIG] = "mr_owner_config",
    };
    struct assay_buf text;
    struct assay_policy *p;

    (void)state;
    assay_buf_init(&text, 1u << 16);
    assay_buf_add_text(
        &text,
        "{\"type\":\"tdx\",\"allowed_tdx_status\":[\"OutOfDate\",\"Revoked\","
        "\"TDRelaunchAdvisedConfigurationNeeded\",\"OutOfDate\"],"
        "\"require_sept_ve_disable\":false,\"allow_service_td\":true,"
        "\"allow_debug\":true,"
        "\"td_attributes\":{\"mask\":\"FF000000000000f1\","
        "\"value\":\"0100000000000010\"},"
        "\"xfam\":{\"value\":\"0302000000000000\","
        "\"mask\":\"0302000000000080\"},"
        "\"min_tdx_tcb\":{\"tee_tcb_svn\":\"0102030405060708090A0b0c0d0e0f10\","
        "\"tcb_evaluation_data_number\":4294967295,"
        "\"tcb_date\":\"2024-03-13\"}");
    for (size_t i = 0; i < ASSAY_REG_COUNT; i++) {
        assay_buf_printf(&text, ",\"%s\":[\"" H96 "\",\"", names[i]);
        for (size_t k = 0; k < 48; k++) {
            assay_buf_printf(&text, "%02X", (unsigned)(0xa0 + i));
        }
        assay_buf_add_text(&text, "\"]");
    }
    assay_buf_add_text(&text, "}");
    assay_buf_add_u8(&text, 0);
    p = read_policy((const char *)text.ptr);
    assay_buf_free(&text);

    assert_int_equal(
        p->allowed_status,
        1u << ASSAY_TCB_OUT_OF_DATE | 1u << ASSAY_TCB_REVOKED |
            1u << ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED);
    assert_false(p->partial || p->require_sept_ve_disable);
    assert_true(p->allow_service_td && p->allow_debug);
    assert_true(p->td_attributes.there && p->xfam.there);
    assert_true(p->td_attributes.mask == UINT64_C(0xf1000000000000ff));
    assert_true(p->td_attributes.value == UINT64_C(0x1000000000000001));
    assert_true(p->xfam.mask == UINT64_C(0x8000000000000203));
    assert_true(p->xfam.value == UINT64_C(0x203));
    assert_true(p->has_min_tee_tcb_svn);
    for (size_t i = 0; i < 16; i++) {
        assert_int_equal(p->min_tee_tcb_svn[i], i + 1);
    }
    assert_true(p->min_evaluation.there && p->min_tcb_date_s.there);
    assert_int_equal(p->min_evaluation.value, 4294967295);
    assert_int_equal(p->min_tcb_date_s.value, 1710288000);
    for (size_t i = 0; i < ASSAY_REG_COUNT; i++) {
        uint8_t last[48];

        memset(last, (int)(0xa0 + i), sizeof(last));
        check_set(&p->td_register[i], 48, 2, last);
        assert_int_equal(p->td_register[i].bytes[1], 0x23);
    }
    assert_int_equal(p->mrenclave.count, 0);
    assay_policy_free(p);
}

static void
test_sgx_values(void **state)
{
    uint8_t last[32];
    struct assay_policy *p = read_policy(
        "{\"type\":\"sgx\",\"allowed_tcb_status\":[\"SWHardeningNeeded\"],"
        "\"grace_period\":7,\"min_tcb_evaluation_data_number\":0,"
        "\"min_tcb_date\":\"2024-03-13T00:00:01Z\","
        "\"denied_advisories\":[\"A\",\"B\"],\"accepted_advisories\":\"C\","
        "\"max_collateral_age_secs\":0,\"collateral_grace_secs\":86400,"
        "\"pccs_url\":[\"https://a/\",\"\"],\"cache_collateral\":false,"
        "\"trusted_root\":\"a\\nb\",\"ca_file\":\"/etc/ca.pem\","
        "\"mrenclave\":\"" H64 "\",\"mrsigner\":[\"" H64 "\",\""
        "FEFEFEFEFEFEFEFEfefefefefefefefe"
        "fefefefefefefefefefefefefefefefe\"],"
        "\"isvprodid\":0,\"min_isvsvn\":65535}");

    (void)state;
    memset(last, 0xfe, sizeof(last));
    assert_int_equal(p->tee, ASSAY_TEE_SGX);
    assert_int_equal(p->allowed_status, 1u << ASSAY_TCB_SW_HARDENING_NEEDED);
    assert_true(p->grace_period_s.there && p->grace_period_s.value == 7);
    assert_true(p->min_evaluation.there && p->min_evaluation.value == 0);
    assert_int_equal(p->min_tcb_date_s.value, 1710288001);
    assert_int_equal(p->denied_advisories.count, 2);
    assert_string_equal(p->denied_advisories.item[1], "B");
    assert_true(p->has_accepted_advisories);
    assert_int_equal(p->accepted_advisories.count, 1);
    assert_string_equal(p->accepted_advisories.item[0], "C");
    assert_true(p->max_collateral_age_s.there);
    assert_int_equal(p->max_collateral_age_s.value, 0);
    assert_int_equal(assay_policy_collateral_grace(p), 86400);
    assert_int_equal(assay_policy_pccs_count(p), 2);
    assert_string_equal(assay_policy_pccs(p, 0), "https://a/");
    assert_string_equal(assay_policy_pccs(p, 1), "");
    assert_null(assay_policy_pccs(p, 2));
    assert_false(assay_policy_cache_collateral(p));
    assert_string_equal(assay_policy_trusted_root(p), "a\nb");
    assert_string_equal(assay_policy_ca_file(p), "/etc/ca.pem");
    check_set(&p->mrsigner, 32, 2, last);
    assert_int_equal(p->mrenclave.count, 1);
    assert_true(p->isvprodid.there && p->isvprodid.value == 0);
    assert_true(p->min_isvsvn.there && p->min_isvsvn.value == 65535);
    assay_policy_free(p);

    p = read_policy("{\"type\":\"sgx\",\"partial\":true,\"pccs_url\":\"u\"}");
    assert_int_equal(assay_policy_pccs_count(p), 1);
    assert_string_equal(assay_policy_pccs(p, 0), "u");
    assay_policy_free(p);
}

static void
test_accept(void **state)
{
    static const enum assay_tcb_status two[] = {ASSAY_TCB_OUT_OF_DATE,
                                                ASSAY_TCB_REVOKED};
    static const enum assay_tcb_status none[] = {ASSAY_TCB_UP_TO_DATE,
                                                 ASSAY_TCB_NONE};
    const unsigned past =
        ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED + 1;
    enum assay_tcb_status beyond[1]; /* no such enumerator */
    struct assay_policy *p = NULL;
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_policy_default(ASSAY_TEE_TDX, &p, &err), ASSAY_OK);
    assert_int_equal(assay_policy_accept(p, two, 2, &err), ASSAY_OK);
    assert_int_equal(p->allowed_status,
                     1u << ASSAY_TCB_OUT_OF_DATE | 1u << ASSAY_TCB_REVOKED);
    assert_int_equal(assay_policy_accept(p, two, 1, &err), ASSAY_OK);
    assert_int_equal(p->allowed_status, 1u << ASSAY_TCB_OUT_OF_DATE);

    assert_int_equal(assay_policy_accept(p, two, 0, &err), ASSAY_INVALID);
    check_error("empty", &err, ASSAY_INVALID,
                "accepted statuses: the list is empty", ASSAY_NO_OFFSET);
    assert_int_equal(assay_policy_accept(p, NULL, 0, &err), ASSAY_INVALID);
    assert_int_equal(assay_policy_accept(p, none, 2, &err), ASSAY_INVALID);
    check_error("none", &err, ASSAY_INVALID,
                "accepted statuses: unknown status", ASSAY_NO_OFFSET);
    memcpy(beyond, &past, sizeof(beyond));
    assert_int_equal(assay_policy_accept(p, beyond, 1, &err), ASSAY_INVALID);
    assert_int_equal(p->allowed_status, 1u << ASSAY_TCB_OUT_OF_DATE);
    assay_policy_free(p);
}

static void
test_status_names(void **state)
{
    static const char *const names[] = {
        "UpToDate",
        "SWHardeningNeeded",
        "ConfigurationNeeded",
        "ConfigurationAndSWHardeningNeeded",
        "OutOfDate",
        "OutOfDateConfigurationNeeded",
        "Revoked",
        "TDRelaunchAdvised",
        "TDRelaunchAdvisedConfigurationNeeded",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        enum assay_tcb_status s =
            assay_tcb_status_parse(assay_slice_of(names[i]));
        char text[48];

        assert_int_equal(s, i + 1);
        assert_string_equal(assay_tcb_status_name(s), names[i]);
        for (size_t len = 0; len < strlen(names[i]); len++) {
            struct assay_slice cut = {(const uint8_t *)names[i], len};

            s = assay_tcb_status_parse(cut); /* OutOfDate starts others */
            CHECK(names[i], s == ASSAY_TCB_NONE ||
                                assay_slice_is(cut, assay_tcb_status_name(s)));
        }
        (void)snprintf(text, sizeof(text), "%s ", names[i]);
        CHECK(names[i],
              assay_tcb_status_parse(assay_slice_of(text)) == ASSAY_TCB_NONE);
        text[strlen(names[i])] = '\0';
        text[0] ^= 0x20;
        CHECK(names[i],
              assay_tcb_status_parse(assay_slice_of(text)) == ASSAY_TCB_NONE);
    }
    assert_int_equal(assay_tcb_status_parse(ASSAY_EMPTY), ASSAY_TCB_NONE);
    assert_null(assay_tcb_status_name(ASSAY_TCB_NONE));
    assert_null(
        assay_tcb_status_name((enum assay_tcb_status)(COUNT_OF(names) + 1)));
}

/* --- the document
 * -------------------------------------------------------------- */

/* Each ```json block of docs/policy.md is a policy; there is one of each type,
 * and neither is partial. */
static void
test_document(void **state)
{
    const char *source = getenv("ASSAY_SOURCE");
    static char text[65536];
    char path[1024];
    FILE *f;
    size_t len;
    size_t pos = 0;
    unsigned types = 0;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/docs/policy.md",
                   source != NULL ? source : ".");
    f = fopen(path, "rb");
    if (f == NULL) {
        fail_msg("%s: cannot be read", path);
        return;
    }
    len = fread(text, 1, sizeof(text) - 1, f);
    assert_int_equal(fclose(f), 0);
    assert_true(len > 1000 && len < sizeof(text) - 1);
    for (unsigned blocks = 0;; blocks++) {
        char *start = strstr(text + pos, "\n```json\n");
        char *end = start != NULL ? strstr(start + 9, "\n```\n") : NULL;
        struct assay_policy *p;

        if (start == NULL) {
            assert_int_equal(blocks, 2);
            break;
        }
        assert_non_null(end);
        *end = '\0';
        p = read_policy(start + 9);
        assert_false(p->partial);
        assert_true(assay_policy_names_workload(p));
        types |= p->tee == ASSAY_TEE_TDX ? 1u : 2u;
        assay_policy_free(p);
        pos = (size_t)(end - text) + 1;
    }
    assert_int_equal(types, 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),      cmocka_unit_test(test_texts),
        cmocka_unit_test(test_complete),     cmocka_unit_test(test_limits),
        cmocka_unit_test(test_defaults),     cmocka_unit_test(test_tdx_values),
        cmocka_unit_test(test_sgx_values),   cmocka_unit_test(test_accept),
        cmocka_unit_test(test_status_names), cmocka_unit_test(test_document),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
