/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * body.c - from octets to payload, for each framing (RFC 9112, sections 6.3
 * and 7.1).
 *
 * The lines between chunks are read byte by byte through the states below,
 * payload in runs. A call gives one run and stops behind it, so that whatever
 * comes before a failure was handed over first, however the octets arrive.
 */
#include "http1/chars.h"
#include "http1/http1.h"

#define SIZE_MAX_DIGITS 16u

enum state {
    PAYLOAD, /* of any framing; `left` octets of it, if there is a number */
    PAYLOAD_CR,
    PAYLOAD_LF,
    SIZE,
    EXTENSION,
    SIZE_LF,
    TRAILER, /* at the start of a line */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    END_LF,
    FAILED,
};

void
assay_http1_body_init(struct assay_http1_body *b,
                      const struct assay_http1_head *h, uint64_t max)
{
    *b = (struct assay_http1_body){.framing = h->framing, .max = max};
    b->state = PAYLOAD;
    switch (h->framing) {
    case ASSAY_HTTP1_LENGTH:
        b->left = h->content_length;
        b->done = b->left == 0;
        break;
    case ASSAY_HTTP1_CHUNKED:
        b->state = SIZE;
        break;
    case ASSAY_HTTP1_UNTIL_CLOSE:
        break;
    case ASSAY_HTTP1_NO_BODY:
        b->done = true;
        break;
    }
}

/* --- lines between chunks: one byte ---------------------------------------
 */

/* NULL, or what is wrong with the byte. */
static const char *
expect(struct assay_http1_body *b, uint8_t c, uint8_t want, enum state next,
       const char *wrong)
{
    b->state = (int)next;
    return c == want ? NULL : wrong;
}

/* Digits until CR or an extension: no sign, no blank, no "0x". The octet is
 * counted in `line` already. */
static const char *
take_size(struct assay_http1_body *b, uint8_t c)
{
    uint64_t digit = assay_hex_value(c);

    if (digit < 16) {
        b->left = b->left << 4 | digit;
        return b->line <= SIZE_MAX_DIGITS ? NULL : "chunk size: too long";
    }
    if (b->line == 1 || (c != '\r' && c != ';')) {
        return "chunk size: no hex digit";
    }
    b->state = c == ';' ? EXTENSION : SIZE_LF;
    return NULL;
}

static const char *
take_extension(struct assay_http1_body *b, uint8_t c)
{
    if (c == '\r') {
        b->state = SIZE_LF;
        return NULL;
    }
    return assay_http1_is(c, ASSAY_HTTP1_TEXT)
               ? NULL
               : "chunk extension: control character";
}

static const char *
take_size_lf(struct assay_http1_body *b, uint8_t c)
{
    b->line = 0;
    return expect(b, c, '\n', b->left > 0 ? PAYLOAD : TRAILER,
                  "chunk size: CR without LF");
}

static const char *
take_trailer(struct assay_http1_body *b, uint8_t c)
{
    if (c == '\r') {
        b->state = END_LF;
        return NULL;
    }
    b->state = TRAILER_NAME;
    return assay_http1_is(c, ASSAY_HTTP1_TOKEN)
               ? NULL
               : "trailer: does not begin with a name";
}

static const char *
take_trailer_name(struct assay_http1_body *b, uint8_t c)
{
    if (c == ':') {
        b->state = TRAILER_VALUE;
        return NULL;
    }
    return assay_http1_is(c, ASSAY_HTTP1_TOKEN) ? NULL
                                                : "trailer: name is no token";
}

static const char *
take_trailer_value(struct assay_http1_body *b, uint8_t c)
{
    if (c == '\r') {
        b->state = TRAILER_LF;
        return NULL;
    }
    return assay_http1_is(c, ASSAY_HTTP1_TEXT) ? NULL
                                               : "trailer: control character";
}

static bool
in_trailers(const struct assay_http1_body *b, uint8_t c)
{
    return b->state == TRAILER_NAME || b->state == TRAILER_VALUE ||
           b->state == TRAILER_LF || (b->state == TRAILER && c != '\r');
}

/* One byte that is no payload. */
static const char *
take(struct assay_http1_body *b, uint8_t c)
{
    switch ((enum state)b->state) {
    case PAYLOAD_CR:
        return expect(b, c, '\r', PAYLOAD_LF, "chunk: no CR behind it");
    case PAYLOAD_LF:
        return expect(b, c, '\n', SIZE, "chunk: CR without LF");
    case SIZE:
        return take_size(b, c);
    case EXTENSION:
        return take_extension(b, c);
    case SIZE_LF:
        return take_size_lf(b, c);
    case TRAILER:
        return take_trailer(b, c);
    case TRAILER_NAME:
        return take_trailer_name(b, c);
    case TRAILER_VALUE:
        return take_trailer_value(b, c);
    case TRAILER_LF:
        return expect(b, c, '\n', TRAILER, "trailer: CR without LF");
    case END_LF:
        b->done = true;
        return expect(b, c, '\n', PAYLOAD, "chunks: CR without LF at the end");
    case PAYLOAD:
    case FAILED:
        break;
    }
    return "body: not at a line";
}

