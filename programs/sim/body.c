/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * body.c - see body.h.
 */
#include "body.h"

#include "assay/compose.h"
#include "base/text.h"
#include "base/timestamp.h"

bool
sim_body_read(struct sim_body *b, const struct assay_http_request *r)
{
    /* An app-compose comes as a string, with its escapes. */
    static const struct assay_json_limits limits = {2 * ASSAY_COMPOSE_MAX_BYTES,
                                                    8, 4096};
    struct assay_slice text = r->body.len > 0 ? r->body : assay_slice_of("{}");

    b->doc = NULL;
    assay_error_clear(&b->err);
    if (assay_json_parse(text, &limits, "body", &b->doc, &b->err) == ASSAY_OK &&
        assay_json_type(b->doc, ASSAY_JSON_ROOT) != ASSAY_JSON_OBJECT) {
        (void)assay_fail(&b->err, ASSAY_INVALID, 0,
                         "body: must be a JSON object");
    }
    return b->err.code == ASSAY_OK;
}

void
sim_body_free(struct sim_body *b)
{
    assay_json_free(b->doc);
}

static bool
fail(struct sim_body *b, const char *name, const char *want)
{
    (void)assay_fail(&b->err, ASSAY_INVALID, ASSAY_NO_OFFSET, "%s: must be %s",
                     name, want);
    return false;
}

/* NONE where nothing was given, or something has failed before. */
static uint32_t
member(const struct sim_body *b, const char *name)
{
    uint32_t node = assay_json_member(b->doc, ASSAY_JSON_ROOT, name);

    return b->err.code != ASSAY_OK ||
                   assay_json_type(b->doc, node) == ASSAY_JSON_NULL
               ? ASSAY_JSON_NONE
               : node;
}

bool
sim_body_text(struct sim_body *b, const char *name, struct assay_slice *out)
{
    uint32_t node = member(b, name);

    if (node == ASSAY_JSON_NONE) {
        return false;
    }
    if (assay_json_type(b->doc, node) != ASSAY_JSON_STRING) {
        return fail(b, name, "a string");
    }
    *out = assay_json_string(b->doc, node);
    return true;
}

bool
sim_body_bool(struct sim_body *b, const char *name, bool *out)
{
    uint32_t node = member(b, name);
    enum assay_json_type type;

    if (node == ASSAY_JSON_NONE) {
        return false;
    }
    type = assay_json_type(b->doc, node);
    if (type != ASSAY_JSON_TRUE && type != ASSAY_JSON_FALSE) {
        return fail(b, name, "true or false");
    }
    *out = type == ASSAY_JSON_TRUE;
    return true;
}

bool
sim_body_time(struct sim_body *b, const char *name, int64_t *out_s)
{
    uint32_t node = member(b, name);
    struct assay_slice text;

    if (node == ASSAY_JSON_NONE) {
        return false;
    }
    if (assay_json_type(b->doc, node) == ASSAY_JSON_NUMBER) {
        return assay_json_i64(b->doc, node, out_s) ||
               fail(b, name, "Unix seconds or RFC 3339");
    }
    return sim_body_text(b, name, &text) &&
           assay_time_parse_loose(text, out_s, name, &b->err) == ASSAY_OK;
}

bool
sim_body_hex(struct sim_body *b, const char *name, size_t max,
             struct assay_buf *out)
{
    struct assay_slice text;
    uint8_t *to;

    if (!sim_body_text(b, name, &text)) {
        return false;
    }
    if (text.len > 2 * max) {
        (void)assay_fail(&b->err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                         "%s: at most %zu octets in hex", name, max);
        return false;
    }
    to = text.len >= 2 ? assay_buf_extend(out, text.len / 2) : NULL;
    return text.len == 0 ||
           (to != NULL && assay_hex_decode(text, to, text.len / 2, name,
                                           &b->err) == ASSAY_OK) ||
           fail(b, name, "octets in hex");
}

void
sim_body_only(struct sim_body *b, const char *const *names)
{
    for (uint32_t n = assay_json_first(b->doc, ASSAY_JSON_ROOT);
         n != ASSAY_JSON_NONE; n = assay_json_next(b->doc, n)) {
        size_t i = 0;

        while (names[i] != NULL &&
               !assay_slice_is(assay_json_string(b->doc, n), names[i])) {
            i++;
        }
        if (names[i] == NULL) {
            struct assay_slice name = assay_json_string(b->doc, n);

            (void)assay_fail(&b->err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                             "no member is called '%.*s'",
                             name.len < 40 ? (int)name.len : 40,
                             (const char *)name.ptr);
        }
    }
}
