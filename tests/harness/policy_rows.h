/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy_rows.h - tables of members of a policy: as it should be and in every
 * way it should not. What holds in JSON holds in TOML.
 */
#pragma once

#include <stdio.h>

#include "harness/json_edit.h"
#include "harness/policy_forms.h"
#include "harness/schema.h"

#define H16 "0123456789abcdef"
#define H64 H16 H16 H16 H16
#define H96 H64 H16 H16
#define BAD ASSAY_INVALID

/* The same policy as TOML comes to the same end. */
static inline void
check_toml_form(struct assay_slice json, const struct assay_policy *p,
                const struct assay_error *err)
{
    struct assay_policy *q = NULL;
    struct assay_error other;
    struct assay_buf toml;

    if ((err->code == ASSAY_OK || err->code == ASSAY_INVALID) &&
        toml_of_json(json, &toml)) {
        (void)!assay_policy_parse_toml(assay_buf_slice(&toml), &q, &other);
        if (other.code != err->code ||
            (err->code != ASSAY_OK &&
             strncmp(strstr(other.msg, "policy"), err->msg, 100) != 0)) {
            fail_msg("%.*s: %s, in JSON %s", (int)toml.len,
                     (const char *)toml.ptr, other.msg, err->msg);
        }
        CHECK(other.msg,
              err->code == ASSAY_OK || strncmp(other.msg, "line ", 5) == 0);
        if (p != NULL) {
            check_same_policy("as TOML", p, q);
        }
        assay_policy_free(q);
        assay_buf_free(&toml);
    } else if (err->code == ASSAY_OK || err->code == ASSAY_INVALID) {
        assay_buf_free(&toml);
    }
}

/* So does the schema, which is read once. */
static inline void
check_schema(struct assay_slice json, const struct assay_error *err)
{
    static struct assay_buf text;
    static struct assay_json *schema;

    if (schema == NULL) {
        schema = schema_open(&text);
    }
    schema_check(schema, json, err);
}

static inline enum assay_code
parse_policy(struct assay_slice text, struct assay_error *err)
{
    struct assay_policy *p = (struct assay_policy *)(uintptr_t)1;
    enum assay_code code = assay_policy_parse(text, &p, err);

    assert_true((p != NULL) == (code == ASSAY_OK));
    check_toml_form(text, p, err);
    check_schema(text, err);
    assay_policy_free(p);
    return code;
}

static inline struct assay_policy *
read_policy(const char *text)
{
    struct assay_policy *p = NULL;
    struct assay_error err;

    if (assay_policy_parse(assay_slice_of(text), &p, &err) != ASSAY_OK) {
        fail_msg("%s: %s", text, err.msg);
    }
    return p;
}

/* A row whose message ends early means that no name is offered. */
static inline void
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
        assert_int_equal(parse_policy(assay_buf_slice(&b), &err), BAD);
        if (strstr(err.msg, "nearest is ") != NULL) {
            fail_msg("row \"%s\": %s", rows[i].name, err.msg);
        }
        assay_buf_free(&b);
    }
}

static inline void
policy_rows(const char *base, const struct json_row *rows, size_t count)
{
    json_rows(assay_slice_of(base), rows, count, parse_policy);
    check_suggestion(rows, count, base);
}

static inline void
check_set(const struct assay_value_set *set, size_t size, size_t count,
          const uint8_t *last)
{
    assert_int_equal(set->size, size);
    assert_int_equal(set->count, count);
    assert_memory_equal(set->bytes + (count - 1) * size, last, size);
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
#define ADVISORIES(member)                                                     \
    GOOD(member, "\"INTEL-SA-00615\""), GOOD(member, "[\"INTEL-SA-123456\"]"), \
        GOOD(member, "[\"INTEL-SA-00001\",\"INTEL-TA-1\"]"),                   \
        REFUSED(member, "[]", "must be a list of 1 to 64 values"),             \
        REFUSED(member, "7", "must be a string of at most 65536 bytes"),       \
        REFUSED(member, "\"\"", "'' is no advisory's ID"),                     \
        REFUSED(member, "\"intel-sa-00615\"", "'intel-sa-00615' is no adv"),   \
        REFUSED(member, "\"INTEL-SA-615\"", "'INTEL-SA-615' is no advisory"),  \
        REFUSED(member, "\"INTEL-SA-0061S\"", "'INTEL-SA-0061S' is no adv"),   \
        REFUSED(member, "\"INTEL-SA-00615 \"", "'INTEL-SA-00615 ' is no"),     \
        REFUSED(member, "[\"INTEL-SA-00615\",\"SA 1\"]", "'SA 1' is no adv"),  \
        REFUSED(member, "\"" H64 "A\"", "'0123456789abcdef"),                  \
        REFUSED_AT(member, "[\"A\",7]", ": must be a string", "\"A\",")
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
                "value has bits that mask leaves out"),                        \
        REFUSED(member,                                                        \
                "{\"mask\":\"0000000000000000\",\"value\":"                    \
                "\"0000000000000000\"}",                                       \
                "asks for nothing: mask is zero")
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
