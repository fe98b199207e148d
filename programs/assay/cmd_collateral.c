/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cmd_collateral.c - assay collateral: bundles for use without a network.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/json_out.h"
#include "document.h"
#include "help.h"
#include "io/file.h"
#include "io/pcs.h"
#include "load.h"
#include "progress.h"
#include "report.h"

#define ITEMS_JSON_MAX_BYTES (64u * 1024u)
#define SOURCES_DEFAULT      1u

/* What both --json documents about items have in common. */
static void
add_items(struct assay_json_out *out, const struct assay_collateral *c,
          const struct report_moment *at)
{
    size_t count = assay_collateral_item_count(c);

    assay_json_out_time(out, "expires", assay_collateral_expires(c));
    assay_json_out_open(out, "items", '{');
    for (size_t i = 0; i < count; i++) {
        struct assay_collateral_item item = assay_collateral_item(c, i);
        assay_json_out_open(out, item.name, '{');
        assay_json_out_time(out, "issued", item.issued_s);
        assay_json_out_time(out, "expires", item.expires_s);
        if (at != NULL) {
            assay_json_out_text(out, "state", report_item_state(item, *at));
        }
        assay_json_out_close(out, '}');
    }
    assay_json_out_close(out, '}');
}

/* fetch */

static enum assay_code
fetch_bundle(const struct assay_ctx *ctx, const struct options *o,
             struct assay_collateral_need *need, struct assay_buf *bundle,
             struct assay_collateral **out, struct assay_error *err)
{
    static const char *const intel[SOURCES_DEFAULT] = {ASSAY_SOURCE_INTEL};
    struct assay_quote *quote = NULL;
    struct assay_fetch_options fetch = {
        .ca_file = o->pccs_ca,
        .connect_timeout_ms = o->connect_timeout_ms,
        .timeout_ms = o->timeout_ms,
    };
    struct assay_gather_request request = {
        .need = need,
        .sources = o->source_count > 0 ? o->sources : intel,
        .source_count = o->source_count > 0 ? o->source_count : SOURCES_DEFAULT,
        .early = o->early,
        .evaluation = o->evaluation,
    };
    const struct assay_ask ask = assay_pcs_ask(&fetch);

    if (load_quote(o->operand, &quote, err) != ASSAY_OK) {
        return err->code;
    }
    if (assay_collateral_need(quote, ASSAY_EMPTY, need, err) != ASSAY_OK) {
        assay_error_prefix(err, "%s", o->operand);
    }
    assay_quote_free(quote);
    if (err->code != ASSAY_OK) {
        return err->code;
    }
    progress_attach(&fetch);
    (void)!assay_ask(ctx, &request, &ask, bundle, out, err);
    progress_end();
    return err->code;
}

static void
report_fetched(const struct options *o,
               const struct assay_collateral_need *need,
               const struct assay_collateral *collateral)
{
    const char *tee = need->tdx ? "tdx" : "sgx";
    struct assay_buf json;
    struct assay_json_out out;

    if (!o->json) {
        printf("%s: collateral for %s, FMSPC %s, %s CA\n", o->output, tee,
               need->fmspc, need->ca);
        report_items(stdout, collateral);
        return;
    }
    assay_buf_init(&json, ITEMS_JSON_MAX_BYTES);
    assay_json_out_init(&out, &json, false);
    assay_json_out_open(&out, NULL, '{');
    assay_json_out_text(&out, "file", o->output);
    assay_json_out_text(&out, "tee_type", tee);
    assay_json_out_text(&out, "fmspc", need->fmspc);
    assay_json_out_text(&out, "ca", need->ca);
    add_items(&out, collateral, NULL);
    assay_json_out_close(&out, '}');
    cli_print(&json);
}

static enum exit_code
fetch(const struct command *c, const struct options *o)
{
    struct assay_error err;
    struct assay_ctx *ctx = NULL;
    struct assay_collateral_need need = {.tdx = false};
    struct assay_collateral *collateral = NULL;
    struct assay_buf bundle;
    enum exit_code code = EXIT_TRUSTED;

    assay_buf_init(&bundle, 0);
    if (assay_ctx_new(&ctx, &err) != ASSAY_OK ||
        fetch_bundle(ctx, o, &need, &bundle, &collateral, &err) != ASSAY_OK) {
        code = cli_fail(c, o->json, &err);
    } else if (strcmp(o->output, "-") == 0) {
        fwrite(bundle.ptr, 1, bundle.len, stdout);
    } else if (assay_file_write(o->output, assay_buf_slice(&bundle), 0644,
                                &err) != ASSAY_OK) {
        code = cli_fail(c, o->json, &err);
    } else {
        report_fetched(o, &need, collateral);
    }
    assay_buf_free(&bundle);
    assay_collateral_free(collateral);
    assay_ctx_free(ctx);
    return code;
}

static enum exit_code
run_fetch(const struct command *c, const struct options *o)
{
    if (o->output == NULL) {
        return cli_usage(c, "-o FILE is missing");
    }
    if (o->json && strcmp(o->output, "-") == 0) {
        return cli_usage(c, "--json and -o - both want standard output");
    }
    return fetch(c, o);
}

/* show and check */

