/* Target functions: assay_toml_parse, assay_toml_to_json
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every value stands inside of the text, no key stands twice, and a document
 * says the same as JSON.
 */
#include "base/toml.h"

#include "harness/fuzz.h"

static const struct assay_json_limits limits = {1u << 16, 16, 2048};

static bool
holds(enum assay_toml_type type)
{
    return type == ASSAY_TOML_TABLE || type == ASSAY_TOML_ARRAY;
}

/* All values; returns how many. Depth is limited, so recursion is too. */
static size_t
check_children(const struct assay_toml *t, uint32_t node, size_t size,
               unsigned depth)
{
    size_t sum = 0;
    uint32_t count = 0;

    PROMISE(depth <= limits.max_depth);
    for (uint32_t c = assay_toml_first(t, node); c != ASSAY_TOML_NONE;
         c = assay_toml_next(t, c)) {
        enum assay_toml_type type = assay_toml_type(t, c);

        PROMISE(assay_toml_offset(t, c) < size);
        PROMISE(assay_toml_type(t, node) == ASSAY_TOML_ARRAY ||
                assay_toml_find(t, node, assay_toml_key(t, c)) == c);
        PROMISE(assay_toml_text(t, c).len <= size);
        count++;
        sum += 1 + (holds(type) ? check_children(t, c, size, depth + 1) : 0);
    }
    PROMISE(count == assay_toml_count(t, node));
    return sum;
}

static size_t
count_values(const struct assay_json *j, uint32_t node)
{
    bool object = assay_json_type(j, node) == ASSAY_JSON_OBJECT;
    size_t sum = 0;

    for (uint32_t c = assay_json_first(j, node); c != ASSAY_JSON_NONE;
         c = assay_json_next(j, c)) {
        sum += 1 + count_values(j, object ? assay_json_value(j, c) : c);
    }
    return sum;
}

static void
check_json(const struct assay_toml *t, size_t size, size_t values)
{
    struct assay_json *j = (struct assay_json *)(uintptr_t)&limits;
    struct assay_error err;
    enum assay_code code;

    assay_error_clear(&err);
    code = assay_toml_to_json(t, ASSAY_TOML_ROOT, "toml", &j, &err);
    fuzz_check_error(&err, code, size);
    PROMISE(code == ASSAY_OK || code == ASSAY_INVALID);
    PROMISE((j != NULL) == (code == ASSAY_OK));
    if (j != NULL) {
        PROMISE(count_values(j, ASSAY_JSON_ROOT) == values);
    }
    assay_json_free(j);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_slice text = {data, size};
    struct assay_toml *t = (struct assay_toml *)(uintptr_t)data;
    struct assay_error err;
    enum assay_code code;

    assay_error_clear(&err);
    code = assay_toml_parse(text, &limits, "toml", &t, &err);
    fuzz_check_error(&err, code, size);
    PROMISE((t != NULL) == (code == ASSAY_OK));
    if (t != NULL) {
        PROMISE(assay_toml_type(t, ASSAY_TOML_ROOT) == ASSAY_TOML_TABLE);
        check_json(t, size, check_children(t, ASSAY_TOML_ROOT, size, 1));
    } else {
        PROMISE(assay_text_place(text, err.offset).line >= 1);
    }
    assay_toml_free(t);
    return 0;
}
