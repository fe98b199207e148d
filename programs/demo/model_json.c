/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * model_json.c - the documents of OpenAI's API that the toy model needs.
 */
#include <stdio.h>

#include "base/bytes.h"
#include "base/json_out.h"
#include "model.h"

static void
open_document(struct assay_json_out *j, struct assay_buf *to,
              const struct model_answer *a, const char *object)
{
    char id[40];

    (void)snprintf(id, sizeof(id), "chatcmpl-toy-%llu",
                   (unsigned long long)a->number);
    assay_json_out_init(j, to, true);
    assay_json_out_open(j, NULL, '{');
    assay_json_out_text(j, "id", id);
    assay_json_out_text(j, "object", object);
    assay_json_out_i64(j, "created", a->created_s);
    assay_json_out_text(j, "model", MODEL_NAME);
}

/* A word is a token here. */
static void
put_usage(struct assay_json_out *j, const struct model_ask *ask,
          struct assay_slice text)
{
    uint64_t in = model_count_words(assay_buf_slice(&ask->said));
    uint64_t out = model_count_words(text);

    assay_json_out_open(j, "usage", '{');
    assay_json_out_u64(j, "prompt_tokens", in);
    assay_json_out_u64(j, "completion_tokens", out);
    assay_json_out_u64(j, "total_tokens", in + out);
    assay_json_out_close(j, '}');
}

static void
put_message(struct assay_json_out *j, const char *name, struct assay_slice text)
{
    assay_json_out_open(j, name, '{');
    if (text.len > 0) {
        assay_json_out_text(j, "role", "assistant");
        assay_json_out_string(j, "content", text);
    }
    assay_json_out_close(j, '}');
}

/* choices: one, with what `name` calls the text. */
static void
put_choice(struct assay_json_out *j, const char *name, struct assay_slice text,
           const char *finish_reason)
{
    assay_json_out_open(j, "choices", '[');
    assay_json_out_open(j, NULL, '{');
    assay_json_out_u64(j, "index", 0);
    put_message(j, name, text);
    assay_json_out_text(j, "finish_reason", finish_reason);
    assay_json_out_close(j, '}');
    assay_json_out_close(j, ']');
}

void
model_put_completion(struct assay_buf *to, const struct model_answer *a,
                     const struct model_ask *ask, struct assay_slice text)
{
    struct assay_json_out j;

    open_document(&j, to, a, "chat.completion");
    put_choice(&j, "message", text, "stop");
    put_usage(&j, ask, text);
    assay_json_out_close(&j, '}');
}

void
model_put_event(struct assay_buf *to, const struct model_answer *a,
                struct assay_slice word)
{
    struct assay_json_out j;

    assay_buf_add_text(to, "data: ");
    open_document(&j, to, a, "chat.completion.chunk");
    put_choice(&j, "delta", word, word.len > 0 ? NULL : "stop");
    assay_json_out_close(&j, '}');
    assay_buf_add_text(to, "\n\n");
}

void
model_put_last_events(struct assay_buf *to, const struct model_answer *a,
                      const struct model_ask *ask, struct assay_slice text)
{
    struct assay_json_out j;

    model_put_event(to, a, ASSAY_EMPTY);
    if (ask->usage) {
        assay_buf_add_text(to, "data: ");
        open_document(&j, to, a, "chat.completion.chunk");
        assay_json_out_open(&j, "choices", '[');
        assay_json_out_close(&j, ']');
        put_usage(&j, ask, text);
        assay_json_out_close(&j, '}');
        assay_buf_add_text(to, "\n\n");
    }
    assay_buf_add_text(to, "data: [DONE]\n\n");
}

void
model_put_list(struct assay_buf *to)
{
    struct assay_json_out j;

    assay_json_out_init(&j, to, true);
    assay_json_out_open(&j, NULL, '{');
    assay_json_out_text(&j, "object", "list");
    assay_json_out_open(&j, "data", '[');
    assay_json_out_open(&j, NULL, '{');
    assay_json_out_text(&j, "id", MODEL_NAME);
    assay_json_out_text(&j, "object", "model");
    assay_json_out_u64(&j, "created", 0);
    assay_json_out_text(&j, "owned_by", "assay demo");
    assay_json_out_close(&j, '}');
    assay_json_out_close(&j, ']');
    assay_json_out_close(&j, '}');
}

void
model_put_error(struct assay_buf *to, const char *code, const char *message)
{
    struct assay_json_out j;

    assay_json_out_init(&j, to, true);
    assay_json_out_open(&j, NULL, '{');
    assay_json_out_open(&j, "error", '{');
    assay_json_out_text(&j, "message", message);
    assay_json_out_text(&j, "type", "invalid_request_error");
    assay_json_out_null(&j, "param");
    assay_json_out_text(&j, "code", code);
    assay_json_out_close(&j, '}');
    assay_json_out_close(&j, '}');
}
