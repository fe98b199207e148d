/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * model.h - a toy that speaks OpenAI's chat completions: it counts and repeats
 * what was said, and says so. No I/O.
 */
#pragma once

#include <stdbool.h>

#include "assay/bytes.h"

#define MODEL_NAME             "assay-toy"
#define MODEL_ASK_MAX_BYTES    (256u * 1024u)
#define MODEL_ANSWER_MAX_BYTES (1024u * 1024u)
#define MODEL_WORDS_REPEATED   60u

/* What a request asks for. */
struct model_ask {
    bool stream;
    bool usage;            /* to be told at the end of a stream */
    struct assay_buf said; /* the last message of the user */
    uint64_t turn;         /* which of the user's messages it is, from 1 */
};

/* What there is to say about a request that is none. */
struct model_refusal {
    unsigned status;
    const char *code;
    char message[256];
};

/* Of a POST to /v1/chat/completions. False: *why is set. *ask is initialised
 * here and always freed by model_ask_free(). */
bool model_read(struct assay_slice body, struct model_ask *ask,
                struct model_refusal *why);
void model_ask_free(struct model_ask *ask);

/* All that the model says. */
void model_say(const struct model_ask *ask, struct assay_buf *to);
/* Takes a word, with the space behind it, from the front; empty at the end. */
struct assay_slice model_next_word(struct assay_slice *text);
uint64_t model_count_words(struct assay_slice text);

/* Documents of the API, appended as JSON without a line break. */
struct model_answer {
    uint64_t number; /* of the completion */
    int64_t created_s;
};
void model_put_completion(struct assay_buf *to, const struct model_answer *a,
                          const struct model_ask *ask, struct assay_slice text);
/* One event of a stream, frame included: the word, or with an empty one the
 * end of the message. */
void model_put_event(struct assay_buf *to, const struct model_answer *a,
                     struct assay_slice word);
/* What closes a stream. */
void model_put_last_events(struct assay_buf *to, const struct model_answer *a,
                           const struct model_ask *ask,
                           struct assay_slice text);
void model_put_list(struct assay_buf *to);
void model_put_error(struct assay_buf *to, const char *code,
                     const char *message);
