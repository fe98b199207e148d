/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * eventlog.h - event logs made to order, as a guest agent writes them, and the
 * registers that a TD with such a log has. Digests and registers are computed
 * here, not by the library's replay. Ends the program if that cannot be done,
 * so that it serves unit tests and fuzz targets alike.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/text.h"
#include "crypto/crypto.h"

#define LOG_EVENTS_MAX 24u
#define LOG_RUNTIME    0x08000001u

/* One event as it is measured. */
struct log_event {
    unsigned imr;
    unsigned type;       /* 0: LOG_RUNTIME in imr 3, else a boot event */
    const char *name;    /* must need no escape in JSON; NULL ends a list */
    const char *payload; /* hex; NULL is "" */
    bool stripped;       /* written without its digest */
};

struct log_made {
    struct assay_buf json; /* the array */
    uint8_t rtmr[4][48];
    char rtmr_hex[4][97];
};

static inline void
log_need(bool good)
{
    if (!good) {
        (void)fprintf(stderr, "no event log to test with\n");
        abort();
    }
}

static inline unsigned
log_type(const struct log_event *e)
{
    return e->type != 0 ? e->type : e->imr == 3 ? LOG_RUNTIME : 0x80000001u;
}

/* Of the runtime event as dstack computes it; of others the digest of the
 * name, which serves as well. */
static inline void
log_digest(const struct assay_ctx *ctx, const struct log_event *e,
           uint8_t out[48])
{
    unsigned type = log_type(e);
    const uint8_t le[4] = {(uint8_t)type, (uint8_t)(type >> 8),
                           (uint8_t)(type >> 16), (uint8_t)(type >> 24)};
    const char *hex = e->payload != NULL ? e->payload : "";
    uint8_t payload[512];
    size_t n = strlen(hex) / 2;
    struct assay_error err;

    assay_error_clear(&err);
    log_need(n <= sizeof(payload));
    log_need(assay_hex_decode(assay_slice_of(hex), payload, n, "payload",
                              &err) == ASSAY_OK);

    const struct assay_slice parts[] = {
        {le, sizeof(le)},    assay_slice_of(":"), assay_slice_of(e->name),
        assay_slice_of(":"), {payload, n},
    };
    bool runtime = e->imr == 3 && type == LOG_RUNTIME;

    log_need(assay_digest(ctx, ASSAY_SHA384, runtime ? parts : parts + 2,
                          runtime ? 5 : 1, out, &err) == ASSAY_OK);
}

static inline void
log_extend(const struct assay_ctx *ctx, uint8_t rtmr[48],
           const uint8_t digest[48])
{
    const struct assay_slice parts[] = {{rtmr, 48}, {digest, 48}};
    uint8_t next[48];
    struct assay_error err;

    assay_error_clear(&err);
    log_need(assay_digest(ctx, ASSAY_SHA384, parts, 2, next, &err) == ASSAY_OK);
    memcpy(rtmr, next, sizeof(next));
}

/* The list ends with a row without a name. Freed with log_free(). */
static inline void
log_make(const struct assay_ctx *ctx, const struct log_event *events,
         struct log_made *out)
{
    memset(out, 0, sizeof(*out));
    assay_buf_init(&out->json, 1u << 20);
    assay_buf_add_text(&out->json, "[");
    for (const struct log_event *e = events; e->name != NULL; e++) {
        uint8_t digest[48];
        char hex[97];

        log_digest(ctx, e, digest);
        assay_hex_to(hex, ASSAY_SLICE(digest));
        if (e->imr < 4) {
            log_extend(ctx, out->rtmr[e->imr], digest);
        }
        assay_buf_printf(&out->json,
                         "%s\n{\"imr\":%u,\"event_type\":%u,\"digest\":\"%s\","
                         "\"event\":\"%s\",\"event_payload\":\"%s\"}",
                         e == events ? "" : ",", e->imr, log_type(e),
                         e->stripped ? "" : hex, e->name,
                         e->payload != NULL ? e->payload : "");
    }
    assay_buf_add_text(&out->json, "\n]");
    log_need(!out->json.failed);
    for (size_t i = 0; i < 4; i++) {
        assay_hex_to(out->rtmr_hex[i], ASSAY_SLICE(out->rtmr[i]));
    }
}

static inline void
log_free(struct log_made *l)
{
    assay_buf_free(&l->json);
}

/* The smallest dstack app that has one of each kind. */
#define LOG_SMALL_HASH                                                         \
    "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0"
static const struct log_event log_small_app[] = {
    {.imr = 0, .name = "firmware"},
    {.imr = 1, .name = "kernel"},
    {.imr = 3,
     .name = "app-id",
     .payload = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"},
    {.imr = 3, .name = "compose-hash", .payload = LOG_SMALL_HASH},
    {.imr = 3, /* {"name":"none","id":""} */
     .name = "key-provider",
     .payload = "7b226e616d65223a226e6f6e65222c226964223a22227d"},
    {.imr = 3, .name = "system-ready"},
    {.imr = 3, /* ASCII of "cc" thirty-two times */
     .name = "New TLS Certificate",
     .payload =
         "6363636363636363636363636363636363636363636363636363636363636363"
         "6363636363636363636363636363636363636363636363636363636363636363",
     .stripped = true},
    {.name = NULL},
};
