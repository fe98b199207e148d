/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * member_session.c - members that are one of a few words: on the session, a
 * rollback, and the TEE in the form of a Codex provider.
 */
#include "policy/parse.h"

/* Index in a NULL-terminated list of words; 0 after a failure, which says
 * `rule`. */
static size_t
read_word(const struct assay_member_place *at, const char *const *words,
          const char *rule)
{
    struct assay_slice s = assay_json_string(at->doc, at->node);
    bool is_string = assay_json_type(at->doc, at->node) == ASSAY_JSON_STRING;
    size_t i = 0;

    while (words[i] != NULL && !(is_string && assay_slice_is(s, words[i]))) {
        i++;
    }
    if (words[i] == NULL) {
        assay_member_fail(at, "must be %s", rule);
        return 0;
    }
    return i;
}

void
assay_member_tee_type(const struct assay_member_place *at)
{
    static const char *const words[] = {"Tdx", NULL};

    (void)read_word(at, words, "\"Tdx\", spelled so");
}

bool
assay_member_warns(const struct assay_member_place *at)
{
    static const char *const words[] = {"refuse", "warn", NULL};

    return read_word(at, words, "\"refuse\" or \"warn\"") == 1;
}

enum assay_certificate_event
assay_member_certificate_event(const struct assay_member_place *at)
{
    static const char *const words[] = {
        [ASSAY_CERTIFICATE_IF_PRESENT] = "if_present",
        [ASSAY_CERTIFICATE_REQUIRED] = "required",
        [ASSAY_CERTIFICATE_OFF] = "off",
        NULL,
    };

    return (enum assay_certificate_event)read_word(
        at, words, "\"required\", \"if_present\" or \"off\"");
}

static void
add_wire(const struct assay_member_place *at, struct assay_policy *p)
{
    static const char *const words[] = {
        [ASSAY_WIRE_V2] = "v2",
        [ASSAY_WIRE_V1] = "v1",
        [ASSAY_WIRE_V0] = "v0",
        NULL,
    };
    enum assay_wire wire =
        (enum assay_wire)read_word(at, words, "\"v2\", \"v1\" or \"v0\"");

    for (size_t i = 0; i < p->wire_count; i++) {
        if (p->wire[i] == wire) {
            assay_member_fail(at, "%s stands twice", words[wire]);
        }
    }
    if (at->err->code == ASSAY_OK) {
        p->wire[p->wire_count++] = wire;
    }
}

void
assay_member_wires(const struct assay_member_place *at, struct assay_policy *p)
{
    struct assay_member_place item = *at;
    uint32_t count = assay_json_count(at->doc, at->node);

    p->wire_count = 0;
    if (assay_json_type(at->doc, at->node) != ASSAY_JSON_ARRAY) {
        add_wire(at, p);
        return;
    }
    if (count == 0) {
        assay_member_fail(at, "must be a list of 1 to %d wires",
                          ASSAY_WIRE_COUNT);
    }
    for (item.node = assay_json_first(at->doc, at->node);
         item.node != ASSAY_JSON_NONE && at->err->code == ASSAY_OK;
         item.node = assay_json_next(at->doc, item.node)) {
        add_wire(&item, p);
    }
}
