/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * config.c - settings from a file.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/toml.h"
#include "io/file.h"
#include "settings.h"

#define VALUE_MAX_BYTES 8192u

static const struct assay_json_limits limits = {
    .max_bytes = CONFIG_MAX_BYTES,
    .max_depth = 4,
    .max_nodes = 2048,
};

struct config {
    struct options *options;
    const struct assay_toml *toml;
    struct assay_error *err;
};

static bool fail_at(const struct config *c, uint32_t node, const char *fmt, ...)
    ASSAY_PRINTF(3, 4);

static bool
fail_at(const struct config *c, uint32_t node, const char *fmt, ...)
{
    char message[200];
    va_list args;

    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    assay_fail(c->err, ASSAY_INVALID, assay_toml_offset(c->toml, node), "%s",
               message);
    return false;
}

/* --- values ------------------------------------------------------------- */

/* A key or a value as C's text, which lives as long as the options. */
static const char *
keep(const struct config *c, uint32_t node, struct assay_slice s)
{
    const char *text;

    if (s.len > VALUE_MAX_BYTES ||
        (s.len > 0 && memchr(s.ptr, '\0', s.len) != NULL)) {
        fail_at(c, node, "longer than %u bytes, or with U+0000",
                VALUE_MAX_BYTES);
        return NULL;
    }
    text = options_keep(c->options, s);
    if (text == NULL) {
        assay_fail(c->err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "configuration");
    }
    return text;
}

/* An array of strings, as the command line has it. */
static const char *
join(const struct config *c, uint32_t node, const char *key)
{
    struct assay_buf list;
    const char *text = NULL;

    assay_buf_init(&list, VALUE_MAX_BYTES);
    for (uint32_t e = assay_toml_first(c->toml, node); e != ASSAY_TOML_NONE;
         e = assay_toml_next(c->toml, e)) {
        struct assay_slice s = assay_toml_text(c->toml, e);

        if (assay_toml_type(c->toml, e) != ASSAY_TOML_STRING || s.len == 0 ||
            memchr(s.ptr, ',', s.len) != NULL) {
            fail_at(c, e, "'%s' takes names", key);
            break;
        }
        if (list.len > 0) {
            assay_buf_add_u8(&list, ',');
        }
        assay_buf_add(&list, s);
    }
    if (c->err->code == ASSAY_OK &&
        assay_buf_check(&list, key, c->err) == ASSAY_OK) {
        text = keep(c, node, assay_buf_slice(&list));
    }
    assay_buf_free(&list);
    return text;
}

/* A value as it would stand on the command line; NULL after a failure. */
static const char *
value_text(const struct config *c, uint32_t node, const char *key, bool list)
{
    char number[24];

    switch (assay_toml_type(c->toml, node)) {
    case ASSAY_TOML_STRING:
    case ASSAY_TOML_FLOAT:
        return keep(c, node, assay_toml_text(c->toml, node));
    case ASSAY_TOML_INTEGER:
        snprintf(number, sizeof(number), "%lld",
                 (long long)assay_toml_integer(c->toml, node));
        return keep(c, node, assay_slice_of(number));
    case ASSAY_TOML_ARRAY:
        if (list) {
            return join(c, node, key);
        }
        break;
    default:
        break;
    }
    fail_at(c, node,
            list ? "'%s' takes names" : "'%s' takes a text or a number", key);
    return NULL;
}

/* --- settings ----------------------------------------------------------- */

static void
fail_unknown(const struct config *c, uint32_t node, const char *key)
{
    const char *near = setting_nearest(key, LINE_ONLY);

    if (setting_find(key) != NULL) {
        fail_at(c, node, "'%s' can only be said on the command line", key);
    } else if (near != NULL) {
        fail_at(c, node, "unknown setting '%.60s', did you mean '%s'?", key,
                near);
    } else {
        fail_at(c, node, "unknown setting '%.60s'", key);
    }
}

