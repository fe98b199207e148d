/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * decode.c - standard input as TOML to the tagged JSON that the public
 * toml-test suite compares; exits with 1 if the input is not valid.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/json_out.h"
#include "base/toml.h"

#define MAX_BYTES (1u << 20)

static const char *const tags[] = {
    [ASSAY_TOML_STRING] = "string",
    [ASSAY_TOML_INTEGER] = "integer",
    [ASSAY_TOML_FLOAT] = "float",
    [ASSAY_TOML_BOOLEAN] = "bool",
    [ASSAY_TOML_OFFSET_DATETIME] = "datetime",
    [ASSAY_TOML_LOCAL_DATETIME] = "datetime-local",
    [ASSAY_TOML_LOCAL_DATE] = "date-local",
    [ASSAY_TOML_LOCAL_TIME] = "time-local",
};

static void write_node(struct assay_json_out *o, const struct assay_toml *t,
                       uint32_t node);

static void
write_children(struct assay_json_out *o, const struct assay_toml *t,
               uint32_t node, bool named)
{
    for (uint32_t c = assay_toml_first(t, node); c != ASSAY_TOML_NONE;
         c = assay_toml_next(t, c)) {
        if (named) { /* a key may hold U+0000: no C string as a name */
            assay_json_out_string(o, NULL, assay_toml_key(t, c));
            assay_buf_add_u8(o->buf, ':');
            o->need_comma = false;
        }
        write_node(o, t, c);
    }
}

static void
write_scalar(struct assay_json_out *o, const struct assay_toml *t,
             uint32_t node)
{
    enum assay_toml_type type = assay_toml_type(t, node);
    char number[24];

    assay_json_out_text(o, "type", tags[type]);
    if (type == ASSAY_TOML_INTEGER) {
        (void)snprintf(number, sizeof(number), "%lld",
                       (long long)assay_toml_integer(t, node));
        assay_json_out_text(o, "value", number);
    } else if (type == ASSAY_TOML_BOOLEAN) {
        assay_json_out_text(o, "value",
                            assay_toml_boolean(t, node) ? "true" : "false");
    } else {
        assay_json_out_string(o, "value", assay_toml_text(t, node));
    }
}

/* Recursive: this is a test's tool, and depth has a limit. */
static void
write_node(struct assay_json_out *o, const struct assay_toml *t, uint32_t node)
{
    enum assay_toml_type type = assay_toml_type(t, node);

    if (type == ASSAY_TOML_TABLE || type == ASSAY_TOML_ARRAY) {
        bool table = type == ASSAY_TOML_TABLE;

        assay_json_out_open(o, NULL, table ? '{' : '[');
        write_children(o, t, node, table);
        assay_json_out_close(o, table ? '}' : ']');
        return;
    }
    assay_json_out_open(o, NULL, '{');
    write_scalar(o, t, node);
    assay_json_out_close(o, '}');
}

int
main(void)
{
    static const struct assay_json_limits limits = {MAX_BYTES, 64, 1u << 16};
    static uint8_t input[MAX_BYTES + 1];
    size_t len = fread(input, 1, sizeof(input), stdin);
    struct assay_slice text = {input, len};
    struct assay_toml *t = NULL;
    struct assay_json_out o;
    struct assay_error err;
    struct assay_buf b;

    assay_error_clear(&err);
    if (assay_toml_parse(text, &limits, "input", &t, &err) != ASSAY_OK) {
        struct assay_text_place at = assay_text_place(text, err.offset);

        (void)fprintf(stderr, "line %zu, column %zu: %s\n", at.line, at.column,
                      err.msg);
        return 1;
    }
    assay_buf_init(&b, 64u * MAX_BYTES);
    assay_json_out_init(&o, &b, true);
    write_node(&o, t, ASSAY_TOML_ROOT);
    assay_toml_free(t);
    if (b.failed) {
        return 2;
    }
    (void)fwrite(b.ptr, 1, b.len, stdout);
    assay_buf_free(&b);
    return 0;
}
