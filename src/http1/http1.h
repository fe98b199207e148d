/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * http1.h - HTTP/1.1 messages (RFC 9112), both directions, strictly; no I/O.
 *
 * Reading: the head of a message is found and parsed in a buffer that the
 * caller fills; then a body decoder turns what follows into payload, without
 * copying. What two readers could understand in two ways is refused: more than
 * one framing, bare CR or LF, obs-fold, white space before a colon, ...
 *
 * Here too the first failure sticks: *err is cleared by the caller before the
 * first call, and a function that finds a failure in it does nothing.
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"

#define ASSAY_HTTP1_HEAD_MAX_BYTES   (64u * 1024u)
#define ASSAY_HTTP1_TARGET_MAX_BYTES 8192u
#define ASSAY_HTTP1_FIELDS_MAX       100u
/* A chunk's size with its extensions, and all trailers with their end. */
#define ASSAY_HTTP1_CHUNK_LINE_MAX_BYTES 1024u
#define ASSAY_HTTP1_TRAILERS_MAX_BYTES   8192u

struct assay_http1_field {
    struct assay_slice name;
    struct assay_slice value; /* without white space around it */
};

/* How the end of the body is known (RFC 9112, section 6.3). */
enum assay_http1_framing {
    ASSAY_HTTP1_NO_BODY,
    ASSAY_HTTP1_LENGTH,
    ASSAY_HTTP1_CHUNKED,
    ASSAY_HTTP1_UNTIL_CLOSE, /* responses only */
};

/* A parsed head; slices point into the buffer it was read from. */
struct assay_http1_head {
    unsigned minor; /* HTTP/1.0 or 1.1 */
    /* request */
    struct assay_slice method;
    struct assay_slice target; /* as it stands; never empty */
    struct assay_slice host;   /* the one Host field; 1.1 must have it */
    bool expect_continue;      /* Expect: 100-continue */
    /* response */
    unsigned status; /* 100 to 599 */
    struct assay_slice reason;
    /* both */
    enum assay_http1_framing framing;
    uint64_t content_length; /* with ASSAY_HTTP1_LENGTH */
    bool keep_alive;         /* the connection may be used again */
    bool upgrade; /* 1.1, Connection names "upgrade" and Upgrade is there */
    size_t field_count;
    /* Last, and not set behind its count: most of it is never touched. */
    struct assay_http1_field field[ASSAY_HTTP1_FIELDS_MAX];
};

/* Before a head on the stack that a reader is about to set: hardening would
 * zero all of it, for every message. */
#if defined(__has_attribute)
#if __has_attribute(uninitialized)
#define ASSAY_HTTP1_UNSET __attribute__((uninitialized))
#endif
#endif
#ifndef ASSAY_HTTP1_UNSET
#define ASSAY_HTTP1_UNSET
#endif

/* Reads a request's head from the start of `in`.
 *
 * *scanned  where the search for the end goes on; 0 at first, kept by the
 *           caller while `in` grows, so that reading stays linear; 0 again
 *           once the head is whole.
 * *used     bytes of the head with its empty line; 0 if more is needed (then
 *           ASSAY_OK, and *out is not set).
 *
 * ASSAY_MALFORMED (offset: the byte), ASSAY_TOO_LARGE (head, target, number of
 * fields), ASSAY_UNSUPPORTED (a version that is not 1.0 or 1.1, a transfer
 * coding other than chunked).
 *
 * Stricter than the RFCs: a target has no '#' and no user information, and its
 * host is the one of Host; a host has no percent escapes and no sub-delims;
 * Connection does not name Host or Content-Length; CONNECT has no body. */
ASSAY_MUST_CHECK enum assay_code
assay_http1_request(struct assay_slice in, size_t *scanned,
                    struct assay_http1_head *out, size_t *used,
                    struct assay_error *err);

/* The same for a response to a request with this method ("HEAD" and "CONNECT"
 * change how the body is framed). 1xx heads are returned like others. The
 * reason may be missing together with the space before it. */
ASSAY_MUST_CHECK enum assay_code
assay_http1_response(struct assay_slice in, const char *method, size_t *scanned,
                     struct assay_http1_head *out, size_t *used,
                     struct assay_error *err);

/* The status that answers a request whose head could not be read: 400, 414,
 * 431, 501 or 505. in, err: as assay_http1_request() had and left them. */
