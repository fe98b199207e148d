/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * settings_line.c - settings from the command line.
 */
#include <getopt.h>
#include <string.h>

#include "daemon/settings.h"

/* getopt_long() returns FIRST_ROW + the row of the table. */
#define FIRST_ROW 256

/* What getopt_long() is given. */
struct grammar {
    struct option longs[SETTINGS_MAX + 1];
    char letters[2 * SETTINGS_MAX + 2];
};

static void
make_grammar(const struct settings *all, struct grammar *out)
{
    char *letter = out->letters;

    *out = (struct grammar){.letters = ""};
    *letter++ = ':'; /* a missing value is told from an unknown option */
    for (size_t i = 0; i < all->count; i++) {
        const struct setting *s = &all->rows[i];
        bool value = (s->kind & VALUE) != 0;

        out->longs[i] =
            (struct option){s->name, value ? required_argument : no_argument,
                            NULL, FIRST_ROW + (int)i};
        if (s->letter != 0) {
            *letter++ = s->letter;
        }
        if (s->letter != 0 && value) {
            *letter++ = ':';
        }
    }
}

/* The table's count: no row has this letter. */
static size_t
row_of(const struct settings *all, int found)
{
    size_t row = 0;

    if (found >= FIRST_ROW) {
        return (size_t)(found - FIRST_ROW);
    }
    while (row < all->count && (found == 0 || all->rows[row].letter != found)) {
        row++;
    }
    return row;
}

static void
fail_unknown(const struct settings *all, const char *word,
             struct assay_error *err)
{
    size_t len = strcspn(word, "=");
    char name[64] = "";
    const char *near = NULL;

    if (strncmp(word, "--", 2) == 0 && len - 2 < sizeof(name)) {
        memcpy(name, word + 2, len - 2);
        near = settings_nearest(all, name, 0);
    }
    if (near != NULL) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "unknown option '%.100s', did you mean '--%s'?", word, near);
    } else {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "unknown option '%.100s'", word);
    }
}

/* getopt_long() has refused something: say what. */
static void
fail_option(const struct settings *all, int why, char **argv,
            struct assay_error *err)
{
    size_t row = row_of(all, optopt);

    if (row < all->count) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET, "option '--%s' %s",
                   all->rows[row].name,
                   why == ':' ? "needs a value" : "takes no value");
    } else if (optopt != 0) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET, "unknown option '-%c'",
                   optopt);
    } else {
        fail_unknown(all, argv[optind - 1], err);
    }
}

enum assay_code
settings_take_line(const struct settings *all, struct given *g, int argc,
                   char **argv, unsigned *kinds, struct assay_error *err)
{
    struct grammar grammar;
    int found;

    make_grammar(all, &grammar);
    assay_error_clear(err);
    opterr = 0;
    optind = 0; /* from the start, also where argv was read before */
    while ((found = getopt_long(argc, argv, grammar.letters, grammar.longs,
                                NULL)) != -1) {
        size_t row = row_of(all, found);

        if (found == ':' || found == '?' || row == all->count) {
            fail_option(all, found, argv, err);
        } else {
            *kinds |= all->rows[row].kind;
            settings_set(all, g, &all->rows[row], optarg, err);
        }
        if (err->code != ASSAY_OK || (*kinds & ENDS) != 0) {
            return err->code;
        }
    }
    if (optind < argc) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "unexpected argument '%.100s'", argv[optind]);
    }
    return err->code;
}
