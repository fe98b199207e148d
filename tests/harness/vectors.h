/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * vectors.h - reads the optional folder of vectors. Include it in one file of
 * a program. A vector owns private copies of everything, which a test may
 * change.
 */
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "assay/collateral.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "collateral/parts.h"
#include "harness/unit.h"

#define VECTOR_MAX_BYTES (4u * 1024u * 1024u)
#define VECTOR_NAMES_MAX 256u

struct vector {
    size_t index;     /* in vector_names */
    char folder[160]; /* "synthetic/..." */
    struct assay_buf expected_text;
    struct assay_json *expected;
    struct assay_buf quote;
    struct assay_buf part[ASSAY_PART_COUNT]; /* CRLs as DER */
    struct assay_collateral_parts parts;
    struct assay_buf root;
    struct assay_slice trusted_root; /* empty: Intel's */
    int64_t time_s;
};

static char vector_names[VECTOR_NAMES_MAX][160];
static size_t vector_name_count;

static inline const char *
vectors_folder(void)
{
    static char folder[512];
    const char *shared = getenv("ASSAY_SHARED");

    (void)snprintf(folder, sizeof(folder), "%s/vectors",
                   shared != NULL ? shared : "../shared");
    return folder;
}

static inline bool
vectors_there(void)
{
    struct stat st;

    return stat(vectors_folder(), &st) == 0 && S_ISDIR(st.st_mode);
}

/* False if there is no such file. */
static inline bool
vector_load(const char *folder, const char *name, struct assay_buf *out)
{
    char path[1024];
    FILE *f;
    size_t n = 0;

    (void)snprintf(path, sizeof(path), "%s/%s%s%s", vectors_folder(), folder,
                   folder[0] != '\0' ? "/" : "", name);
    assay_buf_init(out, VECTOR_MAX_BYTES);
    f = fopen(path, "rb");
    if (f == NULL) {
        return false;
    }
    while (!feof(f) && !ferror(f)) {
        uint8_t *room = assay_buf_extend(out, 65536);

        assert_non_null(room);
        n = fread(room, 1, 65536, f);
        out->len -= 65536 - n;
    }
    assert_false(ferror(f));
    assert_int_equal(fclose(f), 0);
    return true;
}

static inline struct assay_json *
vector_parse(const struct assay_buf *text, const char *name)
{
    static const struct assay_json_limits limits = {VECTOR_MAX_BYTES, 16,
                                                    1u << 20};
    struct assay_json *j = NULL;
    struct assay_error err;

    assay_error_clear(&err);
    if (assay_json_parse(assay_buf_slice(text), &limits, name, &j, &err) !=
        ASSAY_OK) {
        fail_msg("%s: %s", name, err.msg);
    }
    return j;
}

/* A JSON file of the folder; one at a time. */
static struct assay_buf vector_json_text;

static inline struct assay_json *
vector_json(const char *name)
{
    assert_true(vector_load("", name, &vector_json_text));
    return vector_parse(&vector_json_text, name);
}

static inline void
vector_json_free(struct assay_json *j)
{
    assay_json_free(j);
    assay_buf_free(&vector_json_text);
}

static inline bool
vector_has(const struct vector *v, const char *name)
{
    return assay_json_member(v->expected, 0, name) != ASSAY_JSON_NONE;
}

/* A string of expected.json, NULL if it is not there or null. Static; a few
 * at a time. */
static inline const char *
vector_text(const struct vector *v, const char *name)
{
    static char text[8][256];
    static size_t turn;
    uint32_t node = assay_json_member(v->expected, 0, name);
    struct assay_slice s = assay_json_string(v->expected, node);
    char *to = text[turn++ % 8];

    if (node == ASSAY_JSON_NONE ||
        assay_json_type(v->expected, node) != ASSAY_JSON_STRING) {
        return NULL;
    }
    (void)snprintf(to, 256, "%.*s", (int)s.len, (const char *)s.ptr);
    return to;
}

static inline void
vector_read_parts(struct vector *v, const struct assay_json *j)
{
    struct assay_error err;
    uint32_t root = assay_json_member(j, 0, "trusted_root");

    assay_error_clear(&err);
    for (size_t i = 0; i < ASSAY_PART_COUNT; i++) {
        uint32_t node = assay_json_member(j, 0, assay_part_rows[i].name);
        struct assay_slice s = assay_json_string(j, node);

        assay_buf_init(&v->part[i], VECTOR_MAX_BYTES);
        if (s.len > 0 && assay_part_rows[i].crl) {
            uint8_t *room = assay_buf_extend(&v->part[i], s.len / 2);

            assert_int_equal(assay_hex_decode(s, room, s.len / 2, "crl", &err),
                             ASSAY_OK);
        } else {
            assay_buf_add(&v->part[i], s);
        }
        *assay_part(&v->parts, i) = assay_buf_slice(&v->part[i]);
    }
    assay_buf_init(&v->root, VECTOR_MAX_BYTES);
    assay_buf_add(&v->root, assay_json_string(j, root));
    v->trusted_root = assay_buf_slice(&v->root);
}

