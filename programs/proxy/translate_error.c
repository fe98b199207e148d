/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate_error.c - a server's errors, of whatever shape, in OpenAI's.
 */
#include <stdio.h>

#include "base/bytes.h"
#include "base/utf8.h"
#include "translate_answer.h"

#define PLAIN_MAX_BYTES 1024u /* of a text that is shown as it is */

static struct assay_slice
string_of(const struct assay_json *j, uint32_t object, const char *name)
{
    return assay_json_string(j, assay_json_member(j, object, name));
}

/* {"error": {"message", "code"}}, {"error": "..."}, {"object": "error",
 * "message"} of older vLLM, {"detail": "..."} of FastAPI. */
bool
translate_read_error(const struct assay_json *j, uint32_t node,
                     struct assay_slice *message, struct assay_slice *code)
{
    uint32_t error = assay_json_member(j, node, "error");
    uint32_t detail = assay_json_member(j, node, "detail");
    uint32_t in = node;

    *message = ASSAY_EMPTY;
    *code = ASSAY_EMPTY;
    if (assay_json_type(j, error) == ASSAY_JSON_STRING) {
        *message = assay_json_string(j, error);
        return true;
    }
    if (assay_json_type(j, error) == ASSAY_JSON_OBJECT) {
        in = error;
    } else if (assay_json_type(j, detail) != ASSAY_JSON_NULL) {
        *message = assay_json_type(j, detail) == ASSAY_JSON_STRING
                       ? assay_json_string(j, detail)
                       : assay_json_span(j, detail);
        return true;
    } else if (!assay_slice_is(string_of(j, node, "object"), "error")) {
        return false;
    }
    *message = string_of(j, in, "message");
    *code = string_of(j, in, "code");
    return true;
}

static void
write_new(struct translation *t, struct assay_slice message)
{
    struct assay_json_out o;
    char text[64];

    if (message.len == 0) {
        snprintf(text, sizeof(text), "the server answered with status %u",
                 t->status);
        message = assay_slice_of(text);
    }
    assay_json_out_init(&o, t->to, true);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_open(&o, "error", '{');
    assay_json_out_string(&o, "message", message);
    assay_json_out_text(&o, "type",
                        t->status >= 400 && t->status < 500
                            ? "invalid_request_error"
                            : "server_error");
    assay_json_out_null(&o, "param");
    assay_json_out_null(&o, "code");
    assay_json_out_close(&o, '}');
    assay_json_out_close(&o, '}');
}

/* A page of HTML is nothing to show. */
static struct assay_slice
plain_text(struct assay_slice body)
{
    bool is = body.len <= PLAIN_MAX_BYTES && body.len > 0 &&
              body.ptr[0] != '<' && body.ptr[0] != '{' &&
              assay_utf8_is_valid(body);

    return is ? body : ASSAY_EMPTY;
}

void
translate_write_error(struct translation *t, bool truncated)
{
    const struct assay_json_limits limits = {
        TRANSLATE_ANSWER_MAX_BYTES, TRANSLATE_DEPTH_MAX, TRANSLATE_NODES_MAX};
    struct assay_slice body = assay_buf_slice(&t->body);
    struct assay_slice message = ASSAY_EMPTY;
    struct assay_slice code;
    struct assay_json *j = NULL;
    struct assay_error err;

    assay_error_clear(&err);
    if (truncated || t->body_is_too_large) {
        write_new(t, ASSAY_EMPTY);
        return;
    }
    if (assay_json_parse_nul(body, &limits, "error", &j, &err) ==
        ASSAY_NO_MEMORY) {
        translate_fail_as(t, &err);
    } else if (j == NULL) {
        write_new(t, plain_text(body));
    } else if (translate_read_error(j, ASSAY_JSON_ROOT, &message, &code) &&
               assay_json_type(
                   j, assay_json_member(j, ASSAY_JSON_ROOT, "error")) ==
                   ASSAY_JSON_OBJECT) {
        assay_buf_add(t->to, body);
    } else {
        write_new(t, message);
    }
    assay_json_free(j);
}
