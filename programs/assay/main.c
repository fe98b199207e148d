/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * main.c - assay: the command-line program.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "external.h"
#include "options.h"

const struct command *const commands[] = {
    &command_verify,
    &command_inspect,
    &command_get,
    &command_pipe,
    &command_collateral_fetch,
    &command_collateral_show,
    &command_collateral_check,
    &command_collateral_prefetch,
    &command_policy_pin,
    &command_policy_lint,
    &command_policy_explain,
    &command_policy_diff,
    &command_policy_hash,
    &command_policy_schema,
    &command_completion,
    NULL,
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]) - 1)

static void
put_help(FILE *to)
{
    fputs(
        "Usage: assay COMMAND [OPTIONS] ...\n"
        "\n"
        "Tests machines for what they are made of: Intel SGX and TDX quotes.\n"
        "\n",
        to);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(to, "  %-19s  %s\n", commands[i]->name, commands[i]->summary);
    }
    external_list(to);
    fputs("\n"
          "'assay COMMAND --help' tells more. Exit: 0 trusted or done, 1 not\n"
          "trusted, 2 input or network could not be read, 64 usage.\n",
          to);
}

/* How many arguments the command's name takes up; 0 if it is another. */
static int
words_matched(const struct command *c, int argc, char **argv)
{
    const char *space = strchr(c->name, ' ');
    size_t first = space == NULL ? strlen(c->name) : (size_t)(space - c->name);

    if (strlen(argv[1]) != first || strncmp(argv[1], c->name, first) != 0) {
        return 0;
    }
    if (space == NULL) {
        return 1;
    }
    return argc > 2 && strcmp(argv[2], space + 1) == 0 ? 2 : 0;
}

/* What was typed: the first word, or two where commands start with it. */
static enum exit_code
fail_unknown(int argc, char **argv)
{
    const char *names[COMMAND_COUNT];
    const char *near;
    char typed[64];
    bool group = false;

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        size_t n = strlen(argv[1]);
        names[i] = commands[i]->name;
        group =
            group || (strncmp(names[i], argv[1], n) == 0 && names[i][n] == ' ');
    }
    if (group && (argc < 3 || argv[2][0] == '-')) {
        fprintf(stderr,
                "assay: %s: a subcommand is missing (try 'assay --help')\n",
                argv[1]);
        return EXIT_USAGE;
    }
    snprintf(typed, sizeof(typed), "%.30s%s%.30s", argv[1], group ? " " : "",
             group ? argv[2] : "");
    near = cli_nearest(typed, names, COMMAND_COUNT);
    fputs("assay: unknown command '", stderr);
    cli_put_safe(typed);
    if (near != NULL) {
        fprintf(stderr, "', did you mean '%s'?\n", near);
    } else {
        fputs("' (try 'assay --help')\n", stderr);
    }
    return EXIT_USAGE;
}

static int
run(const struct command *c, int argc, char **argv)
{
    struct options o;
    enum exit_code code;

    if (options_parse(&o, c, argc, argv, &code)) {
        code = c->run(c, &o);
        options_free(&o);
    }
    return cli_flush(code);
}

/* A standard stream that is closed stays of no use, but its number is taken:
 * else a socket or a file of ours would get it. */
static bool
take_standard_numbers(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) {
            return false;
        }
    }
    return true;
}

int
main(int argc, char **argv)
{
    if (!take_standard_numbers()) {
        return (int)EXIT_UNREADABLE;
    }
    if (argc < 2) {
        put_help(stderr);
        return (int)EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        put_help(stdout);
        return cli_flush(EXIT_TRUSTED);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("assay %s\n", ASSAY_VERSION);
        return cli_flush(EXIT_TRUSTED);
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        int words = words_matched(commands[i], argc, argv);
        if (words > 0) {
            return run(commands[i], argc - words, argv + words);
        }
    }
    if (external_run(argv + 1)) {
        return (int)EXIT_UNREADABLE;
    }
    return (int)fail_unknown(argc, argv);
}
