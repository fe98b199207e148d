/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * event_digest.c - the digests of dstack's runtime events.
 */
#include "eventlog/event_digest.h"

#include "base/json_out.h"
#include "eventlog/replay.h"

size_t
assay_event_preimage_max(struct assay_slice name, struct assay_slice payload)
{
    return 64 + 6 * name.len + 2 * payload.len; /* "\u0001" is the longest */
}

static void
preimage_v1(struct assay_buf *to, struct assay_slice name,
            struct assay_slice payload)
{
    assay_buf_add_le32(to, ASSAY_EVENT_RUNTIME);
    assay_buf_add_u8(to, ':');
    assay_buf_add(to, name);
    assay_buf_add_u8(to, ':');
    assay_buf_add(to, payload);
}

void
assay_event_preimage_v2(struct assay_buf *to, struct assay_slice name,
                        struct assay_slice payload)
{
    struct assay_json_out o;

    assay_json_out_init(&o, to, true);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_string(&o, "name", name);
    assay_json_out_hex(&o, "payload", payload);
    assay_json_out_u64(&o, "type", ASSAY_EVENT_RUNTIME);
    assay_json_out_close(&o, '}');
}

void
assay_event_preimage(struct assay_buf *to, uint32_t version,
                     struct assay_slice name, struct assay_slice payload)
{
    if (version == 2) {
        assay_event_preimage_v2(to, name, payload);
    } else {
        preimage_v1(to, name, payload);
    }
}

enum assay_code
assay_event_digest(const struct assay_ctx *ctx, uint32_t version,
                   struct assay_slice name, struct assay_slice payload,
                   uint8_t out[ASSAY_SHA384_BYTES], struct assay_error *err)
{
    enum assay_code code;
    struct assay_buf text;
    struct assay_slice part;

    if (err->code != ASSAY_OK) {
        return err->code;
    }
    if (version != 1 && version != 2) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "event: version %u is not 1 or 2", version);
    }
    assay_buf_init(&text, assay_event_preimage_max(name, payload));
    assay_event_preimage(&text, version, name, payload);
    code = assay_buf_check(&text, "event", err);
    part = assay_buf_slice(&text);
    if (code == ASSAY_OK) {
        code = assay_digest(ctx, ASSAY_SHA384, &part, 1, out, err);
    }
    assay_buf_free(&text);
    return code;
}
