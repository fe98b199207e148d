/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * settings_file.c - settings from a file.
 */
#include "daemon/settings_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "io/file.h"

#define VALUE_MAX_BYTES 8192u

static const struct assay_json_limits usual_limits = {
    .max_bytes = SETTINGS_FILE_MAX_BYTES,
    .max_depth = 4,
    .max_nodes = 2048,
};

static const struct assay_json_limits *
limits_of(const struct settings *all)
{
    return all->limits != NULL ? all->limits : &usual_limits;
}

void
settings_file_fail(const struct settings_file *f, uint32_t node,
                   const char *fmt, ...)
{
    char message[200];
    va_list args;

    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    assay_fail(f->err, ASSAY_INVALID, assay_toml_offset(f->toml, node), "%s",
               message);
}

/* --- values ------------------------------------------------------------- */

/* A key or a value as C's text, which lives as long as the options. */
static const char *
keep(const struct settings_file *f, uint32_t node, struct assay_slice s)
{
    const char *text;

    if (s.len > VALUE_MAX_BYTES ||
        (s.len > 0 && memchr(s.ptr, '\0', s.len) != NULL)) {
        settings_file_fail(f, node, "longer than %u bytes, or with U+0000",
                           VALUE_MAX_BYTES);
        return NULL;
    }
    text = given_keep(f->given, s);
    if (text == NULL) {
        assay_fail(f->err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "configuration");
    }
    return text;
}

/* An array of strings, as the command line has it. */
static const char *
join(const struct settings_file *f, uint32_t node, const char *key)
{
    struct assay_buf list;
    const char *text = NULL;

    assay_buf_init(&list, VALUE_MAX_BYTES);
    for (uint32_t e = assay_toml_first(f->toml, node); e != ASSAY_TOML_NONE;
         e = assay_toml_next(f->toml, e)) {
        struct assay_slice s = assay_toml_text(f->toml, e);

        if (assay_toml_type(f->toml, e) != ASSAY_TOML_STRING || s.len == 0 ||
            memchr(s.ptr, ',', s.len) != NULL) {
            settings_file_fail(f, e, "'%s' takes names", key);
            break;
        }
        if (list.len > 0) {
            assay_buf_add_u8(&list, ',');
        }
        assay_buf_add(&list, s);
    }
    if (f->err->code == ASSAY_OK &&
        assay_buf_check(&list, key, f->err) == ASSAY_OK) {
        text = keep(f, node, assay_buf_slice(&list));
    }
    assay_buf_free(&list);
    return text;
}

/* A value as it would stand on the command line; NULL after a failure. */
const char *
settings_file_value(const struct settings_file *f, uint32_t node,
                    const char *key, bool list)
{
    char number[24];

    switch (assay_toml_type(f->toml, node)) {
    case ASSAY_TOML_STRING:
    case ASSAY_TOML_FLOAT:
        return keep(f, node, assay_toml_text(f->toml, node));
    case ASSAY_TOML_INTEGER:
        snprintf(number, sizeof(number), "%lld",
                 (long long)assay_toml_integer(f->toml, node));
        return keep(f, node, assay_slice_of(number));
    case ASSAY_TOML_ARRAY:
        if (list) {
            return join(f, node, key);
        }
        break;
    default:
        break;
    }
    settings_file_fail(
        f, node, list ? "'%s' takes names" : "'%s' takes a text or a number",
        key);
    return NULL;
}

/* --- settings ----------------------------------------------------------- */

static void
fail_unknown(const struct settings_file *f, uint32_t node, const char *key)
{
    const char *near = settings_nearest(f->all, key, LINE_ONLY);

    if (settings_find(f->all, key) != NULL) {
        settings_file_fail(f, node, "'%s' can only be said on the command line",
                           key);
    } else if (near != NULL) {
        settings_file_fail(
            f, node, "unknown setting '%.60s', did you mean '%s'?", key, near);
    } else {
        settings_file_fail(f, node, "unknown setting '%.60s'", key);
    }
}

static void
read_setting(const struct settings_file *f, uint32_t node,
             const struct setting *s)
{
    const char *key = s->name;
    const char *value;

    if ((s->kind & VALUE) != 0) {
        value = settings_file_value(f, node, key, (s->kind & LIST) != 0);
        if (value != NULL) {
            settings_set(f->all, f->given, s, value, f->err);
        }
        if (f->err->code != ASSAY_OK) {
            f->err->offset = assay_toml_offset(f->toml, node);
        }
    } else if (assay_toml_type(f->toml, node) != ASSAY_TOML_BOOLEAN) {
        settings_file_fail(f, node, "'%s' takes true or false", key);
    } else if (assay_toml_boolean(f->toml, node)) {
        settings_set(f->all, f->given, s, NULL, f->err);
    }
}

static void
read_key(const struct settings_file *f, uint32_t node, const char *key)
{
    const struct setting *s = settings_find(f->all, key);

    if (s != NULL && (s->kind & LINE_ONLY) == 0) {
        read_setting(f, node, s);
    } else if (s != NULL || f->all->other == NULL ||
               !f->all->other(f, node, key)) {
        fail_unknown(f, node, key);
    }
}

/* --- the file ----------------------------------------------------------- */

static void
read_root(const struct settings_file *f)
{
    for (uint32_t n = assay_toml_first(f->toml, ASSAY_TOML_ROOT);
         n != ASSAY_TOML_NONE && f->err->code == ASSAY_OK;
         n = assay_toml_next(f->toml, n)) {
        const char *key = keep(f, n, assay_toml_key(f->toml, n));

        if (key != NULL) {
            read_key(f, n, key);
        }
    }
}

enum assay_code
settings_take_text(const struct settings *all, struct given *g,
                   struct assay_slice text, const char *what,
                   struct assay_error *err)
{
    struct assay_toml *toml = NULL;

    assay_error_clear(err);
    if (assay_toml_parse(text, limits_of(all), "configuration", &toml, err) ==
        ASSAY_OK) {
        read_root(&(struct settings_file){all, g, toml, text, err});
    }
    assay_toml_free(toml);
    if (err->code != ASSAY_OK && err->offset != ASSAY_NO_OFFSET) {
        assay_error_prefix(err, "line %zu",
                           assay_text_place(text, err->offset).line);
    }
    assay_error_prefix(err, "%s", what);
    return err->code;
}

enum assay_code
settings_take_file(const struct settings *all, struct given *g,
                   const char *path, struct assay_error *err)
{
    struct assay_buf text;

    assay_error_clear(err);
    if (assay_file_read(path, limits_of(all)->max_bytes, &text, err) ==
        ASSAY_OK) {
        (void)!settings_take_text(all, g, assay_buf_slice(&text), path, err);
    }
    assay_buf_free(&text);
    return err->code;
}
