/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_ws_wslay.c - the decoder against wslay on generated streams, good ones
 * and damaged ones, for both roles: the same messages and control frames, and
 * the same code to close with.
 */
#include <limits.h>
#include <wslay/wslay.h>

#include "base/ascii.h"
#include "harness/unit.h"
#include "harness/ws.h"

#define STREAMS       30000u
#define MESSAGE_MAX   70000u
#define HALF_SENTENCE "close: half a code"
#define CODE_SENTENCE "close: a code that is never sent"
#define PIECE_MAX     300u
#define PADDING       14u /* the longest header */

/* Where the two may differ, and why. Each must be seen. */
enum {
    NEW_CODES,
    EARLIER,
    LATER,
    CODE_FIRST,
    HALF_CODE,
    CUT_CLOSE,
    DIFFERENCES
};
static struct {
    const char *reason;
    unsigned seen;
} differences[DIFFERENCES] = {
    [NEW_CODES] = {"wslay 1.1.1 knows the codes of RFC 6455; 1012 to 1014 were "
                   "registered later, and we take them",
                   0},
    [EARLIER] = {"wslay judges a header when it is whole, we do octet by "
                 "octet: at the end of the stream it may still wait",
                 0},
    [LATER] = {"we judge a Close when it is whole, wslay its reason as it "
               "comes: at the end of the stream we may still wait",
               0},
    [CODE_FIRST] = {"a Close whose code and whose reason are wrong: wslay "
                    "names the reason (1007), we the code (1002)",
                    0},
    [HALF_CODE] = {"wslay 1.1.1 takes a Close with one octet of payload for "
                   "one without a code; RFC 6455, section 5.5.1, has two",
                   0},
    [CUT_CLOSE] = {"wslay 1.1.1 miscounts where the reason of a Close is cut, "
                   "and then takes it for no UTF-8; in one piece it does not",
                   0},
};

/* xorshift64: the same streams on every machine. */
static uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);

static unsigned
random_below(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)((seed >> 32) % n);
}

/* --- streams -------------------------------------------------------------- */

/* Characters of each length, none of which is damaged by being cut. */
static void
add_text(struct assay_buf *b, size_t len)
{
    while (len > 0) {
        uint32_t c = random_below(4) > 0   ? random_below(128)
                     : random_below(2) > 0 ? random_below(0xd800)
                                           : 0xe000 + random_below(0x102000);
        uint8_t text[4];
        size_t n = assay_utf8_encode(c, text);

        if (n <= len) {
            assay_buf_add(b, (struct assay_slice){text, n});
            len -= n;
        }
    }
}

static void
add_octets(struct assay_buf *b, size_t len)
{
    while (len-- > 0) {
        assay_buf_add_u8(b, (uint8_t)random_below(256));
    }
}

static void
add_frame(struct assay_buf *to, enum assay_ws_role role, unsigned first,
          struct assay_slice payload)
{
    struct ws_frame f = {
        first, (const char *)payload.ptr, payload.len, 0, 0, false, false};
    struct ws_span span;

    ws_write(to, role, &f, random_below(256), &span);
}

static void
add_control(struct assay_buf *to, enum assay_ws_role role)
{
    struct assay_buf payload;

    assay_buf_init(&payload, 200);
    add_octets(&payload,
               random_below(10) > 0 ? random_below(8) : random_below(126));
    add_frame(to, role, WS_FIN | (random_below(2) > 0 ? 9u : 10u),
              assay_buf_slice(&payload));
    assay_buf_free(&payload);
}

static void
add_close(struct assay_buf *to, enum assay_ws_role role)
{
    static const unsigned codes[] = {1000, 1001, 1011, 1012, 1014, 3000,
                                     4999, 999,  1004, 1005, 1015, 5000};
    unsigned code = codes[random_below(COUNT_OF(codes))];
    struct assay_buf payload;

    assay_buf_init(&payload, 200);
    if (random_below(5) > 0) {
        assay_buf_add_u8(&payload, (uint8_t)(code >> 8));
        assay_buf_add_u8(&payload, (uint8_t)code);
        add_text(&payload, random_below(20));
    }
    add_frame(to, role, WS_FIN | 8, assay_buf_slice(&payload));
    assay_buf_free(&payload);
}

static size_t
random_length(void)
{
    switch (random_below(40)) {
    case 0:
        return 65530 + random_below(12);
    case 1:
    case 2:
        return 120 + random_below(12);
    case 3:
        return random_below(3000);
    default:
        return random_below(24);
    }
}