static enum assay_code
open_bundle(const char *path, struct assay_ctx **ctx,
            struct assay_collateral **collateral, struct assay_error *err)
{
    *collateral = NULL;
    if (assay_ctx_new(ctx, err) != ASSAY_OK) {
        return err->code;
    }
    return assay_load_bundle(*ctx, path, collateral, err);
}

static enum exit_code
run_show(const struct command *c, const struct options *o)
{
    struct assay_error err;
    struct assay_ctx *ctx = NULL;
    struct assay_collateral *collateral = NULL;
    struct assay_buf json;
    enum exit_code code;

    assay_buf_init(&json, DOCUMENT_MAX_BYTES);
    if (open_bundle(o->operand, &ctx, &collateral, &err) != ASSAY_OK ||
        assay_collateral_to_json(collateral, &json, &err) != ASSAY_OK) {
        assay_buf_free(&json);
        code = cli_fail(c, o->json, &err);
    } else {
        code = document_print(c, o->json, &json);
    }
    assay_collateral_free(collateral);
    assay_ctx_free(ctx);
    return code;
}

static bool
all_in_date(const struct assay_collateral *c, struct report_moment at)
{
    size_t count = assay_collateral_item_count(c);

    for (size_t i = 0; i < count; i++) {
        struct assay_collateral_item item = assay_collateral_item(c, i);

        if (strcmp(report_item_state(item, at), "in date") != 0) {
            return false;
        }
    }
    return true;
}

static void
check_json(const struct assay_collateral *c, struct report_moment at, bool good)
{
    struct assay_buf json;
    struct assay_json_out out;

    assay_buf_init(&json, ITEMS_JSON_MAX_BYTES);
    assay_json_out_init(&out, &json, false);
    assay_json_out_open(&out, NULL, '{');
    assay_json_out_bool(&out, "in_date", good);
    assay_json_out_time(&out, "at", at.now_s);
    assay_json_out_u64(&out, "within_secs", (uint64_t)at.within_s);
    assay_json_out_bool(&out, "signatures_checked", false);
    add_items(&out, c, &at);
    assay_json_out_close(&out, '}');
    cli_print(&json);
}

static enum exit_code
run_check(const struct command *c, const struct options *o)
{
    struct assay_error err;
    struct assay_ctx *ctx = NULL;
    struct assay_collateral *collateral = NULL;
    enum exit_code code;

    if (open_bundle(o->operand, &ctx, &collateral, &err) != ASSAY_OK) {
        code = cli_fail(c, o->json, &err);
    } else {
        struct report_moment at = {o->now_s, o->within_s};
        bool good = all_in_date(collateral, at);

        code = good ? EXIT_TRUSTED : EXIT_NOT_TRUSTED;
        if (o->json) {
            check_json(collateral, at, good);
        } else {
            report_check(stdout, collateral, at, good, cli_colour());
        }
    }
    assay_collateral_free(collateral);
    assay_ctx_free(ctx);
    return code;
}

const struct command command_collateral_fetch = {
    .name = "collateral fetch",
    .summary = "get the collateral of a quote's platform into a file",
    .help =
        "Usage: assay collateral fetch [OPTIONS] QUOTE -o FILE\n"
        "\n"
        "Asks Intel's PCS (or the PCCS named) for the collateral that QUOTE\n"
        "needs and writes it as one bundle, for 'assay verify --collateral'.\n"
        "\n"
        "  -o, --output FILE   the bundle; - is standard output\n" HELP_SOURCES
        "  --early             the newest TCB recovery, months ahead\n"
        "  --evaluation N      the TCB evaluation data number "
        "N\n" HELP_SOURCE_TIMEOUTS
        "  --json              one JSON object that says what was written\n"
        "  -h, --help          this text\n"
        "\n"
        "Exit: 0 written, 2 unreadable quote or network, 64 usage.\n",
    .options = OPTIONS_FETCH,
    .operands = "QUOTE",
    .run = run_fetch,
};

const struct command command_collateral_show = {
    .name = "collateral show",
    .summary = "what a bundle holds and what expires when",
    .help = "Usage: assay collateral show [--json] FILE\n"
            "\n"
            "Prints what the bundle holds and what expires when. Nothing is\n"
            "verified.\n"
            "\n"
            "  --json       one JSON object\n"
            "  -h, --help   this text\n"
            "\n"
            "Exit: 0 printed, 2 unreadable, 64 usage.\n",
    .options = OPTIONS_SHOW,
    .operands = "FILE",
    .run = run_show,
};

const struct command command_collateral_check = {
    .name = "collateral check",
    .summary = "whether a bundle is in date at a time",
    .help =
        "Usage: assay collateral check [OPTIONS] FILE\n"
        "\n"
        "Says of each item of the bundle whether it is in date. Signatures "
        "are\n"
        "not judged here: that takes a quote and a root, see 'assay verify'.\n"
        "\n"
        "  --at TIME      Unix seconds or RFC 3339; without it, now\n"
        "  --within DAYS  and for so long after: what expires sooner counts "
        "as\n"
        "                 not in date\n"
        "  --json         one JSON object\n"
        "  -h, --help     this text\n"
        "\n"
        "Exit: 0 all in date, 1 not all, 2 unreadable, 64 usage.\n",
    .options = OPTIONS_CHECK,
    .operands = "FILE",
    .run = run_check,
};
