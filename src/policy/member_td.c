/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * member_td.c - members on what a TD measures and how it is set up.
 */
#include <stdlib.h>

#include "eventlog/compose.h"
#include "policy/parse.h"

void
assay_member_mask(const struct assay_member_place *at,
                  struct assay_mask_rule *out)
{
    static const char *const names[2] = {"mask", "value"};
    uint64_t *const to[2] = {&out->mask, &out->value};

    if (assay_json_type(at->doc, at->node) != ASSAY_JSON_OBJECT ||
        assay_json_count(at->doc, at->node) != 2) {
        assay_member_fail(at, "must be an object of mask and value");
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        struct assay_member_place part = *at;
        uint8_t bytes[8] = {0};

        part.node = assay_json_member(at->doc, at->node, names[i]);
        if (part.node == ASSAY_JSON_NONE) {
            assay_member_fail(at, "must be an object of mask and value");
            return;
        }
        assay_member_hex(&part, bytes, sizeof(bytes));
        *to[i] = 0;
        for (size_t b = sizeof(bytes); b > 0; b--) {
            *to[i] = *to[i] << 8 | bytes[b - 1];
        }
    }
    if ((out->value & ~out->mask) != 0) {
        assay_member_fail(at, "value has bits that mask leaves out");
    } else if (out->mask == 0) {
        assay_member_fail(at, "asks for nothing: mask is zero");
    }
    out->there = true;
}

static const char *const bootchain[] = {"mrtd", "rtmr0", "rtmr1", "rtmr2",
                                        NULL};

/* Index in `bootchain`, whose order is that of the registers. */
static size_t
bootchain_index(struct assay_slice name)
{
    size_t i = 0;

    while (bootchain[i] != NULL && !assay_slice_is(name, bootchain[i])) {
        i++;
    }
    return i;
}

void
assay_member_bootchain(const struct assay_member_place *at,
                       struct assay_policy *p)
{
    if (assay_json_type(at->doc, at->node) != ASSAY_JSON_OBJECT ||
        assay_json_count(at->doc, at->node) == 0) {
        assay_member_fail(at,
                          "must be an object of mrtd, rtmr0, rtmr1 and rtmr2");
        return;
    }
    for (uint32_t n = assay_json_first(at->doc, at->node);
         n != ASSAY_JSON_NONE && at->err->code == ASSAY_OK;
         n = assay_json_next(at->doc, n)) {
        char path[ASSAY_MEMBER_PATH];
        struct assay_member_place part = assay_member_part(at, n, path);
        struct assay_slice name = assay_json_string(at->doc, n);
        size_t i = bootchain_index(name);

        if (bootchain[i] == NULL) {
            assay_member_unknown(&part, name, bootchain);
        } else {
            assay_member_values(&part, 48, &p->td_register[ASSAY_REG_MRTD + i]);
        }
    }
}

const char *
assay_policy_missing_boot(const struct assay_policy *p)
{
    for (size_t i = 0; bootchain[i] != NULL; i++) {
        if (p->td_register[ASSAY_REG_MRTD + i].count == 0) {
            return bootchain[i];
        }
    }
    return NULL;
}

/* White space outside of strings left out: names, strings and numbers stay as
 * they are spelled. */
static size_t
compact(struct assay_slice json, char *to)
{
    size_t n = 0;
    bool inside = false;

    for (size_t i = 0; i < json.len; i++) {
        char c = (char)json.ptr[i];

        if (inside && c == '\\') {
            to[n++] = c;
            c = (char)json.ptr[++i];
        } else if (c == '"') {
            inside = !inside;
        } else if (!inside &&
                   (c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
            continue;
        }
        to[n++] = c;
    }
    return n;
}

/* What no app-compose could ever be is refused here, and not only once there is
 * evidence. */
static void
check_compose(const struct assay_member_place *at, const char *text)
{
    static const char name[] = "app_compose: "; /* the path has it already */
    struct assay_error sub;

    if (assay_compose_check(assay_slice_of(text), &sub) == ASSAY_OK) {
        return;
    }
    if (sub.code == ASSAY_NO_MEMORY) {
        assay_member_no_memory(at);
    } else {
        bool named = strncmp(sub.msg, name, strlen(name)) == 0;

        assay_member_fail(at, "%s", sub.msg + (named ? strlen(name) : 0));
    }
}

char *
assay_member_object(const struct assay_member_place *at)
{
    struct assay_slice json = assay_json_span(at->doc, at->node);
    char *text;

    if (assay_json_type(at->doc, at->node) != ASSAY_JSON_OBJECT) {
        assay_member_fail(at, "must be an object");
        return NULL;
    }
    text = malloc(json.len + 1);
    if (text == NULL) {
        assay_member_no_memory(at);
        return NULL;
    }
    text[compact(json, text)] = '\0';
    check_compose(at, text);
    return text;
}
