/* Target functions: assay_json_parse assay_json_span assay_json_string
 * assay_json_member assay_json_u64 assay_json_i64 assay_json_out_string */
/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_json.c - the JSON reader; what it read is written and read again.
 */
#include "base/json.h"
#include "base/json_out.h"
#include "harness/fuzz.h"

static const struct assay_json_limits limits = {
    .max_bytes = 1 << 20, .max_depth = 32, .max_nodes = 1 << 16};

static enum assay_code
parse(struct assay_slice text, struct assay_json **j)
{
    struct assay_error err;
    enum assay_code code;

    *j = (struct assay_json *)&err;
    assay_error_clear(&err);
    code = assay_json_parse(text, &limits, "fuzz", j, &err);
    PROMISE((code == ASSAY_OK) == (*j != NULL));
    fuzz_check_error(&err, code, text.len);
    return code;
}

/* A value's span must be a document of the same meaning by itself. */
static void
check_span(const struct assay_json *j, uint32_t node)
{
    struct assay_slice span = assay_json_span(j, node);
    struct assay_json *alone;

    PROMISE(span.len > 0);
    PROMISE(parse(span, &alone) == ASSAY_OK);
    PROMISE(assay_json_type(alone, 0) == assay_json_type(j, node));
    PROMISE(assay_json_count(alone, 0) == assay_json_count(j, node));
    PROMISE(assay_json_offset(alone, 0) == 0);
    PROMISE(assay_json_span(alone, 0).len == span.len);
    PROMISE(assay_slice_equal(assay_json_string(alone, 0),
                              assay_json_string(j, node)));
    assay_json_free(alone);
}

/* unescape(escape(x)) == x, in quotes. */
static void
check_string(const struct assay_json *j, uint32_t node)
{
    struct assay_slice s = assay_json_string(j, node);
    struct assay_buf b;
    struct assay_json_out o;
    struct assay_json *again;

    PROMISE(s.len == 0 || memchr(s.ptr, '\0', s.len) == NULL);
    assay_buf_init(&b, 8 * s.len + 8);
    assay_json_out_init(&o, &b, true);
    assay_json_out_string(&o, NULL, s);
    PROMISE(!b.failed);
    PROMISE(assay_slice_find(assay_buf_slice(&b), "\xef\xbf\xbd") ==
                ASSAY_NO_OFFSET ||
            assay_slice_find(s, "\xef\xbf\xbd") != ASSAY_NO_OFFSET);
    PROMISE(parse(assay_buf_slice(&b), &again) == ASSAY_OK);
    PROMISE(assay_slice_equal(assay_json_string(again, 0), s));
    assay_json_free(again);
    assay_buf_free(&b);
}

static void
check_integers(const struct assay_json *j, uint32_t node)
{
    struct assay_slice span = assay_json_span(j, node);
    struct assay_buf b;
    uint64_t u;
    int64_t i;

    assay_buf_init(&b, 64);
    if (assay_json_i64(j, node, &i)) {
        assay_buf_printf(&b, "%lld", (long long)i);
        PROMISE(assay_slice_equal(assay_buf_slice(&b), span));
    } else if (assay_json_u64(j, node, &u)) {
        assay_buf_printf(&b, "%llu", (unsigned long long)u);
        PROMISE(assay_slice_equal(assay_buf_slice(&b), span));
    }
    assay_buf_free(&b);
}

/* Children are in order, inside of their parent, and found by name. Returns
 * how many values and names there are below. */
static uint32_t
check_children(const struct assay_json *j, uint32_t node, const uint8_t *end)
{
    bool object = assay_json_type(j, node) == ASSAY_JSON_OBJECT;
    const uint8_t *after = assay_json_span(j, node).ptr;
    uint32_t child = assay_json_first(j, node);
    uint32_t count = 0;

    for (; child != ASSAY_JSON_NONE; child = assay_json_next(j, child)) {
        uint32_t value = object ? assay_json_value(j, child) : child;
        struct assay_slice span = assay_json_span(j, value);

        PROMISE(assay_json_span(j, child).ptr > after);
        PROMISE(span.ptr + span.len < end);
        after = span.ptr;
        count++;
        if (object && count == 1) {
            struct assay_slice name = assay_json_string(j, child);
            char *text = malloc(name.len + 1);

            PROMISE(text != NULL);
            assay_copy(text, name);
            text[name.len] = '\0';
            PROMISE(assay_json_member(j, node, text) == value);
            free(text);
        }
    }
    PROMISE(count == assay_json_count(j, node));
    return object ? 2 * count : count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_json *j;
    uint32_t nodes = 1;

    if (parse((struct assay_slice){data, size}, &j) != ASSAY_OK) {
        return 0;
    }
    for (uint32_t node = 0; node < nodes; node++) {
        struct assay_slice span = assay_json_span(j, node);

        nodes += check_children(j, node, span.ptr + span.len);
        check_integers(j, node);
        if (node < 64) { /* enough, and not quadratic */
            check_span(j, node);
            check_string(j, node);
        }
    }
    PROMISE(assay_json_offset(j, nodes) == ASSAY_NO_OFFSET);
    assay_json_free(j);
    return 0;
}
