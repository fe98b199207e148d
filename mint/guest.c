/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * guest.c - see guest.h.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/text.h"
#include "base/utf8.h"
#include "eventlog/replay.h"
#include "mint/guest_state.h"

/* --- the log and the registers ------------------------------------------ */

enum assay_code
mint_guest_sha384(const struct mint_guest *g, struct assay_slice a,
                  struct assay_slice b, uint8_t out[ASSAY_SHA384_BYTES],
                  struct assay_error *err)
{
    const struct assay_slice parts[] = {a, b};

    return assay_digest(g->ctx, ASSAY_SHA384, parts, 2, out, err);
}

/* Room for one more event whose text is at most this long. */
static enum assay_code
reserve(struct mint_guest *g, size_t text_bytes, struct assay_error *err)
{
    size_t room = g->room == 0 ? 64 : 2 * g->room;
    struct mint_guest_event *more;

    if (g->count == ASSAY_EVENTLOG_MAX_EVENTS ||
        g->text_bytes + text_bytes > ASSAY_EVENTLOG_MAX_BYTES) {
        return assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                          "the event log is full");
    }
    if (g->count < g->room) {
        return ASSAY_OK;
    }
    more = realloc(g->events, room * sizeof(*more));
    if (more == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "mint: no memory for an event");
    }
    g->events = more;
    g->room = room;
    return ASSAY_OK;
}

/* A bound: a name's octets may become \u00xx, and stand in V2's pre-image,
 * which is hex, once more. */
static size_t
text_bound(struct assay_slice name, struct assay_slice payload)
{
    return 512 + 18 * name.len + 6 * payload.len;
}

enum assay_code
mint_guest_extend(struct mint_guest *g, const struct mint_guest_event *what,
                  struct assay_slice name, struct assay_slice payload,
                  struct assay_error *err)
{
    uint8_t *rtmr = g->facts.rtmr[what->imr];
    struct mint_guest_event e = *what;
    uint8_t extended[ASSAY_SHA384_BYTES];
    size_t bound = text_bound(name, payload);
    enum assay_code code = reserve(g, bound, err);

    assay_buf_init(&e.name, MINT_EVENT_NAME_MAX);
    assay_buf_init(&e.payload, MINT_EVENT_PAYLOAD_MAX);
    assay_buf_add(&e.name, name);
    assay_buf_add(&e.payload, payload);
    if (code == ASSAY_OK) {
        code = assay_buf_check(&e.name, "the event's name", err);
    }
    if (code == ASSAY_OK) {
        code = assay_buf_check(&e.payload, "the event's payload", err);
    }
    if (code == ASSAY_OK) {
        code =
            mint_guest_sha384(g, (struct assay_slice){rtmr, ASSAY_SHA384_BYTES},
                              ASSAY_SLICE(e.digest), extended, err);
    }
    if (code != ASSAY_OK) {
        assay_buf_free(&e.payload);
        assay_buf_free(&e.name);
        return code;
    }
    memcpy(rtmr, extended, sizeof(extended));
    g->text_bytes += bound;
    g->events[g->count++] = e;
    return ASSAY_OK;
}

/* dstack's aggregate of all registers; without the three that are zero in
 * every guest but those with an MRCONFIGID. */
static enum assay_code
aggregate(struct mint_guest *g, struct assay_error *err)
{
    static const uint8_t owners[2 * ASSAY_SHA384_BYTES];
    struct mint_guest_facts *f = &g->facts;
    const struct assay_slice parts[] = {
        ASSAY_SLICE(f->mrtd),
        {f->rtmr[0], sizeof(f->rtmr)},
        ASSAY_SLICE(f->config_id),
        ASSAY_SLICE(owners),
    };
    bool configured = !assay_slice_is_zero(ASSAY_SLICE(f->config_id));

    return assay_digest(g->ctx, ASSAY_SHA256, parts, configured ? 4 : 2,
                        f->aggregated, err);
}

static bool
is_name(struct assay_slice name)
{
    int n = name.len > 0 ? 1 : 0;

    for (; name.len > 0 && n > 0; name.ptr += n, name.len -= (size_t)n) {
        n = name.ptr[0] != 0 ? assay_utf8_length(name) : 0;
        if (n <= 0) {
            return false;
        }
    }
    return n > 0;
}

enum assay_code
mint_guest_emit(struct mint_guest *g, struct assay_slice name,
                struct assay_slice payload, struct assay_error *err)
{
    struct mint_guest_event e = {.imr = 3, .type = ASSAY_EVENT_RUNTIME};
    enum assay_code code;