unsigned assay_http1_refusal(struct assay_slice in,
                             const struct assay_error *err);

/* Value of the first field of this name (without case), or empty. */
struct assay_slice assay_http1_get(const struct assay_http1_head *h,
                                   const char *name);
/* How many fields have this name. */
size_t assay_http1_count(const struct assay_http1_head *h, const char *name);
/* Does a comma-separated list field hold this token (without case)? */
bool assay_http1_has_token(const struct assay_http1_head *h, const char *name,
                           const char *token);
/* A field that concerns one connection only (RFC 9110, section 7.6.1: those
 * that Connection names, and the fixed ones) and is not forwarded. */
bool assay_http1_is_hop_by_hop(const struct assay_http1_head *h,
                               struct assay_slice name);

/* --- bodies ------------------------------------------------------------- */

struct assay_http1_body {
    enum assay_http1_framing framing;
    uint64_t left;  /* of the length, or of the chunk */
    uint64_t total; /* payload so far */
    uint64_t max;   /* payload at most */
    int state;      /* body.c */
    size_t line;    /* octets of the chunk line or trailers so far */
    bool done;
    /* Where trailers go, as lines; the caller's, set behind the init. NULL:
     * they are dropped. Complete once the body is done. */
    struct assay_buf *trailers;
};

/* For the body behind this head; max: payload octets, UINT64_MAX for none. */
void assay_http1_body_init(struct assay_http1_body *b,
                           const struct assay_http1_head *h, uint64_t max);
/* Takes octets from the start of `in`: *used were consumed, of which *data (in
 * `in`, perhaps empty) are payload. To be called again with what is left until
 * it consumes nothing or the body is done. Nothing behind the body is consumed.
 * Chunk extensions are read and dropped, within a limit.
 * ASSAY_MALFORMED, ASSAY_TOO_LARGE, ASSAY_NO_MEMORY: the decoder is of no use
 * any more. How the octets are cut into calls changes neither the payload nor
 * the failure. */
ASSAY_MUST_CHECK enum assay_code
assay_http1_body_feed(struct assay_http1_body *b, struct assay_slice in,
                      size_t *used, struct assay_slice *data,
                      struct assay_error *err);
/* The peer has closed: fine where that is the end of the body, else
 * ASSAY_TRUNCATED. */
ASSAY_MUST_CHECK enum assay_code
assay_http1_body_eof(struct assay_http1_body *b, struct assay_error *err);

/* Takes the next field from the front of the lines that a decoder has kept;
 * false when there is none. */
bool assay_http1_trailer_next(struct assay_slice *lines,
                              struct assay_http1_field *f);
/* May a field of this name stand in a trailer at all (RFC 9110, section 6.5.1)?
 * Not those for framing, routing, authentication, ... */
bool assay_http1_trailer_passes(struct assay_slice name);

/* --- writing ------------------------------------------------------------ */

/* Appends to the buffer. Writers of heads refuse (ASSAY_INVALID) text that
 * would break out of its place: CR, LF, NUL, white space in a target, a name
 * that is no token, and what the readers above refuse in that place; then
 * nothing is appended. A buffer that has failed is told too (ASSAY_TOO_LARGE,
 * ASSAY_NO_MEMORY). */
ASSAY_MUST_CHECK enum assay_code
assay_http1_put_request(struct assay_buf *to, struct assay_slice method,
                        struct assay_slice target, struct assay_error *err);
ASSAY_MUST_CHECK enum assay_code
assay_http1_put_status(struct assay_buf *to, unsigned status,
                       struct assay_slice reason, struct assay_error *err);
ASSAY_MUST_CHECK enum assay_code assay_http1_put_field(struct assay_buf *to,
                                                       struct assay_slice name,
                                                       struct assay_slice value,
                                                       struct assay_error *err);
void assay_http1_put_end(struct assay_buf *to); /* the empty line */
/* One chunk with its frame; an empty one would be the end, so nothing is
 * written for it. */
void assay_http1_put_chunk(struct assay_buf *to, struct assay_slice data);
/* trailers: whole lines, as assay_http1_put_field() writes them. */
void assay_http1_put_last_chunk(struct assay_buf *to,
                                struct assay_slice trailers);
/* "OK", "Not Found", ...; "Status" for a number that has none. Static. */
const char *assay_http1_reason(unsigned status);
