/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * keep_alive.c - what a server says of how long its connection stays.
 */
#include "keep_alive.h"

#include "http1/chars.h"
#include "http1/fields.h"

/* The server's clock starts when it answers, and stops when it has the next
 * request: what lies on the way between. */
#define MARGIN_MS 1000u

/* False: it is no number, or one that would bound nothing. */
static bool
read_number(struct assay_slice text, uint64_t max, uint64_t *out)
{
    uint64_t n = 0;

    for (size_t i = 0; i < text.len && n <= max; i++) {
        if (!assay_is_digit(text.ptr[i])) {
            return false;
        }
        n = n * 10 + (text.ptr[i] - (unsigned)'0');
    }
    *out = n;
    return text.len > 0 && n <= max;
}

static uint32_t
wait_of(uint64_t timeout_s)
{
    uint32_t timeout_ms = (uint32_t)timeout_s * 1000;

    return timeout_ms >= 2 * MARGIN_MS ? timeout_ms - MARGIN_MS
                                       : timeout_ms / 2;
}

static void
take_timeout(struct keep_alive *k, struct assay_slice value)
{
    uint64_t s;

    if (read_number(value, UINT32_MAX / 1000, &s) &&
        (!k->has_timeout || wait_of(s) < k->wait_ms)) {
        k->has_timeout = true;
        k->wait_ms = wait_of(s);
    }
}

static void
take_max(struct keep_alive *k, struct assay_slice value)
{
    uint64_t more;

    if (read_number(value, UINT32_MAX, &more) &&
        (!k->has_max || more < k->more)) {
        k->has_max = true;
        k->more = (uint32_t)more;
    }
}

/* "timeout=5" */
static void
take_element(struct keep_alive *k, struct assay_slice element)
{
    const uint8_t *sign = memchr(element.ptr, '=', element.len);
    struct assay_slice name;
    struct assay_slice value;

    if (sign == NULL) {
        return;
    }
    name = (struct assay_slice){element.ptr, (size_t)(sign - element.ptr)};
    value = (struct assay_slice){sign + 1, element.len - name.len - 1};
    name = assay_http1_trim(name);
    value = assay_http1_trim(value);
    if (assay_slice_is_nocase(name, "timeout")) {
        take_timeout(k, value);
    } else if (assay_slice_is_nocase(name, "max")) {
        take_max(k, value);
    }
}

void
keep_alive_read(const struct assay_http1_head *response, struct keep_alive *out)
{
    *out = (struct keep_alive){.has_timeout = false};
    for (size_t i = 0; i < response->field_count; i++) {
        struct assay_slice rest = response->field[i].value;
        struct assay_slice element;

        if (assay_slice_is_nocase(response->field[i].name, "Keep-Alive")) {
            while (assay_http1_list_next(&rest, &element)) {
                take_element(out, element);
            }
        }
    }
}
