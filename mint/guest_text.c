/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * guest_text.c - what dstack's guest agent tells of a TD, as JSON texts.
 */
#include "base/bytes.h"
#include "base/json_out.h"
#include "eventlog/replay.h"
#include "mint/guest_state.h"

/* The payload as told; one that was forged differs in its first octet. */
static void
write_payload(struct assay_json_out *j, const struct mint_guest_event *e,
              const struct mint_log_form *form)
{
    struct assay_slice payload = assay_buf_slice(&e->payload);
    uint8_t other[ASSAY_SHA256_BYTES];

    if (form->stripped && e->imr != 3 && !e->acpi) {
        payload = ASSAY_EMPTY;
    }
    if (form->forged && payload.len == sizeof(other) &&
        assay_slice_is(assay_buf_slice(&e->name), "compose-hash")) {
        memcpy(other, payload.ptr, sizeof(other));
        other[0] ^= 0xff;
        payload = ASSAY_SLICE(other);
    }
    assay_json_out_hex(j, "event_payload", payload);
}

/* A stripped version 2 event keeps its pre-image: dstack wants one. */
static void
write_version(struct assay_json_out *j, const struct mint_guest_event *e)
{
    struct assay_buf preimage;

    assay_buf_init(&preimage, ASSAY_EVENTLOG_MAX_BYTES);
    assay_event_preimage_v2(&preimage, assay_buf_slice(&e->name),
                            assay_buf_slice(&e->payload));
    assay_json_out_i64(j, "version", 2);
    assay_json_out_hex(j, "preimage", assay_buf_slice(&preimage));
    mint_buf_fail(j->buf, &preimage);
    assay_buf_free(&preimage);
}

static void
write_events(const struct mint_guest *g, const struct mint_log_form *form,
             struct assay_json_out *j, const char *name)
{
    assay_json_out_open(j, name, '[');
    for (size_t i = 0; i < g->count; i++) {
        const struct mint_guest_event *e = &g->events[i];
        bool runtime = e->imr == 3;

        assay_json_out_open(j, NULL, '{');
        assay_json_out_u64(j, "imr", e->imr);
        assay_json_out_u64(j, "event_type", e->type);
        assay_json_out_hex(j, "digest",
                           form->stripped && runtime ? ASSAY_EMPTY
                                                     : ASSAY_SLICE(e->digest));
        assay_json_out_string(j, "event", assay_buf_slice(&e->name));
        write_payload(j, e, form);
        if (runtime && g->log_version == 2) {
            write_version(j, e);
        }
        assay_json_out_close(j, '}');
    }
    assay_json_out_close(j, ']');
}

void
mint_guest_write_log(const struct mint_guest *g,
                     const struct mint_log_form *form, struct assay_buf *to)
{
    struct assay_json_out j;

    assay_json_out_init(&j, to, true);
    write_events(g, form, &j, NULL);
}

static void
write_image_hash(const struct mint_guest *g, struct assay_json_out *j)
{
    const struct mint_guest_facts *f = &g->facts;

    assay_json_out_hex(j, "os_image_hash",
                       f->has_os_image_hash ? ASSAY_SLICE(f->os_image_hash)
                                            : ASSAY_EMPTY);
}

void
mint_guest_write_tcb_info(const struct mint_guest *g,
                          const struct mint_log_form *form,
                          struct assay_buf *to)
{
    static const char *const names[4] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};
    const struct mint_guest_facts *f = &g->facts;
    struct assay_json_out j;

    assay_json_out_init(&j, to, true);
    assay_json_out_open(&j, NULL, '{');
    assay_json_out_hex(&j, "mrtd", ASSAY_SLICE(f->mrtd));
    for (size_t i = 0; i < 4; i++) {
        assay_json_out_hex(&j, names[i], ASSAY_SLICE(f->rtmr[i]));
    }
    assay_json_out_hex(&j, "mr_aggregated", ASSAY_SLICE(f->aggregated));
    write_image_hash(g, &j);
    assay_json_out_hex(&j, "compose_hash", ASSAY_SLICE(f->compose_hash));
    assay_json_out_hex(&j, "device_id", ASSAY_SLICE(f->device_id));
    assay_json_out_string(&j, "app_compose", f->app_compose);
    write_events(g, form, &j, "event_log");
    assay_json_out_close(&j, '}');
}

void
mint_guest_write_vm_config(const struct mint_guest *g, struct assay_buf *to)
{
    struct assay_json_out j;

    assay_json_out_init(&j, to, true);
    assay_json_out_open(&j, NULL, '{');
    assay_json_out_i64(&j, "spec_version", 1);
    write_image_hash(g, &j);
    assay_json_out_i64(&j, "cpu_count", 2);
    assay_json_out_i64(&j, "memory_size", INT64_C(2) << 30);
    if (g->config_document.len > 0) {
        assay_json_out_string(&j, "mr_config",
                              assay_buf_slice(&g->config_document));
    }
    assay_json_out_close(&j, '}');
}