static inline struct vector *
vector_open(struct assay_slice folder)
{
    struct vector *v = calloc(1, sizeof(*v));
    struct assay_buf text;
    int64_t time = 0;

    assert_non_null(v);
    (void)snprintf(v->folder, sizeof(v->folder), "%.*s", (int)folder.len,
                   (const char *)folder.ptr);
    assert_true(vector_load(v->folder, "quote.bin", &v->quote));
    assert_true(vector_load(v->folder, "expected.json", &v->expected_text));
    v->expected = vector_parse(&v->expected_text, v->folder);
    (void)assay_json_i64(v->expected,
                         assay_json_member(v->expected, 0, "verification_time"),
                         &time);
    v->time_s = time;
    if (vector_load(v->folder, "collateral.json", &text)) {
        struct assay_json *j = vector_parse(&text, v->folder);

        vector_read_parts(v, j);
        assay_json_free(j);
    }
    assay_buf_free(&text);
    return v;
}

static inline void
vector_close(struct vector *v)
{
    assay_json_free(v->expected);
    assay_buf_free(&v->expected_text);
    assay_buf_free(&v->quote);
    assay_buf_free(&v->root);
    for (size_t i = 0; i < ASSAY_PART_COUNT; i++) {
        assay_buf_free(&v->part[i]);
    }
    free(v);
}

static inline void
vector_list(const char *sub)
{
    char path[1024];
    DIR *dir;
    struct dirent *e;

    (void)snprintf(path, sizeof(path), "%s/%s", vectors_folder(), sub);
    dir = opendir(path);
    if (dir == NULL) {
        fail_msg("%s: cannot be read", path);
        return;
    }
    while ((e = readdir(dir)) != NULL) {
        char quote[1400];
        struct stat st;

        (void)snprintf(quote, sizeof(quote), "%s/%s/quote.bin", path,
                       e->d_name);
        if (e->d_name[0] != '.' && stat(quote, &st) == 0) {
            assert_true(vector_name_count < VECTOR_NAMES_MAX);
            (void)snprintf(vector_names[vector_name_count++],
                           sizeof(vector_names[0]), "%s%.120s", sub, e->d_name);
        }
    }
    (void)closedir(dir);
}

/* All folders that hold a quote; each is closed by asking for the next. */
static inline struct vector *
vector_at(size_t i)
{
    struct vector *v;

    if (i >= vector_name_count) {
        return NULL;
    }
    v = vector_open(assay_slice_of(vector_names[i]));
    v->index = i;
    return v;
}

static inline struct vector *
vector_first(void)
{
    vector_name_count = 0;
    vector_list("");
    vector_list("synthetic/");
    return vector_at(0);
}

static inline struct vector *
vector_next(struct vector *v)
{
    size_t i = v->index + 1;

    vector_close(v);
    return vector_at(i);
}

/* The bytes of "quote" or of a part by its name. */
static inline struct assay_buf *
vector_bytes(struct vector *v, struct assay_slice target)
{
    if (assay_slice_is(target, "quote")) {
        return &v->quote;
    }
    for (size_t i = 0; i < ASSAY_PART_COUNT; i++) {
        if (assay_slice_is(target, assay_part_rows[i].name)) {
            return &v->part[i];
        }
    }
    fail_msg("unknown target %.*s", (int)target.len, (const char *)target.ptr);
    return NULL;
}

/* After a change: the parts point to the changed bytes. */
static inline void
vector_put_bytes(struct vector *v, struct assay_slice target)
{
    for (size_t i = 0; i < ASSAY_PART_COUNT; i++) {
        if (assay_slice_is(target, assay_part_rows[i].name)) {
            *assay_part(&v->parts, i) = assay_buf_slice(&v->part[i]);
        }
    }
}

/* First occurrence of `find` by `with`. */
static inline void
vector_replace(struct assay_buf *b, struct assay_slice find,
               struct assay_slice with)
{
    struct assay_buf out;

    assay_buf_init(&out, VECTOR_MAX_BYTES);
    for (size_t i = 0; i + find.len <= b->len; i++) {
        if (memcmp(b->ptr + i, find.ptr, find.len) == 0) {
            assay_buf_add(&out, (struct assay_slice){b->ptr, i});
            assay_buf_add(&out, with);
            assay_buf_add(&out, (struct assay_slice){b->ptr + i + find.len,
                                                     b->len - i - find.len});
            assay_buf_free(b);
            *b = out;
            return;
        }
    }
    fail_msg("the text to replace is not there");
}