static void
add_message(struct assay_buf *to, enum assay_ws_role role)
{
    bool text = random_below(2) > 0;
    size_t len = random_length();
    struct assay_buf payload;
    struct assay_slice rest;
    unsigned opcode = text ? 1 : 2;

    assay_buf_init(&payload, MESSAGE_MAX);
    if (text) {
        add_text(&payload, len);
    } else {
        add_octets(&payload, len);
    }
    rest = assay_buf_slice(&payload);
    while (random_below(3) == 0) {
        size_t n = random_below((unsigned)rest.len + 1);

        add_frame(to, role, WS_MORE | opcode,
                  (struct assay_slice){rest.ptr, n});
        if (n > 0) {
            rest.ptr += n;
            rest.len -= n;
        }
        opcode = 0;
        if (random_below(3) == 0) {
            add_control(to, role);
        }
    }
    add_frame(to, role, WS_FIN | opcode, rest);
    assay_buf_free(&payload);
}

static void
damage(struct assay_buf *b)
{
    size_t at = random_below((unsigned)b->len);

    /* Headers, and more of what is at the start, are worth most. */
    if (random_below(2) > 0) {
        at = at % 24 % b->len;
    }
    switch (random_below(4)) {
    case 0:
        b->ptr[at] = (uint8_t)random_below(256);
        break;
    case 1:
        memmove(b->ptr + at, b->ptr + at + 1, b->len - at - 1);
        b->len--;
        break;
    case 2:
        b->len = at + 1;
        break;
    default:
        b->ptr[at] ^= (uint8_t)(1u << random_below(8));
        break;
    }
}

static void
make_stream(struct assay_buf *b, enum assay_ws_role role)
{
    unsigned messages = 1 + random_below(5);
    unsigned damages = random_below(3);

    while (messages-- > 0) {
        add_message(b, role);
        if (random_below(4) == 0) {
            add_control(b, role);
        }
    }
    if (random_below(3) == 0) {
        add_close(b, role);
    }
    while (damages-- > 0 && b->len > 1) {
        damage(b);
    }
}

/* --- what both make of it ------------------------------------------------- */

/* Messages are logged when they end, as wslay gives them. */
struct seen {
    struct assay_buf log;
    struct assay_buf message; /* ours, so far */
    unsigned code;            /* to close with after a failure, or 0 */
    bool closed;
    size_t failed_at; /* ours */
    const char *why;  /* ours, or NULL */
    bool in_close;    /* ours: the stream ended in one */
    /* wslay: */
    struct assay_slice in;
    struct assay_buf out;
    unsigned piece_max; /* octets given at once */
};

static void
note(struct seen *s, char kind, struct assay_slice payload)
{
    assay_buf_printf(&s->log, "%c%zu[", kind, payload.len);
    assay_buf_add(&s->log, payload);
    assay_buf_add_text(&s->log, "]");
}

static void
note_close(struct seen *s, unsigned code, struct assay_slice reason)
{
    assay_buf_printf(&s->log, "%u", code);
    note(s, 'C', reason);
    s->closed = true;
}

static void
note_ours(struct seen *s, const struct assay_ws_event *e)
{
    switch (e->kind) {
    case ASSAY_WS_NOTHING:
        break;
    case ASSAY_WS_GOT_DATA:
        assay_buf_add(&s->message, e->payload);
        if (e->last) {
            note(s, e->text ? 'T' : 'B', assay_buf_slice(&s->message));
            s->message.len = 0;
        }
        break;
    case ASSAY_WS_GOT_PING:
        note(s, 'I', e->payload);
        break;
    case ASSAY_WS_GOT_PONG:
        note(s, 'O', e->payload);
        break;
    case ASSAY_WS_GOT_CLOSE:
        note_close(s, e->code, e->payload);
        break;
    }
}

static void
read_ours(struct seen *s, enum assay_ws_role role, struct assay_slice in)
{
    struct assay_ws_event e = {.kind = ASSAY_WS_NOTHING};
    uint8_t *copy = malloc(in.len);
    struct assay_ws_decoder d;
    struct assay_error err;
    size_t at = 0;
    size_t have = 0;

    assert_non_null(copy);
    assay_error_clear(&err);
    assay_copy(copy, in);
    assay_ws_decoder_init(&d, role, UINT64_MAX, MESSAGE_MAX);
    while (err.code == ASSAY_OK &&
           (e.kind != ASSAY_WS_NOTHING || have < in.len)) {
        size_t used;

        if (e.kind == ASSAY_WS_NOTHING) {
            have += 1 + random_below(PIECE_MAX);
            have = have < in.len ? have : in.len;
        }
        if (assay_ws_feed(&d, copy + at, have - at, &used, &e, &err) ==
            ASSAY_OK) {
            note_ours(s, &e);
            at += used;
        }
    }
    free(copy);
    s->code = d.close_code;
    s->failed_at = at + err.offset;
    s->why = d.why;
    s->in_close = d.opcode == ASSAY_WS_CLOSE && d.left > 0;
}

