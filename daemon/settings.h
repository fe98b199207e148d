/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * settings.h - what a daemon can be told, as one table: a row is an option of
 * the command line (--NAME), a key of the file (NAME = ...), and perhaps a
 * variable of the environment.
 *
 * A program has the table, the setters, the defaults and what it requires of
 * settings together. What it is told goes to a struct of its own, whose first
 * member is a struct given.
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"
#include "daemon/exits.h"

#define SETTINGS_MAX            96u /* rows of a table */
#define SETTINGS_FILE_MAX_BYTES (64u * 1024u)
#define SETTING_NAMES_MAX       64u /* of a list */

struct assay_json_limits;
struct log;
struct sandbox_paths;
struct settings_file;

enum setting_kind {
    FLAG = 0,
    VALUE = 1,
    LINE_ONLY = 2, /* not in the file */
    AT_START = 4,  /* a reload does not change it */
    LIST = 8,      /* "a,b", in the file also ["a", "b"] */
    IDENTITY = 16, /* outside of the file: in place of the file's */
    READS = 32,    /* a file: the sandbox lets its folder be read */
    WRITES = 64,   /* or also written to */
    ENDS = 128,    /* on the command line: what else is said does not matter */
};

struct setting {
    const char *name;
    char letter;   /* of its short form; 0 for none */
    unsigned kind; /* of enum setting_kind */
    /* Takes a value, which lives as long as the options; NULL for a flag. On
     * failure the message says what is wrong. */
    void (*set)(void *options, const char *value, struct assay_error *err);
    const char *env; /* of a VALUE: the variable that says it too; or NULL */
};

struct settings {
    const struct setting *rows;
    size_t count; /* at most SETTINGS_MAX */
    /* Sets all of the options, what was given included. */
    void (*defaults)(void *options);
    /* Line or environment have an identity: undoes what the file said of it,
     * but for what was given. NULL: no row is an IDENTITY. */
    void (*forget)(void *options);
    /* Reads a key of the file that is no row, with daemon/settings_file.h.
     * False: it is unknown here too. NULL: there are none. */
    bool (*other)(const struct settings_file *f, uint32_t node,
                  const char *key);
    /* Of the file; NULL: SETTINGS_FILE_MAX_BYTES, and what settings need. */
    const struct assay_json_limits *limits;
};

struct kept_text;

/* Each setting as it was written, by row of the table; NULL: not at all. A
 * flag's is "true". Freed with given_free(). */
struct given {
    const char *texts[SETTINGS_MAX];
    struct kept_text *kept;
};

/* --- what was given ------------------------------------------------------ */

/* A copy that lives as long as `g`; NULL: no memory. */
const char *given_keep(struct given *g, struct assay_slice text);
/* "a,b" into copies; how many. `what` starts messages. */
size_t given_split(struct given *g, const char *list,
                   const char *names[SETTING_NAMES_MAX], const char *what,
                   struct assay_error *err);
/* Texts of its own, and nothing else; freed like others, also on failure.
 * ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
given_copy(const struct given *g, struct given *out, struct assay_error *err);
/* Do both say the same of this row? */
bool given_same(const struct given *a, const struct given *b, size_t row);
void given_free(struct given *g);

/* --- the table ----------------------------------------------------------- */

/* Or NULL. */
const struct setting *settings_find(const struct settings *all,
                                    const char *name);
/* What may have been meant, among those of none of these kinds; or NULL. */
const char *settings_nearest(const struct settings *all, const char *name,
                             unsigned without);
/* Does this value name a file, and is the setting of one of these kinds? */
bool setting_is_file(const struct setting *s, const char *value,
                     unsigned kinds);
/* The folders of all files that were given (settings_sandbox.c). */
void settings_allow_files(const struct settings *all, const struct given *g,
                          struct sandbox_paths *to);

/* --- being told ---------------------------------------------------------- */
/* `g` is the first member of the program's options, which are what is set. */

void settings_set(const struct settings *all, struct given *g,
                  const struct setting *s, const char *value,
                  struct assay_error *err);

/* Defaults, then the file that --config names, the environment and the command
 * line; of two that say the same setting the later one counts. Can be called
 * again with the same argv, which outlives the options. An ENDS of the line is
 * set, and nothing is read besides. DAEMON_DONE; DAEMON_USAGE, or DAEMON_FAILED
 * (the file), with *err, and nothing is owned. (settings_read.c) */
ASSAY_MUST_CHECK enum daemon_exit settings_read(const struct settings *all,
                                                struct given *g, int argc,
                                                char **argv,
                                                struct assay_error *err);

/* Each option of the line in order, up to one that ENDS. *kinds gains those of
 * all that were met. ASSAY_INVALID, and what setters fail with.
 * (settings_line.c) */
ASSAY_MUST_CHECK enum assay_code
settings_take_line(const struct settings *all, struct given *g, int argc,
                   char **argv, unsigned *kinds, struct assay_error *err);
/* Each variable that is set, in the order of the table; an empty one is not.
 * *kinds gains theirs. The message starts with the variable. ASSAY_NO_MEMORY,
 * and what setters fail with. (settings_env.c) */
ASSAY_MUST_CHECK enum assay_code settings_take_env(const struct settings *all,
                                                   struct given *g,
                                                   unsigned *kinds,
                                                   struct assay_error *err);
/* What a file (TOML) says. Nothing unknown is passed over. The message starts
 * with the path and the line. ASSAY_IO, ASSAY_TOO_LARGE, ASSAY_MALFORMED,
 * ASSAY_TRUNCATED, ASSAY_INVALID, ASSAY_NO_MEMORY. (settings_file.c) */
ASSAY_MUST_CHECK enum assay_code settings_take_file(const struct settings *all,
                                                    struct given *g,
                                                    const char *path,
                                                    struct assay_error *err);
/* The same from its text; `what` stands for the path. */
ASSAY_MUST_CHECK enum assay_code settings_take_text(const struct settings *all,
                                                    struct given *g,
                                                    struct assay_slice text,
                                                    const char *what,
                                                    struct assay_error *err);

/* --- telling (settings_out.c) -------------------------------------------- */

/* What was given, as a file that says the same (TOML), appended. */
void settings_dump(const struct settings *all, const struct given *g,
                   struct assay_buf *to);
/* One line of it. */
void settings_dump_value(struct assay_buf *to, const char *key,
                         const char *value);
/* A basic string of TOML. */
void settings_dump_text(struct assay_buf *to, const char *value);

/* --- a reload ------------------------------------------------------------ */

/* What only a restart changes stays as it was, and that is said
 * (settings_fixed.c). */
void settings_name_fixed(const struct settings *all,
                         const struct given *started, const struct given *now,
                         const struct log *log);
