/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * replay.c - RTMR(new) = SHA-384(RTMR(old) || digest), entry by entry.
 *
 * The registers say only which digests were measured. That a payload belongs
 * to its digest is for us to establish: the digest of a runtime event is
 * always computed from what the entry says, and one that is given must be it.
 */
#include "eventlog/replay.h"

#include "eventlog/event_digest.h"
#include "eventlog/fault.h"

struct replay {
    const struct assay_ctx *ctx;
    struct assay_replay *out;
    struct assay_error *err;
    size_t index; /* of the entry, for messages */
};

static void
fault(const struct replay *r, const struct assay_event *e, const char *why)
{
    assay_fault_entry(r->out->fault, r->index, e, why);
}

/* Version 2 carries its pre-image for others to read, so it must be there,
 * except in a log that was stripped of all that can be computed. */
static void
check_preimage(const struct replay *r, const struct assay_event *e,
               struct assay_slice rebuilt)
{
    if (e->has_preimage && !assay_slice_equal(e->preimage, rebuilt)) {
        fault(r, e, "the pre-image is not that of its name and payload");
    } else if (!e->has_preimage && e->version == 2 && e->digest.len > 0) {
        fault(r, e, "version 2 with a digest, but without its pre-image");
    }
}

static void
runtime_digest(const struct replay *r, const struct assay_event *e,
               uint8_t digest[ASSAY_SHA384_BYTES])
{
    struct assay_buf rebuilt;
    struct assay_slice part;

    assay_buf_init(&rebuilt, assay_event_preimage_max(e->name, e->payload));
    assay_event_preimage(&rebuilt, e->version, e->name, e->payload);
    part = assay_buf_slice(&rebuilt);
    if (assay_buf_check(&rebuilt, "event", r->err) == ASSAY_OK &&
        assay_digest(r->ctx, ASSAY_SHA384, &part, 1, digest, r->err) ==
            ASSAY_OK) {
        check_preimage(r, e, part);
        if (e->digest.len > 0 &&
            !assay_slice_equal(
                e->digest, (struct assay_slice){digest, ASSAY_SHA384_BYTES})) {
            fault(r, e, "the digest is not that of its name and payload");
        }
    }
    assay_buf_free(&rebuilt);
}

static void
given_digest(const struct replay *r, const struct assay_event *e,
             uint8_t digest[ASSAY_SHA384_BYTES])
{
    if (e->digest.len == 0) {
        fault(r, e, "no digest, and it is no event whose digest is known");
    } else if (e->digest.len != ASSAY_SHA384_BYTES) {
        fault(r, e, "the digest is not of 48 octets");
    } else {
        assay_copy(digest, e->digest);
    }
}

static enum assay_code
extend(const struct replay *r, const struct assay_event *e)
{
    uint8_t digest[ASSAY_SHA384_BYTES];
    uint8_t *rtmr;

    if (e->imr > ASSAY_RUNTIME_IMR) {
        fault(r, e, "its imr is above 3, and no register holds it");
        return ASSAY_OK;
    }
    if (assay_event_is_runtime(e)) {
        runtime_digest(r, e, digest);
    } else {
        given_digest(r, e, digest);
    }
    if (r->err->code == ASSAY_OK && r->out->fault[0] == '\0') {
        rtmr = r->out->rtmr[e->imr];
        const struct assay_slice parts[] = {{rtmr, ASSAY_SHA384_BYTES},
                                            ASSAY_SLICE(digest)};

        return assay_digest(r->ctx, ASSAY_SHA384, parts, 2, rtmr, r->err);
    }
    return r->err->code;
}

enum assay_code
assay_eventlog_replay(const struct assay_ctx *ctx,
                      const struct assay_eventlog *l, struct assay_replay *out,
                      struct assay_error *err)
{
    struct replay r = {.ctx = ctx, .out = out, .err = err};

    memset(out, 0, sizeof(*out));
    for (; r.index < assay_eventlog_count(l) && out->fault[0] == '\0';
         r.index++) {
        if (extend(&r, assay_eventlog_event(l, r.index)) != ASSAY_OK) {
            break;
        }
    }
    if (err->code != ASSAY_OK) {
        memset(out, 0, sizeof(*out));
    } else if (out->fault[0] != '\0') {
        memset(out->rtmr, 0, sizeof(out->rtmr));
    }
    return err->code;
}
