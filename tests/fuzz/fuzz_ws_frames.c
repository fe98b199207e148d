/* Target functions: assay_ws_feed assay_ws_put_header assay_ws_put_control
 * assay_ws_put_close assay_ws_mask */
/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The first byte says who reads and under which limits, the second one in what
 * pieces, the rest is what a stranger sends. However it arrives it means the
 * same, and what was understood, written again, is understood again.
 */
#include "harness/fuzz.h"
#include "harness/ws.h"

#define IN_MAX (1u << 16)

struct limits {
    uint64_t frame, message;
};

static const uint8_t key[ASSAY_WS_KEY_BYTES] = {0x12, 0x34, 0x56, 0x78};

/* Pieces of 1 to 32 octets, by a seed. */
static void
read_by_seed(struct ws_run *r, enum assay_ws_role role, struct limits max,
             struct assay_slice in, uint32_t seed)
{
    ws_begin(r, role, max.frame, max.message);
    while (in.len > 0 && r->err.code == ASSAY_OK && r->broken == NULL) {
        size_t n;

        seed = seed * 1103515245u + 12345u;
        n = 1 + (seed >> 16) % 32;
        n = n < in.len ? n : in.len;
        ws_piece(r, (struct assay_slice){in.ptr, n});
        in.ptr += n;
        in.len -= n;
    }
}

static void
check_run(const struct ws_run *r, struct assay_slice in)
{
    PROMISE(r->broken == NULL);
    fuzz_check_error(&r->err, r->err.code, in.len);
    PROMISE(r->err.code == ASSAY_OK || r->err.code == ASSAY_MALFORMED ||
            r->err.code == ASSAY_TOO_LARGE);
    PROMISE((r->err.code == ASSAY_OK) == (r->decoder.close_code == 0));
    PROMISE((r->err.code == ASSAY_TOO_LARGE) ==
            (r->decoder.close_code == ASSAY_WS_TOO_BIG));
    PROMISE(r->decoder.close_code == 0 ||
            assay_ws_code_is_sent(r->decoder.close_code));
    PROMISE(r->err.code != ASSAY_OK || r->used == in.len);
    PROMISE(!r->log.failed);
}

static void
check_same(const struct ws_run *a, const struct ws_run *b)
{
    PROMISE(a->err.code == b->err.code && a->offset == b->offset);
    PROMISE(strcmp(a->err.msg, b->err.msg) == 0);
    PROMISE(a->decoder.close_code == b->decoder.close_code);
    PROMISE(a->decoder.closed == b->decoder.closed);
    PROMISE(
        assay_slice_equal(assay_buf_slice(&a->log), assay_buf_slice(&b->log)));
}

/* The event as the peer of this role would have sent it. */
static void
write_again(const struct assay_ws_event *e, enum assay_ws_role role,
            struct assay_buf *to)
{
    const uint8_t *mask = role == ASSAY_WS_SERVER ? key : NULL;
    enum assay_ws_opcode opcode = !e->first ? ASSAY_WS_CONTINUATION
                                  : e->text ? ASSAY_WS_TEXT
                                            : ASSAY_WS_BINARY;
    uint8_t out[ASSAY_WS_CONTROL_FRAME_MAX_BYTES];
    size_t n = 0;
    size_t at;

    switch (e->kind) {
    case ASSAY_WS_NOTHING:
        return;
    case ASSAY_WS_GOT_DATA:
        n = assay_ws_put_header(out, opcode, e->last, e->payload.len, mask);
        break;
    case ASSAY_WS_GOT_PING:
        n = assay_ws_put_control(out, ASSAY_WS_PING, e->payload, mask);
        break;
    case ASSAY_WS_GOT_PONG:
        n = assay_ws_put_control(out, ASSAY_WS_PONG, e->payload, mask);
        break;
    case ASSAY_WS_GOT_CLOSE:
        n = assay_ws_put_close(out, e->code, e->payload, mask);
        break;
    }
    PROMISE(n > 0 && n <= sizeof(out));
    assay_buf_add(to, (struct assay_slice){out, n});
    if (e->kind == ASSAY_WS_GOT_DATA) {
        at = to->len;
        assay_buf_add(to, e->payload);
        PROMISE(!to->failed);
        if (mask != NULL && e->payload.len > 0) {
            assay_ws_mask(to->ptr + at, e->payload.len, mask, 0);
        }
    }
}

/* All events of the stream, each written again. */
static void
translate(enum assay_ws_role role, struct limits max, struct assay_slice in,
          struct assay_buf *to)
{
    struct assay_slice copy = {malloc(in.len + 1), in.len};
    uint8_t *at = (uint8_t *)(uintptr_t)copy.ptr;
    struct assay_ws_event e = {.kind = ASSAY_WS_GOT_DATA};
    struct assay_ws_decoder d;
    struct assay_error err;
    size_t used;

    PROMISE(at != NULL);
    assay_copy(at, in);
    assay_error_clear(&err);
    assay_ws_decoder_init(&d, role, max.frame, max.message);
    while (e.kind != ASSAY_WS_NOTHING &&
           assay_ws_feed(&d, at, in.len, &used, &e, &err) == ASSAY_OK) {
        write_again(&e, role, to);
        at += used;
        in.len -= used;
    }
    free((void *)(uintptr_t)copy.ptr);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct limits all[] = {
        {UINT64_MAX, UINT64_MAX}, {200, 1000}, {UINT64_MAX, 70000}, {5, 5}};
    static const size_t steps[] = {1, 3, 64};
    struct assay_slice in = {data + 2, size - 2};
    struct assay_buf again;
    enum assay_ws_role role;
    struct limits max;
    struct ws_run whole;
    struct ws_run parts;

    if (size < 2 || size > IN_MAX) {
        return 0;
    }
    role = data[0] & 1 ? ASSAY_WS_CLIENT : ASSAY_WS_SERVER;
    max = all[data[0] >> 1 & 3];
    ws_read(&whole, role, max.frame, max.message, in, in.len, 1);
    check_run(&whole, in);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        ws_read(&parts, role, max.frame, max.message, in, steps[i], steps[i]);
        check_run(&parts, in);
        check_same(&whole, &parts);
        assay_buf_free(&parts.log);
    }
    read_by_seed(&parts, role, max, in, data[1]);
    check_run(&parts, in);
    check_same(&whole, &parts);
    assay_buf_free(&parts.log);
    assay_buf_init(&again, FUZZ_OUT_MAX);
    translate(role, max, in, &again);
    ws_read(&parts, role, max.frame, max.message, assay_buf_slice(&again),
            again.len, 1);
    PROMISE(parts.broken == NULL && parts.err.code == ASSAY_OK);
    PROMISE(assay_slice_equal(assay_buf_slice(&whole.log),
                              assay_buf_slice(&parts.log)));
    assay_buf_free(&parts.log);
    assay_buf_free(&again);
    assay_buf_free(&whole.log);
    return 0;
}