static ssize_t
give(wslay_event_context_ptr c, uint8_t *buf, size_t len, int flags, void *user)
{
    struct seen *s = user;
    size_t n = s->piece_max == UINT_MAX ? len : 1 + random_below(s->piece_max);

    (void)flags;
    n = n < len ? n : len;
    n = n < s->in.len ? n : s->in.len;
    if (n == 0) {
        wslay_event_set_error(c, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    memcpy(buf, s->in.ptr, n);
    s->in.ptr += n;
    s->in.len -= n;
    return (ssize_t)n;
}

static ssize_t
take(wslay_event_context_ptr c, const uint8_t *data, size_t len, int flags,
     void *user)
{
    struct seen *s = user;

    (void)c;
    (void)flags;
    assay_buf_add(&s->out, (struct assay_slice){data, len});
    return (ssize_t)len;
}

static int
no_mask(wslay_event_context_ptr c, uint8_t *buf, size_t len, void *user)
{
    (void)c;
    (void)user;
    memset(buf, 0, len);
    return 0;
}

static void
note_theirs(wslay_event_context_ptr c,
            const struct wslay_event_on_msg_recv_arg *arg, void *user)
{
    struct seen *s = user;
    struct assay_slice msg = {arg->msg, arg->msg_length};

    (void)c;
    switch (arg->opcode) {
    case WSLAY_TEXT_FRAME:
        note(s, 'T', msg);
        break;
    case WSLAY_BINARY_FRAME:
        note(s, 'B', msg);
        break;
    case WSLAY_PING:
        note(s, 'I', msg);
        break;
    case WSLAY_PONG:
        note(s, 'O', msg);
        break;
    default:
        if (msg.len >= 2) { /* the code comes first */
            msg.ptr += 2;
            msg.len -= 2;
        }
        note_close(s, arg->status_code > 0 ? arg->status_code : 1005, msg);
        break;
    }
}

/* The code of the Close that wslay sends, which is its last frame; 0 if there
 * is none. All frames are short; those of a client have a mask of zeros. */
static unsigned
code_sent(const struct assay_buf *out)
{
    size_t at = 0;

    while (at < out->len) {
        size_t head = (out->ptr[at + 1] & 0x80) != 0 ? 6 : 2;
        size_t n = out->ptr[at + 1] & 0x7f;

        if (out->ptr[at] == 0x88 && n >= 2) {
            return (unsigned)(out->ptr[at + head] << 8 |
                              out->ptr[at + head + 1]);
        }
        at += head + n;
    }
    return 0;
}

static void
read_theirs(struct seen *s, enum assay_ws_role role, struct assay_slice in)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = give,
        .send_callback = take,
        .genmask_callback = no_mask,
        .on_msg_recv_callback = note_theirs};
    wslay_event_context_ptr c = NULL;
    int received;

    s->in = in;
    assert_int_equal(role == ASSAY_WS_SERVER
                         ? wslay_event_context_server_init(&c, &callbacks, s)
                         : wslay_event_context_client_init(&c, &callbacks, s),
                     0);
    wslay_event_config_set_max_recv_msg_length(c, MESSAGE_MAX);
    do { /* it returns when it has got too little of a header */
        received = wslay_event_recv(c);
    } while (received == 0 && s->in.len > 0 && wslay_event_want_read(c));
    assert_int_equal(wslay_event_send(c), 0);
    /* Its lower half has no code for what breaks the protocol; the Close that
     * it queues then is empty. give() never fails like that. */
    if (received == WSLAY_ERR_CALLBACK_FAILURE) {
        s->code = 1002;
    } else {
        assert_int_equal(received, 0);
        s->code = wslay_event_get_close_received(c) ? 0 : code_sent(&s->out);
    }
    wslay_event_context_free(c);
}

