/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cmd_inspect.c - assay inspect: every field of a quote, no judgement.
 */
#include "document.h"
#include "load.h"

#define QUOTE_JSON_MAX_BYTES (1024u * 1024u)

static enum exit_code
run(const struct command *c, int argc, char **argv)
{
    struct options o;
    struct assay_error err;
    struct assay_quote *quote = NULL;
    struct assay_buf json;
    enum exit_code code;

    if (!options_parse(&o, c, OPTIONS_INSPECT, "QUOTE", argc, argv, &code)) {
        return code;
    }
    assay_buf_init(&json, QUOTE_JSON_MAX_BYTES);
    if (load_quote(o.operand, &quote, &err) != ASSAY_OK ||
        assay_quote_to_json(quote, &json, &err) != ASSAY_OK) {
        assay_buf_free(&json);
        code = cli_fail(c, o.json, &err);
    } else {
        code = document_print(c, o.json, &json);
    }
    assay_quote_free(quote);
    options_free(&o);
    return code;
}

const struct command command_inspect = {
    .name = "inspect",
    .summary = "print every field of a quote, without judging it",
    .help =
        "Usage: assay inspect [--json] QUOTE\n"
        "\n"
        "Prints every field of an SGX or TDX quote with its name. Nothing is\n"
        "verified: see 'assay verify'.\n"
        "\n"
        "QUOTE is raw, hex or base64, recognised by content; - is standard\n"
        "input.\n"
        "\n"
        "  --json       one JSON object\n"
        "  -h, --help   this text\n"
        "\n"
        "Exit: 0 printed, 2 unreadable, 64 usage.\n",
    .run = run,
};
