/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cli.h - what every command shares: exit codes, one-line errors, output.
 */
#pragma once

#include "assay/assay.h"

enum exit_code {
    EXIT_TRUSTED = 0,     /* or: done */
    EXIT_NOT_TRUSTED = 1, /* or: not in date */
    EXIT_UNREADABLE = 2,  /* input or network */
    EXIT_USAGE = 64,
};

struct options;

struct command {
    const char *name; /* "verify"; of two words: "collateral fetch" */
    const char *summary;
    const char *help;     /* what --help prints */
    unsigned options;     /* its bit of enum option_set */
    const char *operands; /* their names, see options_parse() */
    enum exit_code (*run)(const struct command *c, const struct options *o);
};

/* All of them, in the order of help, ended by NULL. */
extern const struct command *const commands[];

extern const struct command command_verify;
extern const struct command command_inspect;
extern const struct command command_get;
extern const struct command command_pipe;
extern const struct command command_collateral_fetch;
extern const struct command command_collateral_show;
extern const struct command command_collateral_check;
extern const struct command command_collateral_prefetch;
extern const struct command command_policy_pin;
extern const struct command command_policy_lint;
extern const struct command command_policy_explain;
extern const struct command command_policy_diff;
extern const struct command command_policy_hash;
extern const struct command command_policy_schema;
extern const struct command command_completion;

/* "assay: verify: MESSAGE (try 'assay verify --help')" on standard error. */
enum exit_code cli_usage(const struct command *c, const char *fmt, ...)
    ASSAY_PRINTF(2, 3);

/* Text of strangers on standard error (terminal.h). */
void cli_put_safe(const char *text);

/* "assay: verify: MESSAGE (HINT)" on standard error. */
void cli_error(const struct command *c, const struct assay_error *err);

/* The same, or with `json` {"error":{...}} on standard output. Returns
 * EXIT_UNREADABLE. */
enum exit_code cli_fail(const struct command *c, bool json,
                        const struct assay_error *err);

/* Writes and frees a document; adds a line feed. One that could not be made in
 * full is not written, and cli_flush() says so. */
void cli_print(struct assay_buf *document);

/* The same, unless *err or the buffer says that it could not be made: then the
 * error is in *err, and nothing was written. */
enum assay_code cli_print_made(struct assay_buf *document,
                               struct assay_error *err);

/* Standard output could not be written, and the command's own error says so. */
void cli_output_failed(void);
/* Writes out standard output: a full disk must not look like success. Returns
 * the code to exit with. */
int cli_flush(enum exit_code code);

/* Colour for standard output: a terminal, NO_COLOR unset, TERM not dumb. */
bool cli_colour(void);

/* The candidate that is spelled most alike, or NULL if none is near. */
const char *cli_nearest(const char *word, const char *const *candidates,
                        size_t count);
