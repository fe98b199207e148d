/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * object.c - things that JavaScript holds by address, counted: its finalizers
 * run in any order.
 */
#include <stdlib.h>

#include "state.h"

#define PAGE_BYTES 65536u

void *
js_object_new(const struct js_kind *kind)
{
    struct js_object *o = calloc(1, kind->size);

    if (o == NULL) {
        (void)js_refuse(ASSAY_NO_MEMORY, "%s: out of memory", kind->name);
        return NULL;
    }
    o->kind = kind;
    o->references = 1;
    o->held = true;
    return o;
}

/* An address that some object could have. */
static bool
is_address(const void *p)
{
    uintptr_t end = (uintptr_t)__builtin_wasm_memory_size(0) * PAGE_BYTES;
    uintptr_t at = (uintptr_t)p;

    return at != 0 && at % _Alignof(struct js_object) == 0 &&
           at <= end - sizeof(struct js_object);
}

bool
js_is_held(const void *object, const struct js_kind *kind)
{
    const struct js_object *o = object;

    return is_address(object) && o->kind == kind && o->held;
}

bool
js_is(const void *object, const struct js_kind *kind)
{
    if (!js_is_held(object, kind)) {
        (void)js_refuse(ASSAY_INVALID, "0x%x is no %s",
                        (unsigned)(uintptr_t)object, kind->name);
        return false;
    }
    return true;
}

void *
js_object_ref(void *object)
{
    ((struct js_object *)object)->references++;
    return object;
}

void
js_object_drop(void *object)
{
    struct js_object *o = object;

    if (o != NULL && --o->references == 0) {
        o->kind->destroy(object);
        o->kind = NULL;
        free(object);
        js_forget();
    }
}

void
js_object_give_back(void *object, const struct js_kind *kind)
{
    if (js_is_held(object, kind)) {
        ((struct js_object *)object)->held = false;
        js_object_drop(object);
    }
}
