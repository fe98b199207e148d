/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate_state.h - what the parts of a translation share.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/json_out.h"
#include "translate.h"
#include "translate_sse.h"

#define TRANSLATE_ID_DIGITS 24u

/* Of JSON that clients and servers write: schemas of tools are deep. */
#define TRANSLATE_DEPTH_MAX 128u
#define TRANSLATE_NODES_MAX (1u << 20)

#define TRANSLATE_TOOLS_MAX 1024u

/* What every response object says again: a stream does three times. */
#define TRANSLATE_ECHO_MAX_BYTES  (1u << 20)
#define TRANSLATE_MODEL_MAX_BYTES 4096u

/* Of a tool, with its namespace and what is between them. */
#define TRANSLATE_NAME_MAX_BYTES 258u

/* A tool as the server knows it: its name there is SPACE__NAME where the client
 * has it in a namespace. */
struct translate_tool {
    size_t at;    /* of the server's name, in translation.names */
    size_t len;   /* bytes of it */
    size_t space; /* bytes of its namespace; 0: none */
    bool custom;  /* its input is text, and no JSON */
};

/* What became of a text or a call of the answer. */
enum translate_item_kind {
    TRANSLATE_REASONING,
    TRANSLATE_TEXT,
    TRANSLATE_REFUSAL,
    TRANSLATE_CALL,
};

struct translate_item {
    enum translate_item_kind kind;
    bool announced; /* the client knows of it; a call waits for its name */
    bool done;
    bool made_id;   /* of a call: the client knows it by an id that is ours */
    uint64_t index; /* of a call, as the server counts */
    const struct translate_tool *tool; /* of a call; NULL: nobody offered it */
    struct assay_buf text;             /* or a call's arguments */
    struct assay_buf name;             /* of a call, as the server has it */
    struct assay_buf call_id;
};

enum translate_finish {
    TRANSLATE_UNFINISHED,
    TRANSLATE_STOP,   /* or with calls */
    TRANSLATE_LENGTH, /* cut by max_output_tokens */
    TRANSLATE_FILTER, /* cut by a filter of content */
};

struct translate_usage {
    bool known;
    uint64_t input, cached, output, reasoning, total; /* tokens */
};

/* How the server's body is read. */
enum translate_source {
    TRANSLATE_FROM_STREAM,
    TRANSLATE_FROM_OBJECT,
    TRANSLATE_FROM_ERROR, /* its status says that it failed */
};

struct translation {
    /* of the request */
    char id[TRANSLATE_ID_DIGITS + 1];
    int64_t now_s;
    bool streams;
    struct assay_buf model;
    struct assay_buf echo; /* members of every response object, with a comma
                              before each */
    struct assay_buf names;
    struct translate_tool *tools;
    size_t tool_count;
    /* of the answer */
    unsigned status;
    enum translate_source source;
    struct translate_sse sse;
    struct assay_buf body; /* where it is no stream */
    bool body_is_too_large;
    struct translate_item *items;
    size_t item_count;
    size_t text_bytes; /* of all items, as JSON */
    struct translate_usage usage;
    enum translate_finish finish;
    bool finished;     /* a stream has said that it is over */
    bool created;      /* the client has been told that an answer begins */
    bool told;         /* ... and how it ended */
    uint64_t sequence; /* number of the next event */
    size_t event_at;   /* where the one that is written begins, in *to */
    struct assay_error failure; /* the first, for the caller */
    char failure_code[64];      /* what the client is told of it ... */
    struct assay_buf failure_text;
    struct assay_buf *to;
};

/* Of a tool: its namespace, perhaps empty, and its name there. */
struct assay_slice translate_tool_space(const struct translation *t,
                                        const struct translate_tool *tool);
struct assay_slice translate_tool_own(const struct translation *t,
                                      const struct translate_tool *tool);
/* By the name that the server knows; NULL: nobody offered it. */
const struct translate_tool *translate_tool_find(const struct translation *t,
                                                 struct assay_slice name);