    assay_error_clear(err);
    if (!is_name(name)) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "an event's name is UTF-8 and not empty");
    }
    code = assay_event_digest(g->ctx, g->log_version, name, payload, e.digest,
                              err);
    if (code == ASSAY_OK) {
        code = mint_guest_extend(g, &e, name, payload, err);
    }
    return code == ASSAY_OK ? aggregate(g, err) : code;
}

/* --- booting ------------------------------------------------------------ */

static enum assay_code
boot(struct mint_guest *g, const struct mint_guest_options *o,
     struct assay_error *err)
{
    const char *image = o->image != NULL ? o->image : "genuine";
    enum assay_code code;

    mint_put_hex(g->seed, sizeof(g->seed), o->seed, "seed", err);
    code = mint_guest_identify(g, o, image, err);
    if (code == ASSAY_OK) {
        code = mint_guest_boot_image(g, image, err);
    }
    return code == ASSAY_OK ? mint_guest_boot_system(g, err) : code;
}

enum assay_code
mint_guest_new(const struct assay_ctx *ctx, const struct mint_guest_options *o,
               struct mint_guest **out, struct assay_error *err)
{
    struct mint_guest *g = calloc(1, sizeof(*g));
    enum assay_code code;

    *out = NULL;
    assay_error_clear(err);
    if (g == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "mint: no memory for a guest");
    }
    g->ctx = ctx;
    g->provider = o->key_provider;
    assay_buf_init(&g->provider_text, 1024);
    assay_buf_init(&g->app_compose, ASSAY_COMPOSE_MAX_BYTES);
    assay_buf_init(&g->config_document, 4096);
    code = boot(g, o, err);
    if (code != ASSAY_OK) {
        mint_guest_free(g);
        return code;
    }
    *out = g;
    return ASSAY_OK;
}

void
mint_guest_free(struct mint_guest *g)
{
    if (g == NULL) {
        return;
    }
    for (size_t i = 0; i < g->count; i++) {
        assay_buf_free(&g->events[i].name);
        assay_buf_free(&g->events[i].payload);
    }
    free(g->events);
    assay_buf_free(&g->config_document);
    assay_buf_free(&g->app_compose);
    assay_buf_free(&g->provider_text);
    free(g);
}

const struct mint_guest_facts *
mint_guest_facts(const struct mint_guest *g)
{
    return &g->facts;
}

/* --- what a guest is asked for ------------------------------------------ */

enum assay_code
mint_guest_quote(const struct mint_guest *g, struct mint_world *w,
                 const uint8_t report_data[64], struct assay_buf *out,
                 struct assay_error *err)
{
    const struct mint_guest_facts *f = &g->facts;
    struct mint_td_report_options *td = &mint_world_options(w)->quote.td;
    const struct mint_td_report_options before = *td;
    char registers[6][2 * ASSAY_SHA384_BYTES + 1];
    char data[2 * 64 + 1];
    enum assay_code code;

    assay_hex_to(registers[4], ASSAY_SLICE(f->mrtd));
    assay_hex_to(registers[5], ASSAY_SLICE(f->config_id));
    assay_hex_to(data, (struct assay_slice){report_data, 64});
    for (size_t i = 0; i < 4; i++) {
        assay_hex_to(registers[i], ASSAY_SLICE(f->rtmr[i]));
        td->rtmr[i] = registers[i];
    }
    td->mr_td = registers[4];
    td->mr_config_id = registers[5];
    td->report_data = data;
    code = mint_world_quote(w, out, err);
    *td = before;
    return code;
}

/* HMAC-SHA-256 under the seed; each part with its length before it, so that no
 * two lists of parts are one text. */
enum assay_code
mint_guest_secret(const struct mint_guest *g, const char *purpose,
                  const struct assay_slice *parts, size_t count,
                  uint8_t out[32], struct assay_error *err)
{
    struct assay_buf text;
    enum assay_code code;

    assay_buf_init(&text, MINT_DOCUMENT_MAX);
    assay_buf_printf(&text, "assay sim secret 1: %s:", purpose);
    assay_buf_add(&text, ASSAY_SLICE(g->facts.app_id));
    for (size_t i = 0; i < count; i++) {
        assay_buf_add_le64(&text, parts[i].len);
        assay_buf_add(&text, parts[i]);
    }
    code = assay_buf_check(&text, "mint: secret", err);
    if (code == ASSAY_OK) {
        code = mint_hmac_sha256(g->seed, assay_buf_slice(&text), out, err);
    }
    assay_buf_free(&text);
    return code;
}
