/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cli.c - what every command shares: exit codes, one-line errors, output.
 */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json_out.h"
#include "terminal.h"

#define WORD_MAX      32u /* longer words are not compared */
#define JSON_ERR_MAX  4096u
#define NEAR_DISTANCE 3u

void
cli_put_safe(const char *text)
{
    terminal_put_text(stderr, text);
}

enum exit_code
cli_usage(const struct command *c, const char *fmt, ...)
{
    char message[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    fprintf(stderr, "assay: %s: ", c->name);
    cli_put_safe(message);
    fprintf(stderr, " (try 'assay %s --help')\n", c->name);
    return EXIT_USAGE;
}

void
cli_error(const struct command *c, const struct assay_error *err)
{
    const char *hint = assay_code_hint(err->code);

    fprintf(stderr, "assay: %s: ", c->name);
    cli_put_safe(err->msg);
    /* Many messages name the place themselves. */
    if (err->offset != ASSAY_NO_OFFSET && strstr(err->msg, "offset") == NULL) {
        fprintf(stderr, ", at offset %zu", err->offset);
    }
    if (hint[0] != '\0') {
        fprintf(stderr, " (%s)", hint);
    }
    putc('\n', stderr);
}

enum exit_code
cli_fail(const struct command *c, bool json, const struct assay_error *err)
{
    struct assay_buf buf;
    struct assay_json_out out;

    if (!json) {
        cli_error(c, err);
        return EXIT_UNREADABLE;
    }
    assay_buf_init(&buf, JSON_ERR_MAX);
    assay_json_out_init(&out, &buf, false);
    assay_json_out_open(&out, NULL, '{');
    assay_json_out_error(&out, "error", err, NULL);
    assay_json_out_close(&out, '}');
    cli_print(&buf);
    return EXIT_UNREADABLE;
}

/* Not all of a document could be made, and it was not written. */
static bool document_lost;
static bool output_failed; /* and that has been said */

void
cli_output_failed(void)
{
    output_failed = true;
}

void
cli_print(struct assay_buf *document)
{
    if (document->failed) {
        document_lost = true;
        assay_buf_free(document);
        return;
    }
    terminal_put_document(stdout, assay_buf_slice(document));
    if (document->len == 0 || document->ptr[document->len - 1] != '\n') {
        putchar('\n');
    }
    assay_buf_free(document);
}

enum assay_code
cli_print_made(struct assay_buf *document, struct assay_error *err)
{
    if (err->code == ASSAY_OK &&
        assay_buf_check(document, "document", err) == ASSAY_OK) {
        cli_print(document);
    }
    assay_buf_free(document);
    return err->code;
}

int
cli_flush(enum exit_code code)
{
    if (document_lost) {
        fputs("assay: the document is too large, or there is no memory for "
              "it\n",
              stderr);
        return (int)EXIT_UNREADABLE;
    }
    if ((fflush(stdout) != 0 || ferror(stdout)) && !output_failed) {
        fprintf(stderr, "assay: cannot write standard output: %s\n",
                strerror(errno));
        return (int)EXIT_UNREADABLE;
    }
    return (int)code;
}

bool
cli_colour(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0') &&
           term != NULL && strcmp(term, "dumb") != 0;
}

/* Levenshtein distance of words up to WORD_MAX long. */
static size_t
distance(const char *a, const char *b)
{
    size_t row[WORD_MAX + 1];
    size_t n = strlen(b);

    for (size_t j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t best = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[n];
}

const char *
cli_nearest(const char *word, const char *const *candidates, size_t count)
{
    const char *nearest = NULL;
    size_t least = NEAR_DISTANCE + 1;

    if (strlen(word) > WORD_MAX) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        size_t d = distance(word, candidates[i]);
        if (d < least && d < strlen(word)) {
            least = d;
            nearest = candidates[i];
        }
    }
    return nearest;
}
