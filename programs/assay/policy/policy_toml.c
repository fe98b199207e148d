/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy_toml.c - a policy as TOML. Strings, numbers, booleans and lists are
 * spelled as in JSON, but for characters that JSON leaves as they are and TOML
 * does not: DEL.
 */
#include "policy_toml.h"

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/json_canon.h"

#define VALUE_MAX_BYTES (4u * 1024u * 1024u)

/* Plain values of the object, or its tables. */
static bool
is_table(const struct assay_json *j, uint32_t value)
{
    return assay_json_type(j, value) == ASSAY_JSON_OBJECT;
}

static bool
has_it(const struct assay_json *j, uint32_t value)
{
    enum assay_json_type type = assay_json_type(j, value);

    if (type != ASSAY_JSON_ARRAY) {
        return type != ASSAY_JSON_NULL && type != ASSAY_JSON_OBJECT;
    }
    for (uint32_t e = assay_json_first(j, value); e != ASSAY_JSON_NONE;
         e = assay_json_next(j, e)) {
        enum assay_json_type t = assay_json_type(j, e);

        if (t == ASSAY_JSON_NULL || t == ASSAY_JSON_OBJECT ||
            t == ASSAY_JSON_ARRAY) {
            return false;
        }
    }
    return true;
}

static void
put_value(const struct assay_json *j, uint32_t value, struct assay_buf *out,
          struct assay_error *err)
{
    struct assay_buf text;

    if (!has_it(j, value)) {
        assay_fail(err, ASSAY_UNSUPPORTED, ASSAY_NO_OFFSET,
                   "policy: TOML has no such value");
        return;
    }
    assay_buf_init(&text, VALUE_MAX_BYTES);
    if (assay_json_canon(j, value, ASSAY_JSON_AS_IT_STANDS, "policy", &text,
                         err) == ASSAY_OK) {
        for (size_t i = 0; i < text.len; i++) {
            if (text.ptr[i] == 0x7f) {
                assay_buf_add_text(out, "\\u007f");
            } else {
                assay_buf_add_u8(out, text.ptr[i]);
            }
        }
    }
    assay_buf_free(&text);
}

static void
put_plain(const struct assay_json *j, uint32_t object, struct assay_buf *out,
          struct assay_error *err)
{
    for (uint32_t n = assay_json_first(j, object); n != ASSAY_JSON_NONE;
         n = assay_json_next(j, n)) {
        if (!is_table(j, assay_json_value(j, n))) {
            assay_buf_add(out, assay_json_string(j, n));
            assay_buf_add_text(out, " = ");
            put_value(j, assay_json_value(j, n), out, err);
            assay_buf_add_u8(out, '\n');
        }
    }
}

enum assay_code
policy_toml_write(const struct assay_json *j, struct assay_buf *out,
                  struct assay_error *err)
{
    put_plain(j, ASSAY_JSON_ROOT, out, err);
    for (uint32_t n = assay_json_first(j, ASSAY_JSON_ROOT);
         n != ASSAY_JSON_NONE; n = assay_json_next(j, n)) {
        uint32_t value = assay_json_value(j, n);

        if (!is_table(j, value)) {
            continue;
        }
        assay_buf_add_text(out, "\n[");
        assay_buf_add(out, assay_json_string(j, n));
        assay_buf_add_text(out, "]\n");
        for (uint32_t m = assay_json_first(j, value); m != ASSAY_JSON_NONE;
             m = assay_json_next(j, m)) {
            if (is_table(j, assay_json_value(j, m))) {
                return assay_fail(err, ASSAY_UNSUPPORTED, ASSAY_NO_OFFSET,
                                  "policy: a table within a table");
            }
        }
        put_plain(j, value, out, err);
    }
    return assay_buf_check(out, "policy", err);
}