/* --- feeding --------------------------------------------------------------
 */

static enum assay_code
fail_body(struct assay_http1_body *b, enum assay_code code, size_t offset,
          const char *why, struct assay_error *err)
{
    b->state = FAILED;
    b->done = false;
    return assay_fail(err, code, offset, "%s", why);
}

/* Counts one more octet of the line, or of the trailers. NULL, or which limit
 * it passes. */
static const char *
count_octet(struct assay_http1_body *b)
{
    switch ((enum state)b->state) {
    case SIZE:
    case EXTENSION:
    case SIZE_LF:
        return b->line++ < ASSAY_HTTP1_CHUNK_LINE_MAX_BYTES
                   ? NULL
                   : "chunk extensions: too long";
    case TRAILER:
    case TRAILER_NAME:
    case TRAILER_VALUE:
    case TRAILER_LF:
    case END_LF:
        return b->line++ < ASSAY_HTTP1_TRAILERS_MAX_BYTES
                   ? NULL
                   : "trailers: too long";
    default:
        return NULL;
    }
}

static bool
keep_octet(struct assay_http1_body *b, uint8_t c)
{
    assay_buf_add_u8(b->trailers, c);
    return !b->trailers->failed;
}

/* Reads lines until payload begins, the body ends or `in` does. */
static size_t
feed_lines(struct assay_http1_body *b, struct assay_slice in,
           struct assay_error *err)
{
    size_t at = 0;

    while (at < in.len && b->state != PAYLOAD) {
        const char *limit = count_octet(b);
        bool keep = b->trailers != NULL && in_trailers(b, in.ptr[at]);
        const char *wrong = limit == NULL ? take(b, in.ptr[at]) : NULL;

        if (limit != NULL) {
            fail_body(b, ASSAY_TOO_LARGE, at, limit, err);
        } else if (wrong != NULL) {
            fail_body(b, ASSAY_MALFORMED, at, wrong, err);
        } else if (keep && !keep_octet(b, in.ptr[at])) {
            fail_body(b, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                      "trailers: out of memory", err);
        } else {
            at++;
            continue;
        }
        break;
    }
    return at;
}

/* The payload at the start of `in`; the decoder moves on behind it. */
static struct assay_slice
take_payload(struct assay_http1_body *b, struct assay_slice in)
{
    uint64_t room =
        b->framing == ASSAY_HTTP1_UNTIL_CLOSE ? b->max - b->total : b->left;
    size_t n = in.len < room ? in.len : (size_t)room;

    b->total += n;
    if (b->framing == ASSAY_HTTP1_UNTIL_CLOSE) {
        return (struct assay_slice){in.ptr, n};
    }
    b->left -= n;
    if (b->left == 0 && b->framing == ASSAY_HTTP1_CHUNKED) {
        b->state = PAYLOAD_CR;
    } else if (b->left == 0) {
        b->done = true;
    }
    return (struct assay_slice){in.ptr, n};
}

enum assay_code
assay_http1_body_feed(struct assay_http1_body *b, struct assay_slice in,
                      size_t *used, struct assay_slice *data,
                      struct assay_error *err)
{
    struct assay_slice payload = ASSAY_EMPTY;
    size_t lines;

    *used = 0;
    *data = ASSAY_EMPTY;
    if (err->code != ASSAY_OK || b->done) {
        return err->code;
    }
    if (b->state == FAILED) {
        return fail_body(b, ASSAY_MALFORMED, ASSAY_NO_OFFSET,
                         "body: has failed before", err);
    }
    lines = feed_lines(b, in, err);
    if (b->state == PAYLOAD && b->left > b->max - b->total) {
        return fail_body(b, ASSAY_TOO_LARGE, lines, "body: too large", err);
    }
    if (b->state == PAYLOAD && lines < in.len && !b->done) {
        payload = take_payload(
            b, (struct assay_slice){in.ptr + lines, in.len - lines});
        if (payload.len == 0) {
            return fail_body(b, ASSAY_TOO_LARGE, lines, "body: too large", err);
        }
    }
    if (err->code == ASSAY_OK) {
        *used = lines + payload.len;
        *data = payload;
    }
    return err->code;
}

enum assay_code
assay_http1_body_eof(struct assay_http1_body *b, struct assay_error *err)
{
    if (err->code != ASSAY_OK || b->done) {
        return err->code;
    }
    if (b->state == FAILED || b->framing != ASSAY_HTTP1_UNTIL_CLOSE) {
        return fail_body(b, ASSAY_TRUNCATED, ASSAY_NO_OFFSET,
                         "body: the peer closed before its end", err);
    }
    b->done = true;
    return ASSAY_OK;
}
