/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate.h - exchanges through a translation, and what its events say in
 * short.
 */
#pragma once

#include <stdio.h>

#include "base/json.h"
#include "base/json_out.h"
#include "harness/unit.h"
#include "programs/proxy/translate.h"

#define TRANSLATE_ID    "0123456789abcdef01234567"
#define TRANSLATE_NOW_S 1700000000

/* A request for a stream, with nothing in it. */
#define TRANSLATE_STREAM "{\"model\":\"m\",\"input\":\"hi\",\"stream\":true}"
#define TRANSLATE_OBJECT "{\"model\":\"m\",\"input\":\"hi\"}"

static inline struct translation *
translate_begun(const char *request, unsigned status, const char *type)
{
    struct translation *t = NULL;
    struct assay_error err;
    struct assay_buf chat;

    assay_buf_init(&chat, SIZE_MAX);
    if (translation_new(assay_slice_of(request), TRANSLATE_ID, TRANSLATE_NOW_S,
                        &chat, &t, &err) != ASSAY_OK) {
        fail_msg("%s: %s", request, err.msg);
    }
    assay_buf_free(&chat);
    (void)translation_begin(t, status, assay_slice_of(type));
    return t;
}

/* How the server's body comes: first `first` octets, then always `step`. */
struct translate_pieces {
    size_t first, step;
    bool truncated;
};

/* The whole answer; what the client gets is appended to *to. */
static inline enum assay_code
translate_answered(struct translation *t, struct assay_slice body,
                   struct translate_pieces how, struct assay_buf *to,
                   struct assay_error *err)
{
    size_t n = how.first > 0 ? how.first : how.step;

    assay_error_clear(err);
    while (body.len > 0 && err->code == ASSAY_OK) {
        struct assay_slice piece;

        n = n < body.len ? n : body.len;
        piece = exact_copy((struct assay_slice){body.ptr, n});
        (void)!translation_feed(t, piece, to, err);
        free((void *)(uintptr_t)piece.ptr);
        body.ptr += n;
        body.len -= n;
        n = how.step;
    }
    if (err->code == ASSAY_OK) {
        (void)!translation_end(t, how.truncated, to, err);
    }
    return err->code;
}

static inline struct assay_json *
translate_json(struct assay_slice text)
{
    static const struct assay_json_limits limits = {
        .max_bytes = 256u << 20, .max_depth = 128, .max_nodes = 1u << 20};
    struct assay_json *j = NULL;
    struct assay_error err;

    assay_error_clear(&err);
    if (assay_json_parse_nul(text, &limits, "written", &j, &err) != ASSAY_OK) {
        fail_msg("%s: %.*s", err.msg, (int)text.len, (const char *)text.ptr);
    }
    return j;
}

static inline struct assay_slice
translate_string(const struct assay_json *j, uint32_t object, const char *name)
{
    return assay_json_string(j, assay_json_member(j, object, name));
}

static inline void
translate_put(struct assay_buf *to, const char *before, struct assay_slice s)
{
    if (s.len > 0) {
        assay_buf_add_text(to, before);
        assay_buf_add(to, s);
    }
}

/* "message[Hello]" and so on: an item in short. */
static inline void
translate_short_item(const struct assay_json *j, uint32_t item,
                     struct assay_buf *to)
{
    static const char *const names[] = {"call_id", "namespace", "name"};
    uint32_t content = assay_json_member(j, item, "content");

    translate_put(to, "", translate_string(j, item, "type"));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        translate_put(to, ":", translate_string(j, item, names[i]));
    }
    assay_buf_add_text(to, "[");
    translate_put(to, "", translate_string(j, item, "arguments"));
    translate_put(to, "", translate_string(j, item, "input"));
    for (uint32_t p = assay_json_first(j, content); p != ASSAY_JSON_NONE;
         p = assay_json_next(j, p)) {
        translate_put(to, "", translate_string(j, p, "text"));
        translate_put(to, "refusal ", translate_string(j, p, "refusal"));
    }
    assay_buf_add_text(to, "]");
    translate_put(to, " ", translate_string(j, item, "status"));
}

static inline void
translate_short_response(const struct assay_json *j, uint32_t response,
                         struct assay_buf *to)
{
    uint32_t output = assay_json_member(j, response, "output");
    uint32_t error = assay_json_member(j, response, "error");
    uint32_t usage = assay_json_member(j, response, "usage");
    uint32_t details = assay_json_member(j, response, "incomplete_details");

