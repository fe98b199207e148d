/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cmd_policy_schema.c - assay policy schema: the members of a policy as JSON
 * Schema, for editors and other programs.
 */
#include "base/error.h"
#include "programs/assay/options.h"

#define SCHEMA_MAX_BYTES (64u * 1024u)

static enum exit_code
run(const struct command *c, const struct options *o)
{
    struct assay_buf schema;
    struct assay_error err;

    (void)o;
    assay_buf_init(&schema, SCHEMA_MAX_BYTES);
    if (assay_policy_schema_json(&schema, &err) != ASSAY_OK) {
        assay_buf_free(&schema);
        return cli_fail(c, false, &err);
    }
    cli_print(&schema);
    return EXIT_TRUSTED;
}

const struct command command_policy_schema = {
    .name = "policy schema",
    .summary = "print the JSON Schema of a policy",
    .help =
        "Usage: assay policy schema\n"
        "\n"
        "Prints the JSON Schema (2020-12) of a policy: every member of every\n"
        "type. What members must be together it does not say; reading a\n"
        "policy ('assay policy explain') does.\n"
        "\n"
        "  -h, --help          this text\n",
    .options = OPTIONS_POLICY_SCHEMA,
    .operands = "",
    .run = run,
};
