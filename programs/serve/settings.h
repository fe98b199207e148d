/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * settings.h - the table of what assay-serve can be told: a row is an option
 * of the command line (--NAME) and a key of the file (NAME = ...).
 *
 * A new row is documented in help.c, docs/man/assay-serve.1.scd and
 * docs/serve.md, and known to programs/assay/cmd_completion.c;
 * tests/unit/test_serve_settings.c looks.
 */
#pragma once

#include "options.h"

/* Takes a value, which lives as long as the options; NULL for a flag. On
 * failure the message says what is wrong. */
typedef void set_function(struct options *o, const char *value,
                          struct assay_error *err);

enum setting_kind {
    FLAG = 0,
    VALUE = 1,
    LINE_ONLY = 2, /* not in the file */
    AT_START = 4,  /* a reload does not change it */
    LIST = 8,      /* "a,b", in the file also ["a", "b"] */
    IDENTITY = 16, /* on the command line: in place of the file's */
    READS = 32,    /* a file: the sandbox lets its folder be read */
    WRITES = 64,   /* or also written to */
};

struct setting {
    const char *name;
    char letter;   /* of its short form; 0 for none */
    unsigned kind; /* of enum setting_kind */
    set_function *set;
};

extern const struct setting settings[];
extern const size_t settings_count;

const struct setting *setting_find(const char *name); /* or NULL */
/* What may have been meant, among those of none of these kinds; or NULL. */
const char *setting_nearest(const char *name, unsigned without);
/* Does this value name a file, and is the setting of one of these kinds? */
bool setting_is_file(const struct setting *s, const char *value,
                     unsigned kinds);
void setting_set(struct options *o, const struct setting *s, const char *value,
                 struct assay_error *err);

/* The files of these settings, for now and for a reload (sandbox_paths.c). */
void sandbox_paths_of(const struct options *o, struct sandbox_paths *to);

void options_default(struct options *o);
/* The settings as they were written, and nothing else; freed like others.
 * ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code options_remember(const struct options *o,
                                                  struct options *out,
                                                  struct assay_error *err);
/* A copy that lives as long as the options; NULL: no memory. */
const char *options_keep(struct options *o, struct assay_slice text);
/* "a,b" into copies; how many. `what` starts messages. */
size_t options_split(struct options *o, const char *list,
                     const char *names[SERVE_NAMES_MAX], const char *what,
                     struct assay_error *err);
