/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * arguments.c - what JavaScript gives: octets in rooms of a known size, texts,
 * times.
 */
#include <stdlib.h>

#include "crypto/crypto.h"
#include "state.h"

/* Whole numbers above this are not exact in a double. */
#define EXACT_MAX 9007199254740992.0

/* --- rooms ---------------------------------------------------------------- */

/* What is at the address before the one that JavaScript holds. */
struct room {
    struct js_object object;
    uint32_t n;
    uint8_t octets[];
};

static const struct js_kind kind = {"room", sizeof(struct room), NULL};

static struct room *
room_at(const uint8_t *p)
{
    struct room *r = (void *)((uintptr_t)p - offsetof(struct room, octets));

    return js_is_held(r, &kind) ? r : NULL;
}

uint8_t *
js_bytes_new(uint32_t n)
{
    struct room *r = NULL;

    if (n > 0 && n <= SIZE_MAX - sizeof(*r)) {
        r = malloc(sizeof(*r) + n);
    }
    if (r == NULL) {
        (void)js_refuse(n > 0 ? ASSAY_NO_MEMORY : ASSAY_INVALID,
                        "no room for %u octets", (unsigned)n);
        return NULL;
    }
    *r = (struct room){.object = {&kind, 1, true}, .n = n};
    return r->octets;
}

/* There may have been a key, or what a request says, in it. */
void
js_bytes_free(uint8_t *p)
{
    struct room *r = room_at(p);

    if (r != NULL) {
        assay_wipe(r, sizeof(*r) + r->n);
        free(r);
    }
}

bool
js_octets(const uint8_t *p, uint32_t len, struct assay_slice *out)
{
    const struct room *r = len > 0 ? room_at(p) : NULL;

    *out = ASSAY_EMPTY;
    if (len > 0 && (r == NULL || len > r->n)) {
        (void)js_refuse(ASSAY_INVALID, "%u octets at 0x%x: no such room",
                        (unsigned)len, (unsigned)(uintptr_t)p);
        return false;
    }
    if (len > 0) {
        *out = (struct assay_slice){p, len};
    }
    return true;
}

/* --- texts ---------------------------------------------------------------- */

bool
js_string(const char *what, const uint8_t *p, uint32_t len, char *to,
          size_t max)
{
    struct assay_slice octets;

    if (!js_octets(p, len, &octets)) {
        return false;
    }
    if (octets.len > max || (len > 0 && memchr(p, '\0', len) != NULL)) {
        (void)js_refuse(ASSAY_INVALID, "%s: over %zu octets, or NUL in it",
                        what, max);
        return false;
    }
    assay_copy(to, octets);
    to[len] = '\0';
    return true;
}

static enum assay_code
code_of(struct assay_slice name)
{
    for (int code = ASSAY_OK + 1; code <= ASSAY_UNAVAILABLE; code++) {
        if (assay_slice_equal(
                name, assay_slice_of(assay_code_name((enum assay_code)code)))) {
            return (enum assay_code)code;
        }
    }
    return ASSAY_NETWORK;
}

struct assay_error
js_failure_of(const uint8_t *name, uint32_t name_len, const uint8_t *message,
              uint32_t len)
{
    struct assay_error why = {.code = ASSAY_OK};
    struct assay_slice code;
    struct assay_slice text;

    if (!js_octets(name, name_len, &code) || !js_octets(message, len, &text)) {
        return js_instance.error;
    }
    (void)assay_fail(
        &why, code_of(code), ASSAY_NO_OFFSET, "%.*s",
        (int)(text.len < sizeof(why.msg) ? text.len : sizeof(why.msg)),
        text.len > 0 ? (const char *)text.ptr : "");
    return why;
}

/* --- times ---------------------------------------------------------------- */

bool
js_time(double t, int64_t *out)
{
    if (!(t >= 0 && t <= EXACT_MAX)) { /* which NaN is not either */
        (void)js_refuse(ASSAY_INVALID, "a time that is none");
        return false;
    }
    *out = (int64_t)t;
    return true;
}

bool
js_now(double wall_s, double mono_ms, struct assay_now *out)
{
    return js_time(wall_s, &out->wall_s) && js_time(mono_ms, &out->mono_ms);
}