static void
begin(struct seen *s)
{
    memset(s, 0, sizeof(*s));
    assay_buf_init(&s->log, WS_LOG_MAX);
    assay_buf_init(&s->message, WS_LOG_MAX);
    assay_buf_init(&s->out, WS_LOG_MAX);
    s->piece_max = PIECE_MAX;
}

static void
end(struct seen *s)
{
    assay_buf_free(&s->log);
    assay_buf_free(&s->message);
    assay_buf_free(&s->out);
}

/* Which named difference this is, or DIFFERENCES if none. */
static size_t
explain(const struct seen *ours, const struct seen *theirs, size_t len)
{
    struct assay_slice log = assay_buf_slice(&ours->log);

    if (ours->closed && theirs->code == 1002 && log.len > theirs->log.len) {
        unsigned code = 0;
        size_t at = theirs->log.len;

        while (at < log.len && assay_is_digit(log.ptr[at])) {
            code = code * 10 + (unsigned)(log.ptr[at++] - '0');
        }
        return code >= 1012 && code <= 1014 ? NEW_CODES : DIFFERENCES;
    }
    if (ours->why != NULL && strcmp(ours->why, HALF_SENTENCE) == 0 &&
        theirs->closed) {
        return HALF_CODE;
    }
    if (!assay_slice_equal(log, assay_buf_slice(&theirs->log))) {
        return DIFFERENCES;
    }
    if (ours->code != 0 && theirs->code == 0 &&
        ours->failed_at + PADDING > len) {
        return EARLIER;
    }
    if (ours->code == 0 && theirs->code == 1007 && ours->in_close) {
        return LATER;
    }
    if (theirs->code == 1007 && ours->why != NULL &&
        strcmp(ours->why, CODE_SENTENCE) == 0) {
        return CODE_FIRST;
    }
    return DIFFERENCES;
}

static bool
is_same(const struct seen *ours, const struct seen *theirs)
{
    return ours->code == theirs->code && ours->closed == theirs->closed &&
           assay_slice_equal(assay_buf_slice(&ours->log),
                             assay_buf_slice(&theirs->log));
}

/* They differ where a Close ends the stream, and do not where wslay gets it in
 * one piece. */
static bool
is_cut_close(const struct seen *ours, const struct seen *theirs,
             enum assay_ws_role role, struct assay_slice in)
{
    bool at_close = ours->closed || (ours->why != NULL &&
                                     strncmp(ours->why, "close: ", 7) == 0);
    struct seen uncut;
    bool same;

    if (!at_close || theirs->code != 1007) {
        return false;
    }
    begin(&uncut);
    uncut.piece_max = UINT_MAX;
    read_theirs(&uncut, role, in);
    same =
        is_same(ours, &uncut) || explain(ours, &uncut, in.len) != DIFFERENCES;
    end(&uncut);
    return same;
}

static void
compare(unsigned number, enum assay_ws_role role, struct assay_slice in)
{
    struct seen ours;
    struct seen theirs;

    begin(&ours);
    begin(&theirs);
    read_ours(&ours, role, in);
    read_theirs(&theirs, role, in);
    if (!is_same(&ours, &theirs)) {
        size_t d = explain(&ours, &theirs, in.len);

        if (d == DIFFERENCES && is_cut_close(&ours, &theirs, role, in)) {
            d = CUT_CLOSE;
        }
        if (d == DIFFERENCES) {
            fail_msg("stream %u of %zu octets, role %d:\n"
                     "assay: %u, %s, closed %d, %zu octets of log\n"
                     "wslay: %u, closed %d, %zu octets of log",
                     number, in.len, (int)role, ours.code,
                     ours.why != NULL ? ours.why : "good", ours.closed,
                     ours.log.len, theirs.code, theirs.closed, theirs.log.len);
        }
        differences[d].seen++;
    }
    end(&ours);
    end(&theirs);
}

static void
same_events(void **state)
{
    (void)state;
    for (unsigned i = 0; i < STREAMS; i++) {
        enum assay_ws_role role =
            random_below(2) > 0 ? ASSAY_WS_SERVER : ASSAY_WS_CLIENT;
        struct assay_buf b;

        assay_buf_init(&b, WS_LOG_MAX);
        make_stream(&b, role);
        assert_false(b.failed);
        compare(i, role, assay_buf_slice(&b));
        assay_buf_free(&b);
    }
    for (size_t i = 0; i < DIFFERENCES; i++) {
        print_message("%u streams: %s\n", differences[i].seen,
                      differences[i].reason);
        assert_true(differences[i].seen > 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
