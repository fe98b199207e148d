/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cmd_inspect.c - assay inspect: every field of a quote, or of a bundle of
 * stored evidence; no judgement.
 */
#include "document.h"
#include "load.h"

static enum assay_code
inspect(const char *path, struct assay_buf *json, struct assay_error *err)
{
    struct assay_ctx *ctx = NULL;
    struct assay_quote *quote = NULL;
    struct assay_evidence *evidence = NULL;

    if (assay_ctx_new(&ctx, err) == ASSAY_OK &&
        load_quote_or_evidence(ctx, path, &quote, &evidence, err) == ASSAY_OK) {
        (void)!(quote != NULL ? assay_quote_to_json(quote, json, err)
                              : assay_evidence_to_json(evidence, json, err));
    }
    assay_evidence_free(evidence);
    assay_quote_free(quote);
    assay_ctx_free(ctx);
    return err->code;
}

static enum exit_code
run(const struct command *c, const struct options *o)
{
    struct assay_error err;
    struct assay_buf json;

    assay_buf_init(&json, DOCUMENT_MAX_BYTES);
    if (inspect(o->operand, &json, &err) != ASSAY_OK) {
        assay_buf_free(&json);
        return cli_fail(c, o->json, &err);
    }
    return document_print(c, o->json, &json);
}

const struct command command_inspect = {
    .name = "inspect",
    .summary = "print every field of a quote or bundle, without judging it",
    .help =
        "Usage: assay inspect [--json] QUOTE|BUNDLE\n"
        "\n"
        "Prints every field of an SGX or TDX quote with its name, or all of\n"
        "a bundle that --save-evidence of 'assay get' or 'assay pipe' made.\n"
        "Nothing is verified: see 'assay verify'.\n"
        "\n"
        "QUOTE is raw, hex or base64; all are recognised by content; - is\n"
        "standard input.\n"
        "\n"
        "  --json       one JSON object\n"
        "  -h, --help   this text\n"
        "\n"
        "Exit: 0 printed, 2 unreadable, 64 usage.\n",
    .options = OPTIONS_INSPECT,
    .operands = "QUOTE",
    .run = run,
};
