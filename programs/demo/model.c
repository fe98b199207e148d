/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * model.c - see model.h: reading requests, and what is said to them.
 */
#include "model.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json.h"

/* --- reading ------------------------------------------------------------ */

static bool
refuse(struct model_refusal *why, unsigned status, const char *code,
       const char *message)
{
    why->status = status;
    why->code = code;
    (void)snprintf(why->message, sizeof(why->message), "%s", message);
    return false;
}

static bool
is_true(const struct assay_json *j, uint32_t of, const char *name)
{
    uint32_t node = assay_json_member(j, of, name);

    return node != ASSAY_JSON_NONE &&
           assay_json_type(j, node) == ASSAY_JSON_TRUE;
}

/* Text, or parts of which some are text. */
static void
read_content(const struct assay_json *j, uint32_t content, struct assay_buf *to)
{
    to->len = 0;
    assay_buf_add(to, assay_json_string(j, content));
    if (assay_json_type(j, content) != ASSAY_JSON_ARRAY) {
        return;
    }
    for (uint32_t part = assay_json_first(j, content); part != ASSAY_JSON_NONE;
         part = assay_json_next(j, part)) {
        assay_buf_add(to,
                      assay_json_string(j, assay_json_member(j, part, "text")));
    }
}

static bool
read_messages(const struct assay_json *j, struct model_ask *ask,
              struct model_refusal *why)
{
    uint32_t messages = assay_json_member(j, ASSAY_JSON_ROOT, "messages");
    uint32_t m = messages == ASSAY_JSON_NONE ? ASSAY_JSON_NONE
                                             : assay_json_first(j, messages);

    for (; m != ASSAY_JSON_NONE; m = assay_json_next(j, m)) {
        uint32_t content = assay_json_member(j, m, "content");

        if (content != ASSAY_JSON_NONE &&
            assay_slice_is(
                assay_json_string(j, assay_json_member(j, m, "role")),
                "user")) {
            read_content(j, content, &ask->said);
            ask->turn++;
        }
    }
    return ask->turn > 0 || refuse(why, 400, "invalid_request_error",
                                   "messages: there is none of the user");
}

static bool
read_document(const struct assay_json *j, struct model_ask *ask,
              struct model_refusal *why)
{
    uint32_t options = assay_json_member(j, ASSAY_JSON_ROOT, "stream_options");

    if (!assay_slice_is(assay_json_string(
                            j, assay_json_member(j, ASSAY_JSON_ROOT, "model")),
                        MODEL_NAME)) {
        return refuse(why, 404, "model_not_found",
                      "model: the only one here is " MODEL_NAME);
    }
    ask->stream = is_true(j, ASSAY_JSON_ROOT, "stream");
    ask->usage =
        options != ASSAY_JSON_NONE && is_true(j, options, "include_usage");
    return read_messages(j, ask, why);
}

bool
model_read(struct assay_slice body, struct model_ask *ask,
           struct model_refusal *why)
{
    static const struct assay_json_limits limits = {MODEL_ASK_MAX_BYTES, 16,
                                                    16384};
    struct assay_json *j = NULL;
    struct assay_error err;
    bool good;

    *ask = (struct model_ask){.stream = false};
    assay_buf_init(&ask->said, MODEL_ASK_MAX_BYTES);
    assay_error_clear(&err);
    good = assay_json_parse_nul(body, &limits, "request", &j, &err) == ASSAY_OK
               ? read_document(j, ask, why)
               : refuse(why, 400, "invalid_request_error", err.msg);
    assay_json_free(j);
    return good;
}

void
model_ask_free(struct model_ask *ask)
{
    assay_buf_free(&ask->said);
}

/* --- saying ------------------------------------------------------------- */

static bool
is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct assay_slice
model_next_word(struct assay_slice *text)
{
    struct assay_slice word = {text->ptr, 0};

    while (word.len < text->len && !is_space(text->ptr[word.len])) {
        word.len++;
    }
    while (word.len < text->len && is_space(text->ptr[word.len])) {
        word.len++;
    }
    text->ptr += word.len;
    text->len -= word.len;
    return word;
}

static struct assay_slice
trim(struct assay_slice s)
{
    while (s.len > 0 && is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && is_space(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

uint64_t
model_count_words(struct assay_slice text)
{
    uint64_t n = 0;

    while (model_next_word(&text).len > 0) {
        n++;
    }
    return n;
}

/* All octets of UTF-8 but those that go on with a character. */
static uint64_t
count_characters(struct assay_slice text)
{
    uint64_t n = 0;

    for (size_t i = 0; i < text.len; i++) {
        n += (text.ptr[i] & 0xc0) != 0x80;
    }
    return n;
}

static const char *
plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

void
model_say(const struct model_ask *ask, struct assay_buf *to)
{
    struct assay_slice said = trim(assay_buf_slice(&ask->said));
    struct assay_slice rest = said;
    uint64_t words = model_count_words(said);
    uint64_t characters = count_characters(said);

    assay_buf_printf(to,
                     "I am a toy model: I count words and repeat them, and "
                     "understand none. Your message number %llu has %llu "
                     "word%s and %llu character%s: \xe2\x80\x9c",
                     (unsigned long long)ask->turn, (unsigned long long)words,
                     plural(words), (unsigned long long)characters,
                     plural(characters));
    for (unsigned i = 0; i < MODEL_WORDS_REPEATED && rest.len > 0; i++) {
        struct assay_slice word = model_next_word(&rest);

        assay_buf_add(to, rest.len > 0 ? word : trim(word));
    }
    assay_buf_add_text(to, rest.len > 0 ? "\xe2\x80\xa6\xe2\x80\x9d I repeat "
                                          "no more than that."
                                        : "\xe2\x80\x9d");
}
