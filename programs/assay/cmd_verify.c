/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cmd_verify.c - assay verify: is a quote genuine, and how healthy is its
 * platform?
 */
#include <stdio.h>

#include "base/buf.h"
#include "help.h"
#include "judgement.h"
#include "report.h"
#include "report_json.h"
#include "verify_evidence.h"

#define VERDICT_JSON_MAX_BYTES (4u * 1024u * 1024u)

static enum assay_code
print_json(const struct judgement *j, struct assay_error *err)
{
    struct assay_buf json;

    assay_buf_init(&json, VERDICT_JSON_MAX_BYTES);
    (void)!assay_verdict_to_json(j->verdict, j->quote, j->obtained.collateral,
                                 &json, err);
    return cli_print_made(&json, err);
}

static void
print_text(const struct command *c, const struct judgement *j)
{
    struct report_input in = {
        .verdict = j->verdict,
        .quote = j->quote,
        .collateral = j->obtained.collateral,
        .source = j->collateral_source,
        .root = assay_root_is_intel(j->root) ? "Intel SGX Root CA"
                                             : "CUSTOM, not Intel's",
        .colour = cli_colour(),
    };

    report_text(stdout, &in);
    report_refusal(c, j->o->operand, j->verdict);
}

static enum exit_code
verify(const struct command *c, const struct options *o)
{
    struct judgement j = {.o = o};
    struct assay_error err;
    enum exit_code code;

    assay_error_clear(&err);
    if (judgement_make(&j, &err) == ASSAY_OK && o->json) {
        (void)!print_json(&j, &err);
    } else if (err.code == ASSAY_OK) {
        print_text(c, &j);
    }
    code = report_exit(c, o->json, j.verdict, &err);
    judgement_free(&j);
    return code;
}

static enum exit_code
run(const struct command *c, const struct options *o)
{
    return o->evidence != NULL ? verify_evidence(c, o) : verify(c, o);
}

const struct command command_verify = {
    .name = "verify",
    .summary = "tell whether an SGX or TDX quote is genuine and healthy",
    .help =
        "Usage: assay verify [OPTIONS] QUOTE\n"
        "       assay verify --evidence FILE --policy FILE [OPTIONS]\n"
        "\n"
        "Tells whether an Intel SGX or TDX quote is genuine, how healthy its\n"
        "platform is, and whether it meets the policy.\n"
        "\n"
        "QUOTE is raw, hex or base64, recognised by content; - is standard\n"
        "input. Without --collateral and --pccs, Intel's PCS is asked and its\n"
        "answers are kept in $XDG_CACHE_HOME/assay until they expire.\n"
        "\n"
        "  --collateral FILE   a bundle made by 'assay collateral "
        "fetch'\n" HELP_SOURCES "  --no-cache          neither read nor write "
        "the cache\n" HELP_SOURCE_TIMEOUTS
        "  --at TIME           judge as of then: Unix seconds or RFC 3339\n"
        "  --root FILE         trust this root (PEM) instead of Intel's\n"
        "  --policy FILE       what to require; without it: UpToDate, no "
        "debug\n"
        "  --event-log FILE    event log of the TD: JSON, alone or in the\n"
        "                      answer that the quote came with\n"
        "  --app-compose FILE  its app-compose, as it is\n"
        "  --vm-config FILE    its vm_config: JSON\n"
        "  --accept STATUS,... accept these TCB statuses, and only these,\n"
        "                      whatever the policy lists\n"
        "  --evidence FILE     judge a bundle that --save-evidence has made,\n"
        "                      without any network; policy, root and time in\n"
        "                      it are its author's claims, so 0 takes a\n"
        "                      --policy of your own\n"
        "  -v, --verbose       say what the cache and the memory of "
        "evaluations\n"
        "                      could not do\n"
        "  --json              one JSON object\n"
        "  -h, --help          this text\n"
        "\n"
        "Exit: 0 trusted, 1 not trusted, 2 unreadable input or network, 64\n"
        "usage.\n",
    .options = OPTIONS_VERIFY,
    .operands = "QUOTE",
    .run = run,
};
