/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cmd_completion.c - assay completion: what shells need to complete words, from
 * the tables of commands and options.
 */
#include <stdio.h>
#include <string.h>

#include "external.h"
#include "options_table.h"

#define LINE_MAX_COLUMNS 72u

/* Of programs of their own, whose tables are elsewhere. */
static const char *const bridge_options[] = {
    "config",
    "listen",
    "tls-listen",
    "cert",
    "key",
    "target",
    "allow",
    "allow-private",
    "path",
    "token-file",
    "origins",
    "trust-forwarded",
    "target-proxy-protocol",
    "workers",
    "max-connections",
    "max-connections-per-address",
    "max-connections-per-target",
    "rate",
    "burst",
    "handshake-timeout",
    "connect-timeout",
    "idle-timeout",
    "ping-interval",
    "max-lifetime",
    "max-rate",
    "relay",
    "relay-ca",
    "relay-cache",
    "relay-max-age",
    "relay-timeout",
    "close-timeout",
    "drain",
    "ready-file",
    "admin",
    "access-log",
    "sandbox",
    "log",
    "verbose",
    "check",
    "dump-config",
    "version",
    "help",
    NULL,
};

static const char *const demo_options[] = {
    "keep",     "json",    "list", "browser", "listen",
    "page-dir", "version", "help", NULL,
};

static const char *const proxy_options[] = {
    "config",
    "codex-config",
    "codex-wire",
    "listen",
    "allow-remote",
    "token-file",
    "allow-host",
    "allow-origin",
    "upgrade",
    "workers",
    "max-connections",
    "client-idle",
    "header-timeout",
    "body-timeout",
    "max-body",
    "max-translating",
    "response-timeout",
    "stream-timeout",
    "upgrade-idle",
    "warm",
    "max-links",
    "max-requests",
    "max-age",
    "idle-timeout",
    "keep-alive",
    "connect-timeout",
    "attest-timeout",
    "wait-timeout",
    "resolve",
    "http-proxy",
    "ca",
    "pccs",
    "pccs-ca",
    "root",
    "no-cache",
    "evidence",
    "evidence-max",
    "audit-log",
    "admin",
    "ready-file",
    "state",
    "drain",
    "sandbox",
    "log",
    "verbose",
    "check",
    "dump-config",
    "version",
    "help",
    "print-config",
    NULL,
};

static const char *const proxy_env_options[] = {
    "provider", "shell", "json", "state", "url", "help", NULL,
};

static const char *const proxy_status_options[] = {
    "json", "state", "url", "token-file", "help", NULL,
};

static const char *const serve_options[] = {
    "config",
    "listen",
    "backend",
    "cert",
    "key",
    "self-signed",
    "cert-out",
    "quotes",
    "announce",
    "workers",
    "max-connections",
    "ekm-header",
    "ekm-secret-file",
    "quote-concurrency",
    "max-quotes",
    "quote-rate",
    "quote-burst",
    "quote-queue-timeout",
    "max-body",
    "header-timeout",
    "idle-timeout",
    "body-timeout",
    "backend-timeout",
    "backend-pool",
    "backend-idle",
    "backend-proxy-protocol",
    "proxy-protocol",
    "trust-forwarded",
    "max-header",
    "max-requests",
    "max-connections-per-address",
    "upgrade",
    "upgrade-idle",
    "quote-timeout",
    "drain",
    "ready-file",
    "admin",
    "ready-backend",
    "access-log",
    "sandbox",
    "pipe",
    "client-policy",
    "client-timeout",
    "max-client-appraisals",
    "staple",
    "root",
    "pccs",
    "pccs-ca",
    "collateral",
    "no-cache",
    "log",
    "verbose",
    "check",
    "dump-config",
    "version",
    "help",
    NULL,
};

static const char *const no_options[] = {NULL};

/* "program command" stands before "program", which fits both. */
static const struct {
    const char *name;
    const char *const *options;
} programs[] = {
    {"bridge", bridge_options},
    {"demo", demo_options},      /* and then names of attacks */
    {"proxy codex", no_options}, /* what follows is Codex's */
    {"proxy env", proxy_env_options},
    {"proxy status", proxy_status_options},
    {"proxy", proxy_options},
    {"serve", serve_options},
};

/* --- words between quotes ----------------------------------------------- */

struct words {
    size_t column;
    bool any;
};

