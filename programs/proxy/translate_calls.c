/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate_calls.c - what a model called in earlier turns.
 */
#include "base/bytes.h"
#include "translate_request.h"

/* Raw text is unescaped and escaped again, so it may grow. */
#define WRAPPED_MAX_BYTES (4u * (size_t)TRANSLATE_BODY_MAX_BYTES)

/* vLLM refuses the whole request where what a model once called a tool with is
 * no JSON object; and it would stay in the session for good. */
static bool
is_object(struct translate_request *r, struct assay_slice text)
{
    const struct assay_json_limits limits = {
        TRANSLATE_BODY_MAX_BYTES, TRANSLATE_DEPTH_MAX, TRANSLATE_NODES_MAX};
    struct assay_json *j = NULL;
    struct assay_error err;
    bool is;

    assay_error_clear(&err);
    if (assay_json_parse_nul(text, &limits, "arguments", &j, &err) ==
        ASSAY_NO_MEMORY) {
        assay_fail(r->err, err.code, ASSAY_NO_OFFSET, "%s", err.msg);
    }
    is = j != NULL && assay_json_type(j, ASSAY_JSON_ROOT) == ASSAY_JSON_OBJECT;
    assay_json_free(j);
    return is;
}

/* {"MEMBER": text} as the text of JSON. */
static void
write_wrapped(struct translate_request *r, struct assay_json_out *o,
              const char *member, struct assay_slice text)
{
    struct assay_buf b;
    struct assay_json_out inner;

    assay_buf_init(&b, WRAPPED_MAX_BYTES);
    assay_json_out_init(&inner, &b, true);
    assay_json_out_open(&inner, NULL, '{');
    assay_json_out_string(&inner, member, text);
    assay_json_out_close(&inner, '}');
    assay_buf_check(&b, "arguments", r->err);
    assay_json_out_string(o, "arguments", assay_buf_slice(&b));
    assay_buf_free(&b);
}

static void
write_arguments(struct translate_request *r, struct assay_json_out *o,
                uint32_t item, bool custom)
{
    struct assay_slice text =
        translate_needed(r, item, custom ? "input" : "arguments");

    if (custom) {
        write_wrapped(r, o, "input", text);
    } else if (text.len == 0) {
        assay_json_out_text(o, "arguments", "{}");
    } else if (is_object(r, text)) {
        assay_json_out_string(o, "arguments", text);
    } else {
        write_wrapped(r, o, "malformed_arguments", text);
    }
}

static void
write_called_name(struct translate_request *r, struct assay_json_out *o,
                  uint32_t item)
{
    uint32_t space =
        translate_member_of(r, item, "namespace", TRANSLATE_TYPE(STRING));
    struct assay_buf name;

    assay_buf_init(&name, TRANSLATE_BODY_MAX_BYTES);
    assay_buf_add(&name, assay_json_string(r->j, space));
    assay_buf_add_text(&name, name.len > 0 ? "__" : "");
    assay_buf_add(&name, translate_needed(r, item, "name"));
    assay_buf_check(&name, "name", r->err);
    assay_json_out_string(o, "name", assay_buf_slice(&name));
    assay_buf_free(&name);
}

void
translate_called(struct translate_request *r, struct assay_json_out *o,
                 uint32_t item, bool custom)
{
    assay_json_out_open(o, NULL, '{');
    assay_json_out_string(o, "id", translate_needed(r, item, "call_id"));
    assay_json_out_text(o, "type", "function");
    assay_json_out_open(o, "function", '{');
    write_called_name(r, o, item);
    write_arguments(r, o, item, custom);
    assay_json_out_close(o, '}');
    assay_json_out_close(o, '}');
}