    translate_put(to, " ", translate_string(j, response, "status"));
    for (uint32_t i = assay_json_first(j, output); i != ASSAY_JSON_NONE;
         i = assay_json_next(j, i)) {
        assay_buf_add_text(to, " | ");
        translate_short_item(j, i, to);
    }
    translate_put(to, " code=", translate_string(j, error, "code"));
    translate_put(to, " message=", translate_string(j, error, "message"));
    translate_put(to, " reason=", translate_string(j, details, "reason"));
    translate_put(
        to, " input=",
        assay_json_span(j, assay_json_member(j, usage, "input_tokens")));
    translate_put(
        to, " output=",
        assay_json_span(j, assay_json_member(j, usage, "output_tokens")));
}

/* One event: its type without "response.", the item that it is about, and what
 * it says. */
static inline void
translate_short_event(struct assay_slice name, struct assay_slice data,
                      uint64_t number, struct assay_buf *to)
{
    static const char *const texts[] = {"delta", "text", "refusal", "arguments",
                                        "input"};
    struct assay_json *j = translate_json(data);
    struct assay_slice type = translate_string(j, ASSAY_JSON_ROOT, "type");
    uint32_t item = assay_json_member(j, ASSAY_JSON_ROOT, "item");
    uint32_t response = assay_json_member(j, ASSAY_JSON_ROOT, "response");
    uint64_t got = UINT64_MAX;

    assert_true(assay_slice_equal(type, name));
    assert_true(assay_json_u64(
        j, assay_json_member(j, ASSAY_JSON_ROOT, "sequence_number"), &got));
    assert_int_equal(got, number);
    assert_true(type.len > 9 && memcmp(type.ptr, "response.", 9) == 0);
    assay_buf_add(to, (struct assay_slice){type.ptr + 9, type.len - 9});
    translate_put(to, " #",
                  assay_json_span(j, assay_json_member(j, ASSAY_JSON_ROOT,
                                                       "output_index")));
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        translate_put(to, " ", translate_string(j, ASSAY_JSON_ROOT, texts[i]));
    }
    if (item != ASSAY_JSON_NONE) {
        assay_buf_add_text(to, " ");
        translate_short_item(j, item, to);
    }
    if (response != ASSAY_JSON_NONE) {
        translate_short_response(j, response, to);
    }
    assay_buf_add_text(to, "\n");
    assay_json_free(j);
}

/* The next line of *s, without its end; *s goes behind it. */
static inline struct assay_slice
translate_line(struct assay_slice *s)
{
    const uint8_t *lf = memchr(s->ptr, '\n', s->len);
    struct assay_slice line = {s->ptr, 0};

    assert_non_null(lf);
    line.len = (size_t)(lf - s->ptr);
    s->ptr += line.len + 1;
    s->len -= line.len + 1;
    return line;
}

static inline struct assay_slice
translate_value(struct assay_slice line, const char *field)
{
    size_t n = strlen(field);

    assert_true(line.len >= n && memcmp(line.ptr, field, n) == 0);
    return (struct assay_slice){line.ptr + n, line.len - n};
}

/* A stream in short, a line for each event; comments are ": ...". Everything
 * else than three lines for an event is a failure. */
static inline void
translate_short(struct assay_slice stream, struct assay_buf *to)
{
    uint64_t number = 0;

    while (stream.len > 0) {
        struct assay_slice line = translate_line(&stream);

        if (line.len > 0 && line.ptr[0] == ':') {
            assay_buf_add_text(to, ":\n");
        } else {
            struct assay_slice name = translate_value(line, "event: ");
            struct assay_slice data =
                translate_value(translate_line(&stream), "data: ");

            translate_short_event(name, data, number++, to);
        }
        assert_int_equal(translate_line(&stream).len, 0);
    }
}

static inline void
translate_check_text(const char *row, const struct assay_buf *got,
                     const char *want)
{
    if (!assay_slice_is(assay_buf_slice(got), want)) {
        fail_msg("row \"%s\":\n%.*s\nwant:\n%s", row, (int)got->len,
                 (const char *)got->ptr, want);
    }
}
