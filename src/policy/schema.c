/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * schema.c - the table of members as a JSON Schema. It says what each member
 * may be; what they must be together, check.c knows alone.
 */
#include "base/buf.h"
#include "policy/members.h"

#define HEX(digits)                                                            \
    "{\"type\": \"string\", \"pattern\": \"^[0-9A-Fa-f]{" digits "}$\"}"
#define PREFIX                                                                 \
    "{\"type\": \"string\", \"pattern\": \"^([0-9A-Fa-f]{2}){1,48}$\"}"
#define STRING   "{\"type\": \"string\", \"maxLength\": 65536}"
#define ADVISORY "{\"type\": \"string\", \"pattern\": \"^[A-Z0-9-]{1,64}$\"}"
/* Whether there is such a day is not said. */
#define DATE                                                                   \
    "{\"type\": \"string\", \"pattern\": \"^([0-9]+|"                          \
    "[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?"   \
    "([Zz]|[+-][0-9]{2}:[0-9]{2}))?)$\"}"
#define REF(kind) "{\"$ref\": \"#/$defs/" kind "\"}"
#define LIST(items)                                                            \
    "{\"type\": \"array\", \"minItems\": 1, \"maxItems\": 64, "                \
    "\"items\": " items "}"
#define ONE_OR_LIST(item) "{\"oneOf\": [" item ", " LIST(item) "]}"
#define INTEGER(max)                                                           \
    "{\"type\": \"integer\", \"minimum\": 0, \"maximum\": " max "}"
#define OBJECT                                                                 \
    "{\"type\": \"object\", \"additionalProperties\": false, "                 \
    "\"minProperties\": 1, \"properties\": "
#define WIRE "{\"enum\": [\"v2\", \"v1\", \"v0\"]}"

#define X(code, name) ", \"" name "\""
static const char statuses[] = ASSAY_TCB_STATUSES(X);
#undef X

/* Text and what stands for text, in turn: broken only where that helps. */
/* clang-format off */
static const char pinned[] =
    "{\"type\": \"object\", \"additionalProperties\": false, "
    "\"required\": [\"at\", \"from\", \"how\"], \"properties\": "
    "{\"at\": " REF("date") ", \"from\": " STRING ", "
    "\"how\": {\"enum\": [\"session\", \"unverified_tls\", \"quote\"]}}}";
static const char mask[] =
    OBJECT "{\"mask\": " HEX("16") ", \"value\": " HEX("16") "}, "
    "\"required\": [\"mask\", \"value\"]}";
static const char min_tdx_tcb[] =
    OBJECT "{\"tee_tcb_svn\": " HEX("32") ", "
    "\"tcb_evaluation_data_number\": " REF("u32") ", "
    "\"tcb_date\": " REF("date") ", "
    "\"legacy_prefix_match\": " REF("boolean") ", "
    "\"mrseam\": " ONE_OR_LIST(PREFIX) ", "
    "\"mrtmrs\": " ONE_OR_LIST(PREFIX) "}}";
static const char bootchain[] =
    OBJECT "{\"mrtd\": " REF("values48") ", \"rtmr0\": " REF("values48") ", "
    "\"rtmr1\": " REF("values48") ", \"rtmr2\": " REF("values48") "}}";
/* clang-format on */
static const char wires[] =
    "{\"oneOf\": [" WIRE ", {\"type\": \"array\", \"minItems\": 1, "
    "\"uniqueItems\": true, \"items\": " WIRE "}]}";
static const char certificate_event[] =
    "{\"enum\": [\"required\", \"if_present\", \"off\"]}";

