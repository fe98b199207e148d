/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * subcommand.c - see subcommand.h.
 */
#include "subcommand.h"

#include <stdio.h>
#include <string.h>

#include "daemon/exits.h"
#include "daemon/settings.h"
#include "launch.h"
#include "recipes.h"
#include "status.h"

#define PRINT_CONFIG "--print-config"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"env", env_main},
    {"status", status_main},
    {PRINT_CONFIG, print_config_main},
};

/* --- which words are options --------------------------------------------- */

/* As getopt_long() finds it: by its name, or by the start of one only. */
static const struct setting *
find_long(const struct settings *all, const char *name)
{
    const struct setting *s = settings_find(all, name);
    size_t n = strlen(name);
    size_t matches = 0;

    for (size_t i = 0; s == NULL && i < all->count; i++) {
        matches += strncmp(all->rows[i].name, name, n) == 0;
    }
    for (size_t i = 0; s == NULL && matches == 1 && i < all->count; i++) {
        s = strncmp(all->rows[i].name, name, n) == 0 ? &all->rows[i] : NULL;
    }
    return s;
}

/* A letter that takes a value has it in the same word or in the next one. */
static const struct setting *
find_short(const struct settings *all, const char *letters)
{
    for (; *letters != '\0'; letters++) {
        for (size_t i = 0; i < all->count; i++) {
            if (all->rows[i].letter == *letters &&
                (all->rows[i].kind & VALUE) != 0) {
                return letters[1] == '\0' ? &all->rows[i] : NULL;
            }
        }
    }
    return NULL;
}

/* Is the next word the value of this one? */
static bool
takes_next(const struct settings *all, const char *word)
{
    const struct setting *s;

    if (strchr(word, '=') != NULL) {
        return false;
    }
    s = strncmp(word, "--", 2) == 0 ? find_long(all, word + 2)
                                    : find_short(all, word + 1);
    return s != NULL && (s->kind & VALUE) != 0;
}

int
subcommand_find(const struct settings *settings, int argc, char *const *argv)
{
    int i = 1;

    while (i < argc && argv[i][0] == '-' && strcmp(argv[i], "--") != 0 &&
           strncmp(argv[i], PRINT_CONFIG, strlen(PRINT_CONFIG)) != 0) {
        i += 1 + takes_next(settings, argv[i]);
    }
    return i < argc ? i : argc;
}

/* --- running ------------------------------------------------------------- */

static bool
is(const char *word, const char *name)
{
    size_t n = strlen(name);

    return strncmp(word, name, n) == 0 &&
           (word[n] == '\0' || (name[0] == '-' && word[n] == '='));
}

bool
subcommand_run(const struct settings *settings, int argc, char **argv,
               int *code)
{
    int at = subcommand_find(settings, argc, argv);

    if (at == argc) {
        return false;
    }
    if (is(argv[at], "codex")) {
        *code = launch_main(settings, argc, argv, at);
        return true;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (!is(argv[at], commands[i].name)) {
            continue;
        }
        if (at != 1) {
            fprintf(stderr, "assay-proxy: %s: its options come behind it\n",
                    commands[i].name);
            *code = DAEMON_USAGE;
        } else {
            *code = commands[i].run(argc - at, argv + at);
        }
        return true;
    }
    return false;
}
