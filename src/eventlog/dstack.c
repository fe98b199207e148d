/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * dstack.c - the rules on where an event may stand. An app can extend RTMR3
 * with any event it likes once it runs, so the names that say what runs count
 * only before "system-ready", and are refused anywhere else: there they could
 * only be meant to mislead.
 */
#include "eventlog/dstack.h"

#include "eventlog/event_digest.h"
#include "eventlog/fault.h"

static const char ready_event[] = "system-ready";
static const char certificate_event[] = "New TLS Certificate";

struct rules {
    struct assay_dstack_events *out;
    char *fault;
    size_t index; /* of the entry, for messages */
    bool ready;   /* behind the first system-ready */
};

/* What is kept of a boot event, and the lengths its payload may have. */
struct boot_event {
    const char *name;
    bool *there;
    struct assay_slice *payload;
    size_t len; /* octets; 0: any */
    bool may_be_empty;
};

static void
fault(const struct rules *r, const struct assay_event *e, const char *why)
{
    assay_fault_entry(r->fault, r->index, e, why);
}

/* Colon: the pre-image of version 1 does not tell name "a:" with payload "b"
 * from name "a" with payload ":b". Controls (with those of U+0080 to U+009F):
 * two names would look the same to a reader. */
static bool
is_plain_name(struct assay_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.ptr[i];

        if (c < ' ' || c == 0x7f || c == ':' ||
            (c == 0xc2 && i + 1 < name.len && name.ptr[i + 1] < 0xa0)) {
            return false;
        }
    }
    return true;
}

static void
read_boot_event(const struct rules *r, const struct boot_event *b,
                const struct assay_event *e)
{
    if (!assay_event_is_runtime(e)) {
        fault(r, e, "this name belongs to runtime events of RTMR3");
    } else if (r->ready) {
        fault(r, e, "this name counts only before system-ready");
    } else if (*b->there) {
        fault(r, e, "this event occurs twice");
    } else if (b->len > 0 && e->payload.len != b->len &&
               !(b->may_be_empty && e->payload.len == 0)) {
        assay_fault(r->fault,
                    "entry %zu ('%s'): %zu octets of payload, not %zu",
                    r->index, b->name, e->payload.len, b->len);
    } else {
        *b->there = true;
        *b->payload = e->payload;
    }
}

/* True if the name is one of theirs. */
static bool
try_boot_events(const struct rules *r, const struct assay_event *e)
{
    struct assay_dstack_events *o = r->out;
    const struct boot_event known[] = {
        {"app-id", &o->has_app_id, &o->app_id, 20, false},
        {"compose-hash", &o->has_compose_hash, &o->compose_hash, 32, false},
        {"os-image-hash", &o->has_os_image_hash, &o->os_image_hash, 32, false},
        {"key-provider", &o->has_key_provider, &o->key_provider, 0, false},
        {"instance-id", &o->has_instance_id, &o->instance_id, 20, true},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (assay_slice_is(e->name, known[i].name)) {
            read_boot_event(r, &known[i], e);
            return true;
        }
    }
    return false;
}

/* The last one wins, since certificates are renewed while the app runs. */
static void
read_certificate(const struct rules *r, const struct assay_event *e)
{
    if (!assay_event_is_runtime(e)) {
        fault(r, e, "this name belongs to runtime events of RTMR3");
    } else if (!r->ready) {
        fault(r, e, "this name counts only after system-ready");
    } else {
        r->out->has_certificate = true;
        r->out->certificate = e->payload;
    }
}

static void
read_entry(struct rules *r, const struct assay_event *e)
{
    if (!is_plain_name(e->name)) {
        fault(r, e, "its name has a colon or a control character");
    } else if (try_boot_events(r, e)) {
        return;
    } else if (assay_slice_is(e->name, certificate_event)) {
        read_certificate(r, e);
    } else if (e->imr == ASSAY_RUNTIME_IMR && !r->ready &&
               !assay_event_is_runtime(e)) {
        /* Any event could be disguised so, and a later one take its place. */
        fault(r, e, "no runtime event, but in RTMR3 before system-ready");
    } else if (assay_slice_is(e->name, ready_event)) {
        if (!assay_event_is_runtime(e)) {
            fault(r, e, "this name belongs to runtime events of RTMR3");
        }
        r->ready = true;
    }
}

void
assay_dstack_events_read(const struct assay_eventlog *l,
                         struct assay_dstack_events *out, char fault_text[160])
{
    struct rules r = {.out = out, .fault = fault_text};

    memset(out, 0, sizeof(*out));
    memset(fault_text, 0, ASSAY_FAULT_BYTES);
    for (; r.index < assay_eventlog_count(l) && fault_text[0] == '\0';
         r.index++) {
        read_entry(&r, assay_eventlog_event(l, r.index));
    }
    if (fault_text[0] != '\0') {
        memset(out, 0, sizeof(*out));
    }
}