static void
read_setting(const struct config *c, uint32_t node, const char *key)
{
    const struct setting *s = setting_find(key);
    const char *value;

    if (s == NULL || (s->kind & LINE_ONLY) != 0) {
        fail_unknown(c, node, key);
    } else if ((s->kind & VALUE) != 0) {
        value = value_text(c, node, key, (s->kind & LIST) != 0);
        if (value != NULL) {
            setting_set(c->options, s, value, c->err);
        }
        if (c->err->code != ASSAY_OK) {
            c->err->offset = assay_toml_offset(c->toml, node);
        }
    } else if (assay_toml_type(c->toml, node) != ASSAY_TOML_BOOLEAN) {
        fail_at(c, node, "'%s' takes true or false", key);
    } else if (assay_toml_boolean(c->toml, node)) {
        setting_set(c->options, s, NULL, c->err);
    }
}

/* --- certificates ------------------------------------------------------- */

void
config_fail_too_many(struct assay_error *err)
{
    assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
               "more than %u certificates", SERVE_CERTIFICATES_MAX);
}

static void
read_certificate(const struct config *c, uint32_t table)
{
    struct options *o = c->options;
    struct certificate_files *f = &o->certificates[o->certificate_count];

    if (o->certificate_count == SERVE_CERTIFICATES_MAX) {
        config_fail_too_many(c->err);
        return;
    }
    *f = (struct certificate_files){NULL, NULL, NULL};
    for (uint32_t n = assay_toml_first(c->toml, table);
         n != ASSAY_TOML_NONE && c->err->code == ASSAY_OK;
         n = assay_toml_next(c->toml, n)) {
        struct assay_slice key = assay_toml_key(c->toml, n);

        if (assay_slice_is(key, "cert")) {
            f->cert = value_text(c, n, "cert", false);
        } else if (assay_slice_is(key, "key")) {
            f->key = value_text(c, n, "key", false);
        } else if (assay_slice_is(key, "names")) {
            f->names = value_text(c, n, "names", true);
        } else {
            fail_at(c, n, "a certificate has cert, key and names, not '%.*s'",
                    (int)(key.len < 60 ? key.len : 60), (const char *)key.ptr);
        }
    }
    if (c->err->code == ASSAY_OK && (f->cert == NULL || f->key == NULL)) {
        fail_at(c, table, "this certificate lacks its cert or its key");
    }
    o->certificate_count++;
}

static void
read_certificates(const struct config *c, uint32_t node)
{
    uint32_t e = assay_toml_first(c->toml, node);

    if (assay_toml_type(c->toml, node) != ASSAY_TOML_ARRAY ||
        e == ASSAY_TOML_NONE ||
        assay_toml_type(c->toml, e) != ASSAY_TOML_TABLE) {
        fail_at(c, node, "certificates are tables: [[certificate]]");
        return;
    }
    for (; e != ASSAY_TOML_NONE && c->err->code == ASSAY_OK;
         e = assay_toml_next(c->toml, e)) {
        read_certificate(c, e);
    }
}

/* --- the file ----------------------------------------------------------- */

static void
read_root(const struct config *c)
{
    for (uint32_t n = assay_toml_first(c->toml, ASSAY_TOML_ROOT);
         n != ASSAY_TOML_NONE && c->err->code == ASSAY_OK;
         n = assay_toml_next(c->toml, n)) {
        const char *key = keep(c, n, assay_toml_key(c->toml, n));

        if (key != NULL && strcmp(key, "certificate") == 0) {
            read_certificates(c, n);
        } else if (key != NULL) {
            read_setting(c, n, key);
        }
    }
}

enum assay_code
config_parse(struct options *o, struct assay_slice text, const char *what,
             struct assay_error *err)
{
    struct assay_toml *toml = NULL;

    assay_error_clear(err);
    if (assay_toml_parse(text, &limits, "configuration", &toml, err) ==
        ASSAY_OK) {
        read_root(&(struct config){o, toml, err});
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
config_read(struct options *o, const char *path, struct assay_error *err)
{
    struct assay_buf text;

    assay_error_clear(err);
    if (assay_file_read(path, CONFIG_MAX_BYTES, &text, err) == ASSAY_OK) {
        (void)!config_parse(o, assay_buf_slice(&text), path, err);
    }
    assay_buf_free(&text);
    return err->code;
}