static void
put_word(struct words *w, const char *dashes, const char *word, size_t len)
{
    size_t n = strlen(dashes) + len;

    if (w->any && w->column + 1 + n > LINE_MAX_COLUMNS) {
        fputs("\n        ", stdout);
        w->column = 8;
    } else if (w->any) {
        putchar(' ');
        w->column++;
    }
    printf("%s%.*s", dashes, (int)len, word);
    w->column += n;
    w->any = true;
}

static void
put_options(const struct command *c)
{
    struct words w = {.column = 24};

    for (size_t i = 0; i < OPTION_ROWS; i++) {
        if ((option_table[i].commands & c->options) != 0) {
            put_word(&w, "--", option_table[i].name,
                     strlen(option_table[i].name));
        }
    }
}

/* --- commands ----------------------------------------------------------- */

static size_t
first_word(const struct command *c)
{
    return strcspn(c->name, " ");
}

/* The first of those that begin with the same word. */
static bool
begins_group(size_t i)
{
    size_t n = first_word(commands[i]);

    return i == 0 || first_word(commands[i - 1]) != n ||
           strncmp(commands[i]->name, commands[i - 1]->name, n) != 0;
}

static void
put_commands(void)
{
    struct words w = {.column = 15};
    const char *name;

    for (size_t i = 0; commands[i] != NULL; i++) {
        if (begins_group(i)) {
            put_word(&w, "", commands[i]->name, first_word(commands[i]));
        }
    }
    for (size_t i = 0; (name = external_name(i)) != NULL; i++) {
        put_word(&w, "", name, strlen(name));
    }
    put_word(&w, "--", "help", 4);
    put_word(&w, "--", "version", 7);
}

/* "pin lint ..." of the group that begins here. */
static void
put_subcommands(size_t i)
{
    struct words w = {.column = 24};
    size_t n = first_word(commands[i]);

    do {
        const char *second = commands[i]->name + n + 1;

        put_word(&w, "", second, strlen(second));
        i++;
    } while (commands[i] != NULL && !begins_group(i));
}

static void
put_groups(void)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        size_t n = first_word(commands[i]);

        if (commands[i]->name[n] == ' ' && begins_group(i)) {
            printf("        %.*s) words='", (int)n, commands[i]->name);
            put_subcommands(i);
            fputs("' ;;\n", stdout);
        }
    }
}

static void
put_programs(void)
{
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        struct words w = {.column = 24};

        printf("    '%s'*) words='", programs[i].name);
        for (const char *const *o = programs[i].options; *o != NULL; o++) {
            put_word(&w, "--", *o, strlen(*o));
        }
        fputs("' ;;\n", stdout);
    }
}

static void
put_cases(void)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        printf("    '%s'*) words='", commands[i]->name);
        put_options(commands[i]);
        fputs("' ;;\n", stdout);
    }
    put_programs();
}

static void
put_script(void)
{
    fputs("_assay() {\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} words=\n"
          "    case \"${COMP_WORDS[*]:1:2}\" in\n",
          stdout);
    put_cases();
    fputs("    esac\n"
          "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
          "        words='",
          stdout);
    put_commands();
    fputs("'\n"
          "    elif [ \"$COMP_CWORD\" = 2 ]; then\n"
          "        case ${COMP_WORDS[1]} in\n",
          stdout);
    put_groups();
    fputs("        completion) words=\"bash zsh $words\" ;;\n"
          "        proxy) words=\"codex env status $words\" ;;\n"
          "        esac\n"
          "    fi\n"
          "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
          "}\n"
          "complete -o default -F _assay assay\n",
          stdout);
}

static enum exit_code
run(const struct command *c, const struct options *o)
{
    if (strcmp(o->operand, "zsh") == 0) {
        /* zsh runs bash's completion functions. */
        fputs("autoload -Uz bashcompinit && bashcompinit\n", stdout);
    } else if (strcmp(o->operand, "bash") != 0) {
        return cli_usage(c, "unknown shell '%s', known are bash and zsh",
                         o->operand);
    }
    put_script();
    return EXIT_TRUSTED;
}

const struct command command_completion = {
    .name = "completion",
    .summary = "print a completion script for bash or zsh",
    .help = "Usage: assay completion bash|zsh\n"
            "\n"
            "Prints a script that lets the shell complete commands and\n"
            "options: source <(assay completion bash)\n"
            "\n"
            "  -h, --help   this text\n",
    .options = OPTIONS_COMPLETION,
    .operands = "SHELL",
    .run = run,
};