/* What a kind of member may be; NULL: written by its own function. */
static const struct {
    const char *name;
    const char *is;
} kinds[] = {
    [ASSAY_KIND_TYPE] = {"type", NULL},
    [ASSAY_KIND_BOOL] = {"boolean", "{\"type\": \"boolean\"}"},
    [ASSAY_KIND_SECONDS] = {"seconds", INTEGER("2147483647")},
    [ASSAY_KIND_DURATION] = {"duration", INTEGER("2147483647")},
    [ASSAY_KIND_U32] = {"u32", INTEGER("4294967295")},
    [ASSAY_KIND_U16] = {"u16", INTEGER("65535")},
    [ASSAY_KIND_DATE] = {"date", DATE},
    [ASSAY_KIND_STATUSES] = {"statuses", NULL},
    [ASSAY_KIND_STRINGS] = {"strings", ONE_OR_LIST(STRING)},
    [ASSAY_KIND_ADVISORIES] = {"advisories", ONE_OR_LIST(ADVISORY)},
    [ASSAY_KIND_STRING] = {"string", STRING},
    [ASSAY_KIND_VALUES32] = {"values32", ONE_OR_LIST(HEX("64"))},
    [ASSAY_KIND_VALUES48] = {"values48", ONE_OR_LIST(HEX("96"))},
    [ASSAY_KIND_MASK] = {"mask", mask},
    [ASSAY_KIND_MIN_TDX_TCB] = {"min_tdx_tcb", min_tdx_tcb},
    [ASSAY_KIND_BOOTCHAIN] = {"bootchain", bootchain},
    [ASSAY_KIND_OBJECT] = {"object", "{\"type\": \"object\"}"},
    [ASSAY_KIND_CERTIFICATE_EVENT] = {"certificate_event", certificate_event},
    [ASSAY_KIND_WIRES] = {"wires", wires},
    [ASSAY_KIND_ROLLBACK] = {"collateral_rollback",
                             "{\"enum\": [\"refuse\", \"warn\"]}"},
    [ASSAY_KIND_TEE_TYPE] = {"tee_type", "{\"const\": \"Tdx\"}"},
    [ASSAY_KIND_PINNED] = {"pinned", pinned},
};

static void
write_kinds(struct assay_buf *out)
{
    assay_buf_add_text(out, "  \"$defs\": {\n");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].is != NULL) {
            assay_buf_printf(out, "    \"%s\": ", kinds[i].name);
            assay_buf_add_text(out, kinds[i].is);
            assay_buf_add_text(out, ",\n");
        }
    }
    assay_buf_printf(out,
                     "    \"statuses\": {\"type\": \"array\", \"minItems\": 1, "
                     "\"maxItems\": 64, \"items\": {\"enum\": [%s]}}\n  },\n",
                     statuses + 2);
}

static void
write_members(struct assay_buf *out, unsigned of, const char *type)
{
    assay_buf_printf(out, "        \"type\": {\"const\": \"%s\"}", type);
    for (size_t i = 0; i < assay_member_row_count; i++) {
        const struct assay_member_row *row = &assay_member_rows[i];

        if ((row->of & of) != 0 && row->kind != ASSAY_KIND_TYPE) {
            assay_buf_printf(out,
                             ",\n        \"%s\": {\"$ref\": \"#/$defs/%s\"}",
                             row->name, kinds[row->kind].name);
        }
    }
    assay_buf_add_text(out, "\n");
}

enum assay_code
assay_policy_schema_json(struct assay_buf *out, struct assay_error *err)
{
    static const struct {
        unsigned of;
        const char *type;
    } types[] = {
        {ASSAY_OF_DSTACK, "dstack_tdx"},
        {ASSAY_OF_TDX, "tdx"},
        {ASSAY_OF_SGX, "sgx"},
    };
    size_t count = sizeof(types) / sizeof(types[0]);

    assay_error_clear(err);
    assay_buf_add_text(out,
                       "{\n  \"$schema\": "
                       "\"https://json-schema.org/draft/2020-12/schema\",\n"
                       "  \"title\": \"Appraisal policy\",\n");
    write_kinds(out);
    assay_buf_add_text(out, "  \"oneOf\": [\n");
    for (size_t i = 0; i < count; i++) {
        assay_buf_add_text(out, "    {\n      \"type\": \"object\",\n"
                                "      \"required\": [\"type\"],\n"
                                "      \"additionalProperties\": false,\n"
                                "      \"properties\": {\n");
        write_members(out, types[i].of, types[i].type);
        assay_buf_printf(out, "      }\n    }%s\n", i + 1 < count ? "," : "");
    }
    assay_buf_add_text(out, "  ]\n}\n");
    return assay_buf_check(out, "policy schema", err);
}
